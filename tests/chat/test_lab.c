// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_lab.c - does the lab channel keep the promises of channel.h? Over a
 * socket pair, with a session that only flips bits and can be made to fail.
 */
#include "tests/chat/cmocka_api.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "labchat/lab.h"
#include "labchat/lab_frame.h"

#define FRAME 64

/* A session that counts, and fails from operation @fail_at on. */
struct flip {
	struct crypt base;
	unsigned int calls;
	unsigned int fail_at;
	bool closed;
};

static int flip_cbc(struct crypt *c, enum crypt_direction direction, const uint8_t iv[CRYPT_BLOCK],
		    uint8_t *data, size_t len)
{
	struct flip *f = (struct flip *)c;

	if (f->fail_at && ++f->calls >= f->fail_at)
		return -EIO;
	assert_int_equal(len, FRAME);
	assert_int_equal(iv[3], 42);
	for (size_t i = 0; i < len; i++)
		data[i] ^= 0xff;
	return 0;
}

static void flip_close(struct crypt *c)
{
	((struct flip *)c)->closed = true;
}

static const struct crypt_ops flip_ops = {.cbc = flip_cbc, .close = flip_close};

/* A channel and the other end of its socket. */
struct pair {
	struct flip flip;
	struct channel *ch;
	int peer;
};

static void open_pair(struct pair *p, unsigned int fail_at)
{
	struct lab_params params = {.frame_size = FRAME, .iv = {0, 0, 0, 42}};
	int ends[2];

	*p = (struct pair){.flip.base = {.ops = &flip_ops, .device = "flip"}};
	p->flip.fail_at = fail_at;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	p->peer = ends[1];
	assert_int_equal(lab_open(ends[0], &params, &p->flip.base, &p->ch), 0);
}

static void close_pair(struct pair *p)
{
	p->ch->ops->destroy(p->ch);
	assert_true(p->flip.closed);
	if (p->peer >= 0)
		close(p->peer);
}

static void send_frame(struct pair *p, const char *text, size_t part)
{
	uint8_t frame[FRAME] = {0};

	memcpy(frame, text, strlen(text));
	for (size_t i = 0; i < FRAME; i++)
		frame[i] ^= 0xff;
	assert_int_equal(send(p->peer, frame, part, 0), part);
}

static void bad_frame_sizes(void **state)
{
	struct lab_params params = {.frame_size = 100};
	struct channel *ch;

	assert_int_equal(lab_open(-1, &params, NULL, &ch), -EINVAL);
}

static void starts_waiting_for_the_peer(void **state)
{
	struct pair p;

	open_pair(&p, 0);
	assert_int_equal(p.ch->ops->events(p.ch), POLLIN);
	assert_false(p.ch->ops->tx_waits(p.ch));
	assert_true(p.ch->rx_open && p.ch->tx_open);
	close_pair(&p);
}

/*
 * Text made of many small frames, to a peer that does not read: whenever some of it
 * is refused, the channel must want POLLOUT, or the poll loop would sleep for ever.
 */
static void refused_text_means_pollout(void **state)
{
	static uint8_t text[1 << 20];
	struct pair p;
	size_t sent = 0;

	/* A letter and a frame of zeros, over and over: two frames for each 65 bytes. */
	for (size_t i = 0; i < sizeof(text); i += FRAME + 1)
		text[i] = 'x';
	open_pair(&p, 0);
	for (;;) {
		size_t want = sizeof(text) - sent < 60000 ? sizeof(text) - sent : 60000;
		size_t n = p.ch->ops->send(p.ch, text + sent, want);

		sent += n;
		if (n < want)
			break;
		assert_true(sent < sizeof(text));
	}
	assert_true(p.ch->ops->events(p.ch) & POLLOUT);
	assert_true(p.ch->ops->tx_waits(p.ch));

	/* And it continues when the peer reads. */
	while (p.ch->ops->tx_waits(p.ch)) {
		static uint8_t sink[65536];

		assert_true(recv(p.peer, sink, sizeof(sink), 0) > 0);
		p.ch->ops->service(p.ch, POLLOUT);
	}
	assert_int_equal(p.ch->ops->events(p.ch), POLLIN);
	close_pair(&p);
}

static void finish_shuts_down_after_the_last_byte(void **state)
{
	static uint8_t text[1 << 20], sink[65536];
	struct pair p;
	ssize_t n;

	memset(text, 'x', sizeof(text));
	open_pair(&p, 0);
	while (p.ch->ops->send(p.ch, text, sizeof(text)))
		;
	p.ch->ops->finish(p.ch);
	assert_true(p.ch->tx_open);
	while (p.ch->tx_open) {
		assert_true(recv(p.peer, sink, sizeof(sink), 0) > 0);
		p.ch->ops->service(p.ch, POLLOUT);
	}
	do {
		n = recv(p.peer, sink, sizeof(sink), 0);
	} while (n > 0);
	assert_int_equal(n, 0);

	/* The other direction is open. */
	send_frame(&p, "still", FRAME);
	p.ch->ops->service(p.ch, POLLIN);
	assert_int_equal(p.ch->ops->receive(p.ch, sink, sizeof(sink)), 5);
	close_pair(&p);
}

static void receives_in_small_portions(void **state)
{
	uint8_t text[4];
	struct pair p;

	open_pair(&p, 0);
	send_frame(&p, "abcdefg", FRAME);
	send_frame(&p, "hi", FRAME);
	p.ch->ops->service(p.ch, POLLIN);
	assert_int_equal(p.ch->ops->receive(p.ch, text, 4), 4);
	assert_memory_equal(text, "abcd", 4);
	assert_int_equal(p.ch->ops->receive(p.ch, text, 4), 4);
	assert_memory_equal(text, "efgh", 4);
	assert_int_equal(p.ch->ops->receive(p.ch, text, 4), 1);
	assert_int_equal(p.ch->ops->receive(p.ch, text, 4), 0);
	close_pair(&p);
}

/* Text nobody takes: the channel stops wanting more, then continues. */
static void a_full_queue_stops_reading(void **state)
{
	static uint8_t text[65536];
	struct pair p;
	size_t frames = 0;

	open_pair(&p, 0);
	while (p.ch->ops->events(p.ch) & POLLIN) {
		send_frame(&p, "x", FRAME);
		p.ch->ops->service(p.ch, POLLIN);
		assert_true(++frames < 100000);
	}
	assert_int_equal(p.ch->ops->receive(p.ch, text, 1), 1);
	assert_int_equal(p.ch->ops->events(p.ch), POLLIN);
	assert_int_equal(p.ch->ops->receive(p.ch, text, sizeof(text)), frames - 1);
	close_pair(&p);
}

static void the_end_inside_a_frame(void **state)
{
	uint8_t text[FRAME];
	struct pair p;

	open_pair(&p, 0);
	send_frame(&p, "good", FRAME);
	send_frame(&p, "torn", FRAME / 2);
	close(p.peer);
	p.peer = -1;
	p.ch->ops->service(p.ch, POLLIN | POLLHUP);
	p.ch->ops->service(p.ch, POLLIN | POLLHUP);
	assert_false(p.ch->rx_open);
	assert_int_equal(p.ch->fault, CHANNEL_TRUNCATED);
	/* The frame before it is still given. */
	assert_int_equal(p.ch->ops->receive(p.ch, text, FRAME), 4);
	assert_int_equal(p.ch->ops->receive(p.ch, text, FRAME), 0);
	close_pair(&p);
}

static void failed_encryption(void **state)
{
	struct pair p;

	open_pair(&p, 2);
	assert_int_equal(p.ch->ops->send(p.ch, (const uint8_t *)"one", 3), 3);
	assert_int_equal(p.ch->ops->send(p.ch, (const uint8_t *)"two", 3), 0);
	assert_int_equal(p.ch->fault, CHANNEL_CRYPT);
	assert_int_equal(p.ch->error, -EIO);
	assert_false(p.ch->rx_open || p.ch->tx_open);
	assert_int_equal(p.ch->ops->events(p.ch), 0);
	close_pair(&p);
}

/* What could not be decrypted is not handed out, nor what came after it. */
static void failed_decryption(void **state)
{
	uint8_t text[FRAME];
	struct pair p;

	open_pair(&p, 2);
	send_frame(&p, "one", FRAME);
	send_frame(&p, "two", FRAME);
	send_frame(&p, "three", FRAME);
	p.ch->ops->service(p.ch, POLLIN);
	assert_int_equal(p.ch->ops->receive(p.ch, text, FRAME), 3);
	assert_memory_equal(text, "one", 3);
	assert_int_equal(p.ch->ops->receive(p.ch, text, FRAME), 0);
	assert_int_equal(p.ch->fault, CHANNEL_CRYPT);
	assert_false(p.ch->rx_open || p.ch->tx_open);
	close_pair(&p);
}

static void counters(void **state)
{
	uint8_t text[FRAME];
	char report[200] = "";
	FILE *out = fmemopen(report, sizeof(report) - 1, "w");
	struct pair p;

	assert_non_null(out);
	open_pair(&p, 0);
	p.ch->ops->send(p.ch, (const uint8_t *)"one", 3);
	p.ch->ops->send(p.ch, (const uint8_t *)"two", 3);
	send_frame(&p, "three", FRAME);
	p.ch->ops->service(p.ch, POLLIN);
	p.ch->ops->receive(p.ch, text, FRAME);
	p.ch->ops->report(p.ch, out);
	fclose(out);
	assert_string_equal(report, "crypto: device=flip frames sent=2 received=1 operations=3\n");
	close_pair(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bad_frame_sizes),
	    cmocka_unit_test(starts_waiting_for_the_peer),
	    cmocka_unit_test(refused_text_means_pollout),
	    cmocka_unit_test(finish_shuts_down_after_the_last_byte),
	    cmocka_unit_test(receives_in_small_portions),
	    cmocka_unit_test(a_full_queue_stops_reading),
	    cmocka_unit_test(the_end_inside_a_frame),
	    cmocka_unit_test(failed_encryption),
	    cmocka_unit_test(failed_decryption),
	    cmocka_unit_test(counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
