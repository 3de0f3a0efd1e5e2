/* SPDX-License-Identifier: GPL-2.0-or-later */
/* talkkit.h - what the tests of TLS conversations share, on top of chatkit.h. */
#ifndef TEST_CHAT_TALKKIT_H
#define TEST_CHAT_TALKKIT_H

#include "tests/chat/chatkit.h"

enum { OK = 0, NETWORK = 1, USAGE = 2, IDENTITY = 3, DEVICE = 4, INCOMPLETE = 5, REFUSED = 6 };

/* A test with a directory of its own. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

/**
 * talk_start() - start cryptochat as somebody
 * @setup: as for process_start()
 * @who: nick, and name of the directory with identity and known peers
 * @words: arguments, divided by spaces
 *
 * %D in @words is the test's directory.
 */
struct process *talk_start(const struct process_setup *setup, const char *who, const char *words);

/** talk_listen() - the same, listening on a free port of 127.0.0.1, which @port tells */
struct process *talk_listen(const struct process_setup *setup, const char *who, const char *words,
			    uint16_t *port);

/** talk_connect() - the same, calling 127.0.0.1 */
struct process *talk_connect(const struct process_setup *setup, const char *who, uint16_t port,
			     const char *words);

/** talk_introduce() - let two people know each other's keys, so that no test must ask */
void talk_introduce(const char *listener, const char *caller);

/** talk_invite() - the invite that @p gives, when all of its line has come; freed by the caller */
char *talk_invite(struct process *p);

/** talk_read() - the content of a file, with a 0 behind it; fails if there is none; freed by caller
 */
char *talk_read(const char *path, size_t *len);

/** talk_says() - a program that talks JSON to @p says @text, which may have any bytes but 0 */
void talk_says(struct process *p, const char *text);

/** talk_command() - and gives a command; @argument: its name, or NULL: none */
void talk_command(struct process *p, const char *command, const char *argument, const char *value);

/** relay_start() - a TCP relay to @target that resets each connection after @limit bytes */
struct process *relay_start(uint16_t target, const char *limit, uint16_t *port);

#endif /* TEST_CHAT_TALKKIT_H */
