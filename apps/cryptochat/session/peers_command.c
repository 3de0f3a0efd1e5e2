// SPDX-License-Identifier: GPL-2.0-or-later
/* peers_command.c - cryptochat peers: who is known. */
#include "cryptochat/session/peers_command.h"

#include <stdio.h>
#include <string.h>

static const char *label_of(const struct peer *p)
{
	static const char *const labels[] = {"unverified", "verified", "rejected"};

	return labels[p->label];
}

/* Does @word name this peer: by its nick, its address with or without the port, or its key? */
static bool is_named(const struct peer *p, const char *word)
{
	uint8_t key[KEY_HASH_SIZE];
	size_t len = strlen(word);

	if (key_read(word, key) == 0)
		return memcmp(key, p->key, sizeof(key)) == 0;
	if (strcmp(p->nick, word) == 0 || strcmp(p->address, word) == 0)
		return true;
	return len && strncmp(p->address, word, len) == 0 && p->address[len] == ':' &&
	       !strchr(p->address + len + 1, ':');
}

static void print_peer(const struct peer *p)
{
	char key[KEY_TEXT_SIZE];

	printf("%-20s %-10s %s %s\n", p->nick, label_of(p), key_text(p->key, key),
	       p->address[0] ? p->address : "-");
}

/* The one key that @word names; NULL: none or several, and the user was told. */
static const struct peer *only_one(const struct peers *peers, const char *word)
{
	const struct peer *found = NULL;
	bool several = false;

	for (size_t i = 0; i < peers->count; i++) {
		const struct peer *p = &peers->list[i];

		if (!is_named(p, word))
			continue;
		if (found && memcmp(found->key, p->key, KEY_HASH_SIZE) != 0)
			several = true;
		found = found ? found : p;
	}
	if (!found)
		fprintf(stderr, "cryptochat: nobody in %s is called \"%s\"\n", peers->path, word);
	if (several) {
		fprintf(stderr,
			"cryptochat: \"%s\" is the name of several keys; say which by its "
			"fingerprint:\n",
			word);
		for (size_t i = 0; i < peers->count; i++)
			if (is_named(&peers->list[i], word))
				print_peer(&peers->list[i]);
	}
	return several ? NULL : found;
}

static enum chat_exit written(const struct peers *peers, int err)
{
	if (err)
		fprintf(stderr, "cryptochat: cannot write %s: %s\n", peers->path, strerror(-err));
	return err ? CHAT_USAGE : CHAT_OK;
}

static enum chat_exit show(const struct peers *peers, const char *word)
{
	const struct peer *p = only_one(peers, word);
	char key[KEY_TEXT_SIZE];
	uint8_t hash[KEY_HASH_SIZE];

	if (!p)
		return CHAT_USAGE;
	memcpy(hash, p->key, sizeof(hash));
	printf("nick:     %s\nkey:      %s\nstate:    %s\n", p->nick, key_text(hash, key),
	       label_of(p));
	for (size_t i = 0; i < peers->count; i++)
		if (memcmp(peers->list[i].key, hash, sizeof(hash)) == 0 &&
		    peers->list[i].address[0])
			printf("address:  %s\n", peers->list[i].address);
	return CHAT_OK;
}

static enum chat_exit forget(struct peers *peers, const char *word)
{
	const struct peer *p = only_one(peers, word);
	uint8_t hash[KEY_HASH_SIZE];
	char key[KEY_TEXT_SIZE];
	enum chat_exit status;

	if (!p)
		return CHAT_USAGE;
	memcpy(hash, p->key, sizeof(hash));
	printf("%s, %s: forgotten\n", p->nick, key_text(hash, key));
	status = written(peers, peers_forget(peers, hash));
	return status;
}

static enum chat_exit rename_peer(struct peers *peers, const char *word, const char *nick)
{
	const struct peer *p = only_one(peers, word), *other = peers_by_nick(peers, nick);
	uint8_t hash[KEY_HASH_SIZE];

	if (!p)
		return CHAT_USAGE;
	if (other && memcmp(other->key, p->key, KEY_HASH_SIZE) != 0) {
		fprintf(stderr, "cryptochat: somebody else is called \"%s\" already\n", nick);
		return CHAT_USAGE;
	}
	memcpy(hash, p->key, sizeof(hash));
	return written(peers, peers_rename(peers, hash, nick));
}

enum chat_exit peers_command(const struct options *o, struct peers *peers)
{
	switch (o->peers) {
	case PEERS_SHOW:
		return show(peers, o->peer);
	case PEERS_FORGET:
		return forget(peers, o->peer);
	case PEERS_RENAME:
		return rename_peer(peers, o->peer, o->new_nick);
	case PEERS_LIST:
		break;
	}
	for (size_t i = 0; i < peers->count; i++)
		print_peer(&peers->list[i]);
	return CHAT_OK;
}
