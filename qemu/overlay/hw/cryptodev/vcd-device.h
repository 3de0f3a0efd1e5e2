/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vcd-device.h - what virtio-cryptodev and vhost-user-cryptodev have in common:
 * the properties of the virtio device, and its number.
 */
#ifndef HW_VCD_DEVICE_H
#define HW_VCD_DEVICE_H

#include "hw/virtio/virtio.h"
#include "vcd-compat.h"

#include "virtio_cryptodev.h"

#define VCD_AUTO_NUM_QUEUES UINT16_MAX

/* Of a state with these members. */
#define VCD_COMMON_PROPERTIES(state)                                           \
    DEFINE_PROP_UINT16("num-queues", state, num_queues, VCD_AUTO_NUM_QUEUES),  \
    DEFINE_PROP_UINT16("queue-size", state, queue_size, 256),                  \
    DEFINE_PROP_UINT16("virtio-id", state, virtio_id, VIRTIO_ID_CRYPTODEV)

/*
 * Whether they make sense. A number of queues that nobody has chosen by now is 1
 * afterwards.
 */
bool vcd_properties_check(uint16_t *num_queues, uint16_t queue_size,
                          uint16_t virtio_id, Error **errp);

/* virtio_init() with our config space, and any number. */
void vcd_virtio_init(VirtIODevice *vdev, uint16_t virtio_id, const char *name);

/*
 * Whether a device with the config space @own can serve a guest that was told
 * @peer, at the source of a migration. If not, what is missing is reported.
 */
bool vcd_config_serves(VirtIODevice *vdev, const struct vcd_config *own,
                       const struct vcd_config *peer);

#endif /* HW_VCD_DEVICE_H */
