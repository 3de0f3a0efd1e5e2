/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_rsp.c - the reader of CAVP files: each shape that they have, and malformed ones. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/rsp.h"

static struct rsp *open_text(const char *text)
{
	char path[] = "/tmp/rsp-XXXXXX";
	int fd = mkstemp(path);
	struct rsp *rsp;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	rsp = rsp_open(path);
	unlink(path);
	assert_non_null(rsp);
	return rsp;
}

static void groups_and_sections(void **state)
{
	struct rsp *rsp = open_text("# comment\n"
				    "\n"
				    "[ENCRYPT]\n"
				    "COUNT = 0\r\n"
				    "KEY = 00FFa1\r\n"
				    "\n\n\n"
				    "[DECRYPT]\n"
				    "\n"
				    "COUNT = 1 # and more\n"
				    "FAIL");
	uint8_t key[4];

	assert_string_equal(rsp_section(rsp), "");
	assert_int_equal(rsp_next(rsp), 1);
	assert_string_equal(rsp_section(rsp), "ENCRYPT");
	assert_int_equal(rsp_line(rsp), 4);
	assert_int_equal(rsp_number(rsp, "COUNT"), 0);
	assert_int_equal(rsp_hex(rsp, "KEY", key, sizeof(key)), 3);
	assert_int_equal(key[1], 0xff);
	assert_false(rsp_fresh(rsp, "FAIL"));
	assert_int_equal(rsp_next(rsp), 1);
	assert_string_equal(rsp_section(rsp), "DECRYPT");
	assert_int_equal(rsp_number(rsp, "COUNT"), 1);
	assert_true(rsp_fresh(rsp, "FAIL"));
	assert_false(rsp_fresh(rsp, "KEY"));
	/* Values stay until they are set again. */
	assert_int_equal(rsp_hex(rsp, "KEY", key, sizeof(key)), 3);
	assert_int_equal(rsp_next(rsp), 0);
	assert_int_equal(rsp_next(rsp), 0);
	rsp_close(rsp);
}

static void headings_with_values(void **state)
{
	struct rsp *rsp = open_text("Plen = 24\n\n[Alen = 0, Nlen = 7]\n\nKey = 01\n\n"
				    "Count = 0\nAdata = \n");
	uint8_t byte;

	assert_int_equal(rsp_next(rsp), 1);
	assert_true(rsp_fresh(rsp, "Plen"));
	assert_int_equal(rsp_next(rsp), 1);
	assert_true(rsp_fresh(rsp, "Key"));
	assert_false(rsp_fresh(rsp, "Alen"));
	assert_int_equal(rsp_number(rsp, "Alen"), 0);
	assert_int_equal(rsp_number(rsp, "Nlen"), 7);
	assert_int_equal(rsp_next(rsp), 1);
	assert_true(rsp_fresh(rsp, "Count"));
	assert_int_equal(rsp_number(rsp, "Plen"), 24);
	assert_int_equal(rsp_hex(rsp, "Adata", &byte, 1), 0);
	assert_int_equal(rsp_next(rsp), 0);
	rsp_close(rsp);
}

static void values_refused(void **state)
{
	struct rsp *rsp = open_text("A = 0g\nB = 012\nC = 0102\nD = -1\nE = 1x\nF =\n");
	uint8_t buf[1];

	assert_int_equal(rsp_next(rsp), 1);
	assert_int_equal(rsp_hex(rsp, "A", buf, 1), -EINVAL);
	assert_int_equal(rsp_hex(rsp, "B", buf, 1), -EINVAL);
	assert_int_equal(rsp_hex(rsp, "C", buf, 1), -EINVAL);
	assert_int_equal(rsp_hex(rsp, "Z", buf, 1), -ENOENT);
	assert_int_equal(rsp_number(rsp, "D"), -EINVAL);
	assert_int_equal(rsp_number(rsp, "E"), -EINVAL);
	assert_int_equal(rsp_number(rsp, "F"), -EINVAL);
	assert_int_equal(rsp_number(rsp, "Z"), -EINVAL);
	assert_null(rsp_text(rsp, "Z"));
	rsp_close(rsp);
}

static void malformed(void **state)
{
	struct rsp *rsp = open_text("[ENCRYPT\n");
	char many[2000] = "";

	assert_int_equal(rsp_next(rsp), -EINVAL);
	rsp_close(rsp);
	rsp = open_text("[A = 1, B]\n");
	assert_int_equal(rsp_next(rsp), -EINVAL);
	rsp_close(rsp);
	for (char c = 0; c < 40; c++) {
		char line[] = {'a', (char)('0' + c), '=', '\n', 0};

		strcat(many, line);
	}
	rsp = open_text(many);
	assert_int_equal(rsp_next(rsp), -EINVAL);
	rsp_close(rsp);
	assert_null(rsp_open("/nonexistent/file"));
	assert_int_equal(errno, ENOENT);
	rsp = open_text("");
	assert_int_equal(rsp_next(rsp), 0);
	rsp_close(rsp);
	rsp_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(groups_and_sections),
	    cmocka_unit_test(headings_with_values),
	    cmocka_unit_test(values_refused),
	    cmocka_unit_test(malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
