/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chatkit.h - what the tests of whole conversations share: key files, starting
 * cryptochat and the lab peer, sockets that play a peer, and frames made by
 * libcrypto without any code of cryptochat.
 *
 * The programs under test are named by the environment: CRYPTOCHAT, LABPEER.
 */
#ifndef TEST_CHAT_CHATKIT_H
#define TEST_CHAT_CHATKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/chat/process.h"

/* The key of the tests and its lengths: a prefix of this for 16 and 24 bytes. */
#define KIT_KEY_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KIT_IV_HEX "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
#define KIT_FRAME 256

/* cmocka setup and teardown of each test: a directory for files, no processes left. */
int kit_setup(void **state);
int kit_teardown(void **state);

/** kit_path() - a path in the test's directory; valid until the next few calls */
const char *kit_path(const char *name);

/** kit_file() - make a file in the test's directory; returns its kit_path() */
const char *kit_file(const char *name, const void *data, size_t len);

/** kit_open() - open a file of the test's directory; created for writing if need be */
int kit_open(const char *name, int flags);

/** kit_key_hex() - the first @key_size bytes of the test key as hexadecimal digits */
const char *kit_key_hex(size_t key_size);

/**
 * kit_listen() - start "labchat listen" on a free port
 * @setup: as for process_start()
 * @extra: further arguments, NULL at the end; may be NULL
 * @port: the port it bound
 *
 * With --port=0, --device=none, the test key of 16 bytes and the
 * test IV, unless @extra, which comes last, says otherwise. It waits for a client when this
 * returns.
 */
struct process *kit_listen(const struct process_setup *setup, const char *const *extra,
			   uint16_t *port);

/** kit_connect() - start "labchat connect HOST PORT", otherwise as kit_listen() */
struct process *kit_connect(const struct process_setup *setup, const char *const *extra,
			    const char *host, uint16_t port);

/** kit_peer() - start the lab peer; as a server it tells @port, as a client it is told */
struct process *kit_peer(bool server, size_t key_size, size_t frame, const char *segment,
			 uint16_t *port);

/** kit_socket_listen() - a listening socket on 127.0.0.1 */
int kit_socket_listen(uint16_t *port);

/** kit_socket_accept() - the first connection to it */
int kit_socket_accept(int listener);

/** kit_socket_connect() - connect to 127.0.0.1 */
int kit_socket_connect(uint16_t port);

/** kit_socket_send() - send all */
void kit_socket_send(int fd, const void *data, size_t len);

/** kit_socket_say() - one frame with this text, see kit_frame() */
void kit_socket_say(int fd, const char *text);

/** kit_socket_expect() - exactly these bytes come next; pumps the processes meanwhile */
void kit_socket_expect(int fd, const void *data, size_t len);

/** kit_socket_expect_end() - the peer's end comes next, after no further byte */
void kit_socket_expect_end(int fd);

/** kit_socket_reset() - close with a reset */
void kit_socket_reset(int fd);

/** kit_frame() - the wire bytes of a text of at most KIT_FRAME bytes under the 16-byte test key */
void kit_frame(const void *text, size_t len, uint8_t frame[KIT_FRAME]);

/** kit_crypt() - AES-CBC under the test key and IV, in place */
void kit_crypt(bool encrypt, size_t key_size, uint8_t *data, size_t len);

/** kit_random() - bytes that look random and are the same in each run */
void kit_random(uint8_t *data, size_t len, uint32_t seed);

#endif /* TEST_CHAT_CHATKIT_H */
