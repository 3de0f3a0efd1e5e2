/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pages.c - unusual memory: huge pages, memory that another thread has yet to provide, pages that
 * go away and come again while they are worked on, all calls that pin. buffer.c has the usual.
 */
#include "async.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LEN (128u << 10)

/* Huge pages, where the administrator (or root, here) has set some aside. */
static void hugepages(void)
{
	const size_t huge = 2u << 20;
	FILE *f = fopen("/proc/sys/vm/nr_hugepages", "we");
	uint8_t *p, *want = must_map(huge), iv[16];
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CBC);

	if (f) {
		fputs("4\n", f);
		fclose(f);
	}
	p = mmap(NULL, 2 * huge, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	if (p == MAP_FAILED)
		skip("no huge pages: %s", strerror(errno));
	for (size_t len = 16; len <= huge; len *= 8) {
		/* across the edge between the two */
		uint8_t *at = p + huge - len / 32 * 16;

		memset(p, 0x17, 2 * huge);
		memcpy(iv, test_iv, 16);
		ref_once(CRYPTO_AES_CBC, test_key, 16, 0, test_iv, p, want, len, NULL);
		expect_ret(0, dev_crypt(fd, ses, 0, COP_FLAG_WRITE_IV, at, at, len, iv));
		expect_same(at, want, len, "%zu bytes of huge pages", len);
		expect(at[-1] == 0x17 && at[len] == 0x17, "written beside");
	}
	munmap(p, 2 * huge);
	f = fopen("/proc/sys/vm/nr_hugepages", "we");
	if (f) {
		fputs("0\n", f);
		fclose(f);
	}
}

static uint8_t *need_missing(int *uffd)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register reg = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	uint8_t *p = must_map(LEN);

#ifdef CRYPTODEV_MODEL
	skip("the model keeps its lock while it touches memory");
#endif
	*uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (*uffd < 0)
		skip("userfaultfd: %s", strerror(errno));
	expect(!ioctl(*uffd, UFFDIO_API, &api), "UFFDIO_API: %s", strerror(errno));
	reg.range.start = (uintptr_t)p;
	reg.range.len = LEN;
	expect(!ioctl(*uffd, UFFDIO_REGISTER, &reg), "UFFDIO_REGISTER: %s", strerror(errno));
	return p;
}

struct waiter {
	int fd;
	uint32_t ses;
	uint8_t *src, *dst;
	int how, err, ended;
};

static void *wait_for_memory(void *arg)
{
	struct waiter *w = arg;
	struct crypt_op op = {
	    .ses = w->ses, .len = LEN, .src = w->src, .dst = w->dst, .iv = (uint8_t *)test_iv};
	struct crypt_batch batch = {
	    .count = 1, .ops = (uintptr_t)&op, .status = (uintptr_t)&w->err};

	switch (w->how) {
	case 0:
		w->err = dev_ioctl(w->fd, CIOCCRYPT, &op);
		break;
	case 1:
		expect_ret(0, dev_ioctl(w->fd, CIOCCRYPTBATCH, &batch));
		break;
	case 2:
		expect_ret(0, submit(w->fd, &op));
		w->err = fetch_next(w->fd, &op);
		break;
	default:
		op.flags = COP_FLAG_NO_ZC;
		w->err = dev_ioctl(w->fd, CIOCCRYPT, &op);
	}
	__atomic_store_n(&w->ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

/*
 * A call whose memory is provided late waits; nobody else does, not even on the same session.
 */
static void provided_late(void)
{
	uint8_t *plain = must_map(LEN), *want = must_map(LEN);

	ref_once(CRYPTO_AES_CBC, test_key, 16, 0, test_iv, plain, want, LEN, NULL);
	for (int how = 0; how < 8; how++) {
		struct waiter w = {.fd = must_open(), .how = how % 4};
		struct uffdio_zeropage zero = {0};
		struct uffd_msg msg;
		uint8_t *late;
		pthread_t t;
		int uffd;

		w.ses = must_session(w.fd, CRYPTO_AES_CBC);
		late = need_missing(&uffd);
		/* the source, or the destination */
		w.src = how < 4 ? late : plain;
		w.dst = how < 4 ? must_map(LEN) : late;
		expect(!pthread_create(&t, NULL, wait_for_memory, &w), "pthread_create");
		expect(read(uffd, &msg, sizeof(msg)) == sizeof(msg), "userfaultfd: %s",
		       strerror(errno));
		expect(!__atomic_load_n(&w.ended, __ATOMIC_ACQUIRE), "it did not wait");
		for (int n = 0; n < 5; n++)
			must_answer(w.fd, w.ses);
		must_work();
		zero.range.start = (uintptr_t)late;
		zero.range.len = LEN;
		expect(!ioctl(uffd, UFFDIO_ZEROPAGE, &zero), "UFFDIO_ZEROPAGE: %s",
		       strerror(errno));
		pthread_join(t, NULL);
		expect_ret(0, w.err);
		expect_same(w.dst, want, LEN, "kind %d", how);
		close(uffd);
		munmap(late, LEN);
		close(w.fd);
	}
}

struct coming {
	uint8_t *buf;
	int stop;
};

/* Unmaps, maps, protects and gives back one range, over and over. */
static void *come_and_go(void *arg)
{
	struct coming *c = arg;
	struct rnd r;

	rnd_seed(&r, 70, 0);
	while (!__atomic_load_n(&c->stop, __ATOMIC_ACQUIRE)) {
		size_t at = rnd_below(&r, LEN / 4096) * 4096, n = LEN - at;

		switch (rnd_below(&r, 4)) {
		case 0:
			munmap(c->buf + at, n);
			break;
		case 1:
			mprotect(c->buf + at, n, PROT_READ);
			break;
		case 2:
			madvise(c->buf + at, n, MADV_DONTNEED);
			break;
		default:
			break;
		}
		mmap(c->buf, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		     -1, 0);
	}
	return NULL;
}

/* All kinds of calls meanwhile: right or refused, nothing else, and no answer but their own. */
static void come_and_gone(void)
{
	struct coming c = {.buf = must_map(LEN)};
	uint8_t iv[16] = {2, 1}, mac[32];
	struct crypt_auth_op auth;
	struct crypt_op op;
	int fd = must_open(), err;
	uint32_t cbc = must_session(fd, CRYPTO_AES_CBC), gcm = 0, sha = 0;
	unsigned int right = 0, refused = 0;
	pthread_t t;

	dev_session(fd, CRYPTO_AES_GCM, test_key, 16, &gcm);
	dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256, NULL, 0, &sha);
	expect(!pthread_create(&t, NULL, come_and_go, &c), "pthread_create");
	for (int n = 0; n < 1500; n++) {
		size_t len = n % 3 ? 4096 : 65536;

		op = (struct crypt_op){.ses = n & 1 || !sha ? cbc : sha,
				       .len = (uint32_t)len,
				       .src = c.buf,
				       .dst = c.buf + (n & 2 ? 0 : LEN / 2),
				       .mac = mac,
				       .iv = iv};
		auth = (struct crypt_auth_op){.ses = gcm,
					      .op = n & 1,
					      .len = (uint32_t)len - 16,
					      .src = c.buf,
					      .dst = c.buf + (n & 2 ? 0 : LEN / 2),
					      .auth_src = c.buf,
					      .auth_len = 20,
					      .iv = iv};
		if (n % 3 == 0 && gcm)
			err = auth_call(fd, &auth);
		else if (n % 3 == 1)
			err = submit(fd, &op) ? -EBUSY : fetch_next(fd, &op);
		else
			err = dev_ioctl(fd, CIOCCRYPT, &op);
		expect(err == 0 || err == -EFAULT || err == -EINVAL || err == -EBADMSG,
		       "call %d: %s", n, strerror(-err));
		if (err)
			refused++;
		else
			right++;
	}
	__atomic_store_n(&c.stop, 1, __ATOMIC_RELEASE);
	pthread_join(t, NULL);
	note("%u carried out, %u refused", right, refused);
	must_answer(fd, cbc);
}

struct cut {
	int file, stop;
};

/* Takes the pages of a mapped file away and gives others, over and over. */
static void *cut_file(void *arg)
{
	struct cut *c = arg;
	struct rnd r;

	rnd_seed(&r, 71, 0);
	while (!__atomic_load_n(&c->stop, __ATOMIC_ACQUIRE)) {
		if (ftruncate(c->file, (off_t)(rnd_below(&r, LEN / 4096) * 4096)) ||
		    ftruncate(c->file, LEN))
			fail("ftruncate: %s", strerror(errno));
	}
	return NULL;
}

/*
 * A file mapped for both is cut while it is worked on: calls are executed or fault, no page
 * that was cut off is written to the file again, and the mapping alone is no right to write.
 */
static void cut_files(void)
{
	uint8_t *plain = random_map(LEN, 72), *map, *view;
	struct cut c = {.file = memfd_create("cut", MFD_CLOEXEC)};
	uint8_t iv[16] = {9}, back[4096];
	int fd = must_open(), err;
	uint32_t cbc = must_session(fd, CRYPTO_AES_CBC);
	unsigned int right = 0, refused = 0;
	pthread_t t;

	expect(c.file >= 0 && !ftruncate(c.file, LEN), "memfd: %s", strerror(errno));
	map = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, c.file, 0);
	view = mmap(NULL, LEN, PROT_READ, MAP_SHARED, c.file, 0);
	expect(map != MAP_FAILED && view != MAP_FAILED, "mmap: %s", strerror(errno));
	for (size_t len = 16; len <= LEN; len *= 16)
		expect_ret(-EFAULT, dev_crypt(fd, cbc, 0, 0, plain, view, len, iv));
	expect(!pthread_create(&t, NULL, cut_file, &c), "pthread_create");
	for (int n = 0; n < 600; n++) {
		size_t len = n % 3 ? LEN : 4096;

		err = n & 1 ? dev_crypt(fd, cbc, 0, n & 4 ? COP_FLAG_NO_ZC : 0, map, map, len, iv)
			    : dev_crypt(fd, cbc, 0, 0, n & 2 ? plain : map, n & 2 ? map : plain,
					len, iv);
		expect(!err || err == -EFAULT, "call %d: %s", n, strerror(-err));
		right += !err;
		refused += err != 0;
	}
	__atomic_store_n(&c.stop, 1, __ATOMIC_RELEASE);
	pthread_join(t, NULL);
	note("%u carried out, %u refused", right, refused);
	expect(!ftruncate(c.file, 0) && !ftruncate(c.file, LEN), "ftruncate: %s", strerror(errno));
	expect(pread(c.file, back, sizeof(back), 0) == sizeof(back), "pread: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(back); i++)
		expect(!back[i], "byte %zu of a file that was cut is written", i);
	must_answer(fd, cbc);
}

const struct check pages_checks[] = {
    {"buffer/hugepages", hugepages},
    {"buffer/provided-late", provided_late},
    {"buffer/come-and-gone", come_and_gone},
    {"buffer/cut-files", cut_files},
    {NULL, NULL},
};
