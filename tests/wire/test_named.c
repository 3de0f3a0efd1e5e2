/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_named.c - keys by name, through the daemon, with the real keeper and keys in files.
 *
 *     test_named PATH-OF-vhost-user-cryptodev PATH-OF-vcrypto-keeper
 */
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "cryptodev.h"
#include "keeper/scheme.h"
#include "tests/wire/named.h"

static const char *keeper_program;
static struct named named;
static EVP_PKEY *rsa, *p256, *ed25519, *x25519;

/* cbc, gcm, hmac: the daemon's worker may have them; k-*: only the keeper. */
#define KEYS                                                                                       \
	"[key rsa]\nsource = file:rsa.pem\nuse = sign decrypt\n"                                   \
	"schemes = rsa-pss-sha256 rsa-pkcs1-sha256 rsa-oaep-sha256\n"                              \
	"[key p256]\nsource = file:p256.pem\nuse = sign derive\n"                                  \
	"schemes = ecdsa-p256-sha256 ecdh-p256\n"                                                  \
	"[key ed]\nsource = file:ed.pem\nuse = sign\nschemes = ed25519\n"                          \
	"[key x]\nsource = file:x.pem\nuse = derive\nschemes = x25519\n"                           \
	"[key cbc]\nsource = file:1.key\nuse = encrypt decrypt\nalg = aes-cbc\n"                   \
	"[key gcm]\nsource = file:2.key\nuse = encrypt decrypt\nalg = aes-gcm\n"                   \
	"[key gcmfree]\nsource = file:3.key\nuse = encrypt decrypt\nalg = aes-gcm\niv = guest\n"   \
	"[key only]\nsource = file:4.key\nuse = decrypt\nalg = aes-ctr\n"                          \
	"[key mac]\nsource = file:5.key\nuse = sign\nalg = hmac-sha256\nhold = worker\n"           \
	"[key verify]\nsource = file:6.key\nuse = verify\nalg = hmac-sha256\nhold = worker\n"      \
	"[key k-cbc]\nsource = file:7.key\nuse = encrypt decrypt\nalg = aes-cbc\nhold = keeper\n"  \
	"[key k-gcm]\nsource = file:8.key\nuse = encrypt decrypt\nalg = aes-gcm\nhold = keeper\n"  \
	"[key k-free]\nsource = file:9.key\nuse = encrypt decrypt\nalg = aes-gcm\niv = guest\n"    \
	"hold = keeper\n"                                                                          \
	"[key k-mac]\nsource = file:10.key\nuse = sign\nalg = hmac-sha256\nhold = keeper\n"        \
	"[key foreign]\nsource = file:11.key\nuse = sign\nalg = hmac-sha256\n"                     \
	"[key secret]\nsource = file:12.key\nuse = sign\nalg = hmac-sha256\nticket = sha256:%s\n"
#define MINE "rsa p256 ed x cbc gcm gcmfree only mac verify k-cbc k-gcm k-free k-mac secret"
#define MINE_LISTED 14

static const uint8_t ticket[32] = "the ticket of the key \"secret\"";

/* The bytes of N.key. */
static const uint8_t *key_bytes(unsigned int n)
{
	static uint8_t bytes[16];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(n * 16 + i);
	return bytes;
}

static void write_policy(void)
{
	char text[4096], hex[65];
	uint8_t hash[32];
	int n;

	SHA256(ticket, sizeof(ticket), hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	n = snprintf(text, sizeof(text),
		     "[vm test]\nkeys = " MINE "\n[vm other]\nkeys = foreign\n" KEYS, hex);
	assert_true(n > 0 && (size_t)n < sizeof(text));
	kit_set_policy(&named.kit, text);
}

static int setup(void **state)
{
	kit_open(&named.kit, keeper_program);
	if (!rsa) {
		rsa = kit_generate("RSA2048");
		p256 = kit_generate("P-256");
		ed25519 = kit_generate("ED25519");
		x25519 = kit_generate("X25519");
	}
	kit_pem(&named.kit, "rsa.pem", rsa);
	kit_pem(&named.kit, "p256.pem", p256);
	kit_pem(&named.kit, "ed.pem", ed25519);
	kit_pem(&named.kit, "x.pem", x25519);
	for (unsigned int i = 1; i <= 12; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%u.key", i);
		kit_file(&named.kit, name, key_bytes(i), 16);
	}
	write_policy();
	named_keeper(&named);
	named_start(&named, NULL);
	return 0;
}

static int teardown(void **state)
{
	named_stop(&named);
	kit_close(&named.kit);
	return 0;
}

static void check_signature(EVP_PKEY *key, uint64_t session, uint16_t scheme)
{
	const char *message = "what is signed";

	assert_int_equal(named_sign(&named, session, scheme, message), VCD_S_OK);
	assert_true(kit_verify(key, scheme_find(scheme), (const uint8_t *)message, strlen(message),
			       named.request.out, named_out_len(&named)));
}

static void test_signatures(void **state)
{
	check_signature(rsa, named_open(&named, "rsa", 0, 0), VCD_RSA_PSS_SHA256);
	check_signature(rsa, named_open(&named, "rsa", 0, 0), VCD_RSA_PKCS1_SHA256);
	check_signature(p256, named_open(&named, "p256", 0, 0), VCD_ECDSA_P256_SHA256);
	check_signature(ed25519, named_open(&named, "ed", 0, 0), VCD_SCHEME_ED25519);
	/* a scheme that the policy does not name, and a digest of the wrong length */
	assert_int_equal(
	    named_sign(&named, named_open(&named, "rsa", 0, 0), VCD_RSA_PSS_SHA512, "x"),
	    VCD_S_DENIED);
	assert_int_equal(
	    named_ask(&named, NAMED_SLOW,
		      (struct vcd_req_key){.opcode = htole16(VCD_OP_SIGN),
					   .in_len = htole32(31),
					   .session = htole64(named_open(&named, "p256", 0, 0)),
					   .out_len = htole32(256),
					   .scheme = htole16(VCD_ECDSA_P256_SHA256)},
		      ticket, 31),
	    VCD_S_INVALID);
}

/* More output than the driver takes: it is told how much there is. */
static void test_too_big(void **state)
{
	const struct vcd_req_key header = {
	    .opcode = htole16(VCD_OP_SIGN),
	    .flags = htole16(VCD_F_MESSAGE),
	    .in_len = htole32(5),
	    .session = htole64(named_open(&named, "rsa", 0, 0)),
	    .out_len = htole32(255),
	    .scheme = htole16(VCD_RSA_PSS_SHA256),
	};

	assert_int_equal(named_ask(&named, NAMED_SLOW, header, "hello", 5), VCD_S_TOOBIG);
	assert_int_equal(le64toh(named.request.reply->value), 256);
}

static void test_decrypt(void **state)
{
	const uint64_t session = named_open(&named, "rsa", 0, 0);
	uint8_t in[512 + 5];
	size_t len =
	    kit_encrypt(rsa, scheme_find(VCD_RSA_OAEP_SHA256), "label", 5, "plain text", 10, in);
	struct vcd_req_key header = {
	    .opcode = htole16(VCD_OP_DECRYPT),
	    .in_len = htole32((uint32_t)len),
	    .session = htole64(session),
	    .aux_len = htole32(5),
	    .out_len = htole32(256),
	    .scheme = htole16(VCD_RSA_OAEP_SHA256),
	};

	memcpy(in + len, "label", 5);
	assert_int_equal(named_ask(&named, NAMED_SLOW, header, in, len + 5), VCD_S_OK);
	assert_int_equal(named_out_len(&named), 10);
	assert_memory_equal(named.request.out, "plain text", 10);
	memcpy(in + len, "other", 5);
	assert_int_equal(named_ask(&named, NAMED_SLOW, header, in, len + 5), VCD_S_BADMSG);
}

static void check_derive(const char *label, EVP_PKEY *ours, const char *type, uint16_t scheme)
{
	EVP_PKEY *theirs = kit_generate(type);
	uint8_t point[140], secret[80];
	size_t len = kit_point(theirs, point), secret_len = kit_derive(ours, theirs, secret);
	const struct vcd_req_key header = {
	    .opcode = htole16(VCD_OP_DERIVE),
	    .in_len = htole32((uint32_t)len),
	    .session = htole64(named_open(&named, label, 0, 0)),
	    .out_len = htole32(80),
	    .scheme = htole16(scheme),
	};

	assert_int_equal(named_ask(&named, NAMED_SLOW, header, point, len), VCD_S_OK);
	assert_int_equal(named_out_len(&named), secret_len);
	assert_memory_equal(named.request.out, secret, secret_len);
	EVP_PKEY_free(theirs);
}

static void test_derive(void **state)
{
	check_derive("p256", p256, "P-256", VCD_ECDH_P256);
	check_derive("x", x25519, "X25519", VCD_SCHEME_X25519);
}

/* libcrypto's CBC, without padding. */
static void reference_cbc(unsigned int key, const uint8_t iv[16], const uint8_t *in, int len,
			  uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;

	assert_true(EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, key_bytes(key), iv) == 1 &&
		    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
		    EVP_EncryptUpdate(ctx, out, &n, in, len) == 1 && n == len);
	EVP_CIPHER_CTX_free(ctx);
}

static void check_cbc(uint64_t session, unsigned int queue, unsigned int key)
{
	const uint8_t iv[16] = {1, 2, 3};
	struct vcd_req header = {
	    .opcode = htole16(VCD_OP_CRYPT),
	    .src_len = htole32(64),
	    .session = htole64(session),
	    .iv_len = 16,
	};
	uint8_t plain[64], expected[64];

	memset(plain, 0x55, sizeof(plain));
	memcpy(header.iv, iv, 16);
	reference_cbc(key, iv, plain, sizeof(plain), expected);
	assert_int_equal(named_crypt(&named, queue, &header, plain, 64, 64), VCD_S_OK);
	assert_memory_equal(named.request.out, expected, 64);
	/* the IV to go on with is the last block */
	assert_memory_equal(named.request.reply->iv, expected + 48, 16);
	header.flags = htole16(VCD_F_DECRYPT);
	assert_int_equal(named_crypt(&named, queue, &header, expected, 64, 64), VCD_S_OK);
	assert_memory_equal(named.request.out, plain, 64);
}

static void test_ciphers(void **state)
{
	const uint64_t fast = named_open(&named, "cbc", CRYPTO_AES_CBC, 0);
	const uint64_t slow = named_open(&named, "k-cbc", CRYPTO_AES_CBC, 0);
	struct vcd_req header = {
	    .opcode = htole16(VCD_OP_CRYPT),
	    .src_len = htole32(16),
	    .session = htole64(slow),
	    .iv_len = 16,
	};

	check_cbc(fast, NAMED_FAST, 1);
	check_cbc(fast, NAMED_SLOW, 1);
	check_cbc(slow, NAMED_SLOW, 7);
	assert_int_equal(named_crypt(&named, NAMED_FAST, &header, ticket, 16, 16), VCD_S_SLOW);
	/* by no other algorithm than the key's */
	assert_int_equal(
	    named_create(&named, NAMED_SLOW,
			 &(struct named_session){.label = "cbc", .cipher = CRYPTO_AES_CTR}),
	    VCD_S_NOALG);
	assert_int_equal(named_create(&named, NAMED_SLOW, &(struct named_session){.label = "cbc"}),
			 VCD_S_NOALG);
	assert_int_equal(
	    named_create(&named, NAMED_SLOW,
			 &(struct named_session){.label = "rsa", .cipher = CRYPTO_AES_CBC}),
	    VCD_S_NOALG);
}

/* Encrypt with a nonce of the device's, and decrypt; two nonces differ. */
static void check_nonce(const char *label, unsigned int queue, bool guest_may)
{
	struct vcd_req header = {
	    .opcode = htole16(VCD_OP_AUTHCRYPT),
	    .flags = htole16(VCD_F_IV_BY_DEVICE),
	    .src_len = htole32(20),
	    .session = htole64(named_open(&named, label, CRYPTO_AES_GCM, 0)),
	    .aad_len = htole32(7),
	    .tag_len = 16,
	};
	static const uint8_t in[27] = "the AAD"
				      "twenty bytes of data";
	const uint8_t zero[4] = {0};
	uint8_t nonce[12], sealed[7 + 36];

	assert_int_equal(named_crypt(&named, queue, &header, in, 27, 36), VCD_S_OK);
	memcpy(nonce, named.request.reply->iv, 12);
	assert_memory_equal(named.request.reply->iv + 12, zero, 4);
	memcpy(sealed, in, 7);
	memcpy(sealed + 7, named.request.out, 36);
	assert_int_equal(named_crypt(&named, queue, &header, in, 27, 36), VCD_S_OK);
	assert_memory_not_equal(named.request.reply->iv, nonce, 12);

	header.flags = 0;
	header.iv_len = 12;
	memcpy(header.iv, nonce, 12);
	assert_int_equal(named_crypt(&named, queue, &header, in, 27, 36),
			 guest_may ? VCD_S_OK : VCD_S_DENIED);
	if (guest_may)
		assert_memory_equal(named.request.out, sealed + 7, 36);
	header.flags = htole16(VCD_F_DECRYPT);
	header.src_len = htole32(36);
	assert_int_equal(named_crypt(&named, queue, &header, sealed, 43, 20), VCD_S_OK);
	assert_memory_equal(named.request.out, in + 7, 20);
	sealed[42] ^= 1;
	assert_int_equal(named_crypt(&named, queue, &header, sealed, 43, 20), VCD_S_BADMSG);
	/* by the device, and yet with one of the driver's; or to decrypt */
	header.flags = htole16(VCD_F_IV_BY_DEVICE);
	assert_int_equal(named_crypt(&named, queue, &header, sealed, 43, 52), VCD_S_INVALID);
	header.flags = htole16(VCD_F_IV_BY_DEVICE | VCD_F_DECRYPT);
	header.iv_len = 0;
	memset(header.iv, 0, sizeof(header.iv));
	assert_int_equal(named_crypt(&named, queue, &header, sealed, 43, 52), VCD_S_INVALID);
}

static void test_nonces(void **state)
{
	check_nonce("gcm", NAMED_FAST, false);
	check_nonce("gcm", NAMED_SLOW, false);
	check_nonce("gcmfree", NAMED_FAST, true);
	check_nonce("k-gcm", NAMED_SLOW, false);
	check_nonce("k-free", NAMED_SLOW, true);
}

static void check_mac(uint64_t session, unsigned int queue, unsigned int key)
{
	const struct vcd_req header = {
	    .opcode = htole16(VCD_OP_CRYPT),
	    .flags = htole16(VCD_F_HASH_RESET | VCD_F_HASH_FINAL),
	    .src_len = htole32(5),
	    .session = htole64(session),
	};
	uint8_t expected[32];

	HMAC(EVP_sha256(), key_bytes(key), 16, (const uint8_t *)"input", 5, expected, NULL);
	assert_int_equal(named_crypt(&named, queue, &header, "input", 5, 32), VCD_S_OK);
	assert_memory_equal(named.request.out, expected, 32);
}

/* What the policy does not allow with a key whose bytes the worker has. */
static void test_rights(void **state)
{
	struct vcd_req header = {
	    .opcode = htole16(VCD_OP_CRYPT),
	    .src_len = htole32(16),
	    .session = htole64(named_open(&named, "only", CRYPTO_AES_CTR, 0)),
	    .iv_len = 16,
	};

	assert_int_equal(named_crypt(&named, NAMED_FAST, &header, ticket, 16, 16), VCD_S_DENIED);
	header.flags = htole16(VCD_F_DECRYPT);
	assert_int_equal(named_crypt(&named, NAMED_FAST, &header, ticket, 16, 16), VCD_S_OK);
	check_mac(named_open(&named, "mac", 0, CRYPTO_SHA2_256_HMAC), NAMED_FAST, 5);
	check_mac(named_open(&named, "k-mac", 0, CRYPTO_SHA2_256_HMAC), NAMED_SLOW, 10);
	header = (struct vcd_req){
	    .opcode = htole16(VCD_OP_CRYPT),
	    .flags = htole16(VCD_F_HASH_RESET | VCD_F_HASH_FINAL),
	    .src_len = htole32(16),
	    .session = htole64(named_open(&named, "verify", 0, CRYPTO_SHA2_256_HMAC)),
	};
	assert_int_equal(named_crypt(&named, NAMED_FAST, &header, ticket, 16, 32), VCD_S_DENIED);
}

static void test_list_and_info(void **state)
{
	struct vcd_req_key header = {
	    .opcode = htole16(VCD_OP_KEY_LIST),
	    .out_len = htole32(32 * sizeof(struct vcd_key_info)),
	};
	struct vcd_key_info entries[32], info;
	const uint8_t *der = named.request.out + sizeof(info);
	EVP_PKEY *key;

	/* the keeper may not be known to the worker yet: then it waits */
	assert_int_equal(named_ask(&named, NAMED_SLOW, header, NULL, 0), VCD_S_OK);
	assert_int_equal(le64toh(named.request.reply->value), MINE_LISTED);
	assert_int_equal(named_out_len(&named), MINE_LISTED * sizeof(info));
	memcpy(entries, named.request.out, named_out_len(&named));
	for (unsigned int i = 1; i < MINE_LISTED; i++)
		assert_true(strcmp(entries[i - 1].label, entries[i].label) < 0);
	header.first = htole32(3);
	header.out_len = htole32(2 * sizeof(info) + 5);
	assert_int_equal(named_ask(&named, NAMED_SLOW, header, NULL, 0), VCD_S_OK);
	assert_int_equal(named_out_len(&named), 2 * sizeof(info));
	assert_memory_equal(named.request.out, &entries[3], 2 * sizeof(info));

	header = (struct vcd_req_key){
	    .opcode = htole16(VCD_OP_KEY_INFO), .in_len = htole32(4), .out_len = htole32(9000)};
	assert_int_equal(named_ask(&named, NAMED_SLOW, header, "p256", 4), VCD_S_OK);
	memcpy(&info, named.request.out, sizeof(info));
	assert_string_equal(info.label, "p256");
	assert_int_equal(le16toh(info.kind), VCD_KIND_P256);
	assert_int_equal(le32toh(info.use), VCD_USE_SIGN | VCD_USE_DERIVE);
	assert_int_equal(le64toh(info.schemes),
			 1ull << VCD_ECDSA_P256_SHA256 | 1ull << VCD_ECDH_P256);
	assert_memory_equal(info.check, named.request.reply->iv, VCD_KEY_CHECK_LEN);
	key = d2i_PUBKEY(NULL, &der, (long)(named_out_len(&named) - sizeof(info)));
	assert_non_null(key);
	assert_int_equal(EVP_PKEY_eq(key, p256), 1);
	EVP_PKEY_free(key);
	header.in_len = htole32(3);
	assert_int_equal(named_ask(&named, NAMED_SLOW, header, "cbc", 3), VCD_S_OK);
	memcpy(&info, named.request.out, sizeof(info));
	assert_int_equal(le32toh(info.flags), VCD_KEY_F_FAST);
	assert_int_equal(le16toh(info.alg), CRYPTO_AES_CBC);
	assert_int_equal(named_out_len(&named), sizeof(info));
}

/* Absent, another VM's, and with a wrong ticket: one answer, byte for byte. */
static void test_equal_answers(void **state)
{
	const struct named_session wrong[] = {
	    {.label = "nowhere", .mac = CRYPTO_SHA2_256_HMAC},
	    {.label = "foreign", .mac = CRYPTO_SHA2_256_HMAC},
	    {.label = "secret", .mac = CRYPTO_SHA2_256_HMAC},
	    {.label = "secret", .mac = CRYPTO_SHA2_256_HMAC, .ticket = (const uint8_t[32]){1}},
	    {.label = "foreign"},
	    {.label = "No Label At All"},
	};
	struct vcd_reply first = {0};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct named_session session = wrong[i];

		assert_int_equal(named_create(&named, NAMED_SLOW, &session), VCD_S_NOKEY);
		if (!i)
			first = *named.request.reply;
		assert_memory_equal(named.request.reply, &first, sizeof(first));
		/* and before anything is known of it on the wrong queue */
		assert_int_equal(named_create(&named, NAMED_FAST, &session), VCD_S_SLOW);
	}
	assert_int_equal(named_create(&named, NAMED_SLOW,
				      &(struct named_session){.label = "secret",
							      .mac = CRYPTO_SHA2_256_HMAC,
							      .ticket = ticket}),
			 VCD_S_OK);
}

static uint32_t destroy(uint64_t session)
{
	const struct vcd_req header = {
	    .opcode = htole16(VCD_OP_SESSION_DESTROY),
	    .session = htole64(session),
	};

	return named_crypt(&named, NAMED_FAST, &header, "", 0, 0);
}

/* One more than the keeper has handles for is NOSPACE at once; BUSY would be repeated in vain. */
static void test_no_handle_left(void **state)
{
	struct named_session session = {.label = "cbc", .cipher = CRYPTO_AES_CBC};
	uint32_t status;

	for (unsigned int i = 0; i < KEEPER_MAX_HANDLES; i++)
		assert_int_equal(named_create(&named, NAMED_SLOW, &session), VCD_S_OK);
	assert_int_equal(named_create(&named, NAMED_SLOW, &session), VCD_S_NOSPACE);
	assert_int_equal(named_create(&named, NAMED_SLOW, &session), VCD_S_NOSPACE);
	assert_int_equal(destroy(session.id), VCD_S_OK);
	/* The keeper may not have been told yet. */
	while ((status = named_create(&named, NAMED_SLOW, &session)) != VCD_S_OK)
		assert_true(status == VCD_S_BUSY || status == VCD_S_NOSPACE);
	assert_int_equal(named_create(&named, NAMED_SLOW, &session), VCD_S_NOSPACE);
}

static void test_wrong_queue(void **state)
{
	static const uint16_t opcodes[] = {VCD_OP_KEY_LIST, VCD_OP_SIGN, VCD_OP_DECRYPT,
					   VCD_OP_DERIVE};

	for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++)
		assert_int_equal(named_ask(&named, NAMED_FAST,
					   (struct vcd_req_key){.opcode = htole16(opcodes[i])},
					   NULL, 0),
				 VCD_S_SLOW);
	assert_int_equal(named_ask(&named, NAMED_FAST,
				   (struct vcd_req_key){.opcode = htole16(VCD_OP_KEY_INFO),
							.in_len = htole32(3)},
				   "cbc", 3),
			 VCD_S_SLOW);
}

/* Each of several slow queues is served, and the fast one is not slow. */
static void test_two_slow_queues(void **state)
{
	struct vcd_req_key header = {
	    .opcode = htole16(VCD_OP_KEY_LIST),
	};

	named_stop(&named);
	named.slow = 2;
	named_start(&named, NULL);
	for (unsigned int queue = 1; queue <= 2; queue++) {
		assert_int_equal(named_ask(&named, queue, header, NULL, 0), VCD_S_OK);
		assert_int_equal(le64toh(named.request.reply->value), MINE_LISTED);
		rig_check_queue(&named.rig, queue);
	}
	assert_int_equal(named_ask(&named, NAMED_FAST, header, NULL, 0), VCD_S_SLOW);
	rig_check_queue(&named.rig, NAMED_FAST);
	named.slow = 0;
}

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_signatures),	 T(test_too_big),	  T(test_decrypt),
	    T(test_derive),	 T(test_ciphers),	  T(test_nonces),
	    T(test_rights),	 T(test_list_and_info),	  T(test_equal_answers),
	    T(test_wrong_queue), T(test_two_slow_queues), T(test_no_handle_left),
	};

	if (argc != 3) {
		fprintf(stderr, "usage: %s DAEMON KEEPER\n", argv[0]);
		return 2;
	}
	rig_daemon = argv[1];
	keeper_program = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
