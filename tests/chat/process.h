/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process.h - run programs with their three standard streams in the test's hands.
 *
 * All running processes are pumped together: whatever one wait is about, the output of
 * every process is collected and the input queued for it is written, so no
 * process stops because the test looks at another one. Each wait has the same
 * generous limit, after which the test fails with what the processes said.
 */
#ifndef TEST_CHAT_PROCESS_H
#define TEST_CHAT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Seconds each wait may take, unless $CHAT_PATIENCE says otherwise. */
#define PROCESS_PATIENCE 60

/** struct stream - bytes a process wrote, with a 0 behind them that is not counted */
struct stream {
	int fd;
	char *data;
	size_t len;
	size_t cap;
};

/**
 * struct process - a running or ended program
 * @pid: process id; 0 once it was waited for
 * @in: our end of its standard input, or -1
 * @out: its standard output
 * @err: its standard error
  * @deaf: what it writes to standard output is not read
 * @feed: input that has not been written yet
 * @fed: bytes of input written so far
 */
struct process {
	pid_t pid;
	int in;
	struct stream out;
	struct stream err;
	bool deaf;
	uint8_t *feed;

	size_t feed_len;
	size_t fed;
	bool close_after_feed;
	int status;
	struct process *next;
};

/**
 * struct process_setup - how to start a program; all zero means three pipes
 * @stdin_fd: descriptor to use as standard input, if above 0
 * @stdout_fd: the same for standard output, then nothing is collected
 * @close_stdin: start without a standard input
 * @close_stdout: start without a standard output
 * @columns: if above 0, standard input and output are a terminal of so many columns, the
 *	process's controlling one; process.in and process.out are its other side
  * @rows: its rows
  * @plain: $NO_COLOR is set
 * @term: $TERM; NULL: that of a terminal that knows everything
 */
struct process_setup {
	int stdin_fd;
	int stdout_fd;
	bool close_stdin;
	bool close_stdout;
	unsigned short columns;
	unsigned short rows;
	const char *term;
	bool plain;
};

/** process_start() - start @argv (NULL at the end); setup may be NULL */
struct process *process_start(const struct process_setup *setup, const char *const *argv);

/** process_feed() - queue input; copied */
void process_feed(struct process *p, const void *data, size_t len);

/** process_say() - the same with a text */
void process_say(struct process *p, const char *text);

/** process_end_input() - close the standard input once all queued input is written */
void process_end_input(struct process *p);

/** process_expect_err() - wait until standard error contains @text */
void process_expect_err(struct process *p, const char *text);

/** process_expect_err_count() - wait until standard error contains @text @count times */
void process_expect_err_count(struct process *p, const char *text, unsigned int count);

/** process_expect_in_out() - wait until standard output contains @text */
void process_expect_in_out(struct process *p, const char *text);

/** process_expect_out() - wait until all of standard output is exactly these bytes */
void process_expect_out(struct process *p, const void *data, size_t len);

/** process_expect_text() - the same with a text */
void process_expect_text(struct process *p, const char *text);

/** process_expect_exit() - wait for the end and check the exit code (128 + n: signal n) */
void process_expect_exit(struct process *p, int code);

/** process_pump_until() - wait until @done says so; fails with @what after the limit */
void process_pump_until(bool (*done)(void *arg), void *arg, const char *what);

/** process_pump_long() - the same, but returns false after the limit */
bool process_pump_long(bool (*done)(void *arg), void *arg);

/** process_pump_once() - move what can be moved within @timeout_ms */
void process_pump_once(int timeout_ms);

/** process_free_all() - kill what still runs (only what was started here) and free all */
void process_free_all(void);

#endif /* TEST_CHAT_PROCESS_H */
