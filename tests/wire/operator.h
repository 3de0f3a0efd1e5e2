/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operator.h - a client of a daemon's control socket (daemon/operate/control.h). Every function asserts.
 */
#ifndef TESTS_WIRE_OPERATOR_H
#define TESTS_WIRE_OPERATOR_H

#include <stddef.h>
#include <stdint.h>

/** operator_reach - connect to the control socket at @path. */
int operator_reach(const char *path);

/**
 * operator_receive - read until there are @want bytes or the daemon hangs up.
 *
 * Return: bytes read.
 */
size_t operator_receive(int fd, char *text, size_t want);

/** operator_next - the next answer: its body, or its "ERR ..." line; until the next call. */
char *operator_next(int fd);

/** operator_ask - send a command, with its newline, and wait for its answer. */
char *operator_ask(int fd, const char *command);

/** operator_try - the same, but NULL when the daemon hangs up instead. */
char *operator_try(int fd, const char *command);

/** operator_counter - a counter, by its name among those of `counters`. */
uint64_t operator_counter(int fd, const char *name);

#endif /* TESTS_WIRE_OPERATOR_H */
