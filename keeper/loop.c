/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop.c - the server's process: confinement, sockets, time. See loop.h.
 *
 * One thread sleeps in epoll_wait() until the next thing is due. What an event is about is told by
 * its number: a peer's, a module's with the top bit set, or one of the two that are always there.
 * A peer that is gone is closed at the end of a round, so that no event of it is left.
 */
#include "keeper/loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <openssl/crypto.h>

#include "common/log.h"
#include "common/util.h"
#include "daemon/confine/vault.h"
#include "keeper/inner.h"
#include "keeper/server.h"

#define MODULE_EVENT (UINT64_C(1) << 63)
#define LOADER_EVENT (UINT64_C(1) << 62)
#define POOL_EVENT (UINT64_C(1) << 61)

/** Packets that are taken from one client before it is another one's turn. */
#define TURN 16

/** Virtual memory for keys and requests; it is used when it is touched. */
#define VAULT_BYTES ((size_t)512 << 20)

/**
 * struct loop - the process.
 * @server: server; first, as hooks get no more than that
 * @loader: socket
 * @epoll: epoll
 * @ending: the loader is gone
 */
struct loop {
	struct server server;
	int loader;
	int epoll;
	bool ending;
};

static int watch(struct loop *loop, int op, int fd, uint64_t number, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u64 = number};

	return epoll_ctl(loop->epoll, op, fd, &event) < 0 ? -errno : 0;
}

/* ---- hooks of the server ---------------------------------------------------------------- */

static bool send_packet(struct server *server, struct peer *peer, const void *packet, size_t len)
{
	struct loop *loop = (struct loop *)server;

	if (send(peer->fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return true;
	if (errno != EAGAIN && errno != ENOBUFS) {
		peer->gone = true;
		return true;
	}
	/* No more requests from it until it reads. */
	(void)watch(loop, EPOLL_CTL_MOD, peer->fd, peer->id, EPOLLOUT);
	return false;
}

static void to_loader(struct server *server, unsigned int type, uint64_t value, const void *text,
		      size_t len)
{
	struct loop *loop = (struct loop *)server;
	const struct inner head = {.type = type, .value = value};
	int err = inner_send(loop->loader, &head, text, len, -1);

	if (err)
		log_msg(LOG_ERROR, "cannot tell the loader: %s", strerror(-err));
}

static void watch_module(struct server *server, struct module *module)
{
	struct loop *loop = (struct loop *)server;

	(void)watch(loop, EPOLL_CTL_ADD, module->fd, MODULE_EVENT | module->id, EPOLLIN);
}

/* ---- the loader ------------------------------------------------------------------------ */

static void take_client(struct loop *loop, uid_t uid, const char *user, int *fd)
{
	struct peer *peer = server_connect(&loop->server, *fd, uid, user);

	if (!peer)
		return;
	(void)take_fd(fd);
	if (watch(loop, EPOLL_CTL_ADD, peer->fd, peer->id, EPOLLIN))
		peer->gone = true;
}

static int fill_table(struct server *server, const struct inner *head, const void *data, size_t len)
{
	struct table *table;

	if (!server->coming)
		server->coming = table_new();
	table = server->coming;
	if (!table)
		return -ENOMEM;
	if (head->type == INNER_POLICY)
		return table_add_text(table, data, len);
	if (!table->policy) {
		int err = table_parse(table);

		if (err)
			return err;
	}
	if (head->type == INNER_KEY)
		return table_add_key(table, head->index, data, len);
	if (head->type == INNER_TOKEN && head->index < table->policy->token_count)
		table->modules[head->index] = (unsigned int)head->value;
	else
		return -EINVAL;
	return 0;
}

static void take_message(struct loop *loop, const struct inner *head, void *data, size_t len,
			 int *passed)
{
	struct server *server = &loop->server;
	int err = 0;

	switch (head->type) {
	case INNER_CLIENT:
		((char *)data)[len] = '\0';
		take_client(loop, (uid_t)head->value, data, passed);
		break;
	case INNER_MODULE:
		module_connect(server, head->index, take_fd(passed), head->value * 1000000u);
		break;
	case INNER_INSTALL:
		if (server->coming && !server->coming->policy)
			err = table_parse(server->coming);
		server_install(server);
		break;
	case INNER_RELOADED:
		server_reloaded(server, head->value, data, len);
		break;
	case INNER_REVOKE:
		((char *)data)[len] = '\0';
		if (server->coming && server->coming->policy)
			(void)table_revoke(server->coming, data);
		break;
	default:
		err = fill_table(server, head, data, len);
	}
	if (err)
		log_msg(LOG_ERROR, "a message of the loader cannot be used: %s", strerror(-err));
}

static void from_loader(struct loop *loop)
{
	static char data[INNER_MAX + 1];
	struct inner head;
	_cleanup_fd_ int passed = -1;
	size_t len;
	int err = inner_receive(loop->loader, &head, data, &len, &passed, MSG_DONTWAIT);

	if (err == -EAGAIN)
		return;
	if (err) {
		loop->ending = true;
		return;
	}
	take_message(loop, &head, data, len, &passed);
	OPENSSL_cleanse(data, len);
}

/* ---- clients --------------------------------------------------------------------------- */

static void from_peer(struct loop *loop, struct peer *peer)
{
	static uint8_t packet[KEEPER_MAX_PACKET + 1];

	for (unsigned int i = 0; i < TURN && !peer->gone && !peer->out; i++) {
		ssize_t len = recv(peer->fd, packet, sizeof(packet), MSG_DONTWAIT);

		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (len <= 0) {
			peer->gone = true;
			break;
		}
		server_packet(&loop->server, peer, packet, (size_t)len);
		OPENSSL_cleanse(packet, (size_t)len);
	}
}

static void peer_event(struct loop *loop, struct peer *peer, uint32_t events)
{
	if (events & EPOLLOUT) {
		server_flush(&loop->server, peer);
		if (!peer->out)
			(void)watch(loop, EPOLL_CTL_MOD, peer->fd, peer->id, EPOLLIN);
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		if (!(events & EPOLLIN) || peer->out)
			peer->gone |= (events & (EPOLLHUP | EPOLLERR)) != 0;
		else
			from_peer(loop, peer);
	}
}

static void sweep(struct loop *loop)
{
	struct peer *peer = loop->server.peers;

	while (peer) {
		struct peer *next = peer->next;

		if (peer->gone)
			server_close(&loop->server, peer);
		peer = next;
	}
}

static void handle(struct loop *loop, const struct epoll_event *event)
{
	const uint64_t number = event->data.u64;
	struct peer *peer;

	if (number == LOADER_EVENT) {
		from_loader(loop);
	} else if (number == POOL_EVENT) {
		server_done(&loop->server);
	} else if (number & MODULE_EVENT) {
		struct module *module =
		    module_get(&loop->server.modules, (unsigned int)(number & UINT32_MAX));

		if (module)
			module_input(&loop->server, module, now_ns());
	} else {
		peer = peer_find(&loop->server, number);
		if (peer)
			peer_event(loop, peer, event->events);
	}
}

static int run(struct loop *loop)
{
	struct epoll_event events[64];

	while (!loop->ending) {
		int n = epoll_wait(loop->epoll, events, ARRAY_SIZE(events),
				   server_timeout(&loop->server, now_ns()));

		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n; i++)
			handle(loop, &events[i]);
		server_timer(&loop->server, now_ns());
		sweep(loop);
	}
	return 0;
}

/* ---- start ----------------------------------------------------------------------------- */

static void open_vault(void)
{
#ifndef VCD_INSTRUMENTED
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct vault_state state;
	int err;

	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	err = vault_open(VAULT_BYTES, &state);
	if (err)
		log_msg(LOG_WARN, "keys are in ordinary memory: %s", strerror(-err));
	else if (state.locked < state.size)
		log_msg(
		    LOG_INFO,
		    "keys beyond the first %zu KiB may be swapped out: locked memory is limited",
		    state.locked / 1024);
#endif
}

static int signals(void)
{
	sigset_t set;

	/* The loader decides when to end. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGPIPE);
	return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int start(struct loop *loop, struct sandbox *sandbox, unsigned int threads)
{
	const struct inner ready = {.type = INNER_READY};
	uid_t owner = loop->server.owner;
	int err = sandbox_isolate(sandbox);

	if (!err)
		err = sandbox_drop(sandbox);
	if (!err)
		err = server_init(&loop->server, threads);
	if (err)
		return err;
	loop->server.owner = owner;
	loop->server.send = send_packet;
	loop->server.to_loader = to_loader;
	loop->server.modules.watch = watch_module;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return -errno;
	err = watch(loop, EPOLL_CTL_ADD, loop->loader, LOADER_EVENT, EPOLLIN);
	if (!err)
		err = watch(loop, EPOLL_CTL_ADD, loop->server.pool.event, POOL_EVENT, EPOLLIN);
	if (!err)
		err = sandbox_lock(sandbox);
	if (err)
		return err;
	sandbox_report(sandbox);
	return inner_send(loop->loader, &ready, NULL, 0, -1);
}

int serve(int loader, struct sandbox *sandbox, uid_t owner, unsigned int threads)
{
	struct loop loop = {.loader = loader, .epoll = -1};
	int err = sandbox_begin(sandbox, (const int[]){loader}, 1);

	loop.server.owner = owner;
	loop.server.pool.event = -1;
	if (!err)
		err = signals();
	if (!err) {
		open_vault();
		err = start(&loop, sandbox, threads);
	}
	if (!err)
		err = run(&loop);
	if (err)
		log_msg(LOG_ERROR, "cannot serve: %s", strerror(-err));
	server_end(&loop.server);
	close_fd(&loop.epoll);
	return err;
}
