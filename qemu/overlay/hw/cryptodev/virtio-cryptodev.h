/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-cryptodev.h - the device's state, shared by its files:
 *
 *   virtio-cryptodev.c         QOM object, properties, status, migration
 *   virtio-cryptodev-ring.c    virtqueues: pop, execute inline, push
 *   virtio-cryptodev-worker.c  threads that execute, and waiting for them
 *   virtio-cryptodev-stats.c   counters
 *   virtio-cryptodev-pci.c     the PCI function
 *   vcd-device.c, vcd-pci.c    what vhost-user-cryptodev has as well
 *
 * The vcdengine library ("device/device.h") interprets requests; the vhost-user
 * daemon uses it too.
 *
 * Theory of operation
 *
 * Everything that touches a virtqueue runs under the big QEMU lock (BQL): in a
 * vCPU's kick, or in the main loop. Everything that computes runs without it, in
 * a worker, with one exception, the bounded inline execution (below). The two
 * meet in a worker's two lists, under the worker's own lock:
 *
 *   kick (BQL)     virtqueue_pop() maps a chain; the element keeps references
 *                  on its memory until it is pushed or detached
 *                  -> worker.pending
 *   worker         takes a batch, vdev_execute(): reads and writes guest
 *                  memory through the mapping, knows nothing of virtqueues
 *                  -> worker.done
 *   answer (BQL)   fills the used ring with all that is done, publishes it once
 *                  and notifies once for each queue; by the worker's thread when it
 *                  has got the lock, by a bottom half of the main loop for a worker in
 *                  an IOThread, or by the next kick, whichever comes first
 *
 * The worker does not get the ring, unlike other devices' "dataplane":
 * mapping or unmapping a chain or a ring that a guest has put into device
 * memory takes the BQL. A reset waits for the device's threads with the BQL
 * held. A guest could bring the two together and QEMU would hang. This worker
 * needs no BQL while it executes requests. So a thread that waits for it with
 * the BQL held waits for one batch, which is bounded in bytes.
 *
 * Inline execution: waking two threads costs more than a small request
 * takes. A request of up to inline-max bytes is executed in the kick itself;
 * when the guest's store to the notify register retires, the reply is there.
 * The BQL is held meanwhile (it cannot be dropped inside a register access: other
 * vCPUs' accesses to this device would be refused as re-entrant). Therefore a
 * kick executes at most VCD_INLINE_REQUESTS requests and four times inline-max
 * bytes; what is beyond goes to the worker, and what is beyond the worker's
 * share (VCD_IN_FLIGHT) stays in the ring. A guest that kicks all the time
 * holds the lock for some microseconds at a time and lets go of it between,
 * as with any register access that is emulated. Only engines that compute in
 * the calling thread are used inline, never one that may sleep in the host.
 *
 * Sessions that have ended are freed by workers without work, some at a time, and
 * before they rest; who holds the BQL frees a few at most, even when a reset or a
 * HELLO has ended thousands of them.
 *
 * Invariants
 * - BQL: the virtqueues, every VirtIOCryptodevQueue, worker 0 of the library.
 * - worker->lock: pending, done, running, quit. Taken under the BQL or without it;
 *   the BQL is never taken under it. worker->dev is cleared under both.
 * - A request is in exactly one place: pending, a worker's batch, done, or in
 *   the hands of a function that holds the BQL. queue->in_flight counts the first
 *   three.
 * - While the VM is stopped, no request is outstanding (drained), so none is in
 *   the migration stream. Nor is a session: the destination answers STALE and
 *   the driver makes it again. Its epoch differs.
 * - After a reset no worker touches guest memory for a request from before.
 */
#ifndef HW_VIRTIO_CRYPTODEV_H
#define HW_VIRTIO_CRYPTODEV_H

#include "hw/virtio/virtio.h"
#include "qemu/queue.h"
#include "qemu/thread.h"
#include "qom/object.h"
#include "vcd-device.h"

#include "device/device.h"
#include "engine/engine.h"

#define TYPE_VIRTIO_CRYPTODEV "virtio-cryptodev-device"
OBJECT_DECLARE_SIMPLE_TYPE(VirtIOCryptodev, VIRTIO_CRYPTODEV)

#define VCD_AUTO_WORKERS 0

/* Requests of one queue that may be with its worker at one time. */
#define VCD_IN_FLIGHT 64u
/* A worker's batch ends when it has this many bytes, or VDEV_BATCH_MAX
 * requests. */
#define VCD_BATCH_BYTES (1u << 20)
/* Inline, for each kick: requests, and multiples of inline-max. */
#define VCD_INLINE_REQUESTS 16u
#define VCD_INLINE_SHARE 4u

typedef struct VirtIOCryptodevQueue VirtIOCryptodevQueue;
typedef struct VirtIOCryptodevWorker VirtIOCryptodevWorker;

/* A popped chain; freed by g_free(). */
typedef struct VirtIOCryptodevReq {
    VirtQueueElement elem; /* first, as virtqueue_pop() wants it */
    VirtIOCryptodevQueue *queue;
    uint64_t in_bytes;  /* readable for the device */
    uint64_t out_bytes; /* writable */
    struct vdev_request request;
    QSIMPLEQ_ENTRY(VirtIOCryptodevReq) next;
} VirtIOCryptodevReq;

typedef QSIMPLEQ_HEAD(, VirtIOCryptodevReq) VirtIOCryptodevReqs;

struct VirtIOCryptodevQueue {
    VirtIOCryptodev *dev;
    VirtQueue *vq;
    unsigned int index;
    VirtIOCryptodevWorker *worker;
    int num; /* entries when its memory was mapped; 0: not known yet */
    unsigned int in_flight;
    bool held;    /* in_flight is at its limit and notifications are off */
    bool serving; /* queue_serve() is on the stack */
    unsigned int filled; /* elements filled in and not yet published */
    uint64_t kicks;
    uint64_t notifies;
};

struct VirtIOCryptodevWorker {
    VirtIOCryptodev *dev;
    unsigned int number; /* in the library; 0 is who holds the BQL */
    IOThread *iothread; /* NULL: a thread of our own */
    QEMUBH *run_bh; /* in the iothread */
    QEMUBH *done_bh; /* in the main loop, for a worker in an iothread */
    QemuMutex lock;
    QemuCond work; /* pending, quit; for our own thread */
    QemuCond idle; /* running, tidying */
    VirtIOCryptodevReqs pending;
    VirtIOCryptodevReqs done;
    bool running; /* a batch */
    bool tidying; /* freeing sessions; a reset need not wait for that */
    bool quit;
};

struct VirtIOCryptodev {
    VirtIODevice parent_obj;

    /* properties */
    char *engine_name;
    uint16_t num_queues;
    uint16_t queue_size;
    uint16_t virtio_id;
    uint16_t num_workers;
    uint32_t max_sessions;
    uint32_t max_request;
    uint32_t inline_max;
    uint32_t poll_us;
    IOThread *iothread;

    struct engine *engine;
    struct vdev *device;
    VirtIOCryptodevQueue *queues;
    VirtIOCryptodevWorker **workers;

    bool active; /* the VM runs and the driver is ready */
    QEMUBH *broken_bh; /* tells the driver that the device is */

    uint32_t epoch_lag; /* added to the library's: grows when a state is loaded */
    bool config_changed; /* the driver is to be told when the VM runs */
    struct vcd_config peer; /* while a state is loaded: the source's config */

    uint64_t inline_requests;
    uint64_t worker_requests;
    uint64_t dropped;
    uint64_t held;
};

/* virtio-cryptodev-ring.c; all under the BQL */

/* handle_output of every queue. */
void virtio_cryptodev_handle_output(VirtIODevice *vdev, VirtQueue *vq);

/* Remember how many entries a queue has now; @queue NULL: all, where not known.
 * */
void virtio_cryptodev_note_num(VirtIOCryptodev *s, VirtIOCryptodevQueue *queue);

/* Look at all queues: requests may be there that nobody will kick for. */
void virtio_cryptodev_resume(VirtIOCryptodev *s);

/* Push requests, publish, notify, and pop what had to wait in the ring. */
void virtio_cryptodev_complete(VirtIOCryptodev *s, VirtIOCryptodevReqs *done);

/* Forget requests without an answer: their queue is being reset. */
void virtio_cryptodev_detach(VirtIOCryptodev *s, VirtIOCryptodevReqs *reqs);

/* virtio-cryptodev-worker.c; all under the BQL */

/* Make the threads; the queues are there. */
void virtio_cryptodev_workers_start(VirtIOCryptodev *s);

/* End them; nothing is outstanding. */
void virtio_cryptodev_workers_stop(VirtIOCryptodev *s);

/* Hand popped requests over; the list is empty afterwards. */
void virtio_cryptodev_submit(VirtIOCryptodevWorker *worker,
                             VirtIOCryptodevReqs *reqs);

/* Answer what a worker has done so far. */
void virtio_cryptodev_reap(VirtIOCryptodevWorker *worker);

/* Execute and answer a list in the calling thread. */
void virtio_cryptodev_execute_here(VirtIOCryptodev *s,
                                   VirtIOCryptodevReqs *reqs);

/* Have a worker free the sessions that have ended, if there are any. */
void virtio_cryptodev_tidy(VirtIOCryptodev *s);

/* Execute and answer everything that is outstanding. */
void virtio_cryptodev_drain(VirtIOCryptodev *s);

/* Drop everything outstanding, of one queue or (NULL) of all. */
void virtio_cryptodev_drop(VirtIOCryptodev *s, VirtIOCryptodevQueue *queue);

/* virtio-cryptodev-stats.c: adds the property "stats". */
void virtio_cryptodev_stats_init(ObjectClass *klass);

#endif /* HW_VIRTIO_CRYPTODEV_H */
