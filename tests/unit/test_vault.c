/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_vault.c - memory for keys: blocks, wiping, what a child sees. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#include "daemon/vault.h"

#include <openssl/evp.h>

#define SIZE ((size_t)1 << 20)

static struct vault_state opened;

static int open_vault(void **state)
{
	return vault_open(SIZE, &opened);
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
 * accepts the advice all the same, which the state does not take for an answer.
 */
static void test_state(void **state)
{
	void *p = vault_alloc(32);
	bool emulated = madvise((void *)((uintptr_t)p & ~(uintptr_t)4095), 4096, -1) == 0;

	assert_int_equal(opened.size, SIZE);
	assert_true(opened.locked <= SIZE);
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

/* Too large, or too much: the heap, with the same manners. */
static void test_full(void **state)
{
	void *all[64];
	unsigned int i;
	void *p = vault_alloc(SIZE / 2);

	assert_non_null(p);
	assert_false(vault_holds(p));
	vault_free(p);
	for (i = 0; i < 64; i++) {
		all[i] = vault_alloc(60000);
		assert_non_null(all[i]);
	}
	assert_false(vault_holds(all[63]));
	for (i = 0; i < 64; i++)
		vault_free(all[i]);
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
	    cmocka_unit_test(test_state), cmocka_unit_test(test_blocks),
	    cmocka_unit_test(test_wiped), cmocka_unit_test(test_resize),
	    cmocka_unit_test(test_fork),  cmocka_unit_test(test_libcrypto),
	    cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, open_vault, NULL);
}
