/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_upgrade.c - `upgrade` at the control socket: whoever asks is told how it ended. And
 * what the command line says of names and of who may connect.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/wire/operator.h"
#include "tests/wire/rig.h"
#include "tests/wire/said.h"

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Where the program and the control socket are. */
static char dir[32], program[64], path[64], control_arg[96];

/* Beside a program that is no daemon: it may end. */
#define GO ".go"
static char go[96];

/* The same: the daemon. */
#define REAL ".real"
static char real[96];

/* For everybody to execute. */
static bool copy(const char *from_path, const char *to_path)
{
	int from = open(from_path, O_RDONLY | O_CLOEXEC);
	int to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	struct stat st = {0};
	ssize_t n = 1;

	if (from < 0 || to < 0 || fstat(from, &st) < 0)
		return false;
	for (; st.st_size > 0 && n > 0; st.st_size -= n)
		n = sendfile(to, from, NULL, (size_t)st.st_size);
	close(from);
	close(to);
	return st.st_size == 0;
}

/* A copy of the daemon that can be replaced. */
static int make_dir(void **state)
{
	strcpy(dir, "/tmp/vcd-wire-XXXXXX");
	if (!mkdtemp(dir) || chmod(dir, 0755) < 0)
		return -1;
	snprintf(program, sizeof(program), "%s/daemon", dir);
	snprintf(path, sizeof(path), "%s/control", dir);
	snprintf(control_arg, sizeof(control_arg), "--control=%s", path);
	snprintf(go, sizeof(go), "%s" GO, program);
	snprintf(real, sizeof(real), "%s" REAL, program);
	return copy(rig_daemon, program) ? 0 : -1;
}

static int remove_dir(void **state)
{
	unlink(program);
	unlink(go);
	unlink(real);
	return rmdir(dir);
}

/* A program that cannot be a worker takes the daemon's place. */
static void replace_program(const char *text)
{
	int fd;

	assert_int_equal(unlink(program), 0);
	fd = open(program, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void start(struct rig *rig, const char *more)
{
	const char *daemon = rig_daemon;

	rig_daemon = program;
	rig_start(rig, &(struct front_options){.queues = 2}, ARGS(control_arg, more));
	rig_daemon = daemon;
}

static const char *ask(const char *command)
{
	int fd = operator_reach(path);
	const char *answer = operator_ask(fd, command);

	close(fd);
	return answer;
}

static uint64_t counter(const char *name)
{
	int fd = operator_reach(path);
	uint64_t value = operator_counter(fd, name);

	close(fd);
	return value;
}

static void test_done(void **state)
{
	struct rig rig;
	pid_t before;

	start(&rig, NULL);
	for (unsigned int i = 1; i <= 3; i++) {
		rig_check(&rig);
		before = process_worker(&rig.daemon);
		assert_non_null(strstr(ask("upgrade\n"), "upgraded to worker "));
		/* The upgrade is complete when the answer arrives. */
		assert_int_not_equal(process_worker(&rig.daemon), before);
		assert_int_equal(counter("upgrades"), i);
	}
	rig_check(&rig);
	rig_stop(&rig);
}

/* A new worker that fails or cannot be executed: the client gets the reason,
 * and the old one continues. */
static void test_failed(void **state)
{
	static const char *const programs[] = {"#!/bin/sh\nexit 1\n", "nonsense"};
	struct rig rig;
	pid_t before;

	start(&rig, NULL);
	rig_check(&rig);
	before = process_worker(&rig.daemon);
	for (unsigned int i = 0; i < 2; i++) {
		replace_program(programs[i]);
		assert_string_equal(ask("upgrade\n"),
				    "ERR the new worker did not start; the old one goes on\n");
	}
	assert_int_equal(unlink(program), 0);
	assert_ptr_equal(strstr(ask("upgrade\n"), "ERR cannot start a new worker from "),
			 strstr(ask("upgrade\n"), "ERR "));
	assert_int_equal(process_worker(&rig.daemon), before);
	assert_int_equal(counter("upgrades"), 0);
	rig_check(&rig);
	rig_stop(&rig);
}

/* One at a time; a client that hangs up, or speaks in pieces, changes nothing. */
static void test_clients(void **state)
{
	struct rig rig;
	int slow, gone, first, silent[20];
	pid_t workers[3];

	start(&rig, NULL);
	slow = operator_reach(path);
	assert_int_equal(send(slow, "upg", 3, MSG_NOSIGNAL), 3);
	gone = operator_reach(path);
	close(gone);
	/* More than there is room for: who says nothing does not keep others out. */
	for (unsigned int i = 0; i < 20; i++)
		silent[i] = operator_reach(path);
	for (unsigned int i = 0; i < 20; i++)
		close(silent[i]);
	assert_int_equal(unlink(program), 0);
	assert_true(copy("/proc/self/exe", program));
	first = operator_reach(path);
	assert_int_equal(send(first, "upgrade\n", 8, MSG_NOSIGNAL), 8);
	while (process_children(rig.daemon.pid, workers, 3) < 2)
		usleep(1000);
	assert_string_equal(ask("upgrade\n"), "ERR an upgrade is under way already\n");
	close(open(go, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_string_equal(operator_next(first),
			    "ERR the new worker did not start; the old one goes on\n");
	close(first);
	close(slow);
	/* Behind another command it is the worker's, which does not live to see its end. */
	first = operator_reach(path);
	assert_non_null(strstr(operator_ask(first, "limits\n"), "ops none"));
	assert_non_null(strstr(operator_ask(first, "upgrade\n"), "ERR upgrade: "));
	close(first);
	rig_check(&rig);
	rig_stop(&rig);
}

/* A program that can do less than what the guest was told does not take over. */
static void test_less(void **state)
{
	struct rig rig;
	pid_t before;

	start(&rig, NULL);
	rig_check(&rig);
	before = process_worker(&rig.daemon);
	assert_int_equal(rename(program, real), 0);
	assert_true(copy("/proc/self/exe", program));
	assert_non_null(strstr(ask("upgrade\n"), "ERR the new worker offers fewer algorithms"));
	assert_int_equal(process_worker(&rig.daemon), before);
	rig_check(&rig);
	assert_int_equal(unlink(program), 0);
	assert_int_equal(rename(real, program), 0);
	assert_non_null(strstr(ask("upgrade\n"), "upgraded to worker "));
	assert_int_equal(counter("upgrades"), 1);
	rig_check(&rig);
	rig_stop(&rig);
}

/* A word that comes in two pieces is one word. */
static void test_in_pieces(void **state)
{
	struct rig rig;
	int fd;

	start(&rig, NULL);
	fd = operator_reach(path);
	assert_int_equal(send(fd, "upgr", 4, MSG_NOSIGNAL), 4);
	assert_non_null(strstr(ask("status\n"), "engine"));
	assert_non_null(strstr(operator_ask(fd, "ade\n"), "upgraded to worker "));
	close(fd);
	fd = operator_reach(path);
	assert_int_equal(send(fd, "up", 2, MSG_NOSIGNAL), 2);
	assert_non_null(strstr(ask("status\n"), "engine"));
	assert_non_null(strstr(operator_ask(fd, "side down\n"), "ERR no such command"));
	close(fd);
	rig_stop(&rig);
}

/* ---- names ---------------------------------------------------------------------------- */

static void test_vm_name(void **state)
{
	struct rig rig;

	start(&rig, "--vm-name=web-1.example:a@b+c");
	assert_non_null(strstr(ask("status\n"), "\nvm             web-1.example:a@b+c\n"));
	assert_non_null(strstr(ask("stats\n"), "\"vm\": \"web-1.example:a@b+c\""));
	assert_non_null(
	    strstr(ask("metrics\n"), "\nvirtio_cryptodev_queues{vm=\"web-1.example:a@b+c\"} "));
	assert_non_null(
	    strstr(ask("metrics\n"), "_total{vm=\"web-1.example:a@b+c\",status=\"OK\"} "));
	/* Not one sample without it: two daemons' files would clash. */
	assert_null(strstr(ask("metrics\n"), "\nvirtio_cryptodev_workers "));
	rig_stop(&rig);
	start(&rig, NULL);
	assert_null(strstr(ask("status\n"), "\nvm "));
	assert_non_null(strstr(ask("metrics\n"), "\nvirtio_cryptodev_queues "));
	rig_stop(&rig);
}

static void test_socket_access(void **state)
{
	struct rig rig;
	char group[32];
	struct stat st;

	rig_listen(&rig, ARGS("--socket-mode=660", NULL));
	rig_connect(&rig, NULL);
	assert_int_equal(lstat(rig.socket_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	rig_stop(&rig);
	snprintf(group, sizeof(group), "--socket-group=%u",
		 getuid() == 0 ? 4321u : (unsigned int)getgid());
	rig_listen(&rig, ARGS(group, "--socket-mode=606"));
	rig_connect(&rig, NULL);
	assert_int_equal(lstat(rig.socket_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0606);
	assert_int_equal(st.st_gid, getuid() == 0 ? 4321 : getgid());
	rig_stop(&rig);
}

static void test_bad_words(void **state)
{
	static const struct {
		const char *arg;
		int status;
	} bad[] = {
	    {"--socket-mode=8", 2},
	    {"--socket-mode=0", 2},
	    {"--socket-mode=1000", 2},
	    {"--socket-mode=", 2},
	    {"--socket-mode=u+w", 2},
	    {"--socket-group=no-such-group-here", 1},
	    {"--socket-group=", 1},
	    {"--socket-group=99999999999", 1},
	    {"--vm-name=", 2},
	    {"--vm-name=a b", 2},
	    {"--vm-name=a\"b", 2},
	    {"--vm-name=a\nb", 2},
	    {"--vm-name=x123456789012345678901234567890123456789012345678901234567890abcd", 2},
	};
	struct process process;
	char socket_arg[96];

	snprintf(socket_arg, sizeof(socket_arg), "--socket-path=%s/socket", dir);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd;

		assert_int_equal(
		    process_start(&process, rig_daemon, ARGS(socket_arg, bad[i].arg), -1, &fd), 0);
		assert_int_equal(process_wait(&process), bad[i].status);
		close(fd);
		assert_int_equal(access(strchr(socket_arg, '/'), F_OK), -1);
	}
}

/* The real daemon, with fewer sessions than its supervisor was told. */
static int be_less(const char *daemon, char **argv)
{
	char *args[PROCESS_MAX_ARGS + 3];
	unsigned int n = 0;

	for (; n < PROCESS_MAX_ARGS && argv[n]; n++)
		args[n] = argv[n];
	args[n++] = (char *)(uintptr_t) "--max-sessions=8";
	args[n] = NULL;
	execv(daemon, args);
	return 1;
}

/*
 * This program in the daemon's place: it is executed as a worker. It is one that offers less, when
 * there is a real daemon beside it; otherwise none, and ends when it may.
 */
static int be_no_worker(char **argv)
{
	char name[PATH_MAX + 1];
	ssize_t n = readlink("/proc/self/exe", name, PATH_MAX - sizeof(GO));

	if (n < 0)
		return 1;
	strcpy(name + n, REAL);
	if (access(name, X_OK) == 0)
		return be_less(name, argv);
	strcpy(name + n, GO);
	while (access(name, F_OK) < 0)
		usleep(10000);
	return 1;
}

/* What the daemons of these tests have to write. */
static const char *const MESSAGES[] = {
    "Exec format error",
    "cannot start a new worker from",
    "the new worker did not start; the old one goes on",
    "offers fewer algorithms or lower limits than the old one",
    "an upgrade is under way already",
    "upgraded to worker",
    NULL,
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_done, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(test_failed, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(test_clients, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(test_less, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(test_in_pieces, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(test_vm_name, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(test_bad_words, make_dir, remove_dir),
	    cmocka_unit_test(test_socket_access),
	};

	said_begin();
	if (argc > 1 && !strncmp(argv[1], "--worker=", 9))
		return be_no_worker(argv);
	if (argc != 2)
		return 2;
	rig_daemon = argv[1];
	return said_all(cmocka_run_group_tests(tests, NULL, NULL), MESSAGES);
}
