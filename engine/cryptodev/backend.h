/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend.h - the cryptodev backend with the caller's own system calls, for tests with a fake
 * /dev/crypto.
 */
#ifndef ENG_CRYPTODEV_BACKEND_H
#define ENG_CRYPTODEV_BACKEND_H

#include "engine/engine.h"

/**
 * struct eng_cryptodev_sys - the system calls of the backend: -1 and errno on failure.
 */
struct eng_cryptodev_sys {
	int (*open)(const char *path, int flags);
	int (*ioctl)(int fd, unsigned long request, void *arg);
	int (*close)(int fd);
};

/**
 * eng_cryptodev_open_with - open the backend on @path by way of @sys.
 *
 * Return: 0; -ENODEV there is no device, or it has no algorithm; -ENOMEM; else the error of open().
 */
int eng_cryptodev_open_with(const char *path, unsigned int threads,
			    const struct eng_cryptodev_sys *sys, struct engine **ret);

#endif /* ENG_CRYPTODEV_BACKEND_H */
