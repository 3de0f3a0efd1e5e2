/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vhost-user-cryptodev.h - front end of the vhost-user-cryptodev daemon.
 */
#ifndef HW_VHOST_USER_CRYPTODEV_H
#define HW_VHOST_USER_CRYPTODEV_H

#include "chardev/char-fe.h"
#include "hw/virtio/vhost-user.h"
#include "hw/virtio/vhost.h"
#include "hw/virtio/virtio.h"
#include "qom/object.h"
#include "vcd-device.h"

#define TYPE_VHOST_USER_CRYPTODEV "vhost-user-cryptodev"
OBJECT_DECLARE_SIMPLE_TYPE(VHostUserCryptodev, VHOST_USER_CRYPTODEV)

struct VHostUserCryptodev {
    VirtIODevice parent_obj;

    /* properties */
    CharBackend chardev;
    uint16_t num_queues;
    uint16_t queue_size;
    uint16_t virtio_id;

    struct vhost_dev vhost;
    struct vhost_virtqueue *vhost_vqs; /* vhost.vqs is cleared on disconnect */
    struct vhost_inflight *inflight;
    VhostUserState vhost_user;
    VirtQueue **vqs;
    struct vcd_config config; /* the daemon's; what the driver reads */
    struct vcd_config peer; /* in a migration: the source's config */
    bool config_changed; /* the driver is to be told when the daemon starts */
    bool connected; /* vhost_dev_init() was done */
    bool started; /* vhost_dev_start() was done */
};

#endif /* HW_VHOST_USER_CRYPTODEV_H */
