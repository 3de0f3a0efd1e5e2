/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * faults.c - cryptodev-faults: every allocation of the driver fails once.
 *
 * Theory of operation
 * -------------------
 * A kernel with CONFIG_FAULT_INJECTION fails the N-th call that can fail
 * (allocations, copies from and to the program) of this thread after N was
 * written to /proc/thread-self/fail-nth. The file then says 0 when the fault
 * happened. Each operation is repeated with N = 1, 2, 3 ... until no fault
 * happens any more: then all its failure paths were gone, one by one.
 *
 * An operation that met a fault may succeed (it had another way) or fail with
 * one of the errors for that. Afterwards everything has to work. What the kernel
 * says meanwhile, and what it leaks, is for the caller to look at.
 *
 *	calls		the ioctls of /dev/crypto
 *	load MODULE.ko	loading the module, with its probe, and unloading it again;
 *			with a number: without the first faults
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "dev.h"
#include "ref.h"

#define FAIL_NTH "/proc/thread-self/fail-nth"
#define DEBUGFS "/sys/kernel/debug"
#define MAX_FAULTS 5000
#define MAX_CALLS 1000000 /* more than a call of anything has */
#define BIG (300u << 10)

static uint8_t key[16] = {5};
static uint8_t *src, *dst, *want;
static int nth_fd;

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(2);
}

static void setting(const char *file, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0) {
		fprintf(stderr,
			"%s: %s\nThis needs a kernel with fault injection and debugfs mounted.\n",
			path, strerror(errno));
		exit(2);
	}
	close(fd);
}

/* All allocations count, not just those that must not wait; of pages all orders. */
static void injection_setup(void)
{
	setting("failslab/ignore-gfp-wait", "N");
	setting("fail_page_alloc/ignore-gfp-wait", "N");
	setting("fail_page_alloc/ignore-gfp-highmem", "N");
	setting("fail_page_alloc/min-order", "0");
	/* the call traces of thousands of faults tell nothing here */
	setting("failslab/verbose", "0");
	setting("fail_page_alloc/verbose", "0");
	setting("fail_usercopy/verbose", "0");
	nth_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		die(FAIL_NTH);
}

static void arm(unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	/* what is left of the last fault may hit this very call */
	for (int tries = 0; pwrite(nth_fd, text, (size_t)n, 0) != n; tries++)
		if (errno != EFAULT || tries == 3)
			die(FAIL_NTH);
}

/* Return: calls left until the fault; 0: it has happened since arm(), before this very read. */
static unsigned int disarm(void)
{
	char text[16] = {0};
	ssize_t n = pread(nth_fd, text, sizeof(text) - 1, 0);

	if (n <= 0 && errno != EFAULT)
		die(FAIL_NTH);
	arm(0);
	return n > 0 ? (unsigned int)atoi(text) : 1;
}

/* Operations. Each returns 0 or a negative errno and leaves nothing behind. */
struct operation {
	const char *name;
	int (*run)(int fd);
	int also; /* an errno that it may fail with besides those of all */
};

static uint32_t cbc;

static int op_open(int fd)
{
	int other = dev_open();

	if (other < 0)
		return other;
	close(other);
	return 0;
}

static int op_session(int fd)
{
	uint32_t ses;
	int err = dev_session(fd, CRYPTO_AES_CBC, key, sizeof(key), &ses);

	return err ? err : dev_end(fd, ses);
}

static int op_close(int fd)
{
	int other = dev_open(), err;
	uint32_t ses;

	if (other < 0)
		return other;
	err = dev_session(other, CRYPTO_AES_CBC, key, sizeof(key), &ses);
	close(other);
	return err;
}

static int op_clone(int fd)
{
	int clone, err = dev_ioctl(fd, CRIOGET, &clone);

	if (!err)
		close(clone);
	return err;
}

/* A call that says it has succeeded must have given the right answer. */
static int encrypt(int fd, size_t len, unsigned int flags)
{
	uint8_t iv[16] = {0};
	int err;

	memset(dst, 0, len);
	err = dev_crypt(fd, cbc, COP_ENCRYPT, flags, src, dst, len, iv);
	if (!err && memcmp(dst, want, len)) {
		printf("FAILED: success, but a wrong answer for %zu bytes\n", len);
		exit(1);
	}
	return err;
}

static int op_small(int fd)
{
	return encrypt(fd, 64, COP_FLAG_WRITE_IV);
}

static int op_page(int fd)
{
	return encrypt(fd, 4096, 0);
}

static int op_pinned(int fd)
{
	return encrypt(fd, 65536, 0);
}

static int op_copied(int fd)
{
	return encrypt(fd, 65536, COP_FLAG_NO_ZC);
}

static int op_split(int fd)
{
	return encrypt(fd, BIG, 0);
}

static int op_info(int fd)
{
	struct session_info_op info = {.ses = cbc};

	return dev_ioctl(fd, CIOCGSESSINFO, &info);
}

/* A hash in two parts, and copied to another session between them. */
static int op_hash(int fd)
{
	uint8_t digest[32];
	struct crypt_op op = {.src = src, .len = 5000, .flags = COP_FLAG_UPDATE, .mac = digest};
	struct cphash_op cp;
	int err = dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256, NULL, 0, &cp.src_ses);

	if (err)
		return err;
	err = dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256, NULL, 0, &cp.dst_ses);
	if (!err) {
		op.ses = cp.src_ses;
		err = dev_ioctl(fd, CIOCCRYPT, &op);
		if (!err)
			err = dev_ioctl(fd, CIOCCPHASH, &cp);
		op.ses = cp.dst_ses;
		op.flags = COP_FLAG_FINAL;
		op.len = 0;
		if (!err)
			err = dev_ioctl(fd, CIOCCRYPT, &op);
		dev_end(fd, cp.dst_ses);
	}
	dev_end(fd, cp.src_ses);
	return err;
}

/* CIOCAUTHCRYPT there and back, in place. */
static int auth(int fd, uint32_t cipher, uint32_t mac, unsigned int flags, size_t len)
{
	static const uint8_t mackey[20];
	uint8_t iv[16] = {0}, tag[64];
	struct crypt_auth_op op = {.flags = (uint16_t)flags,
				   .auth_src = src,
				   .auth_len = 13,
				   .src = dst,
				   .dst = dst,
				   .len = (uint32_t)len,
				   .tag = tag,
				   .iv = iv};
	int err = mac ? dev_mac_session(fd, cipher, key, sizeof(key), mac, mackey, sizeof(mackey),
					&op.ses)
		      : dev_session(fd, cipher, key, sizeof(key), &op.ses);

	if (err)
		return err;
	if (flags & COP_FLAG_AEAD_SRTP_TYPE) {
		op.auth_src = dst;
		op.auth_len = (uint32_t)len;
	}
	memcpy(dst, src, len);
	err = dev_ioctl(fd, CIOCAUTHCRYPT, &op);
	if (!err) {
		op.op = COP_DECRYPT;
		op.tag = tag;
		err = dev_ioctl(fd, CIOCAUTHCRYPT, &op);
		if (!err && memcmp(dst, src, len)) {
			printf("FAILED: success, but a wrong answer of cipher %u\n", cipher);
			exit(1);
		}
	}
	dev_end(fd, op.ses);
	return err;
}

static int op_gcm(int fd)
{
	return auth(fd, CRYPTO_AES_GCM, 0, 0, 1000);
}

static int op_gcm_pinned(int fd)
{
	return auth(fd, CRYPTO_AES_GCM, 0, 0, 100000);
}

static int op_tls(int fd)
{
	return auth(fd, CRYPTO_AES_CBC, CRYPTO_SHA1_HMAC, COP_FLAG_AEAD_TLS_TYPE, 16000);
}

static int op_srtp(int fd)
{
	return auth(fd, CRYPTO_AES_CTR, CRYPTO_SHA1_HMAC, COP_FLAG_AEAD_SRTP_TYPE, 1200);
}

/* Operations that are under way, one that is cut among them; fetched, or left to the close. */
static int asynchronous(bool fetch)
{
	uint8_t iv[16] = {0};
	int fd = dev_open(), err, done = 0;
	struct crypt_op op = {.src = src, .dst = dst, .iv = iv};

	if (fd < 0)
		return fd;
	err = dev_session(fd, CRYPTO_AES_CBC, key, sizeof(key), &op.ses);
	for (int i = 0; !err && i < 3; i++) {
		op.len = i == 2 ? BIG : 8192;
		err = dev_ioctl(fd, CIOCASYNCCRYPT, &op);
	}
	while (fetch && !err && done < 3) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (poll(&p, 1, 10000) != 1)
			err = errno == EFAULT || errno == ENOMEM ? -errno : -ETIME;
		else
			err = dev_ioctl(fd, CIOCASYNCFETCH, &op);
		done++;
	}
	close(fd);
	return err;
}

static int op_async(int fd)
{
	return asynchronous(true);
}

static int op_async_close(int fd)
{
	return asynchronous(false);
}

static int op_batch(int fd)
{
	struct crypt_op op[6];
	int32_t status[6] = {0};
	struct crypt_batch batch = {.count = 6, .ops = (uintptr_t)op, .status = (uintptr_t)status};
	static const uint8_t iv[16];
	int err;

	for (unsigned int i = 0; i < 6; i++)
		op[i] = (struct crypt_op){.ses = cbc,
					  .src = src,
					  .dst = dst,
					  .len = i == 5	  ? BIG
						 : i == 4 ? 65536
							  : 512,
					  .iv = i == 3 ? NULL : (uint8_t *)iv};
	err = dev_ioctl(fd, CIOCCRYPTBATCH, &batch);
	for (unsigned int i = 0; i < 6 && !err; i++)
		err = status[i];
	return err;
}

static const struct operation operations[] = {
    {"open", op_open, 0},
    {"session", op_session, 0},
    {"session and close", op_close, 0},
    {"clone", op_clone, 0},
    {"session info", op_info, 0},
    {"64 bytes", op_small, 0},
    {"4 KiB", op_page, 0},
    {"64 KiB", op_pinned, 0},
    {"64 KiB copied", op_copied, 0},
    {"300 KiB", op_split, 0},
    {"hash in parts and its copy", op_hash, 0},
    {"GCM", op_gcm, EINVAL}, /* what CIOCAUTHCRYPT says of a source it cannot read */
    {"GCM, 100 KB", op_gcm_pinned, EINVAL},
    {"TLS record", op_tls, EINVAL},
    {"SRTP packet", op_srtp, EINVAL},
    {"asynchronous", op_async, 0},
    {"asynchronous and close", op_async_close, 0},
    {"batch", op_batch, 0},
};

static bool allowed(int err)
{
	return err == 0 || err == -ENOMEM || err == -EFAULT || err == -EAGAIN || err == -ENOSPC;
}

/* Return: whether each fault was met well. */
static bool try_operation(int fd, const struct operation *op)
{
	unsigned int n, failed = 0;

	for (n = 1; n < MAX_FAULTS; n++) {
		bool happened;
		int err;

		arm(n);
		err = op->run(fd);
		happened = !disarm();
		if (!happened && err) {
			printf("FAILED: %s: %s without a fault\n", op->name, strerror(-err));
			return false;
		}
		if (!happened)
			break;
		failed += err != 0;
		if (!allowed(err) && (!op->also || err != -op->also)) {
			printf("FAILED: %s, fault %u: %s\n", op->name, n, strerror(-err));
			return false;
		}
		err = op->run(fd);
		if (err) {
			printf("FAILED: %s, after fault %u: %s\n", op->name, n, strerror(-err));
			return false;
		}
	}
	printf("ok %s: %u faults, %u errors\n", op->name, n - 1, failed);
	fflush(stdout);
	return n < MAX_FAULTS;
}

static int calls(void)
{
	static const uint8_t iv[16];
	unsigned int failed = 0;
	int fd = dev_open();

	if (fd < 0) {
		dev_explain(fd);
		return 2;
	}
	if (dev_session(fd, CRYPTO_AES_CBC, key, sizeof(key), &cbc)) {
		printf("FAILED: no session\n");
		return 1;
	}
	ref_once(CRYPTO_AES_CBC, key, sizeof(key), COP_ENCRYPT, iv, src, want, BIG, NULL);
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		failed += !try_operation(fd, &operations[i]);
	printf("%zu operations, %u failed\n", sizeof(operations) / sizeof(operations[0]), failed);
	return failed ? 1 : 0;
}

static bool wait_for_node(void)
{
	struct timespec pause = {.tv_nsec = 10000000};

	for (int i = 0; i < 500; i++) {
		int fd = dev_open();

		if (fd >= 0) {
			close(fd);
			return true;
		}
		nanosleep(&pause, NULL);
	}
	return false;
}

/* The module's name, from its file's. */
static void module_name(const char *path, char *name, size_t size)
{
	const char *base = strrchr(path, '/');

	snprintf(name, size, "%s", base ? base + 1 : path);
	if (strrchr(name, '.'))
		*strrchr(name, '.') = 0;
}

static int load_once(int file, const char *args)
{
	return syscall(SYS_finit_module, file, args, 0) ? -errno : 0;
}

/*
 * How many calls that can fail the kernel makes before the module's own code
 * runs: it reads the parameters last, so a wrong one ends the loading there.
 * Those are not ours to test, and some of them complain loudly.
 */
static unsigned int loader_calls(int file)
{
	unsigned int left;
	int err;

	arm(MAX_CALLS);
	err = load_once(file, "timeout_ms=x");
	left = disarm();
	if (err != -EINVAL) {
		printf("FAILED: a wrong parameter: %s\n", err ? strerror(-err) : "success");
		exit(1);
	}
	return MAX_CALLS - left;
}

/*
 * Whether the last probe failed because the kernel's own transport is not whole
 * again: User-mode Linux keeps the file of an interrupt that it could not set up
 * for want of memory, and answers EALREADY to every later attempt.
 */
static bool transport_is_broken(void)
{
	static char log[1 << 20];
	enum { READ_ALL = 3 };
	const char *last = NULL;
	int len = klogctl(READ_ALL, log, sizeof(log) - 1);

	if (len < 0)
		return false;
	for (const char *at = log; (at = strstr(at, "probe of virtio")); at++)
		last = at;
	return last && !strncmp(strchr(last, ' ') + 12, "failed with error -114", 22);
}

/* A load without a fault. 1: the device is there; 0: the transport is broken; -1: neither. */
static int load_clean(int file, const char *name)
{
	int err = load_once(file, "");
	bool there = !err && access(dev_path, F_OK) == 0;

	if (!err && syscall(SYS_delete_module, name, O_NONBLOCK))
		return -1;
	if (there)
		return 1;
	return !err && transport_is_broken() ? 0 : -1;
}

/*
 * Faults from number @from on. One in the probe does not fail the loading: the
 * module is there then, without a device, and is unloaded again. Return: how
 * many there were, or 0 after a failure.
 */
static unsigned int load_with_faults(int file, const char *name, unsigned int first,
				     unsigned int skip, bool *broken)
{
	unsigned int n, errors = 0, no_device = 0, from = first + skip;

	for (n = from; n < from + MAX_FAULTS; n++) {
		bool happened;
		int err;

		arm(n);
		err = load_once(file, "");
		happened = !disarm();
		if (err && (!happened || !allowed(err))) {
			printf("FAILED: loading, fault %u: %s\n", n, strerror(-err));
			return 0;
		}
		if (!happened)
			break;
		errors += err != 0;
		no_device += !err && access(dev_path, F_OK) != 0;
		if (!err && syscall(SYS_delete_module, name, O_NONBLOCK)) {
			printf("FAILED: unloading after fault %u: %s\n", n, strerror(errno));
			return 0;
		}
		switch (load_clean(file, name)) {
		case 0:
			printf("# this kernel's virtio transport does not recover from fault %u: "
			       "boot again\n"
			       "go on with %u\n",
			       n, n - first + 1);
			*broken = true;
			break;
		case -1:
			printf("FAILED: no device when loaded anew after fault %u\n", n);
			return 0;
		}
		if (*broken)
			break;
	}
	printf("ok loading: %u faults, %u errors, %u loads without a device\n", n - from, errors,
	       no_device);
	return n - from;
}

static int load(const char *path, unsigned int skip)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	bool broken = false;
	unsigned int faults;
	char name[64];

	if (file < 0)
		die(path);
	module_name(path, name, sizeof(name));
	if (syscall(SYS_delete_module, name, O_NONBLOCK))
		die(name);
	faults = load_with_faults(file, name, loader_calls(file) + 1, skip, &broken);
	if ((!faults && !broken) || faults == MAX_FAULTS)
		return 1;
	/* Whoever started us expects the module to be there. */
	if (broken)
		return load_once(file, "") != 0;
	if (!wait_for_node()) {
		printf("FAILED: no device after a load without a fault\n");
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	bool do_calls = argc == 2 && !strcmp(argv[1], "calls");
	bool do_load = (argc == 3 || argc == 4) && !strcmp(argv[1], "load");

	if (argc == 2 && !strcmp(argv[1], "--version"))
		return puts("cryptodev-faults " VCD_VERSION) < 0;
	if (!do_calls && !do_load) {
		bool help = argc == 2 && !strcmp(argv[1], "--help");

		fputs("usage: cryptodev-faults calls | load MODULE.ko [SKIP]\n"
		      "Lets every allocation of the driver fail once, in its calls or in loading "
		      "it.\n"
		      "Needs root and a kernel with fault injection.\n\n"
		      "Exit status: 0 all faults were met well, 1 one was not, 2 wrong usage or no "
		      "fault\n"
		      "injection.\n",
		      help ? stdout : stderr);
		return help ? 0 : 2;
	}
	src = mmap(NULL, BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		   -1, 0);
	dst = mmap(NULL, BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		   -1, 0);
	want = malloc(BIG);
	if (src == MAP_FAILED || dst == MAP_FAILED || !want)
		die("memory");
	injection_setup();
	return do_calls ? calls() : load(argv[2], argc == 4 ? (unsigned int)atoi(argv[3]) : 0);
}
