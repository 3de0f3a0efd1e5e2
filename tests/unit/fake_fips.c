/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_fips.c - an OpenSSL module in a FIPS module's place, for test_engine_fips.c.
 *
 * It is the default provider with some of its algorithms, under the property fips=yes. As the
 * real one, it does not start without the checksum that the configuration names.
 */
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#define MAX_ALGORITHMS 200

static const char *const approved[] = {"AES-", "SHA1", "SHA2-", "SHA3-", "HMAC", "CMAC"};

static OSSL_LIB_CTX *lib;
static OSSL_PROVIDER *behind, *inner;

static int is_approved(const char *names)
{
	for (size_t i = 0; i < sizeof(approved) / sizeof(approved[0]); i++)
		if (!strncmp(names, approved[i], strlen(approved[i])))
			return 1;
	return 0;
}

static const OSSL_ALGORITHM *query(void *provctx, int operation, int *no_cache)
{
	static OSSL_ALGORITHM found[32][MAX_ALGORITHMS];
	const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(behind, operation, no_cache);
	size_t n = 0;

	if (!all || operation < 0 || operation >= 32)
		return NULL;
	for (; all->algorithm_names && n + 1 < MAX_ALGORITHMS; all++) {
		if (!is_approved(all->algorithm_names))
			continue;
		found[operation][n] = *all;
		found[operation][n++].property_definition = "provider=fips,fips=yes";
	}
	found[operation][n] = (OSSL_ALGORITHM){0};
	return found[operation];
}

static void teardown(void *provctx)
{
	OSSL_PROVIDER_unload(inner);
	OSSL_PROVIDER_unload(behind);
	OSSL_LIB_CTX_free(lib);
}

static int init_inner(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
		      const OSSL_DISPATCH **out, void **provctx)
{
	static const OSSL_DISPATCH functions[] = {
	    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
	    {0, NULL},
	};

	*provctx = OSSL_PROVIDER_get0_provider_ctx(behind);
	*out = functions;
	return 1;
}

int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
		       const OSSL_DISPATCH **out, void **provctx)
{
	static const OSSL_DISPATCH functions[] = {
	    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
	    {OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))teardown},
	    {0, NULL},
	};
	OSSL_FUNC_core_get_params_fn *get_params = NULL;
	char *checksum = NULL;
	OSSL_PARAM params[] = {
	    OSSL_PARAM_utf8_ptr("module-mac", &checksum, 0),
	    OSSL_PARAM_END,
	};

	for (; in->function_id; in++)
		if (in->function_id == OSSL_FUNC_CORE_GET_PARAMS)
			get_params = OSSL_FUNC_core_get_params(in);
	if (!get_params || !get_params(handle, params) || !checksum ||
	    strcmp(checksum, "F1:F5") != 0)
		return 0;
	lib = OSSL_LIB_CTX_new();
	behind = lib ? OSSL_PROVIDER_load(lib, "default") : NULL;
	/* MACs fetch what they are made of there, by the same property. */
	if (!behind || !OSSL_PROVIDER_add_builtin(lib, "approved", init_inner))
		return 0;
	inner = OSSL_PROVIDER_load(lib, "approved");
	if (!inner)
		return 0;
	*provctx = OSSL_PROVIDER_get0_provider_ctx(behind);
	*out = functions;
	return 1;
}
