/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jobs.c - from jobs of the device to requests to the keeper, and back. See service.h.
 *
 * Nearly all jobs are one request. To open a symmetric key takes two: KEEPER_INFO says whether the
 * keeper gives the key's bytes away, and KEEPER_OPEN then fetches them, or not. It names the check value
 * of the first answer, so that both speak of one key.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/util.h"
#include "keeper/client/internal.h"

/* The numbers of kinds, schemes, rights and forms are the same on both sides. */
static_assert((int)VCD_KIND_SYMMETRIC == (int)KEEPER_KIND_SYMMETRIC &&
		  (int)VCD_KIND_ML_DSA_87 == (int)KEEPER_KIND_ML_DSA_87,
	      "kinds");
static_assert((int)VCD_RSA_PKCS1_SHA1 == (int)KEEPER_RSA_PKCS1_SHA1 &&
		  (int)VCD_RSA_OAEP_SHA1 == (int)KEEPER_RSA_OAEP_SHA1 &&
		  (int)VCD_SCHEME_X25519 == (int)KEEPER_X25519,
	      "schemes");
static_assert(VCD_USE_SIGN == KEEPER_USE_SIGN && VCD_USE_VERIFY == KEEPER_USE_VERIFY &&
		  VCD_USE_ENCRYPT == KEEPER_USE_ENCRYPT && VCD_USE_DECRYPT == KEEPER_USE_DECRYPT &&
		  VCD_USE_DERIVE == KEEPER_USE_DERIVE,
	      "rights");
static_assert((int)VCD_FORM_TLS13_CLIENT == (int)KEEPER_FORM_TLS13_CLIENT, "forms");
static_assert(VCD_KEY_LABEL_LEN == KEEPER_LABEL_LEN && VCD_KEY_TICKET_LEN == KEEPER_TICKET_LEN &&
		  VCD_KEY_CHECK_LEN == KEEPER_CHECK_LEN,
	      "sizes");
static_assert(VCD_KEY_MAX_IN == KEEPER_MAX_PAYLOAD, "input");
static_assert(VCD_KEY_MAX_OUT == KEEPER_MAX_PAYLOAD, "output");

static uint32_t status_of(uint16_t status)
{
	static const uint8_t statuses[KEEPER_S_COUNT] = {
	    [KEEPER_S_OK] = VCD_S_OK,		[KEEPER_S_INVALID] = VCD_S_INVALID,
	    [KEEPER_S_NOKEY] = VCD_S_NOKEY,	[KEEPER_S_DENIED] = VCD_S_DENIED,
	    [KEEPER_S_STALE] = VCD_S_STALE,	[KEEPER_S_BUSY] = VCD_S_BUSY,
	    [KEEPER_S_BADMSG] = VCD_S_BADMSG,	[KEEPER_S_IO] = VCD_S_IO,
	    [KEEPER_S_VERSION] = VCD_S_VERSION,
	};

	return status < KEEPER_S_COUNT ? statuses[status] : VCD_S_IO;
}

/* ---- requests -------------------------------------------------------------------------- */

/* The request of OPEN: see above. */
static void ask_open(const struct service_job *waiting, struct keeper_request *request)
{
	const struct vdev_key_job *job = waiting->job;

	request->aux_len = (uint16_t)job->aux_len;
	if (job->symmetric && !waiting->informed) {
		request->type = KEEPER_INFO;
		return;
	}
	request->type = KEEPER_OPEN;
	if (waiting->fetch)
		request->flags |= KEEPER_F_FETCH;
	if (!waiting->informed && !(job->flags & VCD_F_CHECK))
		return;
	request->flags |= KEEPER_F_CHECK;
	memcpy(request->iv, waiting->informed ? waiting->check : job->iv, sizeof(request->iv));
}

static void ask_crypt(const struct vdev_key_job *job, struct keeper_request *request)
{
	request->type = KEEPER_CRYPT;
	request->flags = job->flags & VCD_F_DECRYPT ? KEEPER_F_DECRYPT : 0;
	request->aux_len = (uint16_t)job->aux_len;
	request->iv_len = job->iv_len;
	request->tag_len = job->tag_len;
	memcpy(request->iv, job->iv, sizeof(request->iv));
}

/* The next request for a job; false: its key is gone. */
static bool ask(struct service *service, const struct service_job *waiting,
		struct keeper_request *request)
{
	const struct vdev_key_job *job = waiting->job;

	*request = (struct keeper_request){.scheme = job->scheme, .token = job->token};
	switch (job->what) {
	case VDEV_KEY_OPEN:
		request->token = 0;
		ask_open(waiting, request);
		return true;
	case VDEV_KEY_INFO:
		request->type = KEEPER_INFO;
		request->token = 0;
		request->aux_len = (uint16_t)job->aux_len;
		return true;
	case VDEV_KEY_LIST:
		request->type = KEEPER_LIST;
		request->token = 0;
		request->arg = job->first;
		return true;
	case VDEV_KEY_SIGN:
		request->type = KEEPER_SIGN;
		request->flags = job->flags & VCD_F_MESSAGE ? KEEPER_F_MESSAGE : 0;
		break;
	case VDEV_KEY_DECRYPT:
		request->type = KEEPER_DECRYPT;
		request->aux_len = (uint16_t)job->aux_len;
		break;
	case VDEV_KEY_DERIVE:
		request->type = KEEPER_DERIVE;
		break;
	case VDEV_KEY_CRYPT:
		ask_crypt(job, request);
		break;
	}
	return service_handle(service, job->key, &request->handle);
}

static struct service_slot *free_slot(struct service *service)
{
	for (size_t i = 0; i < KEEPER_MAX_OUTSTANDING; i++)
		if (!service->outstanding[i].id)
			return &service->outstanding[i];
	return NULL;
}

/* Send a request if the keeper takes one. Return: whether it was sent. */
static bool send_it(struct service *service, struct keeper_request *request, const void *payload,
		    size_t len, struct service_job *waiting)
{
	struct service_slot *slot = free_slot(service);
	int err;

	if (!service->ready || service->full || !slot)
		return false;
	err = keeper_send(&service->client, request, payload, len);
	if (err) {
		/* The receiver waits for room, or finds out what is wrong with the connection. */
		service->full = true;
		service_wake(service);
		return false;
	}
	*slot = (struct service_slot){request->id, waiting};
	return true;
}

void service_send_job(struct service *service, struct service_job *waiting)
{
	struct vdev_key_job *job = waiting->job;
	struct keeper_request request;

	if (!ask(service, waiting, &request)) {
		job->status = VCD_S_STALE;
		job->out_len = 0;
		waiting->state = JOB_DONE;
	} else if (send_it(service, &request, job->in, job->in_len, waiting)) {
		waiting->state = JOB_SENT;
	}
}

bool service_send_close(struct service *service, uint64_t handle)
{
	struct keeper_request request = {.type = KEEPER_CLOSE, .handle = handle};

	return send_it(service, &request, NULL, 0, NULL);
}

void service_forget(struct service *service, struct service_job *waiting)
{
	for (size_t i = 0; i < KEEPER_MAX_OUTSTANDING; i++)
		if (service->outstanding[i].waiting == waiting)
			service->outstanding[i].waiting = NULL;
}

/* ---- replies --------------------------------------------------------------------------- */

static void put_info(struct vcd_key_info *info, const struct keeper_key *key)
{
	uint32_t flags = 0;

	if (key->flags & KEEPER_KEY_WORKER)
		flags |= VCD_KEY_F_FAST;
	if (key->flags & KEEPER_KEY_IV_GUEST)
		flags |= VCD_KEY_F_IV_GUEST;
	*info = (struct vcd_key_info){
	    .kind = htole16(key->kind),
	    .alg = htole16(key->alg),
	    .bits = htole32(key->bits),
	    .use = htole32(key->use),
	    .flags = htole32(flags),
	    .schemes = htole64(key->schemes),
	    .form = htole16(key->form),
	    .key_len = htole16(key->key_len),
	    .max_out = htole32(key->max_out),
	};
	memcpy(info->label, key->label, sizeof(info->label));
	memcpy(info->check, key->check, sizeof(info->check));
}

/* Translate @n keys at the start of the payload, and copy what follows them. */
static uint32_t put_keys(const struct service *service, const struct keeper_reply *reply, size_t n,
			 struct vdev_key_job *job)
{
	const size_t size = n * sizeof(struct keeper_key);
	struct keeper_key key;
	struct vcd_key_info info;

	static_assert(sizeof(key) == sizeof(info), "a list is as long on both sides");
	if (reply->len < size)
		return VCD_S_IO;
	for (size_t i = 0; i < n; i++) {
		memcpy(&key, service->payload + i * sizeof(key), sizeof(key));
		put_info(&info, &key);
		memcpy(job->out + i * sizeof(info), &info, sizeof(info));
	}
	memcpy(job->out + size, service->payload + size, reply->len - size);
	job->out_len = reply->len;
	return VCD_S_OK;
}

/* Whole entries, as many as a reply to the guest has. */
static uint32_t take_list(const struct service *service, const struct keeper_reply *reply,
			  struct vdev_key_job *job)
{
	size_t n = reply->len / sizeof(struct keeper_key);
	uint32_t status;

	if (reply->len % sizeof(struct keeper_key))
		return VCD_S_IO;
	status = put_keys(service, reply, n, job);
	if (n > job->list_max)
		n = job->list_max;
	job->out_len = (uint32_t)(n * sizeof(struct vcd_key_info));
	job->total = reply->handle;
	return status;
}

/* OPEN: the keeper has no handle left, or not at present. The guest repeats what is BUSY. */
static uint32_t too_many(const struct service *service)
{
	return service_keys_full(service) ? VCD_S_NOSPACE : VCD_S_BUSY;
}

/* OPEN: the key is open. The job gets it, unless there are too many. */
static uint32_t take_open(struct service *service, const struct keeper_reply *reply,
			  struct vdev_key_job *job)
{
	uint32_t status = put_keys(service, reply, 1, job);

	job->key = service_key_add(service, reply->handle);
	if (!job->key) {
		/* The device's table is larger than the keeper's. Rare, so one lost close is borne. */
		(void)service_send_close(service, reply->handle);
		return too_many(service);
	}
	memcpy(job->iv, reply->iv, sizeof(job->iv));
	return status;
}

/* The answer to the KEEPER_INFO of an OPEN. Return: VCD_S_COUNT: now the key is opened. */
static uint32_t take_open_info(struct service *service, const struct keeper_reply *reply,
			       struct service_job *waiting)
{
	const struct vdev_key_job *job = waiting->job;
	struct keeper_key key;

	if (reply->len < sizeof(key))
		return VCD_S_IO;
	memcpy(&key, service->payload, sizeof(key));
	if (job->flags & VCD_F_CHECK && memcmp(job->iv, reply->iv, sizeof(job->iv)) != 0)
		return VCD_S_NOKEY;
	waiting->informed = true;
	waiting->fetch = key.flags & KEEPER_KEY_WORKER;
	memcpy(waiting->check, reply->iv, sizeof(waiting->check));
	return VCD_S_COUNT;
}

static uint32_t take_data(const struct service *service, const struct keeper_reply *reply,
			  struct vdev_key_job *job)
{
	memcpy(job->out, service->payload, reply->len);
	memcpy(job->iv, reply->iv, sizeof(job->iv));
	job->out_len = reply->len;
	return VCD_S_OK;
}

static uint32_t take(struct service *service, const struct keeper_reply *reply,
		     struct service_job *waiting)
{
	struct vdev_key_job *job = waiting->job;

	if (reply->status == KEEPER_S_BUSY && job->what == VDEV_KEY_OPEN)
		return too_many(service);
	if (reply->status != KEEPER_S_OK)
		return status_of(reply->status);
	switch (job->what) {
	case VDEV_KEY_OPEN:
		return job->symmetric && !waiting->informed
			   ? take_open_info(service, reply, waiting)
			   : take_open(service, reply, job);
	case VDEV_KEY_LIST:
		return take_list(service, reply, job);
	case VDEV_KEY_INFO:
		memcpy(job->iv, reply->iv, sizeof(job->iv));
		return put_keys(service, reply, 1, job);
	default:
		return take_data(service, reply, job);
	}
}

void service_take_reply(struct service *service, const struct keeper_reply *reply)
{
	struct service_job *waiting = NULL;
	bool found = false;
	uint32_t status;

	for (size_t i = 0; reply->id && !found && i < KEEPER_MAX_OUTSTANDING; i++) {
		if (service->outstanding[i].id != reply->id)
			continue;
		waiting = service->outstanding[i].waiting;
		service->outstanding[i] = (struct service_slot){0};
		found = true;
	}
	/* A thread that gave up does not know the handle that it would have got. */
	if (found && !waiting && reply->type == KEEPER_OPEN && reply->status == KEEPER_S_OK)
		(void)service_send_close(service, reply->handle);
	if (!waiting)
		return;
	status = take(service, reply, waiting);
	if (status == VCD_S_COUNT) {
		waiting->state = JOB_TO_SEND;
		return;
	}
	waiting->job->status = status;
	if (status != VCD_S_OK)
		waiting->job->out_len = 0;
	waiting->state = JOB_DONE;
}
