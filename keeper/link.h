/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.h - the protocol of vcrypto-keeper, version 1.
 *
 * Purpose
 * -------
 * The keeper holds keys; a client uses them by name. Clients are the workers of
 * vhost-user-cryptodev, the device in QEMU, and vcryptoctl. A client may be in the hands of a
 * hostile guest: the keeper believes nothing that it says, and checks label, right, scheme and
 * lengths of every request.
 *
 * Transport
 * ---------
 * A UNIX socket of type SOCK_SEQPACKET. One message is one packet:
 *
 *     request    struct keeper_request (64 bytes) | payload, @len bytes
 *     reply      struct keeper_reply (64 bytes) | payload, @len bytes
 *
 * Both ends are on one machine: numbers are in its byte order. No descriptors are passed.
 * A payload has at most KEEPER_MAX_PAYLOAD bytes. Fields that a request does not use are zero.
 * The keeper closes the connection at a packet that is shorter than its head, whose length is
 * not that of head and @len, or whose @type it does not know; everything else gets a reply.
 *
 * Order
 * -----
 * A client may have KEEPER_MAX_OUTSTANDING requests outstanding on a connection. Replies come in any
 * order; the client chooses @id, and the reply repeats it. A request beyond that number is answered
 * KEEPER_S_BUSY. The keeper takes no more requests from a client that
 * does not read its replies.
 *
 * Who the client is
 * -----------------
 * The first request of a VM's connection is KEEPER_HELLO with the VM's name. It holds for the life
 * of the connection, and a second one closes it. The supervisor sends it and passes the connected
 * socket to its worker, which therefore cannot name another VM. The policy may bind a name to a user
 * id, which is that of the process that connected (SO_PEERCRED), i.e. the supervisor's.
 *
 * A new worker gets the same socket. It sends KEEPER_RESET first, with an @id that it draws at
 * random, and drops every packet until the reply with that @id comes. All handles of the
 * connection are closed then, and no reply to an earlier request follows.
 *
 *     supervisor: connect, HELLO "vm7"           keeper: OK
 *     worker 1:   RESET, OPEN "web-tls"          keeper: OK, OK handle 5
 *     worker 1:   SIGN 5 ...                     keeper: signature
 *     (dies)
 *     worker 2:   RESET, OPEN "web-tls"          keeper: OK, OK handle 9
 *
 * Handles
 * -------
 * KEEPER_OPEN turns a label into a handle: 64 bits, never 0, never used again while the keeper runs.
 * A handle belongs to its connection. KEEPER_S_STALE answers a handle that the connection does not
 * have: it was closed, revoked, or of another life of the keeper. The client opens the label again.
 *
 * When a key is revoked, or a reload took it away or changed it, the keeper drops its handles and
 * sends KEEPER_REVOKED for each of them, unasked: @id 0, @handle the handle. A client that fetched the
 * bytes of a key (hold=worker) wipes them and ends its sessions with them (the guest sees VCD_S_STALE,
 * and NOKEY when it makes the session anew).
 *
 * The reply to OPEN and INFO carries a check value in @iv: 16 bytes that depend on the key's bytes
 * and algorithm. Whoever makes a session again compares it with the first one's, so that a label
 * that has come to mean another key is never used by an open session or disk. KEEPER_F_CHECK has the
 * keeper compare: it answers KEEPER_S_NOKEY if they differ.
 *
 * What a client may learn
 * -----------------------
 * "No such label", "not for this VM", "wrong ticket", "other check value" are one answer,
 * KEEPER_S_NOKEY. KEEPER_S_DENIED is only for keys that the VM may open. Why a request was
 * denied stands in the keeper's log only.
 *
 * Idempotence
 * -----------
 * A request may be executed twice when a worker dies and its successor repeats the batch. Such a request
 * carries in @token a number that is not 0 and the same both times: the ledger's queue and position.
 * The keeper repeats the answer, and counts and logs the operation once, if VM, key, token and
 * everything else of the request are the same. It remembers the last KEEPER_TOKENS of each VM.
 */
#ifndef VCD_KEEPER_LINK_H
#define VCD_KEEPER_LINK_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define KEEPER_VERSION 1

#define KEEPER_MAX_PAYLOAD 16384
#define KEEPER_MAX_OUTSTANDING 64
#define KEEPER_MAX_HANDLES 1024 /* of one connection */
#define KEEPER_MAX_LABELS 256	/* that one VM can see */
#define KEEPER_LABEL_LEN 64	/* of a label's field, with the 0 at its end */
#define KEEPER_TICKET_LEN 32
#define KEEPER_CHECK_LEN 16
#define KEEPER_TOKENS 256
#define KEEPER_LIST_PAGE 64 /* most entries in a reply to LIST */

/**
 * enum keeper_type - what is asked.
 *
 * HELLO: payload: the VM's name, 1 to 63 bytes, no 0. @arg: highest version the client speaks.
 * Reply: @handle: the version of both. KEEPER_S_VERSION there is none. A VM that the policy
 * does not name gets KEEPER_S_OK and sees no key.
 *
 * RESET: see above.
 *
 * OPEN: payload: label, then a ticket of KEEPER_TICKET_LEN bytes if @aux_len says so; @alg: the
 * algorithm that a symmetric key shall be for (cryptodev's number), 0: any. KEEPER_F_CHECK: @iv is the
 * check value it must have. KEEPER_F_FETCH: the key's bytes as well. Reply: @handle, check value in
 * @iv; payload: struct keeper_key, then with FETCH the bytes of a key with KEEPER_KEY_WORKER,
 * @key_len of them (KEEPER_S_DENIED for any other key).
 *
 * CLOSE: @handle. There is a reply; requests outstanding on it are carried out.
 *
 * LIST: @arg: number of the first entry. Reply: @handle: how many the VM can see in all;
 * payload: up to KEEPER_LIST_PAGE struct keeper_key, in the order of their labels. A key with a ticket
 * is not listed.
 *
 * INFO: payload: label and ticket as in OPEN, or none, and @handle. Reply: check value in @iv; payload:
 * struct keeper_key, then the public key as SubjectPublicKeyInfo in DER if it has one.
 *
 * SIGN: @handle, @scheme; payload: the digest, of exactly the scheme's digest length, or with
 * KEEPER_F_MESSAGE the message. Schemes without a digest (Ed25519, ML-DSA) and keys with a form
 * take messages only. Reply: payload: the signature; ECDSA's as DER, Ed25519's 64 bytes, RSA's as
 * long as the modulus.
 *
 * DECRYPT: @handle, @scheme; payload: the ciphertext, then @aux_len bytes of OAEP label. Reply:
 * payload: the plaintext. Any failure of the padding is KEEPER_S_BADMSG.
 *
 * DERIVE: @handle, @scheme; payload: the peer's public key: an uncompressed point, or 32 bytes for
 * X25519. Reply: payload: the shared secret: the x coordinate, or 32 bytes.
 *
 * CRYPT: on keys without KEEPER_KEY_WORKER: @handle. Payload: @aux_len bytes of associated data,
 * then the data. Ciphers: @iv and @iv_len, KEEPER_F_DECRYPT; reply: as much data, @iv the one to
 * go on with. AEADs: @tag_len bytes of tag behind the ciphertext, in request or reply. Encryption by an
 * AEAD has @iv_len 0 unless the key has KEEPER_KEY_IV_GUEST: the keeper makes the nonce, 12 bytes, and
 * returns it in @iv. MACs: reply: the MAC, or with KEEPER_F_VERIFY it is compared with the last
 * @tag_len bytes of the payload, KEEPER_S_BADMSG if it differs.
 *
 * KEYS, RELOAD, REVOKE, METRICS: for the administrator: a process of root or of the keeper's user.
 * They need no HELLO; anybody else is answered KEEPER_S_DENIED. REVOKE: payload: label. KEYS and METRICS:
 * @arg: where in the text to begin. Reply: payload: text, @handle: bytes of it in all; the
 * client asks for the rest. RELOAD: KEEPER_S_INVALID: the policy in force stays; payload: why.
 *
 * REVOKED: from the keeper: see above.
 */
enum keeper_type {
	KEEPER_HELLO = 1,
	KEEPER_RESET,
	KEEPER_OPEN,
	KEEPER_CLOSE,
	KEEPER_LIST,
	KEEPER_INFO,
	KEEPER_SIGN,
	KEEPER_DECRYPT,
	KEEPER_DERIVE,
	KEEPER_CRYPT,
	KEEPER_TYPE_VM_LAST = KEEPER_CRYPT,
	KEEPER_KEYS = 64,
	KEEPER_RELOAD,
	KEEPER_REVOKE,
	KEEPER_METRICS,
	KEEPER_TYPE_ADMIN_LAST = KEEPER_METRICS,
	KEEPER_REVOKED = 128,
};

/** enum keeper_status - result of a request. */
enum keeper_status {
	KEEPER_S_OK = 0,
	KEEPER_S_INVALID, /* the request contradicts itself or this file */
	KEEPER_S_NOKEY,	  /* no such key for this VM */
	KEEPER_S_DENIED,  /* the policy forbids this use of the key */
	KEEPER_S_STALE,	  /* no such handle */
	KEEPER_S_BUSY,	  /* a limit is reached: again later */
	KEEPER_S_BADMSG,  /* what was to be decrypted or verified is not authentic */
	KEEPER_S_IO,	  /* the store failed, or did not answer in time */
	KEEPER_S_VERSION, /* HELLO: no common version */
	KEEPER_S_COUNT
};

/* struct keeper_request.flags */
#define KEEPER_F_MESSAGE 0x0001 /* SIGN: the payload is the message */
#define KEEPER_F_DECRYPT 0x0002 /* CRYPT */
#define KEEPER_F_VERIFY 0x0004	/* CRYPT with a MAC */
#define KEEPER_F_CHECK 0x0008	/* OPEN */
#define KEEPER_F_FETCH 0x0010	/* OPEN */
#define KEEPER_F_ALL 0x001f

/**
 * struct keeper_request - head of a request.
 * @type: enum keeper_type
 * @flags: KEEPER_F_*
 * @len: bytes of payload
 * @id: the client's, repeated in the reply
 * @handle: a handle of this connection
 * @token: idempotence; 0: none
 * @scheme: enum keeper_scheme
 * @alg: OPEN: algorithm, a number of cryptodev's
 * @aux_len: bytes of ticket, OAEP label or associated data
 * @iv_len: CRYPT: bytes of @iv
 * @tag_len: CRYPT: bytes of tag
 * @iv: CRYPT: IV or nonce; OPEN: check value
 * @arg: HELLO, LIST, KEYS, METRICS
 * @reserved: zero
 */
struct keeper_request {
	uint16_t type;
	uint16_t flags;
	uint32_t len;
	uint64_t id;
	uint64_t handle;
	uint64_t token;
	uint16_t scheme;
	uint16_t alg;
	uint16_t aux_len;
	uint8_t iv_len;
	uint8_t tag_len;
	uint8_t iv[16];
	uint32_t arg;
	uint32_t reserved;
};

/**
 * struct keeper_reply - head of a reply, and of KEEPER_REVOKED.
 * @type: the request's
 * @status: enum keeper_status
 * @len: bytes of payload; 0 unless @status is KEEPER_S_OK (but RELOAD)
 * @id: the request's
 * @handle: OPEN: the new handle; HELLO: version; LIST, KEYS, METRICS: how many in all
 * @epoch: changes with each reload and revocation
 * @iv: OPEN, INFO: check value; CRYPT: IV
 * @reserved: zero
 */
struct keeper_reply {
	uint16_t type;
	uint16_t status;
	uint32_t len;
	uint64_t id;
	uint64_t handle;
	uint64_t epoch;
	uint8_t iv[16];
	uint8_t reserved[16];
};

/** enum keeper_kind - what a key is. */
enum keeper_kind {
	KEEPER_KIND_NONE,
	KEEPER_KIND_SYMMETRIC, /* @alg says for what */
	KEEPER_KIND_RSA,
	KEEPER_KIND_P256,
	KEEPER_KIND_P384,
	KEEPER_KIND_P521,
	KEEPER_KIND_ED25519,
	KEEPER_KIND_X25519,
	KEEPER_KIND_ML_DSA_44,
	KEEPER_KIND_ML_DSA_65,
	KEEPER_KIND_ML_DSA_87,
	KEEPER_KIND_COUNT
};

/**
 * enum keeper_scheme - all there is to choose in an asymmetric operation.
 *
 * Numbers are below 64: a key has a bit map of them. RSA-PSS has the salt length of its
 * digest and MGF1 with the same digest; so has OAEP's MGF1.
 */
enum keeper_scheme {
	KEEPER_RSA_PKCS1_SHA256 = 1,
	KEEPER_RSA_PKCS1_SHA384,
	KEEPER_RSA_PKCS1_SHA512,
	KEEPER_RSA_PSS_SHA256,
	KEEPER_RSA_PSS_SHA384,
	KEEPER_RSA_PSS_SHA512,
	KEEPER_ECDSA_P256_SHA256,
	KEEPER_ECDSA_P256_SHA384,
	KEEPER_ECDSA_P256_SHA512,
	KEEPER_ECDSA_P384_SHA256,
	KEEPER_ECDSA_P384_SHA384,
	KEEPER_ECDSA_P384_SHA512,
	KEEPER_ECDSA_P521_SHA256,
	KEEPER_ECDSA_P521_SHA384,
	KEEPER_ECDSA_P521_SHA512,
	KEEPER_ED25519,
	KEEPER_ML_DSA_44,
	KEEPER_ML_DSA_65,
	KEEPER_ML_DSA_87,
	KEEPER_RSA_PKCS1_SHA1, /* only where the policy says the word */
	KEEPER_RSA_OAEP_SHA256 = 32,
	KEEPER_RSA_OAEP_SHA384,
	KEEPER_RSA_OAEP_SHA512,
	KEEPER_RSA_OAEP_SHA1, /* only where the policy says the word */
	KEEPER_ECDH_P256 = 48,
	KEEPER_ECDH_P384,
	KEEPER_ECDH_P521,
	KEEPER_X25519,
};

/* struct keeper_key.use */
#define KEEPER_USE_SIGN 0x01 /* MACs, too */
#define KEEPER_USE_VERIFY 0x02
#define KEEPER_USE_ENCRYPT 0x04
#define KEEPER_USE_DECRYPT 0x08
#define KEEPER_USE_DERIVE 0x10

/* struct keeper_key.flags */
#define KEEPER_KEY_WORKER 0x01	 /* hold=worker: its bytes can be fetched */
#define KEEPER_KEY_IV_GUEST 0x02 /* an AEAD whose nonce the guest may choose */

/** enum keeper_form - what a signed message has to be. */
enum keeper_form {
	KEEPER_FORM_ANY,
	KEEPER_FORM_TLS13_SERVER, /* CertificateVerify of RFC 8446 4.4.3, the server's */
	KEEPER_FORM_TLS13_CLIENT,
	KEEPER_FORM_COUNT
};

/**
 * struct keeper_key - what a VM is told of a key.
 * @label: ends with a 0 and is filled up with them
 * @kind: enum keeper_kind
 * @alg: a symmetric key's algorithm, cryptodev's number
 * @bits: bits of the modulus, the curve's field, or the symmetric key
 * @use: KEEPER_USE_*
 * @flags: KEEPER_KEY_*
 * @schemes: bit (1 << enum keeper_scheme) for each that is allowed
 * @form: enum keeper_form
 * @key_len: bytes of a symmetric key
 * @max_out: most bytes that an operation of the key puts out; 0: as many as it takes in
 * @check: check value, the same as in the reply's head
 * @reserved: zero
 */
struct keeper_key {
	char label[KEEPER_LABEL_LEN];
	uint16_t kind;
	uint16_t alg;
	uint32_t bits;
	uint32_t use;
	uint32_t flags;
	uint64_t schemes;
	uint16_t form;
	uint16_t key_len;
	uint32_t max_out;
	uint8_t check[KEEPER_CHECK_LEN];
	uint8_t reserved[16];
};

/** Bytes of the largest packet. */
#define KEEPER_MAX_PACKET (sizeof(struct keeper_request) + KEEPER_MAX_PAYLOAD)

static_assert(sizeof(struct keeper_request) == 64, "keeper_request");
static_assert(offsetof(struct keeper_request, iv) == 40, "keeper_request.iv");
static_assert(sizeof(struct keeper_reply) == 64, "keeper_reply");
static_assert(offsetof(struct keeper_reply, iv) == 32, "keeper_reply.iv");
static_assert(sizeof(struct keeper_key) == 128, "keeper_key");
static_assert(offsetof(struct keeper_key, schemes) == 80, "keeper_key.schemes");

#endif /* VCD_KEEPER_LINK_H */
