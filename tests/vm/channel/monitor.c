// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's end of the channel: starts the guest (a QEMU or a User-mode Linux process), carries
 * the standard streams of COMMAND, and sees to it that the guest ends, one way or the other.
 *
 * DOC: Theory of operation
 *
 * The guest gets /dev/null as standard input, the log as standard output and error, and its end
 * of the channel as file descriptor MONITOR_GUEST_FD. It is in a process group of its own, so that
 * the terminal's signals do not reach it, and dies with the monitor.
 *
 * When COMMAND has ended its status goes, as a line, to the file descriptor named first on the
 * command line; then the monitor waits for one byte on the second one before it lets the guest shut
 * down. In between, tests/vm/run reads the device's counters. The line is "none" when the guest
 * ended without a status.
 *
 * Two limits hold: one from the start to COMMAND's end, one from there to the guest's end.
 */
#include "frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum {
	MONITOR_GUEST_FD = 3,
	MONITOR_ESCAPE = 0x1d, /* Ctrl-] on a terminal ends the guest */
};

/* Exit statuses: all well; the guest ended without a status; out of time; bad usage; the channel
 * failed; the guest did not end well after COMMAND. */
enum {
	EXIT_OK,
	EXIT_NO_STATUS,
	EXIT_TIMED_OUT,
	EXIT_FAILED,
	EXIT_BROKEN,
	EXIT_GUEST,
	EXIT_KILLED = 130
};

struct monitor {
	struct channel channel;
	struct queue out;
	struct queue err;
	struct termios saved;
	pid_t guest;
	int signals;
	int status_fd; /* COMMAND's status goes here */
	int go_fd;     /* a byte here lets the guest go on; -1: not waiting for it */
	bool tty;
	bool in_open;	  /* standard input may still have something */
	bool in_wanted;	  /* COMMAND has started */
	bool ended;	  /* COMMAND has ended */
	bool exited;	  /* the guest process has ended */
	bool reported;	  /* a status line is written */
	int64_t deadline; /* monotonic milliseconds */
	int64_t end_ms;	  /* from COMMAND's end to the guest's end: leak scans, unloading */
};

static struct monitor mon;

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void terminal_restore(void)
{
	if (mon.tty)
		tcsetattr(0, TCSADRAIN, &mon.saved);
}

static void terminal_raw(void)
{
	struct termios raw;

	if (!isatty(0) || !isatty(1) || tcgetattr(0, &mon.saved) < 0)
		return;
	raw = mon.saved;
	cfmakeraw(&raw);
	mon.tty = tcsetattr(0, TCSADRAIN, &raw) == 0;
	atexit(terminal_restore);
}

/* Looks at the guest without reaping it, so that its process group stays ours to kill. */
static bool guest_look(siginfo_t *info, int options)
{
	info->si_pid = 0;
	return waitid(P_PID, (id_t)mon.guest, info, WEXITED | WNOWAIT | options) == 0 &&
	       info->si_pid == mon.guest;
}

static void guest_kill(void)
{
	int status;

	if (mon.guest <= 0)
		return;
	kill(-mon.guest, SIGKILL);
	waitpid(mon.guest, &status, 0);
	mon.guest = 0;
}

static void report(const char *line)
{
	if (mon.reported)
		return;
	mon.reported = true;
	if (write(mon.status_fd, line, strlen(line)) < 0)
		perror("vm-monitor: status");
}

static _Noreturn void finish(int status)
{
	guest_kill();
	report("none\n");
	exit(status);
}

static _Noreturn void broken(const char *what, int err)
{
	fprintf(stderr, "vm-monitor: %s: %s\n", what, strerror(-err));
	finish(EXIT_BROKEN);
}

/* In the child: becomes the guest. */
static void guest_exec(char **argv, const char *log, int line)
{
	int null = open("/dev/null", O_RDONLY), out;
	sigset_t none;

	out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	/* Move it out of the way of the numbers that are set next, then to its own. */
	line = fcntl(line, F_DUPFD, 10);
	if (null < 0 || out < 0 || line < 0)
		_exit(EXIT_FAILED);
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	dup2(line, MONITOR_GUEST_FD);
	for (int fd = MONITOR_GUEST_FD + 1; fd < 256; fd++)
		close(fd);
	execvp(argv[0], argv);
	fprintf(stderr, "cannot start '%s': %s\n", argv[0], strerror(errno));
	_exit(EXIT_FAILED);
}

static int guest_start(char **argv, const char *log)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	mon.guest = fork();
	if (mon.guest < 0)
		return -errno;
	if (!mon.guest)
		guest_exec(argv, log, pair[1]);
	setpgid(mon.guest, mon.guest);
	close(pair[1]);
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	channel_init(&mon.channel, pair[0], FRAME_WINDOW_IN, FRAME_WINDOW_OUT);
	return 0;
}

static void window_size(uint8_t payload[4])
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};

	ioctl(0, TIOCGWINSZ, &size);
	put_le16(payload, size.ws_row);
	put_le16(payload + 2, size.ws_col);
}

static int command_ended(const struct frame *frame)
{
	char line[16];

	if (frame->length != 4)
		return -EBADMSG;
	snprintf(line, sizeof(line), "%u\n", get_le32(frame->payload));
	mon.ended = true;
	mon.deadline = now_ms() + mon.end_ms;
	report(line);
	return 0;
}

static int frame_handle(const struct frame *frame)
{
	uint8_t payload[5];
	int ret;

	switch (frame->type) {
	case FRAME_READY:
		channel_restart(&mon.channel);
		terminal_raw();
		payload[0] = mon.tty;
		window_size(payload + 1);
		mon.in_wanted = true;
		ret = channel_send(&mon.channel, FRAME_START, payload, sizeof(payload));
		if (!ret && !mon.in_open)
			ret = channel_send(&mon.channel, FRAME_IN_END, NULL, 0);
		return ret;
	case FRAME_OUT:
	case FRAME_ERR:
		ret = channel_grant(&mon.channel, FRAME_HEADER);
		if (ret)
			return ret;
		return queue_put(frame->type == FRAME_OUT ? &mon.out : &mon.err, frame->payload,
				 frame->length);
	case FRAME_EXIT:
		return command_ended(frame);
	default:
		return -EBADMSG;
	}
}

static int line_read(void)
{
	struct frame frame;
	int ret = channel_fill(&mon.channel);

	if (ret < 0)
		return ret;
	while ((ret = channel_next(&mon.channel, &frame)) > 0) {
		ret = frame_handle(&frame);
		if (ret < 0)
			return ret;
	}
	return ret;
}

/* Passes standard input on. */
static int input(void)
{
	uint8_t bytes[FRAME_PAYLOAD_MAX];
	ssize_t n = read(0, bytes, channel_room(&mon.channel));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0) {
		mon.in_open = false;
		return channel_send(&mon.channel, FRAME_IN_END, NULL, 0);
	}
	if (mon.tty && memchr(bytes, MONITOR_ESCAPE, (size_t)n))
		finish(EXIT_KILLED);
	return channel_send(&mon.channel, FRAME_IN, bytes, (size_t)n);
}

/* Writes what COMMAND wrote. A closed pipe ends the run as it would end COMMAND. */
static int output(struct queue *q, int fd)
{
	int n = queue_write(q, fd);

	if (n == -EPIPE)
		finish(128 + SIGPIPE);
	return n < 0 ? n : channel_grant(&mon.channel, (uint32_t)n);
}

static void signals_handle(void)
{
	struct signalfd_siginfo info;
	siginfo_t child;
	uint8_t size[4];

	while (read(mon.signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGWINCH) {
			window_size(size);
			if (mon.tty)
				channel_send(&mon.channel, FRAME_SIZE, size, sizeof(size));
		} else if (info.ssi_signo == SIGCHLD) {
			mon.exited = guest_look(&child, WNOHANG);
		} else {
			finish(128 + (int)info.ssi_signo);
		}
	}
}

/* The line is closed: the guest is gone, or about to be. */
static _Noreturn void guest_ended(void)
{
	siginfo_t child;
	bool well;

	while (queue_pending(&mon.out) && queue_write(&mon.out, 1) >= 0)
		;
	while (queue_pending(&mon.err) && queue_write(&mon.err, 2) >= 0)
		;
	while (!guest_look(&child, WNOHANG)) {
		if (now_ms() > mon.deadline)
			finish(EXIT_TIMED_OUT);
		usleep(10000);
	}
	well = child.si_code == CLD_EXITED && child.si_status == 0;
	finish(!mon.ended ? EXIT_NO_STATUS : well ? EXIT_OK : EXIT_GUEST);
}

/* What poll() is to wait for; slots whose turn it is not are switched off by fd -1. */
enum { SLOT_LINE, SLOT_SIGNALS, SLOT_GO, SLOT_IN, SLOT_OUT, SLOT_ERR, SLOTS };

static void poll_prepare(struct pollfd *p)
{
	bool read_in = mon.in_open && mon.in_wanted && !mon.ended && channel_room(&mon.channel);
	bool flushed = !queue_pending(&mon.out) && !queue_pending(&mon.err);

	for (int i = 0; i < SLOTS; i++)
		p[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	p[SLOT_LINE].fd = mon.channel.fd;
	if (queue_pending(&mon.channel.out))
		p[SLOT_LINE].events |= POLLOUT;
	p[SLOT_SIGNALS].fd = mon.signals;
	p[SLOT_GO].fd = mon.ended && flushed ? mon.go_fd : -1;
	p[SLOT_IN].fd = read_in ? 0 : -1;
	p[SLOT_OUT].fd = queue_pending(&mon.out) ? 1 : -1;
	p[SLOT_OUT].events = POLLOUT;
	p[SLOT_ERR].fd = queue_pending(&mon.err) ? 2 : -1;
	p[SLOT_ERR].events = POLLOUT;
}

static int serve(const struct pollfd *p)
{
	int ret = 0;

	if (p[SLOT_SIGNALS].revents)
		signals_handle();
	if (p[SLOT_LINE].revents & POLLOUT)
		ret = queue_write(&mon.channel.out, mon.channel.fd);
	if (ret >= 0 && p[SLOT_OUT].revents)
		ret = output(&mon.out, 1);
	if (ret >= 0 && p[SLOT_ERR].revents)
		ret = output(&mon.err, 2);
	if (ret >= 0 && p[SLOT_IN].revents)
		ret = input();
	if (ret >= 0 && p[SLOT_GO].revents) {
		mon.go_fd = -1;
		ret = channel_send(&mon.channel, FRAME_DONE, NULL, 0);
	}
	if (ret >= 0 && p[SLOT_LINE].revents & ~POLLOUT)
		ret = line_read();
	return ret;
}

static void signals_setup(void)
{
	static const int handled[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++) {
		/* Programs started in the background by a shell inherit these as ignored. */
		signal(handled[i], SIG_DFL);
		sigaddset(&mask, handled[i]);
	}
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signal(SIGPIPE, SIG_IGN);
	mon.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (mon.signals < 0)
		broken("signalfd", -errno);
}

int main(int argc, char **argv)
{
	struct pollfd p[SLOTS];
	int ret;

	if (argc < 7) {
		fputs("usage: vm-monitor STATUS-FD GO-FD SECONDS END-SECONDS LOG GUEST [ARG...]\n",
		      stderr);
		return EXIT_FAILED;
	}
	mon.status_fd = atoi(argv[1]);
	mon.go_fd = atoi(argv[2]);
	mon.deadline = now_ms() + (int64_t)atoi(argv[3]) * 1000;
	mon.end_ms = (int64_t)atoi(argv[4]) * 1000;
	mon.in_open = true;
	signals_setup();
	ret = guest_start(argv + 6, argv[5]);
	if (ret < 0)
		broken("cannot start the guest", ret);
	for (;;) {
		int64_t left = mon.deadline - now_ms();
		bool exited = mon.exited; /* then what poll() sees is all there will be */

		if (left <= 0)
			finish(EXIT_TIMED_OUT);
		poll_prepare(p);
		if (poll(p, SLOTS, exited ? 0 : (int)(left > 60000 ? 60000 : left)) < 0 &&
		    errno != EINTR)
			broken("poll", -errno);
		ret = serve(p);
		if (ret == -ENODATA || ret == -ECONNRESET || ret == -EPIPE ||
		    (exited && !(p[SLOT_LINE].revents & POLLIN)))
			guest_ended();
		if (ret < 0)
			broken("the channel to the guest failed", ret);
	}
}
