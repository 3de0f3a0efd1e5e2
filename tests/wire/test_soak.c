/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_soak.c - no lost wake-up, no lost or mixed up request.
 *
 * Several queues, a thread each, random depth and random lengths; both sides go
 * to sleep all the time: the driver's threads wait for a signal, and the daemon's
 * workers find their rings empty. A request that is lost, or a kick or signal
 * that is suppressed although somebody sleeps, shows as a timeout. Every answer
 * is compared with what libcrypto says.
 *
 * WIRE_SOAK_SECONDS is how long each case runs (default 2).
 */
#include <endian.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "cryptodev.h"
#include "tests/wire/rig.h"

#define QUEUES 3
#define DEPTH 48
#define BYTES 512

static const uint8_t key[16] = "0123456789abcdef"; /* rig_session()'s */

/* One queue's driver. */
struct soaker {
	struct rig *rig;
	struct front_queue *queue;
	uint64_t session;
	unsigned int seed;
	struct front_request requests[DEPTH];
	uint8_t expected[DEPTH][BYTES];
	uint32_t len[DEPTH];
	EVP_CIPHER_CTX *ctx;
	uint64_t done;
	uint64_t waits;
	const char *error;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double seconds(void)
{
	const char *text = getenv("WIRE_SOAK_SECONDS");

	return text ? atof(text) : 2;
}

/* Prepare request @i with random data and remember what must come out. */
static bool prepare(struct soaker *s, unsigned int i)
{
	struct front_request *request = &s->requests[i];
	uint32_t len = (uint32_t)(rand_r(&s->seed) % (BYTES / 16) + 1) * 16;
	uint8_t iv[16];
	uint32_t k;
	int n = 0;

	for (k = 0; k < len; k += 4) {
		int r = rand_r(&s->seed);

		memcpy(request->in + k, &r, 4);
	}
	memcpy(iv, request->in, sizeof(iv));
	s->len[i] = len;
	front_prepare_crypt(request, s->session, 0, len, iv, sizeof(iv));
	memset(request->out, 0, len);
	return EVP_CipherInit_ex2(s->ctx, NULL, NULL, iv, -1, NULL) &&
	       EVP_CipherUpdate(s->ctx, s->expected[i], &n, request->in, (int)len) && n == (int)len;
}

/* Take what is done. */
static int take(struct soaker *s)
{
	uint32_t used;
	void *token;
	int taken = 0;
	int ret;

	while ((ret = front_queue_reap(s->queue, &token, &used)) == 1) {
		struct front_request *request = token;
		size_t i = (size_t)(request - s->requests);

		request->used = used;
		if (front_check_reply(request, s->len[i]) || front_status(request) != VCD_S_OK ||
		    memcmp(request->out, s->expected[i], s->len[i])) {
			s->error = "a wrong answer";
			return -1;
		}
		taken++;
	}
	if (ret < 0)
		s->error = "a wrong used entry";
	return ret < 0 ? ret : taken;
}

/* Send a few, kick at random moments, wait for some or all of them. */
static bool round_of(struct soaker *s)
{
	unsigned int n = (unsigned int)(rand_r(&s->seed) % DEPTH) + 1;
	unsigned int done = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < n; i++) {
		if (!prepare(s, i) ||
		    front_submit(s->queue, &s->requests[i], s->len[i], s->len[i])) {
			s->error = "cannot submit";
			return false;
		}
		if (rand_r(&s->seed) % 4 == 0)
			front_queue_kick(s->queue);
		if (rand_r(&s->seed) % 64 == 0)
			usleep((useconds_t)(rand_r(&s->seed) % 100));
	}
	front_queue_kick(s->queue);
	while (done < n) {
		if (rand_r(&s->seed) % 3 == 0)
			front_queue_quiet(s->queue);
		else if (front_queue_wait(s->queue)) {
			s->error = "no signal: a wake-up was lost";
			return false;
		} else {
			s->waits++;
		}
		ret = take(s);
		if (ret < 0)
			return false;
		done += (unsigned int)ret;
	}
	s->done += n;
	return true;
}

static void *soak_main(void *arg)
{
	struct soaker *s = arg;
	double end = now() + seconds();

	while (now() < end && round_of(s)) {
		if (rand_r(&s->seed) % 4 == 0)
			usleep((useconds_t)(rand_r(&s->seed) % 300));
	}
	return NULL;
}

static void soak(const struct front_options *options, const char *workers, const char *poll)
{
	const char *const args[] = {"--num-queues=3", workers, poll, NULL};
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
	struct soaker *soakers = calloc(QUEUES, sizeof(*soakers));
	pthread_t threads[QUEUES];
	struct rig rig;
	unsigned int i;
	unsigned int k;
	uint64_t total = 0;

	assert_non_null(cipher);
	assert_non_null(soakers);
	rig_start(&rig, options, args);
	for (i = 0; i < QUEUES; i++) {
		struct soaker *s = &soakers[i];

		s->rig = &rig;
		s->queue = &rig.front->queue[i];
		s->seed = i + 1;
		s->session = rig_session(&rig, s->queue);
		s->ctx = EVP_CIPHER_CTX_new();
		assert_true(EVP_EncryptInit_ex2(s->ctx, cipher, key, NULL, NULL));
		assert_true(EVP_CIPHER_CTX_set_padding(s->ctx, 0));
		for (k = 0; k < DEPTH; k++)
			assert_int_equal(
			    front_request_init(rig.front, &s->requests[k], BYTES, BYTES), 0);
	}
	for (i = 0; i < QUEUES; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, soak_main, &soakers[i]), 0);
	for (i = 0; i < QUEUES; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < QUEUES; i++) {
		struct soaker *s = &soakers[i];

		print_message(
		    "  queue %u: %llu requests, %llu waits, %llu kicks, %llu signals%s%s\n", i,
		    (unsigned long long)s->done, (unsigned long long)s->waits,
		    (unsigned long long)s->queue->kicks, (unsigned long long)s->queue->calls,
		    s->error ? ": " : "", s->error ? s->error : "");
		assert_null(s->error);
		assert_true(s->done > 0);
		total += s->done;
		EVP_CIPHER_CTX_free(s->ctx);
	}
	rig_report(&rig);
	assert_int_equal(rig_stat(&rig, "crypt"), total);
	/* How many are suppressed is a matter of timing; without success must be none. */
	assert_true(rig_stat(&rig, "kicks") <= total + QUEUES * 8);
	EVP_CIPHER_free(cipher);
	free(soakers);
	rig_stop(&rig);
}

static void test_event_idx(void **state)
{
	soak(&(struct front_options){.queues = QUEUES}, "--workers=3", "--poll-us=0");
}

static void test_event_idx_shared_worker(void **state)
{
	soak(&(struct front_options){.queues = QUEUES, .queue_size = 64}, "--workers=1",
	     "--poll-us=0");
}

static void test_flags(void **state)
{
	soak(&(struct front_options){.queues = QUEUES, .no_event_idx = true}, "--workers=2",
	     "--poll-us=0");
}

static void test_polling(void **state)
{
	soak(&(struct front_options){.queues = QUEUES}, "--workers=2", "--poll-us=50");
}

static void test_uml(void **state)
{
	soak(&(struct front_options){.queues = QUEUES, .style = FRONT_UML}, "--workers=2",
	     "--poll-us=20");
}

/* One request at a time, one side asleep whenever the other is awake. */
static void test_ping_pong(void **state)
{
	struct rig rig;
	unsigned int i;

	rig_start(&rig, NULL, NULL);
	for (i = 0; i < 5000; i++)
		assert_int_equal(front_hello(&rig.front->queue[0], &rig.request), VCD_S_OK);
	rig_report(&rig);
	/* Each was a kick, and a signal: nobody polls here. */
	assert_true(rig_stat(&rig, "kicks") <= i + 8);
	rig_stop(&rig);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_event_idx), cmocka_unit_test(test_event_idx_shared_worker),
	    cmocka_unit_test(test_flags),     cmocka_unit_test(test_polling),
	    cmocka_unit_test(test_uml),	      cmocka_unit_test(test_ping_pong),
	};

	if (argc != 2)
		return 2;
	rig_daemon = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
