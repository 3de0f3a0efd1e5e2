/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - cryptodev-fuzz: calls that make no sense, and the memory, descriptors, sessions and
 * processes of calls that do taken away while they run.
 *
 * Theory of operation
 * -------------------
 * Some processes of some threads each share descriptors and sessions (a file of the parent's is
 * shared by all). Callers make random ioctls: mostly ours, with fields that are right, near the
 * edge, or anything. One thread unmaps, protects and replaces the memory that the others' calls
 * are on, and closes, duplicates and reopens their descriptors. The parent kills a process now
 * and then and starts another. What is looked for is what the kernel says of it; here, only that
 * every errno is one that the interface has, that calls succeed too, and that the device works
 * at the end.
 *
 *	values.c	random arguments
 *	calls.c		random calls with them
 *	process.c	a process of callers, and what disturbs it
 */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../ref.h"
#include "fuzz.h"

#define MAX_PROCESSES 32

struct shared *all;
struct options options = {.seconds = 10, .calls = ~0ul, .processes = 3};

static pid_t start(int common, uint64_t stream)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		process_main(common, stream);
	if (pid < 0) {
		perror("fork");
		exit(1);
	}
	return pid;
}

/* Return: whether it ended as it should. */
static bool reap(pid_t pid, bool was_killed)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return false;
	if (was_killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	printf("FAILED: a process ended with status 0x%x\n", status);
	return false;
}

/* Is the device what it was? */
static bool works(void)
{
	static const uint8_t key[16] = {1, 2, 3};
	uint8_t iv[16] = {4}, in[4096] = {5}, out[4096], want[4096];
	uint32_t ses;
	int fd = dev_open();
	bool ok = fd >= 0 && !dev_session(fd, CRYPTO_AES_CBC, key, 16, &ses) &&
		  !dev_crypt(fd, ses, COP_ENCRYPT, 0, in, out, sizeof(in), iv) &&
		  !ref_once(CRYPTO_AES_CBC, key, 16, COP_ENCRYPT, iv, in, want, sizeof(in), NULL) &&
		  !memcmp(out, want, sizeof(out));

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool fuzz(void)
{
	struct timespec begin, now;
	pid_t pids[MAX_PROCESSES];
	uint64_t stream = 1;
	bool ok = true;
	int common = dev_open();
	struct rnd r;

	if (common < 0) {
		dev_explain(common);
		exit(2);
	}
	rnd_seed(&r, options.seed, 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (unsigned long i = 0; i < options.processes; i++)
		pids[i] = start(common, stream++);
	while (!__atomic_load_n(&all->stop, __ATOMIC_RELAXED)) {
		unsigned long i = rnd_below(&r, (uint32_t)options.processes);

		usleep(50000 + rnd_below(&r, 400000));
		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((unsigned long)(now.tv_sec - begin.tv_sec) >= options.seconds)
			__atomic_store_n(&all->stop, 1, __ATOMIC_RELAXED);
		if (rnd_below(&r, 2))
			continue;
		kill(pids[i], SIGKILL);
		ok &= reap(pids[i], true);
		pids[i] = start(common, stream++);
	}
	for (unsigned long i = 0; i < options.processes; i++)
		ok &= reap(pids[i], false);
	close(common);
	return ok && !all->wrong;
}

static void report(void)
{
	printf("%llu calls:", (unsigned long long)all->calls);
	for (int i = 0; i < ERRNOS; i++)
		if (all->errnos[i])
			printf(" %s %llu", i ? strerrorname_np(i) : "success",
			       (unsigned long long)all->errnos[i]);
	printf("\nsuccesses:");
	for (int i = 0; i < N_KINDS; i++)
		printf(" %s %llu", kind_names[i], (unsigned long long)all->good[i]);
	putchar('\n');
}

static void usage(FILE *to)
{
	fputs("usage: cryptodev-fuzz [OPTION]...\n"
	      "Makes random and hostile calls on /dev/crypto from several processes and threads, "
	      "while memory,\n"
	      "descriptors and processes are taken away. The kernel's log tells what was found.\n\n"
	      "  --device=PATH     the node (default " DEV_DEFAULT_PATH ")\n"
	      "  --seconds=N       how long (default 10)\n"
	      "  --calls=N         or after so many calls\n"
	      "  --processes=N     processes of three callers each (default 3)\n"
	      "  --seed=N          what is done; the order of threads is the machine's\n"
	      "  --version, --help\n\n"
	      "Exit status: 0 nothing was seen here, 1 an answer that the interface does not have, "
	      "or the\n"
	      "device does not work any more, 2 wrong usage or no device.\n",
	      to);
}

static unsigned long number(const char *text, unsigned long min, unsigned long max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (*end || end == text || n < min || n > max) {
		fprintf(stderr, "'%s' is not a number from %lu to %lu\n", text, min, max);
		exit(2);
	}
	return n;
}

/* Return: -1 to go on, or an exit status. */
static int parse(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"device", required_argument, NULL, 'd'},
	    {"seconds", required_argument, NULL, 's'},
	    {"calls", required_argument, NULL, 'c'},
	    {"seed", required_argument, NULL, 'S'},
	    {"processes", required_argument, NULL, 'p'},
	    {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (opt == 'd') {
			dev_path = optarg;
		} else if (opt == 's') {
			options.seconds = number(optarg, 1, 1000000);
		} else if (opt == 'c') {
			options.calls = number(optarg, 1, ~0ul);
			options.seconds = 1000000;
		} else if (opt == 'p') {
			options.processes = number(optarg, 1, MAX_PROCESSES);
		} else if (opt == 'S') {
			options.seed = number(optarg, 0, ~0ul);
		} else if (opt == 'v') {
			puts("cryptodev-fuzz " VCD_VERSION);
			return 0;
		} else {
			usage(opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 2;
		}
	}
	if (optind != argc) {
		usage(stderr);
		return 2;
	}
	return -1;
}

/* Whether each kind of call succeeded now and then. */
static bool all_tested(void)
{
	bool ok = true;

	for (int i = 0; i < N_KINDS; i++)
		if (!all->good[i] && i != N_OTHER && i != N_CPHASH && all->calls > 20000 &&
		    (i < N_KEYS || options.keys)) {
			printf("FAILED: no %s succeeded, so it was hardly tested\n", kind_names[i]);
			ok = false;
		}
	return ok;
}

static bool has_keys(void)
{
	cleanup_fd int fd = dev_open();

	return fd >= 0 && keys_look(fd);
}

int main(int argc, char **argv)
{
	int status;
	bool ok;

	options.seed = (uint64_t)time(NULL);
	status = parse(argc, argv);
	if (status >= 0)
		return status;
	all = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (all == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	options.keys = has_keys();
	printf("seed %llu, %s keys by name\n", (unsigned long long)options.seed,
	       options.keys ? "with" : "without");
	ok = fuzz();
	report();
	ok &= all_tested();
	if (!works()) {
		printf("FAILED: the device does not work any more\n");
		ok = false;
	}
	return ok ? 0 : 1;
}
