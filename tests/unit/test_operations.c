/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_operations.c - daemon/supervisor/operations.c: order, the retry rule, what leaves the queue. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "daemon/supervisor/operations.h"

static struct operations q;

static int setup(void **state)
{
	q = (struct operations){0};
	return 0;
}

static int new_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void in_order(void **state)
{
	operations_add(&q, OPERATION_FORWARD, -1);
	operations_add(&q, OPERATION_CLIENT, new_fd());
	assert_int_equal(q.queue[0].kind, OPERATION_FORWARD);
	q.outstanding = true;
	operations_answered(&q);
	assert_false(q.outstanding);
	assert_int_equal(q.count, 1);
	assert_int_equal(q.queue[0].kind, OPERATION_CLIENT);
}

/* The next worker is told again what was not answered, a client too. */
static void told_again(void **state)
{
	int fd = new_fd();

	operations_add(&q, OPERATION_CLIENT, fd);
	q.outstanding = true;
	operations_worker_gone(&q);
	assert_false(q.outstanding);
	assert_int_equal(q.count, 1);
	assert_int_equal(q.queue[0].fd, fd);
	assert_true(is_open(fd));
	operations_answered(&q);
	assert_false(is_open(fd));
}

/* Nobody waits for the answer: it is awaited from this worker only. */
static void cancelled(void **state)
{
	operations_add(&q, OPERATION_FORWARD, -1);
	q.outstanding = true;
	operations_front_end_gone(&q);
	assert_int_equal(q.count, 2);
	assert_int_equal(q.queue[0].kind, OPERATION_CANCELLED);
	operations_worker_gone(&q);
	assert_int_equal(q.count, 1);
	assert_int_equal(q.queue[0].kind, OPERATION_RESET);
}

/* The worker was not told of it, and never will be. One RESET does for several front ends. */
static void never_told(void **state)
{
	operations_add(&q, OPERATION_FORWARD, -1);
	operations_front_end_gone(&q);
	operations_front_end_gone(&q);
	assert_int_equal(q.count, 1);
	assert_int_equal(q.queue[0].kind, OPERATION_RESET);
}

/* The fullest queue there can be; at the end of the daemon two of them stay. */
static void full(void **state)
{
	int fds[OPERATIONS_CLIENTS], keeper[2];

	operations_add(&q, OPERATION_FORWARD, -1);
	q.outstanding = true;
	for (unsigned int i = 0; i < OPERATIONS_CLIENTS; i++) {
		assert_true(operations_room(&q));
		operations_add(&q, OPERATION_CLIENT, fds[i] = new_fd());
	}
	assert_false(operations_room(&q));
	/* the second connection to the keeper takes the place of the first */
	operations_add(&q, OPERATION_KEEPER, keeper[0] = new_fd());
	operations_add(&q, OPERATION_KEEPER, keeper[1] = new_fd());
	assert_false(is_open(keeper[0]));
	operations_front_end_gone(&q);
	assert_int_equal(q.count, OPERATIONS_MAX);
	operations_drop(&q);
	assert_int_equal(q.count, 2);
	assert_int_equal(q.queue[0].kind, OPERATION_CANCELLED);
	assert_int_equal(q.queue[1].kind, OPERATION_RESET);
	for (unsigned int i = 0; i < OPERATIONS_CLIENTS; i++)
		assert_false(is_open(fds[i]));
	assert_false(is_open(keeper[1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(in_order, setup),  cmocka_unit_test_setup(told_again, setup),
	    cmocka_unit_test_setup(cancelled, setup), cmocka_unit_test_setup(never_told, setup),
	    cmocka_unit_test_setup(full, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
