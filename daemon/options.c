/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.c - the command line. QEMU's conventions for vhost-user programs give
 * the names of --socket-path, --fd and --print-capabilities.
 */
#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/util.h"
#include "device/device.h"

#define PROGRAM "vhost-user-cryptodev"

/* Queues by default: more than that needs a guest of that many CPUs. */
#define DEFAULT_MAX_QUEUES 8

#define MAX_POLL_US 1000000
#define MAX_SESSIONS (1u << 20)
#define MIN_REQUEST 4096
#define MAX_REQUEST (16u << 20)

enum option_id {
	OPT_SOCKET_PATH = 256,
	OPT_FD,
	OPT_SOCKET_MODE,
	OPT_SOCKET_GROUP,
	OPT_VM_NAME,
	OPT_PRINT_CAPABILITIES,
	OPT_ENGINE,
	OPT_PRINT_ENGINE,
	OPT_NUM_QUEUES,
	OPT_WORKERS,
	OPT_POLL_US,
	OPT_POLL_CPU,
	OPT_CPUS,
	OPT_MAX_SESSIONS,
	OPT_MAX_REQUEST,
	OPT_CONTROL,
	OPT_LIMIT_OPS,
	OPT_LIMIT_BYTES,
	OPT_LIMIT_KEYS,
	OPT_SANDBOX,
	OPT_SECCOMP,
	OPT_WORKER,
};

_Static_assert(OPT_LIMIT_BYTES - OPT_LIMIT_OPS == LIMIT_BYTES &&
		   OPT_LIMIT_KEYS - OPT_LIMIT_OPS == LIMIT_KEYS,
	       "one option per kind of limit");

static const struct option long_options[] = {
    {"socket-path", required_argument, NULL, OPT_SOCKET_PATH},
    {"fd", required_argument, NULL, OPT_FD},
    {"socket-mode", required_argument, NULL, OPT_SOCKET_MODE},
    {"socket-group", required_argument, NULL, OPT_SOCKET_GROUP},
    {"vm-name", required_argument, NULL, OPT_VM_NAME},
    {"print-capabilities", no_argument, NULL, OPT_PRINT_CAPABILITIES},
    {"engine", required_argument, NULL, OPT_ENGINE},
    {"print-engine", no_argument, NULL, OPT_PRINT_ENGINE},
    {"num-queues", required_argument, NULL, OPT_NUM_QUEUES},
    {"workers", required_argument, NULL, OPT_WORKERS},
    {"poll-us", required_argument, NULL, OPT_POLL_US},
    {"poll-cpu", required_argument, NULL, OPT_POLL_CPU},
    {"cpus", required_argument, NULL, OPT_CPUS},
    {"max-sessions", required_argument, NULL, OPT_MAX_SESSIONS},
    {"max-request", required_argument, NULL, OPT_MAX_REQUEST},
    {"control", required_argument, NULL, OPT_CONTROL},
    {"limit-ops", required_argument, NULL, OPT_LIMIT_OPS},
    {"limit-bytes", required_argument, NULL, OPT_LIMIT_BYTES},
    {"limit-keys", required_argument, NULL, OPT_LIMIT_KEYS},
    {"sandbox", required_argument, NULL, OPT_SANDBOX},
    {"seccomp", required_argument, NULL, OPT_SECCOMP},
    {OPTIONS_WORKER, required_argument, NULL, OPT_WORKER},
    {"verbose", no_argument, NULL, 'v'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

/* In the order of their enums. */
static const char *const sandbox_modes[] = {"auto", "strict", "none", NULL};
static const char *const seccomp_modes[] = {"kill", "log", "off", NULL};

static void print_help(void)
{
	const char *const *name;

	fputs("Usage: " PROGRAM " --socket-path=PATH | --fd=N [OPTION]...\n"
	      "\n"
	      "Offers the host's cryptography to one virtual machine, as a vhost-user device.\n"
	      "\n"
	      "  --socket-path=PATH    listen on this UNIX socket\n"
	      "  --fd=N                use socket N, listening or connected\n"
	      "  --socket-mode=OCTAL   access to the socket's file (default: by the umask)\n"
	      "  --socket-group=GROUP  group of the socket's file (default: ours)\n"
	      "  --vm-name=NAME        name of the virtual machine, for status and metrics\n"
	      "  --print-capabilities  print what this program is, as JSON, and exit\n"
	      "  --engine=SPEC         what carries out the work (default: auto):",
	      stdout);
	for (name = vcd_engine_names(); *name; name++)
		printf(" %s", *name);
	printf(
	    "\n"
	    "  --print-engine        print what carries out which work, and exit\n"
	    "  --num-queues=N        queues of the device (default: CPUs, at most %d)\n"
	    "  --workers=N           threads that serve them (default: queues, at most CPUs)\n"
	    "  --poll-us=N           poll an empty ring up to N us before sleeping (default: 0)\n"
	    "  --poll-cpu=PERCENT    of a CPU, for a worker to poll in vain (default: 100)\n"
	    "  --cpus=LIST           pin workers to these CPUs, in turn, as 0,2-3\n"
	    "  --max-sessions=N      sessions at one time (default: %u)\n"
	    "  --max-request=BYTES   largest payload of a request (default: %u)\n"
	    "  --control=PATH        answer vcryptoctl(1) on this UNIX socket\n"
	    "  --limit-ops=RATE[:BURST]    at most RATE requests a second, BURST at once\n"
	    "  --limit-bytes=RATE[:BURST]  likewise data bytes (K, M, G are powers of 1000)\n"
	    "  --limit-keys=RATE[:BURST]   likewise new sessions\n"
	    "  --sandbox=MODE        auto: give up what this machine lets it (default);\n"
	    "                        strict: all of it, or fail; none: for debuggers\n"
	    "  --seccomp=MODE        at a forbidden system call: kill (default), log, or off\n"
	    "  -v, --verbose         tell more; twice: every protocol message\n"
	    "  -q, --quiet           only tell errors\n"
	    "  -h, --help            print this and exit\n"
	    "  -V, --version         print the version and exit\n"
	    "\n"
	    "SIGTERM and SIGINT end it, SIGHUP replaces the worker process by a new one, of the\n"
	    "program that is at its place then, while the device goes on. Exit status: 0 ended as\n"
	    "it should, 1 failure, 2 bad command line. See " PROGRAM "(8).\n",
	    DEFAULT_MAX_QUEUES, VCD_DEFAULT_MAX_SESSIONS, VCD_DEFAULT_MAX_REQUEST);
}

/* A number from @min to @max; complains and returns false when it is not one. */
static bool parse_number(const char *name, const char *text, unsigned long min, unsigned long max,
			 unsigned int *ret)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || strchr(text, '-') || value < min || value > max) {
		log_msg(LOG_ERROR, "--%s=%s: a number from %lu to %lu is needed", name, text, min,
			max);
		return false;
	}
	*ret = (unsigned int)value;
	return true;
}

static bool parse_limit(const char *name, const char *text, struct limit *ret)
{
	if (limit_parse(text, ret))
		return true;
	log_msg(LOG_ERROR, "--%s=%s: RATE or RATE:BURST is needed, up to %llu, with K, M or G",
		name, text, LIMIT_MAX);
	return false;
}

/* A path that a UNIX socket can have. */
static bool check_socket_path(const char *name, const char *path)
{
	const size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	if (*path && strlen(path) <= max)
		return true;
	log_msg(LOG_ERROR, "--%s: a path of 1 to %zu bytes is needed", name, max);
	return false;
}

/* Access bits of a file, as chmod has them. */
static bool parse_mode(const char *name, const char *text, unsigned int *ret)
{
	size_t digits = strspn(text, "01234567");
	unsigned long mode = digits <= 4 && !text[digits] ? strtoul(text, NULL, 8) : 0;

	if (mode > 0 && mode <= 0777) {
		*ret = (unsigned int)mode;
		return true;
	}
	log_msg(LOG_ERROR, "--%s=%s: an octal number from 1 to 777 is needed, as 660", name, text);
	return false;
}

/* It becomes a label of metrics, and a word of messages: nothing in it is to be escaped. */
static bool check_vm_name(const char *name, const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789_.:@+-");

	if (len > 0 && len <= OPTIONS_VM_NAME && !text[len])
		return true;
	log_msg(LOG_ERROR, "--%s: 1 to %d letters, digits and _.:@+- are needed", name,
		OPTIONS_VM_NAME);
	return false;
}

/* The position of @text in @words, NULL-ended; complains and returns false otherwise. */
static bool parse_word(const char *name, const char *text, const char *const *words,
		       unsigned int *ret)
{
	unsigned int i;

	for (i = 0; words[i]; i++) {
		if (!strcmp(text, words[i])) {
			*ret = i;
			return true;
		}
	}
	log_msg(LOG_ERROR, "--%s=%s: one of %s, %s and %s is needed", name, text, words[0],
		words[1], words[2]);
	return false;
}

/* "0,2-3": numbers and ranges, in that order. */
static bool parse_cpus(const char *name, const char *text, struct options *o)
{
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
		return true;
bad:
	log_msg(LOG_ERROR, "--%s=%s: CPUs are needed, at most %d, as 0,2-3", name, text,
		OPTIONS_MAX_CPUS);
	return false;
}

static int usage_error(void)
{
	fputs("Try '" PROGRAM " --help'.\n", stderr);
	return STATUS_USAGE;
}

/* The supervisor's way to tell a worker what it has been given; nobody else's. */
static bool parse_worker(const char *arg, struct options *o)
{
	char end;

	if (sscanf(arg, "%d,%d,%d,%d%c", &o->link, &o->ledger, &o->namespaces, &o->namespaces_err,
		   &end) == 4 &&
	    o->link >= 0 && o->ledger >= 0)
		return true;
	log_msg(LOG_ERROR, "--" OPTIONS_WORKER " is not for use by hand");
	return false;
}

/* One option. OPTIONS_RUN to go on. */
static int take_option(int id, int index, const char *arg, struct options *o)
{
	const char *name = index >= 0 ? long_options[index].name : "";
	unsigned int value = 0;
	bool ok = true;

	switch (id) {
	case OPT_SOCKET_PATH:
		o->socket_path = arg;
		break;
	case OPT_FD:
		ok = parse_number(name, arg, 0, INT32_MAX, &value);
		o->fd = ok ? (int)value : -1;
		break;
	case OPT_SOCKET_MODE:
		ok = parse_mode(name, arg, &o->socket_mode);
		break;
	case OPT_SOCKET_GROUP:
		o->socket_group = arg;
		break;
	case OPT_VM_NAME:
		ok = check_vm_name(name, arg);
		o->vm_name = arg;
		break;
	case OPT_ENGINE:
		o->engine = arg;
		break;
	case OPT_PRINT_ENGINE:
		o->print_engine = true;
		break;
	case OPT_NUM_QUEUES:
		ok = parse_number(name, arg, 1, VCD_MAX_QUEUES, &o->num_queues);
		break;
	case OPT_WORKERS:
		ok = parse_number(name, arg, 1, VCD_MAX_QUEUES, &o->workers);
		break;
	case OPT_POLL_US:
		ok = parse_number(name, arg, 0, MAX_POLL_US, &o->poll_us);
		break;
	case OPT_POLL_CPU:
		ok = parse_number(name, arg, 1, 100, &o->poll_cpu);
		break;
	case OPT_CPUS:
		ok = parse_cpus(name, arg, o);
		break;
	case OPT_MAX_SESSIONS:
		ok = parse_number(name, arg, 1, MAX_SESSIONS, &o->max_sessions);
		break;
	case OPT_MAX_REQUEST:
		ok = parse_number(name, arg, MIN_REQUEST, MAX_REQUEST, &o->max_request);
		break;
	case OPT_CONTROL:
		o->control = arg;
		break;
	case OPT_LIMIT_OPS:
	case OPT_LIMIT_BYTES:
	case OPT_LIMIT_KEYS:
		ok = parse_limit(name, arg, &o->limits[id - OPT_LIMIT_OPS]);
		break;
	case OPT_SANDBOX:
		ok = parse_word(name, arg, sandbox_modes, &value);
		o->sandbox = (enum sandbox_mode)value;
		break;
	case OPT_SECCOMP:
		ok = parse_word(name, arg, seccomp_modes, &value);
		o->seccomp = (enum seccomp_mode)value;
		o->seccomp_given = true;
		break;
	case OPT_WORKER:
		ok = parse_worker(arg, o);
		break;
	case 'v':
		o->level = o->level < LOG_INFO ? LOG_INFO : LOG_DEBUG;
		break;
	case 'q':
		o->level = LOG_ERROR;
		break;
	case OPT_PRINT_CAPABILITIES:
		puts("{\n  \"type\": \"crypto\"\n}");
		return STATUS_OK;
	case 'h':
		print_help();
		return STATUS_OK;
	case 'V':
		puts(PROGRAM " " VCD_VERSION);
		return STATUS_OK;
	default:
		return usage_error();
	}
	return ok ? OPTIONS_RUN : STATUS_USAGE;
}

/* What depends on several options. OPTIONS_RUN or STATUS_USAGE. */
static int finish(struct options *o)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int n = cpus > 0 && cpus < VCD_MAX_QUEUES ? (unsigned int)cpus
			 : cpus > 0			   ? VCD_MAX_QUEUES
							   : 1;

	if (o->print_engine)
		return OPTIONS_RUN;
	if (!o->socket_path == (o->fd < 0)) {
		log_msg(LOG_ERROR, "one of --socket-path=PATH and --fd=N is needed");
		return usage_error();
	}
	if ((o->socket_path && !check_socket_path("socket-path", o->socket_path)) ||
	    (o->control && !check_socket_path("control", o->control)))
		return STATUS_USAGE;
	if (o->fd >= 0 && (o->socket_mode || o->socket_group)) {
		log_msg(LOG_ERROR, "--socket-mode and --socket-group are for --socket-path");
		return usage_error();
	}
	if (!o->num_queues)
		o->num_queues = n < DEFAULT_MAX_QUEUES ? n : DEFAULT_MAX_QUEUES;
	if (!o->workers)
		o->workers = n < o->num_queues ? n : o->num_queues;
	if (o->workers > o->num_queues) {
		log_msg(LOG_ERROR, "--workers=%u: with %u queues, more than %u have nothing to do",
			o->workers, o->num_queues, o->num_queues);
		return STATUS_USAGE;
	}
	/* Without a sandbox there is a filter only by name. */
	if (o->sandbox == SANDBOX_NONE && !o->seccomp_given)
		o->seccomp = SECCOMP_OFF;
	return OPTIONS_RUN;
}

int options_parse(int argc, char **argv, struct options *options)
{
	struct options o = {.fd = -1,
			    .engine = "auto",
			    .poll_cpu = 100,
			    .sandbox = sandbox_default_mode(),
			    .seccomp = SECCOMP_KILL,
			    .level = LOG_NOTICE,
			    .link = -1};
	int ret;

	for (;;) {
		int index = -1;
		int id = getopt_long(argc, argv, "vqhV", long_options, &index);

		if (id == -1)
			break;
		ret = take_option(id, index, optarg, &o);
		if (ret != OPTIONS_RUN) {
			/* Output that got lost must not look like success. */
			if (ret == STATUS_OK && (fflush(stdout) || ferror(stdout)))
				return STATUS_FAILURE;
			return ret;
		}
	}
	if (optind < argc) {
		log_msg(LOG_ERROR, "unexpected argument: %s", argv[optind]);
		return usage_error();
	}
	ret = finish(&o);
	if (ret == OPTIONS_RUN)
		*options = o;
	return ret;
}
