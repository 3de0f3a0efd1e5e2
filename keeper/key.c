/* SPDX-License-Identifier: GPL-2.0-or-later */
/* key.c - a key that is loaded. See key.h. */
#include "keeper/key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "common/util.h"

static const struct {
	const char *name;
	enum keeper_kind kind;
	unsigned int bits;
} pure_kinds[] = {
    {"ED25519", KEEPER_KIND_ED25519, 256},   {"X25519", KEEPER_KIND_X25519, 256},
    {"ML-DSA-44", KEEPER_KIND_ML_DSA_44, 0}, {"ML-DSA-65", KEEPER_KIND_ML_DSA_65, 0},
    {"ML-DSA-87", KEEPER_KIND_ML_DSA_87, 0},
};

static enum keeper_kind curve_kind(const EVP_PKEY *pkey)
{
	char group[64];
	size_t len;

	if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) != 1)
		return KEEPER_KIND_NONE;
	if (!strcmp(group, "prime256v1") || !strcmp(group, "P-256"))
		return KEEPER_KIND_P256;
	if (!strcmp(group, "secp384r1") || !strcmp(group, "P-384"))
		return KEEPER_KIND_P384;
	if (!strcmp(group, "secp521r1") || !strcmp(group, "P-521"))
		return KEEPER_KIND_P521;
	return KEEPER_KIND_NONE;
}

enum keeper_kind public_kind(const EVP_PKEY *pkey, unsigned int *bits)
{
	*bits = (unsigned int)EVP_PKEY_get_bits(pkey);
	if (EVP_PKEY_is_a(pkey, "RSA"))
		return *bits >= 2048 && *bits <= 4096 ? KEEPER_KIND_RSA : KEEPER_KIND_NONE;
	if (EVP_PKEY_is_a(pkey, "EC"))
		return curve_kind(pkey);
	for (size_t i = 0; i < ARRAY_SIZE(pure_kinds); i++)
		if (EVP_PKEY_is_a(pkey, pure_kinds[i].name)) {
			if (pure_kinds[i].bits)
				*bits = pure_kinds[i].bits;
			return pure_kinds[i].kind;
		}
	return KEEPER_KIND_NONE;
}

/* HMAC-SHA256 under a key derived from the bytes, over algorithm and length. */
static bool symmetric_check(const struct key *key, uint8_t check[KEEPER_CHECK_LEN])
{
	static const char derive[] = "vcrypto-keeper check value 1";
	uint8_t derived[32], mac[32];
	uint8_t about[4] = {(uint8_t)key->info.alg, (uint8_t)(key->info.alg >> 8),
			    (uint8_t)key->bytes.len, (uint8_t)(key->bytes.len >> 8)};
	bool ok;

	ok = HMAC(EVP_sha256(), key->bytes.bytes, (int)key->bytes.len, (const uint8_t *)derive,
		  sizeof(derive) - 1, derived, NULL) &&
	     HMAC(EVP_sha256(), derived, sizeof(derived), about, sizeof(about), mac, NULL);
	OPENSSL_cleanse(derived, sizeof(derived));
	memcpy(check, mac, KEEPER_CHECK_LEN);
	return ok;
}

/* Both halves of an XTS key are keys; equal ones undo its tweak. */
static bool halves_equal(const struct eng_key *bytes)
{
	return !CRYPTO_memcmp(bytes->bytes, bytes->bytes + bytes->len / 2, bytes->len / 2);
}

static bool is_xts(const struct eng_alg *alg)
{
	return !strcmp(alg->cli_name, "aes-xts");
}

static const char *take_symmetric(struct key *key)
{
	const struct eng_alg *alg = key->policy.alg;

	if (!eng_alg_key_ok(alg, key->bytes.len))
		return "the file does not have as many bytes as a key of this algorithm";
	if (is_xts(alg) && halves_equal(&key->bytes))
		return "both halves of the XTS key are the same";
	key->info.kind = KEEPER_KIND_SYMMETRIC;
	key->info.alg = (uint16_t)alg->id;
	key->info.bits = (uint32_t)key->bytes.len * 8;
	key->info.key_len = (uint16_t)key->bytes.len;
	key->info.max_out = alg->kind == ENG_ALG_MAC ? alg->digest_len : 0;
	return symmetric_check(key, key->info.check) ? NULL : "libcrypto failed";
}

/* The public half, and what follows from it. */
static const char *take_public(struct key *key, const EVP_PKEY *pkey)
{
	uint8_t hash[32], *out = key->public_key;
	unsigned int bits;
	enum keeper_kind kind = public_kind(pkey, &bits);
	int len = i2d_PUBKEY(pkey, NULL);

	if (kind == KEEPER_KIND_NONE)
		return "it is none of RSA with 2048 to 4096 bits, P-256, P-384, P-521, Ed25519, "
		       "X25519, ML-DSA";
	if (key->policy.schemes & ~schemes_of(kind))
		return "a scheme of the policy is not for this kind of key";
	if (len <= 0 || len > (int)sizeof(key->public_key))
		return "its public key cannot be encoded";
	key->public_len = (size_t)i2d_PUBKEY(pkey, &out);
	if (!SHA256(key->public_key, key->public_len, hash))
		return "libcrypto failed";
	memcpy(key->info.check, hash, sizeof(key->info.check));
	key->info.bits = bits;
	key->info.max_out = (uint32_t)kind_max_out(kind, bits);
	key->info.kind = (uint16_t)kind;
	return NULL;
}

static const char *take_private(struct key *key)
{
	const uint8_t *in = key->bytes.bytes;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &in, (long)key->bytes.len);

	if (info)
		key->pkey = EVP_PKCS82PKEY(info);
	PKCS8_PRIV_KEY_INFO_free(info);
	if (!key->pkey)
		return "it is no private key that libcrypto knows";
	return take_public(key, key->pkey);
}

struct key *key_new(const struct policy_key *policy, const uint8_t *bytes, size_t len, char *why,
		    size_t size)
{
	struct key *key = calloc(1, sizeof(*key));
	const char *wrong = NULL;

	if (!key || (policy->store == STORE_FILE && eng_key_set(&key->bytes, bytes, len))) {
		free(key);
		(void)snprintf(why, size, "out of memory");
		return NULL;
	}
	key->references = 1;
	key->policy = *policy;
	key->policy.source = key->policy.passphrase = key->policy.passphrase_credential = NULL;
	(void)snprintf(key->info.label, sizeof(key->info.label), "%s", policy->label);
	key->info.use = policy->use;
	key->info.schemes = policy->schemes;
	key->info.form = (uint16_t)policy->form;
	key->info.flags =
	    (policy->worker ? KEEPER_KEY_WORKER : 0) | (policy->iv_guest ? KEEPER_KEY_IV_GUEST : 0);
	if (policy->store == STORE_FILE)
		wrong = policy->alg ? take_symmetric(key) : take_private(key);
	if (!wrong)
		return key;
	(void)snprintf(why, size, "%s", wrong);
	key_put(key);
	return NULL;
}

struct key *key_get(struct key *key)
{
	__atomic_add_fetch(&key->references, 1, __ATOMIC_RELAXED);
	return key;
}

void key_put(struct key *key)
{
	if (!key || __atomic_sub_fetch(&key->references, 1, __ATOMIC_ACQ_REL))
		return;
	for (unsigned int i = 0; i < KEY_MAX_WORKERS; i++)
		EVP_PKEY_CTX_free(key->contexts[i].ctx);
	eng_session_free(key->session);
	EVP_PKEY_free(key->pkey);
	eng_key_wipe(&key->bytes);
	free(key);
}

int key_set_public(struct key *key, const uint8_t *public_key, size_t len)
{
	const uint8_t *in = public_key;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &in, (long)len);
	const char *wrong = "no public key";

	if (pkey)
		wrong = take_public(key, pkey);
	EVP_PKEY_free(pkey);
	return wrong ? -EINVAL : 0;
}

int key_open_session(struct key *key, struct engine *engine)
{
	const struct eng_alg *alg = key->policy.alg;
	const bool mac = alg->kind == ENG_ALG_MAC;
	const struct eng_session_params params = {
	    .cipher = mac ? NULL : alg,
	    .mac = mac ? alg : NULL,
	    .key = mac ? NULL : key->bytes.bytes,
	    .key_len = mac ? 0 : key->bytes.len,
	    .mackey = mac ? key->bytes.bytes : NULL,
	    .mackey_len = mac ? key->bytes.len : 0,
	};

	return eng_session_new(engine, &params, &key->session);
}

bool key_same(const struct key *a, const struct key *b)
{
	const struct policy_key *p = &a->policy, *q = &b->policy;

	/* A token's key may not be known on one side yet: its check value is compared when it is. */
	return p->store == q->store && p->alg == q->alg && p->use == q->use &&
	       p->schemes == q->schemes && p->form == q->form && p->worker == q->worker &&
	       p->iv_guest == q->iv_guest && p->has_ticket == q->has_ticket &&
	       !memcmp(p->ticket, q->ticket, sizeof(p->ticket)) &&
	       (!a->info.kind || !b->info.kind ||
		!memcmp(a->info.check, b->info.check, sizeof(a->info.check)));
}

/* A part of a key that is used as a key: all of it, or half of one for XTS. */
static size_t parts_of(const struct key *key, const uint8_t *parts[3], size_t lens[3])
{
	const size_t len = key->bytes.len;

	parts[0] = key->bytes.bytes;
	lens[0] = len;
	if (!is_xts(key->policy.alg))
		return 1;
	parts[1] = key->bytes.bytes;
	parts[2] = key->bytes.bytes + len / 2;
	lens[1] = lens[2] = len / 2;
	return 3;
}

bool key_cross_used(const struct key *a, const struct key *b)
{
	const uint8_t *x[3], *y[3];
	size_t x_len[3], y_len[3], n, m;

	if (!a->policy.alg || !b->policy.alg || a->policy.alg == b->policy.alg)
		return false;
	n = parts_of(a, x, x_len);
	m = parts_of(b, y, y_len);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < m; j++)
			if (x_len[i] == y_len[j] && !CRYPTO_memcmp(x[i], y[j], x_len[i]))
				return true;
	return false;
}

bool key_ticket_ok(const struct key *key, const uint8_t *ticket, size_t len)
{
	uint8_t hash[32];

	if (!key->policy.has_ticket)
		return len == 0;
	return len == KEEPER_TICKET_LEN && SHA256(ticket, len, hash) &&
	       !CRYPTO_memcmp(hash, key->policy.ticket, sizeof(hash));
}

/* ---- what may be done with it ----------------------------------------------------------- */

static uint16_t refuse(const char **why, const char *reason, uint16_t status)
{
	*why = reason;
	return status;
}

/* The digest that is signed; computed here if the message came. */
static uint16_t check_sign(const struct key *key, struct operation *op, const char **why)
{
	const struct keeper_request *r = op->request;
	const bool message = r->flags & KEEPER_F_MESSAGE;

	op->digest = op->in;
	op->digest_len = r->len;
	if (!message && (key->policy.form || !op->scheme->digest))
		return refuse(why, "a digest where the message is demanded", KEEPER_S_DENIED);
	if (message && !form_holds(key->policy.form, op->in, r->len))
		return refuse(why, "the message is not of the key's form", KEEPER_S_DENIED);
	if (!op->scheme->digest)
		return KEEPER_S_OK;
	if (!message)
		return r->len == op->scheme->digest_len
			   ? KEEPER_S_OK
			   : refuse(why, "a digest of the wrong length", KEEPER_S_INVALID);
	if (EVP_Q_digest(NULL, op->scheme->digest, NULL, op->in, r->len, op->hash,
			 &op->digest_len) != 1)
		return refuse(why, "libcrypto cannot compute the digest", KEEPER_S_IO);
	op->digest = op->hash;
	return KEEPER_S_OK;
}

static uint16_t check_scheme(const struct key *key, struct operation *op, uint32_t use,
			     const char **why)
{
	const struct keeper_request *r = op->request;

	op->scheme = scheme_find(r->scheme);
	if (key->policy.alg)
		return refuse(why, "a symmetric key", KEEPER_S_DENIED);
	if (!op->scheme || op->scheme->use != use)
		return refuse(why, "an unknown scheme, or one for another operation",
			      KEEPER_S_INVALID);
	if (!(key->policy.use & use) || !(key->policy.schemes & UINT64_C(1) << r->scheme))
		return refuse(why, "a scheme that the policy does not allow", KEEPER_S_DENIED);
	return KEEPER_S_OK;
}

static uint16_t check_decrypt(const struct key *key, const struct operation *op, const char **why)
{
	const struct keeper_request *r = op->request;

	if (r->aux_len > r->len || r->len - r->aux_len != (key->info.bits + 7) / 8)
		return refuse(why, "a ciphertext of another length than the modulus",
			      KEEPER_S_INVALID);
	return KEEPER_S_OK;
}

static uint16_t check_derive(const struct key *key, const struct operation *op, const char **why)
{
	const enum keeper_kind kind = op->scheme->kind;
	size_t want = kind == KEEPER_KIND_X25519 ? 32 : 1 + 2 * kind_bytes(kind);

	if (op->request->len != want || (kind != KEEPER_KIND_X25519 && op->in[0] != 4))
		return refuse(why, "the peer's key is no uncompressed point, or not 32 bytes",
			      KEEPER_S_INVALID);
	return KEEPER_S_OK;
}

uint16_t key_check(const struct key *key, struct operation *op, const char **why)
{
	uint16_t status;

	switch (op->request->type) {
	case KEEPER_SIGN:
		status = check_scheme(key, op, KEEPER_USE_SIGN, why);
		return status ? status : check_sign(key, op, why);
	case KEEPER_DECRYPT:
		status = check_scheme(key, op, KEEPER_USE_DECRYPT, why);
		return status ? status : check_decrypt(key, op, why);
	case KEEPER_DERIVE:
		status = check_scheme(key, op, KEEPER_USE_DERIVE, why);
		return status ? status : check_derive(key, op, why);
	default:
		return sym_check(key, op, why);
	}
}

uint32_t key_room(const struct key *key, const struct operation *op)
{
	if (op->request->type == KEEPER_CRYPT)
		return op->request->len + VCD_MAX_DIGEST_LEN;
	return key->info.max_out;
}

void key_run(struct key *key, unsigned int worker, const struct operation *op,
	     struct result *result)
{
	result->len = 0;
	memset(result->iv, 0, sizeof(result->iv));
	if (op->request->type == KEEPER_CRYPT)
		sym_run(key, worker, op, result);
	else
		asym_run(key, worker, op, result);
	if (result->status)
		result->len = 0;
}
