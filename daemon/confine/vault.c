/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault.c - memory for keys, and for all that libcrypto derives from them.
 *
 * Theory of operation
 * -------------------
 * A session's key is one secret; its key schedules, in libcrypto's contexts, are the
 * same secret over and over, and so are the states of keyed hashes. libcrypto has a
 * secure heap, but takes only few things from it. So the vault gives it an
 * allocator for everything, which wipes each block when it is freed, even if
 * the caller forgot to.
 *
 * The memory is one region: locked as far as the limit allows, left out of core
 * dumps, and wiped in a child. Where the kernel does not wipe (the advice is refused, or
 * accepted without effect), a handler of fork() does.
 *
 * It is managed as buddies: blocks of powers of two, each after a header that holds its class.
 * A block that is too large for a request is halved, and two free halves are joined again, so
 * that memory of one kind of session can serve another kind. The bytes in use are limited:
 * beyond that callers get no memory, and the limit is a bound of what a guest can have
 * (engine.h). The region is larger: a whole number of the largest blocks. The allocator would
 * use a smaller block at the end before the blocks in front, but the front is what the kernel
 * locks when it cannot lock everything. For the same reason the allocator uses the lower half
 * of a block first.
 *
 * Invariants
 * - A free block holds zeros after its header, except for the headers of blocks that were joined.
 * - The guest cannot reach headers. An invalid header is a bug of this program
 * and ends the process.
 */
#include "daemon/confine/vault.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <openssl/crypto.h>

/* Blocks of 64 bytes to 32 MiB, with the header. */
#define MIN_SHIFT 6u
#define MAX_SHIFT 25u
#define CLASSES (MAX_SHIFT - MIN_SHIFT + 1)

/* What a block is, with its class in the lowest bits. */
#define TAKEN 0x7a4e0000u
#define FREE 0xf4ee0000u

/* In units of the smallest block from the start of the region; the end of a list. */
#define NONE UINT32_MAX

/* struct block - stands before what the caller gets. */
struct block {
	uint32_t state;
	uint32_t size; /* bytes that the caller asked for */
	uint32_t prev; /* of a free block, in the list of its class */
	uint32_t next;
};

_Static_assert(sizeof(struct block) == 16, "keeps the alignment of malloc()");

static struct {
	pthread_mutex_t lock;
	uint8_t *start;
	size_t size;
	size_t limit; /* of @used */
	size_t used;  /* bytes in blocks that are taken */
	size_t top;   /* no block after it was ever taken */
	uint32_t free[CLASSES];
} vault = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t class_size(uint32_t class)
{
	return (size_t)1 << (class + MIN_SHIFT);
}

/* Smallest class for @total bytes; CLASSES: none. */
static uint32_t class_for(size_t total)
{
	uint32_t class = 0;

	while (class < CLASSES && class_size(class) < total)
		class ++;
	return class;
}

static struct block *block_at(uint32_t unit)
{
	return (struct block *)(void *)(vault.start + ((size_t)unit << MIN_SHIFT));
}

static uint32_t unit_of(const struct block *block)
{
	return (uint32_t)((size_t)((const uint8_t *)block - vault.start) >> MIN_SHIFT);
}

static void list_add(struct block *block, uint32_t class)
{
	uint32_t unit = unit_of(block), next = vault.free[class];

	*block = (struct block){.state = FREE | class, .prev = NONE, .next = next};
	if (next != NONE)
		block_at(next)->prev = unit;
	vault.free[class] = unit;
}

static void list_remove(const struct block *block, uint32_t class)
{
	if (block->prev != NONE)
		block_at(block->prev)->next = block->next;
	else
		vault.free[class] = block->next;
	if (block->next != NONE)
		block_at(block->next)->prev = block->prev;
}

/* A block of @class, halved from a larger one if necessary; or NULL. */
static struct block *take(uint32_t class)
{
	struct block *block = NULL;
	uint32_t from = class;
	size_t end;

	pthread_mutex_lock(&vault.lock);
	while (from < CLASSES && vault.free[from] == NONE)
		from++;
	if (vault.start && from < CLASSES && class_size(class) <= vault.limit - vault.used) {
		block = block_at(vault.free[from]);
		list_remove(block, from);
		for (; from > class; from--)
			list_add((struct block *)(void *)((uint8_t *)block + class_size(from - 1)),
				 from - 1);
		block->state = TAKEN | class;
		vault.used += class_size(class);
		end = (size_t)((uint8_t *)block - vault.start) + class_size(class);
		if (end > vault.top)
			vault.top = end;
	}
	pthread_mutex_unlock(&vault.lock);
	return block;
}

/* The other half of the block that @block would be joined to, if that is free; else NULL. */
static struct block *free_buddy(const struct block *block, uint32_t class)
{
	size_t offset = (size_t)((const uint8_t *)block - vault.start) ^ class_size(class);
	struct block *buddy = (struct block *)(void *)(vault.start + offset);

	if (class + 1 >= CLASSES || offset > vault.size - class_size(class))
		return NULL;
	return buddy->state == (FREE | class) ? buddy : NULL;
}

static void give(struct block *block, uint32_t class)
{
	struct block *buddy;

	pthread_mutex_lock(&vault.lock);
	vault.used -= class_size(class);
	while ((buddy = free_buddy(block, class))) {
		list_remove(buddy, class);
		if (buddy < block) {
			memset(block, 0, sizeof(*block));
			block = buddy;
		} else {
			memset(buddy, 0, sizeof(*buddy));
		}
		class ++;
	}
	list_add(block, class);
	pthread_mutex_unlock(&vault.lock);
}

void *vault_alloc(size_t size)
{
	struct block *block;
	size_t total;
	uint32_t class;

	if (__builtin_add_overflow(size, sizeof(*block), &total))
		return NULL;
	class = class_for(total);
	if (class == CLASSES)
		return NULL;
	block = take(class);
	if (!block)
		return NULL;
	block->size = (uint32_t)size;
	return block + 1;
}

static struct block *block_of(void *p)
{
	struct block *block = (struct block *)p - 1;

	if (!vault_holds(p) || (block->state & ~0xffu) != TAKEN || (block->state & 0xff) >= CLASSES)
		abort();
	return block;
}

void vault_free(void *p)
{
	struct block *block;
	uint32_t class;

	if (!p)
		return;
	block = block_of(p);
	class = block->state & 0xff;
	/* In two steps: gcc with UBSan takes @block for NULL, but not @p. */
	explicit_bzero(p, block->size);
	*block = (struct block){0};
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

size_t vault_used(void)
{
	size_t used;

	pthread_mutex_lock(&vault.lock);
	used = vault.used;
	pthread_mutex_unlock(&vault.lock);
	return used;
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

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
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
	explicit_bzero(vault.start, vault.top);
}

/* The region as free blocks of the largest size. From its end, so that the list begins in front. */
static void carve(void)
{
	size_t at = vault.size;

	for (uint32_t class = 0; class < CLASSES; class ++)
		vault.free[class] = NONE;
	while (at) {
		at -= class_size(CLASSES - 1);
		list_add((struct block *)(void *)(vault.start + at), CLASSES - 1);
	}
}

int vault_open(size_t size, struct vault_state *state)
{
	const size_t largest = class_size(CLASSES - 1);
	const size_t limit = size;
	void *start;

	size = (size + largest - 1) / largest * largest;
	start = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (start == MAP_FAILED)
		return -errno;
	if (CRYPTO_set_mem_functions(crypto_alloc, crypto_resize, crypto_free) != 1) {
		munmap(start, size);
		return -EBUSY;
	}
	vault.start = start;
	vault.size = size;
	vault.limit = limit;
	*state = (struct vault_state){
	    .size = limit,
	    .locked = min_size(lock(start, size), limit),
	    .undumpable = madvise(start, size, MADV_DONTDUMP) == 0 && advice_counts(start),
	    .wiped_on_fork = madvise(start, size, MADV_WIPEONFORK) == 0 && advice_counts(start),
	};
	if (!state->wiped_on_fork)
		state->wiped_on_fork = pthread_atfork(NULL, NULL, wipe_in_child) == 0;
	carve();
	return 0;
}
