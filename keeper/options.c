/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.c - the command line of vcrypto-keeper. See options.h. */
#include "keeper/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/util.h"

#define PROGRAM "vcrypto-keeper"

enum {
	OPT_SOCKET_PATH = 256,
	OPT_SOCKET_MODE,
	OPT_SOCKET_GROUP,
	OPT_POLICY,
	OPT_CHECK_POLICY,
	OPT_REVOKED,
	OPT_THREADS,
	OPT_SANDBOX,
	OPT_SECCOMP,
	OPT_DEBUG,
	OPT_SERVER,
	OPT_MODULE,
};

static const struct option longs[] = {
    {"socket-path", required_argument, NULL, OPT_SOCKET_PATH},
    {"socket-mode", required_argument, NULL, OPT_SOCKET_MODE},
    {"socket-group", required_argument, NULL, OPT_SOCKET_GROUP},
    {"policy", required_argument, NULL, OPT_POLICY},
    {"check-policy", no_argument, NULL, OPT_CHECK_POLICY},
    {"revoked", required_argument, NULL, OPT_REVOKED},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"sandbox", required_argument, NULL, OPT_SANDBOX},
    {"seccomp", required_argument, NULL, OPT_SECCOMP},
    {"debug", no_argument, NULL, OPT_DEBUG},
    {OPTIONS_SERVER, required_argument, NULL, OPT_SERVER},
    {OPTIONS_MODULE, required_argument, NULL, OPT_MODULE},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static void print_help(void)
{
	fputs("Usage: " PROGRAM " --socket-path=PATH --policy=FILE [OPTION]...\n"
	      "       " PROGRAM " --policy=FILE --check-policy\n"
	      "\n"
	      "Holds keys that virtual machines use by name and never have.\n"
	      "\n"
	      "  --socket-path=PATH    listen on this UNIX socket\n"
	      "  --socket-mode=OCTAL   access to the socket's file (default: by the umask)\n"
	      "  --socket-group=GROUP  group of the socket's file (default: ours)\n"
	      "  --policy=FILE         which VM may use which key for what; SIGHUP reads it again\n"
	      "  --check-policy        report what is wrong with it and its keys, and exit\n"
	      "  --revoked=FILE        keep the labels that are revoked in this file\n"
	      "  --threads=N           threads that compute, 1 to 32 (default: one for each\n"
	      "                        processor)\n"
	      "  --sandbox=MODE        auto, strict or none (default: auto)\n"
	      "  --seccomp=MODE        kill, log or off (default: kill)\n"
	      "  -q, --quiet           print warnings and errors only\n"
	      "  -v, --verbose         print more\n"
	      "  -h, --help            print this and exit\n"
	      "  -V, --version         print the version and exit\n"
	      "\n"
	      "Exit status: 0 good, 1 failed, or the policy is not good, 2 bad command line.\n"
	      "See " PROGRAM "(8) and " PROGRAM "-policy(5).\n",
	      stdout);
}

static int usage_error(const char *what)
{
	fprintf(stderr, PROGRAM ": %s\nTry '" PROGRAM " --help'.\n", what);
	return STATUS_USAGE;
}

static bool parse_number(const char *text, int base, unsigned long max, unsigned long *ret)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*ret = strtoul(text, &end, base);
	return !*end && *ret <= max;
}

/* Index of @text in a list of @n names, or -1. */
static int choice(const char *text, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(text, names[i]))
			return i;
	return -1;
}

/* What a loader tells its children; nobody else uses it. */
static bool parse_server(const char *text, struct options *o)
{
	return sscanf(text, "%d,%d,%d,%u", &o->server, &o->namespaces, &o->namespaces_err,
		      &o->owner) == 4 &&
	       o->server > 2;
}

static int take_confinement(int opt, const char *arg, struct options *o)
{
	static const char *const sandboxes[] = {"auto", "strict", "none"};
	static const char *const filters[] = {"kill", "log", "off"};
	int i = opt == OPT_SANDBOX ? choice(arg, sandboxes, 3) : choice(arg, filters, 3);

	if (i < 0)
		return usage_error(opt == OPT_SANDBOX ? "--sandbox: auto, strict or none"
						      : "--seccomp: kill, log or off");
	if (opt == OPT_SANDBOX)
		o->sandbox = (enum sandbox_mode)i;
	else
		o->seccomp = (enum seccomp_mode)i;
	return OPTIONS_RUN;
}

static int take_number(int opt, const char *arg, struct options *o)
{
	unsigned long number;

	switch (opt) {
	case OPT_SOCKET_MODE:
		if (!parse_number(arg, 8, 0777, &number) || !number)
			return usage_error("--socket-mode: an octal number such as 0660");
		o->access.mode = (mode_t)number;
		return OPTIONS_RUN;
	case OPT_THREADS:
		if (!parse_number(arg, 10, 32, &number))
			return usage_error("--threads: a number from 1 to 32");
		o->threads = (unsigned int)number;
		return OPTIONS_RUN;
	default:
		if (!parse_number(arg, 10, 1u << 20, &number))
			return usage_error("a descriptor is needed");
		o->module = (int)number;
		return OPTIONS_RUN;
	}
}

static int take_option(int opt, char *arg, struct options *o)
{
	switch (opt) {
	case OPT_SOCKET_PATH:
		o->socket_path = arg;
		return OPTIONS_RUN;
	case OPT_SOCKET_GROUP:
		o->access.group = arg;
		return OPTIONS_RUN;
	case OPT_POLICY:
		o->policy = arg;
		return OPTIONS_RUN;
	case OPT_CHECK_POLICY:
		o->check_policy = true;
		return OPTIONS_RUN;
	case OPT_REVOKED:
		o->revoked = arg;
		return OPTIONS_RUN;
	case OPT_SANDBOX:
	case OPT_SECCOMP:
		return take_confinement(opt, arg, o);
	case OPT_SERVER:
		return parse_server(arg, o) ? OPTIONS_RUN : usage_error("--" OPTIONS_SERVER);
	case 'q':
	case 'v':
	case OPT_DEBUG:
		o->level = opt == 'q' ? LOG_WARN : opt == 'v' ? LOG_INFO : LOG_DEBUG;
		return OPTIONS_RUN;
	case 'h':
		print_help();
		return STATUS_OK;
	case 'V':
		puts(PROGRAM " " VCD_VERSION);
		return STATUS_OK;
	case '?':
		return usage_error("bad option");
	default:
		return take_number(opt, arg, o);
	}
}

int options_parse(int argc, char **argv, struct options *o)
{
	int status, opt;
	long cpus;

	*o = (struct options){
	    .access.type = SOCK_SEQPACKET,
	    .sandbox = sandbox_default_mode(),
	    .level = LOG_NOTICE,
	    .server = -1,
	    .module = -1,
	};
	while ((opt = getopt_long(argc, argv, "qvhV", longs, NULL)) != -1) {
		status = take_option(opt, optarg, o);
		if (status != OPTIONS_RUN)
			return status;
	}
	if (!o->threads) {
		cpus = sysconf(_SC_NPROCESSORS_ONLN);
		o->threads = cpus < 1 ? 1 : cpus > 32 ? 32 : (unsigned int)cpus;
	}
	if (o->server >= 0 || o->module >= 0)
		return OPTIONS_RUN;
	if (optind < argc)
		return usage_error("there are no arguments but options");
	if (!o->policy)
		return usage_error("--policy is needed");
	if (!o->check_policy && !o->socket_path)
		return usage_error("--socket-path is needed");
	return OPTIONS_RUN;
}
