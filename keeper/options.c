/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.c - the command line of vcrypto-keeper. See options.h. */
#include "keeper/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cli.h"
#include "common/util.h"

#define MAX_THREADS 32
#define MAX_FD (1u << 20)

/* What a loader tells its children; nobody else uses it. */
static enum cli_result set_server(struct cli_state *state, const struct cli_option *option,
				  char *text, void *member)
{
	struct options *o = (void *)((char *)member - offsetof(struct options, server));

	if (sscanf(text, "%d,%d,%d,%u", &o->server, &o->namespaces, &o->namespaces_err,
		   &o->owner) == 4 &&
	    o->server > 2)
		return CLI_RUN;
	return cli_bad(state, "--" OPTIONS_SERVER " is not for use by hand");
}

static enum cli_result set_seccomp(struct cli_state *state, const struct cli_option *option,
				   char *text, void *member)
{
	struct options *o = (void *)((char *)member - offsetof(struct options, seccomp));

	o->seccomp_given = true;
	return cli_word(state, option, text, member);
}

static enum cli_result set_level(struct cli_state *state, const struct cli_option *option,
				 char *text, void *member)
{
	*(enum log_level *)member = option->letter == 'q'   ? LOG_WARN
				    : option->letter == 'v' ? LOG_INFO
							    : LOG_DEBUG;
	return CLI_RUN;
}

/* In the order of their enums. */
static const char *const sandboxes[] = {"auto", "strict", "none", NULL};
static const char *const filters[] = {"kill", "log", "off", NULL};

#define CLI_STRUCT struct options

static const struct cli_option table[] = {
    CLI_OPTION(0, "socket-path", "PATH", "listen on this UNIX socket", socket_path, cli_text),
    CLI_OPTION(0, "socket-mode", "OCTAL", "access to the socket's file", access.mode, cli_mode,
	       .otherwise = "by the umask"),
    CLI_OPTION(0, "socket-group", "GROUP", "group of the socket's file", access.group, cli_text,
	       .otherwise = "that of the process"),
    CLI_OPTION(0, "policy", "FILE",
	       "which VM may use which key for what; SIGHUP has the file read again", policy,
	       cli_text),
    CLI_OPTION(0, "check-policy", NULL,
	       "report what is wrong with the policy and its keys, and exit", check_policy,
	       cli_flag),
    CLI_OPTION(0, "revoked", "FILE", "keep the labels that are revoked in this file", revoked,
	       cli_text),
    CLI_OPTION(0, "threads", "N", "threads that compute", threads, cli_number,
	       CLI_RANGE(1, MAX_THREADS), .otherwise = "one for each processor"),
    CLI_OPTION(0, "sandbox", NULL, "how much the process gives up", sandbox, cli_word,
	       .words = sandboxes, .otherwise = "auto"),
    CLI_OPTION(0, "seccomp", NULL, "what happens at a system call that is not allowed", seccomp,
	       set_seccomp, .words = filters, .value = "kill"),
    CLI_OPTION(0, "debug", NULL, NULL, level, set_level),
    CLI_OPTION(0, OPTIONS_SERVER, "FDS", NULL, server, set_server),
    CLI_OPTION(0, OPTIONS_MODULE, "FD", NULL, module, cli_number, CLI_RANGE(0, MAX_FD)),
    CLI_OPTION('q', "quiet", NULL, "print warnings and errors only", level, set_level),
    CLI_OPTION('v', "verbose", NULL, "print more messages", level, set_level),
};

static const struct cli_status statuses[] = {
    {STATUS_OK, "done"},
    {STATUS_FAILURE, "failure, or the policy is not good"},
    {STATUS_USAGE, "bad command line"},
    {0},
};

static const struct cli cli = {
    .program = "vcrypto-keeper",
    .manual = "vcrypto-keeper(8) and vcrypto-keeper-policy(5)",
    .usage = "--socket-path=PATH --policy=FILE [OPTION]...\n"
	     "--policy=FILE --check-policy",
    .about = "Holds keys that virtual machines use by name and never have.\n",
    .options = table,
    .count = ARRAY_SIZE(table),
    .statuses = statuses,
};

/* What depends on several options. */
static enum cli_result finish(struct options *o, struct cli_state *state)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	/* Without a sandbox there is a filter only by name. */
	if (o->sandbox == SANDBOX_NONE && !o->seccomp_given)
		o->seccomp = SECCOMP_OFF;
	if (!o->threads)
		o->threads = cpus < 1 ? 1 : cpus > MAX_THREADS ? MAX_THREADS : (unsigned int)cpus;
	if (o->server >= 0 || o->module >= 0)
		return CLI_RUN;
	if (state->word_count)
		return cli_bad(state, "unexpected argument: %s", state->words[0]);
	if (!o->policy)
		return cli_bad(state, "--policy=FILE is needed");
	if (!o->check_policy && !o->socket_path)
		return cli_bad(state, "--socket-path=PATH is needed");
	return CLI_RUN;
}

int options_parse(int argc, char **argv, struct options *o)
{
	struct cli_state state;
	enum cli_result result;

	*o = (struct options){
	    .access.type = SOCK_SEQPACKET,
	    .sandbox = sandbox_default_mode(),
	    .level = LOG_NOTICE,
	    .server = -1,
	    .module = -1,
	};
	result = cli_parse(&cli, argc, argv, o, &state);
	if (result == CLI_RUN)
		result = finish(o, &state);
	return result == CLI_RUN ? OPTIONS_RUN : cli_finish(&cli, result, &state);
}
