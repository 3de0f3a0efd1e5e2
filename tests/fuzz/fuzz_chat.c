// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_chat.c - everything that cryptochat parses. The first byte of an input chooses: 'f' frames,
 * 'i' an invite, 'j' a line of JSON input, 'k' a known_peers file, 't' keys of a terminal, 's' text
 * to show.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cryptochat/ui/editor.h"
#include "cryptochat/files/files.h"
#include "cryptochat/protocol/frame.h"
#include "cryptochat/identity/invite.h"
#include "cryptochat/ui/keyboard.h"
#include "cryptochat/identity/peers.h"
#include "cryptochat/ui/request.h"
#include "apps/base/text.h"
#include "tests/fuzz/fuzz.h"

static void take_apart(const struct frame *f)
{
	union {
		struct hello hello;
		struct refuse refuse;
		uint64_t ack;
		struct text_frame text;
		struct verify_frame verify;
		struct roster roster;
		struct offer offer;
		struct answer answer;
		struct data_frame data;
		struct end_frame end;
		struct done_frame done;
	} u;

	if (frame_get_hello(f, &u.hello) == 0)
		assert(nick_ok(u.hello.nick));
	frame_get_refuse(f, &u.refuse);
	frame_get_ack(f, &u.ack);
	if (frame_get_text(f, &u.text) == 0)
		assert(u.text.len <= FRAME_PAYLOAD && text_is_utf8(u.text.text, u.text.len));
	frame_get_verify(f, &u.verify);
	frame_get_roster(f, &u.roster);
	frame_get_offer(f, &u.offer);
	frame_get_answer(f, &u.answer);
	if (frame_get_data(f, &u.data) == 0)
		assert(u.data.len <= FRAME_PAYLOAD);
	frame_get_end(f, &u.end);
	frame_get_done(f, &u.done);
}

static void frames(const uint8_t *data, size_t size)
{
	struct frame f;
	int n;

	while ((n = frame_parse(data, size, &f)) > 0) {
		assert((size_t)n <= size);
		take_apart(&f);
		data += n;
		size -= (size_t)n;
	}
}

/* What was read is written in the one way there is, and means the same. */
static void invite(const char *text)
{
	struct invite i, again;
	char out[INVITE_TEXT_SIZE];

	if (invite_parse(text, &i))
		return;
	assert(invite_parse(invite_text(&i, out), &again) == 0);
	assert(strcmp(i.host, again.host) == 0 && i.port == again.port &&
	       memcmp(i.token, again.token, sizeof(i.token)) == 0);
}

/* A line is a message or a command, never both. */
static void request(const char *text, size_t len)
{
	struct request r;
	const char *why = NULL;

	if (request_parse(text, len, &r, &why)) {
		assert(why);
		return;
	}
	assert(!r.text != !r.command && !r.argument_name == !r.argument);
	assert(!r.text || (text_is_utf8(r.text, r.text_len) && !r.argument));
	request_free(&r);
}

static void known_peers(const char *text, size_t len)
{
	struct peers p = {0};
	unsigned int line;

	if (peers_parse(text, len, &p, &line))
		return;
	for (size_t i = 0; i < p.count; i++)
		assert(nick_ok(p.list[i].nick));
	peers_free(&p);
}

static void terminal(const uint8_t *data, size_t size)
{
	struct editor e;
	struct keys k = {0};

	if (editor_init(&e))
		return;
	for (size_t i = 0; i < size; i++) {
		if (editor_key(&e, keys_feed(&k, data[i])) == EDITOR_LINE)
			editor_clear(&e, true);
		assert(e.cursor <= e.len && e.line[e.len] == 0);
	}
	assert(text_is_utf8(e.line, e.len));
	editor_free(&e);
}

static void show(const uint8_t *data, size_t size)
{
	char *out = malloc(TEXT_SHOW_MAX(size));

	if (!out)
		return;
	text_show(data, size, "", out);
	assert(strlen(out) < TEXT_SHOW_MAX(size) && text_is_plain(out, strlen(out)));
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1)
		return 0;
	text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = 0;
	switch (data[0]) {
	case 'f':
		frames(data + 1, size - 1);
		break;
	case 'i':
		invite(text);
		break;
	case 'j':
		request((const char *)data + 1, size - 1);
		break;
	case 'k':
		known_peers((const char *)data + 1, size - 1);
		break;
	case 't':
		terminal(data + 1, size - 1);
		break;
	default:
		show(data + 1, size - 1);
		break;
	}
	free(text);
	return 0;
}
