/* SPDX-License-Identifier: GPL-2.0-or-later */
/* secret.h - keys and IVs: read from files, held in one type, wiped after use. */
#ifndef APPS_BASE_SECRET_H
#define APPS_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_MAX 32 /* bytes: an AES-256 key */

/**
 * struct secret - key bytes
 * @bytes: the key
 * @len: bytes used; the others are 0
 */
struct secret {
	uint8_t bytes[SECRET_MAX];
	size_t len;
};

/**
 * struct secret_file - what secret_load() noticed about the file
 * @found: bytes in the file; counting stops soon after the longest valid size
 * @exposed: a regular file that its group or everybody may read
 * @looks_hex: taken as raw bytes, but each byte is a hexadecimal digit: probably
 *	hexadecimal text for a key half as long
 */
struct secret_file {
	size_t found;
	bool exposed;
	bool looks_hex;
};

/**
 * secret_load() - read a key or IV from a file
 * @path: file; pipes are fine
 * @size: bytes the secret must have, 1 to SECRET_MAX
 * @ret: the secret; untouched unless 0 is returned
 * @info: what the file was like; valid also when its content was refused
 *
 * The size of the file tells its form: exactly @size bytes are the secret
 * itself, 2 * @size hexadecimal digits with at most one line end after them are
 * its text form.
 *
 * Return: 0; -EMSGSIZE: the size fits neither form; -EILSEQ: the size of the text
 * form, but not hexadecimal; otherwise what open() or read() said
 */
int secret_load(const char *path, size_t size, struct secret *ret, struct secret_file *info);

/**
 * secret_parse() - decode hexadecimal text
 * @hex: digits
 * @size: bytes the secret must have, 1 to SECRET_MAX
 * @ret: the secret; untouched unless 0 is returned
 *
 * Return: 0; -EMSGSIZE: not 2 * @size characters; -EILSEQ: not hexadecimal
 */
int secret_parse(const char *hex, size_t size, struct secret *ret);

/** secret_wipe() - forget the bytes in a way the compiler cannot drop */
void secret_wipe(struct secret *s);

#endif /* APPS_BASE_SECRET_H */
