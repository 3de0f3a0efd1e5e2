/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qtest.c - a QEMU under qtest. See qtest.h; the protocol is that of QEMU's system/qtest.c. */
#include "qtest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS 64
/* Descriptors of the child. */
#define QTEST_FD 10
#define QMP_FD 11
#define RAM_FD 12
#define REPLY_TIMEOUT_MS 120000

_Noreturn void die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static _Noreturn void child(char *const argv[], int qtest, int qmp, int ram, size_t ram_size)
{
	const char *args[MAX_ARGS + 24];
	char backend[128];
	const char *const own[] = {"-qtest-log", "none",
				   "-chardev",	 "socket,id=qtest,fd=10",
				   "-qtest",	 "chardev:qtest",
				   "-chardev",	 "socket,id=qm,fd=11",
				   "-mon",	 "chardev=qm,mode=control",
				   "-object",	 backend,
				   "-machine",	 "memory-backend=ram",
				   NULL};
	size_t n = 0;

	snprintf(backend, sizeof(backend),
		 "memory-backend-file,id=ram,size=%zu,share=on,mem-path=/dev/fd/%d", ram_size,
		 RAM_FD);

	while (argv[n] && n < MAX_ARGS) {
		args[n] = argv[n];
		n++;
	}
	for (size_t i = 0; i == 0 || own[i - 1]; i++)
		args[n++] = own[i];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* First out of each other's way. */
	qtest = fcntl(qtest, F_DUPFD_CLOEXEC, RAM_FD + 1);
	qmp = fcntl(qmp, F_DUPFD_CLOEXEC, RAM_FD + 1);
	ram = fcntl(ram, F_DUPFD_CLOEXEC, RAM_FD + 1);
	if (dup2(qtest, QTEST_FD) < 0 || dup2(qmp, QMP_FD) < 0 || dup2(ram, RAM_FD) < 0)
		_exit(126);
	execvp(args[0], (char *const *)args);
	perror(args[0]);
	_exit(127);
}

static void put(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("QEMU does not listen any more: %s", strerror(errno));
		text += n;
		len -= (size_t)n;
	}
}

static void fill(struct qtest_line *line)
{
	struct pollfd p = {.fd = line->fd, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, REPLY_TIMEOUT_MS) == 0)
		die("no answer from QEMU within %d s", REPLY_TIMEOUT_MS / 1000);
	n = read(line->fd, line->ahead, sizeof(line->ahead));
	if (n <= 0)
		die("QEMU has ended");
	line->next = 0;
	line->end = (size_t)n;
}

/* One line, without its end, as far as there is room. */
static void get(struct qtest_line *line, char *text, size_t size)
{
	size_t n = 0;

	for (;;) {
		char c;

		if (line->next == line->end)
			fill(line);
		c = line->ahead[line->next++];
		if (c == '\n')
			break;
		if (n < size - 1)
			text[n++] = c;
	}
	text[n] = 0;
}

/* Sends a line and returns the number behind "OK" in the reply, or 0. */
__attribute__((format(printf, 2, 3))) static uint64_t call(struct qtest *q, const char *fmt, ...)
{
	char line[128], answer[128];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		die("a line of %d bytes", n);
	put(q->qtest.fd, line, (size_t)n);
	do {
		get(&q->qtest, answer, sizeof(answer));
	} while (!strncmp(answer, "IRQ ", 4));
	if (strncmp(answer, "OK", 2))
		die("QEMU answers '%s' to '%s'", answer, line);
	return strtoull(answer + 2, NULL, 0);
}

/* Memory that QEMU and we have; the descriptor is for QEMU. */
static int share(struct qtest *q, size_t size)
{
	int fd = memfd_create("ram", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		die("memfd_create: %s", strerror(errno));
	q->ram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (q->ram == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	q->ram_size = size;
	return fd;
}

void qtest_start(struct qtest *q, char *const argv[], size_t ram_size)
{
	int qtest[2], qmp[2], ram;

	*q = (struct qtest){0};
	ram = share(q, ram_size);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, qtest) || socketpair(AF_UNIX, SOCK_STREAM, 0, qmp))
		die("socketpair: %s", strerror(errno));
	fcntl(qtest[0], F_SETFD, FD_CLOEXEC);
	fcntl(qmp[0], F_SETFD, FD_CLOEXEC);
	q->pid = fork();
	if (q->pid < 0)
		die("fork: %s", strerror(errno));
	if (!q->pid)
		child(argv, qtest[1], qmp[1], ram, ram_size);
	close(qtest[1]);
	close(qmp[1]);
	close(ram);
	q->qtest.fd = qtest[0];
	q->qmp.fd = qmp[0];
	qtest_qmp(q, "qmp_capabilities");
	call(q, "endianness\n");
}

void qtest_stop(struct qtest *q)
{
	int status;

	if (waitpid(q->pid, &status, WNOHANG))
		die("QEMU ended by itself");
	kill(q->pid, SIGTERM);
	if (waitpid(q->pid, &status, 0) != q->pid || !WIFEXITED(status) || WEXITSTATUS(status))
		die("QEMU ended with %s %d", WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	close(q->qtest.fd);
	close(q->qmp.fd);
	munmap(q->ram, q->ram_size);
}

void qtest_qmp(struct qtest *q, const char *command)
{
	char line[128];
	int n;

	while (recv(q->qmp.fd, q->qmp.ahead, sizeof(q->qmp.ahead), MSG_DONTWAIT) > 0)
		;
	q->qmp.next = q->qmp.end = 0;
	n = snprintf(line, sizeof(line), "{\"execute\":\"%s\"}\n", command);
	put(q->qmp.fd, line, (size_t)n);
}

void qtest_property(struct qtest *q, const char *path, const char *name, char *value, size_t size)
{
	char line[256], tag[32];
	int n;

	snprintf(tag, sizeof(tag), "\"question %u\"", ++q->questions);
	n = snprintf(line, sizeof(line),
		     "{\"execute\":\"qom-get\",\"id\":%s,\"arguments\":"
		     "{\"path\":\"%s\",\"property\":\"%s\"}}\n",
		     tag, path, name);
	if (n < 0 || (size_t)n >= sizeof(line))
		die("a question of %d bytes", n);
	put(q->qmp.fd, line, (size_t)n);
	/* Between are events, and answers to commands whose outcome nobody wanted to know. */
	do {
		get(&q->qmp, value, size);
	} while (!strstr(value, tag));
	if (!strstr(value, "\"return\""))
		die("QEMU answers '%s' to '%s'", value, line);
}

static char letter(unsigned int size)
{
	return "?bw?l???q"[size];
}

void qtest_out(struct qtest *q, uint16_t port, unsigned int size, uint32_t value)
{
	call(q, "out%c 0x%x 0x%" PRIx32 "\n", letter(size), port, value);
}

uint32_t qtest_in(struct qtest *q, uint16_t port, unsigned int size)
{
	return (uint32_t)call(q, "in%c 0x%x\n", letter(size), port);
}

void qtest_poke(struct qtest *q, uint64_t addr, unsigned int size, uint64_t value)
{
	call(q, "write%c 0x%" PRIx64 " 0x%" PRIx64 "\n", letter(size), addr, value);
}

uint64_t qtest_peek(struct qtest *q, uint64_t addr, unsigned int size)
{
	return call(q, "read%c 0x%" PRIx64 "\n", letter(size), addr);
}

/* The bytes of the guest's memory from @addr on. */
static uint8_t *memory(struct qtest *q, uint64_t addr, size_t len)
{
	if (addr < QTEST_RAM_BEGIN || addr > q->ram_size || len > q->ram_size - addr)
		die("no memory at 0x%" PRIx64, addr);
	return q->ram + addr;
}

void qtest_write(struct qtest *q, uint64_t addr, const void *data, size_t len)
{
	memcpy(memory(q, addr, len), data, len);
}

void qtest_read(struct qtest *q, uint64_t addr, void *data, size_t len)
{
	memcpy(data, memory(q, addr, len), len);
}

void qtest_store16(struct qtest *q, uint64_t addr, uint16_t value)
{
	__atomic_store_n((uint16_t *)(void *)memory(q, addr & ~1ull, 2), value, __ATOMIC_SEQ_CST);
}

uint16_t qtest_load16(struct qtest *q, uint64_t addr)
{
	return __atomic_load_n((uint16_t *)(void *)memory(q, addr & ~1ull, 2), __ATOMIC_SEQ_CST);
}
