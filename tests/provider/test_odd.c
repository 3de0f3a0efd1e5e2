/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_odd.c - calls in odd orders: contexts begun again in the middle, ends without a
 * beginning, tags and lengths at any time. Both providers are taken through the same random
 * calls, and have the same results and the same output. Where the default provider itself
 * goes wrong, the call is left out; each such place says why.
 */
#include "tests/provider/rig.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "cryptodev.h"

#define SEQUENCES 250
#define CALLS 24
#define MAX_LEN 5000

static const char *const ciphers[] = {
    "AES-128-CBC", "AES-192-CBC", "AES-256-CTR",       "AES-128-CTR", "AES-128-ECB",
    "AES-256-ECB", "AES-128-XTS", "AES-256-XTS",       "AES-128-GCM", "AES-256-GCM",
    "AES-128-CCM", "AES-256-CCM", "ChaCha20-Poly1305",
};

/**
 * struct odd - both contexts of a sequence.
 * @seed: of the random numbers
 * @enc: the direction that was set last
 * @keyed, @nonced: a key, a nonce was given
 * @begun: data or additional data came since the last nonce
 * @data, @ended: data came, and the end
 * @tagged: an encryption has made a tag
 * @announced: CCM: a length, which another message does not have
 * @rekey: lengths of a CCM were set, which a key must follow
 * @over: ours refused what the default provider lets pass; nothing more is compared
 * @log: the calls so far, for a message
 */
struct odd {
	const struct rig *rig;
	const char *name;
	uint64_t seed;
	EVP_CIPHER *cipher[2];
	EVP_CIPHER_CTX *ctx[2];
	int enc;
	bool keyed, nonced, begun, data, ended, tagged, announced, rekey, over;
	bool aead, ccm, gcm, xts, block;
	char log[4096];
};

static uint8_t in[MAX_LEN + 64], out[2][MAX_LEN + 64];

static uint32_t pick(struct odd *o, uint32_t n)
{
	return rig_random(&o->seed, n);
}

static void note(struct odd *o, const char *call, int a, int b)
{
	size_t len = strlen(o->log);

	snprintf(o->log + len, sizeof(o->log) - len, " %s(%d,%d)", call, a, b);
}

/*
 * The same results, and on success the same @n bytes of output. Return: success.
 * @strict: otherwise ours may refuse the call, but never the other way round
 */
static bool same_or_refused(struct odd *o, const int ok[2], const int n[2], bool strict)
{
	bool good = (ok[0] > 0) == (ok[1] > 0);

	if (ok[0] <= 0 && !strict && !good) {
		o->over = true;
		return false;
	}

	if (good && ok[0] > 0)
		good = n[0] == n[1] && (n[0] <= 0 || !memcmp(out[0], out[1], (size_t)n[0]));
	if (!good)
		fail_msg("%s:%s: %d with %d bytes, stock %d with %d", o->name, o->log, ok[0], n[0],
			 ok[1], n[1]);
	return ok[0] > 0;
}

static bool same(struct odd *o, const int ok[2], const int n[2])
{
	return same_or_refused(o, ok, n, true);
}

static size_t pick_len(struct odd *o)
{
	static const uint32_t limits[] = {3, 18, 50, 300, MAX_LEN + 1};
	size_t len = pick(o, limits[pick(o, 5)]);

	return pick(o, 3) ? len : len / 16 * 16;
}

static void odd_init(struct odd *o, bool whole)
{
	uint8_t key[64], iv[16];
	/* A key for one direction in a context of the other: what OpenSSL's ciphers then do is
	 * undefined. A change of direction therefore brings a key. */
	int enc = (int)pick(o, 2);
	bool with_key = whole || enc != o->enc || pick(o, 2), with_iv = whole || pick(o, 2);
	int ok[2], n[2] = {0, 0};

	/* In mid-message, without a nonce: CTR, GCM and ChaCha20 of OpenSSL continue with
	 * key streams of a key that is no more. */
	if (o->begun || !o->nonced)
		with_iv = true;
	if (o->rekey)
		with_key = true;
	rig_fill(&o->seed, key, sizeof(key));
	rig_fill(&o->seed, iv, sizeof(iv));
	note(o, "init", with_key, with_iv | enc << 1);
	for (int i = 0; i < 2; i++)
		ok[i] = EVP_CipherInit_ex2(o->ctx[i], whole ? o->cipher[i] : NULL,
					   with_key ? key : NULL, with_iv ? iv : NULL, enc, NULL);
	if (!same(o, ok, n))
		return;
	o->enc = enc;
	o->keyed |= with_key;
	o->nonced |= with_iv;
	o->begun = o->data = o->rekey = o->tagged = false;
	/* CCM wants its tag to be asked for first; empty data is no message to OpenSSL then. */
	o->ended = o->announced;
}

static void odd_data(struct odd *o, bool done)
{
	o->begun = o->data = true;
	o->ended |= o->ccm;
	if (o->ccm)
		o->announced = o->enc || !done;
	/* Whatever comes after a message of CCM makes OpenSSL's tag another one. */
	if (o->ccm)
		o->tagged = o->enc && done && !o->tagged;
}

static void odd_update(struct odd *o)
{
	size_t len = pick_len(o);
	int ok[2], n[2] = {0, 0};

	if (o->xts && !pick(o, 2))
		len = 16 + len % 1000;
	note(o, "update", (int)len, 0);
	rig_fill(&o->seed, in, len);
	for (int i = 0; i < 2; i++)
		ok[i] = EVP_CipherUpdate(o->ctx[i], out[i], &n[i], in, (int)len);
	/* A second message under one nonce: refused by every AEAD of ours. */
	odd_data(o, same_or_refused(o, ok, n, !o->aead || !o->ended));
}

static void odd_aad(struct odd *o)
{
	size_t len = pick_len(o);
	int ok[2], n[2] = {0, 0};

	if (!o->aead)
		return;
	note(o, "aad", (int)len, 0);
	rig_fill(&o->seed, in, len);
	for (int i = 0; i < 2; i++) {
		ok[i] = EVP_CipherUpdate(o->ctx[i], NULL, &n[i], in, (int)len);
		n[i] = 0;
	}
	if (o->ccm)
		o->tagged = false;
	/* Behind the data: ChaCha20-Poly1305 of OpenSSL lets it pass. */
	same_or_refused(o, ok, n, !o->ended && !o->data);
	o->begun = true;
}

static void odd_final(struct odd *o)
{
	int ok[2], n[2] = {0, 0};

	note(o, "final", 0, 0);
	for (int i = 0; i < 2; i++)
		ok[i] = EVP_CipherFinal_ex(o->ctx[i], out[i], &n[i]);
	o->tagged |= same_or_refused(o, ok, n, !o->aead || !o->ended) && !o->ccm && o->enc;
	o->ended = true;
	/* A message that ended needs a new nonce; CBC begins again by itself. */
	o->begun = true;
}

static void odd_tag(struct odd *o)
{
	int len = pick(o, 3) ? 16 : 4 + 2 * (int)pick(o, 7), ok[2], n[2] = {0, 0};

	/* The tag of no message is what happens to lie there; CCM's can be had once. */
	if (!o->aead || (o->enc && !o->tagged))
		return;
	o->rekey |= o->ccm;
	note(o, o->enc ? "get_tag" : "set_tag", len, 0);
	rig_fill(&o->seed, in, 16);
	for (int i = 0; i < 2; i++) {
		ok[i] = EVP_CIPHER_CTX_ctrl(o->ctx[i],
					    o->enc ? EVP_CTRL_AEAD_GET_TAG : EVP_CTRL_AEAD_SET_TAG,
					    len, o->enc ? out[i] : in);
		n[i] = o->enc ? len : 0;
	}
	if (same(o, ok, n) && o->ccm && o->enc)
		o->tagged = o->announced = false;
}

static void odd_ivlen(struct odd *o)
{
	int len = 1 + (int)pick(o, 16), ok[2], n[2] = {0, 0};

	if (!o->aead)
		return;
	note(o, "ivlen", len, 0);
	for (int i = 0; i < 2; i++)
		ok[i] = EVP_CIPHER_CTX_ctrl(o->ctx[i], EVP_CTRL_AEAD_SET_IVLEN, len, NULL);
	/* The nonce that was given is none of that length. */
	if (same(o, ok, n)) {
		o->nonced = false;
		o->ended = true;
		o->rekey |= o->ccm;
	}
}

static void odd_padding(struct odd *o)
{
	int pad = (int)pick(o, 2);

	note(o, "padding", pad, 0);
	for (int i = 0; i < 2; i++)
		EVP_CIPHER_CTX_set_padding(o->ctx[i], pad);
}

static void odd_copy(struct odd *o)
{
	EVP_CIPHER_CTX *copy[2] = {EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_new()};

	/* OpenSSL 3.0 cannot copy some; then neither is. */
	if (EVP_CIPHER_CTX_copy(copy[1], o->ctx[1]) == 1 &&
	    EVP_CIPHER_CTX_copy(copy[0], o->ctx[0]) == 1) {
		note(o, "copy", 0, 0);
		for (int i = 0; i < 2; i++) {
			EVP_CIPHER_CTX_free(o->ctx[i]);
			o->ctx[i] = copy[i];
		}
		return;
	}
	EVP_CIPHER_CTX_free(copy[0]);
	EVP_CIPHER_CTX_free(copy[1]);
}

static void odd_whole(struct odd *o)
{
	size_t len = pick_len(o);
	int ok[2], n[2];

	/* A part of a block: OpenSSL's CBC writes a whole one, beyond the end. And nothing at all:
	 * its CBC in assembly for s390x then writes over the stack. */
	if (o->block)
		len = len < 16 ? 16 : len - len % 16;
	note(o, "whole", (int)len, 0);
	rig_fill(&o->seed, in, len);
	for (int i = 0; i < 2; i++) {
		n[i] = EVP_Cipher(o->ctx[i], out[i], in, (unsigned int)len);
		ok[i] = n[i] >= 0;
	}
	odd_data(o, same_or_refused(o, ok, n, !o->aead || !o->ended));
}

static void odd_ccm_length(struct odd *o)
{
	int len = (int)pick_len(o), ok[2], n[2] = {0, 0};

	if (!o->ccm)
		return;
	note(o, "length", len, 0);
	for (int i = 0; i < 2; i++) {
		ok[i] = EVP_CipherUpdate(o->ctx[i], NULL, &n[i], NULL, len);
		n[i] = 0;
	}
	o->tagged = false;
	if (same_or_refused(o, ok, n, !o->ended)) {
		o->ended = false;
		o->announced = true;
	}
}

static void odd_iv(struct odd *o)
{
	int ok[2], n[2] = {0, 0};

	if (o->aead || !o->nonced || o->xts)
		return;
	note(o, "iv", 0, 0);
	for (int i = 0; i < 2; i++) {
		memset(out[i], 0, 32);
		ok[i] = EVP_CIPHER_CTX_get_updated_iv(o->ctx[i], out[i], 16) == 1 &&
			EVP_CIPHER_CTX_get_original_iv(o->ctx[i], out[i] + 16, 16) == 1;
		n[i] = 32;
	}
	same(o, ok, n);
}

static void odd_call(struct odd *o)
{
	static void (*const calls[])(struct odd *) = {
	    odd_update, odd_update, odd_update,	    odd_aad, odd_final, odd_tag,   odd_ivlen,
	    odd_copy,	odd_whole,  odd_ccm_length, odd_iv,  odd_tag,	odd_final, odd_padding,
	};
	uint32_t which = pick(o, 4 + sizeof(calls) / sizeof(calls[0]));

	if (which < sizeof(calls) / sizeof(calls[0]))
		calls[which](o);
	else
		odd_init(o, !pick(o, 4));
}

static void sequence(const struct rig *rig, const char *name, uint64_t seed)
{
	struct odd o = {.rig = rig, .name = name, .seed = seed};

	for (int i = 0; i < 2; i++) {
		o.cipher[i] = EVP_CIPHER_fetch(i ? rig->stock : rig->ours, name, NULL);
		o.ctx[i] = EVP_CIPHER_CTX_new();
		assert_non_null(o.cipher[i]);
	}
	o.ccm = EVP_CIPHER_get_mode(o.cipher[1]) == EVP_CIPH_CCM_MODE;
	o.gcm = EVP_CIPHER_get_mode(o.cipher[1]) == EVP_CIPH_GCM_MODE;
	o.xts = EVP_CIPHER_get_mode(o.cipher[1]) == EVP_CIPH_XTS_MODE;
	o.aead = EVP_CIPHER_get_flags(o.cipher[1]) & EVP_CIPH_FLAG_AEAD_CIPHER;
	o.block = EVP_CIPHER_get_block_size(o.cipher[1]) > 1;
	odd_init(&o, true);
	for (int i = 0; i < CALLS && !o.over; i++)
		odd_call(&o);
	for (int i = 0; i < 2; i++) {
		EVP_CIPHER_CTX_free(o.ctx[i]);
		EVP_CIPHER_free(o.cipher[i]);
	}
}

static void all_ciphers(const struct rig *rig, uint64_t seed)
{
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
		/* What CCM refuses in odd orders is another thing in each release. */
		if (strstr(ciphers[i], "CCM") && OPENSSL_version_minor() != 0)
			continue;
		for (uint64_t j = 0; j < SEQUENCES; j++)
			sequence(rig, ciphers[i], seed + i * 100000 + j);
	}
}

static void test_on_device(void **state)
{
	struct rig rig;

	rig_open(&rig, "0", NULL, NULL);
	all_ciphers(&rig, 1);
	assert_true(rig_counter(&rig, "cryptodev-ops") > 0);
	rig_close(&rig);
}

static void test_by_turns(void **state)
{
	struct rig rig;

	rig_open(&rig, "40", NULL, NULL);
	all_ciphers(&rig, 5000000);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_on_device),
	    cmocka_unit_test(test_by_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
