/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ref.c - what the right answers are, by libcrypto.
 */
#include "ref.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

/* libcrypto takes an int; larger data goes in pieces of this size, a multiple of every block. */
#define PIECE (1u << 30)

/*
 * DES and Blowfish are in a module of libcrypto 3 that a static program lacks. DES is triple DES
 * with one key; Blowfish is absent.
 */
static const struct ref_cipher ciphers[] = {
    {CRYPTO_AES_CBC,
     "aes-cbc",
     16,
     16,
     {16, 24, 32},
     {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"},
     true},
    {CRYPTO_AES_ECB,
     "aes-ecb",
     16,
     0,
     {16, 24, 32},
     {"AES-128-ECB", "AES-192-ECB", "AES-256-ECB"},
     true},
    {CRYPTO_AES_CTR,
     "aes-ctr",
     1,
     16,
     {16, 24, 32},
     {"AES-128-CTR", "AES-192-CTR", "AES-256-CTR"},
     true},
    {CRYPTO_NULL, "null", 1, 0, {0}, {NULL}, true},
    {CRYPTO_3DES_CBC, "3des-cbc", 8, 8, {24}, {"DES-EDE3-CBC"}, true},
    {CRYPTO_DES_CBC, "des-cbc", 8, 8, {8}, {"DES-EDE3-CBC"}, true},
    {CRYPTO_CAMELLIA_CBC,
     "camellia-cbc",
     16,
     16,
     {16, 24, 32},
     {"CAMELLIA-128-CBC", "CAMELLIA-192-CBC", "CAMELLIA-256-CBC"},
     true},
    {CRYPTO_AES_XTS, "aes-xts", 16, 16, {32, 64}, {"AES-128-XTS", "AES-256-XTS"}, false},
    {CRYPTO_AES_CFB,
     "aes-cfb",
     1,
     16,
     {16, 24, 32},
     {"AES-128-CFB", "AES-192-CFB", "AES-256-CFB"},
     true},
    {CRYPTO_AES_OFB,
     "aes-ofb",
     1,
     16,
     {16, 24, 32},
     {"AES-128-OFB", "AES-192-OFB", "AES-256-OFB"},
     true},
};

static const struct ref_mac macs[] = {
    {CRYPTO_MD5, "md5", "MD5", 16, false},
    {CRYPTO_SHA1, "sha1", "SHA1", 20, false},
    {CRYPTO_SHA2_224, "sha224", "SHA224", 28, false},
    {CRYPTO_SHA2_256, "sha256", "SHA256", 32, false},
    {CRYPTO_SHA2_384, "sha384", "SHA384", 48, false},
    {CRYPTO_SHA2_512, "sha512", "SHA512", 64, false},
    {CRYPTO_SHA3_224, "sha3-224", "SHA3-224", 28, false},
    {CRYPTO_SHA3_256, "sha3-256", "SHA3-256", 32, false},
    {CRYPTO_SHA3_384, "sha3-384", "SHA3-384", 48, false},
    {CRYPTO_SHA3_512, "sha3-512", "SHA3-512", 64, false},
    {CRYPTO_RIPEMD160, "ripemd160", "RIPEMD160", 20, false},
    {CRYPTO_MD5_HMAC, "hmac-md5", "MD5", 16, true},
    {CRYPTO_SHA1_HMAC, "hmac-sha1", "SHA1", 20, true},
    {CRYPTO_SHA2_224_HMAC, "hmac-sha224", "SHA224", 28, true},
    {CRYPTO_SHA2_256_HMAC, "hmac-sha256", "SHA256", 32, true},
    {CRYPTO_SHA2_384_HMAC, "hmac-sha384", "SHA384", 48, true},
    {CRYPTO_SHA2_512_HMAC, "hmac-sha512", "SHA512", 64, true},
    {CRYPTO_RIPEMD160_HMAC, "hmac-ripemd160", "RIPEMD160", 20, true},
    {CRYPTO_AES_CMAC, "aes-cmac", NULL, 16, true},
};

const struct ref_cipher *ref_cipher_at(size_t i)
{
	return i < sizeof(ciphers) / sizeof(ciphers[0]) ? &ciphers[i] : NULL;
}

const struct ref_cipher *ref_cipher_find(uint32_t id)
{
	for (size_t i = 0; ref_cipher_at(i); i++)
		if (ciphers[i].id == id)
			return &ciphers[i];
	return NULL;
}

unsigned int ref_cipher_keys(const struct ref_cipher *c)
{
	unsigned int n = 0;

	while (n < 3 && c->keylens[n])
		n++;
	return n ? n : 1;
}

const struct ref_mac *ref_mac_at(size_t i)
{
	return i < sizeof(macs) / sizeof(macs[0]) ? &macs[i] : NULL;
}

const struct ref_mac *ref_mac_find(uint32_t id)
{
	for (size_t i = 0; ref_mac_at(i); i++)
		if (macs[i].id == id)
			return &macs[i];
	return NULL;
}

int ref_session_init(struct ref_session *s, const struct ref_cipher *c, const uint8_t *key,
		     uint32_t keylen)
{
	memset(s, 0, sizeof(*s));
	if (keylen > sizeof(s->key))
		return -EINVAL;
	s->c = c;
	s->keylen = keylen;
	if (keylen)
		memcpy(s->key, key, keylen);
	return 0;
}

void ref_session_free(struct ref_session *s)
{
	EVP_CIPHER_CTX_free(s->ctx[0]);
	EVP_CIPHER_CTX_free(s->ctx[1]);
	OPENSSL_cleanse(s, sizeof(*s));
}

/*
 * Fetching an algorithm by name is slow in libcrypto 3, so each is fetched once
 * and kept, for all threads.
 */
static pthread_mutex_t fetch_lock = PTHREAD_MUTEX_INITIALIZER;

static const EVP_CIPHER *fetch_cipher(const struct ref_cipher *c, uint32_t keylen)
{
	static EVP_CIPHER *cache[sizeof(ciphers) / sizeof(ciphers[0])][3];
	size_t row = (size_t)(c - ciphers);
	const EVP_CIPHER *evp = NULL;

	pthread_mutex_lock(&fetch_lock);
	for (unsigned int i = 0; i < ref_cipher_keys(c); i++) {
		if (c->keylens[i] != keylen)
			continue;
		if (!cache[row][i])
			cache[row][i] = EVP_CIPHER_fetch(NULL, c->evp[i], NULL);
		evp = cache[row][i];
	}
	pthread_mutex_unlock(&fetch_lock);
	return evp;
}

static const EVP_MD *fetch_digest(const struct ref_mac *m)
{
	static EVP_MD *cache[sizeof(macs) / sizeof(macs[0])];
	EVP_MD **evp = &cache[m - macs];

	pthread_mutex_lock(&fetch_lock);
	if (!*evp)
		*evp = EVP_MD_fetch(NULL, m->evp, NULL);
	pthread_mutex_unlock(&fetch_lock);
	return *evp;
}

static EVP_CIPHER_CTX *direction(struct ref_session *s, unsigned int op)
{
	const EVP_CIPHER *evp;
	EVP_CIPHER_CTX *ctx;
	uint8_t key[REF_MAX_KEY];

	if (s->ctx[op])
		return s->ctx[op];
	memcpy(key, s->key, sizeof(key));
	for (int i = 1; i < 3 && s->c->id == CRYPTO_DES_CBC; i++)
		memcpy(key + (size_t)i * 8, s->key, 8);
	evp = fetch_cipher(s->c, s->keylen);
	ctx = EVP_CIPHER_CTX_new();
	if (!evp || !ctx || EVP_CipherInit_ex(ctx, evp, NULL, key, NULL, op == COP_ENCRYPT) != 1 ||
	    EVP_CIPHER_CTX_set_padding(ctx, 0) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	OPENSSL_cleanse(key, sizeof(key));
	return s->ctx[op] = ctx;
}

void ref_counter_add(uint8_t ctr[16], uint64_t n)
{
	for (int i = 15; i >= 0 && n; i--) {
		n += ctr[i];
		ctr[i] = (uint8_t)n;
		n >>= 8;
	}
}

/*
 * The IV that continues, in two steps, for the data may be in place: before the cipher ran on
 * @src, and after it wrote @dst. In CFB and OFB a part of a block does not count.
 */
static void next_iv_before(const struct ref_cipher *c, unsigned int op, const uint8_t *src,
			   size_t len, uint8_t *next)
{
	size_t whole = len / 16 * 16;

	if (c->id == CRYPTO_AES_CTR)
		ref_counter_add(next, (len + 15) / 16);
	else if (c->id == CRYPTO_AES_OFB && whole)
		memcpy(next, src + whole - 16, 16);
	else if (c->id == CRYPTO_AES_CFB && whole && op == COP_DECRYPT)
		memcpy(next, src + whole - 16, 16);
	else if (c->block > 1 && c->ivsize && op == COP_DECRYPT)
		memcpy(next, src + len - c->ivsize, c->ivsize);
}

static void next_iv_after(const struct ref_cipher *c, unsigned int op, const uint8_t *dst,
			  size_t len, uint8_t *next)
{
	size_t whole = len / 16 * 16;

	if (c->id == CRYPTO_AES_OFB)
		for (size_t i = 0; whole && i < 16; i++)
			next[i] ^= dst[whole - 16 + i];
	else if (c->id == CRYPTO_AES_CFB && whole && op == COP_ENCRYPT)
		memcpy(next, dst + whole - 16, 16);
	else if (c->block > 1 && c->ivsize && op == COP_ENCRYPT)
		memcpy(next, dst + len - c->ivsize, c->ivsize);
}

int ref_crypt(struct ref_session *s, unsigned int op, const uint8_t *iv, const uint8_t *src,
	      uint8_t *dst, size_t len)
{
	const struct ref_cipher *c = s->c;
	uint8_t next[REF_MAX_IV];
	EVP_CIPHER_CTX *ctx;

	if (!c->evp[0]) {
		memmove(dst, src, len);
		return 0;
	}
	if (!len)
		return 0;
	ctx = direction(s, op);
	if (iv && c->ivsize)
		memcpy(s->iv, iv, c->ivsize);
	if (!ctx || EVP_CipherInit_ex(ctx, NULL, NULL, NULL, s->iv, -1) != 1)
		return -EIO;
	memcpy(next, s->iv, sizeof(next));
	if (c->next_iv)
		next_iv_before(c, op, src, len, next);

	for (size_t done = 0; done < len;) {
		size_t n = len - done < PIECE ? len - done : PIECE;
		int got;

		if (EVP_CipherUpdate(ctx, dst + done, &got, src + done, (int)n) != 1 ||
		    (size_t)got != n)
			return -EIO;
		done += n;
	}
	if (c->next_iv)
		next_iv_after(c, op, dst, len, next);
	memcpy(s->iv, next, sizeof(next));
	return 0;
}

int ref_once(uint32_t cipher, const uint8_t *key, uint32_t keylen, unsigned int op,
	     const uint8_t *iv, const uint8_t *src, uint8_t *dst, size_t len, uint8_t *next_iv)
{
	const struct ref_cipher *c = ref_cipher_find(cipher);
	struct ref_session s;
	int err;

	if (!c)
		return -EINVAL;
	err = ref_session_init(&s, c, key, keylen);
	if (!err)
		err = ref_crypt(&s, op, iv, src, dst, len);
	if (next_iv)
		memcpy(next_iv, s.iv, c->ivsize);
	ref_session_free(&s);
	return err;
}

static int cmac(const uint8_t *key, size_t keylen, const uint8_t *src, size_t len, uint8_t *out)
{
	static const char *const names[] = {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"};
	size_t got = 0;

	if (keylen != 16 && keylen != 24 && keylen != 32)
		return -EINVAL;
	return EVP_Q_mac(NULL, "CMAC", NULL, names[keylen / 8 - 2], NULL, key, keylen, src, len,
			 out, 16, &got) &&
		       got == 16
		   ? 0
		   : -EIO;
}

int ref_digest(const struct ref_mac *m, const uint8_t *key, size_t keylen, const uint8_t *src,
	       size_t len, uint8_t *out)
{
	const EVP_MD *evp = m->evp ? fetch_digest(m) : NULL;
	unsigned int size = 0;

	if (m->id == CRYPTO_AES_CMAC)
		return cmac(key, keylen, src, len, out);
	if (!evp)
		return -EIO;
	if (m->keyed) {
		if (!HMAC(evp, keylen ? (const void *)key : "", (int)keylen, src, len, out, &size))
			return -EIO;
	} else if (EVP_Digest(src, len, out, &size, evp, NULL) != 1) {
		return -EIO;
	}
	return size == m->size ? 0 : -EIO;
}
