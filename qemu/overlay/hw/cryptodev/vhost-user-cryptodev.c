/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vhost-user-cryptodev.c - front end of the vhost-user-cryptodev daemon.
 *
 * Theory of operation
 *
 * The daemon serves the rings; QEMU sets them up, passes config space through
 * and keeps the VM alive when the daemon goes. A daemon is connected from realize
 * on; one that goes away (crash, upgrade) is waited for, if the chardev has
 * reconnect=; meanwhile requests stay in the rings and the guest waits.
 *
 * What a daemon had outstanding is not lost. It completes the requests of one
 * queue in the order they came in; so the used index in guest memory, which
 * QEMU falls back to when it cannot ask, says where the next one begins. A
 * daemon that completes out of order must offer INFLIGHT_SHMFD: then its log is
 * kept here and given to the next one. Sessions are lost with a daemon: the
 * next one answers STALE and the driver makes them again; the epoch in its
 * config space differs, and the driver is told of the change.
 *
 * Everything here runs in the main loop or a vCPU, with the big lock held. The
 * chardev reports a close from inside of other vhost calls, so what is to be done
 * about it is left to a bottom half (vhost_user_cryptodev_event).
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "hw/virtio/virtio-bus.h"
#include "migration/vmstate.h"
#include "vhost-user-cryptodev.h"

/* At realize a daemon that closes the connection is tried again. */
#define VCD_CONNECT_TRIES 3

static const int feature_bits[] = {
    VIRTIO_F_VERSION_1,
    VIRTIO_RING_F_INDIRECT_DESC,
    VIRTIO_RING_F_EVENT_IDX,
    VIRTIO_F_RING_PACKED,
    VIRTIO_F_IOMMU_PLATFORM,
    VIRTIO_F_RING_RESET,
    VIRTIO_CRYPTODEV_F_KEY_NAME,
    VIRTIO_CRYPTODEV_F_ASYM,
    VHOST_INVALID_FEATURE_BIT
};

static void vhost_user_cryptodev_event(void *opaque, QEMUChrEvent event);

/* Slow queues come last: the guest has them if it has all queues. */
static bool has_slow_queues(const VHostUserCryptodev *s)
{
    uint64_t slow = le32_to_cpu(s->config.slow_queues);

    return slow && le32_to_cpu(s->config.num_queues) + slow <= s->num_queues;
}

static void get_config(VirtIODevice *vdev, uint8_t *bytes)
{
    VHostUserCryptodev *s = VHOST_USER_CRYPTODEV(vdev);
    struct vcd_config config = s->config;

    config.num_queues = cpu_to_le32(MIN(le32_to_cpu(config.num_queues),
                                        s->num_queues));
    if (!has_slow_queues(s)) {
        config.slow_queues = 0;
    }
    memcpy(bytes, &config, sizeof(config));
}

static bool same_limits(const struct vcd_config *a, const struct vcd_config *b)
{
    struct vcd_config x = *a, y = *b;

    x.epoch = y.epoch = 0;
    x.poll_us = y.poll_us = 0;
    return !memcmp(&x, &y, sizeof(x));
}

/*
 * Read the daemon's config space. The guest has read the first one; a later
 * daemon must not differ in more than what changes while a device is live.
 */
static int config_fetch(VHostUserCryptodev *s, bool first, Error **errp)
{
    struct vcd_config config;
    int ret;

    ret = vhost_dev_get_config(&s->vhost, (uint8_t *)&config, sizeof(config),
                               errp);
    if (ret < 0) {
        return ret;
    }
    if (!first && !same_limits(&config, &s->config)) {
        error_setg(errp, "the daemon that is there now has other limits or "
                   "algorithms than the one before");
        return -EINVAL;
    }
    if (!first && config.epoch != s->config.epoch) {
        s->config = config;
        virtio_notify_config(VIRTIO_DEVICE(s));
    }
    s->config = config;
    return 0;
}

static int config_changed(struct vhost_dev *dev)
{
    Error *err = NULL;
    int ret;

    if (!dev->started) {
        return 0;
    }
    ret = config_fetch(VHOST_USER_CRYPTODEV(dev->vdev), false, &err);
    if (ret < 0) {
        error_report_err(err);
    }
    return ret;
}

static const VhostDevConfigOps config_ops = {
    .vhost_dev_config_notifier = config_changed,
};

static int inflight_start(VHostUserCryptodev *s, Error **errp)
{
    int ret;

    ret = vhost_dev_prepare_inflight(&s->vhost, VIRTIO_DEVICE(s));
    if (!ret && !s->inflight->addr) {
        ret = vhost_dev_get_inflight(&s->vhost, s->queue_size, s->inflight);
    }
    if (!ret) {
        ret = vhost_dev_set_inflight(&s->vhost, s->inflight);
    }
    if (ret) {
        error_setg_errno(errp, -ret, "cannot set up in-flight tracking");
    }
    return ret;
}

static int backend_start(VHostUserCryptodev *s, Error **errp)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(s);
    BusState *qbus = qdev_get_parent_bus(DEVICE(s));
    VirtioBusClass *k = VIRTIO_BUS_GET_CLASS(qbus);
    int i, ret;

    if (!k->set_guest_notifiers) {
        error_setg(errp, "the bus has no guest notifiers");
        return -ENOSYS;
    }
    ret = vhost_dev_enable_notifiers(&s->vhost, vdev);
    if (ret < 0) {
        error_setg_errno(errp, -ret, "cannot enable host notifiers");
        return ret;
    }
    ret = k->set_guest_notifiers(qbus->parent, s->vhost.nvqs, true);
    if (ret < 0) {
        error_setg_errno(errp, -ret, "cannot bind guest notifiers");
        goto err_host_notifiers;
    }
    s->vhost.acked_features = vdev->guest_features;
    ret = inflight_start(s, errp);
    if (ret < 0) {
        goto err_guest_notifiers;
    }
    /* virtio-pci masks and unmasks; here everything is open. */
    for (i = 0; i < s->vhost.nvqs; i++) {
        vhost_virtqueue_mask(&s->vhost, vdev, i, false);
    }
    s->vhost.vq_index_end = s->vhost.nvqs;
    ret = vhost_dev_start(&s->vhost, vdev, true);
    if (ret < 0) {
        error_setg_errno(errp, -ret, "cannot start the daemon's queues");
        goto err_guest_notifiers;
    }
    s->started = true;
    if (s->config_changed) {
        s->config_changed = false;
        virtio_notify_config(vdev);
    }
    return 0;

err_guest_notifiers:
    k->set_guest_notifiers(qbus->parent, s->vhost.nvqs, false);
err_host_notifiers:
    vhost_dev_disable_notifiers(&s->vhost, vdev);
    return ret;
}

static void backend_stop(VHostUserCryptodev *s)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(s);
    BusState *qbus = qdev_get_parent_bus(DEVICE(s));
    VirtioBusClass *k = VIRTIO_BUS_GET_CLASS(qbus);
    int ret;

    if (!s->started) {
        return;
    }
    s->started = false;
    vhost_dev_stop(&s->vhost, vdev, true);
    ret = k->set_guest_notifiers(qbus->parent, s->vhost.nvqs, false);
    if (ret < 0) {
        error_report("vhost-user-cryptodev: cannot unbind guest notifiers: %s",
                     strerror(-ret));
    }
    vhost_dev_disable_notifiers(&s->vhost, vdev);
}

static VCD_SET_STATUS set_status(VirtIODevice *vdev, uint8_t status)
{
    VHostUserCryptodev *s = VHOST_USER_CRYPTODEV(vdev);
    bool start = virtio_device_should_start(vdev, status);
    Error *err = NULL;

    if (s->connected && start != s->started) {
        if (!start) {
            backend_stop(s);
        } else if (backend_start(s, &err) < 0) {
            error_reportf_err(err, "vhost-user-cryptodev: ");
            qemu_chr_fe_disconnect(&s->chardev);
        }
    }
    VCD_SET_STATUS_DONE;
}

static uint64_t get_features(VirtIODevice *vdev, uint64_t features,
                             Error **errp)
{
    VHostUserCryptodev *s = VHOST_USER_CRYPTODEV(vdev);

    /* What the daemon does not have is taken away again. */
    if (has_slow_queues(s)) {
        features |= 1ull << VIRTIO_CRYPTODEV_F_KEY_NAME |
                    1ull << VIRTIO_CRYPTODEV_F_ASYM;
    }
    return vhost_get_features(&s->vhost, feature_bits, features);
}

/* The daemon sees the kicks; virtio's clean-up may call it nevertheless. */
static void handle_output(VirtIODevice *vdev, VirtQueue *vq)
{
}

static void reset(VirtIODevice *vdev)
{
    vhost_dev_free_inflight(VHOST_USER_CRYPTODEV(vdev)->inflight);
}

static void guest_notifier_mask(VirtIODevice *vdev, int idx, bool mask)
{
    VHostUserCryptodev *s = VHOST_USER_CRYPTODEV(vdev);

    /* The configuration's interrupt (-1 in newer versions) is QEMU's own. */
    if (idx >= 0 && s->connected) {
        vhost_virtqueue_mask(&s->vhost, vdev, idx, mask);
    }
}

static bool guest_notifier_pending(VirtIODevice *vdev, int idx)
{
    VHostUserCryptodev *s = VHOST_USER_CRYPTODEV(vdev);

    return idx >= 0 && s->connected && vhost_virtqueue_pending(&s->vhost, idx);
}

static struct vhost_dev *get_vhost(VirtIODevice *vdev)
{
    return &VHOST_USER_CRYPTODEV(vdev)->vhost;
}

/* The daemon is there: greet it and, if the driver is ready, go on. */
static int backend_connect(VHostUserCryptodev *s, bool first, Error **errp)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(s);
    int ret;

    if (s->connected) {
        return 0;
    }
    s->vhost.num_queues = s->num_queues;
    s->vhost.nvqs = s->num_queues;
    s->vhost.vqs = s->vhost_vqs;
    s->vhost.vq_index = 0;
    s->vhost.backend_features = 0;
    vhost_dev_set_config_notifier(&s->vhost, &config_ops);
    s->vhost_user.supports_config = true;
    ret = vhost_dev_init(&s->vhost, &s->vhost_user, VHOST_BACKEND_TYPE_USER, 0,
                         errp);
    if (ret < 0) {
        return ret;
    }
    s->connected = true;
    ret = config_fetch(s, first, errp);
    if (!ret && virtio_device_started(vdev, vdev->status) && vdev->vm_running) {
        ret = backend_start(s, errp);
    }
    return ret;
}

static void backend_disconnect(VHostUserCryptodev *s)
{
    if (!s->connected) {
        return;
    }
    s->connected = false;
    backend_stop(s);
    vhost_dev_cleanup(&s->vhost);
}

static void handlers_set(VHostUserCryptodev *s)
{
    qemu_chr_fe_set_handlers(&s->chardev, NULL, NULL,
                             vhost_user_cryptodev_event, NULL, s, NULL, true);
}

/* Bottom half; has a reference on the device, which may be unrealized. */
static void backend_closed(void *opaque)
{
    VHostUserCryptodev *s = opaque;

    backend_disconnect(s);
    if (DEVICE(s)->realized) {
        handlers_set(s);
    }
    object_unref(OBJECT(s));
}

static void vhost_user_cryptodev_event(void *opaque, QEMUChrEvent event)
{
    VHostUserCryptodev *s = opaque;
    Error *err = NULL;

    switch (event) {
    case CHR_EVENT_OPENED:
        if (backend_connect(s, false, &err) < 0) {
            error_reportf_err(err, "vhost-user-cryptodev: ");
            qemu_chr_fe_disconnect(&s->chardev);
        }
        break;
    case CHR_EVENT_CLOSED:
        if (!runstate_check(RUN_STATE_SHUTDOWN)) {
            qemu_chr_fe_set_handlers(&s->chardev, NULL, NULL, NULL, NULL, NULL,
                                     NULL, false);
            /* So that nobody talks to it until then. */
            s->vhost.started = false;
            object_ref(OBJECT(s));
            aio_bh_schedule_oneshot(qemu_get_aio_context(), backend_closed, s);
        }
        break;
    default:
        break;
    }
}

static int realize_connect(VHostUserCryptodev *s, Error **errp)
{
    int ret;

    ret = qemu_chr_fe_wait_connected(&s->chardev, errp);
    if (ret < 0) {
        return ret;
    }
    ret = backend_connect(s, true, errp);
    if (ret < 0) {
        backend_disconnect(s);
        qemu_chr_fe_disconnect(&s->chardev);
    }
    return ret;
}

static bool properties_check(VHostUserCryptodev *s, Error **errp)
{
    if (!s->chardev.chr) {
        error_setg(errp, "chardev= is missing: the socket of the daemon");
        return false;
    }
    return vcd_properties_check(&s->num_queues, s->queue_size, s->virtio_id,
                                errp);
}

static void unmake(VHostUserCryptodev *s)
{
    unsigned int i;

    g_clear_pointer(&s->vhost_vqs, g_free);
    g_clear_pointer(&s->inflight, g_free);
    for (i = 0; i < s->num_queues; i++) {
        virtio_delete_queue(s->vqs[i]);
    }
    g_clear_pointer(&s->vqs, g_free);
    virtio_cleanup(VIRTIO_DEVICE(s));
    vhost_user_cleanup(&s->vhost_user);
}

static void realize(DeviceState *dev, Error **errp)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    VHostUserCryptodev *s = VHOST_USER_CRYPTODEV(dev);
    Error *err = NULL;
    unsigned int i;

    if (!properties_check(s, errp) ||
        !vhost_user_init(&s->vhost_user, &s->chardev, errp)) {
        return;
    }
    vcd_virtio_init(vdev, s->virtio_id, "vhost-user-cryptodev");
    s->vqs = g_new(VirtQueue *, s->num_queues);
    for (i = 0; i < s->num_queues; i++) {
        s->vqs[i] = virtio_add_queue(vdev, s->queue_size, handle_output);
    }
    s->inflight = g_new0(struct vhost_inflight, 1);
    s->vhost_vqs = g_new0(struct vhost_virtqueue, s->num_queues);

    for (i = 0; realize_connect(s, &err) < 0; i++) {
        if (i == VCD_CONNECT_TRIES) {
            error_propagate(errp, err);
            unmake(s);
            return;
        }
        error_reportf_err(err, "vhost-user-cryptodev: trying again after: ");
        err = NULL;
    }
    handlers_set(s);
}

static void unrealize(DeviceState *dev)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    VHostUserCryptodev *s = VHOST_USER_CRYPTODEV(dev);

    virtio_set_status(vdev, 0);
    qemu_chr_fe_set_handlers(&s->chardev, NULL, NULL, NULL, NULL, NULL, NULL,
                             false);
    backend_disconnect(s);
    vhost_dev_free_inflight(s->inflight);
    unmake(s);
}

/*
 * Migration. The daemon logs what it writes to guest memory, and vhost does the
 * rest. No session travels: the destination's daemon answers STALE. The source's
 * config space does, because the guest has read it: whatever it saw must hold at
 * the destination.
 */
static int state_pre_save(void *opaque)
{
    VHostUserCryptodev *s = opaque;

    get_config(VIRTIO_DEVICE(s), (uint8_t *)&s->peer);
    return 0;
}

/* While the stream is read: refuse what cannot work. */
static int state_post_load(void *opaque, int version_id)
{
    VHostUserCryptodev *s = opaque;
    struct vcd_config own;

    get_config(VIRTIO_DEVICE(s), (uint8_t *)&own);
    return vcd_config_serves(VIRTIO_DEVICE(s), &own, &s->peer) ? 0 : -EINVAL;
}

static int post_load(VirtIODevice *vdev)
{
    VHOST_USER_CRYPTODEV(vdev)->config_changed = true;
    return 0;
}

static const VMStateDescription vmstate_vhost_user_cryptodev_state = {
    .name = "vhost-user-cryptodev/state",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = state_pre_save,
    .post_load = state_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_BUFFER_UNSAFE(peer, VHostUserCryptodev, 1,
                              sizeof(struct vcd_config)),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_vhost_user_cryptodev = {
    .name = "vhost-user-cryptodev",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_VIRTIO_DEVICE,
        VMSTATE_END_OF_LIST()
    },
};

static VCD_PROPERTY vhost_user_cryptodev_properties[] = {
    DEFINE_PROP_CHR("chardev", VHostUserCryptodev, chardev),
    VCD_COMMON_PROPERTIES(VHostUserCryptodev),
    VCD_PROPERTY_END
};

static void vhost_user_cryptodev_class_init(ObjectClass *klass,
                                            VCD_CLASS_DATA *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VirtioDeviceClass *vdc = VIRTIO_DEVICE_CLASS(klass);

    device_class_set_props(dc, vhost_user_cryptodev_properties);
    dc->desc = "/dev/crypto for guests, by the vhost-user-cryptodev daemon";
    dc->vmsd = &vmstate_vhost_user_cryptodev;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    vdc->realize = realize;
    vdc->unrealize = unrealize;
    vdc->get_config = get_config;
    vdc->get_features = get_features;
    vdc->set_status = set_status;
    vdc->reset = reset;
    vdc->guest_notifier_mask = guest_notifier_mask;
    vdc->guest_notifier_pending = guest_notifier_pending;
    vdc->get_vhost = get_vhost;
    vdc->post_load = post_load;
    vdc->vmsd = &vmstate_vhost_user_cryptodev_state;
}

static const TypeInfo vhost_user_cryptodev_info = {
    .name = TYPE_VHOST_USER_CRYPTODEV,
    .parent = TYPE_VIRTIO_DEVICE,
    .instance_size = sizeof(VHostUserCryptodev),
    .class_init = vhost_user_cryptodev_class_init,
};

static void vhost_user_cryptodev_register_types(void)
{
    type_register_static(&vhost_user_cryptodev_info);
}

VCD_TYPE_INIT(vhost_user_cryptodev_register_types)
