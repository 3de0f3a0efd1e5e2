/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handlers.h - the handlers of vhost-user messages; theory in vhost_user.c.
 */
#ifndef VCD_DAEMON_VHOST_USER_HANDLERS_H
#define VCD_DAEMON_VHOST_USER_HANDLERS_H

#include "daemon/vhost_user/reply.h"
#include "daemon/vhost_user/vhost_user.h"

/* ---- supervisor_requests.c ------------------------------------------------------------ */

/** vu_run_supervisor_request - carry out a request of channel.h. */
enum outcome vu_run_supervisor_request(struct vhost_user *vu, struct vu_message *m);

/* ---- memory_requests.c ---------------------------------------------------------------- */

enum outcome vu_do_set_mem_table(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_get_max_mem_slots(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_add_mem_reg(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_rem_mem_reg(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_set_log_base(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_set_log_fd(struct vhost_user *vu, struct vu_message *m);

/* ---- queue_requests.c ----------------------------------------------------------------- */

/** vu_stop_queue - stop a queue that is locked. Return: where its driver goes on. */
uint16_t vu_stop_queue(struct vhost_user *vu, struct queue *queue);

enum outcome vu_do_set_vring_num(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_set_vring_addr(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_set_vring_base(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_get_vring_base(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_set_vring_enable(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_set_vring_kick(struct vhost_user *vu, struct vu_message *m);
enum outcome vu_do_set_vring_signal(struct vhost_user *vu, struct vu_message *m);

#endif /* VCD_DAEMON_VHOST_USER_HANDLERS_H */
