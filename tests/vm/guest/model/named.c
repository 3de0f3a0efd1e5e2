/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * named.c - the calls of the model for keys by name: CIOCGSESSLABEL to CIOCKEYFETCH.
 *
 * A submitted operation is carried out at once, and its result kept until it is fetched.
 */
#include "state.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include <openssl/x509.h>

#include "keys.h"

static atomic_bool held;
static atomic_uint outstanding, most;

void model_key_hold(bool hold)
{
	atomic_store(&held, hold);
}

unsigned int model_key_most(void)
{
	return atomic_exchange(&most, atomic_load(&outstanding));
}

/* It ends with a 0, and has zeros behind it. */
static bool is_label(const char *label)
{
	size_t len = strnlen(label, CRYPT_KEY_LABEL_LEN);

	for (size_t i = len; i < CRYPT_KEY_LABEL_LEN; i++)
		if (label[i])
			return false;
	return len && len < CRYPT_KEY_LABEL_LEN;
}

/* -ENOKEY whatever the reason. */
static int look_up(const char *label, uint64_t ticket, const struct named **ret)
{
	uint8_t bytes[CRYPT_KEY_TICKET_LEN] = {0};
	uint8_t wanted[CRYPT_KEY_TICKET_LEN];
	const struct named *n;

	if (!is_label(label))
		return -EINVAL;
	if (ticket && model_read(bytes, (void *)(uintptr_t)ticket, sizeof(bytes)))
		return -EFAULT;
	memset(wanted, MODEL_TICKET_BYTE, sizeof(wanted));
	for (unsigned int i = 0; (n = model_named(i)); i++)
		if (!strncmp(n->key.label, label, CRYPT_KEY_LABEL_LEN) &&
		    (!n->ticket || !memcmp(bytes, wanted, sizeof(bytes)))) {
			*ret = n;
			return 0;
		}
	return -ENOKEY;
}

static uint32_t number_of(const struct named *n)
{
	uint32_t i = 0;

	while (model_named(i) != n)
		i++;
	return i + 1;
}

int model_label_session(struct table *t, struct crypt_label_op *op)
{
	struct session_op session = {.cipher = op->cipher, .mac = op->mac};
	const struct named *n;
	int err;

	if ((op->flags & ~(uint32_t)CRYPT_LABEL_CHECK) || (op->cipher && op->mac))
		return -EINVAL;
	err = look_up(op->label, op->ticket, &n);
	if (err)
		return err;
	if ((op->flags & CRYPT_LABEL_CHECK) &&
	    memcmp(op->key.check, n->key.check, sizeof(n->key.check)) != 0)
		return -ENOKEY;
	if (op->cipher + op->mac != n->key.alg)
		return -EINVAL;
	op->key = n->key;
	session.key = (void *)(uintptr_t)model_named_bytes(n);
	session.keylen = n->key.key_len;
	return model_session_named(t, &session, number_of(n), &op->ses);
}

int model_key_list(struct crypt_key_list *list)
{
	uint32_t room = list->count, at = 0, first = list->first;
	const struct named *n;

	if (list->reserved)
		return -EINVAL;
	list->count = 0;
	for (unsigned int i = 0; (n = model_named(i)); i++) {
		if (n->ticket)
			continue;
		if (at++ < first || list->count == room)
			continue;
		if (model_write(
			at_offset((void *)(uintptr_t)list->keys, list->count * sizeof(n->key)),
			&n->key, sizeof(n->key)))
			return -EFAULT;
		list->count++;
	}
	list->total = at;
	return 0;
}

int model_key_info(struct crypt_key_info *info)
{
	const struct named *n;
	uint32_t room = info->spki_len;
	uint8_t *der = NULL;
	int err, len = 0;

	err = look_up(info->label, info->ticket, &n);
	if (err)
		return err;
	info->key = n->key;
	if (model_named_pkey(n))
		len = i2d_PUBKEY(model_named_pkey(n), &der);
	info->spki_len = (uint32_t)len;
	if (info->spki && info->spki_len > room)
		err = -EMSGSIZE;
	else if (info->spki && len)
		err = model_write((void *)(uintptr_t)info->spki, der, (size_t)len);
	OPENSSL_free(der);
	return err;
}

/* Bytes of output, or a negative errno. */
static int operate(struct table *t, const struct crypt_key_op *op, uint8_t *out)
{
	struct slot *s = model_find(t, op->ses);
	uint8_t in[CRYPT_KEY_MAX_DATA];

	if (!s || !s->named || s->cipher || s->mac)
		return -EINVAL;
	if (op->op > CRYPT_KEYOP_DERIVE ||
	    (op->flags & ~(op->op == CRYPT_KEYOP_SIGN ? CRYPT_KEYOP_MESSAGE : 0)) ||
	    (op->aux_len && op->op != CRYPT_KEYOP_DECRYPT))
		return -EINVAL;
	if (op->in_len > sizeof(in) || op->aux_len > sizeof(in) - op->in_len)
		return -EMSGSIZE;
	if (model_read(in, (void *)(uintptr_t)op->in, op->in_len) ||
	    model_read(in + op->in_len, (void *)(uintptr_t)op->aux, op->aux_len))
		return -EFAULT;
	return model_named_operate(model_named(s->named - 1), op, in, in + op->in_len, out);
}

int model_key_operate(struct table *t, struct crypt_key_op *op)
{
	uint8_t out[MODEL_MAX_KEYOUT];
	int len = operate(t, op, out);

	if (len < 0)
		return len;
	if ((uint32_t)len > op->out_len)
		return -EMSGSIZE;
	op->out_len = (uint32_t)len;
	return model_write((void *)(uintptr_t)op->out, out, (size_t)len);
}

int model_key_submit(struct table *t, const struct crypt_key_op *op)
{
	struct key_later *l = &t->key_later[t->key_later_num];
	unsigned int now;
	int len;

	if (t->later_num || t->key_later_num == LATER)
		return -EBUSY;
	len = operate(t, op, l->out);
	if (len == -EFAULT || (len == -EINVAL && !model_find(t, op->ses)))
		return len;
	l->cookie = op->cookie;
	l->status = len < 0 ? len : 0;
	l->len = len < 0 ? 0 : (uint32_t)len;
	t->key_later_num++;
	now = atomic_fetch_add(&outstanding, 1) + 1;
	if (now > atomic_load(&most))
		atomic_store(&most, now);
	return 0;
}

bool model_key_ready(const struct table *t)
{
	return t->key_later_num && !atomic_load(&held);
}

/* The newest first: any order is good, and nobody shall rely on one. */
int model_key_fetch(struct table *t, struct crypt_key_fetch *fetch)
{
	const struct key_later *l;
	uint32_t room = fetch->out_len;

	if (!model_key_ready(t))
		return -EBUSY;
	l = &t->key_later[t->key_later_num - 1];
	fetch->out_len = l->len;
	fetch->cookie = l->cookie;
	fetch->status = l->status;
	if (l->len > room)
		return -EMSGSIZE;
	if (model_write((void *)(uintptr_t)fetch->out, l->out, l->len))
		return -EFAULT;
	t->key_later_num--;
	atomic_fetch_sub(&outstanding, 1);
	return 0;
}
