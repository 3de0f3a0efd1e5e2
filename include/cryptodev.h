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
#define CIOCCRYPTBATCH _IOW('c', 160, struct crypt_batch) /* extension */
#define CIOCTIMEOUT _IOW('c', 161, __u32)		  /* extension */

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

#endif /* VCD_CRYPTODEV_H */
