// SPDX-License-Identifier: GPL-2.0-or-later
/* secret.c - keys and IVs: read from files, held in one type, wiped after use. */
#include "apps/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hex.h"

/* The longest valid file: digits and CR LF. One byte more proves a file too long. */
#define FILE_MAX (2 * SECRET_MAX + 2)

static bool all_hex(const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (hex_digit((char)text[i]) < 0)
			return false;
	return true;
}

/* @text holds 2 * @size bytes. */
static int hex_decode(const char *text, size_t size, struct secret *ret)
{
	if (!all_hex((const uint8_t *)text, 2 * size))
		return -EILSEQ;
	*ret = (struct secret){.len = size};
	return hex_bytes(text, size, ret->bytes);
}

/* Length of the text in @raw without one line end, LF or CR LF. */
static size_t trimmed(const uint8_t *raw, size_t len)
{
	if (len && raw[len - 1] == '\n') {
		len--;
		if (len && raw[len - 1] == '\r')
			len--;
	}
	return len;
}

static int read_whole(int fd, uint8_t *raw, size_t size, size_t *ret_len)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, raw + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

int secret_load(const char *path, size_t size, struct secret *ret, struct secret_file *info)
{
	uint8_t raw[FILE_MAX + 1];
	struct stat st;
	size_t len = 0;
	int fd, err;

	*info = (struct secret_file){0};
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0)
		info->exposed = S_ISREG(st.st_mode) && (st.st_mode & (S_IRGRP | S_IROTH));
	err = read_whole(fd, raw, sizeof(raw), &len);
	close(fd);
	if (err)
		goto out;

	info->found = len;
	if (len == size) {
		info->looks_hex = all_hex(raw, len);
		*ret = (struct secret){.len = size};
		memcpy(ret->bytes, raw, size);
	} else if (trimmed(raw, len) == 2 * size) {
		err = hex_decode((const char *)raw, size, ret);
	} else {
		err = -EMSGSIZE;
	}
out:
	explicit_bzero(raw, sizeof(raw));
	return err;
}

int secret_parse(const char *hex, size_t size, struct secret *ret)
{
	if (strlen(hex) != 2 * size)
		return -EMSGSIZE;
	return hex_decode(hex, size, ret);
}

void secret_wipe(struct secret *s)
{
	explicit_bzero(s, sizeof(*s));
}
