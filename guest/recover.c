// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * recover.c - the device's queues brought up, taken away, and brought up again.
 *
 * One mechanism serves probe, freeze, restore and remove:
 *
 *	stop	no more goes into the ring; what is in it may come back, for a while;
 *		reset; what did not come back goes back into the line, or fails
 *	start	config space, virtqueues, HELLO; then the lines move on
 *
 * Between the two, requests wait in line. The device then knows no session, and each
 * is made again when it is next used (key.c). If it does not start again, all fail.
 *
 * A request that is overdue does not set this off: the reset of a device whose host
 * does not answer stops the guest with it. The device keeps that request, and its
 * pages, until it gives it back or is reset for another reason. Nor does an epoch that
 * changes: the device is alive, and says STALE of each session that it has lost.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/version.h>
#include <linux/virtio_config.h>

#include "driver.h"

/* Milliseconds that a device that is to be taken away has to end what it has. */
#define VCD_QUIESCE_MS 2000u

/* What the host offers beyond ciphers and hashes; the queues for that. */
static void vcd_read_services(struct vcd_device *dev, const struct vcd_config *config)
{
	bool offered = virtio_has_feature(dev->vdev, VIRTIO_CRYPTODEV_F_KEY_NAME);
	u32 slow = offered ? le32_to_cpu(config->slow_queues) : 0;

	if (offered && !slow)
		dev_warn(&dev->vdev->dev,
			 "the host has a key service, but no queue for it: keys by name are not available\n");
	slow = min(slow, VCD_DRV_MAX_SLOW);
	/* The first time decides how many there are. */
	if (dev->queues)
		slow = min_t(u32, slow, dev->queues + dev->num_all - dev->slow);
	WRITE_ONCE(dev->num_slow, slow);
	dev->slow_at = le32_to_cpu(config->num_queues);
	dev->asym = slow && virtio_has_feature(dev->vdev, VIRTIO_CRYPTODEV_F_ASYM);
}

/* Read the config space; the host may have written anything there. */
static int vcd_read_config(struct vcd_device *dev)
{
	struct virtio_device *vdev = dev->vdev;
	struct vcd_config config;
	u32 queues, request, segments;
	unsigned int i;

	virtio_cread_bytes(vdev, 0, &config, sizeof(config));
	queues = le32_to_cpu(config.num_queues);
	request = le32_to_cpu(config.max_request);
	segments = le32_to_cpu(config.max_segments);
	if (le32_to_cpu(config.version) < VCD_PROTOCOL_VERSION || !queues ||
	    queues > VCD_MAX_QUEUES || request < VCD_COPY_MAX ||
	    segments < VCD_MIN_SEGMENTS) {
		dev_err(&vdev->dev,
			"config space makes no sense: version %u, %u queues, %u bytes, %u segments\n",
			le32_to_cpu(config.version), queues, request, segments);
		/* A device that was in order may go on as it was. */
		return dev->queues ? 0 : -EINVAL;
	}
	dev->max_sessions = le32_to_cpu(config.max_sessions);
	for (i = 0; i < ARRAY_SIZE(dev->ciphers); i++) {
		dev->ciphers[i] = le64_to_cpu(config.ciphers[i]);
		dev->macs[i] = le64_to_cpu(config.macs[i]);
		dev->aeads[i] = le64_to_cpu(config.aeads[i]);
	}
	vcd_read_services(dev, &config);
	/* The first time decides how many there are. */
	queues = min_t(u32, queues, nr_cpu_ids);
	dev->num_queues = dev->queues ? min(queues, dev->num_queues) : queues;
	dev->max_request = min(request, VCD_DRV_MAX_REQUEST);
	dev->max_aad = le32_to_cpu(config.max_aad);
	dev->max_segments = segments;
	dev->max_segment = min_t(size_t, virtio_max_dma_size(vdev), UINT_MAX);
	return 0;
}

/* The queues, as many as the config space announces; of the first start. */
static int vcd_queues_alloc(struct vcd_device *dev)
{
	unsigned int i;

	dev->num_all = dev->num_queues + dev->num_slow;
	dev->queues = kcalloc(dev->num_all, sizeof(*dev->queues), GFP_KERNEL);
	if (!dev->queues)
		return -ENOMEM;
	dev->slow = &dev->queues[dev->num_queues];
	for (i = 0; i < dev->num_all; i++)
		vcd_queue_init(&dev->queues[i], dev);
	dev->share = vcd_share_own(dev);
	dev->kernel_share = vcd_share_own(dev);
	return dev->share && dev->kernel_share ? 0 : -ENOMEM;
}

/* Virtqueues to ask for. The slow ones lie behind all others of the device. */
static unsigned int vcd_vqs_num(const struct vcd_device *dev)
{
	return dev->num_slow ? dev->slow_at + dev->num_slow : dev->num_queues;
}

/* Those of the device that are not used have no interrupt. */
static bool vcd_vq_is_used(const struct vcd_device *dev, unsigned int i)
{
	return i < dev->num_queues || i >= dev->slow_at;
}

/* virtio_find_vqs() took separate arrays before Linux 6.11. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
static int vcd_find_vqs(struct vcd_device *dev, struct virtqueue *vqs[])
{
	unsigned int i, num = vcd_vqs_num(dev);
	struct virtqueue_info *info;
	int err;

	info = kcalloc(num, sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	for (i = 0; i < num; i++) {
		info[i].name = "requests";
		info[i].callback = vcd_vq_is_used(dev, i) ? vcd_queue_interrupt : NULL;
	}
	err = virtio_find_vqs(dev->vdev, num, vqs, info, NULL);
	kfree(info);
	return err;
}
#else
struct vcd_vqs_info {
	vq_callback_t *callbacks[VCD_DRV_MAX_QUEUES];
	const char *names[VCD_DRV_MAX_QUEUES];
};

static int vcd_find_vqs(struct vcd_device *dev, struct virtqueue *vqs[])
{
	unsigned int i, num = vcd_vqs_num(dev);
	struct vcd_vqs_info *info;
	int err;

	info = kzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	for (i = 0; i < num; i++) {
		info->names[i] = "requests";
		info->callbacks[i] = vcd_vq_is_used(dev, i) ? vcd_queue_interrupt : NULL;
	}
	err = virtio_find_vqs(dev->vdev, num, vqs, info->callbacks, info->names, NULL);
	kfree(info);
	return err;
}
#endif

/* A transport says so when it is asked for one too many: over PCI, MMIO and CCW. */
static bool vcd_vqs_too_many(int err)
{
	return err == -EINVAL || err == -ENOENT;
}

/*
 * Find as many virtqueues as the transport has, at most those of the config space.
 * If it has too few for the slow ones, then none of them. An attempt that fails leaves
 * nothing behind; one that succeeds cannot be taken back without a reset, so the
 * number only goes down.
 */
static int vcd_queues_find(struct vcd_device *dev, struct virtqueue *vqs[])
{
	unsigned int wanted = dev->num_queues;
	int err = vcd_find_vqs(dev, vqs);

	if (vcd_vqs_too_many(err) && dev->num_slow) {
		dev_warn(&dev->vdev->dev,
			 "the transport has fewer virtqueues than the %u that the host's key service takes: keys by name are not available\n",
			 vcd_vqs_num(dev));
		WRITE_ONCE(dev->num_slow, 0);
		dev->asym = false;
		err = vcd_find_vqs(dev, vqs);
	}
	while (vcd_vqs_too_many(err) && dev->num_queues > 1) {
		dev->num_queues--;
		err = vcd_find_vqs(dev, vqs);
	}
	if (!err && dev->num_queues < wanted)
		dev_warn(&dev->vdev->dev,
			 "the transport has fewer virtqueues than the config space announces: %u of %u are used\n",
			 dev->num_queues, wanted);
	if (err)
		dev_err(&dev->vdev->dev,
			"cannot set up a virtqueue: error %d\n", err);
	return err;
}

static void vcd_queue_attach(struct vcd_queue *queue, struct virtqueue *vq)
{
	struct vcd_device *dev = queue->dev;

	virtqueue_disable_cb(vq);
	dev->max_segments = min_t(u32, dev->max_segments,
				  virtqueue_get_vring_size(vq));
	spin_lock_irq(&queue->lock);
	queue->vq = vq;
	queue->size = virtqueue_get_vring_size(vq);
	queue->err = 0;
	spin_unlock_irq(&queue->lock);
}

static int vcd_queues_attach(struct vcd_device *dev)
{
	struct virtqueue **vqs;
	unsigned int i, num;
	int err;

	vqs = kcalloc(vcd_vqs_num(dev), sizeof(*vqs), GFP_KERNEL);
	if (!vqs)
		return -ENOMEM;
	err = vcd_queues_find(dev, vqs);
	num = err ? 0 : vcd_vqs_num(dev);
	for (i = 0; !err && i < num; i++) {
		if (!vcd_vq_is_used(dev, i) ||
		    virtqueue_get_vring_size(vqs[i]) >= VCD_MIN_SEGMENTS)
			continue;
		dev_err(&dev->vdev->dev, "queue %u is too short\n", i);
		dev->vdev->config->del_vqs(dev->vdev);
		err = -EINVAL;
	}
	for (i = 0; !err && i < dev->num_queues; i++)
		vcd_queue_attach(&dev->queues[i], vqs[i]);
	for (i = 0; !err && i < dev->num_slow; i++)
		vcd_queue_attach(&dev->slow[i], vqs[dev->slow_at + i]);
	kfree(vqs);
	return err;
}

/* Greet the device and have it drop what an earlier driver left. */
static int vcd_hello(struct vcd_device *dev)
{
	struct vcd_call *call = vcd_call_new(dev->share, 0, 0, 0);
	int err;

	if (!call)
		return -ENOMEM;
	vcd_wire_hello((struct vcd_req_hello *)call->req.in);
	call->req.queue = &dev->queues[0];
	call->req.flags = VCD_REQ_FIRST;
	err = vcd_call_exec(call);
	if (!err && call->req.result.value != VCD_PROTOCOL_VERSION)
		err = -EPROTO;
	vcd_call_put(call);
	if (err)
		dev_err(&dev->vdev->dev, "host does not answer HELLO: error %d\n",
			err);
	/* There is nothing yet that could be stale. */
	return err == -ESTALE ? -EIO : err;
}

/**
 * vcd_device_start() - bring the device up
 * @dev: device that was reset
 *
 * Return: 0, and requests go; or a negative errno: requests fail, the virtqueues do
 * not exist.
 */
int vcd_device_start(struct vcd_device *dev)
{
	unsigned int i;
	int err;

	err = vcd_read_config(dev);
	if (!err && !dev->queues)
		err = vcd_queues_alloc(dev);
	if (!err)
		err = vcd_queues_attach(dev);
	if (!err) {
		virtio_device_ready(dev->vdev);
		err = vcd_hello(dev);
	}
	if (err) {
		vcd_device_stop(dev, -EIO);
		return err;
	}
	for (i = 0; i < dev->num_all; i++) {
		if (dev->queues[i].vq)
			vcd_queue_open(&dev->queues[i]);
		else
			/* There is no such queue any more. */
			vcd_queue_empty(&dev->queues[i], NULL, -EIO);
	}
	return 0;
}

/* No more goes into the ring. */
static void vcd_device_close(struct vcd_device *dev)
{
	unsigned int i;

	for (i = 0; dev->queues && i < dev->num_all; i++) {
		spin_lock_irq(&dev->queues[i].lock);
		dev->queues[i].open = false;
		spin_unlock_irq(&dev->queues[i].lock);
	}
}

/**
 * vcd_device_freeze() - take a device away that will be started again
 * @dev: device that was started
 *
 * What it has may come back, for a while.
 *
 * Return: 0; -EBUSY, and all is as it was: it has data of a disk in place, which could be
 * sent again as little as it could be given up.
 */
int vcd_device_freeze(struct vcd_device *dev)
{
	unsigned long end = jiffies + msecs_to_jiffies(min(vcd_timeout(0), VCD_QUIESCE_MS));
	bool keeps = false;
	unsigned int i;

	vcd_device_close(dev);
	for (i = 0; dev->queues && i < dev->num_all; i++) {
		while (vcd_queue_look(&dev->queues[i]) && time_before(jiffies, end))
			usleep_range(200, 400);
		keeps |= vcd_queue_keeps(&dev->queues[i]);
	}
	if (!keeps) {
		vcd_device_stop(dev, 0);
		return 0;
	}
	dev_warn(&dev->vdev->dev, "the host does not give the data of a disk back\n");
	for (i = 0; i < dev->num_all; i++)
		if (dev->queues[i].vq)
			vcd_queue_open(&dev->queues[i]);
	return -EBUSY;
}

/**
 * vcd_device_stop() - reset the device and take its queues away
 * @dev: device; its queues may be stopped, or never have been set up
 * @err: what requests end with; 0: they wait for vcd_device_start()
 */
void vcd_device_stop(struct vcd_device *dev, int err)
{
	struct virtqueue *vqs[VCD_DRV_MAX_QUEUES] = { NULL };
	unsigned int i, num = dev->queues ? dev->num_all : 0;

	vcd_device_close(dev);
	for (i = 0; i < num; i++) {
		struct vcd_queue *queue = &dev->queues[i];

		spin_lock_irq(&queue->lock);
		vqs[i] = queue->vq;
		queue->vq = NULL;
		spin_unlock_irq(&queue->lock);
	}
	/* Those who are about to notify the device. */
	synchronize_rcu();
	virtio_reset_device(dev->vdev);
	for (i = 0; i < num; i++)
		vcd_queue_empty(&dev->queues[i], vqs[i], err);
	/* All are there or none is. */
	if (vqs[0])
		dev->vdev->config->del_vqs(dev->vdev);
}
