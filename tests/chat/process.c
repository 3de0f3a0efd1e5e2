// SPDX-License-Identifier: GPL-2.0-or-later
/* process.c - run programs with their three standard streams in the test's hands. */
#include "tests/chat/cmocka_api.h"
#include "tests/chat/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PROCESSES 64

static struct process *processes;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void make_pipe(int *ends)
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

/* In the child: @fd becomes @number, or @number is closed. */
static void place(int fd, int number)
{
	if (fd < 0)
		close(number);
	else if (dup2(fd, number) < 0)
		_exit(126);
}

/*
 * A program starts with every signal at its default and none blocked, whatever
 * started this test: under nohup, say, SIGHUP is ignored, and ignored signals are
 * inherited through exec.
 */
static void reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL); /* those that refuse are at their default anyway */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void child(const struct process_setup *setup, const char *const *argv, int in, int out,
		  int err)
{
	place(setup->close_stdin ? -1 : in, 0);
	place(setup->close_stdout ? -1 : out, 1);
	place(err, 2);
	/*
	 * Ctrl-C and changes of size go to the process that has the terminal for its own. The
	 * terminal of the person who runs the test is never its own: it would ask there.
	 */
	if (setsid() < 0 || (setup->columns && ioctl(0, TIOCSCTTY, 0) < 0))
		_exit(126);
	reset_signals();
	/* What the person who runs the test has set is no part of it. */
	setenv("TERM", setup->term ? setup->term : "xterm-256color", 1);
	if (setup->plain)
		setenv("NO_COLOR", "1", 1);
	else
		unsetenv("NO_COLOR");
	/* execv() does not change the strings; its type is older than const. */
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

/*
 * A terminal in place of both pipes: ours are @in[1] and @out[0], the child's @in[0] and
 * @out[1].
 */
static void make_terminal(const struct process_setup *setup, int *in, int *out)
{
	struct winsize size = {.ws_row = setup->rows, .ws_col = setup->columns};

	assert_int_equal(openpty(&in[1], &in[0], NULL, NULL, &size), 0);
	out[0] = fcntl(in[1], F_DUPFD_CLOEXEC, 0);
	out[1] = fcntl(in[0], F_DUPFD_CLOEXEC, 0);
	assert_true(out[0] >= 0 && out[1] >= 0);
	assert_int_not_equal(fcntl(in[0], F_SETFD, FD_CLOEXEC), -1);
	assert_int_not_equal(fcntl(in[1], F_SETFD, FD_CLOEXEC), -1);
}

static void set_nonblocking(int fd)
{
	assert_int_not_equal(fcntl(fd, F_SETFL, O_NONBLOCK), -1);
}

struct process *process_start(const struct process_setup *setup, const char *const *argv)
{
	static const struct process_setup pipes;
	struct process *p = calloc(1, sizeof(*p));
	int in[2], out[2], err[2];

	assert_non_null(p);
	/* A process that has ended is the test's failure to report, and not its own end. */
	signal(SIGPIPE, SIG_IGN);
	setup = setup ? setup : &pipes;
	if (setup->columns) {
		make_terminal(setup, in, out);
	} else {
		make_pipe(in);
		make_pipe(out);
	}
	make_pipe(err);
	p->pid = fork();
	assert_int_not_equal(p->pid, -1);
	if (p->pid == 0)
		child(setup, argv, setup->stdin_fd > 0 ? setup->stdin_fd : in[0],
		      setup->stdout_fd > 0 ? setup->stdout_fd : out[1], err[1]);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	p->in = in[1];
	p->out.fd = out[0];
	p->err.fd = err[0];
	set_nonblocking(p->in);
	set_nonblocking(p->out.fd);
	set_nonblocking(p->err.fd);
	p->next = processes;
	processes = p;
	return p;
}

static void close_input(struct process *p)
{
	if (p->in >= 0)
		close(p->in);
	p->in = -1;
}

void process_feed(struct process *p, const void *data, size_t len)
{
	p->feed = realloc(p->feed, p->feed_len + len);
	assert_non_null(p->feed);
	memcpy(p->feed + p->feed_len, data, len);
	p->feed_len += len;
}

void process_say(struct process *p, const char *text)
{
	process_feed(p, text, strlen(text));
}

void process_end_input(struct process *p)
{
	p->close_after_feed = true;
	if (p->fed == p->feed_len)
		close_input(p);
}

static void write_feed(struct process *p)
{
	ssize_t n = write(p->in, p->feed + p->fed, p->feed_len - p->fed);

	if (n > 0)
		p->fed += (size_t)n;
	else if (errno != EAGAIN)
		close_input(p); /* it no longer reads; the test will notice by other means */
	if (p->fed == p->feed_len && p->close_after_feed)
		close_input(p);
}

static void collect(struct stream *s)
{
	ssize_t n;

	if (s->cap - s->len < 65537) {
		s->cap = 2 * s->cap + 2 * 65537;
		s->data = realloc(s->data, s->cap);
		assert_non_null(s->data);
	}
	n = read(s->fd, s->data + s->len, 65536);
	if (n > 0) {
		s->len += (size_t)n;
	} else if (n == 0 || errno != EAGAIN) {
		close(s->fd);
		s->fd = -1;
	}
	s->data[s->len] = 0;
}

static const char *text_of(const struct stream *s)
{
	return s->data ? s->data : "";
}

void process_pump_once(int timeout_ms)
{
	struct pollfd fds[3 * MAX_PROCESSES];
	struct process *p;
	nfds_t n = 0;

	for (p = processes; p; p = p->next) {
		assert_true(n + 3 <= 3 * MAX_PROCESSES);
		fds[n++] =
		    (struct pollfd){.fd = p->fed < p->feed_len ? p->in : -1, .events = POLLOUT};
		fds[n++] = (struct pollfd){.fd = p->deaf ? -1 : p->out.fd, .events = POLLIN};
		fds[n++] = (struct pollfd){.fd = p->err.fd, .events = POLLIN};
	}
	if (poll(fds, n, timeout_ms) <= 0)
		return;
	n = 0;
	for (p = processes; p; p = p->next, n += 3) {
		if (fds[n].revents)
			write_feed(p);
		if (fds[n + 1].revents)
			collect(&p->out);
		if (fds[n + 2].revents)
			collect(&p->err);
	}
}

static void show_all(void)
{
	for (struct process *p = processes; p; p = p->next)
		print_message("pid %d: fed %zu of %zu, wrote %zu, said:\n%s\n", (int)p->pid, p->fed,
			      p->feed_len, p->out.len, text_of(&p->err));
}

static int64_t patience_ms(void)
{
	const char *seconds = getenv("CHAT_PATIENCE");

	return 1000 * (int64_t)(seconds ? atoi(seconds) : PROCESS_PATIENCE);
}

bool process_pump_long(bool (*done)(void *arg), void *arg)
{
	int64_t limit = now_ms() + patience_ms();

	while (!done(arg)) {
		if (now_ms() > limit)
			return false;
		process_pump_once(20);
	}
	return true;
}

void process_pump_until(bool (*done)(void *arg), void *arg, const char *what)
{
	if (process_pump_long(done, arg))
		return;
	show_all();
	fail_msg("waited in vain: %s", what);
}

struct text_wait {
	struct process *p;
	const char *text;
	unsigned int count;
};

static bool said(void *arg)
{
	struct text_wait *w = arg;
	const char *at = text_of(&w->p->err);
	unsigned int count = 0;

	while ((at = strstr(at, w->text)) != NULL) {
		at += strlen(w->text);
		count++;
	}
	return count >= w->count;
}

static bool has_written(void *arg)
{
	const struct text_wait *w = arg;

	return w->p->out.data && strstr(w->p->out.data, w->text);
}

void process_expect_in_out(struct process *p, const char *text)
{
	struct text_wait w = {.p = p, .text = text};

	process_pump_until(has_written, &w, text);
}

void process_expect_err_count(struct process *p, const char *text, unsigned int count)
{
	struct text_wait w = {.p = p, .text = text, .count = count};

	process_pump_until(said, &w, text);
}

void process_expect_err(struct process *p, const char *text)
{
	process_expect_err_count(p, text, 1);
}

struct out_wait {
	struct process *p;
	size_t len;
};

static bool wrote(void *arg)
{
	struct out_wait *w = arg;

	return w->p->out.len >= w->len;
}

void process_expect_out(struct process *p, const void *data, size_t len)
{
	struct out_wait w = {.p = p, .len = len};

	process_pump_until(wrote, &w, "standard output");
	assert_int_equal(p->out.len, len);
	/* Not assert_memory_equal(): it would print a megabyte of differences. */
	if (len && memcmp(p->out.data, data, len) != 0)
		fail_msg("%zu bytes came, but not those expected", len);
}

static bool ended(void *arg)
{
	struct process *p = arg;

	if (p->pid && waitpid(p->pid, &p->status, WNOHANG) == p->pid)
		p->pid = 0;
	return p->pid == 0 && p->out.fd < 0 && p->err.fd < 0;
}

void process_expect_text(struct process *p, const char *text)
{
	process_expect_out(p, text, strlen(text));
}

void process_expect_exit(struct process *p, int code)
{
	int got;

	process_pump_until(ended, p, "end of a process");
	got = WIFEXITED(p->status) ? WEXITSTATUS(p->status) : 128 + WTERMSIG(p->status);
	if (got != code) {
		show_all();
		fail_msg("exit code %d instead of %d", got, code);
	}
}

void process_free_all(void)
{
	while (processes) {
		struct process *p = processes;

		processes = p->next;
		if (p->pid) {
			kill(p->pid, SIGKILL);
			waitpid(p->pid, NULL, 0);
		}
		close_input(p);
		if (p->out.fd >= 0)
			close(p->out.fd);
		if (p->err.fd >= 0)
			close(p->err.fd);
		free(p->out.data);
		free(p->err.data);
		free(p->feed);
		free(p);
	}
}
