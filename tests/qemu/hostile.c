/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostile.c - qemu-hostile: a guest that does to the device what no driver would.
 *
 * Theory of operation
 * -------------------
 * QEMU runs under qtest (qtest.h): this program is the guest, and it is the only one
 * to know what is right. A round sets the device up well, badly or half, fills
 * memory and rings with requests that are right but for some bytes and with
 * descriptors of any kind (abuse.h), kicks, and while the device is at it changes memory,
 * writes registers, resets queues, the device or the machine, stops the VM.
 *
 * After each round the device is reset and must do a known request right (guest.h): that is
 * what a broken queue costs, nothing more. A QEMU that has crashed, hangs, or was
 * stopped by a sanitizer fails the test. Everything but the time of the writes follows
 * from --seed.
 *
 * A chain counts when the device says that it took it off a ring, or when it stopped the
 * device. The former number is the device's own, without the known requests.
 *
 * No virtual processor kicks here, so that requests are executed by the workers
 * only; inline execution sees abuse in tests/vm.
 */
#include "abuse.h"

#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "virtio_cryptodev.h"

/* Rounds between two looks at the device's counters. */
#define COUNT_ROUNDS 50u
/* Looks at a ring, with a pause between, before its end counts as lost; at the status, before that
 * is a failure. */
#define SETTLE_LOOKS 4000u
#define STOP_LOOKS 200000u
#define LOOK_PAUSE_US 50

#define NEIGHBOUR_PAUSE_MS 1

/* For a failure: where we were. */
static uint64_t seed;
static unsigned long round_number;

/* --- one round ------------------------------------------------------------------- */

static void kick_all(struct guest *g)
{
	for (unsigned int i = 0; i < g->function.queues; i++)
		function_kick(&g->function, i);
}

/*
 * Until the device has used all that it was offered, or has stopped. What it wrote where a
 * descriptor said may be an index of a ring, too, so that this cannot be seen: then it is not
 * waited for.
 */
static void settle(struct guest *g, unsigned int queue)
{
	for (unsigned int looks = 1; g->sound[queue]; looks++) {
		if (guest_used_index(g, queue) == guest_avail_index(g, queue))
			return;
		if (looks % 16 == 0 && guest_has_stopped(g))
			return;
		if (looks == SETTLE_LOOKS) {
			g->lost++;
			return;
		}
		usleep(LOOK_PAUSE_US);
	}
}

static void setup_badly(struct guest *g)
{
	uint64_t features =
	    GUEST_F_VERSION_1 |
	    (abuse_random(g) & (GUEST_F_INDIRECT | GUEST_F_EVENT_IDX | GUEST_F_RING_RESET));
	bool known = !abuse_one_in(g, 16);

	guest_reset(g);
	if (!known)
		features ^= 1ull << abuse_below(g, 64);
	known = function_features(&g->function, features) && known;
	for (unsigned int i = 0; i < g->function.queues; i++) {
		if (abuse_one_in(g, 4)) {
			guest_clear(g, i);
			function_queue(&g->function, i,
				       abuse_one_in(g, 4) ? (uint16_t)abuse_random(g)
							  : (uint16_t)GUEST_NUM,
				       abuse_one_in(g, 4) ? abuse_address(g) : guest_desc(i),
				       abuse_one_in(g, 4) ? abuse_address(g) : guest_avail(i),
				       abuse_one_in(g, 4) ? abuse_address(g) : guest_used(i));
		} else {
			guest_queue(g, i);
			g->sound[i] = known;
		}
	}
	if (abuse_one_in(g, 16)) {
		for (unsigned int i = 0; i < g->function.queues; i++)
			g->sound[i] = false;
		return;
	}
	guest_go(g);
	/* The reset has ended the one there was. */
	if (g->sound[0])
		guest_session(g);
}

/* The other queues, beside the one that the check has set up. */
static void setup_rest(struct guest *g)
{
	for (unsigned int i = 1; i < g->function.queues; i++)
		guest_queue(g, i);
}

/* A ring that is broken stops the whole device; mostly these are not. */
static void offer(struct guest *g)
{
	for (unsigned int i = 0; i < g->function.queues; i++)
		abuse_fill(g, i, !abuse_one_in(g, 64));
	kick_all(g);
	for (uint64_t n = abuse_below(g, 100); n; n--)
		abuse_scribble(g);
	for (unsigned int i = 0; i < g->function.queues; i++)
		settle(g, i);
}

/* One thing done while the device works. */
static void disturb(struct guest *g)
{
	const struct function *f = &g->function;
	unsigned int queue = (unsigned int)abuse_below(g, f->queues);

	switch (abuse_below(g, 20)) {
	case 0:
		function_set(f, COMMON_Q_SELECT, 2, queue);
		function_set(f, COMMON_Q_RESET, 2, 1);
		break;
	case 1:
		guest_reset(g);
		break;
	case 2:
		function_set(f, (unsigned int)abuse_below(g, COMMON_SIZE), 1u << abuse_below(g, 3),
			     abuse_random(g));
		break;
	case 3:
		function_set(f, COMMON_STATUS, 1, abuse_below(g, 256));
		break;
	case 4:
		qtest_poke(&g->qtest, f->device + abuse_below(g, 160), 1u << abuse_below(g, 3),
			   abuse_random(g));
		break;
	case 5:
		qtest_peek(&g->qtest, f->device + abuse_below(g, 160), 1u << abuse_below(g, 3));
		break;
	case 6:
		qtest_qmp(&g->qtest, "stop");
		function_kick(f, queue);
		qtest_qmp(&g->qtest, "cont");
		break;
	case 7:
		if (abuse_one_in(g, 4))
			guest_reset_machine(g);
		break;
	case 8:
	case 9:
		abuse_fill(g, queue, false);
		break;
	case 10:
		abuse_request(g);
		break;
	case 11:
		abuse_desc(g, queue);
		break;
	case 12:
		qtest_store16(&g->qtest, guest_avail(queue) + 2,
			      (uint16_t)abuse_below(g, GUEST_NUM * 4));
		break;
	default:
		function_kick(f,
			      (unsigned int)abuse_below(g, abuse_one_in(g, 16) ? 70 : f->queues));
		break;
	}
}

static void round_run(struct guest *g)
{
	guest_check(g);
	if (abuse_one_in(g, 2))
		setup_badly(g);
	else
		setup_rest(g);
	for (uint64_t times = abuse_below(g, 12); times && !guest_has_stopped(g); times--)
		offer(g);
	/* And then things that no order of events foresees. */
	for (unsigned int i = 0; i < g->function.queues; i++)
		abuse_fill(g, i, false);
	kick_all(g);
	for (uint64_t n = abuse_below(g, 24); n; n--) {
		disturb(g);
		for (uint64_t m = abuse_below(g, 20); m; m--)
			abuse_scribble(g);
	}
	guest_has_stopped(g);
}

/* The size of a queue grows while it is enabled: the rings end where they ended. */
static void size_grows(struct guest *g)
{
	static const uint16_t avail[2];

	for (unsigned int events = 0; events < 2; events++) {
		guest_check(g);
		guest_reset(g);
		function_features(&g->function,
				  GUEST_F_VERSION_1 | (events ? GUEST_F_EVENT_IDX : 0));
		guest_clear(g, 0);
		function_queue(&g->function, 0, 8, guest_desc(0), guest_avail(0), guest_used(0));
		guest_go(g);
		function_set(&g->function, COMMON_Q_SIZE, 2, 1024);
		qtest_write(&g->qtest, guest_avail(0), avail, sizeof(avail));
		function_kick(&g->function, 0);
		qtest_store16(&g->qtest, guest_avail(0) + 2, 900);
		function_kick(&g->function, 0);
	}
	guest_check(g);
}

/* A ring is broken while the VM stands still: when it continues, the driver has to be told. */
static void broken_while_stopped(struct guest *g)
{
	const struct desc bad = {
	    .addr = GUEST_DATA, .len = 64, .flags = DESC_NEXT, .next = GUEST_NUM};
	const uint16_t head = 0;
	char text[4096];

	guest_check(g);
	qtest_qmp(&g->qtest, "stop");
	/* Commands are executed in order. */
	qtest_property(&g->qtest, "/machine", "type", text, sizeof(text));
	qtest_write(&g->qtest, guest_desc(0), &bad, sizeof(bad));
	qtest_write(&g->qtest, guest_avail(0) + 4 + 2 * (guest_avail_index(g, 0) % GUEST_NUM),
		    &head, sizeof(head));
	qtest_store16(&g->qtest, guest_avail(0) + 2, (uint16_t)(guest_avail_index(g, 0) + 1));
	function_kick(&g->function, 0);
	if (guest_has_stopped(g))
		die("the device looks at a ring while the VM stands still");
	qtest_qmp(&g->qtest, "cont");
	for (unsigned int looks = 0; !guest_has_stopped(g); looks++) {
		if (looks == STOP_LOOKS)
			die("the device does not say that it wants to be reset");
		usleep(LOOK_PAUSE_US);
	}
	guest_check(g);
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
	static struct guest g;

	guest_begin(&g, argv, id);
	do {
		guest_check(&g);
		/* It is to look all the time, and not to have a processor to itself. */
	} while (poll(&end, 1, NEIGHBOUR_PAUSE_MS) == 0);
	guest_end(&g);
	printf("%" PRIu64 " right answers beside it\n", g.own);
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
	    "and the device, with the id \"c\", on bus 0.\n\n"
	    "  --seed=N       what is done follows from it (default: a new one, printed)\n"
	    "  --rounds=N     default 200\n"
	    "  --chains=N     until the device has taken so many chains\n"
	    "  --virtio-id=N  default 21\n\n"
	    "Exit status: 0 the device works after every round, 1 it does not, 2 wrong usage.\n",
	    to);
}

static void where(void)
{
	if (round_number)
		fprintf(stderr, "# round %lu of --seed=%" PRIu64 "\n", round_number, seed);
}

static void hostile_run(struct guest *g, unsigned long rounds, uint64_t wanted)
{
	struct guest_counters first, last;
	uint64_t chains = 0, own;

	size_grows(g);
	broken_while_stopped(g);
	guest_count(g, &first);
	own = g->own;
	g->stops = 0;
	for (round_number = 1; wanted ? chains < wanted : round_number <= rounds; round_number++) {
		round_run(g);
		if (round_number % COUNT_ROUNDS == 0) {
			guest_count(g, &last);
			chains = last.taken - first.taken - (g->own - own) + g->stops;
		}
	}
	rounds = round_number - 1;
	/* Whatever is outstanding is at its end after a reset. */
	guest_check(g);
	guest_count(g, &last);
	own = g->own - own;
	chains = last.taken - first.taken - own + g->stops;
	/* Few: an index that was written over. Otherwise it is the device that has lost something.
	 */
	if (g->lost > 10 + chains / 5000)
		die("the end of %" PRIu64 " queues was not to be seen", g->lost);
	if (!g->stops)
		die("nothing has stopped the device: its rings were not abused");
	round_number = 0;
	printf("%lu rounds, %" PRIu64 " chains, of which %" PRIu64
	       " stopped the device and %" PRIu64 " were OK; %" PRIu64
	       " times an index was written over; and the device works\n",
	       rounds, chains, g->stops, last.ok - first.ok - own, g->lost);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"seed", required_argument, NULL, 's'},   {"rounds", required_argument, NULL, 'r'},
	    {"chains", required_argument, NULL, 'c'}, {"virtio-id", required_argument, NULL, 'i'},
	    {"help", no_argument, NULL, 'h'},	      {NULL, 0, NULL, 0},
	};
	unsigned long rounds = 200, id = VIRTIO_ID_CRYPTODEV;
	static struct guest g;
	struct neighbour neighbour;
	uint64_t chains = 0;
	int opt;

	seed = (uint64_t)getpid();
	while ((opt = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
		if (opt == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (opt == 'r')
			rounds = strtoul(optarg, NULL, 0);
		else if (opt == 'c')
			chains = strtoull(optarg, NULL, 0);
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
	printf("seed %" PRIu64 "\n", seed);
	atexit(where);
	neighbour = neighbour_start(argv + optind, (unsigned int)id);
	guest_begin(&g, argv + optind, (unsigned int)id);
	g.chance.state = seed;
	hostile_run(&g, rounds, chains);
	guest_end(&g);
	neighbour_end(neighbour);
	return 0;
}
