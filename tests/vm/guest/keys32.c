/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys32.c - cryptodev-keys32: the ioctls of keys by name from a real 32-bit program.
 *
 * Built by cases/36-keys with gcc -m32. It has no libcrypto: an Ed25519 key signs a message the same
 * way each time, so one way of asking is compared with another. The structures end at a page that
 * cannot be touched, and buffers lie on the stack, above 2 GiB, where a sign matters.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "virtio_cryptodev.h"

static_assert(sizeof(void *) == 4, "this program is about 32 bits");
static_assert(sizeof(struct crypt_label_op) == 216, "crypt_label_op");
static_assert(sizeof(struct crypt_key_op) == 56, "crypt_key_op");

#define WAIT 60000

static int fd;
static const uint8_t message[100] = {3, 1, 4, 1, 5};

static _Noreturn __attribute__((format(printf, 2, 3))) void fail_at(int line, const char *fmt, ...)
{
	va_list ap;

	printf("# keys32.c:%d: ", line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\nnot ok\n1 failed\n");
	fflush(stdout);
	exit(1);
}

#define expect(cond, ...)                                                                          \
	do {                                                                                       \
		if (!(cond))                                                                       \
			fail_at(__LINE__, __VA_ARGS__);                                            \
	} while (0)
#define expect_ret(want, call)                                                                     \
	do {                                                                                       \
		int got_ = (call);                                                                 \
		expect(got_ == (want), "%s: %s, expected %s", #call, strerror(-got_),              \
		       strerror(-(want)));                                                         \
	} while (0)

/* The ioctl on a copy of the structure that ends where no page is. */
static int call(unsigned long request, void *arg, size_t size)
{
	static uint8_t *map;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *edge;
	int err;

	if (!map) {
		map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);
		expect(map != MAP_FAILED && !mprotect(map + page, page, PROT_NONE), "mmap");
	}
	edge = map + page - size;
	memcpy(edge, arg, size);
	err = dev_ioctl(fd, request, edge);
	memcpy(arg, edge, size);
	return err;
}

static void list_and_information(void)
{
	struct crypt_key keys[64];
	struct crypt_key_list list = {.keys = (uintptr_t)keys, .count = 64};

	expect_ret(0, call(CIOCKEYLIST, &list, sizeof(list)));
	expect(list.count && list.count == list.total, "%u of %u keys", list.count, list.total);
	for (uint32_t i = 0; i < list.count; i++) {
		uint8_t der[CRYPT_KEY_MAX_SPKI];
		struct crypt_key_info info = {.spki = (uintptr_t)der, .spki_len = sizeof(der)};

		memcpy(info.label, keys[i].label, sizeof(info.label));
		expect_ret(0, call(CIOCKEYINFO, &info, sizeof(info)));
		expect(!memcmp(&info.key, &keys[i], sizeof(keys[i])), "%s differs", info.label);
		expect(!info.spki_len || der[0] == 0x30, "%s: no DER", info.label);
	}
}

static uint32_t session(const char *label, uint32_t cipher)
{
	struct crypt_label_op op = {.cipher = cipher};

	strcpy(op.label, label);
	expect_ret(0, call(CIOCGSESSLABEL, &op, sizeof(op)));
	return op.ses;
}

static void tickets(void)
{
	uint8_t ticket[CRYPT_KEY_TICKET_LEN];
	struct crypt_label_op op = {.label = "zz-ticket", .ticket = (uintptr_t)ticket};

	memset(ticket, 0x42, sizeof(ticket));
	expect_ret(0, call(CIOCGSESSLABEL, &op, sizeof(op)));
	ticket[0]++;
	expect_ret(-ENOKEY, call(CIOCGSESSLABEL, &op, sizeof(op)));
}

static void sign(uint32_t ses, uint8_t signature[64])
{
	struct crypt_key_op op = {.ses = ses,
				  .op = CRYPT_KEYOP_SIGN,
				  .flags = CRYPT_KEYOP_MESSAGE,
				  .scheme = VCD_SCHEME_ED25519,
				  .in = (uintptr_t)message,
				  .in_len = sizeof(message),
				  .out = (uintptr_t)signature,
				  .out_len = 64};

	expect_ret(0, call(CIOCKEYOP, &op, sizeof(op)));
	expect(op.out_len == 64, "%u bytes of signature", op.out_len);
}

static void later(uint32_t ses, const uint8_t want[64])
{
	uint8_t signature[64];
	struct crypt_key_op op = {.ses = ses,
				  .flags = CRYPT_KEYOP_MESSAGE,
				  .scheme = VCD_SCHEME_ED25519,
				  .in = (uintptr_t)message,
				  .in_len = sizeof(message),
				  .cookie = UINT64_C(0x8000000100000002)};
	struct crypt_key_fetch fetch = {.out = (uintptr_t)signature, .out_len = 63};
	struct pollfd p = {.fd = fd, .events = POLLIN};

	expect_ret(-EBUSY, call(CIOCKEYFETCH, &fetch, sizeof(fetch)));
	expect_ret(0, call(CIOCKEYASYNC, &op, sizeof(op)));
	expect(poll(&p, 1, WAIT) == 1 && p.revents & POLLIN, "it is not done");
	expect_ret(-EMSGSIZE, call(CIOCKEYFETCH, &fetch, sizeof(fetch)));
	expect(fetch.out_len == 64, "it takes %u bytes", fetch.out_len);
	expect_ret(0, call(CIOCKEYFETCH, &fetch, sizeof(fetch)));
	expect(!fetch.status && fetch.cookie == op.cookie, "status %d, cookie %llx", fetch.status,
	       (unsigned long long)fetch.cookie);
	expect(!memcmp(signature, want, 64), "another signature than at once");
}

/* A key's bytes are those that cryptodev-check knows: the session gives what such a one does. */
static void by_name_and_by_bytes(void)
{
	uint8_t key[16], iv[16] = {9}, out[48], want[48];
	struct session_op op = {.cipher = CRYPTO_AES_CBC, .keylen = sizeof(key), .key = key};
	uint32_t ses = session("cbc", CRYPTO_AES_CBC);

	for (unsigned int i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7 + CRYPTO_AES_CBC);
	expect_ret(0, call(CIOCGSESSION, &op, sizeof(op)));
	expect_ret(0, dev_crypt(fd, ses, COP_ENCRYPT, 0, message, out, sizeof(out), iv));
	expect_ret(0, dev_crypt(fd, op.ses, COP_ENCRYPT, 0, message, want, sizeof(want), iv));
	expect(!memcmp(out, want, sizeof(out)), "not the key that it should be");
}

/* The host's nonce goes to a 32-bit address. */
static void seal(void)
{
	uint8_t nonce[13] = {0}, sealed[sizeof(message) + 16], opened[sizeof(message)], iv[16];
	struct crypt_auth_op op = {.ses = session("gcm", CRYPTO_AES_GCM),
				   .src = (uint8_t *)message,
				   .len = sizeof(message),
				   .dst = sealed,
				   .iv = nonce};

	nonce[12] = 0xa5;
	expect_ret(0, call(CIOCAUTHCRYPT, &op, sizeof(op)));
	expect(op.len == sizeof(sealed) && nonce[12] == 0xa5, "%u bytes", op.len);
	memset(iv, 0, sizeof(iv));
	memcpy(iv, nonce, 12);
	op.op = COP_DECRYPT;
	op.src = sealed;
	op.dst = opened;
	op.iv = iv;
	expect_ret(0, call(CIOCAUTHCRYPT, &op, sizeof(op)));
	expect(!memcmp(opened, message, sizeof(message)), "what was opened is not what was sealed");
}

int main(void)
{
	uint8_t signature[64], again[64];
	uint32_t ses;

	fd = dev_open();
	if (fd < 0) {
		dev_explain(fd);
		return 1;
	}
	list_and_information();
	tickets();
	ses = session("ed25519", 0);
	sign(ses, signature);
	sign(ses, again);
	expect(!memcmp(signature, again, 64), "two signatures of one message differ");
	later(ses, signature);
	by_name_and_by_bytes();
	seal();
	printf("ok - keys by name from a 32-bit program\n0 failed\n");
	return 0;
}
