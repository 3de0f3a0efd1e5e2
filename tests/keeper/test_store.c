/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_store.c - files with keys: their forms, who may read and write them, and whole policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "common/util.h"
#include "keeper/keyset.h"
#include "keeper/store.h"
#include "tests/keeper/keykit.h"

static char folder[] = "/tmp/keeper-store.XXXXXX";
static struct store store = {-1, -1};
static char why[300];
static char said[4096];

static void write_file(const char *name, const void *bytes, size_t len, mode_t mode)
{
	char path[200];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fchmod(fileno(file), mode), 0);
	assert_int_equal(fclose(file), 0);
}

static int try_read(const char *name, bool secret, size_t max)
{
	struct eng_key bytes = {0};
	int err;

	why[0] = '\0';
	err = store_read(store.directory, name, secret, max, &bytes, why, sizeof(why));
	eng_key_wipe(&bytes);
	return err;
}

static void test_modes(void **state)
{
	write_file("a", "secret", 6, 0600);
	assert_int_equal(try_read("a", true, 10), 0);
	write_file("a", "secret", 6, 0400);
	assert_int_equal(try_read("a", true, 10), 0);
	for (mode_t bit = 1; bit <= 4; bit <<= 1) {
		write_file("a", "secret", 6, 0600 | bit);
		assert_int_equal(try_read("a", true, 10), -EPERM);
		assert_non_null(strstr(why, "chmod 0600"));
	}
	/* root may let its group read, as the group may be the keeper's; nobody else may */
	write_file("a", "secret", 6, 0640);
	assert_int_equal(try_read("a", true, 10), geteuid() ? -EPERM : 0);
	write_file("a", "secret", 6, 0620);
	assert_int_equal(try_read("a", true, 10), -EPERM);
	/* what is no secret may be read by all, and written by nobody else */
	write_file("a", "policy", 6, 0644);
	assert_int_equal(try_read("a", false, 10), 0);
	write_file("a", "policy", 6, 0664);
	assert_int_equal(try_read("a", false, 10), -EPERM);
	write_file("a", "policy", 6, 0646);
	assert_int_equal(try_read("a", false, 10), -EPERM);
}

static void test_owner(void **state)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/b", folder);
	write_file("b", "secret", 6, 0600);
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(path, 12345, 0), 0);
	assert_int_equal(try_read("b", true, 10), -EPERM);
	assert_non_null(strstr(why, "neither root nor"));
	/* another group than ours may not read it */
	assert_int_equal(chown(path, 0, 12345), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(try_read("b", true, 10), -EPERM);
}

static void test_links(void **state)
{
	char path[200], other[200];

	write_file("c", "secret", 6, 0600);
	(void)snprintf(path, sizeof(path), "%s/c", folder);
	(void)snprintf(other, sizeof(other), "%s/c2", folder);
	assert_int_equal(symlink("c", other), 0);
	assert_int_equal(try_read("c2", true, 10), -ELOOP);
	assert_non_null(strstr(why, "symbolic link"));
	assert_int_equal(unlink(other), 0);
	assert_int_equal(link(path, other), 0);
	assert_int_equal(try_read("c", true, 10), -EPERM);
	assert_non_null(strstr(why, "more than one link"));
	assert_int_equal(unlink(other), 0);
	/* a link in the middle of the path */
	assert_int_equal(symlink(".", other), 0);
	assert_int_equal(try_read("c2/c", true, 10), -ELOOP);
	assert_int_equal(try_read(".", true, 10), -EPERM);
	assert_non_null(strstr(why, "no regular file"));
	assert_int_equal(try_read("nothing", true, 10), -ENOENT);
}

static void test_sizes(void **state)
{
	write_file("d", "0123456789", 10, 0600);
	assert_int_equal(try_read("d", true, 10), 0);
	assert_int_equal(try_read("d", true, 9), -EFBIG);
	write_file("d", "", 0, 0600);
	assert_int_equal(try_read("d", true, 9), 0);
}

static int secret(const char *text, size_t len, const char *want)
{
	struct eng_key got = {0};
	int err;

	write_file("pin", text, len, 0600);
	err = store_secret(&store, "pin", NULL, &got, why, sizeof(why));
	if (!err)
		assert_string_equal((char *)got.bytes, want);
	eng_key_wipe(&got);
	return err;
}

static void test_secrets(void **state)
{
	struct eng_key got = {0};

	assert_int_equal(secret("1234", 4, "1234"), 0);
	assert_int_equal(secret("1234\n", 5, "1234"), 0);
	assert_int_equal(secret("12 34\r\nmore", 11, "12 34"), 0);
	assert_int_equal(secret("\n1234", 5, ""), -EINVAL);
	assert_int_equal(secret("12\0", 3, ""), -EINVAL);
	assert_int_equal(store_secret(&store, NULL, NULL, &got, why, sizeof(why)), 0);
	assert_int_equal(got.len, 0);
	assert_int_equal(store_secret(&store, NULL, "prod", &got, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "CREDENTIALS_DIRECTORY"));
	store.credentials = store.directory;
	write_file("prod", "4321\n", 5, 0400);
	assert_int_equal(store_secret(&store, NULL, "prod", &got, why, sizeof(why)), 0);
	assert_string_equal((char *)got.bytes, "4321");
	eng_key_wipe(&got);
	store.credentials = -1;
}

/* ---- forms of private keys --------------------------------------------------------------- */

static void put_bio(const char *name, BIO *bio)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);

	write_file(name, text, (size_t)len, 0600);
	BIO_free(bio);
}

static int load(struct policy_key *policy, EVP_PKEY *want)
{
	struct eng_key bytes = {0};
	int err;

	why[0] = '\0';
	err = store_load(&store, policy, &bytes, why, sizeof(why));
	if (!err) {
		struct key *key = key_new(policy, bytes.bytes, bytes.len, why, sizeof(why));

		assert_non_null(key);
		assert_int_equal(EVP_PKEY_eq(key->pkey, want), 1);
		key_put(key);
	}
	eng_key_wipe(&bytes);
	return err;
}

static void test_private_forms(void **state)
{
	EVP_PKEY *pkey = kit_generate("P-256");
	struct policy_key policy = kit_policy(UINT64_C(1) << KEEPER_ECDSA_P256_SHA256);
	char name[] = "key";
	BIO *bio;

	policy.source = name;
	bio = BIO_new(BIO_s_mem());
	assert_true(PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL));
	put_bio(name, bio);
	assert_int_equal(load(&policy, pkey), 0);
	bio = BIO_new(BIO_s_mem());
	assert_true(PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL, NULL, 0, NULL, NULL));
	put_bio(name, bio);
	assert_int_equal(load(&policy, pkey), 0);
	bio = BIO_new(BIO_s_mem());
	assert_true(i2d_PKCS8PrivateKey_bio(bio, pkey, NULL, NULL, 0, NULL, NULL));
	put_bio(name, bio);
	assert_int_equal(load(&policy, pkey), 0);
	/* a public key is none */
	bio = BIO_new(BIO_s_mem());
	assert_true(PEM_write_bio_PUBKEY(bio, pkey));
	put_bio(name, bio);
	assert_int_equal(load(&policy, pkey), -EINVAL);
	write_file(name, "rubbish", 7, 0600);
	assert_int_equal(load(&policy, pkey), -EINVAL);
	EVP_PKEY_free(pkey);
}

static void test_encrypted(void **state)
{
	EVP_PKEY *pkey = kit_generate("ED25519");
	struct policy_key policy = kit_policy(UINT64_C(1) << KEEPER_ED25519);
	char name[] = "key", file[] = "pass";
	BIO *bio;

	policy.source = name;
	for (int der = 0; der < 2; der++) {
		bio = BIO_new(BIO_s_mem());
		if (der)
			assert_true(i2d_PKCS8PrivateKey_bio(bio, pkey, EVP_aes_256_cbc(), "open", 4,
							    NULL, NULL));
		else
			assert_true(PEM_write_bio_PKCS8PrivateKey(bio, pkey, EVP_aes_256_cbc(),
								  "open", 4, NULL, NULL));
		put_bio(name, bio);
		policy.passphrase = NULL;
		assert_int_equal(load(&policy, pkey), -EINVAL);
		assert_non_null(strstr(why, "without a passphrase"));
		policy.passphrase = file;
		write_file("pass", "open\n", 5, 0600);
		assert_int_equal(load(&policy, pkey), 0);
		write_file("pass", "shut\n", 5, 0600);
		assert_int_equal(load(&policy, pkey), -EINVAL);
		assert_non_null(strstr(why, "passphrase is wrong"));
		write_file("pass", "open\n", 5, 0644);
		assert_int_equal(load(&policy, pkey), -EPERM);
	}
	EVP_PKEY_free(pkey);
}

/* ---- whole policies ---------------------------------------------------------------------- */

static void note(void *arg, unsigned int line, const char *what)
{
	size_t len = strlen(said);

	(void)snprintf(said + len, sizeof(said) - len, "%u: %s\n", line, what);
}

static struct keyset *load_policy(const char *text)
{
	struct policy_errors errors = {.report = note};
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/policy", folder);
	write_file("policy", text, strlen(text), 0644);
	said[0] = '\0';
	return keyset_load(path, &errors);
}

static void policy_bad(const char *text, const char *words)
{
	assert_null(load_policy(text));
	if (!strstr(said, words))
		fail_msg("%s", said);
}

static void test_policies(void **state)
{
	struct keyset *set;

	write_file("d", "0123456789abcdef", 16, 0600);
	write_file("d2", "0123456789abcdef", 16, 0600);
	write_file("e", "0123456789abcdeX", 16, 0600);
	write_file("pin", "1234\n", 5, 0600);
#define D "[key d]\nsource = file:d\nuse = encrypt decrypt\nalg = aes-cbc\n"
	set = load_policy("[vm a]\nkeys = d\nuid = root\n[vm b]\nuid = 4711\n[vm c]\n" D
			  "[token t]\nmodule = /proc/self/exe\npin = file:pin\n"
			  "[token u]\nmodule = /proc/self/exe\n");
	if (!set)
		fail_msg("%s", said);
	assert_string_equal(set->policy->vms[1].user, "4711");
	assert_int_equal(set->bytes[0].len, 16);
	/* both tokens are one module's */
	assert_int_equal(set->module_count, 1);
	assert_int_equal(set->module_of[1], 0);
	keyset_free(set);
	policy_bad(D "[key f]\nsource = file:nothing\nuse = sign\nalg = hmac-sha256\n",
		   "5: [key f]: nothing: No such file");
	policy_bad(D "[key g]\nsource = file:d2\nuse = encrypt\nalg = aes-gcm\n",
		   "[key g]: it shares bytes with [key d]");
	policy_bad("[token t]\nmodule = /nothing\n", "1: [token t]: /nothing: No such file");
	policy_bad("[token t]\nmodule = /proc/self/exe\npin = file:nothing\n", "its PIN: nothing");
	policy_bad("[key k]\nsource = file:e\nuse = sign\nschemes = ed25519\n", "no private key");
	/* another key with another algorithm, and the same key twice with one */
	set = load_policy(D "[key g]\nsource = file:e\nuse = encrypt\nalg = aes-gcm\n"
			    "[key d2]\nsource = file:d2\nuse = decrypt\nalg = aes-cbc\n");
	if (!set)
		fail_msg("%s", said);
	keyset_free(set);
}

static int setup(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	store.directory = open(folder, O_PATH | O_DIRECTORY);
	return store.directory < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	char command[100];

	close_fd(&store.directory);
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_modes),     cmocka_unit_test(test_owner),
	    cmocka_unit_test(test_links),     cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_secrets),   cmocka_unit_test(test_private_forms),
	    cmocka_unit_test(test_encrypted), cmocka_unit_test(test_policies),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
