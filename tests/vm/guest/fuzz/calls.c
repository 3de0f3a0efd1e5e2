/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls.c - random calls, and whether their errno is one that the interface has.
 */
#include "fuzz.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Operations of a batch. */
#define BATCH 80u

const char *const kind_names[N_KINDS] = {
    "CRIOGET",	     "CIOCGSESSION",   "CIOCFSESSION",	 "CIOCCRYPT",	   "CIOCGSESSINFO",
    "CIOCAUTHCRYPT", "CIOCASYNCCRYPT", "CIOCASYNCFETCH", "CIOCCPHASH",	   "CIOCCRYPTBATCH",
    "CIOCASYMFEAT",  "other ioctls",   "poll",		 "CIOCGSESSLABEL", "CIOCKEYLIST",
    "CIOCKEYINFO",   "CIOCKEYOP",      "CIOCKEYASYNC",	 "CIOCKEYFETCH",
};

static bool is_ok(int err)
{
	static const int known[] = {0,	      EINVAL,	  EFAULT, EBUSY, EBADMSG, ENOENT,
				    EDEADLK,  ENOMEM,	  ENOSPC, EBADF, EMFILE,  ENOTTY,
				    EMSGSIZE, EOPNOTSUPP, ENOKEY, EACCES};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (err == known[i])
			return true;
	return false;
}

/*
 * Where the structure of a call lies: whole, or running into what cannot be touched, or nowhere.
 * What is nowhere has not been written, of course.
 */
static void *place(struct caller *c, const void *from, size_t size)
{
	uint8_t *end = c->args + 2 * PAGE;

	switch (rnd_below(&c->r, 25)) {
	case 0:
		return (void *)(end - rnd_below(&c->r, (uint32_t)size));
	case 1:
		return (void *)(uintptr_t)(rnd_u64(&c->r) | 1ull << 63);
	case 2:
		return NULL;
	default:
		/* ends at the edge, or crosses a page */
		end -= rnd_below(&c->r, 2) ? 0 : PAGE - rnd_below(&c->r, 100) / 8 * 8;
		return memcpy(end - size, from, size);
	}
}

static void count(int kind, int err)
{
	if (!err)
		__atomic_fetch_add(&all->good[kind], 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&all->errnos[err < ERRNOS ? err : 0], 1, __ATOMIC_RELAXED);
	if (__atomic_add_fetch(&all->calls, 1, __ATOMIC_RELAXED) >= options.calls)
		__atomic_store_n(&all->stop, 1, __ATOMIC_RELAXED);
	if (!is_ok(err)) {
		printf("FAILED: %s ends with %s\n", kind_names[kind], strerror(err));
		fflush(stdout);
		__atomic_store_n(&all->wrong, 1, __ATOMIC_RELAXED);
	}
}

static int make(struct caller *c, int kind, unsigned long request, const void *arg, size_t size,
		void **where)
{
	int fd = __atomic_load_n(&proc.fd[c->file], __ATOMIC_RELAXED);
	int err = 0;

	*where = place(c, arg, size);
	if (ioctl(fd, request, *where) < 0)
		err = errno;
	count(kind, err);
	return err;
}

/* The program has a session, with key by name number @named or none. */
static void keep(struct caller *c, uint32_t ses, uint32_t named)
{
	uint32_t slot = rnd_below(&c->r, SESSIONS);

	__atomic_store_n(&proc.ses[c->file][slot], ses, __ATOMIC_RELAXED);
	__atomic_store_n(&proc.named[c->file][slot], named, __ATOMIC_RELAXED);
}

static void call_session(struct caller *c)
{
	struct session_op op;
	void *at;

	random_session(&c->r, &op);
	if (make(c, N_GSESSION, CIOCGSESSION, &op, sizeof(op), &at))
		return;
	memcpy(&op, at, sizeof(op));
	keep(c, op.ses, 0);
}

static void call_crioget(struct caller *c)
{
	uint32_t fd = 0;
	void *at;

	if (make(c, N_CRIOGET, CRIOGET, &fd, sizeof(fd), &at))
		return;
	memcpy(&fd, at, sizeof(fd));
	close((int)fd);
}

static void call_batch(struct caller *c)
{
	struct crypt_batch batch = {
	    .count = 1 + rnd_below(&c->r, BATCH),
	    .ops = (uintptr_t)c->ops,
	    .status = (uintptr_t)c->status,
	};
	void *at;

	for (uint32_t i = 0; i < BATCH; i++)
		random_crypt(c, &c->ops[i]);
	if (!rnd_below(&c->r, 10))
		batch.count = rnd_below(&c->r, 2) ? random_length(&c->r)
						  : CRYPT_BATCH_MAX - 1 + rnd_below(&c->r, 3);
	if (!rnd_below(&c->r, 10))
		batch.ops = (uintptr_t)random_pointer(&c->r);
	if (!rnd_below(&c->r, 10))
		batch.status = (uintptr_t)random_pointer(&c->r);
	if (!rnd_below(&c->r, 10))
		batch.flags = (uint32_t)rnd_u64(&c->r);
	make(c, N_BATCH, CIOCCRYPTBATCH, &batch, sizeof(batch), &at);
}

static void call_label(struct caller *c)
{
	struct crypt_label_op op;
	uint32_t named;
	void *at;

	named = random_label_session(&c->r, &op);
	if (make(c, N_LABEL, CIOCGSESSLABEL, &op, sizeof(op), &at))
		return;
	memcpy(&op, at, sizeof(op));
	keep(c, op.ses, named);
}

/* One of those about keys by name. */
static void call_keys(struct caller *c)
{
	union {
		struct crypt_key_list list;
		struct crypt_key_info info;
		struct crypt_key_op op;
		struct crypt_key_fetch fetch;
	} u;
	void *at;

	switch (rnd_below(&c->r, 10)) {
	case 0:
		random_key_list(&c->r, &u.list);
		make(c, N_KEYLIST, CIOCKEYLIST, &u.list, sizeof(u.list), &at);
		break;
	case 1:
		random_key_info(&c->r, &u.info);
		make(c, N_KEYINFO, CIOCKEYINFO, &u.info, sizeof(u.info), &at);
		break;
	case 2:
	case 3:
		call_label(c);
		break;
	case 4 ... 6:
		random_key_op(c, &u.op);
		make(c, N_KEYOP, CIOCKEYOP, &u.op, sizeof(u.op), &at);
		break;
	case 7:
	case 8:
		random_key_op(c, &u.op);
		make(c, N_KEYASYNC, CIOCKEYASYNC, &u.op, sizeof(u.op), &at);
		break;
	default:
		random_key_fetch(&c->r, &u.fetch);
		make(c, N_KEYFETCH, CIOCKEYFETCH, &u.fetch, sizeof(u.fetch), &at);
	}
}

static void call_poll(struct caller *c)
{
	struct pollfd p = {.fd = proc.fd[rnd_below(&c->r, FILES)], .events = POLLIN};

	if (poll(&p, 1, (int)rnd_below(&c->r, 20)) >= 0)
		count(N_POLL, 0);
}

/* Our numbers with any size, or any number. */
static void call_other(struct caller *c)
{
	uint8_t bytes[512];
	void *at;

	rnd_fill(&c->r, bytes, sizeof(bytes));
	make(c, N_OTHER,
	     rnd_below(&c->r, 2)
		 ? (uint32_t)rnd_u64(&c->r)
		 : _IOC(rnd_below(&c->r, 4), 'c', rnd_below(&c->r, 200), rnd_below(&c->r, 512)),
	     bytes, sizeof(bytes), &at);
}

void call_one(struct caller *c)
{
	union {
		struct crypt_op crypt;
		struct crypt_auth_op auth;
		struct cphash_op copy;
		struct session_info_op info;
		uint32_t id;
	} u;
	void *at;

	c->file = rnd_below(&c->r, FILES);
	switch (rnd_below(&c->r, options.keys ? 65 : 46)) {
	case 40 ... 44:
	case 0 ... 2:
		call_session(c);
		break;
	case 3:
		u.id = random_session_id(c);
		make(c, N_FSESSION, CIOCFSESSION, &u.id, sizeof(u.id), &at);
		break;
	case 4 ... 15:
		random_crypt(c, &u.crypt);
		make(c, N_CRYPT, CIOCCRYPT, &u.crypt, sizeof(u.crypt), &at);
		break;
	case 16 ... 22:
		random_auth(c, &u.auth);
		make(c, N_AUTH, CIOCAUTHCRYPT, &u.auth, sizeof(u.auth), &at);
		break;
	case 23 ... 27:
		random_crypt(c, &u.crypt);
		make(c, N_SUBMIT, CIOCASYNCCRYPT, &u.crypt, sizeof(u.crypt), &at);
		break;
	case 28 ... 31:
		make(c, N_FETCH, CIOCASYNCFETCH, &u.crypt, sizeof(u.crypt), &at);
		break;
	case 32:
		u.copy = (struct cphash_op){random_session_id(c), random_session_id(c)};
		make(c, N_CPHASH, CIOCCPHASH, &u.copy, sizeof(u.copy), &at);
		break;
	case 33:
		u.info.ses = random_session_id(c);
		make(c, N_SESSINFO, CIOCGSESSINFO, &u.info, sizeof(u.info), &at);
		break;
	case 34:
		call_crioget(c);
		break;
	case 35:
	case 36:
		call_batch(c);
		break;
	case 37:
		call_poll(c);
		break;
	case 38:
		make(c, N_ASYMFEAT, CIOCASYMFEAT, &u.id, sizeof(u.id), &at);
		break;
	case 39:
		call_other(c);
		break;
	default:
		call_keys(c);
	}
}
