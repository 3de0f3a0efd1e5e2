/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outbox.h - the numbered frames that the peer has not acknowledged yet.
 *
 * Frames are added at the end, sent from the cursor on, and dropped at the front when the
 * peer acknowledges them. A new connection rewinds the cursor to the first frame the peer
 * does not have. So a connection may break at any byte: nothing is lost, and since the
 * receiver counts, nothing comes twice.
 *
 * Invariant: bytes <= OUTBOX_LIMIT + one frame, because whoever adds asks outbox_full() first.
 */
#ifndef CRYPTOCHAT_LINK_OUTBOX_H
#define CRYPTOCHAT_LINK_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cryptochat/protocol/frame.h"

/* What may be under way. A longer queue would only make a person wait behind a file. */
#define OUTBOX_LIMIT (1u << 20)

struct out_frame {
	struct out_frame *next;
	uint64_t seq;
	size_t len;
	uint8_t data[];
};

/**
 * struct outbox - all zero but @next_seq, which is 1, is empty
 * @first: oldest frame that is not acknowledged
 * @last: newest frame
 * @cursor: frame being sent, or NULL: all were sent
 * @offset: bytes of it that were sent
 * @bytes: of all frames
 * @next_seq: number of the next frame added
 * @spare: memory for a frame of the largest size, or NULL
 */
struct outbox {
	struct out_frame *first;
	struct out_frame *last;
	struct out_frame *cursor;
	size_t offset;
	size_t bytes;
	uint64_t next_seq;
	struct out_frame *spare;
};

/**
 * outbox_room() - memory for a frame to be made in place, instead of outbox_add()
 *
 * Return: FRAME_MAX bytes until the next call of outbox_room(), or NULL: no memory
 */
uint8_t *outbox_room(struct outbox *o);

/** outbox_commit() - append the frame of @len bytes that was made there */
void outbox_commit(struct outbox *o, size_t len);

/** outbox_add() - append a frame made with number @next_seq; returns 0 or -ENOMEM */
int outbox_add(struct outbox *o, const uint8_t *frame, size_t len);

/** outbox_full() - shall whoever makes frames wait? */
static inline bool outbox_full(const struct outbox *o)
{
	return o->bytes >= OUTBOX_LIMIT;
}

/** outbox_peek() - the next bytes to send; returns their number */
size_t outbox_peek(const struct outbox *o, const uint8_t **ret);

/** outbox_sent() - @len of the bytes of outbox_peek() were sent */
void outbox_sent(struct outbox *o, size_t len);

/** outbox_in_frame() - has a frame been sent in part? Then nothing else may come now */
static inline bool outbox_in_frame(const struct outbox *o)
{
	return o->offset != 0;
}

/**
 * outbox_ack() - the peer has all frames below @next
 *
 * Return: 0, or -EPROTO: it cannot have them, they were not sent
 */
int outbox_ack(struct outbox *o, uint64_t next);

/** outbox_resume() - a new connection, over which the peer said it has all below @next; as
 * outbox_ack() */
int outbox_resume(struct outbox *o, uint64_t next);

/**
 * outbox_forget() - nothing more shall be sent
 *
 * All frames are dropped but the one at the cursor: a part of it may have left already.
 */
void outbox_forget(struct outbox *o);

void outbox_clear(struct outbox *o);

#endif /* CRYPTOCHAT_LINK_OUTBOX_H */
