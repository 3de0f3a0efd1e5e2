/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show.h - what vcrypto-key prints of keys. */
#ifndef VCD_KEY_SHOW_H
#define VCD_KEY_SHOW_H

#include <stdio.h>

#include "common/key_client.h"

/** show_list - a table of @count keys. */
void show_list(FILE *out, const struct crypt_key *keys, size_t count);

/** show_list_json - the same as a JSON array. */
void show_list_json(FILE *out, const struct crypt_key *keys, size_t count);

/** show_info - all that is told of a key, and its public key in PEM. */
void show_info(FILE *out, const struct crypt_key *key, const uint8_t *spki, size_t spki_len);

/** show_info_json - the same as a JSON object. */
void show_info_json(FILE *out, const struct crypt_key *key, const uint8_t *spki, size_t spki_len);

/** show_pem - @len bytes as a PEM block. */
void show_pem(FILE *out, const char *label, const uint8_t *bytes, size_t len);

#endif /* VCD_KEY_SHOW_H */
