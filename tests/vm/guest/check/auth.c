/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth.c - what the checks of CIOCAUTHCRYPT have in common.
 */
#include "auth.h"

#include <sched.h>
#include <stdlib.h>

const uint8_t auth_keys[32] = {0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a,
			       0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95,
			       0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f};

void auth_nonce(const struct ref_aead *aead, uint8_t iv[16], uint8_t seed)
{
	for (int i = 0; i < 16; i++)
		iv[i] = (uint8_t)(seed + i);
	if (aead->id == CRYPTO_AES_CCM)
		iv[0] = 2;
}

struct crypt_auth_op auth_op(uint32_t ses, const struct ref_auth *a)
{
	return (struct crypt_auth_op){
	    .ses = ses,
	    .op = a->open ? COP_DECRYPT : COP_ENCRYPT,
	    .auth_len = (uint32_t)a->aadlen,
	    .auth_src = (uint8_t *)a->aad,
	    .tag_len = (uint32_t)a->taglen,
	    .iv = (uint8_t *)a->iv,
	    .iv_len = 12,
	};
}

int auth_call(int fd, struct crypt_auth_op *op)
{
	return dev_ioctl(fd, CIOCAUTHCRYPT, op);
}

uint32_t need_aead(int fd, const struct ref_aead *aead, const uint8_t *key, size_t keylen)
{
	uint32_t ses;

	if (dev_session(fd, aead->id, key, keylen, &ses))
		skip("the device has no %s", aead->name);
	return ses;
}

uint32_t need_pair(int fd, const struct ref_auth *a)
{
	uint32_t ses;

	if (dev_mac_session(fd, a->cipher, a->key, a->keylen, a->mac, a->mackey, a->mackeylen,
			    &ses))
		skip("the device has not cipher %u with MAC %u", a->cipher, a->mac);
	return ses;
}

uint8_t *random_map(size_t len, uint64_t seed)
{
	uint8_t *p = must_map(len);
	struct rnd r;

	rnd_seed(&r, seed, 0);
	rnd_fill(&r, p, len);
	return p;
}

/* A byte of every cache line, again and again: the whole would be too slow to see much. */
static void *watching(void *arg)
{
	struct watch *w = arg;
	const volatile uint8_t *now = w->buf;

	while (!__atomic_load_n(&w->stop, __ATOMIC_ACQUIRE)) {
		for (size_t i = 0; i < w->len; i += 61)
			if (now[i] != w->copy[i])
				w->changed = 1;
		sched_yield();
	}
	return NULL;
}

void watch_start(struct watch *w, const uint8_t *buf, size_t len)
{
	*w = (struct watch){.buf = buf, .len = len, .copy = malloc(len)};
	expect(w->copy, "malloc");
	memcpy(w->copy, buf, len);
	expect(!pthread_create(&w->thread, NULL, watching, w), "pthread_create");
}

void watch_end(struct watch *w, const char *what)
{
	__atomic_store_n(&w->stop, 1, __ATOMIC_RELEASE);
	pthread_join(w->thread, NULL);
	expect_same(w->buf, w->copy, w->len, "%s", what);
	expect(!w->changed, "%s: it was something else for a time", what);
	free(w->copy);
}
