/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * offload.h - who encrypts the bulk: the crypto device or this processor.
 *
 * A private OpenSSL library context with the default provider and, unless that is switched
 * off or not to be had, the project's own provider, which serves ciphers through
 * /dev/crypto. TLS prefers the latter; handshake and signatures stay in this process.
 */
#ifndef CRYPTOCHAT_LINK_OFFLOAD_H
#define CRYPTOCHAT_LINK_OFFLOAD_H

#include <stdbool.h>
#include <stdint.h>

#define OFFLOAD_DEFAULT_DEVICE "/dev/crypto"

#include <openssl/types.h>

/**
 * enum offload_policy - what the device shall do
 * @OFFLOAD_AUTO: records from the provider's threshold on
 * @OFFLOAD_ALL: all records, also where that is slower
 * @OFFLOAD_OFF: nothing
 */
enum offload_policy { OFFLOAD_AUTO, OFFLOAD_ALL, OFFLOAD_OFF };

/**
 * struct offload_setup - what to load
 * @policy: see above
 * @provider: path of the provider module, or NULL to look where it is built or installed
 * @device: path of the device, or NULL for the provider's default
 */
struct offload_setup {
	enum offload_policy policy;
	const char *provider;
	const char *device;
};

/**
 * struct offload - the library context
 * @libctx: for all of TLS
 * @provider: the device's provider, or NULL: everything is computed here
 * @soft: OpenSSL's own
 * @properties: property query to give with @libctx, or NULL
 * @why_not: if there is no @provider though one was wanted: the reason
 */
struct offload {
	OSSL_LIB_CTX *libctx;
	OSSL_PROVIDER *provider;
	OSSL_PROVIDER *soft;
	const char *properties;
	char why_not[256];
};

/**
 * struct offload_counts - what was done since the start
 * @ops: operations of the device
 * @bytes: bytes of these
 * @soft_ops: operations that the provider did in this process
 * @soft_bytes: bytes of these
 */
struct offload_counts {
	uint64_t ops;
	uint64_t bytes;
	uint64_t soft_ops;
	uint64_t soft_bytes;
};

/**
 * offload_open() - make the library context
 *
 * A provider that cannot be loaded is not an error here: @provider is NULL then.
 *
 * Return: 0 or -ENOMEM
 */
int offload_open(const struct offload_setup *setup, struct offload *ret);

/** offload_counts() - the counters; all zero without a provider */
void offload_counts(const struct offload *o, struct offload_counts *ret);

void offload_close(struct offload *o);

#endif /* CRYPTOCHAT_LINK_OFFLOAD_H */
