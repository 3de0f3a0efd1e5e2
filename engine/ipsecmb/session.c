/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.c - groups and key schedules of a session. See internal.h. */
#include "engine/ipsecmb/internal.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "cryptodev.h"

#define CIPHER(how, id, len, dec)                                                                  \
	{                                                                                          \
		.service = (how), .alg = (id), .key_len = (len), .decrypt = (dec)                  \
	}
#define AES(how, id, dec)                                                                          \
	CIPHER(how, id, 16, dec), CIPHER(how, id, 24, dec), CIPHER(how, id, 32, dec)
#define HASH(how, id, number)                                                                      \
	{                                                                                          \
		.service = (how), .alg = (id), .hash = (number)                                    \
	}

const struct eng_mb_group eng_mb_groups[ENG_MB_GROUPS] = {
    {.service = ENG_MB_NONE},
    AES(ENG_MB_CBC_ENCRYPT, CRYPTO_AES_CBC, false),
    AES(ENG_MB_CBC_DECRYPT, CRYPTO_AES_CBC, true),
    AES(ENG_MB_CTR, CRYPTO_AES_CTR, false),
    AES(ENG_MB_CTR, CRYPTO_AES_CTR, true),
    AES(ENG_MB_ECB, CRYPTO_AES_ECB, false),
    AES(ENG_MB_ECB, CRYPTO_AES_ECB, true),
    CIPHER(ENG_MB_GCM, CRYPTO_AES_GCM, 0, false),
    CIPHER(ENG_MB_GCM, CRYPTO_AES_GCM, 0, true),
    /* The library has no CCM with keys of 192 bits. */
    CIPHER(ENG_MB_CCM, CRYPTO_AES_CCM, 16, false),
    CIPHER(ENG_MB_CCM, CRYPTO_AES_CCM, 16, true),
    CIPHER(ENG_MB_CCM, CRYPTO_AES_CCM, 32, false),
    CIPHER(ENG_MB_CCM, CRYPTO_AES_CCM, 32, true),
    CIPHER(ENG_MB_CHACHA, CRYPTO_CHACHA20_POLY1305, 0, false),
    CIPHER(ENG_MB_CHACHA, CRYPTO_CHACHA20_POLY1305, 0, true),
    HASH(ENG_MB_SHA, CRYPTO_SHA1, IMB_AUTH_SHA_1),
    HASH(ENG_MB_SHA, CRYPTO_SHA2_224, IMB_AUTH_SHA_224),
    HASH(ENG_MB_SHA, CRYPTO_SHA2_256, IMB_AUTH_SHA_256),
    HASH(ENG_MB_SHA, CRYPTO_SHA2_384, IMB_AUTH_SHA_384),
    HASH(ENG_MB_SHA, CRYPTO_SHA2_512, IMB_AUTH_SHA_512),
    HASH(ENG_MB_HMAC, CRYPTO_SHA1_HMAC, IMB_AUTH_HMAC_SHA_1),
    HASH(ENG_MB_HMAC, CRYPTO_SHA2_224_HMAC, IMB_AUTH_HMAC_SHA_224),
    HASH(ENG_MB_HMAC, CRYPTO_SHA2_256_HMAC, IMB_AUTH_HMAC_SHA_256),
    HASH(ENG_MB_HMAC, CRYPTO_SHA2_384_HMAC, IMB_AUTH_HMAC_SHA_384),
    HASH(ENG_MB_HMAC, CRYPTO_SHA2_512_HMAC, IMB_AUTH_HMAC_SHA_512),
};

unsigned int eng_mb_group_find(const struct eng_alg *alg, size_t key_len, uint32_t flags)
{
	bool decrypt = flags & ENG_JOB_DECRYPT;

	for (unsigned int i = 1; i < ENG_MB_GROUPS; i++) {
		const struct eng_mb_group *group = &eng_mb_groups[i];

		if (group->service != ENG_MB_NONE && group->alg == alg->id &&
		    group->decrypt == decrypt && (!group->key_len || group->key_len == key_len))
			return i;
	}
	return 0;
}

static size_t size_of(enum eng_mb_service service)
{
	const union eng_mb_schedule *schedule = NULL;

	switch (service) {
	case ENG_MB_CBC_ENCRYPT:
	case ENG_MB_CBC_DECRYPT:
	case ENG_MB_CTR:
	case ENG_MB_ECB:
	case ENG_MB_CCM:
		return sizeof(schedule->aes);
	case ENG_MB_GCM:
		return sizeof(schedule->gcm);
	case ENG_MB_CHACHA:
		return sizeof(schedule->chacha);
	case ENG_MB_HMAC:
		return sizeof(schedule->hmac);
	default:
		return 0;
	}
}

static void expand_aes(IMB_MGR *functions, union eng_mb_schedule *schedule, const uint8_t *key,
		       size_t len)
{
	switch (len) {
	case 16:
		IMB_AES_KEYEXP_128(functions, key, schedule->aes.encrypt, schedule->aes.decrypt);
		break;
	case 24:
		IMB_AES_KEYEXP_192(functions, key, schedule->aes.encrypt, schedule->aes.decrypt);
		break;
	default:
		IMB_AES_KEYEXP_256(functions, key, schedule->aes.encrypt, schedule->aes.decrypt);
	}
}

static void expand_gcm(IMB_MGR *functions, union eng_mb_schedule *schedule, const uint8_t *key,
		       size_t len)
{
	switch (len) {
	case 16:
		IMB_AES128_GCM_PRE(functions, key, &schedule->gcm);
		break;
	case 24:
		IMB_AES192_GCM_PRE(functions, key, &schedule->gcm);
		break;
	default:
		IMB_AES256_GCM_PRE(functions, key, &schedule->gcm);
	}
}

enum hash_of { WHOLE_MESSAGE, ONE_BLOCK };

/* The digest of a message, or the state after one block, by the library's plain functions. */
static void hash(IMB_MGR *functions, IMB_HASH_ALG alg, enum hash_of what, const uint8_t *data,
		 size_t len, uint8_t *out)
{
#define RUN(function)                                                                              \
	(what == ONE_BLOCK ? IMB_##function##_ONE_BLOCK(functions, data, out)                      \
			   : IMB_##function(functions, data, len, out))
	if (alg == IMB_AUTH_HMAC_SHA_1)
		RUN(SHA1);
	else if (alg == IMB_AUTH_HMAC_SHA_224)
		RUN(SHA224);
	else if (alg == IMB_AUTH_HMAC_SHA_256)
		RUN(SHA256);
	else if (alg == IMB_AUTH_HMAC_SHA_384)
		RUN(SHA384);
	else
		RUN(SHA512);
#undef RUN
}

/* RFC 2104: the hash's states after the block of key and ipad, and after that of key and opad. */
static void expand_hmac(IMB_MGR *functions, union eng_mb_schedule *schedule, IMB_HASH_ALG alg,
			const uint8_t *key, size_t len)
{
	bool wide = alg == IMB_AUTH_HMAC_SHA_384 || alg == IMB_AUTH_HMAC_SHA_512;
	size_t size = wide ? IMB_SHA_512_BLOCK_SIZE : IMB_SHA_256_BLOCK_SIZE;
	uint8_t block[IMB_SHA_512_BLOCK_SIZE] = {0};

	if (len > size)
		hash(functions, alg, WHOLE_MESSAGE, key, len, block);
	else if (len)
		memcpy(block, key, len);
	for (size_t i = 0; i < size; i++)
		block[i] ^= 0x36;
	hash(functions, alg, ONE_BLOCK, block, size, schedule->hmac.inner);
	for (size_t i = 0; i < size; i++)
		block[i] ^= 0x36 ^ 0x5c;
	hash(functions, alg, ONE_BLOCK, block, size, schedule->hmac.outer);
	OPENSSL_cleanse(block, sizeof(block));
}

int eng_mb_schedule_new(struct eng_mb_engine *engine, struct eng_mb_session *session,
			const struct eng_session_params *params)
{
	const struct eng_alg *alg = params->cipher ? params->cipher : params->mac;
	const struct eng_mb_group *group;
	size_t size;

	/* Cipher and MAC depend on each other, so their jobs cannot share lanes. */
	if (params->cipher && params->mac)
		return 0;
	session->key_len = (uint8_t)params->key_len;
	session->group[0] = (uint8_t)eng_mb_group_find(alg, params->key_len, 0);
	session->group[1] =
	    (uint8_t)(params->cipher ? eng_mb_group_find(alg, params->key_len, ENG_JOB_DECRYPT)
				     : session->group[0]);
	group = &eng_mb_groups[session->group[0]];
	size = size_of(group->service);
	if (!size)
		return 0;
	session->schedule_size = size;
	session->schedule = eng_mb_alloc(size);
	if (!session->schedule)
		return -ENOMEM;
	if (group->service == ENG_MB_GCM)
		expand_gcm(&engine->aes, session->schedule, params->key, params->key_len);
	else if (group->service == ENG_MB_CHACHA)
		memcpy(session->schedule->chacha, params->key, sizeof(session->schedule->chacha));
	else if (group->service == ENG_MB_HMAC)
		expand_hmac(&engine->hash, session->schedule, group->hash, params->mackey,
			    params->mackey_len);
	else
		expand_aes(&engine->aes, session->schedule, params->key, params->key_len);
	return 0;
}

void eng_mb_schedule_free(struct eng_mb_session *session)
{
	eng_mb_free(session->schedule, session->schedule_size);
	session->schedule = NULL;
}
