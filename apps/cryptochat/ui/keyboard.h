/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keyboard.h - what a terminal sends, taken apart into keys and characters. */
#ifndef CRYPTOCHAT_UI_KEYBOARD_H
#define CRYPTOCHAT_UI_KEYBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A character is its code point; keys are beyond all of these. */
enum key_code {
	KEY_NONE = 0x200000,
	KEY_ENTER,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_UP,
	KEY_DOWN,
	KEY_HOME,
	KEY_END,
	KEY_DELETE,
	KEY_BACKSPACE,
	KEY_WORD_LEFT,
	KEY_WORD_RIGHT,
	KEY_KILL_END,
	KEY_KILL_START,
	KEY_KILL_WORD,
	KEY_TAB,
	KEY_SEARCH,
	KEY_CANCEL,
	KEY_REDRAW,
	KEY_EOF,
	KEY_SUSPEND,
};

#define KEY_CONTROL(letter) ((letter)&0x1f)

/**
 * struct keys - state of the decoder; all zero at the start
 * @state: within an escape sequence, see keyboard.c
 * @number: first number of a control sequence
 * @utf8: bytes of a character that is not complete
 * @have: how many
 * @pasting: between the marks of a bracketed paste
 */
struct keys {
	int state;
	unsigned int number;
	unsigned int modifier;
	bool second;
	uint8_t utf8[4];
	uint8_t have;
	bool pasting;
};

/**
 * keys_feed() - take one byte
 *
  * Within a bracketed paste a line end is the character '\n' and a tab '\t', outside they are
 * KEY_ENTER and KEY_TAB. Sequences
 * and control characters without a meaning here, and what is no UTF-8, are swallowed.
 *
 * Return: a code point, enum key_code, or KEY_NONE: nothing yet
 */
uint32_t keys_feed(struct keys *k, uint8_t byte);

#endif /* CRYPTOCHAT_UI_KEYBOARD_H */
