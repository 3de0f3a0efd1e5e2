/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request.c - one random CIOCCRYPT of cryptodev-stress, and everything it is compared with.
 */
#include "stress.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/** struct request - one CIOCCRYPT and what it is expected to do. */
struct request {
	struct session *s;
	struct crypt_op op;
	bool in_place;
	size_t src_shift, dst_shift;
	uint8_t iv_in[16], iv[16], iv_want[16];
	uint8_t mac[64 + 16], mac_want[64];
};

static void hex(const char *name, const uint8_t *p, size_t len)
{
	printf("  %s ", name);
	for (size_t i = 0; i < len; i++)
		printf("%02x", p[i]);
	putchar('\n');
}

_Noreturn void give_up(const struct worker *w, const struct request *q, const char *what)
{
	printf(
	    "FAILED: %s\n  repeat with --seed=%llu --only=%lu (and the same counts): step %llu\n",
	    what, (unsigned long long)w->o->seed, w->number, (unsigned long long)w->step);
	if (q) {
		const struct session *s = q->s;

		printf("  session %u: %s%s%s\n", s->ses, s->ref.c ? s->ref.c->name : "",
		       s->ref.c && s->mac ? " + " : "", s->mac ? s->mac->name : "");
		hex("key", s->ref.key, s->ref.keylen);
		if (s->mac)
			hex("mac key", s->mackey, s->mackeylen);
		printf("  op %u flags 0x%x len %u, source +%zu, destination +%zu%s, IV %s\n",
		       q->op.op, q->op.flags, q->op.len, q->src_shift, q->dst_shift,
		       q->in_place ? " (in place)" : "", q->op.iv ? "given" : "continued");
		hex("iv before", q->iv_in, sizeof(q->iv_in));
		hex("iv after", q->iv, sizeof(q->iv));
		hex("iv expected", q->iv_want, sizeof(q->iv_want));
	}
	fflush(stdout);
	_exit(1);
}

static void give_up_diff(const struct worker *w, const struct request *q, const char *what,
			 const uint8_t *got, const uint8_t *want, size_t len)
{
	char text[160];
	size_t i = 0;

	while (i < len && got[i] == want[i])
		i++;
	if (i == len)
		return;
	snprintf(text, sizeof(text), "%s differs at byte %zu of %zu: %02x, expected %02x", what, i,
		 len, got[i], want[i]);
	give_up(w, q, text);
}

static uint32_t random_len(struct worker *w, uint32_t block)
{
	uint32_t dice = rnd_below(&w->r, 1000), max;

	if (dice < 600)
		max = 256;
	else if (dice < 900)
		max = 2048;
	else if (dice < 985)
		max = 16384;
	else if (dice < 998)
		max = 65536;
	else
		max = (uint32_t)w->o->max_len;
	if (max > w->o->max_len)
		max = (uint32_t)w->o->max_len;
	return (1 + rnd_below(&w->r, max / block)) * block;
}

/* A length that is no multiple of the block must be refused and change nothing. */
static bool refused_on_purpose(struct worker *w, struct request *q)
{
	uint32_t block = q->s->ref.c ? q->s->ref.c->block : 1;
	struct crypt_op op = q->op;

	if (block == 1 || rnd_below(&w->r, 200))
		return false;
	op.len += 1 + rnd_below(&w->r, block - 1);
	if (dev_ioctl(w->fd, CIOCCRYPT, &op) != -EINVAL)
		give_up(w, q, "a bad length is not refused with EINVAL");
	return true;
}

static void request_make(struct worker *w, struct request *q)
{
	struct session *s = &w->live[rnd_below(&w->r, (uint32_t)w->o->live)];
	const struct ref_cipher *c = s->ref.c;
	bool to_continue = c && c->next_iv && rnd_below(&w->r, 3) == 0;
	uint32_t len = random_len(w, c ? c->block : 1);
	static const uint16_t extras[] = {0, 0, COP_FLAG_ZERO_COPY, COP_FLAG_NO_ZC, 0x80, 0x8000};
	uint16_t flags = extras[rnd_below(&w->r, 6)];

	memset(q, 0, sizeof(*q));
	q->s = s;
	q->in_place = c && rnd_below(&w->r, 2);
	q->src_shift = rnd_below(&w->r, 2) ? rnd_below(&w->r, MAX_SHIFT + 1) : 0;
	q->dst_shift = rnd_below(&w->r, 2) ? rnd_below(&w->r, MAX_SHIFT + 1) : 0;
	if (c && c->ivsize && c->next_iv && !to_continue && rnd_below(&w->r, 2))
		flags |= COP_FLAG_WRITE_IV;
	/* with any flag a hash continues, unless told to start and end */
	if (s->mac && flags)
		flags |= COP_FLAG_RESET | COP_FLAG_FINAL;
	rnd_fill(&w->r, q->iv_in, sizeof(q->iv_in));
	memcpy(q->iv, q->iv_in, sizeof(q->iv));
	memset(q->mac, CANARY, sizeof(q->mac));
	q->op = (struct crypt_op){
	    .ses = s->ses,
	    .op = (uint16_t)(c ? rnd_below(&w->r, 2) : COP_ENCRYPT),
	    .flags = flags,
	    .len = len,
	    .src = q->in_place ? w->dst + MARGIN + q->dst_shift : w->src + q->src_shift,
	    .dst = c ? w->dst + MARGIN + q->dst_shift : NULL,
	    .mac = s->mac ? q->mac : NULL,
	    .iv = to_continue ? NULL : q->iv,
	};
}

/* The answer, and the state both sides continue with. */
static void request_expect(struct worker *w, struct request *q, const uint8_t *input)
{
	struct session *s = q->s;
	const struct ref_cipher *c = s->ref.c;
	const uint8_t *plain = q->op.op == COP_ENCRYPT ? input : w->want;

	if (c &&
	    ref_crypt(&s->ref, q->op.op, q->op.iv ? q->iv_in : NULL, input, w->want, q->op.len))
		give_up(w, q, "libcrypto fails");
	if (s->mac && ref_digest(s->mac, s->mackey, s->mackeylen, plain, q->op.len, q->mac_want))
		give_up(w, q, "libcrypto fails");
	memcpy(q->iv_want, q->iv_in, sizeof(q->iv_want));
	if (c && q->op.iv && q->op.flags & COP_FLAG_WRITE_IV)
		memcpy(q->iv_want, s->ref.iv, c->ivsize);
}

static void request_compare(struct worker *w, struct request *q)
{
	const struct session *s = q->s;
	size_t len = q->op.len;

	if (s->ref.c) {
		const uint8_t *dst = w->dst + MARGIN + q->dst_shift;

		give_up_diff(w, q, "the output", dst, w->want, len);
		give_up_diff(w, q, "what lies before the output", dst - MARGIN, w->clean, MARGIN);
		give_up_diff(w, q, "what lies behind the output", dst + len, w->clean, MARGIN);
	}
	if (s->mac) {
		give_up_diff(w, q, "the digest", q->mac, q->mac_want, s->mac->size);
		give_up_diff(w, q, "what lies behind the digest", q->mac + s->mac->size, w->clean,
			     sizeof(q->mac) - s->mac->size);
	}
	give_up_diff(w, q, "the IV", q->iv, q->iv_want, sizeof(q->iv));
}

void request_run(struct worker *w)
{
	struct request q;
	uint8_t *input, *dst;
	size_t start;
	int err;

	request_make(w, &q);
	dst = w->dst + MARGIN + q.dst_shift;
	memset(dst - MARGIN, CANARY, q.op.len + 2 * MARGIN);
	/* fresh data is a random place in a random page: filling again costs more than the request
	 */
	start = rnd_below(&w->r, (uint32_t)(w->room - q.op.len - MAX_SHIFT));
	input = w->src + start;
	if (q.in_place)
		memcpy(dst, input, q.op.len);
	else
		q.op.src = w->src + start / 64 * 64 + q.src_shift;
	input = q.in_place ? input : (uint8_t *)q.op.src;

	if (refused_on_purpose(w, &q))
		give_up_diff(w, &q, "the output of a refused request", dst - MARGIN, w->clean,
			     q.in_place ? MARGIN : MARGIN + q.op.len);
	request_expect(w, &q, input);
	err = dev_ioctl(w->fd, CIOCCRYPT, &q.op);
	if (err) {
		printf("FAILED: CIOCCRYPT: %s\n", strerror(-err));
		give_up(w, &q, "a request fails");
	}
	request_compare(w, &q);
	w->totals->requests++;
	w->totals->bytes += q.op.len;
}
