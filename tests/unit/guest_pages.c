/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest_pages.c - guest memory in which nothing lies together. See guest_pages.h. */
#include "tests/unit/guest_pages.h"

#include <stdlib.h>
#include <string.h>

#include "device/iov.h"

void guest_new(struct guest *guest, size_t pages)
{
	guest->memory = aligned_alloc(PAGE, pages * PAGE);
	guest->page = calloc(pages, sizeof(*guest->page));
	guest->pages = pages;
	guest->dealt = 0;
	assert_non_null(guest->memory);
	assert_non_null(guest->page);
	memset(guest->memory, POISON, pages * PAGE);
	/* No page follows the one before it: even ones, odd ones, each from the end. */
	for (size_t i = 0; i < pages; i++)
		guest->page[i] = i < pages / 2 ? (pages / 2 - 1 - i) * 2
					       : (pages - 1 - i) * 2 + (pages & 1 ? 0 : 1);
}

void guest_free(struct guest *guest)
{
	free(guest->memory);
	free(guest->page);
}

void part_add(struct part *part, uint8_t *base, size_t len)
{
	assert_true(part->n < MAX_IOV);
	part->iov[part->n++] = (struct iovec){base, len};
}

void guest_deal(struct guest *guest, struct part *part, size_t offset, size_t len,
		struct test_random *fray)
{
	part->n = 0;
	while (len) {
		uint8_t *base = guest->memory + guest->page[guest->dealt] * PAGE + offset;
		size_t n = PAGE - offset < len ? PAGE - offset : len, cut;

		assert_true(guest->dealt++ < guest->pages);
		cut = fray ? test_random_below(fray, n) : 0;
		if (fray && cut % 5 == 0)
			part_add(part, NULL, 0);
		if (cut)
			part_add(part, base, cut);
		part_add(part, base + cut, n - cut);
		len -= n;
		offset = 0;
	}
}

void part_write(const struct part *part, const uint8_t *bytes, size_t len)
{
	struct vdev_iov cursor = vdev_iov_init(part->iov, part->n);

	assert_int_equal(vdev_iov_write(&cursor, bytes, len), len);
}

void part_read(const struct part *part, uint8_t *bytes, size_t len)
{
	struct vdev_iov cursor = vdev_iov_init(part->iov, part->n);

	assert_int_equal(vdev_iov_read(&cursor, bytes, len), len);
}
