/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pool.c - threads that compute with keys from files. See pool.h. */
#include "keeper/pool.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/util.h"
#include "keeper/server.h"

static_assert(POOL_MAX_THREADS <= KEY_MAX_WORKERS, "each thread has a context of its own");

/**
 * struct starter - what a thread has to know.
 */
struct starter {
	struct pool *pool;
	unsigned int number;
};

static void run(struct task *task, unsigned int number)
{
	key_run(task->key, number, &task->op, &task->result);
}

static void put_done(struct pool *pool, struct task *task)
{
	const uint64_t one = 1;
	bool first = !pool->done;

	task->next = NULL;
	*pool->done_last = task;
	pool->done_last = &task->next;
	/* It cannot overflow. */
	if (first && write(pool->event, &one, sizeof(one)) < 0)
		return;
}

static void *work(void *arg)
{
	struct starter starter = *(struct starter *)arg;
	struct pool *pool = starter.pool;

	free(arg);
	pthread_mutex_lock(&pool->lock);
	pool->begun++;
	pthread_cond_signal(&pool->start);
	for (;;) {
		struct task *task = pool->todo;

		if (pool->ending)
			break;
		if (!task) {
			pool->idle++;
			pthread_cond_wait(&pool->work, &pool->lock);
			pool->idle--;
			continue;
		}
		pool->todo = task->next;
		if (!pool->todo)
			pool->todo_last = &pool->todo;
		pthread_mutex_unlock(&pool->lock);
		run(task, starter.number);
		pthread_mutex_lock(&pool->lock);
		put_done(pool, task);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

int pool_init(struct pool *pool, unsigned int count)
{
	*pool = (struct pool){.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	pool->todo_last = &pool->todo;
	pool->done_last = &pool->done;
	if (pool->event < 0)
		return -errno;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pthread_cond_init(&pool->start, NULL);
	while (pool->count < count && pool->count < POOL_MAX_THREADS) {
		struct starter *starter = malloc(sizeof(*starter));
		int err;

		if (!starter)
			return -ENOMEM;
		*starter = (struct starter){pool, pool->count};
		err = pthread_create(&pool->threads[pool->count], NULL, work, starter);
		if (err) {
			free(starter);
			return -err;
		}
		pool->count++;
	}
	pthread_mutex_lock(&pool->lock);
	while (pool->begun < pool->count)
		pthread_cond_wait(&pool->start, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	return 0;
}

void pool_end(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	while (pool->count)
		pthread_join(pool->threads[--pool->count], NULL);
	close_fd(&pool->event);
}

void pool_put(struct pool *pool, struct task *task)
{
	bool wake;

	task->next = NULL;
	if (!pool->count) {
		run(task, 0);
		put_done(pool, task);
		return;
	}
	pthread_mutex_lock(&pool->lock);
	*pool->todo_last = task;
	pool->todo_last = &task->next;
	wake = pool->idle > 0;
	pthread_mutex_unlock(&pool->lock);
	if (wake)
		pthread_cond_signal(&pool->work);
}

struct task *pool_take(struct pool *pool)
{
	struct task *done;
	uint64_t n;

	/* Before the line is taken: what comes after that writes anew. */
	if (read(pool->event, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return NULL;
	pthread_mutex_lock(&pool->lock);
	done = pool->done;
	pool->done = NULL;
	pool->done_last = &pool->done;
	pthread_mutex_unlock(&pool->lock);
	return done;
}
