// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keyop.c - operations with the host's private keys: CIOCKEYOP, CIOCKEYASYNC, CIOCKEYFETCH.
 *
 * Input and output lie beside the header, in memory of the driver that is wiped when it
 * is freed. The host writes to no other; so a caller that is killed just leaves.
 *
 * Asynchronous ones are fetched in the order in which they end. Each has room for its
 * result from the start: when its request is done, a work item copies the output there
 * and gives the request back. What the process holds for longer is at most the results
 * of async_max operations for each file description, which are small.
 *
 * At the last close what is outstanding is aborted, and left to the device.
 *
 * Invariants
 * - Who takes an operation out of file->key_done frees it: who fetches it, or closes.
 * - One in file->key_sent has its request with the core, or its work item is to run.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "driver.h"

/**
 * struct vcd_keyop - an operation submitted and not fetched
 * @list: in file->key_sent or file->key_done
 * @file: file description
 * @session: session, referenced, while it is in key_sent
 * @call: its request, until @end begins; under file->async_lock
 * @end: the work item
 * @held: bytes that it is charged for while it is in key_sent
 * @cookie: the program's
 * @op: CRYPT_KEYOP_SIGN, _DECRYPT or _DERIVE
 * @status: result
 * @room: bytes of @out
 * @out_len: bytes of output
 * @out: output
 */
struct vcd_keyop {
	struct list_head list;
	struct vcd_file *file;
	struct vcd_session *session;
	struct vcd_call *call;
	struct work_struct end;
	u32 held;
	u64 cookie;
	u16 op;
	int status;
	u32 room;
	u32 out_len;
	u8 out[];
};

static int vcd_keyop_opcode(u16 op)
{
	switch (op) {
	case CRYPT_KEYOP_SIGN:
		return VCD_OP_SIGN;
	case CRYPT_KEYOP_DECRYPT:
		return VCD_OP_DECRYPT;
	case CRYPT_KEYOP_DERIVE:
		return VCD_OP_DERIVE;
	default:
		return -EINVAL;
	}
}

static int vcd_keyop_check(const struct vcd_device *dev, const struct crypt_key_op *op)
{
	u64 in_len = (u64)op->in_len + op->aux_len;

	if (vcd_keyop_opcode(op->op) < 0 || op->scheme > U16_MAX)
		return -EINVAL;
	if (op->flags & ~(op->op == CRYPT_KEYOP_SIGN ? CRYPT_KEYOP_MESSAGE : 0))
		return -EINVAL;
	if (op->aux_len && op->op != CRYPT_KEYOP_DECRYPT)
		return -EINVAL;
	return in_len > min_t(u32, VCD_KEY_MAX_IN, dev->max_request) ? -EMSGSIZE : 0;
}

/* The session of an operation, referenced: one of a private key. */
static struct vcd_session *vcd_keyop_session(struct vcd_file *file,
					     const struct crypt_key_op *op)
{
	struct vcd_session *session;
	int err;

	if (!vcd_has_keys(file->dev) || !file->dev->asym)
		return ERR_PTR(-EOPNOTSUPP);
	err = vcd_keyop_check(file->dev, op);
	if (err)
		return ERR_PTR(err);
	session = vcd_session_get(file, op->ses);
	if (!session)
		return ERR_PTR(-EINVAL);
	if (session->cipher || session->mac) {
		vcd_session_put(session);
		return ERR_PTR(-EINVAL);
	}
	return session;
}

/* Most bytes that an operation with the session's key puts out. */
static u32 vcd_keyop_most(const struct vcd_session *session)
{
	return min(session->key->info.max_out, session->dev->max_request);
}

static struct vcd_call *vcd_keyop_call(const struct vcd_session *session,
				       const struct crypt_key_op *op, u32 room)
{
	u32 in_len = op->in_len + op->aux_len;
	struct vcd_call *call;
	u8 *in;

	call = vcd_call_new(session->share, in_len, room, 0);
	if (!call)
		return ERR_PTR(-ENOMEM);
	in = call->req.in + sizeof(struct vcd_req_key);
	if (copy_from_user(in, u64_to_user_ptr(op->in), op->in_len) ||
	    copy_from_user(in + op->in_len, u64_to_user_ptr(op->aux), op->aux_len)) {
		vcd_call_put(call);
		return ERR_PTR(-EFAULT);
	}
	vcd_wire_key((struct vcd_req_key *)call->req.in, vcd_keyop_opcode(op->op),
		     op->flags & CRYPT_KEYOP_MESSAGE ? VCD_F_MESSAGE : 0, op->scheme,
		     op->in_len, op->aux_len, room);
	call->req.key = session->key;
	call->req.timeout_ms = session->timeout_ms;
	call->req.bytes = max(in_len, room);
	return call;
}

/*
 * How the request ended. Only a plaintext may be empty. With -EMSGSIZE, @out_len is what
 * the output takes.
 */
static int vcd_keyop_result(const struct vcd_call *call, int err, u16 op, u32 room,
			    u32 *out_len)
{
	const struct vcd_result *result = &call->req.result;

	*out_len = 0;
	if (!err) {
		if (!result->out_len && op != CRYPT_KEYOP_DECRYPT)
			return -EIO;
		*out_len = result->out_len;
	} else if (!call->err && result->status == VCD_S_TOOBIG && result->value) {
		if (result->value <= room || result->value > VCD_KEY_MAX_OUT)
			return -EIO;
		*out_len = result->value;
	}
	return err;
}

/**
 * vcd_keyop() - CIOCKEYOP
 * @file: file description
 * @op: private copy of the program's structure; out_len is updated
 *
 * Return: 0 or a negative errno, as the ABI lists them; -EMSGSIZE: op->out_len is what
 * the output takes, if it did not fit.
 */
int vcd_keyop(struct vcd_file *file, struct crypt_key_op *op)
{
	struct vcd_session *session = vcd_keyop_session(file, op);
	u8 __user *to = u64_to_user_ptr(op->out);
	struct vcd_call *call;
	u32 room, out_len;
	int err;

	if (IS_ERR(session))
		return PTR_ERR(session);
	room = min(op->out_len, vcd_keyop_most(session));
	call = vcd_keyop_call(session, op, room);
	if (IS_ERR(call)) {
		vcd_session_put(session);
		return PTR_ERR(call);
	}
	vcd_call_start(call, vcd_queue_for(session->key), false);
	err = vcd_keyop_result(call, vcd_call_wait(call, true), op->op, room,
			       &out_len);
	if (!err && copy_to_user(to, call->req.out + sizeof(struct vcd_reply), out_len))
		err = -EFAULT;
	if (!err || (err == -EMSGSIZE && out_len))
		op->out_len = out_len;
	vcd_call_put(call);
	vcd_session_put(session);
	return err;
}

/* Its request is done. */
static void vcd_keyop_end(struct work_struct *work)
{
	struct vcd_keyop *keyop = container_of(work, struct vcd_keyop, end);
	struct vcd_file *file = keyop->file;
	struct vcd_call *call;
	int err;

	spin_lock(&file->async_lock);
	call = keyop->call;
	keyop->call = NULL;
	spin_unlock(&file->async_lock);
	err = vcd_call_wait(call, false);
	keyop->status = vcd_keyop_result(call, err, keyop->op, keyop->room,
					 &keyop->out_len);
	if (keyop->status)
		keyop->out_len = 0;
	memcpy(keyop->out, call->req.out + sizeof(struct vcd_reply), keyop->out_len);
	vcd_call_put(call);
	vcd_session_put(keyop->session);
	vcd_share_let_go(file->share, keyop->held);
	spin_lock(&file->async_lock);
	list_move_tail(&keyop->list, &file->key_done);
	/* With the lock: the file may be closed as soon as it is dropped. */
	wake_up_all(&file->async_wait);
	spin_unlock(&file->async_lock);
}

static void vcd_keyop_free(struct vcd_keyop *keyop)
{
	kfree_sensitive(keyop);
}

/* Room for one more, and nothing outstanding of CIOCASYNCCRYPT. */
static bool vcd_keyop_enter(struct vcd_file *file)
{
	bool room;

	spin_lock(&file->async_lock);
	room = !file->async_num && file->key_num < READ_ONCE(vcd_async_max);
	if (room)
		file->key_num++;
	spin_unlock(&file->async_lock);
	return room;
}

static void vcd_keyop_leave(struct vcd_file *file)
{
	spin_lock(&file->async_lock);
	file->key_num--;
	wake_up_all(&file->async_wait);
	spin_unlock(&file->async_lock);
}

/* Make it and its request. It has a reference to @session if that succeeds. */
static struct vcd_keyop *vcd_keyop_new(struct vcd_file *file,
				       struct vcd_session *session,
				       const struct crypt_key_op *op)
{
	u32 room = vcd_keyop_most(session);
	struct vcd_keyop *keyop;
	struct vcd_call *call;
	int err;

	keyop = kzalloc(struct_size(keyop, out, room), GFP_KERNEL_ACCOUNT);
	if (!keyop)
		return ERR_PTR(-ENOMEM);
	keyop->file = file;
	keyop->session = session;
	keyop->room = room;
	keyop->cookie = op->cookie;
	keyop->op = op->op;
	keyop->held = PAGE_ALIGN(op->in_len + op->aux_len + room) + PAGE_SIZE;
	INIT_WORK(&keyop->end, vcd_keyop_end);
	err = vcd_share_hold(file->share, keyop->held);
	if (err)
		goto err_free;
	call = vcd_keyop_call(session, op, room);
	if (IS_ERR(call)) {
		err = PTR_ERR(call);
		goto err_let_go;
	}
	call->then = &keyop->end;
	keyop->call = call;
	return keyop;

err_let_go:
	vcd_share_let_go(file->share, keyop->held);
err_free:
	vcd_keyop_free(keyop);
	return ERR_PTR(err);
}

/**
 * vcd_keyop_submit() - CIOCKEYASYNC
 * @file: file description
 * @op: private copy of the program's structure
 *
 * Return: 0; -EBUSY: async_max are outstanding, or some of CIOCASYNCCRYPT; or another
 * negative errno, as the ABI lists them.
 */
int vcd_keyop_submit(struct vcd_file *file, const struct crypt_key_op *op)
{
	struct vcd_session *session = vcd_keyop_session(file, op);
	struct vcd_keyop *keyop;
	struct vcd_call *call;

	if (IS_ERR(session))
		return PTR_ERR(session);
	if (!vcd_keyop_enter(file)) {
		vcd_session_put(session);
		return -EBUSY;
	}
	keyop = vcd_keyop_new(file, session, op);
	if (IS_ERR(keyop)) {
		vcd_keyop_leave(file);
		vcd_session_put(session);
		return PTR_ERR(keyop);
	}
	call = keyop->call;
	spin_lock(&file->async_lock);
	list_add_tail(&keyop->list, &file->key_sent);
	spin_unlock(&file->async_lock);
	/* It may be done, fetched and freed before this returns. */
	vcd_call_start(call, vcd_queue_for(session->key), false);
	return 0;
}

/* The first one that is done, if its output fits into @room bytes. */
static struct vcd_keyop *vcd_keyop_take(struct vcd_file *file, u32 *room)
{
	struct vcd_keyop *keyop;

	spin_lock(&file->async_lock);
	keyop = list_first_entry_or_null(&file->key_done, struct vcd_keyop, list);
	if (!keyop) {
		keyop = ERR_PTR(-EBUSY);
	} else if (keyop->out_len > *room) {
		*room = keyop->out_len;
		keyop = ERR_PTR(-EMSGSIZE);
	} else {
		list_del(&keyop->list);
	}
	spin_unlock(&file->async_lock);
	return keyop;
}

/* It could not be delivered. */
static void vcd_keyop_untake(struct vcd_keyop *keyop)
{
	struct vcd_file *file = keyop->file;

	spin_lock(&file->async_lock);
	list_add(&keyop->list, &file->key_done);
	wake_up_all(&file->async_wait);
	spin_unlock(&file->async_lock);
}

static int vcd_keyop_deliver(const struct vcd_keyop *keyop,
			     struct crypt_key_fetch *fetch,
			     struct crypt_key_fetch __user *arg)
{
	fetch->out_len = keyop->out_len;
	fetch->status = keyop->status;
	fetch->cookie = keyop->cookie;
	if (copy_to_user(u64_to_user_ptr(fetch->out), keyop->out, keyop->out_len) ||
	    copy_to_user(arg, fetch, sizeof(*fetch)))
		return -EFAULT;
	return 0;
}

/**
 * vcd_keyop_fetch() - CIOCKEYFETCH
 * @file: file description
 * @arg: the program's structure
 *
 * Return: 0: @arg has the result of one; -EBUSY: none is done; -EMSGSIZE, -EFAULT: its
 * output or @arg takes more room, or cannot be written, and it stays to be fetched.
 */
int vcd_keyop_fetch(struct vcd_file *file, struct crypt_key_fetch __user *arg)
{
	struct crypt_key_fetch fetch;
	struct vcd_keyop *keyop;
	int err;

	if (copy_from_user(&fetch, arg, sizeof(fetch)))
		return -EFAULT;
	if (!vcd_has_keys(file->dev) && !READ_ONCE(file->key_num))
		return -EOPNOTSUPP;
	keyop = vcd_keyop_take(file, &fetch.out_len);
	if (IS_ERR(keyop)) {
		err = PTR_ERR(keyop);
		if (err == -EMSGSIZE && put_user(fetch.out_len, &arg->out_len))
			err = -EFAULT;
		return err;
	}
	err = vcd_keyop_deliver(keyop, &fetch, arg);
	if (err) {
		vcd_keyop_untake(keyop);
		return err;
	}
	vcd_keyop_free(keyop);
	vcd_keyop_leave(file);
	return 0;
}

static bool vcd_keyop_none_sent(struct vcd_file *file)
{
	bool none;

	spin_lock(&file->async_lock);
	none = list_empty(&file->key_sent);
	spin_unlock(&file->async_lock);
	return none;
}

/** vcd_keyop_exit() - the last close: nobody submits or fetches */
void vcd_keyop_exit(struct vcd_file *file)
{
	struct vcd_keyop *keyop, *next;

	spin_lock(&file->async_lock);
	list_for_each_entry(keyop, &file->key_sent, list)
		if (keyop->call)
			vcd_abort(&keyop->call->req, -EINTR);
	spin_unlock(&file->async_lock);
	/* Soon: the requests are done, and the work items have to run. */
	wait_event(file->async_wait, vcd_keyop_none_sent(file));
	list_for_each_entry_safe(keyop, next, &file->key_done, list)
		vcd_keyop_free(keyop);
}
