/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.c - cryptodev-keys: uses a key by name while somebody else disturbs its host.
 *
 *	cryptodev-keys LABEL [TIMEOUT_MS]
 *
 * Opens a session of the key and prints "ready". Then each line of standard input is a command, whose
 * result is one line, "ok" or the name of an error:
 *
 *	once	one operation, its answer checked
 *	load	operations, one after the other and 64 at a time, until the next line; prints
 *		"working", and then "ok" if none failed, or how many failed and the last error
 *	open	another session of the key, and one operation with it
 *	end	ends
 *
 * A wrong answer ends the program with status 1.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "common/key_scheme.h"
#include "dev.h"
#include "ref.h"
#include "virtio_cryptodev.h"

#define LEN 4096
#define MOST 64

static int fd;
static struct crypt_key key;
static const struct key_scheme *scheme;
static EVP_PKEY *pkey;
static uint32_t counter;

static _Noreturn void die(const char *what, int err)
{
	printf("FAILED: %s: %s\n", what, strerror(-err));
	exit(1);
}

/* A name that does not depend on the C library's language. */
static const char *name_of(int err)
{
	return err ? strerrorname_np(-err) : "ok";
}

static int open_session(uint32_t *ses)
{
	struct crypt_label_op op = {.cipher = key.alg};
	int err;

	memcpy(op.label, key.label, sizeof(op.label));
	err = dev_ioctl(fd, CIOCGSESSLABEL, &op);
	*ses = op.ses;
	return err;
}

static void check_signature(const uint8_t *message, size_t len, const uint8_t *sig, size_t sig_len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool good = EVP_DigestVerifyInit_ex(md, NULL, key_digest_name(scheme->digest), NULL, NULL,
					    pkey, NULL) > 0 &&
		    EVP_DigestVerify(md, sig, sig_len, message, len) == 1;

	EVP_MD_CTX_free(md);
	if (!good)
		die("a wrong signature", 0);
}

static int sign(uint32_t ses)
{
	uint8_t message[64] = {0}, out[1024];
	struct crypt_key_op op = {.ses = ses,
				  .flags = CRYPT_KEYOP_MESSAGE,
				  .scheme = scheme->id,
				  .in = (uintptr_t)message,
				  .in_len = sizeof(message),
				  .out = (uintptr_t)out,
				  .out_len = sizeof(out)};
	int err;

	memcpy(message, &counter, sizeof(counter));
	counter++;
	err = dev_ioctl(fd, CIOCKEYOP, &op);
	if (!err)
		check_signature(message, sizeof(message), out, op.out_len);
	return err;
}

/* The key's bytes are those that cases/keys.sh gives. */
static int encrypt(uint32_t ses)
{
	static uint8_t plain[LEN], got[LEN], want[LEN];
	uint8_t bytes[CRYPTO_CIPHER_MAX_KEY_LEN], iv[16] = {0};
	int err;

	for (unsigned int i = 0; i < key.key_len; i++)
		bytes[i] = (uint8_t)(i * 7 + key.alg);
	memcpy(plain, &counter, sizeof(counter));
	counter++;
	err = dev_crypt(fd, ses, COP_ENCRYPT, 0, plain, got, LEN, iv);
	if (err)
		return err;
	memset(iv, 0, sizeof(iv));
	if (ref_once(key.alg, bytes, key.key_len, COP_ENCRYPT, iv, plain, want, LEN, NULL) ||
	    memcmp(got, want, LEN) != 0)
		die("wrong data", 0);
	return 0;
}

static int once(uint32_t ses)
{
	return key.kind == VCD_KIND_SYMMETRIC ? encrypt(ses) : sign(ses);
}

/* MOST signatures at a time. Return: how many failed. */
static unsigned int many(uint32_t ses, int *last)
{
	uint8_t messages[MOST][32], out[1024];
	unsigned int failed = 0;

	for (uint32_t i = 0; i < MOST; i++) {
		struct crypt_key_op op = {.ses = ses,
					  .flags = CRYPT_KEYOP_MESSAGE,
					  .scheme = scheme->id,
					  .in = (uintptr_t)messages[i],
					  .in_len = sizeof(messages[i]),
					  .cookie = i};
		int err;

		memset(messages[i], (int)(counter++ & 0xff), sizeof(messages[i]));
		err = dev_ioctl(fd, CIOCKEYASYNC, &op);
		if (err)
			die("CIOCKEYASYNC", err);
	}
	for (unsigned int n = 0; n < MOST; n++) {
		struct crypt_key_fetch f = {.out = (uintptr_t)out, .out_len = sizeof(out)};
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int err;

		if (poll(&p, 1, 120000) != 1)
			die("poll", -ETIME);
		err = dev_ioctl(fd, CIOCKEYFETCH, &f);
		if (err || f.cookie >= MOST)
			die("CIOCKEYFETCH", err);
		if (f.status) {
			failed++;
			*last = f.status;
			continue;
		}
		check_signature(messages[f.cookie], sizeof(messages[0]), out, f.out_len);
	}
	return failed;
}

static void load(uint32_t ses)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	unsigned int failed = 0, done = 0;
	int last = 0;

	printf("working\n");
	while (!poll(&in, 1, 0)) {
		int err = once(ses);

		done++;
		failed += err != 0;
		last = err ? err : last;
		if (key.kind != VCD_KIND_SYMMETRIC) {
			failed += many(ses, &last);
			done += MOST;
		}
	}
	fprintf(stderr, "%u operations\n", done);
	if (failed)
		printf("%u failed, %s\n", failed, name_of(last));
	else
		printf("ok\n");
}

static void command(const char *line, uint32_t ses)
{
	uint32_t other;
	int err;

	if (!strcmp(line, "once")) {
		puts(name_of(once(ses)));
	} else if (!strcmp(line, "load")) {
		load(ses);
	} else if (!strcmp(line, "open")) {
		err = open_session(&other);
		if (!err) {
			err = once(other);
			dev_end(fd, other);
		}
		puts(name_of(err));
	}
}

/* What the host says of the key, and its public part. */
static void prepare(const char *label)
{
	uint8_t der[CRYPT_KEY_MAX_SPKI];
	struct crypt_key_info info = {.spki = (uintptr_t)der, .spki_len = sizeof(der)};
	const uint8_t *at = der;
	int err;

	strncpy(info.label, label, sizeof(info.label) - 1);
	err = dev_ioctl(fd, CIOCKEYINFO, &info);
	if (err)
		die("CIOCKEYINFO", err);
	key = info.key;
	if (key.kind == VCD_KIND_SYMMETRIC)
		return;
	for (size_t i = 0; (scheme = key_scheme_at(i)); i++)
		if (scheme->family <= KEY_PURE && key.schemes >> scheme->id & 1)
			break;
	pkey = d2i_PUBKEY(NULL, &at, info.spki_len);
	if (!scheme || !pkey)
		die("not a key that signs", 0);
}

int main(int argc, char **argv)
{
	char line[32];
	uint32_t ses;
	int err;

	if (argc < 2 || argc > 3) {
		fputs("usage: cryptodev-keys LABEL [TIMEOUT_MS]\n"
		      "Uses a key by name as its standard input says: once, load, open, end.\n",
		      stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	fd = dev_open();
	if (fd < 0) {
		dev_explain(fd);
		return 1;
	}
	if (argc == 3) {
		uint32_t timeout = (uint32_t)strtoul(argv[2], NULL, 10);

		err = dev_ioctl(fd, CIOCTIMEOUT, &timeout);
		if (err)
			die("CIOCTIMEOUT", err);
	}
	prepare(argv[1]);
	err = open_session(&ses);
	if (err)
		die("CIOCGSESSLABEL", err);
	printf("ready\n");
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\r\n")] = 0;
		if (!strcmp(line, "end"))
			break;
		command(line, ses);
	}
	EVP_PKEY_free(pkey);
	return 0;
}
