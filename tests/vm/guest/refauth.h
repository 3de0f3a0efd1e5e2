/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refauth.h - what the right answers of CIOCAUTHCRYPT are, by libcrypto: AEADs, and TLS
 * records and SRTP packets put together from ref.h's ciphers and MACs.
 */
#ifndef TESTS_VM_GUEST_REFAUTH_H
#define TESTS_VM_GUEST_REFAUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ref.h"

/**
 * struct ref_aead - an AEAD of the ABI.
 * @id: enum cryptodev_crypto_op_t
 * @name: for messages
 * @ivsize: bytes that crypt_auth_op.iv points to
 * @keylens: key lengths, 0-ended
 * @evp: EVP names, one for each key length
 */
struct ref_aead {
	uint32_t id;
	const char *name;
	uint32_t ivsize;
	uint8_t keylens[4];
	const char *evp[3];
};

/** ref_aead_find - entry of @id, or NULL. */
const struct ref_aead *ref_aead_find(uint32_t id);

/** ref_aead_at - entry @i, NULL behind the last. */
const struct ref_aead *ref_aead_at(size_t i);

/**
 * struct ref_auth - one authenticated operation.
 * @cipher: cipher or AEAD
 * @mac: MAC, for TLS and SRTP
 * @open: decrypt
 * @key: cipher key
 * @keylen: bytes of it
 * @mackey: MAC key
 * @mackeylen: bytes of it
 * @iv: as the ABI has it: CCM 16 bytes that begin with L - 1
 * @aad: additional data; SRTP: the region that holds the data
 * @aadlen: bytes of it
 * @taglen: bytes of tag
 */
struct ref_auth {
	uint32_t cipher, mac;
	bool open;
	const uint8_t *key;
	size_t keylen;
	const uint8_t *mackey;
	size_t mackeylen;
	const uint8_t *iv;
	const uint8_t *aad;
	size_t aadlen;
	size_t taglen;
};

/**
 * ref_aead - one operation of a plain AEAD, in place.
 * @a: what to do
 * @buf: data, when opening with the tag behind it; has room for the result
 * @len: bytes of it
 * @outlen: out: bytes of result
 * Return: 0, -EINVAL, -EBADMSG, -EIO.
 */
int ref_aead(const struct ref_auth *a, uint8_t *buf, size_t len, size_t *outlen);

/** ref_tls_size - bytes of a record of @len bytes of data. */
size_t ref_tls_size(size_t block, size_t taglen, size_t len);

/** ref_tls - a TLS record, MAC then encrypt, in place; as ref_aead(). */
int ref_tls(const struct ref_auth *a, uint8_t *buf, size_t len, size_t *outlen);

/**
 * ref_srtp - an SRTP packet, encrypt then MAC, in place.
 * @a: what to do; the region is @region, not a->aad
 * @region: what is authenticated, a->aadlen bytes
 * @off: where the data begins in it
 * @len: bytes of data
 * @tag: the tag: out, or in when opening
 * Return: 0, -EBADMSG, -EIO.
 */
int ref_srtp(const struct ref_auth *a, uint8_t *region, size_t off, size_t len, uint8_t *tag);

#endif
