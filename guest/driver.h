/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * driver.h - structures and functions of the guest module.
 *
 * The data path, in the order of a call:
 *
 *	chardev.c	ioctl(): copy the argument in, hand it on
 *	crypt.c		CIOCCRYPT: check, cut into requests, carry IV and hash along
 *	batch.c		CIOCCRYPTBATCH: many at once, one kick
 *	async.c		CIOCASYNCCRYPT, CIOCASYNCFETCH, poll
 *	auth.c		CIOCAUTHCRYPT: AEAD, TLS, SRTP
 *	session.c	sessions; making one again when the device lost it
 *	transfer.c	one request's payload: copied beside the header, or pages
 *	buffer.c	the caller's pages, pinned or copied
 *	request.c	one request: header, buffers, reply; life and death
 *	queue.c		virtqueues: add, kick, wait, complete
 *	share.c		how much of a queue one process may have
 *	wire.c		the bytes of headers and replies
 *
 * and main.c for the module and the virtio device, stats.c and trace.h for
 * those who want to watch.
 *
 * Objects and who keeps them
 *
 *	vcd_device	by the virtio device while bound, by every open file
 *	vcd_file	by its struct file; owns the sessions
 *	vcd_session	by its file, by each call that uses it, by the reaper
 *	vcd_share	by the files, sessions and requests of a process
 *	vcd_req_ctx	by its caller, and by the device from the moment it is in
 *			the ring until the device gives it back. A caller that is
 *			killed or out of patience drops its part and leaves.
 *
 * Locks, outermost first: file->async_lock (mutex), session->serial (mutex, one
 * chained operation at a time), session->remake (mutex), queue->lock (spinlock, irqs off; ring,
 * shares and counters). dev->shares_lock and dev->reap_lock are held for a list
 * only, with no other lock taken inside. Nobody sleeps under a spinlock, nobody waits without end.
 */
#ifndef VCD_GUEST_DRIVER_H
#define VCD_GUEST_DRIVER_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/refcount.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/virtio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "cryptodev.h"
#include "wire.h"

/* A request never carries more than this, whatever the device would take. */
#define VCD_DRV_MAX_REQUEST	(1024u * 1024)
/* Most that vcd_copybreak lets lie next to the header: one descriptor each way. */
#define VCD_COPY_MAX		4096u
/* Descriptors that a device has to take in one chain: without, nothing works. */
#define VCD_MIN_SEGMENTS	4u
/* Times a lost session is made again for one request before giving up. */
#define VCD_REMAKE_MAX		4
/* Operations of a CIOCCRYPTBATCH that are in flight at one time. */
#define VCD_BATCH_WINDOW	64u

/**
 * struct vcd_alg - sizes of an algorithm
 * @id: enum cryptodev_crypto_op_t
 * @block_size: data lengths are a multiple of it
 * @iv_len: bytes of IV a program gives, 0 for none
 * @digest_len: bytes of digest or tag, 0 for a plain cipher
 */
struct vcd_alg {
	u32 id;
	u8 block_size;
	u8 iv_len;
	u8 digest_len;
};

/**
 * struct vcd_queue_stats - what happened on a queue since the device was bound
 * @requests: put into the ring
 * @bytes: of data they had, the larger direction of each
 * @kicks: times the device was notified
 * @polled: requests that came back while their owner polled
 * @slept: requests that came back while their owner slept, did not wait, or had left
 * @timeouts: callers that left after timeout_ms
 * @share_waits: requests that waited because their process had its share
 * @room_waits: requests that waited because the ring was full
 * @in_flight: requests in the ring
 */
struct vcd_queue_stats {
	u64 requests;
	u64 bytes;
	u64 kicks;
	u64 polled;
	u64 slept;
	u64 timeouts;
	u64 share_waits;
	u64 room_waits;
	unsigned int in_flight;
};

/**
 * struct vcd_queue - one virtqueue
 * @dev: device it belongs to
 * @lock: protects everything below and every use of @vq
 * @vq: the virtqueue; NULL when the device is gone or frozen
 * @size: descriptors of the ring
 * @sleepers: requests in the ring whose owner sleeps, or has left: while there
 *	are any, the device must interrupt
 * @progress: counts times the device gave something back
 * @notifying: callers between dropping @lock and having notified the device
 * @turns: callers waiting for free descriptors, first come first served
 * @misses: polls in a row that did not pay, see queue.c
 * @skip: callers that sleep at once before the next one polls again
 * @stats: counters
 */
struct vcd_queue {
	struct vcd_device *dev;
	spinlock_t lock; /* ring and counters */
	struct virtqueue *vq;
	unsigned int size;
	unsigned int sleepers;
	unsigned int progress;
	atomic_t notifying;
	struct list_head turns;
	unsigned int misses;
	unsigned int skip;
	struct vcd_queue_stats stats;
} ____cacheline_aligned_in_smp;

/**
 * struct vcd_device - one virtio device
 * @vdev: the virtio device; NULL once removed
 * @ref: the binding, each open file
 * @index: N of /dev/cryptodevN
 * @misc: that node
 * @name: its name
 * @list: in vcd_devices
 * @gone: removed: every call fails with ENODEV
 * @queues: request queues
 * @num_queues: of them
 * @max_request: payload bytes of a request, each direction
 * @max_segments: descriptors of a request
 * @ciphers: bit map of ciphers the device has
 * @macs: bit map of hashes and MACs
 * @aeads: bit map of AEADs
 * @reap: destroys sessions that nobody waits for
 * @reap_lock: protects @reap_list and @reaping
 * @reap_list: sessions to destroy
 * @reaping: the reaper has one in hand
 * @reaped: woken when nothing is left to reap
 * @shares_lock: protects @shares
 * @shares: of the processes that have the device open
 * @sessions: sessions there are
 * @sessions_made: that were made
 * @remakes: times that one was made again
 * @debugfs: directory with the statistics
 */
struct vcd_device {
	struct virtio_device *vdev;
	struct kref ref;
	int index;
	struct miscdevice misc;
	char name[24];
	struct list_head list;
	bool gone;
	struct vcd_queue *queues;
	unsigned int num_queues;
	u32 max_request;
	u32 max_segments;
	u64 ciphers[2];
	u64 macs[2];
	u64 aeads[2];
	struct work_struct reap;
	spinlock_t reap_lock; /* reap_list, reaping */
	struct list_head reap_list;
	bool reaping;
	wait_queue_head_t reaped;
	spinlock_t shares_lock; /* shares */
	struct list_head shares;
	atomic_t sessions;
	atomic64_t sessions_made;
	atomic64_t remakes;
	struct dentry *debugfs;
};

/**
 * struct vcd_use - what a process has of one queue; under that queue's lock
 * @requests: admitted and not back
 * @bytes: of data they have
 * @turns: requests that wait for these
 */
struct vcd_use {
	unsigned int requests;
	u64 bytes;
	struct list_head turns;
};

/**
 * struct vcd_share - a process that has the device open, see share.c
 * @ref: its files, their sessions, their requests
 * @list: in the device's shares
 * @dev: device
 * @tgid: the process
 * @num: entries of @use
 * @use: by queue
 */
struct vcd_share {
	struct kref ref;
	struct list_head list;
	struct vcd_device *dev;
	struct pid *tgid;
	unsigned int num;
	struct vcd_use use[];
};

/**
 * struct vcd_turn - a caller that waits to put its request into a ring
 * @list: in queue->turns, or in the turns of its process; under queue->lock
 * @go: it is its turn, or may be
 * @req: the request
 */
struct vcd_turn {
	struct list_head list;
	struct completion go;
	struct vcd_req_ctx *req;
};

/**
 * struct vcd_file - an open file description
 * @dev: device
 * @share: of the process that opened it
 * @sessions: by id; the xarray's lock covers lookup and reference
 * @next_id: where the search for a free id goes on
 * @async_lock: one submission or fetch at a time
 * @async_list: operations submitted and not fetched, in order
 * @async_num: how many
 * @async_wait: woken when one is done
 * @async_late: wakes those who wait when the oldest one is overdue
 */
struct vcd_file {
	struct vcd_device *dev;
	struct vcd_share *share;
	struct xarray sessions;
	u32 next_id;
	struct mutex async_lock; /* async_list, async_num */
	struct list_head async_list;
	unsigned int async_num;
	wait_queue_head_t async_wait;
	struct delayed_work async_late;
};

/**
 * struct vcd_session - a session of the ABI
 * @ref: file, callers, reaper
 * @dev: device
 * @share: what its requests are charged to
 * @cipher: cipher or AEAD, or NULL
 * @mac: hash or MAC, or NULL
 * @reap: in the device's reap_list
 * @remake: held while the device's session is made again
 * @host_id: the device's id of it; 0: none
 * @serial: held by operations that go on where the last one ended
 * @iv_lock: protects @iv
 * @iv: the IV the last operation left
 * @hash_running: the device holds a half-done hash; under @serial
 * @tag_len: tag size that the next AUTHCRYPT with tag_len 0 has
 * @key_len: bytes of cipher key
 * @mackey_len: bytes of MAC key
 * @keys: both, to make the session again with
 */
struct vcd_session {
	refcount_t ref;
	struct vcd_device *dev;
	struct vcd_share *share;
	const struct vcd_alg *cipher;
	const struct vcd_alg *mac;
	struct list_head reap;
	struct mutex remake; /* host_id */
	u64 host_id;
	struct mutex serial; /* chained operations */
	spinlock_t iv_lock; /* iv */
	u8 iv[VCD_MAX_IV_LEN];
	bool hash_running;
	u8 tag_len;
	u32 key_len;
	u32 mackey_len;
	u8 keys[];
};

/* How the data of a request travels, see transfer.c. */
enum vcd_xfer_how {
	VCD_XFER_BESIDE,
	VCD_XFER_PINNED,
	VCD_XFER_COPIED,
};

/**
 * struct vcd_xfer - one request's worth of an operation
 * @session: session
 * @hdr: header, without the session id
 * @head: user bytes that go first, copied: AAD
 * @head_len: how many
 * @src: user bytes in
 * @src_len: how many
 * @in_tail: kernel bytes that go last
 * @in_tail_len: how many
 * @dst: where the output goes
 * @dst_len: room there, all of it output
 * @tail: where output behind @dst_len bytes goes: digest or tag
 * @tail_len: bytes of it
 * @short_ok: the output may be shorter than @dst_len
 * @copy: do not pin the caller's pages
 * @pin: pin them however few they are, or fail with -EAGAIN
 * @done_wait: woken when it is done; nobody polls
 * @how: how the data travels
 * @req: the request, while there is one
 * @out_len: out: bytes of output
 * @iv: out: IV that continues
 */
struct vcd_xfer {
	struct vcd_session *session;
	struct vcd_req hdr;
	const u8 __user *head;
	u32 head_len;
	const u8 __user *src;
	u32 src_len;
	const u8 *in_tail;
	u32 in_tail_len;
	u8 __user *dst;
	u32 dst_len;
	u8 *tail;
	u32 tail_len;
	bool short_ok;
	bool copy;
	bool pin;
	wait_queue_head_t *done_wait;
	enum vcd_xfer_how how;
	struct vcd_req_ctx *req;
	u32 out_len;
	u8 iv[VCD_MAX_IV_LEN];
};

/**
 * struct vcd_op - a CIOCCRYPT being carried out
 * @session: session, referenced
 * @op: what the program asked for
 * @xfer: its request, when it is a single one
 * @iv: running IV
 * @digest: digest, when @final
 * @iv_len: bytes of IV
 * @digest_len: bytes of digest
 * @chained: goes on with the session's IV
 * @reset: the hash starts anew
 * @final: the digest is due
 */
struct vcd_op {
	struct vcd_session *session;
	struct crypt_op op;
	struct vcd_xfer xfer;
	u8 iv[VCD_MAX_IV_LEN];
	u8 digest[VCD_MAX_DIGEST_LEN];
	u8 iv_len;
	u8 digest_len;
	bool chained;
	bool reset;
	bool final;
};

/* Copies crypt_op number @i of the program's array, native or 32-bit. */
typedef int vcd_op_reader(struct crypt_op *op, const void __user *array, u32 i);

/**
 * struct vcd_buffer - pages of a payload too large to copy beside the header
 * @sgt: scatter list of them
 * @pages: the pages
 * @num: how many
 * @pinned: the caller's own, else ours
 * @write: the device writes to them
 */
struct vcd_buffer {
	struct sg_table sgt;
	struct page **pages;
	unsigned int num;
	bool pinned;
	bool write;
};

/**
 * struct vcd_req_ctx - one request
 * @ref: caller and device
 * @dev: device
 * @queue: queue it was put on
 * @share: what it is charged to, or NULL
 * @bytes: of data, the larger direction
 * @charged: it is; under queue->lock
 * @seq: number on its queue
 * @deadline: when its caller leaves, in jiffies
 * @done: the device gave it back, or never will
 * @done_wait: woken then, if not NULL: nobody polls; under queue->lock
 * @host_id: the device's session id it was sent with
 * @lost: it was taken back from a dead ring: there is no reply
 * @sleeper: counted in queue->sleepers; under queue->lock
 * @disowned: the caller left before it was done
 * @used: used length the device published
 * @in_len: payload bytes behind the request header in @in
 * @out_len: room for output
 * @tail_len: bytes of it behind the pages of @dst
 * @src: pages in, if any
 * @dst: pages out, if any
 * @in_sg: the header and copied payload
 * @out_sg: the reply and copied output
 * @tail_sg: output behind @dst
 * @cleanup: frees it where one may sleep
 * @in: request header, then in_len copied bytes
 * @out: reply, then copied output
 * @tail: output behind the pages of @dst
 */
struct vcd_req_ctx {
	refcount_t ref;
	struct vcd_device *dev;
	struct vcd_queue *queue;
	struct vcd_share *share;
	u32 bytes;
	bool charged;
	u64 seq;
	unsigned long deadline;
	struct completion done;
	wait_queue_head_t *done_wait;
	u64 host_id;
	bool lost;
	bool sleeper;
	bool disowned;
	u32 used;
	u32 in_len;
	u32 out_len;
	u32 tail_len;
	struct vcd_buffer src;
	struct vcd_buffer dst;
	struct scatterlist in_sg;
	struct scatterlist out_sg;
	struct scatterlist tail_sg;
	struct work_struct cleanup;
	u8 *in;
	u8 *out;
	u8 *tail;
};

/* Module parameters, main.c. */
extern unsigned int vcd_timeout_ms;
extern unsigned int vcd_spin_us;
extern unsigned int vcd_copybreak;
extern umode_t vcd_node_mode;
extern unsigned int vcd_async_max;
extern unsigned int vcd_share_requests;
extern unsigned int vcd_share_bytes;
extern struct workqueue_struct *vcd_wq;

/* main.c */
struct vcd_device *vcd_device_first(void);
void vcd_device_get(struct vcd_device *dev);
void vcd_device_put(struct vcd_device *dev);

/* chardev.c */
int vcd_chardev_add(struct vcd_device *dev);
void vcd_chardev_del(struct vcd_device *dev);

/* crypt.c */
int vcd_crypt(struct vcd_file *file, const struct crypt_op *op);
int vcd_hash_copy(struct vcd_file *file, const struct cphash_op *op);

int vcd_op_begin(struct vcd_op *run, struct vcd_queue *queue);
int vcd_op_end(struct vcd_op *run);
bool vcd_op_is_alone(const struct vcd_op *run);
bool vcd_op_is_nothing(const struct vcd_op *run);
int vcd_op_deliver(struct vcd_op *run);
int vcd_op_init(struct vcd_op *run, struct vcd_file *file,
		const struct crypt_op *op);
int vcd_op_run(struct vcd_op *run);
void vcd_op_exit(struct vcd_op *run);

/* batch.c */
int vcd_batch(struct vcd_file *file, const struct crypt_batch *batch,
	      vcd_op_reader *read);

/* async.c */
void vcd_async_init(struct vcd_file *file);
void vcd_async_exit(struct vcd_file *file);
int vcd_async_submit(struct vcd_file *file, const struct crypt_op *op);
int vcd_async_fetch(struct vcd_file *file, struct crypt_op *op);
__poll_t vcd_async_poll(struct vcd_file *file, struct file *filp,
			poll_table *wait);

/* auth.c */
int vcd_auth(struct vcd_file *file, struct crypt_auth_op *op);

/* transfer.c */
u32 vcd_xfer_max(const struct vcd_device *dev);
bool vcd_xfer_fits(const struct vcd_xfer *xfer);
int vcd_xfer_begin(struct vcd_xfer *xfer, struct vcd_queue *queue);
int vcd_xfer_end(struct vcd_xfer *xfer);
void vcd_xfer_abandon(struct vcd_xfer *xfer);
int vcd_xfer_run(struct vcd_xfer *xfer);

/* session.c */
int vcd_session_new(struct vcd_file *file, const struct session_op *op,
		    u32 *id);
int vcd_session_end(struct vcd_file *file, u32 id);
void vcd_session_end_all(struct vcd_file *file);
int vcd_session_info(struct vcd_file *file, struct session_info_op *op);
struct vcd_session *vcd_session_get(struct vcd_file *file, u32 id);
void vcd_session_put(struct vcd_session *session);
int vcd_session_remake(struct vcd_session *session, u64 *host_id);
int vcd_session_start(struct vcd_session *session, struct vcd_req_ctx *req,
		      const struct vcd_req *hdr, struct vcd_queue *queue);
int vcd_session_wait(struct vcd_session *session, struct vcd_req_ctx *req,
		     const struct vcd_req *hdr, struct vcd_result *result);
void vcd_session_iv_load(struct vcd_session *session, u8 iv[VCD_MAX_IV_LEN]);
void vcd_session_iv_store(struct vcd_session *session,
			  const u8 iv[VCD_MAX_IV_LEN]);
void vcd_session_reap(struct work_struct *work);

/* buffer.c */
int vcd_buffer_pin(struct vcd_buffer *buf, const u8 __user *addr, u32 len,
		   bool write);
int vcd_buffer_alloc(struct vcd_buffer *buf, u32 len);
int vcd_buffer_from_user(struct vcd_buffer *buf, u32 offset,
			 const u8 __user *addr, u32 len);
void vcd_buffer_from_kernel(struct vcd_buffer *buf, u32 offset, const u8 *from,
			    u32 len);
int vcd_buffer_to_user(const struct vcd_buffer *buf, u8 __user *addr, u32 len);
void vcd_buffer_free(struct vcd_buffer *buf);

/* request.c */
struct vcd_req_ctx *vcd_req_new(struct vcd_device *dev, u32 in_len,
				u32 out_len, u32 tail_len);
void vcd_req_put(struct vcd_req_ctx *req);
void vcd_req_complete(struct vcd_req_ctx *req);
int vcd_req_start(struct vcd_req_ctx *req, struct vcd_queue *queue);
int vcd_req_wait(struct vcd_req_ctx *req, struct vcd_result *result);
void vcd_req_disown(struct vcd_req_ctx *req);
int vcd_req_exec(struct vcd_req_ctx *req, struct vcd_result *result);
int vcd_host_hello(struct vcd_device *dev);
int vcd_host_destroy(struct vcd_device *dev, u64 host_id);

/* queue.c */
int vcd_queues_init(struct vcd_device *dev);
void vcd_queues_stop(struct vcd_device *dev);
struct vcd_queue *vcd_queue_here(struct vcd_device *dev);
int vcd_queue_submit(struct vcd_queue *queue, struct vcd_req_ctx *req);
void vcd_queue_kick(struct vcd_queue *queue);
void vcd_queue_forget(struct vcd_req_ctx *req);
int vcd_queue_wait(struct vcd_req_ctx *req);

/* share.c */
struct vcd_share *vcd_share_find(struct vcd_device *dev);
struct vcd_share *vcd_share_get(struct vcd_share *share);
void vcd_share_put(struct vcd_share *share);
bool vcd_share_admit(struct vcd_queue *queue, struct vcd_req_ctx *req);
struct list_head *vcd_share_line(struct vcd_queue *queue,
				 struct vcd_req_ctx *req);
void vcd_share_leave(struct vcd_queue *queue, struct vcd_req_ctx *req);

/* stats.c */
void vcd_stats_init(void);
void vcd_stats_exit(void);
void vcd_stats_add(struct vcd_device *dev);
void vcd_stats_del(struct vcd_device *dev);

/* alg.c */
const struct vcd_alg *vcd_cipher_find(u32 id);
const struct vcd_alg *vcd_aead_find(u32 id);
const struct vcd_alg *vcd_mac_find(u32 id);
bool vcd_is_aead(const struct vcd_alg *alg);
bool vcd_mac_is_keyed(const struct vcd_alg *alg);

static inline unsigned int vcd_queue_index(const struct vcd_queue *queue)
{
	return queue - queue->dev->queues;
}

/* Of no consequence: the device can write to the header. */
static inline u16 vcd_req_opcode(const struct vcd_req_ctx *req)
{
	const struct vcd_req *hdr = (const struct vcd_req *)req->in;

	return le16_to_cpu(hdr->opcode);
}

static inline bool vcd_map_has(const u64 map[2], u32 id)
{
	return id < 128 && (map[id / 64] >> (id % 64)) & 1;
}

#endif /* VCD_GUEST_DRIVER_H */
