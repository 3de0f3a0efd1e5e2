// SPDX-License-Identifier: GPL-2.0-or-later
/* options.c - the command line of cryptochat. */
#include "chat/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "chat/conversation.h"
#include "chat/crypt.h"
#include "chat/lab.h"
#include "chat/lab_frame.h"

/* A day; longer than that, "forever" is what is meant. */
#define LINGER_MAX_SECONDS 86400

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
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

void options_help(FILE *out)
{
	fputs("Usage: cryptochat listen --protocol=lab --key-file FILE [OPTION]...\n"
	      "       cryptochat connect HOST [PORT] --protocol=lab --key-file FILE [OPTION]...\n"
	      "Talk over TCP; the encryption is computed by a crypto device where there is one.\n"
	      "Standard input is sent, what is received goes to standard output.\n"
	      "\n"
	      "  --protocol=lab       the protocol; there is no default\n"
	      "  --key-file=FILE      shared key: raw bytes, or hexadecimal digits\n"
	      "  --device=PATH        crypto device to use; none: compute in this process;\n"
	      "                       auto: " CRYPT_DEFAULT_DEVICE
	      " where it works, else none (default)\n"
	      "  --linger=SECONDS     wait so long for input after the peer's end; or forever\n"
	      "                       (default: 0 for a terminal, else 1)\n"
	      "  --raw                pass control characters to a terminal\n"
	      "  -4, -6               IPv4 or IPv6 only\n"
	      "      --help           print this text\n"
	      "      --version        print the version\n"
	      "listen:\n"
	      "  --port=PORT          port to bind (default 35001); 0: any free one\n"
	      "  --bind=ADDRESS       address to bind (default: any)\n"
	      "  --once               leave after the first client\n"
	      "What both ends of the lab protocol must agree on:\n"
	      "  --data-size=BYTES    size of a frame (default 256)\n"
	      "  --key-size=BYTES     16, 24 or 32 (default 16)\n"
	      "  --iv=HEX             initialisation vector (default: zero)\n"
	      "  --iv-file=FILE       the same from a file\n"
	      "\n" LAB_INSECURE "\n"
	      "Exit status: 0 done, 1 network or stream failed, 2 usage or key file,\n"
	      "4 crypto device failed. The manual is cryptochat(1).\n",
	      out);
}

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

/**
 * struct seen - options whose presence or absence is checked at the end
 */
struct seen {
	const char *protocol;
	const char *listen_only;
};

static enum options_result parse_listen_option(int option, struct options *o, char *error)
{
	switch (option) {
	case OPT_PORT:
		return parse_port(optarg, true, &o->port, error);
	case OPT_BIND:
		o->bind = optarg;
		break;
	case OPT_ONCE:
		o->once = true;
		break;
	}
	return OPTIONS_RUN;
}

static enum options_result parse_option(int option, struct options *o, struct seen *seen,
					char *error)
{
	switch (option) {
	case '4':
		return parse_family(AF_INET, &o->family, error);
	case '6':
		return parse_family(AF_INET6, &o->family, error);
	case OPT_PROTOCOL:
		seen->protocol = optarg;
		break;
	case OPT_PORT:
	case OPT_BIND:
	case OPT_ONCE:
		seen->listen_only = option == OPT_PORT	 ? "--port"
				    : option == OPT_BIND ? "--bind"
							 : "--once";
		return parse_listen_option(option, o, error);
	case OPT_RAW:
		o->raw = true;
		break;
	case OPT_LINGER:
		return parse_linger(optarg, &o->linger_ms, error);
	case OPT_KEY_FILE:
		o->key_file = optarg;
		break;
	case OPT_KEY_SIZE:
		return parse_key_size(optarg, &o->key_size, error);
	case OPT_DEVICE:
		o->device = optarg;
		break;
	case OPT_DATA_SIZE:
		return parse_data_size(optarg, &o->frame_size, error);
	case OPT_IV:
		o->iv_hex = optarg;
		break;
	case OPT_IV_FILE:
		o->iv_file = optarg;
		break;
	case OPT_HELP:
		return OPTIONS_HELP;
	case OPT_VERSION:
		return OPTIONS_VERSION;
	}
	return OPTIONS_RUN;
}

/* The words that are not options: COMMAND, and for connect HOST [PORT]. */
static enum options_result parse_words(int count, char **words, struct options *o, char *error)
{
	if (count == 0)
		return bad(error, "say listen or connect");
	if (strcmp(words[0], "listen") == 0) {
		o->command = COMMAND_LISTEN;
		if (count > 1)
			return bad(error, "listen takes no \"%s\": a port is given by --port",
				   words[1]);
		return OPTIONS_RUN;
	}
	if (strcmp(words[0], "connect") != 0)
		return bad(error, "unknown command \"%s\": say listen or connect", words[0]);

	o->command = COMMAND_CONNECT;
	if (count < 2)
		return bad(error, "connect needs a host");
	if (count > 3)
		return bad(error, "connect takes a host and a port, not also \"%s\"", words[3]);
	o->host = words[1];
	return count == 3 ? parse_port(words[2], false, &o->port, error) : OPTIONS_RUN;
}

static enum options_result check(const struct options *o, const struct seen *seen, char *error)
{
	if (o->command == COMMAND_CONNECT && seen->listen_only)
		return bad(error, "%s belongs to listen%s", seen->listen_only,
			   strcmp(seen->listen_only, "--port") == 0
			       ? "; connect takes the port after the host"
			       : "");
	if (!seen->protocol)
		return bad(error,
			   "give --protocol=lab, the one protocol of this version (insecure)");
	if (strcmp(seen->protocol, "lab") != 0)
		return bad(error, "unknown protocol \"%s\": this version has lab", seen->protocol);
	if (!o->key_file)
		return bad(error, "give the shared key with --key-file");
	if (o->device[0] == 0)
		return bad(error, "--device is a path, auto or none");
	if (o->iv_hex && o->iv_file)
		return bad(error, "--iv and --iv-file exclude each other");
	return OPTIONS_RUN;
}

enum options_result options_parse(int argc, char **argv, struct options *ret, char *error)
{
	struct options o = {
	    .port = CHAT_DEFAULT_PORT,
	    .family = AF_UNSPEC,
	    .linger_ms = LINGER_AUTO,
	    .device = CRYPT_DEVICE_AUTO,
	    .key_size = 16,
	    .frame_size = LAB_FRAME_DEFAULT,
	};
	struct seen seen = {0};
	enum options_result result;
	int option;

	opterr = 0;
	optind = 0; /* 0, not 1: glibc starts afresh, so that a test may call us twice */
	while ((option = getopt_long(argc, argv, "46", long_options, NULL)) != -1) {
		if (option == '?')
			return bad(error, "bad option or missing argument: %s", argv[optind - 1]);
		result = parse_option(option, &o, &seen, error);
		if (result != OPTIONS_RUN)
			return result;
	}
	result = parse_words(argc - optind, argv + optind, &o, error);
	if (result == OPTIONS_RUN)
		result = check(&o, &seen, error);
	if (result == OPTIONS_RUN)
		*ret = o;
	return result;
}
