/* SPDX-License-Identifier: GPL-2.0-or-later */
/* screenkit.h - people at terminals, on top of talkkit.h and terminal.h. */
#ifndef TEST_CHAT_SCREENKIT_H
#define TEST_CHAT_SCREENKIT_H

#include "tests/chat/talkkit.h"
#include "tests/chat/terminal.h"

#define SCREEN_COLUMNS 80
#define SCREEN_ROWS 24

/* Keys, for person_types(). */
#define UP "\033[A"
#define DOWN "\033[B"
#define LEFT "\033[D"

/**
 * struct person - a cryptochat under a terminal
 * @p: the process; what it wrote to the terminal is in its out
 * @t: what the terminal shows of that
 * @shown: bytes of p->out that it has been given
 */
struct person {
	struct process *p;
	struct terminal *t;
	size_t shown;
};

/** person_listen() - start one at a terminal of @columns, as talk_listen() */
void person_listen(struct person *who, unsigned short columns, const char *nick, const char *words,
		   uint16_t *port);

/** person_connect() - the same, as talk_connect() */
void person_connect(struct person *who, unsigned short columns, const char *nick, uint16_t port,
		    const char *words);

/** person_types() - keys, as bytes */
void person_types(struct person *who, const char *bytes);

/** person_looks() - what was written so far is on @t */
void person_looks(struct person *who);

/** person_sees() - wait until @text is in some row */
void person_sees(struct person *who, const char *text);

/** person_sees_times() - wait until it is in @count rows */
void person_sees_times(struct person *who, const char *text, unsigned int count);

/**
 * person_prompt() - wait until the row of the cursor is this, the cursor in that column, and
 * nothing below it
 */
void person_prompt(struct person *who, const char *row, size_t column);

/** person_resize() - a terminal of another width; what is on it stays as it is */
void person_resize(struct person *who, unsigned short columns);

/** person_stopped() - wait until the process is stopped */
void person_stopped(struct person *who);

/** person_free() - check that nothing came that a terminal should not get, and forget */
void person_free(struct person *who);

/** person_keep() - write what is seen to $CHAT_SCREENS/@name, for docs/chat.md, if that is set */
void person_keep(const struct person *who, const char *name);

/**
 * screen_meet() - two people who talk
 * @alice: at a terminal, which then gets @columns
 * @bob: whose input and output are the test's
 * @columns: of her terminal
 * @words: his arguments, as for talk_connect()
 */
void screen_meet(struct person *alice, struct process **bob, unsigned short columns,
		 const char *words);

#endif /* TEST_CHAT_SCREENKIT_H */
