/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hash.c - the bytes of a hash or HMAC, on device or software.
 *
 * A message is kept until it ends or reaches CD_HASH_KEPT bytes. A message that
 * ends before that goes to the device in one operation if it is bulk, else to
 * the software. When the device fails, the software can compute it, since all
 * bytes are still here.
 *
 * A longer message goes to the device one buffer at a time. Then only the
 * device has its beginning. If the device loses it, the hash fails: it never
 * returns a wrong digest, and no software has to repeat all the work.
 */
#include "provider/hash.h"

#include <errno.h>
#include <string.h>

#define CD_FIRST_ROOM 512

/* Forgets the kept bytes; the room for short messages stays. */
static void forget(CD_HASH *hash)
{
    hash->len = 0;
    if (hash->room <= CD_FIRST_ROOM)
        return;
    OPENSSL_clear_free(hash->kept, hash->room);
    hash->kept = NULL;
    hash->room = 0;
}

void cd_hash_start(CD_HASH *hash)
{
    hash->where = hash->id != 0 ? CD_HASH_KEPT_ALL : CD_HASH_SOFTWARE;
    forget(hash);
}

void cd_hash_clear(CD_HASH *hash)
{
    cd_session_end(&hash->session);
    cd_key_wipe(&hash->key);
    OPENSSL_clear_free(hash->kept, hash->room);
    hash->kept = NULL;
    hash->len = hash->room = 0;
}

static struct session_op session_of(const CD_HASH *hash)
{
    return (struct session_op){
        .mac = hash->id,
        .mackey = hash->key.bytes,
        .mackeylen = (uint32_t)hash->key.len,
    };
}

int cd_hash_copy(CD_HASH *to, const CD_HASH *from)
{
    struct session_op op = session_of(from);

    to->prov = from->prov;
    to->class = from->class;
    to->id = from->id;
    to->size = from->size;
    to->where = from->where;
    if (!cd_key_set(&to->key, from->key.bytes, from->key.len))
        return 0;
    if (from->len != 0) {
        to->kept = OPENSSL_memdup(from->kept, from->len);
        if (to->kept == NULL)
            return 0;
        to->len = to->room = from->len;
    }
    /* The device's state can only be copied on the device. */
    if (from->where == CD_HASH_DEVICE
        && cd_session_clone(&to->session, &from->session, &op) != 0)
        to->where = CD_HASH_LOST;
    return 1;
}

/* The software */

static int soft_update(CD_HASH *hash, const uint8_t *data, size_t len)
{
    if (len == 0)
        return 1;
    cd_count_soft(hash->prov, len);
    return hash->md != NULL ? EVP_DigestUpdate(hash->md, data, len) == 1
                            : EVP_MAC_update(hash->mac, data, len) == 1;
}

static int soft_final(CD_HASH *hash, uint8_t *digest)
{
    unsigned int n;
    size_t size;

    return hash->md != NULL
               ? EVP_DigestFinal_ex(hash->md, digest, &n) == 1
               : EVP_MAC_final(hash->mac, digest, &size, EVP_MAX_MD_SIZE) == 1;
}

/* Moves the kept bytes to the software, which gets the rest too. */
static int soft_take(CD_HASH *hash)
{
    int ok;

    hash->where = CD_HASH_SOFTWARE;
    ok = soft_update(hash, hash->kept, hash->len);
    forget(hash);
    return ok;
}

int cd_hash_to_software(CD_HASH *hash)
{
    if (hash->where == CD_HASH_KEPT_ALL)
        return soft_take(hash);
    if (hash->where == CD_HASH_DEVICE)
        hash->where = CD_HASH_LOST;
    return 1;
}

/* The device */

/* Sends the kept bytes with these flags. Return: 0 or a negative errno. */
static int device_call(CD_HASH *hash, uint16_t flags, uint8_t *digest)
{
    struct session_op session = session_of(hash);
    uint8_t nothing = 0;
    struct crypt_op op = {
        .op = COP_ENCRYPT,
        .flags = flags,
        .len = (uint32_t)hash->len,
        .src = hash->len != 0 ? hash->kept : &nothing,
        .mac = digest,
    };
    int error;

    /* The session must be the one that has the beginning. */
    if (hash->where == CD_HASH_DEVICE && !cd_session_valid(&hash->session))
        return -ESTALE;
    error = cd_session_make(hash->prov->device, &hash->session, &session);
    if (error != 0)
        return error;
    op.ses = hash->session.ses;
    op.flags |= cd_session_flags(&hash->session);
    error = cd_session_call(&hash->session, CIOCCRYPT, &op);
    if (error == 0)
        cd_count_device(hash->prov, hash->class, hash->len);
    return error;
}

static void failed(CD_HASH *hash, int error)
{
    if (error != -EAGAIN)
        cd_count_error(hash->prov);
    if (hash->where == CD_HASH_DEVICE)
        hash->where = CD_HASH_LOST;
}

/* The buffer is full. */
static int push(CD_HASH *hash)
{
    uint16_t flags = COP_FLAG_UPDATE;
    int error = -EAGAIN;

    if (hash->where == CD_HASH_KEPT_ALL)
        flags |= COP_FLAG_RESET;
    if (cd_bulk(hash->prov, hash->class, hash->len))
        error = device_call(hash, flags, NULL);
    if (error == 0) {
        hash->where = CD_HASH_DEVICE;
        hash->len = 0;
        return 1;
    }
    failed(hash, error);
    return hash->where != CD_HASH_LOST && soft_take(hash);
}

static int keep(CD_HASH *hash, const uint8_t *data, size_t len)
{
    size_t room = hash->room != 0 ? hash->room : CD_FIRST_ROOM;
    uint8_t *more;

    while (room < hash->len + len)
        room *= 2;
    if (room > hash->room) {
        more = OPENSSL_clear_realloc(hash->kept, hash->room, room);
        if (more == NULL)
            return 0;
        hash->kept = more;
        hash->room = room;
    }
    memcpy(hash->kept + hash->len, data, len);
    hash->len += len;
    return 1;
}

int cd_hash_update(CD_HASH *hash, const uint8_t *data, size_t len)
{
    size_t n;

    for (; len != 0; data += n, len -= n) {
        if (hash->where == CD_HASH_LOST)
            return 0;
        if (hash->where == CD_HASH_SOFTWARE)
            return soft_update(hash, data, len);
        n = CD_HASH_KEPT - hash->len;
        if (n > len)
            n = len;
        if (!keep(hash, data, n) || (hash->len == CD_HASH_KEPT && !push(hash)))
            return 0;
    }
    return 1;
}

static int final(CD_HASH *hash, uint8_t *digest)
{
    int error;

    if (hash->where == CD_HASH_DEVICE) {
        error = device_call(hash, COP_FLAG_UPDATE | COP_FLAG_FINAL, digest);
        if (error != 0)
            failed(hash, error);
        return error == 0;
    }
    if (hash->where == CD_HASH_LOST)
        return 0;
    if (hash->where == CD_HASH_KEPT_ALL) {
        if (cd_bulk(hash->prov, hash->class, hash->len)) {
            error = device_call(hash, COP_FLAG_NONE, digest);
            if (error == 0)
                return 1;
            failed(hash, error);
        }
        if (!soft_take(hash))
            return 0;
    }
    return soft_final(hash, digest);
}

int cd_hash_final(CD_HASH *hash, uint8_t *digest)
{
    int ok = final(hash, digest);

    forget(hash);
    return ok;
}
