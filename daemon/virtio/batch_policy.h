/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * batch_policy.h - how large a batch may be (decisions 67 and 70).
 */
#ifndef VCD_DAEMON_VIRTIO_BATCH_POLICY_H
#define VCD_DAEMON_VIRTIO_BATCH_POLICY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/param.h>

/**
 * Descriptor bytes, both directions together, after which a batch is complete if it has enough
 * requests to fill an engine's lanes. The driver gets its replies, and refills the ring, while the
 * rest is worked on.
 */
#define BATCH_BYTES (64u * 1024)

/**
 * Bytes after which a batch is complete in any case, so that the lock is not held for long: as
 * many as take BATCH_NS, judged by the batch before, between these bounds. Large requests fill the
 * lanes of a fast engine, and a slow engine gets few.
 */
#define BATCH_BYTES_LOW (256u * 1024)
#define BATCH_BYTES_HIGH (4u * 1024 * 1024)
#define BATCH_NS 250000u

/**
 * Requests that a batch may have in any case, and as many as an engine has lanes; beyond that it
 * has half of what the driver has outstanding.
 */
#define BATCH_REQUESTS 8u

/**
 * struct batch_policy - what is known of a queue.
 * @max_bytes: of the next batch; 0: not known yet
 * @outstanding: requests outstanding when the last batch was published; an upper bound, because
 *	the driver may already have resubmitted some
 */
struct batch_policy {
	uint64_t max_bytes;
	unsigned int outstanding;
};

/**
 * batch_policy_requests - how many of @pending requests a batch may have.
 *
 * With all that the driver has sent in one batch, the driver would only wait for it, and the device
 * then for the driver, in turn.
 */
static inline unsigned int batch_policy_requests(const struct batch_policy *policy,
						 unsigned int pending, unsigned int lanes)
{
	unsigned int half = MAX(policy->outstanding, pending) / 2;

	return MIN(pending, MAX(half, MAX(lanes, BATCH_REQUESTS)));
}

/** batch_policy_full - whether a batch of @n requests and @bytes is complete. */
static inline bool batch_policy_full(const struct batch_policy *policy, unsigned int n,
				     uint64_t bytes, unsigned int lanes)
{
	return bytes >= (n < lanes ? MAX(policy->max_bytes, BATCH_BYTES_LOW) : BATCH_BYTES);
}

/** batch_policy_took - a batch of @bytes took @ns. */
static inline void batch_policy_took(struct batch_policy *policy, uint64_t bytes, uint64_t ns)
{
	uint64_t max = bytes * BATCH_NS / MAX(ns, 1u);

	policy->max_bytes = MIN(MAX(max, BATCH_BYTES_LOW), BATCH_BYTES_HIGH);
}

#endif /* VCD_DAEMON_VIRTIO_BATCH_POLICY_H */
