/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h - make received bytes harmless for a terminal. */
#ifndef APPS_BASE_TEXT_H
#define APPS_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/utf8.h"

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

/** text_encode() - write a character below U+110000 as UTF-8; returns its 1 to 4 bytes */
size_t text_encode(uint32_t c, uint8_t out[4]);

/** text_is_utf8() - is all of it valid UTF-8? */
bool text_is_utf8(const void *text, size_t len);

/** text_is_plain() - is it UTF-8 without any utf8_is_control()? */
bool text_is_plain(const void *text, size_t len);

/**
 * text_is_invisible() - does it show nothing, or only a gap?
 *
 * Spaces of every kind, blank letters, and the default ignorable code points of Unicode 15
 * (joiners, variation selectors, tags, soft hyphen and their like).
 */
bool text_is_invisible(uint32_t c);

/** text_width() - columns of a character on a terminal: 0, 1 or 2 */
int text_width(uint32_t c);

/**
 * text_cluster() - what a reader takes for one character: a letter with its marks, a joined emoji
 * @text: UTF-8; a byte that is none is a character of its own
 * @len: bytes of it
 * @columns: the most columns that a terminal uses for it: terminals that do not join emoji show
 *	each of the parts
 *
 * Return: its bytes; 0: @len is 0
 */
size_t text_cluster(const void *text, size_t len, size_t *columns);

/* Most bytes that text_show() writes, its 0 included. */
#define TEXT_SHOW_MAX(len) (4 * (len) + 1)

/**
 * text_show() - a copy of a text that is safe to print
 * @text: any bytes
 * @len: how many
 * @keep: characters among the controls that are left as they are, such as "\n\t"; or ""
 * @out: room for TEXT_SHOW_MAX(@len) bytes
 *
 * Each byte of what is no UTF-8 or a control becomes \xHH.
 *
 * Return: @out
 */
char *text_show(const void *text, size_t len, const char *keep, char *out);

#endif /* APPS_BASE_TEXT_H */
