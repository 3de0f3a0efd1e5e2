// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_frame.c - what peers, files and pastes bring: frames, invites, known_peers, names of keys,
 * numbers in the outbox, words, file names.
 */
#include "tests/chat/cmocka_api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cryptochat/files/files.h"
#include "cryptochat/protocol/frame.h"
#include "cryptochat/identity/invite.h"
#include "cryptochat/ui/event.h"
#include "cryptochat/link/outbox.h"
#include "cryptochat/identity/peers.h"
#include "cryptochat/files/progress.h"
#include "apps/base/text.h"
#include "cryptochat/identity/trust.h"
#include "cryptochat/identity/verify.h"

static uint8_t buffer[FRAME_MAX];

static struct frame built(struct writer *w)
{
	size_t len = frame_finish(w);
	struct frame f;

	assert_true(len > 0);
	/* Each shorter piece is no frame yet. */
	for (size_t i = 0; i < len; i++)
		assert_int_equal(frame_parse(buffer, i, &f), 0);
	assert_int_equal(frame_parse(buffer, len, &f), len);
	return f;
}

static void hello_there_and_back(void **state)
{
	struct hello h = {.flags = HELLO_HUB, .resume = true, .next = 77, .proof = PROOF_INVITE},
		     got;
	struct writer w;
	struct frame f;

	memset(h.session, 3, sizeof(h.session));
	memset(h.mac, 4, sizeof(h.mac));
	strcpy(h.nick, "J\xc3\xb6rg");
	frame_begin(&w, buffer, FRAME_HELLO, 0);
	frame_put_hello(&w, &h);
	f = built(&w);
	assert_int_equal(f.type, FRAME_HELLO);
	assert_int_equal(frame_get_hello(&f, &got), 0);
	assert_memory_equal(&got, &h, sizeof(h));
	/* A byte less, a byte more. */
	f.body.left--;
	assert_int_equal(frame_get_hello(&f, &got), -EPROTO);
	f.body.left += 2;
	assert_int_equal(frame_get_hello(&f, &got), -EPROTO);
}

static void data_there_and_back(void **state)
{
	struct data_frame d = {9, 1ull << 40, (const uint8_t *)"abc", 3}, got;
	struct writer w;
	struct frame f;

	frame_begin(&w, buffer, FRAME_DATA, 0x1122334455667788);
	frame_put_data(&w, &d);
	f = built(&w);
	assert_true(f.seq == 0x1122334455667788);
	assert_int_equal(frame_get_data(&f, &got), 0);
	assert_int_equal(got.id, 9);
	assert_true(got.offset == 1ull << 40);
	assert_int_equal(got.len, 3);
	assert_memory_equal(got.data, "abc", 3);
}

static void lengths(void **state)
{
	static const uint8_t zero[8] = {0}, small[8] = {0, 0, 0, 8, FRAME_TEXT};
	uint8_t large[8] = {0, 1, 1, 0x40, 1};
	struct frame f;

	assert_int_equal(frame_parse(zero, 4, &f), -EPROTO);
	/* A numbered frame without room for its number. */
	assert_int_equal(frame_parse((const uint8_t *)"\0\0\0\x08\x40       ", 12, &f), -EPROTO);
	assert_int_equal(frame_parse(small, 4, &f), 0);
	assert_int_equal(FRAME_LENGTH_MAX, 0x10140);
	assert_int_equal(frame_parse(large, 5, &f), 0);
	large[3]++;
	assert_int_equal(frame_parse(large, 5, &f), -EPROTO);
}

static void nicks(void **state)
{
	static const char *const good[] = {"a",	      "alice",	   "\xe6\x9d\x8e",
					   "x-y_z.1", "root@vm-1", "m\xc3\xbcller"};
	static const char *const bad[] = {"", "a b", "-a", "/a", "#a", "a\n", "a\x7f", "\xc3",
					  "a\xe2\x80\xae", "123456789012345678901234567890123",
					  /* What cannot be seen, or is only a gap. */
					  "bob\xe2\x80\x8b", "bob\xc2\xad", "bob\xe2\x81\xa0",
					  "bob\xc2\xa0", "\xe3\x85\xa4", "\xe2\xa0\x80",
					  "b\xe2\x80\x8d"
					  "ob",
					  "bob\xef\xb8\x8f", "bob\xf3\xa0\x81\xa1",
					  "\xef\xbb\xbf"
					  "bob",
					  "a\xe3\x80\x80"
					  "b"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(nick_ok(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(nick_ok(bad[i]));
}

/* A Cyrillic o looks like a Latin one: such a name gets a mark, which has to fit. */
static void marked_nicks(void **state)
{
	char nick[NICK_SIZE];

	assert_false(nick_is_marked("alice"));
	assert_false(nick_is_marked("m\xc3\xbcller"));
	assert_true(nick_is_marked("b\xd0\xbe"
				   "b"));
	assert_true(nick_is_marked("\xe6\x9d\x8e"));
	nick_mark("bob", "abcdef", nick);
	assert_string_equal(nick, "bob~abcdef");
	nick_mark("12345678901234567890123456789012", "abcdef", nick);
	assert_string_equal(nick, "1234567890123456789012345~abcdef");
	/* Not in the middle of a character. */
	nick_mark("123456789012345678901234\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", "abcdef", nick);
	assert_string_equal(nick, "123456789012345678901234~abcdef");
	assert_true(nick_ok(nick));
}

static void add(struct outbox *o)
{
	uint8_t frame[10] = {0};

	assert_int_equal(outbox_add(o, frame, sizeof(frame)), 0);
}

static void numbers(void **state)
{
	struct outbox o = {.next_seq = 1};
	const uint8_t *at;

	for (int i = 0; i < 4; i++)
		add(&o);
	assert_int_equal(outbox_ack(&o, 2), -EPROTO); /* none was sent */
	assert_int_equal(outbox_peek(&o, &at), 10);
	outbox_sent(&o, 4);
	assert_true(outbox_in_frame(&o));
	assert_int_equal(outbox_ack(&o, 2), -EPROTO); /* part of it was */
	outbox_sent(&o, 6);
	outbox_sent(&o, 10);
	outbox_sent(&o, 3);
	assert_int_equal(outbox_ack(&o, 3), 0);
	assert_int_equal(o.first->seq, 3);
	assert_int_equal(o.bytes, 20);
	/* A new link, and the peer has not got the third. */
	assert_int_equal(outbox_resume(&o, 2), -EPROTO); /* the second is not here any more */
	assert_int_equal(outbox_resume(&o, 6), -EPROTO);
	assert_int_equal(outbox_resume(&o, 3), 0);
	assert_int_equal(outbox_peek(&o, &at), 10);
	assert_int_equal(o.cursor->seq, 3);
	/* It has got everything. */
	assert_int_equal(outbox_resume(&o, 5), 0);
	assert_null(o.first);
	assert_int_equal(outbox_peek(&o, &at), 0);
	assert_int_equal(o.bytes, 0);
	add(&o);
	assert_int_equal(o.cursor->seq, 5);
	outbox_clear(&o);
}

static void made_in_place(void **state)
{
	struct outbox o = {.next_seq = 1};
	const uint8_t *at;
	uint8_t *room;

	add(&o);
	room = outbox_room(&o);
	assert_non_null(room);
	assert_ptr_equal(outbox_room(&o), room);
	memset(room, 7, FRAME_MAX);
	outbox_commit(&o, FRAME_MAX);
	assert_ptr_not_equal(outbox_room(&o), room); /* left over: for the sanitizer */
	add(&o);
	outbox_sent(&o, 10);
	assert_int_equal(outbox_peek(&o, &at), FRAME_MAX);
	assert_int_equal(at[FRAME_MAX - 1], 7);
	assert_int_equal(o.cursor->seq, 2);
	assert_int_equal(o.last->seq, 3);
	assert_int_equal(o.bytes, FRAME_MAX + 20);
	outbox_clear(&o);
}

/* What has begun to leave must leave whole; the rest never does. */
static void forgotten(void **state)
{
	struct outbox o = {.next_seq = 1};
	const uint8_t *at;

	for (int i = 0; i < 4; i++)
		add(&o);
	outbox_sent(&o, 10);
	outbox_sent(&o, 3);
	outbox_forget(&o);
	assert_int_equal(outbox_peek(&o, &at), 7);
	assert_int_equal(o.first->seq, 2);
	assert_ptr_equal(o.first, o.last);
	assert_int_equal(o.bytes, 10);
	outbox_sent(&o, 7);
	assert_int_equal(outbox_peek(&o, &at), 0);
	assert_int_equal(outbox_ack(&o, 3), 0);
	assert_null(o.first);
	assert_null(o.last);
	/* All was sent, nothing was acknowledged. */
	add(&o);
	outbox_sent(&o, 10);
	outbox_forget(&o);
	assert_null(o.first);
	assert_int_equal(o.bytes, 0);
	outbox_clear(&o);
}

static void invite_lines(void **state)
{
	static const char *const bad[] = {
	    "",
	    "cryptochat1:",
	    "cryptochat1:h:1:x:y",
	    "cryptochat2:h:1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA",
	    "cryptochat1:h:0:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA",
	    ("cryptochat1:h:65536:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:"
	     "AAAAAAAAAAAAAAAAAAAAAA"),
	    "cryptochat1:h h:1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA",
	    "cryptochat1:-h:1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA",
	    "cryptochat1:a:b:1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA",
	    /* bits beyond the last byte */
	    "cryptochat1:h:1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB:AAAAAAAAAAAAAAAAAAAAAA",
	    "cryptochat1:h:1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAA",
	};
	struct invite i = {.port = 35001}, got;
	char text[INVITE_TEXT_SIZE], around[INVITE_TEXT_SIZE + 8];

	memset(i.key, 0xfb, sizeof(i.key));
	memset(i.token, 0xff, sizeof(i.token));
	strcpy(i.host, "[fe80::1%eth0]");
	invite_text(&i, text);
	snprintf(around, sizeof(around), "  %s\r\n", text);
	assert_int_equal(invite_parse(around, &got), 0);
	assert_memory_equal(&got, &i, sizeof(i));
	for (size_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++)
		assert_int_equal(invite_parse(bad[n], &got), -EINVAL);
}

#define KEY_A "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEY_B "SHA256:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEY_C "SHA256:CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA"

static void peer_lines(void **state)
{
	static const char text[] = "# who is who\n\nhost:1 " KEY_A " unverified bob\n"
				   "- " KEY_B " verified carol\r\n"
				   "other:2 " KEY_A " unverified bob\n"
				   "host:4 " KEY_C " rejected eve";
	static const char *const bad[] = {
	    "host " KEY_A " unverified bob",	    "host:1 SHA256:AA unverified bob",
	    "host:1 " KEY_A " trusted bob",	    "host:1 " KEY_A " unverified",
	    "host:1 " KEY_A " unverified bob more", "host:1 " KEY_A " unverified b\033b",
	};
	struct peers p = {0};
	const struct peer *known;
	unsigned int line;
	uint8_t a[KEY_HASH_SIZE], b[KEY_HASH_SIZE], c[KEY_HASH_SIZE], bad_key[KEY_HASH_SIZE];

	memset(c, 9, sizeof(c));
	assert_int_equal(key_parse(KEY_C, bad_key), 0);
	assert_int_equal(key_parse(KEY_A, a), 0);
	assert_int_equal(key_parse(KEY_B, b), 0);
	assert_int_equal(peers_parse(text, strlen(text), &p, &line), 0);
	assert_int_equal(p.count, 4);
	assert_int_equal(p.list[0].label, PEER_UNVERIFIED);
	assert_int_equal(p.list[1].label, PEER_VERIFIED);
	assert_string_equal(p.list[1].nick, "carol");

	assert_int_equal(trust_address(&p, "host:1", a, &known), TRUST_KNOWN);
	assert_int_equal(trust_address(&p, "host:1", b, &known), TRUST_CHANGED);
	assert_int_equal(trust_address(&p, "host:3", b, &known), TRUST_NEW);
	assert_string_equal(known->nick, "carol");
	assert_int_equal(trust_address(&p, "host:3", c, &known), TRUST_NEW);
	assert_null(known);
	assert_int_equal(trust_caller(&p, a, &known), TRUST_KNOWN);
	assert_string_equal(known->nick, "bob");
	assert_int_equal(trust_caller(&p, c, &known), TRUST_NEW);
	assert_null(known);
	/* A rejected key is refused wherever it turns up, and no name or address is bound to it. */
	assert_int_equal(trust_caller(&p, bad_key, &known), TRUST_REJECTED);
	assert_int_equal(trust_address(&p, "host:4", bad_key, &known), TRUST_REJECTED);
	assert_int_equal(trust_address(&p, "host:5", bad_key, &known), TRUST_REJECTED);
	assert_int_equal(trust_address(&p, "host:1", bad_key, &known), TRUST_REJECTED);
	assert_int_equal(trust_address(&p, "host:4", c, &known), TRUST_NEW);
	assert_null(peers_by_nick(&p, "eve"));
	assert_non_null(peers_by_nick(&p, "bob"));
	peers_free(&p);
	/* An empty list is nobody, not everybody. */
	assert_int_equal(trust_caller(&p, a, &known), TRUST_NEW);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(peers_parse(bad[i], strlen(bad[i]), &p, &line), -EINVAL);
		assert_int_equal(line, 1);
	}
}

static void consent(void **state)
{
	uint8_t a[KEY_HASH_SIZE];

	assert_int_equal(key_parse(KEY_A, a), 0);
	assert_int_equal(trust_consent("yes", a), CONSENT_YES);
	assert_int_equal(trust_consent("no", a), CONSENT_NO);
	assert_int_equal(trust_consent("y", a), CONSENT_UNCLEAR);
	assert_int_equal(trust_consent("", a), CONSENT_UNCLEAR);
	assert_int_equal(trust_consent(KEY_A, a), CONSENT_YES);
	assert_int_equal(trust_consent(KEY_B, a), CONSENT_NO);
}

static void words_agree(void **state)
{
	uint8_t key_a[KEY_HASH_SIZE] = {1}, key_b[KEY_HASH_SIZE] = {2}, key_m[KEY_HASH_SIZE] = {3};
	struct verify a = {0}, b = {0}, c = {0};
	struct verify_frame commit, answer, reveal, none;

	assert_int_equal(verify_start(&a, &commit), 0);
	assert_int_equal(verify_receive(&b, key_b, key_a, &commit, &answer), 1);
	assert_int_equal(verify_receive(&a, key_a, key_b, &answer, &reveal), 1);
	assert_int_equal(verify_receive(&b, key_b, key_a, &reveal, &none), 0);
	assert_int_equal(a.state, VERIFY_SHOWN);
	assert_int_equal(b.state, VERIFY_SHOWN);
	assert_string_equal(a.words, b.words);
	/* Once more, with somebody in between who passes on the nonces: other keys, other words. */
	verify_start(&a, &commit);
	verify_receive(&b, key_b, key_m, &commit, &answer);
	verify_receive(&a, key_a, key_m, &answer, &reveal);
	assert_int_equal(verify_receive(&b, key_b, key_m, &reveal, &none), 0);
	assert_string_not_equal(a.words, b.words);
	/* A nonce that is not the one committed to. */
	verify_start(&a, &commit);
	verify_receive(&c, key_b, key_a, &commit, &answer);
	verify_receive(&a, key_a, key_b, &answer, &reveal);
	reveal.value[0] ^= 1;
	assert_int_equal(verify_receive(&c, key_b, key_a, &reveal, &none), -EPROTO);
}

static void both_start_to_verify(void **state)
{
	uint8_t key_a[KEY_HASH_SIZE] = {1}, key_b[KEY_HASH_SIZE] = {2};
	struct verify a, b;
	struct verify_frame from_a, from_b, answer, reveal, none;

	verify_start(&a, &from_a);
	verify_start(&b, &from_b);
	assert_int_equal(verify_receive(&a, key_a, key_b, &from_b, &none), 0);
	assert_int_equal(verify_receive(&b, key_b, key_a, &from_a, &answer), 1);
	assert_int_equal(verify_receive(&a, key_a, key_b, &answer, &reveal), 1);
	assert_int_equal(verify_receive(&b, key_b, key_a, &reveal, &none), 0);
	assert_string_equal(a.words, b.words);
}

static void all_words_differ(void **state)
{
	for (unsigned int i = 0; i < 256; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(verify_word((uint8_t)i), verify_word((uint8_t)j));
}

static void shown_text(void **state)
{
	char out[TEXT_SHOW_MAX(64)];

	assert_string_equal(text_show("a\033[2J\n\tb", 8, "\n\t", out), "a\\x1b[2J\n\tb");
	assert_string_equal(text_show("a\nb", 3, "", out), "a\\x0ab");
	assert_string_equal(text_show("\xc2\x9b"
				      "31m",
				      5, "", out),
			    "\\xc2\\x9b31m");
	assert_string_equal(text_show("\xe2\x80\xae"
				      "x",
				      4, "", out),
			    "\\xe2\\x80\\xaex");
	assert_string_equal(text_show("\xf0\x9f\x99\x82\xff\0", 6, "", out),
			    "\xf0\x9f\x99\x82\\xff\\x00");
}

static void json_lines(void **state)
{
	char *line = event_line("message",
				FACTS(fact_text("from", "b\"b"), fact_number("time", 5),
				      fact_text("none", NULL), fact_bool("self", false)),
				"text", "a\n\\\033\xff\xc3\xa4", 7);

	assert_string_equal(line, "{\"event\":\"message\",\"from\":\"b\\\"b\",\"time\":5,\"self\":"
				  "false,\"text\":\"a\\n\\\\\\u001b"
				  "\\ufffd\xc3\xa4\"}\n");
	free(line);
}

/* A line of progress fits, whatever the width and the name, and steers no terminal. */
static void progress_fits(void **state)
{
	static const char *const names[] = {
	    "a", "a-rather-long-name-of-a-file-that-people-send-to-each-other.tar",
	    "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3"
	    "\xb6\xc3\xbc"
	    "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3"
	    "\xb6\xc3\xbc",
	    "\033]0;title\007\033[31m.tar", "\xff\xfe"};
	struct progress p;
	char text[256];

	progress_begin(&p, 3200000000u, 0, 1000);
	progress_update(&p, 600000000, 3000);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t columns = 1; columns < 130; columns++) {
			size_t width = 0;
			const uint8_t *at = (const uint8_t *)text;

			progress_text(&p, names[i], 600000000, columns, text, sizeof(text));
			assert_true(text_is_plain(text, strlen(text)));
			for (size_t left = strlen(text), n; left; at += n, left -= n) {
				uint32_t c;

				n = utf8_decode(at, left, &c);
				assert_true(n > 0);
				width++;
			}
			assert_true(width <= columns);
			assert_true(columns < 6 || strstr(text, " 18 %"));
		}
	}
	progress_text(&p, "file.tar", 600000000, 80, text, sizeof(text));
	assert_string_equal(text,
			    "file.tar  18 % [###                 ] 600 MB/3.2 GB  300 MB/s  0:08");
	progress_text(&p, "file.tar", 600000000, 20, text, sizeof(text));
	assert_string_equal(text, "file.tar  18 %  0:08");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hello_there_and_back),
	    cmocka_unit_test(data_there_and_back),
	    cmocka_unit_test(lengths),
	    cmocka_unit_test(nicks),
	    cmocka_unit_test(marked_nicks),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(forgotten),
	    cmocka_unit_test(made_in_place),
	    cmocka_unit_test(invite_lines),
	    cmocka_unit_test(peer_lines),
	    cmocka_unit_test(consent),
	    cmocka_unit_test(words_agree),
	    cmocka_unit_test(both_start_to_verify),
	    cmocka_unit_test(all_words_differ),
	    cmocka_unit_test(shown_text),
	    cmocka_unit_test(json_lines),
	    cmocka_unit_test(progress_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
