/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peers.h - known_peers: the keys this user has accepted before.
 *
 * A text file, one peer a line:
 *
 *	ADDRESS KEY LABEL NICK
 *
 * ADDRESS is HOST:PORT where the peer was called, or "-" for one that called us. KEY
 * is as key_text() writes it. LABEL is `unverified`, `verified` once the owner has compared words,
 * or `rejected` when the words differed: that key is never let in again. NICK is the name that
 * belongs to this key. Empty lines and lines that begin with '#' are left alone. A line that is none
 * of these makes the whole file invalid: a trust decision is not made on half a file.
 */
#ifndef CRYPTOCHAT_IDENTITY_PEERS_H
#define CRYPTOCHAT_IDENTITY_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cryptochat/protocol/frame.h"
#include "cryptochat/identity/identity_key.h"

#define PEER_ADDRESS_SIZE 272 /* a DNS name, colon, port */
#define PEERS_LINE_MAX 512
#define PEERS_FILE_MAX (1u << 20)

/** enum peer_label - what is known of a key besides that it was seen */
enum peer_label { PEER_UNVERIFIED, PEER_VERIFIED, PEER_REJECTED };

struct peer {
	char address[PEER_ADDRESS_SIZE]; /* empty: it has only called us */
	uint8_t key[KEY_HASH_SIZE];
	enum peer_label label;
	char nick[NICK_SIZE];
};

/** struct peers - the file's content; @path borrowed */
struct peers {
	const char *path;
	struct peer *list;
	size_t count;
};

/** enum peers_line - what a line is */
enum peers_line { PEERS_BAD = -1, PEERS_NONE = 0, PEERS_PEER = 1 };

/** peers_parse_line() - read one line of @len bytes, without its newline */
enum peers_line peers_parse_line(const char *line, size_t len, struct peer *ret);

/**
 * peers_parse() - read the text of a whole file
 * @ret: list and count are set; freed with peers_free()
 * @bad_line: on -EINVAL: number of the line that is wrong
 *
 * Return: 0, -EINVAL or -ENOMEM
 */
int peers_parse(const char *text, size_t len, struct peers *ret, unsigned int *bad_line);

/** peers_load() - read the file at @path; a missing file is an empty one; see peers_parse() */
int peers_load(const char *path, struct peers *ret, unsigned int *bad_line);

/** peers_add() - append a peer to the list and the file; returns 0 or negative errno */
int peers_add(struct peers *p, const struct peer *peer);

/**
 * peers_label() - change the label of a key in list and file
 * @peer: key, label, and the nick and address of a line to add if the key has none yet
 *
 * The file is replaced at once or stays as it was; a symbolic link stays one; and lines that
 * other processes add meanwhile are not lost.
 *
 * Return: 0 or negative errno; the list is changed in any case
 */
int peers_label(struct peers *p, const struct peer *peer);

/** peers_rename() - all lines of a key get another nick; as peers_label() otherwise */
int peers_rename(struct peers *p, const uint8_t key[KEY_HASH_SIZE], const char *nick);

/** peers_forget() - remove all lines of a key; as peers_label() otherwise. @key is none of the list's */
int peers_forget(struct peers *p, const uint8_t key[KEY_HASH_SIZE]);

/** peers_by_key() - the first peer with this key, or NULL */
const struct peer *peers_by_key(const struct peers *p, const uint8_t key[KEY_HASH_SIZE]);

/** peers_by_address() - peer at @address with @key, else any at @address that is not rejected, else
 * NULL */
const struct peer *peers_by_address(const struct peers *p, const char *address,
				    const uint8_t key[KEY_HASH_SIZE]);

/** peers_by_nick() - the first peer with this nick that is not rejected, or NULL */
const struct peer *peers_by_nick(const struct peers *p, const char *nick);

void peers_free(struct peers *p);

#endif /* CRYPTOCHAT_IDENTITY_PEERS_H */
