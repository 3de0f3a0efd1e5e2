/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - cryptodev-check: is this /dev/crypto what programs expect?
 *
 * Theory of operation
 * -------------------
 * Every check runs in a child with its own process group. The parent waits for
 * it a bounded time, then kills what is left of the group, so that a check that
 * crashes, hangs or leaves children behind cannot spoil the next one. A child
 * that cannot even be killed (it hangs in the driver) is reported and left.
 *
 * A child that ends with 0 has passed, 77 is a skip with its reason in shared
 * memory, anything else a failure.
 */
#include "check.h"

#include <fnmatch.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SKIP_STATUS 77
#define DEFAULT_TIMEOUT 600
#define KILL_WAIT 30

static const struct check *const groups[] = {
    abi_checks,	   session_checks, cipher_checks, iv_checks,	   buffer_checks, error_checks,
    share_checks,  compat_checks,  hash_checks,	  hashmore_checks, aead_checks,	  aeadabuse_checks,
    record_checks, async_checks,   batch_checks,  pages_checks,	   abuse_checks,  asyncabuse_checks,
    keys_checks,   keysign_checks, keysym_checks, keyasync_checks,
};

/* Shared with the child that runs. */
static struct shared {
	char reason[256];
} * shared;

struct options {
	const char *filter;
	long timeout;
	bool list;
};

struct totals {
	unsigned int number, passed, failed, skipped;
};

_Noreturn void fail_at(const char *file, int line, const char *fmt, ...)
{
	const char *base = strrchr(file, '/');
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("# %s:%d: %s\n", base ? base + 1 : file, line, text);
	fflush(stdout);
	_exit(1);
}

_Noreturn void skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(shared->reason, sizeof(shared->reason), fmt, ap);
	va_end(ap);
	fflush(stdout);
	_exit(SKIP_STATUS);
}

void note(const char *fmt, ...)
{
	va_list ap;

	fputs("# ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* SIGCHLD is blocked in this process. Return: whether @pid ended within @seconds. */
static bool wait_for(pid_t pid, int *status, long seconds)
{
	struct timespec end, now, left;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	while (waitpid(pid, status, WNOHANG) != pid) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec >= end.tv_sec)
			return false;
		left = (struct timespec){.tv_sec = end.tv_sec - now.tv_sec};
		sigtimedwait(&set, NULL, &left);
	}
	return true;
}

static void run_child(const struct check *c, const sigset_t *mask)
{
	setpgid(0, 0);
	sigprocmask(SIG_SETMASK, mask, NULL);
	c->run();
	fflush(stdout);
	_exit(0);
}

static void verdict(struct totals *t, const struct check *c, bool ended, int status)
{
	if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		t->passed++;
		printf("ok %u - %s\n", t->number, c->name);
	} else if (ended && WIFEXITED(status) && WEXITSTATUS(status) == SKIP_STATUS) {
		t->skipped++;
		printf("ok %u - %s # SKIP %s\n", t->number, c->name, shared->reason);
	} else {
		t->failed++;
		if (!ended)
			printf("# it cannot be killed\n");
		else if (WIFSIGNALED(status))
			printf("# ended by signal %d\n", WTERMSIG(status));
		printf("not ok %u - %s\n", t->number, c->name);
	}
	fflush(stdout);
}

static void run_one(struct totals *t, const struct check *c, long timeout)
{
	sigset_t block, mask;
	int status = 0;
	bool ended;
	pid_t pid;

	t->number++;
	shared->reason[0] = 0;
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, &mask);
	fflush(stdout);
	pid = fork();
	if (!pid)
		run_child(c, &mask);
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	setpgid(pid, pid);
	ended = wait_for(pid, &status, timeout);
	kill(-pid, SIGKILL);
	if (!ended) {
		printf("# no end after %ld s\n", timeout);
		ended = wait_for(pid, &status, KILL_WAIT);
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
	verdict(t, c, ended, status);
}

static unsigned int count(const struct options *o)
{
	unsigned int n = 0;

	for (size_t g = 0; g < ARRAY_SIZE(groups); g++)
		for (const struct check *c = groups[g]; c->name; c++)
			n += !o->filter || !fnmatch(o->filter, c->name, 0);
	return n;
}

/* What share/survives-exec runs: "FD,SESSION" of the program it was before. */
static _Noreturn void answer(const char *arg)
{
	unsigned int ses;
	int fd;

	if (sscanf(arg, "%d,%u", &fd, &ses) != 2)
		exit(2);
	must_answer(fd, ses);
	exit(0);
}

static void usage(FILE *to)
{
	fputs(
	    "usage: cryptodev-check [--device=PATH] [--filter=GLOB] [--timeout=SECONDS] [--list]\n"
	    "Checks the /dev/crypto interface of a device with over a hundred small programs.\n\n"
	    "  --device=PATH      the node to check (default " DEV_DEFAULT_PATH ")\n"
	    "  --filter=GLOB      only checks whose name matches, such as 'iv/*'\n"
	    "  --timeout=SECONDS  longest time for one check (default 600)\n"
	    "  --list             print the names and end\n"
	    "  --version, --help\n\n"
	    "One line for each check, \"ok N - name\" or \"not ok N - name\"; a check that needs "
	    "an\n"
	    "algorithm or memory that is not there is marked # SKIP.\n"
	    "Exit status: 0 all passed or skipped, 1 a check failed, 2 wrong usage or no device.\n",
	    to);
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
	    {"device", required_argument, NULL, 'd'},  {"filter", required_argument, NULL, 'f'},
	    {"timeout", required_argument, NULL, 't'}, {"list", no_argument, NULL, 'l'},
	    {"version", no_argument, NULL, 'v'},       {"help", no_argument, NULL, 'h'},
	    {"answer", required_argument, NULL, 'a'},  {NULL, 0, NULL, 0},
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (opt) {
		case 'd':
			dev_path = optarg;
			break;
		case 'f':
			o->filter = optarg;
			break;
		case 't':
			o->timeout = strtol(optarg, NULL, 10);
			break;
		case 'l':
			o->list = true;
			break;
		case 'a':
			answer(optarg);
		case 'v':
			puts("cryptodev-check " VCD_VERSION);
			exit(0);
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind != argc || o->timeout < 1) {
		usage(stderr);
		return 2;
	}
	return 0;
}

static int have_device(void)
{
	int fd = dev_open();

	if (fd < 0) {
		dev_explain(fd);
		return 2;
	}
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = {.timeout = DEFAULT_TIMEOUT};
	struct totals t = {0};

	if (parse(argc, argv, &o))
		return 2;
	if (!o.list && have_device())
		return 2;
	shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	if (!o.list)
		printf("1..%u\n", count(&o));
	for (size_t g = 0; g < ARRAY_SIZE(groups); g++) {
		for (const struct check *c = groups[g]; c->name; c++) {
			if (o.filter && fnmatch(o.filter, c->name, 0))
				continue;
			if (o.list)
				puts(c->name);
			else
				run_one(&t, c, o.timeout);
		}
	}
	if (o.list)
		return 0;
	if (!t.number) {
		fprintf(stderr, "no check matches '%s'\n", o.filter);
		return 2;
	}
	printf("# %u skipped\n%u passed, %u failed\n", t.skipped, t.passed, t.failed);
	return t.failed ? 1 : 0;
}
