/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iv.c - the IV that the next job continues with. See iv.h. */
#include "engine/iv.h"

#include <string.h>

void eng_iv_advance_ctr(uint8_t iv[VCD_MAX_IV_LEN], uint64_t blocks)
{
	for (size_t i = VCD_MAX_IV_LEN; i-- > 0 && blocks;) {
		uint64_t sum = iv[i] + (blocks & 0xff);

		iv[i] = (uint8_t)sum;
		/* blocks >> 8 is below 2^56, so the carry cannot be lost. */
		blocks = (blocks >> 8) + (sum >> 8);
	}
}

/* Offset of the last whole block of the job's data; false when there is none. */
static bool last_block(const struct eng_job *job, size_t *offset)
{
	size_t size = job->session->cipher->iv_len;

	if (job->len < size)
		return false;
	*offset = job->len / size * size - size;
	return true;
}

void eng_iv_save(struct eng_iv_saved *saved, const struct eng_job *job)
{
	const struct eng_alg *cipher = job->session->cipher;
	size_t offset;

	switch (eng_alg_mode(cipher)) {
	case ENG_MODE_CBC:
	case ENG_MODE_CFB:
		if (!(job->flags & ENG_JOB_DECRYPT))
			return;
		break;
	case ENG_MODE_OFB:
		break;
	default:
		return;
	}
	if (last_block(job, &offset))
		memcpy(saved->block, job->src + offset, cipher->iv_len);
}

void eng_iv_next(const struct eng_iv_saved *saved, struct eng_job *job)
{
	const struct eng_alg *cipher = job->session->cipher;
	enum eng_mode mode = eng_alg_mode(cipher);
	size_t offset;

	if (mode == ENG_MODE_CTR) {
		eng_iv_advance_ctr(job->iv, ((uint64_t)job->len + 15) / 16);
		return;
	}
	if (mode != ENG_MODE_CBC && mode != ENG_MODE_CFB && mode != ENG_MODE_OFB)
		return;
	if (!last_block(job, &offset))
		return;
	if (mode == ENG_MODE_OFB) {
		for (size_t i = 0; i < cipher->iv_len; i++)
			job->iv[i] = saved->block[i] ^ job->dst[offset + i];
	} else if (job->flags & ENG_JOB_DECRYPT) {
		memcpy(job->iv, saved->block, cipher->iv_len);
	} else {
		memcpy(job->iv, job->dst + offset, cipher->iv_len);
	}
}
