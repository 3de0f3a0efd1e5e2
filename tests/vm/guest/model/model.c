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
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../refauth.h"

#define NAME "cryptodev-model"
#define SLOTS 16384
#define HASH_ROOM (3u << 20)
#define PIECE (1u << 20)
#define LATER 64
#define AUTH_ROOM (1u << 20)

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

/* A submitted operation: done at once, its digest handed over when it is fetched. */
struct later {
	struct crypt_op op;
	uint8_t digest[64];
	uint32_t size;
	int err;
};

struct table {
	pthread_mutex_t lock;
	uint32_t generation;
	uint32_t later_first, later_num;
	struct later later[LATER];
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

static bool cipher_ok(uint32_t id, uint32_t keylen)
{
	const struct ref_cipher *c = ref_cipher_find(id);
	const struct ref_aead *a = ref_aead_find(id);

	for (unsigned int i = 0; a && i < 3; i++)
		if (a->keylens[i] && a->keylens[i] == keylen)
			return true;
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

	if (ref_aead_find(op->cipher)) {
		if (op->mac && op->mackeylen)
			return -EINVAL;
		made.mac = 0;
		m = NULL;
	}
	if (m && op->cipher)
		made.taglen = m->size;
	if ((!op->cipher && !op->mac) || (made.mac && !m) || op->keylen > sizeof(made.key) ||
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

/* Data, and additional data, to private memory with room for what is added. */
static int auth_read(const struct crypt_auth_op *op, uint8_t **aad, uint8_t **buf)
{
	*aad = malloc(op->auth_len + 1);
	*buf = malloc((size_t)op->len + 256);
	if (!*aad || !*buf)
		return -ENOMEM;
	if (user_read(*aad, op->auth_src, op->auth_len))
		return -EFAULT;
	return user_read(*buf, op->src, op->len) ? -EINVAL : 0;
}

/* Plain AEAD and TLS: what is added stands behind the data. */
static int auth_appended(struct slot *s, struct crypt_auth_op *op, struct ref_auth *a, bool tls)
{
	size_t outlen = 0, datalen;
	uint8_t *aad, *buf;
	int err = auth_read(op, &aad, &buf);
	uint8_t last[16] = {0};

	/* the last block of ciphertext, when that is what goes in */
	if (!err && op->len >= sizeof(last))
		memcpy(last, buf + op->len - sizeof(last), sizeof(last));
	a->aad = aad;
	a->aadlen = op->auth_len;
	if (!err)
		err = tls ? ref_tls(a, buf, op->len, &outlen) : ref_aead(a, buf, op->len, &outlen);
	if (!err)
		err = user_write(op->dst, buf, outlen);
	if (!err && tls)
		memcpy(s->iv, op->op == COP_DECRYPT ? last : buf + outlen - 16, 16);
	if (!err) {
		datalen = op->op == COP_DECRYPT ? outlen : op->len;
		if (!tls)
			op->tag = at_offset(op->dst, datalen);
		op->len = (uint32_t)outlen;
	}
	free(aad);
	free(buf);
	return err;
}

static int auth_srtp(struct slot *s, struct crypt_auth_op *op, struct ref_auth *a)
{
	size_t off = (uintptr_t)op->src - (uintptr_t)op->auth_src;
	uint8_t *region = malloc(op->auth_len + 1), tag[64];
	int err = region ? 0 : -ENOMEM;

	a->aadlen = op->auth_len;
	if (!err && user_read(region, op->auth_src, op->auth_len))
		err = -EFAULT;
	if (!err && op->op == COP_DECRYPT)
		err = user_read(tag, op->tag, a->taglen);
	if (!err)
		err = ref_srtp(a, region, off, op->len, tag);
	if (!err)
		err = user_write(op->dst, region + off, op->len);
	if (!err && op->op == COP_ENCRYPT)
		err = user_write(op->tag, tag, a->taglen);
	if (!err && s->cipher == CRYPTO_AES_CTR)
		ref_counter_add(s->iv, (op->len + 15) / 16);
	free(region);
	return err;
}

/* What is refused before anything is read. */
static int auth_check(const struct slot *s, const struct crypt_auth_op *op)
{
	const struct ref_cipher *c = s ? ref_cipher_find(s->cipher) : NULL;
	size_t off = (uintptr_t)op->src - (uintptr_t)op->auth_src;
	bool tls = op->flags & COP_FLAG_AEAD_TLS_TYPE, srtp = op->flags & COP_FLAG_AEAD_SRTP_TYPE;
	uint32_t tag;

	if (!s || op->op > COP_DECRYPT || !s->cipher || op->tag_len > s->taglen)
		return -EINVAL;
	tag = op->tag_len ? op->tag_len : s->taglen;
	if (!c) {
		bool ok = s->cipher == CRYPTO_AES_GCM	? tag == 4 || tag == 8 || tag >= 12
			  : s->cipher == CRYPTO_AES_CCM ? tag >= 4 && tag % 2 == 0
							: tag == 16;

		if (srtp || !ok || op->auth_len > 4096 || op->len > UINT32_MAX - tag ||
		    (op->op == COP_DECRYPT && op->len < tag))
			return -EINVAL;
		return op->len > AUTH_ROOM ? -EMSGSIZE : 0;
	}
	if (!s->mac || !ref_mac_find(s->mac)->keyed || !(tls || srtp) || op->src != op->dst)
		return -EINVAL;
	if (tls)
		return op->auth_len > 4096 || c->block < 2 ||
			       (op->op == COP_DECRYPT && (!op->len || op->len % c->block))
			   ? -EINVAL
			   : 0;
	return c->block != 1 || off > 256 || off > op->auth_len || op->len > op->auth_len - off
		   ? -EINVAL
		   : 0;
}

/* CIOCAUTHCRYPT. A session's tag length never grows. */
static int do_auth(struct table *t, struct crypt_auth_op *op)
{
	struct slot *s = find(t, op->ses);
	int err = auth_check(s, op);
	uint8_t iv[16], before[16];
	struct ref_auth a = {.open = op->op == COP_DECRYPT, .iv = iv};
	size_t ivsize;

	if (err)
		return err;
	a.cipher = s->cipher;
	a.mac = s->mac;
	a.key = s->key;
	a.keylen = s->keylen;
	a.mackey = s->mackey;
	a.mackeylen = s->mackeylen;
	ivsize = ref_cipher_find(s->cipher) ? ref_cipher_find(s->cipher)->ivsize
					    : ref_aead_find(s->cipher)->ivsize;
	memcpy(iv, s->iv, sizeof(iv));
	if (op->iv && user_read(iv, op->iv, ivsize))
		return -EFAULT;
	if (op->tag_len)
		s->taglen = op->tag_len;
	a.taglen = s->taglen;
	memcpy(before, s->iv, sizeof(before));
	memcpy(s->iv, iv, sizeof(iv));
	if (!ref_cipher_find(s->cipher))
		err = auth_appended(s, op, &a, false);
	else if (op->flags & COP_FLAG_AEAD_TLS_TYPE)
		err = auth_appended(s, op, &a, true);
	else
		err = auth_srtp(s, op, &a);
	/* what fails leaves no IV */
	if (err)
		memcpy(s->iv, before, sizeof(before));
	op->tag_len = s->taglen;
	if (!err && op->iv && op->flags & COP_FLAG_WRITE_IV)
		err = user_write(op->iv, s->iv, ivsize);
	return err;
}

/* Where a session's hashed bytes are kept: behind the table, in the same, sparse memfd. */
static uint8_t *hash_map(int fd, struct table *t, struct slot *s)
{
	void *p = map(fd, HASH_ROOM, hash_area(t, s));

	return p == MAP_FAILED ? NULL : p;
}

static int do_mac(int fd, struct table *t, struct slot *s, const struct crypt_op *op,
		  const uint8_t *from, struct later *later)
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
		s->hashed = 0;
		if (!err && later) {
			memcpy(later->digest, digest, m->size);
			later->size = m->size;
		} else if (!err) {
			err = user_write(op->mac, digest, m->size);
		}
	}
	munmap(room, HASH_ROOM);
	return err;
}

static int do_crypt(int fd, struct table *t, const struct crypt_op *op, struct later *later)
{
	struct slot *s = find(t, op->ses);
	const struct ref_cipher *c = s ? ref_cipher_find(s->cipher) : NULL;
	uint8_t iv[16] = {0};
	int err = 0;

	if (!s || ref_aead_find(s->cipher) || op->op > COP_DECRYPT || (c && op->len % c->block))
		return -EINVAL;
	if (!op->len && !s->mac)
		return 0;
	memcpy(iv, s->iv, sizeof(iv));
	if (c && op->iv && user_read(iv, op->iv, c->ivsize))
		return -EFAULT;
	if (s->mac && (!c || op->op == COP_ENCRYPT))
		err = do_mac(fd, t, s, op, op->src, later);
	if (!err && c && op->len)
		err = do_cipher(s, op, iv);
	if (!err && c && s->mac && op->op == COP_DECRYPT)
		err = do_mac(fd, t, s, op, op->dst, later);
	if (err)
		return err;
	if (c)
		memcpy(s->iv, iv, sizeof(iv));
	if (c && op->iv && op->flags & COP_FLAG_WRITE_IV && user_write(op->iv, iv, c->ivsize))
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

/* All at once; only that it looks like what it stands for. */
static int do_submit(int fd, struct table *t, const struct crypt_op *op)
{
	struct later *l = &t->later[(t->later_first + t->later_num) % LATER];

	if (op->flags & COP_FLAG_NO_ZC || !find(t, op->ses))
		return -EINVAL;
	if (t->later_num == LATER)
		return -EBUSY;
	l->op = *op;
	l->size = 0;
	l->err = do_crypt(fd, t, op, l);
	t->later_num++;
	return 0;
}

static int do_fetch(struct table *t, void *arg)
{
	struct later *l = &t->later[t->later_first];

	if (!t->later_num)
		return -EBUSY;
	t->later_first = (t->later_first + 1) % LATER;
	t->later_num--;
	if (!l->err && user_write(l->op.mac, l->digest, l->size))
		l->err = -EFAULT;
	return user_write(arg, &l->op, sizeof(l->op)) ? -EFAULT : l->err;
}

static int do_batch(int fd, struct table *t, const struct crypt_batch *batch)
{
	if (batch->flags || !batch->count || batch->count > CRYPT_BATCH_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < batch->count; i++) {
		struct crypt_op op;
		int32_t err;

		if (user_read(&op, (void *)(uintptr_t)(batch->ops + i * sizeof(op)), sizeof(op)))
			return -EFAULT;
		err = do_crypt(fd, t, &op, NULL);
		if (user_write((void *)(uintptr_t)(batch->status + i * sizeof(err)), &err,
			       sizeof(err)))
			return -EFAULT;
	}
	return 0;
}

static void name_part(char *name, char *driver, const char *what)
{
	snprintf(name, CRYPTODEV_MAX_ALG_NAME, "%s", what);
	snprintf(driver, CRYPTODEV_MAX_ALG_NAME, "model-%s", what);
}

static int do_info(struct table *t, struct session_info_op *info)
{
	const struct slot *s = find(t, info->ses);
	const struct ref_mac *m = s ? ref_mac_find(s->mac) : NULL;
	uint32_t ses = info->ses;

	if (!s)
		return -EINVAL;
	memset(info, 0, sizeof(*info));
	info->ses = ses;
	info->flags = SIOP_FLAG_KERNEL_DRIVER_ONLY;
	if (s->cipher)
		name_part(info->cipher_info.cra_name, info->cipher_info.cra_driver_name,
			  s->cipher == CRYPTO_AES_CBC ? "cbc(aes)" : "cipher");
	if (m)
		name_part(info->hash_info.cra_name, info->hash_info.cra_driver_name, m->name);
	return 0;
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
		struct crypt_batch batch;
		struct session_info_op info;
		uint32_t id;
	} u;
	struct slot *s;
	int err;

	if (request == CIOCASYNCFETCH)
		return do_fetch(t, arg);
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
	case CIOCASYNCCRYPT:
		return do_submit(fd, t, &u.crypt);
	case CIOCCRYPTBATCH:
		return do_batch(fd, t, &u.batch);
	case CIOCGSESSINFO:
		err = do_info(t, &u.info);
		return err ? err : user_write(arg, &u.info, sizeof(u.info));
	default:
		err = do_crypt(fd, t, &u.crypt, NULL);
		return err ? err : user_write(arg, &u.crypt, sizeof(u.crypt));
	}
}

short model_poll(int fd)
{
	struct table *t = map(fd, sizeof(*t), 0);
	short mask = 0;

	if (t == MAP_FAILED)
		return 0;
	if (__atomic_load_n(&t->later_num, __ATOMIC_RELAXED))
		mask |= POLLIN;
	if (__atomic_load_n(&t->later_num, __ATOMIC_RELAXED) < LATER)
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
	case CIOCASYMFEAT:
		return user_write(arg, &zero, sizeof(zero));
	case CIOCGSESSION:
	case CIOCFSESSION:
	case CIOCCRYPT:
	case CIOCAUTHCRYPT:
	case CIOCCPHASH:
	case CIOCASYNCCRYPT:
	case CIOCASYNCFETCH:
	case CIOCCRYPTBATCH:
	case CIOCGSESSINFO:
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
