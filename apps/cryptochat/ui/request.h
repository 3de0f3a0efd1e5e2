/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request.h - what a program that reads our JSON asks for: one object a line.
 *
 *	{"text": "hello"}                   a message
 *	{"cmd": "send", "file": "a.tar"}    a command, with at most one argument
 *
 * A text is never looked at as a command, so a program may pass on what strangers wrote.
 */
#ifndef CRYPTOCHAT_UI_REQUEST_H
#define CRYPTOCHAT_UI_REQUEST_H

#include <stddef.h>

/* The longest line that is taken: a message of EDITOR_LINE_MAX bytes, each written as \u00xx. */
#define REQUEST_LINE_MAX (6 * 60000 + 1024)

/**
 * struct request - a parsed line; all strings are owned by it
 * @text: a message, UTF-8; NULL: this is a command
 * @text_len: bytes of @text
 * @command: a command's name; NULL: this is a message
 * @argument_name: name of the command's argument, or NULL: it has none
 * @argument: its value, without NUL bytes in it
 */
struct request {
	char *text;
	size_t text_len;
	char *command;
	char *argument_name;
	char *argument;
};

/**
 * request_parse() - parse one line of @len bytes, without its newline
 * @r: set only on success; to be freed with request_free()
 * @why: on -EINVAL, what is wrong, for people
 *
 * Return: 0, -EINVAL or -ENOMEM
 */
int request_parse(const char *line, size_t len, struct request *r, const char **why);

/** request_free() - wipe and free; a zeroed request is allowed */
void request_free(struct request *r);

#endif /* CRYPTOCHAT_UI_REQUEST_H */
