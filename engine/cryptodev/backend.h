/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend.h - the cryptodev backend, with its system calls in the caller's hands.
 *
 * For tests, which put a /dev/crypto of their own behind it.
 */
#ifndef ENG_CRYPTODEV_BACKEND_H
#define ENG_CRYPTODEV_BACKEND_H

#include "engine/engine.h"

/**
 * struct eng_cryptodev_sys - what the backend asks of the kernel; as the system calls,
 * -1 and errno on failure.
 */
struct eng_cryptodev_sys {
	int (*open)(const char *path, int flags);
	int (*ioctl)(int fd, unsigned long request, void *arg);
	int (*close)(int fd);
};

/**
 * eng_cryptodev_open_with - open the backend on @path by way of @sys.
 *
 * Return: 0; -ENODEV no device there, or one that serves no algorithm; -ENOMEM; what
 * open() failed with otherwise.
 */
int eng_cryptodev_open_with(const char *path, unsigned int threads,
			    const struct eng_cryptodev_sys *sys, struct engine **ret);

#endif /* ENG_CRYPTODEV_BACKEND_H */
