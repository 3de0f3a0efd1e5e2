/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.c - checks of keys by name: list, information, sessions; and what the others share.
 *
 * They go by what the host lists, whatever that is. Where a check needs more than the host tells,
 * tests agree on it: the bytes of symmetric keys (keys_bytes), and the label "zz-ticket" of a key
 * that takes a ticket.
 */
#include "keys.h"

#include <stdio.h>

#include <openssl/rsa.h>
#include <openssl/x509.h>

void keys_open(struct keys *k)
{
	struct crypt_key_list list = {.keys = (uintptr_t)k->key, .count = KEYS_MAX};
	int err;

	k->fd = must_open();
	err = dev_ioctl(k->fd, CIOCKEYLIST, &list);
	if (err == -EOPNOTSUPP || err == -ENOTTY || err == -EINVAL)
		skip("the host has no key service");
	expect_ret(0, err);
	expect(list.total <= KEYS_MAX, "more keys than these checks take: %u", list.total);
	expect(list.count == list.total, "%u of %u keys are listed", list.count, list.total);
	k->count = list.count;
}

const struct crypt_key *keys_find(const struct keys *k, unsigned int kind, uint32_t use)
{
	for (uint32_t i = 0; i < k->count; i++)
		if (k->key[i].kind == kind && (k->key[i].use & use) == use && !k->key[i].form)
			return &k->key[i];
	skip("no key of kind %s", key_kind_name(kind));
}

const struct key_scheme *keys_scheme(const struct crypt_key *key)
{
	const struct key_scheme *s;

	for (size_t i = 0; (s = key_scheme_at(i)); i++)
		if (s->family <= KEY_PURE && key->schemes >> s->id & 1)
			return s;
	return NULL;
}

const struct crypt_key *keys_any_signer(const struct keys *k)
{
	for (uint32_t i = 0; i < k->count; i++)
		if (k->key[i].use & CRYPT_KEY_USE_SIGN && !k->key[i].form &&
		    keys_scheme(&k->key[i]))
			return &k->key[i];
	skip("no key that signs");
}

static void set_algorithm(struct crypt_label_op *op, const struct crypt_key *key)
{
	if (key->kind != VCD_KIND_SYMMETRIC)
		return;
	if (ref_mac_find(key->alg))
		op->mac = key->alg;
	else
		op->cipher = key->alg;
}

uint32_t keys_session(const struct keys *k, const struct crypt_key *key)
{
	struct crypt_label_op op = {0};

	memcpy(op.label, key->label, sizeof(op.label));
	set_algorithm(&op, key);
	expect_ret(0, dev_ioctl(k->fd, CIOCGSESSLABEL, &op));
	expect(op.ses, "the session's id is 0");
	expect_same(&op.key, key, sizeof(op.key), "%s: what the session says of its key",
		    key->label);
	return op.ses;
}

EVP_PKEY *keys_public(const struct keys *k, const struct crypt_key *key)
{
	uint8_t der[CRYPT_KEY_MAX_SPKI];
	struct crypt_key_info op = {.spki = (uintptr_t)der, .spki_len = sizeof(der)};
	const uint8_t *at = der;

	memcpy(op.label, key->label, sizeof(op.label));
	expect_ret(0, dev_ioctl(k->fd, CIOCKEYINFO, &op));
	return d2i_PUBKEY(NULL, &at, op.spki_len);
}

void keys_bytes(const struct crypt_key *key, uint8_t *bytes)
{
	for (unsigned int i = 0; i < key->key_len; i++)
		bytes[i] = (uint8_t)(i * 7 + key->alg);
}

void keys_handshake(uint8_t message[KEYS_HANDSHAKE], uint8_t filling)
{
	static const char context[] = "TLS 1.3, server CertificateVerify";

	memset(message, filling, KEYS_HANDSHAKE);
	memset(message, ' ', 64);
	memcpy(message + 64, context, sizeof(context));
}

bool keys_verify(EVP_PKEY *pkey, const struct key_scheme *s, const uint8_t *message, size_t len,
		 const uint8_t *sig, size_t sig_len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	bool ok = EVP_DigestVerifyInit_ex(md, &ctx, key_digest_name(s->digest), NULL, NULL, pkey,
					  NULL) > 0;

	if (ok && s->family == KEY_RSA_PSS)
		ok = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
	ok = ok && EVP_DigestVerify(md, sig, sig_len, message, len) == 1;
	EVP_MD_CTX_free(md);
	return ok;
}

struct crypt_key_op keys_sign_op(uint32_t ses, const struct key_scheme *s, const uint8_t *message,
				 size_t len, uint8_t *out, size_t room)
{
	return (struct crypt_key_op){.ses = ses,
				     .op = CRYPT_KEYOP_SIGN,
				     .flags = CRYPT_KEYOP_MESSAGE,
				     .scheme = s->id,
				     .in = (uintptr_t)message,
				     .in_len = (uint32_t)len,
				     .out = (uintptr_t)out,
				     .out_len = (uint32_t)room};
}

/* ---- list ----------------------------------------------------------------------------- */

static void list_is_in_order(void)
{
	struct keys k;

	keys_open(&k);
	expect(k.count, "no key is listed");
	for (uint32_t i = 0; i < k.count; i++) {
		const struct crypt_key *key = &k.key[i];

		expect(memchr(key->label, 0, sizeof(key->label)), "a label without end");
		expect(!i || strcmp(key[-1].label, key->label) < 0, "%s is not behind %s",
		       key->label, key[-1].label);
		expect(strncmp(key->label, "zz-ticket", 9) != 0, "a key with a ticket is listed");
		note("%s: %s, %u bits, use %x, schemes %llx", key->label, key_kind_name(key->kind),
		     key->bits, key->use, (unsigned long long)key->schemes);
	}
}

/* Every part of it, and nothing behind the room. */
static void list_in_parts(void)
{
	struct crypt_key part[3];
	struct crypt_key_list list;
	struct keys k;

	keys_open(&k);
	for (uint32_t first = 0; first <= k.count + 1; first++) {
		uint32_t want = first < k.count ? k.count - first : 0;

		want = want < 2 ? want : 2;
		memset(part, 0xa5, sizeof(part));
		list = (struct crypt_key_list){.keys = (uintptr_t)part, .first = first, .count = 2};
		expect_ret(0, dev_ioctl(k.fd, CIOCKEYLIST, &list));
		expect(list.total == k.count, "%u in all, not %u", list.total, k.count);
		expect(list.count == want, "%u from %u on, not %u", list.count, first, want);
		expect_same(part, &k.key[first < k.count ? first : 0], want * sizeof(part[0]),
			    "entries from %u on", first);
		expect(((uint8_t *)part)[want * sizeof(part[0])] == 0xa5, "written behind them");
	}
	list = (struct crypt_key_list){.first = UINT32_MAX, .count = UINT32_MAX};
	expect_ret(0, dev_ioctl(k.fd, CIOCKEYLIST, &list));
	expect(list.count == 0 && list.total == k.count, "keys behind the last one");
	list = (struct crypt_key_list){.count = 0};
	expect_ret(0, dev_ioctl(k.fd, CIOCKEYLIST, &list));
	expect(list.total == k.count, "%u in all when none is asked for", list.total);
}

static void list_abuse(void)
{
	struct crypt_key_list list = {.keys = (uintptr_t)bad_page(), .count = 1};
	struct keys k;

	keys_open(&k);
	expect_ret(-EFAULT, dev_ioctl(k.fd, CIOCKEYLIST, &list));
	expect_ret(-EFAULT, dev_ioctl(k.fd, CIOCKEYLIST, bad_page()));
	list = (struct crypt_key_list){.reserved = 1};
	expect_ret(-EINVAL, dev_ioctl(k.fd, CIOCKEYLIST, &list));
}

/* ---- information ---------------------------------------------------------------------- */

static void info_of_each(void)
{
	uint8_t der[CRYPT_KEY_MAX_SPKI];
	struct keys k;

	keys_open(&k);
	for (uint32_t i = 0; i < k.count; i++) {
		struct crypt_key_info op = {.spki = (uintptr_t)der, .spki_len = sizeof(der)};
		bool symmetric = k.key[i].kind == VCD_KIND_SYMMETRIC;
		uint32_t len;

		memcpy(op.label, k.key[i].label, sizeof(op.label));
		expect_ret(0, dev_ioctl(k.fd, CIOCKEYINFO, &op));
		expect_same(&op.key, &k.key[i], sizeof(op.key), "%s: list and information",
			    op.label);
		expect(symmetric == !op.spki_len, "%s: %u bytes of public key", op.label,
		       op.spki_len);
		len = op.spki_len;
		/* Its length alone, and room that is one short. */
		op.spki = 0;
		op.spki_len = 0;
		expect_ret(0, dev_ioctl(k.fd, CIOCKEYINFO, &op));
		expect(op.spki_len == len, "%s: %u bytes, not %u", op.label, op.spki_len, len);
		if (symmetric)
			continue;
		memset(der, 0xa5, sizeof(der));
		op.spki = (uintptr_t)der;
		op.spki_len = len - 1;
		expect_ret(-EMSGSIZE, dev_ioctl(k.fd, CIOCKEYINFO, &op));
		expect(op.spki_len == len, "%s: %u bytes, not %u", op.label, op.spki_len, len);
		expect(der[0] == 0xa5, "%s: written although there is no room", op.label);
		op.spki = (uintptr_t)bad_page();
		expect_ret(-EFAULT, dev_ioctl(k.fd, CIOCKEYINFO, &op));
	}
}

/* ---- labels --------------------------------------------------------------------------- */

static int ask(int fd, const char *label, size_t len, int filling)
{
	struct crypt_key_info info = {0};
	struct crypt_label_op session = {0};
	int err;

	memcpy(info.label, label, len);
	if (filling)
		info.label[sizeof(info.label) - 1] = (char)filling;
	memcpy(session.label, info.label, sizeof(session.label));
	err = dev_ioctl(fd, CIOCGSESSLABEL, &session);
	expect_ret(err, dev_ioctl(fd, CIOCKEYINFO, &info));
	return err;
}

static void labels(void)
{
	char longest[CRYPT_KEY_LABEL_LEN];
	struct keys k;

	keys_open(&k);
	memset(longest, 'x', sizeof(longest));
	expect_ret(-ENOKEY, ask(k.fd, "no-such-key", 11, 0));
	expect_ret(-ENOKEY, ask(k.fd, longest, sizeof(longest) - 1, 0));
	expect_ret(-EINVAL, ask(k.fd, longest, sizeof(longest), 0));
	expect_ret(-EINVAL, ask(k.fd, "", 0, 0));
	expect_ret(-EINVAL, ask(k.fd, "no-such-key", 11, 1));
}

static void tickets(void)
{
	struct crypt_key_info info = {.label = "zz-ticket"};
	struct crypt_label_op op = {.label = "zz-ticket"};
	uint8_t ticket[CRYPT_KEY_TICKET_LEN];
	struct keys k;
	int err;

	keys_open(&k);
	memset(ticket, KEYS_TICKET, sizeof(ticket));
	info.ticket = op.ticket = (uintptr_t)ticket;
	err = dev_ioctl(k.fd, CIOCKEYINFO, &info);
	if (err == -ENOKEY)
		skip("no key with a ticket");
	expect_ret(0, err);
	expect_ret(0, dev_ioctl(k.fd, CIOCGSESSLABEL, &op));
	expect_ret(0, dev_end(k.fd, op.ses));
	ticket[31] ^= 1;
	expect_ret(-ENOKEY, dev_ioctl(k.fd, CIOCKEYINFO, &info));
	expect_ret(-ENOKEY, dev_ioctl(k.fd, CIOCGSESSLABEL, &op));
	info.ticket = op.ticket = 0;
	expect_ret(-ENOKEY, dev_ioctl(k.fd, CIOCKEYINFO, &info));
	expect_ret(-ENOKEY, dev_ioctl(k.fd, CIOCGSESSLABEL, &op));
	info.ticket = op.ticket = (uintptr_t)bad_page();
	expect_ret(-EFAULT, dev_ioctl(k.fd, CIOCKEYINFO, &info));
	expect_ret(-EFAULT, dev_ioctl(k.fd, CIOCGSESSLABEL, &op));
}

/* ---- sessions ------------------------------------------------------------------------- */

static void check_values(void)
{
	struct keys k;

	keys_open(&k);
	for (uint32_t i = 0; i < k.count; i++) {
		struct crypt_label_op op = {.flags = CRYPT_LABEL_CHECK};

		memcpy(op.label, k.key[i].label, sizeof(op.label));
		set_algorithm(&op, &k.key[i]);
		memcpy(op.key.check, k.key[i].check, sizeof(op.key.check));
		expect_ret(0, dev_ioctl(k.fd, CIOCGSESSLABEL, &op));
		expect_ret(0, dev_end(k.fd, op.ses));
		op.key.check[15] ^= 1;
		expect_ret(-ENOKEY, dev_ioctl(k.fd, CIOCGSESSLABEL, &op));
	}
}

static void session_abuse(void)
{
	struct crypt_label_op good = {0}, op;
	const struct crypt_key *key;
	struct keys k;

	keys_open(&k);
	key = keys_any_signer(&k);
	memcpy(good.label, key->label, sizeof(good.label));
	op = good;
	op.flags = 2;
	expect_ret(-EINVAL, dev_ioctl(k.fd, CIOCGSESSLABEL, &op));
	op = good;
	op.cipher = CRYPTO_AES_CBC;
	expect_ret(-EINVAL, dev_ioctl(k.fd, CIOCGSESSLABEL, &op));
	op.mac = CRYPTO_SHA2_256_HMAC;
	expect_ret(-EINVAL, dev_ioctl(k.fd, CIOCGSESSLABEL, &op));
	op.cipher = 0;
	op.mac = CRYPTO_SHA2_256; /* no MAC */
	expect_ret(-EINVAL, dev_ioctl(k.fd, CIOCGSESSLABEL, &op));
	op.mac = 9999;
	expect_ret(-EINVAL, dev_ioctl(k.fd, CIOCGSESSLABEL, &op));
	expect_ret(-EFAULT, dev_ioctl(k.fd, CIOCGSESSLABEL, bad_page()));
}

const struct check keys_checks[] = {
    {"keys/list-is-in-order", list_is_in_order},
    {"keys/list-in-parts", list_in_parts},
    {"keys/list-abuse", list_abuse},
    {"keys/info-of-each", info_of_each},
    {"keys/labels", labels},
    {"keys/tickets", tickets},
    {"keys/check-values", check_values},
    {"keys/session-abuse", session_abuse},
    {NULL, NULL},
};
