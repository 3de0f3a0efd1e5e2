// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * session.c - sessions: make, find, make again, end.
 *
 * A session lives in three places. The program has its id. The driver has what
 * is needed to make it again: algorithm, key, running IV. The device has an
 * id of its own, host_id, which is good until the device says STALE: after a
 * restart, an upgrade, a migration or a suspend it no longer knows it. Then
 * whoever meets STALE first makes the session again, under session->remake;
 * others that met it wait there and find host_id changed.
 *
 * The end: CIOCFSESSION destroys the device's session and waits for that. At the
 * last close, and where a call still uses the session, nobody can wait; the
 * last one out gives it to the reaper, a work item of the device.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "driver.h"

static void vcd_session_free(struct vcd_session *session)
{
	struct vcd_device *dev = session->dev;

	kfree_sensitive(session);
	vcd_device_put(dev);
}

/* The device's work item holds a reference on the device while it is queued. */
static void vcd_session_give_to_reaper(struct vcd_session *session)
{
	struct vcd_device *dev = session->dev;

	spin_lock(&dev->reap_lock);
	list_add_tail(&session->reap, &dev->reap_list);
	spin_unlock(&dev->reap_lock);
	vcd_device_get(dev);
	if (!queue_work(vcd_wq, &dev->reap))
		vcd_device_put(dev);
}

static struct vcd_session *vcd_session_next_to_reap(struct vcd_device *dev)
{
	struct vcd_session *session;

	spin_lock(&dev->reap_lock);
	session = list_first_entry_or_null(&dev->reap_list, struct vcd_session,
					   reap);
	if (session)
		list_del(&session->reap);
	dev->reaping = session;
	spin_unlock(&dev->reap_lock);
	return session;
}

/** vcd_session_reap() - the reaper: destroy sessions that nobody waits for */
void vcd_session_reap(struct work_struct *work)
{
	struct vcd_device *dev = container_of(work, struct vcd_device, reap);
	struct vcd_session *session;

	while ((session = vcd_session_next_to_reap(dev))) {
		/* When this fails the device is dead and its sessions with it. */
		if (session->host_id && !READ_ONCE(dev->gone))
			vcd_host_destroy(dev, session->host_id);
		vcd_session_free(session);
	}
	wake_up_all(&dev->reaped);
	vcd_device_put(dev);
}

static bool vcd_reaper_idle(struct vcd_device *dev)
{
	bool idle;

	spin_lock(&dev->reap_lock);
	idle = list_empty(&dev->reap_list) && !dev->reaping;
	spin_unlock(&dev->reap_lock);
	return idle;
}

/** vcd_session_put() - drop a reference; the last one ends the session */
void vcd_session_put(struct vcd_session *session)
{
	if (refcount_dec_and_test(&session->ref))
		vcd_session_give_to_reaper(session);
}

/** vcd_session_get() - find a session of @file by id and take a reference */
struct vcd_session *vcd_session_get(struct vcd_file *file, u32 id)
{
	struct vcd_session *session;

	xa_lock(&file->sessions);
	session = xa_load(&file->sessions, id);
	if (session)
		refcount_inc(&session->ref);
	xa_unlock(&file->sessions);
	return session;
}

/* Make the session on the device; 0 and *host_id, or a negative errno. */
static int vcd_host_create(struct vcd_session *session, u64 *host_id)
{
	struct vcd_result result;
	struct vcd_req_ctx *req;
	int err;

	req = vcd_req_new(session->dev, session->key_len, 0);
	if (!req)
		return -ENOMEM;
	vcd_wire_create((struct vcd_req_create *)req->in, session->cipher->id, 0,
			session->key_len, 0);
	memcpy(req->in + sizeof(struct vcd_req_create), session->key,
	       session->key_len);
	err = vcd_req_exec(req, &result);
	if (!err)
		err = vcd_wire_errno(result.status);
	if (!err && !result.value)
		err = -EIO;
	if (!err)
		*host_id = result.value;
	vcd_req_put(req);
	return err;
}

/**
 * vcd_session_remake() - make a session again that the device does not know
 * @session: session
 * @host_id: in: the id that was answered STALE; out: the one to use now
 *
 * Return: 0 or a negative errno.
 */
int vcd_session_remake(struct vcd_session *session, u64 *host_id)
{
	int err = 0;

	if (mutex_lock_killable(&session->remake))
		return -EINTR;
	if (session->host_id == *host_id)
		err = vcd_host_create(session, &session->host_id);
	*host_id = session->host_id;
	mutex_unlock(&session->remake);
	return err;
}

static struct vcd_session *vcd_session_alloc(struct vcd_device *dev,
					     const struct session_op *op)
{
	struct vcd_session *session;

	session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);
	if (!session)
		return ERR_PTR(-ENOMEM);
	vcd_device_get(dev);
	session->dev = dev;
	refcount_set(&session->ref, 1);
	INIT_LIST_HEAD(&session->reap);
	mutex_init(&session->remake);
	mutex_init(&session->serial);
	spin_lock_init(&session->iv_lock);
	session->cipher = vcd_cipher_find(op->cipher);
	session->key_len = op->keylen;
	if (copy_from_user(session->key, op->key, op->keylen)) {
		vcd_session_free(session);
		return ERR_PTR(-EFAULT);
	}
	return session;
}

static int vcd_session_create(struct vcd_session *session)
{
	struct vcd_device *dev = session->dev;
	int err = vcd_host_create(session, &session->host_id);
	long left;

	if (err != -ENOSPC || vcd_reaper_idle(dev))
		return err;
	/* Sessions already ended may still stand in the way. */
	left = wait_event_killable_timeout(dev->reaped, vcd_reaper_idle(dev),
					   msecs_to_jiffies(vcd_timeout_ms));
	if (left <= 0)
		return left ? -EINTR : -ENOSPC;
	return vcd_host_create(session, &session->host_id);
}

/**
 * vcd_session_new() - CIOCGSESSION
 * @file: file description that will own it
 * @op: what the program asks for
 * @id: out: session id, never 0
 *
 * Return: 0 or a negative errno.
 */
int vcd_session_new(struct vcd_file *file, const struct session_op *op, u32 *id)
{
	struct vcd_session *session;
	int err;

	if (op->mac || !vcd_cipher_find(op->cipher) ||
	    !vcd_has_cipher(file->dev, op->cipher) ||
	    op->keylen > CRYPTO_CIPHER_MAX_KEY_LEN)
		return -EINVAL;
	session = vcd_session_alloc(file->dev, op);
	if (IS_ERR(session))
		return PTR_ERR(session);
	err = vcd_session_create(session);
	if (err) {
		vcd_session_free(session);
		return err;
	}
	err = xa_alloc_cyclic(&file->sessions, id, session, xa_limit_32b,
			      &file->next_id, GFP_KERNEL_ACCOUNT);
	if (err < 0) {
		vcd_session_put(session);
		return err;
	}
	return 0;
}

/**
 * vcd_session_end() - CIOCFSESSION
 * @file: file description
 * @id: session id; one that is not known is no error, as in the ABI's reference
 */
int vcd_session_end(struct vcd_file *file, u32 id)
{
	struct vcd_session *session = xa_erase(&file->sessions, id);

	if (!session)
		return 0;
	if (!refcount_dec_if_one(&session->ref)) {
		vcd_session_put(session);
		return 0;
	}
	/* Destroying twice does no harm, leaving it behind would. */
	if (vcd_host_destroy(session->dev, session->host_id))
		vcd_session_give_to_reaper(session);
	else
		vcd_session_free(session);
	return 0;
}

/** vcd_session_end_all() - the last close of @file */
void vcd_session_end_all(struct vcd_file *file)
{
	struct vcd_session *session;
	unsigned long id;

	xa_for_each(&file->sessions, id, session) {
		xa_erase(&file->sessions, id);
		vcd_session_put(session);
		cond_resched();
	}
	xa_destroy(&file->sessions);
}
