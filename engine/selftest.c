/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selftest.c - a test of every engine with known answers, before it is used.
 *
 * Theory of operation
 * -------------------
 * Libraries are shared: an engine may find another version at run time than it was built and tested
 * with, and a CPU may take a path through it that no test has covered. An example is OpenSSL
 * before 3.0.3: EVP_MAC_init() without a key did nothing and reported success, so every MAC but the
 * first on a context was wrong.
 *
 * So the test uses each algorithm as jobs do, on one session: a message as a whole; the same in two
 * jobs, with the IV to continue with, in place, in both directions; a hash that is restarted on a
 * used context, restarted in mid-message, and copied; an AEAD with a second nonce, and with a
 * wrong tag. Jobs that do not depend on each other form a batch that fills the engine's lanes.
 * Every output is compared with one known answer for each algorithm and key length: the FNV-1a sum
 * of the ciphertext, of ciphertext and tag, or of the digest. 64 bits are enough to find accidents.
 *
 * An algorithm that fails is denied altogether, even if the engine could compute it in another way.
 */
#include "engine/selftest.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "cryptodev.h"
#include "engine/alg.h"

#define LEN 320u /* of the message; several blocks of everything */
#define HEAD 48u /* of its first part; a multiple of every block size */
#define AAD_LEN 20u
#define BURST 16u /* most jobs of a batch */

static_assert(ENG_ALG_COUNT <= 64, "struct engine has a bit for each algorithm");

/** struct answer - what @alg makes of the message with a key of @key_len bytes. */
struct answer {
	uint32_t alg;
	uint16_t key_len;
	uint64_t sum;
};

static const struct answer answers[] = {
    {CRYPTO_DES_CBC, 8, UINT64_C(0x125cd746af5df320)},
    {CRYPTO_3DES_CBC, 24, UINT64_C(0x83533abcddfdba96)},
    {CRYPTO_BLF_CBC, 16, UINT64_C(0x5278c879b994c85b)},
    {CRYPTO_MD5_HMAC, 40, UINT64_C(0x356b165ac51d7567)},
    {CRYPTO_SHA1_HMAC, 40, UINT64_C(0x0b323a0d7edb1700)},
    {CRYPTO_RIPEMD160_HMAC, 40, UINT64_C(0xca8524a9f6904e64)},
    {CRYPTO_AES_CBC, 16, UINT64_C(0xf6187c52891d0ecb)},
    {CRYPTO_AES_CBC, 24, UINT64_C(0x085e1ab1dde35f43)},
    {CRYPTO_AES_CBC, 32, UINT64_C(0xe5453c5041b17354)},
    {CRYPTO_MD5, 0, UINT64_C(0x1ebbbe71378d7491)},
    {CRYPTO_SHA1, 0, UINT64_C(0x5239bad0ddac0370)},
    {CRYPTO_NULL, 0, UINT64_C(0x1e53c7397307fea5)},
    {CRYPTO_SHA2_256_HMAC, 40, UINT64_C(0x80e21e5d641dc142)},
    {CRYPTO_SHA2_384_HMAC, 40, UINT64_C(0x0b2c8e5c94e44194)},
    {CRYPTO_SHA2_512_HMAC, 40, UINT64_C(0x2b376c4888b69b55)},
    {CRYPTO_AES_CTR, 16, UINT64_C(0x3f58ac211bb38071)},
    {CRYPTO_AES_CTR, 24, UINT64_C(0xb573e8b117858b8b)},
    {CRYPTO_AES_CTR, 32, UINT64_C(0x66c3855c838d0884)},
    {CRYPTO_AES_XTS, 32, UINT64_C(0x83313689931fb1f0)},
    {CRYPTO_AES_XTS, 64, UINT64_C(0x90f1cb6ef8e8d59a)},
    {CRYPTO_AES_ECB, 16, UINT64_C(0xc8232572d250638c)},
    {CRYPTO_AES_ECB, 24, UINT64_C(0xce6b97cb536fc13f)},
    {CRYPTO_AES_ECB, 32, UINT64_C(0x1fd36f68216682e7)},
    {CRYPTO_AES_CFB, 16, UINT64_C(0x4dbb3ce8cc91a7cd)},
    {CRYPTO_AES_CFB, 24, UINT64_C(0xf3fecfe1cad4a761)},
    {CRYPTO_AES_CFB, 32, UINT64_C(0xdd96429d191a03ef)},
    {CRYPTO_AES_OFB, 16, UINT64_C(0x07b70ec46eb8184b)},
    {CRYPTO_AES_OFB, 24, UINT64_C(0x88a28d175a8d6e6b)},
    {CRYPTO_AES_OFB, 32, UINT64_C(0xa1bc4d20b3acdf18)},
    {CRYPTO_AES_GCM, 16, UINT64_C(0x84ad5eb1716db52b)},
    {CRYPTO_AES_GCM, 24, UINT64_C(0x56dfa50961d48054)},
    {CRYPTO_AES_GCM, 32, UINT64_C(0x82bbd06513e19e72)},
    {CRYPTO_AES_CCM, 16, UINT64_C(0x5bd034e6b2521869)},
    {CRYPTO_AES_CCM, 24, UINT64_C(0x33bb10ee50c9f4b8)},
    {CRYPTO_AES_CCM, 32, UINT64_C(0x4323d75b25451cca)},
    {CRYPTO_CAMELLIA_CBC, 16, UINT64_C(0x8016d54d96b48dff)},
    {CRYPTO_CAMELLIA_CBC, 24, UINT64_C(0xcca6fa2b88796863)},
    {CRYPTO_CAMELLIA_CBC, 32, UINT64_C(0xefc81873b895810b)},
    {CRYPTO_RIPEMD160, 0, UINT64_C(0xe8a492e2343cddeb)},
    {CRYPTO_SHA2_224, 0, UINT64_C(0x7b60be92c85638ed)},
    {CRYPTO_SHA2_256, 0, UINT64_C(0x35c32ca12a0decc6)},
    {CRYPTO_SHA2_384, 0, UINT64_C(0x7f03f7b9a62dfd17)},
    {CRYPTO_SHA2_512, 0, UINT64_C(0x494c87589dfec89c)},
    {CRYPTO_SHA2_224_HMAC, 40, UINT64_C(0xccc259638a672ad1)},
    {CRYPTO_CHACHA20_POLY1305, 32, UINT64_C(0x3f27b5d532e93869)},
    {CRYPTO_SHA3_224, 0, UINT64_C(0x130637ad5e9bc2c9)},
    {CRYPTO_SHA3_256, 0, UINT64_C(0x06d564ce0a921939)},
    {CRYPTO_SHA3_384, 0, UINT64_C(0x8cf863b856776748)},
    {CRYPTO_SHA3_512, 0, UINT64_C(0x9b5a1c14f3e295cf)},
    {CRYPTO_AES_CMAC, 16, UINT64_C(0xfc4e6e735793b5cb)},
    {CRYPTO_AES_CMAC, 24, UINT64_C(0x4514240c39fda995)},
    {CRYPTO_AES_CMAC, 32, UINT64_C(0xd930b0e4f81007fe)},
};

/**
 * struct trial - an algorithm that is tested.
 * @lanes: jobs of a batch
 * @sum: known answer
 * @plain: message
 * @cipher: its ciphertext, once that is known to be right
 * @tag: its digest or tag, likewise
 * @out: output of the jobs of a batch
 */
struct trial {
	struct engine *engine;
	const struct eng_alg *alg;
	struct eng_session *session;
	unsigned int lanes;
	uint64_t sum;
	uint8_t plain[LEN];
	uint8_t cipher[LEN];
	uint8_t tag[VCD_MAX_DIGEST_LEN];
	uint8_t out[BURST][LEN];
};

static uint64_t add_to_sum(uint64_t sum, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return sum;
}

#define SUM_START UINT64_C(0xcbf29ce484222325)

/* Bytes without a pattern, so that a key is not a weak one. */
static void fill(uint8_t *bytes, size_t len, unsigned int factor, unsigned int first)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i * factor + first);
}

static int error_of(uint32_t status)
{
	if (status == VCD_S_OK)
		return 0;
	return status == VCD_S_NOMEM ? -ENOMEM : -EIO;
}

/*
 * Run @job in @lanes copies, each with its own part of @out where it has output. They must agree.
 * Return: 0 and *@job as it ended, -EIO, -ENOMEM.
 */
static int run(struct trial *t, struct eng_job *job, unsigned int lanes)
{
	struct eng_job jobs[BURST], *list[BURST] = {NULL};
	bool in_place = job->dst && job->src == job->dst;

	job->session = t->session;
	jobs[0] = *job;
	for (unsigned int i = 0; i < lanes; i++) {
		jobs[i] = *job;
		list[i] = &jobs[i];
		if (!job->dst)
			continue;
		jobs[i].dst = t->out[i];
		if (in_place) {
			memmove(t->out[i], job->src, job->len);
			jobs[i].src = t->out[i];
		}
	}
	eng_run(t->engine, 0, list, lanes);
	for (unsigned int i = 0; i < lanes; i++)
		if (jobs[i].status == VCD_S_NOMEM)
			return -ENOMEM;
	for (unsigned int i = 1; i < lanes; i++)
		if (jobs[i].status != jobs[0].status || jobs[i].mac_len != jobs[0].mac_len ||
		    memcmp(jobs[i].iv, jobs[0].iv, sizeof(job->iv)) ||
		    memcmp(jobs[i].mac, jobs[0].mac, jobs[0].mac_len) ||
		    (job->dst && memcmp(t->out[i], t->out[0], job->len)))
			return -EIO;
	*job = jobs[0];
	return error_of(job->status);
}

/* ---- ciphers ---------------------------------------------------------------------------- */

static struct eng_job cipher_job(const struct trial *t, uint32_t flags)
{
	bool decrypt = flags & ENG_JOB_DECRYPT;
	struct eng_job job = {
	    .src = decrypt ? t->cipher : t->plain,
	    .dst = (uint8_t *)t->out[0],
	    .flags = flags,
	    .len = LEN,
	    .iv_len = (uint8_t)t->alg->iv_len,
	};

	fill(job.iv, job.iv_len, 13, 0xf1);
	return job;
}

/* The message in two parts and in place, on contexts that another message has used. */
static int try_parts(struct trial *t, uint32_t flags)
{
	bool decrypt = flags & ENG_JOB_DECRYPT;
	const uint8_t *in = decrypt ? t->cipher : t->plain,
		      *wanted = decrypt ? t->plain : t->cipher;
	struct eng_job job = cipher_job(t, flags);
	uint8_t copy[LEN];
	int err;

	memcpy(copy, in, LEN);
	job.src = job.dst = copy;
	job.len = HEAD;
	err = run(t, &job, t->lanes);
	if (!err && memcmp(t->out[0], wanted, HEAD))
		err = -EIO;
	if (err)
		return err;
	job.src = job.dst = copy + HEAD;
	job.len = LEN - HEAD;
	err = run(t, &job, t->lanes);
	return !err && memcmp(t->out[0], wanted + HEAD, LEN - HEAD) ? -EIO : err;
}

static int try_cipher(struct trial *t)
{
	struct eng_job job = cipher_job(t, 0);
	int err = run(t, &job, t->lanes);

	if (!err && add_to_sum(SUM_START, t->out[0], LEN) != t->sum)
		err = -EIO;
	if (err)
		return err;
	memcpy(t->cipher, t->out[0], LEN);
	job = cipher_job(t, ENG_JOB_DECRYPT);
	err = run(t, &job, t->lanes);
	if (!err && memcmp(t->out[0], t->plain, LEN))
		err = -EIO;
	if (!err)
		err = try_parts(t, 0);
	return err ? err : try_parts(t, ENG_JOB_DECRYPT);
}

/* ---- AEADs ------------------------------------------------------------------------------ */

static struct eng_job aead_job(const struct trial *t, uint32_t flags)
{
	struct eng_job job = cipher_job(t, flags);

	job.aad = t->plain + 1;
	job.aad_len = AAD_LEN;
	job.mac_len = (uint8_t)t->alg->digest_len;
	if (flags & ENG_JOB_DECRYPT)
		memcpy(job.mac, t->tag, job.mac_len);
	return job;
}

/* Another nonce makes another message, and decrypts that. */
static int try_second_nonce(struct trial *t)
{
	struct eng_job job = aead_job(t, 0), back = aead_job(t, ENG_JOB_DECRYPT);
	uint8_t cipher[LEN];
	int err;

	job.iv[0] = back.iv[0] ^= 1;
	err = run(t, &job, t->lanes);
	if (err)
		return err;
	if (!memcmp(t->out[0], t->cipher, LEN) || !memcmp(job.mac, t->tag, job.mac_len))
		return -EIO;
	memcpy(cipher, t->out[0], LEN);
	memcpy(back.mac, job.mac, back.mac_len);
	back.src = cipher;
	err = run(t, &back, t->lanes);
	return !err && memcmp(t->out[0], t->plain, LEN) ? -EIO : err;
}

/* A wrong tag is found, and no plaintext is left. */
static int try_forgery(struct trial *t)
{
	struct eng_job job = aead_job(t, ENG_JOB_DECRYPT);
	int err;

	job.mac[job.mac_len - 1] ^= 0x80;
	memset(t->out, 0, sizeof(t->out));
	err = run(t, &job, t->lanes);
	if (job.status != VCD_S_BADMSG)
		return err ? err : -EIO;
	return memcmp(t->out[0], t->plain, HEAD) ? 0 : -EIO;
}

static int try_open(struct trial *t)
{
	struct eng_job job = aead_job(t, ENG_JOB_DECRYPT);
	int err = run(t, &job, t->lanes);

	return !err && memcmp(t->out[0], t->plain, LEN) ? -EIO : err;
}

static int try_aead(struct trial *t)
{
	struct eng_job job = aead_job(t, 0);
	int err = run(t, &job, t->lanes);

	if (!err &&
	    add_to_sum(add_to_sum(SUM_START, t->out[0], LEN), job.mac, job.mac_len) != t->sum)
		err = -EIO;
	if (err)
		return err;
	memcpy(t->cipher, t->out[0], LEN);
	memcpy(t->tag, job.mac, job.mac_len);
	err = try_open(t);
	if (!err)
		err = try_second_nonce(t);
	if (!err)
		err = try_forgery(t);
	return err ? err : try_open(t);
}

/* ---- hashes and MACs -------------------------------------------------------------------- */

/* Hash bytes @from to @to on @session; compare the digest when it is due. */
static int feed(struct trial *t, struct eng_session *session, uint32_t from, uint32_t to,
		uint32_t flags)
{
	struct eng_job job = {
	    .session = session, .src = t->plain + from, .len = to - from, .flags = flags};
	struct eng_job *list = &job;

	eng_run(t->engine, 0, &list, 1);
	if (job.status == VCD_S_OK && flags & ENG_JOB_HASH_FINAL &&
	    (job.mac_len != t->alg->digest_len || memcmp(job.mac, t->tag, job.mac_len)))
		return -EIO;
	return error_of(job.status);
}

/*
 * The message in parts, restarted in the middle of another one; and, from the first part on, in a
 * copy. An engine may refuse to copy, but must not copy wrongly.
 */
static int try_hash_parts(struct trial *t, struct eng_session *other)
{
	uint32_t status;
	int err;

	err = feed(t, t->session, HEAD, LEN, ENG_JOB_HASH_RESET);
	if (!err)
		err = feed(t, t->session, 0, HEAD, ENG_JOB_HASH_RESET);
	if (err)
		return err;
	status = eng_hash_copy(other, t->session);
	if (status == VCD_S_NOMEM)
		return -ENOMEM;
	err = feed(t, t->session, HEAD, LEN - 1, 0);
	if (!err)
		err = feed(t, t->session, LEN - 1, LEN, ENG_JOB_HASH_FINAL);
	if (!err && status == VCD_S_OK)
		err = feed(t, other, HEAD, LEN, ENG_JOB_HASH_FINAL);
	return err;
}

static int try_hash(struct trial *t, const struct eng_session_params *params)
{
	struct eng_job job = {
	    .src = t->plain, .len = LEN, .flags = ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL};
	struct eng_session *other = NULL;
	int err = run(t, &job, t->lanes);

	if (!err && (job.mac_len != t->alg->digest_len ||
		     add_to_sum(SUM_START, job.mac, job.mac_len) != t->sum))
		err = -EIO;
	if (err)
		return err;
	memcpy(t->tag, job.mac, job.mac_len);
	/* Again, on the same context. */
	err = feed(t, t->session, 0, LEN, ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL);
	if (!err)
		err = eng_session_new(t->engine, params, &other);
	if (!err)
		err = try_hash_parts(t, other);
	if (!err)
		err = try_hash_parts(t, other);
	eng_session_free(other);
	return err;
}

/* ---- all of them ------------------------------------------------------------------------ */

static int try_answer(struct engine *engine, const struct eng_alg *alg, const struct answer *answer)
{
	bool hash = alg->kind == ENG_ALG_HASH || alg->kind == ENG_ALG_MAC;
	uint8_t key[VCD_MAX_KEY_LEN];
	const struct eng_session_params params = {
	    .cipher = hash ? NULL : alg,
	    .mac = hash ? alg : NULL,
	    .key = key,
	    .key_len = hash ? 0 : answer->key_len,
	    .mackey = key,
	    .mackey_len = hash ? answer->key_len : 0,
	};
	struct trial t = {.engine = engine, .alg = alg, .sum = answer->sum};
	int err;

	t.lanes = engine->ops->lanes < BURST ? engine->ops->lanes : BURST;
	fill(key, sizeof(key), 37, 11);
	fill(t.plain, LEN, 7, 3);
	err = eng_session_new(engine, &params, &t.session);
	if (err)
		return err == -ENOMEM ? err : -EIO;
	if (hash)
		err = try_hash(&t, &params);
	else if (alg->kind == ENG_ALG_AEAD)
		err = try_aead(&t);
	else
		err = try_cipher(&t);
	eng_session_free(t.session);
	return err;
}

static int try_alg(struct engine *engine, const struct eng_alg *alg)
{
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(answers) / sizeof(answers[0]); i++)
		if (answers[i].alg == alg->id)
			err = try_answer(engine, alg, &answers[i]);
	return err;
}

int eng_selftest(struct engine *engine)
{
	bool any = false;

	for (size_t i = 0; i < ENG_ALG_COUNT; i++) {
		const struct eng_alg *alg = &eng_algs[i];
		bool hash = alg->kind == ENG_ALG_HASH || alg->kind == ENG_ALG_MAC;
		int err;

		if (!eng_has(engine, hash ? NULL : alg, hash ? alg : NULL))
			continue;
		err = try_alg(engine, alg);
		if (err == -ENOMEM)
			return err;
		if (err)
			engine->failed |= UINT64_C(1) << i;
		else if (alg->id != CRYPTO_NULL)
			any = true;
	}
	return any ? 0 : -ELIBBAD;
}
