// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest's end of the channel: starts COMMAND, carries its standard streams, reports how it
 * ended. Started by the guest's init as root; linked statically, because the guest may have no
 * libc.
 *
 * When COMMAND has ended, all it left behind is killed, so that the counters which are read next
 * show what COMMAND's processes really gave back.
 */
#include "frame.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { COMMAND_BYTES_MAX = 128 * 1024, SEED_BYTES = 64 };

/* What COMMAND is connected by: three pipes, or (tty) one pseudo-terminal in in and out. */
struct command {
	pid_t pid;
	bool tty;
	int in; /* -1 once closed */
	int out;
	int err;
	int status; /* of waitpid() */
	bool ended;
	bool in_ends; /* close in when its queue is empty */
	struct queue in_queue;
};

static int fail(const char *what)
{
	fprintf(stderr, "vm-agent: %s: %s\n", what, strerror(errno));
	return -1;
}

/* Credits the bytes of @path to the kernel's random pool: a fresh guest has no entropy. */
static int seed(const char *path)
{
	union {
		struct rand_pool_info info;
		char room[sizeof(struct rand_pool_info) + SEED_BYTES];
	} pool = {.info = {.entropy_count = SEED_BYTES * 8, .buf_size = SEED_BYTES}};
	int fd = open(path, O_RDONLY | O_CLOEXEC), random;
	ssize_t n;

	if (fd < 0)
		return fail(path);
	n = read(fd, pool.info.buf, SEED_BYTES);
	close(fd);
	random = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
	if (n != SEED_BYTES || random < 0 || ioctl(random, RNDADDENTROPY, &pool.info) < 0)
		return fail("seeding /dev/urandom");
	close(random);
	return 0;
}

/* A virtio-serial port says POLLHUP until the host's end is known to be open. */
static void line_await(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	for (int tries = 0; tries < 1000; tries++) {
		if (poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP))
			return;
		usleep(10000);
	}
}

static int line_open(const char *path)
{
	struct termios t;
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return fail(path);
	line_await(fd);
	if (isatty(fd)) {
		if (tcgetattr(fd, &t) < 0)
			return fail("tcgetattr");
		cfmakeraw(&t);
		if (tcsetattr(fd, TCSANOW, &t) < 0)
			return fail("tcsetattr");
	}
	return fd;
}

/* Reads the argument vector: strings, each ended by a 0 byte. */
static char **argv_read(const char *path)
{
	static char bytes[COMMAND_BYTES_MAX + 1];
	char **argv, *p;
	size_t length, count = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		return fail(path), NULL;
	length = fread(bytes, 1, COMMAND_BYTES_MAX, file);
	fclose(file);
	for (p = bytes; p < bytes + length; p += strlen(p) + 1)
		count++;
	argv = calloc(count + 1, sizeof(*argv));
	if (!argv || !count) {
		free(argv);
		return fail("no command"), NULL;
	}
	for (p = bytes, count = 0; p < bytes + length; p += strlen(p) + 1)
		argv[count++] = p;
	return argv;
}

/* In the child: becomes COMMAND. */
static void command_exec(char **argv, const int fds[3], bool tty)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	if (tty)
		ioctl(0, TIOCSCTTY, 0);
	execvp(argv[0], argv);
	fprintf(stderr, "vm-agent: cannot run '%s' in the guest: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Opens a pseudo-terminal: fds[] get the child's side three times. Return: our side or -1. */
static int terminal_open(int fds[3], const struct winsize *size)
{
	int ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (ours < 0 || grantpt(ours) < 0 || unlockpt(ours) < 0)
		return fail("pseudo-terminal");
	fds[0] = open(ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fds[0] < 0)
		return fail("pseudo-terminal");
	fds[1] = fds[2] = fds[0];
	ioctl(ours, TIOCSWINSZ, size);
	return ours;
}

static int command_start(struct command *cmd, char **argv, const struct frame *start)
{
	struct winsize size = {.ws_row = get_le16(start->payload + 1),
			       .ws_col = get_le16(start->payload + 3)};
	int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}}, fds[3];

	cmd->tty = start->payload[0];
	if (cmd->tty) {
		cmd->in = cmd->out = terminal_open(fds, &size);
		cmd->err = -1;
		if (cmd->in < 0)
			return -1;
	} else {
		for (int i = 0; i < 3; i++)
			if (pipe2(pipes[i], O_CLOEXEC) < 0)
				return fail("pipe");
		fds[0] = pipes[0][0];
		fds[1] = pipes[1][1];
		fds[2] = pipes[2][1];
		cmd->in = pipes[0][1];
		cmd->out = pipes[1][0];
		cmd->err = pipes[2][0];
	}
	fcntl(cmd->in, F_SETFL, O_NONBLOCK);
	cmd->pid = fork();
	if (cmd->pid < 0)
		return fail("fork");
	if (!cmd->pid)
		command_exec(argv, fds, cmd->tty);
	for (int i = 0; i < (cmd->tty ? 1 : 3); i++)
		close(fds[i]);
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Passes on what COMMAND has written to @fd. Return: 0, 1 at its end, or -1. */
static int output(struct channel *ch, int fd, enum frame_type type)
{
	uint8_t bytes[FRAME_PAYLOAD_MAX];
	size_t room = channel_room(ch);
	ssize_t n;

	if (!room) /* used up since poll() */
		return 0;
	n = read(fd, bytes, room);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0) /* a pseudo-terminal ends by EIO */
		return 1;
	return channel_send(ch, type, bytes, (size_t)n) ? -1 : 0;
}

/* Writes standard input; the host gets credit for what COMMAND took or will never take. */
static int input(struct channel *ch, struct command *cmd)
{
	int n = queue_write(&cmd->in_queue, cmd->in);
	uint32_t done = n > 0 ? (uint32_t)n : 0;

	if (n < 0) {
		done = (uint32_t)queue_pending(&cmd->in_queue);
		cmd->in_queue.head = cmd->in_queue.tail = 0;
		if (!cmd->tty)
			close_fd(&cmd->in);
	}
	return channel_grant(ch, done);
}

static int frame_handle(struct channel *ch, struct command *cmd, const struct frame *frame)
{
	int ret;

	switch (frame->type) {
	case FRAME_IN:
		if (cmd->in < 0)
			return channel_grant(ch, FRAME_HEADER + (uint32_t)frame->length);
		ret = channel_grant(ch, FRAME_HEADER);
		return ret ? ret : queue_put(&cmd->in_queue, frame->payload, frame->length);
	case FRAME_IN_END:
		cmd->in_ends = true;
		return 0;
	case FRAME_SIZE:
		if (cmd->tty && frame->length == 4) {
			struct winsize size = {.ws_row = get_le16(frame->payload),
					       .ws_col = get_le16(frame->payload + 2)};

			ioctl(cmd->in, TIOCSWINSZ, &size);
		}
		return 0;
	default:
		return -EBADMSG;
	}
}

static int frames_handle(struct channel *ch, struct command *cmd)
{
	struct frame frame;
	int ret;

	while ((ret = channel_next(ch, &frame)) > 0) {
		ret = frame_handle(ch, cmd, &frame);
		if (ret < 0)
			return ret;
	}
	return ret;
}

static void children_reap(struct command *cmd, int signals)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(signals, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == cmd->pid) {
			cmd->status = status;
			cmd->ended = true;
		}
}

/* What poll() is to wait for; slots whose turn it is not are switched off by fd -1. */
enum { SLOT_LINE, SLOT_SIGNALS, SLOT_IN, SLOT_OUT, SLOT_ERR, SLOTS };

static void poll_prepare(struct pollfd *p, const struct channel *ch, const struct command *cmd,
			 int signals)
{
	bool room = channel_room(ch) > 0;

	p[SLOT_LINE].fd = ch->fd;
	p[SLOT_LINE].events = (short)(POLLIN | (queue_pending(&ch->out) ? POLLOUT : 0));
	p[SLOT_SIGNALS].fd = signals;
	p[SLOT_SIGNALS].events = POLLIN;
	p[SLOT_IN].fd = queue_pending(&cmd->in_queue) ? cmd->in : -1;
	p[SLOT_IN].events = POLLOUT;
	p[SLOT_OUT].fd = room ? cmd->out : -1;
	p[SLOT_OUT].events = POLLIN;
	p[SLOT_ERR].fd = room ? cmd->err : -1;
	p[SLOT_ERR].events = POLLIN;
}

/* After COMMAND's end: was there nothing left of its output when poll() looked? */
static bool drained(const struct pollfd *p, const struct command *cmd, bool room)
{
	return (room || (cmd->out < 0 && cmd->err < 0)) && !p[SLOT_OUT].revents &&
	       !p[SLOT_ERR].revents;
}

static int serve_once(struct channel *ch, struct command *cmd, int signals, bool *done)
{
	struct pollfd p[SLOTS] = {0};
	bool had_ended = cmd->ended, room;
	int ret;

	/* Frames first: some may have come together with START. */
	ret = frames_handle(ch, cmd);
	if (ret < 0)
		return ret;
	if (cmd->in_ends && !cmd->tty && !queue_pending(&cmd->in_queue))
		close_fd(&cmd->in);
	room = channel_room(ch) > 0;
	poll_prepare(p, ch, cmd, signals);
	/* Once COMMAND has ended only what is there at this moment is still taken. */
	if (poll(p, SLOTS, had_ended && room ? 0 : -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (p[SLOT_LINE].revents & POLLOUT)
		ret = queue_write(&ch->out, ch->fd);
	if (ret >= 0 && p[SLOT_LINE].revents & ~POLLOUT)
		ret = channel_fill(ch);
	if (ret >= 0 && p[SLOT_IN].revents)
		ret = input(ch, cmd);
	if (ret >= 0 && p[SLOT_OUT].revents && (ret = output(ch, cmd->out, FRAME_OUT)) > 0) {
		if (!cmd->tty)
			close_fd(&cmd->out);
		else
			cmd->out = -1;
	}
	if (ret >= 0 && p[SLOT_ERR].revents && (ret = output(ch, cmd->err, FRAME_ERR)) > 0)
		close_fd(&cmd->err);
	*done = had_ended && drained(p, cmd, room);
	children_reap(cmd, signals);
	return ret;
}

static int wait_done(struct channel *ch)
{
	struct frame frame;
	int ret;

	for (;;) {
		struct pollfd p = {.fd = ch->fd, .events = POLLIN};

		if (queue_pending(&ch->out))
			p.events |= POLLOUT;
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return -errno;
		if (p.revents & POLLOUT && (ret = queue_write(&ch->out, ch->fd)) < 0)
			return ret;
		if (!(p.revents & ~POLLOUT))
			continue;
		ret = channel_fill(ch);
		if (ret < 0)
			return ret;
		while ((ret = channel_next(ch, &frame)) > 0)
			if (frame.type == FRAME_DONE)
				return 0;
		if (ret < 0)
			return ret;
	}
}

static int wait_start(struct channel *ch, struct frame *frame)
{
	int ret = channel_send(ch, FRAME_READY, NULL, 0);

	while (!ret) {
		struct pollfd p = {.fd = ch->fd, .events = POLLIN};

		if (queue_pending(&ch->out))
			p.events |= POLLOUT;
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return -errno;
		if (p.revents & POLLOUT && (ret = queue_write(&ch->out, ch->fd)) < 0)
			return ret;
		ret = 0;
		if (p.revents & ~POLLOUT && (ret = channel_fill(ch)) < 0)
			return ret;
		ret = channel_next(ch, frame);
	}
	if (ret > 0 && (frame->type != FRAME_START || frame->length != 5))
		return -EBADMSG;
	return ret > 0 ? 0 : ret;
}

static int run(struct channel *ch, char **argv)
{
	static struct command cmd;
	struct frame start;
	sigset_t mask;
	uint8_t status[4];
	int signals, ret;
	bool done = false;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signal(SIGPIPE, SIG_IGN);
	signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return -errno;
	ret = wait_start(ch, &start);
	if (ret < 0)
		return ret;
	if (command_start(&cmd, argv, &start) < 0)
		return -EIO;
	while (ret >= 0 && !done)
		ret = serve_once(ch, &cmd, signals, &done);
	if (ret < 0)
		return ret;
	kill(-1, SIGKILL);
	put_le32(status, (uint32_t)(WIFSIGNALED(cmd.status) ? 128 + WTERMSIG(cmd.status)
							    : WEXITSTATUS(cmd.status)));
	ret = channel_send(ch, FRAME_EXIT, status, sizeof(status));
	return ret ? ret : wait_done(ch);
}

int main(int argc, char **argv)
{
	static struct channel ch;
	char **command;
	int fd, ret;

	if (argc != 5) {
		fputs("usage: vm-agent LINE DIRECTORY ARGV-FILE SEED-FILE\n", stderr);
		return 2;
	}
	if (chdir(argv[2]) < 0)
		return fail(argv[2]), 1;
	command = argv_read(argv[3]);
	if (!command || seed(argv[4]) < 0)
		return 1;
	fd = line_open(argv[1]);
	if (fd < 0)
		return 1;
	channel_init(&ch, fd, FRAME_WINDOW_OUT, FRAME_WINDOW_IN);
	ret = run(&ch, command);
	free(command);
	close(fd);
	if (ret < 0)
		fprintf(stderr, "vm-agent: the channel to the host failed: %s\n", strerror(-ret));
	return ret < 0 ? 1 : 0;
}
