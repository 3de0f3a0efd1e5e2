/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * golden.h - reads the golden messages, tests/golden/NAME.hex.
 *
 * A file is one request and the reply that the device gives to it, byte for byte:
 *
 *	# comment, to the end of the line
 *	[setup]         optional: names of the messages to send before, on a new device
 *	hello
 *	[room]          optional: bytes of the writable part, decimal; default: as
 *	80              many as the reply has
 *	[request]       the readable part: header, then payload
 *	00 01 ...
 *	[reply]         the written bytes: reply header, then output; may be empty
 *
 * The device that the replies come from has the openssl engine, the default
 * limits, ids that begin at 0x4000 (vdev_new_at() with a seed of 1), and the key service of fake_keys.h.
 * Messages whose names begin with "key-" are sent on its slow queue, all others on another.
 */
#ifndef VCD_TEST_GOLDEN_H
#define VCD_TEST_GOLDEN_H

#include <stddef.h>
#include <stdint.h>

#define GOLDEN_MAX_SETUP 8

/**
 * struct golden - one message.
 * @setup: names of messages to send before, NULL-ended
 * @request: readable part
 * @request_len: its bytes
 * @reply: expected reply and output
 * @reply_len: its bytes, the used length
 * @room: bytes of the writable part
 */
struct golden {
	char *setup[GOLDEN_MAX_SETUP + 1];
	uint8_t *request;
	size_t request_len;
	uint8_t *reply;
	size_t reply_len;
	size_t room;
};

/**
 * golden_load - read a message.
 * @path: the file
 * @ret: out: the message
 *
 * Return: 0, -errno of opening or reading, -EINVAL malformed.
 */
int golden_load(const char *path, struct golden **ret);

/** golden_free - free it; NULL is fine. */
void golden_free(struct golden *golden);

#endif /* VCD_TEST_GOLDEN_H */
