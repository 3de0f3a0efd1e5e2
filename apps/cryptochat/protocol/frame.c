// SPDX-License-Identifier: GPL-2.0-or-later
/* frame.c - what the two ends of a TLS conversation say to each other. */
#include "cryptochat/protocol/frame.h"

#include <errno.h>
#include <stdio.h>

#include "apps/base/text.h"

int frame_parse(const uint8_t *data, size_t len, struct frame *ret)
{
	struct reader r = {.at = data, .left = len};
	uint64_t length;

	if (len < 4)
		return 0;
	length = wire_get(&r, 4);
	if (length < 1 || length > FRAME_LENGTH_MAX)
		return -EPROTO;
	if (r.left < length)
		return 0;
	r.left = (size_t)length;
	*ret = (struct frame){.type = (uint8_t)wire_get(&r, 1)};
	if (frame_is_reliable(ret->type))
		ret->seq = wire_get(&r, FRAME_SEQ);
	if (r.bad)
		return -EPROTO;
	ret->body = r;
	return (int)(4 + length);
}

/* The end of each frame_get_*(): everything was there, and nothing more. */
static int complete(const struct reader *r)
{
	return r->bad || r->left ? -EPROTO : 0;
}

bool nick_ok(const char *nick)
{
	const uint8_t *at = (const uint8_t *)nick;
	size_t len = strlen(nick);

	if (len < 1 || len >= NICK_SIZE || strchr("-#/", nick[0]) || !text_is_plain(nick, len))
		return false;
	while (len) {
		uint32_t c = 0;
		size_t n = utf8_decode(at, len, &c);

		/* A mark that has no letter before it would be drawn on what stands before the
		 * nick. */
		if (text_is_invisible(c) || ((const char *)at == nick && text_width(c) == 0))
			return false;
		at += n;
		len -= n;
	}
	return true;
}

bool nick_is_marked(const char *nick)
{
	const uint8_t *at = (const uint8_t *)nick;
	size_t len = strlen(nick);

	while (len) {
		uint32_t c = 0;
		size_t n = utf8_decode(at, len, &c);

		/* Latin letters with their accents, as they are written in Europe. */
		if (!n || c > 0x17f)
			return true;
		at += n;
		len -= n;
	}
	return false;
}

void nick_mark(const char *nick, const char *mark, char ret[NICK_SIZE])
{
	size_t len = strlen(nick), room = NICK_SIZE - 2 - strlen(mark);

	if (len > room)
		len = room;
	while (len && ((unsigned char)nick[len] & 0xc0) == 0x80)
		len--;
	snprintf(ret, NICK_SIZE, "%.*s~%s", (int)len, nick, mark);
}

int frame_get_hello(const struct frame *f, struct hello *ret)
{
	struct reader r = f->body;
	uint64_t resume;

	*ret = (struct hello){0};
	if (wire_get(&r, 1) != FRAME_VERSION)
		return -EPROTO;
	ret->flags = (uint8_t)wire_get(&r, 1);
	wire_get_bytes(&r, ret->session, sizeof(ret->session));
	resume = wire_get(&r, 1);
	ret->resume = resume == 1;
	ret->next = wire_get(&r, 8);
	ret->proof = (uint8_t)wire_get(&r, 1);
	wire_get_bytes(&r, ret->mac, sizeof(ret->mac));
	wire_get_text(&r, ret->nick, sizeof(ret->nick));
	wire_get_text(&r, ret->you, sizeof(ret->you));
	if (resume > 1 || ret->next == 0 || ret->proof > PROOF_SECRET)
		return -EPROTO;
	if (!nick_ok(ret->nick) || (ret->you[0] && !nick_ok(ret->you)))
		return -EPROTO;
	return complete(&r);
}

void frame_put_hello(struct writer *w, const struct hello *h)
{
	wire_put(w, FRAME_VERSION, 1);
	wire_put(w, h->flags, 1);
	wire_put_bytes(w, h->session, sizeof(h->session));
	wire_put(w, h->resume, 1);
	wire_put(w, h->next, 8);
	wire_put(w, h->proof, 1);
	wire_put_bytes(w, h->mac, sizeof(h->mac));
	wire_put_text(w, h->nick);
	wire_put_text(w, h->you);
}

int frame_get_refuse(const struct frame *f, struct refuse *ret)
{
	struct reader r = f->body;

	*ret = (struct refuse){.code = (uint8_t)wire_get(&r, 1)};
	wire_get_text(&r, ret->reason, sizeof(ret->reason));
	return complete(&r);
}

void frame_put_refuse(struct writer *w, uint8_t code, const char *reason)
{
	wire_put(w, code, 1);
	wire_put_text(w, reason);
}

int frame_get_ack(const struct frame *f, uint64_t *ret)
{
	struct reader r = f->body;

	*ret = wire_get(&r, 8);
	return complete(&r);
}

int frame_get_text(const struct frame *f, struct text_frame *ret)
{
	struct reader r = f->body;

	*ret = (struct text_frame){.time_ms = wire_get(&r, 8)};
	wire_get_text(&r, ret->nick, sizeof(ret->nick));
	ret->len = r.left;
	ret->text = wire_take(&r, r.left);
	if (r.bad || ret->len > FRAME_PAYLOAD || !text_is_utf8(ret->text, ret->len))
		return -EPROTO;
	return ret->nick[0] && !nick_ok(ret->nick) ? -EPROTO : 0;
}

void frame_put_text(struct writer *w, const struct text_frame *t)
{
	wire_put(w, t->time_ms, 8);
	wire_put_text(w, t->nick);
	wire_put_bytes(w, t->text, t->len);
}

int frame_get_verify(const struct frame *f, struct verify_frame *ret)
{
	struct reader r = f->body;

	*ret = (struct verify_frame){.step = (uint8_t)wire_get(&r, 1)};
	wire_get_bytes(&r, ret->value, sizeof(ret->value));
	if (ret->step < VERIFY_COMMIT || ret->step > VERIFY_REVEAL)
		return -EPROTO;
	return complete(&r);
}

void frame_put_verify(struct writer *w, const struct verify_frame *v)
{
	wire_put(w, v->step, 1);
	wire_put_bytes(w, v->value, sizeof(v->value));
}

int frame_get_roster(const struct frame *f, struct roster *ret)
{
	struct reader r = f->body;

	*ret = (struct roster){.event = (uint8_t)wire_get(&r, 1)};
	wire_get_text(&r, ret->nick, sizeof(ret->nick));
	wire_get_bytes(&r, ret->key, sizeof(ret->key));
	if (ret->event < ROSTER_HERE || ret->event > ROSTER_BACK || !nick_ok(ret->nick))
		return -EPROTO;
	return complete(&r);
}

void frame_put_roster(struct writer *w, const struct roster *ro)
{
	wire_put(w, ro->event, 1);
	wire_put_text(w, ro->nick);
	wire_put_bytes(w, ro->key, sizeof(ro->key));
}

int frame_get_offer(const struct frame *f, struct offer *ret)
{
	struct reader r = f->body;

	*ret = (struct offer){.id = (uint32_t)wire_get(&r, 4)};
	ret->size = wire_get(&r, 8);
	wire_get_text(&r, ret->name, sizeof(ret->name));
	ret->mode = (uint16_t)wire_get(&r, 2);
	ret->mtime_ms = wire_get(&r, 8);
	ret->tree = (uint32_t)wire_get(&r, 4);
	ret->tree_files = (uint32_t)wire_get(&r, 4);
	ret->tree_bytes = wire_get(&r, 8);
	wire_get_text(&r, ret->dir, sizeof(ret->dir));
	/* Offsets and times are handed to the kernel, which takes them as signed. */
	if (ret->size > INT64_MAX || ret->mtime_ms > INT64_MAX || ret->mode > 0777)
		return -EPROTO;
	if (!ret->tree != !ret->dir[0] || !ret->tree != !ret->tree_files)
		return -EPROTO;
	return complete(&r);
}

void frame_put_offer(struct writer *w, const struct offer *o)
{
	wire_put(w, o->id, 4);
	wire_put(w, o->size, 8);
	wire_put_text(w, o->name);
	wire_put(w, o->mode, 2);
	wire_put(w, o->mtime_ms, 8);
	wire_put(w, o->tree, 4);
	wire_put(w, o->tree_files, 4);
	wire_put(w, o->tree_bytes, 8);
	wire_put_text(w, o->dir);
}

int frame_get_answer(const struct frame *f, struct answer *ret)
{
	struct reader r = f->body;

	*ret = (struct answer){.id = (uint32_t)wire_get(&r, 4)};
	ret->verdict = (uint8_t)wire_get(&r, 1);
	ret->offset = wire_get(&r, 8);
	wire_get_bytes(&r, ret->digest, sizeof(ret->digest));
	wire_get_text(&r, ret->reason, sizeof(ret->reason));
	if (ret->verdict != ANSWER_TAKE && ret->verdict != ANSWER_REFUSE)
		return -EPROTO;
	return complete(&r);
}

void frame_put_answer(struct writer *w, const struct answer *a)
{
	wire_put(w, a->id, 4);
	wire_put(w, a->verdict, 1);
	wire_put(w, a->offset, 8);
	wire_put_bytes(w, a->digest, sizeof(a->digest));
	wire_put_text(w, a->reason);
}

int frame_get_data(const struct frame *f, struct data_frame *ret)
{
	struct reader r = f->body;

	*ret = (struct data_frame){.id = (uint32_t)wire_get(&r, 4)};
	ret->offset = wire_get(&r, 8);
	ret->len = r.left;
	ret->data = wire_take(&r, r.left);
	return r.bad || ret->len == 0 || ret->len > FRAME_PAYLOAD ? -EPROTO : 0;
}

void frame_put_data(struct writer *w, const struct data_frame *d)
{
	wire_put(w, d->id, 4);
	wire_put(w, d->offset, 8);
	wire_put_bytes(w, d->data, d->len);
}

int frame_get_end(const struct frame *f, struct end_frame *ret)
{
	struct reader r = f->body;
	uint64_t ok;

	*ret = (struct end_frame){.id = (uint32_t)wire_get(&r, 4)};
	ok = wire_get(&r, 1);
	ret->ok = ok == 1;
	wire_get_bytes(&r, ret->digest, sizeof(ret->digest));
	return ok > 1 ? -EPROTO : complete(&r);
}

void frame_put_end(struct writer *w, const struct end_frame *e)
{
	wire_put(w, e->id, 4);
	wire_put(w, e->ok, 1);
	wire_put_bytes(w, e->digest, sizeof(e->digest));
}

int frame_get_done(const struct frame *f, struct done_frame *ret)
{
	struct reader r = f->body;
	uint64_t ok;

	*ret = (struct done_frame){.id = (uint32_t)wire_get(&r, 4)};
	ok = wire_get(&r, 1);
	ret->ok = ok == 1;
	wire_get_text(&r, ret->reason, sizeof(ret->reason));
	return ok > 1 ? -EPROTO : complete(&r);
}

void frame_put_done(struct writer *w, const struct done_frame *d)
{
	wire_put(w, d->id, 4);
	wire_put(w, d->ok, 1);
	wire_put_text(w, d->reason);
}

void frame_begin(struct writer *w, uint8_t *buffer, uint8_t type, uint64_t seq)
{
	*w = (struct writer){.data = buffer, .room = FRAME_MAX};
	wire_put(w, 0, 4); /* frame_finish() knows */
	wire_put(w, type, 1);
	if (frame_is_reliable(type))
		wire_put(w, seq, FRAME_SEQ);
}

size_t frame_finish(struct writer *w)
{
	size_t len = w->len;

	if (w->bad)
		return 0;
	w->len = 0;
	wire_put(w, len - 4, 4);
	w->len = len;
	return len;
}
