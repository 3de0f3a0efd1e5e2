/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake_cryptodev.c - a /dev/crypto in user space. See fake_cryptodev.h. */
#include "tests/unit/fake_cryptodev.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"
#include "tests/unit/evp_reference.h"

#define MAX_FILES 16
#define MAX_SESSIONS 256
#define FIRST_FD 1000

struct session {
	uint32_t ses; /* 0: free */
	const struct eng_alg *cipher, *mac;
	uint8_t key[64], mackey[512];
	size_t key_len, mackey_len;
	uint8_t *data; /* what the hash has been fed */
	size_t data_len;
	bool ended;
};

struct file {
	bool open;
	uint32_t last_ses;
	struct session sessions[MAX_SESSIONS];
};

struct fake_control fake;
static struct file files[MAX_FILES];
/* Recursive: a failed check leaves by a long jump, and the next test shall run nevertheless. */
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static int refuse(int error)
{
	errno = error;
	return -1;
}

static int fake_open(const char *path, int flags)
{
	int fd = -1;

	pthread_mutex_lock(&lock);
	if (fake.open_error && !fake.open_after) {
		pthread_mutex_unlock(&lock);
		return refuse(fake.open_error);
	}
	if (fake.open_after)
		fake.open_after--;
	for (int i = 0; i < MAX_FILES && fd < 0; i++)
		if (!files[i].open) {
			memset(&files[i], 0, sizeof(files[i]));
			files[i].open = true;
			fake.files++;
			fd = FIRST_FD + i;
		}
	pthread_mutex_unlock(&lock);
	return fd >= 0 ? fd : refuse(EMFILE);
}

static struct file *file_of(int fd)
{
	assert_true(fd >= FIRST_FD && fd < FIRST_FD + MAX_FILES && files[fd - FIRST_FD].open);
	return &files[fd - FIRST_FD];
}

static void session_end(struct session *session)
{
	free(session->data);
	memset(session, 0, sizeof(*session));
	fake.sessions--;
}

static int fake_close(int fd)
{
	struct file *file;

	pthread_mutex_lock(&lock);
	file = file_of(fd);
	for (size_t i = 0; i < MAX_SESSIONS; i++)
		if (file->sessions[i].ses)
			session_end(&file->sessions[i]);
	file->open = false;
	fake.files--;
	pthread_mutex_unlock(&lock);
	return 0;
}

static struct session *find(struct file *file, uint32_t ses)
{
	for (size_t i = 0; ses && i < MAX_SESSIONS; i++)
		if (file->sessions[i].ses == ses)
			return &file->sessions[i];
	return NULL;
}

/* Without libcrypto's legacy provider some ciphers cannot be had here either. */
static bool missing(const struct eng_alg *alg)
{
	bool listed = false, available = false;

	for (const struct reference_cipher *ref = reference_ciphers; ref->id; ref++)
		if (ref->id == alg->id) {
			listed = true;
			available |= reference_available(ref);
		}
	return fake.missing == UINT32_MAX || fake.missing == alg->id || (listed && !available);
}

static int gsession(struct file *file, struct session_op *op)
{
	struct session *session = file->sessions;
	const struct eng_alg *cipher = eng_alg_find(op->cipher), *mac = eng_alg_find(op->mac);

	if ((!op->cipher && !op->mac) || (op->cipher && (!cipher || missing(cipher))) ||
	    (op->mac && (!mac || missing(mac))))
		return refuse(EINVAL);
	if (cipher && (cipher->kind == ENG_ALG_HASH || cipher->kind == ENG_ALG_MAC))
		return refuse(EINVAL);
	if (mac && (mac->kind == ENG_ALG_CIPHER || mac->kind == ENG_ALG_AEAD))
		return refuse(EINVAL);
	if ((cipher && !eng_alg_key_ok(cipher, op->keylen)) ||
	    (mac && mac->kind == ENG_ALG_MAC && !eng_alg_key_ok(mac, op->mackeylen)))
		return refuse(EINVAL);
	if ((op->keylen && !op->key) || (op->mackeylen && !op->mackey))
		return refuse(EFAULT);
	while (session < file->sessions + MAX_SESSIONS && session->ses)
		session++;
	if (session == file->sessions + MAX_SESSIONS)
		return refuse(ENOMEM);
	*session = (struct session){.cipher = cipher, .mac = mac};
	session->key_len = op->keylen;
	session->mackey_len = op->mackeylen;
	if (op->keylen)
		memcpy(session->key, op->key, op->keylen);
	if (op->mackeylen)
		memcpy(session->mackey, op->mackey, op->mackeylen);
	session->ses = op->ses = ++file->last_ses;
	fake.sessions++;
	return 0;
}

static int gsessinfo(struct file *file, struct session_info_op *op)
{
	struct session *session = find(file, op->ses);

	if (!session)
		return refuse(EINVAL);
	if (session->cipher)
		eng_alg_driver_name(session->cipher, "fake", op->cipher_info.cra_driver_name,
				    CRYPTODEV_MAX_ALG_NAME);
	if (session->mac)
		eng_alg_driver_name(session->mac, "fake", op->hash_info.cra_driver_name,
				    CRYPTODEV_MAX_ALG_NAME);
	return 0;
}

static void feed(struct session *session, const uint8_t *bytes, size_t len)
{
	session->data = realloc(session->data, session->data_len + len + 1);
	assert_non_null(session->data);
	if (len)
		memcpy(session->data + session->data_len, bytes, len);
	session->data_len += len;
}

static bool wrong(const struct eng_alg *alg)
{
	return alg && (fake.wrong == UINT32_MAX || fake.wrong == alg->id);
}

static void crypt_cipher(const struct session *session, const struct crypt_op *op)
{
	static const uint8_t no_iv[EALG_MAX_BLOCK_LEN];
	const struct reference_cipher *ref = reference_ciphers;

	while (ref->id && (ref->id != session->cipher->id || ref->key_len != session->key_len))
		ref++;
	if (ref->id)
		reference_crypt(ref, op->op == COP_ENCRYPT, session->key, op->iv ? op->iv : no_iv,
				op->src, op->dst, op->len);
	if (op->len && wrong(session->cipher))
		op->dst[op->len - 1] ^= 1;
}

static int ciphcrypt(struct file *file, struct crypt_op *op)
{
	struct session *session = find(file, op->ses);
	bool due;

	if (!session || op->op > COP_DECRYPT ||
	    (session->cipher && session->cipher->kind == ENG_ALG_AEAD))
		return refuse(EINVAL);
	if (session->cipher && op->len % session->cipher->block_size)
		return refuse(EINVAL);
	due = op->flags & COP_FLAG_FINAL || !(op->flags & COP_FLAG_UPDATE) || !op->len;
	if (!op->src || (session->cipher && !op->dst) || (session->mac && due && !op->mac) ||
	    (session->cipher && session->cipher->iv_len && !op->iv))
		return refuse(EFAULT);
	if (session->mac && (!op->flags || op->flags & COP_FLAG_RESET)) {
		session->data_len = 0;
		session->ended = false;
	}
	/* The real one continues with a dead state; here it is an error of the backend. */
	assert_false(session->mac && session->ended);
	if (session->mac && (!session->cipher || op->op == COP_ENCRYPT))
		feed(session, op->src, op->len);
	if (session->cipher)
		crypt_cipher(session, op);
	if (session->mac && session->cipher && op->op == COP_DECRYPT)
		feed(session, op->dst, op->len);
	if (session->mac && due) {
		reference_hash_run(reference_hash_find(session->mac->id), session->mackey,
				   session->mackey_len, session->data ? session->data : op->src,
				   session->data_len, op->mac);
		session->ended = true;
		if (wrong(session->mac))
			op->mac[0] ^= 1;
	}
	return 0;
}

/* Nonce and its length from the IV of the ABI: CCM's is the first counter block. */
static size_t nonce_of(const struct session *session, const uint8_t *iv, const uint8_t **nonce)
{
	if (session->cipher->id != CRYPTO_AES_CCM) {
		*nonce = iv;
		return 12;
	}
	*nonce = iv + 1;
	return 14u - iv[0];
}

static int authcrypt(struct file *file, struct crypt_auth_op *op)
{
	struct session *session = find(file, op->ses);
	const struct reference_aead *ref = reference_aeads;
	struct reference_aead_job job;
	uint8_t tag[16], *data, *again;
	bool decrypt = op->op == COP_DECRYPT, good;
	uint32_t len;

	if (!session || !session->cipher || session->cipher->kind != ENG_ALG_AEAD || op->flags ||
	    op->auth_len > 4096 || !eng_alg_tag_ok(session->cipher, op->tag_len) ||
	    (decrypt && op->len < op->tag_len))
		return refuse(EINVAL);
	if (!op->src || !op->dst || !op->iv || (op->auth_len && !op->auth_src))
		return refuse(EFAULT);
	if (session->cipher->id == CRYPTO_AES_CCM && (op->iv[0] < 1 || op->iv[0] > 7))
		return refuse(EINVAL);
	while (ref->id && (ref->id != session->cipher->id || ref->key_len != session->key_len))
		ref++;
	assert_true(ref->id);
	job = (struct reference_aead_job){
	    .key = session->key,
	    .aad = op->auth_src,
	    .aad_len = op->auth_len,
	    .tag_len = op->tag_len,
	};
	job.nonce_len = nonce_of(session, op->iv, &job.nonce);
	len = decrypt ? op->len - op->tag_len : op->len;
	data = malloc(len + 16);
	again = malloc(len + 16);
	/* The modes are stream modes: what encrypts decrypts, only the tag is of the plaintext. */
	memcpy(data, op->src, len);
	reference_aead_seal(ref, &job, data, len, again, tag);
	if (decrypt) {
		memcpy(data, again, len);
		reference_aead_seal(ref, &job, data, len, again, tag);
		good = !memcmp(tag, op->src + len, op->tag_len);
		/* The plaintext is there although it is not good, as with the real one. */
		memcpy(op->dst, data, len);
		op->len = len;
	} else {
		good = true;
		memcpy(op->dst, again, len);
		memcpy(op->dst + len, tag, op->tag_len);
		op->len = len + op->tag_len;
	}
	if (len && wrong(session->cipher))
		op->dst[len - 1] ^= 1;
	free(data);
	free(again);
	return good ? 0 : refuse(EBADMSG);
}

static int cphash(struct file *file, const struct cphash_op *op)
{
	struct session *dst = find(file, op->dst_ses), *src = find(file, op->src_ses);

	if (!dst || !src)
		return refuse(ENOENT);
	if (dst == src)
		return refuse(EDEADLK);
	if (!dst->mac || dst->mac != src->mac)
		return refuse(EINVAL);
	dst->data_len = 0;
	dst->ended = src->ended;
	feed(dst, src->data, src->data_len);
	return 0;
}

static int dispatch(struct file *file, unsigned long request, void *arg)
{
	struct session *session;

	switch (request) {
	case CIOCGSESSION:
		return gsession(file, arg);
	case CIOCFSESSION:
		session = find(file, *(uint32_t *)arg);
		assert_non_null(session); /* the backend frees what it made, once */
		session_end(session);
		return 0;
	case CIOCGSESSINFO:
		return gsessinfo(file, arg);
	case CIOCCRYPT:
		return ciphcrypt(file, arg);
	case CIOCAUTHCRYPT:
		return authcrypt(file, arg);
	case CIOCCPHASH:
		return cphash(file, arg);
	default:
		return refuse(EINVAL);
	}
}

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	int result;

	pthread_mutex_lock(&lock);
	fake.calls++;
	if (request == fake.fail_request && fake.fail_times) {
		if (fake.fail_after) {
			fake.fail_after--;
		} else {
			fake.fail_times--;
			pthread_mutex_unlock(&lock);
			return refuse(fake.fail_error);
		}
	}
	result = dispatch(file_of(fd), request, arg);
	pthread_mutex_unlock(&lock);
	return result;
}

const struct eng_cryptodev_sys fake_cryptodev = {
    .open = fake_open,
    .ioctl = fake_ioctl,
    .close = fake_close,
};
