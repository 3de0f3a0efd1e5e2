// SPDX-License-Identifier: GPL-2.0-or-later
/* test_options.c - what does each command line mean, and what is refused why? */
#include "tests/chat/cmocka_api.h"

#include <string.h>
#include <sys/socket.h>

#include "cryptochat/session/options.h"

#define PROGRAM "cryptochat"
#include "tests/chat/parsekit.h"

static void help_and_version(void **unused)
{
	struct options o;

	assert_int_equal(parse("--help", &o), CLI_HELP);
	assert_int_equal(parse("listen --help", &o), CLI_HELP);
	assert_int_equal(parse("--version", &o), CLI_VERSION);
}

static void bad_commands(void **unused)
{
	expect_bad("", "say listen, connect, send, recv, identity or peers");
	expect_bad("call host", "unknown command \"call\"");
	expect_bad("listen 35001", "--port");
	expect_bad("connect h 1 2", "not also \"2\"");
	expect_bad("listen --nonsense", "--nonsense");
	expect_bad("listen --key-file", "--key-file");
	expect_bad("connect h --once", "--once belongs to listen");
	expect_bad("connect h --port 1", "after the host");
}

static void bad_numbers(void **unused)
{
	static const char *const ports[] = {"65536", "-1", "+1", "1x", "x", "0x10", "99999999999"};
	char line[200];

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		snprintf(line, sizeof(line), "listen --port=%s", ports[i]);
		expect_bad(line, "is not a number from 0 to 65535");
	}
	expect_bad("connect h 0", "from 1 to 65535");
}

static void defaults(void **unused)
{
	struct options o;

	assert_int_equal(parse("listen", &o), CLI_RUN);
	assert_int_equal(o.port, 35001);
	assert_int_equal(o.family, AF_UNSPEC);
	assert_string_equal(o.device, "auto");
	assert_int_equal(o.offload, OFFLOAD_AUTO);
	assert_int_equal(o.keepalive_ms, 10000);
	assert_int_equal(o.reconnect_ms, 300000);
	assert_string_equal(o.dir, ".");
	assert_false(o.hub || o.invite || o.accept_new || o.strict || o.json || o.require_offload);
	assert_int_equal(parse("connect", &o), CLI_RUN);
	assert_null(o.host);
	assert_int_equal(parse("identity", &o), CLI_RUN);
	assert_int_equal(o.command, COMMAND_IDENTITY);
	assert_int_equal(parse("connect h 7 -m hello --offload=all --require-offload --nick=n", &o),
			 CLI_RUN);
	assert_string_equal(o.message, "hello");
	assert_int_equal(o.offload, OFFLOAD_ALL);
}

static void send_and_recv(void **unused)
{
	struct options o;

	assert_int_equal(parse("send a b --to=host:77", &o), CLI_RUN);
	assert_int_equal(o.file_count, 2);
	assert_string_equal(o.files[1], "b");
	assert_string_equal(o.host, "host");
	assert_int_equal(o.port, 77);
	assert_int_equal(parse("send a --to=host", &o), CLI_RUN);
	assert_int_equal(o.port, 35001);
	assert_int_equal(parse("send a --to=[::1]:5", &o), CLI_RUN);
	assert_string_equal(o.host, "[::1]");
	assert_int_equal(o.port, 5);
	assert_int_equal(parse("send a --to=fe80::1", &o), CLI_RUN);
	assert_string_equal(o.host, "fe80::1");
	assert_int_equal(parse("connect host:77", &o), CLI_RUN);
	assert_string_equal(o.host, "host");
	assert_int_equal(o.port, 77);
	assert_int_equal(parse("connect [::1]:78", &o), CLI_RUN);
	assert_string_equal(o.host, "[::1]");
	assert_int_equal(o.port, 78);
	assert_int_equal(parse("recv --dir=d", &o), CLI_RUN);
	assert_null(o.host);
	assert_int_equal(parse("recv host 9", &o), CLI_RUN);
	assert_int_equal(o.port, 9);
}

static void peers(void **unused)
{
	struct options o;

	assert_int_equal(parse("peers", &o), CLI_RUN);
	assert_int_equal(o.peers, PEERS_LIST);
	assert_int_equal(parse("peers rename a b", &o), CLI_RUN);
	assert_int_equal(o.peers, PEERS_RENAME);
	assert_string_equal(o.peer, "a");
	assert_string_equal(o.new_nick, "b");
	expect_bad("peers drop a", "peers takes: list, show WHO");
	expect_bad("peers forget", "peers takes: list, show WHO");
	expect_bad("peers --accept-new", "--accept-new belongs to");
}

static void bad_settings(void **unused)
{
	expect_bad("send", "send needs a file");
	/* There is no insecure mode: that is labchat. */
	expect_bad("listen --protocol=lab", "--protocol");
	expect_bad("listen --data-size 256", "--data-size");
	expect_bad("listen --invite-host=host:1", "a name or an address is needed");
	expect_bad("listen --invite-host=fe80::1%eth0", "a zone means nothing");
	expect_bad("listen --invite-host=a/b", "a name or an address is needed");
	expect_bad("listen --invite-host=", "a name or an address is needed");
	expect_bad("listen -4 -6", "exclude");
	expect_bad("listen --device=", "--device");
	expect_bad("connect h --hub", "--hub belongs to listen");
	expect_bad("connect h --invite", "--invite belongs to listen");
	expect_bad("listen --accept-new --strict", "exclude");
	expect_bad("connect h --invite-file f", "give a host or --invite-file");
	expect_bad("connect h --offload=some", "auto, all or off is needed");
	expect_bad("connect h --offload=off --require-offload", "--require-offload needs");
	expect_bad("connect h --nick=-x", "\"-x\" is no nick");
	expect_bad("connect h --eof=later", "half or close is needed");
	expect_bad("connect h --keepalive=0", "a number from 1 to 600 seconds is needed");
	/* The arguments of a process can be read by everybody. */
	expect_bad("connect cryptochat1:h:1:x:y", "an invite is a secret");
	expect_bad("send f --to=cryptochat1:h:1:x:y", "an invite is a secret");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(help_and_version),
	    cmocka_unit_test(bad_commands),
	    cmocka_unit_test(bad_numbers),
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(send_and_recv),
	    cmocka_unit_test(bad_settings),
	    cmocka_unit_test(peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
