/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handlers.h - the handlers of vhost-user messages; theory in vhost_user.c.
 */
#ifndef VCD_DAEMON_VHOST_USER_HANDLERS_H
#define VCD_DAEMON_VHOST_USER_HANDLERS_H

#include "daemon/vhost_user/vhost_user.h"

/**
 * enum outcome - what became of a message.
 * @DONE: fine; acknowledged when the front end asked for it
 * @ANSWER: the message now holds the reply that this request always has
 * @REFUSE: not possible; the front end is told so when it asked. It goes on
 * @VIOLATE: the front end broke the protocol; the connection ends
 */
enum outcome {
	DONE,
	ANSWER,
	REFUSE,
	VIOLATE,
};

/* ---- vhost_user.c --------------------------------------------------------------------- */

/** vu_answer_u64 - make the message a reply with a number. Return: ANSWER. */
enum outcome vu_answer_u64(struct vu_message *m, uint64_t value);

/** vu_violation - log how the front end broke the protocol. Return: VIOLATE. */
enum outcome vu_violation(const struct vu_message *m, const char *what);

/** vu_stop_queue - stop a queue that is locked. Return: where its driver goes on. */
uint16_t vu_stop_queue(struct vhost_user *vu, struct queue *queue);

/** vu_queue_stopped - drop the sessions if that was the last queue. */
void vu_queue_stopped(struct vhost_user *vu);

/* ---- supervisor_requests.c ------------------------------------------------------------ */

/** vu_run_supervisor_request - carry out a request of channel.h. */
enum outcome vu_run_supervisor_request(struct vhost_user *vu, struct vu_message *m);

/* ---- memory_requests.c ---------------------------------------------------------------- */

enum outcome vu_do_set_mem_table(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_get_max_mem_slots(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_add_mem_reg(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_rem_mem_reg(struct vhost_user *vu, struct vu_message *m);

/* ---- queue_requests.c ----------------------------------------------------------------- */

enum outcome vu_do_set_vring_num(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_set_vring_addr(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_set_vring_base(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_get_vring_base(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_set_vring_enable(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_set_vring_kick(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_set_vring_call(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_set_vring_err(struct vhost_user *vu, struct vu_message *m);

#endif /* VCD_DAEMON_VHOST_USER_HANDLERS_H */
