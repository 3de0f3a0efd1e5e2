/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_engine_selftest.c - an algorithm that is computed wrongly is not offered, the others are.
 *
 * The program is linked with wrappers of some functions of libcrypto and libipsec-mb, which
 * spoil what the test names in one way.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

#include "cryptodev.h"
#include "engine/alg.h"
#include "tests/unit/engines.h"
#include "tests/unit/fake_cryptodev.h"

#ifdef VCD_HAVE_IPSEC_MB
#include <intel-ipsec-mb.h>
#endif

/* ---- faults ----------------------------------------------------------------------------- */

enum fault {
	NO_FAULT,
	NOT_THERE,	/* the cipher @name cannot be fetched */
	BAD_OUTPUT,	/* of the cipher or hash @name; of all for NULL */
	BAD_DECRYPTION, /* of the cipher @name */
	STALE_IV,	/* the second IV and all later ones are ignored */
	ANY_TAG_GOES,	/* EVP_CipherFinal_ex() succeeds */
	MAC_NOT_ANEW,	/* OpenSSL 3.0.0 to 3.0.2 */
	HASH_NOT_ANEW,	/* the same of hashes */
	COPY_IS_FRESH,	/* the copy of a hash knows nothing of what was fed */
};

static struct {
	enum fault fault;
	const char *name;
	const char *mb;
	unsigned int inits;
} bad;

EVP_CIPHER *__real_EVP_CIPHER_fetch(OSSL_LIB_CTX *ctx, const char *name, const char *properties);
EVP_CIPHER *__wrap_EVP_CIPHER_fetch(OSSL_LIB_CTX *ctx, const char *name, const char *properties);
int __real_EVP_CipherUpdate(EVP_CIPHER_CTX *ctx, unsigned char *out, int *outl,
			    const unsigned char *in, int inl);
int __wrap_EVP_CipherUpdate(EVP_CIPHER_CTX *ctx, unsigned char *out, int *outl,
			    const unsigned char *in, int inl);
int __real_EVP_CipherInit_ex2(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher,
			      const unsigned char *key, const unsigned char *iv, int enc,
			      const OSSL_PARAM params[]);
int __wrap_EVP_CipherInit_ex2(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher,
			      const unsigned char *key, const unsigned char *iv, int enc,
			      const OSSL_PARAM params[]);
int __real_EVP_CipherFinal_ex(EVP_CIPHER_CTX *ctx, unsigned char *out, int *outl);
int __wrap_EVP_CipherFinal_ex(EVP_CIPHER_CTX *ctx, unsigned char *out, int *outl);
int __real_EVP_DigestInit_ex2(EVP_MD_CTX *ctx, const EVP_MD *type, const OSSL_PARAM params[]);
int __wrap_EVP_DigestInit_ex2(EVP_MD_CTX *ctx, const EVP_MD *type, const OSSL_PARAM params[]);
int __real_EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *s);
int __wrap_EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *s);
int __real_EVP_MD_CTX_copy_ex(EVP_MD_CTX *out, const EVP_MD_CTX *in);
int __wrap_EVP_MD_CTX_copy_ex(EVP_MD_CTX *out, const EVP_MD_CTX *in);
int __real_EVP_MAC_init(EVP_MAC_CTX *ctx, const unsigned char *key, size_t keylen,
			const OSSL_PARAM params[]);
int __wrap_EVP_MAC_init(EVP_MAC_CTX *ctx, const unsigned char *key, size_t keylen,
			const OSSL_PARAM params[]);
int __real_EVP_MAC_final(EVP_MAC_CTX *ctx, unsigned char *out, size_t *outl, size_t outsize);
int __wrap_EVP_MAC_final(EVP_MAC_CTX *ctx, unsigned char *out, size_t *outl, size_t outsize);

EVP_CIPHER *__wrap_EVP_CIPHER_fetch(OSSL_LIB_CTX *ctx, const char *name, const char *properties)
{
	if (bad.fault == NOT_THERE && !strcmp(name, bad.name))
		return NULL;
	return __real_EVP_CIPHER_fetch(ctx, name, properties);
}

static bool cipher_is_bad(const EVP_CIPHER_CTX *ctx)
{
	return !bad.name || EVP_CIPHER_is_a(EVP_CIPHER_CTX_get0_cipher(ctx), bad.name);
}

int __wrap_EVP_CipherUpdate(EVP_CIPHER_CTX *ctx, unsigned char *out, int *outl,
			    const unsigned char *in, int inl)
{
	int ret = __real_EVP_CipherUpdate(ctx, out, outl, in, inl);
	bool strikes = bad.fault == BAD_OUTPUT ||
		       (bad.fault == BAD_DECRYPTION && !EVP_CIPHER_CTX_is_encrypting(ctx));

	if (strikes && ret == 1 && out && inl > 8 && cipher_is_bad(ctx))
		out[inl - 1] ^= 0x10;
	return ret;
}

int __wrap_EVP_CipherInit_ex2(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher,
			      const unsigned char *key, const unsigned char *iv, int enc,
			      const OSSL_PARAM params[])
{
	static const unsigned char same[16] = {9};

	if (bad.fault == STALE_IV && iv && cipher_is_bad(ctx) && bad.inits++)
		iv = same;
	return __real_EVP_CipherInit_ex2(ctx, cipher, key, iv, enc, params);
}

int __wrap_EVP_CipherFinal_ex(EVP_CIPHER_CTX *ctx, unsigned char *out, int *outl)
{
	int ret = __real_EVP_CipherFinal_ex(ctx, out, outl);

	return bad.fault == ANY_TAG_GOES ? 1 : ret;
}

int __wrap_EVP_DigestInit_ex2(EVP_MD_CTX *ctx, const EVP_MD *type, const OSSL_PARAM params[])
{
	if (bad.fault == HASH_NOT_ANEW && EVP_MD_CTX_get0_md(ctx))
		return 1;
	return __real_EVP_DigestInit_ex2(ctx, type, params);
}

int __wrap_EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *s)
{
	int ret = __real_EVP_DigestFinal_ex(ctx, md, s);

	if (bad.fault == BAD_OUTPUT &&
	    (!bad.name || EVP_MD_is_a(EVP_MD_CTX_get0_md(ctx), bad.name)))
		md[0] ^= 1;
	return ret;
}

int __wrap_EVP_MD_CTX_copy_ex(EVP_MD_CTX *out, const EVP_MD_CTX *in)
{
	if (bad.fault == COPY_IS_FRESH)
		return __real_EVP_DigestInit_ex2(out, EVP_MD_CTX_get0_md(in), NULL);
	return __real_EVP_MD_CTX_copy_ex(out, in);
}

int __wrap_EVP_MAC_init(EVP_MAC_CTX *ctx, const unsigned char *key, size_t keylen,
			const OSSL_PARAM params[])
{
	if (bad.fault == MAC_NOT_ANEW && !key && !params)
		return 1;
	return __real_EVP_MAC_init(ctx, key, keylen, params);
}

int __wrap_EVP_MAC_final(EVP_MAC_CTX *ctx, unsigned char *out, size_t *outl, size_t outsize)
{
	int ret = __real_EVP_MAC_final(ctx, out, outl, outsize);

	if (bad.fault == BAD_OUTPUT && !bad.name)
		out[0] ^= 1;
	return ret;
}

/* ---- what is left ----------------------------------------------------------------------- */

static bool has(struct engine *engine, const struct eng_alg *alg)
{
	bool hash = alg->kind == ENG_ALG_HASH || alg->kind == ENG_ALG_MAC;

	return eng_has(engine, hash ? NULL : alg, hash ? alg : NULL);
}

static bool listed(const uint32_t *ids, uint32_t id)
{
	while (*ids && *ids != id)
		ids++;
	return *ids;
}

/* Engine @name with the fault has all that it has without it, but @gone; and says so. */
static void lacks(const char *name, const uint32_t *gone)
{
	struct engine *sound, *engine;
	const struct eng_alg *alg;
	size_t reported = 0, i;
	typeof(bad) fault = bad;

	memset(&bad, 0, sizeof(bad));
	assert_int_equal(eng_open(name, 1, &sound), 0);
	assert_null(eng_failed(sound, 0));
	bad = fault;
	assert_int_equal(eng_open(name, 1, &engine), 0);
	memset(&bad, 0, sizeof(bad));
	for (i = 0; (alg = eng_alg_at(i)); i++) {
		bool expected = has(sound, alg) && !listed(gone, alg->id);

		if (has(engine, alg) != expected)
			fail_msg("%s, %s: %s is %s", name, fault.name ? fault.name : "-",
				 alg->cli_name, expected ? "missing" : "offered");
		if (has(sound, alg) && !expected)
			assert_ptr_equal(eng_failed(engine, reported++), alg);
	}
	assert_null(eng_failed(engine, reported));
	eng_close(engine);
	eng_close(sound);
}

/* ---- openssl ---------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t gone[3];
} primitives[] = {
    {"DES-CBC", {CRYPTO_DES_CBC}},
    {"DES-EDE3-CBC", {CRYPTO_3DES_CBC}},
    {"BF-CBC", {CRYPTO_BLF_CBC}},
    {"AES-128-CBC", {CRYPTO_AES_CBC}},
    {"AES-192-CBC", {CRYPTO_AES_CBC}},
    {"AES-256-CBC", {CRYPTO_AES_CBC}},
    {"AES-192-CTR", {CRYPTO_AES_CTR}},
    {"AES-128-XTS", {CRYPTO_AES_XTS}},
    {"AES-256-XTS", {CRYPTO_AES_XTS}},
    /* It computes the IV with which XTS continues. */
    {"AES-128-ECB", {CRYPTO_AES_ECB, CRYPTO_AES_XTS}},
    {"AES-192-ECB", {CRYPTO_AES_ECB}},
    {"AES-256-ECB", {CRYPTO_AES_ECB, CRYPTO_AES_XTS}},
    {"AES-256-CFB", {CRYPTO_AES_CFB}},
    {"AES-256-OFB", {CRYPTO_AES_OFB}},
    {"CAMELLIA-256-CBC", {CRYPTO_CAMELLIA_CBC}},
    {"AES-128-GCM", {CRYPTO_AES_GCM}},
    {"AES-192-CCM", {CRYPTO_AES_CCM}},
    {"ChaCha20-Poly1305", {CRYPTO_CHACHA20_POLY1305}},
    {"MD5", {CRYPTO_MD5}},
    {"SHA1", {CRYPTO_SHA1}},
    {"RIPEMD160", {CRYPTO_RIPEMD160}},
    {"SHA2-224", {CRYPTO_SHA2_224}},
    {"SHA2-256", {CRYPTO_SHA2_256}},
    {"SHA2-384", {CRYPTO_SHA2_384}},
    {"SHA2-512", {CRYPTO_SHA2_512}},
    {"SHA3-224", {CRYPTO_SHA3_224}},
    {"SHA3-256", {CRYPTO_SHA3_256}},
    {"SHA3-384", {CRYPTO_SHA3_384}},
    {"SHA3-512", {CRYPTO_SHA3_512}},
};

static void one_primitive(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(primitives); i++) {
		bad.fault = BAD_OUTPUT;
		bad.name = primitives[i].name;
		lacks("openssl", primitives[i].gone);
	}
}

static void one_direction(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(primitives); i++) {
		if (eng_alg_find(primitives[i].gone[0])->kind == ENG_ALG_HASH)
			break;
		bad.fault = BAD_DECRYPTION;
		bad.name = primitives[i].name;
		lacks("openssl", primitives[i].gone);
	}
}

/* A context continues with an IV that it was given before. */
static void stale_iv(void **state)
{
	static const struct {
		const char *name;
		uint32_t gone[2];
	} modes[] = {
	    {"AES-128-CTR", {CRYPTO_AES_CTR}}, {"AES-128-OFB", {CRYPTO_AES_OFB}},
	    {"AES-256-CFB", {CRYPTO_AES_CFB}}, {"AES-256-XTS", {CRYPTO_AES_XTS}},
	    {"AES-256-GCM", {CRYPTO_AES_GCM}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		bad.fault = STALE_IV;
		bad.name = modes[i].name;
		lacks("openssl", modes[i].gone);
	}
}

static void any_tag_goes(void **state)
{
	/* CCM compares the tag when it is given the data. */
	static const uint32_t gone[] = {CRYPTO_AES_GCM, CRYPTO_CHACHA20_POLY1305, 0};

	bad.fault = ANY_TAG_GOES;
	lacks("openssl", gone);
}

static const uint32_t macs[] = {
    CRYPTO_MD5_HMAC,	  CRYPTO_SHA1_HMAC,	CRYPTO_RIPEMD160_HMAC,
    CRYPTO_SHA2_224_HMAC, CRYPTO_SHA2_256_HMAC, CRYPTO_SHA2_384_HMAC,
    CRYPTO_SHA2_512_HMAC, CRYPTO_AES_CMAC,	0,
};

static const uint32_t hashes[] = {
    CRYPTO_MD5,	     CRYPTO_SHA1,     CRYPTO_RIPEMD160, CRYPTO_SHA2_224,
    CRYPTO_SHA2_256, CRYPTO_SHA2_384, CRYPTO_SHA2_512,	CRYPTO_SHA3_224,
    CRYPTO_SHA3_256, CRYPTO_SHA3_384, CRYPTO_SHA3_512,	0,
};

/* A cipher that lacks one size of key is not offered, and XTS not without AES-ECB: none is wrong.
 */
static void not_there(void **state)
{
	static const struct {
		const char *name;
		uint32_t gone[3];
	} missing[] = {
	    {"AES-256-CBC", {CRYPTO_AES_CBC}},
	    {"AES-192-GCM", {CRYPTO_AES_GCM}},
	    {"AES-192-ECB", {CRYPTO_AES_ECB, CRYPTO_AES_XTS}},
	};
	struct engine *engine;
	const struct eng_alg *alg;

	for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
		bad.fault = NOT_THERE;
		bad.name = missing[i].name;
		assert_int_equal(eng_open("openssl", 1, &engine), 0);
		memset(&bad, 0, sizeof(bad));
		for (size_t k = 0; k < ARRAY_SIZE(missing[i].gone) && missing[i].gone[k]; k++) {
			alg = eng_alg_find(missing[i].gone[k]);
			if (has(engine, alg))
				fail_msg("%s without %s", alg->cli_name, missing[i].name);
		}
		assert_null(eng_failed(engine, 0));
		assert_true(has(engine, eng_alg_find(CRYPTO_AES_CTR)));
		eng_close(engine);
	}
}

/* Every MAC but the first on a context is wrong, as with OpenSSL 3.0.2. */
static void mac_not_anew(void **state)
{
	bad.fault = MAC_NOT_ANEW;
	lacks("openssl", macs);
}

static void hash_not_anew(void **state)
{
	bad.fault = HASH_NOT_ANEW;
	lacks("openssl", hashes);
}

static void copy_is_fresh(void **state)
{
	bad.fault = COPY_IS_FRESH;
	lacks("openssl", hashes);
}

/* With nothing left but the cipher that does nothing, there is no engine. */
static void nothing_is_right(void **state)
{
	struct engine *engine = NULL;

	bad.fault = BAD_OUTPUT;
	assert_int_equal(eng_open("openssl", 1, &engine), -ELIBBAD);
	assert_null(engine);
	memset(&bad, 0, sizeof(bad));
}

/* ---- the other engines ------------------------------------------------------------------ */

static void fake_device(void **state)
{
	const struct eng_alg *alg;
	struct engine *engine = NULL;

	for (size_t i = 0; (alg = eng_alg_at(i)); i++) {
		fake = (struct fake_control){.wrong = alg->id};
		if (eng_cryptodev_open_with("/fake", 2, &fake_cryptodev, &engine))
			fail_msg("%s: no engine", alg->cli_name);
		if (eng_failed(engine, 0) != alg || eng_failed(engine, 1))
			fail_msg("%s is not what is found wrong, or not alone", alg->cli_name);
		assert_false(has(engine, alg));
		engine = eng_close(engine);
		assert_int_equal(fake.sessions, 0);
		assert_int_equal(fake.files, 0);
	}
	fake = (struct fake_control){.wrong = UINT32_MAX};
	assert_int_equal(eng_cryptodev_open_with("/fake", 2, &fake_cryptodev, &engine), -ELIBBAD);
	fake = (struct fake_control){0};
}

#ifdef VCD_HAVE_IPSEC_MB
void __real_init_mb_mgr_sse(IMB_MGR *mgr);
void __wrap_init_mb_mgr_sse(IMB_MGR *mgr);
void __real_init_mb_mgr_avx2(IMB_MGR *mgr);
void __wrap_init_mb_mgr_avx2(IMB_MGR *mgr);
void __real_init_mb_mgr_avx512(IMB_MGR *mgr);
void __wrap_init_mb_mgr_avx512(IMB_MGR *mgr);

/* The managers' functions as they were: AVX512, for ciphers where there is that, and others. */
static IMB_MGR right[2];
static bool wide;

static const IMB_MGR *right_of(const IMB_MGR *mgr)
{
	return &right[mgr->used_arch == (uint32_t)IMB_ARCH_AVX512];
}

static uint32_t cipher_burst(IMB_MGR *mgr, IMB_JOB *jobs, const uint32_t n,
			     const IMB_CIPHER_MODE mode, const IMB_CIPHER_DIRECTION direction,
			     const IMB_KEY_SIZE_BYTES size)
{
	uint32_t done =
	    right_of(mgr)->submit_cipher_burst_nocheck(mgr, jobs, n, mode, direction, size);
	bool strikes = (!strcmp(bad.mb, "cbc") && mode == IMB_CIPHER_CBC) ||
		       (!strcmp(bad.mb, "cbc-last-lane") && mode == IMB_CIPHER_CBC &&
			direction == IMB_DIR_ENCRYPT && n == 16 && size == 24) ||
		       (!strcmp(bad.mb, "ctr") && mode == IMB_CIPHER_CNTR);

	if (strikes)
		jobs[n - 1].dst[3] ^= 4;
	return done;
}

static uint32_t hash_burst(IMB_MGR *mgr, IMB_JOB *jobs, const uint32_t n, const IMB_HASH_ALG alg)
{
	uint32_t done = right_of(mgr)->submit_hash_burst_nocheck(mgr, jobs, n, alg);

	if (!strcmp(bad.mb, "hmac") && alg == IMB_AUTH_HMAC_SHA_384)
		jobs[0].auth_tag_output[0] ^= 1;
	return done;
}

static void gcm192_dec(const struct gcm_key_data *key, struct gcm_context_data *context,
		       uint8_t *dst, const uint8_t *src, uint64_t len, const uint8_t *iv,
		       const uint8_t *aad, uint64_t aad_len, uint8_t *tag, uint64_t tag_len)
{
	right[wide].gcm192_dec(key, context, dst, src, len, iv, aad, aad_len, tag, tag_len);
	tag[0] ^= !strcmp(bad.mb, "gcm");
}

static void spoil(IMB_MGR *mgr)
{
	if (!bad.mb)
		return;
	wide |= mgr->used_arch == (uint32_t)IMB_ARCH_AVX512;
	right[mgr->used_arch == (uint32_t)IMB_ARCH_AVX512] = *mgr;
	mgr->submit_cipher_burst_nocheck = cipher_burst;
	mgr->submit_hash_burst_nocheck = hash_burst;
	mgr->gcm192_dec = gcm192_dec;
}

void __wrap_init_mb_mgr_sse(IMB_MGR *mgr)
{
	__real_init_mb_mgr_sse(mgr);
	spoil(mgr);
}

void __wrap_init_mb_mgr_avx2(IMB_MGR *mgr)
{
	__real_init_mb_mgr_avx2(mgr);
	spoil(mgr);
}

void __wrap_init_mb_mgr_avx512(IMB_MGR *mgr)
{
	__real_init_mb_mgr_avx512(mgr);
	spoil(mgr);
}

/* libipsec-mb is wrong where openssl is right; auto would not use it for all of this. */
static void multi_buffer(void **state)
{
	static const struct {
		const char *what;
		uint32_t gone[2];
	} parts[] = {
	    {"cbc", {CRYPTO_AES_CBC}}, {"cbc-last-lane", {CRYPTO_AES_CBC}},
	    {"ctr", {CRYPTO_AES_CTR}}, {"hmac", {CRYPTO_SHA2_384_HMAC}},
	    {"gcm", {CRYPTO_AES_GCM}},
	};

	if (!engines_have_ipsecmb())
		return;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		bad.mb = parts[i].what;
		lacks("ipsec-mb", parts[i].gone);
		bad.mb = parts[i].what;
		lacks("auto", parts[i].gone);
	}
}

/* openssl is wrong where libipsec-mb may be right. */
static void behind_multi_buffer(void **state)
{
	static const uint32_t gone[] = {CRYPTO_AES_CBC, 0};

	if (!engines_have_ipsecmb())
		return;
	bad.fault = BAD_OUTPUT;
	bad.name = "AES-256-CBC";
	lacks("auto", gone);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_primitive),	cmocka_unit_test(one_direction),
	    cmocka_unit_test(stale_iv),		cmocka_unit_test(any_tag_goes),
	    cmocka_unit_test(not_there),	cmocka_unit_test(mac_not_anew),
	    cmocka_unit_test(hash_not_anew),	cmocka_unit_test(copy_is_fresh),
	    cmocka_unit_test(nothing_is_right), cmocka_unit_test(fake_device),
#ifdef VCD_HAVE_IPSEC_MB
	    cmocka_unit_test(multi_buffer),	cmocka_unit_test(behind_multi_buffer),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
