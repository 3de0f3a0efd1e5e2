/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aead.c - CIOCAUTHCRYPT with plain AEADs: known answers, what the structure says
 * afterwards, sticky tag lengths, nonces, the longest operation, sharing.
 */
#include "auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* NIST and RFC examples, independent of libcrypto. */
static void known_gcm(int fd)
{
	static const uint8_t zero[16];
	static const uint8_t want[32] = {0x03, 0x88, 0xda, 0xce, 0x60, 0xb6, 0xa3, 0x92,
					 0xf3, 0x28, 0xc2, 0xb9, 0x71, 0xb2, 0xfe, 0x78,
					 0xab, 0x6e, 0x47, 0xd4, 0x2c, 0xec, 0x13, 0xbd,
					 0xf5, 0x3a, 0x67, 0xb2, 0x12, 0x57, 0xbd, 0xdf};
	static const uint8_t empty[16] = {0x58, 0xe2, 0xfc, 0xce, 0xfa, 0x7e, 0x30, 0x61,
					  0x36, 0x7f, 0x1d, 0x57, 0xa4, 0xe7, 0x45, 0x5a};
	uint8_t out[32];
	struct crypt_auth_op op;

	/* the GCM specification's test case 2 */
	op = (struct crypt_auth_op){.ses = need_aead(fd, ref_aead_find(CRYPTO_AES_GCM), zero, 16),
				    .len = 16,
				    .src = (uint8_t *)zero,
				    .dst = out,
				    .iv = (uint8_t *)zero};
	expect_ret(0, auth_call(fd, &op));
	expect(op.len == 32 && op.tag_len == 16 && op.tag == out + 16, "len %u, tag_len %u", op.len,
	       op.tag_len);
	expect_same(out, want, 32, "GCM test case 2");
	/* nothing in, a tag out: test case 1 */
	op = (struct crypt_auth_op){.ses = need_aead(fd, ref_aead_find(CRYPTO_AES_GCM), zero, 16),
				    .dst = out,
				    .iv = (uint8_t *)zero};
	expect_ret(0, auth_call(fd, &op));
	expect(op.len == 16, "len %u", op.len);
	expect_same(out, empty, 16, "GCM of nothing");
	op.op = COP_DECRYPT;
	op.src = out;
	op.dst = NULL;
	expect_ret(0, auth_call(fd, &op));
	expect(op.len == 0, "len %u", op.len);
}

static void known_ccm(int fd)
{
	static const uint8_t iv[16] = {7, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16};
	static const uint8_t want[8] = {0x71, 0x62, 0x01, 0x5b, 0x4d, 0xac, 0x25, 0x5d};
	uint8_t out[8], key[16], aad[8], pt[4];
	struct crypt_auth_op op;

	/* SP 800-38C example 1 */
	for (uint8_t i = 0; i < 16; i++)
		key[i] = (uint8_t)(0x40 + i);
	for (uint8_t i = 0; i < 8; i++)
		aad[i] = i;
	for (uint8_t i = 0; i < 4; i++)
		pt[i] = (uint8_t)(0x20 + i);
	op = (struct crypt_auth_op){.ses = need_aead(fd, ref_aead_find(CRYPTO_AES_CCM), key, 16),
				    .len = 4,
				    .auth_len = 8,
				    .auth_src = aad,
				    .src = pt,
				    .dst = out,
				    .tag_len = 4,
				    .iv = (uint8_t *)iv};
	expect_ret(0, auth_call(fd, &op));
	expect(op.len == 8 && op.tag_len == 4, "len %u, tag_len %u", op.len, op.tag_len);
	expect_same(out, want, 8, "CCM example 1");
}

static void known_chacha(int fd)
{
	static const uint8_t iv[12] = {7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47};
	static const uint8_t aad[12] = {0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1,
					0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7};
	static const char text[] = "Ladies and Gentlemen of the class of '99: If I could offer you "
				   "only one tip for the future, sunscreen would be it.";
	static const uint8_t want[16] = {0xd3, 0x1a, 0x8d, 0x34, 0x64, 0x8e, 0x60, 0xdb,
					 0x7b, 0x86, 0xaf, 0xbc, 0x53, 0xef, 0x7e, 0xc2};
	static const uint8_t tag[16] = {0x1a, 0xe1, 0x0b, 0x59, 0x4f, 0x09, 0xe2, 0x6a,
					0x7e, 0x90, 0x2e, 0xcb, 0xd0, 0x60, 0x06, 0x91};
	uint8_t out[160];
	struct crypt_auth_op op;

	/* RFC 8439, 2.8.2 */
	op = (struct crypt_auth_op){
	    .ses = need_aead(fd, ref_aead_find(CRYPTO_CHACHA20_POLY1305), auth_keys, 32),
	    .len = sizeof(text) - 1,
	    .auth_len = 12,
	    .auth_src = (uint8_t *)aad,
	    .src = (uint8_t *)text,
	    .dst = out,
	    .iv = (uint8_t *)iv};
	expect_ret(0, auth_call(fd, &op));
	expect(op.len == sizeof(text) - 1 + 16, "len %u", op.len);
	expect_same(out, want, 16, "RFC 8439");
	expect_same(out + sizeof(text) - 1, tag, 16, "RFC 8439's tag");
}

static void known_answers(void)
{
	int fd = must_open();

	known_gcm(fd);
	known_ccm(fd);
	known_chacha(fd);
}

struct shape {
	size_t len, aadlen;
	bool in_place, no_zc;
};

/* There and back in buffers of exactly the size, against libcrypto. */
static void round_trip(int fd, uint32_t ses, struct ref_auth *a, const uint8_t *data,
		       const struct shape *s)
{
	struct guard in, out;
	struct crypt_auth_op op;
	size_t sealed = s->len + a->taglen, got;
	uint8_t *want = malloc(sealed + 1);

	expect(want, "malloc");
	memcpy(want, data, s->len);
	a->open = false;
	a->aadlen = s->aadlen;
	expect_ret(0, ref_aead(a, want, s->len, &got));
	guard_make(&in, sealed, s->len & 1);
	guard_make(&out, sealed, !(s->len & 1));
	memcpy(s->in_place ? out.buf : in.buf, data, s->len);
	op = auth_op(ses, a);
	op.flags = s->no_zc ? COP_FLAG_NO_ZC : 0;
	op.len = (uint32_t)s->len;
	op.src = s->in_place ? out.buf : in.buf;
	op.dst = out.buf;
	expect_ret(0, auth_call(fd, &op));
	expect(op.len == sealed && op.tag_len == a->taglen && op.tag == out.buf + s->len,
	       "sealing %zu bytes: len %u, tag_len %u, tag +%td", s->len, op.len, op.tag_len,
	       op.tag - out.buf);
	expect_same(out.buf, want, sealed, "%zu bytes sealed, %zu AAD", s->len, s->aadlen);
	guard_check(&out);
	op.op = COP_DECRYPT;
	op.src = out.buf;
	op.dst = s->in_place ? out.buf : in.buf;
	memset(in.buf, 0x11, sealed);
	expect_ret(0, auth_call(fd, &op));
	expect(op.len == s->len && op.tag_len == a->taglen, "opening %zu bytes: len %u, tag_len %u",
	       s->len, op.len, op.tag_len);
	expect_same(op.dst, data, s->len, "%zu bytes opened, %zu AAD", s->len, s->aadlen);
	if (!s->in_place && a->taglen)
		expect(in.buf[s->len] == 0x11, "opening writes behind the data");
	guard_check(&in);
	guard_check(&out);
	guard_free(&in);
	guard_free(&out);
	free(want);
}

static void shapes(void)
{
	static const size_t lens[] = {0,    1,	  15,	16,   17,    255,   1000,
				      4064, 4079, 4080, 4081, 65521, 65536, 200000};
	static const size_t aads[] = {0, 1, 13, 20, 31, 4095, AAD_MAX};
	uint8_t *data = random_map(200000, 1), *aad = random_map(AAD_MAX, 2), iv[16];
	const struct ref_aead *aead;
	int fd = must_open(), seen = 0;

	for (size_t i = 0; (aead = ref_aead_at(i)); i++) {
		for (size_t k = 0; k < 3 && aead->keylens[k]; k++) {
			struct ref_auth a = {.cipher = aead->id,
					     .key = auth_keys,
					     .keylen = aead->keylens[k],
					     .iv = iv,
					     .aad = aad,
					     .taglen = 16};
			uint32_t ses;

			if (dev_session(fd, aead->id, auth_keys, a.keylen, &ses))
				continue;
			seen++;
			for (size_t n = 0; n < ARRAY_SIZE(lens) * 4; n++) {
				struct shape s = {.len = lens[n / 4],
						  .aadlen = aads[(n + k) % ARRAY_SIZE(aads)],
						  .in_place = n & 1,
						  .no_zc = n & 2};

				auth_nonce(aead, iv, (uint8_t)n);
				round_trip(fd, ses, &a, data, &s);
			}
		}
	}
	if (!seen)
		skip("the device has no AEAD");
}

/* Every tag length there is; those there are not; and that it never grows. */
static void tag_lengths(void)
{
	uint8_t *data = random_map(64, 3), iv[16], out[128];
	const struct ref_aead *aead;
	int fd = must_open(), seen = 0;

	for (size_t i = 0; (aead = ref_aead_at(i)); i++) {
		for (uint32_t len = 1; len <= 17; len++) {
			struct ref_auth a = {.cipher = aead->id,
					     .key = auth_keys,
					     .keylen = aead->keylens[0],
					     .iv = iv,
					     .aad = data,
					     .taglen = len};
			struct shape s = {.len = 48, .aadlen = 20};
			struct crypt_auth_op op;
			bool ok = aead->id == CRYPTO_AES_GCM   ? len == 4 || len == 8 || len >= 12
				  : aead->id == CRYPTO_AES_CCM ? len >= 4 && !(len % 2)
							       : len == 16;
			uint32_t ses;

			if (dev_session(fd, aead->id, auth_keys, a.keylen, &ses))
				continue;
			seen++;
			auth_nonce(aead, iv, 9);
			op = auth_op(ses, &a);
			op.len = 48;
			op.src = data;
			op.dst = out;
			if (!ok || len > 16) {
				expect_ret(-EINVAL, auth_call(fd, &op));
				/* a refusal changes nothing */
				a.taglen = 16;
				round_trip(fd, ses, &a, data, &s);
				continue;
			}
			round_trip(fd, ses, &a, data, &s);
			/* sticky: 0 means the same again, more is refused */
			op.tag_len = 0;
			expect_ret(0, auth_call(fd, &op));
			expect(op.tag_len == len && op.len == 48 + len, "tag_len 0 after %u: %u",
			       len, op.tag_len);
			op.len = 48;
			op.tag_len = len + 1;
			expect_ret(-EINVAL, auth_call(fd, &op));
			op.tag_len = 16;
			expect_ret(len == 16 ? 0 : -EINVAL, auth_call(fd, &op));
		}
	}
	if (!seen)
		skip("the device has no AEAD");
}

/* iv NULL is the nonce that was last given, at first all zero; WRITE_IV gives it back. */
static void nonces(void)
{
	uint8_t iv[16] = {0}, out[80], want[80], seen[16];
	struct ref_auth a = {.cipher = CRYPTO_AES_GCM,
			     .key = auth_keys,
			     .keylen = 16,
			     .iv = iv,
			     .aad = auth_keys,
			     .aadlen = 20,
			     .taglen = 16};
	int fd = must_open();
	uint32_t ses = need_aead(fd, ref_aead_find(CRYPTO_AES_GCM), auth_keys, 16);
	struct crypt_auth_op op;
	size_t n;

	for (uint8_t round = 0; round < 3; round++) {
		memcpy(want, test_pt, 64);
		expect_ret(0, ref_aead(&a, want, 64, &n));
		op = auth_op(ses, &a);
		op.len = 64;
		op.src = (uint8_t *)test_pt;
		op.dst = out;
		if (round == 1) {
			/* WRITE_IV: as it was, and no byte more */
			memset(seen, 0x77, sizeof(seen));
			memcpy(seen, iv, 12);
			op.iv = seen;
			op.flags = COP_FLAG_WRITE_IV;
		} else if (round == 0) {
			op.iv = NULL;
		}
		expect_ret(0, auth_call(fd, &op));
		expect_same(out, want, 80, "round %u", round);
		op.len = 64;
		op.iv = NULL;
		op.flags = round == 2 ? COP_FLAG_WRITE_IV : 0;
		expect_ret(0, auth_call(fd, &op));
		expect_same(out, want, 80, "round %u, iv NULL", round);
		if (round == 1)
			expect(!memcmp(seen, iv, 12) && seen[12] == 0x77, "WRITE_IV changed it");
		iv[0]++;
		iv[11] = 0x80;
	}
}

static void ccm_nonces(void)
{
	uint8_t *data = random_map(70000, 4), iv[16], *out = must_map(70000 + 16);
	struct ref_auth a = {.cipher = CRYPTO_AES_CCM,
			     .key = auth_keys,
			     .keylen = 16,
			     .iv = iv,
			     .aad = auth_keys,
			     .taglen = 16};
	struct shape s = {.len = 100, .aadlen = 30};
	int fd = must_open();
	uint32_t ses = need_aead(fd, ref_aead_find(CRYPTO_AES_CCM), auth_keys, 16);
	struct crypt_auth_op op;

	auth_nonce(ref_aead_find(CRYPTO_AES_CCM), iv, 40);
	for (unsigned int l = 0; l < 256; l++) {
		iv[0] = (uint8_t)l;
		if (l >= 1 && l <= 7) {
			round_trip(fd, ses, &a, data, &s);
			continue;
		}
		op = auth_op(ses, &a);
		op.len = 100;
		op.src = data;
		op.dst = out;
		expect_ret(-EINVAL, auth_call(fd, &op));
	}
	/* two bytes count the message: 65535 is the most */
	iv[0] = 1;
	s.len = 65535;
	round_trip(fd, ses, &a, data, &s);
	op = auth_op(ses, &a);
	op.len = 65536;
	op.src = data;
	op.dst = out;
	expect_ret(-EINVAL, auth_call(fd, &op));
	expect(out[0] == 0 && out[65536] == 0, "a refused message has output");
	s.len = 100;
	round_trip(fd, ses, &a, data, &s);
}

/* The longest operation the device takes, found by trying; one more is too much. */
static void longest(void)
{
	const size_t room = 2u << 20;
	uint8_t *src = random_map(room, 8), *dst = must_map(room), *want = must_map(room), iv[16];
	struct ref_auth a = {
	    .cipher = CRYPTO_AES_GCM, .key = auth_keys, .keylen = 16, .iv = iv, .taglen = 16};
	int fd = must_open(), err;
	uint32_t ses = need_aead(fd, ref_aead_find(CRYPTO_AES_GCM), auth_keys, 16);
	size_t low = 4096, high = room, n;

	auth_nonce(ref_aead_find(CRYPTO_AES_GCM), iv, 90);
	while (high - low > 1) {
		struct crypt_auth_op op = auth_op(ses, &a);

		op.len = (uint32_t)((low + high) / 2);
		op.src = src;
		op.dst = dst;
		err = auth_call(fd, &op);
		expect(!err || err == -EMSGSIZE, "%zu bytes: %s", (low + high) / 2, strerror(-err));
		if (err)
			high = (low + high) / 2;
		else
			low = (low + high) / 2;
	}
	note("AEAD operations of up to %zu bytes", low);
	/* a device has few descriptors for a request; that must not make it smaller */
	expect(low >= 200016, "only %zu bytes", low);
	struct crypt_auth_op op = auth_op(ses, &a);

	op.len = (uint32_t)low;
	op.src = src;
	op.dst = dst;
	memcpy(want, src, low);
	if (ref_aead(&a, want, low, &n))
		fail("libcrypto fails");
	expect_ret(0, auth_call(fd, &op));
	expect_same(dst, want, n, "the longest one");
}

/* One session, several threads, each with its own nonces. */
struct sharer {
	int fd;
	uint32_t ses;
	uint8_t number;
};

static void *share_one(void *arg)
{
	struct sharer *s = arg;
	uint8_t iv[16], *data = random_map(9000, s->number);
	struct ref_auth a = {.cipher = CRYPTO_AES_GCM,
			     .key = auth_keys,
			     .keylen = 16,
			     .iv = iv,
			     .aad = auth_keys,
			     .taglen = 16};
	const struct ref_aead *gcm = ref_aead_find(CRYPTO_AES_GCM);

	for (int n = 0; n < 60; n++) {
		struct shape shape = {
		    .len = n % 5 ? 100u + (unsigned int)n : 9000, .aadlen = 20, .in_place = n & 1};

		auth_nonce(gcm, iv, (uint8_t)(s->number * 60 + n));
		round_trip(s->fd, s->ses, &a, data, &shape);
	}
	return NULL;
}

static void threads(void)
{
	struct sharer s[4];
	pthread_t t[4];
	int fd = must_open();
	uint32_t ses = need_aead(fd, ref_aead_find(CRYPTO_AES_GCM), auth_keys, 16);

	for (uint8_t i = 0; i < 4; i++) {
		s[i] = (struct sharer){fd, ses, i};
		expect(!pthread_create(&t[i], NULL, share_one, &s[i]), "pthread_create");
	}
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
}

const struct check aead_checks[] = {
    {"aead/known-answers", known_answers},
    {"aead/shapes", shapes},
    {"aead/tag-lengths", tag_lengths},
    {"aead/nonces", nonces},
    {"aead/ccm-nonces", ccm_nonces},
    {"aead/longest", longest},
    {"aead/threads", threads},
    {NULL, NULL},
};
