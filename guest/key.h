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

#include "cryptodev.h"
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
 * struct vcd_label - which of the host's keys a key is
 * @label: label, ends with a 0, and zeros behind it
 * @ticket: ticket, if @has_ticket
 * @check: check value that the key must have, if @has_check
 * @has_ticket: the key has a ticket
 * @has_check: it has to be that key, whatever the label means now
 */
struct vcd_label {
	char label[VCD_KEY_LABEL_LEN];
	u8 ticket[VCD_KEY_TICKET_LEN];
	u8 check[VCD_KEY_CHECK_LEN];
	bool has_ticket;
	bool has_check;
};

/**
 * struct vcd_key - algorithms and keys, and the device's session of them
 * @req: makes the session and ends it; its memory has the keys, or label and ticket
 * @share: of the process it belongs to
 * @cipher: number of the cipher or AEAD, or 0
 * @mac: number of the hash or MAC, or 0
 * @key_len: bytes of cipher key; @named: of label
 * @mackey_len: bytes of MAC key; @named: of ticket
 * @named: the key is one that the host has
 * @has_check: @check counts: the session was made before, or the owner knows it
 * @fast: @named: its requests may go to any queue; may change when it is made again
 * @check: @named: check value; constant once the session was made
 * @info: @named: what the host said of the key when the session was made the first time
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
	bool named;
	bool has_check;
	bool fast;
	u8 check[VCD_KEY_CHECK_LEN];
	struct crypt_key info;
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
struct vcd_key *vcd_key_new_label(struct vcd_share *share,
				  const struct vcd_label *name, u32 cipher,
				  u32 mac, u32 timeout_ms);
int vcd_key_make(struct vcd_key *key);
void vcd_key_end(struct vcd_key *key);
void vcd_key_await(struct vcd_request *req);
void vcd_key_abort(struct vcd_request *req);

/* Whether requests of the key's session have to go to a slow queue. */
static inline bool vcd_key_is_slow(const struct vcd_key *key)
{
	return key->named && !READ_ONCE(key->fast);
}

/* The device says so. False: it cannot be. */
static inline bool vcd_key_set_slow(struct vcd_key *key)
{
	if (key->named)
		WRITE_ONCE(key->fast, false);
	return key->named;
}

/* The cipher key, then the MAC key; or the label, then the ticket. */
static inline u8 *vcd_key_bytes(const struct vcd_key *key)
{
	return key->req.in + sizeof(struct vcd_req_create);
}

#endif /* VCD_GUEST_KEY_H */
