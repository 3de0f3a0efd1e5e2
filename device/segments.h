/* SPDX-License-Identifier: GPL-2.0-or-later */
/* segments.h - requests that are processed in several contiguous segments. segments.c has how. */
#ifndef VCD_DEVICE_SEGMENTS_H
#define VCD_DEVICE_SEGMENTS_H

#include "device/op.h"

/**
 * vcd_segments_fit - whether a request is to be processed in segments.
 * @session: session it runs on
 * @in: the input, @len bytes
 * @out: where the output goes
 */
bool vcd_segments_fit(const struct eng_session *session, const struct vcd_iov *in,
		      const struct vcd_iov *out, uint32_t len);

/** vcd_segments_begin - make @op's job the first segment from @in to @out, which fit. */
void vcd_segments_begin(struct vcd_op *op, struct vcd_iov in, struct vcd_iov out);

/** vcd_segments_level - before the first run: cut long jobs of @n @ops to the length of others. */
void vcd_segments_level(struct vcd_op ops[], size_t n);

/**
 * vcd_segments_next - after a run of the engine, prepare the next segments.
 * @jobs: those that ran, each of a struct vcd_op; out: those that are to run now
 * @n: how many ran
 *
 * Return: how many are to run.
 */
size_t vcd_segments_next(struct eng_job *jobs[], size_t n);

/** vcd_segments_wipe - erase from guest memory the output of the segments before a failed one. */
void vcd_segments_wipe(const struct vcd_op *op);

#endif /* VCD_DEVICE_SEGMENTS_H */
