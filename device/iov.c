/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iov.c - a bounded cursor over the iovecs of a request. See iov.h. */
#include "device/iov.h"

size_t vdev_iov_next(struct vdev_iov *cursor, size_t len, uint8_t **at)
{
	while (cursor->count) {
		size_t left = cursor->iov->iov_len - cursor->offset;

		if (left) {
			if (len > left)
				len = left;
			*at = (uint8_t *)cursor->iov->iov_base + cursor->offset;
			cursor->offset += len;
			return len;
		}
		cursor->iov++;
		cursor->count--;
		cursor->offset = 0;
	}
	return 0;
}

size_t vdev_iov_read_scattered(struct vdev_iov *cursor, void *buf, size_t len)
{
	size_t done = 0, n;
	uint8_t *at;

	while (done < len && (n = vdev_iov_next(cursor, len - done, &at))) {
		memcpy((uint8_t *)buf + done, at, n);
		done += n;
	}
	/* The compiler must not read the source again in place of the copy. */
	__asm__ volatile("" ::: "memory");
	return done;
}

size_t vdev_iov_write_scattered(struct vdev_iov *cursor, const void *buf, size_t len)
{
	size_t done = 0, n;
	uint8_t *at;

	while (done < len && (n = vdev_iov_next(cursor, len - done, &at))) {
		memcpy(at, (const uint8_t *)buf + done, n);
		done += n;
	}
	return done;
}

size_t vdev_iov_skip_scattered(struct vdev_iov *cursor, size_t len)
{
	size_t done = 0, n;
	uint8_t *at;

	while (done < len && (n = vdev_iov_next(cursor, len - done, &at)))
		done += n;
	return done;
}

uint8_t *vdev_iov_contig_scattered(struct vdev_iov walk, size_t len)
{
	uint8_t *start = NULL, *at;
	size_t done = 0, n;

	while (done < len && (n = vdev_iov_next(&walk, len - done, &at))) {
		if (!start)
			start = at;
		else if ((uintptr_t)at != (uintptr_t)start + done)
			return NULL;
		done += n;
	}
	return done == len ? start : NULL;
}

size_t vdev_iov_pair(struct vdev_iov *a, struct vdev_iov *b, size_t len, uint8_t **at_a,
		     uint8_t **at_b)
{
	size_t done = 0;

	while (done < len) {
		struct vdev_iov next_a = *a, next_b = *b;
		uint8_t *x = NULL, *y = NULL;
		size_t n = vdev_iov_next(&next_a, len - done, &x);

		n = vdev_iov_next(&next_b, n, &y);
		if (!n)
			break;
		if (!done) {
			*at_a = x;
			*at_b = y;
		} else if ((uintptr_t)x != (uintptr_t)*at_a + done ||
			   (uintptr_t)y != (uintptr_t)*at_b + done) {
			break;
		}
		vdev_iov_skip(a, n);
		*b = next_b;
		done += n;
	}
	return done;
}
