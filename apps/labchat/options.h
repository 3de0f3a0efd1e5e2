/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h - the command line of labchat, and its exit codes. */
#ifndef LABCHAT_OPTIONS_H
#define LABCHAT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cli.h"

/**
 * enum lab_exit - exit codes; documented in labchat(1)
 * @LAB_OK: the conversation ended as it should
 * @LAB_NETWORK: the network, the peer's stream or a standard stream failed
 * @LAB_USAGE: bad command line, key file or IV
 * @LAB_DEVICE: the crypto device asked for, or the one in use, does not work
 */
enum lab_exit {
	LAB_OK = 0,
	LAB_NETWORK = 1,
	LAB_USAGE = 2,
	LAB_DEVICE = 4,
};

enum lab_command { LAB_LISTEN, LAB_CONNECT };

#define LAB_DEFAULT_PORT 35001
#define LINGER_AUTO (-2) /* options.linger_ms: choose by what the input is */

/**
 * struct options - a checked command line; strings are borrowed from argv
 * @host: whom to call; NULL for listen
 * @port: port to bind, 0 for any free one, or to call
 * @family: AF_UNSPEC, AF_INET or AF_INET6
 * @bind: address to bind, or NULL for any
 * @once: leave after the first client
 * @device: path, "auto" or "none"
 * @key_file: shared key
 * @raw: never filter the output
 * @linger_ms: see conversation_run(), or LINGER_AUTO
 * @key_size: 16, 24 or 32
 * @frame_size: DATA_SIZE of the lab protocol
 * @iv_hex: hexadecimal IV, or NULL
 * @iv_file: path of the IV, or NULL; with neither the IV is zero
 */
struct options {
	enum lab_command command;
	const char *host;
	uint16_t port;
	int family;
	const char *bind;
	bool once;
	const char *device;
	const char *key_file;
	bool raw;
	int linger_ms;
	size_t key_size;
	size_t frame_size;
	const char *iv_hex;
	const char *iv_file;
};

/** The table of options, for cli_finish(). */
extern const struct cli lab_cli;

/**
 * options_parse() - read and check a command line
 * @argc: as for main()
 * @argv: as for main(); is put in order
 * @ret: valid after CLI_RUN
 * @state: after CLI_BAD, @state->error says what is wrong and what to do
 *
 * Prints nothing.
 */
enum cli_result options_parse(int argc, char **argv, struct options *ret, struct cli_state *state);

#endif /* LABCHAT_OPTIONS_H */
