/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest_pages.h - guest memory in which nothing lies together.
 *
 * A test makes a guest, deals out the payload of its requests in pages of it, none of
 * which follows the one before, and gives the device the iovecs. Everything asserts.
 */
#ifndef VCD_GUEST_PAGES_H
#define VCD_GUEST_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "tests/unit/unit.h"

#define PAGE 4096u
#define MAX_IOV 100u
#define POISON 0xee

/**
 * struct guest - memory of a batch: pages, dealt out in disorder.
 * @memory: all of it
 * @page: numbers of pages
 * @dealt: of these
 * @pages: how many there are
 */
struct guest {
	uint8_t *memory;
	size_t *page;
	size_t dealt, pages;
};

/** guest_new - memory of @pages pages, full of POISON. */
void guest_new(struct guest *guest, size_t pages);

/** guest_free - undo guest_new(). */
void guest_free(struct guest *guest);

/** struct part - payload in or out of one request. */
struct part {
	struct iovec iov[MAX_IOV];
	unsigned int n;
};

/** part_add - one more iovec. */
void part_add(struct part *part, uint8_t *base, size_t len);

/** part_write - @len bytes into it. */
void part_write(const struct part *part, const uint8_t *bytes, size_t len);

/** part_read - @len bytes out of it. */
void part_read(const struct part *part, uint8_t *bytes, size_t len);

/**
 * guest_deal - make @part of pages of its own.
 * @guest: whose
 * @part: out
 * @offset: in the first page
 * @len: bytes
 * @fray: when not NULL, some iovecs are cut and some are empty, by this chance
 */
void guest_deal(struct guest *guest, struct part *part, size_t offset, size_t len,
		struct test_random *fray);

#endif /* VCD_GUEST_PAGES_H */
