/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vcd-device.c - what virtio-cryptodev and vhost-user-cryptodev have in common.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/host-utils.h"
#include "vcd-device.h"

bool vcd_properties_check(uint16_t *num_queues, uint16_t queue_size,
                          uint16_t virtio_id, Error **errp)
{
    if (*num_queues == VCD_AUTO_NUM_QUEUES) {
        *num_queues = 1;
    }
    if (!*num_queues || *num_queues > VCD_MAX_QUEUES) {
        error_setg(errp, "num-queues is %u; it must be 1 to %u", *num_queues,
                   VCD_MAX_QUEUES);
        return false;
    }
    if (queue_size < 4 || queue_size > VIRTQUEUE_MAX_SIZE ||
        !is_power_of_2(queue_size)) {
        error_setg(errp, "queue-size is %u; it must be a power of 2 from 4 "
                   "to %u", queue_size, VIRTQUEUE_MAX_SIZE);
        return false;
    }
    /* The PCI device id is 0x1040 + virtio-id, and drivers know 64 of them. */
    if (!virtio_id || virtio_id > 0x3f) {
        error_setg(errp, "virtio-id is %u; it must be 1 to 63", virtio_id);
        return false;
    }
    return true;
}

void vcd_virtio_init(VirtIODevice *vdev, uint16_t virtio_id, const char *name)
{
    /*
     * QEMU insists on knowing the number. Ours is in its table (as a name for
     * which there is no device), another one may not be; so it is put in later.
     */
    virtio_init(vdev, VIRTIO_ID_CRYPTODEV, sizeof(struct vcd_config));
    vdev->device_id = virtio_id;
    vdev->name = name;
}
