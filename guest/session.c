// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * session.c - sessions of the ABI: make, find, end.
 *
 * A session lives in three places. The program has its id. The driver has algorithm,
 * running IV, and a key (key.c), which has what is needed to make the device's session
 * again. The device has an id of its own.
 *
 * The end: whoever drops the last reference, be it CIOCFSESSION, the last close or a
 * call that still used the session, ends the key and does not wait for the host.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "driver.h"

/** vcd_session_put() - drop a reference; the last one ends the session */
void vcd_session_put(struct vcd_session *session)
{
	struct vcd_device *dev = session->dev;

	if (!refcount_dec_and_test(&session->ref))
		return;
	if (session->key)
		vcd_key_end(session->key);
	else
		vcd_share_end_session(session->share, session->named);
	vcd_share_put(session->share);
	kfree_sensitive(session);
	vcd_device_put(dev);
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

/* The session on the device. */
static int vcd_session_make(struct vcd_session *session)
{
	struct vcd_device *dev = session->dev;
	int err = vcd_key_make(session->key);
	long left;

	if (err != -ENOSPC || !atomic_read(&dev->ending))
		return err;
	/* Sessions already ended may still stand in the way. */
	left = wait_event_killable_timeout(dev->ended, !atomic_read(&dev->ending),
					   msecs_to_jiffies(vcd_timeout(session->timeout_ms)));
	if (left <= 0)
		return left ? -EINTR : -ENOSPC;
	return vcd_key_make(session->key);
}

/* The key's bytes, and the session on the device. */
static int vcd_session_key(struct vcd_session *session, const struct session_op *op)
{
	const struct vcd_alg *cipher = session->cipher, *mac = session->mac;
	u32 key_len = cipher ? op->keylen : 0;
	/* A plain hash takes no key, whatever the program says. */
	u32 mackey_len = mac && vcd_mac_is_keyed(mac) ? op->mackeylen : 0;
	struct vcd_key *key;

	key = vcd_key_new(session->share, cipher ? cipher->id : 0, mac ? mac->id : 0,
			  key_len, mackey_len, session->timeout_ms);
	if (!key)
		return -ENOMEM;
	session->key = key;
	if (copy_from_user(vcd_key_bytes(key), op->key, key_len) ||
	    copy_from_user(vcd_key_bytes(key) + key_len, op->mackey, mackey_len))
		return -EFAULT;
	return vcd_session_make(session);
}

/* Charge another session to the process. -EMFILE: it has its share. */
static int vcd_session_charge(const struct vcd_file *file, bool named)
{
	struct vcd_device *dev = file->dev;
	bool charged = vcd_share_add_session(file->share, named);
	long left;

	if (charged)
		return 0;
	/* Some that it has ended may not have been destroyed yet. */
	left = wait_event_killable_timeout(dev->ended,
					   (charged = vcd_share_add_session(file->share, named)) ||
					   !atomic_read(&dev->ending),
					   msecs_to_jiffies(vcd_timeout(file->timeout_ms)));
	if (charged || vcd_share_add_session(file->share, named))
		return 0;
	return left < 0 ? -EINTR : -EMFILE;
}

static struct vcd_session *vcd_session_alloc(const struct vcd_file *file,
					     const struct vcd_alg *cipher,
					     const struct vcd_alg *mac,
					     bool named)
{
	struct vcd_session *session;
	int err;

	err = vcd_session_charge(file, named);
	if (err)
		return ERR_PTR(err);
	session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);
	if (!session) {
		vcd_share_end_session(file->share, named);
		return ERR_PTR(-ENOMEM);
	}
	vcd_device_get(file->dev);
	session->dev = file->dev;
	session->share = vcd_share_get(file->share);
	session->named = named;
	session->timeout_ms = READ_ONCE(file->timeout_ms);
	refcount_set(&session->ref, 1);
	mutex_init(&session->serial);
	spin_lock_init(&session->iv_lock);
	session->cipher = cipher;
	session->mac = mac;
	session->tag_len = vcd_is_aead(cipher) ? cipher->digest_len :
			   mac ? mac->digest_len : 0;
	return session;
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

/* It is the program's from now on, or nobody's. */
static int vcd_session_publish(struct vcd_file *file, struct vcd_session *session,
			       int err, u32 *id)
{
	if (!err)
		err = xa_alloc_cyclic(&file->sessions, id, session, xa_limit_32b,
				      &file->next_id, GFP_KERNEL_ACCOUNT);
	if (err < 0) {
		vcd_session_put(session);
		return err;
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
	session = vcd_session_alloc(file, cipher, mac, false);
	if (IS_ERR(session))
		return PTR_ERR(session);
	return vcd_session_publish(file, session, vcd_session_key(session, op), id);
}

/* The algorithm by which a symmetric key is used; none of them: a private key. */
static int vcd_label_algs(const struct vcd_device *dev, u32 cipher_id, u32 mac_id,
			  const struct vcd_alg **cipher, const struct vcd_alg **mac)
{
	const struct session_op op = { .cipher = cipher_id, .mac = mac_id };

	*cipher = NULL;
	*mac = NULL;
	if (!cipher_id && !mac_id)
		return dev->asym ? 0 : -EOPNOTSUPP;
	if (cipher_id && mac_id)
		return -EINVAL;
	if (mac_id && (!vcd_mac_find(mac_id) || !vcd_mac_is_keyed(vcd_mac_find(mac_id))))
		return -EINVAL;
	return vcd_session_algs(dev, &op, cipher, mac);
}

/**
 * vcd_session_new_label() - CIOCGSESSLABEL
 * @file: file description that will own it
 * @name: label of a key that the host has
 * @cipher_id: the symmetric key's cipher or AEAD, or 0
 * @mac_id: its MAC, or 0
 * @info: out: what the host says of the key
 * @id: out: session id, never 0
 *
 * Return: 0 or a negative errno.
 */
int vcd_session_new_label(struct vcd_file *file, const struct vcd_label *name,
			  u32 cipher_id, u32 mac_id, struct crypt_key *info, u32 *id)
{
	const struct vcd_alg *cipher, *mac;
	struct vcd_session *session;
	struct vcd_key *key;
	int err;

	err = vcd_label_algs(file->dev, cipher_id, mac_id, &cipher, &mac);
	if (err)
		return err;
	session = vcd_session_alloc(file, cipher, mac, true);
	if (IS_ERR(session))
		return PTR_ERR(session);
	key = vcd_key_new_label(session->share, name, cipher_id, mac_id,
				session->timeout_ms);
	if (IS_ERR(key)) {
		err = PTR_ERR(key);
	} else {
		session->key = key;
		err = vcd_session_make(session);
		if (!err)
			*info = key->info;
	}
	return vcd_session_publish(file, session, err, id);
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
	struct vcd_call *call = vcd_call_new(session->share, 0, sizeof(*info), 0);
	int err;

	if (!call)
		return -ENOMEM;
	vcd_wire_session(vcd_header(&call->req), VCD_OP_SESSION_INFO, 0);
	call->req.key = session->key;
	call->req.timeout_ms = session->timeout_ms;
	err = vcd_call_exec(call);
	if (!err && call->req.result.out_len != sizeof(*info))
		err = -EIO;
	if (!err && info)
		memcpy(info, call->req.out + sizeof(struct vcd_reply), sizeof(*info));
	vcd_call_put(call);
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
