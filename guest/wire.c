// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wire.c - the driver's side of the protocol: fill in requests, judge replies.
 *
 * The functions that fill in write every byte of the header. The one that
 * judges gets a private copy of the reply: the device cannot change it any more.
 */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "wire.h"

/**
 * vcd_wire_hello() - fill in VCD_OP_HELLO for the versions this driver speaks
 * @req: header to fill in
 */
void vcd_wire_hello(struct vcd_req_hello *req)
{
	memset(req, 0, sizeof(*req));
	req->opcode = cpu_to_le16(VCD_OP_HELLO);
	req->min_version = cpu_to_le32(VCD_PROTOCOL_VERSION);
	req->max_version = cpu_to_le32(VCD_PROTOCOL_VERSION);
}

/**
 * vcd_wire_create() - fill in VCD_OP_SESSION_CREATE with the keys in the payload
 * @req: header to fill in
 * @cipher: cipher or AEAD number, 0 for none
 * @mac: hash or MAC number, 0 for none
 * @key_len: bytes of cipher key
 * @mackey_len: bytes of MAC key
 */
void vcd_wire_create(struct vcd_req_create *req, u32 cipher, u32 mac,
		     u32 key_len, u32 mackey_len)
{
	memset(req, 0, sizeof(*req));
	req->opcode = cpu_to_le16(VCD_OP_SESSION_CREATE);
	req->cipher = cpu_to_le32(cipher);
	req->mac = cpu_to_le32(mac);
	req->key_len = cpu_to_le32(key_len);
	req->mackey_len = cpu_to_le32(mackey_len);
	req->key_source = cpu_to_le32(VCD_KEY_INLINE);
}

/**
 * vcd_wire_create_label() - fill in VCD_OP_SESSION_CREATE with a label in the payload
 * @req: header to fill in
 * @cipher: the symmetric key's cipher or AEAD, or 0
 * @mac: its MAC, or 0; both 0: a private key
 * @label_len: bytes of label
 * @ticket_len: 0 or VCD_KEY_TICKET_LEN
 * @check: check value that the key must have, VCD_KEY_CHECK_LEN bytes; NULL: any
 */
void vcd_wire_create_label(struct vcd_req_create *req, u32 cipher, u32 mac,
			   u32 label_len, u32 ticket_len, const u8 *check)
{
	vcd_wire_create(req, cipher, mac, label_len, ticket_len);
	req->key_source = cpu_to_le32(VCD_KEY_LABEL);
	if (check) {
		req->flags = cpu_to_le16(VCD_F_CHECK);
		memcpy(req->check, check, sizeof(req->check));
	}
}

/**
 * vcd_wire_key() - fill in KEY_LIST, KEY_INFO, SIGN, DECRYPT or DERIVE
 * @req: header to fill in; the session id and @first are 0
 * @opcode: one of these
 * @flags: VCD_F_MESSAGE
 * @scheme: enum vcd_scheme, or 0
 * @in_len: bytes of label, digest, message, ciphertext or public key
 * @aux_len: bytes of ticket or OAEP label
 * @out_len: most bytes of output
 */
void vcd_wire_key(struct vcd_req_key *req, u16 opcode, u16 flags, u16 scheme,
		  u32 in_len, u32 aux_len, u32 out_len)
{
	memset(req, 0, sizeof(*req));
	req->opcode = cpu_to_le16(opcode);
	req->flags = cpu_to_le16(flags);
	req->in_len = cpu_to_le32(in_len);
	req->aux_len = cpu_to_le32(aux_len);
	req->out_len = cpu_to_le32(out_len);
	req->scheme = cpu_to_le16(scheme);
}

/**
 * vcd_wire_session() - fill in a request that has a session id and nothing else
 * @req: header to fill in
 * @opcode: VCD_OP_SESSION_DESTROY or VCD_OP_SESSION_INFO
 * @session: the device's session id
 */
void vcd_wire_session(struct vcd_req *req, u16 opcode, u64 session)
{
	memset(req, 0, sizeof(*req));
	req->opcode = cpu_to_le16(opcode);
	req->session = cpu_to_le64(session);
}

/**
 * vcd_wire_crypt() - fill in VCD_OP_CRYPT
 * @req: header to fill in
 * @session: the device's session id
 * @flags: VCD_F_DECRYPT, VCD_F_HASH_RESET, VCD_F_HASH_FINAL
 * @src_len: bytes of data
 * @iv: IV of @iv_len bytes
 * @iv_len: IV size of the cipher, at most VCD_MAX_IV_LEN
 */
void vcd_wire_crypt(struct vcd_req *req, u64 session, u16 flags, u32 src_len,
		    const u8 *iv, u8 iv_len)
{
	memset(req, 0, sizeof(*req));
	req->opcode = cpu_to_le16(VCD_OP_CRYPT);
	req->flags = cpu_to_le16(flags);
	req->src_len = cpu_to_le32(src_len);
	req->session = cpu_to_le64(session);
	req->iv_len = iv_len;
	memcpy(req->iv, iv, iv_len);
}

/**
 * vcd_wire_auth() - fill in VCD_OP_AUTHCRYPT, without the session id
 * @req: header to fill in
 * @flags: VCD_F_DECRYPT, VCD_F_TLS, VCD_F_SRTP
 * @src_len: bytes of data; decryption of an AEAD: with the tag
 * @aad_len: bytes of AAD; SRTP: of the authenticated region
 * @crypt_off: SRTP: where the data begins in the region
 * @tag_len: tag bytes
 * @iv: IV or nonce of @iv_len bytes
 * @iv_len: at most VCD_MAX_IV_LEN
 */
void vcd_wire_auth(struct vcd_req *req, u16 flags, u32 src_len, u32 aad_len,
		   u32 crypt_off, u8 tag_len, const u8 *iv, u8 iv_len)
{
	memset(req, 0, sizeof(*req));
	req->opcode = cpu_to_le16(VCD_OP_AUTHCRYPT);
	req->flags = cpu_to_le16(flags);
	req->src_len = cpu_to_le32(src_len);
	req->aad_len = cpu_to_le32(aad_len);
	req->crypt_off = cpu_to_le32(crypt_off);
	req->tag_len = tag_len;
	req->iv_len = iv_len;
	memcpy(req->iv, iv, iv_len);
}

/**
 * vcd_wire_hash_copy() - fill in VCD_OP_HASH_COPY
 * @req: header to fill in
 * @dst: the device's id of the session to copy to
 * @src: the device's id of the session to copy from
 */
void vcd_wire_hash_copy(struct vcd_req *req, u64 dst, u64 src)
{
	vcd_wire_session(req, VCD_OP_HASH_COPY, dst);
	req->arg = cpu_to_le64(src);
}

/**
 * vcd_wire_reply() - check a reply against what the request could produce
 * @reply: private copy of the reply header
 * @used: used length the device published
 * @max_out: room the request gave for output
 * @result: out: the reply's fields in CPU order
 *
 * Return: 0 when the reply is one that the protocol allows, whatever its
 * status; -EIO when it is not, and then nothing of it may be used.
 */
int vcd_wire_reply(const struct vcd_reply *reply, u32 used, u32 max_out,
		   struct vcd_result *result)
{
	u32 out_len = le32_to_cpu(reply->out_len);

	if (used < sizeof(*reply))
		return -EIO;
	if (out_len > max_out || used - sizeof(*reply) != out_len)
		return -EIO;
	result->status = le32_to_cpu(reply->status);
	if (result->status != VCD_S_OK && out_len)
		return -EIO;
	result->out_len = out_len;
	result->value = le64_to_cpu(reply->value);
	memcpy(result->iv, reply->iv, sizeof(result->iv));
	return 0;
}

/**
 * vcd_wire_errno() - what a status means to a program
 * @status: enum vcd_status, as received
 *
 * VCD_S_STALE is ESTALE, for the driver itself: it makes the session again and
 * no program sees it.
 *
 * Return: 0 or a negative errno.
 */
int vcd_wire_errno(u32 status)
{
	switch (status) {
	case VCD_S_OK:
		return 0;
	case VCD_S_INVALID:
	case VCD_S_NOTSUPP:
	case VCD_S_NOALG:
	case VCD_S_BADKEY:
		return -EINVAL;
	case VCD_S_STALE:
		return -ESTALE;
	case VCD_S_BADMSG:
		return -EBADMSG;
	case VCD_S_NOSPACE:
		return -ENOSPC;
	case VCD_S_NOMEM:
		return -ENOMEM;
	case VCD_S_BUSY:
		return -EBUSY;
	case VCD_S_TOOBIG:
		return -EMSGSIZE;
	case VCD_S_VERSION:
		return -EPROTO;
	case VCD_S_NOKEY:
		return -ENOKEY;
	case VCD_S_DENIED:
		return -EACCES;
	case VCD_S_NOSTATE:
	case VCD_S_IO:
	case VCD_S_SLOW:
	default:
		return -EIO;
	}
}

/**
 * vcd_wire_key_info() - check what the device says of a key, for a program
 * @info: private copy of it
 * @key: out: the same in CPU order; the label ends with a 0. Kind 0 is for lists.
 *
 * Return: 0; -EIO when no key can be like that.
 */
int vcd_wire_key_info(const struct vcd_key_info *info, struct crypt_key *key)
{
	size_t len = strnlen(info->label, sizeof(info->label));

	static_assert(sizeof(key->label) == sizeof(info->label), "label");
	static_assert(sizeof(key->check) == sizeof(info->check), "check");
	memset(key, 0, sizeof(*key));
	if (!len || len == sizeof(info->label))
		return -EIO;
	memcpy(key->label, info->label, len);
	key->kind = le16_to_cpu(info->kind);
	key->alg = le16_to_cpu(info->alg);
	key->bits = le32_to_cpu(info->bits);
	key->use = le32_to_cpu(info->use);
	key->flags = le32_to_cpu(info->flags);
	key->schemes = le64_to_cpu(info->schemes);
	key->form = le16_to_cpu(info->form);
	key->key_len = le16_to_cpu(info->key_len);
	key->max_out = le32_to_cpu(info->max_out);
	memcpy(key->check, info->check, sizeof(key->check));
	if (key->max_out > VCD_KEY_MAX_OUT || key->key_len > VCD_MAX_MACKEY_LEN)
		return -EIO;
	return 0;
}
