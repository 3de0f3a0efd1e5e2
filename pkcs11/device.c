/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device.c - keys on the device, and operations with them. See module.h. */
#include "pkcs11/module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"
#include "virtio_cryptodev.h"

static const char *path(void)
{
	const char *device = secure_getenv("VCRYPTO_PKCS11_DEVICE");

	return device && *device ? device : KEY_DEVICE;
}

/* Whether the descriptor is still the one that was opened: daemons close what they do not know. */
static bool still_ours(void)
{
	struct stat st;

	return module.fd >= 0 && !fstat(module.fd, &st) && st.st_dev == module.dev &&
	       st.st_ino == module.ino;
}

void device_close(void)
{
	if (still_ours())
		close(module.fd);
	module.fd = -1;
	for (size_t i = 0; i < module.num_keys; i++)
		module.keys[i]->ses = 0;
}

static CK_RV device_open(void)
{
	struct stat st;

	if (module.fd >= 0)
		return CKR_OK;
	module.fd = key_open(path());
	if (module.fd < 0) {
		module.fd = -1;
		return CKR_DEVICE_REMOVED;
	}
	if (fstat(module.fd, &st)) {
		close_fd(&module.fd);
		return CKR_DEVICE_ERROR;
	}
	module.dev = st.st_dev;
	module.ino = st.st_ino;
	return CKR_OK;
}

static CK_RV to_rv(int err)
{
	switch (err) {
	case 0:
		return CKR_OK;
	case -ENOMEM:
		return CKR_HOST_MEMORY;
	case -EACCES:
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	case -ENOKEY:
		return CKR_KEY_HANDLE_INVALID;
	case -EBADMSG:
		return CKR_ENCRYPTED_DATA_INVALID;
	case -EMSGSIZE:
		return CKR_DATA_LEN_RANGE;
	case -ENODEV:
	case -ENOTTY:
	case -EOPNOTSUPP:
		return CKR_DEVICE_REMOVED;
	default:
		return CKR_DEVICE_ERROR;
	}
}

static struct key *known(const char *label)
{
	for (size_t i = 0; i < module.num_keys; i++)
		if (!strcmp(module.keys[i]->name.label, label))
			return module.keys[i];
	return NULL;
}

/* A new key, with its public half. Those without one are left out. */
static int add(const struct crypt_key *info)
{
	struct key *key = calloc(1, sizeof(*key));
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): it is an array of pointers */
	struct key **more = reallocarray(module.keys, module.num_keys + 1, sizeof(*module.keys));
	int err = -ENOMEM;

	if (more)
		module.keys = more;
	if (!more || !key)
		goto fail;
	/* A host's text that is no label cannot be asked for. */
	err = key_name_set(&key->name, info->label, path(), NULL);
	if (!err)
		err = key_info(module.fd, &key->name, &key->info, &key->spki, &key->spki_len);
	if (err || !key->spki_len) {
		free(key->spki);
		free(key);
		return err == -ENOMEM ? err : 0;
	}
	module.keys[module.num_keys++] = key;
	return 0;
fail:
	free(key);
	return err;
}

static bool has_key(const struct crypt_key *list, size_t count, const struct key *key)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(list[i].label, key->name.label) &&
		    !memcmp(list[i].check, key->info.check, sizeof(key->info.check)))
			return true;
	return false;
}

CK_RV device_refresh(void)
{
	_cleanup_free_ struct crypt_key *list = NULL;
	CK_RV rv = device_open();
	size_t count = 0;
	int err;

	if (rv != CKR_OK)
		return rv;
	err = key_list(module.fd, &list, &count);
	if (err) {
		device_close();
		rv = device_open();
		err = rv == CKR_OK ? key_list(module.fd, &list, &count) : -ENODEV;
	}
	for (size_t i = 0; !err && i < count; i++)
		if (list[i].kind != VCD_KIND_SYMMETRIC && !known(list[i].label))
			err = add(&list[i]);
	for (size_t i = 0; !err && i < module.num_keys; i++)
		module.keys[i]->gone = !has_key(list, count, module.keys[i]);
	return to_rv(err);
}

/* The session on the device, and a descriptor of it for a call without the lock. */
static int key_session(struct key *key, int *fd, uint32_t *ses)
{
	struct crypt_label_op op;
	int err = 0;

	if (module.fd >= 0 && !still_ours())
		device_close();
	if (device_open() != CKR_OK)
		return -ENODEV;
	if (!key->ses) {
		key_label_op(&key->name, key->info.check, &op);
		err = key_call(module.fd, CIOCGSESSLABEL, &op);
		if (!err)
			key->ses = op.ses;
	}
	*fd = module.fd;
	*ses = key->ses;
	return err;
}

CK_RV device_operate(size_t index, struct crypt_key_op *op)
{
	const uint32_t room = op->out_len;
	struct key *key = NULL;
	int err = -ENODEV, fd;

	for (int attempt = 0; attempt < 2; attempt++) {
		CK_RV rv = module_enter();

		if (rv != CKR_OK)
			return rv;
		if (index >= module.num_keys)
			return module_leave(CKR_KEY_HANDLE_INVALID);
		key = module.keys[index];
		err = key_session(key, &fd, &op->ses);
		module_leave(CKR_OK);
		if (!err) {
			op->out_len = room;
			err = key_call(fd, CIOCKEYOP, op);
		}
		if (err != -EINVAL && err != -ENOENT && err != -EBADF && err != -ENOTTY &&
		    err != -ENODEV)
			break;
		/* The session or the device was lost: once more, with another session. */
		rv = module_enter();
		if (rv != CKR_OK)
			return rv;
		if (index < module.num_keys && module.keys[index]->ses == op->ses)
			module.keys[index]->ses = 0;
		module_leave(CKR_OK);
	}
	return to_rv(err);
}
