/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cipher.c - AESAVS, XTSVS and TMOVS vectors: known answers, multi block
 * messages, Monte Carlo.
 */
#include "nist.h"

#include <errno.h>
#include <string.h>

static uint8_t input[NIST_MAX], output[NIST_MAX], expected[NIST_MAX];

int nist_session(struct nist *n, uint32_t id, const uint8_t *key, size_t keylen, uint32_t *ses)
{
	int err = dev_session(n->fd, id, key, keylen, ses);

	/* the key is right, so that is what EINVAL must mean */
	return err == -EINVAL ? -ENOTSUP : err;
}

/* Triple DES keys come as one value for all three, or as three. */
static ssize_t key_of(struct nist *n, uint8_t *key, size_t size)
{
	ssize_t len;

	if (rsp_fresh(n->rsp, "KEYs")) {
		len = rsp_hex(n->rsp, "KEYs", key, 8);
		if (len != 8)
			return -EINVAL;
		memcpy(key + 8, key, 8);
		memcpy(key + 16, key, 8);
		return 24;
	}
	if (rsp_fresh(n->rsp, "KEY1")) {
		if (rsp_hex(n->rsp, "KEY1", key, 8) != 8 ||
		    rsp_hex(n->rsp, "KEY2", key + 8, 8) != 8 ||
		    rsp_hex(n->rsp, "KEY3", key + 16, 8) != 8)
			return -EINVAL;
		return 24;
	}
	return rsp_hex(n->rsp, "KEY", key, size);
}

int nist_read_vector(struct nist *n, struct nist_vector *v, size_t block)
{
	ssize_t in, out, iv;

	memset(v, 0, sizeof(*v));
	v->input = input;
	v->expected = expected;
	v->decrypt = !strcmp(rsp_section(n->rsp), "DECRYPT");
	v->keylen = key_of(n, v->key, sizeof(v->key));
	if (v->keylen < 0)
		return -EINVAL;
	v->has_iv = rsp_fresh(n->rsp, "IV");
	if (v->has_iv) {
		iv = rsp_hex(n->rsp, "IV", v->iv, sizeof(v->iv));
		if (iv != 8 && iv != 16)
			return -EINVAL;
	}
	in = rsp_hex(n->rsp, v->decrypt ? "CIPHERTEXT" : "PLAINTEXT", input, sizeof(input));
	out = rsp_hex(n->rsp, v->decrypt ? "PLAINTEXT" : "CIPHERTEXT", expected, sizeof(expected));
	if (in <= 0 || in != out || in % (ssize_t)block)
		return -EINVAL;
	v->len = (size_t)in;
	return 0;
}

/* The same for a mode of the interface, which knows whether there is an IV. */
static int read_vector(struct nist *n, const struct ref_cipher *c, struct nist_vector *v)
{
	int err = nist_read_vector(n, v, c->block);

	return !err && c->ivsize && !v->has_iv ? -EINVAL : err;
}

/* The vector's direction from one buffer to another, then back in place. */
static void run_both_ways(struct nist *n, uint32_t ses, struct nist_vector *v)
{
	unsigned int op = v->decrypt ? COP_DECRYPT : COP_ENCRYPT;
	int err = dev_crypt(n->fd, ses, op, 0, input, output, v->len, v->iv);

	n->vectors++;
	if (!nist_expect(n, "the output", err, output, expected, v->len))
		return;
	err = dev_crypt(n->fd, ses, !op, 0, output, output, v->len, v->iv);
	nist_expect(n, "the way back", err, output, input, v->len);
}

int nist_cipher(struct nist *n, uint32_t id)
{
	const struct ref_cipher *c = ref_cipher_find(id);
	int status, err;
	uint32_t ses;

	while ((status = rsp_next(n->rsp)) > 0) {
		struct nist_vector v;

		if (!rsp_fresh(n->rsp, "CIPHERTEXT"))
			continue;
		err = read_vector(n, c, &v);
		if (!err)
			err = nist_session(n, id, v.key, (size_t)v.keylen, &ses);
		if (err)
			return err;
		run_both_ways(n, ses, &v);
		dev_end(n->fd, ses);
	}
	return status;
}

/*
 * AESAVS 6.4: 1000 operations in a row; in ECB each takes the last one's output,
 * in CBC the output before that, the first the IV. The chaining value is left to
 * the session: the IV is given once.
 */
static int monte_steps(struct nist *n, uint32_t ses, const struct nist_vector *v, uint8_t *block)
{
	unsigned int op = v->decrypt ? COP_DECRYPT : COP_ENCRYPT;
	bool cbc = rsp_fresh(n->rsp, "IV");
	uint8_t next[16], out[16], iv[16];

	memcpy(iv, v->iv, 16);
	memcpy(next, v->iv, 16);
	for (int j = 0; j < 1000; j++) {
		int err = dev_crypt(n->fd, ses, op, 0, block, out, 16, j ? NULL : iv);

		if (err)
			return err;
		memcpy(block, cbc ? next : out, 16);
		memcpy(next, out, 16);
	}
	memcpy(block, out, 16);
	return 0;
}

int nist_monte(struct nist *n, uint32_t id)
{
	const struct ref_cipher *c = ref_cipher_find(id);
	int status, err;
	uint32_t ses;

	while ((status = rsp_next(n->rsp)) > 0) {
		struct nist_vector v;

		if (!rsp_fresh(n->rsp, "CIPHERTEXT"))
			continue;
		err = read_vector(n, c, &v);
		if (!err && v.len != 16)
			err = -EINVAL;
		if (!err)
			err = nist_session(n, id, v.key, (size_t)v.keylen, &ses);
		if (err)
			return err;
		n->vectors++;
		err = monte_steps(n, ses, &v, input);
		nist_expect(n, "block 1000", err, input, expected, 16);
		dev_end(n->fd, ses);
	}
	return status;
}

static void run_stealing(struct nist *n, uint32_t ses, const struct nist_vector *v, size_t bits)
{
	int err = nist_xts_steal(n, ses, v->decrypt, v->iv, input, bits, output);

	n->vectors++;
	n->composed++;
	if (!nist_expect(n, "the output", err, output, expected, v->len))
		return;
	err = nist_xts_steal(n, ses, !v->decrypt, v->iv, expected, bits, output);
	nist_expect(n, "the way back", err, output, input, v->len);
}

/* XTSVS counts the data unit in bits; the interface has whole blocks. */
static int xts_read(struct nist *n, struct nist_vector *v, size_t bits)
{
	ssize_t in, out;

	*v = (struct nist_vector){.decrypt = !strcmp(rsp_section(n->rsp), "DECRYPT")};
	v->keylen = rsp_hex(n->rsp, "Key", v->key, sizeof(v->key));
	in = rsp_hex(n->rsp, v->decrypt ? "CT" : "PT", input, sizeof(input));
	out = rsp_hex(n->rsp, v->decrypt ? "PT" : "CT", expected, sizeof(expected));
	if (v->keylen <= 0 || in <= 0 || in != out || (size_t)in != (bits + 7) / 8 ||
	    rsp_hex(n->rsp, "i", v->iv, sizeof(v->iv)) != 16)
		return -EINVAL;
	v->len = (size_t)in;
	return 0;
}

int nist_xts(struct nist *n, uint32_t id)
{
	struct nist_vector v;
	int status, err;
	uint32_t ses;

	while ((status = rsp_next(n->rsp)) > 0) {
		long bits = rsp_number(n->rsp, "DataUnitLen");

		if (!rsp_fresh(n->rsp, "CT"))
			continue;
		err = bits < 128 ? -EINVAL : xts_read(n, &v, (size_t)bits);
		if (!err)
			err = nist_session(n, id, v.key, (size_t)v.keylen, &ses);
		if (err)
			return err;
		if (bits % 128)
			run_stealing(n, ses, &v, (size_t)bits);
		else
			run_both_ways(n, ses, &v);
		dev_end(n->fd, ses);
	}
	return status;
}
