/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keeper.c - commands for vcrypto-keeper. See keeper.h. */
#include "tools/ctl/keeper.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "keeper/client.h"
#include "tools/ctl/text.h"

/** Most bytes of a text: a guard against a server that does not end. */
#define MAX_TEXT (16u << 20)

static int from_status(unsigned int status)
{
	switch (status) {
	case KEEPER_S_OK:
		return 0;
	case KEEPER_S_NOKEY:
		return -ENOKEY;
	case KEEPER_S_DENIED:
		return -EACCES;
	case KEEPER_S_BUSY:
		return -EBUSY;
	default:
		return -EINVAL;
	}
}

/* A text in pages. */
static int fetch(struct keeper_client *client, uint16_t type, char **answer)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0, all = 0;

	do {
		struct keeper_request request = {.type = type, .arg = (uint32_t)len};
		struct keeper_reply reply;
		char *more = realloc(text, len + KEEPER_MAX_PAYLOAD + 1);
		int err;

		if (!more)
			return -ENOMEM;
		text = more;
		err =
		    keeper_call(client, &request, NULL, 0, &reply, text + len, KEEPER_MAX_PAYLOAD);
		if (!err)
			err = from_status(reply.status);
		if (err)
			return err;
		all = reply.handle;
		if ((!reply.len && len < all) || all > MAX_TEXT)
			return -EPROTO;
		len += reply.len;
	} while (len < all);
	text[len] = '\0';
	text_clean(text, len);
	*answer = text;
	text = NULL;
	return 0;
}

static int order(struct keeper_client *client, uint16_t type, const char *label, char **answer)
{
	struct keeper_request request = {.type = type};
	struct keeper_reply reply;
	char text[KEEPER_MAX_PAYLOAD + 1];
	int err = keeper_call(client, &request, label, label ? strlen(label) : 0, &reply, text,
			      KEEPER_MAX_PAYLOAD);

	if (err)
		return err;
	text[reply.len] = '\0';
	text_clean(text, reply.len);
	if (reply.len)
		*answer = strdup(text);
	return from_status(reply.status);
}

int keeper_command(const char *path, char *const words[], char **answer)
{
	struct keeper_client client = {.fd = -1};
	const char *verb = !strcmp(words[0], "keys") ? words[1] : NULL;
	const bool metrics = !strcmp(words[0], "metrics") && !words[1];
	const bool list = verb && !strcmp(verb, "list") && !words[2];
	const bool reload = verb && !strcmp(verb, "reload") && !words[2];
	const bool revoke = verb && !strcmp(verb, "revoke") && words[2] && !words[3];
	int err;

	*answer = NULL;
	if (!metrics && !list && !reload && !revoke)
		return -ENOSYS;
	client.fd = keeper_connect(path);
	if (client.fd < 0)
		return client.fd;
	if (metrics || list)
		err = fetch(&client, metrics ? KEEPER_METRICS : KEEPER_KEYS, answer);
	else
		err = order(&client, reload ? KEEPER_RELOAD : KEEPER_REVOKE,
			    revoke ? words[2] : NULL, answer);
	close_fd(&client.fd);
	return err;
}
