/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host.h - the parts of cryptodev-evil-host.
 */
#ifndef TESTS_VM_EVIL_HOST_H
#define TESTS_VM_EVIL_HOST_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/virtio/chain.h"
#include "daemon/virtio/memory.h"
#include "daemon/vhost_user/message.h"
#include "device/device.h"
#include "cryptodev.h"
#include "evil.h"

/* All that a config space can make a driver ask for. */
#define EVIL_QUEUES (VCD_MAX_QUEUES + 16)
#define EVIL_HELD 1024
#define EVIL_SESSIONS 4096
#define EVIL_SEGMENTS 600

/**
 * struct evil_queue - one virtqueue, as the front end placed it.
 * @num: entries
 * @desc, @avail, @used: the rings, in our address space; NULL: not placed
 * @last_avail: next entry of the available ring
 * @used_idx: next entry of the used ring
 * @kick_fd, @call_fd: -1: none
 * @event_idx: VIRTIO_RING_F_EVENT_IDX was accepted
 * @deaf: kicks are not asked for
 * @spoilt: the driver was told nonsense: what it has in the ring need not be in order
 * @cursor: for translation
 */
struct evil_queue {
	uint32_t num;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t last_avail, used_idx;
	int kick_fd, call_fd;
	bool event_idx, deaf, spoilt;
	struct memory_cursor cursor;
};

/**
 * struct evil_held - an answer that is kept back.
 * @queue: its queue
 * @generation: of the rings it belongs to
 * @head: chain
 * @written: used length
 * @due: when it is given, in ms; UINT64_MAX: when released
 */
struct evil_held {
	struct evil_queue *queue;
	uint64_t generation, due;
	uint32_t head, written;
};

/** struct evil_session - an order that goes with a device session. */
struct evil_session {
	uint64_t id;
	struct evil_order order;
	uint32_t requests;
};

/**
 * struct evil_host - all of it.
 * @device: the honest device
 * @memory: guest memory
 * @queues: virtqueues
 * @generation: counts times that the front end set memory up
 * @held, @held_count: answers kept back
 * @sessions, @session_count: orders
 * @config: which config space is shown; -1: the true one
 * @next_config, @next_hello: for the next probe; -1: nothing special
 * @next_list: how KEY_LIST is answered; -1: honestly
 * @wrong_queue: a request for the key service came on another queue
 * @socket, @backend_socket: connection to the front end, -1: none
 */
struct evil_host {
	struct vdev *device;
	struct memory memory;
	struct evil_queue queues[EVIL_QUEUES];
	uint64_t generation;
	struct evil_held held[EVIL_HELD];
	unsigned int held_count;
	struct evil_session sessions[EVIL_SESSIONS];
	unsigned int session_count;
	int config, next_config, next_hello, next_list;
	bool wrong_queue;
	int socket, backend_socket;
};

/* ---- rings.c -------------------------------------------------------------------------- */

/** evil_ring_locate - find the rings at the front end's addresses. Return: 0 or -EFAULT. */
int evil_ring_locate(struct evil_host *host, struct evil_queue *queue,
		     const struct vu_vring_addr *a);

/** evil_ring_push - a used entry, published, with a signal. */
void evil_ring_push(struct evil_queue *queue, uint32_t id, uint32_t len);

/** evil_ring_signal - interrupt the driver. */
void evil_ring_signal(struct evil_queue *queue);

/** evil_ring_serve - take all chains there are and answer them. */
void evil_ring_serve(struct evil_host *host, struct evil_queue *queue);

/* ---- orders.c ------------------------------------------------------------------------- */

/** evil_config - the config space that is shown now. */
void evil_config(const struct evil_host *host, struct vcd_config *config);

/** evil_answer - execute a request, in the way that was ordered. */
void evil_answer(struct evil_host *host, struct evil_queue *queue, uint16_t head,
		 struct vdev_request *request);

/** evil_gather - copy @len bytes from @skip on out of a request. Return: how many there were. */
size_t evil_gather(const struct iovec *iov, unsigned int count, size_t skip, void *to, size_t len);

/** evil_scatter - put bytes at the start of a request's writable part. */
void evil_scatter(const struct vdev_request *r, const void *from, size_t len);

/** evil_give - give the answers that are due by @now, in ms; UINT64_MAX: all. */
void evil_give(struct evil_host *host, uint64_t now);

/** evil_now - milliseconds of a steady clock. */
uint64_t evil_now(void);

/** evil_hang_up - close the connection to the front end. */
void evil_hang_up(struct evil_host *host);

/** evil_config_message - tell the front end that the config space has changed. */
void evil_config_message(struct evil_host *host);

/* ---- keyhost.c ------------------------------------------------------------------------ */

/** evil_key_execute - execute a request for the key service. Return: false: it is none. */
bool evil_key_execute(struct evil_host *host, struct evil_queue *queue, struct vdev_request *r);

/** evil_key_parse - the order that is a request's payload. Return: false: it is none. */
bool evil_key_parse(const struct vdev_request *r, struct evil_order *order);

/** evil_key_order - execute an order about keys that takes effect at once. */
void evil_key_order(struct evil_host *host, const struct evil_order *order);

/** evil_key_lose - forget all sessions of keys by name. */
void evil_key_lose(void);

#endif
