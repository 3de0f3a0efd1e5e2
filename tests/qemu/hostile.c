/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostile.c - qemu-hostile: a guest that does to the device what no driver would.
 *
 * Theory of operation
 * -------------------
 * QEMU runs under qtest (qtest.h): this program is the guest, and it is the only one
 * to know what is right. A round sets the device up well, badly or half, fills
 * memory and rings with requests that are right but for some bytes and with
 * descriptors of any kind, kicks, and while the device is at it changes memory,
 * writes registers, resets queues, the device or the machine, stops the VM.
 *
 * After each round the device is reset and must do a known request right: that is
 * what a broken queue costs, nothing more. A QEMU that has crashed, hangs, or was
 * stopped by a sanitizer fails the test. Everything follows from --seed.
 *
 * No virtual processor kicks here, so that requests are executed by the workers
 * only; inline execution sees abuse in tests/vm.
 */
#include "function.h"

#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cryptodev.h"
#include "tests/lib/hostile.h"
#include "virtio_cryptodev.h"

#define RAM (32ull << 20)
#define NUM 64u /* entries of our queues */

/* Guest memory: 64 KiB for each queue's rings, requests behind them. */
#define RINGS 0x100000ull
#define RINGS_STEP 0x10000ull
#define DATA 0x800000ull
#define DATA_SIZE 0x100000ull

#define F_INDIRECT (1ull << 28)
#define F_EVENT_IDX (1ull << 29)
#define F_VERSION_1 (1ull << 32)
#define F_RING_RESET (1ull << 40)

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

static struct {
	uint64_t seed;
	unsigned long round;
	struct test_random chance;
} rng;

static uint64_t rnd(void)
{
	return test_random_next(&rng.chance);
}

static uint64_t below(uint64_t n)
{
	return test_random_below(&rng.chance, n);
}

static bool one_in(unsigned int n)
{
	return !below(n);
}

static uint64_t desc_at(unsigned int queue)
{
	return RINGS + queue * RINGS_STEP;
}

static uint64_t avail_at(unsigned int queue)
{
	return desc_at(queue) + 0x4000;
}

static uint64_t used_at(unsigned int queue)
{
	return desc_at(queue) + 0x8000;
}

/* --- the known request ------------------------------------------------------- */

/* Send a request on queue 0 and wait for its reply. Returns the output's bytes. */
static size_t exchange(struct function *f, uint16_t nth, const void *in, size_t in_len, void *out,
		       size_t out_size)
{
	struct desc chain[2] = {
	    {DATA, (uint32_t)in_len, DESC_NEXT, 1},
	    {DATA + 0x1000, (uint32_t)out_size, DESC_WRITE, 0},
	};
	struct {
		uint32_t id, len;
	} used;
	uint16_t head = 0, index = (uint16_t)(nth + 1);

	qtest_write(f->q, DATA, in, in_len);
	qtest_write(f->q, desc_at(0), chain, sizeof(chain));
	qtest_write(f->q, avail_at(0) + 4 + 2u * (nth % NUM), &head, 2);
	qtest_write(f->q, avail_at(0) + 2, &index, 2);
	function_kick(f, 0);
	for (unsigned int tries = 0; qtest_peek(f->q, used_at(0) + 2, 2) != index; tries++) {
		if (tries == 60000)
			die("the device does not answer");
		usleep(1000);
	}
	qtest_read(f->q, used_at(0) + 4 + 8u * (nth % NUM), &used, sizeof(used));
	if (used.len < sizeof(struct vcd_reply) || used.len > out_size)
		die("a reply of %u bytes", used.len);
	qtest_read(f->q, DATA + 0x1000, out, used.len);
	return used.len - sizeof(struct vcd_reply);
}

static void device_reset(struct function *f)
{
	function_set(f, COMMON_STATUS, 1, 0);
	if (function_get(f, COMMON_STATUS, 1))
		die("the device does not reset");
}

static void queue_memory_clear(struct function *f, unsigned int queue)
{
	static const uint8_t zero[0x200];

	qtest_write(f->q, avail_at(queue), zero, sizeof(zero));
	qtest_write(f->q, used_at(queue), zero, sizeof(zero));
}

static void device_start(struct function *f)
{
	device_reset(f);
	if (!function_features(f, F_VERSION_1))
		die("the device does not accept VIRTIO_F_VERSION_1");
	queue_memory_clear(f, 0);
	function_queue(f, 0, NUM, desc_at(0), avail_at(0), used_at(0));
	function_set(f, COMMON_STATUS, 1,
		     STATUS_ACK | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
}

/* SP 800-38A, F.2.1, first block. Return: the session, which is left there. */
static uint64_t device_check(struct function *f)
{
	static const uint8_t key[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
					0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
	static const uint8_t plain[16] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
					  0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a};
	static const uint8_t cipher[16] = {0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46,
					   0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d};
	struct {
		struct vcd_req_create req;
		uint8_t key[16];
	} create = {
	    .req = {.opcode = VCD_OP_SESSION_CREATE, .cipher = CRYPTO_AES_CBC, .key_len = 16}};
	struct {
		struct vcd_req req;
		uint8_t data[16];
	} crypt = {.req = {.opcode = VCD_OP_CRYPT, .src_len = 16, .iv_len = 16}};
	struct {
		struct vcd_reply reply;
		uint8_t data[64];
	} out;

	device_start(f);
	memcpy(create.key, key, 16);
	exchange(f, 0, &create, sizeof(create), &out, sizeof(out));
	if (out.reply.status != VCD_S_OK)
		die("no session: status %u", out.reply.status);
	crypt.req.session = out.reply.value;
	memcpy(crypt.data, plain, 16);
	for (uint8_t i = 0; i < 16; i++)
		crypt.req.iv[i] = i;
	if (exchange(f, 1, &crypt, sizeof(crypt), &out, sizeof(out)) != 16 ||
	    out.reply.status != VCD_S_OK || memcmp(out.data, cipher, 16))
		die("a wrong answer: status %u", out.reply.status);
	return crypt.req.session;
}

/* --- abuse -------------------------------------------------------------------- */

static uint64_t any_address(void)
{
	switch (below(24)) {
	case 0:
		return 0;
	case 1:
		return RAM - below(4096);
	case 2:
		return RAM + below(1 << 20);
	case 3:
		return FUNCTION_BAR + below(0x4000); /* the device's own registers */
	case 4:
		return FUNCTION_BAR + 0x3000 + 4 * below(8); /* its notify registers */
	case 5:
		return 0xfee00000 + 16 * below(256); /* the interrupt controller */
	case 6:
		return UINT64_MAX - below(8192);
	case 7:
		return rnd();
	case 8:
		return 0xfffc0000 + below(1 << 18); /* the firmware's ROM */
	case 9:
		return desc_at((unsigned int)below(4)) + below(0x9000); /* the rings themselves */
	default:
		return DATA + below(DATA_SIZE);
	}
}

/* A request that is right, but for some bytes perhaps. */
static void any_request(struct function *f, uint64_t at, uint64_t session)
{
	static const uint16_t opcodes[] = {
	    VCD_OP_HELLO, VCD_OP_SESSION_CREATE, VCD_OP_SESSION_DESTROY, VCD_OP_SESSION_INFO,
	    VCD_OP_CRYPT, VCD_OP_CRYPT,		 VCD_OP_AUTHCRYPT,	 VCD_OP_HASH_COPY,
	};
	static const uint32_t ciphers[] = {0, 11, 21, 22, 23, 50, 51, 112, 16, 2, 101, 200};
	static const uint32_t macs[] = {0, 7, 14, 18, 20, 104, 106, 117, 99};
	static const uint32_t sizes[] = {0, 16, 32, 64, 1024, 65536, 262144};
	uint8_t bytes[sizeof(struct vcd_req) + 592];
	struct vcd_req req = {.opcode = opcodes[below(8)]};

	if (req.opcode == VCD_OP_SESSION_CREATE) {
		struct vcd_req_create create = {.opcode = req.opcode,
						.cipher = ciphers[below(12)],
						.mac = macs[below(9)],
						.key_len = (uint32_t)below(5) * 8,
						.mackey_len = (uint32_t)below(5) * 8};

		memcpy(&req, &create, sizeof(req));
	} else if (req.opcode == VCD_OP_HELLO) {
		struct vcd_req_hello hello = {
		    .opcode = req.opcode, .min_version = 1, .max_version = 1};

		memcpy(&req, &hello, sizeof(req));
	} else {
		req.session = one_in(8) ? rnd() : session + (below(4) << 14);
		req.src_len = sizes[below(7)];
		req.iv_len = one_in(4) ? (uint8_t)below(20) : 16;
		req.flags = (uint16_t)(one_in(2) ? below(2) : below(64));
		if (req.opcode == VCD_OP_AUTHCRYPT) {
			req.tag_len = (uint8_t)below(20);
			req.aad_len = (uint32_t)below(100);
		}
	}
	memcpy(bytes, &req, sizeof(req));
	for (size_t i = sizeof(req); i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)rnd();
	for (uint64_t n = one_in(2) ? 0 : below(4); n; n--)
		bytes[below(sizeof(req))] = (uint8_t)rnd();
	qtest_write(f->q, at, bytes, sizeof(bytes));
}

static struct desc any_desc(void)
{
	struct desc d = {
	    .addr = any_address(),
	    .len = test_hostile_length(&rng.chance),
	    .flags = (uint16_t)(one_in(16) ? rnd() : below(one_in(4) ? 8 : 4)),
	    .next = (uint16_t)(one_in(16) ? rnd() : below(NUM)),
	};

	return d;
}

/* A chain as a driver makes it, in entries @first and on. */
static uint16_t good_chain(struct function *f, unsigned int queue, uint16_t first, uint64_t session)
{
	uint64_t at = DATA + below(DATA_SIZE / 4096 - 200) * 4096;
	uint32_t in = one_in(2) ? 64 + (uint32_t)below(600) : 80;
	uint32_t out = one_in(4) ? (uint32_t)below(400) : 1 << 17;
	struct desc d[3] = {
	    {at, in < 64 ? in : 64, DESC_NEXT, (uint16_t)(first + 1)},
	    {at + 64, in - 64 + (one_in(3) ? 65536 : 0), DESC_NEXT, (uint16_t)(first + 2)},
	    {one_in(4) ? at : at + 0x20000, out, DESC_WRITE, 0},
	};

	any_request(f, at, session);
	if (one_in(4)) {
		/* the same through an indirect table */
		struct desc table = {at + 0x1000, sizeof(d), DESC_INDIRECT, 0};

		d[0].next = 1;
		d[1].next = 2;
		qtest_write(f->q, at + 0x1000, d, sizeof(d));
		qtest_write(f->q, desc_at(queue) + 16u * first, &table, sizeof(table));
	} else {
		qtest_write(f->q, desc_at(queue) + 16u * first, d, sizeof(d));
	}
	return first;
}

/* What the device has used of a queue so far. */
static uint16_t used_index(struct function *f, unsigned int queue)
{
	return (uint16_t)qtest_peek(f->q, used_at(queue) + 2, 2);
}

/* With @whole, what is offered are chains that can be followed to their ends, whatever is in them.
 */
static void fill_queue(struct function *f, unsigned int queue, uint64_t session, bool whole)
{
	struct desc table[NUM];
	uint16_t avail[2 + NUM + 1] = {0};
	unsigned int good = !whole && one_in(3) ? 0 : 1 + (unsigned int)below(NUM / 3 - 1);
	uint16_t base = used_index(f, queue);

	for (unsigned int i = 0; i < NUM; i++)
		table[i] = any_desc();
	qtest_write(f->q, desc_at(queue), table, sizeof(table));
	for (unsigned int i = 0; i < NUM; i++)
		avail[2 + i] = (uint16_t)(one_in(64) ? rnd() : below(NUM));
	for (unsigned int i = 0; i < good; i++)
		avail[2 + (base + i) % NUM] = good_chain(f, queue, (uint16_t)(3 * i), session);
	avail[0] = (uint16_t)below(2);
	avail[1] = (uint16_t)(base + (whole || (good && !one_in(4)) ? good : below(NUM + 1)));
	if (!whole && one_in(32))
		avail[1] = (uint16_t)rnd();
	qtest_write(f->q, avail_at(queue), avail, sizeof(avail));
}

/* Until the device has used all that it was offered; one whose ring is broken never has. */
static void settle(struct function *f, unsigned int queue)
{
	for (unsigned int tries = 0; tries < 20; tries++) {
		if (used_index(f, queue) == (uint16_t)qtest_peek(f->q, avail_at(queue) + 2, 2) ||
		    function_get(f, COMMON_STATUS, 1) & STATUS_NEEDS_RESET)
			return;
		usleep(100);
	}
}

static void setup_badly(struct function *f)
{
	uint64_t features = F_VERSION_1 | (rnd() & (F_INDIRECT | F_EVENT_IDX | F_RING_RESET));

	device_reset(f);
	if (one_in(16))
		features ^= 1ull << below(64);
	function_features(f, features);
	for (unsigned int i = 0; i < f->queues; i++) {
		queue_memory_clear(f, i);
		function_queue(f, i, one_in(16) ? (uint16_t)rnd() : NUM,
			       one_in(16) ? any_address() : desc_at(i),
			       one_in(16) ? any_address() : avail_at(i),
			       one_in(16) ? any_address() : used_at(i));
	}
	if (!one_in(16))
		function_set(f, COMMON_STATUS, 1,
			     STATUS_ACK | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
}

static void system_reset(struct function *f, unsigned int id)
{
	qtest_qmp(f->q, "system_reset");
	for (unsigned int tries = 0; !function_reset_done(f); tries++) {
		if (tries == 60000)
			die("the machine does not reset");
		usleep(1000);
	}
	function_find(f, f->q, id);
}

/* One thing done while the device works. */
static void disturb(struct function *f, unsigned int id, uint64_t session)
{
	unsigned int queue = (unsigned int)below(f->queues);
	struct desc d;

	switch (below(20)) {
	case 0:
		function_set(f, COMMON_Q_SELECT, 2, queue);
		function_set(f, COMMON_Q_RESET, 2, 1);
		break;
	case 1:
		device_reset(f);
		break;
	case 2:
		function_set(f, (unsigned int)below(COMMON_SIZE), 1u << below(3), rnd());
		break;
	case 3:
		function_set(f, COMMON_STATUS, 1, below(256));
		break;
	case 4:
		qtest_poke(f->q, f->device + below(160), 1u << below(3), rnd());
		break;
	case 5:
		qtest_peek(f->q, f->device + below(160), 1u << below(3));
		break;
	case 6:
		qtest_qmp(f->q, "stop");
		function_kick(f, queue);
		qtest_qmp(f->q, "cont");
		break;
	case 7:
		if (one_in(4))
			system_reset(f, id);
		break;
	case 8:
	case 9:
		fill_queue(f, queue, session, false);
		break;
	case 10:
		any_request(f, DATA + below(DATA_SIZE / 4096) * 4096, session);
		break;
	case 11:
		d = any_desc();
		qtest_write(f->q, desc_at(queue) + 16 * below(NUM), &d, sizeof(d));
		break;
	case 12:
		qtest_poke(f->q, avail_at(queue) + 2, 2, below(NUM * 4));
		break;
	default:
		function_kick(f, (unsigned int)below(one_in(16) ? 70 : f->queues));
		break;
	}
}

/* The size of a queue grows while it is enabled: the rings end where they ended. */
static void size_grows(struct function *f)
{
	static const uint16_t avail[2];

	for (unsigned int events = 0; events < 2; events++) {
		device_check(f);
		device_reset(f);
		function_features(f, F_VERSION_1 | (events ? F_EVENT_IDX : 0));
		queue_memory_clear(f, 0);
		function_queue(f, 0, 8, desc_at(0), avail_at(0), used_at(0));
		function_set(f, COMMON_STATUS, 1,
			     STATUS_ACK | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
		function_set(f, COMMON_Q_SIZE, 2, 1024);
		qtest_write(f->q, avail_at(0), avail, sizeof(avail));
		function_kick(f, 0);
		qtest_poke(f->q, avail_at(0) + 2, 2, 900);
		function_kick(f, 0);
	}
	device_check(f);
}

/* Chains that the device has given back since its queues were set up. */
static unsigned long chains_done(struct function *f)
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < f->queues; i++)
		sum += used_index(f, i);
	return sum;
}

/* Return: chains given back, as far as no reset has hidden them. */
static unsigned long round_run(struct function *f, unsigned int id)
{
	uint64_t session = device_check(f);
	unsigned long before, after;

	if (!one_in(3))
		setup_badly(f);
	/* A ring that is broken stops the whole device; mostly these are not. */
	for (uint64_t times = below(8); times; times--) {
		for (unsigned int i = 0; i < f->queues; i++)
			fill_queue(f, i, session, !one_in(16));
		for (unsigned int i = 0; i < f->queues; i++)
			function_kick(f, i);
		for (unsigned int i = 0; i < f->queues; i++)
			settle(f, i);
	}
	before = chains_done(f);
	for (unsigned int i = 0; i < f->queues; i++)
		fill_queue(f, i, session, false);
	for (unsigned int i = 0; i < f->queues; i++)
		function_kick(f, i);
	for (uint64_t n = below(24); n; n--)
		disturb(f, id, session);
	after = chains_done(f);
	/* A descriptor may have named the index itself: no more than were offered. */
	if (after < before || after > 9 * NUM * f->queues)
		after = before;
	return after > 9 * NUM * f->queues ? 0 : after;
}

/* --- the guest beside it -------------------------------------------------------- */

struct neighbour {
	pid_t pid;
	int stop; /* closed when it is to end */
};

/* Another QEMU, whose device has to give the right answer all the time. */
static _Noreturn void neighbour_run(char *const argv[], unsigned int id, int stop)
{
	struct pollfd end = {.fd = stop, .events = POLLIN};
	unsigned long answers = 0;
	struct function f;
	struct qtest q;

	qtest_start(&q, argv);
	function_find(&f, &q, id);
	do {
		device_check(&f);
		answers++;
	} while (poll(&end, 1, 0) == 0);
	qtest_stop(&q);
	printf("%lu right answers beside it\n", answers);
	exit(0);
}

static struct neighbour neighbour_start(char *const argv[], unsigned int id)
{
	struct neighbour n;
	int ends[2];

	if (pipe(ends) < 0)
		die("pipe: %m");
	fflush(NULL);
	n.pid = fork();
	if (n.pid < 0)
		die("fork: %m");
	if (n.pid == 0) {
		close(ends[1]);
		neighbour_run(argv, id, ends[0]);
	}
	close(ends[0]);
	n.stop = ends[1];
	return n;
}

static void neighbour_end(struct neighbour n)
{
	int status;

	close(n.stop);
	if (waitpid(n.pid, &status, 0) != n.pid || !WIFEXITED(status) || WEXITSTATUS(status))
		die("the guest beside it came to harm");
}

static void usage(FILE *to)
{
	fputs(
	    "usage: qemu-hostile [--seed=N] [--rounds=N | --chains=N] [--virtio-id=N]\n"
	    "                    -- QEMU [ARGUMENT]...\n"
	    "Misuses the virtio-cryptodev device of a QEMU, which is started with qtest, while "
	    "the\n"
	    "device of another one that is started alike is used well.\n"
	    "QEMU's arguments name a machine with 32 MiB of memory, whose processor does nothing,\n"
	    "and the device on bus 0.\n\n"
	    "  --seed=N       what is done follows from it (default: a new one, printed)\n"
	    "  --rounds=N     default 200\n"
	    "  --chains=N     until the device has given so many chains back\n"
	    "  --virtio-id=N  default 21\n\n"
	    "Exit status: 0 the device works after every round, 1 it does not, 2 wrong usage.\n",
	    to);
}

static void where(void)
{
	if (rng.round)
		fprintf(stderr, "# round %lu of --seed=%" PRIu64 "\n", rng.round, rng.seed);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"seed", required_argument, NULL, 's'},   {"rounds", required_argument, NULL, 'r'},
	    {"chains", required_argument, NULL, 'c'}, {"virtio-id", required_argument, NULL, 'i'},
	    {"help", no_argument, NULL, 'h'},	      {NULL, 0, NULL, 0},
	};
	unsigned long rounds = 200, chains = 0, done = 0, id = VIRTIO_ID_CRYPTODEV;
	struct neighbour neighbour;
	struct function f;
	struct qtest q;
	int opt;

	rng.seed = (uint64_t)getpid();
	while ((opt = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
		if (opt == 's')
			rng.seed = strtoull(optarg, NULL, 0);
		else if (opt == 'r')
			rounds = strtoul(optarg, NULL, 0);
		else if (opt == 'c')
			chains = strtoul(optarg, NULL, 0);
		else if (opt == 'i')
			id = strtoul(optarg, NULL, 0);
		else {
			usage(opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 2;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return 2;
	}
	printf("seed %" PRIu64 "\n", rng.seed);
	rng.chance.state = rng.seed;
	atexit(where);
	neighbour = neighbour_start(argv + optind, (unsigned int)id);
	qtest_start(&q, argv + optind);
	function_find(&f, &q, (unsigned int)id);
	size_grows(&f);
	for (rng.round = 1; chains ? done < chains : rng.round <= rounds; rng.round++) {
		done += round_run(&f, (unsigned int)id);
	}
	rounds = rng.round - 1;
	device_check(&f);
	qtest_stop(&q);
	neighbour_end(neighbour);
	rng.round = 0;
	printf("%lu rounds, %lu chains given back, and the device works\n", rounds, done);
	return 0;
}
