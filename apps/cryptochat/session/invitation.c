// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * invitation.c - invites that are given out.
 *
 * The host in an invite is --invite-host, else the address of --bind, else the address of this
 * machine that is most likely to be reached from elsewhere. An address that means something on
 * this machine only (any address, one with a zone) is never named.
 */
#include "cryptochat/session/invitation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/rand.h>

/* How far an address is known; a larger one is better. */
enum reach { REACH_NONE, REACH_SITE6, REACH_SITE4, REACH_WORLD6, REACH_WORLD4 };

static enum reach reach4(const struct sockaddr_in *in)
{
	uint32_t a = ntohl(in->sin_addr.s_addr);

	if (a == 0 || a >> 24 == 127 || a >> 16 == 0xa9fe || a >> 28 >= 0xe)
		return REACH_NONE;
	if (a >> 24 == 10 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8 || a >> 22 == 0x191)
		return REACH_SITE4;
	return REACH_WORLD4;
}

static enum reach reach6(const struct sockaddr_in6 *in)
{
	const uint8_t *a = in->sin6_addr.s6_addr;

	if ((a[0] & 0xfe) == 0xfc)
		return REACH_SITE6;
	return (a[0] & 0xe0) == 0x20 ? REACH_WORLD6 : REACH_NONE;
}

/* The family that we listen for: AF_UNSPEC is both. */
static int listening_family(const struct options *o)
{
	if (o->family != AF_UNSPEC || !o->bind)
		return o->family;
	return strchr(o->bind, ':') ? AF_INET6 : AF_INET;
}

/* The best address of this machine, or nothing. */
static enum reach guess(int family, char host[INVITE_HOST_SIZE])
{
	struct ifaddrs *list = NULL;
	enum reach best = REACH_NONE;

	if (getifaddrs(&list) < 0)
		return best;
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		enum reach reach = REACH_NONE;
		char text[INET6_ADDRSTRLEN];
		struct sockaddr_in6 in6;
		struct sockaddr_in in4;

		if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) ||
		    (family != AF_UNSPEC && i->ifa_addr->sa_family != family))
			continue;
		if (i->ifa_addr->sa_family == AF_INET) {
			memcpy(&in4, i->ifa_addr, sizeof(in4));
			reach = reach4(&in4);
			inet_ntop(AF_INET, &in4.sin_addr, text, sizeof(text));
		} else if (i->ifa_addr->sa_family == AF_INET6) {
			memcpy(&in6, i->ifa_addr, sizeof(in6));
			reach = reach6(&in6);
			inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text));
		}
		if (reach <= best)
			continue;
		best = reach;
		snprintf(host, INVITE_HOST_SIZE, strchr(text, ':') ? "[%s]" : "%s", text);
	}
	freeifaddrs(list);
	return best;
}

/* Does the address of --bind mean anything on another machine? */
static bool bind_is_a_host(const char *bind)
{
	struct in6_addr in6;
	struct in_addr in4;
	char bare[INVITE_HOST_SIZE];
	size_t len = strlen(bind);

	if (strchr(bind, '%') || len >= sizeof(bare))
		return false;
	strcpy(bare, bind);
	if (len > 2 && bare[0] == '[' && bare[len - 1] == ']') {
		bare[len - 1] = 0;
		memmove(bare, bare + 1, len - 1);
	}
	if (inet_pton(AF_INET, bare, &in4) == 1)
		return in4.s_addr != htonl(INADDR_ANY);
	if (inet_pton(AF_INET6, bare, &in6) == 1)
		return !IN6_IS_ADDR_UNSPECIFIED(&in6) && !IN6_IS_ADDR_LINKLOCAL(&in6);
	return true;
}

/* Chooses the host; what was guessed returns how far it is known. */
static enum reach choose_host(const struct options *o, char host[INVITE_HOST_SIZE])
{
	const char *chosen = o->invite_host;
	enum reach reach;
	bool bare_v6;

	if (!chosen && o->bind && bind_is_a_host(o->bind))
		chosen = o->bind;
	if (chosen) {
		bare_v6 = strchr(chosen, ':') && chosen[0] != '[';
		snprintf(host, INVITE_HOST_SIZE, bare_v6 ? "[%s]" : "%s", chosen);
		return REACH_WORLD4;
	}
	reach = guess(listening_family(o), host);
	if (reach == REACH_NONE && gethostname(host, INVITE_HOST_SIZE - 1) < 0)
		strcpy(host, "localhost");
	return reach;
}

int invitation_make(struct room *room, char text[INVITE_TEXT_SIZE])
{
	struct invite i = {.port = room->port};
	uint8_t *token;

	if (room->token_count == ROOM_INVITES)
		return -EMFILE;
	token = room->tokens[room->token_count];
	if (RAND_bytes(token, INVITE_TOKEN_SIZE) != 1)
		return -EIO;
	room->token_count++;
	choose_host(room->options, i.host);
	memcpy(i.key, room->identity.hash, sizeof(i.key));
	memcpy(i.token, token, sizeof(i.token));
	invite_text(&i, text);
	explicit_bzero(&i, sizeof(i));
	return 0;
}

const char *invitation_how(const struct room *room)
{
	switch (room->options->command) {
	case COMMAND_SEND:
		return "Give this line to the person who shall have the files. It works once, for "
		       "the "
		       "first person who uses it.\nThat person types:  cryptochat recv "
		       "--invite-file=-    and pastes the line.";
	case COMMAND_RECV:
		return "Give this line to the person who sends the files. It works once, for the "
		       "first "
		       "person who uses it.\nThat person types:  cryptochat send FILE "
		       "--invite-file=-    and pastes the line.";
	default:
		return "Give this line to the person you want to talk to. It works once, for the "
		       "first "
		       "person who uses it.\nThat person types:  cryptochat connect    and pastes "
		       "the "
		       "line.";
	}
}

const char *invitation_hint(const struct room *room)
{
	char host[INVITE_HOST_SIZE];

	switch (choose_host(room->options, host)) {
	case REACH_SITE4:
	case REACH_SITE6:
		return "The address in it is of this network. For somebody outside, name the host "
		       "with "
		       "--invite-host, and forward the port.";
	case REACH_NONE:
		return "No address of this machine was found, so its name is in the line. If it "
		       "cannot "
		       "be reached by that name, use --invite-host.";
	default:
		return NULL;
	}
}
