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
 * Device feature bits (0 to 23 are the device type's). A device that has a key
 * service offers the first two; the third is reserved.
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

/* Bounds of keys by name. */
#define VCD_KEY_LABEL_LEN 64  /* a label's field; the label has at most one byte less */
#define VCD_KEY_TICKET_LEN 32 /* a ticket, where a key has one */
#define VCD_KEY_CHECK_LEN 16  /* check value */
#define VCD_KEY_MAX_SPKI 8192 /* a public key in DER */
#define VCD_KEY_MAX_IN 16384  /* SIGN, DECRYPT, DERIVE: in_len + aux_len */
#define VCD_KEY_MAX_OUT 16384 /* their output */
#define VCD_KEY_LIST_PAGE 32  /* most entries in a reply to KEY_LIST */

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
 * @slow_queues: with VIRTIO_CRYPTODEV_F_KEY_NAME or _F_ASYM: queues behind the
 *	@num_queues, for requests that wait for the key service
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
	__le32 slow_queues;
	__u8 reserved[44];
};

/* Operations. Numbers not listed are answered VCD_S_NOTSUPP. */
enum vcd_opcode {
	VCD_OP_HELLO = 0x0001,
	VCD_OP_STATS = 0x0002, /* reserved, VIRTIO_CRYPTODEV_F_STATS */
	VCD_OP_SESSION_CREATE = 0x0010,
	VCD_OP_SESSION_DESTROY = 0x0011,
	VCD_OP_SESSION_INFO = 0x0012,
	VCD_OP_CRYPT = 0x0020,
	VCD_OP_AUTHCRYPT = 0x0021,
	VCD_OP_HASH_COPY = 0x0022,
	VCD_OP_KEY_LIST = 0x0030, /* _F_KEY_NAME */
	VCD_OP_KEY_INFO = 0x0031, /* _F_KEY_NAME */
	VCD_OP_SIGN = 0x0100,	  /* 0x0100..0x01ff: _F_ASYM */
	VCD_OP_DECRYPT = 0x0101,
	VCD_OP_DERIVE = 0x0102,
};

/* Flags of requests. An operation that has none of them takes zero. */
enum vcd_flag {
	VCD_F_DECRYPT = 0x0001,	     /* otherwise encrypt; ignored without a cipher */
	VCD_F_HASH_RESET = 0x0002,   /* restart the hash before this data */
	VCD_F_HASH_FINAL = 0x0004,   /* end the hash, put the digest out */
	VCD_F_TLS = 0x0010,	     /* AUTHCRYPT: TLS record, MAC then encrypt */
	VCD_F_SRTP = 0x0020,	     /* AUTHCRYPT: SRTP packet, encrypt then MAC */
	VCD_F_MESSAGE = 0x0040,	     /* SIGN: the input is the message, not its digest */
	VCD_F_CHECK = 0x0080,	     /* SESSION_CREATE by label: @check must be the key's */
	VCD_F_IV_BY_DEVICE = 0x0100, /* AUTHCRYPT: encrypt; the device makes the nonce */
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
 * @VCD_S_NOSPACE: max_sessions reached, or what the key service can have open for one device
 * @VCD_S_NOMEM: the device is out of memory for this request
 * @VCD_S_BUSY: a limit of this guest is reached; repeat later
 * @VCD_S_TOOBIG: over max_request, max_aad or max_segments
 * @VCD_S_NOSTATE: continues a hash that was not begun or is lost
 * @VCD_S_IO: the engine failed
 * @VCD_S_VERSION: HELLO: no common version
 * @VCD_S_NOKEY: no key of that label for this guest, or the ticket or the check
 *	value is another
 * @VCD_S_DENIED: the policy does not allow this use of the key
 * @VCD_S_SLOW: this request belongs on a slow queue
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
	VCD_S_NOKEY = 14,
	VCD_S_DENIED = 15,
	VCD_S_SLOW = 16,
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
 * @iv_len: bytes of @iv: the cipher's IV size, exactly; CCM: 7 to 13 (the nonce);
 *	VCD_F_IV_BY_DEVICE: 0
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
 * A session with a named AEAD key without VCD_KEY_F_IV_GUEST encrypts only with
 * VCD_F_IV_BY_DEVICE (else VCD_S_DENIED): the device makes a nonce of 12 bytes that
 * this key has not had, and the reply's iv is it.
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
#define VCD_KEY_LABEL 1	 /* it holds the label of a key that the host has, _F_KEY_NAME */

/**
 * struct vcd_req_create - header of VCD_OP_SESSION_CREATE.
 * @opcode: VCD_OP_SESSION_CREATE
 * @flags: zero; VCD_KEY_LABEL: VCD_F_CHECK
 * @cipher: cipher or AEAD algorithm, 0 for none
 * @session: zero
 * @mac: hash or MAC algorithm, 0 for none
 * @key_len: bytes of cipher key; VCD_KEY_LABEL: of label
 * @mackey_len: bytes of MAC key; VCD_KEY_LABEL: of ticket, 0 or VCD_KEY_TICKET_LEN
 * @key_source: VCD_KEY_INLINE or VCD_KEY_LABEL
 * @check: with VCD_F_CHECK: the check value that the key must have; otherwise zero
 * @reserved: zero
 *
 * Payload in: cipher key (key_len), MAC key (mackey_len). Payload out: none.
 * Reply value: the session id.
 *
 * VCD_KEY_LABEL, on a slow queue. Payload in: label (key_len), ticket (mackey_len).
 * Either @cipher or @mac is the algorithm of a symmetric key, by which alone the
 * session may use it (else VCD_S_NOALG); both are 0 for a private key.
 * Payload out: struct vcd_key_info. Reply iv: the check value.
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
	__u8 check[VCD_KEY_CHECK_LEN];
	__u8 reserved[16];
};

/**
 * struct vcd_req_key - header of KEY_LIST, KEY_INFO, SIGN, DECRYPT and DERIVE.
 * @opcode: one of these
 * @flags: SIGN: VCD_F_MESSAGE
 * @in_len: bytes of label, digest, message, ciphertext or peer's public key
 * @session: SIGN, DECRYPT, DERIVE: session id
 * @aux_len: KEY_INFO: bytes of ticket; DECRYPT: of OAEP label
 * @out_len: most bytes of output that the driver takes; the device answers
 *	VCD_S_TOOBIG, with the bytes needed in the reply's value, if it has more
 * @scheme: SIGN, DECRYPT, DERIVE: enum vcd_scheme
 * @reserved0: zero
 * @first: KEY_LIST: number of the first entry
 * @reserved1: zero
 *
 * All of them go to the slow queues (VCD_S_SLOW on another one), and the input is
 * read before anything is decided.
 *
 * KEY_LIST. No payload in. Payload out: struct vcd_key_info for each key that the
 * guest may see, in the order of labels, from @first on: as many as fit @out_len,
 * VCD_KEY_LIST_PAGE at most. Reply value: how many there are in all.
 *
 * KEY_INFO. Payload in: label (in_len), ticket (aux_len: 0 or VCD_KEY_TICKET_LEN).
 * Payload out: struct vcd_key_info, then the public key as SubjectPublicKeyInfo in
 * DER if it has one. Reply iv: the check value.
 *
 * SIGN. Payload in: the digest, as long as the scheme says, or with VCD_F_MESSAGE
 * the message (in_len). Payload out: the signature; ECDSA's is in DER.
 *
 * DECRYPT. Payload in: ciphertext (in_len), OAEP label (aux_len). Payload out: the
 * plaintext; its length is the reply's out_len. VCD_S_BADMSG: any failure of it.
 *
 * DERIVE. Payload in: the peer's public key (in_len): an uncompressed point, or 32
 * bytes. Payload out: the shared secret.
 */
struct vcd_req_key {
	__le16 opcode;
	__le16 flags;
	__le32 in_len;
	__le64 session;
	__le32 aux_len;
	__le32 out_len;
	__le16 scheme;
	__u8 reserved0[2];
	__le32 first;
	__u8 reserved1[32];
};

/** enum vcd_key_kind - what a named key is. */
enum vcd_key_kind {
	VCD_KIND_SYMMETRIC = 1,
	VCD_KIND_RSA = 2,
	VCD_KIND_P256 = 3,
	VCD_KIND_P384 = 4,
	VCD_KIND_P521 = 5,
	VCD_KIND_ED25519 = 6,
	VCD_KIND_X25519 = 7,
	VCD_KIND_ML_DSA_44 = 8,
	VCD_KIND_ML_DSA_65 = 9,
	VCD_KIND_ML_DSA_87 = 10,
};

/**
 * enum vcd_scheme - all there is to choose in an asymmetric operation.
 *
 * RSA-PSS has a salt as long as its digest and MGF1 with the same digest; so has
 * OAEP's MGF1. Numbers are below 64.
 */
enum vcd_scheme {
	VCD_RSA_PKCS1_SHA256 = 1,
	VCD_RSA_PKCS1_SHA384 = 2,
	VCD_RSA_PKCS1_SHA512 = 3,
	VCD_RSA_PSS_SHA256 = 4,
	VCD_RSA_PSS_SHA384 = 5,
	VCD_RSA_PSS_SHA512 = 6,
	VCD_ECDSA_P256_SHA256 = 7,
	VCD_ECDSA_P256_SHA384 = 8,
	VCD_ECDSA_P256_SHA512 = 9,
	VCD_ECDSA_P384_SHA256 = 10,
	VCD_ECDSA_P384_SHA384 = 11,
	VCD_ECDSA_P384_SHA512 = 12,
	VCD_ECDSA_P521_SHA256 = 13,
	VCD_ECDSA_P521_SHA384 = 14,
	VCD_ECDSA_P521_SHA512 = 15,
	VCD_SCHEME_ED25519 = 16,
	VCD_SCHEME_ML_DSA_44 = 17,
	VCD_SCHEME_ML_DSA_65 = 18,
	VCD_SCHEME_ML_DSA_87 = 19,
	VCD_RSA_PKCS1_SHA1 = 20, /* only where the host's policy says the word */
	VCD_RSA_OAEP_SHA256 = 32,
	VCD_RSA_OAEP_SHA384 = 33,
	VCD_RSA_OAEP_SHA512 = 34,
	VCD_RSA_OAEP_SHA1 = 35, /* only where the host's policy says the word */
	VCD_ECDH_P256 = 48,
	VCD_ECDH_P384 = 49,
	VCD_ECDH_P521 = 50,
	VCD_SCHEME_X25519 = 51,
};

/* struct vcd_key_info.use */
#define VCD_USE_SIGN 0x01 /* MACs, too */
#define VCD_USE_VERIFY 0x02
#define VCD_USE_ENCRYPT 0x04
#define VCD_USE_DECRYPT 0x08
#define VCD_USE_DERIVE 0x10

/* struct vcd_key_info.flags */
#define VCD_KEY_F_FAST 0x01	/* its sessions may be used on every queue */
#define VCD_KEY_F_IV_GUEST 0x02 /* an AEAD whose nonce the guest may choose */

/** enum vcd_key_form - what a signed message has to be. */
enum vcd_key_form {
	VCD_FORM_ANY = 0,
	VCD_FORM_TLS13_SERVER = 1, /* CertificateVerify of RFC 8446, 4.4.3: the server's */
	VCD_FORM_TLS13_CLIENT = 2,
};

/**
 * struct vcd_key_info - what a guest is told of a named key.
 * @label: 0-padded; the driver must not rely on the 0 byte being there
 * @kind: enum vcd_key_kind; KEY_LIST: 0 if that is not known before the key is used, as
 *	with a token that the host has not asked yet
 * @alg: a symmetric key's algorithm
 * @bits: bits of the modulus, of the curve's field, or of the symmetric key
 * @use: VCD_USE_*
 * @flags: VCD_KEY_F_*; without VCD_KEY_F_FAST, requests of its sessions go to the
 *	slow queues
 * @schemes: bit (1 << enum vcd_scheme) for each that is allowed
 * @form: enum vcd_key_form; other than 0: SIGN with VCD_F_MESSAGE only
 * @key_len: bytes of a symmetric key
 * @max_out: most bytes that SIGN, DECRYPT or DERIVE puts out
 * @check: check value: depends on the key's bytes and algorithm, tells nothing of them
 * @reserved: zero
 */
struct vcd_key_info {
	char label[VCD_KEY_LABEL_LEN];
	__le16 kind;
	__le16 alg;
	__le32 bits;
	__le32 use;
	__le32 flags;
	__le64 schemes;
	__le16 form;
	__le16 key_len;
	__le32 max_out;
	__u8 check[VCD_KEY_CHECK_LEN];
	__u8 reserved[16];
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
 * @value: HELLO: version; SESSION_CREATE: session id; KEY_LIST: how many keys there
 *	are; TOOBIG of struct vcd_req_key: bytes needed; otherwise zero
 * @iv: CRYPT, AUTHCRYPT: IV that continues, zero behind the IV size;
 *	VCD_F_IV_BY_DEVICE: the nonce; SESSION_CREATE by label, KEY_INFO: the check value
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
static_assert(offsetof(struct vcd_config, slow_queues) == 80, "vcd_config.slow_queues");
static_assert(sizeof(struct vcd_req) == 64, "vcd_req");
static_assert(offsetof(struct vcd_req, session) == 8, "vcd_req.session");
static_assert(offsetof(struct vcd_req, iv_len) == 24, "vcd_req.iv_len");
static_assert(offsetof(struct vcd_req, iv) == 32, "vcd_req.iv");
static_assert(offsetof(struct vcd_req, arg) == 48, "vcd_req.arg");
static_assert(sizeof(struct vcd_req_create) == 64, "vcd_req_create");
static_assert(offsetof(struct vcd_req_create, mac) == 16, "vcd_req_create.mac");
static_assert(offsetof(struct vcd_req_create, check) == 32, "vcd_req_create.check");
static_assert(sizeof(struct vcd_req_key) == 64, "vcd_req_key");
static_assert(offsetof(struct vcd_req_key, first) == 28, "vcd_req_key.first");
static_assert(sizeof(struct vcd_key_info) == 128, "vcd_key_info");
static_assert(offsetof(struct vcd_key_info, schemes) == 80, "vcd_key_info.schemes");
static_assert(sizeof(struct vcd_req_hello) == 64, "vcd_req_hello");
static_assert(offsetof(struct vcd_req_hello, max_version) == 16, "vcd_req_hello.max_version");
static_assert(sizeof(struct vcd_reply) == 32, "vcd_reply");
static_assert(offsetof(struct vcd_reply, value) == 8, "vcd_reply.value");
static_assert(offsetof(struct vcd_reply, iv) == 16, "vcd_reply.iv");
static_assert(sizeof(struct vcd_session_info) == 272, "vcd_session_info");
static_assert(offsetof(struct vcd_session_info, flags) == 256, "vcd_session_info.flags");

#endif /* VIRTIO_CRYPTODEV_H */
