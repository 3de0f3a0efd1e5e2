/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crypt.c - the model's CIOCCRYPT, and the calls that do the same later, or many times.
 */
#include "state.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PIECE (1u << 20)

/* The cipher's part, piece by piece so that the caller's memory is copied once each way. */
static int do_cipher(struct slot *s, const struct crypt_op *op, uint8_t *iv)
{
	struct ref_session ref;
	size_t room = op->len < PIECE ? op->len : PIECE;
	/* malloc() would map as much, too, but into any hole: see model_map(). */
	uint8_t *buf = model_map(-1, room, 0);
	int err = buf != MAP_FAILED
		      ? ref_session_init(&ref, ref_cipher_find(s->cipher), s->key, s->keylen)
		      : -ENOMEM;

	if (err)
		goto out;
	for (uint32_t done = 0; !err && done < op->len;) {
		uint32_t n = op->len - done < PIECE ? op->len - done : PIECE;

		err = model_read(buf, at_offset(op->src, done), n);
		if (!err)
			err = ref_crypt(&ref, op->op, done ? NULL : iv, buf, buf, n);
		if (!err)
			err = model_write(at_offset(op->dst, done), buf, n);
		done += n;
	}
	memcpy(iv, ref.iv, 16);
	ref_session_free(&ref);
out:
	if (buf != MAP_FAILED)
		munmap(buf, room);
	return err;
}

/* Where a session's hashed bytes are kept: behind the table, in the same, sparse memfd. */
static uint8_t *hash_map(int fd, struct table *t, struct slot *s)
{
	void *p = model_map(fd, HASH_ROOM, model_hash_area(t, s));

	return p == MAP_FAILED ? NULL : p;
}

static int do_mac(int fd, struct table *t, struct slot *s, const struct crypt_op *op,
		  const uint8_t *from, struct later *later)
{
	const struct ref_mac *m = ref_mac_find(s->mac);
	uint8_t *room = hash_map(fd, t, s), digest[64];
	int err = 0;

	if (!room)
		return -ENOMEM;
	if (!(op->flags & ~COP_FLAG_ZERO_COPY) || op->flags & COP_FLAG_RESET)
		s->hashed = 0;
	if (op->len > HASH_ROOM - s->hashed)
		err = -ENOMEM;
	if (!err)
		err = model_read(room + s->hashed, from, op->len);
	if (!err)
		s->hashed += op->len;
	if (!err && (op->flags & COP_FLAG_FINAL || !(op->flags & COP_FLAG_UPDATE) || !op->len)) {
		err = ref_digest(m, s->mackey, s->mackeylen, room, s->hashed, digest);
		s->hashed = 0;
		if (!err && later) {
			memcpy(later->digest, digest, m->size);
			later->size = m->size;
		} else if (!err) {
			err = model_write(op->mac, digest, m->size);
		}
	}
	munmap(room, HASH_ROOM);
	return err;
}

int model_crypt(int fd, struct table *t, const struct crypt_op *op, struct later *later)
{
	struct slot *s = model_find(t, op->ses);
	const struct ref_cipher *c = s ? ref_cipher_find(s->cipher) : NULL;
	uint8_t iv[16] = {0};
	int err = 0;

	if (!s || (!s->cipher && !s->mac) || ref_aead_find(s->cipher) || op->op > COP_DECRYPT ||
	    (c && op->len % c->block))
		return -EINVAL;
	if (!op->len && !s->mac)
		return 0;
	memcpy(iv, s->iv, sizeof(iv));
	if (c && op->iv && model_read(iv, op->iv, c->ivsize))
		return -EFAULT;
	if (s->mac && (!c || op->op == COP_ENCRYPT))
		err = do_mac(fd, t, s, op, op->src, later);
	if (!err && c && op->len)
		err = do_cipher(s, op, iv);
	if (!err && c && s->mac && op->op == COP_DECRYPT)
		err = do_mac(fd, t, s, op, op->dst, later);
	if (err)
		return err;
	if (c)
		memcpy(s->iv, iv, sizeof(iv));
	if (c && op->iv && op->flags & COP_FLAG_WRITE_IV && model_write(op->iv, iv, c->ivsize))
		return -EFAULT;
	return 0;
}

int model_hash_copy(int fd, struct table *t, const struct cphash_op *op)
{
	struct slot *from = model_find(t, op->src_ses), *to = model_find(t, op->dst_ses);
	uint8_t *a, *b;

	if (!from || !to)
		return -ENOENT;
	if (from == to)
		return -EDEADLK;
	if (!from->mac || from->mac != to->mac)
		return -EINVAL;
	a = hash_map(fd, t, from);
	b = hash_map(fd, t, to);
	if (a && b) {
		memcpy(b, a, from->hashed);
		to->hashed = from->hashed;
	}
	if (a)
		munmap(a, HASH_ROOM);
	if (b)
		munmap(b, HASH_ROOM);
	return a && b ? 0 : -ENOMEM;
}

/* All at once; only that it looks like what it stands for. */
int model_submit(int fd, struct table *t, const struct crypt_op *op)
{
	struct later *l = &t->later[(t->later_first + t->later_num) % LATER];

	if (op->flags & COP_FLAG_NO_ZC || !model_find(t, op->ses))
		return -EINVAL;
	if (t->key_later_num || t->later_num == LATER)
		return -EBUSY;
	l->op = *op;
	l->size = 0;
	l->err = model_crypt(fd, t, op, l);
	t->later_num++;
	return 0;
}

int model_fetch(struct table *t, void *arg)
{
	struct later *l = &t->later[t->later_first];

	if (!t->later_num)
		return -EBUSY;
	t->later_first = (t->later_first + 1) % LATER;
	t->later_num--;
	if (!l->err && model_write(l->op.mac, l->digest, l->size))
		l->err = -EFAULT;
	return model_write(arg, &l->op, sizeof(l->op)) ? -EFAULT : l->err;
}

int model_batch(int fd, struct table *t, const struct crypt_batch *batch)
{
	if (batch->flags || !batch->count || batch->count > CRYPT_BATCH_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < batch->count; i++) {
		struct crypt_op op;
		int32_t err;

		if (model_read(&op, (void *)(uintptr_t)(batch->ops + i * sizeof(op)), sizeof(op)))
			return -EFAULT;
		err = model_crypt(fd, t, &op, NULL);
		if (model_write((void *)(uintptr_t)(batch->status + i * sizeof(err)), &err,
				sizeof(err)))
			return -EFAULT;
	}
	return 0;
}
