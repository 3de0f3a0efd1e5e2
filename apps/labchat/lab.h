/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab.h - the lab protocol: fixed-size AES-CBC frames. Insecure, for interoperability. */
#ifndef LABCHAT_LAB_H
#define LABCHAT_LAB_H

#include "labchat/channel.h"
#include "labchat/crypt.h"

/* Why the lab protocol is not to be trusted, for --help, the start and the manual. */
#define LAB_INSECURE                                                                               \
	"The lab protocol is insecure: one key and one IV for every frame and no\n"                \
	"authentication. Equal lines show as equal frames, and frames can be altered,\n"           \
	"replayed and reordered unnoticed. Use it for interoperability only.\n"

/**
 * struct lab_params - what both ends of a lab conversation must agree on
 * @frame_size: DATA_SIZE, see lab_frame_size_ok()
 * @iv: the IV of each and every frame
 */
struct lab_params {
	size_t frame_size;
	uint8_t iv[CRYPT_BLOCK];
};

/**
 * lab_open() - speak the lab protocol on a connected socket
 * @fd: connected, non-blocking stream socket; the channel's on success
 * @params: copied
 * @crypt: session with the key; the channel's on success
 * @ret: the channel, ended by ret->ops->destroy()
 *
 * Return: 0, -EINVAL: bad frame size, or -ENOMEM
 */
int lab_open(int fd, const struct lab_params *params, struct crypt *crypt, struct channel **ret);

#endif /* LABCHAT_LAB_H */
