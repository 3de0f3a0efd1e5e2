// SPDX-License-Identifier: GPL-2.0-or-later
/* trust.c - is this the key we expect? */
#include "cryptochat/identity/trust.h"

#include <string.h>
#include <strings.h>

enum trust trust_address(const struct peers *p, const char *address,
			 const uint8_t key[KEY_HASH_SIZE], const struct peer **known)
{
	*known = peers_by_key(p, key);
	if (*known && (*known)->label == PEER_REJECTED)
		return TRUST_REJECTED;
	*known = peers_by_address(p, address, key);
	if (*known)
		return memcmp((*known)->key, key, KEY_HASH_SIZE) == 0 ? TRUST_KNOWN : TRUST_CHANGED;
	*known = peers_by_key(p, key);
	return TRUST_NEW;
}

enum trust trust_caller(const struct peers *p, const uint8_t key[KEY_HASH_SIZE],
			const struct peer **known)
{
	*known = peers_by_key(p, key);
	if (!*known)
		return TRUST_NEW;
	return (*known)->label == PEER_REJECTED ? TRUST_REJECTED : TRUST_KNOWN;
}

bool trust_is_fingerprint(const char *answer)
{
	uint8_t hash[KEY_HASH_SIZE];

	return key_read(answer, hash) == 0;
}

enum consent trust_consent(const char *answer, const uint8_t key[KEY_HASH_SIZE])
{
	uint8_t hash[KEY_HASH_SIZE];

	if (strcasecmp(answer, "yes") == 0)
		return CONSENT_YES;
	if (strcasecmp(answer, "no") == 0)
		return CONSENT_NO;
	if (key_read(answer, hash))
		return CONSENT_UNCLEAR;
	return memcmp(hash, key, KEY_HASH_SIZE) == 0 ? CONSENT_YES : CONSENT_NO;
}
