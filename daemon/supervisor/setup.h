/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * setup.h - what a front end has set up, as the messages that set it up again.
 *
 * Theory of operation
 * -------------------
 * The supervisor does not understand the device. Of each message that the worker
 * has carried out it keeps what a new worker needs to get into the same state:
 * the last value of each setting, with its descriptor. Where a queue is in its
 * ring is not among it: that moves without messages, and stands in the ledger.
 *
 * Guest memory is kept as a list of regions, with the descriptors, and given to
 * a new worker in the way the front end negotiated: region by region, or as a
 * table.
 *
 * A front end may give up a protocol feature that it has used. So the replay first enables every
 * protocol feature that was ever accepted, then applies the settings, and finally restores the
 * current features.
 *
 * Invariants
 * - Only messages that the worker accepted are kept: the code that will see them again has checked
 *   them. What this file relies on is checked here as well, because the worker may have been taken
 *   over.
 * - Each descriptor in it is owned by it.
 */
#ifndef VCD_DAEMON_SUPERVISOR_SETUP_H
#define VCD_DAEMON_SUPERVISOR_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/vhost_user/message.h"
#include "virtio_cryptodev.h"

/**
 * struct setup_region - a region of guest memory.
 * @fd: its file, owned
 */
struct setup_region {
	struct vu_region region;
	int fd;
};

/**
 * struct setup_fd - a descriptor of a queue.
 * @set: the front end has set it
 * @fd: -1: it was set to none
 */
struct setup_fd {
	bool set;
	int fd;
};

/**
 * struct setup_log - the log of dirty pages.
 * @fd: its file, owned; -1: none
 */
struct setup_log {
	struct vu_log log;
	int fd;
};

/**
 * struct setup_queue - a queue.
 * @num: entries, 0: not set
 * @placed: @addr was set
 * @enable: 1 or 0, -1: not set
 */
struct setup_queue {
	uint32_t num;
	bool placed;
	struct vu_vring_addr addr;
	int enable;
	struct setup_fd kick;
	struct setup_fd call;
	struct setup_fd err;
};

/**
 * struct setup - what a front end has set up.
 * @has_features: @features, of virtio, were set
 * @has_protocol_features: @protocol_features were set
 * @ever: all protocol features that were accepted at some time
 * @status: device status, 0: not set
 * @queues: number of the device's queues
 * @backend_fd: channel for the backend's requests, or -1; no worker is told of it
 */
struct setup {
	bool has_features;
	bool has_protocol_features;
	uint64_t features;
	uint64_t protocol_features;
	uint64_t ever;
	uint64_t status;
	unsigned int queues;
	int backend_fd;
	struct setup_log log;
	unsigned int region_count;
	struct setup_region region[VU_MAX_REGIONS];
	struct setup_queue queue[VCD_MAX_QUEUES];
};

/** setup_init - empty; for a device with @queues queues, at most VCD_MAX_QUEUES. */
void setup_init(struct setup *setup, unsigned int queues);

/** setup_clear - forget everything and close all descriptors. */
void setup_clear(struct setup *setup);

/**
 * setup_apply - note a message that the worker has carried out.
 * @setup: setup
 * @message: the message; descriptors that are kept are taken out of it
 * @refused: the worker could not do what it asks for
 *
 * A refused message may have changed a setting nevertheless (a queue that is enabled before its
 * memory is there), except for messages about regions.
 *
 * Return: 0, or -EPROTO when no honest worker can have accepted the message.
 */
int setup_apply(struct setup *setup, struct vu_message *message, bool refused);

/**
 * setup_next - the next of the messages that set it all up again.
 * @setup: setup
 * @cursor: 0 at first; where to go on
 * @message: out: the message; its descriptors stay the setup's
 *
 * Return: whether there was one.
 */
bool setup_next(const struct setup *setup, unsigned int *cursor, struct vu_message *message);

/**
 * setup_report_broken - tell the front end that its queues are not served.
 *
 * On their error descriptors. Does not block, whatever these are.
 */
void setup_report_broken(const struct setup *setup);

#endif /* VCD_DAEMON_SUPERVISOR_SETUP_H */
