// SPDX-License-Identifier: GPL-2.0-or-later
/* test_secret.c - which key files are taken, and what is refused? */
#include "tests/chat/cmocka_api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/base/secret.h"

static char path[] = "/tmp/cryptochat-secret-XXXXXX";

static int make_file(void **state)
{
	int fd;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	return close(fd);
}

static int remove_file(void **state)
{
	return unlink(path);
}

static void write_file(const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

static int load(const void *data, size_t len, size_t size, struct secret *s, struct secret_file *f)
{
	write_file(data, len);
	return secret_load(path, size, s, f);
}

static const uint8_t want[32] = {
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
    0x0f, 0x1e, 0x2d, 0x3c, 0x4b, 0x5a, 0x69, 0x78, 0x87, 0x96, 0xa5, 0xb4, 0xc3, 0xd2, 0xe1, 0xf0,
};
static const char hex[] = "00112233445566778899AAbbCCddEEff0f1e2d3c4b5a69788796a5b4c3d2e1f0";

static void raw_bytes(void **state)
{
	static const size_t sizes[] = {16, 24, 32};

	for (size_t i = 0; i < 3; i++) {
		struct secret s;
		struct secret_file f;

		assert_int_equal(load(want, sizes[i], sizes[i], &s, &f), 0);
		assert_int_equal(s.len, sizes[i]);
		assert_memory_equal(s.bytes, want, sizes[i]);
		assert_int_equal(f.found, sizes[i]);
		assert_false(f.looks_hex);
		assert_false(f.exposed);
	}
}

static void hex_digits(void **state)
{
	static const char *const ends[] = {"", "\n", "\r\n"};

	for (size_t size = 16; size <= 32; size += 8) {
		for (size_t i = 0; i < 3; i++) {
			struct secret s;
			struct secret_file f;
			char text[80];
			int len =
			    snprintf(text, sizeof(text), "%.*s%s", (int)(2 * size), hex, ends[i]);

			assert_int_equal(load(text, (size_t)len, size, &s, &f), 0);
			assert_int_equal(s.len, size);
			assert_memory_equal(s.bytes, want, size);
		}
	}
}

static void wrong_sizes(void **state)
{
	static const size_t lengths[] = {0, 1, 15, 17, 31, 35, 64, 66, 67, 5000};
	static char data[5000];

	memset(data, '7', sizeof(data));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct secret s = {.len = 99};
		struct secret_file f;

		assert_int_equal(load(data, lengths[i], 16, &s, &f), -EMSGSIZE);
		assert_int_equal(f.found, lengths[i] > 67 ? 67 : lengths[i]);
		assert_int_equal(s.len, 99);
	}
}

static void two_line_ends_are_too_many(void **state)
{
	struct secret s;
	struct secret_file f;

	assert_int_equal(load("00112233445566778899aabbccddeeff\n\n", 34, 16, &s, &f), -EMSGSIZE);
	assert_int_equal(load("0011223344556677\n", 17, 16, &s, &f), -EMSGSIZE);
}

static void not_hex(void **state)
{
	struct secret s = {.len = 99};
	struct secret_file f;

	assert_int_equal(load("00112233445566778899aabbccddeefg", 32, 16, &s, &f), -EILSEQ);
	assert_int_equal(load("00112233445566778899aabbccdde\0ff", 32, 16, &s, &f), -EILSEQ);
	assert_int_equal(s.len, 99);
}

static void hex_taken_as_raw_is_noticed(void **state)
{
	struct secret s;
	struct secret_file f;

	assert_int_equal(load(hex, 32, 32, &s, &f), 0);
	assert_true(f.looks_hex);
	assert_memory_equal(s.bytes, hex, 32);
}

static void exposed_files_are_noticed(void **state)
{
	static const struct {
		mode_t mode;
		bool exposed;
	} modes[] = {{0600, false}, {0400, false}, {0640, true}, {0604, true}};

	for (size_t i = 0; i < 4; i++) {
		struct secret s;
		struct secret_file f;

		assert_int_equal(chmod(path, 0600), 0);
		write_file(want, 16);
		assert_int_equal(chmod(path, modes[i].mode), 0);
		assert_int_equal(secret_load(path, 16, &s, &f), 0);
		assert_int_equal(f.exposed, modes[i].exposed);
	}
}

static void no_file(void **state)
{
	struct secret s;
	struct secret_file f;

	assert_int_equal(secret_load("/nonexistent/key", 16, &s, &f), -ENOENT);
	assert_int_equal(secret_load("/", 16, &s, &f), -EISDIR);
}

static void a_pipe_in_pieces(void **state)
{
	struct secret s;
	struct secret_file f;
	char name[32];
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], want, 16), 16);
	close(ends[1]);
	snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
	assert_int_equal(secret_load(name, 16, &s, &f), 0);
	assert_memory_equal(s.bytes, want, 16);
	assert_false(f.exposed);
	close(ends[0]);
}

static void parse(void **state)
{
	struct secret s = {0};

	assert_int_equal(secret_parse("00112233445566778899aabbccddeeff", 16, &s), 0);
	assert_int_equal(s.len, 16);
	assert_memory_equal(s.bytes, want, 16);
	assert_int_equal(secret_parse("00112233445566778899aabbccddeef", 16, &s), -EMSGSIZE);
	assert_int_equal(secret_parse("", 16, &s), -EMSGSIZE);
	assert_int_equal(secret_parse("00112233445566778899aabbccddeex0", 16, &s), -EILSEQ);
}

static void wiped(void **state)
{
	static const struct secret nothing;
	struct secret s = {.bytes = "secret", .len = 6};

	secret_wipe(&s);
	assert_memory_equal(&s, &nothing, sizeof(s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(raw_bytes, make_file, remove_file),
	    cmocka_unit_test_setup_teardown(hex_digits, make_file, remove_file),
	    cmocka_unit_test_setup_teardown(wrong_sizes, make_file, remove_file),
	    cmocka_unit_test_setup_teardown(two_line_ends_are_too_many, make_file, remove_file),
	    cmocka_unit_test_setup_teardown(not_hex, make_file, remove_file),
	    cmocka_unit_test_setup_teardown(hex_taken_as_raw_is_noticed, make_file, remove_file),
	    cmocka_unit_test_setup_teardown(exposed_files_are_noticed, make_file, remove_file),
	    cmocka_unit_test(no_file),
	    cmocka_unit_test(a_pipe_in_pieces),
	    cmocka_unit_test(parse),
	    cmocka_unit_test(wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
