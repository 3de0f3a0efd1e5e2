/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_queue.c - signatures with a key by name, on a slow queue of the daemon.
 */
#include "tools/bench/key_queue.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device/device.h"

/* A daemon connects to its keeper while we ask already. */
#define TRIES 1000
#define PAUSE_NS 20000000

/**
 * struct key_slot - a request that is sent over and over.
 * @request: first, because its address is the ring's token
 * @begin: when it was handed over
 */
struct key_slot {
	struct front_request request;
	uint64_t begin;
};

/* SESSION_CREATE by label. Return: status, or a negative errno. */
static int create(struct key_queue *keys, struct front_request *request)
{
	const struct vcd_req_create header = {
	    .opcode = htole16(VCD_OP_SESSION_CREATE),
	    .key_len = htole32(sizeof(KEYHOST_LABEL) - 1),
	    .key_source = htole32(VCD_KEY_LABEL),
	};
	int err;

	memcpy(request->header, &header, sizeof(header));
	memcpy(request->in, KEYHOST_LABEL, sizeof(KEYHOST_LABEL) - 1);
	err = front_execute(keys->queue, request, sizeof(KEYHOST_LABEL) - 1,
			    sizeof(struct vcd_key_info));
	if (err)
		return err;
	keys->session = le64toh(request->reply->value);
	return (int)front_status(request);
}

static int open_session(struct key_queue *keys, struct front_request *request)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int status = VCD_S_BUSY;

	for (unsigned int i = 0; status == VCD_S_BUSY && i < TRIES; i++) {
		if (i)
			nanosleep(&pause, NULL);
		status = create(keys, request);
	}
	if (status > 0) {
		bench_error("the daemon opens no session with the key: %s",
			    vdev_status_name((uint32_t)status));
		return -ENOKEY;
	}
	return status;
}

static void fill(const struct key_queue *keys, struct front_request *request)
{
	const struct sign_kind *kind = keys->host->kind;
	const struct vcd_req_key header = {
	    .opcode = htole16(VCD_OP_SIGN),
	    .flags = htole16(kind->message ? VCD_F_MESSAGE : 0),
	    .in_len = htole32(SIGN_INPUT),
	    .session = htole64(keys->session),
	    .out_len = htole32(SIGN_MAX),
	    .scheme = htole16(kind->scheme),
	};

	memcpy(request->header, &header, sizeof(header));
}

int key_queue_open(struct key_queue *keys, const struct keyhost *host, struct front *front,
		   unsigned int index, unsigned int depth)
{
	int err = 0;

	keys->host = host;
	keys->queue = &front->queue[index];
	keys->depth = depth;
	keys->slots = calloc(depth, sizeof(*keys->slots));
	if (!keys->slots)
		return -ENOMEM;
	for (unsigned int i = 0; !err && i < depth; i++)
		err = front_request_init(front, &keys->slots[i].request, KEY_QUEUE_PAYLOAD,
					 KEY_QUEUE_PAYLOAD);
	if (!err)
		err = open_session(keys, &keys->slots[0].request);
	for (unsigned int i = 0; !err && i < depth; i++) {
		struct front_request *request = &keys->slots[i].request;

		/* Each signs something else. */
		for (unsigned int j = 0; j < SIGN_INPUT; j++)
			request->in[j] = (uint8_t)(i * 59 + (i >> 8) + j * 37);
		fill(keys, request);
	}
	return err;
}

void key_queue_close(struct key_queue *keys)
{
	free(keys->slots);
	keys->slots = NULL;
}

static int submit(struct key_queue *keys, struct key_slot *slot, uint64_t now)
{
	slot->begin = now;
	keys->in_flight++;
	return front_submit(keys->queue, &slot->request, SIGN_INPUT, SIGN_MAX);
}

int key_queue_begin(struct key_queue *keys)
{
	uint64_t now = bench_now_ns();
	int err = 0;

	for (unsigned int i = 0; !err && i < keys->depth; i++)
		err = submit(keys, &keys->slots[i], now);
	front_queue_kick(keys->queue);
	return err;
}

static int check_reply(struct key_slot *slot, uint32_t len)
{
	uint32_t status;

	slot->request.used = len;
	if (front_check_reply(&slot->request, SIGN_MAX))
		return -EPROTO;
	status = front_status(&slot->request);
	if (status == VCD_S_OK)
		return 0;
	bench_error("a signature failed: %s", vdev_status_name(status));
	return -EIO;
}

int key_queue_step(struct key_queue *keys, uint64_t end_ns, struct bench_thread *thread)
{
	int err = front_queue_wait(keys->queue);
	uint64_t now = bench_now_ns();
	uint32_t len;
	void *token;
	int ret;

	while (!err && (ret = front_queue_reap(keys->queue, &token, &len)) != 0) {
		struct key_slot *slot = token;

		if (ret < 0)
			return ret;
		keys->in_flight--;
		err = check_reply(slot, len);
		if (!err && thread)
			bench_done(thread, now - slot->begin, 1);
		if (!err && now < end_ns)
			err = submit(keys, slot, now);
	}
	front_queue_kick(keys->queue);
	return err;
}

int key_queue_verify(const struct key_queue *keys)
{
	for (unsigned int i = 0; i < keys->depth; i++) {
		const struct front_request *request = &keys->slots[i].request;

		if (!sign_verify(keys->host->kind, keys->host->key, request->in, request->out,
				 le32toh(request->reply->out_len)))
			return -EBADMSG;
	}
	return 0;
}
