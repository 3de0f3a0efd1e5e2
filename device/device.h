/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device.h - the device without its transport: request bytes in, reply bytes out.
 *
 * Theory of operation
 * -------------------
 * A transport (daemon/, qemu/, the tests) takes descriptor chains off its rings,
 * translates them to iovecs in its own address space and hands a batch of them
 * to vdev_execute(). Every request of the batch is then complete: its
 * reply stands in the writable iovecs and .written is the used length to
 * publish. There is no socket, ring, file or thread in here.
 *
 * The iovecs point into memory that a hostile guest changes at will. request.c
 * copies the header once into private memory, checks it against the total
 * lengths, and from then on looks at the copy only. Data bytes are read by the
 * engine straight from guest memory where they lie in one piece, or piece by piece,
 * else through the thread's scratch buffer. Data that is to be authenticated is always read once,
 * into that buffer. Nothing decides anything from data bytes read twice. Output is there for
 * VCD_S_OK only: that of pieces before one that failed is wiped.
 *
 * Threads: those of the transport are numbered from 0; thread i may call
 * vdev_execute() concurrently with thread j. The session table is the one
 * thing they share (session_table.c tells its rules).
 *
 * Ended sessions: to free one takes longer than most requests, and a HELLO ends all of them. A
 * batch frees the ones that it ended, and few others (VDEV_RECLAIM_SHARE). What is left is freed
 * by threads without work: the transport calls vdev_tidy() before a thread rests.
 *
 * Nothing a request contains makes these functions fail: they return void, the
 * guest gets a status.
 */
#ifndef VDEV_H
#define VDEV_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "engine/engine.h"
#include "virtio_cryptodev.h"

/** Most requests of one vdev_execute() call. */
#define VDEV_BATCH_MAX 64

/** Sessions that one vdev_execute() call frees of those that other calls ended, at most. */
#define VDEV_RECLAIM_SHARE 4

/** Sessions that one vdev_tidy() call frees at most: 0.1 to 0.3 ms. */
#define VDEV_TIDY_SHARE 16

/**
 * struct vdev_counters - one thread's share of the statistics, on cache lines of its own.
 *
 * Written by the thread only, read by anybody.
 */
struct vdev_counters {
	_Alignas(64) _Atomic(uint64_t) requests;
	_Atomic(uint64_t) status[VCD_S_COUNT];
	_Atomic(uint64_t) crypt;
	_Atomic(uint64_t) bytes;
	_Atomic(uint64_t) batches;
	_Atomic(uint64_t) sessions_created;
};

/**
 * struct vdev_options - what a device is made with.
 * @engine: engine that serves it, opened for at least @threads threads; borrowed
 * @threads: threads that will call vdev_execute()
 * @inline_threads: so many of them, from number 0 on, run under a lock that others wait for. They
 *	leave the sessions that a HELLO ends to others
 * @num_queues: for the config space
 * @max_sessions: sessions at one time; 0: VDEV_DEFAULT_MAX_SESSIONS
 * @max_request: payload bytes per request and direction; 0: VDEV_DEFAULT_MAX_REQUEST
 * @max_segments: descriptors per chain; 0: VDEV_DEFAULT_MAX_SEGMENTS
 * @poll_us: hint for the config space
 * @counters: where to count, one for each thread, so that counts outlive the
 *	device; not NULL only if that memory does. NULL: from 0
 * @serial: counter that session ids are made of. Devices with the same @max_sessions may
 *	share it, also at the same time and from several processes: an id that one of them has
 *	given, none gives again. 0 at first; it outlives the device. NULL: a counter of its own
 */
struct vdev_options {
	struct engine *engine;
	unsigned int threads;
	unsigned int inline_threads;
	uint32_t num_queues;
	uint32_t max_sessions;
	uint32_t max_request;
	uint32_t max_segments;
	uint32_t poll_us;
	struct vdev_counters *counters;
	uint64_t *serial;
};

#define VDEV_DEFAULT_MAX_SESSIONS 16384u
#define VDEV_DEFAULT_MAX_REQUEST (256u * 1024)
#define VDEV_DEFAULT_MAX_SEGMENTS 256u
#define VDEV_MAX_AAD 4096u

struct vdev;

/**
 * struct vdev_request - one descriptor chain, owned by the transport.
 * @in: the readable part, in order
 * @in_count: iovecs in @in
 * @out: the writable part, in order
 * @out_count: iovecs in @out
 * @written: out: used length, bytes written from the start of the writable part
 */
struct vdev_request {
	const struct iovec *in;
	const struct iovec *out;
	unsigned int in_count;
	unsigned int out_count;
	uint32_t written;
};

/**
 * vdev_new - make a device.
 * @options: see there; copied
 * @ret: out: the device; untouched on failure
 *
 * Return: 0, -EINVAL for options out of range, -ENOMEM.
 */
int vdev_new(const struct vdev_options *options, struct vdev **ret);

/** vdev_free - end a device and all its sessions; NULL is fine. Return: NULL. */
struct vdev *vdev_free(struct vdev *device);

/** vdev_config - fill in the config space. */
void vdev_config(const struct vdev *device, struct vcd_config *config);

/** vdev_engine - the engine that serves @device. */
struct engine *vdev_engine(const struct vdev *device);

/**
 * vdev_reset - drop every session.
 *
 * For the transport: the front end went away, or the device was reset. Safe
 * while threads execute: a session in use ends with its last request. The others are freed
 * in here, which may take a third of a second (16,384 sessions of AES-XTS).
 */
void vdev_reset(struct vdev *device);

/**
 * vdev_end_sessions - vdev_reset() without the freeing, for who has no time: 20 ns
 * for each session. Some thread is to call vdev_tidy() then.
 */
void vdev_end_sessions(struct vdev *device);

/**
 * vdev_tidy - free some sessions that have ended, at most VDEV_TIDY_SHARE.
 *
 * From any thread, best from a thread without work, as long as it has none and this returns true.
 *
 * Return: whether some were freed; there may be more.
 */
bool vdev_tidy(struct vdev *device);

/** vdev_is_tidy - whether there is nothing that vdev_tidy() could do, now or later. */
bool vdev_is_tidy(const struct vdev *device);

/**
 * vdev_execute - carry out a batch of requests.
 * @device: device
 * @thread: number of the calling thread
 * @requests: the batch
 * @n: requests in it, at most VDEV_BATCH_MAX
 */
void vdev_execute(struct vdev *device, unsigned int thread, struct vdev_request *const requests[],
		  size_t n);

/**
 * struct vdev_stats - counters since the device was made, or the first one on its counters.
 * @requests: replies given
 * @status: replies by enum vcd_status
 * @crypt: CRYPT and AUTHCRYPT requests among them that succeeded
 * @bytes: data bytes these processed
 * @batches: calls of vdev_execute()
 * @sessions_created: successful SESSION_CREATEs
 * @sessions_live: sessions there now
 */
struct vdev_stats {
	uint64_t requests;
	uint64_t status[VCD_S_COUNT];
	uint64_t crypt;
	uint64_t bytes;
	uint64_t batches;
	uint64_t sessions_created;
	uint64_t sessions_live;
};

/**
 * vdev_rest - wipe what requests have left in the scratch memory of @thread, which is the
 * caller and has nothing to do.
 */
void vdev_rest(struct vdev *device, unsigned int thread);

/** vdev_stats_get - a snapshot; safe while threads execute. */
void vdev_stats_get(const struct vdev *device, struct vdev_stats *stats);

/** Bytes that a request is charged at the least: a block. */
#define VDEV_WORK_LEAST 16u

/** Bytes that a HASH_COPY is charged: about what a half-done hash has. */
#define VDEV_WORK_HASH_COPY 256u

/**
 * struct vdev_usage - what one thread has been charged for, since the device was made.
 * @requests: requests, those that could not be answered among them
 * @bytes: of each request its payload, AAD and keys among it, or what is in proportion to its
 *	work when that is more: %VDEV_WORK_LEAST, %VDEV_WORK_HASH_COPY, the size of a session's info
 * @set_ups: keys that the engine was asked to set up
 *
 * This is for limits, and not a statistic: a request is charged when it is looked at, whatever
 * becomes of it. One that is refused, or whose tag is wrong, costs what one costs that succeeds;
 * one that is larger than the device allows costs as much as the largest that is allowed.
 */
struct vdev_usage {
	uint64_t requests;
	uint64_t bytes;
	uint64_t set_ups;
};

/**
 * vdev_cost - bytes that a request is going to be charged, but for %VDEV_WORK_HASH_COPY and
 * the size of a session's info.
 * @in: its readable part
 * @in_count: iovecs in @in
 */
uint64_t vdev_cost(const struct vdev *device, const struct iovec *in, unsigned int in_count);

/** vdev_usage_get - of @thread, which is the caller. */
void vdev_usage_get(const struct vdev *device, unsigned int thread, struct vdev_usage *usage);

/**
 * struct vdev_session_entry - a session as an operator may see it; nothing of its keys.
 * @id: on the wire
 * @cipher: cipher or AEAD, or NULL
 * @mac: hash or MAC, or NULL
 */
struct vdev_session_entry {
	uint64_t id;
	const struct eng_alg *cipher;
	const struct eng_alg *mac;
};

/**
 * vdev_sessions - list sessions, some at a time; safe while threads execute.
 * @device: device
 * @cursor: 0 at first, then what the last call left there
 * @entries: out
 * @max: room in @entries
 *
 * Sessions that come and go meanwhile may or may not be among them.
 *
 * Return: entries filled in; fewer than @max: that was all.
 */
size_t vdev_sessions(struct vdev *device, uint32_t *cursor, struct vdev_session_entry entries[],
		     size_t max);

/** vdev_status_name - "OK", "STALE", ...; "?" for numbers not in the list. */
const char *vdev_status_name(uint32_t status);

#endif /* VDEV_H */
