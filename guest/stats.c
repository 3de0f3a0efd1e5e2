// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stats.c - debugfs: /sys/kernel/debug/virtio_cryptodev/cryptodevN/
 *
 *	device		a line "name value" for each number of the device
 *	queues		a table, a line for each queue
 *	processes	a table, a line for each process and queue it has requests on
 *
 * Numbers are read under the lock that they are changed under. Without debugfs
 * all of this is nothing, and nothing depends on it.
 */
#define CREATE_TRACE_POINTS
#include "trace.h"

#include <linux/debugfs.h>
#include <linux/pid.h>
#include <linux/seq_file.h>

static struct dentry *vcd_debugfs;

static int vcd_device_show(struct seq_file *m, void *unused)
{
	struct vcd_device *dev = m->private;

	seq_printf(m, "queues %u\n", dev->num_queues);
	seq_printf(m, "slow_queues %u\n", dev->num_slow);
	seq_printf(m, "max_request %u\n", dev->max_request);
	seq_printf(m, "max_segments %u\n", dev->max_segments);
	seq_printf(m, "sessions %d\n", atomic_read(&dev->sessions));
	seq_printf(m, "sessions_made %lld\n",
		   (s64)atomic64_read(&dev->sessions_made));
	seq_printf(m, "remakes %lld\n", (s64)atomic64_read(&dev->remakes));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vcd_device);

static int vcd_queues_show(struct seq_file *m, void *unused)
{
	struct vcd_device *dev = m->private;
	unsigned int i;

	seq_puts(m, "queue requests bytes in_flight kicks polled slept timeouts share_waits room_waits busy_waits\n");
	for (i = 0; i < dev->num_all; i++) {
		struct vcd_queue *queue = &dev->queues[i];
		struct vcd_queue_stats stats;

		spin_lock_irq(&queue->lock);
		stats = queue->stats;
		spin_unlock_irq(&queue->lock);
		seq_printf(m, "%u %llu %llu %u %llu %llu %llu %llu %llu %llu %llu\n", i,
			   stats.requests, stats.bytes, stats.in_flight,
			   stats.kicks, stats.polled, stats.slept,
			   stats.timeouts, stats.share_waits, stats.room_waits,
			   stats.busy_waits);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vcd_queues);

static int vcd_processes_show(struct seq_file *m, void *unused)
{
	struct vcd_device *dev = m->private;
	struct vcd_share *share;
	unsigned int i;

	seq_puts(m, "pid queue requests bytes\n");
	spin_lock(&dev->shares_lock);
	list_for_each_entry(share, &dev->shares, list) {
		for (i = 0; i < share->num; i++) {
			/* Each is right at some time; they need not be of one. */
			unsigned int requests = READ_ONCE(share->use[i].requests);

			if (requests)
				seq_printf(m, "%d %u %u %llu\n",
					   pid_nr(share->tgid), i, requests,
					   READ_ONCE(share->use[i].bytes));
		}
	}
	spin_unlock(&dev->shares_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vcd_processes);

/** vcd_stats_add() - make the files of a device */
void vcd_stats_add(struct vcd_device *dev)
{
	dev->debugfs = debugfs_create_dir(dev->name, vcd_debugfs);
	debugfs_create_file("device", 0400, dev->debugfs, dev, &vcd_device_fops);
	debugfs_create_file("queues", 0400, dev->debugfs, dev, &vcd_queues_fops);
	debugfs_create_file("processes", 0400, dev->debugfs, dev,
			    &vcd_processes_fops);
}

/** vcd_stats_del() - remove them; nobody reads them any more then */
void vcd_stats_del(struct vcd_device *dev)
{
	debugfs_remove(dev->debugfs);
	dev->debugfs = NULL;
}

/** vcd_stats_init() - make the directory of the module */
void vcd_stats_init(void)
{
	vcd_debugfs = debugfs_create_dir(KBUILD_MODNAME, NULL);
}

/** vcd_stats_exit() - remove it */
void vcd_stats_exit(void)
{
	debugfs_remove(vcd_debugfs);
}
