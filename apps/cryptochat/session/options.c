// SPDX-License-Identifier: GPL-2.0-or-later
/* options.c - the command line of cryptochat. */
#include "cryptochat/session/options.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cli.h"
#include "cryptochat/ui/editor.h"
#include "cryptochat/protocol/frame.h"
#include "cryptochat/identity/invite.h"
#include "apps/base/text.h"
#include "apps/base/address_options.h"

#define NICK_RULE                                                                                  \
	"\"%s\" is no nick: 1 to 32 bytes that can be seen, no spaces, and not -, # or / in front"
#define RECONNECT_MAX_SECONDS 86400
#define KEEPALIVE_MAX_SECONDS 600

/* Which commands an option belongs to. */
#define ON_LISTEN (1u << COMMAND_LISTEN)
#define ON_CONNECT (1u << COMMAND_CONNECT)
#define ON_SEND (1u << COMMAND_SEND)
#define ON_RECV (1u << COMMAND_RECV)
#define ON_IDENTITY (1u << COMMAND_IDENTITY)
#define ON_PEERS (1u << COMMAND_PEERS)
#define ON_TALK (ON_LISTEN | ON_CONNECT)
#define ON_NET (ON_TALK | ON_SEND | ON_RECV)
#define ON_ALL (ON_NET | ON_IDENTITY | ON_PEERS)

static const char *const command_names[] = {"listen", "connect",  "send",
					    "recv",   "identity", "peers"};

#define COMMANDS (sizeof(command_names) / sizeof(command_names[0]))

static enum cli_result set_eof(struct cli_state *state, const struct cli_option *option, char *text,
			       void *member)
{
	unsigned int word = 0;
	enum cli_result result = cli_word(state, option, text, &word);

	*(bool *)member = word == 1;
	return result;
}

/* An invite in the arguments could be read by every user of the machine. */
static enum cli_result check_host(struct cli_state *state, const char *host)
{
	if (strncmp(host, INVITE_PREFIX, strlen(INVITE_PREFIX)) == 0)
		return cli_bad(state, "an invite is a secret, and other users see the arguments of "
				      "programs: paste it when asked, or use --invite-file");
	return CLI_RUN;
}

/* A host as the other person's invite will name it. */
static enum cli_result set_invite_host(struct cli_state *state, const struct cli_option *option,
				       char *text, void *member)
{
	char host[INVITE_HOST_SIZE];
	bool bare_v6 = strchr(text, ':') && text[0] != '[';

	if (strchr(text, '%'))
		return cli_bad(state, "--invite-host=%s: a zone means nothing on another machine",
			       text);
	if ((size_t)snprintf(host, sizeof(host), bare_v6 ? "[%s]" : "%s", text) >= sizeof(host) ||
	    invite_check_host(host) ||
	    (bare_v6 && strspn(text, "0123456789abcdefABCDEF:.") != strlen(text)))
		return cli_bad(state,
			       "--invite-host=%s: a name or an address is needed; the port is "
			       "that of --port",
			       text);
	*(const char **)member = text;
	return CLI_RUN;
}

/* HOST or HOST:PORT; @text is cut in place. */
static enum cli_result parse_host(struct cli_state *state, struct options *o, char *text)
{
	char *colon = strrchr(text, ':');
	bool bare_v6 = colon && strchr(text, ':') != colon && text[0] != '[';

	if (check_host(state, text) != CLI_RUN)
		return CLI_BAD;
	o->host = text;
	if (!colon || bare_v6 || colon == text || strchr(colon, ']'))
		return CLI_RUN;
	*colon = 0;
	return option_parse_port(state, colon + 1, false, &o->port);
}

static enum cli_result set_to(struct cli_state *state, const struct cli_option *option, char *text,
			      void *member)
{
	struct options *o = (void *)((char *)member - offsetof(struct options, host));

	return parse_host(state, o, text);
}

/* In the order of their enums. */
static const char *const offloads[] = {"auto", "all", "off", NULL};
static const char *const eofs[] = {"half", "close", NULL};

#define CLI_STRUCT struct options

static const struct cli_option table[] = {
    CLI_HEADING("Whom to call, and who may call"),
    CLI_OPTION(0, "invite", NULL, "print a line that lets one person in", invite, cli_flag,
	       .on = ON_LISTEN),
    CLI_OPTION(0, "invite-host", "HOST", "host to name in the invite", invite_host, set_invite_host,
	       .otherwise = "this machine's address", .on = ON_LISTEN | ON_SEND | ON_RECV),
    CLI_OPTION(0, "invite-file", "FILE", "read the invite from FILE; -: standard input",
	       invite_file, cli_text, .on = ON_CONNECT | ON_SEND | ON_RECV),
    CLI_OPTION(0, "to", "HOST[:PORT]", "send: call HOST", host, set_to, .on = ON_SEND),
    CLI_OPTION(0, "key-file", "FILE",
	       "shared key of 32 bytes, raw or hexadecimal, instead of known peers: for scripts",
	       key_file, cli_text, .on = ON_NET),
    CLI_OPTION(0, "accept-new", NULL,
	       "accept keys that were never seen, instead of asking the user; without a terminal "
	       "they are refused otherwise",
	       accept_new, cli_flag, .on = ON_NET),
    CLI_OPTION(0, "strict", NULL, "refuse keys that were never seen, without asking", strict,
	       cli_flag, .on = ON_NET),
    CLI_OPTION(0, "nick", "NAME", "your name in the conversation", nick, cli_text,
	       .otherwise = "login name@host", .on = ON_NET),
    CLI_OPTION(0, "config", "DIR", "directory of identity and known peers", config, cli_text,
	       .otherwise = "~/.config/cryptochat", .on = ON_ALL),
    CLI_OPTION(0, "passphrase", NULL,
	       "ask for a new passphrase that protects your key; an empty one removes it",
	       passphrase, cli_flag, .on = ON_IDENTITY),
    CLI_OPTION(0, "passphrase-file", "FILE", "read your key's passphrase from FILE",
	       passphrase_file, cli_text, .otherwise = "ask at the terminal",
	       .on = ON_NET | ON_IDENTITY),
    CLI_OPTION(0, "hub", NULL, "let many in; the hub, and whoever runs it, reads everything", hub,
	       cli_flag, .on = ON_LISTEN),
    CLI_OPTION(0, "port", "PORT", "port to bind; 0: any free one", port, option_port,
	       CLI_RANGE(0, 65535), .value = "35001", .on = ON_LISTEN | ON_SEND | ON_RECV),
    CLI_OPTION(0, "bind", "ADDRESS", "address to bind", bind, cli_text, .otherwise = "any",
	       .on = ON_LISTEN | ON_SEND | ON_RECV),
    CLI_OPTION(0, "once", NULL, "leave after the first conversation", once, cli_flag,
	       .on = ON_LISTEN),
    CLI_OPTION('4', NULL, NULL, "use IPv4 only", family, option_family),
    CLI_OPTION('6', NULL, NULL, "use IPv6 only", family, option_family),
    CLI_HEADING("Input and output"),
    CLI_OPTION('m', "message", "TEXT", "send TEXT and leave when it has arrived", message, cli_text,
	       .on = ON_TALK),
    CLI_OPTION(0, "eof", NULL, "at the end of standard input, go on receiving or leave", eof_close,
	       set_eof, .words = eofs, .value = "half", .on = ON_TALK),
    CLI_OPTION(0, "dir", "DIR", "directory for received files", dir, cli_text,
	       .otherwise = "the current one", .on = ON_TALK | ON_RECV),
    CLI_OPTION(0, "json", NULL, "write events to standard output, one JSON object a line", json,
	       cli_flag, .on = ON_NET),
    CLI_OPTION(0, "history", NULL, "keep the lines you type, in the directory of --config", history,
	       cli_flag, .on = ON_TALK),
    CLI_OPTION(0, "bell", NULL, "ring the terminal's bell when a message arrives", bell, cli_flag,
	       .on = ON_TALK),
    CLI_OPTION(0, "quiet", NULL, "print errors only, and no status", quiet, cli_flag, .on = ON_NET),
    CLI_HEADING("Who encrypts"),
    CLI_OPTION(0, "offload", NULL, "let the device encrypt large records, all, or none", offload,
	       cli_word, .words = offloads, .value = "auto", .on = ON_NET),
    CLI_OPTION(0, "require-offload", NULL, "fail if the device cannot be used", require_offload,
	       cli_flag, .on = ON_NET),
    CLI_OPTION(0, "device", "PATH",
	       "the crypto device; auto: " OFFLOAD_DEFAULT_DEVICE ", if it works; none: no device",
	       device, cli_text, .value = "auto", .on = ON_NET),
    CLI_OPTION(0, "provider", "FILE", "OpenSSL provider module of the device", provider, cli_text,
	       .otherwise = "the installed one", .on = ON_NET),
    CLI_HEADING("When the network fails"),
    CLI_OPTION(0, "timeout", "SECONDS", "how long to go on calling somebody who does not answer",
	       timeout_ms, cli_seconds, CLI_RANGE(0, RECONNECT_MAX_SECONDS), .unit = "seconds",
	       .value = "0", .on = ON_CONNECT | ON_SEND | ON_RECV),
    CLI_OPTION(0, "keepalive", "SECONDS",
	       "time between signs of life; the link is broken when three are missing",
	       keepalive_ms, cli_seconds, CLI_RANGE(1, KEEPALIVE_MAX_SECONDS), .unit = "seconds",
	       .value = "10", .on = ON_NET),
    CLI_OPTION(0, "reconnect", "SECONDS", "how long to try again, or to wait for the peer",
	       reconnect_ms, cli_seconds, CLI_RANGE(0, RECONNECT_MAX_SECONDS), .unit = "seconds",
	       .value = "300", .on = ON_NET),
};

static const struct cli_status statuses[] = {
    {CHAT_OK, "done"},
    {CHAT_NETWORK, "network or stream failed"},
    {CHAT_USAGE, "bad command line or key file"},
    {CHAT_IDENTITY, "the peer's key is not the one expected"},
    {CHAT_DEVICE, "the crypto device failed"},
    {CHAT_INCOMPLETE, "a file did not arrive"},
    {CHAT_REFUSED, "the peer refused"},
    {0},
};

const struct cli chat_cli = {
    .program = "cryptochat",
    .manual = "cryptochat(1)",
    .usage = "listen [--invite] [--hub] [OPTION]...\n"
	     "connect [HOST [PORT]] [OPTION]...   (no HOST: asks for an invite)\n"
	     "send FILE... [--to=HOST[:PORT]] [OPTION]...\n"
	     "recv [HOST [PORT]] [OPTION]...\n"
	     "identity [--passphrase]             print your fingerprint; change the passphrase\n"
	     "peers [list | show WHO | forget WHO | rename WHO NICK]",
    .about = "Talk and send files over TLS 1.3, end to end. A crypto device does the bulk of the\n"
	     "encryption where there is one. send and recv without a peer wait for one.\n",
    .options = table,
    .count = sizeof(table) / sizeof(table[0]),
    .statuses = statuses,
};

/* HOST [PORT] of connect and recv. */
static enum cli_result parse_peer(int count, char **words, struct options *o,
				  struct cli_state *state)
{
	if (count == 0)
		return CLI_RUN;
	if (count > 2)
		return cli_bad(state, "%s takes a host and a port, not also \"%s\"",
			       command_names[o->command], words[2]);
	if (count == 1)
		return parse_host(state, o, words[0]);
	if (check_host(state, words[0]))
		return CLI_BAD;
	o->host = words[0];
	return option_parse_port(state, words[1], false, &o->port);
}

/* list, show WHO, forget WHO, rename WHO NICK. */
static enum cli_result parse_peers(int count, char **words, struct options *o,
				   struct cli_state *state)
{
	static const struct {
		const char *name;
		int count;
	} forms[] = {{"list", 1}, {"show", 2}, {"forget", 2}, {"rename", 3}};
	size_t i = 0;

	while (count && i < 4 && strcmp(forms[i].name, words[0]) != 0)
		i++;
	if (i == 4 || (count && count != forms[i].count))
		return cli_bad(state,
			       "peers takes: list, show WHO, forget WHO, or rename WHO NICK");
	o->peers = (enum peers_word)i;
	o->peer = count > 1 ? words[1] : NULL;
	o->new_nick = count > 2 ? words[2] : NULL;
	if (o->new_nick && !nick_ok(o->new_nick))
		return cli_bad(state, NICK_RULE, o->new_nick);
	return CLI_RUN;
}

/* The words that are not options: COMMAND and what belongs to it. */
static enum cli_result parse_words(struct options *o, struct cli_state *state)
{
	char **words = state->words;
	int count = state->word_count;
	size_t i;

	if (count == 0)
		return cli_bad(state, "say listen, connect, send, recv, identity or peers");
	for (i = 0; i < COMMANDS && strcmp(words[0], command_names[i]) != 0; i++)
		;
	if (i == COMMANDS)
		return cli_bad(
		    state,
		    "unknown command \"%s\": say listen, connect, send, recv, identity or "
		    "peers",
		    words[0]);
	o->command = (enum chat_command)i;
	switch (o->command) {
	case COMMAND_LISTEN:
		if (count > 1)
			return cli_bad(state, "listen takes no \"%s\": a port is given by --port",
				       words[1]);
		break;
	case COMMAND_SEND:
		if (count < 2)
			return cli_bad(state, "send needs a file");
		o->files = words + 1;
		o->file_count = (size_t)count - 1;
		break;
	case COMMAND_IDENTITY:
		if (count > 1)
			return cli_bad(state, "identity takes no \"%s\"", words[1]);
		break;
	case COMMAND_PEERS:
		return parse_peers(count - 1, words + 1, o, state);
	default:
		return parse_peer(count - 1, words + 1, o, state);
	}
	return CLI_RUN;
}

/* Options that belong to other commands. */
static enum cli_result check_belongings(const struct options *o, struct cli_state *state)
{
	for (size_t i = 0; i < chat_cli.count; i++) {
		const char *name = table[i].name;
		unsigned int on = table[i].on;

		if (!on || !(state->given >> i & 1))
			continue;
		if (on & (1u << o->command))
			continue;
		if (table[i].set == option_port)
			return cli_bad(state,
				       "--port belongs to listen; %s takes the port after the host",
				       command_names[o->command]);
		return cli_bad(state, "--%s belongs to %s", name,
			       on & ON_LISTEN	 ? "listen"
			       : on & ON_CONNECT ? "connect"
			       : on & ON_SEND	 ? "send"
						 : "other commands");
	}
	return CLI_RUN;
}

static enum cli_result check(const struct options *o, struct cli_state *state)
{
	if (o->nick && !nick_ok(o->nick))
		return cli_bad(state, NICK_RULE, o->nick);
	if (o->accept_new && o->strict)
		return cli_bad(state, "--accept-new and --strict exclude each other");
	if (o->host && o->invite_file)
		return cli_bad(state, "an invite says whom to call: give a host or --invite-file");
	if (o->require_offload && (o->offload == OFFLOAD_OFF || strcmp(o->device, "none") == 0))
		return cli_bad(state,
			       "--require-offload needs a device, and --offload=auto or all");
	if (o->message && strlen(o->message) > EDITOR_LINE_MAX)
		return cli_bad(state, "the message has %zu bytes; it may have %d",
			       strlen(o->message), EDITOR_LINE_MAX);
	if (o->message && !text_is_utf8(o->message, strlen(o->message)))
		return cli_bad(state, "the message is not UTF-8");
	return CLI_RUN;
}

enum cli_result options_parse(int argc, char **argv, struct options *ret, struct cli_state *state)
{
	struct options o = {.family = AF_UNSPEC, .dir = "."};
	enum cli_result result = cli_parse(&chat_cli, argc, argv, &o, state);

	if (result == CLI_RUN)
		result = parse_words(&o, state);
	if (result == CLI_RUN)
		result = check_belongings(&o, state);
	if (result == CLI_RUN && o.device[0] == 0)
		result = cli_bad(state, "--device is a path, auto or none");
	if (result == CLI_RUN)
		result = check(&o, state);
	if (result == CLI_RUN)
		*ret = o;
	return result;
}
