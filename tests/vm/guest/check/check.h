/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.h - how cryptodev-check's checks are written.
 *
 * Each check is a function that runs in a process of its own, in a process group
 * of its own. It passes by returning; fail() and skip() end it at once, from any
 * depth and from a thread. A forked child that calls fail() ends only itself:
 * its parent sees the status, see child_ok().
 */
#ifndef TESTS_VM_GUEST_CHECK_H
#define TESTS_VM_GUEST_CHECK_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "../dev.h"
#include "../rand.h"
#include "../ref.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define AES_BLOCK 16u

/**
 * struct check - one check.
 * @name: "group/name", what --filter matches
 * @run: the check
 */
struct check {
	const char *name;
	void (*run)(void);
};

/* Every file's checks, ended by a NULL name. */
extern const struct check abi_checks[];
extern const struct check session_checks[];
extern const struct check cipher_checks[];
extern const struct check iv_checks[];
extern const struct check buffer_checks[];
extern const struct check error_checks[];
extern const struct check share_checks[];
extern const struct check abuse_checks[];
extern const struct check hash_checks[];
extern const struct check compat_checks[];
extern const struct check hashmore_checks[];
extern const struct check aead_checks[];
extern const struct check aeadabuse_checks[];
extern const struct check record_checks[];
extern const struct check async_checks[];
extern const struct check asyncabuse_checks[];
extern const struct check batch_checks[];
extern const struct check pages_checks[];
extern const struct check keys_checks[];
extern const struct check keysign_checks[];
extern const struct check keysym_checks[];
extern const struct check keyasync_checks[];

/** fail_at - say why at @file:@line and end this process with status 1. */
_Noreturn void fail_at(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** skip - end the check as skipped, with the reason. */
_Noreturn void skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** note - a line of information in the output. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define fail(...) fail_at(__FILE__, __LINE__, __VA_ARGS__)

/** expect - fail with a message unless @cond. */
#define expect(cond, ...)                                                                          \
	do {                                                                                       \
		if (!(cond))                                                                       \
			fail(__VA_ARGS__);                                                         \
	} while (0)

/** expect_ret - fail unless the call @call returns @want (0 or negative errno). */
#define expect_ret(want, call) expect_ret_at(__FILE__, __LINE__, #call, want, call)
void expect_ret_at(const char *file, int line, const char *what, int want, int got);

/** expect_refused - fail unless @call gives -EFAULT or -EINVAL. */
#define expect_refused(call) expect_refused_at(__FILE__, __LINE__, #call, call)
void expect_refused_at(const char *file, int line, const char *what, int got);

/** expect_same - fail, showing the first difference, unless @len bytes are equal. */
#define expect_same(got, want, len, ...)                                                           \
	expect_same_at(__FILE__, __LINE__, got, want, len, __VA_ARGS__)
void expect_same_at(const char *file, int line, const void *got, const void *want, size_t len,
		    const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/** must_open - dev_open() or fail. */
int must_open(void);

/** must_session - a session of an AES mode with a fixed 128-bit key, or fail. */
uint32_t must_session(int fd, uint32_t cipher);

/** must_work - fail unless a new descriptor and session give a known answer. */
void must_work(void);

/** must_answer - fail unless session @ses (AES-CBC, test_key) gives a known answer. */
void must_answer(int fd, uint32_t ses);

/** child_ok - wait for @pid and fail unless it ended with status 0. */
void child_ok(pid_t pid);

/** must_fork - fork() or fail. */
pid_t must_fork(void);

/** must_map - anonymous memory of @len bytes, readable and writable, or fail. */
void *must_map(size_t len);

/** page_size - bytes of a page. */
size_t page_size(void);

/** memory_free_kib - what the kernel says is available. */
size_t memory_free_kib(void);

/* The key, IV and plaintext of NIST SP 800-38A's AES-128 examples. */
extern const uint8_t test_key[16];
extern const uint8_t test_iv[16];
extern const uint8_t test_pt[64];
extern const uint8_t test_cbc[64];

/**
 * struct guard - a buffer between two pages that cannot be touched.
 * @map: mapping, guard pages included
 * @maplen: its bytes
 * @buf: the buffer
 * @len: its bytes
 */
struct guard {
	uint8_t *map;
	size_t maplen;
	uint8_t *buf;
	size_t len;
};

/**
 * guard_make - make a guarded buffer.
 * @g: out
 * @len: bytes
 * @at_end: ends at the guard page behind it; otherwise begins right behind one
 *
 * The rest of the buffer's pages is filled with a pattern.
 */
void guard_make(struct guard *g, size_t len, bool at_end);

/** guard_check - fail if anything around the buffer was written. */
void guard_check(const struct guard *g);

/** guard_free - unmap. */
void guard_free(struct guard *g);

/** bad_page - an address of a page that can be neither read nor written. */
uint8_t *bad_page(void);

/** readonly_page - a page that can only be read, holding @fill. */
uint8_t *readonly_page(uint8_t fill);

#endif
