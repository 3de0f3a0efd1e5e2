/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * values.c - the arguments of random calls: right, near the edge, or anything.
 *
 * A random address is never one where this program keeps something: it lies in the arena, at
 * its edges, or where no program has memory.
 */
#include "fuzz.h"

#include <stdbool.h>

uint8_t *random_pointer(struct rnd *r)
{
	static const uint64_t nowhere[] = {0,
					   1,
					   PAGE - 1,
					   0x7ffffffff000,
					   0x7fffffffffff,
					   0x800000000000,
					   0xffff800000000000,
					   0xffffffff81000000,
					   0xfffffffffffffff0};
	uint8_t *edge = proc.arena + ARENA;

	switch (rnd_below(r, 40)) {
	case 0:
		return (uint8_t *)(uintptr_t)nowhere[rnd_below(r, 9)];
	case 1:
		return (uint8_t *)(uintptr_t)(rnd_u64(r) | 1ull << 63);
	case 2: /* just before, or in, what cannot be touched */
		return edge - rnd_below(r, 64) + rnd_below(r, 20);
	case 3:
		return edge - PAGE * (1 + rnd_below(r, 20)) - rnd_below(r, 2);
	case 4:
	case 5:
		return proc.arena + rnd_below(r, ARENA);
	default:
		return proc.arena + PAGE * rnd_below(r, ARENA / PAGE / 2) +
		       (rnd_below(r, 3) ? 0 : rnd_below(r, PAGE));
	}
}

uint32_t random_length(struct rnd *r)
{
	switch (rnd_below(r, 12)) {
	case 0:
		return (uint32_t)rnd_u64(r);
	case 1:
		return 0xffffffff - rnd_below(r, 64);
	case 2:
		return rnd_below(r, 2 * ARENA);
	case 3:
		return rnd_below(r, 70);
	case 4:
	case 5:
		return 16 * rnd_below(r, 5000);
	default:
		return 16 * rnd_below(r, 300);
	}
}

static uint32_t algorithm(struct rnd *r, bool cipher)
{
	static const uint32_t ciphers[] = {0,
					   CRYPTO_AES_CBC,
					   CRYPTO_AES_CBC,
					   CRYPTO_AES_CTR,
					   CRYPTO_AES_GCM,
					   CRYPTO_AES_CCM,
					   CRYPTO_CHACHA20_POLY1305,
					   CRYPTO_NULL,
					   CRYPTO_AES_XTS,
					   CRYPTO_3DES_CBC};
	static const uint32_t macs[] = {0,
					0,
					CRYPTO_SHA1,
					CRYPTO_SHA2_256,
					CRYPTO_SHA1_HMAC,
					CRYPTO_SHA2_512_HMAC,
					CRYPTO_AES_CMAC};

	if (!rnd_below(r, 12))
		return rnd_below(r, 2) ? rnd_below(r, 140) : (uint32_t)rnd_u64(r);
	return cipher ? ciphers[rnd_below(r, 10)] : macs[rnd_below(r, 7)];
}

uint32_t random_session_id(struct caller *c)
{
	uint32_t dice = rnd_below(&c->r, 20);
	uint32_t file = dice == 1 ? rnd_below(&c->r, FILES) : c->file;

	if (dice == 0)
		return (uint32_t)rnd_u64(&c->r);
	return __atomic_load_n(&proc.ses[file][rnd_below(&c->r, SESSIONS)], __ATOMIC_RELAXED);
}

static uint16_t flags(struct rnd *r)
{
	if (!rnd_below(r, 8))
		return (uint16_t)rnd_u64(r);
	return (uint16_t)(rnd_below(r, 2) ? 1u << rnd_below(r, 7) | 1u << rnd_below(r, 9) : 0);
}

void random_crypt(struct caller *c, struct crypt_op *op)
{
	struct rnd *r = &c->r;
	uint8_t *src = random_pointer(r);

	*op = (struct crypt_op){
	    .ses = random_session_id(c),
	    .op = (uint16_t)(rnd_below(r, 20) ? rnd_below(r, 2) : rnd_u64(r)),
	    .flags = flags(r),
	    .len = random_length(r),
	    .src = src,
	    .dst = rnd_below(r, 3) ? src : random_pointer(r),
	    .mac = random_pointer(r),
	    .iv = rnd_below(r, 3) ? random_pointer(r) : NULL,
	};
}

void random_auth(struct caller *c, struct crypt_auth_op *op)
{
	struct rnd *r = &c->r;
	static const uint16_t types[] = {0, 0, COP_FLAG_AEAD_TLS_TYPE, COP_FLAG_AEAD_SRTP_TYPE};
	uint8_t *src = random_pointer(r);

	*op = (struct crypt_auth_op){
	    .ses = random_session_id(c),
	    .op = (uint16_t)(rnd_below(r, 20) ? rnd_below(r, 2) : rnd_u64(r)),
	    .flags = rnd_below(r, 8) ? types[rnd_below(r, 4)] : flags(r),
	    .len = random_length(r),
	    .auth_len = rnd_below(r, 4) ? rnd_below(r, 300) : random_length(r),
	    .auth_src = rnd_below(r, 3) ? src - rnd_below(r, 260) : random_pointer(r),
	    .src = src,
	    .dst = rnd_below(r, 6) ? src : random_pointer(r),
	    .tag = random_pointer(r),
	    .tag_len = rnd_below(r, 10) ? 0 : rnd_below(r, 24),
	    .iv = rnd_below(r, 4) ? random_pointer(r) : NULL,
	    .iv_len = (uint32_t)rnd_u64(r),
	};
}

void random_session(struct rnd *r, struct session_op *op)
{
	static const uint32_t keylens[] = {16, 16, 16, 24, 32, 32, 64, 0};

	*op = (struct session_op){
	    .cipher = algorithm(r, true),
	    .mac = algorithm(r, false),
	    .keylen = rnd_below(r, 10) ? keylens[rnd_below(r, 8)] : random_length(r),
	    .key = random_pointer(r),
	    .mackeylen = rnd_below(r, 10) ? keylens[rnd_below(r, 8)] : random_length(r),
	    .mackey = random_pointer(r),
	};
	if (op->cipher == CRYPTO_NULL)
		op->keylen = 0;
}
