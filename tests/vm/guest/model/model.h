/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.h - /dev/crypto in user space, for trying the guest's tests without one.
 *
 * Not part of what is tested: it answers as the interface's documentation says,
 * so that a check which fails against it is a wrong check.
 */
#ifndef TESTS_VM_GUEST_MODEL_H
#define TESTS_VM_GUEST_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** model_open - a new open file description. Return: descriptor or negative errno. */
int model_open(int flags);

/** model_owns - whether @fd was made by model_open(), here or in another process. */
bool model_owns(int fd);

/** model_ioctl - what ioctl() does. Return: 0 or negative errno. */
int model_ioctl(int fd, unsigned long request, void *arg);

/** model_mmap - the system call. mmap() itself is the model's, which refuses to map the device. */
void *model_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t at);

/** model_poll - what poll() says of it. Return: POLLIN and POLLOUT as they apply. */
short model_poll(int fd);

/** model_key_hold - while it is on, submitted operations of private keys do not end. */
void model_key_hold(bool hold);

/** model_key_most - how many of these were outstanding at a time, since it was asked last. */
unsigned int model_key_most(void);

#endif
