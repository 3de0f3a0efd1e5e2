// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crypt_dev.c - AES-CBC by a crypto device, through the cryptodev ioctls.
 *
 * One open file and one session (CIOCGSESSION) per struct crypt; one CIOCCRYPT
 * per call, with the IV in it, so that no call depends on the one before;
 * CIOCFSESSION and close at the end. The device is asked for nothing else.
 */
#include "labchat/crypt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "include/cryptodev.h"

struct crypt_dev {
	struct crypt base;
	const struct crypt_sys *sys;
	int fd;
	uint32_t ses;
};

static int dev_cbc(struct crypt *c, enum crypt_direction direction, const uint8_t iv[CRYPT_BLOCK],
		   uint8_t *data, size_t len)
{
	struct crypt_dev *dev = (struct crypt_dev *)c;
	uint8_t own_iv[CRYPT_BLOCK];
	struct crypt_op job = {
	    .ses = dev->ses,
	    .op = direction == CRYPT_ENCRYPT ? COP_ENCRYPT : COP_DECRYPT,
	    .len = (uint32_t)len,
	    .src = data,
	    .dst = data,
	    .iv = own_iv,
	};

	if (len > UINT32_MAX)
		return -EINVAL;
	/* The ABI's pointer is not const: a device may write the next IV there. */
	memcpy(own_iv, iv, sizeof(own_iv));
	return dev->sys->ioctl(dev->fd, CIOCCRYPT, &job);
}

static void dev_close(struct crypt *c)
{
	struct crypt_dev *dev = (struct crypt_dev *)c;

	/* A failure changes nothing: the close below ends the session as well. */
	(void)dev->sys->ioctl(dev->fd, CIOCFSESSION, &dev->ses);
	dev->sys->close(dev->fd);
	free(dev);
}

static const struct crypt_ops dev_ops = {
    .cbc = dev_cbc,
    .close = dev_close,
};

int crypt_dev_open(const struct crypt_sys *sys, const char *path, const struct secret *key,
		   struct crypt **ret)
{
	struct session_op session = {.cipher = CRYPTO_AES_CBC, .keylen = (uint32_t)key->len};
	struct secret copy = *key;
	struct crypt_dev *dev;
	int err;

	dev = calloc(1, sizeof(*dev));
	if (!dev) {
		secret_wipe(&copy);
		return -ENOMEM;
	}
	dev->base = (struct crypt){.ops = &dev_ops, .device = path};
	dev->sys = sys;
	dev->fd = sys->open(path);
	if (dev->fd < 0) {
		err = dev->fd;
		goto err_free;
	}

	session.key = copy.bytes;
	err = sys->ioctl(dev->fd, CIOCGSESSION, &session);
	if (err)
		goto err_close;
	dev->ses = session.ses;
	secret_wipe(&copy);
	*ret = &dev->base;
	return 0;

err_close:
	sys->close(dev->fd);
err_free:
	free(dev);
	secret_wipe(&copy);
	return err;
}

static int linux_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

static int linux_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

static void linux_close(int fd)
{
	close(fd);
}

const struct crypt_sys crypt_sys_linux = {
    .open = linux_open,
    .ioctl = linux_ioctl,
    .close = linux_close,
};
