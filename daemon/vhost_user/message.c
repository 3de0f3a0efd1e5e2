/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.c - framing of vhost-user messages on a stream socket.
 *
 * Theory of operation
 * -------------------
 * A message is a header, which holds the size of the payload after it, and file
 * descriptors that come with any of its bytes. It may arrive in parts, and the
 * control thread must not wait for the rest, as it has other sockets to serve:
 * so the reader keeps the received part and continues at the next event.
 *
 * Invariants
 * - Never more than the current message is read from the socket: descriptors of
 * the next one cannot be taken for its own.
 * - A size is compared with the largest payload before anything is read into it.
 * - Every received descriptor is in fds[] until a handler takes it; the rest is
 * closed. Descriptors that do not fit are closed by the kernel, and end the
 * connection.
 */
#include "daemon/vhost_user/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/util.h"

/* Append the descriptors of one recvmsg() to fds[]. */
static int take_fds(struct vu_message *message, struct msghdr *msg)
{
	struct cmsghdr *cmsg;
	int err = msg->msg_flags & MSG_CTRUNC ? -EPROTO : 0;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		size_t n;
		size_t i;

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
			if (message->fd_count < VU_MAX_FDS) {
				message->fds[message->fd_count++] = fd;
			} else {
				close(fd);
				err = -EPROTO;
			}
		}
	}
	return err;
}

/* Read until the message has @want bytes. 1: it has, 0: not yet. */
static int read_to(struct vu_reader *reader, int socket, size_t want)
{
	struct vu_message *message = &reader->message;
	const size_t header = sizeof(message->header);

	while (reader->have < want) {
		uint8_t *to = reader->have < header
				  ? (uint8_t *)&message->header + reader->have
				  : (uint8_t *)&message->payload + (reader->have - header);
		struct iovec iov = {.iov_base = to, .iov_len = want - reader->have};
		union {
			struct cmsghdr align;
			char data[CMSG_SPACE(VU_MAX_FDS * sizeof(int))];
		} control;
		struct msghdr msg = {
		    .msg_iov = &iov,
		    .msg_iovlen = 1,
		    .msg_control = &control,
		    .msg_controllen = sizeof(control),
		};
		ssize_t n;
		int err;

		n = recvmsg(socket, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		err = take_fds(message, &msg);
		if (err)
			return err;
		if (n == 0)
			return -ECONNRESET;
		reader->have += (size_t)n;
	}
	return 1;
}

static int read_message(struct vu_reader *reader, int socket, uint32_t flags)
{
	const struct vu_header *header = &reader->message.header;
	int ret;

	ret = read_to(reader, socket, sizeof(*header));
	if (ret <= 0)
		return ret;
	if (header->size > sizeof(reader->message.payload) ||
	    (header->flags & (VU_VERSION_MASK | VU_REPLY)) != flags)
		return -EPROTO;
	return read_to(reader, socket, sizeof(*header) + header->size);
}

int vu_read(struct vu_reader *reader, int socket)
{
	return read_message(reader, socket, VU_VERSION);
}

int vu_read_reply(struct vu_reader *reader, int socket)
{
	return read_message(reader, socket, VU_VERSION | VU_REPLY);
}

void vu_read_next(struct vu_reader *reader)
{
	struct vu_message *message = &reader->message;
	unsigned int i;

	for (i = 0; i < message->fd_count; i++)
		close_fd(&message->fds[i]);
	*reader = (struct vu_reader){0};
}

int vu_send(int socket, const struct vu_message *message)
{
	const size_t len = sizeof(message->header) + message->header.size;
	const size_t fds_len = message->fd_count * sizeof(int);
	struct iovec iov[2] = {
	    {(void *)(uintptr_t)&message->header, sizeof(message->header)},
	    {(void *)(uintptr_t)&message->payload, message->header.size},
	};
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(VU_MAX_FDS * sizeof(int))];
	} control = {0};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
	ssize_t n;

	if (message->fd_count) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(fds_len);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(fds_len);
		memcpy(CMSG_DATA(&control.align), message->fds, fds_len);
	}
	do {
		n = sendmsg(socket, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ENOBUFS : -errno;
	/* Short only when the socket's buffer is full, because the other side does not read. */
	return (size_t)n == len ? 0 : -ENOBUFS;
}

int vu_reply(int socket, struct vu_message *message)
{
	unsigned int received = message->fd_count;
	int err;

	message->header.flags = VU_VERSION | VU_REPLY;
	message->fd_count = 0;
	err = vu_send(socket, message);
	message->fd_count = received;
	return err;
}

bool vu_is_question(uint32_t request)
{
	switch (request) {
	case VU_GET_FEATURES:
	case VU_GET_PROTOCOL_FEATURES:
	case VU_GET_QUEUE_NUM:
	case VU_GET_VRING_BASE:
	case VU_GET_CONFIG:
	case VU_GET_MAX_MEM_SLOTS:
	case VU_GET_STATUS:
	case VU_SET_LOG_BASE:
		return true;
	default:
		return false;
	}
}

const char *vu_request_name(uint32_t request)
{
	static const char *const names[VU_REQUEST_COUNT] = {
	    [VU_GET_FEATURES] = "GET_FEATURES",
	    [VU_SET_FEATURES] = "SET_FEATURES",
	    [VU_SET_OWNER] = "SET_OWNER",
	    [VU_RESET_OWNER] = "RESET_OWNER",
	    [VU_SET_MEM_TABLE] = "SET_MEM_TABLE",
	    [VU_SET_LOG_BASE] = "SET_LOG_BASE",
	    [VU_SET_LOG_FD] = "SET_LOG_FD",
	    [VU_SET_VRING_NUM] = "SET_VRING_NUM",
	    [VU_SET_VRING_ADDR] = "SET_VRING_ADDR",
	    [VU_SET_VRING_BASE] = "SET_VRING_BASE",
	    [VU_GET_VRING_BASE] = "GET_VRING_BASE",
	    [VU_SET_VRING_KICK] = "SET_VRING_KICK",
	    [VU_SET_VRING_CALL] = "SET_VRING_CALL",
	    [VU_SET_VRING_ERR] = "SET_VRING_ERR",
	    [VU_GET_PROTOCOL_FEATURES] = "GET_PROTOCOL_FEATURES",
	    [VU_SET_PROTOCOL_FEATURES] = "SET_PROTOCOL_FEATURES",
	    [VU_GET_QUEUE_NUM] = "GET_QUEUE_NUM",
	    [VU_SET_VRING_ENABLE] = "SET_VRING_ENABLE",
	    [VU_SET_BACKEND_REQ_FD] = "SET_BACKEND_REQ_FD",
	    [VU_GET_CONFIG] = "GET_CONFIG",
	    [VU_SET_CONFIG] = "SET_CONFIG",
	    [VU_RESET_DEVICE] = "RESET_DEVICE",
	    [VU_GET_MAX_MEM_SLOTS] = "GET_MAX_MEM_SLOTS",
	    [VU_ADD_MEM_REG] = "ADD_MEM_REG",
	    [VU_REM_MEM_REG] = "REM_MEM_REG",
	    [VU_SET_STATUS] = "SET_STATUS",
	    [VU_GET_STATUS] = "GET_STATUS",
	};

	return request < VU_REQUEST_COUNT && names[request] ? names[request] : "?";
}
