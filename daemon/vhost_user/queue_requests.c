/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * queue_requests.c - messages about queues. Each changes one queue, under its
 * lock; whether the queue is served then is decided by queue_update().
 */
#include "daemon/vhost_user/handlers.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/log.h"
#include "common/util.h"

/* The queue that a message names, or NULL. */
static struct queue *find_queue(struct vhost_user *vu, uint64_t index)
{
	return index < vu->vm->num_queues ? &vu->vm->queues[index] : NULL;
}

/* Stop a queue that is locked. Return: where its driver goes on. */
uint16_t vu_stop_queue(struct vhost_user *vu, struct queue *queue)
{
	(void)vm_set_kick(vu->vm, queue, -1);
	return queue_stop(queue);
}

/* Drop the sessions when that was the last queue. */
static void queue_stopped(struct vhost_user *vu)
{
	if (vm_quiesced(vu->vm))
		vdev_reset(vu->vm->device);
}

enum outcome vu_do_set_vring_num(struct vhost_user *vu, struct vu_message *m)
{
	struct queue *queue = find_queue(vu, m->payload.state.index);
	uint32_t num = m->payload.state.num;
	enum outcome outcome;

	if (!queue)
		return vu_violation(m, VU_VIOLATION_NO_SUCH_QUEUE);
	if (num == 0 || num > QUEUE_MAX_NUM || (num & (num - 1)))
		return vu_violation(m, VU_VIOLATION_QUEUE_SIZE);
	vm_lock_queue(vu->vm, queue);
	if (queue->active) {
		outcome = vu_violation(m, VU_VIOLATION_QUEUE_IN_USE);
	} else {
		/* May be the last thing it wanted: stock front ends begin with it, but need not. */
		queue->num = num;
		outcome = vm_update(vu->vm, queue) ? REFUSE : DONE;
	}
	queue_unlock(queue);
	return outcome;
}

enum outcome vu_do_set_vring_addr(struct vhost_user *vu, struct vu_message *m)
{
	const struct vu_vring_addr *addr = &m->payload.addr;
	struct queue *queue = find_queue(vu, addr->index);
	int err;

	if (!queue)
		return vu_violation(m, VU_VIOLATION_NO_SUCH_QUEUE);
	if ((addr->flags & VU_VRING_F_LOG) &&
	    !(vu->protocol_features & (1ull << VU_PROTOCOL_F_LOG_SHMFD)))
		return vu_violation(m, VU_VIOLATION_LOG_NOT_ACCEPTED);
	vm_lock_queue(vu->vm, queue);
	queue->desc_user = addr->desc_user;
	queue->avail_user = addr->avail_user;
	queue->used_user = addr->used_user;
	queue->log_ring = addr->flags & VU_VRING_F_LOG;
	queue->log_guest = addr->log_guest;
	queue->placed = true;
	err = vm_update(vu->vm, queue);
	queue_unlock(queue);
	return err ? REFUSE : DONE;
}

enum outcome vu_do_set_vring_base(struct vhost_user *vu, struct vu_message *m)
{
	struct queue *queue = find_queue(vu, m->payload.state.index);
	enum outcome outcome = DONE;

	if (!queue)
		return vu_violation(m, VU_VIOLATION_NO_SUCH_QUEUE);
	if (m->payload.state.num > UINT16_MAX)
		return vu_violation(m, VU_VIOLATION_BASE);
	vm_lock_queue(vu->vm, queue);
	if (queue->active)
		outcome = vu_violation(m, VU_VIOLATION_QUEUE_IN_USE);
	else
		queue_set_base(queue, (uint16_t)m->payload.state.num);
	queue_unlock(queue);
	return outcome;
}

enum outcome vu_do_get_vring_base(struct vhost_user *vu, struct vu_message *m)
{
	struct queue *queue = find_queue(vu, m->payload.state.index);

	if (!queue)
		return vu_violation(m, VU_VIOLATION_NO_SUCH_QUEUE);
	vm_lock_queue(vu->vm, queue);
	m->payload.state.num = vu_stop_queue(vu, queue);
	queue_unlock(queue);
	queue_stopped(vu);
	m->header.size = sizeof(m->payload.state);
	return ANSWER;
}

enum outcome vu_do_set_vring_enable(struct vhost_user *vu, struct vu_message *m)
{
	struct queue *queue = find_queue(vu, m->payload.state.index);
	bool enable = m->payload.state.num;
	int err;

	if (!queue)
		return vu_violation(m, VU_VIOLATION_NO_SUCH_QUEUE);
	if (m->payload.state.num > 1)
		return vu_violation(m, VU_VIOLATION_ENABLE);
	vm_lock_queue(vu->vm, queue);
	queue->enabled = enable;
	if (!enable)
		queue->broken = false;
	err = vm_update(vu->vm, queue);
	queue_unlock(queue);
	if (!enable)
		queue_stopped(vu);
	return err ? REFUSE : DONE;
}

/*
 * The queue of a SET_VRING_KICK, CALL or ERR and the descriptor, taken over; -1
 * when none is meant to come.
 */
static enum outcome take_queue_fd(struct vhost_user *vu, struct vu_message *m, struct queue **queue,
				  int *fd)
{
	bool none = m->payload.u64 & VU_VRING_NO_FD;

	*fd = -1;
	*queue = find_queue(vu, m->payload.u64 & VU_VRING_INDEX_MASK);
	if (!*queue || (m->payload.u64 & ~(uint64_t)(VU_VRING_INDEX_MASK | VU_VRING_NO_FD)))
		return vu_violation(m, VU_VIOLATION_NO_SUCH_QUEUE);
	if (m->fd_count != (none ? 0 : 1))
		return vu_violation(m, VU_VIOLATION_WRONG_FDS);
	if (!none)
		*fd = take_fd(&m->fds[0]);
	return DONE;
}

/* Kind of a descriptor: 0 for eventfds and their like, which are no files. */
static mode_t fd_kind(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? S_IFREG : st.st_mode & S_IFMT;
}

enum outcome vu_do_set_vring_kick(struct vhost_user *vu, struct vu_message *m)
{
	_cleanup_fd_ int fd = -1;
	struct queue *queue;
	enum outcome outcome;
	int refused, err;

	outcome = take_queue_fd(vu, m, &queue, &fd);
	if (outcome != DONE)
		return outcome;
	if (fd < 0)
		return vu_violation(m, VU_VIOLATION_NO_KICK);
	/* Serving threads rely on what an eventfd does and a pipe does not (vm/thread.c). */
	if (fd_kind(fd) != 0)
		return vu_violation(m, VU_VIOLATION_KICK_KIND);

	vm_lock_queue(vu->vm, queue);
	refused = vm_set_kick(vu->vm, queue, fd);
	if (!refused)
		(void)take_fd(&fd);
	/* In any case: a queue without a kick descriptor is not served. */
	err = vm_update(vu->vm, queue);
	queue_unlock(queue);
	return refused || err ? REFUSE : DONE;
}

/*
 * What we write to must not block us. An eventfd, a pipe or a socket can be told
 * so; a file of another kind is not what a front end would send.
 */
static int make_signal_fd(int fd)
{
	mode_t kind = fd_kind(fd);
	int flags;

	if (kind != 0 && kind != S_IFIFO && kind != S_IFSOCK)
		return -EINVAL;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0))
		return -errno;
	return 0;
}

/* SET_VRING_CALL and SET_VRING_ERR. */
enum outcome vu_do_set_vring_signal(struct vhost_user *vu, struct vu_message *m)
{
	_cleanup_fd_ int fd = -1;
	struct queue *queue;
	enum outcome outcome = take_queue_fd(vu, m, &queue, &fd);

	if (outcome != DONE)
		return outcome;
	if (fd >= 0 && make_signal_fd(fd) < 0)
		return vu_violation(m, VU_VIOLATION_SIGNAL_KIND);
	vm_lock_queue(vu->vm, queue);
	if (m->header.request == VU_SET_VRING_CALL) {
		queue_set_call(queue, take_fd(&fd));
	} else {
		close_fd(&queue->err_fd);
		queue->err_fd = take_fd(&fd);
	}
	queue_unlock(queue);
	return DONE;
}
