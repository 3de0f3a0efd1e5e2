/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.h - the driver's side of the protocol: fill in requests, judge replies.
 *
 * Pure functions on private memory. The unit tests compile wire.c in user space
 * and compare what it makes with the golden messages of tests/golden.
 */
#ifndef VCD_GUEST_WIRE_H
#define VCD_GUEST_WIRE_H

#include <linux/types.h>

#include "cryptodev.h"
#include "virtio_cryptodev.h"

/**
 * struct vcd_result - a reply after it was checked.
 * @status: enum vcd_status
 * @out_len: bytes of output
 * @value: session id, version, how many keys there are, or bytes needed
 * @iv: IV that continues, nonce, or check value
 */
struct vcd_result {
	u32 status;
	u32 out_len;
	u64 value;
	u8 iv[VCD_MAX_IV_LEN];
};

void vcd_wire_hello(struct vcd_req_hello *req);
void vcd_wire_create(struct vcd_req_create *req, u32 cipher, u32 mac,
		     u32 key_len, u32 mackey_len);
void vcd_wire_create_label(struct vcd_req_create *req, u32 cipher, u32 mac,
			   u32 label_len, u32 ticket_len, const u8 *check);
void vcd_wire_key(struct vcd_req_key *req, u16 opcode, u16 flags, u16 scheme,
		  u32 in_len, u32 aux_len, u32 out_len);
void vcd_wire_session(struct vcd_req *req, u16 opcode, u64 session);
void vcd_wire_crypt(struct vcd_req *req, u64 session, u16 flags, u32 src_len,
		    const u8 *iv, u8 iv_len);
void vcd_wire_auth(struct vcd_req *req, u16 flags, u32 src_len, u32 aad_len,
		   u32 crypt_off, u8 tag_len, const u8 *iv, u8 iv_len);
void vcd_wire_hash_copy(struct vcd_req *req, u64 dst, u64 src);
int vcd_wire_reply(const struct vcd_reply *reply, u32 used, u32 max_out,
		   struct vcd_result *result);
int vcd_wire_errno(u32 status);
int vcd_wire_key_info(const struct vcd_key_info *info, struct crypt_key *key);

#endif /* VCD_GUEST_WIRE_H */
