// SPDX-License-Identifier: GPL-2.0-or-later
/* text.c - make received bytes harmless for a terminal. */
#include "apps/base/text.h"

#include <string.h>

#include <utf8proc.h>

static size_t escape(uint8_t byte, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'x';
	out[2] = (uint8_t)digits[byte >> 4];
	out[3] = (uint8_t)digits[byte & 15];
	return 4;
}

/* Length of the sequence that @lead begins; 0: none begins so. */
static uint8_t sequence_length(uint8_t lead)
{
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

/* RFC 3629 section 4: some leads narrow the second byte. */
static bool continues(const struct text_filter *tf, uint8_t byte)
{
	uint8_t low = 0x80, high = 0xbf;

	if (tf->have == 1) {
		if (tf->pending[0] == 0xe0)
			low = 0xa0; /* below: overlong */
		else if (tf->pending[0] == 0xed)
			high = 0x9f; /* above: surrogates */
		else if (tf->pending[0] == 0xf0)
			low = 0x90; /* below: overlong */
		else if (tf->pending[0] == 0xf4)
			high = 0x8f; /* above: beyond U+10FFFF */
	}
	return byte >= low && byte <= high;
}

static bool is_c1_control(const struct text_filter *tf)
{
	return tf->have == 2 && tf->pending[0] == 0xc2 && tf->pending[1] <= 0x9f;
}

size_t text_filter_flush(struct text_filter *tf, uint8_t *out)
{
	size_t n = 0;

	for (uint8_t i = 0; i < tf->have; i++)
		n += escape(tf->pending[i], out + n);
	*tf = (struct text_filter){0};
	return n;
}

/* A whole sequence is pending. */
static size_t emit(struct text_filter *tf, uint8_t *out)
{
	size_t n = tf->have;

	if (is_c1_control(tf))
		return text_filter_flush(tf, out);
	memcpy(out, tf->pending, n);
	*tf = (struct text_filter){0};
	return n;
}

/* The first byte of something: no sequence is pending. */
static size_t begin(struct text_filter *tf, uint8_t byte, uint8_t *out)
{
	if (byte == '\n' || byte == '\t' || (byte >= 0x20 && byte < 0x7f)) {
		out[0] = byte;
		return 1;
	}
	tf->need = sequence_length(byte);
	if (!tf->need)
		return escape(byte, out);
	tf->pending[0] = byte;
	tf->have = 1;
	return 0;
}

size_t text_filter(struct text_filter *tf, const uint8_t *in, size_t len, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (tf->have && !continues(tf, in[i]))
			n += text_filter_flush(tf, out + n);
		if (!tf->have) {
			n += begin(tf, in[i], out + n);
			continue;
		}
		tf->pending[tf->have++] = in[i];
		if (tf->have == tf->need)
			n += emit(tf, out + n);
	}
	return n;
}

size_t text_encode(uint32_t c, uint8_t out[4])
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

bool text_is_utf8(const void *text, size_t len)
{
	const uint8_t *at = text;
	uint32_t c;
	size_t n;

	for (; len; at += n, len -= n) {
		n = utf8_decode(at, len, &c);
		if (!n)
			return false;
	}
	return true;
}

bool text_is_plain(const void *text, size_t len)
{
	const uint8_t *at = text;
	uint32_t c;
	size_t n;

	for (; len; at += n, len -= n) {
		n = utf8_decode(at, len, &c);
		if (!n || utf8_is_control(c))
			return false;
	}
	return true;
}

bool text_is_invisible(uint32_t c)
{
	static const struct {
		uint32_t first;
		uint32_t last;
	} ranges[] = {
	    {0x20, 0x20},	{0xa0, 0xa0},	    {0xad, 0xad},     {0x34f, 0x34f},
	    {0x61c, 0x61c},	{0x115f, 0x1160},   {0x1680, 0x1680}, {0x17b4, 0x17b5},
	    {0x180b, 0x180f},	{0x2000, 0x200f},   {0x2028, 0x202f}, {0x205f, 0x206f},
	    {0x2800, 0x2800},	{0x3000, 0x3000},   {0x3164, 0x3164}, {0xfe00, 0xfe0f},
	    {0xfeff, 0xfeff},	{0xffa0, 0xffa0},   {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3},
	    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

int text_width(uint32_t c)
{
	switch (utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_CC:
		/* What is younger than the tables is shown by most terminals as one column. */
		return 1;
	default:
		return utf8proc_charwidth((utf8proc_int32_t)c);
	}
}

#define VARIATION_EMOJI 0xfe0f /* makes the character before it two columns wide */

size_t text_cluster(const void *text, size_t len, size_t *columns)
{
	const uint8_t *at = text;
	utf8proc_int32_t state = 0;
	uint32_t last = 0, c = 0;
	size_t used = utf8_decode(at, len, &last);

	*columns = 1;
	if (!used)
		return len ? 1 : 0;
	*columns = (size_t)text_width(last);
	while (used < len) {
		size_t n = utf8_decode(at + used, len - used, &c);

		if (!n || utf8proc_grapheme_break_stateful((utf8proc_int32_t)last,
							   (utf8proc_int32_t)c, &state))
			break;
		*columns += c == VARIATION_EMOJI ? 1 : (size_t)text_width(c);
		used += n;
		last = c;
	}
	return used;
}

char *text_show(const void *text, size_t len, const char *keep, char *out)
{
	const uint8_t *at = text;
	uint8_t *to = (uint8_t *)out;

	while (len) {
		uint32_t c = 0;
		size_t n = utf8_decode(at, len, &c);
		bool kept = n == 1 && c && strchr(keep, (int)c);

		if (n && (kept || !utf8_is_control(c))) {
			memcpy(to, at, n);
			to += n;
		} else {
			n = n ? n : 1;
			for (size_t i = 0; i < n; i++)
				to += escape(at[i], to);
		}
		at += n;
		len -= n;
	}
	*to = 0;
	return out;
}
