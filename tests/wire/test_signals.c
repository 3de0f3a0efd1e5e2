/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_signals.c - the daemon is asked to end, and does, whatever is outstanding: work, the start
 * of a worker, the replacement of one that died, an upgrade.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/split.h"
#include "tests/wire/rig.h"
#include "tests/wire/said.h"

/* ---- load ----------------------------------------------------------------------------- */

/**
 * struct load - a thread that keeps the daemon busy.
 * @rig: where; its request is the pattern
 * @thread: the thread
 * @stop: it is to end
 * @done: requests that came back
 * @wrong: those of them that were not OK
 */
struct load {
	struct rig *rig;
	pthread_t thread;
	bool stop;
	unsigned int done;
	unsigned int wrong;
};

static void *load_main(void *arg)
{
	struct load *load = arg;
	struct front_queue *queue = &load->rig->front->queue[0];
	struct front_request requests[32];
	unsigned int i;
	uint32_t len;
	void *token;

	for (i = 0; i < 32; i++) {
		if (front_request_init(load->rig->front, &requests[i], 4096, 4096))
			return NULL;
		*requests[i].header = *load->rig->request.header;
		if (front_submit(queue, &requests[i], 4096, 4096))
			return NULL;
	}
	while (!__atomic_load_n(&load->stop, __ATOMIC_ACQUIRE)) {
		front_queue_kick(queue);
		while (front_queue_reap(queue, &token, &len) == 1) {
			__atomic_fetch_add(&load->done, 1, __ATOMIC_RELAXED);
			load->wrong += front_status(token) != VCD_S_OK;
			if (front_submit(queue, token, 4096, 4096))
				return NULL;
		}
	}
	return NULL;
}

/* Start it, and wait until it is well outstanding. */
static void load_start(struct load *load, struct rig *rig)
{
	uint64_t id = rig_session(rig, &rig->front->queue[0]);
	unsigned int tries = 0;

	front_prepare_crypt(&rig->request, id, 0, 4096, "0123456789abcdef", 16);
	*load = (struct load){.rig = rig};
	assert_int_equal(pthread_create(&load->thread, NULL, load_main, load), 0);
	while (__atomic_load_n(&load->done, __ATOMIC_RELAXED) < 500) {
		assert_true(tries++ < FRONT_TIMEOUT_MS);
		usleep(1000);
	}
}

static void load_stop(struct load *load)
{
	__atomic_store_n(&load->stop, true, __ATOMIC_RELEASE);
	pthread_join(load->thread, NULL);
}

/* Messages are answered while the queue is full of work, all the time. */
static void test_messages_under_load(void **state)
{
	struct load load;
	struct rig rig;
	unsigned int i;
	uint64_t features;

	rig_start(&rig, NULL, NULL);
	load_start(&load, &rig);
	for (i = 0; i < 200; i++) {
		assert_int_equal(front_get_u64(rig.front, VU_GET_FEATURES, &features), 0);
		/* These take the lock of the busy queue. */
		assert_int_equal(front_set_u64(rig.front, VU_SET_FEATURES, rig.front->features), 0);
		assert_int_equal(front_enable_queue(&rig.front->queue[0], true), 0);
	}
	load_stop(&load);
	rig_stop(&rig);
}

/* ---- the end ------------------------------------------------------------------------- */

static void test_sigterm_under_load(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT};
	struct load load;
	struct rig rig;
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		rig_start(&rig, NULL, NULL);
		load_start(&load, &rig);
		kill(rig.daemon.pid, signals[i]);
		assert_int_equal(process_wait(&rig.daemon), 0);
		load_stop(&load);
		assert_int_equal(load.wrong, 0);
		rig_stop(&rig);
	}
}

/* Up to @most_us, and often not at all. */
static void pause_at_random(struct test_random *random, size_t most_us)
{
	if (test_random_below(random, 3))
		usleep((useconds_t)test_random_below(random, most_us));
}

/* A worker dies, if there is one, or is to be replaced. */
static void disturb(struct test_random *random, const struct process *daemon)
{
	pid_t worker = process_worker(daemon);

	if (test_random_below(random, 2))
		kill(daemon->pid, SIGHUP);
	else if (worker)
		kill(worker, SIGKILL);
}

/* Of a daemon that was asked to end before it had served anybody, or even looked at signals. */
static void early_end(struct rig *rig)
{
	int status = process_wait(&rig->daemon);

	assert_true(status == 0 || status == 128 + SIGTERM || status == 128 + SIGHUP);
	rig_disconnect(rig);
	assert_int_equal(rmdir(rig->dir), 0);
}

/* Asked once or twice; what comes behind that changes nothing. */
static void ask_to_end(struct test_random *random, const struct rig *rig)
{
	for (size_t n = 1 + test_random_below(random, 2); n; n--)
		kill(rig->daemon.pid, SIGTERM);
	if (!test_random_below(random, 4))
		disturb(random, &rig->daemon);
}

/* The end may be asked for at any time. */
static void test_sigterm_whenever(void **state)
{
	struct test_random random = {.state = (uint64_t)time(NULL)};
	struct load load;
	struct rig rig;

	print_message("seed %llu\n", (unsigned long long)random.state);
	for (unsigned int round = 0; round < 40; round++) {
		if (!test_random_below(&random, 8)) {
			rig_open(&rig, NULL, NULL);
			pause_at_random(&random, 20000);
			ask_to_end(&random, &rig);
			early_end(&rig);
			continue;
		}
		rig_start(&rig, NULL, NULL);
		load_start(&load, &rig);
		for (size_t n = test_random_below(&random, 4); n; n--) {
			disturb(&random, &rig.daemon);
			pause_at_random(&random, n == 1 ? 30000 : 3000);
		}
		ask_to_end(&random, &rig);
		assert_int_equal(process_wait(&rig.daemon), 0);
		load_stop(&load);
		rig_stop(&rig);
	}
}

/* What the daemons of these tests have to write. */
static const char *const MESSAGES[] = {
    "an upgrade is under way already",
    "starting another one",
    NULL,
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_messages_under_load),
	    cmocka_unit_test(test_sigterm_under_load),
	    cmocka_unit_test(test_sigterm_whenever),
	};

	said_begin();
	if (argc != 2)
		return 2;
	rig_daemon = argv[1];
	return said_all(cmocka_run_group_tests(tests, NULL, NULL), MESSAGES);
}
