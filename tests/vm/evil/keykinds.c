/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keykinds.c - calls about keys by name, for kinds.c. The host's key service is keyhost.c.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "kinds.h"
#include "tests/vm/guest/dev.h"
#include "virtio_cryptodev.h"

void key_label(char label[64], const struct evil_order *order)
{
	memset(label, 0, CRYPT_KEY_LABEL_LEN);
	snprintf(label, CRYPT_KEY_LABEL_LEN, EVIL_KEY_LABEL, order->what, order->arg, order->zero);
}

int key_session(int fd, const struct evil_order *order, uint32_t cipher, uint32_t *ses)
{
	struct crypt_label_op op = {.cipher = cipher};
	int err;

	key_label(op.label, order);
	err = dev_ioctl(fd, CIOCGSESSLABEL, &op);
	*ses = op.ses;
	return err;
}

static bool all_bytes(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] != EVIL_KEY_BYTE)
			return false;
	return true;
}

/* A decryption, as only that has an output of any length. */
void kind_keyop(int fd, const struct evil_order *order, struct outcome *o)
{
	static const uint8_t in[100];
	uint8_t *out = kind_room(o, EVIL_KEY_ROOM);
	struct crypt_key_op op = {.op = CRYPT_KEYOP_DECRYPT,
				  .scheme = VCD_RSA_OAEP_SHA256,
				  .in = (uintptr_t)in,
				  .in_len = sizeof(in),
				  .out = (uintptr_t)out,
				  .out_len = EVIL_KEY_ROOM};

	o->err = key_session(fd, order, 0, &op.ses);
	if (o->err)
		return;
	o->err = dev_ioctl(fd, CIOCKEYOP, &op);
	o->right = !o->err && op.out_len == EVIL_KEY_OUT && all_bytes(out, EVIL_KEY_OUT);
	dev_end(fd, op.ses);
}

void kind_keyasync(int fd, const struct evil_order *order, struct outcome *o)
{
	static const uint8_t in[100];
	uint8_t *out = kind_room(o, EVIL_KEY_ROOM);
	struct crypt_key_op op = {.op = CRYPT_KEYOP_DECRYPT,
				  .scheme = VCD_RSA_OAEP_SHA256,
				  .in = (uintptr_t)in,
				  .in_len = sizeof(in),
				  .cookie = 0x123456789abcdef};
	struct crypt_key_fetch fetch = {.out = (uintptr_t)out, .out_len = EVIL_KEY_ROOM};
	struct pollfd p = {.fd = fd, .events = POLLIN};

	o->err = key_session(fd, order, 0, &op.ses);
	if (o->err)
		return;
	o->err = dev_ioctl(fd, CIOCKEYASYNC, &op);
	if (!o->err && poll(&p, 1, 60000) != 1)
		o->err = -ETIME;
	if (!o->err)
		o->err = dev_ioctl(fd, CIOCKEYFETCH, &fetch);
	if (!o->err) {
		o->err = fetch.cookie == op.cookie ? fetch.status : -EILSEQ;
		o->right = fetch.out_len == EVIL_KEY_OUT && all_bytes(out, EVIL_KEY_OUT);
	}
	dev_end(fd, op.ses);
}

void kind_seal_by_label(int fd, const struct evil_order *order, struct outcome *o)
{
	static uint8_t src[100];
	uint8_t nonce[16] = {0}, *out = kind_room(o, 116);
	struct crypt_auth_op op = {.src = src, .len = sizeof(src), .dst = out, .iv = nonce};

	o->err = key_session(fd, order, CRYPTO_AES_GCM, &op.ses);
	if (o->err)
		return;
	o->err = dev_ioctl(fd, CIOCAUTHCRYPT, &op);
	o->right =
	    !o->err && op.len == 116 && all_bytes(out, 116) && all_bytes(nonce, 12) && !nonce[12];
	dev_end(fd, op.ses);
}
