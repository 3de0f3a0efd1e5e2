/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_device_crypt.c - CRYPT through the device: any framing, in place, overlapping,
 * in batches larger than the scratch, and against memory that changes meanwhile.
 */
#include "tests/unit/devtest.h"

#include <endian.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"
#include "tests/unit/evp_reference.h"

#define REPLY sizeof(struct vcd_reply)
#define MAX_IOV 40

static const uint8_t key[64] = {11, 22, 33, 44, 55, 66, 77, 88, 99};
static struct devtest test;
static struct test_random chance;

static int setup(void **state)
{
	const struct vdev_options options = {
	    .num_queues = 1,
	    .max_request = 8192,
	    .max_sessions = 64,
	};

	devtest_open(&test, 2, &options);
	chance.state = 5;
	return 0;
}

static int teardown(void **state)
{
	devtest_close(&test);
	return 0;
}

/* All ciphers, random lengths, random cuts of both parts, both directions. */
static void random_framing(void **state)
{
	uint8_t plain[3000], cipher[3000], iv[16];

	test.random = &chance;
	for (const struct reference_cipher *ref = reference_ciphers; ref->id; ref++) {
		const struct eng_alg *alg = eng_alg_find(ref->id);
		uint64_t id;

		if (!eng_has(test.engine, alg, NULL))
			continue;
		id = devtest_session(&test, ref->id, key, ref->key_len, 0, NULL, 0);
		for (unsigned int i = 0; i < 150; i++) {
			size_t len = test_random_below(&chance, sizeof(plain) / alg->block_size);
			const struct answer *answer;

			len *= alg->block_size;
			test_random_fill(&chance, plain, len);
			test_random_fill(&chance, iv, sizeof(iv));
			reference_crypt(ref, true, key, iv, plain, cipher, len);
			test.thread = i % 2;
			answer = devtest_crypt(&test, id, 0, iv, alg->iv_len, plain, len, len);
			assert_int_equal(answer->status, VCD_S_OK);
			assert_int_equal(answer->out_len, len);
			assert_memory_equal(answer->out, cipher, len);
			/* More room than needed is no error. */
			answer = devtest_crypt(&test, id, VCD_F_DECRYPT, iv, alg->iv_len, cipher,
					       len, len + test_random_below(&chance, 100));
			assert_int_equal(answer->status, VCD_S_OK);
			assert_int_equal(answer->out_len, len);
			assert_memory_equal(answer->out, plain, len);
		}
	}
}

/* A byte per descriptor, in and out. */
static void byte_by_byte(void **state)
{
	uint64_t id = devtest_session(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0);
	struct vcd_req req = {
	    .opcode = htole16(VCD_OP_CRYPT),
	    .src_len = htole32(16),
	    .session = htole64(id),
	    .iv_len = 16,
	};
	uint8_t in[80], out[REPLY + 16], expected[16];
	struct iovec in_iov[80], out_iov[REPLY + 16];
	struct vdev_request request = {in_iov, out_iov, 80, REPLY + 16, 0};
	struct vdev_request *requests = &request;

	memcpy(in, &req, sizeof(req));
	memset(in + 64, 0x5a, 16);
	for (size_t i = 0; i < sizeof(in); i++)
		in_iov[i] = (struct iovec){&in[i], 1};
	for (size_t i = 0; i < sizeof(out); i++)
		out_iov[i] = (struct iovec){&out[i], 1};
	vdev_execute(test.device, 0, &requests, 1);
	assert_int_equal(request.written, sizeof(out));
	reference_crypt(reference_find(CRYPTO_AES_CBC, 16), true, key, req.iv, in + 64, expected,
			16);
	assert_memory_equal(out + REPLY, expected, 16);
	assert_memory_equal(out + 16, expected, 16); /* reply.iv: the last block */
}

/* The guest's output buffer is its input buffer, in one piece and in several. */
static void in_place(void **state)
{
	uint64_t id = devtest_session(&test, CRYPTO_AES_CBC, key, 32, 0, NULL, 0);
	uint8_t data[512], plain[512], cipher[512];

	for (unsigned int round = 0; round < 500; round++) {
		bool decrypt = round % 2;
		size_t len = 16 * test_random_below(&chance, 33);
		struct vcd_req req = {
		    .opcode = htole16(VCD_OP_CRYPT),
		    .flags = htole16(decrypt ? VCD_F_DECRYPT : 0),
		    .src_len = htole32((uint32_t)len),
		    .session = htole64(id),
		    .iv_len = 16,
		};
		struct vcd_reply reply;
		struct iovec in[MAX_IOV] = {{&req, sizeof(req)}};
		struct iovec out[MAX_IOV] = {{&reply, sizeof(reply)}};
		struct vdev_request request = {in, out, 2, 2, 0}, *requests = &request;

		test_random_fill(&chance, plain, len);
		test_random_fill(&chance, req.iv, 16);
		reference_crypt(reference_find(CRYPTO_AES_CBC, 32), true, key, req.iv, plain,
				cipher, len);
		memcpy(data, decrypt ? cipher : plain, len);
		in[1] = out[1] = (struct iovec){data, len};
		if (round % 4 >= 2) {
			request.in_count =
			    1 + split_at_random(&chance, data, len, in + 1, MAX_IOV - 1);
			request.out_count =
			    1 + split_at_random(&chance, data, len, out + 1, MAX_IOV - 1);
		}
		vdev_execute(test.device, 0, &requests, 1);
		assert_int_equal(le32toh(reply.status), VCD_S_OK);
		assert_memory_equal(data, decrypt ? plain : cipher, len);
		if (len)
			assert_memory_equal(reply.iv, cipher + len - 16, 16);
	}
}

/*
 * Input and output of one request overlap by some bytes. The result at the
 * output is right nevertheless, as everything is read before anything is written.
 */
static void partial_overlap(void **state)
{
	uint64_t id = devtest_session(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0);
	static uint8_t arena[2 * 4096], plain[4096], expected[4096];

	for (unsigned int round = 0; round < 2000; round++) {
		/* An engine may copy short ones in any case. */
		size_t len = 16 * (1 + test_random_below(&chance, round % 4 ? 16 : 256));
		size_t from = test_random_below(&chance, len), to = test_random_below(&chance, len);
		bool decrypt = round % 2;
		struct vcd_req req = {
		    .opcode = htole16(VCD_OP_CRYPT),
		    .flags = htole16(decrypt ? VCD_F_DECRYPT : 0),
		    .src_len = htole32((uint32_t)len),
		    .session = htole64(id),
		    .iv_len = 16,
		};
		struct vcd_reply reply;
		struct iovec in[] = {{&req, sizeof(req)}, {arena + from, len}};
		struct iovec out[] = {{&reply, sizeof(reply)}, {arena + to, len}};
		struct vdev_request request = {in, out, 2, 2, 0}, *requests = &request;

		test_random_fill(&chance, arena, sizeof(arena));
		memcpy(plain, arena + from, len);
		reference_crypt(reference_find(CRYPTO_AES_CBC, 16), !decrypt, key, req.iv, plain,
				expected, len);
		vdev_execute(test.device, 0, &requests, 1);
		assert_int_equal(le32toh(reply.status), VCD_S_OK);
		assert_memory_equal(arena + to, expected, len);
	}
}

/*
 * A whole batch with buffers, headers and replies thrown over the same few
 * bytes. The results mean nothing; the sanitizers judge.
 */
static void hostile_overlap(void **state)
{
	uint64_t ids[2] = {
	    devtest_session(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0),
	    devtest_session(&test, CRYPTO_AES_CTR, key, 16, 0, NULL, 0),
	};
	enum { N = 16 };
	uint8_t *memory = malloc(1024);
	struct iovec in[N][MAX_IOV], out[N][MAX_IOV];
	struct vdev_request requests[N], *list[N];
	unsigned int answered = 0;

	assert_non_null(memory);
	for (unsigned int round = 0; round < 3000; round++) {
		for (unsigned int i = 0; i < N; i++) {
			size_t len = 16 * test_random_below(&chance, 10);
			struct vcd_req req = {
			    .opcode = htole16(VCD_OP_CRYPT),
			    .src_len = htole32((uint32_t)len),
			    .session = htole64(ids[i % 2]),
			    .iv_len = 16,
			};
			uint8_t *at = memory + test_random_below(&chance, 1024 - 64 - len);

			memcpy(at, &req, sizeof(req));
			requests[i].in = in[i];
			requests[i].out = out[i];
			requests[i].in_count =
			    split_at_random(&chance, at, sizeof(req) + len, in[i], MAX_IOV);
			at = memory + test_random_below(&chance, 1024 - REPLY - len);
			requests[i].out_count =
			    split_at_random(&chance, at, REPLY + len, out[i], MAX_IOV);
			list[i] = &requests[i];
		}
		vdev_execute(test.device, 0, list, N);
		for (unsigned int i = 0; i < N; i++) {
			assert_true(requests[i].written >= REPLY);
			answered += requests[i].written > REPLY;
		}
	}
	assert_true(answered > 0);
	free(memory);
}

/* 64 scattered requests of the largest size: four times what the scratch can hold at once. */
static void batch_larger_than_scratch(void **state)
{
	const size_t len = 8192;
	uint64_t id = devtest_session(&test, CRYPTO_AES_CTR, key, 16, 0, NULL, 0);
	struct iovec(*in)[4] = calloc(VDEV_BATCH_MAX, sizeof(*in));
	struct iovec(*out)[4] = calloc(VDEV_BATCH_MAX, sizeof(*out));
	struct vcd_req *reqs = calloc(VDEV_BATCH_MAX, sizeof(*reqs));
	struct vcd_reply *replies = calloc(VDEV_BATCH_MAX, sizeof(*replies));
	uint8_t *plain = malloc(len * VDEV_BATCH_MAX), *cipher = malloc(len * VDEV_BATCH_MAX);
	struct vdev_request requests[VDEV_BATCH_MAX], *list[VDEV_BATCH_MAX];
	uint8_t *expected = malloc(len);

	test_random_fill(&chance, plain, len * VDEV_BATCH_MAX);
	for (size_t i = 0; i < VDEV_BATCH_MAX; i++) {
		uint8_t *p = plain + i * len, *c = cipher + i * len;

		reqs[i] = (struct vcd_req){
		    .opcode = htole16(VCD_OP_CRYPT),
		    .src_len = htole32((uint32_t)len),
		    .session = htole64(id),
		    .iv_len = 16,
		};
		reqs[i].iv[0] = (uint8_t)i;
		/* Halves in the wrong order: nothing is contiguous. */
		in[i][0] = (struct iovec){&reqs[i], sizeof(reqs[i])};
		in[i][1] = (struct iovec){p + len / 2, len / 2};
		in[i][2] = (struct iovec){p, len / 2};
		out[i][0] = (struct iovec){&replies[i], sizeof(replies[i])};
		out[i][1] = (struct iovec){c + 100, len - 100};
		out[i][2] = (struct iovec){c, 100};
		requests[i] = (struct vdev_request){in[i], out[i], 3, 3, 0};
		list[i] = &requests[i];
	}
	vdev_execute(test.device, 1, list, VDEV_BATCH_MAX);
	for (size_t i = 0; i < VDEV_BATCH_MAX; i++) {
		uint8_t *p = plain + i * len, *c = cipher + i * len, swapped[8192];

		assert_int_equal(requests[i].written, REPLY + len);
		assert_int_equal(le32toh(replies[i].status), VCD_S_OK);
		memcpy(swapped, p + len / 2, len / 2);
		memcpy(swapped + len / 2, p, len / 2);
		reference_crypt(reference_find(CRYPTO_AES_CTR, 16), true, key, reqs[i].iv, swapped,
				expected, len);
		assert_memory_equal(c + 100, expected, len - 100);
		assert_memory_equal(c, expected + len - 100, 100);
	}
	free(in);
	free(out);
	free(reqs);
	free(replies);
	free(plain);
	free(cipher);
	free(expected);
}

/* More requests in one call than VDEV_BATCH_MAX are executed nevertheless. */
static void batch_too_long(void **state)
{
	enum { N = VDEV_BATCH_MAX * 2 + 3 };
	uint64_t id = devtest_session(&test, CRYPTO_AES_ECB, key, 16, 0, NULL, 0);
	struct vcd_req req = {
	    .opcode = htole16(VCD_OP_CRYPT),
	    .src_len = htole32(16),
	    .session = htole64(id),
	};
	static uint8_t in[80], out[N][REPLY + 16];
	struct iovec readable = {in, sizeof(in)}, writable[N];
	struct vdev_request requests[N], *list[N];

	memcpy(in, &req, sizeof(req));
	for (size_t i = 0; i < N; i++) {
		writable[i] = (struct iovec){out[i], sizeof(out[i])};
		requests[i] = (struct vdev_request){&readable, &writable[i], 1, 1, 0};
		list[i] = &requests[i];
	}
	vdev_execute(test.device, 0, list, N);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(requests[i].written, REPLY + 16);
		assert_memory_equal(out[i], out[0], sizeof(out[0]));
	}
}

/* A session destroyed in the batch that uses it: the request before it ends well. */
static void destroy_in_the_batch(void **state)
{
	uint64_t id = devtest_session(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0);
	struct vcd_req crypt = {
	    .opcode = htole16(VCD_OP_CRYPT),
	    .src_len = htole32(16),
	    .session = htole64(id),
	    .iv_len = 16,
	};
	struct vcd_req destroy = {
	    .opcode = htole16(VCD_OP_SESSION_DESTROY),
	    .session = htole64(id),
	};
	struct vcd_req_hello hello = {
	    .opcode = htole16(VCD_OP_HELLO),
	    .min_version = htole32(1),
	    .max_version = htole32(1),
	};
	uint8_t data[16] = {0}, out[4][REPLY + 16];
	struct iovec in[4][2] = {
	    {{&crypt, 64}, {data, 16}},
	    {{&destroy, 64}},
	    {{&crypt, 64}, {data, 16}},
	    {{&hello, 64}},
	};
	struct iovec writable[4];
	struct vdev_request requests[4], *list[4];

	for (size_t i = 0; i < 4; i++) {
		writable[i] = (struct iovec){out[i], sizeof(out[i])};
		requests[i] = (struct vdev_request){in[i], &writable[i], i % 2 ? 1 : 2, 1, 0};
		list[i] = &requests[i];
	}
	vdev_execute(test.device, 0, list, 4);
	assert_int_equal(out[0][0], VCD_S_OK);
	assert_int_equal(out[1][0], VCD_S_OK);
	assert_int_equal(out[2][0], VCD_S_STALE);
	assert_int_equal(out[3][0], VCD_S_OK);
	assert_int_equal(devtest_live(&test), 0);
}

/* A data unit of XTS in two requests, with the IV of the first's reply. */
static void xts_in_parts(void **state)
{
	uint64_t id = devtest_session(&test, CRYPTO_AES_XTS, key, 64, 0, NULL, 0);
	uint8_t plain[4096], cipher[4096], iv[16] = {9};
	const struct answer *answer;

	test_random_fill(&chance, plain, sizeof(plain));
	reference_crypt(reference_find(CRYPTO_AES_XTS, 64), true, key, iv, plain, cipher, 4096);
	answer = devtest_crypt(&test, id, 0, iv, 16, plain, 1040, 1040);
	assert_memory_equal(answer->out, cipher, 1040);
	memcpy(iv, answer->iv, 16);
	answer = devtest_crypt(&test, id, 0, iv, 16, plain + 1040, 3056, 3056);
	assert_memory_equal(answer->out, cipher + 1040, 3056);
}

/* Reads of guest memory that another CPU of the guest writes: nothing but garbage may result. */
struct scribbler {
	uint8_t *memory;
	size_t len;
	atomic_bool stop;
};

static void *scribble(void *arg)
{
	struct scribbler *scribbler = arg;
	struct test_random random = {77};

	while (!scribbler->stop) {
		size_t at = test_random_below(&random, scribbler->len);

		*(volatile uint8_t *)(scribbler->memory + at) ^=
		    (uint8_t)(1u << test_random_below(&random, 8));
	}
	return NULL;
}

static void memory_that_changes(void **state)
{
#if defined(__SANITIZE_THREAD__)
	skip(); /* The race is the point. */
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
	skip();
#endif
#endif
	uint64_t id = devtest_session(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0);
	struct scribbler scribbler = {.memory = calloc(1, 1024), .len = 1024};
	struct iovec in[MAX_IOV], out[MAX_IOV];
	struct vdev_request request = {in, out, 0, 0, 0}, *requests = &request;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, scribble, &scribbler), 0);
	for (unsigned int i = 0; i < 30000; i++) {
		size_t len = 16 * test_random_below(&chance, 20);
		struct vcd_req req = {
		    .opcode = htole16(VCD_OP_CRYPT),
		    .flags = htole16(i % 2 ? VCD_F_DECRYPT : 0),
		    .src_len = htole32((uint32_t)len),
		    .session = htole64(id),
		    .iv_len = 16,
		};

		memcpy(scribbler.memory, &req, sizeof(req));
		request.in_count = split_at_random(&chance, scribbler.memory, sizeof(req) + len, in,
						   i % 3 ? 1 : MAX_IOV);
		request.out_count = split_at_random(&chance, scribbler.memory + 500, REPLY + len,
						    out, i % 5 ? 1 : MAX_IOV);
		vdev_execute(test.device, 0, &requests, 1);
		assert_true(request.written == REPLY || request.written == REPLY + len);
	}
	scribbler.stop = true;
	pthread_join(thread, NULL);
	free(scribbler.memory);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(random_framing),      TEST(byte_by_byte),	   TEST(in_place),
	    TEST(partial_overlap),     TEST(hostile_overlap),	   TEST(batch_larger_than_scratch),
	    TEST(batch_too_long),      TEST(destroy_in_the_batch), TEST(xts_in_parts),
	    TEST(memory_that_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
