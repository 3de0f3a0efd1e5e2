// SPDX-License-Identifier: GPL-2.0-or-later
/* main.c - labchat: the lab protocol over TCP, whose encryption a crypto device does. */
#include <stdio.h>
#include <string.h>

#include "apps/base/process.h"
#include "apps/base/wait.h"
#include "labchat/commands.h"

int main(int argc, char **argv)
{
	struct cli_state state;
	struct options options;
	enum cli_result result;
	int status, err;

	if (process_fill_streams())
		return LAB_USAGE;
	result = options_parse(argc, argv, &options, &state);
	if (result != CLI_RUN)
		return cli_finish(&lab_cli, result, &state);
	err = wait_ignore_pipes();
	if (!err)
		err = wait_setup();
	if (err) {
		fprintf(stderr, "labchat: cannot set up signals: %s\n", strerror(-err));
		return LAB_USAGE;
	}
	status = (int)command_run(&options);
	if (wait_stop_signal())
		process_die_of(wait_stop_signal());
	return status;
}
