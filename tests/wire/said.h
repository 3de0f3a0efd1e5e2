/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * said.h - what the daemons of a test program wrote to their log.
 *
 * A message that an administrator needs is part of what a daemon does. Each test program lists the
 * messages that its scenarios provoke; one that was not written fails the program.
 */
#ifndef TESTS_WIRE_SAID_H
#define TESTS_WIRE_SAID_H

#include <stdbool.h>
#include <stddef.h>

/**
 * said_begin - from now on keep what this process and its children write to standard error.
 *
 * It still goes to standard error, too. Call it first in main(), before threads are started.
 */
void said_begin(void);

/** said - whether @text was written since the beginning; waits up to ten seconds for it. */
bool said(const char *text);

/**
 * said_all - the end of main(): names each message that nobody wrote.
 * @status: what the tests have come to
 * @messages: parts of messages, NULL at the end
 *
 * Return: @status, or 1 when it is 0 and a message is missing.
 */
int said_all(int status, const char *const *messages);

#endif /* TESTS_WIRE_SAID_H */
