// SPDX-License-Identifier: GPL-2.0-or-later
/* options.c - the command line of labchat. */
#include "labchat/options.h"

#include <string.h>
#include <sys/socket.h>

#include "apps/base/address_options.h"
#include "labchat/conversation.h"
#include "labchat/crypt.h"
#include "labchat/lab.h"
#include "labchat/lab_frame.h"

#define LINGER_MAX_SECONDS 86400
#define ON_LISTEN (1u << LAB_LISTEN)

static enum cli_result set_linger(struct cli_state *state, const struct cli_option *option,
				  char *text, void *member)
{
	if (strcmp(text, "forever") != 0)
		return cli_seconds(state, option, text, member);
	*(int *)member = LINGER_FOREVER;
	return CLI_RUN;
}

static enum cli_result set_key_size(struct cli_state *state, const struct cli_option *option,
				    char *text, void *member)
{
	unsigned long size;

	if (!cli_parse_number(text, 16, 32, &size) || size % 8)
		return cli_bad(state, "--key-size=%s: 16, 24 or 32 is needed", text);
	*(size_t *)member = size;
	return CLI_RUN;
}

static enum cli_result set_data_size(struct cli_state *state, const struct cli_option *option,
				     char *text, void *member)
{
	unsigned long size;

	if (!cli_parse_number(text, LAB_FRAME_MIN, LAB_FRAME_MAX, &size) ||
	    !lab_frame_size_ok(size))
		return cli_bad(state, "--data-size=%s: a multiple of 16 from %d to %d is needed",
			       text, LAB_FRAME_MIN, LAB_FRAME_MAX);
	*(size_t *)member = size;
	return CLI_RUN;
}

#define CLI_STRUCT struct options

static const struct cli_option table[] = {
    CLI_HEADING("What both ends must agree on"),
    CLI_OPTION(0, "key-file", "FILE", "shared key, raw or hexadecimal; needed", key_file, cli_text),
    CLI_OPTION(0, "key-size", "BYTES", "size of the key: 16, 24 or 32", key_size, set_key_size,
	       .value = "16"),
    CLI_OPTION(0, "iv", "HEX", "initialisation vector", iv_hex, cli_text, .otherwise = "zero"),
    CLI_OPTION(0, "iv-file", "FILE", "file with the initialisation vector", iv_file, cli_text),
    CLI_OPTION(0, "data-size", "BYTES", "size of a frame, a multiple of 16", frame_size,
	       set_data_size, CLI_RANGE(LAB_FRAME_MIN, LAB_FRAME_MAX), .value = "256"),
    CLI_HEADING("Network"),
    CLI_OPTION(0, "port", "PORT", "listen: port to bind; 0: any free one", port, option_port,
	       CLI_RANGE(0, 65535), .value = "35001", .on = ON_LISTEN),
    CLI_OPTION(0, "bind", "ADDRESS", "listen: address to bind", bind, cli_text, .otherwise = "any",
	       .on = ON_LISTEN),
    CLI_OPTION(0, "once", NULL, "listen: leave after the first client", once, cli_flag,
	       .on = ON_LISTEN),
    CLI_OPTION('4', NULL, NULL, "use IPv4 only", family, option_family),
    CLI_OPTION('6', NULL, NULL, "use IPv6 only", family, option_family),
    CLI_HEADING("Input, output and device"),
    CLI_OPTION(0, "linger", "SECONDS",
	       "how long to wait for input after the peer's end; or forever", linger_ms, set_linger,
	       CLI_RANGE(0, LINGER_MAX_SECONDS), .unit = "seconds",
	       .otherwise = "0 for a terminal, else 1"),
    CLI_OPTION(0, "raw", NULL, "pass control characters to a terminal", raw, cli_flag),
    CLI_OPTION(0, "device", "PATH",
	       "the crypto device; auto: " CRYPT_DEFAULT_DEVICE ", if it works; none: no device",
	       device, cli_text, .value = CRYPT_DEVICE_AUTO),
};

static const struct cli_status statuses[] = {
    {LAB_OK, "done"},
    {LAB_NETWORK, "network or stream failed"},
    {LAB_USAGE, "bad command line, key file or IV"},
    {LAB_DEVICE, "the crypto device failed"},
    {0},
};

const struct cli lab_cli = {
    .program = "labchat",
    .manual = "labchat(1)",
    .usage = "listen --key-file=FILE [OPTION]...\n"
	     "connect HOST [PORT] --key-file=FILE [OPTION]...",
    .about = "Talk by the lab protocol: AES-CBC in frames of a fixed size over TCP. cryptochat(1)\n"
	     "is the program for everything that matters.\n",
    .after = LAB_INSECURE,
    .options = table,
    .count = sizeof(table) / sizeof(table[0]),
    .statuses = statuses,
};

/* The words that are not options: listen, or connect HOST [PORT]. */
static enum cli_result parse_words(struct options *o, struct cli_state *state)
{
	char **words = state->words;
	int count = state->word_count;

	if (count == 0)
		return cli_bad(state, "say listen or connect");
	if (strcmp(words[0], "listen") == 0) {
		o->command = LAB_LISTEN;
		return count == 1
			   ? CLI_RUN
			   : cli_bad(state, "listen takes no \"%s\": a port is given by --port",
				     words[1]);
	}
	if (strcmp(words[0], "connect") != 0)
		return cli_bad(state, "unknown command \"%s\": say listen or connect", words[0]);
	o->command = LAB_CONNECT;
	if (count < 2)
		return cli_bad(state, "connect needs a host");
	if (count > 3)
		return cli_bad(state, "connect takes a host and a port, not also \"%s\"", words[3]);
	o->host = words[1];
	return count == 3 ? option_parse_port(state, words[2], false, &o->port) : CLI_RUN;
}

static enum cli_result check(const struct options *o, struct cli_state *state)
{
	for (size_t i = 0; i < lab_cli.count; i++) {
		if (o->command == LAB_LISTEN || !table[i].on || !(state->given >> i & 1))
			continue;
		if (table[i].set == option_port)
			return cli_bad(state, "--port belongs to listen; connect takes the port "
					      "after the host");
		return cli_bad(state, "--%s belongs to listen", table[i].name);
	}
	if (!o->key_file)
		return cli_bad(state, "give the shared key with --key-file");
	if (o->iv_hex && o->iv_file)
		return cli_bad(state, "--iv and --iv-file exclude each other");
	if (o->device[0] == 0)
		return cli_bad(state, "--device is a path, auto or none");
	return CLI_RUN;
}

enum cli_result options_parse(int argc, char **argv, struct options *ret, struct cli_state *state)
{
	struct options o = {.family = AF_UNSPEC, .linger_ms = LINGER_AUTO};
	enum cli_result result = cli_parse(&lab_cli, argc, argv, &o, state);

	if (result == CLI_RUN)
		result = parse_words(&o, state);
	if (result == CLI_RUN)
		result = check(&o, state);
	if (result == CLI_RUN)
		*ret = o;
	return result;
}
