// SPDX-License-Identifier: GPL-2.0-or-later
/* main.c - cryptochat: an encrypted chat over TCP whose encryption a crypto device does. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "labchat/commands.h"
#include "cryptochat/options.h"
#include "cryptochat/session/session.h"
#include "cryptochat/session/wait.h"

#define KEPT_MEMORY (4 << 20)

/*
 * A closed standard stream would be the number of the next socket. Fill it with
 * something that behaves as closed: empty for reading, an error for writing.
 */
static int fill_standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is this one. */
		if (open("/dev/null", O_RDONLY) != fd)
			return -errno;
	}
	return 0;
}

/* As if it had not been caught, so that a shell sees why we ended. */
static void die_of_signal(int sig)
{
	sigset_t mask;

	signal(sig, SIG_DFL);
	sigemptyset(&mask);
	sigaddset(&mask, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

int main(int argc, char **argv)
{
	struct cli_state state;
	struct options options;
	enum cli_result result;
	int status, err;

	err = fill_standard_streams();
	if (err)
		return CHAT_USAGE;

	result = options_parse(argc, argv, &options, &state);
	if (result != CLI_RUN)
		return cli_finish(&chat_cli, result, &state);

	/*
	 * What waits to be acknowledged is taken and freed a megabyte at a time; without this each
	 * frame of a file would get new pages from the kernel.
	 */
	mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY);
	err = wait_ignore_pipes();
	/* While there is nothing to say goodbye to, a signal ends the program as it ends any other:
	 * talk_run() takes them over when the conversation begins. */
	if (!err && options.protocol == PROTOCOL_LAB)
		err = wait_setup();
	if (err) {
		fprintf(stderr, "cryptochat: cannot set up signals: %s\n", strerror(-err));
		return CHAT_USAGE;
	}
	status =
	    (int)(options.protocol == PROTOCOL_LAB ? command_run(&options) : talk_run(&options));
	if (wait_stop_signal())
		die_of_signal(wait_stop_signal());
	return status;
}
