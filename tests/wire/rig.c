/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rig.c - what the wire tests have in common.
 */
#include "tests/wire/rig.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cryptodev.h"
#include "tests/wire/operator.h"

const char *rig_daemon;

#define MAX_ARGS (PROCESS_MAX_ARGS - 5)

static void make_dir(struct rig *rig)
{
	*rig = (struct rig){0};
	strcpy(rig->dir, "/tmp/vcd-wire-XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	if (process_user)
		assert_int_equal(chown(rig->dir, process_user, process_user), 0);
	snprintf(rig->socket_path, sizeof(rig->socket_path), "%s/socket", rig->dir);
	snprintf(rig->control_path, sizeof(rig->control_path), "%s/control", rig->dir);
}

/* --engine=..., when this run is on a certain one. */
static char engine_arg[64];

/* Ends the program when the machine cannot have that engine. */
static void choose_engine(void)
{
	const char *name = getenv("VCD_TEST_ENGINE");
	char command[512];

	if (!name || engine_arg[0])
		return;
	(void)snprintf(engine_arg, sizeof(engine_arg), "--engine=%s", name);
	(void)snprintf(command, sizeof(command), "'%s' %s --print-engine >/dev/null", rig_daemon,
		       engine_arg);
	if (system(command) == 0)
		return;
	printf("SKIPPED: no engine %s here\n", name);
	exit(77);
}

/* The arguments that every daemon gets, and those of the test. */
static void collect_args(const char **all, char *control_arg, size_t size, const struct rig *rig,
			 const char *const *args)
{
	unsigned int n = 0;

	choose_engine();
	snprintf(control_arg, size, "--control=%s", rig->control_path);
	all[n++] = control_arg;
	if (engine_arg[0])
		all[n++] = engine_arg;
	while (args && *args && n < MAX_ARGS)
		all[n++] = *args++;
	all[n] = NULL;
}

static void make_requests(struct rig *rig)
{
	unsigned int i;

	assert_true(rig->front->options.queues <= RIG_QUEUES);
	assert_int_equal(front_request_init(rig->front, &rig->request, RIG_PAYLOAD, RIG_PAYLOAD),
			 0);
	for (i = 0; i < rig->front->options.queues; i++)
		assert_int_equal(front_request_init(rig->front, &rig->scratch[i], 128, 128), 0);
}

void rig_open(struct rig *rig, const struct front_options *options, const char *const *args)
{
	const char *all[MAX_ARGS + 1];
	char control_arg[128];
	int socket;

	make_dir(rig);
	collect_args(all, control_arg, sizeof(control_arg), rig, args);
	assert_int_equal(process_start_daemon(&rig->daemon, rig_daemon, all, &socket), 0);
	assert_int_equal(front_new(options, socket, &rig->front), 0);
	make_requests(rig);
}

void rig_start(struct rig *rig, const struct front_options *options, const char *const *args)
{
	rig_open(rig, options, args);
	assert_int_equal(front_start(rig->front), 0);
}

void rig_listen(struct rig *rig, const char *const *args)
{
	const char *all[MAX_ARGS + 2];
	char control_arg[128];
	char socket_arg[128];

	make_dir(rig);
	snprintf(socket_arg, sizeof(socket_arg), "--socket-path=%s", rig->socket_path);
	all[0] = socket_arg;
	collect_args(all + 1, control_arg, sizeof(control_arg), rig, args);
	assert_int_equal(process_start(&rig->daemon, rig_daemon, all, -1, NULL), 0);
}

void rig_reach(struct rig *rig, const struct front_options *options)
{
	assert_null(rig->front);
	assert_int_equal(front_connect(options, rig->socket_path, &rig->front), 0);
	make_requests(rig);
}

void rig_connect(struct rig *rig, const struct front_options *options)
{
	rig_reach(rig, options);
	assert_int_equal(front_start(rig->front), 0);
}

void rig_check_queue(struct rig *rig, unsigned int i)
{
	assert_int_equal(front_known_answer(&rig->front->queue[i], &rig->scratch[i]), 0);
}

void rig_check(struct rig *rig)
{
	unsigned int i;

	for (i = 0; i < rig->front->options.queues; i++)
		rig_check_queue(rig, i);
}

void rig_disconnect(struct rig *rig)
{
	rig->front = front_free(rig->front);
	memset(&rig->request, 0, sizeof(rig->request));
	memset(rig->scratch, 0, sizeof(rig->scratch));
}

void rig_end(struct rig *rig)
{
	assert_int_equal(process_stop(&rig->daemon), 0);
}

/* The sessions of a front end that has gone go with it. */
static void await_no_session(struct rig *rig)
{
	unsigned int tries = 0;

	do {
		assert_true(tries++ < FRONT_TIMEOUT_MS);
		if (tries > 1)
			usleep(1000);
		rig_report(rig);
	} while (rig_stat(rig, "sessions_live") != 0);
}

void rig_stop(struct rig *rig)
{
	bool listens = access(rig->socket_path, F_OK) == 0;

	if (listens && rig->daemon.pid > 0) {
		rig_disconnect(rig);
		await_no_session(rig);
	}
	if (rig->daemon.pid > 0)
		rig_end(rig);
	rig_disconnect(rig);
	/* It cleans up behind itself. */
	assert_int_equal(access(rig->socket_path, F_OK), -1);
	assert_int_equal(rmdir(rig->dir), 0);
}

uint64_t rig_stat(const struct rig *rig, const char *name)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\": ", name);
	at = strstr(rig->stats, key);
	assert_non_null(at);
	return strtoull(at + strlen(key), NULL, 10);
}

/* False: the worker that had the question died, or there are too many who ask. */
static bool try_report(struct rig *rig)
{
	int fd = operator_reach(rig->control_path);
	const char *text = operator_try(fd, "stats\n");
	bool ok = text && text[0] == '{';

	close(fd);
	if (ok) {
		assert_true(strlen(text) < sizeof(rig->stats));
		strcpy(rig->stats, text);
	}
	return ok;
}

void rig_report(struct rig *rig)
{
	const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
	unsigned int tries;

	for (tries = 0; tries < FRONT_TIMEOUT_MS / 5; tries++) {
		if (try_report(rig))
			return;
		nanosleep(&pause, NULL);
	}
	fail_msg("no counters from the control socket");
}

uint64_t rig_session(struct rig *rig, struct front_queue *queue)
{
	static const uint8_t key[16] = "0123456789abcdef";
	uint64_t id = 0;

	assert_int_equal(front_session_create(queue, &rig->scratch[queue->index], CRYPTO_AES_CBC,
					      key, sizeof(key), 0, NULL, 0, &id),
			 VCD_S_OK);
	assert_int_not_equal(id, 0);
	return id;
}
