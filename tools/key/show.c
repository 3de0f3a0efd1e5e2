/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show.c - what vcrypto-key prints of keys. See show.h. */
#include "tools/key/show.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "common/json.h"
#include "common/key_scheme.h"
#include "common/util.h"
#include "virtio_cryptodev.h"

/* Bytes of a line of PEM. */
#define PEM_LINE 48

static const struct {
	uint32_t use;
	const char *name;
} uses[] = {
    {CRYPT_KEY_USE_SIGN, "sign"},	{CRYPT_KEY_USE_VERIFY, "verify"},
    {CRYPT_KEY_USE_ENCRYPT, "encrypt"}, {CRYPT_KEY_USE_DECRYPT, "decrypt"},
    {CRYPT_KEY_USE_DERIVE, "derive"},
};

static const struct {
	uint32_t alg;
	const char *name;
} algorithms[] = {
    {CRYPTO_AES_CBC, "aes-cbc"},
    {CRYPTO_AES_CTR, "aes-ctr"},
    {CRYPTO_AES_XTS, "aes-xts"},
    {CRYPTO_AES_ECB, "aes-ecb"},
    {CRYPTO_AES_GCM, "aes-gcm"},
    {CRYPTO_AES_CCM, "aes-ccm"},
    {CRYPTO_CHACHA20_POLY1305, "chacha20-poly1305"},
    {CRYPTO_AES_CMAC, "aes-cmac"},
    {CRYPTO_SHA1_HMAC, "hmac-sha1"},
    {CRYPTO_SHA2_224_HMAC, "hmac-sha224"},
    {CRYPTO_SHA2_256_HMAC, "hmac-sha256"},
    {CRYPTO_SHA2_384_HMAC, "hmac-sha384"},
    {CRYPTO_SHA2_512_HMAC, "hmac-sha512"},
};

static const char *algorithm(const struct crypt_key *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (algorithms[i].alg == key->alg)
			return algorithms[i].name;
	return "unknown";
}

static const char *form(const struct crypt_key *key)
{
	switch (key->form) {
	case VCD_FORM_ANY:
		return "any";
	case VCD_FORM_TLS13_SERVER:
		return "tls13-server";
	case VCD_FORM_TLS13_CLIENT:
		return "tls13-client";
	default:
		return "unknown";
	}
}

static const char *kind(const struct crypt_key *key)
{
	return key->kind == VCD_KIND_SYMMETRIC ? algorithm(key) : key_kind_name(key->kind);
}

static bool has_scheme(const struct crypt_key *key, const struct key_scheme *scheme)
{
	return key->schemes & UINT64_C(1) << scheme->id;
}

/* A label is the host's text, and may go to a terminal. */
static void print_label(FILE *out, const struct crypt_key *key, int width)
{
	fprintf(out, "%-*s", width, key_label_valid(key->label) ? key->label : "(not a label)");
}

static void print_uses(FILE *out, const struct crypt_key *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
		if (key->use & uses[i].use)
			fprintf(out, " %s", uses[i].name);
}

void show_list(FILE *out, const struct crypt_key *keys, size_t count)
{
	int width = (int)strlen("LABEL");

	for (size_t i = 0; i < count; i++)
		if ((int)strlen(keys[i].label) > width)
			width = (int)strlen(keys[i].label);
	fprintf(out, "%-*s  %-18s %5s  %s\n", width, "LABEL", "KIND", "BITS", "USE");
	for (size_t i = 0; i < count; i++) {
		print_label(out, &keys[i], width);
		fprintf(out, "  %-18s %5" PRIu32 " ", kind(&keys[i]), keys[i].bits);
		print_uses(out, &keys[i]);
		fputc('\n', out);
	}
}

static void key_json(struct json *json, const struct crypt_key *key)
{
	const struct key_scheme *scheme;
	char check[2 * CRYPT_KEY_CHECK_LEN + 1];

	hex_text(key->check, sizeof(key->check), check);
	json_bytes(json, "label", key->label, strlen(key->label));
	json_string(json, "kind", key_kind_name(key->kind));
	if (key->kind == VCD_KIND_SYMMETRIC)
		json_string(json, "algorithm", algorithm(key));
	json_number(json, "bits", key->bits);
	json_begin(json, "use", '[');
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
		if (key->use & uses[i].use)
			json_string(json, NULL, uses[i].name);
	json_end(json);
	json_begin(json, "schemes", '[');
	for (size_t i = 0; (scheme = key_scheme_at(i)); i++)
		if (has_scheme(key, scheme))
			json_string(json, NULL, scheme->name);
	json_end(json);
	json_string(json, "form", form(key));
	json_bool(json, "fast", key->flags & CRYPT_KEY_FAST);
	json_bool(json, "iv_guest", key->flags & CRYPT_KEY_IV_GUEST);
	json_string(json, "check", check);
}

void show_list_json(FILE *out, const struct crypt_key *keys, size_t count)
{
	struct json json = json_to(out, 1);

	json_begin(&json, NULL, '[');
	for (size_t i = 0; i < count; i++) {
		json_begin(&json, NULL, '{');
		key_json(&json, &keys[i]);
		json_end(&json);
	}
	json_end(&json);
	fputc('\n', out);
}

void show_info(FILE *out, const struct crypt_key *key, const uint8_t *spki, size_t spki_len)
{
	const struct key_scheme *scheme;
	char check[2 * CRYPT_KEY_CHECK_LEN + 1];

	hex_text(key->check, sizeof(key->check), check);
	fputs("label:   ", out);
	print_label(out, key, 0);
	fprintf(out, "\nkind:    %s\nbits:    %" PRIu32 "\nuse:    ", kind(key), key->bits);
	print_uses(out, key);
	fputc('\n', out);
	if (key->schemes) {
		fputs("schemes:", out);
		for (size_t i = 0; (scheme = key_scheme_at(i)); i++)
			if (has_scheme(key, scheme))
				fprintf(out, " %s", scheme->name);
		fprintf(out, "\nform:    %s\n", form(key));
	}
	fprintf(out, "check:   %s\n", check);
	if (spki_len)
		show_pem(out, "PUBLIC KEY", spki, spki_len);
}

void show_info_json(FILE *out, const struct crypt_key *key, const uint8_t *spki, size_t spki_len)
{
	struct json json = json_to(out, 1);
	_cleanup_free_ char *pem = NULL;
	size_t size;
	FILE *text;

	json_begin(&json, NULL, '{');
	key_json(&json, key);
	if (spki_len && (text = open_memstream(&pem, &size))) {
		show_pem(text, "PUBLIC KEY", spki, spki_len);
		fclose(text);
		json_string(&json, "public", pem);
	}
	json_end(&json);
	fputc('\n', out);
}

static void base64_line(FILE *out, const uint8_t *bytes, size_t len)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t word = (uint32_t)bytes[i] << 16;

		if (n > 1)
			word |= (uint32_t)bytes[i + 1] << 8;
		if (n > 2)
			word |= bytes[i + 2];
		fputc(digits[word >> 18], out);
		fputc(digits[word >> 12 & 63], out);
		fputc(n > 1 ? digits[word >> 6 & 63] : '=', out);
		fputc(n > 2 ? digits[word & 63] : '=', out);
	}
	fputc('\n', out);
}

void show_pem(FILE *out, const char *label, const uint8_t *bytes, size_t len)
{
	fprintf(out, "-----BEGIN %s-----\n", label);
	for (size_t i = 0; i < len; i += PEM_LINE)
		base64_line(out, bytes + i, len - i < PEM_LINE ? len - i : PEM_LINE);
	fprintf(out, "-----END %s-----\n", label);
}
