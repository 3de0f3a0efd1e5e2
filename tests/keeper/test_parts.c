/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_parts.c - small parts of the keeper: form of requests, rates, answers that are kept, forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "keeper/meter.h"
#include "keeper/repeat.h"
#include "keeper/request.h"
#include "keeper/scheme.h"

#define S UINT64_C(1000000000)

/* ---- request.c ------------------------------------------------------------------------- */

static void test_take(void **state)
{
	uint8_t packet[KEEPER_MAX_PACKET + 1] = {0};
	struct keeper_request r = {.type = KEEPER_LIST, .len = 3}, head;

	memcpy(packet, &r, sizeof(r));
	assert_ptr_equal(request_take(packet, sizeof(r) + 3, &head), packet + sizeof(r));
	assert_int_equal(head.type, KEEPER_LIST);
	assert_null(request_take(packet, sizeof(r) + 2, &head));
	assert_null(request_take(packet, sizeof(r) + 4, &head));
	assert_null(request_take(packet, sizeof(r) - 1, &head));
	r.type = 99;
	memcpy(packet, &r, sizeof(r));
	assert_null(request_take(packet, sizeof(r) + 3, &head));
	r = (struct keeper_request){.type = KEEPER_SIGN, .len = KEEPER_MAX_PAYLOAD};
	memcpy(packet, &r, sizeof(r));
	assert_non_null(request_take(packet, KEEPER_MAX_PACKET, &head));
	r.len++;
	memcpy(packet, &r, sizeof(r));
	assert_null(request_take(packet, KEEPER_MAX_PACKET + 1, &head));
}

static bool valid(struct keeper_request r)
{
	return request_valid(&r);
}

/* Each field, on a request that has it and on one that has not. */
static void test_valid(void **state)
{
#define R(t, ...) valid((struct keeper_request){.type = (t), __VA_ARGS__})
	assert_true(R(KEEPER_RESET, .id = 7));
	assert_false(R(KEEPER_RESET, .reserved = 1));
	assert_true(R(KEEPER_CLOSE, .handle = 1));
	assert_false(R(KEEPER_RESET, .handle = 1));
	assert_true(R(KEEPER_SIGN, .token = 1));
	assert_false(R(KEEPER_CLOSE, .token = 1));
	assert_true(R(KEEPER_SIGN, .scheme = 1));
	assert_false(R(KEEPER_CRYPT, .scheme = 1));
	assert_true(R(KEEPER_OPEN, .alg = 1));
	assert_false(R(KEEPER_SIGN, .alg = 1));
	assert_true(R(KEEPER_DECRYPT, .aux_len = 1));
	assert_false(R(KEEPER_SIGN, .aux_len = 1));
	assert_true(R(KEEPER_LIST, .arg = 1));
	assert_false(R(KEEPER_OPEN, .arg = 1));
	assert_true(R(KEEPER_CRYPT, .iv_len = 16, .iv = {[15] = 1}));
	assert_false(R(KEEPER_CRYPT, .iv_len = 15, .iv = {[15] = 1}));
	assert_false(R(KEEPER_CRYPT, .iv_len = 17));
	assert_false(R(KEEPER_SIGN, .iv_len = 1));
	assert_false(R(KEEPER_SIGN, .tag_len = 1));
	assert_true(R(KEEPER_CRYPT, .tag_len = 16));
	assert_true(R(KEEPER_OPEN, .flags = KEEPER_F_CHECK, .iv = {1}));
	assert_false(R(KEEPER_OPEN, .iv = {1}));
	assert_true(R(KEEPER_SIGN, .flags = KEEPER_F_MESSAGE));
	assert_false(R(KEEPER_DERIVE, .flags = KEEPER_F_MESSAGE));
	assert_false(R(KEEPER_CRYPT, .flags = 0x8000));
}

static void test_names(void **state)
{
	struct keeper_request r = {.type = KEEPER_OPEN, .len = 3};
	char name[KEEPER_LABEL_LEN];
	uint8_t text[100];

	assert_true(request_name(&r, (const uint8_t *)"abc", name));
	assert_string_equal(name, "abc");
	r.aux_len = 1;
	assert_true(request_name(&r, (const uint8_t *)"abc", name));
	assert_string_equal(name, "ab");
	r.aux_len = 3;
	assert_false(request_name(&r, (const uint8_t *)"abc", name));
	r.aux_len = 4;
	assert_false(request_name(&r, (const uint8_t *)"abc", name));
	r.aux_len = 0;
	assert_false(request_name(&r, (const uint8_t *)"a\0c", name));
	memset(text, 'a', sizeof(text));
	r.len = 63;
	assert_true(request_name(&r, text, name));
	r.len = 64;
	assert_false(request_name(&r, text, name));
}

/* ---- meter.c --------------------------------------------------------------------------- */

static void test_rate(void **state)
{
	struct meter meter = {0};
	uint64_t now = 50 * S;

	/* no limit */
	assert_int_equal(meter_wait(&meter, 0, 0, now, 0), 0);
	/* 10/s, 3 at once: the fourth waits for a tenth of a second, the next for two */
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(meter_wait(&meter, 10, 3, now, S), 0);
	assert_int_equal(meter_wait(&meter, 10, 3, now, S), S / 10);
	assert_int_equal(meter_wait(&meter, 10, 3, now, S), 2 * S / 10);
	/* what cannot wait so long is not charged */
	assert_int_equal(meter_wait(&meter, 10, 3, now, S / 10), UINT64_MAX);
	assert_int_equal(meter_wait(&meter, 10, 3, now, S), 3 * S / 10);
	/* a rest gives the burst back, and no more */
	now += 100 * S;
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(meter_wait(&meter, 10, 3, now, S), 0);
	assert_int_equal(meter_wait(&meter, 10, 3, now, S), S / 10);
	/* without a burst: one at a time */
	meter.due = 0;
	assert_int_equal(meter_wait(&meter, 10, 0, now, S), 0);
	assert_int_equal(meter_wait(&meter, 10, 0, now, S), S / 10);
}

static void test_meters(void **state)
{
	struct meters meters = {{NULL}};
	struct meter *meter = meter_of(&meters, "a", "bc");

	assert_non_null(meter);
	assert_ptr_equal(meter_of(&meters, "a", "bc"), meter);
	assert_ptr_not_equal(meter_of(&meters, "ab", "c"), meter);
	assert_ptr_equal(meter_find(&meters, "a", "bc"), meter);
	assert_null(meter_find(&meters, "a", "b"));
	meters_free(&meters);
	assert_null(meter_find(&meters, "a", "bc"));
}

/* ---- repeat.c -------------------------------------------------------------------------- */

static void test_asked(void **state)
{
	const uint8_t check[16] = {1}, other[16] = {2};
	struct keeper_request r = {.type = KEEPER_SIGN, .scheme = 3, .token = 9, .len = 3};
	uint8_t a[32], b[32];

	assert_int_equal(repeat_asked(check, &r, (const uint8_t *)"abc", a), 0);
	/* another process has another id and handle for the same */
	r.id = 5;
	r.handle = 6;
	assert_int_equal(repeat_asked(check, &r, (const uint8_t *)"abc", b), 0);
	assert_memory_equal(a, b, 32);
	assert_int_equal(repeat_asked(other, &r, (const uint8_t *)"abc", b), 0);
	assert_memory_not_equal(a, b, 32);
	assert_int_equal(repeat_asked(check, &r, (const uint8_t *)"abd", b), 0);
	assert_memory_not_equal(a, b, 32);
	r.scheme = 4;
	assert_int_equal(repeat_asked(check, &r, (const uint8_t *)"abc", b), 0);
	assert_memory_not_equal(a, b, 32);
}

static void test_repeats(void **state)
{
	struct repeats *repeats = calloc(1, sizeof(*repeats));
	uint8_t out[] = "result";
	struct answer answer = {.token = 5, .asked = {1}, .len = 6, .out = out};
	const struct answer *found;
	uint8_t asked[32] = {1};

	assert_non_null(repeats);
	assert_null(repeat_find(repeats, 5, asked));
	repeat_keep(repeats, &answer);
	memset(out, 0, sizeof(out));
	found = repeat_find(repeats, 5, asked);
	assert_non_null(found);
	assert_memory_equal(found->out, "result", 6);
	/* the same place, another token; the same token, another request */
	assert_null(repeat_find(repeats, 5 + KEEPER_TOKENS, asked));
	asked[0] = 2;
	assert_null(repeat_find(repeats, 5, asked));
	asked[0] = 1;
	/* token 0 is none */
	answer.token = 0;
	repeat_keep(repeats, &answer);
	assert_null(repeat_find(repeats, 0, asked));
	answer.token = 5 + KEEPER_TOKENS;
	repeat_keep(repeats, &answer);
	assert_null(repeat_find(repeats, 5, asked));
	repeats_free(repeats);
}

/* ---- scheme.c -------------------------------------------------------------------------- */

static void test_schemes(void **state)
{
	const struct scheme *scheme;
	uint64_t all = 0;

	for (size_t i = 0; (scheme = scheme_at(i)); i++) {
		assert_true(scheme->id > 0 && scheme->id < 64);
		assert_false(all & UINT64_C(1) << scheme->id);
		all |= UINT64_C(1) << scheme->id;
		assert_ptr_equal(scheme_find(scheme->id), scheme);
		assert_ptr_equal(scheme_named(scheme->name), scheme);
		assert_true(schemes_of(scheme->kind) & UINT64_C(1) << scheme->id);
	}
	assert_null(scheme_find(0));
	assert_null(scheme_find(63));
	assert_int_equal(schemes_of(KEEPER_KIND_SYMMETRIC), 0);
	assert_int_equal(schemes_use(UINT64_C(1) << KEEPER_X25519 | 1 << KEEPER_ED25519),
			 KEEPER_USE_DERIVE | KEEPER_USE_SIGN);
	/* numbers of the protocol do not change */
	assert_int_equal(KEEPER_RSA_PSS_SHA256, 4);
	assert_int_equal(KEEPER_ECDSA_P256_SHA256, 7);
	assert_int_equal(KEEPER_ED25519, 16);
	assert_int_equal(KEEPER_ML_DSA_87, 19);
	assert_int_equal(KEEPER_RSA_OAEP_SHA1, 35);
	assert_int_equal(KEEPER_X25519, 51);
	assert_int_equal(kind_max_out(KEEPER_KIND_P256, 256), 73);
	assert_int_equal(kind_max_out(KEEPER_KIND_RSA, 2048), 256);
}

/* RFC 8446, 4.4.3. */
static void test_forms(void **state)
{
	uint8_t m[200];
	const size_t head = 64 + 33 + 1;

	memset(m, ' ', 64);
	memcpy(m + 64, "TLS 1.3, server CertificateVerify", 34);
	memset(m + head, 0xab, 48);
	assert_true(form_holds(KEEPER_FORM_TLS13_SERVER, m, head + 32));
	assert_true(form_holds(KEEPER_FORM_TLS13_SERVER, m, head + 48));
	assert_false(form_holds(KEEPER_FORM_TLS13_SERVER, m, head + 33));
	assert_false(form_holds(KEEPER_FORM_TLS13_SERVER, m, head));
	assert_false(form_holds(KEEPER_FORM_TLS13_SERVER, m, 0));
	assert_false(form_holds(KEEPER_FORM_TLS13_CLIENT, m, head + 32));
	assert_true(form_holds(KEEPER_FORM_ANY, m, 3));
	assert_false(form_holds(KEEPER_FORM_COUNT, m, head + 32));
	memcpy(m + 64, "TLS 1.3, client", 15);
	assert_true(form_holds(KEEPER_FORM_TLS13_CLIENT, m, head + 32));
	m[head - 1] = 1;
	assert_false(form_holds(KEEPER_FORM_TLS13_CLIENT, m, head + 32));
	m[head - 1] = 0;
	m[63] = 'x';
	assert_false(form_holds(KEEPER_FORM_TLS13_CLIENT, m, head + 32));
	assert_int_equal(form_named("tls13-client"), KEEPER_FORM_TLS13_CLIENT);
	assert_int_equal(form_named("tls12"), KEEPER_FORM_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_take),    cmocka_unit_test(test_valid),
	    cmocka_unit_test(test_names),   cmocka_unit_test(test_rate),
	    cmocka_unit_test(test_meters),  cmocka_unit_test(test_asked),
	    cmocka_unit_test(test_repeats), cmocka_unit_test(test_schemes),
	    cmocka_unit_test(test_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
