/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * identity.h - this user's Ed25519 key: made on first use, kept in a file of mode 0600.
 *
 * The certificate that TLS wants around it is made anew for each run and says nothing; who
 * we are is the key.
 */
#ifndef CRYPTOCHAT_IDENTITY_IDENTITY_H
#define CRYPTOCHAT_IDENTITY_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "cryptochat/identity/identity_key.h"

/** struct identity - @hash: name of the key; freed with identity_free() */
struct identity {
	EVP_PKEY *key;
	X509 *cert;
	uint8_t hash[KEY_HASH_SIZE];
};

/**
 * identity_load() - read the key, or make it
 * @libctx: OpenSSL library context
 * @path: PEM file; its directory exists
 * @passphrase_file: file whose first line is the passphrase, or NULL: ask at the terminal
 * @ret: identity
 * @made: the key was made now
 *
 * Return: 0; -ENOKEY: there is a passphrase and no terminal; -EKEYREJECTED: the passphrase is wrong;
 * -EISDIR; -EACCES with *@made set: others may read the file; -EINVAL: the file holds no
 * Ed25519 key; another negative errno
 */
int identity_load(OSSL_LIB_CTX *libctx, const char *path, const char *passphrase_file,
		  struct identity *ret, bool *made);

/**
 * identity_protect() - ask for a new passphrase, twice, and store the key with it
 *
 * An empty one stores the key without a passphrase.
 *
 * Return: 0; -ENOKEY: there is no terminal; -EINVAL: the two differ; or a negative errno
 */
int identity_protect(const char *path, const struct identity *id);

void identity_free(struct identity *id);

/**
 * config_directory() - where identity and known_peers are, made if need be (0700)
 * @chosen: directory the user gave, or NULL for $XDG_CONFIG_HOME/cryptochat,
 *	by default ~/.config/cryptochat
 * @ret: the path, PATH_MAX bytes
 *
 * Return: 0, -ENOENT: there is neither $XDG_CONFIG_HOME nor $HOME, or a negative errno
 */
int config_directory(const char *chosen, char *ret);

#endif /* CRYPTOCHAT_IDENTITY_IDENTITY_H */
