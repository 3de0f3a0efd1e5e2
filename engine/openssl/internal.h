/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - what the files of the openssl backend share.
 *
 * Theory of operation
 * -------------------
 * engine.c owns the engine and the sessions; cipher.c, hash.c and aead.c run the parts of a job.
 *
 * All algorithms are fetched once, when the engine is opened, into a library context of the engine.
 * So neither the program's openssl.cnf nor a provider that the program loads (it may be this
 * project's) changes what the engine computes with. The exception is "openssl:fips": the checksum
 * of a FIPS module is in the system's configuration, so that is read. All that is fetched then
 * must have the property fips=yes.
 *
 * A thread has a *lane* for each of the sessions that it used last (cache.h). A lane holds the EVP
 * contexts that the thread made for the session. No other thread touches it until the session is
 * freed, so a job that finds its lane takes no lock. The first job that needs a context makes and
 * keys it; later jobs set the IV only, and in CBC not even that (cipher.c).
 *
 * A hash over several jobs has its context in the session while it is half done, because the next
 * job may come to another thread. The context comes from a lane and goes back to one.
 *
 * So contexts take memory for ENG_CACHE_SLOTS sessions of each thread, and for one half-done hash
 * of each session.
 *
 * A context that reported a failure is freed: the next job makes a new one.
 */
#ifndef ENG_OPENSSL_INTERNAL_H
#define ENG_OPENSSL_INTERNAL_H

#include <openssl/evp.h>
#include <openssl/provider.h>

#include "engine/alg.h"
#include "engine/cache.h"
#include "engine/key.h"

#define ENG_OSSL_KEY_SIZES 3

/**
 * struct eng_ossl_alg - one entry of the table, as libcrypto has it.
 * @cipher: fetched ciphers, one for each key size; [0] where any length is allowed
 * @driver: name for SESSION_INFO
 */
struct eng_ossl_alg {
	EVP_CIPHER *cipher[ENG_OSSL_KEY_SIZES];
	EVP_MD *md;
	EVP_MAC *mac;
	char driver[VCD_ALG_NAME_LEN];
};

struct eng_ossl_thread;

/**
 * struct eng_ossl_engine - the engine.
 * @serial: of the session made last
 * @lib: library context of the providers and algorithms
 * @properties: property query of every algorithm, or NULL
 * @providers: "default", and "legacy" unless it is not installed; or "fips" and "base"
 * @algs: by eng_alg_index()
 * @threads: the first job of each thread makes its entry
 */
struct eng_ossl_engine {
	struct engine base;
	uint64_t serial;
	OSSL_LIB_CTX *lib;
	const char *properties;
	OSSL_PROVIDER *providers[2];
	struct eng_ossl_alg algs[ENG_ALG_COUNT];
	struct eng_ossl_thread *threads[];
};

/** struct eng_ossl_hash - a context of a hash (@md) or a MAC (@mac); both NULL: not made. */
struct eng_ossl_hash {
	EVP_MD_CTX *md;
	EVP_MAC_CTX *mac;
};

/** struct eng_ossl_ccm - the lengths for which a CCM context was made. */
struct eng_ossl_ccm {
	uint8_t tag_len;
	uint8_t nonce_len;
};

/**
 * struct eng_ossl_chain - what a CBC context will XOR with the next block.
 * @known: the context has run, and @block is valid
 * @block: the last block of ciphertext that went through it
 */
struct eng_ossl_chain {
	bool known;
	uint8_t block[VCD_MAX_IV_LEN];
};

/**
 * struct eng_ossl_lane - the contexts that one thread has of one session.
 * @cipher: [1] encrypts, [0] decrypts
 * @chain: CBC: the state of @cipher
 * @ccm: CCM: the lengths for which @cipher was made
 * @xts: XTS: tweak key
 * @hash: for hashes that begin and end in one job
 */
struct eng_ossl_lane {
	EVP_CIPHER_CTX *cipher[2];
	struct eng_ossl_chain chain[2];
	struct eng_ossl_ccm ccm[2];
	struct eng_xts *xts;
	struct eng_ossl_hash hash;
};

/**
 * struct eng_ossl_thread - what one thread has.
 * @cache: which sessions have lanes
 * @lanes: with the indices of the cache's slots
 */
struct eng_ossl_thread {
	struct eng_cache cache;
	struct eng_ossl_lane lanes[ENG_CACHE_SLOTS];
};

/**
 * struct eng_ossl_session - a session.
 * @serial: from 1; never given to another session of the engine
 * @cipher: cipher of the session's key size, NULL for CRYPTO_NULL or none
 * @xts_ecb: AES-ECB for the tweak key, when the cipher is XTS
 * @state: the half-done hash; only one job with it runs at a time
 * @begun: there is a half-done hash
 * @slots: for each thread, the session's last slot
 */
struct eng_ossl_session {
	struct eng_session base;
	uint64_t serial;
	const EVP_CIPHER *cipher;
	const EVP_CIPHER *xts_ecb;
	struct eng_key key;
	struct eng_key mackey;
	struct eng_ossl_hash state;
	bool begun;
	uint16_t slots[];
};

/**
 * eng_ossl_failure - why libcrypto did not make or key a context; empties its list of errors.
 *
 * Return: VCD_S_IO when it was refused, else VCD_S_NOMEM.
 */
uint32_t eng_ossl_failure(void);

/** eng_ossl_cipher_fetch - fill in @alg's ciphers. Return: whether libcrypto has them. */
bool eng_ossl_cipher_fetch(struct eng_ossl_engine *engine, const struct eng_alg *alg);

/** eng_ossl_cipher_for - the fetched cipher of @alg for a key of @key_len bytes, or NULL. */
const EVP_CIPHER *eng_ossl_cipher_for(const struct eng_ossl_engine *engine,
				      const struct eng_alg *alg, size_t key_len);

/** eng_ossl_cipher_run - run the cipher part of @job. Return: its status. */
uint32_t eng_ossl_cipher_run(struct eng_ossl_session *session, struct eng_ossl_lane *lane,
			     struct eng_job *job);

/** eng_ossl_cipher_release - free the cipher contexts of @lane. */
void eng_ossl_cipher_release(struct eng_ossl_lane *lane);

/** eng_ossl_aead_run - run a job of an AEAD session. Return: its status. */
uint32_t eng_ossl_aead_run(struct eng_ossl_session *session, struct eng_ossl_lane *lane,
			   struct eng_job *job);

/** eng_ossl_hash_fetch - fill in @alg's digest and MAC. Return: whether libcrypto has them. */
bool eng_ossl_hash_fetch(struct eng_ossl_engine *engine, const struct eng_alg *alg);

/** eng_ossl_hash_ready - false when @job continues a hash that was not begun. */
bool eng_ossl_hash_ready(const struct eng_ossl_session *session, const struct eng_job *job);

/** eng_ossl_hash_run - run the hash part of @job over its len bytes at @data. Return: status. */
uint32_t eng_ossl_hash_run(struct eng_ossl_session *session, struct eng_ossl_lane *lane,
			   struct eng_job *job, const uint8_t *data);

/** eng_ossl_hash_abandon - drop the half-done hash: the other part of @job failed. */
void eng_ossl_hash_abandon(struct eng_ossl_session *session, const struct eng_job *job);

/** eng_ossl_hash_copy - as eng_hash_copy(). */
uint32_t eng_ossl_hash_copy(struct eng_ossl_session *dst, const struct eng_ossl_session *src);

/** eng_ossl_hash_release - free what @hash holds. */
void eng_ossl_hash_release(struct eng_ossl_hash *hash);

#endif /* ENG_OPENSSL_INTERNAL_H */
