/* SPDX-License-Identifier: GPL-2.0-or-later */
/* key.c - objects of keys that the host has. See key.h. */
#include "provider/key.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_object.h>
#include <openssl/x509.h>

static bool same_path(const CD_POOL *pool, const void *arg)
{
    return pool->own_only && strcmp(pool->path, arg) == 0;
}

/* The pool of a device for keys. It never opens a file for other processes:
 * what a worker may use is for its own rights to decide. */
static CD_POOL *pool_get(const char *path)
{
    CD_POOL *pool;

    pthread_mutex_lock(&cd_lock);
    pool = cd_pool_find(same_path, path);
    if (pool == NULL && (pool = OPENSSL_zalloc(sizeof(*pool))) != NULL) {
        pool->own_only = true;
        pool->path = OPENSSL_strdup(path);
        if (pool->path == NULL) {
            OPENSSL_free(pool);
            pool = NULL;
        } else {
            cd_pool_add(pool);
        }
    }
    if (pool != NULL)
        pool->refs++;
    pthread_mutex_unlock(&cd_lock);
    return pool;
}

static void pool_put(CD_POOL *pool)
{
    bool last;

    pthread_mutex_lock(&cd_lock);
    last = --pool->refs == 0;
    if (last)
        cd_pool_remove(pool);
    pthread_mutex_unlock(&cd_lock);
    if (!last)
        return;
    OPENSSL_free(pool->path);
    OPENSSL_free(pool);
}

CD_PKEY *cd_pkey_new(CD_PROV *prov)
{
    CD_PKEY *key = OPENSSL_zalloc(sizeof(*key));

    if (key == NULL)
        return NULL;
    key->prov = prov;
    atomic_init(&key->refs, 1);
    pthread_mutex_init(&key->lock, NULL);
    return key;
}

int cd_pkey_ref(CD_PKEY *key)
{
    atomic_fetch_add(&key->refs, 1);
    return 1;
}

void cd_pkey_free(CD_PKEY *key)
{
    if (key == NULL || atomic_fetch_sub(&key->refs, 1) > 1)
        return;
    cd_pkey_close(key);
    if (key->pool != NULL)
        pool_put(key->pool);
    EVP_PKEY_free(key->public);
    key_name_wipe(&key->name);
    pthread_mutex_destroy(&key->lock);
    OPENSSL_free(key);
}

/* Asks the device; the file is closed again, since the process may fork. */
static int ask(CD_PKEY *key)
{
    const unsigned char *p;
    uint8_t *spki = NULL;
    size_t len = 0;
    int fd, error;

    fd = key_open(key->name.device);
    error = fd;
    if (fd >= 0) {
        error = key_info(fd, &key->name, &key->info, &spki, &len);
        close(fd);
    }
    if (error < 0)
        return cd_key_refuse(key, "%s", key_error(error));
    p = spki;
    if (len != 0)
        key->public = d2i_PUBKEY_ex(NULL, &p, (long)len, key->prov->soft, NULL);
    free(spki);
    if (key->public == NULL || cd_pkey_type(key) == NULL)
        return cd_key_refuse(key, "a key of kind %s is not one for OpenSSL",
                             key_kind_name(key->info.kind));
    return 1;
}

static int load(CD_PKEY *key, const char *uri)
{
    int error;

    if (key_name_parse(&key->name, uri) != 0) {
        key->name.label[0] = '\0';
        return cd_key_refuse(key,
                             "not cryptodev:LABEL[;device=PATH]"
                             "[?ticket-file=PATH]: %s",
                             uri);
    }
    error = key_name_ticket(&key->name);
    if (error != 0)
        return cd_key_refuse(key, "ticket %s: %s", key->name.ticket_file,
                             error == -EINVAL ? "not 32 bytes"
                                              : strerror(-error));
    key->pool = pool_get(key->name.device);
    return key->pool != NULL && ask(key);
}

CD_PKEY *cd_pkey_open(CD_PROV *prov, const char *uri, bool private)
{
    CD_PKEY *key = cd_pkey_new(prov);

    if (key == NULL || !load(key, uri)) {
        cd_pkey_free(key);
        return NULL;
    }
    key->private = private;
    return key;
}

const char *cd_pkey_type(const CD_PKEY *key)
{
    static const char *const types[] = {"RSA", "RSA-PSS", "EC", "ED25519",
                                        "X25519"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (EVP_PKEY_is_a(key->public, types[i]))
            return types[i];
    return NULL;
}

int cd_pkey_give(CD_PKEY *key, OSSL_CALLBACK *cb, void *arg)
{
    int type = OSSL_OBJECT_PKEY;
    void *reference = key;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
        OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE,
                                         (char *)cd_pkey_type(key), 0),
        OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE,
                                          &reference, sizeof(reference)),
        OSSL_PARAM_construct_end(),
    };
    int ret = cb(params, arg);

    /* The key management has a reference of its own now, or does not want it.
     */
    cd_pkey_free(key);
    return ret;
}
