/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rig.h - a library context with the provider on the model of /dev/crypto, and one
 * without, to compare with.
 */
#ifndef TESTS_PROVIDER_RIG_H
#define TESTS_PROVIDER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/crypto.h>
#include <openssl/provider.h>

#include "tests/provider/preload.h"

/**
 * struct rig - both contexts.
 * @ours: prefers the provider
 * @stock: the default provider alone
 * @provider: ours
 */
struct rig {
	OSSL_LIB_CTX *ours;
	OSSL_LIB_CTX *stock;
	OSSL_PROVIDER *provider;
	OSSL_PROVIDER *others[2];
};

/* Milliseconds for which a failed device is left alone, as rig_open() sets it. */
extern const char *rig_retry;

/** rig_open - with a configuration by the environment; NULL: the default. */
void rig_open(struct rig *rig, const char *threshold, const char *classes, const char *device);
void rig_close(struct rig *rig);

/** rig_counter - "cryptodev-ops" and its like. */
uint64_t rig_counter(const struct rig *rig, const char *name);

/** rig_string - "cryptodev-status" and its like. */
const char *rig_string(const struct rig *rig, const char *name);

/** rig_random - a number below @n that depends on the seed alone. */
uint32_t rig_random(uint64_t *seed, uint32_t n);
void rig_fill(uint64_t *seed, uint8_t *to, size_t len);

#endif
