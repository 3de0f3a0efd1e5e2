/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * invite.h - one line that says whom to call, whose key will answer, and proves that
 * the caller was invited.
 *
 *	cryptochat1:HOST:PORT:KEY:TOKEN
 *
 * KEY is the hash of the inviting end's public key, TOKEN 128 random bits, both in
 * base64 for URLs. The token is a secret that works once; the line is given to a program
 * through a terminal, a pipe or a file, never in its arguments.
 */
#ifndef CRYPTOCHAT_IDENTITY_INVITE_H
#define CRYPTOCHAT_IDENTITY_INVITE_H

#include <stdint.h>

#include "cryptochat/identity/identity_key.h"

#define INVITE_PREFIX "cryptochat1:"
#define INVITE_TOKEN_SIZE 16
#define INVITE_HOST_SIZE 256
#define INVITE_TEXT_SIZE 360

struct invite {
	char host[INVITE_HOST_SIZE]; /* an IPv6 address in brackets */
	uint16_t port;
	uint8_t key[KEY_HASH_SIZE];
	uint8_t token[INVITE_TOKEN_SIZE];
};

/** invite_text() - write the line, without a newline; returns @text */
char *invite_text(const struct invite *i, char text[INVITE_TEXT_SIZE]);

/** invite_parse() - read a line; spaces around it are ignored; returns 0 or -EINVAL */
int invite_parse(const char *text, struct invite *ret);

/** invite_check_host() - can an invite name this host? 0 or -EINVAL */
int invite_check_host(const char *host);

#endif /* CRYPTOCHAT_IDENTITY_INVITE_H */
