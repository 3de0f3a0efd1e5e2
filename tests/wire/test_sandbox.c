/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_sandbox.c - is a confined process really confined, and can it still work?
 *
 * The stages of daemon/confine/sandbox.h are run in processes of this test, which then try
 * what a process that was taken over would try; nothing of that is in the daemon.
 * test_confinement.c looks at the daemon itself.
 */
#include <errno.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/wire/attempts.h"
#include "tests/wire/confined.h"

#include "common/util.h"
#include "daemon/confine/steps.h"
#include "engine/alg.h"

struct attempt {
	const char *name;
	int (*probe)(void);
};

/* Each of these ends the process. */
static const struct attempt deadly[] = {
    {"openat2", try_openat2},
    {"socket(AF_UNIX)", try_unix_socket},
    {"socket(AF_INET)", try_inet_socket},
    {"execve", try_exec},
    {"ptrace", try_ptrace},
    {"process_vm_readv", try_peek},
    {"mmap(PROT_EXEC)", try_mmap_exec},
    {"mprotect(PROT_EXEC)", try_mprotect_exec},
    {"clone", try_fork},
    {"kill", try_kill},
    {"tgkill", try_tgkill},
    {"ioctl(TIOCSTI)", try_terminal},
    {"ioctl(CIOCCRYPT)", try_crypt},
    {"unshare", try_unshare},
    {"mount", try_mount},
    {"setuid", try_root},
    {"memfd_create", try_memfd},
    {"bpf", try_bpf},
    {"io_uring_setup", try_io_uring},
    {"keyctl", try_keyctl},
    {"prctl(PR_SET_DUMPABLE)", try_dumpable},
};

/* These merely fail. */
static const struct attempt refused[] = {
    {"open", try_open},
    {"open(O_CREAT)", try_create},
};

/* ---- the filter ----------------------------------------------------------------------- */

static void check_filter(bool thread, unsigned int user)
{
	struct confined c = {
	    .mode = SANDBOX_AUTO, .seccomp = SECCOMP_KILL, .thread = thread, .user = user};
	struct confined_end end;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(deadly); i++) {
		c.probe = deadly[i].probe;
		end = confined_run(&c);
		if (!end.stages && !confined_has(&end, MEASURE_SECCOMP))
			skip();
		if (end.stages || end.signal != SIGSYS || end.result != CONFINED_UNTRIED)
			fail_msg("%s: stages %d, signal %d, result %d", deadly[i].name, end.stages,
				 end.signal, end.result);
	}
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		c.probe = refused[i].probe;
		end = confined_run(&c);
		if (end.stages || end.signal || end.result != -EACCES)
			fail_msg("%s: stages %d, signal %d, result %d", refused[i].name, end.stages,
				 end.signal, end.result);
	}
}

static void test_filter(void **state)
{
	check_filter(false, 0);
}

static void test_filter_in_thread(void **state)
{
	check_filter(true, 0);
}

static void test_filter_ordinary_user(void **state)
{
	if (getuid() != 0)
		skip();
	check_filter(false, ORDINARY_USER);
}

static void test_filter_cryptodev(void **state)
{
	struct confined c = {.mode = SANDBOX_AUTO, .cryptodev = true, .probe = try_crypt};
	struct confined_end end = confined_run(&c);

	assert_int_equal(end.stages, 0);
	assert_int_equal(end.signal, 0);
	/* Standard error is no such device; but it was asked. */
	assert_true(end.result < 0 && end.result != -EACCES);
	c.probe = try_terminal;
	end = confined_run(&c);
	if (!confined_has(&end, MEASURE_SECCOMP))
		skip();
	assert_int_equal(end.signal, SIGSYS);
}

/* With the filter in log mode, calls are executed: the other layers still hold. */
static void test_filter_log(void **state)
{
	struct confined c = {
	    .mode = SANDBOX_AUTO, .seccomp = SECCOMP_LOG, .probe = try_unix_socket};
	struct confined_end end = confined_run(&c);

	assert_int_equal(end.stages, 0);
	assert_int_equal(end.signal, 0);
	assert_int_equal(end.result, 0);
}

/* ---- the other layers, each without the filter ---------------------------------------- */

static void check_layers(unsigned int user)
{
	static const struct attempt attempts[] = {
	    {"open", try_open},	      {"open(O_CREAT)", try_create}, {"open(/)", try_list},
	    {"connect", try_connect}, {"execve", try_exec},	     {"ptrace(ATTACH)", try_attach},
	    {"clone", try_fork},      {"mount", try_mount},	     {"setuid", try_root},
	    {"kill", try_kill},
	};
	struct confined c = {.mode = SANDBOX_AUTO, .seccomp = SECCOMP_OFF, .user = user};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attempts); i++) {
		struct confined_end end;

		c.probe = attempts[i].probe;
		end = confined_run(&c);
		if (end.stages || end.signal)
			fail_msg("%s: stages %d, signal %d", attempts[i].name, end.stages,
				 end.signal);
		/* What the machine does not give cannot hold. */
		if (!confined_has(&end, MEASURE_EMPTY_ROOT) ||
		    !confined_has(&end, MEASURE_NET_NS) || !confined_has(&end, MEASURE_LANDLOCK) ||
		    !confined_has(&end, MEASURE_USER_NS))
			skip();
		if (end.result >= 0)
			fail_msg("%s works without the filter", attempts[i].name);
	}
}

static void test_layers(void **state)
{
	check_layers(0);
}

static void test_layers_ordinary_user(void **state)
{
	if (getuid() != 0)
		skip();
	check_layers(ORDINARY_USER);
}

static bool only_landlock(void)
{
	int err = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : landlock_deny_all();

	return !err;
}

static void test_landlock_alone(void **state)
{
	struct confined c = {.mode = SANDBOX_NONE,
			     .seccomp = SECCOMP_OFF,
			     .before = only_landlock,
			     .probe = try_open};
	struct confined_end end = confined_run(&c);

	if (end.stages == -EINPROGRESS)
		skip(); /* a kernel without it */
	assert_int_equal(end.stages, 0);
	assert_int_equal(end.result, -EACCES);
}

static void test_none(void **state)
{
	struct confined c = {
	    .mode = SANDBOX_NONE, .seccomp = SECCOMP_OFF, .probe = try_unix_socket};
	struct confined_end end = confined_run(&c);

	assert_int_equal(end.stages, 0);
	assert_int_equal(end.result, 0);
	/* Whatever the mode: a core would hold keys. */
	assert_int_equal(end.done, 1u << MEASURE_NO_CORE);
}

/* ---- what a machine does not give ----------------------------------------------------- */

/* As a container's runtime has it: no namespaces. */
static bool forbid_unshare(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	bool ok = filter &&
		  seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(unshare), 0) == 0 &&
		  seccomp_load(filter) == 0;

	seccomp_release(filter);
	/* What is said about it is expected. */
	return ok && freopen("/dev/null", "w", stderr);
}

static void test_auto_goes_on(void **state)
{
	struct confined c = {
	    .mode = SANDBOX_AUTO, .before = forbid_unshare, .probe = try_unix_socket};
	struct confined_end end = confined_run(&c);

	assert_int_equal(end.stages, 0);
	assert_false(confined_has(&end, MEASURE_USER_NS));
	assert_false(confined_has(&end, MEASURE_MOUNT_NS));
	assert_false(confined_has(&end, MEASURE_EMPTY_ROOT));
	assert_true(confined_has(&end, MEASURE_NO_CAPS));
	assert_true(confined_has(&end, MEASURE_NO_NEW_PRIVS));
	assert_true(confined_has(&end, MEASURE_SECCOMP));
	assert_int_equal(end.signal, SIGSYS);
}

static void test_strict_does_not(void **state)
{
	struct confined c = {
	    .mode = SANDBOX_STRICT, .before = forbid_unshare, .probe = try_unix_socket};
	struct confined_end end = confined_run(&c);

	assert_int_equal(end.stages, -EPERM);
	assert_int_equal(end.result, CONFINED_UNTRIED);
}

/* ---- what has to work nevertheless ---------------------------------------------------- */

static struct engine *engine;
static int event = -1;
static int memory = -1;

static bool open_things(void)
{
	event = eventfd(0, 0);
	memory = memfd_create("guest", 0);
	return event >= 0 && memory >= 0 && ftruncate(memory, 1 << 20) == 0 &&
	       eng_open("openssl", 2, &engine) == 0;
}

/* A session and a job of it: contexts are made here. */
static int use_algorithm(const struct eng_alg *alg)
{
	static const uint8_t key[VCD_MAX_MACKEY_LEN] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	bool cipher = alg->kind == ENG_ALG_CIPHER || alg->kind == ENG_ALG_AEAD;
	struct eng_session_params params = {
	    .cipher = cipher ? alg : NULL,
	    .mac = cipher ? NULL : alg,
	    .key = key,
	    .key_len = cipher ? alg->key_min : 0,
	    .mackey = key,
	    .mackey_len = alg->kind == ENG_ALG_MAC ? alg->key_min : 0,
	};
	static uint8_t data[64];
	struct eng_job job = {
	    .flags = cipher ? 0 : ENG_JOB_HASH_RESET | ENG_JOB_HASH_FINAL,
	    .len = sizeof(data),
	    .src = data,
	    .dst = cipher ? data : NULL,
	    .iv_len = (uint8_t)alg->iv_len,
	    .mac_len = (uint8_t)(alg->kind == ENG_ALG_AEAD ? alg->digest_len : 0),
	};
	struct eng_job *jobs[] = {&job};
	int err;

	err = eng_session_new(engine, &params, &job.session);
	if (err)
		return err;
	eng_run(engine, 1, jobs, 1);
	eng_session_free(job.session);
	return job.status == VCD_S_OK ? 0 : -EIO;
}

static int work(void)
{
	const uint64_t one = 1;
	uint64_t count = 0;
	const struct eng_alg *alg;
	void *map;
	size_t i;
	int err;

	for (i = 0; (alg = eng_alg_at(i)) != NULL; i++) {
		if (!eng_has(engine,
			     alg->kind >= ENG_ALG_HASH && alg->kind != ENG_ALG_AEAD ? NULL : alg,
			     alg->kind >= ENG_ALG_HASH && alg->kind != ENG_ALG_AEAD ? alg : NULL))
			continue;
		err = use_algorithm(alg);
		if (err)
			return err;
		count++;
	}
	/* A test that used none would prove nothing. */
	if (count < 20)
		return -ENOTSUP;
	if (write(event, &one, sizeof(one)) != sizeof(one) ||
	    read(event, &count, sizeof(count)) != sizeof(count))
		return -errno;
	map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (map == MAP_FAILED)
		return -errno;
	memset(map, 1, 1 << 20);
	return munmap(map, 1 << 20) < 0 ? -errno : 0;
}

static void check_work(unsigned int user, bool thread)
{
	struct confined c = {.mode = SANDBOX_AUTO,
			     .seccomp = SECCOMP_KILL,
			     .user = user,
			     .thread = thread,
			     .open = open_things,
			     .probe = work};
	struct confined_end end = confined_run(&c);

	assert_int_equal(end.stages, 0);
	assert_int_equal(end.signal, 0);
	assert_int_equal(end.result, 0);
}

static void test_work(void **state)
{
	check_work(0, false);
	check_work(0, true);
	if (getuid() == 0)
		check_work(ORDINARY_USER, true);
}

int main(void)
{
	const struct CMUnitTest any_build[] = {
	    cmocka_unit_test(test_landlock_alone),
	    cmocka_unit_test(test_none),
	};
	/* Sanitizers' runtimes do what the filter forbids. */
	const struct CMUnitTest plain_build[] = {
	    cmocka_unit_test(test_filter),
	    cmocka_unit_test(test_filter_in_thread),
	    cmocka_unit_test(test_filter_ordinary_user),
	    cmocka_unit_test(test_filter_cryptodev),
	    cmocka_unit_test(test_filter_log),
	    cmocka_unit_test(test_layers),
	    cmocka_unit_test(test_layers_ordinary_user),
	    cmocka_unit_test(test_work),
	    cmocka_unit_test(test_auto_goes_on),
	    cmocka_unit_test(test_strict_does_not),
	};
	int failed;

	failed = cmocka_run_group_tests_name("sandbox", any_build, NULL, NULL);
	if (sandbox_default_mode() != SANDBOX_NONE)
		failed += cmocka_run_group_tests_name("confined", plain_build, NULL, NULL);
	return failed;
}
