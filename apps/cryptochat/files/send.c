// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * send.c - files to a peer: offer, perhaps skip what is there, read, send, wait for the verdict.
 *
 * Each step reads a bounded piece, so that hours of sending never make a line of text wait for
 * more than the outbox holds.
 */
#include "cryptochat/files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/base/wait.h"

#define HASH_STEP (1u << 20) /* hashed at once before others get their turn */

static int open_regular(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0 || !S_ISREG(st->st_mode)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

const char *files_error(int err)
{
	switch (err) {
	case -EINVAL:
		return "it is neither a regular file nor a directory";
	case -ENODATA:
		return "it has no files";
	default:
		return strerror(-err);
	}
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int files_check(const char *path)
{
	struct stat st;
	int fd;

	if (is_directory(path))
		return access(path, R_OK | X_OK) < 0 ? -errno : 0;
	fd = open_regular(path, &st);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

struct queued *send_queue(struct files *f, const char *path)
{
	struct queued *q, **at = &f->queue;
	size_t len = strlen(path) + 1;

	q = calloc(1, sizeof(*q) + len);
	if (!q)
		return NULL;
	memcpy(q->path, path, len);
	while (*at)
		at = &(*at)->next;
	*at = q;
	return q;
}

int files_send(struct files *f, const char *path)
{
	int err = files_check(path);

	if (err)
		return err; /* said at once, and not when its turn comes */
	if (is_directory(path))
		return send_walk(f, path);
	return send_queue(f, path) ? 0 : -ENOMEM;
}

static void close_outgoing(struct files *f)
{
	if (f->out.fd >= 0)
		close(f->out.fd);
	EVP_MD_CTX_free(f->out.md);
	f->out = (struct outgoing){.fd = -1};
	ui_progress(f->ui, NULL);
}

static void fail(struct files *f, const char *why)
{
	f->failed++;
	ui_error(f->ui, "file-failed", OUT_FACTS(f, fact_text("reason", why)),
		 "%s was not sent: %s", f->out.shown, why);
	close_outgoing(f);
}

static void put_end(struct files *f, bool ok)
{
	uint8_t buffer[FRAME_HEAD + FRAME_SEQ + 64];
	struct end_frame e = {.id = f->out.id, .ok = ok};
	struct writer w;
	size_t len;

	if (ok && EVP_DigestFinal_ex(f->out.md, e.digest, NULL) != 1)
		e.ok = false;
	memcpy(f->out.digest, e.digest, sizeof(e.digest));
	frame_begin(&w, buffer, FRAME_END, f->outbox->next_seq);
	w.room = sizeof(buffer);
	frame_put_end(&w, &e);
	len = frame_finish(&w);
	if (len)
		outbox_add(f->outbox, buffer, len);
}

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What is offered is what the file is now. */
static void describe(struct files *f, const struct stat *st, const struct queued *q,
		     struct offer *o)
{
	int64_t changed = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;

	o->size = (uint64_t)st->st_size;
	o->mode = st->st_mode & 0777;
	o->mtime_ms = changed > 0 ? (uint64_t)changed : 0;
	o->tree = q->tree;
	o->tree_files = q->tree_files;
	o->tree_bytes = q->tree_bytes;
	strcpy(o->dir, q->dir);
	strcpy(o->name, f->out.name);
	strcpy(f->out.dir, q->dir);
	f->out.tree = q->tree;
	f->out.changed = st->st_mtim;
	f->out.size = o->size;
}

/* Take the next file from the queue and offer it. */
static bool offer_next(struct files *f)
{
	struct queued *q = f->queue;
	uint8_t buffer[FRAME_HEAD + FRAME_SEQ + 64 + 2 * FILE_NAME_SIZE];
	char shown[TEXT_SHOW_MAX(FILE_NAME_SIZE)];
	struct offer o = {.id = f->next_id++};
	struct stat st = {0};
	struct writer w;
	int err;

	f->queue = q->next;
	f->out.id = o.id;
	snprintf(f->out.name, sizeof(f->out.name), "%s", last_component(q->path));
	text_show(f->out.name, strlen(f->out.name), "", shown);
	snprintf(f->out.shown, sizeof(f->out.shown), "%.*s", (int)sizeof(f->out.shown) - 1, shown);
	f->out.fd = open_regular(q->path, &st);
	err = f->out.fd < 0 ? f->out.fd : 0;
	describe(f, &st, q, &o);
	free(q);
	f->out.md = EVP_MD_CTX_new();
	if (!err && (!f->out.md || EVP_DigestInit_ex(f->out.md, EVP_sha256(), NULL) != 1))
		err = -ENOMEM;
	if (err) {
		fail(f, files_error(err));
		return true;
	}
	f->out.state = OUT_OFFERED;
	frame_begin(&w, buffer, FRAME_OFFER, f->outbox->next_seq);
	w.room = sizeof(buffer);
	frame_put_offer(&w, &o);
	outbox_add(f->outbox, buffer, frame_finish(&w));
	ui_notice(f->ui, "file-offered", OUT_FACTS(f, {0}), "offering %s (%llu bytes)",
		  f->out.shown, (unsigned long long)o.size);
	return true;
}

/* Hash what the receiver has; at its end: is it what we have? */
static bool hash_prefix(struct files *f)
{
	struct outgoing *o = &f->out;
	uint8_t digest[DIGEST_SIZE];
	uint8_t *data = malloc(HASH_STEP);
	uint64_t want = o->prefix - o->offset;
	EVP_MD_CTX *copy;
	ssize_t n;
	bool same;

	if (!data)
		return true;
	n = pread(o->fd, data, want < HASH_STEP ? want : HASH_STEP, (off_t)o->offset);
	if (n > 0) {
		EVP_DigestUpdate(o->md, data, (size_t)n);
		o->offset += (uint64_t)n;
	}
	free(data);
	if (n > 0 && o->offset < o->prefix)
		return true;
	copy = EVP_MD_CTX_new();
	same = n > 0 && copy && EVP_MD_CTX_copy_ex(copy, o->md) == 1 &&
	       EVP_DigestFinal_ex(copy, digest, NULL) == 1 &&
	       memcmp(digest, o->digest, sizeof(digest)) == 0;
	EVP_MD_CTX_free(copy);
	if (same) {
		ui_notice(f->ui, "file-resume", OUT_FACTS(f, fact_number("have", o->offset)),
			  "%s: resuming at %d %%", o->shown,
			  o->size ? (int)(100.0 * (double)o->offset / (double)o->size) : 100);
	} else {
		ui_notice(f->ui, "file-restart", OUT_FACTS(f, {0}),
			  "%s: what the receiver has is of another file, starting anew", o->shown);
		EVP_DigestInit_ex(o->md, EVP_sha256(), NULL);
		o->offset = 0;
	}
	o->state = OUT_SENDING;
	progress_begin(&o->progress, o->size, o->offset, wait_clock_ms());
	return true;
}

/* Has the file changed since it was opened? Then what has been sent is a mixture. */
static bool has_changed(const struct outgoing *o)
{
	struct stat st;

	return fstat(o->fd, &st) < 0 || (uint64_t)st.st_size != o->size ||
	       st.st_mtim.tv_sec != o->changed.tv_sec || st.st_mtim.tv_nsec != o->changed.tv_nsec;
}

/* One DATA frame, or the end. */
static void send_piece(struct files *f)
{
	struct outgoing *o = &f->out;
	uint8_t *buffer;
	size_t want =
	    o->size - o->offset < FILES_CHUNK ? (size_t)(o->size - o->offset) : FILES_CHUNK;
	struct writer w;
	ssize_t n;

	if (!want && has_changed(o)) {
		put_end(f, false);
		fail(f, "it changed while it was being sent");
		return;
	}
	if (!want) {
		put_end(f, true);
		o->state = OUT_ENDED;
		return;
	}
	buffer = outbox_room(f->outbox);
	if (!buffer) {
		put_end(f, false);
		fail(f, strerror(ENOMEM));
		return;
	}
	frame_begin(&w, buffer, FRAME_DATA, f->outbox->next_seq);
	wire_put(&w, o->id, 4);
	wire_put(&w, o->offset, 8);
	n = pread(o->fd, buffer + w.len, want, (off_t)o->offset);
	if (n <= 0) {
		put_end(f, false);
		fail(f, n < 0 ? strerror(errno) : "it has become shorter");
		return;
	}
	EVP_DigestUpdate(o->md, buffer + w.len, (size_t)n);
	w.len += (size_t)n;
	outbox_commit(f->outbox, frame_finish(&w));
	o->offset += (uint64_t)n;
}

bool send_step(struct files *f)
{
	switch (f->out.state) {
	case OUT_NONE:
		return f->queue && !outbox_full(f->outbox) && offer_next(f);
	case OUT_PREFIX:
		return hash_prefix(f);
	case OUT_SENDING:
		while (f->out.state == OUT_SENDING && !outbox_full(f->outbox))
			send_piece(f);
		return false; /* room in the outbox is what we wait for */
	default:
		return false;
	}
}

/* The receiver says why, and the user has to know that it is not our disk that is full. */
static void fail_there(struct files *f, const char *reason)
{
	char why[REASON_SIZE + 32];

	snprintf(why, sizeof(why), "the receiver: %s", reason);
	fail(f, why);
}

/* The rest of a directory that the receiver does not take. */
static void drop_tree(struct files *f, uint32_t tree)
{
	struct queued **at = &f->queue;

	while (*at) {
		struct queued *q = *at;

		if (!tree || q->tree != tree) {
			at = &q->next;
			continue;
		}
		*at = q->next;
		f->failed++;
		free(q);
	}
}

int files_on_answer(struct files *f, const struct answer *a)
{
	struct outgoing *o = &f->out;

	/* The answer to what we have given up meanwhile. */
	if (a->id < f->next_id && (o->state == OUT_NONE || a->id != o->id))
		return 0;
	if (o->state != OUT_OFFERED || a->id != o->id)
		return -EPROTO;
	if (a->verdict == ANSWER_REFUSE) {
		uint32_t tree = o->tree;

		fail_there(f, a->reason[0] ? a->reason : "does not want it");
		drop_tree(f, tree);
		return 0;
	}
	if (a->offset > o->size)
		return -EPROTO;
	o->prefix = a->offset;
	memcpy(o->digest, a->digest, sizeof(o->digest));
	o->state = o->prefix ? OUT_PREFIX : OUT_SENDING;
	progress_begin(&o->progress, o->size, 0, wait_clock_ms());
	return 0;
}

int files_on_done(struct files *f, const struct done_frame *d)
{
	char rate[16], hex[2 * DIGEST_SIZE + 1];

	/* A verdict on what we have given up ourselves. */
	if (f->out.state == OUT_NONE || d->id != f->out.id)
		return d->id < f->next_id ? 0 : -EPROTO;
	if (f->out.state != OUT_ENDED &&
	    (d->ok || (f->out.state != OUT_SENDING && f->out.state != OUT_PREFIX)))
		return -EPROTO;
	if (!d->ok) {
		fail_there(f, d->reason[0] ? d->reason : "it could not be stored");
		return 0;
	}
	f->sent++;
	ui_notice(
	    f->ui, "file-sent", OUT_FACTS(f, fact_text("sha256", digest_text(f->out.digest, hex))),
	    "%s: sent and checked, %s/s", f->out.shown,
	    progress_size(progress_average(&f->out.progress, f->out.size, wait_clock_ms()), rate));
	close_outgoing(f);
	return 0;
}

/* Forget what waits, for the reason @why. */
static bool clear_queue(struct files *f, const char *why)
{
	bool any = f->queue != NULL;

	while (f->queue) {
		struct queued *q = f->queue;

		f->failed++;
		ui_error(f->ui, "file-failed",
			 FACTS(fact_text("peer", f->peer), fact_text("direction", "out"),
			       fact_text("name", last_component(q->path)),
			       fact_text("reason", why)),
			 "%s was not sent: %s", q->path, why);
		f->queue = q->next;
		free(q);
	}
	return any;
}

void send_abandon(struct files *f)
{
	if (f->out.state != OUT_NONE)
		fail(f, "the conversation ended");
	clear_queue(f, "the conversation ended");
}

bool send_cancel(struct files *f)
{
	bool any = f->out.state != OUT_NONE;

	if (any) {
		/* After END the verdict is on its way, and is then about what was given up. */
		if (f->out.state != OUT_ENDED)
			put_end(f, false);
		fail(f, "cancelled");
	}
	return clear_queue(f, "cancelled") || any;
}
