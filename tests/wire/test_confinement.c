/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_confinement.c - is the daemon confined? Its supervisor's part of the sandbox, tried
 * in processes of this test, as test_sandbox.c does the worker's; then daemons, looked at
 * from outside.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/wire/attempts.h"
#include "tests/wire/confined.h"
#include "tests/wire/rig.h"
#include "tests/wire/said.h"

#include "common/util.h"

/* ---- a parent ------------------------------------------------------------------------- */

static struct sandbox parent = {.mode = SANDBOX_AUTO, .seccomp = SECCOMP_KILL};

static bool be_parent(void)
{
	return sandbox_parent(&parent) == 0;
}

/* Status of a child, in which @run is called. */
static int in_child(int (*run)(void))
{
	int status = -1;
	pid_t pid = sandbox_fork(&parent);

	if (pid == 0)
		_exit(run());
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static int run_true(void)
{
	return try_exec() ? 1 : 0;
}

/* 1 of its namespace, and confined like any other. */
static int run_stages(void)
{
	struct sandbox s = parent;
	int err = sandbox_begin(&s, NULL, 0);

	if (!err)
		err = sandbox_isolate(&s);
	if (!err)
		err = sandbox_drop(&s);
	if (!err)
		err = sandbox_lock(&s);
	if (err)
		return 2;
	if (s.own_user_ns && s.own_user_err)
		return 5;
	if ((s.done & (1u << MEASURE_PID_NS)) && getpid() != 1)
		return 3;
	/* With a PID namespace or not, it must not have lost a measure that we can have. */
	return s.done & (1u << MEASURE_SECCOMP) ? try_inet_socket() : 4;
}

static int parent_works(void)
{
	int status = in_child(run_true);

	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return -ECHILD;
	status = in_child(run_stages);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? 0 : -EBADE;
}

static void check_parent(unsigned int user)
{
	struct confined c = {.mode = SANDBOX_NONE,
			     .seccomp = SECCOMP_OFF,
			     .user = user,
			     .before = be_parent,
			     .probe = parent_works};
	struct confined_end end = confined_run(&c);

	assert_int_equal(end.stages, 0);
	assert_int_equal(end.signal, 0);
	assert_int_equal(end.result, 0);
	c.probe = try_ptrace;
	end = confined_run(&c);
	assert_int_equal(end.signal, SIGSYS);
}

static void test_parent(void **state)
{
	check_parent(0);
	if (getuid() == 0)
		check_parent(ORDINARY_USER);
}

/* ---- the daemon ----------------------------------------------------------------------- */

/* The value of a line of /proc/PID/task/TID/status. */
static bool status_line(pid_t pid, const char *tid, const char *name, char *value, size_t size)
{
	char path[300];
	char line[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/status", (int)pid, tid);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		size_t len = strlen(name);

		found = !strncmp(line, name, len) && line[len] == ':';
		if (found)
			snprintf(value, size, "%s", line + len + 2);
	}
	if (file)
		fclose(file);
	return found;
}

static const char *const capability_sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};

static uint64_t capabilities_of(pid_t pid, const char *tid, const char *set)
{
	char value[128];

	assert_true(status_line(pid, tid, set, value, sizeof(value)));
	return strtoull(value, NULL, 16);
}

static void check_thread(pid_t pid, const char *tid)
{
	char value[128];
	size_t i;

	assert_true(status_line(pid, tid, "Seccomp", value, sizeof(value)));
	assert_string_equal(value, "2\n");
	assert_true(status_line(pid, tid, "NoNewPrivs", value, sizeof(value)));
	assert_string_equal(value, "1\n");
	for (i = 0; i < ARRAY_SIZE(capability_sets); i++)
		assert_int_equal(capabilities_of(pid, tid, capability_sets[i]), 0);
	assert_true(status_line(pid, tid, "Uid", value, sizeof(value)));
	assert_int_not_equal(atoi(value), 0);
}

/* Every thread of its worker, before and after it has worked. */
static void check_threads(const struct rig *rig, unsigned int expected)
{
	pid_t worker = process_worker(&rig->daemon);
	struct dirent *entry;
	unsigned int n = 0;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)worker);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		check_thread(worker, entry->d_name);
		n++;
	}
	closedir(dir);
	assert_int_equal(n, expected);
}

static void test_daemon(void **state)
{
	static const char *const args[] = {"--num-queues=3", "--workers=3", "--sandbox=auto",
					   "--seccomp=kill", NULL};
	struct confined c = {.mode = SANDBOX_AUTO, .seccomp = SECCOMP_KILL, .probe = try_bpf};
	struct confined_end end = confined_run(&c);
	struct rig rig;

	/* Where this test's own process cannot have it, the daemon cannot either. */
	if (!confined_has(&end, MEASURE_SECCOMP) || !confined_has(&end, MEASURE_NO_CAPS) ||
	    !confined_has(&end, MEASURE_USER))
		skip();
	rig_start(&rig, &(struct front_options){.queues = 3}, args);
	check_threads(&rig, 4);
	rig_check(&rig);
	check_threads(&rig, 4);
	rig_stop(&rig);
}

/* ---- an ordinary user's daemon -------------------------------------------------------- */

static void check_own_namespace(pid_t pid, const char *name)
{
	char path[64], ours[64], theirs[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	n = readlink(path, ours, sizeof(ours) - 1);
	assert_true(n > 0);
	ours[n] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	n = readlink(path, theirs, sizeof(theirs) - 1);
	assert_true(n > 0);
	theirs[n] = '\0';
	assert_string_not_equal(ours, theirs);
}

static void check_empty_root(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/root/", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			fail_msg("the worker's root directory holds %s", entry->d_name);
	closedir(dir);
}

/* Whether a process of that user can have every measure on this machine. */
static bool machine_gives_all(uid_t user)
{
	struct confined c = {
	    .mode = SANDBOX_AUTO, .seccomp = SECCOMP_KILL, .user = user, .probe = try_bpf};
	struct confined_end end = confined_run(&c);

	for (unsigned int i = 0; i < MEASURE_COUNT; i++)
		if (i != MEASURE_PID_NS && !confined_has(&end, (enum measure)i))
			return false;
	return true;
}

/* What the supervisor executes has lost nothing that its sandbox needs: strict means all. */
static void test_ordinary_user(void **state)
{
	static const char *const args[] = {"--num-queues=2", "--workers=2", "--sandbox=strict",
					   "--seccomp=kill", NULL};
	static const char *const namespaces[] = {"user", "mnt", "net", "ipc", "uts", "pid"};
	uid_t user = getuid() == 0 ? ORDINARY_USER : 0;
	struct rig rig;
	pid_t worker;

	if (!machine_gives_all(user))
		skip();
	process_user = user;
	rig_start(&rig, &(struct front_options){.queues = 2}, args);
	process_user = 0;
	worker = process_worker(&rig.daemon);
	check_threads(&rig, 3);
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		check_own_namespace(worker, namespaces[i]);
	check_empty_root(worker);
	rig_check(&rig);
	rig_stop(&rig);
}

/* ---- root's daemon -------------------------------------------------------------------- */

/* Nobody, in all ways; and it still replaces workers, and removes the files it made as root. */
static void test_supervisor_of_root(void **state)
{
	static const char *const args[] = {"--sandbox=auto", "--seccomp=kill", NULL};
	char tid[16], value[128];
	struct rig rig;
	pid_t pid;

	if (getuid() != 0 || !machine_gives_all(ORDINARY_USER))
		skip();
	rig_listen(&rig, args);
	rig_connect(&rig, NULL);
	rig_check(&rig);
	pid = rig.daemon.pid;
	snprintf(tid, sizeof(tid), "%d", (int)pid);
	for (size_t i = 0; i < ARRAY_SIZE(capability_sets); i++)
		assert_int_equal(capabilities_of(pid, tid, capability_sets[i]), 0);
	assert_true(status_line(pid, tid, "Uid", value, sizeof(value)));
	assert_string_equal(value, "65534\t65534\t65534\t65534\n");
	assert_true(status_line(pid, tid, "Gid", value, sizeof(value)));
	assert_string_equal(value, "65534\t65534\t65534\t65534\n");
	assert_true(status_line(pid, tid, "Groups", value, sizeof(value)));
	assert_int_equal(strspn(value, " \n"), strlen(value));
	assert_true(status_line(pid, tid, "NoNewPrivs", value, sizeof(value)));
	assert_string_equal(value, "1\n");
	kill(process_worker(&rig.daemon), SIGKILL);
	rig_check(&rig);
	rig_stop(&rig);
}

static int program;

/* With --engine=cryptodev, whose device may belong to root; or with a program of root. */
static bool be_root(bool devices)
{
	return sandbox_unroot(&parent, program, devices) == 0 && getuid() == 0 && be_parent();
}

static bool be_root_for_a_device(void)
{
	program = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	return program >= 0 && be_root(true);
}

static bool be_root_for_a_program(void)
{
	program = memfd_create("program", 0);
	return program >= 0 && fchmod(program, 0700) == 0 && be_root(false);
}

/* The remaining capabilities are for making workers nobody, killing and confining them. */
static int few_capabilities(void)
{
	const uint64_t few = 1ull << CAP_KILL | 1ull << CAP_SETUID | 1ull << CAP_SETGID |
			     1ull << CAP_SETPCAP | 1ull << CAP_SYS_ADMIN | 1ull << CAP_IPC_LOCK |
			     1ull << CAP_SYS_RESOURCE;
	char tid[16];

	snprintf(tid, sizeof(tid), "%d", (int)getpid());
	for (size_t i = 0; i < ARRAY_SIZE(capability_sets); i++)
		if (capabilities_of(getpid(), tid, capability_sets[i]) & ~few)
			return -EPERM;
	return parent_works();
}

static void test_supervisor_stays_root(void **state)
{
	struct confined c = {.mode = SANDBOX_NONE, .probe = few_capabilities};
	bool (*const cases[])(void) = {be_root_for_a_device, be_root_for_a_program};

	if (getuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct confined_end end;

		c.seccomp = SECCOMP_OFF;
		c.before = cases[i];
		end = confined_run(&c);
		assert_int_equal(end.stages, 0);
		assert_int_equal(end.signal, 0);
		assert_int_equal(end.result, 0);
	}
}

/* How many descriptors of @pid are the file @ino. */
static unsigned int count_descriptors(pid_t pid, ino_t ino)
{
	struct dirent *entry;
	unsigned int n = 0;
	char path[320];
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, entry->d_name);
		n += stat(path, &st) == 0 && st.st_ino == ino;
	}
	closedir(dir);
	return n;
}

/* The channel by which a backend can ask QEMU for things stays with the supervisor. */
static void test_channel(void **state)
{
	struct rig rig;
	struct stat st;
	pid_t worker;

	if (getuid() != 0)
		skip();
	/* Of its two styles this one uses a pipe, whose ends are one file. */
	rig_start(&rig, &(struct front_options){.style = FRONT_UML}, NULL);
	assert_int_equal(fstat(rig.front->backend_socket, &st), 0);
	assert_int_equal(count_descriptors(rig.daemon.pid, st.st_ino), 1);
	worker = process_worker(&rig.daemon);
	assert_int_equal(count_descriptors(worker, st.st_ino), 0);
	/* Nor does the next one get it. */
	kill(worker, SIGKILL);
	rig_check(&rig);
	assert_int_not_equal(process_worker(&rig.daemon), worker);
	assert_int_equal(count_descriptors(process_worker(&rig.daemon), st.st_ino), 0);
	/* A second one takes the place of the first. */
	assert_int_equal(front_set_channel(rig.front), 0);
	assert_int_equal(count_descriptors(rig.daemon.pid, st.st_ino), 0);
	assert_int_equal(fstat(rig.front->backend_socket, &st), 0);
	assert_int_equal(count_descriptors(rig.daemon.pid, st.st_ino), 1);
	rig_check(&rig);
	rig_stop(&rig);
}

/* A front end that comes later is accepted by a confined daemon. */
static void test_daemon_listens(void **state)
{
	static const char *const args[] = {"--sandbox=auto", "--seccomp=kill", NULL};
	struct rig rig;
	unsigned int i;

	rig_listen(&rig, args);
	for (i = 0; i < 3; i++) {
		rig_connect(&rig, NULL);
		rig_check(&rig);
		rig_report(&rig);
		rig_disconnect(&rig);
	}
	rig_stop(&rig);
}

/* What the daemons of these tests have to write. */
static const char *const MESSAGES[] = {
    "the supervisor stays root, with few capabilities",
    NULL,
};

int main(int argc, char **argv)
{
	/* Sanitizers' runtimes do what the filter forbids. */
	const struct CMUnitTest plain_build[] = {
	    cmocka_unit_test(test_parent),
	    cmocka_unit_test(test_daemon),
	    cmocka_unit_test(test_ordinary_user),
	    cmocka_unit_test(test_supervisor_of_root),
	    cmocka_unit_test(test_supervisor_stays_root),
	    cmocka_unit_test(test_channel),
	    cmocka_unit_test(test_daemon_listens),
	};

	said_begin();
	if (argc != 2) {
		fprintf(stderr, "usage: %s DAEMON\n", argv[0]);
		return 2;
	}
	rig_daemon = argv[1];
	if (sandbox_default_mode() == SANDBOX_NONE)
		return 77;
	return said_all(cmocka_run_group_tests(plain_build, NULL, NULL), MESSAGES);
}
