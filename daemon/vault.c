/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault.c - memory for keys, and for all that libcrypto derives from them.
 *
 * Theory of operation
 * -------------------
 * A session's key is one secret; its key schedules, in libcrypto's contexts, are the
 * same secret over and over, and so are the states of keyed hashes. libcrypto has a
 * secure heap, but takes only few things from it. So it is given an allocator of
 * ours for everything: what it frees is wiped, whoever forgot to.
 *
 * The memory is one region: locked as far as the limit allows, left out of core
 * dumps, and wiped in a child. Where the kernel does not wipe (the advice is refused, or
 * accepted without effect), a handler of fork() does. It is taken from the front in blocks of
 * powers of two, each behind a header that tells its class; freed ones wait in a list for each
 * class. Nothing is given back or joined: sessions of a kind are alike. The part that
 * is locked is used first.
 *
 * Invariants
 * - A block on a free list holds zeros behind its link.
 * - Headers are never in reach of the guest; a header that makes no sense is a bug
 *   of ours, and ends the process.
 */
#include "daemon/vault.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <openssl/crypto.h>

/* Blocks of 64 bytes to 128 KiB, with the header; larger ones are the heap's. */
#define MIN_SHIFT 6u
#define MAX_SHIFT 17u
#define CLASSES (MAX_SHIFT - MIN_SHIFT + 1)

/* Marks a block of the ordinary heap. */
#define HEAP_CLASS CLASSES

/* struct block - stands before what the caller gets. */
struct block {
	uint64_t class;
	uint64_t size; /* bytes that the caller asked for */
};

_Static_assert(sizeof(struct block) == 16, "keeps the alignment of malloc()");

static struct {
	pthread_mutex_t lock;
	uint8_t *start;
	size_t size;
	size_t used;
	void *free[CLASSES];
} vault = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t class_size(uint64_t class)
{
	return (size_t)1 << (class + MIN_SHIFT);
}

/* Smallest class for @total bytes, HEAP_CLASS: none. */
static uint64_t class_for(size_t total)
{
	uint64_t class = 0;

	while (class < CLASSES && class_size(class) < total)
		class ++;
	return class;
}

static struct block *take(uint64_t class)
{
	struct block *block = NULL;

	pthread_mutex_lock(&vault.lock);
	if (vault.free[class]) {
		block = vault.free[class];
		/* cppcheck-suppress pointerSize; a free block begins with a pointer */
		memcpy(&vault.free[class], block, sizeof(void *));
	} else if (vault.size - vault.used >= class_size(class)) {
		block = (struct block *)(void *)(vault.start + vault.used);
		vault.used += class_size(class);
	}
	pthread_mutex_unlock(&vault.lock);
	return block;
}

static void give(struct block *block, uint64_t class)
{
	pthread_mutex_lock(&vault.lock);
	/* cppcheck-suppress pointerSize */
	memcpy(block, &vault.free[class], sizeof(void *));
	vault.free[class] = block;
	pthread_mutex_unlock(&vault.lock);
}

void *vault_alloc(size_t size)
{
	struct block *block = NULL;
	uint64_t class;
	size_t total;

	if (__builtin_add_overflow(size, sizeof(*block), &total))
		return NULL;
	class = class_for(total);
	if (class < CLASSES)
		block = take(class);
	if (!block) {
		class = HEAP_CLASS;
		block = malloc(total);
	}
	if (!block)
		return NULL;
	*block = (struct block){.class = class, .size = size};
	return block + 1;
}

static struct block *block_of(void *p)
{
	struct block *block = (struct block *)p - 1;

	if (block->class > HEAP_CLASS)
		abort();
	return block;
}

void vault_free(void *p)
{
	struct block *block;
	uint64_t class;

	if (!p)
		return;
	block = block_of(p);
	class = block->class;
	explicit_bzero(block, sizeof(*block) + block->size);
	if (class == HEAP_CLASS)
		free(block);
	else
		give(block, class);
}

void *vault_resize(void *p, size_t size)
{
	struct block *block;
	void *copy;

	if (!p)
		return vault_alloc(size);
	block = block_of(p);
	copy = vault_alloc(size);
	if (!copy)
		return NULL;
	memcpy(copy, p, block->size < size ? block->size : size);
	vault_free(p);
	return copy;
}

bool vault_holds(const void *p)
{
	return vault.start && (uintptr_t)p - (uintptr_t)vault.start < vault.size;
}

static void *crypto_alloc(size_t size, const char *file, int line)
{
	return vault_alloc(size);
}

static void *crypto_resize(void *p, size_t size, const char *file, int line)
{
	return vault_resize(p, size);
}

static void crypto_free(void *p, const char *file, int line)
{
	vault_free(p);
}

/*
 * Lock as much as may be locked; pages are taken when they are touched. Half of what
 * the limit leaves is for others. Return: bytes.
 */
static size_t lock(void *start, size_t size)
{
	struct rlimit limit;
	size_t some;

	if (mlock2(start, size, MLOCK_ONFAULT) == 0)
		return size;
	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return 0;
	some = (size_t)limit.rlim_cur / 2 / 4096 * 4096;
	return some && some < size && mlock2(start, some, MLOCK_ONFAULT) == 0 ? some : 0;
}

/*
 * Whether advice about memory is carried out at all. A kernel refuses advice that it does not
 * know; an emulator of processes (qemu-user) accepts any and may do nothing.
 */
static bool advice_counts(void *start)
{
	return madvise(start, 4096, -1) != 0;
}

/* In the child of a fork() whose parent's kernel does not wipe. */
static void wipe_in_child(void)
{
	explicit_bzero(vault.start, vault.used);
}

int vault_open(size_t size, struct vault_state *state)
{
	void *start = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (start == MAP_FAILED)
		return -errno;
	if (CRYPTO_set_mem_functions(crypto_alloc, crypto_resize, crypto_free) != 1) {
		munmap(start, size);
		return -EBUSY;
	}
	vault.start = start;
	vault.size = size;
	*state = (struct vault_state){
	    .size = size,
	    .locked = lock(start, size),
	    .undumpable = madvise(start, size, MADV_DONTDUMP) == 0 && advice_counts(start),
	    .wiped_on_fork = madvise(start, size, MADV_WIPEONFORK) == 0 && advice_counts(start),
	};
	if (!state->wiped_on_fork)
		state->wiped_on_fork = pthread_atfork(NULL, NULL, wipe_in_child) == 0;
	return 0;
}
