/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_device.c - when the device is opened and asked, and when not: processes that cannot
 * open it, a host that fails or hangs, descriptors that others have taken.
 */
#include "tests/provider/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "cryptodev.h"

#define LEN 8192

static const uint8_t key[64] = {1, 2, 3, 4}, nonce[16] = {9, 8, 7, 6};
static uint8_t plain[LEN];

/** struct job - a context of ours, keyed, and its algorithm. */
struct job {
	const struct rig *rig;
	const char *name;
	EVP_CIPHER_CTX *ctx;
};

static void job_open(struct job *job, const struct rig *rig, const char *name)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(rig->ours, name, NULL);

	*job = (struct job){.rig = rig, .name = name, .ctx = EVP_CIPHER_CTX_new()};
	assert_non_null(cipher);
	assert_int_equal(EVP_CipherInit_ex2(job->ctx, cipher, key, nonce, 1, NULL), 1);
	EVP_CIPHER_CTX_set_padding(job->ctx, 0);
	EVP_CIPHER_free(cipher);
}

/* What software makes of @plain. */
static void right_answer(const struct job *job, uint8_t *out, int len)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(job->rig->stock, job->name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, key, nonce, 1, NULL), 1);
	assert_int_equal(EVP_CipherUpdate(ctx, out, &n, plain, len), 1);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
}

/* Encrypts from the nonce on. Return: whether the device did it. The result is right. */
static bool job_run_to(struct job *job, uint8_t *out, int len)
{
	uint64_t before = rig_counter(job->rig, "cryptodev-ops");
	static uint8_t right[LEN];
	int n;

	assert_int_equal(EVP_CipherInit_ex2(job->ctx, NULL, NULL, nonce, 1, NULL), 1);
	assert_int_equal(EVP_CipherUpdate(job->ctx, out, &n, plain, len), 1);
	assert_int_equal(n, len);
	right_answer(job, right, len);
	assert_memory_equal(out, right, (size_t)len);
	return rig_counter(job->rig, "cryptodev-ops") > before;
}

static bool job_run(struct job *job)
{
	static uint8_t out[LEN];

	return job_run_to(job, out, LEN);
}

static void job_close(struct job *job)
{
	EVP_CIPHER_CTX_free(job->ctx);
}

static bool once(const struct rig *rig, const char *name)
{
	struct job job;
	bool device;

	job_open(&job, rig, name);
	device = job_run(&job);
	job_close(&job);
	return device;
}

/* In a child, which returns whether all was well there. */
static void in_child(bool (*what)(const struct rig *rig, struct job *job), const struct rig *rig,
		     struct job *job)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		_exit(what(rig, job) ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* --- opening ---------------------------------------------------------------------- */

static void test_opened_at_first_use(void **state)
{
	unsigned int opens = model_opens(), calls = model_calls();
	static uint8_t out[LEN];
	struct rig rig;
	struct job job;

	rig_open(&rig, NULL, NULL, NULL);
	job_open(&job, &rig, "AES-128-GCM");
	assert_false(job_run_to(&job, out, 2047));
	assert_int_equal(model_opens(), opens);
	assert_int_equal(model_calls(), calls);
	assert_string_equal(rig_string(&rig, "cryptodev-device"), "");
	assert_true(job_run_to(&job, out, 2048));
	assert_int_equal(model_opens(), opens + 1);
	assert_string_equal(rig_string(&rig, "cryptodev-device"), "/dev/crypto");
	assert_string_equal(rig_string(&rig, "cryptodev-status"), "ok");
	job_close(&job);
	rig_close(&rig);
}

/* A program that asks for the status gets a true one. */
static void test_status_looks(void **state)
{
	struct rig rig;

	rig_open(&rig, NULL, NULL, NULL);
	assert_string_equal(rig_string(&rig, "cryptodev-status"), "ok");
	rig_close(&rig);
	model_fault(&(struct model_fault){.open = EACCES});
	rig_open(&rig, NULL, NULL, NULL);
	assert_string_equal(rig_string(&rig, "cryptodev-status"),
			    "cannot open it: Permission denied");
	rig_close(&rig);
}

/* Contexts of all library contexts of a process share their files. */
static void test_few_files(void **state)
{
	unsigned int opens = model_opens();
	struct rig rigs[3];
	struct job jobs[30];

	for (int i = 0; i < 3; i++)
		rig_open(&rigs[i], NULL, NULL, NULL);
	for (int i = 0; i < 30; i++) {
		job_open(&jobs[i], &rigs[i % 3], "AES-128-CTR");
		assert_true(job_run(&jobs[i]));
	}
	assert_int_equal(model_opens(), opens + 4);
	for (int i = 0; i < 30; i++)
		job_close(&jobs[i]);
	for (int i = 0; i < 3; i++)
		rig_close(&rigs[i]);
}

/* Started before the device: used when it comes. Meanwhile it is not opened at each piece. */
static void test_device_comes_later(void **state)
{
	unsigned int opens;
	struct rig rig;

	model_fault(&(struct model_fault){.open = ENOENT});
	rig_open(&rig, NULL, NULL, NULL);
	assert_false(once(&rig, "AES-128-GCM"));
	assert_string_equal(rig_string(&rig, "cryptodev-status"),
			    "cannot open it: No such file or directory");
	model_fault(&(struct model_fault){0});
	assert_true(once(&rig, "AES-128-GCM"));
	assert_string_equal(rig_string(&rig, "cryptodev-status"), "ok");
	rig_close(&rig);

	rig_retry = "3600000";
	model_fault(&(struct model_fault){.open = ENOENT});
	rig_open(&rig, NULL, NULL, NULL);
	opens = model_opens();
	for (int i = 0; i < 50; i++)
		assert_false(once(&rig, "AES-128-GCM"));
	assert_int_equal(model_opens(), opens + 1);
	rig_close(&rig);
	rig_retry = "0";
}

/* Runs the clock of the provider until something is asked of the device. Return: milliseconds. */
static unsigned int left_alone_for(const struct rig *rig, const char *name)
{
	unsigned int calls = model_calls() + model_opens(), ms = 0;

	while (once(rig, name), model_calls() + model_opens() == calls) {
		ms += 100;
		assert_true(ms < 1000000);
		model_sleep(100);
	}
	return ms;
}

/* Twice as long after each failure, a minute at most; as at first when it has worked. */
static void test_left_alone(void **state)
{
	static const unsigned int times[] = {700,   1400,  2800,  5600, 11200,
					     22400, 44800, 60000, 60000};
	struct rig rig;

	model_stop_clock(true);
	rig_retry = "700";
	rig_open(&rig, NULL, NULL, NULL);
	for (int i = 0; i < 2; i++) {
		model_fault(&(struct model_fault){.times = UINT_MAX, .error = EIO});
		assert_false(once(&rig, "AES-128-GCM"));
		for (size_t j = 0; j < sizeof(times) / sizeof(times[0]); j++)
			assert_int_equal(left_alone_for(&rig, "AES-128-GCM"), times[j]);
		model_fault(&(struct model_fault){0});
		model_sleep(60000);
		assert_true(once(&rig, "AES-128-GCM"));
	}
	rig_close(&rig);
	rig_retry = NULL;
	rig_open(&rig, NULL, NULL, NULL);
	model_fault(&(struct model_fault){.times = UINT_MAX, .error = EIO});
	assert_false(once(&rig, "AES-128-GCM"));
	assert_int_equal(left_alone_for(&rig, "AES-128-GCM"), 1000);
	rig_close(&rig);
	rig_retry = "0";
	model_stop_clock(false);
}

/* An algorithm that was refused is asked for again: after sixty times that, or a minute. */
static void test_refused_for(void **state)
{
	static const char *const retry[] = {"50", "700", "3600000"};
	static const unsigned int times[] = {3000, 42000, 60000};
	struct rig rig;

	model_stop_clock(true);
	for (int i = 0; i < 3; i++) {
		rig_retry = retry[i];
		rig_open(&rig, NULL, NULL, NULL);
		model_fault(
		    &(struct model_fault){.request = CIOCGSESSION, .times = 1, .error = ENOENT});
		assert_false(once(&rig, "AES-128-CCM"));
		assert_int_equal(left_alone_for(&rig, "AES-128-CCM"), times[i]);
		rig_close(&rig);
	}
	model_stop_clock(false);
	rig_retry = "0";
}

/* Refused once, an algorithm is software's for a while; the others are not. */
static void test_lacking_algorithm(void **state)
{
	unsigned int calls;
	struct rig rig;

	rig_retry = "3600000";
	rig_open(&rig, NULL, NULL, NULL);
	model_fault(&(struct model_fault){.request = CIOCGSESSION, .times = 1, .error = EINVAL});
	assert_false(once(&rig, "AES-192-CTR"));
	calls = model_calls();
	assert_false(once(&rig, "AES-192-CTR"));
	assert_int_equal(model_calls(), calls);
	assert_true(once(&rig, "AES-128-CTR"));
	assert_true(once(&rig, "AES-192-CBC"));
	assert_string_equal(rig_string(&rig, "cryptodev-status"), "ok, without AES-192-CTR");
	assert_int_equal(rig_counter(&rig, "cryptodev-errors"), 0);
	rig_close(&rig);
	rig_retry = "0";
}

/* `drivers = hardware' wants what user space cannot have otherwise. */
static void test_hardware_only(void **state)
{
	unsigned int calls;
	struct rig rig;

	rig_retry = "3600000";
	setenv("CRYPTODEV_PROVIDER_DRIVERS", "hardware", 1);
	rig_open(&rig, NULL, NULL, NULL);
	assert_true(once(&rig, "AES-128-CTR"));
	model_fault(&(struct model_fault){.software = true});
	/* Once found to be good, it is not asked again. */
	assert_true(once(&rig, "AES-128-CTR"));
	assert_false(once(&rig, "AES-128-GCM"));
	calls = model_calls();
	assert_false(once(&rig, "AES-128-GCM"));
	assert_int_equal(model_calls(), calls);
	assert_string_equal(rig_string(&rig, "cryptodev-status"), "ok, without AES-128-GCM");
	rig_close(&rig);
	unsetenv("CRYPTODEV_PROVIDER_DRIVERS");
	rig_open(&rig, NULL, NULL, NULL);
	model_fault(&(struct model_fault){.software = true});
	assert_true(once(&rig, "AES-128-GCM"));
	rig_close(&rig);
	rig_retry = "0";
}

/* --- processes --------------------------------------------------------------------- */

static bool uses_inherited(const struct rig *rig, struct job *job)
{
	model_fault(&(struct model_fault){.open = EACCES});
	/* Several: all on the one file there is. */
	for (int i = 0; i < 6; i++)
		if (!once(rig, "AES-256-GCM"))
			return false;
	if (strcmp(rig_string(rig, "cryptodev-status"),
		   "ok, on an inherited open file (Permission denied)"))
		return false;
	/* The parent's session is not the child's to use or to end. */
	return !job || (job_run(job) && (job_close(job), true));
}

static void test_child_cannot_open(void **state)
{
	struct rig rig;
	struct job job;

	rig_open(&rig, NULL, NULL, NULL);
	job_open(&job, &rig, "AES-128-CBC");
	assert_true(job_run(&job));
	in_child(uses_inherited, &rig, &job);
	assert_true(job_run(&job));
	assert_int_equal(rig_counter(&rig, "cryptodev-errors"), 0);
	job_close(&job);
	rig_close(&rig);
}

/* A server that has done nothing yet: it opens as root, the child has no rights. */
static void test_root_forks(void **state)
{
	unsigned int opens = model_opens();
	struct rig rig;

	rig_open(&rig, NULL, NULL, NULL);
	model_privileged(true);
	in_child(uses_inherited, &rig, NULL);
	in_child(uses_inherited, &rig, NULL);
	model_privileged(false);
	assert_int_equal(model_opens(), opens + 1);
	rig_close(&rig);
}

static bool has_no_file(const struct rig *rig, struct job *job)
{
	model_fault(&(struct model_fault){.open = EACCES});
	return !once(rig, "AES-256-GCM") &&
	       !strcmp(rig_string(rig, "cryptodev-status"), "cannot open it: Permission denied");
}

static void test_others_open_nothing_for_children(void **state)
{
	unsigned int opens = model_opens();
	struct rig rig;

	rig_open(&rig, NULL, NULL, NULL);
	in_child(has_no_file, &rig, NULL);
	assert_int_equal(model_opens(), opens);
	rig_close(&rig);
}

static bool hangs_and_recovers(const struct rig *rig, struct job *job)
{
	model_fault(&(struct model_fault){.open = EACCES, .times = 1});
	if (once(rig, "AES-256-GCM") || model_waits() != 1)
		return false;
	return once(rig, "AES-256-GCM") && job_run(job);
}

/* An inherited file is all that the child has: it is tried again too. */
static void test_inherited_file_recovers(void **state)
{
	struct rig rig;
	struct job job;

	rig_open(&rig, NULL, NULL, NULL);
	job_open(&job, &rig, "AES-128-CBC");
	assert_true(job_run(&job));
	in_child(hangs_and_recovers, &rig, &job);
	assert_true(job_run(&job));
	job_close(&job);
	rig_close(&rig);
}

/* The same without fork(): rights given up after the first use. */
static void test_rights_given_up(void **state)
{
	struct rig rig;
	struct job job;

	rig_open(&rig, NULL, NULL, NULL);
	job_open(&job, &rig, "AES-128-CBC");
	assert_true(job_run(&job));
	model_fault(&(struct model_fault){.open = EACCES, .times = 1, .error = EIO});
	assert_false(job_run(&job));
	assert_true(job_run(&job));
	job_close(&job);
	rig_close(&rig);
}

/* --- descriptors ------------------------------------------------------------------- */

static bool standard_ones_stay_closed(const struct rig *rig, struct job *job)
{
	bool closed = true;

	for (int fd = 0; fd < 3; fd++)
		close(fd);
	if (!once(rig, "AES-128-GCM"))
		return false;
	for (int fd = 0; fd < 3; fd++)
		closed &= fcntl(fd, F_GETFD) == -1;
	return closed;
}

static bool stderr_stays_closed(const struct rig *rig, struct job *job)
{
	close(STDERR_FILENO);
	return once(rig, "AES-128-GCM") && fcntl(STDERR_FILENO, F_GETFD) == -1;
}

static void test_standard_descriptors(void **state)
{
	struct rig rig;

	rig_open(&rig, NULL, NULL, NULL);
	in_child(standard_ones_stay_closed, &rig, NULL);
	in_child(stderr_stays_closed, &rig, NULL);
	rig_close(&rig);
}

/* The reason is the one that there was, also when a low number could not be exchanged. */
static bool no_number_is_left(const struct rig *rig, struct job *job)
{
	struct rlimit limit = {.rlim_cur = 3, .rlim_max = 3};

	close(STDIN_FILENO);
	return setrlimit(RLIMIT_NOFILE, &limit) == 0 && !once(rig, "AES-128-GCM") &&
	       !strcmp(rig_string(rig, "cryptodev-status"), "cannot open it: Invalid argument") &&
	       fcntl(STDIN_FILENO, F_GETFD) == -1;
}

static void test_no_number_is_left(void **state)
{
	struct rig rig;

	rig_open(&rig, NULL, NULL, NULL);
	in_child(no_number_is_left, &rig, NULL);
	rig_close(&rig);
}

/* Open descriptors from 3 on. */
static unsigned int descriptors(void)
{
	unsigned int n = 0;

	for (int fd = 3; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* When the last context and the library's are gone, so are the files. */
static void test_no_file_stays(void **state)
{
	unsigned int before = descriptors();
	struct rig rig;
	struct job job;

	rig_open(&rig, NULL, NULL, NULL);
	job_open(&job, &rig, "AES-128-CBC");
	assert_true(job_run(&job));
	assert_true(once(&rig, "AES-128-GCM"));
	assert_true(descriptors() > before);
	job_close(&job);
	rig_close(&rig);
	assert_int_equal(descriptors(), before);
}

/*
 * All descriptors are closed, and something else opens the device and gets the number. Its
 * sessions are neither used nor ended.
 */
static void test_number_of_somebody_else(void **state)
{
	uint8_t theirs[16] = {0xee}, data[32] = {0}, first[32], again[32], iv[16] = {0};
	struct session_op session = {.cipher = CRYPTO_AES_CBC, .keylen = 16, .key = theirs};
	struct crypt_op op = {.len = sizeof(data), .src = data, .iv = iv};
	struct rig rig;
	struct job job;
	int fd;

	rig_open(&rig, NULL, NULL, NULL);
	job_open(&job, &rig, "AES-128-CBC");
	assert_true(job_run(&job));
	for (fd = 3; fd < 64; fd++)
		close(fd);
	fd = open("/dev/crypto", O_RDWR);
	assert_int_equal(fd, 3);
	assert_int_equal(ioctl(fd, CIOCGSESSION, &session), 0);
	op.ses = session.ses;
	op.dst = first;
	assert_int_equal(ioctl(fd, CIOCCRYPT, &op), 0);
	for (int i = 0; i < 5; i++) {
		job_run(&job);
		once(&rig, "AES-128-GCM");
	}
	assert_true(once(&rig, "AES-128-GCM"));
	job_close(&job);
	rig_close(&rig);
	op.dst = again;
	assert_int_equal(ioctl(fd, CIOCCRYPT, &op), 0);
	assert_memory_equal(first, again, sizeof(first));
	close(fd);
}

/* Closed and nothing in their place: each is noticed once, and opened again. */
static void test_closed_descriptors(void **state)
{
	struct rig rig;
	struct job job;
	uint64_t ops;

	rig_open(&rig, NULL, NULL, NULL);
	job_open(&job, &rig, "AES-128-CBC");
	for (int i = 0; i < 4; i++)
		assert_true(once(&rig, "AES-128-CTR"));
	assert_true(job_run(&job));
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	ops = rig_counter(&rig, "cryptodev-ops");
	for (int i = 0; i < 40; i++)
		once(&rig, "AES-128-CTR");
	assert_true(rig_counter(&rig, "cryptodev-ops") >= ops + 36);
	assert_in_range(rig_counter(&rig, "cryptodev-errors"), 0, 4);
	assert_string_equal(rig_string(&rig, "cryptodev-status"), "ok");
	job_run(&job);
	assert_true(job_run(&job));
	job_close(&job);
	rig_close(&rig);
}

/* --- a host that hangs --------------------------------------------------------------- */

#define MANY 8

/* However many contexts there are, they wait once. */
static void hang_with(bool old, bool use)
{
	unsigned int waits = model_waits();
	struct job jobs[MANY];
	struct rig rig;

	rig_retry = "3600000";
	setenv("CRYPTODEV_PROVIDER_TIMEOUT_MS", "30", 1);
	model_fault(&(struct model_fault){.old = old});
	rig_open(&rig, NULL, NULL, NULL);
	for (int i = 0; i < MANY; i++) {
		job_open(&jobs[i], &rig, i % 2 ? "AES-128-GCM" : "AES-128-CTR");
		assert_true(job_run(&jobs[i]));
	}
	model_fault(&(struct model_fault){.old = old, .times = UINT_MAX});
	for (int i = 0; i < MANY && use; i++)
		assert_false(job_run(&jobs[i]));
	for (int i = 0; i < MANY; i++)
		job_close(&jobs[i]);
	assert_in_range(model_waits(), waits, waits + 1);
	rig_close(&rig);
	assert_in_range(model_waits(), waits, waits + 1);
	unsetenv("CRYPTODEV_PROVIDER_TIMEOUT_MS");
	rig_retry = "0";
}

static void test_hung_host_is_waited_for_once(void **state)
{
	hang_with(false, true);
	hang_with(true, true);
	/* Only ended: the old driver waits there. */
	hang_with(false, false);
	hang_with(true, false);
}

static void test_timeout_is_the_drivers_to_keep(void **state)
{
	struct rig rig;

	rig_open(&rig, NULL, NULL, NULL);
	assert_true(once(&rig, "AES-128-GCM"));
	assert_int_equal(model_timeout(), 1000);
	rig_close(&rig);
	setenv("CRYPTODEV_PROVIDER_TIMEOUT_MS", "250", 1);
	rig_open(&rig, NULL, NULL, NULL);
	assert_true(once(&rig, "AES-128-GCM"));
	assert_int_equal(model_timeout(), 250);
	rig_close(&rig);
	unsetenv("CRYPTODEV_PROVIDER_TIMEOUT_MS");
}

/* A host that froze continues: not one byte of anybody's memory changes. */
static void late_writes(bool old, int rounds)
{
	static const char *const names[] = {"AES-128-CTR", "AES-256-GCM", "AES-128-CBC"};
	static uint8_t out[LEN], kept[LEN];
	uint8_t *other;
	struct rig rig;
	struct job job;

	setenv("CRYPTODEV_PROVIDER_TIMEOUT_MS", "1", 1);
	rig_open(&rig, NULL, NULL, NULL);
	for (int i = 0; i < rounds; i++) {
		model_fault(&(struct model_fault){.old = old});
		job_open(&job, &rig, names[i % 3]);
		assert_true(job_run_to(&job, out, LEN));
		model_fault(&(struct model_fault){.old = old, .times = 1});
		assert_false(job_run_to(&job, out, LEN));
		memcpy(kept, out, LEN);
		job_close(&job);
		/* Memory that was the context's is somebody else's by now. */
		other = malloc(LEN + 16);
		memset(other, 0x55, LEN + 16);
		model_thaw();
		assert_memory_equal(out, kept, LEN);
		for (size_t j = 0; j < LEN + 16; j++)
			assert_int_equal(other[j], 0x55);
		free(other);
	}
	rig_close(&rig);
	unsetenv("CRYPTODEV_PROVIDER_TIMEOUT_MS");
}

static void test_nothing_is_written_late(void **state)
{
	late_writes(false, 500);
	/* Here a call waits for the driver's time. */
	late_writes(true, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opened_at_first_use),
	    cmocka_unit_test(test_status_looks),
	    cmocka_unit_test(test_few_files),
	    cmocka_unit_test(test_device_comes_later),
	    cmocka_unit_test(test_left_alone),
	    cmocka_unit_test(test_refused_for),
	    cmocka_unit_test(test_lacking_algorithm),
	    cmocka_unit_test(test_child_cannot_open),
	    cmocka_unit_test(test_root_forks),
	    cmocka_unit_test(test_others_open_nothing_for_children),
	    cmocka_unit_test(test_inherited_file_recovers),
	    cmocka_unit_test(test_rights_given_up),
	    cmocka_unit_test(test_standard_descriptors),
	    cmocka_unit_test(test_no_number_is_left),
	    cmocka_unit_test(test_no_file_stays),
	    cmocka_unit_test(test_number_of_somebody_else),
	    cmocka_unit_test(test_closed_descriptors),
	    cmocka_unit_test(test_hardware_only),
	    cmocka_unit_test(test_hung_host_is_waited_for_once),
	    cmocka_unit_test(test_timeout_is_the_drivers_to_keep),
	    cmocka_unit_test(test_nothing_is_written_late),
	};

	rig_fill(&(uint64_t){1}, plain, sizeof(plain));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
