/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - vcryptoctl: ask a running vhost-user-cryptodev, and change its limits.
 *
 * Commands go to the daemon as they are (daemon/operate/commands.h); `top`, `help` and the page
 * of all daemons are made here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/operate/control.h"
#include "common/cli.h"
#include "common/util.h"
#include "tools/ctl/attach.h"
#include "tools/ctl/client.h"
#include "tools/ctl/find.h"
#include "tools/ctl/keeper.h"
#include "tools/ctl/metrics.h"
#include "tools/ctl/text.h"
#include "tools/ctl/top.h"

#define PROGRAM "vcryptoctl"

/* Exit status; documented in the manual page. */
enum {
	STATUS_OK = 0,
	STATUS_REFUSED = 1,	/* the daemon refused, or output failed */
	STATUS_USAGE = 2,	/* bad command line */
	STATUS_UNREACHABLE = 3, /* no daemon there, or it went away */
};

/**
 * struct options - the command line.
 * @socket: path of a control socket, or NULL
 * @keeper: path of a keeper's socket, or NULL
 * @vm: name of a VM, or NULL
 * @output: file to write instead of standard output, or NULL
 * @qemu: program of attach-xml, or NULL
 * @all: ask every daemon
 * @json: print JSON
 * @interval_ms: of top
 * @count: rounds of top, 0: no end
 */
struct options {
	const char *socket;
	const char *keeper;
	const char *vm;
	const char *output;
	const char *qemu;
	bool all;
	bool json;
	unsigned int interval_ms;
	unsigned int count;
};

#define CLI_STRUCT struct options

static const struct cli_option table[] = {
    CLI_OPTION(0, "vm", "NAME", "ask the daemon of the unit vhost-user-cryptodev@NAME", vm,
	       cli_text),
    CLI_OPTION('s', "socket", "PATH", "the daemon's control socket", socket, cli_text,
	       .otherwise = "$VCRYPTOCTL_SOCKET, or the only " FIND_SOCKETS),
    CLI_OPTION(0, "keeper", "SOCKET", "ask the vcrypto-keeper that listens there", keeper,
	       cli_text),
    CLI_OPTION(0, "json", NULL, "print JSON: status, stats, sessions, limits", json, cli_flag),
    CLI_OPTION('a', "all", NULL, "metrics: ask every daemon, and print one page of all of them",
	       all, cli_flag),
    CLI_OPTION('o', "output", "FILE", "write to FILE, whole or not at all", output, cli_text,
	       .otherwise = "standard output"),
    CLI_OPTION(0, "qemu", "PROGRAM", "attach-xml: the QEMU that runs the VM", qemu, cli_text,
	       .otherwise = "qemu-system-MACHINE"),
    CLI_OPTION('i', "interval", "SECONDS", "top: time between two looks", interval_ms, cli_seconds,
	       CLI_RANGE(0.01, 3600), .unit = "seconds", .value = "1"),
    CLI_OPTION('n', "count", "N", "top: end after N looks", count, cli_number,
	       CLI_RANGE(1, 1000000000), .otherwise = "no end"),
};

static const struct cli_status statuses[] = {
    {STATUS_OK, "done"},
    {STATUS_REFUSED, "the daemon refused, or the output failed"},
    {STATUS_USAGE, "bad command line"},
    {STATUS_UNREACHABLE, "no daemon there"},
    {0},
};

static const struct cli cli = {
    .program = PROGRAM,
    .manual = PROGRAM "(1)",
    .usage = "[--vm=NAME | --socket=PATH] COMMAND [OPTION]...",
    .about = "Asks a running vhost-user-cryptodev that was started with --control=PATH.\n"
	     "\n"
	     "Commands:\n"
	     "  status                    print what the daemon is and how it does\n"
	     "  stats                     print every counter, as JSON\n"
	     "  counters                  print them as lines \"NAME VALUE\"\n"
	     "  metrics                   print them in the text format of Prometheus\n"
	     "  sessions [MAX]            print the sessions that exist\n"
	     "  engine                    print which engine does which algorithm\n"
	     "  limits                    print the limits of the VM\n"
	     "  limits set KIND=RATE[:BURST]...\n"
	     "                            change them; KIND is ops, bytes or keys; RATE is a\n"
	     "                            number a second from 1 on, with K, M or G after it,\n"
	     "                            or none\n"
	     "  upgrade                   replace the worker by one of the program that is on\n"
	     "                            disk now; ends when the new worker serves, or has\n"
	     "                            failed (status 1)\n"
	     "  top                       print rates, live; to a file, one line for each look\n"
	     "  attach-xml NAME           print what the libvirt domain needs to have the device\n"
	     "                            of vhost-user-cryptodev@NAME, for the installed QEMU\n"
	     "  help                      print this\n"
	     "\n"
	     "Commands with --keeper=SOCKET:\n"
	     "  keys list                 print the keys of the policy, with counters\n"
	     "  keys reload               read the policy again; status 1: it is not good, and\n"
	     "                            the one in force stays\n"
	     "  keys revoke LABEL         take a key away from every VM, at once\n"
	     "  metrics                   print counters in the text format of Prometheus\n",
    .options = table,
    .count = ARRAY_SIZE(table),
    .statuses = statuses,
};

static int usage_error(const char *what)
{
	fprintf(stderr, PROGRAM ": %s\nTry '" PROGRAM " --help'.\n", what);
	return STATUS_USAGE;
}

/* The one socket in the usual place; NULL, explained, when there is none or a choice. */
static char *default_socket(void)
{
	char *socket = NULL;
	struct found *list;
	size_t n;

	if (find_all(&list, &n)) {
		fputs(PROGRAM ": out of memory\n", stderr);
		return NULL;
	}
	if (n == 1) {
		socket = list[0].path;
		list[0].path = NULL;
	} else if (!n) {
		fprintf(stderr,
			PROGRAM ": no control socket matches " FIND_SOCKETS "%s; name it with "
				"--socket=PATH (the daemon's --control)\n",
			geteuid() ? ", as far as you may look (be root)" : "");
	} else {
		fputs(PROGRAM ": several daemons run; choose one with --vm=NAME:\n", stderr);
		for (size_t i = 0; i < n; i++) {
			text_clean(list[i].name, strlen(list[i].name));
			fprintf(stderr, "  %s\n", list[i].name);
		}
	}
	find_free(list, n);
	return socket;
}

/* The words of the command line as one line. False: too long. */
static bool join(char *const words[], bool json, char *line, size_t size)
{
	size_t len = 0;

	for (; *words; words++) {
		int n = snprintf(line + len, size - len, "%s%s", len ? " " : "", *words);

		if (n < 0 || (size_t)n >= size - len || strchr(*words, '\n'))
			return false;
		len += (size_t)n;
	}
	if (json && (size_t)snprintf(line + len, size - len, " --json") >= size - len)
		return false;
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
		fprintf(stderr,
			PROGRAM
			": %s: the daemon closed the connection; try again, or see its log\n",
			path);
		break;
	case -EPROTO:
		fprintf(stderr,
			PROGRAM ": %s: what answers there is no vhost-user-cryptodev; name its "
				"--control socket\n",
			path);
		break;
	default:
		fprintf(stderr, PROGRAM ": %s: %s\n", path, strerror(-err));
		break;
	}
	return STATUS_UNREACHABLE;
}

/* An older daemon does not know --json, and answers as without. */
static bool is_json(const char *text)
{
	return *text == '{' || *text == '[';
}

static int run(const struct options *o, const char *path, char *const words[])
{
	char line[CONTROL_LINE - 1];
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = -1;
	size_t len;
	int err;

	if (!join(words, o->json, line, sizeof(line)))
		return usage_error("the command is too long");
	if (!strcmp(words[0], "top")) {
		err = top_run(path, o->interval_ms, o->count, isatty(STDOUT_FILENO));
		return err ? explain(path, err) : STATUS_OK;
	}
	fd = client_connect(path, 0);
	if (fd < 0)
		return explain(path, fd);
	err = client_ask(fd, line, &text, &len);
	if (err == -EINVAL) {
		fprintf(stderr, PROGRAM ": %s\n", text);
		return STATUS_REFUSED;
	}
	if (err)
		return explain(path, err);
	if (o->json && !is_json(text)) {
		fputs(PROGRAM
		      ": the daemon is older and has no JSON of this command; leave --json out\n",
		      stderr);
		return STATUS_REFUSED;
	}
	fwrite(text, 1, len, stdout);
	return STATUS_OK;
}

/* The socket of the VM, explained when there is none. */
static char *vm_socket(const char *name)
{
	char *path;
	int err = find_vm(name, &path);

	if (err == -ENOENT)
		fprintf(stderr,
			PROGRAM ": no daemon for %s: there is no %s; is vhost-user-cryptodev@%s "
				"running?\n",
			name, path, name);
	else if (err)
		fprintf(stderr, PROGRAM ": %s\n", strerror(-err));
	if (!err)
		return path;
	free(path);
	return NULL;
}

/* The socket of the command line, the environment, or the only one there is. */
static int run_at_socket(const struct options *o, char *const words[])
{
	const char *given = o->socket ? o->socket : getenv("VCRYPTOCTL_SOCKET");
	char *path = o->vm ? vm_socket(o->vm) : given ? strdup(given) : default_socket();
	int status = path ? run(o, path, words) : STATUS_UNREACHABLE;

	free(path);
	return status;
}

/* A command of the keeper's. */
static int run_at_keeper(const struct options *o, char *const words[])
{
	_cleanup_free_ char *answer = NULL;
	int err;

	if (o->vm || o->socket || o->all || o->json)
		return usage_error("--keeper goes with no other option but --output");
	err = keeper_command(o->keeper, words, &answer);
	switch (err) {
	case 0:
		fputs(answer ? answer : "", stdout);
		return STATUS_OK;
	case -ENOSYS:
		return usage_error(
		    "with --keeper: keys list, keys reload, keys revoke LABEL, metrics");
	case -EINVAL:
		fprintf(stderr, PROGRAM ": the keeper refused%s%s", answer ? ":\n" : "\n",
			answer ? answer : "");
		return STATUS_REFUSED;
	case -ENOKEY:
		fputs(PROGRAM ": the keeper has no such key; `keys list` has all\n", stderr);
		return STATUS_REFUSED;
	case -EACCES:
		fprintf(stderr, PROGRAM ": %s: be root or the keeper's user\n", o->keeper);
		return STATUS_REFUSED;
	case -EBUSY:
		fputs(PROGRAM ": the keeper is loading the policy already; try again later\n",
		      stderr);
		return STATUS_REFUSED;
	default:
		fprintf(stderr, PROGRAM ": %s: %s; is vcrypto-keeper running?\n", o->keeper,
			strerror(-err));
		return STATUS_UNREACHABLE;
	}
}

/* Which QEMU is there, and where the daemon listens. */
static int attach_xml(const struct options *o, const char *name)
{
	const char *program = o->qemu ? o->qemu : attach_default_qemu();
	_cleanup_free_ char *socket = NULL;
	struct attach_qemu qemu;
	int err;

	if (!name || !attach_name_valid(name))
		return usage_error("attach-xml: the name of a unit's instance is needed: letters, "
				   "digits and _.-");
	err = attach_probe(program, &qemu);
	if (err) {
		fprintf(stderr, PROGRAM ": %s: %s; name the program with --qemu=PROGRAM\n", program,
			err == -EPROTO ? "this is no QEMU, or it failed" : strerror(-err));
		return STATUS_REFUSED;
	}
	if (!qemu.own && !qemu.generic) {
		fprintf(stderr,
			PROGRAM ": QEMU %u.%u has no front end for the daemon; install 10.2 or "
				"later, or vhost-user-cryptodev-pci (docs/qemu.md)\n",
			qemu.major, qemu.minor);
		return STATUS_REFUSED;
	}
	if (find_front_end(name, &socket)) {
		fputs(PROGRAM ": out of memory\n", stderr);
		return STATUS_REFUSED;
	}
	attach_print(&qemu, name, socket, stdout);
	return STATUS_OK;
}

/* What is not for one daemon, and what is wrong with the words as such. */
static int run_command(const struct options *o, char *const words[])
{
	const bool help = !strcmp(words[0], "help"), top = !strcmp(words[0], "top");
	int failed;

	if ((help || top) && words[1])
		return usage_error("no word can follow this command");
	if ((help || top) && o->json)
		return usage_error("there is no JSON of this command");
	if (help) {
		cli_help(&cli, stdout);
		return STATUS_OK;
	}
	if (!strcmp(words[0], "attach-xml"))
		return words[1] && words[2] ? usage_error("attach-xml: one name is needed")
					    : attach_xml(o, words[1]);
	if (o->keeper)
		return top ? usage_error("top is for daemons") : run_at_keeper(o, words);
	if (!o->all)
		return run_at_socket(o, words);
	if (strcmp(words[0], "metrics") != 0 || words[1] || o->json || o->vm || o->socket)
		return usage_error("--all is for the command metrics alone");
	failed = metrics_all(stdout);
	if (failed < 0)
		fprintf(stderr, PROGRAM ": %s\n", strerror(-failed));
	return failed < 0 ? STATUS_REFUSED : failed ? STATUS_UNREACHABLE : STATUS_OK;
}

/*
 * With --output, standard output is a new file beside the one that it is to replace: who
 * reads that finds the former page or the new one, whole.
 */
static int run_to_file(const struct options *o, char *const words[])
{
	_cleanup_free_ char *beside = NULL;
	int status, fd;

	if (!o->output)
		return run_command(o, words);
	if (asprintf(&beside, "%s.XXXXXX", o->output) < 0) {
		beside = NULL;
		return STATUS_REFUSED;
	}
	fd = mkstemp(beside);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || fchmod(fd, 0644) < 0) {
		fprintf(stderr, PROGRAM ": %s: %s\n", o->output, strerror(errno));
		if (fd >= 0) {
			close(fd);
			unlink(beside);
		}
		return STATUS_REFUSED;
	}
	close(fd);
	status = run_command(o, words);
	/* Of --all, the page is good without those that did not answer. */
	if ((status == STATUS_OK || (o->all && status == STATUS_UNREACHABLE)) && !fflush(stdout) &&
	    !ferror(stdout) && rename(beside, o->output) == 0)
		return status;
	if (status == STATUS_OK) {
		fprintf(stderr, PROGRAM ": %s: %s\n", o->output, strerror(errno));
		status = STATUS_REFUSED;
	}
	unlink(beside);
	return status;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct cli_state state;
	enum cli_result result = cli_parse(&cli, argc, argv, &o, &state);
	int status;

	if (result == CLI_RUN && o.vm && !find_good_name(o.vm))
		result = cli_bad(&state, "--vm=%s: the name of a unit's instance is needed", o.vm);
	else if (result == CLI_RUN && o.vm && o.socket)
		result = cli_bad(&state, "--vm and --socket exclude each other");
	else if (result == CLI_RUN && !state.word_count)
		result = cli_bad(&state, "a command is needed");
	if (result != CLI_RUN)
		return cli_finish(&cli, result, &state);
	status = run_to_file(&o, state.words);
	/* Output that got lost must not look like success. */
	if ((fflush(stdout) || ferror(stdout)) && status == STATUS_OK) {
		perror(PROGRAM ": standard output");
		status = STATUS_REFUSED;
	}
	return status;
}
