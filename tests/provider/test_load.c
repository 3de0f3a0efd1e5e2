/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_load.c - what is offered with which configuration and device; the end of the
 * process; random numbers of a library context that prefers the provider.
 */
#include "tests/provider/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "cryptodev.h"

/* Whether a cipher comes from the provider, by a query. */
static bool has(const struct rig *rig, const char *name, const char *query)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(rig->ours, name, query);
	const char *provider;
	bool ours = false;

	if (cipher) {
		provider = OSSL_PROVIDER_get0_name(EVP_CIPHER_get0_provider(cipher));
		ours = !strcmp(provider, "cryptodev");
	}
	EVP_CIPHER_free(cipher);
	return ours;
}

static bool has_digest(const struct rig *rig)
{
	EVP_MD *md = EVP_MD_fetch(rig->ours, "SHA256", "provider=cryptodev");
	bool ours = md != NULL;

	EVP_MD_free(md);
	return ours;
}

/* What every provider says of itself. */
static void test_about(void **state)
{
	const char *name = NULL, *version = NULL, *build = NULL;
	int status = 77;
	OSSL_PARAM params[] = {
	    OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, &name, 0),
	    OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, &version, 0),
	    OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_BUILDINFO, &build, 0),
	    OSSL_PARAM_int(OSSL_PROV_PARAM_STATUS, &status),
	    OSSL_PARAM_END,
	};
	const OSSL_PARAM *gettable;
	struct rig rig;
	int num = 0;

	rig_open(&rig, NULL, NULL, NULL);
	assert_int_equal(OSSL_PROVIDER_get_params(rig.provider, params), 1);
	assert_string_equal(name, "OpenSSL provider for /dev/crypto");
	assert_string_equal(version, VCD_VERSION);
	assert_string_equal(build, "virtio-cryptodev " VCD_VERSION);
	assert_int_equal(status, 1);
	gettable = OSSL_PROVIDER_gettable_params(rig.provider);
	for (; gettable->key; gettable++, num++) {
		uint64_t number;
		void *pointer;
		OSSL_PARAM one[] = {*gettable, OSSL_PARAM_END};

		one[0].data =
		    gettable->data_type == OSSL_PARAM_UTF8_PTR ? (void *)&pointer : (void *)&number;
		assert_int_equal(OSSL_PROVIDER_get_params(rig.provider, one), 1);
		assert_true(OSSL_PARAM_modified(one));
	}
	assert_int_equal(num, 16);
	rig_close(&rig);
}

static void test_classes(void **state)
{
	struct rig rig;

	rig_open(&rig, NULL, NULL, NULL);
	assert_true(has(&rig, "AES-128-CBC", NULL));
	assert_true(has(&rig, "ChaCha20-Poly1305", NULL));
	assert_true(has(&rig, "id-aes256-GCM", NULL));
	assert_false(has_digest(&rig));
	/* Queries that choose. */
	assert_true(has(&rig, "AES-128-CBC", "cryptodev.class=cbc"));
	assert_false(has(&rig, "AES-128-CBC", "cryptodev.class=gcm"));
	assert_false(has(&rig, "AES-128-CBC", "provider!=cryptodev"));
	assert_string_equal(rig_string(&rig, "cryptodev-status"), "ok");
	assert_string_equal(rig_string(&rig, "cryptodev-device"), "/dev/crypto");
	rig_close(&rig);

	rig_open(&rig, NULL, "gcm, sha2", NULL);
	assert_true(has(&rig, "AES-128-GCM", NULL));
	assert_false(has(&rig, "AES-128-CBC", NULL));
	assert_true(has_digest(&rig));
	rig_close(&rig);

	rig_open(&rig, NULL, "-ctr -ecb", NULL);
	assert_false(has(&rig, "AES-128-CTR", NULL));
	assert_true(has(&rig, "AES-128-XTS", NULL));
	rig_close(&rig);

	rig_open(&rig, NULL, "none", NULL);
	assert_false(has(&rig, "AES-128-GCM", NULL));
	assert_string_equal(rig_string(&rig, "cryptodev-status"), "no class is offered");
	rig_close(&rig);
}

/* Whether the class of @name is offered; a digest or HMAC, too. */
static bool offers(const struct rig *rig, const char *name)
{
	EVP_MD *md = NULL;
	EVP_MAC *mac = NULL;
	bool ours = has(rig, name, "provider=cryptodev");

	if (!strcmp(name, "SHA2-512"))
		md = EVP_MD_fetch(rig->ours, name, "provider=cryptodev");
	if (!strcmp(name, "HMAC"))
		mac = EVP_MAC_fetch(rig->ours, name, "provider=cryptodev");
	ours |= md || mac;
	EVP_MD_free(md);
	EVP_MAC_free(mac);
	return ours;
}

/* Each word alone, and what it takes away; @offered: by class, in the order below. */
static void test_each_word(void **state)
{
	static const char *const names[] = {"AES-192-CBC",	 "AES-192-CTR", "AES-192-ECB",
					    "AES-256-XTS",	 "AES-192-GCM", "AES-192-CCM",
					    "ChaCha20-Poly1305", "SHA2-512",	"HMAC"};
	static const struct {
		const char *classes;
		const char *offered;
	} words[] = {
	    {"cbc", "100000000"},	   {"ctr", "010000000"},      {"ecb", "001000000"},
	    {"xts", "000100000"},	   {"gcm", "000010000"},      {"ccm", "000001000"},
	    {"chacha", "000000100"},	   {"sha2", "000000010"},     {"hmac", "000000001"},
	    {"ciphers", "111111100"},	   {"aead", "000011100"},     {"digests", "000000010"},
	    {"macs", "000000001"},	   {"all", "111111111"},      {"none", "000000000"},
	    {"-aead", "111100000"},	   {"all -cbc", "011111111"}, {" ,\tcbc,\t ", "100000000"},
	    {"none,hmac", "000000001"},	   {"", "000000000"},	      {" -xts", "111011100"},
	    {"all -all ctr", "010000000"},
	};
	struct rig rig;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		rig_open(&rig, NULL, words[i].classes, NULL);
		for (int j = 0; words[i].offered[j]; j++)
			if (offers(&rig, names[j]) != (words[i].offered[j] == '1'))
				fail_msg("classes = %s: %s", words[i].classes, names[j]);
		rig_close(&rig);
	}
}

/* It loads, and software does all. */
static void no_device(const char *device, const char *status)
{
	uint8_t key[16] = {1}, iv[16] = {2}, data[4096] = {3};
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	EVP_CIPHER *cipher;
	struct rig rig;
	int n;

	rig_open(&rig, NULL, NULL, device);
	assert_true(has(&rig, "AES-128-GCM", NULL));
	cipher = EVP_CIPHER_fetch(rig.ours, "AES-128-CTR", NULL);
	assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, key, iv, 1, NULL), 1);
	assert_int_equal(EVP_CipherUpdate(ctx, data, &n, data, 4096), 1);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	assert_int_equal(rig_counter(&rig, "cryptodev-ops"), 0);
	assert_string_equal(rig_string(&rig, "cryptodev-status"), status);
	rig_close(&rig);
}

static void test_no_device(void **state)
{
	struct session_op op = {0};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	/* An emulator of processes has another error for calls that it does not know. */
	bool unknown = ioctl(null, CIOCGSESSION, &op) < 0 && errno == ENOSYS;

	close(null);
	no_device("/nonexistent/crypto", "cannot open it: No such file or directory");
	/* Something that is there, but no /dev/crypto. */
	no_device("/dev/null", unknown ? "it failed: Function not implemented"
				       : "cannot open it: Inappropriate ioctl for device");
	model_fault(&(struct model_fault){.times = UINT_MAX, .error = EIO});
	no_device(NULL, "it failed: Input/output error");
}

static void refused(const char *name, const char *value)
{
	OSSL_LIB_CTX *lib = OSSL_LIB_CTX_new();

	setenv(name, value, 1);
	OSSL_PROVIDER_set_default_search_path(lib, PROVIDER_DIR);
	assert_null(OSSL_PROVIDER_load(lib, "cryptodev"));
	unsetenv(name);
	OSSL_LIB_CTX_free(lib);
}

static void test_wrong_values(void **state)
{
	unsetenv("CRYPTODEV_PROVIDER_DEVICE");
	unsetenv("CRYPTODEV_PROVIDER_CLASSES");
	unsetenv("CRYPTODEV_PROVIDER_THRESHOLD");
	refused("CRYPTODEV_PROVIDER_CLASSES", "gcm rot13");
	refused("CRYPTODEV_PROVIDER_CLASSES", "gc");
	refused("CRYPTODEV_PROVIDER_THRESHOLD", "many");
	refused("CRYPTODEV_PROVIDER_THRESHOLD", "gcm=");
	refused("CRYPTODEV_PROVIDER_THRESHOLD", "-1");
	refused("CRYPTODEV_PROVIDER_THRESHOLD", "99999999999999999999999999");
	refused("CRYPTODEV_PROVIDER_RETRY", "1s");
	refused("CRYPTODEV_PROVIDER_TIMEOUT_MS", "");
	refused("CRYPTODEV_PROVIDER_TIMEOUT_MS", "4294967296");
	refused("CRYPTODEV_PROVIDER_DEVICE", "");
	refused("CRYPTODEV_PROVIDER_DRIVERS", "soft");
	/* A digit more, and one that is not. */
	refused("CRYPTODEV_PROVIDER_THRESHOLD", "18446744073709551610");
	refused("CRYPTODEV_PROVIDER_THRESHOLD", "12/");
	refused("CRYPTODEV_PROVIDER_THRESHOLD", "12:");
	refused("CRYPTODEV_PROVIDER_THRESHOLD", "gcm=1=2");
}

static void accepted(const char *name, const char *value)
{
	OSSL_LIB_CTX *lib = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *provider;

	setenv(name, value, 1);
	OSSL_PROVIDER_set_default_search_path(lib, PROVIDER_DIR);
	provider = OSSL_PROVIDER_load(lib, "cryptodev");
	if (!provider)
		fail_msg("%s = %s is refused", name, value);
	unsetenv(name);
	OSSL_PROVIDER_unload(provider);
	OSSL_LIB_CTX_free(lib);
}

static void test_largest_values(void **state)
{
	accepted("CRYPTODEV_PROVIDER_THRESHOLD", "18446744073709551609");
	accepted("CRYPTODEV_PROVIDER_THRESHOLD", " ,0 gcm=9 none=1, ");
	accepted("CRYPTODEV_PROVIDER_THRESHOLD", "");
	accepted("CRYPTODEV_PROVIDER_RETRY", "4294967295");
	accepted("CRYPTODEV_PROVIDER_TIMEOUT_MS", "4294967295");
	accepted("CRYPTODEV_PROVIDER_DRIVERS", "any");
}

/* A section of openssl.cnf with everything that there is, and the environment before it. */
static void test_section(void **state)
{
	static const char text[] = "openssl_conf = init\n"
				   "[init]\nproviders = providers\n"
				   "[providers]\ncryptodev = cryptodev\n"
				   "[cryptodev]\nactivate = 1\ndevice = /dev/crypto-section\n"
				   "threshold = 100 cbc=300\nclasses = cbc ctr\ntimeout_ms = 321\n";
	char path[] = "/tmp/cryptodev-section.XXXXXX";
	int fd = mkstemp(path);

	assert_int_equal(write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	close(fd);
	for (int i = 0; i < 2; i++) {
		struct rig rig = {.ours = OSSL_LIB_CTX_new()};

		for (const char *const *name = (const char *const[]){"DEVICE", "THRESHOLD",
								     "CLASSES", "TIMEOUT_MS", NULL};
		     *name; name++) {
			char variable[64];

			snprintf(variable, sizeof(variable), "CRYPTODEV_PROVIDER_%s", *name);
			unsetenv(variable);
		}
		if (i)
			setenv("CRYPTODEV_PROVIDER_CLASSES", "ctr gcm", 1);
		OSSL_PROVIDER_set_default_search_path(rig.ours, PROVIDER_DIR);
		assert_int_equal(OSSL_LIB_CTX_load_config(rig.ours, path), 1);
		rig.provider = OSSL_PROVIDER_load(rig.ours, "cryptodev");
		assert_non_null(rig.provider);
		assert_int_equal(has(&rig, "AES-128-CBC", NULL), !i);
		assert_int_equal(has(&rig, "AES-128-GCM", NULL), i);
		assert_true(has(&rig, "AES-128-CTR", NULL));
		assert_string_equal(rig_string(&rig, "cryptodev-status"), "ok");
		assert_string_equal(rig_string(&rig, "cryptodev-device"), "/dev/crypto-section");
		assert_int_equal(model_timeout(), 321);
		OSSL_PROVIDER_unload(rig.provider);
		OSSL_LIB_CTX_free(rig.ours);
	}
	unsetenv("CRYPTODEV_PROVIDER_CLASSES");
	unlink(path);
}

/* OpenSSL 3.0 takes the cipher of its own generator from here. */
static void test_random(void **state)
{
	uint8_t a[32], b[32];
	struct rig rig;
	int status;
	pid_t pid;

	rig_open(&rig, "0", NULL, NULL);
	for (int i = 0; i < 100; i++)
		assert_int_equal(RAND_bytes_ex(rig.ours, a, sizeof(a), 0), 1);
	pid = fork();
	if (!pid)
		_exit(RAND_bytes_ex(rig.ours, b, sizeof(b), 0) == 1 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(RAND_bytes_ex(rig.ours, b, sizeof(b), 0), 1);
	assert_memory_not_equal(a, b, sizeof(a));
	rig_close(&rig);
}

/* The configuration that we ship keeps the generator off the device, whatever the threshold. */
static void test_random_of_configuration(void **state)
{
	static uint8_t bytes[65536];
	struct rig rig = {.ours = OSSL_LIB_CTX_new()};

	setenv("CRYPTODEV_PROVIDER_THRESHOLD", "0", 1);
	unsetenv("CRYPTODEV_PROVIDER_CLASSES");
	unsetenv("CRYPTODEV_PROVIDER_DEVICE");
	OSSL_PROVIDER_set_default_search_path(rig.ours, PROVIDER_DIR);
	assert_int_equal(OSSL_LIB_CTX_load_config(rig.ours, PROVIDER_CONFIGURATION), 1);
	rig.provider = OSSL_PROVIDER_load(rig.ours, "cryptodev");
	assert_non_null(rig.provider);
	assert_true(has(&rig, "AES-256-CTR", NULL));
	for (size_t len = 1; len <= sizeof(bytes); len *= 4)
		assert_int_equal(RAND_bytes_ex(rig.ours, bytes, len, 0), 1);
	assert_int_equal(RAND_priv_bytes_ex(rig.ours, bytes, sizeof(bytes), 0), 1);
	assert_int_equal(rig_counter(&rig, "cryptodev-ops"), 0);
	OSSL_PROVIDER_unload(rig.provider);
	OSSL_LIB_CTX_free(rig.ours);
	unsetenv("CRYPTODEV_PROVIDER_THRESHOLD");
}

static void test_stats(void **state)
{
	char path[] = "/tmp/cryptodev-stats.XXXXXX", line[1024];
	uint8_t key[16] = {1}, iv[16] = {2}, data[4096] = {3};
	int fd = mkstemp(path), n;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	EVP_CIPHER *cipher;
	struct rig rig;
	ssize_t got;

	assert_true(fd >= 0);
	setenv("CRYPTODEV_PROVIDER_STATS", path, 1);
	rig_open(&rig, "4096", NULL, NULL);
	cipher = EVP_CIPHER_fetch(rig.ours, "AES-128-CTR", NULL);
	assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, key, iv, 1, NULL), 1);
	assert_int_equal(EVP_CipherUpdate(ctx, data, &n, data, 4096), 1);
	assert_int_equal(EVP_CipherUpdate(ctx, data, &n, data, 4095), 1);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	assert_int_equal(rig_counter(&rig, "cryptodev-ops"), 1);
	assert_int_equal(rig_counter(&rig, "cryptodev-bytes"), 4096);
	assert_int_equal(rig_counter(&rig, "cryptodev-soft-ops"), 1);
	assert_int_equal(rig_counter(&rig, "cryptodev-soft-bytes"), 4095);
	rig_close(&rig);
	unsetenv("CRYPTODEV_PROVIDER_STATS");
	got = read(fd, line, sizeof(line) - 1);
	assert_true(got > 0);
	line[got] = '\0';
	assert_non_null(strstr(line, "\"ops\":1,\"bytes\":4096,\"soft-ops\":1,\"soft-bytes\":4095,"
				     "\"errors\":0,\"classes\":{\"ctr\":1}}\n"));
	close(fd);
	unlink(path);
}

static void some_work(const struct rig *rig, int pieces)
{
	static const uint8_t key[16] = {1}, iv[16] = {2};
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(rig->ours, "AES-128-CTR", NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t data[4096] = {3};
	int n;

	assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, key, iv, 1, NULL), 1);
	for (int i = 0; i < pieces; i++)
		assert_int_equal(EVP_CipherUpdate(ctx, data, &n, data, 4096), 1);
	assert_int_equal(EVP_CipherUpdate(ctx, data, &n, data, 100), 1);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
}

/* Numbers of @rig's library context and of the process. */
static bool counted(const struct rig *rig, uint64_t own, uint64_t process, uint64_t soft)
{
	return rig_counter(rig, "cryptodev-ops") == own &&
	       rig_counter(rig, "cryptodev-bytes") == own * 4096 &&
	       rig_counter(rig, "cryptodev-process-ops") == process &&
	       rig_counter(rig, "cryptodev-process-bytes") == process * 4096 &&
	       rig_counter(rig, "cryptodev-process-soft-ops") == soft &&
	       rig_counter(rig, "cryptodev-process-soft-bytes") == soft * 100 &&
	       rig_counter(rig, "cryptodev-process-errors") == rig_counter(rig, "cryptodev-errors");
}

/* A child has done nothing yet; each context and the process have numbers of their own. */
static void test_who_counts(void **state)
{
	uint64_t process, soft;
	struct rig rig, second;
	int status;
	pid_t pid;

	rig_open(&rig, NULL, NULL, NULL);
	rig_open(&second, NULL, NULL, NULL);
	pid = fork();
	if (!pid) {
		some_work(&rig, 3);
		if (!counted(&rig, 3, 3, 1) || !counted(&second, 0, 3, 1))
			_exit(1);
		some_work(&second, 2);
		_exit(counted(&rig, 3, 5, 2) && counted(&second, 2, 5, 2) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	process = rig_counter(&rig, "cryptodev-process-ops");
	soft = rig_counter(&rig, "cryptodev-process-soft-ops");
	some_work(&rig, 7);
	rig_close(&second);
	assert_int_equal(rig_counter(&rig, "cryptodev-process-ops"), process + 7);
	assert_int_equal(rig_counter(&rig, "cryptodev-process-soft-ops"), soft + 1);
	pid = fork();
	if (!pid) {
		bool zero = counted(&rig, 0, 0, 0);

		some_work(&rig, 1);
		_exit(zero && counted(&rig, 1, 1, 1) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(rig_counter(&rig, "cryptodev-ops"), 7);
	rig_close(&rig);
}

static void stats_to(const char *path)
{
	struct rig rig;

	setenv("CRYPTODEV_PROVIDER_STATS", path, 1);
	rig_open(&rig, NULL, NULL, NULL);
	rig_close(&rig);
	unsetenv("CRYPTODEV_PROVIDER_STATS");
}

/* The line goes to a file of the user's own, and says which program it is of. */
static void test_stats_file(void **state)
{
	char directory[] = "/tmp/cryptodev-stats.XXXXXX", pattern[64], path[64], line[2048] = "";
	struct stat st;
	FILE *f;

	assert_non_null(mkdtemp(directory));
	snprintf(pattern, sizeof(pattern), "%s/%%u-%%p-%%x", directory);
	snprintf(path, sizeof(path), "%s/%ld-%ld-%%x", directory, (long)geteuid(), (long)getpid());
	stats_to(pattern);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_non_null(strstr(line, "\"program\":\"test_provider_load\""));
	assert_non_null(strstr(line, "/test_provider_load\",\"status\":\"not used\""));
	assert_int_equal(st.st_size, (off_t)strlen(line));
	/* A link that somebody else made is not followed. */
	snprintf(pattern, sizeof(pattern), "%s/link", directory);
	assert_int_equal(symlink(path, pattern), 0);
	stats_to(pattern);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, (off_t)strlen(line));
	unlink(pattern);
	unlink(path);
	rmdir(directory);
}

/* To stderr, which stays open; with a comma between the classes. */
static void test_stats_to_stderr(void **state)
{
	char line[2048] = "";
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		uint8_t digest[32], data[4096] = {0};
		struct rig rig;

		dup2(ends[1], STDERR_FILENO);
		setenv("CRYPTODEV_PROVIDER_STATS", "stderr", 1);
		rig_open(&rig, NULL, "ctr sha2", NULL);
		some_work(&rig, 1);
		EVP_Q_digest(rig.ours, "SHA2-256", NULL, data, sizeof(data), digest, NULL);
		rig_close(&rig);
		_exit(fcntl(STDERR_FILENO, F_GETFD) == -1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ends[1]);
	n = read(ends[0], line, sizeof(line) - 1);
	close(ends[0]);
	assert_true(n > 0);
	assert_non_null(strstr(line, "\"classes\":{\"ctr\":1,\"sha2\":1}}\n"));
}

/* As long a path as there is room for; of a longer one nothing is made. */
static void test_longest_stats_path(void **state)
{
	char directory[] = "/tmp/cryptodev-stats.XXXXXX", path[600], file[64];

	assert_non_null(mkdtemp(directory));
	snprintf(file, sizeof(file), "%s/xy", directory);
	for (size_t len = 510; len <= 513; len++) {
		size_t at = strlen(directory);

		memcpy(path, directory, at);
		memset(path + at, '/', len - 2 - at);
		strcpy(path + len - 2, "xy");
		stats_to(path);
		assert_int_equal(unlink(file), len <= 511 ? 0 : -1);
		snprintf(path, sizeof(path), "%s/x", directory);
		assert_int_equal(unlink(path), len == 512 ? 0 : -1);
	}
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_about),
	    cmocka_unit_test(test_classes),
	    cmocka_unit_test(test_no_device),
	    cmocka_unit_test(test_wrong_values),
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_who_counts),
	    cmocka_unit_test(test_stats_file),
	    cmocka_unit_test(test_stats),
	    cmocka_unit_test(test_each_word),
	    cmocka_unit_test(test_largest_values),
	    cmocka_unit_test(test_section),
	    cmocka_unit_test(test_stats_to_stderr),
	    cmocka_unit_test(test_longest_stats_path),
	    cmocka_unit_test(test_random_of_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
