/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload.h - names and checks of workloads, for the command line.
 *
 * Checks return CLI_RUN, or CLI_BAD with what is wrong in @state.
 */
#ifndef VCD_BENCH_WORKLOAD_H
#define VCD_BENCH_WORKLOAD_H

#include "common/cli.h"
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
enum cli_result workload_parse_alg(struct cli_state *state, const char *text,
				   struct workload *work);

/** workload_settle - fill in what was not said, and check what depends on several options. */
enum cli_result workload_settle(struct cli_state *state, struct workload *work,
				enum workload_op op);

/** workload_check_size - whether @size bytes can be one operation. */
enum cli_result workload_check_size(struct cli_state *state, const struct workload *work,
				    uint32_t size);

/** workload_op_name - "encrypt", "decrypt", "digest" or "sign". */
const char *workload_op_name(const struct workload *work);

/** workload_submit_name - "sync", "batch" or "async". */
const char *workload_submit_name(enum bench_submit submit);

#endif /* VCD_BENCH_WORKLOAD_H */
