/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what the files of cryptodev-fuzz share. See main.c.
 */
#ifndef TESTS_VM_GUEST_FUZZ_H
#define TESTS_VM_GUEST_FUZZ_H

#include <stdbool.h>
#include <stdint.h>

#include "../dev.h"
#include "../rand.h"

#define ARENA (1u << 20)
#define PAGE 4096u
#define FILES 6
#define SESSIONS 6
#define CALLERS 3
#define ERRNOS 134

/* Kinds of calls. */
enum {
	N_CRIOGET,
	N_GSESSION,
	N_FSESSION,
	N_CRYPT,
	N_SESSINFO,
	N_AUTH,
	N_SUBMIT,
	N_FETCH,
	N_CPHASH,
	N_BATCH,
	N_ASYMFEAT,
	N_OTHER,
	N_POLL,
	N_KEYS, /* the first one about keys by name */
	N_LABEL = N_KEYS,
	N_KEYLIST,
	N_KEYINFO,
	N_KEYOP,
	N_KEYASYNC,
	N_KEYFETCH,
	N_KINDS
};

/** kind_names - for messages. */
extern const char *const kind_names[N_KINDS];

/**
 * struct shared - what all processes count in, and stop by.
 * @calls: made
 * @good: that succeeded, by kind
 * @errnos: calls that ended with each
 * @stop: all are to end
 * @wrong: an errno was seen that the interface does not have
 */
struct shared {
	uint64_t calls, good[N_KINDS], errnos[ERRNOS];
	int stop, wrong;
};
extern struct shared *all;

/** struct options - of the command line, and what the host has. */
struct options {
	unsigned long seconds, calls, processes;
	uint64_t seed;
	bool keys; /* the host has keys by name */
};
extern struct options options;

/** struct proc - data that the threads of a process share; races on it are part of the test. */
struct proc {
	int fd[FILES];
	uint32_t ses[FILES][SESSIONS];
	uint32_t named[FILES][SESSIONS]; /* the key by name that the session has, from 1 on */
	uint8_t *arena;
};
extern struct proc proc;

/** struct caller - a thread that makes calls. */
struct caller {
	struct rnd r;
	uint32_t file; /* of the present call */
	uint8_t *args; /* a page and a half for structures, then no page */
	/* of CRYPT_BATCH_MAX entries: the call may accept a random count */
	struct crypt_op *ops;
	int32_t *status;
};

/** random_pointer - somewhere to read or write; mostly in the arena. */
uint8_t *random_pointer(struct rnd *r);

/** random_length - mostly one that fits. */
uint32_t random_length(struct rnd *r);

/** random_session_id - mostly one of the file that the call is made on. */
uint32_t random_session_id(struct caller *c);

/** random_crypt - an operation, right, near the edge or wrong; the next two the same. */
void random_crypt(struct caller *c, struct crypt_op *op);

/** random_auth - an authenticated operation. */
void random_auth(struct caller *c, struct crypt_auth_op *op);

/** random_session - a session to make. */
void random_session(struct rnd *r, struct session_op *op);

/* keys.c */

/** keys_look - list the keys by name, before processes are made. Return: whether there are any. */
bool keys_look(int fd);

/** random_label_session - a session to make. Return: number of its key, from 1 on. */
uint32_t random_label_session(struct rnd *r, struct crypt_label_op *op);

/** random_key_list and so on: arguments of other calls about keys by name. */
void random_key_list(struct rnd *r, struct crypt_key_list *list);
void random_key_info(struct rnd *r, struct crypt_key_info *info);
void random_key_op(struct caller *c, struct crypt_key_op *op);
void random_key_fetch(struct rnd *r, struct crypt_key_fetch *fetch);

/** call_one - one random call, counted. */
void call_one(struct caller *c);

/**
 * process_main - what a process does until all stop: callers, and what disturbs them.
 * @common: a file that all processes share
 * @stream: of random numbers, no other process's
 */
_Noreturn void process_main(int common, uint64_t stream);

#endif
