// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_crypt.c - is libcrypto used right, and is a device asked the right things
 * in the right order? The device is played by a struct crypt_sys.
 */
#include "tests/chat/cmocka_api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "labchat/crypt.h"
#include "include/cryptodev.h"
#include "tests/chat/known_answers.h"

#define FAKE_FD 77
#define FAKE_SESSION 4711

/* What the played device shall do, and what it was asked. */
static struct fake {
	int open_result;
	int session_result;
	int crypt_result;
	char log[256];
	char path[64];
	uint8_t key[64];
	uint32_t key_len;
	struct crypt_op last;
	uint8_t last_iv[16];
} fake;

static void note(const char *what)
{
	assert_true(strlen(fake.log) + strlen(what) + 2 < sizeof(fake.log));
	strcat(fake.log, what);
	strcat(fake.log, " ");
}

static int fake_open(const char *path)
{
	note("open");
	strncpy(fake.path, path, sizeof(fake.path) - 1);
	return fake.open_result ? fake.open_result : FAKE_FD;
}

static int make_session(struct session_op *op)
{
	note("session");
	assert_int_equal(op->cipher, CRYPTO_AES_CBC);
	assert_int_equal(op->mac, 0);
	assert_int_equal(op->mackeylen, 0);
	assert_true(op->keylen <= sizeof(fake.key));
	memcpy(fake.key, op->key, op->keylen);
	fake.key_len = op->keylen;
	op->ses = FAKE_SESSION;
	return fake.session_result;
}

/* Not AES: each byte is changed in a way that shows the direction and the IV. */
static int crypt_data(const struct crypt_op *op)
{
	note(op->op == COP_ENCRYPT ? "encrypt" : "decrypt");
	assert_int_equal(op->ses, FAKE_SESSION);
	fake.last = *op;
	memcpy(fake.last_iv, op->iv, 16);
	for (uint32_t i = 0; i < op->len; i++)
		op->dst[i] = op->src[i] ^ op->iv[i % 16];
	/* A device may use the IV's place for its own ends. */
	memset(op->iv, 0xee, 16);
	return fake.crypt_result;
}

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	assert_int_equal(fd, FAKE_FD);
	switch (request) {
	case CIOCGSESSION:
		return make_session(arg);
	case CIOCCRYPT:
		return crypt_data(arg);
	case CIOCFSESSION:
		note("free");
		assert_int_equal(*(uint32_t *)arg, FAKE_SESSION);
		return 0;
	default:
		fail_msg("unexpected ioctl %lx", request);
		return -EINVAL;
	}
}

static void fake_close(int fd)
{
	assert_int_equal(fd, FAKE_FD);
	note("close");
}

static const struct crypt_sys fake_sys = {
    .open = fake_open,
    .ioctl = fake_ioctl,
    .close = fake_close,
};

static int reset_fake(void **state)
{
	fake = (struct fake){0};
	return 0;
}

static struct secret key_of(size_t len)
{
	struct secret key = {.len = len};

	for (size_t i = 0; i < len; i++)
		key.bytes[i] = (uint8_t)(i + 1);
	return key;
}

static void device_is_asked_in_order(void **state)
{
	static const size_t sizes[] = {16, 24, 32};

	for (size_t i = 0; i < 3; i++) {
		struct secret key = key_of(sizes[i]);
		uint8_t iv[16] = "0123456789abcdef", iv_before[16], data[48] = "some text";
		struct crypt *c;

		reset_fake(NULL);
		memcpy(iv_before, iv, 16);
		assert_int_equal(crypt_open(&fake_sys, "/some/dev", &key, &c, NULL), 0);
		assert_string_equal(fake.path, "/some/dev");
		assert_string_equal(c->device, "/some/dev");
		assert_int_equal(fake.key_len, sizes[i]);
		assert_memory_equal(fake.key, key.bytes, sizes[i]);

		assert_int_equal(crypt_cbc(c, CRYPT_ENCRYPT, iv, data, 48), 0);
		assert_int_equal(fake.last.len, 48);
		assert_ptr_equal(fake.last.src, data);
		assert_ptr_equal(fake.last.dst, data);
		assert_int_equal(fake.last.flags, 0);
		assert_memory_equal(fake.last_iv, iv_before, 16);
		/* The caller's IV is for every frame: nothing may change it. */
		assert_memory_equal(iv, iv_before, 16);
		assert_int_equal(crypt_cbc(c, CRYPT_DECRYPT, iv, data, 48), 0);
		assert_memory_equal(fake.last_iv, iv_before, 16);
		assert_string_equal((const char *)data, "some text");
		assert_int_equal(c->operations, 2);
		crypt_close(c);
		assert_string_equal(fake.log, "open session encrypt decrypt free close ");
	}
}

static void device_that_cannot_be_opened(void **state)
{
	struct secret key = key_of(16);
	struct crypt *c;

	fake.open_result = -ENODEV;
	assert_int_equal(crypt_open(&fake_sys, "/some/dev", &key, &c, NULL), -ENODEV);
	assert_string_equal(fake.log, "open ");
}

static void device_without_the_cipher(void **state)
{
	struct secret key = key_of(24);
	struct crypt *c;

	fake.session_result = -EINVAL;
	assert_int_equal(crypt_open(&fake_sys, "/some/dev", &key, &c, NULL), -EINVAL);
	assert_string_equal(fake.log, "open session close ");
}

static void failed_operations_do_not_count(void **state)
{
	struct secret key = key_of(16);
	uint8_t iv[16] = {0}, data[16] = {0};
	struct crypt *c;

	assert_int_equal(crypt_open(&fake_sys, "/some/dev", &key, &c, NULL), 0);
	fake.crypt_result = -EIO;
	assert_int_equal(crypt_cbc(c, CRYPT_ENCRYPT, iv, data, 16), -EIO);
	assert_int_equal(crypt_cbc(c, CRYPT_ENCRYPT, iv, data, 15), -EINVAL);
	assert_int_equal(crypt_cbc(c, CRYPT_ENCRYPT, iv, data, 0), -EINVAL);
	assert_int_equal(c->operations, 0);
	crypt_close(c);
	assert_string_equal(fake.log, "open session encrypt free close ");
}

static void auto_takes_the_device(void **state)
{
	struct secret key = key_of(16);
	struct crypt *c;
	int why_not = 1;

	assert_int_equal(crypt_open(&fake_sys, "auto", &key, &c, &why_not), 0);
	assert_int_equal(why_not, 0);
	assert_string_equal(fake.path, "/dev/crypto");
	assert_string_equal(c->device, "/dev/crypto");
	crypt_close(c);
	assert_string_equal(fake.log, "open session free close ");
}

static void auto_falls_back_and_says_why(void **state)
{
	struct secret key = key_of(16);
	struct crypt *c;
	int why_not = 0;

	fake.open_result = -ENOENT;
	assert_int_equal(crypt_open(&fake_sys, "auto", &key, &c, &why_not), 0);
	assert_int_equal(why_not, -ENOENT);
	assert_string_equal(c->device, "none");
	crypt_close(c);

	reset_fake(NULL);
	fake.session_result = -EIO;
	assert_int_equal(crypt_open(&fake_sys, "auto", &key, &c, &why_not), 0);
	assert_int_equal(why_not, -EIO);
	crypt_close(c);
	assert_string_equal(fake.log, "open session close ");
}

static void none_touches_no_device(void **state)
{
	struct secret key = key_of(16);
	struct crypt *c;

	assert_int_equal(crypt_open(&fake_sys, "none", &key, &c, NULL), 0);
	crypt_close(c);
	assert_string_equal(fake.log, "");
	crypt_close(NULL);
}

/* SP 800-38A F.2: several blocks; each call starts from the IV again. */
static void libcrypto_known_answers(void **state)
{
	for (size_t i = 0; i < sizeof(cbc_answers) / sizeof(cbc_answers[0]); i++) {
		const struct cbc_answer *a = &cbc_answers[i];
		struct secret key = {.len = a->key_len};
		uint8_t data[64];
		struct crypt *c;

		memcpy(key.bytes, a->key, a->key_len);
		assert_int_equal(crypt_open(&fake_sys, "none", &key, &c, NULL), 0);
		for (int again = 0; again < 2; again++) {
			memcpy(data, cbc_plaintext, 64);
			assert_int_equal(crypt_cbc(c, CRYPT_ENCRYPT, cbc_iv, data, 64), 0);
			assert_memory_equal(data, a->ciphertext, 64);
			assert_int_equal(crypt_cbc(c, CRYPT_DECRYPT, cbc_iv, data, 64), 0);
			assert_memory_equal(data, cbc_plaintext, 64);
		}
		assert_int_equal(c->operations, 4);
		crypt_close(c);
	}
}

static void bad_key_sizes(void **state)
{
	struct secret key = key_of(17);
	struct crypt *c;

	assert_int_equal(crypt_open(&fake_sys, "none", &key, &c, NULL), -EINVAL);
	key.len = 0;
	assert_int_equal(crypt_open(&fake_sys, "none", &key, &c, NULL), -EINVAL);
}

/* The true system calls, on files that are not crypto devices. */
static void files_are_not_devices(void **state)
{
	struct secret key = key_of(16);
	struct crypt *c;

	assert_int_equal(crypt_open(&crypt_sys_linux, "/dev/null", &key, &c, NULL), -ENOTTY);
	assert_int_equal(crypt_open(&crypt_sys_linux, "/nonexistent/x", &key, &c, NULL), -ENOENT);
	assert_int_equal(crypt_open(&crypt_sys_linux, "/", &key, &c, NULL), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(device_is_asked_in_order, reset_fake),
	    cmocka_unit_test_setup(device_that_cannot_be_opened, reset_fake),
	    cmocka_unit_test_setup(device_without_the_cipher, reset_fake),
	    cmocka_unit_test_setup(failed_operations_do_not_count, reset_fake),
	    cmocka_unit_test_setup(auto_takes_the_device, reset_fake),
	    cmocka_unit_test_setup(auto_falls_back_and_says_why, reset_fake),
	    cmocka_unit_test_setup(none_touches_no_device, reset_fake),
	    cmocka_unit_test_setup(libcrypto_known_answers, reset_fake),
	    cmocka_unit_test_setup(bad_key_sizes, reset_fake),
	    cmocka_unit_test(files_are_not_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
