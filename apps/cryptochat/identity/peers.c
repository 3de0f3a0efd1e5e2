// SPDX-License-Identifier: GPL-2.0-or-later
/* peers.c - known_peers: the keys this user has accepted before. */
#include "cryptochat/identity/peers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/base/text.h"

/* The next word of a line in place; NULL: none is left. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " \t");
	size_t len = strcspn(word, " \t");

	if (!len)
		return NULL;
	*at = word + len;
	if (**at)
		*(*at)++ = 0;
	return word;
}

static bool parse_address(const char *word, char *ret)
{
	if (strcmp(word, "-") == 0) {
		ret[0] = 0;
		return true;
	}
	if (strlen(word) >= PEER_ADDRESS_SIZE || !strrchr(word, ':') ||
	    !text_is_plain(word, strlen(word)))
		return false;
	strcpy(ret, word);
	return true;
}

static const char *const labels[] = {
    [PEER_UNVERIFIED] = "unverified",
    [PEER_VERIFIED] = "verified",
    [PEER_REJECTED] = "rejected",
};

static bool parse_label(const char *word, enum peer_label *ret)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		if (strcmp(word, labels[i]) == 0) {
			*ret = (enum peer_label)i;
			return true;
		}
	}
	return false;
}

enum peers_line peers_parse_line(const char *line, size_t len, struct peer *ret)
{
	char copy[PEERS_LINE_MAX], *at = copy, *address, *key, *label, *nick;
	struct peer p = {0};

	if (len && line[len - 1] == '\r')
		len--;
	if (len >= sizeof(copy) || memchr(line, 0, len))
		return PEERS_BAD;
	memcpy(copy, line, len);
	copy[len] = 0;
	address = next_word(&at);
	if (!address || address[0] == '#')
		return PEERS_NONE;
	key = next_word(&at);
	label = key ? next_word(&at) : NULL;
	nick = label ? next_word(&at) : NULL;
	if (!nick || next_word(&at) || !parse_address(address, p.address) || key_parse(key, p.key))
		return PEERS_BAD;
	if (!parse_label(label, &p.label) || !nick_ok(nick))
		return PEERS_BAD;
	strcpy(p.nick, nick);
	*ret = p;
	return PEERS_PEER;
}

static int append(struct peers *p, const struct peer *peer)
{
	struct peer *list = realloc(p->list, (p->count + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	p->list = list;
	p->list[p->count++] = *peer;
	return 0;
}

int peers_parse(const char *text, size_t len, struct peers *ret, unsigned int *bad_line)
{
	struct peers p = {.path = ret->path};
	int err = 0;

	*bad_line = 0;
	while (len && !err) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len;
		struct peer peer;
		enum peers_line kind = peers_parse_line(text, line, &peer);

		++*bad_line;
		if (kind == PEERS_BAD)
			err = -EINVAL;
		else if (kind == PEERS_PEER)
			err = append(&p, &peer);
		line += end ? 1 : 0;
		text += line;
		len -= line;
	}
	if (err)
		peers_free(&p);
	else
		*ret = p;
	return err;
}

/* All of a file of at most PEERS_FILE_MAX bytes; missing is empty. */
static int read_file(const char *path, char **ret, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n = 0;
	char *text;
	int err = 0;

	*ret = NULL;
	*len = 0;
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	text = malloc(PEERS_FILE_MAX);
	while (text && have < PEERS_FILE_MAX &&
	       (n = read(fd, text + have, PEERS_FILE_MAX - have)) > 0)
		have += (size_t)n;
	err = !text ? -ENOMEM : n < 0 ? -errno : have == PEERS_FILE_MAX ? -EFBIG : 0;
	close(fd);
	if (err) {
		free(text);
		return err;
	}
	*ret = text;
	*len = have;
	return 0;
}

int peers_load(const char *path, struct peers *ret, unsigned int *bad_line)
{
	size_t len;
	char *text;
	int err;

	*ret = (struct peers){.path = path};
	*bad_line = 0;
	err = read_file(path, &text, &len);
	if (err)
		return err;
	err = peers_parse(text, len, ret, bad_line);
	free(text);
	return err;
}

static int format(const struct peer *p, char *line)
{
	char key[KEY_TEXT_SIZE];

	return snprintf(line, PEERS_LINE_MAX, "%s %s %s %s\n", p->address[0] ? p->address : "-",
			key_text(p->key, key), labels[p->label], p->nick);
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/*
 * Lock the file against other processes that change it: by its directory, since the file itself is
 * replaced. Returns the lock, to be closed, or negative errno.
 */
static int lock_file(const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	int fd;

	if (len >= sizeof(dir))
		return -ENAMETOOLONG;
	memcpy(dir, path, len);
	dir[len] = 0;
	fd = open(len ? dir : slash ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX) < 0) {
		if (errno == EINTR)
			continue;
		/* A file system without locks: it is then as it was before there was one. */
		break;
	}
	return fd;
}

static int open_to_append(const char *path)
{
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

/* Append a line. */
static int append_line(int fd, const struct peer *peer)
{
	/* A newline first if somebody's editor left the last line without one. */
	char line[1 + PEERS_LINE_MAX] = "\n", last = '\n';
	int len = format(peer, line + 1);
	off_t size = lseek(fd, 0, SEEK_END);

	if (size > 0 && pread(fd, &last, 1, size - 1) < 0)
		last = '\n';
	return last == '\n' ? write_all(fd, line + 1, (size_t)len)
			    : write_all(fd, line, (size_t)len + 1);
}

int peers_add(struct peers *p, const struct peer *peer)
{
	int lock = lock_file(p->path), fd, err;

	if (lock < 0)
		return lock;
	fd = open_to_append(p->path);
	err = fd < 0 ? fd : append_line(fd, peer);
	if (fd >= 0 && close(fd) < 0 && !err)
		err = -errno;
	close(lock);
	return err ? err : append(p, peer);
}

enum change { CHANGE_LABEL, CHANGE_NICK, CHANGE_FORGET };

/*
 * The text of a file in which @what has been done to the lines of @peer's key, and everything else is
 * as it was. A key that gets a label and has no line gets one.
 */
static int rewrite(int fd, const char *text, size_t len, const struct peer *peer, enum change what)
{
	bool found = false;
	int err = 0;

	while (len && !err) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len;
		char changed[PEERS_LINE_MAX];
		struct peer old;
		bool ours = peers_parse_line(text, line, &old) == PEERS_PEER &&
			    memcmp(old.key, peer->key, KEY_HASH_SIZE) == 0;

		line += end ? 1 : 0;
		found = found || ours;
		if (!ours) {
			err = write_all(fd, text, line);
		} else if (what != CHANGE_FORGET) {
			if (what == CHANGE_LABEL)
				old.label = peer->label;
			else
				strcpy(old.nick, peer->nick);
			err = write_all(fd, changed, (size_t)format(&old, changed));
		}
		text += line;
		len -= line;
	}
	return err || found || what != CHANGE_LABEL ? err : append_line(fd, peer);
}

/* Replace the file at @path, which we have locked, by a changed one. */
static int replace(const char *path, const struct peer *peer, enum change what)
{
	char made[PATH_MAX], *text;
	size_t len;
	int fd, err;

	if ((size_t)snprintf(made, sizeof(made), "%s.new", path) >= sizeof(made))
		return -ENAMETOOLONG;
	err = read_file(path, &text, &len);
	if (err)
		return err;
	/* Left by a process that died; whoever has the lock owns the name. */
	unlink(made);
	fd = open(made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	err = fd < 0 ? -errno : rewrite(fd, text, len, peer, what);
	free(text);
	if (fd >= 0 && !err && fsync(fd) < 0)
		err = -errno;
	if (fd >= 0 && close(fd) < 0 && !err)
		err = -errno;
	if (!err && rename(made, path) < 0)
		err = -errno;
	if (err && fd >= 0)
		unlink(made);
	return err;
}

static int change_file(const struct peers *p, const struct peer *peer, enum change what)
{
	int lock = lock_file(p->path), err = lock < 0 ? lock : 0;
	/* There has to be a file, so that the place that a link leads to has a name. */
	int fd = err ? err : open_to_append(p->path);
	char *path = fd < 0 ? NULL : realpath(p->path, NULL);

	if (!err)
		err = fd < 0 ? fd : path ? replace(path, peer, what) : -errno;
	free(path);
	if (fd >= 0)
		close(fd);
	if (lock >= 0)
		close(lock);
	return err;
}

int peers_label(struct peers *p, const struct peer *peer)
{
	int err = change_file(p, peer, CHANGE_LABEL);
	bool found = false;

	for (size_t i = 0; i < p->count; i++) {
		if (memcmp(p->list[i].key, peer->key, KEY_HASH_SIZE) != 0)
			continue;
		p->list[i].label = peer->label;
		found = true;
	}
	if (!found && append(p, peer) && !err)
		err = -ENOMEM;
	return err;
}

int peers_rename(struct peers *p, const uint8_t key[KEY_HASH_SIZE], const char *nick)
{
	struct peer peer = {0};

	memcpy(peer.key, key, sizeof(peer.key));
	strcpy(peer.nick, nick);
	for (size_t i = 0; i < p->count; i++)
		if (memcmp(p->list[i].key, key, KEY_HASH_SIZE) == 0)
			strcpy(p->list[i].nick, nick);
	return change_file(p, &peer, CHANGE_NICK);
}

int peers_forget(struct peers *p, const uint8_t key[KEY_HASH_SIZE])
{
	struct peer peer = {0};
	size_t left = 0;

	memcpy(peer.key, key, sizeof(peer.key));
	for (size_t i = 0; i < p->count; i++)
		if (memcmp(p->list[i].key, key, KEY_HASH_SIZE) != 0)
			p->list[left++] = p->list[i];
	p->count = left;
	return change_file(p, &peer, CHANGE_FORGET);
}

const struct peer *peers_by_key(const struct peers *p, const uint8_t key[KEY_HASH_SIZE])
{
	for (size_t i = 0; i < p->count; i++)
		if (memcmp(p->list[i].key, key, KEY_HASH_SIZE) == 0)
			return &p->list[i];
	return NULL;
}

const struct peer *peers_by_address(const struct peers *p, const char *address,
				    const uint8_t key[KEY_HASH_SIZE])
{
	const struct peer *other = NULL;

	for (size_t i = 0; i < p->count; i++) {
		if (strcmp(p->list[i].address, address) != 0)
			continue;
		if (memcmp(p->list[i].key, key, KEY_HASH_SIZE) == 0)
			return &p->list[i];
		if (p->list[i].label != PEER_REJECTED)
			other = &p->list[i];
	}
	return other;
}

const struct peer *peers_by_nick(const struct peers *p, const char *nick)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->list[i].label != PEER_REJECTED && strcmp(p->list[i].nick, nick) == 0)
			return &p->list[i];
	return NULL;
}

void peers_free(struct peers *p)
{
	free(p->list);
	p->list = NULL;
	p->count = 0;
}
