/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * affinity.h - who runs on which CPU, when that is asked for.
 *
 * Our threads have the first CPUs, one each as far as half of all CPUs reach; a process in our
 * service has the others. A scheduler that puts both on one CPU measures itself. Or each of our
threads shares a CPU with what serves it: then CPUs can be counted that are few.
 */
#ifndef VCD_BENCH_AFFINITY_H
#define VCD_BENCH_AFFINITY_H

#include <sched.h>

/** affinity_ours - CPU of our thread @number of @threads, of those in @all. */
cpu_set_t affinity_ours(const cpu_set_t *all, unsigned int threads, unsigned int number);

/** affinity_nth - CPU @number of those in @all, from the first again behind the last. */
unsigned int affinity_nth(const cpu_set_t *all, unsigned int number);

/** affinity_one - that CPU as a set. */
cpu_set_t affinity_one(const cpu_set_t *all, unsigned int number);

/** affinity_theirs - CPUs of a process in our service, of those in @all. */
cpu_set_t affinity_theirs(const cpu_set_t *all, unsigned int threads);

#endif /* VCD_BENCH_AFFINITY_H */
