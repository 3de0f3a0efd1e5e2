// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_talk.c - conversations over TLS: who is let in, what arrives, how they end, and what
 * becomes of them when the network fails.
 */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/talkkit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void both_ways(void **state)
{
	uint16_t port;
	struct process *a = talk_listen(NULL, "alice", "listen --once --accept-new", &port);
	struct process *b = talk_connect(NULL, "bob", port, "--accept-new");

	process_feed(a, "from a\0\xff\n", 9);
	process_feed(b, "from b\n", 7);
	process_expect_out(a, "from b\n", 7);
	process_expect_out(b, "from a\0\xff\n", 9);
	/* One end's input is over, the other continues. */
	process_end_input(b);
	process_feed(a, "more\n", 5);
	process_expect_out(b, "from a\0\xff\nmore\n", 14);
	process_end_input(a);
	process_expect_exit(a, OK);
	process_expect_exit(b, OK);
	process_expect_err(a, "Talking to bob (unverified)");
	process_expect_err(b, "Talking to alice (unverified)");
}

static void large_streams_both_ways(void **state)
{
	size_t len = 5000000;
	uint8_t *x = malloc(len), *y = malloc(len);
	uint16_t port;
	struct process *a, *b;

	kit_random(x, len, 1);
	kit_random(y, len, 2);
	a = talk_listen(NULL, "alice", "listen --once --accept-new", &port);
	b = talk_connect(NULL, "bob", port, "--accept-new");
	process_feed(a, x, len);
	process_feed(b, y, len);
	process_end_input(a);
	process_end_input(b);
	process_expect_exit(a, OK);
	process_expect_exit(b, OK);
	process_expect_out(a, y, len);
	process_expect_out(b, x, len);
	free(x);
	free(y);
}

/* Nobody to ask: unknown keys stay outside, on either side. */
static void strangers_are_refused(void **state)
{
	uint16_t port;
	struct process *a = talk_listen(NULL, "alice", "listen", &port);
	struct process *b = talk_connect(NULL, "bob", port, "");

	process_expect_exit(b, IDENTITY);
	process_expect_err(b, "unknown key SHA256:");
	b = talk_connect(NULL, "bob", port, "--accept-new");
	process_expect_exit(b, REFUSED);
	process_expect_err(b, "your key is not known here");
	process_expect_err(a, "unknown key SHA256:");
	assert_int_equal(a->out.len, 0);
	assert_int_equal(kill(a->pid, SIGTERM), 0);
	process_expect_exit(a, 128 + SIGTERM);
}

static void known_peers_meet_again(void **state)
{
	uint16_t port;
	struct process *a, *b;
	char line[300], *known;
	struct stat st;
	size_t len;

	talk_introduce("alice", "bob");
	a = talk_listen(NULL, "alice", "listen --once", &port);
	/* The address is a new one, so bob is told of it; the key is the one he knows. */
	b = talk_connect(NULL, "bob", port, "--accept-new -m again");
	process_end_input(a);
	process_expect_exit(b, OK);
	process_expect_exit(a, OK);
	process_expect_text(a, "again\n");
	known = talk_read(kit_path("bob/known_peers"), &len);
	snprintf(line, sizeof(line), "127.0.0.1:%u SHA256:", port);
	assert_non_null(strstr(known, line));
	free(known);
	assert_int_equal(stat(kit_path("bob/identity.pem"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* What was accepted for this address before is another key: stop, and say which two keys. */
static void changed_key(void **state)
{
	uint16_t port;
	struct process *a, *b;
	char text[200];
	int n;

	a = talk_listen(NULL, "alice", "listen", &port);
	mkdir(kit_path("bob"), 0700);
	n = snprintf(text, sizeof(text), "127.0.0.1:%u SHA256:%.43s unverified alice\n", port,
		     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	kit_file("bob/known_peers", text, (size_t)n);
	b = talk_connect(NULL, "bob", port, "--accept-new -m secret");
	process_expect_exit(b, IDENTITY);
	process_expect_err(b, "THE KEY OF 127.0.0.1");
	process_expect_err(b, "HAS CHANGED");
	assert_int_equal(a->out.len, 0);
}

/* A nick is what somebody says of himself: a new key with a known nick is another person. */
static void taken_nick(void **state)
{
	uint16_t port;
	struct process *a, *b;
	char *known;
	size_t len;

	talk_introduce("alice", "bob");
	/* Somebody else, who says that he is bob, as two machines with a root would. */
	assert_int_equal(rename(kit_path("bob"), kit_path("elsewhere")), 0);
	a = talk_listen(NULL, "alice", "listen --accept-new", &port);
	b = talk_connect(NULL, "bob", port, "--accept-new -m hello");
	process_expect_exit(b, OK);
	process_expect_err(a, "calls itself bob, but has another key than the bob you know");
	process_expect_err(a, "Talking to bob~");
	process_expect_text(a, "hello\n");
	assert_null(strstr(a->err.data, "HAS CHANGED"));
	known = talk_read(kit_path("alice/known_peers"), &len);
	assert_non_null(strstr(known, " unverified bob\n"));
	assert_non_null(strstr(known, " unverified bob~"));
	free(known);
	/* Nor may anybody have our own name. */
	b = talk_connect(NULL, "carol", port, "--accept-new --nick=alice -m hello");
	process_expect_exit(b, OK);
	process_expect_err(a, "Talking to alice~");
}

/* The first peer of a known_peers file gets another label; returns its line. */
static void relabel(const char *path, const char *from, const char *to)
{
	size_t len;
	char *text = talk_read(path, &len), *at = strstr(text, from), all[600];
	FILE *out = fopen(path, "we");

	assert_non_null(at);
	assert_non_null(out);
	snprintf(all, sizeof(all), "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	fputs(all, out);
	assert_int_equal(fclose(out), 0);
	free(text);
}

/* A key that was rejected stays outside whatever it brings: as a caller, and when it is called. */
static void rejected_key(void **state)
{
	uint16_t port;
	struct process *a, *b;

	talk_introduce("alice", "bob");
	relabel(kit_path("alice/known_peers"), "unverified", "rejected");
	a = talk_listen(NULL, "alice", "listen --accept-new --key-file=%D/key32", &port);
	b = talk_connect(NULL, "bob", port, "--accept-new --key-file=%D/key32 -m no");
	process_expect_exit(b, REFUSED);
	process_expect_err(b, "your key is rejected here");
	process_expect_err(a, "which was rejected when words were compared");
	/* The real bob, whose name that key had. */
	b = talk_connect(NULL, "robert", port, "--nick=bob --key-file=%D/key32 -m yes");
	process_expect_exit(b, OK);
	process_expect_err(a, "Talking to bob (verified)");
	process_expect_text(a, "yes\n");

	relabel(kit_path("bob/known_peers"), "unverified", "rejected");
	b = talk_connect(NULL, "bob", port, "--accept-new -m no");
	process_expect_exit(b, IDENTITY);
	process_expect_err(b, "which was rejected when words were compared");
}

static struct process *connect_by(const char *who, const char *invite, const char *words)
{
	char all[300];

	kit_file("invite", invite, strlen(invite));
	snprintf(all, sizeof(all), "connect --invite-file=%%D/invite --offload=off %s", words);
	return talk_start(NULL, who, all);
}

static void invites(void **state)
{
	uint16_t port;
	struct process *a = talk_listen(NULL, "alice", "listen --invite", &port), *b;
	char *invite, *other, *key;

	process_expect_err(a, "cryptochat1:127.0.0.1:");
	invite = talk_invite(a);
	/* A wrong token does not get in and does not use up the right one. */
	other = strdup(invite);
	other[strlen(other) - 3] = other[strlen(other) - 3] == 'A' ? 'B' : 'A';
	b = connect_by("mallory", other, "");
	process_expect_exit(b, REFUSED);
	process_expect_err(b, "invite is wrong");
	/* A wrong key: somebody else answers than who gave the invite. */
	strcpy(other, invite);
	key = strrchr(other, ':') - 5;
	*key = *key == 'A' ? 'B' : 'A';
	b = connect_by("bob", other, "");
	process_expect_exit(b, IDENTITY);
	process_expect_err(b, "HAS CHANGED");
	b = connect_by("bob", invite, "-m hello");
	process_expect_exit(b, OK);
	process_expect_text(a, "hello\n");
	/* Once is once, except for those who are known by now. */
	b = connect_by("carol", invite, "");
	process_expect_exit(b, REFUSED);
	process_expect_err(b, "used already");
	b = talk_connect(NULL, "bob", port, "-m again");
	process_expect_exit(b, OK);
	process_expect_text(a, "hello\nagain\n");
	free(invite);
	free(other);
}

static void shared_key(void **state)
{
	uint16_t port;
	struct process *a, *b;
	struct stat st;

	kit_file("wrong", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", 64);
	a = talk_listen(NULL, "alice", "listen --key-file=%D/key32", &port);
	b = talk_connect(NULL, "bob", port, "--key-file=%D/wrong -m no");
	process_expect_exit(b, REFUSED);
	b = talk_connect(NULL, "bob", port, "--accept-new -m no");
	process_expect_exit(b, REFUSED);
	b = talk_connect(NULL, "bob", port, "--key-file=%D/key32 -m yes");
	process_expect_exit(b, OK);
	process_expect_text(a, "yes\n");
	process_expect_err(a, "Talking to bob (verified)");
	/* Scripts leave no traces among the people one knows. */
	assert_int_not_equal(stat(kit_path("bob/known_peers"), &st), 0);
	b = talk_connect(NULL, "bob", port, "--key-file=%D/key24 -m no");
	process_expect_exit(b, USAGE);
}

/* The end that is called does not have the key: the caller notices. */
static void shared_key_of_one(void **state)
{
	uint16_t port;
	struct process *a = talk_listen(NULL, "alice", "listen --accept-new", &port);
	struct process *b = talk_connect(NULL, "bob", port, "--key-file=%D/key32 -m no");

	process_expect_exit(b, REFUSED);
	assert_int_equal(a->out.len, 0);
}

static void exposed_identity(void **state)
{
	uint16_t port;
	struct process *a;

	talk_introduce("alice", "bob");
	assert_int_equal(chmod(kit_path("alice/identity.pem"), 0644), 0);
	port = 1;
	a = talk_connect(NULL, "alice", port, "");
	process_expect_exit(a, USAGE);
	process_expect_err(a, "chmod 600");
}

static void damaged_known_peers(void **state)
{
	struct process *a;

	mkdir(kit_path("alice"), 0700);
	kit_file("alice/known_peers", "# fine\n\nhost:1 SHA256:x unverified nick\n", 41);
	a = talk_connect(NULL, "alice", 1, "");
	process_expect_exit(a, USAGE);
	process_expect_err(a, "line 3");
}

static void one_at_a_time(void **state)
{
	uint16_t port;
	struct process *a = talk_listen(NULL, "alice", "listen --accept-new", &port);
	struct process *b = talk_connect(NULL, "bob", port, "--accept-new"), *c;

	process_expect_err(b, "Talking to alice");
	c = talk_connect(NULL, "carol", port, "--accept-new");
	process_expect_exit(c, REFUSED);
	process_expect_err(c, "somebody else is in conversation");
	process_feed(b, "still here\n", 11);
	process_expect_text(a, "still here\n");
}

static void hub_of_three(void **state)
{
	uint16_t port;
	struct process *h = talk_listen(NULL, "hub", "listen --hub --accept-new", &port);
	struct process *a = talk_connect(NULL, "alice", port, "--accept-new --json");
	struct process *b, *c;

	process_expect_err_count(h, "Talking to", 1);
	b = talk_connect(NULL, "bob", port, "--accept-new");
	process_expect_err(b, "whoever runs it can read everything");
	c = talk_connect(NULL, "carol", port, "--accept-new");
	process_expect_err(c, "alice is here");
	process_expect_err(c, "bob is here");
	process_expect_err(b, "carol came");
	talk_says(a, "hello all");
	process_expect_text(b, "hello all\n");
	process_expect_text(c, "hello all\n");
	process_expect_text(h, "hello all\n");
	process_feed(c, "me too\n", 7);
	process_pump_once(100);
	process_expect_out(h, "hello all\nme too\n\n", 18);
	assert_int_equal(kill(c->pid, SIGTERM), 0);
	process_expect_exit(c, 128 + SIGTERM);
	process_expect_err(b, "carol left");
	/* The nick of somebody who is here, and that of the hub's owner. */
	talk_connect(NULL, "bob2", port, "--accept-new --nick=bob");
	process_expect_err(b, "bob~");
	talk_connect(NULL, "hub2", port, "--accept-new --nick=hub");
	process_expect_err(b, "hub~");
}

/* The owner of a hub verifies, invites and dismisses by name; a member can do none of it. */
static void rights_in_a_hub(void **state)
{
	uint16_t port;
	struct process *h = talk_listen(NULL, "hub", "listen --hub --accept-new --json", &port);
	struct process *a = talk_connect(NULL, "alice", port, "--accept-new --json");
	struct process *b, *c;
	char *at, *invite;

	process_expect_in_out(a, "Talking to hub");
	b = talk_connect(NULL, "bob", port, "--accept-new --json");
	process_expect_in_out(a, "bob came");
	talk_command(a, "kick", "nick", "hub");
	process_expect_in_out(a, "Only whoever runs a hub");
	talk_command(a, "invite", NULL, NULL);
	process_expect_in_out(a, "Only the end that listens");
	talk_command(a, "who", NULL, NULL);
	process_expect_in_out(a, "bob, the hub says, SHA256:");
	talk_command(h, "verify", NULL, NULL);
	process_expect_in_out(h, "Say who");
	talk_command(h, "verify", "answer", "bob");
	process_expect_in_out(h, "Words for bob:");
	process_expect_in_out(b, "Words for hub:");
	assert_null(strstr(a->out.data, "Words for"));
	talk_command(h, "verify", "answer", "bob yes");
	process_expect_in_out(h, "bob is verified");
	/* Each invite lets one person in, in any order. */
	talk_command(h, "invite", NULL, NULL);
	talk_command(h, "invite", NULL, NULL);
	talk_command(h, "who", NULL, NULL);
	process_expect_in_out(h, "\"who\"");
	at = strstr(h->out.data, "cryptochat1:");
	assert_non_null(at);
	at = strstr(at + 1, "cryptochat1:");
	assert_non_null(at);
	invite = strndup(at, strcspn(at, "\""));
	c = connect_by("carol", invite, "--json");
	process_expect_in_out(c, "alice is here");
	process_expect_exit(connect_by("dave", invite, ""), REFUSED);
	free(invite);
	talk_command(h, "kick", "nick", "bob");
	process_expect_exit(b, REFUSED);
	process_expect_in_out(b, "you were asked to leave");
	process_expect_in_out(a, "bob left");
	/* Who loses the connection is away for the others, at once. */
	assert_int_equal(kill(c->pid, SIGKILL), 0);
	process_expect_in_out(a, "carol has lost its connection");
}

/* The peer is started after the call: with --timeout, the call goes on. */
static void calls_until_somebody_listens(void **state)
{
	char words[64];
	uint16_t port;
	int listener = kit_socket_listen(&port);
	struct process *a, *b;

	close(listener);
	b = talk_connect(NULL, "bob", port, "--accept-new -m early");
	process_expect_exit(b, NETWORK);
	process_expect_err(b, "Calling 127.0.0.1:");
	process_expect_err(b, "Connection refused");
	b = talk_connect(NULL, "bob", port, "--accept-new -m early --timeout=60");
	process_expect_err(b, "does not answer; trying again");
	snprintf(words, sizeof(words), "listen --once --accept-new --port=%u", port);
	a = talk_start(NULL, "alice", words);
	process_end_input(a);
	process_expect_exit(b, OK);
	process_expect_text(a, "early\n");
	process_expect_exit(a, OK);
	/* And it ends. */
	b = talk_connect(NULL, "bob", port, "--accept-new -m late --timeout=1");
	process_expect_exit(b, NETWORK);
}

/* An address that says nothing on another machine is not in an invite. */
static void invites_name_a_host(void **state)
{
	static const char *const words[] = {
	    "listen --invite --port=0 --bind=0.0.0.0",
	    "listen --invite --port=0 --bind=::",
	    "listen --invite --port=0 --bind=[::]",
	    "listen --invite --port=0",
	    "listen --invite --port=0 -6",
	};
	struct process *p;
	char *invite;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		p = talk_start(NULL, "alice", words[i]);
		invite = talk_invite(p);
		assert_null(strstr(invite, "0.0.0.0"));
		assert_null(strstr(invite, "[::]"));
		assert_null(strchr(invite, '%'));
		if (strstr(words[i], "=0.0.0.0"))
			assert_null(strchr(invite, '['));
		process_expect_err(p, "cryptochat connect");
		free(invite);
		kill(p->pid, SIGTERM);
	}
	p = talk_start(NULL, "alice", "listen --invite --port=0 --invite-host=2001:db8::1");
	invite = talk_invite(p);
	assert_non_null(strstr(invite, "cryptochat1:[2001:db8::1]:"));
	free(invite);
	p = talk_start(NULL, "alice", "send --port=0 %D/key32");
	process_expect_err(p, "cryptochat recv --invite-file=-");
}

static void json(void **state)
{
	uint16_t port;
	struct process *a = talk_listen(NULL, "alice", "listen --once --accept-new --json", &port);
	struct process *b = talk_connect(NULL, "bob", port, "--accept-new -m \"q\"");

	process_expect_exit(b, OK);
	process_expect_exit(a, OK);
	assert_non_null(strstr(a->out.data, "{\"event\":\"joined\",\"peer\":\"bob\""));
	assert_non_null(strstr(a->out.data, "{\"event\":\"message\",\"from\":\"bob\",\"time\":"));
	assert_non_null(strstr(a->out.data, ",\"text\":\"\\\"q\\\"\"}\n"));
	assert_non_null(strstr(a->out.data, "{\"event\":\"left\",\"peer\":\"bob\""));
}

/* What strangers wrote is passed on as text, whatever it looks like; commands are objects. */
static void text_is_no_command(void **state)
{
	uint16_t port;
	struct process *a = talk_listen(NULL, "alice", "listen --once --accept-new", &port);
	struct process *b = talk_connect(NULL, "bob", port, "--accept-new --json");
	char *text = malloc(59992 + 20);

	assert_non_null(text);
	kit_file("k", "secret", 6);
	talk_says(b, "/send k");
	talk_says(b, "/quit");
	talk_says(b, "{\"cmd\":\"quit\"}");
	process_expect_text(a, "/send k\n/quit\n{\"cmd\":\"quit\"}\n");
	/* As long as the buffer of former versions, with a command behind it. */
	memset(text, 'x', 59992);
	strcpy(text + 59992, "/send k");
	talk_says(b, text);
	talk_says(b, "end");
	process_expect_in_out(a, "x/send k\nend\n");
	assert_null(strstr(b->out.data, "file-offered"));
	free(text);
	talk_command(b, "status", NULL, NULL);
	process_expect_in_out(b, "\"event\":\"status\"");
	talk_command(b, "quit", NULL, NULL);
	process_end_input(a);
	process_expect_exit(b, OK);
	process_expect_exit(a, OK);
}

/* A line is taken whole or refused whole, and what follows is looked at as a line of its own. */
static void long_lines(void **state)
{
	static const size_t sizes[] = {60001, 140000, 400000, 1000000};
	uint16_t port;
	struct process *a = talk_listen(NULL, "alice", "listen --once --accept-new", &port);
	struct process *b = talk_connect(NULL, "bob", port, "--accept-new --json");
	char *text = malloc(1000001);

	assert_non_null(text);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(text, 'y', sizes[i]);
		text[sizes[i]] = 0;
		talk_says(b, text);
	}
	/* The longest there is, in characters of two bytes. */
	for (size_t i = 0; i < 60000; i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	text[60000] = 0;
	talk_says(b, text);
	talk_command(b, "quit", NULL, NULL);
	process_expect_exit(b, OK);
	process_end_input(a);
	process_expect_exit(a, OK);
	text[60000] = '\n';
	process_expect_out(a, text, 60001);
	free(text);
	assert_non_null(strstr(b->out.data, "this message of 60001 bytes was not sent"));
	assert_non_null(strstr(b->out.data, "this message of 140000 bytes was not sent"));
	assert_non_null(strstr(b->out.data, "a line of 400011 bytes was refused"));
	assert_non_null(strstr(b->out.data, "a line of 1000011 bytes was refused"));
}

/* Nobody is there yet: commands work, and what is to be said waits. */
static void commands_without_peer(void **state)
{
	uint16_t port;
	struct process *a = talk_listen(NULL, "alice", "listen --accept-new --json", &port);

	talk_command(a, "who", NULL, NULL);
	process_expect_in_out(a, "alice (you)");
	process_say(a, "hello\n");
	process_expect_in_out(a, "a line of 5 bytes was refused");
	talk_command(a, "quit", NULL, NULL);
	process_expect_exit(a, OK);
}

/* The network cuts again and again, at bytes that have nothing to do with frames. */
static void cuts_lose_nothing(void **state)
{
	size_t len = 3000000;
	uint8_t *x = malloc(len), *y = malloc(len);
	uint16_t port, relay;
	struct process *a, *b;

	kit_random(x, len, 3);
	kit_random(y, len, 4);
	a = talk_listen(NULL, "alice", "listen --once --accept-new --keepalive=2", &port);
	relay_start(port, "100000,500001,3333,70000,1000000,2500,0", &relay);
	b = talk_connect(NULL, "bob", relay, "--accept-new --keepalive=2");
	process_feed(a, x, len);
	process_feed(b, y, len);
	process_end_input(a);
	process_end_input(b);
	process_expect_exit(a, OK);
	process_expect_exit(b, OK);
	process_expect_out(a, y, len);
	process_expect_out(b, x, len);
	process_expect_err(b, "is back; nothing was lost");
	free(x);
	free(y);
}

/* A bit changed on the way is noticed, and what it hit is sent again. */
static void altered_on_the_way(void **state)
{
	size_t len = 300000;
	uint8_t *x = malloc(len);
	uint16_t port, relay;
	struct process *a, *b;

	kit_random(x, len, 5);
	a = talk_listen(NULL, "alice", "listen --once --accept-new --keepalive=2", &port);
	relay_start(port, "x100000,x50000,0", &relay);
	b = talk_connect(NULL, "bob", relay, "--accept-new --keepalive=2");
	process_end_input(a);
	process_feed(b, x, len);
	process_end_input(b);
	process_expect_exit(a, OK);
	process_expect_exit(b, OK);
	process_expect_out(a, x, len);
	free(x);
}

/* Nothing comes and nothing breaks: the silence itself is the sign. */
static void silence(void **state)
{
	uint16_t port, relay;
	struct process *a, *b;

	a = talk_listen(NULL, "alice", "listen --once --accept-new --keepalive=1", &port);
	relay_start(port, "f4000,0", &relay);
	b = talk_connect(NULL, "bob", relay, "--accept-new --keepalive=1");
	process_expect_err(b, "Talking to alice");
	for (int i = 0; i < 100; i++)
		process_feed(b, "a line of sixty-four bytes, which are sixty-three and an end...\n",
			     64);
	process_end_input(a);
	process_end_input(b);
	process_expect_exit(b, OK);
	process_expect_exit(a, OK);
	assert_int_equal(a->out.len, 6400);
	/* Whichever end noticed first. */
	process_expect_err(b, "is back; nothing was lost");
}

static void peer_does_not_return(void **state)
{
	uint16_t port;
	struct process *a, *b;

	a = talk_listen(NULL, "alice", "listen --once --accept-new", &port);
	b = talk_connect(NULL, "bob", port, "--accept-new --reconnect=1");
	process_expect_err(b, "Talking to alice");
	assert_int_equal(kill(a->pid, SIGKILL), 0);
	process_feed(b, "lost\n", 5);
	process_expect_exit(b, NETWORK);
	process_expect_err(b, "did not come back");
	process_expect_err(b, "5 bytes of the standard input may not have reached alice");
}

/* Wait until something went to a stopped process, which cannot acknowledge it. */
static void stop_and_feed(struct process *stopped, struct process *from, const char *json)
{
	assert_int_equal(kill(stopped->pid, SIGSTOP), 0);
	if (json)
		talk_says(from, json);
	else
		process_feed(from, "line\n", 5);
	process_pump_once(200);
}

/* The caller dies and calls again: what it had not acknowledged is named, and is no success. */
static void caller_starts_anew(void **state)
{
	uint16_t port;
	struct process *a = talk_listen(NULL, "alice", "listen --accept-new --json", &port);
	struct process *b = talk_connect(NULL, "bob", port, "--accept-new");

	process_expect_err(b, "Talking to alice");
	stop_and_feed(b, a, "the meeting is at five");
	assert_int_equal(kill(b->pid, SIGKILL), 0);
	b = talk_connect(NULL, "bob", port, "--accept-new");
	process_expect_err(b, "Talking to alice");
	process_expect_in_out(a, "\"text\":\"bob has started anew.\"");
	process_expect_in_out(a, "1 message may not have reached bob:");
	process_expect_in_out(a, "{\"event\":\"unsent-message\",\"peer\":\"bob\",\"message\":\"the "
				 "meeting is at five\",");
	/* A message is not a stream: the conversation continues. */
	talk_says(a, "see you");
	process_expect_text(b, "see you\n");
	talk_command(a, "quit", NULL, NULL);
	process_expect_exit(b, OK);
	process_expect_exit(a, NETWORK);
}

/* A stream is not continued in its middle for another process. */
static void stream_is_not_continued(void **state)
{
	static const char *const words[] = {"listen --once --accept-new", "listen --accept-new"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		uint16_t port;
		struct process *a = talk_listen(NULL, "alice", words[i], &port);
		struct process *b = talk_connect(NULL, "bob", port, "--accept-new");

		process_expect_err(b, "Talking to alice");
		process_feed(a, "first\n", 6);
		process_expect_text(b, "first\n");
		stop_and_feed(b, a, NULL);
		assert_int_equal(kill(b->pid, SIGKILL), 0);
		b = talk_connect(NULL, "bob", port, "--accept-new");
		process_expect_exit(b, REFUSED);
		assert_int_equal(b->out.len, 0);
		process_expect_exit(a, NETWORK);
		process_expect_err(a, " bytes of the standard input may not have reached bob");
	}
}

/* The listener dies: the caller, which comes back, names what is lost. */
static void listener_starts_anew(void **state)
{
	char words[100];
	uint16_t port;
	struct process *a = talk_listen(NULL, "alice", "listen --accept-new", &port);
	struct process *b = talk_connect(NULL, "bob", port, "--accept-new --json");

	process_expect_in_out(b, "\"event\":\"joined\"");
	stop_and_feed(a, b, "typed while away");
	assert_int_equal(kill(a->pid, SIGKILL), 0);
	snprintf(words, sizeof(words),
		 "listen --accept-new --offload=off --bind=127.0.0.1 --port=%u", port);
	talk_start(NULL, "alice", words);
	process_expect_exit(b, REFUSED);
	assert_non_null(strstr(b->out.data, "1 message may not have reached alice:"));
	assert_non_null(strstr(b->out.data, "   typed while away\""));
}

/* Another process of the same user does not end the conversation that continues. */
static void second_of_the_same_user(void **state)
{
	uint16_t port;
	struct process *a = talk_listen(NULL, "alice", "listen --accept-new", &port);
	struct process *b = talk_connect(NULL, "bob", port, "--accept-new --keepalive=1"), *c;

	process_expect_err(b, "Talking to alice");
	c = talk_connect(NULL, "bob", port, "--accept-new -m hello");
	process_expect_exit(c, REFUSED);
	process_expect_err(c, "your key is in a conversation here already");
	process_feed(b, "still here\n", 11);
	process_expect_text(a, "still here\n");
	process_end_input(a);
	process_end_input(b);
	process_expect_exit(b, OK);
	process_expect_exit(a, OK);
}

/* Whoever says nothing keeps nobody out. */
static void silent_strangers(void **state)
{
	uint16_t port;
	struct process *a = talk_listen(NULL, "alice", "listen --accept-new", &port), *b;
	int fds[40];

	for (int i = 0; i < 40; i++)
		fds[i] = kit_socket_connect(port);
	b = talk_connect(NULL, "bob", port, "--accept-new -m hello");
	process_expect_exit(b, OK);
	process_expect_text(a, "hello\n");
	for (int i = 0; i < 40; i++)
		close(fds[i]);
}

/* Without descriptors the listener waits, says so once, and continues when there are some again. */
static void no_descriptors_left(void **state)
{
	struct rlimit before, few;
	uint16_t port;
	struct process *a, *b;
	const char *at;
	int fds[16];
	unsigned int said = 0;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 14;
	a = talk_listen(NULL, "alice", "listen --accept-new", &port);
	assert_int_equal(prlimit(a->pid, RLIMIT_NOFILE, &few, NULL), 0);
	for (int i = 0; i < 16; i++)
		fds[i] = kit_socket_connect(port);
	process_expect_err(a, "cannot accept connections for now: Too many open files");
	process_pump_once(1500);
	for (at = a->err.data; (at = strstr(at, "cannot accept")) != NULL; at++)
		said++;
	assert_in_range(said, 1, 3);
	for (int i = 0; i < 16; i++)
		close(fds[i]);
	b = talk_connect(NULL, "bob", port, "--accept-new -m hello");
	process_expect_exit(b, OK);
	process_expect_text(a, "hello\n");
}

static void nobody_listens(void **state)
{
	uint16_t port;
	int fd = kit_socket_listen(&port);
	struct process *b;

	close(fd);
	b = talk_connect(NULL, "bob", port, "");
	process_expect_exit(b, NETWORK);
	process_expect_err(b, "Connection refused");
}

static void device_required(void **state)
{
	struct process *b =
	    talk_start(NULL, "bob", "connect 127.0.0.1 1 --require-offload --device=/dev/null");

	process_expect_exit(b, DEVICE);
	process_expect_err(b, "the crypto device cannot be used");
}

static struct process *hub_at(uint16_t port)
{
	char words[100];
	struct process *p;

	snprintf(words, sizeof(words), "listen --hub --bind=127.0.0.1 --port=%u --offload=off",
		 port);
	p = talk_start(NULL, "hub", words);
	process_expect_err(p, "Listening on port ");
	return p;
}

/* The hub is started again: those who were in it call again, by themselves, and are let in. */
static void hub_restarts(void **state)
{
	uint16_t port;
	struct process *hub = talk_listen(NULL, "hub", "listen --hub --accept-new", &port);
	struct process *b = talk_connect(NULL, "bob", port, "--accept-new --json");
	struct process *c = talk_connect(NULL, "carol", port, "--accept-new --json");

	process_expect_in_out(b, "\"event\":\"joined\"");
	process_expect_in_out(c, "\"event\":\"joined\"");
	process_expect_err_count(hub, "Talking to", 2);
	assert_int_equal(kill(hub->pid, SIGKILL), 0);
	process_expect_exit(hub, 128 + SIGKILL);
	process_expect_in_out(b, "\"event\":\"away\"");
	talk_says(b, "into the void");
	hub = hub_at(port);
	process_expect_err_count(hub, "Talking to", 2);
	/* What did not arrive is named; what comes now does. */
	process_expect_in_out(b, "has started anew; calling again");
	process_expect_in_out(b, "\"message\":\"into the void\"");
	talk_says(c, "here again");
	process_expect_in_out(b, "\"text\":\"here again\"");
	talk_command(b, "quit", NULL, NULL);
	process_expect_exit(b, NETWORK);
	talk_command(c, "quit", NULL, NULL);
	process_expect_exit(c, OK);
}

/* The lab protocol has no greeting: only our alert tells such a client that nothing arrived. */
static void lab_client(void **state)
{
	uint16_t port;
	struct process *a = talk_listen(NULL, "alice", "listen --accept-new", &port), *lab;

	lab = kit_connect(NULL, NULL, "127.0.0.1", port);
	process_say(lab, "hello\n");
	process_expect_exit(lab, NETWORK);
	/* The alert is the beginning of a frame; or a reset comes first, as we do not read what it says. */
	process_expect_err(lab, "labchat: ");
	process_expect_err(a, "it does not speak TLS (labchat? plain text?)");
	lab = kit_connect(NULL, NULL, "127.0.0.1", port);
	process_say(lab, "hello\n");
	process_end_input(lab);
	process_expect_exit(lab, NETWORK);
	assert_int_equal(a->out.len, 0);
}

/* The device that cannot be used is named. */
static void device_that_is_none(void **state)
{
	char words[600];
	struct process *p;

	if (!getenv("PROVIDER"))
		skip();
	snprintf(words, sizeof(words), "listen --port=0 --device=/nonexistent --provider=%s",
		 getenv("PROVIDER"));
	p = talk_start(NULL, "alice", words);
	process_expect_exit(p, DEVICE);
	process_expect_err(p, "cannot be used: /nonexistent: cannot open it");
}

static const char *words_with_provider(uint16_t port)
{
	static char words[600];

	snprintf(words, sizeof(words),
		 "connect 127.0.0.1 %u --accept-new --offload=all --require-offload --provider=%s",
		 port, getenv("PROVIDER"));
	return words;
}

/* The device encrypts each record of one end; here the model of the provider's tests is it. */
static void device_encrypts(void **state)
{
	uint16_t port;
	struct process *a, *b;
	const char *at;

	if (!getenv("PROVIDER") || !getenv("MODEL"))
		skip();
	a = talk_listen(NULL, "alice", "listen --once --accept-new", &port);
	setenv("LD_PRELOAD", getenv("MODEL"), 1);
	b = talk_start(NULL, "bob", words_with_provider(port));
	unsetenv("LD_PRELOAD");
	process_expect_err(b, "Talking to alice");
	process_feed(b, "by the device\n", 14);
	process_expect_text(a, "by the device\n");
	process_feed(a, "to the device\n", 14);
	process_expect_text(b, "to the device\n");
	process_end_input(a);
	process_end_input(b);
	process_expect_exit(b, OK);
	process_expect_exit(a, OK);
	at = strstr(b->err.data, "crypto: device operations=");
	assert_non_null(at);
	/* Text, EOF and acknowledgements, both ways; the random generator's work is not there. */
	assert_in_range(atoi(at + strlen("crypto: device operations=")), 4, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(both_ways),
	    TEST(large_streams_both_ways),
	    TEST(strangers_are_refused),
	    TEST(known_peers_meet_again),
	    TEST(changed_key),
	    TEST(taken_nick),
	    TEST(rejected_key),
	    TEST(invites),
	    TEST(shared_key),
	    TEST(shared_key_of_one),
	    TEST(exposed_identity),
	    TEST(lab_client),
	    TEST(hub_restarts),
	    TEST(device_that_is_none),
	    TEST(damaged_known_peers),
	    TEST(one_at_a_time),
	    TEST(hub_of_three),
	    TEST(rights_in_a_hub),
	    TEST(invites_name_a_host),
	    TEST(calls_until_somebody_listens),
	    TEST(json),
	    TEST(text_is_no_command),
	    TEST(long_lines),
	    TEST(commands_without_peer),
	    TEST(cuts_lose_nothing),
	    TEST(altered_on_the_way),
	    TEST(silence),
	    TEST(peer_does_not_return),
	    TEST(caller_starts_anew),
	    TEST(stream_is_not_continued),
	    TEST(listener_starts_anew),
	    TEST(second_of_the_same_user),
	    TEST(silent_strangers),
	    TEST(no_descriptors_left),
	    TEST(nobody_listens),
	    TEST(device_required),
	    TEST(device_encrypts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
