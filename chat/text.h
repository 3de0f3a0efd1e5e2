/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h - make received bytes harmless for a terminal. */
#ifndef CHAT_TEXT_H
#define CHAT_TEXT_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct text_filter - state between two pieces of a byte stream
 * @pending: first bytes of a UTF-8 sequence whose rest has not come yet
 * @have: number of bytes in @pending
 * @need: length of that whole sequence
 *
 * All zero is the initial state. A sequence may be divided anywhere between calls.
 */
struct text_filter {
	uint8_t pending[4];
	uint8_t have;
	uint8_t need;
};

/* Most bytes that text_filter() writes for @len bytes: each as "\xHH", and those pending. */
#define TEXT_FILTER_MAX(len) (4 * ((len) + 3))

/**
 * text_filter() - pass printable text on and escape the rest
 * @tf: state
 * @in: bytes from the peer
 * @len: number of bytes
 * @out: result, room for TEXT_FILTER_MAX(@len) bytes
 *
 * Newline, tab and valid UTF-8 (RFC 3629) pass unchanged. The other control characters,
 * U+0000 to U+001F, U+007F and U+0080 to U+009F, and all bytes that are not part of
 * valid UTF-8 become \xHH, one per byte. So no escape sequence reaches the terminal.
 *
 * Return: bytes written
 */
size_t text_filter(struct text_filter *tf, const uint8_t *in, size_t len, uint8_t *out);

/**
 * text_filter_flush() - the stream has ended: escape an unfinished sequence
 * @tf: state, initial again afterwards
 * @out: room for TEXT_FILTER_MAX(0) bytes
 *
 * Return: bytes written
 */
size_t text_filter_flush(struct text_filter *tf, uint8_t *out);

#endif /* CHAT_TEXT_H */
