/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-cryptodev-pci.c - the PCI function of the device in QEMU, as in vcd-pci.h.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/module.h"
#include "vcd-pci.h"
#include "virtio-cryptodev.h"

#define TYPE_VIRTIO_CRYPTODEV_PCI "virtio-cryptodev-pci"
OBJECT_DECLARE_SIMPLE_TYPE(VirtIOCryptodevPCI, VIRTIO_CRYPTODEV_PCI)

struct VirtIOCryptodevPCI {
    VirtIOPCIProxy parent_obj;
    VirtIOCryptodev vdev;
};

static VCD_PROPERTY virtio_cryptodev_pci_properties[] = {
    DEFINE_PROP_BIT("ioeventfd", VirtIOPCIProxy, flags,
                    VIRTIO_PCI_FLAG_USE_IOEVENTFD_BIT, true),
    DEFINE_PROP_UINT32("vectors", VirtIOPCIProxy, nvectors,
                       DEV_NVECTORS_UNSPECIFIED),
    VCD_PROPERTY_END
};

static void virtio_cryptodev_pci_realize(VirtIOPCIProxy *proxy, Error **errp)
{
    VirtIOCryptodevPCI *dev = VIRTIO_CRYPTODEV_PCI(proxy);
    VirtIOCryptodev *s = &dev->vdev;

    if (!vcd_pci_realize(proxy, DEVICE(s), &s->num_queues, errp)) {
        return;
    }
    if (s->inline_max) {
        /* A kick that is to be served where it happens must arrive there. */
        proxy->flags &= ~VIRTIO_PCI_FLAG_USE_IOEVENTFD;
    }
}

static void virtio_cryptodev_pci_class_init(ObjectClass *klass,
                                            VCD_CLASS_DATA *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VirtioPCIClass *k = VIRTIO_PCI_CLASS(klass);
    PCIDeviceClass *pcidev_k = PCI_DEVICE_CLASS(klass);

    k->realize = virtio_cryptodev_pci_realize;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    device_class_set_props(dc, virtio_cryptodev_pci_properties);
    pcidev_k->class_id = VCD_PCI_CLASS;
}

static void virtio_cryptodev_pci_instance_init(Object *obj)
{
    VirtIOCryptodevPCI *dev = VIRTIO_CRYPTODEV_PCI(obj);

    virtio_instance_init_common(obj, &dev->vdev, sizeof(dev->vdev),
                                TYPE_VIRTIO_CRYPTODEV);
    /* 7.2 takes over what is settable only, 10.0 every property of the class. */
    if (!object_property_find(obj, "stats")) {
        object_property_add_alias(obj, "stats", OBJECT(&dev->vdev), "stats");
    }
}

static const VirtioPCIDeviceTypeInfo virtio_cryptodev_pci_info = {
    .generic_name = TYPE_VIRTIO_CRYPTODEV_PCI,
    .instance_size = sizeof(VirtIOCryptodevPCI),
    .instance_init = virtio_cryptodev_pci_instance_init,
    .class_init = virtio_cryptodev_pci_class_init,
};

static void virtio_cryptodev_pci_register_types(void)
{
    virtio_pci_types_register(&virtio_cryptodev_pci_info);
}

VCD_TYPE_INIT(virtio_cryptodev_pci_register_types)
