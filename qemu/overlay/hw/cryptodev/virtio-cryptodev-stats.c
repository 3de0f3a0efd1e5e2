/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-cryptodev-stats.c - counters, as the property "stats" of the device and
 * of its PCI function:
 *
 *   qom-get path=/machine/peripheral/ID property=stats
 *
 * They count from the device's creation and are read while it works. Of the
 * library: requests, crypt, bytes, batches, sessions-created, sessions-live and
 * the replies by status. Of the rings: kicks and notifies (batches of replies;
 * EVENT_IDX may have made an interrupt unnecessary), requests executed inline and
 * by workers, requests dropped by a reset, and how often a queue had so many
 * outstanding that the rest had to wait.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "virtio-cryptodev.h"

typedef struct Counter {
    const char *name;
    uint64_t value;
} Counter;

static bool visit_counters(Visitor *v, Counter *counters, size_t n,
                           Error **errp)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (!visit_type_uint64(v, counters[i].name, &counters[i].value,
                               errp)) {
            return false;
        }
    }
    return true;
}

static bool visit_status(Visitor *v, const struct vdev_stats *stats,
                         Error **errp)
{
    Counter counters[VCD_S_COUNT];
    bool ok;
    size_t i;

    if (!visit_start_struct(v, "status", NULL, 0, errp)) {
        return false;
    }
    for (i = 0; i < VCD_S_COUNT; i++) {
        counters[i] = (Counter) { vdev_status_name(i), stats->status[i] };
    }
    ok = visit_counters(v, counters, VCD_S_COUNT, errp);
    visit_end_struct(v, NULL);
    return ok;
}

static void stats_get(Object *obj, Visitor *v, const char *name, void *opaque,
                      Error **errp)
{
    VirtIOCryptodev *s = VIRTIO_CRYPTODEV(obj);
    struct vdev_stats stats = { 0 };
    uint64_t kicks = 0, notifies = 0;
    unsigned int i;

    /* Before realize there is neither. */
    if (s->device) {
        vdev_stats_get(s->device, &stats);
    }
    for (i = 0; s->queues && i < s->num_queues; i++) {
        kicks += s->queues[i].kicks;
        notifies += s->queues[i].notifies;
    }

    Counter counters[] = {
        { "requests", stats.requests },
        { "crypt", stats.crypt },
        { "bytes", stats.bytes },
        { "batches", stats.batches },
        { "sessions-created", stats.sessions_created },
        { "sessions-live", stats.sessions_live },
        { "kicks", kicks },
        { "notifies", notifies },
        { "inline", s->inline_requests },
        { "by-worker", s->worker_requests },
        { "dropped", s->dropped },
        { "held", s->held },
    };

    if (!visit_start_struct(v, name, NULL, 0, errp)) {
        return;
    }
    if (visit_counters(v, counters, ARRAY_SIZE(counters), errp) &&
        visit_status(v, &stats, errp)) {
        visit_check_struct(v, errp);
    }
    visit_end_struct(v, NULL);
}

void virtio_cryptodev_stats_init(ObjectClass *klass)
{
    object_class_property_add(klass, "stats", "VirtioCryptodevStats", stats_get,
                              NULL, NULL, NULL);
    object_class_property_set_description(klass, "stats",
                                          "Counters since the device's creation");
}
