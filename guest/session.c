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
 * The end: whoever drops the last reference, be it CIOCFSESSION, the last close or a
 * call that still used the session, wipes the keys and gives it to the reaper, a
 * work item of the device. Nobody waits for that but a caller that wants another
 * session and would be one too many while there are some to reap.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "trace.h"

static void vcd_session_free(struct vcd_session *session)
{
	struct vcd_device *dev = session->dev;

	if (session->host_id)
		atomic_dec(&dev->sessions);
	vcd_share_end_session(session->share);
	vcd_share_put(session->share);
	kfree_sensitive(session);
	vcd_device_put(dev);
}

/* The device's work item holds a reference on the device while it is queued. */
static void vcd_reaper_queue(struct vcd_device *dev, unsigned long delay)
{
	vcd_device_get(dev);
	if (!queue_delayed_work(vcd_wq, &dev->reap, delay))
		vcd_device_put(dev);
}

static void vcd_session_give_to_reaper(struct vcd_session *session)
{
	struct vcd_device *dev = session->dev;

	spin_lock(&dev->reap_lock);
	list_add_tail(&session->reap, &dev->reap_list);
	spin_unlock(&dev->reap_lock);
	vcd_reaper_queue(dev, 0);
}

/**
 * vcd_session_reap_now() - the device is gone: whatever waits to be reaped can go
 * @dev: device, marked so
 */
void vcd_session_reap_now(struct vcd_device *dev)
{
	vcd_device_get(dev);
	if (mod_delayed_work(vcd_wq, &dev->reap, 0))
		vcd_device_put(dev);
}

/* The next sessions to reap; at the end none, and what is left @back in the list. */
static unsigned int vcd_reaper_take(struct vcd_device *dev,
				    struct vcd_session *sessions[VCD_REAP_MAX])
{
	unsigned int num = 0;

	spin_lock(&dev->reap_lock);
	while (num < VCD_REAP_MAX && !list_empty(&dev->reap_list)) {
		sessions[num] = list_first_entry(&dev->reap_list,
						 struct vcd_session, reap);
		list_del(&sessions[num++]->reap);
	}
	dev->reaping = num;
	spin_unlock(&dev->reap_lock);
	return num;
}

static void vcd_reaper_give_back(struct vcd_device *dev,
				 struct vcd_session *sessions[], unsigned int num)
{
	spin_lock(&dev->reap_lock);
	while (num--)
		list_add(&sessions[num]->reap, &dev->reap_list);
	dev->reaping = false;
	spin_unlock(&dev->reap_lock);
}

/*
 * Have the device destroy some sessions, all at once. One whose request was sent is
 * gone, even if the device has not said so in time: it will destroy it when it goes
 * on. Return: how many are gone.
 */
static unsigned int vcd_reap_some(struct vcd_device *dev,
				  struct vcd_session *sessions[], unsigned int num)
{
	struct vcd_queue *queue = vcd_queue_here(dev);
	struct vcd_req_ctx *reqs[VCD_REAP_MAX];
	unsigned int sent, i;

	for (sent = 0; sent < num; sent++) {
		reqs[sent] = NULL;
		/* One that the device never had, or no longer has. */
		if (!sessions[sent]->host_id || READ_ONCE(dev->gone))
			continue;
		reqs[sent] = vcd_req_new_destroy(dev->share,
						 sessions[sent]->host_id);
		if (!reqs[sent])
			break;
		if (vcd_req_start(reqs[sent], queue)) {
			vcd_req_put(reqs[sent]);
			break;
		}
	}
	vcd_queue_kick(queue);
	for (i = 0; i < sent; i++) {
		if (reqs[i])
			vcd_req_wait_destroy(reqs[i]);
		vcd_session_free(sessions[i]);
	}
	return sent;
}

/** vcd_session_reap() - the reaper: destroy sessions that nobody waits for */
void vcd_session_reap(struct work_struct *work)
{
	struct vcd_device *dev = container_of(work, struct vcd_device, reap.work);
	struct vcd_session *sessions[VCD_REAP_MAX];
	unsigned int num, done;

	while ((num = vcd_reaper_take(dev, sessions))) {
		done = vcd_reap_some(dev, sessions, num);
		if (done < num) {
			/* The device takes no more for now. */
			vcd_reaper_give_back(dev, sessions + done, num - done);
			vcd_reaper_queue(dev, READ_ONCE(dev->gone) ? 0 : HZ);
			break;
		}
		wake_up_all(&dev->reaped);
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
	if (!refcount_dec_and_test(&session->ref))
		return;
	/* The reaper needs host_id; the host may let it wait. */
	memzero_explicit(session->keys, session->key_len + session->mackey_len);
	memzero_explicit(session->iv, sizeof(session->iv));
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
	u32 keys_len = session->key_len + session->mackey_len;
	struct vcd_result result;
	struct vcd_req_ctx *req;
	int err;

	req = vcd_req_new(session->share, keys_len, 0, 0);
	if (!req)
		return -ENOMEM;
	vcd_wire_create((struct vcd_req_create *)req->in,
			session->cipher ? session->cipher->id : 0,
			session->mac ? session->mac->id : 0,
			session->key_len, session->mackey_len);
	memcpy(req->in + sizeof(struct vcd_req_create), session->keys, keys_len);
	req->timeout_ms = session->timeout_ms;
	err = vcd_req_exec(req, &result);
	if (!err)
		err = vcd_wire_errno(result.status);
	/* There is nothing yet that could be stale. */
	if (err == -ESTALE || (!err && !result.value))
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
	if (session->host_id == *host_id) {
		err = vcd_host_create(session, &session->host_id);
		trace_vcd_session_remake(session->dev, session->host_id, err);
		atomic64_inc(&session->dev->remakes);
	}
	*host_id = session->host_id;
	mutex_unlock(&session->remake);
	return err;
}

/**
 * vcd_session_start() - send a request on a session and do not wait
 * @session: session
 * @req: request, complete but for the header
 * @hdr: header, but for the device's session id
 * @queue: queue to use; vcd_queue_kick() has to follow
 *
 * Return: 0 or a negative errno.
 */
int vcd_session_start(struct vcd_session *session, struct vcd_req_ctx *req,
		      const struct vcd_req *hdr, struct vcd_queue *queue)
{
	struct vcd_req *out = (struct vcd_req *)req->in;

	req->host_id = READ_ONCE(session->host_id);
	req->timeout_ms = session->timeout_ms;
	*out = *hdr;
	out->session = cpu_to_le64(req->host_id);
	return vcd_req_start(req, queue);
}

/**
 * vcd_session_wait() - wait for the reply, and repeat if the session was lost
 * @session: session
 * @req: request that was sent
 * @hdr: the header it was sent with
 * @result: out: the reply, whose status is not VCD_S_STALE
 *
 * Return: 0 when there is a reply; -ESTALE when the request would have gone on
 * with a hash that was lost; other negative errnos.
 */
int vcd_session_wait(struct vcd_session *session, struct vcd_req_ctx *req,
		     const struct vcd_req *hdr, struct vcd_result *result)
{
	bool goes_on = hdr->opcode == cpu_to_le16(VCD_OP_CRYPT) && session->mac &&
		       !(hdr->flags & cpu_to_le16(VCD_F_HASH_RESET));
	struct vcd_queue *queue;
	unsigned int tries;
	int err;

	for (tries = 0; tries < VCD_REMAKE_MAX; tries++) {
		err = vcd_req_wait(req, result);
		if (err)
			return err;
		/* Another caller may have met STALE first and made it again. */
		if (goes_on && (result->status == VCD_S_STALE ||
				result->status == VCD_S_NOSTATE))
			return -ESTALE;
		if (result->status != VCD_S_STALE)
			return 0;
		/*
		 * It may go on another queue, so whoever completed it must have
		 * done with it. From here on a task waits, or a work item.
		 */
		vcd_queue_forget(req);
		err = vcd_session_remake(session, &req->host_id);
		if (err)
			return err;
		queue = vcd_queue_here(session->dev);
		err = vcd_session_start(session, req, hdr, queue);
		if (err)
			return err;
		vcd_queue_kick(queue);
	}
	err = vcd_req_wait(req, result);
	return !err && result->status == VCD_S_STALE ? -EIO : err;
}

/** vcd_session_iv_load() - the IV that the last operation left */
void vcd_session_iv_load(struct vcd_session *session, u8 iv[VCD_MAX_IV_LEN])
{
	spin_lock(&session->iv_lock);
	memcpy(iv, session->iv, VCD_MAX_IV_LEN);
	spin_unlock(&session->iv_lock);
}

/** vcd_session_iv_store() - leave an IV for the next operation */
void vcd_session_iv_store(struct vcd_session *session,
			  const u8 iv[VCD_MAX_IV_LEN])
{
	spin_lock(&session->iv_lock);
	memcpy(session->iv, iv, VCD_MAX_IV_LEN);
	spin_unlock(&session->iv_lock);
}

static int vcd_session_keys(struct vcd_session *session,
			    const struct session_op *op)
{
	if (copy_from_user(session->keys, op->key, session->key_len))
		return -EFAULT;
	if (copy_from_user(session->keys + session->key_len, op->mackey,
			   session->mackey_len))
		return -EFAULT;
	return 0;
}

/* Charge another session to the process. -EMFILE: it has its share. */
static int vcd_session_charge(const struct vcd_file *file)
{
	struct vcd_device *dev = file->dev;
	bool charged = vcd_share_add_session(file->share);
	long left;

	if (charged)
		return 0;
	/* Some that it has ended may not have been destroyed yet. */
	left = wait_event_killable_timeout(dev->reaped,
					   (charged = vcd_share_add_session(file->share)) ||
					   vcd_reaper_idle(dev),
					   msecs_to_jiffies(vcd_timeout(file->timeout_ms)));
	if (charged || vcd_share_add_session(file->share))
		return 0;
	return left < 0 ? -EINTR : -EMFILE;
}

static struct vcd_session *vcd_session_alloc(const struct vcd_file *file,
					     const struct vcd_alg *cipher,
					     const struct vcd_alg *mac,
					     const struct session_op *op)
{
	/* A plain hash takes no key, whatever the program says. */
	u32 mackey_len = mac && vcd_mac_is_keyed(mac) ? op->mackeylen : 0;
	u32 key_len = cipher ? op->keylen : 0;
	struct vcd_session *session;
	int err;

	err = vcd_session_charge(file);
	if (err)
		return ERR_PTR(err);
	session = kzalloc(struct_size(session, keys, key_len + mackey_len),
			  GFP_KERNEL_ACCOUNT);
	if (!session) {
		vcd_share_end_session(file->share);
		return ERR_PTR(-ENOMEM);
	}
	vcd_device_get(file->dev);
	session->dev = file->dev;
	session->share = vcd_share_get(file->share);
	session->timeout_ms = READ_ONCE(file->timeout_ms);
	refcount_set(&session->ref, 1);
	INIT_LIST_HEAD(&session->reap);
	mutex_init(&session->remake);
	mutex_init(&session->serial);
	spin_lock_init(&session->iv_lock);
	session->cipher = cipher;
	session->mac = mac;
	session->tag_len = vcd_is_aead(cipher) ? cipher->digest_len :
			   mac ? mac->digest_len : 0;
	session->key_len = key_len;
	session->mackey_len = mackey_len;
	err = vcd_session_keys(session, op);
	if (err) {
		vcd_session_free(session);
		return ERR_PTR(err);
	}
	return session;
}

static int vcd_session_create(struct vcd_session *session)
{
	struct vcd_device *dev = session->dev;
	int err = vcd_host_create(session, &session->host_id);
	unsigned int ms = vcd_timeout(session->timeout_ms);
	long left;

	if (err != -ENOSPC || vcd_reaper_idle(dev))
		return err;
	/* Sessions already ended may still stand in the way. */
	left = wait_event_killable_timeout(dev->reaped, vcd_reaper_idle(dev),
					   msecs_to_jiffies(ms));
	if (left <= 0)
		return left ? -EINTR : -ENOSPC;
	return vcd_host_create(session, &session->host_id);
}

/* Which algorithms @op asks for, if the device has them. */
static int vcd_session_algs(const struct vcd_device *dev,
			    const struct session_op *op,
			    const struct vcd_alg **cipher,
			    const struct vcd_alg **mac)
{
	*cipher = NULL;
	*mac = NULL;
	if (!op->cipher && !op->mac)
		return -EINVAL;
	/* Fields that the session does not use may hold anything. */
	if (op->cipher) {
		if (op->keylen > CRYPTO_CIPHER_MAX_KEY_LEN)
			return -EINVAL;
		*cipher = vcd_cipher_find(op->cipher);
		if (*cipher && !vcd_map_has(dev->ciphers, op->cipher))
			return -EINVAL;
		if (!*cipher && vcd_map_has(dev->aeads, op->cipher))
			*cipher = vcd_aead_find(op->cipher);
		if (!*cipher)
			return -EINVAL;
	}
	/* An AEAD stands alone; a mac without a key beside it is ignored. */
	if (vcd_is_aead(*cipher))
		return op->mac && op->mackeylen ? -EINVAL : 0;
	if (op->mac) {
		if (op->mackeylen > CRYPTO_HMAC_MAX_KEY_LEN)
			return -EINVAL;
		*mac = vcd_mac_find(op->mac);
		if (!*mac || !vcd_map_has(dev->macs, op->mac))
			return -EINVAL;
	}
	return 0;
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
	const struct vcd_alg *cipher, *mac;
	struct vcd_session *session;
	int err;

	err = vcd_session_algs(file->dev, op, &cipher, &mac);
	if (err)
		return err;
	session = vcd_session_alloc(file, cipher, mac, op);
	if (IS_ERR(session))
		return PTR_ERR(session);
	err = vcd_session_create(session);
	trace_vcd_session_create(session->dev, session->host_id, err);
	if (err) {
		vcd_session_free(session);
		return err;
	}
	atomic_inc(&session->dev->sessions);
	atomic64_inc(&session->dev->sessions_made);
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
 *
 * Does not wait for the host.
 *
 * Return: 0.
 */
int vcd_session_end(struct vcd_file *file, u32 id)
{
	struct vcd_session *session = xa_erase(&file->sessions, id);

	if (session)
		vcd_session_put(session);
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

static void vcd_info_name(char to[CRYPTODEV_MAX_ALG_NAME],
			  const char from[VCD_ALG_NAME_LEN])
{
	static_assert(CRYPTODEV_MAX_ALG_NAME == VCD_ALG_NAME_LEN);
	memcpy(to, from, CRYPTODEV_MAX_ALG_NAME);
	to[CRYPTODEV_MAX_ALG_NAME - 1] = 0;
}

/*
 * Ask the device about a session; @info may be NULL. The session is made again if
 * it has to be.
 */
static int vcd_session_ask(struct vcd_session *session,
			   struct vcd_session_info *info)
{
	struct vcd_result result;
	struct vcd_queue *queue;
	struct vcd_req_ctx *req;
	struct vcd_req hdr;
	int err;

	req = vcd_req_new(session->share, 0, sizeof(*info), 0);
	if (!req)
		return -ENOMEM;
	vcd_wire_session(&hdr, VCD_OP_SESSION_INFO, 0);
	queue = vcd_queue_here(session->dev);
	err = vcd_session_start(session, req, &hdr, queue);
	if (!err) {
		vcd_queue_kick(queue);
		err = vcd_session_wait(session, req, &hdr, &result);
	}
	if (!err)
		err = vcd_wire_errno(result.status);
	if (!err && result.out_len != sizeof(*info))
		err = -EIO;
	if (!err && info)
		memcpy(info, req->out + sizeof(struct vcd_reply), sizeof(*info));
	vcd_req_put(req);
	return err;
}

/**
 * vcd_session_revive() - make a session again if the device has lost it
 * @session: session
 *
 * Return: 0: the device knows it; or a negative errno.
 */
int vcd_session_revive(struct vcd_session *session)
{
	return vcd_session_ask(session, NULL);
}

/**
 * vcd_session_info() - CIOCGSESSINFO
 * @file: file description
 * @op: in: session id; out: the rest
 *
 * The device is out of the program's reach but through us: the flag that says so
 * is always set, and programs that only want such drivers look for it.
 *
 * Return: 0 or a negative errno.
 */
int vcd_session_info(struct vcd_file *file, struct session_info_op *op)
{
	struct vcd_session *session = vcd_session_get(file, op->ses);
	struct vcd_session_info info;
	int err;

	if (!session)
		return -EINVAL;
	err = vcd_session_ask(session, &info);
	if (!err) {
		vcd_info_name(op->cipher_info.cra_name, info.cipher_name);
		vcd_info_name(op->cipher_info.cra_driver_name, info.cipher_driver);
		vcd_info_name(op->hash_info.cra_name, info.mac_name);
		vcd_info_name(op->hash_info.cra_driver_name, info.mac_driver);
		op->alignmask = 0;
		op->flags = SIOP_FLAG_KERNEL_DRIVER_ONLY;
	}
	vcd_session_put(session);
	return err;
}
