/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.h - the vhost-user protocol on the wire: numbers, structures, framing.
 *
 * Source: QEMU's docs/interop/vhost-user.rst. All fields are in host byte order.
 */
#ifndef VCD_DAEMON_VHOST_USER_MESSAGE_H
#define VCD_DAEMON_VHOST_USER_MESSAGE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Requests of the front end. */
enum vu_request {
	VU_GET_FEATURES = 1,
	VU_SET_FEATURES = 2,
	VU_SET_OWNER = 3,
	VU_RESET_OWNER = 4,
	VU_SET_MEM_TABLE = 5,
	VU_SET_LOG_BASE = 6,
	VU_SET_LOG_FD = 7,
	VU_SET_VRING_NUM = 8,
	VU_SET_VRING_ADDR = 9,
	VU_SET_VRING_BASE = 10,
	VU_GET_VRING_BASE = 11,
	VU_SET_VRING_KICK = 12,
	VU_SET_VRING_CALL = 13,
	VU_SET_VRING_ERR = 14,
	VU_GET_PROTOCOL_FEATURES = 15,
	VU_SET_PROTOCOL_FEATURES = 16,
	VU_GET_QUEUE_NUM = 17,
	VU_SET_VRING_ENABLE = 18,
	VU_SET_BACKEND_REQ_FD = 21,
	VU_GET_CONFIG = 24,
	VU_SET_CONFIG = 25,
	VU_RESET_DEVICE = 34,
	VU_GET_MAX_MEM_SLOTS = 36,
	VU_ADD_MEM_REG = 37,
	VU_REM_MEM_REG = 38,
	VU_SET_STATUS = 39,
	VU_GET_STATUS = 40,
	VU_REQUEST_COUNT
};

/* Bit of the virtio features that says: there are protocol features. */
#define VU_F_PROTOCOL_FEATURES 30

/* Bit of the virtio features that says: note what is written to guest memory (VHOST_F_LOG_ALL). */
#define VU_F_LOG_ALL 26

/* Protocol features, bit numbers. */
enum vu_protocol_feature {
	VU_PROTOCOL_F_MQ = 0,
	VU_PROTOCOL_F_LOG_SHMFD = 1,
	VU_PROTOCOL_F_REPLY_ACK = 3,
	VU_PROTOCOL_F_BACKEND_REQ = 5,
	VU_PROTOCOL_F_CONFIG = 9,
	VU_PROTOCOL_F_RESET_DEVICE = 13,
	VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS = 15,
	VU_PROTOCOL_F_STATUS = 16,
};

/* Header flags. */
#define VU_VERSION_MASK 0x3u
#define VU_VERSION 0x1u
#define VU_REPLY 0x4u
#define VU_NEED_REPLY 0x8u

/* SET_VRING_KICK, CALL and ERR: the queue's index, and whether no descriptor comes along. */
#define VU_VRING_INDEX_MASK 0xffu
#define VU_VRING_NO_FD 0x100u

/* Most regions of SET_MEM_TABLE; also the most descriptors of any message. */
#define VU_MAX_FDS 8

/** Most regions of guest memory; QEMU's own limit with CONFIGURE_MEM_SLOTS. */
#define VU_MAX_REGIONS 512

/* Most bytes of config space that one message carries. */
#define VU_MAX_CONFIG 256

/* Flags of struct vu_vring_addr: writes to the used ring are noted as if it lay at log_guest. */
#define VU_VRING_F_LOG 0x1u

struct vu_header {
	uint32_t request;
	uint32_t flags;
	uint32_t size; /* of what follows */
};

struct vu_vring_state {
	uint32_t index;
	uint32_t num;
};

struct vu_vring_addr {
	uint32_t index;
	uint32_t flags;
	uint64_t desc_user;
	uint64_t used_user;
	uint64_t avail_user;
	uint64_t log_guest;
};

struct vu_log {
	uint64_t size;
	uint64_t offset;
};

struct vu_region {
	uint64_t guest_addr;
	uint64_t size;
	uint64_t user_addr;
	uint64_t mmap_offset;
};

struct vu_memory {
	uint32_t count;
	uint32_t padding;
	struct vu_region regions[VU_MAX_FDS];
};

struct vu_one_region {
	uint64_t padding;
	struct vu_region region;
};

struct vu_config {
	uint32_t offset;
	uint32_t size;
	uint32_t flags;
	uint8_t data[VU_MAX_CONFIG];
};

static_assert(sizeof(struct vu_header) == 12, "vu_header");
static_assert(sizeof(struct vu_vring_state) == 8, "vu_vring_state");
static_assert(sizeof(struct vu_vring_addr) == 40, "vu_vring_addr");
static_assert(sizeof(struct vu_log) == 16, "vu_log");
static_assert(sizeof(struct vu_region) == 32, "vu_region");
static_assert(sizeof(struct vu_memory) == 8 + 32 * VU_MAX_FDS, "vu_memory");
static_assert(sizeof(struct vu_one_region) == 40, "vu_one_region");
static_assert(offsetof(struct vu_config, data) == 12, "vu_config");

union vu_payload {
	uint64_t u64;
	struct vu_vring_state state;
	struct vu_vring_addr addr;
	struct vu_log log;
	struct vu_memory memory;
	struct vu_one_region one;
	struct vu_config config;
};

/**
 * struct vu_message - one message.
 * @header: header
 * @payload: what follows it; zero beyond header.size
 * @fds: descriptors that came with it; those taken over are set to -1
 * @fd_count: number of them
 */
struct vu_message {
	struct vu_header header;
	union vu_payload payload;
	int fds[VU_MAX_FDS];
	unsigned int fd_count;
};

/**
 * struct vu_reader - assembles one message after the other from a socket.
 * @message: the message being received
 * @have: bytes of it that are there
 */
struct vu_reader {
	struct vu_message message;
	size_t have;
};

/**
 * vu_read - read what there is of the next message, without blocking.
 * @reader: reader, all zero at the start
 * @socket: connected stream socket
 *
 * Return: 1: reader->message is complete, call vu_read_next() when done with it;
 * 0: the rest is yet to come; -ECONNRESET: the other side is gone; -EPROTO: this
 * is no vhost-user message (too large, wrong version, too many descriptors); or
 * what recvmsg() failed with.
 */
int vu_read(struct vu_reader *reader, int socket);

/** vu_read_reply - vu_read() for the other direction: what comes must be a reply. */
int vu_read_reply(struct vu_reader *reader, int socket);

/** vu_read_next - forget the message, and close its descriptors that were not taken over. */
void vu_read_next(struct vu_reader *reader);

/**
 * vu_reply - answer a message, without blocking.
 * @socket: connected stream socket
 * @message: header.request of what it answers, header.size and payload set
 *
 * Return: 0, -ENOBUFS when the other side does not read, or send()'s error.
 */
int vu_reply(int socket, struct vu_message *message);

/**
 * vu_send - send a message as a front end does, with its descriptors; without blocking.
 * @socket: connected stream socket
 * @message: all of it set; the descriptors stay the caller's
 *
 * Return: as vu_reply().
 */
int vu_send(int socket, const struct vu_message *message);

/** vu_is_question - whether @request is one that has an answer of its own in any case. */
bool vu_is_question(uint32_t request);

/** vu_request_name - "SET_OWNER", ...; "?" for numbers not in the list. */
const char *vu_request_name(uint32_t request);

#endif /* VCD_DAEMON_VHOST_USER_MESSAGE_H */
