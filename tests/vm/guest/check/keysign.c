/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keysign.c - checks of operations with private keys: every scheme of every key, checked by
 * libcrypto with the public key; lengths at their bounds; calls that make no sense.
 */
#include "keys.h"

#include <openssl/rsa.h>

#define MESSAGE 1000

static uint8_t message[CRYPT_KEY_MAX_DATA + 1], out[CRYPT_KEY_MAX_DATA + 16];

static int sign(const struct keys *k, struct crypt_key_op *op)
{
	memset(out, 0xa5, sizeof(out));
	return dev_ioctl(k->fd, CIOCKEYOP, op);
}

static void expect_signature(EVP_PKEY *pkey, const struct crypt_key *key,
			     const struct key_scheme *s, const struct crypt_key_op *op,
			     const uint8_t *signed_message, size_t len)
{
	expect(op->out_len && op->out_len <= key->max_out, "%s, %s: %u bytes, at most %u",
	       key->label, s->name, op->out_len, key->max_out);
	expect(out[op->out_len] == 0xa5, "%s, %s: written behind the signature", key->label,
	       s->name);
	if (!pkey)
		return; /* a kind that this libcrypto does not know */
	expect(keys_verify(pkey, s, signed_message, len, out, op->out_len),
	       "%s, %s: the signature is wrong", key->label, s->name);
}

/* A message, then its digest. A key with a form takes handshakes and no digest. */
static void sign_by(const struct keys *k, const struct crypt_key *key, uint32_t ses,
		    const struct key_scheme *s, EVP_PKEY *pkey)
{
	uint8_t handshake[KEYS_HANDSHAKE], digest[EVP_MAX_MD_SIZE];
	const uint8_t *in = key->form ? handshake : message;
	size_t len = key->form ? sizeof(handshake) : MESSAGE;
	struct crypt_key_op op = keys_sign_op(ses, s, in, len, out, sizeof(out) - 1);
	EVP_MD *md;

	keys_handshake(handshake, (uint8_t)s->id);
	expect_ret(0, sign(k, &op));
	expect_signature(pkey, key, s, &op, in, len);
	if (s->family == KEY_PURE)
		return;
	md = EVP_MD_fetch(NULL, key_digest_name(s->digest), NULL);
	expect(md && EVP_Digest(in, len, digest, NULL, md, NULL) > 0, "no digest %s", s->name);
	EVP_MD_free(md);
	op = keys_sign_op(ses, s, digest, key_digest_size(s->digest), out, sizeof(out) - 1);
	op.flags = 0;
	if (key->form) {
		expect_ret(-EACCES, sign(k, &op));
		return;
	}
	expect_ret(0, sign(k, &op));
	expect_signature(pkey, key, s, &op, in, len);
}

static void every_signature(void)
{
	unsigned int count = 0;
	struct keys k;

	keys_open(&k);
	for (size_t i = 0; i < MESSAGE; i++)
		message[i] = (uint8_t)(i * 3);
	for (uint32_t i = 0; i < k.count; i++) {
		const struct crypt_key *key = &k.key[i];
		const struct key_scheme *s;
		EVP_PKEY *pkey;
		uint32_t ses;

		if (!keys_scheme(key))
			continue;
		ses = keys_session(&k, key);
		pkey = keys_public(&k, key);
		for (size_t n = 0; (s = key_scheme_at(n)); n++) {
			if (s->family > KEY_PURE || !(key->schemes >> s->id & 1))
				continue;
			sign_by(&k, key, ses, s, pkey);
			count++;
		}
		EVP_PKEY_free(pkey);
		expect_ret(0, dev_end(k.fd, ses));
	}
	expect(count, "no scheme that signs");
	note("%u schemes of keys", count);
}

/* ---- lengths -------------------------------------------------------------------------- */

static void message_lengths(void)
{
	static const size_t lengths[] = {0, 1, 4095, 4096, CRYPT_KEY_MAX_DATA};
	const struct crypt_key *key;
	const struct key_scheme *s;
	struct crypt_key_op op;
	EVP_PKEY *pkey;
	struct keys k;
	uint32_t ses;

	keys_open(&k);
	key = keys_any_signer(&k);
	s = keys_scheme(key);
	ses = keys_session(&k, key);
	pkey = keys_public(&k, key);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		op = keys_sign_op(ses, s, message, lengths[i], out, sizeof(out) - 1);
		expect_ret(0, sign(&k, &op));
		expect_signature(pkey, key, s, &op, message, lengths[i]);
	}
	op = keys_sign_op(ses, s, message, CRYPT_KEY_MAX_DATA + 1, out, sizeof(out));
	expect_ret(-EMSGSIZE, sign(&k, &op));
	op = keys_sign_op(ses, s, message, UINT32_MAX, out, sizeof(out));
	expect_ret(-EMSGSIZE, sign(&k, &op));
	/* A length that becomes small when both are added up in 32 bits. */
	op.op = CRYPT_KEYOP_DECRYPT;
	op.flags = 0;
	op.aux = op.in;
	op.aux_len = 2;
	expect_ret(-EMSGSIZE, sign(&k, &op));
	EVP_PKEY_free(pkey);
}

/* Room for as much as there is, and for one byte less. */
static void output_room(void)
{
	const struct crypt_key *key;
	const struct key_scheme *s;
	struct crypt_key_op op;
	struct keys k;
	uint32_t ses, len;

	keys_open(&k);
	/* All of their signatures are of one length. */
	key = keys_find(&k, VCD_KIND_RSA, CRYPT_KEY_USE_SIGN);
	s = keys_scheme(key);
	expect(s, "%s has no scheme", key->label);
	ses = keys_session(&k, key);
	op = keys_sign_op(ses, s, message, 100, out, sizeof(out));
	expect_ret(0, sign(&k, &op));
	len = op.out_len;
	op.out_len = len;
	expect_ret(0, sign(&k, &op));
	expect(op.out_len == len, "%u bytes, not %u", op.out_len, len);
	op.out_len = len - 1;
	expect_ret(-EMSGSIZE, sign(&k, &op));
	expect(out[0] == 0xa5, "written although there is no room");
	op.out_len = 0;
	expect_ret(-EMSGSIZE, sign(&k, &op));
	op.out_len = UINT32_MAX;
	expect_ret(0, sign(&k, &op));
	expect(op.out_len == len, "%u bytes, not %u", op.out_len, len);
}

static void digest_lengths(void)
{
	const struct crypt_key *key;
	const struct key_scheme *s;
	struct keys k;
	uint32_t ses;

	keys_open(&k);
	key = keys_find(&k, VCD_KIND_P256, CRYPT_KEY_USE_SIGN);
	s = keys_scheme(key);
	expect(s, "%s has no scheme", key->label);
	ses = keys_session(&k, key);
	for (uint32_t len = 0; len <= 65; len++) {
		struct crypt_key_op op = keys_sign_op(ses, s, message, len, out, sizeof(out));
		int err;

		op.flags = 0;
		err = sign(&k, &op);
		if (len == key_digest_size(s->digest))
			expect_ret(0, err);
		else
			expect(err == -EINVAL || err == -EMSGSIZE,
			       "a digest of %u bytes for %s: %s", len, s->name, strerror(-err));
	}
}

/* ---- calls that make no sense --------------------------------------------------------- */

static void abuse(void)
{
	const struct crypt_key *key;
	const struct key_scheme *s;
	struct crypt_key_op good, op;
	struct crypt_op crypt = {.src = message, .dst = out, .len = 16, .mac = out};
	struct keys k;
	uint32_t ses;

	keys_open(&k);
	key = keys_any_signer(&k);
	s = keys_scheme(key);
	ses = keys_session(&k, key);
	good = keys_sign_op(ses, s, message, 100, out, sizeof(out));
	expect_ret(0, sign(&k, &good));
#define REFUSED(error, member, value)                                                              \
	do {                                                                                       \
		op = good;                                                                         \
		op.member = (value);                                                               \
		expect_ret(error, sign(&k, &op));                                                  \
	} while (0)
	REFUSED(-EINVAL, ses, ses + 1000);
	REFUSED(-EINVAL, ses, 0);
	REFUSED(-EINVAL, op, 3);
	REFUSED(-EINVAL, flags, CRYPT_KEYOP_MESSAGE | 2);
	REFUSED(-EINVAL, scheme, 0x10000u + s->id);
	REFUSED(-EINVAL, scheme, 0);
	REFUSED(-EINVAL, aux_len, 1);
	REFUSED(-EFAULT, in, (uintptr_t)bad_page());
	REFUSED(-EFAULT, out, (uintptr_t)bad_page());
	REFUSED(-EFAULT, out, (uintptr_t)readonly_page(0));
#undef REFUSED
	op = good;
	op.op = CRYPT_KEYOP_DERIVE; /* a scheme that signs, and a flag that it does not have */
	expect_ret(-EINVAL, sign(&k, &op));
	op.flags = 0;
	expect(sign(&k, &op) < 0, "a scheme that signs derives");
	expect_ret(-EFAULT, dev_ioctl(k.fd, CIOCKEYOP, bad_page()));
	/* Neither data nor a running hash. */
	crypt.ses = ses;
	expect_ret(-EINVAL, dev_ioctl(k.fd, CIOCCRYPT, &crypt));
	crypt.len = 0;
	expect_ret(-EINVAL, dev_ioctl(k.fd, CIOCCRYPT, &crypt));
	expect_ret(-EINVAL, dev_ioctl(k.fd, CIOCAUTHCRYPT,
				      &(struct crypt_auth_op){.ses = ses, .iv = message}));
	expect_ret(-EINVAL, dev_ioctl(k.fd, CIOCCPHASH,
				      &(struct cphash_op){.dst_ses = ses,
							  .src_ses = keys_session(&k, key)}));
	expect_ret(0, sign(&k, &good));
}

/* Schemes that the policy leaves out, or that are for keys of another kind. */
static void schemes_that_are_not_allowed(void)
{
	struct keys k;

	keys_open(&k);
	for (uint32_t i = 0; i < k.count; i++) {
		const struct crypt_key *key = &k.key[i];
		uint32_t ses;

		if (key->kind == VCD_KIND_SYMMETRIC)
			continue;
		ses = keys_session(&k, key);
		for (uint32_t id = 0; id < 64; id++) {
			struct crypt_key_op op = {.ses = ses,
						  .scheme = id,
						  .in = (uintptr_t)message,
						  .in_len = 32,
						  .out = (uintptr_t)out,
						  .out_len = sizeof(out)};
			int err;

			if (key->schemes >> id & 1)
				continue;
			for (op.op = 0; op.op < 3; op.op++) {
				err = dev_ioctl(k.fd, CIOCKEYOP, &op);
				expect(err == -EACCES || err == -EINVAL,
				       "%s, scheme %u, operation %u: %s", key->label, id, op.op,
				       strerror(-err));
			}
		}
		expect_ret(0, dev_end(k.fd, ses));
	}
}

/* ---- decryption ----------------------------------------------------------------------- */

static size_t oaep(EVP_PKEY *pkey, const struct key_scheme *s, size_t len, const char *label,
		   uint8_t *to)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	size_t out_len = 1024;
	int ok;

	ok = EVP_PKEY_encrypt_init(ctx) > 0 &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
	     EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, key_digest_name(s->digest), NULL) > 0 &&
	     EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, key_digest_name(s->digest), NULL) > 0 &&
	     (!label ||
	      EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, strdup(label), (int)strlen(label)) > 0) &&
	     EVP_PKEY_encrypt(ctx, to, &out_len, message, len) > 0;
	EVP_PKEY_CTX_free(ctx);
	expect(ok, "cannot encrypt by %s", s->name);
	return out_len;
}

static int decrypt(const struct keys *k, struct crypt_key_op *op, const char *label)
{
	op->aux = (uintptr_t)label;
	op->aux_len = label ? (uint32_t)strlen(label) : 0;
	op->out_len = sizeof(out);
	return sign(k, op);
}

static void decrypt_by(const struct keys *k, const struct crypt_key *key, uint32_t ses,
		       const struct key_scheme *s, EVP_PKEY *pkey)
{
	size_t most = key->bits / 8 - 2 * key_digest_size(s->digest) - 2;
	const size_t lengths[] = {0, 1, 32, most};
	uint8_t sealed[1024];
	struct crypt_key_op op = {.ses = ses,
				  .op = CRYPT_KEYOP_DECRYPT,
				  .scheme = s->id,
				  .in = (uintptr_t)sealed,
				  .out = (uintptr_t)out};

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		const char *label = i % 2 ? "a label" : NULL;

		op.in_len = (uint32_t)oaep(pkey, s, lengths[i], label, sealed);
		expect_ret(0, decrypt(k, &op, label));
		expect(op.out_len == lengths[i], "%s: %u bytes, not %zu", s->name, op.out_len,
		       lengths[i]);
		expect_same(out, message, lengths[i], "%s: the plaintext", s->name);
		expect_ret(-EBADMSG, decrypt(k, &op, label ? "a Label" : "x"));
		sealed[op.in_len - 1] ^= 1;
		expect_ret(-EBADMSG, decrypt(k, &op, label));
		expect(out[0] == 0xa5, "%s: there is output", s->name);
	}
	op.in_len--;
	expect(decrypt(k, &op, NULL) < 0, "%s: one byte less", s->name);
}

static void every_decryption(void)
{
	const struct crypt_key *key;
	const struct key_scheme *s;
	EVP_PKEY *pkey;
	struct keys k;
	uint32_t ses;

	keys_open(&k);
	key = keys_find(&k, VCD_KIND_RSA, CRYPT_KEY_USE_DECRYPT);
	ses = keys_session(&k, key);
	pkey = keys_public(&k, key);
	for (size_t i = 0; i < MESSAGE; i++)
		message[i] = (uint8_t)(i * 5);
	for (size_t i = 0; (s = key_scheme_at(i)); i++)
		if (s->family == KEY_OAEP && key->schemes >> s->id & 1)
			decrypt_by(&k, key, ses, s, pkey);
	EVP_PKEY_free(pkey);
}

/* ---- derivation ----------------------------------------------------------------------- */

static size_t encoded(EVP_PKEY *pkey, uint8_t point[256])
{
	uint8_t *bytes = NULL;
	size_t len = EVP_PKEY_get1_encoded_public_key(pkey, &bytes);

	expect(len && len <= 256, "no public key");
	memcpy(point, bytes, len);
	OPENSSL_free(bytes);
	return len;
}

static EVP_PKEY *like(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	EVP_PKEY *ret = NULL;

	expect(EVP_PKEY_keygen_init(ctx) > 0 && EVP_PKEY_keygen(ctx, &ret) > 0,
	       "no key of our own");
	EVP_PKEY_CTX_free(ctx);
	return ret;
}

static size_t secret_of(EVP_PKEY *own, EVP_PKEY *peer, uint8_t secret[128])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	size_t len = 128;

	expect(EVP_PKEY_derive_init(ctx) > 0 && EVP_PKEY_derive_set_peer(ctx, peer) > 0 &&
		   EVP_PKEY_derive(ctx, secret, &len) > 0,
	       "no secret of our own");
	EVP_PKEY_CTX_free(ctx);
	return len;
}

static void derive_by(const struct keys *k, const struct crypt_key *key, const struct key_scheme *s)
{
	EVP_PKEY *pkey = keys_public(k, key), *own = like(pkey);
	uint8_t point[256], secret[128];
	size_t len = encoded(own, point), secret_len = secret_of(own, pkey, secret);
	struct crypt_key_op op = {.ses = keys_session(k, key),
				  .op = CRYPT_KEYOP_DERIVE,
				  .scheme = s->id,
				  .in = (uintptr_t)point,
				  .in_len = (uint32_t)len,
				  .out = (uintptr_t)out,
				  .out_len = sizeof(out)};

	expect_ret(0, sign(k, &op));
	expect(op.out_len == secret_len, "%s: %u bytes, not %zu", s->name, op.out_len, secret_len);
	expect_same(out, secret, secret_len, "%s: the secret", s->name);
	op.in_len--;
	op.out_len = sizeof(out);
	expect(sign(k, &op) < 0, "%s: a public key that is too short", s->name);
	if (key->kind != VCD_KIND_X25519) {
		point[len - 1] ^= 1; /* not on the curve */
		op.in_len = (uint32_t)len;
		expect(sign(k, &op) < 0, "%s: a point that is none", s->name);
	} else {
		memset(point, 0, len); /* of small order */
		op.in_len = (uint32_t)len;
		expect(sign(k, &op) < 0, "%s: a secret of zeros", s->name);
	}
	expect_ret(0, dev_end(k->fd, op.ses));
	EVP_PKEY_free(own);
	EVP_PKEY_free(pkey);
}

static void every_derivation(void)
{
	unsigned int count = 0;
	struct keys k;

	keys_open(&k);
	for (uint32_t i = 0; i < k.count; i++) {
		const struct key_scheme *s;

		for (size_t n = 0; (s = key_scheme_at(n)); n++)
			if (s->family == KEY_ECDH && k.key[i].schemes >> s->id & 1) {
				derive_by(&k, &k.key[i], s);
				count++;
			}
	}
	if (!count)
		skip("no key that derives");
	note("%u keys", count);
}

const struct check keysign_checks[] = {
    {"keys/every-signature", every_signature},
    {"keys/message-lengths", message_lengths},
    {"keys/output-room", output_room},
    {"keys/digest-lengths", digest_lengths},
    {"keys/abuse", abuse},
    {"keys/schemes-that-are-not-allowed", schemes_that_are_not_allowed},
    {"keys/every-decryption", every_decryption},
    {"keys/every-derivation", every_derivation},
    {NULL, NULL},
};
