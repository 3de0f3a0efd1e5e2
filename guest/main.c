// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - the module and the virtio device.
 *
 * A device comes to life in this order, and goes in the reverse one: config
 * space read and judged, queues, DRIVER_OK, HELLO, list, nodes. Freeze takes the
 * queues away, restore brings them back and says HELLO; the device then knows no
 * session, and each is made again when it is next used.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/idr.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>

#include "driver.h"

unsigned int vcd_timeout_ms = 20000;
module_param_named(timeout_ms, vcd_timeout_ms, uint, 0644);
MODULE_PARM_DESC(timeout_ms, "how long the host may take for one request before it fails with EIO");

unsigned int vcd_spin_us = 50;
module_param_named(spin_us, vcd_spin_us, uint, 0644);
MODULE_PARM_DESC(spin_us, "how long a caller polls for its reply before it sleeps; 0: never");

unsigned int vcd_copybreak = 1024;
module_param_named(copybreak, vcd_copybreak, uint, 0644);
MODULE_PARM_DESC(copybreak, "bytes of data up to which a request has a copy, not the caller's own pages; at most 4096");

umode_t vcd_node_mode = 0660;
module_param_named(node_mode, vcd_node_mode, ushort, 0444);
MODULE_PARM_DESC(node_mode, "Unix mode of /dev/crypto and /dev/cryptodevN");

unsigned int vcd_async_max = 64;
module_param_named(async_max, vcd_async_max, uint, 0644);
MODULE_PARM_DESC(async_max, "operations that one open file may have submitted and not fetched");

unsigned int vcd_share_requests = 64;
module_param_named(share_requests, vcd_share_requests, uint, 0644);
MODULE_PARM_DESC(share_requests, "requests that one process may have in the ring of one queue; 0: no limit");

unsigned int vcd_share_bytes = 2 << 20;
module_param_named(share_bytes, vcd_share_bytes, uint, 0644);
MODULE_PARM_DESC(share_bytes, "bytes of data that these may have together; 0: no limit");

unsigned int vcd_share_sessions;
module_param_named(share_sessions, vcd_share_sessions, uint, 0644);
MODULE_PARM_DESC(share_sessions, "sessions that one process may have; 0: half of what the device can have");

static unsigned int vcd_device_id = VIRTIO_ID_CRYPTODEV;
module_param_named(device_id, vcd_device_id, uint, 0444);
MODULE_PARM_DESC(device_id, "virtio device id to bind to");

struct workqueue_struct *vcd_wq;

static DEFINE_IDA(vcd_index);
static DEFINE_SPINLOCK(vcd_devices_lock);
static LIST_HEAD(vcd_devices);

static void vcd_device_free(struct kref *ref)
{
	struct vcd_device *dev = container_of(ref, struct vcd_device, ref);

	ida_free(&vcd_index, dev->index);
	vcd_share_put(dev->share);
	kfree(dev->queues);
	kfree(dev);
}

void vcd_device_get(struct vcd_device *dev)
{
	kref_get(&dev->ref);
}

void vcd_device_put(struct vcd_device *dev)
{
	kref_put(&dev->ref, vcd_device_free);
}

/** vcd_device_first() - the bound device of lowest index, referenced, or NULL */
struct vcd_device *vcd_device_first(void)
{
	struct vcd_device *dev, *first = NULL;

	spin_lock(&vcd_devices_lock);
	list_for_each_entry(dev, &vcd_devices, list)
		if (!first || dev->index < first->index)
			first = dev;
	if (first)
		vcd_device_get(first);
	spin_unlock(&vcd_devices_lock);
	return first;
}

/* Read the config space; the host may have written anything there. */
static int vcd_read_config(struct vcd_device *dev)
{
	struct virtio_device *vdev = dev->vdev;
	struct vcd_config config;
	unsigned int i;
	u32 queues;

	virtio_cread_bytes(vdev, 0, &config, sizeof(config));
	queues = le32_to_cpu(config.num_queues);
	dev->max_request = le32_to_cpu(config.max_request);
	dev->max_segments = le32_to_cpu(config.max_segments);
	dev->max_sessions = le32_to_cpu(config.max_sessions);
	for (i = 0; i < ARRAY_SIZE(dev->ciphers); i++) {
		dev->ciphers[i] = le64_to_cpu(config.ciphers[i]);
		dev->macs[i] = le64_to_cpu(config.macs[i]);
		dev->aeads[i] = le64_to_cpu(config.aeads[i]);
	}
	if (le32_to_cpu(config.version) < VCD_PROTOCOL_VERSION || !queues ||
	    queues > VCD_MAX_QUEUES || dev->max_request < VCD_COPY_MAX ||
	    dev->max_segments < VCD_MIN_SEGMENTS) {
		dev_err(&vdev->dev,
			"config space makes no sense: version %u, %u queues, %u bytes, %u segments\n",
			le32_to_cpu(config.version), queues, dev->max_request,
			dev->max_segments);
		return -EINVAL;
	}
	dev->num_queues = min_t(u32, queues, nr_cpu_ids);
	dev->max_request = min(dev->max_request, VCD_DRV_MAX_REQUEST);
	return 0;
}

static struct vcd_device *vcd_device_alloc(struct virtio_device *vdev)
{
	struct vcd_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	unsigned int i;
	int err;

	if (!dev)
		return ERR_PTR(-ENOMEM);
	kref_init(&dev->ref);
	dev->vdev = vdev;
	INIT_DELAYED_WORK(&dev->reap, vcd_session_reap);
	spin_lock_init(&dev->reap_lock);
	INIT_LIST_HEAD(&dev->reap_list);
	init_waitqueue_head(&dev->reaped);
	spin_lock_init(&dev->shares_lock);
	INIT_LIST_HEAD(&dev->shares);
	err = vcd_read_config(dev);
	if (err)
		goto err_free;
	dev->queues = kcalloc(dev->num_queues, sizeof(*dev->queues), GFP_KERNEL);
	if (!dev->queues) {
		err = -ENOMEM;
		goto err_free;
	}
	for (i = 0; i < dev->num_queues; i++) {
		dev->queues[i].dev = dev;
		spin_lock_init(&dev->queues[i].lock);
		INIT_LIST_HEAD(&dev->queues[i].turns);
	}
	dev->share = vcd_share_own(dev);
	if (!dev->share) {
		err = -ENOMEM;
		goto err_free;
	}
	dev->index = ida_alloc(&vcd_index, GFP_KERNEL);
	if (dev->index < 0) {
		err = dev->index;
		goto err_share;
	}
	snprintf(dev->name, sizeof(dev->name), "cryptodev%d", dev->index);
	return dev;

err_share:
	vcd_share_put(dev->share);
err_free:
	kfree(dev->queues);
	kfree(dev);
	return ERR_PTR(err);
}

static int vcd_start(struct vcd_device *dev)
{
	int err;

	err = vcd_queues_init(dev);
	if (err)
		return err;
	virtio_device_ready(dev->vdev);
	err = vcd_host_hello(dev);
	if (err) {
		dev_err(&dev->vdev->dev, "host does not answer HELLO: error %d\n",
			err);
		vcd_queues_stop(dev);
	}
	return err;
}

static void vcd_device_list(struct vcd_device *dev)
{
	spin_lock(&vcd_devices_lock);
	list_add_tail(&dev->list, &vcd_devices);
	spin_unlock(&vcd_devices_lock);
}

static void vcd_device_unlist(struct vcd_device *dev)
{
	spin_lock(&vcd_devices_lock);
	list_del(&dev->list);
	spin_unlock(&vcd_devices_lock);
}

static int vcd_probe(struct virtio_device *vdev)
{
	struct vcd_device *dev;
	int err;

	if (!virtio_has_feature(vdev, VIRTIO_F_VERSION_1) ||
	    !vdev->config->get) {
		dev_err(&vdev->dev, "not a virtio 1 device with a config space\n");
		return -ENODEV;
	}
	dev = vcd_device_alloc(vdev);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	vdev->priv = dev;
	err = vcd_start(dev);
	if (err)
		goto err_put;
	/* Whoever sees the node can open it. */
	vcd_device_list(dev);
	err = vcd_chardev_add(dev);
	if (err)
		goto err_unlist;
	vcd_stats_add(dev);
	dev_info(&vdev->dev, "%s: %u queues, requests up to %u bytes\n",
		 dev->name, dev->num_queues, dev->max_request);
	return 0;

err_unlist:
	vcd_device_unlist(dev);
	WRITE_ONCE(dev->gone, true);
	vcd_queues_stop(dev);
err_put:
	vcd_device_put(dev);
	return err;
}

static void vcd_remove(struct virtio_device *vdev)
{
	struct vcd_device *dev = vdev->priv;

	vcd_device_unlist(dev);
	vcd_stats_del(dev);
	vcd_chardev_del(dev);
	WRITE_ONCE(dev->gone, true);
	vcd_queues_stop(dev);
	vcd_session_reap_now(dev);
	dev->vdev = NULL;
	vcd_device_put(dev);
}

static int __maybe_unused vcd_freeze(struct virtio_device *vdev)
{
	vcd_queues_stop(vdev->priv);
	return 0;
}

static int __maybe_unused vcd_restore(struct virtio_device *vdev)
{
	return vcd_start(vdev->priv);
}

static struct virtio_device_id vcd_id_table[] = {
	{ VIRTIO_ID_CRYPTODEV, VIRTIO_DEV_ANY_ID },
	{ 0 },
};
MODULE_DEVICE_TABLE(virtio, vcd_id_table);

static struct virtio_driver vcd_driver = {
	.driver.name = KBUILD_MODNAME,
	.driver.owner = THIS_MODULE,
	.id_table = vcd_id_table,
	.probe = vcd_probe,
	.remove = vcd_remove,
#ifdef CONFIG_PM_SLEEP
	.freeze = vcd_freeze,
	.restore = vcd_restore,
#endif
};

static int __init vcd_init(void)
{
	int err;

	vcd_id_table[0].device = vcd_device_id;
	vcd_wq = alloc_workqueue(KBUILD_MODNAME, WQ_FREEZABLE | WQ_UNBOUND, 0);
	if (!vcd_wq)
		return -ENOMEM;
	vcd_stats_init();
	err = register_virtio_driver(&vcd_driver);
	if (err) {
		vcd_stats_exit();
		destroy_workqueue(vcd_wq);
	}
	return err;
}

static void __exit vcd_exit(void)
{
	unregister_virtio_driver(&vcd_driver);
	vcd_stats_exit();
	/* Runs what is left: the reaper, and requests whose caller has gone. */
	destroy_workqueue(vcd_wq);
	ida_destroy(&vcd_index);
}

module_init(vcd_init);
module_exit(vcd_exit);

MODULE_DESCRIPTION("/dev/crypto over virtio");
MODULE_VERSION("0.1.0");
MODULE_LICENSE("GPL");
