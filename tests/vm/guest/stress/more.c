/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * more.c - random batches, asynchronous operations, hashes in parts and copies of them, each
 * compared with libcrypto's answer. moreauth.c has the authenticated operations.
 *
 * Theory of operation
 * -------------------
 * A group is up to GROUP operations on a few sessions, in any mix. The answers are computed one
 * after the other, with the running IVs and hashes; the device gets the group as a batch, as
 * asynchronous operations, or as single calls, and all three have to have the same outcome. Some
 * of its operations are wrong: cut blocks, and memory that cannot be used, which must change
 * nothing. Calls are made on either of two descriptors of the file.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../dev.h"
#include "morestate.h"

#define SMALL 4400u /* longest operation of a group, but for one */
#define MARGIN 64u
#define HASHED (1u << 18) /* most that a hash in parts is given */

uint32_t more_below(struct more *m, uint32_t n)
{
	return rnd_below(m->r, n);
}

int more_fd(struct more *m)
{
	return rnd_below(m->r, 2) ? m->fd : m->clone;
}

void *more_need(size_t len)
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

/* The device has to know of it what it was told. */
static bool info_right(struct more *m, const struct live *s)
{
	struct session_info_op info;

	memset(&info, 0xff, sizeof(info));
	info.ses = s->ses;
	if (dev_ioctl(more_fd(m), CIOCGSESSINFO, &info) || info.ses != s->ses ||
	    info.flags != SIOP_FLAG_KERNEL_DRIVER_ONLY)
		return false;
	return !s->ref.c == !info.cipher_info.cra_name[0] && !s->mac == !info.hash_info.cra_name[0];
}

/* The hash or MAC, and the key, of another session: what can be copied to it. */
static void live_twin(struct more *m, struct live *s)
{
	const struct live *other = &m->live[more_below(m, LIVE)];

	if (!other->mac)
		return;
	s->mac = other->mac;
	memcpy(s->mackey, other->mackey, sizeof(s->mackey));
}

/* A cipher, a hash or MAC, or both. */
static bool live_new(struct more *m, struct live *s)
{
	const struct ref_cipher *c = NULL;
	uint32_t keylen = 0, number = 0;
	uint8_t key[REF_MAX_KEY];

	live_end(m, s);
	rnd_fill(m->r, key, sizeof(key));
	rnd_fill(m->r, s->mackey, sizeof(s->mackey));
	while (ref_cipher_at(number))
		number++;
	/* half of the ciphers are AES-CBC */
	if (more_below(m, 2))
		c = more_below(m, 2) ? ref_cipher_at(more_below(m, number))
				     : ref_cipher_find(CRYPTO_AES_CBC);
	if (!c || !more_below(m, 3)) {
		for (number = 0; ref_mac_at(number);)
			number++;
		s->mac = ref_mac_at(more_below(m, number));
	}
	if (c) {
		keylen = c->keylens[more_below(m, ref_cipher_keys(c))];
		if (ref_session_init(&s->ref, c, key, keylen))
			return false;
	}
	if (s->mac && !more_below(m, 3))
		live_twin(m, s);
	if (s->mac) {
		s->hashed = more_need(HASHED);
		s->mackeylen = s->mac->keyed ? 16 : 0;
	}
	if (!dev_mac_session(m->fd, c ? c->id : 0, key, keylen, s->mac ? s->mac->id : 0, s->mackey,
			     s->mackeylen, &s->ses)) {
		if (info_right(m, s))
			return true;
		wrong("CIOCGSESSINFO", NULL, 0);
		fflush(stdout);
		_exit(1);
	}
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

	return choice[more_below(m, 10)];
}

/* Given, or NULL to continue with the last; at any alignment. */
static uint8_t *item_iv(struct more *m, struct item *it, uint32_t len)
{
	const struct ref_cipher *c = it->s->ref.c;

	if (!c || (it->s->mac && !len) || (c->ivsize && c->next_iv && !more_below(m, 3)))
		return NULL;
	return it->iv + more_below(m, 9);
}

/* Something is wrong with it. A hash would lose its state, so that is left out. */
static void item_spoil(struct more *m, struct item *it)
{
	uint32_t block = it->s->ref.c ? it->s->ref.c->block : 1;

	if (!it->op.len)
		return;
	if (block > 1 && more_below(m, 2)) {
		it->op.len--;
		it->err_want = -EINVAL;
		return;
	}
	if (!it->s->ref.c || it->s->mac)
		return;
	it->err_want = -EFAULT;
	switch (more_below(m, 4)) {
	case 0:
		it->op.src = m->nowhere;
		break;
	case 1:
		it->op.dst = m->nowhere;
		break;
	case 2:
		it->op.dst = m->readonly;
		break;
	default:
		if (it->s->ref.c->ivsize && it->op.iv)
			it->op.iv = m->nowhere;
		else
			it->op.src = NULL;
	}
}

static void item_make(struct more *m, uint32_t i, bool big)
{
	struct item *it = &m->items[i];
	struct live *s = &m->live[more_below(m, LIVE)];
	uint32_t block, max, len;

	while (!s->ses)
		s = &m->live[more_below(m, LIVE)];
	block = s->ref.c ? s->ref.c->block : 1;
	max = big ? (uint32_t)m->max_len : more_below(m, 4) ? 256 : SMALL;
	len = more_below(m, max / block + 1) * block;
	if (s->mac && len > HASHED / 2)
		len = HASHED / 2;
	memset(it, 0, sizeof(*it));
	it->s = s;
	it->dst = (big ? m->big : m->small + i * (SMALL + 2 * MARGIN)) + MARGIN;
	it->want = (big ? m->big_want : m->small_want + i * (SMALL + 2 * MARGIN)) + MARGIN;
	rnd_fill(m->r, it->iv, sizeof(it->iv));
	memcpy(it->iv_want, it->iv, sizeof(it->iv));
	memset(it->mac, CANARY, sizeof(it->mac));
	memset(it->mac_want, CANARY, sizeof(it->mac_want));
	memset(it->dst - MARGIN, CANARY, len + 2 * MARGIN);
	it->op = (struct crypt_op){
	    .ses = s->ses,
	    .op = s->ref.c && more_below(m, 2) ? COP_DECRYPT : COP_ENCRYPT,
	    .flags = s->mac ? hash_flags(m) : 0,
	    .len = len,
	    .src = m->src + more_below(m, (uint32_t)(m->room - len)),
	    .dst = it->dst,
	    .mac = it->mac + more_below(m, 9),
	    .iv = item_iv(m, it, len),
	};
	if (s->ref.c && s->ref.c->next_iv && !more_below(m, 3))
		it->op.flags |= COP_FLAG_WRITE_IV;
	if (!more_below(m, 3))
		it->op.flags |= COP_FLAG_ZERO_COPY;
	if (s->ref.c && more_below(m, 2)) {
		memcpy(it->dst, it->op.src, len);
		it->op.src = it->dst;
	}
	if (!more_below(m, 40))
		item_spoil(m, it);
}

/* What the hash makes of it, by the ABI's state machine. */
static bool hash_expect(struct item *it, const uint8_t *plain)
{
	uint16_t flags = (uint16_t)(it->op.flags & ~COP_FLAG_ZERO_COPY);
	struct live *s = it->s;
	bool final;

	if (!flags || flags & COP_FLAG_RESET || !s->running)
		s->len = 0;
	/* a hash that had enough starts again; the device is told so too */
	if (s->len + it->op.len > HASHED) {
		it->op.flags |= COP_FLAG_RESET;
		s->len = 0;
	}
	memcpy(s->hashed + s->len, plain, it->op.len);
	s->len += it->op.len;
	final = flags & COP_FLAG_FINAL || !(flags & COP_FLAG_UPDATE) || !it->op.len;
	s->running = !final;
	return !final || !ref_digest(s->mac, s->mackey, s->mackeylen, s->hashed, s->len,
				     it->mac_want + (it->op.mac - it->mac));
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
	if (c && it->op.iv && it->op.flags & COP_FLAG_WRITE_IV && (it->op.len || s->mac))
		memcpy(it->iv_want + (it->op.iv - it->iv), s->ref.iv, c->ivsize);
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
	if (dev_ioctl(more_fd(m), CIOCCRYPTBATCH, &batch))
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
		if (sent < n && (sent == got || more_below(m, 4))) {
			if (dev_ioctl(more_fd(m), CIOCASYNCCRYPT, &m->items[sent++].op))
				return wrong("CIOCASYNCCRYPT fails", &m->items[sent - 1], sent - 1);
			continue;
		}
		if (poll(&p, 1, 60000) != 1 || p.revents != POLLIN)
			return wrong("nothing is done", &m->items[got], got);
		err = dev_ioctl(more_fd(m), CIOCASYNCFETCH, &op);
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

		m->items[i].err = dev_ioctl(more_fd(m), CIOCCRYPT, &op);
	}
	return true;
}

static long group(struct more *m)
{
	uint32_t n = 1 + more_below(m, GROUP), big = more_below(m, 8) ? n : more_below(m, n);
	bool ok;

	for (uint32_t i = 0; i < n; i++) {
		item_make(m, i, i == big);
		if (!item_expect(&m->items[i])) {
			wrong("libcrypto fails", &m->items[i], i);
			return -1;
		}
	}
	for (uint32_t i = 0; i < n; i++)
		m->count->refused += m->items[i].err_want != 0;
	switch (more_below(m, 5)) {
	case 0:
	case 1:
		ok = as_batch(m, n);
		m->count->batch += n;
		break;
	case 2:
	case 3:
		ok = as_async(m, n);
		m->count->async += n;
		break;
	default:
		ok = as_calls(m, n);
		m->count->calls += n;
	}
	return ok && items_compare(m, n) ? (long)n : -1;
}

/* Mostly one that @a can be copied to, if there is one. */
static struct live *copy_target(struct more *m, const struct live *a)
{
	uint32_t first = more_below(m, LIVE);

	for (uint32_t i = 0; a->mac && i < LIVE && more_below(m, 30); i++) {
		struct live *b = &m->live[(first + i) % LIVE];

		if (b != a && b->mac == a->mac &&
		    (!a->mac->keyed || !memcmp(a->mackey, b->mackey, sizeof(a->mackey))))
			return b;
	}
	return &m->live[first];
}

/* The running hash of one session becomes that of another. */
static bool hash_copy(struct more *m)
{
	struct live *a = &m->live[more_below(m, LIVE)], *b = copy_target(m, a);
	struct cphash_op op = {.dst_ses = b->ses, .src_ses = a->ses};
	bool keys = !memcmp(a->mackey, b->mackey, sizeof(a->mackey));
	int want = !a->ses || !b->ses ? -ENOENT : a == b ? -EDEADLK : 0, err;

	/* with keys it is the device's to say whether it can */
	if (!want && (!a->mac || a->mac != b->mac))
		want = -EINVAL;
	if (!want && a->mac->keyed && !keys)
		return true;
	err = dev_ioctl(more_fd(m), CIOCCPHASH, &op);
	if (err != want) {
		printf("FAILED: CIOCCPHASH gives %d, expected %d\n", err, want);
		return false;
	}
	if (err)
		return true;
	b->running = a->running;
	b->len = a->len;
	memcpy(b->hashed, a->hashed, a->len);
	m->count->copies++;
	return true;
}

static uint8_t *forbidden(size_t len, int prot)
{
	void *p = mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		_exit(1);
	}
	return p;
}

struct more *more_new(int fd, struct rnd *r, size_t max_len, size_t max_request,
		      struct more_count *count)
{
	struct more *m = more_need(sizeof(*m));
	size_t small = GROUP * (SMALL + 2 * MARGIN);

	m->fd = fd;
	m->r = r;
	m->count = count;
	m->max_len = max_len > SMALL ? max_len : SMALL;
	m->max_request = max_request;
	m->room = m->max_len + 400000;
	m->src = more_need(m->room);
	m->big = more_need(m->room);
	m->big_want = more_need(m->room);
	m->small = more_need(small);
	m->small_want = more_need(small);
	m->nowhere = forbidden(m->max_len, PROT_NONE);
	m->readonly = forbidden(m->max_len, PROT_READ);
	rnd_fill(r, m->src, m->room);
	if (dev_ioctl(fd, CRIOGET, &m->clone)) {
		printf("FAILED: CRIOGET\n");
		fflush(stdout);
		_exit(1);
	}
	/* an AES-CBC session is always there: something has to be */
	while (!live_new(m, &m->live[0]) || m->live[0].mac)
		;
	for (unsigned int i = 1; i < LIVE; i++)
		live_new(m, &m->live[i]);
	more_auth_start(m);
	return m;
}

long more_run(struct more *m)
{
	uint32_t dice = more_below(m, 20);

	if (!more_below(m, 10))
		live_new(m, &m->live[1 + more_below(m, LIVE - 1)]);
	if (dice < 8)
		return group(m);
	if (dice < 11)
		return hash_copy(m) ? 1 : -1;
	return more_auth_run(m);
}

void more_free(struct more *m)
{
	if (!m)
		return;
	for (unsigned int i = 0; i < LIVE; i++)
		live_end(m, &m->live[i]);
	more_auth_end(m);
	close(m->clone);
	munmap(m->nowhere, m->max_len);
	munmap(m->readonly, m->max_len);
	free(m->src);
	free(m->big);
	free(m->big_want);
	free(m->small);
	free(m->small_want);
	free(m);
}
