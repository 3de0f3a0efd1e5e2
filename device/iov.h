/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iov.h - a bounded cursor over the iovecs of a request.
 *
 * Every byte that crosses between a guest's buffers and the device goes through
 * here, or through a pointer that one of these functions gave after the same bounds
 * check. A cursor never leaves its iovecs: asking for more than is left gives
 * less, or NULL, and the caller checks.
 *
 * Iovecs of length zero may stand anywhere; their base is never looked at.
 */
#ifndef VDEV_IOV_H
#define VDEV_IOV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

/** vdev_overlap - whether @p_len bytes at @p and @q_len at @q, some each, have one in common. */
static inline bool vdev_overlap(const void *p, size_t p_len, const void *q, size_t q_len)
{
	uintptr_t x = (uintptr_t)p, y = (uintptr_t)q;

	/* Either begins within the other. Without a branch: the ledger asks four times in a row. */
	return (y - x < p_len) | (x - y < q_len);
}

/**
 * struct vdev_iov - a position in a sequence of iovecs.
 * @iov: the iovec the position lies in
 * @count: iovecs from there on
 * @offset: bytes of @iov[0] already passed
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

/** vdev_iov_total - bytes of @count iovecs; UINT64_MAX should the sum not fit. */
static inline uint64_t vdev_iov_total(const struct iovec *iov, unsigned int count)
{
	uint64_t total = count ? iov->iov_len : 0;

	for (unsigned int i = 1; i < count; i++)
		if (__builtin_add_overflow(total, (uint64_t)iov[i].iov_len, &total))
			return UINT64_MAX;
	return total;
}

/**
 * vdev_iov_take - where the next @len bytes lie, if one iovec holds them all, and move behind them.
 *
 * The way of nearly every access: it is inline, and a copy of a constant length is then a few
 * moves.
 *
 * Return: the address, or NULL, not moved, when the bytes are not in the iovec at the cursor or
 * @len is 0.
 */
static inline uint8_t *vdev_iov_take(struct vdev_iov *cursor, size_t len)
{
	uint8_t *at;

	if (!len || !cursor->count || len > cursor->iov->iov_len - cursor->offset)
		return NULL;
	at = (uint8_t *)cursor->iov->iov_base + cursor->offset;
	cursor->offset += len;
	/* Not left at the end of an iovec, so that the next access finds its bytes in the next. */
	if (cursor->offset == cursor->iov->iov_len) {
		cursor->iov++;
		cursor->count--;
		cursor->offset = 0;
	}
	return at;
}

/*
 * What follows does for bytes in several iovecs what its namesake does for those in one. The
 * namesakes hand over a copy of the cursor, so that it can stay in registers.
 */
__attribute__((noinline)) size_t vdev_iov_read_pieces(struct vdev_iov *cursor, void *buf,
						      size_t len);
__attribute__((noinline)) size_t vdev_iov_write_pieces(struct vdev_iov *cursor, const void *buf,
						       size_t len);
__attribute__((noinline)) size_t vdev_iov_skip_pieces(struct vdev_iov *cursor, size_t len);
__attribute__((noinline)) uint8_t *vdev_iov_contig_pieces(struct vdev_iov walk, size_t len);

/* memcpy(), of which gcc would make a slow rep movs where it knows @len to be small. */
static inline void vdev_iov_copy(void *to, const void *from, size_t len)
{
	if (!__builtin_constant_p(len))
		__asm__("" : "+r"(len));
	memcpy(to, from, len);
}

/**
 * vdev_iov_read - copy bytes out, once, and move on.
 *
 * What was copied is private: no later change of the guest's memory shows in it.
 *
 * Return: bytes copied, less than @len only at the end.
 */
static inline size_t vdev_iov_read(struct vdev_iov *cursor, void *buf, size_t len)
{
	const uint8_t *at = vdev_iov_take(cursor, len);

	if (!at) {
		struct vdev_iov walk = *cursor;

		len = vdev_iov_read_pieces(&walk, buf, len);
		*cursor = walk;
		return len;
	}
	vdev_iov_copy(buf, at, len);
	/* Nobody may fetch it again from the source instead of the copy. */
	__asm__ volatile("" ::: "memory");
	return len;
}

/** vdev_iov_write - copy bytes in and move on. Return: bytes copied, see vdev_iov_read(). */
static inline size_t vdev_iov_write(struct vdev_iov *cursor, const void *buf, size_t len)
{
	uint8_t *at = vdev_iov_take(cursor, len);

	if (!at) {
		struct vdev_iov walk = *cursor;

		len = vdev_iov_write_pieces(&walk, buf, len);
		*cursor = walk;
		return len;
	}
	vdev_iov_copy(at, buf, len);
	return len;
}

/** vdev_iov_skip - move on without copying. Return: bytes passed. */
static inline size_t vdev_iov_skip(struct vdev_iov *cursor, size_t len)
{
	if (!vdev_iov_take(cursor, len)) {
		struct vdev_iov walk = *cursor;

		len = vdev_iov_skip_pieces(&walk, len);
		*cursor = walk;
	}
	return len;
}

/**
 * vdev_iov_next - what is left of the iovec at the cursor, and move behind it.
 * @len: most bytes
 * @at: out: where they lie
 *
 * Return: bytes, 0 at the end or when @len is 0.
 */
size_t vdev_iov_next(struct vdev_iov *cursor, size_t len, uint8_t **at);

/**
 * vdev_iov_contig - where the next @len bytes lie, if they lie in one piece.
 *
 * Iovecs that follow each other in memory count as one piece. Does not move.
 *
 * Return: the address, or NULL when they are scattered, not there, or @len is 0.
 */
static inline uint8_t *vdev_iov_contig(const struct vdev_iov *cursor, size_t len)
{
	struct vdev_iov walk = *cursor;
	uint8_t *at = vdev_iov_take(&walk, len);

	return at ? at : vdev_iov_contig_pieces(*cursor, len);
}

/**
 * vdev_iov_pair - the longest run that lies in one piece at both cursors, and move behind it.
 * @a: a cursor
 * @b: another one
 * @len: most bytes
 * @at_a: out: where the run lies at @a
 * @at_b: out: where it lies at @b
 *
 * Iovecs that follow each other in memory count as one piece.
 *
 * Return: bytes of the run; 0 at the end of either, or when @len is 0.
 */
size_t vdev_iov_pair(struct vdev_iov *a, struct vdev_iov *b, size_t len, uint8_t **at_a,
		     uint8_t **at_b);

#endif /* VDEV_IOV_H */
