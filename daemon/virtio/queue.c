/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * queue.c - the split virtqueue (virtio 1.x, 2.7), device side.
 *
 * Theory of operation
 * -------------------
 * A queue is *active* (served by its thread) while it has a kick descriptor, is
 * enabled, is not broken, and its rings lie in guest memory. queue_update() is
 * the one place that decides this; the control thread calls it after whatever
 * changed one of these.
 *
 * The thread serves it in batches: read the available index once, translate up to
 * VDEV_BATCH_MAX chains, execute them all, write all used entries, publish them
 * by one store of the used index, and signal once if the driver wants it. A
 * batch is limited in bytes as well, and to half of what the driver has under way: a
 * driver with a deep queue gets its first replies, and refills the ring, while the rest
 * is being worked on, and the control thread waits for the lock for a bounded time. A few
 * requests, or as many as a multi-buffer engine has lanes, are not divided, and as long
 * as a batch does not fill the lanes it may have more bytes: as many as take a quarter
 * of a millisecond at the pace of the batch before.
 *
 * A slow queue's requests wait for the key service, all of a batch at the same time. Such a batch
 * has all that the driver has sent, and the lock may be held for as long as the service's patience, or
 * until the control thread wants it (vm_lock_queue()).
 *
 * Kicks are suppressed while we work: with EVENT_IDX by leaving avail_event
 * behind, otherwise by NO_NOTIFY. When the ring is empty, it is *armed*: kicks
 * are asked for, and then the available index is read again, with a full barrier
 * between, which pairs with the driver's barrier between its store of the index
 * and its look at avail_event. So either the driver sees that we want a kick, or
 * we see its entry. The other direction is the same: used index, barrier,
 * used_event.
 *
 * The position is one index for both rings, because requests are completed in order and a batch is
 * completed before the lock is released. It is kept in the ledger as well (ledger.h). A queue that
 * begins to be served, and also one that a worker takes over, writes the used index of its position
 * and signals once: a dead worker may not have come to either.
 *
 * Locks
 * -----
 * A serving thread holds `lock` for a batch and takes it again at once. With a plain mutex it would
 * win every time against a control thread that has to wake up first. So every thread goes through
 * `turnstile`, which is held only while waiting for `lock`: a control thread that waits there keeps
 * the serving thread out.
 * Order: turnstile, then lock; several queues in order of their index, first the turnstiles
 * of all, then the locks: a serving thread holds a turnstile only while it waits for its
 * queue's lock, and no thread that has that lock waits for a turnstile.
 *
 * Invariants
 * - An index or head from the ring is read once, and compared with num.
 * - next is private: the guest cannot move it. The used index is never read from the ring.
 * - Every batch is complete before the lock is released: a queue that is locked
 *   has no request in flight.
 * - A broken ring is left alone until the driver stops the queue; it does not
 *   touch other queues.
 */
#include "daemon/virtio/queue.h"

#include <endian.h>
#include <errno.h>
#include <linux/vhost_types.h>
#include <linux/virtio_config.h>
#include <poll.h>
#include <string.h>
#include <sys/param.h>

#include "daemon/recovery/crash.h"
#include "daemon/virtio/queue_log.h"
#include "common/log.h"
#include "common/util.h"

void queue_init(struct queue *queue, unsigned int index, struct ledger_queue *ledger)
{
	*queue = (struct queue){
	    .index = index, .ledger = ledger, .kick_fd = -1, .call_fd = -1, .err_fd = -1};
	pthread_mutex_init(&queue->turnstile, NULL);
	pthread_mutex_init(&queue->lock, NULL);
}

void queue_destroy(struct queue *queue)
{
	close_fd(&queue->kick_fd);
	close_fd(&queue->call_fd);
	close_fd(&queue->err_fd);
	pthread_mutex_destroy(&queue->lock);
	pthread_mutex_destroy(&queue->turnstile);
}

void queue_hold(struct queue *queue)
{
	pthread_mutex_lock(&queue->turnstile);
}

void queue_lock_held(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	pthread_mutex_unlock(&queue->turnstile);
}

void queue_lock(struct queue *queue)
{
	queue_hold(queue);
	queue_lock_held(queue);
}

void queue_unlock(struct queue *queue)
{
	pthread_mutex_unlock(&queue->lock);
}

static uint16_t load_idx(const __virtio16 *p)
{
	return le16toh(__atomic_load_n(p, __ATOMIC_ACQUIRE));
}

static void store_idx(__virtio16 *p, uint16_t value)
{
	__atomic_store_n(p, htole16(value), __ATOMIC_RELEASE);
}

/* The driver's used_event follows the available ring, the device's avail_event the used ring. */
static __virtio16 *used_event(const struct queue *queue)
{
	return &queue->avail->ring[queue->num];
}

static __virtio16 *avail_event(const struct queue *queue)
{
	return (__virtio16 *)&queue->used->ring[queue->num];
}

/* ---- signals -------------------------------------------------------------------------- */

/*
 * Eventfd, or what user-mode Linux gives for one: exactly 8 bytes, not blocking: the front end
 * has it too, and may undo what made it so, hence the question before. When it is full, the other
 * side has a signal to see already; when it is broken, the front end is about to go.
 */
static void signal_fd(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	const uint64_t one = 1;

	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
		return;
	if (write(fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_limited(LOG_DEBUG, "cannot signal the front end: %m");
}

static void signal_driver(struct queue *queue)
{
	if (queue->call_fd < 0) {
		queue->call_missed = true;
		return;
	}
	signal_fd(queue->call_fd);
	counter_add(&queue->ledger->notifications, 1);
}

void queue_set_call(struct queue *queue, int fd)
{
	close_fd(&queue->call_fd);
	queue->call_fd = fd;
	if (fd >= 0 && queue->call_missed) {
		queue->call_missed = false;
		signal_driver(queue);
	}
}

static void set_active(struct queue *queue, bool active)
{
	__atomic_store_n(&queue->active, active, __ATOMIC_RELAXED);
}

/* It is not served any more until the driver stops it. */
static void queue_break(struct queue *queue)
{
	queue->broken = true;
	set_active(queue, false);
	counter_add(&queue->ledger->ring_errors, 1);
	if (queue->err_fd >= 0)
		signal_fd(queue->err_fd);
}

/* ---- state ---------------------------------------------------------------------------- */

static bool aligned(const void *p, uintptr_t to)
{
	return ((uintptr_t)p & (to - 1)) == 0;
}

/* Find the three rings in our address space. */
static int locate(struct queue *queue, const struct memory *memory, bool event_idx)
{
	uint64_t num = queue->num;
	uint64_t event = event_idx ? sizeof(__virtio16) : 0;
	void *desc = memory_user(memory, queue->desc_user, num * sizeof(struct vring_desc));
	void *avail = memory_user(memory, queue->avail_user,
				  sizeof(struct vring_avail) + num * sizeof(__virtio16) + event);
	void *used =
	    memory_user(memory, queue->used_user,
			sizeof(struct vring_used) + num * sizeof(struct vring_used_elem) + event);

	if (!desc || !avail || !used)
		return -EFAULT;
	if (!aligned(desc, VRING_DESC_ALIGN_SIZE) || !aligned(avail, VRING_AVAIL_ALIGN_SIZE) ||
	    !aligned(used, VRING_USED_ALIGN_SIZE))
		return -EINVAL;
	queue->desc = desc;
	queue->avail = avail;
	queue->used = used;
	queue->event_idx = event_idx;
	return 0;
}

/* Entries of the available ring that are not taken yet, or -EINVAL. */
static int pending(const struct queue *queue)
{
	uint16_t n = (uint16_t)(load_idx(&queue->avail->idx) - queue->next);

	return n <= queue->num ? n : -EINVAL;
}

/* The head that is @ahead entries further on in the available ring, not checked. */
static uint16_t ring_head(const struct queue *queue, unsigned int ahead)
{
	return load_idx(&queue->avail->ring[(queue->next + ahead) & (queue->num - 1)]);
}

/*
 * Note what a dead worker may have written of requests that are not finished. They will be executed
 * again, but perhaps on another machine, after this one's memory was copied.
 */
static void log_outstanding(struct queue *queue, const struct memory *memory)
{
	struct memory_cursor cursor = memory_cursor(memory, queue->region);
	const struct chain_source source = {
	    .memory = memory,
	    .cursor = &cursor,
	    .desc = queue->desc,
	    .num = queue->num,
	    .max_segments = VDEV_DEFAULT_MAX_SEGMENTS,
	};
	struct iovec iov[CHAIN_ROOM(VDEV_DEFAULT_MAX_SEGMENTS)];
	int left = pending(queue);
	struct chain chain;

	for (int i = 0; i < left && i < VDEV_BATCH_MAX; i++) {
		if (chain_walk(&source, ring_head(queue, (unsigned int)i), iov, &chain) < 0)
			return;
		queue_log_writable(memory, chain.out, chain.out_count);
	}
}

/*
 * A queue that completes in order has one position: at a batch border, the index of the next used
 * entry is that of the next request. A dead worker may not have stored the index in the ring, or not
 * have signalled the driver. One signal too many does no harm.
 */
static void begin(struct queue *queue, const struct memory *memory)
{
	store_idx(&queue->used->flags, 0);
	queue->signalled_valid = false;
	store_idx(&queue->used->idx, queue->next);
	queue_log_index(queue, memory);
	signal_driver(queue);
}

int queue_update(struct queue *queue, const struct memory *memory, uint64_t features)
{
	bool was_active = queue->active;
	bool wanted = queue->kick_fd >= 0 && queue->enabled && !queue->broken && queue->num &&
		      queue->placed && (features & (1ull << VIRTIO_F_VERSION_1));
	/* The log may come after the feature: what is written before could not be noted. */
	bool can_log = !(features & (1ull << VHOST_F_LOG_ALL)) || memory->log;
	int err;

	set_active(queue, false);
	if (!wanted || !can_log)
		return 0;
	err = locate(queue, memory, features & (1ull << VIRTIO_RING_F_EVENT_IDX));
	/* When its map comes back it goes on where it was. */
	if (err)
		return err;
	if (memory->log && !queue_log_covers(queue, memory))
		return -ENOSPC;
	if (!was_active)
		begin(queue, memory);
	queue->armed = false;
	set_active(queue, true);
	return 0;
}

uint16_t queue_stop(struct queue *queue)
{
	set_active(queue, false);
	queue->broken = false;
	queue->call_missed = false;
	close_fd(&queue->kick_fd);
	return queue->next;
}

void queue_set_base(struct queue *queue, uint16_t index)
{
	queue->next = index;
	queue->ledger->base = (uint16_t)(index - queue->ledger->done);
}

void queue_resume(struct queue *queue, const struct memory *memory)
{
	struct ledger_queue *ledger = queue->ledger;

	queue->next = (uint16_t)(ledger->base + ledger->done);
	/* Also if it is broken now: what its requests wrote stays. */
	if (memory->log && queue->num && queue->placed && locate(queue, memory, false) == 0)
		log_outstanding(queue, memory);
	queue->careful = ledger->strikes > 0 && ledger->strike_done == ledger->done;
	if (!queue->careful || ledger->strikes < LEDGER_STRIKES)
		return;
	log_msg(LOG_ERROR, "queue %u stopped: %u workers died in its request", queue->index,
		ledger->strikes);
	queue_break(queue);
}

void queue_reset(struct queue *queue)
{
	queue_stop(queue);
	close_fd(&queue->call_fd);
	close_fd(&queue->err_fd);
	queue->num = 0;
	queue->placed = false;
	queue->log_ring = false;
	queue->enabled = false;
	queue_set_base(queue, 0);
}

static const char *ring_error_text(int err)
{
	switch (err) {
	case -EINVAL:
		return "an index is out of range";
	case -ELOOP:
		return "a chain is longer than the queue";
	case -EFAULT:
		return "an address is not in guest memory";
	case -EBADMSG:
		return "a readable descriptor follows a writable one";
	case -EPROTO:
		return "a bad indirect table";
	case -ENXIO:
		return "the front end made the guest's memory shorter, or the log of dirty pages";
	default:
		return "unknown reason";
	}
}

static void ring_broken(struct queue *queue, int err)
{
	log_limited(LOG_WARN, "queue %u stopped: its driver broke the ring: %s", queue->index,
		    ring_error_text(err));
	queue_break(queue);
}

/* ---- the data path -------------------------------------------------------------------- */

/* Ask for a kick, and say whether something came before the driver could know. */
static int arm(struct queue *queue, const struct memory *memory)
{
	if (queue->event_idx)
		store_idx(avail_event(queue), queue->next);
	else
		store_idx(&queue->used->flags, 0);
	if (memory->log)
		queue_log_armed(queue, memory);
	queue->armed = true;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return pending(queue);
}

static void disarm(struct queue *queue, const struct memory *memory)
{
	/* With EVENT_IDX, next moving past avail_event is all it takes. */
	if (queue->armed && !queue->event_idx) {
		store_idx(&queue->used->flags, VRING_USED_F_NO_NOTIFY);
		queue_log_index(queue, memory);
	}
	queue->armed = false;
}

static bool batch_complete(const struct queue *queue, const struct queue_batch *batch)
{
	if (batch->n == VDEV_BATCH_MAX || batch->iov_used > QUEUE_BATCH_IOVS / 2)
		return true;
	/* The time of a slow batch does not depend on its bytes. More than this cannot be undone. */
	if (queue->slow)
		return batch->bytes >= BATCH_BYTES_HIGH;
	return batch_policy_full(&queue->policy, batch->n, batch->bytes, batch->lanes);
}

/* How many of @left requests the next batch may have. */
static unsigned int batch_size(const struct queue *queue, unsigned int left,
			       const struct queue_batch *batch)
{
	if (queue->careful)
		return 1;
	/* What the keeper does not have yet, it cannot work on. */
	return queue->slow ? left : batch_policy_requests(&queue->policy, left, batch->lanes);
}

/*
 * Read the next @n heads, at most a batch of them, without a check; returns how many. All at once:
 * the driver goes on writing to the same line, which would come and go with each head.
 */
static unsigned int heads_read(const struct queue *queue, unsigned int n, uint16_t *heads)
{
	n = MIN(n, (unsigned int)VDEV_BATCH_MAX);
	for (unsigned int i = 0; i < n; i++)
		heads[i] = ring_head(queue, i);
	prefetch_heads(&queue->prefetch, queue->desc, queue->num, heads, n);
	return n;
}

/* Whether a request is paid for, or there is no limit. Guests cannot change its length any more. */
static bool afford(const struct vdev *device, struct queue_batch *batch, const struct chain *chain)
{
	uint64_t cost;

	if (!batch->limited)
		return true;
	cost = vdev_cost(device, chain->in, chain->in_count);
	if (!batch->ops_left || cost > batch->cost_left) {
		batch->wants = MAX(batch->wants, cost);
		return false;
	}
	batch->ops_left--;
	batch->cost_left -= cost;
	return true;
}

static void add_request(struct queue_batch *batch, const struct chain *chain)
{
	batch->requests[batch->n] = (struct vdev_request){
	    .in = chain->in,
	    .out = chain->out,
	    .in_count = chain->in_count,
	    .out_count = chain->out_count,
	};
	batch->list[batch->n] = &batch->requests[batch->n];
	batch->iov_used += chain->in_count + chain->out_count;
	batch->bytes += chain->bytes;
	batch->n++;
}

/*
 * Take up to @n chains, and no more than are paid for. 0, or how the ring is broken after the ones
 * taken.
 */
static int gather(struct queue *queue, const struct vdev *device, const struct memory *memory,
		  unsigned int n, struct queue_batch *batch)
{
	struct memory_cursor cursor = memory_cursor(memory, queue->region);
	struct chain_source source = {
	    .memory = memory,
	    .cursor = &cursor,
	    .desc = queue->desc,
	    .num = queue->num,
	    .max_segments = VDEV_DEFAULT_MAX_SEGMENTS,
	};

	batch->n = 0;
	batch->iov_used = 0;
	batch->bytes = 0;
	n = heads_read(queue, n, batch->heads);
	while (batch->n < n && !batch_complete(queue, batch)) {
		uint16_t head = batch->heads[batch->n];
		struct chain chain;
		int err;

		prefetch_ahead(&queue->prefetch, &source, batch->heads, batch->n, n);
		err = chain_walk(&source, head, batch->iov + batch->iov_used, &chain);
		if (err)
			return err;
		if (!afford(device, batch, &chain))
			break;
		prefetch_walked(&queue->prefetch, head, &chain);
		add_request(batch, &chain);
		queue->next++;
	}
	queue->region = cursor.region;
	return 0;
}

static bool signal_due(struct queue *queue)
{
	uint16_t old = queue->signalled;
	bool valid = queue->signalled_valid;

	/* The driver must see the used index before we look what it wants. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!queue->event_idx)
		return !(load_idx(&queue->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
	queue->signalled = queue->next;
	queue->signalled_valid = true;
	return !valid || vring_need_event(load_idx(used_event(queue)), queue->next, old);
}

/*
 * Publish the batch. The store of the position is what makes it finished; see
 * ledger.h for what a death before or after it does.
 */
static void complete(struct queue *queue, const struct memory *memory,
		     const struct queue_batch *batch)
{
	struct ledger_queue *ledger = queue->ledger;
	unsigned int entry = queue->next - batch->n;

	for (unsigned int i = 0; i < batch->n; i++, entry++) {
		struct vring_used_elem *elem = &queue->used->ring[entry & (queue->num - 1)];

		elem->id = htole32(batch->heads[i]);
		elem->len = htole32(batch->requests[i].written);
	}
	if (memory->log)
		queue_log_batch(queue, memory, batch);
	crash_point(CRASH_USED);
	__atomic_store_n(&ledger->done, ledger->done + batch->n, __ATOMIC_RELEASE);
	crash_point(CRASH_FINISHED);
	store_idx(&queue->used->idx, queue->next);
	queue_log_index(queue, memory);
	crash_point(CRASH_PUBLISHED);
	queue->careful = false;
	if (signal_due(queue))
		signal_driver(queue);
}

static void carry_out(struct queue *queue, struct vdev *device, unsigned int thread,
		      const struct memory *memory, struct queue_batch *batch)
{
	if (batch->undo.thread)
		undo_begin(&batch->undo, queue->index, queue->ledger->done, memory, batch->requests,
			   batch->n);
	if (queue->slow)
		vdev_set_token(device, thread, queue->token + queue->ledger->done);
	crash_point(CRASH_EXECUTE);
	vdev_execute(device, thread, batch->list, batch->n);
	crash_point(CRASH_EXECUTED);
	prefetch_next(queue->avail, queue->next & (queue->num - 1), batch->n);
	complete(queue, memory, batch);
}

/* One batch, if there is one. Whether the ring was found empty; or an error. */
static int process_locked(struct queue *queue, struct vdev *device, unsigned int thread,
			  const struct memory *memory, struct queue_batch *batch,
			  enum queue_when_empty when_empty)
{
	int left = pending(queue);
	uint64_t begin, ns;
	int err;

	if (left < 0)
		return left;
	if (left > 0) {
		prefetch_same(&queue->prefetch, queue->desc, queue->num, (unsigned int)left);
		prefetch_write(&queue->used->ring[queue->next & (queue->num - 1)]);
		begin = now_ns();
		disarm(queue, memory);
		err = gather(queue, device, memory, batch_size(queue, (unsigned int)left, batch),
			     batch);
		if (batch->n) {
			carry_out(queue, device, thread, memory, batch);
			ns = now_ns() - begin;
			latency_add(&queue->ledger->latency, ns, batch->n);
			batch_policy_took(&queue->policy, batch->bytes, ns);
		}
		if (err)
			return err;
		left = pending(queue);
		queue->policy.outstanding = batch->n + (unsigned int)MAX(left, 0);
	}
	if (left == 0 && when_empty == QUEUE_ARM && !queue->armed)
		left = arm(queue, memory);
	return left;
}

enum queue_result queue_process(struct queue *queue, struct vdev *device, unsigned int thread,
				const struct memory *memory, struct queue_batch *batch,
				enum queue_when_empty when_empty)
{
	enum queue_result result = QUEUE_SLEEPING;
	int left;

	if (!__atomic_load_n(&queue->active, __ATOMIC_RELAXED))
		return QUEUE_SLEEPING;
	batch->lanes = vdev_engine(device)->ops->lanes;
	queue_lock(queue);
	if (queue->active) {
		left = process_locked(queue, device, thread, memory, batch, when_empty);
		/* What was done with memory that is gone was done on zeros. */
		if (memory_lost(memory)) {
			left = -ENXIO;
			result = QUEUE_LOST;
		}
		if (left < 0)
			ring_broken(queue, left);
		else if (left > 0)
			result = QUEUE_MORE;
		else if (!queue->armed)
			result = QUEUE_EMPTY;
	}
	queue_unlock(queue);
	return result;
}
