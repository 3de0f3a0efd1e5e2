/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * provider.h - what the parts of the provider share.
 *
 * Theory of operation
 * -------------------
 * An algorithm of this provider is OpenSSL's own algorithm with a second
 * implementation for large pieces of work. Each context keeps key, IV and
 * position itself and runs a piece either on the device or on a software
 * implementation, fetched from the default provider of a library context that
 * belongs to this provider alone: so no property query of the application leads
 * back here. The software context is moved to the current position when it is
 * needed.
 *
 * The device gets a piece of at least `threshold' bytes. After any failure
 * except a wrong authentication tag, software repeats the piece; therefore the
 * device never writes to memory that holds the only copy of its input.
 *
 *   provider.c    entry point, parameters, tables of algorithms
 *   config.c      configuration from openssl.cnf and the environment
 *   program.c     programs in which nothing is offered
 *   stats.c       counters
 *   file.c        open files of the device, fork
 *   device.c      sessions, failures, missing algorithms
 *   cipher.c      CBC, CTR, ECB, XTS: contexts and parameters
 *   cipher_update.c  blocks, padding
 *   cipher_tls.c  padding and MAC of TLS 1.0 to 1.2 CBC records
 *   cipher_run.c  a run of bytes on device or software
 *   aead.c        GCM and ChaCha20-Poly1305
 *   ccm.c         CCM
 *   aead_params.c, aead_tls.c, aead_run.c  what the AEADs share
 *   digest.c, mac.c  SHA-2 and HMAC; hash.c: their bytes on device or software
 *   key*.c        private keys that the host has; see key.h
 *
 * Functions return 1 for success and 0 for failure, as OpenSSL's do.
 */
#ifndef CD_PROVIDER_H
#define CD_PROVIDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/proverr.h>

/** enum cd_class - classes that can be switched on and off, each with a
 * threshold. */
enum cd_class {
    CD_CBC,
    CD_CTR,
    CD_ECB,
    CD_XTS,
    CD_GCM,
    CD_CCM,
    CD_CHACHA,
    CD_SHA2,
    CD_HMAC,
    CD_CLASSES
};

/**
 * struct cd_alg_st - one algorithm.
 * @names: OpenSSL's names, the first one being that of the software
 * @operation: OSSL_OP_*
 * @class: its class
 * @id: number in the cryptodev ABI
 * @mode: EVP_CIPH_*_MODE
 * @keylen, @ivlen, @blocksize: bytes; @blocksize is 1 for what streams
 * @size: bytes of a digest
 * @functions: what OpenSSL calls
 */
typedef struct cd_alg_st {
    const char *names;
    int operation;
    enum cd_class class;
    uint32_t id;
    unsigned int mode;
    size_t keylen;
    size_t ivlen;
    size_t blocksize;
    size_t size;
    const OSSL_DISPATCH *functions;
} CD_ALG;

/**
 * struct cd_config_st - the configuration; owned by the provider.
 * @device: path of the device
 * @except, @only: patterns of names of programs, see program.c; @only may be
 * NULL
 * @stats: file for a line of counters at the end, "stderr", or NULL
 * @offer: by class, whether its algorithms are offered
 * @threshold: by class, bytes below which software is used
 * @retry_ms: how long the device is left alone after its first failure
 * @timeout_ms: how long one call may wait for the host; 0: as the driver has it
 * @hardware: only algorithms that the device says no software could reach
 */
typedef struct cd_config_st {
    char *device;
    char *except;
    char *only;
    char *stats;
    bool offer[CD_CLASSES];
    size_t threshold[CD_CLASSES];
    unsigned int retry_ms;
    unsigned int timeout_ms;
    bool hardware;
} CD_CONFIG;

/**
 * struct cd_counters_st - counters of operations, for all threads.
 * @next: of the next provider of this process; see stats.c
 * @ops, @bytes: operations and bytes of payload of the device
 * @soft_ops, @soft_bytes: the same of software in this provider
 * @errors: operations that the device failed and software repeated
 * @class_ops: of @ops, by class
 */
typedef struct cd_counters_st {
    struct cd_counters_st *next;
    atomic_uint_fast64_t ops;
    atomic_uint_fast64_t bytes;
    atomic_uint_fast64_t soft_ops;
    atomic_uint_fast64_t soft_bytes;
    atomic_uint_fast64_t errors;
    atomic_uint_fast64_t class_ops[CD_CLASSES];
} CD_COUNTERS;

/**
 * struct cd_key_st - key bytes of a context. All zero: none.
 *
 * They are in the same heap as OpenSSL's key schedules, not in the secure heap,
 * which is small and meant for private keys.
 */
typedef struct cd_key_st {
    uint8_t *bytes;
    size_t len;
} CD_KEY;

/** cd_key_wipe - forgets it. */
static inline void cd_key_wipe(CD_KEY *key)
{
    OPENSSL_clear_free(key->bytes, key->len);
    *key = (CD_KEY){0};
}

/** cd_key_set - a copy of @len bytes into the empty @key. */
static inline int cd_key_set(CD_KEY *key, const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return 1;
    key->bytes = OPENSSL_memdup(bytes, len);
    if (key->bytes == NULL) {
        ERR_raise(ERR_LIB_PROV, ERR_R_MALLOC_FAILURE);
        return 0;
    }
    key->len = len;
    return 1;
}

/** CD_FUNCTION - an entry of @functions: OSSL_FUNC_@id is done by @f. */
#define CD_FUNCTION(id, f)                                                     \
    {                                                                          \
        OSSL_FUNC_##id, (void (*)(void))(f)                                    \
    }

typedef struct cd_device_st CD_DEVICE;

/** cd_device_ready - whether it may be asked, as it has not just failed. */
bool cd_device_ready(CD_DEVICE *device);

/* Names of algorithms and programs, with the 0. */
#define CD_NAME_LEN 64

/* The longest AEAD message that the device is tried with: nothing longer is
 * taken by any driver, and it would be copied before that is known. */
#define CD_MAX_AEAD ((size_t)1 << 20)

/* More than all algorithms of one operation. */
#define CD_MAX_ALGS 32

/**
 * struct cd_prov_st - one loaded provider.
 * @handle: OpenSSL's handle of it
 * @app: the library context that it was loaded into, or NULL
 * @bio_read, @bio_gets: OpenSSL's functions for what is decoded
 * @soft: library context of the software
 * @config: configuration
 * @device: the device; NULL in a program that is to leave it alone
 * @statuses: what "cryptodev-status" has said so far; under cd_lock
 * @counters: counters
 * @max_aead: the shortest AEAD message the device is known to refuse, in bytes
 * @algs: the algorithms that are offered, by operation
 */
typedef struct cd_prov_st {
    const OSSL_CORE_HANDLE *handle;
    OSSL_LIB_CTX *app;
    OSSL_FUNC_BIO_read_ex_fn *bio_read;
    OSSL_FUNC_BIO_gets_fn *bio_gets;
    OSSL_LIB_CTX *soft;
    CD_CONFIG config;
    CD_DEVICE *device;
    struct cd_text_st *statuses;
    CD_COUNTERS counters;
    atomic_size_t max_aead;
    OSSL_ALGORITHM ciphers[CD_MAX_ALGS];
    OSSL_ALGORITHM digests[CD_MAX_ALGS];
    OSSL_ALGORITHM macs[CD_MAX_ALGS];
} CD_PROV;

/* cipher.c, aead.c, ccm.c, digest.c, mac.c: all algorithms, ended by @names
 * NULL */
extern const CD_ALG cd_cipher_algs[];
extern const CD_ALG cd_gcm_algs[];
extern const CD_ALG cd_ccm_algs[];
extern const CD_ALG cd_digest_algs[];
extern const CD_ALG cd_mac_algs[];

/* cipher.c: parameters of an algorithm, for all ciphers */
int cd_alg_get_params(const CD_ALG *alg, OSSL_PARAM params[]);
OSSL_FUNC_cipher_gettable_params_fn cd_cipher_gettable_params;

/* config.c */

/**
 * cd_config_read - reads the configuration.
 * @get: OpenSSL's function for the provider's section, or NULL
 *
 * The environment goes before openssl.cnf. Return: 1, or 0 with an error raised
 * that names the wrong value; cd_config_free() is due in both cases.
 */
int cd_config_read(CD_CONFIG *config, const OSSL_CORE_HANDLE *handle,
                   OSSL_FUNC_core_get_params_fn *get);
void cd_config_free(CD_CONFIG *config);

/** cd_class_name - the name of a class in configuration and counters. */
const char *cd_class_name(enum cd_class class);

/* program.c */

/** cd_program_name - the name of the running program's file, or "?". @name:
 * CD_NAME_LEN bytes */
void cd_program_name(char *name);

/** cd_program_excluded - whether this program is to leave the device alone. */
bool cd_program_excluded(const CD_CONFIG *config);

/* provider.c */

/**
 * cd_status - the value of "cryptodev-status"; valid as long as @prov.
 * @look: open the device if nothing did so far
 */
const char *cd_status(CD_PROV *prov, bool look);

/* stats.c */

/* Of all providers of this process. */
extern CD_COUNTERS cd_process_counters;

/** cd_counters_add, cd_counters_remove - a provider that is loaded, unloaded.
 */
void cd_counters_add(CD_COUNTERS *counters);
void cd_counters_remove(CD_COUNTERS *counters);

/** cd_counters_forked - in the child: it has done nothing yet. Under cd_lock.
 */
void cd_counters_forked(void);

/** cd_count_device, cd_count_soft - one operation with @bytes of payload. */
void cd_count_device(CD_PROV *prov, enum cd_class class, size_t bytes);
void cd_count_soft(CD_PROV *prov, size_t bytes);
void cd_count_error(CD_PROV *prov);

/** cd_stats_dump - the line of counters to where the configuration says. */
void cd_stats_dump(CD_PROV *prov);

/** cd_bulk - whether a piece of @len bytes is one for the device. */
static inline bool cd_bulk(const CD_PROV *prov, enum cd_class class, size_t len)
{
    return prov->device != NULL && len != 0
           && len >= prov->config.threshold[class]
           && cd_device_ready(prov->device);
}

/** cd_soft_cipher - the software of an algorithm, to be freed by the caller. */
EVP_CIPHER *cd_soft_cipher(CD_PROV *prov, const CD_ALG *alg);

/**
 * cd_soft_name - its name: that of the algorithm up to the first colon.
 * @name: CD_NAME_LEN bytes
 */
void cd_soft_name(const CD_ALG *alg, char *name);

#endif /* CD_PROVIDER_H */
