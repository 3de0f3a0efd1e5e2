/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keeperkit.h - the real keeper, as a process in a folder of its own, and clients of it. */
#ifndef VCD_TEST_KEEPERKIT_H
#define VCD_TEST_KEEPERKIT_H

#include <sys/types.h>

#include "keeper/client.h"
#include "tests/keeper/keykit.h"

/** struct kit - a keeper. */
struct kit {
	const char *program;
	char folder[64];
	char socket[100];
	char policy[100];
	char log[100];
	pid_t pid;
};

/** kit_open - a folder for the keeper of that path. */
void kit_open(struct kit *kit, const char *program);

/** kit_close - end the keeper, and remove the folder. */
void kit_close(struct kit *kit);

/** kit_file - write a file of the folder, mode 0600. */
void kit_file(struct kit *kit, const char *name, const void *bytes, size_t len);

/** kit_pem - write a private key. */
void kit_pem(struct kit *kit, const char *name, EVP_PKEY *pkey);

/** kit_set_policy - write the policy. */
void kit_set_policy(struct kit *kit, const char *text);

/** kit_start - start the keeper, and wait until it serves. @option may be NULL. */
void kit_start(struct kit *kit, const char *option);

/** kit_stop - end it. Return: what waitpid() says. */
int kit_stop(struct kit *kit);

/** kit_check - run it with --check-policy. Return: its exit status. */
int kit_check(struct kit *kit);

/** kit_said - whether the log has these words. */
bool kit_said(struct kit *kit, const char *words);

/** kit_wait_said - wait for them, 20 s at most. */
void kit_wait_said(struct kit *kit, const char *words);

/** kit_child - the process id of the server, or of the n-th module's process; 0: none. */
pid_t kit_child(struct kit *kit, bool server);

/** kit_connect - a client that has said which VM it is; NULL: one that has not. */
struct keeper_client kit_connect(struct kit *kit, const char *vm);

/** kit_handle - open a key. */
uint64_t kit_handle(struct keeper_client *client, const char *label);

/** kit_operate - a request, with its reply's payload. Return: enum keeper_status or -errno. */
int kit_operate(struct keeper_client *client, struct keeper_request request, const void *in,
		size_t len, uint8_t *out, size_t *out_len);

/** kit_sign - sign @len bytes as a message. As kit_operate(). */
int kit_sign(struct keeper_client *client, uint64_t handle, enum keeper_scheme scheme,
	     const void *message, size_t len, uint8_t *out, size_t *out_len);

/** kit_public - the public key that INFO gives. */
EVP_PKEY *kit_public(struct keeper_client *client, uint64_t handle);

/** kit_admin - an administrator's request. Return: as kit_operate(). */
int kit_admin(struct kit *kit, enum keeper_type type, const char *text);

/** kit_metric - a value of the metrics page; -1: it has none of that name. */
long kit_metric(struct kit *kit, const char *name);

#endif /* VCD_TEST_KEEPERKIT_H */
