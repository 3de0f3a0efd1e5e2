/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kinds.h - the kinds of calls that cryptodev-evil makes on a session with an order.
 */
#ifndef TESTS_VM_EVIL_KINDS_H
#define TESTS_VM_EVIL_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evil.h"

/* An output shorter than the room is fine. */
#define KIND_SHORT_OK 0x2u
/* The output goes to pages of the program itself. */
#define KIND_PINNED 0x4u
/* That the host is busy is no result. */
#define KIND_RETRIED 0x20u
/* CIOCASYNCFETCH cannot say EBUSY. */
#define KIND_ASYNC 0x10u

/**
 * struct outcome - of a call.
 * @err: 0 or negative errno
 * @right: the output is what it should be
 * @out: where the output goes
 * @out_len: bytes of it
 */
struct outcome {
	int err;
	bool right;
	const uint8_t *out;
	size_t out_len;
};

/**
 * struct kind - a kind of call.
 * @name: for messages
 * @flags: KIND_*
 * @run: makes a session with the order, one call, ends the session
 */
struct kind {
	const char *name;
	unsigned int flags;
	void (*run)(int fd, const struct evil_order *order, struct outcome *o);
};

extern const struct kind kinds[];
extern const size_t kind_count;

/* What the output's memory holds before each call. */
#define KIND_FILL 0xa5

/**
 * kind_run - one call.
 * @kind: kind
 * @fd: the device
 * @order: what the host is to do
 * @o: out: what became of it
 *
 * Return: NULL, or what was wrong whatever the order: memory beside the output was written.
 */
const char *kind_run(const struct kind *kind, int fd, const struct evil_order *order,
		     struct outcome *o);

/** kind_room - memory that is watched, for output of @len bytes. */
uint8_t *kind_room(struct outcome *o, size_t len);

/* keykinds.c */
void kind_keyop(int fd, const struct evil_order *order, struct outcome *o);
void kind_keyasync(int fd, const struct evil_order *order, struct outcome *o);
void kind_seal_by_label(int fd, const struct evil_order *order, struct outcome *o);

/** key_session - a session by label whose label is @order; for a cipher or 0, a private key. */
int key_session(int fd, const struct evil_order *order, uint32_t cipher, uint32_t *ses);

/** key_label - @order as a label. */
void key_label(char label[64], const struct evil_order *order);

/** kind_fetch - CIOCASYNCFETCH of the next operation, waiting for it. */
int kind_fetch(int fd, void *op);

#endif
