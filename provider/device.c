/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device.c - the device: open files, sessions, failures, fork.
 *
 * Theory of operation
 * -------------------
 * Sessions of the ABI belong to an open file, and some implementations let only
 * one call at a time into an open file. So there is a small pool of them,
 * opened when needed; a session is made on the next one in turn and keeps a
 * reference.
 *
 * A file goes dead, is left by the pool and closed with its last session, when
 *   - a call fails in a way that says the device is gone (EIO, ENODEV, ...),
 *   - its descriptor is not ours any more: a program closed all it knew nothing
 *     of, as daemons do. Two of our own files with the same number are such a
 * case too, and are found when the second one is opened. A dead file never
 * closes a descriptor that may be somebody else's by now.
 *
 * After a failure of the device it is left alone for a while, twice as long
 * each time, so that a host that does not answer costs one timeout and not one
 * for each operation.
 *
 * fork(): the child has the parent's descriptors, and with them the parent's
 * sessions. It must neither use nor end them. A generation that the child
 * counts up makes all files of before the fork dead for it; it opens its own.
 * The lock is taken around the fork so that the child does not get it locked.
 *
 * Invariants
 *   - cd_lock covers the list of files, their references and the pools. No call
 * to the device but open() and close() is made under it.
 *   - A session's id is used with its own file only, and only while that is
 * alive.
 */
#include "provider/device.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CD_POOL 4
#define CD_MAX_INTERRUPTS 1000
#define CD_MAX_RETRY_MS 60000u

/**
 * struct cd_file_st - an open file of the device.
 * @next: in the list of all
 * @fd: descriptor
 * @refs: the pool's and the sessions'
 * @dead: not to be used any more
 * @stolen: the descriptor was closed by somebody else; not to be closed
 * @generation: cd_generation when it was opened
 * @st: what it was opened on
 */
struct cd_file_st {
    CD_FILE *next;
    int fd;
    unsigned int refs;
    atomic_bool dead;
    bool stolen;
    unsigned int generation;
    struct stat st;
};

/**
 * struct cd_device_st - the device of one provider.
 * @path: path
 * @pool: open files, or NULL
 * @turn: the next one of them
 * @retry_ms: how long it is left alone after the first failure
 * @failures: in a row
 * @retry_at: monotonic milliseconds until when it is left alone
 */
struct cd_device_st {
    char *path;
    CD_FILE *pool[CD_POOL];
    unsigned int turn;
    unsigned int retry_ms;
    atomic_uint failures;
    atomic_llong retry_at;
};

static pthread_mutex_t cd_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t cd_once = PTHREAD_ONCE_INIT;
static CD_FILE *cd_files;
static atomic_uint cd_generation;

static void fork_prepare(void)
{
    pthread_mutex_lock(&cd_lock);
}

static void fork_parent(void)
{
    pthread_mutex_unlock(&cd_lock);
}

static void fork_child(void)
{
    atomic_fetch_add(&cd_generation, 1);
    pthread_mutex_unlock(&cd_lock);
}

static void fork_watch(void)
{
    pthread_atfork(fork_prepare, fork_parent, fork_child);
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Files */

static bool usable(const CD_FILE *file)
{
    return !atomic_load_explicit(&file->dead, memory_order_relaxed)
           && file->generation
                  == atomic_load_explicit(&cd_generation, memory_order_relaxed);
}

static bool still_ours(const CD_FILE *file)
{
    struct stat st;

    return !file->stolen && fstat(file->fd, &st) == 0
           && st.st_dev == file->st.st_dev && st.st_ino == file->st.st_ino
           && st.st_rdev == file->st.st_rdev;
}

static void put_locked(CD_FILE *file)
{
    CD_FILE **link = &cd_files;

    if (file == NULL || --file->refs > 0)
        return;
    while (*link != file)
        link = &(*link)->next;
    *link = file->next;
    if (still_ours(file))
        close(file->fd);
    OPENSSL_free(file);
}

static void file_put(CD_FILE *file)
{
    pthread_mutex_lock(&cd_lock);
    put_locked(file);
    pthread_mutex_unlock(&cd_lock);
}

/* Whoever else has this number lost it without knowing. */
static void claim_locked(int fd)
{
    for (CD_FILE *file = cd_files; file != NULL; file = file->next)
        if (file->fd == fd) {
            atomic_store(&file->dead, true);
            file->stolen = true;
        }
}

static CD_FILE *open_locked(const char *path)
{
    CD_FILE *file = OPENSSL_zalloc(sizeof(*file));
    int error;

    if (file == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    file->fd = open(path, O_RDWR | O_CLOEXEC);
    if (file->fd < 0 || fstat(file->fd, &file->st) != 0) {
        error = errno;
        if (file->fd >= 0)
            close(file->fd);
        OPENSSL_free(file);
        errno = error;
        return NULL;
    }
    claim_locked(file->fd);
    file->refs = 1;
    file->generation = atomic_load(&cd_generation);
    file->next = cd_files;
    cd_files = file;
    return file;
}

/* A reference on the next file in turn, or NULL with errno. */
static CD_FILE *file_get(CD_DEVICE *device)
{
    CD_FILE **slot, *file;

    pthread_mutex_lock(&cd_lock);
    slot = &device->pool[device->turn++ % CD_POOL];
    if (*slot != NULL && !usable(*slot)) {
        put_locked(*slot);
        *slot = NULL;
    }
    if (*slot == NULL)
        *slot = open_locked(device->path);
    file = *slot;
    if (file != NULL)
        file->refs++;
    pthread_mutex_unlock(&cd_lock);
    return file;
}

static int file_call(const CD_FILE *file, unsigned long request, void *arg)
{
    for (unsigned int i = 0; i < CD_MAX_INTERRUPTS; i++) {
        if (ioctl(file->fd, request, arg) >= 0)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
    return -EINTR;
}

/* Failures */

/* The device answered, only not with what was asked for. */
static bool answered(int error)
{
    switch (-error) {
    case EBADMSG:
    case EMSGSIZE:
    case EINVAL:
    case ENOENT:
    case ENOMEM:
    case ENOSPC:
    case EBUSY:
    case EFAULT:
    case EINTR:
        return true;
    default:
        return false;
    }
}

/* A descriptor that is none of a /dev/crypto says nothing about the device. */
static bool lost_descriptor(int error)
{
    return error == -EBADF || error == -ENOTTY;
}

static void failed(CD_DEVICE *device)
{
    unsigned int failures = atomic_fetch_add(&device->failures, 1);
    unsigned long long ms = (unsigned long long)device->retry_ms
                            << (failures < 16 ? failures : 16);

    if (ms > CD_MAX_RETRY_MS)
        ms = CD_MAX_RETRY_MS;
    atomic_store(&device->retry_at, now_ms() + (long long)ms);
    /* Ending sessions one by one might wait for the device each time. */
    pthread_mutex_lock(&cd_lock);
    for (unsigned int i = 0; i < CD_POOL; i++)
        if (device->pool[i] != NULL)
            atomic_store(&device->pool[i]->dead, true);
    pthread_mutex_unlock(&cd_lock);
}

static bool left_alone(CD_DEVICE *device)
{
    return atomic_load_explicit(&device->failures, memory_order_relaxed) != 0
           && now_ms() < atomic_load(&device->retry_at);
}

static void worked(CD_DEVICE *device)
{
    if (atomic_load_explicit(&device->failures, memory_order_relaxed) != 0)
        atomic_store(&device->failures, 0);
}

/* Sessions */

bool cd_session_valid(const CD_SESSION *session)
{
    return session->file != NULL && usable(session->file);
}

void cd_session_end(CD_SESSION *session)
{
    if (session->file == NULL)
        return;
    /* On a dead file the last close does it; what is inherited is not ours. */
    if (cd_session_valid(session))
        file_call(session->file, CIOCFSESSION, &session->ses);
    file_put(session->file);
    session->file = NULL;
    session->ses = 0;
}

/* Books a failed call on @file. */
static void blame(CD_DEVICE *device, CD_FILE *file, int error)
{
    if (answered(error))
        return;
    atomic_store(&file->dead, true);
    if (!lost_descriptor(error))
        failed(device);
}

int cd_session_make(CD_DEVICE *device, CD_SESSION *session,
                    const struct session_op *op)
{
    struct session_op made = *op;
    int error;

    if (session->ses != 0 && cd_session_valid(session))
        return 0;
    cd_session_end(session);
    if (left_alone(device))
        return -EAGAIN;
    session->file = file_get(device);
    if (session->file == NULL) {
        error = -errno;
        failed(device);
        return error;
    }
    error = file_call(session->file, CIOCGSESSION, &made);
    if (error != 0) {
        blame(device, session->file, error);
        file_put(session->file);
        session->file = NULL;
        return error;
    }
    session->ses = made.ses;
    return 0;
}

int cd_session_call(CD_DEVICE *device, CD_SESSION *session,
                    unsigned long request, void *arg)
{
    int error;

    if (!cd_session_valid(session))
        return -ESTALE;
    error = file_call(session->file, request, arg);
    if (error == 0) {
        worked(device);
        return 0;
    }
    blame(device, session->file, error);
    if (!answered(error) || error == -EINVAL || error == -ENOENT)
        cd_session_end(session);
    return error;
}

int cd_session_clone(CD_DEVICE *device, CD_SESSION *to, const CD_SESSION *from,
                     const struct session_op *op)
{
    struct session_op made = *op;
    struct cphash_op copy = {.src_ses = from->ses};
    int error;

    if (!cd_session_valid(from))
        return -ESTALE;
    error = file_call(from->file, CIOCGSESSION, &made);
    if (error != 0) {
        blame(device, from->file, error);
        return error;
    }
    pthread_mutex_lock(&cd_lock);
    from->file->refs++;
    pthread_mutex_unlock(&cd_lock);
    to->file = from->file;
    to->ses = copy.dst_ses = made.ses;
    error = file_call(to->file, CIOCCPHASH, &copy);
    if (error != 0) {
        blame(device, to->file, error);
        cd_session_end(to);
    }
    return error;
}

/* The device */

CD_DEVICE *cd_device_new(const char *path, unsigned int retry_ms)
{
    CD_DEVICE *device = OPENSSL_zalloc(sizeof(*device));
    CD_FILE *file;
    int error;

    pthread_once(&cd_once, fork_watch);
    if (device != NULL)
        device->path = OPENSSL_strdup(path);
    if (device == NULL || device->path == NULL) {
        cd_device_free(device);
        errno = ENOMEM;
        return NULL;
    }
    device->retry_ms = retry_ms;
    file = file_get(device);
    if (file == NULL) {
        error = errno;
        cd_device_free(device);
        errno = error;
        return NULL;
    }
    file_put(file);
    return device;
}

void cd_device_free(CD_DEVICE *device)
{
    if (device == NULL)
        return;
    pthread_mutex_lock(&cd_lock);
    for (unsigned int i = 0; i < CD_POOL; i++)
        put_locked(device->pool[i]);
    pthread_mutex_unlock(&cd_lock);
    OPENSSL_free(device->path);
    OPENSSL_free(device);
}

int cd_device_probe(CD_DEVICE *device, const CD_ALG *alg, bool hardware)
{
    uint8_t key[CRYPTO_CIPHER_MAX_KEY_LEN];
    struct session_op op = {0};
    struct session_info_op info = {0};
    CD_SESSION session = {0};
    bool has;

    /* Weak for no cipher, and not two equal halves. */
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(i * 37 + 11);
    if (alg->operation == OSSL_OP_CIPHER) {
        op.cipher = alg->id;
        op.key = key;
        op.keylen = (uint32_t)alg->keylen;
    } else {
        op.mac = alg->id;
        op.mackey = alg->operation == OSSL_OP_MAC ? key : NULL;
        op.mackeylen = alg->operation == OSSL_OP_MAC ? 32 : 0;
    }
    if (cd_session_make(device, &session, &op) != 0)
        return 0;
    info.ses = session.ses;
    has = !hardware
          || (cd_session_call(device, &session, CIOCGSESSINFO, &info) == 0
              && (info.flags & SIOP_FLAG_KERNEL_DRIVER_ONLY) != 0);
    cd_session_end(&session);
    return has;
}

uint8_t *cd_bounce(uint8_t **bounce, size_t *size, size_t len)
{
    if (*size >= len)
        return *bounce;
    OPENSSL_clear_free(*bounce, *size);
    *bounce = OPENSSL_malloc(len);
    *size = *bounce != NULL ? len : 0;
    return *bounce;
}
