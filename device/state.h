/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - the device and its threads.
 *
 * Theory of operation
 * -------------------
 * vdev_execute() takes requests through three stages:
 *
 *   parse      request.c: framing, header, checks. HELLO and the session operations are carried
 *              out and answered at once; so are TLS records and SRTP packets (record.c)
 *   prepare    crypt.c checks CRYPT and AUTHCRYPT against the session, batch.c makes them jobs
 *   flush      batch.c: the engine runs the jobs, then output and replies are written
 *   keys       on slow queues, key_batch.c: what needs the key service (key_service.h) is passed to
 *              it, and answered when it is done
 *
 * All of it but the last stage is one section of the session table (session_table.h): a session that was found stays
 * until the section ends.
 *
 * Invariants
 * - A header is read once; all decisions are taken from the copy.
 * - Every length in a struct vdev_op was checked against the chain's totals.
 * - A request gets exactly one reply, through vdev_reply(), or none when its writable part cannot
 *   hold one.
 * - A request is charged before anything else of it is looked at (parse() of request.c), so every
 *   kind of request is charged, however it ends.
 */
#ifndef VDEV_STATE_H
#define VDEV_STATE_H

#include "device/batch.h"
#include "device/device.h"
#include "device/key_batch.h"
#include "device/session_table.h"

/**
 * struct vdev_thread - what belongs to one thread.
 * @usage: what was charged; read by the thread itself only
 * @ended: sessions that its requests have ended and that it has not freed, or others for it
 * @position: in the batch, of the request that is being parsed
 * @keys: requests for the key service; NULL: the thread serves no slow queue
 */
struct vdev_thread {
	struct vdev_batch batch;
	struct vdev_usage usage;
	size_t ended;
	size_t position;
	struct vdev_key_batch *keys;
};

/**
 * struct vdev - the device.
 * @options: as given, defaults filled in
 * @counters: the threads' counters, when the options named none; owned
 */
struct vdev {
	struct vdev_options options;
	struct vcd_config config;
	struct vdev_session_table table;
	struct vdev_thread *threads;
	struct vdev_counters *counters;
};

/**
 * vdev_new_at - vdev_new() with given values in place of random ones, for tests.
 * @seed: first serial of the session ids, unless the options have a counter that is not 0; not 0
 * @epoch: for the config space
 */
int vdev_new_at(const struct vdev_options *options, uint64_t seed, uint32_t epoch,
		struct vdev **ret);

/** vdev_thread_section_end - end @thread's section; free what it ended, and a few more. */
void vdev_thread_section_end(struct vdev *device, struct vdev_thread *thread);

/** vdev_charge_of - bytes that a request with @readable bytes is charged, see vdev_cost(). */
static inline uint64_t vdev_charge_of(const struct vdev *device, uint64_t readable)
{
	uint64_t max = device->options.max_request + VDEV_MAX_AAD;
	uint64_t payload =
	    readable > sizeof(struct vcd_req) ? readable - sizeof(struct vcd_req) : 0;

	if (payload > max)
		return max;
	return payload > VDEV_WORK_LEAST ? payload : VDEV_WORK_LEAST;
}

#endif /* VDEV_STATE_H */
