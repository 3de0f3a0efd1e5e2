/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * provider.c - entry point, parameters, tables of algorithms.
 *
 * The configuration decides what is offered; the device is not opened for that.
 * Software in this provider computes what the device lacks. So a program
 * without bulk work does not wait for the device, and a program that was
 * started before the device existed can use it later.
 */
#include "provider/provider.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/provider.h>

#include "provider/device.h"
#include "provider/key.h"

/* The parameters that OSSL_PROVIDER_get_params() can ask for. */
#define CD_PARAM_OPS "cryptodev-ops"
#define CD_PARAM_BYTES "cryptodev-bytes"
#define CD_PARAM_SOFT_OPS "cryptodev-soft-ops"
#define CD_PARAM_SOFT_BYTES "cryptodev-soft-bytes"
#define CD_PARAM_ERRORS "cryptodev-errors"
#define CD_PARAM_PROCESS "cryptodev-process-"
#define CD_PARAM_DEVICE "cryptodev-device"
#define CD_PARAM_STATUS "cryptodev-status"

/**
 * struct cd_text_st - a text that was given out and therefore stays.
 * @next: the one before it
 * @text: the text
 */
struct cd_text_st {
    struct cd_text_st *next;
    char text[];
};

OSSL_provider_init_fn OSSL_provider_init;

static OSSL_FUNC_provider_teardown_fn cd_teardown;
static OSSL_FUNC_provider_gettable_params_fn cd_gettable_params;
static OSSL_FUNC_provider_get_params_fn cd_get_params;
static OSSL_FUNC_provider_query_operation_fn cd_query;

static const OSSL_PARAM *cd_gettable_params(void *provctx)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, NULL, 0),
        OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, NULL, 0),
        OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_BUILDINFO, NULL, 0),
        OSSL_PARAM_int(OSSL_PROV_PARAM_STATUS, NULL),
        OSSL_PARAM_uint64(CD_PARAM_OPS, NULL),
        OSSL_PARAM_uint64(CD_PARAM_BYTES, NULL),
        OSSL_PARAM_uint64(CD_PARAM_SOFT_OPS, NULL),
        OSSL_PARAM_uint64(CD_PARAM_SOFT_BYTES, NULL),
        OSSL_PARAM_uint64(CD_PARAM_ERRORS, NULL),
        OSSL_PARAM_uint64(CD_PARAM_PROCESS "ops", NULL),
        OSSL_PARAM_uint64(CD_PARAM_PROCESS "bytes", NULL),
        OSSL_PARAM_uint64(CD_PARAM_PROCESS "soft-ops", NULL),
        OSSL_PARAM_uint64(CD_PARAM_PROCESS "soft-bytes", NULL),
        OSSL_PARAM_uint64(CD_PARAM_PROCESS "errors", NULL),
        OSSL_PARAM_utf8_ptr(CD_PARAM_DEVICE, NULL, 0),
        OSSL_PARAM_utf8_ptr(CD_PARAM_STATUS, NULL, 0),
        OSSL_PARAM_END,
    };

    return gettable;
}

/* A copy of @text that stays; the same text is the same copy. */
static const char *keep(CD_PROV *prov, const char *text)
{
    struct cd_text_st *kept;

    pthread_mutex_lock(&cd_lock);
    for (kept = prov->statuses; kept != NULL; kept = kept->next)
        if (strcmp(kept->text, text) == 0)
            break;
    if (kept == NULL) {
        kept = OPENSSL_malloc(sizeof(*kept) + strlen(text) + 1);
        if (kept != NULL) {
            strcpy(kept->text, text);
            kept->next = prov->statuses;
            prov->statuses = kept;
        }
    }
    pthread_mutex_unlock(&cd_lock);
    return kept != NULL ? kept->text : "out of memory";
}

/* ", without AES-192-CBC": algorithms of @table that the device is known to
 * lack. */
static void add_lacks(CD_PROV *prov, const CD_ALG *algs, char *text,
                      size_t size)
{
    char name[CD_NAME_LEN];
    size_t len;

    for (; algs->names != NULL; algs++) {
        if (!prov->config.offer[algs->class]
            || !cd_device_lacks(prov->device, algs))
            continue;
        len = strlen(text);
        cd_soft_name(algs, name);
        snprintf(text + len, size - len, "%s%s",
                 strstr(text, "without") != NULL ? " " : ", without ", name);
    }
}

const char *cd_status(CD_PROV *prov, bool look)
{
    char text[512];

    if (prov->device == NULL)
        return "not for this program";
    if (prov->ciphers[0].algorithm_names == NULL
        && prov->digests[0].algorithm_names == NULL
        && prov->macs[0].algorithm_names == NULL)
        return "no class is offered";
    cd_device_why(prov->device, look, text, sizeof(text));
    add_lacks(prov, cd_cipher_algs, text, sizeof(text));
    add_lacks(prov, cd_gcm_algs, text, sizeof(text));
    add_lacks(prov, cd_ccm_algs, text, sizeof(text));
    add_lacks(prov, cd_digest_algs, text, sizeof(text));
    add_lacks(prov, cd_mac_algs, text, sizeof(text));
    return keep(prov, text);
}

static int put_string(OSSL_PARAM params[], const char *name, const char *value)
{
    OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

    return p == NULL || OSSL_PARAM_set_utf8_ptr(p, value);
}

/* These two open the device. */
static int get_state(CD_PROV *prov, OSSL_PARAM params[])
{
    if (OSSL_PARAM_locate(params, CD_PARAM_STATUS) != NULL
        && !put_string(params, CD_PARAM_STATUS, cd_status(prov, true)))
        return 0;
    return put_string(params, CD_PARAM_DEVICE,
                      prov->device != NULL && cd_device_is_open(prov->device)
                          ? prov->config.device
                          : "");
}

static int cd_get_params(void *provctx, OSSL_PARAM params[])
{
    CD_PROV *prov = provctx;
    const struct {
        const char *name;
        const char *value;
    } strings[] = {
        {OSSL_PROV_PARAM_NAME, "OpenSSL provider for /dev/crypto"},
        {OSSL_PROV_PARAM_VERSION, VCD_VERSION},
        {OSSL_PROV_PARAM_BUILDINFO, "virtio-cryptodev " VCD_VERSION},
    };
    const struct {
        const char *name;
        const atomic_uint_fast64_t *value;
    } numbers[] = {
        {CD_PARAM_OPS, &prov->counters.ops},
        {CD_PARAM_BYTES, &prov->counters.bytes},
        {CD_PARAM_SOFT_OPS, &prov->counters.soft_ops},
        {CD_PARAM_SOFT_BYTES, &prov->counters.soft_bytes},
        {CD_PARAM_ERRORS, &prov->counters.errors},
        {CD_PARAM_PROCESS "ops", &cd_process_counters.ops},
        {CD_PARAM_PROCESS "bytes", &cd_process_counters.bytes},
        {CD_PARAM_PROCESS "soft-ops", &cd_process_counters.soft_ops},
        {CD_PARAM_PROCESS "soft-bytes", &cd_process_counters.soft_bytes},
        {CD_PARAM_PROCESS "errors", &cd_process_counters.errors},
    };
    OSSL_PARAM *p;

    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        if (!put_string(params, strings[i].name, strings[i].value))
            return 0;
    if (!get_state(prov, params))
        return 0;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        p = OSSL_PARAM_locate(params, numbers[i].name);
        if (p != NULL && !OSSL_PARAM_set_uint64(p, *numbers[i].value))
            return 0;
    }
    p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
    return p == NULL || OSSL_PARAM_set_int(p, 1);
}

static const OSSL_ALGORITHM *query_keys(int operation)
{
    switch (operation) {
    case OSSL_OP_STORE:
        return cd_key_stores;
    case OSSL_OP_DECODER:
        return cd_key_decoders;
    case OSSL_OP_SIGNATURE:
        return cd_key_signatures;
    case OSSL_OP_ASYM_CIPHER:
        return cd_key_ciphers;
    case OSSL_OP_KEYEXCH:
        return cd_key_exchanges;
    default:
        return NULL;
    }
}

static const OSSL_ALGORITHM *cd_query(void *provctx, int operation,
                                      int *no_cache)
{
    CD_PROV *prov = provctx;

    *no_cache = 0;
    if (prov->device == NULL)
        return NULL;
    switch (operation) {
    case OSSL_OP_CIPHER:
        return prov->ciphers;
    case OSSL_OP_DIGEST:
        return prov->digests;
    case OSSL_OP_MAC:
        return prov->macs;
    case OSSL_OP_KEYMGMT:
        return cd_key_managements(prov, no_cache);
    default:
        return query_keys(operation);
    }
}

static void cd_free(CD_PROV *prov)
{
    struct cd_text_st *text;

    while (prov->statuses != NULL) {
        text = prov->statuses;
        prov->statuses = text->next;
        OPENSSL_free(text);
    }
    cd_counters_remove(&prov->counters);
    cd_device_put(prov->device);
    OSSL_LIB_CTX_free(prov->soft);
    cd_config_free(&prov->config);
    OPENSSL_free(prov);
}

static void cd_teardown(void *provctx)
{
    cd_stats_dump(provctx);
    cd_free(provctx);
}

/* "provider=cryptodev,cryptodev.class=CLASS"; OpenSSL wants them to stay. */
static const char *properties(enum cd_class class)
{
#define CD_PROPERTIES(name) "provider=cryptodev,cryptodev.class=" name
    static const char *const all[CD_CLASSES] = {
        [CD_CBC] = CD_PROPERTIES("cbc"),
        [CD_CTR] = CD_PROPERTIES("ctr"),
        [CD_ECB] = CD_PROPERTIES("ecb"),
        [CD_XTS] = CD_PROPERTIES("xts"),
        [CD_GCM] = CD_PROPERTIES("gcm"),
        [CD_CCM] = CD_PROPERTIES("ccm"),
        [CD_SHA2] = CD_PROPERTIES("sha2"),
        [CD_HMAC] = CD_PROPERTIES("hmac"),
        [CD_CHACHA] = CD_PROPERTIES("chacha"),
    };

    return all[class];
}

/* Adds those of @algs that are wanted. */
static void offer(CD_PROV *prov, OSSL_ALGORITHM *table, const CD_ALG *algs)
{
    while (table->algorithm_names != NULL)
        table++;
    for (; algs->names != NULL; algs++) {
        if (!prov->config.offer[algs->class])
            continue;
        table->algorithm_names = algs->names;
        table->property_definition = properties(algs->class);
        table->implementation = algs->functions;
        table++;
    }
}

/* In an excepted program nothing is offered. */
static int offer_all(CD_PROV *prov)
{
    if (cd_program_excluded(&prov->config))
        return 1;
    prov->device = cd_device_get(&prov->config);
    if (prov->device == NULL)
        return 0;
    offer(prov, prov->ciphers, cd_cipher_algs);
    offer(prov, prov->ciphers, cd_gcm_algs);
    offer(prov, prov->ciphers, cd_ccm_algs);
    offer(prov, prov->digests, cd_digest_algs);
    offer(prov, prov->macs, cd_mac_algs);
    return 1;
}

void cd_soft_name(const CD_ALG *alg, char *name)
{
    size_t len = strcspn(alg->names, ":");

    if (len >= CD_NAME_LEN)
        len = CD_NAME_LEN - 1;
    memcpy(name, alg->names, len);
    name[len] = '\0';
}

EVP_CIPHER *cd_soft_cipher(CD_PROV *prov, const CD_ALG *alg)
{
    char name[CD_NAME_LEN];

    cd_soft_name(alg, name);
    return EVP_CIPHER_fetch(prov->soft, name, "provider=default");
}

/* OpenSSL's functions. Return: that for the provider's section, or NULL. */
static OSSL_FUNC_core_get_params_fn *take_core(CD_PROV *prov,
                                               const OSSL_DISPATCH *in)
{
    OSSL_FUNC_core_get_params_fn *get = NULL;

    for (; in->function_id != 0; in++) {
        switch (in->function_id) {
        case OSSL_FUNC_CORE_GET_PARAMS:
            get = OSSL_FUNC_core_get_params(in);
            break;
        case OSSL_FUNC_CORE_GET_LIBCTX:
            prov->app =
                (OSSL_LIB_CTX *)OSSL_FUNC_core_get_libctx(in)(prov->handle);
            break;
        case OSSL_FUNC_BIO_READ_EX:
            prov->bio_read = OSSL_FUNC_BIO_read_ex(in);
            break;
        case OSSL_FUNC_BIO_GETS:
            prov->bio_gets = OSSL_FUNC_BIO_gets(in);
            break;
        default:
            break;
        }
    }
    return get;
}

int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                       const OSSL_DISPATCH **out, void **provctx)
{
    static const OSSL_DISPATCH functions[] = {
        {OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))cd_teardown},
        {OSSL_FUNC_PROVIDER_GETTABLE_PARAMS,
         (void (*)(void))cd_gettable_params},
        {OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*)(void))cd_get_params},
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))cd_query},
        {0, NULL},
    };
    OSSL_FUNC_core_get_params_fn *get;
    CD_PROV *prov = OPENSSL_zalloc(sizeof(*prov));

    if (prov == NULL)
        return 0;
    prov->handle = handle;
    get = take_core(prov, in);
    cd_counters_add(&prov->counters);
    prov->max_aead = CD_MAX_AEAD + 1;
    prov->soft = OSSL_LIB_CTX_new();
    if (prov->soft == NULL || !cd_config_read(&prov->config, handle, get)
        || !offer_all(prov)) {
        cd_free(prov);
        return 0;
    }
    *out = functions;
    *provctx = prov;
    return 1;
}
