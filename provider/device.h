/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device.h - the device: sessions, failures, missing algorithms. See device.c.
 */
#ifndef CD_DEVICE_H
#define CD_DEVICE_H

#include "cryptodev.h"
#include "provider/file.h"
#include "provider/provider.h"

/**
 * struct cd_session_st - a session on the device, made when it is first needed.
 * All zero: none. It belongs to one context and is used by one thread at a
 * time.
 * @device: the device it is on
 * @file: the open file it is on; a reference
 * @ses: its id there, never 0 while @file is set
 */
typedef struct cd_session_st {
    CD_DEVICE *device;
    CD_FILE *file;
    uint32_t ses;
} CD_SESSION;

/**
 * cd_device_get - the device of a configuration; does not open it.
 * Return: the device, shared with every provider of this process that has the
 * same configuration; NULL without memory.
 */
CD_DEVICE *cd_device_get(const CD_CONFIG *config);
void cd_device_put(CD_DEVICE *device);

/** cd_device_lacks - whether it is known not to have an algorithm. */
bool cd_device_lacks(CD_DEVICE *device, const CD_ALG *alg);

/** cd_device_is_open - whether this process has an open file of it. */
bool cd_device_is_open(CD_DEVICE *device);

/**
 * cd_device_why - its state as text.
 * @look: open it if it is not open
 * @text: @size bytes: "ok", optionally with a remark, "not used", or the error
 */
void cd_device_why(CD_DEVICE *device, bool look, char *text, size_t size);

/**
 * cd_session_make - makes the session unless it is there and can still be used.
 * @op: the wanted session; unchanged
 * Return: 0, or a negative errno; -EAGAIN when the device must not be asked
 * after a failure, or is known to lack the algorithm.
 */
int cd_session_make(CD_DEVICE *device, CD_SESSION *session,
                    const struct session_op *op);

/** cd_session_end - ends it, here and, if possible, on the device. */
void cd_session_end(CD_SESSION *session);

/**
 * cd_session_call - one ioctl of a session that was made.
 * Return: 0 or a negative errno. After a failure that may have to do with the
 * session or its file, the session is gone; cd_session_make() makes another
 * one.
 */
int cd_session_call(CD_SESSION *session, unsigned long request, void *arg);

/** cd_session_valid - whether the very session that was made is still there. */
bool cd_session_valid(const CD_SESSION *session);

/**
 * cd_session_flags - flags that every operation on the session has to have.
 *
 * A driver that knows CIOCTIMEOUT writes nothing after a call has returned.
 * Another driver guarantees that only when it copies.
 */
uint16_t cd_session_flags(const CD_SESSION *session);

/**
 * cd_session_clone - a session like @from with a copy of its unfinished hash.
 * @to: all zero
 * @op: as @from was made
 * Return: 0 or a negative errno; then @to is all zero still.
 */
int cd_session_clone(CD_SESSION *to, const CD_SESSION *from,
                     const struct session_op *op);

/**
 * cd_bounce - memory of a context for output of the device.
 * @bounce, @size: existing memory, or NULL and 0
 * Return: room for @len bytes; NULL without memory.
 */
uint8_t *cd_bounce(uint8_t **bounce, size_t *size, size_t len);

/** cd_bounce_free - the message has ended: an idle context has no such memory.
 */
void cd_bounce_free(uint8_t **bounce, size_t *size);

#endif /* CD_DEVICE_H */
