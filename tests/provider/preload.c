/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * preload.c - the model of /dev/crypto (tests/vm/guest/model) put in front of the C
 * library, for programs that load the provider on a host without a device.
 *
 * A program is linked with it, or finds it in LD_PRELOAD. Paths that begin with
 * /dev/crypto are the model's. The model computes with libcrypto, in a library
 * context of its own so that it never meets the provider that it serves.
 *
 * Faults can be had: model_fault() for a program that is linked with it, or
 * CRYPTODEV_MODEL_FAULT="REQUEST AFTER TIMES ERRNO" in the environment, where
 * REQUEST is crypt, auth, session or any.
 */
#include "preload.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/provider.h>

#include "cryptodev.h"
#include "tests/vm/guest/model/model.h"

#define PREFIX "/dev/crypto"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static OSSL_LIB_CTX *context;
static struct model_fault fault;
static unsigned int calls;

static void start(void)
{
	const char *text = getenv("CRYPTODEV_MODEL_FAULT");
	char request[16];

	context = OSSL_LIB_CTX_new();
	if (!text)
		return;
	if (sscanf(text, "%15s %u %u %d", request, &fault.after, &fault.times, &fault.error) != 4)
		abort();
	fault.request = !strcmp(request, "crypt")     ? CIOCCRYPT
			: !strcmp(request, "auth")    ? CIOCAUTHCRYPT
			: !strcmp(request, "session") ? CIOCGSESSION
						      : 0;
}

void model_fault(const struct model_fault *next)
{
	pthread_once(&once, start);
	pthread_mutex_lock(&lock);
	fault = *next;
	pthread_mutex_unlock(&lock);
}

unsigned int model_calls(void)
{
	return calls;
}

/* The fault that this call is to have, or 0. A hash half done dies with it. */
static int fault_due(unsigned long request)
{
	int error = 0;

	pthread_mutex_lock(&lock);
	calls++;
	if (fault.times && (!fault.request || fault.request == request)) {
		if (fault.after) {
			fault.after--;
		} else {
			fault.times--;
			error = fault.error;
		}
	}
	pthread_mutex_unlock(&lock);
	return error;
}

static int result(int ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

/* What a device that dies in the middle leaves behind: some of its output. */
static void scribble(unsigned long request, void *arg)
{
	const struct crypt_op *crypt = arg;
	const struct crypt_auth_op *auth = arg;

	if (request == CIOCCRYPT && crypt->dst)
		memset(crypt->dst, 0xdb, crypt->len);
	if (request == CIOCAUTHCRYPT && auth->dst)
		memset(auth->dst, 0xdb, auth->len);
}

/* Signals wait: the model's lock is not to be met again in a handler. */
static int quietly(int fd, unsigned long request, void *arg)
{
	OSSL_LIB_CTX *theirs;
	sigset_t all, old;
	int ret = -fault_due(request);

	if (ret) {
		scribble(request, arg);
		return ret;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	theirs = OSSL_LIB_CTX_set0_default(context);
	ret = model_ioctl(fd, request, arg);
	OSSL_LIB_CTX_set0_default(theirs);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

static int open_any(const char *path, int flags, mode_t mode)
{
	pthread_once(&once, start);
	if (!strncmp(path, PREFIX, strlen(PREFIX)))
		return result(fault.error && fault.open ? -fault.error : model_open(flags));
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* With 64-bit offsets this is open64(), for us and for the provider. */
int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return open_any(path, flags, mode);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	/* Only /dev/crypto's requests can be the model's. */
	if (_IOC_TYPE(request) == 'c' && model_owns(fd))
		return result(quietly(fd, (unsigned int)request, arg));
	return (int)syscall(SYS_ioctl, fd, request, arg);
}
