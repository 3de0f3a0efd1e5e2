// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * offload.c - who encrypts the bulk: the crypto device or this processor.
 *
 * OpenSSL 3.0 has no call to load a provider with parameters; they come from a
 * configuration file. So one is written to memory (memfd) and loaded from there. The
 * user's openssl.cnf is not read: what it says for other programs is not for us.
 *
 * Only AEADs are the device's, which is what TLS records need. With CTR and ECB, and no
 * threshold, OpenSSL would build its random generator on it: the host would know not only the
 * records, which it computes, but every key that is made here, the identity too.
 */
#include "cryptochat/link/offload.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#define PROVIDER "cryptodev"

/* Where the module may be besides CHAT_MODULE_DIR: next to the program, and as it is built. */
static const char *const places[] = {"cryptodev.so", "../provider/cryptodev.so"};

static bool find_module(const char *chosen, char path[PATH_MAX])
{
	char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;

	/* OpenSSL looks for what is no absolute path in a directory of its own. */
	if (chosen)
		return realpath(chosen, path) != NULL;
	program[n > 0 ? n : 0] = 0;
	slash = strrchr(program, '/');
	for (size_t i = 0; slash && i < sizeof(places) / sizeof(places[0]); i++) {
		slash[1] = 0;
		if ((size_t)snprintf(path, PATH_MAX, "%s%s", program, places[i]) < PATH_MAX &&
		    access(path, R_OK) == 0)
			return true;
	}
	snprintf(path, PATH_MAX, "%s/cryptodev.so", CHAT_MODULE_DIR);
	return access(path, R_OK) == 0;
}

static int write_config(const struct offload_setup *setup, const char *module)
{
	int fd = memfd_create("cryptochat.cnf", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	dprintf(fd,
		"openssl_conf = init\n[init]\nproviders = list\n"
		"[list]\ndefault = software\n" PROVIDER " = device\n"
		"[software]\nactivate = 1\n"
		"[device]\nmodule = %s\nactivate = 1\nclasses = aead\n",
		module);
	if (setup->device)
		dprintf(fd, "device = %s\n", setup->device);
	if (setup->policy == OFFLOAD_ALL)
		dprintf(fd, "threshold = 0\n");
	return fd;
}

/* The provider starts without a device too, and then offers nothing. */
static void check_device(const struct offload_setup *setup, struct offload *o)
{
	const char *status = NULL, *device = NULL;
	OSSL_PARAM params[] = {
	    OSSL_PARAM_utf8_ptr("cryptodev-status", &status, 0),
	    OSSL_PARAM_utf8_ptr("cryptodev-device", &device, 0),
	    OSSL_PARAM_END,
	};

	if (!o->provider || OSSL_PROVIDER_get_params(o->provider, params) != 1 ||
	    (status && strcmp(status, "ok") == 0))
		return;
	/* Without a device, it is the one that was asked for. */
	if (!device || !device[0])
		device = setup->device ? setup->device : OFFLOAD_DEFAULT_DEVICE;
	snprintf(o->why_not, sizeof(o->why_not), "%.120s: %.100s", device,
		 status ? status : "unknown state");
	OSSL_PROVIDER_unload(o->provider);
	o->provider = NULL;
}

/* The provider in @o->libctx, or a reason in @o->why_not. */
static void load_provider(const struct offload_setup *setup, struct offload *o)
{
	char module[PATH_MAX], config[64];
	unsigned long error;
	int fd;

	if (!find_module(setup->provider, module)) {
		snprintf(o->why_not, sizeof(o->why_not), "no provider module %.150s",
			 setup->provider ? setup->provider : "(cryptodev.so)");
		return;
	}
	fd = write_config(setup, module);
	if (fd < 0) {
		snprintf(o->why_not, sizeof(o->why_not), "memfd: %s", strerror(-fd));
		return;
	}
	snprintf(config, sizeof(config), "/proc/self/fd/%d", fd);
	ERR_clear_error();
	if (OSSL_LIB_CTX_load_config(o->libctx, config) == 1 &&
	    OSSL_PROVIDER_available(o->libctx, PROVIDER))
		o->provider = OSSL_PROVIDER_load(o->libctx, PROVIDER);
	close(fd);
	check_device(setup, o);
	if (o->provider) {
		o->properties = "?provider=" PROVIDER;
		return;
	}
	if (o->why_not[0])
		return;
	error = ERR_peek_error();
	snprintf(o->why_not, sizeof(o->why_not), "the provider does not start: %s%s%s",
		 setup->device ? setup->device : OFFLOAD_DEFAULT_DEVICE, error ? ": " : "",
		 error && ERR_reason_error_string(error) ? ERR_reason_error_string(error) : "");
}

int offload_open(const struct offload_setup *setup, struct offload *ret)
{
	*ret = (struct offload){.libctx = OSSL_LIB_CTX_new()};
	if (!ret->libctx)
		return -ENOMEM;
	if (setup->policy != OFFLOAD_OFF)
		load_provider(setup, ret);
	/* Also after a failed load, which may have left the default one out. */
	ret->soft = OSSL_PROVIDER_load(ret->libctx, "default");
	if (!ret->soft) {
		offload_close(ret);
		return -ENOMEM;
	}
	ERR_clear_error();
	return 0;
}

void offload_counts(const struct offload *o, struct offload_counts *ret)
{
	OSSL_PARAM params[] = {
	    OSSL_PARAM_uint64("cryptodev-ops", &ret->ops),
	    OSSL_PARAM_uint64("cryptodev-bytes", &ret->bytes),
	    OSSL_PARAM_uint64("cryptodev-soft-ops", &ret->soft_ops),
	    OSSL_PARAM_uint64("cryptodev-soft-bytes", &ret->soft_bytes),
	    OSSL_PARAM_END,
	};

	*ret = (struct offload_counts){0};
	if (o->provider && OSSL_PROVIDER_get_params(o->provider, params) != 1)
		*ret = (struct offload_counts){0};
}

void offload_close(struct offload *o)
{
	/* Not even the end of its context frees a provider that is still loaded. */
	if (o->provider)
		OSSL_PROVIDER_unload(o->provider);
	if (o->soft)
		OSSL_PROVIDER_unload(o->soft);
	OSSL_LIB_CTX_free(o->libctx);
	*o = (struct offload){0};
}
