// SPDX-License-Identifier: GPL-2.0-or-later
/* verify.c - words that two people compare by voice. */
#include "cryptochat/identity/verify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

static void commit_to(const uint8_t nonce[DIGEST_SIZE], uint8_t out[DIGEST_SIZE])
{
	static const char label[] = "cryptochat commit 1";
	uint8_t message[sizeof(label) - 1 + DIGEST_SIZE];

	memcpy(message, label, sizeof(label) - 1);
	memcpy(message + sizeof(label) - 1, nonce, DIGEST_SIZE);
	SHA256(message, sizeof(message), out);
}

static void make_words(struct verify *v, const uint8_t *key_a, const uint8_t *key_b,
		       const uint8_t *nonce_a, const uint8_t *nonce_b)
{
	static const char label[] = "cryptochat words 1";
	uint8_t message[sizeof(label) - 1 + 4 * 32], hash[SHA256_DIGEST_LENGTH];
	uint8_t *at = message + sizeof(label) - 1;

	memcpy(message, label, sizeof(label) - 1);
	memcpy(at, key_a, 32);
	memcpy(at + 32, key_b, 32);
	memcpy(at + 64, nonce_a, 32);
	memcpy(at + 96, nonce_b, 32);
	SHA256(message, sizeof(message), hash);
	snprintf(v->words, sizeof(v->words), "%s %s %s %s", verify_word(hash[0]),
		 verify_word(hash[1]), verify_word(hash[2]), verify_word(hash[3]));
	v->state = VERIFY_SHOWN;
}

int verify_start(struct verify *v, struct verify_frame *out)
{
	*v = (struct verify){.state = VERIFY_COMMITTED};
	if (RAND_bytes(v->own, sizeof(v->own)) != 1) {
		v->state = VERIFY_IDLE;
		return -EIO;
	}
	*out = (struct verify_frame){.step = VERIFY_COMMIT};
	commit_to(v->own, out->value);
	return 0;
}

static int answer(struct verify *v, const struct verify_frame *in, struct verify_frame *out)
{
	*v = (struct verify){.state = VERIFY_ANSWERED};
	if (RAND_bytes(v->own, sizeof(v->own)) != 1)
		return -EPROTO;
	memcpy(v->commitment, in->value, sizeof(v->commitment));
	*out = (struct verify_frame){.step = VERIFY_ANSWER};
	memcpy(out->value, v->own, sizeof(v->own));
	return 1;
}

int verify_receive(struct verify *v, const uint8_t own_key[KEY_HASH_SIZE],
		   const uint8_t peer_key[KEY_HASH_SIZE], const struct verify_frame *in,
		   struct verify_frame *out)
{
	uint8_t commitment[DIGEST_SIZE];

	switch (in->step) {
	case VERIFY_COMMIT:
		if (v->state == VERIFY_ANSWERED)
			return -EPROTO;
		if (v->state == VERIFY_COMMITTED && memcmp(own_key, peer_key, KEY_HASH_SIZE) < 0)
			return 0; /* both started: ours counts, the peer will answer it */
		return answer(v, in, out);
	case VERIFY_ANSWER:
		if (v->state != VERIFY_COMMITTED)
			return -EPROTO;
		*out = (struct verify_frame){.step = VERIFY_REVEAL};
		memcpy(out->value, v->own, sizeof(v->own));
		make_words(v, own_key, peer_key, v->own, in->value);
		return 1;
	default:
		if (v->state != VERIFY_ANSWERED)
			return -EPROTO;
		commit_to(in->value, commitment);
		if (CRYPTO_memcmp(commitment, v->commitment, sizeof(commitment)) != 0)
			return -EPROTO;
		make_words(v, peer_key, own_key, in->value, v->own);
		return 0;
	}
}
