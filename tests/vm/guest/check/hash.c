/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hash.c - CIOCCRYPT on sessions with a hash or MAC. A device need not have any:
 * each check skips when it lacks the algorithm.
 */
#include "check.h"

#include <stdio.h>
#include <unistd.h>

static int hash(int fd, uint32_t ses, unsigned int flags, const void *src, size_t len, void *mac)
{
	struct crypt_op op = {.ses = ses,
			      .flags = (uint16_t)flags,
			      .len = (uint32_t)len,
			      .src = (uint8_t *)src,
			      .mac = mac};

	return dev_ioctl(fd, CIOCCRYPT, &op);
}

static uint32_t need_mac(int fd, uint32_t mac)
{
	const struct ref_mac *m = ref_mac_find(mac);
	uint32_t ses;

	if (dev_mac_session(fd, 0, NULL, 0, mac, test_key, m->keyed ? 16 : 0, &ses))
		skip("the device has no %s", m->name);
	return ses;
}

/* Every hash and MAC the device has, lengths around blocks and pages, nothing behind the digest. */
static void one_shot(void)
{
	static const size_t lens[] = {0,   1,	55,  56,   63,	 64,   65,    111,     112,
				      127, 128, 129, 1000, 4096, 4097, 65536, 1u << 20};
	const struct ref_mac *m;
	uint8_t *src = must_map(1u << 20), want[64];
	unsigned int seen = 0;
	int fd = must_open();
	struct rnd r;

	rnd_seed(&r, 50, 0);
	rnd_fill(&r, src, 1u << 20);
	for (size_t i = 0; (m = ref_mac_at(i)); i++) {
		uint32_t ses;

		if (dev_mac_session(fd, 0, NULL, 0, m->id, test_key, m->keyed ? 16 : 0, &ses))
			continue;
		seen++;
		for (size_t n = 0; n < ARRAY_SIZE(lens); n++) {
			struct guard g;

			guard_make(&g, m->size, n & 1);
			expect_ret(0, hash(fd, ses, 0, src, lens[n], g.buf));
			expect_ret(0, ref_digest(m, test_key, 16, src, lens[n], want));
			expect_same(g.buf, want, m->size, "%s of %zu bytes", m->name, lens[n]);
			guard_check(&g);
			guard_free(&g);
		}
	}
	if (!seen)
		skip("the device has no hash or MAC");
}

static void update_final(void)
{
	int fd = must_open();
	uint32_t ses = need_mac(fd, CRYPTO_SHA2_256);
	const struct ref_mac *m = ref_mac_find(CRYPTO_SHA2_256);
	uint8_t got[32], want[32], empty[32];

	ref_digest(m, NULL, 0, test_pt, 64, want);
	ref_digest(m, NULL, 0, NULL, 0, empty);
	/* UPDATE without FINAL ignores mac */
	expect_ret(0, hash(fd, ses, COP_FLAG_UPDATE, test_pt, 10, NULL));
	expect_ret(0, hash(fd, ses, COP_FLAG_UPDATE, test_pt + 10, 50, NULL));
	expect_ret(0, hash(fd, ses, COP_FLAG_UPDATE | COP_FLAG_FINAL, test_pt + 60, 4, got));
	expect_same(got, want, 32, "in three parts");
	expect_ret(0, hash(fd, ses, COP_FLAG_UPDATE | COP_FLAG_RESET, test_pt, 64, NULL));
	expect_ret(0, hash(fd, ses, COP_FLAG_FINAL, NULL, 0, got));
	expect_same(got, want, 32, "RESET, then FINAL without data");
	expect_ret(0, hash(fd, ses, COP_FLAG_UPDATE | COP_FLAG_RESET, test_pt, 64, NULL));
	expect_ret(0, hash(fd, ses, COP_FLAG_UPDATE, NULL, 0, got));
	expect_same(got, want, 32, "UPDATE with nothing ends the hash");
	expect_ret(0, hash(fd, ses, COP_FLAG_RESET, NULL, 0, got));
	expect_same(got, empty, 32, "RESET alone: digest of nothing");
	expect_ret(
	    0, hash(fd, ses, COP_FLAG_RESET | COP_FLAG_UPDATE | COP_FLAG_FINAL, test_pt, 64, got));
	expect_same(got, want, 32, "all three");
	expect_ret(0, hash(fd, ses, 0, test_pt, 64, got));
	expect_same(got, want, 32, "flags 0 starts anew");
}

static void hash_errors(void)
{
	int fd = must_open();
	uint32_t ses = need_mac(fd, CRYPTO_SHA2_256), s;
	uint8_t got[64], want[32], key[520] = {0};

	expect_refused(hash(fd, ses, 0, test_pt, 64, NULL));
	expect_ret(-EFAULT, hash(fd, ses, 0, test_pt, 64, bad_page()));
	expect_ret(-EFAULT, hash(fd, ses, 0, test_pt, 64, readonly_page(0)));
	expect_ret(-EFAULT, hash(fd, ses, 0, bad_page(), 64, got));
	expect_refused(hash(fd, ses, 0, NULL, 64, got));
	expect_ret(-EINVAL, dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256, key, 513, &s));
	ref_digest(ref_mac_find(CRYPTO_SHA2_256), NULL, 0, test_pt, 64, want);
	expect_ret(0, hash(fd, ses, 0, test_pt, 64, got));
	expect_same(got, want, 32, "after errors");
}

static void hmac_keys(void)
{
	static const size_t lens[] = {0, 1, 16, 63, 64, 65, 128, 200, 512};
	const struct ref_mac *m = ref_mac_find(CRYPTO_SHA2_256_HMAC);
	uint8_t key[513], got[32], want[32];
	int fd = must_open();
	uint32_t ses = need_mac(fd, CRYPTO_SHA2_256_HMAC);

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		expect_ret(
		    0, dev_mac_session(fd, 0, NULL, 0, m->id, lens[i] ? key : NULL, lens[i], &ses));
		expect_ret(0, hash(fd, ses, 0, test_pt, 64, got));
		ref_digest(m, key, lens[i], test_pt, 64, want);
		expect_same(got, want, 32, "HMAC key of %zu bytes", lens[i]);
	}
	expect_ret(-EINVAL, dev_mac_session(fd, 0, NULL, 0, m->id, key, 513, &ses));
	expect_ret(-EFAULT, dev_mac_session(fd, 0, NULL, 0, m->id, bad_page(), 16, &ses));
}

/* Cipher and MAC in one call: the plaintext is hashed in both directions. */
static void cipher_and_mac(void)
{
	const struct ref_mac *m = ref_mac_find(CRYPTO_SHA1_HMAC);
	uint8_t out[64], mac[20], want[20], iv[16];
	int fd = must_open();
	uint32_t ses;

	need_mac(fd, CRYPTO_SHA1_HMAC);
	if (dev_mac_session(fd, CRYPTO_AES_CBC, test_key, 16, m->id, test_key, 16, &ses))
		skip("the device cannot combine a cipher and a MAC");
	ref_digest(m, test_key, 16, test_pt, 64, want);
	memcpy(iv, test_iv, 16);
	struct crypt_op op = {
	    .ses = ses, .len = 64, .src = (uint8_t *)test_pt, .dst = out, .mac = mac, .iv = iv};

	expect_ret(0, dev_ioctl(fd, CIOCCRYPT, &op));
	expect_same(out, test_cbc, 64, "the cipher's part");
	expect_same(mac, want, 20, "MAC while encrypting");
	memset(mac, 0, sizeof(mac));
	op.op = COP_DECRYPT;
	op.src = out;
	expect_ret(0, dev_ioctl(fd, CIOCCRYPT, &op));
	expect_same(out, test_pt, 64, "the cipher's part, decrypted");
	expect_same(mac, want, 20, "MAC while decrypting");
}

static void copy(void)
{
	int fd = must_open();
	uint32_t from = need_mac(fd, CRYPTO_SHA2_256), to = need_mac(fd, CRYPTO_SHA2_256), cipher;
	uint8_t got[32], want[32];
	struct cphash_op op = {.dst_ses = to, .src_ses = from};

	expect_ret(0, hash(fd, from, COP_FLAG_UPDATE, test_pt, 30, NULL));
	if (dev_ioctl(fd, CIOCCPHASH, &op) == -EINVAL)
		skip("the device cannot copy a hash");
	expect_ret(0, hash(fd, from, COP_FLAG_UPDATE, test_pt, 1, NULL));
	expect_ret(0, hash(fd, to, COP_FLAG_FINAL, test_pt + 30, 34, got));
	ref_digest(ref_mac_find(CRYPTO_SHA2_256), NULL, 0, test_pt, 64, want);
	expect_same(got, want, 32, "continued on the copy");
	cipher = must_session(fd, CRYPTO_AES_CBC);
	op.src_ses = op.dst_ses;
	expect_ret(-EDEADLK, dev_ioctl(fd, CIOCCPHASH, &op));
	op.src_ses = cipher;
	expect_ret(-EINVAL, dev_ioctl(fd, CIOCCPHASH, &op));
	op.src_ses = 0xfffffff0;
	expect_ret(-ENOENT, dev_ioctl(fd, CIOCCPHASH, &op));
}

static void session_info(void)
{
	struct session_info_op info = {0};
	int fd = must_open();

	info.ses = 0xfffffff0;
	expect_ret(-EINVAL, dev_ioctl(fd, CIOCGSESSINFO, &info));
	info.ses = must_session(fd, CRYPTO_AES_CBC);
	if (dev_ioctl(fd, CIOCGSESSINFO, &info) == -EINVAL)
		skip("the driver has no CIOCGSESSINFO");
	expect(!strcmp(info.cipher_info.cra_name, "cbc(aes)"), "cipher is called '%.63s'",
	       info.cipher_info.cra_name);
	expect(info.cipher_info.cra_driver_name[0], "no driver name");
	expect(!info.hash_info.cra_name[0], "a hash '%.63s'", info.hash_info.cra_name);
	note("%s, %s, alignmask %u, flags %u", info.cipher_info.cra_name,
	     info.cipher_info.cra_driver_name, info.alignmask, info.flags);
}

const struct check hash_checks[] = {
    {"hash/one-shot", one_shot},
    {"hash/update-final", update_final},
    {"hash/errors", hash_errors},
    {"hash/hmac-keys", hmac_keys},
    {"hash/cipher-and-mac", cipher_and_mac},
    {"hash/copy", copy},
    {"hash/session-info", session_info},
    {NULL, NULL},
};
