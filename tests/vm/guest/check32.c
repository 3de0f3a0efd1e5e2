/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check32.c - cryptodev-check32: every ioctl from a real 32-bit program.
 *
 * Built by cases/10-basic with gcc -m32. It has no libcrypto: the answers
 * are those of the standards, or what the device itself said another way. The
 * structures a call is given end at a page that cannot be touched, so that a
 * kernel which takes them for their larger 64-bit kin is found out. Buffers lie on
 * the stack, which a 32-bit program has above 2 GiB, where a sign matters.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"

static_assert(sizeof(void *) == 4, "this program is about 32 bits");
static_assert(sizeof(struct session_op) == 28, "session_op");
static_assert(sizeof(struct crypt_op) == 28, "crypt_op");
static_assert(sizeof(struct crypt_auth_op) == 44, "crypt_auth_op");
static_assert(CIOCGSESSION == 0xc01c6366, "CIOCGSESSION");
static_assert(CIOCCRYPT == 0xc01c6368, "CIOCCRYPT");
static_assert(CIOCAUTHCRYPT == 0xc02c636d, "CIOCAUTHCRYPT");
static_assert(CIOCASYNCCRYPT == 0x401c636e, "CIOCASYNCCRYPT");
static_assert(CIOCASYNCFETCH == 0x801c636f, "CIOCASYNCFETCH");
static_assert(CIOCCRYPTBATCH == 0x401863a0, "CIOCCRYPTBATCH");
static_assert(CIOCTIMEOUT == 0x400463a1, "CIOCTIMEOUT");

#define BIG (1u << 20)
#define WAIT 60000

static int fd;

/* SP 800-38A, F.2.1 */
static const uint8_t key[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
				0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
static const uint8_t iv[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t pt[32] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e,
			       0x11, 0x73, 0x93, 0x17, 0x2a, 0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03,
			       0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51};
static const uint8_t ct[32] = {0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46, 0xce, 0xe9, 0x8e,
			       0x9b, 0x12, 0xe9, 0x19, 0x7d, 0x50, 0x86, 0xcb, 0x9b, 0x50, 0x72,
			       0x19, 0xee, 0x95, 0xdb, 0x11, 0x3a, 0x91, 0x76, 0x78, 0xb2};
/* FIPS 180-4, SHA-256 of "abc" */
static const uint8_t sha_abc[32] = {
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};

static _Noreturn __attribute__((format(printf, 2, 3))) void fail_at(int line, const char *fmt, ...)
{
	va_list ap;

	printf("# check32.c:%d: ", line);
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
#define expect_same(a, b, n) expect(!memcmp(a, b, n), "%s differs from %s", #a, #b)

/* @size bytes that end where no page is. */
static void *at_edge(const void *from, size_t size)
{
	static uint8_t *map;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!map) {
		map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);
		expect(map != MAP_FAILED && !mprotect(map + page, page, PROT_NONE), "mmap");
	}
	return memcpy(map + page - size, from, size);
}

/* The ioctl on a copy of the structure at the edge. */
static int call(unsigned long request, void *arg, size_t size)
{
	void *edge = at_edge(arg, size);
	int err = dev_ioctl(fd, request, edge);

	memcpy(arg, edge, size);
	return err;
}

static uint32_t session(uint32_t cipher, uint32_t mac, int *err)
{
	struct session_op op = {.cipher = cipher,
				.mac = mac,
				.keylen = cipher ? 16 : 0,
				.key = (uint8_t *)key,
				.mackeylen = cipher && !mac ? 0 : 16,
				.mackey = (uint8_t *)key};

	*err = call(CIOCGSESSION, &op, sizeof(op));
	expect(*err || op.ses, "session id 0");
	expect(op.cipher == cipher && op.key == key, "CIOCGSESSION changed its structure");
	return op.ses;
}

static uint32_t need(uint32_t cipher, uint32_t mac)
{
	int err;
	uint32_t ses = session(cipher, mac, &err);

	expect(!err, "no session of cipher %u and MAC %u: %s", cipher, mac, strerror(-err));
	return ses;
}

static void ciphers(void)
{
	uint8_t out[32], next[16];
	uint32_t ses = need(CRYPTO_AES_CBC, 0), none;
	struct crypt_op op = {.ses = ses,
			      .flags = COP_FLAG_WRITE_IV,
			      .len = 32,
			      .src = (uint8_t *)pt,
			      .dst = out,
			      .iv = next};
	uint8_t *big = malloc(BIG + 64), *copy = malloc(BIG + 64);
	int err;

	expect(big && copy, "malloc");
	expect((uintptr_t)out >> 31, "the stack is below 2 GiB, and this tests less than it says");
	memcpy(next, iv, 16);
	expect_ret(0, call(CIOCCRYPT, &op, sizeof(op)));
	expect_same(out, ct, 32);
	expect_same(next, ct + 16, 16);
	expect(op.src == pt && op.dst == out && op.iv == next && op.len == 32, "changed");
	/* pinned pages, there and back, at an odd address */
	for (uint32_t i = 0; i < BIG + 64; i++)
		copy[i] = big[i] = (uint8_t)(i * 7 + i / 251);
	for (uint16_t dir = 0; dir < 2; dir++) {
		op = (struct crypt_op){.ses = ses,
				       .op = dir,
				       .len = BIG,
				       .src = big + 5,
				       .dst = big + 5,
				       .iv = (uint8_t *)iv};
		expect_ret(0, call(CIOCCRYPT, &op, sizeof(op)));
		expect(dir || memcmp(big, copy, BIG), "nothing was done");
	}
	expect_same(big, copy, BIG + 64);
	op.len = 31;
	expect_ret(-EINVAL, call(CIOCCRYPT, &op, sizeof(op)));
	op.len = 32;
	op.src = NULL;
	expect_ret(-EFAULT, call(CIOCCRYPT, &op, sizeof(op)));
	op.src = (uint8_t *)0xfffff000u;
	expect_ret(-EFAULT, call(CIOCCRYPT, &op, sizeof(op)));
	op.src = (uint8_t *)pt;
	op.dst = (uint8_t *)0xfffff000u;
	expect_ret(-EFAULT, call(CIOCCRYPT, &op, sizeof(op)));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCCRYPT, (void *)0xfffffff0u));
	session(99, 0, &err);
	expect_ret(-EINVAL, err);
	none = ses;
	expect_ret(0, call(CIOCFSESSION, &none, sizeof(none)));
	op = (struct crypt_op){.ses = ses};
	expect_ret(-EINVAL, call(CIOCCRYPT, &op, sizeof(op)));
	free(big);
	free(copy);
}

static void hashes(void)
{
	/* RFC 2202, case 2 */
	static const uint8_t want[20] = {0xef, 0xfc, 0xdf, 0x6a, 0xe5, 0xeb, 0x2f,
					 0xa2, 0xd2, 0x74, 0x16, 0xd5, 0xf1, 0x84,
					 0xdf, 0x9c, 0x25, 0x9a, 0x7c, 0x79};
	uint8_t mac[64];
	uint32_t a = need(0, CRYPTO_SHA2_256), b = need(0, CRYPTO_SHA2_256);
	struct session_op hmac = {.mac = CRYPTO_SHA1_HMAC, .mackeylen = 4};
	struct crypt_op op = {.ses = a, .len = 3, .src = (uint8_t *)"abc", .mac = mac};
	struct cphash_op copy = {.dst_ses = b, .src_ses = a};

	expect_ret(0, call(CIOCCRYPT, &op, sizeof(op)));
	expect_same(mac, sha_abc, 32);
	op.flags = COP_FLAG_UPDATE | COP_FLAG_RESET;
	op.len = 1;
	op.mac = NULL;
	expect_ret(0, call(CIOCCRYPT, &op, sizeof(op)));
	expect_ret(0, call(CIOCCPHASH, &copy, sizeof(copy)));
	op.ses = b;
	op.src = (uint8_t *)"bc";
	op.len = 2;
	op.flags = COP_FLAG_FINAL;
	op.mac = mac;
	memset(mac, 0, sizeof(mac));
	expect_ret(0, call(CIOCCRYPT, &op, sizeof(op)));
	expect_same(mac, sha_abc, 32);
	copy.src_ses = b;
	expect_ret(-EDEADLK, call(CIOCCPHASH, &copy, sizeof(copy)));
	copy.src_ses = 0;
	expect_ret(-ENOENT, call(CIOCCPHASH, &copy, sizeof(copy)));
	hmac.mackey = (uint8_t *)"Jefe";
	expect_ret(0, call(CIOCGSESSION, &hmac, sizeof(hmac)));
	op = (struct crypt_op){.ses = hmac.ses,
			       .len = 28,
			       .src = (uint8_t *)"what do ya want for nothing?",
			       .mac = mac};
	expect_ret(0, call(CIOCCRYPT, &op, sizeof(op)));
	expect_same(mac, want, 20);
}

static void aeads(void)
{
	/* test case 2 of the GCM specification */
	static const uint8_t zero[16];
	static const uint8_t want[32] = {0x03, 0x88, 0xda, 0xce, 0x60, 0xb6, 0xa3, 0x92,
					 0xf3, 0x28, 0xc2, 0xb9, 0x71, 0xb2, 0xfe, 0x78,
					 0xab, 0x6e, 0x47, 0xd4, 0x2c, 0xec, 0x13, 0xbd,
					 0xf5, 0x3a, 0x67, 0xb2, 0x12, 0x57, 0xbd, 0xdf};
	struct session_op s = {.cipher = CRYPTO_AES_GCM, .keylen = 16, .key = (uint8_t *)zero};
	uint8_t out[64], back[64], tag[32];
	struct crypt_auth_op op;

	expect_ret(0, call(CIOCGSESSION, &s, sizeof(s)));
	op = (struct crypt_auth_op){
	    .ses = s.ses, .len = 16, .src = (uint8_t *)zero, .dst = out, .iv = (uint8_t *)zero};
	expect_ret(0, call(CIOCAUTHCRYPT, &op, sizeof(op)));
	expect_same(out, want, 32);
	expect(op.len == 32 && op.tag_len == 16 && op.tag == out + 16, "len %u, tag_len %u, tag %p",
	       op.len, op.tag_len, (void *)op.tag);
	op.op = COP_DECRYPT;
	op.src = out;
	op.dst = back;
	expect_ret(0, call(CIOCAUTHCRYPT, &op, sizeof(op)));
	expect(op.len == 16, "len %u", op.len);
	expect_same(back, zero, 16);
	op.len = 32;
	op.auth_src = out;
	op.auth_len = 1;
	memset(back, 0x31, sizeof(back));
	expect_ret(-EBADMSG, call(CIOCAUTHCRYPT, &op, sizeof(op)));
	for (int i = 0; i < 16; i++)
		expect(back[i] == 0x31, "byte %d of what is forged", i);
	op.auth_src = (uint8_t *)0xfffff000u;
	expect_ret(-EFAULT, call(CIOCAUTHCRYPT, &op, sizeof(op)));

	/* TLS: a record there and back */
	memset(back, 9, sizeof(back));
	op = (struct crypt_auth_op){.ses = need(CRYPTO_AES_CBC, CRYPTO_SHA1_HMAC),
				    .flags = COP_FLAG_AEAD_TLS_TYPE,
				    .len = 30,
				    .src = back,
				    .dst = back,
				    .auth_src = (uint8_t *)pt,
				    .auth_len = 13,
				    .iv = (uint8_t *)iv};
	expect_ret(0, call(CIOCAUTHCRYPT, &op, sizeof(op)));
	expect(op.len == 64 && op.tag_len == 20, "len %u, tag_len %u", op.len, op.tag_len);
	op.op = COP_DECRYPT;
	expect_ret(0, call(CIOCAUTHCRYPT, &op, sizeof(op)));
	expect(op.len == 30 && back[0] == 9 && back[29] == 9, "a record of %u", op.len);

	/* SRTP: the tag has a pointer of its own */
	memset(out, 4, sizeof(out));
	op = (struct crypt_auth_op){.ses = need(CRYPTO_AES_CTR, CRYPTO_SHA1_HMAC),
				    .flags = COP_FLAG_AEAD_SRTP_TYPE,
				    .len = 40,
				    .src = out + 12,
				    .dst = out + 12,
				    .auth_src = out,
				    .auth_len = 60,
				    .tag = tag,
				    .iv = (uint8_t *)iv};
	expect_ret(0, call(CIOCAUTHCRYPT, &op, sizeof(op)));
	expect(op.len == 40 && op.tag == tag, "SRTP changed len or tag");
	op.op = COP_DECRYPT;
	expect_ret(0, call(CIOCAUTHCRYPT, &op, sizeof(op)));
	for (int i = 0; i < 64; i++)
		expect(out[i] == 4, "byte %d of a packet", i);
	tag[1] ^= 1;
	expect_ret(-EBADMSG, call(CIOCAUTHCRYPT, &op, sizeof(op)));
}

static int poll_mask(int timeout)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};

	if (timeout)
		p.events = POLLIN;
	return poll(&p, 1, timeout) > 0 ? p.revents : 0;
}

static void async(void)
{
	uint32_t ses = need(CRYPTO_AES_CBC, 0);
	uint8_t out[64][32];
	struct crypt_op op, got;

	expect(poll_mask(0) == POLLOUT, "poll of an idle device");
	for (uint32_t i = 0; i < 64; i++) {
		op = (struct crypt_op){.ses = ses,
				       .len = 32,
				       .src = (uint8_t *)pt,
				       .dst = out[i],
				       .mac = (uint8_t *)(0xc0000000u + i),
				       .iv = (uint8_t *)iv};
		expect_ret(0, call(CIOCASYNCCRYPT, &op, sizeof(op)));
	}
	for (uint32_t i = 0; i < 64; i++) {
		memset(&got, 0xee, sizeof(got));
		expect(poll_mask(WAIT) & POLLIN, "nothing is done");
		expect_ret(0, call(CIOCASYNCFETCH, &got, sizeof(got)));
		op.dst = out[i];
		op.mac = (uint8_t *)(0xc0000000u + i);
		expect_same(&got, &op, sizeof(op));
		expect_same(out[i], ct, 32);
	}
	expect_ret(-EBUSY, call(CIOCASYNCFETCH, &got, sizeof(got)));
	op.len = 31;
	expect_ret(0, call(CIOCASYNCCRYPT, &op, sizeof(op)));
	expect(poll_mask(WAIT) & POLLIN, "nothing is done");
	expect_ret(-EINVAL, call(CIOCASYNCFETCH, &got, sizeof(got)));
}

static void batches(void)
{
	uint32_t ses = need(CRYPTO_AES_CBC, 0), sha = need(0, CRYPTO_SHA2_256);
	uint8_t out[100][32], mac[32];
	struct crypt_op ops[100];
	int32_t status[101];
	struct crypt_batch b = {.count = 100, .ops = (uintptr_t)ops, .status = (uintptr_t)status};

	for (int i = 0; i < 100; i++)
		ops[i] = (struct crypt_op){.ses = ses,
					   .len = i & 1 ? 16 : 32,
					   .src = (uint8_t *)pt,
					   .dst = out[i],
					   .iv = (uint8_t *)iv};
	ops[50] = (struct crypt_op){.ses = sha, .len = 3, .src = (uint8_t *)"abc", .mac = mac};
	ops[60].len = 1;
	ops[70].src = NULL;
	/* in two parts: the second continues */
	ops[80].len = 16;
	ops[81] = ops[80];
	ops[81].src += 16;
	ops[81].dst = out[80] + 16;
	ops[81].iv = NULL;
	memset(status, 0x77, sizeof(status));
	expect_ret(0, call(CIOCCRYPTBATCH, &b, sizeof(b)));
	for (int i = 0; i < 100; i++) {
		expect(status[i] == (i == 60   ? -EINVAL
				     : i == 70 ? -EFAULT
					       : 0),
		       "operation %d: %d", i, status[i]);
		if (!status[i] && i != 50 && i != 81)
			expect_same(out[i], ct, i & 1 ? 16 : 32);
	}
	expect(status[100] == 0x77777777, "written behind the status array");
	expect_same(mac, sha_abc, 32);
	b.ops = 0xfffff000u;
	expect_ret(-EFAULT, call(CIOCCRYPTBATCH, &b, sizeof(b)));
	b.ops = (uintptr_t)ops;
	b.status = 0;
	expect_ret(-EFAULT, call(CIOCCRYPTBATCH, &b, sizeof(b)));
}

static void others(void)
{
	struct session_info_op info = {.ses = need(CRYPTO_AES_CBC, CRYPTO_SHA1_HMAC)};
	uint32_t value = 0xffffffff;

	expect_ret(0, call(CIOCGSESSINFO, &info, sizeof(info)));
	expect(!strcmp(info.cipher_info.cra_name, "cbc(aes)") &&
		   !strcmp(info.hash_info.cra_name, "hmac(sha1)"),
	       "'%.63s', '%.63s'", info.cipher_info.cra_name, info.hash_info.cra_name);
	expect(info.flags == SIOP_FLAG_KERNEL_DRIVER_ONLY, "flags 0x%x", info.flags);
	info.ses ^= 0x10000;
	expect_ret(-EINVAL, call(CIOCGSESSINFO, &info, sizeof(info)));
	expect_ret(0, call(CIOCASYMFEAT, &value, sizeof(value)));
	expect(value == 0, "CIOCASYMFEAT gives 0x%x", value);
	expect_ret(0, call(CRIOGET, &value, sizeof(value)));
	expect((int)value > 2 && !close((int)value), "CRIOGET gives %d", (int)value);
	/* CIOCKEY, and the 64-bit numbers, which mean nothing here */
	static const uint32_t unknown[] = {CIOCKEY,    0xc0306366, 0xc0306368, 0xc048636d,
					   0x4030636e, 0x8030636f, 0xc004636c};
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		uint8_t arg[256] = {0};

		expect_ret(-EINVAL, dev_ioctl(fd, unknown[i], arg));
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} checks[] = {
	    {"ciphers", ciphers}, {"hashes", hashes},	{"aeads", aeads},
	    {"async", async},	  {"batches", batches}, {"others", others},
	};
	size_t n = sizeof(checks) / sizeof(checks[0]);

	if (argc > 1)
		dev_path = argv[1];
	fd = dev_open();
	if (fd < 0) {
		dev_explain(fd);
		return 2;
	}
	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		checks[i].run();
		printf("ok %zu - 32-bit %s\n", i + 1, checks[i].name);
	}
	printf("%zu passed, 0 failed\n", n);
	return 0;
}
