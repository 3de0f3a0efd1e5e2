/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * front_end.c - the front end, as the supervisor sees it: a connection, and the one
 * message of it whose outcome is awaited. It is told what the worker answered, after a check
 * that this can be an answer: neither of the two is trusted.
 */
#include "daemon/supervisor/internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "daemon/vhost_user/channel.h"
#include "common/log.h"
#include "common/util.h"

/* For a front end to begin, when another one waits. Tests have less patience. */
#ifndef VCD_SILENT_MS
#define VCD_SILENT_MS 10000u
#endif

void front_end_begin(struct supervisor *s, int socket)
{
	s->front = socket;
	s->front_since = now_ns();
	s->front_owner = false;
	s->ledger.head->front_ends++;
	log_limited(LOG_NOTICE, "front end connected");
}

/* It has gone, and we have not got to see that yet. */
static bool hung_up(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	return poll(&p, 1, 0) == 1;
}

/* It connected, and does not begin: perhaps it is no front end at all. */
static bool does_not_begin(const struct supervisor *s)
{
	return !s->front_owner && now_ns() - s->front_since > VCD_SILENT_MS * 1000000ull;
}

void front_end_accept(struct supervisor *s)
{
	int fd;

	if (s->front >= 0 && hung_up(s->front)) {
		s->listener_rests = true;
		return;
	}
	fd = listener_accept(&s->listener);
	if (fd < 0) {
		if (fd != -EAGAIN)
			supervisor_accept_failed(s, fd);
		return;
	}
	if (s->front >= 0 && does_not_begin(s)) {
		front_end_leave(s, -ETIMEDOUT);
	} else if (s->front >= 0) {
		log_limited(LOG_WARN,
			    "a front end is connected already; another one is turned away");
		close(fd);
		return;
	}
	front_end_begin(s, fd);
}

void front_end_leave(struct supervisor *s, int reason)
{
	if (s->front < 0)
		return;
	if (reason == -ECONNRESET) {
		log_limited(LOG_NOTICE, "front end disconnected");
	} else if (reason) {
		if (reason == -EPROTO)
			s->ledger.head->protocol_errors++;
		log_limited(LOG_WARN, "connection closed: %s", strerror(-reason));
	}
	supervisor_watch_while(s, s->front, false, &s->front_watched);
	vu_read_next(&s->reader);
	close_fd(&s->front);
	s->listener_rests = false;
	s->pending = false;
	setup_clear(&s->setup);
	s->want_reset = true;
	/* Who had just one connection to serve ends with it. */
	if (s->listener.fd < 0)
		s->ending = true;
}

/* Whether the front end waits for an answer to @m: it asks, or wants to hear how it went. */
static bool answer_due(const struct supervisor *s, const struct vu_message *m)
{
	uint64_t features = s->setup.protocol_features;

	if (vu_is_question(m->header.request))
		return true;
	/* In the set of SET_PROTOCOL_FEATURES itself it counts already. */
	if (m->header.request == VU_SET_PROTOCOL_FEATURES)
		features = m->payload.u64;
	return (m->header.flags & VU_NEED_REPLY) && (features & 1ull << VU_PROTOCOL_F_REPLY_ACK);
}

static int send_answer(struct supervisor *s, struct vu_message *reply)
{
	int err = vu_reply(s->front, reply);

	if (err == -ENOBUFS)
		log_limited(LOG_WARN, "front end does not read its replies");
	return err;
}

/*
 * The channel for a backend's own requests. It is accepted, as User-mode Linux cannot do
 * without offering it, and kept here; nothing is ever written to it. A worker that was taken over
 * could ask QEMU for things there that a device of ours has no use for.
 */
static int keep_channel(struct supervisor *s, struct vu_message *m)
{
	if (!(s->setup.protocol_features & 1ull << VU_PROTOCOL_F_BACKEND_REQ) ||
	    m->header.size != 0 || setup_apply(&s->setup, m, false) < 0) {
		log_limited(LOG_WARN, "front end broke the protocol: SET_BACKEND_REQ_FD");
		return -EPROTO;
	}
	if (!answer_due(s, m))
		return 0;
	m->header.size = sizeof(m->payload.u64);
	m->payload.u64 = 0;
	return send_answer(s, m);
}

void front_end_input(struct supervisor *s)
{
	int ret = vu_read(&s->reader, s->front);

	if (ret == -EPROTO)
		log_limited(LOG_WARN, "front end sent what is no vhost-user message");
	if (ret < 0) {
		front_end_leave(s, ret);
	} else if (ret > 0 && s->reader.message.header.request >= VU_REQUEST_COUNT) {
		/* Also what only we may say to a worker. */
		log_limited(LOG_WARN, "front end sent a request that is unknown: %u",
			    s->reader.message.header.request);
		front_end_leave(s, -EPROTO);
	} else if (ret > 0 && s->reader.message.header.request == VU_SET_BACKEND_REQ_FD) {
		ret = keep_channel(s, &s->reader.message);
		vu_read_next(&s->reader);
		if (ret < 0)
			front_end_leave(s, ret);
	} else if (ret > 0) {
		s->front_owner = s->front_owner || s->reader.message.header.request == VU_SET_OWNER;
		s->pending = true;
	}
}

void front_end_answer(struct supervisor *s, struct vu_message *reply)
{
	struct vu_message *m = &s->reader.message;
	bool private = reply->header.request == CHANNEL_DONE;
	bool refused;
	int err;

	if (!s->pending) /* the front end left meanwhile */
		return;
	if (reply->header.request == CHANNEL_VIOLATED) {
		front_end_leave(s, -EPROTO);
		return;
	}
	/* The next worker is told @m again, so that the front end is neither misled nor left
	 * waiting. */
	if (private == answer_due(s, m) ||
	    (!private && reply->header.request != m->header.request)) {
		log_limited(LOG_WARN, "worker %d gave an answer that is none", (int)s->worker.pid);
		child_kill(s, &s->worker);
		return;
	}
	/* What is no question is answered by 0 or 1, as far as it is answered. */
	refused = m->header.request != VU_GET_VRING_BASE && reply->payload.u64 != 0;
	/* No worker of ours can have accepted it: this one lies, and what it has done is not known.
	 */
	if (setup_apply(&s->setup, m, refused) < 0) {
		log_limited(LOG_WARN, "worker %d accepted what cannot be", (int)s->worker.pid);
		child_kill(s, &s->worker);
		front_end_leave(s, -EPROTO);
		return;
	}
	vu_read_next(&s->reader);
	s->pending = false;
	err = private ? 0 : send_answer(s, reply);
	if (err)
		front_end_leave(s, err);
}
