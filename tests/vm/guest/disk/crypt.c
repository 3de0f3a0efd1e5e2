/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crypt.c - dm-crypt over a block device, by the ioctls of device-mapper.
 */
#include "crypt.h"

#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define KEY_LEN 64

/* The one mapping that there is. */
#define NAME "cryptodev-disk"

/* A call, with what it says of the mapping; a table may follow. */
struct call {
	struct dm_ioctl head;
	struct dm_target_spec target;
	char parameters[512];
};

static void call_init(struct call *call)
{
	memset(call, 0, sizeof(*call));
	call->head.version[0] = DM_VERSION_MAJOR;
	call->head.data_size = sizeof(*call);
	call->head.data_start = offsetof(struct call, target);
	memcpy(call->head.name, NAME, sizeof(NAME));
}

static bool call_make(struct call *call, unsigned long number, const char *what)
{
	int fd = open("/dev/mapper/control", O_RDWR);
	bool ok = fd >= 0 && !ioctl(fd, number, call);

	if (!ok)
		perror(what);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Sectors of a device; 0: it cannot be asked. */
static uint64_t sectors(const char *device)
{
	int fd = open(device, O_RDONLY);
	uint64_t bytes = 0;

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes))
		perror(device);
	if (fd >= 0)
		close(fd);
	return bytes / 512;
}

/* The table of the mapping. */
static bool table(struct call *call, const char *device, const char *cipher, unsigned long sector)
{
	char hex[2 * KEY_LEN + 1];
	uint8_t key[KEY_LEN];
	int len;

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key)) {
		perror("getrandom");
		return false;
	}
	for (size_t i = 0; i < sizeof(key); i++)
		snprintf(hex + 2 * i, 3, "%02x", key[i]);
	call->head.target_count = 1;
	call->target.length = sectors(device);
	memcpy(call->target.target_type, "crypt", sizeof("crypt"));
	len = snprintf(call->parameters, sizeof(call->parameters), "%s %s 0 %s 0 1 sector_size:%lu",
		       cipher, hex, device, sector);
	return call->target.length && len > 0 && (size_t)len < sizeof(call->parameters);
}

bool crypt_open(const char *device, const char *cipher, unsigned long sector, char *path,
		size_t size)
{
	struct call call;

	call_init(&call);
	if (!call_make(&call, DM_DEV_CREATE, "DM_DEV_CREATE"))
		return false;
	snprintf(path, size, "/dev/dm-%u", minor(call.head.dev));
	call_init(&call);
	if (table(&call, device, cipher, sector) && call_make(&call, DM_TABLE_LOAD, cipher)) {
		call_init(&call);
		if (call_make(&call, DM_DEV_SUSPEND, "DM_DEV_SUSPEND"))
			return true;
	}
	crypt_close();
	return false;
}

bool crypt_close(void)
{
	struct call call;

	call_init(&call);
	return call_make(&call, DM_DEV_REMOVE, "DM_DEV_REMOVE");
}
