/* SPDX-License-Identifier: GPL-2.0-or-later */
/* buffer.h - a byte queue of fixed capacity. */
#ifndef APPS_BASE_BUFFER_H
#define APPS_BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * struct buffer - bytes that wait between two stages of the chat
 * @data: storage, @cap bytes, owned by the buffer
 * @cap: capacity in bytes, fixed at buffer_init()
 * @start: index of the first waiting byte
 * @end: index after the last waiting byte
 *
 * Invariant: start <= end <= cap. The capacity never grows: a full buffer is
 * what tells the stage before it to stop reading.
 */
struct buffer {
	uint8_t *data;
	size_t cap;
	size_t start;
	size_t end;
};

/**
 * buffer_init() - give a buffer its storage
 * @b: buffer, its former content is ignored
 * @cap: capacity in bytes, above 0
 *
 * Return: 0 or -ENOMEM
 */
int buffer_init(struct buffer *b, size_t cap);

/**
 * buffer_free() - wipe and free the storage; a zeroed or freed buffer is fine
 * @b: buffer
 *
 * Plaintext passes through buffers, so the storage is wiped.
 */
void buffer_free(struct buffer *b);

/**
 * buffer_reserve() - make room behind the waiting bytes
 * @b: buffer
 * @want: bytes that shall fit
 *
 * Moves the waiting bytes to the front if that is what it takes.
 *
 * Return: the place to write to, or NULL if @want bytes do not fit now
 */
uint8_t *buffer_reserve(struct buffer *b, size_t want);

/** buffer_used() - number of waiting bytes */
static inline size_t buffer_used(const struct buffer *b)
{
	return b->end - b->start;
}

/** buffer_room() - number of bytes that buffer_reserve() could still grant */
static inline size_t buffer_room(const struct buffer *b)
{
	return b->cap - buffer_used(b);
}

/** buffer_peek() - the first waiting byte */
static inline uint8_t *buffer_peek(struct buffer *b)
{
	return b->data + b->start;
}

/** buffer_commit() - @len bytes were written to the reserved place */
static inline void buffer_commit(struct buffer *b, size_t len)
{
	b->end += len;
}

/** buffer_consume() - the first @len waiting bytes, at most all, are done with */
static inline void buffer_consume(struct buffer *b, size_t len)
{
	b->start += len;
	if (b->start == b->end) {
		b->start = 0;
		b->end = 0;
	}
}

/** buffer_clear() - drop what waits */
static inline void buffer_clear(struct buffer *b)
{
	b->start = 0;
	b->end = 0;
}

#endif /* APPS_BASE_BUFFER_H */
