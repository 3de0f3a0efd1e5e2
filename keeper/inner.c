/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inner.c - messages between loader and server. See inner.h. */
#include "keeper/inner.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

int inner_send(int fd, const struct inner *head, const void *data, size_t len, int pass)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov[] = {{(void *)head, sizeof(*head)}, {(void *)data, len}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
	struct cmsghdr *cmsg;
	ssize_t n;

	if (pass >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &pass, sizeof(pass));
	}
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int inner_receive(int fd, struct inner *head, void *data, size_t *len, int *passed, int flags)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov[] = {{head, sizeof(*head)}, {data, INNER_MAX}};
	struct msghdr msg = {.msg_iov = iov,
			     .msg_iovlen = 2,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *cmsg;
	ssize_t n;

	*passed = -1;
	do
		n = recvmsg(fd, &msg, flags | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(passed, CMSG_DATA(cmsg), sizeof(*passed));
	if (!n)
		return -EPIPE;
	if ((size_t)n < sizeof(*head) || msg.msg_flags & MSG_TRUNC)
		return -EPROTO;
	*len = (size_t)n - sizeof(*head);
	return 0;
}
