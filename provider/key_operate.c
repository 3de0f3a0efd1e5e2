/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key_operate.c - sessions of keys that the host has, and operations on them.
 *
 * A call outside of a job waits in the driver. All threads use one session for
 * that; the driver lets them wait at the same time.
 *
 * In an ASYNC_JOB the operation is submitted, and the job pauses until the
 * descriptor of its ASYNC_WAIT_CTX is readable. Results of one open file come in
 * any order, and a program polls each connection's descriptor for itself. So
 * each outstanding operation has an open file of its own, a "lane", and there is
 * nobody who has to distribute results. Lanes are kept for later jobs.
 *
 * The descriptor that a program polls has to stay the connection's as long as
 * that lives: HAProxy looks for changes only while a handshake waits. So it is
 * not the lane's, but an epoll instance of the ASYNC_WAIT_CTX, in which the lane
 * is while the operation is outstanding.
 *
 * After fork() the child finds that its parent's files are not usable and opens
 * its own (file.c).
 */
#include "provider/key.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <openssl/async.h>

int cd_key_refuse(const CD_PKEY *key, const char *format, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    ERR_raise_data(ERR_LIB_PROV, ERR_R_OPERATION_FAIL, "cryptodev:%s: %s",
                   key != NULL ? key->name.label : "", text);
    return 0;
}

const struct key_scheme *cd_key_scheme(const CD_PKEY *key,
                                       enum key_family family,
                                       enum key_digest digest)
{
    const struct key_scheme *scheme =
        key_scheme_find(key->info.kind, family, digest);

    if (scheme == NULL) {
        cd_key_refuse(key, "no such scheme for a key of kind %s with %s",
                      key_kind_name(key->info.kind),
                      digest != KEY_NO_DIGEST ? key_digest_name(digest)
                                              : "no known digest");
        return NULL;
    }
    if ((key->info.schemes & UINT64_C(1) << scheme->id) == 0) {
        cd_key_refuse(key, "the host's policy does not permit %s",
                      scheme->name);
        return NULL;
    }
    return scheme;
}

enum key_digest cd_key_digest(CD_PROV *prov, const char *name)
{
    static const enum key_digest all[] = {KEY_SHA1, KEY_SHA256, KEY_SHA384,
                                          KEY_SHA512};
    enum key_digest found = KEY_NO_DIGEST;
    EVP_MD *md = EVP_MD_fetch(prov->soft, name, NULL);

    for (size_t i = 0; md != NULL && i < sizeof(all) / sizeof(all[0]); i++)
        if (EVP_MD_is_a(md, key_digest_name(all[i])))
            found = all[i];
    EVP_MD_free(md);
    return found;
}

/* Sessions */

static void session_end(CD_KEY_SESSION *session)
{
    if (session->file == NULL)
        return;
    if (cd_file_may_end(session->file))
        (void)cd_file_call(session->file, CIOCFSESSION, &session->ses);
    cd_file_put(session->file);
    *session = (CD_KEY_SESSION){0};
}

/* Whether an error says that the descriptor does not lead to the session. */
static bool is_lost(int error)
{
    return error == -EINVAL || error == -ENOENT || error == -EBADF
           || error == -ENOTTY || error == -ENODEV;
}

/* A session on @file, which it takes over. */
static int session_on(CD_PKEY *key, CD_FILE *file, CD_KEY_SESSION *session)
{
    struct crypt_label_op op;
    int error;

    if (file == NULL)
        return -errno;
    key_label_op(&key->name, key->info.check, &op);
    error = cd_file_call(file, CIOCGSESSLABEL, &op);
    if (error != 0) {
        if (error == -EBADF || error == -ENOTTY)
            cd_file_kill(file, true);
        else if (error == -ENODEV)
            cd_file_kill(file, false);
        cd_file_put(file);
        return error;
    }
    session->file = file;
    session->ses = op.ses;
    return 0;
}

/* The session for calls that wait, with a reference on its file. */
static int shared_session(CD_PKEY *key, CD_KEY_SESSION *session)
{
    int error = 0;

    pthread_mutex_lock(&key->lock);
    if (key->shared.file != NULL && !cd_file_usable(key->shared.file))
        session_end(&key->shared);
    if (key->shared.file == NULL)
        error = session_on(key, cd_file_get(key->pool), &key->shared);
    if (error == 0) {
        *session = key->shared;
        cd_file_ref(session->file);
    }
    pthread_mutex_unlock(&key->lock);
    return error;
}

/* The session was of no use: unless another thread has found that before. */
static void shared_lost(CD_PKEY *key, const CD_KEY_SESSION *session, int error)
{
    pthread_mutex_lock(&key->lock);
    if (key->shared.file == session->file && key->shared.ses == session->ses) {
        if (error == -EBADF || error == -ENOTTY)
            cd_file_kill(session->file, true);
        session_end(&key->shared);
    }
    pthread_mutex_unlock(&key->lock);
}

static int operate_waiting(CD_PKEY *key, struct crypt_key_op *op)
{
    const uint32_t room = op->out_len;
    CD_KEY_SESSION session;
    int error;

    for (int attempt = 0;; attempt++) {
        error = shared_session(key, &session);
        if (error == 0) {
            op->ses = session.ses;
            op->out_len = room;
            error = cd_file_call(session.file, CIOCKEYOP, op);
            if (is_lost(error) || error == -ENOKEY)
                shared_lost(key, &session, error);
            cd_file_put(session.file);
        }
        /* All files of the pool may have been closed by the program. */
        if (!is_lost(error) || attempt == CD_POOL_FILES)
            return error;
    }
}

/* Asynchronous jobs */

static int lane_get(CD_PKEY *key, CD_KEY_SESSION *lane)
{
    *lane = (CD_KEY_SESSION){0};
    pthread_mutex_lock(&key->lock);
    while (key->num_lanes > 0 && lane->file == NULL) {
        *lane = key->lanes[--key->num_lanes];
        if (!cd_file_usable(lane->file))
            session_end(lane);
    }
    pthread_mutex_unlock(&key->lock);
    if (lane->file != NULL)
        return 0;
    return session_on(key, cd_file_open(key->pool), lane);
}

static void lane_put(CD_PKEY *key, CD_KEY_SESSION *lane, int error)
{
    bool keep = !is_lost(error) && error != -ENOKEY && error != -EIO;

    pthread_mutex_lock(&key->lock);
    keep = keep && key->num_lanes < CD_KEY_LANES;
    if (keep)
        key->lanes[key->num_lanes++] = *lane;
    pthread_mutex_unlock(&key->lock);
    if (!keep)
        session_end(lane);
}

static void close_waited(ASYNC_WAIT_CTX *wait, const void *id, OSSL_ASYNC_FD fd,
                         void *custom)
{
    close(fd);
}

/* The descriptor that the program polls for this job, or -1. */
static int waited_fd(ASYNC_WAIT_CTX *wait)
{
    static const char id;
    OSSL_ASYNC_FD fd;
    void *custom;

    if (ASYNC_WAIT_CTX_get_fd(wait, &id, &fd, &custom))
        return fd;
    fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0 || ASYNC_WAIT_CTX_set_wait_fd(wait, &id, fd, NULL, close_waited))
        return fd;
    close(fd);
    return -1;
}

/* Pauses the job until the submitted operation has ended. Where a job may not
 * pause, ASYNC_pause_job() returns at once, and poll() waits. */
static int await(CD_KEY_SESSION *lane, struct crypt_key_op *op)
{
    struct pollfd waited = {.fd = cd_file_descriptor(lane->file),
                            .events = POLLIN};
    struct crypt_key_fetch fetch;
    int error;

    for (;;) {
        if (ASYNC_pause_job() == 0)
            return -EIO;
        fetch =
            (struct crypt_key_fetch){.out = op->out, .out_len = op->out_len};
        error = cd_file_call(lane->file, CIOCKEYFETCH, &fetch);
        if (error != -EBUSY)
            break;
        (void)poll(&waited, 1, 1);
    }
    if (error == 0)
        error = fetch.status;
    op->out_len = fetch.out_len;
    return error;
}

/*
 * @submitted: out: false: the caller does it otherwise. An operation that was
 * submitted and whose job has to give up leaves a result behind, so its lane is
 * not used again (-EIO).
 */
static int operate_in_job(CD_PKEY *key, ASYNC_WAIT_CTX *wait,
                          struct crypt_key_op *op, bool *submitted)
{
    struct epoll_event readable = {.events = EPOLLIN};
    int fd = waited_fd(wait), lane_fd, error;
    CD_KEY_SESSION lane;

    *submitted = false;
    if (fd < 0)
        return -EMFILE;
    error = lane_get(key, &lane);
    if (error != 0)
        return error;
    lane_fd = cd_file_descriptor(lane.file);
    op->ses = lane.ses;
    op->cookie = 0;
    /* What cannot be waited for is not the device any more. */
    error = epoll_ctl(fd, EPOLL_CTL_ADD, lane_fd, &readable) == 0 ? 0 : -EBADF;
    if (error == 0) {
        error = cd_file_call(lane.file, CIOCKEYASYNC, op);
        if (error == 0) {
            *submitted = true;
            error = await(&lane, op);
        }
        (void)epoll_ctl(fd, EPOLL_CTL_DEL, lane_fd, NULL);
    }
    lane_put(key, &lane, error);
    return error;
}

int cd_pkey_operate(CD_PKEY *key, struct crypt_key_op *op, size_t *len)
{
    ASYNC_JOB *job = ASYNC_get_current_job();
    ASYNC_WAIT_CTX *wait = job != NULL ? ASYNC_get_wait_ctx(job) : NULL;
    bool submitted = false;
    int error = 0;

    if (!key->private || key->pool == NULL)
        return cd_key_refuse(key, "it has no private half");
    if (wait != NULL)
        error = operate_in_job(key, wait, op, &submitted);
    if (!submitted)
        error = operate_waiting(key, op);
    if (error != 0)
        return cd_key_refuse(key, "%s", key_error(error));
    *len = op->out_len;
    return 1;
}

void cd_pkey_close(CD_PKEY *key)
{
    session_end(&key->shared);
    while (key->num_lanes > 0)
        session_end(&key->lanes[--key->num_lanes]);
}
