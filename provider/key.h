/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key.h - private keys that the host has.
 *
 * Theory of operation
 * -------------------
 * An object of a key has its name and its public half, the latter as an
 * EVP_PKEY of the software context. Everything that takes no private key
 * (parameters, export, comparison, verification, public encryption) is done
 * with that. Signatures, decryption and derivation are calls to the device.
 *
 * What OpenSSL calls "RSA" or "EC" must stay the default provider's for all
 * other keys. Therefore
 *   - only the key management has such a name, and its algorithms have no
 *     property "provider=cryptodev": the documented property query of the bulk
 *     algorithms does not choose it;
 *   - it is offered after another provider's (cd_key_managements()), so that
 *     it is never the first choice;
 *   - the operations have names of their own, which only our key management
 *     says.
 *
 *   key.c           objects
 *   key_operate.c   sessions and operations, also for asynchronous jobs
 *   key_manage.c    key management
 *   key_store.c     cryptodev:LABEL
 *   key_decode.c    PEM files with a URI inside
 *   key_sign.c      signatures; key_params.c: their parameters
 *   key_cipher.c    RSA decryption
 *   key_exchange.c  ECDH, X25519
 */
#ifndef CD_KEY_H
#define CD_KEY_H

#include "common/key_client.h"
#include "common/key_scheme.h"
#include "provider/file.h"
#include "provider/provider.h"

/* Asynchronous operations of a key for which open files are kept. */
#define CD_KEY_LANES 128

/**
 * struct cd_key_session_st - a session of a key on an open file. All zero: none.
 * @file: the file; a reference
 * @ses: its id there
 */
typedef struct cd_key_session_st {
    CD_FILE *file;
    uint32_t ses;
} CD_KEY_SESSION;

/**
 * struct cd_pkey_st - a key.
 * @prov: the provider
 * @refs: references
 * @name: its name; empty label: a public key that was imported
 * @private: whether the host has its private half
 * @info: what the host told of it
 * @public: its public half, in the software context
 * @pool: the device
 * @lock: covers @shared, @lanes and @num_lanes
 * @shared: for calls that wait
 * @lanes: for calls of asynchronous jobs, each with a file of its own; those
 * that are idle
 */
typedef struct cd_pkey_st {
    CD_PROV *prov;
    atomic_uint refs;
    struct key_name name;
    bool private;
    struct crypt_key info;
    EVP_PKEY *public;
    CD_POOL *pool;
    pthread_mutex_t lock;
    CD_KEY_SESSION shared;
    CD_KEY_SESSION lanes[CD_KEY_LANES];
    unsigned int num_lanes;
} CD_PKEY;

/* key.c */

/** cd_pkey_new - an empty key. */
CD_PKEY *cd_pkey_new(CD_PROV *prov);
int cd_pkey_ref(CD_PKEY *key);
void cd_pkey_free(CD_PKEY *key);

/**
 * cd_pkey_open - the key of a URI.
 * @private: false: its public half only
 * Return: the key, or NULL with an error raised.
 */
CD_PKEY *cd_pkey_open(CD_PROV *prov, const char *uri, bool private);

/** cd_pkey_type - OpenSSL's name of its type, "RSA" and its like. */
const char *cd_pkey_type(const CD_PKEY *key);

/** cd_pkey_give - tells @cb of the key, and gives the caller's reference up. */
int cd_pkey_give(CD_PKEY *key, OSSL_CALLBACK *cb, void *arg);

/* key_operate.c */

/**
 * cd_pkey_operate - one operation.
 * @op: all but session and cookie
 * @len: out: bytes of output
 * Return: 1, or 0 with an error raised.
 */
int cd_pkey_operate(CD_PKEY *key, struct crypt_key_op *op, size_t *len);

/** cd_pkey_close - ends its sessions. */
void cd_pkey_close(CD_PKEY *key);

/**
 * cd_key_refuse - raises an error that says what is not possible. Return: 0.
 */
int cd_key_refuse(const CD_PKEY *key, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/**
 * cd_key_scheme - the scheme of the key, if the host permits it; else NULL with
 * an error raised.
 */
const struct key_scheme *cd_key_scheme(const CD_PKEY *key,
                                       enum key_family family,
                                       enum key_digest digest);

/** cd_key_digest - the digest of that name; KEY_NO_DIGEST: it is another. */
enum key_digest cd_key_digest(CD_PROV *prov, const char *name);

/* Algorithms, by operation */
extern const OSSL_ALGORITHM cd_key_stores[];
extern const OSSL_ALGORITHM cd_key_decoders[];
extern const OSSL_ALGORITHM cd_key_signatures[];
extern const OSSL_ALGORITHM cd_key_ciphers[];
extern const OSSL_ALGORITHM cd_key_exchanges[];

/* key_manage.c */

/**
 * cd_key_managements - the key managements, if they may be offered now.
 * @no_cache: out: OpenSSL is to ask again
 */
const OSSL_ALGORITHM *cd_key_managements(CD_PROV *prov, int *no_cache);

/* Names of the operations, and the properties of all but the store */
#define CD_KEY_SIGNATURE "CRYPTODEV-SIGNATURE"
#define CD_KEY_CIPHER "CRYPTODEV-CIPHER"
#define CD_KEY_EXCHANGE "CRYPTODEV-EXCHANGE"
#define CD_KEY_PROPERTIES "cryptodev.class=key"

#endif /* CD_KEY_H */
