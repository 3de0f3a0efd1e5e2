// SPDX-License-Identifier: GPL-2.0-or-later
/* outbox.c - the numbered frames that the peer has not acknowledged yet. */
#include "cryptochat/link/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void append(struct outbox *o, struct out_frame *f, size_t len)
{
	*f = (struct out_frame){.seq = o->next_seq++, .len = len};
	if (o->last)
		o->last->next = f;
	else
		o->first = f;
	o->last = f;
	if (!o->cursor)
		o->cursor = f;
	o->bytes += len;
}

int outbox_add(struct outbox *o, const uint8_t *frame, size_t len)
{
	struct out_frame *f = malloc(sizeof(*f) + len);

	if (!f)
		return -ENOMEM;
	memcpy(f->data, frame, len);
	append(o, f, len);
	return 0;
}

uint8_t *outbox_room(struct outbox *o)
{
	if (!o->spare)
		o->spare = malloc(sizeof(*o->spare) + FRAME_MAX);
	return o->spare ? o->spare->data : NULL;
}

void outbox_commit(struct outbox *o, size_t len)
{
	append(o, o->spare, len);
	o->spare = NULL;
}

size_t outbox_peek(const struct outbox *o, const uint8_t **ret)
{
	if (!o->cursor)
		return 0;
	*ret = o->cursor->data + o->offset;
	return o->cursor->len - o->offset;
}

void outbox_sent(struct outbox *o, size_t len)
{
	o->offset += len;
	if (o->offset == o->cursor->len) {
		o->cursor = o->cursor->next;
		o->offset = 0;
	}
}

/* Text is in there: leave none of it in freed memory. */
static void drop_first(struct outbox *o)
{
	struct out_frame *f = o->first;

	o->first = f->next;
	if (!o->first)
		o->last = NULL;
	o->bytes -= f->len;
	explicit_bzero(f->data, f->len);
	free(f);
}

int outbox_ack(struct outbox *o, uint64_t next)
{
	if (next > (o->cursor ? o->cursor->seq : o->next_seq))
		return -EPROTO;
	while (o->first && o->first->seq < next)
		drop_first(o);
	return 0;
}

int outbox_resume(struct outbox *o, uint64_t next)
{
	/* A frame that was dropped cannot be sent again: the peer had acknowledged it. */
	if (next > o->next_seq || next < (o->first ? o->first->seq : o->next_seq))
		return -EPROTO;
	while (o->first && o->first->seq < next)
		drop_first(o);
	o->cursor = o->first;
	o->offset = 0;
	return 0;
}

void outbox_forget(struct outbox *o)
{
	struct out_frame *keep = o->cursor, *f = keep ? keep->next : NULL;

	while (o->first && o->first != keep)
		drop_first(o);
	if (!keep)
		return;
	keep->next = NULL;
	o->last = keep;
	while (f) {
		struct out_frame *next = f->next;

		o->bytes -= f->len;
		explicit_bzero(f->data, f->len);
		free(f);
		f = next;
	}
}

void outbox_clear(struct outbox *o)
{
	while (o->first)
		drop_first(o);
	if (o->spare)
		explicit_bzero(o->spare->data, FRAME_MAX);
	free(o->spare);
	*o = (struct outbox){.next_seq = 1};
}
