/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.c - whether any byte of the program's memory has changed.
 *
 * All that this file writes lies in one mapping, which is left out, as is the stack. So is the
 * area of restartable sequences, in which the kernel notes on which processor the thread runs.
 */
#include "memory.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/rseq.h>
#include <unistd.h>

#define REGIONS 512
#define TEXT ((size_t)256 << 10)
#define ROOM ((size_t)64 << 20)

struct region {
	uintptr_t start;
	uintptr_t end;
	size_t at; /* of its copy */
};

static struct {
	struct region regions[REGIONS];
	unsigned int count;
	uintptr_t own, own_end;
	char text[TEXT];
	unsigned char copy[ROOM];
} * m;

void *memory_own(size_t size)
{
	size_t all = sizeof(*m) + size;
	void *start = mmap(NULL, all, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (start == MAP_FAILED)
		return NULL;
	m = start;
	m->own = (uintptr_t)start;
	m->own_end = m->own + all;
	return m + 1;
}

static const char *hex(const char *text, uintptr_t *value)
{
	*value = 0;
	for (;; text++) {
		if (*text >= '0' && *text <= '9')
			*value = *value << 4 | (uintptr_t)(*text - '0');
		else if (*text >= 'a' && *text <= 'f')
			*value = *value << 4 | (uintptr_t)(*text - 'a' + 10);
		else
			return text;
	}
}

/* The whole of /proc/self/maps, in pieces as the kernel gives it. */
static bool maps_read(void)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return false;
	while (n > 0 && len < TEXT - 1) {
		n = read(fd, m->text + len, TEXT - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	m->text[len] = '\0';
	return n == 0;
}

/* One line: "START-END rw-p ... NAME"; whether the mapping is to be looked at. */
static bool wanted(const char *line, const char *end, struct region *region)
{
	line = hex(line, &region->start);
	line = hex(line + 1, &region->end);
	if (strncmp(line, " rw-p", 5) != 0)
		return false;
	return end - line < 7 || strncmp(end - 7, "[stack]", 7) != 0;
}

bool memory_note(void)
{
	size_t at = 0;

	m->count = 0;
	if (!maps_read())
		return false;
	for (const char *line = m->text; *line;) {
		const char *end = strchr(line, '\n');
		struct region region;

		if (!end)
			return false;
		if (wanted(line, end, &region)) {
			if (m->count == REGIONS || region.end - region.start > ROOM - at)
				return false;
			region.at = at;
			at += region.end - region.start;
			m->regions[m->count++] = region;
		}
		line = end + 1;
	}
	for (unsigned int i = 0; i < m->count; i++)
		memcpy(m->copy + m->regions[i].at, (const void *)m->regions[i].start,
		       m->regions[i].end - m->regions[i].start);
	return m->count > 0;
}

/* Whether the kernel may write there at any time. */
static bool kernels_own(const unsigned char *p)
{
	const unsigned char *area = (unsigned char *)__builtin_thread_pointer() + __rseq_offset;

	return __rseq_size && p >= area && p < area + sizeof(struct rseq);
}

size_t memory_changed(const void **where)
{
	size_t changed = 0;

	for (unsigned int i = 0; i < m->count; i++) {
		const struct region *r = &m->regions[i];
		const unsigned char *now = (const unsigned char *)r->start;

		if (!memcmp(now, m->copy + r->at, r->end - r->start))
			continue;
		for (size_t k = 0; k < r->end - r->start; k++) {
			if (now[k] != m->copy[r->at + k] && !kernels_own(now + k) && !changed++)
				*where = now + k;
		}
	}
	return changed;
}
