/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.h - open files of the device: opening, inheriting, losing them. See
 * file.c.
 */
#ifndef CD_FILE_H
#define CD_FILE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef struct cd_file_st CD_FILE;

/* Some implementations let only one call at a time into an open file. */
#define CD_POOL_FILES 4

/**
 * struct cd_pool_st - open files of one path.
 * @next: in the list of all; under cd_lock, as @files, @turn and @refs
 * @refs: providers that use it
 * @path: path of the device
 * @timeout_ms: how long a call may wait for the host, if the driver can be told
 * @own_only: no open file of another process is used, and none is made for it
 * @files: open files, or NULL
 * @turn: the next one of them
 * @open_error: errno of the last attempt to open it, 0 when that worked
 * @inherited: the open file is another process's or from before a failure,
 * since it could not be opened again
 */
typedef struct cd_pool_st {
    struct cd_pool_st *next;
    unsigned int refs;
    char *path;
    unsigned int timeout_ms;
    bool own_only;
    CD_FILE *files[CD_POOL_FILES];
    unsigned int turn;
    atomic_int open_error;
    atomic_bool inherited;
} CD_POOL;

/* Covers pools, files, their references and descriptors. */
extern pthread_mutex_t cd_lock;

/** cd_pool_add - adds a pool to the list for fork(). Under cd_lock.
 */
void cd_pool_add(CD_POOL *pool);

/** cd_pool_find - the pool for which @same returns true, or NULL. Under
 * cd_lock. */
CD_POOL *cd_pool_find(bool (*same)(const CD_POOL *pool, const void *arg),
                      const void *arg);

/** cd_pool_remove - takes it out and closes its files. Under cd_lock. */
void cd_pool_remove(CD_POOL *pool);

/** cd_pool_kill - marks all files of the pool dead. */
void cd_pool_kill(CD_POOL *pool);

/** cd_pool_has_file - whether there is a file that can be used now. */
bool cd_pool_has_file(CD_POOL *pool);

/** cd_file_get - a reference on the next file in turn, or NULL with errno. */
CD_FILE *cd_file_get(CD_POOL *pool);

/** cd_file_open - a new open file that the pool does not have, or NULL with
 * errno. */
CD_FILE *cd_file_open(CD_POOL *pool);
void cd_file_ref(CD_FILE *file);
void cd_file_put(CD_FILE *file);

/** cd_file_usable - neither dead nor the parent's. */
bool cd_file_usable(const CD_FILE *file);

/**
 * cd_file_may_end - whether a session of this file may be ended by a call: it
 * is this process's, and the call does not wait for a host that failed.
 */
bool cd_file_may_end(const CD_FILE *file);

/**
 * cd_file_keeps_out - whether the driver promises that nothing is written to
 * the caller's memory after a call has returned.
 */
bool cd_file_keeps_out(const CD_FILE *file);

/** cd_file_descriptor - its descriptor, to wait on. */
int cd_file_descriptor(const CD_FILE *file);

/** cd_file_kill - marks it dead. @stolen: its descriptor belongs to other code
 * and is not closed. */
void cd_file_kill(CD_FILE *file, bool stolen);

/** cd_file_call - ioctl(). Return: 0 or a negative errno. */
int cd_file_call(const CD_FILE *file, unsigned long request, void *arg);

#endif /* CD_FILE_H */
