/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * measure.h - the measures of the sandbox: which are wanted, and which are in force.
 */
#ifndef VCD_DAEMON_CONFINE_MEASURE_H
#define VCD_DAEMON_CONFINE_MEASURE_H

#include <stdbool.h>

/** enum sandbox_mode - --sandbox. */
enum sandbox_mode {
	SANDBOX_AUTO,	/* as much as can be had here */
	SANDBOX_STRICT, /* all of it, or fail */
	SANDBOX_NONE,	/* nothing: for debuggers */
};

/** enum seccomp_mode - --seccomp: what happens at a system call that is not listed. */
enum seccomp_mode {
	SECCOMP_KILL, /* the process ends, by SIGSYS */
	SECCOMP_LOG,  /* the kernel logs it (audit) and carries it out */
	SECCOMP_OFF,  /* no filter */
};

/**
 * enum measure - the parts that are reported one by one.
 */
enum measure {
	MEASURE_DESCRIPTORS,
	MEASURE_NO_CORE,
	MEASURE_USER,
	MEASURE_USER_NS,
	MEASURE_MOUNT_NS,
	MEASURE_NET_NS,
	MEASURE_IPC_NS,
	MEASURE_UTS_NS,
	MEASURE_PID_NS,
	MEASURE_EMPTY_ROOT,
	MEASURE_NO_CAPS,
	MEASURE_NO_NEW_PRIVS,
	MEASURE_NOT_DUMPABLE,
	MEASURE_LANDLOCK,
	MEASURE_LIMITS,
	MEASURE_SECCOMP,
	MEASURE_COUNT,
};

/**
 * struct sandbox - what is wanted, and what was reached.
 * @mode: how much
 * @seccomp: the filter
 * @cryptodev: ioctls of a /dev/crypto are executed (--engine=cryptodev)
 * @own_user_ns: sandbox_fork() made the user namespace
 * @own_user_err: and wrote its maps; 0 or a negative errno
 * @done: bit (1 << enum measure) for each one that is in force
 */
struct sandbox {
	enum sandbox_mode mode;
	enum seccomp_mode seccomp;
	bool cryptodev;
	bool own_user_ns;
	int own_user_err;
	unsigned int done;
};

/** measure_taken - note that @measure is in force. Return: 0. */
int measure_taken(struct sandbox *sandbox, enum measure measure);

/**
 * measure_lacking - say that @measure could not be taken.
 * @sandbox: sandbox
 * @measure: what
 * @err: why, a negative errno
 *
 * Return: 0 to go on without, or @err when the mode is strict.
 */
int measure_lacking(struct sandbox *sandbox, enum measure measure, int err);

/** measure_result - measure_taken() when @err is 0, measure_lacking() otherwise. */
int measure_result(struct sandbox *sandbox, enum measure measure, int err);

/** sandbox_report - log, at the level of information, what is in force. */
void sandbox_report(const struct sandbox *sandbox);

#endif /* VCD_DAEMON_CONFINE_MEASURE_H */
