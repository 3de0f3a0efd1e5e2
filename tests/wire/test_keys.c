/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_keys.c - when a session is gone, its key is nowhere in the daemon.
 *
 * The memory of the daemon, and of all processes below it, is read through
 * /proc/PID/mem and searched for keys and for what engines make of them: round keys,
 * padded HMAC keys. It is searched while the session lives, too: a test that does not
 * find the key then would prove nothing. What it finds then has to lie in memory that is locked
 * and left out of core dumps.
 *
 * The daemon runs without a sandbox, as it cannot be read otherwise.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "tests/wire/rig.h"

#include "cryptodev.h"

#define NEEDLE 16
#define MAX_NEEDLES 16
#define CHUNK ((size_t)1 << 20)

struct needles {
	unsigned int n;
	uint8_t bytes[MAX_NEEDLES][NEEDLE];
	const char *name[MAX_NEEDLES];
};

static void add(struct needles *needles, const char *name, const uint8_t *bytes)
{
	assert_true(needles->n < MAX_NEEDLES);
	memcpy(needles->bytes[needles->n], bytes, NEEDLE);
	needles->name[needles->n++] = name;
}

/* ---- the key schedule of AES-128 (FIPS 197, 5.2) -------------------------------------- */

static uint8_t times_x(uint8_t a)
{
	return (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1b : 0));
}

static uint8_t multiply(uint8_t a, uint8_t b)
{
	uint8_t sum = 0;

	for (; b; b >>= 1, a = times_x(a))
		if (b & 1)
			sum ^= a;
	return sum;
}

static uint8_t substitute(uint8_t a)
{
	uint8_t inverse = 1;
	uint8_t r;
	int i;

	/* a^254 */
	for (i = 0; i < 254; i++)
		inverse = multiply(inverse, a);
	r = inverse;
	for (i = 1; i < 5; i++)
		r ^= (uint8_t)(inverse << i | inverse >> (8 - i));
	return r ^ 0x63;
}

static void next_round_key(uint8_t key[16], uint8_t round_constant)
{
	int i;

	for (i = 0; i < 4; i++)
		key[i] ^= substitute(key[12 + (i + 1) % 4]);
	key[0] ^= round_constant;
	for (i = 4; i < 16; i++)
		key[i] ^= key[i - 4];
}

/* The key, the first round key and the last, with which decryption begins. */
static void add_aes_128(struct needles *needles, const uint8_t key[16])
{
	uint8_t round[16];
	uint8_t constant = 1;
	int i;

	memcpy(round, key, sizeof(round));
	add(needles, "AES key", key);
	for (i = 1; i <= 10; i++, constant = times_x(constant)) {
		next_round_key(round, constant);
		if (i == 1)
			add(needles, "first round key", round);
	}
	add(needles, "last round key", round);
}

static void add_hmac(struct needles *needles, const uint8_t *key)
{
	uint8_t padded[NEEDLE];
	int i;

	add(needles, "HMAC key", key);
	for (i = 0; i < NEEDLE; i++)
		padded[i] = key[i] ^ 0x36;
	add(needles, "inner HMAC key", padded);
	for (i = 0; i < NEEDLE; i++)
		padded[i] = key[i] ^ 0x5c;
	add(needles, "outer HMAC key", padded);
}

/* ---- reading a process ---------------------------------------------------------------- */

/* Bit i: needle i is within. */
static uint32_t search(const uint8_t *bytes, size_t len, const struct needles *needles)
{
	uint32_t found = 0;
	unsigned int i;

	for (i = 0; i < needles->n; i++)
		if (memmem(bytes, len, needles->bytes[i], NEEDLE))
			found |= 1u << i;
	return found;
}

static uint32_t search_range(int mem, uint64_t start, uint64_t end, const struct needles *needles)
{
	static uint8_t buffer[CHUNK + NEEDLE];
	uint32_t found = 0;

	while (start < end) {
		size_t want = end - start < sizeof(buffer) ? (size_t)(end - start) : sizeof(buffer);
		ssize_t n = pread(mem, buffer, want, (off_t)start);

		if (n <= 0)
			break; /* [vvar], guard pages */
		found |= search(buffer, (size_t)n, needles);
		if ((size_t)n < want || want <= NEEDLE)
			break;
		/* One may lie across. */
		start += want == sizeof(buffer) ? CHUNK : want;
	}
	return found;
}

/* Which of a process' memory is searched. */
enum where {
	EVERYWHERE,
	UNSAFE, /* what is not locked, or not left out of core dumps */
};

/*
 * Everything that is not guest memory, which is the guest's to wipe. Flags of a mapping stand in
 * its last line: "lo" is locked, "dd" is not dumped (proc(5)).
 */
static uint32_t search_process(pid_t pid, enum where where, const struct needles *needles)
{
	unsigned long long start = 0, end = 0, from, to;
	uint32_t found = 0;
	char path[64], line[512], mode[5];
	FILE *maps;
	int mem;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
	maps = fopen(path, "re");
	if (mem < 0 || !maps)
		fail_msg("process %d cannot be read: %s", (int)pid, strerror(errno));
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%llx-%llx %4s", &from, &to, mode) == 3) {
			start = from;
			end = mode[0] == 'r' && !strstr(line, "memfd:guest-memory") ? to : from;
		} else if (!strncmp(line, "VmFlags:", 8)) {
			if (where == EVERYWHERE || !strstr(line, " lo") || !strstr(line, " dd"))
				found |= search_range(mem, start, end, needles);
		}
	}
	fclose(maps);
	close(mem);
	return found;
}

/* It, and what it has started. */
static uint32_t search_all(pid_t pid, enum where where, const struct needles *needles)
{
	uint32_t found = search_process(pid, where, needles);
	char path[64];
	FILE *children;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	children = fopen(path, "re");
	while (children && fscanf(children, "%d", &child) == 1)
		found |= search_all(child, where, needles);
	if (children)
		fclose(children);
	return found;
}

static void expect_none(const struct rig *rig, enum where where, const struct needles *needles,
			const char *when)
{
	uint32_t found = search_all(rig->daemon.pid, where, needles);
	unsigned int i;

	/* What is on a worker's stack goes when that rests, a moment after its reply. */
	for (i = 0; found && i < 200; i++) {
		usleep(20000);
		found = search_all(rig->daemon.pid, where, needles);
	}
	for (i = 0; i < needles->n; i++)
		if (found & (1u << i))
			fail_msg("%s: the %s is in memory%s", when, needles->name[i],
				 where == UNSAFE ? " that is swapped or dumped" : " still");
}

/* ---- sessions ------------------------------------------------------------------------- */

#define SESSIONS 3

struct secrets {
	struct needles needles;
	uint64_t id[SESSIONS];
};

static void make_session(struct rig *rig, uint32_t cipher, const uint8_t *key, uint32_t key_len,
			 uint32_t mac, const uint8_t *mackey, uint32_t mackey_len, uint64_t *id)
{
	struct front_queue *queue = &rig->front->queue[0];

	assert_int_equal(front_session_create(queue, &rig->request, cipher, key, key_len, mac,
					      mackey, mackey_len, id),
			 VCD_S_OK);
	/* The guest wipes what it has sent; what it sends next does it here. */
	memset(rig->request.in, 0, 2048);
}

static void crypt_once(struct rig *rig, uint64_t id, uint16_t flags)
{
	static const uint8_t iv[16];

	front_prepare_crypt(&rig->request, id, flags, 64, iv, sizeof(iv));
	assert_int_equal(front_execute(&rig->front->queue[0], &rig->request, 64, 128), 0);
	assert_int_equal(front_status(&rig->request), VCD_S_OK);
}

/* Sessions that have been used, in both directions, by which all contexts are made. */
static void make_secrets(struct rig *rig, struct secrets *secrets)
{
	uint8_t key[2][16];
	uint8_t mackey[2][32];

	*secrets = (struct secrets){0};
	assert_int_equal(getrandom(key, sizeof(key), 0), sizeof(key));
	assert_int_equal(getrandom(mackey, sizeof(mackey), 0), sizeof(mackey));
	make_session(rig, CRYPTO_AES_CBC, key[0], 16, 0, NULL, 0, &secrets->id[0]);
	crypt_once(rig, secrets->id[0], VCD_F_DECRYPT);
	crypt_once(rig, secrets->id[0], 0);
	make_session(rig, CRYPTO_AES_CTR, key[1], 16, CRYPTO_SHA2_256_HMAC, mackey[0], 32,
		     &secrets->id[1]);
	crypt_once(rig, secrets->id[1], VCD_F_HASH_RESET | VCD_F_HASH_FINAL);
	make_session(rig, 0, NULL, 0, CRYPTO_SHA1_HMAC, mackey[1], 32, &secrets->id[2]);
	add_aes_128(&secrets->needles, key[0]);
	add_aes_128(&secrets->needles, key[1]);
	add_hmac(&secrets->needles, mackey[0]);
	add_hmac(&secrets->needles, mackey[1]);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(mackey, sizeof(mackey));
	/* Otherwise there is nothing to lose. */
	assert_int_not_equal(search_all(rig->daemon.pid, EVERYWHERE, &secrets->needles) & 1u, 0);
}

static void start(struct rig *rig, struct secrets *secrets)
{
	rig_connect(rig, NULL);
	make_secrets(rig, secrets);
}

static void test_session_close(void **state)
{
	static const char *const args[] = {"--sandbox=none", NULL};
	struct secrets secrets;
	struct rig rig;
	unsigned int i;

	rig_listen(&rig, args);
	start(&rig, &secrets);
	for (i = 0; i < SESSIONS; i++)
		assert_int_equal(
		    front_session_destroy(&rig.front->queue[0], &rig.request, secrets.id[i]),
		    VCD_S_OK);
	expect_none(&rig, EVERYWHERE, &secrets.needles, "after the end of the session");
	rig_stop(&rig);
}

static void test_hello(void **state)
{
	static const char *const args[] = {"--sandbox=none", NULL};
	struct secrets secrets;
	struct rig rig;

	rig_listen(&rig, args);
	start(&rig, &secrets);
	assert_int_equal(front_hello(&rig.front->queue[0], &rig.request), VCD_S_OK);
	expect_none(&rig, EVERYWHERE, &secrets.needles, "after HELLO");
	rig_stop(&rig);
}

static void test_front_end_lost(void **state)
{
	static const char *const args[] = {"--sandbox=none", NULL};
	struct secrets secrets;
	struct rig rig;

	rig_listen(&rig, args);
	start(&rig, &secrets);
	rig_disconnect(&rig);
	/* The next front end is served when the former one is forgotten. */
	rig_connect(&rig, NULL);
	expect_none(&rig, EVERYWHERE, &secrets.needles, "after the loss of the front end");
	rig_stop(&rig);
}

/* While sessions live, what engines make of their keys is in memory that is locked and not dumped.
 */
static void test_live(void **state)
{
	static const char *const args[] = {"--sandbox=none", NULL};
	struct secrets secrets;
	struct rig rig;
	unsigned int i;

	rig_listen(&rig, args);
	start(&rig, &secrets);
	/* Batches, so that lanes are used as well. */
	for (i = 0; i < 2; i++)
		crypt_once(&rig, secrets.id[i], i ? VCD_F_HASH_RESET | VCD_F_HASH_FINAL : 0);
	expect_none(&rig, UNSAFE, &secrets.needles, "while the sessions live");
	rig_stop(&rig);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_live),
	    cmocka_unit_test(test_session_close),
	    cmocka_unit_test(test_hello),
	    cmocka_unit_test(test_front_end_lost),
	};

	if (argc != 2)
		return 2;
#ifdef VCD_INSTRUMENTED
	/* Sanitizers keep what was freed. */
	return 77;
#endif
	rig_daemon = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
