// SPDX-License-Identifier: GPL-2.0-or-later
/* main.c - cryptochat: an encrypted chat over TCP whose encryption a crypto device does. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "apps/base/process.h"
#include "apps/base/wait.h"
#include "cryptochat/session/session.h"

#define KEPT_MEMORY (4 << 20) /* bytes */

int main(int argc, char **argv)
{
	struct cli_state state;
	struct options options;
	enum cli_result result;
	int status, err;

	if (process_fill_streams())
		return CHAT_USAGE;
	result = options_parse(argc, argv, &options, &state);
	if (result != CLI_RUN)
		return cli_finish(&chat_cli, result, &state);

	/*
	 * Frames that wait to be acknowledged are allocated and freed a megabyte at a time. Without
	 * this, the kernel would map new pages for each frame of a file.
	 */
	mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY);
	/* A signal ends the program as it ends any other, until talk_run() handles signals. */
	err = wait_ignore_pipes();
	if (err) {
		fprintf(stderr, "cryptochat: cannot set up signals: %s\n", strerror(-err));
		return CHAT_USAGE;
	}
	status = (int)talk_run(&options);
	if (wait_stop_signal())
		process_die_of(wait_stop_signal());
	return status;
}
