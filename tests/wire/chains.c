/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chains.c - hostile-chains: a guest that offers the daemon a million chains which no driver makes.
 *
 * Theory of operation
 * -------------------
 * Two daemons run side by side, as for two VMs. The first one's guest is hostile: in each round it
 * sets its queues up again, fills their tables, indirect tables and available rings with requests
 * that are right but for some bytes and with descriptors of any kind, kicks, and continues writing
 * to tables and requests while the daemon reads them. The second one's guest is the checker: a
 * thread of it does known work all the time, and each answer must be right.
 *
 * After each round the hostile guest's own device is reset by what its driver would do, and must
 * give a known answer on every queue: that is what a broken ring costs, nothing more. No worker may
 * have died, and no daemon: sanitizers end them with an error.
 *
 * A chain counts when its head was offered to a queue that was being served. Everything but the
 * time of the writes follows from --seed.
 */
#include <endian.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cryptodev.h"
#include "tests/lib/hostile.h"
#include "tests/wire/rig.h"

#define QUEUES 4u
#define NUM 64u
#define DATA_SIZE (1u << 20)
#define MEMORY (16u << 20)

static struct test_random chance;

static uint64_t rnd(void)
{
	return test_random_next(&chance);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)test_random_below(&chance, n);
}

static bool one_in(uint32_t n)
{
	return !below(n);
}

/**
 * struct guest - the hostile one.
 * @rig: its daemon
 * @data: memory that its descriptors point into, for the most part
 * @session: one that its device has
 * @offered: available index of each queue
 * @own: requests among all that were right on purpose
 * @lost: times that a queue's end was not to be seen
 */
struct guest {
	struct rig rig;
	uint8_t *data;
	uint64_t session;
	uint16_t offered[QUEUES];
	uint64_t own;
	uint64_t lost;
};

/* ---- what is offered ------------------------------------------------------------------ */

static uint64_t any_address(const struct guest *g)
{
	const struct front *front = g->rig.front;

	switch (below(16)) {
	case 0:
		return 0;
	case 1:
		return front->region[0].gpa + front->region[0].size - below(4096);
	case 2:
		return front->region[0].gpa + front->region[0].size + below(1 << 20);
	case 3:
		return UINT64_MAX - below(8192);
	case 4:
		return rnd();
	case 5: /* the rings themselves */
		return front_gpa(front, front->queue[below(QUEUES)].desc) + below(0x1000);
	default:
		return front_gpa(front, g->data) + below(DATA_SIZE);
	}
}

static struct vring_desc any_desc(const struct guest *g)
{
	return (struct vring_desc){
	    .addr = htole64(any_address(g)),
	    .len = htole32(test_hostile_length(&chance)),
	    .flags = htole16((uint16_t)(one_in(16) ? rnd() : below(one_in(4) ? 8 : 4))),
	    .next = htole16((uint16_t)(one_in(16) ? rnd() : below(NUM))),
	};
}

static struct vcd_req any_create(void)
{
	static const uint32_t ciphers[] = {0, 11, 21, 22, 23, 50, 51, 112, 16, 2, 101, 200};
	static const uint32_t macs[] = {0, 7, 14, 18, 20, 104, 106, 117, 99};
	const struct vcd_req_create create = {
	    .opcode = htole16(VCD_OP_SESSION_CREATE),
	    .cipher = htole32(ciphers[below(12)]),
	    .mac = htole32(macs[below(9)]),
	    .key_len = htole32(below(5) * 8),
	    .mackey_len = htole32(below(5) * 8),
	};
	struct vcd_req req;

	static_assert(sizeof(create) == sizeof(req), "all headers are of one size");
	memcpy(&req, &create, sizeof(req));
	return req;
}

static struct vcd_req any_crypt(const struct guest *g, uint16_t opcode)
{
	static const uint32_t sizes[] = {0, 16, 32, 64, 1024, 65536, 262144};
	struct vcd_req req = {
	    .opcode = htole16(opcode),
	    .session = htole64(one_in(8) ? rnd() : g->session + ((uint64_t)below(4) << 14)),
	    .src_len = htole32(sizes[below(7)]),
	    .iv_len = one_in(4) ? (uint8_t)below(20) : 16,
	    .flags = htole16((uint16_t)(one_in(2) ? below(2) : below(64))),
	};

	if (opcode == VCD_OP_AUTHCRYPT) {
		req.tag_len = (uint8_t)below(20);
		req.aad_len = htole32(below(100));
	}
	return req;
}

/* A request that is right, but for some bytes perhaps. */
static void any_request(const struct guest *g, uint8_t *at)
{
	static const uint16_t opcodes[] = {
	    VCD_OP_SESSION_CREATE, VCD_OP_SESSION_DESTROY, VCD_OP_SESSION_INFO, VCD_OP_CRYPT,
	    VCD_OP_CRYPT,	   VCD_OP_CRYPT,	   VCD_OP_AUTHCRYPT,	VCD_OP_HASH_COPY,
	};
	uint16_t opcode = one_in(512) ? (uint16_t)VCD_OP_HELLO : opcodes[below(8)];
	struct vcd_req req = opcode == VCD_OP_SESSION_CREATE ? any_create() : any_crypt(g, opcode);
	uint8_t bytes[sizeof(req)];

	memcpy(bytes, &req, sizeof(req));
	for (uint32_t n = one_in(2) ? 0 : below(4); n; n--)
		bytes[below(sizeof(bytes))] = (uint8_t)rnd();
	memcpy(at, bytes, sizeof(bytes));
	for (size_t i = sizeof(req); i < sizeof(req) + 592; i += 8) {
		uint64_t word = rnd();

		memcpy(at + i, &word, sizeof(word));
	}
}

/* A request of @len bytes of data in which nothing is wrong, though its output may lie on its
 * input. */
static void right_request(const struct guest *g, uint8_t *at, uint32_t len)
{
	const struct vcd_req req = {
	    .opcode = htole16(VCD_OP_CRYPT),
	    .session = htole64(g->session),
	    .src_len = htole32(len),
	    .iv_len = 16,
	    .flags = htole16((uint16_t)below(2)),
	};

	memcpy(at, &req, sizeof(req));
}

/* A chain as a driver makes it, in entries @first and on, or in an indirect table. */
static void good_chain(struct guest *g, struct front_queue *queue, uint16_t first)
{
	uint8_t *at = g->data + (size_t)below(DATA_SIZE / 4096 - 100) * 4096;
	uint64_t gpa = front_gpa(g->rig.front, at);
	bool right = one_in(2);
	uint32_t blocks = 16 * (1 + below(one_in(4) ? 4096 : 64));
	uint32_t in = right ? 64 + blocks : one_in(2) ? 64 + below(600) : 80;
	uint32_t out = right ? blocks + 32 : one_in(4) ? below(400) : 1 << 17;
	struct vring_desc d[3] = {
	    {htole64(gpa), htole32(64), htole16(VRING_DESC_F_NEXT), htole16((uint16_t)(first + 1))},
	    {htole64(gpa + 64), htole32(in - 64 + (!right && one_in(3) ? 65536 : 0)),
	     htole16(VRING_DESC_F_NEXT), htole16((uint16_t)(first + 2))},
	    {htole64(one_in(4) ? gpa : gpa + 0x20000), htole32(out), htole16(VRING_DESC_F_WRITE),
	     0},
	};

	if (right)
		right_request(g, at, blocks);
	else
		any_request(g, at);
	if (!one_in(4)) {
		memcpy(&queue->desc[first], d, sizeof(d));
		return;
	}
	d[0].next = htole16(1);
	d[1].next = htole16(2);
	memcpy(at + 0x1000, d, sizeof(d));
	queue->desc[first] = (struct vring_desc){
	    htole64(gpa + 0x1000),
	    htole32(one_in(8) ? test_hostile_length(&chance) : (uint32_t)sizeof(d)),
	    htole16(VRING_DESC_F_INDIRECT), 0};
}

/* Fill a queue's table and ring, and offer entries, no more than the ring has, mostly. */
static void fill_queue(struct guest *g, unsigned int index)
{
	struct front_queue *queue = &g->rig.front->queue[index];
	uint16_t n = (uint16_t)(1 + below(NUM));
	unsigned int good = one_in(3) ? 0 : below(NUM / 3);

	for (unsigned int i = 0; i < NUM; i++)
		queue->desc[i] = any_desc(g);
	for (unsigned int i = 0; i < NUM; i++)
		queue->avail->ring[i] = htole16((uint16_t)(one_in(64) ? rnd() : below(NUM)));
	for (unsigned int i = 0; i < good; i++) {
		good_chain(g, queue, (uint16_t)(3 * i));
		queue->avail->ring[(g->offered[index] + i) % NUM] = htole16((uint16_t)(3 * i));
	}
	queue->avail->flags = htole16((uint16_t)below(2));
	if (good && !one_in(4))
		n = (uint16_t)good;
	if (one_in(64))
		n = (uint16_t)rnd();
	g->offered[index] = (uint16_t)(g->offered[index] + n);
	__atomic_store_n(&queue->avail->idx, htole16(g->offered[index]), __ATOMIC_RELEASE);
	front_queue_signal(queue);
}

/* Something that is written while the daemon reads. */
static void disturb(struct guest *g)
{
	struct front_queue *queue = &g->rig.front->queue[below(QUEUES)];

	switch (below(4)) {
	case 0:
		queue->desc[below(NUM)] = any_desc(g);
		break;
	case 1:
		any_request(g, g->data + (size_t)below(DATA_SIZE / 4096 - 100) * 4096);
		break;
	case 2:
		g->data[below(DATA_SIZE)] = (uint8_t)rnd();
		break;
	default:
		front_queue_signal(queue);
	}
}

/*
 * Until the daemon is through with what was offered, or has stopped the queue. What it wrote where
 * a descriptor said may be an index of a ring, too, so that this cannot be seen: then it is not
 * waited for. That it works still is what the next round begins with.
 */
static void await_queue(struct guest *g, unsigned int index)
{
	const struct front_queue *queue = &g->rig.front->queue[index];
	struct pollfd broken = {.fd = queue->err_fd, .events = POLLIN};

	for (unsigned int tries = 0; poll(&broken, 1, 0) == 0; tries++) {
		uint16_t used = le16toh(__atomic_load_n(&queue->used->idx, __ATOMIC_ACQUIRE));
		uint16_t avail = le16toh(__atomic_load_n(&queue->avail->idx, __ATOMIC_ACQUIRE));

		if (used == g->offered[index] || used == avail)
			return;
		if (tries == 20000) {
			g->lost++;
			return;
		}
		usleep(100);
	}
}

static void forget_broken(const struct front_queue *queue)
{
	uint64_t count;

	(void)!read(queue->err_fd, &count, sizeof(count));
}

/* Chains that the daemon has taken and that were not right on purpose. */
static uint64_t taken(struct guest *g)
{
	rig_report(&g->rig);
	return rig_stat(&g->rig, "published") + rig_stat(&g->rig, "ring_errors") - g->own;
}

static void round_of(struct guest *g)
{
	assert_int_equal(front_restart(g->rig.front), 0);
	rig_check(&g->rig);
	/* Two to make and end a session, two to crypt, on each queue. */
	g->own += 4 * QUEUES + 1;
	g->session = rig_session(&g->rig, &g->rig.front->queue[0]);
	for (unsigned int i = 0; i < QUEUES; i++)
		forget_broken(&g->rig.front->queue[i]);
	for (unsigned int i = 0; i < QUEUES; i++)
		g->offered[i] = g->rig.front->queue[i].avail_idx;
	/* A queue that is not broken by it gets more. */
	for (unsigned int times = 1 + below(4); times; times--) {
		for (unsigned int i = 0; i < QUEUES; i++)
			fill_queue(g, i);
		for (uint32_t n = below(200); n; n--)
			disturb(g);
		for (unsigned int i = 0; i < QUEUES; i++)
			await_queue(g, i);
	}
}

/* ---- the other guest ------------------------------------------------------------------ */

static struct {
	struct rig rig;
	pthread_t thread;
	bool stop;
	uint64_t answers;
	int error;
} checker;

static int checker_error(void)
{
	return __atomic_load_n(&checker.error, __ATOMIC_RELAXED);
}

static void *checker_main(void *arg)
{
	while (!__atomic_load_n(&checker.stop, __ATOMIC_ACQUIRE) && !checker_error()) {
		int error =
		    front_known_answer(&checker.rig.front->queue[0], &checker.rig.scratch[0]);

		__atomic_store_n(&checker.error, error, __ATOMIC_RELAXED);
		__atomic_fetch_add(&checker.answers, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* ---- the run -------------------------------------------------------------------------- */

static uint64_t seed, wanted = 20000;

static void test_chains(void **state)
{
	static const char *const args[] = {"--num-queues=4", "--workers=2", "--max-sessions=300",
					   NULL};
	const struct front_options options = {
	    .queues = QUEUES, .queue_size = NUM, .memory = MEMORY};
	static struct guest g;
	unsigned int rounds = 0;
	uint64_t chains = 0;

	chance.state = seed;
	rig_start(&checker.rig, NULL, (const char *const[]){"--num-queues=1", NULL});
	assert_int_equal(pthread_create(&checker.thread, NULL, checker_main, NULL), 0);
	rig_start(&g.rig, &options, args);
	g.data = front_alloc(g.rig.front, DATA_SIZE);
	assert_non_null(g.data);
	while (chains < wanted && !checker_error()) {
		round_of(&g);
		if (++rounds % 50)
			continue;
		chains = taken(&g);
		if (rounds % 5000 == 0)
			print_message("  %" PRIu64 " chains\n", chains);
	}
	assert_int_equal(front_restart(g.rig.front), 0);
	rig_check(&g.rig);
	rig_report(&g.rig);
	print_message("  %" PRIu64 " chains in %u rounds, %" PRIu64
		      " of them stopped a queue, %" PRIu64 " were OK; %" PRIu64
		      " times an index was written over; %" PRIu64 " right answers beside them\n",
		      chains, rounds, rig_stat(&g.rig, "ring_errors"),
		      rig_stat(&g.rig, "OK") - g.own, g.lost,
		      __atomic_load_n(&checker.answers, __ATOMIC_RELAXED));
	/* Rare: otherwise it is the daemon that has lost something. */
	assert_true(g.lost < 10 + chains / 50000);
	assert_int_equal(rig_stat(&g.rig, "restarts"), 0);
	assert_true(rig_stat(&g.rig, "ring_errors") > 0);
	rig_stop(&g.rig);
	__atomic_store_n(&checker.stop, true, __ATOMIC_RELEASE);
	pthread_join(checker.thread, NULL);
	assert_int_equal(checker_error(), 0);
	rig_stop(&checker.rig);
}

static int usage(const char *name)
{
	fprintf(stderr, "usage: %s [--chains=N] [--seed=N] DAEMON\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"chains", required_argument, NULL, 'c'},
	    {"seed", required_argument, NULL, 's'},
	    {NULL, 0, NULL, 0},
	};
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_chains)};
	int option;

	seed = (uint64_t)time(NULL);
	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			wanted = strtoull(optarg, NULL, 10);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 10);
			break;
		default:
			return usage(argv[0]);
		}
	}
	if (optind + 1 != argc)
		return usage(argv[0]);
	rig_daemon = argv[optind];
	printf("seed %" PRIu64 "\n", seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
