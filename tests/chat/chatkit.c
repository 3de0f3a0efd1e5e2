// SPDX-License-Identifier: GPL-2.0-or-later
/* chatkit.c - what the tests of whole conversations share. */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/chatkit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

#define MAX_ARGS 40

static char directory[64];

const char *kit_path(const char *name)
{
	static char paths[8][sizeof(directory) + 256];
	static unsigned int turn;
	char *path = paths[turn++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

int kit_open(const char *name, int flags)
{
	int fd = open(kit_path(name), flags | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	return fd;
}

const char *kit_file(const char *name, const void *data, size_t len)
{
	int fd = kit_open(name, O_WRONLY | O_CREAT | O_TRUNC);

	assert_int_equal(write(fd, data, len), len);
	close(fd);
	return kit_path(name);
}

const char *kit_key_hex(size_t key_size)
{
	static char hex[65];

	snprintf(hex, sizeof(hex), "%.*s", (int)(2 * key_size), KIT_KEY_HEX);
	return hex;
}

int kit_setup(void **state)
{
	strcpy(directory, "/tmp/cryptochat-test-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	kit_file("key16", kit_key_hex(16), 32);
	kit_file("key24", kit_key_hex(24), 48);
	kit_file("key32", kit_key_hex(32), 64);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	return remove(path);
}

int kit_teardown(void **state)
{
	process_free_all();
	return nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *program(const char *variable)
{
	const char *path = getenv(variable);

	if (!path)
		fail_msg("set %s to the path of the program", variable);
	return path;
}

static struct process *start_lab(const struct process_setup *setup, const char *const *words,
				 const char *const *extra)
{
	const char *argv[MAX_ARGS] = {program("LABCHAT")};
	char key[400];
	size_t n = 1;

	while (*words)
		argv[n++] = *words++;
	snprintf(key, sizeof(key), "--key-file=%s", kit_path("key16"));
	argv[n++] = "--device=none";
	argv[n++] = key;
	argv[n++] = "--iv=" KIT_IV_HEX;
	while (extra && *extra)
		argv[n++] = *extra++;
	assert_true(n < MAX_ARGS);
	return process_start(setup, argv);
}

static uint16_t port_after(const struct process *p, const char *text)
{
	const char *at = strstr(p->err.data, text);

	assert_non_null(at);
	return (uint16_t)atoi(at + strlen(text));
}

struct process *kit_listen(const struct process_setup *setup, const char *const *extra,
			   uint16_t *port)
{
	static const char *const words[] = {"listen", "--port=0", NULL};
	struct process *p = start_lab(setup, words, extra);

	process_expect_err(p, "Waiting for an incoming connection...\n");
	*port = port_after(p, "Bound TCP socket to port ");
	return p;
}

struct process *kit_connect(const struct process_setup *setup, const char *const *extra,
			    const char *host, uint16_t port)
{
	char number[8];
	const char *words[] = {"connect", host, number, NULL};

	snprintf(number, sizeof(number), "%u", port);
	return start_lab(setup, words, extra);
}

struct process *kit_peer(bool server, size_t key_size, size_t frame, const char *segment,
			 uint16_t *port)
{
	char number[8], size[8];
	const char *argv[] = {program("LABPEER"),
			      server ? "server" : "client",
			      number,
			      kit_key_hex(key_size),
			      KIT_IV_HEX,
			      size,
			      segment /* may be NULL */,
			      NULL};
	struct process *p;

	snprintf(number, sizeof(number), "%u", server ? 0u : *port);
	snprintf(size, sizeof(size), "%zu", frame);
	p = process_start(NULL, argv);
	if (server) {
		process_expect_err(p, "\n");
		*port = port_after(p, "port ");
	}
	return p;
}

static int tcp_socket(struct sockaddr_in *addr, uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	*addr = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd;
}

int kit_socket_listen(uint16_t *port)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	int fd = tcp_socket(&addr, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	*port = ntohs(addr.sin_port);
	return fd;
}

static int no_delay(int fd)
{
	int one = 1;

	assert_int_not_equal(fd, -1);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

struct socket_wait {
	int fd;
	uint8_t *data;
	size_t len;
	size_t want;
	bool ended;
};

static bool readable(void *arg)
{
	struct pollfd wait = {.fd = ((struct socket_wait *)arg)->fd, .events = POLLIN};

	return poll(&wait, 1, 0) > 0;
}

int kit_socket_accept(int listener)
{
	struct socket_wait w = {.fd = listener};

	process_pump_until(readable, &w, "a connection");
	return no_delay(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
}

int kit_socket_connect(uint16_t port)
{
	struct sockaddr_in addr;
	int fd = tcp_socket(&addr, port);

	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return no_delay(fd);
}

void kit_socket_send(int fd, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0) {
			assert_int_equal(errno, EAGAIN);
			process_pump_once(20);
			continue;
		}
		at += n;
		len -= (size_t)n;
	}
}

static bool received(void *arg)
{
	struct socket_wait *w = arg;
	ssize_t n = recv(w->fd, w->data + w->len, w->want - w->len, MSG_DONTWAIT);

	if (n > 0)
		w->len += (size_t)n;
	else if (n == 0)
		w->ended = true;
	else
		assert_int_equal(errno, EAGAIN);
	return w->ended || w->len == w->want;
}

void kit_socket_expect(int fd, const void *data, size_t len)
{
	struct socket_wait w = {.fd = fd, .data = malloc(len), .want = len};

	assert_non_null(w.data);
	process_pump_until(received, &w, "bytes on the socket");
	assert_int_equal(w.len, len);
	if (memcmp(w.data, data, len) != 0)
		fail_msg("%zu bytes came on the socket, but not those expected", len);
	free(w.data);
}

void kit_socket_expect_end(int fd)
{
	uint8_t byte;
	struct socket_wait w = {.fd = fd, .data = &byte, .want = 1};

	process_pump_until(received, &w, "the end on the socket");
	assert_true(w.ended);
}

void kit_socket_reset(int fd)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	close(fd);
}

static void from_hex(const char *hex, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &out[i]), 1);
}

void kit_crypt(bool encrypt, size_t key_size, uint8_t *data, size_t len)
{
	const EVP_CIPHER *cipher = key_size == 16   ? EVP_aes_128_cbc()
				   : key_size == 24 ? EVP_aes_192_cbc()
						    : EVP_aes_256_cbc();
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t key[32], iv[16];
	int n = 0;

	from_hex(KIT_KEY_HEX, key, sizeof(key));
	from_hex(KIT_IV_HEX, iv, sizeof(iv));
	assert_non_null(ctx);
	assert_int_equal(EVP_CipherInit_ex(ctx, cipher, NULL, key, iv, encrypt), 1);
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	assert_int_equal(EVP_CipherUpdate(ctx, data, &n, data, (int)len), 1);
	assert_int_equal(n, len);
	EVP_CIPHER_CTX_free(ctx);
}

void kit_frame(const void *text, size_t len, uint8_t frame[KIT_FRAME])
{
	assert_true(len <= KIT_FRAME);
	memset(frame, 0, KIT_FRAME);
	memcpy(frame, text, len);
	kit_crypt(true, 16, frame, KIT_FRAME);
}

void kit_random(uint8_t *data, size_t len, uint32_t seed)
{
	uint32_t x = seed * 2654435761u + 1;

	for (size_t i = 0; i < len; i++) {
		/* xorshift32 */
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		data[i] = (uint8_t)(x >> 24);
	}
}

void kit_socket_say(int fd, const char *text)
{
	uint8_t frame[KIT_FRAME];

	kit_frame(text, strlen(text), frame);
	kit_socket_send(fd, frame, sizeof(frame));
}
