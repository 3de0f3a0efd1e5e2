/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vcd-pci.c - the PCI function of both devices. See vcd-pci.h.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "vcd-pci.h"

bool vcd_pci_realize(VirtIOPCIProxy *proxy, DeviceState *vdev,
                     uint16_t *num_queues, Error **errp)
{
    if (*num_queues == VCD_AUTO_NUM_QUEUES) {
        *num_queues = MIN(virtio_pci_optimal_num_queues(0), VCD_MAX_QUEUES);
    }
    if (proxy->nvectors == DEV_NVECTORS_UNSPECIFIED) {
        proxy->nvectors = *num_queues + 1;
    }
    virtio_pci_force_virtio_1(proxy);
    return qdev_realize(vdev, BUS(&proxy->bus), errp);
}
