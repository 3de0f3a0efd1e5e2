/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * preload.h - faults of the model of /dev/crypto. See preload.c.
 */
#ifndef TESTS_PROVIDER_PRELOAD_H
#define TESTS_PROVIDER_PRELOAD_H

#include <stdbool.h>

/**
 * struct model_fault - calls that fail.
 * @request: of this ioctl only, or 0
 * @after: so many succeed first
 * @times: so many fail then; UINT_MAX: all
 * @error: with this errno; output is then garbage. 0: they hang
 * @open: opening fails with this errno
 * @software: the driver says that its algorithms are the kernel's software
 * @old: a driver before CIOCTIMEOUT: it refuses that, waits in CIOCFSESSION, and
 * lets the device write to pages of the caller unless COP_FLAG_NO_ZC is given
 *
 * A call that hangs waits for the time that CIOCTIMEOUT gave to its file, or for
 * MODEL_TIMEOUT_MS, and fails with EIO; CIOCFSESSION of an old driver then returns 0. The
 * memory that it could still write to is noted for model_thaw().
 */
struct model_fault {
	unsigned long request;
	unsigned int after;
	unsigned int times;
	int error;
	int open;
	bool software;
	bool old;
};

/* What the module parameter timeout_ms is to the driver. */
#define MODEL_TIMEOUT_MS 60

/** model_privileged - what geteuid() says: root, or somebody else. */
void model_privileged(bool root);

/** model_timeout - what was given to CIOCTIMEOUT last. */
unsigned int model_timeout(void);

/** model_fault - from now on. All zero: none. */
void model_fault(const struct model_fault *next);

/** model_stop_clock - the monotonic clock stands still, or runs again. */
void model_stop_clock(bool stopped);

/** model_sleep - the monotonic clock goes on by so many milliseconds; nothing waits. */
void model_sleep(unsigned int ms);

/** model_thaw - the host goes on: it writes what hung calls left to it. */
void model_thaw(void);

/** model_calls, model_opens, model_waits - ioctls, files opened, calls that hung so far. */
unsigned int model_calls(void);
unsigned int model_opens(void);
unsigned int model_waits(void);

#endif
