/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aeadabuse.c - CIOCAUTHCRYPT with plain AEADs: refusals, and that nothing that failed
 * authentication is ever seen.
 */
#include "auth.h"

#include <sys/mman.h>

/* Everything that was sealed matters, and what does not fit is not shown, nor ever was. */
static void forged(const struct ref_aead *aead, int fd, uint32_t ses, size_t len, bool in_place)
{
	uint8_t *data = random_map(len, 5), *aad = random_map(64, 6), iv[16];
	uint8_t *sealed = must_map(len + 16), *dst = must_map(len + 16);
	struct ref_auth a = {.cipher = aead->id,
			     .key = auth_keys,
			     .keylen = aead->keylens[0],
			     .iv = iv,
			     .aad = aad,
			     .aadlen = 64,
			     .taglen = 16};
	uint8_t *const spots[] = {sealed, sealed + len / 2, sealed + len, sealed + len + 15, aad,
				  iv + 5};
	size_t got;

	auth_nonce(aead, iv, 70);
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
		if (dev_session(fd, aead->id, auth_keys, aead->keylens[0], &ses))
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
			     .key = auth_keys,
			     .keylen = 16,
			     .iv = iv,
			     .aad = aad,
			     .aadlen = 20,
			     .taglen = 16};
	int fd = must_open();
	uint32_t ses = need_aead(fd, ref_aead_find(CRYPTO_AES_GCM), auth_keys, 16);
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
	uint32_t gcm = need_aead(fd, ref_aead_find(CRYPTO_AES_GCM), auth_keys, 16), sha, pair, ses;
	struct crypt_auth_op op = {
	    .len = 64, .src = (uint8_t *)test_pt, .dst = out, .iv = iv, .ses = gcm};

	for (unsigned int flags = 0; flags < 0x80; flags++) {
		expect_ret(-EINVAL, dev_crypt(fd, gcm, 0, flags, test_pt, out, 64, iv));
		expect_ret(-EINVAL, dev_crypt(fd, gcm, 1, flags, test_pt, out, 0, NULL));
	}
	expect_ret(0, auth_call(fd, &op));
	expect_ret(-EINVAL, dev_mac_session(fd, CRYPTO_AES_GCM, auth_keys, 16, CRYPTO_SHA1_HMAC,
					    auth_keys, 16, &ses));
	expect_ret(-EINVAL, dev_session(fd, CRYPTO_AES_GCM, auth_keys, 15, &ses));
	expect_ret(-EINVAL, dev_session(fd, CRYPTO_AES_GCM, auth_keys, 0, &ses));
	if (!dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256, NULL, 0, &sha)) {
		for (unsigned int flags = 0; flags < 0x80; flags++) {
			op.ses = sha;
			op.flags = (uint16_t)flags;
			op.len = 64;
			op.dst = op.src = out;
			expect_ret(-EINVAL, auth_call(fd, &op));
		}
	}
	if (!dev_mac_session(fd, CRYPTO_AES_CBC, auth_keys, 16, CRYPTO_SHA1_HMAC, auth_keys, 16,
			     &pair)) {
		op = (struct crypt_auth_op){
		    .len = 64, .src = out, .dst = out, .iv = iv, .ses = pair};
		expect_ret(-EINVAL, auth_call(fd, &op));
		op.flags = COP_FLAG_AEAD_SRTP_TYPE;
		op.auth_src = out;
		op.auth_len = 64;
		expect_ret(-EINVAL, auth_call(fd, &op));
	}
}

const struct check aeadabuse_checks[] = {
    {"aead/forgeries", forgeries},
    {"aead/refusals", refusals},
    {"aead/wrong-session", wrong_session},
    {NULL, NULL},
};
