/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls.h - TLS 1.3 between two self-signed Ed25519 keys.
 *
 * The handshake proves that each end has the key of its certificate; whose key that is, trust.h
 * decides afterwards, before the first word. X25519, AES-256-GCM or ChaCha20-Poly1305, no
 * tickets, no early data, no renegotiation; nothing else is offered or taken.
 */
#ifndef CRYPTOCHAT_LINK_TLS_H
#define CRYPTOCHAT_LINK_TLS_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "cryptochat/identity/identity.h"
#include "cryptochat/link/offload.h"

#define TLS_BINDING_SIZE 32
#define TLS_ERROR_SIZE 160

/** tls_context() - settings for all connections; returns 0 or -ENOMEM */
int tls_context(const struct offload *o, const struct identity *id, SSL_CTX **ret);

/** tls_peer_key() - name of the peer's key, after the handshake; returns 0 or -EINVAL */
int tls_peer_key(SSL *ssl, uint8_t hash[KEY_HASH_SIZE]);

/** tls_binding() - a secret of both ends of this connection and no other; returns 0 or -EINVAL */
int tls_binding(SSL *ssl, uint8_t binding[TLS_BINDING_SIZE]);

/** tls_error() - empty OpenSSL's error queue; @text: the first reason in it */
void tls_error(char text[TLS_ERROR_SIZE]);

/**
 * tls_proof() - prove knowledge of a secret on this connection
 * @secret: invite token or key file, high-entropy
 * @server: the proof of the listening end
 * @mac: HMAC-SHA256(secret, "cryptochat proof 1" | role | binding)
 *
 * Bound to the connection it is of no use to anybody else, not even to an end that a caller
 * has reached by mistake.
 */
int tls_proof(const uint8_t *secret, size_t len, int server,
	      const uint8_t binding[TLS_BINDING_SIZE], uint8_t mac[32]);

#endif /* CRYPTOCHAT_LINK_TLS_H */
