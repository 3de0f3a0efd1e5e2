/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * more.c - random batches, asynchronous operations, hashes in parts, copies of them, AEADs, TLS
 * records and SRTP packets, each compared with libcrypto's answer.
 *
 * Theory of operation
 * -------------------
 * A group is up to GROUP operations on a few sessions, in any mix. The answers are computed one
 * after the other, with the running IVs and hashes; the device gets the group as a batch, as
 * asynchronous operations, or as single calls, and all three have to have the same outcome.
 * Authenticated operations have sessions of their own, and are single calls.
 */
#include "more.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dev.h"
#include "refauth.h"

#define GROUP 40u
#define SMALL 4400u /* longest operation of a group, but for one */
#define MARGIN 64u
#define LIVE 12u
#define LIVE_AUTH 8u
#define HASHED (1u << 18) /* most that a hash in parts is given */
#define CANARY 0xc3

/**
 * struct live - a session and what libcrypto makes of it.
 * @ses: the device's id
 * @ref: cipher; c NULL: none
 * @mac: hash or MAC, or NULL
 * @mackey: its key
 * @mackeylen: bytes of it
 * @hashed: what the running hash was given
 * @len: bytes of it
 * @running: there is one
 */
struct live {
	uint32_t ses;
	struct ref_session ref;
	const struct ref_mac *mac;
	uint8_t mackey[64];
	uint32_t mackeylen;
	uint8_t *hashed;
	size_t len;
	bool running;
};

enum auth_kind { AEAD, TLS, SRTP, KINDS };

struct live_auth {
	uint32_t ses;
	enum auth_kind kind;
	uint8_t key[32], mackey[32], iv[16];
	uint32_t cipher, mac, keylen, ivsize, taglen;
};

/** struct item - an operation of a group, and what has to come of it. */
struct item {
	struct crypt_op op;
	struct live *s;
	uint8_t *dst, *want;
	uint8_t mac[80], mac_want[80], iv[16], iv_want[16];
	int err, err_want;
};

struct more {
	int fd;
	struct rnd *r;
	size_t max_len, max_request, room;
	struct live live[LIVE];
	struct live_auth auth[LIVE_AUTH];
	bool has[KINDS];
	struct item items[GROUP];
	uint8_t *src, *big, *big_want, *small, *small_want, *aad, *before;
};

static uint32_t below(struct more *m, uint32_t n)
{
	return rnd_below(m->r, n);
}

static void *need(size_t len)
{
	void *p = calloc(1, len);

	if (!p) {
		perror("calloc");
		_exit(1);
	}
	return p;
}

static bool wrong(const char *what, const struct item *it, unsigned int number)
{
	printf("FAILED: %s, operation %u of a group\n", what, number);
	if (it)
		printf("  %s%s%s, op %u flags 0x%x len %u iv %s, result %d, expected %d\n",
		       it->s->ref.c ? it->s->ref.c->name : "", it->s->mac ? " " : "",
		       it->s->mac ? it->s->mac->name : "", it->op.op, it->op.flags, it->op.len,
		       it->op.iv ? "given" : "continued", it->err, it->err_want);
	return false;
}

static void live_end(struct more *m, struct live *s)
{
	if (s->ses)
		dev_end(m->fd, s->ses);
	ref_session_free(&s->ref);
	free(s->hashed);
	memset(s, 0, sizeof(*s));
}

/* A cipher whose IV goes on, a hash or MAC, or both. */
static bool live_new(struct more *m, struct live *s)
{
	static const uint32_t ciphers[] = {CRYPTO_AES_CBC, CRYPTO_AES_CBC, CRYPTO_AES_CTR,
					   CRYPTO_AES_ECB, CRYPTO_NULL,	   CRYPTO_3DES_CBC};
	const struct ref_cipher *c = NULL;
	uint32_t keylen = 0, number = 0;
	uint8_t key[32];

	live_end(m, s);
	rnd_fill(m->r, key, sizeof(key));
	rnd_fill(m->r, s->mackey, sizeof(s->mackey));
	if (below(m, 2))
		c = ref_cipher_find(ciphers[below(m, 6)]);
	if (!c || !below(m, 3)) {
		while (ref_mac_at(number))
			number++;
		s->mac = ref_mac_at(below(m, number));
	}
	if (c) {
		keylen = c->keylens[below(m, ref_cipher_keys(c))];
		if (ref_session_init(&s->ref, c, key, keylen))
			return false;
	}
	if (s->mac) {
		s->hashed = need(HASHED);
		s->mackeylen = s->mac->keyed ? 16 : 0;
	}
	if (!dev_mac_session(m->fd, c ? c->id : 0, key, keylen, s->mac ? s->mac->id : 0, s->mackey,
			     s->mackeylen, &s->ses))
		return true;
	/* what the device lacks is not needed */
	live_end(m, s);
	return false;
}

static uint16_t hash_flags(struct more *m)
{
	static const uint16_t choice[] = {0,
					  0,
					  COP_FLAG_UPDATE,
					  COP_FLAG_UPDATE,
					  COP_FLAG_FINAL,
					  COP_FLAG_UPDATE | COP_FLAG_FINAL,
					  COP_FLAG_RESET,
					  COP_FLAG_RESET | COP_FLAG_UPDATE,
					  COP_FLAG_RESET | COP_FLAG_FINAL,
					  0x80};

	return choice[below(m, 10)];
}

static void item_make(struct more *m, uint32_t i, bool big)
{
	struct item *it = &m->items[i];
	struct live *s = &m->live[below(m, LIVE)];
	uint32_t block, max, len;

	while (!s->ses)
		s = &m->live[below(m, LIVE)];
	block = s->ref.c ? s->ref.c->block : 1;
	max = big ? (uint32_t)m->max_len : below(m, 4) ? 256 : SMALL;
	len = below(m, max / block + 1) * block;
	if (!s->mac && !len)
		len = block;
	if (s->mac && len > HASHED / 2)
		len = HASHED / 2;
	memset(it, 0, sizeof(*it));
	it->s = s;
	it->dst = (big ? m->big : m->small + i * (SMALL + 2 * MARGIN)) + MARGIN;
	it->want = (big ? m->big_want : m->small_want + i * (SMALL + 2 * MARGIN)) + MARGIN;
	rnd_fill(m->r, it->iv, 16);
	memcpy(it->iv_want, it->iv, 16);
	memset(it->mac, CANARY, sizeof(it->mac));
	memset(it->mac_want, CANARY, sizeof(it->mac_want));
	memset(it->dst - MARGIN, CANARY, len + 2 * MARGIN);
	it->op = (struct crypt_op){
	    .ses = s->ses,
	    .op = s->ref.c && below(m, 2) ? COP_DECRYPT : COP_ENCRYPT,
	    .flags = s->mac ? hash_flags(m) : 0,
	    .len = len,
	    .src = m->src + below(m, (uint32_t)(m->room - len)),
	    .dst = it->dst,
	    .mac = it->mac,
	    .iv = s->ref.c && (below(m, 3) || !s->ref.c->ivsize) && len ? it->iv : NULL,
	};
	if (s->ref.c && !below(m, 3))
		it->op.flags |= COP_FLAG_WRITE_IV;
	if (s->ref.c && below(m, 2)) {
		memcpy(it->dst, it->op.src, len);
		it->op.src = it->dst;
	}
	if (block > 1 && len && !below(m, 40)) {
		it->op.len--;
		it->err_want = -EINVAL;
	}
}

/* What the hash makes of it, by the ABI's state machine. */
static bool hash_expect(struct item *it, const uint8_t *plain)
{
	uint16_t flags = it->op.flags;
	struct live *s = it->s;
	bool final;

	if (!flags || flags & COP_FLAG_RESET || !s->running)
		s->len = 0;
	/* a hash that had enough starts anew; the device is told so too */
	if (s->len + it->op.len > HASHED) {
		it->op.flags |= COP_FLAG_RESET;
		s->len = 0;
	}
	memcpy(s->hashed + s->len, plain, it->op.len);
	s->len += it->op.len;
	final = flags & COP_FLAG_FINAL || !(flags & COP_FLAG_UPDATE) || !it->op.len;
	s->running = !final;
	return !final ||
	       !ref_digest(s->mac, s->mackey, s->mackeylen, s->hashed, s->len, it->mac_want);
}

static bool item_expect(struct item *it)
{
	struct live *s = it->s;
	const struct ref_cipher *c = s->ref.c;
	const uint8_t *plain = it->op.src;

	memset(it->want - MARGIN, CANARY, it->op.len + 2 * MARGIN);
	if (it->err_want) {
		/* whatever is there stays */
		memcpy(it->want - MARGIN, it->dst - MARGIN, it->op.len + 2 * MARGIN);
		return true;
	}
	if (c && it->op.len &&
	    ref_crypt(&s->ref, it->op.op, it->op.iv, it->op.src, it->want, it->op.len))
		return false;
	if (c && it->op.op == COP_DECRYPT)
		plain = it->want;
	if (s->mac && !hash_expect(it, plain))
		return false;
	if (c && it->op.iv && it->op.flags & COP_FLAG_WRITE_IV)
		memcpy(it->iv_want, s->ref.iv, c->ivsize);
	return true;
}

static bool items_compare(struct more *m, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct item *it = &m->items[i];

		if (it->err != it->err_want)
			return wrong("the result", it, i);
		if (memcmp(it->dst - MARGIN, it->want - MARGIN, it->op.len + 2 * MARGIN))
			return wrong("the output, or what is beside it", it, i);
		if (memcmp(it->mac, it->mac_want, sizeof(it->mac)))
			return wrong("the digest, or what is behind it", it, i);
		if (memcmp(it->iv, it->iv_want, sizeof(it->iv)))
			return wrong("the IV", it, i);
	}
	return true;
}

static bool as_batch(struct more *m, uint32_t n)
{
	struct crypt_op ops[GROUP];
	int32_t status[GROUP];
	struct crypt_batch batch = {.count = n, .ops = (uintptr_t)ops, .status = (uintptr_t)status};

	for (uint32_t i = 0; i < n; i++)
		ops[i] = m->items[i].op;
	if (dev_ioctl(m->fd, CIOCCRYPTBATCH, &batch))
		return wrong("CIOCCRYPTBATCH fails", NULL, n);
	for (uint32_t i = 0; i < n; i++)
		m->items[i].err = status[i];
	return true;
}

static bool as_async(struct more *m, uint32_t n)
{
	struct pollfd p = {.fd = m->fd, .events = POLLIN};
	uint32_t sent = 0, got = 0;

	while (got < n) {
		struct crypt_op op;
		int err;

		/* some are fetched before the last is submitted */
		if (sent < n && (sent == got || below(m, 4))) {
			if (dev_ioctl(m->fd, CIOCASYNCCRYPT, &m->items[sent++].op))
				return wrong("CIOCASYNCCRYPT fails", &m->items[sent - 1], sent - 1);
			continue;
		}
		if (poll(&p, 1, 60000) != 1 || p.revents != POLLIN)
			return wrong("nothing is done", &m->items[got], got);
		err = dev_ioctl(m->fd, CIOCASYNCFETCH, &op);
		if (memcmp(&op, &m->items[got].op, sizeof(op)))
			return wrong("another operation is fetched", &m->items[got], got);
		m->items[got++].err = err;
	}
	return true;
}

static bool as_calls(struct more *m, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct crypt_op op = m->items[i].op;

		m->items[i].err = dev_ioctl(m->fd, CIOCCRYPT, &op);
	}
	return true;
}

static long group(struct more *m)
{
	uint32_t n = 1 + below(m, GROUP), big = below(m, 8) ? n : below(m, n);
	bool ok;

	for (uint32_t i = 0; i < n; i++) {
		item_make(m, i, i == big);
		if (!item_expect(&m->items[i])) {
			wrong("libcrypto fails", &m->items[i], i);
			return -1;
		}
	}
	switch (below(m, 5)) {
	case 0:
	case 1:
		ok = as_batch(m, n);
		break;
	case 2:
	case 3:
		ok = as_async(m, n);
		break;
	default:
		ok = as_calls(m, n);
	}
	return ok && items_compare(m, n) ? (long)n : -1;
}

/* The running hash of one session becomes that of another. */
static bool hash_copy(struct more *m)
{
	struct live *a = &m->live[below(m, LIVE)], *b = &m->live[below(m, LIVE)];
	struct cphash_op op = {.dst_ses = b->ses, .src_ses = a->ses};
	bool keys = !memcmp(a->mackey, b->mackey, sizeof(a->mackey));
	int want = !a->ses || !b->ses ? -ENOENT : a == b ? -EDEADLK : 0, err;

	/* with keys it is the device's to say whether it can */
	if (!want && (!a->mac || a->mac != b->mac))
		want = -EINVAL;
	if (!want && a->mac->keyed && !keys)
		return true;
	err = dev_ioctl(m->fd, CIOCCPHASH, &op);
	if (err != want) {
		printf("FAILED: CIOCCPHASH gives %d, expected %d\n", err, want);
		return false;
	}
	if (err)
		return true;
	b->running = a->running;
	b->len = a->len;
	memcpy(b->hashed, a->hashed, a->len);
	return true;
}

static bool auth_new(struct more *m, struct live_auth *a)
{
	static const uint32_t macs[] = {CRYPTO_SHA1_HMAC, CRYPTO_SHA2_256_HMAC,
					CRYPTO_SHA2_512_HMAC};
	const struct ref_aead *aead = ref_aead_at(below(m, 3));

	if (a->ses)
		dev_end(m->fd, a->ses);
	memset(a, 0, sizeof(*a));
	rnd_fill(m->r, a->key, sizeof(a->key));
	rnd_fill(m->r, a->mackey, sizeof(a->mackey));
	a->kind = (enum auth_kind)below(m, KINDS);
	a->keylen = below(m, 2) ? 32 : 16;
	a->ivsize = 16;
	a->taglen = 16;
	if (a->kind == AEAD) {
		a->cipher = aead->id;
		a->ivsize = aead->ivsize;
		if (!aead->keylens[1])
			a->keylen = aead->keylens[0];
	} else {
		a->cipher = a->kind == TLS ? CRYPTO_AES_CBC : CRYPTO_AES_CTR;
		a->mac = macs[below(m, 3)];
		a->taglen = ref_mac_find(a->mac)->size;
	}
	if (!m->has[a->kind] ||
	    dev_mac_session(m->fd, a->cipher, a->key, a->keylen, a->mac, a->mackey,
			    a->mac ? sizeof(a->mackey) : 0, &a->ses)) {
		a->ses = 0;
		return false;
	}
	/* often a shorter tag, from here on */
	if (!below(m, 3))
		a->taglen = a->kind != AEAD			    ? 4 + below(m, 8)
			    : a->cipher == CRYPTO_CHACHA20_POLY1305 ? 16
								    : 4 + 4 * below(m, 4);
	return true;
}

/*
 * Whether an operation may be, or has to be, refused for its size. Which of data, AAD and tag
 * count in each direction is the driver's matter; that the data alone does is not.
 */
static bool may_refuse(const struct more *m, const struct crypt_auth_op *op)
{
	return m->max_request && (size_t)op->len + op->auth_len + 64 > m->max_request;
}

static bool must_refuse(const struct more *m, const struct crypt_auth_op *op)
{
	return m->max_request && op->len > m->max_request;
}

/* A refused operation has written nothing. */
static bool refused_well(const struct crypt_auth_op *op, const uint8_t *before, size_t size)
{
	if (op->dst == op->src)
		return !memcmp(op->dst, before, size) || wrong("what a refusal leaves", NULL, 0);
	for (size_t i = 0; i < size; i++)
		if (op->dst[i] != CANARY)
			return wrong("something of a refused operation is seen", NULL, 0);
	return true;
}

/* One authenticated operation: right, or tampered with. */
static bool auth_one(struct more *m, struct live_auth *s)
{
	uint32_t max = below(m, 30) ? below(m, 5) ? 600 : 9000 : 150000;
	uint32_t len = below(m, max), off = s->kind == SRTP ? below(m, 257) : 0, tail = 0, size;
	uint8_t *buf = m->big + MARGIN, *want = m->big_want + MARGIN, tag[64], iv[16];
	bool open = below(m, 2), forged = open && !below(m, 3), in_place;
	struct ref_auth a = {.cipher = s->cipher,
			     .mac = s->mac,
			     .key = s->key,
			     .keylen = s->keylen,
			     .mackey = s->mackey,
			     .mackeylen = sizeof(s->mackey),
			     .iv = iv,
			     .aad = m->aad,
			     .taglen = s->taglen};
	struct crypt_auth_op op = {.ses = s->ses, .op = open, .tag = tag, .iv = iv};
	size_t got = len;
	int err;

	if (s->kind == SRTP)
		tail = below(m, 30);
	a.aadlen = s->kind == SRTP ? off + len + tail : below(m, 4) ? below(m, 64) : 4096;
	rnd_fill(m->r, iv, 16);
	iv[0] = s->cipher == CRYPTO_AES_CCM ? (uint8_t)(2 + below(m, 6)) : iv[0];
	if (!below(m, 4) && s->iv[15])
		op.iv = NULL, memcpy(iv, s->iv, 16);
	rnd_fill(m->r, m->aad, 64);
	size = s->kind == SRTP ? off + len + tail : len;
	memcpy(buf, m->src + below(m, 1000), size + 256);
	memcpy(want, buf, size + 256);
	/* sealed by libcrypto, and when that is what is asked for, opened by it again */
	err = s->kind == AEAD  ? ref_aead(&a, want, len, &got)
	      : s->kind == TLS ? ref_tls(&a, want, len, &got)
			       : ref_srtp(&a, want, off, len, tag);
	if (err)
		return wrong("libcrypto cannot seal", NULL, (unsigned int)s->kind);
	in_place = s->kind != AEAD || below(m, 2);
	op.len = open ? (uint32_t)got : len;
	if (open) {
		/* the sealed goes in, the plain has to come out */
		uint8_t *swap = m->src + m->room - 160000;

		size = s->kind == SRTP ? size : (uint32_t)got;
		memcpy(swap, buf, len + off + tail);
		memcpy(buf, want, size);
		memcpy(want, swap, s->kind == SRTP ? size : len);
	}
	if (forged) {
		buf[s->kind == SRTP ? below(m, size) : below(m, (uint32_t)got)] ^= 0x20;
		memcpy(want, buf, size);
	}
	op.src = buf + off;
	op.dst = in_place ? op.src : m->small + MARGIN;
	if (!in_place && op.len + 16 > GROUP * (SMALL + 2 * MARGIN) - 2 * MARGIN)
		op.dst = op.src;
	if (op.dst != op.src)
		memset(op.dst - MARGIN, CANARY, got + 2 * MARGIN);
	op.auth_len = (uint32_t)a.aadlen;
	op.auth_src = s->kind == SRTP ? buf : m->aad;
	op.tag_len = s->taglen;
	op.flags = s->kind == TLS    ? COP_FLAG_AEAD_TLS_TYPE
		   : s->kind == SRTP ? COP_FLAG_AEAD_SRTP_TYPE
		   : below(m, 4)     ? 0
				     : COP_FLAG_NO_ZC;
	uint8_t tag_want[64];

	memcpy(tag_want, tag, sizeof(tag));
	if (s->kind == SRTP && !open)
		memset(tag, 0, sizeof(tag));
	if (may_refuse(m, &op))
		memcpy(m->before, op.src, op.len);
	err = dev_ioctl(m->fd, CIOCAUTHCRYPT, &op);
	if (err == -EMSGSIZE && may_refuse(m, &op))
		return refused_well(&op, m->before, op.len);
	if (err != (forged ? -EBADMSG : 0) || must_refuse(m, &op)) {
		printf("  kind %d cipher %u op %u len %u aad %zu: %d\n", s->kind, s->cipher, op.op,
		       op.len, a.aadlen, err);
		return wrong("the result of CIOCAUTHCRYPT", NULL, 0);
	}
	if (forged && op.dst != op.src) {
		for (size_t i = 0; i < got + MARGIN; i++)
			if (op.dst[i] != CANARY)
				return wrong("something forged is seen", NULL, 0);
		return true;
	}
	if (!forged && s->kind != SRTP && op.len != (open ? len : got))
		return wrong("the length", NULL, op.len);
	size = s->kind == SRTP || forged ? size : op.len;
	if (memcmp(op.dst - (s->kind == SRTP ? off : 0), want, size)) {
		printf("  kind %d cipher %u mac %u op %u len %u aad %zu forged %d\n", s->kind,
		       s->cipher, s->mac, op.op, len, a.aadlen, forged);
		return wrong("the output of CIOCAUTHCRYPT", NULL, 0);
	}
	if (op.dst != op.src && op.dst[size] != CANARY)
		return wrong("what is behind the output of CIOCAUTHCRYPT", NULL, 0);
	if (s->kind == SRTP && memcmp(tag, tag_want, s->taglen))
		return wrong("the tag", NULL, 0);
	if (forged)
		return true;
	/* what the session goes on with */
	memcpy(s->iv, iv, 16);
	if (s->kind == SRTP)
		ref_counter_add(s->iv, (len + 15) / 16);
	else if (s->kind == TLS)
		s->iv[15] = 0; /* known, but not followed here */
	if (s->kind == AEAD && s->ivsize < 16)
		s->iv[15] = 1;
	return true;
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

struct more *more_new(int fd, struct rnd *r, size_t max_len, size_t max_request)
{
	struct more *m = need(sizeof(*m));
	size_t small = GROUP * (SMALL + 2 * MARGIN);

	m->fd = fd;
	m->r = r;
	m->max_len = max_len > SMALL ? max_len : SMALL;
	m->max_request = max_request;
	m->room = m->max_len + 400000;
	m->src = need(m->room);
	m->big = need(m->room);
	m->big_want = need(m->room);
	m->small = need(small);
	m->small_want = need(small);
	m->aad = need(4096);
	m->before = need(m->room);
	rnd_fill(r, m->src, m->room);
	probe(m);
	/* an AES-CBC session is always there: something has to be */
	while (!live_new(m, &m->live[0]) || m->live[0].mac)
		;
	for (unsigned int i = 1; i < LIVE; i++)
		live_new(m, &m->live[i]);
	for (unsigned int i = 0; i < LIVE_AUTH; i++)
		auth_new(m, &m->auth[i]);
	return m;
}

long more_run(struct more *m)
{
	struct live_auth *a;
	uint32_t dice = below(m, 20);

	if (!below(m, 10))
		live_new(m, &m->live[1 + below(m, LIVE - 1)]);
	if (!below(m, 10))
		auth_new(m, &m->auth[below(m, LIVE_AUTH)]);
	if (dice < 8)
		return group(m);
	if (dice == 8)
		return hash_copy(m) ? 1 : -1;
	a = &m->auth[below(m, LIVE_AUTH)];
	if (!a->ses) {
		auth_new(m, a);
		return 0;
	}
	return auth_one(m, a) ? 1 : -1;
}

void more_free(struct more *m)
{
	for (unsigned int i = 0; i < LIVE; i++)
		live_end(m, &m->live[i]);
	free(m->src);
	free(m->big);
	free(m->big_want);
	free(m->small);
	free(m->small_want);
	free(m->aad);
	free(m->before);
	free(m);
}
