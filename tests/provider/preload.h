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
 * @error: with this errno; output is then garbage
 * @open: opening fails, as long as this is set
 */
struct model_fault {
	unsigned long request;
	unsigned int after;
	unsigned int times;
	int error;
	bool open;
};

/** model_fault - from now on. All zero: none. */
void model_fault(const struct model_fault *next);

/** model_calls - ioctls so far. */
unsigned int model_calls(void);

#endif
