/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - what the files of device/ share.
 *
 * Theory of operation
 * -------------------
 * vcd_device_execute() takes a batch through three stages:
 *
 *   parse      request.c: framing, header, checks; HELLO and the session operations
 *              are carried out and answered on the spot
 *   prepare    crypt.c: CRYPT and AUTHCRYPT become a job, its buffers either the guest's
 *              memory or the scratch
 *   finish     after the engine ran the jobs: output and reply written
 *
 * All of it is one section of the session table (session_table.h): a session that was found
 * stays to the end of the batch.
 *
 * A job may be one of several pieces of its request (pieces.c); then the engine runs again.
 *
 * TLS records and SRTP packets are carried out in the second stage (record.c).
 *
 * Prepared requests stand in the worker's ops[] until the batch is through or
 * the scratch cannot take the next one; then the engine runs what there is.
 *
 * Scratch
 * -------
 * One arena per worker, large enough for any single request. Data lies there
 * when the guest scattered it and it is not to be processed in pieces, when input and
 * output of a request overlap other than exactly, and when the request authenticates it: the
 * input of an AEAD's decryption, of TLS records and SRTP packets. In the arena a request is
 * processed in place. AAD is always copied.
 *
 * Invariants
 * - A header is read once; all decisions are taken from the copy.
 * - Every length in a struct vcd_op was checked against the chain's totals.
 * - What is authenticated is what is decrypted: both are read from the scratch, whatever the
 * engine, and the guest's memory is read once for it.
 * - A request gets exactly one reply, through vcd_reply(), or none when its
 *   writable part cannot hold one.
 * - The iovecs of a request are private: they are the same when they are walked again.
 * - A request is charged before anything of it is looked at (parse() of request.c), so that
 *   there is no kind of request, and no way for one to end, that is not.
 */
#ifndef VCD_DEVICE_INTERNAL_H
#define VCD_DEVICE_INTERNAL_H

#include <assert.h>
#include <endian.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "device/device.h"
#include "device/iov.h"
#include "device/session_table.h"

/**
 * struct vcd_op - a prepared CRYPT or AUTHCRYPT. Two cache lines of it, of most.
 * @request: where it came from
 * @reply: where its reply goes, see vcd_reply()
 * @slot: session
 * @data_len: bytes of processed data to put out, from job.dst
 * @tail_len: bytes of job.mac to put out behind them: digest or tag
 * @bounced: job.dst is scratch, to be copied out
 * @holds_hash: this request has the slot's hash_busy
 * @left: bytes of data behind those of @job; 0 when it is the last or only piece
 * @job: what the engine does; a piece of the request, when that is cut (pieces.c)
 * @run: of @left, those that follow @job's in memory. This and the rest: of one that is cut
 * @most: bytes of a piece
 * @in: input behind @run
 * @to: where that goes to
 */
struct vcd_op {
	_Alignas(64) struct vcd_request *request;
	uint8_t *reply;
	struct vcd_slot *slot;
	uint32_t data_len;
	uint32_t tail_len;
	bool bounced;
	bool holds_hash;
	uint32_t left;
	struct vcd_job job;
	uint32_t run;
	uint32_t most;
	struct vcd_iov in;
	struct vcd_iov to;
};

static_assert(offsetof(struct vcd_op, job.mac) <= 128, "what most requests need is on two lines");

/**
 * struct vcd_arena - scratch memory of one worker (arena.c).
 * @memory: the memory
 * @size: its bytes, a multiple of the alignment of pieces
 * @used: bytes taken, likewise
 * @touched: most that were taken since it was wiped, as plaintext was there
 */
struct vcd_arena {
	uint8_t *memory;
	size_t size;
	size_t used;
	size_t touched;
};

/** vcd_arena_init - make one that takes any request of @max_request. Return: 0 or -ENOMEM. */
int vcd_arena_init(struct vcd_arena *arena, uint32_t max_request);

/** vcd_arena_fini - free it. */
void vcd_arena_fini(struct vcd_arena *arena);

/** vcd_arena_fits - whether pieces of @a and @b bytes can be taken. */
bool vcd_arena_fits(const struct vcd_arena *arena, size_t a, size_t b);

/** vcd_arena_take - a piece of @size bytes. Return: NULL when there is not as much left. */
uint8_t *vcd_arena_take(struct vcd_arena *arena, size_t size);

/** vcd_arena_empty - forget all pieces. */
void vcd_arena_empty(struct vcd_arena *arena);

/** vcd_arena_wipe - forget all pieces, and what was in them. */
void vcd_arena_wipe(struct vcd_arena *arena);

/**
 * struct vcd_worker - what belongs to one worker.
 * @counters: statistics, own ones or those that the options named
 * @usage: what was charged; read by the worker itself only
 * @number: its number
 * @ended: sessions that its requests have ended and that it has not freed, or others for it
 * @arena: scratch memory
 * @cut: some of the prepared requests are carried out in pieces
 * @n_ops: prepared requests
 * @ops: these; and two that are never used, only fetched (crypt.c)
 * @jobs: jobs[i] is that of ops[i], for the engine; but while requests are run in pieces
 */
struct vcd_worker {
	struct vcd_device_counters *counters;
	struct vcd_device_usage usage;
	unsigned int number;
	size_t ended;
	struct vcd_arena arena;
	bool cut;
	size_t n_ops;
	struct vcd_op ops[VCD_BATCH_MAX + 2];
	struct vcd_job *jobs[VCD_BATCH_MAX];
};

/**
 * struct vcd_device - the device.
 * @options: as given, defaults filled in
 * @config: the config space
 * @table: sessions
 * @workers: one each
 * @counters: their counters, when the options named none
 */
struct vcd_device {
	struct vcd_device_options options;
	struct vcd_config config;
	struct vcd_session_table table;
	struct vcd_worker *workers;
	struct vcd_device_counters *counters;
};

/**
 * vcd_device_new_at - vcd_device_new() without chance, for tests.
 * @seed: first serial of the session ids, unless the options have a counter that is not 0; not 0
 * @epoch: for the config space
 */
int vcd_device_new_at(const struct vcd_device_options *options, uint64_t seed, uint32_t epoch,
		      struct vcd_device **ret);

/** vcd_count - add @n to a counter of the calling worker. */
static inline void vcd_count(_Atomic(uint64_t) *counter, uint64_t n)
{
	uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);

	/* One writer, so no locked instruction. */
	atomic_store_explicit(counter, value + n, memory_order_relaxed);
}

/**
 * struct vcd_fields - the common request header, decoded.
 *
 * As struct vcd_req, in its place, in the byte order of the host; reserved fields were zero,
 * @iv_len is at most VCD_MAX_IV_LEN and @iv is zero behind it.
 */
struct vcd_fields {
	uint16_t opcode;
	uint16_t flags;
	uint32_t src_len;
	uint64_t session;
	uint32_t aad_len;
	uint32_t crypt_off;
	uint8_t iv_len;
	uint8_t tag_len;
	uint16_t reserved0;
	uint32_t reserved1;
	uint8_t iv[VCD_MAX_IV_LEN];
	uint64_t arg;
	uint64_t reserved2;
};

/**
 * struct vcd_ctx - the request that is being parsed.
 * @device: device
 * @worker: worker
 * @request: the chain
 * @reply: where its reply goes, see vcd_reply()
 * @in: the readable part behind the header
 * @out: the writable part behind the reply
 * @payload: readable bytes behind the header
 * @room: writable bytes behind the reply
 *
 * What is kept out of line takes it by value: where nobody has its address, it need not be in
 * memory, and the operations on data are inlined.
 */
struct vcd_ctx {
	struct vcd_device *device;
	struct vcd_worker *worker;
	struct vcd_request *request;
	uint8_t *reply;
	struct vcd_iov in;
	struct vcd_iov out;
	uint64_t payload;
	uint64_t room;
};

/**
 * struct vcd_answer - what a reply says beside its status; zero when that is not VCD_S_OK.
 * @value: see struct vcd_reply
 * @iv: likewise
 * @out_len: likewise
 */
struct vcd_answer {
	uint64_t value;
	uint8_t iv[VCD_MAX_IV_LEN];
	uint32_t out_len;
};

/** vcd_fill_reply - write a reply at any address. @iv: VCD_MAX_IV_LEN bytes */
static inline void vcd_fill_reply(void *at, uint32_t status, uint32_t out_len, uint64_t value,
				  const uint8_t *iv)
{
	typedef struct vcd_reply unaligned_reply __attribute__((aligned(1)));
	unaligned_reply *reply = at;

	reply->status = htole32(status);
	reply->out_len = htole32(out_len);
	reply->value = htole64(value);
	memcpy(reply->iv, iv, sizeof(reply->iv));
}

/** vcd_reply_scattered - write a reply that the guest scattered. */
__attribute__((cold)) void vcd_reply_scattered(struct vcd_request *request, uint32_t status,
					       uint32_t out_len, uint64_t value, const uint8_t *iv);

/**
 * vcd_reply - answer a request: write the reply, set the used length. The caller counts it.
 * @at: where the reply goes when it is in one piece there, else NULL
 * @iv: IV that continues, VCD_MAX_IV_LEN bytes; zeroes where there is none
 */
static inline void vcd_reply(struct vcd_request *request, uint8_t *at, uint32_t status,
			     uint32_t out_len, uint64_t value, const uint8_t *iv)
{
	if (at)
		vcd_fill_reply(at, status, out_len, value, iv);
	else
		vcd_reply_scattered(request, status, out_len, value, iv);
	request->written = (uint32_t)sizeof(struct vcd_reply) + out_len;
}

/** vcd_charge_of - bytes that a request with @readable bytes is charged, see vcd_device_cost(). */
static inline uint64_t vcd_charge_of(const struct vcd_device *device, uint64_t readable)
{
	uint64_t most = device->options.max_request + VCD_MAX_AAD;
	uint64_t payload =
	    readable > sizeof(struct vcd_req) ? readable - sizeof(struct vcd_req) : 0;

	if (payload > most)
		return most;
	return payload > VCD_WORK_LEAST ? payload : VCD_WORK_LEAST;
}

/** vcd_worker_section_end - end @worker's section; free what it ended, and a few more. */
void vcd_worker_section_end(struct vcd_device *device, struct vcd_worker *worker);

/**
 * vcd_requests_parse - first stage; the requests are answered or prepared afterwards.
 *
 * Where the program is compiled as a whole, all that CRYPT takes is inlined in it.
 */
__attribute__((noinline)) void vcd_requests_parse(struct vcd_device *device,
						  struct vcd_worker *worker,
						  struct vcd_request *const requests[], size_t n);

/** No status: the reply comes from vcd_crypt_flush(). */
#define VCD_PREPARED UINT32_MAX

/**
 * vcd_crypt_prepare, vcd_authcrypt_prepare - check CRYPT, AUTHCRYPT and make it an op.
 *
 * @answer: out: what else to answer with VCD_S_OK
 *
 * Return: VCD_PREPARED, or the status to answer.
 */
uint32_t vcd_crypt_prepare(const struct vcd_ctx *ctx, const struct vcd_fields *req);
uint32_t vcd_authcrypt_prepare(const struct vcd_ctx *ctx, const struct vcd_fields *req,
			       struct vcd_answer *answer);

/**
 * vcd_record_run - carry out an AUTHCRYPT of a TLS record or an SRTP packet.
 *
 * Steps 5 to 8 of request.c's checks are done.
 *
 * @answer: out: what else to answer with VCD_S_OK
 *
 * Return: the status to answer with.
 */
__attribute__((noinline)) uint32_t vcd_record_run(struct vcd_ctx ctx, const struct vcd_fields *req,
						  struct vcd_engine_session *session,
						  struct vcd_answer *answer);

/**
 * vcd_pieces_fit - whether a request is to be carried out in pieces (pieces.c).
 * @session: session it runs on
 * @in: where the data lies
 * @out: where it goes to
 * @len: bytes of data
 */
bool vcd_pieces_fit(const struct vcd_engine_session *session, const struct vcd_iov *in,
		    const struct vcd_iov *out, uint32_t len);

/** vcd_pieces_begin - make @op's job the first piece of @len bytes from @in to @out, which fit. */
void vcd_pieces_begin(struct vcd_worker *worker, struct vcd_op *op, struct vcd_iov in,
		      struct vcd_iov out, uint32_t len);

/** vcd_pieces_level - before the first run: have long jobs of @n @ops go in step with others. */
void vcd_pieces_level(struct vcd_op ops[], size_t n);

/**
 * vcd_pieces_next - go on with what is left after a run of the engine.
 *
 * A job of which the last piece ran becomes one of all the data.
 *
 * @jobs: those that ran, each of a struct vcd_op; out: those that are to run now
 * @n: how many ran
 *
 * Return: how many are to run.
 */
size_t vcd_pieces_next(struct vcd_job *jobs[], size_t n);

/** vcd_op_out - the writable part of @op's request behind the reply. */
static inline struct vcd_iov vcd_op_out(const struct vcd_op *op)
{
	struct vcd_iov out = vcd_iov_init(op->request->out, op->request->out_count);

	vcd_iov_skip(&out, sizeof(struct vcd_reply));
	return out;
}

/** vcd_pieces_wipe - take back the output of the pieces before the one that failed. */
void vcd_pieces_wipe(const struct vcd_op *op);

/** vcd_crypt_flush - run what @worker has prepared and answer it. */
void vcd_crypt_flush(struct vcd_device *device, struct vcd_worker *worker);

/** vcd_hash_trylock - reserve the half-done hash of @slot's session. Return: got it. */
static inline bool vcd_hash_trylock(struct vcd_slot *slot)
{
	return !atomic_exchange_explicit(&slot->hash_busy, 1, memory_order_acquire);
}

/** vcd_hash_unlock - give it back. */
static inline void vcd_hash_unlock(struct vcd_slot *slot)
{
	atomic_store_explicit(&slot->hash_busy, 0, memory_order_release);
}

#endif /* VCD_DEVICE_INTERNAL_H */
