// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_streams.c - do two cryptochats carry what is on their standard streams,
 * whole and in order, and end as they should?
 */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/chatkit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MIB (1u << 20)

static const char *const once[] = {"--once", NULL};

/* Both inputs at once through pipes; both arrive whole. */
static void exchange(const void *a, size_t a_len, const void *b, size_t b_len,
		     const char *data_size)
{
	const char *extra[] = {"--once", data_size, NULL};
	uint16_t port;
	struct process *server = kit_listen(NULL, extra, &port);
	struct process *client = kit_connect(NULL, extra + 1, "127.0.0.1", port);

	process_feed(server, a, a_len);
	process_end_input(server);
	process_feed(client, b, b_len);
	process_end_input(client);
	process_expect_exit(client, 0);
	process_expect_exit(server, 0);
	process_expect_out(client, a, a_len);
	process_expect_out(server, b, b_len);
}

static void a_mebibyte_both_ways(void **state)
{
	static uint8_t a[MIB], b[MIB];

	kit_random(a, MIB, 1);
	kit_random(b, MIB, 2);
	exchange(a, MIB, b, MIB, "--data-size=256");
	exchange(a, MIB, b, MIB, "--data-size=48");
	exchange(a, MIB, b, MIB, "--data-size=65536");
}

static void zeros_of_all_kinds(void **state)
{
	static uint8_t zeros[MIB], mixed[MIB];

	kit_random(mixed + 1000, 5000, 3);
	kit_random(mixed + MIB / 2, 1000, 4);
	mixed[MIB - 70001] = 1;
	exchange(zeros, MIB, mixed, MIB, "--data-size=256");
	exchange(mixed, MIB, zeros, 1, "--data-size=4096");
	exchange(mixed, MIB, "x\0", 2, "--data-size=16");
}

/* From and to files, as in "cryptochat < FILE > FILE". */
static void files(void **state)
{
	static uint8_t a[MIB], b[MIB], got[MIB + 1];
	struct process_setup server_io = {0}, client_io = {0};
	struct process *server, *client;
	uint16_t port;

	kit_random(a, MIB, 5);
	kit_random(b, 1000, 6); /* the rest is zeros */
	kit_file("a", a, MIB);
	kit_file("b", b, MIB);
	server_io.stdin_fd = kit_open("a", O_RDONLY);
	server_io.stdout_fd = kit_open("got-b", O_RDWR | O_CREAT);
	client_io.stdin_fd = kit_open("b", O_RDONLY);
	client_io.stdout_fd = kit_open("got-a", O_RDWR | O_CREAT);
	server = kit_listen(&server_io, once, &port);
	client = kit_connect(&client_io, NULL, "127.0.0.1", port);
	process_expect_exit(client, 0);
	process_expect_exit(server, 0);

	assert_int_equal(pread(client_io.stdout_fd, got, sizeof(got), 0), MIB);
	assert_true(memcmp(got, a, MIB) == 0);
	assert_int_equal(pread(server_io.stdout_fd, got, sizeof(got), 0), MIB);
	assert_true(memcmp(got, b, MIB) == 0);
	close(server_io.stdin_fd);
	close(server_io.stdout_fd);
	close(client_io.stdin_fd);
	close(client_io.stdout_fd);
}

/* A text is sent when it is typed, not when something follows; zeros at its end too. */
static void nothing_is_held_back(void **state)
{
	uint16_t port;
	struct process *server = kit_listen(NULL, once, &port);
	struct process *client = kit_connect(NULL, NULL, "127.0.0.1", port);

	process_say(client, "no line end");
	process_expect_text(server, "no line end");
	process_feed(server, "\0", 1);
	process_expect_out(client, "\0", 1);
	process_feed(server, "record\0", 7);
	process_expect_out(client, "\0record\0", 8);
	process_end_input(client);
	process_end_input(server);
	process_expect_exit(client, 0);
	process_expect_exit(server, 0);
}

/* The client's input ends first; what the server says after that still arrives. */
static void half_close_by_the_client(void **state)
{
	static const char *const extra[] = {"--once", "--linger=forever", NULL};
	uint16_t port;
	struct process *server = kit_listen(NULL, extra, &port);
	struct process *client = kit_connect(NULL, NULL, "127.0.0.1", port);

	process_say(client, "question\n");
	process_end_input(client);
	process_expect_text(server, "question\n");
	process_say(server, "first ");
	process_expect_text(client, "first ");
	process_say(server, "and second answer\n");
	process_end_input(server);
	process_expect_exit(client, 0);
	process_expect_exit(server, 0);
	process_expect_text(client, "first and second answer\n");
}

static void half_close_by_the_server(void **state)
{
	static const char *const forever[] = {"--linger=forever", NULL};
	uint16_t port;
	struct process *server = kit_listen(NULL, NULL, &port);
	struct process *client = kit_connect(NULL, forever, "127.0.0.1", port);

	process_say(server, "greeting\n");
	process_end_input(server);
	process_expect_text(client, "greeting\n");
	process_say(client, "one\n");
	process_expect_text(server, "one\n");
	process_say(client, "two\n");
	process_end_input(client);
	/* Its input has ended, so a listener leaves after this conversation. */
	process_expect_exit(server, 0);
	process_expect_exit(client, 0);
	process_expect_text(server, "one\ntwo\n");
}

/* Our end of sending is the FIN of TCP, seen by a peer that continues sending. */
static void half_close_on_the_wire(void **state)
{
	uint16_t port;
	int listener = kit_socket_listen(&port);
	struct process *client = kit_connect(NULL, NULL, "127.0.0.1", port);
	int fd = kit_socket_accept(listener);

	process_end_input(client);
	kit_socket_expect_end(fd);
	kit_socket_say(fd, "still here\n");
	process_expect_text(client, "still here\n");
	close(fd);
	close(listener);
	process_expect_exit(client, 0);
}

static void input_closed_or_empty_at_the_start(void **state)
{
	static const char *const forever[] = {"--linger=forever", NULL};
	const struct process_setup closed = {.close_stdin = true};
	struct process_setup empty = {.stdin_fd = open("/dev/null", O_RDONLY | O_CLOEXEC)};
	const struct process_setup *setups[] = {&closed, &empty};

	for (size_t i = 0; i < 2; i++) {
		uint16_t port;
		struct process *server = kit_listen(setups[i], NULL, &port);
		struct process *client = kit_connect(NULL, forever, "127.0.0.1", port);

		process_say(client, "to a listener without input\n");
		process_end_input(client);
		process_expect_exit(client, 0);
		process_expect_exit(server, 0);
		process_expect_text(server, "to a listener without input\n");
	}
	close(empty.stdin_fd);
}

/*
 * Clients come one after the other, and one waits while another is served. The
 * listener's input is an idle pipe all the time; what comes on it goes to the client
 * of the moment.
 */
static void clients_in_turn(void **state)
{
	uint16_t port;
	struct process *server = kit_listen(NULL, NULL, &port);
	struct process *one = kit_connect(NULL, NULL, "127.0.0.1", port);
	struct process *two, *three;

	process_expect_err(server, "Incoming connection from 127.0.0.1:");
	two = kit_connect(NULL, NULL, "127.0.0.1", port);
	process_expect_err(two, "Connected.\n");
	process_say(two, "from two\n");
	process_say(one, "from one\n");
	process_expect_text(server, "from one\n");
	process_say(server, "to one\n");
	process_expect_text(one, "to one\n");
	process_end_input(one);
	process_expect_exit(one, 0);
	process_expect_err(server, "Client went away.\nWaiting for an incoming connection...\n"
				   "Incoming connection");
	process_expect_text(server, "from one\nfrom two\n");
	process_say(server, "to two\n");
	process_expect_text(two, "to two\n");
	process_end_input(two);
	process_expect_exit(two, 0);
	process_expect_err_count(server, "Waiting for an incoming connection...\n", 3);

	/* Typed while nobody is there: for the next one. */
	process_say(server, "to three\n");
	three = kit_connect(NULL, NULL, "127.0.0.1", port);
	process_expect_text(three, "to three\n");
	process_end_input(server);
	process_end_input(three);
	process_expect_exit(three, 0);
	process_expect_exit(server, 0);
	process_expect_err_count(server, "Client went away.\n", 3);
}

static bool have_ipv6(void)
{
	struct sockaddr_in6 addr = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool have = fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;

	if (fd >= 0)
		close(fd);
	return have;
}

static void one_word(const char *const *listen_extra, const char *host, const char *from)
{
	uint16_t port;
	struct process *server = kit_listen(NULL, listen_extra, &port);
	struct process *client = kit_connect(NULL, NULL, host, port);

	process_expect_err(server, from);
	process_say(client, "word\n");
	process_end_input(client);
	process_end_input(server);
	process_expect_exit(client, 0);
	process_expect_exit(server, 0);
	process_expect_text(server, "word\n");
}

static void addresses(void **state)
{
	static const char *const v4[] = {"-4", NULL};
	static const char *const bind4[] = {"--bind=127.0.0.1", NULL};
	static const char *const v6[] = {"-6", NULL};
	static const char *const bind6[] = {"--bind=::1", NULL};

	one_word(NULL, "127.0.0.1", "Incoming connection from 127.0.0.1:");
	one_word(v4, "127.0.0.1", "Incoming connection from 127.0.0.1:");
	one_word(bind4, "127.0.0.1", "Incoming connection from 127.0.0.1:");
	if (!have_ipv6()) {
		print_message("no IPv6 here: not tested\n");
		return;
	}
	one_word(NULL, "::1", "Incoming connection from [::1]:");
	one_word(v6, "::1", "Incoming connection from [::1]:");
	one_word(bind6, "[::1]", "Incoming connection from [::1]:");
}

struct stuck {
	struct process *p;
	size_t fed;
	unsigned int quiet;
};

static char state_of(pid_t pid)
{
	char path[40], line[256] = "";
	const char *paren;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	paren = strrchr(line, ')');
	assert_non_null(paren);
	return paren[2];
}

/* Nothing more was taken, and the process slept, in 20 looks one after another. */
static bool is_stuck(void *arg)
{
	struct stuck *s = arg;

	if (s->p->fed != s->fed || s->fed == 0 || state_of(s->p->pid) != 'S')
		s->quiet = 0;
	s->fed = s->p->fed;
	return ++s->quiet > 20;
}

/* A peer that does not read: our input is left alone, and nothing is lost in the end. */
static void a_peer_that_does_not_read(void **state)
{
	static uint8_t data[64 * MIB];
	uint16_t port;
	int listener = kit_socket_listen(&port);
	struct process *client = kit_connect(NULL, NULL, "127.0.0.1", port);
	struct stuck stuck = {.p = client};
	int fd = kit_socket_accept(listener);

	kit_random(data, KIT_FRAME, 7);
	data[KIT_FRAME - 1] |= 1;
	for (size_t i = 1; i < sizeof(data) / KIT_FRAME; i++)
		memcpy(data + i * KIT_FRAME, data, KIT_FRAME);
	process_feed(client, data, sizeof(data));
	process_end_input(client);
	process_pump_until(is_stuck, &stuck, "a full send buffer");
	assert_true(client->fed < sizeof(data));

	/* The other direction continues meanwhile. */
	kit_socket_say(fd, "hello?\n");
	process_expect_text(client, "hello?\n");

	for (size_t i = 0; i < sizeof(data); i += KIT_FRAME)
		kit_crypt(true, 16, data + i, KIT_FRAME);
	kit_socket_expect(fd, data, sizeof(data));
	kit_socket_expect_end(fd);
	close(fd);
	close(listener);
	process_expect_exit(client, 0);
}

/* An output that nobody reads stops the receiving, not the sending. */
static void an_output_that_nobody_reads(void **state)
{
	static uint8_t data[MIB], frame[KIT_FRAME], got[MIB];
	struct process_setup setup = {0};
	struct process *client;
	int ends[2], listener, fd;
	size_t len = 0;
	uint16_t port;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	setup.stdout_fd = ends[1];
	listener = kit_socket_listen(&port);
	client = kit_connect(&setup, NULL, "127.0.0.1", port);
	close(ends[1]);
	fd = kit_socket_accept(listener);
	for (size_t i = 0; i < MIB; i += KIT_FRAME) {
		memset(data + i, (int)(i / KIT_FRAME % 255) + 1, KIT_FRAME);
		kit_frame(data + i, KIT_FRAME, frame);
		kit_socket_send(fd, frame, KIT_FRAME);
	}
	shutdown(fd, SHUT_WR);
	process_say(client, "I cannot read, but I can speak\n");
	kit_frame("I cannot read, but I can speak\n", 31, frame);
	kit_socket_expect(fd, frame, KIT_FRAME);
	process_end_input(client);
	kit_socket_expect_end(fd);

	while (len < sizeof(got)) {
		ssize_t n = read(ends[0], got + len, sizeof(got) - len);

		assert_true(n > 0);
		len += (size_t)n;
	}
	assert_true(memcmp(got, data, MIB) == 0);
	close(fd);
	close(listener);
	close(ends[0]);
	process_expect_exit(client, 0);
}

/* Run a client whose output is a terminal and return what the terminal was given. */
static void on_terminal(const char *const *extra, const void *text, size_t len, char *shown,
			size_t size)
{
	struct process_setup setup = {0};
	uint8_t frame[KIT_FRAME];
	int master, slave, listener, fd;
	struct process *client;
	struct termios raw;
	size_t n = 0;
	uint16_t port;

	cfmakeraw(memset(&raw, 0, sizeof(raw)));
	assert_int_equal(openpty(&master, &slave, NULL, &raw, NULL), 0);
	setup.stdout_fd = slave;
	listener = kit_socket_listen(&port);
	client = kit_connect(&setup, extra, "127.0.0.1", port);
	fd = kit_socket_accept(listener);
	kit_frame(text, len, frame);
	kit_socket_send(fd, frame, sizeof(frame));
	kit_socket_say(fd, "END");
	memset(shown, 0, size);
	while (!memmem(shown, n, "END", 3)) {
		struct pollfd wait = {.fd = master, .events = POLLIN};
		ssize_t got;

		assert_int_equal(poll(&wait, 1, 1000 * PROCESS_PATIENCE), 1);
		got = read(master, shown + n, size - 1 - n);
		assert_true(got > 0);
		n += (size_t)got;
	}
	shown[n - 3] = 0;
	close(fd);
	close(listener);
	process_expect_exit(client, 0);
	close(slave);
	close(master);
}

static void terminals_are_protected(void **state)
{
	static const char text[] = "\x1b]0;owned\a\x1b[2J καλά\r\n";
	static const char *const raw[] = {"--raw", NULL};
	char shown[512];

	on_terminal(NULL, text, sizeof(text) - 1, shown, sizeof(shown));
	assert_string_equal(shown, "\\x1b]0;owned\\x07\\x1b[2J καλά\\x0d\n");
	on_terminal(raw, text, sizeof(text) - 1, shown, sizeof(shown));
	assert_string_equal(shown, text);
}

/* A person types: lines go when they are complete, Ctrl-D is the end of the input. */
static void typed_on_a_terminal(void **state)
{
	struct process_setup setup = {0};
	struct process *server, *client;
	int master, slave;
	uint16_t port;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	setup.stdin_fd = slave;
	server = kit_listen(NULL, NULL, &port);
	client = kit_connect(&setup, NULL, "127.0.0.1", port);
	close(slave);
	assert_int_equal(write(master, "first\n", 6), 6);
	process_expect_text(server, "first\n");
	process_say(server, "answer\n");
	process_expect_text(client, "answer\n");
	assert_int_equal(write(master, "second\n\x04", 8), 8);
	process_expect_text(server, "first\nsecond\n");
	process_expect_exit(client, 0);
	process_expect_err_count(server, "Waiting for an incoming connection...\n", 2);
	close(master);
}

/* The peer leaves while a person sits there: the conversation is over at once. */
static void left_alone_on_a_terminal(void **state)
{
	struct process_setup setup = {0};
	struct process *client;
	int master, slave, listener;
	uint16_t port;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	setup.stdin_fd = slave;
	listener = kit_socket_listen(&port);
	client = kit_connect(&setup, NULL, "127.0.0.1", port);
	close(slave);
	close(kit_socket_accept(listener));
	close(listener);
	process_expect_exit(client, 0);
	process_expect_err(client, "Server went away.\nDone.\n");
	close(master);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_mebibyte_both_ways),
	    TEST(zeros_of_all_kinds),
	    TEST(files),
	    TEST(nothing_is_held_back),
	    TEST(half_close_by_the_client),
	    TEST(half_close_by_the_server),
	    TEST(half_close_on_the_wire),
	    TEST(input_closed_or_empty_at_the_start),
	    TEST(clients_in_turn),
	    TEST(addresses),
	    TEST(a_peer_that_does_not_read),
	    TEST(an_output_that_nobody_reads),
	    TEST(terminals_are_protected),
	    TEST(typed_on_a_terminal),
	    TEST(left_alone_on_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
