/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dial.h - connect to the first address of several that answers.
 *
 * In the manner of RFC 8305: the families take turns, an attempt starts every DIAL_DELAY_MS or as
 * soon as one has failed, all of them go on meanwhile, and the first that is connected wins. Each
 * attempt has a time of its own. If what answers turns out not to be the peer, the remaining
 * addresses can still be tried.
 */
#ifndef APPS_BASE_DIAL_H
#define APPS_BASE_DIAL_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "apps/base/net.h"

#define DIAL_ADDRESSES 32 /* of one name; more are ignored */
#define DIAL_DELAY_MS 250

enum dial_state { DIAL_NEW, DIAL_TRYING, DIAL_OVER };

/**
 * struct dial - the attempts
 * @address: in the order in which they are tried; borrowed
 * @fd: DIAL_TRYING: the socket
 * @since_ms: DIAL_TRYING: when it started
 * @next_ms: when the next attempt starts
 * @error: negative errno of the last attempt that failed
 */
struct dial {
	struct {
		const struct addrinfo *address;
		enum dial_state state;
		int fd;
		int64_t since_ms;
	} tries[DIAL_ADDRESSES];
	unsigned int count;
	int64_t next_ms;
	int error;
};

/** dial_begin() - all of @list are new; it must live until dial_end() */
void dial_begin(struct dial *d, const struct addrinfo *list);

/**
 * dial_step() - start and finish attempts
 * @now: milliseconds, as of wait_clock_ms()
 * @patience_ms: time of one attempt
 * @name: of the address that is connected
 *
 * Return: connected, non-blocking descriptor; then the other attempts are called off, and count as
 * new. -EINPROGRESS: call again when dial_poll() or dial_timeout() say so. Another negative errno:
 * no address is left.
 */
int dial_step(struct dial *d, int64_t now, int64_t patience_ms, char name[NET_NAME_SIZE]);

/** dial_has_more() - is there an address that has not been tried to the end? */
bool dial_has_more(const struct dial *d);

/** dial_poll() - what to wait for: fills at most DIAL_ADDRESSES of @fds, returns how many */
nfds_t dial_poll(const struct dial *d, struct pollfd *fds);

/** dial_timeout() - milliseconds until dial_step() is due, at most @most */
int dial_timeout(const struct dial *d, int64_t now, int most);

/** dial_end() - call off what is left */
void dial_end(struct dial *d);

#endif /* APPS_BASE_DIAL_H */
