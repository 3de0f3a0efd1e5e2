/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ids.c - session ids while one worker replaces another.
 *
 * Drivers on eight queues make and end sessions as fast as they can, while the daemon is told to
 * replace its worker (SIGHUP) again and again; for a while, both workers are there. Of all
 * ids that were ever given none may be given twice, and an id whose session was ended answers
 * STALE for good: if it did not, a program's request would run on another program's session.
 */
#include <endian.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cryptodev.h"
#include "tests/lib/split.h"
#include "tests/wire/rig.h"
#include "tests/wire/said.h"

#define QUEUES 8

/* Ids of ended sessions that a driver keeps trying; a power of two. */
#define DEAD 256

/**
 * struct driver - one for each queue, a thread.
 * @queue: its queue
 * @request: its memory for requests
 * @ids: every id it was given
 * @count: how many; also read by others
 * @room: for how many there is memory
 * @dead: ids whose session has ended, the latest ones; of other drivers, too
 * @error: what went wrong, or NULL
 * @status: what the device answered then, or a negative errno
 * @thread: its thread
 */
struct driver {
	struct front_queue *queue;
	struct front_request *request;
	uint64_t *ids;
	uint64_t count;
	size_t room;
	uint64_t dead[DEAD];
	const char *error;
	int status;
	pthread_t thread;
};

static struct driver drivers[QUEUES];
static bool stop;

static bool failed(struct driver *d, const char *what)
{
	__atomic_store_n(&d->error, what, __ATOMIC_RELEASE);
	return false;
}

static bool remember(struct driver *d, uint64_t id)
{
	uint64_t *more;

	if (d->count == d->room) {
		d->room = d->room ? 2 * d->room : 4096;
		more = realloc(d->ids, d->room * sizeof(*d->ids));
		if (!more)
			return failed(d, "no memory for ids");
		d->ids = more;
	}
	d->ids[d->count] = id;
	__atomic_store_n(&d->count, d->count + 1, __ATOMIC_RELEASE);
	return true;
}

/* Make a session; its key is one that no other session has. */
static bool make(struct driver *d, uint64_t *id)
{
	uint64_t key[2] = {d->queue->index + 1, d->count};

	d->status = front_session_create(d->queue, d->request, CRYPTO_AES_CBC, key, sizeof(key), 0,
					 NULL, 0, id);
	return d->status == VCD_S_OK ? remember(d, *id) : failed(d, "a session cannot be made");
}

/* One block by the session @id: status, or a negative errno. */
static int use(struct driver *d, uint64_t id)
{
	static const uint8_t iv[16];
	int err;

	front_prepare_crypt(d->request, id, 0, 16, iv, sizeof(iv));
	err = front_execute(d->queue, d->request, 16, 16);
	return err ? err : (int)front_status(d->request);
}

/* What has ended stays ended, whichever driver had it. */
static bool try_a_dead_one(struct driver *d, struct test_random *random)
{
	const struct driver *other = &drivers[test_random_below(random, QUEUES)];
	uint64_t id =
	    __atomic_load_n(&other->dead[test_random_below(random, DEAD)], __ATOMIC_ACQUIRE);

	if (!id || use(d, id) == VCD_S_STALE)
		return true;
	return failed(d, "an id whose session had ended did not answer STALE");
}

/* A session from beginning to end. An upgrade may have ended it before. */
static bool one_session(struct driver *d)
{
	uint64_t id;
	int status;

	if (!make(d, &id))
		return false;
	if (d->count % 4 == 0) {
		status = use(d, id);
		if (status != VCD_S_OK && status != VCD_S_STALE)
			return failed(d, "a session of ours does not work");
	}
	status = front_session_destroy(d->queue, d->request, id);
	if (status != VCD_S_OK && status != VCD_S_STALE)
		return failed(d, "a session cannot be ended");
	__atomic_store_n(&d->dead[d->count % DEAD], id, __ATOMIC_RELEASE);
	return true;
}

static void *driver_main(void *arg)
{
	struct driver *d = arg;
	struct test_random random = {d->queue->index};

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
		if (!one_session(d) || !try_a_dead_one(d, &random))
			break;
	return NULL;
}

static uint64_t sessions_made(void)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < QUEUES; i++) {
		if (__atomic_load_n(&drivers[i].error, __ATOMIC_ACQUIRE))
			return UINT64_MAX;
		sum += __atomic_load_n(&drivers[i].count, __ATOMIC_ACQUIRE);
	}
	return sum;
}

/* Wait until @more sessions were made, or a driver has failed. */
static void progress(uint64_t more)
{
	uint64_t until = sessions_made();
	unsigned int tries;

	until = until > UINT64_MAX - more ? UINT64_MAX : until + more;
	for (tries = 0; sessions_made() < until; tries++) {
		assert_true(tries < FRONT_TIMEOUT_MS);
		usleep(1000);
	}
}

static void start_drivers(struct rig *rig)
{
	unsigned int i;

	stop = false;
	/* They look at each other from the start. */
	for (i = 0; i < QUEUES; i++)
		drivers[i] = (struct driver){
		    .queue = &rig->front->queue[i],
		    .request = &rig->scratch[i],
		};
	for (i = 0; i < QUEUES; i++)
		assert_int_equal(pthread_create(&drivers[i].thread, NULL, driver_main, &drivers[i]),
				 0);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* End the drivers; nothing must have gone wrong, and no id have been given twice. */
static void stop_drivers(void)
{
	uint64_t *all, total, twice = 0, n = 0;
	unsigned int i;

	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < QUEUES; i++)
		pthread_join(drivers[i].thread, NULL);
	for (i = 0; i < QUEUES; i++)
		if (drivers[i].error)
			fail_msg("queue %u: %s (%d)", i, drivers[i].error, drivers[i].status);
	total = sessions_made();
	all = malloc(total * sizeof(*all));
	assert_non_null(all);
	for (i = 0; i < QUEUES; i++) {
		memcpy(all + n, drivers[i].ids, drivers[i].count * sizeof(*all));
		n += drivers[i].count;
		free(drivers[i].ids);
	}
	qsort(all, total, sizeof(*all), compare);
	for (n = 1; n < total; n++)
		twice += all[n] == all[n - 1];
	print_message("  %llu ids, %llu of them twice\n", (unsigned long long)total,
		      (unsigned long long)twice);
	assert_int_equal(twice, 0);
	free(all);
}

static void upgrade(struct rig *rig, uint64_t number)
{
	unsigned int tries = 0;

	assert_int_equal(kill(rig->daemon.pid, SIGHUP), 0);
	do {
		assert_true(tries++ < FRONT_TIMEOUT_MS / 5);
		usleep(5000);
		rig_report(rig);
	} while (rig_stat(rig, "upgrades") < number);
}

static unsigned int upgrades(void)
{
	const char *text = getenv("WIRE_UPGRADES");

	return text ? (unsigned int)atoi(text) : 20;
}

static void test_upgrades(void **state)
{
	const char *const args[] = {"--num-queues=8", "--workers=8", NULL};
	struct rig rig;
	unsigned int i;

	rig_start(&rig, &(struct front_options){.queues = QUEUES}, args);
	start_drivers(&rig);
	for (i = 1; i <= upgrades(); i++) {
		progress(200);
		upgrade(&rig, i);
	}
	progress(200);
	stop_drivers();
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "restarts"), 0);
	rig_stop(&rig);
}

/* What an upgrade is not: a worker dies, the front end resets the device, the driver says HELLO. */
static void test_other_ends(void **state)
{
	const char *const args[] = {"--num-queues=8", "--workers=8", NULL};
	struct rig rig;
	unsigned int i, tries;
	pid_t pid, last = 0;

	rig_start(&rig, &(struct front_options){.queues = QUEUES}, args);
	start_drivers(&rig);
	for (i = 0; i < 5; i++) {
		progress(200);
		for (tries = 0; (pid = process_worker(&rig.daemon)) <= 0 || pid == last; tries++) {
			assert_true(tries < FRONT_TIMEOUT_MS);
			usleep(1000);
		}
		assert_int_equal(kill(pid, SIGKILL), 0);
		last = pid;
	}
	progress(200);
	stop_drivers();
	rig_stop(&rig);
}

/* What the daemons of these tests have to write. */
static const char *const MESSAGES[] = {
    "upgraded to worker",
    NULL,
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_upgrades),
	    cmocka_unit_test(test_other_ends),
	};

	said_begin();
	if (argc < 2)
		return 2;
	rig_daemon = argv[1];
	return said_all(cmocka_run_group_tests(tests, NULL, NULL), MESSAGES);
}
