/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_differential.c - the provider does what the default provider does.
 *
 * Both are taken through the same random calls: pieces of any length, in place and not,
 * tags early and late, copies of contexts in the middle, contexts used again. After each
 * call results and output are compared. The same with a device that fails at random,
 * in several threads, and on both sides of fork().
 */
#include "tests/provider/rig.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#define MAX_LEN 150000
#define ROUNDS 40

static const char *const ciphers[] = {
    "AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "AES-128-CTR", "AES-192-CTR",	     "AES-256-CTR",
    "AES-128-ECB", "AES-192-ECB", "AES-256-ECB", "AES-128-XTS", "AES-256-XTS",	     "AES-128-GCM",
    "AES-192-GCM", "AES-256-GCM", "AES-128-CCM", "AES-256-CCM", "ChaCha20-Poly1305",
};

/**
 * struct pair - one cipher twice, in the same state.
 * @in: input; @out: of ours and of the stock one
 */
struct pair {
	const struct rig *rig;
	uint64_t seed;
	EVP_CIPHER *cipher[2];
	EVP_CIPHER_CTX *ctx[2];
	uint8_t *in, *out[2];
	bool aead, ccm, xts;
	int enc;
};

static void pair_open(struct pair *p, const struct rig *rig, const char *name, uint64_t seed)
{
	*p = (struct pair){.rig = rig, .seed = seed};
	p->cipher[0] = EVP_CIPHER_fetch(rig->ours, name, NULL);
	p->cipher[1] = EVP_CIPHER_fetch(rig->stock, name, NULL);
	assert_non_null(p->cipher[0]);
	assert_non_null(p->cipher[1]);
	assert_string_equal(OSSL_PROVIDER_get0_name(EVP_CIPHER_get0_provider(p->cipher[0])),
			    "cryptodev");
	assert_int_equal(EVP_CIPHER_get_flags(p->cipher[0]), EVP_CIPHER_get_flags(p->cipher[1]));
	assert_int_equal(EVP_CIPHER_get_mode(p->cipher[0]), EVP_CIPHER_get_mode(p->cipher[1]));
	assert_int_equal(EVP_CIPHER_get_nid(p->cipher[0]), EVP_CIPHER_get_nid(p->cipher[1]));
	for (int i = 0; i < 2; i++) {
		p->ctx[i] = EVP_CIPHER_CTX_new();
		p->out[i] = malloc(MAX_LEN + 64);
		assert_non_null(p->out[i]);
	}
	p->in = malloc(MAX_LEN + 64);
	assert_non_null(p->in);
	p->ccm = EVP_CIPHER_get_mode(p->cipher[0]) == EVP_CIPH_CCM_MODE;
	p->xts = EVP_CIPHER_get_mode(p->cipher[0]) == EVP_CIPH_XTS_MODE;
	p->aead = EVP_CIPHER_get_flags(p->cipher[0]) & EVP_CIPH_FLAG_AEAD_CIPHER;
}

static void pair_close(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		EVP_CIPHER_CTX_free(p->ctx[i]);
		EVP_CIPHER_free(p->cipher[i]);
		free(p->out[i]);
	}
	free(p->in);
}

static uint32_t pick(struct pair *p, uint32_t n)
{
	return rig_random(&p->seed, n);
}

/* Short ones as often as long ones. */
static size_t pick_len(struct pair *p, size_t max)
{
	static const size_t limits[] = {40, 600, 5000, 40000, MAX_LEN};
	size_t limit = limits[pick(p, 5)];

	return pick(p, (uint32_t)((limit < max ? limit : max) + 1));
}

/* In the middle of a message both go on as copies of what they were. */
static void maybe_copy(struct pair *p)
{
	EVP_CIPHER_CTX *copy[2];

	if (pick(p, 8))
		return;
	for (int i = 0; i < 2; i++) {
		copy[i] = EVP_CIPHER_CTX_new();
		if (EVP_CIPHER_CTX_copy(copy[i], p->ctx[i]) != 1) {
			/* OpenSSL 3.0 cannot copy some; then neither is. */
			EVP_CIPHER_CTX_free(copy[i]);
			if (i)
				EVP_CIPHER_CTX_free(copy[0]);
			return;
		}
	}
	for (int i = 0; i < 2; i++) {
		EVP_CIPHER_CTX_free(p->ctx[i]);
		p->ctx[i] = copy[i];
	}
}

static void init(struct pair *p, int enc, int first, int noncelen, int taglen)
{
	uint8_t key[64], iv[16];
	/* OpenSSL's own ciphers have a key schedule for each direction. */
	bool with_key = first || enc != p->enc || pick(p, 2);

	rig_fill(&p->seed, key, sizeof(key));
	rig_fill(&p->seed, iv, sizeof(iv));
	p->enc = enc;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(EVP_CipherInit_ex2(p->ctx[i], first ? p->cipher[i] : NULL, NULL,
						    NULL, enc, NULL),
				 1);
		if (p->aead)
			assert_int_equal(
			    EVP_CIPHER_CTX_ctrl(p->ctx[i], EVP_CTRL_AEAD_SET_IVLEN, noncelen, NULL),
			    1);
		if (p->ccm)
			assert_int_equal(
			    EVP_CIPHER_CTX_ctrl(p->ctx[i], EVP_CTRL_AEAD_SET_TAG, taglen, NULL), 1);
		assert_int_equal(EVP_CipherInit_ex2(p->ctx[i], NULL,
						    with_key || p->ccm ? key : NULL, iv, enc, NULL),
				 1);
	}
}

/* One update of both. Return: bytes of output. */
static int update(struct pair *p, const uint8_t *in, size_t len, size_t at)
{
	/* In place, behind by the block that is kept back, OpenSSL's own output is wrong. */
	bool in_place = pick(p, 2) && (EVP_CIPHER_get_block_size(p->cipher[0]) == 1 || p->enc);
	int n[2] = {0, 0}, ok[2];

	for (int i = 0; i < 2; i++) {
		if (in_place && len)
			memmove(p->out[i] + at, in, len);
		ok[i] = EVP_CipherUpdate(p->ctx[i], p->out[i] + at, &n[i],
					 in_place ? p->out[i] + at : in, (int)len);
	}
	assert_int_equal(ok[0], ok[1]);
	assert_int_equal(n[0], n[1]);
	assert_memory_equal(p->out[0] + at, p->out[1] + at, (size_t)n[0]);
	return n[0];
}

/* CBC, CTR, ECB and XTS: pieces, end, state. */
static void plain_message(struct pair *p, int first)
{
	int enc = (int)pick(p, 2), n[2], ok[2], pad = (int)pick(p, 2);
	size_t len = pick_len(p, MAX_LEN), done = 0, out = 0;
	uint8_t iv[2][16] = {{0}};

	init(p, enc, first, 0, 0);
	rig_fill(&p->seed, p->in, len);
	for (int i = 0; i < 2; i++)
		EVP_CIPHER_CTX_set_padding(p->ctx[i], pad);
	while (done < len) {
		/* Nor what is not aligned. */
		size_t piece = p->xts ? len : pick_len(p, len - done);

		if (EVP_CIPHER_get_block_size(p->cipher[0]) > 1)
			piece -= piece % 16;
		if (!piece)
			piece = len - done < 16 ? len - done : 16;
		out += (size_t)update(p, p->in + done, piece, out);
		done += piece;
		maybe_copy(p);
	}
	for (int i = 0; i < 2; i++)
		ok[i] = EVP_CipherFinal_ex(p->ctx[i], p->out[i] + out, &n[i]);
	assert_int_equal(ok[0], ok[1]);
	if (ok[0]) {
		assert_int_equal(n[0], n[1]);
		assert_memory_equal(p->out[0] + out, p->out[1] + out, (size_t)n[0]);
	}
	for (int i = 0; i < 2; i++)
		EVP_CIPHER_CTX_get_updated_iv(p->ctx[i], iv[i], sizeof(iv[i]));
	if (!p->xts)
		assert_memory_equal(iv[0], iv[1], sizeof(iv[0]));
}

static void aead_aad(struct pair *p, size_t len)
{
	static uint8_t aad[5000];
	size_t n = pick(p, 3) ? pick(p, 40) : pick(p, sizeof(aad));
	int got, ok[2];

	if (p->ccm)
		for (int i = 0; i < 2; i++)
			assert_int_equal(EVP_CipherUpdate(p->ctx[i], NULL, &got, NULL, (int)len),
					 1);
	for (int i = 0; i < 2; i++)
		ok[i] = n ? EVP_CipherUpdate(p->ctx[i], NULL, &got, aad, (int)n) : 1;
	assert_int_equal(ok[0], ok[1]);
}

/* In pieces; CCM takes one only. */
static void aead_data(struct pair *p, size_t len)
{
	size_t done = 0;

	while (done < len || p->ccm) {
		size_t piece = p->ccm || pick(p, 2) ? len - done : pick_len(p, len - done);

		update(p, p->in + done, piece, done);
		done += piece;
		if (p->ccm)
			return;
		maybe_copy(p);
	}
}

/* Encrypts what is in @in; the tag of both is compared and returned. */
static void aead_seal(struct pair *p, size_t len, uint8_t *tag, int taglen)
{
	uint8_t tags[2][16] = {{0}};
	int n;

	aead_aad(p, len);
	aead_data(p, len);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(EVP_CipherFinal_ex(p->ctx[i], p->out[i] + len, &n), 1);
		assert_int_equal(
		    EVP_CIPHER_CTX_ctrl(p->ctx[i], EVP_CTRL_AEAD_GET_TAG, taglen, tags[i]), 1);
	}
	assert_memory_equal(tags[0], tags[1], (size_t)taglen);
	memcpy(tag, tags[0], (size_t)taglen);
}

/* Decrypts @in with the tag before or behind it. */
static void aead_open(struct pair *p, size_t len, uint8_t *tag, int taglen)
{
	bool early = p->ccm || pick(p, 2);
	int n = 0, ok[2];

	if (!pick(p, 4))
		tag[pick(p, (uint32_t)taglen)] ^= 1;
	for (int i = 0; i < 2; i++)
		if (early)
			EVP_CIPHER_CTX_ctrl(p->ctx[i], EVP_CTRL_AEAD_SET_TAG, taglen, tag);
	aead_aad(p, len);
	aead_data(p, len);
	if (p->ccm)
		return;
	for (int i = 0; i < 2; i++) {
		if (!early)
			EVP_CIPHER_CTX_ctrl(p->ctx[i], EVP_CTRL_AEAD_SET_TAG, taglen, tag);
		ok[i] = EVP_CipherFinal_ex(p->ctx[i], p->out[i] + len, &n);
	}
	assert_int_equal(ok[0], ok[1]);
}

/* A message encrypted, then the same with the same nonce decrypted. */
static void aead_message(struct pair *p, int first)
{
	int noncelen = p->ccm ? 7 + (int)pick(p, 7) : 12, taglen = 16;
	size_t len = pick_len(p, MAX_LEN);
	uint64_t seed;
	uint8_t tag[16];

	if (EVP_CIPHER_get_mode(p->cipher[0]) == EVP_CIPH_GCM_MODE && !pick(p, 4))
		noncelen = 1 + (int)pick(p, 16);
	if (p->ccm || !pick(p, 3))
		taglen = 4 + 2 * (int)pick(p, 7);
	if (p->ccm && noncelen == 13 && len > 65535)
		len = 65535;
	seed = p->seed;
	init(p, 1, first, noncelen, taglen);
	rig_fill(&p->seed, p->in, len);
	aead_seal(p, len, tag, taglen);
	memcpy(p->in, p->out[0], len);
	p->seed = seed;
	init(p, 0, first, noncelen, taglen);
	aead_open(p, len, tag, taglen);
}

static void messages(const struct rig *rig, const char *name, uint64_t seed, int rounds)
{
	struct pair p;

	pair_open(&p, rig, name, seed);
	for (int i = 0; i < rounds; i++) {
		if (p.aead)
			aead_message(&p, !i);
		else
			plain_message(&p, !i);
	}
	pair_close(&p);
}

#define NUM_CIPHERS (sizeof(ciphers) / sizeof(ciphers[0]))

static void test_all_on_device(void **state)
{
	struct rig rig;

	rig_open(&rig, "0", NULL, NULL);
	for (size_t i = 0; i < NUM_CIPHERS; i++) {
		uint64_t before = rig_counter(&rig, "cryptodev-ops");

		messages(&rig, ciphers[i], i + 1, ROUNDS);
		assert_true(rig_counter(&rig, "cryptodev-ops") > before);
	}
	assert_int_equal(rig_counter(&rig, "cryptodev-errors"), 0);
	rig_close(&rig);
}

static void test_bulk_on_device(void **state)
{
	struct rig rig;

	rig_open(&rig, NULL, NULL, NULL);
	for (size_t i = 0; i < NUM_CIPHERS; i++)
		messages(&rig, ciphers[i], i + 100, ROUNDS);
	assert_true(rig_counter(&rig, "cryptodev-ops") > 0);
	assert_true(rig_counter(&rig, "cryptodev-soft-ops") > 0);
	rig_close(&rig);
}

/* Garbage in the output and an error: every answer is right nevertheless. */
static void test_failing_device(void **state)
{
	static const int errors[] = {EIO, ENODEV, EINVAL, ENOMEM, EBUSY, ENOTTY, EMSGSIZE};
	struct rig rig;
	uint64_t seed = 7;

	rig_open(&rig, "0", NULL, NULL);
	for (size_t i = 0; i < NUM_CIPHERS * 3; i++) {
		model_fault(&(struct model_fault){
		    .after = rig_random(&seed, 20),
		    .times = 1 + rig_random(&seed, 40),
		    .error = errors[rig_random(&seed, sizeof(errors) / sizeof(errors[0]))],
		});
		messages(&rig, ciphers[i % NUM_CIPHERS], i + 200, ROUNDS / 4);
	}
	assert_true(rig_counter(&rig, "cryptodev-errors") > 0);
	rig_close(&rig);
}

/* Gone for good, then there again. */
static void test_lost_and_found(void **state)
{
	struct rig rig;
	uint64_t before;

	rig_open(&rig, "0", NULL, NULL);
	messages(&rig, "AES-128-GCM", 1, 5);
	model_fault(&(struct model_fault){.times = UINT_MAX, .error = ENODEV, .open = true});
	before = rig_counter(&rig, "cryptodev-ops");
	messages(&rig, "AES-128-CBC", 2, 10);
	assert_int_equal(rig_counter(&rig, "cryptodev-ops"), before);
	model_fault(&(struct model_fault){0});
	messages(&rig, "AES-256-GCM", 3, 10);
	assert_true(rig_counter(&rig, "cryptodev-ops") > before);
	rig_close(&rig);
}

/* What daemons do: close everything. The number is somebody else's afterwards. */
static void test_closed_behind_its_back(void **state)
{
	struct rig rig, second;
	struct pair p;

	rig_open(&rig, "0", NULL, NULL);
	pair_open(&p, &rig, "AES-128-CTR", 5);
	plain_message(&p, 1);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	/* Its first file gets the number of ours, and a session with the same id. */
	rig_open(&second, "0", NULL, NULL);
	messages(&second, "AES-128-CTR", 6, 5);
	for (int i = 0; i < 20; i++)
		plain_message(&p, 0);
	pair_close(&p);
	rig_close(&second);
	rig_close(&rig);
}

/* Decryption with padding puts out a block less than it has taken in. */
static void test_in_place_behind(void **state)
{
	static const uint8_t key[16] = {9}, iv[16] = {8};
	static uint8_t plain[5000], sealed[5016];
	int n, last, at, out, piece;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint64_t seed = 3;
	EVP_CIPHER *cipher;
	struct rig rig;

	rig_open(&rig, "512", NULL, NULL);
	cipher = EVP_CIPHER_fetch(rig.ours, "AES-128-CBC", NULL);
	rig_fill(&seed, plain, sizeof(plain));
	for (int i = 0; i < 50; i++) {
		assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, key, iv, 1, NULL), 1);
		assert_int_equal(EVP_CipherUpdate(ctx, sealed, &n, plain, sizeof(plain)), 1);
		assert_int_equal(EVP_CipherFinal_ex(ctx, sealed + n, &last), 1);
		n += last;
		assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, key, iv, 0, NULL), 1);
		for (at = out = 0; at < n; at += piece, out += last) {
			piece = 16 * (1 + (int)rig_random(&seed, 120));
			if (piece > n - at)
				piece = n - at;
			assert_int_equal(
			    EVP_CipherUpdate(ctx, sealed + at, &last, sealed + at, piece), 1);
			assert_memory_equal(sealed + at, plain + out, (size_t)last);
		}
		assert_int_equal(EVP_CipherFinal_ex(ctx, sealed, &last), 1);
		assert_int_equal(out + last, sizeof(plain));
		assert_memory_equal(sealed, plain + out, (size_t)last);
	}
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	rig_close(&rig);
}

struct worker {
	const struct rig *rig;
	uint64_t seed;
	pthread_t thread;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	for (size_t i = 0; i < NUM_CIPHERS; i++)
		messages(w->rig, ciphers[(i + w->seed) % NUM_CIPHERS], w->seed * 50 + i, 4);
	return NULL;
}

static void test_threads(void **state)
{
	struct worker workers[4];
	struct rig rig;

	rig_open(&rig, "0", NULL, NULL);
	model_fault(&(struct model_fault){.after = 300, .times = 20, .error = EIO});
	for (unsigned int i = 0; i < 4; i++) {
		workers[i] = (struct worker){.rig = &rig, .seed = i + 1};
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned int i = 0; i < 4; i++)
		pthread_join(workers[i].thread, NULL);
	rig_close(&rig);
}

/* Both sides continue with contexts from before the fork. */
static void test_fork(void **state)
{
	static const char *const some[] = {"AES-128-CBC", "AES-256-GCM", "ChaCha20-Poly1305",
					   "AES-128-CTR"};
	struct pair pairs[4];
	struct rig rig;
	int status;
	pid_t pid;

	rig_open(&rig, "0", NULL, NULL);
	for (int i = 0; i < 4; i++) {
		pair_open(&pairs[i], &rig, some[i], (uint64_t)i + 40);
		(pairs[i].aead ? aead_message : plain_message)(&pairs[i], 1);
	}
	for (int round = 0; round < 3; round++) {
		pid = fork();
		assert_true(pid >= 0);
		for (int n = 0; n < 4; n++)
			for (int i = 0; i < 4; i++)
				(pairs[i].aead ? aead_message : plain_message)(&pairs[i], 0);
		if (!pid) {
			/* Freeing its copies must not end the parent's sessions. */
			for (int i = 0; i < 4; i++)
				pair_close(&pairs[i]);
			_exit(rig_counter(&rig, "cryptodev-errors") ? 1 : 0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	assert_int_equal(rig_counter(&rig, "cryptodev-errors"), 0);
	for (int i = 0; i < 4; i++)
		pair_close(&pairs[i]);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_on_device),
	    cmocka_unit_test(test_bulk_on_device),
	    cmocka_unit_test(test_failing_device),
	    cmocka_unit_test(test_lost_and_found),
	    cmocka_unit_test(test_closed_behind_its_back),
	    cmocka_unit_test(test_threads),
	    cmocka_unit_test(test_fork),
	    cmocka_unit_test(test_in_place_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
