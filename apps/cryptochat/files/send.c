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

static int open_regular(const char *path, uint64_t *size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	*size = (uint64_t)st.st_size;
	return fd;
}

const char *files_error(int err)
{
	return err == -EINVAL ? "it is no regular file" : strerror(-err);
}

int files_check(const char *path)
{
	uint64_t size;
	int fd = open_regular(path, &size);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int files_send(struct files *f, const char *path)
{
	struct queued *q, **at = &f->queue;
	size_t len = strlen(path) + 1;
	int err = files_check(path);

	if (err)
		return err; /* said at once, and not when its turn comes */
	q = malloc(sizeof(*q) + len);
	if (!q)
		return -ENOMEM;
	q->next = NULL;
	memcpy(q->path, path, len);
	while (*at)
		at = &(*at)->next;
	*at = q;
	return 0;
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
		 "%s was not sent: %s", f->out.name, why);
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

/* Take the next file from the queue and offer it. */
static bool offer_next(struct files *f)
{
	struct queued *q = f->queue;
	uint8_t buffer[FRAME_HEAD + FRAME_SEQ + 64 + FILE_NAME_SIZE];
	struct offer o = {.id = f->next_id++};
	struct writer w;
	int err;

	f->queue = q->next;
	strncpy(f->out.name, last_component(q->path), sizeof(f->out.name) - 1);
	f->out.fd = open_regular(q->path, &o.size);
	err = f->out.fd < 0 ? f->out.fd : 0;
	free(q);
	f->out.md = EVP_MD_CTX_new();
	if (!err && (!f->out.md || EVP_DigestInit_ex(f->out.md, EVP_sha256(), NULL) != 1))
		err = -ENOMEM;
	if (err) {
		fail(f, strerror(-err));
		return true;
	}
	f->out.id = o.id;
	f->out.size = o.size;
	f->out.state = OUT_OFFERED;
	strcpy(o.name, f->out.name);
	frame_begin(&w, buffer, FRAME_OFFER, f->outbox->next_seq);
	w.room = sizeof(buffer);
	frame_put_offer(&w, &o);
	outbox_add(f->outbox, buffer, frame_finish(&w));
	ui_notice(f->ui, "file-offered", OUT_FACTS(f, {0}), "offering %s (%llu bytes)", f->out.name,
		  (unsigned long long)o.size);
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
			  "%s: resuming at %d %%", o->name,
			  o->size ? (int)(100.0 * (double)o->offset / (double)o->size) : 100);
	} else {
		ui_notice(f->ui, "file-restart", OUT_FACTS(f, {0}),
			  "%s: what the receiver has is of another file, starting anew", o->name);
		EVP_DigestInit_ex(o->md, EVP_sha256(), NULL);
		o->offset = 0;
	}
	o->state = OUT_SENDING;
	progress_begin(&o->progress, o->size, o->offset, wait_clock_ms());
	return true;
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

int files_on_answer(struct files *f, const struct answer *a)
{
	struct outgoing *o = &f->out;

	if (o->state != OUT_OFFERED || a->id != o->id)
		return -EPROTO;
	if (a->verdict == ANSWER_REFUSE) {
		fail(f, a->reason[0] ? a->reason : "the receiver does not want it");
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
	if (f->out.state != OUT_ENDED && (d->ok || f->out.state != OUT_SENDING))
		return -EPROTO;
	if (!d->ok) {
		fail(f, d->reason[0] ? d->reason : "the receiver could not store it");
		return 0;
	}
	f->sent++;
	ui_notice(
	    f->ui, "file-sent", OUT_FACTS(f, fact_text("sha256", digest_text(f->out.digest, hex))),
	    "%s: sent and checked, %s/s", f->out.name,
	    progress_size(progress_average(&f->out.progress, f->out.size, wait_clock_ms()), rate));
	close_outgoing(f);
	return 0;
}

void send_abandon(struct files *f)
{
	if (f->out.state != OUT_NONE)
		fail(f, "the conversation ended");
	while (f->queue) {
		struct queued *q = f->queue;

		f->failed++;
		ui_error(f->ui, "file-failed",
			 FACTS(fact_text("peer", f->peer), fact_text("direction", "out"),
			       fact_text("name", last_component(q->path)),
			       fact_text("reason", "the conversation ended")),
			 "%s was not sent: the conversation ended", q->path);
		f->queue = q->next;
		free(q);
	}
}
