/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * steps.h - what the stages of sandbox.c are made of.
 */
#ifndef VCD_DAEMON_CONFINE_STEPS_H
#define VCD_DAEMON_CONFINE_STEPS_H

#include <sys/types.h>

#include "daemon/confine/measure.h"

/** namespaces_enter - all namespaces, and the empty root directory. */
int namespaces_enter(struct sandbox *sandbox);

/** namespaces_map - in a new user namespace: map @uid and @gid to themselves. */
int namespaces_map(uid_t uid, gid_t gid);

/** landlock_deny_all - no file, no TCP, no abstract socket or signal to others, for this thread. */
int landlock_deny_all(void);

/** seccomp_worker - install the filter of a worker, on all threads. */
int seccomp_worker(enum seccomp_mode mode, bool cryptodev);

/** seccomp_parent - install the filter of a parent, on all threads. */
int seccomp_parent(enum seccomp_mode mode);

#endif /* VCD_DAEMON_CONFINE_STEPS_H */
