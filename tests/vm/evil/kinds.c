/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kinds.c - calls of every kind, on memory that is watched.
 *
 * Source and destination lie in one arena with a margin around each. What is not output has to be
 * what it was after every call.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kinds.h"
#include "tests/vm/guest/dev.h"
#include "tests/vm/guest/ref.h"
#include "tests/vm/guest/refauth.h"

#define ROOM (128u << 10)
#define MARGIN 8192u
#define ARENA (2 * ROOM + 3 * MARGIN)
#define BIG (64u << 10)

static uint8_t *arena, *src, *dst;
static uint8_t before[ARENA], want[ROOM];
static const uint8_t iv[16] = {9, 8, 7};
static const uint8_t mackey[20] = {3, 1};

static void arena_make(void)
{
	arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	src = arena + MARGIN;
	dst = src + ROOM + MARGIN;
}

static void arena_fill(void)
{
	memset(arena, 0x5a, ARENA);
	for (size_t i = 0; i < ROOM; i++)
		src[i] = (uint8_t)(i * 7 + i / 251);
	memset(dst, KIND_FILL, ROOM);
}

static int cipher_session(int fd, uint32_t cipher, const struct evil_order *order, uint32_t *ses)
{
	return dev_session(fd, cipher, order, sizeof(*order), ses);
}

static int hmac_session(int fd, const struct evil_order *order, uint32_t *ses)
{
	return dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256_HMAC, order, sizeof(*order), ses);
}

static void cbc(int fd, const struct evil_order *order, struct outcome *o, size_t len,
		unsigned int flags)
{
	uint32_t ses;

	o->err = cipher_session(fd, CRYPTO_AES_CBC, order, &ses);
	if (o->err)
		return;
	ref_once(CRYPTO_AES_CBC, (const uint8_t *)order, 16, 0, iv, src, want, len, NULL);
	o->err = dev_crypt(fd, ses, COP_ENCRYPT, flags, src, dst, len, (void *)iv);
	o->out = dst;
	o->out_len = len;
	o->right = !memcmp(dst, want, len);
	dev_end(fd, ses);
}

static void small(int fd, const struct evil_order *order, struct outcome *o)
{
	cbc(fd, order, o, 64, 0);
}

static void pinned(int fd, const struct evil_order *order, struct outcome *o)
{
	cbc(fd, order, o, BIG, 0);
}

static void copied(int fd, const struct evil_order *order, struct outcome *o)
{
	cbc(fd, order, o, BIG, COP_FLAG_NO_ZC);
}

static void mac(int fd, const struct evil_order *order, struct outcome *o, size_t len)
{
	struct crypt_op op = {.src = src, .len = (uint32_t)len, .mac = dst};

	o->err = hmac_session(fd, order, &op.ses);
	if (o->err)
		return;
	ref_digest(ref_mac_find(CRYPTO_SHA2_256_HMAC), (const uint8_t *)order, sizeof(*order), src,
		   len, want);
	o->err = dev_ioctl(fd, CIOCCRYPT, &op);
	o->out = dst;
	o->out_len = 32;
	o->right = !memcmp(dst, want, 32);
	dev_end(fd, op.ses);
}

static void small_mac(int fd, const struct evil_order *order, struct outcome *o)
{
	mac(fd, order, o, 64);
}

static void large_mac(int fd, const struct evil_order *order, struct outcome *o)
{
	mac(fd, order, o, BIG);
}

/* The digest goes behind the data. */
static void both(int fd, const struct evil_order *order, struct outcome *o)
{
	struct crypt_op op = {
	    .src = src, .dst = dst, .len = BIG, .mac = dst + BIG, .iv = (uint8_t *)iv};

	o->err = dev_mac_session(fd, CRYPTO_AES_CBC, order, sizeof(*order), CRYPTO_SHA1_HMAC,
				 mackey, sizeof(mackey), &op.ses);
	if (o->err)
		return;
	ref_once(CRYPTO_AES_CBC, (const uint8_t *)order, 16, 0, iv, src, want, BIG, NULL);
	ref_digest(ref_mac_find(CRYPTO_SHA1_HMAC), mackey, sizeof(mackey), src, BIG, want + BIG);
	o->err = dev_ioctl(fd, CIOCCRYPT, &op);
	o->out = dst;
	o->out_len = BIG + 20;
	o->right = !memcmp(dst, want, BIG + 20);
	dev_end(fd, op.ses);
}

static struct ref_auth gcm_of(const struct evil_order *order)
{
	return (struct ref_auth){.cipher = CRYPTO_AES_GCM,
				 .key = (const uint8_t *)order,
				 .keylen = sizeof(*order),
				 .iv = iv,
				 .aad = mackey,
				 .aadlen = sizeof(mackey),
				 .taglen = 16};
}

static void auth(int fd, struct crypt_auth_op *op, struct outcome *o, size_t expected)
{
	op->auth_src = (uint8_t *)mackey;
	op->auth_len = sizeof(mackey);
	op->iv = (uint8_t *)iv;
	op->iv_len = 12;
	o->err = dev_ioctl(fd, CIOCAUTHCRYPT, op);
	o->right = op->len == expected && !memcmp(op->dst, want, expected);
	dev_end(fd, op->ses);
}

static void gcm_seal(int fd, const struct evil_order *order, struct outcome *o)
{
	struct crypt_auth_op op = {.src = src, .dst = dst, .len = 1000};
	struct ref_auth a = gcm_of(order);
	size_t n;

	o->err = cipher_session(fd, CRYPTO_AES_GCM, order, &op.ses);
	if (o->err)
		return;
	memcpy(want, src, 1000);
	ref_aead(&a, want, 1000, &n);
	o->out = dst;
	o->out_len = 1016;
	auth(fd, &op, o, 1016);
}

static void gcm_open(int fd, const struct evil_order *order, struct outcome *o)
{
	struct crypt_auth_op op = {.src = src, .dst = dst, .len = BIG + 16, .op = COP_DECRYPT};
	struct ref_auth a = gcm_of(order);
	size_t n;

	o->err = cipher_session(fd, CRYPTO_AES_GCM, order, &op.ses);
	if (o->err)
		return;
	memcpy(want, src, BIG);
	ref_aead(&a, src, BIG, &n);
	memcpy(before + (src - arena), src, n);
	o->out = dst;
	o->out_len = BIG;
	auth(fd, &op, o, BIG);
}

static void tls_open(int fd, const struct evil_order *order, struct outcome *o)
{
	struct crypt_auth_op op = {
	    .src = dst, .dst = dst, .op = COP_DECRYPT, .flags = COP_FLAG_AEAD_TLS_TYPE};
	struct ref_auth a = {.cipher = CRYPTO_AES_CBC,
			     .mac = CRYPTO_SHA1_HMAC,
			     .key = (const uint8_t *)order,
			     .keylen = sizeof(*order),
			     .mackey = mackey,
			     .mackeylen = sizeof(mackey),
			     .iv = iv,
			     .aad = mackey,
			     .aadlen = sizeof(mackey),
			     .taglen = 20};
	size_t n;

	o->err = dev_mac_session(fd, CRYPTO_AES_CBC, order, sizeof(*order), CRYPTO_SHA1_HMAC,
				 mackey, sizeof(mackey), &op.ses);
	if (o->err)
		return;
	memcpy(want, src, 500);
	memcpy(dst, src, 500);
	ref_tls(&a, dst, 500, &n);
	op.len = (uint32_t)n;
	auth(fd, &op, o, 500);
	o->out = NULL; /* in place: what is there may be the record still */
}

int kind_fetch(int fd, void *op)
{
	int err;

	for (int i = 0; i < 600; i++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (poll(&p, 1, 100) > 0) {
			err = dev_ioctl(fd, CIOCASYNCFETCH, op);
			if (err != -EBUSY)
				return err;
		}
	}
	return -ETIME;
}

static void async(int fd, const struct evil_order *order, struct outcome *o)
{
	struct crypt_op op = {.src = src, .dst = dst, .len = 8192, .iv = (uint8_t *)iv};

	o->err = cipher_session(fd, CRYPTO_AES_CBC, order, &op.ses);
	if (o->err)
		return;
	ref_once(CRYPTO_AES_CBC, (const uint8_t *)order, 16, 0, iv, src, want, 8192, NULL);
	o->err = dev_ioctl(fd, CIOCASYNCCRYPT, &op);
	if (!o->err)
		o->err = kind_fetch(fd, &op);
	o->out = dst;
	o->out_len = 8192;
	o->right = !memcmp(dst, want, 8192);
	dev_end(fd, op.ses);
}

static void batch(int fd, const struct evil_order *order, struct outcome *o)
{
	struct crypt_op op[8];
	int32_t status[8];
	struct crypt_batch b = {.count = 8, .ops = (uintptr_t)op, .status = (uintptr_t)status};
	uint32_t ses;

	o->err = cipher_session(fd, CRYPTO_AES_CBC, order, &ses);
	if (o->err)
		return;
	for (size_t i = 0; i < 8; i++) {
		op[i] = (struct crypt_op){.ses = ses,
					  .src = src + i * 512,
					  .dst = dst + i * 512,
					  .len = 512,
					  .iv = (uint8_t *)iv};
		ref_once(CRYPTO_AES_CBC, (const uint8_t *)order, 16, 0, iv, src + i * 512,
			 want + i * 512, 512, NULL);
	}
	o->err = dev_ioctl(fd, CIOCCRYPTBATCH, &b);
	for (size_t i = 0; i < 8 && !o->err; i++)
		o->err = status[i];
	o->out = dst;
	o->out_len = 4096;
	o->right = !memcmp(dst, want, 4096);
	dev_end(fd, ses);
}

static void info(int fd, const struct evil_order *order, struct outcome *o)
{
	struct session_info_op *op = (void *)dst;
	uint32_t ses;

	o->err = cipher_session(fd, CRYPTO_AES_CBC, order, &ses);
	if (o->err)
		return;
	op->ses = ses;
	o->err = dev_ioctl(fd, CIOCGSESSINFO, op);
	o->right = !o->err && !strcmp(op->cipher_info.cra_name, "cbc(aes)");
	/* whatever the host says, these are strings */
	if (!o->err && (!memchr(&op->cipher_info, 0, 64) || !memchr(&op->hash_info, 0, 64)))
		o->err = -EILSEQ;
	o->out = dst + 4;
	o->out_len = sizeof(*op) - 4 - 8;
	dev_end(fd, ses);
}

const struct kind kinds[] = {
    {"64 bytes", 0, small},
    {"64 KiB pinned", KIND_PINNED, pinned},
    {"64 KiB copied", 0, copied},
    {"HMAC of 64 bytes", 0, small_mac},
    {"HMAC of 64 KiB", 0, large_mac},
    {"cipher and MAC", KIND_PINNED, both},
    {"GCM seal", 0, gcm_seal},
    {"GCM open", KIND_PINNED, gcm_open},
    {"TLS open", KIND_SHORT_OK, tls_open},
    {"asynchronous", KIND_PINNED | KIND_ASYNC, async},
    {"batch", 0, batch},
    {"session info", 0, info},
    {"private key", KIND_SHORT_OK | KIND_RETRIED, kind_keyop},
    {"private key, asynchronous", KIND_SHORT_OK | KIND_RETRIED, kind_keyasync},
    {"GCM seal by label", KIND_RETRIED, kind_seal_by_label},
};
const size_t kind_count = sizeof(kinds) / sizeof(kinds[0]);

uint8_t *kind_room(struct outcome *o, size_t len)
{
	o->out = dst;
	o->out_len = len;
	return dst;
}

static bool same(size_t from, size_t to)
{
	return !memcmp(arena + from, before + from, to - from);
}

const char *kind_run(const struct kind *kind, int fd, const struct evil_order *order,
		     struct outcome *o)
{
	size_t at = ARENA - MARGIN - ROOM, len = 0;

	if (!arena)
		arena_make();
	*o = (struct outcome){0};
	arena_fill();
	memcpy(before, arena, ARENA);
	kind->run(fd, order, o);
	if (kind->run == tls_open)
		len = 1024;
	else if (kind->run == info)
		len = sizeof(struct session_info_op);
	else if (o->out)
		len = o->out_len;
	if (!same(0, at) || !same(at + len, ARENA))
		return "memory beside the output was written";
	return NULL;
}
