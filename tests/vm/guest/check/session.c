/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session.c - CIOCGSESSION and CIOCFSESSION on one descriptor: which sessions
 * can be made, their ids, their keys, their end.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MANY 5000

/* Every key length from 0 to behind the longest. */
static void key_lengths(void)
{
	static const uint32_t modes[] = {CRYPTO_AES_CBC, CRYPTO_AES_ECB, CRYPTO_AES_CTR};
	uint8_t key[CRYPTO_CIPHER_MAX_KEY_LEN + 2] = {1};
	int fd = must_open();
	uint32_t ses;

	for (size_t m = 0; m < ARRAY_SIZE(modes); m++) {
		for (size_t len = 0; len <= sizeof(key); len++) {
			bool good = len == 16 || len == 24 || len == 32;
			int err = dev_session(fd, modes[m], key, len, &ses);

			expect(err == (good ? 0 : -EINVAL), "cipher %u, key of %zu bytes: %s",
			       modes[m], len, err ? strerror(-err) : "success");
		}
		expect_ret(-EINVAL, dev_session(fd, modes[m], key, 0x10000, &ses));
		expect_ret(-EINVAL, dev_session(fd, modes[m], key, 0xffffffff, &ses));
	}
}

static void null_cipher(void)
{
	uint8_t in[1000], out[1000];
	int fd = must_open();
	struct rnd r;
	uint32_t ses;

	rnd_seed(&r, 1, 0);
	rnd_fill(&r, in, sizeof(in));
	expect_ret(0, dev_session(fd, CRYPTO_NULL, NULL, 0, &ses));
	for (size_t len = 1; len <= sizeof(in); len = len * 2 + 1) {
		for (unsigned int op = 0; op < 2; op++) {
			memset(out, 0x55, sizeof(out));
			expect_ret(0, dev_crypt(fd, ses, op, 0, in, out, len, NULL));
			expect_same(out, in, len, "NULL cipher, %zu bytes", len);
		}
	}
	for (size_t len = 1; len <= 64; len++)
		expect_ret(-EINVAL, dev_session(fd, CRYPTO_NULL, test_pt, len, &ses));
}

static void unknown_algorithms(void)
{
	/* never accepted, or no number at all, or of the other kind */
	static const uint32_t no_cipher[] = {
	    CRYPTO_CAST_CBC,
	    CRYPTO_SKIPJACK_CBC,
	    CRYPTO_ARC4,
	    CRYPTO_DEFLATE_COMP,
	    CRYPTO_LZS_COMP,
	    CRYPTO_MD5_KPDK,
	    CRYPTO_SHA1_KPDK,
	    CRYPTO_TLS11_AES_CBC_HMAC_SHA1,
	    CRYPTO_TLS12_AES_CBC_HMAC_SHA256,
	    CRYPTO_SHA1,
	    CRYPTO_SHA1_HMAC,
	    CRYPTO_SHA2_256,
	    26,
	    49,
	    52,
	    100,
	    110,
	    111,
	    127,
	    128,
	    129,
	    192,
	    255,
	    256,
	    0x10000 + CRYPTO_AES_CBC,
	    0x7fffffff,
	    0x80000000 + CRYPTO_AES_CBC,
	    0xffffffff,
	};
	static const uint32_t no_mac[] = {
	    CRYPTO_MD5_KPDK,
	    CRYPTO_SHA1_KPDK,
	    CRYPTO_AES_CBC,
	    CRYPTO_AES_CTR,
	    CRYPTO_NULL,
	    CRYPTO_AES_GCM,
	    CRYPTO_TLS11_AES_CBC_HMAC_SHA1,
	    26,
	    110,
	    111,
	    127,
	    128,
	    256,
	    0x10000 + CRYPTO_SHA1,
	    0x7fffffff,
	    0xffffffff,
	};
	int fd = must_open(), err;
	uint32_t ses;

	for (size_t i = 0; i < ARRAY_SIZE(no_cipher); i++) {
		err = dev_session(fd, no_cipher[i], test_key, 16, &ses);
		expect(err == -EINVAL, "cipher 0x%x: %s", no_cipher[i], strerror(-err));
	}
	for (size_t i = 0; i < ARRAY_SIZE(no_mac); i++) {
		err = dev_mac_session(fd, 0, NULL, 0, no_mac[i], test_key, 16, &ses);
		expect(err == -EINVAL, "mac 0x%x: %s", no_mac[i], strerror(-err));
		err = dev_mac_session(fd, CRYPTO_AES_CBC, test_key, 16, no_mac[i], test_key, 16,
				      &ses);
		expect(err == -EINVAL, "cbc and mac 0x%x: %s", no_mac[i], strerror(-err));
	}
	expect_ret(-EINVAL, dev_mac_session(fd, 0, NULL, 0, 0, NULL, 0, &ses));
	expect_ret(-EINVAL, dev_mac_session(fd, 0, test_key, 16, 0, test_key, 16, &ses));
}

/* What is there is reported, so that a log shows what later checks covered. */
static void available(void)
{
	int fd = must_open();
	uint8_t key[64] = {1};
	char line[512] = "";
	uint32_t ses;

	for (uint32_t id = 1; id < 128; id++) {
		for (size_t len = 0; len <= 64; len += 8) {
			if (dev_session(fd, id, key, len, &ses))
				continue;
			snprintf(line + strlen(line), sizeof(line) - strlen(line), " %u", id);
			break;
		}
	}
	note("ciphers:%s", line);
	line[0] = 0;
	for (uint32_t id = 1; id < 128; id++)
		if (dev_has_mac(fd, id, 16))
			snprintf(line + strlen(line), sizeof(line) - strlen(line), " %u", id);
	note("hashes and MACs:%s", line[0] ? line : " none");
}

static void key_memory(void)
{
	struct guard g;
	uint8_t *bad = bad_page();
	uint8_t key[16];
	int fd = must_open();
	uint32_t ses;

	expect_refused(dev_session(fd, CRYPTO_AES_CBC, NULL, 16, &ses));
	expect_ret(-EFAULT, dev_session(fd, CRYPTO_AES_CBC, bad, 16, &ses));
	expect_ret(-EFAULT, dev_session(fd, CRYPTO_AES_CBC, (void *)-4096L, 16, &ses));
	expect_ret(-EFAULT, dev_session(fd, CRYPTO_AES_CBC, (void *)(1L << 62), 16, &ses));

	/* no byte more than keylen is read, and none less */
	guard_make(&g, 16, true);
	memcpy(g.buf, test_key, 16);
	expect_ret(0, dev_session(fd, CRYPTO_AES_CBC, g.buf, 16, &ses));
	must_answer(fd, ses);
	expect_ret(-EFAULT, dev_session(fd, CRYPTO_AES_CBC, g.buf, 24, &ses));
	guard_check(&g);
	guard_free(&g);

	/* the key is copied: what becomes of the caller's does not matter */
	memcpy(key, test_key, sizeof(key));
	expect_ret(0, dev_session(fd, CRYPTO_AES_CBC, key, sizeof(key), &ses));
	memset(key, 0, sizeof(key));
	must_answer(fd, ses);
}

static void struct_memory(void)
{
	struct session_op op = {.cipher = CRYPTO_AES_CBC, .keylen = 16, .key = (uint8_t *)test_key};
	struct guard g;
	int fd = must_open();

	expect_ret(-EFAULT, dev_ioctl(fd, CIOCGSESSION, NULL));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCGSESSION, bad_page()));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCFSESSION, NULL));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCFSESSION, bad_page()));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCCRYPT, NULL));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCCRYPT, bad_page()));

	/* a struct that ends with the page, and one of which a byte is missing */
	guard_make(&g, sizeof(op), true);
	memcpy(g.buf, &op, sizeof(op));
	expect_ret(0, dev_ioctl(fd, CIOCGSESSION, g.buf));
	guard_check(&g);
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCGSESSION, g.buf + 1));

	/* the id cannot be given back: no session then */
	memcpy(g.buf, &op, sizeof(op));
	expect(!mprotect(g.map + page_size(), page_size(), PROT_READ), "mprotect");
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCGSESSION, g.buf));
	must_answer(fd, must_session(fd, CRYPTO_AES_CBC));
}

/* The caller's fields come back as they were, apart from the id. */
static void struct_unchanged(void)
{
	struct session_op op = {
	    .cipher = CRYPTO_AES_CTR, .keylen = 16, .key = (uint8_t *)test_key, .mackeylen = 0};
	struct session_op was = op;
	int fd = must_open();

	expect_ret(0, dev_ioctl(fd, CIOCGSESSION, &op));
	expect(op.ses != 0, "session id 0");
	expect(op.cipher == was.cipher && op.mac == was.mac && op.keylen == was.keylen &&
		   op.key == was.key && op.mackeylen == was.mackeylen && op.mackey == was.mackey,
	       "CIOCGSESSION changed more than the id");
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void many(void)
{
	static uint32_t ids[MANY], sorted[MANY];
	uint8_t key[16] = {0}, out[16], want[16];
	int fd = must_open();
	struct rnd r;

	for (uint32_t i = 0; i < MANY; i++) {
		int err;

		memcpy(key, &i, sizeof(i));
		err = dev_session(fd, CRYPTO_AES_ECB, key, sizeof(key), &ids[i]);
		expect(!err, "session %u: %s", i, strerror(-err));
		expect(ids[i] != 0, "session %u has id 0", i);
	}
	memcpy(sorted, ids, sizeof(ids));
	qsort(sorted, MANY, sizeof(sorted[0]), by_value);
	for (uint32_t i = 1; i < MANY; i++)
		expect(sorted[i] != sorted[i - 1], "id %u twice", sorted[i]);

	rnd_seed(&r, 2, 0);
	for (uint32_t n = 0; n < MANY; n++) {
		uint32_t i = rnd_below(&r, MANY);

		memcpy(key, &i, sizeof(i));
		expect_ret(0, dev_crypt(fd, ids[i], 0, 0, test_pt, out, sizeof(out), NULL));
		ref_once(CRYPTO_AES_ECB, key, sizeof(key), 0, NULL, test_pt, want, 16, NULL);
		expect_same(out, want, sizeof(out), "session %u of %u", i, MANY);
	}
	/* every other one ends; the rest stay usable, the ended ones are unknown */
	for (uint32_t i = 0; i < MANY; i += 2)
		expect_ret(0, dev_end(fd, ids[i]));
	for (uint32_t i = 0; i < MANY; i++) {
		int err = dev_crypt(fd, ids[i], 0, 0, test_pt, out, sizeof(out), NULL);

		expect(err == (i % 2 ? 0 : -EINVAL), "session %u: %s", i, strerror(-err));
	}
}

/* A device that kept what closed descriptors left would run out of sessions. */
static void close_frees(void)
{
	for (int i = 0; i < 300; i++) {
		int fd = must_open();
		uint32_t ses = 0;

		for (int n = 0; n < 100; n++)
			ses = must_session(fd, CRYPTO_AES_CBC);
		if (i % 50 == 0)
			must_answer(fd, ses);
		close(fd);
	}
}

static void end_reuse(void)
{
	int fd = must_open();

	for (int i = 0; i < 3000; i++) {
		uint32_t ses = must_session(fd, CRYPTO_AES_CBC);

		if (i % 500 == 0)
			must_answer(fd, ses);
		expect_ret(0, dev_end(fd, ses));
	}
}

/* The reference returns 0 for ids it does not know, and programs rely on it. */
static void end_unknown(void)
{
	int fd = must_open(), other = must_open();
	uint32_t ses, theirs;

	expect_ret(0, dev_end(fd, 0));
	expect_ret(0, dev_end(fd, 12345));
	expect_ret(0, dev_end(fd, 0xffffffff));
	ses = must_session(fd, CRYPTO_AES_CBC);
	expect_ret(0, dev_end(fd, ses ^ 1));
	must_answer(fd, ses);
	expect_ret(0, dev_end(fd, ses));
	expect_ret(0, dev_end(fd, ses));
	expect_ret(-EINVAL, dev_crypt(fd, ses, 0, 0, test_pt, (uint8_t[16]){0}, 16, NULL));

	/* an id of another descriptor is unknown here, and survives */
	theirs = must_session(other, CRYPTO_AES_CBC);
	expect_ret(0, dev_end(fd, theirs));
	must_answer(other, theirs);
}

/* Ids come from a hat, but a wrong one must never hit: try the neighbours. */
static void unknown_ids(void)
{
	int fd = must_open(), other = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC),
		 theirs = must_session(other, CRYPTO_AES_CBC);
	uint8_t out[16];

	for (uint32_t bit = 1; bit; bit <<= 1)
		expect_ret(-EINVAL, dev_crypt(fd, ses ^ bit, 0, 0, test_pt, out, 16, NULL));
	expect_ret(-EINVAL, dev_crypt(fd, 0, 0, 0, test_pt, out, 16, NULL));
	if (theirs != ses)
		expect_ret(-EINVAL, dev_crypt(fd, theirs, 0, 0, test_pt, out, 16, NULL));
	must_answer(fd, ses);
}

/* Programs that closed descriptors they did not know use other files' ids: those must not hit. */
static void ids_differ(void)
{
	enum { FILES = 16, EACH = 4 };
	uint32_t ids[FILES * EACH];

	for (size_t i = 0; i < FILES; i++) {
		int fd = must_open();

		for (size_t j = 0; j < EACH; j++)
			ids[i * EACH + j] = must_session(fd, CRYPTO_AES_CBC);
	}
	for (size_t i = 0; i < FILES * EACH; i++)
		for (size_t j = 0; j < i; j++)
			expect(ids[i] != ids[j], "files %zu and %zu both have id %u", i / EACH,
			       j / EACH, ids[i]);
}

/* Fields that a session has no use for hold anything. */
static void unused_fields(void)
{
	static const struct session_op garbage = {.keylen = 0xdeadbeef,
						  .key = (uint8_t *)0x100,
						  .mackeylen = 0xdeadbeef,
						  .mackey = (uint8_t *)0x100};
	struct session_op op = garbage;
	int fd = must_open();

	op.mac = CRYPTO_SHA1;
	op.mackeylen = 0;
	expect_ret(0, dev_ioctl(fd, CIOCGSESSION, &op));
	op = garbage;
	op.mac = CRYPTO_SHA1_HMAC;
	op.mackeylen = 20;
	op.mackey = (uint8_t *)test_key;
	expect_ret(0, dev_ioctl(fd, CIOCGSESSION, &op));
	op = garbage;
	op.cipher = CRYPTO_AES_CBC;
	op.keylen = 16;
	op.key = (uint8_t *)test_key;
	expect_ret(0, dev_ioctl(fd, CIOCGSESSION, &op));
	must_answer(fd, op.ses);

	/* those that it has use for are judged */
	op.mac = CRYPTO_SHA1_HMAC;
	expect_ret(-EINVAL, dev_ioctl(fd, CIOCGSESSION, &op));
	op = garbage;
	op.cipher = CRYPTO_AES_CBC;
	expect_ret(-EINVAL, dev_ioctl(fd, CIOCGSESSION, &op));
}

const struct check session_checks[] = {
    {"session/key-lengths", key_lengths},
    {"session/null-cipher", null_cipher},
    {"session/unknown-algorithms", unknown_algorithms},
    {"session/available", available},
    {"session/key-memory", key_memory},
    {"session/struct-memory", struct_memory},
    {"session/struct-unchanged", struct_unchanged},
    {"session/many", many},
    {"session/close-frees", close_frees},
    {"session/end-reuse", end_reuse},
    {"session/end-unknown", end_unknown},
    {"session/unknown-ids", unknown_ids},
    {"session/ids-differ", ids_differ},
    {"session/unused-fields", unused_fields},
    {NULL, NULL},
};
