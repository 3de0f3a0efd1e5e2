/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host.c - cryptodev-evil-host: a device that lies to its driver when it is told to.
 *
 * It stands in for the daemon (tests/vm/run --daemon=...), speaks as much of vhost-user as
 * User-mode Linux needs, and has the honest device inside. What it does wrong is in orders.c, how
 * it is told in evil.h. One thread, one connection at a time.
 */
#include <endian.h>
#include <errno.h>
#include <linux/virtio_config.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/util.h"
#include "engine/engine.h"
#include "host.h"

#define FEATURES                                                                                   \
	(1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_RING_F_INDIRECT_DESC |                        \
	 1ull << VIRTIO_RING_F_EVENT_IDX | 1ull << VU_F_PROTOCOL_FEATURES |                        \
	 1ull << VIRTIO_CRYPTODEV_F_KEY_NAME | 1ull << VIRTIO_CRYPTODEV_F_ASYM)
#define PROTOCOL_FEATURES (1ull << VU_PROTOCOL_F_BACKEND_REQ | 1ull << VU_PROTOCOL_F_CONFIG)
/* Of the backend to the front end. */
#define VU_BACKEND_CONFIG_CHANGE 2

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(3);
}

static void queue_reset(struct evil_queue *q)
{
	if (q->kick_fd > 0)
		close_fd(&q->kick_fd);
	if (q->call_fd > 0)
		close_fd(&q->call_fd);
	*q = (struct evil_queue){.kick_fd = -1, .call_fd = -1};
}

void evil_hang_up(struct evil_host *host)
{
	close_fd(&host->socket);
	close_fd(&host->backend_socket);
	for (unsigned int i = 0; i < EVIL_QUEUES; i++)
		queue_reset(&host->queues[i]);
	host->held_count = 0;
	memory_clear(&host->memory);
	vdev_reset(host->device);
	evil_key_lose();
}

void evil_config_message(struct evil_host *host)
{
	struct vu_header message = {.request = VU_BACKEND_CONFIG_CHANGE, .flags = VU_VERSION};

	if (host->backend_socket < 0 ||
	    send(host->backend_socket, &message, sizeof(message), MSG_NOSIGNAL) < 0)
		perror("evil-host: config message");
}

static void set_memory(struct evil_host *host, struct vu_message *m)
{
	memory_clear(&host->memory);
	host->generation++;
	for (unsigned int i = 0; i < m->payload.memory.count && i < m->fd_count; i++) {
		const struct vu_region *r = &m->payload.memory.regions[i];
		struct memory_region region = {
		    .guest_addr = r->guest_addr, .size = r->size, .user_addr = r->user_addr};

		if (memory_region_map(&region, m->fds[i], r->mmap_offset) ||
		    memory_add(&host->memory, &region))
			die("evil-host: guest memory");
	}
}

/* One byte at a time is read; the last one ends a probe's special config. */
static void get_config(struct evil_host *host, struct vu_message *m)
{
	struct vcd_config config;
	struct vu_config *c = &m->payload.config;
	size_t end = (size_t)c->offset + c->size;

	if (c->offset == 0 && host->next_config >= 0) {
		host->config = host->next_config;
		host->next_config = -1;
	}
	evil_config(host, &config);
	memset(c->data, 0, sizeof(c->data));
	if (c->offset < sizeof(config) && end <= sizeof(config))
		memcpy(c->data, (uint8_t *)&config + c->offset, c->size);
	if (end == sizeof(config))
		host->config = -1;
	m->header.size = (uint32_t)offsetof(struct vu_config, data) + c->size;
	vu_reply(host->socket, m);
}

static void answer_u64(struct evil_host *host, struct vu_message *m, uint64_t value)
{
	m->payload.u64 = value;
	m->header.size = sizeof(value);
	vu_reply(host->socket, m);
}

static void queue_message(struct evil_queue *q, struct vu_message *m, struct evil_host *host)
{
	switch (m->header.request) {
	case VU_SET_VRING_NUM:
		q->num = m->payload.state.num;
		break;
	case VU_SET_VRING_BASE:
		q->last_avail = (uint16_t)m->payload.state.num;
		break;
	case VU_SET_VRING_ADDR:
		if (evil_ring_locate(host, q, &m->payload.addr))
			die("evil-host: rings");
		break;
	case VU_SET_VRING_KICK:
		close_fd(&q->kick_fd);
		q->kick_fd = m->fd_count ? take_fd(&m->fds[0]) : -1;
		break;
	case VU_SET_VRING_CALL:
		close_fd(&q->call_fd);
		q->call_fd = m->fd_count ? take_fd(&m->fds[0]) : -1;
		break;
	case VU_SET_VRING_ENABLE:
		if (!m->payload.state.num)
			q->desc = NULL;
		break;
	}
}

static void message(struct evil_host *host, struct vu_message *m)
{
	/* The index stands first in all payloads that have one. */
	struct evil_queue *q = &host->queues[(m->payload.u64 & VU_VRING_INDEX_MASK) % EVIL_QUEUES];

	switch (m->header.request) {
	case VU_GET_FEATURES:
		answer_u64(host, m, FEATURES);
		break;
	case VU_SET_FEATURES:
		for (unsigned int i = 0; i < EVIL_QUEUES; i++)
			host->queues[i].event_idx = m->payload.u64 >> VIRTIO_RING_F_EVENT_IDX & 1;
		break;
	case VU_GET_PROTOCOL_FEATURES:
		answer_u64(host, m, PROTOCOL_FEATURES);
		break;
	case VU_SET_BACKEND_REQ_FD:
		close_fd(&host->backend_socket);
		host->backend_socket = m->fd_count ? take_fd(&m->fds[0]) : -1;
		break;
	case VU_SET_MEM_TABLE:
		set_memory(host, m);
		break;
	case VU_GET_CONFIG:
		get_config(host, m);
		break;
	case VU_SET_VRING_NUM:
	case VU_SET_VRING_BASE:
	case VU_SET_VRING_ADDR:
	case VU_SET_VRING_KICK:
	case VU_SET_VRING_CALL:
	case VU_SET_VRING_ENABLE:
		queue_message(q, m, host);
		break;
	default:
		break;
	}
}

static void receive(struct evil_host *host, struct vu_reader *reader)
{
	while (host->socket >= 0) {
		int ret = vu_read(reader, host->socket);

		if (!ret)
			return;
		if (ret < 0)
			evil_hang_up(host);
		else
			message(host, &reader->message);
		vu_read_next(reader);
	}
}

/* One client of the control socket, as daemon/operate/control.h has it: it asks for stats, what else. */
static void tell_stats(const struct evil_host *host, int listener)
{
	struct vdev_stats stats;
	char text[128], answer[192], question[64];
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	int len;

	if (fd < 0)
		return;
	vdev_stats_get(host->device, &stats);
	len = snprintf(text, sizeof(text), "{ \"sessions_live\": %llu, \"requests\": %llu }\n",
		       (unsigned long long)stats.sessions_live, (unsigned long long)stats.requests);
	len = snprintf(answer, sizeof(answer), "OK %d\n%s", len, text);
	if (read(fd, question, sizeof(question)) <= 0 ||
	    send(fd, answer, (size_t)len, MSG_NOSIGNAL) != len)
		perror("evil-host: control");
	close(fd);
}

static int listen_at(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(a.sun_path))
		die("evil-host: socket");
	strcpy(a.sun_path, path);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 1))
		die(path);
	return fd;
}

static int signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Milliseconds until a held answer is due; a deaf queue is looked at all the time. */
static int patience(const struct evil_host *host)
{
	uint64_t now = evil_now(), first = UINT64_MAX;

	for (unsigned int i = 0; i < EVIL_QUEUES; i++)
		if (host->queues[i].deaf)
			return 5;
	for (unsigned int i = 0; i < host->held_count; i++)
		if (host->held[i].due < first)
			first = host->held[i].due;
	return first == UINT64_MAX ? -1 : first <= now ? 0 : (int)(first - now);
}

/*
 * A queue that was not kicked is not looked at: its driver may be about to take it away, and what is
 * in the ring then is no request.
 */
static void kicks(struct evil_host *host, const struct pollfd *fds)
{
	for (unsigned int i = 0; i < EVIL_QUEUES; i++) {
		struct evil_queue *q = &host->queues[i];
		bool kicked = q->kick_fd >= 0 && fds[i].fd == q->kick_fd && fds[i].revents;
		uint64_t n;

		if (kicked && read(q->kick_fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
			perror("evil-host: kick");
		if (kicked || (q->kick_fd >= 0 && q->deaf))
			evil_ring_serve(host, q);
	}
}

static void serve(struct evil_host *host, int listener, int control, int sigs)
{
	enum { OURS = 4 };
	struct vu_reader reader = {0};

	for (;;) {
		struct pollfd fds[OURS + EVIL_QUEUES] = {
		    {.fd = sigs, .events = POLLIN},
		    {.fd = host->socket < 0 ? listener : -1, .events = POLLIN},
		    {.fd = host->socket, .events = POLLIN},
		    {.fd = control, .events = POLLIN}};
		struct signalfd_siginfo info;

		for (unsigned int i = 0; i < EVIL_QUEUES; i++)
			fds[OURS + i] =
			    (struct pollfd){.fd = host->queues[i].kick_fd, .events = POLLIN};
		if (poll(fds, OURS + EVIL_QUEUES, patience(host)) < 0 && errno != EINTR)
			die("evil-host: poll");
		if (fds[0].revents && read(sigs, &info, sizeof(info)) == sizeof(info))
			return;
		if (fds[3].revents)
			tell_stats(host, control);
		if (fds[1].revents)
			host->socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (host->socket >= 0 && fds[2].revents)
			receive(host, &reader);
		kicks(host, fds + OURS);
		evil_give(host, evil_now());
	}
}

int main(int argc, char **argv)
{
	static struct evil_host host = {.config = -1,
					.next_config = -1,
					.next_hello = -1,
					.next_list = -1,
					.socket = -1,
					.backend_socket = -1};
	struct vdev_options options = {.threads = 1, .num_queues = 1};
	const char *path = NULL, *control = NULL;

	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--socket-path=", 14))
			path = argv[i] + 14;
		else if (!strncmp(argv[i], "--control=", 10))
			control = argv[i] + 10;
		else if (!strncmp(argv[i], "--max-request=", 14))
			options.max_request = (uint32_t)strtoul(argv[i] + 14, NULL, 10);
	}
	if (!path || !control) {
		fputs("usage: cryptodev-evil-host --socket-path=PATH --control=PATH "
		      "[--max-request=BYTES]\n"
		      "Serves one guest with a device that lies to its driver when cryptodev-evil "
		      "orders it to.\n",
		      stderr);
		return 2;
	}
	for (unsigned int i = 0; i < EVIL_QUEUES; i++)
		queue_reset(&host.queues[i]);
	if (eng_open("openssl", 1, &options.engine) || vdev_new(&options, &host.device)) {
		fputs("evil-host: no device\n", stderr);
		return 3;
	}
	serve(&host, listen_at(path), listen_at(control), signals());
	return host.wrong_queue ? 3 : 0;
}
