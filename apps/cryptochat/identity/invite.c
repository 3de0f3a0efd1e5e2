// SPDX-License-Identifier: GPL-2.0-or-later
/* invite.c - one line that says whom to call, and proves that the caller was invited. */
#include "cryptochat/identity/invite.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *invite_text(const struct invite *i, char text[INVITE_TEXT_SIZE])
{
	char key[BASE64_LENGTH(KEY_HASH_SIZE) + 1], token[BASE64_LENGTH(INVITE_TOKEN_SIZE) + 1];

	base64_encode(i->key, sizeof(i->key), key);
	base64_encode(i->token, sizeof(i->token), token);
	snprintf(text, INVITE_TEXT_SIZE, INVITE_PREFIX "%s:%u:%s:%s", i->host, i->port, key, token);
	explicit_bzero(token, sizeof(token));
	return text;
}

/* The part of @text behind its last colon, which is cut off; NULL: it has none. */
static char *cut_last(char *text)
{
	char *colon = strrchr(text, ':');

	if (!colon)
		return NULL;
	*colon = 0;
	return colon + 1;
}

static int parse_port(const char *text, uint16_t *ret)
{
	unsigned long port;
	char *end;

	if (!isdigit((unsigned char)text[0]) || strlen(text) > 5)
		return -EINVAL;
	port = strtoul(text, &end, 10);
	if (*end || port == 0 || port > UINT16_MAX)
		return -EINVAL;
	*ret = (uint16_t)port;
	return 0;
}

int invite_check_host(const char *host)
{
	size_t len = strlen(host);

	/* NOLINTNEXTLINE(clang-analyzer-core.*): a string whose length is known has a first byte */
	if (len == 0 || len >= INVITE_HOST_SIZE || host[0] == '-')
		return -EINVAL;
	for (const char *c = host; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(".-_[]:%", *c))
			return -EINVAL;
	/* Colons are those of an IPv6 address, which is in brackets. */
	if (strchr(host, ':') && (host[0] != '[' || host[len - 1] != ']'))
		return -EINVAL;
	return 0;
}

int invite_parse(const char *text, struct invite *ret)
{
	char line[INVITE_TEXT_SIZE], *host, *port, *key, *token;
	struct invite i = {0};
	size_t len;
	int err = -EINVAL;

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (len >= sizeof(line) || strncmp(text, INVITE_PREFIX, strlen(INVITE_PREFIX)) != 0)
		return -EINVAL;
	memcpy(line, text, len);
	line[len] = 0;
	host = line + strlen(INVITE_PREFIX);
	token = cut_last(host);
	key = cut_last(host);
	port = cut_last(host);
	if (token && key && port && !invite_check_host(host) && !parse_port(port, &i.port) &&
	    !base64_decode(key, strlen(key), i.key, sizeof(i.key)) &&
	    !base64_decode(token, strlen(token), i.token, sizeof(i.token))) {
		strcpy(i.host, host);
		*ret = i;
		err = 0;
	}
	explicit_bzero(line, sizeof(line));
	explicit_bzero(&i, sizeof(i));
	return err;
}
