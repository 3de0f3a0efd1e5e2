/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * moreauth.c - random authenticated operations: AEADs, TLS records, SRTP packets.
 *
 * Theory of operation
 * -------------------
 * libcrypto seals a random text. The device is given the text, to seal it the same way, or what
 * was sealed, to open it: right, with a bit flipped somewhere that is authenticated, or at memory
 * that cannot be used. In SRTP the text lies in a region that is authenticated with it, with
 * something before and behind; else the region is the text alone.
 *
 * Whatever is refused must leave the destination as it was.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../dev.h"
#include "morestate.h"
#include "../refauth.h"

#define ROOM (160u << 10)
#define MARGIN 64u

/**
 * struct auth_room - memory of one operation, each part with a margin before it.
 * @plain: the region with the text
 * @sealed: the region with the sealed bytes
 * @work: the region that the device gets
 * @before: a copy of that
 * @out: the destination, if it is another region
 * @aad: additional data, if it is not the region
 */
struct auth_room {
	uint8_t plain[ROOM], sealed[ROOM], work[ROOM], before[ROOM], out[ROOM];
	uint8_t aad[4096];
};

/** struct auth_case - one operation. Lengths of the text and of the bytes before and behind it. */
struct auth_case {
	struct live_auth *s;
	struct auth_room *room;
	struct ref_auth ref;
	struct crypt_auth_op op;
	uint32_t len, off, tail;
	size_t sealed_len;
	bool open, forged, in_place;
	uint8_t iv[16], iv_back[20], tag[80], tag_right[64];
	int err_want;
};

static bool wrong(const struct auth_case *c, const char *what, int err)
{
	static const char *const kinds[] = {"AEAD", "TLS", "SRTP"};

	printf("FAILED: %s, CIOCAUTHCRYPT\n", what);
	printf("  %s cipher %u mac %u %s%s len %u (%u before, %u behind) aad %u tag %u flags 0x%x "
	       "iv %s%s: %d, expected %d\n",
	       kinds[c->s->kind], c->s->cipher, c->s->mac, c->open ? "open" : "seal",
	       c->forged ? " a forgery" : "", c->len, c->off, c->tail, c->op.auth_len, c->s->taglen,
	       c->op.flags, c->op.iv ? "given" : "continued", c->in_place ? " in place" : "", err,
	       c->err_want);
	return false;
}

static bool session_new(struct more *m, struct live_auth *a)
{
	static const uint32_t macs[] = {CRYPTO_SHA1_HMAC, CRYPTO_SHA2_256_HMAC,
					CRYPTO_SHA2_384_HMAC, CRYPTO_SHA2_512_HMAC,
					CRYPTO_MD5_HMAC};
	const struct ref_aead *aead = ref_aead_at(more_below(m, 3));
	uint32_t full = 16;

	if (a->ses)
		dev_end(m->fd, a->ses);
	memset(a, 0, sizeof(*a));
	rnd_fill(m->r, a->key, sizeof(a->key));
	rnd_fill(m->r, a->mackey, sizeof(a->mackey));
	a->kind = (enum auth_kind)more_below(m, KINDS);
	a->keylen = 16 + 8 * more_below(m, 3);
	a->ivsize = 16;
	if (a->kind == AEAD) {
		a->cipher = aead->id;
		a->ivsize = aead->ivsize;
		if (!aead->keylens[1])
			a->keylen = aead->keylens[0];
	} else {
		a->cipher = a->kind == TLS ? CRYPTO_AES_CBC : CRYPTO_AES_CTR;
		a->mac = macs[more_below(m, 5)];
		full = ref_mac_find(a->mac)->size;
	}
	a->taglen = full;
	if (!m->has[a->kind] ||
	    dev_mac_session(m->fd, a->cipher, a->key, a->keylen, a->mac, a->mackey,
			    a->mac ? sizeof(a->mackey) : 0, &a->ses)) {
		a->ses = 0;
		return false;
	}
	/* often a shorter tag, from the first operation on */
	if (!more_below(m, 3))
		a->wanted = a->kind != AEAD			    ? 4 + more_below(m, 8)
			    : a->cipher == CRYPTO_CHACHA20_POLY1305 ? 16
								    : 4 + 4 * more_below(m, 4);
	return true;
}

/* Lengths, key, IV, tag length: everything but the text. */
static void case_choose(struct more *m, struct auth_case *c, struct live_auth *s)
{
	uint32_t max = more_below(m, 30) ? more_below(m, 5) ? 600 : 9000 : 140000;
	bool srtp = s->kind == SRTP;

	*c = (struct auth_case){.s = s, .room = m->rooms, .len = more_below(m, max)};
	c->off = srtp ? more_below(m, 257) : 0;
	c->tail = srtp ? more_below(m, 30) : 0;
	c->open = more_below(m, 2);
	c->in_place = s->kind != AEAD || more_below(m, 2);
	if (s->wanted)
		s->taglen = s->wanted;
	rnd_fill(m->r, c->iv, sizeof(c->iv));
	if (s->cipher == CRYPTO_AES_CCM)
		c->iv[0] = (uint8_t)(2 + more_below(m, 6));
	memcpy(c->iv_back, c->iv, sizeof(c->iv));
	c->op.iv = c->iv_back;
	/* no nonce has been given to CCM before the first one, and zeros are none */
	if (!more_below(m, 4) && !(s->cipher == CRYPTO_AES_CCM && !s->iv[0])) {
		memcpy(c->iv, s->iv, sizeof(c->iv));
		c->op.iv = NULL;
	}
	c->ref = (struct ref_auth){.cipher = s->cipher,
				   .mac = s->mac,
				   .key = s->key,
				   .keylen = s->keylen,
				   .mackey = s->mackey,
				   .mackeylen = sizeof(s->mackey),
				   .iv = c->iv,
				   .aad = c->room->aad,
				   .taglen = s->taglen};
	c->ref.aadlen = srtp		   ? c->off + c->len + c->tail
			: more_below(m, 4) ? more_below(m, 64)
					   : more_below(m, 4097);
	/* CCM of a short length field takes less */
	if (s->cipher == CRYPTO_AES_CCM && c->iv[0] == 1 && c->len > 65535)
		c->len = 65535;
}

/* The text, and libcrypto's seal on it. */
static int case_seal(struct more *m, struct auth_case *c)
{
	struct auth_room *room = c->room;
	size_t size = c->off + c->len + c->tail;

	rnd_fill(m->r, room->aad, 64);
	memcpy(room->plain, m->src + more_below(m, 1000), size + 256);
	memcpy(room->sealed, room->plain, size + 256);
	c->sealed_len = c->len;
	if (c->s->kind == AEAD)
		return ref_aead(&c->ref, room->sealed, c->len, &c->sealed_len);
	if (c->s->kind == TLS)
		return ref_tls(&c->ref, room->sealed, c->len, &c->sealed_len);
	return ref_srtp(&c->ref, room->sealed, c->off, c->len, c->tag_right);
}

/* One bit of the sealed, of the tag or of the additional data. */
static void case_forge(struct more *m, struct auth_case *c, size_t size)
{
	uint32_t dice = more_below(m, 4);

	c->forged = true;
	c->err_want = -EBADMSG;
	if (dice == 0 && c->s->kind == SRTP)
		c->tag[more_below(m, c->s->taglen)] ^= 1;
	else if (dice == 0 && c->ref.aadlen)
		c->room->aad[more_below(m, (uint32_t)c->ref.aadlen)] ^= 0x80;
	else if (size)
		c->room->work[MARGIN + more_below(m, (uint32_t)size)] ^= 0x20;
	else
		c->tag[0] ^= 0x20;
}

/* Where it is, and now and then where it cannot be. */
static void case_place(struct more *m, struct auth_case *c)
{
	static const uint16_t types[] = {0, COP_FLAG_AEAD_TLS_TYPE, COP_FLAG_AEAD_SRTP_TYPE};
	uint8_t *region = c->room->work + MARGIN;

	c->op.ses = c->s->ses;
	c->op.op = c->open ? COP_DECRYPT : COP_ENCRYPT;
	c->op.flags = types[c->s->kind];
	c->op.flags |= more_below(m, 4) ? 0 : COP_FLAG_NO_ZC;
	c->op.flags |= more_below(m, 3) ? 0 : COP_FLAG_ZERO_COPY;
	c->op.flags |= more_below(m, 3) ? 0 : COP_FLAG_WRITE_IV;
	c->op.len = c->open ? (uint32_t)c->sealed_len : c->len;
	c->op.src = region + c->off;
	c->op.dst = c->in_place ? c->op.src : c->room->out + MARGIN + more_below(m, 17);
	c->op.auth_src = c->s->kind == SRTP ? region : c->room->aad;
	c->op.auth_len = (uint32_t)c->ref.aadlen;
	c->op.tag = c->tag;
	c->op.tag_len = more_below(m, 2) || c->s->wanted ? c->s->taglen : 0;
	c->op.iv_len = more_below(m, 20); /* not looked at */
	if (c->forged || more_below(m, 25))
		return;
	/* nothing is wrong with it but this */
	if (c->s->kind == AEAD && c->op.len && more_below(m, 2)) {
		c->op.src = m->nowhere;
		c->err_want = -EINVAL;
	} else if (c->s->kind != SRTP && c->op.auth_len && more_below(m, 2)) {
		c->op.auth_src = m->nowhere;
		c->err_want = -EFAULT;
	} else if (c->s->kind == AEAD && !c->in_place && (!c->open || c->len)) {
		c->op.dst = more_below(m, 2) ? m->nowhere : m->readonly;
		c->err_want = -EFAULT;
	} else if (c->op.iv) {
		c->op.iv = m->nowhere;
		c->err_want = -EFAULT;
	}
}

static void case_make(struct more *m, struct auth_case *c)
{
	struct auth_room *room = c->room;
	bool srtp = c->s->kind == SRTP;
	size_t text = c->open ? c->sealed_len : c->len, size = c->off + text + c->tail;

	memset(room->work, CANARY, size + 4 * MARGIN + 300);
	memset(room->out, CANARY, c->sealed_len + 4 * MARGIN);
	memset(c->tag, CANARY, sizeof(c->tag));
	memcpy(room->work + MARGIN, c->open ? room->sealed : room->plain, size);
	if (srtp && c->open)
		memcpy(c->tag, c->tag_right, c->s->taglen);
	if (c->open && !more_below(m, 3))
		case_forge(m, c, size);
	memcpy(room->before, room->work, size + 4 * MARGIN + 300);
	case_place(m, c);
}

/*
 * Whether an operation may be, or has to be, refused for its size. Which of data, AAD and tag
 * count in each direction is the driver's matter; that the data alone does is not. Nor is it ours
 * which error is told of one that is too large and also names memory that is not there.
 */
static bool may_refuse(const struct more *m, const struct auth_case *c)
{
	return m->max_request && (size_t)c->op.len + c->op.auth_len + 64 > m->max_request;
}

static bool must_refuse(const struct more *m, const struct auth_case *c)
{
	bool elsewhere = c->err_want && !c->forged;

	return m->max_request && c->op.len > m->max_request && !elsewhere;
}

static bool all_canary(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != CANARY)
			return false;
	return true;
}

/* What was refused has changed nothing. */
static bool nothing_written(struct auth_case *c, int err)
{
	size_t size = c->off + (c->open ? c->sealed_len : c->len) + c->tail;

	if (memcmp(c->room->work, c->room->before, size + 4 * MARGIN + 300))
		return wrong(c, "a refused operation has changed its text", err);
	if (!all_canary(c->room->out, c->sealed_len + 4 * MARGIN))
		return wrong(c, "a refused operation has written something", err);
	if (memcmp(c->iv_back, c->iv, c->op.iv == c->iv_back ? sizeof(c->iv) : 0))
		return wrong(c, "a refused operation has changed the IV", err);
	return true;
}

/* The output and what is beside it, the lengths, the tag. */
static bool output_right(struct auth_case *c)
{
	const uint8_t *want = c->open ? c->room->plain : c->room->sealed;
	size_t got = c->open ? c->len : c->sealed_len;
	size_t used = c->sealed_len > got ? c->sealed_len : got;
	uint8_t *region = c->in_place ? c->room->work + MARGIN : c->op.dst;

	if (c->op.len != (c->s->kind == SRTP ? c->len : got) || c->op.tag_len != c->s->taglen)
		return wrong(c, "a length", 0);
	if (memcmp(region, want, c->off + got + c->tail))
		return wrong(c, "the output", 0);
	if (c->s->kind == SRTP)
		used = c->len;
	if (!all_canary(region - MARGIN, c->in_place ? MARGIN : 0) ||
	    !all_canary(region + c->off + used + c->tail, MARGIN))
		return wrong(c, "what is beside the output", 0);
	if (c->s->kind == AEAD && c->op.tag != c->op.dst + c->len)
		return wrong(c, "the place of the tag", 0);
	if (c->s->kind == SRTP &&
	    (memcmp(c->tag, c->tag_right, c->s->taglen) || !all_canary(c->tag + c->s->taglen, 16)))
		return wrong(c, "the tag", 0);
	return true;
}

/* What the session continues with, and whether it was told. */
static bool iv_right(struct auth_case *c)
{
	struct live_auth *s = c->s;

	memcpy(s->iv, c->iv, s->ivsize);
	if (s->kind == TLS)
		memcpy(s->iv, c->room->sealed + c->sealed_len - 16, 16);
	else if (s->kind == SRTP)
		ref_counter_add(s->iv, (c->len + 15) / 16);
	if (!c->op.iv)
		return true;
	if (memcmp(c->iv_back, c->op.flags & COP_FLAG_WRITE_IV ? s->iv : c->iv, s->ivsize) ||
	    memcmp(c->iv_back + s->ivsize, c->iv + s->ivsize, sizeof(c->iv) - s->ivsize))
		return wrong(c, "the IV", 0);
	return true;
}

static void case_count(struct more *m, const struct auth_case *c)
{
	uint64_t *const kinds[] = {&m->count->aead, &m->count->tls, &m->count->srtp};

	++*kinds[c->s->kind];
	m->count->forged += c->forged;
	m->count->refused += c->err_want && !c->forged;
}

static bool case_run(struct more *m, struct live_auth *s)
{
	struct auth_case c;
	int err;

	case_choose(m, &c, s);
	if (case_seal(m, &c))
		return wrong(&c, "libcrypto cannot seal", 0);
	case_make(m, &c);
	case_count(m, &c);
	err = dev_ioctl(more_fd(m), CIOCAUTHCRYPT, &c.op);
	/* what was refused may or may not have left its tag length behind */
	if (!err || err == -EBADMSG)
		s->wanted = 0;
	if (err == -EMSGSIZE && may_refuse(m, &c))
		return nothing_written(&c, err);
	if (err != c.err_want || must_refuse(m, &c))
		return wrong(&c, "the result", err);
	if (err)
		return nothing_written(&c, err);
	return output_right(&c) && iv_right(&c);
}

static void probe(struct more *m)
{
	uint8_t key[32] = {1}, buf[128] = {0}, iv[16] = {2}, tag[64];
	struct crypt_auth_op op = {.len = 32,
				   .auth_len = 64,
				   .auth_src = buf,
				   .src = buf,
				   .dst = buf,
				   .tag = tag,
				   .iv = iv};

	m->has[AEAD] = !dev_session(m->fd, CRYPTO_AES_GCM, key, 16, &op.ses);
	if (!dev_mac_session(m->fd, CRYPTO_AES_CBC, key, 16, CRYPTO_SHA1_HMAC, key, 16, &op.ses)) {
		op.flags = COP_FLAG_AEAD_TLS_TYPE;
		m->has[TLS] = !dev_ioctl(m->fd, CIOCAUTHCRYPT, &op);
	}
	if (!dev_mac_session(m->fd, CRYPTO_AES_CTR, key, 16, CRYPTO_SHA1_HMAC, key, 16, &op.ses)) {
		op.flags = COP_FLAG_AEAD_SRTP_TYPE;
		op.len = 32;
		op.tag_len = 0;
		m->has[SRTP] = !dev_ioctl(m->fd, CIOCAUTHCRYPT, &op);
	}
}

void more_auth_start(struct more *m)
{
	m->rooms = more_need(sizeof(*m->rooms));
	probe(m);
	for (unsigned int i = 0; i < LIVE_AUTH; i++)
		session_new(m, &m->auth[i]);
}

long more_auth_run(struct more *m)
{
	long n = 1 + (long)more_below(m, 8);

	if (!more_below(m, 3))
		session_new(m, &m->auth[more_below(m, LIVE_AUTH)]);
	for (long i = 0; i < n; i++) {
		struct live_auth *a = &m->auth[more_below(m, LIVE_AUTH)];

		if (!a->ses && !session_new(m, a))
			return i;
		if (!case_run(m, a))
			return -1;
	}
	return n;
}

void more_auth_end(struct more *m)
{
	for (unsigned int i = 0; i < LIVE_AUTH; i++)
		if (m->auth[i].ses)
			dev_end(m->fd, m->auth[i].ses);
	free(m->rooms);
}
