/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * morestate.h - what more.c and moreauth.c share.
 */
#ifndef TESTS_VM_GUEST_MORESTATE_H
#define TESTS_VM_GUEST_MORESTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "more.h"
#include "../ref.h"

#define GROUP 40u
#define LIVE 12u
#define LIVE_AUTH 10u
#define CANARY 0xc3

/**
 * struct live - a session and what libcrypto makes of it.
 * @ses: the device's id
 * @ref: cipher; c NULL: none
 * @mac: hash or MAC, or NULL
 * @mackey: its key
 * @mackeylen: bytes of it
 * @hashed: what the running hash was given
 * @len: bytes of it
 * @running: there is one
 */
struct live {
	uint32_t ses;
	struct ref_session ref;
	const struct ref_mac *mac;
	uint8_t mackey[64];
	uint32_t mackeylen;
	uint8_t *hashed;
	size_t len;
	bool running;
};

enum auth_kind { AEAD, TLS, SRTP, KINDS };

/**
 * struct live_auth - a session for authenticated operations.
 * @ses: the device's id, 0: none
 * @kind: what it is used for
 * @key: cipher key, @keylen bytes
 * @mackey: MAC key, all of it
 * @iv: what an operation without an IV continues with
 * @cipher: cipher or AEAD
 * @mac: MAC, for TLS and SRTP
 * @ivsize: bytes of IV
 * @taglen: tag length that the session has come down to
 * @wanted: tag length that the next operation asks for, 0: what it was
 */
struct live_auth {
	uint32_t ses;
	enum auth_kind kind;
	uint8_t key[32], mackey[32], iv[16];
	uint32_t cipher, mac, keylen, ivsize, taglen, wanted;
};

/** struct item - an operation of a group, and what has to come of it. */
struct item {
	struct crypt_op op;
	struct live *s;
	uint8_t *dst, *want;
	uint8_t mac[96], mac_want[96], iv[24], iv_want[24];
	int err, err_want;
};

struct auth_room;

struct more {
	int fd, clone;
	struct rnd *r;
	size_t max_len, max_request, room;
	struct live live[LIVE];
	struct live_auth auth[LIVE_AUTH];
	bool has[KINDS];
	struct item items[GROUP];
	uint8_t *src, *big, *big_want, *small, *small_want;
	uint8_t *nowhere, *readonly; /* max_len bytes that cannot be touched, or only read */
	struct auth_room *rooms;
	struct more_count *count;
};

/** more_below - a number from 0 to @n - 1. */
uint32_t more_below(struct more *m, uint32_t n);

/** more_fd - one of the descriptors of the file. */
int more_fd(struct more *m);

/** more_need - zeroed memory, or the process ends. */
void *more_need(size_t len);

/** more_auth_start - find out what the device has, make the first sessions. */
void more_auth_start(struct more *m);

/** more_auth_run - some authenticated operations. Return: as more_run(). */
long more_auth_run(struct more *m);

/** more_auth_end - end the sessions. */
void more_auth_end(struct more *m);

#endif
