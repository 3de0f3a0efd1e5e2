/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-3-Clause */
/*
 * virtio_cryptodev.h - the wire protocol between the guest driver and the
 * device, version 1. docs/device-spec.md is the same in the shape of a
 * specification chapter, with the algorithm tables.
 *
 * Purpose
 * -------
 * The device executes symmetric cryptographic operations for the programs of a
 * guest. The driver gives those programs /dev/crypto (cryptodev.h); the
 * protocol is shaped after that interface but names no pointer, descriptor or
 * structure of either side. Everything is little-endian. Every length is in
 * bytes.
 *
 * Transport
 * ---------
 * A virtio 1.x device (VIRTIO_F_VERSION_1 is required), device id
 * VIRTIO_ID_CRYPTODEV. Queues 0 .. num_queues-1 are equal request queues: any
 * request may be sent on any queue, there is no control queue. A driver that
 * wants fewer queues than the device has uses the first ones. Requests complete
 * in any order, also within one queue; a driver that needs an order waits for
 * the reply before it sends the next.
 *
 * Request
 * -------
 * One descriptor chain is one request:
 *
 *     readable   struct vcd_req (64 bytes) | payload in
 *     writable   struct vcd_reply (32 bytes) | payload out
 *
 * The boundaries of descriptors have no meaning: header and payload may share
 * one descriptor or be spread over many. The readable part holds exactly the
 * header and the payload that the header's lengths describe; the writable part
 * has room for at least the reply and the largest output that the request can
 * have. A chain has at most max_segments descriptors, an indirect table counted
 * by its entries, and never more than the queue's size.
 *
 * The device writes the reply header, then as many bytes of output as
 * reply.out_len says, directly behind it. The used length is
 * sizeof(struct vcd_reply) + out_len, and bytes beyond it are undefined: the
 * driver must not read them. When status is not VCD_S_OK, out_len is 0 and no
 * byte of output is the operation's result. (A device that works in place in
 * the guest's buffers may already have written there when a cipher fails for
 * an internal reason; it never leaves data there that failed authentication.)
 *
 * A chain whose writable part is shorter than a reply gets used length 0.
 * A malformed ring (a descriptor index or address outside what was negotiated)
 * has no reply: the device stops that queue and is reset by the driver.
 *
 * Reserved fields and bits are zero; the device answers VCD_S_INVALID when they
 * are not. So a later version can give them a meaning.
 *
 * Sessions
 * --------
 * VCD_OP_SESSION_CREATE names a cipher, a MAC or hash, or both, or an AEAD, and
 * carries the keys; the reply's value is the session id, 64 bits, never 0,
 * opaque, not used again in the lifetime of the device. The device keeps no IV
 * between requests: each request carries its IV, and the reply has the IV that
 * the next request continues with. Beside its keys a session keeps only an
 * unfinished hash or MAC.
 *
 * So the driver can always make a session again. It does that after a restart
 * of the device process, an upgrade or a migration: the device answers
 * VCD_S_STALE to a request on a session id that it does not know, and the
 * driver creates the session again and repeats the request. A request that
 * continued an unfinished hash cannot be repeated and fails. The epoch of the
 * config space changes whenever sessions were lost in this way.
 *
 * VCD_OP_HELLO is the first request of a driver after it set DRIVER_OK, sent
 * alone and awaited: the device drops every session that an earlier driver left
 * and both agree on a version. A device must not require it, as it may have
 * lost its memory of an earlier one.
 *
 * Algorithms
 * ----------
 * Numbers are those of the cryptodev ABI (enum cryptodev_crypto_op_t). The
 * config space's bit maps say which ones the device has: bit n%64 of word n/64.
 *
 * Who checks what
 * ---------------
 * The device trusts nothing in a chain: it copies the header once, checks it
 * against the chain's total lengths in 64-bit arithmetic, and only then acts.
 * The driver trusts nothing in a reply: it checks used length, out_len and
 * status against the possible results of the request.
 */
#ifndef VIRTIO_CRYPTODEV_H
#define VIRTIO_CRYPTODEV_H

#include <linux/types.h>
#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>
#else
#include <assert.h>
#include <stddef.h>
#endif

/*
 * Virtio device id. 21 stands in the specification's table without a
 * specification or driver, and is among those that stock QEMU accepts.
 */
#ifndef VIRTIO_ID_CRYPTODEV
#define VIRTIO_ID_CRYPTODEV 21
#endif

#define VCD_PROTOCOL_VERSION 1

/*
 * Device feature bits (0 to 23 are the device type's). All are reserved for
 * named additions; version 1 devices offer none and drivers accept none.
 */
#define VIRTIO_CRYPTODEV_F_KEY_NAME 0 /* sessions from host-held keys, by label */
#define VIRTIO_CRYPTODEV_F_ASYM 1     /* asymmetric operations */
#define VIRTIO_CRYPTODEV_F_STATS 2    /* VCD_OP_STATS */

/* Bounds that hold for every device of version 1. */
#define VCD_MAX_KEY_LEN 64     /* cipher or AEAD key */
#define VCD_MAX_MACKEY_LEN 512 /* HMAC key */
#define VCD_MAX_IV_LEN 16
#define VCD_MAX_DIGEST_LEN 64 /* digest or tag */
#define VCD_MAX_QUEUES 64

/**
 * struct vcd_config - device configuration space.
 * @version: highest protocol version of the device
 * @num_queues: request queues, 1 to VCD_MAX_QUEUES
 * @max_request: most payload bytes of one request, in each direction; at least 4096
 * @max_segments: most descriptors of one chain; at least 4
 * @max_sessions: sessions that may exist at one time
 * @max_aad: most bytes of additional authenticated data
 * @epoch: changes when the device has lost its sessions by itself
 * @poll_us: hint, microseconds for which polling for a reply is useful; 0: none
 * @ciphers: bit map of cipher algorithms
 * @macs: bit map of hash and MAC algorithms
 * @aeads: bit map of AEAD algorithms
 * @reserved: zero
 *
 * Read-only for the driver. Only @epoch changes while the device is live.
 */
struct vcd_config {
	__le32 version;
	__le32 num_queues;
	__le32 max_request;
	__le32 max_segments;
	__le32 max_sessions;
	__le32 max_aad;
	__le32 epoch;
	__le32 poll_us;
	__le64 ciphers[2];
	__le64 macs[2];
	__le64 aeads[2];
	__u8 reserved[48];
};

/* Operations. Numbers not listed are answered VCD_S_NOTSUPP. */
enum vcd_opcode {
	VCD_OP_HELLO = 0x0001,
	VCD_OP_STATS = 0x0002,		 /* reserved, VIRTIO_CRYPTODEV_F_STATS */
	VCD_OP_SESSION_CREATE = 0x0010,
	VCD_OP_SESSION_DESTROY = 0x0011,
	VCD_OP_SESSION_INFO = 0x0012,
	VCD_OP_CRYPT = 0x0020,
	VCD_OP_AUTHCRYPT = 0x0021,
	VCD_OP_HASH_COPY = 0x0022,
	VCD_OP_ASYM_FIRST = 0x0100,	 /* 0x0100..0x01ff reserved, _F_ASYM */
};

/* Flags of VCD_OP_CRYPT and VCD_OP_AUTHCRYPT. */
enum vcd_flag {
	VCD_F_DECRYPT = 0x0001,	   /* otherwise encrypt; ignored without a cipher */
	VCD_F_HASH_RESET = 0x0002, /* restart the hash before this data */
	VCD_F_HASH_FINAL = 0x0004, /* end the hash, put the digest out */
	VCD_F_TLS = 0x0010,	   /* AUTHCRYPT: TLS record, MAC then encrypt */
	VCD_F_SRTP = 0x0020,	   /* AUTHCRYPT: SRTP packet, encrypt then MAC */
};

/**
 * enum vcd_status - result of a request.
 * @VCD_S_OK: done
 * @VCD_S_INVALID: the request violates this document or does not fit the session
 * @VCD_S_NOTSUPP: unknown operation
 * @VCD_S_STALE: no such session here; create it again and repeat
 * @VCD_S_NOALG: the device does not have that algorithm or combination
 * @VCD_S_BADKEY: key length or key not acceptable to the algorithm
 * @VCD_S_BADMSG: authentication failed; there is no output
 * @VCD_S_NOSPACE: max_sessions reached
 * @VCD_S_NOMEM: the device is out of memory for this request
 * @VCD_S_BUSY: a limit of this guest is reached; repeat later
 * @VCD_S_TOOBIG: over max_request, max_aad or max_segments
 * @VCD_S_NOSTATE: continues a hash that was not begun or is lost
 * @VCD_S_IO: the engine failed
 * @VCD_S_VERSION: HELLO: no common version
 *
 * A driver treats a value not listed here as VCD_S_IO.
 */
enum vcd_status {
	VCD_S_OK = 0,
	VCD_S_INVALID = 1,
	VCD_S_NOTSUPP = 2,
	VCD_S_STALE = 3,
	VCD_S_NOALG = 4,
	VCD_S_BADKEY = 5,
	VCD_S_BADMSG = 6,
	VCD_S_NOSPACE = 7,
	VCD_S_NOMEM = 8,
	VCD_S_BUSY = 9,
	VCD_S_TOOBIG = 10,
	VCD_S_NOSTATE = 11,
	VCD_S_IO = 12,
	VCD_S_VERSION = 13,
	VCD_S_COUNT
};

/**
 * struct vcd_req - header of every request; its first 16 bytes are common to
 * all operations, the rest is as below for CRYPT, AUTHCRYPT, HASH_COPY,
 * SESSION_DESTROY and SESSION_INFO. Fields an operation does not use are zero.
 * @opcode: enum vcd_opcode
 * @flags: enum vcd_flag
 * @src_len: CRYPT, AUTHCRYPT: bytes of data
 * @session: session id; HASH_COPY: the destination
 * @aad_len: AUTHCRYPT: bytes of AAD; SRTP: of the authenticated region
 * @crypt_off: AUTHCRYPT, SRTP: where in the region the @src_len data bytes begin
 * @iv_len: bytes of @iv: the cipher's IV size, exactly; CCM: 7 to 13 (the nonce)
 * @tag_len: AUTHCRYPT: tag bytes, explicit, 1 to the algorithm's size
 * @iv: IV or nonce, zero behind @iv_len
 * @arg: HASH_COPY: the session to copy from
 *
 * CRYPT. Payload in: data (src_len). Payload out: the processed data (src_len,
 * when the session has a cipher), then the digest (when it has a hash or MAC
 * and HASH_FINAL is set). With both, the plaintext is hashed. src_len is a
 * multiple of the cipher's block size. The reply's iv continues: CBC: the last
 * ciphertext block; CTR: the counter advanced by the blocks used, 128 bits
 * wrapping; XTS and others: see docs/device-spec.md.
 *
 * AUTHCRYPT, plain AEAD. Payload in: AAD (aad_len), data (src_len; decrypt: the
 * ciphertext with its tag_len bytes of tag). Payload out: encrypt: ciphertext
 * and tag (src_len + tag_len); decrypt: plaintext (src_len - tag_len).
 *
 * AUTHCRYPT, VCD_F_TLS (session: CBC cipher and HMAC). Payload in: AAD, data.
 * Encrypt out: the record: data | MAC over AAD and data | padding, encrypted.
 * Decrypt out: the data, padding and MAC checked and removed.
 *
 * AUTHCRYPT, VCD_F_SRTP (session: CTR or NULL cipher and HMAC). Payload in: the
 * authenticated region (aad_len) that holds the data at crypt_off; decrypt:
 * then the tag (tag_len). Out: the processed data (src_len); encrypt: then the
 * tag.
 *
 * SESSION_INFO. Payload out: struct vcd_session_info.
 * SESSION_DESTROY, HASH_COPY: no payload. Both sessions of a HASH_COPY have the
 * same hash or MAC algorithm (else VCD_S_INVALID).
 */
struct vcd_req {
	__le16 opcode;
	__le16 flags;
	__le32 src_len;
	__le64 session;
	__le32 aad_len;
	__le32 crypt_off;
	__u8 iv_len;
	__u8 tag_len;
	__u8 reserved0[6];
	__u8 iv[VCD_MAX_IV_LEN];
	__le64 arg;
	__u8 reserved1[8];
};

/* Where a session's keys come from: struct vcd_req_create.key_source */
#define VCD_KEY_INLINE 0 /* the payload holds the key bytes */
#define VCD_KEY_LABEL 1	 /* reserved, VIRTIO_CRYPTODEV_F_KEY_NAME */

/**
 * struct vcd_req_create - header of VCD_OP_SESSION_CREATE.
 * @opcode: VCD_OP_SESSION_CREATE
 * @flags: zero
 * @cipher: cipher or AEAD algorithm, 0 for none
 * @session: zero
 * @mac: hash or MAC algorithm, 0 for none
 * @key_len: bytes of cipher key
 * @mackey_len: bytes of MAC key
 * @key_source: VCD_KEY_INLINE
 * @reserved: zero
 *
 * Payload in: cipher key (key_len), MAC key (mackey_len). Payload out: none.
 * Reply value: the session id.
 */
struct vcd_req_create {
	__le16 opcode;
	__le16 flags;
	__le32 cipher;
	__le64 session;
	__le32 mac;
	__le32 key_len;
	__le32 mackey_len;
	__le32 key_source;
	__u8 reserved[32];
};

/**
 * struct vcd_req_hello - header of VCD_OP_HELLO.
 * @opcode: VCD_OP_HELLO
 * @flags: zero
 * @min_version: lowest protocol version the driver speaks
 * @session: zero
 * @max_version: highest one
 * @reserved: zero
 *
 * No payload. Reply value: the version both will use, or VCD_S_VERSION.
 */
struct vcd_req_hello {
	__le16 opcode;
	__le16 flags;
	__le32 min_version;
	__le64 session;
	__le32 max_version;
	__u8 reserved[44];
};

/**
 * struct vcd_reply - header of every reply.
 * @status: enum vcd_status
 * @out_len: bytes of output behind this header; 0 unless @status is VCD_S_OK
 * @value: HELLO: version; SESSION_CREATE: session id; otherwise zero
 * @iv: CRYPT, AUTHCRYPT: IV that continues, zero behind the IV size
 */
struct vcd_reply {
	__le32 status;
	__le32 out_len;
	__le64 value;
	__u8 iv[VCD_MAX_IV_LEN];
};

#define VCD_ALG_NAME_LEN 64

/* struct vcd_session_info.flags */
#define VCD_INFO_HW_CIPHER 0x1 /* the engine is hardware of the host */
#define VCD_INFO_HW_MAC 0x2

/**
 * struct vcd_session_info - payload out of VCD_OP_SESSION_INFO.
 * @cipher_name: name of the cipher as kernels write it ("cbc(aes)"), 0-padded
 * @cipher_driver: what carries it out ("openssl-cbc-aes")
 * @mac_name: name of the hash or MAC
 * @mac_driver: what carries it out
 * @flags: VCD_INFO_*
 * @reserved: zero
 *
 * The strings end with a 0 byte; empty where the session has no such part. The
 * driver must not rely on the 0 byte being there.
 */
struct vcd_session_info {
	char cipher_name[VCD_ALG_NAME_LEN];
	char cipher_driver[VCD_ALG_NAME_LEN];
	char mac_name[VCD_ALG_NAME_LEN];
	char mac_driver[VCD_ALG_NAME_LEN];
	__le32 flags;
	__u8 reserved[12];
};

static_assert(sizeof(struct vcd_config) == 128, "vcd_config");
static_assert(offsetof(struct vcd_config, ciphers) == 32, "vcd_config.ciphers");
static_assert(offsetof(struct vcd_config, reserved) == 80, "vcd_config.reserved");
static_assert(sizeof(struct vcd_req) == 64, "vcd_req");
static_assert(offsetof(struct vcd_req, session) == 8, "vcd_req.session");
static_assert(offsetof(struct vcd_req, iv_len) == 24, "vcd_req.iv_len");
static_assert(offsetof(struct vcd_req, iv) == 32, "vcd_req.iv");
static_assert(offsetof(struct vcd_req, arg) == 48, "vcd_req.arg");
static_assert(sizeof(struct vcd_req_create) == 64, "vcd_req_create");
static_assert(offsetof(struct vcd_req_create, mac) == 16, "vcd_req_create.mac");
static_assert(offsetof(struct vcd_req_create, reserved) == 32, "vcd_req_create.reserved");
static_assert(sizeof(struct vcd_req_hello) == 64, "vcd_req_hello");
static_assert(offsetof(struct vcd_req_hello, max_version) == 16, "vcd_req_hello.max_version");
static_assert(sizeof(struct vcd_reply) == 32, "vcd_reply");
static_assert(offsetof(struct vcd_reply, value) == 8, "vcd_reply.value");
static_assert(offsetof(struct vcd_reply, iv) == 16, "vcd_reply.iv");
static_assert(sizeof(struct vcd_session_info) == 272, "vcd_session_info");
static_assert(offsetof(struct vcd_session_info, flags) == 256, "vcd_session_info.flags");

#endif /* VIRTIO_CRYPTODEV_H */
