/* SPDX-License-Identifier: GPL-2.0-or-later */
/* front_end.c - the front end as the supervisor sees it. See front_end.h. */
#include "daemon/supervisor/front_end.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "common/log.h"
#include "common/util.h"
#include "daemon/vhost_user/channel.h"

/* For a front end to send SET_OWNER, when another one waits. Tests set less. */
#ifndef VCD_SILENT_MS
#define VCD_SILENT_MS 10000u
#endif

static bool has_hung_up(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	return poll(&p, 1, 0) == 1;
}

int front_end_accept(struct front_end *front, struct listener *listener)
{
	const uint64_t silent_ns = VCD_SILENT_MS * 1000000ull;
	int fd;

	front->hung_up = front->fd >= 0 && has_hung_up(front->fd);
	if (front->hung_up)
		return -EAGAIN;
	fd = listener_accept(listener);
	if (fd < 0 || front->fd < 0 || (!front->owner && now_ns() - front->since_ns > silent_ns))
		return fd;
	log_limited(LOG_WARN, "a front end is connected already; another one is turned away");
	close(fd);
	return -EAGAIN;
}

void front_end_begin(struct front_end *front, int socket)
{
	*front = (struct front_end){.fd = socket, .since_ns = now_ns()};
	log_limited(LOG_NOTICE, "front end connected");
}

void front_end_close(struct front_end *front)
{
	vu_read_next(&front->reader);
	close_fd(&front->fd);
	front->hung_up = false;
}

/* Whether the front end expects an answer to @m: a question, or a request to be acknowledged. */
static bool answer_due(const struct setup *setup, const struct vu_message *m)
{
	uint64_t features = setup->protocol_features;

	if (vu_is_question(m->header.request))
		return true;
	/* SET_PROTOCOL_FEATURES is acknowledged by the features that it sets. */
	if (m->header.request == VU_SET_PROTOCOL_FEATURES)
		features = m->payload.u64;
	return (m->header.flags & VU_NEED_REPLY) && (features & 1ull << VU_PROTOCOL_F_REPLY_ACK);
}

static int send_answer(struct front_end *front, struct vu_message *reply)
{
	int err = vu_reply(front->fd, reply);

	if (err == -ENOBUFS)
		log_limited(LOG_WARN, "front end does not read its replies");
	return err;
}

/*
 * The channel for a back end's own requests. User-mode Linux needs it to be offered. It is kept
 * here and never used: a worker that was taken over could otherwise send requests to QEMU.
 */
static int keep_channel(struct front_end *front, struct setup *setup)
{
	struct vu_message *m = &front->reader.message;

	if (!(setup->protocol_features & 1ull << VU_PROTOCOL_F_BACKEND_REQ) ||
	    m->header.size != 0 || setup_apply(setup, m, false) < 0) {
		log_limited(LOG_WARN, "front end broke the protocol: SET_BACKEND_REQ_FD");
		return -EPROTO;
	}
	if (!answer_due(setup, m))
		return 0;
	m->header.size = sizeof(m->payload.u64);
	m->payload.u64 = 0;
	return send_answer(front, m);
}

int front_end_read(struct front_end *front, struct setup *setup)
{
	const struct vu_header *header = &front->reader.message.header;
	int ret = vu_read(&front->reader, front->fd);

	if (ret == -EPROTO)
		log_limited(LOG_WARN, "front end sent a malformed vhost-user message");
	if (ret <= 0)
		return ret;
	if (header->request >= VU_REQUEST_COUNT) {
		/* The supervisor's own requests to a worker are among these. */
		log_limited(LOG_WARN, "front end sent an unknown request: %u", header->request);
		return -EPROTO;
	}
	if (header->request == VU_SET_BACKEND_REQ_FD) {
		ret = keep_channel(front, setup);
		vu_read_next(&front->reader);
		return ret;
	}
	front->owner = front->owner || header->request == VU_SET_OWNER;
	return 1;
}

enum front_end_outcome front_end_answer(struct front_end *front, struct setup *setup,
					struct vu_message *reply)
{
	struct vu_message *m = &front->reader.message;
	bool private = reply->header.request == CHANNEL_DONE;
	bool refused;

	if (reply->header.request == CHANNEL_VIOLATED)
		return FRONT_END_VIOLATED;
	if (private == answer_due(setup, m) ||
	    (!private && reply->header.request != m->header.request))
		return FRONT_END_NO_ANSWER;
	/* Any answer but that to a question is 0 or 1. */
	refused = m->header.request != VU_GET_VRING_BASE && reply->payload.u64 != 0;
	if (setup_apply(setup, m, refused) < 0)
		return FRONT_END_IMPOSSIBLE;
	front->error = private ? 0 : send_answer(front, reply);
	vu_read_next(&front->reader);
	return front->error ? FRONT_END_LOST : FRONT_END_ANSWERED;
}
