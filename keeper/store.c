/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store.c - files with keys, passphrases and PINs. See store.h. */
#include "keeper/store.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "common/util.h"
#include "keeper/key.h"

#define MAX_SECRET 1024

static int wrong(char *why, size_t size, int err, const char *text)
{
	(void)snprintf(why, size, "%s", text);
	return err;
}

/* What is wrong with the file, or NULL. */
static const char *bad_file(const struct stat *st, bool secret)
{
	const mode_t others = secret ? S_IRWXO : S_IWOTH;
	mode_t group = secret ? S_IRWXG : S_IWGRP;

	if (!S_ISREG(st->st_mode))
		return "it is no regular file";
	if (st->st_nlink != 1)
		return "it has more than one link";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "it belongs to neither root nor the keeper's user";
	/* Root may let the keeper's group read it. */
	if (secret && st->st_uid == 0 && (st->st_gid == getegid() || st->st_gid == 0))
		group = S_IWGRP | S_IXGRP;
	if (st->st_mode & (group | others))
		return secret ? "others may read or write it: use chmod 0600"
			      : "others may write it: use chmod go-w";
	return NULL;
}

static int read_all(int fd, size_t max, struct eng_key *ret)
{
	size_t len = 0;
	ssize_t n = 1;

	ret->bytes = OPENSSL_secure_malloc(max + 1);
	if (!ret->bytes)
		return -ENOMEM;
	ret->len = max + 1;
	while (n > 0 && len <= max) {
		n = read(fd, ret->bytes + len, max + 1 - len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			len += (size_t)n;
	}
	if (n < 0 || len > max) {
		int err = n < 0 ? -errno : -EFBIG;

		eng_key_wipe(ret);
		return err;
	}
	/* What it was read into is cleansed as a whole when it is freed: nothing lies behind. */
	ret->bytes[len] = 0;
	ret->len = len;
	return 0;
}

int store_read(int directory, const char *path, bool secret, size_t max, struct eng_key *ret,
	       char *why, size_t size)
{
	const struct open_how how = {
	    .flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
	    .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	_cleanup_fd_ int fd = (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
	const char *bad;
	struct stat st;
	int err;

	if (fd < 0)
		return wrong(why, size, -errno,
			     errno == ELOOP ? "a symbolic link is in its path" : strerror(errno));
	if (fstat(fd, &st) < 0)
		return wrong(why, size, -errno, strerror(errno));
	bad = bad_file(&st, secret);
	if (bad)
		return wrong(why, size, -EPERM, bad);
	err = read_all(fd, max, ret);
	return err ? wrong(why, size, err, err == -EFBIG ? "it is too large" : strerror(-err)) : 0;
}

int store_secret(const struct store *store, const char *path, const char *credential,
		 struct eng_key *ret, char *why, size_t size)
{
	char *end;
	int err;

	if (!path && !credential)
		return 0;
	if (credential && store->credentials < 0)
		return wrong(why, size, -ENOENT,
			     "there are no credentials: $CREDENTIALS_DIRECTORY is not set");
	err = store_read(credential ? store->credentials : store->directory,
			 credential ? credential : path, true, MAX_SECRET, ret, why, size);
	if (err)
		return err;
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): a text that was read has a NUL */
	end = strpbrk((char *)ret->bytes, "\r\n");
	if (end) {
		size_t len = (size_t)(end - (char *)ret->bytes);

		OPENSSL_cleanse(end, ret->len - len);
		ret->len = len;
	}
	if (!ret->len || strlen((char *)ret->bytes) != ret->len) {
		eng_key_wipe(ret);
		return wrong(why, size, -EINVAL, "its first line is empty, or has a byte 0");
	}
	return 0;
}

/* libcrypto asks only for what is encrypted; nobody is at a terminal. */
static int give_passphrase(char *buf, size_t size, size_t *len, const OSSL_PARAM params[],
			   void *arg)
{
	const struct eng_key *passphrase = arg;

	if (!passphrase->len || passphrase->len > size)
		return 0;
	memcpy(buf, passphrase->bytes, passphrase->len);
	*len = passphrase->len;
	return 1;
}

static EVP_PKEY *decode(const struct eng_key *file, struct eng_key *passphrase)
{
	const unsigned char *at = file->bytes;
	size_t left = file->len;
	EVP_PKEY *pkey = NULL;
	OSSL_DECODER_CTX *ctx =
	    OSSL_DECODER_CTX_new_for_pkey(&pkey, NULL, NULL, NULL, EVP_PKEY_KEYPAIR, NULL, NULL);

	if (ctx && OSSL_DECODER_CTX_set_passphrase_cb(ctx, give_passphrase, passphrase) > 0)
		(void)OSSL_DECODER_from_data(ctx, &at, &left);
	OSSL_DECODER_CTX_free(ctx);
	ERR_clear_error();
	return pkey;
}

/* In DER, as the keeper's server takes it. */
static int encode(EVP_PKEY *pkey, struct eng_key *ret)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
	unsigned char *der = NULL;
	int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
	int err = len > 0 ? eng_key_set(ret, der, (size_t)len) : -EINVAL;

	PKCS8_PRIV_KEY_INFO_free(info);
	OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
	return err;
}

static int load_private(const struct store *store, const struct policy_key *key,
			const struct eng_key *file, struct eng_key *ret, char *why, size_t size)
{
	struct eng_key passphrase = {0};
	char detail[200] = "";
	EVP_PKEY *pkey;
	int err = store_secret(store, key->passphrase, key->passphrase_credential, &passphrase,
			       detail, sizeof(detail));

	if (err) {
		(void)snprintf(why, size, "its passphrase: %s", detail);
		return err;
	}
	pkey = decode(file, &passphrase);
	eng_key_wipe(&passphrase);
	if (!pkey)
		return wrong(why, size, -EINVAL,
			     key->passphrase || key->passphrase_credential
				 ? "it holds no private key, or the passphrase is wrong"
				 : "it holds no private key that can be read without a passphrase");
	err = encode(pkey, ret);
	EVP_PKEY_free(pkey);
	return err ? wrong(why, size, err, "its key has no private part") : 0;
}

int store_load(const struct store *store, const struct policy_key *key, struct eng_key *ret,
	       char *why, size_t size)
{
	struct eng_key file = {0};
	int err = store_read(store->directory, key->source, true, KEY_MAX_FILE, &file, why, size);

	if (err)
		return err;
	if (key->alg) {
		*ret = file;
		return 0;
	}
	err = load_private(store, key, &file, ret, why, size);
	eng_key_wipe(&file);
	return err;
}
