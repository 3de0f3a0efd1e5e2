/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_scheme.h - the facts of keys by name and of their schemes, for programs in the guest.
 *
 * Numbers are those of virtio_cryptodev.h.
 */
#ifndef VCD_COMMON_KEY_SCHEME_H
#define VCD_COMMON_KEY_SCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** enum key_family - how the scheme is carried out. */
enum key_family {
	KEY_RSA_PKCS1,
	KEY_RSA_PSS,
	KEY_ECDSA,
	KEY_PURE, /* Ed25519: signs the message itself */
	KEY_OAEP,
	KEY_ECDH,
};

/** enum key_digest - the digests that schemes have. */
enum key_digest {
	KEY_NO_DIGEST,
	KEY_SHA1,
	KEY_SHA256,
	KEY_SHA384,
	KEY_SHA512,
};

/**
 * struct key_scheme - one scheme.
 * @id: enum vcd_scheme
 * @kind: enum vcd_key_kind of the keys that it is for
 * @family: how it is carried out
 * @digest: its digest
 * @name: as the policy of vcrypto-keeper has it
 */
struct key_scheme {
	uint16_t id;
	uint16_t kind;
	enum key_family family;
	enum key_digest digest;
	const char *name;
};

/** key_scheme_find - the scheme of keys of @kind, or NULL: there is none. */
const struct key_scheme *key_scheme_find(unsigned int kind, enum key_family family,
					 enum key_digest digest);

/** key_scheme_at - entry @i of the table, NULL behind the last. */
const struct key_scheme *key_scheme_at(size_t i);

/** key_schemes_have - whether the bit map @schemes has one of @family. */
bool key_schemes_have(uint64_t schemes, enum key_family family);

/** key_digest_size - bytes of a digest, 0 for none. */
size_t key_digest_size(enum key_digest digest);

/** key_digest_name - "SHA2-256" and its like; NULL for none. */
const char *key_digest_name(enum key_digest digest);

/**
 * key_digest_info - the digest in a DigestInfo of PKCS#1.
 * @der: @len bytes
 * @digest: out: which one it is
 *
 * Return: where in @der it begins, or NULL: it is not the DigestInfo of a known digest.
 */
const uint8_t *key_digest_info(const uint8_t *der, size_t len, enum key_digest *digest);

/** key_kind_name - "rsa", "ec-p256", "symmetric"; "unknown" for a number that has no name. */
const char *key_kind_name(unsigned int kind);

/** key_kind_bytes - bytes of a coordinate of the curve, 0 for what is none. */
size_t key_kind_bytes(unsigned int kind);

#endif /* VCD_COMMON_KEY_SCHEME_H */
