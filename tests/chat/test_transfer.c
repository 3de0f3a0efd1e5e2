// SPDX-License-Identifier: GPL-2.0-or-later
/* test_transfer.c - files: what arrives, where, under which name, and what happens in between. */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/talkkit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE 3000000

static uint8_t *content;

/* A file of SIZE bytes to send, and an empty directory to receive into. */
static void prepare(void)
{
	content = realloc(content, SIZE);
	assert_non_null(content);
	kit_random(content, SIZE, 7);
	kit_file("file", content, SIZE);
	assert_int_equal(mkdir(kit_path("got"), 0700), 0);
}

static void expect_file(const char *name, const void *data, size_t len)
{
	size_t got;
	char *text = talk_read(kit_path(name), &got);

	assert_int_equal(got, len);
	if (memcmp(text, data, len) != 0)
		fail_msg("%s is not what was sent", name);
	free(text);
}

static void expect_absent(const char *name)
{
	struct stat st;

	assert_int_not_equal(lstat(kit_path(name), &st), 0);
}

static struct process *receiver(uint16_t *port)
{
	return talk_listen(NULL, "alice", "recv --dir=%D/got --key-file=%D/key32", port);
}

static struct process *sender(const char *files, uint16_t port)
{
	char words[600];

	snprintf(words, sizeof(words),
		 "send %s --to=127.0.0.1:%u --offload=off --key-file=%%D/key32 --keepalive=2",
		 files, port);
	return talk_start(NULL, "bob", words);
}

/** struct ends - of a transfer. */
struct ends {
	struct process *receiver, *sender;
};

/* @files are sent and received; both ends exit with @code. */
static struct ends transfer(const char *files, int code)
{
	struct ends ends;
	uint16_t port;

	ends.receiver = receiver(&port);
	ends.sender = sender(files, port);
	process_expect_exit(ends.sender, code);
	process_expect_exit(ends.receiver, code);
	return ends;
}

static void one_file(void **state)
{
	struct ends ends;
	struct stat st;

	prepare();
	ends = transfer("%D/file", OK);
	expect_file("got/file", content, SIZE);
	expect_absent("got/file.part");
	assert_int_equal(stat(kit_path("got/file"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	process_expect_err(ends.receiver, "received file");
	process_expect_err(ends.receiver, "sha256 ");
	process_expect_err(ends.sender, "sent and checked");
}

static void several_and_empty(void **state)
{
	prepare();
	kit_file("empty", "", 0);
	kit_file("small", "x", 1);
	transfer("%D/empty %D/file %D/small", OK);
	expect_file("got/empty", "", 0);
	expect_file("got/small", "x", 1);
	expect_file("got/file", content, SIZE);
}

static void never_overwrites(void **state)
{
	prepare();
	kit_file("got/file", "mine", 4);
	kit_file("got/file.1", "mine too", 8);
	transfer("%D/file", OK);
	expect_file("got/file", "mine", 4);
	expect_file("got/file.1", "mine too", 8);
	expect_file("got/file.2", content, SIZE);
}

static void resumes(void **state)
{
	struct ends ends;

	prepare();
	kit_file("got/file.part", content, 2000000);
	ends = transfer("%D/file", OK);
	process_expect_err(ends.receiver, "there are 66 % already");
	process_expect_err(ends.sender, "resuming at 66 %");
	expect_file("got/file", content, SIZE);
	expect_absent("got/file.part");
}

static void resumes_a_complete_part(void **state)
{
	prepare();
	kit_file("got/file.part", content, SIZE);
	transfer("%D/file", OK);
	expect_file("got/file", content, SIZE);
}

/* A part of something else is not destroyed either. */
static void part_of_another_file(void **state)
{
	struct ends ends;
	uint8_t *other = malloc(SIZE);

	prepare();
	kit_random(other, SIZE, 8);
	kit_file("got/file.part", other, 1000000);
	ends = transfer("%D/file", OK);
	process_expect_err(ends.sender, "of another file");
	expect_file("got/file", content, SIZE);
	expect_file("got/file.part", other, 1000000);
	free(other);
}

static void longer_part(void **state)
{
	prepare();
	kit_file("small", "abc", 3);
	kit_file("got/small.part", "abcdef", 6);
	transfer("%D/small", OK);
	expect_file("got/small", "abc", 3);
	expect_file("got/small.part", "abcdef", 6);
}

/*
 * A part of another file lies there, and two attempts end in the middle. Each continues where the
 * one before ended, and no more parts come into being.
 */
static void resumes_beside_another_part(void **state)
{
	uint8_t *other = malloc(SIZE);
	struct process *a, *b;
	uint16_t port, relay;
	struct stat st;

	prepare();
	kit_random(other, SIZE, 8);
	kit_file("got/file.part", other, 17);
	for (int attempt = 0; attempt < 2; attempt++) {
		a = talk_listen(NULL, "alice",
				"recv --dir=%D/got --key-file=%D/key32 --reconnect=1", &port);
		relay_start(port, "f1000000", &relay);
		b = sender("%D/file", relay);
		process_expect_err(b, "nothing was heard for too long");
		process_expect_err(b, attempt ? "resuming at" : "of another file");
		if (!attempt)
			process_expect_err(a, "starts anew as file.1.part");
		assert_int_equal(kill(b->pid, SIGKILL), 0);
		process_expect_exit(a, INCOMPLETE);
		assert_int_equal(stat(kit_path("got/file.1.part"), &st), 0);
		assert_true(st.st_size > 500000 * (attempt + 1) && st.st_size < SIZE);
	}
	process_expect_err(transfer("%D/file", OK).sender, "resuming at");
	expect_file("got/file", content, SIZE);
	expect_file("got/file.part", other, 17);
	expect_absent("got/file.1.part");
	expect_absent("got/file.2.part");
	free(other);
}

/* Another process holds the part: this one does not wait for it, and takes a part of its own. */
static void part_in_use(void **state)
{
	int fd;

	prepare();
	kit_file("got/file.part", content, 1000);
	fd = open(kit_path("got/file.part"), O_RDWR | O_CLOEXEC);
	assert_int_not_equal(fd, -1);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	transfer("%D/file", OK);
	expect_file("got/file", content, SIZE);
	expect_file("got/file.part", content, 1000);
	close(fd);
}

/* Where the part would go there is a link to somewhere else. */
static void link_in_the_way(void **state)
{
	prepare();
	kit_file("victim", "precious", 8);
	assert_int_equal(symlink("../victim", kit_path("got/file.part")), 0);
	transfer("%D/file", OK);
	expect_file("got/file", content, SIZE);
	expect_file("victim", "precious", 8);
}

/* The sender is killed in the middle; a new one continues where it was. */
static void killed_and_continued(void **state)
{
	uint16_t port, relay;
	struct process *a, *b;
	struct stat st;

	prepare();
	a = talk_listen(NULL, "alice", "recv --dir=%D/got --key-file=%D/key32 --reconnect=1",
			&port);
	relay_start(port, "f1000000", &relay);
	b = sender("%D/file", relay);
	process_expect_err(a, "Talking to bob");
	process_expect_err(b, "nothing was heard for too long");
	assert_int_equal(kill(b->pid, SIGKILL), 0);
	process_expect_exit(a, INCOMPLETE);
	process_expect_err(a, "is kept for another attempt");
	assert_int_equal(stat(kit_path("got/file.part"), &st), 0);
	assert_true(st.st_size > 500000 && st.st_size < SIZE);
	process_expect_err(transfer("%D/file", OK).sender, "resuming at");
	expect_file("got/file", content, SIZE);
}

static void through_cuts(void **state)
{
	uint16_t port, relay;
	struct process *a, *b;

	prepare();
	a = receiver(&port);
	relay_start(port, "300000,70000,x500000,900001,0", &relay);
	b = sender("%D/file", relay);
	process_expect_exit(b, OK);
	process_expect_exit(a, OK);
	expect_file("got/file", content, SIZE);
	process_expect_err(b, "is back");
}

/* What is wrong with the files is found before anybody is called, or gets an invite. */
static void not_a_file(void **state)
{
	struct process *p;

	prepare();
	p = sender("%D/nothing /dev/zero", 1);
	process_expect_exit(p, USAGE);
	process_expect_err(p, "nothing: No such file");
	process_expect_err(p, "/dev/zero: it is neither a regular file nor a directory");
	p = talk_start(NULL, "bob", "send %D/nothing --offload=off");
	process_expect_exit(p, USAGE);
	assert_null(strstr(p->err.data, "cryptochat1:"));
	p = talk_start(NULL, "bob", "recv --dir=%D/nowhere --offload=off");
	process_expect_exit(p, USAGE);
	process_expect_err(p, "nowhere: No such file");
	assert_null(strstr(p->err.data, "cryptochat1:"));
}

/* The file goes between the call and the greeting. */
static void file_goes(void **state)
{
	struct ends ends;
	uint16_t port;

	prepare();
	ends.receiver = receiver(&port);
	assert_int_equal(kill(ends.receiver->pid, SIGSTOP), 0);
	ends.sender = sender("%D/file", port);
	process_pump_once(500);
	assert_int_equal(unlink(kit_path("file")), 0);
	assert_int_equal(kill(ends.receiver->pid, SIGCONT), 0);
	process_expect_exit(ends.sender, INCOMPLETE);
	process_expect_err(ends.sender, "No such file");
}

/* By invite, sender waiting: the two commands a person types. */
static void send_waits_for_recv(void **state)
{
	uint16_t port;
	struct process *a, *b;
	char *invite;

	prepare();
	a = talk_listen(NULL, "alice", "send %D/file", &port);
	invite = talk_invite(a);
	kit_file("invite", invite, strlen(invite));
	free(invite);
	b = talk_start(NULL, "bob", "recv --invite-file=%D/invite --dir=%D/got --offload=off");
	process_expect_exit(a, OK);
	process_expect_exit(b, OK);
	expect_file("got/file", content, SIZE);
}

/* A conversation of pipes does not take files behind its user's back. */
static void not_asked_for(void **state)
{
	uint16_t port;
	struct process *a, *b;

	prepare();
	a = talk_listen(NULL, "alice", "listen --once --dir=%D/got --key-file=%D/key32", &port);
	b = sender("%D/file", port);
	process_expect_exit(b, INCOMPLETE);
	process_expect_err(b, "this end does not take files");
	process_end_input(a);
	process_expect_exit(a, OK);
	expect_absent("got/file");
	expect_absent("got/file.part");
}

/* File systems without hard links refuse them in many ways, and some cannot rename without
 * replacing. */
static void no_hard_links(void **state)
{
	static const char *const ways[][2] = {
	    {"1", NULL},  {"38", NULL}, {"5", NULL},  {"13", NULL},
	    {"31", NULL}, {"95", "22"}, {"38", "38"},
	};
	const char *program = getenv("CRYPTOCHAT"), *nolink = getenv("NOLINK");
	char keep[512], name[16];

	assert_non_null(program);
	assert_non_null(nolink);
	snprintf(keep, sizeof(keep), "%s", program);
	prepare();
	setenv("NOLINK_PROGRAM", keep, 1);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct process *a, *b;
		uint16_t port;

		setenv("CRYPTOCHAT", nolink, 1);
		setenv("NOLINK_ERRNO", ways[i][0], 1);
		if (ways[i][1])
			setenv("NOLINK_RENAME_ERRNO", ways[i][1], 1);
		/* Its identity is made again each time, and must not be replaced either. */
		unlink(kit_path("alice/identity.pem"));
		a = receiver(&port);
		setenv("CRYPTOCHAT", keep, 1);
		b = sender("%D/file", port);
		process_expect_exit(b, OK);
		process_expect_exit(a, OK);
		snprintf(name, sizeof(name), i ? "got/file.%zu" : "got/file", i);
		expect_file(name, content, SIZE);
		expect_absent("got/file.part");
		process_expect_err(a, "Made a new identity");
	}
	unsetenv("NOLINK_ERRNO");
	unsetenv("NOLINK_RENAME_ERRNO");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(no_hard_links),	TEST(one_file),	       TEST(several_and_empty),
	    TEST(never_overwrites),	TEST(resumes),	       TEST(resumes_a_complete_part),
	    TEST(part_of_another_file), TEST(longer_part),     TEST(resumes_beside_another_part),
	    TEST(part_in_use),		TEST(link_in_the_way), TEST(killed_and_continued),
	    TEST(through_cuts),		TEST(not_a_file),      TEST(file_goes),
	    TEST(send_waits_for_recv),	TEST(not_asked_for),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(content);
	return failed;
}
