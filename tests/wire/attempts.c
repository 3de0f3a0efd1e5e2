/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attempts.c - what a process that was taken over would try. See attempts.h.
 */
#include "tests/wire/attempts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cryptodev.h"

static int result(long n)
{
	return n < 0 ? -errno : 0;
}

int try_open(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

int try_create(void)
{
	return result(open("/x", O_WRONLY | O_CREAT, 0600));
}

int try_list(void)
{
	return result(open("/", O_RDONLY | O_DIRECTORY));
}

int try_openat2(void)
{
	return result(syscall(437, AT_FDCWD, "/", NULL, 0));
}

int try_unix_socket(void)
{
	return result(socket(AF_UNIX, SOCK_STREAM, 0));
}

int try_inet_socket(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

int try_connect(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return result(fd < 0 ? fd : connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

int try_exec(void)
{
	char *argv[] = {(char *)(uintptr_t) "true", NULL};

	return result(execv("/bin/true", argv));
}

int try_ptrace(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

int try_attach(void)
{
	return result(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

int try_peek(void)
{
	char byte;
	struct iovec iov = {&byte, 1};

	return result(syscall(SYS_process_vm_readv, getppid(), &iov, 1, &iov, 1, 0));
}

int try_mmap_exec(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		       MAP_FAILED
		   ? -errno
		   : 0;
}

int try_mprotect_exec(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return result(p == MAP_FAILED ? -1 : mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

int try_fork(void)
{
	return result(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}

int try_kill(void)
{
	return result(kill(getppid(), 0));
}

int try_tgkill(void)
{
	return result(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

int try_terminal(void)
{
	return result(ioctl(2, TIOCSTI, "x"));
}

int try_crypt(void)
{
	return result(ioctl(2, CIOCCRYPT, NULL));
}

int try_unshare(void)
{
	return result(syscall(SYS_unshare, 0x10000000));
}

int try_mount(void)
{
	return result(mount("none", "/", "tmpfs", 0, NULL));
}

int try_root(void)
{
	return result(syscall(SYS_setuid, 0));
}

int try_dumpable(void)
{
	return result(prctl(PR_SET_DUMPABLE, 1));
}

int try_memfd(void)
{
	return result(memfd_create("x", 0));
}

int try_bpf(void)
{
	return result(syscall(SYS_bpf, 0, NULL, 0));
}

int try_io_uring(void)
{
	return result(syscall(425, 1, NULL));
}

int try_keyctl(void)
{
	return result(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
}
