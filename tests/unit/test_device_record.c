/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_device_record.c - TLS records and SRTP packets through the device: against
 * records made here from the reference's cipher and MAC, every padding, forgeries,
 * and that the work does not depend on the padding.
 */
#include "tests/unit/devtest.h"

#include <endian.h>
#include <string.h>

#include "cryptodev.h"
#include "tests/unit/evp_reference.h"

#define REPLY sizeof(struct vcd_reply)
#define MAX_DATA 2048

static const uint8_t key[64] = {9, 8, 7, 6, 5, 4, 3, 2, 1}, mackey[32] = {1, 1, 2, 3, 5, 8};
static struct devtest test;
static struct test_random chance;

static int setup(void **state)
{
	const struct vdev_options options = {
	    .num_queues = 1,
	    .max_request = 8192,
	    .max_sessions = 100,
	};

	devtest_open(&test, 2, &options);
	chance.state = 81;
	return 0;
}

static int teardown(void **state)
{
	devtest_close(&test);
	return 0;
}

/** struct packet - what a record or a packet is made of. */
struct packet {
	const struct reference_cipher *cipher;
	const struct reference_hash *mac;
	uint64_t id;
	size_t block, iv_len, tag_len;
	uint8_t iv[16], next_iv[16], aad[64], plain[MAX_DATA], record[MAX_DATA + 512], tag[64];
	size_t aad_len, len, record_len;
};

static void packet_open(struct packet *p, uint32_t cipher, size_t key_len, uint32_t mac)
{
	p->cipher = reference_find(cipher, key_len);
	p->mac = reference_hash_find(mac);
	p->block = eng_alg_find(cipher)->block_size;
	p->iv_len = eng_alg_find(cipher)->iv_len;
	p->tag_len = eng_alg_find(mac)->digest_len;
	p->id = devtest_session(&test, cipher, key, key_len, mac, mackey, 32);
}

static void packet_fill(struct packet *p)
{
	test_random_fill(&chance, p->iv, sizeof(p->iv));
	p->aad_len =
	    test_random_below(&chance, 2) ? 13 : test_random_below(&chance, sizeof(p->aad));
	p->len = test_random_below(&chance, test_random_below(&chance, 2) ? 70 : MAX_DATA);
	test_random_fill(&chance, p->aad, p->aad_len);
	test_random_fill(&chance, p->plain, p->len);
}

/* The record with @pad bytes of padding, the last included, whose byte at @wrong is not right. */
static void tls_seal(struct packet *p, size_t pad, size_t wrong)
{
	static uint8_t bytes[64 + MAX_DATA + 512];
	uint8_t tag[64];

	memcpy(bytes, p->aad, p->aad_len);
	memcpy(bytes + p->aad_len, p->plain, p->len);
	reference_hash_run(p->mac, mackey, 32, bytes, p->aad_len + p->len, tag);
	memcpy(bytes, p->plain, p->len);
	memcpy(bytes + p->len, tag, p->tag_len);
	memset(bytes + p->len + p->tag_len, (int)pad - 1, pad);
	if (wrong < pad)
		bytes[p->len + p->tag_len + wrong] ^= 0x20;
	p->record_len = p->len + p->tag_len + pad;
	assert_int_equal(p->record_len % p->block, 0);
	reference_crypt(p->cipher, true, key, p->iv, bytes, p->record, p->record_len);
	memcpy(p->next_iv, p->record + p->record_len - p->iv_len, p->iv_len);
}

static size_t least_pad(const struct packet *p)
{
	return p->block - (p->len + p->tag_len) % p->block;
}

static struct vcd_req header(const struct packet *p, uint16_t flags, size_t len, size_t aad_len)
{
	struct vcd_req req = {
	    .opcode = htole16(VCD_OP_AUTHCRYPT),
	    .flags = htole16(flags),
	    .src_len = htole32((uint32_t)len),
	    .session = htole64(p->id),
	    .aad_len = htole32((uint32_t)aad_len),
	    .iv_len = (uint8_t)p->iv_len,
	    .tag_len = (uint8_t)p->tag_len,
	};

	memcpy(req.iv, p->iv, p->iv_len);
	return req;
}

static const struct answer *tls(const struct packet *p, bool decrypt, size_t room)
{
	const uint8_t *data = decrypt ? p->record : p->plain;
	size_t len = decrypt ? p->record_len : p->len;
	struct vcd_req req = header(p, VCD_F_TLS | (decrypt ? VCD_F_DECRYPT : 0), len, p->aad_len);
	static uint8_t payload[64 + MAX_DATA + 512];

	memcpy(payload, p->aad, p->aad_len);
	memcpy(payload + p->aad_len, data, len);
	return devtest_send(&test, &req, payload, p->aad_len + len, REPLY + room);
}

static void expect_plain(const struct packet *p)
{
	const struct answer *answer = tls(p, true, p->record_len);

	assert_int_equal(answer->status, VCD_S_OK);
	assert_int_equal(answer->out_len, p->len);
	assert_memory_equal(answer->out, p->plain, p->len);
	assert_memory_equal(answer->iv, p->next_iv, p->iv_len);
}

static void expect_badmsg(const struct packet *p)
{
	assert_int_equal(tls(p, true, p->record_len)->status, VCD_S_BADMSG);
}

static void tls_records(void **state)
{
	static const uint32_t macs[] = {
	    CRYPTO_MD5_HMAC,	  CRYPTO_SHA1_HMAC,	CRYPTO_RIPEMD160_HMAC, CRYPTO_SHA2_224_HMAC,
	    CRYPTO_SHA2_256_HMAC, CRYPTO_SHA2_384_HMAC, CRYPTO_SHA2_512_HMAC};
	static const uint32_t ciphers[][2] = {
	    {CRYPTO_AES_CBC, 16},
	    {CRYPTO_AES_CBC, 32},
	    {CRYPTO_3DES_CBC, 24},
	    {CRYPTO_CAMELLIA_CBC, 16},
	};
	static struct packet p;

	test.random = &chance;
	for (size_t c = 0; c < ARRAY_SIZE(ciphers); c++)
		for (size_t m = 0; m < ARRAY_SIZE(macs); m++) {
			packet_open(&p, ciphers[c][0], ciphers[c][1], macs[m]);
			for (unsigned int i = 0; i < 30; i++) {
				const struct answer *answer;

				test.thread = i % 2;
				packet_fill(&p);
				if (i % 5 == 4) /* a truncated MAC */
					p.tag_len = 1 + test_random_below(&chance, p.tag_len);
				tls_seal(&p, least_pad(&p), SIZE_MAX);
				answer = tls(&p, false, p.record_len);
				assert_int_equal(answer->status, VCD_S_OK);
				assert_int_equal(answer->out_len, p.record_len);
				assert_memory_equal(answer->out, p.record, p.record_len);
				assert_memory_equal(answer->iv, p.next_iv, p.iv_len);
				expect_plain(&p);
			}
		}
}

/* Every length of padding that a peer may choose, in records short and long. */
static void tls_every_padding(void **state)
{
	static struct packet p;

	packet_open(&p, CRYPTO_AES_CBC, 16, CRYPTO_SHA1_HMAC);
	for (unsigned int round = 0; round < 20; round++) {
		packet_fill(&p);
		if (p.len > 400)
			p.len = 400;
		for (size_t pad = least_pad(&p); pad <= 256; pad += 16) {
			tls_seal(&p, pad, SIZE_MAX);
			expect_plain(&p);
			/* One byte of it wrong, at the ends and in between */
			for (size_t wrong = 0; wrong + 1 < pad; wrong += pad > 20 ? 7 : 1) {
				tls_seal(&p, pad, wrong);
				expect_badmsg(&p);
			}
			if (pad > 1) {
				tls_seal(&p, pad, pad - 2);
				expect_badmsg(&p);
			}
		}
	}
}

static void tls_forgeries(void **state)
{
	static struct packet p;

	packet_open(&p, CRYPTO_AES_CBC, 32, CRYPTO_SHA2_256_HMAC);
	for (unsigned int round = 0; round < 300; round++) {
		size_t at;

		packet_fill(&p);
		tls_seal(&p, least_pad(&p), SIZE_MAX);
		at = test_random_below(&chance, p.aad_len + p.record_len);
		if (at < p.aad_len)
			p.aad[at] ^= (uint8_t)(1u << test_random_below(&chance, 8));
		else
			p.record[at - p.aad_len] ^= (uint8_t)(1u << test_random_below(&chance, 8));
		expect_badmsg(&p);
		/* Cut by a block, and random bytes of any length */
		packet_fill(&p);
		tls_seal(&p, least_pad(&p), SIZE_MAX);
		p.record_len -= 16;
		if (p.record_len)
			expect_badmsg(&p);
		p.record_len = 16 * (1 + test_random_below(&chance, 30));
		test_random_fill(&chance, p.record, p.record_len);
		expect_badmsg(&p);
	}
}

/* An engine in between that counts the blocks its hashes go through. */
static struct eng_ops counting;
static const struct eng_ops *counted;
static unsigned int blocks_counted, block_size;

static void counting_run(struct engine *engine, unsigned int worker, struct eng_job *const jobs[],
			 size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (jobs[i]->flags & ENG_JOB_HASH_ONLY) {
			size_t padded = jobs[i]->len + 1 + block_size / 8;

			blocks_counted += (unsigned int)((padded + block_size - 1) / block_size);
		}
	counted->run(engine, worker, jobs, n);
}

static unsigned int work_for(const struct packet *p, uint32_t expected)
{
	blocks_counted = 0;
	assert_int_equal(tls(p, true, p->record_len)->status, expected);
	assert_true(blocks_counted > 0);
	return blocks_counted;
}

static void work_for_every_padding(uint32_t mac, unsigned int size)
{
	const size_t record_len = 640;
	static struct packet p;
	unsigned int work = 0;

	block_size = size;
	packet_open(&p, CRYPTO_AES_CBC, 16, mac);
	for (size_t pad = 1; pad <= 256; pad++) {
		packet_fill(&p);
		p.aad_len = 13;
		p.len = record_len - p.tag_len - pad;
		tls_seal(&p, pad, SIZE_MAX);
		if (!work)
			work = work_for(&p, VCD_S_OK);
		assert_int_equal(work_for(&p, VCD_S_OK), work);
		tls_seal(&p, pad, pad / 2 == pad - 1 ? SIZE_MAX : pad / 2);
		p.record[record_len - 20] ^= 1;
		assert_int_equal(work_for(&p, VCD_S_BADMSG), work);
	}
}

static void tls_work_is_constant(void **state)
{
	counted = test.engine->ops;
	counting = *counted;
	counting.run = counting_run;
	test.engine->ops = &counting;
	work_for_every_padding(CRYPTO_SHA1_HMAC, 64);
	work_for_every_padding(CRYPTO_SHA2_256_HMAC, 64);
	work_for_every_padding(CRYPTO_SHA2_384_HMAC, 128);
	test.engine->ops = counted;
}

static uint32_t send(const struct vcd_req *req, size_t payload, size_t out_len)
{
	static const uint8_t zeroes[16384];

	return devtest_send(&test, req, zeroes, payload, REPLY + out_len)->status;
}

static void tls_rules(void **state)
{
	static struct packet p;
	struct vcd_req good, bad;
	uint64_t wrong_sessions[5];

	packet_open(&p, CRYPTO_AES_CBC, 16, CRYPTO_SHA1_HMAC);
	good = header(&p, VCD_F_TLS, 100, 13);
#define WITH(field, value) (bad = good, bad.field = (value), &bad)
	assert_int_equal(send(&good, 113, 128), VCD_S_OK);
	assert_int_equal(send(&good, 113, 127), VCD_S_INVALID);
	assert_int_equal(send(&good, 112, 128), VCD_S_INVALID);
	assert_int_equal(send(&good, 114, 128), VCD_S_INVALID);
	assert_int_equal(send(WITH(tag_len, 0), 113, 128), VCD_S_INVALID);
	assert_int_equal(send(WITH(tag_len, 21), 113, 128), VCD_S_INVALID);
	assert_int_equal(send(WITH(iv_len, 12), 113, 128), VCD_S_INVALID);
	assert_int_equal(send(WITH(crypt_off, htole32(1)), 113, 128), VCD_S_INVALID);
	assert_int_equal(send(WITH(arg, htole64(1)), 113, 128), VCD_S_INVALID);
	assert_int_equal(send(WITH(flags, htole16(VCD_F_TLS | VCD_F_SRTP)), 113, 128),
			 VCD_S_INVALID);
	assert_int_equal(send(WITH(flags, htole16(VCD_F_TLS | VCD_F_HASH_FINAL)), 113, 200),
			 VCD_S_INVALID);
	assert_int_equal(send(WITH(flags, 0), 113, 200), VCD_S_INVALID);
	/* Largest: the record, not only the data, counts. */
	bad = header(&p, VCD_F_TLS, 8192 - 21, 13);
	assert_int_equal(send(&bad, 8192 - 8, 8192), VCD_S_OK);
	bad = header(&p, VCD_F_TLS, 8192 - 20, 13);
	assert_int_equal(send(&bad, 8192 - 7, 8208), VCD_S_TOOBIG);
	bad = header(&p, VCD_F_TLS, 100, 4097);
	assert_int_equal(send(&bad, 4197, 128), VCD_S_TOOBIG);
	bad = header(&p, VCD_F_TLS, 100, 4096);
	assert_int_equal(send(&bad, 4196, 128), VCD_S_OK);
	/* Decryption: whole blocks, at least one; too short for a MAC is a bad one. */
	bad = header(&p, VCD_F_TLS | VCD_F_DECRYPT, 0, 13);
	assert_int_equal(send(&bad, 13, 0), VCD_S_INVALID);
	bad = header(&p, VCD_F_TLS | VCD_F_DECRYPT, 40, 13);
	assert_int_equal(send(&bad, 53, 40), VCD_S_INVALID);
	bad = header(&p, VCD_F_TLS | VCD_F_DECRYPT, 16, 13);
	assert_int_equal(send(&bad, 29, 0), VCD_S_BADMSG);
	bad = header(&p, VCD_F_TLS | VCD_F_DECRYPT, 48, 13);
	assert_int_equal(send(&bad, 61, 27), VCD_S_BADMSG);
	assert_int_equal(send(&bad, 61, 26), VCD_S_INVALID);
	/* Sessions that cannot */
	wrong_sessions[0] =
	    devtest_session(&test, CRYPTO_AES_CTR, key, 16, CRYPTO_SHA1_HMAC, key, 20);
	wrong_sessions[1] = devtest_session(&test, CRYPTO_AES_CBC, key, 16, CRYPTO_SHA1, NULL, 0);
	wrong_sessions[2] =
	    devtest_session(&test, CRYPTO_AES_CBC, key, 16, CRYPTO_AES_CMAC, key, 16);
	wrong_sessions[3] = devtest_session(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0);
	wrong_sessions[4] =
	    devtest_session(&test, CRYPTO_AES_XTS, key, 32, CRYPTO_SHA1_HMAC, key, 20);
	for (size_t i = 0; i < ARRAY_SIZE(wrong_sessions); i++)
		assert_int_equal(send(WITH(session, htole64(wrong_sessions[i])), 113, 200),
				 VCD_S_INVALID);
	wrong_sessions[0] = devtest_session(&test, 0, NULL, 0, CRYPTO_SHA1_HMAC, key, 20);
	good.iv_len = 0;
	memset(good.iv, 0, sizeof(good.iv));
	assert_int_equal(send(WITH(session, htole64(wrong_sessions[0])), 113, 200), VCD_S_INVALID);
#undef WITH
}

/* The packet: aad holds the head, plain the data; behind them a foot of random bytes. */
static const struct answer *srtp(struct packet *p, bool decrypt, size_t room)
{
	static uint8_t region[64 + MAX_DATA + 64];
	static struct test_random feet = {5};
	size_t foot = p->record_len - p->aad_len - p->len;
	struct vcd_req req =
	    header(p, VCD_F_SRTP | (decrypt ? VCD_F_DECRYPT : 0), p->len, p->record_len);
	uint8_t cipher[MAX_DATA];

	memcpy(region, p->aad, p->aad_len);
	reference_crypt(p->cipher, true, key, p->iv, p->plain, cipher, p->len);
	memcpy(region + p->aad_len, cipher, p->len);
	if (!decrypt) {
		test_random_fill(&feet, p->record, foot);
		memcpy(region + p->aad_len + p->len, p->record, foot);
		reference_hash_run(p->mac, mackey, 32, region, p->record_len, p->tag);
		memcpy(region + p->aad_len, p->plain, p->len);
	} else {
		memcpy(region + p->aad_len + p->len, p->record, foot);
		memcpy(region + p->record_len, p->tag, p->tag_len);
	}
	req.crypt_off = htole32((uint32_t)p->aad_len);
	return devtest_send(&test, &req, region, p->record_len + (decrypt ? p->tag_len : 0),
			    REPLY + room);
}

static void srtp_packets(void **state)
{
	static const uint32_t ciphers[][2] = {
	    {CRYPTO_AES_CTR, 16}, {CRYPTO_AES_CTR, 32}, {CRYPTO_NULL, 0}};
	static const uint32_t macs[] = {CRYPTO_SHA1_HMAC, CRYPTO_SHA2_256_HMAC,
					CRYPTO_SHA2_512_HMAC};
	static struct packet p;
	uint8_t cipher[MAX_DATA];

	test.random = &chance;
	for (size_t c = 0; c < ARRAY_SIZE(ciphers); c++)
		for (size_t m = 0; m < ARRAY_SIZE(macs); m++) {
			packet_open(&p, ciphers[c][0], ciphers[c][1], macs[m]);
			for (unsigned int i = 0; i < 60; i++) {
				const struct answer *answer;
				uint8_t *part;

				packet_fill(&p);
				p.record_len = p.aad_len + p.len + test_random_below(&chance, 20);
				if (i % 3 == 2)
					p.tag_len = 1 + test_random_below(&chance, p.tag_len);
				reference_crypt(p.cipher, true, key, p.iv, p.plain, cipher, p.len);
				answer = srtp(&p, false, p.len + p.tag_len);
				assert_int_equal(answer->status, VCD_S_OK);
				assert_int_equal(answer->out_len, p.len + p.tag_len);
				assert_memory_equal(answer->out, cipher, p.len);
				assert_memory_equal(answer->out + p.len, p.tag, p.tag_len);
				answer = srtp(&p, true, p.len);
				assert_int_equal(answer->status, VCD_S_OK);
				assert_int_equal(answer->out_len, p.len);
				assert_memory_equal(answer->out, p.plain, p.len);
				/* A bit of the tag, of the head, or of the data */
				part = i % 3 == 0 || p.tag_len < 8 ? p.tag
				       : i % 3 == 1 && p.aad_len   ? p.aad
				       : p.len			   ? p.plain
								   : p.tag;
				part[0] ^= 0x10;
				assert_int_equal(srtp(&p, true, p.len)->status, VCD_S_BADMSG);
			}
		}
}

static void srtp_rules(void **state)
{
	static struct packet p;
	struct vcd_req good, bad;
	uint64_t cbc;

	packet_open(&p, CRYPTO_AES_CTR, 16, CRYPTO_SHA1_HMAC);
	good = header(&p, VCD_F_SRTP, 100, 120);
	good.crypt_off = htole32(20);
	assert_int_equal(send(&good, 120, 120), VCD_S_OK);
	assert_int_equal(send(&good, 120, 119), VCD_S_INVALID);
	assert_int_equal(send(&good, 140, 120), VCD_S_INVALID);
	bad = good;
	bad.crypt_off = htole32(21);
	assert_int_equal(send(&bad, 120, 120), VCD_S_INVALID);
	bad.crypt_off = htole32(UINT32_MAX);
	assert_int_equal(send(&bad, 120, 120), VCD_S_INVALID);
	bad = good;
	bad.src_len = htole32(UINT32_MAX);
	assert_int_equal(send(&bad, 120, 120), VCD_S_INVALID);
	bad = good;
	bad.tag_len = 21;
	assert_int_equal(send(&bad, 120, 130), VCD_S_INVALID);
	bad = good;
	bad.flags = htole16(VCD_F_SRTP | VCD_F_DECRYPT);
	assert_int_equal(send(&bad, 140, 100), VCD_S_BADMSG);
	assert_int_equal(send(&bad, 120, 100), VCD_S_INVALID);
	bad = header(&p, VCD_F_SRTP, 10, 8193);
	assert_int_equal(send(&bad, 8193, 100), VCD_S_TOOBIG);
	bad = header(&p, VCD_F_SRTP, 0, 0);
	assert_int_equal(send(&bad, 0, 20), VCD_S_OK);
	cbc = devtest_session(&test, CRYPTO_AES_CBC, key, 16, CRYPTO_SHA1_HMAC, key, 20);
	good.session = htole64(cbc);
	good.src_len = htole32(96);
	assert_int_equal(send(&good, 120, 120), VCD_S_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(tls_records),		TEST(tls_every_padding), TEST(tls_forgeries),
	    TEST(tls_work_is_constant), TEST(tls_rules),	 TEST(srtp_packets),
	    TEST(srtp_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
