/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.c - random calls about keys by name. Without a key service on the host they are refused.
 */
#include "fuzz.h"

#include <string.h>

#include "virtio_cryptodev.h"

#define KEYS 64

static struct crypt_key keys[KEYS];
static uint32_t key_count;

bool keys_look(int fd)
{
	struct crypt_key_list list = {.keys = (uintptr_t)keys, .count = KEYS};

	if (dev_ioctl(fd, CIOCKEYLIST, &list))
		return false;
	key_count = list.count;
	return key_count;
}

static const struct crypt_key *random_key(struct rnd *r)
{
	return &keys[key_count ? rnd_below(r, key_count) : 0];
}

/* Mostly one that there is. */
static void random_label(struct rnd *r, char label[CRYPT_KEY_LABEL_LEN])
{
	memcpy(label, random_key(r)->label, CRYPT_KEY_LABEL_LEN);
	switch (rnd_below(r, 20)) {
	case 0:
		label[rnd_below(r, CRYPT_KEY_LABEL_LEN)] = (char)rnd_u64(r);
		break;
	case 1:
		rnd_fill(r, label, CRYPT_KEY_LABEL_LEN);
		break;
	case 2:
		memset(label, 'x', CRYPT_KEY_LABEL_LEN);
		break;
	}
}

static uint64_t sometimes(struct rnd *r, unsigned int one_of)
{
	return rnd_below(r, one_of) ? 0 : rnd_u64(r);
}

uint32_t random_label_session(struct rnd *r, struct crypt_label_op *op)
{
	const struct crypt_key *key;

	memset(op, 0, sizeof(*op));
	random_label(r, op->label);
	key = random_key(r);
	/* The algorithm of a key of that label, if it is that one. */
	for (uint32_t i = 0; i < key_count; i++)
		if (!memcmp(keys[i].label, op->label, sizeof(op->label)))
			key = &keys[i];
	if (key->kind == VCD_KIND_SYMMETRIC && (key->use & CRYPT_KEY_USE_SIGN))
		op->mac = key->alg;
	else if (key->kind == VCD_KIND_SYMMETRIC)
		op->cipher = key->alg;
	op->cipher ^= (uint32_t)sometimes(r, 30);
	op->mac ^= (uint32_t)sometimes(r, 30);
	op->flags = (uint32_t)sometimes(r, 30);
	op->ticket = rnd_below(r, 20) ? 0 : (uintptr_t)random_pointer(r);
	if (!rnd_below(r, 4)) {
		op->flags |= CRYPT_LABEL_CHECK;
		op->key = *key;
	}
	return (uint32_t)(key - keys) + 1;
}

void random_key_list(struct rnd *r, struct crypt_key_list *list)
{
	*list = (struct crypt_key_list){.keys = (uintptr_t)random_pointer(r),
					.first = rnd_below(r, 40),
					.count = rnd_below(r, 100),
					.reserved = (uint32_t)sometimes(r, 50)};
	if (!rnd_below(r, 20))
		list->first = (uint32_t)rnd_u64(r);
	if (!rnd_below(r, 20))
		list->count = (uint32_t)rnd_u64(r);
}

void random_key_info(struct rnd *r, struct crypt_key_info *info)
{
	memset(info, 0, sizeof(*info));
	random_label(r, info->label);
	info->ticket = rnd_below(r, 20) ? 0 : (uintptr_t)random_pointer(r);
	info->spki = rnd_below(r, 4) ? (uintptr_t)random_pointer(r) : 0;
	info->spki_len = rnd_below(r, 4) ? CRYPT_KEY_MAX_SPKI : random_length(r);
	info->reserved = (uint32_t)sometimes(r, 50);
}

/* Lengths around the bound, and such as a scheme has. */
static uint32_t key_length(struct rnd *r)
{
	static const uint32_t lengths[] = {0,  1,  20,	32,  33,  48,	64,
					   65, 97, 133, 256, 257, 4096, 16383};

	switch (rnd_below(r, 8)) {
	case 0:
		return CRYPT_KEY_MAX_DATA - 2 + rnd_below(r, 5);
	case 1:
		return random_length(r);
	default:
		return lengths[rnd_below(r, sizeof(lengths) / sizeof(lengths[0]))];
	}
}

/* Mostly one that @key has. */
static uint32_t random_scheme(struct rnd *r, const struct crypt_key *key)
{
	for (uint32_t tries = 0; tries < 200 && key->schemes && rnd_below(r, 200); tries++) {
		uint32_t scheme = rnd_below(r, 64);

		if (key->schemes >> scheme & 1)
			return scheme;
	}
	return rnd_below(r, 20) ? rnd_below(r, 52) : (uint32_t)rnd_u64(r);
}

static uint16_t operation_of(uint32_t scheme)
{
	if (scheme >= VCD_ECDH_P256)
		return CRYPT_KEYOP_DERIVE;
	return scheme >= VCD_RSA_OAEP_SHA256 ? CRYPT_KEYOP_DECRYPT : CRYPT_KEYOP_SIGN;
}

void random_key_op(struct caller *c, struct crypt_key_op *op)
{
	struct rnd *r = &c->r;
	uint32_t slot = rnd_below(r, SESSIONS), scheme, named = 0;
	bool decrypts;

	/* Mostly a session that has such a key. */
	for (int tries = 0; tries < 4 && (!named || !keys[named - 1].schemes); tries++) {
		slot = rnd_below(r, SESSIONS);
		named = __atomic_load_n(&proc.named[c->file][slot], __ATOMIC_RELAXED);
	}
	scheme = random_scheme(r, named ? &keys[named - 1] : random_key(r));
	decrypts = operation_of(scheme) == CRYPT_KEYOP_DECRYPT;
	*op = (struct crypt_key_op){
	    .ses = rnd_below(r, 20) ? __atomic_load_n(&proc.ses[c->file][slot], __ATOMIC_RELAXED)
				    : random_session_id(c),
	    .op = operation_of(scheme),
	    .scheme = scheme,
	    .in = (uintptr_t)random_pointer(r),
	    .in_len = key_length(r),
	    .aux = (uintptr_t)random_pointer(r),
	    .aux_len = decrypts && rnd_below(r, 2) ? key_length(r) : 0,
	    .out = (uintptr_t)random_pointer(r),
	    .out_len = rnd_below(r, 3) ? CRYPT_KEY_MAX_DATA : random_length(r),
	    .cookie = rnd_u64(r),
	};
	if (op->op == CRYPT_KEYOP_SIGN && rnd_below(r, 3))
		op->flags = CRYPT_KEYOP_MESSAGE;
	op->flags ^= (uint16_t)sometimes(r, 40);
	op->op ^= (uint16_t)sometimes(r, 40);
}

void random_key_fetch(struct rnd *r, struct crypt_key_fetch *fetch)
{
	*fetch = (struct crypt_key_fetch){.out = (uintptr_t)random_pointer(r),
					  .out_len = rnd_below(r, 3) ? CRYPT_KEY_MAX_DATA
								     : random_length(r)};
}
