// SPDX-License-Identifier: GPL-2.0-or-later
/* tree.c - directories: which files are in one to be sent, and where they go when one is received. */
#include "cryptochat/files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAME_NAMES 999 /* NAME.1, NAME.2, ... before we give up */

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* The directories above @path, the part of it from byte @base on; -ENAMETOOLONG. */
static int directories(const char *path, size_t base, char dir[FILE_NAME_SIZE])
{
	size_t len = (size_t)(strrchr(path, '/') - path) - base;

	if (len >= FILE_NAME_SIZE)
		return -ENAMETOOLONG;
	memcpy(dir, path + base, len);
	dir[len] = 0;
	return 0;
}

/* The files of @fts are queued behind @last. Returns 0 or negative errno. */
static int queue_all(struct files *f, FTS *fts, size_t base, struct queued **first,
		     unsigned int *left_out)
{
	FTSENT *entry;

	while ((entry = fts_read(fts)) != NULL) {
		struct queued *q;
		int err;

		switch (entry->fts_info) {
		case FTS_D:
		case FTS_DP:
			continue;
		case FTS_F:
			break;
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			return entry->fts_errno ? -entry->fts_errno : -EIO;
		default:
			(*left_out)++;
			continue;
		}
		q = send_queue(f, entry->fts_path);
		if (!q)
			return -ENOMEM;
		*first = *first ? *first : q;
		q->size = (uint64_t)entry->fts_statp->st_size;
		err = directories(entry->fts_path, base, q->dir);
		if (err)
			return err;
	}
	return errno ? -errno : 0;
}

static void unqueue_from(struct files *f, struct queued *first)
{
	struct queued **at = &f->queue;

	while (*at && *at != first)
		at = &(*at)->next;
	while (*at) {
		struct queued *q = *at;

		*at = q->next;
		free(q);
	}
}

/* All files from @first on are one tree. */
static void count_tree(struct files *f, struct queued *first)
{
	uint32_t files = 0;
	uint64_t bytes = 0;

	for (struct queued *q = first; q; q = q->next) {
		files++;
		bytes += q->size;
	}
	f->next_tree++;
	for (struct queued *q = first; q; q = q->next) {
		q->tree = f->next_tree;
		q->tree_files = files;
		q->tree_bytes = bytes;
	}
}

int send_walk(struct files *f, const char *path)
{
	/* realpath() gives "." and "a/.." the name that the other end is to see. */
	char *whole = realpath(path, NULL), *roots[] = {whole, NULL};
	struct queued *first = NULL;
	unsigned int left_out = 0;
	FTS *fts;
	int err;

	if (!whole)
		return -errno;
	fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	err = fts ? queue_all(f, fts, (size_t)(strrchr(whole, '/') + 1 - whole), &first, &left_out)
		  : -errno;
	if (fts)
		fts_close(fts);
	free(whole);
	if (!err && !first)
		err = -ENODATA;
	if (err) {
		unqueue_from(f, first);
		return err;
	}
	count_tree(f, first);
	if (left_out)
		ui_notice(f->ui, "warning", FACTS(fact_text("peer", f->peer)),
			  "%s: %u entries are no regular files and are not sent", path, left_out);
	return 0;
}

void tree_begin(struct files *f, const struct offer *o)
{
	char top[FILE_NAME_SIZE];

	tree_abandon(f);
	snprintf(top, sizeof(top), "%.*s", (int)strcspn(o->dir, "/"), o->dir);
	f->tree = (struct tree){.id = o->tree, .files = o->tree_files, .left = o->tree_files};
	receive_name(top, f->tree.name);
}

static int enter(int dir, const char *name)
{
	int fd;

	if (mkdirat(dir, name, 0777) < 0 && errno != EEXIST)
		return -errno;
	/* A link would lead out of the directory. */
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int tree_open(struct files *f)
{
	int dir = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), next;
	const char *at = f->in.dir;
	char name[FILE_NAME_SIZE + 8];
	bool top = true;

	if (dir < 0)
		return -errno;
	while (f->in.tree && *at) {
		size_t len = strcspn(at, "/");

		if (top)
			snprintf(name, sizeof(name), "%s.part", f->tree.name);
		else
			tree_name(at, len, name);
		top = false;
		next = enter(dir, name);
		close(dir);
		if (next < 0)
			return next;
		dir = next;
		at += len + strspn(at + len, "/");
	}
	return dir;
}

/* rename() that replaces nothing, also on file systems that cannot promise that. */
static int rename_to_new(int dir, const char *from, const char *to)
{
	struct stat st;

	if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (fstatat(dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	return renameat(dir, from, dir, to) < 0 ? -errno : 0;
}

static void finish(struct files *f)
{
	char part[FILE_NAME_SIZE + 8], name[FILE_NAME_SIZE + 8], path[PATH_MAX];
	int dir = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = dir < 0 ? -errno : -EEXIST;

	snprintf(part, sizeof(part), "%s.part", f->tree.name);
	for (int i = 0; err == -EEXIST && i <= SAME_NAMES; i++) {
		snprintf(name, sizeof(name), i ? "%.240s.%d" : "%.240s", f->tree.name, i);
		err = rename_to_new(dir, part, name);
	}
	if (dir >= 0)
		close(dir);
	snprintf(path, sizeof(path), "%s/%s", f->dir, err ? part : name);
	if (err) {
		f->failed++;
		ui_error(f->ui, "warning", FACTS(fact_text("peer", f->peer)),
			 "%s cannot get its name: %s", path, strerror(-err));
	} else {
		ui_notice(f->ui, "tree-received",
			  FACTS(fact_text("peer", f->peer), fact_text("name", f->tree.name),
				fact_text("path", path), fact_number("files", f->tree.files)),
			  "received %s: %u files", name, f->tree.files);
	}
	f->tree = (struct tree){0};
}

void tree_file_done(struct files *f, bool ok)
{
	if (!f->in.tree || f->in.tree != f->tree.id)
		return;
	f->tree.failed |= !ok;
	f->tree.left -= f->tree.left > 0;
	if (f->tree.left)
		return;
	if (f->tree.failed)
		tree_abandon(f);
	else if (f->tree.taken)
		finish(f);
}

void tree_abandon(struct files *f)
{
	if (f->tree.id && f->tree.taken)
		ui_error(f->ui, "warning", FACTS(fact_text("peer", f->peer)),
			 "not all of %s has arrived; %s/%s.part is kept for another attempt",
			 f->tree.name, f->dir, f->tree.name);
	f->tree = (struct tree){0};
}
