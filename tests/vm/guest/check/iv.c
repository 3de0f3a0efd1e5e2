/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iv.c - the IV: explicit, continued with iv NULL, written back with
 * COP_FLAG_WRITE_IV, untouched without it.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define LEN 4096

/* Continuing begins at zero. */
static void first_is_zero(void)
{
	static const uint32_t ids[] = {CRYPTO_AES_CBC, CRYPTO_AES_CTR};
	static const uint8_t zero[16];
	int fd = must_open();

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		for (unsigned int op = 0; op < 2; op++) {
			uint32_t ses = must_session(fd, ids[i]);
			uint8_t out[64], want[64];

			expect_ret(0, dev_crypt(fd, ses, op, 0, test_pt, out, 64, NULL));
			ref_once(ids[i], test_key, 16, op, zero, test_pt, want, 64, NULL);
			expect_same(out, want, 64, "cipher %u op %u, first without IV", ids[i], op);
		}
	}
}

/*
 * A message cut at random places, the first piece with an IV, the others with
 * NULL, equals the message in one piece. CTR is cut at blocks here: a partial
 * block uses its counter up.
 */
static void chain(uint32_t cipher, unsigned int op, uint64_t seed)
{
	uint8_t src[LEN], out[LEN], want[LEN], iv[16];
	int fd = must_open();
	uint32_t ses = must_session(fd, cipher);
	struct rnd r;

	rnd_seed(&r, seed, cipher * 2 + op);
	rnd_fill(&r, src, sizeof(src));
	rnd_fill(&r, iv, sizeof(iv));
	ref_once(cipher, test_key, 16, op, iv, src, want, LEN, NULL);
	for (size_t at = 0; at < LEN;) {
		size_t n = 16 * (1 + rnd_below(&r, 16));

		if (n > LEN - at)
			n = LEN - at;
		expect_ret(0, dev_crypt(fd, ses, op, 0, src + at, out + at, n, at ? NULL : iv));
		at += n;
	}
	expect_same(out, want, LEN, "cipher %u op %u cut to pieces", cipher, op);
	close(fd);
}

static void null_continues(void)
{
	static const uint32_t ids[] = {CRYPTO_AES_CBC, CRYPTO_AES_CTR, CRYPTO_AES_ECB};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		for (uint64_t seed = 0; seed < 10; seed++) {
			chain(ids[i], COP_ENCRYPT, seed);
			chain(ids[i], COP_DECRYPT, seed);
		}
}

/* Odd CTR lengths: the next operation begins with the next whole block's counter. */
static void ctr_partial_blocks(void)
{
	const struct ref_cipher *c = ref_cipher_find(CRYPTO_AES_CTR);
	uint8_t src[600], out[600], want[600], iv[16];
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CTR);
	struct ref_session ref;
	struct rnd r;

	rnd_seed(&r, 5, 0);
	expect_ret(0, ref_session_init(&ref, c, test_key, 16));
	for (int n = 0; n < 1000; n++) {
		size_t len = 1 + rnd_below(&r, n < 500 ? 40 : sizeof(src));
		bool explicit = n == 0 || rnd_below(&r, 20) == 0;

		rnd_fill(&r, src, len);
		rnd_fill(&r, iv, sizeof(iv));
		expect_ret(0, dev_crypt(fd, ses, rnd_below(&r, 2), 0, src, out, len,
					explicit ? iv : NULL));
		expect_ret(0, ref_crypt(&ref, 0, explicit ? iv : NULL, src, want, len));
		expect_same(out, want, len, "operation %d, %zu bytes", n, len);
	}
	ref_session_free(&ref);
}

/* The counter is 128 bits, big-endian, and wraps. */
static void ctr_wraps(void)
{
	/* how many blocks before the wrap, and in how many low bytes of the counter */
	static const uint8_t before[] = {1, 2, 7, 15};

	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		for (int bytes = 1; bytes <= 16; bytes++) {
			uint8_t iv[16] = {0}, got[16], next[16], src[300], out[300], want[300];
			int fd = must_open();
			uint32_t ses = must_session(fd, CRYPTO_AES_CTR);

			memset(iv + 16 - bytes, 0xff, (size_t)bytes);
			iv[15] = (uint8_t)(0 - before[i]);
			memset(src, bytes, sizeof(src));
			memcpy(got, iv, 16);
			expect_ret(0, dev_crypt(fd, ses, 0, COP_FLAG_WRITE_IV, src, out, 300, got));
			ref_once(CRYPTO_AES_CTR, test_key, 16, 0, iv, src, want, 300, next);
			expect_same(out, want, 300, "counter wraps in %d bytes", bytes);
			expect_same(got, next, 16, "next counter, %d bytes", bytes);
			expect_ret(0, dev_crypt(fd, ses, 0, 0, src, out, 300, NULL));
			ref_once(CRYPTO_AES_CTR, test_key, 16, 0, next, src, want, 300, NULL);
			expect_same(out, want, 300, "continued behind the wrap, %d bytes", bytes);
			close(fd);
		}
	}
}

static void write_iv(uint32_t cipher, unsigned int op, bool in_place, size_t len)
{
	uint8_t src[1024], out[1024], want[1024], iv[16], given[16], next[16];
	int fd = must_open();
	uint32_t ses = must_session(fd, cipher);
	struct rnd r;

	rnd_seed(&r, 6, cipher * 4 + op * 2 + in_place);
	rnd_fill(&r, src, sizeof(src));
	rnd_fill(&r, given, sizeof(given));
	memcpy(iv, given, sizeof(iv));
	memcpy(out, src, sizeof(out));
	expect_ret(0,
		   dev_crypt(fd, ses, op, COP_FLAG_WRITE_IV, in_place ? out : src, out, len, iv));
	ref_once(cipher, test_key, 16, op, given, src, want, len, next);
	expect_same(out, want, len, "cipher %u op %u, %zu bytes with WRITE_IV", cipher, op, len);
	expect_same(iv, next, 16, "IV of cipher %u op %u, %zu bytes%s", cipher, op, len,
		    in_place ? ", in place" : "");

	/* used explicitly, it continues; and so does the session by itself */
	expect_ret(0, dev_crypt(fd, ses, op, 0, src, out, len, NULL));
	ref_once(cipher, test_key, 16, op, next, src, want, len, NULL);
	expect_same(out, want, len, "cipher %u op %u continued by NULL", cipher, op);
	expect_ret(0, dev_crypt(fd, ses, op, 0, src, out, len, iv));
	expect_same(out, want, len, "cipher %u op %u continued by the IV given", cipher, op);
	expect_same(iv, next, 16, "IV without WRITE_IV");
	close(fd);
}

static void write_back(void)
{
	for (unsigned int op = 0; op < 2; op++) {
		for (size_t len = 16; len <= 1024; len += 144) {
			write_iv(CRYPTO_AES_CBC, op, false, len);
			write_iv(CRYPTO_AES_CBC, op, true, len);
			write_iv(CRYPTO_AES_CTR, op, false, len - 3);
			write_iv(CRYPTO_AES_CTR, op, true, len - 15);
		}
	}
}

/* Above the device's cap a request is split; the IV must come through every cut. */
static void write_back_large(void)
{
	static const size_t lens[] = {128u << 10, 1u << 20, (4u << 20) + 4096};

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		for (unsigned int op = 0; op < 2; op++) {
			uint8_t *buf = must_map(lens[i]), iv[16] = {7}, last[16], next[16];
			int fd = must_open();
			struct rnd r;

			rnd_seed(&r, 7, i);
			rnd_fill(&r, buf, lens[i]);
			memcpy(last, buf + lens[i] - 16, 16);
			expect_ret(0, dev_crypt(fd, must_session(fd, CRYPTO_AES_CBC), op,
						COP_FLAG_WRITE_IV, buf, buf, lens[i], iv));
			expect_same(iv, op ? last : buf + lens[i] - 16, 16, "CBC, %zu bytes, op %u",
				    lens[i], op);

			memset(iv, 0xff, 16);
			memcpy(next, iv, 16);
			ref_counter_add(next, lens[i] / 16);
			expect_ret(0, dev_crypt(fd, must_session(fd, CRYPTO_AES_CTR), op,
						COP_FLAG_WRITE_IV, buf, buf, lens[i] - 9, iv));
			expect_same(iv, next, 16, "CTR, %zu bytes, op %u", lens[i] - 9, op);
			munmap(buf, lens[i]);
			close(fd);
		}
	}
}

static void untouched(void)
{
	static const unsigned int flags[] = {0, COP_FLAG_NO_ZC, 0xff80, COP_FLAG_FINAL,
					     COP_FLAG_UPDATE};
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);
	uint8_t *ro = readonly_page(0x33), out[64], want[64], iv[16];

	memcpy(iv, ro, 16);
	ref_once(CRYPTO_AES_CBC, test_key, 16, 0, ro, test_pt, want, 64, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		memset(out, 0, sizeof(out));
		expect_ret(0, dev_crypt(fd, ses, 0, flags[i], test_pt, out, 64, iv));
		expect_same(out, want, 64, "flags 0x%x", flags[i]);
		expect_same(iv, ro, 16, "IV with flags 0x%x", flags[i]);
		expect_ret(0, dev_crypt(fd, ses, 0, flags[i], test_pt, out, 64, ro));
	}
}

/* Exactly ivsize bytes are read and written. */
static void exact_size(void)
{
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);
	uint8_t out[64];
	struct guard g;

	for (int at_end = 0; at_end < 2; at_end++) {
		guard_make(&g, 16, at_end);
		memcpy(g.buf, test_iv, 16);
		expect_ret(0, dev_crypt(fd, ses, 0, COP_FLAG_WRITE_IV, test_pt, out, 64, g.buf));
		expect_same(out, test_cbc, 64, "IV at the edge of a page");
		expect_same(g.buf, test_cbc + 48, 16, "IV written at the edge of a page");
		guard_check(&g);
		guard_free(&g);
	}
	/* no IV is read or written where there is none */
	ses = must_session(fd, CRYPTO_AES_ECB);
	expect_ret(0, dev_crypt(fd, ses, 0, 0, test_pt, out, 64, bad_page()));
	expect_ret(0, dev_crypt(fd, ses, 0, COP_FLAG_WRITE_IV, test_pt, out, 64, bad_page()));
	expect_ret(0, dev_session(fd, CRYPTO_NULL, NULL, 0, &ses));
	expect_ret(0, dev_crypt(fd, ses, 0, COP_FLAG_WRITE_IV, test_pt, out, 64, bad_page()));
}

/* IV and data may share memory: the IV is the caller's copy of before the call. */
static void inside_data(void)
{
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);
	uint8_t buf[80], want[64];

	memcpy(buf + 32, test_iv, 16);
	expect_ret(0, dev_crypt(fd, ses, 0, 0, test_pt, buf, 64, buf + 32));
	expect_same(buf, test_cbc, 64, "IV where the output goes");

	memcpy(buf, test_iv, 16);
	expect_ret(0, dev_crypt(fd, ses, 0, COP_FLAG_WRITE_IV, test_pt, buf + 16, 64, buf));
	expect_same(buf + 16, test_cbc, 64, "IV right before the output");
	expect_same(buf, test_cbc + 48, 16, "IV written right before the output");

	memcpy(buf, test_pt, 64);
	ref_once(CRYPTO_AES_CBC, test_key, 16, 0, test_pt + 16, test_pt, want, 64, NULL);
	expect_ret(0, dev_crypt(fd, ses, 0, 0, buf, buf, 64, buf + 16));
	expect_same(buf, want, 64, "IV inside data in place");
}

/* Directions share one running IV. */
static void directions_mixed(void)
{
	const struct ref_cipher *c = ref_cipher_find(CRYPTO_AES_CBC);
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);
	uint8_t src[256], out[256], want[256];
	struct ref_session ref;
	struct rnd r;

	rnd_seed(&r, 8, 0);
	expect_ret(0, ref_session_init(&ref, c, test_key, 16));
	for (int n = 0; n < 500; n++) {
		size_t len = 16 * (1 + rnd_below(&r, 16));
		unsigned int op = rnd_below(&r, 2);
		bool in_place = rnd_below(&r, 2);

		rnd_fill(&r, src, len);
		memcpy(out, src, len);
		expect_ret(0, dev_crypt(fd, ses, op, 0, in_place ? out : src, out, len, NULL));
		expect_ret(0, ref_crypt(&ref, op, NULL, src, want, len));
		expect_same(out, want, len, "operation %d", n);
	}
	ref_session_free(&ref);
}

/* Sessions of one key do not share their IVs. */
static void per_session(void)
{
	int fd = must_open();
	uint32_t a = must_session(fd, CRYPTO_AES_CBC), b = must_session(fd, CRYPTO_AES_CBC);
	uint8_t out[64], zero_out[64];
	static const uint8_t zero[16];

	ref_once(CRYPTO_AES_CBC, test_key, 16, 0, zero, test_pt, zero_out, 64, NULL);
	must_answer(fd, a);
	expect_ret(0, dev_crypt(fd, b, 0, 0, test_pt, out, 64, NULL));
	expect_same(out, zero_out, 64, "fresh session beside a used one");
}

const struct check iv_checks[] = {
    {"iv/first-is-zero", first_is_zero},
    {"iv/null-continues", null_continues},
    {"iv/ctr-partial-blocks", ctr_partial_blocks},
    {"iv/ctr-wraps", ctr_wraps},
    {"iv/write-back", write_back},
    {"iv/write-back-large", write_back_large},
    {"iv/untouched", untouched},
    {"iv/exact-size", exact_size},
    {"iv/inside-data", inside_data},
    {"iv/directions-mixed", directions_mixed},
    {"iv/per-session", per_session},
    {NULL, NULL},
};
