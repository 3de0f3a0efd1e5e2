/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - the state of a service, between service.c, which has the threads, and
 * jobs.c, which translates jobs to requests and replies to results.
 *
 * The functions are called with the lock held.
 */
#ifndef VCD_KEEPER_CLIENT_INTERNAL_H
#define VCD_KEEPER_CLIENT_INTERNAL_H

#include <pthread.h>

#include "keeper/client.h"
#include "keeper/client/service.h"

enum service_state { JOB_TO_SEND, JOB_SENT, JOB_DONE };

/**
 * struct service_job - a job in a batch that a thread waits for.
 * @informed: OPEN: it is known what key it is, from a KEEPER_INFO; now it is opened
 * @fetch: OPEN: its bytes can be had
 * @check: OPEN: the check value of the KEEPER_INFO
 */
struct service_job {
	struct vdev_key_job *job;
	enum service_state state;
	bool informed;
	bool fetch;
	uint8_t check[KEEPER_CHECK_LEN];
};

/**
 * struct service_slot - a request that the keeper has not answered.
 * @id: its number, 0: the slot is free
 * @waiting: whose it is; NULL: no thread waits for the reply any more
 */
struct service_slot {
	uint64_t id;
	struct service_job *waiting;
};

/**
 * struct service_key - a key that is open.
 * @number: the device's, 0: none
 * @handle: the keeper's
 * @closing: no session has it any more, and the keeper has not been told
 */
struct service_key {
	uint64_t number;
	uint64_t handle;
	bool closing;
};

/**
 * struct service - see service.h.
 * @of_device: what the device has
 * @patience_ms: how long a batch may take
 * @receiver: the thread
 * @running: it was started
 * @wake: eventfd that wakes it
 * @payload: of the packet that it looks at, KEEPER_MAX_PAYLOAD bytes
 * @lock: protects what follows
 * @changed: a job is done, or can be sent, or anything else that a thread may wait for
 * @device: whose sessions have the keys
 * @calling: the receiver is in a function of @device
 * @stop: the receiver is to end
 * @cancelled: see service_cancel()
 * @hurried: threads that want the batches to end: see struct vdev_key_service, @hurry
 * @next_fd: a connection that the receiver has not taken over, or -1
 * @client: the connection
 * @reset_id: number of the RESET
 * @ready: the RESET was answered
 * @full: the socket takes nothing more at present
 * @outstanding: requests that were not answered
 * @serial: of the last key
 */
struct service {
	struct vdev_key_service of_device;
	unsigned int patience_ms;
	pthread_t receiver;
	bool running;
	int wake;
	uint8_t *payload;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct vdev *device;
	bool calling;
	bool stop;
	bool cancelled;
	unsigned int hurried;
	int next_fd;
	struct keeper_client client;
	uint64_t reset_id;
	bool ready;
	bool full;
	struct service_slot outstanding[KEEPER_MAX_OUTSTANDING];
	struct service_key keys[KEEPER_MAX_HANDLES];
	uint64_t serial;
};

/** service_key_add - note a key that was opened. Return: its number; 0: there is no room. */
uint64_t service_key_add(struct service *service, uint64_t handle);

/**
 * service_keys_full - whether the keeper has no handle left for another key, and none is about to be
 * given back.
 */
bool service_keys_full(const struct service *service);

/** service_key_gone - forget the key with @handle. Return: its number, 0: there was none. */
uint64_t service_key_gone(struct service *service, uint64_t handle);

/** service_handle - the handle of key @number. Return: whether it is open. */
bool service_handle(struct service *service, uint64_t number, uint64_t *handle);

/** service_wake - have the receiver look at everything. */
void service_wake(struct service *service);

/** service_send_job - send the next request of a job, if the keeper takes one; or end the job. */
void service_send_job(struct service *service, struct service_job *waiting);

/** service_send_close - tell the keeper that a key is no longer used. Return: whether it takes it. */
bool service_send_close(struct service *service, uint64_t handle);

/** service_take_reply - a reply, with its payload in @service->payload. */
void service_take_reply(struct service *service, const struct keeper_reply *reply);

/** service_forget - no thread waits for the reply to @waiting any more. */
void service_forget(struct service *service, struct service_job *waiting);

#endif /* VCD_KEEPER_CLIENT_INTERNAL_H */
