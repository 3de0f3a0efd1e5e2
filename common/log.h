/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h - messages to standard error.
 *
 * Two kinds: what the operator caused is always printed; what a guest or a
 * front end can cause at will is rate-limited, so that it cannot fill a disk.
 * No message ever contains a key, an IV or payload.
 */
#ifndef VCD_COMMON_LOG_H
#define VCD_COMMON_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_ERROR,  /* something failed */
	LOG_WARN,   /* something is wrong, we go on */
	LOG_NOTICE, /* front ends come and go, upgrades; the default threshold */
	LOG_INFO,   /* more than most want to know */
	LOG_DEBUG,  /* each protocol message */
};

/**
 * log_open - find out where messages go. Call first of all.
 *
 * When standard error is the journal, a line begins with its priority instead of our name, which
 * the journal knows.
 */
void log_open(void);

/** log_set_name - what lines begin with; a constant string. Call before threads start. */
void log_set_name(const char *name);

/** log_set_level - print messages up to @level. Call before threads start. */
void log_set_level(enum log_level level);

/** log_enabled - whether messages of @level are printed. */
bool log_enabled(enum log_level level);

/** log_msg - one line to standard error; errno is preserved. */
void log_msg(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * log_limited - like log_msg() for what an untrusted side can trigger.
 *
 * All callers share a budget: LOG_BURST lines at once, then one a second. What
 * was left out is counted and the number printed with the next line.
 */
void log_limited(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define LOG_BURST 20

#endif /* VCD_COMMON_LOG_H */
