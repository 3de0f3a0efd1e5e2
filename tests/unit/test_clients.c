/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_clients.c - daemon/supervisor/clients.c: who is let in, who has to make room, what is wanted. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/supervisor/clients.h"

static struct clients clients;
static int listening;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_len;

/* A name that the kernel chooses, in no directory. */
static int setup(void **state)
{
	socklen_t len = sizeof(address);

	listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(listening >= 0);
	address.sun_family = AF_UNIX;
	assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &len), 0);
	address_len = len;
	assert_int_equal(listen(listening, 32), 0);
	assert_int_equal(clients_init(&clients), 0);
	return 0;
}

static int teardown(void **state)
{
	clients_close(&clients);
	close(listening);
	return 0;
}

/* A client connects, and is accepted. Return: its own end. */
static int come(int *oldest)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, address_len), 0);
	assert_int_equal(clients_accept(&clients, listening, oldest), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

static bool hung_up(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_DONTWAIT) == 0;
}

/* Whether @ours is the other end of @client. Ends both. */
static void same_connection(int ours, int client)
{
	char text[8] = "";

	assert_int_equal(write(ours, "it", 2), 2);
	assert_int_equal(read(client, text, sizeof(text)), 2);
	assert_string_equal(text, "it");
	close(ours);
	close(client);
}

static void nobody_came(void **state)
{
	int oldest = 7, fd = 7;

	assert_int_equal(clients_accept(&clients, listening, &oldest), 0);
	assert_int_equal(oldest, -1);
	assert_int_equal(clients.count, 0);
	assert_int_equal(clients_read(&clients, &fd), CLIENT_NOTHING);
}

static void no_socket(void **state)
{
	int oldest, null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_int_equal(clients_accept(&clients, null, &oldest), -ENOTSOCK);
	close(null);
}

/* The current user is neither root nor the owner any more. */
static void another_user(void **state)
{
	int oldest, fd;

	if (!geteuid())
		return;
	clients.owner = geteuid() + 1;
	fd = come(&oldest);
	assert_int_equal(clients.count, 0);
	assert_true(hung_up(fd));
	close(fd);
}

static void root_is_not_the_owner(void **state)
{
	int oldest, fd;

	if (geteuid())
		return;
	clients.owner = 4242;
	fd = come(&oldest);
	assert_int_equal(clients.count, 1);
	assert_false(hung_up(fd));
	close(fd);
}

/* CLIENTS_MAX may be silent; one more and the oldest is the caller's. */
static void full(void **state)
{
	int ends[CLIENTS_MAX + 2], oldest;

	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		ends[i] = come(&oldest);
		assert_int_equal(oldest, -1);
		assert_int_equal(clients.count, i + 1);
	}
	for (unsigned int i = CLIENTS_MAX; i < CLIENTS_MAX + 2; i++) {
		ends[i] = come(&oldest);
		assert_int_equal(clients.count, CLIENTS_MAX);
		assert_true(oldest >= 0);
		same_connection(oldest, ends[i - CLIENTS_MAX]);
	}
	/* Those that stay are in their order, and heard. */
	for (unsigned int i = 2; i < CLIENTS_MAX + 2; i++) {
		int fd = -1;

		say(ends[i], "stats\n");
		assert_int_equal(clients_read(&clients, &fd), CLIENT_COMMAND);
		same_connection(fd, ends[i]);
	}
	assert_int_equal(clients.count, 0);
}

/* One between two others is taken out; the two are still the ones they were. */
static void middle(void **state)
{
	int ends[3], oldest, fd = -1;

	for (unsigned int i = 0; i < 3; i++)
		ends[i] = come(&oldest);
	say(ends[1], "stats\n");
	assert_int_equal(clients_read(&clients, &fd), CLIENT_COMMAND);
	same_connection(fd, ends[1]);
	assert_int_equal(clients.count, 2);
	say(ends[2], "a");
	assert_int_equal(clients_read(&clients, &fd), CLIENT_COMMAND);
	same_connection(fd, ends[2]);
	say(ends[0], "b");
	assert_int_equal(clients_read(&clients, &fd), CLIENT_COMMAND);
	same_connection(fd, ends[0]);
}

static void hangs_up(void **state)
{
	int oldest, fd = -1, stays, leaves;

	leaves = come(&oldest);
	stays = come(&oldest);
	close(leaves);
	assert_int_equal(clients_read(&clients, &fd), CLIENT_NOTHING);
	assert_int_equal(clients.count, 1);
	assert_int_equal(fd, -1);
	say(stays, "x");
	assert_int_equal(clients_read(&clients, &fd), CLIENT_COMMAND);
	same_connection(fd, stays);
}

/* What was looked at stays in the socket, for the worker. */
static void command_stays(void **state)
{
	int oldest, fd = -1, end = come(&oldest);
	char text[16] = "";

	say(end, "upgrades\n");
	assert_int_equal(clients_read(&clients, &fd), CLIENT_COMMAND);
	assert_int_equal(recv(fd, text, sizeof(text), 0), 9);
	assert_string_equal(text, "upgrades\n");
	close(fd);
	close(end);
}

/* An upgrade is one only with the end of its line, and may come byte by byte. */
static void upgrade_in_pieces(void **state)
{
	const char *const pieces[] = {"u", "pgra", "de"};
	int oldest, fd = -1, end = come(&oldest);
	char text[64] = "";

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		say(end, pieces[i]);
		assert_int_equal(clients_read(&clients, &fd), CLIENT_NOTHING);
		assert_int_equal(clients.count, 1);
	}
	say(end, "\n");
	assert_int_equal(clients_read(&clients, &fd), CLIENT_UPGRADE);
	assert_int_equal(clients.count, 0);
	/* It is read: the client gets the answer, and no reset. */
	clients_refuse(fd, "not now");
	assert_int_equal(recv(end, text, sizeof(text), 0), 12);
	assert_string_equal(text, "ERR not now\n");
	assert_true(hung_up(end));
	close(end);
}

static void outcome(void **state)
{
	char text[64] = "";
	int ends[2];

	/* Nobody asked. */
	clients_upgraded(&clients, NULL, "upgraded");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	clients.upgrade = ends[0];
	clients_upgraded(&clients, NULL, "upgraded");
	assert_int_equal(clients.upgrade, -1);
	/* "OK", the bytes that follow, and those. */
	assert_int_equal(recv(ends[1], text, sizeof(text) - 1, 0), 14);
	assert_string_equal(text, "OK 9\nupgraded\n");
	assert_true(hung_up(ends[1]));
	close(ends[1]);

	memset(text, 0, sizeof(text));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	clients.upgrade = ends[0];
	clients_upgraded(&clients, "no program", "not said");
	assert_int_equal(recv(ends[1], text, sizeof(text) - 1, 0), 15);
	assert_string_equal(text, "ERR no program\n");
	close(ends[1]);
}

/* An answer that is longer than a line is cut, and still ends. */
static void long_answer(void **state)
{
	char error[1000], text[1000];
	int ends[2];

	memset(error, 'e', sizeof(error) - 1);
	error[sizeof(error) - 1] = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	clients_refuse(ends[0], error);
	assert_int_equal(recv(ends[1], text, sizeof(text), MSG_WAITALL), 255);
	assert_memory_equal(text, "ERR eeee", 8);
	close(ends[1]);
}

static void closed(void **state)
{
	int oldest, silent = come(&oldest), ends[2];
	char text[64] = "";

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	clients.upgrade = ends[0];
	clients_close(&clients);
	assert_int_equal(clients.count, 0);
	assert_int_equal(clients.epoll, -1);
	assert_true(hung_up(silent));
	assert_true(recv(ends[1], text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "ERR the daemon ends\n");
	close(silent);
	close(ends[1]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(nobody_came),
	    TEST(no_socket),
	    TEST(another_user),
	    TEST(root_is_not_the_owner),
	    TEST(full),
	    TEST(middle),
	    TEST(hangs_up),
	    TEST(command_stays),
	    TEST(upgrade_in_pieces),
	    TEST(outcome),
	    TEST(long_answer),
	    TEST(closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
