/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session.c - sessions of the model.
 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static bool cipher_ok(uint32_t id, uint32_t keylen)
{
	const struct ref_cipher *c = ref_cipher_find(id);
	const struct ref_aead *a = ref_aead_find(id);

	for (unsigned int i = 0; a && i < 3; i++)
		if (a->keylens[i] && a->keylens[i] == keylen)
			return true;
	for (unsigned int i = 0; c && i < ref_cipher_keys(c); i++)
		if (c->keylens[i] == keylen)
			return true;
	return false;
}

static int insert(struct table *t, const struct slot *made, uint32_t *id)
{
	for (uint32_t i = 0; i <= SLOTS; i++) {
		struct slot *s = &t->slots[++t->generation % SLOTS];

		if (s->id || !t->generation)
			continue;
		*s = *made;
		s->id = t->generation;
		*id = s->id;
		return 0;
	}
	return -ENOMEM;
}

int model_session_new(struct table *t, const struct session_op *op, uint32_t *id)
{
	struct slot made = {
	    .cipher = op->cipher, .mac = op->mac, .keylen = op->keylen, .taglen = 16};
	const struct ref_mac *m = ref_mac_find(op->mac);

	if (ref_aead_find(op->cipher)) {
		if (op->mac && op->mackeylen)
			return -EINVAL;
		made.mac = 0;
		m = NULL;
	}
	if (m && op->cipher)
		made.taglen = m->size;
	if ((!op->cipher && !op->mac) || (made.mac && !m) ||
	    (m && op->mackeylen > sizeof(made.mackey)) ||
	    (op->cipher && (op->keylen > sizeof(made.key) || !cipher_ok(op->cipher, op->keylen))))
		return -EINVAL;
	if (op->cipher && model_read(made.key, op->key, op->keylen))
		return -EFAULT;
	if (m && m->keyed) {
		made.mackeylen = op->mackeylen;
		if (model_read(made.mackey, op->mackey, op->mackeylen))
			return -EFAULT;
	}
	return insert(t, &made, id);
}

int model_session_named(struct table *t, const struct session_op *op, uint32_t named, uint32_t *id)
{
	struct slot made = {.named = named};

	if (!op->cipher && !op->mac)
		return insert(t, &made, id);
	if (!op->cipher)
		return -EINVAL;
	made.cipher = op->cipher;
	made.taglen = 16;
	made.keylen = op->keylen;
	memcpy(made.key, op->key, op->keylen);
	return insert(t, &made, id);
}

off_t model_hash_area(const struct table *t, const struct slot *s)
{
	return (off_t)(TABLE_ROOM + (size_t)(s - t->slots) * HASH_ROOM);
}

void model_session_end(int fd, struct table *t, struct slot *s)
{
	if (s->hashed)
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, model_hash_area(t, s),
			  HASH_ROOM);
	memset(s, 0, sizeof(*s));
}

static void name_part(char *name, char *driver, const char *what)
{
	snprintf(name, CRYPTODEV_MAX_ALG_NAME, "%s", what);
	snprintf(driver, CRYPTODEV_MAX_ALG_NAME, "model-%s", what);
}

int model_session_info(struct table *t, struct session_info_op *info)
{
	const struct slot *s = model_find(t, info->ses);
	const struct ref_mac *m = s ? ref_mac_find(s->mac) : NULL;
	uint32_t ses = info->ses;

	if (!s)
		return -EINVAL;
	memset(info, 0, sizeof(*info));
	info->ses = ses;
	info->flags = SIOP_FLAG_KERNEL_DRIVER_ONLY;
	if (s->cipher)
		name_part(info->cipher_info.cra_name, info->cipher_info.cra_driver_name,
			  s->cipher == CRYPTO_AES_CBC ? "cbc(aes)" : "cipher");
	if (m)
		name_part(info->hash_info.cra_name, info->hash_info.cra_driver_name, m->name);
	return 0;
}
