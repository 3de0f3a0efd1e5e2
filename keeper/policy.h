/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.h - the policy file: which VM may use which key for what.
 *
 * Theory of operation
 * -------------------
 * The file is lines of text in sections; vcrypto-keeper-policy(5) has the words. Everything is
 * forbidden that it does not allow, and a word that the parser does not know is an error: a
 * misspelt restriction must not become no restriction. The parser goes on after an error, so that
 * all of them are reported, and gives no policy if there was one.
 *
 * The parser reads text and nothing else: whether a file is there, what kind of key it holds and
 * whether the schemes fit it, is for keyset.c.
 *
 * Invariants
 * - A policy does not change once it is made.
 * - Labels in a VM's list are indices of keys that exist.
 */
#ifndef VCD_KEEPER_POLICY_H
#define VCD_KEEPER_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "keeper/link.h"

/** Bounds of a policy; the parser names the one that was passed. */
#define POLICY_MAX_BYTES (1u << 20)
#define POLICY_MAX_KEYS 4096u
#define POLICY_MAX_VMS 4096u
#define POLICY_MAX_TOKENS 64u
#define POLICY_MAX_RATE 1000000u

/** enum policy_store - where a key lies. */
enum policy_store {
	STORE_NONE,
	STORE_FILE,
	STORE_PKCS11,
};

/** enum policy_audit - which operations get a line in the log. */
enum policy_audit {
	AUDIT_EVENTS, /* none: opening, denials and revocation only */
	AUDIT_ALL,
};

/**
 * struct policy_key - a [key LABEL] section.
 * @label: label
 * @line: of the section's head
 * @faulty: an error in it was reported
 * @store: where it lies
 * @source: path of a file, or the whole pkcs11: URI
 * @passphrase: file with the passphrase of @source, or NULL
 * @passphrase_credential: name of a systemd credential instead, or NULL
 * @token: PKCS#11: index of its [token]
 * @alg: symmetric key: its algorithm, or NULL
 * @use: KEEPER_USE_*
 * @schemes: bit map of enum keeper_scheme
 * @form: what a signed message has to be
 * @hold_said: the section has "hold"
 * @worker: hold=worker
 * @iv_guest: iv=guest
 * @audit: which operations are logged
 * @rate: operations a second, 0: no limit
 * @burst: operations that may come at once
 * @has_ticket: opening it takes a ticket
 * @ticket: SHA-256 of the ticket
 */
struct policy_key {
	char label[KEEPER_LABEL_LEN];
	unsigned int line;
	bool faulty;
	enum policy_store store;
	char *source;
	char *passphrase;
	char *passphrase_credential;
	unsigned int token;
	const struct eng_alg *alg;
	uint32_t use;
	uint64_t schemes;
	enum keeper_form form;
	bool hold_said;
	bool worker;
	bool iv_guest;
	enum policy_audit audit;
	unsigned int rate;
	unsigned int burst;
	bool has_ticket;
	uint8_t ticket[32];
};

/**
 * struct policy_vm - a [vm NAME] section.
 * @name: the VM
 * @line: of the section's head
 * @user: user, a name or a number, or NULL: anybody's process may name this VM
 * @keys: indices of keys, in the order of their labels
 * @key_count: how many
 */
struct policy_vm {
	char name[KEEPER_LABEL_LEN];
	unsigned int line;
	char *user;
	unsigned int *keys;
	unsigned int key_count;
};

/**
 * struct policy_token - a [token NAME] section.
 * @name: as URIs have it
 * @line: of the section's head
 * @faulty: an error in it was reported
 * @module: path of its PKCS#11 module
 * @pin: file with the PIN, or NULL
 * @pin_credential: name of a systemd credential instead, or NULL
 * @threads: operations that the module carries out at a time
 * @timeout_ms: after which an operation has failed
 */
struct policy_token {
	char name[KEEPER_LABEL_LEN];
	unsigned int line;
	bool faulty;
	char *module;
	char *pin;
	char *pin_credential;
	unsigned int threads;
	unsigned int timeout_ms;
};

/**
 * struct policy - a whole file; keys are in the order of their labels.
 */
struct policy {
	struct policy_key *keys;
	unsigned int key_count;
	struct policy_vm *vms;
	unsigned int vm_count;
	struct policy_token *tokens;
	unsigned int token_count;
};

/**
 * struct policy_errors - where errors go.
 * @report: called for each; @line 0: none
 * @arg: for it
 * @count: how many there were
 */
struct policy_errors {
	void (*report)(void *arg, unsigned int line, const char *what);
	void *arg;
	unsigned int count;
};

/** policy_error - report one. */
void policy_error(struct policy_errors *errors, unsigned int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * policy_parse - read a policy.
 * @text: the file
 * @len: bytes at @text
 * @errors: where errors go
 *
 * Return: the policy, or NULL: errors were reported.
 */
struct policy *policy_parse(const char *text, size_t len, struct policy_errors *errors);

/** policy_free - NULL is fine. Return: NULL. */
struct policy *policy_free(struct policy *policy);

/** policy_key_find - index of the key with this label, or -1. */
int policy_key_find(const struct policy *policy, const char *label);

/** policy_vm_find - the VM of that name, or NULL. */
const struct policy_vm *policy_vm_find(const struct policy *policy, const char *name);

/** policy_label_ok - whether @text is a label: a-z, 0-9, then also . _ - ; at most 63 bytes. */
bool policy_label_ok(const char *text);

#endif /* VCD_KEEPER_POLICY_H */
