// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - the module and the virtio device.
 *
 * A device comes to life in this order, and goes in the reverse one: config
 * space read and judged, queues, DRIVER_OK, HELLO (these are recover.c's), list,
 * nodes.
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
	vcd_share_put(dev->kernel_share);
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

static struct vcd_device *vcd_device_alloc(struct virtio_device *vdev)
{
	struct vcd_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return ERR_PTR(-ENOMEM);
	kref_init(&dev->ref);
	dev->vdev = vdev;
	spin_lock_init(&dev->keys_lock);
	init_waitqueue_head(&dev->ended);
	vcd_crypto_line_init(&dev->kernel);
	spin_lock_init(&dev->shares_lock);
	INIT_LIST_HEAD(&dev->shares);
	dev->index = ida_alloc(&vcd_index, GFP_KERNEL);
	if (dev->index < 0) {
		int err = dev->index;

		kfree(dev);
		return ERR_PTR(err);
	}
	snprintf(dev->name, sizeof(dev->name), "cryptodev%d", dev->index);
	return dev;
}

/* The device is gone, for the driver. */
static void vcd_device_quit(struct vcd_device *dev)
{
	unsigned int i;

	WRITE_ONCE(dev->gone, true);
	vcd_device_stop(dev, -ENODEV);
	for (i = 0; dev->share && i < dev->share->num; i++)
		cancel_delayed_work_sync(&dev->queues[i].watch);
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
	err = vcd_device_start(dev);
	if (err)
		goto err_quit;
	/* Whoever sees the node can open it. */
	vcd_device_list(dev);
	err = vcd_chardev_add(dev);
	if (err)
		goto err_unlist;
	vcd_stats_add(dev);
	vcd_crypto_register();
	dev_info(&vdev->dev, "%s: %u queues, %u slow ones, requests up to %u bytes\n",
		 dev->name, dev->num_queues, dev->num_slow, dev->max_request);
	return 0;

err_unlist:
	vcd_device_unlist(dev);
err_quit:
	vcd_device_quit(dev);
	vcd_device_put(dev);
	return err;
}

static void vcd_remove(struct virtio_device *vdev)
{
	struct vcd_device *dev = vdev->priv;

	vcd_device_unlist(dev);
	vcd_stats_del(dev);
	vcd_chardev_del(dev);
	vcd_device_quit(dev);
	dev->vdev = NULL;
	vcd_device_put(dev);
}

static int __maybe_unused vcd_freeze(struct virtio_device *vdev)
{
	return vcd_device_freeze(vdev->priv);
}

static int __maybe_unused vcd_restore(struct virtio_device *vdev)
{
	return vcd_device_start(vdev->priv);
}

static struct virtio_device_id vcd_id_table[] = {
	{ VIRTIO_ID_CRYPTODEV, VIRTIO_DEV_ANY_ID },
	{ 0 },
};
MODULE_DEVICE_TABLE(virtio, vcd_id_table);

static const unsigned int vcd_features[] = {
	VIRTIO_CRYPTODEV_F_KEY_NAME,
	VIRTIO_CRYPTODEV_F_ASYM,
};

static struct virtio_driver vcd_driver = {
	.driver.name = KBUILD_MODNAME,
	.driver.owner = THIS_MODULE,
	.id_table = vcd_id_table,
	.feature_table = vcd_features,
	.feature_table_size = ARRAY_SIZE(vcd_features),
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

	err = vcd_crypto_init();
	if (err)
		return err;
	vcd_id_table[0].device = vcd_device_id;
	vcd_wq = alloc_workqueue(KBUILD_MODNAME, WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
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
	vcd_crypto_unregister();
	unregister_virtio_driver(&vcd_driver);
	vcd_crypto_exit();
	vcd_stats_exit();
	/* Runs what is left: the end of keys, and of requests whose caller has gone. */
	destroy_workqueue(vcd_wq);
	ida_destroy(&vcd_index);
}

module_init(vcd_init);
module_exit(vcd_exit);

MODULE_DESCRIPTION("/dev/crypto over virtio");
MODULE_VERSION("0.2.0");
MODULE_LICENSE("GPL");
