// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_lab_frame.c - does every text survive the frames, and is a frame what
 * another lab program expects?
 */
#include "tests/chat/cmocka_api.h"

#include <stdlib.h>
#include <string.h>

#include "labchat/lab_frame.h"

/* Text to frames and back; returns the number of frames. */
static size_t there_and_back(const uint8_t *text, size_t len, size_t size)
{
	uint8_t *frame = malloc(size);
	size_t sent = 0, received = 0, frames = 0;

	assert_non_null(frame);
	while (sent < len) {
		size_t used = lab_frame_write(text + sent, len - sent, frame, size);
		size_t got;

		assert_in_range(used, 1, size);
		assert_true(used <= len - sent);
		sent += used;
		frames++;
		got = lab_frame_read(frame, size);
		assert_int_equal(got, used);
		assert_memory_equal(frame, text + received, got);
		received += got;
	}
	assert_int_equal(received, len);
	free(frame);
	return frames;
}

static void text_is_padded(void **state)
{
	uint8_t frame[256], want[256] = "hello\n";

	assert_int_equal(lab_frame_write((const uint8_t *)"hello\n", 6, frame, 256), 6);
	assert_memory_equal(frame, want, 256);
	assert_int_equal(lab_frame_read(frame, 256), 6);
}

static void full_frame_has_no_padding(void **state)
{
	uint8_t text[300], frame[256];

	memset(text, 'x', sizeof(text));
	assert_int_equal(lab_frame_write(text, sizeof(text), frame, 256), 256);
	assert_memory_equal(frame, text, 256);
	assert_int_equal(lab_frame_read(frame, 256), 256);
}

static void embedded_zeros_stay(void **state)
{
	static const uint8_t text[] = {0, 0, 'a', 0, 0, 0, 'b'};
	uint8_t frame[16];

	assert_int_equal(lab_frame_write(text, sizeof(text), frame, 16), sizeof(text));
	assert_memory_equal(frame, text, sizeof(text));
	assert_int_equal(lab_frame_read(frame, 16), sizeof(text));
	assert_memory_equal(frame, text, sizeof(text));
}

static void zeros_at_the_cut_move_on(void **state)
{
	/* 14 letters, 2 zeros at the end of the frame, 1 letter. */
	uint8_t text[17] = "abcdefghijklmn", frame[16];

	text[16] = 'z';
	assert_int_equal(lab_frame_write(text, 17, frame, 16), 14);
	/* The same frame as if the zeros were in it. */
	assert_memory_equal(frame, text, 16);
	assert_int_equal(lab_frame_write(text + 14, 3, frame, 16), 3);
	assert_int_equal(frame[2], 'z');
}

static void zero_frame_layout(void **state)
{
	static const uint8_t zeros[3];
	uint8_t want[32] = "\0cchat-zeros\0\0\0\3", frame[32];

	assert_int_equal(lab_frame_write(zeros, 3, frame, 32), 3);
	assert_memory_equal(frame, want, 32);
	assert_int_equal(lab_frame_read(frame, 32), 3);
	assert_memory_equal(frame, zeros, 3);
}

static void almost_zero_frames_are_text(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		size_t length; /* of the text */
	} changes[] = {
	    {0, 1, 16},	   /* no leading zero */
	    {5, 'T', 16},  /* another name */
	    {11, 0, 16},   /* name cut short */
	    {15, 0, 12},   /* count 0 */
	    {15, 33, 16},  /* count above the frame */
	    {12, 255, 16}, /* far above */
	    {16, 1, 17},   /* something behind the count */
	    {31, 1, 32},
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t frame[32] = "\0cchat-zeros\0\0\0\3", before[32];

		frame[changes[i].at] = changes[i].value;
		memcpy(before, frame, 32);
		assert_int_equal(lab_frame_read(frame, 32), changes[i].length);
		assert_memory_equal(frame, before, 32);
	}
}

static void text_like_a_zero_frame_survives(void **state)
{
	uint8_t text[64] = "\0cchat-zeros\0\0\0\3";

	assert_int_equal(there_and_back(text, 16, 16), 2);
	assert_int_equal(there_and_back(text, 16, 32), 2);
	/* With zeros behind it, which are text too. */
	there_and_back(text, 40, 32);
	memcpy(text + 30, "\0cchat-zeros\0\0\0\20", 16);
	for (size_t size = 16; size <= 64; size += 16)
		for (size_t len = 1; len <= sizeof(text); len++)
			there_and_back(text, len, size);
}

static void empty_frame_has_no_text(void **state)
{
	uint8_t frame[16] = {0};

	assert_int_equal(lab_frame_read(frame, 16), 0);
}

static void all_zeros_cost_their_own_size(void **state)
{
	static const uint8_t zeros[100000];

	assert_int_equal(there_and_back(zeros, 4096, 16), 256);
	assert_int_equal(there_and_back(zeros, 100000, 256), 391);
	assert_int_equal(there_and_back(zeros, 65536, 65536), 1);
}

/* Every text of 0 and 1 bytes up to 18 long, in the smallest frame: all ways to cut. */
static void every_short_pattern_survives(void **state)
{
	uint8_t text[18];

	for (size_t len = 1; len <= sizeof(text); len++) {
		for (uint32_t bits = 0; bits < 1u << len; bits++) {
			for (size_t i = 0; i < len; i++)
				text[i] = bits >> i & 1;
			there_and_back(text, len, 16);
		}
	}
}

/* Longer texts in which runs of zeros are common; the frames are bounded too. */
static void random_runs_survive(void **state)
{
	static uint8_t text[20000];

	srandom(1);
	for (int round = 0; round < 200; round++) {
		static const size_t sizes[] = {16, 48, 256, 4096, 65536};
		size_t size = sizes[round % 5], len = 0, frames;

		while (len < sizeof(text)) {
			size_t run = (size_t)random() % (round % 2 ? 600 : 40) + 1;
			int zero = (int)(random() % 2);

			for (; run && len < sizeof(text); run--)
				text[len++] = zero ? 0 : (uint8_t)random();
		}
		len -= (size_t)random() % 1000;
		frames = there_and_back(text, len, size);
		assert_true(frames <= 2 * ((len + size - 1) / size) + 1);
	}
}

static void sizes(void **state)
{
	assert_true(lab_frame_size_ok(16));
	assert_true(lab_frame_size_ok(65536));
	assert_false(lab_frame_size_ok(0));
	assert_false(lab_frame_size_ok(8));
	assert_false(lab_frame_size_ok(250));
	assert_false(lab_frame_size_ok(65552));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_padded),
	    cmocka_unit_test(full_frame_has_no_padding),
	    cmocka_unit_test(embedded_zeros_stay),
	    cmocka_unit_test(zeros_at_the_cut_move_on),
	    cmocka_unit_test(zero_frame_layout),
	    cmocka_unit_test(almost_zero_frames_are_text),
	    cmocka_unit_test(text_like_a_zero_frame_survives),
	    cmocka_unit_test(empty_frame_has_no_text),
	    cmocka_unit_test(all_zeros_cost_their_own_size),
	    cmocka_unit_test(every_short_pattern_survives),
	    cmocka_unit_test(random_runs_survive),
	    cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
