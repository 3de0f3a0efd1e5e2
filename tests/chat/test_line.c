// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_line.c - the line that somebody at a terminal types: what comes meanwhile, widths, a
 * paste, lines typed before, and the keys that end or suspend it all.
 */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/screenkit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
		      "> one\xe2\x86\xb5two\xe2\x86\x92three\xe2\x86\xb5"
		      "four",
		      20);
	process_say(bob, "meanwhile\n");
	person_sees(&alice, "<bob> meanwhile");
	person_prompt(&alice,
		      "> one\xe2\x86\xb5two\xe2\x86\x92three\xe2\x86\xb5"
		      "four",
		      20);
	person_types(&alice, "\r");
	process_expect_text(bob, "one\ntwo\tthree\nfour\n");
	person_sees(&alice, "<alice> one");
	person_sees(&alice, "        | two   three");
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

/* Emoji that are joined of several: some terminals show one, others all of them. Neither makes us
 * erase what stands above the line. */
static void joined_emoji(struct person *alice, struct process *bob)
{
	static const char family[] = "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d"
				     "\xf0\x9f\x91\xa7";
	char text[12 * sizeof(family)] = "", line[20];

	for (int i = 0; i < 5; i++) {
		snprintf(line, sizeof(line), "message %d", i);
		talk_says(bob, line);
		person_sees(alice, line);
	}
	for (int i = 0; i < 12; i++)
		strcat(text, family);
	person_types(alice, text);
	for (int i = 0; i < 5; i++) {
		snprintf(line, sizeof(line), "interruption %d", i);
		talk_says(bob, line);
		person_sees(alice, line);
	}
	/* One Backspace takes a whole family. */
	person_types(alice, "\x7f");
	person_types(alice, LEFT "x\r");
	text[11 * (sizeof(family) - 1)] = 0;
	memmove(text + 10 * (sizeof(family) - 1) + 1, text + 10 * (sizeof(family) - 1),
		sizeof(family));
	text[10 * (sizeof(family) - 1)] = 'x';
	process_expect_in_out(bob, text);
	for (int i = 0; i < 5; i++) {
		snprintf(line, sizeof(line), "message %d", i);
		person_sees(alice, line);
		snprintf(line, sizeof(line), "interruption %d", i);
		person_sees(alice, line);
	}
}

static void emoji(void **state)
{
	struct person alice;
	struct process *bob;

	screen_meet(&alice, &bob, 40, "--accept-new --json");
	joined_emoji(&alice, bob);
	person_free(&alice);
}

static void emoji_joined(void **state)
{
	struct person alice;
	struct process *bob;

	screen_meet(&alice, &bob, 40, "--accept-new --json");
	alice.t->joins = true;
	joined_emoji(&alice, bob);
	person_free(&alice);
}

/* A paste is taken whole or not at all, and the user is told. */
static void long_paste(void **state)
{
	struct person alice;
	struct process *bob;
	char *text = malloc(60100);

	assert_non_null(text);
	screen_meet(&alice, &bob, 80, "--accept-new");
	memset(text, 'x', 60100);
	memcpy(text, "\033[200~", 6);
	strcpy(text + 6 + 60001, "\033[201~");
	person_types(&alice, "kept ");
	person_types(&alice, text);
	person_sees(&alice, "The paste of 60001 bytes was not taken: a message has at most 60000.");
	person_prompt(&alice, "> kept", 7);
	strcpy(text + 6 + 59990, "END\033[201~");
	person_types(&alice, text);
	person_types(&alice, "\r");
	process_expect_in_out(bob, "xEND\n");
	assert_int_equal(bob->out.len, 5 + 59993 + 1);
	person_free(&alice);
	free(text);
}

/* Part of a line that is longer than the screen is shown, with marks where something is missing. */
static void line_beyond_the_screen(void **state)
{
	struct person alice;
	struct process *bob;
	char text[2001];

	screen_meet(&alice, &bob, 20, "--accept-new");
	memset(text, 'a', 2000);
	text[2000] = 0;
	person_types(&alice, text);
	person_sees(&alice, "> <aaaaaaaaaaaaaaaaa");
	person_types(&alice, "\001");
	person_sees(&alice, "a>");
	person_types(&alice, "\r");
	process_expect_in_out(bob, text);
	person_free(&alice);
}

static void search(void **state)
{
	struct person alice;
	struct process *bob;

	screen_meet(&alice, &bob, 80, "--accept-new");
	person_types(&alice, "first apple\rsecond pear\rthird apple\rdraft");
	person_prompt(&alice, "> draft", 7);
	person_types(&alice, "\022app");
	person_prompt(&alice, "search 'app': third apple", 25);
	person_types(&alice, "\022");
	person_prompt(&alice, "search 'app': first apple", 25);
	person_types(&alice, "x");
	person_prompt(&alice, "none has 'appx': first apple", 28);
	person_types(&alice, "\007");
	person_prompt(&alice, "> draft", 7);
	person_types(&alice, "\022pear\033[H");
	person_prompt(&alice, "> second pear", 2);
	person_types(&alice, "a \r");
	process_expect_in_out(bob, "a second pear\n");
	person_free(&alice);
}

static void completion(void **state)
{
	struct person alice;
	struct process *bob;
	char command[300];

	screen_meet(&alice, &bob, 80, "--accept-new");
	person_types(&alice, "/sta\t");
	person_prompt(&alice, "> /status", 10);
	person_types(&alice, "\025/s\t");
	person_sees(&alice, "/send  /status");
	person_prompt(&alice, "> /s", 4);
	person_types(&alice, "\025bo\t");
	person_prompt(&alice, "> bob:", 7);
	person_types(&alice, "\025ask b\t");
	person_prompt(&alice, "> ask bob", 10);
	assert_int_equal(mkdir(kit_path("some dir"), 0700), 0);
	kit_file("some dir/the file", "x", 1);
	kit_file("some dir/the fence", "x", 1);
	snprintf(command, sizeof(command), "\025/send %s/so\t", kit_path("some dir"));
	*strstr(command, "some dir/so") = 0;
	strcat(command, "so\tthe\te\t");
	person_types(&alice, command);
	snprintf(command, sizeof(command), "> /send %s/the fence", kit_path("some dir"));
	person_prompt(&alice, command, strlen(command));
	person_types(&alice, "  \r"); /* blanks at the end are no part of the name */
	person_sees(&alice, "the fence was not sent:");
	person_types(&alice, "/send\r");
	person_sees(&alice, "/send FILE: say which file");
	person_free(&alice);
}

/* Emacs' shell, and a serial line: no control sequence at all, and everything works. */
static void dumb_terminal(void **state)
{
	struct process_setup setup = {.columns = 80, .rows = 24, .term = "dumb"};
	struct process *alice, *bob;
	uint16_t port;

	alice = talk_listen(&setup, "alice", "listen", &port);
	bob = talk_connect(NULL, "bob", port, "--accept-new");
	process_expect_in_out(alice, "accept? ");
	process_say(alice, "yes\n");
	process_expect_in_out(alice, "Talking to bob");
	process_say(alice, "hello\tbob\n/who\n");
	process_expect_text(bob, "hello\tbob\n");
	process_say(bob, "hello alice\n");
	process_expect_in_out(alice, "<bob> hello alice");
	process_expect_in_out(alice, "alice (you)");
	process_say(alice, "\004");
	process_expect_exit(alice, OK);
	assert_null(memchr(alice->out.data, '\033', alice->out.len));
	process_expect_exit(bob, OK);
}

/* Ctrl-S at the hub's terminal: the members go on, and its owner sees everything afterwards. */
static void terminal_that_takes_nothing(void **state)
{
	char text[2001], words[] = "--accept-new --json --keepalive=1 --reconnect=0";
	struct person hub;
	struct process *bob, *carol;
	uint16_t port;

	person_listen(&hub, TERMINAL_COLUMNS, "hub", "listen --hub --accept-new --keepalive=1",
		      &port);
	bob = talk_connect(NULL, "bob", port, words);
	carol = talk_connect(NULL, "carol", port, words);
	process_expect_in_out(carol, "\"event\":\"joined\"");
	process_expect_in_out(bob, "\"peer\":\"carol\"");
	hub.p->deaf = true;
	memset(text, 'x', 2000);
	text[2000] = 0;
	for (int i = 0; i < 100; i++) {
		snprintf(text, 20, "number %d;", i);
		text[strlen(text)] = 'x';
		talk_says(bob, text);
	}
	process_expect_in_out(carol, "number 99;");
	assert_null(strstr(carol->out.data, "\"event\":\"away\""));
	assert_null(strstr(bob->out.data, "\"event\":\"away\""));
	hub.p->deaf = false;
	person_sees(&hub, "number 0;");
	person_sees(&hub, "number 99;");
	person_types(&hub, "hello\r");
	process_expect_in_out(carol, "hello");
	/* It can be left while it takes nothing, too. */
	hub.p->deaf = true;
	for (int i = 0; i < 50; i++)
		talk_says(bob, text);
	talk_says(bob, "that was it");
	process_expect_in_out(carol, "that was it");
	assert_int_equal(kill(hub.p->pid, SIGTERM), 0);
	process_expect_in_out(carol, "\"event\":\"left\"");
	hub.p->deaf = false;
	process_expect_exit(hub.p, 128 + SIGTERM);
	person_free(&hub);
}

/* Lines of earlier conversations, if the user wants them to be kept. */
static void history_in_a_file(void **state)
{
	struct person alice;
	struct process *bob;
	uint16_t port;
	size_t len;
	char *kept;

	for (int i = 0; i < 2; i++) {
		person_listen(&alice, 80, "alice", "listen --accept-new --history", &port);
		bob = talk_connect(NULL, "bob", port, "--accept-new");
		person_sees(&alice, "Talking to bob");
		person_types(&alice, i ? UP UP "\r\004"
				       : "old \\ line\r\033[200~two\nlines\033[201~\r\004");
		process_expect_exit(alice.p, OK);
		process_expect_exit(bob, OK);
		process_expect_text(bob, i ? "old \\ line\n" : "old \\ line\ntwo\nlines\n");
		person_free(&alice);
	}
	kept = talk_read(kit_path("alice/history"), &len);
	assert_string_equal(kept, "old \\\\ line\ntwo\\nlines\nold \\\\ line\n");
	free(kept);
}

static void colours(void **state)
{
	struct process_setup plain = {.columns = 80, .rows = 24, .plain = true};
	struct person alice;
	struct process *bob;
	uint16_t port;

	screen_meet(&alice, &bob, 80, "--accept-new");
	process_say(bob, "red\n");
	person_sees(&alice, "<bob> red");
	assert_int_not_equal(alice.t->colours, 0);
	person_free(&alice);
	process_free_all();
	alice = (struct person){.t = terminal_new(80, 24)};
	alice.p = talk_listen(&plain, "alice", "listen --accept-new", &port);
	bob = talk_connect(NULL, "bob", port, "--accept-new");
	process_say(bob, "black\n");
	person_sees(&alice, "<bob> black");
	assert_int_equal(alice.t->colours, 0);
	person_free(&alice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(typing_survives),
	    TEST(long_line_survives),
	    TEST(widths),
	    TEST(resized),
	    TEST(paste),
	    TEST(history),
	    TEST(end_of_input),
	    TEST(interrupted),
	    TEST(suspended),
	    TEST(emoji),
	    TEST(emoji_joined),
	    TEST(long_paste),
	    TEST(line_beyond_the_screen),
	    TEST(search),
	    TEST(completion),
	    TEST(dumb_terminal),
	    TEST(terminal_that_takes_nothing),
	    TEST(history_in_a_file),
	    TEST(colours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
