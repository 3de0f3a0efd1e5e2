// SPDX-License-Identifier: GPL-2.0-or-later
/* test_lab_options.c - what does each command line of labchat mean, and what is refused why? */
#include "tests/chat/cmocka_api.h"

#include <string.h>
#include <sys/socket.h>

#include "labchat/conversation.h"
#include "labchat/options.h"

#define PROGRAM "labchat"
#include "tests/chat/parsekit.h"

static void defaults(void **unused)
{
	struct options o;

	assert_int_equal(parse("listen --key-file k", &o), CLI_RUN);
	assert_int_equal(o.command, LAB_LISTEN);
	assert_int_equal(o.port, 35001);
	assert_int_equal(o.family, AF_UNSPEC);
	assert_null(o.bind);
	assert_false(o.once);
	assert_false(o.raw);
	assert_int_equal(o.linger_ms, LINGER_AUTO);
	assert_string_equal(o.device, "auto");
	assert_string_equal(o.key_file, "k");
	assert_int_equal(o.key_size, 16);
	assert_int_equal(o.frame_size, 256);
	assert_null(o.iv_hex);
	assert_null(o.iv_file);
}

static void everything_for_listen(void **unused)
{
	struct options o;

	assert_int_equal(parse("listen -6 --port 0 --bind ::1 --once --raw "
			       "--linger 5 --device /dev/x --key-file k --key-size 32 "
			       "--data-size 4096 --iv 00",
			       &o),
			 CLI_RUN);
	assert_int_equal(o.port, 0);
	assert_int_equal(o.family, AF_INET6);
	assert_string_equal(o.bind, "::1");
	assert_true(o.once);
	assert_true(o.raw);
	assert_int_equal(o.linger_ms, 5000);
	assert_string_equal(o.device, "/dev/x");
	assert_int_equal(o.key_size, 32);
	assert_int_equal(o.frame_size, 4096);
	assert_string_equal(o.iv_hex, "00");
}

static void connect_words(void **unused)
{
	struct options o;

	assert_int_equal(parse("connect host --key-file=k", &o), CLI_RUN);
	assert_int_equal(o.command, LAB_CONNECT);
	assert_string_equal(o.host, "host");
	assert_int_equal(o.port, 35001);
	assert_int_equal(parse("connect -4 host 99 --key-file=k --linger=forever "
			       "--iv-file=f",
			       &o),
			 CLI_RUN);
	assert_int_equal(o.port, 99);
	assert_int_equal(o.family, AF_INET);
	assert_int_equal(o.linger_ms, LINGER_FOREVER);
	assert_string_equal(o.iv_file, "f");
}

static void help_and_version(void **unused)
{
	struct options o;

	assert_int_equal(parse("--help", &o), CLI_HELP);
	assert_int_equal(parse("listen --help", &o), CLI_HELP);
	assert_int_equal(parse("--version", &o), CLI_VERSION);
}

static void bad_commands(void **unused)
{
	expect_bad("", "say listen or connect");
	expect_bad("call host", "unknown command \"call\"");
	expect_bad("listen 35001 --key-file k", "--port");
	expect_bad("connect --key-file k", "needs a host");
	expect_bad("connect h 1 2 --key-file k", "not also \"2\"");
	expect_bad("listen --key-file k --nonsense", "--nonsense");
	expect_bad("listen --key-file", "--key-file");
	expect_bad("connect h --once --key-file k", "--once belongs to listen");
	expect_bad("connect h --port 1 --key-file k", "after the host");
}

static void bad_settings(void **unused)
{
	expect_bad("listen", "give the shared key with --key-file");
	expect_bad("listen --key-file k --protocol=tls", "--protocol");
	expect_bad("listen --key-file k --device=", "--device");
	expect_bad("listen --key-file k --iv 00 --iv-file f", "exclude");
	expect_bad("listen --key-file k -4 -6", "exclude");
}

static void bad_numbers(void **unused)
{
	static const char *const ports[] = {"65536", "-1", "+1", "1x", "x", "0x10", "99999999999"};
	static const char *const frames[] = {"0",   "8",     "15",  "17",
					     "-16", "65552", "16k", "18446744073709551632"};
	static const char *const keys[] = {"0", "8", "17", "33", "128", "-16", "16.0"};
	static const char *const lingers[] = {"-1", "86401", "1s", "ever"};
	char line[200];

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		snprintf(line, sizeof(line), "listen --port=%s", ports[i]);
		expect_bad(line, "is not a number from 0 to 65535");
	}
	expect_bad("connect h 0 --key-file k", "from 1 to 65535");
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		snprintf(line, sizeof(line), "listen --data-size=%s", frames[i]);
		expect_bad(line, "multiple of 16");
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(line, sizeof(line), "listen --key-size=%s", keys[i]);
		expect_bad(line, "16, 24 or 32");
	}
	for (size_t i = 0; i < sizeof(lingers) / sizeof(lingers[0]); i++) {
		snprintf(line, sizeof(line), "listen --linger=%s", lingers[i]);
		expect_bad(line, "--linger");
	}
}

static void help_says_insecure(void **unused)
{
	char text[8192] = "";
	FILE *out = fmemopen(text, sizeof(text) - 1, "w");

	assert_non_null(out);
	cli_help(&lab_cli, out);
	fclose(out);
	assert_non_null(strstr(text, "The lab protocol is insecure"));
	assert_non_null(strstr(text, "--data-size"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults),	     cmocka_unit_test(everything_for_listen),
	    cmocka_unit_test(connect_words), cmocka_unit_test(help_and_version),
	    cmocka_unit_test(bad_commands),  cmocka_unit_test(bad_settings),
	    cmocka_unit_test(bad_numbers),   cmocka_unit_test(help_says_insecure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
