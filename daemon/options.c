/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.c - the command line. QEMU's conventions for vhost-user programs give
 * the names of --socket-path, --fd and --print-capabilities.
 */
#include "daemon/options.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cli.h"
#include "common/util.h"
#include "device/device.h"

/* Queues by default: more than that needs a guest of that many CPUs. */
#define DEFAULT_MAX_QUEUES 8

/* Longest name of a VM that the keeper takes (keeper/link.h). */
#define KEEPER_VM_NAME 63

#define MAX_FD (1u << 20)
#define MAX_POLL_US 1000000
#define MAX_SESSIONS (1u << 20)
#define MIN_REQUEST 4096
#define MAX_REQUEST (16u << 20)

_Static_assert(VDEV_DEFAULT_MAX_SESSIONS == 16384 && VDEV_DEFAULT_MAX_REQUEST == 262144 &&
		   DEFAULT_MAX_QUEUES == 8,
	       "the table names them");

/* In the order of their enums. */
static const char *const sandbox_modes[] = {"auto", "strict", "none", NULL};
static const char *const seccomp_modes[] = {"kill", "log", "off", NULL};

static enum cli_result set_limit(struct cli_state *state, const struct cli_option *option,
				 char *text, void *member)
{
	if (limit_parse(text, member))
		return CLI_RUN;
	return cli_bad(state, "--%s=%s: RATE or RATE:BURST is needed, up to %llu, with K, M or G",
		       option->name, text, LIMIT_MAX);
}

/* A path that a UNIX socket can have. */
static enum cli_result set_socket(struct cli_state *state, const struct cli_option *option,
				  char *text, void *member)
{
	const size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	if (!*text || strlen(text) > max)
		return cli_bad(state, "--%s: a path of 1 to %zu bytes is needed", option->name,
			       max);
	return cli_text(state, option, text, member);
}

/* The name becomes a label of metrics and a word of messages: no character of it needs escaping. */
static enum cli_result set_vm_name(struct cli_state *state, const struct cli_option *option,
				   char *text, void *member)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789_.:@+-");

	if (!len || len > OPTIONS_VM_NAME || text[len])
		return cli_bad(state, "--%s: 1 to %d letters, digits and _.:@+- are needed",
			       option->name, OPTIONS_VM_NAME);
	return cli_text(state, option, text, member);
}

/* "0,2-3": numbers and ranges, in that order. */
static enum cli_result set_cpus(struct cli_state *state, const struct cli_option *option,
				char *text, void *member)
{
	struct options *o = (void *)((char *)member - offsetof(struct options, cpus));
	const char *p = text;

	o->cpu_count = 0;
	do {
		unsigned long first, last;
		char *end;

		/* strtoul() would take a sign and blanks. */
		if (*p < '0' || *p > '9')
			goto bad;
		first = last = strtoul(p, &end, 10);
		p = end;
		if (*p == '-') {
			if (p[1] < '0' || p[1] > '9')
				goto bad;
			last = strtoul(p + 1, &end, 10);
			p = end;
		}
		if (last < first || last >= CPU_SETSIZE ||
		    last - first >= OPTIONS_MAX_CPUS - o->cpu_count)
			goto bad;
		while (first <= last)
			o->cpus[o->cpu_count++] = (uint16_t)first++;
	} while (*p++ == ',');
	if (p[-1] == '\0')
		return CLI_RUN;
bad:
	return cli_bad(state, "--%s=%s: CPUs are needed, at most %d, as 0,2-3", option->name, text,
		       OPTIONS_MAX_CPUS);
}

/* The supervisor starts workers with it, and tells them which descriptors they have. */
static enum cli_result set_worker(struct cli_state *state, const struct cli_option *option,
				  char *text, void *member)
{
	struct options *o = (void *)((char *)member - offsetof(struct options, link));
	char end;

	if (sscanf(text, "%d,%d,%d,%d%c", &o->link, &o->ledger, &o->namespaces, &o->namespaces_err,
		   &end) == 4 &&
	    o->link >= 0 && o->ledger >= 0)
		return CLI_RUN;
	return cli_bad(state, "--" OPTIONS_WORKER " is not for use by hand");
}

static enum cli_result set_seccomp(struct cli_state *state, const struct cli_option *option,
				   char *text, void *member)
{
	struct options *o = (void *)((char *)member - offsetof(struct options, seccomp));

	o->seccomp_given = true;
	return cli_word(state, option, text, member);
}

static enum cli_result set_verbose(struct cli_state *state, const struct cli_option *option,
				   char *text, void *member)
{
	enum log_level *level = member;

	*level = *level < LOG_INFO ? LOG_INFO : LOG_DEBUG;
	return CLI_RUN;
}

static enum cli_result set_quiet(struct cli_state *state, const struct cli_option *option,
				 char *text, void *member)
{
	*(enum log_level *)member = LOG_ERROR;
	return CLI_RUN;
}

static enum cli_result print_capabilities(struct cli_state *state, const struct cli_option *option,
					  char *text, void *member)
{
	puts("{\n  \"type\": \"crypto\",\n  \"features\": [\n    \"keeper\"\n  ]\n}");
	return CLI_DONE;
}

#define CLI_STRUCT struct options

static const struct cli_option table[] = {
    CLI_OPTION(0, "socket-path", "PATH", "listen on this UNIX socket", socket_path, set_socket),
    CLI_OPTION(0, "fd", "N", "use this socket, which listens or is connected", fd, cli_number,
	       CLI_RANGE(0, MAX_FD)),
    CLI_OPTION(0, "socket-mode", "OCTAL", "access to the socket's file", socket_mode, cli_mode,
	       .otherwise = "by the umask"),
    CLI_OPTION(0, "socket-group", "GROUP", "group of the socket's file", socket_group, cli_text,
	       .otherwise = "that of the process"),
    CLI_OPTION(0, "vm-name", "NAME",
	       "name of the virtual machine, for status, metrics and the keeper", vm_name,
	       set_vm_name, .otherwise = "none; for the keeper: " OPTIONS_NO_VM_NAME),
    CLI_OPTION(0, "keeper", "SOCKET", "offer the guest the keys that vcrypto-keeper(8) has for it",
	       keeper, set_socket),
    CLI_OPTION(0, "print-capabilities", NULL, "print what this program is, as JSON, and exit",
	       vm_name, print_capabilities),
    CLI_OPTION(0, "engine", "SPEC",
	       "engine that does the work: auto, openssl, openssl:fips, ipsec-mb (if compiled in) "
	       "or cryptodev[:PATH]",
	       engine, cli_text, .value = "auto"),
    CLI_OPTION(0, "print-engine", NULL, "print which engine does which work, and exit",
	       print_engine, cli_flag),
    CLI_OPTION(0, "num-queues", "N", "queues of the device", num_queues, cli_number,
	       CLI_RANGE(1, VCD_MAX_QUEUES), .otherwise = "CPUs, at most 8"),
    CLI_OPTION(0, "slow-queues", "N",
	       "queues for operations that wait for the keeper, behind the others; with --keeper",
	       slow_queues, cli_number, CLI_RANGE(1, VCD_MAX_QUEUES - 1), .otherwise = "1"),
    CLI_OPTION(0, "workers", "N", "threads that serve the queues; each slow queue has one more",
	       workers, cli_number, CLI_RANGE(1, VCD_MAX_QUEUES),
	       .otherwise = "queues, at most CPUs"),
    CLI_OPTION(0, "poll-us", "N", "poll an empty ring that long before sleeping", poll_us,
	       cli_number, CLI_RANGE(0, MAX_POLL_US), .unit = "us", .value = "0"),
    CLI_OPTION(0, "poll-cpu", "PERCENT",
	       "CPU time that a thread may spend on polling in vain, of one CPU", poll_cpu,
	       cli_number, CLI_RANGE(1, 100), .unit = "percent", .value = "100"),
    CLI_OPTION(0, "cpus", "LIST", "pin the threads to these CPUs, in turn, as 0,2-3", cpus,
	       set_cpus),
    CLI_OPTION(0, "max-sessions", "N", "sessions at one time", max_sessions, cli_number,
	       CLI_RANGE(1, MAX_SESSIONS), .otherwise = "16384"),
    CLI_OPTION(0, "max-request", "BYTES", "largest payload of a request", max_request, cli_number,
	       CLI_RANGE(MIN_REQUEST, MAX_REQUEST), .unit = "bytes", .otherwise = "262144"),
    CLI_OPTION(0, "control", "PATH", "answer vcryptoctl(1) on this UNIX socket", control,
	       set_socket),
    CLI_OPTION(0, "limit-ops", "RATE[:BURST]",
	       "take at most RATE requests a second, and BURST at once", limits[LIMIT_OPS],
	       set_limit, .otherwise = "no limit"),
    CLI_OPTION(0, "limit-bytes", "RATE[:BURST]",
	       "likewise bytes of payload; K, M and G are powers of 1000", limits[LIMIT_BYTES],
	       set_limit, .otherwise = "no limit"),
    CLI_OPTION(0, "limit-keys", "RATE[:BURST]", "likewise new sessions", limits[LIMIT_KEYS],
	       set_limit, .otherwise = "no limit"),
    CLI_OPTION(0, "sandbox", "MODE",
	       "auto: give up what this machine lets the process give up; strict: all of it, or "
	       "fail; none: for debuggers",
	       sandbox, cli_word, .words = sandbox_modes, .otherwise = "auto"),
    CLI_OPTION(0, "seccomp", "MODE",
	       "at a system call that is not allowed: kill, log, or off (no filter)", seccomp,
	       set_seccomp, .words = seccomp_modes, .otherwise = "kill"),
    CLI_OPTION(0, OPTIONS_WORKER, "FDS", NULL, link, set_worker),
    CLI_OPTION('v', "verbose", NULL, "print more messages; twice: every protocol message", level,
	       set_verbose),
    CLI_OPTION('q', "quiet", NULL, "print errors only", level, set_quiet),
};

static const struct cli_status statuses[] = {
    {STATUS_OK, "ended by a signal or its front end"},
    {STATUS_FAILURE, "failure"},
    {STATUS_USAGE, "bad command line"},
    {0},
};

static const struct cli cli = {
    .program = "vhost-user-cryptodev",
    .manual = "vhost-user-cryptodev(8)",
    .usage = "--socket-path=PATH | --fd=N [OPTION]...",
    .about = "Offers the host's cryptography to one virtual machine, as a vhost-user device.\n",
    .after =
	"SIGTERM and SIGINT end the program. SIGHUP replaces the worker process by a new one, of\n"
	"the program that is on disk then, while the device goes on.\n",
    .options = table,
    .count = ARRAY_SIZE(table),
    .statuses = statuses,
};

/* What depends on several options. */
static enum cli_result finish(struct options *o, struct cli_state *state)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int n = cpus > 0 && cpus < VCD_MAX_QUEUES ? (unsigned int)cpus
			 : cpus > 0			   ? VCD_MAX_QUEUES
							   : 1;

	if (state->word_count)
		return cli_bad(state, "unexpected argument: %s", state->words[0]);
	if (o->print_engine)
		return CLI_RUN;
	if (!o->socket_path == (o->fd < 0))
		return cli_bad(state, "one of --socket-path=PATH and --fd=N is needed");
	if (o->fd >= 0 && (o->socket_mode || o->socket_group))
		return cli_bad(state, "--socket-mode and --socket-group are for --socket-path");
	if (!o->num_queues)
		o->num_queues = n < DEFAULT_MAX_QUEUES ? n : DEFAULT_MAX_QUEUES;
	if (!o->workers)
		o->workers = n < o->num_queues ? n : o->num_queues;
	if (o->workers > o->num_queues)
		return cli_bad(state,
			       "--workers=%u: with %u queues, more than %u have nothing to do",
			       o->workers, o->num_queues, o->num_queues);
	if (o->slow_queues && !o->keeper)
		return cli_bad(state, "--slow-queues is for --keeper");
	if (o->keeper && !o->slow_queues)
		o->slow_queues = 1;
	if (o->num_queues + o->slow_queues > VCD_MAX_QUEUES)
		return cli_bad(state, "%u queues and %u slow ones are more than %d", o->num_queues,
			       o->slow_queues, VCD_MAX_QUEUES);
	if (o->keeper && o->vm_name && strlen(o->vm_name) > KEEPER_VM_NAME)
		return cli_bad(state, "--vm-name: with --keeper, at most %d characters",
			       KEEPER_VM_NAME);
	/* Without a sandbox there is a filter only by name. */
	if (o->sandbox == SANDBOX_NONE && !o->seccomp_given)
		o->seccomp = SECCOMP_OFF;
	return CLI_RUN;
}

int options_parse(int argc, char **argv, struct options *options)
{
	struct options o = {.fd = -1,
			    .sandbox = sandbox_default_mode(),
			    .seccomp = SECCOMP_KILL,
			    .level = LOG_NOTICE,
			    .link = -1};
	struct cli_state state;
	enum cli_result result = cli_parse(&cli, argc, argv, &o, &state);

	if (result == CLI_RUN)
		result = finish(&o, &state);
	if (result == CLI_BAD)
		log_msg(LOG_ERROR, "%s; try --help", state.error);
	if (result == CLI_BAD)
		return STATUS_USAGE;
	if (result != CLI_RUN)
		return cli_finish(&cli, result, &state);
	*options = o;
	return OPTIONS_RUN;
}
