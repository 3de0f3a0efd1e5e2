/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.h - /dev/crypto in user space, for trying the guest's tests without one.
 *
 * Not part of what is tested: it answers as the interface's documentation says,
 * so that a check which fails against it is a wrong check.
 */
#ifndef TESTS_VM_GUEST_MODEL_H
#define TESTS_VM_GUEST_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** model_open - a new open file description. Return: descriptor or negative errno. */
int model_open(int flags);

/** model_owns - whether @fd was made by model_open(), here or in another process. */
bool model_owns(int fd);

/** model_ioctl - what ioctl() does. Return: 0 or negative errno. */
int model_ioctl(int fd, unsigned long request, void *arg);

/**
 * model_aead - one AES-GCM or AES-CCM operation.
 * @ccm: CCM, else GCM
 * @open: decrypt
 * @key: AES key
 * @keylen: bytes of it
 * @iv: GCM: 12 bytes; CCM: 16 bytes, as in RFC 3610's counter block
 * @aad: additional data
 * @aadlen: bytes of it
 * @buf: data, replaced by the result; has room for a tag more
 * @len: bytes of data, when opening with the tag behind it
 * @taglen: bytes of tag
 * @outlen: out: bytes of result
 * Return: 0, -EINVAL, -EBADMSG.
 */
int model_aead(bool ccm, bool open, const uint8_t *key, size_t keylen, const uint8_t *iv,
	       const uint8_t *aad, size_t aadlen, uint8_t *buf, size_t len, size_t taglen,
	       size_t *outlen);

#endif
