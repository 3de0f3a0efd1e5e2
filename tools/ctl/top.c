/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * top.c - what a daemon is doing now, again and again. See top.h.
 *
 * Rates are differences of two answers to `counters`, over the time that passed
 * here between them.
 */
#include "tools/ctl/top.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/util.h"
#include "tools/ctl/client.h"

/** struct sample - an answer and when it came. */
struct sample {
	uint64_t at_ns;
	uint64_t requests, errors, bytes, batches, kicks, notifications, sleeps;
	uint64_t sessions_live, service_p50_ns, service_p99_ns, limit_waited_ns;
};

static uint64_t field(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && line[len] == ' ')
			return strtoull(line + len + 1, NULL, 10);
	}
	return 0;
}

static int look(int fd, struct sample *sample)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int err = client_ask(fd, "counters", &text, &len);

	if (err) {
		if (err == -EINVAL)
			err = -EPROTO; /* a daemon that has no `counters` */
		return err;
	}
	*sample = (struct sample){
	    .at_ns = now_ns(),
	    .requests = field(text, "requests"),
	    .errors = field(text, "errors"),
	    .bytes = field(text, "bytes"),
	    .batches = field(text, "batches"),
	    .kicks = field(text, "kicks"),
	    .notifications = field(text, "notifications"),
	    .sleeps = field(text, "sleeps"),
	    .sessions_live = field(text, "sessions_live"),
	    .service_p50_ns = field(text, "service_p50_ns"),
	    .service_p99_ns = field(text, "service_p99_ns"),
	    .limit_waited_ns = field(text, "limit_waited_ns"),
	};
	return 0;
}

/* Of a daemon that was started anew, counters are smaller than before. */
static double rate(uint64_t now, uint64_t before, double seconds)
{
	return now > before ? (double)(now - before) / seconds : 0;
}

static void print_line(const struct sample *a, const struct sample *b, double s, bool head)
{
	if (head)
		printf("%12s %12s %10s %10s %10s %10s %10s\n", "requests/s", "MB/s", "errors/s",
		       "req/batch", "kicks/s", "sleeps/s", "sessions");
	printf("%12.0f %12.2f %10.0f %10.1f %10.0f %10.0f %10" PRIu64 "\n",
	       rate(b->requests, a->requests, s), rate(b->bytes, a->bytes, s) / 1e6,
	       rate(b->errors, a->errors, s),
	       b->batches > a->batches && b->requests > a->requests
		   ? (double)(b->requests - a->requests) / (double)(b->batches - a->batches)
		   : 0.0,
	       rate(b->kicks, a->kicks, s), rate(b->sleeps, a->sleeps, s), b->sessions_live);
	fflush(stdout);
}

static void print_screen(const struct sample *a, const struct sample *b, double s)
{
	/* Home, and clear to the end: no scrolling, no flicker. */
	printf("\033[H\033[J");
	printf("requests       %12.0f /s  (%" PRIu64 ")\n", rate(b->requests, a->requests, s),
	       b->requests);
	printf("data           %12.2f MB/s\n", rate(b->bytes, a->bytes, s) / 1e6);
	printf("errors         %12.0f /s  (%" PRIu64 ")\n", rate(b->errors, a->errors, s),
	       b->errors);
	printf("batches        %12.0f /s\n", rate(b->batches, a->batches, s));
	printf("kicks          %12.0f /s\n", rate(b->kicks, a->kicks, s));
	printf("notifications  %12.0f /s\n", rate(b->notifications, a->notifications, s));
	printf("worker sleeps  %12.0f /s\n", rate(b->sleeps, a->sleeps, s));
	printf("limits waited  %12.2f s/s\n",
	       rate(b->limit_waited_ns, a->limit_waited_ns, s) / 1e9);
	printf("sessions       %12" PRIu64 "\n", b->sessions_live);
	printf("service time   p50 %.1f us, p99 %.1f us (since the start)\n",
	       (double)b->service_p50_ns / 1000, (double)b->service_p99_ns / 1000);
	fflush(stdout);
}

/* Whether the daemon may be there again soon. */
static bool passing(int err)
{
	return err == -EPIPE || err == -ECONNRESET || err == -ECONNREFUSED || err == -ENOENT;
}

/* A look that outlives the connection. *@fd is -1 or the connection. */
static int look_again(const char *path, int *fd, struct sample *sample)
{
	const struct timespec pause = {0, 100 * 1000000l};
	uint64_t until = now_ns() + TOP_AWAY_MS * UINT64_C(1000000);
	int err;

	for (;;) {
		if (*fd < 0)
			*fd = client_connect(path, 0);
		err = *fd < 0 ? *fd : look(*fd, sample);
		if (!err)
			return 0;
		close_fd(fd);
		if (!passing(err) || now_ns() > until)
			return err;
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
}

int top_run(const char *path, unsigned int interval_ms, unsigned int rounds, bool screen)
{
	const struct timespec interval = {interval_ms / 1000, interval_ms % 1000 * 1000000l};
	_cleanup_fd_ int fd = client_connect(path, 0);
	struct sample before, now;
	int err = fd < 0 ? fd : look_again(path, &fd, &before);

	for (unsigned int i = 0; !err && (!rounds || i < rounds); i++) {
		double seconds;

		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &interval, NULL);
		err = look_again(path, &fd, &now);
		if (err)
			break;
		seconds = (double)(now.at_ns - before.at_ns) / 1e9;
		if (screen)
			print_screen(&before, &now, seconds);
		else
			print_line(&before, &now, seconds, i % 20 == 0);
		before = now;
	}
	return err;
}
