/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload.h - names and checks of workloads, for the command line.
 *
 * All functions print what is wrong and return whether all is well.
 */
#ifndef VCD_BENCH_WORKLOAD_H
#define VCD_BENCH_WORKLOAD_H

#include "tools/bench/bench.h"

/** Values of aad_len and tag_len that workload_settle() replaces with what is usual. */
#define WORKLOAD_UNSET UINT32_MAX

/** enum workload_op - what was asked for. */
enum workload_op {
	WORKLOAD_ANY, /* encryption, or the digest of a hash */
	WORKLOAD_ENCRYPT,
	WORKLOAD_DECRYPT,
	WORKLOAD_DIGEST,
};

/**
 * workload_parse_alg - an algorithm with its key size in the middle.
 *
 * "aes-128-cbc" is the table's "aes-cbc" with 128 bits of key, "3des-cbc" and "sha3-256" are
 * themselves. Of XTS's two keys the bits are those of one. An HMAC's key is as long as its
 * digest. @text is kept.
 */
bool workload_parse_alg(const char *text, struct workload *work);

/** workload_parse_op - "encrypt", "decrypt" or "digest". */
bool workload_parse_op(const char *text, enum workload_op *op);

/** workload_parse_submit - "sync", "batch" or "async". */
bool workload_parse_submit(const char *text, enum bench_submit *submit);

/** workload_settle - fill in what was not said, and check what depends on several options. */
bool workload_settle(struct workload *work, enum workload_op op);

/** workload_size_ok - whether @size bytes can be one operation. */
bool workload_size_ok(const struct workload *work, uint32_t size);

/** workload_op_name - "encrypt", "decrypt" or "digest". */
const char *workload_op_name(const struct workload *work);

/** workload_submit_name - "sync", "batch" or "async". */
const char *workload_submit_name(enum bench_submit submit);

#endif /* VCD_BENCH_WORKLOAD_H */
