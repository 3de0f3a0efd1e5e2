/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_shapes.c - descriptor chains of any shape, and as many as the ring takes: do they
 * carry requests there and replies back?
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "tests/wire/libcrypto.h"
#include "tests/wire/rig.h"

/* The key of rig_session(). */
static const uint8_t key[16] = "0123456789abcdef";
static const uint8_t iv[16] = "fedcba9876543210";

/* ---- chains of any shape -------------------------------------------------------------- */

/* Cut [p, p + len) into at most @max random pieces, empty ones among them. */
static unsigned int cut(struct rig *rig, struct front_buf *bufs, unsigned int max, uint8_t *p,
			uint32_t len)
{
	unsigned int n = 0;

	while (n + 1 < max && len && rand() % 8) {
		uint32_t piece = (uint32_t)rand() % (len + 1);

		if (rand() % 4 == 0)
			piece = 0;
		bufs[n++] = (struct front_buf){front_gpa(rig->front, p), piece};
		p += piece;
		len -= piece;
	}
	bufs[n++] = (struct front_buf){front_gpa(rig->front, p), len};
	return n;
}

static void shapes(const struct front_options *options)
{
	uint8_t in[RIG_PAYLOAD];
	uint8_t out[RIG_PAYLOAD];
	struct front_buf bufs[32];
	struct front_queue *queue;
	unsigned int round;
	struct rig rig;
	uint64_t id;

	srand(1);
	rig_start(&rig, options, NULL);
	queue = &rig.front->queue[0];
	id = rig_session(&rig, queue);
	for (round = 0; round < sizeof(in); round++)
		in[round] = (uint8_t)rand();
	for (round = 0; round < 3000; round++) {
		uint32_t len = (uint32_t)rand() % (RIG_PAYLOAD / 16 + 1) * 16;
		unsigned int n_in;
		unsigned int n_out;
		void *token;

		front_prepare_crypt(&rig.request, id, 0, len, iv, sizeof(iv));
		memcpy(rig.request.in, in, len);
		memset(rig.request.out, 0, len);
		memset(rig.request.reply, 0xff, sizeof(*rig.request.reply));
		n_in = cut(&rig, bufs, 16, (uint8_t *)rig.request.header, 64 + len);
		n_out = cut(&rig, bufs + n_in, 16, (uint8_t *)rig.request.reply, 32 + len);
		assert_int_equal(front_queue_add(queue, bufs, n_in, n_out, &rig.request), 0);
		front_queue_kick(queue);
		assert_int_equal(front_queue_wait(queue), 0);
		assert_int_equal(front_queue_reap(queue, &token, &rig.request.used), 1);
		assert_int_equal(front_check_reply(&rig.request, len), 0);
		assert_int_equal(front_status(&rig.request), VCD_S_OK);
		libcrypto_crypt("AES-128-CBC", true, key, iv, in, out, len);
		assert_memory_equal(rig.request.out, out, len);
	}
	rig_stop(&rig);
}

static void test_shapes_indirect(void **state)
{
	shapes(NULL);
}

static void test_shapes_direct(void **state)
{
	shapes(&(struct front_options){.no_indirect = true, .no_event_idx = true});
}

/* ---- scattered ------------------------------------------------------------------------ */

#define PAGE 4096u
#define PAGES 16u
#define AT_ONCE 6u

/** struct scattered - a request whose payload lies in pages that do not follow each other. */
struct scattered {
	struct front_request head; /* header and reply */
	uint8_t *in[PAGES + 1], *out[PAGES + 1];
	uint8_t plain[PAGES * PAGE], expected[PAGES * PAGE];
	uint32_t offset, len;
};

/* @len bytes from @offset of the first page on, page by page, as buffers; to or from @bytes. */
static unsigned int pages(struct rig *rig, uint8_t *const page[], uint32_t offset, uint32_t len,
			  struct front_buf *bufs, uint8_t *to, const uint8_t *from)
{
	unsigned int n = 0;
	uint32_t at = 0;

	while (at < len) {
		uint32_t some = PAGE - offset < len - at ? PAGE - offset : len - at;

		if (to)
			memcpy(to + at, page[n] + offset, some);
		if (from)
			memcpy(page[n] + offset, from + at, some);
		bufs[n] = (struct front_buf){front_gpa(rig->front, page[n] + offset), some};
		at += some;
		offset = 0;
		n++;
	}
	return n;
}

static void scattered_submit(struct rig *rig, struct scattered *request, uint64_t id, bool decrypt)
{
	struct front_buf bufs[2 * PAGES + 4];
	unsigned int n_in, n_out;

	for (uint32_t i = 0; i < request->len; i++)
		request->plain[i] = (uint8_t)rand();
	libcrypto_crypt("AES-128-CBC", !decrypt, key, iv, request->plain, request->expected,
			request->len);
	front_prepare_crypt(&request->head, id, decrypt ? VCD_F_DECRYPT : 0, request->len, iv,
			    sizeof(iv));
	memset(request->head.reply, 0xff, sizeof(*request->head.reply));
	bufs[0] = (struct front_buf){front_gpa(rig->front, request->head.header), 64};
	n_in = 1 + pages(rig, request->in, request->offset, request->len, bufs + 1, NULL,
			 request->plain);
	bufs[n_in] = (struct front_buf){front_gpa(rig->front, request->head.reply), 32};
	n_out = 1 + pages(rig, request->out, request->offset, request->len, bufs + n_in + 1, NULL,
			  NULL);
	assert_int_equal(front_queue_add(&rig->front->queue[0], bufs, n_in, n_out, &request->head),
			 0);
}

static void scattered_check(struct rig *rig, struct scattered *request)
{
	struct front_buf bufs[PAGES + 1];
	static uint8_t got[PAGES * PAGE];

	assert_int_equal(front_check_reply(&request->head, request->len), 0);
	assert_int_equal(front_status(&request->head), VCD_S_OK);
	pages(rig, request->out, request->offset, request->len, bufs, got, NULL);
	assert_memory_equal(got, request->expected, request->len);
	assert_memory_equal(request->head.reply->iv,
			    (le16toh(request->head.header->flags) & VCD_F_DECRYPT
				 ? request->plain
				 : request->expected) +
				request->len - 16,
			    16);
}

/* Six at a time, of up to 16 pages, some in place; the counters count them once. */
static void scattered(const char *engine)
{
	struct scattered *requests = calloc(AT_ONCE, sizeof(*requests));
	uint64_t bytes = 0;
	struct rig rig;
	uint64_t id;

	assert_non_null(requests);
	srand(3);
	rig_start(&rig, &(struct front_options){.queue_size = 1024},
		  (const char *const[]){engine, NULL});
	id = rig_session(&rig, &rig.front->queue[0]);
	for (unsigned int i = 0; i < AT_ONCE; i++)
		assert_int_equal(front_request_init(rig.front, &requests[i].head, 0, 0), 0);
	/* From the last page to the first, so that none follows the one before it. */
	for (unsigned int k = PAGES + 1; k-- > 0;)
		for (unsigned int i = 0; i < AT_ONCE; i++) {
			requests[i].out[PAGES - k] = front_alloc(rig.front, PAGE);
			requests[i].in[k] = front_alloc(rig.front, PAGE);
			assert_true(requests[i].out[PAGES - k] && requests[i].in[k]);
		}
	for (unsigned int round = 0; round < 100; round++) {
		for (unsigned int i = 0; i < AT_ONCE; i++) {
			struct scattered *request = &requests[i];

			/* Every third with blocks in two pages: these the daemon copies. */
			request->offset = (uint32_t)rand() % PAGE / 16 * 16 + (i % 3 ? 0 : 8);
			request->len = (uint32_t)(1 + (uint32_t)rand() % (PAGES * PAGE / 16)) * 16;
			bytes += request->len;
			if (round % 4 == 3)
				memcpy(request->out, request->in, sizeof(request->in));
			scattered_submit(&rig, request, id, rand() % 2);
		}
		front_queue_kick(&rig.front->queue[0]);
		for (unsigned int done = 0; done < AT_ONCE;) {
			struct front_request *head;
			void *token;
			uint32_t used;

			assert_int_equal(front_queue_wait(&rig.front->queue[0]), 0);
			while (front_queue_reap(&rig.front->queue[0], &token, &used) == 1) {
				head = token;
				head->used = used;
				done++;
			}
		}
		for (unsigned int i = 0; i < AT_ONCE; i++)
			scattered_check(&rig, &requests[i]);
	}
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "crypt"), 100 * AT_ONCE);
	assert_int_equal(rig_stat(&rig, "bytes"), bytes);
	free(requests);
	rig_stop(&rig);
}

static void test_scattered(void **state)
{
	scattered("--engine=openssl");
}

static void test_scattered_auto(void **state)
{
	scattered("--engine=auto");
}

/* ---- limits --------------------------------------------------------------------------- */

/* A chain of @segments descriptors in all; the status, or the used length if that is 0. */
static int chain_of(struct rig *rig, unsigned int in, unsigned int out, uint64_t id)
{
	struct front_queue *queue = &rig->front->queue[0];
	struct front_buf bufs[1024];
	uint8_t *p = (uint8_t *)rig->request.header;
	unsigned int i;
	void *token;

	front_prepare_crypt(&rig->request, id, 0, 16 * (in - 1), iv, 16);
	for (i = 0; i < in; i++) {
		bufs[i] = (struct front_buf){front_gpa(rig->front, p), i ? 16 : 64};
		p += bufs[i].len;
	}
	p = (uint8_t *)rig->request.reply;
	for (i = in; i < in + out; i++) {
		bufs[i] = (struct front_buf){front_gpa(rig->front, p), 16};
		p += 16;
	}
	/* More than the front end's indirect tables hold goes directly into the ring. */
	assert_int_equal(front_queue_add(queue, bufs, in, out, &rig->request), 0);
	front_queue_kick(queue);
	assert_int_equal(front_queue_wait(queue), 0);
	assert_int_equal(front_queue_reap(queue, &token, &rig->request.used), 1);
	if (rig->request.used == 0)
		return -1;
	return (int)front_status(&rig->request);
}

static void test_segments(void **state)
{
	unsigned int max;
	struct rig rig;
	uint64_t id;

	rig_start(&rig, &(struct front_options){.queue_size = 1024}, NULL);
	max = le32toh(rig.front->config.max_segments);
	assert_in_range(max, 8, 512);
	id = rig_session(&rig, &rig.front->queue[0]);
	assert_int_equal(chain_of(&rig, max / 2, max / 2 + 1, id), VCD_S_TOOBIG);
	/* header | n x 16, reply in two | n x 16: 1 + n + 2 + n. */
	assert_int_equal(chain_of(&rig, 1 + (max - 4) / 2, 2 + (max - 4) / 2, id), VCD_S_OK);
	assert_int_equal(chain_of(&rig, max + 5, 2, id), VCD_S_TOOBIG);
	assert_int_equal(chain_of(&rig, 1, max + 5, id), VCD_S_TOOBIG);
	assert_int_equal(chain_of(&rig, 500, 500, id), VCD_S_TOOBIG);
	/* No room for a reply: used length 0. */
	assert_int_equal(chain_of(&rig, 2, 1, id), -1);
	assert_int_equal(chain_of(&rig, 2, 0, id), -1);
	assert_int_equal(chain_of(&rig, 500, 1, id), -1);
	rig_check(&rig);
	rig_stop(&rig);
}

/* Writable descriptors only: a reply can be given, and is. */
static void test_no_header(void **state)
{
	struct front_queue *queue;
	struct front_buf buf;
	struct rig rig;
	void *token;
	uint32_t len;

	rig_start(&rig, NULL, NULL);
	queue = &rig.front->queue[0];
	buf = (struct front_buf){front_gpa(rig.front, rig.request.reply), 32};
	assert_int_equal(front_queue_add(queue, &buf, 0, 1, &rig.request), 0);
	front_queue_kick(queue);
	assert_int_equal(front_queue_wait(queue), 0);
	assert_int_equal(front_queue_reap(queue, &token, &len), 1);
	assert_int_equal(len, 32);
	assert_int_equal(front_status(&rig.request), VCD_S_INVALID);
	rig_stop(&rig);
}

/* ---- depth ---------------------------------------------------------------------------- */

/* The whole ring, again and again; every request with an answer of its own. */
static void full_ring(const struct front_options *options)
{
	struct front_queue *queue;
	struct front_request *requests;
	unsigned int round;
	unsigned int i;
	struct rig rig;
	uint8_t in[64];
	uint8_t out[64];
	uint64_t id;

	rig_start(&rig, options, NULL);
	queue = &rig.front->queue[0];
	id = rig_session(&rig, queue);
	requests = calloc(queue->num, sizeof(*requests));
	assert_non_null(requests);
	for (i = 0; i < queue->num; i++)
		assert_int_equal(front_request_init(rig.front, &requests[i], 64, 64), 0);
	for (round = 0; round < 40; round++) {
		unsigned int n = 0;
		unsigned int done = 0;
		void *token;

		while (n < queue->num) {
			front_prepare_crypt(&requests[n], id, 0, 64, iv, 16);
			memset(requests[n].in, (int)(n + round), 64);
			if (front_submit(queue, &requests[n], 64, 64))
				break;
			n++;
		}
		assert_int_equal(n, options && options->no_indirect ? queue->num / 2 : queue->num);
		front_queue_kick(queue);
		while (done < n) {
			struct front_request *request;
			uint32_t len;

			assert_int_equal(front_queue_wait(queue), 0);
			while (front_queue_reap(queue, &token, &len) == 1) {
				request = token;
				request->used = len;
				assert_int_equal(front_check_reply(request, 64), 0);
				assert_int_equal(front_status(request), VCD_S_OK);
				memset(in, request->in[0], sizeof(in));
				libcrypto_crypt("AES-128-CBC", true, key, iv, in, out, sizeof(in));
				assert_memory_equal(request->out, out, sizeof(out));
				done++;
			}
		}
		assert_int_equal(queue->free_count, queue->num);
	}
	free(requests);
	rig_stop(&rig);
}

static void test_full_ring(void **state)
{
	full_ring(NULL);
}

static void test_full_ring_direct(void **state)
{
	full_ring(&(struct front_options){.no_indirect = true, .queue_size = 512});
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shapes_indirect), cmocka_unit_test(test_shapes_direct),
	    cmocka_unit_test(test_segments),	    cmocka_unit_test(test_no_header),
	    cmocka_unit_test(test_full_ring),	    cmocka_unit_test(test_full_ring_direct),
	    cmocka_unit_test(test_scattered),	    cmocka_unit_test(test_scattered_auto),
	};

	if (argc != 2)
		return 2;
	rig_daemon = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
