/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The channel between tests/vm/run and the guest: COMMAND's standard input, output and error and
 * its exit status, over one byte stream (a virtio-serial port, or a serial line of UML).
 *
 * DOC: Theory of operation
 *
 * The agent (agent.c) runs in the guest and starts COMMAND; the monitor (monitor.c) runs on the
 * host and starts the guest. They exchange frames: a header of four bytes {type, 0, length as
 * little-endian 16 bits}, then length bytes.
 *
 *	agent			monitor
 *	  READY  ------------->			the line is in raw mode, nothing gets lost from now
 *	       <-------------  START		u8 terminal?, u16 rows, u16 columns
 *	       <-------------  IN, IN_END	standard input
 *	       <-------------  SIZE		u16 rows, u16 columns: the terminal was resized
 *	  OUT, ERR ----------->			standard output and error
 *	  CREDIT  <---------->  CREDIT		u32: so many bytes of the other's streams are done
 *	  EXIT  -------------->			u32: exit status, 128 + signal when killed
 *	       <-------------  DONE		counters are read; the guest may shut down
 *
 * A guest that was reset under COMMAND starts again with READY, and runs COMMAND again. The line
 * must have been quiet at the reset: half a frame would take the next one for its end.
 *
 * Invariants: a window limits how many bytes of streams, headers included, are on the way and not
 * yet given credit for: FRAME_WINDOW_IN of IN, FRAME_WINDOW_OUT of OUT and ERR together. Credit is
 * given in pieces of at least a quarter window, so that it is no traffic of its own. So the buffers
 * have fixed sizes, the line's own buffers never overflow, and one blocked reader stops its writer
 * as a pipe would. The first window is small because a serial line of UML must never hold more than
 * the 4096 bytes of a terminal's buffer: when that is nearly full UML stops reading, and never
 * resumes.
 */
#ifndef TESTS_VM_FRAME_H
#define TESTS_VM_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_type {
	FRAME_READY = 1,
	FRAME_START,
	FRAME_IN,
	FRAME_IN_END,
	FRAME_SIZE,
	FRAME_OUT,
	FRAME_ERR,
	FRAME_CREDIT,
	FRAME_EXIT,
	FRAME_DONE,
};

enum {
	FRAME_HEADER = 4,		     /* bytes */
	FRAME_PAYLOAD_MAX = 4096,	     /* bytes; also at most PIPE_BUF, see queue_write() */
	FRAME_WINDOW_IN = 3072,		     /* bytes on the way to the guest */
	FRAME_WINDOW_OUT = 32768,	     /* bytes on the way to the host */
	FRAME_BUFFER = 2 * FRAME_WINDOW_OUT, /* a window, and control frames */
};

/** struct queue - bytes waiting to be written to a file descriptor. */
struct queue {
	size_t head; /* first byte not yet written */
	size_t tail; /* end of the bytes queued */
	uint8_t bytes[FRAME_BUFFER];
};

/** struct frame - one frame received; @payload points into the channel and lives until the next. */
struct frame {
	enum frame_type type;
	size_t length;
	const uint8_t *payload;
};

/** struct channel - one end of the line. */
struct channel {
	int fd; /* owned by the caller; may be non-blocking */
	uint32_t send_window;
	uint32_t receive_window;
	uint32_t credit; /* bytes of stream, with headers, this end may still send */
	uint32_t owed;	 /* bytes done with that the peer has not been told of */
	struct queue out;
	size_t in_length;
	size_t in_taken;
	uint8_t in[FRAME_HEADER + FRAME_PAYLOAD_MAX];
};

/**
 * queue_put() - append bytes.
 * Return: 0, or -ENOBUFS when they do not fit (the peer broke the window).
 */
int queue_put(struct queue *q, const void *bytes, size_t length);

/** queue_pending() - number of bytes queued. */
size_t queue_pending(const struct queue *q);

/**
 * queue_write() - write once, at most FRAME_PAYLOAD_MAX bytes, so that after POLLOUT a blocking
 * pipe does not block.
 * Return: bytes written (0: try again), or negative errno.
 */
int queue_write(struct queue *q, int fd);

/** channel_init() -  and  are FRAME_WINDOW_IN and _OUT, or the reverse. */
void channel_init(struct channel *ch, int fd, uint32_t send_window, uint32_t receive_window);

/**
 * channel_restart() - the peer has started again: nothing is on the way to it, and it owes nothing.
 * Bytes received and not yet taken stay.
 */
void channel_restart(struct channel *ch);

/**
 * channel_send() - queue a frame; stream frames (IN, OUT, ERR) use up credit.
 * Return: 0, or -ENOBUFS.
 */
int channel_send(struct channel *ch, enum frame_type type, const void *payload, size_t length);

/** channel_room() - how many bytes of stream may be read and sent now. */
size_t channel_room(const struct channel *ch);

/**
 * channel_fill() - read once from the line.
 * Return: bytes read (0: nothing there now), -ENODATA at its end, or another negative errno.
 */
int channel_fill(struct channel *ch);

/**
 * channel_next() - take the next whole frame. CREDIT is handled inside.
 * Return: 1 with @frame filled, 0 when more bytes are needed, -EBADMSG on nonsense.
 */
int channel_next(struct channel *ch, struct frame *frame);

/**
 * channel_grant() - @bytes of the peer's streams are done with: tell it now, or together with later
 * ones. The header of each stream frame counts as FRAME_HEADER bytes.
 */
int channel_grant(struct channel *ch, uint32_t bytes);

uint32_t get_le32(const uint8_t *p);
void put_le32(uint8_t *p, uint32_t v);
uint16_t get_le16(const uint8_t *p);
void put_le16(uint8_t *p, uint16_t v);

#endif
