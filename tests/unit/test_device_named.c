/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_device_named.c - sessions and operations with keys by name, with a fake key service: parsing,
 * checks and their order, rights, what ends sessions. The engine and the service are others' tests.
 */
#include "tests/unit/devtest.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "cryptodev.h"
#include "tests/lib/fake_keys.h"

#define REPLY sizeof(struct vcd_reply)
#define INFO sizeof(struct vcd_key_info)
#define FAST 0u
#define SLOW 1u

static struct devtest test;
static struct fake_keys fake;

static int setup(void **state)
{
	const struct vdev_options options = {
	    .num_queues = 1,
	    .slow_queues = 1,
	    .keys = &fake.service,
	    .max_sessions = 8,
	};

	fake_keys_init(&fake);
	devtest_open(&test, 2, &options);
	test.thread = SLOW;
	return 0;
}

static int teardown(void **state)
{
	devtest_close(&test);
	/* what was opened was closed */
	assert_int_equal(fake_keys_count(&fake), 0);
	return 0;
}

static struct vcd_req_create create_header(const char *label, uint32_t cipher, uint32_t mac)
{
	return (struct vcd_req_create){
	    .opcode = htole16(VCD_OP_SESSION_CREATE),
	    .cipher = htole32(cipher),
	    .mac = htole32(mac),
	    .key_len = htole32((uint32_t)strlen(label)),
	    .key_source = htole32(VCD_KEY_LABEL),
	};
}

static const struct answer *create(const char *label, uint32_t cipher, uint32_t mac)
{
	const struct vcd_req_create header = create_header(label, cipher, mac);

	return devtest_send(&test, &header, label, strlen(label), REPLY + INFO);
}

static uint64_t opened(const char *label, uint32_t cipher, uint32_t mac)
{
	const struct answer *answer = create(label, cipher, mac);

	assert_int_equal(answer->status, VCD_S_OK);
	assert_int_equal(answer->out_len, INFO);
	assert_memory_equal(answer->iv, answer->out + offsetof(struct vcd_key_info, check), 16);
	return answer->value;
}

static struct vcd_req_key key_header(uint16_t opcode, uint64_t session, size_t in_len,
				     uint32_t out_len)
{
	return (struct vcd_req_key){
	    .opcode = htole16(opcode),
	    .in_len = htole32((uint32_t)in_len),
	    .session = htole64(session),
	    .out_len = htole32(out_len),
	};
}

static const struct answer *ask(const struct vcd_req_key *header, const void *in, size_t len)
{
	return devtest_send(&test, header, in, len, REPLY + le32toh(header->out_len));
}

static const struct answer *authcrypt(uint64_t session, uint16_t flags, const char *in, size_t len,
				      uint8_t iv_len, size_t out_len)
{
	const struct vcd_req header = {
	    .opcode = htole16(VCD_OP_AUTHCRYPT),
	    .flags = htole16(flags),
	    .src_len = htole32((uint32_t)len),
	    .session = htole64(session),
	    .iv_len = iv_len,
	    .tag_len = 16,
	};

	return devtest_send(&test, &header, in, len, REPLY + out_len);
}

static void test_create(void **state)
{
	struct vcd_req_create header;

	assert_int_equal(create("nowhere", 0, 0)->status, VCD_S_NOKEY);
	assert_int_equal(create("ticket", 0, CRYPTO_SHA2_256_HMAC)->status, VCD_S_NOKEY);
	header = create_header("ticket", 0, CRYPTO_SHA2_256_HMAC);
	header.mackey_len = htole32(VCD_KEY_TICKET_LEN);
	assert_int_equal(
	    devtest_send(&test, &header, "ticket" FAKE_TICKET, 6 + 32, REPLY + INFO)->status,
	    VCD_S_OK);
	opened("cipher", CRYPTO_AES_CBC, 0);
	opened("held", CRYPTO_AES_CBC, 0);
	opened("private", 0, 0);
	assert_int_equal(fake_keys_count(&fake), 4);
	/* by another algorithm, by none, as a MAC, a private key as a cipher, by one that is none */
	assert_int_equal(create("cipher", CRYPTO_AES_CTR, 0)->status, VCD_S_NOALG);
	assert_int_equal(create("cipher", 0, 0)->status, VCD_S_NOALG);
	assert_int_equal(create("cipher", 0, CRYPTO_SHA2_256_HMAC)->status, VCD_S_NOALG);
	assert_int_equal(create("private", CRYPTO_AES_CBC, 0)->status, VCD_S_NOALG);
	assert_int_equal(create("mac", CRYPTO_SHA2_256_HMAC, 0)->status, VCD_S_NOALG);
	assert_int_equal(create("cipher", 0, CRYPTO_AES_CBC)->status, VCD_S_NOALG);
	assert_int_equal(create("mac", 0, CRYPTO_SHA2_256)->status, VCD_S_NOALG);
	assert_int_equal(create("cipher", 4711, 0)->status, VCD_S_NOALG);
	assert_int_equal(create("broken", CRYPTO_AES_CBC, 0)->status, VCD_S_IO);
	/* nothing of what was refused is open, nor has it a slot */
	assert_int_equal(fake_keys_count(&fake), 4);
	assert_int_equal(devtest_live(&test), 4);
	for (unsigned int i = 4; i < 8; i++)
		opened("mac", 0, CRYPTO_SHA2_256_HMAC);
	assert_int_equal(create("mac", 0, CRYPTO_SHA2_256_HMAC)->status, VCD_S_NOSPACE);
}

/* One fault each, in a request that is good without it. */
static void test_create_checks(void **state)
{
	const struct vcd_req_create good = create_header("cipher", CRYPTO_AES_CBC, 0);
	struct vcd_req_create bad[11];
	const size_t n = sizeof(bad) / sizeof(bad[0]);
	char longest[VCD_KEY_LABEL_LEN];

	for (size_t i = 0; i < n; i++)
		bad[i] = good;
	bad[0].flags = htole16(VCD_F_DECRYPT);
	bad[1].session = htole64(1);
	bad[2].mac = htole32(CRYPTO_SHA2_256_HMAC);
	bad[3].reserved[15] = 1;
	bad[4].check[0] = 1;
	bad[5].key_len = htole32(5);
	bad[6].key_len = htole32(7);
	bad[7].key_source = htole32(2);
	bad[8].mackey_len = htole32(31);
	bad[9].key_len = 0;
	bad[10].key_len = htole32(UINT32_MAX);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(devtest_send(&test, &bad[i], "cipher", 6, REPLY + INFO)->status,
				 VCD_S_INVALID);
	assert_int_equal(devtest_send(&test, &good, "cipher", 6, REPLY + INFO - 1)->status,
			 VCD_S_INVALID);
	/* 63 bytes are a label, 64 are not */
	memset(longest, 'x', sizeof(longest));
	bad[0] = good;
	bad[0].key_len = htole32(63);
	assert_int_equal(devtest_send(&test, &bad[0], longest, 63, REPLY + INFO)->status,
			 VCD_S_NOKEY);
	bad[0].key_len = htole32(64);
	assert_int_equal(devtest_send(&test, &bad[0], longest, 64, REPLY + INFO)->status,
			 VCD_S_INVALID);
	/* the bytes of the check value are for labels only */
	bad[0] = good;
	bad[0].key_source = 0;
	bad[0].check[0] = 1;
	bad[0].key_len = htole32(16);
	assert_int_equal(devtest_send(&test, &bad[0], FAKE_KEY, 16, REPLY + INFO)->status,
			 VCD_S_INVALID);
	assert_int_equal(fake.jobs, 1);
}

static void test_check_value(void **state)
{
	struct vcd_req_create header = create_header("gcm", CRYPTO_AES_GCM, 0);

	header.flags = htole16(VCD_F_CHECK);
	memset(header.check, 4, sizeof(header.check));
	assert_int_equal(devtest_send(&test, &header, "gcm", 3, REPLY + INFO)->status, VCD_S_OK);
	header.check[15] ^= 1;
	assert_int_equal(devtest_send(&test, &header, "gcm", 3, REPLY + INFO)->status, VCD_S_NOKEY);
}

/* What needs the service is refused elsewhere, and before anything is asked. */
static void test_wrong_queue(void **state)
{
	static const uint16_t opcodes[] = {VCD_OP_KEY_LIST, VCD_OP_SIGN, VCD_OP_DECRYPT,
					   VCD_OP_DERIVE};
	const uint64_t held = opened("held", CRYPTO_AES_CBC, 0);
	const uint64_t cipher = opened("cipher", CRYPTO_AES_CBC, 0);
	const uint64_t private = opened("private", 0, 0);
	const uint8_t iv[16] = {0}, data[16] = {0};
	const unsigned int jobs = fake.jobs;
	struct vcd_req_key header;

	test.thread = FAST;
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++) {
		header = key_header(opcodes[i], i ? private : 0, 0, 0);
		assert_int_equal(ask(&header, NULL, 0)->status, VCD_S_SLOW);
	}
	header = key_header(VCD_OP_KEY_INFO, 0, 3, 0);
	assert_int_equal(ask(&header, "mac", 3)->status, VCD_S_SLOW);
	assert_int_equal(create("cipher", CRYPTO_AES_CBC, 0)->status, VCD_S_SLOW);
	assert_int_equal(devtest_crypt(&test, held, 0, iv, 16, data, 16, 16)->status, VCD_S_SLOW);
	assert_int_equal(devtest_crypt(&test, private, 0, iv, 16, data, 16, 16)->status,
			 VCD_S_SLOW);
	assert_int_equal(devtest_crypt(&test, held + 1, 0, iv, 16, data, 16, 16)->status,
			 VCD_S_STALE);
	assert_int_equal(devtest_crypt(&test, cipher, 0, iv, 16, data, 16, 16)->status, VCD_S_OK);
	assert_int_equal(devtest_simple(&test, VCD_OP_SESSION_DESTROY, held, REPLY)->status,
			 VCD_S_OK);
	assert_int_equal(fake.jobs, jobs);
}

static void test_operations(void **state)
{
	const uint64_t session = opened("private", 0, 0);
	struct vcd_req_key header = key_header(VCD_OP_SIGN, session, 5, 7);
	const struct answer *answer;

	header.scheme = htole16(VCD_ECDSA_P256_SHA256);
	answer = ask(&header, "input", 5);
	assert_int_equal(answer->status, VCD_S_OK);
	assert_int_equal(answer->out_len, 7);
	assert_memory_equal(answer->out, "\x07\0input", 7);
	header.flags = htole16(VCD_F_MESSAGE);
	answer = ask(&header, "input", 5);
	assert_memory_equal(answer->out, "\x07\x40input", 7);
	header = key_header(VCD_OP_DECRYPT, session, 5, 64);
	header.aux_len = htole32(3);
	answer = ask(&header, "inputaux", 8);
	assert_int_equal(answer->out_len, 5);
	assert_memory_equal(answer->out, "tupni", 5);
	assert_int_equal(ask(&header, "\0nputaux", 8)->status, VCD_S_BADMSG);
	header = key_header(VCD_OP_DERIVE, session, 5, 32);
	answer = ask(&header, "input", 5);
	assert_int_equal(answer->out_len, 32);
	assert_int_equal(answer->out[31], 'i');
	/* on what has no scheme */
	header.session = htole64(opened("held", CRYPTO_AES_CBC, 0));
	assert_int_equal(ask(&header, "input", 5)->status, VCD_S_INVALID);
	header.session = htole64(devtest_session(&test, CRYPTO_AES_CBC, FAKE_KEY, 16, 0, NULL, 0));
	assert_int_equal(ask(&header, "input", 5)->status, VCD_S_INVALID);
	header.session = htole64(12345);
	assert_int_equal(ask(&header, "input", 5)->status, VCD_S_STALE);
}

static void test_list_and_info(void **state)
{
	struct vcd_req_key header = key_header(VCD_OP_KEY_LIST, 0, 0, 3 * INFO + 100);
	const struct answer *answer = ask(&header, NULL, 0);

	assert_int_equal(answer->value, 11);
	assert_int_equal(answer->out_len, 3 * INFO);
	assert_string_equal((const char *)answer->out, "cipher");
	header.first = htole32(10);
	answer = ask(&header, NULL, 0);
	assert_int_equal(answer->out_len, INFO);
	assert_string_equal((const char *)answer->out, "verify");
	header.first = htole32(UINT32_MAX);
	assert_int_equal(ask(&header, NULL, 0)->out_len, 0);
	header.out_len = 0;
	header.first = 0;
	answer = ask(&header, NULL, 0);
	assert_int_equal(answer->status, VCD_S_OK);
	assert_int_equal(answer->value, 11);

	header = key_header(VCD_OP_KEY_INFO, 0, 7, INFO + 6);
	answer = ask(&header, "private", 7);
	assert_int_equal(answer->out_len, INFO + 6);
	assert_memory_equal(answer->out + INFO, "public", 6);
	assert_int_equal(answer->iv[0], 9);
	assert_int_equal(ask(&header, "nowhere", 7)->status, VCD_S_NOKEY);
}

static void test_key_checks(void **state)
{
	static uint8_t large[VCD_KEY_MAX_IN + 1];
	const uint64_t session = opened("private", 0, 0);
	const struct vcd_req_key good = key_header(VCD_OP_SIGN, session, 5, 7);
	struct vcd_req_key bad[10];
	const size_t n = sizeof(bad) / sizeof(bad[0]);

	for (size_t i = 0; i < n; i++)
		bad[i] = good;
	bad[0].flags = htole16(VCD_F_CHECK);
	bad[1].in_len = htole32(4);
	bad[2].in_len = htole32(6);
	bad[3].aux_len = htole32(1);
	bad[4].reserved0[1] = 1;
	bad[5].reserved1[31] = 1;
	bad[6].first = htole32(1);
	bad[7] = key_header(VCD_OP_KEY_LIST, 0, 5, 0);
	bad[8] = key_header(VCD_OP_KEY_INFO, session, 5, 0);
	bad[9] = key_header(VCD_OP_KEY_INFO, 0, 5, 0);
	bad[9].scheme = htole16(1);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(devtest_send(&test, &bad[i], "input", 5, REPLY + 7)->status,
				 VCD_S_INVALID);
	assert_int_equal(devtest_send(&test, &good, "input", 5, REPLY + 6)->status, VCD_S_INVALID);
	bad[0] = key_header(VCD_OP_KEY_INFO, 0, 0, 0);
	assert_int_equal(ask(&bad[0], NULL, 0)->status, VCD_S_INVALID);
	bad[0] = key_header(VCD_OP_KEY_INFO, 0, 3, 0);
	bad[0].aux_len = htole32(2);
	assert_int_equal(ask(&bad[0], "macxx", 5)->status, VCD_S_INVALID);
	bad[0] = key_header(VCD_OP_SIGN, session, sizeof(large), 0);
	assert_int_equal(ask(&bad[0], large, sizeof(large))->status, VCD_S_TOOBIG);
	bad[0] = key_header(VCD_OP_SIGN, session, 0, VCD_KEY_MAX_OUT + 1);
	assert_int_equal(devtest_send(&test, &bad[0], NULL, 0, REPLY + VCD_KEY_MAX_OUT + 1)->status,
			 VCD_S_TOOBIG);
	assert_int_equal(ask(&good, "input", 5)->status, VCD_S_OK);
}

/* Rights of keys whose bytes the device has. */
static void test_rights(void **state)
{
	const uint8_t iv[16] = {0}, data[32] = {0};
	const uint16_t whole = VCD_F_HASH_RESET | VCD_F_HASH_FINAL;
	const uint64_t decrypt = opened("decrypt", CRYPTO_AES_CBC, 0);
	const uint64_t mac = opened("mac", 0, CRYPTO_SHA2_256_HMAC);
	const uint64_t verify = opened("verify", 0, CRYPTO_SHA2_256_HMAC);

	for (test.thread = FAST; test.thread <= SLOW; test.thread++) {
		assert_int_equal(devtest_crypt(&test, decrypt, 0, iv, 16, data, 32, 32)->status,
				 VCD_S_DENIED);
		assert_int_equal(
		    devtest_crypt(&test, decrypt, VCD_F_DECRYPT, iv, 16, data, 32, 32)->status,
		    VCD_S_OK);
		assert_int_equal(devtest_crypt(&test, mac, whole, NULL, 0, data, 32, 32)->status,
				 VCD_S_OK);
		assert_int_equal(devtest_crypt(&test, verify, whole, NULL, 0, data, 32, 32)->status,
				 VCD_S_DENIED);
		/* nor a part of a MAC */
		assert_int_equal(
		    devtest_crypt(&test, verify, VCD_F_HASH_RESET, NULL, 0, data, 32, 0)->status,
		    VCD_S_DENIED);
	}
}

static void test_nonces(void **state)
{
	const uint64_t gcm = opened("gcm", CRYPTO_AES_GCM, 0);
	const uint64_t free_one = opened("free", CRYPTO_AES_GCM, 0);
	const uint64_t inline_one =
	    devtest_session(&test, CRYPTO_AES_GCM, FAKE_KEY, 16, 0, NULL, 0);
	const uint8_t zero[16] = {0};
	uint8_t first[16];

	for (test.thread = FAST; test.thread <= SLOW; test.thread++) {
		assert_int_equal(authcrypt(gcm, 0, "data", 4, 12, 20)->status, VCD_S_DENIED);
		assert_int_equal(authcrypt(free_one, 0, "data", 4, 12, 20)->status, VCD_S_OK);
		assert_int_equal(
		    authcrypt(inline_one, VCD_F_IV_BY_DEVICE, "data", 4, 0, 20)->status, VCD_S_OK);
		assert_int_equal(authcrypt(gcm, VCD_F_IV_BY_DEVICE, "data", 4, 0, 20)->status,
				 VCD_S_OK);
		memcpy(first, authcrypt(gcm, VCD_F_IV_BY_DEVICE, "data", 4, 0, 20)->iv, 16);
		assert_memory_equal(first + 12, zero, 4);
		assert_memory_not_equal(authcrypt(gcm, VCD_F_IV_BY_DEVICE, "data", 4, 0, 20)->iv,
					first, 12);
		assert_int_equal(authcrypt(gcm, VCD_F_IV_BY_DEVICE, "data", 4, 12, 20)->status,
				 VCD_S_INVALID);
		assert_int_equal(
		    authcrypt(gcm, VCD_F_IV_BY_DEVICE | VCD_F_DECRYPT, "data", 4, 0, 20)->status,
		    VCD_S_INVALID);
		assert_int_equal(
		    authcrypt(gcm, VCD_F_DECRYPT | VCD_F_SRTP, "data", 4, 0, 20)->status,
		    VCD_S_INVALID);
	}
}

/* Keys that the service has: what it is asked, and what it is not. */
static void test_held(void **state)
{
	const uint64_t held = opened("held", CRYPTO_AES_CBC, 0);
	const uint64_t gcm = opened("heldgcm", CRYPTO_AES_GCM, 0);
	const uint64_t mac = opened("heldmac", 0, CRYPTO_SHA2_256_HMAC);
	const uint16_t whole = VCD_F_HASH_RESET | VCD_F_HASH_FINAL;
	static const uint8_t large[VCD_KEY_MAX_IN + 16];
	const uint8_t iv[16] = {9}, data[16] = {1, 2, 3};
	const struct answer *answer = devtest_crypt(&test, held, 0, iv, 16, data, 16, 16);
	unsigned int jobs;

	assert_int_equal(answer->status, VCD_S_OK);
	assert_int_equal(answer->out_len, 16);
	assert_int_equal(answer->out[1], 2 ^ 0x55);
	assert_memory_equal(answer->iv, iv, 16);
	answer = authcrypt(gcm, VCD_F_IV_BY_DEVICE, "data", 4, 0, 20);
	assert_int_equal(answer->status, VCD_S_OK);
	assert_int_equal(answer->out[19], 0x77);
	assert_int_equal(answer->iv[11], 0xab);
	assert_int_equal(authcrypt(gcm, VCD_F_DECRYPT,
				   "data\x77\x77\x77\x77\x77\x77\x77\x77"
				   "\x77\x77\x77\x77\x77\x77\x77\x77",
				   20, 12, 4)
			     ->status,
			 VCD_S_OK);
	assert_int_equal(authcrypt(gcm, VCD_F_DECRYPT, "twenty bytes of data", 20, 12, 4)->status,
			 VCD_S_BADMSG);
	answer = devtest_crypt(&test, mac, whole, NULL, 0, data, 16, 32);
	assert_int_equal(answer->status, VCD_S_OK);
	assert_int_equal(answer->out[31], 6);

	jobs = fake.jobs;
	assert_int_equal(authcrypt(gcm, 0, "data", 4, 12, 20)->status, VCD_S_DENIED);
	assert_int_equal(authcrypt(gcm, VCD_F_DECRYPT, "data", 4, 12, 20)->status, VCD_S_INVALID);
	assert_int_equal(authcrypt(held, 0, "data", 4, 12, 20)->status, VCD_S_INVALID);
	assert_int_equal(authcrypt(gcm, VCD_F_IV_BY_DEVICE, "data", 4, 0, 19)->status,
			 VCD_S_INVALID);
	assert_int_equal(devtest_crypt(&test, gcm, 0, iv, 12, data, 16, 16)->status, VCD_S_DENIED);
	assert_int_equal(devtest_crypt(&test, held, 0, iv, 12, data, 16, 16)->status,
			 VCD_S_INVALID);
	assert_int_equal(devtest_crypt(&test, held, 0, iv, 16, data, 15, 15)->status,
			 VCD_S_INVALID);
	assert_int_equal(devtest_crypt(&test, held, VCD_F_HASH_FINAL, iv, 16, data, 16, 16)->status,
			 VCD_S_INVALID);
	assert_int_equal(
	    devtest_crypt(&test, held, 0, iv, 16, large, sizeof(large), sizeof(large))->status,
	    VCD_S_TOOBIG);
	assert_int_equal(devtest_crypt(&test, mac, VCD_F_HASH_RESET, NULL, 0, data, 16, 0)->status,
			 VCD_S_INVALID);
	assert_int_equal(fake.jobs, jobs);
	assert_int_equal(devtest_simple(&test, VCD_OP_SESSION_INFO, held,
					REPLY + sizeof(struct vcd_session_info))
			     ->status,
			 VCD_S_OK);
}

/* A hash is not copied from or to a session whose key the service has. */
static void test_hash_copy(void **state)
{
	const uint64_t held = opened("heldmac", 0, CRYPTO_SHA2_256_HMAC);
	const uint64_t mac = opened("mac", 0, CRYPTO_SHA2_256_HMAC);
	struct vcd_req header = {
	    .opcode = htole16(VCD_OP_HASH_COPY), .session = htole64(held), .arg = htole64(mac)};

	assert_int_equal(devtest_send(&test, &header, NULL, 0, REPLY)->status, VCD_S_INVALID);
	header.session = htole64(mac);
	header.arg = htole64(held);
	assert_int_equal(devtest_send(&test, &header, NULL, 0, REPLY)->status, VCD_S_INVALID);
}

static void test_end(void **state)
{
	const uint8_t iv[16] = {0}, data[16] = {0};
	const uint64_t first = opened("cipher", CRYPTO_AES_CBC, 0);
	const uint64_t number = fake.last;
	const uint64_t second = opened("cipher", CRYPTO_AES_CBC, 0);
	const uint64_t ordinary = devtest_session(&test, CRYPTO_AES_CBC, FAKE_KEY, 16, 0, NULL, 0);

	vdev_end_keys(test.device, number);
	test.thread = FAST;
	assert_int_equal(devtest_crypt(&test, first, 0, iv, 16, data, 16, 16)->status, VCD_S_STALE);
	assert_int_equal(devtest_crypt(&test, second, 0, iv, 16, data, 16, 16)->status, VCD_S_OK);
	assert_int_equal(fake_keys_count(&fake), 1);
	vdev_end_keys(test.device, 0);
	assert_int_equal(devtest_crypt(&test, second, 0, iv, 16, data, 16, 16)->status,
			 VCD_S_STALE);
	assert_int_equal(devtest_crypt(&test, ordinary, 0, iv, 16, data, 16, 16)->status, VCD_S_OK);
	assert_int_equal(fake_keys_count(&fake), 0);
	test.thread = SLOW;
	/* the key ended before there was a session that could be found */
	assert_int_equal(create("revoked", CRYPTO_AES_CBC, 0)->status, VCD_S_BUSY);
	assert_int_equal(devtest_live(&test), 1);
}

/* A batch is one call; its requests have the tokens that follow the first one's. */
static void test_batch(void **state)
{
	const struct vcd_req_key header = key_header(VCD_OP_KEY_LIST, 0, 0, 0);
	struct vdev_request requests[5], *list[5];
	struct vcd_reply replies[5];
	struct iovec in = {(void *)&header, sizeof(header)}, out[5];

	for (size_t i = 0; i < 5; i++) {
		out[i] = (struct iovec){&replies[i], sizeof(replies[i])};
		requests[i] = (struct vdev_request){&in, &out[i], 1, 1, 0};
		list[i] = &requests[i];
	}
	vdev_set_token(test.device, SLOW, 1000);
	vdev_execute(test.device, SLOW, list, 5);
	assert_int_equal(fake.runs, 1);
	assert_int_equal(fake.jobs, 5);
	assert_int_equal(fake.token, 1004);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(le64toh(replies[i].value), 11);
	/* and the next batch none, unless it is given one */
	vdev_execute(test.device, SLOW, list, 1);
	assert_int_equal(fake.token, 0);
}

/* Each is charged when it is accepted, whatever becomes of it. */
static void test_charged(void **state)
{
	const uint64_t session = opened("private", 0, 0);
	struct vcd_req_key header = key_header(VCD_OP_DECRYPT, session, 5, 7);
	struct vdev_usage before, after;

	vdev_usage_get(test.device, SLOW, &before);
	assert_int_equal(ask(&header, "\0nput", 5)->status, VCD_S_BADMSG);
	vdev_usage_get(test.device, SLOW, &after);
	assert_int_equal(after.bytes - before.bytes, VDEV_WORK_KEY + VDEV_WORK_LEAST);
	before = after;
	assert_int_equal(create("nowhere", 0, 0)->status, VCD_S_NOKEY);
	vdev_usage_get(test.device, SLOW, &after);
	assert_int_equal(after.set_ups - before.set_ups, 1);
	assert_int_equal(after.bytes - before.bytes, VDEV_WORK_KEY + VDEV_WORK_LEAST);
}

/* Without a service nothing of it is there. */
static void test_without(void **state)
{
	const struct vdev_options options = {.num_queues = 1};
	struct vcd_req_key header = key_header(VCD_OP_KEY_LIST, 0, 0, 0);
	struct vdev *device = test.device;
	struct engine *engine = test.engine;

	assert_int_equal(vdev_features(device), 3);
	devtest_open(&test, 1, &options);
	assert_int_equal(vdev_features(test.device), 0);
	assert_int_equal(ask(&header, NULL, 0)->status, VCD_S_NOTSUPP);
	assert_int_equal(create("cipher", CRYPTO_AES_CBC, 0)->status, VCD_S_INVALID);
	assert_int_equal(authcrypt(devtest_session(&test, CRYPTO_AES_GCM, FAKE_KEY, 16, 0, NULL, 0),
				   VCD_F_IV_BY_DEVICE, "data", 4, 0, 20)
			     ->status,
			 VCD_S_INVALID);
	devtest_close(&test);
	test = (struct devtest){.device = device, .engine = engine, .thread = SLOW};
}

/* A service needs a slow queue, and a slow queue a thread and a service. */
static void test_options(void **state)
{
	const struct vdev_options good = {
	    .engine = test.engine,
	    .threads = 2,
	    .num_queues = 1,
	    .slow_queues = 1,
	    .keys = &fake.service,
	};
	struct vdev_options bad = good;
	struct vcd_config config;
	struct vdev *device = NULL;

	assert_int_equal(vdev_new(&good, &device), 0);
	vdev_config(device, &config);
	assert_int_equal(le32toh(config.num_queues), 1);
	assert_int_equal(le32toh(config.slow_queues), 1);
	device = vdev_free(device);
	bad.keys = NULL;
	assert_int_equal(vdev_new(&bad, &device), -EINVAL);
	bad = good;
	bad.slow_queues = 0;
	assert_int_equal(vdev_new(&bad, &device), -EINVAL);
	bad = good;
	bad.slow_queues = 2;
	assert_int_equal(vdev_new(&bad, &device), -EINVAL);
	bad = good;
	bad.num_queues = VCD_MAX_QUEUES;
	assert_int_equal(vdev_new(&bad, &device), -EINVAL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_create),	T(test_create_checks), T(test_check_value), T(test_wrong_queue),
	    T(test_operations), T(test_list_and_info), T(test_key_checks),  T(test_rights),
	    T(test_nonces),	T(test_held),	       T(test_hash_copy),   T(test_end),
	    T(test_batch),	T(test_charged),       T(test_without),	    T(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
