/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h - the command line of vcrypto-keeper. */
#ifndef VCD_KEEPER_OPTIONS_H
#define VCD_KEEPER_OPTIONS_H

#include "common/log.h"
#include "common/unix_socket.h"
#include "daemon/confine/sandbox.h"

/* Exit status; documented in the manual page. */
enum {
	STATUS_OK = 0,
	STATUS_FAILURE = 1,
	STATUS_USAGE = 2,
	OPTIONS_RUN = -1, /* go on */
};

#define OPTIONS_SERVER "as-server"
#define OPTIONS_MODULE "as-module"

/**
 * struct options - the command line.
 * @socket_path: where to listen
 * @access: who may connect
 * @policy: policy file
 * @revoked: file with labels that are revoked, or NULL
 * @check_policy: check it and end
 * @threads: that compute with keys from files; 0: as many as there are processors
 * @sandbox: how much
 * @seccomp: filter
 * @seccomp_given: the command line names one
 * @level: of messages
 * @server: server: socket to the loader, or -1
 * @namespaces: server: SPAWN_*
 * @namespaces_err: server: whether its maps were written
 * @owner: server: user that may give orders
 * @module: module: socket, or -1
 */
struct options {
	const char *socket_path;
	struct unix_socket_access access;
	const char *policy;
	const char *revoked;
	bool check_policy;
	unsigned int threads;
	enum sandbox_mode sandbox;
	enum seccomp_mode seccomp;
	bool seccomp_given;
	enum log_level level;
	int server;
	int namespaces;
	int namespaces_err;
	unsigned int owner;
	int module;
};

/** options_parse - read it. Return: OPTIONS_RUN, or the exit status: all is done. */
int options_parse(int argc, char **argv, struct options *options);

#endif /* VCD_KEEPER_OPTIONS_H */
