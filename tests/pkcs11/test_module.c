/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_module.c - the PKCS#11 module on the model of /dev/crypto: every mechanism against libcrypto,
 * attributes, searches, the states of sessions, fork, and what must not work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <p11-kit/pkcs11.h>

#include "common/util.h"
#include "cryptodev.h"
#include "tests/provider/preload.h"

#define SPKI_INFO 0x129UL

static CK_FUNCTION_LIST *p11;
static CK_SESSION_HANDLE session;

static void load(void)
{
	CK_RV (*get)(CK_FUNCTION_LIST * *list);
	void *module = dlopen(PKCS11_MODULE, RTLD_NOW | RTLD_LOCAL);

	if (!module)
		fail_msg("%s", dlerror());
	/* A symbol map hides all the rest. */
	assert_null(dlsym(module, "C_Initialize"));
	assert_null(dlsym(module, "key_open"));
	*(void **)&get = dlsym(module, "C_GetFunctionList");
	assert_non_null(get);
	assert_int_equal(get(NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(get(&p11), CKR_OK);
}

static int setup(void **state)
{
	assert_int_equal(p11->C_Initialize(NULL), CKR_OK);
	assert_int_equal(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session), CKR_OK);
	return 0;
}

static int teardown(void **state)
{
	model_fault(&(struct model_fault){0});
	assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
	return 0;
}

/* The object of that class and label. */
static CK_OBJECT_HANDLE find(CK_OBJECT_CLASS class, const char *label)
{
	CK_ATTRIBUTE template[] = {
	    {CKA_CLASS, &class, sizeof(class)},
	    {CKA_LABEL, (void *)label, strlen(label)},
	};
	CK_OBJECT_HANDLE found[2];
	CK_ULONG count = 0;

	assert_int_equal(p11->C_FindObjectsInit(session, template, 2), CKR_OK);
	assert_int_equal(p11->C_FindObjects(session, found, 2, &count), CKR_OK);
	assert_int_equal(p11->C_FindObjectsFinal(session), CKR_OK);
	assert_true(count <= 1);
	return count ? found[0] : CK_INVALID_HANDLE;
}

static CK_OBJECT_HANDLE private_key(const char *label)
{
	CK_OBJECT_HANDLE key = find(CKO_PRIVATE_KEY, label);

	assert_int_not_equal(key, CK_INVALID_HANDLE);
	return key;
}

static CK_ULONG get(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *to, CK_ULONG room)
{
	CK_ATTRIBUTE a = {type, to, room};

	assert_int_equal(p11->C_GetAttributeValue(session, object, &a, 1), CKR_OK);
	return a.ulValueLen;
}

static bool get_bool(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value;

	assert_int_equal(get(object, type, &value, sizeof(value)), sizeof(value));
	return value;
}

static EVP_PKEY *public_key(const char *label)
{
	uint8_t der[2048];
	const uint8_t *p = der;
	CK_ULONG len = get(find(CKO_PUBLIC_KEY, label), SPKI_INFO, der, sizeof(der));
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)len);

	assert_non_null(key);
	return key;
}

/* Two numbers to DER. */
static size_t to_der(const uint8_t *sig, size_t len, uint8_t *der)
{
	ECDSA_SIG *s = ECDSA_SIG_new();
	int n;

	ECDSA_SIG_set0(s, BN_bin2bn(sig, (int)len / 2, NULL),
		       BN_bin2bn(sig + len / 2, (int)len / 2, NULL));
	n = i2d_ECDSA_SIG(s, &der);
	ECDSA_SIG_free(s);
	return (size_t)n;
}

static bool verify(const char *label, const char *md, bool pss, const uint8_t *m, size_t len,
		   const uint8_t *sig, size_t siglen)
{
	EVP_PKEY *key = public_key(label);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	uint8_t der[256];
	bool good;

	if (EVP_PKEY_is_a(key, "EC")) {
		siglen = to_der(sig, siglen, der);
		sig = der;
	}
	assert_int_equal(EVP_DigestVerifyInit_ex(ctx, &pctx, md, NULL, NULL, key, NULL), 1);
	if (pss) {
		EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
	}
	good = EVP_DigestVerify(ctx, sig, siglen, m, len) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}

static CK_RSA_PKCS_PSS_PARAMS pss256 = {CKM_SHA256, CKG_MGF1_SHA256, 32};
static CK_RSA_PKCS_PSS_PARAMS pss384 = {CKM_SHA384, CKG_MGF1_SHA384, 48};
static CK_RSA_PKCS_PSS_PARAMS pss512 = {CKM_SHA512, CKG_MGF1_SHA512, 64};

#define PSS(p) &(p), sizeof(p)

/* @raw: the mechanism takes the digest */
static const struct {
	const char *label, *md;
	CK_MECHANISM mechanism;
	bool raw, pss;
} signs[] = {
    {"rsa", "SHA256", {CKM_SHA256_RSA_PKCS, NULL, 0}, false, false},
    {"rsa", "SHA384", {CKM_SHA384_RSA_PKCS, NULL, 0}, false, false},
    {"rsa", "SHA512", {CKM_SHA512_RSA_PKCS, NULL, 0}, false, false},
    {"rsa-sha1", "SHA1", {CKM_SHA1_RSA_PKCS, NULL, 0}, false, false},
    {"rsa", "SHA256", {CKM_SHA256_RSA_PKCS_PSS, PSS(pss256)}, false, true},
    {"rsa-pss", "SHA384", {CKM_SHA384_RSA_PKCS_PSS, PSS(pss384)}, false, true},
    {"rsa", "SHA512", {CKM_SHA512_RSA_PKCS_PSS, PSS(pss512)}, false, true},
    {"rsa", "SHA256", {CKM_RSA_PKCS_PSS, PSS(pss256)}, true, true},
    {"rsa", "SHA512", {CKM_RSA_PKCS_PSS, PSS(pss512)}, true, true},
    {"p256", "SHA256", {CKM_ECDSA, NULL, 0}, true, false},
    {"p384", "SHA384", {CKM_ECDSA, NULL, 0}, true, false},
    {"p521", "SHA512", {CKM_ECDSA, NULL, 0}, true, false},
    {"p521", "SHA256", {CKM_ECDSA, NULL, 0}, true, false},
    {"p256", "SHA256", {CKM_ECDSA_SHA256, NULL, 0}, false, false},
    {"p384", "SHA384", {CKM_ECDSA_SHA384, NULL, 0}, false, false},
    {"p521", "SHA512", {CKM_ECDSA_SHA512, NULL, 0}, false, false},
    {"ed25519", NULL, {CKM_EDDSA, NULL, 0}, false, false},
};

static void sign_one(size_t i, size_t len)
{
	uint8_t message[3000], digest[64], sig[600];
	CK_OBJECT_HANDLE key = private_key(signs[i].label);
	CK_MECHANISM mechanism = signs[i].mechanism;
	CK_ULONG siglen = 0, needed;
	uint8_t *in = message;
	size_t n = len;

	for (size_t j = 0; j < len; j++)
		message[j] = (uint8_t)(j * 7 + i);
	if (signs[i].raw) {
		assert_int_equal(EVP_Q_digest(NULL, signs[i].md, NULL, message, len, digest, &n),
				 1);
		in = digest;
	}
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_Sign(session, in, n, NULL, &siglen), CKR_OK);
	needed = siglen--;
	assert_int_equal(p11->C_Sign(session, in, n, sig, &siglen), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(siglen, needed);
	siglen = sizeof(sig);
	memset(sig, 0xa5, sizeof(sig));
	assert_int_equal(p11->C_Sign(session, in, n, sig, &siglen), CKR_OK);
	assert_int_equal(siglen, needed);
	assert_int_equal(sig[siglen], 0xa5);
	assert_true(verify(signs[i].label, signs[i].md, signs[i].pss, message, len, sig, siglen));
	assert_int_equal(p11->C_Sign(session, in, n, sig, &siglen), CKR_OPERATION_NOT_INITIALIZED);
	/* In parts. */
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_SignUpdate(session, in, n / 2), CKR_OK);
	assert_int_equal(p11->C_SignUpdate(session, in + n / 2, n - n / 2), CKR_OK);
	siglen = sizeof(sig);
	assert_int_equal(p11->C_SignFinal(session, sig, &siglen), CKR_OK);
	assert_true(verify(signs[i].label, signs[i].md, signs[i].pss, message, len, sig, siglen));
}

static void test_sign(void **state)
{
	static const size_t lengths[] = {0, 1, 1023, 1024, 1025, 3000};

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		for (size_t j = 0; j < ARRAY_SIZE(lengths); j++)
			sign_one(i, lengths[j]);
}

static CK_RV sign_bytes(const char *label, CK_MECHANISM_TYPE type, const void *data, size_t len)
{
	CK_MECHANISM mechanism = {type, NULL, 0};
	uint8_t sig[600];
	CK_ULONG siglen = sizeof(sig);
	CK_RV rv = p11->C_SignInit(session, &mechanism, private_key(label));

	return rv != CKR_OK ? rv : p11->C_Sign(session, (uint8_t *)data, len, sig, &siglen);
}

/* CKM_RSA_PKCS takes the DigestInfo of a known digest that the policy allows. */
static void test_digest_info(void **state)
{
	static const uint8_t head[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				       0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
	static const uint8_t sha1[35] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
					 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
	CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
	uint8_t info[sizeof(head) + 32], sig[256];
	CK_ULONG siglen = sizeof(sig);

	memcpy(info, head, sizeof(head));
	assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, "m", 1, info + sizeof(head), NULL), 1);
	assert_int_equal(p11->C_SignInit(session, &mechanism, private_key("rsa")), CKR_OK);
	assert_int_equal(p11->C_Sign(session, info, sizeof(info), sig, &siglen), CKR_OK);
	assert_true(verify("rsa", "SHA256", false, (const uint8_t *)"m", 1, sig, siglen));
	assert_int_equal(sign_bytes("rsa", CKM_RSA_PKCS, info, sizeof(info) - 1), CKR_DATA_INVALID);
	assert_int_equal(sign_bytes("rsa", CKM_RSA_PKCS, info + 19, 32), CKR_DATA_INVALID);
	assert_int_equal(sign_bytes("rsa", CKM_RSA_PKCS, "", 0), CKR_DATA_LEN_RANGE);
	assert_int_equal(sign_bytes("rsa", CKM_RSA_PKCS, sha1, 35), CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(sign_bytes("rsa-sha1", CKM_RSA_PKCS, sha1, 35), CKR_OK);
	info[10] ^= 1;
	assert_int_equal(sign_bytes("rsa", CKM_RSA_PKCS, info, sizeof(info)), CKR_DATA_INVALID);
}

static void test_refused(void **state)
{
	uint8_t data[128] = {0};
	CK_RSA_PKCS_PSS_PARAMS salt = {CKM_SHA256, CKG_MGF1_SHA256, 20};
	CK_RSA_PKCS_PSS_PARAMS mgf = {CKM_SHA256, CKG_MGF1_SHA512, 32};
	CK_MECHANISM bad[] = {{CKM_RSA_PKCS_PSS, NULL, 0},
			      {CKM_RSA_PKCS_PSS, &salt, sizeof(salt)},
			      {CKM_RSA_PKCS_PSS, &mgf, sizeof(mgf)},
			      {CKM_RSA_PKCS_PSS, &pss256, sizeof(pss256) - 1},
			      {CKM_SHA512_RSA_PKCS_PSS, &pss256, sizeof(pss256)},
			      {CKM_SHA256_RSA_PKCS, data, 1}};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(p11->C_SignInit(session, &bad[i], private_key("rsa")),
				 CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(sign_bytes("rsa", CKM_RSA_X_509, data, 128), CKR_MECHANISM_INVALID);
	assert_int_equal(sign_bytes("rsa", CKM_MD5_RSA_PKCS, data, 1), CKR_MECHANISM_INVALID);
	assert_int_equal(sign_bytes("rsa", CKM_RSA_PKCS_OAEP, data, 1), CKR_MECHANISM_INVALID);
	assert_int_equal(sign_bytes("rsa", CKM_ECDSA, data, 32), CKR_KEY_TYPE_INCONSISTENT);
	assert_int_equal(sign_bytes("p256", CKM_EDDSA, data, 32), CKR_KEY_TYPE_INCONSISTENT);
	assert_int_equal(sign_bytes("p256", CKM_ECDSA, data, 20), CKR_DATA_LEN_RANGE);
	assert_int_equal(sign_bytes("x25519", CKM_EDDSA, data, 20), CKR_KEY_TYPE_INCONSISTENT);
	/* Schemes that the policy does not allow; digests for a key of handshakes. */
	assert_int_equal(sign_bytes("rsa", CKM_SHA1_RSA_PKCS, data, 1),
			 CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(sign_bytes("rsa-pss", CKM_RSA_PKCS, data, 1),
			 CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(sign_bytes("p256-narrow", CKM_ECDSA_SHA384, data, 1),
			 CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(sign_bytes("p256-narrow", CKM_ECDSA, data, 48),
			 CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(sign_bytes("web-tls", CKM_ECDSA, data, 32),
			 CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(sign_bytes("web-tls", CKM_ECDSA_SHA256, data, 128),
			 CKR_KEY_FUNCTION_NOT_PERMITTED);
	/* A public key signs nothing. */
	CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};

	assert_int_equal(p11->C_SignInit(session, &ecdsa, find(CKO_PUBLIC_KEY, "p256")),
			 CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(p11->C_SignInit(session, &ecdsa, 12345), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(p11->C_SignInit(session, &ecdsa, 0), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(p11->C_SignInit(session, NULL, 2), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_SignInit(session + 1, &ecdsa, 2), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(find(CKO_PRIVATE_KEY, "zz-ticket"), CK_INVALID_HANDLE);
	assert_int_equal(find(CKO_PRIVATE_KEY, "disk0"), CK_INVALID_HANDLE);
}

/* One operation at a time in a session, and the calls in their order. */
static void test_states(void **state)
{
	CK_MECHANISM ecdsa = {CKM_ECDSA_SHA256, NULL, 0};
	CK_OBJECT_HANDLE key = private_key("p256");
	uint8_t sig[64];
	CK_ULONG len = sizeof(sig);

	assert_int_equal(p11->C_SignUpdate(session, sig, 1), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_SignFinal(session, sig, &len), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_SignInit(session, &ecdsa, key), CKR_OK);
	assert_int_equal(p11->C_SignInit(session, &ecdsa, key), CKR_OPERATION_ACTIVE);
	assert_int_equal(p11->C_Decrypt(session, sig, 1, sig, &len), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_SignUpdate(session, sig, 1), CKR_OK);
	assert_int_equal(p11->C_Sign(session, sig, 1, sig, &len), CKR_OPERATION_ACTIVE);
	assert_int_equal(p11->C_SignFinal(session, sig, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_SignFinal(session, sig, &len), CKR_OK);
	assert_int_equal(p11->C_SignFinal(session, sig, &len), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_FindObjects(session, &key, 1, &len), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_FindObjectsInit(session, NULL, 0), CKR_OK);
	assert_int_equal(p11->C_FindObjectsInit(session, NULL, 0), CKR_OPERATION_ACTIVE);
	assert_int_equal(p11->C_FindObjectsFinal(session), CKR_OK);
	assert_int_equal(p11->C_FindObjectsFinal(session), CKR_OPERATION_NOT_INITIALIZED);
	/* A session that is closed in the middle of something leaves nothing. */
	assert_int_equal(p11->C_SignInit(session, &ecdsa, key), CKR_OK);
	assert_int_equal(p11->C_SignUpdate(session, sig, 50), CKR_OK);
	assert_int_equal(p11->C_FindObjectsInit(session, NULL, 0), CKR_OK);
	assert_int_equal(p11->C_CloseSession(session), CKR_OK);
	assert_int_equal(p11->C_SignFinal(session, sig, &len), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(p11->C_CloseSession(session), CKR_SESSION_HANDLE_INVALID);
}

static void test_decrypt(void **state)
{
	static const struct {
		const char *md;
		CK_MECHANISM_TYPE hash;
		CK_RSA_PKCS_MGF_TYPE mgf;
	} digests[] = {{"SHA1", CKM_SHA_1, CKG_MGF1_SHA1},
		       {"SHA256", CKM_SHA256, CKG_MGF1_SHA256},
		       {"SHA384", CKM_SHA384, CKG_MGF1_SHA384},
		       {"SHA512", CKM_SHA512, CKG_MGF1_SHA512}};
	CK_OBJECT_HANDLE key = private_key("rsa");

	for (size_t i = 0; i < 2 * ARRAY_SIZE(digests); i++) {
		EVP_PKEY *public = public_key("rsa");
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(public, NULL);
		CK_RSA_PKCS_OAEP_PARAMS oaep = {digests[i / 2].hash, digests[i / 2].mgf,
						CKZ_DATA_SPECIFIED, i % 2 ? (void *)"label" : NULL,
						i % 2 ? 5 : 0};
		CK_MECHANISM mechanism = {CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep)};
		uint8_t secret[256], out[256];
		size_t len = sizeof(secret);
		CK_ULONG n = 0;

		EVP_PKEY_encrypt_init(ctx);
		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING);
		EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, digests[i / 2].md, NULL);
		if (i % 2)
			EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_strdup("label"), 5);
		assert_int_equal(EVP_PKEY_encrypt(ctx, secret, &len, (const uint8_t *)"text", 4),
				 1);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(public);
		assert_int_equal(p11->C_DecryptInit(session, &mechanism, key), CKR_OK);
		assert_int_equal(p11->C_Decrypt(session, secret, len, NULL, &n), CKR_OK);
		assert_int_equal(n, 256);
		n = 3;
		assert_int_equal(p11->C_Decrypt(session, secret, len, out, &n),
				 CKR_BUFFER_TOO_SMALL);
		assert_int_equal(n, 4);
		assert_int_equal(p11->C_Decrypt(session, secret, len, out, &n), CKR_OK);
		assert_int_equal(n, 4);
		assert_memory_equal(out, "text", 4);
		secret[3] ^= 1;
		assert_int_equal(p11->C_DecryptInit(session, &mechanism, key), CKR_OK);
		n = sizeof(out);
		assert_int_equal(p11->C_Decrypt(session, secret, len, out, &n),
				 CKR_ENCRYPTED_DATA_INVALID);
		assert_int_equal(p11->C_DecryptInit(session, &mechanism, key), CKR_OK);
		assert_int_equal(p11->C_Decrypt(session, secret, len - 1, out, &n),
				 CKR_ENCRYPTED_DATA_LEN_RANGE);
	}
	CK_MECHANISM v15 = {CKM_RSA_PKCS, NULL, 0}, none = {CKM_RSA_PKCS_OAEP, NULL, 0};

	assert_int_equal(p11->C_DecryptInit(session, &v15, key), CKR_MECHANISM_INVALID);
	assert_int_equal(p11->C_DecryptInit(session, &none, key), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(p11->C_DecryptInit(session, &none, private_key("p256")),
			 CKR_KEY_TYPE_INCONSISTENT);
}

/* The derived key's value, or the error. @wrap: the point in an OCTET STRING */
static CK_RV derive(const char *label, EVP_PKEY *peer, bool wrap, CK_ATTRIBUTE *template,
		    CK_ULONG count, CK_OBJECT_HANDLE *ret)
{
	unsigned char *point, der[200];
	size_t len = EVP_PKEY_get1_encoded_public_key(peer, &point), head = 2;
	CK_ECDH1_DERIVE_PARAMS p = {CKD_NULL, 0, NULL, len, point};
	CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &p, sizeof(p)};
	CK_RV rv;

	if (wrap) {
		der[0] = 0x04;
		if (len > 127)
			der[head++ - 1] = 0x81;
		der[head - 1] = (unsigned char)len;
		memcpy(der + head, point, len);
		p.pPublicData = der;
		p.ulPublicDataLen = head + len;
	}
	rv = p11->C_DeriveKey(session, &mechanism, private_key(label), template, count, ret);
	OPENSSL_free(point);
	return rv;
}

static void test_derive(void **state)
{
	static const struct {
		const char *label, *type, *group;
		size_t size;
	} kinds[] = {{"p256", "EC", "P-256", 32},
		     {"p384", "EC", "P-384", 48},
		     {"p521", "EC", "P-521", 66},
		     {"x25519", "X25519", NULL, 32}};
	CK_ULONG half = 16;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE shorter = {CKA_VALUE_LEN, &half, sizeof(half)};
	CK_ATTRIBUTE hidden = {CKA_SENSITIVE, &yes, sizeof(yes)};
	CK_ATTRIBUTE kept = {CKA_TOKEN, &yes, sizeof(yes)};
	CK_OBJECT_HANDLE key;
	uint8_t theirs[66], ours[66];
	size_t len;

	for (size_t i = 0; i < 2 * ARRAY_SIZE(kinds); i++) {
		const char *label = kinds[i / 2].label;
		EVP_PKEY *peer = kinds[i / 2].group
				     ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", kinds[i / 2].group)
				     : EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
		EVP_PKEY *public = public_key(label);
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(peer, NULL);

		len = sizeof(theirs);
		assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
		assert_int_equal(EVP_PKEY_derive_set_peer(ctx, public), 1);
		assert_int_equal(EVP_PKEY_derive(ctx, theirs, &len), 1);
		assert_int_equal(derive(label, peer, i % 2, NULL, 0, &key), CKR_OK);
		assert_int_equal(get(key, CKA_VALUE, ours, sizeof(ours)), kinds[i / 2].size);
		assert_memory_equal(ours, theirs, len);
		assert_int_equal(p11->C_DestroyObject(session, key), CKR_OK);
		assert_int_equal(p11->C_DestroyObject(session, key), CKR_OBJECT_HANDLE_INVALID);
		/* Shorter ones lose their first bytes. */
		assert_int_equal(derive(label, peer, false, &shorter, 1, &key), CKR_OK);
		assert_int_equal(get(key, CKA_VALUE, ours, sizeof(ours)), half);
		assert_memory_equal(ours, theirs + len - half, half);
		assert_int_equal(derive(label, peer, false, &hidden, 1, &key), CKR_OK);
		CK_ATTRIBUTE value = {CKA_VALUE, ours, sizeof(ours)};

		assert_int_equal(p11->C_GetAttributeValue(session, key, &value, 1),
				 CKR_ATTRIBUTE_SENSITIVE);
		assert_int_equal(derive(label, peer, false, &kept, 1, &key),
				 CKR_TOKEN_WRITE_PROTECTED);
		assert_int_equal(derive("rsa", peer, false, NULL, 0, &key),
				 CKR_KEY_TYPE_INCONSISTENT);
		assert_int_equal(derive("p256-narrow", peer, false, NULL, 0, &key),
				 CKR_KEY_FUNCTION_NOT_PERMITTED);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(public);
		EVP_PKEY_free(peer);
	}
	/* There is room for some, and it is told when there is none. */
	EVP_PKEY *peer = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	CK_RV rv = CKR_OK;

	for (int i = 0; i < 100 && rv == CKR_OK; i++)
		rv = derive("x25519", peer, false, NULL, 0, &key);
	assert_int_equal(rv, CKR_DEVICE_MEMORY);
	EVP_PKEY_free(peer);
}

static void test_attributes(void **state)
{
	static const CK_ATTRIBUTE_TYPE secrets[] = {
	    CKA_VALUE,	    CKA_PRIVATE_EXPONENT, CKA_PRIME_1,	  CKA_PRIME_2,
	    CKA_EXPONENT_1, CKA_EXPONENT_2,	  CKA_COEFFICIENT};
	static const char *const labels[] = {"rsa", "p256", "ed25519", "x25519"};
	static const CK_KEY_TYPE types[] = {CKK_RSA, CKK_EC, CKK_EC_EDWARDS, 0x41};
	uint8_t room[600];
	CK_KEY_TYPE type;

	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		CK_OBJECT_HANDLE key = private_key(labels[i]),
				 public = find(CKO_PUBLIC_KEY, labels[i]);

		for (size_t j = 0; j < ARRAY_SIZE(secrets); j++) {
			CK_ATTRIBUTE a = {secrets[j], room, sizeof(room)};

			memset(room, 0xa5, sizeof(room));
			assert_int_equal(p11->C_GetAttributeValue(session, key, &a, 1),
					 CKR_ATTRIBUTE_SENSITIVE);
			assert_int_equal(a.ulValueLen, CK_UNAVAILABLE_INFORMATION);
			for (size_t k = 0; k < sizeof(room); k++)
				assert_int_equal(room[k], 0xa5);
		}
		assert_true(get_bool(key, CKA_SENSITIVE) && get_bool(key, CKA_NEVER_EXTRACTABLE));
		assert_false(get_bool(key, CKA_EXTRACTABLE) ||
			     get_bool(key, CKA_ALWAYS_AUTHENTICATE));
		assert_int_equal(get(key, CKA_KEY_TYPE, &type, sizeof(type)), sizeof(type));
		assert_int_equal(type, types[i]);
		assert_int_equal(get(public, CKA_ID, room, sizeof(room)), strlen(labels[i]));
		assert_memory_equal(room, labels[i], strlen(labels[i]));
	}
	assert_true(get_bool(private_key("rsa"), CKA_DECRYPT));
	assert_false(get_bool(private_key("rsa"), CKA_DERIVE));
	assert_false(get_bool(private_key("x25519"), CKA_SIGN));
	assert_int_equal(
	    get(private_key("p256-narrow"), CKA_ALLOWED_MECHANISMS, room, sizeof(room)),
	    2 * sizeof(CK_MECHANISM_TYPE));
	/* Some good, some not: the good ones are there. */
	CK_ULONG class = 0;
	CK_ATTRIBUTE mixed[] = {{CKA_VALUE, room, sizeof(room)},
				{CKA_CLASS, &class, sizeof(class)},
				{CKA_MODULUS, room, 255},
				{CKA_EC_PARAMS, room, sizeof(room)},
				{CKA_PUBLIC_EXPONENT, NULL, 0}};

	assert_int_equal(p11->C_GetAttributeValue(session, private_key("rsa"), mixed, 5),
			 CKR_ATTRIBUTE_SENSITIVE);
	assert_int_equal(class, CKO_PRIVATE_KEY);
	assert_int_equal(mixed[2].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(mixed[3].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(mixed[4].ulValueLen, 3);
	assert_int_equal(p11->C_GetAttributeValue(session, 99999, mixed, 1),
			 CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(p11->C_DestroyObject(session, private_key("rsa")),
			 CKR_TOKEN_WRITE_PROTECTED);
}

/* All keys but symmetric ones and those with a ticket, each with both halves; few at a time. */
static void test_search(void **state)
{
	CK_OBJECT_HANDLE found[3], all[100];
	CK_ULONG count, total = 0;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE signers = {CKA_SIGN, &yes, sizeof(yes)};

	assert_int_equal(p11->C_FindObjectsInit(session, NULL, 0), CKR_OK);
	do {
		assert_int_equal(p11->C_FindObjects(session, found, 3, &count), CKR_OK);
		for (CK_ULONG i = 0; i < count; i++)
			all[total++] = found[i];
	} while (count);
	assert_int_equal(p11->C_FindObjectsFinal(session), CKR_OK);
	assert_int_equal(total, 22);
	for (CK_ULONG i = 0; i < total; i++)
		for (CK_ULONG j = 0; j < i; j++)
			assert_int_not_equal(all[i], all[j]);
	assert_int_equal(p11->C_FindObjectsInit(session, &signers, 1), CKR_OK);
	assert_int_equal(p11->C_FindObjects(session, all, 100, &count), CKR_OK);
	assert_int_equal(count, 10);
	assert_int_equal(p11->C_FindObjectsFinal(session), CKR_OK);
	assert_int_equal(find(CKO_CERTIFICATE, "rsa"), CK_INVALID_HANDLE);
	assert_int_equal(find(CKO_PRIVATE_KEY, "rs"), CK_INVALID_HANDLE);
}

static void test_slot(void **state)
{
	CK_SLOT_ID slots[2];
	CK_ULONG count = 0;
	CK_TOKEN_INFO token;
	CK_SLOT_INFO slot;
	CK_SESSION_INFO info;
	CK_MECHANISM_TYPE types[64];
	CK_MECHANISM_INFO mechanism;
	uint8_t random[64] = {0};
	CK_INFO about;

	assert_int_equal(p11->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
	assert_int_equal(count, 1);
	count = 0;
	assert_int_equal(p11->C_GetSlotList(CK_TRUE, slots, &count), CKR_BUFFER_TOO_SMALL);
	count = 2;
	assert_int_equal(p11->C_GetSlotList(CK_FALSE, slots, &count), CKR_OK);
	assert_int_equal(p11->C_GetTokenInfo(slots[0], &token), CKR_OK);
	assert_memory_equal(token.label, "virtio-cryptodev                ", 32);
	assert_false(token.flags & CKF_LOGIN_REQUIRED);
	assert_int_equal(p11->C_GetTokenInfo(7, &token), CKR_SLOT_ID_INVALID);
	assert_int_equal(p11->C_GetSlotInfo(slots[0], &slot), CKR_OK);
	assert_true(slot.flags & CKF_TOKEN_PRESENT);
	assert_int_equal(p11->C_GetInfo(&about), CKR_OK);
	assert_int_equal(about.cryptokiVersion.major, 2);
	assert_int_equal(p11->C_GetSessionInfo(session, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RO_PUBLIC_SESSION);
	count = 3;
	assert_int_equal(p11->C_GetMechanismList(0, types, &count), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(p11->C_GetMechanismList(0, types, &count), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++)
		assert_int_equal(p11->C_GetMechanismInfo(0, types[i], &mechanism), CKR_OK);
	assert_int_equal(p11->C_GetMechanismInfo(0, CKM_DES_CBC, &mechanism),
			 CKR_MECHANISM_INVALID);
	/* Programs that insist on logging in may. */
	assert_int_equal(p11->C_Login(session, CKU_USER, (unsigned char *)"x", 1), CKR_OK);
	assert_int_equal(p11->C_Logout(session), CKR_OK);
	assert_int_equal(p11->C_Login(session, CKU_SO, NULL, 0), CKR_USER_TYPE_INVALID);
	assert_int_equal(p11->C_GenerateRandom(session, random, sizeof(random)), CKR_OK);
	assert_memory_not_equal(random, ((uint8_t[64]){0}), sizeof(random));
	assert_int_equal(p11->C_VerifyInit(session, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
	assert_int_equal(p11->C_OpenSession(0, 0, NULL, NULL, &session),
			 CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	/* The device goes away, and comes back. */
	model_fault(
	    &(struct model_fault){.request = CIOCKEYLIST, .times = UINT_MAX, .error = ENOTTY});
	assert_int_equal(p11->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
	assert_int_equal(count, 0);
	assert_int_equal(p11->C_GetTokenInfo(0, &token), CKR_TOKEN_NOT_PRESENT);
	model_fault(&(struct model_fault){0});
	assert_int_equal(p11->C_GetTokenInfo(0, &token), CKR_OK);
}

static void test_device_errors(void **state)
{
	static const struct {
		int error;
		CK_RV rv;
	} errors[] = {{ENOKEY, CKR_KEY_HANDLE_INVALID},
		      {EACCES, CKR_KEY_FUNCTION_NOT_PERMITTED},
		      {EIO, CKR_DEVICE_ERROR},
		      {EMSGSIZE, CKR_DATA_LEN_RANGE}};

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		model_fault(&(struct model_fault){
		    .request = CIOCKEYOP, .times = 1, .error = errors[i].error});
		assert_int_equal(sign_bytes("p256", CKM_ECDSA_SHA256, "m", 1), errors[i].rv);
		assert_int_equal(sign_bytes("p256", CKM_ECDSA_SHA256, "m", 1), CKR_OK);
	}
	/* A session that the device forgot is made again. */
	model_fault(&(struct model_fault){.request = CIOCKEYOP, .times = 1, .error = EINVAL});
	assert_int_equal(sign_bytes("p256", CKM_ECDSA_SHA256, "m", 1), CKR_OK);
	/* So is a descriptor that the program closed. */
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	assert_int_equal(sign_bytes("p256", CKM_ECDSA_SHA256, "m", 1), CKR_OK);
}

static void test_fork(void **state)
{
	CK_MECHANISM ecdsa = {CKM_ECDSA_SHA256, NULL, 0};
	CK_OBJECT_HANDLE key = private_key("p256");
	int status;
	pid_t pid;

	assert_int_equal(sign_bytes("p256", CKM_ECDSA_SHA256, "m", 1), CKR_OK);
	pid = fork();
	if (!pid) {
		if (p11->C_SignInit(session, &ecdsa, key) != CKR_CRYPTOKI_NOT_INITIALIZED)
			_exit(1);
		if (p11->C_Initialize(NULL) != CKR_OK)
			_exit(2);
		if (p11->C_SignInit(session, &ecdsa, key) != CKR_SESSION_HANDLE_INVALID)
			_exit(3);
		if (p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK)
			_exit(4);
		_exit(sign_bytes("p256", CKM_ECDSA_SHA256, "m", 1) == CKR_OK ? 0 : 5);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(sign_bytes("p256", CKM_ECDSA_SHA256, "m", 1), CKR_OK);
}

static void test_initialize(void **state)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_SESSION_HANDLE handle;

	assert_int_equal(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &handle),
			 CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_int_equal(p11->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	args.pReserved = &args;
	assert_int_equal(p11->C_Initialize(&args), CKR_ARGUMENTS_BAD);
	args.pReserved = NULL;
	assert_int_equal(p11->C_Initialize(&args), CKR_OK);
	assert_int_equal(p11->C_Initialize(&args), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	assert_int_equal(p11->C_Finalize(&args), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
}

/* Threads, each with a session of its own. */
static void *work(void *arg)
{
	CK_MECHANISM mechanism = {CKM_ECDSA_SHA256, NULL, 0};
	CK_OBJECT_HANDLE key = *(CK_OBJECT_HANDLE *)arg;
	CK_SESSION_HANDLE own;
	uint8_t sig[64];
	CK_ULONG len;

	for (unsigned int i = 0; i < 50; i++) {
		len = sizeof(sig);
		if (p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &own) != CKR_OK ||
		    p11->C_SignInit(own, &mechanism, key) != CKR_OK ||
		    p11->C_Sign(own, (uint8_t *)"m", 1, sig, &len) != CKR_OK ||
		    p11->C_CloseSession(own) != CKR_OK)
			return arg;
	}
	return NULL;
}

static void test_threads(void **state)
{
	CK_OBJECT_HANDLE key = private_key("p256");
	pthread_t threads[4];
	void *failed;

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &key), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_initialize),
	    cmocka_unit_test_setup_teardown(test_slot, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_search, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_attributes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_sign, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_digest_info, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_states, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_decrypt, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_derive, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_fork, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_device_errors, setup, teardown),
	};

	load();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
