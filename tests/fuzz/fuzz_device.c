/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_device.c - a hostile driver: arbitrary requests, framings and overlaps on a device.
 *
 * Input: records, as many as there are. Each is
 *
 *	byte 0     bit 0: cut the readable part, bit 1: cut the writable part,
 *	           bit 2: both lie in one small buffer (they overlap), bit 3: keep the
 *	           request for a batch, bits 4-7: session, see below
 *	byte 1     seed of the cuts and of the place in the small buffer
 *	byte 2, 3  bytes of the readable part, little-endian, taken from the input; bit 15:
 *	           the payload lies scattered, bit 14: the output lies where the input
 *	           does, bit 13: but two of its pieces have changed places
 *	byte 4, 5  bytes of the writable part, little-endian; bit 15: the batch is a slow queue's
 *	then       the readable part
 *
 * Session ids are not to be guessed by a fuzzer: when bits 4-7 of byte 0 are n > 0,
 * the 8 bytes at offset 8 of the header are replaced by the id that the n-th latest
 * SESSION_CREATE returned, and when n is 15 those at offset 48 too.
 *
 * The key service is that of fake_keys.h. A record without a readable part whose byte 1 is not 0 revokes
 * the key of that number.
 *
 * What is checked, beside what sanitizers see: the used length is one that the
 * protocol allows, the status a known one, the counters add up, and no key is left open. And a scattered request
 * that is alone has the answer of the same one in one piece.
 */
#include "tests/fuzz/fuzz.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "device/state.h"
#include "tests/lib/engine.h"
#include "tests/lib/fake_keys.h"
#include "tests/lib/split.h"

#define RECORD_HEAD 6
#define MAX_IOV 24
#define MAX_PIECES 19 /* with header and reply, in and out, no more than max_segments */
#define MAX_BATCH 8
#define MAX_PART 8192
#define SHARED 512
#define SLOW 0x8000u
#define N_IDS 15

/* The value of a KEY_LIST is at most that, and no session id. */
#define MAX_KEYS 11

#define SCATTERED 0x8000u
#define IN_PLACE 0x4000u
#define SWAPPED 0x2000u

/* Bytes of a piece for which the device does not copy, so that small inputs get there. */
#define MIN_PIECE 64

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

/**
 * struct chain - a request of the batch, and the memory it lies in.
 * @original: the readable part of a scattered one, as it was
 * @len: its bytes
 */
struct chain {
	struct vdev_request request;
	struct iovec in[MAX_IOV], out[MAX_IOV];
	uint8_t *readable, *writable, *original;
	size_t len, room;
	bool shared;
};

struct fuzz {
	struct engine *engine;
	struct vdev *device;
	struct fake_keys keys;
	unsigned int thread;
	struct chain chains[MAX_BATCH];
	size_t n;
	uint8_t shared[SHARED];
	uint64_t ids[N_IDS];
	uint64_t replies;
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static void open_device(struct fuzz *fuzz)
{
	struct vdev_options options = {
	    .threads = 2,
	    .num_queues = 1,
	    .slow_queues = 1,
	    .keys = &fuzz->keys.service,
	    .max_sessions = 5,
	    .max_request = 4096,
	    .max_segments = 40,
	};

	/* The engine is opened once: fetching takes longer than all the rest. */
	static struct engine *engine;
	static struct eng_ops ops;

	if (!engine) {
		CHECK(!test_engine_open(2, &engine));
		ops = *engine->ops;
		ops.min_segment = MIN_PIECE;
		engine->ops = &ops;
	}
	fuzz->engine = options.engine = engine;
	fake_keys_init(&fuzz->keys);
	CHECK(!vdev_new_at(&options, 1, 0, &fuzz->device));
}

/* Remember the ids of new sessions. */
static void look_at_reply(struct fuzz *fuzz, const struct chain *chain)
{
	uint32_t written = chain->request.written;
	struct vdev_iov cursor = vdev_iov_init(chain->request.out, chain->request.out_count);
	struct vcd_reply reply;

	CHECK(written <= chain->room);
	if (chain->room < sizeof(reply)) {
		CHECK(!written);
		return;
	}
	CHECK(written >= sizeof(reply));
	fuzz->replies++;
	/* In the shared buffer a later reply may have overwritten it. */
	if (chain->shared)
		return;
	vdev_iov_read(&cursor, &reply, sizeof(reply));
	CHECK(le32toh(reply.status) < VCD_S_COUNT);
	CHECK(written == sizeof(reply) + le32toh(reply.out_len));
	CHECK(!reply.status || !reply.out_len);
	if (!reply.status && le64toh(reply.value) > MAX_KEYS) {
		memmove(fuzz->ids + 1, fuzz->ids, sizeof(fuzz->ids) - sizeof(fuzz->ids[0]));
		fuzz->ids[0] = le64toh(reply.value);
	}
}

/* Whether carrying the request out a second time gives the same. */
static bool repeatable(const uint8_t *header)
{
	const uint16_t end = VCD_F_HASH_RESET | VCD_F_HASH_FINAL;
	struct vcd_req req;

	memcpy(&req, header, sizeof(req));
	switch (le16toh(req.opcode)) {
	case VCD_OP_CRYPT:
		return (le16toh(req.flags) & end) != VCD_F_HASH_FINAL;
	case VCD_OP_AUTHCRYPT:
		return !(le16toh(req.flags) & VCD_F_IV_BY_DEVICE);
	default:
		return false;
	}
}

/* The same request in one piece, compared with what the scattered one gave. */
static void compare(struct fuzz *fuzz, const struct chain *chain)
{
	struct vdev_iov cursor = vdev_iov_init(chain->request.out, chain->request.out_count);
	uint8_t *expected = malloc(chain->room), *got = malloc(chain->room);
	struct iovec in = {chain->original, chain->len}, out = {expected, chain->room};
	struct vdev_request request = {&in, &out, 1, 1, 0}, *requests = &request;

	CHECK(expected && got);
	vdev_execute(fuzz->device, fuzz->thread, &requests, 1);
	fuzz->replies++;
	CHECK(request.written == chain->request.written);
	CHECK(vdev_iov_read(&cursor, got, request.written) == request.written);
	CHECK(!memcmp(got, expected, request.written));
	free(expected);
	free(got);
}

static void flush(struct fuzz *fuzz)
{
	struct vdev_request *requests[MAX_BATCH];

	for (size_t i = 0; i < fuzz->n; i++)
		requests[i] = &fuzz->chains[i].request;
	vdev_execute(fuzz->device, fuzz->thread, requests, fuzz->n);
	for (size_t i = 0; i < fuzz->n; i++) {
		struct chain *chain = &fuzz->chains[i];

		look_at_reply(fuzz, chain);
		if (chain->original && fuzz->n == 1 && repeatable(chain->original))
			compare(fuzz, chain);
		free(chain->readable);
		free(chain->writable);
		free(chain->original);
	}
	fuzz->n = 0;
}

/* One part of a request as iovecs; its memory is a block of its own or in the shared buffer. */
static uint8_t *place(struct fuzz *fuzz, struct test_random *random, bool shared, size_t *len,
		      uint8_t **block)
{
	*block = NULL;
	if (shared) {
		if (*len > SHARED)
			*len = SHARED;
		return fuzz->shared + test_random_below(random, SHARED - *len + 1);
	}
	*block = malloc(*len ? *len : 1);
	CHECK(*block);
	memset(*block, 0xee, *len);
	return *block;
}

/* @len bytes at @memory as iovecs of which each lies before the one before it. */
static unsigned int scatter(struct test_random *random, uint8_t *memory, size_t len,
			    struct iovec *iov, unsigned int max)
{
	/* Blocks in two pieces are copied; not all requests are to be so. */
	bool odd = !test_random_below(random, 4);
	uint8_t *end = memory + len;
	unsigned int n = 0;

	while (len) {
		size_t piece = 16 * (1 + test_random_below(random, 24));

		if (odd && !test_random_below(random, 4))
			piece = 1 + test_random_below(random, 200);
		if (piece > len || n + 1 == max)
			piece = len;
		end -= piece;
		len -= piece;
		iov[n++] = (struct iovec){end, piece};
	}
	return n;
}

/* Payload in and out in pieces, behind header and reply; in place there is no other output. */
static void scatter_request(struct chain *chain, struct test_random *random, uint16_t how)
{
	const size_t head = sizeof(struct vcd_req), reply = sizeof(struct vcd_reply);
	struct vdev_request *request = &chain->request;
	struct vdev_iov cursor;

	chain->original = malloc(chain->len);
	CHECK(chain->original);
	memcpy(chain->original, chain->readable, chain->len);
	chain->in[0].iov_len = head;
	request->in_count = 1 + scatter(random, chain->readable + head, chain->len - head,
					chain->in + 1, MAX_PIECES);
	cursor = vdev_iov_init(chain->in + 1, request->in_count - 1);
	vdev_iov_write(&cursor, chain->original + head, chain->len - head);
	chain->out[0].iov_len = reply;
	if (!(how & IN_PLACE)) {
		request->out_count = 1 + scatter(random, chain->writable + reply,
						 chain->room - reply, chain->out + 1, MAX_PIECES);
		return;
	}
	chain->room = reply + chain->len - head;
	request->out_count = request->in_count;
	memcpy(chain->out + 1, chain->in + 1, (request->in_count - 1) * sizeof(chain->in[0]));
	if (how & SWAPPED && request->out_count > 2) {
		struct iovec first = chain->out[1];

		chain->out[1] = chain->out[2];
		chain->out[2] = first;
	}
}

static void add_request(struct fuzz *fuzz, const uint8_t *head, const uint8_t *bytes, size_t len)
{
	struct chain *chain = &fuzz->chains[fuzz->n++];
	struct test_random random = {head[1]};
	unsigned int session = head[0] >> 4;
	uint8_t *readable, *writable;

	*chain = (struct chain){.shared = head[0] & 4};
	chain->room = (get16(head + 4) & ~SLOW) % MAX_PART;
	readable = place(fuzz, &random, chain->shared, &len, &chain->readable);
	writable = place(fuzz, &random, chain->shared, &chain->room, &chain->writable);
	memcpy(readable, bytes, len);
	if (session && len >= sizeof(struct vcd_req)) {
		uint64_t id = htole64(fuzz->ids[session - 1]);

		memcpy(readable + offsetof(struct vcd_req, session), &id, sizeof(id));
		if (session == 15) {
			id = htole64(fuzz->ids[1]);
			memcpy(readable + offsetof(struct vcd_req, session), fuzz->ids, sizeof(id));
			memcpy(readable + offsetof(struct vcd_req, arg), &id, sizeof(id));
		}
	}
	chain->len = len;
	chain->request.in = chain->in;
	chain->request.out = chain->out;
	chain->request.in_count = chain->request.out_count = 1;
	chain->in[0] = (struct iovec){readable, len};
	chain->out[0] = (struct iovec){writable, chain->room};
	if (get16(head + 2) & SCATTERED && !chain->shared && len >= sizeof(struct vcd_req) &&
	    chain->room >= sizeof(struct vcd_reply)) {
		scatter_request(chain, &random, get16(head + 2));
		return;
	}
	if (head[0] & 1)
		chain->request.in_count =
		    split_at_random(&random, readable, len, chain->in, MAX_IOV);
	if (head[0] & 2)
		chain->request.out_count =
		    split_at_random(&random, writable, chain->room, chain->out, MAX_IOV);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vdev_stats stats;
	struct fuzz fuzz = {0};
	uint64_t sum = 0;

	open_device(&fuzz);
	while (size >= RECORD_HEAD) {
		const uint8_t *head = data;
		size_t len = get16(head + 2) % MAX_PART;

		data += RECORD_HEAD;
		size -= RECORD_HEAD;
		if (len > size)
			len = size;
		if (!len && head[1]) {
			fake_keys_revoke(&fuzz.keys, head[1]);
			vdev_end_keys(fuzz.device, head[1]);
		}
		fuzz.thread = (get16(head + 4) & SLOW) != 0;
		add_request(&fuzz, head, data, len);
		data += len;
		size -= len;
		if (!(head[0] & 8) || fuzz.n == MAX_BATCH)
			flush(&fuzz);
	}
	flush(&fuzz);
	vdev_stats_get(fuzz.device, &stats);
	for (size_t i = 0; i < VCD_S_COUNT; i++)
		sum += stats.status[i];
	CHECK(stats.requests == sum && sum == fuzz.replies);
	CHECK(stats.sessions_live <= 5);
	vdev_free(fuzz.device);
	CHECK(!fake_keys_count(&fuzz.keys));
	return 0;
}
