/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crypt.h - dm-crypt over a block device, by the ioctls of device-mapper.
 */
#ifndef GUEST_DISK_CRYPT_H
#define GUEST_DISK_CRYPT_H

#include <stdbool.h>
#include <stddef.h>

/** crypt_open - put @cipher with a random key over @device; @path gets the name of the result */
bool crypt_open(const char *device, const char *cipher, unsigned long sector, char *path,
		size_t size);

/** crypt_close - remove it */
bool crypt_close(void);

#endif /* GUEST_DISK_CRYPT_H */
