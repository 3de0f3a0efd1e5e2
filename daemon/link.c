/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.c - the worker's end of the link to its supervisor. See link.h.
 */
#include "daemon/link.h"

#include <errno.h>

#include "daemon/control.h"
#include "daemon/crash.h"
#include "daemon/log.h"
#include "daemon/util.h"

bool link_is_request(const struct vu_message *m)
{
	return m->header.request >= LINK_FIRST;
}

static enum outcome do_reset(struct vhost_user *vu)
{
	vu->protocol_features = 0;
	vu->status = 0;
	backend_reset(vu->backend);
	return DONE;
}

static enum outcome do_control(struct vhost_user *vu, struct vu_message *m)
{
	if (m->fd_count != 1 || !vu->control)
		return REFUSE;
	return control_adopt(vu->control, take_fd(&m->fds[0])) ? REFUSE : DONE;
}

enum outcome link_run(struct vhost_user *vu, struct vu_message *m)
{
	switch (m->header.request) {
	case LINK_RESUME:
		backend_resume(vu->backend);
		crash_point(CRASH_RESUMED);
		return DONE;
	case LINK_RESET:
		return do_reset(vu);
	case LINK_CONTROL:
		return do_control(vu, m);
	default:
		log_msg(LOG_ERROR, "the supervisor sent what we do not know: %u",
			m->header.request);
		return VIOLATE;
	}
}

int link_tell(struct vhost_user *vu, enum link_request request, uint64_t value)
{
	struct vu_message m = {
	    .header = {.request = request, .size = sizeof(value)},
	    .payload.u64 = value,
	};

	return vu_reply(vu->socket, &m);
}
