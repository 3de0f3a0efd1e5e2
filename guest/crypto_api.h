/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crypto_api.h - the device as a driver of the kernel's crypto API. See crypto_api.c.
 */
#ifndef VCD_GUEST_CRYPTO_API_H
#define VCD_GUEST_CRYPTO_API_H

#include <crypto/internal/skcipher.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "queue.h"

struct vcd_device;

/* Entries of a request's own scatter lists: a disk's request needs one. */
#define VCD_CRYPTO_SG		4
/* Of algorithms that take key bytes: below those of the CPU. */
#define VCD_CRYPTO_PRIORITY	150
/* Of algorithms that take a name: below those of s390. */
#define VCD_NAMED_PRIORITY	300

/**
 * struct vcd_crypto_line - the kernel's requests of a device
 * @lock: protects the rest
 * @outstanding: requests handed to the core and not yet ended
 * @waiting: requests that wait for there to be fewer
 */
struct vcd_crypto_line {
	spinlock_t lock; /* of the rest */
	unsigned int outstanding;
	struct list_head waiting;
};

/**
 * struct vcd_crypto_key - a key with what uses it
 * @ref: the transform, each of its requests
 * @key: key
 * @refused: the device does not take it
 */
struct vcd_crypto_key {
	refcount_t ref;
	struct vcd_key *key;
	bool refused;
};

/**
 * struct vcd_crypto_tfm - what a transform has of the device
 * @dev: device, referenced; NULL: there was none
 * @key: its key; NULL: none, or the device cannot have it
 */
struct vcd_crypto_tfm {
	struct vcd_device *dev;
	struct vcd_crypto_key *key;
};

/**
 * struct vcd_crypto_list - a scatter list of a request's own
 * @sg: entries
 * @num: of them that are used
 */
struct vcd_crypto_list {
	struct scatterlist sg[VCD_CRYPTO_SG];
	unsigned int num;
};

struct vcd_crypto_request;

/**
 * struct vcd_crypto_type - what is special about a kind of algorithm
 * @complete: call the request's user back
 * @end: the device is done with a request, or refused it: take its output and call back.
 *	Both are called where bottom halves are off.
 */
struct vcd_crypto_type {
	void (*complete)(struct vcd_crypto_request *kreq, int err);
	void (*end)(struct vcd_crypto_request *kreq, int err);
};

/**
 * struct vcd_crypto_request - a request of the crypto API, in the memory that its user
 * has for the driver. Header and reply lie after it, in cache lines of their own.
 * @req: the core's
 * @type: kind of algorithm
 * @key: referenced
 * @user: the crypto API's request
 * @err: its result
 * @src: pages in
 * @dst: pages out
 */
struct vcd_crypto_request {
	struct vcd_request req;
	const struct vcd_crypto_type *type;
	struct vcd_crypto_key *key;
	void *user;
	int err;
	struct vcd_crypto_list src;
	struct vcd_crypto_list dst;
};

/* crypto_api.c */
int vcd_crypto_init(void);
void vcd_crypto_exit(void);
void vcd_crypto_register(void);
void vcd_crypto_unregister(void);
void vcd_crypto_line_init(struct vcd_crypto_line *line);
void vcd_crypto_tfm_init(struct vcd_crypto_tfm *tfm);
void vcd_crypto_tfm_exit(struct vcd_crypto_tfm *tfm);
int vcd_crypto_tfm_device(struct vcd_crypto_tfm *tfm);
int vcd_crypto_set_key(struct vcd_crypto_tfm *tfm, u32 id, const u8 *bytes, u32 len);
void vcd_crypto_replace_key(struct vcd_crypto_tfm *tfm, struct vcd_crypto_key *key);
struct vcd_crypto_key *vcd_crypto_key_new(struct vcd_key *key);
bool vcd_crypto_can(const struct vcd_crypto_tfm *tfm);
unsigned int vcd_crypto_request_size(void);
void vcd_crypto_prepare(struct vcd_crypto_request *kreq, struct vcd_crypto_tfm *tfm,
			const struct vcd_crypto_type *type, void *user);
bool vcd_crypto_fits(struct vcd_crypto_request *kreq, u32 in_len, u32 out_len);
int vcd_crypto_start(struct vcd_crypto_request *kreq, u32 flags);
int vcd_crypto_result(struct vcd_crypto_request *kreq, int err);
bool vcd_crypto_refused(int err);

/* crypto_list.c */
bool vcd_list_add(struct vcd_crypto_list *list, struct scatterlist *sg, u32 skip, u32 len,
		  u32 max);
struct scatterlist *vcd_list_end(struct vcd_crypto_list *list);
struct scatterlist *vcd_list_whole(struct scatterlist *sg, u32 len, u32 max,
				   unsigned int *num);
bool vcd_list_overlap(struct scatterlist *a, struct scatterlist *b);

/**
 * struct vcd_skcipher - an algorithm without authentication
 * @id: number of the cipher
 * @next_iv: the IV that comes back is the user's for the next request
 * @alg: the crypto API's
 */
struct vcd_skcipher {
	u32 id;
	bool next_iv;
	struct skcipher_alg alg;
};

/**
 * struct vcd_skcipher_tfm - a transform of one
 * @base: what it has of the device
 * @fallback: in software; NULL: with a key that only the host has
 */
struct vcd_skcipher_tfm {
	struct vcd_crypto_tfm base;
	struct crypto_skcipher *fallback;
};

static inline const struct vcd_skcipher *vcd_skcipher_of(struct crypto_skcipher *tfm)
{
	return container_of(crypto_skcipher_alg(tfm), struct vcd_skcipher, alg);
}

/* crypto_skcipher.c */
int vcd_skcipher_encrypt(struct skcipher_request *req);
int vcd_skcipher_decrypt(struct skcipher_request *req);
int vcd_skcipher_list_register(struct vcd_skcipher *list, unsigned int num);
void vcd_skcipher_list_unregister(struct vcd_skcipher *list, unsigned int num);
int vcd_skciphers_register(void);
void vcd_skciphers_unregister(void);

/* crypto_aead.c */
int vcd_aeads_register(void);
void vcd_aeads_unregister(void);

/* crypto_named.c */
int vcd_named_register(void);
void vcd_named_unregister(void);

#endif /* VCD_GUEST_CRYPTO_API_H */
