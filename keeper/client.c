/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client.c - the client's end of link.h. See client.h. */
#include "keeper/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/util.h"

#define DEFAULT_TIMEOUT_MS 20000

static int connect_to(const char *path, int flags)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_fd_ int fd = -1;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(&fd);
}

int keeper_connect(const char *path)
{
	return connect_to(path, 0);
}

int keeper_connect_now(const char *path)
{
	return connect_to(path, SOCK_NONBLOCK);
}

int keeper_send(struct keeper_client *client, struct keeper_request *request, const void *payload,
		size_t len)
{
	struct iovec iov[] = {{request, sizeof(*request)}, {(void *)payload, len}};
	const struct msghdr msg = {.msg_iov = iov, .msg_iovlen = len ? 2 : 1};
	ssize_t n;

	if (len > KEEPER_MAX_PAYLOAD)
		return -EMSGSIZE;
	request->len = (uint32_t)len;
	request->id = ++client->last_id;
	do
		n = sendmsg(client->fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int wait_for(const struct keeper_client *client)
{
	struct pollfd poll_fd = {.fd = client->fd, .events = POLLIN};
	const uint64_t ms =
	    (uint64_t)(client->timeout_ms ? client->timeout_ms : DEFAULT_TIMEOUT_MS);
	const uint64_t end = now_ns() / 1000000 + ms;

	for (;;) {
		uint64_t now = now_ns() / 1000000;
		int n = poll(&poll_fd, 1, now < end ? (int)(end - now) : 0);

		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

int keeper_receive(struct keeper_client *client, struct keeper_reply *reply, void *payload,
		   size_t size, bool wait)
{
	struct iovec iov[] = {{reply, sizeof(*reply)}, {payload, size}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
	int err = wait ? wait_for(client) : 0;
	ssize_t n;

	if (err)
		return err;
	do
		n = recvmsg(client->fd, &msg, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (n == 0)
		return -EPIPE;
	if ((size_t)n < sizeof(*reply) || msg.msg_flags & MSG_TRUNC ||
	    reply->len != (size_t)n - sizeof(*reply))
		return -EPROTO;
	if (reply->type == KEEPER_REVOKED && client->revoked)
		client->revoked(client->arg, reply->handle);
	return 0;
}

int keeper_call(struct keeper_client *client, struct keeper_request *request, const void *payload,
		size_t len, struct keeper_reply *reply, void *out, size_t size)
{
	int err = keeper_send(client, request, payload, len);

	while (!err) {
		err = keeper_receive(client, reply, out, size, true);
		if (!err && reply->id == request->id && reply->type == request->type)
			break;
	}
	return err;
}

int keeper_hello(struct keeper_client *client, const char *vm)
{
	struct keeper_request request = {.type = KEEPER_HELLO, .arg = KEEPER_VERSION};
	struct keeper_reply reply;
	int err = keeper_call(client, &request, vm, strlen(vm), &reply, NULL, 0);

	return err ? err : reply.status;
}

int keeper_reset(struct keeper_client *client)
{
	struct keeper_request request = {.type = KEEPER_RESET};
	uint8_t dropped[KEEPER_MAX_PAYLOAD];
	struct keeper_reply reply;
	int err;

	/* Answers to the former worker must not look like ours. */
	if (getrandom(&client->last_id, sizeof(client->last_id), 0) !=
	    (ssize_t)sizeof(client->last_id))
		return -EIO;
	err = keeper_call(client, &request, NULL, 0, &reply, dropped, sizeof(dropped));
	explicit_bzero(dropped, sizeof(dropped));
	return err ? err : reply.status;
}

int keeper_open(struct keeper_client *client, const char *label, const uint8_t *ticket, bool fetch,
		uint64_t *handle, struct keeper_key *key, uint8_t *bytes)
{
	struct keeper_request request = {.type = KEEPER_OPEN,
					 .flags = fetch ? KEEPER_F_FETCH : 0,
					 .aux_len = ticket ? KEEPER_TICKET_LEN : 0};
	uint8_t payload[KEEPER_LABEL_LEN + KEEPER_TICKET_LEN];
	uint8_t out[sizeof(*key) + 512];
	const size_t len = strlen(label);
	struct keeper_reply reply;
	int err;

	if (len >= KEEPER_LABEL_LEN)
		return KEEPER_S_INVALID;
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): its length goes with it */
	memcpy(payload, label, len);
	if (ticket)
		memcpy(payload + len, ticket, KEEPER_TICKET_LEN);
	err =
	    keeper_call(client, &request, payload, len + request.aux_len, &reply, out, sizeof(out));
	if (err || reply.status)
		return err ? err : reply.status;
	memcpy(key, out, sizeof(*key));
	if (reply.len != sizeof(*key) + (fetch ? key->key_len : 0u))
		return -EPROTO;
	*handle = reply.handle;
	if (fetch && bytes)
		memcpy(bytes, out + sizeof(*key), key->key_len);
	explicit_bzero(out, sizeof(out));
	return 0;
}

int keeper_status_errno(enum keeper_status status)
{
	static const int numbers[KEEPER_S_COUNT] = {
	    [KEEPER_S_OK] = 0,		 [KEEPER_S_INVALID] = EINVAL, [KEEPER_S_NOKEY] = ENOKEY,
	    [KEEPER_S_DENIED] = EACCES,	 [KEEPER_S_STALE] = ENOKEY,   [KEEPER_S_BUSY] = EBUSY,
	    [KEEPER_S_BADMSG] = EBADMSG, [KEEPER_S_IO] = EIO,	      [KEEPER_S_VERSION] = EPROTO,
	};

	return status < KEEPER_S_COUNT ? numbers[status] : EIO;
}

const char *keeper_status_name(unsigned int status)
{
	static const char *const names[KEEPER_S_COUNT] = {
	    [KEEPER_S_OK] = "done",
	    [KEEPER_S_INVALID] = "invalid request",
	    [KEEPER_S_NOKEY] = "no such key",
	    [KEEPER_S_DENIED] = "not allowed",
	    [KEEPER_S_STALE] = "no such handle",
	    [KEEPER_S_BUSY] = "a limit is reached",
	    [KEEPER_S_BADMSG] = "not authentic",
	    [KEEPER_S_IO] = "the store failed",
	    [KEEPER_S_VERSION] = "no common version",
	};

	return status < KEEPER_S_COUNT ? names[status] : "unknown status";
}
