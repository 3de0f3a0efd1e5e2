/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * commands.h - what can be asked of a running daemon.
 *
 *     status                       what it is and how it does, for people
 *     stats                        every counter, one JSON object
 *     counters                     the same as lines "NAME VALUE", for scripts and `top`
 *     metrics                      the same in the text format of Prometheus
 *     sessions [MAX]               the sessions there are, at most MAX (default 1000)
 *     engine                       what carries out what
 *     limits                       the limits of the VM
 *     limits set KIND=RATE[:BURST]...   change them; KIND ops, bytes or keys
 *     upgrade                      replace the worker by one of the program as it is on disk now
 *     help                         this list
 *
 * `upgrade` has to be the first command of its connection, which is closed behind the answer. That
 * comes when the new worker serves: OK; or when it did not start, and the old one goes on: ERR. It
 * is the supervisor who answers (supervisor/clients.c).
 *
 * The word --json, anywhere in the line, asks for JSON; metrics, engine and help have
 * none and refuse it. A word that a command does not take is an error: whoever wrote it
 * meant something by it.
 *
 * Commands of control.h's protocol. The words come from an operator, and are
 * checked like anything that comes in.
 */
#ifndef VCD_DAEMON_OPERATE_COMMANDS_H
#define VCD_DAEMON_OPERATE_COMMANDS_H

#include <stdio.h>

#include "daemon/operate/counters.h"

/**
 * struct commands - what they are about.
 * @gather: fills in the counters of now
 * @arg: its argument
 * @vm: queues and limits
 */
struct commands {
	void (*gather)(void *arg, struct stats *stats);
	void *arg;
	struct vm *vm;
};

/**
 * commands_run - carry out a command.
 * @arg: struct commands
 * @line: the command; taken to pieces
 * @out: where the answer goes; worthless when there is an error
 *
 * Return: NULL, or what is wrong, a string that stays.
 */
const char *commands_run(void *arg, char *line, FILE *out);

#endif /* VCD_DAEMON_OPERATE_COMMANDS_H */
