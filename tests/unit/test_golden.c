/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_golden.c - the device answers each golden message with the golden reply, byte
 * for byte, in one piece and in any pieces. And the loader refuses what is malformed.
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cryptodev.h"
#include "device/state.h"
#include "tests/lib/engine.h"
#include "tests/lib/fake_keys.h"
#include "tests/lib/golden.h"

#define MAX_IOV 100
#define POISON 0xee

static struct engine *engine;
static struct fake_keys keys;

static struct golden *load(const char *name)
{
	struct golden *golden = NULL;
	char path[200];
	int error;

	snprintf(path, sizeof(path), "tests/golden/%s.hex", name);
	error = golden_load(test_path(path), &golden);
	if (error)
		fail_msg("%s: %s", path, strerror(-error));
	return golden;
}

/* Messages on keys by name are sent on the slow queue, "key-..."; all others are not. */
static unsigned int thread_of(const char *name)
{
	return strncmp(name, "key-", 4) == 0;
}

static void check_one(struct vdev *device, const char *name, struct test_random *random)
{
	struct golden *golden = load(name);
	struct iovec in[MAX_IOV], out[MAX_IOV];
	struct vdev_request request = {in, out, 1, 1, 0x5555}, *requests = &request;
	uint8_t *writable = malloc(golden->room + 1);

	memset(writable, POISON, golden->room + 1);
	in[0] = (struct iovec){golden->request, golden->request_len};
	out[0] = (struct iovec){writable, golden->room};
	if (random) {
		request.in_count =
		    split_at_random(random, golden->request, golden->request_len, in, MAX_IOV);
		request.out_count = split_at_random(random, writable, golden->room, out, MAX_IOV);
	}
	vdev_execute(device, thread_of(name), &requests, 1);
	if (request.written != golden->reply_len ||
	    memcmp(writable, golden->reply, golden->reply_len))
		fail_msg("%s: the reply differs (status %u, used length %u, expected %zu)", name,
			 writable[0], request.written, golden->reply_len);
	for (size_t i = golden->reply_len; i <= golden->room; i++)
		assert_int_equal(writable[i], POISON);
	free(writable);
	golden_free(golden);
}

static struct vdev *device_new(void)
{
	const struct vdev_options options = {
	    .engine = engine,
	    .threads = 2,
	    .num_queues = 1,
	    .slow_queues = 1,
	    .keys = &keys.service,
	};
	struct vdev *device = NULL;

	fake_keys_init(&keys);
	assert_int_equal(vdev_new_at(&options, 1, 1, &device), 0);
	return device;
}

static void check(const char *name, struct test_random *random)
{
	struct vdev *device = device_new();
	struct golden *golden = load(name);

	for (size_t i = 0; golden->setup[i]; i++)
		check_one(device, golden->setup[i], random);
	check_one(device, name, random);
	golden_free(golden);
	vdev_free(device);
}

static int is_message(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 4 && !strcmp(entry->d_name + len - 4, ".hex");
}

static void all_messages(void **state)
{
	struct test_random random = {21};
	struct dirent **entries;
	int n = scandir(test_path("tests/golden"), &entries, is_message, alphasort);

	assert_true(n >= 85);
	for (int i = 0; i < n; i++) {
		char *name = entries[i]->d_name;

		name[strlen(name) - 4] = 0;
		/* The one message with the engine's name in it; it is openssl's. */
		if (!strcmp(name, "session-info") && strcmp(engine->name, "openssl")) {
			free(entries[i]);
			continue;
		}
		check(name, NULL);
		for (unsigned int round = 0; round < 20; round++)
			check(name, &random);
		free(entries[i]);
	}
	free(entries);
	print_message("%d golden messages\n", n);
}

/* Each operation has one. */
static void every_operation_is_there(void **state)
{
	static const char *const names[] = {
	    "hello",
	    "session-create-aes-128-cbc",
	    "session-destroy",
	    "session-info",
	    "crypt-aes-128-cbc-encrypt",
	    "crypt-sha256",
	    "crypt-stale",
	    "authcrypt-aes-128-gcm-encrypt",
	    "authcrypt-tls-decrypt",
	    "authcrypt-srtp-encrypt",
	    "hash-copy",
	    "unknown-opcode",
	    "key-create-cipher",
	    "key-list",
	    "key-info",
	    "key-sign",
	    "key-decrypt",
	    "key-derive",
	    "key-authcrypt-heldgcm",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		golden_free(load(names[i]));
}

static int load_text(const char *text)
{
	char path[] = "/tmp/golden-XXXXXX";
	struct golden *golden = NULL;
	int fd = mkstemp(path), error;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	error = golden_load(path, &golden);
	unlink(path);
	golden_free(golden);
	return error;
}

static void malformed_files(void **state)
{
	assert_int_equal(load_text("[request]\n00 01 # two\n[reply]\n\n"), 0);
	assert_int_equal(load_text("[room]\n12\n[request]\n[reply]\n0\n1\n"), -EINVAL);
	assert_int_equal(load_text(""), -EINVAL);
	assert_int_equal(load_text("[request]\n00\n"), -EINVAL);
	assert_int_equal(load_text("00\n[request]\n[reply]\n"), -EINVAL);
	assert_int_equal(load_text("[request]\n[reply]\n[request]\n"), -EINVAL);
	assert_int_equal(load_text("[request]\n0g\n[reply]\n"), -EINVAL);
	assert_int_equal(load_text("[room]\nx\n[request]\n[reply]\n"), -EINVAL);
	assert_int_equal(load_text("[other]\n[request]\n[reply]\n"), -EINVAL);
	assert_int_equal(load_text("[setup]\n1\n2\n3\n4\n5\n6\n7\n8\n9\n[request]\n[reply]\n"),
			 -EINVAL);
	assert_int_equal(golden_load("/nonexistent/file", NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_messages),
	    cmocka_unit_test(every_operation_is_there),
	    cmocka_unit_test(malformed_files),
	};
	int failed;

	if (test_engine_open(2, &engine))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	eng_close(engine);
	return failed;
}
