/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keykit.c - see keykit.h. */
#include "tests/provider/keykit.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/store.h>

EVP_PKEY *keykit_load(const struct rig *rig, const char *uri)
{
	OSSL_STORE_CTX *store =
	    OSSL_STORE_open_ex(uri, rig->ours, NULL, NULL, NULL, NULL, NULL, NULL);
	EVP_PKEY *key = NULL;
	OSSL_STORE_INFO *info;

	while (store && !OSSL_STORE_eof(store)) {
		info = OSSL_STORE_load(store);
		if (info && !key)
			key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	OSSL_STORE_close(store);
	return key;
}

EVP_PKEY *keykit_key(const struct rig *rig, const char *label)
{
	char uri[128];
	EVP_PKEY *key;

	snprintf(uri, sizeof(uri), "cryptodev:%s", label);
	key = keykit_load(rig, uri);
	if (!key)
		ERR_print_errors_fp(stderr);
	assert_non_null(key);
	return key;
}

EVP_PKEY *keykit_public(const struct rig *rig, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	const unsigned char *p = der;
	EVP_PKEY *public;

	assert_true(len > 0);
	public = d2i_PUBKEY_ex(NULL, &p, len, rig->stock, NULL);
	assert_non_null(public);
	OPENSSL_free(der);
	return public;
}

static int pad(EVP_PKEY_CTX *ctx, int padding)
{
	if (!padding)
		return 1;
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, padding) <= 0)
		return 0;
	return padding != RSA_PKCS1_PSS_PADDING ||
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
}

size_t keykit_sign(const struct rig *rig, EVP_PKEY *key, const char *md, int padding,
		   const uint8_t *message, size_t len, uint8_t *sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	size_t size = 1024;

	if (EVP_DigestSignInit_ex(ctx, &pctx, md, rig->ours, NULL, key, NULL) <= 0 ||
	    !pad(pctx, padding) || EVP_DigestSign(ctx, sig, &size, message, len) <= 0)
		size = 0;
	EVP_MD_CTX_free(ctx);
	return size;
}

bool keykit_verify(const struct rig *rig, EVP_PKEY *public, const char *md, int padding,
		   const uint8_t *message, size_t len, const uint8_t *sig, size_t siglen)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	bool good;

	assert_int_equal(EVP_DigestVerifyInit_ex(ctx, &pctx, md, rig->stock, NULL, public, NULL),
			 1);
	assert_int_equal(pad(pctx, padding), 1);
	good = EVP_DigestVerify(ctx, sig, siglen, message, len) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

X509 *keykit_certificate(const struct rig *rig, EVP_PKEY *key)
{
	EVP_PKEY *signer = EVP_PKEY_Q_keygen(rig->stock, NULL, "EC", "P-256");
	X509 *cert = X509_new_ex(rig->stock, NULL);
	X509_NAME *name = X509_get_subject_name(cert);

	assert_non_null(signer);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1,
				   0);
	X509_set_issuer_name(cert, name);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
	EVP_PKEY_free(signer);
	return cert;
}

bool keykit_says(const char *word)
{
	bool found = false;
	const char *data;
	int flags;

	while (ERR_get_error_all(NULL, NULL, NULL, &data, &flags))
		found |= (flags & ERR_TXT_STRING) && strstr(data, word);
	return found;
}

BIO *keykit_pem(const char *uri)
{
	size_t len = strlen(uri);
	unsigned char der[256] = {0x30, 0, 0x1a, 1, 'x', 0x0c, (unsigned char)len};
	BIO *bio = BIO_new(BIO_s_mem());

	assert_true(len < 100);
	der[1] = (unsigned char)(len + 5);
	memcpy(der + 7, uri, len);
	assert_true(PEM_write_bio(bio, "CRYPTODEV PROVIDER URI", "", der, (long)len + 7) > 0);
	return bio;
}
