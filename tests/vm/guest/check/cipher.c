/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cipher.c - CIOCCRYPT gives the right answers: NIST SP 800-38A's examples, and
 * libcrypto's answers for every length class up to 64 MiB.
 */
#include "check.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * SP 800-38A, appendix F: keys (F.1.1, F.1.3, F.1.5), then the four ciphertext
 * blocks of test_pt in ECB (F.1), CBC (F.2) and CTR (F.5).
 */
static const char *const keys[3] = {
    "2b7e151628aed2a6abf7158809cf4f3c",
    "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
};

static const struct kat {
	const char *name;
	uint32_t cipher;
	unsigned int key;
	const char *iv;
	const char *ct;
} kats[] = {
    {"ecb-128", CRYPTO_AES_ECB, 0, NULL,
     "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
     "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"},
    {"ecb-192", CRYPTO_AES_ECB, 1, NULL,
     "bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eef"
     "ef7afd2270e2e60adce0ba2face6444e9a4b41ba738d6c72fb16691603c18e0e"},
    {"ecb-256", CRYPTO_AES_ECB, 2, NULL,
     "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"
     "b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7"},
    {"cbc-128", CRYPTO_AES_CBC, 0, "000102030405060708090a0b0c0d0e0f",
     "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
     "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"},
    {"cbc-192", CRYPTO_AES_CBC, 1, "000102030405060708090a0b0c0d0e0f",
     "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
     "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd"},
    {"cbc-256", CRYPTO_AES_CBC, 2, "000102030405060708090a0b0c0d0e0f",
     "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
     "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"},
    {"ctr-128", CRYPTO_AES_CTR, 0, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
     "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"},
    {"ctr-192", CRYPTO_AES_CTR, 1, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94"
     "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050"},
    {"ctr-256", CRYPTO_AES_CTR, 2, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
     "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"},
};

static size_t unhex(uint8_t *out, const char *hex)
{
	size_t n = 0;

	for (; hex && hex[2 * n]; n++) {
		char two[3] = {hex[2 * n], hex[2 * n + 1], 0};

		out[n] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

static void known_answer(int fd, const struct kat *k)
{
	uint8_t key[32], iv[16] = {0}, ct[64], out[64];
	size_t keylen = unhex(key, keys[k->key]);
	uint8_t *ivp = unhex(iv, k->iv) ? iv : NULL;
	uint32_t ses;

	unhex(ct, k->ct);
	expect_ret(0, dev_session(fd, k->cipher, key, keylen, &ses));
	expect_ret(0, dev_crypt(fd, ses, COP_ENCRYPT, 0, test_pt, out, sizeof(out), ivp));
	expect_same(out, ct, sizeof(ct), "%s encrypt", k->name);
	expect_ret(0, dev_crypt(fd, ses, COP_DECRYPT, 0, ct, out, sizeof(out), ivp));
	expect_same(out, test_pt, sizeof(out), "%s decrypt", k->name);
	memcpy(out, test_pt, sizeof(out));
	expect_ret(0, dev_crypt(fd, ses, COP_ENCRYPT, 0, out, out, sizeof(out), ivp));
	expect_same(out, ct, sizeof(ct), "%s encrypt in place", k->name);
	expect_ret(0, dev_crypt(fd, ses, COP_DECRYPT, 0, out, out, sizeof(out), ivp));
	expect_same(out, test_pt, sizeof(out), "%s decrypt in place", k->name);
	expect_ret(0, dev_end(fd, ses));
}

static void known_answers(void)
{
	int fd = must_open();

	for (size_t i = 0; i < ARRAY_SIZE(kats); i++)
		known_answer(fd, &kats[i]);
}

struct bench {
	int fd;
	uint32_t ses;
	struct ref_session ref;
	struct rnd r;
	uint8_t *src, *dst, *want;
};

static void bench_make(struct bench *b, const struct ref_cipher *c, uint32_t keylen, size_t room)
{
	uint8_t key[REF_MAX_KEY];

	rnd_seed(&b->r, c->id, keylen);
	rnd_fill(&b->r, key, sizeof(key));
	expect_ret(0, dev_session(b->fd, c->id, key, keylen, &b->ses));
	expect_ret(0, ref_session_init(&b->ref, c, key, keylen));
	b->src = must_map(room);
	b->dst = must_map(room);
	b->want = must_map(room);
	rnd_fill(&b->r, b->src, room);
}

static void bench_free(struct bench *b, size_t room)
{
	expect_ret(0, dev_end(b->fd, b->ses));
	ref_session_free(&b->ref);
	munmap(b->src, room);
	munmap(b->dst, room);
	munmap(b->want, room);
}

static void bench_run(struct bench *b, unsigned int op, size_t len)
{
	uint8_t iv[16];
	int err;

	rnd_fill(&b->r, iv, sizeof(iv));
	memset(b->dst, 0x77, len);
	err = dev_crypt(b->fd, b->ses, op, 0, b->src, b->dst, len, iv);
	expect(!err, "%s, %zu bytes: %s", b->ref.c->name, len, strerror(-err));
	expect_ret(0, ref_crypt(&b->ref, op, iv, b->src, b->want, len));
	expect_same(b->dst, b->want, len, "%s-%u %s, %zu bytes", b->ref.c->name, b->ref.keylen * 8,
		    op ? "decrypt" : "encrypt", len);
}

/* Every length to a page and a bit, in every cipher of the reference that the device has. */
static void every_length(void)
{
	struct bench b = {.fd = must_open()};
	const struct ref_cipher *c;
	unsigned int seen = 0;

	for (size_t i = 0; (c = ref_cipher_at(i)); i++) {
		uint8_t zero[64] = {1};
		uint32_t ses;

		if (dev_session(b.fd, c->id, zero, c->keylens[0], &ses))
			continue;
		seen++;
		bench_make(&b, c, c->keylens[ref_cipher_keys(c) - 1], 8192);
		for (size_t len = c->block; len <= 4096 + 64;
		     len += len < 600 ? c->block : 16 * 7 + c->block)
			bench_run(&b, (unsigned int)(len / c->block) & 1, len);
		bench_free(&b, 8192);
	}
	expect(seen >= 4, "only %u ciphers", seen);
}

/* Around the sizes where a driver changes its ways: pages, powers of two, likely caps. */
static void boundary_lengths(void)
{
	static const uint32_t ids[] = {CRYPTO_AES_CBC, CRYPTO_AES_CTR, CRYPTO_AES_ECB, CRYPTO_NULL};
	const size_t top = 2u << 20;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		const struct ref_cipher *c = ref_cipher_find(ids[i]);
		struct bench b = {.fd = must_open()};

		bench_make(&b, c, c->keylens[0], top + 64);
		for (size_t size = 256; size <= top; size *= 2) {
			bench_run(&b, COP_ENCRYPT, size - c->block);
			bench_run(&b, COP_DECRYPT, size);
			bench_run(&b, COP_ENCRYPT, size + c->block);
			if (c->block == 1)
				bench_run(&b, COP_DECRYPT, size + 17);
		}
		bench_free(&b, top + 64);
		close(b.fd);
	}
}

static void large(uint32_t cipher, size_t len)
{
	const struct ref_cipher *c = ref_cipher_find(cipher);
	struct bench b = {.fd = must_open()};

	if (memory_free_kib() < 3 * (len >> 10) + 16384)
		skip("needs %zu MiB of free memory", (3 * len >> 20) + 16);
	bench_make(&b, c, 16, len);
	bench_run(&b, COP_ENCRYPT, len);
	bench_run(&b, COP_DECRYPT, len);
}

static void large_cbc(void)
{
	large(CRYPTO_AES_CBC, 16u << 20);
}

static void large_ctr(void)
{
	large(CRYPTO_AES_CTR, (16u << 20) + 5);
}

/* 64 MiB in place: the answer is checked piecewise, so little more memory is needed. */
static void huge(void)
{
	const size_t len = 64u << 20, piece = 1u << 20;
	const struct ref_cipher *c = ref_cipher_find(CRYPTO_AES_CBC);
	uint8_t iv[16] = {9}, *buf, *in, *want;
	int fd = must_open();
	struct ref_session ref;
	struct rnd r;

	if (memory_free_kib() < (len >> 10) + 24576)
		skip("needs %zu MiB of free memory", (len >> 20) + 24);
	buf = must_map(len);
	in = must_map(piece);
	want = must_map(piece);
	rnd_seed(&r, 64, 0);
	rnd_fill(&r, in, piece);
	for (size_t at = 0; at < len; at += piece)
		memcpy(buf + at, in, piece);
	expect_ret(0, dev_crypt(fd, must_session(fd, CRYPTO_AES_CBC), COP_ENCRYPT,
				COP_FLAG_WRITE_IV, buf, buf, len, iv));
	expect_same(iv, buf + len - 16, 16, "IV behind 64 MiB");
	memset(iv, 0, sizeof(iv));
	iv[0] = 9;
	expect_ret(0, ref_session_init(&ref, c, test_key, 16));
	for (size_t at = 0; at < len; at += piece) {
		expect_ret(0, ref_crypt(&ref, COP_ENCRYPT, at ? NULL : iv, in, want, piece));
		expect_same(buf + at, want, piece, "MiB %zu of 64", at / piece);
	}
}

/* Two sessions with different keys, ciphers, directions, by turns on one descriptor. */
static void interleaved(void)
{
	static const uint32_t ids[] = {CRYPTO_AES_CBC, CRYPTO_AES_CTR, CRYPTO_AES_ECB};
	struct bench b[9] = {0};
	struct rnd r;
	int fd = must_open();

	rnd_seed(&r, 3, 0);
	for (size_t i = 0; i < ARRAY_SIZE(b); i++) {
		const struct ref_cipher *c = ref_cipher_find(ids[i / 3]);

		b[i].fd = fd;
		bench_make(&b[i], c, c->keylens[i % 3], 4096);
	}
	for (int n = 0; n < 2000; n++)
		bench_run(&b[rnd_below(&r, ARRAY_SIZE(b))], rnd_below(&r, 2),
			  16 * (1 + rnd_below(&r, 64)));
}

/* What ref.c lacks: the CBC example of Blowfish's published test vectors. */
static void blowfish(void)
{
	uint8_t key[16], iv[8], pt[32] = "7654321 Now is the time for ", ct[32], out[32];
	int fd = must_open();
	uint32_t ses;

	unhex(key, "0123456789abcdeff0e1d2c3b4a59687");
	unhex(ct, "6b77b4d63006dee605b156e27403979358deb9e7154616d959f1652bd5ff92cc");
	if (dev_session(fd, CRYPTO_BLF_CBC, key, sizeof(key), &ses))
		skip("the device has no Blowfish");
	unhex(iv, "fedcba9876543210");
	expect_ret(0, dev_crypt(fd, ses, COP_ENCRYPT, COP_FLAG_WRITE_IV, pt, out, 32, iv));
	expect_same(out, ct, 32, "encrypt");
	expect_same(iv, ct + 24, 8, "the next IV");
	unhex(iv, "fedcba9876543210");
	expect_ret(0, dev_crypt(fd, ses, COP_DECRYPT, 0, out, out, 16, iv));
	expect_ret(0, dev_crypt(fd, ses, COP_DECRYPT, 0, out + 16, out + 16, 16, NULL));
	expect_same(out, pt, 32, "decrypt, in two parts");
	expect_ret(-EINVAL, dev_crypt(fd, ses, COP_ENCRYPT, 0, pt, out, 12, iv));
	/* keys of 4 to 56 bytes */
	for (size_t len = 0; len <= 60; len += 4) {
		int err = dev_session(fd, CRYPTO_BLF_CBC, test_pt, len, &ses);

		expect(err == (len >= 4 && len <= 56 ? 0 : -EINVAL), "a key of %zu bytes: %d", len,
		       err);
	}
}

const struct check cipher_checks[] = {
    {"cipher/known-answers", known_answers},
    {"cipher/blowfish", blowfish},
    {"cipher/every-length", every_length},
    {"cipher/boundary-lengths", boundary_lengths},
    {"cipher/large-cbc", large_cbc},
    {"cipher/large-ctr", large_ctr},
    {"cipher/huge", huge},
    {"cipher/interleaved", interleaved},
    {NULL, NULL},
};
