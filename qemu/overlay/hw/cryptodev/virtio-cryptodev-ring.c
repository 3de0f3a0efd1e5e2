/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-cryptodev-ring.c - virtqueues: pop, execute inline or hand over, push.
 * virtio-cryptodev.h tells who calls this when. All of it holds the BQL.
 *
 * What a guest puts into a ring is checked in three places: virtqueue_pop()
 * checks descriptors and marks the device broken when they make no sense;
 * in_ram() below refuses what is not memory; the vcdengine library checks what
 * the bytes say.
 */
#include "qemu/osdep.h"
#include "exec/memory.h"
#include "hw/core/cpu.h"
#include "qemu/iov.h"
#include "virtio-cryptodev.h"
#include "trace-hw_cryptodev.h"

/*
 * Device memory is mapped through a bounce buffer of which QEMU has one, and
 * unmapping it writes to another device's registers. No driver does that; it is
 * an error like an address without memory.
 */
static bool in_ram(const struct iovec *sg, unsigned int num)
{
    ram_addr_t offset;
    unsigned int i;

    RCU_READ_LOCK_GUARD();
    for (i = 0; i < num; i++) {
        if (!memory_region_from_host(sg[i].iov_base, &offset)) {
            return false;
        }
    }
    return true;
}

void virtio_cryptodev_note_num(VirtIOCryptodev *s, VirtIOCryptodevQueue *queue)
{
    unsigned int i;

    if (queue) {
        queue->num = virtio_queue_get_num(VIRTIO_DEVICE(s), queue->index);
        return;
    }
    for (i = 0; i < s->num_queues; i++) {
        if (!s->queues[i].num) {
            virtio_cryptodev_note_num(s, &s->queues[i]);
        }
    }
}

/*
 * Whether a queue may be touched. Its size register can be written while it is
 * enabled, against the specification (virtio 1.2, 4.1.4.3.2). QEMU 7.2 then
 * continues with the new size and the old mapping of the rings, and aborts at
 * the first access behind its end. So such a queue is never touched again: the
 * device is broken, and what virtqueue_*() still do with one is harmless.
 */
static bool queue_sound(VirtIOCryptodevQueue *queue)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(queue->dev);

    if (vdev->broken) {
        return false;
    }
    if (virtio_queue_get_num(vdev, queue->index) != queue->num) {
        virtio_error(vdev, "virtio-cryptodev: the size of queue %u was changed "
                     "while it was enabled", queue->index);
        return false;
    }
    return true;
}

static VirtIOCryptodevReq *queue_pop(VirtIOCryptodevQueue *queue)
{
    VirtIOCryptodevReq *req = virtqueue_pop(queue->vq, sizeof(*req));
    VirtQueueElement *elem;

    if (!req) {
        return NULL;
    }
    elem = &req->elem;
    if (!in_ram(elem->out_sg, elem->out_num) ||
        !in_ram(elem->in_sg, elem->in_num)) {
        virtqueue_detach_element(queue->vq, elem, 0);
        g_free(req);
        virtio_error(VIRTIO_DEVICE(queue->dev),
                     "virtio-cryptodev: a request lies in device memory");
        return NULL;
    }
    req->queue = queue;
    req->in_bytes = iov_size(elem->out_sg, elem->out_num);
    req->out_bytes = iov_size(elem->in_sg, elem->in_num);
    /* "Out" is out of the driver there, and out of the device here. */
    req->request = (struct vdev_request) {
        .in = elem->out_sg,
        .in_count = elem->out_num,
        .out = elem->in_sg,
        .out_count = elem->in_num,
    };
    return req;
}

/*
 * Small, and of a kind whose cost its size tells: HELLO may have many sessions
 * to end. A guest may change the opcode after we looked, and then ends, once,
 * the sessions it has made.
 */
static bool is_small(const VirtIOCryptodev *s, const VirtIOCryptodevReq *req)
{
    uint16_t opcode;

    if (req->in_bytes > s->inline_max + sizeof(struct vcd_req) ||
        req->out_bytes > s->inline_max + sizeof(struct vcd_reply)) {
        return false;
    }
    if (iov_to_buf(req->request.in, req->request.in_count, 0, &opcode,
                   sizeof(opcode)) != sizeof(opcode)) {
        return true;
    }
    return le16_to_cpu(opcode) != VCD_OP_HELLO;
}

/* What a kick may still execute itself. */
typedef struct InlineShare {
    unsigned int requests;
    uint64_t bytes;
} InlineShare;

static InlineShare inline_share(const VirtIOCryptodev *s)
{
    /* In a vCPU's own kick only: the main loop has others to serve. */
    if (!s->inline_max || !current_cpu) {
        return (InlineShare) { 0 };
    }
    return (InlineShare) {
        .requests = VCD_INLINE_REQUESTS,
        .bytes = (uint64_t)s->inline_max * VCD_INLINE_SHARE,
    };
}

static bool inline_take(const VirtIOCryptodev *s, InlineShare *share,
                        const VirtIOCryptodevReq *req)
{
    uint64_t bytes = MAX(req->in_bytes, req->out_bytes);

    if (!share->requests || bytes > share->bytes || !is_small(s, req)) {
        return false;
    }
    share->requests--;
    share->bytes -= bytes;
    return true;
}

/*
 * Pop all there is, up to the worker's share, and have it executed. The loop
 * ends: after the inline share is used up, each request that is popped counts
 * against VCD_IN_FLIGHT until a worker is through with it and it has been
 * answered, for which the lock is needed that we hold.
 */
static void queue_serve(VirtIOCryptodevQueue *queue)
{
    VirtIOCryptodev *s = queue->dev;
    InlineShare share = inline_share(s);
    VirtIOCryptodevReqs here, away;
    VirtIOCryptodevReq *req;

    if (!s->active || queue->serving || !queue_sound(queue)) {
        return;
    }
    QSIMPLEQ_INIT(&here);
    QSIMPLEQ_INIT(&away);
    queue->serving = true;
    do {
        virtio_queue_set_notification(queue->vq, 0);
        while (queue->in_flight < VCD_IN_FLIGHT && (req = queue_pop(queue))) {
            bool small = inline_take(s, &share, req);

            trace_vcd_pop(s, queue->index, req->elem.index, req->in_bytes,
                          req->out_bytes, small);
            queue->in_flight++;
            if (small) {
                s->inline_requests++;
                QSIMPLEQ_INSERT_TAIL(&here, req, next);
            } else {
                s->worker_requests++;
                QSIMPLEQ_INSERT_TAIL(&away, req, next);
            }
        }
        /* First what takes long, so that both go on at the same time. */
        virtio_cryptodev_submit(queue->worker, &away);
        virtio_cryptodev_execute_here(s, &here);
        if (queue->in_flight >= VCD_IN_FLIGHT) {
            /* No notifications until virtio_cryptodev_complete() looks. */
            trace_vcd_hold(s, queue->index);
            s->held++;
            queue->held = true;
            break;
        }
        virtio_queue_set_notification(queue->vq, 1);
    } while (!virtio_queue_empty(queue->vq));
    queue->serving = false;
}

void virtio_cryptodev_handle_output(VirtIODevice *vdev, VirtQueue *vq)
{
    VirtIOCryptodev *s = VIRTIO_CRYPTODEV(vdev);
    VirtIOCryptodevQueue *queue = &s->queues[virtio_get_queue_index(vq)];

    queue->kicks++;
    /* Whoever is to answer may be waiting for the lock we have. */
    virtio_cryptodev_reap(queue->worker);
    queue_serve(queue);
}

void virtio_cryptodev_resume(VirtIOCryptodev *s)
{
    unsigned int i;

    for (i = 0; i < s->num_queues; i++) {
        queue_serve(&s->queues[i]);
    }
}

static void queue_publish(VirtIOCryptodevQueue *queue)
{
    VirtIOCryptodev *s = queue->dev;
    unsigned int filled = queue->filled;

    queue->filled = 0;
    trace_vcd_push(s, queue->index, filled);
    virtqueue_flush(queue->vq, filled);
    queue->notifies++;
    virtio_notify(VIRTIO_DEVICE(s), queue->vq);
}

/* A used ring that a guest has put onto our own registers must not call us. */
static MemReentrancyGuard *own_registers(VirtIOCryptodev *s)
{
    return &qdev_get_parent_bus(DEVICE(s))->parent->mem_reentrancy_guard;
}

/*
 * virtqueue_fill() tells a migration that as many bytes were written as the used
 * entry says. A request that failed may have written more.
 */
static void mark_written(const VirtQueueElement *elem)
{
    ram_addr_t offset;
    unsigned int i;

    RCU_READ_LOCK_GUARD();
    for (i = 0; i < elem->in_num; i++) {
        MemoryRegion *region =
            memory_region_from_host(elem->in_sg[i].iov_base, &offset);

        if (region) {
            memory_region_set_dirty(region, offset, elem->in_sg[i].iov_len);
        }
    }
}

void virtio_cryptodev_complete(VirtIOCryptodev *s, VirtIOCryptodevReqs *done)
{
    MemReentrancyGuard *guard = own_registers(s);
    bool engaged = guard->engaged_in_io;
    VirtIOCryptodevReq *req;
    unsigned int i;

    if (QSIMPLEQ_EMPTY(done)) {
        return;
    }
    guard->engaged_in_io = true;
    while ((req = QSIMPLEQ_FIRST(done))) {
        VirtIOCryptodevQueue *queue = req->queue;

        QSIMPLEQ_REMOVE_HEAD(done, next);
        queue_sound(queue); /* if not, fill and flush only let go of it */
        if (req->request.written < req->out_bytes) {
            mark_written(&req->elem);
        }
        virtqueue_fill(queue->vq, &req->elem, req->request.written,
                       queue->filled++);
        queue->in_flight--;
        g_free(req);
    }
    for (i = 0; i < s->num_queues; i++) {
        if (s->queues[i].filled) {
            queue_publish(&s->queues[i]);
        }
    }
    guard->engaged_in_io = engaged;
    for (i = 0; i < s->num_queues; i++) {
        if (s->queues[i].held) {
            s->queues[i].held = false;
            queue_serve(&s->queues[i]);
        }
    }
}

void virtio_cryptodev_detach(VirtIOCryptodev *s, VirtIOCryptodevReqs *reqs)
{
    VirtIOCryptodevReq *req;
    unsigned int count = 0;

    while ((req = QSIMPLEQ_FIRST(reqs))) {
        QSIMPLEQ_REMOVE_HEAD(reqs, next);
        /* It may have been executed. */
        virtqueue_detach_element(req->queue->vq, &req->elem, req->out_bytes);
        req->queue->in_flight--;
        g_free(req);
        count++;
    }
    s->dropped += count;
    trace_vcd_drop(s, count);
}
