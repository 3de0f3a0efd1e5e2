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
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS 64
/* Descriptors of the child. */
#define QTEST_FD 10
#define QMP_FD 11
#define REPLY_TIMEOUT_MS 120000
#define PIECE 2048

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

static _Noreturn void child(char *const argv[], int qtest, int qmp)
{
	const char *args[MAX_ARGS + 16];
	const char *const own[] = {"-qtest-log", "none",
				   "-chardev",	 "socket,id=qtest,fd=10",
				   "-qtest",	 "chardev:qtest",
				   "-chardev",	 "socket,id=qm,fd=11",
				   "-mon",	 "chardev=qm,mode=control",
				   NULL};
	size_t n = 0;

	while (argv[n] && n < MAX_ARGS) {
		args[n] = argv[n];
		n++;
	}
	for (size_t i = 0; i == 0 || own[i - 1]; i++)
		args[n++] = own[i];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(qtest, QTEST_FD) < 0 || dup2(qmp, QMP_FD) < 0)
		_exit(126);
	execvp(args[0], (char *const *)args);
	perror(args[0]);
	_exit(127);
}

static void put(struct qtest *q, const char *line, size_t len)
{
	while (len) {
		ssize_t n = send(q->fd, line, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("QEMU does not listen any more: %s", strerror(errno));
		line += n;
		len -= (size_t)n;
	}
}

/* One line, without its end. */
static void get(struct qtest *q, char *line, size_t size)
{
	size_t n = 0;

	for (;;) {
		struct pollfd p = {.fd = q->fd, .events = POLLIN};
		char c;

		if (poll(&p, 1, REPLY_TIMEOUT_MS) == 0)
			die("no answer from QEMU within %d s", REPLY_TIMEOUT_MS / 1000);
		if (read(q->fd, &c, 1) != 1)
			die("QEMU has ended");
		if (c == '\n')
			break;
		if (n < size - 1)
			line[n++] = c;
	}
	line[n] = 0;
}

/* Sends a line and returns what follows "OK" in the reply. */
__attribute__((format(printf, 4, 5))) static void call(struct qtest *q, char *reply, size_t size,
						       const char *fmt, ...)
{
	char line[2 * PIECE + 64], answer[2 * PIECE + 64];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		die("a line of %d bytes", n);
	put(q, line, (size_t)n);
	do {
		get(q, answer, sizeof(answer));
	} while (!strncmp(answer, "IRQ ", 4));
	if (strncmp(answer, "OK", 2))
		die("QEMU answers '%s' to '%s'", answer, line);
	if (reply)
		snprintf(reply, size, "%s", answer + 2);
}

void qtest_start(struct qtest *q, char *const argv[])
{
	int qtest[2], qmp[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, qtest) || socketpair(AF_UNIX, SOCK_STREAM, 0, qmp))
		die("socketpair: %s", strerror(errno));
	fcntl(qtest[0], F_SETFD, FD_CLOEXEC);
	fcntl(qmp[0], F_SETFD, FD_CLOEXEC);
	q->pid = fork();
	if (q->pid < 0)
		die("fork: %s", strerror(errno));
	if (!q->pid)
		child(argv, qtest[1], qmp[1]);
	close(qtest[1]);
	close(qmp[1]);
	q->fd = qtest[0];
	q->qmp = qmp[0];
	qtest_qmp(q, "qmp_capabilities");
	call(q, NULL, 0, "endianness\n");
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
	close(q->fd);
	close(q->qmp);
}

void qtest_qmp(struct qtest *q, const char *command)
{
	char line[128], drop[4096];

	while (recv(q->qmp, drop, sizeof(drop), MSG_DONTWAIT) > 0)
		;
	snprintf(line, sizeof(line), "{\"execute\":\"%s\"}\n", command);
	if (send(q->qmp, line, strlen(line), MSG_NOSIGNAL) != (ssize_t)strlen(line))
		die("QEMU's monitor does not listen any more");
}

static char letter(unsigned int size)
{
	return "?bw?l???q"[size];
}

void qtest_out(struct qtest *q, uint16_t port, unsigned int size, uint32_t value)
{
	call(q, NULL, 0, "out%c 0x%x 0x%" PRIx32 "\n", letter(size), port, value);
}

uint32_t qtest_in(struct qtest *q, uint16_t port, unsigned int size)
{
	char reply[64];

	call(q, reply, sizeof(reply), "in%c 0x%x\n", letter(size), port);
	return (uint32_t)strtoull(reply, NULL, 0);
}

void qtest_poke(struct qtest *q, uint64_t addr, unsigned int size, uint64_t value)
{
	call(q, NULL, 0, "write%c 0x%" PRIx64 " 0x%" PRIx64 "\n", letter(size), addr, value);
}

uint64_t qtest_peek(struct qtest *q, uint64_t addr, unsigned int size)
{
	char reply[64];

	call(q, reply, sizeof(reply), "read%c 0x%" PRIx64 "\n", letter(size), addr);
	return strtoull(reply, NULL, 0);
}

void qtest_write(struct qtest *q, uint64_t addr, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	char hex[2 * PIECE + 1];

	while (len) {
		size_t n = len < PIECE - 64 ? len : PIECE - 64;

		for (size_t i = 0; i < n; i++)
			snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
		call(q, NULL, 0, "write 0x%" PRIx64 " 0x%zx 0x%s\n", addr, n, hex);
		addr += n;
		bytes += n;
		len -= n;
	}
}

void qtest_read(struct qtest *q, uint64_t addr, void *data, size_t len)
{
	char reply[2 * PIECE + 64];
	uint8_t *bytes = data;

	while (len) {
		size_t n = len < PIECE - 64 ? len : PIECE - 64;
		unsigned int byte;

		call(q, reply, sizeof(reply), "read 0x%" PRIx64 " 0x%zx\n", addr, n);
		for (size_t i = 0; i < n; i++) {
			if (sscanf(reply + 3 + 2 * i, "%2x", &byte) != 1)
				die("QEMU's answer is too short");
			bytes[i] = (uint8_t)byte;
		}
		addr += n;
		bytes += n;
		len -= n;
	}
}
