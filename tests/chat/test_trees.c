// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_trees.c - directories and several files, what is kept of a file besides its bytes, and
 * transfers that one of the two people stops.
 */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/talkkit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SIZE 3000000
#define LARGE 4000000000

static struct process *receiver(uint16_t *port)
{
	return talk_listen(NULL, "alice", "recv --dir=%D/got --key-file=%D/key32", port);
}

static struct process *sender(const char *files, uint16_t port)
{
	char words[600];

	snprintf(words, sizeof(words),
		 "send %s --to=127.0.0.1:%u --offload=off --key-file=%%D/key32", files, port);
	return talk_start(NULL, "bob", words);
}

static void make(const char *name)
{
	assert_int_equal(mkdir(kit_path(name), 0700), 0);
}

static void big_file(const char *name)
{
	uint8_t *data = malloc(SIZE);

	assert_non_null(data);
	kit_random(data, SIZE, 3);
	kit_file(name, data, SIZE);
	free(data);
}

static void expect_text(const char *name, const char *text)
{
	size_t len;
	char *got = talk_read(kit_path(name), &len);

	assert_string_equal(got, text);
	free(got);
}

static void expect_absent(const char *name)
{
	struct stat st;

	assert_int_not_equal(lstat(kit_path(name), &st), 0);
}

/* photos with a file, a hidden one, one two levels below, a link and a FIFO. */
static void make_photos(void)
{
	struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};

	make("photos");
	make("photos/a");
	make("photos/a/b");
	kit_file("photos/one", "1", 1);
	kit_file("photos/.hidden", "2", 1);
	kit_file("photos/a/b/three", "3", 1);
	kit_file("secret", "not sent", 8);
	assert_int_equal(symlink("../secret", kit_path("photos/link")), 0);
	assert_int_equal(mkfifo(kit_path("photos/fifo"), 0600), 0);
	assert_int_equal(chmod(kit_path("photos/one"), 0755), 0);
	assert_int_equal(utimensat(AT_FDCWD, kit_path("photos/one"), times, 0), 0);
}

static void send_photos(const char *words)
{
	uint16_t port;
	struct process *a = receiver(&port), *b = sender(words, port);

	process_expect_exit(b, OK);
	process_expect_exit(a, OK);
	process_expect_err(b, "2 entries are no regular files and are not sent");
	process_expect_err(a, "received photos");
}

static void directory(void **state)
{
	struct stat st;

	umask(022);
	make("got");
	make_photos();
	send_photos("%D/photos");
	expect_text("got/photos/one", "1");
	expect_text("got/photos/.hidden", "2");
	expect_text("got/photos/a/b/three", "3");
	expect_absent("got/photos/link");
	expect_absent("got/photos/fifo");
	expect_absent("got/photos.part");
	assert_int_equal(stat(kit_path("got/photos/one"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	assert_int_equal(stat(kit_path("got/photos/.hidden"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* Once more: nothing is replaced. */
	send_photos("%D/photos/a/..");
	expect_text("got/photos.1/a/b/three", "3");
}

/* Files and directories in one go. */
static void several(void **state)
{
	uint16_t port;
	struct process *a, *b;

	make("got");
	make_photos();
	kit_file("x", "xx", 2);
	kit_file("y", "yy", 2);
	a = receiver(&port);
	b = sender("%D/x %D/photos %D/y", port);
	process_expect_exit(b, OK);
	process_expect_exit(a, OK);
	expect_text("got/x", "xx");
	expect_text("got/photos/one", "1");
	expect_text("got/y", "yy");
}

static void empty_directory(void **state)
{
	uint16_t port;
	struct process *b;

	make("got");
	make("empty");
	receiver(&port);
	b = sender("%D/empty", port);
	process_expect_exit(b, INCOMPLETE);
	process_expect_err(b, "cannot send");
	process_expect_err(b, "it has no files");
}

/* The receiver dies in the middle; the second attempt sends only what is missing. */
static void directory_resumed(void **state)
{
	char words[400];
	uint16_t port;
	struct process *a, *b;

	make("got");
	make("tree");
	kit_file("tree/a", "first", 5);
	big_file("tree/b");
	kit_file("tree/c", "last", 4);
	/* What an attempt that was cut off has left. */
	make("got/tree.part");
	kit_file("got/tree.part/a", "first", 5);
	big_file("got/tree.part/b.part");
	assert_int_equal(truncate(kit_path("got/tree.part/b.part"), 1000000), 0);
	a = receiver(&port);
	snprintf(words, sizeof(words), "%s", "%D/tree");
	b = sender(words, port);
	process_expect_exit(b, OK);
	process_expect_exit(a, OK);
	process_expect_err(b, "a: resuming at 100 %");
	process_expect_err(b, "b: resuming at 33 %");
	expect_text("got/tree/a", "first");
	expect_text("got/tree/c", "last");
	expect_absent("got/tree/a.1");
	expect_absent("got/tree.part");
}

/* Two people who talk, by programs. */
static void meet(struct process **a, struct process **b)
{
	uint16_t port;

	make("got");
	*a = talk_listen(NULL, "alice", "listen --once --accept-new --json --dir=%D/got", &port);
	*b = talk_connect(NULL, "bob", port, "--accept-new --json");
	process_expect_in_out(*a, "\"event\":\"joined\"");
	process_expect_in_out(*b, "\"event\":\"joined\"");
}

static void still_talking(struct process *a, struct process *b)
{
	talk_says(b, "still here");
	process_expect_in_out(a, "\"text\":\"still here\"");
	talk_command(b, "quit", NULL, NULL);
	process_expect_exit(b, INCOMPLETE);
}

/* One question for all files, and one answer. */
static void directory_declined(void **state)
{
	struct process *a, *b;

	meet(&a, &b);
	make_photos();
	talk_command(b, "send", "file", kit_path("photos"));
	process_expect_in_out(a,
			      "bob offers a directory: photos, 3 files, 3 B. /accept or /decline?");
	talk_command(a, "decline", NULL, NULL);
	process_expect_in_out(b, "the receiver: does not want it");
	still_talking(a, b);
	assert_null(strstr(strstr(a->out.data, "\"file-offer\"") + 1, "\"file-offer\""));
	expect_absent("got/photos.part");
}

static void cancelled_before_the_answer(void **state)
{
	struct process *a, *b;

	meet(&a, &b);
	make_photos();
	talk_command(b, "cancel", NULL, NULL);
	process_expect_in_out(b, "No file is being sent or received.");
	talk_command(b, "send", "file", kit_path("photos"));
	process_expect_in_out(a, "\"event\":\"file-offer\"");
	talk_command(b, "cancel", NULL, NULL);
	process_expect_in_out(a, "\"event\":\"file-withdrawn\"");
	process_expect_in_out(b, "\"reason\":\"cancelled\"");
	talk_command(a, "accept", NULL, NULL);
	process_expect_in_out(a, "No file is on offer.");
	still_talking(a, b);
}

/* @stopper says /cancel while the file is under way; the rest of the conversation goes on. */
static void cancel_in_the_middle(struct process *a, struct process *b, struct process *stopper)
{
	struct statvfs fs;
	off_t size;

	/* So large that it is under way for long, and no larger than there is room for. */
	assert_int_equal(statvfs(kit_path(""), &fs), 0);
	size = (off_t)(fs.f_bavail * fs.f_frsize / 2);
	big_file("big");
	assert_int_equal(truncate(kit_path("big"), size < LARGE ? size : LARGE), 0);
	talk_command(b, "send", "file", kit_path("big"));
	process_expect_in_out(a, "\"event\":\"file-offer\"");
	talk_command(a, "accept", NULL, NULL);
	process_expect_in_out(b, "\"event\":\"file-offered\"");
	talk_command(b, "send", "file", kit_path("key32"));
	talk_command(b, "status", NULL, NULL);
	process_expect_in_out(b, "key32 waits to be sent");
	process_expect_in_out(
	    b, "\"event\":\"transfer\",\"peer\":\"alice\",\"direction\":\"out\",\"id\":1,");
	/* Some of it is there. */
	for (int i = 0; i < 3000; i++) {
		struct stat st;

		process_pump_once(20);
		if (stat(kit_path("got/big.part"), &st) == 0 && st.st_size > 0)
			break;
	}
	talk_command(stopper, "cancel", NULL, NULL);
	process_expect_in_out(a, "\"event\":\"file-failed\"");
	process_expect_in_out(b, "\"event\":\"file-failed\"");
	expect_absent("got/big");
	/* The sender's /cancel is about all; the receiver's is about this one. */
	if (stopper == a) {
		process_expect_in_out(a, "\"name\":\"key32\"");
		talk_command(a, "decline", NULL, NULL);
	}
	/* The next one gets through. */
	kit_file("small", "s", 1);
	talk_command(b, "send", "file", kit_path("small"));
	process_expect_in_out(a, "\"name\":\"small\"");
	talk_command(a, "accept", NULL, NULL);
	process_expect_in_out(b, "\"event\":\"file-sent\"");
	expect_text("got/small", "s");
	still_talking(a, b);
}

static void cancelled_by_the_sender(void **state)
{
	struct process *a, *b;

	meet(&a, &b);
	cancel_in_the_middle(a, b, b);
}

static void cancelled_by_the_receiver(void **state)
{
	struct process *a, *b;

	meet(&a, &b);
	cancel_in_the_middle(a, b, a);
	process_expect_in_out(b, "the receiver: cancelled");
}

/* What is sent must be the file at one time. */
static void changed_meanwhile(void **state)
{
	struct timespec times[2] = {{.tv_sec = 5}, {.tv_sec = 5}};
	struct process *a, *b;

	meet(&a, &b);
	kit_file("log", "line\n", 5);
	talk_command(b, "send", "file", kit_path("log"));
	process_expect_in_out(a, "\"event\":\"file-offer\"");
	assert_int_equal(utimensat(AT_FDCWD, kit_path("log"), times, 0), 0);
	talk_command(a, "accept", NULL, NULL);
	process_expect_in_out(b, "it changed while it was being sent");
	process_expect_in_out(a, "\"event\":\"file-failed\"");
	expect_absent("got/log");
	still_talking(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(directory),
	    TEST(several),
	    TEST(empty_directory),
	    TEST(directory_resumed),
	    TEST(directory_declined),
	    TEST(cancelled_before_the_answer),
	    TEST(cancelled_by_the_sender),
	    TEST(cancelled_by_the_receiver),
	    TEST(changed_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
