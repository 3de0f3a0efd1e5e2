/* SPDX-License-Identifier: GPL-2.0-or-later */
/* channel.c - what supervisor and worker say to each other. See channel.h. */
#include "daemon/vhost_user/channel.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

bool channel_is_request(const struct vu_message *m)
{
	return m->header.request >= CHANNEL_FIRST;
}

int channel_tell(int channel, enum channel_request request, uint64_t value)
{
	struct vu_message m = {
	    .header = {.request = request, .size = sizeof(value)},
	    .payload.u64 = value,
	};

	return vu_reply(channel, &m);
}

/* ---- what a worker can do ------------------------------------------------------------- */

#define READY_SIZE (offsetof(struct vu_config, data) + sizeof(struct vcd_config))

int channel_ready(int channel, const struct vcd_config *config)
{
	struct vu_message m = {
	    .header = {.request = CHANNEL_READY, .size = READY_SIZE},
	    .payload.config.size = sizeof(struct vcd_config),
	};

	memcpy(m.payload.config.data, config, sizeof(*config));
	return vu_reply(channel, &m);
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
