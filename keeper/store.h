/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - files with keys, passphrases and PINs.
 *
 * A file is only read if nobody else could have changed it, nor read it where it is a secret:
 * it is a regular file with one link, reached without a symbolic link, and is the keeper's own without
 * access for others, or root's and at most readable by the keeper's group.
 */
#ifndef VCD_KEEPER_STORE_H
#define VCD_KEEPER_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/key.h"
#include "keeper/policy.h"

/**
 * struct store - where files are.
 * @directory: descriptor of the policy's directory, to which paths are relative
 * @credentials: descriptor of systemd's credentials, or -1
 */
struct store {
	int directory;
	int credentials;
};

/**
 * store_read - read a file.
 * @directory: descriptor that @path is relative to
 * @path: file
 * @secret: others must not be able to read it; else they must not be able to write
 * @max: most bytes
 * @ret: out: the bytes, with a 0 behind them that does not count
 * @why: out: what is wrong
 * @size: bytes at @why
 *
 * Return: 0 or a negative errno.
 */
int store_read(int directory, const char *path, bool secret, size_t max, struct eng_key *ret,
	       char *why, size_t size);

/**
 * store_secret - read a PIN or passphrase: the first line of a file or credential.
 * @store: where files are
 * @path: file, or NULL
 * @credential: name of a credential, or NULL
 * @ret: out: the secret, a 0 behind it
 * @why: out: what is wrong
 * @size: bytes at @why
 *
 * Return: 0, also if both are NULL, or a negative errno.
 */
int store_secret(const struct store *store, const char *path, const char *credential,
		 struct eng_key *ret, char *why, size_t size);

/**
 * store_load - read the key of a file: PKCS #8 in DER, or the bytes of a symmetric key.
 * @store: where files are
 * @key: its section in the policy
 * @ret: out: the bytes
 * @why: out: what is wrong
 * @size: bytes at @why
 *
 * Private keys are read in PEM and DER, also encrypted.
 *
 * Return: 0 or a negative errno.
 */
int store_load(const struct store *store, const struct policy_key *key, struct eng_key *ret,
	       char *why, size_t size);

#endif /* VCD_KEEPER_STORE_H */
