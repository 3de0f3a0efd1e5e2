/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.c - CIOCAUTHCRYPT with a cipher and a MAC: TLS records (MAC, then encrypt) and SRTP
 * packets (encrypt, then MAC).
 */
#include "auth.h"

#include <stdlib.h>
#include <sys/mman.h>

#define HEADER 13u /* what TLS authenticates beside the data */

static const uint8_t key[32] = {0x41, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
				0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t mackey[64] = {0x77, 9, 8, 7, 6, 5, 4, 3, 2, 1};
static const uint8_t iv0[16] = {0x10, 0x32, 0x54, 0x76};
static const uint8_t header[HEADER] = {0, 0, 0, 0, 0, 0, 0, 1, 23, 3, 3, 0, 64};

/**
 * struct pair - a session and what it was made of.
 * @fd: the device
 * @ses: session
 * @a: the reference's view of it
 * @size: bytes of digest
 */
struct pair {
	int fd;
	uint32_t ses;
	struct ref_auth a;
	uint32_t size;
};

static struct pair pair_make(uint32_t cipher, size_t keylen, uint32_t mac)
{
	struct pair p = {.fd = must_open(),
			 .size = ref_mac_find(mac)->size,
			 .a = {.cipher = cipher,
			       .mac = mac,
			       .key = key,
			       .keylen = keylen,
			       .mackey = mackey,
			       .mackeylen = ref_mac_find(mac)->size,
			       .iv = iv0,
			       .aad = header,
			       .aadlen = HEADER,
			       .taglen = ref_mac_find(mac)->size}};

	p.ses = need_pair(p.fd, &p.a);
	return p;
}

static int tls(const struct pair *p, unsigned int op, uint8_t *buf, uint32_t *len, uint32_t tag_len)
{
	struct crypt_auth_op c = auth_op(p->ses, &p->a);
	int err;

	c.op = (uint16_t)op;
	c.flags = COP_FLAG_AEAD_TLS_TYPE;
	c.len = *len;
	c.tag_len = tag_len;
	c.src = c.dst = buf;
	err = auth_call(p->fd, &c);
	*len = c.len;
	expect(err || c.tag_len == p->a.taglen, "tag_len %u instead of %zu", c.tag_len,
	       p->a.taglen);
	return err;
}

/* A session that does TLS records; skips when the device does none. */
static struct pair need_tls(uint32_t cipher, size_t keylen, uint32_t mac)
{
	struct pair p = pair_make(cipher, keylen, mac);
	uint8_t buf[256] = {0};
	uint32_t len = 64;

	if (tls(&p, COP_ENCRYPT, buf, &len, 0) == -EINVAL)
		skip("the device has no TLS records");
	return p;
}

static const struct suite {
	uint32_t cipher;
	size_t keylen;
	uint32_t mac;
} suites[] = {
    {CRYPTO_AES_CBC, 16, CRYPTO_SHA1_HMAC},	{CRYPTO_AES_CBC, 32, CRYPTO_SHA1_HMAC},
    {CRYPTO_AES_CBC, 16, CRYPTO_SHA2_256_HMAC}, {CRYPTO_AES_CBC, 32, CRYPTO_SHA2_256_HMAC},
    {CRYPTO_AES_CBC, 32, CRYPTO_SHA2_384_HMAC}, {CRYPTO_3DES_CBC, 24, CRYPTO_SHA1_HMAC},
};

/* One record there and back, in a buffer of exactly its size. */
static void tls_record(const struct pair *p, const uint8_t *data, size_t len)
{
	size_t block = ref_cipher_find(p->a.cipher)->block, got;
	size_t size = ref_tls_size(block, p->a.taglen, len);
	uint32_t n = (uint32_t)len;
	uint8_t *want = malloc(size);
	struct ref_auth a = p->a;
	struct guard g;

	expect(want, "malloc");
	memcpy(want, data, len);
	expect_ret(0, ref_tls(&a, want, len, &got));
	guard_make(&g, size, len & 1);
	memset(g.buf, 0xee, size);
	memcpy(g.buf, data, len);
	expect_ret(0, tls(p, COP_ENCRYPT, g.buf, &n, 0));
	expect(n == size, "a record of %zu bytes has %u instead of %zu", len, n, size);
	expect_same(g.buf, want, size, "a record of %zu bytes", len);
	guard_check(&g);
	expect_ret(0, tls(p, COP_DECRYPT, g.buf, &n, 0));
	expect(n == len, "a record of %zu bytes becomes %u", len, n);
	expect_same(g.buf, data, len, "a record of %zu bytes, opened", len);
	guard_check(&g);
	guard_free(&g);
	free(want);
}

static void tls_format(void)
{
	static const size_t large[] = {4048, 4063, 4096, 5000, 16384, 65536, 200000};
	uint8_t *data = random_map(200000, 20);

	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		struct pair p = need_tls(suites[i].cipher, suites[i].keylen, suites[i].mac);

		for (size_t len = 0; len < 70; len++)
			tls_record(&p, data, len);
		for (size_t n = 0; n < ARRAY_SIZE(large); n++)
			tls_record(&p, data, large[n]);
	}
}

/* The measured example: 100 bytes with SHA-1 become 128. */
static void tls_lengths(void)
{
	struct pair p = need_tls(CRYPTO_AES_CBC, 16, CRYPTO_SHA1_HMAC);
	uint8_t *data = random_map(8192, 21), *aad = random_map(8192, 22);
	uint8_t buf[256];
	uint32_t n = 100;

	memcpy(buf, data, 100);
	expect_ret(0, tls(&p, COP_ENCRYPT, buf, &n, 0));
	expect(n == 128, "100 bytes become %u", n);
	/* with any header, of up to a page; none is one too */
	for (p.a.aadlen = 0; p.a.aadlen <= 4096; p.a.aadlen = p.a.aadlen * 3 + 1) {
		p.a.aad = aad;
		tls_record(&p, data, 100);
		tls_record(&p, data, 5000);
	}
	p.a.aadlen = 4096;
	tls_record(&p, data, 5000);
	/* a shorter tag, which stays */
	for (uint32_t tag = 20; tag >= 1; tag = tag > 4 ? tag - 4 : tag - 1) {
		p.a.taglen = tag;
		n = 100;
		memcpy(buf, data, 100);
		expect_ret(0, tls(&p, COP_ENCRYPT, buf, &n, tag));
		tls_record(&p, data, 100);
		n = 100;
		expect_ret(-EINVAL, tls(&p, COP_ENCRYPT, buf, &n, tag + 1));
		n = 100;
		expect_ret(-EINVAL, tls(&p, COP_ENCRYPT, buf, &n, 100));
	}
}

/* Data made up by hand, encrypted: what must be refused, and nothing of it shown. */
static void tls_refuse(const struct pair *p, const uint8_t *plain, size_t len, bool ok,
		       const char *what)
{
	uint8_t *buf = must_map(len);
	uint32_t n = (uint32_t)len;
	struct watch w;

	expect_ret(0, ref_once(p->a.cipher, key, (uint32_t)p->a.keylen, COP_ENCRYPT, iv0, plain,
			       buf, len, NULL));
	if (ok) {
		expect_ret(0, tls(p, COP_DECRYPT, buf, &n, 0));
	} else {
		watch_start(&w, buf, len);
		expect_ret(-EBADMSG, tls(p, COP_DECRYPT, buf, &n, 0));
		watch_end(&w, what);
		expect(n == len, "%s: len was changed", what);
	}
	munmap(buf, len);
}

/* data | MAC | padding, in the clear, of @pad bytes of padding. */
static size_t tls_plain(const struct pair *p, const uint8_t *data, size_t len, size_t pad,
			uint8_t *out)
{
	uint8_t in[8192];

	memcpy(in, p->a.aad, p->a.aadlen);
	memcpy(in + p->a.aadlen, data, len);
	memcpy(out, data, len);
	expect_ret(0, ref_digest(ref_mac_find(p->a.mac), mackey, p->a.mackeylen, in,
				 p->a.aadlen + len, out + len));
	memset(out + len + p->size, (int)pad - 1, pad);
	return len + p->size + pad;
}

static void tls_padding(void)
{
	struct pair p = need_tls(CRYPTO_AES_CBC, 16, CRYPTO_SHA1_HMAC);
	uint8_t *data = random_map(8192, 23), plain[8192];
	/* 44 + 20 = 64: padding may be 16, 32, ... 256 */
	size_t len = 44, size;

	for (size_t pad = 16; pad <= 256; pad += 16) {
		size = tls_plain(&p, data, len, pad, plain);
		tls_refuse(&p, plain, size, true, "long padding");
		for (size_t i = 0; i<pad; i += pad> 32 ? 15 : 1) {
			plain[size - 1 - i] ^= 0x10;
			tls_refuse(&p, plain, size, false, "wrong padding");
			plain[size - 1 - i] ^= 0x10;
		}
		plain[0] ^= 1;
		tls_refuse(&p, plain, size, false, "wrong data");
		plain[0] ^= 1;
		for (size_t i = 0; i < p.size; i += 7) {
			plain[len + i] ^= 0x80;
			tls_refuse(&p, plain, size, false, "wrong MAC");
			plain[len + i] ^= 0x80;
		}
	}
	/* padding that claims more than there is, and records too short for a MAC */
	for (size = 16; size <= 64; size += 16) {
		memset(plain, 0xff, size);
		tls_refuse(&p, plain, size, false, "padding beyond the record");
		memset(plain, (int)size - 1, size);
		tls_refuse(&p, plain, size, false, "nothing but padding");
		memset(plain, 0, size);
		tls_refuse(&p, plain, size, false, "zeros");
	}
	size = tls_plain(&p, data, 4076, 16, plain);
	plain[4080] ^= 1;
	tls_refuse(&p, plain, size, false, "wrong MAC of a large record");
	plain[4080] ^= 1;
	plain[size - 2] ^= 1;
	tls_refuse(&p, plain, size, false, "wrong padding of a large record");
	plain[size - 2] ^= 1;
	tls_refuse(&p, plain, size, true, "a large record");
}

/* Every bit that was sent counts, for all suites and in pinned sizes too. */
static void tls_tampering(void)
{
	uint8_t *data = random_map(70000, 24), *buf = must_map(80000), changed[HEADER];

	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		struct pair p = need_tls(suites[i].cipher, suites[i].keylen, suites[i].mac);
		static const size_t lens[] = {40, 4096, 70000};

		for (size_t n = 0; n < ARRAY_SIZE(lens); n++) {
			uint32_t size = (uint32_t)lens[n], len;
			struct watch w;

			memcpy(buf, data, size);
			expect_ret(0, tls(&p, COP_ENCRYPT, buf, &size, 0));
			for (size_t at = 0; at < size; at += size / 7) {
				buf[at] ^= 4;
				watch_start(&w, buf, size);
				len = size;
				expect_ret(-EBADMSG, tls(&p, COP_DECRYPT, buf, &len, 0));
				watch_end(&w, "a record that was tampered with");
				buf[at] ^= 4;
			}
			memcpy(changed, header, HEADER);
			changed[12] ^= 1;
			p.a.aad = changed;
			len = size;
			expect_ret(-EBADMSG, tls(&p, COP_DECRYPT, buf, &len, 0));
			p.a.aad = header;
			len = size;
			expect_ret(0, tls(&p, COP_DECRYPT, buf, &len, 0));
			expect_same(buf, data, lens[n], "afterwards");
		}
	}
}

static void tls_refusals(void)
{
	struct pair p = need_tls(CRYPTO_AES_CBC, 16, CRYPTO_SHA1_HMAC);
	uint8_t *buf = must_map(8192), *other = must_map(8192), *bad = bad_page();
	struct crypt_auth_op good = auth_op(p.ses, &p.a), op;

	good.flags = COP_FLAG_AEAD_TLS_TYPE;
	good.len = 64;
	good.src = good.dst = buf;
#define REFUSED(want, ...)                                                                         \
	do {                                                                                       \
		op = good;                                                                         \
		__VA_ARGS__;                                                                       \
		expect_ret(want, auth_call(p.fd, &op));                                            \
		op = good;                                                                         \
		expect_ret(0, auth_call(p.fd, &op));                                               \
	} while (0)
	REFUSED(-EINVAL, op.src = other);
	REFUSED(-EINVAL, op.dst = other);
	REFUSED(-EINVAL, op.dst = buf + 1);
	REFUSED(-EINVAL, op.flags = 0);
	REFUSED(-EINVAL, op.flags = COP_FLAG_WRITE_IV);
	REFUSED(-EINVAL, op.auth_len = 4097);
	REFUSED(-EINVAL, op.tag_len = 21);
	REFUSED(-EINVAL, op.op = 2);
	REFUSED(-EINVAL, op.op = COP_DECRYPT; op.len = 0);
	REFUSED(-EINVAL, op.op = COP_DECRYPT; op.len = 63);
	REFUSED(-EINVAL, op.op = COP_DECRYPT; op.len = 0xfffffffe);
	REFUSED(-EFAULT, op.auth_src = bad);
	REFUSED(-EFAULT, op.auth_src = NULL);
	REFUSED(-EFAULT, op.iv = bad);
	REFUSED(-EINVAL, op.src = op.dst = bad);
	REFUSED(-EINVAL, op.src = op.dst = NULL);
	REFUSED(-EINVAL, op.src = op.dst = bad; op.len = 6000);
	REFUSED(-EFAULT, op.src = op.dst = readonly_page(1));
#undef REFUSED
	/* a hash that has no key makes no record */
	if (!dev_mac_session(p.fd, CRYPTO_AES_CBC, key, 16, CRYPTO_SHA1, NULL, 0, &op.ses)) {
		op = good;
		expect(
		    !dev_mac_session(p.fd, CRYPTO_AES_CBC, key, 16, CRYPTO_SHA1, NULL, 0, &op.ses),
		    "session");
		expect_ret(-EINVAL, auth_call(p.fd, &op));
	}
}

/* iv NULL continues with the last block of the last record, WRITE_IV gives it back. */
static void tls_ivs(void)
{
	struct pair p = need_tls(CRYPTO_AES_CBC, 16, CRYPTO_SHA1_HMAC);
	uint8_t iv[16], a[512], b[512], last[16];
	struct crypt_auth_op op = auth_op(p.ses, &p.a);
	uint32_t n = 100;

	memset(a, 3, sizeof(a));
	memcpy(iv, iv0, 16);
	op.flags = COP_FLAG_AEAD_TLS_TYPE | COP_FLAG_WRITE_IV;
	op.len = 100;
	op.src = op.dst = a;
	op.iv = iv;
	expect_ret(0, auth_call(p.fd, &op));
	expect_same(iv, a + op.len - 16, 16, "the IV written back");
	memcpy(last, iv, 16);
	memset(b, 3, sizeof(b));
	p.a.iv = NULL;
	expect_ret(0, tls(&p, COP_ENCRYPT, b, &n, 0));
	memset(a, 3, sizeof(a));
	p.a.iv = last;
	n = 100;
	expect_ret(0, tls(&p, COP_ENCRYPT, a, &n, 0));
	expect_same(b, a, n, "iv NULL after a record");
}

#define PACKET (256u + 1021 + 15)

static int srtp(const struct pair *p, unsigned int op, uint8_t *packet, size_t off, size_t len,
		uint8_t *tag, uint32_t tag_len)
{
	struct crypt_auth_op c = auth_op(p->ses, &p->a), before;
	int err;

	c.op = (uint16_t)op;
	c.flags = COP_FLAG_AEAD_SRTP_TYPE;
	c.auth_src = packet;
	c.src = c.dst = packet + off;
	c.len = (uint32_t)len;
	c.tag = tag;
	c.tag_len = tag_len;
	before = c;
	err = auth_call(p->fd, &c);
	before.tag_len = c.tag_len;
	expect(!memcmp(&c, &before, sizeof(c)), "more than tag_len was changed");
	expect(err || c.tag_len == p->a.taglen, "tag_len %u", c.tag_len);
	return err;
}

static struct pair need_srtp(uint32_t cipher, size_t keylen, uint32_t mac)
{
	struct pair p = pair_make(cipher, keylen, mac);
	uint8_t packet[64] = {0}, tag[64];

	p.a.aadlen = 64;
	if (srtp(&p, COP_ENCRYPT, packet, 12, 40, tag, 0) == -EINVAL)
		skip("the device has no SRTP packets");
	return p;
}

static const struct suite srtp_suites[] = {
    {CRYPTO_AES_CTR, 16, CRYPTO_SHA1_HMAC},
    {CRYPTO_AES_CTR, 32, CRYPTO_SHA2_256_HMAC},
    {CRYPTO_NULL, 0, CRYPTO_SHA1_HMAC},
};

/* One packet there, back, and tampered with. */
static void srtp_packet(struct pair *p, const uint8_t *data, size_t total, size_t off, size_t len)
{
	uint8_t *want = malloc(total), want_tag[64], tag[64 + 8];
	struct ref_auth a;
	struct guard g;

	expect(want, "malloc");
	p->a.aadlen = total;
	a = p->a;
	memcpy(want, data, total);
	expect_ret(0, ref_srtp(&a, want, off, len, want_tag));
	guard_make(&g, total, total & 1);
	memcpy(g.buf, data, total);
	memset(tag, 0x88, sizeof(tag));
	expect_ret(0, srtp(p, COP_ENCRYPT, g.buf, off, len, tag, 0));
	expect_same(g.buf, want, total, "packet of %zu, %zu at %zu", total, len, off);
	expect_same(tag, want_tag, p->a.taglen, "tag of %zu, %zu at %zu", total, len, off);
	expect(tag[p->a.taglen] == 0x88, "written behind the tag");
	guard_check(&g);
	for (size_t at = 0; at < total; at += total / 5 + 1) {
		struct watch w;

		g.buf[at] ^= 2;
		watch_start(&w, g.buf, total);
		expect_ret(-EBADMSG, srtp(p, COP_DECRYPT, g.buf, off, len, tag, 0));
		watch_end(&w, "a packet that was tampered with");
		g.buf[at] ^= 2;
	}
	tag[p->a.taglen - 1] ^= 1;
	expect_ret(-EBADMSG, srtp(p, COP_DECRYPT, g.buf, off, len, tag, 0));
	expect_same(g.buf, want, total, "after a wrong tag");
	tag[p->a.taglen - 1] ^= 1;
	expect_ret(0, srtp(p, COP_DECRYPT, g.buf, off, len, tag, 0));
	expect_same(g.buf, data, total, "packet of %zu, opened", total);
	guard_check(&g);
	guard_free(&g);
	free(want);
}

static void srtp_format(void)
{
	uint8_t *data = random_map(70000, 30);

	for (size_t i = 0; i < ARRAY_SIZE(srtp_suites); i++) {
		struct pair p =
		    need_srtp(srtp_suites[i].cipher, srtp_suites[i].keylen, srtp_suites[i].mac);

		srtp_packet(&p, data, 193 + 1021 + 15, 193, 1021);
		srtp_packet(&p, data, PACKET, 256, 1021);
		srtp_packet(&p, data, 100, 0, 100);
		srtp_packet(&p, data, 100, 12, 88);
		srtp_packet(&p, data, 100, 12, 1);
		srtp_packet(&p, data, 100, 50, 0);
		srtp_packet(&p, data, 5000, 12, 4900);
		srtp_packet(&p, data, 70000, 200, 65536);
		/* 80 and 32 bits of tag, as SRTP has them */
		for (uint32_t tag = 10; tag; tag = tag == 10 ? 4 : 0) {
			uint8_t packet[64] = {0}, got[64];

			p.a.taglen = tag;
			p.a.aadlen = 64;
			expect_ret(0, srtp(&p, COP_ENCRYPT, packet, 12, 40, got, tag));
			srtp_packet(&p, data, 1229, 193, 1021);
			srtp_packet(&p, data, 9000, 193, 8000);
			expect_ret(-EINVAL, srtp(&p, COP_ENCRYPT, packet, 12, 40, got, tag + 1));
		}
	}
}

static void srtp_refusals(void)
{
	struct pair p = need_srtp(CRYPTO_AES_CTR, 16, CRYPTO_SHA1_HMAC);
	uint8_t *buf = must_map(16384), *bad = bad_page(), tag[64];
	struct crypt_auth_op good = auth_op(p.ses, &p.a), op;
	uint32_t ses;

	good.flags = COP_FLAG_AEAD_SRTP_TYPE;
	good.auth_src = buf + 1000;
	good.auth_len = 600;
	good.src = good.dst = buf + 1012;
	good.len = 64;
	good.tag = tag;
#define REFUSED(want, ...)                                                                         \
	do {                                                                                       \
		op = good;                                                                         \
		__VA_ARGS__;                                                                       \
		expect_ret(want, auth_call(p.fd, &op));                                            \
		op = good;                                                                         \
		expect_ret(0, auth_call(p.fd, &op));                                               \
	} while (0)
	REFUSED(-EINVAL, op.src = buf);
	REFUSED(-EINVAL, op.dst = buf);
	REFUSED(-EINVAL, op.src = op.dst = buf + 999);
	REFUSED(-EINVAL, op.src = op.dst = buf + 1257);
	REFUSED(-EINVAL, op.src = op.dst = buf + 1600);
	REFUSED(-EINVAL, op.len = 600);
	REFUSED(-EINVAL, op.len = 589);
	REFUSED(-EINVAL, op.len = 0xffffffff);
	REFUSED(-EINVAL, op.auth_len = 70);
	REFUSED(-EINVAL, op.auth_len = 0);
	REFUSED(-EINVAL, op.tag_len = 21);
	REFUSED(-EINVAL, op.op = 2);
	REFUSED(-EINVAL, op.auth_src = op.src - 257);
	REFUSED(0, op.len = 588);
	REFUSED(0, op.auth_src = op.src - 256);
	REFUSED(-EFAULT, op.tag = bad; op.op = COP_DECRYPT);
	REFUSED(-EFAULT, op.tag = NULL; op.op = COP_DECRYPT);
	REFUSED(-EFAULT, op.iv = bad);
	REFUSED(-EBADMSG, op.op = COP_DECRYPT; tag[3] ^= 1);
#undef REFUSED
	/* only stream ciphers */
	if (!dev_mac_session(p.fd, CRYPTO_AES_CBC, key, 16, CRYPTO_SHA1_HMAC, mackey, 20, &ses)) {
		op = good;
		op.ses = ses;
		expect_ret(-EINVAL, auth_call(p.fd, &op));
	}
	/* and a CTR session has no TLS records */
	op = good;
	op.flags = COP_FLAG_AEAD_TLS_TYPE;
	expect_ret(-EINVAL, auth_call(p.fd, &op));
}

const struct check record_checks[] = {
    {"tls/format", tls_format},
    {"tls/lengths", tls_lengths},
    {"tls/padding", tls_padding},
    {"tls/tampering", tls_tampering},
    {"tls/refusals", tls_refusals},
    {"tls/ivs", tls_ivs},
    {"srtp/format", srtp_format},
    {"srtp/refusals", srtp_refusals},
    {NULL, NULL},
};
