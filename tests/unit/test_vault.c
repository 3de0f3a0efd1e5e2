/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_vault.c - memory for keys: blocks, wiping, what a child sees. */
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

#include "tests/unit/unit.h"

#include "daemon/confine/vault.h"

#include <openssl/evp.h>

/* Not a power of two: a smaller block must not be used before those in front, which are locked. */
#define SIZE (((size_t)1 << 20) + (1 << 16))
#define LOCK_LIMIT ((rlim_t)512 << 10)

static struct vault_state opened;

/* As a user who may lock a part of it: root without the capability to lock more. */
static int limit_locks(void)
{
	struct rlimit limit = {.rlim_cur = LOCK_LIMIT, .rlim_max = LOCK_LIMIT};
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -1;
	data[0].effective &= ~(1u << CAP_IPC_LOCK);
	data[0].permitted &= ~(1u << CAP_IPC_LOCK);
	return syscall(SYS_capset, &head, data) ? -1 : setrlimit(RLIMIT_MEMLOCK, &limit);
}

static int open_vault(void **state)
{
	return limit_locks() ? -1 : vault_open(SIZE, &opened);
}

/* Whether the kernel has the flag (two letters, proc(5)) on the mapping with @p. */
static bool mapping_has(const void *p, const char *flag)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	char line[512];
	uintptr_t start;
	uintptr_t end;
	bool inside = false;
	bool has = false;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) == 2)
			inside = (uintptr_t)p >= start && (uintptr_t)p < end;
		else if (inside && !strncmp(line, "VmFlags:", 8))
			has = strstr(line, flag) != NULL;
	}
	fclose(maps);
	return has;
}

/*
 * What the state says is what the kernel has. An emulator of processes has none of it and
 * accepts the advice nevertheless, which the state does not take for an answer.
 */
static void test_state(void **state)
{
	void *p = vault_alloc(32);
	bool emulated = madvise((void *)((uintptr_t)p & ~(uintptr_t)4095), 4096, -1) == 0;

	assert_int_equal(opened.size, SIZE);
	assert_true(opened.locked <= SIZE);
	/* What can be locked is what is used first. */
	assert_int_equal(opened.locked, emulated ? opened.locked : LOCK_LIMIT / 2);
	assert_int_equal(mapping_has(p, " lo"), opened.locked > 0 && !emulated);
	assert_int_equal(opened.undumpable, mapping_has(p, " dd"));
	assert_int_equal(opened.undumpable, !emulated);
	/* By the kernel, or by a handler of fork(): test_fork looks whether that is so. */
	assert_int_equal(mapping_has(p, " wf"), !emulated);
	assert_true(opened.wiped_on_fork);
	vault_free(p);
}

static void test_blocks(void **state)
{
	uint8_t *p[64];
	size_t i;
	size_t k;

	for (i = 0; i < 64; i++) {
		p[i] = vault_alloc(i * 7 + 1);
		assert_non_null(p[i]);
		assert_true(vault_holds(p[i]));
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		memset(p[i], (int)i, i * 7 + 1);
	}
	for (i = 0; i < 64; i++) {
		for (k = 0; k < i * 7 + 1; k++)
			assert_int_equal(p[i][k], i);
		vault_free(p[i]);
	}
	vault_free(NULL);
}

static void test_wiped(void **state)
{
	uint8_t *p = vault_alloc(100);
	size_t i;

	memset(p, 0xaa, 100);
	vault_free(p);
	/* It is memory of ours still, and next in line for its class. */
	for (i = 0; i < 100; i++)
		assert_int_equal(((volatile uint8_t *)p)[i], 0);
	assert_ptr_equal(vault_alloc(90), p);
	vault_free(p);
}

static void test_resize(void **state)
{
	uint8_t *p = vault_resize(NULL, 10);
	uint8_t *q;
	size_t i;

	memset(p, 0x55, 10);
	q = vault_resize(p, 5000);
	assert_non_null(q);
	for (i = 0; i < 10; i++) {
		assert_int_equal(q[i], 0x55);
		assert_int_equal(((volatile uint8_t *)p)[i], 0);
	}
	q = vault_resize(q, 4);
	assert_int_equal(q[3], 0x55);
	vault_free(q);
	assert_null(vault_alloc(SIZE_MAX - 3));
}

/* Too large, or too much: there is no other memory. */
static void test_full(void **state)
{
	size_t used = vault_used();
	void *all[64];
	unsigned int n = 0;

	assert_null(vault_alloc(SIZE));
	while (n < 64 && (all[n] = vault_alloc(60000)))
		n++;
	/* libcrypto has a little of it; each takes 64 KiB. */
	assert_in_range(n, 8, SIZE / 65536);
	assert_int_equal(vault_used(), used + n * 65536ul);
	assert_null(vault_resize(all[0], 70000));
	vault_free(all[0]);
	all[0] = vault_alloc(60000);
	assert_non_null(all[0]);
	while (n > 0)
		vault_free(all[--n]);
	assert_int_equal(vault_used(), used);
}

/* What was given back in small blocks can be had in large ones, and the other way round. */
static void test_joined(void **state)
{
	static void *small[SIZE / 64 + 1];
	size_t used = vault_used(), n = 0, i;
	uint8_t *large, *last = NULL;

	while ((small[n] = vault_alloc(48))) {
		last = (uint8_t *)small[n] > last ? small[n] : last;
		n++;
	}
	assert_true(n > SIZE / 64 / 2);
	assert_int_equal(vault_used(), used + n * 64);
	for (i = 0; i < n; i += 2)
		vault_free(small[i]);
	large = vault_alloc(SIZE / 8);
	assert_true(large > last);
	vault_free(large);
	for (i = 1; i < n; i += 2)
		vault_free(small[i]);
	assert_int_equal(vault_used(), used);
	large = vault_alloc(SIZE / 4);
	assert_true(large && large < last);
	/* Zeros, for whoever forgets to clear: only headers were there. */
	for (i = 0; i < SIZE / 4; i++)
		assert_int_equal(large[i], 0);
	vault_free(large);
	assert_int_equal(vault_used(), used);
}

/* A block that is freed twice, or was never taken, ends the process. */
static void test_misuse(void **state)
{
	static uint64_t never[8];
	void *p = vault_alloc(40);
	int status;
	pid_t pid;

	vault_free(p);
	for (unsigned int i = 0; i < 2; i++) {
		pid = fork();
		if (pid == 0) {
			const struct rlimit no_core = {0, 0};

			signal(SIGABRT, SIG_DFL);
			(void)setrlimit(RLIMIT_CORE, &no_core);
			vault_free(i ? p : &never[4]);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

static void test_fork(void **state)
{
	uint8_t *p = vault_alloc(32);
	int status;
	pid_t pid;

	memset(p, 0x77, 32);
	pid = fork();
	if (pid == 0)
		_exit(p[0] == 0 && p[31] == 0 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(p[31], 0x77);
	vault_free(p);
}

static void test_libcrypto(void **state)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	assert_true(vault_holds(ctx));
	EVP_CIPHER_CTX_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_state),  cmocka_unit_test(test_blocks),
	    cmocka_unit_test(test_wiped),  cmocka_unit_test(test_resize),
	    cmocka_unit_test(test_fork),   cmocka_unit_test(test_libcrypto),
	    cmocka_unit_test(test_full),   cmocka_unit_test(test_joined),
	    cmocka_unit_test(test_misuse),
	};

	return cmocka_run_group_tests(tests, open_vault, NULL);
}
