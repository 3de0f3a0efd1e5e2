/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - cryptodev-late-evp: a host that freezes, fails and thaws under OpenSSL's provider.
 *
 *	cryptodev-late-evp REPETITIONS [SEED]
 *
 * In each repetition a context has a session on the device; the host freezes; the next piece of
 * 16 KiB runs into the time-out, and software computes it. The program continues with its
 * memory: it frees the context, writes over its buffers, allocates others. Then
 * the host thaws and executes its outstanding requests. No byte of the
 * program's memory may change.
 *
 * The program asks the host's side (cases/68-late) by lines "FREEZE N" and "THAW N"; it answers
 * each with a line. The provider and its settings come by the environment; cryptodev.so lies in
 * the working directory.
 */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "cryptodev.h"

#define LEN 16384
#define TAG 16
#define BLOCKS 24
#define KINDS (3 * 2 * 2)

static const char *const names[] = {"AES-128-CBC", "AES-256-CTR", "AES-256-GCM"};

/* What is written while the memory is not to change. */
static struct own {
	uint8_t in[64];
	uint8_t out[64];
	uint8_t iv[16];
	uint8_t key[16];
	struct crypt_op op;
	int fd;
} * own;

static OSSL_LIB_CTX *stock, *ours;
static OSSL_PROVIDER *provider;

static void die(const char *what)
{
	printf("FAILED: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void need(bool ok, const char *what)
{
	if (!ok)
		die(what);
}

/* Says the line and waits for another one. By system calls only: standard output keeps nothing. */
static void ask(const char *word, unsigned int n)
{
	char line[64];
	char c = 0;
	int len = snprintf(line, sizeof(line), "%s %u\n", word, n);

	need(write(1, line, (size_t)len) == len, "write");
	while (c != '\n')
		need(read(0, &c, 1) == 1, "the host is gone");
}

static uint64_t counter(const char *name)
{
	uint64_t value = 0;
	OSSL_PARAM params[] = {OSSL_PARAM_construct_uint64(name, &value), OSSL_PARAM_END};

	need(OSSL_PROVIDER_get_params(provider, params) == 1, name);
	return value;
}

/* struct job - one piece that is to meet the frozen host, and the one before it. */
struct job {
	const char *name;
	bool encrypt;
	bool in_place;
	bool aead;
	uint8_t key[32], iv[16], next_iv[16];
	uint8_t *first, first_tag[TAG];
	uint8_t *in, *out, *expected, tag[TAG];
};

static void fill(void *to, size_t len, unsigned int *seed)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)to)[i] = (uint8_t)(rand_r(seed) >> 7);
}

static void *room(void)
{
	void *p = malloc(LEN);

	need(p != NULL, "memory");
	return p;
}

static EVP_CIPHER_CTX *context(OSSL_LIB_CTX *lib, const struct job *job, bool encrypt)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(lib, job->name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	need(cipher && ctx, job->name);
	need(EVP_CipherInit_ex2(ctx, cipher, job->key, job->iv, encrypt, NULL) == 1, "init");
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	EVP_CIPHER_free(cipher);
	return ctx;
}

/* An AEAD's message before its data: the tag that is expected, and what is authenticated only. */
static void message_begin(const struct job *job, EVP_CIPHER_CTX *ctx, const uint8_t *tag)
{
	static const uint8_t aad[13] = "cryptodev-lat";
	uint8_t copy[TAG];
	int n;

	if (!job->aead)
		return;
	memcpy(copy, tag, TAG);
	if (!EVP_CIPHER_CTX_is_encrypting(ctx))
		need(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, copy) == 1, "tag");
	need(EVP_CipherUpdate(ctx, NULL, &n, aad, sizeof(aad)) == 1, "aad");
}

/* And after it; an AEAD continues with the next nonce. */
static void message_end(const struct job *job, EVP_CIPHER_CTX *ctx, uint8_t *tag)
{
	uint8_t none[EVP_MAX_BLOCK_LENGTH];
	int n;

	if (!job->aead)
		return;
	need(EVP_CipherFinal_ex(ctx, none, &n) == 1, "final");
	if (EVP_CIPHER_CTX_is_encrypting(ctx))
		need(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1, "tag");
	need(EVP_CipherInit_ex2(ctx, NULL, NULL, job->next_iv, -1, NULL) == 1, "next message");
}

static void piece(EVP_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in)
{
	int n = 0;

	need(EVP_CipherUpdate(ctx, out, &n, in, LEN) == 1 && n == LEN, "a piece");
}

/* What goes in and what has to come out, by the default provider. */
static void job_make(struct job *job, unsigned int kind, unsigned int *seed)
{
	EVP_CIPHER_CTX *ctx;
	uint8_t *plain = room(), *sealed = room(), *first = room();

	*job = (struct job){.name = names[kind % 3],
			    .encrypt = kind / 3 % 2,
			    .in_place = kind / 6 % 2,
			    .aead = kind % 3 == 2};
	fill(job->key, sizeof(job->key), seed);
	fill(job->iv, sizeof(job->iv), seed);
	fill(job->next_iv, sizeof(job->next_iv), seed);
	fill(plain, LEN, seed);
	fill(first, LEN, seed);
	ctx = context(stock, job, true);
	job->first = job->encrypt ? first : room();
	message_begin(job, ctx, job->first_tag);
	piece(ctx, sealed, first);
	if (!job->encrypt)
		memcpy(job->first, sealed, LEN);
	message_end(job, ctx, job->first_tag);
	message_begin(job, ctx, job->tag);
	piece(ctx, sealed, plain);
	message_end(job, ctx, job->tag);
	EVP_CIPHER_CTX_free(ctx);
	job->in = job->encrypt ? plain : sealed;
	job->expected = job->encrypt ? sealed : plain;
	job->out = room();
	if (job->first != first)
		free(first);
}

static void job_free(struct job *job)
{
	free(job->first);
	free(job->in);
	free(job->out);
	free(job->expected);
}

/* A context whose session is on the device: the first piece went there. */
static EVP_CIPHER_CTX *on_device(const struct job *job)
{
	for (unsigned int tries = 0; tries < 600; tries++) {
		EVP_CIPHER_CTX *ctx = context(ours, job, job->encrypt);
		uint64_t before = counter("cryptodev-ops");
		uint8_t tag[TAG];
		uint8_t *out = room();

		message_begin(job, ctx, job->first_tag);
		piece(ctx, out, job->first);
		message_end(job, ctx, tag);
		free(out);
		if (counter("cryptodev-ops") > before)
			return ctx;
		EVP_CIPHER_CTX_free(ctx);
		usleep(50000);
	}
	die("the provider does not use the device");
	return NULL;
}

/* The host answers again, in the order of what it got: then it has done all of before. */
static void host_await(void)
{
	int error = errno;

	for (unsigned int tries = 0; tries < 600 && ioctl(own->fd, CIOCCRYPT, &own->op) != 0;
	     tries++)
		usleep(50000);
	need(ioctl(own->fd, CIOCCRYPT, &own->op) == 0, "the device after the thaw");
	errno = error;
}

static void session_make(void)
{
	static const uint8_t key[16];
	struct session_op make = {.cipher = CRYPTO_AES_CBC, .keylen = sizeof(key), .key = own->key};

	memcpy(own->key, key, sizeof(key));
	own->fd = open("/dev/crypto", O_RDWR | O_CLOEXEC);
	need(own->fd >= 0 && ioctl(own->fd, CIOCGSESSION, &make) == 0, "/dev/crypto");
	own->op = (struct crypt_op){.ses = make.ses, .op = COP_ENCRYPT, .flags = 0, .len = 16};
	own->op.src = own->in;
	own->op.dst = own->out;
	own->op.iv = own->iv;
}

/* Return: how many bytes changed. */
static size_t repetition(unsigned int n, unsigned int *seed)
{
	void *blocks[BLOCKS];
	const void *where = NULL;
	struct job job;
	EVP_CIPHER_CTX *ctx;
	uint64_t errors = counter("cryptodev-errors");
	size_t changed;

	job_make(&job, n % KINDS, seed);
	ctx = on_device(&job);
	if (job.in_place)
		memcpy(job.out, job.in, LEN);
	ask("FREEZE", n);
	message_begin(&job, ctx, job.tag);
	piece(ctx, job.out, job.in_place ? job.out : job.in);
	message_end(&job, ctx, job.tag);
	need(!memcmp(job.out, job.expected, LEN), "the bytes of software");
	need(counter("cryptodev-errors") > errors, "no call failed: the host is not frozen");
	EVP_CIPHER_CTX_free(ctx);
	/* As a program continues: its buffers have other contents, its heap other owners. */
	fill(job.in, LEN, seed);
	fill(job.out, LEN, seed);
	for (unsigned int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(LEN / 2 + i * 600);
		need(blocks[i] != NULL, "memory");
		memset(blocks[i], 0xa5, LEN / 2 + i * 600);
	}
	need(memory_note(), "too much memory to be compared");
	ask("THAW", n);
	host_await();
	changed = memory_changed(&where);
	if (changed)
		printf("FAILED: repetition %u, %s, %s%s: %zu bytes changed behind the program's "
		       "back, at %p\n",
		       n, job.name, job.encrypt ? "encryption" : "decryption",
		       job.in_place ? " in place" : "", changed, where);
	for (unsigned int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	job_free(&job);
	return changed;
}

static void libcrypto_open(void)
{
	stock = OSSL_LIB_CTX_new();
	ours = OSSL_LIB_CTX_new();
	need(stock && ours && OSSL_PROVIDER_set_default_search_path(ours, "."), "library contexts");
	need(OSSL_PROVIDER_load(stock, "default") && OSSL_PROVIDER_load(ours, "default"),
	     "default");
	provider = OSSL_PROVIDER_load(ours, "cryptodev");
	need(provider != NULL, "./cryptodev.so");
	need(EVP_set_default_properties(ours, "?provider=cryptodev") == 1, "properties");
}

int main(int argc, char **argv)
{
	unsigned int repetitions = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : KINDS;
	unsigned int seed = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 1;
	unsigned int bad = 0;

	setvbuf(stdout, NULL, _IONBF, 0);
	own = memory_own(sizeof(*own));
	need(own != NULL, "memory");
	session_make();
	libcrypto_open();
	for (unsigned int n = 0; n < repetitions; n++)
		bad += repetition(n, &seed) != 0;
	printf("%u repetitions, %u with memory that changed; %lu operations on the device, %lu "
	       "failed\n",
	       repetitions, bad, (unsigned long)counter("cryptodev-ops"),
	       (unsigned long)counter("cryptodev-errors"));
	return bad != 0;
}
