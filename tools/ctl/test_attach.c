/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_attach.c - vcryptoctl attach-xml, with programs that answer as QEMUs of several releases do. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/ctl/attach.h"
#include "tools/ctl/find.h"

static char dir[] = "/tmp/vcd-attach-XXXXXX";
static char program[64];

static int make_dir(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(program, sizeof(program), "%s/qemu", dir);
	return setenv("VCRYPTOCTL_DIR", dir, 1);
}

static int remove_dir(void **state)
{
	unlink(program);
	return rmdir(dir);
}

/* A program that answers --version with @version, and -device help with @devices. */
static void make_qemu(const char *version, const char *devices)
{
	FILE *file = fopen(program, "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\nif [ \"$1\" = --version ]; then echo '%s'; exit; fi\n", version);
	fprintf(file, "[ \"$1 $2\" = '-device help' ] || exit 1\necho '%s'\n", devices);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(program, 0755), 0);
}

#define OWN "name \"vhost-user-cryptodev-pci\", bus PCI"
#define GENERIC "name \"vhost-user-test-device-pci\", bus PCI"

static void check_probe(const char *version, const char *devices, struct attach_qemu expected)
{
	struct attach_qemu qemu;

	make_qemu(version, devices);
	assert_int_equal(attach_probe(program, &qemu), 0);
	assert_int_equal(qemu.own, expected.own);
	assert_int_equal(qemu.generic, expected.generic);
	assert_int_equal(qemu.major, expected.major);
	assert_int_equal(qemu.minor, expected.minor);
}

static void test_probe(void **state)
{
	struct attach_qemu qemu;

	check_probe("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)", OWN,
		    (struct attach_qemu){true, false, 7, 2});
	check_probe("QEMU emulator version 11.1.3", GENERIC,
		    (struct attach_qemu){false, true, 11, 1});
	check_probe("QEMU emulator version 10.2.0", OWN "\n" GENERIC,
		    (struct attach_qemu){true, true, 10, 2});
	check_probe("QEMU emulator version 10.0.13", "name \"virtio-rng-pci\"",
		    (struct attach_qemu){false, false, 10, 0});
	make_qemu("qemu-img version 7.2", "");
	assert_int_equal(attach_probe(program, &qemu), -EPROTO);
	make_qemu("QEMU emulator version seven", "");
	assert_int_equal(attach_probe(program, &qemu), -EPROTO);
	assert_int_equal(attach_probe("/bin/false", &qemu), -EPROTO);
	assert_int_equal(attach_probe("/nonexistent/qemu", &qemu), -ENOENT);
	/* One that never ceases to talk. */
	assert_true(attach_probe("/usr/bin/yes", &qemu) < 0);
}

/* The page for @qemu has each of @texts. */
static void check_page(struct attach_qemu qemu, const char *const *has, const char *const *lacks)
{
	char *page = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&page, &len);

	assert_non_null(out);
	attach_print(&qemu, "vm1", "/run/x/vm1.socket", out);
	assert_int_equal(fclose(out), 0);
	for (; *has; has++)
		if (!strstr(page, *has))
			fail_msg("there is no %s in:\n%s", *has, page);
	for (; *lacks; lacks++)
		if (strstr(page, *lacks))
			fail_msg("there is %s in:\n%s", *lacks, page);
	free(page);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_page(void **state)
{
	check_page((struct attach_qemu){true, false, 7, 2},
		   LIST("<access mode='shared'/>", "vhost-user-cryptodev-pci,chardev=vcrypto",
			"addr=0x1c'", "path=/run/x/vm1.socket,reconnect=1'", "QEMU 7.2"),
		   LIST("reconnect-ms", "test-device", "cannot migrate"));
	check_page((struct attach_qemu){true, true, 9, 1}, LIST("reconnect=1'"),
		   LIST("reconnect-ms", "test-device"));
	check_page((struct attach_qemu){true, true, 9, 2}, LIST("reconnect-ms=1000'"),
		   LIST("reconnect=1'", "test-device"));
	check_page((struct attach_qemu){true, false, 10, 0}, LIST("reconnect-ms=1000'"),
		   LIST("reconnect=1'"));
	check_page((struct attach_qemu){false, true, 11, 1},
		   LIST("vhost-user-test-device-pci,chardev=vcrypto,virtio-id=21,", "addr=0x1c'",
			"path=/run/x/vm1.socket'", "cannot migrate"),
		   LIST("reconnect=", "reconnect-ms", "vhost-user-cryptodev-pci"));
}

static void test_names(void **state)
{
	static const char *const good[] = {"vm1", "web.example.org", "a_b-c", "100"};
	static const char *const bad[] = {"", "a/b", "a'b", "a b", ".", "..", "-x", "a<b", "a&b"};
	char text[66];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(attach_name_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(attach_name_valid(bad[i]));
	memset(text, 'x', sizeof(text));
	text[65] = '\0';
	assert_false(attach_name_valid(text));
	text[64] = '\0';
	assert_true(attach_name_valid(text));
}

static void touch(const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
}

static void check_socket(const char *expected)
{
	char *path = NULL;

	assert_int_equal(find_front_end("vm1", &path), 0);
	assert_non_null(path);
	assert_string_equal(path + strlen(dir), expected);
	free(path);
}

/* The unit's socket, unless only the daemon's own is there. */
static void test_socket(void **state)
{
	char own_dir[64], own[80], unit[64];

	(void)snprintf(own_dir, sizeof(own_dir), "%s/vm1", dir);
	(void)snprintf(own, sizeof(own), "%s/vm1/socket", dir);
	(void)snprintf(unit, sizeof(unit), "%s/vm1.socket", dir);
	check_socket("/vm1.socket");
	assert_int_equal(mkdir(own_dir, 0700), 0);
	check_socket("/vm1.socket");
	touch(own);
	check_socket("/vm1/socket");
	touch(unit);
	check_socket("/vm1.socket");
	unlink(own);
	unlink(unit);
	assert_int_equal(rmdir(own_dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_probe),
	    cmocka_unit_test(test_page),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_socket),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
