/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake_keys.c - a key service whose answers are known beforehand. See fake_keys.h. */
#include "tests/lib/fake_keys.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "cryptodev.h"

#define KEY_LEN 16
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct fake {
	const char *label;
	uint16_t kind;
	uint16_t alg;
	uint32_t use;
	uint32_t flags;
} keys[] = {
    {"cipher", VCD_KIND_SYMMETRIC, CRYPTO_AES_CBC, VCD_USE_ENCRYPT | VCD_USE_DECRYPT,
     VCD_KEY_F_FAST},
    {"decrypt", VCD_KIND_SYMMETRIC, CRYPTO_AES_CBC, VCD_USE_DECRYPT, VCD_KEY_F_FAST},
    {"free", VCD_KIND_SYMMETRIC, CRYPTO_AES_GCM, VCD_USE_ENCRYPT | VCD_USE_DECRYPT,
     VCD_KEY_F_FAST | VCD_KEY_F_IV_GUEST},
    {"gcm", VCD_KIND_SYMMETRIC, CRYPTO_AES_GCM, VCD_USE_ENCRYPT | VCD_USE_DECRYPT, VCD_KEY_F_FAST},
    {"held", VCD_KIND_SYMMETRIC, CRYPTO_AES_CBC, VCD_USE_ENCRYPT | VCD_USE_DECRYPT, 0},
    {"heldgcm", VCD_KIND_SYMMETRIC, CRYPTO_AES_GCM, VCD_USE_ENCRYPT | VCD_USE_DECRYPT, 0},
    {"heldmac", VCD_KIND_SYMMETRIC, CRYPTO_SHA2_256_HMAC, VCD_USE_SIGN, 0},
    {"mac", VCD_KIND_SYMMETRIC, CRYPTO_SHA2_256_HMAC, VCD_USE_SIGN, VCD_KEY_F_FAST},
    {"private", VCD_KIND_P256, 0, VCD_USE_SIGN | VCD_USE_DERIVE, 0},
    {"ticket", VCD_KIND_SYMMETRIC, CRYPTO_SHA2_256_HMAC, VCD_USE_SIGN, VCD_KEY_F_FAST},
    {"verify", VCD_KIND_SYMMETRIC, CRYPTO_SHA2_256_HMAC, VCD_USE_VERIFY, VCD_KEY_F_FAST},
};

static struct vcd_key_info info_of(const struct fake *key)
{
	const bool symmetric = key->kind == VCD_KIND_SYMMETRIC;
	struct vcd_key_info info = {
	    .kind = htole16(key->kind),
	    .alg = htole16(key->alg),
	    .bits = htole32(symmetric ? 8 * KEY_LEN : 256),
	    .use = htole32(key->use),
	    .flags = htole32(key->flags),
	    .schemes =
		htole64(symmetric ? 0 : 1ull << VCD_ECDSA_P256_SHA256 | 1ull << VCD_ECDH_P256),
	    .key_len = htole16(symmetric ? KEY_LEN : 0),
	    .max_out = htole32(symmetric ? 0 : 72),
	};

	memcpy(info.label, key->label, strlen(key->label));
	memset(info.check, (int)(key - keys) + 1, sizeof(info.check));
	return info;
}

static const struct fake *find(const struct vdev_key_job *job)
{
	const uint32_t len = job->in_len - job->aux_len;

	for (size_t i = 0; i < COUNT(keys); i++) {
		const bool needs = !strcmp(keys[i].label, "ticket");

		if (strlen(keys[i].label) != len || memcmp(job->in, keys[i].label, len) != 0)
			continue;
		if (needs != (job->aux_len != 0) ||
		    (needs && memcmp(job->in + len, FAKE_TICKET, VCD_KEY_TICKET_LEN) != 0))
			return NULL;
		return &keys[i];
	}
	return NULL;
}

static uint64_t open_key(struct fake_keys *fake)
{
	for (size_t i = 0; i < FAKE_OPEN; i++)
		if (!fake->open[i])
			return fake->open[i] = ++fake->last;
	return 0;
}

static bool is_open(void *arg, uint64_t number)
{
	const struct fake_keys *fake = arg;

	for (size_t i = 0; number && i < FAKE_OPEN; i++)
		if (fake->open[i] == number)
			return true;
	return false;
}

void fake_keys_revoke(struct fake_keys *fake, uint64_t number)
{
	for (size_t i = 0; i < FAKE_OPEN; i++)
		if (!number || fake->open[i] == number)
			fake->open[i] = 0;
}

static void close_key(void *arg, uint64_t number)
{
	if (number)
		fake_keys_revoke(arg, number);
}

unsigned int fake_keys_count(const struct fake_keys *fake)
{
	unsigned int n = 0;

	for (size_t i = 0; i < FAKE_OPEN; i++)
		n += fake->open[i] != 0;
	return n;
}

static bool is_label(const struct vdev_key_job *job, const char *label)
{
	return job->in_len == strlen(label) && !memcmp(job->in, label, job->in_len);
}

static uint32_t run_open(struct fake_keys *fake, struct vdev_key_job *job)
{
	const struct fake *key =
	    is_label(job, "broken") || is_label(job, "revoked") ? &keys[0] : find(job);
	struct vcd_key_info info;

	if (!key)
		return VCD_S_NOKEY;
	info = info_of(key);
	if (job->flags & VCD_F_CHECK && memcmp(job->iv, info.check, sizeof(info.check)) != 0)
		return VCD_S_NOKEY;
	job->key = open_key(fake);
	if (!job->key)
		return VCD_S_BUSY;
	memcpy(job->out, &info, sizeof(info));
	memcpy(job->iv, info.check, sizeof(info.check));
	job->out_len = sizeof(info);
	if (key->flags & VCD_KEY_F_FAST) {
		memcpy(job->out + sizeof(info), FAKE_KEY, KEY_LEN);
		job->out_len += KEY_LEN;
	}
	if (is_label(job, "broken"))
		job->out_len = 3;
	if (is_label(job, "revoked"))
		fake_keys_revoke(fake, job->key);
	return VCD_S_OK;
}

static uint32_t run_list(struct vdev_key_job *job)
{
	job->total = COUNT(keys);
	for (size_t i = job->first; i < COUNT(keys) && i - job->first < job->list_max; i++) {
		struct vcd_key_info info = info_of(&keys[i]);

		memcpy(job->out + job->out_len, &info, sizeof(info));
		job->out_len += (uint32_t)sizeof(info);
	}
	return VCD_S_OK;
}

static uint32_t run_info(struct vdev_key_job *job)
{
	const struct fake *key = find(job);
	struct vcd_key_info info;

	if (!key)
		return VCD_S_NOKEY;
	info = info_of(key);
	memcpy(job->out, &info, sizeof(info));
	memcpy(job->iv, info.check, sizeof(info.check));
	job->out_len = sizeof(info);
	if (key->kind != VCD_KIND_SYMMETRIC) {
		memcpy(job->out + sizeof(info), "public", 6);
		job->out_len += 6;
	}
	return VCD_S_OK;
}

static uint32_t run_private(struct vdev_key_job *job)
{
	const uint32_t len = job->in_len - job->aux_len;

	if (job->what == VDEV_KEY_SIGN) {
		const uint32_t kept =
		    job->in_len < VDEV_KEY_OUT - 2 ? job->in_len : VDEV_KEY_OUT - 2;

		job->out[0] = (uint8_t)job->scheme;
		job->out[1] = (uint8_t)job->flags;
		memcpy(job->out + 2, job->in, kept);
		job->out_len = kept + 2;
	} else if (job->what == VDEV_KEY_DERIVE) {
		memset(job->out, job->in_len ? job->in[0] : 0, 32);
		job->out_len = 32;
	} else {
		if (len && !job->in[0])
			return VCD_S_BADMSG;
		for (uint32_t i = 0; i < len; i++)
			job->out[i] = job->in[len - 1 - i];
		job->out_len = len;
	}
	return VCD_S_OK;
}

static uint32_t run_mac(struct vdev_key_job *job)
{
	uint8_t sum = 0;

	for (uint32_t i = 0; i < job->in_len; i++)
		sum = (uint8_t)(sum + job->in[i]);
	memset(job->out, sum, 32);
	job->out_len = 32;
	return VCD_S_OK;
}

static uint32_t run_crypt(struct vdev_key_job *job)
{
	const bool decrypt = job->flags & VCD_F_DECRYPT;
	const uint32_t tag_in = decrypt ? job->tag_len : 0;
	uint32_t len = job->in_len - job->aux_len - tag_in;

	if (!job->tag_len && !job->iv_len)
		return run_mac(job);
	for (uint32_t i = 0; i < tag_in; i++)
		if (job->in[job->aux_len + len + i] != 0x77)
			return VCD_S_BADMSG;
	for (uint32_t i = 0; i < len; i++)
		job->out[i] = job->in[job->aux_len + i] ^ 0x55;
	if (job->tag_len && !decrypt) {
		memset(job->out + len, 0x77, job->tag_len);
		len += job->tag_len;
	}
	for (uint8_t i = 0; job->tag_len && !job->iv_len && i < 12; i++)
		job->iv[i] = (uint8_t)(0xa0 + i);
	job->out_len = len;
	return VCD_S_OK;
}

static void run(void *arg, struct vdev_key_job *const jobs[], size_t n)
{
	struct fake_keys *fake = arg;

	fake->runs++;
	for (size_t i = 0; i < n; i++) {
		struct vdev_key_job *job = jobs[i];

		fake->jobs++;
		fake->token = job->token;
		if (job->what == VDEV_KEY_OPEN)
			job->status = run_open(fake, job);
		else if (job->what == VDEV_KEY_LIST)
			job->status = run_list(job);
		else if (job->what == VDEV_KEY_INFO)
			job->status = run_info(job);
		else if (!is_open(fake, job->key))
			job->status = VCD_S_STALE;
		else
			job->status =
			    job->what == VDEV_KEY_CRYPT ? run_crypt(job) : run_private(job);
	}
}

/* Nothing waits here. */
static void hurry(void *arg, bool on)
{
}

void fake_keys_init(struct fake_keys *fake)
{
	*fake = (struct fake_keys){.service = {fake, run, is_open, close_key, hurry}};
}
