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
 * which answers EFAULT where the kernel would.
 *
 * A half-done hash is kept as the bytes hashed so far: its session stops taking
 * data when they reach HASH_ROOM. Enough for tests.
 */
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../ref.h"

#define NAME "cryptodev-model"
#define SLOTS 16384
#define HASH_ROOM (3u << 20)
#define PIECE (1u << 20)

struct slot {
	uint32_t id;
	uint32_t cipher, mac;
	uint32_t keylen, mackeylen;
	uint8_t key[CRYPTO_CIPHER_MAX_KEY_LEN];
	uint8_t mackey[CRYPTO_HMAC_MAX_KEY_LEN];
	uint8_t iv[16];
	uint32_t hashed;
	uint32_t taglen;
};

struct table {
	pthread_mutex_t lock;
	uint32_t generation;
	struct slot slots[SLOTS];
};

#define TABLE_ROOM ((sizeof(struct table) + 4095) / 4096 * 4096)

/* The caller's addresses need not be pointers to anything. */
static void *at_offset(const void *p, size_t offset)
{
	return (void *)((uintptr_t)p + offset);
}

static int user_read(void *to, const void *from, size_t len)
{
	struct iovec local = {to, len}, remote = {(void *)from, len};

	if (!len)
		return 0;
	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len ? 0 : -EFAULT;
}

static int user_write(void *to, const void *from, size_t len)
{
	struct iovec local = {(void *)from, len}, remote = {to, len};

	if (!len)
		return 0;
	return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len ? 0 : -EFAULT;
}

/* Not mmap(): calls.c has that, to refuse mapping the device. */
static void *map(int fd, size_t len, off_t at)
{
	return (void *)syscall(SYS_mmap, NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at);
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
	t = map(fd, sizeof(*t), 0);
	if (t == MAP_FAILED) {
		close(fd);
		return -ENOMEM;
	}
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

static struct slot *find(struct table *t, uint32_t id)
{
	struct slot *s = &t->slots[id % SLOTS];

	return id && s->id == id ? s : NULL;
}

static bool is_aead(uint32_t id)
{
	return id == CRYPTO_AES_GCM || id == CRYPTO_AES_CCM;
}

static bool cipher_ok(uint32_t id, uint32_t keylen)
{
	if (is_aead(id))
		return keylen == 16 || keylen == 24 || keylen == 32;
	const struct ref_cipher *c = ref_cipher_find(id);

	for (unsigned int i = 0; c && i < ref_cipher_keys(c); i++)
		if (c->keylens[i] == keylen)
			return true;
	return false;
}

static int session_new(struct table *t, const struct session_op *op, uint32_t *id)
{
	struct slot made = {
	    .cipher = op->cipher, .mac = op->mac, .keylen = op->keylen, .taglen = 16};
	const struct ref_mac *m = ref_mac_find(op->mac);

	if ((!op->cipher && !op->mac) || (op->mac && !m) || op->keylen > sizeof(made.key) ||
	    op->mackeylen > sizeof(made.mackey) ||
	    (op->cipher && !cipher_ok(op->cipher, op->keylen)))
		return -EINVAL;
	if (op->cipher && user_read(made.key, op->key, op->keylen))
		return -EFAULT;
	if (m && m->keyed) {
		made.mackeylen = op->mackeylen;
		if (user_read(made.mackey, op->mackey, op->mackeylen))
			return -EFAULT;
	}
	for (uint32_t i = 0; i <= SLOTS; i++) {
		struct slot *s = &t->slots[++t->generation % SLOTS];

		if (s->id || !t->generation)
			continue;
		made.id = t->generation;
		*s = made;
		*id = made.id;
		return 0;
	}
	return -ENOMEM;
}

static off_t hash_area(const struct table *t, const struct slot *s)
{
	return (off_t)(TABLE_ROOM + (size_t)(s - t->slots) * HASH_ROOM);
}

static void session_end(int fd, struct table *t, struct slot *s)
{
	if (s->hashed)
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, hash_area(t, s),
			  HASH_ROOM);
	memset(s, 0, sizeof(*s));
}

/* The cipher's part, piece by piece so that the caller's memory is copied once each way. */
static int do_cipher(struct slot *s, const struct crypt_op *op, uint8_t *iv)
{
	struct ref_session ref;
	uint8_t *buf = malloc(op->len < PIECE ? op->len : PIECE);
	int err =
	    buf ? ref_session_init(&ref, ref_cipher_find(s->cipher), s->key, s->keylen) : -ENOMEM;

	if (err)
		return err;
	for (uint32_t done = 0; !err && done < op->len;) {
		uint32_t n = op->len - done < PIECE ? op->len - done : PIECE;

		err = user_read(buf, at_offset(op->src, done), n);
		if (!err)
			err = ref_crypt(&ref, op->op, done ? NULL : iv, buf, buf, n);
		if (!err)
			err = user_write(at_offset(op->dst, done), buf, n);
		done += n;
	}
	memcpy(iv, ref.iv, 16);
	ref_session_free(&ref);
	free(buf);
	return err;
}

/*
 * CIOCAUTHCRYPT, plain AEAD only: the tag stands behind the ciphertext, and a
 * session's tag length never grows.
 */
static int do_auth(struct table *t, struct crypt_auth_op *op)
{
	struct slot *s = find(t, op->ses);
	size_t outlen = 0, room = (size_t)op->len + 16;
	uint8_t *aad, *buf, iv[16];
	int err;

	if (!s || op->op > COP_DECRYPT || !is_aead(s->cipher) || op->auth_len > 4096 ||
	    op->tag_len > s->taglen)
		return -EINVAL;
	if (op->tag_len)
		s->taglen = op->tag_len;
	aad = malloc(op->auth_len + 1);
	buf = malloc(room);
	err = aad && buf ? 0 : -ENOMEM;
	if (!err && (user_read(aad, op->auth_src, op->auth_len) ||
		     user_read(iv, op->iv, s->cipher == CRYPTO_AES_GCM ? 12 : 16)))
		err = -EFAULT;
	if (!err && user_read(buf, op->src, op->len))
		err = -EINVAL;
	if (!err)
		err =
		    model_aead(s->cipher == CRYPTO_AES_CCM, op->op == COP_DECRYPT, s->key,
			       s->keylen, iv, aad, op->auth_len, buf, op->len, s->taglen, &outlen);
	if (!err)
		err = user_write(op->dst, buf, outlen);
	op->len = (uint32_t)outlen;
	op->tag_len = s->taglen;
	free(aad);
	free(buf);
	return err;
}

/* Where a session's hashed bytes are kept: behind the table, in the same, sparse memfd. */
static uint8_t *hash_map(int fd, struct table *t, struct slot *s)
{
	void *p = map(fd, HASH_ROOM, hash_area(t, s));

	return p == MAP_FAILED ? NULL : p;
}

static int do_mac(int fd, struct table *t, struct slot *s, const struct crypt_op *op,
		  const uint8_t *from)
{
	const struct ref_mac *m = ref_mac_find(s->mac);
	uint8_t *room = hash_map(fd, t, s), digest[64];
	int err = 0;

	if (!room)
		return -ENOMEM;
	if (!op->flags || op->flags & COP_FLAG_RESET)
		s->hashed = 0;
	if (op->len > HASH_ROOM - s->hashed)
		err = -ENOMEM;
	if (!err)
		err = user_read(room + s->hashed, from, op->len);
	if (!err)
		s->hashed += op->len;
	if (!err && (op->flags & COP_FLAG_FINAL || !(op->flags & COP_FLAG_UPDATE) || !op->len)) {
		err = ref_digest(m, s->mackey, s->mackeylen, room, s->hashed, digest);
		if (!err)
			err = user_write(op->mac, digest, m->size);
	}
	munmap(room, HASH_ROOM);
	return err;
}

static int do_crypt(int fd, struct table *t, const struct crypt_op *op)
{
	struct slot *s = find(t, op->ses);
	const struct ref_cipher *c = s ? ref_cipher_find(s->cipher) : NULL;
	uint8_t iv[16] = {0};
	int err = 0;

	if (!s || is_aead(s->cipher) || op->op > COP_DECRYPT || (c && op->len % c->block))
		return -EINVAL;
	if (!op->len && !s->mac)
		return 0;
	memcpy(iv, s->iv, sizeof(iv));
	if (c && op->iv && user_read(iv, op->iv, c->ivsize))
		return -EFAULT;
	if (s->mac && (!c || op->op == COP_ENCRYPT))
		err = do_mac(fd, t, s, op, op->src);
	if (!err && c && op->len)
		err = do_cipher(s, op, iv);
	if (!err && c && s->mac && op->op == COP_DECRYPT)
		err = do_mac(fd, t, s, op, op->dst);
	if (err)
		return err;
	if (c)
		memcpy(s->iv, iv, sizeof(iv));
	if (c && op->flags & COP_FLAG_WRITE_IV && user_write(op->iv, iv, c->ivsize))
		return -EFAULT;
	return 0;
}

static int hash_copy(int fd, struct table *t, const struct cphash_op *op)
{
	struct slot *from = find(t, op->src_ses), *to = find(t, op->dst_ses);
	uint8_t *a, *b;

	if (!from || !to)
		return -ENOENT;
	if (from == to)
		return -EDEADLK;
	if (!from->mac || from->mac != to->mac)
		return -EINVAL;
	a = hash_map(fd, t, from);
	b = hash_map(fd, t, to);
	if (a && b) {
		memcpy(b, a, from->hashed);
		to->hashed = from->hashed;
	}
	if (a)
		munmap(a, HASH_ROOM);
	if (b)
		munmap(b, HASH_ROOM);
	return a && b ? 0 : -ENOMEM;
}

static int crioget(int fd, void *arg)
{
	int clone = dup(fd);

	if (clone < 0)
		return -errno;
	if (!user_write(arg, &clone, sizeof(clone)))
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
		uint32_t id;
	} u;
	struct slot *s;
	int err;

	if (user_read(&u, arg, _IOC_SIZE(request)))
		return -EFAULT;
	switch (request) {
	case CIOCGSESSION:
		err = session_new(t, &u.session, &u.session.ses);
		if (!err && user_write(arg, &u.session, sizeof(u.session))) {
			session_end(fd, t, find(t, u.session.ses));
			err = -EFAULT;
		}
		return err;
	case CIOCFSESSION:
		s = find(t, u.id);
		if (s)
			session_end(fd, t, s);
		return 0;
	case CIOCCPHASH:
		return hash_copy(fd, t, &u.copy);
	case CIOCAUTHCRYPT:
		err = do_auth(t, &u.auth);
		return err ? err : user_write(arg, &u.auth, sizeof(u.auth));
	default:
		err = do_crypt(fd, t, &u.crypt);
		return err ? err : user_write(arg, &u.crypt, sizeof(u.crypt));
	}
}

int model_ioctl(int fd, unsigned long request, void *arg)
{
	uint32_t zero = 0;
	struct table *t;
	int err;

	switch (request) {
	case CRIOGET:
		return crioget(fd, arg);
	case CIOCASYMFEAT:
		return user_write(arg, &zero, sizeof(zero));
	case CIOCGSESSION:
	case CIOCFSESSION:
	case CIOCCRYPT:
	case CIOCAUTHCRYPT:
	case CIOCCPHASH:
		break;
	default:
		return -EINVAL;
	}
	t = map(fd, sizeof(*t), 0);
	if (t == MAP_FAILED)
		return -ENOMEM;
	if (pthread_mutex_lock(&t->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&t->lock);
	err = with_table(fd, t, request, arg);
	pthread_mutex_unlock(&t->lock);
	munmap(t, sizeof(*t));
	return err;
}
