// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keyboard.c - what a terminal sends, taken apart into keys and characters.
 *
 * Sequences are those of ECMA-48 as xterm uses them: ESC [ numbers letter, ESC O letter, ESC
 * letter. A lone Escape key joins the key that follows; it has no meaning here.
 */
#include "cryptochat/ui/keyboard.h"

#include "apps/base/text.h"

enum { PLAIN, ESCAPE, CONTROL_SEQUENCE, SINGLE_SHIFT };

#define PASTE_BEGIN 200
#define PASTE_END 201
#define NUMBER_MAX 1000

static uint32_t from_control(uint8_t byte)
{
	switch (byte) {
	case '\r':
	case '\n':
		return KEY_ENTER;
	case 0x7f:
	case KEY_CONTROL('H'):
		return KEY_BACKSPACE;
	case KEY_CONTROL('A'):
		return KEY_HOME;
	case KEY_CONTROL('B'):
		return KEY_LEFT;
	case KEY_CONTROL('D'):
		return KEY_EOF;
	case KEY_CONTROL('E'):
		return KEY_END;
	case KEY_CONTROL('F'):
		return KEY_RIGHT;
	case KEY_CONTROL('K'):
		return KEY_KILL_END;
	case KEY_CONTROL('L'):
		return KEY_REDRAW;
	case KEY_CONTROL('N'):
		return KEY_DOWN;
	case KEY_CONTROL('P'):
		return KEY_UP;
	case KEY_CONTROL('U'):
		return KEY_KILL_START;
	case KEY_CONTROL('W'):
		return KEY_KILL_WORD;
	case KEY_CONTROL('Z'):
		return KEY_SUSPEND;
	case '\t':
		return KEY_TAB;
	case KEY_CONTROL('R'):
		return KEY_SEARCH;
	case KEY_CONTROL('G'):
		return KEY_CANCEL;
	default:
		return KEY_NONE;
	}
}

static uint32_t from_letter(uint8_t letter, unsigned int modifier)
{
	switch (letter) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'C':
		return modifier > 1 ? KEY_WORD_RIGHT : KEY_RIGHT;
	case 'D':
		return modifier > 1 ? KEY_WORD_LEFT : KEY_LEFT;
	case 'H':
		return KEY_HOME;
	case 'F':
		return KEY_END;
	default:
		return KEY_NONE;
	}
}

static uint32_t from_number(struct keys *k)
{
	switch (k->number) {
	case 1:
	case 7:
		return KEY_HOME;
	case 3:
		return KEY_DELETE;
	case 4:
	case 8:
		return KEY_END;
	case PASTE_BEGIN:
		k->pasting = true;
		return KEY_NONE;
	case PASTE_END:
		k->pasting = false;
		return KEY_NONE;
	default:
		return KEY_NONE;
	}
}

static uint32_t control_sequence(struct keys *k, uint8_t byte)
{
	unsigned int *number = k->second ? &k->modifier : &k->number;
	uint32_t key;

	if (byte >= '0' && byte <= '9') {
		if (*number < NUMBER_MAX)
			*number = 10 * *number + (byte - '0');
		return KEY_NONE;
	}
	if (byte == ';') {
		k->second = true;
		return KEY_NONE;
	}
	if (byte >= 0x20 && byte < 0x40)
		return KEY_NONE;
	k->state = PLAIN;
	key = byte == '~' ? from_number(k) : from_letter(byte, k->modifier);
	/* What was pasted is text, whatever it looks like. */
	return k->pasting ? KEY_NONE : key;
}

static uint32_t after_escape(struct keys *k, uint8_t byte)
{
	k->state = PLAIN;
	switch (byte) {
	case '[':
		k->state = CONTROL_SEQUENCE;
		k->number = k->modifier = 0;
		k->second = false;
		return KEY_NONE;
	case 'O':
		k->state = SINGLE_SHIFT;
		return KEY_NONE;
	case 'b':
		return k->pasting ? KEY_NONE : KEY_WORD_LEFT;
	case 'f':
		return k->pasting ? KEY_NONE : KEY_WORD_RIGHT;
	case 0x1b:
		k->state = ESCAPE;
		return KEY_NONE;
	default:
		return KEY_NONE;
	}
}

static uint32_t plain(struct keys *k, uint8_t byte)
{
	uint32_t c;

	if (byte < 0x20 || byte == 0x7f) {
		k->have = 0;
		if (byte == 0x1b) {
			k->state = ESCAPE;
			return KEY_NONE;
		}
		if (k->pasting)
			return byte == '\r' || byte == '\n' ? '\n' : byte == '\t' ? '\t' : KEY_NONE;
		return from_control(byte);
	}
	if (byte < 0x80) {
		k->have = 0;
		return byte;
	}
	/* A byte that cannot go on starts anew. */
	if (byte >= 0xc0)
		k->have = 0;
	k->utf8[k->have++] = byte;
	if (utf8_decode(k->utf8, k->have, &c)) {
		k->have = 0;
		return utf8_is_control(c) ? KEY_NONE : c;
	}
	if (k->have == sizeof(k->utf8) || k->utf8[0] < 0xc0)
		k->have = 0;
	return KEY_NONE;
}

uint32_t keys_feed(struct keys *k, uint8_t byte)
{
	switch (k->state) {
	case ESCAPE:
		return after_escape(k, byte);
	case CONTROL_SEQUENCE:
		return control_sequence(k, byte);
	case SINGLE_SHIFT:
		k->state = PLAIN;
		return k->pasting ? KEY_NONE : from_letter(byte, 0);
	default:
		return plain(k, byte);
	}
}
