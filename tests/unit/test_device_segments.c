/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_device_segments.c - requests that lie scattered in guest memory: the answer is that of
 * the same request in one piece, whether the device cuts it, copies it, or has to wipe it.
 */
#include "tests/unit/devtest.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"
#include "device/segments.h"
#include "device/state.h"
#include "tests/unit/evp_reference.h"
#include "tests/unit/guest_pages.h"

#define REPLY sizeof(struct vcd_reply)
#define PAGES 40u /* of one request, at most */
#define MAX_LEN (PAGES * PAGE)
#define MAX_BATCH 12u

static const uint8_t key[64] = {17, 27, 37, 47, 57, 67, 77, 87, 97};
static struct devtest test;
static struct test_random chance;

/* ---- an engine that counts, and fails when told to ------------------------------------- */

/**
 * struct spy - what the device made the engine do.
 * @ops: the engine's, with a run function that looks
 * @real: the engine's own
 * @runs: calls
 * @jobs: jobs in all of them
 * @most: jobs of the largest call
 * @longest: bytes of the longest job
 * @fail_at: the job of this number, from 1, fails; 0: none does
 */
static struct spy {
	struct eng_ops ops;
	const struct eng_ops *real;
	size_t runs, jobs, most, longest, fail_at;
} spy;

static void spy_run(struct engine *engine, unsigned int worker, struct eng_job *const jobs[],
		    size_t n)
{
	spy.runs++;
	if (n > spy.most)
		spy.most = n;
	for (size_t i = 0; i < n; i++)
		if (jobs[i]->len > spy.longest)
			spy.longest = jobs[i]->len;
	if (spy.fail_at > spy.jobs && spy.fail_at <= spy.jobs + n) {
		/* The others of the batch first, then this one, of which nothing is left. */
		size_t bad = spy.fail_at - spy.jobs - 1;

		spy.real->run(engine, worker, jobs, bad);
		spy.real->run(engine, worker, jobs + bad + 1, n - bad - 1);
		jobs[bad]->status = VCD_S_IO;
	} else {
		spy.real->run(engine, worker, jobs, n);
	}
	spy.jobs += n;
}

static void spy_reset(size_t fail_at)
{
	spy.runs = spy.jobs = spy.most = spy.longest = 0;
	spy.fail_at = fail_at;
}

static int setup(void **state)
{
	devtest_open(&test, 2, NULL);
	spy.real = test.engine->ops;
	spy.ops = *spy.real;
	spy.ops.run = spy_run;
	test.engine->ops = &spy.ops;
	spy_reset(0);
	chance.state = 11;
	return 0;
}

static int teardown(void **state)
{
	devtest_close(&test);
	return 0;
}

/* ---- requests --------------------------------------------------------------------------- */

/** struct call - a CRYPT and where it lies. */
struct call {
	struct vcd_req req;
	struct vcd_reply reply;
	struct part src, dst;
	struct iovec in[MAX_IOV + 1], out[MAX_IOV + 1];
	struct vdev_request request;
	uint8_t plain[MAX_LEN], expected[MAX_LEN];
	size_t len;
};

static struct call *calls_new(size_t n)
{
	struct call *calls = calloc(n, sizeof(*calls));

	assert_non_null(calls);
	return calls;
}

static void prepare(struct call *call, uint64_t id, uint16_t flags, const uint8_t *iv,
		    size_t iv_len, size_t len)
{
	call->req = (struct vcd_req){
	    .opcode = htole16(VCD_OP_CRYPT),
	    .flags = htole16(flags),
	    .src_len = htole32((uint32_t)len),
	    .session = htole64(id),
	    .iv_len = (uint8_t)iv_len,
	};
	memcpy(call->req.iv, iv, iv_len);
	memset(&call->reply, POISON, REPLY);
	call->len = len;
}

static void execute(struct call *calls, size_t n)
{
	struct vdev_request *list[VDEV_BATCH_MAX];

	for (size_t i = 0; i < n; i++) {
		struct call *call = &calls[i];

		call->in[0] = (struct iovec){&call->req, sizeof(call->req)};
		call->out[0] = (struct iovec){&call->reply, REPLY};
		memcpy(call->in + 1, call->src.iov, call->src.n * sizeof(call->in[0]));
		memcpy(call->out + 1, call->dst.iov, call->dst.n * sizeof(call->out[0]));
		call->request = (struct vdev_request){call->in, call->out, 1 + call->src.n,
						      1 + call->dst.n, 0x5555};
		list[i] = &call->request;
	}
	vdev_execute(test.device, test.thread, list, n);
}

static void check_ok(const struct call *call)
{
	static uint8_t got[MAX_LEN];

	assert_int_equal(le32toh(call->reply.status), VCD_S_OK);
	assert_int_equal(le32toh(call->reply.out_len), call->len);
	assert_int_equal(call->request.written, REPLY + call->len);
	part_read(&call->dst, got, call->len);
	assert_memory_equal(got, call->expected, call->len);
}

/* A CRYPT with data and IV by chance, and what it should give. */
static void draw(struct call *call, const struct reference_cipher *ref, uint64_t id, bool decrypt,
		 size_t len)
{
	uint8_t iv[VCD_MAX_IV_LEN];

	test_random_fill(&chance, iv, sizeof(iv));
	test_random_fill(&chance, call->plain, len);
	reference_crypt(ref, !decrypt, key, iv, call->plain, call->expected, len);
	prepare(call, id, decrypt ? VCD_F_DECRYPT : 0, iv, eng_alg_find(ref->id)->iv_len, len);
}

/* The IV with which the same request in one piece says to go on. */
static void check_iv(const struct call *call)
{
	const struct answer *answer =
	    devtest_send(&test, &call->req, call->plain, call->len, REPLY + call->len);

	assert_int_equal(answer->status, VCD_S_OK);
	assert_memory_equal(answer->out, call->expected, call->len);
	assert_memory_equal(answer->iv, call->reply.iv, VCD_MAX_IV_LEN);
}

/* ---- tests ------------------------------------------------------------------------------ */

/* An offset in a page: none, a multiple of a block, or any. */
static size_t some_offset(void)
{
	switch (test_random_below(&chance, 3)) {
	case 0:
		return 0;
	case 1:
		return 16 * test_random_below(&chance, PAGE / 16);
	default:
		return test_random_below(&chance, PAGE);
	}
}

/* All ciphers, both directions, in place and not, at any offset of a page. */
static void every_cipher(void **state)
{
	struct call *call = calls_new(1);

	for (const struct reference_cipher *ref = reference_ciphers; ref->id; ref++) {
		const struct eng_alg *alg = eng_alg_find(ref->id);
		uint64_t id;

		if (!eng_has(test.engine, alg, NULL))
			continue;
		id = devtest_session(&test, ref->id, key, ref->key_len, 0, NULL, 0);
		for (unsigned int i = 0; i < 24; i++) {
			size_t len = 1 + test_random_below(&chance, (PAGES - 2) * PAGE);
			bool in_place = i % 3 == 0;
			struct guest guest;

			len = (len + alg->block_size - 1) / alg->block_size * alg->block_size;
			guest_new(&guest, 2 * PAGES + 2);
			test.thread = i % 2;
			draw(call, ref, id, i % 2, len);
			guest_deal(&guest, &call->src, some_offset(), len,
				   i % 4 == 0 ? &chance : NULL);
			if (in_place)
				call->dst = call->src;
			else
				guest_deal(&guest, &call->dst, some_offset(), len,
					   i % 4 == 1 ? &chance : NULL);
			part_write(&call->src, call->plain, len);
			execute(call, 1);
			check_ok(call);
			check_iv(call);
			guest_free(&guest);
		}
	}
	free(call);
}

/* What is cut: jobs of the engine for a request of 8 pages whose parts begin at these offsets. */
static size_t jobs_of(uint32_t alg, size_t key_len, uint32_t mac, size_t from, size_t to)
{
	const struct reference_cipher *ref = reference_find(alg, key_len);
	uint64_t id = devtest_session(&test, alg, key, key_len, mac, key, mac ? 20 : 0);
	struct call *call = calls_new(1);
	struct guest guest;
	size_t jobs;

	guest_new(&guest, 2 * PAGES);
	draw(call, ref, id, false, 8 * PAGE);
	guest_deal(&guest, &call->src, from, call->len, NULL);
	guest_deal(&guest, &call->dst, to, call->len, NULL);
	part_write(&call->src, call->plain, call->len);
	if (mac)
		call->req.flags = htole16(VCD_F_HASH_RESET);
	spy_reset(0);
	execute(call, 1);
	jobs = spy.jobs;
	check_ok(call);
	guest_free(&guest);
	free(call);
	return jobs;
}

static void what_is_cut(void **state)
{
	/* Pages; with an offset one more; with different ones a piece for each cut of either. */
	assert_int_equal(jobs_of(CRYPTO_AES_CBC, 16, 0, 0, 0), 8);
	assert_int_equal(jobs_of(CRYPTO_AES_CBC, 32, 0, 16, 16), 9);
	assert_int_equal(jobs_of(CRYPTO_AES_CTR, 16, 0, 0, 2048), 16);
	assert_int_equal(jobs_of(CRYPTO_AES_ECB, 16, 0, 2048, 0), 16);
	assert_int_equal(jobs_of(CRYPTO_AES_CFB, 16, 0, 1024, 1024), 9);
	assert_int_equal(jobs_of(CRYPTO_AES_OFB, 16, 0, 0, 0), 8);
	assert_int_equal(jobs_of(CRYPTO_NULL, 0, 0, 0, 0), 8);
	/* A block in two pages; of 8 bytes it is not. */
	assert_int_equal(jobs_of(CRYPTO_AES_CBC, 16, 0, 8, 8), 1);
	assert_int_equal(jobs_of(CRYPTO_3DES_CBC, 24, 0, 8, 8), 9);
	assert_int_equal(jobs_of(CRYPTO_AES_CTR, 16, 0, 0, 1), 1);
	/* As a whole, whatever the pages. */
	assert_int_equal(jobs_of(CRYPTO_AES_XTS, 32, 0, 0, 0), 1);
	assert_int_equal(jobs_of(CRYPTO_AES_CBC, 16, CRYPTO_SHA1_HMAC, 0, 0), 1);
}

/* An engine for which a job costs more than a copy. */
static void never_cut(void **state)
{
	spy.ops.min_segment = 0;
	assert_int_equal(jobs_of(CRYPTO_AES_CBC, 16, 0, 0, 0), 1);
	/* The limit is one of the average. */
	spy.ops.min_segment = PAGE;
	assert_int_equal(jobs_of(CRYPTO_AES_CBC, 16, 0, 0, 0), 8);
	assert_int_equal(jobs_of(CRYPTO_AES_CBC, 16, 0, 16, 16), 1);
}

/* One iovec after the other in memory is one piece, in however many descriptors. */
static void many_descriptors_one_piece(void **state)
{
	uint64_t id = devtest_session(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0);
	struct call *call = calls_new(1);
	struct guest guest;

	guest_new(&guest, 8);
	draw(call, reference_find(CRYPTO_AES_CBC, 16), id, false, 3 * PAGE);
	for (size_t at = 0; at < 3 * PAGE; at += 512)
		part_add(&call->src, guest.memory + at, 512);
	part_add(&call->dst, guest.memory + 4 * PAGE, 3 * PAGE);
	part_write(&call->src, call->plain, call->len);
	execute(call, 1);
	assert_int_equal(spy.jobs, 1);
	check_ok(call);
	guest_free(&guest);
	free(call);
}

/*
 * A batch of everything: one piece and many, sizes that end in different rounds, several
 * sessions, some to be copied. Each has the answer that it has alone.
 */
static void mixed_batches(void **state)
{
	const struct reference_cipher *refs[] = {
	    reference_find(CRYPTO_AES_CBC, 16),
	    reference_find(CRYPTO_AES_CBC, 32),
	    reference_find(CRYPTO_AES_CTR, 16),
	    reference_find(CRYPTO_AES_XTS, 64),
	};
	struct call *calls = calls_new(MAX_BATCH);
	uint8_t *whole = malloc(2 * MAX_BATCH * MAX_LEN);
	uint64_t ids[ARRAY_SIZE(refs)];

	assert_non_null(whole);
	for (size_t i = 0; i < ARRAY_SIZE(refs); i++)
		ids[i] = devtest_session(&test, refs[i]->id, key, refs[i]->key_len, 0, NULL, 0);
	for (unsigned int round = 0; round < 60; round++) {
		size_t n = 1 + test_random_below(&chance, MAX_BATCH);
		struct guest guest;

		guest_new(&guest, 2 * MAX_BATCH * PAGES);
		for (size_t i = 0; i < n; i++) {
			size_t which = test_random_below(&chance, ARRAY_SIZE(refs));
			size_t len = 16 * (1 + test_random_below(&chance, 20 * PAGE / 16));
			struct call *call = &calls[i];

			draw(call, refs[which], ids[which], test_random_below(&chance, 2), len);
			guest_deal(&guest, &call->src, some_offset(), len, NULL);
			if (test_random_below(&chance, 4))
				guest_deal(&guest, &call->dst, some_offset(), len, NULL);
			else
				call->dst = call->src;
			if (test_random_below(&chance, 3) == 0) {
				call->src.n = call->dst.n = 0;
				part_add(&call->src, whole + 2 * i * MAX_LEN, len);
				part_add(&call->dst, whole + (2 * i + 1) * MAX_LEN, len);
			}
			part_write(&call->src, call->plain, len);
		}
		execute(calls, n);
		for (size_t i = 0; i < n; i++) {
			check_ok(&calls[i]);
			check_iv(&calls[i]);
		}
		guest_free(&guest);
	}
	free(whole);
	free(calls);
}

/*
 * Eight requests of four pages and a long one in one piece: rounds of nine, of a page each
 * where the long one would leave the others alone in the lanes.
 */
static void nine_in_step(bool decrypt, bool in_step)
{
	const struct reference_cipher *ref = reference_find(CRYPTO_AES_CBC, 16);
	uint64_t id = devtest_session(&test, ref->id, key, 16, 0, NULL, 0);
	struct call *calls = calls_new(9);
	struct guest guest;

	guest_new(&guest, 2 * MAX_BATCH * PAGES);
	for (size_t i = 0; i < 9; i++) {
		draw(&calls[i], ref, id, decrypt, 4 * PAGE);
		if (i < 8) {
			guest_deal(&guest, &calls[i].src, 0, 4 * PAGE, NULL);
			guest_deal(&guest, &calls[i].dst, 0, 4 * PAGE, NULL);
		} else {
			part_add(&calls[i].src, guest.memory + 300 * PAGE, 4 * PAGE);
			part_add(&calls[i].dst, guest.memory + 310 * PAGE, 4 * PAGE);
		}
		part_write(&calls[i].src, calls[i].plain, 4 * PAGE);
	}
	spy_reset(0);
	execute(calls, 9);
	for (size_t i = 0; i < 9; i++)
		check_ok(&calls[i]);
	assert_int_equal(spy.runs, 4);
	assert_int_equal(spy.most, 9);
	assert_int_equal(spy.jobs, in_step ? 36 : 33);
	assert_int_equal(spy.longest, in_step ? PAGE : 4 * PAGE);
	guest_free(&guest);
	free(calls);
}

static void rounds(void **state)
{
	nine_in_step(false, test.engine->ops->lanes > 1);
	nine_in_step(true, false);
}

/* The same pages in and out, in another order or moved: read before they are written to. */
static void tangled(void **state)
{
	const struct reference_cipher *ref = reference_find(CRYPTO_AES_CBC, 16);
	uint64_t id = devtest_session(&test, ref->id, key, 16, 0, NULL, 0);
	struct call *call = calls_new(1);

	for (unsigned int round = 0; round < 400; round++) {
		size_t pages = 2 + test_random_below(&chance, 8), len = pages * PAGE;
		struct guest guest;

		guest_new(&guest, 2 * PAGES);
		draw(call, ref, id, round % 2, len);
		guest_deal(&guest, &call->src, 16 * test_random_below(&chance, 2), len, NULL);
		call->dst = call->src;
		switch (round % 4) {
		case 0: /* Two pages change places. */
			if (call->src.n > pages)
				break;
			call->dst.iov[0] = call->src.iov[pages - 1];
			call->dst.iov[pages - 1] = call->src.iov[0];
			break;
		case 1: /* Each goes where the next one lies; the last to a page of its own. */
			if (call->src.n > pages)
				break;
			memcpy(call->dst.iov, call->src.iov + 1,
			       (pages - 1) * sizeof(struct iovec));
			call->dst.iov[pages - 1] =
			    (struct iovec){guest.memory + guest.page[guest.dealt] * PAGE, PAGE};
			break;
		case 2: /* A few bytes further on, within the page. */
			call->dst.n = 0;
			for (size_t i = 0; i < pages; i++) {
				uint8_t *page = guest.memory + guest.page[2 * PAGES - 1 - i] * PAGE;

				call->src.iov[i] = (struct iovec){page, PAGE - 16};
				part_add(&call->dst, page + 16, PAGE - 16);
			}
			call->src.n = (unsigned int)pages;
			len = call->len = pages * (PAGE - 16);
			draw(call, ref, id, round % 2, len);
			break;
		}
		part_write(&call->src, call->plain, len);
		spy_reset(0);
		execute(call, 1);
		check_ok(call);
		if (round % 4 < 3 && (round % 4 == 2 || call->src.n == pages))
			assert_int_equal(spy.jobs, 1);
		guest_free(&guest);
	}
	free(call);
}

/* The guest names one page for all of its output. What it gets is its own affair. */
static void one_page_again_and_again(void **state)
{
	uint64_t id = devtest_session(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0);
	struct call *call = calls_new(1);
	struct guest guest;

	guest_new(&guest, 2 * PAGES);
	draw(call, reference_find(CRYPTO_AES_CBC, 16), id, false, 8 * PAGE);
	guest_deal(&guest, &call->src, 0, call->len, NULL);
	for (size_t i = 0; i < 8; i++)
		part_add(&call->dst, guest.memory + guest.page[guest.dealt] * PAGE, PAGE);
	part_write(&call->src, call->plain, call->len);
	execute(call, 1);
	assert_int_equal(le32toh(call->reply.status), VCD_S_OK);
	assert_memory_equal(call->dst.iov[0].iov_base, call->expected + 7 * PAGE, PAGE);
	/* And for its input, which is read as it was. */
	for (size_t i = 0; i < 8; i++)
		call->src.iov[i] = call->src.iov[0];
	for (size_t i = 0; i < 8; i++)
		memcpy(call->plain + i * PAGE, call->plain, PAGE);
	reference_crypt(reference_find(CRYPTO_AES_CBC, 16), true, key, call->req.iv, call->plain,
			call->expected, call->len);
	guest_deal(&guest, &call->dst, 0, call->len, NULL);
	execute(call, 1);
	check_ok(call);
	guest_free(&guest);
	free(call);
}

/*
 * The engine fails at the @bad-th job of three requests of 6 pages, each piece a round of
 * three. No output of that request is to be seen, in place or not; the others have theirs.
 */
/*
 * A guest whose output pages share the bits of the input pages that follow: each piece has to be
 * compared with all output before it. That is done for a few, and not for many.
 */
static void comparisons_are_bounded(void **state)
{
	const struct eng_session_params params = {
	    .cipher = eng_alg_find(CRYPTO_AES_CBC),
	    .key = key,
	    .key_len = 16,
	};
	/* Pages so far apart have the same bit. */
	uint8_t *const low = (uint8_t *)(uintptr_t)0x10000000, *const high = low + (64u << 20);
	struct eng_session *session;
	struct iovec in[100], out[100];

	if (!test.engine->ops->min_segment)
		skip();
	assert_int_equal(eng_session_new(test.engine, &params, &session), 0);
	for (size_t i = 0; i < 100; i++) {
		in[i] = (struct iovec){low + 2 * i * PAGE, PAGE};
		out[i] = (struct iovec){high + 2 * (i + 1) * PAGE, PAGE};
	}
	for (unsigned int n = 2; n <= 100; n++) {
		struct vdev_iov from = vdev_iov_init(in, n), to = vdev_iov_init(out, n);
		uint32_t comparisons = n * (n - 1) / 2;

		/* Only addresses are looked at; there is no memory. */
		assert_true(vdev_segments_fit(session, &from, &to, n * PAGE) ==
			    (comparisons <= 1024));
	}
	/* Where no page shares a bit it does not matter how many there are. */
	for (size_t i = 0; i < 100; i++)
		out[i].iov_base = high + (2 * i + 1001) * PAGE;
	for (unsigned int n = 2; n <= 100; n++) {
		struct vdev_iov from = vdev_iov_init(in, n), to = vdev_iov_init(out, n);

		assert_true(vdev_segments_fit(session, &from, &to, n * PAGE));
	}
	eng_session_free(session);
}

/* Input and earlier output have one byte in common, the only one that either has of its page. */
static void overlap_of_one_byte(void **state)
{
	const struct eng_session_params params = {
	    .cipher = eng_alg_find(CRYPTO_AES_CBC),
	    .key = key,
	    .key_len = 16,
	};
	uint8_t *const page = (uint8_t *)(uintptr_t)0x10000000;
	struct eng_session *session;
	struct iovec in[2] = {{page + 100 * PAGE, PAGE}, {NULL, PAGE}};
	struct iovec out[2] = {{NULL, PAGE}, {page + 200 * PAGE, PAGE}};
	/* Output @to bytes into the page, input @from bytes, and whether they have none in common.
	 */
	static const struct {
		ptrdiff_t to, from;
		bool apart;
	} cases[] = {
	    {1, PAGE, false},
	    {0, PAGE, true},
	    {0, -(ptrdiff_t)PAGE + 1, false},
	    {1, PAGE + 1, true},
	    {0, -(ptrdiff_t)PAGE, true},
	};

	if (!test.engine->ops->min_segment)
		skip();
	assert_int_equal(eng_session_new(test.engine, &params, &session), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vdev_iov from = vdev_iov_init(in, 2), to = vdev_iov_init(out, 2);

		out[0].iov_base = page + cases[i].to;
		in[1].iov_base = page + cases[i].from;
		assert_int_equal(vdev_segments_fit(session, &from, &to, 2 * PAGE), cases[i].apart);
	}
	eng_session_free(session);
}

static void fails_at(size_t bad, bool in_place)
{
	const struct reference_cipher *ref = reference_find(CRYPTO_AES_CBC, 16);
	uint64_t id = devtest_session(&test, ref->id, key, 16, 0, NULL, 0);
	struct call *calls = calls_new(3);
	size_t victim = (bad - 1) % 3, done = (bad - 1) / 3;
	struct vdev_stats before, after;
	uint8_t *zeroes = calloc(6, PAGE), *got = malloc(6 * PAGE);
	struct guest guest;

	guest_new(&guest, 8 * PAGES);
	for (size_t i = 0; i < 3; i++) {
		draw(&calls[i], ref, id, i == 1, 6 * PAGE);
		guest_deal(&guest, &calls[i].src, 0, 6 * PAGE, NULL);
		if (in_place)
			calls[i].dst = calls[i].src;
		else
			guest_deal(&guest, &calls[i].dst, 0, 6 * PAGE, NULL);
		part_write(&calls[i].src, calls[i].plain, 6 * PAGE);
	}
	vdev_stats_get(test.device, &before);
	spy_reset(bad);
	execute(calls, 3);
	vdev_stats_get(test.device, &after);
	for (size_t i = 0; i < 3; i++) {
		if (i != victim) {
			check_ok(&calls[i]);
			continue;
		}
		assert_int_equal(calls[i].request.written, REPLY);
		assert_int_equal(le32toh(calls[i].reply.status), VCD_S_IO);
		assert_int_equal(calls[i].reply.out_len, 0);
		assert_memory_equal(calls[i].reply.iv, zeroes, VCD_MAX_IV_LEN);
		part_read(&calls[i].dst, got, 6 * PAGE);
		assert_memory_equal(got, zeroes, done * PAGE);
		/* From there on nothing was done. */
		for (size_t at = done * PAGE; at < 6 * PAGE; at++)
			assert_int_equal(got[at], in_place ? calls[i].plain[at] : POISON);
	}
	assert_int_equal(spy.jobs, 18 - (5 - done));
	assert_int_equal(after.requests - before.requests, 3);
	assert_int_equal(after.crypt - before.crypt, 2);
	assert_int_equal(after.bytes - before.bytes, 2 * 6 * PAGE);
	guest_free(&guest);
	free(zeroes);
	free(got);
	free(calls);
}

static void errors(void **state)
{
	for (size_t bad = 1; bad <= 18; bad++) {
		fails_at(bad, false);
		fails_at(bad, true);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_cipher),
	    TEST(what_is_cut),
	    TEST(never_cut),
	    TEST(many_descriptors_one_piece),
	    TEST(mixed_batches),
	    TEST(rounds),
	    TEST(tangled),
	    TEST(one_page_again_and_again),
	    TEST(errors),
	    TEST(comparisons_are_bounded),
	    TEST(overlap_of_one_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
