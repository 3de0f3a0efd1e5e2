/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * search.h - searches all memory of a process, through /proc/PID/mem, for keys and for what engines make
 * of them.
 *
 * The daemon has to run without a sandbox, as it cannot be read otherwise.
 */
#ifndef TESTS_WIRE_SEARCH_H
#define TESTS_WIRE_SEARCH_H

#include <stdint.h>
#include <sys/types.h>

#define NEEDLE 16
#define MAX_NEEDLES 16

/** struct needles - what is looked for. */
struct needles {
	unsigned int n;
	uint8_t bytes[MAX_NEEDLES][NEEDLE];
	const char *name[MAX_NEEDLES];
};

/** enum where - which of a process' memory is searched; in no case guest memory, which is the guest's to wipe. */
enum where {
	EVERYWHERE,
	UNSAFE, /* what is not locked, or not left out of core dumps */
};

/** needles_add - NEEDLE bytes. */
void needles_add(struct needles *needles, const char *name, const uint8_t *bytes);

/** needles_add_aes_128 - a key, its first round key and the last, with which decryption begins. */
void needles_add_aes_128(struct needles *needles, const uint8_t key[16]);

/** needles_add_hmac - a key, and what it is for the inner and the outer hash. */
void needles_add_hmac(struct needles *needles, const uint8_t *key);

/** search_process - Return: bit i: needle i is there. */
uint32_t search_process(pid_t pid, enum where where, const struct needles *needles);

/** search_all - the process, and what it has started. */
uint32_t search_all(pid_t pid, enum where where, const struct needles *needles);

/** expect_none - none is there, or soon is not; else the test fails. @when: for the message */
void expect_none(pid_t pid, enum where where, const struct needles *needles, const char *when);

#endif /* TESTS_WIRE_SEARCH_H */
