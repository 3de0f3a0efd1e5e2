/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.h - bounded cursors over frame bodies.
 *
 * Everything a peer sends is read through a reader, everything we send is written
 * through a writer. Both remember the first step that did not fit instead of making
 * each caller check each step: a body is taken apart, then `bad` is looked at once.
 * After that all further reads give zeros. Numbers are big-endian.
 */
#ifndef CRYPTOCHAT_PROTOCOL_WIRE_H
#define CRYPTOCHAT_PROTOCOL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** struct reader - what is left of received bytes; @bad: more was asked for than there was */
struct reader {
	const uint8_t *at;
	size_t left;
	bool bad;
};

/** struct writer - room for bytes to send; @bad: it did not suffice */
struct writer {
	uint8_t *data;
	size_t room;
	size_t len;
	bool bad;
};

/** wire_take() - the next @len bytes, or NULL if there are fewer */
static inline const uint8_t *wire_take(struct reader *r, size_t len)
{
	const uint8_t *at = r->at;

	if (r->bad || len > r->left) {
		r->bad = true;
		return NULL;
	}
	r->at += len;
	r->left -= len;
	return at;
}

/** wire_get() - the next number of @size bytes, 1 to 8; 0 if there are fewer */
static inline uint64_t wire_get(struct reader *r, size_t size)
{
	const uint8_t *at = wire_take(r, size);
	uint64_t value = 0;

	for (size_t i = 0; at && i < size; i++)
		value = value << 8 | at[i];
	return value;
}

/** wire_get_bytes() - copy the next @len bytes to @out; zeros if there are fewer */
static inline void wire_get_bytes(struct reader *r, void *out, size_t len)
{
	const uint8_t *at = wire_take(r, len);
	uint8_t *to = out;

	for (size_t i = 0; i < len; i++)
		to[i] = at ? at[i] : 0;
}

/**
 * wire_get_text() - a text with its length, one byte, before it
 * @r: reader
 * @out: the text and a 0 behind it, @size bytes
 * @size: room; a longer text makes the reader bad
 *
 * A text with a 0 byte inside is bad: what is compared and shown would be two things.
 */
static inline void wire_get_text(struct reader *r, char *out, size_t size)
{
	size_t len = (size_t)wire_get(r, 1);
	const uint8_t *at = wire_take(r, len);

	if (!at || len >= size || memchr(at, 0, len)) {
		r->bad = true;
		out[0] = 0;
		return;
	}
	for (size_t i = 0; i < len; i++)
		out[i] = (char)at[i];
	out[len] = 0;
}

/** wire_put_bytes() - append bytes */
static inline void wire_put_bytes(struct writer *w, const void *data, size_t len)
{
	if (w->bad || len > w->room - w->len) {
		w->bad = true;
		return;
	}
	if (len)
		memcpy(w->data + w->len, data, len);
	w->len += len;
}

/** wire_put() - append a number of @size bytes, 1 to 8 */
static inline void wire_put(struct writer *w, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
	wire_put_bytes(w, bytes, size);
}

/** wire_put_text() - append a text of at most 255 bytes with its length before it */
static inline void wire_put_text(struct writer *w, const char *text)
{
	size_t len = strlen(text);

	if (len > UINT8_MAX) {
		w->bad = true;
		return;
	}
	wire_put(w, len, 1);
	wire_put_bytes(w, text, len);
}

#endif /* CRYPTOCHAT_PROTOCOL_WIRE_H */
