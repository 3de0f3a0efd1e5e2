/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.c - what is done with keys by name while allocations fail. The keys are those of
 * tests/vm/cases/keys.sh.
 */
#include "faults.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../dev.h"
#include "virtio_cryptodev.h"

#define LATER 4

static bool have_keys;
static uint8_t message[3000], output[4000];

bool keys_setup(int fd)
{
	struct crypt_key_list list = {0};

	have_keys = !dev_ioctl(fd, CIOCKEYLIST, &list) && list.total;
	return have_keys;
}

static int label_session(int fd, const char *label, uint32_t cipher, uint32_t *ses)
{
	struct crypt_label_op op = {.cipher = cipher};
	int err;

	strcpy(op.label, label);
	err = dev_ioctl(fd, CIOCGSESSLABEL, &op);
	*ses = op.ses;
	return err;
}

static struct crypt_key_op signature(uint32_t ses)
{
	return (struct crypt_key_op){.ses = ses,
				     .flags = CRYPT_KEYOP_MESSAGE,
				     .scheme = VCD_SCHEME_ED25519,
				     .in = (uintptr_t)message,
				     .in_len = sizeof(message),
				     .out = (uintptr_t)output,
				     .out_len = sizeof(output)};
}

int op_key_list(int fd)
{
	struct crypt_key keys[5];
	struct crypt_key_list list = {.keys = (uintptr_t)keys, .count = 5};

	return have_keys ? dev_ioctl(fd, CIOCKEYLIST, &list) : 0;
}

int op_key_info(int fd)
{
	struct crypt_key_info info = {
	    .label = "ed25519", .spki = (uintptr_t)output, .spki_len = sizeof(output)};

	return have_keys ? dev_ioctl(fd, CIOCKEYINFO, &info) : 0;
}

int op_key_sign(int fd)
{
	struct crypt_key_op op;
	uint32_t ses;
	int err;

	if (!have_keys)
		return 0;
	err = label_session(fd, "ed25519", 0, &ses);
	if (err)
		return err;
	op = signature(ses);
	err = dev_ioctl(fd, CIOCKEYOP, &op);
	if (!err && op.out_len != 64)
		err = -EILSEQ;
	dev_end(fd, ses);
	return err;
}

int op_key_seal(int fd)
{
	uint8_t nonce[12];
	struct crypt_auth_op op = {
	    .src = message, .len = sizeof(message), .dst = output, .iv = nonce};
	int err;

	if (!have_keys)
		return 0;
	err = label_session(fd, "gcm-slow", CRYPTO_AES_GCM, &op.ses);
	if (err)
		return err;
	err = dev_ioctl(fd, CIOCAUTHCRYPT, &op);
	dev_end(fd, op.ses);
	return err;
}

static int fetch_one(int fd)
{
	struct crypt_key_fetch fetch = {.out = (uintptr_t)output, .out_len = sizeof(output)};
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int err;

	if (poll(&p, 1, 60000) != 1)
		return errno == EFAULT || errno == ENOMEM ? -errno : -ETIME;
	err = dev_ioctl(fd, CIOCKEYFETCH, &fetch);
	return err ? err : fetch.status;
}

static int later(bool fetch)
{
	int fd = dev_open(), err;
	struct crypt_key_op op;
	uint32_t ses;

	if (fd < 0)
		return fd;
	err = label_session(fd, "ed25519", 0, &ses);
	op = signature(ses);
	for (int i = 0; !err && i < LATER; i++)
		err = dev_ioctl(fd, CIOCKEYASYNC, &op);
	for (int i = 0; fetch && !err && i < LATER; i++)
		err = fetch_one(fd);
	close(fd);
	return err;
}

int op_key_later(int fd)
{
	return have_keys ? later(true) : 0;
}

int op_key_later_close(int fd)
{
	return have_keys ? later(false) : 0;
}
