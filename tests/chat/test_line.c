// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_line.c - the line that somebody at a terminal types: what comes meanwhile, widths, a
 * paste, lines typed before, and the keys that end or suspend it all.
 */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/screenkit.h"

#include <signal.h>
#include <stdio.h>
#include <termios.h>

/* The line being typed is erased, and drawn again below what came. */
static void typing_survives(void **state)
{
	struct person alice;
	struct process *bob;

	screen_meet(&alice, &bob, 80, "--accept-new --json");
	person_types(&alice, "half a sen" LEFT LEFT LEFT);
	person_prompt(&alice, "> half a sen", 9);
	talk_says(bob, "one");
	talk_says(bob, "two");
	person_sees(&alice, "<bob> one");
	person_sees(&alice, "<bob> two");
	person_prompt(&alice, "> half a sen", 9);
	person_sees(&alice, "half a sen");
	person_types(&alice, "\005tence\r");
	person_sees(&alice, "<alice> half a sentence");
	person_prompt(&alice, ">", 2);
	person_sees(&alice, "half a sen");
	person_free(&alice);
}

/* A line of several rows, and a screen that scrolls under it. */
static void long_line_survives(void **state)
{
	struct person alice;
	struct process *bob;
	char text[32];

	screen_meet(&alice, &bob, 20, "--accept-new --json");
	person_types(&alice, "aaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbccc");
	person_prompt(&alice, "ccc", 3);
	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "n%d!", i);
		talk_says(bob, text);
	}
	person_sees(&alice, "<bob> n39!");
	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "<bob> n%d!", i);
		person_sees(&alice, text);
	}
	person_prompt(&alice, "ccc", 3);
	person_sees(&alice, "> aaaaaaaaaaaaaaaaaa");
	person_sees(&alice, "bbbbbbbbbbbbbbbbbbbb");
	/* A row that is exactly full: the cursor is at the start of the next. */
	person_types(&alice, "\x7f\x7f\x7f");
	person_prompt(&alice, "", 0);
	talk_says(bob, "full");
	person_sees(&alice, "<bob> full");
	person_prompt(&alice, "", 0);
	person_types(&alice, "\025short");
	person_prompt(&alice, "> short", 7);
	person_sees_times(&alice, "aaaaa", 0);
	person_free(&alice);
}

/* Characters of two columns and marks of none, also at the edge. */
static void widths(void **state)
{
	struct person alice;
	struct process *bob;

	screen_meet(&alice, &bob, 20, "--accept-new");
	person_types(&alice, "\xe4\xbd\xa0\xe5\xa5\xbd");
	person_prompt(&alice, "> \xe4\xbd\xa0\xe5\xa5\xbd", 6);
	person_types(&alice, "e\xcc\x81x");
	person_prompt(&alice,
		      "> \xe4\xbd\xa0\xe5\xa5\xbd"
		      "e\xcc\x81x",
		      8);
	/* Over the x, and over the e with its accent, each in one step. */
	person_types(&alice, LEFT LEFT);
	person_prompt(&alice,
		      "> \xe4\xbd\xa0\xe5\xa5\xbd"
		      "e\xcc\x81x",
		      6);
	person_types(&alice, "\x7f");
	person_prompt(&alice,
		      "> \xe4\xbd\xa0"
		      "e\xcc\x81x",
		      4);
	/* The last but one column is taken, so a wide one does not fit behind it. */
	person_types(&alice, "\005\025"
			     "abcdefghijklmnopq\xf0\x9f\x99\x82z");
	person_prompt(&alice, "\xf0\x9f\x99\x82z", 3);
	person_sees(&alice, "> abcdefghijklmnopq");
	process_say(bob, "\xe3\x81\x82\n");
	person_sees(&alice, "<bob> \xe3\x81\x82");
	person_prompt(&alice, "\xf0\x9f\x99\x82z", 3);
	person_sees(&alice, "> abcdefghijklmnopq");
	person_types(&alice, "\r");
	process_expect_text(bob, "abcdefghijklmnopq\xf0\x9f\x99\x82z\n");
	person_free(&alice);
}

static void resized(void **state)
{
	struct person alice;
	struct process *bob;

	screen_meet(&alice, &bob, 80, "--accept-new");
	person_types(&alice, "0123456789012345678901234567890123456789");
	person_prompt(&alice, "> 0123456789012345678901234567890123456789", 42);
	person_resize(&alice, 30);
	person_prompt(&alice, "890123456789", 12);
	process_say(bob, "hello\n");
	person_sees(&alice, "<bob> hello");
	person_prompt(&alice, "890123456789", 12);
	person_sees(&alice, "> 0123456789012345678901234567");
	person_resize(&alice, 80);
	person_types(&alice, "!\r");
	process_expect_text(bob, "0123456789012345678901234567890123456789!\n");
	person_free(&alice);
}

/* A paste is text: its line ends send nothing, its escapes do nothing. */
static void paste(void **state)
{
	struct person alice;
	struct process *bob;

	screen_meet(&alice, &bob, 80, "--accept-new");
	assert_true(alice.t->paste);
	person_types(&alice, "\033[200~one\rtwo\tthree\n\004" UP "four\033[201~");
	person_prompt(&alice,
		      "> one\xe2\x86\xb5two three\xe2\x86\xb5"
		      "four",
		      20);
	process_say(bob, "meanwhile\n");
	person_sees(&alice, "<bob> meanwhile");
	person_prompt(&alice,
		      "> one\xe2\x86\xb5two three\xe2\x86\xb5"
		      "four",
		      20);
	person_types(&alice, "\r");
	process_expect_text(bob, "one\ntwo three\nfour\n");
	person_sees(&alice, "<alice> one");
	person_sees(&alice, "        | two three");
	person_sees(&alice, "        | four");
	person_free(&alice);
}

static void history(void **state)
{
	struct person alice;
	struct process *bob;

	screen_meet(&alice, &bob, 80, "--accept-new");
	person_types(&alice, "first\rsecond\rsecond\rdraft");
	person_prompt(&alice, "> draft", 7);
	person_types(&alice, UP);
	person_prompt(&alice, "> second", 8);
	person_types(&alice, UP);
	person_prompt(&alice, "> first", 7);
	person_types(&alice, UP UP);
	person_types(&alice, " again");
	person_prompt(&alice, "> first again", 13);
	person_types(&alice, DOWN DOWN);
	person_prompt(&alice, "> draft", 7);
	person_types(&alice, UP UP "\r");
	process_expect_text(bob, "first\nsecond\nsecond\nfirst\n");
	person_free(&alice);
}

static void expect_terminal_restored(struct person *who, const struct termios *before)
{
	struct termios now;

	person_looks(who);
	assert_int_equal(tcgetattr(who->p->in, &now), 0);
	assert_int_equal(now.c_lflag, before->c_lflag);
	assert_int_equal(now.c_iflag, before->c_iflag);
	assert_int_equal(now.c_oflag, before->c_oflag);
	assert_false(who->t->paste);
}

/* What a new pseudo terminal is set to. */
static struct termios fresh_terminal(void)
{
	static const char *const argv[] = {"/bin/true", NULL};
	struct process_setup setup = {.columns = 80, .rows = 24};
	struct process *p = process_start(&setup, argv);
	struct termios t;

	assert_int_equal(tcgetattr(p->in, &t), 0);
	assert_true(t.c_lflag & ICANON && t.c_lflag & ECHO);
	return t;
}

static void end_of_input(void **state)
{
	struct termios before = fresh_terminal();
	struct person alice;
	struct process *bob;

	screen_meet(&alice, &bob, 80, "--accept-new");
	/* On a line it deletes, on an empty line it leaves. */
	person_types(&alice, "ab\001\004");
	person_prompt(&alice, "> b", 2);
	person_types(&alice, "\r");
	process_expect_text(bob, "b\n");
	person_prompt(&alice, ">", 2);
	person_types(&alice, "\004");
	process_expect_exit(alice.p, OK);
	process_expect_exit(bob, OK);
	process_expect_err(bob, "alice left");
	expect_terminal_restored(&alice, &before);
	person_free(&alice);
}

static void interrupted(void **state)
{
	struct termios before = fresh_terminal();
	struct person alice;
	struct process *bob;

	screen_meet(&alice, &bob, 80, "--accept-new");
	person_types(&alice, "never sent");
	person_prompt(&alice, "> never sent", 12);
	person_types(&alice, "\003");
	process_expect_exit(alice.p, 128 + SIGINT);
	process_expect_exit(bob, OK);
	process_expect_err(bob, "alice left");
	assert_int_equal(bob->out.len, 0);
	person_sees_times(&alice, "never", 0);
	expect_terminal_restored(&alice, &before);
	person_free(&alice);
}

static void suspended(void **state)
{
	struct termios before = fresh_terminal();
	struct person alice;
	struct process *bob;

	screen_meet(&alice, &bob, 80, "--accept-new");
	person_types(&alice, "so far");
	person_prompt(&alice, "> so far", 8);
	person_types(&alice, "\032");
	person_stopped(&alice);
	person_sees_times(&alice, "so far", 0);
	expect_terminal_restored(&alice, &before);
	process_say(bob, "are you there?\n");
	assert_int_equal(kill(alice.p->pid, SIGCONT), 0);
	person_sees(&alice, "<bob> are you there?");
	person_prompt(&alice, "> so far", 8);
	assert_true(alice.t->paste);
	person_free(&alice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(typing_survives), TEST(long_line_survives),
	    TEST(widths),	   TEST(resized),
	    TEST(paste),	   TEST(history),
	    TEST(end_of_input),	   TEST(interrupted),
	    TEST(suspended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
