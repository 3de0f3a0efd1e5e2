/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hash.c - hashes and MACs of the openssl backend. See internal.h.
 *
 * A hash that begins and ends in one job runs in the thread's lane, so threads do not wait for each
 * other. A hash over several jobs is in the session while it is half done: the thread that begins
 * it gives the context of its lane, and the thread that ends it keeps the context.
 *
 * A MAC's context is keyed when it is made; EVP_MAC_init() without a key restarts it with the same
 * key.
 */
#include "engine/openssl/internal.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "cryptodev.h"

struct hash_name {
	uint32_t id;
	const char *digest; /* NULL: CMAC */
};

static const struct hash_name hash_names[] = {
    {CRYPTO_MD5, "MD5"},
    {CRYPTO_SHA1, "SHA1"},
    {CRYPTO_RIPEMD160, "RIPEMD160"},
    {CRYPTO_SHA2_224, "SHA2-224"},
    {CRYPTO_SHA2_256, "SHA2-256"},
    {CRYPTO_SHA2_384, "SHA2-384"},
    {CRYPTO_SHA2_512, "SHA2-512"},
    {CRYPTO_SHA3_224, "SHA3-224"},
    {CRYPTO_SHA3_256, "SHA3-256"},
    {CRYPTO_SHA3_384, "SHA3-384"},
    {CRYPTO_SHA3_512, "SHA3-512"},
    {CRYPTO_MD5_HMAC, "MD5"},
    {CRYPTO_SHA1_HMAC, "SHA1"},
    {CRYPTO_RIPEMD160_HMAC, "RIPEMD160"},
    {CRYPTO_SHA2_224_HMAC, "SHA2-224"},
    {CRYPTO_SHA2_256_HMAC, "SHA2-256"},
    {CRYPTO_SHA2_384_HMAC, "SHA2-384"},
    {CRYPTO_SHA2_512_HMAC, "SHA2-512"},
    {CRYPTO_AES_CMAC, NULL},
};

static const struct hash_name *name_of(const struct eng_alg *alg)
{
	for (size_t i = 0; i < sizeof(hash_names) / sizeof(hash_names[0]); i++)
		if (hash_names[i].id == alg->id)
			return &hash_names[i];
	return NULL;
}

bool eng_ossl_hash_fetch(struct eng_ossl_engine *engine, const struct eng_alg *alg)
{
	struct eng_ossl_alg *entry = &engine->algs[eng_alg_index(alg)];
	const struct hash_name *name = name_of(alg);

	if (!name)
		return false;
	if (name->digest) {
		entry->md = EVP_MD_fetch(engine->lib, name->digest, engine->properties);
		if (!entry->md)
			return false;
	}
	if (alg->kind == ENG_ALG_HASH)
		return true;
	entry->mac = EVP_MAC_fetch(engine->lib, name->digest ? "HMAC" : "CMAC", engine->properties);
	return entry->mac;
}

static EVP_MAC_CTX *mac_new(const struct eng_ossl_session *session)
{
	const struct eng_ossl_engine *engine = (const void *)session->base.engine;
	const struct eng_ossl_alg *entry = &engine->algs[eng_alg_index(session->base.mac)];
	const struct hash_name *name = name_of(session->base.mac);
	static const uint8_t no_key[1];
	char cmac_cipher[] = "AES-128-CBC";
	OSSL_PARAM params[3] = {OSSL_PARAM_END, OSSL_PARAM_END, OSSL_PARAM_END};
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(entry->mac);

	if (!ctx)
		return NULL;
	if (name->digest) {
		params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
							     (char *)name->digest, 0);
	} else {
		const char *bits = session->mackey.len == 16   ? "128"
				   : session->mackey.len == 24 ? "192"
							       : "256";

		memcpy(cmac_cipher + 4, bits, 3);
		params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cmac_cipher, 0);
	}
	if (engine->properties)
		params[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_PROPERTIES,
							     (char *)engine->properties, 0);
	/* An empty key is a key; a NULL key would mean "as before". */
	if (EVP_MAC_init(ctx, session->mackey.len ? session->mackey.bytes : no_key,
			 session->mackey.len, params) == 1)
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

static uint32_t begin(const struct eng_ossl_session *session, struct eng_ossl_hash *hash)
{
	const struct eng_ossl_engine *engine = (const void *)session->base.engine;

	if (session->base.mac->kind == ENG_ALG_MAC) {
		if (hash->mac)
			return EVP_MAC_init(hash->mac, NULL, 0, NULL) == 1 ? VCD_S_OK : VCD_S_IO;
		hash->mac = mac_new(session);
		return hash->mac ? VCD_S_OK : eng_ossl_failure();
	}
	if (!hash->md)
		hash->md = EVP_MD_CTX_new();
	if (!hash->md)
		return VCD_S_NOMEM;
	return EVP_DigestInit_ex2(hash->md, engine->algs[eng_alg_index(session->base.mac)].md,
				  NULL) == 1
		   ? VCD_S_OK
		   : VCD_S_IO;
}

static uint32_t update(struct eng_ossl_hash *hash, const uint8_t *data, size_t len)
{
	int ok = 1;

	if (len)
		ok = hash->mac ? EVP_MAC_update(hash->mac, data, len)
			       : EVP_DigestUpdate(hash->md, data, len);
	return ok == 1 ? VCD_S_OK : VCD_S_IO;
}

static uint32_t end(struct eng_ossl_hash *hash, struct eng_job *job)
{
	size_t mac_len = 0;
	unsigned int md_len = 0;
	int ok;

	if (hash->mac)
		ok = EVP_MAC_final(hash->mac, job->mac, &mac_len, sizeof(job->mac));
	else
		ok = EVP_DigestFinal_ex(hash->md, job->mac, &md_len);
	job->mac_len = (uint8_t)(hash->mac ? mac_len : md_len);
	return ok == 1 && job->mac_len == job->session->mac->digest_len ? VCD_S_OK : VCD_S_IO;
}

/* The whole job on one context. */
static uint32_t run(const struct eng_ossl_session *session, struct eng_ossl_hash *hash,
		    struct eng_job *job, const uint8_t *data)
{
	uint32_t status = VCD_S_OK;

	if (job->flags & ENG_JOB_HASH_RESET)
		status = begin(session, hash);
	if (status == VCD_S_OK)
		status = update(hash, data, job->len);
	if (status == VCD_S_OK && job->flags & ENG_JOB_HASH_FINAL)
		status = end(hash, job);
	if (status != VCD_S_OK) {
		eng_ossl_hash_release(hash);
		ERR_clear_error();
	}
	return status;
}

/* Move the context of @from to @to, or free it when @to has one already. */
static void move(struct eng_ossl_hash *to, struct eng_ossl_hash *from)
{
	if (to->md || to->mac) {
		eng_ossl_hash_release(from);
		return;
	}
	*to = *from;
	*from = (struct eng_ossl_hash){0};
}

static bool self_contained(const struct eng_job *job)
{
	const uint32_t both = ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL;

	return (job->flags & both) == both;
}

bool eng_ossl_hash_ready(const struct eng_ossl_session *session, const struct eng_job *job)
{
	return job->flags & ENG_JOB_HASH_RESET || session->begun;
}

uint32_t eng_ossl_hash_run(struct eng_ossl_session *session, struct eng_ossl_lane *lane,
			   struct eng_job *job, const uint8_t *data)
{
	uint32_t status;

	job->mac_len = 0;
	if (self_contained(job))
		return run(session, &lane->hash, job, data);
	if (!session->begun)
		move(&session->state, &lane->hash);
	status = run(session, &session->state, job, data);
	session->begun = status == VCD_S_OK && !(job->flags & ENG_JOB_HASH_FINAL);
	if (!session->begun)
		move(&lane->hash, &session->state);
	return status;
}

void eng_ossl_hash_abandon(struct eng_ossl_session *session, const struct eng_job *job)
{
	if (self_contained(job))
		return;
	session->begun = false;
	eng_ossl_hash_release(&session->state);
}

uint32_t eng_ossl_hash_copy(struct eng_ossl_session *dst, const struct eng_ossl_session *src)
{
	struct eng_ossl_hash copy = {0};
	bool ok;

	if (!eng_key_equal(&dst->mackey, &src->mackey))
		return VCD_S_INVALID;
	if (!src->begun)
		return VCD_S_NOSTATE;
	if (src->state.mac) {
		copy.mac = EVP_MAC_CTX_dup(src->state.mac);
		ok = copy.mac;
	} else {
		copy.md = EVP_MD_CTX_new();
		ok = copy.md && EVP_MD_CTX_copy_ex(copy.md, src->state.md) == 1;
	}
	eng_ossl_hash_release(&dst->state);
	dst->begun = ok;
	if (!ok) {
		eng_ossl_hash_release(&copy);
		ERR_clear_error();
		return VCD_S_NOMEM;
	}
	dst->state = copy;
	return VCD_S_OK;
}

void eng_ossl_hash_release(struct eng_ossl_hash *hash)
{
	EVP_MD_CTX_free(hash->md);
	EVP_MAC_CTX_free(hash->mac);
	*hash = (struct eng_ossl_hash){0};
}
