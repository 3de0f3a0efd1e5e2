/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * data.c - what every operation is given, and what must come out: libcrypto's work,
 * independent of the engine that is measured.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"
#include "tools/bench/evp.h"

/* Fixed and dull, but no two bytes in a row alike; 3DES wants three different keys. */
static void fill(uint8_t *p, size_t n, unsigned int seed)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(seed + i * 37 + (i >> 8) * 11);
}

static int libcrypto(struct bench *bench, bool decrypt, const uint8_t *in, uint8_t *out)
{
	const struct evp_io io = {.iv = bench->iv, .aad = bench->aad, .in = in, .out = out};
	struct workload work = bench->work;
	struct evp_session *session = NULL;
	struct evp_alg *alg = NULL;
	int err;

	if (work.alg->id == CRYPTO_NULL) {
		memcpy(out, in, work.size);
		return 0;
	}
	work.decrypt = decrypt;
	err = evp_alg_open(&work, &alg);
	if (!err)
		err = evp_session_new(alg, &work, bench->key, bench->iv, &session);
	if (!err)
		err = evp_session_run(session, &io);
	evp_session_free(session);
	evp_alg_close(alg);
	return err;
}

static int alloc(struct bench *bench)
{
	const struct workload *work = &bench->work;

	bench->in_len = work->size + (bench_is_aead(work) && work->decrypt ? work->tag_len : 0);
	bench->out_len = bench_data_out(work) + bench_tail_out(work);
	bench->aad = malloc(work->aad_len + 1);
	bench->input = malloc(bench->in_len);
	/* Room for a tag: libcrypto's decryption of an AEAD writes none, its encryption does. */
	bench->expected = malloc(work->size + VCD_MAX_DIGEST_LEN);
	return bench->aad && bench->input && bench->expected ? 0 : -ENOMEM;
}

int bench_make_data(struct bench *bench)
{
	const struct workload *work = &bench->work;
	bool sealed = bench_is_aead(work) && work->decrypt;
	int err = alloc(bench);

	if (err)
		return err;
	fill(bench->key, sizeof(bench->key), 1);
	fill(bench->iv, sizeof(bench->iv), 100);
	fill(bench->aad, work->aad_len, 50);
	if (sealed) {
		/* A message with its tag is needed first. */
		fill(bench->expected, work->size, 7);
		err = libcrypto(bench, false, bench->expected, bench->input);
	} else {
		fill(bench->input, work->size, 7);
		err = libcrypto(bench, work->decrypt, bench->input, bench->expected);
	}
	if (err)
		bench_error("this libcrypto does not have %s, so results cannot be checked; choose "
			    "another --alg",
			    work->name);
	return err;
}
