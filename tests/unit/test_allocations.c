/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * While an engine is opened, just our own allocations fail: libcrypto 3.0 itself crashes when it
 * cannot make its library context.
 */
/*
 * test_allocations.c - every allocation of device, engine and libcrypto fails once.
 *
 * The program is linked with wrappers of malloc() and its relatives, and libcrypto is given the
 * same ones: the N-th allocation after arm(N) fails. Each operation is repeated with N = 1, 2, 3
 * ... until no fault happens any more. One that met a fault may succeed, and then its answer is
 * right, or fail for want of memory or as an engine that failed; afterwards it must succeed. What
 * leaks meanwhile is for the address sanitizer's build to see.
 */
#include "tests/unit/unit.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "cryptodev.h"
#include "device/device.h"
#include "tests/lib/engine.h"
#include "virtio_cryptodev.h"

#define LEN 256
#define MAX_FAULTS 3000

/* ---- faults --------------------------------------------------------------------------- */

static unsigned long left;
static unsigned long met;
static bool just_ours;

static void arm(unsigned long n)
{
	left = n;
	met = 0;
}

static bool fails(void)
{
	if (!left || --left)
		return false;
	met++;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return fails() ? NULL : __real_aligned_alloc(align, size);
}

static void *crypto_alloc(size_t size, const char *file, int line)
{
	if (!size)
		return NULL;
	return just_ours ? __real_malloc(size) : __wrap_malloc(size);
}

static void *crypto_resize(void *p, size_t size, const char *file, int line)
{
	return just_ours ? __real_realloc(p, size) : __wrap_realloc(p, size);
}

static void crypto_free(void *p, const char *file, int line)
{
	free(p);
}

/* ---- operations ----------------------------------------------------------------------- */

static struct engine *engine;
static struct vdev *device;
static uint8_t output[LEN + 64];

/* A request without an allocation of its own. Return: status; VCD_S_COUNT: no reply. */
static uint32_t send(const void *header, const void *payload, size_t len, uint64_t *value)
{
	static uint8_t in[sizeof(struct vcd_req) + LEN + 64];
	static uint8_t out[sizeof(struct vcd_reply) + sizeof(output)];
	struct iovec in_iov = {in, sizeof(struct vcd_req) + len}, out_iov = {out, sizeof(out)};
	struct vdev_request request = {
	    .in = &in_iov, .in_count = 1, .out = &out_iov, .out_count = 1};
	struct vdev_request *requests = &request;
	struct vcd_reply reply;

	memcpy(in, header, sizeof(struct vcd_req));
	memcpy(in + sizeof(struct vcd_req), payload, len);
	vdev_execute(device, 0, &requests, 1);
	if (request.written < sizeof(reply))
		return VCD_S_COUNT;
	memcpy(&reply, out, sizeof(reply));
	memcpy(output, out + sizeof(reply), le32toh(reply.out_len));
	if (value)
		*value = le64toh(reply.value);
	return le32toh(reply.status);
}

/** struct kind - a session and what is done with it. */
struct kind {
	const char *name;
	uint32_t cipher, key_len, mac, mackey_len;
	uint16_t opcode, flags;
	uint8_t iv_len, tag_len;
};

static const struct kind kinds[] = {
    {"AES-CBC", CRYPTO_AES_CBC, 16, 0, 0, VCD_OP_CRYPT, 0, 16, 0},
    {"AES-CBC decryption", CRYPTO_AES_CBC, 32, 0, 0, VCD_OP_CRYPT, VCD_F_DECRYPT, 16, 0},
    {"AES-XTS", CRYPTO_AES_XTS, 32, 0, 0, VCD_OP_CRYPT, 0, 16, 0},
    {"3DES-CBC", CRYPTO_3DES_CBC, 24, 0, 0, VCD_OP_CRYPT, 0, 8, 0},
    {"AES-CTR and HMAC", CRYPTO_AES_CTR, 16, CRYPTO_SHA2_256_HMAC, 32, VCD_OP_CRYPT,
     VCD_F_HASH_RESET | VCD_F_HASH_FINAL, 16, 0},
    {"SHA-256", 0, 0, CRYPTO_SHA2_256, 0, VCD_OP_CRYPT, VCD_F_HASH_RESET | VCD_F_HASH_FINAL, 0, 0},
    {"HMAC-SHA-1", 0, 0, CRYPTO_SHA1_HMAC, 20, VCD_OP_CRYPT, VCD_F_HASH_RESET | VCD_F_HASH_FINAL, 0,
     0},
    {"AES-GCM", CRYPTO_AES_GCM, 16, 0, 0, VCD_OP_AUTHCRYPT, 0, 12, 16},
};

/* Make a session, use it, end it. */
static uint32_t use(const struct kind *k)
{
	static const uint8_t keys[96] = {1, 2, 3, 4, 5, 6, 7, 8,  9, 8,
					 7, 6, 5, 4, 3, 2, 1, 77, 3, 99};
	static const uint8_t data[LEN] = "what is worked on";
	const struct vcd_req_create create = {
	    .opcode = htole16(VCD_OP_SESSION_CREATE),
	    .cipher = htole32(k->cipher),
	    .mac = htole32(k->mac),
	    .key_len = htole32(k->key_len),
	    .mackey_len = htole32(k->mackey_len),
	};
	struct vcd_req req = {
	    .opcode = htole16(k->opcode),
	    .flags = htole16(k->flags),
	    .src_len = htole32(LEN),
	    .iv_len = k->iv_len,
	    .tag_len = k->tag_len,
	};
	uint64_t id;
	uint32_t status = send(&create, keys, k->key_len + k->mackey_len, &id);

	if (status != VCD_S_OK)
		return status;
	req.session = htole64(id);
	status = send(&req, data, LEN, NULL);
	req = (struct vcd_req){.opcode = htole16(VCD_OP_SESSION_DESTROY), .session = htole64(id)};
	assert_int_equal(send(&req, "", 0, NULL), VCD_S_OK);
	return status;
}

static int open_both(void)
{
	struct vdev_options options = {.threads = 1, .num_queues = 1, .max_sessions = 16};
	const char *name = getenv("VCD_TEST_ENGINE");
	int err = eng_open(name ? name : "openssl", 1, &engine);

	if (err)
		return err;
	options.engine = engine;
	err = vdev_new(&options, &device);
	if (err)
		engine = eng_close(engine);
	return err;
}

static void close_both(void)
{
	device = vdev_free(device);
	engine = eng_close(engine);
}

/* ---- tests ---------------------------------------------------------------------------- */

static void test_use(void **state)
{
	const struct kind *k = *state;
	uint8_t right[sizeof(output)];
	unsigned long n, failed = 0;

	assert_int_equal(open_both(), 0);
	memset(output, 0, sizeof(output));
	assert_int_equal(use(k), VCD_S_OK);
	memcpy(right, output, sizeof(right));
	for (n = 1;; n++) {
		uint32_t status;

		assert_true(n < MAX_FAULTS);
		memset(output, 0, sizeof(output));
		arm(n);
		status = use(k);
		left = 0;
		if (status == VCD_S_OK) {
			assert_memory_equal(output, right, sizeof(right));
		} else if (status != VCD_S_NOMEM && status != VCD_S_IO) {
			fail_msg("fault %lu: status %u", n, status);
		}
		failed += status != VCD_S_OK;
		if (!met)
			break;
		memset(output, 0, sizeof(output));
		assert_int_equal(use(k), VCD_S_OK);
		assert_memory_equal(output, right, sizeof(right));
	}
	print_message("  %s: %lu faults, %lu errors\n", k->name, n - 1, failed);
	assert_int_equal(failed > 0, 1);
	close_both();
}

static void test_open(void **state)
{
	unsigned long n, failed = 0, poor = 0;

	for (n = 1;; n++) {
		int err;

		assert_true(n < MAX_FAULTS);
		just_ours = true;
		arm(n);
		err = open_both();
		left = 0;
		just_ours = false;
		/* libcrypto does not always tell what it does not have from what it has no room
		 * for. */
		if (err && err != -ENOMEM && err != -EIO && err != -ENODEV)
			fail_msg("fault %lu: %d", n, err);
		failed += err != 0;
		if (!err) {
			for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
				uint32_t status = use(&kinds[i]);

				if (status != VCD_S_OK) {
					print_message("  fault %lu, %s: status %u\n", n,
						      kinds[i].name, status);
					poor++;
				}
			}
			close_both();
		}
		if (!met)
			break;
	}
	print_message("  opening: %lu faults, %lu errors\n", n - 1, failed);
	assert_true(failed > 0);
	/* What has opened has everything. */
	assert_int_equal(poor, 0);
}

int main(void)
{
	struct CMUnitTest tests[1 + sizeof(kinds) / sizeof(kinds[0])];
	const size_t count = sizeof(tests) / sizeof(tests[0]);

	if (!CRYPTO_set_mem_functions(crypto_alloc, crypto_resize, crypto_free))
		return 1;
	/* What is made once for all is made here: libcrypto does not try that a second time. */
	if (open_both() == -ENODEV) {
		printf("SKIPPED: no such engine here\n");
		return TEST_SKIPPED;
	}
	for (size_t i = 0; i + 1 < count; i++) {
		if (use(&kinds[i]) != VCD_S_OK)
			return 1;
		tests[i] = (struct CMUnitTest){.name = kinds[i].name,
					       .test_func = test_use,
					       .initial_state = (void *)(uintptr_t)&kinds[i]};
	}
	close_both();
	tests[count - 1] = (struct CMUnitTest)cmocka_unit_test(test_open);
	return _cmocka_run_group_tests("allocations", tests, count, NULL, NULL);
}
