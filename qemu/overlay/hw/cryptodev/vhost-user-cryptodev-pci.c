/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vhost-user-cryptodev-pci.c - the PCI function of the daemon's front end, as in
 * vcd-pci.h.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/module.h"
#include "vcd-pci.h"
#include "vhost-user-cryptodev.h"

#define TYPE_VHOST_USER_CRYPTODEV_PCI "vhost-user-cryptodev-pci"
OBJECT_DECLARE_SIMPLE_TYPE(VHostUserCryptodevPCI, VHOST_USER_CRYPTODEV_PCI)

struct VHostUserCryptodevPCI {
    VirtIOPCIProxy parent_obj;
    VHostUserCryptodev vdev;
};

static VCD_PROPERTY vhost_user_cryptodev_pci_properties[] = {
    DEFINE_PROP_UINT32("vectors", VirtIOPCIProxy, nvectors,
                       DEV_NVECTORS_UNSPECIFIED),
    VCD_PROPERTY_END
};

static void vhost_user_cryptodev_pci_realize(VirtIOPCIProxy *proxy,
                                             Error **errp)
{
    VHostUserCryptodevPCI *dev = VHOST_USER_CRYPTODEV_PCI(proxy);
    VHostUserCryptodev *s = &dev->vdev;

    vcd_pci_realize(proxy, DEVICE(s), &s->num_queues, errp);
}

static void vhost_user_cryptodev_pci_class_init(ObjectClass *klass,
                                                VCD_CLASS_DATA *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VirtioPCIClass *k = VIRTIO_PCI_CLASS(klass);
    PCIDeviceClass *pcidev_k = PCI_DEVICE_CLASS(klass);

    k->realize = vhost_user_cryptodev_pci_realize;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    device_class_set_props(dc, vhost_user_cryptodev_pci_properties);
    pcidev_k->class_id = VCD_PCI_CLASS;
}

static void vhost_user_cryptodev_pci_instance_init(Object *obj)
{
    VHostUserCryptodevPCI *dev = VHOST_USER_CRYPTODEV_PCI(obj);

    virtio_instance_init_common(obj, &dev->vdev, sizeof(dev->vdev),
                                TYPE_VHOST_USER_CRYPTODEV);
}

static const VirtioPCIDeviceTypeInfo vhost_user_cryptodev_pci_info = {
    .generic_name = TYPE_VHOST_USER_CRYPTODEV_PCI,
    .instance_size = sizeof(VHostUserCryptodevPCI),
    .instance_init = vhost_user_cryptodev_pci_instance_init,
    .class_init = vhost_user_cryptodev_pci_class_init,
};

static void vhost_user_cryptodev_pci_register_types(void)
{
    virtio_pci_types_register(&vhost_user_cryptodev_pci_info);
}

VCD_TYPE_INIT(vhost_user_cryptodev_pci_register_types)
