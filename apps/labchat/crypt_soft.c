// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crypt_soft.c - AES-CBC in this process, by libcrypto.
 *
 * The key schedules are computed once; each call only resets the IV.
 */
#include "labchat/crypt.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include <openssl/evp.h>

struct crypt_soft {
	struct crypt base;
	EVP_CIPHER_CTX *ctx[2]; /* indexed by enum crypt_direction */
};

static int soft_cbc(struct crypt *c, enum crypt_direction direction, const uint8_t iv[CRYPT_BLOCK],
		    uint8_t *data, size_t len)
{
	EVP_CIPHER_CTX *ctx = ((struct crypt_soft *)c)->ctx[direction];
	int out = 0;

	if (len > INT_MAX)
		return -EINVAL;
	/* -1: keep the direction that was set with the key. */
	if (EVP_CipherInit_ex(ctx, NULL, NULL, NULL, iv, -1) != 1 ||
	    EVP_CipherUpdate(ctx, data, &out, data, (int)len) != 1 || out != (int)len)
		return -EIO;
	return 0;
}

static void soft_close(struct crypt *c)
{
	struct crypt_soft *soft = (struct crypt_soft *)c;

	/* These free the key schedules with OPENSSL_cleanse(). */
	EVP_CIPHER_CTX_free(soft->ctx[CRYPT_ENCRYPT]);
	EVP_CIPHER_CTX_free(soft->ctx[CRYPT_DECRYPT]);
	free(soft);
}

static const struct crypt_ops soft_ops = {
    .cbc = soft_cbc,
    .close = soft_close,
};

static const EVP_CIPHER *cipher_for(size_t key_len)
{
	switch (key_len) {
	case 16:
		return EVP_aes_128_cbc();
	case 24:
		return EVP_aes_192_cbc();
	case 32:
		return EVP_aes_256_cbc();
	default:
		return NULL;
	}
}

static int keyed(EVP_CIPHER_CTX **ret, const EVP_CIPHER *cipher, const struct secret *key,
		 enum crypt_direction direction)
{
	*ret = EVP_CIPHER_CTX_new();
	if (!*ret)
		return -ENOMEM;
	if (EVP_CipherInit_ex(*ret, cipher, NULL, key->bytes, NULL, direction == CRYPT_ENCRYPT) !=
	    1)
		return -EIO;
	/* The frames are whole blocks; PKCS padding would add one. */
	EVP_CIPHER_CTX_set_padding(*ret, 0);
	return 0;
}

int crypt_soft_open(const struct secret *key, struct crypt **ret)
{
	const EVP_CIPHER *cipher = cipher_for(key->len);
	struct crypt_soft *soft;
	int err;

	if (!cipher)
		return -EINVAL;
	soft = calloc(1, sizeof(*soft));
	if (!soft)
		return -ENOMEM;
	soft->base = (struct crypt){.ops = &soft_ops, .device = CRYPT_DEVICE_NONE};
	err = keyed(&soft->ctx[CRYPT_ENCRYPT], cipher, key, CRYPT_ENCRYPT);
	if (!err)
		err = keyed(&soft->ctx[CRYPT_DECRYPT], cipher, key, CRYPT_DECRYPT);
	if (err) {
		soft_close(&soft->base);
		return err;
	}
	*ret = &soft->base;
	return 0;
}
