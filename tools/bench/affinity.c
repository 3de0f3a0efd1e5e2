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

unsigned int affinity_nth(const cpu_set_t *all, unsigned int number)
{
	unsigned int place = number % (unsigned int)CPU_COUNT(all);
	unsigned int cpu = 0;

	while (!CPU_ISSET(cpu, all) || place--)
		cpu++;
	return cpu;
}

cpu_set_t affinity_one(const cpu_set_t *all, unsigned int number)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(affinity_nth(all, number), &set);
	return set;
}

cpu_set_t affinity_ours(const cpu_set_t *all, unsigned int threads, unsigned int number)
{
	unsigned int share = share_of(all, threads);

	/* A single CPU is everybody's. */
	return share ? affinity_one(all, number % share) : *all;
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
