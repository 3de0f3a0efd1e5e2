// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_keys.c - what the user does with keys between conversations: whom this user knows, the
 * passphrase of the user's own key, and files that others can write.
 */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/screenkit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* cryptochat WORDS with the directory of @who. */
static struct process *start(const struct process_setup *setup, const char *who, const char *words)
{
	char config[300];
	const char *argv[8] = {getenv("CRYPTOCHAT")};
	char copy[300], *at;
	size_t n = 1;

	strcpy(copy, words);
	for (at = strtok(copy, " "); at; at = strtok(NULL, " "))
		argv[n++] = at;
	snprintf(config, sizeof(config), "--config=%s", kit_path(who));
	argv[n++] = config;
	return process_start(setup, argv);
}

/* The same, until its end with @code. */
static struct process *run(const char *who, const char *words, int code)
{
	struct process *p = start(NULL, who, words);

	process_expect_exit(p, code);
	return p;
}

static bool wrote(const struct process *p, const char *text)
{
	return p->out.data && strstr(p->out.data, text);
}

/* Standard output is the fingerprint and nothing else, for $(cryptochat identity). */
static void identity_on_standard_output(void **state)
{
	struct process *p = run("alice", "identity", OK), *again;

	assert_int_equal(p->out.len, strlen("SHA256:") + 43 + 1);
	assert_true(wrote(p, "SHA256:"));
	process_expect_err(p, "Made a new identity");
	again = run("alice", "identity", OK);
	assert_string_equal(again->out.data, p->out.data);
	assert_int_equal(again->err.len, 0);
}

static void known_people(void **state)
{
	uint16_t port;
	char words[200], key[60];
	struct process *p, *a, *b;

	talk_introduce("alice", "bob");
	talk_introduce("alice", "carol");
	p = run("alice", "peers", OK);
	assert_true(wrote(p, "bob ") && wrote(p, "carol ") && wrote(p, " unverified "));
	p = run("alice", "peers show bob", OK);
	assert_non_null(p->out.data);
	assert_int_equal(sscanf(strstr(p->out.data, "SHA256:"), "%59s", key), 1);
	/* By its key, with and without the prefix. */
	snprintf(words, sizeof(words), "peers rename %s robert", key + strlen("SHA256:"));
	run("alice", words, OK);
	snprintf(words, sizeof(words), "peers show %s", key);
	assert_true(wrote(run("alice", words, OK), "nick:     robert\n"));
	p = run("alice", "peers rename carol robert", USAGE);
	process_expect_err(p, "somebody else is called \"robert\" already");
	run("alice", "peers rename carol #x", USAGE);
	p = run("alice", "peers forget bob", USAGE);
	process_expect_err(p, "nobody in ");
	/* The new name is the one in conversations; who is forgotten is a stranger again. */
	a = talk_listen(NULL, "alice", "listen", &port);
	b = talk_connect(NULL, "bob", port, "--accept-new -m hello");
	process_expect_exit(b, OK);
	process_expect_err(b, "You are called robert there.");
	process_expect_err(a, "Talking to robert");
	run("alice", "peers forget robert", OK);
	assert_int_equal(kill(a->pid, SIGTERM), 0);
	process_expect_exit(a, 128 + SIGTERM);
	talk_listen(NULL, "alice", "listen", &port);
	b = talk_connect(NULL, "bob", port, "--accept-new -m hello");
	process_expect_exit(b, REFUSED);
	b = talk_connect(NULL, "carol", port, "--accept-new -m hello");
	process_expect_exit(b, OK);
	p = run("alice", "peers", OK);
	assert_false(wrote(p, "robert"));
	assert_true(wrote(p, "carol"));
}

/* The remedy that is named works. */
static void changed_key_is_forgotten(void **state)
{
	uint16_t port;
	char text[200], words[100], wrong[60];
	struct process *b;

	talk_listen(NULL, "alice", "listen --accept-new", &port);
	mkdir(kit_path("bob"), 0700);
	snprintf(wrong, sizeof(wrong), "SHA256:%.43s",
		 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	kit_file("bob/known_peers", text,
		 (size_t)snprintf(text, sizeof(text), "127.0.0.1:%u %s unverified alice\n", port,
				  wrong));
	b = talk_connect(NULL, "bob", port, "--accept-new -m hello");
	process_expect_exit(b, IDENTITY);
	snprintf(words, sizeof(words), "cryptochat peers forget %s", wrong);
	process_expect_err(b, words);
	run("bob", words + strlen("cryptochat "), OK);
	b = talk_connect(NULL, "bob", port, "--accept-new -m hello");
	process_expect_exit(b, OK);
}

/* A yes counts the next time, too, when the other end was busy. */
static void yes_is_kept(void **state)
{
	struct process_setup setup = {.columns = 80, .rows = 24};
	struct process *b;
	uint16_t port;

	talk_listen(NULL, "alice", "listen --accept-new", &port);
	b = talk_connect(NULL, "bob", port, "--accept-new");
	process_expect_err(b, "Talking to alice");
	for (int i = 0; i < 2; i++) {
		struct process *c = talk_connect(&setup, "carol", port, "");

		if (!i) {
			process_expect_in_out(c, "accept? ");
			process_say(c, "yes\r");
			process_expect_in_out(c, "Accepted.");
		}
		process_expect_in_out(c, "somebody else is in conversation");
		process_expect_exit(c, REFUSED);
		assert_true(i == 0 || !strstr(c->out.data, "accept? "));
	}
	process_end_input(b);
	assert_int_equal(kill(b->pid, SIGTERM), 0);
	process_expect_exit(b, 128 + SIGTERM);
	b = talk_connect(NULL, "carol", port, "-m now");
	process_expect_exit(b, OK);
	process_expect_err(b, "Talking to alice (unverified)");
	assert_true(wrote(run("carol", "peers", OK), "alice "));
}

static bool echo_is_off(void *arg)
{
	const struct process *p = arg;
	struct termios t;

	return tcgetattr(p->in, &t) == 0 && !(t.c_lflag & ECHO);
}

/* The answers are typed when they are asked for. */
static struct process *at_terminal(const char *words, int answers, const char *const *answer)
{
	struct process_setup setup = {.columns = 80, .rows = 24};
	struct process *p = start(&setup, "alice", words);

	for (int i = 0; i < answers; i++) {
		process_expect_in_out(p, i == 0 ? "assphrase for" : "erifying");
		process_pump_until(echo_is_off, p, "a terminal that does not echo");
		process_say(p, answer[i]);
		process_say(p, "\n");
	}
	return p;
}

static void passphrase(void **state)
{
	static const char *const right[] = {"correct horse", "correct horse"};
	static const char *const wrong[] = {"wrong horse"};
	static const char *const differ[] = {"one", "two"};
	struct process *p, *a;
	uint16_t port;
	char *pem;
	size_t len;

	run("alice", "identity", OK);
	p = at_terminal("identity --passphrase", 2, differ);
	process_expect_exit(p, USAGE);
	p = at_terminal("identity --passphrase", 2, right);
	process_expect_exit(p, OK);
	assert_null(strstr(p->out.data, "horse"));
	pem = talk_read(kit_path("alice/identity.pem"), &len);
	assert_non_null(strstr(pem, "BEGIN ENCRYPTED PRIVATE KEY"));
	free(pem);
	/* Nobody can be asked: standard input is not for that. */
	p = run("alice", "identity", USAGE);
	process_expect_err(p, "--passphrase-file");
	p = at_terminal("identity", 1, wrong);
	process_expect_exit(p, USAGE);
	process_expect_err(p, "wrong passphrase");
	p = at_terminal("identity", 1, right);
	process_expect_exit(p, OK);
	kit_file("passphrase", "correct horse\n", 14);
	a = talk_listen(NULL, "alice", "listen --once --accept-new --passphrase-file=%D/passphrase",
			&port);
	p = talk_connect(NULL, "bob", port, "--accept-new -m hello");
	process_expect_exit(p, OK);
	process_end_input(a);
	process_expect_exit(a, OK);
}

static void what_others_can_write(void **state)
{
	struct process *p;

	run("alice", "identity", OK);
	assert_int_equal(chmod(kit_path("alice"), 0777), 0);
	p = run("alice", "identity", OK);
	process_expect_err(p, "warning: other users can write ");
	assert_int_equal(chmod(kit_path("alice"), 0700), 0);
	assert_int_equal(unlink(kit_path("alice/identity.pem")), 0);
	assert_int_equal(mkdir(kit_path("alice/identity.pem"), 0700), 0);
	p = run("alice", "identity", USAGE);
	process_expect_err(p, "is a directory, and has to be a file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(identity_on_standard_output),
	    TEST(known_people),
	    TEST(changed_key_is_forgotten),
	    TEST(yes_is_kept),
	    TEST(passphrase),
	    TEST(what_others_can_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
