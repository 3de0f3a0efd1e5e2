/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vcd-pci.h - the PCI function of virtio-cryptodev and of vhost-user-cryptodev:
 * virtio 1 only, class "encryption controller", one MSI-X vector for each queue
 * and one for configuration.
 */
#ifndef HW_VCD_PCI_H
#define HW_VCD_PCI_H

#include "hw/pci/pci.h"
#include "hw/virtio/virtio-pci.h"
#include "vcd-device.h"

/* PCI base class 10, encryption controller; subclass 80, other. */
#define VCD_PCI_CLASS 0x1080

/*
 * Choose what nobody has chosen: a queue for each virtual processor, a vector
 * for each queue. Then realize @vdev, whose @num_queues it is.
 */
bool vcd_pci_realize(VirtIOPCIProxy *proxy, DeviceState *vdev,
                     uint16_t *num_queues, Error **errp);

#endif /* HW_VCD_PCI_H */
