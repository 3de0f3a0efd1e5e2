// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crypto_api.c - the device as a driver of the kernel's crypto API, for disks.
 *
 * Theory of operation
 *
 * crypto_api=named	xts(paes), cbc(paes), ctr(paes): the "key" names one of the host's
 * crypto_api=all	also xts(aes) and others by key bytes, with a fallback in software
 *			for what the device refuses
 * crypto_api=off	nothing
 *
 * A transform keeps a reference to the device that was the first one when it was made.
 * The algorithms stay registered until the module is unloaded, whatever becomes of
 * devices: without its device a transform's requests fail with -ENODEV.
 *
 * Nothing is allocated, and nothing sleeps, from a request to its end: a disk may be
 * what memory is freed to. All of a request is in the memory that its user has for it.
 *
 * A request is handed to the core while fewer than VCD_CRYPTO_OUTSTANDING are with it.
 * One that is over that waits in a line if its user allows (-EBUSY, and -EINPROGRESS by
 * callback when it goes on), else it is refused (-ENOSPC). All of them are charged to
 * one share, which is neither the driver's nor a process's.
 *
 * The core ends a request in any context; a tasklet calls the user back. A request is
 * not done while the device has it, however long that takes, because its user then
 * writes to the pages, or frees them. The session is made when the first request needs
 * it, and again when the device has lost it (key.c).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <crypto/algapi.h>
#include <linux/bottom_half.h>
#include <linux/interrupt.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "driver.h"

/* Requests of a device that are with the core at one time. */
#define VCD_CRYPTO_OUTSTANDING 256u

enum vcd_crypto_mode {
	VCD_CRYPTO_OFF,
	VCD_CRYPTO_NAMED,
	VCD_CRYPTO_ALL,
};

static const char *const vcd_crypto_modes[] = { "off", "named", "all" };

static char *vcd_crypto_param = "named";
module_param_named(crypto_api, vcd_crypto_param, charp, 0444);
MODULE_PARM_DESC(crypto_api, "ciphers for the kernel, that is for disks: off; named: with keys of the host; all: also with keys of the guest");

static enum vcd_crypto_mode vcd_crypto_mode;

/* Protects the two below. */
static DEFINE_MUTEX(vcd_crypto_mutex);
static bool vcd_crypto_registered;
static bool vcd_crypto_closed;

/* Requests that are to be ended by the tasklet. */
static DEFINE_SPINLOCK(vcd_crypto_lock);
static LIST_HEAD(vcd_crypto_ended);
static struct tasklet_struct vcd_crypto_tasklet;

/** vcd_crypto_line_init() - of a new device */
void vcd_crypto_line_init(struct vcd_crypto_line *line)
{
	spin_lock_init(&line->lock);
	INIT_LIST_HEAD(&line->waiting);
}

/** vcd_crypto_key_new() - a key of a transform; NULL without memory */
struct vcd_crypto_key *vcd_crypto_key_new(struct vcd_key *key)
{
	struct vcd_crypto_key *shared = kzalloc(sizeof(*shared), GFP_KERNEL);

	if (!shared)
		return NULL;
	refcount_set(&shared->ref, 1);
	shared->key = key;
	return shared;
}

static void vcd_crypto_key_put(struct vcd_crypto_key *key)
{
	if (!key || !refcount_dec_and_test(&key->ref))
		return;
	vcd_key_end(key->key);
	kfree(key);
}

/** vcd_crypto_replace_key() - the transform has another key, or NULL */
void vcd_crypto_replace_key(struct vcd_crypto_tfm *tfm, struct vcd_crypto_key *key)
{
	struct vcd_crypto_key *old = tfm->key;

	tfm->key = key;
	vcd_crypto_key_put(old);
}

/** vcd_crypto_tfm_init() - a new transform, which has the first device */
void vcd_crypto_tfm_init(struct vcd_crypto_tfm *tfm)
{
	tfm->dev = vcd_device_first();
	tfm->key = NULL;
}

/** vcd_crypto_tfm_exit() - a transform without requests is no more */
void vcd_crypto_tfm_exit(struct vcd_crypto_tfm *tfm)
{
	vcd_crypto_replace_key(tfm, NULL);
	if (tfm->dev)
		vcd_device_put(tfm->dev);
}

/**
 * vcd_crypto_tfm_device() - a transform is to get another key
 * @tfm: transform without a key
 *
 * If its device is gone, the transform goes on with the one that is now the first.
 *
 * Return: 0, or -ENODEV: there is none.
 */
int vcd_crypto_tfm_device(struct vcd_crypto_tfm *tfm)
{
	if (tfm->dev && !READ_ONCE(tfm->dev->gone))
		return 0;
	if (tfm->dev)
		vcd_device_put(tfm->dev);
	tfm->dev = vcd_device_first();
	return tfm->dev ? 0 : -ENODEV;
}

/**
 * vcd_crypto_set_key() - give a transform key bytes
 * @tfm: transform
 * @id: number of the cipher or AEAD
 * @bytes: key, which the fallback has accepted
 * @len: bytes of it
 *
 * Does not ask the device. When that cannot have the key, the transform has none, and
 * its requests go to the fallback.
 *
 * Return: 0 or -ENOMEM.
 */
int vcd_crypto_set_key(struct vcd_crypto_tfm *tfm, u32 id, const u8 *bytes, u32 len)
{
	struct vcd_crypto_key *shared;
	struct vcd_device *dev;
	struct vcd_key *key;

	vcd_crypto_replace_key(tfm, NULL);
	if (vcd_crypto_tfm_device(tfm))
		return 0;
	dev = tfm->dev;
	if (!vcd_map_has(dev->ciphers, id) && !vcd_map_has(dev->aeads, id))
		return 0;
	if (!vcd_share_add_session(dev->kernel_share, false))
		return 0;
	key = vcd_key_new(dev->kernel_share, id, 0, len, 0, 0);
	if (!key) {
		vcd_share_end_session(dev->kernel_share, false);
		return -ENOMEM;
	}
	memcpy(vcd_key_bytes(key), bytes, len);
	key->req.flags = VCD_REQ_PATIENT | VCD_REQ_KEPT;
	shared = vcd_crypto_key_new(key);
	if (!shared) {
		vcd_key_end(key);
		return -ENOMEM;
	}
	vcd_crypto_replace_key(tfm, shared);
	return 0;
}

/** vcd_crypto_can() - whether the device may be asked */
bool vcd_crypto_can(const struct vcd_crypto_tfm *tfm)
{
	return tfm->key && !READ_ONCE(tfm->key->refused);
}

/** vcd_crypto_request_size() - bytes that a request takes, wherever it begins */
unsigned int vcd_crypto_request_size(void)
{
	return sizeof(struct vcd_crypto_request) + VCD_DMA_ALIGN +
	       ALIGN(sizeof(struct vcd_req), VCD_DMA_ALIGN) +
	       ALIGN(sizeof(struct vcd_reply), VCD_DMA_ALIGN);
}

static void vcd_crypto_done(struct vcd_request *req, int err)
{
	container_of(req, struct vcd_crypto_request, req)->err = err;
}

/* The core does not look at it again. */
static void vcd_crypto_gone(struct vcd_request *req)
{
	unsigned long flags;

	spin_lock_irqsave(&vcd_crypto_lock, flags);
	list_add_tail(&req->link, &vcd_crypto_ended);
	spin_unlock_irqrestore(&vcd_crypto_lock, flags);
	tasklet_schedule(&vcd_crypto_tasklet);
}

/**
 * vcd_crypto_prepare() - set a request up
 * @kreq: request
 * @tfm: its transform, which has a key
 * @type: kind of algorithm
 * @user: the crypto API's request
 *
 * The caller fills in the header and the lists.
 */
void vcd_crypto_prepare(struct vcd_crypto_request *kreq, struct vcd_crypto_tfm *tfm,
			const struct vcd_crypto_type *type, void *user)
{
	struct vcd_request *req = &kreq->req;
	u8 *in = PTR_ALIGN((u8 *)(kreq + 1), VCD_DMA_ALIGN);
	u8 *out = in + ALIGN(sizeof(struct vcd_req), VCD_DMA_ALIGN);

	memset(kreq, 0, sizeof(*kreq));
	vcd_request_buffers(req, in, sizeof(struct vcd_req), out,
			    sizeof(struct vcd_reply));
	req->queue = vcd_queue_here(tfm->dev);
	req->share = tfm->dev->kernel_share;
	req->key = tfm->key->key;
	req->done = vcd_crypto_done;
	req->gone = vcd_crypto_gone;
	req->flags = VCD_REQ_PATIENT | VCD_REQ_KEPT;
	req->sleeper = true;
	kreq->type = type;
	kreq->key = tfm->key;
	kreq->user = user;
}

/**
 * vcd_crypto_fits() - whether the device takes a request, whose lists are complete
 * @kreq: request
 * @in_len: bytes in
 * @out_len: bytes out
 */
bool vcd_crypto_fits(struct vcd_crypto_request *kreq, u32 in_len, u32 out_len)
{
	const struct vcd_device *dev = kreq->req.queue->dev;

	if (vcd_list_overlap(kreq->req.src, kreq->req.dst))
		kreq->req.flags |= VCD_REQ_IN_PLACE;
	kreq->req.bytes = max(in_len, out_len);
	kreq->req.out_len = out_len;
	/* Header and reply take one entry each. */
	return kreq->req.bytes <= dev->max_request &&
	       kreq->src.num + kreq->dst.num + 2 <= dev->max_segments;
}

static void vcd_crypto_submit(struct vcd_crypto_request *kreq)
{
	/* What is found in the ring meanwhile is ended when they are on again. */
	local_bh_disable();
	vcd_submit(&kreq->req, false);
	local_bh_enable();
}

/**
 * vcd_crypto_start() - hand a request on
 * @kreq: request, complete
 * @flags: of the crypto API
 *
 * Return: -EINPROGRESS, or -EBUSY when it waits: it will be ended; -ENOSPC.
 */
int vcd_crypto_start(struct vcd_crypto_request *kreq, u32 flags)
{
	struct vcd_crypto_line *line = &kreq->req.queue->dev->kernel;
	int err = -EINPROGRESS;
	unsigned long irq;

	refcount_inc(&kreq->key->ref);
	spin_lock_irqsave(&line->lock, irq);
	if (line->outstanding < VCD_CRYPTO_OUTSTANDING) {
		line->outstanding++;
	} else if (flags & CRYPTO_TFM_REQ_MAY_BACKLOG) {
		list_add_tail(&kreq->req.link, &line->waiting);
		err = -EBUSY;
	} else {
		err = -ENOSPC;
	}
	spin_unlock_irqrestore(&line->lock, irq);
	if (err == -EINPROGRESS)
		vcd_crypto_submit(kreq);
	else if (err == -ENOSPC)
		vcd_crypto_key_put(kreq->key);
	return err;
}

/* One request is less with the core: the next one goes on. */
static void vcd_crypto_next(struct vcd_crypto_line *line)
{
	struct vcd_crypto_request *next;

	spin_lock_irq(&line->lock);
	next = list_first_entry_or_null(&line->waiting, struct vcd_crypto_request,
					req.link);
	if (next)
		list_del(&next->req.link);
	else
		line->outstanding--;
	spin_unlock_irq(&line->lock);
	if (!next)
		return;
	next->type->complete(next, -EINPROGRESS);
	vcd_crypto_submit(next);
}

/* End requests. The user may free them, and the transform, from its callback on. */
static void vcd_crypto_end(struct tasklet_struct *unused)
{
	struct vcd_crypto_request *kreq, *next;
	LIST_HEAD(ended);

	spin_lock_irq(&vcd_crypto_lock);
	list_splice_init(&vcd_crypto_ended, &ended);
	spin_unlock_irq(&vcd_crypto_lock);
	list_for_each_entry_safe(kreq, next, &ended, req.link) {
		vcd_crypto_next(&kreq->req.queue->dev->kernel);
		kreq->type->end(kreq, kreq->err);
	}
}

/** vcd_crypto_refused() - whether an error means that the device has done nothing */
bool vcd_crypto_refused(int err)
{
	return err == -EINVAL || err == -ENOSPC || err == -ENOMEM || err == -EBUSY ||
	       err == -EMSGSIZE;
}

/**
 * vcd_crypto_result() - what became of a request; it does not use its key any more
 * @kreq: request that has ended
 * @err: what it ended with
 *
 * Return: 0: all of the output is there; or a negative errno.
 */
int vcd_crypto_result(struct vcd_crypto_request *kreq, int err)
{
	const struct vcd_result *result = &kreq->req.result;

	if (!err)
		err = vcd_wire_errno(result->status);
	if (!err && result->out_len != kreq->req.out_len)
		err = -EIO;
	/* A key that is refused once is not offered again. */
	if (err == -EINVAL)
		WRITE_ONCE(kreq->key->refused, true);
	vcd_crypto_key_put(kreq->key);
	return err;
}

/**
 * vcd_crypto_init() - the module's
 *
 * Return: 0, or -EINVAL for a parameter that makes no sense.
 */
int vcd_crypto_init(void)
{
	int mode = match_string(vcd_crypto_modes, ARRAY_SIZE(vcd_crypto_modes),
				vcd_crypto_param);

	if (mode < 0) {
		pr_err("crypto_api=%s: it is off, named or all\n", vcd_crypto_param);
		return -EINVAL;
	}
	vcd_crypto_mode = mode;
	tasklet_setup(&vcd_crypto_tasklet, vcd_crypto_end);
	return 0;
}

/** vcd_crypto_exit() - nothing has requests any more */
void vcd_crypto_exit(void)
{
	tasklet_kill(&vcd_crypto_tasklet);
}

static int vcd_crypto_register_all(void)
{
	int err;

	if (vcd_crypto_mode == VCD_CRYPTO_OFF)
		return 0;
	err = vcd_named_register();
	if (err || vcd_crypto_mode != VCD_CRYPTO_ALL)
		return err;
	err = vcd_skciphers_register();
	if (err)
		goto err_named;
	err = vcd_aeads_register();
	if (err)
		goto err_skciphers;
	return 0;

err_skciphers:
	vcd_skciphers_unregister();
err_named:
	vcd_named_unregister();
	return err;
}

/**
 * vcd_crypto_register() - register the algorithms when the first device is ready
 *
 * The kernel tests them, through the device. Without them the device is still good for
 * programs.
 */
void vcd_crypto_register(void)
{
	int err;

	mutex_lock(&vcd_crypto_mutex);
	if (!vcd_crypto_registered && !vcd_crypto_closed) {
		err = vcd_crypto_register_all();
		vcd_crypto_registered = !err;
		if (err)
			pr_err("the kernel does not take the ciphers: error %d\n", err);
	}
	mutex_unlock(&vcd_crypto_mutex);
}

/** vcd_crypto_unregister() - the module is unloaded: nothing uses them any more */
void vcd_crypto_unregister(void)
{
	mutex_lock(&vcd_crypto_mutex);
	vcd_crypto_closed = true;
	if (vcd_crypto_registered && vcd_crypto_mode == VCD_CRYPTO_ALL) {
		vcd_aeads_unregister();
		vcd_skciphers_unregister();
	}
	if (vcd_crypto_registered && vcd_crypto_mode != VCD_CRYPTO_OFF)
		vcd_named_unregister();
	mutex_unlock(&vcd_crypto_mutex);
}
