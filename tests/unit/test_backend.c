/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_backend.c - daemon/vm/vm.c: a change to what all queues use waits for the batches that are
 * outstanding, side by side.
 */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <unistd.h>

#include "daemon/vm/thread.h"

#define QUEUES 4u

static struct {
	struct engine *engine;
	struct vdev *device;
	struct ledger ledger;
	struct vm *vm;
	struct serving_threads threads;
	bool changed;
} t;

static int setup(void **state)
{
	struct vdev_options options = {.threads = 1, .num_queues = QUEUES};

	if (eng_open("openssl", 1, &t.engine))
		return -1;
	options.engine = t.engine;
	t.changed = false;
	return vdev_new(&options, &t.device) ||
	       ledger_private(&t.ledger, &(struct ledger_shape){QUEUES, 1, 0}) ||
	       vm_new(t.device, &t.ledger, QUEUES, 1, 0, &t.vm) ||
	       threads_start(&t.threads, t.vm, 0, 100);
}

static int teardown(void **state)
{
	threads_stop(&t.threads);
	t.vm = vm_free(t.vm);
	ledger_close(&t.ledger);
	t.device = vdev_free(t.device);
	t.engine = eng_close(t.engine);
	return 0;
}

static void *change(void *arg)
{
	vm_set_features(t.vm, 0x1234);
	__atomic_store_n(&t.changed, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Whether another batch of the queue could begin. */
static bool may_begin(struct queue *queue)
{
	if (pthread_mutex_trylock(&queue->turnstile))
		return false;
	pthread_mutex_unlock(&queue->turnstile);
	return true;
}

/** struct holder - a worker in its batch: it has the lock of a queue until @over. */
struct holder {
	struct queue *queue;
	pthread_t thread;
	bool has;
	bool over;
};

static void *hold(void *arg)
{
	struct holder *holder = arg;

	queue_lock(holder->queue);
	__atomic_store_n(&holder->has, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&holder->over, __ATOMIC_ACQUIRE))
		usleep(1000);
	queue_unlock(holder->queue);
	return NULL;
}

static void hold_begin(struct holder *holder, struct queue *queue)
{
	*holder = (struct holder){.queue = queue};
	assert_int_equal(pthread_create(&holder->thread, NULL, hold, holder), 0);
	for (unsigned int tries = 0; !__atomic_load_n(&holder->has, __ATOMIC_ACQUIRE); tries++) {
		assert_true(tries < 60000);
		usleep(1000);
	}
}

static void hold_end(struct holder *holder)
{
	__atomic_store_n(&holder->over, true, __ATOMIC_RELEASE);
	pthread_join(holder->thread, NULL);
}

/*
 * Workers in their batches have the locks of all queues. While the first of them
 * continues, no queue can begin another one; so all of them together take as long as the longest.
 */
static void waits_side_by_side(void **state)
{
	struct holder holders[QUEUES];
	pthread_t thread;

	for (unsigned int i = 0; i < QUEUES; i++)
		hold_begin(&holders[i], &t.vm->queues[i]);
	assert_int_equal(pthread_create(&thread, NULL, change, NULL), 0);
	for (unsigned int i = 0; i < QUEUES; i++)
		for (unsigned int tries = 0; may_begin(&t.vm->queues[i]); tries++) {
			assert_true(tries < 60000);
			usleep(1000);
		}
	for (unsigned int i = QUEUES; i > 0; i--) {
		assert_false(__atomic_load_n(&t.changed, __ATOMIC_ACQUIRE));
		for (unsigned int k = 0; k < i; k++)
			assert_false(may_begin(&t.vm->queues[k]));
		hold_end(&holders[i - 1]);
	}
	pthread_join(thread, NULL);
	assert_true(t.changed);
	assert_int_equal(t.vm->features, 0x1234);
	for (unsigned int i = 0; i < QUEUES; i++) {
		assert_true(may_begin(&t.vm->queues[i]));
		queue_lock(&t.vm->queues[i]);
		queue_unlock(&t.vm->queues[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(waits_side_by_side, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
