/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_service.h - what the device asks of a service that holds keys by name.
 *
 * Theory of operation
 * -------------------
 * device/ knows no sockets. A transport that has a key service (vcrypto-keeper, over keeper/client/service.h;
 * a fake one in tests) gives the device a struct vdev_key_service. The requests that need it come
 * to the slow queues only, whose threads may sleep. vdev_execute() checks the requests of a batch,
 * copies their input, and hands them to the service in one call of @run. The service sends all of
 * them without waiting in between, and returns when each of them has a status.
 *
 * A key that was opened has a number, which the service never gives twice. Each session by label has
 * its own. The device closes it when it frees the session. When a key is revoked, or the service
 * lost its memory of it, the service calls vdev_end_keys(): the sessions of that key end, the key's
 * bytes are wiped, and the guest is answered VCD_S_STALE.
 *
 * Everything in a job is private memory. The service does not see guest memory.
 */
#ifndef VDEV_KEY_SERVICE_H
#define VDEV_KEY_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio_cryptodev.h"

struct vdev;

/** Bytes of input and of output that a job can have. */
#define VDEV_KEY_IN VCD_KEY_MAX_IN
#define VDEV_KEY_OUT VCD_KEY_MAX_OUT

/**
 * enum vdev_key_what - what is asked.
 * @VDEV_KEY_OPEN: input: label, then a ticket of @aux_len bytes. VCD_F_CHECK: @iv is the check value
 *	that the key must have. Output: struct vcd_key_info, then with %VCD_KEY_F_FAST the key's
 *	bytes, key_len of them; @key; @iv: the check value
 * @VDEV_KEY_LIST: from entry @first on. Output: struct vcd_key_info for each; @total
 * @VDEV_KEY_INFO: input as OPEN. Output: struct vcd_key_info, public key; @iv: the check value
 * @VDEV_KEY_SIGN: VCD_F_MESSAGE, @scheme
 * @VDEV_KEY_DECRYPT: @scheme; the last @aux_len bytes of the input are the OAEP label
 * @VDEV_KEY_DERIVE: @scheme
 * @VDEV_KEY_CRYPT: VCD_F_DECRYPT; @iv, @iv_len, @tag_len; the first @aux_len bytes of the input are
 *	AAD. An AEAD without %VCD_KEY_F_IV_GUEST encrypts with @iv_len 0: the service makes the nonce.
 *	@iv: out: the IV to go on with, or the nonce
 */
enum vdev_key_what {
	VDEV_KEY_OPEN,
	VDEV_KEY_LIST,
	VDEV_KEY_INFO,
	VDEV_KEY_SIGN,
	VDEV_KEY_DECRYPT,
	VDEV_KEY_DERIVE,
	VDEV_KEY_CRYPT,
};

/**
 * struct vdev_key_job - something asked of the key service.
 * @what: what
 * @flags: enum vcd_flag
 * @symmetric: OPEN: the key is to be for a cipher or MAC: its bytes are wanted if the service gives them
 * @key: number of the key; OPEN: out
 * @token: the same when the request is executed again after a death of the process, and not 0;
 *	0: none
 * @first: number of the first entry
 * @list_max: LIST: most entries
 * @in: input
 * @out: output, room for %VDEV_KEY_OUT bytes
 * @in_len: all bytes at @in
 * @out_len: out: bytes at @out
 * @total: out: LIST: how many there are in all
 * @status: out: enum vcd_status
 */
struct vdev_key_job {
	enum vdev_key_what what;
	uint16_t flags;
	uint16_t scheme;
	bool symmetric;
	uint64_t key;
	uint64_t token;
	uint32_t first;
	uint32_t list_max;
	uint32_t aux_len;
	uint8_t iv_len;
	uint8_t tag_len;
	uint8_t iv[VCD_MAX_IV_LEN];
	const uint8_t *in;
	uint8_t *out;
	uint32_t in_len;
	uint32_t out_len;
	uint64_t total;
	uint32_t status;
};

/**
 * struct vdev_key_service - a key service.
 * @arg: first argument of the functions
 * @run: carry out @n jobs, at most %VDEV_BATCH_MAX; returns when all are done. Several threads may
 *	call it at once
 * @is_open: whether @key is open: no vdev_end_keys() was or is being called for it. Does not wait
 * @close: @key is no longer used. Any thread may call it; it does not wait
 * @hurry: between a call with @on and one without, calls of @run do not wait: what is not done is
 *	answered VCD_S_BUSY, and the guest repeats it. Calls nest. Any thread may call it; it does not
 *	wait
 */
struct vdev_key_service {
	void *arg;
	void (*run)(void *arg, struct vdev_key_job *const jobs[], size_t n);
	bool (*is_open)(void *arg, uint64_t key);
	void (*close)(void *arg, uint64_t key);
	void (*hurry)(void *arg, bool on);
};

/**
 * vdev_end_keys - for the service: a key is revoked, or lost.
 * @key: number of the key; 0: all keys
 *
 * When it returns, no new request finds a session of the key, and those sessions were freed that
 * no request uses any more. Any thread may call it that is not in vdev_execute().
 */
void vdev_end_keys(struct vdev *device, uint64_t key);

#endif /* VDEV_KEY_SERVICE_H */
