/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_requests.c - every operation and every status, through a daemon's rings.
 *
 * The device library has unit tests of its own; what is asked here is whether requests
 * arrive there and replies come back. test_shapes.c asks it of chains of any shape.
 */
#include <endian.h>
#include <string.h>

#include <openssl/evp.h>

#include "cryptodev.h"
#include "tests/wire/libcrypto.h"
#include "tests/wire/rig.h"

static const uint8_t key[32] = "0123456789abcdef0123456789ABCDEF";
static const uint8_t iv[16] = "fedcba9876543210";

/* Execute the rig's request; its status. */
static uint32_t run(struct rig *rig, uint32_t in_len, uint32_t out_len)
{
	assert_int_equal(front_execute(&rig->front->queue[0], &rig->request, in_len, out_len), 0);
	return front_status(&rig->request);
}

static bool offered(const __le64 map[2], uint32_t alg)
{
	return le64toh(map[alg / 64]) >> alg % 64 & 1;
}

static void test_hello(void **state)
{
	struct vcd_req_hello hello = {
	    .opcode = htole16(VCD_OP_HELLO),
	    .min_version = htole32(1),
	    .max_version = htole32(7),
	};
	struct rig rig;
	uint64_t id;

	rig_start(&rig, NULL, NULL);
	memcpy(rig.request.header, &hello, sizeof(hello));
	assert_int_equal(run(&rig, 0, 0), VCD_S_OK);
	assert_int_equal(le64toh(rig.request.reply->value), VCD_PROTOCOL_VERSION);

	/* It drops what an earlier driver left. */
	id = rig_session(&rig, &rig.front->queue[0]);
	assert_int_equal(front_hello(&rig.front->queue[0], &rig.request), VCD_S_OK);
	assert_int_equal(front_session_destroy(&rig.front->queue[0], &rig.request, id),
			 VCD_S_STALE);

	hello.min_version = htole32(2);
	memcpy(rig.request.header, &hello, sizeof(hello));
	assert_int_equal(run(&rig, 0, 0), VCD_S_VERSION);
	hello.min_version = htole32(1);
	hello.flags = htole16(1);
	memcpy(rig.request.header, &hello, sizeof(hello));
	assert_int_equal(run(&rig, 0, 0), VCD_S_INVALID);
	rig_check(&rig);
	rig_stop(&rig);
}

static void test_sessions(void **state)
{
	struct rig rig;
	struct front_queue *queue;
	uint64_t ids[4];
	uint64_t id = 0;
	unsigned int i;

	rig_start(&rig, NULL, (const char *const[]){"--max-sessions=4", NULL});
	queue = &rig.front->queue[0];
	for (i = 0; i < 4; i++)
		ids[i] = rig_session(&rig, queue);
	assert_int_equal(
	    front_session_create(queue, &rig.request, CRYPTO_AES_CBC, key, 16, 0, NULL, 0, &id),
	    VCD_S_NOSPACE);
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "sessions_live"), 4);
	assert_int_equal(rig_stat(&rig, "NOSPACE"), 1);
	assert_int_equal(front_session_destroy(queue, &rig.request, ids[2]), VCD_S_OK);
	assert_int_equal(front_session_destroy(queue, &rig.request, ids[2]), VCD_S_STALE);
	assert_int_equal(front_session_destroy(queue, &rig.request, 0), VCD_S_STALE);
	id = rig_session(&rig, queue);
	for (i = 0; i < 4; i++)
		assert_int_not_equal(id, ids[i]);

	/* Keys and algorithms that are not accepted. */
	assert_int_equal(front_session_destroy(queue, &rig.request, id), VCD_S_OK);
	assert_int_equal(
	    front_session_create(queue, &rig.request, CRYPTO_AES_CBC, key, 15, 0, NULL, 0, &id),
	    VCD_S_BADKEY);
	assert_int_equal(front_session_create(queue, &rig.request, CRYPTO_AES_XTS,
					      "0123456789abcdef0123456789abcdef", 32, 0, NULL, 0,
					      &id),
			 VCD_S_BADKEY); /* equal halves */
	assert_int_equal(front_session_create(queue, &rig.request, CRYPTO_SKIPJACK_CBC, key, 16, 0,
					      NULL, 0, &id),
			 VCD_S_NOALG);
	assert_int_equal(
	    front_session_create(queue, &rig.request, 0xffffffff, key, 16, 0, NULL, 0, &id),
	    VCD_S_NOALG);
	assert_int_equal(front_session_create(queue, &rig.request, 0, NULL, 0, 0, NULL, 0, &id),
			 VCD_S_INVALID);
	rig_check(&rig);
	rig_stop(&rig);
}

static void test_session_info(void **state)
{
	struct vcd_session_info info;
	struct rig rig;
	uint64_t id;

	rig_start(&rig, NULL, NULL);
	id = rig_session(&rig, &rig.front->queue[0]);
	*rig.request.header = (struct vcd_req){
	    .opcode = htole16(VCD_OP_SESSION_INFO),
	    .session = htole64(id),
	};
	assert_int_equal(run(&rig, 0, sizeof(info)), VCD_S_OK);
	assert_int_equal(le32toh(rig.request.reply->out_len), sizeof(info));
	memcpy(&info, rig.request.out, sizeof(info));
	assert_string_equal(info.cipher_name, "cbc(aes)");
	assert_string_equal(info.mac_name, "");
	assert_int_not_equal(info.cipher_driver[0], '\0');
	/* One byte too few for it. */
	assert_int_equal(run(&rig, 0, sizeof(info) - 1), VCD_S_INVALID);
	rig.request.header->session = htole64(id + 1);
	assert_int_equal(run(&rig, 0, sizeof(info)), VCD_S_STALE);
	rig_stop(&rig);
}

static void test_ciphers(void **state)
{
	static const struct {
		uint32_t alg;
		uint32_t key_len;
		const char *name;
	} ciphers[] = {
	    {CRYPTO_AES_CBC, 16, "AES-128-CBC"}, {CRYPTO_AES_CBC, 24, "AES-192-CBC"},
	    {CRYPTO_AES_CBC, 32, "AES-256-CBC"}, {CRYPTO_AES_ECB, 16, "AES-128-ECB"},
	    {CRYPTO_AES_ECB, 24, "AES-192-ECB"}, {CRYPTO_AES_ECB, 32, "AES-256-ECB"},
	    {CRYPTO_AES_CTR, 16, "AES-128-CTR"}, {CRYPTO_AES_CTR, 24, "AES-192-CTR"},
	    {CRYPTO_AES_CTR, 32, "AES-256-CTR"},
	};
	uint8_t in[RIG_PAYLOAD];
	uint8_t out[RIG_PAYLOAD];
	struct rig rig;
	unsigned int i;
	uint32_t len;
	uint64_t id;

	rig_start(&rig, NULL, NULL);
	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7 + (i >> 8));
	for (i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
		uint8_t iv_len = ciphers[i].alg == CRYPTO_AES_ECB ? 0 : 16;

		assert_int_equal(front_session_create(&rig.front->queue[0], &rig.request,
						      ciphers[i].alg, key, ciphers[i].key_len, 0,
						      NULL, 0, &id),
				 VCD_S_OK);
		for (len = 0; len <= sizeof(in); len = len ? len * 2 : 16) {
			front_prepare_crypt(&rig.request, id, 0, len, iv, iv_len);
			memcpy(rig.request.in, in, len);
			assert_int_equal(run(&rig, len, len), VCD_S_OK);
			assert_int_equal(le32toh(rig.request.reply->out_len), len);
			libcrypto_crypt(ciphers[i].name, true, key, iv, in, out, len);
			assert_memory_equal(rig.request.out, out, len);

			front_prepare_crypt(&rig.request, id, VCD_F_DECRYPT, len, iv, iv_len);
			memcpy(rig.request.in, out, len);
			assert_int_equal(run(&rig, len, len), VCD_S_OK);
			assert_memory_equal(rig.request.out, in, len);
		}
		assert_int_equal(front_session_destroy(&rig.front->queue[0], &rig.request, id),
				 VCD_S_OK);
	}
	rig_stop(&rig);
}

/* A long message in pieces, each with the IV that the reply before it gave. */
static void test_iv_continues(void **state)
{
	uint8_t in[1024];
	uint8_t out[1024];
	uint8_t next[16];
	struct rig rig;
	uint64_t id;
	uint32_t at;

	rig_start(&rig, NULL, NULL);
	id = rig_session(&rig, &rig.front->queue[0]);
	memset(in, 'a', sizeof(in));
	libcrypto_crypt("AES-128-CBC", true, key, iv, in, out, sizeof(in));
	/* rig_session()'s key is the first half of ours. */
	memcpy(next, iv, sizeof(next));
	for (at = 0; at < sizeof(in); at += 64) {
		front_prepare_crypt(&rig.request, id, 0, 64, next, sizeof(next));
		memcpy(rig.request.in, in + at, 64);
		assert_int_equal(run(&rig, 64, 64), VCD_S_OK);
		assert_memory_equal(rig.request.out, out + at, 64);
		memcpy(next, rig.request.reply->iv, sizeof(next));
	}
	rig_stop(&rig);
}

/* Source and destination are the same guest memory. */
static void test_in_place(void **state)
{
	struct front_queue *queue;
	struct front_buf bufs[4];
	uint8_t in[1024];
	uint8_t out[1024];
	uint8_t *data;
	struct rig rig;
	void *token;
	uint64_t id;

	rig_start(&rig, NULL, NULL);
	queue = &rig.front->queue[0];
	id = rig_session(&rig, queue);
	data = front_alloc(rig.front, sizeof(in));
	memset(in, 'b', sizeof(in));
	memcpy(data, in, sizeof(in));
	front_prepare_crypt(&rig.request, id, 0, sizeof(in), iv, sizeof(iv));
	bufs[0] = (struct front_buf){front_gpa(rig.front, rig.request.header), 64};
	bufs[1] = (struct front_buf){front_gpa(rig.front, data), sizeof(in)};
	bufs[2] = (struct front_buf){front_gpa(rig.front, rig.request.reply), 32};
	bufs[3] = bufs[1];
	assert_int_equal(front_queue_add(queue, bufs, 2, 2, &rig.request), 0);
	front_queue_kick(queue);
	assert_int_equal(front_queue_wait(queue), 0);
	assert_int_equal(front_queue_reap(queue, &token, &rig.request.used), 1);
	assert_int_equal(rig.request.used, 32 + sizeof(in));
	assert_int_equal(front_status(&rig.request), VCD_S_OK);
	libcrypto_crypt("AES-128-CBC", true, key, iv, in, out, sizeof(in));
	assert_memory_equal(data, out, sizeof(out));
	rig_stop(&rig);
}

/* ---- errors --------------------------------------------------------------------------- */

static void test_invalid(void **state)
{
	struct rig rig;
	uint64_t id;
	uint32_t op;

	rig_start(&rig, NULL, NULL);
	id = rig_session(&rig, &rig.front->queue[0]);

	/* Operations that are not there. */
	for (op = 0; op < 0x200; op++) {
		if ((op >= VCD_OP_SESSION_CREATE && op <= VCD_OP_SESSION_INFO) ||
		    (op >= VCD_OP_CRYPT && op <= VCD_OP_HASH_COPY) || op == VCD_OP_HELLO)
			continue;
		*rig.request.header = (struct vcd_req){.opcode = htole16((uint16_t)op)};
		assert_int_equal(run(&rig, 0, 0), VCD_S_NOTSUPP);
	}
	/* Not a whole block; room for output too small; payload not what the header says. */
	front_prepare_crypt(&rig.request, id, 0, 17, iv, 16);
	assert_int_equal(run(&rig, 17, 17), VCD_S_INVALID);
	front_prepare_crypt(&rig.request, id, 0, 32, iv, 16);
	assert_int_equal(run(&rig, 32, 31), VCD_S_INVALID);
	assert_int_equal(run(&rig, 31, 32), VCD_S_INVALID);
	assert_int_equal(run(&rig, 48, 48), VCD_S_INVALID);
	/* IV of another size; a flag and a field that are not CRYPT's. */
	front_prepare_crypt(&rig.request, id, 0, 32, iv, 12);
	assert_int_equal(run(&rig, 32, 32), VCD_S_INVALID);
	front_prepare_crypt(&rig.request, id, 0x8000, 32, iv, 16);
	assert_int_equal(run(&rig, 32, 32), VCD_S_INVALID);
	front_prepare_crypt(&rig.request, id, 0, 32, iv, 16);
	rig.request.header->reserved1[3] = 1;
	assert_int_equal(run(&rig, 32, 32), VCD_S_INVALID);
	/* No such session. */
	front_prepare_crypt(&rig.request, ~id, 0, 32, iv, 16);
	assert_int_equal(run(&rig, 32, 32), VCD_S_STALE);
	/* And it still works. */
	front_prepare_crypt(&rig.request, id, 0, 32, iv, 16);
	assert_int_equal(run(&rig, 32, 32), VCD_S_OK);
	rig_stop(&rig);
}

static void test_too_big(void **state)
{
	struct front_request big;
	struct rig rig;
	uint64_t id;

	rig_start(&rig, NULL, (const char *const[]){"--max-request=4096", NULL});
	id = rig_session(&rig, &rig.front->queue[0]);
	assert_int_equal(front_request_init(rig.front, &big, 8192, 8192), 0);
	front_prepare_crypt(&big, id, 0, 4096, iv, 16);
	assert_int_equal(front_execute(&rig.front->queue[0], &big, 4096, 4096), 0);
	assert_int_equal(front_status(&big), VCD_S_OK);
	front_prepare_crypt(&big, id, 0, 4112, iv, 16);
	assert_int_equal(front_execute(&rig.front->queue[0], &big, 4112, 4112), 0);
	assert_int_equal(front_status(&big), VCD_S_TOOBIG);
	rig_stop(&rig);
}

static void test_badmsg(void **state)
{
	struct rig rig;
	uint64_t id;

	rig_start(&rig, NULL, NULL);
	if (!offered(rig.front->config.aeads, CRYPTO_AES_GCM)) {
		rig_stop(&rig);
		print_message("the engine has no AEAD\n");
		skip();
	}
	assert_int_equal(front_session_create(&rig.front->queue[0], &rig.request, CRYPTO_AES_GCM,
					      key, 16, 0, NULL, 0, &id),
			 VCD_S_OK);
	*rig.request.header = (struct vcd_req){
	    .opcode = htole16(VCD_OP_AUTHCRYPT),
	    .session = htole64(id),
	    .src_len = htole32(64),
	    .aad_len = htole32(16),
	    .iv_len = 12,
	    .tag_len = 16,
	};
	memset(rig.request.in, 'p', 80);
	assert_int_equal(run(&rig, 80, 80), VCD_S_OK);
	assert_int_equal(le32toh(rig.request.reply->out_len), 80);
	memcpy(rig.request.in + 16, rig.request.out, 80);
	rig.request.header->flags = htole16(VCD_F_DECRYPT);
	rig.request.header->src_len = htole32(80);
	assert_int_equal(run(&rig, 96, 64), VCD_S_OK);
	assert_int_equal(rig.request.out[63], 'p');

	rig.request.in[90] ^= 1;
	memset(rig.request.out, 0xee, 64);
	assert_int_equal(run(&rig, 96, 64), VCD_S_BADMSG);
	assert_int_equal(rig.request.out[0], 0xee);
	assert_int_equal(rig.request.out[63], 0xee);
	rig_stop(&rig);
}

static void test_nostate(void **state)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int digest_len;
	struct rig rig;
	uint64_t id;
	uint64_t copy;

	rig_start(&rig, NULL, NULL);
	if (!offered(rig.front->config.macs, CRYPTO_SHA2_256)) {
		rig_stop(&rig);
		print_message("the engine has no hash\n");
		skip();
	}
	assert_int_equal(front_session_create(&rig.front->queue[0], &rig.request, 0, NULL, 0,
					      CRYPTO_SHA2_256, NULL, 0, &id),
			 VCD_S_OK);
	assert_int_equal(front_session_create(&rig.front->queue[0], &rig.request, 0, NULL, 0,
					      CRYPTO_SHA2_256, NULL, 0, &copy),
			 VCD_S_OK);
	/* Going on with what was not begun. */
	front_prepare_crypt(&rig.request, id, VCD_F_HASH_FINAL, 100, NULL, 0);
	memset(rig.request.in, 'h', 100);
	assert_int_equal(run(&rig, 100, 32), VCD_S_NOSTATE);
	/* Half a message here, the other half in the copy. */
	front_prepare_crypt(&rig.request, id, VCD_F_HASH_RESET, 50, NULL, 0);
	assert_int_equal(run(&rig, 50, 0), VCD_S_OK);
	*rig.request.header = (struct vcd_req){
	    .opcode = htole16(VCD_OP_HASH_COPY),
	    .session = htole64(copy),
	    .arg = htole64(id),
	};
	assert_int_equal(run(&rig, 0, 0), VCD_S_OK);
	front_prepare_crypt(&rig.request, copy, VCD_F_HASH_FINAL, 50, NULL, 0);
	memset(rig.request.in, 'h', 50);
	assert_int_equal(run(&rig, 50, 32), VCD_S_OK);
	memset(rig.request.in, 'h', 100);
	assert_true(EVP_Digest(rig.request.in, 100, digest, &digest_len, EVP_sha256(), NULL));
	assert_memory_equal(rig.request.out, digest, 32);
	rig_stop(&rig);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hello),	 cmocka_unit_test(test_sessions),
	    cmocka_unit_test(test_session_info), cmocka_unit_test(test_ciphers),
	    cmocka_unit_test(test_iv_continues), cmocka_unit_test(test_in_place),
	    cmocka_unit_test(test_invalid),	 cmocka_unit_test(test_too_big),
	    cmocka_unit_test(test_badmsg),	 cmocka_unit_test(test_nostate),
	};

	if (argc != 2)
		return 2;
	rig_daemon = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
