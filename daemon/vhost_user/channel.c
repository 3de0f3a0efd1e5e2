/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel.c - the worker's end of the link to its supervisor. See channel.h.
 */
#include "daemon/vhost_user/channel.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "daemon/operate/control.h"
#include "daemon/recovery/crash.h"
#include "common/log.h"
#include "common/util.h"

bool channel_is_request(const struct vu_message *m)
{
	return m->header.request >= CHANNEL_FIRST;
}

static enum outcome do_reset(struct vhost_user *vu)
{
	vu->protocol_features = 0;
	vu->status = 0;
	vm_reset(vu->vm);
	return DONE;
}

static enum outcome do_control(struct vhost_user *vu, struct vu_message *m)
{
	if (m->fd_count != 1 || !vu->control)
		return REFUSE;
	return control_adopt(vu->control, take_fd(&m->fds[0])) ? REFUSE : DONE;
}

enum outcome channel_run(struct vhost_user *vu, struct vu_message *m)
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
	default:
		log_msg(LOG_ERROR, "the supervisor sent what we do not know: %u",
			m->header.request);
		return VIOLATE;
	}
}

int channel_tell(struct vhost_user *vu, enum channel_request request, uint64_t value)
{
	struct vu_message m = {
	    .header = {.request = request, .size = sizeof(value)},
	    .payload.u64 = value,
	};

	return vu_reply(vu->socket, &m);
}

/* ---- what a worker can do ------------------------------------------------------------- */

#define READY_SIZE (offsetof(struct vu_config, data) + sizeof(struct vcd_config))

int channel_ready(struct vhost_user *vu)
{
	struct vu_message m = {
	    .header = {.request = CHANNEL_READY, .size = READY_SIZE},
	    .payload.config.size = sizeof(struct vcd_config),
	};
	struct vcd_config config;

	vcd_device_config(vu->vm->device, &config);
	memcpy(m.payload.config.data, &config, sizeof(config));
	return vu_reply(vu->socket, &m);
}

bool channel_config(const struct vu_message *m, struct vcd_config *config)
{
	if (m->header.request != CHANNEL_READY || m->header.size != READY_SIZE)
		return false;
	memcpy(config, m->payload.config.data, sizeof(*config));
	return true;
}

/* One bit for each algorithm; the order of bytes is the same in both. */
static bool misses(const __le64 is[2], const __le64 was[2])
{
	return (was[0] & ~is[0]) || (was[1] & ~is[1]);
}

bool channel_is_less(const struct vcd_config *is, const struct vcd_config *was)
{
	return is->version != was->version || le32toh(is->num_queues) < le32toh(was->num_queues) ||
	       le32toh(is->max_request) < le32toh(was->max_request) ||
	       le32toh(is->max_segments) < le32toh(was->max_segments) ||
	       le32toh(is->max_sessions) < le32toh(was->max_sessions) ||
	       le32toh(is->max_aad) < le32toh(was->max_aad) || misses(is->ciphers, was->ciphers) ||
	       misses(is->macs, was->macs) || misses(is->aeads, was->aeads);
}
