/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * support.c - the helpers of cryptodev-check's checks: verdicts, known answers,
 * guarded memory.
 */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANARY 0xa5

const uint8_t test_key[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
			      0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
const uint8_t test_iv[16] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
			     0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f};
const uint8_t test_pt[64] = {
    0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a,
    0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51,
    0x30, 0xc8, 0x1c, 0x46, 0xa3, 0x5c, 0xe4, 0x11, 0xe5, 0xfb, 0xc1, 0x19, 0x1a, 0x0a, 0x52, 0xef,
    0xf6, 0x9f, 0x24, 0x45, 0xdf, 0x4f, 0x9b, 0x17, 0xad, 0x2b, 0x41, 0x7b, 0xe6, 0x6c, 0x37, 0x10,
};
const uint8_t test_cbc[64] = {
    0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46, 0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d,
    0x50, 0x86, 0xcb, 0x9b, 0x50, 0x72, 0x19, 0xee, 0x95, 0xdb, 0x11, 0x3a, 0x91, 0x76, 0x78, 0xb2,
    0x73, 0xbe, 0xd6, 0xb8, 0xe3, 0xc1, 0x74, 0x3b, 0x71, 0x16, 0xe6, 0x9e, 0x22, 0x22, 0x95, 0x16,
    0x3f, 0xf1, 0xca, 0xa1, 0x68, 0x1f, 0xac, 0x09, 0x12, 0x0e, 0xca, 0x30, 0x75, 0x86, 0xe1, 0xa7,
};

void expect_ret_at(const char *file, int line, const char *what, int want, int got)
{
	if (got == want)
		return;
	fail_at(file, line, "%s: %s (%d), expected %s (%d)", what, got ? strerror(-got) : "success",
		got, want ? strerror(-want) : "success", want);
}

void expect_refused_at(const char *file, int line, const char *what, int got)
{
	if (got != -EFAULT && got != -EINVAL)
		fail_at(file, line, "%s: %s (%d), expected EFAULT or EINVAL", what,
			got ? strerror(-got) : "success", got);
}

void expect_same_at(const char *file, int line, const void *got, const void *want, size_t len,
		    const char *fmt, ...)
{
	const uint8_t *g = got, *w = want;
	char what[160];
	va_list ap;
	size_t i = 0;

	if (!len || !memcmp(got, want, len))
		return;
	while (g[i] == w[i])
		i++;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	fail_at(file, line, "%s: byte %zu of %zu is %02x, expected %02x", what, i, len, g[i], w[i]);
}

int must_open(void)
{
	int fd = dev_open();

	expect(fd >= 0, "open %s: %s", dev_path, strerror(-fd));
	return fd;
}

uint32_t must_session(int fd, uint32_t cipher)
{
	uint32_t ses;

	expect_ret(0, dev_session(fd, cipher, test_key, sizeof(test_key), &ses));
	return ses;
}

void must_answer(int fd, uint32_t ses)
{
	uint8_t iv[16], out[sizeof(test_pt)] = {0};

	memcpy(iv, test_iv, sizeof(iv));
	expect_ret(0, dev_crypt(fd, ses, COP_ENCRYPT, 0, test_pt, out, sizeof(out), iv));
	expect_same(out, test_cbc, sizeof(out), "AES-128-CBC known answer");
	expect_ret(0, dev_crypt(fd, ses, COP_DECRYPT, 0, out, out, sizeof(out), iv));
	expect_same(out, test_pt, sizeof(out), "AES-128-CBC known answer, decrypted");
}

void must_work(void)
{
	int fd = must_open();

	must_answer(fd, must_session(fd, CRYPTO_AES_CBC));
	close(fd);
}

pid_t must_fork(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	expect(pid >= 0, "fork: %s", strerror(errno));
	return pid;
}

void child_ok(pid_t pid)
{
	int status;

	expect(waitpid(pid, &status, 0) == pid, "waitpid: %s", strerror(errno));
	if (WIFSIGNALED(status))
		fail("a child was killed by signal %d", WTERMSIG(status));
	expect(WEXITSTATUS(status) == 0, "a child failed, status %d", WEXITSTATUS(status));
}

void *must_map(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect(p != MAP_FAILED, "mmap of %zu bytes: %s", len, strerror(errno));
	return p;
}

size_t memory_free_kib(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	size_t kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %zu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

void guard_make(struct guard *g, size_t len, bool at_end)
{
	size_t page = page_size(), room = (len + page - 1) / page * page;

	if (!room)
		room = page;
	g->maplen = room + 2 * page;
	g->map = must_map(g->maplen);
	/* the guards are never touched: UML reads what was once there, protected or not */
	memset(g->map + page, CANARY, room);
	g->buf = at_end ? g->map + page + room - len : g->map + page;
	g->len = len;
	expect(!mprotect(g->map, page, PROT_NONE), "mprotect: %s", strerror(errno));
	expect(!mprotect(g->map + page + room, page, PROT_NONE), "mprotect: %s", strerror(errno));
}

void guard_check(const struct guard *g)
{
	const uint8_t *from = g->map + page_size(), *to = g->map + g->maplen - page_size();

	for (const uint8_t *p = from; p < to; p++) {
		if (p == g->buf)
			p += g->len;
		if (p < to && *p != CANARY)
			fail("byte %td from a %zu-byte buffer was overwritten", p - g->buf, g->len);
	}
}

void guard_free(struct guard *g)
{
	munmap(g->map, g->maplen);
}

uint8_t *bad_page(void)
{
	void *p = mmap(NULL, page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect(p != MAP_FAILED, "mmap: %s", strerror(errno));
	return p;
}

uint8_t *readonly_page(uint8_t fill)
{
	uint8_t *p = must_map(page_size());

	memset(p, fill, page_size());
	expect(!mprotect(p, page_size(), PROT_READ), "mprotect: %s", strerror(errno));
	return p;
}
