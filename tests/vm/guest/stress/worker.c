/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.c - a worker of cryptodev-stress: its sessions, and one step after the other.
 */
#include "stress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the device has of the algorithms whose answers libcrypto knows. */
static void find_algorithms(struct worker *w)
{
	const struct ref_cipher *c;
	const struct ref_mac *m;
	uint8_t key[64] = {1, 2, 3};
	uint32_t ses;

	for (size_t i = 0; (c = ref_cipher_at(i)) && w->num_ciphers < MAX_CIPHERS; i++) {
		key[40] = 1; /* the halves of an XTS key differ */
		if (dev_session(w->fd, c->id, key, c->keylens[0], &ses))
			continue;
		dev_end(w->fd, ses);
		w->ciphers[w->num_ciphers++] = c;
	}
	for (size_t i = 0; (m = ref_mac_at(i)) && w->num_macs < MAX_MACS; i++)
		if (dev_has_mac(w->fd, m->id, m->keyed ? 16 : 0))
			w->macs[w->num_macs++] = m;
}

static void session_free(struct worker *w, struct session *s)
{
	int err;

	if (!s->ses)
		return;
	err = dev_end(w->fd, s->ses);
	if (err)
		give_up(w, NULL, "CIOCFSESSION fails");
	ref_session_free(&s->ref);
	s->ses = 0;
}

static void session_new(struct worker *w, struct session *s)
{
	const struct ref_cipher *c = NULL;
	uint8_t key[REF_MAX_KEY];
	uint32_t keylen = 0;
	int err;

	session_free(w, s);
	memset(s, 0, sizeof(*s));
	/* two in three are ciphers, as long as there are others; some are both */
	if (!w->num_macs || rnd_below(&w->r, 3))
		c = w->ciphers[rnd_below(&w->r, w->num_ciphers)];
	if (w->num_macs && (!c || !rnd_below(&w->r, 6)))
		s->mac = w->macs[rnd_below(&w->r, w->num_macs)];
	rnd_fill(&w->r, key, sizeof(key));
	rnd_fill(&w->r, s->mackey, sizeof(s->mackey));
	if (c) {
		keylen = c->keylens[rnd_below(&w->r, ref_cipher_keys(c))];
		if (ref_session_init(&s->ref, c, key, keylen))
			give_up(w, NULL, "libcrypto refuses a key");
	}
	if (s->mac && s->mac->keyed)
		s->mackeylen = s->mac->evp ? 1 + rnd_below(&w->r, sizeof(s->mackey))
					   : 16 + 8 * rnd_below(&w->r, 3);
	err = dev_mac_session(w->fd, c ? c->id : 0, key, keylen, s->mac ? s->mac->id : 0, s->mackey,
			      s->mackeylen, &s->ses);
	if (err) {
		printf("FAILED: CIOCGSESSION (%s%s%s): %s\n", c ? c->name : "",
		       c && s->mac ? " + " : "", s->mac ? s->mac->name : "", strerror(-err));
		give_up(w, NULL, "a session cannot be made");
	}
	w->totals->sessions++;
}

static void more_step(struct worker *w)
{
	long n = more_run(w->more);

	if (n < 0)
		give_up(w, NULL, "a group of requests");
	w->totals->requests += (uint64_t)n;
	w->step += (uint64_t)n;
}

static void *memory(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		_exit(1);
	}
	return p;
}

/* @i's part of @total when @n share it. */
static unsigned long share(unsigned long total, unsigned long n, unsigned long i)
{
	return total / n + (i < total % n);
}

static void worker_setup(struct worker *w)
{
	rnd_seed(&w->r, w->o->seed, w->number);
	w->fd = dev_open();
	if (w->fd < 0) {
		dev_explain(w->fd);
		_exit(2);
	}
	find_algorithms(w);
	if (!w->num_ciphers) {
		printf("FAILED: the device has no cipher that is known here\n");
		_exit(1);
	}
	w->room = w->o->max_len + 2 * MARGIN + 2 * MAX_SHIFT + 4096;
	w->src = memory(w->room + MAX_SHIFT);
	w->dst = memory(w->room);
	w->want = memory(w->room);
	w->clean = memory(w->room);
	memset(w->clean, CANARY, w->room);
	rnd_fill(&w->r, w->src, w->room + MAX_SHIFT);
	w->live = calloc(w->o->live, sizeof(*w->live));
	if (!w->live) {
		perror("calloc");
		_exit(1);
	}
}

_Noreturn void worker_main(const struct options *o, unsigned long number, struct totals *totals)
{
	unsigned long sessions = share(o->sessions, o->processes, number), made = 0;
	unsigned long requests = share(o->requests, o->processes, number);
	struct worker w = {.o = o, .number = number, .totals = totals};

	worker_setup(&w);
	for (; made < o->live; made++)
		session_new(&w, &w.live[made]);
	w.more = more_new(w.fd, &w.r, o->max_len, o->max_request, &totals->more);
	while (w.step < requests) {
		/* the remaining sessions are spread evenly over the steps */
		while (made < sessions &&
		       (made - o->live) * requests <= w.step * (sessions - o->live)) {
			session_new(&w, &w.live[rnd_below(&w.r, (uint32_t)o->live)]);
			made++;
		}
		/* an eighth of the steps, and half of the requests, are of the other kinds */
		if (o->plain || rnd_below(&w.r, 8)) {
			request_run(&w);
			w.step++;
		} else {
			more_step(&w);
		}
	}
	more_free(w.more);
	/* half is ended properly, half by the last close */
	for (unsigned long i = 0; i < o->live / 2; i++)
		session_free(&w, &w.live[i]);
	close(w.fd);
	fflush(stdout);
	_exit(0);
}
