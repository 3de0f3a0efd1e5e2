/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-cryptodev-worker.c - threads that execute requests, and waiting for
 * them.
 *
 * A worker is a thread of ours, or a bottom half in the IOThread that iothread=
 * names. Both execute a batch and put it on the done list. Then our thread takes the
 * BQL and answers; in an IOThread that is forbidden, since the main loop, BQL
 * held, waits for IOThreads on behalf of other devices, so there a bottom half of
 * the main loop answers. The IOThread's bottom half does one batch at a time, for
 * the sake of its other users.
 *
 * A worker without work frees sessions that have ended, VDEV_TIDY_SHARE at a time. It
 * touches no request then. Only the end of the device waits for that, one share.
 *
 * Waiting for a worker with the BQL held (drain, drop) is for the batch
 * outstanding only: what has not been begun is taken back. A batch computes on
 * memory, takes no lock but the library's own short ones, and so ends. A worker
 * that wants the BQL is not running in this sense: its batch is on the done
 * list already.
 *
 * The end of a worker cannot be waited for with the BQL held, then: our thread may
 * be waiting for the BQL, and a foreign IOThread for whatever its other users
 * do. Hence the worker is an object of its own that outlives the device by a
 * moment. worker->dev is cleared under the BQL; our thread looks at it under the
 * BQL, and frees the worker when it leaves; in an IOThread the worker goes
 * through it once more (worker_leave), behind any run of its bottom half, and is
 * freed in the main loop.
 */
#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "virtio-cryptodev.h"
#include "trace-hw_cryptodev.h"

/* Take a batch off the pending requests; the lock is held. */
static size_t worker_take(VirtIOCryptodevWorker *worker,
                          struct vdev_request *batch[],
                          VirtIOCryptodevReqs *taken)
{
    VirtIOCryptodevReq *req;
    uint64_t bytes = 0;
    size_t n = 0;

    while (n < VDEV_BATCH_MAX && (req = QSIMPLEQ_FIRST(&worker->pending))) {
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

/*
 * Execute a batch; the lock is held before and after. False: there was nothing to
 * do. The device stays while running is set: unrealize waits for that.
 */
static bool worker_batch(VirtIOCryptodevWorker *worker)
{
    VirtIOCryptodevReqs taken = QSIMPLEQ_HEAD_INITIALIZER(taken);
    struct vdev_request *batch[VDEV_BATCH_MAX];
    size_t n = worker_take(worker, batch, &taken);

    if (!n) {
        return false;
    }
    worker->running = true;
    qemu_mutex_unlock(&worker->lock);

    trace_vcd_batch(worker->dev, worker->number, n);
    vdev_execute(worker->dev->device, worker->number, batch, n);

    qemu_mutex_lock(&worker->lock);
    QSIMPLEQ_CONCAT(&worker->done, &taken);
    worker->running = false;
    qemu_cond_broadcast(&worker->idle);
    return true;
}

/*
 * Free some sessions that have ended, when nothing is pending; the lock is held
 * before and after. False: there is none that can be freed now. As the worker of a
 * batch that was outstanding comes here as well, none is forgotten.
 */
static bool worker_tidy(VirtIOCryptodevWorker *worker)
{
    struct vdev *device;
    bool some;

    if (!worker->dev || !QSIMPLEQ_EMPTY(&worker->pending)) {
        return false;
    }
    device = worker->dev->device;
    if (vdev_is_tidy(device)) {
        return false;
    }
    /* The device stays: worker_stop() waits. */
    worker->tidying = true;
    qemu_mutex_unlock(&worker->lock);

    some = vdev_tidy(device);

    qemu_mutex_lock(&worker->lock);
    worker->tidying = false;
    qemu_cond_broadcast(&worker->idle);
    return some;
}

/* Wipe the plaintext of requests that it has in scratch memory; with the lock.
 * */
static void worker_rest(VirtIOCryptodevWorker *worker)
{
    if (worker->dev) {
        vdev_rest(worker->dev->device, worker->number);
    }
}

/* In the IOThread, without the BQL. */
static void worker_run(void *opaque)
{
    VirtIOCryptodevWorker *worker = opaque;

    qemu_mutex_lock(&worker->lock);
    if (worker_batch(worker)) {
        /* Once more in any case: there is what to do, to tidy, or to wipe. */
        qemu_bh_schedule(worker->run_bh);
        /* Gone when the device is; then there is nothing to answer either. */
        if (worker->done_bh) {
            qemu_bh_schedule(worker->done_bh);
        }
    } else if (worker_tidy(worker)) {
        qemu_bh_schedule(worker->run_bh);
    } else {
        worker_rest(worker);
    }
    qemu_mutex_unlock(&worker->lock);
}

static void worker_free(void *opaque)
{
    VirtIOCryptodevWorker *worker = opaque;

    qemu_cond_destroy(&worker->work);
    qemu_cond_destroy(&worker->idle);
    qemu_mutex_destroy(&worker->lock);
    if (worker->iothread) {
        object_unref(OBJECT(worker->iothread));
    }
    g_free(worker);
}

/* Our own thread. */
static void *worker_thread(void *opaque)
{
    VirtIOCryptodevWorker *worker = opaque;

    rcu_register_thread();
    qemu_mutex_lock(&worker->lock);
    while (!worker->quit) {
        worker_batch(worker);
        if (!QSIMPLEQ_EMPTY(&worker->done)) {
            qemu_mutex_unlock(&worker->lock);
            vcd_bql_lock();
            if (worker->dev) {
                virtio_cryptodev_reap(worker);
            }
            vcd_bql_unlock();
            qemu_mutex_lock(&worker->lock);
        } else if (worker_tidy(worker)) {
            continue;
        } else if (QSIMPLEQ_EMPTY(&worker->pending) && !worker->quit) {
            worker_rest(worker);
            qemu_cond_wait(&worker->work, &worker->lock);
        }
    }
    qemu_mutex_unlock(&worker->lock);
    rcu_unregister_thread();
    worker_free(worker);
    return NULL;
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
    qemu_cond_signal(&worker->work);
    qemu_mutex_unlock(&worker->lock);
    if (worker->run_bh) {
        qemu_bh_schedule(worker->run_bh);
    }
}

void virtio_cryptodev_execute_here(VirtIOCryptodev *s,
                                   VirtIOCryptodevReqs *reqs)
{
    VirtIOCryptodevReqs done = QSIMPLEQ_HEAD_INITIALIZER(done);
    struct vdev_request *batch[VDEV_BATCH_MAX];
    VirtIOCryptodevReq *req;

    while (!QSIMPLEQ_EMPTY(reqs)) {
        size_t n = 0;

        while (n < VDEV_BATCH_MAX && (req = QSIMPLEQ_FIRST(reqs))) {
            QSIMPLEQ_REMOVE_HEAD(reqs, next);
            QSIMPLEQ_INSERT_TAIL(&done, req, next);
            batch[n++] = &req->request;
        }
        vdev_execute(s->device, 0, batch, n);
    }
    vdev_rest(s->device, 0);
    virtio_cryptodev_complete(s, &done);
    virtio_cryptodev_tidy(s);
}

void virtio_cryptodev_tidy(VirtIOCryptodev *s)
{
    VirtIOCryptodevWorker *worker;

    if (!s->workers || vdev_is_tidy(s->device)) {
        return;
    }
    worker = s->workers[0];
    qemu_mutex_lock(&worker->lock);
    qemu_cond_signal(&worker->work);
    qemu_mutex_unlock(&worker->lock);
    if (worker->run_bh) {
        qemu_bh_schedule(worker->run_bh);
    }
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

/* Move what belongs to the queue (NULL: everything) from one list to another.
 * */
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

/* In the IOThread: no run of run_bh is outstanding or will be. */
static void worker_leave(void *opaque)
{
    VirtIOCryptodevWorker *worker = opaque;

    qemu_bh_delete(worker->run_bh);
    aio_bh_schedule_oneshot(qemu_get_aio_context(), worker_free, worker);
}

static void worker_stop(VirtIOCryptodevWorker *worker)
{
    IOThread *iothread = worker->iothread;
    QEMUBH *done_bh = worker->done_bh;

    qemu_mutex_lock(&worker->lock);
    worker->dev = NULL;
    worker->done_bh = NULL;
    while (worker->tidying) {
        qemu_cond_wait(&worker->idle, &worker->lock);
    }
    worker->quit = true;
    qemu_cond_signal(&worker->work);
    qemu_mutex_unlock(&worker->lock);
    /* From here on our own thread may have freed it. */
    if (iothread) {
        qemu_bh_delete(done_bh);
        aio_bh_schedule_oneshot(iothread_get_aio_context(iothread),
                                worker_leave, worker);
    }
}

static VirtIOCryptodevWorker *worker_start(VirtIOCryptodev *s,
                                           unsigned int number)
{
    VirtIOCryptodevWorker *worker = g_new0(VirtIOCryptodevWorker, 1);
    QemuThread thread;

    worker->dev = s;
    worker->number = number;
    qemu_mutex_init(&worker->lock);
    qemu_cond_init(&worker->idle);
    qemu_cond_init(&worker->work);
    QSIMPLEQ_INIT(&worker->pending);
    QSIMPLEQ_INIT(&worker->done);
    if (s->iothread) {
        worker->iothread = s->iothread;
        object_ref(OBJECT(worker->iothread));
        worker->run_bh = aio_bh_new(iothread_get_aio_context(s->iothread),
                                    worker_run, worker);
        worker->done_bh = virtio_bh_new_guarded(DEVICE(s), worker_done, worker);
    } else {
        qemu_thread_create(&thread, "vcd-worker", worker_thread, worker,
                           QEMU_THREAD_DETACHED);
    }
    return worker;
}

void virtio_cryptodev_workers_start(VirtIOCryptodev *s)
{
    unsigned int i;

    s->workers = g_new0(VirtIOCryptodevWorker *, s->num_workers);
    for (i = 0; i < s->num_workers; i++) {
        /* Number 0 is who holds the BQL. */
        s->workers[i] = worker_start(s, i + 1);
    }
    for (i = 0; i < s->num_queues; i++) {
        s->queues[i].worker = s->workers[i % s->num_workers];
    }
}

void virtio_cryptodev_workers_stop(VirtIOCryptodev *s)
{
    unsigned int i;

    for (i = 0; i < s->num_workers; i++) {
        worker_stop(s->workers[i]);
    }
    g_free(s->workers);
    s->workers = NULL;
}
