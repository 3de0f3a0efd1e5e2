/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard.c - mapped files that become shorter while they are used.
 *
 * Theory of operation
 * -------------------
 * Guest memory is a file of the front end. When that makes it shorter than what we
 * have mapped (memory.c checks it, once), touching what is gone raises SIGBUS. That
 * must cost the front end its device, and not us the process.
 *
 * The handler finds the mapping that holds the address, puts private zero pages in
 * place of all of it, and marks it lost. Whoever was reading or writing goes on with
 * zeros, to the end of its batch; then queue.c sees that memory was lost, and stops.
 *
 * Invariants
 * - Slots are changed by the control thread only, and not while a worker uses the
 *   mapping (it holds the queues' locks, vm/vm.c): so an address that faults in
 *   guest memory is in a slot that stays.
 * - The handler calls mmap() and nothing else; it may run in any thread, and twice
 *   for one mapping.
 * - A SIGBUS elsewhere ends the process as ever.
 */
#include "daemon/virtio/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

#include "daemon/virtio/memory.h"
#include "common/util.h"

/* The map and the log of dirty pages in use, and those that replace them. */
#define SLOTS (2 * (MEMORY_MAX_REGIONS + 1))

static struct slot {
	uintptr_t start;
	size_t len; /* 0: free */
	bool lost;
} slots[SLOTS];

/* Slots in use are below it. */
static unsigned int high;
static unsigned int lost_count;

static struct slot *find(uintptr_t address)
{
	unsigned int n = __atomic_load_n(&high, __ATOMIC_ACQUIRE);
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct slot *slot = &slots[i];
		size_t len = __atomic_load_n(&slot->len, __ATOMIC_ACQUIRE);
		uintptr_t start = __atomic_load_n(&slot->start, __ATOMIC_ACQUIRE);

		/* A pair only if the slot was not used again in between. */
		if (len && __atomic_load_n(&slot->len, __ATOMIC_ACQUIRE) == len &&
		    address >= start && address - start < len)
			return slot;
	}
	return NULL;
}

static void on_bus_error(int signal_number, siginfo_t *info, void *context)
{
	struct slot *slot = find((uintptr_t)info->si_addr);
	int saved = errno;

	if (!slot ||
	    mmap((void *)slot->start, slot->len, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED) {
		/* Not ours: the instruction is carried out again, and ends the process. */
		(void)signal(SIGBUS, SIG_DFL);
	} else if (!__atomic_exchange_n(&slot->lost, true, __ATOMIC_ACQ_REL)) {
		__atomic_add_fetch(&lost_count, 1, __ATOMIC_RELEASE);
	}
	errno = saved;
}

int guard_install(void)
{
	struct sigaction action = {.sa_sigaction = on_bus_error,
				   .sa_flags = SA_SIGINFO | SA_RESTART};

	sigemptyset(&action.sa_mask);
	return sigaction(SIGBUS, &action, NULL) < 0 ? -errno : 0;
}

unsigned int guard_add(void *map, size_t len)
{
	unsigned int i = 0;

	while (i < SLOTS && slots[i].len)
		i++;
	if (i == SLOTS)
		return 0;
	__atomic_store_n(&slots[i].start, (uintptr_t)map, __ATOMIC_RELAXED);
	slots[i].lost = false;
	__atomic_store_n(&slots[i].len, len, __ATOMIC_RELEASE);
	if (i >= high)
		__atomic_store_n(&high, i + 1, __ATOMIC_RELEASE);
	return i + 1;
}

void guard_remove(unsigned int handle)
{
	struct slot *slot;

	if (!handle)
		return;
	slot = &slots[handle - 1];
	__atomic_store_n(&slot->len, 0, __ATOMIC_RELEASE);
	if (slot->lost)
		__atomic_sub_fetch(&lost_count, 1, __ATOMIC_RELEASE);
	slot->lost = false;
}

bool guard_any_lost(void)
{
	return __atomic_load_n(&lost_count, __ATOMIC_ACQUIRE) != 0;
}

bool guard_lost(unsigned int handle)
{
	return handle && __atomic_load_n(&slots[handle - 1].lost, __ATOMIC_ACQUIRE);
}
