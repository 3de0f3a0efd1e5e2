/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-cryptodev-worker.c - threads that execute requests, and waiting for
 * them.
 *
 * A worker is a bottom half in an IOThread: the one that iothread= names, or
 * threads of our own. It executes one batch and, if there is more, is scheduled
 * again, so that an IOThread that others use as well stays fair.
 *
 * Waiting with the BQL held (drain, drop) is for the batch under way only: what
 * has not been begun is taken back. A batch computes on memory, takes no lock but
 * the library's own short ones, and so ends, whatever the IOThread's other
 * users wait for.
 *
 * The end of a worker in a foreign IOThread cannot be waited for without
 * waiting for those others. Hence the worker is an object of its own: it goes
 * through its IOThread once more (worker_leave), behind any run of its bottom
 * half, and is freed in the main loop. It does not know the device then.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "virtio-cryptodev.h"
#include "trace-hw_cryptodev.h"

/* Take a batch off the pending requests; the lock is held. */
static size_t worker_take(VirtIOCryptodevWorker *worker,
                          struct vcd_request *batch[],
                          VirtIOCryptodevReqs *taken)
{
    VirtIOCryptodevReq *req;
    uint64_t bytes = 0;
    size_t n = 0;

    while (n < VCD_BATCH_MAX && (req = QSIMPLEQ_FIRST(&worker->pending))) {
        bytes += MAX(req->in_bytes, req->out_bytes);
        if (n && bytes > VCD_BATCH_BYTES) {
            break;
        }
        QSIMPLEQ_REMOVE_HEAD(&worker->pending, next);
        QSIMPLEQ_INSERT_TAIL(taken, req, next);
        batch[n++] = &req->request;
    }
    return n;
}

/* In the IOThread, without the BQL. */
static void worker_run(void *opaque)
{
    VirtIOCryptodevWorker *worker = opaque;
    VirtIOCryptodevReqs taken = QSIMPLEQ_HEAD_INITIALIZER(taken);
    struct vcd_request *batch[VCD_BATCH_MAX];
    size_t n;

    qemu_mutex_lock(&worker->lock);
    n = worker_take(worker, batch, &taken);
    worker->running = n > 0;
    qemu_mutex_unlock(&worker->lock);
    if (!n) {
        return;
    }

    /* The device stays while running is set: unrealize waits for that. */
    trace_vcd_batch(worker->dev, worker->number, n);
    vcd_device_execute(worker->dev->device, worker->number, batch, n);

    qemu_mutex_lock(&worker->lock);
    QSIMPLEQ_CONCAT(&worker->done, &taken);
    if (!QSIMPLEQ_EMPTY(&worker->pending)) {
        qemu_bh_schedule(worker->run_bh);
    }
    qemu_bh_schedule(worker->done_bh);
    worker->running = false;
    qemu_cond_broadcast(&worker->idle);
    qemu_mutex_unlock(&worker->lock);
}

void virtio_cryptodev_reap(VirtIOCryptodevWorker *worker)
{
    VirtIOCryptodevReqs done = QSIMPLEQ_HEAD_INITIALIZER(done);

    qemu_mutex_lock(&worker->lock);
    QSIMPLEQ_CONCAT(&done, &worker->done);
    qemu_mutex_unlock(&worker->lock);
    virtio_cryptodev_complete(worker->dev, &done);
}

static void worker_done(void *opaque)
{
    virtio_cryptodev_reap(opaque);
}

void virtio_cryptodev_submit(VirtIOCryptodevWorker *worker,
                             VirtIOCryptodevReqs *reqs)
{
    if (QSIMPLEQ_EMPTY(reqs)) {
        return;
    }
    qemu_mutex_lock(&worker->lock);
    QSIMPLEQ_CONCAT(&worker->pending, reqs);
    qemu_mutex_unlock(&worker->lock);
    qemu_bh_schedule(worker->run_bh);
}

void virtio_cryptodev_execute_here(VirtIOCryptodev *s,
                                   VirtIOCryptodevReqs *reqs)
{
    VirtIOCryptodevReqs done = QSIMPLEQ_HEAD_INITIALIZER(done);
    struct vcd_request *batch[VCD_BATCH_MAX];
    VirtIOCryptodevReq *req;

    while (!QSIMPLEQ_EMPTY(reqs)) {
        size_t n = 0;

        while (n < VCD_BATCH_MAX && (req = QSIMPLEQ_FIRST(reqs))) {
            QSIMPLEQ_REMOVE_HEAD(reqs, next);
            QSIMPLEQ_INSERT_TAIL(&done, req, next);
            batch[n++] = &req->request;
        }
        vcd_device_execute(s->device, 0, batch, n);
    }
    virtio_cryptodev_complete(s, &done);
}

static void worker_await(VirtIOCryptodevWorker *worker)
{
    while (worker->running) {
        qemu_cond_wait(&worker->idle, &worker->lock);
    }
}

void virtio_cryptodev_drain(VirtIOCryptodev *s)
{
    VirtIOCryptodevReqs pending = QSIMPLEQ_HEAD_INITIALIZER(pending);
    VirtIOCryptodevReqs done = QSIMPLEQ_HEAD_INITIALIZER(done);
    unsigned int i, count = 0;

    for (i = 0; i < s->num_queues; i++) {
        count += s->queues[i].in_flight;
    }
    for (i = 0; i < s->num_workers; i++) {
        VirtIOCryptodevWorker *worker = s->workers[i];

        qemu_mutex_lock(&worker->lock);
        QSIMPLEQ_CONCAT(&pending, &worker->pending);
        worker_await(worker);
        QSIMPLEQ_CONCAT(&done, &worker->done);
        qemu_mutex_unlock(&worker->lock);
    }
    trace_vcd_drain(s, count);
    virtio_cryptodev_complete(s, &done);
    virtio_cryptodev_execute_here(s, &pending);
}

/* Move what belongs to the queue (NULL: everything) from one list to another. */
static void reqs_move(VirtIOCryptodevReqs *to, VirtIOCryptodevReqs *from,
                      const VirtIOCryptodevQueue *queue)
{
    VirtIOCryptodevReqs others = QSIMPLEQ_HEAD_INITIALIZER(others);
    VirtIOCryptodevReq *req;

    while ((req = QSIMPLEQ_FIRST(from))) {
        QSIMPLEQ_REMOVE_HEAD(from, next);
        if (!queue || req->queue == queue) {
            QSIMPLEQ_INSERT_TAIL(to, req, next);
        } else {
            QSIMPLEQ_INSERT_TAIL(&others, req, next);
        }
    }
    QSIMPLEQ_CONCAT(from, &others);
}

void virtio_cryptodev_drop(VirtIOCryptodev *s, VirtIOCryptodevQueue *queue)
{
    VirtIOCryptodevReqs dropped = QSIMPLEQ_HEAD_INITIALIZER(dropped);
    unsigned int i;

    for (i = 0; i < s->num_workers; i++) {
        VirtIOCryptodevWorker *worker = s->workers[i];

        if (queue && queue->worker != worker) {
            continue;
        }
        qemu_mutex_lock(&worker->lock);
        reqs_move(&dropped, &worker->pending, queue);
        worker_await(worker);
        reqs_move(&dropped, &worker->done, queue);
        qemu_mutex_unlock(&worker->lock);
    }
    virtio_cryptodev_detach(s, &dropped);
    for (i = 0; i < s->num_queues; i++) {
        if (!queue || queue == &s->queues[i]) {
            s->queues[i].held = false;
        }
    }
}

static void worker_free(void *opaque)
{
    VirtIOCryptodevWorker *worker = opaque;

    qemu_cond_destroy(&worker->idle);
    qemu_mutex_destroy(&worker->lock);
    if (!worker->own_iothread) {
        object_unref(OBJECT(worker->iothread));
    }
    g_free(worker);
}

/* In the IOThread: no run of run_bh is under way or will be. */
static void worker_leave(void *opaque)
{
    VirtIOCryptodevWorker *worker = opaque;

    qemu_bh_delete(worker->run_bh);
    aio_bh_schedule_oneshot(qemu_get_aio_context(), worker_free, worker);
}

static void worker_stop(VirtIOCryptodevWorker *worker)
{
    qemu_bh_delete(worker->done_bh);
    if (worker->own_iothread) {
        qemu_bh_delete(worker->run_bh);
        /* Joins the thread. */
        iothread_destroy(worker->iothread);
        worker_free(worker);
    } else {
        aio_bh_schedule_oneshot(iothread_get_aio_context(worker->iothread),
                                worker_leave, worker);
    }
}

static VirtIOCryptodevWorker *worker_start(VirtIOCryptodev *s,
                                           unsigned int number, Error **errp)
{
    VirtIOCryptodevWorker *worker = g_new0(VirtIOCryptodevWorker, 1);

    worker->dev = s;
    worker->number = number;
    if (s->iothread) {
        worker->iothread = s->iothread;
        object_ref(OBJECT(worker->iothread));
    } else {
        g_autofree char *id = g_strdup_printf("vcd%u-%p", number, s);

        worker->iothread = iothread_create(id, errp);
        if (!worker->iothread) {
            g_free(worker);
            return NULL;
        }
        worker->own_iothread = true;
    }
    qemu_mutex_init(&worker->lock);
    qemu_cond_init(&worker->idle);
    QSIMPLEQ_INIT(&worker->pending);
    QSIMPLEQ_INIT(&worker->done);
    worker->run_bh = aio_bh_new(iothread_get_aio_context(worker->iothread),
                                worker_run, worker);
    worker->done_bh = virtio_bh_new_guarded(DEVICE(s), worker_done, worker);
    return worker;
}

bool virtio_cryptodev_workers_start(VirtIOCryptodev *s, Error **errp)
{
    unsigned int i;

    s->workers = g_new0(VirtIOCryptodevWorker *, s->num_workers);
    for (i = 0; i < s->num_workers; i++) {
        /* Number 0 is who holds the BQL. */
        s->workers[i] = worker_start(s, i + 1, errp);
        if (!s->workers[i]) {
            virtio_cryptodev_workers_stop(s);
            return false;
        }
    }
    for (i = 0; i < s->num_queues; i++) {
        s->queues[i].worker = s->workers[i % s->num_workers];
    }
    return true;
}

void virtio_cryptodev_workers_stop(VirtIOCryptodev *s)
{
    unsigned int i;

    for (i = 0; i < s->num_workers && s->workers[i]; i++) {
        worker_stop(s->workers[i]);
    }
    g_free(s->workers);
    s->workers = NULL;
}
