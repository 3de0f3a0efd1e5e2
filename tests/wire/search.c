/* SPDX-License-Identifier: GPL-2.0-or-later */
/* search.c - searches all memory of a process for keys. See search.h. */
#include "tests/wire/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 20)

void needles_add(struct needles *needles, const char *name, const uint8_t *bytes)
{
	assert_true(needles->n < MAX_NEEDLES);
	memcpy(needles->bytes[needles->n], bytes, NEEDLE);
	needles->name[needles->n++] = name;
}

/* ---- the key schedule of AES-128 (FIPS 197, 5.2) -------------------------------------- */

static uint8_t times_x(uint8_t a)
{
	return (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1b : 0));
}

static uint8_t multiply(uint8_t a, uint8_t b)
{
	uint8_t sum = 0;

	for (; b; b >>= 1, a = times_x(a))
		if (b & 1)
			sum ^= a;
	return sum;
}

static uint8_t substitute(uint8_t a)
{
	uint8_t inverse = 1;
	uint8_t r;
	int i;

	/* a^254 */
	for (i = 0; i < 254; i++)
		inverse = multiply(inverse, a);
	r = inverse;
	for (i = 1; i < 5; i++)
		r ^= (uint8_t)(inverse << i | inverse >> (8 - i));
	return r ^ 0x63;
}

static void next_round_key(uint8_t key[16], uint8_t round_constant)
{
	int i;

	for (i = 0; i < 4; i++)
		key[i] ^= substitute(key[12 + (i + 1) % 4]);
	key[0] ^= round_constant;
	for (i = 4; i < 16; i++)
		key[i] ^= key[i - 4];
}

/* The key, the first round key and the last, with which decryption begins. */
void needles_add_aes_128(struct needles *needles, const uint8_t key[16])
{
	uint8_t round[16];
	uint8_t constant = 1;
	int i;

	memcpy(round, key, sizeof(round));
	needles_add(needles, "AES key", key);
	for (i = 1; i <= 10; i++, constant = times_x(constant)) {
		next_round_key(round, constant);
		if (i == 1)
			needles_add(needles, "first round key", round);
	}
	needles_add(needles, "last round key", round);
}

void needles_add_hmac(struct needles *needles, const uint8_t *key)
{
	uint8_t padded[NEEDLE];
	int i;

	needles_add(needles, "HMAC key", key);
	for (i = 0; i < NEEDLE; i++)
		padded[i] = key[i] ^ 0x36;
	needles_add(needles, "inner HMAC key", padded);
	for (i = 0; i < NEEDLE; i++)
		padded[i] = key[i] ^ 0x5c;
	needles_add(needles, "outer HMAC key", padded);
}

/* ---- reading a process ---------------------------------------------------------------- */

/* Bit i: needle i is within. */
static uint32_t search(const uint8_t *bytes, size_t len, const struct needles *needles)
{
	uint32_t found = 0;
	unsigned int i;

	for (i = 0; i < needles->n; i++)
		if (memmem(bytes, len, needles->bytes[i], NEEDLE))
			found |= 1u << i;
	return found;
}

static uint32_t search_range(int mem, uint64_t start, uint64_t end, const struct needles *needles)
{
	static uint8_t buffer[CHUNK + NEEDLE];
	uint32_t found = 0;

	while (start < end) {
		size_t want = end - start < sizeof(buffer) ? (size_t)(end - start) : sizeof(buffer);
		ssize_t n = pread(mem, buffer, want, (off_t)start);

		if (n <= 0)
			break; /* [vvar], guard pages */
		found |= search(buffer, (size_t)n, needles);
		if ((size_t)n < want || want <= NEEDLE)
			break;
		/* One may lie across. */
		start += want == sizeof(buffer) ? CHUNK : want;
	}
	return found;
}

/*
 * Everything that is not guest memory, which is the guest's to wipe. Flags of a mapping stand in
 * its last line: "lo" is locked, "dd" is not dumped (proc(5)).
 */
uint32_t search_process(pid_t pid, enum where where, const struct needles *needles)
{
	unsigned long long start = 0, end = 0, from, to;
	uint32_t found = 0;
	char path[64], line[512], mode[5];
	FILE *maps;
	int mem;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
	maps = fopen(path, "re");
	if (mem < 0 || !maps)
		fail_msg("process %d cannot be read: %s", (int)pid, strerror(errno));
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%llx-%llx %4s", &from, &to, mode) == 3) {
			start = from;
			end = mode[0] == 'r' && !strstr(line, "memfd:guest-memory") ? to : from;
		} else if (!strncmp(line, "VmFlags:", 8)) {
			if (where == EVERYWHERE || !strstr(line, " lo") || !strstr(line, " dd"))
				found |= search_range(mem, start, end, needles);
		}
	}
	fclose(maps);
	close(mem);
	return found;
}

/* It, and what it has started. */
uint32_t search_all(pid_t pid, enum where where, const struct needles *needles)
{
	uint32_t found = search_process(pid, where, needles);
	char path[64];
	FILE *children;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	children = fopen(path, "re");
	while (children && fscanf(children, "%d", &child) == 1)
		found |= search_all(child, where, needles);
	if (children)
		fclose(children);
	return found;
}

void expect_none(pid_t pid, enum where where, const struct needles *needles, const char *when)
{
	uint32_t found = search_all(pid, where, needles);
	unsigned int i;

	/* What is on a worker's stack goes when that rests, a moment after its reply. */
	for (i = 0; found && i < 200; i++) {
		usleep(20000);
		found = search_all(pid, where, needles);
	}
	for (i = 0; i < needles->n; i++)
		if (found & (1u << i))
			fail_msg("%s: the %s is in memory%s", when, needles->name[i],
				 where == UNSAFE ? " that is swapped or dumped" : " still");
}
