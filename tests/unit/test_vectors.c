/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_vectors.c - NIST's CAVP vectors, every one of each file, through the engine
 * and through the device.
 *
 * The files are not part of the source: vectors_path() tells where they are looked
 * for. Without them the test is skipped. Vectors outside the ABI are counted as
 * "left out": nonces of GCM other than 12 bytes, XTS data units that are not whole
 * blocks, 3DES-ECB messages of more than one block (one block is CBC with an IV of 0).
 */
#include "tests/unit/devtest.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cryptodev.h"
#include "tests/lib/rsp.h"

#define MAX_DATA (64u * 1024)
#define REPLY sizeof(struct vcd_reply)

static struct devtest test;
static struct test_random chance = {31};

/** struct operation - one vector, whatever its kind. */
struct operation {
	const struct eng_alg *cipher, *mac;
	bool decrypt;
	uint8_t key[512], iv[16], aad[MAX_DATA], in[MAX_DATA], tag[64];
	size_t key_len, iv_len, aad_len, len, tag_len;
	/* results */
	uint32_t status;
	uint8_t out[MAX_DATA];
};

static void run_engine(struct operation *op)
{
	struct eng_session_params params = {
	    .cipher = op->cipher,
	    .mac = op->mac,
	    .key = op->key,
	    .key_len = op->cipher ? op->key_len : 0,
	    .mackey = op->key,
	    .mackey_len = op->mac ? op->key_len : 0,
	};
	bool aead = op->cipher && op->cipher->kind == ENG_ALG_AEAD;
	struct eng_session *session;
	struct eng_job job =
			   {
			       .flags = (op->decrypt ? ENG_JOB_DECRYPT : 0) |
					(op->mac ? ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL : 0),
			       .len = (uint32_t)op->len,
			       .src = op->in,
			       .dst = op->cipher ? op->out : NULL,
			       .aad = op->aad,
			       .aad_len = (uint32_t)op->aad_len,
			       .iv_len = (uint8_t)op->iv_len,
			       .mac_len = aead ? (uint8_t)op->tag_len : 0,
			   },
		       *jobs = &job;

	assert_int_equal(eng_session_new(test.engine, &params, &session), 0);
	job.session = session;
	memcpy(job.iv, op->iv, op->iv_len);
	memcpy(job.mac, op->tag, op->tag_len);
	eng_run(test.engine, 0, &jobs, 1);
	op->status = job.status;
	if (!aead || !op->decrypt)
		memcpy(op->tag, job.mac, sizeof(op->tag));
	eng_session_free(session);
}

static void run_device(struct operation *op)
{
	bool aead = op->cipher && op->cipher->kind == ENG_ALG_AEAD;
	size_t tag_in = aead && op->decrypt ? op->tag_len : 0;
	size_t data_out = op->cipher ? op->len : 0;
	size_t tag_out = tag_in ? 0 : aead ? op->tag_len : op->mac ? op->mac->digest_len : 0;
	static uint8_t payload[3 * MAX_DATA];
	struct vcd_req req = {
	    .opcode = htole16(aead ? VCD_OP_AUTHCRYPT : VCD_OP_CRYPT),
	    .flags = htole16((op->decrypt ? VCD_F_DECRYPT : 0) |
			     (op->mac ? VCD_F_HASH_RESET | VCD_F_HASH_FINAL : 0)),
	    .src_len = htole32((uint32_t)(op->len + tag_in)),
	    .aad_len = htole32((uint32_t)op->aad_len),
	    .iv_len = (uint8_t)op->iv_len,
	    .tag_len = aead ? (uint8_t)op->tag_len : 0,
	};
	const struct answer *answer;
	uint64_t id;

	id = devtest_session(&test, op->cipher ? op->cipher->id : 0, op->key,
			     op->cipher ? op->key_len : 0, op->mac ? op->mac->id : 0, op->key,
			     op->mac ? op->key_len : 0);
	req.session = htole64(id);
	memcpy(req.iv, op->iv, op->iv_len);
	memcpy(payload, op->aad, op->aad_len);
	memcpy(payload + op->aad_len, op->in, op->len);
	memcpy(payload + op->aad_len + op->len, op->tag, tag_in);
	answer = devtest_send(&test, &req, payload, op->aad_len + op->len + tag_in,
			      REPLY + data_out + tag_out);
	op->status = answer->status;
	if (op->status == VCD_S_OK) {
		assert_int_equal(answer->out_len, data_out + tag_out);
		memcpy(op->out, answer->out, data_out);
		memcpy(op->tag, answer->out + data_out, tag_out);
	}
	assert_int_equal(devtest_simple(&test, VCD_OP_SESSION_DESTROY, id, REPLY)->status,
			 VCD_S_OK);
}

static void (*const runners[])(struct operation *op) = {run_engine, run_device};

/** struct file - a file of vectors and what they are for. */
struct file {
	const char *name;
	uint32_t id;
	int (*vector)(const struct file *file, struct rsp *rsp);
};

/* What a vector function makes of a group. */
enum { NO_VECTOR = -1, DONE, LEFT_OUT };

static size_t hex(const struct file *file, struct rsp *rsp, const char *name, uint8_t *buf,
		  size_t size)
{
	ssize_t n = rsp_hex(rsp, name, buf, size);

	if (n < 0)
		fail_msg("%s:%u: %s: %s", file->name, rsp_line(rsp), name, strerror((int)-n));
	return (size_t)n;
}

static void wrong(const struct file *file, struct rsp *rsp, size_t runner, const char *what)
{
	fail_msg("%s:%u: wrong %s, by the %s", file->name, rsp_line(rsp), what,
		 runner ? "device" : "engine");
}

/* Plain ciphers, in the names of AESVS, TDES and XTSVS. */
static int cipher_vector(const struct file *file, struct rsp *rsp)
{
	bool xts = file->id == CRYPTO_AES_XTS, tdes = file->id == CRYPTO_3DES_CBC;
	const char *plain = xts ? "PT" : "PLAINTEXT", *cipher = xts ? "CT" : "CIPHERTEXT";
	const char *iv = xts ? "i" : "IV";
	static struct operation op;
	static uint8_t expected[MAX_DATA];

	if (!rsp_fresh(rsp, plain) && !rsp_fresh(rsp, cipher))
		return NO_VECTOR;
	op.cipher = eng_alg_find(file->id);
	op.decrypt = !strcmp(rsp_section(rsp), "DECRYPT");
	op.iv_len = op.cipher->iv_len;
	if (!tdes) {
		op.key_len = hex(file, rsp, xts ? "Key" : "KEY", op.key, sizeof(op.key));
	} else {
		bool same = rsp_fresh(rsp, "KEYs");

		op.key_len = 24;
		for (size_t i = 0; i < 3; i++) {
			char name[] = {'K', 'E', 'Y', (char)('1' + i), 0};

			assert_int_equal(hex(file, rsp, same ? "KEYs" : name, op.key + 8 * i, 8),
					 8);
		}
	}
	op.len = hex(file, rsp, op.decrypt ? cipher : plain, op.in, sizeof(op.in));
	assert_int_equal(hex(file, rsp, op.decrypt ? plain : cipher, expected, sizeof(expected)),
			 op.len);
	memset(op.iv, 0, sizeof(op.iv));
	if (op.iv_len && rsp_fresh(rsp, iv))
		assert_int_equal(hex(file, rsp, iv, op.iv, sizeof(op.iv)), op.iv_len);
	else if (tdes && op.len != 8)
		return LEFT_OUT; /* ECB */
	if (xts && rsp_number(rsp, "DataUnitLen") % 128)
		return LEFT_OUT;
	for (size_t r = 0; r < ARRAY_SIZE(runners); r++) {
		runners[r](&op);
		if (op.status != VCD_S_OK || memcmp(op.out, expected, op.len))
			wrong(file, rsp, r, "data");
	}
	return DONE;
}

static int sha_vector(const struct file *file, struct rsp *rsp)
{
	static struct operation op;
	uint8_t expected[64];

	if (!rsp_fresh(rsp, "Msg"))
		return NO_VECTOR;
	op.mac = eng_alg_find(file->id);
	hex(file, rsp, "Msg", op.in, sizeof(op.in));
	op.len = (size_t)rsp_number(rsp, "Len") / 8; /* an empty one is written as "00" */
	assert_int_equal(hex(file, rsp, "MD", expected, sizeof(expected)), op.mac->digest_len);
	for (size_t r = 0; r < ARRAY_SIZE(runners); r++) {
		runners[r](&op);
		if (op.status != VCD_S_OK || memcmp(op.tag, expected, op.mac->digest_len))
			wrong(file, rsp, r, "digest");
	}
	return DONE;
}

/* SHAVS, 6.4: each result is a thousand digests on, three at a time. */
static int sha_monte_vector(const struct file *file, struct rsp *rsp)
{
	static uint8_t seed[64];
	static struct operation op;
	uint8_t expected[64], md[4][64];
	size_t len;

	op.mac = eng_alg_find(file->id);
	len = op.mac->digest_len;
	if (rsp_fresh(rsp, "Seed"))
		assert_int_equal(hex(file, rsp, "Seed", seed, sizeof(seed)), len);
	if (!rsp_fresh(rsp, "MD"))
		return NO_VECTOR;
	assert_int_equal(hex(file, rsp, "MD", expected, sizeof(expected)), len);
	for (size_t r = 0; r < ARRAY_SIZE(runners); r++) {
		for (size_t i = 0; i < 3; i++)
			memcpy(md[i], seed, len);
		for (unsigned int i = 0; i < 1000; i++) {
			for (size_t k = 0; k < 3; k++)
				memcpy(op.in + k * len, md[k], len);
			op.len = 3 * len;
			runners[r](&op);
			assert_int_equal(op.status, VCD_S_OK);
			memcpy(md[3], op.tag, len);
			memmove(md, md + 1, 3 * sizeof(md[0]));
		}
		if (memcmp(md[2], expected, len))
			wrong(file, rsp, r, "digest");
	}
	memcpy(seed, expected, len);
	return DONE;
}

static int hmac_vector(const struct file *file, struct rsp *rsp)
{
	static const uint32_t by_len[][2] = {
	    {20, CRYPTO_SHA1_HMAC},	{28, CRYPTO_SHA2_224_HMAC}, {32, CRYPTO_SHA2_256_HMAC},
	    {48, CRYPTO_SHA2_384_HMAC}, {64, CRYPTO_SHA2_512_HMAC},
	};
	static struct operation op;
	uint8_t expected[64];
	size_t len;

	if (!rsp_fresh(rsp, "Mac"))
		return NO_VECTOR;
	op.mac = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(by_len); i++)
		if (rsp_number(rsp, "L") == by_len[i][0])
			op.mac = eng_alg_find(by_len[i][1]);
	assert_non_null(op.mac);
	op.key_len = hex(file, rsp, "Key", op.key, sizeof(op.key));
	op.len = hex(file, rsp, "Msg", op.in, sizeof(op.in));
	len = hex(file, rsp, "Mac", expected, sizeof(expected));
	for (size_t r = 0; r < ARRAY_SIZE(runners); r++) {
		runners[r](&op);
		if (op.status != VCD_S_OK || memcmp(op.tag, expected, len))
			wrong(file, rsp, r, "MAC");
	}
	return DONE;
}

/* Compare after run: data and tag when it should succeed, BADMSG when not. */
static void aead_check(const struct file *file, struct rsp *rsp, struct operation *op, bool pass,
		       const uint8_t *data, const uint8_t *tag)
{
	for (size_t r = 0; r < ARRAY_SIZE(runners); r++) {
		if (op->decrypt)
			memcpy(op->tag, tag, op->tag_len);
		runners[r](op);
		if (op->status != (pass ? VCD_S_OK : VCD_S_BADMSG))
			wrong(file, rsp, r, "verdict");
		if (pass && memcmp(op->out, data, op->len))
			wrong(file, rsp, r, "data");
		if (pass && !op->decrypt && memcmp(op->tag, tag, op->tag_len))
			wrong(file, rsp, r, "tag");
	}
}

static int gcm_vector(const struct file *file, struct rsp *rsp)
{
	bool decrypt = strstr(file->name, "Decrypt"), pass = !rsp_fresh(rsp, "FAIL");
	static struct operation op;
	static uint8_t expected[MAX_DATA];
	uint8_t tag[16];

	if (!rsp_fresh(rsp, "Tag"))
		return NO_VECTOR;
	if (rsp_number(rsp, "IVlen") != 96)
		return LEFT_OUT;
	op.cipher = eng_alg_find(file->id);
	op.decrypt = decrypt;
	op.key_len = hex(file, rsp, "Key", op.key, sizeof(op.key));
	op.iv_len = hex(file, rsp, "IV", op.iv, sizeof(op.iv));
	op.aad_len = hex(file, rsp, "AAD", op.aad, sizeof(op.aad));
	op.len = hex(file, rsp, decrypt ? "CT" : "PT", op.in, sizeof(op.in));
	op.tag_len = hex(file, rsp, "Tag", tag, sizeof(tag));
	if (pass)
		assert_int_equal(hex(file, rsp, decrypt ? "PT" : "CT", expected, sizeof(expected)),
				 op.len);
	aead_check(file, rsp, &op, pass, expected, tag);
	return DONE;
}

static size_t number(const struct file *file, struct rsp *rsp, const char *name)
{
	long value = rsp_number(rsp, name);

	if (value < 0)
		fail_msg("%s:%u: %s is no number", file->name, rsp_line(rsp), name);
	return (size_t)value;
}

/* CT is ciphertext and tag; DVPT tells whether it decrypts, the others encrypt (and back). */
static int ccm_vector(const struct file *file, struct rsp *rsp)
{
	bool verify = strstr(file->name, "DVPT"), pass = true;
	static struct operation op;
	static uint8_t payload[MAX_DATA], ct[MAX_DATA];
	uint8_t tag[16];

	if (!rsp_fresh(rsp, "CT"))
		return NO_VECTOR;
	op.cipher = eng_alg_find(file->id);
	op.len = number(file, rsp, "Plen");
	op.aad_len = number(file, rsp, "Alen");
	op.tag_len = number(file, rsp, "Tlen");
	op.key_len = hex(file, rsp, "Key", op.key, sizeof(op.key));
	op.iv_len = hex(file, rsp, "Nonce", op.iv, sizeof(op.iv));
	hex(file, rsp, "Adata", op.aad, sizeof(op.aad)); /* an empty one is written as "00" */
	assert_int_equal(hex(file, rsp, "CT", ct, sizeof(ct)), op.len + op.tag_len);
	memcpy(tag, ct + op.len, op.tag_len);
	if (verify)
		pass = strncmp(rsp_text(rsp, "Result"), "Pass", 4) == 0;
	if (pass)
		hex(file, rsp, "Payload", payload, sizeof(payload));
	op.decrypt = true;
	memcpy(op.in, ct, op.len);
	aead_check(file, rsp, &op, pass, payload, tag);
	if (pass) {
		op.decrypt = false;
		memcpy(op.in, payload, op.len);
		aead_check(file, rsp, &op, true, ct, tag);
	}
	return DONE;
}

#define AES(mode, id)                                                                              \
	{"aes/" mode "GFSbox128.rsp", id, cipher_vector},                                          \
	    {"aes/" mode "GFSbox192.rsp", id, cipher_vector},                                      \
	    {"aes/" mode "GFSbox256.rsp", id, cipher_vector},                                      \
	    {"aes/" mode "KeySbox128.rsp", id, cipher_vector},                                     \
	    {"aes/" mode "KeySbox192.rsp", id, cipher_vector},                                     \
	    {"aes/" mode "KeySbox256.rsp", id, cipher_vector},                                     \
	    {"aes/" mode "VarKey128.rsp", id, cipher_vector},                                      \
	    {"aes/" mode "VarKey192.rsp", id, cipher_vector},                                      \
	    {"aes/" mode "VarKey256.rsp", id, cipher_vector},                                      \
	    {"aes/" mode "VarTxt128.rsp", id, cipher_vector},                                      \
	    {"aes/" mode "VarTxt192.rsp", id, cipher_vector},                                      \
	    {"aes/" mode "VarTxt256.rsp", id, cipher_vector},                                      \
	    {"aes/" mode "MMT128.rsp", id, cipher_vector},                                         \
	    {"aes/" mode "MMT192.rsp", id, cipher_vector},                                         \
	{                                                                                          \
		"aes/" mode "MMT256.rsp", id, cipher_vector                                        \
	}
#define TDES(mode)                                                                                 \
	{"tdes/T" mode "invperm.rsp", CRYPTO_3DES_CBC, cipher_vector},                             \
	    {"tdes/T" mode "permop.rsp", CRYPTO_3DES_CBC, cipher_vector},                          \
	    {"tdes/T" mode "subtab.rsp", CRYPTO_3DES_CBC, cipher_vector},                          \
	    {"tdes/T" mode "varkey.rsp", CRYPTO_3DES_CBC, cipher_vector},                          \
	    {"tdes/T" mode "vartext.rsp", CRYPTO_3DES_CBC, cipher_vector},                         \
	    {"tdes/T" mode "MMT1.rsp", CRYPTO_3DES_CBC, cipher_vector},                            \
	    {"tdes/T" mode "MMT2.rsp", CRYPTO_3DES_CBC, cipher_vector},                            \
	{                                                                                          \
		"tdes/T" mode "MMT3.rsp", CRYPTO_3DES_CBC, cipher_vector                           \
	}
#define SHA(name, id)                                                                              \
	{"sha/" name "ShortMsg.rsp", id, sha_vector}, {"sha/" name "LongMsg.rsp", id, sha_vector}, \
	{                                                                                          \
		"sha/" name "Monte.rsp", id, sha_monte_vector                                      \
	}
#define CCM(name)                                                                                  \
	{"ccm/" name "128.rsp", CRYPTO_AES_CCM, ccm_vector},                                       \
	    {"ccm/" name "192.rsp", CRYPTO_AES_CCM, ccm_vector},                                   \
	{                                                                                          \
		"ccm/" name "256.rsp", CRYPTO_AES_CCM, ccm_vector                                  \
	}

static const struct file cipher_files[] = {
    AES("ECB", CRYPTO_AES_ECB),
    AES("CBC", CRYPTO_AES_CBC),
    AES("OFB", CRYPTO_AES_OFB),
    AES("CFB128", CRYPTO_AES_CFB),
    {"aes/XTSGenAES128.rsp", CRYPTO_AES_XTS, cipher_vector},
    {"aes/XTSGenAES256.rsp", CRYPTO_AES_XTS, cipher_vector},
    TDES("CBC"),
    TDES("ECB"),
};
static const struct file hash_files[] = {
    SHA("SHA1", CRYPTO_SHA1),	    SHA("SHA224", CRYPTO_SHA2_224),
    SHA("SHA256", CRYPTO_SHA2_256), SHA("SHA384", CRYPTO_SHA2_384),
    SHA("SHA512", CRYPTO_SHA2_512), {"hmac/HMAC.rsp", CRYPTO_SHA1_HMAC, hmac_vector},
};
static const struct file aead_files[] = {
    {"gcm/gcmEncryptExtIV128.rsp", CRYPTO_AES_GCM, gcm_vector},
    {"gcm/gcmEncryptExtIV192.rsp", CRYPTO_AES_GCM, gcm_vector},
    {"gcm/gcmEncryptExtIV256.rsp", CRYPTO_AES_GCM, gcm_vector},
    {"gcm/gcmDecrypt128.rsp", CRYPTO_AES_GCM, gcm_vector},
    {"gcm/gcmDecrypt192.rsp", CRYPTO_AES_GCM, gcm_vector},
    {"gcm/gcmDecrypt256.rsp", CRYPTO_AES_GCM, gcm_vector},
    CCM("VADT"),
    CCM("VNT"),
    CCM("VPT"),
    CCM("VTT"),
    CCM("DVPT"),
};

static bool engine_has(uint32_t id)
{
	const struct eng_alg *alg = eng_alg_find(id);
	bool mac = alg->kind == ENG_ALG_HASH || alg->kind == ENG_ALG_MAC;

	return eng_has(test.engine, mac ? NULL : alg, mac ? alg : NULL);
}

/* Return: vectors executed; each also through the device. */
static unsigned int run_file(const struct file *file, unsigned int *left_out)
{
	unsigned int done = 0;
	struct rsp *rsp;
	char path[100];
	int status;

	snprintf(path, sizeof(path), "nist/%s", file->name);
	rsp = rsp_open(vectors_path(path));
	if (!rsp) {
		assert_int_equal(errno, ENOENT);
		return 0;
	}
	while ((status = rsp_next(rsp)) > 0) {
		int result = file->vector(file, rsp);

		done += result == DONE;
		*left_out += result == LEFT_OUT;
	}
	if (status)
		fail_msg("%s: not understood near line %u", file->name, rsp_line(rsp));
	rsp_close(rsp);
	return done;
}

static void run_files(const char *kind, const struct file *files, size_t n)
{
	unsigned int done = 0, left_out = 0, used = 0;

	if (access(vectors_path("nist"), F_OK)) {
		print_message("no vectors at %s\n", vectors_path("nist"));
		skip();
	}
	for (size_t i = 0; i < n; i++) {
		unsigned int in_file;

		assert_true(engine_has(files[i].id));
		in_file = run_file(&files[i], &left_out);
		done += in_file;
		used += in_file > 0;
	}
	assert_true(done > 0);
	print_message("%s: %u vectors of %u files, through engine and device; %u left out\n", kind,
		      done, used, left_out);
	assert_int_equal(devtest_live(&test), 0);
}

static void ciphers(void **state)
{
	run_files("ciphers", cipher_files, ARRAY_SIZE(cipher_files));
}

static void hashes(void **state)
{
	run_files("hashes and MACs", hash_files, ARRAY_SIZE(hash_files));
}

static void aeads(void **state)
{
	run_files("AEADs", aead_files, ARRAY_SIZE(aead_files));
}

static int setup(void **state)
{
	devtest_open(&test, 1, NULL);
	test.random = &chance;
	return 0;
}

static int teardown(void **state)
{
	devtest_close(&test);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ciphers),
	    cmocka_unit_test(hashes),
	    cmocka_unit_test(aeads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
