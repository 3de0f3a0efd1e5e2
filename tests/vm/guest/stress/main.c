/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - cryptodev-stress: random sessions and requests, each compared with
 * libcrypto's answer.
 *
 * Theory of operation
 * -------------------
 * Each of --processes workers keeps up to --live sessions. Step by step it
 * replaces a random session by a new one, as often as its share of --sessions
 * demands, and runs a request on a random one: direction, length, alignment, in
 * place or not, flags, IV given or continued. The device's output, the IV written
 * back, the digest and the bytes around the output must be libcrypto's.
 *
 * Half of the requests are those of more.c and moreauth.c: groups of operations in a batch or
 * asynchronous, hashes in parts, authenticated operations.
 *
 * Everything a worker does follows from --seed and its number; a difference is
 * reported with both and the step, and happens again with the same arguments.
 *
 * The lengths are chosen for a guest in emulation: mostly small, because those
 * find races; some to 64 KiB, because those are pinned and split; a few to
 * --max-len.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stress.h"

#define MAX_PROCESSES 256

static void usage(FILE *to)
{
	fputs("usage: cryptodev-stress [OPTION]...\n"
	      "Runs random requests on random sessions of /dev/crypto from several processes at "
	      "once and\n"
	      "compares each answer with libcrypto's.\n\n"
	      "  --device=PATH     the node (default " DEV_DEFAULT_PATH ")\n"
	      "  --processes=N     processes (default 8)\n"
	      "  --sessions=N      sessions made by all together (default 10000)\n"
	      "  --requests=N      requests of all together (default 1000000)\n"
	      "  --live=N          sessions each process has at a time (default 64)\n"
	      "  --max-len=BYTES   longest request (default 1048576)\n"
	      "  --max-request=BYTES  payload that the device takes in one request, if that is "
	      "less:\n"
	      "                    authenticated operations above it must be refused\n"
	      "  --seed=N          repeats an earlier run; default: the time\n"
	      "  --only=N          run process N alone, with the share it had\n"
	      "  --plain           only single CIOCCRYPT calls: no batches, asynchronous or "
	      "authenticated\n"
	      "                    operations, no hashes in parts\n"
	      "  --progress        a line every few seconds\n"
	      "  --version, --help\n\n"
	      "Exit status: 0 all answers were right, 1 a difference or an error, 2 wrong usage or "
	      "no\n"
	      "device.\n",
	      to);
}

static int number_option(const char *text, unsigned long min, unsigned long max, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 0);
	if (errno || *end || end == text || *out < min || *out > max) {
		fprintf(stderr, "'%s' is not a number from %lu to %lu\n", text, min, max);
		return 2;
	}
	return 0;
}

/* Return: 0, or 2 when it is a wrong one. */
static int set_option(int opt, struct options *o)
{
	unsigned long seed;
	int bad;

	switch (opt) {
	case 'd':
		dev_path = optarg;
		break;
	case 'p':
		return number_option(optarg, 1, MAX_PROCESSES, &o->processes);
	case 's':
		return number_option(optarg, 1, 1ul << 40, &o->sessions);
	case 'r':
		return number_option(optarg, 1, 1ul << 40, &o->requests);
	case 'l':
		return number_option(optarg, 1, 1ul << 20, &o->live);
	case 'm':
		return number_option(optarg, 64, 1ul << 30, &o->max_len);
	case 'M':
		return number_option(optarg, 1024, 1ul << 30, &o->max_request);
	case 'S':
		bad = number_option(optarg, 0, ~0ul, &seed);
		o->seed = seed;
		return bad;
	case 'o':
		return number_option(optarg, 0, MAX_PROCESSES - 1, &o->only);
	case 'x':
		o->plain = true;
		break;
	case 'P':
		o->progress = true;
		break;
	case 'v':
		puts("cryptodev-stress " VCD_VERSION);
		exit(0);
	case 'h':
		usage(stdout);
		exit(0);
	default:
		return 2;
	}
	return 0;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
	    {"device", required_argument, NULL, 'd'},
	    {"processes", required_argument, NULL, 'p'},
	    {"sessions", required_argument, NULL, 's'},
	    {"requests", required_argument, NULL, 'r'},
	    {"live", required_argument, NULL, 'l'},
	    {"max-len", required_argument, NULL, 'm'},
	    {"max-request", required_argument, NULL, 'M'},
	    {"seed", required_argument, NULL, 'S'},
	    {"only", required_argument, NULL, 'o'},
	    {"progress", no_argument, NULL, 'P'},
	    {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'},
	    {"plain", no_argument, NULL, 'x'},
	    {NULL, 0, NULL, 0},
	};
	int opt, bad = 0;

	while (!bad && (opt = getopt_long(argc, argv, "", longs, NULL)) != -1)
		bad = set_option(opt, o);
	if (bad || optind != argc) {
		usage(stderr);
		return 2;
	}
	/* nobody keeps more sessions than it may make */
	if (o->live > o->sessions / o->processes)
		o->live = o->sessions / o->processes ? o->sessions / o->processes : 1;
	if (o->sessions < o->processes)
		o->sessions = o->processes;
	return 0;
}

static struct totals sum(const struct totals *t, unsigned long n)
{
	struct totals all = {0};
	uint64_t *count = (uint64_t *)&all.more;

	for (unsigned long i = 0; i < n; i++) {
		all.sessions += __atomic_load_n(&t[i].sessions, __ATOMIC_RELAXED);
		all.requests += __atomic_load_n(&t[i].requests, __ATOMIC_RELAXED);
		all.bytes += __atomic_load_n(&t[i].bytes, __ATOMIC_RELAXED);
		for (size_t k = 0; k < sizeof(all.more) / sizeof(*count); k++)
			count[k] += ((const uint64_t *)&t[i].more)[k];
	}
	return all;
}

static void print_totals(const char *what, const struct totals *t, unsigned long processes)
{
	printf("%s: %lu processes, %llu sessions, %llu requests, %llu MiB\n", what, processes,
	       (unsigned long long)t->sessions, (unsigned long long)t->requests,
	       (unsigned long long)t->bytes >> 20);
	fflush(stdout);
}

static void print_kinds(const struct more_count *c)
{
	printf("of these: %llu in batches, %llu asynchronous, %llu AEAD, %llu TLS, %llu SRTP, %llu "
	       "hashes copied;\n%llu forgeries, %llu refused on purpose; the others single calls\n",
	       (unsigned long long)c->batch, (unsigned long long)c->async,
	       (unsigned long long)c->aead, (unsigned long long)c->tls, (unsigned long long)c->srtp,
	       (unsigned long long)c->copies, (unsigned long long)c->forged,
	       (unsigned long long)c->refused);
}

/* Waits for all workers; a progress line now and then. Return: how many failed. */
static unsigned int wait_all(const struct options *o, const struct totals *totals,
			     unsigned int running)
{
	unsigned int failed = 0, no_device = 0;
	time_t last = time(NULL);
	int status;

	while (running) {
		pid_t pid = waitpid(-1, &status, o->progress ? WNOHANG : 0);

		if (pid > 0) {
			running--;
			if (WIFSIGNALED(status))
				printf("FAILED: a worker was killed by signal %d\n",
				       WTERMSIG(status));
			failed += status != 0;
			no_device += WIFEXITED(status) && WEXITSTATUS(status) == 2;
			continue;
		}
		usleep(100000);
		if (time(NULL) - last >= 5) {
			struct totals t = sum(totals, o->processes);

			last = time(NULL);
			print_totals("so far", &t, o->processes);
		}
	}
	if (no_device)
		exit(2);
	return failed;
}

int main(int argc, char **argv)
{
	struct options o = {.processes = 8,
			    .sessions = 10000,
			    .requests = 1000000,
			    .live = 64,
			    .max_len = 1u << 20,
			    .only = ~0ul,
			    .seed = (uint64_t)time(NULL)};
	unsigned int running = 0, failed;
	struct totals *totals, all;

	if (parse(argc, argv, &o))
		return 2;
	totals = mmap(NULL, o.processes * sizeof(*totals), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (totals == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	printf("seed %llu\n", (unsigned long long)o.seed);
	fflush(stdout);
	for (unsigned long i = 0; i < o.processes; i++) {
		pid_t pid;

		if (o.only != ~0ul && o.only != i)
			continue;
		pid = fork();
		if (!pid)
			worker_main(&o, i, &totals[i]);
		if (pid < 0) {
			perror("fork");
			return 1;
		}
		running++;
	}
	failed = wait_all(&o, totals, running);
	all = sum(totals, o.processes);
	print_totals(failed ? "FAILED" : "all equal", &all, running);
	if (!o.plain)
		print_kinds(&all.more);
	return failed ? 1 : 0;
}
