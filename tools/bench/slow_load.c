/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slow_load.c - signatures with a slow token that are outstanding while something else is
 * measured on the same daemon.
 */
#include "tools/bench/slow_load.h"

#include <errno.h>

/* Until the time is up, and then until nothing is outstanding. */
static void *load_main(void *arg)
{
	struct slow_load *load = arg;

	while (!load->err && load->keys.in_flight)
		load->err = key_queue_step(&load->keys,
					   __atomic_load_n(&load->end_ns, __ATOMIC_RELAXED), NULL);
	return NULL;
}

int slow_load_open(struct slow_load *load, struct front *front, unsigned int queue,
		   unsigned int depth)
{
	int err = key_queue_open(&load->keys, &load->host, front, queue, depth);

	if (!err)
		err = key_queue_begin(&load->keys);
	while (!err && load->keys.in_flight)
		err = key_queue_step(&load->keys, 0, NULL);
	if (!err)
		err = key_queue_verify(&load->keys);
	if (err == -EBADMSG)
		bench_error("a signature of the slow token is WRONG; nothing is measured");
	return err;
}

void slow_load_close(struct slow_load *load)
{
	key_queue_close(&load->keys);
	keyhost_close(&load->host);
}

int slow_load_begin(struct slow_load *load)
{
	/* They are in the ring before anything is measured. */
	int err = key_queue_begin(&load->keys);

	load->err = 0;
	load->end_ns = UINT64_MAX;
	return err ? err : -pthread_create(&load->thread, NULL, load_main, load);
}

int slow_load_end(struct slow_load *load)
{
	int err;

	__atomic_store_n(&load->end_ns, 0, __ATOMIC_RELAXED);
	pthread_join(load->thread, NULL);
	err = load->err;
	if (!err)
		err = key_queue_verify(&load->keys);
	if (err)
		bench_error("the signatures of the slow token failed: nothing that was measured "
			    "beside them counts");
	return err;
}
