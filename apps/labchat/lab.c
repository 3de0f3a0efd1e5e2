// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lab.c - the lab protocol as a channel.
 *
 * Theory of operation
 * -------------------
 * Wire: a sequence of frames of DATA_SIZE bytes, nothing around them; each is
 * AES-CBC(key, iv, text padded with zero bytes), with the same IV every time.
 * docs/chat-lab-protocol.md describes it, lab_frame.h what is in a frame.
 *
 *   send()    text -> lab_frame_write() -> encrypt -> tx   -> socket
 *   receive() text <- lab_frame_read() <- decrypt <- rx   <- socket
 *
 * tx and rx hold ciphertext and each has room for at least one frame. A frame is
 * encrypted when its text is taken, and decrypted when its text is asked for, so a
 * reader that does not keep up stops the socket, not the memory. `ready` is the
 * text of the one frame that is being handed out.
 *
 * Invariants: tx grows by whole frames; rx is only taken from by whole frames;
 * rx_open == false and fewer bytes than a frame in rx means everything that
 * can be handed out is in `ready`.
 */
#include "labchat/lab.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/base/buffer.h"
#include "labchat/lab_frame.h"

/* Ciphertext held in each direction: what one system call moves at best. */
#define QUEUE_SIZE 65536

struct lab {
	struct channel base;
	struct lab_params params;
	struct crypt *crypt;
	struct buffer tx;
	struct buffer rx;
	struct buffer ready;
	bool finishing;
	uint64_t frames_sent;
	uint64_t frames_received;
};

static struct lab *lab_of(struct channel *ch)
{
	return (struct lab *)ch;
}

static void note_fault(struct lab *lab, enum channel_fault fault, int error)
{
	if (lab->base.fault == CHANNEL_OK) {
		lab->base.fault = fault;
		lab->base.error = error;
	}
}

static void stop_sending(struct lab *lab)
{
	lab->base.tx_open = false;
	buffer_clear(&lab->tx);
}

/* A fault after which neither direction makes sense. */
static void fail(struct lab *lab, enum channel_fault fault, int error)
{
	note_fault(lab, fault, error);
	stop_sending(lab);
	lab->base.rx_open = false;
	buffer_clear(&lab->rx);
}

static void shut_down_if_done(struct lab *lab)
{
	if (!lab->finishing || !lab->base.tx_open || buffer_used(&lab->tx))
		return;
	if (shutdown(lab->base.fd, SHUT_WR) < 0)
		note_fault(lab, CHANNEL_NETWORK, -errno);
	lab->base.tx_open = false;
}

static void push(struct lab *lab)
{
	while (buffer_used(&lab->tx)) {
		ssize_t n = send(lab->base.fd, buffer_peek(&lab->tx), buffer_used(&lab->tx),
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n < 0) {
			note_fault(lab, CHANNEL_NETWORK, -errno);
			stop_sending(lab);
			return;
		}
		buffer_consume(&lab->tx, (size_t)n);
	}
	shut_down_if_done(lab);
}

static void peer_ended(struct lab *lab)
{
	lab->base.rx_open = false;
	if (buffer_used(&lab->rx) % lab->params.frame_size) {
		/* The whole frames before the torn one are still handed out. */
		note_fault(lab, CHANNEL_TRUNCATED, 0);
		stop_sending(lab);
	}
}

static void pull(struct lab *lab)
{
	size_t room = buffer_room(&lab->rx);
	uint8_t *at = buffer_reserve(&lab->rx, room);
	ssize_t n;

	if (!room || !lab->base.rx_open)
		return;
	do {
		n = recv(lab->base.fd, at, room, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);

	if (n > 0) {
		buffer_commit(&lab->rx, (size_t)n);
	} else if (n == 0) {
		peer_ended(lab);
	} else if (errno != EAGAIN && errno != EWOULDBLOCK) {
		note_fault(lab, CHANNEL_NETWORK, -errno);
		stop_sending(lab);
		lab->base.rx_open = false;
	}
}

/*
 * Called for an event on a socket nothing is read from any more: the peer's end
 * was seen earlier, and now it turns out that it is not there to listen either.
 */
static void check_socket(struct lab *lab)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(lab->base.fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (lab->base.tx_open) {
		note_fault(lab, CHANNEL_NETWORK, error ? -error : -EPIPE);
		stop_sending(lab);
	}
}

static short lab_events(const struct channel *ch)
{
	const struct lab *lab = (const struct lab *)ch;
	short events = 0;

	if (ch->rx_open && buffer_room(&lab->rx))
		events |= POLLIN;
	if (ch->tx_open && buffer_used(&lab->tx))
		events |= POLLOUT;
	return events;
}

static void lab_service(struct channel *ch, short revents)
{
	struct lab *lab = lab_of(ch);

	if (revents & (POLLOUT | POLLERR | POLLHUP))
		push(lab);
	if (revents & (POLLIN | POLLERR | POLLHUP)) {
		if (ch->rx_open)
			pull(lab);
		else
			check_socket(lab);
	}
}

/* Encrypt text into tx as far as there is room; returns the bytes of text taken. */
static size_t queue_frames(struct lab *lab, const uint8_t *text, size_t len)
{
	size_t size = lab->params.frame_size;
	size_t taken = 0;

	while (taken < len && lab->base.tx_open) {
		uint8_t *frame = buffer_reserve(&lab->tx, size);
		size_t used;
		int err;

		if (!frame)
			break;
		used = lab_frame_write(text + taken, len - taken, frame, size);
		err = crypt_cbc(lab->crypt, CRYPT_ENCRYPT, lab->params.iv, frame, size);
		if (err) {
			fail(lab, CHANNEL_CRYPT, err);
			break;
		}
		buffer_commit(&lab->tx, size);
		lab->frames_sent++;
		taken += used;
	}
	return taken;
}

static size_t lab_send(struct channel *ch, const uint8_t *text, size_t len)
{
	struct lab *lab = lab_of(ch);
	size_t taken = 0;

	/* Text may be left only while POLLOUT is wanted, or nothing would wake us for it. */
	do {
		taken += queue_frames(lab, text + taken, len - taken);
		push(lab);
	} while (taken < len && ch->tx_open && !buffer_used(&lab->tx));
	return taken;
}

static void lab_finish(struct channel *ch)
{
	struct lab *lab = lab_of(ch);

	lab->finishing = true;
	shut_down_if_done(lab);
}

static bool lab_tx_waits(const struct channel *ch)
{
	return buffer_used(&((const struct lab *)ch)->tx) != 0;
}

/* Decrypt the next whole frame into `ready`, which is empty. */
static bool next_frame(struct lab *lab)
{
	size_t size = lab->params.frame_size;
	uint8_t *text;
	int err;

	if (buffer_used(&lab->rx) < size)
		return false;
	text = buffer_reserve(&lab->ready, size);
	memcpy(text, buffer_peek(&lab->rx), size);
	buffer_consume(&lab->rx, size);
	err = crypt_cbc(lab->crypt, CRYPT_DECRYPT, lab->params.iv, text, size);
	if (err) {
		fail(lab, CHANNEL_CRYPT, err);
		return false;
	}
	lab->frames_received++;
	buffer_commit(&lab->ready, lab_frame_read(text, size));
	return true;
}

static size_t lab_receive(struct channel *ch, uint8_t *text, size_t size)
{
	struct lab *lab = lab_of(ch);
	size_t given = 0;

	while (given < size) {
		size_t n = buffer_used(&lab->ready);

		if (!n) {
			if (!next_frame(lab))
				break;
			continue;
		}
		if (n > size - given)
			n = size - given;
		memcpy(text + given, buffer_peek(&lab->ready), n);
		buffer_consume(&lab->ready, n);
		given += n;
	}
	return given;
}

static void lab_report(const struct channel *ch, FILE *out)
{
	const struct lab *lab = (const struct lab *)ch;

	fprintf(out,
		"crypto: device=%s frames sent=%" PRIu64 " received=%" PRIu64 " operations=%" PRIu64
		"\n",
		lab->crypt->device, lab->frames_sent, lab->frames_received, lab->crypt->operations);
}

static void lab_free(struct lab *lab)
{
	buffer_free(&lab->ready);
	buffer_free(&lab->rx);
	buffer_free(&lab->tx);
	free(lab);
}

static void lab_destroy(struct channel *ch)
{
	struct lab *lab = lab_of(ch);

	crypt_close(lab->crypt);
	close(ch->fd);
	lab_free(lab);
}

static const struct channel_ops lab_ops = {
    .events = lab_events,
    .service = lab_service,
    .send = lab_send,
    .finish = lab_finish,
    .tx_waits = lab_tx_waits,
    .receive = lab_receive,
    .report = lab_report,
    .destroy = lab_destroy,
};

int lab_open(int fd, const struct lab_params *params, struct crypt *crypt, struct channel **ret)
{
	size_t frame = params->frame_size;
	struct lab *lab;

	if (!lab_frame_size_ok(frame))
		return -EINVAL;
	lab = calloc(1, sizeof(*lab));
	if (!lab)
		return -ENOMEM;
	lab->base = (struct channel){.ops = &lab_ops, .fd = fd, .rx_open = true, .tx_open = true};
	lab->params = *params;
	lab->crypt = crypt;
	if (buffer_init(&lab->tx, QUEUE_SIZE) || buffer_init(&lab->rx, QUEUE_SIZE) ||
	    buffer_init(&lab->ready, frame)) {
		lab_free(lab);
		return -ENOMEM;
	}
	*ret = &lab->base;
	return 0;
}
