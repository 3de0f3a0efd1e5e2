// SPDX-License-Identifier: GPL-2.0-or-later
/* lab_frame.c - what a lab frame holds; the rules are in lab_frame.h. */
#include "labchat/lab_frame.h"

#include <string.h>

/* Bytes 0 to 11 of a zero frame: the 00 and the name. */
static const uint8_t zero_frame_mark[12] = {0,	 'c', 'c', 'h', 'a', 't',
					    '-', 'z', 'e', 'r', 'o', 's'};
#define COUNT_AT 12
#define REST_AT 16

/* Length of @bytes without the zero bytes at its end. */
static size_t without_zeros(const uint8_t *bytes, size_t len)
{
	while (len && bytes[len - 1] == 0)
		len--;
	return len;
}

/* The count of a zero frame, or 0 if this frame is text. */
static size_t zero_frame_count(const uint8_t *frame, size_t size)
{
	const uint8_t *c = frame + COUNT_AT;
	size_t count;

	if (memcmp(frame, zero_frame_mark, sizeof(zero_frame_mark)) != 0)
		return 0;
	if (without_zeros(frame + REST_AT, size - REST_AT) != 0)
		return 0;
	count = (size_t)c[0] << 24 | (size_t)c[1] << 16 | (size_t)c[2] << 8 | c[3];
	return count <= size ? count : 0;
}

static void write_zero_frame(size_t count, uint8_t *frame, size_t size)
{
	memset(frame, 0, size);
	memcpy(frame, zero_frame_mark, sizeof(zero_frame_mark));
	frame[COUNT_AT] = (uint8_t)(count >> 24);
	frame[COUNT_AT + 1] = (uint8_t)(count >> 16);
	frame[COUNT_AT + 2] = (uint8_t)(count >> 8);
	frame[COUNT_AT + 3] = (uint8_t)count;
}

size_t lab_frame_write(const uint8_t *text, size_t len, uint8_t *frame, size_t size)
{
	size_t window = len < size ? len : size;
	size_t used = without_zeros(text, window);

	if (used == 0) {
		write_zero_frame(window, frame, size);
		return window;
	}
	memset(frame, 0, size);
	memcpy(frame, text, used);
	if (zero_frame_count(frame, size) != 0) {
		/* Text that reads as a zero frame: 00 'c' alone does not. */
		used = 2;
		memset(frame + used, 0, size - used);
	}
	return used;
}

size_t lab_frame_read(uint8_t *frame, size_t size)
{
	size_t count = zero_frame_count(frame, size);

	if (count) {
		memset(frame, 0, count);
		return count;
	}
	return without_zeros(frame, size);
}
