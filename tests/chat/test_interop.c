// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_interop.c - does cryptochat talk to other lab programs, byte for byte?
 * The others are labpeer.c, libcrypto in the test itself, and openssl enc.
 */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/chatkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const once[] = {"--once", "--linger=0", NULL};

/* Texts both ways, then the lab peer's input ends and with it the conversation. */
static void talk_with(struct process *chat, struct process *peer)
{
	process_expect_err(peer, "connected\n");
	process_say(peer, "hello from the lab\n");
	process_expect_text(chat, "hello from the lab\n");
	process_say(chat, "and hello to you\n");
	process_expect_text(peer, "and hello to you\n");
	process_say(peer, "Ωραία, 世界 \xf0\x9f\x94\x92\n");
	process_expect_text(chat, "hello from the lab\nΩραία, 世界 \xf0\x9f\x94\x92\n");
	process_say(chat, "Καλημέρα\n");
	process_expect_text(peer, "and hello to you\nΚαλημέρα\n");
	process_end_input(peer);
	process_expect_exit(peer, 0);
}

static void lab_client(void **state)
{
	static const char *const defaults[] = {"--once", NULL};
	uint16_t port;
	struct process *chat = kit_listen(NULL, defaults, &port);
	struct process *peer = kit_peer(false, 16, 256, NULL, &port);

	process_expect_err(chat, "Incoming connection from 127.0.0.1:");
	talk_with(chat, peer);
	process_expect_exit(chat, 0);
	process_expect_err(chat, "Created TCP socket\nBound TCP socket to port ");
	process_expect_err(chat, "crypto: device=none frames sent=2 received=2 operations=4\n");
	process_expect_err(chat, "\nClient went away.\n");
}

static void lab_server(void **state)
{
	uint16_t port;
	struct process *peer = kit_peer(true, 16, 256, NULL, &port);
	struct process *chat = kit_connect(NULL, NULL, "127.0.0.1", port);

	process_expect_err(chat, "Connecting to remote host... Connected.\n");
	talk_with(chat, peer);
	process_expect_exit(chat, 0);
	process_expect_err(chat, "Server went away.\nDone.\n");
}

/* Our input's end is the end for a lab server, which has no half-close. */
static void lab_server_sees_our_end(void **state)
{
	uint16_t port;
	struct process *peer = kit_peer(true, 16, 256, NULL, &port);
	struct process *chat = kit_connect(NULL, NULL, "localhost", port);

	process_say(chat, "last words\n");
	process_end_input(chat);
	process_expect_exit(chat, 0);
	process_expect_exit(peer, 0);
	process_expect_text(peer, "last words\n");
}

static void lab_frames_in_segments(void **state)
{
	static const char *const segments[] = {"1", "7", "255"};

	for (size_t i = 0; i < 3; i++) {
		uint16_t port;
		struct process *chat = kit_listen(NULL, once, &port);
		struct process *peer = kit_peer(false, 16, 256, segments[i], &port);

		talk_with(chat, peer);
		process_expect_exit(chat, 0);
	}
}

static void all_sizes(void **state)
{
	static const size_t keys[] = {16, 24, 32}, frames[] = {16, 32, 4096, 65536};

	for (size_t i = 0; i < 12; i++) {
		size_t key = keys[i % 3], frame = frames[i / 3];
		char key_file[400], key_size[32], data_size[32];
		const char *extra[] = {"--once", "--linger=0", key_file, key_size, data_size, NULL};
		struct process *chat, *peer;
		uint16_t port;
		char name[8];

		snprintf(name, sizeof(name), "key%zu", key);
		snprintf(key_file, sizeof(key_file), "--key-file=%s", kit_path(name));
		snprintf(key_size, sizeof(key_size), "--key-size=%zu", key);
		snprintf(data_size, sizeof(data_size), "--data-size=%zu", frame);
		chat = kit_listen(NULL, extra, &port);
		peer = kit_peer(false, key, frame, NULL, &port);
		talk_with(chat, peer);
		process_expect_exit(chat, 0);
	}
}

/* A line of 1000 bytes: four frames, the last one padded, whichever way it goes. */
static void long_lines(void **state)
{
	char line[1001];
	uint16_t port;
	struct process *chat = kit_listen(NULL, once, &port);
	struct process *peer = kit_peer(false, 16, 256, NULL, &port);

	for (size_t i = 0; i < 999; i++)
		line[i] = (char)('a' + i % 26);
	strcpy(line + 999, "\n");
	process_expect_err(peer, "connected\n");
	process_say(peer, line);
	process_expect_text(chat, line);
	process_say(chat, line);
	process_expect_text(peer, line);
	process_end_input(peer);
	process_expect_exit(chat, 0);
	process_expect_err(chat, "frames sent=4 received=4 operations=8\n");
}

/* What is on the wire, for texts that a lab program would send in the same frames. */
static void wire_bytes(void **state)
{
	uint8_t frame[KIT_FRAME], line[600];
	uint16_t port;
	int listener = kit_socket_listen(&port);
	struct process *chat = kit_connect(NULL, NULL, "127.0.0.1", port);
	int fd = kit_socket_accept(listener);

	process_say(chat, "hello\n");
	kit_frame("hello\n", 6, frame);
	kit_socket_expect(fd, frame, sizeof(frame));
	/* The same text, the same frame: the fault of this protocol. */
	process_say(chat, "hello\n");
	kit_socket_expect(fd, frame, sizeof(frame));

	process_feed(chat, "a\0b\0\0c\n", 7);
	kit_frame("a\0b\0\0c\n", 7, frame);
	kit_socket_expect(fd, frame, sizeof(frame));

	kit_random(line, sizeof(line), 1);
	line[255] |= 1;
	line[511] |= 1;
	line[599] |= 1;
	process_feed(chat, line, sizeof(line));
	for (size_t at = 0; at < sizeof(line); at += KIT_FRAME) {
		size_t len = sizeof(line) - at < KIT_FRAME ? sizeof(line) - at : KIT_FRAME;

		kit_frame(line + at, len, frame);
		kit_socket_expect(fd, frame, sizeof(frame));
	}
	process_end_input(chat);
	kit_socket_expect_end(fd);
	close(fd);
	close(listener);
	process_expect_exit(chat, 0);
}

/* A frame that comes byte by byte, and one that comes together with half of another. */
static void frames_in_any_pieces(void **state)
{
	uint8_t frames[3 * KIT_FRAME];
	uint16_t port;
	struct process *chat = kit_listen(NULL, once, &port);
	int fd = kit_socket_connect(port);

	kit_frame("one\n", 4, frames);
	kit_frame("two\n", 4, frames + KIT_FRAME);
	kit_frame("three\n", 6, frames + 2 * KIT_FRAME);
	for (size_t i = 0; i < KIT_FRAME; i++)
		kit_socket_send(fd, frames + i, 1);
	process_expect_text(chat, "one\n");
	kit_socket_send(fd, frames + KIT_FRAME, KIT_FRAME + 100);
	process_expect_text(chat, "one\ntwo\n");
	kit_socket_send(fd, frames + 2 * KIT_FRAME + 100, KIT_FRAME - 100);
	process_expect_text(chat, "one\ntwo\nthree\n");
	close(fd);
	process_expect_exit(chat, 0);
}

/* Zero bytes inside the text of a lab frame are text; those at its end are padding. */
static void zeros_from_a_lab_program(void **state)
{
	uint8_t frame[KIT_FRAME];
	uint16_t port;
	struct process *chat = kit_listen(NULL, once, &port);
	int fd = kit_socket_connect(port);

	kit_frame("\0a\0\0b\n\0\0", 8, frame);
	kit_socket_send(fd, frame, sizeof(frame));
	process_expect_out(chat, "\0a\0\0b\n", 6);
	kit_frame("\0\0\0", 3, frame);
	kit_socket_send(fd, frame, sizeof(frame));
	kit_socket_say(fd, "end\n");
	process_expect_out(chat, "\0a\0\0b\nend\n", 10);
	close(fd);
	process_expect_exit(chat, 0);
}

/* A zero frame, cryptochat's own, shows nothing on a lab program and does not stop it. */
static void zeros_to_a_lab_program(void **state)
{
	uint16_t port;
	struct process *chat = kit_listen(NULL, once, &port);
	struct process *peer = kit_peer(false, 16, 256, NULL, &port);

	process_expect_err(peer, "connected\n");
	process_feed(chat, "one\n\0\0", 6);
	process_expect_text(peer, "one\n");
	process_say(chat, "two\n");
	process_expect_text(peer, "one\ntwo\n");
	process_end_input(peer);
	process_expect_exit(chat, 0);
	process_expect_err(chat, "frames sent=3 ");
}

/* The frames of a whole file, against another program's AES. */
static void openssl_enc_agrees(void **state)
{
	static uint8_t text[100 * KIT_FRAME], wire[100 * KIT_FRAME];
	char command[1200];
	struct process *chat;
	struct process_setup setup = {0};
	uint16_t port;
	int listener, fd, n;

	if (system("openssl version >/dev/null 2>&1") != 0)
		skip();
	/* One frame's worth of text that fills it, so that every frame is the same. */
	kit_random(text, KIT_FRAME, 2);
	text[KIT_FRAME - 1] |= 1;
	for (size_t i = 1; i < 100; i++)
		memcpy(text + i * KIT_FRAME, text, KIT_FRAME);
	kit_file("text", text, sizeof(text));
	kit_file("frame", text, KIT_FRAME);
	n = snprintf(command, sizeof(command),
		     "openssl enc -aes-128-cbc -nopad -K %s -iv %s -in %s -out %s", kit_key_hex(16),
		     KIT_IV_HEX, kit_path("frame"), kit_path("cipher"));
	assert_in_range(n, 1, sizeof(command) - 1);
	assert_int_equal(system(command), 0);
	fd = kit_open("cipher", 0);
	assert_int_equal(read(fd, wire, sizeof(wire)), KIT_FRAME);
	close(fd);
	for (size_t i = 1; i < 100; i++)
		memcpy(wire + i * KIT_FRAME, wire, KIT_FRAME);

	listener = kit_socket_listen(&port);
	setup.stdin_fd = kit_open("text", 0);
	chat = kit_connect(&setup, NULL, "127.0.0.1", port);
	close(setup.stdin_fd);
	fd = kit_socket_accept(listener);
	kit_socket_expect(fd, wire, sizeof(wire));
	kit_socket_expect_end(fd);
	close(fd);
	close(listener);
	process_expect_exit(chat, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(lab_client),
	    TEST(lab_server),
	    TEST(lab_server_sees_our_end),
	    TEST(lab_frames_in_segments),
	    TEST(all_sizes),
	    TEST(long_lines),
	    TEST(wire_bytes),
	    TEST(frames_in_any_pieces),
	    TEST(zeros_from_a_lab_program),
	    TEST(zeros_to_a_lab_program),
	    TEST(openssl_enc_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
