/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_device_auth.c - hashes, MACs and AEADs through the device: any framing, the
 * state of a half-done hash, limits, and what a forgery leaves behind.
 */
#include "tests/unit/devtest.h"

#include <endian.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"
#include "device/state.h"
#include "tests/unit/evp_reference.h"

#define REPLY sizeof(struct vcd_reply)
#define RESET VCD_F_HASH_RESET
#define FINAL VCD_F_HASH_FINAL

static const uint8_t key[64] = {7, 7, 7, 1, 2, 3};
static struct devtest test;
static struct test_random chance;

static int setup(void **state)
{
	const struct vdev_options options = {
	    .num_queues = 1,
	    .max_request = 8192,
	    .max_sessions = 100,
	};

	devtest_open(&test, 2, &options);
	chance.state = 61;
	return 0;
}

static int teardown(void **state)
{
	devtest_close(&test);
	return 0;
}

static uint64_t hash_session(uint32_t mac)
{
	return devtest_session(&test, 0, NULL, 0, mac, key,
			       eng_alg_find(mac)->kind == ENG_ALG_MAC ? 20 : 0);
}

static const struct answer *hash(uint64_t id, uint16_t flags, const void *data, size_t len)
{
	return devtest_crypt(&test, id, flags, NULL, 0, data, len, flags & FINAL ? 64 : 0);
}

static void sha256(const void *data, size_t len, uint8_t digest[32])
{
	reference_hash_run(reference_hash_find(CRYPTO_SHA2_256), NULL, 0, data, len, digest);
}

static void random_hashes(void **state)
{
	uint8_t data[2000], digest[64];

	test.random = &chance;
	for (const struct reference_hash *ref = reference_hashes; ref->id; ref++) {
		size_t key_len = eng_alg_find(ref->id)->kind == ENG_ALG_MAC ? 16 : 0;
		size_t digest_len = eng_alg_find(ref->id)->digest_len;
		uint64_t id = devtest_session(&test, 0, NULL, 0, ref->id, key, key_len);

		for (unsigned int i = 0; i < 40; i++) {
			size_t len = test_random_below(&chance, sizeof(data)), cut;
			const struct answer *answer;

			test.thread = i % 2;
			cut = test_random_below(&chance, len + 1);
			test_random_fill(&chance, data, len);
			reference_hash_run(ref, key, key_len, data, len, digest);
			answer = hash(id, RESET | FINAL, data, len);
			assert_int_equal(answer->out_len, digest_len);
			assert_memory_equal(answer->out, digest, digest_len);
			answer = hash(id, RESET, data, cut);
			assert_int_equal(answer->status, VCD_S_OK);
			assert_int_equal(answer->out_len, 0);
			test.thread = !test.thread;
			answer = hash(id, FINAL | VCD_F_DECRYPT, data + cut, len - cut);
			assert_int_equal(answer->out_len, digest_len);
			assert_memory_equal(answer->out, digest, digest_len);
		}
	}
}

static void hash_rules(void **state)
{
	uint64_t id = hash_session(CRYPTO_SHA2_256);
	uint8_t abc[32], iv[16] = {0};

	sha256("abc", 3, abc);
	assert_int_equal(hash(id, 0, "a", 1)->status, VCD_S_NOSTATE);
	assert_int_equal(hash(id, FINAL, "a", 1)->status, VCD_S_NOSTATE);
	assert_int_equal(hash(id, RESET, "ab", 2)->status, VCD_S_OK);
	/* What fails its checks does not disturb the hash. */
	assert_int_equal(devtest_crypt(&test, id, FINAL, NULL, 0, "c", 1, 31)->status,
			 VCD_S_INVALID);
	assert_int_equal(devtest_crypt(&test, id, FINAL, iv, 16, "c", 1, 32)->status,
			 VCD_S_INVALID);
	/* Nor does a hash that begins and ends in between. */
	assert_int_equal(hash(id, RESET | FINAL, "zz", 2)->status, VCD_S_OK);
	assert_memory_equal(hash(id, FINAL, "c", 1)->out, abc, 32);
	assert_int_equal(hash(id, FINAL, "c", 1)->status, VCD_S_NOSTATE);
	/* The state does not outlive the session. */
	assert_int_equal(hash(id, RESET, "ab", 2)->status, VCD_S_OK);
	assert_int_equal(devtest_simple(&test, VCD_OP_SESSION_DESTROY, id, REPLY)->status,
			 VCD_S_OK);
	assert_int_equal(hash(id, FINAL, "c", 1)->status, VCD_S_STALE);
}

static void digest_counts_for_max_request(void **state)
{
	uint64_t id = devtest_session(&test, CRYPTO_AES_CTR, key, 16, CRYPTO_SHA1, NULL, 0);
	static uint8_t data[8192];
	uint8_t iv[16] = {0};

	assert_int_equal(devtest_crypt(&test, id, RESET | FINAL, iv, 16, data, 8172, 8192)->status,
			 VCD_S_OK);
	assert_int_equal(devtest_crypt(&test, id, RESET | FINAL, iv, 16, data, 8173, 8193)->status,
			 VCD_S_TOOBIG);
	assert_int_equal(devtest_crypt(&test, id, RESET, iv, 16, data, 8192, 8192)->status,
			 VCD_S_OK);
}

/* Cipher and MAC of one session, both outputs behind each other through any framing. */
static void cipher_and_mac(void **state)
{
	const struct reference_hash *mac = reference_hash_find(CRYPTO_SHA1_HMAC);
	uint64_t id = devtest_session(&test, CRYPTO_AES_CBC, key, 16, CRYPTO_SHA1_HMAC, key, 20);
	uint8_t plain[1024], cipher[1024], digest[20], iv[16];

	test.random = &chance;
	for (unsigned int i = 0; i < 200; i++) {
		size_t len = 16 * test_random_below(&chance, 65);
		const struct answer *answer;

		test_random_fill(&chance, plain, len);
		test_random_fill(&chance, iv, 16);
		reference_crypt(&reference_ciphers[0], true, key, iv, plain, cipher, len);
		reference_hash_run(mac, key, 20, plain, len, digest);
		answer = devtest_crypt(&test, id, RESET | FINAL, iv, 16, plain, len, len + 20);
		assert_int_equal(answer->out_len, len + 20);
		assert_memory_equal(answer->out, cipher, len);
		assert_memory_equal(answer->out + len, digest, 20);
		answer = devtest_crypt(&test, id, RESET | FINAL | VCD_F_DECRYPT, iv, 16, cipher,
				       len, len + 20);
		assert_memory_equal(answer->out, plain, len);
		assert_memory_equal(answer->out + len, digest, 20);
	}
}

/* Two requests of one batch on the same half-done hash: the second is told to come again. */
static void busy_within_a_batch(void **state)
{
	uint64_t id = hash_session(CRYPTO_SHA2_256);
	struct vcd_req req[3] = {0};
	uint8_t out[3][REPLY + 32], abc[32], b = 'b';
	struct iovec in[3][2], writable[3];
	struct vdev_request requests[3], *list[3];

	for (size_t i = 0; i < 3; i++) {
		req[i].opcode = htole16(VCD_OP_CRYPT);
		req[i].flags = htole16(i == 2 ? RESET | FINAL : 0);
		req[i].src_len = htole32(1);
		req[i].session = htole64(id);
		in[i][0] = (struct iovec){&req[i], sizeof(req[i])};
		in[i][1] = (struct iovec){&b, 1};
		writable[i] = (struct iovec){out[i], sizeof(out[i])};
		requests[i] = (struct vdev_request){in[i], &writable[i], 2, 1, 0};
		list[i] = &requests[i];
	}
	assert_int_equal(hash(id, RESET, "a", 1)->status, VCD_S_OK);
	vdev_execute(test.device, 0, list, 3);
	assert_int_equal(out[0][0], VCD_S_OK);
	assert_int_equal(out[1][0], VCD_S_BUSY);
	assert_int_equal(out[2][0], VCD_S_OK); /* it is on its own */
	/* It did not count: "ab" so far. */
	sha256("abc", 3, abc);
	assert_memory_equal(hash(id, FINAL, "c", 1)->out, abc, 32);
}

static const struct answer *copy(uint64_t dst, uint64_t src)
{
	struct vcd_req req = {
	    .opcode = htole16(VCD_OP_HASH_COPY),
	    .session = htole64(dst),
	    .arg = htole64(src),
	};

	return devtest_send(&test, &req, NULL, 0, REPLY);
}

static void hash_copy(void **state)
{
	uint64_t a = hash_session(CRYPTO_SHA2_256), b = hash_session(CRYPTO_SHA2_256);
	uint64_t sha1 = hash_session(CRYPTO_SHA1);
	uint64_t cipher = devtest_session(&test, CRYPTO_AES_CBC, key, 16, 0, NULL, 0);
	uint8_t abc[32], abd[32];
	struct vdev_slot *slot;

	sha256("abc", 3, abc);
	sha256("abd", 3, abd);
	assert_int_equal(copy(b, a)->status, VCD_S_NOSTATE);
	assert_int_equal(hash(a, RESET, "ab", 2)->status, VCD_S_OK);
	assert_int_equal(copy(a, a)->status, VCD_S_INVALID);
	assert_int_equal(copy(sha1, a)->status, VCD_S_INVALID);
	assert_int_equal(copy(cipher, a)->status, VCD_S_INVALID);
	assert_int_equal(copy(a, cipher)->status, VCD_S_INVALID);
	assert_int_equal(copy(b, a + 1)->status, VCD_S_STALE);
	assert_int_equal(copy(b, a)->status, VCD_S_OK);
	assert_memory_equal(hash(a, FINAL, "c", 1)->out, abc, 32);
	/* Either side being worked on: busy, and nothing left reserved. */
	slot = vdev_session_table_find(&test.device->table, b);
	assert_true(vdev_hash_trylock(slot));
	assert_int_equal(hash(b, 0, "x", 1)->status, VCD_S_BUSY);
	assert_int_equal(copy(a, b)->status, VCD_S_BUSY);
	assert_int_equal(copy(b, a)->status, VCD_S_BUSY);
	vdev_hash_unlock(slot);
	assert_int_equal(copy(a, b)->status, VCD_S_OK);
	assert_memory_equal(hash(b, FINAL, "d", 1)->out, abd, 32);
	assert_memory_equal(hash(a, FINAL, "c", 1)->out, abc, 32);
}

/** struct sealed - an AEAD message and the request for it. */
struct sealed {
	struct vcd_req req;
	uint8_t in[4096 + 4096], out[4096];
	size_t in_len, out_len;
	uint8_t plain[2048], cipher[2048], aad[100], tag[16], nonce[13];
	size_t len, aad_len, tag_len, nonce_len;
};

/* A random message, sealed by the reference. */
static void seal(struct sealed *s, const struct reference_aead *ref)
{
	const struct eng_alg *alg = eng_alg_find(ref->id);
	struct reference_aead_job job;

	do {
		s->nonce_len = test_random_below(&chance, 14);
	} while (!eng_alg_iv_ok(alg, s->nonce_len));
	do {
		s->tag_len = test_random_below(&chance, 17);
	} while (!eng_alg_tag_ok(alg, s->tag_len));
	s->len = test_random_below(&chance, sizeof(s->plain));
	s->aad_len = test_random_below(&chance, sizeof(s->aad));
	test_random_fill(&chance, s->plain, s->len);
	test_random_fill(&chance, s->aad, s->aad_len);
	test_random_fill(&chance, s->nonce, s->nonce_len);
	job = (struct reference_aead_job){
	    .key = key,
	    .nonce = s->nonce,
	    .aad = s->aad,
	    .nonce_len = s->nonce_len,
	    .aad_len = s->aad_len,
	    .tag_len = s->tag_len,
	};
	reference_aead_seal(ref, &job, s->plain, s->len, s->cipher, s->tag);
}

static void request_for(struct sealed *s, uint64_t id, bool decrypt)
{
	size_t tag_in = decrypt ? s->tag_len : 0;

	memset(&s->req, 0, sizeof(s->req));
	s->req.opcode = htole16(VCD_OP_AUTHCRYPT);
	s->req.flags = htole16(decrypt ? VCD_F_DECRYPT : 0);
	s->req.session = htole64(id);
	s->req.src_len = htole32((uint32_t)(s->len + tag_in));
	s->req.aad_len = htole32((uint32_t)s->aad_len);
	s->req.iv_len = (uint8_t)s->nonce_len;
	s->req.tag_len = (uint8_t)s->tag_len;
	memcpy(s->req.iv, s->nonce, s->nonce_len);
	memcpy(s->in, s->aad, s->aad_len);
	memcpy(s->in + s->aad_len, decrypt ? s->cipher : s->plain, s->len);
	memcpy(s->in + s->aad_len + s->len, s->tag, tag_in);
	s->in_len = s->aad_len + s->len + tag_in;
	memcpy(s->out, decrypt ? s->plain : s->cipher, s->len);
	memcpy(s->out + s->len, s->tag, s->tag_len);
	s->out_len = s->len + (decrypt ? 0 : s->tag_len);
}

static void random_aeads(void **state)
{
	static struct sealed s;

	test.random = &chance;
	for (const struct reference_aead *ref = reference_aeads; ref->id; ref++) {
		uint64_t id = devtest_session(&test, ref->id, key, ref->key_len, 0, NULL, 0);

		for (unsigned int i = 0; i < 80; i++) {
			const struct answer *answer;
			size_t at;

			test.thread = i % 2;
			seal(&s, ref);
			for (unsigned int decrypt = 0; decrypt < 2; decrypt++) {
				request_for(&s, id, decrypt);
				answer =
				    devtest_send(&test, &s.req, s.in, s.in_len, REPLY + s.out_len);
				assert_int_equal(answer->status, VCD_S_OK);
				assert_int_equal(answer->out_len, s.out_len);
				assert_memory_equal(answer->out, s.out, s.out_len);
				assert_memory_equal(answer->iv, s.req.iv, 16);
			}
			/* One bit of AAD, ciphertext or tag; devtest sees that no output appears.
			 */
			at = test_random_below(&chance, s.in_len);
			s.in[at] ^= (uint8_t)(1u << test_random_below(&chance, 8));
			answer = devtest_send(&test, &s.req, s.in, s.in_len, REPLY + s.out_len);
			assert_int_equal(answer->status, VCD_S_BADMSG);
		}
	}
}

/* The guest's buffer is input and output at once: a forgery leaves it as it was. */
static void forgery_in_place(void **state)
{
	static struct sealed s;
	uint64_t id = devtest_session(&test, CRYPTO_AES_GCM, key, 16, 0, NULL, 0);

	for (unsigned int i = 0; i < 100; i++) {
		struct vcd_reply reply;
		uint8_t before[sizeof(s.in)];
		struct iovec in[] = {{&s.req, sizeof(s.req)}, {s.in, 0}};
		struct iovec out[] = {{&reply, sizeof(reply)}, {s.in, 0}};
		struct vdev_request request = {in, out, 2, 2, 0}, *requests = &request;

		seal(&s, &reference_aeads[0]);
		request_for(&s, id, true);
		in[1].iov_len = s.in_len;
		out[1].iov_base = s.in + s.aad_len;
		out[1].iov_len = s.out_len;
		s.in[s.in_len - 1] ^= 1;
		memcpy(before, s.in, s.in_len);
		vdev_execute(test.device, 0, &requests, 1);
		assert_int_equal(le32toh(reply.status), VCD_S_BADMSG);
		assert_int_equal(request.written, REPLY);
		assert_memory_equal(s.in, before, s.in_len);
		s.in[s.in_len - 1] ^= 1;
		vdev_execute(test.device, 0, &requests, 1);
		assert_int_equal(le32toh(reply.status), VCD_S_OK);
		assert_memory_equal(s.in + s.aad_len, s.plain, s.len);
	}
}

/*
 * Forgeries in a batch with others, of which the scratch holds a third at a time: each has its
 * answer, and is counted.
 */
static void forgeries_in_a_batch(void **state)
{
	enum { N = VDEV_BATCH_MAX };
	static struct sealed s[N];
	uint64_t id = devtest_session(&test, CRYPTO_AES_GCM, key, 16, 0, NULL, 0);
	struct vdev_stats before, after;
	static uint8_t out[N][REPLY + sizeof(s[0].plain)];
	struct vdev_request requests[N], *list[N];
	struct iovec in[N][2], space[N];
	uint64_t good = 0, bytes = 0;

	for (unsigned int i = 0; i < N; i++) {
		seal(&s[i], &reference_aeads[0]);
		request_for(&s[i], id, true);
		if (i % 3 == 1) {
			s[i].in[s[i].in_len - 1] ^= 1;
		} else {
			good++;
			bytes += s[i].len;
		}
		in[i][0] = (struct iovec){&s[i].req, sizeof(s[i].req)};
		in[i][1] = (struct iovec){s[i].in, s[i].in_len};
		space[i] = (struct iovec){out[i], REPLY + s[i].out_len};
		requests[i] = (struct vdev_request){in[i], &space[i], 2, 1, 0};
		list[i] = &requests[i];
	}
	vdev_stats_get(test.device, &before);
	vdev_execute(test.device, 0, list, N);
	vdev_stats_get(test.device, &after);
	for (unsigned int i = 0; i < N; i++) {
		bool forged = i % 3 == 1;
		struct vcd_reply reply;

		memcpy(&reply, out[i], sizeof(reply));
		assert_int_equal(le32toh(reply.status), forged ? VCD_S_BADMSG : VCD_S_OK);
		assert_int_equal(requests[i].written, REPLY + (forged ? 0 : s[i].len));
		if (!forged)
			assert_memory_equal(out[i] + REPLY, s[i].plain, s[i].len);
	}
	assert_int_equal(after.requests - before.requests, N);
	assert_int_equal(after.status[VCD_S_OK] - before.status[VCD_S_OK], good);
	assert_int_equal(after.status[VCD_S_BADMSG] - before.status[VCD_S_BADMSG], N - good);
	assert_int_equal(after.crypt - before.crypt, good);
	assert_int_equal(after.bytes - before.bytes, bytes);
}

static uint32_t authcrypt(const struct vcd_req *req, size_t payload, size_t out_len)
{
	static const uint8_t zeroes[16384];

	return devtest_send(&test, req, zeroes, payload, REPLY + out_len)->status;
}

static void aead_rules(void **state)
{
	uint64_t id = devtest_session(&test, CRYPTO_AES_GCM, key, 32, 0, NULL, 0);
	uint64_t hash_id = hash_session(CRYPTO_SHA1);
	const struct vcd_req good = {
	    .opcode = htole16(VCD_OP_AUTHCRYPT),
	    .src_len = htole32(32),
	    .session = htole64(id),
	    .aad_len = htole32(5),
	    .iv_len = 12,
	    .tag_len = 16,
	};
	struct vcd_req bad;

#define WITH(field, value) (bad = good, bad.field = (value), &bad)
	assert_int_equal(authcrypt(&good, 37, 48), VCD_S_OK);
	assert_int_equal(authcrypt(&good, 36, 48), VCD_S_INVALID);
	assert_int_equal(authcrypt(&good, 38, 48), VCD_S_INVALID);
	assert_int_equal(authcrypt(&good, 37, 47), VCD_S_INVALID);
	assert_int_equal(authcrypt(WITH(crypt_off, htole32(1)), 37, 48), VCD_S_INVALID);
	assert_int_equal(authcrypt(WITH(arg, htole64(1)), 37, 48), VCD_S_INVALID);
	assert_int_equal(authcrypt(WITH(iv_len, 11), 37, 48), VCD_S_INVALID);
	assert_int_equal(authcrypt(WITH(iv_len, 16), 37, 48), VCD_S_INVALID);
	assert_int_equal(authcrypt(WITH(tag_len, 0), 37, 48), VCD_S_INVALID);
	assert_int_equal(authcrypt(WITH(tag_len, 5), 37, 48), VCD_S_INVALID);
	assert_int_equal(authcrypt(WITH(tag_len, 17), 37, 49), VCD_S_INVALID);
	assert_int_equal(authcrypt(WITH(tag_len, 255), 37, 300), VCD_S_INVALID);
	assert_int_equal(authcrypt(WITH(session, htole64(id + 1)), 37, 48), VCD_S_STALE);
	assert_int_equal(authcrypt(WITH(session, htole64(hash_id)), 37, 48), VCD_S_INVALID);
	for (unsigned int bit = 0; bit < 16; bit++)
		if (1u << bit != VCD_F_DECRYPT)
			assert_int_equal(
			    authcrypt(WITH(flags, htole16((uint16_t)(1u << bit))), 37, 100),
			    VCD_S_INVALID);
	/* Decrypting: src_len includes the tag and cannot be shorter. */
	bad = good;
	bad.flags = htole16(VCD_F_DECRYPT);
	assert_int_equal(authcrypt(&bad, 37, 16), VCD_S_BADMSG);
	assert_int_equal(authcrypt(&bad, 37, 15), VCD_S_INVALID);
	bad.src_len = htole32(16);
	assert_int_equal(authcrypt(&bad, 21, 0), VCD_S_BADMSG);
	bad.src_len = htole32(15);
	assert_int_equal(authcrypt(&bad, 20, 0), VCD_S_INVALID);
	bad.src_len = 0;
	assert_int_equal(authcrypt(&bad, 5, 0), VCD_S_INVALID);
	/* Limits: AAD, payload in, payload out */
	bad = good;
	bad.src_len = 0;
	bad.aad_len = htole32(4096);
	assert_int_equal(authcrypt(&bad, 4096, 16), VCD_S_OK);
	bad.aad_len = htole32(4097);
	assert_int_equal(authcrypt(&bad, 4097, 16), VCD_S_TOOBIG);
	bad.aad_len = htole32(4096);
	bad.src_len = htole32(4096);
	assert_int_equal(authcrypt(&bad, 8192, 4112), VCD_S_OK);
	bad.src_len = htole32(4097);
	assert_int_equal(authcrypt(&bad, 8193, 4113), VCD_S_TOOBIG);
	bad.aad_len = 0;
	bad.src_len = htole32(8176);
	assert_int_equal(authcrypt(&bad, 8176, 8192), VCD_S_OK);
	bad.src_len = htole32(8177);
	assert_int_equal(authcrypt(&bad, 8177, 8193), VCD_S_TOOBIG);
	/* aad_len + src_len is the payload modulo 2^32 */
	bad.aad_len = htole32(0x80000000);
	bad.src_len = htole32(0x80000020);
	assert_int_equal(authcrypt(&bad, 32, 48), VCD_S_INVALID);
#undef WITH
}

/* Half-done hashes and copies from several workers; each finished digest is of one kind or BUSY. */
#define ROUNDS 4000

static uint64_t shared[2];
static _Atomic(unsigned int) unexpected, finished;

static uint32_t quick(unsigned int worker, const struct vcd_req *req, size_t len)
{
	struct vcd_req copied = *req;
	uint8_t data[64], out[REPLY + 32];
	struct iovec in[2] = {{&copied, sizeof(copied)}, {data, len}};
	struct iovec writable = {out, sizeof(out)};
	struct vdev_request request = {in, &writable, 2, 1, 0}, *requests = &request;
	struct vcd_reply reply;

	memset(data, 'a', sizeof(data));
	vdev_execute(test.device, worker, &requests, 1);
	memcpy(&reply, out, sizeof(reply));
	return le32toh(reply.status);
}

static void *hash_worker(void *arg)
{
	unsigned int worker = (unsigned int)(uintptr_t)arg;
	struct test_random random = {worker + 70};

	for (unsigned int i = 0; i < ROUNDS; i++) {
		static const uint16_t kinds[] = {RESET, 0, FINAL, RESET | FINAL};
		uint16_t flags = kinds[test_random_below(&random, 4)];
		size_t len = test_random_below(&random, 64);
		struct vcd_req req = {
		    .opcode = htole16(VCD_OP_CRYPT),
		    .flags = htole16(flags),
		    .src_len = htole32((uint32_t)len),
		    .session = htole64(shared[i % 2]),
		};
		uint32_t status;

		if (!test_random_below(&random, 5)) {
			req = (struct vcd_req){
			    .opcode = htole16(VCD_OP_HASH_COPY),
			    .session = htole64(shared[i % 2]),
			    .arg = htole64(shared[(i + 1) % 2]),
			};
			len = 0;
			flags = 0;
		}
		status = quick(worker, &req, len);
		if (flags == (RESET | FINAL)
			? status != VCD_S_OK
			: status != VCD_S_OK && status != VCD_S_BUSY && status != VCD_S_NOSTATE)
			unexpected++;
		if (status == VCD_S_OK && flags & FINAL)
			finished++;
	}
	return NULL;
}

static void hashes_from_two_workers(void **state)
{
	pthread_t threads[2];

	shared[0] = hash_session(CRYPTO_SHA2_256);
	shared[1] = hash_session(CRYPTO_SHA2_256);
	for (uintptr_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hash_worker, (void *)i), 0);
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(unexpected, 0);
	assert_true(finished > 0);
	/* Nothing is left reserved. */
	for (size_t i = 0; i < 2; i++) {
		uint8_t abc[32];

		sha256("abc", 3, abc);
		assert_int_equal(hash(shared[i], RESET, "ab", 2)->status, VCD_S_OK);
		assert_memory_equal(hash(shared[i], FINAL, "c", 1)->out, abc, 32);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(random_hashes),
	    TEST(hash_rules),
	    TEST(digest_counts_for_max_request),
	    TEST(cipher_and_mac),
	    TEST(busy_within_a_batch),
	    TEST(hash_copy),
	    TEST(random_aeads),
	    TEST(forgery_in_place),
	    TEST(forgeries_in_a_batch),
	    TEST(aead_rules),
	    TEST(hashes_from_two_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
