// SPDX-License-Identifier: GPL-2.0-or-later
/* net.c - TCP over IPv4 and IPv6: listen, accept, connect, name a peer. */
#include "apps/base/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/base/dial.h"
#include "apps/base/wait.h"

/* Clients that may wait while one is served. */
#define BACKLOG 16
/* For one address to answer. */
#define CONNECT_MS 60000

static int failed(struct net_error *why, const char *step, int error)
{
	*why = (struct net_error){.step = step, .reason = strerror(error)};
	return -error;
}

static int set_flag(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/*
 * Frames leave as soon as they are made, and a peer that vanished without a word
 * is noticed in the end: a listener serves one client at a time.
 */
static void tune(int fd)
{
	set_flag(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_flag(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

/* @host without the brackets of "[v6]". */
static int resolve(int family, const char *host, uint16_t port, int flags, struct addrinfo **ret,
		   struct net_error *why)
{
	struct addrinfo hints = {
	    .ai_family = family,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICSERV | flags,
	};
	char service[8], bare[256];
	size_t len = host ? strlen(host) : 0;
	int err;

	snprintf(service, sizeof(service), "%u", port);
	if (len > 2 && len < sizeof(bare) && host[0] == '[' && host[len - 1] == ']') {
		memcpy(bare, host + 1, len - 2);
		bare[len - 2] = 0;
		host = bare;
	}
	err = getaddrinfo(host, service, &hints, ret);
	if (!err)
		return 0;
	*why = (struct net_error){
	    .step = "resolve the address",
	    .reason = err == EAI_SYSTEM ? strerror(errno) : gai_strerror(err),
	};
	return -ENOENT;
}

static int listen_on(const struct addrinfo *ai, int v6_only, struct net_error *why)
{
	const char *step;
	int fd, err;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
	if (fd < 0)
		return failed(why, "create a TCP socket", errno);
	step = "set up the TCP socket";
	if (set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0)
		goto err_close;
	if (ai->ai_family == AF_INET6 && set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6_only) < 0)
		goto err_close;
	step = "bind the TCP socket";
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		goto err_close;
	step = "listen on the TCP socket";
	if (listen(fd, BACKLOG) < 0)
		goto err_close;
	return fd;

err_close:
	err = errno;
	close(fd);
	return failed(why, step, err);
}

static int listen_any(uint16_t port, struct net_error *why)
{
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct addrinfo ai = {
	    .ai_family = AF_INET6,
	    .ai_addr = (struct sockaddr *)&any6,
	    .ai_addrlen = sizeof(any6),
	};
	int fd = listen_on(&ai, 0, why);

	/* A kernel without IPv6, or one where it is disabled. */
	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL) {
		ai.ai_family = AF_INET;
		ai.ai_addr = (struct sockaddr *)&any4;
		ai.ai_addrlen = sizeof(any4);
		fd = listen_on(&ai, 0, why);
	}
	return fd;
}

static uint16_t port_of(const struct sockaddr_storage *addr)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in4;

	if (addr->ss_family == AF_INET6) {
		memcpy(&in6, addr, sizeof(in6));
		return ntohs(in6.sin6_port);
	}
	memcpy(&in4, addr, sizeof(in4));
	return ntohs(in4.sin_port);
}

int net_listen(int family, const char *host, uint16_t port, uint16_t *ret_port,
	       struct net_error *why)
{
	struct sockaddr_storage bound = {0};
	socklen_t len = sizeof(bound);
	struct addrinfo *list;
	int fd, err;

	if (family == AF_UNSPEC && !host) {
		fd = listen_any(port, why);
	} else {
		err = resolve(family, host, port, AI_PASSIVE, &list, why);
		if (err)
			return err;
		fd = listen_on(list, 1, why);
		freeaddrinfo(list);
	}
	if (fd < 0)
		return fd;

	if (getsockname(fd, (struct sockaddr *)&bound, &len) < 0) {
		err = failed(why, "read the port of the TCP socket", errno);
		close(fd);
		return err;
	}
	*ret_port = port_of(&bound);
	return fd;
}

/* Errors that concern one client that is gone already: accept(2), "Error handling". */
static int is_lost_client(int error)
{
	switch (error) {
	case EAGAIN:
	case EINTR:
	case ECONNABORTED:
	case ENETDOWN:
	case EPROTO:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
		return 1;
	default:
		return 0;
	}
}

int net_accept(int listener, struct sockaddr_storage *peer, socklen_t *peer_len)
{
	socklen_t room = *peer_len;

	for (;;) {
		struct pollfd wait = {.fd = listener, .events = POLLIN};
		int fd, err = wait_for(&wait, 1, WAIT_FOREVER);

		if (err < 0)
			return err;
		*peer_len = room;
		fd = accept4(listener, (struct sockaddr *)peer, peer_len,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			tune(fd);
			return fd;
		}
		if (!is_lost_client(errno))
			return -errno;
	}
}

int net_resolve(int family, const char *host, uint16_t port, struct addrinfo **ret,
		struct net_error *why)
{
	return resolve(family, host, port, 0, ret, why);
}

/*
 * A look-up in a thread of its own. getaddrinfo_a() would do the same, but glibc starts its threads
 * behind the back of the thread sanitizer, whose runtime then crashes in them.
 */
struct net_lookup {
	atomic_bool done; /* the thread has written found, and leaves the rest alone */
	struct addrinfo *found;
	struct addrinfo hints;
	char host[256];
	char service[8];
};

static void *look_up(void *arg)
{
	struct net_lookup *l = arg;

	if (getaddrinfo(l->host, l->service, &l->hints, &l->found))
		l->found = NULL;
	atomic_store_explicit(&l->done, true, memory_order_release);
	return NULL;
}

/* A thread that nobody waits for. Signals are the main thread's. Returns 0 or an error number. */
static int start_thread(struct net_lookup *l)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int err = pthread_attr_init(&attr);

	if (err)
		return err;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (!err)
		err = pthread_create(&thread, &attr, look_up, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return err;
}

struct net_lookup *net_lookup_begin(int family, const char *host, uint16_t port)
{
	struct net_lookup *l = calloc(1, sizeof(*l));
	size_t len = strlen(host);

	if (!l || len >= sizeof(l->host)) {
		free(l);
		return NULL;
	}
	strcpy(l->host, host);
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		l->host[len - 1] = 0;
		memmove(l->host, l->host + 1, len - 1);
	}
	snprintf(l->service, sizeof(l->service), "%u", port);
	l->hints = (struct addrinfo){
	    .ai_family = family,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICSERV,
	};
	if (start_thread(l)) {
		free(l);
		return NULL;
	}
	return l;
}

bool net_lookup_done(struct net_lookup *l, struct addrinfo **ret)
{
	if (!atomic_load_explicit(&l->done, memory_order_acquire))
		return false;
	*ret = l->found;
	free(l);
	return true;
}

int net_start(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
	int err;

	if (fd < 0)
		return -errno;
	tune(fd);
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0 || errno == EINPROGRESS)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int net_take(int listener, struct sockaddr_storage *peer, socklen_t *peer_len)
{
	int fd = accept4(listener, (struct sockaddr *)peer, peer_len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		tune(fd);
	else if (is_lost_client(errno))
		return -EAGAIN;
	return fd < 0 ? -errno : fd;
}

int net_connect(int family, const char *host, uint16_t port, struct net_error *why)
{
	struct pollfd fds[DIAL_ADDRESSES];
	char name[NET_NAME_SIZE];
	struct addrinfo *list;
	struct dial d;
	int fd, err;

	fd = resolve(family, host, port, 0, &list, why);
	if (fd)
		return fd;
	dial_begin(&d, list);
	while ((fd = dial_step(&d, wait_clock_ms(), CONNECT_MS, name)) == -EINPROGRESS) {
		nfds_t count = dial_poll(&d, fds);

		err = wait_for(fds, count, dial_timeout(&d, wait_clock_ms(), WAIT_FOREVER));
		if (err < 0) {
			fd = err;
			break;
		}
	}
	dial_end(&d);
	freeaddrinfo(list);
	return fd < 0 ? failed(why, "connect", -fd) : fd;
}

void net_peer_name(const struct sockaddr_storage *addr, socklen_t len, char *name)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	char host[INET6_ADDRSTRLEN + 32];

	if (addr->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, host, sizeof(host));
	else if (getnameinfo((const struct sockaddr *)addr, len, host, sizeof(host), NULL, 0,
			     NI_NUMERICHOST))
		snprintf(host, sizeof(host), "?");

	snprintf(name, NET_NAME_SIZE, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port_of(addr));
}
