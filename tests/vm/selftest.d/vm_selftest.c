// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A module with one deliberate fault, chosen by its parameter, to prove that tests/vm/run fails on
 * each kind. The faults happen while the module loads or unloads.
 */
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *fault = "none";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "what to do wrong");

static DEFINE_SPINLOCK(lock);
static DEFINE_MUTEX(mutex_a);
static DEFINE_MUTEX(mutex_b);

/* Not optimised away, and not seen through by the compiler's own checks. */
static char *volatile sink;
static volatile int ten = 10;
static int numbers[4];

static void fault_warn(void)
{
	WARN(1, "a deliberate warning\n");
}

static void fault_oops(void)
{
	int *volatile nowhere = NULL;

	*nowhere = 1;
}

static void fault_panic(void)
{
	panic("a deliberate panic");
}

/* Many: kmemleak takes a stale copy of an address, on some stack, for a reference. */
static void fault_leak(void)
{
	int i;

	for (i = 0; i < 50; i++)
		sink = kmalloc(321, GFP_KERNEL);
	sink = NULL;
}

static void fault_out_of_bounds(void)
{
	char *bytes = kmalloc(9, GFP_KERNEL);

	if (!bytes)
		return;
	sink = bytes;
	sink[ten] = 1;
	kfree(bytes);
}

static void fault_use_after_free(void)
{
	char *bytes = kmalloc(100, GFP_KERNEL);

	sink = bytes;
	kfree(bytes);
	if (sink)
		sink[ten] = 1;
}

static void fault_atomic_sleep(void)
{
	spin_lock(&lock);
	msleep(1);
	spin_unlock(&lock);
}

static void fault_wait_context(void)
{
	spin_lock(&lock);
	mutex_lock(&mutex_a);
	mutex_unlock(&mutex_a);
	spin_unlock(&lock);
}

static void fault_lock_order(void)
{
	mutex_lock(&mutex_a);
	mutex_lock(&mutex_b);
	mutex_unlock(&mutex_b);
	mutex_unlock(&mutex_a);
	mutex_lock(&mutex_b);
	mutex_lock(&mutex_a);
	mutex_unlock(&mutex_a);
	mutex_unlock(&mutex_b);
}

static void fault_list(void)
{
	static LIST_HEAD(head);
	static struct list_head entry;

	list_add(&entry, &head);
	list_add(&entry, &head);
}

static void fault_bounds(void)
{
	numbers[ten] = 1;
}

static void fault_hang(void)
{
	for (;;)
		msleep(1000);
}

static void fault_pinned(void)
{
	__module_get(THIS_MODULE);
}

static const struct {
	const char *name;
	void (*commit)(void);
} faults[] = {
	{ "warn", fault_warn },
	{ "oops", fault_oops },
	{ "panic", fault_panic },
	{ "leak", fault_leak },
	{ "out-of-bounds", fault_out_of_bounds },
	{ "use-after-free", fault_use_after_free },
	{ "atomic-sleep", fault_atomic_sleep },
	{ "wait-context", fault_wait_context },
	{ "lock-order", fault_lock_order },
	{ "list", fault_list },
	{ "bounds", fault_bounds },
	{ "hang", fault_hang },
	{ "pinned", fault_pinned },
};

/* "exit-NAME" commits the fault when the module is unloaded. */
static void commit(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		if (!strcmp(faults[i].name, name))
			faults[i].commit();
}

static int __init selftest_init(void)
{
	pr_info("vm_selftest: loaded, fault: %s\n", fault);
	if (!strcmp(fault, "refuse"))
		return -ENODEV;
	commit(fault);
	return 0;
}

static void __exit selftest_exit(void)
{
	if (!strncmp(fault, "exit-", 5))
		commit(fault + 5);
	pr_info("vm_selftest: unloaded\n");
}

module_init(selftest_init);
module_exit(selftest_exit);
MODULE_DESCRIPTION("Deliberate faults for the tests of tests/vm/run");
MODULE_LICENSE("GPL");
