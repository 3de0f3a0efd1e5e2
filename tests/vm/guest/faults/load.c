/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.c - loading the module while allocations fail, with its probe, and unloading it again.
 */
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../dev.h"

#define MAX_CALLS 1000000 /* more than a call of anything has */

static bool wait_for_node(void)
{
	struct timespec pause = {.tv_nsec = 10000000};

	for (int i = 0; i < 500; i++) {
		int fd = dev_open();

		if (fd >= 0) {
			close(fd);
			return true;
		}
		nanosleep(&pause, NULL);
	}
	return false;
}

/* The module's name, from its file's. */
static void module_name(const char *path, char *name, size_t size)
{
	const char *base = strrchr(path, '/');

	snprintf(name, size, "%s", base ? base + 1 : path);
	if (strrchr(name, '.'))
		*strrchr(name, '.') = 0;
}

static int load_once(int file, const char *args)
{
	return syscall(SYS_finit_module, file, args, 0) ? -errno : 0;
}

/*
 * How many calls that can fail the kernel makes before the module's own code
 * runs: it reads the parameters last, so a wrong one ends the loading there.
 * Those are not ours to test, and some of them complain loudly.
 */
static unsigned int loader_calls(int file)
{
	unsigned int left;
	int err;

	injection_arm(MAX_CALLS);
	err = load_once(file, "timeout_ms=x");
	left = injection_disarm();
	if (err != -EINVAL) {
		printf("FAILED: a wrong parameter: %s\n", err ? strerror(-err) : "success");
		exit(1);
	}
	return MAX_CALLS - left;
}

/*
 * Whether the last probe failed because the kernel's own transport is not whole
 * again: User-mode Linux keeps the file of an interrupt that it could not set up
 * for want of memory, and answers EALREADY to every later attempt.
 */
static bool transport_is_broken(void)
{
	static char log[1 << 20];
	enum { READ_ALL = 3 };
	const char *last = NULL;
	int len = klogctl(READ_ALL, log, sizeof(log) - 1);

	if (len < 0)
		return false;
	for (const char *at = log; (at = strstr(at, "probe of virtio")); at++)
		last = at;
	return last && !strncmp(strchr(last, ' ') + 12, "failed with error -114", 22);
}

/* A load without a fault. 1: the device is there; 0: the transport is broken; -1: neither. */
static int load_clean(int file, const char *name)
{
	int err = load_once(file, "");
	bool there = !err && access(dev_path, F_OK) == 0;

	if (!err && syscall(SYS_delete_module, name, O_NONBLOCK))
		return -1;
	if (there)
		return 1;
	return !err && transport_is_broken() ? 0 : -1;
}

/*
 * Faults from number @from on. One in the probe does not fail the loading: the
 * module is there then, without a device, and is unloaded again. Return: how
 * many there were, or 0 after a failure.
 */
static unsigned int load_with_faults(int file, const char *name, unsigned int first,
				     unsigned int skip, bool *broken)
{
	unsigned int n, errors = 0, no_device = 0, from = first + skip;

	for (n = from; n < from + MAX_FAULTS; n++) {
		bool happened;
		int err;

		injection_arm(n);
		err = load_once(file, "");
		happened = !injection_disarm();
		if (err && (!happened || !injection_allows(err))) {
			printf("FAILED: loading, fault %u: %s\n", n, strerror(-err));
			return 0;
		}
		if (!happened)
			break;
		errors += err != 0;
		no_device += !err && access(dev_path, F_OK) != 0;
		if (!err && syscall(SYS_delete_module, name, O_NONBLOCK)) {
			printf("FAILED: unloading after fault %u: %s\n", n, strerror(errno));
			return 0;
		}
		switch (load_clean(file, name)) {
		case 0:
			printf("# this kernel's virtio transport does not recover from fault %u: "
			       "boot again\n"
			       "go on with %u\n",
			       n, n - first + 1);
			*broken = true;
			break;
		case -1:
			printf("FAILED: no device when loaded anew after fault %u\n", n);
			return 0;
		}
		if (*broken)
			break;
	}
	printf("ok loading: %u faults, %u errors, %u loads without a device\n", n - from, errors,
	       no_device);
	return n - from;
}

int load(const char *path, unsigned int skip)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	bool broken = false;
	unsigned int faults;
	char name[64];

	if (file < 0)
		die(path);
	module_name(path, name, sizeof(name));
	if (syscall(SYS_delete_module, name, O_NONBLOCK))
		die(name);
	faults = load_with_faults(file, name, loader_calls(file) + 1, skip, &broken);
	if ((!faults && !broken) || faults == MAX_FAULTS)
		return 1;
	/* Whoever started us expects the module to be there. */
	if (broken)
		return load_once(file, "") != 0;
	if (!wait_for_node()) {
		printf("FAILED: no device after a load without a fault\n");
		return 1;
	}
	return 0;
}
