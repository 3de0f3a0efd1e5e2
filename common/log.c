/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.c - messages to standard error, with a budget for the untrusted ones.
 *
 * A line is put together in a buffer and written by one write(), so that lines
 * of several threads do not mix.
 */
#include "common/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *program = "vhost-user-cryptodev";

static enum log_level threshold = LOG_NOTICE;

/* Standard error is the journal. */
static bool journal;

/* The budget of log_limited(); all under the lock. */
static struct {
	pthread_mutex_t lock;
	unsigned int tokens;
	uint64_t left_out;
	time_t last;
} budget = {.lock = PTHREAD_MUTEX_INITIALIZER, .tokens = LOG_BURST};

void log_open(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	/* Somebody may have put another file there since. */
	journal = stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
		  fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void log_set_name(const char *name)
{
	program = name;
}

void log_set_level(enum log_level level)
{
	threshold = level;
}

bool log_enabled(enum log_level level)
{
	return level <= threshold;
}

static void log_line(enum log_level level, uint64_t left_out, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void log_line(enum log_level level, uint64_t left_out, const char *format, va_list args)
{
	static const char *const tag[] = {"error: ", "warning: ", "", "", "debug: "};
	/* As syslog(3) counts: the first is 3. */
	const int priority = (int)level + 3;
	char line[512];
	int saved_errno = errno;
	size_t len;
	int n;

	n = journal ? snprintf(line, sizeof(line), "<%d>", priority)
		    : snprintf(line, sizeof(line), "%s: %s", program, tag[level]);
	len = (size_t)n;
	errno = saved_errno;
	n = vsnprintf(line + len, sizeof(line) - len, format, args);
	if (n > 0)
		len += (size_t)n;
	if (left_out && len < sizeof(line)) {
		n = snprintf(line + len, sizeof(line) - len, " (%llu messages left out before)",
			     (unsigned long long)left_out);
		if (n > 0)
			len += (size_t)n;
	}
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';

	/* Nobody to tell when standard error itself fails. */
	if (write(STDERR_FILENO, line, len) < 0)
		errno = saved_errno;
	errno = saved_errno;
}

void log_msg(enum log_level level, const char *format, ...)
{
	va_list args;

	if (!log_enabled(level))
		return;
	va_start(args, format);
	log_line(level, 0, format, args);
	va_end(args);
}

/* Whether a line may go out now; if so, how many were left out before it. */
static bool budget_take(uint64_t *left_out)
{
	struct timespec now;
	bool ok;

	clock_gettime(CLOCK_MONOTONIC, &now);
	pthread_mutex_lock(&budget.lock);
	if (now.tv_sec > budget.last) {
		time_t refill = now.tv_sec - budget.last;

		budget.tokens = refill >= LOG_BURST - (time_t)budget.tokens
				    ? LOG_BURST
				    : budget.tokens + (unsigned int)refill;
		budget.last = now.tv_sec;
	}
	ok = budget.tokens > 0;
	if (ok) {
		budget.tokens--;
		*left_out = budget.left_out;
		budget.left_out = 0;
	} else {
		budget.left_out++;
	}
	pthread_mutex_unlock(&budget.lock);
	return ok;
}

void log_limited(enum log_level level, const char *format, ...)
{
	uint64_t left_out;
	va_list args;

	if (!log_enabled(level) || !budget_take(&left_out))
		return;
	va_start(args, format);
	log_line(level, left_out, format, args);
	va_end(args);
}
