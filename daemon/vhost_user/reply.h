/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reply.h - what becomes of a message, and how the front end broke the protocol.
 */
#ifndef VCD_DAEMON_VHOST_USER_REPLY_H
#define VCD_DAEMON_VHOST_USER_REPLY_H

#include "daemon/vhost_user/message.h"

/**
 * enum outcome - what became of a message.
 * @DONE: executed; acknowledged when the front end asked for it
 * @ANSWER: the message now holds the reply that this request always has
 * @REFUSE: not possible; the front end is told so when it asked. It continues
 * @VIOLATE: the front end broke the protocol; the message now holds the enum vu_violation, and
 *	the supervisor ends the connection
 */
enum outcome {
	DONE,
	ANSWER,
	REFUSE,
	VIOLATE,
};

/** enum vu_violation - how a front end can break the protocol; texts in reply.c. */
enum vu_violation {
	VU_VIOLATION_UNKNOWN_REQUEST = 1,
	VU_VIOLATION_FEATURE_NOT_ACCEPTED,
	VU_VIOLATION_WRONG_SIZE,
	VU_VIOLATION_WRONG_FDS,
	VU_VIOLATION_FEATURES_NOT_OFFERED,
	VU_VIOLATION_PROTOCOL_FEATURES_NOT_OFFERED,
	VU_VIOLATION_STATUS,
	VU_VIOLATION_CONFIG_RANGE,
	VU_VIOLATION_NO_SUCH_QUEUE,
	VU_VIOLATION_QUEUE_SIZE,
	VU_VIOLATION_QUEUE_IN_USE,
	VU_VIOLATION_LOG_NOT_ACCEPTED,
	VU_VIOLATION_LOG_UNMAPPABLE,
	VU_VIOLATION_BASE,
	VU_VIOLATION_ENABLE,
	VU_VIOLATION_NO_KICK,
	VU_VIOLATION_KICK_KIND,
	VU_VIOLATION_SIGNAL_KIND,
	VU_VIOLATION_REGION_COUNT,
	VU_VIOLATION_REGION_FDS,
	VU_VIOLATION_REGION_UNMAPPABLE,
	VU_VIOLATIONS
};

/** vu_answer_u64 - make the message a reply with a number. Return: ANSWER. */
enum outcome vu_answer_u64(struct vu_message *m, uint64_t value);

/** vu_violation - log how the front end broke the protocol, and put it into @m. Return: VIOLATE. */
enum outcome vu_violation(struct vu_message *m, enum vu_violation violation);

#endif /* VCD_DAEMON_VHOST_USER_REPLY_H */
