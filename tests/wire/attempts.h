/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attempts.h - what a process that was taken over would try.
 *
 * Each is a probe for confined.h, which makes a process for it. Return: 0 when what it
 * tried worked, or a negative errno.
 */
#ifndef TESTS_WIRE_ATTEMPTS_H
#define TESTS_WIRE_ATTEMPTS_H

/** Somebody who exists nowhere: a user to be confined as. */
#define ORDINARY_USER 54321

/** try_open - read a file */
int try_open(void);

/** try_create - make a file */
int try_create(void);

/** try_list - read a directory */
int try_list(void);

/** try_openat2 - the newer system call, with which a file could be opened */
int try_openat2(void);

/** try_unix_socket - a socket to the machine's services */
int try_unix_socket(void);

/** try_inet_socket - a socket to the network */
int try_inet_socket(void);

/** try_connect - an address on a socket */
int try_connect(void);

/** try_exec - become another program */
int try_exec(void);

/** try_ptrace - be traced */
int try_ptrace(void);

/** try_attach - trace the parent */
int try_attach(void);

/** try_peek - read the parent's memory */
int try_peek(void);

/** try_mmap_exec - memory that can be executed */
int try_mmap_exec(void);

/** try_mprotect_exec - make memory executable that was written to */
int try_mprotect_exec(void);

/** try_fork - another process */
int try_fork(void);

/** try_kill - a signal to the parent */
int try_kill(void);

/** try_tgkill - the same, to its thread */
int try_tgkill(void);

/** try_terminal - type on standard error's terminal */
int try_terminal(void);

/** try_crypt - an operation of /dev/crypto, on standard error */
int try_crypt(void);

/** try_unshare - a namespace of its own */
int try_unshare(void);

/** try_mount - another root */
int try_mount(void);

/** try_root - become root */
int try_root(void);

/** try_dumpable - let its memory be dumped */
int try_dumpable(void);

/** try_memfd - a file in memory */
int try_memfd(void);

/** try_bpf - a map of the kernel's */
int try_bpf(void);

/** try_io_uring - a ring that system calls can be made through */
int try_io_uring(void);

/** try_keyctl - the kernel's keys */
int try_keyctl(void);

#endif /* TESTS_WIRE_ATTEMPTS_H */
