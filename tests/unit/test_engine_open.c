/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_engine_open.c - engines by name, and what the cryptodev backend makes of its device. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "cryptodev.h"
#include "engine/alg.h"
#include "tests/unit/fake_cryptodev.h"

static void by_name(void **state)
{
	struct engine *engine = NULL;

	assert_int_equal(eng_open("", 1, &engine), -EINVAL);
	assert_int_equal(eng_open("opensslx", 1, &engine), -EINVAL);
	assert_int_equal(eng_open("open", 1, &engine), -EINVAL);
	assert_int_equal(eng_open("openssl:x", 1, &engine), -EINVAL);
	assert_int_equal(eng_open("auto:x", 1, &engine), -EINVAL);
	assert_int_equal(eng_open("openssl", 0, &engine), -EINVAL);
	assert_int_equal(eng_open("cryptodev:", 1, &engine), -EINVAL);
	assert_int_equal(eng_open("cryptodev:/nonexistent/crypto", 1, &engine), -ENODEV);
	assert_int_equal(eng_open("cryptodev:/dev/null", 1, &engine), -ENODEV);
	assert_int_equal(eng_open("cryptodev:/", 1, &engine), -EISDIR);
	assert_null(engine);
	assert_int_equal(eng_open("auto", 1, &engine), 0);
	assert_true(!strcmp(engine->name, "auto") || !strcmp(engine->name, "openssl"));
	assert_null(eng_close(engine));
	assert_null(eng_close(NULL));
	eng_session_free(NULL);
	for (const char *const *name = eng_names(); *name; name++)
		assert_true(**name);
}

static int cryptodev(struct engine **engine)
{
	*engine = NULL;
	return eng_cryptodev_open_with("/fake", 2, &fake_cryptodev, engine);
}

static int reset(void **state)
{
	fake = (struct fake_control){0};
	return 0;
}

static int nothing_left(void **state)
{
	assert_int_equal(fake.files, 0);
	assert_int_equal(fake.sessions, 0);
	return 0;
}

static void open_errors(void **state)
{
	static const int errors[][2] = {
	    {ENOENT, -ENODEV}, {ENXIO, -ENODEV},  {ENODEV, -ENODEV},
	    {EACCES, -EACCES}, {EMFILE, -EMFILE},
	};
	struct engine *engine;

	/* The control file, the first worker's, the second worker's */
	for (unsigned int after = 0; after < 3; after++)
		for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
			fake.open_error = errors[i][0];
			fake.open_after = after;
			assert_int_equal(cryptodev(&engine), errors[i][1]);
			assert_null(engine);
			assert_int_equal(fake.files, 0);
		}
}

static void algorithms_are_probed(void **state)
{
	struct engine *engine;
	const struct eng_alg *gcm = eng_alg_find(CRYPTO_AES_GCM);
	const struct eng_alg *cbc = eng_alg_find(CRYPTO_AES_CBC);
	const struct eng_alg *sha1 = eng_alg_find(CRYPTO_SHA1);

	fake.missing = CRYPTO_AES_GCM;
	assert_int_equal(cryptodev(&engine), 0);
	assert_int_equal(fake.files, 3);
	assert_int_equal(fake.sessions, 0);
	assert_false(eng_has(engine, gcm, NULL));
	assert_true(eng_has(engine, cbc, NULL));
	assert_true(eng_has(engine, NULL, sha1));
	assert_true(eng_has(engine, cbc, sha1));
	assert_string_equal(eng_driver_name(engine, cbc), "fake-cbc-aes");
	assert_string_equal(eng_driver_name(engine, sha1), "fake-sha1");
	eng_close(engine);
	fake.missing = UINT32_MAX;
	assert_int_equal(cryptodev(&engine), -ENODEV);
}

static void names_without_sessinfo(void **state)
{
	struct engine *engine;

	fake.fail_request = CIOCGSESSINFO;
	fake.fail_error = EINVAL;
	fake.fail_times = 1000;
	assert_int_equal(cryptodev(&engine), 0);
	assert_string_equal(eng_driver_name(engine, eng_alg_find(CRYPTO_AES_CBC)),
			    "cryptodev-cbc-aes");
	eng_close(engine);
}

static void fail_next(unsigned long request, int error, unsigned int times)
{
	fake.fail_request = request;
	fake.fail_error = error;
	fake.fail_times = times;
}

/* A session of AES-CBC. */
static int make_session(struct engine *engine, struct eng_session **session)
{
	static const uint8_t key[16] = {1};
	struct eng_session_params params = {
	    .cipher = eng_alg_find(CRYPTO_AES_CBC),
	    .key = key,
	    .key_len = 16,
	};

	return eng_session_new(engine, &params, session);
}

static void session_errors(void **state)
{
	static const int errors[][2] = {
	    {EINVAL, -EINVAL},
	    {ENOMEM, -ENOMEM},
	    {EFAULT, -EIO},
	    {ENOTTY, -EIO},
	};
	struct eng_session *session = NULL;
	struct engine *engine;

	assert_int_equal(cryptodev(&engine), 0);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		fail_next(CIOCGSESSION, errors[i][0], 1);
		assert_int_equal(make_session(engine, &session), errors[i][1]);
		assert_null(session);
	}
	eng_close(engine);
}

static uint32_t run(struct engine *engine, struct eng_session *session, unsigned int worker,
		    uint8_t data[32])
{
	struct eng_job job =
			   {
			       .session = session,
			       .len = 32,
			       .src = data,
			       .dst = data,
			       .iv_len = 16,
			       .status = VCD_S_COUNT,
			   },
		       *jobs = &job;

	eng_run(engine, worker, &jobs, 1);
	return job.status;
}

/* One session of the ABI per worker that uses it, and none before. */
static void sessions_are_made_on_use(void **state)
{
	uint8_t data[32] = {0};
	struct eng_session *session;
	struct engine *engine;

	assert_int_equal(cryptodev(&engine), 0);
	assert_int_equal(make_session(engine, &session), 0);
	assert_int_equal(fake.sessions, 0);
	assert_int_equal(run(engine, session, 1, data), VCD_S_OK);
	assert_int_equal(run(engine, session, 1, data), VCD_S_OK);
	assert_int_equal(fake.sessions, 1);
	assert_int_equal(run(engine, session, 0, data), VCD_S_OK);
	assert_int_equal(fake.sessions, 2);
	eng_session_free(session);
	assert_int_equal(fake.sessions, 0);
	eng_close(engine);
}

static void job_errors(void **state)
{
	static const int errors[][2] = {
	    {EFAULT, VCD_S_IO},	 {EINVAL, VCD_S_IO}, {ENOMEM, VCD_S_NOMEM},
	    {EBUSY, VCD_S_BUSY}, {ENODEV, VCD_S_IO}, {EBADMSG, VCD_S_BADMSG},
	};
	uint8_t data[32] = {0};
	struct eng_session *session;
	struct engine *engine;

	assert_int_equal(cryptodev(&engine), 0);
	assert_int_equal(make_session(engine, &session), 0);
	/* The worker's session cannot be made; the next job tries again. */
	fail_next(CIOCGSESSION, ENOMEM, 1);
	assert_int_equal(run(engine, session, 0, data), VCD_S_NOMEM);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		fail_next(CIOCCRYPT, errors[i][0], 1);
		assert_int_equal(run(engine, session, 0, data), errors[i][1]);
		assert_int_equal(run(engine, session, 0, data), VCD_S_OK);
	}
	eng_session_free(session);
	eng_close(engine);
}

/* An interrupted call is repeated; one that is interrupted for ever is given up. */
static void interrupted(void **state)
{
	uint8_t data[32] = {0}, again[32] = {0};
	struct eng_session *session;
	struct engine *engine;

	assert_int_equal(cryptodev(&engine), 0);
	fail_next(CIOCGSESSION, EINTR, 3);
	assert_int_equal(make_session(engine, &session), 0);
	assert_int_equal(run(engine, session, 0, data), VCD_S_OK);
	fail_next(CIOCCRYPT, EINTR, 5);
	assert_int_equal(run(engine, session, 0, again), VCD_S_OK);
	assert_memory_equal(data, again, sizeof(data));
	fail_next(CIOCCRYPT, EINTR, 1000000);
	assert_int_equal(run(engine, session, 0, again), VCD_S_IO);
	fake.fail_times = 0;
	eng_session_free(session);
	eng_close(engine);
}

#define FAKE(test) cmocka_unit_test_setup_teardown(test, reset, nothing_left)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_name),
	    FAKE(open_errors),
	    FAKE(algorithms_are_probed),
	    FAKE(names_without_sessinfo),
	    FAKE(session_errors),
	    FAKE(sessions_are_made_on_use),
	    FAKE(job_errors),
	    FAKE(interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
