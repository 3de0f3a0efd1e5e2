/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * buffer.c - any memory a program may have: every alignment, page ends, files,
 * read-only sources, copy-on-write pages, in place and overlapping. What lies
 * around the output stays as it was.
 */
#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Data sizes of one alignment check: inline, within a page, over several. */
static const size_t sizes[] = {16, 64, 240, 1024, 4096, 8192, 12304};

static uint8_t static_src[8192], static_dst[8192];

struct fixture {
	int fd;
	uint32_t ses;
	uint8_t *pattern, *want;
};

static void fixture_make(struct fixture *f, size_t room)
{
	struct rnd r;

	f->fd = must_open();
	f->ses = must_session(f->fd, CRYPTO_AES_CBC);
	f->pattern = must_map(room);
	f->want = must_map(room);
	rnd_seed(&r, 10, 0);
	rnd_fill(&r, f->pattern, room);
	ref_once(CRYPTO_AES_CBC, test_key, 16, 0, test_iv, f->pattern, f->want, room, NULL);
}

static int encrypt(const struct fixture *f, const void *src, void *dst, size_t len,
		   unsigned int flags)
{
	uint8_t iv[16];

	memcpy(iv, test_iv, 16);
	return dev_crypt(f->fd, f->ses, COP_ENCRYPT, flags, src, dst, len, iv);
}

/* Source at every offset, destination at every offset, and both together. */
static void alignments(void)
{
	const size_t room = 16384 + 128;
	struct fixture f;
	uint8_t *src = must_map(room), *dst = must_map(room), *clean = must_map(room);

	fixture_make(&f, room / 16 * 16);
	memset(clean, 0x5a, room);
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		for (size_t off = 0; off < 3 * 65; off++) {
			size_t in = off % 3 == 1 ? 0 : off / 3, out = off % 3 == 0 ? 0 : off / 3;
			size_t len = sizes[s];

			memcpy(src + in, f.pattern, len);
			memset(dst, 0x5a, room);
			expect_ret(0, encrypt(&f, src + in, dst + out, len, 0));
			expect_same(dst + out, f.want, len, "%zu bytes from +%zu to +%zu", len, in,
				    out);
			expect_same(dst, clean, out, "before %zu bytes at +%zu", len, out);
			expect_same(dst + out + len, clean, room - out - len,
				    "behind %zu bytes at +%zu", len, out);
			expect_same(src + in, f.pattern, len, "source of %zu bytes at +%zu", len,
				    in);
		}
	}
}

static void in_place(void)
{
	const size_t room = 16384 + 128;
	struct fixture f;
	uint8_t *buf = must_map(room), *clean = must_map(room);

	fixture_make(&f, room / 16 * 16);
	memset(clean, 0x5a, room);
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		for (size_t off = 0; off <= 64; off++) {
			size_t len = sizes[s];

			memset(buf, 0x5a, room);
			memcpy(buf + off, f.pattern, len);
			expect_ret(0, encrypt(&f, buf + off, buf + off, len, 0));
			expect_same(buf + off, f.want, len, "%zu bytes in place at +%zu", len, off);
			expect_same(buf, clean, off, "before %zu bytes at +%zu", len, off);
			expect_same(buf + off + len, clean, room - off - len,
				    "behind %zu bytes at +%zu", len, off);
		}
	}
}

/* Buffers that begin and end exactly at pages that cannot be touched. */
static void page_edges(void)
{
	static const size_t lens[] = {1,    15,	  16,	17,   100,   4080,
				      4095, 4096, 4097, 8191, 65536, 100001};
	struct ref_session ref;
	int fd = must_open();
	uint32_t ses = must_session(fd, CRYPTO_AES_CTR);
	uint8_t *want = must_map(131072), iv[16] = {1};

	expect_ret(0, ref_session_init(&ref, ref_cipher_find(CRYPTO_AES_CTR), test_key, 16));
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		for (int edge = 0; edge < 4; edge++) {
			struct guard src, dst;

			guard_make(&src, lens[i], edge & 1);
			guard_make(&dst, lens[i], edge & 2);
			memset(src.buf, (int)i, lens[i]);
			expect_ret(0, dev_crypt(fd, ses, 0, 0, src.buf, dst.buf, lens[i], iv));
			expect_ret(0, ref_crypt(&ref, 0, iv, src.buf, want, lens[i]));
			expect_same(dst.buf, want, lens[i], "%zu bytes at edges %d", lens[i], edge);
			guard_check(&src);
			guard_check(&dst);
			expect_ret(0, dev_crypt(fd, ses, 1, 0, dst.buf, dst.buf, lens[i], iv));
			expect_same(dst.buf, src.buf, lens[i], "%zu bytes in place", lens[i]);
			guard_check(&dst);
			guard_free(&src);
			guard_free(&dst);
		}
	}
}

/* One byte beyond the edge is refused, and nothing behind the fault is written. */
static void beyond_edges(void)
{
	static const size_t lens[] = {16, 64, 4096, 65536, 1u << 20};
	struct fixture f;
	struct guard g;
	uint8_t *ok = must_map(1u << 20);

	fixture_make(&f, 1u << 20);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		guard_make(&g, lens[i], true);
		expect_refused(encrypt(&f, g.buf + 16, ok, lens[i], 0));
		expect_refused(encrypt(&f, ok, g.buf + 16, lens[i], 0));
		expect_refused(encrypt(&f, g.buf + 16, g.buf + 16, lens[i], 0));
		expect_refused(encrypt(&f, ok, g.buf + 1, lens[i], COP_FLAG_NO_ZC));
		guard_check(&g);
		guard_free(&g);
		guard_make(&g, lens[i], false);
		expect_refused(encrypt(&f, g.buf - 1, ok, lens[i], 0));
		expect_refused(encrypt(&f, ok, g.buf - 1, lens[i], 0));
		guard_free(&g);
		must_answer(f.fd, f.ses);
	}
}

static void kinds_of_memory(void)
{
	const size_t len = 8192;
	uint8_t on_stack_src[8192], on_stack_dst[8192];
	uint8_t *heap_src = malloc(len), *heap_dst = calloc(1, len);
	uint8_t *const srcs[] = {on_stack_src, heap_src, static_src};
	uint8_t *const dsts[] = {on_stack_dst, heap_dst, static_dst};
	struct fixture f;

	expect(heap_src && heap_dst, "out of memory");
	fixture_make(&f, len);
	for (size_t s = 0; s < 3; s++) {
		memcpy(srcs[s], f.pattern, len);
		for (size_t d = 0; d < 3; d++) {
			memset(dsts[d], 0, len);
			expect_ret(0, encrypt(&f, srcs[s], dsts[d], len, 0));
			expect_same(dsts[d], f.want, len, "memory kind %zu to %zu", s, d);
		}
	}
	free(heap_src);
	free(heap_dst);
}

static int temp_file(size_t len)
{
	char path[] = "cryptodev-check-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0) {
		char in_tmp[] = "/tmp/cryptodev-check-XXXXXX";

		fd = mkstemp(in_tmp);
		if (fd < 0)
			skip("no place for a temporary file: %s", strerror(errno));
		unlink(in_tmp);
	} else {
		unlink(path);
	}
	expect(!ftruncate(fd, (off_t)len), "ftruncate: %s", strerror(errno));
	return fd;
}

/* Encrypt from one mapped file to another, as a file encrypter would. */
static void mapped_files(void)
{
	const size_t len = 1u << 20;
	int in = temp_file(len), out = temp_file(len);
	uint8_t *src, *dst, *back = must_map(len);
	struct fixture f;

	fixture_make(&f, len);
	expect(pwrite(in, f.pattern, len, 0) == (ssize_t)len, "pwrite: %s", strerror(errno));
	src = mmap(NULL, len, PROT_READ, MAP_SHARED, in, 0);
	dst = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, out, 0);
	if (src == MAP_FAILED || dst == MAP_FAILED)
		skip("files cannot be mapped here: %s", strerror(errno));
	if (encrypt(&f, src, back, 4096, 0) || encrypt(&f, back, dst, 4096, 0))
		fail("mapped pages of a file are refused");
	expect_ret(0, encrypt(&f, src, dst, len, 0));
	expect_same(dst, f.want, len, "through mapped files");
	expect(pread(out, back, len, 0) == (ssize_t)len, "pread: %s", strerror(errno));
	expect_same(back, f.want, len, "the file's contents");

	/* a mapping for reading is no right to write, not even where the file is open for it */
	expect_refused(encrypt(&f, f.pattern, src, len, 0));
	expect_refused(encrypt(&f, f.pattern, src, 64, 0));
	expect_same(src, f.pattern, len, "a file mapped for reading");

	/* a private mapping written by the device leaves the file alone */
	dst = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE, in, 0);
	expect(dst != MAP_FAILED, "mmap: %s", strerror(errno));
	expect_ret(0, encrypt(&f, dst, dst, len, 0));
	expect_same(dst, f.want, len, "in place in a private mapping");
	expect_same(src, f.pattern, len, "the file behind a private mapping");
}

/* Pages behind a file's end fault: EFAULT, no SIGBUS of the driver's making. */
static void behind_end_of_file(void)
{
	int file = temp_file(4096);
	uint8_t *map = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	struct fixture f;

	if (map == MAP_FAILED)
		skip("files cannot be mapped here: %s", strerror(errno));
	fixture_make(&f, 16384);
	expect_refused(encrypt(&f, map, f.pattern, 16384, 0));
	expect_refused(encrypt(&f, f.pattern, map, 16384, 0));
	must_answer(f.fd, f.ses);
}

static void readonly_source(void)
{
	struct fixture f;
	uint8_t *ro = readonly_page(0x11), out[4096], want[4096];

	fixture_make(&f, 4096);
	ref_once(CRYPTO_AES_CBC, test_key, 16, 0, test_iv, ro, want, 4096, NULL);
	expect_ret(0, encrypt(&f, ro, out, 4096, 0));
	expect_same(out, want, 4096, "from a read-only page");
	expect_refused(encrypt(&f, ro, ro, 4096, 0));
	expect_refused(encrypt(&f, out, ro, 4096, 0));
	expect_refused(encrypt(&f, out, ro, 16, 0));
	expect_refused(encrypt(&f, out, ro, 4096, COP_FLAG_NO_ZC));
	for (size_t i = 0; i < 4096; i++)
		expect(ro[i] == 0x11, "a read-only page was written");
	/* constants of the program, which is mapped from its file */
	must_answer(f.fd, f.ses);
}

/* Pages never touched before: the zero page as source, none yet as destination. */
static void fresh_pages(void)
{
	const size_t len = 256u << 10;
	uint8_t *zeros = must_map(len), *want = must_map(len);
	struct fixture f;

	fixture_make(&f, 4096);
	ref_once(CRYPTO_AES_CBC, test_key, 16, 0, test_iv, zeros, want, len, NULL);
	for (int i = 0; i < 4; i++) {
		uint8_t *src = must_map(len), *dst = must_map(len);

		expect_ret(0, encrypt(&f, src, i & 1 ? src : dst, len, 0));
		expect_same(i & 1 ? src : dst, want, len, "fresh pages");
		munmap(src, len);
		munmap(dst, len);
	}
	expect_same(zeros, must_map(len), len, "the zero page");
}

/*
 * After fork() parent and child share pages until one writes. The device's
 * writes count as the caller's: the other process must not see them.
 */
static void copy_on_write(void)
{
	const size_t len = 64u << 10;
	struct fixture f;
	uint8_t *buf = must_map(len);
	int go[2], ready;
	char c = 0;
	pid_t pid;

	fixture_make(&f, len);
	for (int who = 0; who < 2; who++) {
		memcpy(buf, f.pattern, len);
		expect(!pipe(go), "pipe: %s", strerror(errno));
		pid = must_fork();
		ready = pid ? go[1] : go[0];
		if ((pid != 0) == (who == 0)) {
			expect_ret(0, encrypt(&f, buf, buf, len, 0));
			expect_same(buf, f.want, len, "written after fork, %s",
				    pid ? "parent" : "child");
		}
		if (!pid) {
			close(go[1]);
			expect(read(ready, &c, 1) == 1, "read: %s", strerror(errno));
			if (who == 0)
				expect_same(buf, f.pattern, len, "the child's pages");
			_exit(0);
		}
		close(go[0]);
		expect(write(ready, &c, 1) == 1, "write: %s", strerror(errno));
		child_ok(pid);
		if (who == 1)
			expect_same(buf, f.pattern, len, "the parent's pages");
		close(go[1]);
	}
}

/* Memory both processes share is seen by both. */
static void shared_memory(void)
{
	const size_t len = 64u << 10;
	uint8_t *buf = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct fixture f;
	pid_t pid;

	expect(buf != MAP_FAILED, "mmap: %s", strerror(errno));
	fixture_make(&f, len);
	memcpy(buf, f.pattern, len);
	pid = must_fork();
	if (!pid) {
		expect_ret(0, encrypt(&f, buf, buf, len, 0));
		_exit(0);
	}
	child_ok(pid);
	expect_same(buf, f.want, len, "written by the child");
}

/* The result of a partial overlap is undefined; memory around it is not. */
static void overlaps(void)
{
	const size_t room = 300u << 10;
	static const size_t lens[] = {64, 4096, 65536, 131072};
	static const long shifts[] = {-4096, -100, -16, -1, 1, 8, 16, 17, 100, 4096};
	struct fixture f;

	fixture_make(&f, 4096);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		for (size_t s = 0; s < ARRAY_SIZE(shifts); s++) {
			uint8_t *buf = must_map(room), *src = buf + 8192, *dst = src + shifts[s];
			uint8_t *low = dst < src ? dst : src,
				*high = (dst < src ? src : dst) + lens[i];

			memset(buf, 0x42, room);
			expect_ret(0, encrypt(&f, src, dst, lens[i], 0));
			for (uint8_t *p = buf; p < buf + room; p++) {
				if (p == low)
					p = high;
				expect(*p == 0x42, "overlap by %ld: a byte outside was written",
				       shifts[s]);
			}
			munmap(buf, room);
		}
	}
	must_answer(f.fd, f.ses);
}

/* Memory of different protections and kinds within one buffer. */
static void patchwork(void)
{
	const size_t page = page_size(), len = 16 * page;
	struct fixture f;
	uint8_t *src, *dst = must_map(len);
	int file = temp_file(len);

	fixture_make(&f, len);
	src = must_map(len);
	for (size_t i = 0; i < 16; i += 3)
		if (mmap(src + i * page, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file,
			 (off_t)(i * page)) == MAP_FAILED)
			skip("files cannot be mapped here: %s", strerror(errno));
	memcpy(src, f.pattern, len);
	for (size_t i = 1; i < 16; i += 3)
		expect(!mprotect(src + i * page, page, PROT_READ), "mprotect: %s", strerror(errno));
	expect_ret(0, encrypt(&f, src, dst, len, 0));
	expect_same(dst, f.want, len, "from a patchwork of mappings");
	expect_refused(encrypt(&f, src, src, len, 0));
	expect(!mprotect(src, len, PROT_READ | PROT_WRITE), "mprotect: %s", strerror(errno));
	memcpy(src, f.pattern, len);
	expect_ret(0, encrypt(&f, src, src, len, 0));
	expect_same(src, f.want, len, "in place in a patchwork");
	munmap(src + 5 * page, page);
	expect_refused(encrypt(&f, src, dst, len, 0));
	expect_refused(encrypt(&f, dst, src, len, 0));
	must_answer(f.fd, f.ses);
}

/* struct crypt_op comes back as it was, but NO_ZC may be added to the flags. */
static void struct_copied_back(void)
{
	static const uint16_t flags[] = {0, COP_FLAG_WRITE_IV, COP_FLAG_NO_ZC, 0xff80};
	int fd = must_open();
	uint8_t out[64], iv[16];
	struct crypt_op op, was;
	struct guard g;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		memcpy(iv, test_iv, 16);
		op = (struct crypt_op){.ses = must_session(fd, CRYPTO_AES_CBC),
				       .flags = flags[i],
				       .len = 64,
				       .src = (uint8_t *)test_pt,
				       .dst = out,
				       .iv = iv};
		was = op;
		expect_ret(0, dev_ioctl(fd, CIOCCRYPT, &op));
		expect_same(out, test_cbc, 64, "flags 0x%x", flags[i]);
		expect((op.flags | COP_FLAG_NO_ZC) == (was.flags | COP_FLAG_NO_ZC),
		       "flags came back as 0x%x from 0x%x", op.flags, was.flags);
		expect(op.ses == was.ses && op.op == was.op && op.len == was.len &&
			   op.src == was.src && op.dst == was.dst && op.iv == was.iv &&
			   op.mac == was.mac,
		       "CIOCCRYPT changed the struct");
	}
	guard_make(&g, sizeof(was), true);
	memcpy(iv, test_iv, 16);
	memcpy(g.buf, &was, sizeof(was));
	memset(out, 0, sizeof(out));
	expect_ret(0, dev_ioctl(fd, CIOCCRYPT, g.buf));
	expect_same(out, test_cbc, 64, "struct at the end of a page");
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCCRYPT, g.buf + 1));
	guard_check(&g);
}

const struct check buffer_checks[] = {
    {"buffer/alignments", alignments},
    {"buffer/in-place", in_place},
    {"buffer/page-edges", page_edges},
    {"buffer/beyond-edges", beyond_edges},
    {"buffer/kinds-of-memory", kinds_of_memory},
    {"buffer/mapped-files", mapped_files},
    {"buffer/behind-end-of-file", behind_end_of_file},
    {"buffer/readonly-source", readonly_source},
    {"buffer/fresh-pages", fresh_pages},
    {"buffer/copy-on-write", copy_on_write},
    {"buffer/shared-memory", shared_memory},
    {"buffer/overlaps", overlaps},
    {"buffer/patchwork", patchwork},
    {"buffer/struct-copied-back", struct_copied_back},
    {NULL, NULL},
};
