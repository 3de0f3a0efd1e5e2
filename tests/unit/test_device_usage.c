/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_device_usage.c - what requests are charged: of every kind, and however they end.
 *
 * A limit holds only if nothing is done for a guest that was not charged. So each kind of request
 * is sent in all the ways in which it can end, and the charge is to be the same.
 */
#include "tests/unit/devtest.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"

#define REPLY sizeof(struct vcd_reply)
#define MAX_REQUEST 8192u
#define MOST (MAX_REQUEST + VDEV_MAX_AAD)

static const uint8_t key[64] = {3, 1, 4, 1, 5, 9, 2, 6};
static const uint8_t zeroes[2 * MOST];
static struct devtest test;

static int setup(void **state)
{
	const struct vdev_options options = {
	    .num_queues = 1,
	    .max_request = MAX_REQUEST,
	    .max_sessions = 8,
	};

	devtest_open(&test, 1, &options);
	return 0;
}

static int teardown(void **state)
{
	devtest_close(&test);
	return 0;
}

static struct vdev_usage usage(void)
{
	struct vdev_usage now;

	vdev_usage_get(test.device, 0, &now);
	return now;
}

/**
 * struct expected - what one request is to cost, and how it is to end.
 * @status: VCD_S_COUNT: without an answer
 */
struct expected {
	uint32_t status;
	uint64_t bytes;
	uint64_t set_ups;
};

static void sent(const char *what, const struct vdev_usage *before, const struct answer *answer,
		 const struct expected *expected)
{
	struct vdev_usage now = usage();

	if (answer->status != expected->status || now.requests != before->requests + 1 ||
	    now.bytes != before->bytes + expected->bytes ||
	    now.set_ups != before->set_ups + expected->set_ups)
		fail_msg("%s: status %u, %llu bytes, %llu set-ups", what, answer->status,
			 (unsigned long long)(now.bytes - before->bytes),
			 (unsigned long long)(now.set_ups - before->set_ups));
}

/* Send a header with @len bytes of zeroes behind it and room for @room bytes of output. */
static void send(const char *what, const void *header, size_t len, size_t room,
		 struct expected expected)
{
	struct vdev_usage before = usage();

	sent(what, &before, devtest_send(&test, header, zeroes, len, REPLY + room), &expected);
}

static struct vcd_req crypt(uint64_t id, uint16_t flags, uint32_t len, uint8_t iv_len)
{
	return (struct vcd_req){
	    .opcode = htole16(VCD_OP_CRYPT),
	    .flags = htole16(flags),
	    .src_len = htole32(len),
	    .session = htole64(id),
	    .iv_len = iv_len,
	};
}

static struct vcd_req authcrypt(uint64_t id, uint16_t flags, uint32_t aad_len, uint32_t len,
				uint8_t iv_len, uint8_t tag_len)
{
	return (struct vcd_req){
	    .opcode = htole16(VCD_OP_AUTHCRYPT),
	    .flags = htole16(flags),
	    .src_len = htole32(len),
	    .session = htole64(id),
	    .aad_len = htole32(aad_len),
	    .iv_len = iv_len,
	    .tag_len = tag_len,
	};
}

static void ciphers(void **state)
{
	uint64_t id = devtest_session(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0);
	struct vcd_req req = crypt(id, 0, 4096, 16);

	send("encryption", &req, 4096, 4096, (struct expected){VCD_S_OK, 4096, 0});
	req = crypt(id, VCD_F_DECRYPT, 4096, 16);
	send("decryption", &req, 4096, 4096, (struct expected){VCD_S_OK, 4096, 0});
	send("no room", &req, 4096, 4095, (struct expected){VCD_S_INVALID, 4096, 0});
	req = crypt(id + 1, 0, 4096, 16);
	send("stale", &req, 4096, 4096, (struct expected){VCD_S_STALE, 4096, 0});
	req = crypt(id, 0, 4096, 15);
	send("IV", &req, 4096, 4096, (struct expected){VCD_S_INVALID, 4096, 0});
	req = crypt(id, 0, 4095, 16);
	send("half a block", &req, 4095, 4096, (struct expected){VCD_S_INVALID, 4095, 0});
	req = crypt(id, 0, 4096, 16);
	send("wrong length", &req, 4097, 4096, (struct expected){VCD_S_INVALID, 4097, 0});
	req = crypt(id, 0, 0, 16);
	send("nothing", &req, 0, 0, (struct expected){VCD_S_OK, VDEV_WORK_LEAST, 0});
	req = crypt(id, 0, 32, 16);
	send("two blocks", &req, 32, 32, (struct expected){VCD_S_OK, 32, 0});
	req = crypt(id, 0, MOST, 16);
	send("too big", &req, MOST, MOST, (struct expected){VCD_S_TOOBIG, MOST, 0});
	req = crypt(id, 0, MOST + 16, 16);
	send("much too big", &req, MOST + 16, 0, (struct expected){VCD_S_TOOBIG, MOST, 0});
}

static void hashes(void **state)
{
	uint64_t id = devtest_session(&test, 0, NULL, 0, CRYPTO_SHA2_256, NULL, 0);
	uint64_t other = devtest_session(&test, 0, NULL, 0, CRYPTO_SHA2_256, NULL, 0);
	uint64_t mac = devtest_session(&test, 0, NULL, 0, CRYPTO_SHA2_256_HMAC, key, 32);
	struct vcd_req copy = {
	    .opcode = htole16(VCD_OP_HASH_COPY),
	    .session = htole64(other),
	    .arg = htole64(id),
	};
	const uint64_t copied = VDEV_WORK_LEAST + VDEV_WORK_HASH_COPY;
	struct vcd_req req = crypt(id, VCD_F_HASH_RESET | VCD_F_HASH_FINAL, 500, 0);

	send("a hash", &req, 500, 32, (struct expected){VCD_S_OK, 500, 0});
	req = crypt(id, 0, 500, 0);
	send("no state", &req, 500, 0, (struct expected){VCD_S_NOSTATE, 500, 0});
	send("nothing to copy", &copy, 0, 0, (struct expected){VCD_S_NOSTATE, copied, 0});
	req = crypt(id, VCD_F_HASH_RESET, 500, 0);
	send("half a hash", &req, 500, 0, (struct expected){VCD_S_OK, 500, 0});
	send("a copy", &copy, 0, 0, (struct expected){VCD_S_OK, copied, 0});
	copy.session = htole64(mac);
	send("of another kind", &copy, 0, 0, (struct expected){VCD_S_INVALID, copied, 0});
	copy.session = htole64(1);
	send("to nowhere", &copy, 0, 0, (struct expected){VCD_S_STALE, copied, 0});
	req = crypt(mac, VCD_F_HASH_RESET | VCD_F_HASH_FINAL, 500, 0);
	send("a MAC", &req, 500, 32, (struct expected){VCD_S_OK, 500, 0});
	req = crypt(mac, VCD_F_HASH_RESET | VCD_F_HASH_FINAL, 0, 0);
	send("of nothing", &req, 0, 32, (struct expected){VCD_S_OK, VDEV_WORK_LEAST, 0});
}

static void aeads(void **state)
{
	static const uint32_t algs[] = {CRYPTO_AES_GCM, CRYPTO_AES_CCM, CRYPTO_CHACHA20_POLY1305};

	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		uint64_t id = devtest_session(&test, algs[i], key, i < 2 ? 16 : 32, 0, NULL, 0);
		struct vcd_req req = authcrypt(id, 0, 100, 4000, 12, 16);

		send("seal", &req, 4100, 4016, (struct expected){VCD_S_OK, 4100, 0});
		req = authcrypt(id, 0, 4000, 0, 12, 16);
		send("AAD only", &req, 4000, 16, (struct expected){VCD_S_OK, 4000, 0});
		req = authcrypt(id, VCD_F_DECRYPT, 100, 4016, 12, 16);
		send("a forgery", &req, 4116, 4000, (struct expected){VCD_S_BADMSG, 4116, 0});
		req = authcrypt(id, VCD_F_DECRYPT, 0, 16, 12, 16);
		send("an empty forgery", &req, 16, 0, (struct expected){VCD_S_BADMSG, 16, 0});
		req = authcrypt(id, 0, 100, 4000, 12, 17);
		send("tag length", &req, 4100, 4016, (struct expected){VCD_S_INVALID, 4100, 0});
		req = authcrypt(id, VCD_F_DECRYPT, 4000, 8, 12, 16);
		send("no tag", &req, 4008, 0, (struct expected){VCD_S_INVALID, 4008, 0});
	}
}

static void records(void **state)
{
	uint64_t cbc = devtest_session(&test, CRYPTO_AES_CBC, key, 16, CRYPTO_SHA1_HMAC, key, 20);
	uint64_t ctr = devtest_session(&test, CRYPTO_AES_CTR, key, 16, CRYPTO_SHA1_HMAC, key, 20);
	struct vcd_req req = authcrypt(cbc, VCD_F_TLS, 13, 1000, 16, 20);

	send("a record", &req, 1013, 1024, (struct expected){VCD_S_OK, 1013, 0});
	req = authcrypt(cbc, VCD_F_TLS | VCD_F_DECRYPT, 13, 1024, 16, 20);
	send("a forged record", &req, 1037, 1024, (struct expected){VCD_S_BADMSG, 1037, 0});
	req = authcrypt(cbc, VCD_F_TLS | VCD_F_DECRYPT, 13, 16, 16, 20);
	send("too short a record", &req, 29, 16, (struct expected){VCD_S_BADMSG, 29, 0});
	/* The region is authenticated, whatever of it is data. */
	req = authcrypt(ctr, VCD_F_SRTP, 6000, 0, 16, 10);
	send("a region", &req, 6000, 10, (struct expected){VCD_S_OK, 6000, 0});
	req = authcrypt(ctr, VCD_F_SRTP, 6000, 5000, 16, 10);
	req.crypt_off = htole32(12);
	send("a packet", &req, 6000, 5010, (struct expected){VCD_S_OK, 6000, 0});
	req.flags |= htole16(VCD_F_DECRYPT);
	send("a forged packet", &req, 6010, 5000, (struct expected){VCD_S_BADMSG, 6010, 0});
	req.session = htole64(cbc);
	send("not for it", &req, 6010, 5000, (struct expected){VCD_S_INVALID, 6010, 0});
}

/* A request that is executed in pieces, and one that is not, because of its framing only. */
static void pieces(void **state)
{
	uint64_t id = devtest_session(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0);
	struct vcd_req req = crypt(id, 0, MAX_REQUEST, 16);
	struct test_random chance = {5};

	test.random = &chance;
	for (unsigned int i = 0; i < 50; i++)
		send("in pieces", &req, MAX_REQUEST, MAX_REQUEST,
		     (struct expected){VCD_S_OK, MAX_REQUEST, 0});
	test.random = NULL;
}

static void sessions(void **state)
{
	struct vcd_req_create create = {
	    .opcode = htole16(VCD_OP_SESSION_CREATE),
	    .cipher = htole32(CRYPTO_AES_XTS),
	    .key_len = htole32(64),
	};
	struct vcd_req_hello hello = {
	    .opcode = htole16(VCD_OP_HELLO),
	    .min_version = htole32(1),
	    .max_version = htole32(1),
	};
	uint64_t id;
	struct vcd_req req;

	/* The halves of an XTS key must differ; the engine finds out. */
	send("a bad key", &create, 64, 0, (struct expected){VCD_S_BADKEY, 64, 1});
	create.cipher = htole32(CRYPTO_AES_CBC);
	send("a wrong length", &create, 64, 0, (struct expected){VCD_S_BADKEY, 64, 1});
	create.cipher = htole32(77);
	send("no algorithm", &create, 64, 0, (struct expected){VCD_S_NOALG, 64, 0});
	create.cipher = htole32(CRYPTO_AES_CBC);
	create.key_len = htole32(32);
	for (unsigned int i = 0; i < 8; i++)
		send("a session", &create, 32, 0, (struct expected){VCD_S_OK, 32, 1});
	send("one too many", &create, 32, 0, (struct expected){VCD_S_NOSPACE, 32, 0});
	send("hello", &hello, 0, 0, (struct expected){VCD_S_OK, VDEV_WORK_LEAST, 0});
	hello.min_version = hello.max_version = htole32(9);
	send("version", &hello, 0, 0, (struct expected){VCD_S_VERSION, VDEV_WORK_LEAST, 0});
	id = devtest_session(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0);
	req = (struct vcd_req){.opcode = htole16(VCD_OP_SESSION_INFO), .session = htole64(id)};
	send("info", &req, 0, 272, (struct expected){VCD_S_OK, VDEV_WORK_LEAST + 272, 0});
	req.opcode = htole16(VCD_OP_SESSION_DESTROY);
	send("destroy", &req, 0, 0, (struct expected){VCD_S_OK, VDEV_WORK_LEAST, 0});
	send("again", &req, 0, 0, (struct expected){VCD_S_STALE, VDEV_WORK_LEAST, 0});
	req.opcode = htole16(0x7777);
	send("unknown", &req, 999, 0, (struct expected){VCD_S_NOTSUPP, 999, 0});
}

/* What cannot even be answered, or read, is a request as well. */
static void malformed(void **state)
{
	const struct expected unanswered = {VCD_S_COUNT, 2000 - sizeof(struct vcd_req), 0};
	const struct expected no_header = {VCD_S_INVALID, VDEV_WORK_LEAST, 0};
	struct vdev_usage before = usage();

	sent("no reply", &before, devtest_raw(&test, zeroes, 2000, REPLY - 1), &unanswered);
	before = usage();
	sent("no header", &before, devtest_raw(&test, zeroes, 63, REPLY), &no_header);
	before = usage();
	sent("nothing", &before, devtest_raw(&test, zeroes, 0, REPLY), &no_header);
}

/* Statistics are something else: what succeeded, and its data. */
static void statistics_are_apart(void **state)
{
	uint64_t id = devtest_session(&test, CRYPTO_AES_GCM, key, 16, 0, NULL, 0);
	struct vcd_req req = authcrypt(id, VCD_F_DECRYPT, 100, 4016, 12, 16);
	struct vdev_stats stats;

	send("a forgery", &req, 4116, 4000, (struct expected){VCD_S_BADMSG, 4116, 0});
	req = authcrypt(id, 0, 100, 4000, 12, 16);
	send("seal", &req, 4100, 4016, (struct expected){VCD_S_OK, 4100, 0});
	vdev_stats_get(test.device, &stats);
	assert_int_equal(stats.crypt, 1);
	assert_int_equal(stats.bytes, 4000);
	assert_int_equal(stats.requests, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(ciphers), TEST(hashes),   TEST(aeads),	    TEST(records),
	    TEST(pieces),  TEST(sessions), TEST(malformed), TEST(statistics_are_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
