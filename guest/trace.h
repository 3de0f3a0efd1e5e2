/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace.h - tracepoints, /sys/kernel/tracing/events/virtio_cryptodev.
 *
 * A request is told from others by device, queue and seq, its number on that
 * queue. What they show is described in docs/observability.md.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM virtio_cryptodev

#if !defined(VCD_GUEST_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VCD_GUEST_TRACE_H

#include <linux/tracepoint.h>

#include "driver.h"

/* A request on its way. */
DECLARE_EVENT_CLASS(vcd_request,
		    TP_PROTO(const struct vcd_request *req),
		    TP_ARGS(req),
		    TP_STRUCT__entry(__field(int, device)
				     __field(unsigned int, queue)
				     __field(u64, seq)
				     __field(u16, opcode)
				     __field(u64, session)
				     __field(u32, bytes)
				     __field(u32, used)
				     __field(bool, asleep)),
		    TP_fast_assign(__entry->device = req->queue->dev->index;
				   __entry->queue = vcd_queue_index(req->queue);
				   __entry->seq = req->seq;
				   __entry->opcode = vcd_req_opcode(req);
				   __entry->session = req->host_id;
				   __entry->bytes = req->bytes;
				   __entry->used = req->used;
				   __entry->asleep = req->sleeper;),
		    TP_printk("device=%d queue=%u seq=%llu opcode=0x%x session=0x%llx bytes=%u used=%u owner=%s",
			      __entry->device, __entry->queue, __entry->seq,
			      __entry->opcode, __entry->session, __entry->bytes,
			      __entry->used,
			      __entry->asleep ? "asleep" : "awake"));

/* It went into the ring. */
DEFINE_EVENT(vcd_request, vcd_submit, TP_PROTO(const struct vcd_request *req),
	     TP_ARGS(req));

/* The device gave it back. */
DEFINE_EVENT(vcd_request, vcd_complete, TP_PROTO(const struct vcd_request *req),
	     TP_ARGS(req));

/* It is done after timeout_ms without a reply. */
DEFINE_EVENT(vcd_request, vcd_timeout, TP_PROTO(const struct vcd_request *req),
	     TP_ARGS(req));

/* The host is busy: it is sent again later. */
DEFINE_EVENT(vcd_request, vcd_pause, TP_PROTO(const struct vcd_request *req),
	     TP_ARGS(req));

/* It has to wait before it can go into the ring. */
TRACE_EVENT(vcd_wait_turn,
	    TP_PROTO(const struct vcd_request *req, bool share),
	    TP_ARGS(req, share),
	    TP_STRUCT__entry(__field(int, device)
			     __field(unsigned int, queue)
			     __field(u32, bytes)
			     __field(bool, share)),
	    TP_fast_assign(__entry->device = req->queue->dev->index;
			   __entry->queue = vcd_queue_index(req->queue);
			   __entry->bytes = req->bytes;
			   __entry->share = share;),
	    TP_printk("device=%d queue=%u bytes=%u for=%s", __entry->device,
		      __entry->queue, __entry->bytes,
		      __entry->share ? "share" : "room"));

/* A caller has its reply, or has left: it polled all the time, or slept. */
TRACE_EVENT(vcd_waited,
	    TP_PROTO(const struct vcd_request *req, bool polled, int err),
	    TP_ARGS(req, polled, err),
	    TP_STRUCT__entry(__field(int, device)
			     __field(unsigned int, queue)
			     __field(u64, seq)
			     __field(bool, polled)
			     __field(int, err)),
	    TP_fast_assign(__entry->device = req->queue->dev->index;
			   __entry->queue = vcd_queue_index(req->queue);
			   __entry->seq = req->seq;
			   __entry->polled = polled;
			   __entry->err = err;),
	    TP_printk("device=%d queue=%u seq=%llu how=%s err=%d",
		      __entry->device, __entry->queue, __entry->seq,
		      __entry->polled ? "polled" : "slept", __entry->err));

DECLARE_EVENT_CLASS(vcd_session,
		    TP_PROTO(const struct vcd_device *dev, u64 session, int err),
		    TP_ARGS(dev, session, err),
		    TP_STRUCT__entry(__field(int, device)
				     __field(u64, session)
				     __field(int, err)),
		    TP_fast_assign(__entry->device = dev->index;
				   __entry->session = session;
				   __entry->err = err;),
		    TP_printk("device=%d session=0x%llx err=%d", __entry->device,
			      __entry->session, __entry->err));

DEFINE_EVENT(vcd_session, vcd_session_create,
	     TP_PROTO(const struct vcd_device *dev, u64 session, int err),
	     TP_ARGS(dev, session, err));

DEFINE_EVENT(vcd_session, vcd_session_destroy,
	     TP_PROTO(const struct vcd_device *dev, u64 session, int err),
	     TP_ARGS(dev, session, err));

/* The device had lost it; @session is the new id. */
DEFINE_EVENT(vcd_session, vcd_session_remake,
	     TP_PROTO(const struct vcd_device *dev, u64 session, int err),
	     TP_ARGS(dev, session, err));

#endif /* VCD_GUEST_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
