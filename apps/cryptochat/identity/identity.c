// SPDX-License-Identifier: GPL-2.0-or-later
/* identity.c - this user's Ed25519 key: made on first use, kept in a file of mode 0600. */
#include "cryptochat/identity/identity.h"

#include "apps/base/publish.h"
#include "cryptochat/identity/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#define DAY 86400L
#define SCRYPT_N 16384

/* PKCS #8, encrypted if there is a passphrase. */
static int write_key(BIO *bio, EVP_PKEY *key, const char *passphrase)
{
	PKCS8_PRIV_KEY_INFO *plain;
	X509_ALGOR *how;
	X509_SIG *sealed = NULL;
	int ok = 0;

	if (!passphrase[0])
		return PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 ? 0
											  : -EIO;
	plain = EVP_PKEY2PKCS8(key);
	/* What `openssl pkcs8 -scrypt` uses; PBKDF2 would be cheap to try on graphics cards. */
	how = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, SCRYPT_N, 8, 1);
	if (plain && how)
		sealed = PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), plain, how);
	if (sealed)
		ok = PEM_write_bio_PKCS8(bio, sealed);
	else
		X509_ALGOR_free(how);
	X509_SIG_free(sealed);
	PKCS8_PRIV_KEY_INFO_free(plain);
	return ok == 1 ? 0 : -EIO;
}

/* Write the key to @path. Unless @replace, -EEXIST: there is a file. */
static int store(const char *path, EVP_PKEY *key, const char *passphrase, bool replace)
{
	char temporary[PATH_MAX];
	BIO *bio = NULL;
	int fd, err;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= sizeof(temporary))
		return -ENAMETOOLONG;
	fd = mkostemp(temporary, O_CLOEXEC); /* 0600 */
	if (fd < 0)
		return -errno;
	bio = BIO_new_fd(fd, BIO_NOCLOSE);
	err = bio ? write_key(bio, key, passphrase) : -ENOMEM;
	BIO_free(bio);
	if (fsync(fd) < 0 && !err)
		err = -errno;
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && replace)
		err = rename(temporary, path) < 0 ? -errno : 0;
	else if (!err)
		err = publish(AT_FDCWD, temporary, path); /* never replaces a key */
	if (err)
		unlink(temporary);
	return err;
}

/**
 * struct question - for the passphrase of a key
 * @file: where it is, or NULL
 * @path: the key's file
 * @err: why there is none; 0: nobody has asked, or there is one
 * @asked: the key has one
 */
struct question {
	const char *file;
	const char *path;
	int err;
	bool asked;
};

static int on_passphrase(char *buffer, int size, int writing, void *arg)
{
	char text[PASSPHRASE_SIZE];
	struct question *q = arg;
	int len = passphrase_get(q->file, q->path, text);

	q->asked = true;
	q->err = len < 0 ? len : 0;
	if (len >= 0 && len <= size)
		memcpy(buffer, text, (size_t)len);
	explicit_bzero(text, sizeof(text));
	return len >= 0 && len <= size ? len : -1;
}

static int open_key(const char *path, bool *exposed)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else if (st.st_mode & 077)
		err = -EACCES;
	*exposed = err == -EACCES;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int read_key(OSSL_LIB_CTX *libctx, const char *path, const char *passphrase_file,
		    EVP_PKEY **ret, bool *exposed)
{
	struct question q = {.file = passphrase_file, .path = path};
	int fd = open_key(path, exposed);
	BIO *bio;

	if (fd < 0)
		return fd;
	bio = BIO_new_fd(fd, BIO_CLOSE);
	if (!bio) {
		close(fd);
		return -ENOMEM;
	}
	*ret = PEM_read_bio_PrivateKey_ex(bio, NULL, on_passphrase, &q, libctx, NULL);
	BIO_free(bio);
	if (*ret)
		return 0;
	return q.err ? q.err : q.asked ? -EKEYREJECTED : -EINVAL;
}

int identity_protect(const char *path, const struct identity *id)
{
	char passphrase[PASSPHRASE_SIZE];
	int len = passphrase_new(path, passphrase);
	int err = len < 0 ? len : store(path, id->key, passphrase, true);

	explicit_bzero(passphrase, sizeof(passphrase));
	return err;
}

static int make_certificate(struct identity *id)
{
	X509_NAME *name;
	X509 *cert = X509_new();

	id->cert = cert;
	if (!cert || !X509_set_version(cert, X509_VERSION_3) ||
	    !ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) ||
	    !X509_gmtime_adj(X509_getm_notBefore(cert), -DAY) ||
	    !X509_gmtime_adj(X509_getm_notAfter(cert), 3650 * DAY) ||
	    !X509_set_pubkey(cert, id->key))
		return -ENOMEM;
	name = X509_get_subject_name(cert);
	if (!X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					(const unsigned char *)"cryptochat", -1, -1, 0) ||
	    !X509_set_issuer_name(cert, name) || !X509_sign(cert, id->key, NULL))
		return -ENOMEM;
	return 0;
}

int identity_load(OSSL_LIB_CTX *libctx, const char *path, const char *passphrase_file,
		  struct identity *ret, bool *made)
{
	struct identity id = {0};
	bool exposed = false;
	int err = read_key(libctx, path, passphrase_file, &id.key, &exposed);

	*made = exposed;
	if (err == -ENOENT) {
		id.key = EVP_PKEY_Q_keygen(libctx, NULL, "ED25519");
		err = id.key ? store(path, id.key, "", false) : -ENOMEM;
		*made = !err;
		if (err == -EEXIST) {
			EVP_PKEY_free(id.key);
			id.key = NULL;
			err = read_key(libctx, path, passphrase_file, &id.key, &exposed);
		}
	}
	if (!err)
		err = key_hash(id.key, id.hash);
	if (!err)
		err = make_certificate(&id);
	if (err)
		identity_free(&id);
	else
		*ret = id;
	return err;
}

void identity_free(struct identity *id)
{
	X509_free(id->cert);
	EVP_PKEY_free(id->key);
	*id = (struct identity){0};
}

/* mkdir -p for the last two components, which are ours by convention. */
static int make_directory(char *path)
{
	char *slash = strrchr(path, '/');

	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT || !slash || slash == path)
		return -errno;
	*slash = 0;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	*slash = '/';
	return mkdir(path, 0700) < 0 ? -errno : 0;
}

int config_directory(const char *chosen, char *ret)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n;

	if (chosen)
		n = snprintf(ret, PATH_MAX, "%s", chosen);
	else if (xdg && xdg[0] == '/') /* the specification: relative ones are ignored */
		n = snprintf(ret, PATH_MAX, "%s/cryptochat", xdg);
	else if (home && home[0])
		n = snprintf(ret, PATH_MAX, "%s/.config/cryptochat", home);
	else
		return -ENOENT;
	/* Room for the names of files in it. */
	if (n < 1 || n > PATH_MAX - 64)
		return -ENAMETOOLONG;
	return make_directory(ret);
}
