// SPDX-License-Identifier: GPL-2.0-or-later
/* test_dial.c - which of several addresses is connected, and what becomes of those that are silent? */
#include "tests/chat/cmocka_api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/base/dial.h"
#include "apps/base/wait.h"

#define PATIENCE_MS 60000
#define BACKLOG 4

/** struct place - an address, and what listens there. */
struct place {
	struct addrinfo ai;
	struct sockaddr_in in;
	int listener;
	int waiting[BACKLOG];
};

static void place_at(struct place *p, const char *host)
{
	socklen_t len = sizeof(p->in);

	*p = (struct place){
	    .in = {.sin_family = AF_INET},
	    .ai = {.ai_family = AF_INET, .ai_addrlen = sizeof(p->in)},
	};
	p->ai.ai_addr = (struct sockaddr *)&p->in;
	assert_int_equal(inet_pton(AF_INET, host, &p->in.sin_addr), 1);
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->listener, p->ai.ai_addr, len), 0);
	assert_int_equal(listen(p->listener, 0), 0);
	assert_int_equal(getsockname(p->listener, p->ai.ai_addr, &len), 0);
	for (int i = 0; i < BACKLOG; i++)
		p->waiting[i] = -1;
}

/* Its queue is full: the system does not answer callers any more. */
static void make_silent(struct place *p)
{
	for (int i = 0; i < BACKLOG; i++) {
		p->waiting[i] = net_start(&p->ai);
		assert_true(p->waiting[i] >= 0);
	}
}

/* Nobody listens. */
static void make_refusing(struct place *p)
{
	close(p->listener);
	p->listener = -1;
}

static void leave(struct place *p)
{
	if (p->listener >= 0)
		close(p->listener);
	for (int i = 0; i < BACKLOG; i++)
		if (p->waiting[i] >= 0)
			close(p->waiting[i]);
}

static int run(struct dial *d, int64_t patience_ms, char name[NET_NAME_SIZE])
{
	struct pollfd fds[DIAL_ADDRESSES];
	int fd;

	while ((fd = dial_step(d, wait_clock_ms(), patience_ms, name)) == -EINPROGRESS)
		poll(fds, dial_poll(d, fds), dial_timeout(d, wait_clock_ms(), -1));
	return fd;
}

static void silent_first_address(void **state)
{
	struct place silent, alive;
	char name[NET_NAME_SIZE];
	struct dial d;
	int fd;

	place_at(&silent, "127.0.0.1");
	place_at(&alive, "127.0.0.2");
	make_silent(&silent);
	silent.ai.ai_next = &alive.ai;
	dial_begin(&d, &silent.ai);
	fd = run(&d, PATIENCE_MS, name);
	assert_true(fd >= 0);
	assert_int_equal(strncmp(name, "127.0.0.2:", 10), 0);
	/* The silent one was called off, and can be tried if the other is not whom we want. */
	assert_true(dial_has_more(&d));
	assert_int_equal(d.tries[0].state, DIAL_NEW);
	assert_int_equal(d.tries[1].state, DIAL_OVER);
	close(fd);
	dial_end(&d);
	leave(&silent);
	leave(&alive);
}

static void refusing_and_silent(void **state)
{
	struct place refusing, silent;
	char name[NET_NAME_SIZE];
	struct dial d;

	place_at(&refusing, "127.0.0.1");
	place_at(&silent, "127.0.0.2");
	make_refusing(&refusing);
	make_silent(&silent);
	refusing.ai.ai_next = &silent.ai;
	dial_begin(&d, &refusing.ai);
	/* Each has its own time: this ends, though the second never answers. */
	assert_int_equal(run(&d, 300, name), -ETIMEDOUT);
	assert_false(dial_has_more(&d));
	leave(&silent);
	dial_begin(&d, NULL);
	assert_int_equal(run(&d, 300, name), -EADDRNOTAVAIL);
}

static void families_take_turns(void **state)
{
	static const int families[] = {AF_INET6, AF_INET6, AF_INET6, AF_INET, AF_INET};
	static const unsigned int order[] = {0, 3, 1, 4, 2};
	struct addrinfo list[5] = {0};
	struct dial d;

	for (unsigned int i = 0; i < 5; i++) {
		list[i].ai_family = families[i];
		list[i].ai_next = i < 4 ? &list[i + 1] : NULL;
	}
	dial_begin(&d, list);
	assert_int_equal(d.count, 5);
	for (unsigned int i = 0; i < 5; i++)
		assert_ptr_equal(d.tries[i].address, &list[order[i]]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(silent_first_address),
	    cmocka_unit_test(refusing_and_silent),
	    cmocka_unit_test(families_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
