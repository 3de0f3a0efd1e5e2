/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segments.c - processes a request in the guest memory that it is scattered over.
 *
 * Theory of operation
 * -------------------
 * A program's pages are hardly ever contiguous in guest memory, so a large request comes as many
 * iovecs in and out. A cipher can take them one after the other: a job leaves the IV to continue
 * with (engine/iv.h), whatever the mode, if it ended at a multiple of the block size. So the data
 * is cut where a contiguous run ends on either side. Each segment becomes a job, and nothing is
 * copied.
 *
 * The segments of one request depend on each other, those of different requests do not. So the
 * engine runs in rounds: the first segments of all requests of the batch in one call, then the
 * second ones of those that have more, and so on. This fills the lanes of a multi-buffer engine. A
 * long contiguous message would be in the first round only and leave lanes empty in the others. In
 * a batch with scattered requests it is therefore cut to the same length.
 *
 * These are not processed in segments:
 *   - AEADs: the tag has to be compared before plaintext may be seen, and engines take a message as
 *     a whole;
 *   - sessions with a hash or MAC: a digest over several jobs is kept in the session, once.
 *     Self-contained requests would disturb it, and each other;
 *   - XTS: the tweak to continue with takes two block operations, about the cost of a copy;
 *   - segments that are not whole blocks, or so small that a job costs more than a copy;
 *   - input that the output of an earlier segment would overwrite, or that its own output overlaps
 *     in part; and input for which this takes too many comparisons to find out, because a guest
 *     chooses its addresses (struct filter).
 *
 * Invariants
 * - Each byte of input is in one job. The job carries the IV; it is not read from guest memory.
 * - When a segment fails, the output of the segments before it is wiped: a request that fails has
 *   no output. The engine wipes the output of the failed segment.
 */
#include "device/segments.h"

#include <string.h>

#include "engine/alg.h"

/*
 * Most bytes of a segment in a batch that shares lanes: a page, the size of most segments. It is a
 * multiple of every block size.
 */
#define LANE_SEGMENT 4096u

/*
 * Most comparisons of a segment of input with one of output, for a whole request. They cost a
 * fraction of the copy that they are to save.
 */
#define MAX_COMPARISONS 1024u

/* Segments of stream modes end at multiples of this, too, because their IV continues from there. */
#define STREAM_BLOCK 16u

static struct vdev_op *op_of(struct eng_job *job)
{
	return (void *)((char *)job - offsetof(struct vdev_op, job));
}

/**
 * struct filter - the pages that output was written to, as bits that several pages share.
 *
 * Comparing each segment of input with all output before it would cost more than the copy. A page
 * whose bit is not set was not written to. A guest can choose pages that share a bit;
 * MAX_COMPARISONS bounds the work that it can cause that way.
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
 * Whether the @n bytes at @src overlap the first @len bytes of @out. Also true when *comparisons,
 * which are left for the request, do not suffice to find out.
 */
static bool overwritten(const struct vdev_iov *out, size_t len, const uint8_t *src, size_t n,
			uint32_t *comparisons)
{
	struct vdev_iov walk = *out;
	uint8_t *dst = NULL;
	size_t some;

	while (len && (some = vdev_iov_next(&walk, len, &dst))) {
		if (!*comparisons || vdev_overlap(src, n, dst, some))
			return true;
		--*comparisons;
		len -= some;
	}
	return false;
}

/* Most segments that @len bytes on @session may be cut into; 0: they cannot be cut. */
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

/* Whether each block depends on the one before, so that only other messages can fill the lanes. */
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
