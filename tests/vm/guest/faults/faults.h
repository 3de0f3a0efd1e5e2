/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * faults.h - what the files of cryptodev-faults share. See main.c.
 */
#ifndef TESTS_VM_GUEST_FAULTS_H
#define TESTS_VM_GUEST_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/* Faults of one operation, at most. */
#define MAX_FAULTS 5000

/** injection_setup - all allocations may fail; ends the program where none can. */
void injection_setup(void);

/** injection_arm - let the @nth call from here on fail; 0: none. */
void injection_arm(unsigned int nth);

/**
 * injection_disarm - no fault from here on.
 * Return: calls left until the fault; 0: it has happened since injection_arm(), before this very
 * read.
 */
unsigned int injection_disarm(void);

/** injection_allows - whether an operation that met a fault may end with @err, 0 or negative. */
bool injection_allows(int err);

/** die - perror() and exit status 2. */
_Noreturn void die(const char *what);

/**
 * struct operation - calls on the device that are one to a program.
 * @name: for messages
 * @run: Return: 0 or a negative errno, and leaves nothing behind
 * @also: an errno that it may fail with besides those of all
 */
struct operation {
	const char *name;
	int (*run)(int fd);
	int also;
};

extern const struct operation operations[];
extern const size_t operation_count;

/** operations_setup - what they work with. Return: 0 or negative errno. */
int operations_setup(int fd);

/* Operations of keys.c; without keys by name on the host they do nothing. */
int op_key_list(int fd);
int op_key_info(int fd);
int op_key_sign(int fd);
int op_key_seal(int fd);
int op_key_later(int fd);
int op_key_later_close(int fd);

/** keys_setup - whether the host has keys by name. */
bool keys_setup(int fd);

/**
 * load - `cryptodev-faults load`.
 * @path: the module
 * @skip: faults to leave out, from the first on
 * Return: exit status.
 */
int load(const char *path, unsigned int skip);

#endif
