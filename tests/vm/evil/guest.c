/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest.c - cryptodev-evil: what the driver does about a host that lies.
 *
 * Theory of operation
 * -------------------
 * Each case is an order for cryptodev-evil-host (evil.h) and what has to become of the calls that
 * meet it. Replies are spoilt for calls of every kind (kinds.c). Where the ring itself is spoilt,
 * the driver gives it up: calls fail until the module is loaded again, which the case does, and
 * then all has to work. That the kernel says nothing meanwhile is for whoever started the guest to
 * see.
 *
 *	replies.c	cases of replies, of sessions made and lost
 *	timing.c	of answers too late, out of order, or held
 *	keys.c		of keys by name
 *	loading.c	of what ends with the module loaded again, or for good
 *
 *	cryptodev-evil MODULE.ko	all cases; with a number those of that group
 *	cryptodev-evil hang-up		the host goes away with requests in its hands
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

int module = -1;
bool quiet;
static unsigned int cases, failures;
static double since;

void verdict(const char *name, const char *detail, const char *problem)
{
	cases++;
	if (!problem && !quiet)
		printf("ok %s%s%s\n", name, *detail ? ", " : "", detail);
	if (!problem)
		return;
	failures++;
	printf("FAILED %s%s%s: %s\n", name, *detail ? ", " : "", detail, problem);
}

double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void group(const char *name)
{
	static unsigned int last;

	printf("# %u cases of %s, %.0f s\n", cases - last, name, seconds() - since);
	last = cases;
	since = seconds();
}

struct evil_order order(uint32_t what, uint32_t arg)
{
	return (struct evil_order){.magic = EVIL_MAGIC, .what = what, .arg = arg};
}

int must_open(void)
{
	int fd = dev_open();

	if (fd < 0) {
		dev_explain(fd);
		printf("FAILED: no device\n");
		exit(1);
	}
	return fd;
}

void tell(int fd, uint32_t what, uint32_t arg)
{
	struct evil_order o = order(what, arg);
	uint32_t ses;

	if (dev_session(fd, CRYPTO_AES_CBC, &o, sizeof(o), &ses) || dev_end(fd, ses)) {
		printf("FAILED: the host takes no orders\n");
		exit(1);
	}
}

void set_parameter(const char *name, const char *value)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/virtio_cryptodev/parameters/%s", name);
	f = fopen(path, "we");
	if (!f || fputs(value, f) < 0 || fclose(f)) {
		perror(path);
		exit(1);
	}
}

bool works(int fd)
{
	struct evil_order honest = order(EVIL_HONEST, 0);
	struct outcome o;

	return !kind_run(&kinds[0], fd, &honest, &o) && !o.err && o.right;
}

/* Groups of cases that leave the device in order; and those that load the module again. */
static void (*const groups[])(int fd) = {bad_replies,	       bad_creation,   lost_on_the_way,
					 late_answers,	       reordered,      flooded,
					 flooded_with_copies,  config_changes, ended_in_silence,
					 polled_while_waiting, pages_are_held, keys_by_name};
static void (*const reloads[])(void) = {bad_ring, probes, leave_in_silence};

/* All groups, or number @only. */
static void run(int only)
{
	const int n = sizeof(groups) / sizeof(groups[0]);
	int fd;

	if (unload() || load(MODULE_ARGS)) {
		printf("FAILED: the module cannot be loaded anew\n");
		exit(1);
	}
	fd = must_open();
	for (int i = 0; i < n; i++)
		if (only < 0 || only == i)
			groups[i](fd);
	close(fd);
	for (int i = 0; i < (int)(sizeof(reloads) / sizeof(reloads[0])); i++)
		if (only < 0 || only == n + i)
			reloads[i]();
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--version"))
		return puts("cryptodev-evil " VCD_VERSION) < 0;
	if (argc < 2 || argc > 3 || !strcmp(argv[1], "--help")) {
		bool help = argc == 2;

		fputs(
		    "usage: cryptodev-evil MODULE.ko [GROUP] | hang-up\n"
		    "Makes calls of all kinds on a device whose host, cryptodev-evil-host, lies.\n"
		    "Needs root; loads and unloads the module.\n\n"
		    "Exit status: 0 the driver bore all of it, 1 it did not, 2 wrong usage.\n",
		    help ? stdout : stderr);
		return help ? 0 : 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(argv[1], "hang-up")) {
		hang_up();
		return failures ? 1 : 0;
	}
	module = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (module < 0) {
		perror(argv[1]);
		return 2;
	}
	since = seconds();
	run(argc == 3 ? atoi(argv[2]) : -1);
	printf("%u cases, %u failed\n", cases, failures);
	return failures ? 1 : 0;
}
