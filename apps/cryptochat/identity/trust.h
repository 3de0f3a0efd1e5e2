/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trust.h - is this the key we expect?
 *
 * Pure decisions on what is known; asking and remembering is the room's.
 */
#ifndef CRYPTOCHAT_IDENTITY_TRUST_H
#define CRYPTOCHAT_IDENTITY_TRUST_H

#include "cryptochat/identity/peers.h"

/**
 * enum trust - what to do about a key
 * @TRUST_KNOWN: it is the one that was accepted before
 * @TRUST_NEW: never seen: somebody has to decide
 * @TRUST_CHANGED: another key was accepted for this address: stop
 * @TRUST_REJECTED: the user compared words with this key, and they differed: stop
 */
enum trust { TRUST_KNOWN, TRUST_NEW, TRUST_CHANGED, TRUST_REJECTED };

/**
 * trust_address() - the key of whom we have called
 * @p: known peers
 * @address: HOST:PORT
 * @key: the key it has
 * @known: the entry that the decision rests on: for TRUST_NEW one that has the same key
 *	under another address, if there is one; else NULL
 */
enum trust trust_address(const struct peers *p, const char *address,
			 const uint8_t key[KEY_HASH_SIZE], const struct peer **known);

/**
 * trust_caller() - the key of somebody who calls us
 * @known: the entry of this key, else NULL
 *
 * A known key keeps the nick it has in known_peers, whatever it calls itself today. A nick is only
 * what somebody says of himself: a new key with a nick that is known is a new person, and gets
 * another name here. Never %TRUST_CHANGED.
 */
enum trust trust_caller(const struct peers *p, const uint8_t key[KEY_HASH_SIZE],
			const struct peer **known);

/** enum consent - what an answer to a first contact means */
enum consent { CONSENT_UNCLEAR, CONSENT_YES, CONSENT_NO };

/** trust_is_fingerprint() - does the answer name a key? */
bool trust_is_fingerprint(const char *answer);

/** trust_consent() - read "yes", "no" or a fingerprint, which means yes if it is that of @key */
enum consent trust_consent(const char *answer, const uint8_t key[KEY_HASH_SIZE]);

#endif /* CRYPTOCHAT_IDENTITY_TRUST_H */
