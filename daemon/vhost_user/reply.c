/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reply.c - what becomes of a message. See reply.h. */
#include "daemon/vhost_user/reply.h"

#include "common/log.h"

static const char *const violation_texts[VU_VIOLATIONS] = {
    [VU_VIOLATION_UNKNOWN_REQUEST] = "the request is unknown",
    [VU_VIOLATION_FEATURE_NOT_ACCEPTED] = "the request belongs to a feature that was not accepted",
    [VU_VIOLATION_WRONG_SIZE] = "the size of the message is wrong",
    [VU_VIOLATION_WRONG_FDS] = "the number of file descriptors is wrong",
    [VU_VIOLATION_FEATURES_NOT_OFFERED] = "a feature was not offered",
    [VU_VIOLATION_PROTOCOL_FEATURES_NOT_OFFERED] = "a protocol feature was not offered",
    [VU_VIOLATION_STATUS] = "the status has more than 8 bits",
    [VU_VIOLATION_CONFIG_RANGE] = "the range is beyond the config space",
    [VU_VIOLATION_NO_SUCH_QUEUE] =
	"no such queue: QEMU's num_vqs must not exceed --num-queues and --slow-queues together",
    [VU_VIOLATION_QUEUE_SIZE] = "the size of a queue is a power of two up to 32768",
    [VU_VIOLATION_QUEUE_IN_USE] = "the queue is in use",
    [VU_VIOLATION_LOG_NOT_ACCEPTED] = "LOG_SHMFD was not accepted",
    [VU_VIOLATION_LOG_UNMAPPABLE] = "the log of dirty pages cannot be mapped",
    [VU_VIOLATION_BASE] = "the index has more than 16 bits",
    [VU_VIOLATION_ENABLE] = "the value is neither 0 nor 1",
    [VU_VIOLATION_NO_KICK] = "a queue without a kick descriptor is not supported",
    [VU_VIOLATION_KICK_KIND] = "the kick descriptor is not an eventfd",
    [VU_VIOLATION_SIGNAL_KIND] = "the descriptor is not an eventfd, pipe or socket",
    [VU_VIOLATION_REGION_COUNT] = "the size and the number of regions disagree",
    [VU_VIOLATION_REGION_FDS] = "the number of regions and of file descriptors disagree",
    [VU_VIOLATION_REGION_UNMAPPABLE] = "a region of memory cannot be mapped",
};

enum outcome vu_answer_u64(struct vu_message *m, uint64_t value)
{
	m->header.size = sizeof(m->payload.u64);
	m->payload.u64 = value;
	return ANSWER;
}

enum outcome vu_violation(struct vu_message *m, enum vu_violation violation)
{
	log_limited(LOG_WARN, "front end broke the protocol: %s (request %u): %s",
		    vu_request_name(m->header.request), m->header.request,
		    violation_texts[violation]);
	m->payload.u64 = violation;
	return VIOLATE;
}
