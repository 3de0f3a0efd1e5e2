/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * service.h - the device's key service (device/key_service.h) over a connection to vcrypto-keeper.
 *
 * Theory of operation
 * -------------------
 * The threads of slow queues pass batches of jobs to it. It sends a request for each job, as many as
 * the keeper allows outstanding, and returns when all are answered. One thread of its own, the
 * *receiver*, reads the connection at any time. So a KEEPER_REVOKED is acted upon when it comes, also
 * while no job is outstanding or while all of them wait for a slow token.
 *
 *     slow queue's thread   put jobs into the table, send, sleep until all are done
 *     receiver              take connections over, receive replies, wake, send what did not fit,
 *                           close keys, end sessions
 *     any thread            close a key: note it, and wake the receiver
 *
 * The supervisor connects, says who the VM is, and passes the connection (service_connect()). When
 * the keeper goes, keys that it held are gone with it: jobs on them are answered VCD_S_STALE, and
 * others wait for the next connection. With the next connection, all sessions by label end, also
 * those whose key bytes are in this process: a key may have been revoked while nobody could say so.
 * Guests make them again.
 *
 * A job that is not done SERVICE_PATIENCE_MS after its batch came is answered VCD_S_IO. The control
 * thread does not wait for that: it hurries the batches of queues that it wants to change or stop.
 *
 * Numbers of keys
 * ---------------
 * The device knows a key by a number that is made here and never given twice. The keeper's handles
 * cannot serve as that: another life of the keeper gives the same ones to other keys.
 *
 * Locks
 * -----
 * One mutex protects all of it. No function of the device is called with it held.
 */
#ifndef VCD_KEEPER_CLIENT_SERVICE_H
#define VCD_KEEPER_CLIENT_SERVICE_H

#include "device/key_service.h"

struct service;

/** Longest time that a job waits, in ms: less than a driver's 20 s. */
#define SERVICE_PATIENCE_MS 15000u

/** Memory of libcrypto's that a service takes, in bytes: what it receives goes there. */
#define SERVICE_BYTES ((size_t)64 << 10)

/**
 * service_new - make a service without a connection, and start its thread.
 * @patience_ms: see above; 0: SERVICE_PATIENCE_MS
 * @ret: out; untouched on failure
 *
 * Return: 0 or a negative errno.
 */
int service_new(unsigned int patience_ms, struct service **ret);

/** service_free - end its thread and close its connection; NULL is allowed. Return: NULL. */
struct service *service_free(struct service *service);

/** service_of - what to give to the device. */
const struct vdev_key_service *service_of(struct service *service);

/**
 * service_attach - name the device whose sessions end when keys do. NULL: there is none.
 *
 * When it returns, the former device is no longer in use.
 */
void service_attach(struct service *service, struct vdev *device);

/** service_connect - use this connection from now on; @fd is taken over. Does not wait. */
void service_connect(struct service *service, int fd);

/**
 * service_cancel - answer all jobs, and all that come later, without the keeper: VCD_S_STALE or
 * VCD_S_BUSY, so that the guest repeats them. For a process that is about to end.
 */
void service_cancel(struct service *service);

/** service_connected - whether there is a keeper. */
bool service_connected(struct service *service);

#endif /* VCD_KEEPER_CLIENT_SERVICE_H */
