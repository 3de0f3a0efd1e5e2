/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_survival.c - the worker process is killed, or replaced, while queues are full.
 *
 * Each queue has a driver of its own, which does what the guest's does: it sends
 * requests many at a time, in place and not, makes a session again that is STALE,
 * and repeats the request with the buffer as it is then. So an input that a dead
 * worker had begun to write over shows as a wrong answer. A hash in parts may be
 * lost; what comes out of one that was not must be right.
 *
 * With the build of the daemon that dies at chosen places (crash.h), the same is
 * done for each of them.
 */
#include <endian.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "cryptodev.h"
#include "tests/wire/crash.h"
#include "tests/wire/rig.h"

#define QUEUES 3
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

/** struct driver - a queue's. */
struct driver {
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

static void crypt_once(const char *name, const uint8_t *in, uint32_t len, uint8_t *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	assert_true(EVP_EncryptInit_ex2(ctx, cipher, key, iv, NULL));
	assert_true(EVP_CIPHER_CTX_set_padding(ctx, 0));
	assert_true(EVP_EncryptUpdate(ctx, out, &n, in, (int)len));
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
}

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
		crypt_once("AES-128-CBC", s->input, BYTES, s->expected);
		break;
	case CTR_IN_PLACE:
	case CTR_SHIFTED:
		crypt_once("AES-128-CTR", s->input, BYTES, s->expected);
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

static bool failed(struct driver *d, const char *what)
{
	__atomic_store_n(&d->error, what, __ATOMIC_RELEASE);
	return false;
}

static bool has_failed(const struct driver *d)
{
	return __atomic_load_n(&d->error, __ATOMIC_ACQUIRE) != NULL;
}

static bool make_session(struct driver *d, int which)
{
	static const uint32_t ciphers[SESSIONS] = {CRYPTO_AES_CBC, CRYPTO_AES_CTR, CRYPTO_AES_GCM,
						   0};
	uint32_t cipher = ciphers[which];

	return front_session_create(d->queue, d->scratch, cipher, cipher ? key : NULL,
				    cipher ? sizeof(key) : 0, cipher ? 0 : CRYPTO_SHA2_256, NULL, 0,
				    &d->session[which]) == VCD_S_OK ||
	       failed(d, "a session cannot be made");
}

static void fill_header(const struct driver *d, struct slot *s, enum kind kind)
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

static bool submit(struct driver *d, struct slot *s, enum kind kind)
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
static bool check(struct driver *d, struct slot *s, enum kind kind, uint32_t used)
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
static bool collect(struct driver *d, unsigned int n)
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
static bool round_of(struct driver *d)
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

static uint32_t hash_step(struct driver *d, uint16_t flags)
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
static bool hash_in_parts(struct driver *d)
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
	struct driver *d = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE) && !has_failed(d))
		if (!round_of(d) || !hash_in_parts(d))
			break;
	return NULL;
}

/* ---- the drivers together ------------------------------------------------------------- */

/** struct load - a daemon under load. */
struct load {
	struct rig rig;
	struct driver *drivers;
	pthread_t threads[QUEUES];
};

static void load_start(struct load *load, const struct front_options *options,
		       const char *const *args)
{
	unsigned int i, k;

	*load = (struct load){.drivers = calloc(QUEUES, sizeof(*load->drivers))};
	assert_non_null(load->drivers);
	__atomic_store_n(&stop, false, __ATOMIC_RELEASE);
	rig_start(&load->rig, options, args);
	for (i = 0; i < QUEUES; i++) {
		struct driver *d = &load->drivers[i];

		d->queue = &load->rig.front->queue[i];
		d->scratch = &load->rig.scratch[i];
		for (k = 0; k < DEPTH; k++)
			make_slot(load->rig.front, &d->slot[k], (enum kind)(k % KINDS));
		for (k = 0; k < SESSIONS; k++)
			assert_true(make_session(d, (int)k));
	}
	for (i = 0; i < QUEUES; i++)
		assert_int_equal(
		    pthread_create(&load->threads[i], NULL, driver_main, &load->drivers[i]), 0);
}

static uint64_t answers(const struct load *load)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < QUEUES; i++)
		sum += __atomic_load_n(&load->drivers[i].answers, __ATOMIC_RELAXED);
	return sum;
}

/* Until there are @more answers, or a driver has failed. */
static void load_progress(const struct load *load, uint64_t more)
{
	uint64_t until = answers(load) + more;
	unsigned int i, tries;

	for (tries = 0; answers(load) < until; tries++) {
		assert_true(tries < FRONT_TIMEOUT_MS);
		for (i = 0; i < QUEUES; i++)
			if (has_failed(&load->drivers[i]))
				return;
		usleep(1000);
	}
}

static pid_t load_worker(const struct load *load, pid_t other)
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

static void kill_worker(const struct rig *rig)
{
	pid_t pid = process_worker(&rig->daemon);

	/* There is none for a moment after the last one's end. */
	if (pid > 0)
		kill(pid, SIGKILL);
}

/* End it all; everything must have been right. */
static void load_stop(struct load *load)
{
	uint64_t total = 0, stale = 0, hashes = 0, lost = 0;
	unsigned int i, k;

	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < QUEUES; i++)
		pthread_join(load->threads[i], NULL);
	for (i = 0; i < QUEUES; i++) {
		struct driver *d = &load->drivers[i];

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

static unsigned int kills(void)
{
	const char *text = getenv("WIRE_KILLS");

	return text ? (unsigned int)atoi(text) : 20;
}

static void killed(const struct front_options *options, const char *workers)
{
	const char *const args[] = {"--num-queues=3", workers, NULL};
	struct load load;
	pid_t pid = 0;
	unsigned int i;

	load_start(&load, options, args);
	for (i = 0; i < kills(); i++) {
		load_progress(&load, (uint64_t)(random() % 400) + 1);
		pid = load_worker(&load, pid);
		usleep((useconds_t)(random() % 500));
		assert_int_equal(kill(pid, SIGKILL), 0);
	}
	load_progress(&load, 200);
	load_stop(&load);
	assert_int_equal(rig_stat(&load.rig, "restarts"), i);
	rig_stop(&load.rig);
}

static const size_t memory = 64u << 20;

static void test_killed(void **state)
{
	killed(&(struct front_options){.queues = QUEUES, .memory = memory}, "--workers=3");
}

static void test_killed_flags(void **state)
{
	killed(&(struct front_options){.queues = QUEUES, .memory = memory, .no_event_idx = true},
	       "--workers=1");
}

static void test_killed_uml(void **state)
{
	killed(
	    &(struct front_options){
		.queues = QUEUES, .memory = memory, .style = FRONT_UML, .regions = 2},
	    "--workers=2");
}

static void test_upgraded(void **state)
{
	const char *const args[] = {"--num-queues=3", "--workers=2", NULL};
	struct load load;
	pid_t pid;
	unsigned int i;

	load_start(&load, &(struct front_options){.queues = QUEUES, .memory = memory}, args);
	for (i = 1; i <= 5; i++) {
		unsigned int tries = 0;

		load_progress(&load, 100);
		pid = load_worker(&load, 0);
		assert_int_equal(kill(load.rig.daemon.pid, SIGHUP), 0);
		do {
			assert_true(tries++ < 3000);
			usleep(20000);
			rig_report(&load.rig);
		} while (rig_stat(&load.rig, "upgrades") < i);
		assert_int_not_equal(load_worker(&load, 0), pid);
	}
	load_progress(&load, 200);
	load_stop(&load);
	assert_int_equal(rig_stat(&load.rig, "restarts"), 0);
	rig_stop(&load.rig);
}

/*
 * Workers that did nothing die until the next one has to wait for long; an upgrade that is asked
 * for then does not wait with it.
 */
static void test_upgrade_of_the_dead(void **state)
{
	struct rig rig;
	pid_t pid, workers[4], last = 0;
	unsigned int i, tries = 0;

	rig_start(&rig, &(struct front_options){.queues = 2}, NULL);
	/* The delays are 0, 10 ms and twice as much each time: the last one is above a second. */
	for (i = 0; i < 9; i++) {
		while ((pid = process_worker(&rig.daemon)) <= 0 || pid == last) {
			assert_true(tries++ < FRONT_TIMEOUT_MS);
			usleep(1000);
		}
		assert_int_equal(kill(pid, SIGKILL), 0);
		last = pid;
	}
	while (process_worker(&rig.daemon) == last)
		usleep(1000);
	assert_int_equal(process_worker(&rig.daemon), 0);
	unlink(rig.stats_path);
	assert_int_equal(kill(rig.daemon.pid, SIGHUP), 0);
	assert_int_equal(kill(rig.daemon.pid, SIGUSR1), 0);
	/* Who serves first writes this: the one that was asked for. The clock has not started
	 * another. */
	for (tries = 0; access(rig.stats_path, R_OK) < 0; tries++) {
		assert_true(process_children(rig.daemon.pid, workers, 4) <= 1);
		assert_true(tries < FRONT_TIMEOUT_MS);
		usleep(1000);
	}
	assert_int_equal(process_children(rig.daemon.pid, workers, 4), 1);
	assert_int_equal(front_restart(rig.front), 0);
	rig_check(&rig);
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "upgrades"), 1);
	assert_int_equal(rig_stat(&rig, "restarts"), 9);
	rig_stop(&rig);
}

/* Messages of the front end meet a dead worker, too. */
static void test_messages_and_kills(void **state)
{
	struct rig rig;
	unsigned int i;

	rig_start(&rig, &(struct front_options){.queues = 2}, NULL);
	for (i = 0; i < 20; i++) {
		kill_worker(&rig);
		assert_int_equal(front_restart(rig.front), 0);
		rig_check(&rig);
	}
	rig_stop(&rig);
}

/* What the front end had reset is no obstacle to the next worker. */
static void test_reset_and_killed(void **state)
{
	struct rig rig;

	rig_start(&rig, &(struct front_options){.queues = 2}, NULL);
	assert_int_equal(front_set(rig.front, VU_RESET_DEVICE, NULL, 0, -1), 0);
	assert_int_equal(front_start(rig.front), 0);
	kill_worker(&rig);
	rig_check(&rig);
	assert_int_equal(front_set_u64(rig.front, VU_SET_STATUS, 0), 0);
	kill_worker(&rig);
	assert_int_equal(front_start(rig.front), 0);
	rig_check(&rig);
	rig_stop(&rig);
}

/* A front end that leaves while there is no worker; the next one gets a clean device. */
static void test_leaves_and_kills(void **state)
{
	struct rig rig;
	unsigned int i;

	rig_listen(&rig, NULL);
	for (i = 0; i < 10; i++) {
		rig_connect(&rig, NULL);
		rig_check(&rig);
		rig_session(&rig, &rig.front->queue[0]);
		kill_worker(&rig);
		rig_disconnect(&rig);
	}
	rig_stop(&rig);
}

/* ---- at chosen places ----------------------------------------------------------------- */

static const char *crash_daemon;

static void crash_at(enum crash_place place, unsigned int every, int times)
{
	const char *const args[] = {"--num-queues=3", "--workers=2", NULL};
	const char *daemon = rig_daemon;
	struct crash_file crash;
	struct load load;
	unsigned int tries;

	crash_file_make(&crash);
	rig_daemon = crash_daemon;
	load_start(&load, &(struct front_options){.queues = QUEUES, .memory = memory}, args);
	rig_daemon = daemon;
	load_progress(&load, 100);
	crash_file_set(&crash, place, every, times);
	for (tries = 0; crash_file_left(&crash) > 0; tries++) {
		assert_true(tries < FRONT_TIMEOUT_MS);
		/* These are come to only when something else has killed a worker. */
		if (place == CRASH_RECOVERED || place == CRASH_RESUMED) {
			kill_worker(&load.rig);
			load_progress(&load, 100);
		}
		usleep(1000);
	}
	load_progress(&load, 100);
	load_stop(&load);
	assert_true(rig_stat(&load.rig, "restarts") >= (uint64_t)times);
	rig_stop(&load.rig);
	crash_file_remove(&crash);
}

static void test_places(void **state)
{
	static const unsigned int every[] = {
	    [CRASH_SAVED] = 7,	  [CRASH_EXECUTE] = 7,	 [CRASH_EXECUTED] = 7,	[CRASH_USED] = 7,
	    [CRASH_FINISHED] = 7, [CRASH_PUBLISHED] = 7, [CRASH_RECOVERED] = 1, [CRASH_RESUMED] = 1,
	};
	unsigned int place;

	if (!crash_daemon)
		skip();
	for (place = 0; place < sizeof(every) / sizeof(every[0]); place++)
		/* Fewer in a row than what counts as a request that kills. */
		crash_at((enum crash_place)place, every[place], every[place] == 1 ? 3 : 6);
}

/* A request that kills its worker each time stops its queue; the others go on. */
static void test_poison(void **state)
{
	const char *daemon = rig_daemon;
	struct crash_file crash;
	struct rig rig;

	if (!crash_daemon)
		skip();
	crash_file_make(&crash);
	rig_daemon = crash_daemon;
	rig_start(&rig, &(struct front_options){.queues = 2}, NULL);
	rig_daemon = daemon;
	rig_check(&rig);
	crash_file_set(&crash, CRASH_EXECUTE, 1, 5);
	/* Only queue 0 has anything to do. */
	*rig.request.header = (struct vcd_req){.opcode = htole16(VCD_OP_HELLO)};
	assert_int_equal(front_submit(&rig.front->queue[0], &rig.request, 0, 0), 0);
	front_queue_kick(&rig.front->queue[0]);
	assert_int_equal(front_queue_wait_broken(&rig.front->queue[0]), 0);
	assert_int_equal(crash_file_left(&crash), 0);
	rig_check_queue(&rig, 1);
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "restarts"), 5);
	assert_int_equal(rig_stat(&rig, "ring_errors"), 1);
	/* Its driver may set it up again. */
	assert_int_equal(front_restart(rig.front), 0);
	rig_check(&rig);
	rig_stop(&rig);
	crash_file_remove(&crash);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_killed),
	    cmocka_unit_test(test_killed_flags),
	    cmocka_unit_test(test_killed_uml),
	    cmocka_unit_test(test_upgraded),
	    cmocka_unit_test(test_upgrade_of_the_dead),
	    cmocka_unit_test(test_messages_and_kills),
	    cmocka_unit_test(test_reset_and_killed),
	    cmocka_unit_test(test_leaves_and_kills),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_poison),
	};

	if (argc < 2)
		return 2;
	rig_daemon = argv[1];
	crash_daemon = argc > 2 ? argv[2] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
