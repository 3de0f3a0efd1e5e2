/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_evil.c - workers that lie to their supervisor, as if a guest had taken them over.
 *
 * Each deed is done by some workers in a row, while a new one is told the former state and
 * while one serves. The supervisor has to get rid of them, and to start another one, which is
 * honest; then a driver that starts again has its device again. Nothing that the front end did
 * before is asked of it a second time.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/wire/evil_worker.h"
#include "tests/wire/rig.h"
#include "tests/wire/said.h"

#define IN_A_ROW 3

static const char *const deeds[EVIL_DEEDS] = {
    [EVIL_NOISE] = "noise",
    [EVIL_UNPROMPTED] = "noise when nothing was asked",
    [EVIL_REQUEST] = "a request",
    [EVIL_HUGE] = "a huge reply",
    [EVIL_OTHER] = "a reply to something else",
    [EVIL_READY] = "ready again",
    [EVIL_UNASKED] = "answers to nothing",
    [EVIL_FILES] = "file descriptors",
    [EVIL_HALF] = "half an answer",
    [EVIL_DRIP] = "a byte now and then",
    [EVIL_SILENT] = "silence",
    [EVIL_HANGS_UP] = "hangs up",
    [EVIL_VIOLATED] = "blames the front end",
    [EVIL_LEDGER_ONES] = "ledger of ones",
    [EVIL_LEDGER_ZEROS] = "ledger of zeros",
    [EVIL_LEDGER_NOISE] = "ledger of noise",
    [EVIL_LEDGER_SIZE] = "a shorter ledger",
};

static struct evil_plan *plan;
static char plan_path[] = "/tmp/vcd-evil-XXXXXX";

static int make_plan(void **state)
{
	int fd = mkstemp(plan_path);

	/* Workers of root's daemon are another user's from the start. */
	if (fd < 0 || fchmod(fd, 0666) < 0 || ftruncate(fd, sizeof(*plan)) < 0)
		return -1;
	plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	setenv("VCD_EVIL", plan_path, 1);
	return plan == MAP_FAILED ? -1 : 0;
}

static int remove_plan(void **state)
{
	munmap(plan, sizeof(*plan));
	return unlink(plan_path);
}

static void await_worker(const struct rig *rig, pid_t other)
{
	for (unsigned int tries = 0; tries < FRONT_TIMEOUT_MS; tries++) {
		pid_t pid = process_worker(&rig->daemon);

		if (pid > 0 && pid != other)
			return;
		usleep(1000);
	}
	fail_msg("no worker");
}

/* The supervisor ends as it should, whatever the counters say now. */
static void finish(struct rig *rig)
{
	assert_int_equal(process_stop(&rig->daemon), 0);
	rig_disconnect(rig);
	assert_int_equal(rmdir(rig->dir), 0);
}

static void evil(enum evil_deed deed, bool serving)
{
	struct rig rig;
	pid_t pid;

	print_message("  %s%s\n", deeds[deed], serving ? ", while it serves" : "");
	plan->left = 0;
	rig_start(&rig, &(struct front_options){.queues = 2}, NULL);
	rig_check(&rig);
	plan->deed = deed;
	plan->serving = serving;
	__atomic_store_n(&plan->left, IN_A_ROW, __ATOMIC_RELEASE);
	pid = process_worker(&rig.daemon);
	assert_int_equal(kill(pid, SIGKILL), 0);
	await_worker(&rig, pid);
	/* What it sends meets the evil ones first. It cannot know, and has to do nothing about it.
	 */
	assert_int_equal(front_restart(rig.front), 0);
	assert_int_equal(__atomic_load_n(&plan->left, __ATOMIC_ACQUIRE), 0);
	/* A ledger that was spoilt may have had a queue stopped. */
	assert_int_equal(front_restart(rig.front), 0);
	rig_check(&rig);
	assert_int_equal(plan->shrunk, 0);
	finish(&rig);
}

static void test_new(void **state)
{
	for (unsigned int deed = 0; deed < EVIL_DEEDS; deed++)
		if (deed != EVIL_UNPROMPTED)
			evil((enum evil_deed)deed, false);
}

/*
 * Two deeds cannot be told from a worker's right: to say that the front end broke the
 * protocol ends its connection, and lies in answers are what the front end gets.
 */
static void test_serving(void **state)
{
	for (unsigned int deed = 0; deed < EVIL_DEEDS; deed++)
		if (deed != EVIL_VIOLATED && deed != EVIL_UNASKED && deed != EVIL_UNPROMPTED)
			evil((enum evil_deed)deed, true);
}

/* Nobody waits for an answer of it, so there is no time limit either: it is seen to lie. */
static void test_unprompted(void **state)
{
	struct rig rig;

	rig_start(&rig, &(struct front_options){.queues = 2}, NULL);
	rig_check(&rig);
	plan->deed = EVIL_UNPROMPTED;
	plan->serving = true;
	__atomic_store_n(&plan->left, IN_A_ROW, __ATOMIC_RELEASE);
	assert_int_equal(kill(process_worker(&rig.daemon), SIGKILL), 0);
	for (unsigned int tries = 0; __atomic_load_n(&plan->left, __ATOMIC_ACQUIRE) > 0; tries++) {
		assert_true(tries < FRONT_TIMEOUT_MS);
		usleep(1000);
	}
	rig_check(&rig);
	finish(&rig);
}

/* A front end that connects and says nothing makes room for one that does. */
static void test_silent_front_end(void **state)
{
	struct front *silent;
	struct rig rig;
	int err;

	plan->left = 0;
	rig_listen(&rig, NULL);
	assert_int_equal(front_connect(NULL, rig.socket_path, &silent), 0);
	do {
		rig_reach(&rig, NULL);
		err = front_start(rig.front);
		if (err)
			rig_disconnect(&rig);
	} while (err);
	assert_int_equal(front_wait_closed(silent), 0);
	front_free(silent);
	rig_check(&rig);
	rig_stop(&rig);
}

/* The connection is lost then, and nothing else: the next front end is served. */
static void test_blamed(void **state)
{
	struct rig rig;

	rig_listen(&rig, NULL);
	rig_connect(&rig, NULL);
	rig_check(&rig);
	plan->deed = EVIL_VIOLATED;
	plan->serving = true;
	__atomic_store_n(&plan->left, 1, __ATOMIC_RELEASE);
	assert_int_equal(kill(process_worker(&rig.daemon), SIGKILL), 0);
	assert_int_equal(front_send(rig.front, VU_GET_FEATURES, 0, NULL, 0, NULL, 0), 0);
	assert_int_equal(front_wait_closed(rig.front), 0);
	rig_disconnect(&rig);
	rig_connect(&rig, NULL);
	rig_check(&rig);
	rig_stop(&rig);
}

/* A worker that does not even end when it is told to does not keep the supervisor. */
static void test_end(void **state)
{
	struct rig rig;
	pid_t pid;

	rig_start(&rig, NULL, NULL);
	plan->deed = EVIL_SILENT;
	plan->serving = true;
	__atomic_store_n(&plan->left, 1, __ATOMIC_RELEASE);
	pid = process_worker(&rig.daemon);
	assert_int_equal(kill(pid, SIGKILL), 0);
	await_worker(&rig, pid);
	finish(&rig);
}

/* What the daemons of these tests have to write. */
static const char *const MESSAGES[] = {
    "does not accept the front end's set-up",
    "connection closed: Protocol error",
    "an index is out of range",
    "does not answer; it is killed",
    "the next one has to wait, as it did nothing",
    "sent an invalid reply",
    "another one is turned away",
    "workers died in its request",
    "front end disconnected",
    "starting another one",
    NULL,
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_new),
	    cmocka_unit_test(test_serving),
	    cmocka_unit_test(test_blamed),
	    cmocka_unit_test(test_unprompted),
	    cmocka_unit_test(test_silent_front_end),
	    cmocka_unit_test(test_end),
	};

	said_begin();
	if (argc != 2)
		return 2;
	rig_daemon = argv[1];
	return said_all(cmocka_run_group_tests(tests, make_plan, remove_plan), MESSAGES);
}
