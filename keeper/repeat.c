/* SPDX-License-Identifier: GPL-2.0-or-later */
/* repeat.c - answers that are given again. See repeat.h. */
#include "keeper/repeat.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

int repeat_asked(const uint8_t check[KEEPER_CHECK_LEN], const struct keeper_request *request,
		 const uint8_t *payload, uint8_t asked[32])
{
	struct keeper_request same = *request;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	same.id = same.handle = 0;
	ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	     EVP_DigestUpdate(ctx, check, KEEPER_CHECK_LEN) == 1 &&
	     EVP_DigestUpdate(ctx, &same, sizeof(same)) == 1 &&
	     EVP_DigestUpdate(ctx, payload, request->len) == 1 &&
	     EVP_DigestFinal_ex(ctx, asked, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : -EIO;
}

const struct answer *repeat_find(const struct repeats *repeats, uint64_t token,
				 const uint8_t asked[32])
{
	const struct answer *answer = &repeats->answers[token % KEEPER_TOKENS];

	return token && answer->token == token && !memcmp(answer->asked, asked, 32) ? answer : NULL;
}

static void forget(struct answer *answer)
{
	OPENSSL_clear_free(answer->out, answer->len);
	*answer = (struct answer){0};
}

void repeat_keep(struct repeats *repeats, const struct answer *answer)
{
	struct answer *place = &repeats->answers[answer->token % KEEPER_TOKENS];
	uint8_t *out = NULL;

	if (!answer->token)
		return;
	forget(place);
	if (answer->len) {
		out = OPENSSL_malloc(answer->len);
		if (!out)
			return;
		memcpy(out, answer->out, answer->len);
	}
	*place = *answer;
	place->out = out;
}

void repeats_free(struct repeats *repeats)
{
	if (!repeats)
		return;
	for (unsigned int i = 0; i < KEEPER_TOKENS; i++)
		forget(&repeats->answers[i]);
	free(repeats);
}
