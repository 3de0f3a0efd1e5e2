/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.h - listen and connect. */
#ifndef LABCHAT_COMMANDS_H
#define LABCHAT_COMMANDS_H

#include "labchat/options.h"

/**
 * command_run() - carry out a checked command line
 * @o: options
 *
 * Messages go to standard error.
 *
 * Return: exit code. If wait_stop_signal() says that a signal came, the process
 * should die of that signal instead
 */
enum lab_exit command_run(const struct options *o);

#endif /* LABCHAT_COMMANDS_H */
