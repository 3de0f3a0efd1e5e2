/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * files.h - files to and from one peer, over the numbered frames of a conversation.
 *
 *	sender                          receiver
 *	OFFER name, size         ->
 *	                         <-     ANSWER take, offset and digest of what is there; or refuse
 *	DATA offset, bytes       ->
 *	END digest               ->
 *	                         <-     DONE ok, or what went wrong
 *
 * One file at a time in each direction; the sender has a queue. A dropped connection is of no
 * concern here. What concerns us is another attempt after one end was stopped: the receiver
 * keeps NAME.part and offers to go on behind it, and the sender does so if its file begins
 * with the same bytes.
 *
  * A directory is sent file by file. The receiver is asked once, at the first of them, and puts them
 * into NAME.part, which becomes NAME when all of them have arrived. A second attempt finds there
 * what the first one has left.
 *
 * The receiver trusts nothing about a name but its last component, writes only into its
 * directory, only to a file it has made or is alone in using, and never over another one.
 * The digest of the whole is computed on the way.
 */
#ifndef CRYPTOCHAT_FILES_FILES_H
#define CRYPTOCHAT_FILES_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <openssl/evp.h>

#include "cryptochat/protocol/frame.h"
#include "cryptochat/link/outbox.h"
#include "cryptochat/files/progress.h"
#include "cryptochat/ui/ui.h"

/* A DATA frame that is four full TLS records. */
#define FILES_CHUNK (65536 - FRAME_HEAD - FRAME_SEQ - 12)

enum outgoing_state { OUT_NONE, OUT_OFFERED, OUT_PREFIX, OUT_SENDING, OUT_ENDED };

/**
 * struct outgoing - the file being sent
 * @offset: bytes read and hashed so far
  * @changed: when the file was last changed, as it was opened
 * @tree: see struct offer
 * @shown: @name, harmless for a terminal
 * @prefix: OUT_PREFIX: bytes the receiver has
  * @digest: OUT_PREFIX: their digest as the receiver says; OUT_ENDED: that of the whole file
 */
struct outgoing {
	enum outgoing_state state;
	uint32_t id;
	int fd;
	uint64_t size;
	uint64_t offset;
	uint64_t prefix;
	uint8_t digest[DIGEST_SIZE];
	EVP_MD_CTX *md;
	struct timespec changed;
	uint32_t tree;
	char name[FILE_NAME_SIZE];
	char dir[FILE_NAME_SIZE];
	char shown[FILE_NAME_SIZE];
	struct progress progress;
};

/** struct queued - a file that waits for its turn; for @tree and others see struct offer */
struct queued {
	struct queued *next;
	uint64_t size;
	uint32_t tree;
	uint32_t tree_files;
	uint64_t tree_bytes;
	char dir[FILE_NAME_SIZE];
	char path[];
};

/**
 * struct tree - a directory that is being received
 * @id: see struct offer; 0: none
 * @taken: the user wants it
 * @failed: one of its files did not arrive
 * @left: files that have not been dealt with
 * @name: of the directory, safe
 */
struct tree {
	uint32_t id;
	bool taken;
	bool failed;
	uint32_t files;
	uint32_t left;
	char name[FILE_NAME_SIZE];
};

enum incoming_state { IN_NONE, IN_ASKING, IN_PREFIX, IN_RECEIVING, IN_DISCARD };

/**
 * struct incoming - the file being received
 * @have: bytes in the part file that are hashed
 * @prefix: bytes it had at the start
 */
struct incoming {
	enum incoming_state state;
	uint32_t id;
	int fd;
	uint64_t size;
	uint64_t have;
	uint64_t prefix;
	EVP_MD_CTX *md;
	uint16_t mode;
	uint64_t mtime_ms;
	uint32_t tree;
	char name[FILE_NAME_SIZE];
	char dir[FILE_NAME_SIZE];
	char part[FILE_NAME_SIZE];
	struct progress progress;
};

/**
 * struct files - the transfers with one peer
  * @outbox: where frames are put; borrowed, like all pointers here
 * @peer: its name
 * @dir: directory for received files
 * @take_all: accept without asking
 * @refuse: reason to refuse all, or NULL
 * @sent: files that arrived there
 * @received: files that arrived here
 * @failed: files that did not, in either direction
 */
struct files {
	struct outbox *outbox;
	struct ui *ui;
	const char *peer;
	const char *dir;
	bool take_all;
	const char *refuse;
	struct outgoing out;
	struct queued *queue;
	struct incoming in;
	struct tree tree;
	uint32_t next_id;
	uint32_t next_tree;
	unsigned int sent;
	unsigned int received;
	unsigned int failed;
	int64_t shown_ms;
};

/** files_init() - @peer: its name, which may be set later in the same place */
void files_init(struct files *f, struct outbox *outbox, struct ui *ui, const char *peer,
		const char *dir, bool take_all);

/** files_check() - can the file at @path be sent? 0, -EINVAL: it is no regular file, or negative
 * errno */
int files_check(const char *path);

/** files_error() - what an error of files_check() or files_send() means, for people */
const char *files_error(int err);

/** files_send() - queue a file; returns 0, -EINVAL: not a regular file, or negative errno */
int files_send(struct files *f, const char *path);

/** files_decide() - the user's answer to the offer; returns false if there is none */
bool files_decide(struct files *f, bool take);

/** files_cancel() - stop what is being sent or received, and forget what waits; false: there is none */
bool files_cancel(struct files *f);

/** files_list() - tell the user what is being sent and received, and what waits */
void files_list(const struct files *f);

/** files_step() - a piece of work; returns: there is more that can be done now */
bool files_step(struct files *f);

/** files_busy() - is a transfer under way or waiting? */
bool files_busy(const struct files *f);

/** files_show() - update the progress line, a few times a second */
void files_show(struct files *f);

/** files_abandon() - the conversation is over: close all; unfinished ones have failed */
void files_abandon(struct files *f);

/*
 * Frames from the peer. Return 0 or -EPROTO: not allowed now, or not within what was agreed.
 */
int files_on_offer(struct files *f, const struct offer *o);
int files_on_answer(struct files *f, const struct answer *a);
int files_on_data(struct files *f, const struct data_frame *d);
int files_on_end(struct files *f, const struct end_frame *e);
int files_on_done(struct files *f, const struct done_frame *d);

/* Facts of events about the file being received, or sent, and others. */
#define IN_FACTS(f, ...)                                                                           \
	FACTS(fact_text("peer", (f)->peer), fact_text("direction", "in"),                          \
	      fact_number("id", (f)->in.id), fact_text("name", (f)->in.name),                      \
	      fact_number("size", (f)->in.size),                                                   \
	      fact_text("directory", (f)->in.dir[0] ? (f)->in.dir : NULL), __VA_ARGS__)
#define OUT_FACTS(f, ...)                                                                          \
	FACTS(fact_text("peer", (f)->peer), fact_text("direction", "out"),                         \
	      fact_number("id", (f)->out.id), fact_text("name", (f)->out.name),                    \
	      fact_number("size", (f)->out.size),                                                  \
	      fact_text("directory", (f)->out.dir[0] ? (f)->out.dir : NULL), __VA_ARGS__)

/** digest_text() - in hexadecimal; returns @hex */
char *digest_text(const uint8_t digest[DIGEST_SIZE], char hex[2 * DIGEST_SIZE + 1]);

/* Between the parts: receive.c, send.c. */
bool send_step(struct files *f);
void send_abandon(struct files *f);
bool send_cancel(struct files *f);
bool receive_step(struct files *f);
void receive_abandon(struct files *f);
bool receive_cancel(struct files *f);

/** send_walk() - queue all files below the directory @path; returns 0 or negative errno */
int send_walk(struct files *f, const char *path);

/** send_queue() - queue one file; returns it, or NULL: no memory */
struct queued *send_queue(struct files *f, const char *path);

/** tree_name() - a name of @len bytes that is safe to use in a directory of ours: hidden files are
 * allowed there */
void tree_name(const char *offered, size_t len, char out[FILE_NAME_SIZE]);

/** receive_shorten() - cut a name so that there is room for .part and a number; .tar.gz stays */
void receive_shorten(char *name);

/** tree_begin() - a directory is offered: remember it */
void tree_begin(struct files *f, const struct offer *o);

/** tree_open() - the directory that the file being received belongs into; a descriptor or negative
 * errno */
int tree_open(struct files *f);

/** tree_file_done() - a file of it has arrived, or not: after the last one the directory gets its name */
void tree_file_done(struct files *f, bool ok);

/** tree_abandon() - the rest does not come */
void tree_abandon(struct files *f);

/**
 * receive_name() - a name that is safe to use in a directory
 *
 * The last component, without controls, not hidden, short enough for a suffix.
 *
 * @offered: the peer's name
 * @out: FILE_NAME_SIZE bytes
 */
void receive_name(const char *offered, char *out);

#endif /* CRYPTOCHAT_FILES_FILES_H */
