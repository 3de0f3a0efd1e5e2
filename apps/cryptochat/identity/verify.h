/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verify.h - words that two people compare by voice.
 *
 * If both see the same words, nobody sits between them: the words depend on both keys, and
 * whoever is in between has two other keys. Four words would be few against somebody who can
 * try nonces until they match; so each end fixes its nonce before it learns the other one:
 *
 *	A -> B  COMMIT  SHA-256("cryptochat commit 1" | nonce A)
 *	B -> A  ANSWER  nonce B
 *	A -> B  REVEAL  nonce A, which B checks against the commitment
 *	words = SHA-256("cryptochat words 1" | key A | key B | nonce A | nonce B)
 *
 * One guess in 2^32 is right, and a wrong one is seen by the people. Both may start at
 * once: then the end with the smaller key is A.
 */
#ifndef CRYPTOCHAT_IDENTITY_VERIFY_H
#define CRYPTOCHAT_IDENTITY_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "cryptochat/protocol/frame.h"
#include "cryptochat/identity/identity_key.h"

#define VERIFY_WORDS 4
#define VERIFY_TEXT_SIZE 64

enum verify_state { VERIFY_IDLE, VERIFY_COMMITTED, VERIFY_ANSWERED, VERIFY_SHOWN };

/**
 * struct verify - one comparison; all zero: none
 * @own: our nonce
 * @commitment: what A committed to, when we are B
 * @words: once VERIFY_SHOWN
 */
struct verify {
	enum verify_state state;
	uint8_t own[DIGEST_SIZE];
	uint8_t commitment[DIGEST_SIZE];
	char words[VERIFY_TEXT_SIZE];
};

/** verify_start() - begin as A; @out: frame to send; returns 0 or -EIO: no random numbers */
int verify_start(struct verify *v, struct verify_frame *out);

/**
 * verify_receive() - a step of the peer
 * @own_key: ours
 * @peer_key: the peer's
 * @in: what came
 * @out: what to send, if 1 is returned
 *
 * Return: 1: send @out; 0: nothing to send; -EPROTO: not a step that may come now, or a
 * commitment that was not kept. After a return of 0 or 1 the state may be VERIFY_SHOWN.
 */
int verify_receive(struct verify *v, const uint8_t own_key[KEY_HASH_SIZE],
		   const uint8_t peer_key[KEY_HASH_SIZE], const struct verify_frame *in,
		   struct verify_frame *out);

/** verify_word() - one of 256 words */
const char *verify_word(uint8_t index);

#endif /* CRYPTOCHAT_IDENTITY_VERIFY_H */
