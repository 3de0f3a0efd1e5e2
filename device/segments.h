/* SPDX-License-Identifier: GPL-2.0-or-later */
/* segments.h - requests that are processed in several contiguous segments. segments.c has how. */
#ifndef VDEV_SEGMENTS_H
#define VDEV_SEGMENTS_H

#include "device/op.h"

/**
 * vdev_segments_fit - whether a request is to be processed in segments.
 * @session: session it runs on
 * @in: the input, @len bytes
 * @out: where the output goes
 */
bool vdev_segments_fit(const struct eng_session *session, const struct vdev_iov *in,
		       const struct vdev_iov *out, uint32_t len);

/** vdev_segments_begin - make @op's job the first segment from @in to @out, which fit. */
void vdev_segments_begin(struct vdev_op *op, struct vdev_iov in, struct vdev_iov out);

/** vdev_segments_level - before the first run: cut long jobs of @n @ops to the length of others. */
void vdev_segments_level(struct vdev_op ops[], size_t n);

/**
 * vdev_segments_next - after a run of the engine, prepare the next segments.
 * @jobs: those that ran, each of a struct vdev_op; out: those that are to run now
 * @n: how many ran
 *
 * Return: how many are to run.
 */
size_t vdev_segments_next(struct eng_job *jobs[], size_t n);

/** vdev_segments_wipe - erase from guest memory the output of the segments before a failed one. */
void vdev_segments_wipe(const struct vdev_op *op);

#endif /* VDEV_SEGMENTS_H */
