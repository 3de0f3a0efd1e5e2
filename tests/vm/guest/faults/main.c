/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - cryptodev-faults: every allocation of the driver fails once.
 *
 * Theory of operation
 * -------------------
 * A kernel with CONFIG_FAULT_INJECTION fails the N-th call that can fail
 * (allocations, copies from and to the program) of this thread after N was
 * written to /proc/thread-self/fail-nth. The file then says 0 when the fault
 * happened. Each operation is repeated with N = 1, 2, 3 ... until no fault
 * happens any more: then all its failure paths were gone, one by one.
 *
 * An operation that met a fault may succeed (it had another way) or fail with
 * one of the errors for that. Afterwards everything has to work. What the kernel
 * says meanwhile, and what it leaks, is for the caller to look at.
 *
 *	calls		the ioctls of /dev/crypto
 *	load MODULE.ko	loading the module, with its probe, and unloading it again;
 *			with a number: without the first faults
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../dev.h"
#include "faults.h"

/* Return: whether each fault was met well. */
static bool try_operation(int fd, const struct operation *op)
{
	unsigned int n, failed = 0;

	for (n = 1; n < MAX_FAULTS; n++) {
		bool happened;
		int err;

		injection_arm(n);
		err = op->run(fd);
		happened = !injection_disarm();
		if (!happened && err) {
			printf("FAILED: %s: %s without a fault\n", op->name, strerror(-err));
			return false;
		}
		if (!happened)
			break;
		failed += err != 0;
		if (!injection_allows(err) && (!op->also || err != -op->also)) {
			printf("FAILED: %s, fault %u: %s\n", op->name, n, strerror(-err));
			return false;
		}
		err = op->run(fd);
		if (err) {
			printf("FAILED: %s, after fault %u: %s\n", op->name, n, strerror(-err));
			return false;
		}
	}
	printf("ok %s: %u faults, %u errors\n", op->name, n - 1, failed);
	fflush(stdout);
	return n < MAX_FAULTS;
}

static int calls(void)
{
	unsigned int failed = 0;
	int fd = dev_open(), err;

	if (fd < 0) {
		dev_explain(fd);
		return 2;
	}
	err = operations_setup(fd);
	if (err) {
		printf("FAILED: no session: %s\n", strerror(-err));
		return 1;
	}
	for (size_t i = 0; i < operation_count; i++)
		failed += !try_operation(fd, &operations[i]);
	printf("%zu operations, %u failed\n", operation_count, failed);
	return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	bool do_calls = argc == 2 && !strcmp(argv[1], "calls");
	bool do_load = (argc == 3 || argc == 4) && !strcmp(argv[1], "load");

	if (argc == 2 && !strcmp(argv[1], "--version"))
		return puts("cryptodev-faults " VCD_VERSION) < 0;
	if (!do_calls && !do_load) {
		bool help = argc == 2 && !strcmp(argv[1], "--help");

		fputs("usage: cryptodev-faults calls | load MODULE.ko [SKIP]\n"
		      "Lets every allocation of the driver fail once, in its calls or in loading "
		      "it.\n"
		      "Needs root and a kernel with fault injection.\n\n"
		      "Exit status: 0 all faults were met well, 1 one was not, 2 wrong usage or no "
		      "fault\n"
		      "injection.\n",
		      help ? stdout : stderr);
		return help ? 0 : 2;
	}
	injection_setup();
	return do_calls ? calls() : load(argv[2], argc == 4 ? (unsigned int)atoi(argv[3]) : 0);
}
