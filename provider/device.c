/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device.c - the device: sessions, failures, missing algorithms.
 *
 * Theory of operation
 * -------------------
 * Loading the provider does not open the device. The first bulk operation of a
 * context opens it and makes a session; then a process finds out that the
 * device is missing, or lacks the algorithm. Software can compute everything,
 * so neither is an error.
 *
 * After a failure the provider does not use the device for a time, which
 * doubles with each failure. So a host that does not answer costs a process one
 * time-out, not one for each operation or context. A process that was started
 * before the device existed gets it later. The provider also asks again for an
 * algorithm that the device refused: the host may have another engine by then.
 *
 * Invariants
 *   - A session's id is used with its own file only, and only while that is
 *     alive.
 *   - During that time it makes no call that can wait for the host.
 */
#include "provider/device.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CD_MAX_RETRY_MS 60000u

/* A refused algorithm is asked for again after this multiple of the retry time,
 * at most after a minute. */
#define CD_LACK_FACTOR 60u

/* Numbers of algorithms, and lengths of keys in 8 bytes (64: 0). */
#define CD_IDS 128
#define CD_KEY_LENGTHS 8

/* Instead of a time: the device has the algorithm, in hardware if required. */
#define CD_HAS (-1)

/**
 * struct cd_device_st - a device.
 * @pool: its open files; must be first
 * @retry_ms: time without the device after the first failure
 * @hardware: use no algorithms of the kernel's software
 * @failures: in a row
 * @retry_at: end of the time without the device, in monotonic milliseconds
 * @error: errno of the last failure
 * @lacks: by algorithm and length of the key: 0 unknown, CD_HAS, or the time of
 * the next question, in monotonic milliseconds
 */
struct cd_device_st {
    CD_POOL pool;
    unsigned int retry_ms;
    bool hardware;
    atomic_uint failures;
    atomic_llong retry_at;
    atomic_int error;
    atomic_llong lacks[CD_IDS][CD_KEY_LENGTHS];
};

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Failures */

/* The device answered, but refused the request. */
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

/* A descriptor of another file says nothing about the device. */
static bool lost_descriptor(int error)
{
    return error == -EBADF || error == -ENOTTY;
}

static void failed(CD_DEVICE *device, int error)
{
    unsigned int failures = atomic_fetch_add(&device->failures, 1);
    unsigned long long ms = (unsigned long long)device->retry_ms
                            << (failures < 16 ? failures : 16);

    if (ms > CD_MAX_RETRY_MS)
        ms = CD_MAX_RETRY_MS;
    atomic_store(&device->error, -error);
    atomic_store(&device->retry_at, now_ms() + (long long)ms);
    /* Ending sessions one by one might wait for the device each time. */
    cd_pool_kill(&device->pool);
}

static bool left_alone(CD_DEVICE *device)
{
    return atomic_load_explicit(&device->failures, memory_order_relaxed) != 0
           && now_ms() < atomic_load(&device->retry_at);
}

bool cd_device_ready(CD_DEVICE *device)
{
    return !left_alone(device);
}

static void worked(CD_DEVICE *device)
{
    if (atomic_load_explicit(&device->failures, memory_order_relaxed) != 0)
        atomic_store(&device->failures, 0);
}

/* Records a failed call on @file. */
static void blame(CD_DEVICE *device, CD_FILE *file, int error)
{
    if (answered(error))
        return;
    cd_file_kill(file, lost_descriptor(error));
    if (!lost_descriptor(error))
        failed(device, error);
}

/* Missing algorithms */

static atomic_llong *lack_of(CD_DEVICE *device, uint32_t id, size_t keylen)
{
    return &device->lacks[id % CD_IDS][keylen / 8 % CD_KEY_LENGTHS];
}

/* The length of an HMAC key makes no difference. */
static atomic_llong *lack_of_session(CD_DEVICE *device,
                                     const struct session_op *op)
{
    return op->cipher != 0 ? lack_of(device, op->cipher, op->keylen)
                           : lack_of(device, op->mac, 0);
}

static bool lacks(atomic_llong *lack)
{
    long long until = atomic_load_explicit(lack, memory_order_relaxed);

    return until > 0 && now_ms() < until;
}

bool cd_device_lacks(CD_DEVICE *device, const CD_ALG *alg)
{
    return lacks(lack_of(device, alg->id, alg->keylen));
}

static void note_lack(const CD_DEVICE *device, atomic_llong *lack)
{
    unsigned long long ms =
        (unsigned long long)device->retry_ms * CD_LACK_FACTOR;

    if (ms > CD_MAX_RETRY_MS)
        ms = CD_MAX_RETRY_MS;
    atomic_store(lack, now_ms() + (long long)ms);
}

/* Sessions */

bool cd_session_valid(const CD_SESSION *session)
{
    return session->file != NULL && cd_file_usable(session->file);
}

uint16_t cd_session_flags(const CD_SESSION *session)
{
    return cd_file_keeps_out(session->file) ? COP_FLAG_NONE : COP_FLAG_NO_ZC;
}

/* Some drivers wait here for a host that does not answer, and return 0 then. */
static void end_on_device(CD_SESSION *session)
{
    CD_DEVICE *device = session->device;
    long long begin = now_ms();
    int error = cd_file_call(session->file, CIOCFSESSION, &session->ses);

    if (error == 0 && device->pool.timeout_ms != 0
        && now_ms() - begin >= device->pool.timeout_ms)
        error = -ETIMEDOUT;
    if (error != 0)
        blame(device, session->file, error);
}

void cd_session_end(CD_SESSION *session)
{
    if (session->file == NULL)
        return;
    /* On a dead file the last close ends it; inherited sessions belong to the
     * parent. */
    if (cd_file_may_end(session->file))
        end_on_device(session);
    cd_file_put(session->file);
    session->file = NULL;
    session->ses = 0;
}

/* Whether the new session has the required kind of driver. */
static int check_driver(CD_SESSION *session)
{
    struct session_info_op info = {.ses = session->ses};
    int error = cd_session_call(session, CIOCGSESSINFO, &info);

    if (error == 0 && (info.flags & SIOP_FLAG_KERNEL_DRIVER_ONLY) == 0) {
        cd_session_end(session);
        error = -EINVAL;
    }
    return error;
}

static int session_new(CD_SESSION *session, const struct session_op *op)
{
    struct session_op made = *op;
    int error = cd_file_call(session->file, CIOCGSESSION, &made);

    if (error == 0) {
        session->ses = made.ses;
        return 0;
    }
    blame(session->device, session->file, error);
    cd_file_put(session->file);
    session->file = NULL;
    return error;
}

int cd_session_make(CD_DEVICE *device, CD_SESSION *session,
                    const struct session_op *op)
{
    atomic_llong *lack = lack_of_session(device, op);
    int error;

    if (session->ses != 0 && cd_session_valid(session))
        return 0;
    cd_session_end(session);
    if (left_alone(device) || lacks(lack))
        return -EAGAIN;
    session->device = device;
    session->file = cd_file_get(&device->pool);
    if (session->file == NULL) {
        error = -errno;
        failed(device, error);
        return error;
    }
    error = session_new(session, op);
    if (error == 0 && device->hardware && atomic_load(lack) != CD_HAS)
        error = check_driver(session);
    if (error == -EINVAL || error == -ENOENT) {
        note_lack(device, lack);
        return -EAGAIN;
    }
    if (error == 0)
        atomic_store_explicit(lack, CD_HAS, memory_order_relaxed);
    return error;
}

/*
 * Whether the file has the session although a call failed with an unknown id.
 * If not, the descriptor's number now belongs to another /dev/crypto, which
 * must not get these calls.
 */
static bool knows(const CD_SESSION *session)
{
    struct session_info_op info = {.ses = session->ses};
    int error = cd_file_call(session->file, CIOCGSESSINFO, &info);

    return error != -EINVAL && error != -ENOENT;
}

int cd_session_call(CD_SESSION *session, unsigned long request, void *arg)
{
    int error;

    if (!cd_session_valid(session))
        return -ESTALE;
    error = cd_file_call(session->file, request, arg);
    if (error == 0) {
        worked(session->device);
        return 0;
    }
    blame(session->device, session->file, error);
    if ((error == -EINVAL || error == -ENOENT) && !knows(session))
        cd_file_kill(session->file, true);
    if (!answered(error) || error == -EINVAL || error == -ENOENT)
        cd_session_end(session);
    return error;
}

int cd_session_clone(CD_SESSION *to, const CD_SESSION *from,
                     const struct session_op *op)
{
    struct cphash_op copy = {.src_ses = from->ses};
    int error;

    if (!cd_session_valid(from))
        return -ESTALE;
    cd_file_ref(from->file);
    *to = (CD_SESSION){.device = from->device, .file = from->file};
    error = session_new(to, op);
    if (error != 0)
        return error;
    copy.dst_ses = to->ses;
    error = cd_file_call(to->file, CIOCCPHASH, &copy);
    if (error != 0) {
        blame(to->device, to->file, error);
        cd_session_end(to);
    }
    return error;
}

/* The device */

static bool same_config(const CD_POOL *pool, const void *arg)
{
    const CD_DEVICE *device = (const CD_DEVICE *)pool;
    const CD_CONFIG *config = arg;

    return !pool->own_only && strcmp(pool->path, config->device) == 0
           && pool->timeout_ms == config->timeout_ms
           && device->retry_ms == config->retry_ms
           && device->hardware == config->hardware;
}

static CD_DEVICE *device_new(const CD_CONFIG *config)
{
    CD_DEVICE *device = OPENSSL_zalloc(sizeof(*device));

    if (device == NULL)
        return NULL;
    device->pool.path = OPENSSL_strdup(config->device);
    if (device->pool.path == NULL) {
        OPENSSL_free(device);
        return NULL;
    }
    device->pool.timeout_ms = config->timeout_ms;
    device->retry_ms = config->retry_ms;
    device->hardware = config->hardware;
    cd_pool_add(&device->pool);
    return device;
}

CD_DEVICE *cd_device_get(const CD_CONFIG *config)
{
    CD_DEVICE *device;

    pthread_mutex_lock(&cd_lock);
    device = (CD_DEVICE *)cd_pool_find(same_config, config);
    if (device == NULL)
        device = device_new(config);
    if (device != NULL)
        device->pool.refs++;
    pthread_mutex_unlock(&cd_lock);
    return device;
}

void cd_device_put(CD_DEVICE *device)
{
    bool last;

    if (device == NULL)
        return;
    pthread_mutex_lock(&cd_lock);
    last = --device->pool.refs == 0;
    if (last)
        cd_pool_remove(&device->pool);
    pthread_mutex_unlock(&cd_lock);
    if (!last)
        return;
    OPENSSL_free(device->pool.path);
    OPENSSL_free(device);
}

bool cd_device_is_open(CD_DEVICE *device)
{
    return cd_pool_has_file(&device->pool);
}

/* Opens it if the retry time is over, because the program asked for its state.
 * */
static void try_to_open(CD_DEVICE *device)
{
    CD_FILE *file;

    if (left_alone(device) || cd_device_is_open(device))
        return;
    file = cd_file_get(&device->pool);
    if (file == NULL)
        failed(device, -errno);
    else
        cd_file_put(file);
}

void cd_device_why(CD_DEVICE *device, bool look, char *text, size_t size)
{
    int error;

    if (look)
        try_to_open(device);
    error = atomic_load(&device->pool.open_error);
    if (atomic_load(&device->failures) == 0 && error == 0)
        snprintf(text, size, cd_device_is_open(device) ? "ok" : "not used");
    else if (atomic_load(&device->failures) == 0)
        snprintf(text, size, "ok, on an inherited open file (%s)",
                 strerror(error));
    else if (error != 0 && !atomic_load(&device->pool.inherited))
        snprintf(text, size, "cannot open it: %s", strerror(error));
    else
        snprintf(text, size, "it failed: %s",
                 strerror(atomic_load(&device->error)));
}

void cd_bounce_free(uint8_t **bounce, size_t *size)
{
    OPENSSL_clear_free(*bounce, *size);
    *bounce = NULL;
    *size = 0;
}

uint8_t *cd_bounce(uint8_t **bounce, size_t *size, size_t len)
{
    if (*size >= len)
        return *bounce;
    cd_bounce_free(bounce, size);
    *bounce = OPENSSL_malloc(len);
    *size = *bounce != NULL ? len : 0;
    return *bounce;
}
