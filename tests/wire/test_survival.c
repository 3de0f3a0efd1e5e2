/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_survival.c - the worker process is killed, or replaced, while queues are full.
 *
 * The drivers of load.h do what the guest's does, and notice what is wrong.
 *
 * With the build of the daemon that dies at chosen places (crash.h), the same is
 * done for each of them.
 */
#include <endian.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/wire/crash.h"
#include "tests/wire/load.h"
#include "tests/wire/operator.h"
#include "tests/wire/said.h"

static void kill_worker(const struct rig *rig)
{
	pid_t pid = process_worker(&rig->daemon);

	/* There is none for a moment after the last one's end. */
	if (pid > 0)
		kill(pid, SIGKILL);
}

static unsigned int kills(void)
{
	const char *text = getenv("WIRE_KILLS");

	return text ? (unsigned int)atoi(text) : 20;
}

static void killed(const struct front_options *options, const char *workers)
{
	const char *const args[] = {"--num-queues=3", workers, NULL};
	struct load load;
	pid_t pid = 0;
	unsigned int i;

	load_start(&load, options, args);
	for (i = 0; i < kills(); i++) {
		load_progress(&load, (uint64_t)(random() % 400) + 1);
		pid = load_worker(&load, pid);
		usleep((useconds_t)(random() % 500));
		assert_int_equal(kill(pid, SIGKILL), 0);
	}
	load_progress(&load, 200);
	load_stop(&load);
	assert_int_equal(rig_stat(&load.rig, "restarts"), i);
	rig_stop(&load.rig);
}

static const size_t memory = 64u << 20;

static void test_killed(void **state)
{
	killed(&(struct front_options){.queues = LOAD_QUEUES, .memory = memory}, "--workers=3");
}

static void test_killed_flags(void **state)
{
	killed(
	    &(struct front_options){.queues = LOAD_QUEUES, .memory = memory, .no_event_idx = true},
	    "--workers=1");
}

static void test_killed_uml(void **state)
{
	killed(
	    &(struct front_options){
		.queues = LOAD_QUEUES, .memory = memory, .style = FRONT_UML, .regions = 2},
	    "--workers=2");
}

static void test_upgraded(void **state)
{
	const char *const args[] = {"--num-queues=3", "--workers=2", NULL};
	struct load load;
	pid_t pid;
	unsigned int i;

	load_start(&load, &(struct front_options){.queues = LOAD_QUEUES, .memory = memory}, args);
	for (i = 1; i <= 5; i++) {
		unsigned int tries = 0;

		load_progress(&load, 100);
		pid = load_worker(&load, 0);
		assert_int_equal(kill(load.rig.daemon.pid, SIGHUP), 0);
		do {
			assert_true(tries++ < 3000);
			usleep(20000);
			rig_report(&load.rig);
		} while (rig_stat(&load.rig, "upgrades") < i);
		assert_int_not_equal(load_worker(&load, 0), pid);
	}
	load_progress(&load, 200);
	load_stop(&load);
	assert_int_equal(rig_stat(&load.rig, "restarts"), 0);
	rig_stop(&load.rig);
}

/*
 * Workers that did nothing die until the next one has to wait for long; an upgrade that is asked
 * for then does not wait with it.
 */
static void test_upgrade_of_the_dead(void **state)
{
	struct rig rig;
	pid_t pid, workers[4], last = 0;
	unsigned int i, tries = 0;
	int client;
	char byte;

	rig_start(&rig, &(struct front_options){.queues = 2}, NULL);
	/* The delays are 0, 10 ms and twice as much each time: the last one is above a second. */
	for (i = 0; i < 9; i++) {
		while ((pid = process_worker(&rig.daemon)) <= 0 || pid == last) {
			assert_true(tries++ < FRONT_TIMEOUT_MS);
			usleep(1000);
		}
		assert_int_equal(kill(pid, SIGKILL), 0);
		last = pid;
	}
	/* Until the dead one was waited for: it would be counted below. */
	while (process_children(rig.daemon.pid, workers, 4))
		usleep(1000);
	client = operator_reach(rig.control_path);
	assert_int_equal(send(client, "limits\n", 7, MSG_NOSIGNAL), 7);
	assert_int_equal(kill(rig.daemon.pid, SIGHUP), 0);
	/* Who serves first answers: the one that was asked for. The clock has not started another.
	 */
	for (tries = 0; recv(client, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0; tries++) {
		assert_true(process_children(rig.daemon.pid, workers, 4) <= 1);
		assert_true(tries < FRONT_TIMEOUT_MS);
		usleep(1000);
	}
	assert_non_null(strstr(operator_next(client), "ops none"));
	close(client);
	assert_int_equal(process_children(rig.daemon.pid, workers, 4), 1);
	assert_int_equal(front_restart(rig.front), 0);
	rig_check(&rig);
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "upgrades"), 1);
	assert_int_equal(rig_stat(&rig, "restarts"), 9);
	rig_stop(&rig);
}

/* Messages of the front end meet a dead worker, too. */
static void test_messages_and_kills(void **state)
{
	struct rig rig;
	unsigned int i;

	rig_start(&rig, &(struct front_options){.queues = 2}, NULL);
	for (i = 0; i < 20; i++) {
		kill_worker(&rig);
		assert_int_equal(front_restart(rig.front), 0);
		rig_check(&rig);
	}
	rig_stop(&rig);
}

/* What the front end had reset is no obstacle to the next worker. */
static void test_reset_and_killed(void **state)
{
	struct rig rig;

	rig_start(&rig, &(struct front_options){.queues = 2}, NULL);
	assert_int_equal(front_set(rig.front, VU_RESET_DEVICE, NULL, 0, -1), 0);
	assert_int_equal(front_start(rig.front), 0);
	kill_worker(&rig);
	rig_check(&rig);
	assert_int_equal(front_set_u64(rig.front, VU_SET_STATUS, 0), 0);
	kill_worker(&rig);
	assert_int_equal(front_start(rig.front), 0);
	rig_check(&rig);
	rig_stop(&rig);
}

/* A front end that leaves while there is no worker; the next one gets a clean device. */
static void test_leaves_and_kills(void **state)
{
	struct rig rig;
	unsigned int i;

	rig_listen(&rig, NULL);
	for (i = 0; i < 10; i++) {
		rig_connect(&rig, NULL);
		rig_check(&rig);
		rig_session(&rig, &rig.front->queue[0]);
		kill_worker(&rig);
		rig_disconnect(&rig);
	}
	rig_stop(&rig);
}

/*
 * A front end that makes its memory's file shorter, and a worker that dies: the next one cannot map
 * it. The front end is told so, instead of waiting while workers come and go; the next one is
 * served.
 */
static void state_lost(enum front_style style)
{
	const struct front_options options = {.style = style};
	struct rig rig;

	rig_listen(&rig, NULL);
	rig_connect(&rig, &options);
	rig_check(&rig);
	assert_int_equal(ftruncate(rig.front->memfd, 4096), 0);
	kill_worker(&rig);
	assert_int_equal(front_send(rig.front, VU_GET_FEATURES, 0, NULL, 0, NULL, 0), 0);
	assert_int_equal(front_wait_closed(rig.front), 0);
	rig_disconnect(&rig);
	rig_connect(&rig, &options);
	rig_check(&rig);
	rig_report(&rig);
	assert_in_range(rig_stat(&rig, "restarts"), 2, 6);
	rig_stop(&rig);
}

static void test_state_lost(void **state)
{
	state_lost(FRONT_QEMU);
	state_lost(FRONT_UML);
}

/* ---- at chosen places ----------------------------------------------------------------- */

static const char *crash_daemon;

static void crash_at(enum crash_place place, unsigned int every, int times)
{
	const char *const args[] = {"--num-queues=3", "--workers=2", NULL};
	const char *daemon = rig_daemon;
	struct crash_file crash;
	struct load load;
	unsigned int tries;

	crash_file_make(&crash);
	rig_daemon = crash_daemon;
	load_start(&load, &(struct front_options){.queues = LOAD_QUEUES, .memory = memory}, args);
	rig_daemon = daemon;
	load_progress(&load, 100);
	crash_file_set(&crash, place, every, times);
	for (tries = 0; crash_file_left(&crash) > 0; tries++) {
		assert_true(tries < FRONT_TIMEOUT_MS);
		/* These are come to only when something else has killed a worker. */
		if (place == CRASH_RECOVERED || place == CRASH_RESUMED) {
			kill_worker(&load.rig);
			load_progress(&load, 100);
		}
		usleep(1000);
	}
	load_progress(&load, 100);
	load_stop(&load);
	assert_true(rig_stat(&load.rig, "restarts") >= (uint64_t)times);
	rig_stop(&load.rig);
	crash_file_remove(&crash);
}

static void test_places(void **state)
{
	static const unsigned int every[] = {
	    [CRASH_SAVED] = 7,	  [CRASH_EXECUTE] = 7,	 [CRASH_EXECUTED] = 7,	[CRASH_USED] = 7,
	    [CRASH_FINISHED] = 7, [CRASH_PUBLISHED] = 7, [CRASH_RECOVERED] = 1, [CRASH_RESUMED] = 1,
	};
	unsigned int place;

	if (!crash_daemon)
		skip();
	for (place = 0; place < sizeof(every) / sizeof(every[0]); place++)
		/* Fewer in a row than what counts as a request that kills. */
		crash_at((enum crash_place)place, every[place], every[place] == 1 ? 3 : 6);
}

/* A request that kills its worker each time stops its queue; the others go on. */
static void test_poison(void **state)
{
	const char *daemon = rig_daemon;
	struct crash_file crash;
	struct rig rig;

	if (!crash_daemon)
		skip();
	crash_file_make(&crash);
	rig_daemon = crash_daemon;
	rig_start(&rig, &(struct front_options){.queues = 2}, NULL);
	rig_daemon = daemon;
	rig_check(&rig);
	crash_file_set(&crash, CRASH_EXECUTE, 1, 5);
	/* Only queue 0 has anything to do. */
	*rig.request.header = (struct vcd_req){.opcode = htole16(VCD_OP_HELLO)};
	assert_int_equal(front_submit(&rig.front->queue[0], &rig.request, 0, 0), 0);
	front_queue_kick(&rig.front->queue[0]);
	assert_int_equal(front_queue_wait_broken(&rig.front->queue[0]), 0);
	assert_int_equal(crash_file_left(&crash), 0);
	rig_check_queue(&rig, 1);
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "restarts"), 5);
	assert_int_equal(rig_stat(&rig, "ring_errors"), 1);
	/* Its driver may set it up again. */
	assert_int_equal(front_restart(rig.front), 0);
	rig_check(&rig);
	rig_stop(&rig);
	crash_file_remove(&crash);
}

/* What the daemons of these tests have to write. */
static const char *const MESSAGES[] = {
    "workers did not accept the front end's set-up: it is let go",
    "the device is reported broken",
    "workers died in its request",
    "does not accept the front end's set-up (ADD_MEM_REG)",
    "does not accept the front end's set-up (SET_MEM_TABLE)",
    "a region of memory cannot be mapped",
    "starting another one",
    ", which goes on after ",
    "a worker is tried every 10 s",
    "SET_MEM_TABLE (request 5): a region of memory cannot be mapped",
    "connection closed: Protocol error",
    "upgraded to worker",
    "the next one has to wait, as it did nothing",
    NULL,
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_killed),
	    cmocka_unit_test(test_killed_flags),
	    cmocka_unit_test(test_killed_uml),
	    cmocka_unit_test(test_upgraded),
	    cmocka_unit_test(test_upgrade_of_the_dead),
	    cmocka_unit_test(test_messages_and_kills),
	    cmocka_unit_test(test_reset_and_killed),
	    cmocka_unit_test(test_leaves_and_kills),
	    cmocka_unit_test(test_state_lost),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_poison),
	};

	said_begin();
	if (argc < 2)
		return 2;
	rig_daemon = argv[1];
	crash_daemon = argc > 2 ? argv[2] : NULL;
	return said_all(cmocka_run_group_tests(tests, NULL, NULL), MESSAGES);
}
