/* SPDX-License-Identifier: GPL-2.0-or-later */
/* function.c - the device's PCI function. See function.h. */
#include "function.h"

#define PCI_ADDRESS 0xcf8
#define PCI_DATA 0xcfc
#define PCI_COMMAND 4
#define PCI_COMMAND_MEMORY_MASTER 6u
#define PCI_BAR0 0x10
#define PCI_CAPS 0x34
#define CAP_VENDOR 9
#define VIRTIO_VENDOR 0x1af4
#define VIRTIO_DEVICE_BASE 0x1040
/* Types of virtio's vendor capabilities. */
#define CAP_COMMON 1
#define CAP_NOTIFY 2
#define CAP_DEVICE 4

static void address(struct qtest *q, unsigned int slot, unsigned int reg)
{
	qtest_out(q, PCI_ADDRESS, 4, 0x80000000u | slot << 11 | (reg & ~3u));
}

static uint32_t conf_get(struct qtest *q, unsigned int slot, unsigned int reg, unsigned int size)
{
	address(q, slot, reg);
	return qtest_in(q, (uint16_t)(PCI_DATA + (reg & 3)), size);
}

static void conf_set(struct qtest *q, unsigned int slot, unsigned int reg, unsigned int size,
		     uint32_t value)
{
	address(q, slot, reg);
	qtest_out(q, (uint16_t)(PCI_DATA + (reg & 3)), size, value);
}

static void caps_read(struct function *f)
{
	unsigned int cap = conf_get(f->q, f->slot, PCI_CAPS, 1);
	uint64_t at;

	for (unsigned int n = 0; cap && n < 48; n++) {
		if (conf_get(f->q, f->slot, cap, 1) == CAP_VENDOR) {
			at = FUNCTION_BAR + conf_get(f->q, f->slot, cap + 8, 4);
			switch (conf_get(f->q, f->slot, cap + 3, 1)) {
			case CAP_COMMON:
				f->common = at;
				break;
			case CAP_NOTIFY:
				f->notify = at;
				f->notify_step = conf_get(f->q, f->slot, cap + 16, 4);
				break;
			case CAP_DEVICE:
				f->device = at;
				break;
			}
		}
		cap = conf_get(f->q, f->slot, cap + 1, 1);
	}
	if (!f->common || !f->notify || !f->device)
		die("the function has not the capabilities of a virtio device");
}

/* All of virtio's registers are in one 64-bit memory BAR, the only one with a size of pages. */
static void bars_map(const struct function *f)
{
	for (unsigned int bar = 0; bar < 6; bar++) {
		unsigned int reg = PCI_BAR0 + 4 * bar;
		uint32_t size;

		conf_set(f->q, f->slot, reg, 4, 0xffffffff);
		size = conf_get(f->q, f->slot, reg, 4);
		if ((size & 0xf) == 0xc) {
			conf_set(f->q, f->slot, reg, 4, (uint32_t)FUNCTION_BAR);
			conf_set(f->q, f->slot, reg + 4, 4, (uint32_t)(FUNCTION_BAR >> 32));
			bar++;
		} else {
			/* MSI-X has one of its own. */
			conf_set(f->q, f->slot, reg, 4, (uint32_t)FUNCTION_BAR + 0x100000);
		}
	}
	conf_set(f->q, f->slot, PCI_COMMAND, 2, PCI_COMMAND_MEMORY_MASTER);
}

void function_find(struct function *f, struct qtest *q, unsigned int id)
{
	uint32_t want = (VIRTIO_DEVICE_BASE + id) << 16 | VIRTIO_VENDOR;

	*f = (struct function){.q = q};
	for (f->slot = 0; conf_get(q, f->slot, 0, 4) != want; f->slot++)
		if (f->slot == 31)
			die("no virtio device %u on the bus", id);
	caps_read(f);
	bars_map(f);
	f->queues = (unsigned int)function_get(f, COMMON_NUM_QUEUES, 2);
	if (!f->queues || f->queues > 64)
		die("%u queues", f->queues);
}

int function_reset_done(const struct function *f)
{
	return !(conf_get(f->q, f->slot, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY_MASTER);
}

void function_set(const struct function *f, unsigned int reg, unsigned int size, uint64_t value)
{
	qtest_poke(f->q, f->common + reg, size, value);
}

uint64_t function_get(const struct function *f, unsigned int reg, unsigned int size)
{
	return qtest_peek(f->q, f->common + reg, size);
}

int function_features(const struct function *f, uint64_t features)
{
	function_set(f, COMMON_STATUS, 1, STATUS_ACK | STATUS_DRIVER);
	function_set(f, COMMON_GF_SELECT, 4, 0);
	function_set(f, COMMON_GF, 4, (uint32_t)features);
	function_set(f, COMMON_GF_SELECT, 4, 1);
	function_set(f, COMMON_GF, 4, features >> 32);
	function_set(f, COMMON_STATUS, 1, STATUS_ACK | STATUS_DRIVER | STATUS_FEATURES_OK);
	return (function_get(f, COMMON_STATUS, 1) & STATUS_FEATURES_OK) != 0;
}

static void set64(const struct function *f, unsigned int reg, uint64_t value)
{
	function_set(f, reg, 4, (uint32_t)value);
	function_set(f, reg + 4, 4, value >> 32);
}

void function_queue(const struct function *f, unsigned int index, uint16_t size, uint64_t desc,
		    uint64_t avail, uint64_t used)
{
	function_set(f, COMMON_Q_SELECT, 2, index);
	function_set(f, COMMON_Q_SIZE, 2, size);
	set64(f, COMMON_Q_DESC, desc);
	set64(f, COMMON_Q_AVAIL, avail);
	set64(f, COMMON_Q_USED, used);
	function_set(f, COMMON_Q_ENABLE, 2, 1);
}

void function_kick(const struct function *f, unsigned int index)
{
	qtest_poke(f->q, f->notify + (uint64_t)index * f->notify_step, 2, index);
}
