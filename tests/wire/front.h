/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * front.h - a scripted vhost-user front end.
 *
 * Theory of operation
 * -------------------
 * It does what QEMU or user-mode Linux and the driver in the guest do together,
 * at native speed: it shares a memfd as guest memory with the device, keeps the
 * driver's side of split rings in it, and sends requests. It drives a daemon
 * over a socket; it neither knows nor shares any state of it. Tests, benchmark
 * and fuzzers are built on it.
 *
 * Layers, each usable without the one below it in this list:
 *
 *     messages   front_send(), front_receive(), front_call(): any bytes at all
 *     sequences  front_start(), front_stop(): as a front end of a given style
 *     memory     front_alloc(), front_gpa()
 *     rings      front_queue_*(): put chains in, take used ones out
 *     requests   device requests on top (requests.h)
 *
 * To misbehave, write to the members of struct front_queue (desc, avail, used)
 * or send raw messages; nothing in here gets in the way.
 *
 * Functions return 0 or a negative errno unless said otherwise. Nothing waits
 * longer than FRONT_TIMEOUT_MS. A front end is not thread-safe, but its queues
 * may be used by one thread each.
 */
#ifndef TESTS_WIRE_FRONT_H
#define TESTS_WIRE_FRONT_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/vhost_user/message.h"
#include "virtio_cryptodev.h"

/** Generous: sanitizers and a loaded machine are slow. */
#define FRONT_TIMEOUT_MS 60000

#define FRONT_MAX_QUEUES VCD_MAX_QUEUES
#define FRONT_MAX_REGIONS 2

/**
 * enum front_style - whose order of messages.
 * @FRONT_QEMU: QEMU 11.1 with vhost-user-test-device-pci
 * @FRONT_UML: User-mode Linux 6.1 with virtio_uml
 * @FRONT_BARE: no protocol features at all: queues need no ENABLE
 */
enum front_style {
	FRONT_QEMU,
	FRONT_UML,
	FRONT_BARE,
};

/**
 * struct front_options - what a front end is like. All zero is a good default.
 * @style: order of messages
 * @queues: queues to use; 0: 1
 * @queue_size: entries of each; 0: 256
 * @memory: bytes of guest memory; 0: 16 MiB
 * @regions: regions it is shared in, 1 or 2; 0: 1
 * @adjacent: with two regions: no gap between them in guest-physical space
 * @no_event_idx: do not accept VIRTIO_RING_F_EVENT_IDX
 * @no_indirect: do not accept VIRTIO_RING_F_INDIRECT_DESC
 */
struct front_options {
	enum front_style style;
	unsigned int queues;
	unsigned int queue_size;
	size_t memory;
	unsigned int regions;
	bool adjacent;
	bool no_event_idx;
	bool no_indirect;
};

/**
 * struct front_region - a piece of guest memory.
 * @gpa: guest-physical address
 * @size: bytes
 * @offset: in the memfd
 */
struct front_region {
	uint64_t gpa;
	uint64_t size;
	uint64_t offset;
};

struct front;

/**
 * struct front_queue - driver's side of a queue.
 * @front: front end
 * @index: number
 * @num: entries
 * @desc: descriptor table, in guest memory
 * @avail: available ring
 * @used: used ring
 * @kick_fd: eventfd to signal the device
 * @call_fd: where the device's signal can be read
 * @call_device: descriptor the device gets for it
 * @err_fd: signalled when the ring is broken
 * @free: stack of free descriptors
 * @free_count: and how many there are
 * @chain: descriptors of the chain with that head
 * @token: caller's pointer of the chain with that head
 * @tables: indirect tables, one of FRONT_TABLE entries per descriptor, or NULL
 * @avail_idx: next entry of the available ring, not yet published beyond @published
 * @published: available index that the device can see
 * @last_used: next entry of the used ring
 * @started: it is set up in the device
 * @kicks: signals sent
 * @calls: signals received
 */
struct front_queue {
	struct front *front;
	unsigned int index;
	unsigned int num;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	int kick_fd;
	int call_fd;
	int call_device;
	int err_fd;
	uint16_t *free;
	unsigned int free_count;
	uint16_t *chain;
	void **token;
	struct vring_desc *tables;
	uint16_t avail_idx;
	uint16_t published;
	uint16_t last_used;
	bool started;
	uint64_t kicks;
	uint64_t calls;
};

/** Entries of the indirect tables made for each descriptor. */
#define FRONT_TABLE 40

/**
 * struct front - a front end.
 * @options: what it was made with, defaults filled in
 * @socket: connection to the daemon
 * @features: virtio features accepted
 * @protocol_features: protocol features accepted
 * @device_queues: queues the device has
 * @config: the device's config space, read by front_start()
 * @memfd: guest memory
 * @memory: all of it, mapped
 * @region: how it is shared
 * @allocated: bytes of it given out
 * @memory_shared: the device has it
 * @backend_socket: our end of the backend's request channel
 * @queue: queues
 */
struct front {
	struct front_options options;
	int socket;
	uint64_t features;
	uint64_t protocol_features;
	uint64_t device_queues;
	struct vcd_config config;
	int memfd;
	uint8_t *memory;
	struct front_region region[FRONT_MAX_REGIONS];
	size_t allocated;
	bool memory_shared;
	int backend_socket;
	struct front_queue queue[FRONT_MAX_QUEUES];
};

/* ---- life ----------------------------------------------------------------------------- */

/**
 * front_new - make a front end on a connected socket.
 * @options: NULL for defaults
 * @socket: taken over, on failure too
 * @ret: out
 *
 * Nothing is sent yet.
 */
int front_new(const struct front_options *options, int socket, struct front **ret);

/** front_connect - connect to the daemon at @path, waiting for it to be there. */
int front_connect(const struct front_options *options, const char *path, struct front **ret);

/** front_free - close everything, telling nobody; NULL is fine. Return: NULL. */
struct front *front_free(struct front *front);

/* ---- sequences (sequence.c) ----------------------------------------------------------- */

/** front_negotiate - what happens before there is a driver: features, config space. */
int front_negotiate(struct front *front);

/** front_start - what a driver's DRIVER_OK causes; front_negotiate() first if not done. */
int front_start(struct front *front);

/** front_stop - what the driver's removal causes. front_start() may come again. */
int front_stop(struct front *front);

/** front_share_memory - tell the device of the guest memory, as the style does. */
int front_share_memory(struct front *front);

/** front_start_queue - set up one queue, ring indices at 0; not enabled yet. */
int front_start_queue(struct front_queue *queue);

/** front_enable_queue - SET_VRING_ENABLE. */
int front_enable_queue(struct front_queue *queue, bool enable);

/**
 * front_set_channel - SET_BACKEND_REQ_FD: a new channel for the backend's own requests.
 *
 * As QEMU a socket, as User-mode Linux a pipe. Return: 0 or a negative errno.
 */
int front_set_channel(struct front *front);

/** front_restart - stop and start: what gets a broken queue to work again. */
int front_restart(struct front *front);

/* ---- messages ------------------------------------------------------------------------- */

/**
 * front_send - send a message.
 * @front: front end
 * @request: enum vu_request, or any number
 * @flags: beside the version: VU_NEED_REPLY, or what you like
 * @payload: payload
 * @size: its bytes
 * @fds: descriptors to pass
 * @fd_count: how many
 */
int front_send(struct front *front, uint32_t request, uint32_t flags, const void *payload,
	       uint32_t size, const int *fds, unsigned int fd_count);

/**
 * front_receive - wait for a message from the device.
 *
 * Return: 0, -ETIMEDOUT, -ECONNRESET when the device closed the connection,
 * -EPROTO when it is not a reply.
 */
int front_receive(struct front *front, struct vu_message *message);

/**
 * front_call - send a request without descriptors and wait for its answer.
 * @front: front end
 * @request: enum vu_request
 * @payload: in
 * @size: bytes at @payload
 * @reply: out
 */
int front_call(struct front *front, uint32_t request, const void *payload, uint32_t size,
	       struct vu_message *reply);

/** front_get_u64 - a GET request whose answer is a number. */
int front_get_u64(struct front *front, uint32_t request, uint64_t *value);

/**
 * front_set - a SET request; with REPLY_ACK waits for the acknowledgement.
 *
 * Return: 0, -EREMOTEIO when the device refused, or as front_receive().
 */
int front_set(struct front *front, uint32_t request, const void *payload, uint32_t size, int fd);

/** front_set_u64 - front_set() with a number and no descriptor. */
int front_set_u64(struct front *front, uint32_t request, uint64_t value);

/** front_set_state - front_set() with a queue's index and a number. */
int front_set_state(struct front *front, uint32_t request, uint32_t index, uint32_t num);

/** front_read_config - GET_CONFIG of @size bytes at @offset. */
int front_read_config(struct front *front, uint32_t offset, uint32_t size, void *data);

/**
 * front_wait_closed - wait until the device closes the connection.
 *
 * Return: 0 when it did, -ETIMEDOUT; messages received meanwhile are dropped.
 */
int front_wait_closed(struct front *front);

/* ---- memory --------------------------------------------------------------------------- */

/**
 * front_alloc - guest memory, zeroed, aligned to 64 bytes.
 *
 * Return: pointer, or NULL when there is no more. It is never given back.
 */
void *front_alloc(struct front *front, size_t size);

/** front_gpa - guest-physical address of a pointer into guest memory. */
uint64_t front_gpa(const struct front *front, const void *p);

/** front_region_at - pointer to the first byte of region @i. */
void *front_region_at(const struct front *front, unsigned int i);

/* ---- rings (rings.c) ------------------------------------------------------------------ */

/**
 * struct front_buf - a buffer of a chain.
 * @gpa: guest-physical address
 * @len: bytes
 */
struct front_buf {
	uint64_t gpa;
	uint32_t len;
};

/** front_queue_init - allocate rings and descriptors of a queue. */
int front_queue_init(struct front *front, unsigned int index);

/** front_queue_destroy - close and free what it has. */
void front_queue_destroy(struct front_queue *queue);

/** front_queue_clear - rings as after a device reset; nothing is outstanding. */
void front_queue_clear(struct front_queue *queue);

/**
 * front_queue_add - put a chain into the ring, without telling the device.
 * @queue: queue
 * @bufs: buffers, first the readable ones
 * @in: how many are readable
 * @out: how many writable
 * @token: returned by front_queue_reap(), not NULL
 *
 * Uses an indirect table when that is negotiated and there are several buffers.
 *
 * Return: 0 or -ENOSPC when no descriptors are free.
 */
int front_queue_add(struct front_queue *queue, const struct front_buf *bufs, unsigned int in,
		    unsigned int out, void *token);

/** front_queue_push - put a head into the available ring as it is, valid or not. */
void front_queue_push(struct front_queue *queue, uint16_t head);

/** front_queue_kick - publish what was added, signal the device if it wants that. */
void front_queue_kick(struct front_queue *queue);

/** front_queue_signal - signal the device, whether it wants that or not. */
void front_queue_signal(struct front_queue *queue);

/**
 * front_queue_reap - take a chain that the device is done with.
 * @queue: queue
 * @token: out
 * @len: out: used length
 *
 * Return: 1, 0 when there is none, -EPROTO when the device named a wrong one.
 */
int front_queue_reap(struct front_queue *queue, void **token, uint32_t *len);

/** front_queue_quiet - ask for no signals. */
void front_queue_quiet(struct front_queue *queue);

/**
 * front_queue_arm - ask for a signal when @after more chains are done.
 *
 * Return: whether one is done already.
 */
bool front_queue_arm(struct front_queue *queue, unsigned int after);

/**
 * front_queue_wait - sleep until a chain is done.
 *
 * Return: 0, -ETIMEDOUT after FRONT_TIMEOUT_MS: the device lost it, or did not
 * signal.
 */
int front_queue_wait(struct front_queue *queue);

/** front_queue_wait_broken - wait until the device reports that the ring is broken. */
int front_queue_wait_broken(struct front_queue *queue);

#endif /* TESTS_WIRE_FRONT_H */
