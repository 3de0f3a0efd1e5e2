/* SPDX-License-Identifier: GPL-2.0-or-later */
/* passphrase.h - the passphrase of the user's key: from a file, or asked for at the terminal. */
#ifndef CRYPTOCHAT_IDENTITY_PASSPHRASE_H
#define CRYPTOCHAT_IDENTITY_PASSPHRASE_H

#define PASSPHRASE_SIZE 1024

/**
 * passphrase_get() - the passphrase that opens a key
 * @file: file whose first line it is, or NULL: ask
 * @path: file of the key, for the question
 * @ret: PASSPHRASE_SIZE bytes, to be wiped by the caller
 *
 * Return: its length; -ENOKEY: there is no terminal; or another negative errno
 */
int passphrase_get(const char *file, const char *path, char *ret);

/** passphrase_new() - ask for a new one, twice; -EINVAL: they differ; else as passphrase_get() */
int passphrase_new(const char *path, char *ret);

#endif /* CRYPTOCHAT_IDENTITY_PASSPHRASE_H */
