/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rig.c - see rig.h. */
#include "tests/provider/rig.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/params.h>

const char *rig_retry = "0";

static void setting(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

void rig_open(struct rig *rig, const char *threshold, const char *classes, const char *device)
{
	setting("CRYPTODEV_PROVIDER_THRESHOLD", threshold);
	setting("CRYPTODEV_PROVIDER_CLASSES", classes);
	setting("CRYPTODEV_PROVIDER_DEVICE", device);
	setting("CRYPTODEV_PROVIDER_RETRY", rig_retry);
	rig->ours = OSSL_LIB_CTX_new();
	rig->stock = OSSL_LIB_CTX_new();
	assert_non_null(rig->ours);
	assert_non_null(rig->stock);
	assert_int_equal(OSSL_PROVIDER_set_default_search_path(rig->ours, PROVIDER_DIR), 1);
	rig->provider = OSSL_PROVIDER_load(rig->ours, "cryptodev");
	assert_non_null(rig->provider);
	rig->others[0] = OSSL_PROVIDER_load(rig->ours, "default");
	rig->others[1] = OSSL_PROVIDER_load(rig->stock, "default");
	assert_int_equal(EVP_set_default_properties(rig->ours, "?provider=cryptodev"), 1);
}

void rig_close(struct rig *rig)
{
	model_fault(&(struct model_fault){0});
	OSSL_PROVIDER_unload(rig->others[0]);
	OSSL_PROVIDER_unload(rig->others[1]);
	OSSL_PROVIDER_unload(rig->provider);
	OSSL_LIB_CTX_free(rig->ours);
	OSSL_LIB_CTX_free(rig->stock);
}

uint64_t rig_counter(const struct rig *rig, const char *name)
{
	uint64_t value = UINT64_MAX;
	OSSL_PARAM params[] = {OSSL_PARAM_construct_uint64(name, &value), OSSL_PARAM_END};

	assert_int_equal(OSSL_PROVIDER_get_params(rig->provider, params), 1);
	return value;
}

const char *rig_string(const struct rig *rig, const char *name)
{
	char *value = NULL;
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_ptr(name, &value, 0), OSSL_PARAM_END};

	assert_int_equal(OSSL_PROVIDER_get_params(rig->provider, params), 1);
	return value;
}

uint32_t rig_random(uint64_t *seed, uint32_t n)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % n;
}

void rig_fill(uint64_t *seed, uint8_t *to, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)rig_random(seed, 256);
}
