/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_key_client.c - names of keys, their URIs and tickets, and the table of schemes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/key_client.h"
#include "common/key_scheme.h"
#include "common/util.h"
#include "unit.h"
#include "virtio_cryptodev.h"

static void test_labels(void **state)
{
	char longest[CRYPT_KEY_LABEL_LEN];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_true(key_label_valid("a"));
	assert_true(key_label_valid("0.b_c-d"));
	assert_true(key_label_valid(longest));
	assert_false(key_label_valid(""));
	assert_false(key_label_valid(".a"));
	assert_false(key_label_valid("-a"));
	assert_false(key_label_valid("A"));
	assert_false(key_label_valid("a/b"));
	assert_false(key_label_valid("a b"));
	assert_false(key_label_valid("a\n"));
	assert_false(key_label_valid("\303\244"));
	assert_false(
	    key_label_valid("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void test_parse(void **state)
{
	struct key_name name;

	assert_int_equal(key_name_parse(&name, "cryptodev:web-tls"), 0);
	assert_string_equal(name.label, "web-tls");
	assert_string_equal(name.device, "/dev/crypto");
	assert_string_equal(name.ticket_file, "");
	assert_int_equal(
	    key_name_parse(&name, "CryptoDev:a;device=/dev/cryptodev1?ticket-file=/t%20%3F"), 0);
	assert_string_equal(name.device, "/dev/cryptodev1");
	assert_string_equal(name.ticket_file, "/t ?");
	assert_int_equal(key_name_parse(&name, "cryptodev:a?ticket-file=t"), 0);
	assert_string_equal(name.device, "/dev/crypto");
}

static void test_bad_uris(void **state)
{
	static const char *const bad[] = {
	    "",
	    "cryptodev",
	    "cryptodev:",
	    "cryptodevx:a",
	    "file:a",
	    "cryptodev:A",
	    "cryptodev:a;",
	    "cryptodev:a?",
	    "cryptodev:a;device=",
	    "cryptodev:a;device=x;device=y",
	    "cryptodev:a?ticket-file=",
	    "cryptodev:a?ticket-file=x&y",
	    "cryptodev:a?ticket-file=x;device=y",
	    "cryptodev:a;device=%",
	    "cryptodev:a;device=%2",
	    "cryptodev:a;device=%zz",
	    "cryptodev:a;device=x%00y",
	    "cryptodev:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	char longer[KEY_MAX_PATH + 64] = "cryptodev:a;device=";
	struct key_name name;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(key_name_parse(&name, bad[i]), -EINVAL);
	memset(longer + strlen(longer), 'x', KEY_MAX_PATH - 1);
	assert_int_equal(key_name_parse(&name, longer), 0);
	longer[strlen(longer)] = 'x';
	assert_int_equal(key_name_parse(&name, longer), -EINVAL);
}

/* What is written is read again, with all bytes that a path may have. */
static void test_round_trip(void **state)
{
	char path[KEY_MAX_PATH], uri[KEY_MAX_URI];
	struct key_name name, again;

	for (size_t i = 0; i < 255; i++)
		path[i] = (char)(i + 1);
	path[60] = '\0';
	path[160] = '\0';
	assert_int_equal(key_name_set(&name, "a", path, path + 61), 0);
	assert_int_equal(key_name_uri(&name, uri), 0);
	assert_int_equal(key_name_parse(&again, uri), 0);
	assert_string_equal(again.device, path);
	assert_string_equal(again.ticket_file, path + 61);
	/* Escaped, the longest paths do not fit. */
	memset(path, '%', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(key_name_set(&name, "a", path, path), 0);
	assert_int_equal(key_name_uri(&name, uri), -ENAMETOOLONG);
	assert_int_equal(key_name_set(&name, "a", "", NULL), -EINVAL);
}

static int ticket_of(const char *content, size_t len, struct key_name *name)
{
	char path[] = "/tmp/ticket-XXXXXX";
	int fd = mkstemp(path), err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, len), len);
	close(fd);
	assert_int_equal(key_name_set(name, "a", NULL, path), 0);
	err = key_name_ticket(name);
	unlink(path);
	return err;
}

static void test_tickets(void **state)
{
	static const char hex[] =
	    "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F\n";
	struct key_name name;
	uint8_t wanted[32];

	for (unsigned int i = 0; i < sizeof(wanted); i++)
		wanted[i] = (uint8_t)i;
	assert_int_equal(ticket_of((const char *)wanted, 32, &name), 0);
	assert_memory_equal(name.ticket, wanted, 32);
	assert_int_equal(ticket_of(hex, 64, &name), 0);
	assert_memory_equal(name.ticket, wanted, 32);
	assert_int_equal(ticket_of(hex, 65, &name), 0);
	assert_true(name.has_ticket);
	key_name_wipe(&name);
	assert_false(name.has_ticket);
	assert_int_equal(name.ticket[5], 0);
	assert_int_equal(ticket_of(hex, 63, &name), -EINVAL);
	assert_int_equal(ticket_of(hex, 31, &name), -EINVAL);
	assert_int_equal(ticket_of("", 0, &name), -EINVAL);
	assert_int_equal(
	    ticket_of("zz0102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F", 64,
		      &name),
	    -EINVAL);
	assert_false(name.has_ticket);
	assert_int_equal(key_name_set(&name, "a", NULL, "/nonexistent/ticket"), 0);
	assert_int_equal(key_name_ticket(&name), -ENOENT);
	assert_int_equal(key_name_set(&name, "a", NULL, NULL), 0);
	assert_int_equal(key_name_ticket(&name), 0);
	assert_false(name.has_ticket);
}

static void test_schemes(void **state)
{
	const struct key_scheme *s;
	uint64_t seen = 0;

	for (size_t i = 0; (s = key_scheme_at(i)); i++) {
		assert_true(s->id < 64 && !(seen & UINT64_C(1) << s->id));
		seen |= UINT64_C(1) << s->id;
		assert_ptr_equal(key_scheme_find(s->kind, s->family, s->digest), s);
		assert_string_not_equal(key_kind_name(s->kind), "unknown");
	}
	assert_true(seen & UINT64_C(1) << VCD_SCHEME_X25519);
	assert_null(key_scheme_find(VCD_KIND_RSA, KEY_ECDSA, KEY_SHA256));
	assert_null(key_scheme_find(VCD_KIND_P256, KEY_ECDSA, KEY_SHA1));
	assert_true(key_schemes_have(UINT64_C(1) << VCD_ECDH_P384, KEY_ECDH));
	assert_false(key_schemes_have(UINT64_C(1) << VCD_ECDH_P384, KEY_ECDSA));
	assert_string_equal(key_kind_name(12345), "unknown");
}

static void test_digest_info(void **state)
{
	uint8_t der[19 + 32] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
	enum key_digest digest = KEY_NO_DIGEST;

	assert_ptr_equal(key_digest_info(der, sizeof(der), &digest), der + 19);
	assert_int_equal(digest, KEY_SHA256);
	assert_null(key_digest_info(der, sizeof(der) - 1, &digest));
	assert_null(key_digest_info(der, 0, &digest));
	for (size_t i = 0; i < 19; i++) {
		der[i] ^= 1;
		assert_null(key_digest_info(der, sizeof(der), &digest));
		der[i] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_labels),	cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_bad_uris),	cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_tickets),	cmocka_unit_test(test_schemes),
	    cmocka_unit_test(test_digest_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
