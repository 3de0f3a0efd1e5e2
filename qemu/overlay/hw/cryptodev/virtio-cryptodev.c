/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-cryptodev.c - the device as an object of QEMU: properties, config
 * space, status, reset, migration. virtio-cryptodev.h has the theory.
 *
 * Life of a device: realize opens the engine and makes the threads; the device
 * is active while the VM runs and the driver is ready (set_status tells both);
 * going inactive drains it, or drops what is outstanding when the driver has
 * reset it; unrealize undoes realize.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/module.h"
#include "migration/vmstate.h"
#include "virtio-cryptodev.h"
#include "trace-hw_cryptodev.h"

/* Threads of our own when nobody says how many. */
#define VCD_WORKERS_MAX_AUTO 4u

static void config_get(const VirtIOCryptodev *s, struct vcd_config *config)
{
    vdev_config(s->device, config);
    config->epoch = cpu_to_le32(le32_to_cpu(config->epoch) + s->epoch_lag);
}

static void virtio_cryptodev_get_config(VirtIODevice *vdev, uint8_t *bytes)
{
    struct vcd_config config;

    config_get(VIRTIO_CRYPTODEV(vdev), &config);
    memcpy(bytes, &config, sizeof(config));
}

static uint64_t virtio_cryptodev_get_features(VirtIODevice *vdev,
                                              uint64_t features, Error **errp)
{
    return features;
}

static VCD_SET_STATUS virtio_cryptodev_set_status(VirtIODevice *vdev,
                                                  uint8_t status)
{
    VirtIOCryptodev *s = VIRTIO_CRYPTODEV(vdev);
    bool started = virtio_device_started(vdev, status);
    bool active = started && vdev->vm_running;

    trace_vcd_status(s, status, vdev->vm_running);
    if (active == s->active) {
        VCD_SET_STATUS_DONE;
    }
    s->active = active;
    if (active) {
        virtio_cryptodev_note_num(s, NULL);
        if (s->config_changed) {
            s->config_changed = false;
            virtio_notify_config(vdev);
        }
        virtio_cryptodev_resume(s);
    } else if (started) {
        virtio_cryptodev_drain(s);
    } else {
        virtio_cryptodev_drop(s, NULL);
    }
    if (vdev->broken) {
        qemu_bh_schedule(s->broken_bh);
    }
    VCD_SET_STATUS_DONE;
}

/*
 * A ring may be found broken while the status is set, as when the VM continues.
 * But virtio_set_status() then stores the status that it was called with over
 * NEEDS_RESET, and the driver would not be told. So it is said again, behind it.
 */
static void say_broken(void *opaque)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(opaque);

    if (vdev->broken && !(vdev->status & VIRTIO_CONFIG_S_NEEDS_RESET) &&
        virtio_vdev_has_feature(vdev, VIRTIO_F_VERSION_1)) {
        vdev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
        virtio_notify_config(vdev);
    }
}

/* Freeing them is for a worker: it takes long, and the BQL is held. */
static void end_sessions(VirtIOCryptodev *s)
{
    vdev_end_sessions(s->device);
    virtio_cryptodev_tidy(s);
}

static void virtio_cryptodev_reset(VirtIODevice *vdev)
{
    VirtIOCryptodev *s = VIRTIO_CRYPTODEV(vdev);
    unsigned int i;

    trace_vcd_reset(s);
    s->active = false;
    s->config_changed = false;
    virtio_cryptodev_drop(s, NULL);
    for (i = 0; i < s->num_queues; i++) {
        s->queues[i].num = 0;
    }
    end_sessions(s);
}

static void virtio_cryptodev_queue_reset(VirtIODevice *vdev, uint32_t index)
{
    VirtIOCryptodev *s = VIRTIO_CRYPTODEV(vdev);

    if (index < s->num_queues) {
        virtio_cryptodev_drop(s, &s->queues[index]);
        s->queues[index].num = 0;
    }
}

static void virtio_cryptodev_queue_enable(VirtIODevice *vdev, uint32_t index)
{
    VirtIOCryptodev *s = VIRTIO_CRYPTODEV(vdev);

    if (index < s->num_queues) {
        virtio_cryptodev_note_num(s, &s->queues[index]);
    }
}

static bool properties_check(VirtIOCryptodev *s, Error **errp)
{
    if (!vcd_properties_check(&s->num_queues, s->queue_size, s->virtio_id,
                              errp)) {
        return false;
    }
    if (s->iothread) {
        if (s->num_workers > 1) {
            error_setg(errp, "workers and iothread exclude each other");
            return false;
        }
        s->num_workers = 1;
    } else if (s->num_workers == VCD_AUTO_WORKERS) {
        s->num_workers = MIN(s->num_queues, VCD_WORKERS_MAX_AUTO);
    }
    if (s->num_workers >= VCD_MAX_QUEUES) {
        error_setg(errp, "workers is %u; it must be below %u", s->num_workers,
                   VCD_MAX_QUEUES);
        return false;
    }
    return true;
}

static void engine_error(Error **errp, const char *name, int err)
{
    g_autoptr(GString) known = g_string_new(NULL);
    const char *const *names;

    for (names = eng_names(); *names; names++) {
        g_string_append_printf(known, " %s", *names);
    }
    if (err == -EINVAL) {
        error_setg(errp, "unknown engine '%s'; known are:%s", name, known->str);
    } else {
        error_setg_errno(errp, -err, "engine '%s' cannot be opened", name);
    }
}

/* Engine and device of the library. */
static bool backend_open(VirtIOCryptodev *s, Error **errp)
{
    const char *name = s->engine_name ? s->engine_name : "auto";
    struct vdev_options options = {
        .threads = s->num_workers + 1,
        .inline_threads = 1,
        .num_queues = s->num_queues,
        .max_sessions = s->max_sessions,
        .max_request = s->max_request,
        .poll_us = s->poll_us,
    };
    const struct eng_alg *failed;
    size_t i;
    int err;

    err = eng_open(name, options.threads, &s->engine);
    if (err) {
        engine_error(errp, name, err);
        return false;
    }
    for (i = 0; (failed = eng_failed(s->engine, i)); i++) {
        warn_report("virtio-cryptodev: engine '%s': the self-test of %s failed: "
                    "the algorithm is not offered", name, failed->cli_name);
    }
    if (eng_defies_fips(name, ENG_FIPS_ENABLED)) {
        warn_report("virtio-cryptodev: this host is in FIPS mode, and engine '%s' is not "
                    "a validated module: use engine=openssl:fips", name);
    }
    options.engine = s->engine;
    err = vdev_new(&options, &s->device);
    if (err == -EINVAL) {
        error_setg(errp, "max-sessions (%u) or max-request (%u) is out of range",
                   s->max_sessions, s->max_request);
    } else if (err) {
        error_setg_errno(errp, -err, "the device cannot be made");
    }
    if (err) {
        s->engine = eng_close(s->engine);
        return false;
    }
    if (s->engine->ops->sleeps) {
        s->inline_max = 0; /* it would sleep with the BQL held */
    }
    return true;
}

typedef struct Backend {
    struct vdev *device;
    struct engine *engine;
} Backend;

static void *backend_free(void *opaque)
{
    Backend *backend = opaque;

    vdev_free(backend->device);
    eng_close(backend->engine);
    g_free(backend);
    return NULL;
}

/* A device that is unplugged may have thousands of sessions, and we have the
 * BQL. */
static void backend_close(VirtIOCryptodev *s)
{
    Backend *backend = g_new(Backend, 1);
    QemuThread thread;

    *backend = (Backend) { s->device, s->engine };
    s->device = NULL;
    s->engine = NULL;
    qemu_thread_create(&thread, "vcd-end", backend_free, backend,
                       QEMU_THREAD_DETACHED);
}

static void queues_make(VirtIOCryptodev *s)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(s);
    unsigned int i;

    vcd_virtio_init(vdev, s->virtio_id, "virtio-cryptodev");
    s->queues = g_new0(VirtIOCryptodevQueue, s->num_queues);
    for (i = 0; i < s->num_queues; i++) {
        s->queues[i].dev = s;
        s->queues[i].index = i;
        s->queues[i].vq = virtio_add_queue(vdev, s->queue_size,
                                           virtio_cryptodev_handle_output);
    }
}

static void queues_unmake(VirtIOCryptodev *s)
{
    unsigned int i;

    for (i = 0; i < s->num_queues; i++) {
        virtio_delete_queue(s->queues[i].vq);
    }
    g_free(s->queues);
    s->queues = NULL;
    virtio_cleanup(VIRTIO_DEVICE(s));
}

static void virtio_cryptodev_realize(DeviceState *dev, Error **errp)
{
    VirtIOCryptodev *s = VIRTIO_CRYPTODEV(dev);

    if (!properties_check(s, errp) || !backend_open(s, errp)) {
        return;
    }
    queues_make(s);
    s->broken_bh = virtio_bh_new_guarded(dev, say_broken, s);
    virtio_cryptodev_workers_start(s);
    trace_vcd_realize(s, s->engine->name, s->num_queues, s->num_workers,
                      s->inline_max);
}

static void virtio_cryptodev_unrealize(DeviceState *dev)
{
    VirtIOCryptodev *s = VIRTIO_CRYPTODEV(dev);

    s->active = false;
    virtio_cryptodev_drop(s, NULL);
    virtio_cryptodev_workers_stop(s);
    qemu_bh_delete(s->broken_bh);
    queues_unmake(s);
    backend_close(s);
}

/*
 * Migration. No session and no request travels (virtio-cryptodev.h). What does is
 * the source's config space, because the guest has read it: whatever it saw must
 * hold at the destination.
 */
static int state_pre_save(void *opaque)
{
    VirtIOCryptodev *s = opaque;

    config_get(s, &s->peer);
    return 0;
}

/* While the stream is read: refuse what cannot work. */
static int state_post_load(void *opaque, int version_id)
{
    VirtIOCryptodev *s = opaque;
    struct vcd_config own;

    config_get(s, &own);
    return vcd_config_serves(VIRTIO_DEVICE(s), &own, &s->peer) ? 0 : -EINVAL;
}

/* At the end: this device may have a past of its own (loadvm). */
static int virtio_cryptodev_post_load(VirtIODevice *vdev)
{
    VirtIOCryptodev *s = VIRTIO_CRYPTODEV(vdev);
    struct vcd_config config;

    end_sessions(s);
    do {
        s->epoch_lag++;
        config_get(s, &config);
    } while (config.epoch == s->peer.epoch);
    s->config_changed = true;
    trace_vcd_loaded(s, le32_to_cpu(config.epoch));
    return 0;
}

static const VMStateDescription vmstate_virtio_cryptodev_state = {
    .name = "virtio-cryptodev/state",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = state_pre_save,
    .post_load = state_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_BUFFER_UNSAFE(peer, VirtIOCryptodev, 1,
                              sizeof(struct vcd_config)),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_virtio_cryptodev = {
    .name = "virtio-cryptodev",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_VIRTIO_DEVICE,
        VMSTATE_END_OF_LIST()
    },
};

static VCD_PROPERTY virtio_cryptodev_properties[] = {
    DEFINE_PROP_STRING("engine", VirtIOCryptodev, engine_name),
    VCD_COMMON_PROPERTIES(VirtIOCryptodev),
    DEFINE_PROP_UINT16("workers", VirtIOCryptodev, num_workers,
                       VCD_AUTO_WORKERS),
    DEFINE_PROP_UINT32("max-sessions", VirtIOCryptodev, max_sessions,
                       VDEV_DEFAULT_MAX_SESSIONS),
    DEFINE_PROP_SIZE32("max-request", VirtIOCryptodev, max_request,
                       VDEV_DEFAULT_MAX_REQUEST),
    DEFINE_PROP_SIZE32("inline-max", VirtIOCryptodev, inline_max, 4096),
    DEFINE_PROP_UINT32("poll-us", VirtIOCryptodev, poll_us, 50),
    DEFINE_PROP_LINK("iothread", VirtIOCryptodev, iothread, TYPE_IOTHREAD,
                     IOThread *),
    VCD_PROPERTY_END
};

static void virtio_cryptodev_class_init(ObjectClass *klass,
                                        VCD_CLASS_DATA *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VirtioDeviceClass *vdc = VIRTIO_DEVICE_CLASS(klass);

    device_class_set_props(dc, virtio_cryptodev_properties);
    virtio_cryptodev_stats_init(klass);
    dc->desc = "/dev/crypto for guests";
    dc->vmsd = &vmstate_virtio_cryptodev;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    vdc->realize = virtio_cryptodev_realize;
    vdc->unrealize = virtio_cryptodev_unrealize;
    vdc->get_config = virtio_cryptodev_get_config;
    vdc->get_features = virtio_cryptodev_get_features;
    vdc->set_status = virtio_cryptodev_set_status;
    vdc->reset = virtio_cryptodev_reset;
    vdc->queue_reset = virtio_cryptodev_queue_reset;
    vdc->queue_enable = virtio_cryptodev_queue_enable;
    vdc->post_load = virtio_cryptodev_post_load;
    vdc->vmsd = &vmstate_virtio_cryptodev_state;
}

static const TypeInfo virtio_cryptodev_info = {
    .name = TYPE_VIRTIO_CRYPTODEV,
    .parent = TYPE_VIRTIO_DEVICE,
    .instance_size = sizeof(VirtIOCryptodev),
    .class_init = virtio_cryptodev_class_init,
};

static void virtio_cryptodev_register_types(void)
{
    type_register_static(&virtio_cryptodev_info);
}

VCD_TYPE_INIT(virtio_cryptodev_register_types)
