// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * chardev.c - /dev/crypto and /dev/cryptodevN, and the ioctls on them.
 *
 * Each device has a node cryptodevN. The node crypto stands for the first device
 * there is at the time of open(), and exists while there is one. Open files keep
 * their device after it is removed; every call then fails with ENODEV.
 *
 * Locking: misc_open() calls vcd_open() under the misc mutex, which
 * misc_register() and misc_deregister() take, so no lock that is held around
 * those may be taken in vcd_open(). vcd_nodes_lock is for the former only.
 */
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "driver.h"

static DEFINE_MUTEX(vcd_nodes_lock);
static unsigned int vcd_nodes;

static int vcd_open_device(struct file *filp, struct vcd_device *dev)
{
	struct vcd_file *file;

	file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	if (!file)
		goto err_put;
	file->share = vcd_share_find(dev);
	if (!file->share)
		goto err_free;
	file->dev = dev;
	xa_init_flags(&file->sessions, XA_FLAGS_ALLOC1);
	file->next_id = get_random_u32();
	vcd_async_init(file);
	filp->private_data = file;
	return nonseekable_open(file_inode(filp), filp);

err_free:
	kfree(file);
err_put:
	vcd_device_put(dev);
	return -ENOMEM;
}

/* cryptodevN */
static int vcd_open(struct inode *inode, struct file *filp)
{
	struct vcd_device *dev = container_of(filp->private_data,
					      struct vcd_device, misc);

	vcd_device_get(dev);
	return vcd_open_device(filp, dev);
}

/* crypto */
static int vcd_open_first(struct inode *inode, struct file *filp)
{
	struct vcd_device *dev = vcd_device_first();

	if (!dev)
		return -ENODEV;
	return vcd_open_device(filp, dev);
}

static int vcd_release(struct inode *inode, struct file *filp)
{
	struct vcd_file *file = filp->private_data;

	vcd_async_exit(file);
	vcd_keyop_exit(file);
	vcd_session_end_all(file);
	vcd_share_put(file->share);
	vcd_device_put(file->dev);
	kfree(file);
	return 0;
}

/* A new descriptor for the same file description. */
static int vcd_clone_fd(struct file *filp, u32 __user *arg)
{
	int fd = get_unused_fd_flags(0);

	if (fd < 0)
		return fd;
	if (put_user(fd, arg)) {
		put_unused_fd(fd);
		return -EFAULT;
	}
	fd_install(fd, get_file(filp));
	return 0;
}

static int vcd_get_info(struct vcd_file *file, struct session_info_op __user *arg)
{
	struct session_info_op *op = memdup_user(arg, sizeof(*op));
	int err;

	if (IS_ERR(op))
		return PTR_ERR(op);
	err = vcd_session_info(file, op);
	if (!err && copy_to_user(arg, op, sizeof(*op)))
		err = -EFAULT;
	kfree(op);
	return err;
}

/* The ioctls that are the same for 32-bit programs. */
static long vcd_ioctl_simple(struct file *filp, unsigned int cmd,
			     void __user *arg)
{
	struct vcd_file *file = filp->private_data;
	struct cphash_op cphash;
	u32 value;

	switch (cmd) {
	case CRIOGET:
		return vcd_clone_fd(filp, arg);
	case CIOCFSESSION:
		if (get_user(value, (u32 __user *)arg))
			return -EFAULT;
		return vcd_session_end(file, value);
	case CIOCTIMEOUT:
		if (get_user(value, (u32 __user *)arg))
			return -EFAULT;
		WRITE_ONCE(file->timeout_ms, value);
		return 0;
	case CIOCASYMFEAT:
		return put_user(0, (u32 __user *)arg);
	case CIOCGSESSINFO:
		return vcd_get_info(file, arg);
	case CIOCCPHASH:
		if (copy_from_user(&cphash, arg, sizeof(cphash)))
			return -EFAULT;
		return vcd_hash_copy(file, &cphash);
	default:
		return vcd_label_ioctl(file, cmd, arg);
	}
}

static int vcd_read_op(struct crypt_op *op, const void __user *array, u32 i)
{
	const struct crypt_op __user *ops = array;

	return copy_from_user(op, ops + i, sizeof(*op)) ? -EFAULT : 0;
}

static long vcd_ioctl(struct file *filp, unsigned int cmd, unsigned long ptr)
{
	struct vcd_file *file = filp->private_data;
	void __user *arg = (void __user *)ptr;
	struct session_op session;
	struct crypt_auth_op auth;
	struct crypt_batch batch;
	struct crypt_op crypt;
	int err;

	if (READ_ONCE(file->dev->gone))
		return -ENODEV;
	switch (cmd) {
	case CIOCGSESSION:
		if (copy_from_user(&session, arg, sizeof(session)))
			return -EFAULT;
		err = vcd_session_new(file, &session, &session.ses);
		if (!err && copy_to_user(arg, &session, sizeof(session))) {
			vcd_session_end(file, session.ses);
			err = -EFAULT;
		}
		return err;
	case CIOCCRYPT:
		if (copy_from_user(&crypt, arg, sizeof(crypt)))
			return -EFAULT;
		err = vcd_crypt(file, &crypt);
		if (!err && copy_to_user(arg, &crypt, sizeof(crypt)))
			err = -EFAULT;
		return err;
	case CIOCASYNCCRYPT:
		if (copy_from_user(&crypt, arg, sizeof(crypt)))
			return -EFAULT;
		return vcd_async_submit(file, &crypt);
	case CIOCASYNCFETCH:
		err = vcd_async_fetch(file, &crypt);
		if (crypt.ses && copy_to_user(arg, &crypt, sizeof(crypt)))
			err = -EFAULT;
		return err;
	case CIOCCRYPTBATCH:
		if (copy_from_user(&batch, arg, sizeof(batch)))
			return -EFAULT;
		return vcd_batch(file, &batch, vcd_read_op);
	case CIOCAUTHCRYPT:
		if (copy_from_user(&auth, arg, sizeof(auth)))
			return -EFAULT;
		err = vcd_auth(file, &auth);
		if (!err && copy_to_user(arg, &auth, sizeof(auth)))
			err = -EFAULT;
		return err;
	default:
		return vcd_ioctl_simple(filp, cmd, arg);
	}
}

#ifdef CONFIG_COMPAT
/* The structures with pointers, as 32-bit programs lay them out. */
struct vcd_session_op32 {
	u32 cipher;
	u32 mac;
	u32 keylen;
	compat_uptr_t key;
	u32 mackeylen;
	compat_uptr_t mackey;
	u32 ses;
};

struct vcd_crypt_op32 {
	u32 ses;
	u16 op;
	u16 flags;
	u32 len;
	compat_uptr_t src;
	compat_uptr_t dst;
	compat_uptr_t mac;
	compat_uptr_t iv;
};

struct vcd_crypt_auth_op32 {
	u32 ses;
	u16 op;
	u16 flags;
	u32 len;
	u32 auth_len;
	compat_uptr_t auth_src;
	compat_uptr_t src;
	compat_uptr_t dst;
	compat_uptr_t tag;
	u32 tag_len;
	compat_uptr_t iv;
	u32 iv_len;
};

static_assert(sizeof(struct vcd_session_op32) == 28);
static_assert(sizeof(struct vcd_crypt_op32) == 28);
static_assert(sizeof(struct vcd_crypt_auth_op32) == 44);

#define CIOCGSESSION32	_IOWR('c', 102, struct vcd_session_op32)
#define CIOCCRYPT32	_IOWR('c', 104, struct vcd_crypt_op32)
#define CIOCAUTHCRYPT32	_IOWR('c', 109, struct vcd_crypt_auth_op32)
#define CIOCASYNCCRYPT32	_IOW('c', 110, struct vcd_crypt_op32)
#define CIOCASYNCFETCH32	_IOR('c', 111, struct vcd_crypt_op32)

static long vcd_compat_session(struct vcd_file *file,
			       struct vcd_session_op32 __user *arg)
{
	struct vcd_session_op32 op32;
	struct session_op op;
	int err;

	if (copy_from_user(&op32, arg, sizeof(op32)))
		return -EFAULT;
	op = (struct session_op) {
		.cipher = op32.cipher,
		.mac = op32.mac,
		.keylen = op32.keylen,
		.key = compat_ptr(op32.key),
		.mackeylen = op32.mackeylen,
		.mackey = compat_ptr(op32.mackey),
	};
	err = vcd_session_new(file, &op, &op32.ses);
	if (!err && copy_to_user(arg, &op32, sizeof(op32))) {
		vcd_session_end(file, op32.ses);
		err = -EFAULT;
	}
	return err;
}

static int vcd_read_op32(struct crypt_op *op, const void __user *array, u32 i)
{
	const struct vcd_crypt_op32 __user *ops = array;
	struct vcd_crypt_op32 op32;

	if (copy_from_user(&op32, ops + i, sizeof(op32)))
		return -EFAULT;
	/* A 64-bit program may fetch it, padding and all. */
	memset(op, 0, sizeof(*op));
	op->ses = op32.ses;
	op->op = op32.op;
	op->flags = op32.flags;
	op->len = op32.len;
	op->src = compat_ptr(op32.src);
	op->dst = compat_ptr(op32.dst);
	op->mac = compat_ptr(op32.mac);
	op->iv = compat_ptr(op32.iv);
	return 0;
}

static int vcd_write_op32(struct vcd_crypt_op32 __user *to,
			  const struct crypt_op *op)
{
	struct vcd_crypt_op32 op32 = {
		.ses = op->ses,
		.op = op->op,
		.flags = op->flags,
		.len = op->len,
		.src = ptr_to_compat(op->src),
		.dst = ptr_to_compat(op->dst),
		.mac = ptr_to_compat(op->mac),
		.iv = ptr_to_compat(op->iv),
	};

	return copy_to_user(to, &op32, sizeof(op32)) ? -EFAULT : 0;
}

static long vcd_compat_crypt(struct vcd_file *file, void __user *arg)
{
	struct crypt_op op;
	int err;

	if (vcd_read_op32(&op, arg, 0))
		return -EFAULT;
	err = vcd_crypt(file, &op);
	return err ? err : vcd_write_op32(arg, &op);
}

static long vcd_compat_submit(struct vcd_file *file, void __user *arg)
{
	struct crypt_op op;

	if (vcd_read_op32(&op, arg, 0))
		return -EFAULT;
	return vcd_async_submit(file, &op);
}

static long vcd_compat_fetch(struct vcd_file *file, void __user *arg)
{
	struct crypt_op op;
	int err = vcd_async_fetch(file, &op);

	if (op.ses && vcd_write_op32(arg, &op))
		err = -EFAULT;
	return err;
}

static long vcd_compat_batch(struct vcd_file *file, void __user *arg)
{
	struct crypt_batch batch;

	if (copy_from_user(&batch, arg, sizeof(batch)))
		return -EFAULT;
	return vcd_batch(file, &batch, vcd_read_op32);
}

static long vcd_compat_auth(struct vcd_file *file,
			    struct vcd_crypt_auth_op32 __user *arg)
{
	struct vcd_crypt_auth_op32 op32;
	struct crypt_auth_op op;
	int err;

	if (copy_from_user(&op32, arg, sizeof(op32)))
		return -EFAULT;
	op = (struct crypt_auth_op) {
		.ses = op32.ses,
		.op = op32.op,
		.flags = op32.flags,
		.len = op32.len,
		.auth_len = op32.auth_len,
		.auth_src = compat_ptr(op32.auth_src),
		.src = compat_ptr(op32.src),
		.dst = compat_ptr(op32.dst),
		.tag = compat_ptr(op32.tag),
		.tag_len = op32.tag_len,
		.iv = compat_ptr(op32.iv),
		.iv_len = op32.iv_len,
	};
	err = vcd_auth(file, &op);
	if (err)
		return err;
	op32.len = op.len;
	op32.tag = ptr_to_compat(op.tag);
	op32.tag_len = op.tag_len;
	return copy_to_user(arg, &op32, sizeof(op32)) ? -EFAULT : 0;
}

static long vcd_compat_ioctl(struct file *filp, unsigned int cmd,
			     unsigned long ptr)
{
	struct vcd_file *file = filp->private_data;
	void __user *arg = compat_ptr(ptr);

	if (READ_ONCE(file->dev->gone))
		return -ENODEV;
	switch (cmd) {
	case CIOCGSESSION32:
		return vcd_compat_session(file, arg);
	case CIOCCRYPT32:
		return vcd_compat_crypt(file, arg);
	case CIOCAUTHCRYPT32:
		return vcd_compat_auth(file, arg);
	case CIOCASYNCCRYPT32:
		return vcd_compat_submit(file, arg);
	case CIOCASYNCFETCH32:
		return vcd_compat_fetch(file, arg);
	case CIOCCRYPTBATCH:
		return vcd_compat_batch(file, arg);
	default:
		return vcd_ioctl_simple(filp, cmd, arg);
	}
}
#endif /* CONFIG_COMPAT */

static __poll_t vcd_poll(struct file *filp, poll_table *wait)
{
	return vcd_async_poll(filp->private_data, filp, wait);
}

#ifdef CONFIG_COMPAT
#define VCD_COMPAT_IOCTL .compat_ioctl = vcd_compat_ioctl,
#else
#define VCD_COMPAT_IOCTL
#endif

static const struct file_operations vcd_fops = {
	.owner = THIS_MODULE,
	.open = vcd_open,
	.release = vcd_release,
	.unlocked_ioctl = vcd_ioctl,
	VCD_COMPAT_IOCTL
	.poll = vcd_poll,
};

static const struct file_operations vcd_first_fops = {
	.owner = THIS_MODULE,
	.open = vcd_open_first,
	.release = vcd_release,
	.unlocked_ioctl = vcd_ioctl,
	VCD_COMPAT_IOCTL
	.poll = vcd_poll,
};

static struct miscdevice vcd_first_misc = {
	.name = "crypto",
	.fops = &vcd_first_fops,
};

/**
 * vcd_chardev_add() - make the nodes of a device
 * @dev: device, index set
 *
 * Return: 0 or a negative errno; -EEXIST when another driver has /dev/crypto.
 */
int vcd_chardev_add(struct vcd_device *dev)
{
	int err;

	dev->misc.minor = MISC_DYNAMIC_MINOR;
	dev->misc.name = dev->name;
	dev->misc.fops = &vcd_fops;
	dev->misc.mode = vcd_node_mode;
	dev->misc.parent = &dev->vdev->dev;

	mutex_lock(&vcd_nodes_lock);
	err = misc_register(&dev->misc);
	if (err)
		goto out;
	if (!vcd_nodes) {
		vcd_first_misc.minor = MISC_DYNAMIC_MINOR;
		vcd_first_misc.mode = vcd_node_mode;
		err = misc_register(&vcd_first_misc);
		if (err) {
			misc_deregister(&dev->misc);
			goto out;
		}
	}
	vcd_nodes++;
out:
	mutex_unlock(&vcd_nodes_lock);
	return err;
}

/** vcd_chardev_del() - remove what vcd_chardev_add() made */
void vcd_chardev_del(struct vcd_device *dev)
{
	mutex_lock(&vcd_nodes_lock);
	if (!--vcd_nodes)
		misc_deregister(&vcd_first_misc);
	misc_deregister(&dev->misc);
	mutex_unlock(&vcd_nodes_lock);
}
