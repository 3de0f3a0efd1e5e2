/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * function.h - the device's PCI function, as a driver sees it that need not behave.
 */
#ifndef TESTS_QEMU_FUNCTION_H
#define TESTS_QEMU_FUNCTION_H

#include "qtest.h"

/** Where its memory BAR is put. */
#define FUNCTION_BAR 0xe0000000ull

/* Registers of the common configuration (virtio 1.2, 4.1.4.3). */
enum {
	COMMON_GF_SELECT = 8,
	COMMON_GF = 12,
	COMMON_MSIX = 16,
	COMMON_NUM_QUEUES = 18,
	COMMON_STATUS = 20,
	COMMON_Q_SELECT = 22,
	COMMON_Q_SIZE = 24,
	COMMON_Q_MSIX = 26,
	COMMON_Q_ENABLE = 28,
	COMMON_Q_NOFF = 30,
	COMMON_Q_DESC = 32,
	COMMON_Q_AVAIL = 40,
	COMMON_Q_USED = 48,
	COMMON_Q_RESET = 58,
	COMMON_SIZE = 60,
};

/* Device status. */
enum {
	STATUS_ACK = 1,
	STATUS_DRIVER = 2,
	STATUS_DRIVER_OK = 4,
	STATUS_FEATURES_OK = 8,
	STATUS_NEEDS_RESET = 64,
};

/** struct function - a virtio PCI function. */
struct function {
	struct qtest *q;
	unsigned int slot;
	uint64_t common;
	uint64_t notify;
	uint64_t device;
	uint32_t notify_step;
	unsigned int queues;
};

/** function_find - look for virtio device @id on bus 0 and map it; after a system reset again. */
void function_find(struct function *f, struct qtest *q, unsigned int id);

/** function_reset_done - whether a system reset has unmapped it. */
int function_reset_done(const struct function *f);

/** function_set - write a register of the common configuration. */
void function_set(const struct function *f, unsigned int reg, unsigned int size, uint64_t value);
uint64_t function_get(const struct function *f, unsigned int reg, unsigned int size);

/** function_features - accept these; returns whether the device agrees. */
int function_features(const struct function *f, uint64_t features);

/** function_queue - give a queue its size and addresses, and enable it. */
void function_queue(const struct function *f, unsigned int index, uint16_t size, uint64_t desc,
		    uint64_t avail, uint64_t used);

/** function_kick - notify the device. */
void function_kick(const struct function *f, unsigned int index);

#endif /* TESTS_QEMU_FUNCTION_H */
