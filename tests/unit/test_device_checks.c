/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_device_checks.c - every field a guest can get wrong, and the status it gets.
 *
 * Each case takes a request that is right, spoils one thing, and expects one
 * answer; after each of them the right request must still work.
 */
#include "tests/unit/devtest.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "cryptodev.h"

#define REPLY sizeof(struct vcd_reply)

static const uint8_t key[64] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static struct devtest test;
static uint64_t aes_cbc;

static int setup(void **state)
{
	const struct vdev_options options = {
	    .num_queues = 1,
	    .max_sessions = 8,
	    .max_request = 4096,
	    .max_segments = 64,
	};

	devtest_open(&test, 1, &options);
	aes_cbc = devtest_session(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0);
	return 0;
}

static int teardown(void **state)
{
	devtest_close(&test);
	return 0;
}

/* A good request of each kind, 64 bytes of header. */
union header {
	struct vcd_req req;
	struct vcd_req_create create;
	struct vcd_req_hello hello;
	uint8_t bytes[64];
};

static union header good_crypt(void)
{
	return (union header){.req = {
				  .opcode = htole16(VCD_OP_CRYPT),
				  .src_len = htole32(32),
				  .session = htole64(aes_cbc),
				  .iv_len = 16,
			      }};
}

static union header good_create(void)
{
	return (union header){.create = {
				  .opcode = htole16(VCD_OP_SESSION_CREATE),
				  .cipher = htole32(CRYPTO_AES_CBC),
				  .key_len = htole32(16),
			      }};
}

static union header simple(uint16_t opcode)
{
	return (union header){.req = {
				  .opcode = htole16(opcode),
				  .session = htole64(aes_cbc),
			      }};
}

static void works(const union header *header, size_t len, size_t room)
{
	assert_int_equal(devtest_send(&test, header, key, len, room)->status, VCD_S_OK);
}

static void expect(uint32_t status, const union header *header, size_t len, size_t room)
{
	static const uint8_t payload[8192] = {9};

	assert_int_equal(devtest_send(&test, header, payload, len, room)->status, status);
}

/* Every byte in [from, to) must be 0: each bit of each byte set in turn. */
static void must_be_zero(const union header *good, size_t from, size_t to, size_t len, size_t room)
{
	for (size_t i = from; i < to; i++)
		for (unsigned int bit = 0; bit < 8; bit++) {
			union header bad = *good;

			bad.bytes[i] ^= (uint8_t)(1u << bit);
			expect(VCD_S_INVALID, &bad, len, room);
		}
}

static void no_room_for_a_reply(void **state)
{
	union header header = good_crypt();

	for (size_t room = 0; room < REPLY; room++) {
		const struct answer *answer = devtest_send(&test, &header, key, 32, room);

		assert_int_equal(answer->written, 0);
	}
	assert_int_equal(devtest_raw(&test, "", 0, 0)->written, 0);
}

static void short_header(void **state)
{
	union header header = good_crypt();

	for (size_t len = 0; len < sizeof(header); len++)
		assert_int_equal(devtest_raw(&test, &header, len, REPLY + 32)->status,
				 VCD_S_INVALID);
}

static void unknown_opcodes(void **state)
{
	static const uint16_t known[] = {
	    VCD_OP_HELLO, VCD_OP_SESSION_CREATE, VCD_OP_SESSION_DESTROY, VCD_OP_SESSION_INFO,
	    VCD_OP_CRYPT, VCD_OP_AUTHCRYPT,	 VCD_OP_HASH_COPY,
	};

	for (uint32_t opcode = 0; opcode <= UINT16_MAX; opcode++) {
		union header header = simple((uint16_t)opcode);
		bool is_known = false;

		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			is_known |= known[i] == opcode;
		if (!is_known)
			expect(VCD_S_NOTSUPP, &header, 0, REPLY);
	}
}

static void hello_fields(void **state)
{
	union header good = {.hello = {.opcode = htole16(VCD_OP_HELLO),
				       .min_version = htole32(1),
				       .max_version = htole32(1)}};
	union header bad;

	must_be_zero(&good, 2, 4, 0, REPLY);   /* flags */
	must_be_zero(&good, 8, 16, 0, REPLY);  /* session */
	must_be_zero(&good, 20, 64, 0, REPLY); /* reserved */
	expect(VCD_S_INVALID, &good, 1, REPLY);
	bad = good;
	bad.hello.min_version = htole32(2);
	expect(VCD_S_INVALID, &bad, 0, REPLY); /* range the wrong way round */
	bad.hello.max_version = htole32(UINT32_MAX);
	expect(VCD_S_VERSION, &bad, 0, REPLY);
	bad.hello.min_version = 0;
	bad.hello.max_version = 0;
	expect(VCD_S_VERSION, &bad, 0, REPLY);
	/* None of these dropped the session. */
	assert_int_equal(devtest_live(&test), 1);
	bad.hello.max_version = htole32(UINT32_MAX);
	assert_int_equal(devtest_send(&test, &bad, NULL, 0, REPLY)->value, 1);
	assert_int_equal(devtest_send(&test, &good, NULL, 0, REPLY + 7)->value, 1);
	assert_int_equal(devtest_live(&test), 0);
}

static void create_fields(void **state)
{
	union header good = good_create(), bad;

	must_be_zero(&good, 2, 4, 16, REPLY);	/* flags */
	must_be_zero(&good, 8, 16, 16, REPLY);	/* session */
	must_be_zero(&good, 28, 64, 16, REPLY); /* key_source, reserved */
	for (size_t len = 0; len < 40; len++)
		if (len != 16)
			expect(VCD_S_INVALID, &good, len, REPLY);
	bad = good;
	bad.create.cipher = 0;
	expect(VCD_S_INVALID, &bad, 16, REPLY); /* a key for nothing */
	bad.create.key_len = 0;
	expect(VCD_S_INVALID, &bad, 0, REPLY); /* no algorithm at all */
	bad = good;
	bad.create.mackey_len = htole32(1);
	expect(VCD_S_INVALID, &bad, 17, REPLY);
	bad = good;
	bad.create.key_len = htole32(65);
	expect(VCD_S_INVALID, &bad, 65, REPLY);
	bad.create.key_len = htole32(UINT32_MAX);
	expect(VCD_S_INVALID, &bad, 15, REPLY);
	/* key_len + mackey_len is the payload modulo 2^32 */
	bad.create.mac = htole32(CRYPTO_SHA1_HMAC);
	bad.create.mackey_len = htole32(17);
	expect(VCD_S_INVALID, &bad, 16, REPLY);
	bad.create.key_len = htole32(16);
	bad.create.mackey_len = htole32(513);
	expect(VCD_S_INVALID, &bad, 529, REPLY);
	works(&good, 16, REPLY);
}

static void create_algorithms(void **state)
{
	for (uint32_t id = 1; id < 200; id++) {
		const struct eng_alg *alg = eng_alg_find(id);
		bool is_cipher = alg && (alg->kind == ENG_ALG_CIPHER || alg->kind == ENG_ALG_AEAD);
		uint32_t expected = VCD_S_NOALG;
		const struct answer *answer;

		if (alg && eng_has(test.engine, is_cipher ? alg : NULL, is_cipher ? NULL : alg))
			expected = VCD_S_OK;
		/* As what it is, and as what it is not */
		for (unsigned int as_cipher = 0; as_cipher < 2; as_cipher++) {
			size_t len = alg ? alg->key_max : 16;

			if (as_cipher)
				answer =
				    devtest_create(&test, id, key, len > 64 ? 64 : len, 0, NULL, 0);
			else
				answer =
				    devtest_create(&test, 0, NULL, 0, id, key, len > 64 ? 64 : len);
			if (alg && as_cipher == is_cipher) {
				assert_int_equal(answer->status, expected);
				if (expected == VCD_S_OK)
					assert_int_equal(devtest_simple(&test,
									VCD_OP_SESSION_DESTROY,
									answer->value, REPLY)
							     ->status,
							 VCD_S_OK);
			} else {
				assert_int_equal(answer->status, VCD_S_NOALG);
			}
		}
	}
	assert_int_equal(devtest_create(&test, UINT32_MAX, key, 16, 0, NULL, 0)->status,
			 VCD_S_NOALG);
	assert_int_equal(
	    devtest_create(&test, CRYPTO_AES_GCM, key, 16, CRYPTO_SHA1_HMAC, key, 1)->status,
	    VCD_S_NOALG);
	assert_int_equal(devtest_live(&test), 1);
}

static void create_bad_keys(void **state)
{
	static const uint8_t equal[64];

	for (size_t len = 0; len <= 64; len++)
		if (len != 16 && len != 24 && len != 32)
			assert_int_equal(
			    devtest_create(&test, CRYPTO_AES_CBC, key, len, 0, NULL, 0)->status,
			    VCD_S_BADKEY);
	assert_int_equal(devtest_create(&test, CRYPTO_NULL, key, 1, 0, NULL, 0)->status,
			 VCD_S_BADKEY);
	assert_int_equal(devtest_create(&test, CRYPTO_AES_XTS, equal, 32, 0, NULL, 0)->status,
			 VCD_S_BADKEY);
	assert_int_equal(devtest_live(&test), 1);
}

static void session_limit(void **state)
{
	uint64_t ids[8] = {aes_cbc};

	for (size_t i = 1; i < 8; i++)
		ids[i] = devtest_session(&test, CRYPTO_AES_CTR, key, 32, 0, NULL, 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(devtest_create(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0)->status,
				 VCD_S_NOSPACE);
	/* A bad key is a bad key also when there is no room. */
	assert_int_equal(
	    devtest_create(&test, CRYPTO_DES_CBC + 100000, key, 16, 0, NULL, 0)->status,
	    VCD_S_NOALG);
	assert_int_equal(devtest_live(&test), 8);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(
		    devtest_simple(&test, VCD_OP_SESSION_DESTROY, ids[i], REPLY)->status, VCD_S_OK);
		assert_int_equal(
		    devtest_simple(&test, VCD_OP_SESSION_DESTROY, ids[i], REPLY)->status,
		    VCD_S_STALE);
		assert_int_equal(devtest_live(&test), 7 - i);
	}
}

/*
 * One batch on a full table: a session is used, destroyed, and another one made, in whose place
 * the first one was. The first request has its answer nevertheless.
 */
static void place_is_free_in_the_same_batch(void **state)
{
	struct vcd_req destroy = {
	    .opcode = htole16(VCD_OP_SESSION_DESTROY),
	    .session = htole64(aes_cbc),
	};
	struct vcd_req_create create = {
	    .opcode = htole16(VCD_OP_SESSION_CREATE),
	    .cipher = htole32(CRYPTO_AES_CTR),
	    .key_len = htole32(16),
	};
	union header crypt = good_crypt();
	uint8_t data[32] = {0}, room[3][REPLY + 32];
	struct iovec in[] = {
	    {&crypt, 64}, {data, 32}, {&destroy, 64}, {&create, 64}, {(void *)key, 16}};
	struct iovec out[] = {{room[0], REPLY + 32}, {room[1], REPLY}, {room[2], REPLY}};
	struct vdev_request requests[] = {
	    {&in[0], &out[0], 2, 1, 0},
	    {&in[2], &out[1], 1, 1, 0},
	    {&in[3], &out[2], 2, 1, 0},
	};
	struct vdev_request *batch[] = {&requests[0], &requests[1], &requests[2]};
	uint8_t expected[32];

	for (size_t i = 1; i < 8; i++)
		devtest_session(&test, CRYPTO_AES_CTR, key, 32, 0, NULL, 0);
	memcpy(expected, devtest_send(&test, &crypt, data, 32, REPLY + 32)->out, 32);
	vdev_execute(test.device, 0, batch, 3);
	for (size_t i = 0; i < 3; i++) {
		struct vcd_reply reply;

		memcpy(&reply, room[i], sizeof(reply));
		assert_int_equal(le32toh(reply.status), VCD_S_OK);
	}
	assert_memory_equal(room[0] + REPLY, expected, 32);
	assert_int_equal(devtest_live(&test), 8);
}

static void destroy_and_info_fields(void **state)
{
	static const uint16_t opcodes[] = {VCD_OP_SESSION_DESTROY, VCD_OP_SESSION_INFO};

	for (size_t i = 0; i < ARRAY_SIZE(opcodes); i++) {
		union header good = simple(opcodes[i]);

		must_be_zero(&good, 2, 8, 0, REPLY + 272);
		must_be_zero(&good, 16, 64, 0, REPLY + 272);
		expect(VCD_S_INVALID, &good, 1, REPLY + 272);
	}
	assert_int_equal(devtest_live(&test), 1);
}

static void info(void **state)
{
	const struct answer *answer;
	struct vcd_session_info info;
	uint64_t null, both;

	for (size_t room = REPLY; room < REPLY + sizeof(info); room++)
		assert_int_equal(devtest_simple(&test, VCD_OP_SESSION_INFO, aes_cbc, room)->status,
				 VCD_S_INVALID);
	answer = devtest_simple(&test, VCD_OP_SESSION_INFO, aes_cbc, REPLY + 300);
	assert_int_equal(answer->status, VCD_S_OK);
	assert_int_equal(answer->out_len, sizeof(info));
	memcpy(&info, answer->out, sizeof(info));
	assert_string_equal(info.cipher_name, "cbc(aes)");
	assert_string_equal(info.cipher_driver, "openssl-cbc-aes");
	assert_string_equal(info.mac_name, "");
	assert_string_equal(info.mac_driver, "");
	assert_int_equal(info.flags, 0);
	null = devtest_session(&test, CRYPTO_NULL, NULL, 0, 0, NULL, 0);
	answer = devtest_simple(&test, VCD_OP_SESSION_INFO, null, REPLY + 300);
	memcpy(&info, answer->out, sizeof(info));
	assert_string_equal(info.cipher_name, "ecb(cipher_null)");
	assert_int_equal(devtest_simple(&test, VCD_OP_SESSION_INFO, null + 1, REPLY + 300)->status,
			 VCD_S_STALE);
	both = devtest_session(&test, CRYPTO_AES_CTR, key, 16, CRYPTO_SHA1, NULL, 0);
	answer = devtest_simple(&test, VCD_OP_SESSION_INFO, both, REPLY + 300);
	memcpy(&info, answer->out, sizeof(info));
	assert_string_equal(info.cipher_name, "ctr(aes)");
	assert_string_equal(info.cipher_driver, "openssl-ctr-aes");
	assert_string_equal(info.mac_name, "sha1");
	assert_string_equal(info.mac_driver, "openssl-sha1");
}

static void crypt_fields(void **state)
{
	union header good = good_crypt(), bad;

	works(&good, 32, REPLY + 32);
	must_be_zero(&good, 16, 24, 32, REPLY + 32); /* aad_len, crypt_off */
	must_be_zero(&good, 25, 32, 32, REPLY + 32); /* tag_len, reserved */
	must_be_zero(&good, 48, 64, 32, REPLY + 32); /* arg, reserved */
	for (unsigned int bit = 0; bit < 16; bit++) {
		bad = good;
		bad.req.flags = htole16((uint16_t)(1u << bit));
		if (bad.req.flags == htole16(VCD_F_DECRYPT))
			works(&bad, 32, REPLY + 32);
		else /* also the hash flags: the session has no hash */
			expect(VCD_S_INVALID, &bad, 32, REPLY + 32);
	}
	for (unsigned int iv_len = 0; iv_len < 256; iv_len++) {
		bad = good;
		bad.req.iv_len = (uint8_t)iv_len;
		if (iv_len != 16)
			expect(VCD_S_INVALID, &bad, 32, REPLY + 32);
	}
	bad = good;
	bad.req.session = htole64(aes_cbc + 1);
	expect(VCD_S_STALE, &bad, 32, REPLY + 32);
	bad.req.session = 0;
	expect(VCD_S_STALE, &bad, 32, REPLY + 32);
}

static void iv_behind_its_length(void **state)
{
	union header good = good_crypt();

	good.req.session = htole64(devtest_session(&test, CRYPTO_3DES_CBC, key, 24, 0, NULL, 0));
	good.req.iv_len = 8;
	works(&good, 32, REPLY + 32);
	must_be_zero(&good, 40, 48, 32, REPLY + 32);
	good.req.session = htole64(devtest_session(&test, CRYPTO_AES_ECB, key, 24, 0, NULL, 0));
	good.req.iv_len = 0;
	works(&good, 32, REPLY + 32);
	must_be_zero(&good, 32, 48, 32, REPLY + 32);
}

static void crypt_lengths(void **state)
{
	union header good = good_crypt(), bad = good;

	for (size_t len = 0; len < 100; len++)
		if (len != 32)
			expect(VCD_S_INVALID, &good, len, REPLY + 100);
	/* Not whole blocks */
	for (uint32_t len = 1; len < 64; len++) {
		bad.req.src_len = htole32(len);
		if (len % 16)
			expect(VCD_S_INVALID, &bad, len, REPLY + 100);
	}
	for (size_t room = REPLY; room < REPLY + 32; room++)
		expect(VCD_S_INVALID, &good, 32, room);
	bad.req.src_len = 0;
	works(&bad, 0, REPLY);
	/* The largest, one block more, and far more than there is */
	bad.req.src_len = htole32(4096);
	expect(VCD_S_OK, &bad, 4096, REPLY + 4096);
	bad.req.src_len = htole32(4112);
	expect(VCD_S_TOOBIG, &bad, 4112, REPLY + 4112);
	bad.req.src_len = htole32(0xfffffff0);
	expect(VCD_S_INVALID, &bad, 32, REPLY + 32);
	/* Step 7 comes before step 8. */
	bad.req.src_len = htole32(4112);
	bad.req.session = 0;
	expect(VCD_S_TOOBIG, &bad, 4112, REPLY + 4112);
}

/* An iovec that claims more memory than there is; never touched beyond the header. */
static void absurd_totals(void **state)
{
	union header header = good_crypt();
	struct iovec in[2] = {{&header, sizeof(header)}, {&header, SIZE_MAX}};
	uint8_t out[64];
	struct iovec writable = {out, sizeof(out)};
	struct vdev_request request = {.in = in, .out = &writable, .in_count = 2, .out_count = 1};
	struct vdev_request *requests = &request;

	vdev_execute(test.device, 0, &requests, 1);
	assert_int_equal(out[0], VCD_S_INVALID);
	in[1].iov_len = (size_t)UINT32_MAX + 1 + 32;
	vdev_execute(test.device, 0, &requests, 1);
	assert_int_equal(out[0], VCD_S_INVALID);
}

static void too_many_segments(void **state)
{
	union header header = good_crypt();
	uint8_t out[REPLY + 32], data[32];
	struct iovec in[80], writable = {out, sizeof(out)};
	struct vdev_request request = {.in = in, .out = &writable, .out_count = 1};
	struct vdev_request *requests = &request;

	for (unsigned int n = 60; n < 70; n++) {
		in[0] = (struct iovec){&header, sizeof(header)};
		for (unsigned int i = 1; i < n; i++)
			in[i] = (struct iovec){NULL, 0};
		in[n - 1] = (struct iovec){data, sizeof(data)};
		request.in_count = n;
		vdev_execute(test.device, 0, &requests, 1);
		assert_int_equal(out[0], n + 1 <= 64 ? VCD_S_OK : VCD_S_TOOBIG);
	}
}

static void authcrypt_on_a_cipher(void **state)
{
	union header header = good_crypt();

	header.req.opcode = htole16(VCD_OP_AUTHCRYPT);
	header.req.tag_len = 16;
	expect(VCD_S_INVALID, &header, 32, REPLY + 48);
	header.req.flags = htole16(VCD_F_TLS);
	expect(VCD_S_INVALID, &header, 32, REPLY + 100);
	header.req.flags = htole16(VCD_F_TLS | VCD_F_SRTP);
	expect(VCD_S_INVALID, &header, 32, REPLY + 100);
}

static void hash_copy_fields(void **state)
{
	union header header = simple(VCD_OP_HASH_COPY);

	header.req.arg = htole64(aes_cbc);
	must_be_zero(&header, 2, 8, 0, REPLY);
	must_be_zero(&header, 16, 48, 0, REPLY);
	must_be_zero(&header, 56, 64, 0, REPLY);
	expect(VCD_S_INVALID, &header, 1, REPLY);
	expect(VCD_S_INVALID, &header, 0, REPLY); /* no hash, and the same session twice */
	header.req.arg = htole64(aes_cbc + 1);
	expect(VCD_S_STALE, &header, 0, REPLY);
	header.req.session = htole64(aes_cbc + 1);
	header.req.arg = htole64(aes_cbc);
	expect(VCD_S_STALE, &header, 0, REPLY);
}

static void statistics(void **state)
{
	union header header = good_crypt();
	struct vdev_stats before, after;

	vdev_stats_get(test.device, &before);
	works(&header, 32, REPLY + 32);
	expect(VCD_S_INVALID, &header, 31, REPLY + 32);
	header.req.session = 0;
	expect(VCD_S_STALE, &header, 32, REPLY + 32);
	devtest_send(&test, &header, key, 32, 31); /* no reply, not counted */
	vdev_stats_get(test.device, &after);
	assert_int_equal(after.requests - before.requests, 3);
	assert_int_equal(after.status[VCD_S_OK] - before.status[VCD_S_OK], 1);
	assert_int_equal(after.status[VCD_S_INVALID] - before.status[VCD_S_INVALID], 1);
	assert_int_equal(after.status[VCD_S_STALE] - before.status[VCD_S_STALE], 1);
	assert_int_equal(after.crypt - before.crypt, 1);
	assert_int_equal(after.bytes - before.bytes, 32);
	assert_int_equal(after.batches - before.batches, 4);
	assert_int_equal(after.sessions_created, 1);
	assert_int_equal(after.sessions_live, 1);
	vdev_reset(test.device);
	vdev_stats_get(test.device, &after);
	assert_int_equal(after.sessions_created, 1);
	assert_int_equal(after.sessions_live, 0);
	header.req.session = htole64(aes_cbc);
	expect(VCD_S_STALE, &header, 32, REPLY + 32);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(no_room_for_a_reply),
	    TEST(short_header),
	    TEST(unknown_opcodes),
	    TEST(hello_fields),
	    TEST(create_fields),
	    TEST(create_algorithms),
	    TEST(create_bad_keys),
	    TEST(session_limit),
	    TEST(place_is_free_in_the_same_batch),
	    TEST(destroy_and_info_fields),
	    TEST(info),
	    TEST(crypt_fields),
	    TEST(iv_behind_its_length),
	    TEST(crypt_lengths),
	    TEST(absurd_totals),
	    TEST(too_many_segments),
	    TEST(authcrypt_on_a_cipher),
	    TEST(hash_copy_fields),
	    TEST(statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
