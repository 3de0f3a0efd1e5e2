/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * repeat.h - answers that are given again.
 *
 * A worker's successor may repeat what its predecessor had done already (link.h,
 * "Idempotence"). The answers to the last KEEPER_TOKENS operations with a token are kept for each
 * VM. A request gets one if token, key and all that was asked are the same: so a token that lies
 * gains nothing but an answer that was given before. One thread.
 */
#ifndef VCD_KEEPER_REPEAT_H
#define VCD_KEEPER_REPEAT_H

#include <stddef.h>
#include <stdint.h>

#include "keeper/link.h"

/**
 * struct answer - one that may be given again.
 * @token: token of the request; 0: none is here
 * @asked: SHA-256 of key and request
 * @status: enum keeper_status
 * @len: bytes at @out
 * @iv: CRYPT: IV that continues
 * @out: output, in libcrypto's memory
 */
struct answer {
	uint64_t token;
	uint8_t asked[32];
	uint16_t status;
	uint32_t len;
	uint8_t iv[16];
	uint8_t *out;
};

/**
 * struct repeats - the answers of one VM; a token has its place by its number.
 */
struct repeats {
	struct answer answers[KEEPER_TOKENS];
};

/**
 * repeat_asked - what identifies a request: all of it but id and handle, and its key.
 * @check: the key's check value
 * @request: head
 * @payload: payload
 * @asked: out
 *
 * Return: 0 or -EIO.
 */
int repeat_asked(const uint8_t check[KEEPER_CHECK_LEN], const struct keeper_request *request,
		 const uint8_t *payload, uint8_t asked[32]);

/** repeat_find - the answer to the same request, or NULL. */
const struct answer *repeat_find(const struct repeats *repeats, uint64_t token,
				 const uint8_t asked[32]);

/** repeat_keep - keep a copy of an answer. One that cannot be had is not kept. */
void repeat_keep(struct repeats *repeats, const struct answer *answer);

/** repeats_free - wipe and free; NULL is fine. */
void repeats_free(struct repeats *repeats);

#endif /* VCD_KEEPER_REPEAT_H */
