/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operations.c - what is done with /dev/crypto while allocations fail.
 */
#include "faults.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../dev.h"
#include "../ref.h"

#define BIG (300u << 10)

static uint8_t key[16] = {5};
static uint8_t *src, *dst, *want;
static uint32_t cbc;

static int op_open(int fd)
{
	int other = dev_open();

	if (other < 0)
		return other;
	close(other);
	return 0;
}

static int op_session(int fd)
{
	uint32_t ses;
	int err = dev_session(fd, CRYPTO_AES_CBC, key, sizeof(key), &ses);

	return err ? err : dev_end(fd, ses);
}

static int op_close(int fd)
{
	int other = dev_open(), err;
	uint32_t ses;

	if (other < 0)
		return other;
	err = dev_session(other, CRYPTO_AES_CBC, key, sizeof(key), &ses);
	close(other);
	return err;
}

static int op_clone(int fd)
{
	int clone, err = dev_ioctl(fd, CRIOGET, &clone);

	if (!err)
		close(clone);
	return err;
}

/* A call that says it has succeeded must have given the right answer. */
static int encrypt(int fd, size_t len, unsigned int flags)
{
	uint8_t iv[16] = {0};
	int err;

	memset(dst, 0, len);
	err = dev_crypt(fd, cbc, COP_ENCRYPT, flags, src, dst, len, iv);
	if (!err && memcmp(dst, want, len)) {
		printf("FAILED: success, but a wrong answer for %zu bytes\n", len);
		exit(1);
	}
	return err;
}

static int op_small(int fd)
{
	return encrypt(fd, 64, COP_FLAG_WRITE_IV);
}

static int op_page(int fd)
{
	return encrypt(fd, 4096, 0);
}

static int op_pinned(int fd)
{
	return encrypt(fd, 65536, 0);
}

static int op_copied(int fd)
{
	return encrypt(fd, 65536, COP_FLAG_NO_ZC);
}

static int op_split(int fd)
{
	return encrypt(fd, BIG, 0);
}

static int op_info(int fd)
{
	struct session_info_op info = {.ses = cbc};

	return dev_ioctl(fd, CIOCGSESSINFO, &info);
}

/* A hash in two parts, and copied to another session between them. */
static int op_hash(int fd)
{
	uint8_t digest[32];
	struct crypt_op op = {.src = src, .len = 5000, .flags = COP_FLAG_UPDATE, .mac = digest};
	struct cphash_op cp;
	int err = dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256, NULL, 0, &cp.src_ses);

	if (err)
		return err;
	err = dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256, NULL, 0, &cp.dst_ses);
	if (!err) {
		op.ses = cp.src_ses;
		err = dev_ioctl(fd, CIOCCRYPT, &op);
		if (!err)
			err = dev_ioctl(fd, CIOCCPHASH, &cp);
		op.ses = cp.dst_ses;
		op.flags = COP_FLAG_FINAL;
		op.len = 0;
		if (!err)
			err = dev_ioctl(fd, CIOCCRYPT, &op);
		dev_end(fd, cp.dst_ses);
	}
	dev_end(fd, cp.src_ses);
	return err;
}

/* CIOCAUTHCRYPT there and back, in place. */
static int auth(int fd, uint32_t cipher, uint32_t mac, unsigned int flags, size_t len)
{
	static const uint8_t mackey[20];
	uint8_t iv[16] = {0}, tag[64];
	struct crypt_auth_op op = {.flags = (uint16_t)flags,
				   .auth_src = src,
				   .auth_len = 13,
				   .src = dst,
				   .dst = dst,
				   .len = (uint32_t)len,
				   .tag = tag,
				   .iv = iv};
	int err = mac ? dev_mac_session(fd, cipher, key, sizeof(key), mac, mackey, sizeof(mackey),
					&op.ses)
		      : dev_session(fd, cipher, key, sizeof(key), &op.ses);

	if (err)
		return err;
	if (flags & COP_FLAG_AEAD_SRTP_TYPE) {
		op.auth_src = dst;
		op.auth_len = (uint32_t)len;
	}
	memcpy(dst, src, len);
	err = dev_ioctl(fd, CIOCAUTHCRYPT, &op);
	if (!err) {
		op.op = COP_DECRYPT;
		op.tag = tag;
		err = dev_ioctl(fd, CIOCAUTHCRYPT, &op);
		if (!err && memcmp(dst, src, len)) {
			printf("FAILED: success, but a wrong answer of cipher %u\n", cipher);
			exit(1);
		}
	}
	dev_end(fd, op.ses);
	return err;
}

static int op_gcm(int fd)
{
	return auth(fd, CRYPTO_AES_GCM, 0, 0, 1000);
}

static int op_gcm_pinned(int fd)
{
	return auth(fd, CRYPTO_AES_GCM, 0, 0, 100000);
}

static int op_tls(int fd)
{
	return auth(fd, CRYPTO_AES_CBC, CRYPTO_SHA1_HMAC, COP_FLAG_AEAD_TLS_TYPE, 16000);
}

static int op_srtp(int fd)
{
	return auth(fd, CRYPTO_AES_CTR, CRYPTO_SHA1_HMAC, COP_FLAG_AEAD_SRTP_TYPE, 1200);
}

/* Operations that are outstanding, one that is cut among them; fetched, or left to the close. */
static int asynchronous(bool fetch)
{
	uint8_t iv[16] = {0};
	int fd = dev_open(), err, done = 0;
	struct crypt_op op = {.src = src, .dst = dst, .iv = iv};

	if (fd < 0)
		return fd;
	err = dev_session(fd, CRYPTO_AES_CBC, key, sizeof(key), &op.ses);
	for (int i = 0; !err && i < 3; i++) {
		op.len = i == 2 ? BIG : 8192;
		err = dev_ioctl(fd, CIOCASYNCCRYPT, &op);
	}
	while (fetch && !err && done < 3) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (poll(&p, 1, 10000) != 1)
			err = errno == EFAULT || errno == ENOMEM ? -errno : -ETIME;
		else
			err = dev_ioctl(fd, CIOCASYNCFETCH, &op);
		done++;
	}
	close(fd);
	return err;
}

static int op_async(int fd)
{
	return asynchronous(true);
}

static int op_async_close(int fd)
{
	return asynchronous(false);
}

static int op_batch(int fd)
{
	struct crypt_op op[6];
	int32_t status[6] = {0};
	struct crypt_batch batch = {.count = 6, .ops = (uintptr_t)op, .status = (uintptr_t)status};
	static const uint8_t iv[16];
	int err;

	for (unsigned int i = 0; i < 6; i++)
		op[i] = (struct crypt_op){.ses = cbc,
					  .src = src,
					  .dst = dst,
					  .len = i == 5	  ? BIG
						 : i == 4 ? 65536
							  : 512,
					  .iv = i == 3 ? NULL : (uint8_t *)iv};
	err = dev_ioctl(fd, CIOCCRYPTBATCH, &batch);
	for (unsigned int i = 0; i < 6 && !err; i++)
		err = status[i];
	return err;
}

const struct operation operations[] = {
    {"open", op_open, 0},
    {"session", op_session, 0},
    {"session and close", op_close, 0},
    {"clone", op_clone, 0},
    {"session info", op_info, 0},
    {"64 bytes", op_small, 0},
    {"4 KiB", op_page, 0},
    {"64 KiB", op_pinned, 0},
    {"64 KiB copied", op_copied, 0},
    {"300 KiB", op_split, 0},
    {"hash in parts and its copy", op_hash, 0},
    {"GCM", op_gcm, EINVAL}, /* what CIOCAUTHCRYPT says of a source it cannot read */
    {"GCM, 100 KB", op_gcm_pinned, EINVAL},
    {"TLS record", op_tls, EINVAL},
    {"SRTP packet", op_srtp, EINVAL},
    {"asynchronous", op_async, 0},
    {"asynchronous and close", op_async_close, 0},
    {"batch", op_batch, 0},
    {"key list", op_key_list, 0},
    {"key information", op_key_info, 0},
    {"signature by label", op_key_sign, 0},
    {"seal by label", op_key_seal, EINVAL},
    {"signatures by label, asynchronous", op_key_later, 0},
    {"signatures by label, asynchronous, and close", op_key_later_close, 0},
};
const size_t operation_count = sizeof(operations) / sizeof(operations[0]);

static uint8_t *memory(void)
{
	void *p = mmap(NULL, BIG, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		die("memory");
	return p;
}

int operations_setup(int fd)
{
	static const uint8_t iv[16];
	int err;

	printf("%s keys by name\n", keys_setup(fd) ? "with" : "without");
	src = memory();
	dst = memory();
	want = malloc(BIG);
	if (!want)
		die("memory");
	err = dev_session(fd, CRYPTO_AES_CBC, key, sizeof(key), &cbc);
	if (err)
		return err;
	return ref_once(CRYPTO_AES_CBC, key, sizeof(key), COP_ENCRYPT, iv, src, want, BIG, NULL);
}
