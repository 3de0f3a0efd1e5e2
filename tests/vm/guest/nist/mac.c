/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mac.c - SHAVS and HMACVS vectors.
 */
#include "nist.h"

#include <errno.h>
#include <string.h>

static uint8_t message[NIST_MAX];

static int digest(struct nist *n, uint32_t ses, const uint8_t *src, size_t len, uint8_t *out)
{
	struct crypt_op op = {.ses = ses, .len = (uint32_t)len, .src = (uint8_t *)src, .mac = out};

	return dev_ioctl(n->fd, CIOCCRYPT, &op);
}

int nist_hash(struct nist *n, uint32_t id)
{
	const struct ref_mac *m = ref_mac_find(id);
	uint8_t want[64], got[64];
	uint32_t ses;
	int status;

	if (dev_mac_session(n->fd, 0, NULL, 0, id, NULL, 0, &ses))
		return -ENOTSUP;
	while ((status = rsp_next(n->rsp)) > 0) {
		long bits = rsp_number(n->rsp, "Len");
		ssize_t len;

		if (!rsp_fresh(n->rsp, "MD"))
			continue;
		len = rsp_hex(n->rsp, "Msg", message, sizeof(message));
		/* an empty message is written as one zero byte */
		if (bits < 0 || bits % 8 || len < bits / 8 || len > bits / 8 + 1 ||
		    rsp_hex(n->rsp, "MD", want, sizeof(want)) != (ssize_t)m->size)
			return -EINVAL;
		n->vectors++;
		nist_expect(n, "the digest", digest(n, ses, message, (size_t)bits / 8, got), got,
			    want, m->size);
	}
	dev_end(n->fd, ses);
	return status;
}

/* SHAVS 6.4: each digest of the last three in a row, a thousand times per vector. */
static int monte_steps(struct nist *n, uint32_t ses, size_t size, uint8_t *seed)
{
	uint8_t last[3 * 64], out[64] = {0};

	for (int i = 0; i < 3; i++)
		memcpy(last + (size_t)i * size, seed, size);
	for (int i = 0; i < 1000; i++) {
		int err = digest(n, ses, last, 3 * size, out);

		if (err)
			return err;
		memmove(last, last + size, 2 * size);
		memcpy(last + 2 * size, out, size);
	}
	memcpy(seed, out, size);
	return 0;
}

int nist_hash_monte(struct nist *n, uint32_t id)
{
	const struct ref_mac *m = ref_mac_find(id);
	uint8_t want[64], seed[64];
	bool seeded = false;
	uint32_t ses;
	int status;

	if (dev_mac_session(n->fd, 0, NULL, 0, id, NULL, 0, &ses))
		return -ENOTSUP;
	while ((status = rsp_next(n->rsp)) > 0) {
		if (rsp_fresh(n->rsp, "Seed")) {
			if (rsp_hex(n->rsp, "Seed", seed, sizeof(seed)) != (ssize_t)m->size)
				return -EINVAL;
			seeded = true;
		}
		if (!rsp_fresh(n->rsp, "MD"))
			continue;
		if (!seeded || rsp_hex(n->rsp, "MD", want, sizeof(want)) != (ssize_t)m->size)
			return -EINVAL;
		n->vectors++;
		nist_expect(n, "digest 1000", monte_steps(n, ses, m->size, seed), seed, want,
			    m->size);
	}
	dev_end(n->fd, ses);
	return status;
}

/* The section's L tells the hash. */
static const struct ref_mac *hmac_of(long size)
{
	const struct ref_mac *m;

	for (size_t i = 0; (m = ref_mac_at(i)); i++)
		if (m->keyed && m->size == size)
			return m;
	return NULL;
}

int nist_hmac(struct nist *n, uint32_t id)
{
	uint8_t key[512], want[64], got[64];
	uint32_t ses;
	int status;

	while ((status = rsp_next(n->rsp)) > 0) {
		const struct ref_mac *m = hmac_of(rsp_number(n->rsp, "L"));
		ssize_t keylen, len, maclen;

		if (!rsp_fresh(n->rsp, "Mac"))
			continue;
		keylen = rsp_hex(n->rsp, "Key", key, sizeof(key));
		len = rsp_hex(n->rsp, "Msg", message, sizeof(message));
		maclen = rsp_hex(n->rsp, "Mac", want, sizeof(want));
		if (!m || keylen <= 0 || len <= 0 || maclen <= 0 || maclen > (ssize_t)m->size ||
		    keylen != rsp_number(n->rsp, "Klen") || maclen != rsp_number(n->rsp, "Tlen"))
			return -EINVAL;
		if (dev_mac_session(n->fd, 0, NULL, 0, m->id, key, (size_t)keylen, &ses)) {
			/* some HMACs may be there and others not */
			n->inapplicable++;
			continue;
		}
		n->vectors++;
		nist_expect(n, "the MAC", digest(n, ses, message, (size_t)len, got), got, want,
			    (size_t)maclen);
		dev_end(n->fd, ses);
	}
	return !status && !n->vectors && n->inapplicable ? -ENOTSUP : status;
}
