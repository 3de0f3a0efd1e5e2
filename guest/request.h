/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request.h - requests of programs, and the pages of a payload not copied beside it.
 *
 * See request.c and buffer.c.
 */
#ifndef VCD_GUEST_REQUEST_H
#define VCD_GUEST_REQUEST_H

#include <linux/completion.h>
#include <linux/refcount.h>
#include <linux/scatterlist.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "queue.h"

/**
 * struct vcd_buffer - pages of a payload too large to copy beside the header
 * @sgt: scatter list of them, for the device
 * @pages: the pages
 * @num: how many
 * @offset: where in the first page the data begins
 * @pinned: the caller's own, else ours
 * @write: pinned to be written to
 */
struct vcd_buffer {
	struct sg_table sgt;
	struct page **pages;
	unsigned int num;
	unsigned int offset;
	bool pinned;
	bool write;
};

/**
 * struct vcd_call - a program's request
 * @req: the request
 * @ref: caller and core
 * @done: it is done
 * @err: its result
 * @then: queued then, if not NULL: no task waits
 * @src: pages in, if any
 * @dst: pages out, if any
 * @landing: the caller's pages that output is copied to when no task of the
 *	caller is there to take it; the device does not have them
 * @cleanup: frees it where one may sleep
 */
struct vcd_call {
	struct vcd_request req;
	refcount_t ref;
	struct completion done;
	int err;
	struct work_struct *then;
	struct vcd_buffer src;
	struct vcd_buffer dst;
	struct vcd_buffer landing;
	struct work_struct cleanup;
};

/* buffer.c */
int vcd_buffer_pin_pages(struct vcd_buffer *buf, const u8 __user *addr, u32 len,
			 bool write);
int vcd_buffer_map(struct vcd_buffer *buf, u32 len, unsigned int max_segment);
unsigned int vcd_buffer_pieces(unsigned int num);
int vcd_buffer_alloc(struct vcd_buffer *buf, u32 len);
int vcd_buffer_from_user(struct vcd_buffer *buf, u32 offset,
			 const u8 __user *addr, u32 len);
void vcd_buffer_from_kernel(struct vcd_buffer *buf, u32 offset, const u8 *from,
			    u32 len);
void vcd_buffer_copy(struct vcd_buffer *to, const struct vcd_buffer *from,
		     u32 len);
int vcd_buffer_to_user(const struct vcd_buffer *buf, u8 __user *addr, u32 len);
void vcd_buffer_free(struct vcd_buffer *buf);

/* request.c */
struct vcd_call *vcd_call_new(struct vcd_share *share, u32 in_len, u32 out_len,
			      u32 tail_len);
void vcd_call_put(struct vcd_call *call);
void vcd_call_start(struct vcd_call *call, struct vcd_queue *queue, bool more);
int vcd_call_wait(struct vcd_call *call, bool freezable);
int vcd_call_exec(struct vcd_call *call);

#endif /* VCD_GUEST_REQUEST_H */
