/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compat.c - a 32-bit program's ioctls, made from a 64-bit program.
 *
 * On x86-64 `int $0x80` enters the kernel's 32-bit call table from any program,
 * so that no 32-bit C library is needed: the structures are laid out here by
 * hand, in memory below 4 GiB. Kernels without the 32-bit table (User-mode
 * Linux among them) take the call for something else; it is therefore first
 * tried with one that is harmless in both tables.
 */
#include "check.h"

#include <assert.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __x86_64__

#define NR32_GETPID 20 /* 64-bit: writev */
#define NR32_IOCTL 54

struct session_op32 {
	uint32_t cipher, mac, keylen, key, mackeylen, mackey, ses;
};

struct crypt_op32 {
	uint32_t ses;
	uint16_t op, flags;
	uint32_t len, src, dst, mac, iv;
};

#define CIOCGSESSION32 0xc01c6366u
#define CIOCCRYPT32 0xc01c6368u

static_assert(sizeof(struct session_op32) == 28, "session_op of 32-bit programs");
static_assert(sizeof(struct crypt_op32) == 28, "crypt_op of 32-bit programs");

/* Everything a call points to, in the low 4 GiB. */
struct low {
	struct session_op32 session;
	struct crypt_op32 crypt;
	uint32_t value;
	uint8_t key[32], iv[16], src[8192], dst[8192];
	struct session_info_op info;
};

static sigjmp_buf no_entry;

static void on_fault(int sig)
{
	siglongjmp(no_entry, 1);
}

static int call32(uint32_t nr, uint32_t a, uint32_t b, uint32_t c)
{
	int ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c)
			 : "memory", "cc", "r8", "r9", "r10", "r11");
	return ret;
}

static uint32_t low32(const void *p)
{
	return (uint32_t)(uintptr_t)p;
}

static int ioctl32(int fd, uint32_t request, const void *arg)
{
	return call32(NR32_IOCTL, (uint32_t)fd, request, low32(arg));
}

static struct low *need_32bit(void)
{
	struct sigaction sa = {.sa_handler = on_fault};
	struct low *low;
	int pid;

#ifdef CRYPTODEV_MODEL
	skip("the model is no kernel");
#endif
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGILL, &sa, NULL);
	if (sigsetjmp(no_entry, 1))
		skip("the kernel has no 32-bit system calls");
	pid = call32(NR32_GETPID, (uint32_t)-1, 0, 0);
	if (pid != getpid())
		skip("the kernel has no 32-bit system calls");
	signal(SIGSEGV, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	low = mmap(NULL, sizeof(*low), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	expect(low != MAP_FAILED, "mmap below 4 GiB: %s", strerror(errno));
	memcpy(low->key, test_key, 16);
	memcpy(low->iv, test_iv, 16);
	memcpy(low->src, test_pt, 64);
	return low;
}

static uint32_t session32(int fd, struct low *low, uint32_t cipher)
{
	low->session =
	    (struct session_op32){.cipher = cipher, .keylen = 16, .key = low32(low->key)};
	expect_ret(0, ioctl32(fd, CIOCGSESSION32, &low->session));
	expect(low->session.ses != 0, "session id 0");
	expect(low->session.cipher == cipher && low->session.key == low32(low->key),
	       "CIOCGSESSION changed the struct");
	return low->session.ses;
}

static int crypt32(int fd, struct low *low, uint32_t ses, uint16_t op, uint16_t flags, uint32_t len)
{
	low->crypt = (struct crypt_op32){.ses = ses,
					 .op = op,
					 .flags = flags,
					 .len = len,
					 .src = low32(low->src),
					 .dst = low32(low->dst),
					 .iv = low32(low->iv)};
	return ioctl32(fd, CIOCCRYPT32, &low->crypt);
}

static void operations(void)
{
	struct low *low = need_32bit();
	int fd = must_open();
	uint32_t ses = session32(fd, low, CRYPTO_AES_CBC);
	uint8_t want[8192], next[16];

	expect_ret(0, crypt32(fd, low, ses, COP_ENCRYPT, COP_FLAG_WRITE_IV, 64));
	expect_same(low->dst, test_cbc, 64, "AES-128-CBC");
	expect_same(low->iv, test_cbc + 48, 16, "IV written back");
	/* the session is the same for both kinds of program */
	must_answer(fd, ses);
	ref_once(CRYPTO_AES_CBC, test_key, 16, 1, low->iv, low->src, want, 8192, next);
	expect_ret(0, crypt32(fd, low, ses, COP_DECRYPT, COP_FLAG_WRITE_IV, 8192));
	expect_same(low->dst, want, 8192, "8 KiB");
	expect_same(low->iv, next, 16, "IV behind 8 KiB");
	low->value = ses;
	expect_ret(0, ioctl32(fd, CIOCFSESSION, &low->value));
	expect_ret(-EINVAL, crypt32(fd, low, ses, 0, 0, 64));
}

static void others(void)
{
	struct low *low = need_32bit();
	int fd = must_open();
	uint32_t ses = session32(fd, low, CRYPTO_AES_CBC);

	low->value = 0xdeadbeef;
	expect_ret(0, ioctl32(fd, CIOCASYMFEAT, &low->value));
	expect(low->value == 0, "CIOCASYMFEAT gave 0x%x", low->value);
	expect_ret(0, ioctl32(fd, CRIOGET, &low->value));
	must_answer((int)low->value, ses);
	low->info.ses = 0xfffffff0;
	expect_ret(-EINVAL, ioctl32(fd, CIOCGSESSINFO, &low->info));
}

static void errors(void)
{
	struct low *low = need_32bit();
	int fd = must_open();
	uint32_t ses = session32(fd, low, CRYPTO_AES_CBC);

	expect_ret(-EINVAL, crypt32(fd, low, ses, 0, 0, 63));
	expect_ret(-EINVAL, crypt32(fd, low, ses, 2, 0, 64));
	expect_ret(-EINVAL, crypt32(fd, low, ses ^ 0x100, 0, 0, 64));
	expect_ret(0, crypt32(fd, low, ses, 0, 0, 0));
	expect_ret(-EFAULT, ioctl32(fd, CIOCCRYPT32, NULL));
	expect_ret(-EFAULT, ioctl32(fd, CIOCGSESSION32, NULL));
	low->crypt = (struct crypt_op32){.ses = ses, .len = 64, .dst = low32(low->dst)};
	expect_refused(ioctl32(fd, CIOCCRYPT32, &low->crypt));
	low->crypt.src = 0xfffff000;
	expect_refused(ioctl32(fd, CIOCCRYPT32, &low->crypt));
	low->crypt.src = low32(low->src);
	low->crypt.dst = 0;
	expect_refused(ioctl32(fd, CIOCCRYPT32, &low->crypt));
	low->session =
	    (struct session_op32){.cipher = CRYPTO_AES_CBC, .keylen = 16, .key = 0xfffff000};
	expect_ret(-EFAULT, ioctl32(fd, CIOCGSESSION32, &low->session));
	low->session.keylen = 17;
	low->session.key = low32(low->key);
	expect_ret(-EINVAL, ioctl32(fd, CIOCGSESSION32, &low->session));
	/* a 64-bit program's numbers mean nothing to a 32-bit one */
	expect_ret(-EINVAL, ioctl32(fd, (uint32_t)CIOCGSESSION, low));
	expect_ret(-EINVAL, ioctl32(fd, (uint32_t)CIOCCRYPT, low));
	expect_ret(-EINVAL, ioctl32(fd, 0xc004636c, low));
	must_answer(fd, ses);
}

#else

static void operations(void)
{
	skip("only on x86-64");
}

static void others(void)
{
	skip("only on x86-64");
}

static void errors(void)
{
	skip("only on x86-64");
}

#endif

const struct check compat_checks[] = {
    {"compat/operations", operations},
    {"compat/others", others},
    {"compat/errors", errors},
    {NULL, NULL},
};
