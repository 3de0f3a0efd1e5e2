// SPDX-License-Identifier: GPL-2.0-or-later
/* tls.c - TLS 1.3 between two self-signed Ed25519 keys. */
#include "cryptochat/link/tls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/hmac.h>

static const unsigned char protocol[] = "\x0c"
					"cryptochat/1";
#define PROTOCOL_LEN (sizeof(protocol) - 1)
/* Four full records and what is around them. */
#define READ_BUFFER (4 * (16384 + 256))

/*
 * Instead of building a chain: one certificate, an Ed25519 key in it. That the peer has that
 * key is what the handshake's CertificateVerify proves; names and dates mean nothing here.
 */
static int check_certificate(X509_STORE_CTX *store, void *arg)
{
	X509 *cert = X509_STORE_CTX_get0_cert(store);
	EVP_PKEY *key = cert ? X509_get0_pubkey(cert) : NULL;

	if (key && EVP_PKEY_is_a(key, "ED25519"))
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *outlen,
			   const unsigned char *in, unsigned int inlen, void *arg)
{
	unsigned char *chosen;

	if (SSL_select_next_proto(&chosen, outlen, protocol, PROTOCOL_LEN, in, inlen) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

int tls_context(const struct offload *o, const struct identity *id, SSL_CTX **ret)
{
	SSL_CTX *ctx = SSL_CTX_new_ex(o->libctx, o->properties, TLS_method());

	if (!ctx)
		return -ENOMEM;
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_default_read_buffer_len(ctx, READ_BUFFER);
	SSL_CTX_set_options(ctx,
			    SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, check_certificate, NULL);
	SSL_CTX_set_alpn_select_cb(ctx, select_protocol, NULL);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_ciphersuites(ctx, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") !=
		1 ||
	    SSL_CTX_set1_groups_list(ctx, "X25519") != 1 ||
	    SSL_CTX_set1_sigalgs_list(ctx, "ed25519") != 1 ||
	    SSL_CTX_set_num_tickets(ctx, 0) != 1 ||
	    SSL_CTX_set_alpn_protos(ctx, protocol, PROTOCOL_LEN) != 0 ||
	    SSL_CTX_use_certificate(ctx, id->cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, id->key) != 1) {
		SSL_CTX_free(ctx);
		return -ENOMEM;
	}
	*ret = ctx;
	return 0;
}

int tls_peer_key(SSL *ssl, uint8_t hash[KEY_HASH_SIZE])
{
	X509 *cert = SSL_get0_peer_certificate(ssl);
	EVP_PKEY *key = cert ? X509_get0_pubkey(cert) : NULL;

	return key ? key_hash(key, hash) : -EINVAL;
}

int tls_binding(SSL *ssl, uint8_t binding[TLS_BINDING_SIZE])
{
	static const char label[] = "EXPORTER-cryptochat-binding";

	return SSL_export_keying_material(ssl, binding, TLS_BINDING_SIZE, label, strlen(label),
					  NULL, 0, 0) == 1
		   ? 0
		   : -EINVAL;
}

void tls_error(char text[TLS_ERROR_SIZE])
{
	unsigned long error = ERR_get_error();
	const char *reason = error ? ERR_reason_error_string(error) : NULL;

	snprintf(text, TLS_ERROR_SIZE, "%s", reason ? reason : "unknown reason");
	ERR_clear_error();
}

int tls_proof(const uint8_t *secret, size_t len, int server,
	      const uint8_t binding[TLS_BINDING_SIZE], uint8_t mac[32])
{
	static const char label[] = "cryptochat proof 1";
	uint8_t message[sizeof(label) + TLS_BINDING_SIZE]; /* the label's 0 is the role's place */
	unsigned int n = 32;

	memcpy(message, label, sizeof(label));
	message[sizeof(label) - 1] = server ? 'S' : 'C';
	memcpy(message + sizeof(label), binding, TLS_BINDING_SIZE);
	return HMAC(EVP_sha256(), secret, (int)len, message, sizeof(message), mac, &n) && n == 32
		   ? 0
		   : -EINVAL;
}
