/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - an open file description of the model, and what its files do with one.
 *
 * All of these work on a table that is locked. See model.c.
 */
#ifndef TESTS_VM_GUEST_MODEL_STATE_H
#define TESTS_VM_GUEST_MODEL_STATE_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../refauth.h"
#include "model.h"

#define SLOTS 16384
#define HASH_ROOM (3u << 20)
#define LATER 64

/**
 * struct slot - a session.
 * @hashed: bytes of its half-done hash
 * @named: its key is entry @named - 1 of model_named(), 0: it was brought by the program
 */
struct slot {
	uint32_t id;
	uint32_t cipher, mac;
	uint32_t keylen, mackeylen;
	uint8_t key[CRYPTO_CIPHER_MAX_KEY_LEN];
	uint8_t mackey[CRYPTO_HMAC_MAX_KEY_LEN];
	uint8_t iv[16];
	uint32_t hashed;
	uint32_t taglen;
	uint32_t named;
};

/** struct later - a submitted operation: done at once, its digest handed over when fetched. */
struct later {
	struct crypt_op op;
	uint8_t digest[64];
	uint32_t size;
	int err;
};

/** struct key_later - the result of a submitted operation of a private key. */
struct key_later {
	uint64_t cookie;
	int32_t status;
	uint32_t len;
	uint8_t out[512];
};

/** struct table - what an open file description has. */
struct table {
	pthread_mutex_t lock;
	uint32_t generation;
	uint32_t later_first, later_num;
	struct later later[LATER];
	uint32_t key_later_num;
	struct key_later key_later[LATER];
	struct slot slots[SLOTS];
};

#define TABLE_ROOM ((sizeof(struct table) + 4095) / 4096 * 4096)

/* The caller's addresses need not be pointers to anything. */
static inline void *at_offset(const void *p, size_t offset)
{
	return (void *)((uintptr_t)p + offset);
}

/** model_read - from the caller's memory. Return: 0 or -EFAULT. */
int model_read(void *to, const void *from, size_t len);

/** model_write - to the caller's memory. Return: 0 or -EFAULT. */
int model_write(void *to, const void *from, size_t len);

/** model_map - @len bytes of the file from @at on; @fd -1: of new memory. Return: as mmap(). */
void *model_map(int fd, size_t len, off_t at);

/** model_find - the session @id, or NULL. */
struct slot *model_find(struct table *t, uint32_t id);

/** model_session_new - CIOCGSESSION. Return: 0 or negative errno, as all of these. */
int model_session_new(struct table *t, const struct session_op *op, uint32_t *id);

/**
 * model_session_named - a session of a key by name.
 * @op: algorithms and key; neither cipher nor MAC: a private key
 * @named: number of the key, from 1 on
 */
int model_session_named(struct table *t, const struct session_op *op, uint32_t named, uint32_t *id);

/** model_session_end - CIOCFSESSION. */
void model_session_end(int fd, struct table *t, struct slot *s);

/** model_session_info - CIOCGSESSINFO. */
int model_session_info(struct table *t, struct session_info_op *info);

/** model_hash_area - where in the file the session's hashed bytes are kept. */
off_t model_hash_area(const struct table *t, const struct slot *s);

/** model_crypt - CIOCCRYPT; @later: where the digest goes, NULL: to the caller. */
int model_crypt(int fd, struct table *t, const struct crypt_op *op, struct later *later);

/** model_hash_copy - CIOCCPHASH. */
int model_hash_copy(int fd, struct table *t, const struct cphash_op *op);

/** model_submit - CIOCASYNCCRYPT. */
int model_submit(int fd, struct table *t, const struct crypt_op *op);

/** model_fetch - CIOCASYNCFETCH. */
int model_fetch(struct table *t, void *arg);

/** model_batch - CIOCCRYPTBATCH. */
int model_batch(int fd, struct table *t, const struct crypt_batch *batch);

/** model_auth - CIOCAUTHCRYPT. */
int model_auth(struct table *t, struct crypt_auth_op *op);

/** model_label_session - CIOCGSESSLABEL. */
int model_label_session(struct table *t, struct crypt_label_op *op);

/** model_key_list, model_key_info - CIOCKEYLIST, CIOCKEYINFO. */
int model_key_list(struct crypt_key_list *list);
int model_key_info(struct crypt_key_info *info);

/** model_key_operate, model_key_submit, model_key_fetch - CIOCKEYOP, CIOCKEYASYNC, CIOCKEYFETCH. */
int model_key_operate(struct table *t, struct crypt_key_op *op);
int model_key_submit(struct table *t, const struct crypt_key_op *op);
int model_key_fetch(struct table *t, struct crypt_key_fetch *fetch);

/** model_key_ready - whether an operation of a private key can be fetched. */
bool model_key_ready(const struct table *t);

#endif
