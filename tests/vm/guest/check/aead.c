/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aead.c - CIOCAUTHCRYPT with plain AEADs: known answers, what the structure says
 * afterwards, sticky tag lengths, nonces, refusals, and that nothing that failed
 * authentication is ever seen.
 */
#include "auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define AAD_MAX 4096u

static const uint8_t keys[32] = {0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a,
				 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95,
				 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f};

/* A nonce as the ABI has it. CCM: 12 bytes behind L - 1 = 2. */
static void make_iv(const struct ref_aead *aead, uint8_t iv[16], uint8_t seed)
{
	for (int i = 0; i < 16; i++)
		iv[i] = (uint8_t)(seed + i);
	if (aead->id == CRYPTO_AES_CCM)
		iv[0] = 2;
}

/* NIST and RFC examples, independent of libcrypto. */
static void known_answers(void)
{
	static const uint8_t zero[16], ccm_iv[16] = {7, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16};
	static const uint8_t gcm_want[32] = {0x03, 0x88, 0xda, 0xce, 0x60, 0xb6, 0xa3, 0x92,
					     0xf3, 0x28, 0xc2, 0xb9, 0x71, 0xb2, 0xfe, 0x78,
					     0xab, 0x6e, 0x47, 0xd4, 0x2c, 0xec, 0x13, 0xbd,
					     0xf5, 0x3a, 0x67, 0xb2, 0x12, 0x57, 0xbd, 0xdf};
	static const uint8_t ccm_want[8] = {0x71, 0x62, 0x01, 0x5b, 0x4d, 0xac, 0x25, 0x5d};
	static const uint8_t chacha_iv[12] = {7,    0,	  0,	0,    0x40, 0x41,
					      0x42, 0x43, 0x44, 0x45, 0x46, 0x47};
	static const uint8_t chacha_aad[12] = {0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1,
					       0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7};
	static const char text[] = "Ladies and Gentlemen of the class of '99: If I could offer you "
				   "only one tip for the future, sunscreen would be it.";
	static const uint8_t chacha_want[16] = {0xd3, 0x1a, 0x8d, 0x34, 0x64, 0x8e, 0x60, 0xdb,
						0x7b, 0x86, 0xaf, 0xbc, 0x53, 0xef, 0x7e, 0xc2};
	static const uint8_t chacha_tag[16] = {0x1a, 0xe1, 0x0b, 0x59, 0x4f, 0x09, 0xe2, 0x6a,
					       0x7e, 0x90, 0x2e, 0xcb, 0xd0, 0x60, 0x06, 0x91};
	uint8_t out[160], ccm_key[16], ccm_aad[8], ccm_pt[4];
	struct crypt_auth_op op;
	int fd = must_open();

	/* the GCM specification's test case 2 */
	op = (struct crypt_auth_op){.ses = need_aead(fd, ref_aead_find(CRYPTO_AES_GCM), zero, 16),
				    .len = 16,
				    .src = (uint8_t *)zero,
				    .dst = out,
				    .iv = (uint8_t *)zero};
	expect_ret(0, auth_call(fd, &op));
	expect(op.len == 32 && op.tag_len == 16 && op.tag == out + 16, "len %u, tag_len %u", op.len,
	       op.tag_len);
	expect_same(out, gcm_want, 32, "GCM test case 2");
	/* SP 800-38C example 1 */
	for (uint8_t i = 0; i < 16; i++)
		ccm_key[i] = (uint8_t)(0x40 + i);
	for (uint8_t i = 0; i < 8; i++)
		ccm_aad[i] = i;
	for (uint8_t i = 0; i < 4; i++)
		ccm_pt[i] = (uint8_t)(0x20 + i);
	op =
	    (struct crypt_auth_op){.ses = need_aead(fd, ref_aead_find(CRYPTO_AES_CCM), ccm_key, 16),
				   .len = 4,
				   .auth_len = 8,
				   .auth_src = ccm_aad,
				   .src = ccm_pt,
				   .dst = out,
				   .tag_len = 4,
				   .iv = (uint8_t *)ccm_iv};
	expect_ret(0, auth_call(fd, &op));
	expect(op.len == 8 && op.tag_len == 4, "len %u, tag_len %u", op.len, op.tag_len);
	expect_same(out, ccm_want, 8, "CCM example 1");
	/* RFC 8439, 2.8.2 */
	op = (struct crypt_auth_op){
	    .ses = need_aead(fd, ref_aead_find(CRYPTO_CHACHA20_POLY1305), keys, 32),
	    .len = sizeof(text) - 1,
	    .auth_len = 12,
	    .auth_src = (uint8_t *)chacha_aad,
	    .src = (uint8_t *)text,
	    .dst = out,
	    .iv = (uint8_t *)chacha_iv};
	expect_ret(0, auth_call(fd, &op));
	expect(op.len == sizeof(text) - 1 + 16, "len %u", op.len);
	expect_same(out, chacha_want, 16, "RFC 8439");
	expect_same(out + sizeof(text) - 1, chacha_tag, 16, "RFC 8439's tag");
	/* nothing in, a tag out: the GCM specification's test case 1 */
	static const uint8_t empty[16] = {0x58, 0xe2, 0xfc, 0xce, 0xfa, 0x7e, 0x30, 0x61,
					  0x36, 0x7f, 0x1d, 0x57, 0xa4, 0xe7, 0x45, 0x5a};
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
					     .key = keys,
					     .keylen = aead->keylens[k],
					     .iv = iv,
					     .aad = aad,
					     .taglen = 16};
			uint32_t ses;

			if (dev_session(fd, aead->id, keys, a.keylen, &ses))
				continue;
			seen++;
			for (size_t n = 0; n < ARRAY_SIZE(lens) * 4; n++) {
				struct shape s = {.len = lens[n / 4],
						  .aadlen = aads[(n + k) % ARRAY_SIZE(aads)],
						  .in_place = n & 1,
						  .no_zc = n & 2};

				make_iv(aead, iv, (uint8_t)n);
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
					     .key = keys,
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

			if (dev_session(fd, aead->id, keys, a.keylen, &ses))
				continue;
			seen++;
			make_iv(aead, iv, 9);
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
			     .key = keys,
			     .keylen = 16,
			     .iv = iv,
			     .aad = keys,
			     .aadlen = 20,
			     .taglen = 16};
	int fd = must_open();
	uint32_t ses = need_aead(fd, ref_aead_find(CRYPTO_AES_GCM), keys, 16);
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
			     .key = keys,
			     .keylen = 16,
			     .iv = iv,
			     .aad = keys,
			     .taglen = 16};
	struct shape s = {.len = 100, .aadlen = 30};
	int fd = must_open();
	uint32_t ses = need_aead(fd, ref_aead_find(CRYPTO_AES_CCM), keys, 16);
	struct crypt_auth_op op;

	make_iv(ref_aead_find(CRYPTO_AES_CCM), iv, 40);
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

/* Everything that was sealed matters, and what does not fit is not shown, nor ever was. */
static void forged(const struct ref_aead *aead, int fd, uint32_t ses, size_t len, bool in_place)
{
	uint8_t *data = random_map(len, 5), *aad = random_map(64, 6), iv[16];
	uint8_t *sealed = must_map(len + 16), *dst = must_map(len + 16);
	struct ref_auth a = {.cipher = aead->id,
			     .key = keys,
			     .keylen = aead->keylens[0],
			     .iv = iv,
			     .aad = aad,
			     .aadlen = 64,
			     .taglen = 16};
	uint8_t *const spots[] = {sealed, sealed + len / 2, sealed + len, sealed + len + 15, aad,
				  iv + 5};
	size_t got;

	make_iv(aead, iv, 70);
	memcpy(sealed, data, len);
	expect_ret(0, ref_aead(&a, sealed, len, &got));
	a.open = true;
	for (size_t i = 0; i < ARRAY_SIZE(spots); i++) {
		struct crypt_auth_op op = auth_op(ses, &a), before;
		struct watch w;

		op.len = (uint32_t)len + 16;
		op.src = sealed;
		op.dst = in_place ? sealed : dst;
		*spots[i] ^= 0x40;
		memset(dst, 0x99, len + 16);
		before = op;
		watch_start(&w, op.dst, len + 16);
		expect_ret(-EBADMSG, auth_call(fd, &op));
		watch_end(&w, "the destination of what is forged");
		expect(!memcmp(&op, &before, sizeof(op)), "the structure was written");
		*spots[i] ^= 0x40;
	}
	struct crypt_auth_op op = auth_op(ses, &a);

	op.len = (uint32_t)len + 16;
	op.src = sealed;
	op.dst = dst;
	expect_ret(0, auth_call(fd, &op));
	expect_same(dst, data, len, "what is not forged");
	munmap(data, len);
	munmap(sealed, len + 16);
	munmap(dst, len + 16);
}

static void forgeries(void)
{
	static const size_t lens[] = {1, 16, 1000, 4080, 4096, 65536, 200000};
	const struct ref_aead *aead;
	int fd = must_open(), seen = 0;
	uint32_t ses;

	for (size_t i = 0; (aead = ref_aead_at(i)); i++) {
		if (dev_session(fd, aead->id, keys, aead->keylens[0], &ses))
			continue;
		seen++;
		for (size_t n = 0; n < ARRAY_SIZE(lens) * 2; n++)
			forged(aead, fd, ses, lens[n / 2], n & 1);
	}
	if (!seen)
		skip("the device has no AEAD");
}

/* The errno table, row by row. */
static void refusals(void)
{
	uint8_t iv[16] = {2, 3, 4}, *out = must_map(8192), *aad = random_map(8192, 7);
	struct ref_auth a = {.cipher = CRYPTO_AES_GCM,
			     .key = keys,
			     .keylen = 16,
			     .iv = iv,
			     .aad = aad,
			     .aadlen = 20,
			     .taglen = 16};
	int fd = must_open();
	uint32_t ses = need_aead(fd, ref_aead_find(CRYPTO_AES_GCM), keys, 16);
	uint8_t *bad = bad_page(), *ro = readonly_page(1);
	struct crypt_auth_op good = auth_op(ses, &a), op;

	good.len = 64;
	good.src = (uint8_t *)test_pt;
	good.dst = out;
#define REFUSED(want, ...)                                                                         \
	do {                                                                                       \
		op = good;                                                                         \
		__VA_ARGS__;                                                                       \
		expect_ret(want, auth_call(fd, &op));                                              \
		op = good;                                                                         \
		expect_ret(0, auth_call(fd, &op));                                                 \
	} while (0)
	REFUSED(-EINVAL, op.ses ^= 0x8000);
	REFUSED(-EINVAL, op.op = 2);
	REFUSED(-EINVAL, op.op = 0xffff);
	REFUSED(-EINVAL, op.auth_len = AAD_MAX + 1);
	REFUSED(-EINVAL, op.auth_len = 0xffffffff);
	REFUSED(-EINVAL, op.tag_len = 17);
	REFUSED(-EINVAL, op.tag_len = 5);
	REFUSED(-EINVAL, op.tag_len = 0xffffffff);
	REFUSED(-EINVAL, op.flags = COP_FLAG_AEAD_SRTP_TYPE);
	REFUSED(-EINVAL, op.op = COP_DECRYPT; op.len = 15);
	REFUSED(-EINVAL, op.op = COP_DECRYPT; op.len = 0);
	REFUSED(-EINVAL, op.len = 0xffffffff);
	REFUSED(-EMSGSIZE, op.len = 0xfffffff0 - 16);
	REFUSED(-EMSGSIZE, op.len = 64u << 20);
	REFUSED(-EFAULT, op.auth_src = NULL);
	REFUSED(-EFAULT, op.auth_src = bad);
	REFUSED(-EFAULT, op.auth_src = (uint8_t *)-4096L);
	REFUSED(-EFAULT, op.iv = bad);
	REFUSED(-EFAULT, op.iv = bad - 4);
	REFUSED(-EINVAL, op.src = bad);
	REFUSED(-EINVAL, op.src = NULL);
	REFUSED(-EINVAL, op.src = (uint8_t *)-4096L);
	REFUSED(-EFAULT, op.dst = bad);
	REFUSED(-EFAULT, op.dst = NULL);
	REFUSED(-EFAULT, op.dst = ro);
	REFUSED(-EFAULT, op.iv = ro; op.flags = COP_FLAG_WRITE_IV);
	/* the same where pages would be pinned */
	REFUSED(-EINVAL, op.src = bad; op.len = 65536);
	REFUSED(-EINVAL, op.src = NULL; op.len = 65536);
	REFUSED(-EFAULT, op.dst = bad; op.src = aad; op.len = 8000);
	REFUSED(-EFAULT, op.dst = NULL; op.src = aad; op.len = 8000);
	REFUSED(-EFAULT, op.dst = ro; op.src = aad; op.len = 8000);
	REFUSED(-EFAULT, op.dst = ro; op.src = aad; op.len = 8000; op.flags = COP_FLAG_NO_ZC);
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCAUTHCRYPT, NULL));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCAUTHCRYPT, bad));
	/* what is ignored: the tag pointer, iv_len, the TLS flag, unknown flags */
	REFUSED(0, op.tag = bad; op.iv_len = 999; op.flags = COP_FLAG_AEAD_TLS_TYPE | 0xff80);
#undef REFUSED
}

/* No other call, and no other session. */
static void wrong_session(void)
{
	uint8_t iv[16] = {2}, out[80];
	int fd = must_open();
	uint32_t gcm = need_aead(fd, ref_aead_find(CRYPTO_AES_GCM), keys, 16), sha, pair, ses;
	struct crypt_auth_op op = {
	    .len = 64, .src = (uint8_t *)test_pt, .dst = out, .iv = iv, .ses = gcm};

	for (unsigned int flags = 0; flags < 0x80; flags++) {
		expect_ret(-EINVAL, dev_crypt(fd, gcm, 0, flags, test_pt, out, 64, iv));
		expect_ret(-EINVAL, dev_crypt(fd, gcm, 1, flags, test_pt, out, 0, NULL));
	}
	expect_ret(0, auth_call(fd, &op));
	expect_ret(-EINVAL,
		   dev_mac_session(fd, CRYPTO_AES_GCM, keys, 16, CRYPTO_SHA1_HMAC, keys, 16, &ses));
	expect_ret(-EINVAL, dev_session(fd, CRYPTO_AES_GCM, keys, 15, &ses));
	expect_ret(-EINVAL, dev_session(fd, CRYPTO_AES_GCM, keys, 0, &ses));
	if (!dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256, NULL, 0, &sha)) {
		for (unsigned int flags = 0; flags < 0x80; flags++) {
			op.ses = sha;
			op.flags = (uint16_t)flags;
			op.len = 64;
			op.dst = op.src = out;
			expect_ret(-EINVAL, auth_call(fd, &op));
		}
	}
	if (!dev_mac_session(fd, CRYPTO_AES_CBC, keys, 16, CRYPTO_SHA1_HMAC, keys, 16, &pair)) {
		op = (struct crypt_auth_op){
		    .len = 64, .src = out, .dst = out, .iv = iv, .ses = pair};
		expect_ret(-EINVAL, auth_call(fd, &op));
		op.flags = COP_FLAG_AEAD_SRTP_TYPE;
		op.auth_src = out;
		op.auth_len = 64;
		expect_ret(-EINVAL, auth_call(fd, &op));
	}
}

/* The longest operation the device takes, found by trying; one more is too much. */
static void longest(void)
{
	const size_t room = 2u << 20;
	uint8_t *src = random_map(room, 8), *dst = must_map(room), *want = must_map(room), iv[16];
	struct ref_auth a = {
	    .cipher = CRYPTO_AES_GCM, .key = keys, .keylen = 16, .iv = iv, .taglen = 16};
	int fd = must_open(), err;
	uint32_t ses = need_aead(fd, ref_aead_find(CRYPTO_AES_GCM), keys, 16);
	size_t low = 4096, high = room, n;

	make_iv(ref_aead_find(CRYPTO_AES_GCM), iv, 90);
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
			     .key = keys,
			     .keylen = 16,
			     .iv = iv,
			     .aad = keys,
			     .taglen = 16};
	const struct ref_aead *gcm = ref_aead_find(CRYPTO_AES_GCM);

	for (int n = 0; n < 60; n++) {
		struct shape shape = {
		    .len = n % 5 ? 100u + (unsigned int)n : 9000, .aadlen = 20, .in_place = n & 1};

		make_iv(gcm, iv, (uint8_t)(s->number * 60 + n));
		round_trip(s->fd, s->ses, &a, data, &shape);
	}
	return NULL;
}

static void threads(void)
{
	struct sharer s[4];
	pthread_t t[4];
	int fd = must_open();
	uint32_t ses = need_aead(fd, ref_aead_find(CRYPTO_AES_GCM), keys, 16);

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
    {"aead/forgeries", forgeries},
    {"aead/refusals", refusals},
    {"aead/wrong-session", wrong_session},
    {"aead/longest", longest},
    {"aead/threads", threads},
    {NULL, NULL},
};
