/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crypt.h - where AES-CBC is computed: a crypto device, or libcrypto.
 *
 * One struct crypt is one session with one key. It is made when a conversation
 * begins and closed when it ends, so an idle listener holds no device open and
 * a guest's module can be unloaded meanwhile.
 */
#ifndef LABCHAT_CRYPT_H
#define LABCHAT_CRYPT_H

#include <stddef.h>
#include <stdint.h>

#include "apps/base/secret.h"

#define CRYPT_BLOCK 16 /* AES block and IV, bytes */
#define CRYPT_DEFAULT_DEVICE "/dev/crypto"

/* Values of the device argument that are not a path. */
#define CRYPT_DEVICE_NONE "none"
#define CRYPT_DEVICE_AUTO "auto"

enum crypt_direction { CRYPT_ENCRYPT, CRYPT_DECRYPT };

struct crypt;

/**
 * struct crypt_ops - one way of computing AES-CBC
 * @cbc: transform @len bytes, a multiple of CRYPT_BLOCK, in place, starting from
 *	@iv and leaving nothing behind for the next call; 0 or negative errno
 * @close: end the session, wipe what it holds of the key and free it
 */
struct crypt_ops {
	int (*cbc)(struct crypt *c, enum crypt_direction direction, const uint8_t iv[CRYPT_BLOCK],
		   uint8_t *data, size_t len);
	void (*close)(struct crypt *c);
};

/**
 * struct crypt - a session; the first member of each implementation's own struct
 * @ops: implementation
 * @device: path of the device, or CRYPT_DEVICE_NONE for libcrypto; borrowed, must
 *	outlive the session
 * @operations: calls of crypt_cbc() that succeeded
 */
struct crypt {
	const struct crypt_ops *ops;
	const char *device;
	uint64_t operations;
};

/**
 * struct crypt_sys - the system calls of the device path, so that a test can stand
 * in for a device
 * @open: open(2) of a path for reading and writing; descriptor or negative errno
 * @ioctl: ioctl(2); 0 or negative errno
 * @close: close(2)
 */
struct crypt_sys {
	int (*open)(const char *path);
	int (*ioctl)(int fd, unsigned long request, void *arg);
	void (*close)(int fd);
};

extern const struct crypt_sys crypt_sys_linux;

/**
 * crypt_open() - make a session
 * @sys: system calls for the device path, normally &crypt_sys_linux
 * @device: path, CRYPT_DEVICE_NONE or CRYPT_DEVICE_AUTO
 * @key: 16, 24 or 32 bytes; not needed after the call
 * @ret: the session, closed with crypt_close()
 * @why_not: with CRYPT_DEVICE_AUTO: 0, or the negative errno for which
 *	CRYPT_DEFAULT_DEVICE was not taken; may be NULL
 *
 * Return: 0 or negative errno; -ENOTTY: the file is not a crypto device
 */
int crypt_open(const struct crypt_sys *sys, const char *device, const struct secret *key,
	       struct crypt **ret, int *why_not);

/**
 * crypt_cbc() - AES-CBC on whole blocks, in place
 * @c: session
 * @direction: CRYPT_ENCRYPT or CRYPT_DECRYPT
 * @iv: initialisation vector
 * @data: bytes
 * @len: a multiple of CRYPT_BLOCK
 *
 * Return: 0 or negative errno; then @data is undefined
 */
int crypt_cbc(struct crypt *c, enum crypt_direction direction, const uint8_t iv[CRYPT_BLOCK],
	      uint8_t *data, size_t len);

/** crypt_close() - end a session; NULL is fine */
void crypt_close(struct crypt *c);

/* The two implementations; crypt_open() chooses. */

/** crypt_soft_open() - a session in this process, by libcrypto */
int crypt_soft_open(const struct secret *key, struct crypt **ret);

/** crypt_dev_open() - a session on the device at @path, a borrowed string */
int crypt_dev_open(const struct crypt_sys *sys, const char *path, const struct secret *key,
		   struct crypt **ret);

#endif /* LABCHAT_CRYPT_H */
