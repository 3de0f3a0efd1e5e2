/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conversation.h - carry text between a console and a channel until it is over. */
#ifndef LABCHAT_CONVERSATION_H
#define LABCHAT_CONVERSATION_H

#include "labchat/channel.h"
#include "labchat/console.h"

/* How long to go on sending after the peer's end, see conversation.c. */
#define LINGER_FOREVER (-1)

/**
 * enum conversation_end - how a conversation ended
 * @CONVERSATION_DONE: as it should
 * @CONVERSATION_CHANNEL: the channel failed: see its fault and error
 * @CONVERSATION_OUTPUT: the output failed: see the console's out_error
 * @CONVERSATION_STOPPED: by a stop signal
 */
enum conversation_end {
	CONVERSATION_DONE,
	CONVERSATION_CHANNEL,
	CONVERSATION_OUTPUT,
	CONVERSATION_STOPPED,
};

/**
 * conversation_run() - serve both directions until the conversation is over
 * @ch: channel; left to the caller to report and destroy
 * @con: console; its input may go on in a next conversation
 * @linger_ms: once the peer has ended: wait this long for further input;
 *	LINGER_FOREVER: until the input ends
 *
 * A failed input (con->in_error) counts as ended: what came before it is sent.
 *
 * Return: how it ended
 */
enum conversation_end conversation_run(struct channel *ch, struct console *con, int linger_ms);

#endif /* LABCHAT_CONVERSATION_H */
