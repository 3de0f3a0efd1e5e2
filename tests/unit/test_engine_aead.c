/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_engine_aead.c - AEADs of every engine: published answers, random messages
 * against evp_reference.c, every length of nonce and tag, and forgeries.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "cryptodev.h"
#include "engine/alg.h"
#include "tests/unit/engines.h"
#include "tests/unit/evp_reference.h"

#define MAX_DATA 600

static struct eng_session *session_new(uint32_t id, const uint8_t *key, size_t key_len)
{
	struct eng_session_params params = {
	    .cipher = eng_alg_find(id),
	    .key = key,
	    .key_len = key_len,
	};
	struct eng_session *session;

	assert_int_equal(eng_session_new(engines_current, &params, &session), 0);
	return session;
}

/** struct message - what goes into an AEAD, and its tag. */
struct message {
	uint8_t nonce[13], aad[80], plain[MAX_DATA], cipher[MAX_DATA], tag[16];
	size_t nonce_len, aad_len, len, tag_len;
};

static uint32_t run(struct eng_session *session, unsigned int worker, bool decrypt,
		    const struct message *message, const uint8_t *src, uint8_t *dst,
		    uint8_t tag[16])
{
	struct eng_job job = {
	    .session = session,
	    .flags = decrypt ? ENG_JOB_DECRYPT : 0,
	    .len = (uint32_t)message->len,
	    .src = src,
	    .dst = dst,
	    .aad = message->aad,
	    .aad_len = (uint32_t)message->aad_len,
	    .iv_len = (uint8_t)message->nonce_len,
	    .mac_len = (uint8_t)message->tag_len,
	    .status = VCD_S_COUNT,
	};
	struct eng_job *jobs = &job;

	memcpy(job.iv, message->nonce, message->nonce_len);
	memcpy(job.mac, tag, message->tag_len);
	eng_run(engines_current, worker, &jobs, 1);
	/* The nonce comes back as it was. */
	assert_memory_equal(job.iv, message->nonce, message->nonce_len);
	if (!decrypt && job.status == VCD_S_OK)
		memcpy(tag, job.mac, message->tag_len);
	return job.status;
}

struct known_answer {
	uint32_t id;
	const char *key, *nonce, *aad, *plain, *cipher, *tag;
};

static const struct known_answer known_answers[] = {
    /* The GCM submission to NIST, test cases 1, 4, 16 */
    {CRYPTO_AES_GCM, "00000000000000000000000000000000", "000000000000000000000000", "", "", "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
    {CRYPTO_AES_GCM, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {CRYPTO_AES_GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
    /* SP 800-38C, C.1 and C.3 */
    {CRYPTO_AES_CCM, "404142434445464748494a4b4c4d4e4f", "10111213141516", "0001020304050607",
     "20212223", "7162015b", "4dac255d"},
    {CRYPTO_AES_CCM, "404142434445464748494a4b4c4d4e4f", "101112131415161718191a1b",
     "000102030405060708090a0b0c0d0e0f10111213", "202122232425262728292a2b2c2d2e2f3031323334353637",
     "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5", "484392fbc1b09951"},
    /* RFC 8439, 2.8.2 */
    {CRYPTO_CHACHA20_POLY1305, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
     "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
     "73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
     "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
     "637265656e20776f756c642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
     "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
     "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
     "3ff4def08e4b7a9de576d26586cec64b6116",
     "1ae10b594f09e26a7e902ecbd0600691"},
};

static void known_answers_hold(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_answers); i++) {
		const struct known_answer *answer = &known_answers[i];
		struct eng_session *session;
		struct message m = {0};
		uint8_t key[32], out[MAX_DATA], tag[16];

		session = session_new(answer->id, key, unhex(answer->key, key, sizeof(key)));
		m.nonce_len = unhex(answer->nonce, m.nonce, sizeof(m.nonce));
		m.aad_len = unhex(answer->aad, m.aad, sizeof(m.aad));
		m.len = unhex(answer->plain, m.plain, sizeof(m.plain));
		assert_int_equal(unhex(answer->cipher, m.cipher, sizeof(m.cipher)), m.len);
		m.tag_len = unhex(answer->tag, m.tag, sizeof(m.tag));
		assert_int_equal(run(session, 0, false, &m, m.plain, out, tag), VCD_S_OK);
		assert_memory_equal(out, m.cipher, m.len);
		assert_memory_equal(tag, m.tag, m.tag_len);
		assert_int_equal(run(session, 0, true, &m, out, out, tag), VCD_S_OK);
		assert_memory_equal(out, m.plain, m.len);
		eng_session_free(session);
	}
}

static void message_fill(struct message *m, const struct reference_aead *ref, const uint8_t *key,
			 struct test_random *random)
{
	const struct eng_alg *alg = eng_alg_find(ref->id);
	struct reference_aead_job job;

	do {
		m->nonce_len = test_random_below(random, 14);
	} while (!eng_alg_iv_ok(alg, m->nonce_len));
	do {
		m->tag_len = test_random_below(random, 17);
	} while (!eng_alg_tag_ok(alg, m->tag_len));
	m->aad_len = test_random_below(random, sizeof(m->aad) + 1);
	m->len = test_random_below(random, test_random_below(random, 2) ? 40 : MAX_DATA);
	test_random_fill(random, m->nonce, sizeof(m->nonce));
	test_random_fill(random, m->aad, sizeof(m->aad));
	test_random_fill(random, m->plain, sizeof(m->plain));
	job = (struct reference_aead_job){
	    .key = key,
	    .nonce = m->nonce,
	    .aad = m->aad,
	    .nonce_len = m->nonce_len,
	    .aad_len = m->aad_len,
	    .tag_len = m->tag_len,
	};
	reference_aead_seal(ref, &job, m->plain, m->len, m->cipher, m->tag);
}

/* Any one bit of what is authenticated changed: BADMSG, and no plaintext in the output. */
static void forge(struct eng_session *session, const struct message *good,
		  struct test_random *random)
{
	struct message bad = *good;
	uint8_t out[MAX_DATA];
	size_t bits[4] = {good->nonce_len * 8, good->aad_len * 8, good->len * 8, good->tag_len * 8};
	uint8_t *parts[4] = {bad.nonce, bad.aad, bad.cipher, bad.tag};
	size_t part, bit;

	do {
		part = test_random_below(random, 4);
	} while (!bits[part]);
	bit = test_random_below(random, bits[part]);
	parts[part][bit / 8] ^= (uint8_t)(1u << bit % 8);
	memset(out, 0xaa, sizeof(out));
	assert_int_equal(run(session, 0, true, &bad, bad.cipher, out, bad.tag), VCD_S_BADMSG);
	if (good->len >= 8)
		assert_memory_not_equal(out, good->plain, good->len);
	for (size_t i = good->len; i < sizeof(out); i++)
		assert_int_equal(out[i], 0xaa);
	for (size_t i = 0; i < good->len; i++)
		assert_true(out[i] == 0 || out[i] == 0xaa);
}

static void differential(void **state)
{
	struct test_random random = {51};
	static struct message m;
	unsigned int messages = 0;
	uint8_t key[32], out[MAX_DATA], tag[16];

	for (const struct reference_aead *ref = reference_aeads; ref->id; ref++)
		for (unsigned int k = 0; k < 8; k++) {
			struct eng_session *session;

			test_random_fill(&random, key, sizeof(key));
			session = session_new(ref->id, key, ref->key_len);
			for (unsigned int i = 0; i < 40; i++) {
				message_fill(&m, ref, key, &random);
				assert_int_equal(
				    run(session, i % ENGINES_WORKERS, false, &m, m.plain, out, tag),
				    VCD_S_OK);
				assert_memory_equal(out, m.cipher, m.len);
				assert_memory_equal(tag, m.tag, m.tag_len);
				/* In place, back */
				assert_int_equal(
				    run(session, i % ENGINES_WORKERS, true, &m, out, out, tag),
				    VCD_S_OK);
				assert_memory_equal(out, m.plain, m.len);
				forge(session, &m, &random);
				messages++;
			}
			eng_session_free(session);
		}
	print_message("%u random messages\n", messages);
}

static void refused_lengths(void **state)
{
	static const uint32_t ids[] = {CRYPTO_AES_GCM, CRYPTO_AES_CCM, CRYPTO_CHACHA20_POLY1305};
	static uint8_t key[32], data[1 << 16];
	struct message m = {0};
	uint8_t tag[64] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct eng_session *session = session_new(ids[i], key, 32);

		for (m.nonce_len = 0; m.nonce_len <= 13; m.nonce_len++)
			for (m.tag_len = 0; m.tag_len <= 16; m.tag_len++) {
				bool ok = eng_alg_iv_ok(session->cipher, m.nonce_len) &&
					  eng_alg_tag_ok(session->cipher, m.tag_len);

				assert_int_equal(run(session, 0, false, &m, data, data, tag),
						 ok ? VCD_S_OK : VCD_S_INVALID);
			}
		eng_session_free(session);
	}
	/* CCM with a nonce of 13 bytes counts its length in 16 bits. */
	{
		struct eng_session *session = session_new(CRYPTO_AES_CCM, key, 16);

		m.nonce_len = 13;
		m.tag_len = 16;
		m.len = 65536;
		assert_int_equal(run(session, 0, false, &m, data, data, tag), VCD_S_INVALID);
		m.len = 65535;
		assert_int_equal(run(session, 0, false, &m, data, data, tag), VCD_S_OK);
		m.nonce_len = 12;
		m.len = 65536;
		assert_int_equal(run(session, 0, false, &m, data, data, tag), VCD_S_OK);
		eng_session_free(session);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_answers_hold),
	    cmocka_unit_test(differential),
	    cmocka_unit_test(refused_lengths),
	};

	return ENGINES_RUN(tests);
}
