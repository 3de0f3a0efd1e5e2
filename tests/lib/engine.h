/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.h - the engine that a test program runs on, where it runs on one.
 *
 * The build runs such programs several times, with VCD_TEST_ENGINE set.
 */
#ifndef VCD_TEST_ENGINE_H
#define VCD_TEST_ENGINE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/engine.h"

/** Exit status by which a test says that it cannot be run here. */
#define TEST_SKIPPED 77

/**
 * test_engine_open - open it for @workers workers.
 *
 * Ends the program with TEST_SKIPPED when this machine cannot have the engine.
 */
static inline int test_engine_open(unsigned int workers, struct engine **ret)
{
	const char *name = getenv("VCD_TEST_ENGINE");
	int err = eng_open(name ? name : "openssl", workers, ret);

	if (err == -ENODEV && name) {
		printf("SKIPPED: no engine %s here: no library, or a CPU without what it needs\n",
		       name);
		exit(TEST_SKIPPED);
	}
	return err;
}

#endif /* VCD_TEST_ENGINE_H */
