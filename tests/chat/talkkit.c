// SPDX-License-Identifier: GPL-2.0-or-later
/* talkkit.c - what the tests of TLS conversations share. */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/talkkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_WORDS 40

struct process *talk_start(const struct process_setup *setup, const char *who, const char *words)
{
	const char *argv[MAX_WORDS + 4] = {getenv("CRYPTOCHAT")};
	char copy[2048], config[300], nick[64], *at, *mark;
	size_t n = 1;

	assert_non_null(argv[0]);
	assert_true(strlen(words) < sizeof(copy) - 300);
	strcpy(copy, words);
	while ((mark = strstr(copy, "%D")) != NULL) {
		char rest[2048];

		strcpy(rest, mark + 2);
		strcpy(mark, kit_path(""));
		mark[strlen(mark) - 1] = 0; /* the slash */
		strcat(mark, rest);
	}
	snprintf(config, sizeof(config), "--config=%s", kit_path(who));
	snprintf(nick, sizeof(nick), "--nick=%s", who);
	argv[n++] = config;
	argv[n++] = nick;
	for (at = strtok(copy, " "); at; at = strtok(NULL, " ")) {
		assert_true(n < MAX_WORDS);
		argv[n++] = at;
	}
	return process_start(setup, argv);
}

static uint16_t port_after(const struct process *p, const char *text)
{
	const char *at = strstr(p->err.data, text);

	assert_non_null(at);
	return (uint16_t)atoi(at + strlen(text));
}

struct process *talk_listen(const struct process_setup *setup, const char *who, const char *words,
			    uint16_t *port)
{
	char all[2048];
	struct process *p;

	snprintf(all, sizeof(all), "%s --port=0 --bind=127.0.0.1 --offload=off",
		 words[0] ? words : "listen");
	p = talk_start(setup, who, all);
	process_expect_err(p, "Listening on port ");
	process_expect_err(p, ".\n");
	*port = port_after(p, "Listening on port ");
	return p;
}

struct process *talk_connect(const struct process_setup *setup, const char *who, uint16_t port,
			     const char *words)
{
	char all[2048];

	snprintf(all, sizeof(all), "connect 127.0.0.1 %u --offload=off %s", port, words);
	return talk_start(setup, who, all);
}

void talk_introduce(const char *listener, const char *caller)
{
	uint16_t port;
	struct process *a = talk_listen(NULL, listener, "listen --once --accept-new", &port);
	struct process *b = talk_connect(NULL, caller, port, "--accept-new");

	process_end_input(a);
	process_end_input(b);
	process_expect_exit(a, OK);
	process_expect_exit(b, OK);
}

char *talk_invite(struct process *p)
{
	char *at, *line;

	/* An empty line stands before it, and one behind it. */
	process_expect_err(p, "cryptochat1:");
	process_expect_err_count(p, "\n\n", 2);
	at = strstr(p->err.data, "cryptochat1:");
	assert_non_null(at);
	line = strndup(at, strcspn(at, "\n"));
	assert_non_null(line);
	return line;
}

char *talk_read(const char *path, size_t *len)
{
	FILE *in = fopen(path, "re");
	struct stat st;
	char *data;

	if (!in)
		fail_msg("there is no %s", path);
	assert_int_equal(fstat(fileno(in), &st), 0);
	data = malloc((size_t)st.st_size + 1);
	assert_non_null(data);
	*len = fread(data, 1, (size_t)st.st_size, in);
	data[*len] = 0;
	fclose(in);
	return data;
}

static void put_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c != '"' && c != '\\')
			fputc(c, out);
		else
			fprintf(out, "\\u%04x", c);
	}
	fputc('"', out);
}

/* An object of one or two members, in one piece: what is fed byte by byte is copied as often. */
static void feed_object(struct process *p, const char *const members[4])
{
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	assert_non_null(out);
	for (int i = 0; i < 4 && members[i]; i += 2) {
		fputc(i ? ',' : '{', out);
		put_string(out, members[i]);
		fputc(':', out);
		put_string(out, members[i + 1]);
	}
	fputs("}\n", out);
	assert_int_equal(fclose(out), 0);
	process_feed(p, line, size);
	free(line);
}

void talk_says(struct process *p, const char *text)
{
	feed_object(p, (const char *const[4]){"text", text});
}

void talk_command(struct process *p, const char *command, const char *argument, const char *value)
{
	feed_object(p, (const char *const[4]){"cmd", command, argument, value});
}

struct process *relay_start(uint16_t target, const char *limit, uint16_t *port)
{
	char number[8];
	const char *argv[] = {getenv("RELAY"), number, limit, NULL};
	struct process *p;

	assert_non_null(argv[0]);
	snprintf(number, sizeof(number), "%u", target);
	p = process_start(NULL, argv);
	process_expect_err(p, "\n");
	*port = port_after(p, "port ");
	return p;
}
