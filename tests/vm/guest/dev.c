/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dev.c - /dev/crypto calls for the guest's test programs.
 */
#include "dev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *dev_path = DEV_DEFAULT_PATH;

int dev_open(void)
{
	int fd = open(dev_path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

void dev_explain(int err)
{
	fprintf(stderr, "%s: %s\n", dev_path, strerror(-err));
	if (err == -EACCES)
		fprintf(stderr, "The node's group may open it: join that group, or run as root.\n");
	else if (err == -ENOENT)
		fprintf(stderr, "Is the module loaded (modprobe virtio_cryptodev) "
				"and does the machine have the device?\n");
	else if (err == -ENODEV || err == -ENXIO)
		fprintf(stderr, "The device is gone: is the host's daemon running?\n");
}

void dev_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int dev_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

int dev_mac_session(int fd, uint32_t cipher, const void *key, size_t keylen, uint32_t mac,
		    const void *mackey, size_t mackeylen, uint32_t *ses)
{
	struct session_op op = {
	    .cipher = cipher,
	    .mac = mac,
	    .keylen = (uint32_t)keylen,
	    .key = (uint8_t *)key,
	    .mackeylen = (uint32_t)mackeylen,
	    .mackey = (uint8_t *)mackey,
	};
	int err = dev_ioctl(fd, CIOCGSESSION, &op);

	*ses = op.ses;
	return err;
}

int dev_session(int fd, uint32_t cipher, const void *key, size_t keylen, uint32_t *ses)
{
	return dev_mac_session(fd, cipher, key, keylen, 0, NULL, 0, ses);
}

int dev_end(int fd, uint32_t ses)
{
	return dev_ioctl(fd, CIOCFSESSION, &ses);
}

int dev_crypt(int fd, uint32_t ses, unsigned int op, unsigned int flags, const void *src, void *dst,
	      size_t len, void *iv)
{
	struct crypt_op cop = {
	    .ses = ses,
	    .op = (uint16_t)op,
	    .flags = (uint16_t)flags,
	    .len = (uint32_t)len,
	    .src = (uint8_t *)src,
	    .dst = dst,
	    .iv = iv,
	};

	return dev_ioctl(fd, CIOCCRYPT, &cop);
}

int dev_has_mac(int fd, uint32_t mac, size_t mackeylen)
{
	static const uint8_t key[CRYPTO_HMAC_MAX_KEY_LEN];
	uint32_t ses;

	if (dev_mac_session(fd, 0, NULL, 0, mac, key, mackeylen, &ses))
		return 0;
	dev_end(fd, ses);
	return 1;
}
