/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vcd-device.c - what virtio-cryptodev and vhost-user-cryptodev have in common.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
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

static bool lacks(VirtIODevice *vdev, const char *what, __le32 here,
                  __le32 there)
{
    if (le32_to_cpu(here) >= le32_to_cpu(there)) {
        return false;
    }
    error_report("%s: the guest was told %s %u, but here it is %u", vdev->name,
                 what, le32_to_cpu(there), le32_to_cpu(here));
    return true;
}

static bool lacks_algorithms(VirtIODevice *vdev, const char *what,
                             const __le64 here[2], const __le64 there[2])
{
    unsigned int i;

    for (i = 0; i < 128; i++) {
        uint64_t bit = 1ULL << (i % 64);

        if ((le64_to_cpu(there[i / 64]) & bit) &&
            !(le64_to_cpu(here[i / 64]) & bit)) {
            error_report("%s: the guest was told that there is %s %u, but the "
                         "engine here does not have it", vdev->name, what, i);
            return true;
        }
    }
    return false;
}

bool vcd_config_serves(VirtIODevice *vdev, const struct vcd_config *own,
                       const struct vcd_config *peer)
{
    if (own->num_queues != peer->num_queues) {
        error_report("%s: num-queues is %u at the source and %u here",
                     vdev->name, le32_to_cpu(peer->num_queues),
                     le32_to_cpu(own->num_queues));
        return false;
    }
    return !lacks(vdev, "version", own->version, peer->version) &&
           !lacks(vdev, "max-request", own->max_request, peer->max_request) &&
           !lacks(vdev, "max-segments", own->max_segments,
                  peer->max_segments) &&
           !lacks(vdev, "max-sessions", own->max_sessions,
                  peer->max_sessions) &&
           !lacks(vdev, "max-aad", own->max_aad, peer->max_aad) &&
           !lacks_algorithms(vdev, "cipher", own->ciphers, peer->ciphers) &&
           !lacks_algorithms(vdev, "MAC", own->macs, peer->macs) &&
           !lacks_algorithms(vdev, "AEAD", own->aeads, peer->aeads);
}
