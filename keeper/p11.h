/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * p11.h - what the server and the process of a PKCS#11 module say to each other.
 *
 * A SOCK_SEQPACKET socket, one request or reply in a packet. The process has no state of the
 * server's: each request names its key by URI. Before it serves, the loader tells it module, tokens
 * and PINs on the same socket; the server never has a PIN.
 */
#ifndef VCD_KEEPER_P11_H
#define VCD_KEEPER_P11_H

#include <stdint.h>

#include "keeper/link.h"

/** enum p11_type - what is asked. */
enum p11_type {
	P11_MODULE = 1, /* from the loader: path; @scheme: threads */
	P11_TOKEN,	/* from the loader: name, then @aux_len bytes of PIN */
	P11_SERVE,	/* from the loader: go on with the server's requests */
	P11_FIND,	/* is the key there; reply: its public key as SubjectPublicKeyInfo */
	P11_SIGN,	/* a digest, or the message for schemes without one */
	P11_DECRYPT,	/* ciphertext, then @aux_len bytes of label */
	P11_DERIVE,	/* the peer's public key */
};

/**
 * struct p11_request - head of a request; then the URI, then the input.
 * @type: enum p11_type
 * @scheme: enum keeper_scheme
 * @id: the server's
 * @uri_len: bytes of URI
 * @in_len: bytes of input
 * @aux_len: of these, bytes of label or PIN at the end
 * @check: the key must have @expect for check value
 * @expect: check value: the beginning of the public key's SHA-256
 */
struct p11_request {
	uint32_t type;
	uint32_t scheme;
	uint64_t id;
	uint32_t uri_len;
	uint32_t in_len;
	uint32_t aux_len;
	uint32_t check;
	uint8_t expect[KEEPER_CHECK_LEN];
};

/**
 * struct p11_reply - head of a reply; then the output.
 * @id: the request's
 * @status: enum keeper_status; KEEPER_S_STALE: it is another key than was expected
 * @len: bytes of output
 */
struct p11_reply {
	uint64_t id;
	uint32_t status;
	uint32_t len;
};

#define P11_MAX_URI 512
#define P11_MAX_PACKET (sizeof(struct p11_request) + P11_MAX_URI + KEEPER_MAX_PAYLOAD)

/** p11_serve - the process of a module: @fd is its socket. Return: exit status. */
int p11_serve(int fd);

#endif /* VCD_KEEPER_P11_H */
