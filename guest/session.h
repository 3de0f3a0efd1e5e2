/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session.h - open files and their sessions.
 *
 * See session.c.
 */
#ifndef VCD_GUEST_SESSION_H
#define VCD_GUEST_SESSION_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "cryptodev.h"
#include "wire.h"

struct vcd_alg;
struct vcd_device;
struct vcd_key;
struct vcd_label;
struct vcd_share;

/**
 * struct vcd_file - an open file description
 * @dev: device
 * @share: of the process that opened it
 * @sessions: by id; the xarray's lock covers lookup and reference
 * @next_id: where the search for a free id goes on; random at first, so that
 *	an id of another file is not by chance one of this, too
 * @timeout_ms: CIOCTIMEOUT, for sessions that are made; 0: vcd_timeout_ms
 * @async_lock: protects the list, and what is done of those in it
 * @async_list: operations submitted and not fetched, in order
 * @async_num: how many
 * @async_wait: woken when one is done or fetched
 * @key_sent: operations with private keys that are not done; under @async_lock
 * @key_done: those that are done and not fetched, in the order in which they ended
 * @key_num: how many of both; 0 while @async_num is not, and the other way round
 */
struct vcd_file {
	struct vcd_device *dev;
	struct vcd_share *share;
	struct xarray sessions;
	u32 next_id;
	u32 timeout_ms;
	spinlock_t async_lock; /* all below, and each one's done */
	struct list_head async_list;
	unsigned int async_num;
	wait_queue_head_t async_wait;
	struct list_head key_sent;
	struct list_head key_done;
	unsigned int key_num;
};

/**
 * struct vcd_session - a session of the ABI
 * @ref: file, callers
 * @dev: device
 * @share: what its requests are charged to
 * @named: its key is one by name
 * @timeout_ms: how long the device may take for each; 0: vcd_timeout_ms
 * @cipher: cipher or AEAD, or NULL
 * @mac: hash or MAC, or NULL; both NULL: a private key
 * @key: algorithms and keys, and the device's session of them
 * @serial: held by operations that go on where the last one ended
 * @iv_lock: protects @iv
 * @iv: the IV the last operation left
 * @hash_running: the device holds a half-done hash; under @serial
 * @tag_len: tag size that the next AUTHCRYPT with tag_len 0 has
 */
struct vcd_session {
	refcount_t ref;
	struct vcd_device *dev;
	struct vcd_share *share;
	bool named;
	u32 timeout_ms;
	const struct vcd_alg *cipher;
	const struct vcd_alg *mac;
	struct vcd_key *key;
	struct mutex serial; /* chained operations */
	spinlock_t iv_lock; /* iv */
	u8 iv[VCD_MAX_IV_LEN];
	bool hash_running;
	u8 tag_len;
};

/* session.c */
int vcd_session_new(struct vcd_file *file, const struct session_op *op,
		    u32 *id);
int vcd_session_new_label(struct vcd_file *file, const struct vcd_label *name,
			  u32 cipher, u32 mac, struct crypt_key *info, u32 *id);
int vcd_session_end(struct vcd_file *file, u32 id);
void vcd_session_end_all(struct vcd_file *file);
int vcd_session_info(struct vcd_file *file, struct session_info_op *op);
struct vcd_session *vcd_session_get(struct vcd_file *file, u32 id);
void vcd_session_put(struct vcd_session *session);
int vcd_session_revive(struct vcd_session *session);
void vcd_session_iv_load(struct vcd_session *session, u8 iv[VCD_MAX_IV_LEN]);
void vcd_session_iv_store(struct vcd_session *session,
			  const u8 iv[VCD_MAX_IV_LEN]);

#endif /* VCD_GUEST_SESSION_H */
