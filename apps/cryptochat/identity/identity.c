// SPDX-License-Identifier: GPL-2.0-or-later
/* identity.c - this user's Ed25519 key: made on first use, kept in a file of mode 0600. */
#include "cryptochat/identity/identity.h"

#include "apps/base/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#define DAY 86400L

/* Write the key where no file is yet; -EEXIST: somebody was faster. */
static int store(const char *path, EVP_PKEY *key)
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
	err = bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 ? 0 : -EIO;
	BIO_free(bio);
	if (fsync(fd) < 0 && !err)
		err = -errno;
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err)
		err = publish(AT_FDCWD, temporary, path); /* never replaces a key */
	if (err)
		unlink(temporary);
	return err;
}

static int read_key(OSSL_LIB_CTX *libctx, const char *path, EVP_PKEY **ret, bool *exposed)
{
	struct stat st;
	BIO *bio;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && st.st_mode & 077) {
		*exposed = true;
		close(fd);
		return -EACCES;
	}
	bio = BIO_new_fd(fd, BIO_CLOSE);
	if (!bio) {
		close(fd);
		return -ENOMEM;
	}
	/* An empty passphrase callback argument: never ask on the terminal. */
	*ret = PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, (void *)(uintptr_t) "", libctx, NULL);
	BIO_free(bio);
	return *ret ? 0 : -EINVAL;
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

int identity_load(OSSL_LIB_CTX *libctx, const char *path, struct identity *ret, bool *made)
{
	struct identity id = {0};
	bool exposed = false;
	int err = read_key(libctx, path, &id.key, &exposed);

	*made = exposed;
	if (err == -ENOENT) {
		id.key = EVP_PKEY_Q_keygen(libctx, NULL, "ED25519");
		err = id.key ? store(path, id.key) : -ENOMEM;
		*made = !err;
		if (err == -EEXIST) {
			EVP_PKEY_free(id.key);
			id.key = NULL;
			err = read_key(libctx, path, &id.key, &exposed);
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
