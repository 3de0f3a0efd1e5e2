/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qtest.h - a QEMU under qtest: no guest program runs, we are the guest.
 *
 * With QEMU's "qtest" accelerator there is no processor; Debian's binary has not got
 * it, but one that halts at its first instruction does as well (tests/qemu/run).
 *
 * QEMU does what lines on a socket say: accesses to ports and to device registers, at
 * some 10 us each. Memory is ours as well as QEMU's: what a guest writes there while
 * the device reads it is written at once. Functions that fail end the program with a
 * message; a QEMU that has ended is such a failure.
 */
#ifndef TESTS_QEMU_QTEST_H
#define TESTS_QEMU_QTEST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Below, some of what a guest sees is firmware and not memory. */
#define QTEST_RAM_BEGIN 0x100000ull

/** struct qtest_line - what was read from a socket and is not yet made use of. */
struct qtest_line {
	int fd;
	char ahead[4096];
	size_t next, end;
};

/** struct qtest - a running QEMU. */
struct qtest {
	pid_t pid;
	struct qtest_line qtest;
	struct qtest_line qmp; /* its monitor */
	unsigned int questions;
	uint8_t *ram;
	size_t ram_size;
};

/**
 * qtest_start - run QEMU.
 * @argv: program and arguments; those for qtest, the monitor and memory are added
 * @ram_size: bytes of memory, as in @argv
 */
void qtest_start(struct qtest *q, char *const argv[], size_t ram_size);

/** qtest_stop - end it; fails when it had ended by itself, or ends badly. */
void qtest_stop(struct qtest *q);

/** qtest_qmp - send a monitor command, "system_reset" or the like; its outcome is not waited for.
 */
void qtest_qmp(struct qtest *q, const char *command);

/** qtest_property - ask for a property of an object; @value is the monitor's whole answer. */
void qtest_property(struct qtest *q, const char *path, const char *name, char *value, size_t size);

void qtest_out(struct qtest *q, uint16_t port, unsigned int size, uint32_t value);
uint32_t qtest_in(struct qtest *q, uint16_t port, unsigned int size);

/** qtest_poke, qtest_peek - one access of @size 1, 2, 4 or 8 bytes to a register. */
void qtest_poke(struct qtest *q, uint64_t addr, unsigned int size, uint64_t value);
uint64_t qtest_peek(struct qtest *q, uint64_t addr, unsigned int size);

/** qtest_write, qtest_read - memory, from QTEST_RAM_BEGIN on. */
void qtest_write(struct qtest *q, uint64_t addr, const void *data, size_t len);
void qtest_read(struct qtest *q, uint64_t addr, void *data, size_t len);

/** qtest_store16, qtest_load16 - an index of a ring, behind or before everything else. */
void qtest_store16(struct qtest *q, uint64_t addr, uint16_t value);
uint16_t qtest_load16(struct qtest *q, uint64_t addr);

/** die - print a message and end with status 1. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* TESTS_QEMU_QTEST_H */
