// SPDX-License-Identifier: GPL-2.0-or-later
/* complete.c - Tab: commands, nicks and paths. */
#include "cryptochat/session/complete.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cryptochat/session/commands.h"

#define LIST_SIZE 900

/**
 * struct matches - what a word may become
 * @word: its beginning, as it was typed
 * @first: the first of @count
 * @common: bytes that all of them begin with
 * @list: all of them, as far as there is room
 */
struct matches {
	const char *word;
	char first[PATH_MAX];
	size_t common;
	unsigned int count;
	char list[LIST_SIZE];
};

static void match(struct matches *m, const char *candidate)
{
	size_t used = strlen(m->list), same = 0;

	if (strncmp(candidate, m->word, strlen(m->word)) != 0)
		return;
	if (m->count++ == 0) {
		snprintf(m->first, sizeof(m->first), "%s", candidate);
		m->common = strlen(m->first);
	}
	while (same < m->common && m->first[same] == candidate[same])
		same++;
	/* Not in the middle of a character. */
	while (same && ((unsigned char)m->first[same] & 0xc0) == 0x80)
		same--;
	m->common = same;
	if (used + strlen(candidate) + 2 < sizeof(m->list))
		snprintf(m->list + used, sizeof(m->list) - used, "  %s", candidate);
}

static void match_commands(struct matches *m)
{
	const char *name;
	char word[40];

	for (size_t i = 0; (name = command_name(i)) != NULL; i++) {
		snprintf(word, sizeof(word), "/%s", name);
		match(m, word);
	}
}

static void match_nicks(struct matches *m, const struct room *room)
{
	for (const struct member *p = room->members; p; p = p->next) {
		if (!member_is_present(p))
			continue;
		match(m, p->nick);
		for (unsigned int i = 0; i < p->roster_count; i++)
			match(m, p->roster[i].nick);
	}
}

/* ~/ is the home directory; returns 0 or -ENAMETOOLONG. */
static int expand_home(const char *text, char *ret)
{
	const char *home = text[0] == '~' && text[1] == '/' ? getenv("HOME") : NULL;

	return (size_t)snprintf(ret, PATH_MAX, "%s%s", home ? home : "", home ? text + 1 : text) <
		       PATH_MAX
		   ? 0
		   : -ENAMETOOLONG;
}

/* Entries of the directory that the word names; a directory has a slash at its end. */
static void match_paths(struct matches *m)
{
	const char *slash = strrchr(m->word, '/'), *begin = slash ? slash + 1 : m->word;
	char named[PATH_MAX], dir[PATH_MAX], whole[2 * PATH_MAX];
	struct dirent *entry;
	struct stat st;
	DIR *d;

	snprintf(named, sizeof(named), "%.*s", (int)(begin - m->word), m->word);
	if (expand_home(named[0] ? named : "./", dir))
		return;
	d = opendir(dir);
	while (d && (entry = readdir(d)) != NULL) {
		bool hidden = entry->d_name[0] == '.';
		bool is_dir;

		if (hidden && begin[0] != '.')
			continue;
		is_dir = fstatat(dirfd(d), entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
		snprintf(whole, sizeof(whole), "%s%s%s", named, entry->d_name, is_dir ? "/" : "");
		/* Controls in a name cannot be typed. */
		if (text_is_plain(whole, strlen(whole)))
			match(m, whole);
	}
	if (d)
		closedir(d);
}

/* The end of a word that is complete. */
static const char *ending(const struct matches *m, size_t from, bool is_path)
{
	size_t len = strlen(m->first);

	if (is_path)
		return "";
	if (from == 0 && m->first[0] != '/')
		return ": ";
	return len && m->first[len - 1] == ' ' ? "" : " ";
}

void complete(struct room *room)
{
	size_t cursor, from;
	const char *line = ui_typed(&room->ui, &cursor);
	char word[PATH_MAX], all[PATH_MAX + 4];
	struct matches m = {.word = word};
	bool is_path = strncmp(line, "/send ", 6) == 0 && cursor >= 6;

	for (from = cursor; from && line[from - 1] != ' ' && line[from - 1] != '\n'; from--)
		;
	if (is_path)
		from = 6; /* a path may have blanks */
	if (cursor - from >= sizeof(word))
		return;
	snprintf(word, sizeof(word), "%.*s", (int)(cursor - from), line + from);
	if (is_path)
		match_paths(&m);
	else if (from == 0 && line[0] == '/')
		match_commands(&m);
	else if (word[0])
		match_nicks(&m, room);
	if (m.count == 1) {
		snprintf(all, sizeof(all), "%s%s", m.first, ending(&m, from, is_path));
		ui_replace(&room->ui, from, all);
	} else if (m.count && m.common > strlen(word)) {
		m.first[m.common] = 0;
		ui_replace(&room->ui, from, m.first);
	} else if (m.count) {
		ui_reply(&room->ui, "help", NULL, "%s", m.list + 2);
	}
}

int complete_path(const char *text, char *ret)
{
	size_t len = strlen(text);
	char word[PATH_MAX];

	if (len >= sizeof(word))
		return -ENAMETOOLONG;
	strcpy(word, text);
	if (access(word, F_OK) == 0)
		return expand_home(word, ret);
	while (len && word[len - 1] == ' ')
		word[--len] = 0;
	if (len >= 2 && (word[0] == '"' || word[0] == '\'') && word[len - 1] == word[0]) {
		word[len - 1] = 0;
		memmove(word, word + 1, len - 1);
		len -= 2;
	}
	return len ? expand_home(word, ret) : -ENOENT;
}
