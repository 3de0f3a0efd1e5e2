/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_device_private.c - what is authenticated is what is decrypted.
 *
 * An engine reads a ciphertext twice, for its tag and for the plaintext. A guest that changes it
 * in between must not get plaintext that nobody has authenticated. So here all of the request's
 * memory is overwritten each time the engine is called: if a byte of it were read then, or
 * afterwards, the answer would not be the right one.
 */
#include "tests/unit/devtest.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"

#define REPLY sizeof(struct vcd_reply)
#define MAX_LEN 5000u
#define MAX_PARTS 4u

static const uint8_t key[32] = {1, 6, 1, 8, 0, 3, 3}, mackey[20] = {9, 9};
static struct devtest test;
static struct eng_ops ops;
static const struct eng_ops *real_ops;

/* The guest's memory, and how much of it is the request that is outstanding; 0: leave it alone. */
static uint8_t guest[sizeof(struct vcd_req) + 2 * MAX_LEN + 1024];
static size_t spoil;
static unsigned int runs;

static bool in_guest(const uint8_t *p)
{
	return p >= guest && p < guest + sizeof(guest);
}

static void spoil_and_run(struct engine *engine, unsigned int worker, struct eng_job *const jobs[],
			  size_t n)
{
	if (spoil) {
		runs++;
		memset(guest, 0xa5, spoil);
		for (size_t i = 0; i < n; i++)
			assert_false(in_guest(jobs[i]->src) || in_guest(jobs[i]->dst) ||
				     in_guest(jobs[i]->aad));
	}
	real_ops->run(engine, worker, jobs, n);
}

static int setup(void **state)
{
	const struct vdev_options options = {.num_queues = 1};

	devtest_open(&test, 1, &options);
	real_ops = test.engine->ops;
	ops = *real_ops;
	ops.run = spoil_and_run;
	test.engine->ops = &ops;
	spoil = 0;
	return 0;
}

static int teardown(void **state)
{
	devtest_close(&test);
	return 0;
}

/**
 * struct layout - where a request lies.
 * @parts: readable pieces
 * @in_place: output goes over the input; else behind it
 */
struct layout {
	unsigned int parts;
	bool in_place;
};

/*
 * Open what @header says, the @len bytes at @payload, of which data begins at @data_at. The guest
 * overwrites its memory meanwhile. Output, for which there are @room bytes, is to be the @plain_len
 * bytes at @plain.
 */
static void open_and_spoil(const struct vcd_req *header, const uint8_t *payload, size_t len,
			   size_t data_at, const uint8_t *plain, size_t plain_len, size_t room,
			   struct layout layout)
{
	uint8_t *in = guest + sizeof(*header);
	uint8_t *out = layout.in_place ? in + data_at : in + len;
	struct vcd_reply reply;
	struct iovec readable[MAX_PARTS + 1], writable[2] = {{&reply, REPLY}, {out, room}};
	struct vdev_request request = {readable, writable, 1, 2, 0}, *requests = &request;
	size_t at = 0;

	memcpy(guest, header, sizeof(*header));
	memcpy(in, payload, len);
	readable[0] = (struct iovec){guest, sizeof(*header)};
	for (unsigned int i = 0; i < layout.parts; i++) {
		size_t n = i + 1 == layout.parts ? len - at : len / layout.parts;

		readable[request.in_count++] = (struct iovec){in + at, n};
		at += n;
	}
	spoil = sizeof(*header) + len;
	runs = 0;
	vdev_execute(test.device, 0, &requests, 1);
	spoil = 0;
	assert_true(runs > 0);
	assert_int_equal(le32toh(reply.status), VCD_S_OK);
	assert_int_equal(request.written, REPLY + plain_len);
	assert_memory_equal(out, plain, plain_len);
}

static const struct layout layouts[] = {{1, false}, {1, true}, {2, false}, {4, true}};

static void aeads(void **state)
{
	static const struct {
		uint32_t id;
		size_t key_len;
	} algs[] = {{CRYPTO_AES_GCM, 16},
		    {CRYPTO_AES_GCM, 32},
		    {CRYPTO_AES_CCM, 16},
		    {CRYPTO_CHACHA20_POLY1305, 32}};
	static const size_t lens[] = {0, 1, 16, 100, 512, 4096, 4999};
	static uint8_t payload[13 + MAX_LEN + 16], plain[MAX_LEN];

	for (size_t i = 0; i < MAX_LEN; i++)
		plain[i] = (uint8_t)(i * 7);
	for (size_t a = 0; a < sizeof(algs) / sizeof(algs[0]); a++) {
		uint64_t id = devtest_session(&test, algs[a].id, key, algs[a].key_len, 0, NULL, 0);

		for (size_t l = 0; l < sizeof(lens) / sizeof(lens[0]); l++) {
			size_t len = lens[l];
			struct vcd_req req = {
			    .opcode = htole16(VCD_OP_AUTHCRYPT),
			    .src_len = htole32((uint32_t)len),
			    .session = htole64(id),
			    .aad_len = htole32(13),
			    .iv_len = 12,
			    .tag_len = 16,
			};
			const struct answer *sealed;

			memset(payload, 0x33, 13);
			memcpy(payload + 13, plain, len);
			sealed = devtest_send(&test, &req, payload, 13 + len, REPLY + len + 16);
			assert_int_equal(sealed->status, VCD_S_OK);
			memcpy(payload + 13, sealed->out, len + 16);
			req.flags = htole16(VCD_F_DECRYPT);
			req.src_len = htole32((uint32_t)len + 16);
			for (size_t k = 0; k < sizeof(layouts) / sizeof(layouts[0]); k++)
				open_and_spoil(&req, payload, 13 + len + 16, 13, plain, len, len,
					       layouts[k]);
		}
	}
}

static void tls_records(void **state)
{
	uint64_t id = devtest_session(&test, CRYPTO_AES_CBC, key, 16, CRYPTO_SHA1_HMAC, mackey, 20);
	static uint8_t payload[13 + 1000 + 64], plain[1000];
	struct vcd_req req = {
	    .opcode = htole16(VCD_OP_AUTHCRYPT),
	    .flags = htole16(VCD_F_TLS),
	    .src_len = htole32(sizeof(plain)),
	    .session = htole64(id),
	    .aad_len = htole32(13),
	    .iv_len = 16,
	    .tag_len = 20,
	};
	const struct answer *sealed;
	size_t len;

	memset(plain, 0x5c, sizeof(plain));
	memcpy(payload + 13, plain, sizeof(plain));
	sealed = devtest_send(&test, &req, payload, 13 + sizeof(plain), REPLY + 1040);
	assert_int_equal(sealed->status, VCD_S_OK);
	len = sealed->out_len;
	memcpy(payload + 13, sealed->out, len);
	req.flags = htole16(VCD_F_TLS | VCD_F_DECRYPT);
	req.src_len = htole32((uint32_t)len);
	/* There has to be room for what a record of this length can hold at the most. */
	for (size_t k = 0; k < sizeof(layouts) / sizeof(layouts[0]); k++)
		open_and_spoil(&req, payload, 13 + len, 13, plain, sizeof(plain), len - 21,
			       layouts[k]);
}

static void srtp_packets(void **state)
{
	uint64_t id = devtest_session(&test, CRYPTO_AES_CTR, key, 16, CRYPTO_SHA1_HMAC, mackey, 20);
	static uint8_t payload[12 + 1000 + 10], plain[1000];
	struct vcd_req req = {
	    .opcode = htole16(VCD_OP_AUTHCRYPT),
	    .flags = htole16(VCD_F_SRTP),
	    .src_len = htole32(sizeof(plain)),
	    .session = htole64(id),
	    .aad_len = htole32(12 + sizeof(plain)),
	    .crypt_off = htole32(12),
	    .iv_len = 16,
	    .tag_len = 10,
	};
	const struct answer *sealed;

	memset(plain, 0x36, sizeof(plain));
	memcpy(payload + 12, plain, sizeof(plain));
	sealed = devtest_send(&test, &req, payload, 12 + sizeof(plain), REPLY + sizeof(plain) + 10);
	assert_int_equal(sealed->status, VCD_S_OK);
	memcpy(payload + 12, sealed->out, sizeof(plain) + 10);
	req.flags |= htole16(VCD_F_DECRYPT);
	for (size_t k = 0; k < sizeof(layouts) / sizeof(layouts[0]); k++)
		open_and_spoil(&req, payload, sizeof(payload), 12, plain, sizeof(plain),
			       sizeof(plain), layouts[k]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(aeads),
	    TEST(tls_records),
	    TEST(srtp_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
