/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request.h - one request, and the pages of a payload that is not copied beside it.
 *
 * See request.c and buffer.c.
 */
#ifndef VCD_GUEST_REQUEST_H
#define VCD_GUEST_REQUEST_H

#include <asm/byteorder.h>
#include <linux/completion.h>
#include <linux/refcount.h>
#include <linux/scatterlist.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "wire.h"

struct vcd_device;
struct vcd_queue;
struct vcd_share;

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
 * struct vcd_req_ctx - one request
 * @ref: caller and device
 * @dev: device
 * @queue: queue it was put on
 * @share: what it is charged to
 * @bytes: of data, the larger direction
 * @charged: it is; under queue->lock
 * @seq: number on its queue
 * @timeout_ms: how long the device may take for it; 0: vcd_timeout_ms
 * @deadline: when its caller leaves, in jiffies
 * @done: the device gave it back, or never will
 * @then: queued then, if not NULL: no task waits; under queue->lock
 * @host_id: the device's session id it was sent with
 * @lost: it was taken back from a dead ring: there is no reply
 * @sleeper: counted in queue->sleepers; under queue->lock
 * @disowned: the caller left before it was done
 * @used: used length the device published
 * @in_len: payload bytes behind the request header in @in
 * @out_len: room for output
 * @tail_len: bytes of it behind the pages of @dst
 * @src: pages in, if any
 * @dst: pages out, if any
 * @landing: the caller's pages that output is copied to when no task of the
 *	caller is there to take it; the device does not have them
 * @in_sg: the header and copied payload
 * @out_sg: the reply and copied output
 * @tail_sg: output behind @dst
 * @cleanup: frees it where one may sleep
 * @in: request header, then in_len copied bytes
 * @out: reply, then copied output
 * @tail: output behind the pages of @dst
 */
struct vcd_req_ctx {
	refcount_t ref;
	struct vcd_device *dev;
	struct vcd_queue *queue;
	struct vcd_share *share;
	u32 bytes;
	bool charged;
	u64 seq;
	unsigned int timeout_ms;
	unsigned long deadline;
	struct completion done;
	struct work_struct *then;
	u64 host_id;
	bool lost;
	bool sleeper;
	bool disowned;
	u32 used;
	u32 in_len;
	u32 out_len;
	u32 tail_len;
	struct vcd_buffer src;
	struct vcd_buffer dst;
	struct vcd_buffer landing;
	struct scatterlist in_sg;
	struct scatterlist out_sg;
	struct scatterlist tail_sg;
	struct work_struct cleanup;
	u8 *in;
	u8 *out;
	u8 *tail;
};

/* buffer.c */
int vcd_buffer_pin_pages(struct vcd_buffer *buf, const u8 __user *addr, u32 len,
			 bool write);
int vcd_buffer_pin(struct vcd_buffer *buf, const u8 __user *addr, u32 len,
		   bool write);
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
struct vcd_req_ctx *vcd_req_new(struct vcd_share *share, u32 in_len,
				u32 out_len, u32 tail_len);
void vcd_req_put(struct vcd_req_ctx *req);
void vcd_req_complete(struct vcd_req_ctx *req);
int vcd_req_start(struct vcd_req_ctx *req, struct vcd_queue *queue);
int vcd_req_wait(struct vcd_req_ctx *req, struct vcd_result *result);
void vcd_req_disown(struct vcd_req_ctx *req);
int vcd_req_exec(struct vcd_req_ctx *req, struct vcd_result *result);
unsigned int vcd_req_timeout(const struct vcd_req_ctx *req);
int vcd_host_hello(struct vcd_device *dev);
struct vcd_req_ctx *vcd_req_new_destroy(struct vcd_share *share, u64 host_id);
int vcd_req_wait_destroy(struct vcd_req_ctx *req);

/* Of no consequence: the device can write to the header. */
static inline u16 vcd_req_opcode(const struct vcd_req_ctx *req)
{
	const struct vcd_req *hdr = (const struct vcd_req *)req->in;

	return le16_to_cpu(hdr->opcode);
}

#endif /* VCD_GUEST_REQUEST_H */
