/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keyhost.h - a real vcrypto-keeper with one key that is made for the run: in a file, or in a slow
 * PKCS#11 token, which is the module of tests/keeper/fault_module.c.
 *
 * Key, policy and socket are in a temporary folder that goes with the keeper.
 */
#ifndef VCD_BENCH_KEYHOST_H
#define VCD_BENCH_KEYHOST_H

#include <openssl/evp.h>

#include "tests/wire/process.h"
#include "tools/bench/bench.h"
#include "tools/bench/sign.h"

/** Label of the key. */
#define KEYHOST_LABEL "bench"

/** Name of the machine that may use it. */
#define KEYHOST_VM "bench"

/**
 * struct keyhost - a keeper; all zero: none.
 * @folder: where its files are; empty: there is none yet
 * @socket: where it listens
 * @keeper: process
 * @kind: of the key
 * @key: the key
 */
struct keyhost {
	char folder[64];
	char socket[96];
	struct process keeper;
	const struct sign_kind *kind;
	EVP_PKEY *key;
};

/**
 * keyhost_open - make the key, start the keeper and wait until it listens.
 * @host: out; keyhost_close() is to be called in any case
 * @kind: of the key; of a slow token's it is p256
 * @target: program, threads, and whether there is a slow token (slow_load)
 *
 * Prints what is wrong. Return: 0 or a negative errno.
 */
int keyhost_open(struct keyhost *host, const struct sign_kind *kind, const struct target *target);

/** keyhost_close - end the keeper and remove its files. */
void keyhost_close(struct keyhost *host);

#endif /* VCD_BENCH_KEYHOST_H */
