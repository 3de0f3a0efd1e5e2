/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics.c - the metrics of every daemon of this machine. See metrics.h. */
#include "common/escape.h"
#include "tools/ctl/metrics.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "tools/ctl/client.h"
#include "tools/ctl/find.h"
#include "tools/ctl/merge.h"
#include "tools/ctl/text.h"

/* Ask the daemon of @found. Return: 0 or a negative errno. */
static int ask(const struct found *found, struct merge *merge)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = client_connect(found->path, METRICS_TIMEOUT_MS);
	size_t len;
	int err = fd < 0 ? fd : client_ask(fd, "metrics", &text, &len);

	return err ? err : merge_add(merge, found->name, text);
}

static void complain(const struct found *found, int err)
{
	text_clean(found->path, strlen(found->path));
	fprintf(stderr, "vcryptoctl: %s: %s\n", found->path,
		err == -EPROTO ? "the answer is no page of metrics; is it a vhost-user-cryptodev?"
			       : strerror(-err));
}

int metrics_all(FILE *out)
{
	struct merge merge = {0};
	struct found *list;
	size_t n;
	int err = find_all(&list, &n), failed = 0;

	if (err)
		return err;
	if (n)
		fputs("# HELP virtio_cryptodev_up Whether the daemon answered.\n"
		      "# TYPE virtio_cryptodev_up gauge\n",
		      out);
	for (size_t i = 0; i < n; i++) {
		/* A VM with two sockets, the unit's and one of the older place, is one VM. */
		if (i && !strcmp(list[i].name, list[i - 1].name))
			continue;
		err = ask(&list[i], &merge);
		fputs("virtio_cryptodev_up{vm=\"", out);
		escape_label(list[i].name, out);
		fprintf(out, "\"} %d\n", !err);
		if (!err)
			continue;
		complain(&list[i], err);
		failed++;
	}
	merge_print(&merge, out);
	merge_free(&merge);
	find_free(list, n);
	return failed;
}
