// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * relay.c - a bad network: relays TCP and cuts.
 *
 *	relay TARGET-PORT LIMIT[,LIMIT...]
 *
 * Listens on a free port of 127.0.0.1, says "port N", and relays each connection to
 * TARGET-PORT. The nth connection is reset, both sides, after the nth limit of bytes in either
 * direction; 0: never; the last limit is for all that follow. "f" before a limit: the bytes
 * are not passed on from there but silently kept, and the connection is reset 8 seconds
 * later; "h": they are held back until SIGUSR1; "x": one bit of the byte at the limit is
 * changed instead.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_LIMITS 32
#define MAX_PAIRS 16
#define FREEZE_S 8

struct limit {
	char kind; /* 0, 'f', 'h' or 'x' */
	unsigned long bytes;
};

struct pair {
	int fd[2];
	bool open[2];
	struct limit limit;
	unsigned long passed;
	time_t frozen;
	bool held;
};

static struct limit limits[MAX_LIMITS];
static unsigned int limit_count, connections;
static struct pair pairs[MAX_PAIRS];
static volatile sig_atomic_t released;

static void on_release(int sig)
{
	released = sig;
}

static int loopback(uint16_t port, struct sockaddr_in *addr)
{
	*addr = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void reset(int fd)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static void cut(struct pair *p)
{
	reset(p->fd[0]);
	reset(p->fd[1]);
	p->fd[0] = p->fd[1] = -1;
}

static void take(int listener, uint16_t target)
{
	struct sockaddr_in addr;
	struct pair *p = pairs;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	unsigned int n = connections < limit_count ? connections : limit_count - 1;

	while (p < pairs + MAX_PAIRS && p->fd[0] >= 0)
		p++;
	if (fd < 0 || p == pairs + MAX_PAIRS)
		exit(1);
	*p = (struct pair){.fd = {fd, loopback(target, &addr)}, .open = {true, true}};
	p->limit = limits[n];
	connections++;
	if (connect(p->fd[1], (struct sockaddr *)&addr, sizeof(addr)) < 0)
		cut(p);
}

static void pass(struct pair *p, int from)
{
	char data[16384];
	ssize_t n = recv(p->fd[from], data, sizeof(data), 0);
	size_t len;

	if (n < 0) {
		cut(p);
		return;
	}
	if (n == 0) {
		p->open[from] = false;
		shutdown(p->fd[!from], SHUT_WR);
		return;
	}
	len = (size_t)n;
	if (p->limit.bytes && p->passed + len > p->limit.bytes) {
		size_t before = p->passed < p->limit.bytes ? p->limit.bytes - p->passed : 0;

		switch (p->limit.kind) {
		case 'x':
			if (p->passed <= p->limit.bytes)
				data[before] ^= 1;
			break;
		case 'f':
			if (!p->frozen)
				p->frozen = time(NULL);
			len = 0;
			break;
		case 'h':
			p->held = true; /* from the next piece on */
			break;
		default:
			if (before)
				send(p->fd[!from], data, before, MSG_NOSIGNAL);
			cut(p);
			return;
		}
	}
	p->passed += (size_t)n;
	if (len && send(p->fd[!from], data, len, MSG_NOSIGNAL) < 0)
		cut(p);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	struct sigaction release = {.sa_handler = on_release};
	int listener = loopback(0, &addr);

	if (argc != 3)
		return 2;
	sigaction(SIGUSR1, &release, NULL);
	for (char *at = strtok(argv[2], ","); at && limit_count < MAX_LIMITS;
	     at = strtok(NULL, ",")) {
		bool letter = *at == 'f' || *at == 'h' || *at == 'x';

		limits[limit_count++] =
		    (struct limit){letter ? *at : 0, strtoul(at + letter, NULL, 10)};
	}
	for (int i = 0; i < MAX_PAIRS; i++)
		pairs[i].fd[0] = pairs[i].fd[1] = -1;
	if (bind(listener, (struct sockaddr *)&addr, len) < 0 || listen(listener, 8) < 0 ||
	    getsockname(listener, (struct sockaddr *)&addr, &len) < 0)
		return 1;
	fprintf(stderr, "port %u\n", ntohs(addr.sin_port));
	for (;;) {
		struct pollfd fds[1 + 2 * MAX_PAIRS] = {{.fd = listener, .events = POLLIN}};

		for (int i = 0; i < 2 * MAX_PAIRS; i++) {
			struct pair *p = &pairs[i / 2];

			fds[1 + i] = (struct pollfd){
			    .fd = p->open[i % 2] && (!p->held || released) ? p->fd[i % 2] : -1,
			    .events = POLLIN};
			if (p->fd[0] >= 0 && p->frozen && time(NULL) - p->frozen > FREEZE_S)
				cut(p);
		}
		if (poll(fds, 1 + 2 * MAX_PAIRS, 500) < 0) {
			if (errno == EINTR)
				continue;
			return 1;
		}
		for (int i = 0; i < 2 * MAX_PAIRS; i++)
			if (fds[1 + i].revents && pairs[i / 2].fd[i % 2] >= 0)
				pass(&pairs[i / 2], i % 2);
		if (fds[0].revents)
			take(listener, (uint16_t)atoi(argv[1]));
	}
}
