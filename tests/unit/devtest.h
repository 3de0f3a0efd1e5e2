/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * devtest.h - sends single requests to a device and checks the replies.
 *
 * Every request and every room for a reply is a heap block of exactly its size,
 * so that the address sanitizer sees a read or write of one byte too many. Room
 * that was not written according to the used length is checked to be untouched.
 */
#ifndef VCD_UNIT_DEVTEST_H
#define VCD_UNIT_DEVTEST_H

#include "tests/unit/unit.h"

#include "device/device.h"
#include "engine/engine.h"
#include "virtio_cryptodev.h"

#define DEVTEST_MAX_OUT (512u * 1024)

/**
 * struct devtest - a device under test.
 * @engine: its engine
 * @device: the device
 * @thread: number of the executing thread
 * @random: when not NULL, requests and replies are cut into random iovecs
 */
struct devtest {
	struct engine *engine;
	struct vdev *device;
	unsigned int thread;
	struct test_random *random;
};

/**
 * struct answer - a reply, decoded.
 * @written: used length
 * @status: enum vcd_status; VCD_S_COUNT when nothing was written
 * @out_len: as in the reply
 * @value: as in the reply
 * @iv: as in the reply
 * @out: output bytes
 */
struct answer {
	uint32_t written;
	uint32_t status;
	uint32_t out_len;
	uint64_t value;
	uint8_t iv[VCD_MAX_IV_LEN];
	uint8_t out[DEVTEST_MAX_OUT];
};

/** devtest_open - an openssl engine with @threads, a device with deterministic ids. */
void devtest_open(struct devtest *test, unsigned int threads, const struct vdev_options *options);

/** devtest_close - end both. */
void devtest_close(struct devtest *test);

/**
 * devtest_send - one request.
 * @header: 64 bytes
 * @payload: bytes behind it
 * @len: their number
 * @room: bytes of the writable part, the reply included
 *
 * Return: the answer, in a static object that the next call overwrites.
 */
const struct answer *devtest_send(struct devtest *test, const void *header, const void *payload,
				  size_t len, size_t room);

/** devtest_raw - the same with any readable part. */
const struct answer *devtest_raw(struct devtest *test, const void *in, size_t len, size_t room);

/** devtest_session - a session that must come about. Return: its id. */
uint64_t devtest_session(struct devtest *test, uint32_t cipher, const void *key, size_t key_len,
			 uint32_t mac, const void *mackey, size_t mackey_len);

/** devtest_create - a SESSION_CREATE that may fail. */
const struct answer *devtest_create(struct devtest *test, uint32_t cipher, const void *key,
				    size_t key_len, uint32_t mac, const void *mackey,
				    size_t mackey_len);

/** devtest_simple - an operation that names a session and nothing else; room of @room. */
const struct answer *devtest_simple(struct devtest *test, uint16_t opcode, uint64_t session,
				    size_t room);

/** devtest_crypt - CRYPT with the exact room for @out_len bytes. */
const struct answer *devtest_crypt(struct devtest *test, uint64_t session, uint16_t flags,
				   const uint8_t *iv, size_t iv_len, const void *data, size_t len,
				   size_t out_len);

/** devtest_live - sessions_live. */
uint64_t devtest_live(const struct devtest *test);

#endif /* VCD_UNIT_DEVTEST_H */
