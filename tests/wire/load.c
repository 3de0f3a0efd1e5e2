/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.c - a daemon under load. See load.h.
 */
#include "tests/wire/load.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "cryptodev.h"
#include "tests/wire/libcrypto.h"

#define DEPTH 24
#define BYTES 4096
#define KINDS 8

static const uint8_t key[16] = "0123456789abcdef";
static const uint8_t iv[16] = "fedcba9876543210";

/** enum kind - what a request does; slot i of a driver is of kind i % KINDS. */
enum kind {
	CBC_IN_PLACE,
	CBC_APART,
	CTR_IN_PLACE,
	CTR_SHIFTED, /* output 16 bytes behind the input: overlaps */
	GCM_IN_PLACE,
	GCM_OPEN_IN_PLACE,
	SHA_ONCE,
	INFO,
};

enum { S_CBC, S_CTR, S_GCM, S_SHA, SESSIONS };

static const int session_of[KINDS] = {S_CBC, S_CBC, S_CTR, S_CTR, S_GCM, S_GCM, S_SHA, S_CBC};

/**
 * struct slot - a request of a driver.
 * @header: request's header, in guest memory
 * @reply: reply's header
 * @src: where the input lies
 * @dst: where the output comes
 * @input: what is in @src before the request
 * @in_len: its bytes
 * @expected: what has to be in @dst then
 * @out_len: its bytes
 */
struct slot {
	struct vcd_req *header;
	struct vcd_reply *reply;
	uint8_t *src;
	uint8_t *dst;
	uint8_t input[BYTES + 16];
	uint32_t in_len;
	uint8_t expected[BYTES + 16];
	uint32_t out_len;
	bool done;
};

/** struct load_driver - a queue's. */
struct load_driver {
	struct front_queue *queue;
	struct front_request *scratch;
	uint64_t session[SESSIONS];
	struct slot slot[DEPTH];
	uint64_t answers;
	uint64_t stale;
	uint64_t hashes;
	uint64_t hashes_lost;
	const char *error;
};

static bool stop;

/* ---- what is right -------------------------------------------------------------------- */

static void seal(const uint8_t *in, uint32_t len, uint8_t *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	assert_true(EVP_EncryptInit_ex2(ctx, cipher, key, iv, NULL));
	assert_true(EVP_EncryptUpdate(ctx, out, &n, in, (int)len));
	assert_true(EVP_EncryptFinal_ex(ctx, out + n, &n));
	assert_true(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + len));
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
}

static void expect(struct slot *s, enum kind kind)
{
	uint8_t plain[BYTES];

	s->in_len = s->out_len = BYTES;
	switch (kind) {
	case CBC_IN_PLACE:
	case CBC_APART:
		libcrypto_crypt("AES-128-CBC", true, key, iv, s->input, s->expected, BYTES);
		break;
	case CTR_IN_PLACE:
	case CTR_SHIFTED:
		libcrypto_crypt("AES-128-CTR", true, key, iv, s->input, s->expected, BYTES);
		break;
	case GCM_IN_PLACE:
		seal(s->input, BYTES, s->expected);
		s->out_len = BYTES + 16;
		break;
	case GCM_OPEN_IN_PLACE:
		memcpy(plain, s->input, BYTES);
		seal(plain, BYTES, s->input);
		memcpy(s->expected, plain, BYTES);
		s->in_len = BYTES + 16;
		break;
	case SHA_ONCE:
		assert_true(EVP_Digest(s->input, BYTES, s->expected, NULL, EVP_sha256(), NULL));
		s->out_len = 32;
		break;
	case INFO:
		s->in_len = 0;
		s->out_len = sizeof(struct vcd_session_info);
		break;
	}
}

static void make_slot(struct front *front, struct slot *s, enum kind kind)
{
	uint8_t *room = front_alloc(front, BYTES + 32);

	s->header = front_alloc(front, sizeof(*s->header));
	s->reply = front_alloc(front, sizeof(*s->reply));
	assert_true(room && s->header && s->reply);
	assert_int_equal(getrandom(s->input, sizeof(s->input), 0), sizeof(s->input));
	expect(s, kind);
	s->src = s->dst = room;
	if (kind == CTR_SHIFTED)
		s->dst = room + 16;
	if (kind == CBC_APART || kind == SHA_ONCE || kind == INFO)
		s->dst = front_alloc(front, BYTES + 32);
	assert_non_null(s->dst);
}

/* ---- a driver ------------------------------------------------------------------------- */

static bool failed(struct load_driver *d, const char *what)
{
	__atomic_store_n(&d->error, what, __ATOMIC_RELEASE);
	return false;
}

static bool has_failed(const struct load_driver *d)
{
	return __atomic_load_n(&d->error, __ATOMIC_ACQUIRE) != NULL;
}

static bool make_session(struct load_driver *d, int which)
{
	static const uint32_t ciphers[SESSIONS] = {CRYPTO_AES_CBC, CRYPTO_AES_CTR, CRYPTO_AES_GCM,
						   0};
	uint32_t cipher = ciphers[which];

	return front_session_create(d->queue, d->scratch, cipher, cipher ? key : NULL,
				    cipher ? sizeof(key) : 0, cipher ? 0 : CRYPTO_SHA2_256, NULL, 0,
				    &d->session[which]) == VCD_S_OK ||
	       failed(d, "a session cannot be made");
}

static void fill_header(const struct load_driver *d, struct slot *s, enum kind kind)
{
	struct vcd_req req = {
	    .opcode = htole16(VCD_OP_CRYPT),
	    .src_len = htole32(s->in_len),
	    .session = htole64(d->session[session_of[kind]]),
	    .iv_len = 16,
	};

	if (kind == INFO)
		req.opcode = htole16(VCD_OP_SESSION_INFO);
	if (kind == GCM_IN_PLACE || kind == GCM_OPEN_IN_PLACE) {
		req.opcode = htole16(VCD_OP_AUTHCRYPT);
		req.flags = htole16(kind == GCM_OPEN_IN_PLACE ? VCD_F_DECRYPT : 0);
		req.iv_len = 12;
		req.tag_len = 16;
	}
	if (kind == SHA_ONCE)
		req.flags = htole16(VCD_F_HASH_RESET | VCD_F_HASH_FINAL);
	if (kind == SHA_ONCE || kind == INFO)
		req.iv_len = 0;
	memcpy(req.iv, iv, req.iv_len);
	*s->header = req;
}

static bool submit(struct load_driver *d, struct slot *s, enum kind kind)
{
	const struct front *front = d->queue->front;
	const struct front_buf bufs[4] = {
	    {front_gpa(front, s->header), sizeof(*s->header)},
	    {front_gpa(front, s->src), s->in_len},
	    {front_gpa(front, s->reply), sizeof(*s->reply)},
	    {front_gpa(front, s->dst), s->out_len},
	};

	fill_header(d, s, kind);
	memset(s->reply, 0xff, sizeof(*s->reply));
	return front_queue_add(d->queue, bufs, 2, 2, s) == 0 || failed(d, "the ring is full");
}

/* A reply: right, or STALE with the input untouched. */
static bool check(struct load_driver *d, struct slot *s, enum kind kind, uint32_t used)
{
	uint32_t status = le32toh(s->reply->status);

	__atomic_fetch_add(&d->answers, 1, __ATOMIC_RELAXED);
	if (status == VCD_S_STALE) {
		d->stale++;
		if (used != sizeof(*s->reply) || memcmp(s->src, s->input, s->in_len))
			return failed(d, "an input was spoilt");
		return true;
	}
	if (status != VCD_S_OK) {
		print_message("  status %u in slot %u\n", status, (unsigned int)(s - d->slot));
		return failed(d, "an error");
	}
	if (used != sizeof(*s->reply) + s->out_len || le32toh(s->reply->out_len) != s->out_len)
		return failed(d, "a wrong length");
	if (kind != INFO && memcmp(s->dst, s->expected, s->out_len))
		return failed(d, "a wrong answer");
	s->done = true;
	return true;
}

/* Wait for @n answers. */
static bool collect(struct load_driver *d, unsigned int n)
{
	uint32_t used;
	void *token;
	int ret;

	while (n > 0) {
		if (front_queue_wait(d->queue))
			return failed(d, "no answer, or no signal");
		while ((ret = front_queue_reap(d->queue, &token, &used)) == 1) {
			struct slot *s = token;

			if (!check(d, s, (enum kind)((s - d->slot) % KINDS), used))
				return false;
			n--;
		}
		if (ret < 0)
			return failed(d, "a wrong used entry");
	}
	return true;
}

/* All slots once, those whose session was lost again. */
static bool round_of(struct load_driver *d)
{
	unsigned int i, n;

	for (i = 0; i < DEPTH; i++) {
		memcpy(d->slot[i].src, d->slot[i].input, d->slot[i].in_len);
		d->slot[i].done = false;
	}
	for (;;) {
		for (i = n = 0; i < DEPTH; i++) {
			if (d->slot[i].done)
				continue;
			if (!submit(d, &d->slot[i], (enum kind)(i % KINDS)))
				return false;
			n++;
		}
		if (n == 0)
			return true;
		front_queue_kick(d->queue);
		if (!collect(d, n))
			return false;
		for (i = 0; i < SESSIONS; i++) {
			bool lost = false;

			for (n = 0; n < DEPTH; n++)
				lost |= !d->slot[n].done && session_of[n % KINDS] == (int)i;
			if (lost && !make_session(d, (int)i))
				return false;
		}
	}
}

static uint32_t hash_step(struct load_driver *d, uint16_t flags)
{
	uint32_t out = flags & VCD_F_HASH_FINAL ? 32 : 0;

	front_prepare_crypt(d->scratch, d->session[S_SHA], flags, 64, NULL, 0);
	memset(d->scratch->in, 'h', 64);
	__atomic_fetch_add(&d->answers, 1, __ATOMIC_RELAXED);
	if (front_execute(d->queue, d->scratch, 64, out))
		return VCD_S_COUNT;
	return front_status(d->scratch);
}

/* A hash in three parts. One that was lost is made known, not made up. */
static bool hash_in_parts(struct load_driver *d)
{
	static const uint16_t flags[] = {VCD_F_HASH_RESET, 0, VCD_F_HASH_FINAL};
	uint8_t all[192], digest[32];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		uint32_t status = hash_step(d, flags[i]);

		if (status == VCD_S_STALE || (i > 0 && status == VCD_S_NOSTATE)) {
			d->hashes_lost++;
			return make_session(d, S_SHA);
		}
		if (status != VCD_S_OK)
			return failed(d, "a step of a hash failed");
	}
	memset(all, 'h', sizeof(all));
	EVP_Digest(all, sizeof(all), digest, NULL, EVP_sha256(), NULL);
	d->hashes++;
	return !memcmp(d->scratch->out, digest, 32) || failed(d, "a wrong digest");
}

static void *driver_main(void *arg)
{
	struct load_driver *d = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE) && !has_failed(d))
		if (!round_of(d) || !hash_in_parts(d))
			break;
	return NULL;
}

/* ---- the drivers together ------------------------------------------------------------- */

void load_start(struct load *load, const struct front_options *options, const char *const *args)
{
	unsigned int i, k;

	*load = (struct load){.drivers = calloc(LOAD_QUEUES, sizeof(*load->drivers))};
	assert_non_null(load->drivers);
	__atomic_store_n(&stop, false, __ATOMIC_RELEASE);
	rig_start(&load->rig, options, args);
	for (i = 0; i < LOAD_QUEUES; i++) {
		struct load_driver *d = &load->drivers[i];

		d->queue = &load->rig.front->queue[i];
		d->scratch = &load->rig.scratch[i];
		for (k = 0; k < DEPTH; k++)
			make_slot(load->rig.front, &d->slot[k], (enum kind)(k % KINDS));
		for (k = 0; k < SESSIONS; k++)
			assert_true(make_session(d, (int)k));
	}
	for (i = 0; i < LOAD_QUEUES; i++)
		assert_int_equal(
		    pthread_create(&load->threads[i], NULL, driver_main, &load->drivers[i]), 0);
}

static uint64_t answers(const struct load *load)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < LOAD_QUEUES; i++)
		sum += __atomic_load_n(&load->drivers[i].answers, __ATOMIC_RELAXED);
	return sum;
}

void load_progress(const struct load *load, uint64_t more)
{
	uint64_t until = answers(load) + more;
	unsigned int i, tries;

	for (tries = 0; answers(load) < until; tries++) {
		assert_true(tries < FRONT_TIMEOUT_MS);
		for (i = 0; i < LOAD_QUEUES; i++)
			if (has_failed(&load->drivers[i]))
				return;
		usleep(1000);
	}
}

pid_t load_worker(const struct load *load, pid_t other)
{
	unsigned int tries;
	pid_t pid;

	for (tries = 0; tries < FRONT_TIMEOUT_MS; tries++) {
		pid = process_worker(&load->rig.daemon);
		if (pid > 0 && pid != other)
			return pid;
		usleep(1000);
	}
	fail_msg("no worker");
	return 0;
}

void load_stop(struct load *load)
{
	uint64_t total = 0, stale = 0, hashes = 0, lost = 0;
	unsigned int i, k;

	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < LOAD_QUEUES; i++)
		pthread_join(load->threads[i], NULL);
	for (i = 0; i < LOAD_QUEUES; i++) {
		struct load_driver *d = &load->drivers[i];

		if (d->error)
			print_message("  queue %u: %s\n", i, d->error);
		assert_null(d->error);
		total += d->answers;
		stale += d->stale;
		hashes += d->hashes;
		lost += d->hashes_lost;
		for (k = 0; k < SESSIONS; k++) {
			int status = front_session_destroy(d->queue, d->scratch, d->session[k]);

			assert_true(status == VCD_S_OK || status == VCD_S_STALE);
		}
	}
	print_message("  %llu answers, %llu stale, %llu hashes in parts, %llu lost\n",
		      (unsigned long long)total, (unsigned long long)stale,
		      (unsigned long long)hashes, (unsigned long long)lost);
	rig_report(&load->rig);
	/* No session is left but those that nobody destroyed: none. */
	assert_int_equal(rig_stat(&load->rig, "sessions_live"), 0);
	assert_int_equal(rig_stat(&load->rig, "ring_errors"), 0);
	assert_true(rig_stat(&load->rig, "published") >= total);
	free(load->drivers);
}
