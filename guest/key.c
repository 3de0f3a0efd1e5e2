// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * key.c - sessions on the device: made, lost, made again, ended.
 *
 * The device's session is good until the device says STALE: after a restart, an
 * upgrade, a migration, a reset or a suspend it no longer knows it. A request that
 * meets that waits in the key's line while the session is made again, and is then
 * sent again; so do all that come meanwhile. No task waits for that.
 *
 *	NONE -> MAKING -> LIVE		the session is made
 *	LIVE -> MAKING			it was lost
 *	MAKING -> NONE			the device refused
 *	MAKING -> OVERDUE		the device did not answer: those in line fail
 *	OVERDUE -> LIVE, NONE		it did in the end
 *
 * A key has one request of its own, which makes the session and ends it. Its memory
 * is where the keys are kept, so nothing has to be allocated to make a session again,
 * or to end it. It is under way or it is not, and while it is the key is not freed.
 *
 * A key by name is one that the host has: instead of the keys there are its label and
 * ticket. When the session is made, the host says what key it is, and its check value.
 * From then on the key must have that value: a label that has come to mean another key
 * is ENOKEY, so neither an open session nor an open disk goes on with it.
 *
 * The end: the keys are wiped at once, and the device is told, when it may be. Nobody
 * waits for that but a caller that wants another session and would be one too many.
 */
#include <linux/slab.h>

#include "trace.h"

static void vcd_key_free(struct work_struct *work)
{
	struct vcd_key *key = container_of(work, struct vcd_key, free);
	struct vcd_device *dev = key->share->dev;

	vcd_share_put(key->share);
	kfree_sensitive(key);
	vcd_device_put(dev);
}

static void vcd_key_done(struct vcd_request *req, int err);
static void vcd_key_gone(struct vcd_request *req);

static struct vcd_key *vcd_key_alloc(struct vcd_share *share, u32 cipher, u32 mac,
				     u32 key_len, u32 mackey_len, u32 timeout_ms,
				     u32 out_len)
{
	struct vcd_key *key;

	key = vcd_request_alloc(sizeof(*key), key_len + mackey_len, out_len, 0);
	if (!key)
		return NULL;
	vcd_device_get(share->dev);
	key->share = vcd_share_get(share);
	key->cipher = cipher;
	key->mac = mac;
	key->key_len = key_len;
	key->mackey_len = mackey_len;
	key->req.timeout_ms = timeout_ms;
	key->req.done = vcd_key_done;
	key->req.gone = vcd_key_gone;
	INIT_LIST_HEAD(&key->waiting);
	init_completion(&key->made);
	INIT_WORK(&key->free, vcd_key_free);
	return key;
}

/**
 * vcd_key_new() - make a key
 * @share: of the process it belongs to, charged with a session
 * @cipher: number of the cipher or AEAD, or 0
 * @mac: number of the hash or MAC, or 0
 * @key_len: bytes of cipher key, which the caller puts into vcd_key_bytes()
 * @mackey_len: bytes of MAC key
 * @timeout_ms: how long the device may take; 0: vcd_timeout_ms
 *
 * Return: the key, to be ended by vcd_key_end(); NULL without memory.
 */
struct vcd_key *vcd_key_new(struct vcd_share *share, u32 cipher, u32 mac,
			    u32 key_len, u32 mackey_len, u32 timeout_ms)
{
	return vcd_key_alloc(share, cipher, mac, key_len, mackey_len, timeout_ms, 0);
}

/**
 * vcd_key_new_label() - make a key of one that the host has
 * @share: of the process it belongs to, charged with a session
 * @name: which one
 * @cipher: the symmetric key's cipher or AEAD, or 0
 * @mac: its MAC, or 0; both 0: a private key
 * @timeout_ms: how long the device may take; 0: vcd_timeout_ms
 *
 * After vcd_key_make() key->info has what the host says of it, and key->check its check
 * value. Requests may be given any queue: the core takes one that the session is for.
 *
 * Return: the key, to be ended by vcd_key_end(); -EOPNOTSUPP: the host has no key
 * service; -EINVAL: no label; -ENOMEM.
 */
struct vcd_key *vcd_key_new_label(struct vcd_share *share,
				  const struct vcd_label *name, u32 cipher,
				  u32 mac, u32 timeout_ms)
{
	u32 len = strnlen(name->label, sizeof(name->label));
	u32 ticket_len = name->has_ticket ? sizeof(name->ticket) : 0;
	struct vcd_key *key;

	if (!vcd_has_keys(share->dev))
		return ERR_PTR(-EOPNOTSUPP);
	if (!len || len == sizeof(name->label))
		return ERR_PTR(-EINVAL);
	key = vcd_key_alloc(share, cipher, mac, len, ticket_len, timeout_ms,
			    sizeof(struct vcd_key_info));
	if (!key)
		return ERR_PTR(-ENOMEM);
	key->named = true;
	key->req.flags = VCD_REQ_RETRY;
	key->has_check = name->has_check;
	memcpy(key->check, name->check, sizeof(key->check));
	memcpy(vcd_key_bytes(key), name->label, len);
	memcpy(vcd_key_bytes(key) + len, name->ticket, ticket_len);
	return key;
}

/* Send the request that makes the session; key->state is MAKING. */
static void vcd_key_send(struct vcd_key *key, bool sleeper)
{
	struct vcd_req_create *req = (struct vcd_req_create *)key->req.in;
	struct vcd_device *dev = key->share->dev;

	if (key->named)
		vcd_wire_create_label(req, key->cipher, key->mac, key->key_len,
				      key->mackey_len,
				      key->has_check ? key->check : NULL);
	else
		vcd_wire_create(req, key->cipher, key->mac, key->key_len,
				key->mackey_len);
	key->req.queue = key->named ? vcd_queue_slow(dev) : vcd_queue_here(dev);
	key->req.share = key->share;
	key->req.sleeper = sleeper;
	vcd_submit(&key->req, false);
}

/* Nothing of it is on the device any more. */
static void vcd_key_ended(struct vcd_key *key)
{
	struct vcd_device *dev = key->share->dev;

	if (key->host_id)
		atomic_dec(&dev->sessions);
	vcd_share_end_session(key->share, key->named);
	atomic_dec(&dev->ending);
	wake_up_all(&dev->ended);
}

/* End it; its request is not under way. */
static void vcd_key_destroy(struct vcd_key *key)
{
	struct vcd_request *req = &key->req;

	/* One that the device never had. */
	if (!key->host_id) {
		vcd_key_ended(key);
		queue_work(vcd_wq, &key->free);
		return;
	}
	key->destroying = true;
	vcd_wire_session(vcd_header(req), VCD_OP_SESSION_DESTROY, key->host_id);
	sg_init_one(&req->in_sg, req->in, sizeof(struct vcd_req));
	req->host_id = key->host_id;
	req->queue = vcd_queue_for(key);
	req->share = key->share->dev->share;
	req->sleeper = true;
	req->flags = VCD_REQ_PATIENT | VCD_REQ_RETRY;
	vcd_submit(req, false);
}

/* The request is done. What became of it is seen to when it is gone, or it is overdue. */
static void vcd_key_done(struct vcd_request *req, int err)
{
	struct vcd_key *key = container_of(req, struct vcd_key, req);
	struct vcd_device *dev = key->share->dev;
	struct vcd_request *waiting, *next;
	unsigned long flags;
	LIST_HEAD(failed);

	key->err = err;
	if (key->destroying) {
		/* If it was sent, the device will destroy it when it goes on. */
		if (!err && req->result.status != VCD_S_STALE)
			err = vcd_wire_errno(req->result.status);
		trace_vcd_session_destroy(dev, key->host_id, err);
		vcd_key_ended(key);
		return;
	}
	if (req->where != VCD_LATE)
		return;
	spin_lock_irqsave(&dev->keys_lock, flags);
	key->state = VCD_KEY_OVERDUE;
	list_for_each_entry(waiting, &key->waiting, link)
		waiting->where = VCD_OUTSIDE;
	list_splice_init(&key->waiting, &failed);
	spin_unlock_irqrestore(&dev->keys_lock, flags);
	list_for_each_entry_safe(waiting, next, &failed, link)
		vcd_end(waiting, err);
	complete_all(&key->made);
}

/* What the host says of a key by name; the first time it is kept. */
static int vcd_key_learn(struct vcd_key *key)
{
	const struct vcd_result *result = &key->req.result;
	struct vcd_key_info info;
	struct crypt_key now;
	u32 alg = key->cipher ? key->cipher : key->mac;
	bool symmetric;
	int err;

	static_assert(sizeof(key->check) == sizeof(result->iv));
	if (result->out_len != sizeof(info))
		return -EIO;
	memcpy(&info, key->req.out + sizeof(struct vcd_reply), sizeof(info));
	err = vcd_wire_key_info(&info, &now);
	if (err)
		return err;
	symmetric = now.kind == VCD_KIND_SYMMETRIC;
	if (!now.kind || memcmp(now.check, result->iv, sizeof(now.check)) ||
	    symmetric != !!alg || (symmetric && now.alg != alg))
		return -EIO;
	/* A host that did not look itself. */
	if (key->has_check && memcmp(now.check, key->check, sizeof(now.check)))
		return -ENOKEY;
	WRITE_ONCE(key->fast, now.flags & VCD_KEY_F_FAST);
	if (key->host_id)
		return 0;
	memcpy(key->check, now.check, sizeof(key->check));
	key->has_check = true;
	key->info = now;
	return 0;
}

/* The reply to the request that makes the session: 0 and the id, or an errno. */
static int vcd_key_reply(struct vcd_key *key, u64 *host_id)
{
	int err = key->err;

	/* An answer that came late counts, too. */
	if (key->state == VCD_KEY_OVERDUE)
		err = vcd_judge(&key->req);
	if (!err)
		err = vcd_wire_errno(key->req.result.status);
	if (!err && key->named)
		err = vcd_key_learn(key);
	*host_id = err ? 0 : key->req.result.value;
	/* There is nothing yet that could be stale. */
	return err == -ESTALE || (!err && !*host_id) ? -EIO : err;
}

/* The device has no part in the key's request. */
static void vcd_key_gone(struct vcd_request *req)
{
	struct vcd_key *key = container_of(req, struct vcd_key, req);
	struct vcd_device *dev = key->share->dev;
	struct vcd_request *waiting, *next;
	unsigned long flags;
	LIST_HEAD(ready);
	bool ending;
	u64 host_id;
	int err;

	if (key->destroying) {
		queue_work(vcd_wq, &key->free);
		return;
	}
	err = vcd_key_reply(key, &host_id);
	spin_lock_irqsave(&dev->keys_lock, flags);
	key->err = err;
	if (key->host_id) {
		trace_vcd_session_remake(dev, host_id, err);
	} else {
		trace_vcd_session_create(dev, host_id, err);
		if (!err) {
			atomic_inc(&dev->sessions);
			atomic64_inc(&dev->sessions_made);
		}
	}
	if (!err)
		WRITE_ONCE(key->host_id, host_id);
	WRITE_ONCE(key->state, err ? VCD_KEY_NONE : VCD_KEY_LIVE);
	list_for_each_entry(waiting, &key->waiting, link)
		waiting->where = VCD_OUTSIDE;
	list_splice_init(&key->waiting, &ready);
	ending = key->ending;
	/* Its owner may end it, and free it, once the lock is dropped. */
	complete_all(&key->made);
	spin_unlock_irqrestore(&dev->keys_lock, flags);
	list_for_each_entry_safe(waiting, next, &ready, link) {
		if (err)
			vcd_end(waiting, err);
		else
			vcd_resubmit(waiting);
	}
	if (ending)
		vcd_key_destroy(key);
}

/**
 * vcd_key_make() - make the session for the first time, and wait for that
 * @key: key with its bytes
 *
 * Return: 0 or a negative errno, after which it may be tried again unless that is
 * -EIO or -EINTR.
 */
int vcd_key_make(struct vcd_key *key)
{
	int err;

	reinit_completion(&key->made);
	key->state = VCD_KEY_MAKING;
	vcd_key_send(key, false);
	err = vcd_wait(&key->req, &key->made, TASK_KILLABLE | TASK_FREEZABLE);
	return err ? err : key->err;
}

/**
 * vcd_key_end() - the owner has no use for a key any more
 * @key: key that no request has any more but such as are done
 */
void vcd_key_end(struct vcd_key *key)
{
	struct vcd_device *dev = key->share->dev;
	unsigned long flags;
	bool busy;

	memzero_explicit(vcd_key_bytes(key), key->key_len + key->mackey_len);
	atomic_inc(&dev->ending);
	spin_lock_irqsave(&dev->keys_lock, flags);
	key->ending = true;
	busy = key->state == VCD_KEY_MAKING || key->state == VCD_KEY_OVERDUE;
	spin_unlock_irqrestore(&dev->keys_lock, flags);
	if (!busy)
		vcd_key_destroy(key);
}

/**
 * vcd_key_await() - a request waits until its session is made, and has that done
 * @req: request whose key is not live, or that the device answered STALE
 */
void vcd_key_await(struct vcd_request *req)
{
	struct vcd_key *key = req->key;
	struct vcd_device *dev = key->share->dev;
	bool make = false, ready = false;
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&dev->keys_lock, flags);
	if (req->give_up) {
		err = req->give_up;
	} else if (key->state == VCD_KEY_OVERDUE) {
		err = -EIO;
	} else if (key->state == VCD_KEY_LIVE && key->host_id != req->host_id) {
		/* Another one met it first, and it was made again. */
		ready = true;
	} else {
		make = key->state != VCD_KEY_MAKING;
		WRITE_ONCE(key->state, VCD_KEY_MAKING);
		req->where = VCD_KEY;
		list_add_tail(&req->link, &key->waiting);
	}
	spin_unlock_irqrestore(&dev->keys_lock, flags);
	if (make) {
		if (key->host_id)
			atomic64_inc(&dev->remakes);
		vcd_key_send(key, true);
	} else if (ready) {
		vcd_resubmit(req);
	} else if (err) {
		vcd_end(req, err);
	}
}

/** vcd_key_abort() - end a request that was given up, if it waits for its session */
void vcd_key_abort(struct vcd_request *req)
{
	struct vcd_device *dev = req->key->share->dev;
	unsigned long flags;
	bool waits;

	spin_lock_irqsave(&dev->keys_lock, flags);
	waits = req->where == VCD_KEY;
	if (waits) {
		list_del(&req->link);
		req->where = VCD_OUTSIDE;
	}
	spin_unlock_irqrestore(&dev->keys_lock, flags);
	if (waits)
		vcd_end(req, req->give_up);
}
