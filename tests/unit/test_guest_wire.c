// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_guest_wire.c - the guest driver's encoder and its judgement of replies, against
 * the golden messages that the device is tested with.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "guest/wire.h"
#include "tests/lib/golden.h"

/* The messages that a driver sends. */
static const char *const sent[] = {
    "hello",
    "session-create-aes-128-cbc",
    "session-create-aes-192-ecb",
    "session-create-aes-256-ctr",
    "session-create-aes-128-gcm",
    "session-create-aes-cbc-hmac",
    "session-create-hmac-sha256",
    "session-create-sha256",
    "session-create-null",
    "session-destroy",
    "session-info",
    "crypt-aes-128-cbc-encrypt",
    "crypt-aes-128-cbc-decrypt",
    "crypt-aes-192-ecb-encrypt",
    "crypt-aes-256-ctr-encrypt",
    "crypt-aes-cbc-hmac-encrypt",
    "crypt-hmac-sha256",
    "crypt-sha256",
    "crypt-sha256-begin",
    "crypt-sha256-end",
    "crypt-null",
    "authcrypt-aes-128-gcm-encrypt",
    "authcrypt-aes-128-gcm-decrypt",
    "authcrypt-aes-128-ccm-encrypt",
    "authcrypt-tls-encrypt",
    "authcrypt-tls-decrypt",
    "authcrypt-srtp-encrypt",
    "authcrypt-srtp-decrypt",
    "hash-copy",
    "key-create-private",
    "key-create-cipher",
    "key-create-check",
    "key-create-held",
    "key-list",
    "key-list-end",
    "key-info",
    "key-sign",
    "key-decrypt",
    "key-derive",
};

static struct golden *load(const char *name)
{
	const char *root = getenv("VCD_SOURCE_ROOT");
	struct golden *golden = NULL;
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/golden/%s.hex", root ? root : ".", name);
	assert_int_equal(golden_load(path, &golden), 0);
	assert_true(golden->request_len >= sizeof(struct vcd_req));
	return golden;
}

/* What the driver's encoder makes of the meaning of @want. */
static void encode(const struct vcd_req *want, struct vcd_req *made)
{
	const struct vcd_req_create *create = (const void *)want;
	const struct vcd_req_key *key = (const void *)want;

	switch (le16toh(want->opcode)) {
	case VCD_OP_HELLO:
		vcd_wire_hello((void *)made);
		break;
	case VCD_OP_SESSION_CREATE:
		if (create->key_source == htole32(VCD_KEY_LABEL)) {
			vcd_wire_create_label((void *)made, le32toh(create->cipher),
					      le32toh(create->mac), le32toh(create->key_len),
					      le32toh(create->mackey_len),
					      create->flags ? create->check : NULL);
			break;
		}
		vcd_wire_create((void *)made, le32toh(create->cipher), le32toh(create->mac),
				le32toh(create->key_len), le32toh(create->mackey_len));
		break;
	case VCD_OP_CRYPT:
		vcd_wire_crypt(made, le64toh(want->session), le16toh(want->flags),
			       le32toh(want->src_len), want->iv, want->iv_len);
		break;
	case VCD_OP_AUTHCRYPT:
		vcd_wire_auth(made, le16toh(want->flags), le32toh(want->src_len),
			      le32toh(want->aad_len), le32toh(want->crypt_off), want->tag_len,
			      want->iv, want->iv_len);
		/* The driver fills the session in when it sends. */
		made->session = want->session;
		break;
	case VCD_OP_KEY_LIST:
	case VCD_OP_KEY_INFO:
	case VCD_OP_SIGN:
	case VCD_OP_DECRYPT:
	case VCD_OP_DERIVE:
		vcd_wire_key((void *)made, le16toh(want->opcode), le16toh(key->flags),
			     le16toh(key->scheme), le32toh(key->in_len), le32toh(key->aux_len),
			     le32toh(key->out_len));
		/* The driver fills these in by itself. */
		((struct vcd_req_key *)made)->first = key->first;
		made->session = want->session;
		break;
	case VCD_OP_HASH_COPY:
		vcd_wire_hash_copy(made, le64toh(want->session), le64toh(want->arg));
		break;
	default:
		vcd_wire_session(made, le16toh(want->opcode), le64toh(want->session));
	}
}

static void requests(void **state)
{
	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		struct golden *golden = load(sent[i]);
		struct vcd_req want, made;

		memcpy(&want, golden->request, sizeof(want));
		memset(&made, 0xa5, sizeof(made));
		encode(&want, &made);
		if (memcmp(&made, &want, sizeof(made)))
			fail_msg("%s: the driver encodes it differently", sent[i]);
		golden_free(golden);
	}
}

static void replies(void **state)
{
	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		struct golden *golden = load(sent[i]);
		uint32_t used = (uint32_t)golden->reply_len;
		uint32_t out = used - (uint32_t)sizeof(struct vcd_reply);
		struct vcd_reply reply;
		struct vcd_result result;

		memcpy(&reply, golden->reply, sizeof(reply));
		assert_int_equal(vcd_wire_reply(&reply, used, out, &result), 0);
		assert_int_equal(result.status, VCD_S_OK);
		assert_int_equal(result.out_len, out);
		assert_memory_equal(result.iv, reply.iv, sizeof(result.iv));
		/* Used lengths and rooms that do not fit are not believed. */
		assert_int_equal(vcd_wire_reply(&reply, used + 1, out + 1, &result), -EIO);
		assert_int_equal(vcd_wire_reply(&reply, used - 1, out, &result), -EIO);
		assert_int_equal(vcd_wire_reply(&reply, 31, out, &result), -EIO);
		if (out)
			assert_int_equal(vcd_wire_reply(&reply, used, out - 1, &result), -EIO);
		golden_free(golden);
	}
}

static void refusals(void **state)
{
	static const struct {
		const char *name;
		int err;
	} cases[] = {
	    {"crypt-stale", -ESTALE},
	    {"session-create-badkey", -EINVAL},
	    {"session-create-noalg", -EINVAL},
	    {"unknown-opcode", -EINVAL},
	    {"authcrypt-aes-128-gcm-badmsg", -EBADMSG},
	    {"hello-version", -EPROTO},
	    {"crypt-sha256-nostate", -EIO},
	    {"crypt-length", -EINVAL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct golden *golden = load(cases[i].name);
		struct vcd_result result;
		struct vcd_reply reply;

		memcpy(&reply, golden->reply, sizeof(reply));
		assert_int_equal(vcd_wire_reply(&reply, (uint32_t)golden->reply_len, 4096, &result),
				 0);
		assert_int_equal(vcd_wire_errno(result.status), cases[i].err);
		/* An error brings no output. */
		reply.out_len = htole32(16);
		assert_int_equal(vcd_wire_reply(&reply, 48, 4096, &result), -EIO);
		golden_free(golden);
	}
	assert_int_equal(vcd_wire_errno(VCD_S_NOKEY), -ENOKEY);
	assert_int_equal(vcd_wire_errno(VCD_S_DENIED), -EACCES);
	assert_int_equal(vcd_wire_errno(VCD_S_SLOW), -EIO);
	assert_int_equal(vcd_wire_errno(VCD_S_COUNT), -EIO);
	assert_int_equal(vcd_wire_errno(UINT32_MAX), -EIO);
}

/* Requests about keys by name, every byte of the header. */
static void keys(void **state)
{
	const uint8_t check[VCD_KEY_CHECK_LEN] = "0123456789abcde";
	struct vcd_req_create create, want_create = {
					  .opcode = htole16(VCD_OP_SESSION_CREATE),
					  .flags = htole16(VCD_F_CHECK),
					  .cipher = htole32(11),
					  .key_len = htole32(7),
					  .mackey_len = htole32(VCD_KEY_TICKET_LEN),
					  .key_source = htole32(VCD_KEY_LABEL),
				      };
	struct vcd_req_key key, want_key = {
				    .opcode = htole16(VCD_OP_SIGN),
				    .flags = htole16(VCD_F_MESSAGE),
				    .in_len = htole32(100),
				    .aux_len = htole32(3),
				    .out_len = htole32(VCD_KEY_MAX_OUT),
				    .scheme = htole16(VCD_RSA_PSS_SHA256),
				};

	memcpy(want_create.check, check, sizeof(check));
	memset(&create, 0xa5, sizeof(create));
	vcd_wire_create_label(&create, 11, 0, 7, VCD_KEY_TICKET_LEN, check);
	assert_memory_equal(&create, &want_create, sizeof(create));
	want_create.flags = 0;
	memset(want_create.check, 0, sizeof(want_create.check));
	vcd_wire_create_label(&create, 11, 0, 7, VCD_KEY_TICKET_LEN, NULL);
	assert_memory_equal(&create, &want_create, sizeof(create));
	memset(&key, 0xa5, sizeof(key));
	vcd_wire_key(&key, VCD_OP_SIGN, VCD_F_MESSAGE, VCD_RSA_PSS_SHA256, 100, 3, VCD_KEY_MAX_OUT);
	assert_memory_equal(&key, &want_key, sizeof(key));
}

/* What the device says of its keys in the golden messages is believed. */
static void golden_keys(void **state)
{
	static const char *const names[] = {"key-create-private", "key-create-cipher", "key-list",
					    "key-info"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct golden *golden = load(names[i]);
		size_t at = sizeof(struct vcd_reply);
		struct vcd_key_info info;
		struct crypt_key key;

		assert_true(golden->reply_len >= at + sizeof(info));
		memcpy(&info, golden->reply + at, sizeof(info));
		assert_int_equal(vcd_wire_key_info(&info, &key), 0);
		assert_string_equal(key.label, info.label);
		golden_free(golden);
	}
}

/* What the host says of a key is checked, and nothing else of it reaches a program. */
static void key_info(void **state)
{
	struct vcd_key_info info = {
	    .label = "web-tls",
	    .kind = htole16(VCD_KIND_P256),
	    .alg = htole16(0x0102),
	    .bits = htole32(256),
	    .use = htole32(VCD_USE_SIGN),
	    .flags = htole32(VCD_KEY_F_FAST),
	    .schemes = htole64(UINT64_C(1) << VCD_ECDH_P256),
	    .form = htole16(VCD_FORM_TLS13_SERVER),
	    .key_len = htole16(32),
	    .max_out = htole32(72),
	    .check = "0123456789abcde",
	    .reserved = "not for programs",
	};
	struct crypt_key want = {
	    .label = "web-tls",
	    .kind = VCD_KIND_P256,
	    .alg = 0x0102,
	    .bits = 256,
	    .use = CRYPT_KEY_USE_SIGN,
	    .flags = CRYPT_KEY_FAST,
	    .schemes = UINT64_C(1) << VCD_ECDH_P256,
	    .form = 1,
	    .key_len = 32,
	    .max_out = 72,
	    .check = "0123456789abcde",
	};
	struct vcd_key_info bad;
	struct crypt_key key;

	info.label[40] = 'x';
	memset(&key, 0xa5, sizeof(key));
	assert_int_equal(vcd_wire_key_info(&info, &key), 0);
	assert_memory_equal(&key, &want, sizeof(key));
	bad = info;
	memset(bad.label, 'x', sizeof(bad.label));
	assert_int_equal(vcd_wire_key_info(&bad, &key), -EIO);
	bad.label[sizeof(bad.label) - 1] = 0;
	assert_int_equal(vcd_wire_key_info(&bad, &key), 0);
	bad.label[0] = 0;
	assert_int_equal(vcd_wire_key_info(&bad, &key), -EIO);
	bad = info;
	/* A key in a token that nobody has used yet. */
	bad.kind = 0;
	assert_int_equal(vcd_wire_key_info(&bad, &key), 0);
	assert_int_equal(key.kind, 0);
	bad = info;
	bad.max_out = htole32(VCD_KEY_MAX_OUT + 1);
	assert_int_equal(vcd_wire_key_info(&bad, &key), -EIO);
	bad = info;
	bad.key_len = htole16(VCD_MAX_MACKEY_LEN + 1);
	assert_int_equal(vcd_wire_key_info(&bad, &key), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys),	cmocka_unit_test(golden_keys), cmocka_unit_test(key_info),
	    cmocka_unit_test(requests), cmocka_unit_test(replies),     cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
