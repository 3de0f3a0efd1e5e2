/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * affinity.c - who runs on which CPU, when that is asked for.
 */
#include "tools/bench/affinity.h"

static unsigned int share_of(const cpu_set_t *all, unsigned int threads)
{
	unsigned int half = (unsigned int)CPU_COUNT(all) / 2;

	return threads < half ? threads : half;
}

cpu_set_t affinity_ours(const cpu_set_t *all, unsigned int threads, unsigned int number)
{
	unsigned int share = share_of(all, threads);
	unsigned int place = 0;
	cpu_set_t set;
	size_t cpu;

	/* A single CPU is everybody's. */
	if (share == 0)
		return *all;
	CPU_ZERO(&set);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, all))
			continue;
		if (place++ == number % share) {
			CPU_SET(cpu, &set);
			break;
		}
	}
	return set;
}

cpu_set_t affinity_theirs(const cpu_set_t *all, unsigned int threads)
{
	unsigned int share = share_of(all, threads);
	unsigned int place = 0;
	cpu_set_t set;
	size_t cpu;

	CPU_ZERO(&set);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, all) && place++ >= share)
			CPU_SET(cpu, &set);
	return set;
}
