/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * orders.c - what the evil host does with a request: what the honest device does, and then what
 * was ordered.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host.h"

uint64_t evil_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- bytes of a request --------------------------------------------------------------- */

size_t evil_gather(const struct iovec *iov, unsigned int count, size_t skip, void *to, size_t len)
{
	size_t done = 0;

	for (unsigned int i = 0; i < count && done < len; i++) {
		size_t have = iov[i].iov_len, n;

		if (skip >= have) {
			skip -= have;
			continue;
		}
		n = have - skip < len - done ? have - skip : len - done;
		memcpy((uint8_t *)to + done, (uint8_t *)iov[i].iov_base + skip, n);
		done += n;
		skip = 0;
	}
	return done;
}

void evil_scatter(const struct vdev_request *r, const void *from, size_t len)
{
	size_t done = 0;

	for (unsigned int i = 0; i < r->out_count && done < len; i++) {
		size_t n = r->out[i].iov_len < len - done ? r->out[i].iov_len : len - done;

		memcpy(r->out[i].iov_base, (const uint8_t *)from + done, n);
		done += n;
	}
}

static uint32_t room(const struct vdev_request *r)
{
	size_t n = 0;

	for (unsigned int i = 0; i < r->out_count; i++)
		n += r->out[i].iov_len;
	return (uint32_t)n;
}

static void noise(const struct vdev_request *r)
{
	for (unsigned int i = 0; i < r->out_count; i++)
		for (size_t at = 0; at < r->out[i].iov_len; at++)
			((uint8_t *)r->out[i].iov_base)[at] = (uint8_t)rand();
}

/* ---- the config space ----------------------------------------------------------------- */

void evil_config(const struct evil_host *host, struct vcd_config *c)
{
	vdev_config(host->device, c);
	c->slow_queues = htole32(1);
	switch (host->config) {
	case EVIL_CONFIG_ZERO:
		memset(c, 0, sizeof(*c));
		break;
	case EVIL_CONFIG_ONES:
		memset(c, 0xff, sizeof(*c));
		break;
	case EVIL_CONFIG_VERSION_0:
		c->version = 0;
		break;
	case EVIL_CONFIG_QUEUES_0:
		c->num_queues = 0;
		break;
	case EVIL_CONFIG_QUEUES_65:
		c->num_queues = htole32(65);
		break;
	case EVIL_CONFIG_REQUEST_4095:
		c->max_request = htole32(4095);
		break;
	case EVIL_CONFIG_SEGMENTS_3:
		c->max_segments = htole32(3);
		break;
	case EVIL_CONFIG_LARGEST:
		c->version = c->max_request = c->max_segments = c->max_sessions = c->max_aad =
		    UINT32_MAX;
		c->epoch = c->poll_us = UINT32_MAX;
		c->num_queues = htole32(64);
		c->slow_queues = 0; /* User-mode Linux has 64 virtqueues at most */
		break;
	case EVIL_CONFIG_SMALLEST:
		c->max_request = htole32(4096);
		c->max_segments = htole32(4);
		c->max_sessions = c->max_aad = 0;
		c->num_queues = htole32(1);
		break;
	case EVIL_CONFIG_REQUEST_4096:
		c->max_request = htole32(4096);
		break;
	case EVIL_CONFIG_SEGMENTS_4:
		c->max_segments = htole32(4);
		break;
	case EVIL_CONFIG_QUEUES_1:
		c->num_queues = htole32(1);
		break;
	case EVIL_CONFIG_QUEUES_64:
		c->num_queues = htole32(64);
		c->slow_queues = 0;
		break;
	case EVIL_CONFIG_MORE_ALGORITHMS:
		memset(c->ciphers, 0xff, sizeof(c->ciphers));
		memset(c->macs, 0xff, sizeof(c->macs));
		memset(c->aeads, 0xff, sizeof(c->aeads));
		break;
	case EVIL_CONFIG_NO_ALGORITHMS:
		memset(c->ciphers, 0, sizeof(c->ciphers));
		memset(c->macs, 0, sizeof(c->macs));
		memset(c->aeads, 0, sizeof(c->aeads));
		break;
	case EVIL_CONFIG_SLOW_QUEUES:
		c->num_queues = htole32(40);
		c->slow_queues = UINT32_MAX;
		break;
	case EVIL_CONFIG_NO_SLOW_QUEUE:
		c->slow_queues = 0;
		break;
	}
}

/* ---- answers that are kept back ------------------------------------------------------- */

static void hold(struct evil_host *host, struct evil_queue *q, uint16_t head, uint32_t written,
		 uint64_t due)
{
	if (host->held_count == EVIL_HELD) {
		fprintf(stderr, "evil-host: too many answers are held\n");
		exit(3);
	}
	host->held[host->held_count++] = (struct evil_held){.queue = q,
							    .generation = host->generation,
							    .head = head,
							    .written = written,
							    .due = due};
}

void evil_give(struct evil_host *host, uint64_t now)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < host->held_count; i++) {
		struct evil_held h = host->held[i];

		if (h.generation != host->generation || !h.queue->desc)
			continue;
		if (h.due <= now)
			evil_ring_push(h.queue, h.head, h.written);
		else
			host->held[kept++] = h;
	}
	host->held_count = kept;
}

/* Those without a due time, the last one first, when there are enough. */
static void give_last_first(struct evil_host *host, unsigned int enough)
{
	unsigned int held = 0;

	for (unsigned int i = 0; i < host->held_count; i++)
		held += host->held[i].due == UINT64_MAX;
	for (unsigned int i = host->held_count; held >= enough && i--;) {
		struct evil_held *h = &host->held[i];

		if (h->due != UINT64_MAX)
			continue;
		evil_ring_push(h->queue, h->head, h->written);
		*h = host->held[--host->held_count];
	}
}

/* The honest answer. */
static void execute(struct evil_host *host, struct evil_queue *q, struct vdev_request *r)
{
	if (!evil_key_execute(host, q, r))
		vdev_execute(host->device, 0, &r, 1);
}

/* ---- HELLO ---------------------------------------------------------------------------- */

static void answer_hello(struct evil_host *host, struct evil_queue *q, uint16_t head,
			 struct vdev_request *r)
{
	struct vcd_reply reply = {.value = htole64(VCD_PROTOCOL_VERSION)};
	uint32_t used = sizeof(reply), id = head, jump = 0;
	int how = host->next_hello;

	host->next_hello = -1;
	host->session_count = 0;
	evil_key_lose();
	if (how < 0) {
		execute(host, q, r);
		evil_ring_push(q, head, r->written);
		return;
	}
	switch (how) {
	case EVIL_HELLO_SILENT:
		return;
	case EVIL_HELLO_VERSION_0:
		reply.value = 0;
		break;
	case EVIL_HELLO_VERSION_2:
		reply.value = htole64(2);
		break;
	case EVIL_HELLO_STATUS:
		reply.status = htole32(0x80000000u);
		break;
	case EVIL_HELLO_STALE:
		reply.status = htole32(VCD_S_STALE);
		break;
	case EVIL_HELLO_USED_0:
		used = 0;
		break;
	case EVIL_HELLO_USED_LONG:
		used = 33;
		break;
	case EVIL_HELLO_OUT:
		reply.out_len = htole32(1);
		used = 33;
		break;
	case EVIL_HELLO_ID:
		id = 0xffff;
		break;
	default:
		jump = 300;
		break;
	}
	evil_scatter(r, &reply, sizeof(reply));
	q->spoilt = how >= EVIL_HELLO_ID;
	q->used_idx = (uint16_t)(q->used_idx + jump);
	evil_ring_push(q, id, used);
}

/* ---- sessions ------------------------------------------------------------------------- */

static void order_now(struct evil_host *host, const struct evil_order *order)
{
	switch (order->what) {
	case EVIL_RELEASE:
		evil_give(host, UINT64_MAX);
		break;
	case EVIL_CONFIG_CHANGED:
		host->config = (int)order->arg;
		evil_config_message(host);
		break;
	case EVIL_NEXT_CONFIG:
		host->next_config = (int)order->arg;
		break;
	case EVIL_NEXT_HELLO:
		host->next_hello = (int)order->arg;
		break;
	default:
		evil_key_order(host, order);
		break;
	}
}

/* How the creation itself is answered; true: all is done. */
static bool create_badly(struct evil_host *host, struct evil_queue *q, uint16_t head,
			 struct vdev_request *r, const struct evil_order *order)
{
	struct vcd_reply reply = {.value = htole64(0x1234)};
	uint32_t used = sizeof(reply);

	switch (order->what) {
	case EVIL_CREATE_USED:
		used = order->arg;
		break;
	case EVIL_CREATE_STATUS:
		reply.status = htole32(order->arg);
		break;
	case EVIL_CREATE_ID:
		reply.value = htole64(order->arg);
		break;
	case EVIL_CREATE_OUT:
		reply.out_len = htole32(order->arg);
		used += order->arg;
		break;
	case EVIL_CREATE_SILENT:
		return true;
	case EVIL_CREATE_LATE:
		execute(host, q, r);
		hold(host, q, head, r->written, evil_now() + order->arg);
		return true;
	default:
		return false;
	}
	evil_scatter(r, &reply, sizeof(reply));
	evil_ring_push(q, head, used);
	return true;
}

static void answer_create(struct evil_host *host, struct evil_queue *q, uint16_t head,
			  struct vdev_request *r)
{
	struct evil_order order = {0};
	struct vcd_reply reply = {0};

	evil_gather(r->in, r->in_count, sizeof(struct vcd_req), &order, sizeof(order));
	if (order.magic != EVIL_MAGIC && !evil_key_parse(r, &order))
		order = (struct evil_order){0};
	if (create_badly(host, q, head, r, &order))
		return;
	execute(host, q, r);
	evil_gather(r->out, r->out_count, 0, &reply, sizeof(reply));
	if (order.what && !reply.status) {
		struct evil_session *s = &host->sessions[host->session_count++ % EVIL_SESSIONS];
		uint32_t requests = 0;

		/* An order continues counting when its session is made again. */
		for (unsigned int i = 0; i < EVIL_SESSIONS; i++)
			if (order.zero && !memcmp(&host->sessions[i].order, &order, sizeof(order)))
				requests = host->sessions[i].requests;
		*s = (struct evil_session){
		    .id = le64toh(reply.value), .order = order, .requests = requests};
	}
	evil_ring_push(q, head, r->written);
	order_now(host, &order);
}

static struct evil_session *session_of(struct evil_host *host, uint64_t id)
{
	for (unsigned int i = 0; i < EVIL_SESSIONS; i++)
		if (host->sessions[i].id == id && id)
			return &host->sessions[i];
	return NULL;
}

/* ---- requests ------------------------------------------------------------------------- */

/* The reply is not what it should be; the used length that goes with it. */
static uint32_t spoil(struct vdev_request *r, const struct evil_order *order)
{
	struct vcd_reply reply = {0};
	uint32_t used = r->written, arg = order->arg;

	evil_gather(r->out, r->out_count, 0, &reply, sizeof(reply));
	switch (order->what) {
	case EVIL_USED:
		return arg;
	case EVIL_USED_ADD:
		return used + arg;
	case EVIL_OUT_ADD:
		reply.out_len = htole32(le32toh(reply.out_len) + arg);
		used += arg;
		break;
	case EVIL_OUT:
		reply.out_len = htole32(arg);
		used = (uint32_t)sizeof(reply) + arg;
		break;
	case EVIL_STATUS:
	case EVIL_STALE:
		reply = (struct vcd_reply){
		    .status = htole32(order->what == EVIL_STALE ? VCD_S_STALE : arg)};
		used = sizeof(reply);
		break;
	case EVIL_STATUS_DATA:
		reply.status = htole32(arg);
		break;
	case EVIL_IV:
		for (size_t i = 0; i < sizeof(reply.iv); i++)
			reply.iv[i] = (uint8_t)rand();
		break;
	}
	evil_scatter(r, &reply, sizeof(reply));
	return used;
}

/* No honest answer at all. */
static bool answer_without_work(struct evil_host *host, struct evil_queue *q, uint16_t head,
				struct vdev_request *r, const struct evil_order *order)
{
	struct vcd_reply reply = {.out_len = htole32(room(r) - (uint32_t)sizeof(reply))};

	switch (order->what) {
	case EVIL_NOT_WRITTEN:
		break;
	case EVIL_HEADER_ONLY:
		evil_scatter(r, &reply, sizeof(reply));
		break;
	case EVIL_NOISE:
		noise(r);
		break;
	case EVIL_SILENT:
		return true;
	case EVIL_HANG_UP:
		evil_hang_up(host);
		return true;
	default:
		return false;
	}
	evil_ring_push(q, head, room(r));
	return true;
}

/* The right answer, and nonsense around it. */
static bool answer_with_nonsense(struct evil_queue *q, uint16_t head, uint32_t written,
				 const struct evil_order *order)
{
	q->spoilt |= order->what >= EVIL_ID && order->what <= EVIL_JUMP;
	switch (order->what) {
	case EVIL_ID:
		evil_ring_push(q, order->arg, written);
		break;
	case EVIL_ID_FREE:
		evil_ring_push(q, (head + q->num / 2) % q->num, written);
		break;
	case EVIL_REPEAT:
		evil_ring_push(q, head, written);
		break;
	case EVIL_JUMP:
		evil_ring_push(q, head, written);
		q->used_idx = (uint16_t)(q->used_idx + order->arg);
		__atomic_store_n(&q->used->idx, htole16(q->used_idx), __ATOMIC_SEQ_CST);
		evil_ring_signal(q);
		return true;
	case EVIL_EVENTS:
		q->deaf = true;
		q->used->flags = 0xffff;
		*(volatile uint16_t *)&q->used->ring[q->num] = htole16(q->last_avail + 0x8000);
		break;
	default:
		return false;
	}
	evil_ring_push(q, head, written);
	return true;
}

static void lose_all(struct evil_host *host)
{
	vdev_reset(host->device);
	evil_key_lose();
}

static void answer_as_ordered(struct evil_host *host, struct evil_queue *q, uint16_t head,
			      struct vdev_request *r, struct evil_session *s)
{
	const struct evil_order order = s->order;

	if (answer_without_work(host, q, head, r, &order))
		return;
	s->requests++;
	if (order.what == EVIL_STALE_ONCE && s->requests == order.arg)
		lose_all(host);
	execute(host, q, r);
	if (answer_with_nonsense(q, head, r->written, &order))
		return;
	switch (order.what) {
	case EVIL_LATE:
		hold(host, q, head, r->written, evil_now() + order.arg);
		break;
	case EVIL_HOLD:
		hold(host, q, head, r->written, UINT64_MAX);
		break;
	case EVIL_LIFO:
		hold(host, q, head, r->written, UINT64_MAX);
		give_last_first(host, order.arg);
		break;
	default:
		evil_ring_push(q, head, spoil(r, &order));
		break;
	}
}

void evil_answer(struct evil_host *host, struct evil_queue *q, uint16_t head,
		 struct vdev_request *r)
{
	struct evil_session *s;
	struct vcd_req hdr;

	if (evil_gather(r->in, r->in_count, 0, &hdr, sizeof(hdr)) != sizeof(hdr)) {
		if (q->spoilt)
			return;
		fprintf(stderr, "evil-host: the driver sent less than a header\n");
		exit(3);
	}
	s = session_of(host, le64toh(hdr.session));
	switch (le16toh(hdr.opcode)) {
	case VCD_OP_HELLO:
		answer_hello(host, q, head, r);
		return;
	case VCD_OP_SESSION_CREATE:
		answer_create(host, q, head, r);
		return;
	case VCD_OP_SESSION_DESTROY:
		if (s && s->order.what == EVIL_DESTROY_SILENT)
			return;
		if (s)
			s->id = 0;
		s = NULL;
		break;
	}
	if (s) {
		answer_as_ordered(host, q, head, r, s);
		return;
	}
	execute(host, q, r);
	evil_ring_push(q, head, r->written);
}
