/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.h - what the two ends of a TLS conversation say to each other.
 *
 * docs/chat-protocol.md is the description of the format. Here are its types, its
 * limits, and for each type a struct and the two functions that translate it.
 *
 *	length u32 | type u8 | body
 *
 * `length` counts type and body. Types below FRAME_RELIABLE belong to one connection.
 * The others are numbered: their body begins with a u64 that grows by one, they are
 * kept until the peer has acknowledged them and sent again after a reconnect.
 * A frame of an unknown type is skipped, and acknowledged if it is numbered.
 */
#ifndef CRYPTOCHAT_PROTOCOL_FRAME_H
#define CRYPTOCHAT_PROTOCOL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cryptochat/protocol/wire.h"

#define FRAME_VERSION 2
#define FRAME_HEAD 5	    /* length and type */
#define FRAME_SEQ 8	    /* the number of a reliable frame */
#define FRAME_PAYLOAD 65536 /* most bytes of text, stream or file in one frame */
/* Largest value of `length`: payload, and the fields before it. */
#define FRAME_LENGTH_MAX (FRAME_PAYLOAD + 320)
#define FRAME_MAX (4 + FRAME_LENGTH_MAX)

#define SESSION_ID_SIZE 16
#define PROOF_SIZE 32
#define DIGEST_SIZE 32 /* SHA-256 */
#define NICK_SIZE 33   /* 32 bytes and the 0 */
#define REASON_SIZE 161
#define FILE_NAME_SIZE 256

enum frame_type {
	FRAME_HELLO = 1,  /* first frame in each direction */
	FRAME_REFUSE = 2, /* instead of or after HELLO: no conversation */
	FRAME_ACK = 3,	  /* all numbered frames below this number have been dealt with */
	FRAME_PING = 4,	  /* nothing, so that silence means something */
	FRAME_BYE = 5,	  /* the conversation is over */

	FRAME_RELIABLE = 0x40,
	FRAME_TEXT = 0x40,   /* a message a person wrote */
	FRAME_STREAM = 0x41, /* bytes of a pipe or file on standard input */
	FRAME_EOF = 0x42,    /* no text and no stream any more from this end */
	FRAME_VERIFY = 0x43, /* a step of comparing words */
	FRAME_ROSTER = 0x44, /* hub: who is there, came, left */
	FRAME_OFFER = 0x48,  /* a file */
	FRAME_ANSWER = 0x49, /* to an offer */
	FRAME_DATA = 0x4a,   /* bytes of a file */
	FRAME_END = 0x4b,    /* of a file, with its digest */
	FRAME_DONE = 0x4c,   /* the receiver's verdict */
};

/** enum proof_kind - what a HELLO proves besides the key of the certificate */
enum proof_kind { PROOF_NONE, PROOF_INVITE, PROOF_SECRET };

#define HELLO_HUB 1u /* flag: this end is a hub, it reads everything */

/**
 * struct hello - the first frame of each end
 * @flags: HELLO_*
 * @session: the conversation; chosen by the end that connects
 * @resume: the connecting end was in this conversation before
 * @next: number of the next numbered frame this end expects; 1 in a new conversation
 * @proof: enum proof_kind
 * @mac: for PROOF_INVITE and PROOF_SECRET, see tls_proof()
  * @nick: how this end wants to be called; see nick_ok()
 * @you: of the called end: what the other end is called here; else empty
 */
struct hello {
	uint8_t flags;
	uint8_t session[SESSION_ID_SIZE];
	bool resume;
	uint64_t next;
	uint8_t proof;
	uint8_t mac[PROOF_SIZE];
	char nick[NICK_SIZE];
	char you[NICK_SIZE];
};

enum refuse_code {
	REFUSE_UNKNOWN = 1, /* the key is not known here and was not accepted */
	REFUSE_CHANGED = 2, /* the key is not the one of before, or of the invite */
	REFUSE_PROOF = 3,   /* invite or secret is wrong or used up */
	REFUSE_BUSY = 4,    /* somebody else is there */
	REFUSE_LOST = 5,    /* the conversation to resume is not known any more */
	REFUSE_VERSION = 6,
	REFUSE_PROTOCOL = 7, /* a frame that is none */
	REFUSE_WORDS = 8,    /* in a conversation: the words that people compared differ */
};

struct refuse {
	uint8_t code;
	char reason[REASON_SIZE];
};

/** struct text_frame - @text: @len bytes of valid UTF-8, borrowed from the frame */
struct text_frame {
	uint64_t time_ms;     /* since 1970, of the sender's clock */
	char nick[NICK_SIZE]; /* hub: who wrote it; else empty */
	const uint8_t *text;
	size_t len;
};

enum verify_step { VERIFY_COMMIT = 1, VERIFY_ANSWER = 2, VERIFY_REVEAL = 3 };

struct verify_frame {
	uint8_t step;
	uint8_t value[DIGEST_SIZE];
};

enum roster_event {
	ROSTER_HERE = 1,
	ROSTER_CAME = 2,
	ROSTER_LEFT = 3,
	ROSTER_AWAY = 4,
	ROSTER_BACK = 5,
};

struct roster {
	uint8_t event;
	char nick[NICK_SIZE];
	uint8_t key[DIGEST_SIZE];
};

/**
 * struct offer - a file
 * @mode: permission bits; 0: not known
 * @mtime_ms: when it was last changed, since 1970; 0: not known
 * @tree: number of the directory that this is a file of, chosen by the sender; 0: of none
 * @tree_files: files in that directory and below
 * @tree_bytes: their bytes
 * @name: without directories
 * @dir: @tree: the directories above it, from that one on, with slashes between them
 */
struct offer {
	uint32_t id;
	uint64_t size;
	uint16_t mode;
	uint64_t mtime_ms;
	uint32_t tree;
	uint32_t tree_files;
	uint64_t tree_bytes;
	char name[FILE_NAME_SIZE];
	char dir[FILE_NAME_SIZE];
};

enum answer_verdict { ANSWER_TAKE = 1, ANSWER_REFUSE = 2 };

/**
 * struct answer - to an offer
 * @offset: ANSWER_TAKE: bytes the receiver has already
 * @digest: ANSWER_TAKE: their digest
 * @reason: ANSWER_REFUSE: for people
 */
struct answer {
	uint32_t id;
	uint8_t verdict;
	uint64_t offset;
	uint8_t digest[DIGEST_SIZE];
	char reason[REASON_SIZE];
};

struct data_frame {
	uint32_t id;
	uint64_t offset;
	const uint8_t *data;
	size_t len;
};

/** struct end_frame - @ok: all was sent; otherwise the sender could not go on */
struct end_frame {
	uint32_t id;
	bool ok;
	uint8_t digest[DIGEST_SIZE];
};

/** struct done_frame - @ok: the file is there, with the right digest */
struct done_frame {
	uint32_t id;
	bool ok;
	char reason[REASON_SIZE];
};

/**
 * struct frame - a received frame
 * @type: enum frame_type, or a type of a later version
 * @seq: its number, if it is a reliable one
 * @body: what follows type and number
 */
struct frame {
	uint8_t type;
	uint64_t seq;
	struct reader body;
};

static inline bool frame_is_reliable(uint8_t type)
{
	return type >= FRAME_RELIABLE;
}

/**
 * frame_parse() - find the first frame in received bytes
 * @data: bytes
 * @len: how many there are
 * @ret: the frame; its body points into @data
 *
 * Return: bytes the frame takes; 0: it is not complete yet; -EPROTO: no frame begins so
 */
int frame_parse(const uint8_t *data, size_t len, struct frame *ret);

/*
 * frame_get_*() - take a body apart. Return 0, or -EPROTO: the body is not of this form, in
 * any respect: lengths, values out of range, text that is not UTF-8, bytes left over.
 */
int frame_get_hello(const struct frame *f, struct hello *ret);
int frame_get_refuse(const struct frame *f, struct refuse *ret);
int frame_get_ack(const struct frame *f, uint64_t *ret);
int frame_get_text(const struct frame *f, struct text_frame *ret);
int frame_get_verify(const struct frame *f, struct verify_frame *ret);
int frame_get_roster(const struct frame *f, struct roster *ret);
int frame_get_offer(const struct frame *f, struct offer *ret);
int frame_get_answer(const struct frame *f, struct answer *ret);
int frame_get_data(const struct frame *f, struct data_frame *ret);
int frame_get_end(const struct frame *f, struct end_frame *ret);
int frame_get_done(const struct frame *f, struct done_frame *ret);

/*
 * frame_put_*() - write a body. The writer is one of frame_begin(). What is too long for its field
 * makes the writer bad: a mistake of the caller, not of a peer.
 */
void frame_put_hello(struct writer *w, const struct hello *h);
void frame_put_refuse(struct writer *w, uint8_t code, const char *reason);
void frame_put_text(struct writer *w, const struct text_frame *t);
void frame_put_verify(struct writer *w, const struct verify_frame *v);
void frame_put_roster(struct writer *w, const struct roster *r);
void frame_put_offer(struct writer *w, const struct offer *o);
void frame_put_answer(struct writer *w, const struct answer *a);
void frame_put_data(struct writer *w, const struct data_frame *d);
void frame_put_end(struct writer *w, const struct end_frame *e);
void frame_put_done(struct writer *w, const struct done_frame *d);

/**
 * frame_begin() - start a frame
 * @w: writer, set to the body
 * @buffer: FRAME_MAX bytes
 * @type: enum frame_type
 * @seq: its number, if it is a reliable one
 */
void frame_begin(struct writer *w, uint8_t *buffer, uint8_t type, uint64_t seq);

/** frame_finish() - fill in the length; returns the size of the whole frame, 0: writer was bad */
size_t frame_finish(struct writer *w);

/**
 * nick_ok() - may somebody be called so?
 *
 * 1 to 32 bytes of UTF-8 without control characters, what steers a terminal, spaces and what else
 * cannot be seen, and not beginning with '-', '#', '/' or a combining mark.
 */
bool nick_ok(const char *nick);

/** nick_is_marked() - has it characters that other scripts have look-alikes of? */
bool nick_is_marked(const char *nick);

/** nick_mark() - NICK~MARK, with as much of @nick as there is room for; @mark: at most 8 ASCII */
void nick_mark(const char *nick, const char *mark, char ret[NICK_SIZE]);

#endif /* CRYPTOCHAT_PROTOCOL_FRAME_H */
