/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control.c - the operator's socket. See control.h. */
#include "daemon/operate/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/util.h"

void control_init(struct control *control)
{
	*control = (struct control){.epoll = -1};
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		control->clients[i].fd = -1;
}

void control_start(struct control *control, int epoll)
{
	control->epoll = epoll;
}

static void watch(struct control *control, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (epoll_ctl(control->epoll, EPOLL_CTL_MOD, fd, &event) < 0)
		log_msg(LOG_ERROR, "control socket: cannot watch a client: %m");
}

static struct control_client *find(struct control *control, int fd)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i].fd == fd)
			return &control->clients[i];
	return NULL;
}

/* From now on it is listened to. */
static void client_begin(struct control *control, struct control_client *client, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(control->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		log_msg(LOG_ERROR, "control socket: cannot watch a client: %m");
		close(fd);
		return;
	}
	client->fd = fd;
}

static void client_end(struct control *control, struct control_client *client)
{
	close_fd(&client->fd);
	free(client->answer);
	*client = (struct control_client){.fd = -1};
	if (control->waiting_count) {
		int next = control->waiting[0];

		control->waiting_count--;
		memmove(control->waiting, control->waiting + 1,
			control->waiting_count * sizeof(control->waiting[0]));
		client_begin(control, client, next);
	}
}

int control_adopt(struct control *control, int fd)
{
	static const char full[] = "ERR too many clients\n";
	struct control_client *client = find(control, -1);

	if (client) {
		client_begin(control, client, fd);
		return 0;
	}
	if (control->waiting_count < CONTROL_WAITING) {
		control->waiting[control->waiting_count++] = fd;
		return 0;
	}
	/* It has asked nothing yet, so there is room for that in its socket. */
	(void)!send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
	return -EAGAIN;
}

void control_close(struct control *control)
{
	while (control->waiting_count)
		close(control->waiting[--control->waiting_count]);
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		client_end(control, &control->clients[i]);
}

/* ---- commands ------------------------------------------------------------------------- */

/* "OK 12\n" and the 12 bytes. False: no memory. */
static bool answer_text(struct control_client *client, const char *text, size_t len)
{
	char head[32];
	int n = snprintf(head, sizeof(head), "OK %zu\n", len);

	client->answer = malloc((size_t)n + len);
	if (!client->answer)
		return false;
	memcpy(client->answer, head, (size_t)n);
	memcpy(client->answer + n, text, len);
	client->answer_len = (size_t)n + len;
	return true;
}

static bool answer_error(struct control_client *client, const char *error)
{
	int n = asprintf(&client->answer, "ERR %s\n", error);

	if (n < 0)
		client->answer = NULL;
	client->answer_len = n < 0 ? 0 : (size_t)n;
	return n >= 0;
}

/* Execute the client's line. False: no memory even for an error. */
static bool run(struct control *control, struct control_client *client)
{
	_cleanup_free_ char *text = NULL;
	const char *error;
	size_t len = 0;
	FILE *out;
	bool failed;

	client->answer_sent = 0;
	out = open_memstream(&text, &len);
	if (!out)
		return answer_error(client, "out of memory");
	error = control->run(control->arg, client->line, out);
	failed = ferror(out);
	if (fclose(out) || failed)
		return answer_error(client, "out of memory");
	return error ? answer_error(client, error) : answer_text(client, text, len);
}

ssize_t control_input(struct control *control, struct control_client *client, const char *bytes,
		      size_t len)
{
	const char *newline = memchr(bytes, '\n', len);
	size_t take = newline ? (size_t)(newline - bytes) : len;

	/* One byte of the line's room is for the end of the string. */
	if (take > sizeof(client->line) - 1 - client->line_len)
		return -EMSGSIZE;
	memcpy(client->line + client->line_len, bytes, take);
	client->line_len += take;
	if (!newline)
		return (ssize_t)take;
	client->line[client->line_len] = '\0';
	/* A 0 within the line would hide what follows it. */
	if (strlen(client->line) != client->line_len) {
		if (!answer_error(client, "a command is one line of text"))
			return -ENOMEM;
	} else if (!run(control, client)) {
		return -ENOMEM;
	}
	client->line_len = 0;
	return (ssize_t)take + 1;
}

/* ---- connections ---------------------------------------------------------------------- */

/* Send what there is. False: the connection has to end. */
static bool send_answer(struct control *control, struct control_client *client)
{
	while (client->answer_sent < client->answer_len) {
		ssize_t n = send(client->fd, client->answer + client->answer_sent,
				 client->answer_len - client->answer_sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			watch(control, client->fd, EPOLLOUT);
			return true;
		}
		if (n < 0)
			return false;
		client->answer_sent += (size_t)n;
	}
	free(client->answer);
	client->answer = NULL;
	client->answer_len = 0;
	watch(control, client->fd, EPOLLIN);
	return true;
}

/*
 * Read one command at most. What lies behind it stays in the socket until its
 * answer is fetched: it is looked at first, and only then taken.
 */
static bool read_command(struct control *control, struct control_client *client)
{
	char bytes[CONTROL_LINE];
	ssize_t n = recv(client->fd, bytes, sizeof(bytes), MSG_PEEK);
	ssize_t taken;

	if (n < 0)
		return errno == EAGAIN;
	if (n == 0)
		return false;
	taken = control_input(control, client, bytes, (size_t)n);
	if (taken < 0)
		return false;
	if (recv(client->fd, bytes, (size_t)taken, 0) != taken)
		return false;
	return !client->answer || send_answer(control, client);
}

bool control_handle(struct control *control, int fd)
{
	struct control_client *client;
	bool go_on;

	if (fd < 0)
		return false;
	client = find(control, fd);
	if (!client)
		return false;
	go_on = client->answer ? send_answer(control, client) : read_command(control, client);
	if (!go_on)
		client_end(control, client);
	return true;
}
