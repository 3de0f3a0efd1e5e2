/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_control.c - a running daemon's control socket, its limits, and what it tells
 * a service manager.
 *
 * Limits are tested from one side only: work cannot be done sooner than they allow.
 * How much later it is done is a matter of the machine.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cryptodev.h"
#include "tests/wire/operator.h"
#include "tests/wire/rig.h"
#include "tests/wire/said.h"

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define MS 1000000ull

static char dir[32], path[64], notify_path[64];

static int make_dir(void **state)
{
	strcpy(dir, "/tmp/vcd-wire-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/control", dir);
	snprintf(notify_path, sizeof(notify_path), "%s/notify", dir);
	return 0;
}

static int remove_dir(void **state)
{
	unlink(path);
	unlink(notify_path);
	return rmdir(dir);
}

static const char *control_arg(void)
{
	static char arg[96];

	snprintf(arg, sizeof(arg), "--control=%s", path);
	return arg;
}

static int reach(void)
{
	return operator_reach(path);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 * MS + (uint64_t)ts.tv_nsec;
}

static void test_asked_while_working(void **state)
{
	struct rig rig;
	struct stat st;
	int fd;

	rig_start(&rig, NULL, ARGS("--num-queues=2", control_arg()));
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	rig_check(&rig);
	rig_session(&rig, &rig.front->queue[0]);
	fd = reach();
	assert_int_equal(operator_counter(fd, "requests"), 5);
	assert_int_equal(operator_counter(fd, "sessions_live"), 1);
	assert_true(operator_counter(fd, "service_p50_ns") > 0);
	assert_non_null(strstr(operator_ask(fd, "sessions\n"), " cbc(aes)\n"));
	assert_non_null(strstr(operator_ask(fd, "status\n"), "queues are served"));
	assert_non_null(strstr(operator_ask(fd, "nothing\n"), "ERR "));
	rig_check(&rig);
	close(fd);
	rig_stop(&rig);
}

static void test_several_commands_at_once(void **state)
{
	struct rig rig;
	int fd;

	rig_start(&rig, NULL, ARGS(control_arg()));
	fd = reach();
	assert_non_null(strstr(operator_ask(fd, "limits\nstatus\nhelp\n"), "ops none\n"));
	assert_non_null(strstr(operator_next(fd), "engine "));
	assert_non_null(strstr(operator_next(fd), "sessions "));
	close(fd);
	rig_stop(&rig);
}

/* Who sends no command line, or fetches no answer, harms nobody else. */
static void test_bad_clients(void **state)
{
	char flood[8192], byte;
	struct rig rig;
	int fd, deaf;

	rig_start(&rig, NULL, ARGS("--num-queues=1", control_arg()));
	fd = reach();
	memset(flood, 'x', sizeof(flood));
	/* it may hang up before all of it is written */
	(void)!send(fd, flood, sizeof(flood), MSG_NOSIGNAL);
	assert_int_equal(operator_receive(fd, &byte, 1), 0);
	close(fd);

	deaf = reach();
	assert_int_equal(fcntl(deaf, F_SETFL, O_NONBLOCK), 0);
	for (unsigned int i = 0; i < 100000; i++)
		if (send(deaf, "metrics\n", 8, MSG_NOSIGNAL) != 8)
			break;
	assert_int_equal(errno, EAGAIN);
	rig_check(&rig);
	fd = reach();
	assert_non_null(strstr(operator_ask(fd, "status\n"), "engine"));
	close(fd);
	close(deaf);
	rig_stop(&rig);
}

/* More than there is room for, and no more than fit into the backlog beside them. */
static void test_many_clients(void **state)
{
	int fds[14];
	struct rig rig;

	rig_start(&rig, NULL, ARGS(control_arg()));
	for (unsigned int i = 0; i < 14; i++) {
		fds[i] = reach();
		assert_int_equal(write(fds[i], "help\n", 5), 5);
	}
	/* the first eight have an answer; who leaves makes room for the next */
	for (unsigned int i = 0; i < 14; i++) {
		assert_non_null(strstr(operator_next(fds[i]), "status"));
		close(fds[i]);
	}
	rig_stop(&rig);
}

/* More than may wait: those are told so. */
static void test_too_many_clients(void **state)
{
	enum { SERVED = 8, WAIT = 16, ALL = SERVED + WAIT + 2 };
	unsigned int tries = 0;
	const char *answer;
	struct rig rig;
	int fds[ALL];

	rig_start(&rig, NULL, ARGS(control_arg()));
	for (unsigned int i = 0; i < ALL; i++) {
		fds[i] = reach();
		/* It may be turned away before it has asked. */
		(void)!send(fds[i], "help\n", 5, MSG_NOSIGNAL);
		if (i < SERVED)
			assert_non_null(strstr(operator_next(fds[i]), "status"));
		if (i >= SERVED + WAIT)
			assert_string_equal(operator_next(fds[i]), "ERR too many clients\n");
	}
	for (unsigned int i = 0; i < ALL; i++)
		close(fds[i]);
	/* Those who waited are seen to be gone one by one. */
	do {
		assert_true(tries++ < 6000);
		usleep(10000);
		fds[0] = reach();
		(void)!send(fds[0], "status\n", 7, MSG_NOSIGNAL);
		answer = operator_next(fds[0]);
		close(fds[0]);
	} while (!strcmp(answer, "ERR too many clients\n"));
	assert_non_null(strstr(answer, "engine"));
	rig_stop(&rig);
}

/* In a child of another user: 0 when it is hung up on, 1 when it is answered. */
static int ask_as(uid_t user)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char byte;

	strcpy(address.sun_path, path);
	if (setresuid(user, user, user) < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return 2;
	(void)!send(fd, "status\n", 7, MSG_NOSIGNAL);
	return read(fd, &byte, 1) > 0;
}

/* Nobody else is served, even where the file's mode would let him. */
static void test_other_users(void **state)
{
	static const uid_t users[] = {1234, 65534};
	struct rig rig;
	int status, fd;

	if (geteuid() != 0)
		skip();
	rig_start(&rig, NULL, ARGS(control_arg()));
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chmod(path, 0666), 0);
	for (unsigned int i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(ask_as(users[i]));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	fd = reach();
	assert_non_null(strstr(operator_ask(fd, "status\n"), "engine"));
	close(fd);
	rig_stop(&rig);
}

/* Clients of a worker that dies notice; the next one counts it. */
static void test_worker_dies(void **state)
{
	uint64_t features;
	struct rig rig;
	char byte;
	int fd;

	rig_start(&rig, NULL, ARGS("--num-queues=1", control_arg()));
	fd = reach();
	assert_non_null(
	    strstr(operator_ask(fd, "metrics\n"), "\nvirtio_cryptodev_restarts_total 0\n"));
	assert_int_equal(kill(process_worker(&rig.daemon), SIGKILL), 0);
	assert_int_equal(operator_receive(fd, &byte, 1), 0);
	close(fd);
	/* It dies bit by bit, and takes who comes meanwhile along: until the next one answers. */
	assert_int_equal(front_get_u64(rig.front, VU_GET_FEATURES, &features), 0);
	fd = reach();
	assert_non_null(
	    strstr(operator_ask(fd, "metrics\n"), "\nvirtio_cryptodev_restarts_total 1\n"));
	assert_non_null(
	    strstr(operator_ask(fd, "metrics\n"), "\nvirtio_cryptodev_upgrades_total 0\n"));
	close(fd);
	rig_check(&rig);
	rig_stop(&rig);
}

/* @n requests on queue @i; ns that took. */
static uint64_t work(struct rig *rig, unsigned int i, unsigned int n)
{
	uint64_t begin = now();

	while (n--)
		rig_check_queue(rig, i);
	return now() - begin;
}

static void test_limit_of_operations(void **state)
{
	/* a known answer takes four requests: create, two of crypt, destroy */
	const uint64_t requests = 4ull * 60, rate = 500, burst = 40;
	const struct front_options two_queues = {.queues = 2};
	struct rig rig;
	uint64_t took;
	int fd;

	rig_start(&rig, &two_queues,
		  ARGS("--num-queues=2", "--workers=2", control_arg(), "--limit-ops=500:40"));
	took = work(&rig, 0, 30) + work(&rig, 1, 30);
	assert_true(took >= (requests - burst) * 1000 * MS / rate);
	fd = reach();
	assert_true(operator_counter(fd, "limit_waits") > 0);
	assert_true(operator_counter(fd, "limit_waited_ns") > 0);
	assert_int_equal(operator_counter(fd, "requests") - operator_counter(fd, "status_OK"), 0);
	close(fd);
	rig_stop(&rig);
}

/* A limit so low that the test would not end, lifted while a worker waits. */
static void test_limit_lifted(void **state)
{
	struct rig rig;
	int fd;

	rig_start(&rig, NULL, ARGS("--num-queues=1", control_arg()));
	fd = reach();
	assert_non_null(strstr(operator_ask(fd, "limits set ops=1:1\n"), "ops 1/s, burst 1"));
	/* into debt, by several requests in one batch */
	for (unsigned int i = 0; i < 3; i++) {
		rig.request.header->opcode = 0xffff;
		assert_int_equal(front_execute(&rig.front->queue[0], &rig.request, 0, 0), 0);
	}
	assert_non_null(strstr(operator_ask(fd, "limits set keys=1000000 ops=none\n"), "ops none"));
	work(&rig, 0, 50);
	close(fd);
	rig_stop(&rig);
}

static void test_limit_of_keys(void **state)
{
	struct rig rig;
	uint64_t begin = now();

	rig_start(&rig, NULL, ARGS("--num-queues=1", "--limit-keys=100:5"));
	for (unsigned int i = 0; i < 50; i++)
		rig_session(&rig, &rig.front->queue[0]);
	assert_true(now() - begin >= (50 - 5 - 1) * 1000 * MS / 100);
	rig_stop(&rig);
}

/**
 * struct byte_kind - a request with 4,096 bytes of payload, and how it ends.
 * @session: 0: AES-GCM, 1: AES-CTR with HMAC-SHA1, 2: an id that there is not
 * @out_len: room for output
 */
struct byte_kind {
	const char *name;
	unsigned int session;
	uint16_t flags;
	uint32_t src_len;
	uint32_t aad_len;
	uint8_t iv_len;
	uint8_t tag_len;
	uint32_t out_len;
	uint32_t status;
};

static void byte_sessions(struct rig *rig, uint64_t ids[3])
{
	static const uint8_t key[20];

	assert_int_equal(front_session_create(&rig->front->queue[0], &rig->scratch[0],
					      CRYPTO_AES_GCM, key, 16, 0, NULL, 0, &ids[0]),
			 VCD_S_OK);
	assert_int_equal(front_session_create(&rig->front->queue[0], &rig->scratch[0],
					      CRYPTO_AES_CTR, key, 16, CRYPTO_SHA1_HMAC, key, 20,
					      &ids[1]),
			 VCD_S_OK);
	ids[2] = 1;
}

static void byte_header(struct rig *rig, const struct byte_kind *kind, const uint64_t ids[3])
{
	*rig->request.header = (struct vcd_req){
	    .opcode = htole16(VCD_OP_AUTHCRYPT),
	    .flags = htole16(kind->flags),
	    .src_len = htole32(kind->src_len),
	    .session = htole64(ids[kind->session]),
	    .aad_len = htole32(kind->aad_len),
	    .iv_len = kind->iv_len,
	    .tag_len = kind->tag_len,
	};
}

/* @n requests that are sent at once, all in the same memory. */
static void send_at_once(struct rig *rig, const struct byte_kind *kind, unsigned int n)
{
	struct front_queue *queue = &rig->front->queue[0];
	uint32_t used;
	void *token;

	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(front_submit(queue, &rig->request, 4096, kind->out_len), 0);
	front_queue_kick(queue);
	while (n) {
		assert_int_equal(front_queue_wait(queue), 0);
		while (front_queue_reap(queue, &token, &used) == 1)
			n--;
	}
	assert_int_equal(front_status(&rig->request), kind->status);
}

/*
 * Whatever its payload is, and whatever becomes of it, a request counts with its payload; and it is
 * paid for in advance, so that not even the first ones are ahead by more than the burst.
 */
static void test_limit_of_bytes(void **state)
{
	static const struct byte_kind kinds[] = {
	    {"a wrong tag", 0, VCD_F_DECRYPT, 4096, 0, 12, 16, 4080, VCD_S_BADMSG},
	    {"AAD", 0, 0, 0, 4096, 12, 16, 16, VCD_S_OK},
	    {"a region", 1, VCD_F_SRTP, 0, 4096, 16, 10, 10, VCD_S_OK},
	    {"a wrong record", 1, VCD_F_SRTP | VCD_F_DECRYPT, 16, 4086, 16, 10, 16, VCD_S_BADMSG},
	    {"no session", 2, 0, 4096, 0, 12, 16, 4096, VCD_S_STALE},
	};
	const uint64_t n = 16, rate = 400000, burst = 2000;
	struct rig rig;
	uint64_t ids[3];

	rig_start(&rig, NULL, ARGS("--num-queues=1", "--limit-bytes=400K:2000"));
	byte_sessions(&rig, ids);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint64_t begin = now();

		byte_header(&rig, &kinds[i], ids);
		for (unsigned int k = 0; k < n; k++)
			send_at_once(&rig, &kinds[i], 1);
		send_at_once(&rig, &kinds[i], n);
		if (now() - begin < (2 * n * 4096 - burst) * 1000 * MS / rate)
			fail_msg("%s: too fast", kinds[i].name);
	}
	rig_stop(&rig);
}

static void *small_requests(void *arg)
{
	struct rig *rig = arg;

	/* 36 requests of 16 bytes and less. */
	for (unsigned int i = 0; i < 9; i++)
		rig_check_queue(rig, 1);
	return NULL;
}

/* Large requests on one queue do not keep small ones on another from being paid for, nor these
 * those. */
static void test_limit_is_shared(void **state)
{
	const struct front_options two_queues = {.queues = 2};
	static const struct byte_kind kind = {"AAD", 0, 0, 0, 4096, 12, 16, 16, VCD_S_OK};
	pthread_t thread;
	struct rig rig;
	uint64_t ids[3];

	rig_start(&rig, &two_queues,
		  ARGS("--num-queues=2", "--workers=1", "--limit-bytes=100K:64"));
	byte_sessions(&rig, ids);
	byte_header(&rig, &kind, ids);
	assert_int_equal(pthread_create(&thread, NULL, small_requests, &rig), 0);
	send_at_once(&rig, &kind, 40);
	assert_int_equal(pthread_join(thread, NULL), 0);
	rig_stop(&rig);
}

/* A waiting worker can be stopped: SIGTERM ends the daemon at once. */
static void test_stopped_while_waiting(void **state)
{
	struct rig rig;

	rig_start(&rig, NULL, ARGS("--num-queues=1", "--limit-keys=1:1"));
	for (unsigned int i = 0; i < 3; i++)
		rig_session(&rig, &rig.front->queue[0]);
	rig_stop(&rig);
}

static void test_service_manager(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char text[128] = "";
	struct rig rig;

	strcpy(address.sun_path, notify_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", notify_path, 1);
	rig_listen(&rig, NULL);
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(poll(&p, 1, 60000), 1);
	assert_true(recv(fd, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "READY=1\n");
	rig_end(&rig);
	assert_int_equal(poll(&p, 1, 60000), 1);
	memset(text, 0, sizeof(text));
	assert_true(recv(fd, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "STOPPING=1\n");
	close(fd);
	rig_stop(&rig);
}

/* What the daemons of these tests have to write. */
static const char *const MESSAGES[] = {
    "front end connected",
    "a client of another user is turned away",
    "starting another one",
    NULL,
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_asked_while_working, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(test_several_commands_at_once, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(test_bad_clients, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(test_many_clients, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(test_too_many_clients, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(test_other_users, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(test_worker_dies, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(test_limit_of_operations, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(test_limit_lifted, make_dir, remove_dir),
	    cmocka_unit_test(test_limit_of_keys),
	    cmocka_unit_test(test_limit_of_bytes),
	    cmocka_unit_test(test_limit_is_shared),
	    cmocka_unit_test(test_stopped_while_waiting),
	    cmocka_unit_test_setup_teardown(test_service_manager, make_dir, remove_dir),
	};

	said_begin();
	if (argc != 2)
		return 2;
	rig_daemon = argv[1];
	return said_all(cmocka_run_group_tests(tests, NULL, NULL), MESSAGES);
}
