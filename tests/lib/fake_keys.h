/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_keys.h - a key service whose answers are known beforehand.
 *
 * | label   | key                                       | bytes are with |
 * |---------|-------------------------------------------|----------------|
 * | cipher  | AES-CBC, encrypt and decrypt              | the worker     |
 * | decrypt | AES-CBC, decrypt                          | the worker     |
 * | free    | AES-GCM, the guest may choose the nonce   | the worker     |
 * | gcm     | AES-GCM                                   | the worker     |
 * | held    | AES-CBC, encrypt and decrypt              | the service    |
 * | heldgcm | AES-GCM                                   | the service    |
 * | heldmac | HMAC-SHA256, sign                         | the service    |
 * | mac     | HMAC-SHA256, sign                         | the worker     |
 * | private | P-256                                     | the service    |
 * | ticket  | HMAC-SHA256, sign; needs FAKE_TICKET      | the worker     |
 * | verify  | HMAC-SHA256, verify                       | the worker     |
 *
 * All symmetric keys are the same 16 bytes, FAKE_KEY. The check value of key n of the list, from 1 on, is
 * n 16 times. "broken" opens with output that makes no sense, and "revoked" is revoked while it is opened.
 *
 * SIGN puts out scheme, flags, and the input. DECRYPT puts out the input backwards, without the OAEP
 * label; one that begins with 0 is not authentic. DERIVE repeats the first byte of the input 32 times.
 * CRYPT is an exclusive or with 0x55; tags are 0x77, nonces 0xa0, 0xa1, ..., and MACs the sum of
 * the input 32 times.
 */
#ifndef VCD_TEST_FAKE_KEYS_H
#define VCD_TEST_FAKE_KEYS_H

#include "device/key_service.h"

#define FAKE_KEY "\x2b\x7e\x15\x16\x28\xae\xd2\xa6\xab\xf7\x15\x88\x09\xcf\x4f\x3c"
#define FAKE_TICKET "tttttttttttttttttttttttttttttttt"

/** Keys that can be open at one time. */
#define FAKE_OPEN 64

/**
 * struct fake_keys - the service.
 * @service: for the device
 * @open: numbers of the keys that are open, 0: free
 * @last: number
 * @runs: calls of run
 * @jobs: jobs in all of them
 * @token: of the last job
 */
struct fake_keys {
	struct vdev_key_service service;
	uint64_t open[FAKE_OPEN];
	uint64_t last;
	unsigned int runs;
	unsigned int jobs;
	uint64_t token;
};

/** fake_keys_init - no key is open. */
void fake_keys_init(struct fake_keys *fake);

/** fake_keys_count - keys that are open. */
unsigned int fake_keys_count(const struct fake_keys *fake);

/** fake_keys_revoke - @number, or with 0 all keys, is no longer open; vdev_end_keys() is the caller's. */
void fake_keys_revoke(struct fake_keys *fake, uint64_t number);

#endif /* VCD_TEST_FAKE_KEYS_H */
