/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab_frame.h - what a lab frame holds: text to frame and frame to text.
 *
 * Theory of operation
 * -------------------
 * A lab frame is a block of fixed size, DATA_SIZE bytes, that holds text and then
 * zero bytes up to its end. There is no length, so a frame cannot say whether
 * its last zero bytes are text. Three rules let every byte string through
 * between two ends that follow them, while text that contains no zero byte
 * gives exactly the frames of any other lab program:
 *
 *  1. The reader takes everything up to the last byte that is not zero. Zero
 *     bytes before that one are text.
 *  2. The writer cuts its input so that the text of a frame ends in a byte that
 *     is not zero. Zero bytes at the cut go to the front of the next frame.
 *  3. Zero bytes with nothing behind them (the end of what was typed or read, or
 *     a run as long as a frame) go as a *zero frame*, which stands for 1 to
 *     DATA_SIZE zero bytes of text:
 *
 *         offset  0   00
 *                 1   "cchat-zeros" (11 bytes)
 *                12   count, 32 bits, big-endian, 1 to DATA_SIZE
 *                16   00 up to DATA_SIZE
 *
 *     It begins with a zero byte: a lab program that treats text as a C string
 *     prints nothing for it. A writer never sends text in that form; it cuts
 *     such a text in two.
 *
 * Invariants: a frame gives at most DATA_SIZE bytes, so a peer cannot make us
 * produce more than it sends; the concatenation of what lab_frame_read() gives for the
 * frames of lab_frame_write() is the input, whatever the input and wherever it
 * was divided between calls.
 */
#ifndef LABCHAT_LAB_FRAME_H
#define LABCHAT_LAB_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits of DATA_SIZE: whole AES blocks, and a bound on what a peer makes us hold. */
#define LAB_FRAME_MIN 16
#define LAB_FRAME_MAX 65536
#define LAB_FRAME_DEFAULT 256

/** lab_frame_size_ok() - is this a DATA_SIZE that we accept? */
static inline bool lab_frame_size_ok(size_t size)
{
	return size >= LAB_FRAME_MIN && size <= LAB_FRAME_MAX && size % 16 == 0;
}

/**
 * lab_frame_write() - fill one frame from the front of some text
 * @text: bytes to send
 * @len: number of bytes, above 0
 * @frame: the frame, @size bytes, not yet encrypted
 * @size: DATA_SIZE
 *
 * Return: bytes of @text that the frame holds, 1 to @size
 */
size_t lab_frame_write(const uint8_t *text, size_t len, uint8_t *frame, size_t size);

/**
 * lab_frame_read() - turn a decrypted frame into its text, in place
 * @frame: the frame; on return its text
 * @size: DATA_SIZE
 *
 * Return: bytes of text, 0 to @size
 */
size_t lab_frame_read(uint8_t *frame, size_t size);

#endif /* LABCHAT_LAB_FRAME_H */
