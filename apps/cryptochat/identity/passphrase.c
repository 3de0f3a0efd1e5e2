// SPDX-License-Identifier: GPL-2.0-or-later
/* passphrase.c - the passphrase of the user's key: from a file, or asked for at the terminal. */
#include "cryptochat/identity/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

static int from_file(const char *file, char *ret)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), err = 0;
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	/* A pipe hands it out in pieces, and stdio would keep a copy. */
	while (!err && n > 0 && len < PASSPHRASE_SIZE - 1) {
		n = read(fd, ret + len, PASSPHRASE_SIZE - 1 - len);
		if (n < 0)
			err = errno == EINTR ? 0 : -errno;
		len += n > 0 ? (size_t)n : 0;
		n = n < 0 && !err ? 1 : n;
	}
	close(fd);
	ret[len] = 0;
	ret[strcspn(ret, "\r\n")] = 0;
	return err ? err : (int)strlen(ret);
}

/* OpenSSL would ask at standard input if there were no terminal; that is not for passphrases. */
static int ask(const char *question, bool twice, char *ret)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC), status;

	if (tty < 0)
		return -ENOKEY;
	close(tty);
	status = EVP_read_pw_string(ret, PASSPHRASE_SIZE, question, twice);
	if (status == 0)
		return (int)strlen(ret);
	return status == -1 && twice ? -EINVAL : -ENOKEY;
}

int passphrase_get(const char *file, const char *path, char *ret)
{
	char question[PATH_MAX + 32];

	if (file)
		return from_file(file, ret);
	snprintf(question, sizeof(question), "Passphrase for %s: ", path);
	return ask(question, false, ret);
}

int passphrase_new(const char *path, char *ret)
{
	char question[PATH_MAX + 64];

	snprintf(question, sizeof(question), "New passphrase for %s (empty: none): ", path);
	return ask(question, true, ret);
}
