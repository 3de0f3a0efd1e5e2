/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dev.h - /dev/crypto calls for the guest's test programs.
 *
 * Thin on purpose: what is tested is the ioctl, so nothing here retries, splits
 * or corrects. All return 0 (or a descriptor) or a negative errno.
 */
#ifndef TESTS_VM_GUEST_DEV_H
#define TESTS_VM_GUEST_DEV_H

#include <stddef.h>
#include <stdint.h>

#include "cryptodev.h"

#define DEV_DEFAULT_PATH "/dev/crypto"

/* The device under test; programs set it from --device. */
extern const char *dev_path;

/** dev_open - open the device under test, close-on-exec. Return: descriptor or negative errno. */
int dev_open(void);

/** dev_explain - print to stderr why dev_open() gave @err, and what helps. */
void dev_explain(int err);

/** dev_closep - close *@fd if it is one; for the cleanup attribute. */
void dev_closep(int *fd);

#define cleanup_fd __attribute__((cleanup(dev_closep)))

/** dev_ioctl - ioctl with the errno as a negative result. */
int dev_ioctl(int fd, unsigned long request, void *arg);

/**
 * dev_session - CIOCGSESSION with a cipher alone.
 * @fd: the device
 * @cipher: enum cryptodev_crypto_op_t
 * @key: key bytes
 * @keylen: their count
 * @ses: out: the session id
 */
int dev_session(int fd, uint32_t cipher, const void *key, size_t keylen, uint32_t *ses);

/** dev_mac_session - CIOCGSESSION with a hash or MAC, and a cipher unless @cipher is 0. */
int dev_mac_session(int fd, uint32_t cipher, const void *key, size_t keylen, uint32_t mac,
		    const void *mackey, size_t mackeylen, uint32_t *ses);

/** dev_end - CIOCFSESSION. */
int dev_end(int fd, uint32_t ses);

/**
 * dev_crypt - CIOCCRYPT on a session without MAC.
 * @fd: the device
 * @ses: session id
 * @op: COP_ENCRYPT or COP_DECRYPT
 * @flags: COP_FLAG_*
 * @src: input
 * @dst: output
 * @len: bytes of both
 * @iv: IV or NULL; written with COP_FLAG_WRITE_IV
 */
int dev_crypt(int fd, uint32_t ses, unsigned int op, unsigned int flags, const void *src, void *dst,
	      size_t len, void *iv);

/** dev_has_mac - whether a session of hash or MAC @mac can be made. */
int dev_has_mac(int fd, uint32_t mac, size_t mackeylen);

#endif
