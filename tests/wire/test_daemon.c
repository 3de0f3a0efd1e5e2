/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_daemon.c - the daemon as a program: command line, sockets,
 * counters, and how quiet it is when there is nothing to do.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/wire/operator.h"
#include "tests/wire/rig.h"
#include "tests/wire/said.h"

/* For what is not in a rig's directory. */
static char dir[32];
static char path[64];

static int make_dir(void **state)
{
	strcpy(dir, "/tmp/vcd-wire-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", dir);
	return 0;
}

static int remove_dir(void **state)
{
	unlink(path);
	return rmdir(dir);
}

/* Run the daemon to its end; its exit status, and what it printed. */
static int run(const char *const *args, char *text, size_t size)
{
	struct process process;
	size_t len = 0;
	ssize_t n;
	int fd;

	assert_int_equal(process_start(&process, rig_daemon, args, -1, &fd), 0);
	while (len + 1 < size && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
	return process_wait(&process);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_usage(void **state)
{
	static const char *const bad[][4] = {
	    {NULL},
	    {"--socket-path=/tmp/x", "--fd=3"},
	    {"--socket-path="},
	    {"--fd=-1"},
	    {"--fd=three"},
	    {"--fd=3", "--num-queues=0"},
	    {"--fd=3", "--num-queues=65"},
	    {"--fd=3", "--num-queues=2", "--workers=3"},
	    {"--fd=3", "--workers=0"},
	    {"--fd=3", "--poll-us=-5"},
	    {"--fd=3", "--max-sessions=0"},
	    {"--fd=3", "--max-request=4095"},
	    {"--fd=3", "--max-request=1e6"},
	    {"--fd=3", "stray"},
	    {"--no-such-option"},
	    {"--fd=3", "--slow-queues=1"},
	    {"--fd=3", "--keeper="},
	    {"--fd=3", "--keeper=/tmp/x", "--slow-queues=0"},
	    {"--fd=3", "--keeper=/tmp/x", "--num-queues=64"},
	    {"--fd=3", "--keeper=/tmp/x",
	     "--vm-name=a-name-of-64-bytes-which-is-one-too-many-for-the-keeper........."},
	};
	char long_path[256];
	char text[8192];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(run(bad[i], text, sizeof(text)), 2);
		assert_true(strlen(text) > 10);
	}
	memset(long_path, 'x', sizeof(long_path));
	memcpy(long_path, "--socket-path=/", 15);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(run(ARGS(long_path), text, sizeof(text)), 2);

	assert_int_equal(run(ARGS("--help"), text, sizeof(text)), 0);
	assert_non_null(strstr(text, "--socket-path"));
	assert_int_equal(run(ARGS("--version"), text, sizeof(text)), 0);
	assert_ptr_equal(strstr(text, "vhost-user-cryptodev "), text);
}

static void test_failures(void **state)
{
	char text[4096];
	char arg[80];

	/* An engine that is not there, a descriptor that is none, a place that is none. */
	assert_int_equal(run(ARGS("--fd=0", "--engine=nonsense"), text, sizeof(text)), 1);
	assert_int_equal(run(ARGS("--fd=77"), text, sizeof(text)), 1);
	assert_non_null(strstr(text, "--fd=77"));
	assert_int_equal(run(ARGS("--socket-path=/nonexistent/x"), text, sizeof(text)), 1);
	assert_non_null(strstr(text, "/nonexistent/x"));
	snprintf(arg, sizeof(arg), "--socket-path=%s", path);
	assert_int_equal(run(ARGS(arg, "--engine=nonsense"), text, sizeof(text)), 1);
	assert_non_null(strstr(text, "nonsense"));
	assert_int_equal(access(path, F_OK), -1);
	/* A CPU that no machine has */
	assert_int_equal(run(ARGS(arg, "--cpus=1023"), text, sizeof(text)), 1);
	assert_non_null(strstr(text, "CPU 1023"));
}

static void test_cpu_lists(void **state)
{
	static const char *const bad[] = {
	    "", "0,", ",0", "-1", " 1", "x", "1x", "1-0", "0-", "99999999999999999999", "0-64"};
	char text[4096];
	char arg[80];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(arg, sizeof(arg), "--cpus=%s", bad[i]);
		assert_int_equal(run(ARGS("--fd=0", arg), text, sizeof(text)), 2);
		assert_non_null(strstr(text, "--cpus="));
	}
	assert_int_equal(run(ARGS("--fd=0", "--poll-cpu=0"), text, sizeof(text)), 2);
	assert_int_equal(run(ARGS("--fd=0", "--poll-cpu=101"), text, sizeof(text)), 2);
}

/* Workers pinned, polling within a budget: they work nevertheless. */
static void test_pinned(void **state)
{
	struct rig rig;
	cpu_set_t set;
	char cpus[32];
	unsigned int cpu = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	snprintf(cpus, sizeof(cpus), "--cpus=%u", cpu);
	rig_start(&rig, NULL, ARGS(cpus, "--num-queues=2", "--poll-us=200", "--poll-cpu=10"));
	for (unsigned int i = 0; i < 50; i++)
		rig_check(&rig);
	rig_stop(&rig);
}

/* What executes what. */
static void test_print_engine(void **state)
{
	char text[16384];

	assert_int_equal(run(ARGS("--print-engine"), text, sizeof(text)), 0);
	assert_non_null(strstr(text, "\naes-cbc "));
	assert_int_equal(run(ARGS("--print-engine", "--engine=openssl"), text, sizeof(text)), 0);
	assert_non_null(strstr(text, "openssl-cbc-aes"));
	assert_int_equal(run(ARGS("--print-engine", "--engine=nonsense"), text, sizeof(text)), 1);
}

/* A reader of JSON that is just strict enough: objects, arrays, strings, numbers, null. */
static const char *json_value(const char *p);

static const char *json_space(const char *p)
{
	return p ? p + strspn(p, " \t\r\n") : NULL;
}

static const char *json_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	while (*p && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
		p++;
	return *p == '"' ? p + 1 : NULL;
}

static const char *json_object(const char *p)
{
	p = json_space(p + 1);
	while (p && *p != '}') {
		p = json_string(p);
		p = json_space(p);
		if (!p || *p != ':')
			return NULL;
		p = json_space(json_value(json_space(p + 1)));
		if (p && *p == ',') {
			p = json_space(p + 1);
			if (*p != '"')
				return NULL;
		} else if (p && *p != '}') {
			return NULL;
		}
	}
	return p ? p + 1 : NULL;
}

static const char *json_array(const char *p)
{
	p = json_space(p + 1);
	while (p && *p != ']') {
		p = json_space(json_value(p));
		if (p && *p == ',')
			p = json_space(p + 1);
		else if (p && *p != ']')
			return NULL;
	}
	return p ? p + 1 : NULL;
}

static const char *json_value(const char *p)
{
	size_t digits;

	if (*p == '{')
		return json_object(p);
	if (*p == '[')
		return json_array(p);
	if (*p == '"')
		return json_string(p);
	if (!strncmp(p, "null", 4))
		return p + 4;
	digits = strspn(p, "0123456789");
	return digits ? p + digits : NULL;
}

static void assert_json(const char *text)
{
	const char *end = json_space(json_value(json_space(text)));

	assert_non_null(end);
	assert_int_equal(*end, '\0');
}

static void test_capabilities(void **state)
{
	char text[4096];

	assert_int_equal(run(ARGS("--print-capabilities"), text, sizeof(text)), 0);
	assert_json(text);
	assert_non_null(strstr(text, "\"type\": \"crypto\""));
	assert_non_null(strstr(text, "\"keeper\""));
}

static void test_stats(void **state)
{
	unsigned int tries;
	struct rig rig;

	rig_start(&rig, NULL, ARGS("--num-queues=3", "--workers=2"));
	rig_check(&rig);
	front_session_destroy(&rig.front->queue[0], &rig.request, 1);
	rig_session(&rig, &rig.front->queue[0]);
	rig_report(&rig);
	assert_json(rig.stats);
	assert_true(strstr(rig.stats, "\"engine\": \"openssl\"") ||
		    strstr(rig.stats, "\"engine\": \"auto\""));
	assert_int_equal(rig_stat(&rig, "queues"), 3);
	assert_int_equal(rig_stat(&rig, "workers"), 2);
	assert_int_equal(rig_stat(&rig, "front_ends"), 1);
	assert_int_equal(rig_stat(&rig, "requests"), 6);
	assert_int_equal(rig_stat(&rig, "errors"), 1);
	assert_int_equal(rig_stat(&rig, "OK"), 5);
	assert_int_equal(rig_stat(&rig, "STALE"), 1);
	assert_int_equal(rig_stat(&rig, "crypt"), 2);
	assert_int_equal(rig_stat(&rig, "bytes"), 32);
	assert_int_equal(rig_stat(&rig, "sessions_created"), 2);
	assert_int_equal(rig_stat(&rig, "sessions_live"), 1);
	assert_in_range(rig_stat(&rig, "batches"), 1, 6);
	assert_in_range(rig_stat(&rig, "notifications"), 1, 20);
	/* A worker that finds more to do each time takes note of kicks when it sleeps. */
	for (tries = 0; rig_stat(&rig, "kicks") == 0; tries++) {
		assert_true(tries < 1000);
		usleep(10000);
		rig_report(&rig);
	}
	assert_in_range(rig_stat(&rig, "kicks"), 1, 20);
	rig_stop(&rig);
}

/* ---- sockets -------------------------------------------------------------------------- */

static int bound_socket(const char *at, bool listening)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strcpy(address.sun_path, at);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (listening)
		assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void test_stale_socket(void **state)
{
	char arg[80];
	char text[4096];
	struct process process;
	struct front *front;
	int fd;

	snprintf(arg, sizeof(arg), "--socket-path=%s", path);

	/* Somebody listens there: refused, and left alone. */
	fd = bound_socket(path, true);
	assert_int_equal(run(ARGS(arg), text, sizeof(text)), 1);
	assert_non_null(strstr(text, path));
	assert_int_equal(access(path, F_OK), 0);

	/* Nobody does any more: replaced. */
	close(fd);
	assert_int_equal(process_start(&process, rig_daemon, ARGS(arg), -1, NULL), 0);
	assert_int_equal(front_connect(NULL, path, &front), 0);
	assert_int_equal(front_start(front), 0);
	front_free(front);

	/* A second daemon does not take it away from the first. */
	assert_int_equal(run(ARGS(arg), text, sizeof(text)), 1);
	assert_int_equal(process_stop(&process), 0);
	assert_int_equal(access(path, F_OK), -1);

	/* A file that is no socket is left alone. */
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(run(ARGS(arg), text, sizeof(text)), 1);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
}

static void test_killed_and_replaced(void **state)
{
	struct rig rig;
	char arg[128];
	char control[128];

	rig_listen(&rig, NULL);
	rig_connect(&rig, NULL);
	rig_check(&rig);
	kill(rig.daemon.pid, SIGKILL);
	assert_int_equal(process_wait(&rig.daemon), 128 + SIGKILL);
	rig_disconnect(&rig);
	snprintf(arg, sizeof(arg), "--socket-path=%s", rig.socket_path);
	snprintf(control, sizeof(control), "--control=%s", rig.control_path);
	assert_int_equal(process_start(&rig.daemon, rig_daemon, ARGS(arg, control), -1, NULL), 0);
	rig_connect(&rig, NULL);
	rig_check(&rig);
	rig_stop(&rig);
}

/* The socket of a successor must not be removed. */
static void test_successor(void **state)
{
	struct rig rig;
	int fd;

	rig_listen(&rig, NULL);
	rig_connect(&rig, NULL);
	unlink(rig.socket_path);
	fd = bound_socket(rig.socket_path, true);
	rig_end(&rig);
	assert_int_equal(access(rig.socket_path, F_OK), 0);
	close(fd);
	unlink(rig.socket_path);
	rig_stop(&rig);
}

static void test_fd_listening(void **state)
{
	struct process process;
	struct front *front;
	char arg[32];
	unsigned int i;
	int fd;

	fd = bound_socket(path, true);
	snprintf(arg, sizeof(arg), "--fd=%d", fd);
	assert_int_equal(process_start(&process, rig_daemon, ARGS(arg), fd, NULL), 0);
	close(fd);
	for (i = 0; i < 3; i++) {
		assert_int_equal(front_connect(NULL, path, &front), 0);
		assert_int_equal(front_start(front), 0);
		front_free(front);
	}
	assert_int_equal(process_stop(&process), 0);
	/* Not ours to remove: whoever made it does. */
	assert_int_equal(unlink(path), 0);
}

/* Start a daemon with @fd as descriptor 3, as a service manager would; @how: its environment. */
static void start_activated(struct process *process, const char *how, int fd, int *output)
{
	char command[128], control[80];

	/* The shell knows descriptors of one digit. */
	assert_true(fd < 10);
	snprintf(command, sizeof(command), "exec 3<&%d; export %s; exec \"$@\"", fd, how);
	snprintf(control, sizeof(control), "--control=%s/control", dir);
	assert_int_equal(process_start(process, "/bin/sh",
				       ARGS("-c", command, "sh", rig_daemon, control, "-v",
					    "--socket-path=/nonexistent/socket"),
				       fd, output),
			 0);
}

/* The socket that a service manager passes takes the place of --socket-path. */
static void test_activated(void **state)
{
	struct process process;
	struct front *front;
	int fd = bound_socket(path, true);

	/* Someone is there before the daemon is. */
	assert_int_equal(front_connect(NULL, path, &front), 0);
	start_activated(&process, "LISTEN_PID=$$ LISTEN_FDS=1", fd, NULL);
	assert_int_equal(front_start(front), 0);
	assert_int_equal(kill(process.pid, SIGHUP), 0);
	assert_int_equal(front_restart(front), 0);
	front_free(front);
	assert_int_equal(front_connect(NULL, path, &front), 0);
	assert_int_equal(front_start(front), 0);
	front_free(front);
	assert_int_equal(process_stop(&process), 0);
	/* It still listens: the next front end starts the next daemon. */
	assert_int_equal(front_connect(NULL, path, &front), 0);
	start_activated(&process, "LISTEN_PID=$$ LISTEN_FDS=1", fd, NULL);
	close(fd);
	assert_int_equal(front_start(front), 0);
	front_free(front);
	assert_int_equal(process_stop(&process), 0);
	assert_int_equal(unlink(path), 0);
}

/* Several sockets are a mistake; those of another process are none of the daemon's business. */
static void test_activated_wrongly(void **state)
{
	static const char *const wrong[][2] = {
	    {"LISTEN_PID=$$ LISTEN_FDS=2", "passed several sockets"},
	    {"LISTEN_PID=$$ LISTEN_FDS=1x", "passed several sockets"},
	    {"LISTEN_PID=1 LISTEN_FDS=1", "cannot listen on /nonexistent/socket"},
	    {"LISTEN_PID=$$", "cannot listen on /nonexistent/socket"},
	};
	int fd = bound_socket(path, true);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct process process;
		char text[4096] = "";
		size_t len = 0;
		ssize_t n;
		int output;

		start_activated(&process, wrong[i][0], fd, &output);
		while ((n = read(output, text + len, sizeof(text) - 1 - len)) > 0)
			len += (size_t)n;
		close(output);
		assert_int_equal(process_wait(&process), 1);
		assert_non_null(strstr(text, wrong[i][1]));
	}
	close(fd);
	assert_int_equal(unlink(path), 0);
}

/* With a connected socket it ends when the front end is gone. */
static void test_fd_connected(void **state)
{
	struct rig rig;

	rig_start(&rig, NULL, NULL);
	rig_check(&rig);
	rig_session(&rig, &rig.front->queue[0]);
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "front_ends"), 1);
	rig_disconnect(&rig);
	assert_int_equal(process_wait(&rig.daemon), 0);
	rig_stop(&rig);
}

/* One front end after the other; the sessions of one are unknown to the next. */
static void test_reconnect(void **state)
{
	struct rig rig;
	uint64_t old = 0;
	unsigned int i;

	rig_listen(&rig, NULL);
	for (i = 0; i < 10; i++) {
		rig_connect(&rig, &(struct front_options){.style = i % 2 ? FRONT_QEMU : FRONT_UML});
		if (old)
			assert_int_equal(
			    front_session_destroy(&rig.front->queue[0], &rig.request, old),
			    VCD_S_STALE);
		old = rig_session(&rig, &rig.front->queue[0]);
		rig_check(&rig);
		rig_disconnect(&rig);
	}
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "front_ends"), 10);
	rig_stop(&rig);
}

/* A second front end is turned away, and knows; the next one after the first is served. */
static void test_one_at_a_time(void **state)
{
	struct front *second;
	struct rig rig;

	rig_listen(&rig, NULL);
	for (unsigned int i = 0; i < 3; i++) {
		rig_connect(&rig, NULL);
		assert_int_equal(front_connect(NULL, rig.socket_path, &second), 0);
		assert_int_equal(front_wait_closed(second), 0);
		front_free(second);
		rig_check(&rig);
		rig_disconnect(&rig);
	}
	rig_connect(&rig, NULL);
	rig_check(&rig);
	rig_stop(&rig);
}

/* Run the daemon with @file as its standard error, which may be called the journal. */
static void run_logging_to(FILE *file, bool journal, const char *const *args)
{
	int err = dup(STDERR_FILENO);
	struct process process;
	struct stat st;
	char stream[64];

	assert_true(err >= 0);
	assert_int_equal(fstat(fileno(file), &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino + !journal);
	setenv("JOURNAL_STREAM", stream, 1);
	assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
	assert_int_equal(process_start(&process, rig_daemon, args, -1, NULL), 0);
	assert_int_equal(process_wait(&process), 1);
	assert_int_equal(dup2(err, STDERR_FILENO), STDERR_FILENO);
	close(err);
	unsetenv("JOURNAL_STREAM");
}

/* To the journal, lines with a priority and without a name that it has itself. */
static void test_journal(void **state)
{
	char line[512];

	for (int journal = 0; journal < 2; journal++) {
		FILE *file = tmpfile();

		assert_non_null(file);
		run_logging_to(file, journal, ARGS("--socket-path=/nonexistent/x"));
		rewind(file);
		assert_non_null(fgets(line, sizeof(line), file));
		assert_ptr_equal(strstr(line, journal ? "<3>cannot listen on "
						      : "vhost-user-cryptodev: error: cannot "),
				 line);
		fclose(file);
	}
}

/* Without -v, of what goes well: who comes and who goes, and nothing else. */
static void test_default_level(void **state)
{
	static const char *const want[] = {"front end connected\n", "front end disconnected\n"};
	struct process process;
	struct front *front;
	char text[4096], arg[80];
	const char *at = text;
	size_t len = 0;
	ssize_t n;
	int fd;

	snprintf(arg, sizeof(arg), "--socket-path=%s", path);
	assert_int_equal(process_start(&process, rig_daemon, ARGS(arg), -1, &fd), 0);
	assert_int_equal(front_connect(NULL, path, &front), 0);
	assert_int_equal(front_start(front), 0);
	front_free(front);
	while (len + 1 < sizeof(text) && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
		len += (size_t)n;
		text[len] = '\0';
		if (strstr(text, want[1]) && process.pid > 0)
			assert_int_equal(process_stop(&process), 0);
	}
	close(fd);
	for (size_t i = 0; i < 2; i++) {
		at = strstr(at, want[i]);
		assert_non_null(at);
	}
	assert_null(strstr(text, "error"));
}

/* Each change of a worker's state is a line of the log, in the order of the table. */
static void test_states_are_logged(void **state)
{
	static const char *const want[] = {
	    "NONE -> STARTING", "STARTING -> REPLAYING", "REPLAYING -> IDLE", "IDLE -> BUSY",
	    "BUSY -> IDLE",	"IDLE -> ENDING",	 "ENDING -> NONE"};
	struct process process;
	struct front *front;
	char text[16384], arg[80];
	const char *at = text;
	size_t len = 0;
	ssize_t n;
	int fd;

	snprintf(arg, sizeof(arg), "--socket-path=%s", path);
	assert_int_equal(process_start(&process, rig_daemon, ARGS(arg, "-v", "-v"), -1, &fd), 0);
	assert_int_equal(front_connect(NULL, path, &front), 0);
	assert_int_equal(front_negotiate(front), 0);
	front_free(front);
	assert_int_equal(process_stop(&process), 0);
	while (len + 1 < sizeof(text) && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		at = strstr(at, want[i]);
		if (!at)
			fail_msg("not logged: %s", want[i]);
	}
}

/* More queues than the daemon has: what is wrong, in the words of QEMU's command line. */
static void test_too_many_queues(void **state)
{
	const uint64_t call = 2 | VU_VRING_NO_FD;
	struct process process;
	struct front *front;
	char text[4096], arg[80];
	size_t len = 0;
	ssize_t n;
	int fd;

	snprintf(arg, sizeof(arg), "--socket-path=%s", path);
	assert_int_equal(process_start(&process, rig_daemon, ARGS(arg, "--num-queues=2"), -1, &fd),
			 0);
	assert_int_equal(front_connect(NULL, path, &front), 0);
	assert_int_equal(front_send(front, VU_SET_VRING_CALL, 0, &call, sizeof(call), NULL, 0), 0);
	assert_int_equal(front_wait_closed(front), 0);
	front_free(front);
	assert_int_equal(process_stop(&process), 0);
	while (len + 1 < sizeof(text) && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
	assert_non_null(strstr(text, "QEMU's num_vqs must not exceed --num-queues"));
}

/* Who cannot be accepted for want of descriptors is accepted when there are some again. */
static void test_no_descriptors(void **state)
{
	struct rlimit before, few;
	struct front *front;
	int clients[12];
	struct rig rig;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 19;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	rig_listen(&rig, ARGS("--num-queues=1"));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	rig_connect(&rig, NULL);
	rig_check(&rig);
	rig_disconnect(&rig);
	/* They say nothing: the supervisor keeps as many as it can. */
	for (size_t i = 0; i < 12; i++)
		clients[i] = operator_reach(rig.control_path);
	assert_int_equal(front_connect(NULL, rig.socket_path, &front), 0);
	assert_int_equal(front_send(front, VU_GET_FEATURES, 0, NULL, 0, NULL, 0), 0);
	usleep(100000);
	for (size_t i = 0; i < 12; i++)
		close(clients[i]);
	assert_int_equal(front_receive(front, &(struct vu_message){0}), 0);
	front_free(front);
	rig_connect(&rig, NULL);
	rig_check(&rig);
	rig_stop(&rig);
}

/* ---- idleness ------------------------------------------------------------------------- */

/* Bytes that strace wrote: system calls that it saw. -1: it cannot attach here. */
static long trace(const struct rig *rig, const char *out, unsigned int seconds)
{
	char pid[16];
	char worker[16];
	char text[4096];
	struct process strace;
	pid_t child = 0;
	struct stat st;
	unsigned int i;
	size_t len = 0;
	ssize_t n;
	int fd;

	snprintf(pid, sizeof(pid), "%d", (int)rig->daemon.pid);
	child = process_worker(&rig->daemon);
	snprintf(worker, sizeof(worker), "%d", (int)child);
	if (process_start(&strace, "/usr/bin/strace",
			  ARGS("-f", "-o", out, "-p", pid, "-p", worker), -1, &fd))
		return -1;
	/* It says "attached" on standard error, for each thread, or why it cannot. */
	fcntl(fd, F_SETFL, O_NONBLOCK);
	for (i = 0; i < 500; i++) {
		n = read(fd, text + len, sizeof(text) - 1 - len);
		len += n > 0 ? (size_t)n : 0;
		text[len] = '\0';
		if (strstr(text, "attached") || n == 0)
			break;
		usleep(10000);
	}
	if (strstr(text, "attached")) {
		sleep(seconds);
		kill(strace.pid, SIGINT);
	}
	process_wait(&strace);
	close(fd);
	if (!strstr(text, "attached") || stat(out, &st) < 0)
		return -1;
	return st.st_size;
}

#if defined(__SANITIZE_THREAD__)
#define THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZER 1
#endif
#endif

static void test_idle(void **state)
{
#ifdef THREAD_SANITIZER
	print_message("ThreadSanitizer has a thread of its own that is never idle\n");
	skip();
#endif
	struct rig rig;
	char out[128];
	char line[256];
	long size;
	FILE *file;
	unsigned int calls = 0;

	rig_start(&rig, &(struct front_options){.queues = 4},
		  ARGS("--num-queues=4", "--poll-us=100"));
	rig_check(&rig);
	rig_session(&rig, &rig.front->queue[0]);
	sleep(1); /* polling ends */
	snprintf(out, sizeof(out), "%s/trace", rig.dir);
	size = trace(&rig, out, 3);
	if (size >= 0) {
		/* The calls it sleeps in are seen as begun and not ended. */
		file = fopen(out, "re");
		assert_non_null(file);
		while (fgets(line, sizeof(line), file)) {
			if (strstr(line, "<detached ...>") || strstr(line, "epoll_wait(") ||
			    strstr(line, "restart_syscall("))
				continue;
			print_message("  %s", line);
			calls++;
		}
		fclose(file);
	}
	unlink(out); /* it makes the file first, and then finds that it cannot attach */
	/* Idle, not dead. */
	rig_check(&rig);
	rig_stop(&rig);
	if (size < 0) {
		print_message("strace is not installed or cannot attach here\n");
		skip();
	}
	assert_int_equal(calls, 0);
}

/* What the daemons of these tests have to write. */
static const char *const MESSAGES[] = {
    "front end disconnected",
    "another one is turned away",
    "front end connected",
    "cannot accept a connection: Too many open files",
    NULL,
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_usage),
	    cmocka_unit_test(test_failures),
	    cmocka_unit_test(test_cpu_lists),
	    cmocka_unit_test(test_pinned),
	    cmocka_unit_test(test_print_engine),
	    cmocka_unit_test(test_capabilities),
	    cmocka_unit_test(test_stats),
	    cmocka_unit_test(test_stale_socket),
	    cmocka_unit_test(test_killed_and_replaced),
	    cmocka_unit_test(test_successor),
	    cmocka_unit_test(test_fd_listening),
	    cmocka_unit_test(test_activated),
	    cmocka_unit_test(test_activated_wrongly),
	    cmocka_unit_test(test_fd_connected),
	    cmocka_unit_test(test_reconnect),
	    cmocka_unit_test(test_one_at_a_time),
	    cmocka_unit_test(test_journal),
	    cmocka_unit_test(test_default_level),
	    cmocka_unit_test(test_states_are_logged),
	    cmocka_unit_test(test_too_many_queues),
	    cmocka_unit_test(test_no_descriptors),
	    cmocka_unit_test(test_idle),
	};

	said_begin();
	if (argc != 2)
		return 2;
	rig_daemon = argv[1];
	return said_all(cmocka_run_group_tests(tests, make_dir, remove_dir), MESSAGES);
}
