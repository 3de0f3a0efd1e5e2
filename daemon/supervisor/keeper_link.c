/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keeper_link.c - the supervisor's connection to vcrypto-keeper. See keeper_link.h. */
#include "daemon/supervisor/keeper_link.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/param.h>

#include "common/log.h"
#include "common/util.h"
#include "keeper/client.h"

/* For the keeper to say that it knows the VM. Generous: a machine may be slow. */
#define ANSWER_MS 10000u

#define PAUSE_FIRST_MS 10u
#define PAUSE_MAX_MS 1000u

static uint64_t in_ms(unsigned int ms)
{
	return now_ns() + ms * 1000000ull;
}

void keeper_link_init(struct keeper_link *link, const char *path, const char *vm)
{
	*link = (struct keeper_link){.path = path, .vm = vm, .fd = -1};
	if (path)
		link->at_ns = now_ns();
}

/* Try again later. @why: what went wrong */
static void fail(struct keeper_link *link, const char *why)
{
	log_limited(LOG_WARN, "no keeper at %s: %s; trying again", link->path, why);
	close_fd(&link->fd);
	link->up = false;
	link->pause_ms = MIN(MAX(2 * link->pause_ms, PAUSE_FIRST_MS), PAUSE_MAX_MS);
	link->at_ns = in_ms(link->pause_ms);
}

static void try(struct keeper_link *link)
{
	struct keeper_request request = {.type = KEEPER_HELLO, .arg = KEEPER_VERSION};
	struct keeper_client client = {0};
	int err;

	link->fd = keeper_connect_now(link->path);
	if (link->fd < 0) {
		err = link->fd;
		link->fd = -1;
		fail(link, strerror(-err));
		return;
	}
	client.fd = link->fd;
	err = keeper_send(&client, &request, link->vm, strlen(link->vm));
	if (err)
		fail(link, strerror(-err));
	else
		link->at_ns = in_ms(ANSWER_MS);
}

void keeper_link_poll(const struct keeper_link *link, struct pollfd *p)
{
	p->fd = link->fd;
	/* The replies to the worker's requests are not ours. */
	p->events = link->up ? POLLRDHUP : POLLIN;
}

bool keeper_link_event(struct keeper_link *link)
{
	struct keeper_client client = {.fd = link->fd};
	struct keeper_reply reply;
	int err;

	if (link->up) {
		link->pause_ms = 0;
		fail(link, "it closed the connection");
		return false;
	}
	err = keeper_receive(&client, &reply, NULL, 0, false);
	if (err == -EAGAIN)
		return false;
	if (err || reply.type != KEEPER_HELLO) {
		fail(link, err == -EPIPE ? "it closed the connection" : "it talks nonsense");
		return false;
	}
	if (reply.status != KEEPER_S_OK) {
		fail(link, keeper_status_name(reply.status));
		return false;
	}
	log_msg(LOG_INFO, "the keeper at %s knows the VM %s", link->path, link->vm);
	link->up = true;
	link->at_ns = 0;
	link->pause_ms = 0;
	return true;
}

void keeper_link_tick(struct keeper_link *link)
{
	if (!link->at_ns || link->at_ns > now_ns())
		return;
	link->at_ns = 0;
	if (link->fd >= 0)
		fail(link, "it does not answer");
	else
		try(link);
}

int keeper_link_copy(struct keeper_link *link)
{
	int fd;

	if (!link->up)
		return -1;
	fd = fcntl(link->fd, F_DUPFD_CLOEXEC, 0);
	/* The next connection is passed on, when there are descriptors again. */
	if (fd < 0)
		fail(link, strerror(errno));
	return fd;
}

void keeper_link_close(struct keeper_link *link)
{
	close_fd(&link->fd);
	link->up = false;
	link->at_ns = 0;
}
