/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replies.c - cases of cryptodev-evil: replies to requests, the making of sessions, their loss.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "virtio_cryptodev.h"
#include "tests/vm/guest/ref.h"

/* ---- replies -------------------------------------------------------------------------- */

/* What a status means to a program: docs/device-spec.md, 2.4. */
static int status_errno(uint32_t status, const struct kind *kind)
{
	static const int table[] = {0,	     EINVAL, EINVAL, EIO,    EINVAL,   EINVAL,
				    EBADMSG, ENOSPC, ENOMEM, EBUSY,  EMSGSIZE, EIO,
				    EIO,     EPROTO, ENOKEY, EACCES, EIO};

	if (status == 9 && kind->flags & KIND_RETRIED)
		return -EIO;
	if (status == 9 && kind->flags & KIND_ASYNC)
		return -EAGAIN;
	return status < sizeof(table) / sizeof(table[0]) ? -table[status] : -EIO;
}

enum expectation { RIGHT, NO_ERROR, IS_EIO, IS_EIO_OR_SHORT, BY_STATUS, HARMLESS };

struct reply_case {
	const char *name;
	uint32_t what, arg;
	enum expectation expect;
};

static const struct reply_case replies[] = {
    {"honest", EVIL_HONEST, 0, RIGHT},
    {"used length 0", EVIL_USED, 0, IS_EIO},
    {"used length 31", EVIL_USED, 31, IS_EIO},
    {"used length 32", EVIL_USED, 32, IS_EIO},
    {"used length 4294967295", EVIL_USED, UINT32_MAX, IS_EIO},
    {"used length one less", EVIL_USED_ADD, UINT32_MAX, IS_EIO},
    {"used length one more", EVIL_USED_ADD, 1, IS_EIO},
    {"output one more", EVIL_OUT_ADD, 1, IS_EIO_OR_SHORT},
    {"output 4096 more", EVIL_OUT_ADD, 4096, IS_EIO},
    {"output one less", EVIL_OUT_ADD, UINT32_MAX, IS_EIO_OR_SHORT},
    {"output 4294967295", EVIL_OUT, UINT32_MAX, IS_EIO},
    {"output 2147483647", EVIL_OUT, INT32_MAX, IS_EIO},
    {"no output", EVIL_OUT, 0, IS_EIO_OR_SHORT},
    {"error with output", EVIL_STATUS_DATA, VCD_S_IO, IS_EIO},
    {"unknown status with output", EVIL_STATUS_DATA, 77, IS_EIO},
    {"status 2147483648", EVIL_STATUS, 0x80000000u, IS_EIO},
    {"unknown status", EVIL_STATUS, VCD_S_COUNT, IS_EIO},
    {"nothing written", EVIL_NOT_WRITTEN, 0, IS_EIO},
    {"output claimed, not written", EVIL_HEADER_ONLY, 0, HARMLESS},
    {"noise", EVIL_NOISE, 0, HARMLESS},
    {"a random IV", EVIL_IV, 0, NO_ERROR},
    {"stale for ever", EVIL_STALE, 0, IS_EIO},
    {"lost once", EVIL_STALE_ONCE, 1, RIGHT},
};

/* What was there before, or what the driver puts where nobody wrote. */
static bool is_clean(const struct outcome *o)
{
	for (size_t i = 0; i < o->out_len; i++)
		if (o->out[i] && o->out[i] != KIND_FILL)
			return false;
	return true;
}

static const char *judge(const struct reply_case *c, const struct kind *kind,
			 const struct outcome *o)
{
	static char text[128];
	int want = 0;

	switch (c->expect) {
	case RIGHT:
	case NO_ERROR:
		break;
	case IS_EIO:
		want = -EIO;
		break;
	case IS_EIO_OR_SHORT:
		want = kind->flags & KIND_SHORT_OK ? 0 : -EIO;
		break;
	case BY_STATUS:
		want = status_errno(c->arg, kind);
		break;
	case HARMLESS:
		want = o->err; /* any */
		break;
	}
	/* Session information has no IV, and a header of noise is a wrong length. */
	if (o->err != want) {
		snprintf(text, sizeof(text), "%s instead of %s", strerror(-o->err),
			 strerror(-want));
		return text;
	}
	if (c->expect == RIGHT && !o->right)
		return "a wrong answer";
	if (c->what == EVIL_HEADER_ONLY && o->out && !is_clean(o))
		return "memory that nobody wrote reached the program";
	return NULL;
}

static void reply_case(int fd, const struct reply_case *c)
{
	quiet = true;
	for (size_t k = 0; k < kind_count; k++) {
		struct evil_order ord = order(c->what, c->arg);
		const char *problem;
		struct outcome o;

		/* It continues counting when the session is made again. */
		ord.zero = (uint32_t)k + 100;
		problem = kind_run(&kinds[k], fd, &ord, &o);
		if (!problem)
			problem = judge(c, &kinds[k], &o);
		verdict(c->name, kinds[k].name, problem);
		if (!works(fd))
			verdict(c->name, kinds[k].name, "nothing works afterwards");
	}
	quiet = false;
	if (c->expect == BY_STATUS)
		printf("done %s, status %u: all kinds\n", c->name, c->arg);
	else
		printf("done %s: all kinds\n", c->name);
}

void bad_replies(int fd)
{
	struct reply_case c = {"engine failure", EVIL_STATUS, 0, BY_STATUS};

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		reply_case(fd, &replies[i]);
	/* Each status that a request can fail with. */
	for (c.arg = 1; c.arg < VCD_S_COUNT; c.arg++)
		if (c.arg != VCD_S_STALE)
			reply_case(fd, &c);
	group("replies");
}

/* ---- making sessions ------------------------------------------------------------------ */

void bad_creation(int fd)
{
	static const struct {
		uint32_t what, arg;
		int want;
	} list[] = {
	    {EVIL_CREATE_USED, 0, -EIO},      {EVIL_CREATE_USED, 31, -EIO},
	    {EVIL_CREATE_USED, 33, -EIO},     {EVIL_CREATE_USED, UINT32_MAX, -EIO},
	    {EVIL_CREATE_OUT, 1, -EIO},	      {EVIL_CREATE_OUT, UINT32_MAX, -EIO},
	    {EVIL_CREATE_ID, 0, -EIO},	      {EVIL_CREATE_STATUS, 3, -EIO},
	    {EVIL_CREATE_STATUS, 1, -EINVAL}, {EVIL_CREATE_STATUS, 7, -ENOSPC},
	    {EVIL_CREATE_STATUS, 9, -EBUSY},  {EVIL_CREATE_STATUS, 99, -EIO},
	    {EVIL_CREATE_SILENT, 0, -EIO},    {EVIL_CREATE_LATE, 2 * TIMEOUT_MS, -EIO},
	};
	char detail[64];

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct evil_order ord = order(list[i].what, list[i].arg);
		uint32_t ses;
		int err = dev_session(fd, CRYPTO_AES_CBC, &ord, sizeof(ord), &ses);

		snprintf(detail, sizeof(detail), "order %u %u", list[i].what, list[i].arg);
		verdict("creation", detail,
			err != list[i].want ? strerror(-err)
			: !works(fd)	    ? "nothing works afterwards"
					    : NULL);
	}
	/* An id that the device does not know: lost, as far as the driver can tell. */
	{
		struct evil_order ord = order(EVIL_CREATE_ID, 12345);
		struct outcome o;
		const char *problem = kind_run(&kinds[0], fd, &ord, &o);

		verdict("creation", "a wrong id",
			problem		? problem
			: o.err != -EIO ? strerror(-o.err)
					: NULL);
	}
	group("creation");
}

/* ---- sessions lost on the way --------------------------------------------------------- */

#define LONG (700u << 10)

static const char *long_mac(int fd, uint32_t at, bool cipher, bool in_place, int want)
{
	static const uint8_t mackey[20] = {4}, iv[16];
	struct evil_order ord = order(EVIL_STALE_ONCE, at);
	uint8_t *src = malloc(LONG), *dst = in_place ? src : malloc(LONG), digest[32], right[32];
	uint8_t *cipher_right = malloc(LONG);
	struct crypt_op op = {
	    .src = src, .dst = dst, .len = LONG, .mac = digest, .iv = (uint8_t *)iv};
	const char *problem = NULL;
	int err;

	if (!src || !dst || !cipher_right)
		exit(2);
	ord.zero = at * 4 + cipher * 2 + in_place; /* go on counting when made again */
	for (size_t i = 0; i < LONG; i++)
		src[i] = (uint8_t)(i * 3 + i / 200);
	if (cipher) {
		err = dev_mac_session(fd, CRYPTO_AES_CBC, &ord, 16, CRYPTO_SHA1_HMAC, mackey, 20,
				      &op.ses);
		ref_digest(ref_mac_find(CRYPTO_SHA1_HMAC), mackey, 20, src, LONG, right);
		ref_once(CRYPTO_AES_CBC, (uint8_t *)&ord, 16, 0, iv, src, cipher_right, LONG, NULL);
	} else {
		err = dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256_HMAC, &ord, 16, &op.ses);
		ref_digest(ref_mac_find(CRYPTO_SHA2_256_HMAC), (uint8_t *)&ord, 16, src, LONG,
			   right);
	}
	if (!err)
		err = dev_ioctl(fd, CIOCCRYPT, &op);
	if (err != want)
		problem = strerror(-err);
	else if (!err && memcmp(digest, right, cipher ? 20 : 32))
		problem = "a wrong digest";
	else if (!err && cipher && memcmp(dst, cipher_right, LONG))
		problem = "wrong data";
	dev_end(fd, op.ses);
	free(cipher_right);
	if (!in_place)
		free(dst);
	free(src);
	return problem;
}

static int hash_part(int fd, uint32_t ses, unsigned int flags, uint8_t digest[32])
{
	static uint8_t data[64];
	struct crypt_op op = {.ses = ses,
			      .flags = (uint16_t)flags,
			      .len = flags & COP_FLAG_UPDATE ? sizeof(data) : 0,
			      .src = data,
			      .mac = digest};

	return dev_ioctl(fd, CIOCCRYPT, &op);
}

/*
 * A running hash is copied to a session that the device has lost: no hash was lost. With
 * @from_lost the source was lost, too.
 */
static const char *copy_to_lost(int fd, bool from_lost)
{
	struct evil_order lose = order(EVIL_STALE_ONCE, 1);
	uint32_t src, dst, loser;
	uint8_t right[32], digest[32], data[64] = {0};
	const char *problem = NULL;
	int err;

	lose.zero = 4000 + from_lost;
	if (dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256, NULL, 0, &src) ||
	    dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256, NULL, 0, &dst) ||
	    dev_session(fd, CRYPTO_AES_CBC, &lose, 16, &loser))
		return "no sessions";
	ref_digest(ref_mac_find(CRYPTO_SHA2_256), NULL, 0, data, sizeof(data), right);
	if (from_lost && hash_part(fd, src, COP_FLAG_RESET | COP_FLAG_UPDATE, digest))
		problem = "no hash";
	/* all sessions are lost, and those used afterwards are made again */
	if (dev_crypt(fd, loser, COP_ENCRYPT, 0, data, data, 16, NULL))
		problem = "nothing works";
	memset(data, 0, sizeof(data));
	if (!from_lost && hash_part(fd, src, COP_FLAG_RESET | COP_FLAG_UPDATE, digest))
		problem = "no hash after the loss";
	err = dev_ioctl(fd, CIOCCPHASH, &(struct cphash_op){.dst_ses = dst, .src_ses = src});
	if (!problem && err != (from_lost ? -EIO : 0))
		problem = strerror(-err);
	if (!problem && !from_lost &&
	    (hash_part(fd, dst, COP_FLAG_FINAL, digest) || memcmp(digest, right, 32)))
		problem = "not the hash that was copied";
	dev_end(fd, src);
	dev_end(fd, dst);
	dev_end(fd, loser);
	return problem;
}

/* A single call that is cut is repeated from its start, if its source is still there. */
void lost_on_the_way(int fd)
{
	char detail[64];

	for (uint32_t at = 1; at <= 4; at++) {
		for (int how = 0; how < 3; how++) {
			int want = how == 2 && at > 1 && at <= 3 ? -EIO : 0;

			snprintf(detail, sizeof(detail), "%s, at part %u",
				 how == 0   ? "MAC"
				 : how == 1 ? "cipher and MAC"
					    : "cipher and MAC in place",
				 at);
			verdict("lost", detail, long_mac(fd, at, how > 0, how == 2, want));
		}
	}
	verdict("lost", "a hash is copied to it", copy_to_lost(fd, false));
	verdict("lost", "a hash is copied from it", copy_to_lost(fd, true));
	group("sessions lost while a long call is on its way");
}
