// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames of the channel between host and guest: queues, credit, cutting the stream into frames. */
#include "frame.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

uint16_t get_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

void put_le16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

uint32_t get_le32(const uint8_t *p)
{
	return (uint32_t)get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}

void put_le32(uint8_t *p, uint32_t v)
{
	put_le16(p, (uint16_t)v);
	put_le16(p + 2, (uint16_t)(v >> 16));
}

size_t queue_pending(const struct queue *q)
{
	return q->tail - q->head;
}

int queue_put(struct queue *q, const void *bytes, size_t length)
{
	if (length > sizeof(q->bytes) - queue_pending(q))
		return -ENOBUFS;
	if (length > sizeof(q->bytes) - q->tail) {
		memmove(q->bytes, q->bytes + q->head, queue_pending(q));
		q->tail -= q->head;
		q->head = 0;
	}
	if (length)
		memcpy(q->bytes + q->tail, bytes, length);
	q->tail += length;
	return 0;
}

int queue_write(struct queue *q, int fd)
{
	size_t length = queue_pending(q);
	ssize_t n;

	if (length > FRAME_PAYLOAD_MAX)
		length = FRAME_PAYLOAD_MAX;
	if (!length)
		return 0;
	n = write(fd, q->bytes + q->head, length);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	q->head += (size_t)n;
	if (q->head == q->tail)
		q->head = q->tail = 0;
	return (int)n;
}

void channel_init(struct channel *ch, int fd, uint32_t send_window, uint32_t receive_window)
{
	memset(ch, 0, sizeof(*ch));
	ch->fd = fd;
	ch->send_window = send_window;
	ch->receive_window = receive_window;
	ch->credit = send_window;
}

static bool is_stream(enum frame_type type)
{
	return type == FRAME_IN || type == FRAME_OUT || type == FRAME_ERR;
}

void channel_restart(struct channel *ch)
{
	ch->credit = ch->send_window;
	ch->owed = 0;
	ch->out.head = 0;
	ch->out.tail = 0;
}

int channel_send(struct channel *ch, enum frame_type type, const void *payload, size_t length)
{
	uint8_t header[FRAME_HEADER] = {(uint8_t)type};

	if (length > FRAME_PAYLOAD_MAX || (is_stream(type) && length + FRAME_HEADER > ch->credit))
		return -ENOBUFS;
	if (queue_pending(&ch->out) + sizeof(header) + length > sizeof(ch->out.bytes))
		return -ENOBUFS;
	if (is_stream(type))
		ch->credit -= FRAME_HEADER + (uint32_t)length;
	put_le16(header + 2, (uint16_t)length);
	queue_put(&ch->out, header, sizeof(header));
	return queue_put(&ch->out, payload, length);
}

size_t channel_room(const struct channel *ch)
{
	/* One-byte frames are mostly header: leave the other half to control frames. */
	if (queue_pending(&ch->out) > FRAME_BUFFER / 2 || ch->credit <= FRAME_HEADER)
		return 0;
	if (ch->credit - FRAME_HEADER < FRAME_PAYLOAD_MAX)
		return ch->credit - FRAME_HEADER;
	return FRAME_PAYLOAD_MAX;
}

int channel_grant(struct channel *ch, uint32_t bytes)
{
	uint8_t payload[4];

	ch->owed += bytes;
	if (ch->owed < ch->receive_window / 4)
		return 0;
	put_le32(payload, ch->owed);
	ch->owed = 0;
	return channel_send(ch, FRAME_CREDIT, payload, sizeof(payload));
}

int channel_fill(struct channel *ch)
{
	ssize_t n;

	if (ch->in_taken) {
		memmove(ch->in, ch->in + ch->in_taken, ch->in_length - ch->in_taken);
		ch->in_length -= ch->in_taken;
		ch->in_taken = 0;
	}
	n = read(ch->fd, ch->in + ch->in_length, sizeof(ch->in) - ch->in_length);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!n)
		return -ENODATA;
	ch->in_length += (size_t)n;
	return (int)n;
}

/* Cuts off one frame of any type. */
static int channel_cut(struct channel *ch, struct frame *frame)
{
	const uint8_t *start = ch->in + ch->in_taken;
	size_t have = ch->in_length - ch->in_taken;
	size_t length;

	if (have < FRAME_HEADER)
		return 0;
	length = get_le16(start + 2);
	if (start[0] < FRAME_READY || start[0] > FRAME_DONE || start[1] ||
	    length > FRAME_PAYLOAD_MAX)
		return -EBADMSG;
	if (have < FRAME_HEADER + length)
		return 0;
	frame->type = start[0];
	frame->length = length;
	frame->payload = start + FRAME_HEADER;
	ch->in_taken += FRAME_HEADER + length;
	return 1;
}

int channel_next(struct channel *ch, struct frame *frame)
{
	for (;;) {
		int ret = channel_cut(ch, frame);

		if (ret <= 0 || frame->type != FRAME_CREDIT)
			return ret;
		if (frame->length != 4 || get_le32(frame->payload) > ch->send_window - ch->credit)
			return -EBADMSG;
		ch->credit += get_le32(frame->payload);
	}
}
