// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_network.c - conversations, with files in both directions at the same time, over a bad
 * network of packets (badnet.c) in a network namespace of their own: packets lost and
 * late, connections reset, 30 seconds of silence. All must arrive, once and in order.
 */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/talkkit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SKIP 77
#define HERE "10.99.0.1"
#define THERE "10.99.0.2"
#define BATCH 60 /* lines said at a time */

/* Both ends take events and lines of JSON, so each can talk and carry files at once. */
static struct process *alice, *bob, *net;
static unsigned int said, orders;

struct event_wait {
	struct process *p;
	const char *text;
	unsigned int count;
};

static bool came(void *arg)
{
	struct event_wait *w = arg;
	const char *at = w->p->out.data;
	unsigned int count = 0;

	while (at && (at = strstr(at, w->text)) != NULL) {
		at += strlen(w->text);
		count++;
	}
	return count >= w->count;
}

static void expect_event(struct process *p, const char *text, unsigned int count)
{
	struct event_wait w = {p, text, count};

	if (process_pump_long(came, &w))
		return;
	fail_msg("waited in vain for %u times %s in:\n%s", count, text,
		 p->out.data ? p->out.data : "");
}

static void order(const char *command)
{
	process_feed(net, command, strlen(command));
	process_feed(net, "\n", 1);
	process_expect_err_count(net, "ok\n", ++orders);
}

/* Packets that the network had lost when it took the last order. */
static unsigned long packets_lost(void)
{
	const char *at = net->err.data, *last = NULL;

	while ((at = strstr(at, "lost ")) != NULL)
		last = at += strlen("lost ");
	assert_non_null(last);
	return strtoul(last, NULL, 10);
}

/* Each says BATCH lines more, which are numbered. */
static void talk_on(void)
{
	char line[32];

	for (int i = 0; i < BATCH; i++, said++) {
		snprintf(line, sizeof(line), "line %u", said);
		talk_says(alice, line);
		talk_says(bob, line);
	}
}

static void send_file(struct process *p, const char *name, size_t size, uint32_t seed)
{
	uint8_t *data = malloc(size);

	assert_non_null(data);
	kit_random(data, size, seed);
	kit_file(name, data, size);
	free(data);
	talk_command(p, "send", "file", kit_path(name));
}

static void start_talking(size_t size)
{
	static const char words[] = "listen --once --accept-new --json --offload=off --port=0 "
				    "--bind=" HERE " --dir=%D/to-alice";
	static const char *argv[2];
	char line[300];

	said = orders = 0;
	argv[0] = getenv("BADNET");
	assert_non_null(argv[0]);
	net = process_start(NULL, argv);
	process_expect_err(net, "ready\n");
	assert_int_equal(mkdir(kit_path("to-alice"), 0700), 0);
	assert_int_equal(mkdir(kit_path("to-bob"), 0700), 0);
	alice = talk_start(NULL, "alice", words);
	process_expect_err(alice, "Listening on port ");
	process_expect_err(alice, ".\n");
	snprintf(line, sizeof(line),
		 "connect " THERE " %d --accept-new --json --offload=off --dir=%%D/to-bob",
		 atoi(strstr(alice->err.data, "port ") + 5));
	bob = talk_start(NULL, "bob", line);
	expect_event(bob, "\"event\":\"joined\"", 1);
	send_file(alice, "from-alice", size, 1);
	send_file(bob, "from-bob", size, 2);
	expect_event(alice, "\"event\":\"file-offer\"", 1);
	expect_event(bob, "\"event\":\"file-offer\"", 1);
}

static void accept_files(void)
{
	talk_command(alice, "accept", NULL, NULL);
	talk_command(bob, "accept", NULL, NULL);
}

/* Every line, once and in order; nothing else is a "line". */
static void expect_lines(struct process *p)
{
	char last[48];
	const char *at;
	unsigned int n;

	snprintf(last, sizeof(last), "\"text\":\"line %u\"", said - 1);
	expect_event(p, last, 1);
	at = p->out.data;
	for (n = 0; (at = strstr(at, "\"text\":\"line ")) != NULL; n++) {
		at += strlen("\"text\":\"line ");
		assert_int_equal(atoi(at), n);
	}
	assert_int_equal(n, said);
}

static void expect_same_file(const char *from, const char *to)
{
	size_t len, got_len;
	char *data = talk_read(kit_path(from), &len), *got = talk_read(kit_path(to), &got_len);

	assert_int_equal(len, got_len);
	if (memcmp(data, got, len) != 0)
		fail_msg("%s is not what was sent", to);
	free(data);
	free(got);
}

static void expect_all_arrived(void)
{
	expect_event(alice, "\"event\":\"file-received\"", 1);
	expect_event(bob, "\"event\":\"file-received\"", 1);
	expect_event(alice, "\"event\":\"file-sent\"", 1);
	expect_event(bob, "\"event\":\"file-sent\"", 1);
	expect_same_file("from-alice", "to-bob/from-alice");
	expect_same_file("from-bob", "to-alice/from-bob");
	expect_lines(alice);
	expect_lines(bob);
	process_end_input(alice);
	process_end_input(bob);
	process_expect_exit(alice, OK);
	process_expect_exit(bob, OK);
	/* Nothing came late. */
	expect_lines(alice);
	expect_lines(bob);
}

/* One packet in ten is lost, the others are late: TCP's business, and no reconnect. */
static void loss_and_delay(void **state)
{
	start_talking(300000);
	order("loss 10 10");
	accept_files();
	for (int i = 0; i < 4; i++)
		talk_on();
	expect_all_arrived();
	order("pass");
	assert_true(packets_lost() > 50);
	assert_null(strstr(alice->out.data, "\"event\":\"away\""));
}

/* The connection is reset again and again, in the middle of files and text. */
static void resets(void **state)
{
	start_talking(4000000);
	order("reset 1000000");
	accept_files();
	for (unsigned int i = 1; i <= 3; i++) {
		talk_on();
		process_expect_err_count(net, "now\n", i);
		expect_event(alice, "\"event\":\"away\"", i);
		expect_event(bob, "\"event\":\"away\"", i);
		talk_on();
		order(i < 3 ? "reset 1000000" : "pass");
		expect_event(alice, "\"event\":\"back\"", i);
		expect_event(bob, "\"event\":\"back\"", i);
	}
	talk_on();
	expect_all_arrived();
	assert_non_null(strstr(bob->out.data, "Connection reset by peer"));
}

/* As if a cable had been pulled: three intervals of 10 seconds without a byte. */
static void silence(void **state)
{
	start_talking(3000000);
	order("silence 1000000");
	accept_files();
	talk_on();
	process_expect_err(net, "now\n");
	talk_on();
	expect_event(alice, "lost (nothing was heard for too long)", 1);
	expect_event(bob, "lost (nothing was heard for too long)", 1);
	talk_on();
	order("pass");
	expect_event(alice, "\"event\":\"back\"", 1);
	expect_event(bob, "\"event\":\"back\"", 1);
	talk_on();
	expect_all_arrived();
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/*
 * A network namespace of our own, for anybody who may have one. In a user namespace we are its
 * root: any other user's program loses the right to configure the network when it is executed.
 */
static bool own_namespace(void)
{
	char map[64];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWNET) == 0)
		return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return false;
	put("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	put("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	put("/proc/self/gid_map", map);
	return true;
}

static bool has_tun(void)
{
	struct ifreq ifr = {.ifr_name = "probe0", .ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	bool ok = fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) == 0;
	int err = errno;

	if (fd >= 0)
		close(fd);
	errno = err;
	return ok;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(loss_and_delay),
	    TEST(resets),
	    TEST(silence),
	};

	if (!own_namespace()) {
		printf("skipped: no network namespace can be made here (%s)\n", strerror(errno));
		return SKIP;
	}
	if (!has_tun()) {
		printf("skipped: no TUN device can be made here (%s)\n", strerror(errno));
		return SKIP;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
