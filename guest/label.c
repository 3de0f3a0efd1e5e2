// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * label.c - keys that the host has, by name: CIOCKEYLIST, CIOCKEYINFO, CIOCGSESSLABEL.
 *
 * Nothing of what the host says of a key reaches a program unchecked: wire.c copies it
 * field by field. What is needed of it later is in struct vcd_key.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "driver.h"

/* A program's label and ticket. The label ends with a 0 and has zeros behind it. */
static int vcd_label_read(struct vcd_label *name, const char label[VCD_KEY_LABEL_LEN],
			  u64 ticket)
{
	size_t len = strnlen(label, VCD_KEY_LABEL_LEN);

	static_assert(VCD_KEY_LABEL_LEN == CRYPT_KEY_LABEL_LEN);
	static_assert(VCD_KEY_TICKET_LEN == CRYPT_KEY_TICKET_LEN);
	if (!len || len == VCD_KEY_LABEL_LEN ||
	    memchr_inv(label + len, 0, VCD_KEY_LABEL_LEN - len))
		return -EINVAL;
	memset(name, 0, sizeof(*name));
	memcpy(name->label, label, len);
	name->has_ticket = ticket;
	if (ticket && copy_from_user(name->ticket, u64_to_user_ptr(ticket),
				     sizeof(name->ticket)))
		return -EFAULT;
	return 0;
}

/* A request to the key service that has no session. */
static struct vcd_call *vcd_label_call(const struct vcd_file *file, u32 in_len,
				       u32 out_len)
{
	struct vcd_call *call = vcd_call_new(file->share, in_len, out_len, 0);

	if (!call)
		return NULL;
	call->req.queue = vcd_queue_slow(file->dev);
	call->req.timeout_ms = READ_ONCE(file->timeout_ms);
	call->req.flags = VCD_REQ_RETRY;
	call->req.bytes = max(in_len, out_len);
	return call;
}

static int vcd_label_exec(struct vcd_call *call)
{
	vcd_call_start(call, call->req.queue, false);
	return vcd_call_wait(call, true);
}

/* One entry of the host's list, for the program. */
static int vcd_list_entry(const struct vcd_call *call, u32 i,
			  struct crypt_key __user *to)
{
	struct vcd_key_info info;
	struct crypt_key key;
	int err;

	memcpy(&info, call->req.out + sizeof(struct vcd_reply) + i * sizeof(info),
	       sizeof(info));
	err = vcd_wire_key_info(&info, &key);
	if (!err && copy_to_user(to, &key, sizeof(key)))
		err = -EFAULT;
	return err;
}

/* At most @num entries from number @first on. Return: how many, or a negative errno. */
static int vcd_list_page(struct vcd_file *file, u32 first, u32 num,
			 struct crypt_key __user *keys, u32 *total)
{
	u32 room = num * sizeof(struct vcd_key_info);
	struct vcd_call *call = vcd_label_call(file, 0, room);
	const struct vcd_result *result;
	u32 i, got = 0;
	int err;

	if (!call)
		return -ENOMEM;
	vcd_wire_key((struct vcd_req_key *)call->req.in, VCD_OP_KEY_LIST, 0, 0, 0, 0, room);
	((struct vcd_req_key *)call->req.in)->first = cpu_to_le32(first);
	err = vcd_label_exec(call);
	result = &call->req.result;
	if (!err) {
		got = result->out_len / sizeof(struct vcd_key_info);
		*total = result->value;
		if (result->out_len % sizeof(struct vcd_key_info) ||
		    result->value > U32_MAX || (u64)first + got > max(*total, first))
			err = -EIO;
	}
	for (i = 0; i < got && !err; i++)
		err = vcd_list_entry(call, i, keys + i);
	vcd_call_put(call);
	return err ? err : got;
}

static int vcd_key_list(struct vcd_file *file, struct crypt_key_list *list)
{
	struct crypt_key __user *keys = u64_to_user_ptr(list->keys);
	u32 listed = 0, total = 0;
	int got;

	if (list->reserved)
		return -EINVAL;
	if (!vcd_has_keys(file->dev))
		return -EOPNOTSUPP;
	do {
		u32 num = min(list->count - listed, (u32)VCD_KEY_LIST_PAGE);

		got = vcd_list_page(file, list->first + listed, num, keys + listed,
				    &total);
		if (got < 0)
			return got;
		listed += got;
	} while (got && listed < list->count &&
		 (u64)list->first + listed < total);
	list->count = listed;
	list->total = total;
	return 0;
}

/* The reply to KEY_INFO: what the key is, and how long its public part is. */
static int vcd_info_check(const struct vcd_call *call, const struct vcd_label *name,
			  struct crypt_key *key, u32 *spki_len)
{
	const struct vcd_result *result = &call->req.result;
	struct vcd_key_info info;
	int err;

	if (result->out_len < sizeof(info))
		return -EIO;
	memcpy(&info, call->req.out + sizeof(struct vcd_reply), sizeof(info));
	err = vcd_wire_key_info(&info, key);
	if (err)
		return err;
	if (!key->kind || strcmp(key->label, name->label) ||
	    memcmp(key->check, result->iv, sizeof(key->check)))
		return -EIO;
	*spki_len = result->out_len - sizeof(info);
	return 0;
}

static int vcd_info_ask(struct vcd_file *file, const struct vcd_label *name,
			struct crypt_key_info *op)
{
	u32 room = min_t(u32, sizeof(struct vcd_key_info) + VCD_KEY_MAX_SPKI,
			 file->dev->max_request);
	u32 len = strlen(name->label);
	u32 ticket_len = name->has_ticket ? sizeof(name->ticket) : 0;
	struct vcd_call *call = vcd_label_call(file, len + ticket_len, room);
	u8 __user *spki = u64_to_user_ptr(op->spki);
	u32 spki_len;
	u8 *in, *out;
	int err;

	if (!call)
		return -ENOMEM;
	in = call->req.in + sizeof(struct vcd_req_key);
	out = call->req.out + sizeof(struct vcd_reply) + sizeof(struct vcd_key_info);
	vcd_wire_key((struct vcd_req_key *)call->req.in, VCD_OP_KEY_INFO, 0, 0, len,
		     ticket_len, room);
	memcpy(in, name->label, len);
	memcpy(in + len, name->ticket, ticket_len);
	err = vcd_label_exec(call);
	if (!err)
		err = vcd_info_check(call, name, &op->key, &spki_len);
	if (!err) {
		if (spki && spki_len > op->spki_len)
			err = -EMSGSIZE;
		else if (spki && copy_to_user(spki, out, spki_len))
			err = -EFAULT;
		op->spki_len = spki_len;
	}
	vcd_call_put(call);
	return err;
}

static int vcd_key_info(struct vcd_file *file, struct crypt_key_info *op)
{
	struct vcd_label name;
	int err;

	if (op->reserved)
		return -EINVAL;
	if (!vcd_has_keys(file->dev))
		return -EOPNOTSUPP;
	err = vcd_label_read(&name, op->label, op->ticket);
	if (!err)
		err = vcd_info_ask(file, &name, op);
	memzero_explicit(&name, sizeof(name));
	return err;
}

static int vcd_key_session(struct vcd_file *file, struct crypt_label_op *op)
{
	struct vcd_label name;
	int err;

	if (op->flags & ~CRYPT_LABEL_CHECK)
		return -EINVAL;
	if (!vcd_has_keys(file->dev))
		return -EOPNOTSUPP;
	err = vcd_label_read(&name, op->label, op->ticket);
	if (!err) {
		name.has_check = op->flags & CRYPT_LABEL_CHECK;
		memcpy(name.check, op->key.check, sizeof(name.check));
		err = vcd_session_new_label(file, &name, op->cipher, op->mac, &op->key,
					    &op->ses);
	}
	memzero_explicit(&name, sizeof(name));
	return err;
}

static long vcd_ioctl_list(struct vcd_file *file, void __user *arg)
{
	struct crypt_key_list list;
	int err;

	if (copy_from_user(&list, arg, sizeof(list)))
		return -EFAULT;
	err = vcd_key_list(file, &list);
	if (!err && copy_to_user(arg, &list, sizeof(list)))
		err = -EFAULT;
	return err;
}

static long vcd_ioctl_info(struct vcd_file *file, void __user *arg)
{
	struct crypt_key_info op;
	int err;

	if (copy_from_user(&op, arg, sizeof(op)))
		return -EFAULT;
	err = vcd_key_info(file, &op);
	if ((!err || err == -EMSGSIZE) && copy_to_user(arg, &op, sizeof(op)))
		err = -EFAULT;
	return err;
}

static long vcd_ioctl_label(struct vcd_file *file, void __user *arg)
{
	struct crypt_label_op op;
	int err;

	if (copy_from_user(&op, arg, sizeof(op)))
		return -EFAULT;
	err = vcd_key_session(file, &op);
	if (!err && copy_to_user(arg, &op, sizeof(op))) {
		vcd_session_end(file, op.ses);
		err = -EFAULT;
	}
	return err;
}

static long vcd_ioctl_op(struct vcd_file *file, void __user *arg)
{
	struct crypt_key_op op;
	int err;

	if (copy_from_user(&op, arg, sizeof(op)))
		return -EFAULT;
	err = vcd_keyop(file, &op);
	if ((!err || err == -EMSGSIZE) && copy_to_user(arg, &op, sizeof(op)))
		err = -EFAULT;
	return err;
}

/**
 * vcd_label_ioctl() - the ioctls of keys by name; the same for 32-bit programs
 * @file: file description
 * @cmd: any
 * @arg: the program's structure
 *
 * Return: 0 or a negative errno, as the ABI lists them; -EINVAL: another ioctl.
 */
long vcd_label_ioctl(struct vcd_file *file, unsigned int cmd, void __user *arg)
{
	struct crypt_key_op op;

	switch (cmd) {
	case CIOCGSESSLABEL:
		return vcd_ioctl_label(file, arg);
	case CIOCKEYLIST:
		return vcd_ioctl_list(file, arg);
	case CIOCKEYINFO:
		return vcd_ioctl_info(file, arg);
	case CIOCKEYOP:
		return vcd_ioctl_op(file, arg);
	case CIOCKEYASYNC:
		if (copy_from_user(&op, arg, sizeof(op)))
			return -EFAULT;
		return vcd_keyop_submit(file, &op);
	case CIOCKEYFETCH:
		return vcd_keyop_fetch(file, arg);
	default:
		return -EINVAL;
	}
}
