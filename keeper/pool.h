/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.h - threads that compute with keys from files.
 *
 * Tasks go in on one side and come out on the other, in the order in which they are finished; an
 * eventfd tells that some have. Without threads a task is done when it is put in.
 */
#ifndef VCD_KEEPER_POOL_H
#define VCD_KEEPER_POOL_H

#include <pthread.h>
#include <stdbool.h>

struct task;

#define POOL_MAX_THREADS 32u /* KEY_MAX_WORKERS */

/**
 * struct pool - threads and their lines.
 * @lock: protects the lines, @ending, @idle and @begun
 * @work: there is something to do
 * @start: a thread has begun
 * @todo: tasks to be done
 * @todo_last: where the next one goes
 * @done: tasks that are done
 * @done_last: where the next one goes
 * @ending: threads are to end
 * @idle: threads that sleep
 * @begun: threads that have begun
 * @event: eventfd: something is in @done
 * @threads: threads
 * @count: how many
 */
struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_cond_t start;
	struct task *todo;
	struct task **todo_last;
	struct task *done;
	struct task **done_last;
	bool ending;
	unsigned int idle;
	unsigned int begun;
	int event;
	pthread_t threads[POOL_MAX_THREADS];
	unsigned int count;
};

/**
 * pool_init - start @count threads, and wait until they have begun: what a thread asks of the
 * kernel at its start need not be allowed later.
 *
 * Return: 0 or a negative errno.
 */
int pool_init(struct pool *pool, unsigned int count);

/** pool_end - let threads finish what they do, and end them. Tasks that are left stay in the lines. */
void pool_end(struct pool *pool);

/** pool_put - a task to be done. */
void pool_put(struct pool *pool, struct task *task);

/** pool_take - all tasks that are done, a list. */
struct task *pool_take(struct pool *pool);

#endif /* VCD_KEEPER_POOL_H */
