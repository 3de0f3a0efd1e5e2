/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migration.c - a front end whose VM migrates. See migration.h. */
#include "tests/wire/migration.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Not 0: a device that forgets the offset must fail. */
#define LOG_OFFSET 8192

void migration_open(struct migration *m, struct front *front)
{
	const struct front_region *last = &front->region[front->options.regions - 1];
	uint64_t pages = (last->gpa + last->size) / MIGRATION_PAGE;
	void *map;

	*m = (struct migration){.front = front, .size = (size_t)(pages / 8 + 1)};
	m->memfd = memfd_create("dirty-log", MFD_CLOEXEC);
	assert_true(m->memfd >= 0);
	assert_int_equal(ftruncate(m->memfd, (off_t)(LOG_OFFSET + m->size)), 0);
	map = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED, m->memfd, LOG_OFFSET);
	assert_true(map != MAP_FAILED);
	m->log = map;
	m->copy = calloc(1, front->options.memory);
	assert_non_null(m->copy);
}

void migration_close(struct migration *m)
{
	munmap(m->log, m->size);
	close(m->memfd);
	free(m->copy);
}

uint64_t migration_set_log(const struct migration *m, uint64_t size)
{
	const struct vu_log log = {.size = size, .offset = LOG_OFFSET};
	struct vu_message reply;

	assert_int_equal(front_send(m->front, VU_SET_LOG_BASE, 0, &log, sizeof(log), &m->memfd, 1),
			 0);
	assert_int_equal(front_receive(m->front, &reply), 0);
	assert_int_equal(reply.header.request, VU_SET_LOG_BASE);
	assert_int_equal(reply.header.size, sizeof(uint64_t));
	return reply.payload.u64;
}

void migration_log_all(const struct migration *m, bool on)
{
	uint64_t features = m->front->features | (on ? 1ull << VU_F_LOG_ALL : 0);

	assert_int_equal(front_set_u64(m->front, VU_SET_FEATURES, features), 0);
}

void migration_log_ring(const struct front_queue *queue, uint64_t guest_addr)
{
	const struct vu_vring_addr addr = {
	    .index = queue->index,
	    .flags = guest_addr ? VU_VRING_F_LOG : 0,
	    .desc_user = (uint64_t)(uintptr_t)queue->desc,
	    .avail_user = (uint64_t)(uintptr_t)queue->avail,
	    .used_user = (uint64_t)(uintptr_t)queue->used,
	    .log_guest = guest_addr,
	};

	assert_int_equal(front_set(queue->front, VU_SET_VRING_ADDR, &addr, sizeof(addr), -1), 0);
}

void migration_start(const struct migration *m)
{
	assert_int_equal(migration_set_log(m, m->size), 0);
	migration_log_all(m, true);
	for (unsigned int i = 0; i < m->front->options.queues; i++) {
		const struct front_queue *queue = &m->front->queue[i];

		migration_log_ring(queue, front_gpa(m->front, queue->used));
	}
}

static uint64_t page_of(const struct migration *m, const void *p)
{
	return front_gpa(m->front, p) / MIGRATION_PAGE;
}

bool migration_marked(const struct migration *m, const void *p)
{
	uint64_t page = page_of(m, p);

	return __atomic_load_n(&m->log[page / 8], __ATOMIC_ACQUIRE) & 1u << page % 8;
}

unsigned int migration_count(const struct migration *m)
{
	const uint8_t *end = m->front->memory + m->front->options.memory;
	unsigned int n = 0;

	for (const uint8_t *p = m->front->memory; p < end; p += MIGRATION_PAGE)
		n += migration_marked(m, p);
	return n;
}

static void copy_page(const struct migration *m, size_t offset)
{
	const volatile uint64_t *from = (const void *)(m->front->memory + offset);
	uint64_t *to = (void *)(m->copy + offset);

	/* The device may be writing: whatever is read then is copied again. */
	for (unsigned int i = 0; i < MIGRATION_PAGE / sizeof(*to); i++)
		to[i] = from[i];
}

void migration_copy_all(const struct migration *m)
{
	for (size_t i = 0; i < m->size; i++)
		(void)__atomic_exchange_n(&m->log[i], 0, __ATOMIC_SEQ_CST);
	for (size_t at = 0; at < m->front->options.memory; at += MIGRATION_PAGE)
		copy_page(m, at);
}

void migration_copy_marked(const struct migration *m)
{
	for (size_t at = 0; at < m->front->options.memory; at += MIGRATION_PAGE) {
		uint64_t page = page_of(m, m->front->memory + at);
		uint8_t bit = (uint8_t)(1u << page % 8);

		if (__atomic_fetch_and(&m->log[page / 8], (uint8_t)~bit, __ATOMIC_SEQ_CST) & bit)
			copy_page(m, at);
	}
}

const void *migration_differs(const struct migration *m)
{
	for (size_t at = 0; at < m->front->options.memory; at += MIGRATION_PAGE)
		if (memcmp(m->copy + at, m->front->memory + at, MIGRATION_PAGE))
			return m->front->memory + at;
	return NULL;
}
