// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_failures.c - when something is wrong, is it said, and does the exit code
 * tell scripts?
 */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/chatkit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OK = 0, NETWORK = 1, USAGE = 2, DEVICE = 4 };

static const char *const once[] = {"--once", NULL};

/* The stream ends inside the second frame: the first is good, the second reported. */
static void truncated_peer(void **state)
{
	uint8_t frames[2 * KIT_FRAME];
	uint16_t port;
	struct process *chat = kit_listen(NULL, once, &port);
	int fd = kit_socket_connect(port);

	kit_frame("whole\n", 6, frames);
	kit_frame("torn\n", 5, frames + KIT_FRAME);
	kit_socket_send(fd, frames, 2 * KIT_FRAME - 1);
	close(fd);
	process_expect_exit(chat, NETWORK);
	process_expect_text(chat, "whole\n");
	process_expect_err(chat, "ended inside a frame");
}

static void reset_by_the_peer(void **state)
{
	uint16_t port;
	int listener = kit_socket_listen(&port);
	struct process *chat = kit_connect(NULL, NULL, "127.0.0.1", port);
	int fd = kit_socket_accept(listener);

	kit_socket_say(fd, "before\n");
	process_expect_text(chat, "before\n");
	kit_socket_reset(fd);
	close(listener);
	process_expect_exit(chat, NETWORK);
	process_expect_err(chat, "Connection reset by peer");
	process_expect_err(chat, "Done.\n");
}

/* The peer has ended its side and then turns out to be gone, while we linger. */
static void reset_after_the_peers_end(void **state)
{
	static const char *const forever[] = {"--linger=forever", NULL};
	uint16_t port;
	int listener = kit_socket_listen(&port);
	struct process *chat = kit_connect(NULL, forever, "127.0.0.1", port);
	int fd = kit_socket_accept(listener);

	kit_socket_say(fd, "bye\n");
	process_expect_text(chat, "bye\n");
	close(fd);
	close(listener);
	/* The first line is answered by a reset, which must be noticed without a second. */
	process_feed(chat, "are you there?\n", 15);
	process_expect_exit(chat, NETWORK);
	process_expect_err(chat, "the connection failed");
}

/* A client's failure is not the listener's end. */
static void next_client_after_a_reset(void **state)
{
	uint8_t frame[KIT_FRAME];
	uint16_t port;
	struct process *chat = kit_listen(NULL, NULL, &port);
	int fd = kit_socket_connect(port);

	kit_socket_say(fd, "one\n");
	process_expect_text(chat, "one\n");
	kit_socket_reset(fd);
	process_expect_err_count(chat, "Waiting for an incoming connection...\n", 2);
	fd = kit_socket_connect(port);
	kit_frame("two\n", 4, frame);
	kit_socket_send(fd, frame, 100);
	close(fd);
	process_expect_err_count(chat, "Waiting for an incoming connection...\n", 3);
	fd = kit_socket_connect(port);
	kit_socket_send(fd, frame, sizeof(frame));
	process_expect_text(chat, "one\ntwo\n");
	process_end_input(chat);
	kit_socket_expect_end(fd);
	close(fd);
	process_expect_exit(chat, OK);
}

static void nobody_listens(void **state)
{
	uint16_t port;
	int listener = kit_socket_listen(&port);
	struct process *chat;

	close(listener);
	chat = kit_connect(NULL, NULL, "127.0.0.1", port);
	process_expect_exit(chat, NETWORK);
	process_expect_err(chat, "Connection refused");
}

static void port_taken(void **state)
{
	char arg[32];
	const char *argv[] = {getenv("LABCHAT"), "listen",	    "-4", arg, "--device=none",
			      "--key-file",	 kit_path("key16"), NULL};
	uint16_t port;
	int listener = kit_socket_listen(&port);
	struct process *chat;

	snprintf(arg, sizeof(arg), "--port=%u", port);
	chat = process_start(NULL, argv);
	process_expect_exit(chat, NETWORK);
	process_expect_err(chat, "choose another port with --port");
	close(listener);
}

static struct process *with_option(const char *option)
{
	const char *extra[] = {option, NULL};

	return kit_connect(NULL, extra, "127.0.0.1", 9);
}

/* It exits with @code, and says @text. */
static void expect_failure(const char *option, int code, const char *text)
{
	struct process *p = with_option(option);

	process_expect_exit(p, code);
	process_expect_err(p, text);
}

static void bad_key_files(void **state)
{
	char arg[400];

	snprintf(arg, sizeof(arg), "--key-file=%s", kit_file("short", "0123456789abcde", 15));
	expect_failure(arg, USAGE,
		       "holds 15 bytes; wanted are exactly 16 raw bytes or 32 hexadecimal");

	snprintf(arg, sizeof(arg), "--key-file=%s",
		 kit_file("nothex", "zz0102030405060708090a0b0c0d0e0f", 32));
	expect_failure(arg, USAGE, "not all hexadecimal");

	snprintf(arg, sizeof(arg), "--key-file=%s", kit_path("missing"));
	expect_failure(arg, USAGE, "No such file");

	expect_failure("--iv=00", USAGE, "must be 32 hexadecimal digits");
}

static void exposed_key_file(void **state)
{
	char arg[400];
	struct process *p;

	snprintf(arg, sizeof(arg), "--key-file=%s", kit_file("open", "0123456789abcdef", 16));
	assert_int_equal(chmod(kit_path("open"), 0644), 0);
	p = with_option(arg);
	process_expect_err(p, "can be read by other users");
}

/* Another key: what arrives is noise, but it arrives, and nobody falls over. */
static void different_keys(void **state)
{
	char arg[400];
	const char *extra[] = {"--once", arg, NULL};
	struct process *chat;
	uint16_t port;
	int fd;

	snprintf(arg, sizeof(arg), "--key-file=%s", kit_file("other", "0123456789abcdef", 16));
	chat = kit_listen(NULL, extra, &port);
	fd = kit_socket_connect(port);
	kit_socket_say(fd, "secret\n");
	close(fd);
	process_expect_exit(chat, OK);
	assert_int_not_equal(chat->out.len, 0);
	assert_null(memmem(chat->out.data, chat->out.len, "secret", 6));
}

static void devices_that_are_none(void **state)
{
	char arg[400];

	expect_failure("--device=/dev/null", DEVICE, "/dev/null is not a crypto device");

	snprintf(arg, sizeof(arg), "--device=%s", kit_file("file", "x", 1));
	expect_failure(arg, DEVICE, "is not a crypto device");

	expect_failure("--device=/nonexistent/crypto", DEVICE, "No such file or directory");
}

static void output_that_fails(void **state)
{
	struct process_setup full = {.stdout_fd = open("/dev/full", O_WRONLY | O_CLOEXEC)};
	struct process_setup closed = {.close_stdout = true};
	const struct process_setup *setups[] = {&full, &closed};
	static const char *const messages[] = {"No space left on device", "Bad file descriptor"};

	assert_true(full.stdout_fd > 0);
	for (size_t i = 0; i < 2; i++) {
		uint16_t port;
		/* Not --once: a listener whose output is gone has no use for a next client. */
		struct process *chat = kit_listen(setups[i], NULL, &port);
		int fd = kit_socket_connect(port);

		kit_socket_say(fd, "lost\n");
		process_expect_exit(chat, NETWORK);
		process_expect_err(chat, messages[i]);
		close(fd);
	}
	close(full.stdout_fd);
}

/* The reader of our output leaves: an error, not a death by SIGPIPE. */
static void output_pipe_closed(void **state)
{
	struct process_setup setup = {0};
	struct process *chat;
	uint16_t port;
	int ends[2], fd;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	setup.stdout_fd = ends[1];
	chat = kit_listen(&setup, once, &port);
	close(ends[1]);
	close(ends[0]);
	fd = kit_socket_connect(port);
	kit_socket_say(fd, "lost\n");
	process_expect_exit(chat, NETWORK);
	process_expect_err(chat, "Broken pipe");
	close(fd);
}

static void input_that_fails(void **state)
{
	struct process_setup setup = {.stdin_fd = open("/", O_RDONLY | O_CLOEXEC)};
	uint16_t port;
	struct process *chat = kit_listen(&setup, NULL, &port);
	int fd = kit_socket_connect(port);

	kit_socket_expect_end(fd);
	close(fd);
	process_expect_exit(chat, NETWORK);
	process_expect_err(chat, "cannot read standard input: Is a directory");
	close(setup.stdin_fd);
}

/* A signal ends a conversation in order: counters, then death by that signal. */
static void stopped_by_signals(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

	for (size_t i = 0; i < 3; i++) {
		uint16_t port;
		struct process *chat = kit_listen(NULL, NULL, &port);
		int fd = kit_socket_connect(port);

		kit_socket_say(fd, "x");
		process_expect_text(chat, "x");
		assert_int_equal(kill(chat->pid, signals[i]), 0);
		process_expect_exit(chat, 128 + signals[i]);
		process_expect_err(chat, "frames sent=0 received=1 operations=1\n");
		close(fd);

		chat = kit_listen(NULL, NULL, &port);
		assert_int_equal(kill(chat->pid, signals[i]), 0);
		process_expect_exit(chat, 128 + signals[i]);
	}
}

/* Also while descriptors are ready all the time and poll() never sleeps. */
static void stopped_in_a_transfer(void **state)
{
	struct process_setup zeros = {.stdin_fd = open("/dev/zero", O_RDONLY | O_CLOEXEC)};
	static uint8_t sink[65536];
	uint16_t port;
	struct process *chat = kit_listen(&zeros, NULL, &port);
	int fd = kit_socket_connect(port);
	size_t got = 0;
	ssize_t n;

	while (got < 1 << 20) {
		n = recv(fd, sink, sizeof(sink), 0);
		assert_true(n > 0);
		got += (size_t)n;
	}
	assert_int_equal(kill(chat->pid, SIGTERM), 0);
	do {
		n = recv(fd, sink, sizeof(sink), 0);
	} while (n > 0);
	process_expect_exit(chat, 128 + SIGTERM);
	close(fd);
	close(zeros.stdin_fd);
}

static void usage(void **state)
{
	const char *bad[] = {getenv("LABCHAT"), "listen", "--nonsense", NULL};
	const char *help[] = {getenv("LABCHAT"), "--help", NULL};
	const char *version[] = {getenv("LABCHAT"), "--version", NULL};
	struct process_setup full = {.stdout_fd = open("/dev/full", O_WRONLY | O_CLOEXEC)};
	struct process *p;

	p = process_start(NULL, bad);
	process_expect_exit(p, USAGE);
	process_expect_err(p, "Try 'labchat --help'.\n");
	p = process_start(NULL, help);
	process_expect_exit(p, OK);
	assert_non_null(strstr(p->out.data, "The lab protocol is insecure"));
	p = process_start(NULL, version);
	process_expect_exit(p, OK);
	assert_int_equal(strncmp(p->out.data, "labchat ", 8), 0);
	p = process_start(&full, help);
	process_expect_exit(p, NETWORK);
	close(full.stdout_fd);
}

static void says_that_it_is_insecure(void **state)
{
	uint16_t port;
	struct process *chat = kit_listen(NULL, NULL, &port);

	process_expect_err(chat, "The lab protocol is insecure: one key and one IV");
}

/* What a person typed between two clients was for the first of them, and the second never sees it. */
static void typed_between_two_clients(void **state)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct process_setup typing = {0};
	struct process *chat;
	uint16_t port;
	uint8_t frame[KIT_FRAME];
	int fd;

	assert_int_not_equal(terminal, -1);
	assert_int_equal(grantpt(terminal), 0);
	assert_int_equal(unlockpt(terminal), 0);
	typing.stdin_fd = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
	chat = kit_listen(&typing, NULL, &port);
	close(kit_socket_connect(port));
	process_expect_err(chat, "Client went away.\nWaiting for an incoming connection...\n");
	assert_int_equal(write(terminal, "for the first\n", 14), 14);
	fd = kit_socket_connect(port);
	/* The program says this after it has dropped the old input. */
	process_expect_err_count(chat, "crypto: AES-128-CBC", 2);
	assert_int_equal(write(terminal, "for the second\n", 15), 15);
	kit_frame("for the second\n", 15, frame);
	kit_socket_expect(fd, frame, sizeof(frame));
	close(fd);
	close(typing.stdin_fd);
	close(terminal);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(truncated_peer),
	    TEST(reset_by_the_peer),
	    TEST(reset_after_the_peers_end),
	    TEST(next_client_after_a_reset),
	    TEST(nobody_listens),
	    TEST(port_taken),
	    TEST(bad_key_files),
	    TEST(exposed_key_file),
	    TEST(different_keys),
	    TEST(devices_that_are_none),
	    TEST(output_that_fails),
	    TEST(output_pipe_closed),
	    TEST(input_that_fails),
	    TEST(stopped_by_signals),
	    TEST(stopped_in_a_transfer),
	    TEST(typed_between_two_clients),
	    TEST(usage),
	    TEST(says_that_it_is_insecure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
