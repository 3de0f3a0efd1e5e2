// SPDX-License-Identifier: GPL-2.0-or-later
/* dial.c - connect to the first address of several that answers. */
#include "apps/base/dial.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The next address of @list from @at on that is, or is not, of @family. */
static const struct addrinfo *next_of(const struct addrinfo *at, int family, bool same)
{
	while (at && (at->ai_family == family) != same)
		at = at->ai_next;
	return at;
}

void dial_begin(struct dial *d, const struct addrinfo *list)
{
	int family = list ? list->ai_family : AF_UNSPEC;
	const struct addrinfo *first = list, *second = next_of(list, family, false);

	*d = (struct dial){.error = -EADDRNOTAVAIL};
	while ((first || second) && d->count < DIAL_ADDRESSES) {
		bool turn = first && (!second || d->count % 2 == 0);
		const struct addrinfo *ai = turn ? first : second;

		d->tries[d->count++].address = ai;
		if (turn)
			first = next_of(ai->ai_next, family, true);
		else
			second = next_of(ai->ai_next, family, false);
	}
}

static void fail(struct dial *d, unsigned int i, int error, int64_t now)
{
	if (d->tries[i].state == DIAL_TRYING)
		close(d->tries[i].fd);
	d->tries[i].state = DIAL_OVER;
	d->error = error;
	d->next_ms = now;
}

/* Start attempts as far as it is time. */
static void start(struct dial *d, int64_t now)
{
	for (unsigned int i = 0; i < d->count && now >= d->next_ms; i++) {
		if (d->tries[i].state != DIAL_NEW)
			continue;
		d->tries[i].fd = net_start(d->tries[i].address);
		if (d->tries[i].fd < 0) {
			fail(d, i, d->tries[i].fd, now);
			continue;
		}
		d->tries[i].state = DIAL_TRYING;
		d->tries[i].since_ms = now;
		d->next_ms = now + DIAL_DELAY_MS;
	}
}

/* What became of an attempt: 0 connected, -EINPROGRESS, or negative errno. */
static int result_of(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(int);
	int error = 0;

	if (poll(&ready, 1, 0) <= 0)
		return -EINPROGRESS;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	return -error;
}

int dial_step(struct dial *d, int64_t now, int64_t patience_ms, char name[NET_NAME_SIZE])
{
	start(d, now);
	for (unsigned int i = 0; i < d->count; i++) {
		const struct addrinfo *ai = d->tries[i].address;
		struct sockaddr_storage peer = {0};
		int fd = d->tries[i].fd, err;

		if (d->tries[i].state != DIAL_TRYING)
			continue;
		err = result_of(fd);
		if (err == -EINPROGRESS && now - d->tries[i].since_ms > patience_ms)
			err = -ETIMEDOUT;
		if (err == -EINPROGRESS)
			continue;
		if (err) {
			fail(d, i, err, now);
			start(d, now);
			continue;
		}
		d->tries[i].state = DIAL_OVER;
		dial_end(d);
		memcpy(&peer, ai->ai_addr, ai->ai_addrlen);
		net_peer_name(&peer, ai->ai_addrlen, name);
		return fd;
	}
	return dial_has_more(d) ? -EINPROGRESS : d->error;
}

bool dial_has_more(const struct dial *d)
{
	for (unsigned int i = 0; i < d->count; i++)
		if (d->tries[i].state != DIAL_OVER)
			return true;
	return false;
}

nfds_t dial_poll(const struct dial *d, struct pollfd *fds)
{
	nfds_t n = 0;

	for (unsigned int i = 0; i < d->count; i++)
		if (d->tries[i].state == DIAL_TRYING)
			fds[n++] = (struct pollfd){.fd = d->tries[i].fd, .events = POLLOUT};
	return n;
}

int dial_timeout(const struct dial *d, int64_t now, int most)
{
	int64_t due = d->next_ms > now ? d->next_ms - now : 0;

	for (unsigned int i = 0; i < d->count; i++)
		if (d->tries[i].state == DIAL_NEW)
			return most < 0 || due < most ? (int)due : most;
	/* Every attempt has started; how long one takes is looked at now and then. */
	return most < 0 || most > 4 * DIAL_DELAY_MS ? 4 * DIAL_DELAY_MS : most;
}

void dial_end(struct dial *d)
{
	for (unsigned int i = 0; i < d->count; i++) {
		if (d->tries[i].state != DIAL_TRYING)
			continue;
		close(d->tries[i].fd);
		d->tries[i].state = DIAL_NEW;
	}
	d->next_ms = 0;
}
