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
 *
 * Nobody has root's rights here unless model_privileged() says so.
 */
#include "preload.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/provider.h>

#include "cryptodev.h"
#include "tests/vm/guest/model/state.h"

#define PREFIX "/dev/crypto"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static OSSL_LIB_CTX *context;
static struct model_fault fault;
static unsigned int calls, opens, waits, last_timeout;
static bool privileged;
/* The monotonic clock: time passed by model_sleep(), and when it was stopped; 0: it runs. */
static atomic_llong slept_ms, stopped_ms;

/* Time-outs by descriptor, in milliseconds; 0: MODEL_TIMEOUT_MS. */
static unsigned int timeouts[1024];

/* What the host will write to when it continues. */
static struct late {
	void *to;
	size_t len;
} late[4096];
static unsigned int num_late;

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

unsigned int model_opens(void)
{
	return opens;
}

unsigned int model_timeout(void)
{
	return last_timeout;
}

void model_privileged(bool root)
{
	privileged = root;
}

void model_stop_clock(bool stopped)
{
	struct timespec now;

	atomic_store(&stopped_ms, 0);
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (stopped)
		atomic_store(&stopped_ms, (long long)now.tv_sec * 1000 - atomic_load(&slept_ms));
}

void model_sleep(unsigned int ms)
{
	atomic_fetch_add(&slept_ms, ms);
}

unsigned int model_waits(void)
{
	return waits;
}

void model_thaw(void)
{
	static uint8_t ciphertext[1 << 20];

	memset(ciphertext, 0xdb, sizeof(ciphertext));
	pthread_mutex_lock(&lock);
	for (; num_late; num_late--)
		/* What was unmapped is nobody's any more: no fault, and no harm. */
		model_write(late[num_late - 1].to, ciphertext, late[num_late - 1].len);
	pthread_mutex_unlock(&lock);
}

/* Memory that the device keeps although the call returns. */
static void leave_memory(const struct model_fault *f, unsigned long request, const void *arg)
{
	const struct crypt_op *crypt = arg;
	const struct crypt_auth_op *auth = arg;
	uint16_t flags = request == CIOCCRYPT ? crypt->flags : auth->flags;
	struct late l = {0};

	if (request == CIOCCRYPT && crypt->dst)
		l = (struct late){crypt->dst, crypt->len};
	if (request == CIOCAUTHCRYPT)
		l = (struct late){auth->dst, auth->len};
	if (l.len && (f->old ? !(flags & COP_FLAG_NO_ZC) : (flags & COP_FLAG_ZERO_COPY) != 0) &&
	    num_late < sizeof(late) / sizeof(late[0]))
		late[num_late++] = l;
}

static int hang(const struct model_fault *f, int fd, unsigned long request, const void *arg)
{
	unsigned int ms = fd < 1024 && timeouts[fd] ? timeouts[fd] : MODEL_TIMEOUT_MS;
	struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

	/* Only the newer driver leaves that to somebody else. */
	if (request == CIOCFSESSION && !f->old)
		return 0;
	pthread_mutex_lock(&lock);
	waits++;
	if (request == CIOCCRYPT || request == CIOCAUTHCRYPT)
		leave_memory(f, request, arg);
	pthread_mutex_unlock(&lock);
	while (nanosleep(&time, &time))
		;
	return request == CIOCFSESSION ? 0 : -EIO;
}

static int set_timeout(int fd, const void *arg)
{
	uint32_t ms;

	if (fault.old)
		return -EINVAL;
	if (model_read(&ms, arg, sizeof(ms)))
		return -EFAULT;
	if (fd < 1024)
		timeouts[fd] = ms;
	last_timeout = ms;
	return 0;
}

/* Whether this call is to have a fault; @f: which. */
static bool fault_due(unsigned long request, struct model_fault *f)
{
	bool due = false;

	pthread_mutex_lock(&lock);
	calls++;
	if (fault.times && (!fault.request || fault.request == request)) {
		if (fault.after) {
			fault.after--;
		} else {
			fault.times -= fault.times != UINT_MAX;
			due = true;
		}
	}
	*f = fault;
	pthread_mutex_unlock(&lock);
	return due;
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
	struct model_fault f;
	sigset_t all, old;
	int ret;

	if (request == CIOCTIMEOUT)
		return set_timeout(fd, arg);
	if (fault_due(request, &f)) {
		if (!f.error)
			return hang(&f, fd, request, arg);
		scribble(request, arg);
		return -f.error;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	theirs = OSSL_LIB_CTX_set0_default(context);
	ret = model_ioctl(fd, request, arg);
	OSSL_LIB_CTX_set0_default(theirs);
	if (request == CIOCGSESSINFO && !ret && f.software)
		((struct session_info_op *)arg)->flags = 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

static int open_any(const char *path, int flags, mode_t mode)
{
	int fd;

	pthread_once(&once, start);
	if (!strncmp(path, PREFIX, strlen(PREFIX))) {
		opens++;
		fd = fault.open ? -fault.open : model_open(flags);
		if (fd >= 0 && fd < 1024)
			timeouts[fd] = 0;
		return result(fd);
	}
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

/* The clock that the provider keeps its distance by. */
int clock_gettime(clockid_t id, struct timespec *time)
{
	long long ms = atomic_load(&stopped_ms);
	int ret = 0;

	if (id != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, id, time);
	*time = (struct timespec){0};
	if (!ms)
		ret = (int)syscall(SYS_clock_gettime, id, time);
	ms += atomic_load(&slept_ms) + time->tv_nsec / 1000000;
	time->tv_sec += ms / 1000;
	time->tv_nsec = ms % 1000 * 1000000L + time->tv_nsec % 1000000L;
	return ret;
}

/*
 * A memfd cannot be waited for by epoll. An eventfd that is readable stands for one, as poll() says
 * that a memfd is readable at any time.
 */
static struct stand_in {
	int epoll, fd, event;
} stand_ins[1024];

static int stand_in_add(int epoll, int fd, struct epoll_event *what)
{
	int event = eventfd(1, EFD_CLOEXEC), ret = -1;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; event >= 0 && i < sizeof(stand_ins) / sizeof(stand_ins[0]); i++) {
		if (stand_ins[i].event)
			continue;
		ret = (int)syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, event, what);
		stand_ins[i] = ret ? (struct stand_in){0} : (struct stand_in){epoll, fd, event};
		break;
	}
	pthread_mutex_unlock(&lock);
	if (ret && event >= 0)
		close(event);
	return ret;
}

static int stand_in_remove(int epoll, int fd)
{
	int ret = -1;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < sizeof(stand_ins) / sizeof(stand_ins[0]); i++) {
		if (!stand_ins[i].event || stand_ins[i].epoll != epoll || stand_ins[i].fd != fd)
			continue;
		ret = (int)syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, stand_ins[i].event, NULL);
		close(stand_ins[i].event);
		stand_ins[i] = (struct stand_in){0};
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

int epoll_ctl(int epoll, int op, int fd, struct epoll_event *what)
{
	if (!model_owns(fd))
		return (int)syscall(SYS_epoll_ctl, epoll, op, fd, what);
	return op == EPOLL_CTL_ADD ? stand_in_add(epoll, fd, what) : stand_in_remove(epoll, fd);
}

/* The provider asks before it opens the device for children without rights. */
uid_t geteuid(void)
{
	return privileged ? 0 : 65534;
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
