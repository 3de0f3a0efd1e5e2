// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_hostile.c - a peer that lies.
 *
 * The peer is this test: TLS by libssl, frames by apps/cryptochat/protocol/frame.h, and then anything that is not
 * as it should be. The program must not crash, say what is wrong, and end with the right code.
 */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/talkkit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "cryptochat/protocol/frame.h"

/* A caller with a key of its own. */
struct caller {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
	uint64_t seq;
	uint8_t session[SESSION_ID_SIZE];
};

static struct caller caller;

static EVP_PKEY *make_key(const char *type)
{
	return strcmp(type, "EC") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
				       : EVP_PKEY_Q_keygen(NULL, NULL, type);
}

static void set_certificate(SSL_CTX *ctx, const char *type)
{
	EVP_PKEY *key = make_key(type);
	X509 *cert = X509_new();

	assert_non_null(key);
	X509_set_version(cert, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 1000);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, strcmp(type, "ED25519") == 0 ? NULL : EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void new_context(const char *key_type)
{
	static const unsigned char alpn[] = "\x0c"
					    "cryptochat/1";

	caller.ctx = SSL_CTX_new(TLS_method());
	assert_non_null(caller.ctx);
	SSL_CTX_set_alpn_protos(caller.ctx, alpn, sizeof(alpn) - 1);
	if (key_type)
		set_certificate(caller.ctx, key_type);
}

/* Let the program run until our SSL call has done what it wants. */
static int retry(int result)
{
	int error = SSL_get_error(caller.ssl, result);

	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		return 0;
	process_pump_once(10);
	return 1;
}

/* Connect; returns whether the handshake came about. */
static bool handshake(uint16_t port)
{
	int n;

	caller.fd = kit_socket_connect(port);
	assert_int_not_equal(fcntl(caller.fd, F_SETFL, O_NONBLOCK), -1);
	caller.ssl = SSL_new(caller.ctx);
	SSL_set_fd(caller.ssl, caller.fd);
	ERR_clear_error();
	while ((n = SSL_connect(caller.ssl)) != 1 && retry(n))
		;
	return n == 1;
}

static void send_raw(const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len) {
		int n = SSL_write(caller.ssl, at, len > 16384 ? 16384 : (int)len);

		ERR_clear_error();
		if (n <= 0) {
			if (!retry(n))
				return; /* it has hung up, as it should */
			continue;
		}
		at += n;
		len -= (size_t)n;
	}
}

static void send_frame(uint8_t type, uint64_t seq, const void *body, size_t len)
{
	static uint8_t buffer[FRAME_MAX];
	struct writer w;

	frame_begin(&w, buffer, type, seq);
	wire_put_bytes(&w, body, len);
	send_raw(buffer, frame_finish(&w));
}

static void send_reliable(uint8_t type, const void *body, size_t len)
{
	send_frame(type, caller.seq++, body, len);
}

static void send_hello(const char *nick, bool resume, uint64_t next)
{
	uint8_t body[200];
	struct writer w = {.data = body, .room = sizeof(body)};
	struct hello h = {.resume = resume, .next = next};

	memcpy(h.session, caller.session, sizeof(h.session));
	strcpy(h.nick, nick);
	frame_put_hello(&w, &h);
	send_frame(FRAME_HELLO, 0, body, w.len);
}

/* The caller, past the greeting. */
static struct process *begin(const char *words, uint16_t *port)
{
	char all[300];
	struct process *p;

	snprintf(all, sizeof(all), "listen --once --accept-new %s", words);
	p = talk_listen(NULL, "alice", all, port);
	new_context("ED25519");
	assert_true(handshake(*port));
	caller.seq = 1;
	memset(caller.session, 5, sizeof(caller.session));
	send_hello("mallory", false, 1);
	process_expect_err(p, "Talking to mallory");
	return p;
}

static int hostile_teardown(void **state)
{
	SSL_free(caller.ssl);
	SSL_CTX_free(caller.ctx);
	if (caller.fd > 0)
		close(caller.fd);
	caller = (struct caller){0};
	return kit_teardown(state);
}

static void expect_broken(struct process *p, const char *why)
{
	process_expect_exit(p, NETWORK);
	process_expect_err(p, "broke the protocol");
	process_expect_err(p, why);
}

static void oversized_length(void **state)
{
	static const uint32_t lengths[] = {FRAME_LENGTH_MAX + 1, 0xffffffff, 0x7fffffff, 0};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint8_t head[5] = {(uint8_t)(lengths[i] >> 24), (uint8_t)(lengths[i] >> 16),
				   (uint8_t)(lengths[i] >> 8), (uint8_t)lengths[i], FRAME_TEXT};
		uint16_t port;
		struct process *p = begin("", &port);

		send_raw(head, sizeof(head));
		expect_broken(p, "impossible length");
		hostile_teardown(state);
		kit_setup(state);
	}
}

/* Each of these bodies is wrong for its type. */
static void bad_bodies(void **state)
{
	static const struct {
		uint8_t type;
		size_t len;
		uint8_t body[80];
	} bad[] = {
	    {FRAME_TEXT, 3, {0}},
	    {FRAME_TEXT, 11, {[8] = 1, 'n', 0xff}},
	    {FRAME_TEXT, 11, {[8] = 200}},
	    {FRAME_VERIFY, 33, {VERIFY_ANSWER}},
	    {FRAME_VERIFY, 33, {VERIFY_REVEAL}},
	    {FRAME_VERIFY, 33, {9}},
	    {FRAME_ROSTER, 40, {ROSTER_HERE, 6, 'n'}},
	    {FRAME_OFFER, 5, {0}},
	    {FRAME_OFFER, 14, {0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1, 'n'}},
	    {FRAME_ANSWER, 46, {0, 0, 0, 1, ANSWER_TAKE}},
	    {FRAME_DATA, 13, {0, 0, 0, 1}},
	    {FRAME_END, 37, {0, 0, 0, 1, 1}},
	    {FRAME_DONE, 6, {0, 0, 0, 9, 1}},
	    {FRAME_EOF, 1, {0}},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint16_t port;
		struct process *p = begin("", &port);

		send_reliable(bad[i].type, bad[i].body, bad[i].len);
		expect_broken(p, "that may not be");
		hostile_teardown(state);
		kit_setup(state);
	}
}

static void numbers_that_cannot_be(void **state)
{
	static const uint8_t text[12] = {[8] = 0, 'h', 'i'};
	uint8_t ack[8] = {0, 0, 0, 0, 0, 0, 0, 99};
	uint16_t port;
	struct process *p = begin("", &port);

	send_frame(FRAME_TEXT, 7, text, 11);
	expect_broken(p, "a frame is missing");
	hostile_teardown(state);
	kit_setup(state);
	p = begin("", &port);
	send_frame(FRAME_ACK, 0, ack, sizeof(ack));
	expect_broken(p, "acknowledges what was not sent");
}

/* The same frame again is no second message. */
static void replayed_frames(void **state)
{
	static const uint8_t text[12] = {[8] = 0, 'h', 'i'};
	uint16_t port;
	struct process *p = begin("", &port);

	for (int i = 0; i < 5; i++)
		send_frame(FRAME_TEXT, 1, text, 11);
	send_frame(FRAME_TEXT, 2, text, 11);
	send_frame(FRAME_BYE, 0, NULL, 0);
	process_end_input(p);
	process_expect_exit(p, OK);
	process_expect_text(p, "hi\nhi\n");
}

/* Types of a later version are skipped, numbered ones counted. */
static void unknown_types(void **state)
{
	static const uint8_t text[12] = {[8] = 0, 'h', 'i'};
	uint16_t port;
	struct process *p = begin("", &port);

	send_frame(0x20, 0, "abc", 3);
	send_reliable(0x7f, "def", 3);
	send_reliable(FRAME_TEXT, text, 11);
	process_expect_text(p, "hi\n");
}

/* Read frames until one of this type has come. */
static void await(uint8_t type)
{
	static uint8_t data[2 * FRAME_MAX];
	size_t have = 0;
	struct frame f;
	int n;

	for (;;) {
		while ((n = frame_parse(data, have, &f)) > 0) {
			have -= (size_t)n;
			memmove(data, data + n, have);
			if (f.type == type)
				return;
		}
		ERR_clear_error();
		n = SSL_read(caller.ssl, data + have, (int)(sizeof(data) - have));
		if (n > 0)
			have += (size_t)n;
		else if (!retry(n))
			fail_msg("the end came before a frame of type %d", type);
	}
}

static void put_offer(const char *name, uint64_t size, uint32_t id)
{
	uint8_t body[300];
	struct writer w = {.data = body, .room = sizeof(body)};
	struct offer o = {.id = id, .size = size};

	strcpy(o.name, name);
	frame_put_offer(&w, &o);
	send_reliable(FRAME_OFFER, body, w.len);
	await(FRAME_ANSWER);
}

/* The first file of a directory. */
static void put_tree(const char *dir, uint32_t id, uint32_t files)
{
	uint8_t body[600];
	struct writer w = {.data = body, .room = sizeof(body)};
	struct offer o = {.id = id, .size = 2, .tree = id, .tree_files = files, .tree_bytes = 2};

	strcpy(o.name, "f");
	strcpy(o.dir, dir);
	frame_put_offer(&w, &o);
	send_reliable(FRAME_OFFER, body, w.len);
	await(FRAME_ANSWER);
}

static void put_data(uint32_t id, uint64_t offset, const char *text)
{
	uint8_t body[300];
	struct writer w = {.data = body, .room = sizeof(body)};
	struct data_frame d = {id, offset, (const uint8_t *)text, strlen(text)};

	frame_put_data(&w, &d);
	send_reliable(FRAME_DATA, body, w.len);
}

static void put_end(uint32_t id, const char *text)
{
	uint8_t body[100];
	struct writer w = {.data = body, .room = sizeof(body)};
	struct end_frame e = {.id = id, .ok = true};
	unsigned int n;

	EVP_Digest(text, strlen(text), e.digest, &n, EVP_sha256(), NULL);
	frame_put_end(&w, &e);
	send_reliable(FRAME_END, body, w.len);
}

static struct process *begin_recv(uint16_t *port)
{
	struct process *p;

	assert_int_equal(mkdir(kit_path("got"), 0700), 0);
	p = talk_listen(NULL, "alice", "recv --accept-new --dir=%D/got", port);
	new_context("ED25519");
	assert_true(handshake(*port));
	caller.seq = 1;
	send_hello("mallory", false, 1);
	process_expect_err(p, "Talking to mallory");
	return p;
}

/* Names that want to go elsewhere, hide, or steer the terminal. */
static void tricky_names(void **state)
{
	static const struct {
		const char *offered, *becomes;
	} names[] = {
	    {"../../etc/passwd", "passwd"},
	    {"/abs/olute", "olute"},
	    {"..", "_."},
	    {".", "_"},
	    {"", "unnamed"},
	    {"dir/", "unnamed"},
	    {".bashrc", "_bashrc"},
	    {"a\033[2Jb", "a\\x1b[2Jb"},
	    {"a\nb", "a\\x0ab"},
	    {"\xff\xfe", "\\xff\\xfe"},
	    {"rtl\xe2\x80\xaetxt", "rtl\\xe2\\x80\\xaetxt"},
	    {"-rf", "-rf"},
	};
	uint16_t port;
	struct process *p = begin_recv(&port);

	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[300];
		size_t len;

		put_offer(names[i].offered, 2, i + 1);
		put_data(i + 1, 0, "ok");
		put_end(i + 1, "ok");
		process_expect_err_count(p, "received ", i + 1);
		snprintf(path, sizeof(path), "got/%s", names[i].becomes);
		free(talk_read(kit_path(path), &len));
		assert_int_equal(len, 2);
	}
	assert_null(memchr(p->err.data, 033, p->err.len));
	assert_int_not_equal(access(kit_path("passwd"), F_OK), 0);
}

/* Directories that want to go elsewhere, and one that has been led elsewhere by a link. */
static void tricky_directories(void **state)
{
	static const struct {
		const char *offered, *becomes;
	} dirs[] = {
	    {"../../etc", "_./_/etc"}, {"/abs/olute", "unnamed/abs/olute"},
	    {"a/../../b", "a/_/_/b"},  {".ssh/.config", "_ssh/.config"},
	    {"a\033[2J", "a\\x1b[2J"}, {"x//y", "x/y"},
	};
	uint16_t port;
	struct process *p = begin_recv(&port);
	uint32_t n = sizeof(dirs) / sizeof(dirs[0]);
	char path[300];
	size_t len;

	for (uint32_t i = 0; i < n; i++) {
		put_tree(dirs[i].offered, i + 1, 1);
		put_data(i + 1, 0, "ok");
		put_end(i + 1, "ok");
		process_expect_err_count(p, ": 1 files", i + 1);
		snprintf(path, sizeof(path), "got/%s/f", dirs[i].becomes);
		free(talk_read(kit_path(path), &len));
		assert_int_equal(len, 2);
	}
	assert_null(memchr(p->err.data, 033, p->err.len));
	assert_int_equal(mkdir(kit_path("outside"), 0700), 0);
	assert_int_equal(symlink("../outside", kit_path("got/led.part")), 0);
	put_tree("led", n + 1, 1);
	process_expect_err(p, "cannot receive into");
	assert_int_not_equal(access(kit_path("outside/f"), F_OK), 0);
	assert_int_not_equal(access(kit_path("outside/f.part"), F_OK), 0);
}

/* A file that the disk has no room for is refused before a byte of it comes. */
static void no_space(void **state)
{
	uint16_t port;
	struct process *p = begin_recv(&port);

	put_offer("huge", INT64_MAX, 1);
	process_expect_err(p, "huge: no space: ");
	assert_int_not_equal(access(kit_path("got/huge.part"), F_OK), 0);
}

static void long_name(void **state)
{
	char name[256];
	uint16_t port;
	struct process *p = begin_recv(&port);

	memset(name, 'n', 255);
	name[255] = 0;
	put_offer(name, 2, 1);
	put_data(1, 0, "ok");
	put_end(1, "ok");
	process_expect_err(p, "received nnn");
	/* What tells its kind stays. */
	memcpy(name + 248, ".tar.gz", 8);
	put_offer(name, 2, 2);
	put_data(2, 0, "ok");
	put_end(2, "ok");
	process_expect_err(p, "nnn.tar.gz, ");
}

static void more_than_offered(void **state)
{
	uint16_t port;
	struct process *p = begin_recv(&port);

	put_offer("f", 3, 1);
	put_data(1, 0, "toolong");
	process_expect_exit(p, INCOMPLETE);
	process_expect_err(p, "that may not be");
}

static void hole_in_a_file(void **state)
{
	uint16_t port;
	struct process *p = begin_recv(&port);

	put_offer("f", 1000000, 1);
	put_data(1, 5000, "x");
	process_expect_exit(p, INCOMPLETE);
	process_expect_err(p, "that may not be");
}

static void wrong_digest(void **state)
{
	uint16_t port;
	struct process *p = begin_recv(&port);

	put_offer("f", 2, 1);
	put_data(1, 0, "ok");
	put_end(1, "no");
	process_expect_err(p, "its digest is wrong");
	assert_int_not_equal(access(kit_path("got/f"), F_OK), 0);
	await(FRAME_DONE);
	send_frame(FRAME_ACK, 0, "\0\0\0\0\0\0\0\4", 8);
	send_frame(FRAME_BYE, 0, NULL, 0);
	process_expect_exit(p, INCOMPLETE);
}

static void not_ed25519(void **state)
{
	uint16_t port;
	struct process *p = talk_listen(NULL, "alice", "listen --accept-new", &port);

	new_context("EC");
	handshake(port);
	process_expect_err(p, "did not get in: TLS");
	hostile_teardown(state);
	kit_setup(state);
	p = talk_listen(NULL, "alice", "listen --accept-new", &port);
	new_context(NULL);
	handshake(port);
	process_expect_err(p, "did not get in: TLS: peer did not return a certificate");
}

static void old_tls(void **state)
{
	uint16_t port;
	struct process *p = talk_listen(NULL, "alice", "listen --accept-new", &port);

	new_context("ED25519");
	SSL_CTX_set_max_proto_version(caller.ctx, TLS1_2_VERSION);
	assert_false(handshake(port));
	process_expect_err(p, "did not get in: TLS: unsupported protocol");
}

static void no_tls_at_all(void **state)
{
	uint16_t port;
	struct process *p = talk_listen(NULL, "alice", "listen --accept-new", &port);

	caller.fd = kit_socket_connect(port);
	kit_socket_send(caller.fd, "GET / HTTP/1.0\r\n\r\n", 18);
	process_expect_err(p, "did not get in: TLS: it does not speak TLS");
}

/* Somebody else's conversation, by its number, with another key. */
static void stolen_session(void **state)
{
	uint16_t port;
	struct process *p = begin("", &port);
	struct caller first = caller;

	caller = (struct caller){0};
	new_context("ED25519");
	assert_true(handshake(port));
	memcpy(caller.session, first.session, sizeof(caller.session));
	send_hello("mallory", true, 1);
	process_feed(p, "for the first\n", 14);
	/* The thief gets a refusal and nothing else. */
	{
		uint8_t data[200];
		int n;

		while ((n = SSL_read(caller.ssl, data, sizeof(data))) <= 0 && retry(n))
			;
		assert_true(n > 6 && data[4] == FRAME_REFUSE && data[5] == REFUSE_LOST);
	}
	SSL_free(first.ssl);
	SSL_CTX_free(first.ctx);
	close(first.fd);
}

static void frames_before_hello(void **state)
{
	static const uint8_t text[12] = {[8] = 0, 'h', 'i'};
	uint16_t port;
	struct process *p = talk_listen(NULL, "alice", "listen --accept-new", &port);

	new_context("ED25519");
	assert_true(handshake(port));
	send_frame(FRAME_TEXT, 1, text, 11);
	process_expect_err(p, "no greeting");
	assert_int_equal(p->out.len, 0);
}

static void bad_nicks(void **state)
{
	static const char *const nicks[] = {"a b", "a\033[m", "", "-rf", "x\xe2\x80\xaey", "\xff"};
	uint16_t port;
	struct process *p = talk_listen(NULL, "alice", "listen --accept-new", &port);

	for (unsigned int i = 0; i < sizeof(nicks) / sizeof(nicks[0]); i++) {
		new_context("ED25519");
		assert_true(handshake(port));
		send_hello(nicks[i], false, 1);
		process_expect_err_count(p, "no HELLO of this protocol version", i + 1);
		SSL_free(caller.ssl);
		SSL_CTX_free(caller.ctx);
		close(caller.fd);
		caller = (struct caller){0};
	}
}

/* Random frames after a good greeting: whatever happens, it ends in order. */
static void fuzzed_frames(void **state)
{
	static const uint8_t types[] = {FRAME_HELLO,  FRAME_ACK, FRAME_PING,   FRAME_TEXT,
					FRAME_STREAM, FRAME_EOF, FRAME_VERIFY, FRAME_OFFER,
					FRAME_DATA,   FRAME_END};
	uint8_t body[64];

	for (uint32_t run = 0; run < 15; run++) {
		uint16_t port;
		struct process *p = begin("", &port);

		for (uint32_t i = 0; i < 20; i++) {
			kit_random(body, sizeof(body), run * 1000 + i);
			send_frame(types[body[0] % sizeof(types)], i + 1, body + 2, body[1] % 60);
		}
		send_raw(body, sizeof(body));
		SSL_shutdown(caller.ssl);
		close(caller.fd);
		caller.fd = -1;
		/* If it takes the end for a cut, it would wait. */
		process_pump_once(50);
		if (p->pid)
			kill(p->pid, SIGTERM);
		process_pump_once(50);
		process_end_input(p);
		while (p->out.fd >= 0 || p->err.fd >= 0)
			process_pump_once(50);
		assert_null(strstr(p->err.data, "Sanitizer"));
		hostile_teardown(state);
		kit_setup(state);
	}
}

int main(void)
{
#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, hostile_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(oversized_length),
	    TEST(bad_bodies),
	    TEST(numbers_that_cannot_be),
	    TEST(replayed_frames),
	    TEST(unknown_types),
	    TEST(tricky_names),
	    TEST(long_name),
	    TEST(tricky_directories),
	    TEST(no_space),
	    TEST(more_than_offered),
	    TEST(hole_in_a_file),
	    TEST(wrong_digest),
	    TEST(not_ed25519),
	    TEST(old_tls),
	    TEST(no_tls_at_all),
	    TEST(stolen_session),
	    TEST(frames_before_hello),
	    TEST(bad_nicks),
	    TEST(fuzzed_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
