/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * composed.c - vectors of modes that the interface does not have, on modes that it has.
 *
 * Theory of operation
 * -------------------
 * What the device computes is the block cipher; what the mode adds to it is here:
 *
 *   triple DES ECB	CBC with an IV of zeros, a call for each block
 *   AES CFB8		ECB of the shift register, a call for each byte
 *   AES XTS, data units that do not end with a block
 *			XTS of whole blocks, twice: the block that is stolen from, and the one that
 *			is made of it, at their places of a longer data unit
 *   AES GCM, nonces that do not have 12 bytes
 *			ECB of the counters; GHASH is computed here
 *
 * Such vectors count as vectors, and are counted as composed too.
 */
#include "nist.h"

#include <errno.h>
#include <string.h>

#define BLOCK 16u

static uint8_t made[NIST_MAX];

/* --- ECB from CBC, CFB8 from ECB ---------------------------------------------- */

static int block_by_block(struct nist *n, uint32_t ses, unsigned int op, const uint8_t *in,
			  uint8_t *out, size_t len)
{
	for (size_t at = 0; at < len; at += 8) {
		uint8_t zeros[8] = {0};
		int err = dev_crypt(n->fd, ses, op, 0, in + at, out + at, 8, zeros);

		if (err)
			return err;
	}
	return 0;
}

static int shift_register(struct nist *n, uint32_t ses, bool decrypt, const uint8_t *iv,
			  const uint8_t *in, uint8_t *out, size_t len)
{
	uint8_t reg[BLOCK], key[BLOCK];

	memcpy(reg, iv, BLOCK);
	for (size_t i = 0; i < len; i++) {
		uint8_t c = in[i];
		int err = dev_crypt(n->fd, ses, COP_ENCRYPT, 0, reg, key, BLOCK, NULL);

		if (err)
			return err;
		out[i] = in[i] ^ key[0];
		memmove(reg, reg + 1, BLOCK - 1);
		reg[BLOCK - 1] = decrypt ? c : out[i];
	}
	return 0;
}

/* One direction of a vector of either kind. */
static int one_way(struct nist *n, uint32_t ses, const struct nist_vector *v, bool decrypt,
		   const uint8_t *in, uint8_t *out)
{
	if (v->has_iv)
		return shift_register(n, ses, decrypt, v->iv, in, out, v->len);
	return block_by_block(n, ses, decrypt ? COP_DECRYPT : COP_ENCRYPT, in, out, v->len);
}

int nist_composed(struct nist *n, uint32_t id)
{
	struct nist_vector v;
	uint32_t ses;
	int status, err;

	while ((status = rsp_next(n->rsp)) > 0) {
		if (!rsp_fresh(n->rsp, "CIPHERTEXT"))
			continue;
		err = nist_read_vector(n, &v, id == CRYPTO_3DES_CBC ? 8 : 1);
		if (!err)
			err = nist_session(n, id, v.key, (size_t)v.keylen, &ses);
		if (err)
			return err;
		n->vectors++;
		n->composed++;
		err = one_way(n, ses, &v, v.decrypt, v.input, made);
		if (nist_expect(n, "the output", err, made, v.expected, v.len)) {
			err = one_way(n, ses, &v, !v.decrypt, v.expected, made);
			nist_expect(n, "the way back", err, made, v.input, v.len);
		}
		dev_end(n->fd, ses);
	}
	return status;
}

/* --- XTS with ciphertext stealing --------------------------------------------- */

/* The first @bits bits of @a, and the rest of the block of @b. */
static void splice(uint8_t out[BLOCK], const uint8_t *a, const uint8_t b[BLOCK], unsigned int bits)
{
	for (unsigned int i = 0; i < BLOCK; i++) {
		unsigned int left = bits > 8 * i ? bits - 8 * i : 0;
		unsigned int mask = left >= 8 ? 0xff : 0xff00u >> left & 0xff;

		out[i] = (uint8_t)((mask ? a[i] & mask : 0) | (b[i] & ~mask));
	}
}

int nist_xts_steal(struct nist *n, uint32_t ses, bool decrypt, const uint8_t iv[16],
		   const uint8_t *in, size_t bits, uint8_t *out)
{
	static const uint8_t zeros[BLOCK];
	unsigned int op = decrypt ? COP_DECRYPT : COP_ENCRYPT, rest = bits % 128;
	size_t whole = bits / 128 * BLOCK, last = whole - BLOCK;
	uint8_t longer[NIST_XTS_MAX], first[NIST_XTS_MAX], second[NIST_XTS_MAX], tweak[BLOCK];
	const uint8_t *stolen;
	int err;

	if (!rest || !whole || whole + BLOCK > sizeof(longer))
		return -EINVAL;
	memcpy(longer, in, whole);
	memcpy(tweak, iv, BLOCK);
	/* what is stolen from: encrypted at the last whole block's place, decrypted at the next */
	memcpy(longer + whole, in + last, BLOCK);
	err = dev_crypt(n->fd, ses, op, 0, longer, first, decrypt ? whole + BLOCK : whole, tweak);
	if (err)
		return err;
	stolen = first + (decrypt ? whole : last);
	/* and what is made of it at the other of the two */
	splice(longer + (decrypt ? last : whole), in + whole, stolen, rest);
	err = dev_crypt(n->fd, ses, op, 0, longer, second, decrypt ? whole : whole + BLOCK, tweak);
	if (err)
		return err;
	memcpy(out, first, last);
	memcpy(out + last, second + (decrypt ? last : whole), BLOCK);
	splice(first, stolen, zeros, rest);
	memcpy(out + whole, first, (rest + 7) / 8);
	return 0;
}

/* --- GCM with any nonce ------------------------------------------------------- */

/* SP 800-38D 6.3: y = y * h, most significant bit first. */
static void gf_multiply(uint8_t y[BLOCK], const uint8_t h[BLOCK])
{
	uint8_t z[BLOCK] = {0}, v[BLOCK];

	memcpy(v, h, BLOCK);
	for (unsigned int bit = 0; bit < 128; bit++) {
		bool odd = v[BLOCK - 1] & 1;

		if (y[bit / 8] & 0x80 >> bit % 8)
			for (unsigned int i = 0; i < BLOCK; i++)
				z[i] ^= v[i];
		for (unsigned int i = BLOCK - 1; i; i--)
			v[i] = (uint8_t)(v[i] >> 1 | v[i - 1] << 7);
		v[0] >>= 1;
		if (odd)
			v[0] ^= 0xe1;
	}
	memcpy(y, z, BLOCK);
}

/* 6.4 over @p, filled up with zeros to whole blocks. */
static void ghash(uint8_t y[BLOCK], const uint8_t h[BLOCK], const uint8_t *p, size_t len)
{
	for (size_t at = 0; at < len; at += BLOCK) {
		for (size_t i = 0; i < BLOCK && at + i < len; i++)
			y[i] ^= p[at + i];
		gf_multiply(y, h);
	}
}

/* The block that ends a GHASH: both lengths in bits. */
static void ghash_lengths(uint8_t y[BLOCK], const uint8_t h[BLOCK], size_t a, size_t b)
{
	uint8_t lengths[BLOCK] = {0};

	for (int i = 0; i < 8; i++) {
		lengths[7 - i] = (uint8_t)((uint64_t)a * 8 >> 8 * i);
		lengths[15 - i] = (uint8_t)((uint64_t)b * 8 >> 8 * i);
	}
	ghash(y, h, lengths, BLOCK);
}

/* J0 and the counters behind it, encrypted: the tag's mask, then the key stream. */
static int key_stream(struct nist *n, uint32_t ses, const uint8_t j0[BLOCK], size_t blocks)
{
	uint8_t counter[BLOCK];

	memcpy(counter, j0, BLOCK);
	for (size_t i = 0; i <= blocks; i++) {
		memcpy(made + i * BLOCK, counter, BLOCK);
		/* only the last 32 bits count */
		for (unsigned int b = BLOCK - 1; b >= 12 && !++counter[b]; b--)
			;
	}
	return dev_crypt(n->fd, ses, COP_ENCRYPT, 0, made, made, (blocks + 1) * BLOCK, NULL);
}

int nist_gcm_compose(struct nist *n, const struct nist_gcm *g, bool open, const uint8_t *in,
		     uint8_t *out, uint8_t tag[16])
{
	uint8_t h[BLOCK] = {0}, j0[BLOCK] = {0}, y[BLOCK] = {0};
	uint32_t ses;
	int err = nist_session(n, CRYPTO_AES_ECB, g->key, g->keylen, &ses);

	if (err)
		return err;
	err = dev_crypt(n->fd, ses, COP_ENCRYPT, 0, h, h, BLOCK, NULL);
	if (!err) {
		ghash(j0, h, g->iv, g->ivlen);
		ghash_lengths(j0, h, 0, g->ivlen);
		err = key_stream(n, ses, j0, (g->len + BLOCK - 1) / BLOCK);
	}
	dev_end(n->fd, ses);
	if (err)
		return err;
	for (size_t i = 0; i < g->len; i++)
		out[i] = in[i] ^ made[BLOCK + i];
	ghash(y, h, g->aad, g->aadlen);
	ghash(y, h, open ? in : out, g->len);
	ghash_lengths(y, h, g->aadlen, g->len);
	for (size_t i = 0; i < BLOCK; i++)
		tag[i] = y[i] ^ made[i];
	return 0;
}
