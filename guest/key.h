/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key.h - sessions on the device. See key.c.
 */
#ifndef VCD_GUEST_KEY_H
#define VCD_GUEST_KEY_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "queue.h"

/**
 * enum vcd_key_state - what the device has of a key
 * @VCD_KEY_NONE: nothing, or what it had is lost
 * @VCD_KEY_MAKING: the request that makes the session is under way
 * @VCD_KEY_LIVE: a session
 * @VCD_KEY_OVERDUE: that request was not answered in time; the device has it
 */
enum vcd_key_state {
	VCD_KEY_NONE,
	VCD_KEY_MAKING,
	VCD_KEY_LIVE,
	VCD_KEY_OVERDUE,
};

/**
 * struct vcd_key - algorithms and keys, and the device's session of them
 * @req: makes the session and ends it; its memory has the keys
 * @share: of the process it belongs to
 * @cipher: number of the cipher or AEAD, or 0
 * @mac: number of the hash or MAC, or 0
 * @key_len: bytes of cipher key
 * @mackey_len: bytes of MAC key
 * @state: enum vcd_key_state; under dev->keys_lock, like all below
 * @ending: the owner has no use for it any more
 * @destroying: @req is the one that ends it
 * @err: why it could not be made
 * @host_id: the device's id of the session; 0: none was made yet
 * @waiting: requests that wait for it
 * @made: for who makes it the first time
 * @free: frees it
 */
struct vcd_key {
	struct vcd_request req;
	struct vcd_share *share;
	u32 cipher;
	u32 mac;
	u32 key_len;
	u32 mackey_len;
	enum vcd_key_state state;
	bool ending;
	bool destroying;
	int err;
	u64 host_id;
	struct list_head waiting;
	struct completion made;
	struct work_struct free;
};

struct vcd_key *vcd_key_new(struct vcd_share *share, u32 cipher, u32 mac,
			    u32 key_len, u32 mackey_len, u32 timeout_ms);
int vcd_key_make(struct vcd_key *key);
void vcd_key_end(struct vcd_key *key);
void vcd_key_await(struct vcd_request *req);
void vcd_key_abort(struct vcd_request *req);

/* The cipher key, then the MAC key. */
static inline u8 *vcd_key_bytes(const struct vcd_key *key)
{
	return key->req.in + sizeof(struct vcd_req_create);
}

#endif /* VCD_GUEST_KEY_H */
