/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.c - /dev/crypto in user space, on libcrypto.
 *
 * Theory of operation
 * -------------------
 * An open file description is a memfd that holds a table of sessions. All that
 * the kernel gives descriptors then comes by itself: dup(), fork(), passing over
 * sockets, the last close. Each call maps the table, takes the mutex in it
 * (robust: a process may be killed while it holds it), works, and unmaps it.
 *
 * The caller's memory is reached with process_vm_readv() on the own process,
 * which answers EFAULT where the kernel would. An emulator of processes does not
 * have that call: there the memory is tried by read() or write(), and copied.
 *
 * A half-done hash is kept as the bytes hashed so far: its session stops taking
 * data when they reach HASH_ROOM. Enough for tests.
 *
 *	state.h		the table
 *	model.c		descriptors, the caller's memory, and which call is which
 *	session.c	CIOCGSESSION, CIOCFSESSION, CIOCGSESSINFO
 *	crypt.c		CIOCCRYPT, asynchronous and in batches too; CIOCCPHASH
 *	auth.c		CIOCAUTHCRYPT
 *	named.c		the calls of keys by name
 *	keys.c		these keys, and what they do
 *	calls.c		puts all this behind open() and ioctl() of a program
 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define NAME "cryptodev-model"

/*
 * Where our own mappings go: see model_map(). The address sanitizer has its shadow at the lower place.
 */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define OWN_PLACES ((uintptr_t)1 << 45)
#else
#define OWN_PLACES ((uintptr_t)1 << 36)
#endif
#define OWN_SIZE ((uintptr_t)64 << 20)
#define OWN_COUNT 1024u
_Static_assert(sizeof(struct table) <= OWN_SIZE && HASH_ROOM <= OWN_SIZE, "a place is too small");

/* Whether the program may read, or write over, that memory: asked by a system call that does. */
static bool reachable(void *p, size_t len, bool write_over)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, write_over ? "/dev/zero" : "/dev/null", O_RDWR);
	ssize_t n = syscall(write_over ? SYS_read : SYS_write, fd, p, len);

	syscall(SYS_close, fd);
	return n == (ssize_t)len;
}

int model_read(void *to, const void *from, size_t len)
{
	struct iovec local = {to, len}, remote = {(void *)from, len};

	if (!len || process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len)
		return 0;
	if (errno != ENOSYS || !reachable((void *)from, len, false))
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

int model_write(void *to, const void *from, size_t len)
{
	struct iovec local = {(void *)from, len}, remote = {to, len};

	if (!len || process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len)
		return 0;
	if (errno != ENOSYS || !reachable(to, len, true))
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

/* s390 passes the six arguments of this call in memory. */
void *model_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t at)
{
#ifdef __s390x__
	unsigned long args[] = {(unsigned long)addr, len,
				(unsigned long)prot, (unsigned long)flags,
				(unsigned long)fd,   (unsigned long)at};

	return (void *)syscall(SYS_mmap, args);
#else
	return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, at);
#endif
}

/*
 * A program under test may unmap memory while a call of another thread runs, and map the same
 * place again. The kernel must not put our mapping into that hole, so it is told of a part of the
 * address space that nobody else asks for. Where that part is taken, it chooses.
 */
void *model_map(int fd, size_t len, off_t at)
{
	static atomic_uint calls;
	uintptr_t place = OWN_PLACES + atomic_fetch_add(&calls, 1) % OWN_COUNT * OWN_SIZE;

	return model_mmap((void *)place, len, PROT_READ | PROT_WRITE,
			  fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, at);
}

int model_open(int flags)
{
	pthread_mutexattr_t attr;
	struct table *t;
	int fd = memfd_create(NAME, flags & O_CLOEXEC ? MFD_CLOEXEC : 0);

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)(TABLE_ROOM + (size_t)SLOTS * HASH_ROOM))) {
		close(fd);
		return -ENOMEM;
	}
	t = model_map(fd, sizeof(*t), 0);
	if (t == MAP_FAILED) {
		close(fd);
		return -ENOMEM;
	}
	/* As the driver's: an id of one open file should be none of another's. */
	if (getrandom(&t->generation, sizeof(t->generation), 0) != sizeof(t->generation))
		t->generation = (uint32_t)fd;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&t->lock, &attr);
	munmap(t, sizeof(*t));
	return fd;
}

bool model_owns(int fd)
{
	char link[64], target[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = 0;
	return strstr(target, "memfd:" NAME) != NULL;
}

struct slot *model_find(struct table *t, uint32_t id)
{
	struct slot *s = &t->slots[id % SLOTS];

	return id && s->id == id ? s : NULL;
}

static int crioget(int fd, void *arg)
{
	int clone = dup(fd);

	if (clone < 0)
		return -errno;
	if (!model_write(arg, &clone, sizeof(clone)))
		return 0;
	close(clone);
	return -EFAULT;
}

static int with_table(int fd, struct table *t, unsigned long request, void *arg)
{
	union {
		struct session_op session;
		struct crypt_op crypt;
		struct crypt_auth_op auth;
		struct cphash_op copy;
		struct crypt_batch batch;
		struct session_info_op info;
		struct crypt_label_op label;
		struct crypt_key_list list;
		struct crypt_key_info key_info;
		struct crypt_key_op key_op;
		struct crypt_key_fetch fetch;
		uint32_t id;
	} u;
	struct slot *s;
	int err;

	if (request == CIOCASYNCFETCH)
		return model_fetch(t, arg);
	if (model_read(&u, arg, _IOC_SIZE(request)))
		return -EFAULT;
	switch (request) {
	case CIOCGSESSION:
		err = model_session_new(t, &u.session, &u.session.ses);
		if (!err && model_write(arg, &u.session, sizeof(u.session))) {
			model_session_end(fd, t, model_find(t, u.session.ses));
			err = -EFAULT;
		}
		return err;
	case CIOCFSESSION:
		s = model_find(t, u.id);
		if (s)
			model_session_end(fd, t, s);
		return 0;
	case CIOCCPHASH:
		return model_hash_copy(fd, t, &u.copy);
	case CIOCAUTHCRYPT:
		err = model_auth(t, &u.auth);
		return err ? err : model_write(arg, &u.auth, sizeof(u.auth));
	case CIOCASYNCCRYPT:
		return model_submit(fd, t, &u.crypt);
	case CIOCCRYPTBATCH:
		return model_batch(fd, t, &u.batch);
	case CIOCGSESSINFO:
		err = model_session_info(t, &u.info);
		return err ? err : model_write(arg, &u.info, sizeof(u.info));
	case CIOCGSESSLABEL:
		err = model_label_session(t, &u.label);
		return err ? err : model_write(arg, &u.label, sizeof(u.label));
	case CIOCKEYLIST:
		err = model_key_list(&u.list);
		return err ? err : model_write(arg, &u.list, sizeof(u.list));
	case CIOCKEYINFO:
		err = model_key_info(&u.key_info);
		if (err && err != -EMSGSIZE)
			return err;
		return model_write(arg, &u.key_info, sizeof(u.key_info)) ? -EFAULT : err;
	case CIOCKEYOP:
		err = model_key_operate(t, &u.key_op);
		return err ? err : model_write(arg, &u.key_op, sizeof(u.key_op));
	case CIOCKEYASYNC:
		return model_key_submit(t, &u.key_op);
	case CIOCKEYFETCH:
		err = model_key_fetch(t, &u.fetch);
		if (err && err != -EMSGSIZE)
			return err;
		return model_write(arg, &u.fetch, sizeof(u.fetch)) ? -EFAULT : err;
	default:
		err = model_crypt(fd, t, &u.crypt, NULL);
		return err ? err : model_write(arg, &u.crypt, sizeof(u.crypt));
	}
}

short model_poll(int fd)
{
	struct table *t = model_map(fd, sizeof(*t), 0);
	short mask = 0;

	if (t == MAP_FAILED)
		return 0;
	if (__atomic_load_n(&t->later_num, __ATOMIC_RELAXED) || model_key_ready(t))
		mask |= POLLIN;
	if (__atomic_load_n(&t->later_num, __ATOMIC_RELAXED) +
		__atomic_load_n(&t->key_later_num, __ATOMIC_RELAXED) <
	    LATER)
		mask |= POLLOUT;
	munmap(t, sizeof(*t));
	return mask;
}

int model_ioctl(int fd, unsigned long request, void *arg)
{
	uint32_t zero = 0;
	struct table *t;
	int err;

	switch (request) {
	case CRIOGET:
		return crioget(fd, arg);
	/* Nothing hangs here. */
	case CIOCTIMEOUT:
		return model_read(&zero, arg, sizeof(zero));
	case CIOCASYMFEAT:
		return model_write(arg, &zero, sizeof(zero));
	case CIOCGSESSION:
	case CIOCFSESSION:
	case CIOCCRYPT:
	case CIOCAUTHCRYPT:
	case CIOCCPHASH:
	case CIOCASYNCCRYPT:
	case CIOCASYNCFETCH:
	case CIOCCRYPTBATCH:
	case CIOCGSESSINFO:
	case CIOCGSESSLABEL:
	case CIOCKEYLIST:
	case CIOCKEYINFO:
	case CIOCKEYOP:
	case CIOCKEYASYNC:
	case CIOCKEYFETCH:
		break;
	default:
		return -EINVAL;
	}
	t = model_map(fd, sizeof(*t), 0);
	if (t == MAP_FAILED)
		return -ENOMEM;
	if (pthread_mutex_lock(&t->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&t->lock);
	err = with_table(fd, t, request, arg);
	pthread_mutex_unlock(&t->lock);
	munmap(t, sizeof(*t));
	return err;
}
