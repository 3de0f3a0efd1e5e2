/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_client.h - keys by name on /dev/crypto: names, tickets, and the calls.
 *
 * Functions that can fail return a negative errno; cryptodev.h says what those of the device mean.
 */
#ifndef VCD_COMMON_KEY_CLIENT_H
#define VCD_COMMON_KEY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cryptodev.h"

#define KEY_DEVICE "/dev/crypto"
#define KEY_URI_SCHEME "cryptodev"
#define KEY_MAX_PATH 256

/** Longest URI: label, two paths, and the words around them. */
#define KEY_MAX_URI (CRYPT_KEY_LABEL_LEN + 2 * KEY_MAX_PATH + 64)

/** What stands in the BEGIN line of a PEM file that has a URI instead of a key. */
#define KEY_PEM_LABEL "CRYPTODEV PROVIDER URI"

/**
 * struct key_name - what names a key.
 * @label: its label, 0-padded
 * @device: path of the device
 * @ticket_file: path of the file with the ticket; empty: none
 * @has_ticket: @ticket has been read
 * @ticket: secret; key_name_wipe() forgets it
 */
struct key_name {
	char label[CRYPT_KEY_LABEL_LEN];
	char device[KEY_MAX_PATH];
	char ticket_file[KEY_MAX_PATH];
	bool has_ticket;
	uint8_t ticket[CRYPT_KEY_TICKET_LEN];
};

/** key_label_valid - a letter or digit, then at most 62 of a-z 0-9 . _ - */
bool key_label_valid(const char *label);

/**
 * key_name_set - a name from its parts.
 * @device: NULL: KEY_DEVICE
 * @ticket_file: NULL: none; not read yet
 *
 * Return: 0, or -EINVAL: the label is not one, or a path is too long or empty.
 */
int key_name_set(struct key_name *name, const char *label, const char *device,
		 const char *ticket_file);

/**
 * key_name_parse - cryptodev:LABEL[;device=PATH][?ticket-file=PATH]
 *
 * Bytes of the paths may be written as %XX. Return: 0 or -EINVAL.
 */
int key_name_parse(struct key_name *name, const char *uri);

/** key_name_uri - the URI of a name. @uri: KEY_MAX_URI bytes. Return: 0, or -ENAMETOOLONG. */
int key_name_uri(const struct key_name *name, char *uri);

/**
 * key_name_ticket - read the ticket, if the name has a file of one.
 *
 * The file has 32 bytes, or 64 hexadecimal digits and a line end. Return: 0; -EINVAL: it has
 * something else; or the errno of reading it.
 */
int key_name_ticket(struct key_name *name);

/** key_name_wipe - forget the ticket. */
void key_name_wipe(struct key_name *name);

/** key_open - open the device. Return: descriptor. */
int key_open(const char *device);

/** key_call - one ioctl, repeated when a signal interrupts it. Return: 0 or a negative errno. */
int key_call(int fd, unsigned long request, void *arg);

/**
 * key_info - what is told of a key.
 * @name: its ticket has been read
 * @spki: out: the public key in DER, to be freed; NULL: it is not asked for
 * @spki_len: out: its bytes, 0 if the key has none
 */
int key_info(int fd, const struct key_name *name, struct crypt_key *key, uint8_t **spki,
	     size_t *spki_len);

/**
 * key_list - all keys that are listed.
 * @keys: out: @count of them, to be freed
 */
int key_list(int fd, struct crypt_key **keys, size_t *count);

/**
 * key_label_op - the argument of CIOCGSESSLABEL for a private key.
 * @check: the key must have this check value; NULL: any
 *
 * Its @ticket is the address of @name's.
 */
void key_label_op(const struct key_name *name, const uint8_t *check, struct crypt_label_op *op);

/** key_error - what an errno of these calls means, for users. */
const char *key_error(int error);

#endif /* VCD_COMMON_KEY_CLIENT_H */
