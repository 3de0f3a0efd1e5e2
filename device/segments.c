/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segments.c - a request that the guest scattered, processed where it lies.
 *
 * Theory of operation
 * -------------------
 * A program's pages hardly ever lie together in guest memory, so a large request comes as
 * many iovecs in and out. A cipher need not have them in one piece: a job leaves the IV
 * with which the next one goes on (engine/iv.h), whatever the mode, if it ended at a
 * multiple of the block size. So the data is cut where either side ends a run, each
 * piece becomes a job, and nothing is copied.
 *
 * The pieces of a request follow each other; those of different requests have nothing to
 * do with each other. Hence rounds: the first pieces of all requests of the batch in one
 * call of the engine, then the second ones of those that have more, and so on. Lanes of a
 * multi-buffer engine are filled as before. A message that is long and in one piece
 * would be in the first round only and leave the others alone in theirs; so in a batch with
 * scattered ones it is cut as well, to go in step with them.
 *
 * Not in pieces are
 *   - AEADs: plaintext may not be seen before its tag was compared, and engines
 *     take a message as a whole;
 *   - sessions with a hash or MAC: a digest over several jobs lives in the session, of
 *     which there is one; self-contained requests would disturb it, and each other;
 *   - XTS: the tweak to go on with takes two block operations, about what a copy costs;
 *   - pieces that are not whole blocks, or so small that a job costs more than a copy;
 *   - input that an earlier piece's output would overwrite, or the same piece's in part; or of
 *     which that is too much work to find out, as a guest can choose its addresses (struct filter).
 *
 * Invariants
 * - Each byte of input is in one job. The IV is carried in the job; it is not looked up
 *   in guest memory here.
 * - When a piece fails, the output of those before it is wiped: with an error there is no
 *   output. That of the failed one is the engine's to deal with.
 */
#include "device/segments.h"

#include <string.h>

#include "engine/alg.h"

/*
 * Most bytes of a piece of what others share lanes with: a page, which most pieces are. A
 * multiple of every block.
 */
#define LANE_SEGMENT 4096u

/*
 * Most comparisons of a piece of input with one of output, for a whole request: what they take is a
 * fraction of what the copy takes that they are to save.
 */
#define MAX_COMPARISONS 1024u

/* Pieces of stream modes end at multiples of this too, as the IV goes on from there. */
#define STREAM_BLOCK 16u

static struct vdev_op *op_of(struct eng_job *job)
{
	return (void *)((char *)job - offsetof(struct vdev_op, job));
}

/**
 * struct filter - pages that output was written to, as bits that several pages share.
 *
 * Comparing each piece of input with all output before it would cost more than the copy
 * that is to be saved. A page without its bit was surely not written to. A guest may choose pages
 * that share their bits; MAX_COMPARISONS bounds what it gains by that.
 */
struct filter {
	uint64_t bits[1u << 8];
};

#define PAGE_SHIFT 12
#define FILTER_BITS ((uintptr_t)sizeof(struct filter) * 8)

static uintptr_t first_page(const uint8_t *p)
{
	return (uintptr_t)p >> PAGE_SHIFT;
}

static uintptr_t last_page(const uint8_t *p, size_t len)
{
	return ((uintptr_t)p + len - 1) >> PAGE_SHIFT;
}

static void filter_add(struct filter *filter, const uint8_t *p, size_t len)
{
	for (uintptr_t page = first_page(p); page <= last_page(p, len); page++)
		filter->bits[page % FILTER_BITS / 64] |= UINT64_C(1) << page % 64;
}

static bool filter_has(const struct filter *filter, const uint8_t *p, size_t len)
{
	for (uintptr_t page = first_page(p); page <= last_page(p, len); page++)
		if (filter->bits[page % FILTER_BITS / 64] >> page % 64 & 1)
			return true;
	return false;
}

/*
 * Whether some of the @n bytes at @src are among the first @len that go to @out; or that takes more
 * than the *left comparisons.
 */
static bool overwritten(const struct vdev_iov *out, size_t len, const uint8_t *src, size_t n,
			uint32_t *left)
{
	struct vdev_iov walk = *out;
	uint8_t *dst = NULL;
	size_t some;

	while (len && (some = vdev_iov_next(&walk, len, &dst))) {
		if (!*left || vdev_overlap(src, n, dst, some))
			return true;
		--*left;
		len -= some;
	}
	return false;
}

/* Most pieces that @len bytes on @session are worth being cut into; 0: they cannot be cut. */
static uint32_t max_segments(const struct eng_session *session, uint32_t len)
{
	const struct eng_alg *cipher = session->cipher;
	uint32_t min_segment = session->engine->ops->min_segment;

	if (!min_segment || !cipher || cipher->kind != ENG_ALG_CIPHER || session->mac ||
	    eng_alg_mode(cipher) == ENG_MODE_XTS)
		return 0;
	return len / min_segment;
}

bool vdev_segments_fit(const struct eng_session *session, const struct vdev_iov *in,
		       const struct vdev_iov *out, uint32_t len)
{
	uint32_t max = max_segments(session, len), block;
	struct vdev_iov from = *in, to = *out;
	uint8_t *src = NULL, *dst = NULL;
	struct filter written;
	uint32_t segments = 0, comparisons = MAX_COMPARISONS;
	size_t done, n;

	if (max < 2)
		return false;
	block = session->cipher->block_size > 1 ? session->cipher->block_size : STREAM_BLOCK;
	memset(&written, 0, sizeof(written));
	for (done = 0; done < len; done += n) {
		n = vdev_iov_pair(&from, &to, len - done, &src, &dst);
		if (!n || segments++ == max || (n % block && n != len - done))
			return false;
		if (src != dst && vdev_overlap(src, n, dst, n))
			return false;
		if (filter_has(&written, src, n) && overwritten(out, done, src, n, &comparisons))
			return false;
		filter_add(&written, dst, n);
	}
	return true;
}

static void take_segment(struct vdev_op *op)
{
	struct eng_job *job = &op->job;
	uint8_t *src = NULL;

	if (op->contiguous) {
		job->src += job->len;
		job->dst += job->len;
	} else {
		op->contiguous =
		    (uint32_t)vdev_iov_pair(&op->in, &op->out, op->remaining, &src, &job->dst);
		job->src = src;
	}
	job->len = op->contiguous < op->segment_max ? op->contiguous : op->segment_max;
	op->contiguous -= job->len;
	op->remaining -= job->len;
}

void vdev_segments_begin(struct vdev_op *op, struct vdev_iov in, struct vdev_iov out)
{
	op->in = in;
	op->out = out;
	op->remaining = op->len;
	op->contiguous = 0;
	op->segment_max = UINT32_MAX;
	take_segment(op);
}

/* Whether each block needs the one before it, so that only other messages fill the lanes. */
static bool is_serial(const struct eng_job *job)
{
	return !job->session->mac && eng_alg_mode(job->session->cipher) == ENG_MODE_CBC &&
	       !(job->flags & ENG_JOB_DECRYPT);
}

void vdev_segments_level(struct vdev_op ops[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct vdev_op *op = &ops[i];

		if (!is_serial(&op->job))
			continue;
		op->segment_max = LANE_SEGMENT;
		if (op->job.len <= LANE_SEGMENT)
			continue;
		op->contiguous = op->job.len - LANE_SEGMENT;
		op->remaining += op->contiguous;
		op->job.len = LANE_SEGMENT;
	}
}

size_t vdev_segments_next(struct eng_job *jobs[], size_t n)
{
	size_t next = 0;

	for (size_t i = 0; i < n; i++) {
		struct vdev_op *op = op_of(jobs[i]);

		if (op->job.status != VCD_S_OK || !op->remaining)
			continue;
		take_segment(op);
		op->job.status = VCD_S_IO;
		jobs[next++] = &op->job;
	}
	return next;
}

void vdev_segments_wipe(const struct vdev_op *op)
{
	static const uint8_t zeroes[4096];
	size_t done = op->len - op->remaining - op->job.len;
	struct vdev_iov out;

	if (vdev_op_is_bounced(op) || !done)
		return;
	out = vdev_op_out(op);
	while (done)
		done -= vdev_iov_write(&out, zeroes, done < sizeof(zeroes) ? done : sizeof(zeroes));
}
