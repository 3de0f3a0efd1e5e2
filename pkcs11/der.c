/* SPDX-License-Identifier: GPL-2.0-or-later */
/* der.c - the little DER that the module needs. See module.h. */
#include "pkcs11/module.h"

#include <string.h>

#include "virtio_cryptodev.h"

#define SEQUENCE 0x30
#define INTEGER 0x02
#define BIT_STRING 0x03
#define OCTET_STRING 0x04
#define OID 0x06

/** struct cursor - bytes that are not yet read. */
struct cursor {
	const uint8_t *at;
	size_t left;
};

/* The contents of the next element, which must have this tag. @whole: where it begins, or NULL. */
static bool element(struct cursor *c, uint8_t tag, struct cursor *ret, const uint8_t **whole)
{
	const uint8_t *start = c->at;
	size_t head = 2, len, digits;

	if (c->left < 2 || c->at[0] != tag)
		return false;
	len = c->at[1];
	if (len > 0x7f) {
		digits = len & 0x7f;
		if (!digits || digits > 2 || c->left < 2 + digits)
			return false;
		len = c->at[2];
		if (digits == 2)
			len = len << 8 | c->at[3];
		head += digits;
	}
	if (len > c->left - head)
		return false;
	*ret = (struct cursor){c->at + head, len};
	c->at += head + len;
	c->left -= head + len;
	if (whole)
		*whole = start;
	return true;
}

/* A number without the 0 in front that makes it positive. */
static bool number(struct cursor *c, struct cursor *ret)
{
	if (!element(c, INTEGER, ret, NULL) || !ret->left)
		return false;
	while (ret->left > 1 && !*ret->at) {
		ret->at++;
		ret->left--;
	}
	return true;
}

static bool rsa(struct cursor bits, struct public_key *ret)
{
	struct cursor numbers, n, e;

	if (!element(&bits, SEQUENCE, &numbers, NULL) || !number(&numbers, &n) ||
	    !number(&numbers, &e))
		return false;
	ret->modulus = n.at;
	ret->modulus_len = n.left;
	ret->exponent = e.at;
	ret->exponent_len = e.left;
	return true;
}

bool der_public(const struct key *key, struct public_key *ret)
{
	/* PrintableString, as PKCS#11 3.0 names these curves */
	static const uint8_t edwards[] = "\x13\x0c"
					 "edwards25519";
	static const uint8_t montgomery[] = "\x13\x0a"
					    "curve25519";
	struct cursor all = {key->spki, key->spki_len}, spki, algorithm, oid, bits, curve;
	const uint8_t *params;

	memset(ret, 0, sizeof(*ret));
	if (!element(&all, SEQUENCE, &spki, NULL) || !element(&spki, SEQUENCE, &algorithm, NULL) ||
	    !element(&algorithm, OID, &oid, NULL) || !element(&spki, BIT_STRING, &bits, NULL) ||
	    !bits.left || *bits.at)
		return false;
	bits.at++;
	bits.left--;
	ret->point = bits.at;
	ret->point_len = bits.left;
	switch (key->info.kind) {
	case VCD_KIND_RSA:
		return rsa(bits, ret);
	case VCD_KIND_P256:
	case VCD_KIND_P384:
	case VCD_KIND_P521:
		if (!element(&algorithm, OID, &curve, &params))
			return false;
		ret->params = params;
		ret->params_len = (size_t)(curve.at + curve.left - params);
		return true;
	case VCD_KIND_ED25519:
		ret->params = edwards;
		ret->params_len = sizeof(edwards) - 1;
		return true;
	case VCD_KIND_X25519:
		ret->params = montgomery;
		ret->params_len = sizeof(montgomery) - 1;
		return true;
	default:
		return false;
	}
}

bool der_signature(const uint8_t *der, size_t len, size_t size, uint8_t *ret)
{
	struct cursor all = {der, len}, numbers, n;

	if (!element(&all, SEQUENCE, &numbers, NULL))
		return false;
	memset(ret, 0, 2 * size);
	for (size_t i = 1; i <= 2; i++) {
		if (!number(&numbers, &n) || n.left > size)
			return false;
		memcpy(ret + i * size - n.left, n.at, n.left);
	}
	return true;
}

void der_point(unsigned int kind, const uint8_t **bytes, size_t *len)
{
	const size_t size = key_kind_bytes(kind),
		     raw = kind == VCD_KIND_X25519 ? size : 2 * size + 1;
	struct cursor all = {*bytes, *len}, inner;

	/* The first byte of a point may look like the tag of an OCTET STRING, so its size decides. */
	if (*len == raw || !element(&all, OCTET_STRING, &inner, NULL) || all.left)
		return;
	*bytes = inner.at;
	*len = inner.left;
}
