/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.c - open files of the device: opening, inheriting, losing them.
 *
 * Theory of operation
 * -------------------
 * Sessions of the ABI belong to an open file. All providers of a process that
 * have the same configuration share a small pool of open files. A file is
 * opened when a session is made on its slot of the pool, so a process without
 * bulk work opens nothing.
 *
 * A CD_FILE is dead, and the pool replaces it, when
 *   - a call fails in a way that says the device is gone (EIO, ENODEV, ...),
 *   - its descriptor was stolen: a program closed all descriptors that it did
 * not know, as daemons do. Two CD_FILEs with the same number are such a case
 * too; the second open finds it. A stolen descriptor is never closed, since it
 * may belong to other code by now.
 *
 * fork(): the child has the parent's descriptors, and with them the parent's
 * sessions. It must neither use nor end those. The child increments a
 * generation, which makes all files from before the fork unusable for it; it
 * opens its own. The lock is held during fork(), so that the child does not
 * inherit a locked one.
 *
 * A process that cannot open the device (it has changed its user or its root
 * since it started) continues with the open file that it has, inherited or its
 * own from before a failure: as a new CD_FILE on the same descriptor, so that
 * old sessions stay as unusable as they were. Ids are unique within the open
 * file description, and each process ends only sessions of its own. For that
 * reason a process with root's rights opens the device before it forks: servers
 * start as root and give up their rights in the child.
 *
 * Invariants
 *   - No call to the device but open() and close() is made under cd_lock.
 *   - A descriptor is closed when the last CD_FILE on it ends, and only if it
 *     is not stolen.
 *   - Descriptors 0, 1 and 2 are never taken.
 */
#include "provider/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "cryptodev.h"
#include "provider/provider.h"

#define CD_MAX_INTERRUPTS 1000

/**
 * struct cd_descriptor_st - a descriptor of an open file of the device.
 * @next: in the list of all; under cd_lock, as @refs
 * @fd: the descriptor
 * @refs: files on it
 * @stolen: closed by other code; never used or closed again
 * @modern: the driver accepted the time-out (CIOCTIMEOUT)
 * @st: the file that was opened
 */
typedef struct cd_descriptor_st {
    struct cd_descriptor_st *next;
    int fd;
    unsigned int refs;
    atomic_bool stolen;
    bool modern;
    struct stat st;
} CD_DESCRIPTOR;

/**
 * struct cd_file_st - an open file as one generation of processes sees it.
 * @descriptor: its descriptor; a reference
 * @refs: the pools' and the sessions'; under cd_lock
 * @dead: must not be used
 * @generation: cd_generation when it was made
 */
struct cd_file_st {
    CD_DESCRIPTOR *descriptor;
    unsigned int refs;
    atomic_bool dead;
    unsigned int generation;
};

pthread_mutex_t cd_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t cd_once = PTHREAD_ONCE_INIT;
static CD_POOL *cd_pools;
static CD_DESCRIPTOR *cd_descriptors;
static atomic_uint cd_generation;

/* Descriptors */

static bool still_ours(const CD_DESCRIPTOR *d)
{
    struct stat st;

    return !atomic_load(&d->stolen) && fstat(d->fd, &st) == 0
           && st.st_dev == d->st.st_dev && st.st_ino == d->st.st_ino
           && st.st_rdev == d->st.st_rdev;
}

static void descriptor_put(CD_DESCRIPTOR *d)
{
    CD_DESCRIPTOR **link = &cd_descriptors;

    if (--d->refs > 0)
        return;
    while (*link != d)
        link = &(*link)->next;
    *link = d->next;
    if (still_ours(d))
        close(d->fd);
    OPENSSL_free(d);
}

/* A program that closed 0, 1 or 2 would print to the next opened file. */
static int open_above_stderr(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC), low = fd, error;

    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    fd = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    error = errno;
    close(low);
    errno = error;
    return fd;
}

/* Whether it is a /dev/crypto; sets its time-out. */
static int greet(CD_DESCRIPTOR *d, unsigned int timeout_ms)
{
    uint32_t ms = timeout_ms;

    d->modern = ioctl(d->fd, CIOCTIMEOUT, &ms) == 0;
    return d->modern || errno != ENOTTY;
}

/* The descriptor that @path was opened on, or NULL with errno. */
static CD_DESCRIPTOR *descriptor_new(const char *path, unsigned int timeout_ms)
{
    CD_DESCRIPTOR *d = OPENSSL_zalloc(sizeof(*d));
    int error;

    if (d == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    d->fd = open_above_stderr(path);
    if (d->fd < 0 || fstat(d->fd, &d->st) != 0 || !greet(d, timeout_ms)) {
        error = errno;
        if (d->fd >= 0)
            close(d->fd);
        OPENSSL_free(d);
        errno = error;
        return NULL;
    }
    /* Another descriptor with this number was closed by other code. */
    for (CD_DESCRIPTOR *other = cd_descriptors; other != NULL;
         other = other->next)
        if (other->fd == d->fd)
            atomic_store(&other->stolen, true);
    d->next = cd_descriptors;
    cd_descriptors = d;
    return d;
}

/* Files */

/* A file on @d, which gets a reference. NULL without memory. */
static CD_FILE *file_new(CD_DESCRIPTOR *d)
{
    CD_FILE *file = OPENSSL_zalloc(sizeof(*file));

    d->refs++;
    if (file == NULL) {
        descriptor_put(d);
        errno = ENOMEM;
        return NULL;
    }
    file->descriptor = d;
    file->refs = 1;
    file->generation = atomic_load(&cd_generation);
    return file;
}

static void put_locked(CD_FILE *file)
{
    if (file == NULL || --file->refs > 0)
        return;
    descriptor_put(file->descriptor);
    OPENSSL_free(file);
}

void cd_file_put(CD_FILE *file)
{
    pthread_mutex_lock(&cd_lock);
    put_locked(file);
    pthread_mutex_unlock(&cd_lock);
}

void cd_file_ref(CD_FILE *file)
{
    pthread_mutex_lock(&cd_lock);
    file->refs++;
    pthread_mutex_unlock(&cd_lock);
}

/* Made by this process, and its descriptor not lost. */
static bool own(const CD_FILE *file)
{
    return !atomic_load_explicit(&file->descriptor->stolen,
                                 memory_order_relaxed)
           && file->generation
                  == atomic_load_explicit(&cd_generation, memory_order_relaxed);
}

bool cd_file_usable(const CD_FILE *file)
{
    return !atomic_load_explicit(&file->dead, memory_order_relaxed)
           && own(file);
}

bool cd_file_may_end(const CD_FILE *file)
{
    return own(file)
           && (file->descriptor->modern
               || !atomic_load_explicit(&file->dead, memory_order_relaxed));
}

bool cd_file_keeps_out(const CD_FILE *file)
{
    return file->descriptor->modern;
}

int cd_file_descriptor(const CD_FILE *file)
{
    return file->descriptor->fd;
}

void cd_file_kill(CD_FILE *file, bool stolen)
{
    atomic_store(&file->dead, true);
    if (stolen)
        atomic_store(&file->descriptor->stolen, true);
}

int cd_file_call(const CD_FILE *file, unsigned long request, void *arg)
{
    for (unsigned int i = 0; i < CD_MAX_INTERRUPTS; i++) {
        if (ioctl(file->descriptor->fd, request, arg) >= 0)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
    return -EINTR;
}

/* The pool */

static CD_FILE *open_locked(CD_POOL *pool)
{
    CD_DESCRIPTOR *d = descriptor_new(pool->path, pool->timeout_ms);
    CD_FILE *file;

    atomic_store(&pool->open_error, d != NULL ? 0 : errno);
    if (d == NULL)
        return NULL;
    d->refs = 1;
    file = file_new(d);
    descriptor_put(d);
    if (file != NULL)
        atomic_store(&pool->inherited, false);
    return file;
}

/* A file of the pool that can be used, or else a descriptor. */
static CD_FILE *adopt_locked(CD_POOL *pool)
{
    CD_FILE *file;

    for (unsigned int i = 0; i < CD_POOL_FILES; i++) {
        file = pool->files[i];
        if (file != NULL && cd_file_usable(file)) {
            file->refs++;
            return file;
        }
    }
    for (unsigned int i = 0; i < CD_POOL_FILES; i++) {
        file = pool->files[i];
        if (file == NULL || !still_ours(file->descriptor))
            continue;
        file = file_new(file->descriptor);
        if (file != NULL)
            atomic_store(&pool->inherited, true);
        return file;
    }
    return NULL;
}

CD_FILE *cd_file_get(CD_POOL *pool)
{
    CD_FILE **slot, *file;
    int error = 0;

    pthread_mutex_lock(&cd_lock);
    slot = &pool->files[pool->turn++ % CD_POOL_FILES];
    file = *slot;
    if (file == NULL || !cd_file_usable(file)) {
        file = open_locked(pool);
        error = errno;
        if (file == NULL && !pool->own_only)
            file = adopt_locked(pool);
        if (file != NULL) {
            put_locked(*slot);
            *slot = file;
        }
    }
    if (file != NULL)
        file->refs++;
    pthread_mutex_unlock(&cd_lock);
    errno = error;
    return file;
}

CD_FILE *cd_file_open(CD_POOL *pool)
{
    CD_FILE *file;
    int error;

    pthread_mutex_lock(&cd_lock);
    file = open_locked(pool);
    error = errno;
    pthread_mutex_unlock(&cd_lock);
    errno = error;
    return file;
}

bool cd_pool_has_file(CD_POOL *pool)
{
    bool has = false;

    pthread_mutex_lock(&cd_lock);
    for (unsigned int i = 0; i < CD_POOL_FILES; i++)
        has |= pool->files[i] != NULL && cd_file_usable(pool->files[i]);
    pthread_mutex_unlock(&cd_lock);
    return has;
}

void cd_pool_kill(CD_POOL *pool)
{
    pthread_mutex_lock(&cd_lock);
    for (unsigned int i = 0; i < CD_POOL_FILES; i++)
        if (pool->files[i] != NULL)
            cd_file_kill(pool->files[i], false);
    pthread_mutex_unlock(&cd_lock);
}

/* Nothing that a child without rights could use. */
static bool bare(const CD_POOL *pool)
{
    for (unsigned int i = 0; i < CD_POOL_FILES; i++)
        if (pool->files[i] != NULL && still_ours(pool->files[i]->descriptor))
            return false;
    return true;
}

static void fork_prepare(void)
{
    int error = errno;

    pthread_mutex_lock(&cd_lock);
    for (CD_POOL *pool = cd_pools; pool != NULL; pool = pool->next)
        if (!pool->own_only && geteuid() == 0 && bare(pool)) {
            put_locked(pool->files[0]);
            pool->files[0] = open_locked(pool);
        }
    errno = error;
}

static void fork_parent(void)
{
    pthread_mutex_unlock(&cd_lock);
}

static void fork_child(void)
{
    atomic_fetch_add(&cd_generation, 1);
    cd_counters_forked();
    pthread_mutex_unlock(&cd_lock);
}

static void fork_watch(void)
{
    pthread_atfork(fork_prepare, fork_parent, fork_child);
}

void cd_pool_add(CD_POOL *pool)
{
    pthread_once(&cd_once, fork_watch);
    pool->next = cd_pools;
    cd_pools = pool;
}

CD_POOL *cd_pool_find(bool (*same)(const CD_POOL *pool, const void *arg),
                      const void *arg)
{
    CD_POOL *pool = cd_pools;

    while (pool != NULL && !same(pool, arg))
        pool = pool->next;
    return pool;
}

void cd_pool_remove(CD_POOL *pool)
{
    CD_POOL **link = &cd_pools;

    while (*link != pool)
        link = &(*link)->next;
    *link = pool->next;
    for (unsigned int i = 0; i < CD_POOL_FILES; i++)
        put_locked(pool->files[i]);
}
