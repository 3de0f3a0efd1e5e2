/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h - the command line of cryptochat, and its exit codes. */
#ifndef CHAT_OPTIONS_H
#define CHAT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * enum chat_exit - exit codes; documented in cryptochat(1)
 * @CHAT_OK: the conversation ended as it should
 * @CHAT_NETWORK: the network, the peer's stream or a standard stream failed
 * @CHAT_USAGE: bad command line or configuration, key file included
 * @CHAT_DEVICE: the crypto device asked for, or the one in use, does not work
 *
 * 3, 5 and 6 are kept free for refusals of later protocols.
 */
enum chat_exit {
	CHAT_OK = 0,
	CHAT_NETWORK = 1,
	CHAT_USAGE = 2,
	CHAT_DEVICE = 4,
};

enum chat_command { COMMAND_LISTEN, COMMAND_CONNECT };

#define CHAT_DEFAULT_PORT 35001
#define LINGER_AUTO (-2) /* options.linger_ms: choose by what the input is */

/**
 * struct options - a checked command line; strings are borrowed from argv
 * @command: what to do
 * @host: connect: whom to call
 * @port: listen: port to bind, 0 for any free one; connect: port to call
 * @family: AF_UNSPEC, AF_INET or AF_INET6
 * @bind: listen: address to bind, or NULL for any
 * @once: listen: leave after the first client
 * @raw: never filter the output
 * @linger_ms: see conversation_run(), or LINGER_AUTO
 * @device: path, "auto" or "none"
 * @key_file: path
 * @key_size: 16, 24 or 32
 * @frame_size: DATA_SIZE of the lab protocol
 * @iv_hex: hexadecimal IV, or NULL
 * @iv_file: path of the IV, or NULL; with neither the IV is zero
 */
struct options {
	enum chat_command command;
	const char *host;
	uint16_t port;
	int family;
	const char *bind;
	bool once;
	bool raw;
	int linger_ms;
	const char *device;
	const char *key_file;
	size_t key_size;
	size_t frame_size;
	const char *iv_hex;
	const char *iv_file;
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_BAD };

#define OPTIONS_ERROR_SIZE 256

/**
 * options_parse() - read and check a command line
 * @argc: as for main()
 * @argv: as for main(); may be reordered
 * @ret: valid after OPTIONS_RUN
 * @error: after OPTIONS_BAD: what is wrong and what to do, OPTIONS_ERROR_SIZE bytes
 *
 * Prints nothing.
 *
 * Return: what to do next
 */
enum options_result options_parse(int argc, char **argv, struct options *ret, char *error);

/** options_help() - print the text of --help */
void options_help(FILE *out);

#endif /* CHAT_OPTIONS_H */
