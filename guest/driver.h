/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * driver.h - the guest module: its map, the device, and what all of it shares.
 *
 * The data path, in the order of a call:
 *
 *	chardev.c	ioctl(): copy the argument in, hand it on
 *	crypt.c		CIOCCRYPT: check, cut into requests, carry IV and hash along
 *	batch.c		CIOCCRYPTBATCH: many at once, one kick
 *	async.c		CIOCASYNCCRYPT, CIOCASYNCFETCH, poll
 *	auth.c		CIOCAUTHCRYPT: AEAD, TLS, SRTP
 *	label.c		keys by name: CIOCKEYLIST, CIOCKEYINFO, CIOCGSESSLABEL
 *	keyop.c		operations with private keys: CIOCKEYOP, CIOCKEYASYNC, CIOCKEYFETCH
 *	session.c	sessions of the ABI
 *	transfer.c	one request's payload: copied beside the header, or pages
 *	buffer.c	the caller's pages, pinned or copied
 *	request.c	one request of a program, and who waits for it
 *
 * And of a request of the kernel, for a disk:
 *
 *	crypto_skcipher.c	xts(aes) and others by their bytes
 *	crypto_named.c		xts(paes) and others by the name of a key
 *	crypto_aead.c		gcm(aes), rfc4106(gcm(aes))
 *	crypto_api.c		what these have in common; how a request ends
 *	crypto_list.c		scatter lists, cut
 *
 * Below that is the core, which knows of no program. A request is an object with
 * one done(), which is called once, and waits by itself for whatever it has to:
 *
 *	key.c		sessions on the device; making one again that it lost
 *	queue.c		lines, ring, deadline, completion
 *	share.c		how much of a queue one process may have
 *	recover.c	the device taken away and brought back
 *	wire.c		the bytes of headers and replies
 *
 * and main.c for the module and the virtio device, alg.c for the sizes of
 * algorithms, stats.c and trace.h for those who want to watch.
 *
 * Their structures and functions lie in operation.h (crypt.c to auth.c, and
 * transfer.c), session.h, request.h (with buffer.c), key.h, queue.h (with share.c and
 * recover.c) and wire.h, all included here.
 *
 * Objects and who keeps them
 *
 *	vcd_device	by the virtio device while bound, by every open file
 *	vcd_file	by its struct file; owns the sessions
 *	vcd_session	by its file, by each call that uses it
 *	vcd_key		by its session; after that until the device has ended it
 *	vcd_share	by the files, sessions, keys and requests of a process
 *	vcd_call	by its caller, and by the core until the device has no part in
 *			it. A caller that is killed or out of patience leaves.
 *	vcd_async	by its file until it is fetched; so is a vcd_keyop
 *	vcd_crypto_key	by its transform in the crypto API, by each of that one's requests
 *
 * Locks: session->serial (mutex, one chained operation at a time) is outside of all
 * others. queue->lock (irqs off; ring, lines, shares and counters), dev->keys_lock
 * (irqs off), file->async_lock, session->iv_lock and dev->shares_lock are spinlocks;
 * all others are taken inside of async_lock if need be, and none inside of another.
 * done() and gone() are called without those of the core. Nobody waits without end.
 */
#ifndef VCD_GUEST_DRIVER_H
#define VCD_GUEST_DRIVER_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/virtio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "crypto_api.h"
#include "key.h"
#include "operation.h"
#include "queue.h"
#include "request.h"
#include "session.h"

/* A request never carries more than this, whatever the device would take. */
#define VCD_DRV_MAX_REQUEST	(1024u * 1024)
/* Most that vcd_copybreak lets lie next to the header: one descriptor each way. */
#define VCD_COPY_MAX		4096u
/* Slow queues that are used, whatever the device has. */
#define VCD_DRV_MAX_SLOW	16u
#define VCD_DRV_MAX_QUEUES	(VCD_MAX_QUEUES + VCD_DRV_MAX_SLOW)
/* Sessions with keys by name of one process: half of what vcrypto-keeper has for a guest. */
#define VCD_DRV_MAX_NAMED	512u
/* Descriptors that a device has to take in one chain: without, nothing works. */
#define VCD_MIN_SEGMENTS	4u

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
 * struct vcd_device - one virtio device
 * @vdev: the virtio device; NULL once removed
 * @ref: the binding, each open file
 * @index: N of /dev/cryptodevN
 * @misc: that node
 * @name: its name
 * @list: in vcd_devices
 * @gone: removed: every call fails with ENODEV
 * @queues: request queues, the slow ones last
 * @num_all: of them, as many as there were at first
 * @num_queues: from the first one on, that are not slow and in use
 * @slow: the first slow one; behind the last one if there is none
 * @num_slow: of them in use; not 0: the host has a key service
 * @slow_at: virtqueue of the first slow one
 * @asym: asymmetric operations, too
 * @max_request: payload bytes of a request, each direction
 * @max_segments: descriptors of a request
 * @max_aad: bytes of additional authenticated data of a request
 * @max_sessions: sessions that the device can have
 * @ciphers: bit map of ciphers the device has
 * @macs: bit map of hashes and MACs
 * @aeads: bit map of AEADs
 * @max_segment: most bytes of a descriptor
 * @keys_lock: protects the states of keys and the requests that wait for them
 * @ending: sessions that are about to be destroyed
 * @ended: woken when one was
 * @share: the driver's own
 * @kernel_share: of the kernel's crypto API
 * @kernel: requests of that, see crypto_api.c
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
	unsigned int num_all;
	unsigned int num_queues;
	struct vcd_queue *slow;
	unsigned int num_slow;
	unsigned int slow_at;
	bool asym;
	u32 max_request;
	u32 max_segments;
	u32 max_aad;
	u32 max_sessions;
	u64 ciphers[2];
	u64 macs[2];
	u64 aeads[2];
	unsigned int max_segment;
	spinlock_t keys_lock; /* keys' states and lines */
	atomic_t ending;
	wait_queue_head_t ended;
	struct vcd_share *share;
	struct vcd_share *kernel_share;
	struct vcd_crypto_line kernel;
	spinlock_t shares_lock; /* shares */
	struct list_head shares;
	atomic_t sessions;
	atomic64_t sessions_made;
	atomic64_t remakes;
	struct dentry *debugfs;
};

/* Module parameters, main.c. */
extern unsigned int vcd_timeout_ms;
extern unsigned int vcd_spin_us;
extern unsigned int vcd_copybreak;
extern umode_t vcd_node_mode;
extern unsigned int vcd_async_max;
extern unsigned int vcd_share_requests;
extern unsigned int vcd_share_bytes;
extern unsigned int vcd_share_sessions;
extern struct workqueue_struct *vcd_wq;

/* main.c */
struct vcd_device *vcd_device_first(void);
void vcd_device_get(struct vcd_device *dev);
void vcd_device_put(struct vcd_device *dev);

/* chardev.c */
int vcd_chardev_add(struct vcd_device *dev);
void vcd_chardev_del(struct vcd_device *dev);

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

/* Milliseconds that the device may take, when @own were asked for; 0: no wish. */
static inline unsigned int vcd_timeout(u32 own)
{
	unsigned int most = READ_ONCE(vcd_timeout_ms);

	return own ? min(own, most) : most;
}

static inline unsigned int vcd_queue_index(const struct vcd_queue *queue)
{
	return queue - queue->dev->queues;
}

static inline bool vcd_queue_is_slow(const struct vcd_queue *queue)
{
	return queue >= queue->dev->slow;
}

static inline bool vcd_has_keys(const struct vcd_device *dev)
{
	return READ_ONCE(dev->num_slow);
}

static inline bool vcd_map_has(const u64 map[2], u32 id)
{
	return id < 128 && (map[id / 64] >> (id % 64)) & 1;
}

#endif /* VCD_GUEST_DRIVER_H */
