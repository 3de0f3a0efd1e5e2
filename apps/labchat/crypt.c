// SPDX-License-Identifier: GPL-2.0-or-later
/* crypt.c - choice between the device and libcrypto. */
#include "labchat/crypt.h"

#include <errno.h>
#include <string.h>

int crypt_open(const struct crypt_sys *sys, const char *device, const struct secret *key,
	       struct crypt **ret, int *why_not)
{
	int err = 0;

	if (why_not)
		*why_not = 0;
	if (strcmp(device, CRYPT_DEVICE_NONE) == 0)
		return crypt_soft_open(key, ret);
	if (strcmp(device, CRYPT_DEVICE_AUTO) != 0)
		return crypt_dev_open(sys, device, key, ret);

	err = crypt_dev_open(sys, CRYPT_DEFAULT_DEVICE, key, ret);
	if (!err)
		return 0;
	if (why_not)
		*why_not = err;
	return crypt_soft_open(key, ret);
}

int crypt_cbc(struct crypt *c, enum crypt_direction direction, const uint8_t iv[CRYPT_BLOCK],
	      uint8_t *data, size_t len)
{
	int err;

	if (len == 0 || len % CRYPT_BLOCK)
		return -EINVAL;
	err = c->ops->cbc(c, direction, iv, data, len);
	if (!err)
		c->operations++;
	return err;
}

void crypt_close(struct crypt *c)
{
	if (c)
		c->ops->close(c);
}
