/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_cryptodev.h - a /dev/crypto in user space, to test the cryptodev backend with.
 *
 * It has the semantics of the ABI that matter to the backend: sessions belong to
 * one open file; an operation with flags 0 begins and ends a hash; one without
 * data ends it; the IV is read from the caller and not written back; the tag of an
 * AEAD is appended to the data; a wrong session or length is EINVAL, a missing
 * pointer EFAULT. The results come from evp_reference.c.
 */
#ifndef VCD_FAKE_CRYPTODEV_H
#define VCD_FAKE_CRYPTODEV_H

#include <stdint.h>

#include "engine/alg.h"
#include "engine/cryptodev/backend.h"

extern const struct eng_cryptodev_sys fake_cryptodev;

/**
 * struct fake_control - what the test sets and reads.
 * @open_error: errno of open(), 0: it works
 * @open_after: opens that work before @open_error strikes
 * @fail_request: ioctl that fails, 0: none
 * @fail_error: with this errno
 * @fail_after: after this many that work
 * @fail_times: this often
 * @missing: algorithm number that the device does not have; UINT32_MAX: it has none at all
 * @wrong: algorithm number whose results are wrong; UINT32_MAX: all are
 * @files: files open now
 * @sessions: sessions there now
 * @calls: ioctls seen
 */
struct fake_control {
	int open_error;
	unsigned int open_after;
	unsigned long fail_request;
	int fail_error;
	unsigned int fail_after;
	unsigned int fail_times;
	uint32_t missing;
	uint32_t wrong;
	unsigned int files;
	unsigned int sessions;
	unsigned int calls;
};

extern struct fake_control fake;

#endif /* VCD_FAKE_CRYPTODEV_H */
