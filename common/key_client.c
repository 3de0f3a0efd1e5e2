/* SPDX-License-Identifier: GPL-2.0-or-later */
/* key_client.c - keys by name on /dev/crypto. See key_client.h. */
#include "common/key_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/hex.h"
#include "common/util.h"

#define DEVICE_WORD ";device="
#define TICKET_WORD "?ticket-file="

/* Entries that are asked for at once. */
#define LIST_PAGE 32
/* More than any host may have: a host that says it has more does not get memory for them. */
#define LIST_MAX 4096

#define FIRST "abcdefghijklmnopqrstuvwxyz0123456789"

bool key_label_valid(const char *label)
{
	size_t len = strspn(label, FIRST "._-");

	return len > 0 && len < CRYPT_KEY_LABEL_LEN && !label[len] && strchr(FIRST, label[0]);
}

/* @len bytes of a path with %XX, to @ret of KEY_MAX_PATH bytes. */
static int unescape(const char *text, size_t len, char *ret)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)text[i];

		if (text[i] == '%') {
			if (len - i < 3 || hex_bytes(text + i + 1, 1, &byte) || !byte)
				return -EINVAL;
			i += 2;
		}
		if (out == KEY_MAX_PATH - 1)
			return -EINVAL;
		ret[out++] = (char)byte;
	}
	ret[out] = '\0';
	return out ? 0 : -EINVAL;
}

static int copy_path(char *to, const char *from)
{
	if (!*from || strlen(from) >= KEY_MAX_PATH)
		return -EINVAL;
	strcpy(to, from);
	return 0;
}

int key_name_set(struct key_name *name, const char *label, const char *device,
		 const char *ticket_file)
{
	memset(name, 0, sizeof(*name));
	if (!key_label_valid(label))
		return -EINVAL;
	strcpy(name->label, label);
	if (copy_path(name->device, device ? device : KEY_DEVICE) ||
	    (ticket_file && copy_path(name->ticket_file, ticket_file)))
		return -EINVAL;
	return 0;
}

int key_name_parse(struct key_name *name, const char *uri)
{
	char label[CRYPT_KEY_LABEL_LEN];
	const char *rest;
	size_t len;

	if (strncasecmp(uri, KEY_URI_SCHEME ":", strlen(KEY_URI_SCHEME ":")))
		return -EINVAL;
	uri += strlen(KEY_URI_SCHEME ":");
	len = strcspn(uri, ";?");
	if (len >= sizeof(label))
		return -EINVAL;
	memcpy(label, uri, len);
	label[len] = '\0';
	if (key_name_set(name, label, NULL, NULL))
		return -EINVAL;
	rest = uri + len;
	if (!strncmp(rest, DEVICE_WORD, strlen(DEVICE_WORD))) {
		rest += strlen(DEVICE_WORD);
		len = strcspn(rest, ";?");
		if (unescape(rest, len, name->device))
			return -EINVAL;
		rest += len;
	}
	if (!strncmp(rest, TICKET_WORD, strlen(TICKET_WORD))) {
		rest += strlen(TICKET_WORD);
		len = strcspn(rest, ";?&");
		if (unescape(rest, len, name->ticket_file))
			return -EINVAL;
		rest += len;
	}
	return *rest ? -EINVAL : 0;
}

/* Appends @text, and escapes what would end a path. */
static int append(char *uri, const char *word, const char *text)
{
	size_t len = strlen(uri) + strlen(word);

	if (len >= KEY_MAX_URI)
		return -ENAMETOOLONG;
	strcat(uri, word);
	for (; *text; text++) {
		bool plain = *text > ' ' && *text < 127 && !strchr(";?&%#\"", *text);

		if (len + 4 > KEY_MAX_URI)
			return -ENAMETOOLONG;
		len += (size_t)snprintf(uri + len, KEY_MAX_URI - len, plain ? "%c" : "%%%02X",
					(uint8_t)*text);
	}
	return 0;
}

int key_name_uri(const struct key_name *name, char *uri)
{
	int err;

	*uri = '\0';
	err = append(uri, KEY_URI_SCHEME ":", name->label);
	if (!err && strcmp(name->device, KEY_DEVICE) != 0)
		err = append(uri, DEVICE_WORD, name->device);
	if (!err && name->ticket_file[0])
		err = append(uri, TICKET_WORD, name->ticket_file);
	return err;
}

int key_name_ticket(struct key_name *name)
{
	char text[2 * CRYPT_KEY_TICKET_LEN + 2];
	_cleanup_fd_ int fd = -1;
	ssize_t n;
	int err = 0;

	if (!name->ticket_file[0])
		return 0;
	fd = open(name->ticket_file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return -errno;
	if (n == 2 * CRYPT_KEY_TICKET_LEN + 1 && text[n - 1] == '\n')
		n--;
	if (n == CRYPT_KEY_TICKET_LEN)
		memcpy(name->ticket, text, sizeof(name->ticket));
	else if (n != 2 * CRYPT_KEY_TICKET_LEN ||
		 hex_bytes(text, CRYPT_KEY_TICKET_LEN, name->ticket))
		err = -EINVAL;
	name->has_ticket = !err;
	explicit_bzero(text, sizeof(text));
	return err;
}

void key_name_wipe(struct key_name *name)
{
	explicit_bzero(name->ticket, sizeof(name->ticket));
	name->has_ticket = false;
}

int key_open(const char *device)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int key_call(int fd, unsigned long request, void *arg)
{
	while (ioctl(fd, request, arg) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static uint64_t ticket_address(const struct key_name *name)
{
	return name->has_ticket ? (uint64_t)(uintptr_t)name->ticket : 0;
}

/* A host's text has an end even if the driver did not look. */
static void end_label(struct crypt_key *key)
{
	key->label[sizeof(key->label) - 1] = '\0';
}

int key_info(int fd, const struct key_name *name, struct crypt_key *key, uint8_t **spki,
	     size_t *spki_len)
{
	struct crypt_key_info info = {.ticket = ticket_address(name)};
	_cleanup_free_ uint8_t *room = NULL;
	int err;

	memcpy(info.label, name->label, sizeof(info.label));
	if (spki) {
		room = malloc(CRYPT_KEY_MAX_SPKI);
		if (!room)
			return -ENOMEM;
		info.spki = (uint64_t)(uintptr_t)room;
		info.spki_len = CRYPT_KEY_MAX_SPKI;
	}
	err = key_call(fd, CIOCKEYINFO, &info);
	if (err)
		return err;
	*key = info.key;
	end_label(key);
	if (!spki)
		return 0;
	if (info.spki_len > CRYPT_KEY_MAX_SPKI)
		return -EMSGSIZE;
	*spki_len = info.spki_len;
	*spki = room;
	room = NULL;
	return 0;
}

int key_list(int fd, struct crypt_key **keys, size_t *count)
{
	_cleanup_free_ struct crypt_key *all = NULL;
	struct crypt_key_list list;
	struct crypt_key *more;
	size_t n = 0;
	int err;

	do {
		more = realloc(all, (n + LIST_PAGE) * sizeof(*all));
		if (!more)
			return -ENOMEM;
		all = more;
		list = (struct crypt_key_list){
		    .keys = (uint64_t)(uintptr_t)(all + n),
		    .first = (uint32_t)n,
		    .count = LIST_PAGE,
		};
		err = key_call(fd, CIOCKEYLIST, &list);
		if (err)
			return err;
		if (list.count > LIST_PAGE)
			return -EPROTO;
		for (uint32_t i = 0; i < list.count; i++)
			end_label(&all[n + i]);
		n += list.count;
	} while (list.count && n < list.total && n < LIST_MAX);
	*keys = all;
	all = NULL;
	*count = n;
	return 0;
}

void key_label_op(const struct key_name *name, const uint8_t *check, struct crypt_label_op *op)
{
	*op = (struct crypt_label_op){.ticket = ticket_address(name)};
	memcpy(op->label, name->label, sizeof(op->label));
	if (!check)
		return;
	op->flags = CRYPT_LABEL_CHECK;
	memcpy(op->key.check, check, sizeof(op->key.check));
}

const char *key_error(int error)
{
	switch (error < 0 ? -error : error) {
	case ENOTTY:
		return "the device's driver has no keys by name";
	case EOPNOTSUPP:
		return "the host has no key service for this guest";
	case ENOKEY:
		return "no such key for this guest, or another ticket, or it was revoked or "
		       "replaced";
	case EACCES:
		return "the host's policy, or the device's mode, forbids it";
	case EBADMSG:
		return "the ciphertext is not authentic";
	case EMSGSIZE:
		return "the length is out of range";
	case EIO:
		return "the host's key service did not answer in time";
	default:
		return strerror(error < 0 ? -error : error);
	}
}
