/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - vcryptoctl: ask a running vhost-user-cryptodev, and change its limits.
 *
 * Commands go to the daemon as they are (daemon/commands.h); `top` is made here.
 */
#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/util.h"
#include "tools/ctl/client.h"
#include "tools/ctl/top.h"

#define PROGRAM "vcryptoctl"

/* Where the systemd unit puts control sockets. */
#define SOCKETS "/run/vhost-user-cryptodev/*.control"

/* Exit status; documented in the manual page. */
enum {
	STATUS_OK = 0,
	STATUS_REFUSED = 1,	/* the daemon refused, or output failed */
	STATUS_USAGE = 2,	/* bad command line */
	STATUS_UNREACHABLE = 3, /* no daemon there, or it went away */
};

struct options {
	const char *socket;
	unsigned int interval_ms;
	unsigned int count;
};

static void print_help(void)
{
	fputs("Usage: " PROGRAM " [--socket=PATH] COMMAND\n"
	      "\n"
	      "Asks a running vhost-user-cryptodev that was started with --control=PATH.\n"
	      "\n"
	      "Commands:\n"
	      "  status              what it is and how it does\n"
	      "  stats               every counter, as JSON\n"
	      "  counters            the same as lines \"NAME VALUE\"\n"
	      "  metrics             the same in the text format of Prometheus\n"
	      "  sessions [MAX]      the sessions there are\n"
	      "  engine              what carries out which algorithm\n"
	      "  limits              the limits of the VM\n"
	      "  limits set KIND=RATE[:BURST]...\n"
	      "                      change them; KIND is ops, bytes or keys; RATE is a number\n"
	      "                      a second, with K, M or G behind it, or none\n"
	      "  top                 rates, live; a line for each look when not on a terminal\n"
	      "\n"
	      "  -s, --socket=PATH   the daemon's control socket; default: $VCRYPTOCTL_SOCKET,\n"
	      "                      or the one that matches " SOCKETS "\n"
	      "  -i, --interval=SECONDS   top: time between two looks (default 1)\n"
	      "  -n, --count=N       top: end after N looks\n"
	      "  -h, --help          print this and exit\n"
	      "  -V, --version       print the version and exit\n"
	      "\n"
	      "Exit status: 0 done, 1 the daemon refused, 2 bad command line, 3 no daemon there.\n"
	      "See " PROGRAM "(1).\n",
	      stdout);
}

static int usage_error(const char *what)
{
	fprintf(stderr, PROGRAM ": %s\nTry '" PROGRAM " --help'.\n", what);
	return STATUS_USAGE;
}

/* The one socket in the usual place; NULL, explained, when there is none or a choice. */
static char *default_socket(void)
{
	char *found = NULL;
	glob_t paths;

	if (glob(SOCKETS, 0, NULL, &paths) != 0) {
		fprintf(stderr,
			PROGRAM ": no control socket matches %s; name it with --socket=PATH "
				"(the daemon's --control)\n",
			SOCKETS);
		return NULL;
	}
	if (paths.gl_pathc == 1) {
		found = strdup(paths.gl_pathv[0]);
	} else {
		fputs(PROGRAM ": several daemons run; choose one with --socket=PATH:\n", stderr);
		for (size_t i = 0; i < paths.gl_pathc; i++)
			fprintf(stderr, "  %s\n", paths.gl_pathv[i]);
	}
	globfree(&paths);
	return found;
}

/* The words of the command line as one line. False: too long. */
static bool join(char *const words[], char *line, size_t size)
{
	size_t len = 0;

	for (; *words; words++) {
		int n = snprintf(line + len, size - len, "%s%s", len ? " " : "", *words);

		if (n < 0 || (size_t)n >= size - len || strchr(*words, '\n'))
			return false;
		len += (size_t)n;
	}
	return true;
}

static int explain(const char *path, int err)
{
	switch (err) {
	case -EACCES:
	case -EPERM:
		fprintf(stderr, PROGRAM ": %s: permission denied; be root or the daemon's user\n",
			path);
		break;
	case -ENOENT:
	case -ECONNREFUSED:
		fprintf(stderr,
			PROGRAM
			": %s: no daemon answers there; was it started with --control=%s?\n",
			path, path);
		break;
	case -EPIPE:
	case -ECONNRESET:
		fprintf(stderr, PROGRAM ": %s: the daemon closed the connection\n", path);
		break;
	case -EPROTO:
		fprintf(stderr, PROGRAM ": %s: what answers there is no vhost-user-cryptodev\n",
			path);
		break;
	default:
		fprintf(stderr, PROGRAM ": %s: %s\n", path, strerror(-err));
	}
	return STATUS_UNREACHABLE;
}

static int run(const struct options *o, const char *path, char *const words[])
{
	char line[CONTROL_LINE - 1];
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = -1;
	size_t len;
	int err;

	if (!join(words, line, sizeof(line)))
		return usage_error("the command is too long");
	fd = client_connect(path);
	if (fd < 0)
		return explain(path, fd);
	if (!strcmp(line, "top")) {
		err = top_run(fd, o->interval_ms, o->count, isatty(STDOUT_FILENO));
		return err ? explain(path, err) : STATUS_OK;
	}
	err = client_ask(fd, line, &text, &len);
	if (err == -EINVAL) {
		fprintf(stderr, PROGRAM ": %s\n", text);
		return STATUS_REFUSED;
	}
	if (err)
		return explain(path, err);
	fwrite(text, 1, len, stdout);
	return STATUS_OK;
}

/* The socket of the command line, the environment, or the only one there is. */
static int run_at_socket(const struct options *o, char *const words[])
{
	const char *given = o->socket ? o->socket : getenv("VCRYPTOCTL_SOCKET");
	char *path = given ? strdup(given) : default_socket();
	int status = path ? run(o, path, words) : STATUS_UNREACHABLE;

	free(path);
	return status;
}

/* Seconds, as 0.5, in ms. */
static bool parse_interval(const char *text, unsigned int *ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0.01 && seconds <= 3600))
		return false;
	*ms = (unsigned int)(seconds * 1000);
	return true;
}

static bool parse_count(const char *text, unsigned int *count)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || *text == '-' || !n || n > 1000000000)
		return false;
	*count = (unsigned int)n;
	return true;
}

/* -1: go on. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
	    {"socket", required_argument, NULL, 's'}, {"interval", required_argument, NULL, 'i'},
	    {"count", required_argument, NULL, 'n'},  {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},      {NULL, 0, NULL, 0},
	};
	int opt;

	/* '+': what follows the command is the daemon's. */
	while ((opt = getopt_long(argc, argv, "+s:i:n:hV", longs, NULL)) != -1) {
		switch (opt) {
		case 's':
			o->socket = optarg;
			break;
		case 'i':
			if (!parse_interval(optarg, &o->interval_ms))
				return usage_error("--interval: 0.01 to 3600 seconds are needed");
			break;
		case 'n':
			if (!parse_count(optarg, &o->count))
				return usage_error("--count: a number from 1 on is needed");
			break;
		case 'h':
			print_help();
			return STATUS_OK;
		case 'V':
			puts(PROGRAM " " VCD_VERSION);
			return STATUS_OK;
		default:
			fputs("Try '" PROGRAM " --help'.\n", stderr);
			return STATUS_USAGE;
		}
	}
	return optind < argc ? -1 : usage_error("a command is needed");
}

int main(int argc, char **argv)
{
	struct options o = {.interval_ms = 1000};
	int status = parse(argc, argv, &o);

	if (status < 0)
		status = run_at_socket(&o, argv + optind);
	/* Output that got lost must not look like success. */
	if ((fflush(stdout) || ferror(stdout)) && status == STATUS_OK) {
		perror(PROGRAM ": standard output");
		status = STATUS_REFUSED;
	}
	return status;
}
