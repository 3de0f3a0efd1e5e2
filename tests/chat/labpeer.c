// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * labpeer.c - another lab program to talk to, written from the description in
 * docs/chat-lab-protocol.md and sharing no code with cryptochat.
 *
 *	labpeer server PORT KEY-HEX IV-HEX DATA-SIZE [SEGMENT]
 *	labpeer client PORT KEY-HEX IV-HEX DATA-SIZE [SEGMENT]
 *
 * PORT 0 binds any port of 127.0.0.1 and says which. It has the faults that lab programs
 * have: one read() from the socket is taken for a frame, text ends at its first zero
 * byte, and the conversation ends with its input. With SEGMENT each frame is
 * sent in pieces of that many bytes.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

#define MAX_DATA_SIZE 65536

struct peer {
	unsigned char key[32];
	unsigned char iv[16];
	size_t key_size;
	size_t data_size;
	size_t segment;
	int fd;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static size_t unhex(const char *hex, unsigned char *out, size_t max)
{
	size_t n = strlen(hex) / 2;

	if (n > max || strlen(hex) % 2)
		exit(2);
	for (size_t i = 0; i < n; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], 0};

		out[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	return n;
}

/* One frame, in place. */
static void aes_cbc(const struct peer *p, unsigned char *frame, int encrypt)
{
	const EVP_CIPHER *cipher = p->key_size == 16   ? EVP_aes_128_cbc()
				   : p->key_size == 24 ? EVP_aes_192_cbc()
						       : EVP_aes_256_cbc();
	static unsigned char out[MAX_DATA_SIZE];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;

	if (!ctx || !EVP_CipherInit_ex(ctx, cipher, NULL, p->key, p->iv, encrypt) ||
	    !EVP_CIPHER_CTX_set_padding(ctx, 0) ||
	    !EVP_CipherUpdate(ctx, out, &n, frame, (int)p->data_size) || n != (int)p->data_size)
		exit(3);
	memcpy(frame, out, p->data_size);
	EVP_CIPHER_CTX_free(ctx);
}

static void send_all(const struct peer *p, const unsigned char *data, size_t len)
{
	size_t step = p->segment ? p->segment : len;

	while (len) {
		ssize_t n = write(p->fd, data, len < step ? len : step);

		if (n < 0)
			die("write to peer");
		data += n;
		len -= (size_t)n;
	}
}

static int from_stdin(const struct peer *p)
{
	static unsigned char frame[MAX_DATA_SIZE];
	ssize_t n;

	memset(frame, 0, p->data_size);
	n = read(0, frame, p->data_size);
	if (n <= 0)
		return 0;
	aes_cbc(p, frame, 1);
	send_all(p, frame, p->data_size);
	return 1;
}

static int from_socket(const struct peer *p)
{
	static unsigned char frame[MAX_DATA_SIZE + 1];
	/* Lab programs read once and garble a frame that comes in two pieces: not ours to test. */
	ssize_t n = recv(p->fd, frame, p->data_size, MSG_WAITALL);
	size_t len;

	if (n <= 0) {
		fputs("Peer went away.\n", stderr);
		return 0;
	}
	if ((size_t)n != p->data_size)
		fprintf(stderr, "part of a frame: %zd bytes\n", n);
	aes_cbc(p, frame, 0);
	frame[p->data_size] = 0;
	len = strlen((char *)frame);
	if (write(1, frame, len) != (ssize_t)len)
		die("write to standard output");
	return 1;
}

static void chat(const struct peer *p)
{
	int go_on = 1;

	while (go_on) {
		fd_set set;

		FD_ZERO(&set);
		FD_SET(0, &set);
		FD_SET(p->fd, &set);
		if (select(p->fd + 1, &set, NULL, NULL, NULL) < 0)
			die("select");
		if (FD_ISSET(p->fd, &set))
			go_on = from_socket(p);
		if (go_on && FD_ISSET(0, &set))
			go_on = from_stdin(p);
	}
}

static int accept_one(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)addr, len) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)addr, &len) < 0)
		die("listen");
	fprintf(stderr, "port %d\n", ntohs(addr->sin_port));
	return accept(fd, NULL, NULL);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	struct peer p = {0};
	int one = 1;

	if (argc < 6 || argc > 7)
		return 2;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	addr.sin_port = htons((uint16_t)atoi(argv[2]));
	p.key_size = unhex(argv[3], p.key, sizeof(p.key));
	unhex(argv[4], p.iv, sizeof(p.iv));
	p.data_size = (size_t)atoi(argv[5]);
	p.segment = argc > 6 ? (size_t)atoi(argv[6]) : 0;
	if (p.data_size == 0 || p.data_size > MAX_DATA_SIZE)
		return 2;

	if (strcmp(argv[1], "server") == 0) {
		p.fd = accept_one(&addr);
	} else {
		p.fd = socket(AF_INET, SOCK_STREAM, 0);
		if (p.fd >= 0 && connect(p.fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
			die("connect");
	}
	if (p.fd < 0)
		die("socket");
	setsockopt(p.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fputs("connected\n", stderr);
	chat(&p);
	close(p.fd);
	return 0;
}
