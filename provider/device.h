/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device.h - the device: open files, sessions, failures, fork.
 */
#ifndef CD_DEVICE_H
#define CD_DEVICE_H

#include "cryptodev.h"
#include "engine/key.h"
#include "provider/provider.h"

typedef struct cd_file_st CD_FILE;

/**
 * struct cd_session_st - a session on the device, made when it is first needed.
 * All zero: none. It belongs to one context and is used by one thread at a
 * time.
 * @file: the open file it is on; a reference
 * @ses: its id there, never 0 while @file is set
 */
typedef struct cd_session_st {
    CD_FILE *file;
    uint32_t ses;
} CD_SESSION;

/**
 * cd_device_new - opens the device and sees whether it answers.
 * Return: the device, or NULL with errno saying why.
 */
CD_DEVICE *cd_device_new(const char *path, unsigned int retry_ms);
void cd_device_free(CD_DEVICE *device);

/**
 * cd_device_probe - whether the device has an algorithm.
 * @hardware: and says that it is none of the kernel's software
 */
int cd_device_probe(CD_DEVICE *device, const CD_ALG *alg, bool hardware);

/**
 * cd_session_make - makes the session unless it is there and can still be used.
 * @op: what is wanted; unchanged
 * Return: 0, or a negative errno.
 */
int cd_session_make(CD_DEVICE *device, CD_SESSION *session,
                    const struct session_op *op);

/** cd_session_end - ends it, here and, where that is right, on the device. */
void cd_session_end(CD_SESSION *session);

/**
 * cd_session_call - one ioctl of a session that was made.
 * Return: 0 or a negative errno. After a failure that may have to do with the
 * session or its file, the session is gone; cd_session_make() makes another
 * one.
 */
int cd_session_call(CD_DEVICE *device, CD_SESSION *session,
                    unsigned long request, void *arg);

/** cd_session_valid - whether the very session that was made is still there. */
bool cd_session_valid(const CD_SESSION *session);

/**
 * cd_session_clone - a session like @from with a copy of its half-done hash.
 * @to: all zero
 * @op: as @from was made
 * Return: 0 or a negative errno; then @to is all zero still.
 */
int cd_session_clone(CD_DEVICE *device, CD_SESSION *to, const CD_SESSION *from,
                     const struct session_op *op);

/**
 * cd_bounce - memory of a context for output of the device.
 * @bounce, @size: that of the last time, or NULL and 0
 * Return: room for @len bytes, kept for the next time; NULL when there is none.
 */
uint8_t *cd_bounce(uint8_t **bounce, size_t *size, size_t len);

#endif /* CD_DEVICE_H */
