/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.h - what a process in our service costs: CPU time and memory, with those of the
 * processes that it started (a daemon may have a parent that only watches).
 */
#ifndef VCD_BENCH_WORKER_H
#define VCD_BENCH_WORKER_H

#include <stdint.h>
#include <sys/types.h>

/** worker_cpu_ns - CPU time that @pid and its descendants have used so far; 0 when it is gone. */
uint64_t worker_cpu_ns(pid_t pid);

/**
 * worker_memory - bytes of memory that @pid and its descendants hold now.
 *
 * What is resident, without what is shared with others: the rings and buffers that this process
 * gave to a daemon are ours, as a guest's memory is the guest's.
 *
 * Return: bytes; 0 when the process is gone or may not be looked at.
 */
uint64_t worker_memory(pid_t pid);

#endif /* VCD_BENCH_WORKER_H */
