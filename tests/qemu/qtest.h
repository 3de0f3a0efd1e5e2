/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qtest.h - a QEMU under qtest: no guest program runs, we are the guest.
 *
 * With QEMU's "qtest" accelerator there is no processor; Debian's binary has not got
 * it, but one that halts at its first instruction does as well (tests/qemu/run).
 *
 * QEMU does what lines on a socket say: accesses to ports and to guest physical
 * memory, device registers included. Functions that fail end the program with a
 * message; a QEMU that has ended is such a failure.
 */
#ifndef TESTS_QEMU_QTEST_H
#define TESTS_QEMU_QTEST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** struct qtest - a running QEMU. */
struct qtest {
	pid_t pid;
	int fd;	 /* qtest */
	int qmp; /* its monitor; replies are not looked at */
};

/**
 * qtest_start - run QEMU.
 * @argv: program and arguments; those for qtest and the monitor are added
 */
void qtest_start(struct qtest *q, char *const argv[]);

/** qtest_stop - end it; fails when it had ended by itself, or ends badly. */
void qtest_stop(struct qtest *q);

/** qtest_qmp - send a monitor command, "system_reset" or the like. */
void qtest_qmp(struct qtest *q, const char *command);

void qtest_out(struct qtest *q, uint16_t port, unsigned int size, uint32_t value);
uint32_t qtest_in(struct qtest *q, uint16_t port, unsigned int size);

/** qtest_poke, qtest_peek - one access of @size 1, 2, 4 or 8 bytes. */
void qtest_poke(struct qtest *q, uint64_t addr, unsigned int size, uint64_t value);
uint64_t qtest_peek(struct qtest *q, uint64_t addr, unsigned int size);

/** qtest_write, qtest_read - memory. */
void qtest_write(struct qtest *q, uint64_t addr, const void *data, size_t len);
void qtest_read(struct qtest *q, uint64_t addr, void *data, size_t len);

/** die - print a message and end with status 1. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* TESTS_QEMU_QTEST_H */
