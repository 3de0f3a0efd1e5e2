// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * receive.c - files from a peer: ask, perhaps go on where an earlier attempt ended, write, check,
 * give it its name.
 *
 * Invariants: bytes are written at `have` only, and never beyond the size that was offered;
 * the part file is locked while it is ours; the final name comes into being by link(),
 * which does not replace.
 */
#include "cryptochat/files/files.h"

#include "apps/base/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "apps/base/wait.h"

#define HASH_STEP (1u << 20)
#define SAME_NAMES 999 /* NAME.1, NAME.2, ... before we give up */

static void put_answer(struct files *f, const struct answer *a)
{
	uint8_t buffer[FRAME_HEAD + FRAME_SEQ + 64 + REASON_SIZE];
	struct writer w;

	frame_begin(&w, buffer, FRAME_ANSWER, f->outbox->next_seq);
	w.room = sizeof(buffer);
	frame_put_answer(&w, a);
	outbox_add(f->outbox, buffer, frame_finish(&w));
}

static void put_done(struct files *f, bool ok, const char *reason)
{
	uint8_t buffer[FRAME_HEAD + FRAME_SEQ + 16 + REASON_SIZE];
	struct done_frame d = {.id = f->in.id, .ok = ok};
	struct writer w;

	snprintf(d.reason, sizeof(d.reason), "%s", reason ? reason : "");
	frame_begin(&w, buffer, FRAME_DONE, f->outbox->next_seq);
	w.room = sizeof(buffer);
	frame_put_done(&w, &d);
	outbox_add(f->outbox, buffer, frame_finish(&w));
}

static void refuse(struct files *f, const char *reason)
{
	struct answer a = {.id = f->in.id, .verdict = ANSWER_REFUSE};

	snprintf(a.reason, sizeof(a.reason), "%s", reason);
	put_answer(f, &a);
	f->in.state = IN_NONE;
}

static void close_incoming(struct files *f)
{
	if (f->in.fd >= 0)
		close(f->in.fd);
	EVP_MD_CTX_free(f->in.md);
	f->in = (struct incoming){.id = f->in.id, .fd = -1};
	ui_progress(f->ui, NULL);
}

/* A part in which nothing has arrived is of no use. */
static void drop_empty_part(struct files *f)
{
	struct stat st;
	int dir;

	if (f->in.fd < 0 || fstat(f->in.fd, &st) < 0 || st.st_size || !f->in.size)
		return;
	dir = tree_open(f);
	if (dir < 0)
		return;
	unlinkat(dir, f->in.part, 0);
	close(dir);
}

/* What the sender already has under way for this file is thrown away. */
static void fail(struct files *f, const char *why)
{
	uint32_t id = f->in.id;

	f->failed++;
	ui_error(f->ui, "file-failed", IN_FACTS(f, fact_text("reason", why)),
		 "%s was not received: %s", f->in.name, why);
	put_done(f, false, why);
	drop_empty_part(f);
	tree_file_done(f, false);
	close_incoming(f);
	f->in.state = IN_DISCARD;
	f->in.id = id;
}

/* A file that is ours alone; a descriptor or negative errno. */
static int open_part(int dir, const char *name, int flags, uint64_t *size)
{
	int fd =
	    openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | flags, 0600);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)
		err = -EINVAL;
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (err) {
		close(fd);
		return err;
	}
	*size = (uint64_t)st.st_size;
	return fd;
}

/* The name of attempt @i at @in, FILE_NAME_SIZE bytes. */
static void part_name(const struct incoming *in, uint16_t i, char *part)
{
	if (i)
		snprintf(part, FILE_NAME_SIZE, "%.240s.%d.part", in->name, i);
	else
		snprintf(part, FILE_NAME_SIZE, "%.240s.part", in->name);
}

static bool is_newer(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Is there this very file, from an earlier attempt at the same directory? */
static bool is_there(const struct incoming *in, int dir)
{
	struct stat st;

	return in->tree && fstatat(dir, in->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && st.st_nlink == 1 && (uint64_t)st.st_size == in->size;
}

/*
 * The attempt that is worth going on with: the one that was written last, if it can be part of the
 * file on offer. An older one is of another file, because it was not chosen then. Returns its
 * number, or -1.
 */
static int newest_part(const struct incoming *in, int dir)
{
	struct timespec newest = {0};
	char part[FILE_NAME_SIZE];
	int found = -1;

	for (int i = 0; i <= SAME_NAMES; i++) {
		struct stat st;

		part_name(in, (uint16_t)i, part);
		if (fstatat(dir, part, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			/* The user may have removed the first one. */
			if (i > 1)
				break;
			continue;
		}
		if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || (uint64_t)st.st_size > in->size)
			continue;
		if (found < 0 || is_newer(&st.st_mtim, &newest)) {
			found = i;
			newest = st.st_mtim;
		}
	}
	return found;
}

/* A part file that nobody else has; from an earlier attempt if there is one, unless @fresh. */
static int find_part(struct files *f, bool fresh, uint64_t *size)
{
	struct incoming *in = &f->in;
	int dir = tree_open(f);
	int fd = dir < 0 ? dir : -EEXIST;
	int old = fresh || dir < 0 ? -1 : newest_part(in, dir);

	if (!fresh && dir >= 0 && is_there(in, dir)) {
		strcpy(in->part, in->name);
		fd = open_part(dir, in->part, 0, size);
		fd = fd < 0 ? -EEXIST : fd;
	} else if (old >= 0) {
		part_name(in, (uint16_t)old, in->part);
		fd = open_part(dir, in->part, 0, size);
		/* Somebody else has it, or has just put something else there. */
		if (fd < 0)
			fd = -EEXIST;
	}
	for (int i = 0; fd == -EEXIST && i <= SAME_NAMES; i++) {
		part_name(in, (uint16_t)i, in->part);
		fd = open_part(dir, in->part, O_EXCL, size);
	}
	if (dir >= 0)
		close(dir);
	return fd;
}

/* Says no if the disk has no room for what is missing. Returns: there is room, or nobody knows. */
static bool has_space(struct files *f, uint64_t bytes)
{
	char need[16], have[16], why[80];
	struct statvfs fs;
	uint64_t space;

	if (statvfs(f->dir, &fs) < 0)
		return true;
	space = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (bytes <= space)
		return true;
	snprintf(why, sizeof(why), "no space: %s needed, %s free",
		 progress_size((double)bytes, need), progress_size((double)space, have));
	f->failed++;
	ui_error(f->ui, "file-failed", IN_FACTS(f, fact_text("reason", why)), "%s: %s", f->in.name,
		 why);
	drop_empty_part(f);
	refuse(f, why);
	close_incoming(f);
	return false;
}

static void take(struct files *f)
{
	struct incoming *in = &f->in;
	int fd;

	fd = find_part(f, false, &in->prefix);
	in->fd = fd;
	if (fd >= 0 && !has_space(f, in->size - (in->prefix < in->size ? in->prefix : in->size)))
		return;
	/* It has grown since it was chosen. */
	if (fd >= 0 && in->prefix > in->size) {
		close(fd);
		in->fd = -1;
		fd = find_part(f, true, &in->prefix);
	}
	in->md = EVP_MD_CTX_new();
	if (fd >= 0 && (!in->md || EVP_DigestInit_ex(in->md, EVP_sha256(), NULL) != 1)) {
		close(fd);
		in->fd = -1;
		fd = -ENOMEM;
	}
	if (fd < 0) {
		f->failed++;
		ui_error(f->ui, "file-failed", IN_FACTS(f, fact_text("reason", strerror(-fd))),
			 "cannot receive into %s/%s: %s", f->dir, in->part, strerror(-fd));
		refuse(f, "it cannot be stored");
		tree_file_done(f, false);
		close_incoming(f);
		return;
	}
	in->fd = fd;
	in->have = 0;
	in->state = IN_PREFIX;
}

bool files_decide(struct files *f, bool yes)
{
	if (f->in.state != IN_ASKING)
		return false;
	f->tree.taken = yes && f->in.tree;
	if (yes)
		take(f);
	else
		refuse(f, "does not want it");
	return true;
}

/* The user is asked about a file, or about the directory that begins with it. */
static void ask(struct files *f, const struct offer *o)
{
	char size[16], renamed[FILE_NAME_SIZE + 32] = "", safe[TEXT_SHOW_MAX(FILE_NAME_SIZE)];

	text_show(o->name, strlen(o->name), "", safe);
	if (o->tree) {
		ui_notice(f->ui, "file-offer",
			  IN_FACTS(f, fact_number("files", o->tree_files),
				   fact_number("bytes", o->tree_bytes)),
			  "%s offers a directory: %s, %u files, %s. /accept or /decline?", f->peer,
			  f->tree.name, o->tree_files, progress_size((double)o->tree_bytes, size));
		return;
	}
	if (strcmp(safe, f->in.name) != 0)
		snprintf(renamed, sizeof(renamed), " (here: %s)", f->in.name);
	ui_notice(f->ui, "file-offer", IN_FACTS(f, {0}),
		  "%s offers a file: %s%s, %s. /accept or /decline?", f->peer,
		  renamed[0] ? safe : f->in.name, renamed, progress_size((double)o->size, size));
}

int files_on_offer(struct files *f, const struct offer *o)
{
	bool known = o->tree && o->tree == f->tree.id;

	if (f->in.state != IN_NONE && f->in.state != IN_DISCARD)
		return -EPROTO;
	f->in = (struct incoming){.state = IN_ASKING,
				  .id = o->id,
				  .fd = -1,
				  .size = o->size,
				  .mode = o->mode,
				  .mtime_ms = o->mtime_ms,
				  .tree = o->tree};
	if (o->tree)
		tree_name(o->name, strlen(o->name), f->in.name);
	else
		receive_name(o->name, f->in.name);
	strcpy(f->in.dir, o->dir);
	if (o->tree && !known)
		tree_begin(f, o);
	if (f->refuse) {
		refuse(f, f->refuse);
	} else if (f->take_all || (known && f->tree.taken)) {
		f->tree.taken = o->tree != 0;
		take(f);
	} else if (known) {
		refuse(f, "does not want it");
	} else if (f->ui->kind == UI_PIPE) {
		ui_notice(f->ui, "file-refused", IN_FACTS(f, {0}),
			  "refused a file, %s: cryptochat recv takes files", f->in.name);
		refuse(f, "this end does not take files (cryptochat recv does)");
	} else {
		ask(f, o);
	}
	return 0;
}

/* Hash what is there from an earlier attempt, then answer. */
bool receive_step(struct files *f)
{
	struct answer a = {.id = f->in.id, .verdict = ANSWER_TAKE};
	struct incoming *in = &f->in;
	EVP_MD_CTX *copy;
	uint8_t *data;
	ssize_t n;

	if (in->state != IN_PREFIX)
		return false;
	if (in->have < in->prefix) {
		data = malloc(HASH_STEP);
		n = data ? pread(in->fd, data, HASH_STEP, (off_t)in->have) : -1;
		if (n > 0 && (uint64_t)n > in->prefix - in->have)
			n = (ssize_t)(in->prefix - in->have);
		if (n > 0) {
			EVP_DigestUpdate(in->md, data, (size_t)n);
			in->have += (uint64_t)n;
		} else {
			in->prefix = in->have; /* it became shorter: so much there is */
		}
		free(data);
		return true;
	}
	copy = EVP_MD_CTX_new();
	if (in->have && copy && EVP_MD_CTX_copy_ex(copy, in->md) == 1)
		EVP_DigestFinal_ex(copy, a.digest, NULL);
	EVP_MD_CTX_free(copy);
	a.offset = in->have;
	if (in->have)
		ui_notice(f->ui, "file-resume", IN_FACTS(f, fact_number("have", in->have)),
			  "%s: there are %d %% already", in->name,
			  in->size ? (int)(100.0 * (double)in->have / (double)in->size) : 100);
	put_answer(f, &a);
	in->state = IN_RECEIVING;
	progress_begin(&in->progress, in->size, in->have, wait_clock_ms());
	return true;
}

/* The sender says that what we had is of another file: leave it alone and begin a new one. */
static int start_anew(struct files *f)
{
	struct incoming *in = &f->in;
	int fd = find_part(f, true, &in->prefix);

	if (fd < 0)
		return fd;
	close(in->fd);
	in->fd = fd;
	in->have = 0;
	ui_notice(f->ui, "file-restart", IN_FACTS(f, {0}),
		  "%s: what an earlier attempt left is of another file; it is kept, and this one "
		  "starts anew as %s",
		  in->name, in->part);
	EVP_DigestInit_ex(in->md, EVP_sha256(), NULL);
	progress_begin(&in->progress, in->size, 0, wait_clock_ms());
	return 0;
}

static int write_at(int fd, const uint8_t *data, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, (off_t)offset);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
			offset += (uint64_t)n;
		}
	}
	return 0;
}

int files_on_data(struct files *f, const struct data_frame *d)
{
	struct incoming *in = &f->in;
	int err = 0;

	if (d->id != in->id)
		return -EPROTO;
	if (in->state == IN_DISCARD)
		return 0;
	if (in->state != IN_RECEIVING)
		return -EPROTO;
	if (d->offset == 0 && in->have && in->have == in->prefix)
		err = start_anew(f);
	if (!err && (d->offset != in->have || d->len > in->size - in->have))
		return -EPROTO;
	if (!err)
		err = write_at(in->fd, d->data, d->len, d->offset);
	if (err) {
		fail(f, strerror(-err));
		return 0;
	}
	EVP_DigestUpdate(in->md, d->data, d->len);
	in->have += d->len;
	return 0;
}

/* Give the part file a name that nobody has; @name: which one it was. */
static int give_name(struct files *f, char *name)
{
	int dir = tree_open(f);
	int err = dir < 0 ? dir : -EEXIST;

	/* It has its name since an earlier attempt. */
	if (dir >= 0 && strcmp(f->in.part, f->in.name) == 0) {
		strcpy(name, f->in.name);
		err = 0;
	}
	for (int i = 0; err == -EEXIST && i <= SAME_NAMES; i++) {
		if (i)
			snprintf(name, FILE_NAME_SIZE, "%.240s.%d", f->in.name, i);
		else
			strcpy(name, f->in.name);
		err = publish(dir, f->in.part, name);
	}
	if (dir >= 0)
		close(dir);
	return err;
}

/* Permissions as far as the user's own mask allows, and the time of the last change. */
static void keep_attributes(const struct incoming *in)
{
	struct timespec times[2] = {
	    {.tv_nsec = UTIME_OMIT},
	    {.tv_sec = (time_t)(in->mtime_ms / 1000),
	     .tv_nsec = (long)(in->mtime_ms % 1000) * 1000000},
	};
	mode_t mask = umask(077);

	umask(mask);
	/* A file system that has neither is no reason to refuse the file. */
	if (in->mode && fchmod(in->fd, (in->mode & ~mask) | 0600) < 0)
		return;
	if (in->mtime_ms && futimens(in->fd, times) < 0)
		return;
}

int files_on_end(struct files *f, const struct end_frame *e)
{
	struct incoming *in = &f->in;
	uint8_t digest[DIGEST_SIZE];
	char name[FILE_NAME_SIZE], rate[16], hex[2 * DIGEST_SIZE + 1], path[PATH_MAX];
	int err;

	if (e->id != in->id)
		return -EPROTO;
	if (in->state == IN_DISCARD) {
		in->state = IN_NONE;
		return 0;
	}
	if (in->state != IN_RECEIVING && (e->ok || in->state == IN_NONE))
		return -EPROTO;
	if (!e->ok && in->state == IN_ASKING) {
		ui_notice(f->ui, "file-withdrawn", IN_FACTS(f, {0}), "%s is not on offer any more",
			  in->name);
		in->state = IN_NONE;
		return 0;
	}
	if (!e->ok) {
		fail(f, "the sender did not go on; what came is kept");
		in->state = IN_NONE;
		return 0;
	}
	if (in->have != in->size || EVP_DigestFinal_ex(in->md, digest, NULL) != 1)
		return -EPROTO;
	if (memcmp(digest, e->digest, sizeof(digest)) != 0) {
		/* What is there is left: the next attempt compares and begins anew beside it. */
		fail(f, "its digest is wrong");
		in->state = IN_NONE;
		return 0;
	}
	keep_attributes(in);
	err = give_name(f, name);
	if (err) {
		fail(f, strerror(-err));
		in->state = IN_NONE;
		return 0;
	}
	digest_text(digest, hex);
	if (in->tree)
		snprintf(path, sizeof(path), "%s/%s.part%s/%s", f->dir, f->tree.name,
			 in->dir + strcspn(in->dir, "/"), name);
	else
		snprintf(path, sizeof(path), "%s/%s", f->dir, name);

	put_done(f, true, NULL);
	f->received++;
	ui_notice(
	    f->ui, "file-received", IN_FACTS(f, fact_text("path", path), fact_text("sha256", hex)),
	    "received %s, %s/s, sha256 %s", name,
	    progress_size(progress_average(&in->progress, in->have, wait_clock_ms()), rate), hex);
	tree_file_done(f, true);
	close_incoming(f);
	return 0;
}

void receive_abandon(struct files *f)
{
	if (f->in.state == IN_PREFIX || f->in.state == IN_RECEIVING) {
		f->failed++;
		ui_error(f->ui, "file-failed",
			 IN_FACTS(f, fact_text("reason", "the conversation ended")),
			 "%s was not received to its end; %s/%s is kept for another attempt",
			 f->in.name, f->dir, f->in.part);
		drop_empty_part(f);
	}
	close_incoming(f);
	f->in.state = IN_NONE;
}

bool receive_cancel(struct files *f)
{
	switch (f->in.state) {
	case IN_ASKING:
		return files_decide(f, false);
	case IN_PREFIX:
		/* The sender waits for an answer, and has nothing under way. */
		f->failed++;
		ui_error(f->ui, "file-failed", IN_FACTS(f, fact_text("reason", "cancelled")),
			 "%s was not received: cancelled", f->in.name);
		refuse(f, "cancelled");
		tree_file_done(f, false);
		close_incoming(f);
		f->in.state = IN_NONE;
		return true;
	case IN_RECEIVING:
		fail(f, "cancelled");
		/* Nor are the other files of this directory wanted. */
		f->tree.taken = false;
		return true;
	default:
		return false;
	}
}
