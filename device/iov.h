/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iov.h - a bounded cursor over the iovecs of a request.
 *
 * Every byte between a guest's buffers and the device is copied by these functions, or accessed
 * through a pointer that one of them returned after the same bounds check. A cursor never leaves
 * its iovecs: a caller that asks for more than is left gets less, or NULL, and has to check.
 *
 * Iovecs of length zero are allowed anywhere; their base is never used.
 */
#ifndef VDEV_IOV_H
#define VDEV_IOV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

/** vdev_overlap - whether @p_len bytes at @p and @q_len at @q overlap. Neither length is 0. */
static inline bool vdev_overlap(const void *p, size_t p_len, const void *q, size_t q_len)
{
	uintptr_t x = (uintptr_t)p, y = (uintptr_t)q;

	/* Either begins within the other. No branches: undo calls this four times in a row. */
	return (y - x < p_len) | (x - y < q_len);
}

/**
 * struct vdev_iov - a position in a sequence of iovecs.
 * @iov: the iovec of the position
 * @count: iovecs from there on
 * @offset: bytes of @iov[0] before the position
 */
struct vdev_iov {
	const struct iovec *iov;
	size_t count;
	size_t offset;
};

/** vdev_iov_init - a cursor at the start of @count iovecs. */
static inline struct vdev_iov vdev_iov_init(const struct iovec *iov, unsigned int count)
{
	return (struct vdev_iov){.iov = iov, .count = count};
}

/** vdev_iov_total - bytes of @count iovecs; UINT64_MAX when the sum overflows. */
static inline uint64_t vdev_iov_total(const struct iovec *iov, unsigned int count)
{
	uint64_t total = count ? iov->iov_len : 0;

	for (unsigned int i = 1; i < count; i++)
		if (__builtin_add_overflow(total, (uint64_t)iov[i].iov_len, &total))
			return UINT64_MAX;
	return total;
}

/**
 * vdev_iov_take - the address of the next @len bytes, if one iovec holds them all; moves past them.
 *
 * Nearly every access comes here. It is inline, so a copy of a constant length becomes a few
 * instructions.
 *
 * Return: NULL, without moving, when the bytes are not all in the iovec at the cursor, or when @len
 * is 0.
 */
static inline uint8_t *vdev_iov_take(struct vdev_iov *cursor, size_t len)
{
	uint8_t *at;

	if (!len || !cursor->count || len > cursor->iov->iov_len - cursor->offset)
		return NULL;
	at = (uint8_t *)cursor->iov->iov_base + cursor->offset;
	cursor->offset += len;
	/* The cursor never stays at the end of an iovec: the next access looks in the next one. */
	if (cursor->offset == cursor->iov->iov_len) {
		cursor->iov++;
		cursor->count--;
		cursor->offset = 0;
	}
	return at;
}

/*
 * These do for bytes in several iovecs what the inline functions do for bytes in one. They get a
 * copy of the cursor, so that the compiler can keep the original in registers.
 */
__attribute__((noinline)) size_t vdev_iov_read_scattered(struct vdev_iov *cursor, void *buf,
							 size_t len);
__attribute__((noinline)) size_t vdev_iov_write_scattered(struct vdev_iov *cursor, const void *buf,
							  size_t len);
__attribute__((noinline)) size_t vdev_iov_skip_scattered(struct vdev_iov *cursor, size_t len);
__attribute__((noinline)) uint8_t *vdev_iov_contig_scattered(struct vdev_iov walk, size_t len);

/* memcpy(); gcc would emit a slow rep movs where it knows that @len is small. */
static inline void vdev_iov_copy(void *to, const void *from, size_t len)
{
	if (!__builtin_constant_p(len))
		__asm__("" : "+r"(len));
	memcpy(to, from, len);
}

/**
 * vdev_iov_read - copy bytes out, once, and move past them.
 *
 * The copy is private: later changes of the guest's memory do not change it.
 *
 * Return: bytes copied, less than @len only at the end.
 */
static inline size_t vdev_iov_read(struct vdev_iov *cursor, void *buf, size_t len)
{
	const uint8_t *at = vdev_iov_take(cursor, len);

	if (!at) {
		struct vdev_iov walk = *cursor;

		len = vdev_iov_read_scattered(&walk, buf, len);
		*cursor = walk;
		return len;
	}
	vdev_iov_copy(buf, at, len);
	/* The compiler must not read the source again in place of the copy. */
	__asm__ volatile("" ::: "memory");
	return len;
}

/** vdev_iov_write - copy bytes in and move past them. Return: as vdev_iov_read(). */
static inline size_t vdev_iov_write(struct vdev_iov *cursor, const void *buf, size_t len)
{
	uint8_t *at = vdev_iov_take(cursor, len);

	if (!at) {
		struct vdev_iov walk = *cursor;

		len = vdev_iov_write_scattered(&walk, buf, len);
		*cursor = walk;
		return len;
	}
	vdev_iov_copy(at, buf, len);
	return len;
}

/** vdev_iov_skip - move without copying. Return: bytes passed. */
static inline size_t vdev_iov_skip(struct vdev_iov *cursor, size_t len)
{
	if (!vdev_iov_take(cursor, len)) {
		struct vdev_iov walk = *cursor;

		len = vdev_iov_skip_scattered(&walk, len);
		*cursor = walk;
	}
	return len;
}

/**
 * vdev_iov_next - the rest of the iovec at the cursor, at most @len bytes; moves past it.
 * @at: out: their address
 *
 * Return: bytes; 0 at the end or when @len is 0.
 */
size_t vdev_iov_next(struct vdev_iov *cursor, size_t len, uint8_t **at);

/**
 * vdev_iov_contig - the address of the next @len bytes, if they are contiguous; does not move.
 *
 * Iovecs that follow each other in memory are contiguous.
 *
 * Return: NULL when the bytes are scattered, when fewer are left, or when @len is 0.
 */
static inline uint8_t *vdev_iov_contig(const struct vdev_iov *cursor, size_t len)
{
	struct vdev_iov walk = *cursor;
	uint8_t *at = vdev_iov_take(&walk, len);

	return at ? at : vdev_iov_contig_scattered(*cursor, len);
}

/**
 * vdev_iov_pair - the longest run, at most @len bytes, that is contiguous at both cursors; moves
 * both past it.
 * @at_a: out: address of the run at @a
 * @at_b: out: its address at @b
 *
 * Iovecs that follow each other in memory are contiguous.
 *
 * Return: bytes of the run; 0 at the end of either, or when @len is 0.
 */
size_t vdev_iov_pair(struct vdev_iov *a, struct vdev_iov *b, size_t len, uint8_t **at_a,
		     uint8_t **at_b);

#endif /* VDEV_IOV_H */
