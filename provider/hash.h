/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hash.h - the bytes of a hash or HMAC, on device or software.
 */
#ifndef CD_HASH_H
#define CD_HASH_H

#include "provider/device.h"

/* Most bytes of a message that are kept; of a longer one, the bytes of one
 * operation. */
#define CD_HASH_KEPT ((size_t)1 << 20)

/**
 * enum cd_hash_where - where the beginning of the message is.
 * @CD_HASH_KEPT_ALL: in @kept, with all of it
 * @CD_HASH_DEVICE: on the device; @kept follows it
 * @CD_HASH_SOFTWARE: in the software, with all of it
 * @CD_HASH_LOST: the device had it and has lost it
 */
enum cd_hash_where {
    CD_HASH_KEPT_ALL,
    CD_HASH_DEVICE,
    CD_HASH_SOFTWARE,
    CD_HASH_LOST
};

/**
 * struct cd_hash_st - one message.
 * @prov: the provider
 * @class: SHA-2 or HMAC
 * @id: number in the ABI, or 0 when the device cannot have it
 * @size: bytes of the digest
 * @key: of an HMAC
 * @where: where the message is
 * @kept, @len, @room: bytes that are kept
 * @session: on the device
 * @md, @mac: the software: one of them, initialised by the owner
 */
typedef struct cd_hash_st {
    CD_PROV *prov;
    enum cd_class class;
    uint32_t id;
    size_t size;
    CD_KEY key;
    enum cd_hash_where where;
    uint8_t *kept;
    size_t len;
    size_t room;
    CD_SESSION session;
    EVP_MD_CTX *md;
    EVP_MAC_CTX *mac;
} CD_HASH;

/** cd_hash_start - a new message; the software must be at its start too. */
void cd_hash_start(CD_HASH *hash);
int cd_hash_update(CD_HASH *hash, const uint8_t *data, size_t len);

/** cd_hash_final - the digest, @size bytes. */
int cd_hash_final(CD_HASH *hash, uint8_t *digest);

/** cd_hash_to_software - the rest of the message is software's. */
int cd_hash_to_software(CD_HASH *hash);

/** cd_hash_copy - all but the software, which is the owner's. @to: all zero. */
int cd_hash_copy(CD_HASH *to, const CD_HASH *from);

/** cd_hash_clear - ends the session and wipes key and kept bytes. */
void cd_hash_clear(CD_HASH *hash);

#endif /* CD_HASH_H */
