/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * async.h - what the checks of asynchronous operations have in common.
 */
#ifndef TESTS_VM_GUEST_CHECK_ASYNC_H
#define TESTS_VM_GUEST_CHECK_ASYNC_H

#include "auth.h"

#define ASYNC_WAIT 60000 /* ms that an operation may take on a busy machine */

/** submit - CIOCASYNCCRYPT. Return: 0 or negative errno. */
int submit(int fd, const struct crypt_op *op);

/** fetch - CIOCASYNCFETCH. Return: 0 or negative errno. */
int fetch(int fd, struct crypt_op *op);

/** fetch_next - wait until something is done, then fetch it. */
int fetch_next(int fd, struct crypt_op *op);

/** poll_mask - what poll() says of @events after at most @timeout ms; 0: nothing. */
int poll_mask(int fd, short events, int timeout);

/** async_limit - operations that may be outstanding on one file. */
unsigned int async_limit(void);

#endif
