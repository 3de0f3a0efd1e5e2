// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_screen.c - conversations of people at terminals, each a pseudo terminal: what they
 * type, what they see, and what their terminal never gets to see. The line that is being
 * typed is test_line.c's.
 */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/screenkit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SIZE 3000000
#define OFFERED "offers a file: holiday.tar, 3.0 MB. /accept or /decline?"

/*
 * Two people who know each other, each at a terminal, and the network between them, see
 * relay.c. Silence is no reason to break the connection.
 */
static struct process *meet_at_terminals(struct person *alice, struct person *bob,
					 const char *limit)
{
	struct process *network;
	uint16_t port, relay;

	mkdir(kit_path("got"), 0700);
	talk_introduce("alice", "bob");
	person_listen(alice, SCREEN_COLUMNS, "alice", "listen --keepalive=600 --dir=%D/got", &port);
	network = relay_start(port, limit, &relay);
	person_connect(bob, SCREEN_COLUMNS, "bob", relay,
		       "--accept-new --keepalive=600 --dir=%D/got");
	person_sees(alice, "Talking to bob (unverified)");
	person_sees(bob, "Talking to alice (unverified)");
	return network;
}

static const char *fingerprint_of(const struct person *who)
{
	static char text[64];
	const char *at = strstr(who->p->err.data, "SHA256:");

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(at, "\n"), at);
	return text;
}

static void first_contact(void **state)
{
	struct person alice, bob;
	uint16_t port;

	person_listen(&alice, SCREEN_COLUMNS, "alice", "listen", &port);
	person_connect(&bob, SCREEN_COLUMNS, "bob", port, "");
	person_sees(&bob, "has a key never seen here:");
	person_sees(&bob, fingerprint_of(&alice));
	person_prompt(&bob, "accept?", 8);
	person_types(&bob, "perhaps\r");
	person_sees(&bob, "Please say yes, no, or the whole fingerprint.");
	person_types(&bob, "yes\r");
	person_sees(&bob, "waiting to be let in.");
	person_prompt(&bob, ">", 2);
	person_sees(&alice, "bob wants to talk, from 127.0.0.1");
	person_prompt(&alice, "accept?", 8);
	person_types(&alice, fingerprint_of(&bob));
	person_types(&alice, "\r");
	person_sees(&alice, "Talking to bob (unverified)");
	person_sees(&bob, "Talking to alice (unverified)");
	person_types(&alice, "Hello, Bob. Is it you?\r");
	person_sees(&bob, "<alice> Hello, Bob. Is it you?");
	person_types(&bob, "It is. \xe4\xbd\xa0\xe5\xa5\xbd!\r");
	person_sees(&alice, "<bob> It is. \xe4\xbd\xa0\xe5\xa5\xbd!");
	/* An answer to a question is no message, and not among the lines typed before; what is no
	 * answer is. */
	person_types(&bob, UP);
	person_prompt(&bob, "> It is. \xe4\xbd\xa0\xe5\xa5\xbd!", 14);
	person_types(&bob, UP);
	person_prompt(&bob, "> perhaps", 9);
	person_types(&bob, DOWN);
	person_prompt(&bob, "> It is. \xe4\xbd\xa0\xe5\xa5\xbd!", 14);
	person_keep(&bob, "first-contact-caller");
	person_keep(&alice, "first-contact-called");
	person_free(&alice);
	person_free(&bob);
}

/* Somebody with another key is not asked about, and does not get in. */
static void changed_key(void **state)
{
	struct person alice;
	uint16_t port;
	char text[200];
	int n;

	talk_listen(NULL, "bob", "listen --accept-new", &port);
	assert_int_equal(mkdir(kit_path("alice"), 0700), 0);
	n = snprintf(text, sizeof(text), "127.0.0.1:%u SHA256:%.43s unverified bob\n", port,
		     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	kit_file("alice/known_peers", text, (size_t)n);
	person_connect(&alice, SCREEN_COLUMNS, "alice", port, "");
	person_sees(&alice, "!! THE KEY OF 127.0.0.1:");
	person_sees(&alice, " HAS CHANGED.");
	person_sees(&alice, "   known: SHA256:");
	person_sees(&alice, "   now:   SHA256:");
	process_expect_exit(alice.p, IDENTITY);
	person_sees_times(&alice, "accept", 0);
	person_keep(&alice, "key-changed");
	person_free(&alice);
}

/* A name that another key has: a new person, who gets a name of its own. */
static void taken_nick(void **state)
{
	struct person alice;
	struct process *bob;
	uint16_t port;

	talk_introduce("alice", "bob");
	assert_int_equal(rename(kit_path("bob"), kit_path("elsewhere")), 0);
	person_listen(&alice, SCREEN_COLUMNS, "alice", "listen", &port);
	bob = talk_connect(NULL, "bob", port, "--accept-new");
	person_sees(&alice,
		    "!! Somebody calls itself bob, but has another key than the bob you know");
	person_prompt(&alice, "accept?", 8);
	person_types(&alice, "yes\r");
	person_sees(&alice, "-- Talking to bob~");
	process_say(bob, "hello\n");
	person_sees(&alice, "<bob~");
	person_free(&alice);
}

/* Who sends something and leaves is asked about a new key, too, if there is a terminal. */
static void asks_before_it_sends(void **state)
{
	struct person bob;
	uint16_t port;
	struct process *alice = talk_listen(NULL, "alice", "listen --accept-new", &port);

	person_connect(&bob, SCREEN_COLUMNS, "bob", port, "-m hello");
	person_sees(&bob, "has a key never seen here:");
	person_sees(&bob, "accept?");
	assert_int_equal(alice->out.len, 0);
	person_types(&bob, "perhaps\r");
	person_sees(&bob, "Please say yes, no, or the whole fingerprint.");
	person_types(&bob, "yes\r");
	process_expect_exit(bob.p, OK);
	process_expect_text(alice, "hello\n");
	person_free(&bob);
	/* No, and the end of the input, are no. */
	person_connect(&bob, SCREEN_COLUMNS, "carol", port, "-m secret");
	person_sees(&bob, "accept?");
	person_types(&bob, "\004");
	process_expect_exit(bob.p, IDENTITY);
	person_free(&bob);
	/* Whoever does not want to be asked says so. */
	person_connect(&bob, SCREEN_COLUMNS, "dave", port, "-m secret --strict");
	process_expect_exit(bob.p, IDENTITY);
	person_free(&bob);
	process_expect_text(alice, "hello\n");
}

static void in_a_hub(void **state)
{
	uint16_t port;
	struct process *hub = talk_listen(NULL, "hub", "listen --hub --accept-new", &port), *bob;
	struct person alice;

	person_connect(&alice, SCREEN_COLUMNS, "alice", port, "--accept-new");
	person_sees(&alice, "!! This is a hub: whoever runs it can read everything");
	bob = talk_connect(NULL, "bob", port, "--accept-new --json");
	person_sees(&alice, "-- bob came (SHA256:");
	person_types(&alice, "Hello, all.\r");
	talk_says(bob, "Hello, Alice.");
	person_sees(&alice, "<bob> Hello, Alice.");
	process_end_input(bob);
	assert_int_equal(kill(bob->pid, SIGTERM), 0);
	person_sees(&alice, "-- bob left (SHA256:");
	person_keep(&alice, "hub");
	assert_int_equal(kill(hub->pid, SIGTERM), 0);
	person_sees(&alice, "-- hub left.");
	person_free(&alice);
}

/* What is being typed when the question comes is not the answer, and is not lost. */
static void question_while_typing(void **state)
{
	struct person alice;
	struct process *bob;
	uint16_t port;

	talk_introduce("alice", "bob");
	person_listen(&alice, SCREEN_COLUMNS, "alice", "listen --hub", &port);
	bob = talk_connect(NULL, "bob", port, "--accept-new");
	person_sees(&alice, "-- Talking to bob");
	person_types(&alice, "yes" LEFT);
	person_prompt(&alice, "> yes", 4);
	talk_connect(NULL, "mallory", port, "--accept-new");
	person_prompt(&alice, "accept?", 8);
	person_types(&alice, "\r");
	person_sees(&alice, "Please say yes, no, or the whole fingerprint.");
	/* Commands work meanwhile. */
	person_types(&alice, "/who\r");
	person_sees(&alice, "-- alice (you) SHA256:");
	person_prompt(&alice, "accept?", 8);
	person_types(&alice, "See you at noon, Bob\r");
	person_sees(&alice, "What you typed was not sent; Up brings it back.");
	person_types(&alice, "no\r");
	person_sees(&alice, "Not accepted.");
	person_prompt(&alice, "> yes", 4);
	assert_null(strstr(bob->out.data ? bob->out.data : "", "yes"));
	person_types(&alice, "\r");
	process_expect_text(bob, "yes\n");
	person_types(&alice, UP UP);
	person_prompt(&alice, "> See you at noon, Bob", 22);
	person_types(&alice, "\r/quit\r");
	process_expect_exit(alice.p, OK);
	person_free(&alice);
}

/* The answer belongs to the key that was shown, and the prompt to the question. */
static void question_changes(void **state)
{
	struct process *carol, *dave;
	struct person alice;
	uint16_t port;

	person_listen(&alice, SCREEN_COLUMNS, "alice", "listen", &port);
	carol = talk_connect(NULL, "carol", port, "--accept-new");
	person_sees(&alice, "carol wants to talk");
	dave = talk_connect(NULL, "dave", port, "--accept-new");
	process_expect_err(dave, "waiting to be let in");
	person_types(&alice, "ye");
	person_prompt(&alice, "accept? ye", 10);
	assert_int_equal(kill(carol->pid, SIGKILL), 0);
	person_sees(&alice, "-- carol is not waiting for an answer any more.");
	person_sees(&alice, "dave wants to talk");
	person_prompt(&alice, "accept?", 8);
	person_types(&alice, "yes\r");
	person_sees(&alice, "The question has changed. Now dave waits");
	person_sees_times(&alice, "Talking to", 0);
	person_types(&alice, "yes\r");
	person_sees(&alice, "Talking to dave");
	person_prompt(&alice, ">", 2);
	person_free(&alice);
}

/* The one who asked goes, and nobody else waits. */
static void question_goes(void **state)
{
	struct process *carol;
	struct person alice;
	uint16_t port;

	person_listen(&alice, SCREEN_COLUMNS, "alice", "listen", &port);
	person_types(&alice, "half");
	carol = talk_connect(NULL, "carol", port, "--accept-new");
	person_prompt(&alice, "accept?", 8);
	assert_int_equal(kill(carol->pid, SIGKILL), 0);
	person_prompt(&alice, "> half", 6);
	person_free(&alice);
}

static void refused_at_the_prompt(void **state)
{
	struct person alice, bob;
	uint16_t port;

	person_listen(&alice, SCREEN_COLUMNS, "alice", "listen", &port);
	person_connect(&bob, SCREEN_COLUMNS, "bob", port, "--accept-new");
	person_prompt(&alice, "accept?", 8);
	person_types(&alice, "no\r");
	process_expect_exit(bob.p, REFUSED);
	person_sees(&bob, "your key was not accepted");
	person_sees(&alice, "Not accepted.");
	person_prompt(&alice, ">", 2);
	person_free(&alice);
	person_free(&bob);
}

/* Text that would steer the terminal is shown; person_free() sees what was let through. */
static void hostile_text(void **state)
{
	struct person alice;
	struct process *bob;

	screen_meet(&alice, &bob, 80, "--accept-new --json");
	talk_says(bob, "a\033]52;c;cm0gLXJmIC8=\007b");
	person_sees(&alice, "<bob> a\\x1b]52;c;cm0gLXJmIC8=\\x07b");
	talk_says(bob, "\033[2J\033[H\033[?1049h");
	person_sees(&alice, "<bob> \\x1b[2J\\x1b[H\\x1b[?1049h");
	talk_says(bob, "c\xc2\x9b"
		       "31md\xe2\x80\xae"
		       "e\r\b\x7f"
		       "f");
	person_sees(&alice, "<bob> c\\xc2\\x9b31md\\xe2\\x80\\xaee\\x0d\\x08\\x7ff");
	person_prompt(&alice, ">", 2);
	assert_int_equal(alice.t->bells, 0);
	person_free(&alice);
}

/* Bytes of a pipe may be anything, and may pretend to be lines of somebody else. */
static void hostile_bytes(void **state)
{
	static const char bytes[] = "x\xff\xc3\033c\0y\n[00:00] <alice> I owe you 100\n";
	struct person alice;
	struct process *bob;

	screen_meet(&alice, &bob, 80, "--accept-new");
	process_feed(bob, bytes, sizeof(bytes) - 1);
	person_sees(&alice, "<bob> x\\xff\\xc3\\x1bc\\x00y");
	person_sees(&alice, "        | [00:00] <alice> I owe you 100");
	person_prompt(&alice, ">", 2);
	person_free(&alice);
}

static void hostile_file_name(void **state)
{
	struct person alice;
	struct process *bob;
	size_t len;
	char *got;

	mkdir(kit_path("got"), 0700);
	kit_file("a\033[2Jb", "12345", 5);
	screen_meet(&alice, &bob, 80, "--accept-new --json");
	talk_command(bob, "send", "file", kit_path("a\033[2Jb"));
	person_sees(&alice, "offers a file: a\\x1b[2Jb, 5 B. /accept or /decline?");
	person_types(&alice, "/accept\r");
	person_sees(&alice, "received ");
	person_prompt(&alice, ">", 2);
	got = talk_read(kit_path("got/a\\x1b[2Jb"), &len);
	assert_string_equal(got, "12345");
	free(got);
	person_free(&alice);
}

static void make_file(const char *name)
{
	uint8_t *data = malloc(SIZE);

	assert_non_null(data);
	kit_random(data, SIZE, 11);
	kit_file(name, data, SIZE);
	free(data);
}

static void expect_same_file(const char *name, const char *other)
{
	size_t len, other_len;
	char *data = talk_read(kit_path(name), &len), *other_data;

	other_data = talk_read(kit_path(other), &other_len);
	assert_int_equal(len, other_len);
	if (memcmp(data, other_data, len) != 0)
		fail_msg("%s is not what was sent", other);
	free(data);
	free(other_data);
}

/* Refused, then taken; the network holds half of it back, so that the bar can be seen. */
static void files(void **state)
{
	struct person alice, bob;
	struct process *relay;
	char line[300];

	make_file("holiday.tar");
	relay = meet_at_terminals(&alice, &bob, "h1500000");
	person_types(&bob, "/send /nowhere\r");
	person_sees(&bob, "cannot send \"/nowhere\": No such file or directory");
	person_types(&bob, "/accept\r");
	person_sees(&bob, "No file is on offer.");
	snprintf(line, sizeof(line), "/send %s\r", kit_path("holiday.tar"));
	person_types(&bob, line);
	person_sees(&alice, OFFERED);
	person_types(&alice, "/decline\r");
	person_sees(&bob, "holiday.tar was not sent: ");
	person_types(&bob, UP "\r");
	person_sees_times(&alice, OFFERED, 2);
	person_types(&alice, "/accept\r");
	person_sees(&alice, "% [#####");
	person_types(&alice, "still typing");
	person_prompt(&alice, "> still typing", 14);
	person_sees(&alice, "% [#####");
	person_keep(&alice, "file-progress");
	assert_int_equal(kill(relay->pid, SIGUSR1), 0);
	person_sees(&alice, "received holiday.tar");
	person_keep(&alice, "file-received");
	person_sees(&bob, "holiday.tar: sent and checked");
	person_sees_times(&alice, "% [", 0);
	person_prompt(&alice, "> still typing", 14);
	expect_same_file("holiday.tar", "got/holiday.tar");
	person_free(&alice);
	person_free(&bob);
}

/* The four words that somebody is shown. */
static const char *words_of(struct person *who, char *out, size_t size)
{
	for (size_t row = 0; row < who->t->used; row++) {
		const char *at = strstr(terminal_row(who->t, row), "Words for ");

		if (!at)
			continue;
		at = strstr(at, ":  ");
		assert_non_null(at);
		snprintf(out, size, "%s", at + 3);
	}
	return out;
}

static void expect_label(const char *whose, const char *line)
{
	size_t len;
	char *known = talk_read(kit_path(whose), &len);

	if (!strstr(known, line))
		fail_msg("no \"%s\" in %s: %s", line, whose, known);
	free(known);
}

static void verify_and_status(void **state)
{
	struct person alice, bob;
	char x[200] = "", y[200] = "";

	meet_at_terminals(&alice, &bob, "0");
	person_types(&alice, "/verify yes\r");
	person_sees(&alice, "No words were compared yet: /verify starts it.");
	person_types(&alice, "/verify\r");
	person_sees(&alice, "Words for bob:");
	person_sees(&bob, "Words for alice:");
	assert_string_equal(words_of(&alice, x, sizeof(x)), words_of(&bob, y, sizeof(y)));
	assert_true(strlen(x) >= 4 * 2 + 3);
	person_types(&alice, "/verify yes\r");
	person_sees(&alice, "bob is verified.");
	person_types(&bob, "/verify yes\r");
	person_sees(&bob, "alice is verified.");
	person_types(&alice, "/status\r");
	person_sees(&alice, "-- bob, verified, SHA256:");
	person_sees(&alice, ", TLS 1.3 TL"); /* the row ends there */
	person_sees(&alice, "-- crypto: in this process (--offload=off)");
	person_types(&alice, "/who\r");
	person_sees(&alice, "-- alice (you) SHA256:");
	person_keep(&alice, "verify");
	expect_label("alice/known_peers", " verified bob\n");
	person_free(&alice);
	person_free(&bob);
}

/*
 * Different words mean that somebody sits in between: no more is said, the other person is told
 * why, and neither end continues calling the key verified.
 */
static void words_differ(void **state)
{
	struct person alice, bob;

	meet_at_terminals(&alice, &bob, "0");
	person_types(&alice, "/verify\r");
	person_sees(&bob, "Words for alice:");
	person_types(&bob, "/verify yes\r");
	person_sees(&bob, "alice is verified.");
	expect_label("bob/known_peers", " verified alice\n");
	person_sees(&alice, "Words for bob:");
	person_types(&alice, "/verify no\r");
	person_sees(&alice, "Different words: somebody sits between you and bob.");
	person_sees(&bob, "alice sees different words: somebody sits between you.");
	person_keep(&bob, "words-differ");
	process_expect_exit(bob.p, IDENTITY);
	expect_label("bob/known_peers", " rejected alice\n");
	expect_label("alice/known_peers", " rejected bob\n");
	person_sees(&alice, "!! From now on this key is rejected: SHA256:");
	person_types(&alice, "anybody?\r");
	person_sees(&alice, "Nobody is there.");
	person_types(&alice, "/quit\r");
	process_expect_exit(alice.p, IDENTITY);
	person_free(&alice);
	person_free(&bob);
}

/* Somebody who is away when the words are found to differ is told when it comes back. */
static void words_differ_away(void **state)
{
	struct person alice, bob;
	char line[502];

	meet_at_terminals(&alice, &bob, "8000,0");
	person_types(&alice, "/verify\r");
	person_sees(&alice, "Words for bob:");
	person_sees(&bob, "Words for alice:");
	assert_int_equal(kill(bob.p->pid, SIGSTOP), 0);
	person_stopped(&bob);
	memset(line, 'x', sizeof(line) - 2);
	strcpy(line + sizeof(line) - 2, "\r");
	for (int i = 0; i < 16; i++)
		person_types(&alice, line);
	person_sees(&alice, "Connection to bob lost");
	person_types(&alice, "/verify no\r");
	person_sees(&alice, "Different words: somebody sits between you and bob.");
	assert_int_equal(kill(bob.p->pid, SIGCONT), 0);
	person_sees(&bob, "alice sees different words: somebody sits between you.");
	process_expect_exit(bob.p, IDENTITY);
	person_types(&alice, "anybody?\r");
	person_sees(&alice, "Nobody is there.");
	person_free(&alice);
	person_free(&bob);
}

/* A signal ends the program also while it waits for the invite, as it ends any other. */
static void interrupted_at_the_invite(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM};
	const struct process_setup setup = {.columns = 80, .rows = 24};

	for (size_t i = 0; i < 2; i++) {
		struct process *p = talk_start(&setup, "alice", "connect --offload=off");

		process_expect_err(p, "Paste the invite:");
		assert_int_equal(kill(p->pid, signals[i]), 0);
		process_expect_exit(p, 128 + signals[i]);
	}
}

/* The peer is away: nothing waits for it, so the user leaves at once. */
static void leave_while_away(void **state)
{
	static const char *const ways[] = {"/quit\r", "\004"};

	for (size_t i = 0; i < 2; i++) {
		struct person alice;
		struct process *bob;

		screen_meet(&alice, &bob, 80, "--accept-new");
		assert_int_equal(kill(bob->pid, SIGKILL), 0);
		person_sees(&alice, "Connection to bob lost");
		person_types(&alice, ways[i]);
		process_expect_exit(alice.p, OK);
		person_free(&alice);
	}
}

/* Something waits for it: that is said, and saying so again leaves, and names it. */
static void leave_with_unsent(void **state)
{
	static const char *const ways[] = {"/quit\r", "\004"};

	for (size_t i = 0; i < 2; i++) {
		struct person alice;
		struct process *bob;

		screen_meet(&alice, &bob, 80, "--accept-new");
		assert_int_equal(kill(bob->pid, SIGSTOP), 0);
		person_types(&alice, "remember the milk\r");
		person_sees(&alice, "<alice> remember the milk");
		assert_int_equal(kill(bob->pid, SIGKILL), 0);
		person_sees(&alice, "Connection to bob lost");
		person_types(&alice, ways[i]);
		person_sees(&alice, "1 message has not reached bob yet; waiting.");
		person_types(&alice, ways[1 - i]);
		person_sees(&alice, "1 message may not have reached bob:");
		person_sees(&alice, "   remember the milk");
		process_expect_exit(alice.p, NETWORK);
		person_free(&alice);
	}
}

static void commands(void **state)
{
	struct person alice;
	struct process *bob;

	screen_meet(&alice, &bob, 80, "--accept-new");
	person_types(&alice, "/hlep\r");
	person_sees(&alice, "There is no /hlep; /help lists commands.");
	person_types(&alice, "/help\r");
	person_sees(&alice, "-- /quit                 leave (also Ctrl-D)");
	person_types(&alice, "//etc is a directory\r");
	process_expect_text(bob, "/etc is a directory\n");
	person_types(&alice, "/quit\r");
	process_expect_exit(alice.p, OK);
	process_expect_exit(bob, OK);
	person_free(&alice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(first_contact),
	    TEST(question_while_typing),
	    TEST(question_changes),
	    TEST(question_goes),
	    TEST(refused_at_the_prompt),
	    TEST(changed_key),
	    TEST(taken_nick),
	    TEST(asks_before_it_sends),
	    TEST(in_a_hub),
	    TEST(hostile_text),
	    TEST(hostile_bytes),
	    TEST(hostile_file_name),
	    TEST(files),
	    TEST(verify_and_status),
	    TEST(words_differ),
	    TEST(words_differ_away),
	    TEST(interrupted_at_the_invite),
	    TEST(leave_while_away),
	    TEST(leave_with_unsent),
	    TEST(commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
