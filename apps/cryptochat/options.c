// SPDX-License-Identifier: GPL-2.0-or-later
/* options.c - the command line of cryptochat. */
#include "cryptochat/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cryptochat/ui/editor.h"
#include "cryptochat/link/frame.h"
#include "cryptochat/identity/invite.h"
#include "labchat/conversation.h"
#include "labchat/crypt.h"
#include "labchat/lab_frame.h"
#include "cryptochat/ui/text.h"

/* A day; longer than that, "forever" is what is meant. */
#define LINGER_MAX_SECONDS 86400
#define KEEPALIVE_MAX_SECONDS 600

/* What an option belongs to: commands, and protocols in the upper bits. */
#define ON_LISTEN (1u << COMMAND_LISTEN)
#define ON_CONNECT (1u << COMMAND_CONNECT)
#define ON_SEND (1u << COMMAND_SEND)
#define ON_RECV (1u << COMMAND_RECV)
#define ON_IDENTITY (1u << COMMAND_IDENTITY)
#define ON_TALK (ON_LISTEN | ON_CONNECT)
#define ON_NET (ON_TALK | ON_SEND | ON_RECV)
#define ON_ALL (ON_NET | ON_IDENTITY)
#define TLS (0x100u << PROTOCOL_TLS)
#define LAB (0x100u << PROTOCOL_LAB)

enum {
	OPT_PROTOCOL = 256,
	OPT_PORT,
	OPT_BIND,
	OPT_ONCE,
	OPT_RAW,
	OPT_LINGER,
	OPT_KEY_FILE,
	OPT_KEY_SIZE,
	OPT_DEVICE,
	OPT_DATA_SIZE,
	OPT_IV,
	OPT_IV_FILE,
	OPT_INVITE,
	OPT_INVITE_HOST,
	OPT_INVITE_FILE,
	OPT_HUB,
	OPT_NICK,
	OPT_CONFIG,
	OPT_DIR,
	OPT_ACCEPT_NEW,
	OPT_STRICT,
	OPT_EOF,
	OPT_JSON,
	OPT_BELL,
	OPT_QUIET,
	OPT_OFFLOAD,
	OPT_REQUIRE_OFFLOAD,
	OPT_PROVIDER,
	OPT_KEEPALIVE,
	OPT_RECONNECT,
	OPT_TO,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
    {"protocol", required_argument, NULL, OPT_PROTOCOL},
    {"port", required_argument, NULL, OPT_PORT},
    {"bind", required_argument, NULL, OPT_BIND},
    {"once", no_argument, NULL, OPT_ONCE},
    {"raw", no_argument, NULL, OPT_RAW},
    {"linger", required_argument, NULL, OPT_LINGER},
    {"key-file", required_argument, NULL, OPT_KEY_FILE},
    {"key-size", required_argument, NULL, OPT_KEY_SIZE},
    {"device", required_argument, NULL, OPT_DEVICE},
    {"data-size", required_argument, NULL, OPT_DATA_SIZE},
    {"iv", required_argument, NULL, OPT_IV},
    {"iv-file", required_argument, NULL, OPT_IV_FILE},
    {"invite", no_argument, NULL, OPT_INVITE},
    {"invite-host", required_argument, NULL, OPT_INVITE_HOST},
    {"invite-file", required_argument, NULL, OPT_INVITE_FILE},
    {"hub", no_argument, NULL, OPT_HUB},
    {"message", required_argument, NULL, 'm'},
    {"nick", required_argument, NULL, OPT_NICK},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"dir", required_argument, NULL, OPT_DIR},
    {"accept-new", no_argument, NULL, OPT_ACCEPT_NEW},
    {"strict", no_argument, NULL, OPT_STRICT},
    {"eof", required_argument, NULL, OPT_EOF},
    {"json", no_argument, NULL, OPT_JSON},
    {"bell", no_argument, NULL, OPT_BELL},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"offload", required_argument, NULL, OPT_OFFLOAD},
    {"require-offload", no_argument, NULL, OPT_REQUIRE_OFFLOAD},
    {"provider", required_argument, NULL, OPT_PROVIDER},
    {"keepalive", required_argument, NULL, OPT_KEEPALIVE},
    {"reconnect", required_argument, NULL, OPT_RECONNECT},
    {"to", required_argument, NULL, OPT_TO},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

/* Options that do not belong to everything. */
static const struct {
	int option;
	unsigned int on;
} belongings[] = {
    {OPT_PORT, ON_LISTEN | ON_SEND | ON_RECV | TLS | LAB},
    {OPT_BIND, ON_LISTEN | ON_SEND | ON_RECV | TLS | LAB},
    {OPT_ONCE, ON_LISTEN | TLS | LAB},
    {OPT_RAW, ON_TALK | LAB},
    {OPT_LINGER, ON_TALK | LAB},
    {OPT_KEY_SIZE, ON_TALK | LAB},
    {OPT_DATA_SIZE, ON_TALK | LAB},
    {OPT_IV, ON_TALK | LAB},
    {OPT_IV_FILE, ON_TALK | LAB},
    {OPT_KEY_FILE, ON_NET | TLS | LAB},
    {OPT_DEVICE, ON_NET | TLS | LAB},
    {OPT_INVITE, ON_LISTEN | TLS},
    {OPT_INVITE_HOST, ON_LISTEN | ON_SEND | ON_RECV | TLS},
    {OPT_INVITE_FILE, ON_CONNECT | ON_SEND | ON_RECV | TLS},
    {OPT_HUB, ON_LISTEN | TLS},
    {'m', ON_TALK | TLS},
    {OPT_NICK, ON_NET | TLS},
    {OPT_CONFIG, ON_ALL | TLS},
    {OPT_DIR, ON_TALK | ON_RECV | TLS},
    {OPT_ACCEPT_NEW, ON_NET | TLS},
    {OPT_STRICT, ON_NET | TLS},
    {OPT_EOF, ON_TALK | TLS},
    {OPT_JSON, ON_NET | TLS},
    {OPT_BELL, ON_TALK | TLS},
    {OPT_QUIET, ON_NET | TLS},
    {OPT_OFFLOAD, ON_NET | TLS},
    {OPT_REQUIRE_OFFLOAD, ON_NET | TLS},
    {OPT_PROVIDER, ON_NET | TLS},
    {OPT_KEEPALIVE, ON_NET | TLS},
    {OPT_RECONNECT, ON_NET | TLS},
    {OPT_TO, ON_SEND | TLS},
};

#define BELONGINGS (sizeof(belongings) / sizeof(belongings[0]))

static const char *const command_names[] = {"listen", "connect", "send", "recv", "identity"};

#define COMMANDS (sizeof(command_names) / sizeof(command_names[0]))

__attribute__((format(printf, 2, 3))) static enum options_result bad(char *error,
								     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, OPTIONS_ERROR_SIZE, format, args);
	va_end(args);
	return OPTIONS_BAD;
}

/* Decimal digits only: strtoul() would take signs and spaces too. */
static bool parse_number(const char *text, unsigned long max, unsigned long *ret)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*ret = strtoul(text, &end, 10);
	return errno == 0 && *end == 0 && *ret <= max;
}

static enum options_result parse_port(const char *text, bool any, uint16_t *ret, char *error)
{
	unsigned long port;

	if (!parse_number(text, UINT16_MAX, &port) || (port == 0 && !any))
		return bad(error, "port \"%s\" is not a number from %d to 65535", text, !any);
	*ret = (uint16_t)port;
	return OPTIONS_RUN;
}

static enum options_result parse_linger(const char *text, int *ret, char *error)
{
	unsigned long seconds;

	if (strcmp(text, "forever") == 0) {
		*ret = LINGER_FOREVER;
		return OPTIONS_RUN;
	}
	if (!parse_number(text, LINGER_MAX_SECONDS, &seconds))
		return bad(error, "--linger takes 0 to %d seconds, or \"forever\"",
			   LINGER_MAX_SECONDS);
	*ret = (int)seconds * 1000;
	return OPTIONS_RUN;
}

static enum options_result parse_key_size(const char *text, size_t *ret, char *error)
{
	unsigned long size;

	if (!parse_number(text, 32, &size) || (size != 16 && size != 24 && size != 32))
		return bad(error, "--key-size is 16, 24 or 32 bytes");
	*ret = size;
	return OPTIONS_RUN;
}

static enum options_result parse_data_size(const char *text, size_t *ret, char *error)
{
	unsigned long size;

	if (!parse_number(text, LAB_FRAME_MAX, &size) || !lab_frame_size_ok(size))
		return bad(error, "--data-size is a multiple of 16 from %d to %d bytes",
			   LAB_FRAME_MIN, LAB_FRAME_MAX);
	*ret = size;
	return OPTIONS_RUN;
}

static enum options_result parse_family(int family, int *ret, char *error)
{
	if (*ret != AF_UNSPEC && *ret != family)
		return bad(error, "-4 and -6 exclude each other");
	*ret = family;
	return OPTIONS_RUN;
}

static enum options_result parse_seconds(const char *name, const char *text, unsigned long least,
					 unsigned long most, int *ret, char *error)
{
	unsigned long seconds;

	if (!parse_number(text, most, &seconds) || seconds < least)
		return bad(error, "%s takes %lu to %lu seconds", name, least, most);
	*ret = (int)seconds * 1000;
	return OPTIONS_RUN;
}

static enum options_result parse_protocol(const char *text, enum chat_protocol *ret, char *error)
{
	if (strcmp(text, "lab") == 0)
		*ret = PROTOCOL_LAB;
	else if (strcmp(text, "tls") == 0)
		*ret = PROTOCOL_TLS;
	else
		return bad(error, "unknown protocol \"%s\": there are tls and lab (insecure)",
			   text);
	return OPTIONS_RUN;
}

static enum options_result parse_offload(const char *text, enum offload_policy *ret, char *error)
{
	if (strcmp(text, "auto") == 0)
		*ret = OFFLOAD_AUTO;
	else if (strcmp(text, "all") == 0)
		*ret = OFFLOAD_ALL;
	else if (strcmp(text, "off") == 0)
		*ret = OFFLOAD_OFF;
	else
		return bad(error, "--offload is auto, all or off");
	return OPTIONS_RUN;
}

static enum options_result parse_eof(const char *text, bool *ret, char *error)
{
	*ret = strcmp(text, "close") == 0;
	if (!*ret && strcmp(text, "half") != 0)
		return bad(error, "--eof is half or close");
	return OPTIONS_RUN;
}

/* An invite in the arguments could be read by every user of the machine. */
static enum options_result check_host(const char *host, char *error)
{
	if (strncmp(host, INVITE_PREFIX, strlen(INVITE_PREFIX)) == 0)
		return bad(error, "an invite is a secret, and other users see the arguments of "
				  "programs: paste it when asked, or use --invite-file");
	return OPTIONS_RUN;
}

/* HOST or HOST:PORT; @text is cut in place. */
static enum options_result parse_to(char *text, struct options *o, char *error)
{
	char *colon = strrchr(text, ':');
	bool bare_v6 = colon && strchr(text, ':') != colon && text[0] != '[';

	if (check_host(text, error))
		return OPTIONS_BAD;
	o->host = text;
	if (!colon || bare_v6 || colon[-1] == '[' || strchr(colon, ']'))
		return OPTIONS_RUN;
	*colon = 0;
	return parse_port(colon + 1, false, &o->port, error);
}

static enum options_result parse_lab_option(int option, struct options *o, char *error)
{
	switch (option) {
	case OPT_RAW:
		o->raw = true;
		break;
	case OPT_LINGER:
		return parse_linger(optarg, &o->linger_ms, error);
	case OPT_KEY_SIZE:
		return parse_key_size(optarg, &o->key_size, error);
	case OPT_DATA_SIZE:
		return parse_data_size(optarg, &o->frame_size, error);
	case OPT_IV:
		o->iv_hex = optarg;
		break;
	case OPT_IV_FILE:
		o->iv_file = optarg;
		break;
	}
	return OPTIONS_RUN;
}

static enum options_result parse_tls_option(int option, struct options *o, char *error)
{
	switch (option) {
	case OPT_INVITE:
		o->invite = true;
		break;
	case OPT_INVITE_HOST:
		o->invite_host = optarg;
		break;
	case OPT_INVITE_FILE:
		o->invite_file = optarg;
		break;
	case OPT_HUB:
		o->hub = true;
		break;
	case 'm':
		o->message = optarg;
		break;
	case OPT_NICK:
		o->nick = optarg;
		break;
	case OPT_CONFIG:
		o->config = optarg;
		break;
	case OPT_DIR:
		o->dir = optarg;
		break;
	case OPT_ACCEPT_NEW:
		o->accept_new = true;
		break;
	case OPT_STRICT:
		o->strict = true;
		break;
	case OPT_EOF:
		return parse_eof(optarg, &o->eof_close, error);
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_BELL:
		o->bell = true;
		break;
	case OPT_QUIET:
		o->quiet = true;
		break;
	case OPT_OFFLOAD:
		return parse_offload(optarg, &o->offload, error);
	case OPT_REQUIRE_OFFLOAD:
		o->require_offload = true;
		break;
	case OPT_PROVIDER:
		o->provider = optarg;
		break;
	case OPT_KEEPALIVE:
		return parse_seconds("--keepalive", optarg, 1, KEEPALIVE_MAX_SECONDS,
				     &o->keepalive_ms, error);
	case OPT_RECONNECT:
		return parse_seconds("--reconnect", optarg, 0, LINGER_MAX_SECONDS, &o->reconnect_ms,
				     error);
	case OPT_TO:
		return parse_to(optarg, o, error);
	default:
		return parse_lab_option(option, o, error);
	}
	return OPTIONS_RUN;
}

static enum options_result parse_option(int option, struct options *o, char *error)
{
	switch (option) {
	case '4':
		return parse_family(AF_INET, &o->family, error);
	case '6':
		return parse_family(AF_INET6, &o->family, error);
	case OPT_PROTOCOL:
		return parse_protocol(optarg, &o->protocol, error);
	case OPT_PORT:
		return parse_port(optarg, true, &o->port, error);
	case OPT_BIND:
		o->bind = optarg;
		break;
	case OPT_ONCE:
		o->once = true;
		break;
	case OPT_KEY_FILE:
		o->key_file = optarg;
		break;
	case OPT_DEVICE:
		o->device = optarg;
		break;
	case OPT_HELP:
		return OPTIONS_HELP;
	case OPT_VERSION:
		return OPTIONS_VERSION;
	default:
		return parse_tls_option(option, o, error);
	}
	return OPTIONS_RUN;
}

/* HOST [PORT] of connect and recv. */
static enum options_result parse_peer(int count, char **words, struct options *o, char *error)
{
	if (count == 0)
		return OPTIONS_RUN;
	if (count > 2)
		return bad(error, "%s takes a host and a port, not also \"%s\"",
			   command_names[o->command], words[2]);
	if (check_host(words[0], error))
		return OPTIONS_BAD;
	o->host = words[0];
	return count == 2 ? parse_port(words[1], false, &o->port, error) : OPTIONS_RUN;
}

/* The words that are not options: COMMAND and what belongs to it. */
static enum options_result parse_words(int count, char **words, struct options *o, char *error)
{
	size_t i;

	if (count == 0)
		return bad(error, "say listen, connect, send or recv");
	for (i = 0; i < COMMANDS && strcmp(words[0], command_names[i]) != 0; i++)
		;
	if (i == COMMANDS)
		return bad(error, "unknown command \"%s\": say listen, connect, send or recv",
			   words[0]);
	o->command = (enum chat_command)i;
	switch (o->command) {
	case COMMAND_LISTEN:
		if (count > 1)
			return bad(error, "listen takes no \"%s\": a port is given by --port",
				   words[1]);
		break;
	case COMMAND_SEND:
		if (count < 2)
			return bad(error, "send needs a file");
		o->files = words + 1;
		o->file_count = (size_t)count - 1;
		break;
	case COMMAND_IDENTITY:
		if (count > 1)
			return bad(error, "identity takes no \"%s\"", words[1]);
		break;
	default:
		return parse_peer(count - 1, words + 1, o, error);
	}
	return OPTIONS_RUN;
}

static const char *option_name(int option)
{
	for (const struct option *o = long_options; o->name; o++)
		if (o->val == option)
			return o->name;
	return "?";
}

/* @seen: which of belongings[] were given. */
static enum options_result check_belongings(const struct options *o, uint64_t seen, char *error)
{
	for (size_t i = 0; i < BELONGINGS; i++) {
		const char *name = option_name(belongings[i].option);
		unsigned int on = belongings[i].on;

		if (!(seen >> i & 1))
			continue;
		if (!(on & (0x100u << o->protocol)))
			return bad(error, "--%s belongs to --protocol=%s", name,
				   o->protocol == PROTOCOL_LAB ? "tls" : "lab");
		if (on & (1u << o->command))
			continue;
		if (belongings[i].option == OPT_PORT)
			return bad(error,
				   "--port belongs to listen; %s takes the port after the host",
				   command_names[o->command]);
		return bad(error, "--%s belongs to %s", name,
			   on & ON_LISTEN    ? "listen"
			   : on & ON_CONNECT ? "connect"
			   : on & ON_SEND    ? "send"
					     : "other commands");
	}
	return OPTIONS_RUN;
}

static enum options_result check_lab(const struct options *o, char *error)
{
	if (o->command != COMMAND_LISTEN && o->command != COMMAND_CONNECT)
		return bad(error, "the lab protocol has listen and connect only");
	if (o->command == COMMAND_CONNECT && !o->host)
		return bad(error, "connect needs a host");
	if (!o->key_file)
		return bad(error, "give the shared key with --key-file");
	if (o->iv_hex && o->iv_file)
		return bad(error, "--iv and --iv-file exclude each other");
	return OPTIONS_RUN;
}

static enum options_result check_tls(const struct options *o, char *error)
{
	if (o->nick && !nick_ok(o->nick))
		return bad(error, "--nick is 1 to 32 bytes without spaces and controls");
	if (o->accept_new && o->strict)
		return bad(error, "--accept-new and --strict exclude each other");
	if (o->host && o->invite_file)
		return bad(error, "an invite says whom to call: give a host or --invite-file");
	if (o->require_offload && (o->offload == OFFLOAD_OFF || strcmp(o->device, "none") == 0))
		return bad(error, "--require-offload needs a device, and --offload=auto or all");
	if (o->message &&
	    (strlen(o->message) > EDITOR_LINE_MAX || !text_is_utf8(o->message, strlen(o->message))))
		return bad(error, "the message is too long, or no UTF-8");
	return OPTIONS_RUN;
}

enum options_result options_parse(int argc, char **argv, struct options *ret, char *error)
{
	struct options o = {
	    .port = CHAT_DEFAULT_PORT,
	    .family = AF_UNSPEC,
	    .device = CRYPT_DEVICE_AUTO,
	    .dir = ".",
	    .keepalive_ms = 10 * 1000,
	    .reconnect_ms = 300 * 1000,
	    .linger_ms = LINGER_AUTO,
	    .key_size = 16,
	    .frame_size = LAB_FRAME_DEFAULT,
	};
	enum options_result result;
	uint64_t seen = 0;
	int option;

	opterr = 0;
	optind = 0; /* 0, not 1: glibc starts afresh, so that a test may call us twice */
	while ((option = getopt_long(argc, argv, "46m:", long_options, NULL)) != -1) {
		if (option == '?')
			return bad(error, "bad option or missing argument: %s", argv[optind - 1]);
		for (size_t i = 0; i < BELONGINGS; i++)
			if (belongings[i].option == option)
				seen |= UINT64_C(1) << i;
		result = parse_option(option, &o, error);
		if (result != OPTIONS_RUN)
			return result;
	}
	result = parse_words(argc - optind, argv + optind, &o, error);
	if (result == OPTIONS_RUN)
		result = check_belongings(&o, seen, error);
	if (result == OPTIONS_RUN && o.device[0] == 0)
		result = bad(error, "--device is a path, auto or none");
	if (result == OPTIONS_RUN)
		result = o.protocol == PROTOCOL_LAB ? check_lab(&o, error) : check_tls(&o, error);
	if (result == OPTIONS_RUN)
		*ret = o;
	return result;
}
