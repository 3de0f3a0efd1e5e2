/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * front.c - a front end's life, messages and guest memory.
 */
#include "tests/wire/front.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_DEFAULT ((size_t)16 << 20)
#define MEMORY_ALIGN ((size_t)2 << 20)

/* Not 0: a device that forgets the offset must fail. */
#define FILE_OFFSET ((uint64_t)3 << 20)

/* Second region's guest-physical address, when there is a gap: as above 4 GiB. */
#define HIGH_GPA ((uint64_t)1 << 32)

/* First region's; not 0 either, except that it is for QEMU. */
#define LOW_GPA ((uint64_t)0x100000)

/* ---- life ----------------------------------------------------------------------------- */

static void set_defaults(struct front_options *o)
{
	if (!o->queues)
		o->queues = 1;
	if (!o->queue_size)
		o->queue_size = 256;
	if (!o->memory)
		o->memory = MEMORY_DEFAULT;
	if (!o->regions)
		o->regions = 1;
	o->memory = (o->memory + MEMORY_ALIGN - 1) / MEMORY_ALIGN * MEMORY_ALIGN;
}

static int make_memory(struct front *front)
{
	const struct front_options *o = &front->options;
	size_t part = o->memory / o->regions;
	uint64_t gpa = LOW_GPA;
	unsigned int i;

	front->memfd = memfd_create("guest-memory", MFD_CLOEXEC);
	if (front->memfd < 0 || ftruncate(front->memfd, (off_t)(FILE_OFFSET + o->memory)) < 0)
		return -errno;
	front->memory = mmap(NULL, o->memory, PROT_READ | PROT_WRITE, MAP_SHARED, front->memfd,
			     (off_t)FILE_OFFSET);
	if (front->memory == MAP_FAILED) {
		front->memory = NULL;
		return -errno;
	}
	for (i = 0; i < o->regions; i++) {
		front->region[i] = (struct front_region){
		    .gpa = gpa,
		    .size = part,
		    .offset = FILE_OFFSET + i * part,
		};
		gpa = o->adjacent ? gpa + part : HIGH_GPA;
	}
	return 0;
}

int front_new(const struct front_options *options, int socket, struct front **ret)
{
	struct front *front = calloc(1, sizeof(*front));
	unsigned int i;
	int err;

	if (!front) {
		close(socket);
		return -ENOMEM;
	}
	if (options)
		front->options = *options;
	set_defaults(&front->options);
	front->socket = socket;
	front->memfd = -1;
	front->backend_socket = -1;

	err =
	    front->options.queues <= FRONT_MAX_QUEUES && front->options.regions <= FRONT_MAX_REGIONS
		? make_memory(front)
		: -EINVAL;
	for (i = 0; !err && i < front->options.queues; i++)
		err = front_queue_init(front, i);
	if (err) {
		front_free(front);
		return err;
	}
	*ret = front;
	return 0;
}

int front_connect(const struct front_options *options, const char *path, struct front **ret)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	unsigned int tries;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	for (tries = 0; tries < FRONT_TIMEOUT_MS / 10; tries++) {
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
			return front_new(options, fd, ret);
		if (errno != ENOENT && errno != ECONNREFUSED && errno != EAGAIN)
			break;
		nanosleep(&pause, NULL);
	}
	close(fd);
	return -ETIMEDOUT;
}

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

struct front *front_free(struct front *front)
{
	unsigned int i;

	if (!front)
		return NULL;
	close_if(front->socket);
	close_if(front->backend_socket);
	close_if(front->memfd);
	for (i = 0; i < front->options.queues; i++)
		front_queue_destroy(&front->queue[i]);
	if (front->memory)
		munmap(front->memory, front->options.memory);
	free(front);
	return NULL;
}

/* ---- messages ------------------------------------------------------------------------- */

int front_send(struct front *front, uint32_t request, uint32_t flags, const void *payload,
	       uint32_t size, const int *fds, unsigned int fd_count)
{
	struct vu_header header = {.request = request, .flags = VU_VERSION | flags, .size = size};
	struct iovec iov[2] = {{&header, sizeof(header)}, {(void *)(uintptr_t)payload, size}};
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(64 * sizeof(int))];
	} control = {0};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = size ? 2 : 1};
	ssize_t n;

	if (fd_count > 64)
		return -EINVAL;
	if (fd_count) {
		struct cmsghdr *cmsg = &control.align;

		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, fd_count * sizeof(int));
	}
	n = sendmsg(front->socket, &msg, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EPIPE ? -ECONNRESET : -errno;
	return (size_t)n == sizeof(header) + size ? 0 : -EIO;
}

/* All of @len bytes, before the deadline. */
static int receive_bytes(struct front *front, void *to, size_t len)
{
	uint8_t *p = to;

	while (len) {
		struct pollfd pfd = {.fd = front->socket, .events = POLLIN};
		ssize_t n;
		int ready = poll(&pfd, 1, FRONT_TIMEOUT_MS);

		if (ready < 0)
			return -errno;
		if (ready == 0)
			return -ETIMEDOUT;
		n = recv(front->socket, p, len, 0);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return -ECONNRESET;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int front_receive(struct front *front, struct vu_message *message)
{
	int err;

	memset(message, 0, sizeof(*message));
	err = receive_bytes(front, &message->header, sizeof(message->header));
	if (err)
		return err;
	if (message->header.size > sizeof(message->payload) ||
	    message->header.flags != (VU_VERSION | VU_REPLY))
		return -EPROTO;
	return receive_bytes(front, &message->payload, message->header.size);
}

int front_call(struct front *front, uint32_t request, const void *payload, uint32_t size,
	       struct vu_message *reply)
{
	int err;

	err = front_send(front, request, 0, payload, size, NULL, 0);
	if (!err)
		err = front_receive(front, reply);
	if (!err && reply->header.request != request)
		err = -EPROTO;
	return err;
}

int front_get_u64(struct front *front, uint32_t request, uint64_t *value)
{
	struct vu_message reply;
	int err;

	err = front_call(front, request, NULL, 0, &reply);
	if (!err && reply.header.size != sizeof(*value))
		err = -EPROTO;
	if (!err)
		*value = reply.payload.u64;
	return err;
}

int front_set(struct front *front, uint32_t request, const void *payload, uint32_t size, int fd)
{
	bool ack = front->protocol_features & (1u << VU_PROTOCOL_F_REPLY_ACK);
	struct vu_message reply;
	int err;

	err = front_send(front, request, ack ? VU_NEED_REPLY : 0, payload, size, &fd, fd >= 0);
	if (err || !ack)
		return err;
	err = front_receive(front, &reply);
	if (err)
		return err;
	if (reply.header.request != request || reply.header.size != sizeof(uint64_t))
		return -EPROTO;
	return reply.payload.u64 ? -EREMOTEIO : 0;
}

int front_set_u64(struct front *front, uint32_t request, uint64_t value)
{
	return front_set(front, request, &value, sizeof(value), -1);
}

int front_set_state(struct front *front, uint32_t request, uint32_t index, uint32_t num)
{
	const struct vu_vring_state state = {.index = index, .num = num};

	return front_set(front, request, &state, sizeof(state), -1);
}

int front_read_config(struct front *front, uint32_t offset, uint32_t size, void *data)
{
	struct vu_config config = {.offset = offset, .size = size};
	const uint32_t head = offsetof(struct vu_config, data);
	struct vu_message reply;
	int err;

	if (size > sizeof(config.data))
		return -EINVAL;
	err = front_call(front, VU_GET_CONFIG, &config, head + size, &reply);
	if (err)
		return err;
	if (reply.header.size != head + size || reply.payload.config.size != size)
		return -EPROTO;
	memcpy(data, reply.payload.config.data, size);
	return 0;
}

int front_wait_closed(struct front *front)
{
	char drop[256];
	int err;

	do {
		err = receive_bytes(front, drop, 1);
	} while (!err);
	return err == -ECONNRESET ? 0 : err;
}

/* ---- memory --------------------------------------------------------------------------- */

void *front_alloc(struct front *front, size_t size)
{
	size_t aligned = (size + 63) / 64 * 64;
	void *p = front->memory + front->allocated;

	if (aligned < size || aligned > front->options.memory - front->allocated)
		return NULL;
	front->allocated += aligned;
	return p;
}

uint64_t front_gpa(const struct front *front, const void *p)
{
	uint64_t offset = (uint64_t)((const uint8_t *)p - front->memory);
	unsigned int i = 0;

	while (i + 1 < front->options.regions && offset >= front->region[i].size)
		offset -= front->region[i++].size;
	return front->region[i].gpa + offset;
}

void *front_region_at(const struct front *front, unsigned int i)
{
	return front->memory + (front->region[i].offset - FILE_OFFSET);
}
