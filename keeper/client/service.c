/* SPDX-License-Identifier: GPL-2.0-or-later */
/* service.c - the device's key service over a connection to vcrypto-keeper. See service.h. */
#include "keeper/client/service.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/log.h"
#include "common/util.h"
#include "device/device.h"
#include "keeper/client.h"
#include "keeper/client/internal.h"

/* ---- keys ------------------------------------------------------------------------------ */

/* A key's number is (serial * KEEPER_MAX_HANDLES + place); serials are not used again. */
static struct service_key *key_find(struct service *service, uint64_t number)
{
	struct service_key *key = &service->keys[number % KEEPER_MAX_HANDLES];

	return number && key->number == number ? key : NULL;
}

uint64_t service_key_add(struct service *service, uint64_t handle)
{
	for (size_t i = 0; i < KEEPER_MAX_HANDLES; i++) {
		struct service_key *key = &service->keys[i];

		if (key->number)
			continue;
		*key =
		    (struct service_key){++service->serial * KEEPER_MAX_HANDLES + i, handle, false};
		return key->number;
	}
	return 0;
}

bool service_keys_full(const struct service *service)
{
	for (size_t i = 0; i < KEEPER_MAX_HANDLES; i++)
		if (!service->keys[i].number || service->keys[i].closing)
			return false;
	return true;
}

uint64_t service_key_gone(struct service *service, uint64_t handle)
{
	for (size_t i = 0; i < KEEPER_MAX_HANDLES; i++) {
		struct service_key *key = &service->keys[i];
		const uint64_t number = key->number;

		if (!number || key->handle != handle)
			continue;
		*key = (struct service_key){0};
		return number;
	}
	return 0;
}

bool service_handle(struct service *service, uint64_t number, uint64_t *handle)
{
	const struct service_key *key = key_find(service, number);

	if (!key)
		return false;
	*handle = key->handle;
	return true;
}

static bool is_open(void *arg, uint64_t number)
{
	struct service *service = arg;
	bool open;

	pthread_mutex_lock(&service->lock);
	open = key_find(service, number) != NULL;
	pthread_mutex_unlock(&service->lock);
	return open;
}

void service_wake(struct service *service)
{
	const uint64_t one = 1;

	/* Fails only when 2^64 wake-ups are pending, one of which suffices. */
	if (write(service->wake, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_msg(LOG_ERROR, "cannot wake the receiver of the keeper's answers: %m");
}

static void close_key(void *arg, uint64_t number)
{
	struct service *service = arg;
	struct service_key *key;

	pthread_mutex_lock(&service->lock);
	key = key_find(service, number);
	if (key)
		key->closing = true;
	pthread_mutex_unlock(&service->lock);
	if (key)
		service_wake(service);
}

static void hurry(void *arg, bool on)
{
	struct service *service = arg;

	pthread_mutex_lock(&service->lock);
	service->hurried += on ? 1u : -1u;
	if (on)
		pthread_cond_broadcast(&service->changed);
	pthread_mutex_unlock(&service->lock);
}

/* ---- jobs ------------------------------------------------------------------------------ */

static bool on_a_key(const struct vdev_key_job *job)
{
	return job->what != VDEV_KEY_OPEN && job->what != VDEV_KEY_LIST &&
	       job->what != VDEV_KEY_INFO;
}

/* What a job gets that the keeper cannot answer, so that the guest asks again. */
static uint32_t again(const struct vdev_key_job *job)
{
	return on_a_key(job) ? VCD_S_STALE : VCD_S_BUSY;
}

static void job_done(struct service_job *waiting, uint32_t status)
{
	waiting->job->status = status;
	if (status != VCD_S_OK)
		waiting->job->out_len = 0;
	waiting->state = JOB_DONE;
}

/* Send what can be sent of a batch. Return: whether all of it is done. */
static bool push(struct service *service, struct service_job *jobs, size_t n)
{
	bool all = true;

	for (size_t i = 0; i < n; i++) {
		if ((service->cancelled || service->hurried) && jobs[i].state != JOB_DONE) {
			service_forget(service, &jobs[i]);
			job_done(&jobs[i], service->cancelled ? again(jobs[i].job) : VCD_S_BUSY);
		}
		if (jobs[i].state == JOB_TO_SEND)
			service_send_job(service, &jobs[i]);
		all = all && jobs[i].state == JOB_DONE;
	}
	return all;
}

/* The time is over: replies that come later find nobody. */
static void give_up(struct service *service, struct service_job *jobs, size_t n)
{
	size_t late = 0;

	for (size_t i = 0; i < n; i++) {
		if (jobs[i].state == JOB_DONE)
			continue;
		service_forget(service, &jobs[i]);
		job_done(&jobs[i], VCD_S_IO);
		late++;
	}
	log_limited(LOG_WARN, "%zu operations with keys by name failed: the keeper %s", late,
		    service->ready ? "did not answer in time" : "is not there");
}

static void run(void *arg, struct vdev_key_job *const list[], size_t n)
{
	struct service *service = arg;
	struct service_job jobs[VDEV_BATCH_MAX];
	struct timespec until;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += service->patience_ms / 1000;
	until.tv_nsec += (long)(service->patience_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	for (size_t i = 0; i < n; i++)
		jobs[i] = (struct service_job){.job = list[i]};
	pthread_mutex_lock(&service->lock);
	while (!push(service, jobs, n)) {
		if (err == ETIMEDOUT) {
			give_up(service, jobs, n);
			break;
		}
		err = pthread_cond_timedwait(&service->changed, &service->lock, &until);
	}
	pthread_mutex_unlock(&service->lock);
}

/* ---- the receiver ---------------------------------------------------------------------- */

/* The connection is gone, and with it all keys that the keeper holds for it. */
static void disconnect(struct service *service, const char *why)
{
	if (service->client.fd < 0)
		return;
	if (why)
		log_limited(LOG_WARN, "the keeper is gone: %s; operations with keys by name wait",
			    why);
	close_fd(&service->client.fd);
	service->ready = false;
	service->full = false;
	for (size_t i = 0; i < KEEPER_MAX_OUTSTANDING; i++) {
		struct service_job *waiting = service->outstanding[i].waiting;

		service->outstanding[i] = (struct service_slot){0};
		if (!waiting)
			continue;
		if (on_a_key(waiting->job))
			job_done(waiting, VCD_S_STALE);
		else
			waiting->state = JOB_TO_SEND;
	}
	memset(service->keys, 0, sizeof(service->keys));
	pthread_cond_broadcast(&service->changed);
}

/* A RESET, whose number is random: answers to a former worker must not look like ours. */
static void begin(struct service *service)
{
	struct keeper_request request = {.type = KEEPER_RESET};

	disconnect(service, NULL);
	service->client.fd = take_fd(&service->next_fd);
	if (getrandom(&service->client.last_id, sizeof(service->client.last_id), 0) !=
		(ssize_t)sizeof(service->client.last_id) ||
	    fcntl(service->client.fd, F_SETFL, O_NONBLOCK) < 0 ||
	    keeper_send(&service->client, &request, NULL, 0)) {
		disconnect(service, "it takes no request");
		return;
	}
	service->reset_id = request.id;
}

/* The keeper has closed the handles of whoever had the connection before. */
static void reset_done(struct service *service)
{
	struct vdev *device = service->device;

	/*
	 * Sessions first: what is opened afterwards is of this connection. The device stays:
	 * service_attach() waits while @calling is set.
	 */
	service->calling = true;
	pthread_mutex_unlock(&service->lock);
	if (device)
		vdev_end_keys(device, 0);
	pthread_mutex_lock(&service->lock);
	service->calling = false;
	service->ready = true;
	log_msg(LOG_INFO, "the keeper is there");
	pthread_cond_broadcast(&service->changed);
}

static void revoked(struct service *service, uint64_t handle)
{
	const uint64_t number = service_key_gone(service, handle);
	struct vdev *device = service->device;

	if (!number)
		return;
	service->calling = true;
	pthread_mutex_unlock(&service->lock);
	if (device)
		vdev_end_keys(device, number);
	log_limited(LOG_NOTICE, "a key by name was revoked: its session has ended");
	pthread_mutex_lock(&service->lock);
	service->calling = false;
	pthread_cond_broadcast(&service->changed);
}

static void take_packet(struct service *service, const struct keeper_reply *reply)
{
	if (!service->ready) {
		if (reply->type != KEEPER_RESET || reply->id != service->reset_id)
			return;
		if (reply->status == KEEPER_S_OK)
			reset_done(service);
		else
			disconnect(service, keeper_status_name(reply->status));
	} else if (reply->type == KEEPER_REVOKED) {
		revoked(service, reply->handle);
	} else {
		service_take_reply(service, reply);
	}
}

/* Read all that there is. */
static void receive(struct service *service)
{
	struct keeper_reply reply;
	int err = 0;

	while (!err && service->client.fd >= 0) {
		err = keeper_receive(&service->client, &reply, service->payload, KEEPER_MAX_PAYLOAD,
				     false);
		if (!err) {
			take_packet(service, &reply);
			OPENSSL_cleanse(service->payload, reply.len);
		} else if (err != -EAGAIN) {
			disconnect(service,
				   err == -EPIPE ? "it closed the connection" : strerror(-err));
		}
	}
}

/* Tell the keeper of keys that are no longer used, as far as it takes requests. */
static void close_keys(struct service *service)
{
	for (size_t i = 0; i < KEEPER_MAX_HANDLES && service->ready; i++) {
		struct service_key *key = &service->keys[i];

		if (!key->number || !key->closing)
			continue;
		if (!service_send_close(service, key->handle))
			return;
		*key = (struct service_key){0};
	}
}

static void sleep_until_event(struct service *service)
{
	struct pollfd p[] = {
	    {.fd = service->wake, .events = POLLIN},
	    {.fd = service->client.fd, .events = (short)(POLLIN | (service->full ? POLLOUT : 0))},
	};
	uint64_t count;

	pthread_mutex_unlock(&service->lock);
	(void)poll(p, ARRAY_SIZE(p), -1);
	if (p[0].revents && read(service->wake, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_msg(LOG_ERROR, "cannot read what woke the receiver: %m");
	pthread_mutex_lock(&service->lock);
	if (p[1].revents & POLLOUT)
		service->full = false;
}

static void *receiver_main(void *arg)
{
	struct service *service = arg;

	(void)pthread_setname_np(pthread_self(), "vcd-keys");
	pthread_mutex_lock(&service->lock);
	while (!service->stop) {
		if (service->next_fd >= 0)
			begin(service);
		receive(service);
		close_keys(service);
		pthread_cond_broadcast(&service->changed);
		sleep_until_event(service);
	}
	pthread_mutex_unlock(&service->lock);
	return NULL;
}

/* ---- its life -------------------------------------------------------------------------- */

static int open_all(struct service *service)
{
	pthread_condattr_t attr;
	int err;

	service->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	service->payload = OPENSSL_malloc(KEEPER_MAX_PAYLOAD);
	if (service->wake < 0)
		return -errno;
	if (!service->payload)
		return -ENOMEM;
	err = pthread_condattr_init(&attr);
	if (err)
		return -err;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	err = pthread_cond_init(&service->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (!err)
		err = pthread_create(&service->receiver, NULL, receiver_main, service);
	service->running = !err;
	return -err;
}

int service_new(unsigned int patience_ms, struct service **ret)
{
	struct service *service = calloc(1, sizeof(*service));
	int err;

	if (!service)
		return -ENOMEM;
	service->patience_ms = patience_ms ? patience_ms : SERVICE_PATIENCE_MS;
	service->wake = service->next_fd = service->client.fd = -1;
	service->of_device = (struct vdev_key_service){service, run, is_open, close_key, hurry};
	(void)pthread_mutex_init(&service->lock, NULL);
	err = open_all(service);
	if (err)
		service_free(service);
	else
		*ret = service;
	return err;
}

struct service *service_free(struct service *service)
{
	if (!service)
		return NULL;
	if (service->running) {
		pthread_mutex_lock(&service->lock);
		service->stop = true;
		pthread_mutex_unlock(&service->lock);
		service_wake(service);
		pthread_join(service->receiver, NULL);
		(void)pthread_cond_destroy(&service->changed);
	}
	(void)pthread_mutex_destroy(&service->lock);
	close_fd(&service->client.fd);
	close_fd(&service->next_fd);
	close_fd(&service->wake);
	OPENSSL_clear_free(service->payload, KEEPER_MAX_PAYLOAD);
	free(service);
	return NULL;
}

const struct vdev_key_service *service_of(struct service *service)
{
	return &service->of_device;
}

void service_attach(struct service *service, struct vdev *device)
{
	pthread_mutex_lock(&service->lock);
	service->device = device;
	while (service->calling)
		pthread_cond_wait(&service->changed, &service->lock);
	pthread_mutex_unlock(&service->lock);
}

void service_connect(struct service *service, int fd)
{
	pthread_mutex_lock(&service->lock);
	close_fd(&service->next_fd);
	service->next_fd = fd;
	pthread_mutex_unlock(&service->lock);
	service_wake(service);
}

void service_cancel(struct service *service)
{
	pthread_mutex_lock(&service->lock);
	service->cancelled = true;
	pthread_cond_broadcast(&service->changed);
	pthread_mutex_unlock(&service->lock);
}

bool service_connected(struct service *service)
{
	bool ready;

	pthread_mutex_lock(&service->lock);
	ready = service->ready;
	pthread_mutex_unlock(&service->lock);
	return ready;
}
