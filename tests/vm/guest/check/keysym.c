/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keysym.c - checks of sessions with symmetric keys by name, against libcrypto with the same key.
 */
#include "keys.h"

#include "../refauth.h"

#define LEN 4096
#define LONG (1000u << 10)
#define NONCE 12
#define TAG 16
#define NONCES 300

static uint8_t plain[LEN], got[LEN + TAG], want[LEN + TAG];

static void fill(void)
{
	for (size_t i = 0; i < LEN; i++)
		plain[i] = (uint8_t)(i * 11);
}

static bool may(const struct crypt_key *key, uint32_t use)
{
	return key->use & use;
}

/* Longer than one request can be, and in place. */
static void long_by_name(const struct keys *k, const struct crypt_key *key, uint32_t ses,
			 const uint8_t *bytes)
{
	static uint8_t long_got[LONG], long_want[LONG];
	uint8_t iv[16];

	for (size_t i = 0; i < LONG; i++)
		long_got[i] = (uint8_t)(i * 13 + i / 509);
	memcpy(iv, test_iv, sizeof(iv));
	expect_ret(0, ref_once(key->alg, bytes, key->key_len, COP_ENCRYPT, iv, long_got, long_want,
			       LONG, NULL));
	expect_ret(0, dev_crypt(k->fd, ses, COP_ENCRYPT, 0, long_got, long_got, LONG, iv));
	expect_same(long_got, long_want, LONG, "%s: a long ciphertext", key->label);
}

static void cipher_by_name(const struct keys *k, const struct crypt_key *key)
{
	uint8_t bytes[CRYPTO_CIPHER_MAX_KEY_LEN], iv[16];
	uint32_t ses = keys_session(k, key);

	keys_bytes(key, bytes);
	memcpy(iv, test_iv, sizeof(iv));
	expect_ret(
	    0, ref_once(key->alg, bytes, key->key_len, COP_ENCRYPT, iv, plain, want, LEN, NULL));
	expect_ret(may(key, CRYPT_KEY_USE_ENCRYPT) ? 0 : -EACCES,
		   dev_crypt(k->fd, ses, COP_ENCRYPT, 0, plain, got, LEN, iv));
	if (may(key, CRYPT_KEY_USE_ENCRYPT))
		expect_same(got, want, LEN, "%s: ciphertext", key->label);
	expect_ret(may(key, CRYPT_KEY_USE_DECRYPT) ? 0 : -EACCES,
		   dev_crypt(k->fd, ses, COP_DECRYPT, 0, want, got, LEN, iv));
	if (may(key, CRYPT_KEY_USE_DECRYPT))
		expect_same(got, plain, LEN, "%s: plaintext", key->label);
	if (may(key, CRYPT_KEY_USE_ENCRYPT))
		long_by_name(k, key, ses, bytes);
	expect_ret(0, dev_end(k->fd, ses));
}

static void mac_by_name(const struct keys *k, const struct crypt_key *key)
{
	uint8_t bytes[CRYPTO_HMAC_MAX_KEY_LEN];
	struct crypt_op op = {.ses = keys_session(k, key), .src = plain, .len = LEN, .mac = got};
	const struct ref_mac *mac = ref_mac_find(key->alg);

	keys_bytes(key, bytes);
	expect_ret(0, ref_digest(mac, bytes, key->key_len, plain, LEN, want));
	expect_ret(0, dev_ioctl(k->fd, CIOCCRYPT, &op));
	expect_same(got, want, mac->size, "%s: MAC", key->label);
	/* In two parts, if the key service need not keep it between them. */
	if (!(key->flags & CRYPT_KEY_FAST)) {
		op.flags = COP_FLAG_RESET | COP_FLAG_UPDATE;
		expect_ret(-EINVAL, dev_ioctl(k->fd, CIOCCRYPT, &op));
		expect_ret(0, dev_end(k->fd, op.ses));
		return;
	}
	memset(got, 0, sizeof(got));
	op.len = 1000;
	op.flags = COP_FLAG_RESET | COP_FLAG_UPDATE;
	expect_ret(0, dev_ioctl(k->fd, CIOCCRYPT, &op));
	op.src = plain + 1000;
	op.len = LEN - 1000;
	op.flags = COP_FLAG_FINAL;
	expect_ret(0, dev_ioctl(k->fd, CIOCCRYPT, &op));
	expect_same(got, want, mac->size, "%s: MAC in parts", key->label);
	expect_ret(0, dev_end(k->fd, op.ses));
}

/* The IV of the ABI that has this nonce. */
static void abi_iv(const struct crypt_key *key, uint8_t iv[16], const uint8_t nonce[NONCE])
{
	memset(iv, 0, 16);
	if (key->alg == CRYPTO_AES_CCM)
		iv[0] = 14 - NONCE;
	memcpy(iv + (key->alg == CRYPTO_AES_CCM), nonce, NONCE);
}

static void aead_by_name(const struct keys *k, const struct crypt_key *key)
{
	uint8_t bytes[CRYPTO_CIPHER_MAX_KEY_LEN], nonce[16], iv[16];
	bool ours = key->flags & CRYPT_KEY_IV_GUEST;
	struct crypt_auth_op op = {.ses = keys_session(k, key),
				   .src = plain,
				   .len = LEN,
				   .dst = got,
				   .auth_src = (uint8_t *)test_pt,
				   .auth_len = sizeof(test_pt),
				   .iv = ours ? iv : nonce};
	struct ref_auth ref = {.cipher = key->alg,
			       .key = bytes,
			       .keylen = key->key_len,
			       .iv = iv,
			       .aad = test_pt,
			       .aadlen = sizeof(test_pt),
			       .taglen = TAG};
	size_t len;

	keys_bytes(key, bytes);
	abi_iv(key, iv, test_iv);
	memset(nonce, 0xa5, sizeof(nonce));
	expect_ret(0, dev_ioctl(k->fd, CIOCAUTHCRYPT, &op));
	if (!ours)
		abi_iv(key, iv, nonce);
	expect(ours || (nonce[NONCE] == 0xa5 && nonce[15] == 0xa5), "%s: more than a nonce",
	       key->label);
	memcpy(want, plain, LEN);
	expect_ret(0, ref_aead(&ref, want, LEN, &len));
	expect(op.len == len, "%s: %u bytes, not %zu", key->label, op.len, len);
	expect_same(got, want, len, "%s: what was sealed", key->label);
	/* Open it, and something else. */
	op.op = COP_DECRYPT;
	op.src = want;
	op.dst = got;
	op.len = LEN + TAG;
	op.iv = iv;
	expect_ret(0, dev_ioctl(k->fd, CIOCAUTHCRYPT, &op));
	expect_same(got, plain, LEN, "%s: what was opened", key->label);
	want[0] ^= 1;
	op.len = LEN + TAG;
	expect_ret(-EBADMSG, dev_ioctl(k->fd, CIOCAUTHCRYPT, &op));
	expect_ret(0, dev_end(k->fd, op.ses));
}

static void every_algorithm(void)
{
	unsigned int count = 0;
	struct keys k;

	keys_open(&k);
	fill();
	for (uint32_t i = 0; i < k.count; i++) {
		const struct crypt_key *key = &k.key[i];

		if (key->kind != VCD_KIND_SYMMETRIC)
			continue;
		if (ref_mac_find(key->alg))
			mac_by_name(&k, key);
		else if (ref_aead_find(key->alg))
			aead_by_name(&k, key);
		else
			cipher_by_name(&k, key);
		count++;
	}
	if (!count)
		skip("no symmetric key");
	note("%u keys", count);
}

static const struct crypt_key *aead_of_host(const struct keys *k)
{
	for (uint32_t i = 0; i < k->count; i++)
		if (k->key[i].kind == VCD_KIND_SYMMETRIC && ref_aead_find(k->key[i].alg) &&
		    !(k->key[i].flags & CRYPT_KEY_IV_GUEST))
			return &k->key[i];
	skip("no AEAD whose nonce the host makes");
}

/* No nonce comes twice, in whatever session; and there has to be a place for it. */
static void nonces(void)
{
	static uint8_t seen[NONCES][NONCE];
	const struct crypt_key *key;
	struct keys k;

	keys_open(&k);
	key = aead_of_host(&k);
	for (unsigned int i = 0; i < NONCES; i++) {
		struct crypt_auth_op op = {.ses = keys_session(&k, key),
					   .src = plain,
					   .len = 16,
					   .dst = got,
					   .iv = seen[i]};

		expect_ret(0, dev_ioctl(k.fd, CIOCAUTHCRYPT, &op));
		for (unsigned int n = 0; n < i; n++)
			expect(memcmp(seen[n], seen[i], NONCE) != 0, "nonces %u and %u are one", n,
			       i);
		memset(got, 0xa5, 16);
		op.len = 16;
		op.iv = NULL;
		expect_ret(-EFAULT, dev_ioctl(k.fd, CIOCAUTHCRYPT, &op));
		expect(got[0] == 0xa5, "encrypted although there is no place for the nonce");
		op.iv = bad_page();
		expect_ret(-EFAULT, dev_ioctl(k.fd, CIOCAUTHCRYPT, &op));
		expect_ret(0, dev_end(k.fd, op.ses));
	}
}

/* A key has one algorithm, and one kind of use. */
static void other_uses(void)
{
	static const uint32_t ciphers[] = {CRYPTO_AES_CBC, CRYPTO_AES_CTR, CRYPTO_AES_XTS,
					   CRYPTO_AES_ECB, CRYPTO_AES_GCM, CRYPTO_AES_CCM};
	static const uint32_t macs[] = {CRYPTO_SHA2_256_HMAC, CRYPTO_SHA2_512_HMAC,
					CRYPTO_AES_CMAC};
	unsigned int count = 0;
	struct keys k;

	keys_open(&k);
	for (uint32_t i = 0; i < k.count; i++) {
		const struct crypt_key *key = &k.key[i];
		struct crypt_label_op op = {0};
		struct crypt_key_op sign;

		if (key->kind != VCD_KIND_SYMMETRIC)
			continue;
		count++;
		memcpy(op.label, key->label, sizeof(op.label));
		expect_ret(-EINVAL, dev_ioctl(k.fd, CIOCGSESSLABEL, &op));
		for (size_t n = 0; n < ARRAY_SIZE(ciphers); n++) {
			op.cipher = ciphers[n];
			if (ciphers[n] != key->alg)
				expect_ret(-EINVAL, dev_ioctl(k.fd, CIOCGSESSLABEL, &op));
		}
		op.cipher = 0;
		for (size_t n = 0; n < ARRAY_SIZE(macs); n++) {
			op.mac = macs[n];
			if (macs[n] != key->alg)
				expect_ret(-EINVAL, dev_ioctl(k.fd, CIOCGSESSLABEL, &op));
		}
		sign = keys_sign_op(keys_session(&k, key), key_scheme_at(0), plain, 32, got,
				    sizeof(got));
		expect_ret(-EINVAL, dev_ioctl(k.fd, CIOCKEYOP, &sign));
	}
	if (!count)
		skip("no symmetric key");
}

/* All that programs do with sessions: asynchronously, in batches, after one another. */
static void as_any_session(void)
{
	const struct crypt_key *key = NULL;
	uint8_t bytes[CRYPTO_CIPHER_MAX_KEY_LEN], iv[16];
	struct crypt_op ops[4];
	int32_t status[4];
	struct crypt_batch batch = {.count = 4, .ops = (uintptr_t)ops, .status = (uintptr_t)status};
	struct keys k;
	uint32_t ses;

	keys_open(&k);
	for (uint32_t i = 0; i < k.count && !key; i++)
		if (k.key[i].kind == VCD_KIND_SYMMETRIC && ref_cipher_find(k.key[i].alg) &&
		    may(&k.key[i], CRYPT_KEY_USE_ENCRYPT))
			key = &k.key[i];
	if (!key)
		skip("no cipher");
	fill();
	keys_bytes(key, bytes);
	ses = keys_session(&k, key);
	for (unsigned int i = 0; i < 4; i++) {
		ops[i] = (struct crypt_op){.ses = ses,
					   .src = plain + (size_t)i * 1024,
					   .dst = got + (size_t)i * 1024,
					   .len = 1024,
					   .iv = iv};
		memcpy(iv, test_iv, sizeof(iv));
		expect_ret(0, ref_once(key->alg, bytes, key->key_len, COP_ENCRYPT, iv, ops[i].src,
				       want + (size_t)i * 1024, 1024, NULL));
	}
	memcpy(iv, test_iv, sizeof(iv));
	expect_ret(0, dev_ioctl(k.fd, CIOCCRYPTBATCH, &batch));
	for (unsigned int i = 0; i < 4; i++)
		expect_ret(0, status[i]);
	expect_same(got, want, 4096, "%s: in a batch", key->label);
	memset(got, 0, sizeof(got));
	for (unsigned int i = 0; i < 4; i++)
		expect_ret(0, dev_ioctl(k.fd, CIOCASYNCCRYPT, &ops[i]));
	for (unsigned int i = 0; i < 4;) {
		struct crypt_op op;
		int err = dev_ioctl(k.fd, CIOCASYNCFETCH, &op);

		if (err == -EBUSY)
			continue;
		expect_ret(0, err);
		i++;
	}
	expect_same(got, want, 4096, "%s: asynchronously", key->label);
}

const struct check keysym_checks[] = {
    {"keys/every-algorithm", every_algorithm},
    {"keys/nonces", nonces},
    {"keys/other-uses", other_uses},
    {"keys/as-any-session", as_any_session},
    {NULL, NULL},
};
