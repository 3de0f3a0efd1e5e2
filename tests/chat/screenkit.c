// SPDX-License-Identifier: GPL-2.0-or-later
/* screenkit.c - people at terminals. */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/screenkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

void person_looks(struct person *who)
{
	if (who->p->out.len == who->shown)
		return;
	terminal_feed(who->t, who->p->out.data + who->shown, who->p->out.len - who->shown);
	who->shown = who->p->out.len;
}

void person_listen(struct person *who, unsigned short columns, const char *nick, const char *words,
		   uint16_t *port)
{
	struct process_setup setup = {.columns = columns, .rows = SCREEN_ROWS};

	*who = (struct person){.t = terminal_new(columns, SCREEN_ROWS)};
	who->p = talk_listen(&setup, nick, words, port);
	person_prompt(who, ">", 2);
}

void person_connect(struct person *who, unsigned short columns, const char *nick, uint16_t port,
		    const char *words)
{
	struct process_setup setup = {.columns = columns, .rows = SCREEN_ROWS};

	*who = (struct person){.t = terminal_new(columns, SCREEN_ROWS)};
	who->p = talk_connect(&setup, nick, port, words);
}

void person_types(struct person *who, const char *bytes)
{
	process_feed(who->p, bytes, strlen(bytes));
}

struct sight {
	struct person *who;
	const char *text;
	unsigned int count;
	size_t column;
};

static bool seen(void *arg)
{
	struct sight *s = arg;

	person_looks(s->who);
	return terminal_count(s->who->t, s->text) == s->count;
}

static bool prompted(void *arg)
{
	struct sight *s = arg;
	const struct terminal *t = s->who->t;

	person_looks(s->who);
	return strcmp(terminal_row(t, t->row), s->text) == 0 && t->column == s->column &&
	       t->row + 1 == t->used;
}

/* What is on the screen says more than that a wait was without success. */
static void wait_for_sight(bool (*done)(void *arg), struct sight *s)
{
	struct process *p = s->who->p;
	char *text;

	if (process_pump_long(done, s))
		return;
	text = terminal_text(s->who->t);
	fail_msg("pid %d: waited in vain for \"%s\" (%u, column %zu); cursor in row %zu, column "
		 "%zu of:\n%s",
		 (int)p->pid, s->text, s->count, s->column, s->who->t->row, s->who->t->column,
		 text);
}

void person_sees_times(struct person *who, const char *text, unsigned int count)
{
	struct sight s = {.who = who, .text = text, .count = count};

	wait_for_sight(seen, &s);
}

void person_sees(struct person *who, const char *text)
{
	person_sees_times(who, text, 1);
}

void person_prompt(struct person *who, const char *row, size_t column)
{
	struct sight s = {.who = who, .text = row, .column = column};

	wait_for_sight(prompted, &s);
}

void person_resize(struct person *who, unsigned short columns)
{
	struct winsize size = {.ws_row = SCREEN_ROWS, .ws_col = columns};

	person_looks(who);
	who->t->columns = columns;
	assert_int_equal(ioctl(who->p->in, TIOCSWINSZ, &size), 0);
}

static bool stopped(void *arg)
{
	struct process *p = arg;
	int status;

	return waitpid(p->pid, &status, WUNTRACED | WNOHANG) == p->pid && WIFSTOPPED(status);
}

void person_stopped(struct person *who)
{
	process_pump_until(stopped, who->p, "a stopped process");
}

void person_free(struct person *who)
{
	person_looks(who);
	assert_string_equal(who->t->offence, "");
	free(who->t);
	who->t = NULL;
}

void person_keep(const struct person *who, const char *name)
{
	const char *dir = getenv("CHAT_SCREENS");
	char path[300], *text;
	FILE *out;

	if (!dir)
		return;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	out = fopen(path, "we");
	assert_non_null(out);
	text = terminal_text(who->t);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
	free(text);
}

void screen_meet(struct person *alice, struct process **bob, unsigned short columns,
		 const char *words)
{
	uint16_t port;

	person_listen(alice, SCREEN_COLUMNS, "alice", "listen --accept-new --dir=%D/got", &port);
	*bob = talk_connect(NULL, "bob", port, words);
	person_sees(alice, "Talking to bob (unverified)");
	person_prompt(alice, ">", 2);
	if (columns != SCREEN_COLUMNS)
		person_resize(alice, columns);
}
