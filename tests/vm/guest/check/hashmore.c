/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hashmore.c - the hash state machine in detail, copies of running hashes, what CIOCGSESSINFO
 * says of every algorithm. hash.c has the rest.
 */
#include "auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static int hash(int fd, uint32_t ses, unsigned int flags, const void *src, size_t len, void *mac)
{
	struct crypt_op op = {.ses = ses,
			      .flags = (uint16_t)flags,
			      .len = (uint32_t)len,
			      .src = (uint8_t *)src,
			      .mac = mac};

	return dev_ioctl(fd, CIOCCRYPT, &op);
}

static int copy(int fd, uint32_t dst, uint32_t src)
{
	struct cphash_op op = {.dst_ses = dst, .src_ses = src};

	return dev_ioctl(fd, CIOCCPHASH, &op);
}

static uint32_t need(int fd, uint32_t mac)
{
	const struct ref_mac *m = ref_mac_find(mac);
	uint32_t ses;

	if (dev_mac_session(fd, 0, NULL, 0, mac, test_key, m->keyed ? 16 : 0, &ses))
		skip("the device has no %s", m->name);
	return ses;
}

/* Every algorithm in random parts, some of them nothing, some pinned, some cut. */
static void random_parts(void)
{
	const size_t max = 3u << 20;
	const struct ref_mac *m;
	uint8_t *src = random_map(max, 60), got[64], want[64];
	int fd = must_open();
	unsigned int seen = 0;
	struct rnd r;

	rnd_seed(&r, 61, 0);
	for (size_t i = 0; (m = ref_mac_at(i)); i++) {
		uint32_t ses;

		if (dev_mac_session(fd, 0, NULL, 0, m->id, test_key, m->keyed ? 16 : 0, &ses))
			continue;
		seen++;
		for (int round = 0; round < 6; round++) {
			size_t total = 0, limit = round == 5 ? max : 20000;
			unsigned int first = COP_FLAG_RESET;

			do {
				size_t n = rnd_below(&r, round == 5 ? 1500000 : 5000);

				if (n > limit - total)
					n = limit - total;
				if (!n)
					continue;
				expect_ret(0, hash(fd, ses, COP_FLAG_UPDATE | first, src + total, n,
						   NULL));
				total += n;
				first = 0;
			} while (total < limit && rnd_below(&r, 10));
			expect_ret(0, hash(fd, ses, COP_FLAG_FINAL | first, NULL, 0, got));
			ref_digest(m, test_key, 16, src, total, want);
			expect_same(got, want, m->size, "%s of %zu bytes in parts", m->name, total);
		}
	}
	if (!seen)
		skip("the device has no hash or MAC");
	note("%u algorithms", seen);
}

/* Which flags start again, which go on, which end: the measured table. */
static void state_machine(void)
{
	const struct ref_mac *m = ref_mac_find(CRYPTO_SHA1);
	uint8_t whole[20], first[20], second[20], empty[20], got[24];
	int fd = must_open();
	uint32_t ses = need(fd, CRYPTO_SHA1);
	static const unsigned int others[] = {COP_FLAG_NO_ZC, COP_FLAG_WRITE_IV, 0x80, 0x8000};

	ref_digest(m, NULL, 0, test_pt, 64, whole);
	ref_digest(m, NULL, 0, test_pt, 30, first);
	ref_digest(m, NULL, 0, test_pt + 30, 34, second);
	ref_digest(m, NULL, 0, NULL, 0, empty);
#define BEGIN() expect_ret(0, hash(fd, ses, COP_FLAG_RESET | COP_FLAG_UPDATE, test_pt, 30, NULL))
#define THEN(flags, len, want, what)                                                               \
	do {                                                                                       \
		memset(got, 0, sizeof(got));                                                       \
		expect_ret(0, hash(fd, ses, flags, test_pt + 30, len, got));                       \
		expect_same(got, want, 20, what);                                                  \
		expect(!got[20], what ": more than a digest");                                     \
	} while (0)
	BEGIN();
	THEN(COP_FLAG_FINAL, 34, whole, "FINAL with data");
	BEGIN();
	THEN(COP_FLAG_UPDATE | COP_FLAG_FINAL, 34, whole, "UPDATE|FINAL with data");
	BEGIN();
	THEN(COP_FLAG_FINAL, 0, first, "FINAL without data");
	BEGIN();
	THEN(COP_FLAG_UPDATE, 0, first, "UPDATE without data");
	BEGIN();
	THEN(0, 34, second, "no flags: anew");
	BEGIN();
	THEN(0, 0, empty, "no flags, no data");
	BEGIN();
	THEN(COP_FLAG_RESET, 34, second, "RESET: anew");
	BEGIN();
	THEN(COP_FLAG_RESET, 0, empty, "RESET alone");
	BEGIN();
	THEN(COP_FLAG_RESET | COP_FLAG_FINAL, 34, second, "RESET|FINAL");
	BEGIN();
	THEN(COP_FLAG_RESET | COP_FLAG_UPDATE, 0, empty, "RESET|UPDATE without data");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		/* any other flag continues, and without UPDATE ends */
		BEGIN();
		THEN(others[i], 34, whole, "another flag");
		/* after the end, everything starts again */
		THEN(others[i], 34, second, "another flag after the digest");
		THEN(COP_FLAG_FINAL, 34, second, "FINAL after the digest");
		THEN(COP_FLAG_UPDATE | COP_FLAG_FINAL, 34, second, "UPDATE|FINAL after the digest");
	}
#undef THEN
	/* where the digest cannot go, the hash has ended nevertheless */
	BEGIN();
	expect_ret(-EFAULT, hash(fd, ses, COP_FLAG_FINAL, test_pt + 30, 34, NULL));
	expect_ret(0, hash(fd, ses, COP_FLAG_FINAL, test_pt + 30, 34, got));
	expect_same(got, second, 20, "after a digest that had nowhere to go");
	/* the direction means nothing to a hash */
	struct crypt_op op = {
	    .ses = ses, .op = COP_DECRYPT, .len = 64, .src = (uint8_t *)test_pt, .mac = got};

	expect_ret(0, dev_ioctl(fd, CIOCCRYPT, &op));
	expect_same(got, whole, 20, "COP_DECRYPT");
#undef BEGIN
}

/* A copy goes its own way; one of nothing is nothing. */
static void copies(void)
{
	const struct ref_mac *m;
	uint8_t *src = random_map(5000, 62), got[64], want[64];
	int fd = must_open();
	unsigned int seen = 0;

	for (size_t i = 0; (m = ref_mac_at(i)); i++) {
		uint32_t a, b;

		if (dev_mac_session(fd, 0, NULL, 0, m->id, test_key, m->keyed ? 16 : 0, &a) ||
		    dev_mac_session(fd, 0, NULL, 0, m->id, test_key, m->keyed ? 16 : 0, &b))
			continue;
		seen++;
		expect_ret(0, hash(fd, a, COP_FLAG_UPDATE, src, 1000, NULL));
		expect_ret(0, hash(fd, b, COP_FLAG_UPDATE, src + 3000, 77, NULL));
		expect_ret(0, copy(fd, b, a));
		expect_ret(0, hash(fd, a, COP_FLAG_UPDATE, src + 1000, 4000, NULL));
		expect_ret(0, hash(fd, b, COP_FLAG_UPDATE, src + 1000, 1, NULL));
		expect_ret(0, hash(fd, a, COP_FLAG_FINAL, NULL, 0, got));
		ref_digest(m, test_key, 16, src, 5000, want);
		expect_same(got, want, m->size, "%s, copied from", m->name);
		/* the source may go: the copy does not need it */
		expect_ret(0, dev_end(fd, a));
		expect_ret(0, hash(fd, b, COP_FLAG_FINAL, src + 1001, 10, got));
		ref_digest(m, test_key, 16, src, 1011, want);
		expect_same(got, want, m->size, "%s, the copy", m->name);
		/* of a hash that has not begun */
		expect_ret(0,
			   dev_mac_session(fd, 0, NULL, 0, m->id, test_key, m->keyed ? 16 : 0, &a));
		expect_ret(0, hash(fd, b, COP_FLAG_UPDATE, src, 100, NULL));
		expect_ret(0, copy(fd, b, a));
		expect_ret(0, hash(fd, b, COP_FLAG_FINAL, src, 10, got));
		ref_digest(m, test_key, 16, src, 10, want);
		expect_same(got, want, m->size, "%s, a copy of nothing", m->name);
		dev_end(fd, a);
		dev_end(fd, b);
	}
	if (!seen)
		skip("the device has no hash or MAC");
}

static void copy_errors(void)
{
	int fd = must_open(), other = must_open();
	uint32_t a = need(fd, CRYPTO_SHA2_256), b = need(fd, CRYPTO_SHA2_256), foreign;
	uint32_t sha1 = need(fd, CRYPTO_SHA1), cbc = must_session(fd, CRYPTO_AES_CBC), hmac;
	uint8_t got[64], want[64];

	foreign = need(other, CRYPTO_SHA2_256);
	while (foreign == a || foreign == b || foreign == sha1 || foreign == cbc)
		foreign = need(other, CRYPTO_SHA2_256);
	expect_ret(0, hash(fd, a, COP_FLAG_UPDATE, test_pt, 20, NULL));
	expect_ret(0, hash(fd, b, COP_FLAG_UPDATE, test_pt + 5, 20, NULL));
	expect_ret(-ENOENT, copy(fd, b, 0));
	expect_ret(-ENOENT, copy(fd, 0, a));
	expect_ret(-ENOENT, copy(fd, 0, 0));
	expect_ret(-ENOENT, copy(fd, b, 0xfffffff1));
	expect_ret(-ENOENT, copy(fd, 0xfffffff1, 0xfffffff1));
	expect_ret(-ENOENT, copy(fd, b, foreign));
	expect_ret(-EDEADLK, copy(fd, a, a));
	expect_ret(-EDEADLK, copy(fd, cbc, cbc));
	expect_ret(-EINVAL, copy(fd, b, cbc));
	expect_ret(-EINVAL, copy(fd, cbc, a));
	/* the reference reads out of bounds here */
	expect_ret(-EINVAL, copy(fd, b, sha1));
	expect_ret(-EINVAL, copy(fd, sha1, a));
	if (!dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256_HMAC, test_key, 16, &hmac))
		expect_ret(-EINVAL, copy(fd, b, hmac));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCCPHASH, NULL));
	/* none of that did anything */
	expect_ret(0, hash(fd, b, COP_FLAG_FINAL, NULL, 0, got));
	ref_digest(ref_mac_find(CRYPTO_SHA2_256), NULL, 0, test_pt + 5, 20, want);
	expect_same(got, want, 32, "the destination of refused copies");
}

struct copier {
	int fd;
	uint32_t ses[2];
	int from;
};

static void *copy_on(void *arg)
{
	struct copier *c = arg;

	for (int n = 0; n < 300; n++) {
		uint8_t got[64];

		expect_ret(0, hash(c->fd, c->ses[c->from], COP_FLAG_UPDATE, test_pt, 10, NULL));
		expect_ret(0, copy(c->fd, c->ses[!c->from], c->ses[c->from]));
		if (n % 10 == 0)
			expect_ret(0, hash(c->fd, c->ses[c->from], COP_FLAG_FINAL, NULL, 0, got));
	}
	return NULL;
}

/* From a to b while from b to a: neither waits for ever. */
static void copies_crossing(void)
{
	struct copier c[4];
	int fd = must_open();
	uint32_t a = need(fd, CRYPTO_SHA2_256), b = need(fd, CRYPTO_SHA2_256);
	pthread_t t[4];

	for (int i = 0; i < 4; i++) {
		c[i] = (struct copier){fd, {a, b}, i & 1};
		expect(!pthread_create(&t[i], NULL, copy_on, &c[i]), "pthread_create");
	}
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	must_work();
}

/* Cipher and MAC in parts: both go on. */
static void pair_in_parts(void)
{
	const struct ref_mac *m = ref_mac_find(CRYPTO_SHA1_HMAC);
	const size_t total = 3u << 20;
	uint8_t *src = random_map(total, 63), *dst = must_map(total), *want = must_map(total);
	uint8_t mac[20], wantmac[20];
	static const size_t parts[] = {64, 4096, 1u << 20, 16, 70000 / 16 * 16};
	int fd = must_open();
	uint32_t ses;

	if (dev_mac_session(fd, CRYPTO_AES_CBC, test_key, 16, m->id, test_key, 16, &ses))
		skip("the device has not AES-CBC with HMAC-SHA1");
	ref_once(CRYPTO_AES_CBC, test_key, 16, 0, test_iv, src, want, total, NULL);
	ref_digest(m, test_key, 16, src, total, wantmac);
	for (uint16_t dir = 0; dir < 2; dir++) {
		size_t done = 0;

		for (size_t i = 0; done < total; i++) {
			size_t n = parts[i % ARRAY_SIZE(parts)];
			struct crypt_op op = {.ses = ses, .op = dir, .mac = mac};

			if (n > total - done)
				n = total - done;
			op.len = (uint32_t)n;
			op.src = (dir ? want : src) + done;
			op.dst = dst + done;
			op.iv = done ? NULL : (uint8_t *)test_iv;
			op.flags = done ? COP_FLAG_UPDATE : COP_FLAG_UPDATE | COP_FLAG_RESET;
			done += n;
			if (done == total)
				op.flags |= COP_FLAG_FINAL;
			expect_ret(0, dev_ioctl(fd, CIOCCRYPT, &op));
		}
		expect_same(dst, dir ? src : want, total, "the data, direction %u", dir);
		expect_same(mac, wantmac, 20, "the MAC, direction %u", dir);
		memset(mac, 0, 20);
	}
}

/* Names for everything there is, and the flag that programs look for. */
static void info_of(int fd, uint32_t cipher, const char *what, uint32_t mac, size_t keylen)
{
	uint8_t key[64] = {1, [40] = 2};
	struct session_info_op info;
	uint32_t ses;

	if (dev_mac_session(fd, cipher, key, keylen, mac, key, 16, &ses))
		return;
	memset(&info, 0x5a, sizeof(info));
	info.ses = ses;
	expect_ret(0, dev_ioctl(fd, CIOCGSESSINFO, &info));
	expect(info.ses == ses, "%s: ses changed", what);
	expect(info.flags == SIOP_FLAG_KERNEL_DRIVER_ONLY, "%s: flags 0x%x", what, info.flags);
	expect(!(info.alignmask & (info.alignmask + 1u)), "%s: alignmask %u", what, info.alignmask);
	for (int i = 0; i < 2; i++) {
		const char *name = i ? info.hash_info.cra_name : info.cipher_info.cra_name;
		const char *driver =
		    i ? info.hash_info.cra_driver_name : info.cipher_info.cra_driver_name;
		bool want = i ? mac : cipher;

		expect(strnlen(name, 64) < 64 && strnlen(driver, 64) < 64, "%s: no 0 byte", what);
		expect(!*name == !want && !*driver == !want, "%s: '%s', '%s'", what, name, driver);
		if (want)
			note("%s: %s, %s", what, name, driver);
	}
	dev_end(fd, ses);
}

static void infos(void)
{
	const struct ref_cipher *c;
	const struct ref_aead *a;
	const struct ref_mac *m;
	int fd = must_open();

	for (size_t i = 0; (c = ref_cipher_at(i)); i++)
		info_of(fd, c->id, c->name, 0, c->keylens[0]);
	for (size_t i = 0; (a = ref_aead_at(i)); i++)
		info_of(fd, a->id, a->name, 0, a->keylens[0]);
	for (size_t i = 0; (m = ref_mac_at(i)); i++)
		info_of(fd, 0, m->name, m->id, 0);
	info_of(fd, CRYPTO_AES_CBC, "a pair", CRYPTO_SHA1_HMAC, 16);
}

const struct check hashmore_checks[] = {
    {"hash/random-parts", random_parts},
    {"hash/state-machine", state_machine},
    {"hash/copies", copies},
    {"hash/copy-errors", copy_errors},
    {"hash/copies-crossing", copies_crossing},
    {"hash/pair-in-parts", pair_in_parts},
    {"hash/infos", infos},
    {NULL, NULL},
};
