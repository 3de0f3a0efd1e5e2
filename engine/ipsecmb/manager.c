/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * manager.c - the library's managers, and what the CPU must have. See internal.h.
 *
 * The library looks at CPUID only. A hypervisor or a kernel option can withhold the wide registers.
 * Whether the system saves them is known to the compiler's run time, so that is asked, too.
 */
#include "engine/ipsecmb/internal.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

/* Managers, and GCM's key schedules, begin with a cache line. */
#define ALIGN ((size_t)64)

static size_t manager_size(void)
{
	return imb_get_mb_mgr_size();
}

/* The pointer from libcrypto is stored in front of the memory that eng_mb_alloc() returns. */
static void **origin_of(void *memory)
{
	return (void **)memory - 1;
}

void *eng_mb_alloc(size_t size)
{
	uint8_t *origin = OPENSSL_malloc(size + ALIGN + sizeof(void *));
	uintptr_t first;
	uint8_t *memory;

	if (!origin)
		return NULL;
	first = (uintptr_t)origin + sizeof(void *);
	memory = origin + ((first + ALIGN - 1) / ALIGN * ALIGN - (uintptr_t)origin);
	*origin_of(memory) = origin;
	memset(memory, 0, size);
	return memory;
}

void eng_mb_free(void *memory, size_t size)
{
	if (!memory)
		return;
	OPENSSL_cleanse(memory, size);
	OPENSSL_free(*origin_of(memory));
}

IMB_MGR *eng_mb_manager_new(enum eng_mb_arch arch)
{
	void *memory = eng_mb_alloc(manager_size());
	IMB_MGR *manager;

	if (!memory)
		return NULL;
	manager = imb_set_pointers_mb_mgr(memory, 0, 1);
	if (!manager) {
		eng_mb_free(memory, manager_size());
		return NULL;
	}
	switch (arch) {
	case ENG_MB_SSE:
		init_mb_mgr_sse(manager);
		break;
	case ENG_MB_AVX2:
		init_mb_mgr_avx2(manager);
		break;
	case ENG_MB_AVX512:
	case ENG_MB_VAES:
		init_mb_mgr_avx512(manager);
		break;
	}
	return manager;
}

void eng_mb_manager_free(IMB_MGR *manager)
{
	eng_mb_free(manager, manager ? manager_size() : 0);
}

static bool has(uint64_t features, uint64_t wanted)
{
	return (features & wanted) == wanted;
}

static int choose(uint64_t features, struct eng_mb_cpu *cpu)
{
	const uint64_t vaes = IMB_FEATURE_VAES | IMB_FEATURE_VPCLMULQDQ | IMB_FEATURE_GFNI;
	bool avx2, avx512;

	__builtin_cpu_init();
	if (!has(features, IMB_CPUFLAGS_SSE) || !__builtin_cpu_supports("sse4.2"))
		return -ENODEV;
	avx2 = has(features, IMB_CPUFLAGS_AVX2) && __builtin_cpu_supports("avx2");
	avx512 = avx2 && has(features, IMB_CPUFLAGS_AVX512) && __builtin_cpu_supports("avx512f") &&
		 __builtin_cpu_supports("avx512bw");
	cpu->sha_ni = has(features, IMB_FEATURE_SHANI);
	cpu->hash = avx2 ? ENG_MB_AVX2 : ENG_MB_SSE;
	cpu->aes = cpu->hash;
	if (avx512)
		cpu->aes = has(features, vaes) ? ENG_MB_VAES : ENG_MB_AVX512;
	return 0;
}

/* The library computes known answers when a manager is made. */
static bool sound(const IMB_MGR *manager)
{
	return !(manager->features & IMB_FEATURE_SELF_TEST) ||
	       manager->features & IMB_FEATURE_SELF_TEST_PASS;
}

int eng_mb_cpu_detect(struct eng_mb_engine *engine)
{
	IMB_MGR *aes, *hash;
	int err;

	err = choose(imb_get_feature_flags(), &engine->cpu);
	if (err)
		return err;
	aes = eng_mb_manager_new(engine->cpu.aes);
	hash = eng_mb_manager_new(engine->cpu.hash);
	if (!aes || !hash)
		err = -ENOMEM;
	else if (!sound(aes) || !sound(hash))
		err = -ENODEV;
	if (!err) {
		/* Its functions that make schedules do not use a manager. */
		memcpy(&engine->aes, aes, sizeof(engine->aes));
		memcpy(&engine->hash, hash, sizeof(engine->hash));
	}
	eng_mb_manager_free(aes);
	eng_mb_manager_free(hash);
	return err;
}
