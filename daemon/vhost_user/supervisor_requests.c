/* SPDX-License-Identifier: GPL-2.0-or-later */
/* supervisor_requests.c - requests of the supervisor's own (channel.h), executed in the worker. */
#include "common/util.h"
#include "daemon/recovery/crash.h"
#include "daemon/vhost_user/channel.h"
#include "daemon/vhost_user/handlers.h"

static enum outcome do_reset(struct vhost_user *vu)
{
	vu->protocol_features = 0;
	vu->status = 0;
	vm_reset(vu->vm);
	return DONE;
}

static enum outcome do_control(struct vhost_user *vu, struct vu_message *m)
{
	if (m->fd_count != 1 || !vu->adopt_client)
		return REFUSE;
	return vu->adopt_client(vu->adopt_arg, take_fd(&m->fds[0])) ? REFUSE : DONE;
}

static enum outcome do_keeper(struct vhost_user *vu, struct vu_message *m)
{
	if (m->fd_count != 1 || !vu->adopt_keeper)
		return REFUSE;
	vu->adopt_keeper(vu->keeper_arg, take_fd(&m->fds[0]));
	return DONE;
}

enum outcome vu_run_supervisor_request(struct vhost_user *vu, struct vu_message *m)
{
	switch (m->header.request) {
	case CHANNEL_RESUME:
		vm_resume(vu->vm);
		crash_point(CRASH_RESUMED);
		return DONE;
	case CHANNEL_RESET:
		return do_reset(vu);
	case CHANNEL_CONTROL:
		return do_control(vu, m);
	case CHANNEL_KEEPER:
		return do_keeper(vu, m);
	default:
		return vu_violation(m, VU_VIOLATION_UNKNOWN_REQUEST);
	}
}
