/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mode_wire.c - a real daemon, driven over rings in shared memory as a guest's
 * driver would: each thread has a queue of its own and keeps `depth` requests in
 * it.
 *
 * A thread looks at the ring for a bounded time before it asks for a signal and
 * sleeps, as the guest's driver does. What is measured is the path from the ring
 * to the engine and back; there is no VM, no system call of a guest and no copy
 * between user and kernel in it.
 */
#include <endian.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "device/device.h"
#include "tools/bench/slow_load.h"
#include "tools/bench/wire_daemon.h"

/* From this size on the payload lies in pages of its own, as a driver pins them. */
#define SEPARATE 2048

/* Replies that are taken at a time. */
#define REAPED 16

struct wire {
	struct wire_daemon daemon;
	struct slow_load load;
};

/* Header and AAD, data; reply, data, digest or tag. */
#define SLOT_BUFS 5

/**
 * struct slot - one request that is sent over and over.
 * @header: request header in guest memory
 * @reply: reply header
 * @out: where the data of the output lands
 * @tail: where its digest or tag lands
 * @bufs: the chain
 * @in_count: readable buffers of it
 * @out_count: writable ones
 * @begin: when it was handed over
 */
struct slot {
	struct vcd_req *header;
	struct vcd_reply *reply;
	uint8_t *out;
	uint8_t *tail;
	struct front_buf bufs[SLOT_BUFS];
	unsigned int in_count;
	unsigned int out_count;
	uint64_t begin;
};

struct wire_thread {
	struct front_queue *queue;
	struct slot *slots;
	uint64_t *sessions;
	unsigned int next_session;
	unsigned int next_reply; /* slot whose reply is due next: they come in order */
	unsigned int in_flight;
};

/* ---- daemon --------------------------------------------------------------------------- */

/* The larger one of the two directions. */
static uint32_t payload_max(const struct bench *bench)
{
	uint32_t in = bench->work.aad_len + bench->in_len;

	return in > bench->out_len ? in : bench->out_len;
}

/* What the daemon's engine is called: it is the same library as ours. */
static int name_engine(struct bench *bench)
{
	struct engine *engine;
	int err;

	if (bench->target.socket) {
		(void)snprintf(bench->engine_name, sizeof(bench->engine_name), "daemon");
		return 0;
	}
	err = eng_open(bench->target.engine, 1, &engine);
	if (err) {
		bench_error("engine '%s': %s", bench->target.engine,
			    err == -EINVAL ? "no such engine, or a bad argument" : strerror(-err));
		return err;
	}
	(void)snprintf(bench->engine_name, sizeof(bench->engine_name), "%s", engine->name);
	eng_close(engine);
	return 0;
}

/* A keeper with a slow token, and what the daemon needs for that. */
static int open_load(struct bench *bench, struct wire *wire, struct wire_needs *needs)
{
	const struct target *target = &bench->target;

	if (!target->slow_load)
		return 0;
	if (target->socket || bench->work.threads == FRONT_MAX_QUEUES) {
		bench_error("--slow-load needs a daemon of our own, and less than %u threads",
			    FRONT_MAX_QUEUES);
		return -EINVAL;
	}
	needs->slow = 1;
	needs->keeper = wire->load.host.socket;
	needs->vm = KEYHOST_VM;
	needs->sessions++;
	if (needs->payload < KEY_QUEUE_PAYLOAD)
		needs->payload = KEY_QUEUE_PAYLOAD;
	/* At the usual depth the rings are as large as those of a side without a load. */
	needs->slow_descriptors = target->slow_load * KEY_QUEUE_BUFS;
	return keyhost_open(&wire->load.host, sign_kind_find("p256"), target);
}

static int wire_open(struct bench *bench)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	const struct workload *work = &bench->work;
	struct wire_needs needs = {
	    .queues = work->threads,
	    .payload = payload_max(bench),
	    .depth = work->depth,
	    .bufs = SLOT_BUFS,
	    .sessions = (uint64_t)work->sessions * work->threads,
	};
	int err;

	if (!wire)
		return -ENOMEM;
	bench->state = wire;
	err = name_engine(bench);
	if (!err)
		err = open_load(bench, wire, &needs);
	if (!err)
		err = wire_daemon_open(bench, &wire->daemon, &needs);
	if (!err && needs.slow)
		err = slow_load_open(&wire->load, wire->daemon.front, needs.queues,
				     bench->target.slow_load);
	return err;
}

static void wire_close(struct bench *bench)
{
	struct wire *wire = bench->state;

	if (!wire)
		return;
	wire_daemon_close(&wire->daemon);
	slow_load_close(&wire->load);
	free(wire);
}

static int wire_begin(struct bench *bench)
{
	struct wire *wire = bench->state;

	return bench->target.slow_load ? slow_load_begin(&wire->load) : 0;
}

static int wire_end(struct bench *bench, int err)
{
	struct wire *wire = bench->state;
	int load_err = bench->target.slow_load ? slow_load_end(&wire->load) : 0;

	return err ? err : load_err;
}

static pid_t wire_worker(struct bench *bench, unsigned int n)
{
	const struct wire *wire = bench->state;

	return n == 0 ? wire->daemon.pid : 0;
}

/* ---- requests ------------------------------------------------------------------------- */

/* Pages, so that a payload begins at the start of one. */
static uint8_t *alloc_pages(struct front *front, size_t size)
{
	uint8_t *p = front_alloc(front, (size + 4095) / 4096 * 4096 + 4096 - 64);

	return p ? (uint8_t *)(((uintptr_t)p + 4095) / 4096 * 4096) : NULL;
}

static void fill_header(const struct bench *bench, struct vcd_req *header)
{
	const struct workload *work = &bench->work;

	*header = (struct vcd_req){
	    .opcode = htole16(bench_is_aead(work) ? VCD_OP_AUTHCRYPT : VCD_OP_CRYPT),
	    .flags = htole16(work->decrypt ? VCD_F_DECRYPT : 0),
	    .src_len = htole32(bench->in_len),
	    .aad_len = htole32(work->aad_len),
	    .iv_len = (uint8_t)work->alg->iv_len,
	    .tag_len = (uint8_t)(bench_is_aead(work) ? work->tag_len : 0),
	};
	if (bench_is_hash(work))
		header->flags = htole16(VCD_F_HASH_RESET | VCD_F_HASH_FINAL);
	memcpy(header->iv, bench->iv, work->alg->iv_len);
}

static void add_buf(struct front *front, struct slot *slot, unsigned int *count, const void *p,
		    size_t len)
{
	slot->bufs[slot->in_count + slot->out_count] =
	    (struct front_buf){front_gpa(front, p), (uint32_t)len};
	(*count)++;
}

/* All in one piece for each direction, as a driver does with what is small. */
static int make_small_slot(struct bench *bench, struct front *front, struct slot *slot)
{
	size_t in_size = sizeof(*slot->header) + bench->work.aad_len + bench->in_len;
	size_t out_size = sizeof(*slot->reply) + bench->out_len;
	uint8_t *in;

	slot->header = front_alloc(front, in_size);
	slot->reply = front_alloc(front, out_size);
	if (!slot->header || !slot->reply)
		return -ENOMEM;
	in = (uint8_t *)(slot->header + 1);
	memcpy(in, bench->aad, bench->work.aad_len);
	memcpy(in + bench->work.aad_len, bench->input, bench->in_len);
	slot->out = (uint8_t *)(slot->reply + 1);
	slot->tail = slot->out + bench_data_out(&bench->work);
	add_buf(front, slot, &slot->in_count, slot->header, in_size);
	add_buf(front, slot, &slot->out_count, slot->reply, out_size);
	return 0;
}

/* Data in pages of its own, in both directions; AAD, digest and tag in the driver's memory. */
static int make_large_slot(struct bench *bench, struct front *front, struct slot *slot)
{
	size_t in_size = sizeof(*slot->header) + bench->work.aad_len;
	uint32_t data = bench_data_out(&bench->work);
	uint32_t tail = bench_tail_out(&bench->work);
	uint8_t *in = alloc_pages(front, bench->in_len);

	slot->header = front_alloc(front, in_size);
	slot->reply = front_alloc(front, sizeof(*slot->reply));
	slot->out = data ? alloc_pages(front, data) : (uint8_t *)slot->reply;
	slot->tail = front_alloc(front, VCD_MAX_DIGEST_LEN);
	if (!in || !slot->header || !slot->reply || !slot->out || !slot->tail)
		return -ENOMEM;
	memcpy(slot->header + 1, bench->aad, bench->work.aad_len);
	memcpy(in, bench->input, bench->in_len);
	add_buf(front, slot, &slot->in_count, slot->header, in_size);
	add_buf(front, slot, &slot->in_count, in, bench->in_len);
	add_buf(front, slot, &slot->out_count, slot->reply, sizeof(*slot->reply));
	if (data)
		add_buf(front, slot, &slot->out_count, slot->out, data);
	if (tail)
		add_buf(front, slot, &slot->out_count, slot->tail, tail);
	return 0;
}

static int make_slot(struct bench *bench, struct front *front, struct slot *slot)
{
	int err = bench->work.size >= SEPARATE ? make_large_slot(bench, front, slot)
					       : make_small_slot(bench, front, slot);

	if (!err)
		fill_header(bench, slot->header);
	return err;
}

static void wire_thread_close(struct bench_thread *thread)
{
	struct wire_thread *t = thread->state;

	/* Sessions go with the front end, slots are guest memory. */
	free(t->slots);
	free(t->sessions);
	free(t);
	thread->state = NULL;
}

/* Return: status, or a negative errno. */
static int create_session(struct bench *bench, struct front_queue *queue, uint64_t *id)
{
	const struct workload *work = &bench->work;
	struct wire *wire = bench->state;
	uint32_t key_len = (uint32_t)work->key_len;

	if (bench_is_hash(work))
		return front_session_create(queue, &wire->daemon.scratch, 0, NULL, 0, work->alg->id,
					    bench->key, key_len, id);
	return front_session_create(queue, &wire->daemon.scratch, work->alg->id, bench->key,
				    key_len, 0, NULL, 0, id);
}

static int wire_thread_open(struct bench_thread *thread)
{
	struct bench *bench = thread->bench;
	const struct workload *work = &bench->work;
	struct wire *wire = bench->state;
	struct wire_thread *t = calloc(1, sizeof(*t));
	unsigned int i;
	int status;
	int err;

	if (!t)
		return -ENOMEM;
	thread->state = t;
	t->queue = &wire->daemon.front->queue[thread->number];
	t->slots = calloc(work->depth, sizeof(*t->slots));
	t->sessions = calloc(work->sessions, sizeof(*t->sessions));
	if (!t->slots || !t->sessions)
		return -ENOMEM;
	for (i = 0; i < work->depth; i++) {
		err = make_slot(bench, wire->daemon.front, &t->slots[i]);
		if (err)
			return err;
	}
	for (i = 0; i < work->sessions; i++) {
		status = create_session(bench, t->queue, &t->sessions[i]);
		if (status > 0)
			bench_error("the daemon makes no session for %s: %s; choose another --alg "
				    "or engine",
				    work->name, vdev_status_name((uint32_t)status));
		if (status)
			return status < 0 ? status : -ENOTSUP;
	}
	return 0;
}

static int submit(struct bench *bench, struct wire_thread *t, struct slot *slot, uint64_t now)
{
	slot->header->session = htole64(t->sessions[t->next_session]);
	if (++t->next_session == bench->work.sessions)
		t->next_session = 0;
	slot->begin = now;
	t->in_flight++;
	return front_queue_add(t->queue, slot->bufs, slot->in_count, slot->out_count, slot);
}

/* Until something is done: look for a while, then sleep. */
static int wait_for_reply(const struct bench *bench, struct wire_thread *t)
{
	struct front_queue *queue = t->queue;
	uint64_t deadline = bench_now_ns() + bench->target.spin_us * 1000ull;
	unsigned int i;

	do {
		for (i = 0; i < BENCH_SPINS; i++) {
			if (__atomic_load_n(&queue->used->idx, __ATOMIC_ACQUIRE) !=
			    htole16(queue->last_used)) {
				/* While the ring says that it is this one. */
				__builtin_prefetch(t->slots[t->next_reply].reply);
				return 0;
			}
			bench_pause();
		}
		/* The daemon may need this CPU. */
		sched_yield();
	} while (bench_now_ns() < deadline);
	return front_queue_wait(queue);
}

/*
 * Up to REAPED requests that are done, of the length they should have; how many, or a negative
 * errno. The daemon's processor has their replies, which are read next, and their headers,
 * which are written: all of them are asked for before the first is waited for.
 */
static int take(struct wire_thread *t, uint32_t want, struct slot *slots[REAPED])
{
	uint32_t len;
	void *token;
	int n = 0;
	int ret;

	while (n < REAPED) {
		ret = front_queue_reap(t->queue, &token, &len);
		if (ret <= 0)
			return ret < 0 ? ret : n;
		if (len != want)
			return -EIO;
		slots[n] = token;
		__builtin_prefetch(slots[n]->reply);
		prefetch_write(slots[n]->header);
		n++;
	}
	return n;
}

static unsigned int slot_after(const struct bench *bench, const struct wire_thread *t,
			       const struct slot *slot)
{
	unsigned int next = (unsigned int)(slot - t->slots) + 1;

	return next < bench->work.depth ? next : 0;
}

/* Take what is done, count it, and send it again while there is time. 0, or a negative errno. */
static int reap(struct bench_thread *thread, uint64_t now, bool again)
{
	struct bench *bench = thread->bench;
	struct wire_thread *t = thread->state;
	uint32_t want = (uint32_t)sizeof(struct vcd_reply) + bench->out_len;
	struct slot *slots[REAPED];
	int n, i;
	int err;

	do {
		n = take(t, want, slots);
		for (i = 0; i < n; i++) {
			if (slots[i]->reply->status != htole32(VCD_S_OK))
				return -EIO;
			bench_done(thread, now - slots[i]->begin, 1);
			t->in_flight--;
			t->next_reply = slot_after(bench, t, slots[i]);
			err = again ? submit(bench, t, slots[i], now) : 0;
			if (err)
				return err;
		}
	} while (n == REAPED);
	return n < 0 ? n : 0;
}

/* All slots, again and again until the time is up; at the end nothing is in flight. */
static int wire_run(struct bench_thread *thread)
{
	struct bench *bench = thread->bench;
	struct wire_thread *t = thread->state;
	uint64_t now = bench_now_ns();
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < bench->work.depth; i++)
		err = submit(bench, t, &t->slots[i], now);
	if (err)
		return err;
	front_queue_quiet(t->queue);
	front_queue_kick(t->queue);
	while (t->in_flight) {
		err = wait_for_reply(bench, t);
		if (err)
			return err;
		now = bench_now_ns();
		err = reap(thread, now, !bench_time_up(bench, now));
		if (err < 0)
			return err;
		front_queue_kick(t->queue);
	}
	return 0;
}

static int wire_check(struct bench_thread *thread)
{
	struct bench *bench = thread->bench;
	struct wire_thread *t = thread->state;
	uint32_t data = bench_data_out(&bench->work);
	unsigned int i;
	int err;

	/* Time is up already: each slot goes once. */
	bench->end_ns = 0;
	err = wire_run(thread);
	for (i = 0; !err && i < bench->work.depth; i++)
		if (memcmp(t->slots[i].out, bench->expected, data) ||
		    memcmp(t->slots[i].tail, bench->expected + data, bench->out_len - data))
			err = -EBADMSG;
	return err;
}

const struct bench_mode bench_mode_wire = {
    .name = "wire",
    .open = wire_open,
    .close = wire_close,
    .thread_open = wire_thread_open,
    .thread_close = wire_thread_close,
    .check = wire_check,
    .run = wire_run,
    .begin = wire_begin,
    .end = wire_end,
    .worker = wire_worker,
};
