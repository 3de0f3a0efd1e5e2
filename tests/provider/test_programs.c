/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_programs.c - which programs leave the device alone, and what they are called.
 */
#include "tests/provider/rig.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

static bool offered(const struct rig *rig)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(rig->ours, "AES-128-GCM", "provider=cryptodev");

	EVP_CIPHER_free(cipher);
	return cipher != NULL;
}

static void lists(const char *except, const char *only)
{
	if (except)
		setenv("CRYPTODEV_PROVIDER_EXCEPT", except, 1);
	else
		unsetenv("CRYPTODEV_PROVIDER_EXCEPT");
	if (only)
		setenv("CRYPTODEV_PROVIDER_ONLY", only, 1);
	else
		unsetenv("CRYPTODEV_PROVIDER_ONLY");
}

static bool offered_with(const char *except, const char *only)
{
	unsigned int opens = model_opens();
	struct rig rig;
	bool has;

	lists(except, only);
	rig_open(&rig, "0", NULL, NULL);
	has = offered(&rig);
	if (!has)
		assert_string_equal(rig_string(&rig, "cryptodev-status"), "not for this program");
	assert_int_equal(model_opens(), opens);
	rig_close(&rig);
	lists(NULL, NULL);
	return has;
}

static void test_programs(void **state)
{
	assert_true(offered_with(NULL, NULL));
	assert_true(offered_with("", "test_provider_programs"));
	assert_false(offered_with("sshd, test_provider_programs", NULL));
	assert_false(offered_with("test_*", NULL));
	assert_true(offered_with("test_provider test_provider_programs2 provider_programs", NULL));
	assert_false(offered_with(NULL, "nginx curl"));
	assert_true(offered_with(NULL, "nginx test_provider_programs curl"));
	assert_false(offered_with("test_provider_programs", "test_provider_programs"));
}

/* Whether a process that was called @name is offered anything. */
static bool called(const char *name, const char *except)
{
	int status;
	pid_t pid;

	lists(except, NULL);
	pid = fork();
	if (!pid) {
		struct rig rig;

		program_invocation_name = (char *)name;
		rig_open(&rig, NULL, NULL, NULL);
		_exit(offered(&rig) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	lists(NULL, NULL);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return status == 0;
}

static void test_sshd(void **state)
{
	assert_true(called("/usr/bin/curl", NULL));
	assert_false(called("/usr/sbin/sshd", NULL));
	assert_false(called("sshd-session", NULL));
	assert_false(called("/usr/lib/openssh/sshd-auth", NULL));
	assert_true(called("/usr/sbin/sshd", ""));
}

/* Runs a copy of this program that is called @name, with @what as its argument. */
static void run_copy(const char *name, const char *what)
{
	char directory[] = "/tmp/vcd-provider-XXXXXX", path[64], command[PATH_MAX + 128];

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	snprintf(command, sizeof(command), "cp /proc/%d/exe '%s' && chmod 755 '%s'", (int)getpid(),
		 path, path);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "'%s' %s", path, what);
	assert_int_equal(system(command), 0);
	unlink(path);
	assert_int_equal(rmdir(directory), 0);
}

/* A program whose file was replaced while it runs: the kernel writes " (deleted)" after its name. */
static void test_deleted_program(void **state)
{
	/* The emulator of another machine runs one process: the copy would be a copy of the emulator. */
	if (getenv("VCRYPTO_EMULATED"))
		skip();
	run_copy("sshd", "deleted");
	lists("q", NULL);
	run_copy("q", "deleted");
	lists(NULL, NULL);
}

/* What the copy does: it is excepted by its file's name. Return: the exit status. */
static int deleted_program(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	struct rig rig;
	int status;

	if (n <= 0)
		return 2;
	path[n] = 0;
	if (unlink(path))
		return 3;
	program_invocation_name = (char *)"other";
	rig_open(&rig, NULL, NULL, NULL);
	status = offered(&rig) ? 4 : 0;
	rig_close(&rig);
	return status;
}

/* Names that would end a string of JSON, or a line. */
static void test_strange_name(void **state)
{
	if (getenv("VCRYPTO_EMULATED"))
		skip();
	run_copy("a\"b\\c\nd", "strange");
}

/* What the copy does: its line of counters has nothing of these. Return: the exit status. */
static int strange_program(void)
{
	char path[] = "/tmp/cryptodev-stats.XXXXXX", line[2048] = "";
	struct rig rig;
	ssize_t n;
	int fd = mkstemp(path);

	program_invocation_short_name = (char *)"e\"f\\g\nh";
	setenv("CRYPTODEV_PROVIDER_STATS", path, 1);
	rig_open(&rig, NULL, NULL, NULL);
	rig_close(&rig);
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	unlink(path);
	if (n <= 0 || !strstr(line, "/a?b?c?d\",") || !strstr(line, "\"e?f?g?h\""))
		return 5;
	return strchr(line, '\n') == line + n - 1 ? 0 : 6;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_programs),
	    cmocka_unit_test(test_sshd),
	    cmocka_unit_test(test_deleted_program),
	    cmocka_unit_test(test_strange_name),
	};

	if (argc > 1 && strcmp(argv[1], "deleted") == 0)
		return deleted_program();
	if (argc > 1 && strcmp(argv[1], "strange") == 0)
		return strange_program();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
