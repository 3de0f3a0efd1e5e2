/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader_revoked.c - labels that stay revoked. See loader.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/util.h"
#include "keeper/loader_internal.h"
#include "keeper/store.h"

#define MAX_FILE (1u << 20)

static bool is_revoked(const struct loader *loader, const char *label)
{
	for (unsigned int i = 0; i < loader->revoked_count; i++)
		if (!strcmp(loader->revoked[i], label))
			return true;
	return false;
}

static int remember(struct loader *loader, const char *label)
{
	char **more;

	if (is_revoked(loader, label))
		return 0;
	more = realloc(loader->revoked, (loader->revoked_count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	loader->revoked = more;
	more[loader->revoked_count] = strdup(label);
	if (!more[loader->revoked_count])
		return -ENOMEM;
	loader->revoked_count++;
	return 0;
}

static void forget_all(struct loader *loader)
{
	while (loader->revoked_count)
		free(loader->revoked[--loader->revoked_count]);
}

/* Lines with a label each; what begins with # is the administrator's. */
static int take_lines(struct loader *loader, char *text)
{
	unsigned int number = 0;
	char *line;
	int err = 0;

	while (!err && (line = strsep(&text, "\n"))) {
		number++;
		if (!*line || *line == '#')
			continue;
		if (!policy_label_ok(line)) {
			log_msg(LOG_ERROR, "%s:%u: this is no label", loader->options->revoked,
				number);
			return -EINVAL;
		}
		err = remember(loader, line);
	}
	return err;
}

int revoked_load(struct loader *loader)
{
	const char *path = loader->options->revoked;
	struct eng_key text = {0};
	char why[200] = "";
	int err;

	if (!path)
		return 0;
	err = store_read(AT_FDCWD, path, false, MAX_FILE, &text, why, sizeof(why));
	if (err && err != -ENOENT) {
		log_msg(LOG_ERROR, "--revoked=%s: %s", path, why);
		return err;
	}
	forget_all(loader);
	if (!err)
		err = take_lines(loader, (char *)text.bytes);
	else
		err = 0;
	eng_key_wipe(&text);
	return err;
}

void revoked_add(struct loader *loader, const char *label)
{
	const char *path = loader->options->revoked;
	_cleanup_fd_ int fd = -1;
	bool known = is_revoked(loader, label);

	if (!policy_label_ok(label) || remember(loader, label)) {
		log_msg(LOG_ERROR, "a revocation cannot be remembered: take the key out of the "
				   "policy");
		return;
	}
	if (!path || known)
		return;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || dprintf(fd, "%s\n", label) < 0 || fsync(fd) < 0)
		log_msg(LOG_ERROR,
			"--revoked=%s: %m: %s is revoked until the keeper ends; take it out of the "
			"policy",
			path, label);
}
