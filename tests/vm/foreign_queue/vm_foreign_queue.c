// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vm_foreign_queue.c - puts a virtqueue that the driver has not asked for into the list that the
 * virtio core keeps of its device, with an index far from the driver's.
 *
 * That is what virtio-pci does since Linux 6.8 when a device offers an admin queue: the host
 * chooses the index. No emulator does it for this device, so it is done here: this driver is bound
 * to the device for a moment, and changes the functions that make and delete its virtqueues.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/version.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "virtio_cryptodev.h"

static unsigned int index = 3;
module_param(index, uint, 0444);
MODULE_PARM_DESC(index, "index of the virtqueue");

static struct virtio_device *changed;
static const struct virtio_config_ops *original;
static struct virtio_config_ops ops;
static struct virtqueue foreign;

static int foreign_added(int err)
{
	if (!err) {
		foreign.vdev = changed;
		foreign.index = index;
		foreign.name = "foreign";
		list_add_tail(&foreign.list, &changed->vqs);
		pr_info("vm_foreign_queue: there is a virtqueue of index %u\n", index);
	}
	return err;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
static int foreign_find_vqs(struct virtio_device *vdev, unsigned int num, struct virtqueue *vqs[],
			    struct virtqueue_info info[], struct irq_affinity *desc)
{
	return foreign_added(original->find_vqs(vdev, num, vqs, info, desc));
}
#else
static int foreign_find_vqs(struct virtio_device *vdev, unsigned int num, struct virtqueue *vqs[],
			    vq_callback_t *callbacks[], const char *const names[],
			    const bool *ctx, struct irq_affinity *desc)
{
	return foreign_added(original->find_vqs(vdev, num, vqs, callbacks, names, ctx, desc));
}
#endif

static void foreign_del_vqs(struct virtio_device *vdev)
{
	if (!list_empty(&foreign.list))
		list_del_init(&foreign.list);
	original->del_vqs(vdev);
}

/* The device is only changed, and left to its driver. */
static int foreign_probe(struct virtio_device *vdev)
{
	if (!changed) {
		changed = vdev;
		original = vdev->config;
		ops = *original;
		ops.find_vqs = foreign_find_vqs;
		ops.del_vqs = foreign_del_vqs;
		vdev->config = &ops;
	}
	return -ENODEV;
}

static void foreign_remove(struct virtio_device *vdev)
{
}

static const struct virtio_device_id foreign_ids[] = {
	{ VIRTIO_ID_CRYPTODEV, VIRTIO_DEV_ANY_ID },
	{ 0 },
};

static struct virtio_driver foreign_driver = {
	.driver.name = KBUILD_MODNAME,
	.driver.owner = THIS_MODULE,
	.id_table = foreign_ids,
	.probe = foreign_probe,
	.remove = foreign_remove,
};

static int __init foreign_init(void)
{
	INIT_LIST_HEAD(&foreign.list);
	return register_virtio_driver(&foreign_driver);
}

static void __exit foreign_exit(void)
{
	unregister_virtio_driver(&foreign_driver);
	if (changed)
		changed->config = original;
}

module_init(foreign_init);
module_exit(foreign_exit);

MODULE_DESCRIPTION("A virtqueue that the driver of the device has not asked for");
MODULE_LICENSE("GPL");
