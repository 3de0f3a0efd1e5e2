/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h - the command line of cryptochat, and its exit codes. */
#ifndef CRYPTOCHAT_SESSION_OPTIONS_H
#define CRYPTOCHAT_SESSION_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cli.h"
#include "cryptochat/link/offload.h"

/**
 * enum chat_exit - exit codes; documented in cryptochat(1)
 * @CHAT_OK: the conversation ended regularly
 * @CHAT_NETWORK: the network, the peer's stream or a standard stream failed
 * @CHAT_USAGE: bad command line or configuration, key file included
 * @CHAT_IDENTITY: the peer's key is not the one that was accepted, or was not accepted
 * @CHAT_DEVICE: the requested crypto device, or the one in use, does not work
 * @CHAT_INCOMPLETE: a file did not arrive
 * @CHAT_REFUSED: the peer refused to talk
 */
enum chat_exit {
	CHAT_OK = 0,
	CHAT_NETWORK = 1,
	CHAT_USAGE = 2,
	CHAT_IDENTITY = 3,
	CHAT_DEVICE = 4,
	CHAT_INCOMPLETE = 5,
	CHAT_REFUSED = 6,
};

enum chat_command {
	COMMAND_LISTEN,
	COMMAND_CONNECT,
	COMMAND_SEND,
	COMMAND_RECV,
	COMMAND_IDENTITY,
	COMMAND_PEERS,
};

/** enum peers_word - what `cryptochat peers` is to do */
enum peers_word { PEERS_LIST, PEERS_SHOW, PEERS_FORGET, PEERS_RENAME };

#define CHAT_DEFAULT_PORT 35001

/**
 * struct options - a checked command line; strings are borrowed from argv
 * @command: what to do
 * @host: whom to call, or NULL: nobody (listen), or ask for an invite (connect)
 * @port: port to bind, 0 for any free one, or to call
 * @family: AF_UNSPEC, AF_INET or AF_INET6
 * @bind: address to bind, or NULL for any
 * @once: leave after the first client
 * @device: path, "auto" or "none"
 * @key_file: shared key, or NULL
 * @invite: give out an invite
 * @invite_host: host to name in it, or NULL: our address
 * @invite_file: file to read an invite from, or NULL
 * @hub: many members
 * @message: send this and leave, or NULL
 * @nick: or NULL
 * @config: directory of identity and known peers, or NULL
 * @dir: directory for received files
 * @accept_new: take keys that nobody has seen
 * @strict: never ask about them
 * @eof_close: leave at the end of standard input
 * @json: events for programs
  * @history: keep the lines that are typed
 * @bell: ring when something comes
 * @quiet: no status
 * @offload: who encrypts
 * @require_offload: do not start without the device
 * @provider: provider module, or NULL
 * @keepalive_ms: between pings; three of them missing is the end of a link
 * @timeout_ms: how long to try a first call again; 0: each address is tried once
 * @reconnect_ms: how long to hope for another link
  * @peers: peers: what to do; @peer: with whom; @new_nick: its new name
 * @passphrase: identity: change the passphrase
 * @passphrase_file: file with the identity's passphrase, or NULL: ask
 * @files: send: files, @file_count of them
 */
struct options {
	enum chat_command command;
	const char *host;
	uint16_t port;
	int family;
	const char *bind;
	bool once;
	const char *device;
	const char *key_file;

	bool invite;
	const char *invite_host;
	const char *invite_file;
	bool hub;
	const char *message;
	const char *nick;
	const char *config;
	const char *dir;
	bool accept_new;
	bool strict;
	bool eof_close;
	bool json;
	bool history;
	bool bell;

	bool quiet;
	enum offload_policy offload;
	bool require_offload;
	const char *provider;
	int keepalive_ms;
	int timeout_ms;
	int reconnect_ms;
	enum peers_word peers;
	const char *peer;
	const char *new_nick;
	bool passphrase;
	const char *passphrase_file;
	char **files;
	size_t file_count;
};

/** The table of options, for cli_finish(). */
extern const struct cli chat_cli;

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

#endif /* CRYPTOCHAT_SESSION_OPTIONS_H */
