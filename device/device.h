/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device.h - the device without its transport: request bytes in, reply bytes out.
 *
 * Theory of operation
 * -------------------
 * A transport (daemon/, qemu/, the tests) takes descriptor chains off its rings, translates them to
 * iovecs in its own address space, and passes a batch of them to vdev_execute(). When that
 * returns, every request is complete: its reply is in the writable iovecs, and .written is the used
 * length to publish. There are no sockets, rings, files or threads in here.
 *
 * The iovecs point into memory that a hostile guest changes at will. request.c copies the header
 * once into private memory, checks it against the total lengths, and from then on uses the copy
 * only. The engine reads data straight from guest memory where that is contiguous, or segment by
 * segment, else from the thread's scratch memory. Input that is authenticated is always read once,
 * into scratch memory. No decision depends on data bytes that are read twice. A request has output
 * only with VCD_S_OK: if a segment fails, the output of the segments before it is wiped.
 *
 * Threads belong to the transport and are numbered from 0. Several may call vdev_execute() at once.
 * They share the session table only (session_table.h has its rules).
 *
 * Ended sessions: freeing a session takes longer than most requests, and a HELLO ends all of them.
 * A batch frees the sessions that it ended and a few others (VDEV_RECLAIM_SHARE). Idle threads
 * free the rest: the transport calls vdev_tidy() before a thread sleeps.
 *
 * No content of a request makes these functions fail: they return void, and the guest gets a
 * status.
 */
#ifndef VDEV_H
#define VDEV_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "device/key_service.h"
#include "engine/engine.h"
#include "virtio_cryptodev.h"

/** Most requests of one vdev_execute() call. */
#define VDEV_BATCH_MAX 64

/** The most sessions ended by other calls that one vdev_execute() call frees. */
#define VDEV_RECLAIM_SHARE 4

/** The most sessions that one vdev_tidy() call frees: 0.1 to 0.3 ms. */
#define VDEV_TIDY_SHARE 16

/**
 * struct vdev_counters - one thread's share of the statistics, on cache lines of its own.
 *
 * Only the thread writes it; any thread may read it.
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
 * @inline_threads: the first threads, up to this number, run under a lock that others wait for.
 *	They do not free the sessions that a HELLO ends
 * @num_queues: for the config space: queues that are not slow
 * @slow_queues: slow queues behind them, for requests that wait for @keys. The last so many of
 *	@threads serve them, one each. Not 0 with @keys, otherwise 0
 * @keys: key service, borrowed, or NULL
 * @max_sessions: sessions at one time; 0: VDEV_DEFAULT_MAX_SESSIONS
 * @max_request: payload bytes per request and direction; 0: VDEV_DEFAULT_MAX_REQUEST
 * @max_segments: descriptors per chain; 0: VDEV_DEFAULT_MAX_SEGMENTS
 * @poll_us: hint for the config space
 * @counters: one for each thread, borrowed: the counts outlive the device. NULL: the device has
 *	its own, which start at 0
 * @serial: borrowed counter that session ids are made from, 0 at first. Devices with the same
 *	@max_sessions may share it at the same time and from several processes; no id is given
 *	twice. NULL: a counter of its own
 */
struct vdev_options {
	struct engine *engine;
	unsigned int threads;
	unsigned int inline_threads;
	uint32_t num_queues;
	uint32_t slow_queues;
	const struct vdev_key_service *keys;
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
 * @in: the readable part
 * @out: the writable part
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

/** vdev_free - end a device and all its sessions; NULL is allowed. Return: NULL. */
struct vdev *vdev_free(struct vdev *device);

/** vdev_config - fill in the config space. */
void vdev_config(const struct vdev *device, struct vcd_config *config);

/** vdev_features - the device feature bits that it offers. */
uint64_t vdev_features(const struct vdev *device);

/** vdev_engine - the engine that serves @device. */
struct engine *vdev_engine(const struct vdev *device);

/**
 * vdev_reset - drop every session.
 *
 * For the transport, when the front end has disconnected or the device was reset. Safe while
 * threads execute: a session in use ends with its last request. This call frees the others, which
 * may take a third of a second (16,384 sessions of AES-XTS).
 */
void vdev_reset(struct vdev *device);

/**
 * vdev_end_sessions - vdev_reset() without the freeing, for callers that must not wait: 20 ns for
 * each session. Some thread has to call vdev_tidy() later.
 */
void vdev_end_sessions(struct vdev *device);

/**
 * vdev_tidy - free some sessions that have ended, at most VDEV_TIDY_SHARE.
 *
 * Any thread may call it. An idle thread calls it until it has work or this returns false.
 *
 * Return: whether some were freed; there may be more.
 */
bool vdev_tidy(struct vdev *device);

/** vdev_is_tidy - whether no ended session is left for vdev_tidy(). */
bool vdev_is_tidy(const struct vdev *device);

/**
 * vdev_execute - carry out a batch of requests.
 * @thread: number of the calling thread
 * @n: number of requests, at most VDEV_BATCH_MAX
 */
void vdev_execute(struct vdev *device, unsigned int thread, struct vdev_request *const requests[],
		  size_t n);

/**
 * vdev_set_token - before vdev_execute() of a slow queue's batch: give its requests tokens.
 * @first: the token of the first request; those that follow have the numbers that follow. A batch
 *	that is executed again after a death of the process has the same; 0: none
 *
 * A thread that serves no slow queue may call it, too: that changes nothing.
 */
void vdev_set_token(struct vdev *device, unsigned int thread, uint64_t first);

/**
 * struct vdev_stats - counts since the device was made, or since the first device on its counters.
 * @requests: replies written
 * @status: replies by enum vcd_status
 * @crypt: CRYPT and AUTHCRYPT requests among them that succeeded
 * @bytes: data bytes that these processed
 * @batches: calls of vdev_execute()
 * @sessions_created: successful SESSION_CREATEs
 * @sessions_live: sessions that exist now
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
 * vdev_rest - wipe what requests have left in the scratch memory of @thread. Only that thread may
 * call it, when it is idle.
 */
void vdev_rest(struct vdev *device, unsigned int thread);

/** vdev_stats_get - a snapshot; safe while threads execute. */
void vdev_stats_get(const struct vdev *device, struct vdev_stats *stats);

/** The fewest bytes that a request is charged: a block. */
#define VDEV_WORK_LEAST 16u

/** Bytes that a HASH_COPY is charged: about the size of a half-done hash. */
#define VDEV_WORK_HASH_COPY 256u

/** Bytes that a request to the key service is charged. */
#define VDEV_WORK_KEY 4096u

/**
 * struct vdev_usage - what one thread has been charged since the device was made.
 * @requests: requests, including those that could not be answered
 * @bytes: the payload of each request, with AAD and keys; or the measure of its work, when that is
 *	more: %VDEV_WORK_LEAST, %VDEV_WORK_HASH_COPY, the size of a session's info; and
 *	%VDEV_WORK_KEY for what is asked of the key service
 * @set_ups: keys that the engine or the key service was asked to set up
 *
 * This is for limits and not a statistic: a request is charged when it is first looked at. A
 * request that is refused, or whose tag is wrong, costs as much as one that succeeds. A request
 * that is larger than the device allows costs as much as the largest allowed one.
 */
struct vdev_usage {
	uint64_t requests;
	uint64_t bytes;
	uint64_t set_ups;
};

/**
 * vdev_cost - bytes that a request will be charged, without %VDEV_WORK_HASH_COPY, %VDEV_WORK_KEY and
 * the size of a session's info.
 * @in: its readable part
 */
uint64_t vdev_cost(const struct vdev *device, const struct iovec *in, unsigned int in_count);

/** vdev_usage_get - what @thread, the caller, has been charged. */
void vdev_usage_get(const struct vdev *device, unsigned int thread, struct vdev_usage *usage);

/**
 * vdev_hurry_keys - have requests that wait for the key service end soon: key_service.h, @hurry.
 *
 * Without a key service it does nothing. Any thread may call it.
 */
void vdev_hurry_keys(struct vdev *device, bool on);

/**
 * struct vdev_session_entry - a session as an operator may see it, without its keys.
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
 * @cursor: 0 at first, then what the last call left there
 * @max: room in @entries
 *
 * Sessions that are made or end meanwhile may or may not be listed.
 *
 * Return: entries filled in; fewer than @max at the end of the list.
 */
size_t vdev_sessions(struct vdev *device, uint32_t *cursor, struct vdev_session_entry entries[],
		     size_t max);

/** vdev_status_name - "OK", "STALE", ...; "?" for numbers not in the list. */
const char *vdev_status_name(uint32_t status);

#endif /* VDEV_H */
