/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config.c - configuration: the provider's section of openssl.cnf, then the
 * environment, which goes before it. A program that runs with more rights than
 * its user has ignores the environment.
 */
#include "provider/provider.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define CD_DEFAULT_DEVICE "/dev/crypto"
#define CD_DEFAULT_THRESHOLD 2048
#define CD_DEFAULT_RETRY_MS 1000
#define CD_DEFAULT_TIMEOUT_MS 1000
#define CD_SEPARATORS " ,\t"

/* Programs that confine themselves after they have loaded us, so that a call to
 * the device would be the end of them. */
#define CD_DEFAULT_EXCEPT "sshd sshd-session sshd-auth tor vsftpd"

static const char *const class_names[CD_CLASSES] = {
    [CD_CBC] = "cbc",   [CD_CTR] = "ctr",   [CD_ECB] = "ecb",
    [CD_XTS] = "xts",   [CD_GCM] = "gcm",   [CD_CCM] = "ccm",
    [CD_SHA2] = "sha2", [CD_HMAC] = "hmac", [CD_CHACHA] = "chacha",
};

/* Bits are 1 << class. */
#define CD_BIT(class) (1u << (class))
#define CD_CIPHER_BITS                                                         \
    (CD_BIT(CD_CBC) | CD_BIT(CD_CTR) | CD_BIT(CD_ECB) | CD_BIT(CD_XTS)         \
     | CD_BIT(CD_GCM) | CD_BIT(CD_CCM) | CD_BIT(CD_CHACHA))

static const struct {
    const char *name;
    unsigned int bits;
} groups[] = {
    {"ciphers", CD_CIPHER_BITS},
    {"aead", CD_BIT(CD_GCM) | CD_BIT(CD_CCM) | CD_BIT(CD_CHACHA)},
    {"digests", CD_BIT(CD_SHA2)},
    {"macs", CD_BIT(CD_HMAC)},
    {"all", CD_BIT(CD_CLASSES) - 1},
    {"none", 0},
};

const char *cd_class_name(enum cd_class class)
{
    return class_names[class];
}

static int wrong(const char *name, const char *value)
{
    ERR_raise_data(ERR_LIB_PROV, PROV_R_INVALID_CONFIG_DATA,
                   "cryptodev: %s = %s", name, value);
    return 0;
}

/* The classes that @word of @len characters names. */
static int class_bits(const char *word, size_t len, unsigned int *bits)
{
    for (size_t i = 0; i < CD_CLASSES; i++)
        if (strlen(class_names[i]) == len
            && strncmp(word, class_names[i], len) == 0) {
            *bits = CD_BIT(i);
            return 1;
        }
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        if (strlen(groups[i].name) == len
            && strncmp(word, groups[i].name, len) == 0) {
            *bits = groups[i].bits;
            return 1;
        }
    return 0;
}

/* A decimal number that takes all of @len characters. */
static int number(const char *word, size_t len, size_t *value)
{
    size_t n = 0;

    if (len == 0)
        return 0;
    for (size_t i = 0; i < len; i++) {
        if (word[i] < '0' || word[i] > '9' || n > (SIZE_MAX - 9) / 10)
            return 0;
        n = n * 10 + (size_t)(word[i] - '0');
    }
    *value = n;
    return 1;
}

/* "gcm ctr", "ciphers -ecb", "-ctr" (all that is the default but this one) */
static int set_classes(CD_CONFIG *config, const char *value)
{
    const char *word = value + strspn(value, CD_SEPARATORS);
    unsigned int offer = *word == '-' ? CD_CIPHER_BITS : 0, bits;

    while (*word != '\0') {
        size_t len = strcspn(word, CD_SEPARATORS);
        size_t minus = *word == '-' ? 1 : 0;

        if (!class_bits(word + minus, len - minus, &bits))
            return wrong("classes", value);
        offer = minus != 0 ? offer & ~bits : offer | bits;
        word += len;
        word += strspn(word, CD_SEPARATORS);
    }
    for (size_t i = 0; i < CD_CLASSES; i++)
        config->offer[i] = (offer & CD_BIT(i)) != 0;
    return 1;
}

/* "4096", "4096 gcm=1024 aead=0" */
static int set_threshold(CD_CONFIG *config, const char *value)
{
    const char *word = value + strspn(value, CD_SEPARATORS);
    unsigned int bits;
    size_t bytes;

    while (*word != '\0') {
        size_t len = strcspn(word, CD_SEPARATORS);
        const char *equals = memchr(word, '=', len);
        const char *digits = equals != NULL ? equals + 1 : word;

        bits = CD_BIT(CD_CLASSES) - 1;
        if ((equals != NULL
             && !class_bits(word, (size_t)(equals - word), &bits))
            || !number(digits, len - (size_t)(digits - word), &bytes))
            return wrong("threshold", value);
        for (size_t i = 0; i < CD_CLASSES; i++)
            if ((bits & CD_BIT(i)) != 0)
                config->threshold[i] = bytes;
        word += len;
        word += strspn(word, CD_SEPARATORS);
    }
    return 1;
}

static int milliseconds(const char *value, unsigned int *ms)
{
    size_t n;

    if (!number(value, strlen(value), &n) || n > UINT_MAX)
        return 0;
    *ms = (unsigned int)n;
    return 1;
}

static int set_retry(CD_CONFIG *config, const char *value)
{
    return milliseconds(value, &config->retry_ms) ? 1 : wrong("retry", value);
}

static int set_timeout(CD_CONFIG *config, const char *value)
{
    return milliseconds(value, &config->timeout_ms)
               ? 1
               : wrong("timeout_ms", value);
}

static int set_drivers(CD_CONFIG *config, const char *value)
{
    if (strcmp(value, "any") != 0 && strcmp(value, "hardware") != 0)
        return wrong("drivers", value);
    config->hardware = strcmp(value, "hardware") == 0;
    return 1;
}

static int set_string(char **string, const char *value)
{
    char *copy = OPENSSL_strdup(value);

    if (copy == NULL)
        return 0;
    OPENSSL_free(*string);
    *string = copy;
    return 1;
}

static int set_device(CD_CONFIG *config, const char *value)
{
    if (*value == '\0')
        return wrong("device", value);
    return set_string(&config->device, value);
}

static int set_stats(CD_CONFIG *config, const char *value)
{
    return set_string(&config->stats, value);
}

static int set_except(CD_CONFIG *config, const char *value)
{
    return set_string(&config->except, value);
}

static int set_only(CD_CONFIG *config, const char *value)
{
    return set_string(&config->only, value);
}

static const struct {
    const char *name;
    const char *environment;
    int (*set)(CD_CONFIG *config, const char *value);
} settings[] = {
    {"device", "CRYPTODEV_PROVIDER_DEVICE", set_device},
    {"threshold", "CRYPTODEV_PROVIDER_THRESHOLD", set_threshold},
    {"classes", "CRYPTODEV_PROVIDER_CLASSES", set_classes},
    {"stats", "CRYPTODEV_PROVIDER_STATS", set_stats},
    {"retry", "CRYPTODEV_PROVIDER_RETRY", set_retry},
    {"timeout_ms", "CRYPTODEV_PROVIDER_TIMEOUT_MS", set_timeout},
    {"drivers", "CRYPTODEV_PROVIDER_DRIVERS", set_drivers},
    {"except", "CRYPTODEV_PROVIDER_EXCEPT", set_except},
    {"only", "CRYPTODEV_PROVIDER_ONLY", set_only},
};

#define CD_SETTINGS (sizeof(settings) / sizeof(settings[0]))

int cd_config_read(CD_CONFIG *config, const OSSL_CORE_HANDLE *handle,
                   OSSL_FUNC_core_get_params_fn *get)
{
    const char *file[CD_SETTINGS] = {NULL};
    OSSL_PARAM params[CD_SETTINGS + 1];
    const char *value;

    memset(config, 0, sizeof(*config));
    config->retry_ms = CD_DEFAULT_RETRY_MS;
    config->timeout_ms = CD_DEFAULT_TIMEOUT_MS;
    for (size_t i = 0; i < CD_CLASSES; i++) {
        config->offer[i] = (CD_CIPHER_BITS & CD_BIT(i)) != 0;
        config->threshold[i] = CD_DEFAULT_THRESHOLD;
    }
    if (!set_device(config, CD_DEFAULT_DEVICE)
        || !set_except(config, CD_DEFAULT_EXCEPT))
        return 0;
    for (size_t i = 0; i < CD_SETTINGS; i++)
        params[i] = OSSL_PARAM_construct_utf8_ptr(settings[i].name,
                                                  (char **)&file[i], 0);
    params[CD_SETTINGS] = OSSL_PARAM_construct_end();
    if (get != NULL && !get(handle, params))
        return 0;
    for (size_t i = 0; i < CD_SETTINGS; i++) {
        value = secure_getenv(settings[i].environment);
        if (value == NULL)
            value = file[i];
        if (value != NULL && !settings[i].set(config, value))
            return 0;
    }
    return 1;
}

void cd_config_free(CD_CONFIG *config)
{
    OPENSSL_free(config->device);
    OPENSSL_free(config->stats);
    OPENSSL_free(config->except);
    OPENSSL_free(config->only);
    memset(config, 0, sizeof(*config));
}
