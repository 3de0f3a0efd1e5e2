// SPDX-License-Identifier: GPL-2.0-or-later
/* buffer.c - a byte queue of fixed capacity. */
#include "apps/base/buffer.h"

#include <errno.h>
#include <stdlib.h>

int buffer_init(struct buffer *b, size_t cap)
{
	*b = (struct buffer){.data = malloc(cap)};
	if (!b->data)
		return -ENOMEM;
	b->cap = cap;
	return 0;
}

void buffer_free(struct buffer *b)
{
	if (b->data) {
		explicit_bzero(b->data, b->cap);
		free(b->data);
	}
	*b = (struct buffer){0};
}

uint8_t *buffer_reserve(struct buffer *b, size_t want)
{
	if (want > buffer_room(b))
		return NULL;
	if (want > b->cap - b->end) {
		memmove(b->data, buffer_peek(b), buffer_used(b));
		b->end = buffer_used(b);
		b->start = 0;
	}
	return b->data + b->end;
}
