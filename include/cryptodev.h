/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-3-Clause */
/*
 * cryptodev.h - the /dev/crypto ioctl ABI, as programs see it.
 *
 * This header is written from the binary interface that /dev/crypto programs on
 * Linux use (ioctl numbers, structure layouts, constants), so that a program
 * compiled against any other copy of that interface runs on this device
 * unchanged. static_asserts below pin every layout.
 *
 * Model
 * -----
 * open("/dev/crypto") gives a file description that owns sessions. CIOCGSESSION
 * makes a session (algorithm and key), CIOCCRYPT runs one operation on it,
 * CIOCFSESSION ends it; the last close ends the remaining sessions. CRIOGET is a
 * dup(): the new descriptor names the same file description and so the same
 * sessions, as do descriptors inherited through fork().
 *
 * Asynchronous operations
 * -----------------------
 * CIOCASYNCCRYPT submits an operation and returns; CIOCASYNCFETCH returns one that is done,
 * or EBUSY. Submitted operations run in parallel, on several processors of the host. They are
 * fetched in the order of their submission, independent of the order in which they end:
 * poll() reports POLLIN when the oldest one is done, and POLLOUT while another may be
 * submitted. 64 may be outstanding for each file description (module parameter async_max);
 * the next one is refused with EBUSY. The fetch reports an operation's error,
 * except an unknown session and COP_FLAG_NO_ZC. An operation that continues
 * another (iv NULL, a hash in parts) takes effect after all that were submitted
 * before it on its session. The data is in the memory of the process that
 * submits, digest and IV in that of the process that fetches.
 *
 * Memory
 * ------
 * After a call has returned, with any result, nothing is written to the memory that
 * it named: also when it failed because the host did not answer in time (EIO), when
 * the caller was killed, and when the host continues later. The same holds for an
 * asynchronous operation once it was fetched or the file was closed for the last
 * time. The host may read input until it answers.
 *
 * COP_FLAG_ZERO_COPY, an extension, gives that up for speed. The host may then write
 * the output, @len bytes (or those of CIOCAUTHCRYPT) at @dst, straight to the caller's
 * pages. After a failure that is not the host's answer (EIO, EINTR) it may still
 * do so at any later time, also when a later call uses the same memory. The
 * caller has to unmap such memory: an unmapped page is not part of the program
 * any more. The flag is a permission; COP_FLAG_NO_ZC overrides it. Drivers that
 * do not know it ignore it.
 *
 * Keys by name
 * ------------
 * An extension of this project. A host with a key service has keys that the guest
 * never has: programs use them by label, as far as the host's policy says.
 * CIOCGSESSLABEL makes a session of one. A session of a symmetric key is used as any
 * other one; for an AEAD see crypt_auth_op.iv_len. If its key has no CRYPT_KEY_FAST, a MAC
 * is one call (EINVAL for parts), and a MAC or AEAD has at most CRYPT_KEY_MAX_DATA bytes.
 * A session of a private key takes
 * CIOCKEYOP, or CIOCKEYASYNC and CIOCKEYFETCH: 64 of the latter may be outstanding for each
 * file description, they are fetched in the order in which they end, and poll() reports
 * POLLIN when one is done. A file description has one kind of asynchronous operation at a
 * time: while operations of the other kind are outstanding, EBUSY.
 *
 * Errors of all of these: ENOTTY: a driver without it; EOPNOTSUPP: the host has no key
 * service; ENOKEY: no such key for this guest, also when the ticket is wrong, or when a label
 * has come to mean another key than when the session was made; EMFILE: the process has as
 * many sessions of this kind as one may have (512); ENOSPC: the key service has no more for
 * this guest (1024 with vcrypto-keeper); EACCES: the policy forbids this use; EBADMSG: what
 * was to be decrypted is not authentic; EMSGSIZE: a length out of range, or output larger
 * than the room for it; EIO: the key service did not answer in time.
 *
 * A 32-bit program on a 64-bit kernel uses the same numbers with its own
 * structure sizes; the driver has a compat path for it.
 */
#ifndef VCD_CRYPTODEV_H
#define VCD_CRYPTODEV_H

#include <linux/types.h>
#ifdef __KERNEL__
#include <linux/ioctl.h>
#include <linux/build_bug.h>
#else
#include <sys/ioctl.h>
#endif

#ifdef __KERNEL__
#define __cryptodev_user __user
#else
#define __cryptodev_user
#endif

/* Limits of the ABI, in bytes unless said otherwise. */
#define CRYPTO_CIPHER_MAX_KEY_LEN 64 /* longest cipher key CIOCGSESSION reads */
#define CRYPTO_HMAC_MAX_KEY_LEN 512  /* longest MAC key CIOCGSESSION reads */
#define EALG_MAX_BLOCK_LEN 16	     /* longest IV */
#define AALG_MAX_RESULT_LEN 64	     /* longest digest or tag */
#define HASH_MAX_LEN 64
#define CRYPTODEV_MAX_ALG_NAME 64 /* name fields of session_info_op, with the 0 */

/**
 * enum cryptodev_crypto_op_t - algorithm numbers of session_op.cipher and .mac.
 *
 * The wire protocol (virtio_cryptodev.h) uses the same numbers. Numbers from
 * CRYPTO_EXT_FIRST on are this project's documented extensions; they lie outside
 * the range that other implementations use.
 */
enum cryptodev_crypto_op_t {
	CRYPTO_DES_CBC = 1,
	CRYPTO_3DES_CBC = 2,
	CRYPTO_BLF_CBC = 3,
	CRYPTO_CAST_CBC = 4,
	CRYPTO_SKIPJACK_CBC = 5,
	CRYPTO_MD5_HMAC = 6,
	CRYPTO_SHA1_HMAC = 7,
	CRYPTO_RIPEMD160_HMAC = 8,
	CRYPTO_MD5_KPDK = 9,
	CRYPTO_SHA1_KPDK = 10,
	CRYPTO_RIJNDAEL128_CBC = 11,
	CRYPTO_AES_CBC = CRYPTO_RIJNDAEL128_CBC,
	CRYPTO_ARC4 = 12,
	CRYPTO_MD5 = 13,
	CRYPTO_SHA1 = 14,
	CRYPTO_DEFLATE_COMP = 15,
	CRYPTO_NULL = 16,
	CRYPTO_LZS_COMP = 17,
	CRYPTO_SHA2_256_HMAC = 18,
	CRYPTO_SHA2_384_HMAC = 19,
	CRYPTO_SHA2_512_HMAC = 20,
	CRYPTO_AES_CTR = 21,
	CRYPTO_AES_XTS = 22,
	CRYPTO_AES_ECB = 23,
	CRYPTO_AES_CFB = 24,
	CRYPTO_AES_OFB = 25,
	CRYPTO_AES_GCM = 50,
	CRYPTO_AES_CCM = 51,
	CRYPTO_CAMELLIA_CBC = 101,
	CRYPTO_RIPEMD160 = 102,
	CRYPTO_SHA2_224 = 103,
	CRYPTO_SHA2_256 = 104,
	CRYPTO_SHA2_384 = 105,
	CRYPTO_SHA2_512 = 106,
	CRYPTO_SHA2_224_HMAC = 107,
	CRYPTO_TLS11_AES_CBC_HMAC_SHA1 = 108,
	CRYPTO_TLS12_AES_CBC_HMAC_SHA256 = 109,
	CRYPTO_ALGORITHM_ALL = 110, /* one past the last standard number */

	CRYPTO_EXT_FIRST = 112,
	CRYPTO_CHACHA20_POLY1305 = 112,
	CRYPTO_SHA3_224 = 113,
	CRYPTO_SHA3_256 = 114,
	CRYPTO_SHA3_384 = 115,
	CRYPTO_SHA3_512 = 116,
	CRYPTO_AES_CMAC = 117,
};

#define CRYPTO_ALGORITHM_MAX (CRYPTO_ALGORITHM_ALL - 1)

/* crypt_op.op and crypt_auth_op.op */
#define COP_ENCRYPT 0
#define COP_DECRYPT 1

/* crypt_op.flags and crypt_auth_op.flags; unknown bits are ignored. */
#define COP_FLAG_NONE (0 << 0)
#define COP_FLAG_UPDATE (1 << 0)	 /* feed the hash, produce no digest yet */
#define COP_FLAG_FINAL (1 << 1)		 /* produce the digest */
#define COP_FLAG_WRITE_IV (1 << 2)	 /* write the next IV back to .iv */
#define COP_FLAG_NO_ZC (1 << 3)		 /* copy, never map the caller's pages */
#define COP_FLAG_AEAD_TLS_TYPE (1 << 4)	 /* CIOCAUTHCRYPT: TLS record */
#define COP_FLAG_AEAD_SRTP_TYPE (1 << 5) /* CIOCAUTHCRYPT: SRTP packet */
#define COP_FLAG_RESET (1 << 6)		 /* restart the hash before this data */
#define COP_FLAG_ZERO_COPY (1 << 8)	 /* extension: output without a copy, see above */

/**
 * struct session_op - CIOCGSESSION: make a session.
 * @cipher: enum cryptodev_crypto_op_t, or 0 for none
 * @mac: hash or MAC algorithm, or 0 for none
 * @keylen: bytes at @key
 * @key: cipher key
 * @mackeylen: bytes at @mackey
 * @mackey: MAC key
 * @ses: out: session id, never 0, unique within the file description
 *
 * Either @cipher or @mac or both. EINVAL: neither, an unknown or unavailable
 * algorithm, a bad key length. EFAULT: unreadable key. EMFILE: the process has as many
 * sessions as one may have (module parameter share_sessions; half of the device's,
 * by default). ENOSPC: the device has no more.
 */
struct session_op {
	__u32 cipher;
	__u32 mac;
	__u32 keylen;
	__u8 __cryptodev_user *key;
	__u32 mackeylen;
	__u8 __cryptodev_user *mackey;
	__u32 ses;
};

/**
 * struct crypt_op - CIOCCRYPT: one operation.
 * @ses: session id
 * @op: COP_ENCRYPT or COP_DECRYPT
 * @flags: COP_FLAG_*
 * @len: bytes at @src; a multiple of the cipher's block size
 * @src: input
 * @dst: output of the cipher, @len bytes; may equal @src
 * @mac: output of the hash or MAC, digest size bytes
 * @iv: IV, or NULL to continue with the IV that the session's last operation left
 */
struct crypt_op {
	__u32 ses;
	__u16 op;
	__u16 flags;
	__u32 len;
	__u8 __cryptodev_user *src;
	__u8 __cryptodev_user *dst;
	__u8 __cryptodev_user *mac;
	__u8 __cryptodev_user *iv;
};

/**
 * struct crypt_auth_op - CIOCAUTHCRYPT: one AEAD, TLS or SRTP operation.
 * @ses: session id
 * @op: COP_ENCRYPT or COP_DECRYPT
 * @flags: COP_FLAG_*
 * @len: bytes at @src; updated to the bytes at @dst
 * @auth_len: bytes at @auth_src
 * @auth_src: additional authenticated data (TLS: record header; SRTP: packet)
 * @src: input; decryption of a plain AEAD: with the tag appended
 * @dst: output; encryption of a plain AEAD: with the tag appended
 * @tag: SRTP: the tag; otherwise set by the driver to where the tag went
 * @tag_len: tag bytes; 0 for the algorithm's own
 * @iv: nonce
 * @iv_len: ignored by plain AEAD
 *
 * Encryption by a session of CIOCGSESSLABEL whose key has no CRYPT_KEY_IV_GUEST: the host
 * makes the nonce, and its 12 bytes are written to @iv (EFAULT: @iv is NULL). Decryption takes
 * them as any other nonce; for CCM that is an IV of the byte 2, these bytes, and zeros.
 */
struct crypt_auth_op {
	__u32 ses;
	__u16 op;
	__u16 flags;
	__u32 len;
	__u32 auth_len;
	__u8 __cryptodev_user *auth_src;
	__u8 __cryptodev_user *src;
	__u8 __cryptodev_user *dst;
	__u8 __cryptodev_user *tag;
	__u32 tag_len;
	__u8 __cryptodev_user *iv;
	__u32 iv_len;
};

/** struct cphash_op - CIOCCPHASH: copy a running hash. The destination is first. */
struct cphash_op {
	__u32 dst_ses;
	__u32 src_ses;
};

/**
 * struct session_info_op - CIOCGSESSINFO: the implementations that serve a session.
 * @ses: session id, in
 * @cipher_info: algorithm and driver name of the cipher, empty if none
 * @hash_info: the same for the hash
 * @alignmask: buffers aligned to alignmask + 1 avoid a copy
 * @flags: SIOP_FLAG_*
 */
struct session_info_op {
	__u32 ses;
	struct {
		char cra_name[CRYPTODEV_MAX_ALG_NAME];
		char cra_driver_name[CRYPTODEV_MAX_ALG_NAME];
	} cipher_info, hash_info;
	__u16 alignmask;
	__u32 flags;
};

/* The algorithm is served by a device that user space cannot reach otherwise. */
#define SIOP_FLAG_KERNEL_DRIVER_ONLY 1

/**
 * struct crypt_batch - CIOCCRYPTBATCH: many operations in one call.
 * @count: operations, at most CRYPT_BATCH_MAX
 * @flags: zero
 * @ops: address of an array of @count struct crypt_op
 * @status: address of an array of @count __s32: 0 or a negative errno for each
 *
 * An extension of this project. The operations are those of CIOCCRYPT, on any
 * sessions of the file description. They take effect in order, but those that
 * do not depend on an earlier one run together: one system call, one
 * notification of the host. Nothing is written to @ops; IVs, digests and data
 * go where the operations say. Operations that read what another one of the
 * same call writes have no defined result.
 *
 * The call fails as a whole only when the arrays cannot be read or written
 * (EFAULT), @count or @flags is wrong (EINVAL), or the caller is killed.
 */
struct crypt_batch {
	__u32 count;
	__u32 flags;
	__u64 ops;
	__u64 status;
};

#define CRYPT_BATCH_MAX 1024

/*
 * CIOCTIMEOUT: how many milliseconds a request may take before it fails with EIO, for
 * sessions that are made on this open file from now on; 0: as long as the module parameter
 * timeout_ms says, which is also the most. An extension of this project. A driver that has
 * it promises besides what stands under "Memory" above, and that CIOCFSESSION does not wait
 * for the host.
 */

#define CRYPT_KEY_LABEL_LEN 64 /* with the 0 at its end */
#define CRYPT_KEY_TICKET_LEN 32
#define CRYPT_KEY_CHECK_LEN 16
#define CRYPT_KEY_MAX_SPKI 8192
#define CRYPT_KEY_MAX_DATA 16384 /* input with @aux, and output, of CIOCKEYOP */

/**
 * struct crypt_key - what is told of a key.
 * @label: ends with a 0
 * @kind: enum vcd_key_kind of virtio_cryptodev.h: 1 symmetric, 2 RSA, 3 P-256, 4 P-384,
 *	5 P-521, 6 Ed25519, 7 X25519, 8 to 10 ML-DSA-44, -65, -87; CIOCKEYLIST: 0: not
 *	known before the key is used
 * @alg: a symmetric key's algorithm
 * @bits: bits of the modulus, of the curve's field, or of the symmetric key
 * @use: CRYPT_KEY_USE_*
 * @flags: CRYPT_KEY_*
 * @schemes: bit (1 << enum vcd_scheme) for each that is allowed
 * @form: other than 0: CIOCKEYOP signs messages only, with CRYPT_KEYOP_MESSAGE, and they
 *	have to be handshakes of TLS 1.3: 1 a server's, 2 a client's
 * @key_len: bytes of a symmetric key
 * @max_out: most bytes that CIOCKEYOP puts out
 * @check: depends on the key's bytes and algorithm, and tells nothing of them
 * @reserved: zero
 */
struct crypt_key {
	char label[CRYPT_KEY_LABEL_LEN];
	__u16 kind;
	__u16 alg;
	__u32 bits;
	__u32 use;
	__u32 flags;
	__u64 schemes;
	__u16 form;
	__u16 key_len;
	__u32 max_out;
	__u8 check[CRYPT_KEY_CHECK_LEN];
	__u8 reserved[16];
};

/* crypt_key.use */
#define CRYPT_KEY_USE_SIGN 0x01 /* MACs, too */
#define CRYPT_KEY_USE_VERIFY 0x02
#define CRYPT_KEY_USE_ENCRYPT 0x04
#define CRYPT_KEY_USE_DECRYPT 0x08
#define CRYPT_KEY_USE_DERIVE 0x10

/* crypt_key.flags */
#define CRYPT_KEY_FAST 0x01	/* its operations do not wait for the key service */
#define CRYPT_KEY_IV_GUEST 0x02 /* an AEAD whose nonce the program may choose */

/**
 * struct crypt_label_op - CIOCGSESSLABEL: make a session of a key by name.
 * @label: label, ends with a 0, and zeros behind it
 * @ticket: address of CRYPT_KEY_TICKET_LEN bytes, or 0
 * @cipher: the symmetric key's cipher or AEAD, or 0
 * @mac: its MAC, or 0; both 0: a private key
 * @flags: 0, or CRYPT_LABEL_CHECK: @key.check, in, is the check value it must have
 * @ses: out: session id
 * @key: out: the key
 */
struct crypt_label_op {
	char label[CRYPT_KEY_LABEL_LEN];
	__u64 ticket;
	__u32 cipher;
	__u32 mac;
	__u32 flags;
	__u32 ses;
	struct crypt_key key;
};

#define CRYPT_LABEL_CHECK 0x1

/**
 * struct crypt_key_list - CIOCKEYLIST: the keys of this guest.
 * @keys: address of an array of @count struct crypt_key
 * @first: number of the first one to be listed; they are in the order of labels
 * @count: entries that @keys has room for; out: entries there now
 * @total: out: how many keys there are
 * @reserved: zero
 *
 * A key with a ticket is not listed.
 */
struct crypt_key_list {
	__u64 keys;
	__u32 first;
	__u32 count;
	__u32 total;
	__u32 reserved;
};

/**
 * struct crypt_key_info - CIOCKEYINFO: one key and its public part.
 * @label: label, as above
 * @ticket: address of CRYPT_KEY_TICKET_LEN bytes, or 0
 * @spki: address for the public key, SubjectPublicKeyInfo in DER, or 0
 * @spki_len: bytes that @spki has room for; out: bytes of it, 0 if it has none
 * @reserved: zero
 * @key: out: the key
 *
 * EMSGSIZE: @spki is not 0 and too small; @spki_len says what it takes.
 */
struct crypt_key_info {
	char label[CRYPT_KEY_LABEL_LEN];
	__u64 ticket;
	__u64 spki;
	__u32 spki_len;
	__u32 reserved;
	struct crypt_key key;
};

/**
 * struct crypt_key_op - CIOCKEYOP, CIOCKEYASYNC: one operation with a private key.
 * @ses: session of CIOCGSESSLABEL
 * @op: CRYPT_KEYOP_SIGN, _DECRYPT or _DERIVE
 * @flags: SIGN: CRYPT_KEYOP_MESSAGE: @in is the message, not its digest
 * @scheme: enum vcd_scheme of virtio_cryptodev.h
 * @in_len: bytes at @in
 * @in: address of digest, message, ciphertext or the peer's public key
 * @aux: address of the OAEP label
 * @aux_len: its bytes
 * @out_len: bytes that @out has room for; CIOCKEYOP: out: bytes of output; if it was EMSGSIZE
 *	because they did not fit, how many they are
 * @out: address for the signature, plaintext or shared secret
 * @cookie: CIOCKEYASYNC: the caller's, returned by CIOCKEYFETCH
 *
 * CIOCKEYASYNC reads the input and returns; @out is not used: the output is for CIOCKEYFETCH.
 */
struct crypt_key_op {
	__u32 ses;
	__u16 op;
	__u16 flags;
	__u32 scheme;
	__u32 in_len;
	__u64 in;
	__u64 aux;
	__u32 aux_len;
	__u32 out_len;
	__u64 out;
	__u64 cookie;
};

#define CRYPT_KEYOP_SIGN 0
#define CRYPT_KEYOP_DECRYPT 1
#define CRYPT_KEYOP_DERIVE 2

#define CRYPT_KEYOP_MESSAGE 0x1

/**
 * struct crypt_key_fetch - CIOCKEYFETCH: the result of one that is done.
 * @out: address for its output
 * @out_len: bytes that @out has room for; out: bytes of output
 * @status: out: 0, or a negative errno as that of CIOCKEYOP
 * @cookie: out: which one it is
 *
 * EBUSY: none is done. EMSGSIZE: @out is too small; @out_len says what it takes, and the
 * result stays to be fetched.
 */
struct crypt_key_fetch {
	__u64 out;
	__u32 out_len;
	__s32 status;
	__u64 cookie;
};

/**
 * struct crypt_key_blob - what stands for a named key where Linux wants the bytes of one:
 * the paes ciphers of this driver, dm-crypt, LUKS.
 * @magic: CRYPT_KEY_BLOB_MAGIC
 * @version: 1
 * @flags: CRYPT_KEY_BLOB_TICKET: @ticket counts
 * @crc32: little-endian CRC-32 (IEEE) of the other 124 bytes, in their order
 * @reserved: zero
 * @label: 0-padded
 * @check: check value that the key must have
 * @ticket: ticket
 */
struct crypt_key_blob {
	__u8 magic[6];
	__u8 version;
	__u8 flags;
	__u8 crc32[4];
	__u8 reserved[4];
	char label[CRYPT_KEY_LABEL_LEN];
	__u8 check[CRYPT_KEY_CHECK_LEN];
	__u8 ticket[CRYPT_KEY_TICKET_LEN];
};

#define CRYPT_KEY_BLOB_MAGIC "vcdkey"
#define CRYPT_KEY_BLOB_TICKET 0x1

/** struct crparam, struct crypt_kop - declared for CIOCKEY, which is EINVAL. */
struct crparam {
	__u8 *crp_p;
	__u32 crp_nbits;
};

#define CRK_MAXPARAM 8

struct crypt_kop {
	__u32 crk_op;
	__u32 crk_status;
	__u16 crk_iparams;
	__u16 crk_oparams;
	__u32 crk_pad1;
	struct crparam crk_param[CRK_MAXPARAM];
};

/* CRIOGET gives a dup(); the device itself may be used directly. */
#define CRIOGET_NOT_NEEDED 1

#define CRIOGET _IOWR('c', 101, __u32)
#define CIOCGSESSION _IOWR('c', 102, struct session_op)
#define CIOCFSESSION _IOW('c', 103, __u32)
#define CIOCCRYPT _IOWR('c', 104, struct crypt_op)
#define CIOCKEY _IOWR('c', 105, struct crypt_kop)
#define CIOCASYMFEAT _IOR('c', 106, __u32)
#define CIOCGSESSINFO _IOWR('c', 107, struct session_info_op)
#define CIOCAUTHCRYPT _IOWR('c', 109, struct crypt_auth_op)
#define CIOCASYNCCRYPT _IOW('c', 110, struct crypt_op)
#define CIOCASYNCFETCH _IOR('c', 111, struct crypt_op)
#define CIOCCPHASH _IOW('c', 112, struct cphash_op)
#define CIOCCRYPTBATCH _IOW('c', 160, struct crypt_batch)     /* extension */
#define CIOCTIMEOUT _IOW('c', 161, __u32)		      /* extension */
#define CIOCGSESSLABEL _IOWR('c', 162, struct crypt_label_op) /* extensions, to the end */
#define CIOCKEYLIST _IOWR('c', 163, struct crypt_key_list)
#define CIOCKEYINFO _IOWR('c', 164, struct crypt_key_info)
#define CIOCKEYOP _IOWR('c', 165, struct crypt_key_op)
#define CIOCKEYASYNC _IOW('c', 166, struct crypt_key_op)
#define CIOCKEYFETCH _IOWR('c', 167, struct crypt_key_fetch)

/* Programs may be of any age: C99 and C++98 have no such thing. */
#ifdef __KERNEL__
#define __cryptodev_assert(condition, name) static_assert(condition, name)
#elif defined(__cplusplus) && __cplusplus >= 201103L
#define __cryptodev_assert(condition, name) static_assert(condition, name)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define __cryptodev_assert(condition, name) _Static_assert(condition, name)
#else
#define __cryptodev_assert(condition, name) struct __cryptodev_no_assert
#endif

#if defined(__LP64__) || (defined(__KERNEL__) && defined(CONFIG_64BIT))
__cryptodev_assert(sizeof(struct session_op) == 48, "session_op");
__cryptodev_assert(sizeof(struct crypt_op) == 48, "crypt_op");
__cryptodev_assert(sizeof(struct crypt_auth_op) == 72, "crypt_auth_op");
__cryptodev_assert(sizeof(struct crypt_kop) == 144, "crypt_kop");
#endif
__cryptodev_assert(sizeof(struct session_info_op) == 268, "session_info_op");
__cryptodev_assert(sizeof(struct cphash_op) == 8, "cphash_op");
__cryptodev_assert(sizeof(struct crypt_batch) == 24, "crypt_batch");
__cryptodev_assert(sizeof(struct crypt_key) == 128, "crypt_key");
__cryptodev_assert(sizeof(struct crypt_label_op) == 216, "crypt_label_op");
__cryptodev_assert(sizeof(struct crypt_key_list) == 24, "crypt_key_list");
__cryptodev_assert(sizeof(struct crypt_key_info) == 216, "crypt_key_info");
__cryptodev_assert(sizeof(struct crypt_key_op) == 56, "crypt_key_op");
__cryptodev_assert(sizeof(struct crypt_key_fetch) == 24, "crypt_key_fetch");
__cryptodev_assert(sizeof(struct crypt_key_blob) == 128, "crypt_key_blob");

#endif /* VCD_CRYPTODEV_H */
