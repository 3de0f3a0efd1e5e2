// SPDX-License-Identifier: GPL-2.0-or-later
/* commands.c - what the user types: messages and /commands. */
#include "cryptochat/session/commands.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cryptochat/session/complete.h"
#include "cryptochat/session/frames.h"
#include "cryptochat/session/invitation.h"
#include "cryptochat/session/member.h"
#include "cryptochat/session/question.h"
#include "cryptochat/session/unsent.h"
#include "cryptochat/session/words.h"
#include "cryptochat/ui/request.h"

/* The member that commands are about: the only one, or in a hub the one named @nick. */
static struct member *whom(struct room *room, const char *nick)
{
	struct member *found = NULL;
	unsigned int present = 0;

	for (struct member *m = room->members; m; m = m->next) {
		if (!member_is_present(m))
			continue;
		present++;
		if (!nick[0] || strcmp(m->nick, nick) == 0)
			found = m;
	}
	if (!present)
		ui_error(&room->ui, "nobody", NULL, "Nobody is there.");
	else if (!found || (!nick[0] && present > 1))
		ui_error(&room->ui, "nobody", NULL, "Say who: /who lists them.");
	return !nick[0] && present > 1 ? NULL : found;
}

static void on_send(struct room *room, const char *path)
{
	struct member *m = whom(room, "");
	char meant[PATH_MAX];
	int err;

	if (!m)
		return;

	if (room->options->hub) {
		ui_error(&room->ui, "usage", NULL, "A hub does not carry files.");
		return;
	}
	if (!path[0]) {
		ui_error(&room->ui, "usage", FACTS(fact_text("peer", m->nick)),
			 "/send FILE: say which file; Tab completes its name.");
		return;
	}
	/* People type, and programs know the name. */
	err = room->ui.kind == UI_TERMINAL ? complete_path(path, meant) : 0;
	if (!err)
		err = files_send(&m->files, room->ui.kind == UI_TERMINAL ? meant : path);
	if (err)
		ui_error(&room->ui, "file-failed",
			 FACTS(fact_text("peer", m->nick), fact_text("direction", "out"),
			       fact_text("name", path), fact_text("reason", files_error(err))),
			 "cannot send \"%s\": %s", path, files_error(err));
}

static void on_decision(struct room *room, bool take)
{
	for (struct member *m = room->members; m; m = m->next)
		if (member_is_present(m) && files_decide(&m->files, take))
			return;
	ui_error(&room->ui, "nobody", NULL, "No file is on offer.");
}

static void on_accept(struct room *room, const char *rest)
{
	on_decision(room, true);
}

static void on_decline(struct room *room, const char *rest)
{
	on_decision(room, false);
}

static void on_cancel(struct room *room, const char *rest)
{
	bool any = false;

	for (struct member *m = room->members; m; m = m->next)
		any = (member_is_present(m) && files_cancel(&m->files)) || any;
	if (!any)
		ui_error(&room->ui, "nobody", NULL, "No file is being sent or received.");
}

static void on_verify(struct room *room, const char *rest)
{
	char nick[NICK_SIZE] = "";
	size_t len = strcspn(rest, " ");
	struct member *m;

	/* The owner of a hub says whose words: /verify NICK, /verify NICK yes. */
	if (room->options->hub && len < sizeof(nick)) {
		memcpy(nick, rest, len);
		rest += len + strspn(rest + len, " ");
	}
	m = whom(room, nick);
	if (m)
		words_command(m, rest);
}

static void on_status(struct room *room, const char *rest)
{
	bool anybody = false;

	for (struct member *m = room->members; m; m = m->next) {
		if (!member_is_present(m))
			continue;
		member_status(m);
		files_list(&m->files);
		anybody = true;
	}
	if (!anybody)
		ui_error(&room->ui, "nobody", NULL, "Nobody is there.");
}

static void on_who(struct room *room, const char *rest)
{
	char key[KEY_TEXT_SIZE];

	ui_reply(&room->ui, "who",
		 FACTS(fact_text("peer", room->nick),
		       fact_text("key", key_text(room->identity.hash, key)),
		       fact_bool("self", true)),
		 "%s (you) %s", room->nick, key_text(room->identity.hash, key));
	for (struct member *m = room->members; m; m = m->next)
		if (member_is_present(m))
			ui_reply(&room->ui, "who",
				 FACTS(fact_text("peer", m->nick),
				       fact_text("key", key_text(m->key, key)),
				       fact_bool("verified", m->verified),
				       fact_bool("connected", m->stage == MEMBER_UP),
				       fact_text("address", m->where)),
				 "%s, %s%s, %s %s", m->nick,
				 m->verified ? "verified" : "unverified",
				 m->stage == MEMBER_AWAY ? ", away" : "", m->where,
				 key_text(m->key, key));
	for (struct member *m = room->members; m; m = m->next)
		for (unsigned int i = 0; member_is_present(m) && i < m->roster_count; i++)
			ui_reply(&room->ui, "who",
				 FACTS(fact_text("peer", m->roster[i].nick),
				       fact_text("key", key_text(m->roster[i].key, key)),
				       fact_text("hub", m->nick)),
				 "%s, the hub says, %s", m->roster[i].nick,
				 key_text(m->roster[i].key, key));
}

static void on_kick(struct room *room, const char *nick)
{
	struct member *m;

	if (!room->options->hub) {
		ui_error(&room->ui, "usage", NULL,
			 "Only whoever runs a hub can ask somebody to leave it; /quit leaves.");
		return;
	}
	m = whom(room, nick);
	if (m)
		member_dismiss(m, REFUSE_UNKNOWN, "you were asked to leave", "was asked to leave");
}

static void on_invite(struct room *room, const char *rest)
{
	const char *hint = invitation_hint(room);
	char text[INVITE_TEXT_SIZE];
	int err;

	if (room->listener < 0) {
		ui_error(&room->ui, "usage", NULL,
			 "Only the end that listens can invite somebody.");
		return;
	}
	err = invitation_make(room, text);
	if (err) {
		ui_error(&room->ui, "usage", NULL, "No invite: %s.",
			 err == -EMFILE ? "too many have not been used yet" : strerror(-err));
		return;
	}
	if (room->ui.kind == UI_TERMINAL)
		ui_error(&room->ui, "invite", NULL, "%s", invitation_how(room));
	ui_error(&room->ui, "invite", FACTS(fact_text("invite", text)), "%s", text);
	if (hint && room->ui.kind == UI_TERMINAL)
		ui_error(&room->ui, "invite", NULL, "%s", hint);
	explicit_bzero(text, sizeof(text));
}

static void on_quit(struct room *room, const char *rest)
{
	room->quitting = true;
	room->quits++;
}

static void on_help(struct room *room, const char *rest);

/**
 * struct command - what the user can ask for
 * @argument: its name in JSON; NULL: the command has none
 * @waits: it is about somebody, and a program's command waits until somebody is there
 * @form: what stands after the name, for people
 */
static const struct command {
	const char *name;
	void (*run)(struct room *room, const char *rest);
	const char *argument;
	bool waits;
	const char *form;
	const char *help;
} commands[] = {
    {"send", on_send, "file", true, "FILE", "offer a file or a directory; Tab completes its name"},
    {"accept", on_accept, NULL, true, "", "take the file on offer"},
    {"cancel", on_cancel, NULL, true, "", "stop what is being sent or received"},
    {"decline", on_decline, NULL, true, "", "refuse it"},
    {"verify", on_verify, "answer", true, "[yes|no]",
     "compare words with the other person, and say whether they are the same; the owner of a hub "
     "names the person: /verify NICK"},
    {"status", on_status, NULL, false, "",
     "key, cipher, who encrypted how much, and files under way"},
    {"who", on_who, NULL, false, "", "who is here"},
    {"kick", on_kick, "nick", true, "NICK", "hub: ask somebody to leave"},
    {"invite", on_invite, NULL, false, "", "a line that lets one more person in"},
    {"quit", on_quit, NULL, false, "", "leave (also Ctrl-D)"},
    {"help", on_help, "command", false, "[COMMAND]", "this list, or one command"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

const char *command_name(size_t i)
{
	return i < COMMANDS ? commands[i].name : NULL;
}

static void on_help(struct room *room, const char *rest)
{
	const char *wanted = rest[0] == '/' ? rest + 1 : rest;
	bool found = false;

	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];
		int width = 8 - (int)strlen(c->name);

		if (wanted[0] && strcmp(wanted, c->name) != 0)
			continue;
		found = true;
		ui_reply(&room->ui, "help", NULL, "/%s %-*s  %s", c->name, 10 + width, c->form,
			 c->help);
	}
	if (!found)
		ui_error(&room->ui, "usage", NULL, "There is no /%s; /help lists commands.",
			 wanted);
	else if (!wanted[0])
		ui_reply(&room->ui, "help", NULL,
			 "Up and Ctrl-R bring back lines, Tab completes, Ctrl-Z suspends. A paste "
			 "is one "
			 "message. A message that begins with / is typed with //.");
}

/* The command named by the first @len bytes of @name, or NULL. */
static const struct command *find_command(const char *name, size_t len)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strlen(commands[i].name) == len && memcmp(commands[i].name, name, len) == 0)
			return &commands[i];
	return NULL;
}

/* A line of a terminal that begins with a slash. */
static void run_line(struct room *room, const char *line)
{
	const char *name = line + 1, *rest = name + strcspn(name, " ");
	const struct command *c = find_command(name, (size_t)(rest - name));

	if (c)
		c->run(room, rest + strspn(rest, " "));
	else
		ui_error(&room->ui, "usage", NULL, "There is no %s; /help lists commands.", line);
}

static void say(struct room *room, const char *line, size_t len)
{
	bool anybody = false;

	for (struct member *m = room->members; m; m = m->next) {
		if (!member_is_present(m) || m->eof_out || m->leaving)
			continue;
		anybody = true;
		if (outbox_full(&m->outbox) && room->options->hub)
			member_too_slow(m);
		else
			member_say(m, room->options->hub ? room->nick : NULL, line, len);
	}
	if (anybody)
		ui_echo(&room->ui, room->nick, line, len);
	else
		ui_error(&room->ui, "nobody", NULL, "Nobody is there.");
}

/* A message, if it is one that can be sent. */
static void on_message(struct room *room, const char *text, size_t len)
{
	if (len > EDITOR_LINE_MAX)
		ui_error(&room->ui, "usage", NULL,
			 "this message of %zu bytes was not sent: a message has at most %d", len,
			 EDITOR_LINE_MAX);
	else if (!text_is_utf8(text, len))
		ui_error(&room->ui, "usage", NULL, "this message is not UTF-8 and was not sent");
	else if (len)
		say(room, text, len);
}

/* A line of a person at a terminal. */
static void on_line(struct room *room, const char *raw, size_t len)
{
	char line[EDITOR_LINE_MAX + 1];

	memcpy(line, raw, len);
	line[len] = 0;
	if (room->question && line[0] != '/') {
		/* What is no answer may be a message that the user wants back. */
		ui_line_done(&room->ui,
			     trust_consent(line, room->question->key) == CONSENT_UNCLEAR);
		question_answer(room, line);
		return;
	}
	ui_line_done(&room->ui, true);
	if (line[0] == '/' && line[1] != '/')
		run_line(room, line);
	else if (line[0] == '/')
		on_message(room, line + 1, len - 1);
	else
		on_message(room, line, len);
}

static bool anybody_present(const struct room *room)
{
	for (const struct member *m = room->members; m; m = m->next)
		if (member_is_present(m) && !m->eof_out && !m->leaving)
			return true;
	return false;
}

static bool all_have_room(const struct room *room)
{
	for (const struct member *m = room->members; m; m = m->next)
		if (member_is_present(m) && outbox_full(&m->outbox))
			return false;
	return true;
}

/* A command of a program. */
static void run_request(struct room *room, const struct command *c, const struct request *r)
{
	if (!c)
		ui_error(&room->ui, "usage", NULL, "there is no command \"%s\"", r->command);
	else if (r->argument_name && !c->argument)
		ui_error(&room->ui, "usage", NULL, "\"%s\" takes no argument", c->name);
	else if (r->argument_name && strcmp(r->argument_name, c->argument) != 0)
		ui_error(&room->ui, "usage", NULL, "the argument of \"%s\" is \"%s\", not \"%s\"",
			 c->name, c->argument, r->argument_name);
	else
		c->run(room, r->argument ? r->argument : "");
}

/* A line of a program. Returns: it was dealt with, and not left for the time when somebody is
 * there. */
static bool on_request(struct room *room, const char *line, size_t len)
{
	const struct command *c = NULL;
	struct request r = {0};
	const char *why;
	int err = request_parse(line, len, &r, &why);
	bool waits;

	if (!err && r.command)
		c = find_command(r.command, strlen(r.command));
	waits = r.text ? !all_have_room(room) || !anybody_present(room)
		       : c && c->waits && !anybody_present(room);
	if (waits) {
		request_free(&r);
		return false;
	}
	ui_line_done(&room->ui, false);
	if (err)
		ui_error(&room->ui, "usage", NULL, "a line of %zu bytes was refused: %s", len,
			 err == -EINVAL ? why : strerror(-err));
	else if (r.text)
		on_message(room, r.text, r.text_len);
	else
		run_request(room, c, &r);
	request_free(&r);
	return true;
}

/* Bytes of a pipe, as they come. */
static void stream(struct room *room)
{
	struct buffer *in = &room->ui.input;

	if (!buffer_used(in) || !anybody_present(room) || !all_have_room(room))
		return;
	for (struct member *m = room->members; m; m = m->next) {
		if (!member_is_present(m) || m->eof_out || m->leaving)
			continue;
		/* A hub's own pipe is one of those who write. */
		if (room->options->hub && text_is_utf8(buffer_peek(in), buffer_used(in)))
			member_text(m, room->nick, buffer_peek(in), buffer_used(in));
		else if (!room->options->hub)
			member_stream(m, buffer_peek(in), buffer_used(in));
	}
	explicit_bzero(buffer_peek(in), buffer_used(in));
	buffer_clear(in);
}

/* The user leaves. What has not arrived is waited for, until the user says so once more. */
static void quit(struct room *room, struct member *m)
{
	if (m->stage == MEMBER_LEAVING || m->stage == MEMBER_GONE)
		return;
	if (!member_is_present(m)) {
		member_end(m, CHAT_OK, "left", "left");
		return;
	}
	if (room->quits > 1) {
		member_leave_now(m);
		return;
	}
	if (!m->leaving) {
		files_abandon(&m->files);
		m->leaving = true;
		if (m->stage == MEMBER_AWAY && unsent_any(m))
			unsent_wait(m);
	}
	if (m->stage == MEMBER_AWAY && !unsent_any(m))
		member_end(m, CHAT_OK, "left", "was left");
}

/* The end of the input, or /quit: members are told, or left. */
static void end_input(struct room *room)
{
	const struct options *o = room->options;

	if (room->ui.kind == UI_TERMINAL && room->ui.in_ended)
		room->quitting = true;
	if (room->ui.eof_key)
		on_quit(room, "");
	room->ui.eof_key = false;
	for (struct member *m = room->members; m; m = m->next) {
		if (room->quitting)
			quit(room, m);
		else if (member_is_present(m) && room->ui.in_ended && !o->hub &&
			 !buffer_used(&room->ui.input) && !m->leaving)
			member_eof(m);
	}
}

void typed_input(struct room *room)
{
	const char *line;
	size_t len;

	switch (room->ui.kind) {
	case UI_PIPE:
		while (room->question && (line = ui_answer(&room->ui)) != NULL)
			question_answer(room, line);
		stream(room);
		break;
	case UI_JSON:
		while (ui_line(&room->ui, &line, &len) && on_request(room, line, len))
			;
		break;
	case UI_TERMINAL:
		for (;;) {
			if (ui_line(&room->ui, &line, &len))
				on_line(room, line, len);
			else if (ui_tab(&room->ui))
				complete(room);
			else
				break;
		}
		break;
	}
	end_input(room);
}
