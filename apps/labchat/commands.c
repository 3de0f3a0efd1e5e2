// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * commands.c - listen and connect: from the options to the conversations.
 *
 * All that is printed to standard error is printed here (and usage errors in
 * main.c). The status lines are those of the lab's programs, which other
 * programs look for.
 */
#include "labchat/commands.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "labchat/conversation.h"
#include "labchat/lab.h"
#include "labchat/lab_frame.h"
#include "apps/base/net.h"
#include "apps/base/wait.h"

#define LINGER_DEFAULT_MS 1000 /* for an input that is not a terminal */

/* What a command holds while it runs. */
struct chat {
	const struct options *options;
	struct secret key;
	struct lab_params lab;
	struct console console;
	int linger_ms;
};

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;

	fputs("labchat: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static void say_bad_secret(const char *what, const char *source, size_t size, int err,
			   const struct secret_file *info)
{
	if (err == -EILSEQ)
		say("%s %s has %zu characters that are not all hexadecimal digits", what, source,
		    2 * size);
	else if (err == -EMSGSIZE && info)
		say("%s %s holds %s%zu bytes; wanted are exactly %zu raw bytes or %zu hexadecimal "
		    "digits",
		    what, source, info->found > 2 * SECRET_MAX + 2 ? "more than " : "",
		    info->found > 2 * SECRET_MAX + 2 ? info->found - 1 : info->found, size,
		    2 * size);
	else if (err == -EMSGSIZE)
		say("%s \"%s\" must be %zu hexadecimal digits", what, source, 2 * size);
	else
		say("cannot read %s %s: %s", what, source, strerror(-err));
}

static int load_key(const struct options *o, struct secret *key)
{
	struct secret_file info;
	int err = secret_load(o->key_file, o->key_size, key, &info);

	if (err) {
		say_bad_secret("key file", o->key_file, o->key_size, err, &info);
		return err;
	}
	if (info.exposed)
		say("warning: key file %s can be read by other users; chmod 600 protects it",
		    o->key_file);
	if (info.looks_hex)
		say("warning: key file %s is taken as %zu raw bytes, but looks like hexadecimal "
		    "digits of a %zu-byte key (--key-size)",
		    o->key_file, o->key_size, o->key_size / 2);
	return 0;
}

static int load_iv(const struct options *o, uint8_t iv[CRYPT_BLOCK])
{
	struct secret_file info = {0};
	struct secret value = {0};
	int err = 0;

	if (o->iv_file) {
		err = secret_load(o->iv_file, CRYPT_BLOCK, &value, &info);
		if (err)
			say_bad_secret("IV file", o->iv_file, CRYPT_BLOCK, err, &info);
	} else if (o->iv_hex) {
		err = secret_parse(o->iv_hex, CRYPT_BLOCK, &value);
		if (err)
			say_bad_secret("IV", o->iv_hex, CRYPT_BLOCK, err, NULL);
	}
	memcpy(iv, value.bytes, CRYPT_BLOCK);
	return err;
}

static void say_bad_device(const char *device, size_t key_size, int err)
{
	if (err == -ENOTTY)
		say("%s is not a crypto device; choose another with --device, or --device=none",
		    device);
	else
		say("cannot use %s for AES-CBC with a %zu-byte key: %s (--device=none computes in "
		    "this process)",
		    device, key_size, strerror(-err));
}

static int open_crypt(const struct chat *chat, struct crypt **ret, int *why_not)
{
	const char *device = chat->options->device;
	int err = crypt_open(&crypt_sys_linux, device, &chat->key, ret, why_not);

	if (err)
		say_bad_device(device, chat->key.len, err);
	return err;
}

/* Find out before a peer is there that the device does not work. */
static int try_crypt(const struct chat *chat)
{
	struct crypt *crypt;
	int err = open_crypt(chat, &crypt, NULL);

	if (!err)
		crypt_close(crypt);
	return err;
}

static void say_crypt_path(const struct crypt *crypt, size_t key_size, int why_not)
{
	if (strcmp(crypt->device, CRYPT_DEVICE_NONE) != 0)
		fprintf(stderr, "crypto: AES-%zu-CBC on %s\n", 8 * key_size, crypt->device);
	else if (why_not)
		fprintf(stderr, "crypto: AES-%zu-CBC by libcrypto in this process (%s: %s)\n",
			8 * key_size, CRYPT_DEFAULT_DEVICE, strerror(-why_not));
	else
		fprintf(stderr, "crypto: AES-%zu-CBC by libcrypto in this process\n", 8 * key_size);
}

static enum lab_exit say_fault(const struct channel *ch)
{
	switch (ch->fault) {
	case CHANNEL_TRUNCATED:
		say("the peer's stream ended inside a frame: its last text is lost "
		    "(do both ends use the same --data-size?)");
		return LAB_NETWORK;
	case CHANNEL_CRYPT:
		say("the encryption failed: %s", strerror(-ch->error));
		return LAB_DEVICE;
	default:
		say("the connection failed: %s; text sent last may not have arrived",
		    strerror(-ch->error));
		return LAB_NETWORK;
	}
}

/* One conversation on a connected socket, which is closed in any case. */
static enum lab_exit converse(struct chat *chat, int fd, const char *peer_is)
{
	struct console *con = &chat->console;
	struct crypt *crypt = NULL;
	enum lab_exit status = LAB_OK;
	enum conversation_end end;
	struct channel *ch;
	int err, why_not = 0;

	err = open_crypt(chat, &crypt, &why_not);
	if (err) {
		close(fd);
		return LAB_DEVICE;
	}
	say_crypt_path(crypt, chat->key.len, why_not);
	err = lab_open(fd, &chat->lab, crypt, &ch);
	if (err) {
		say("cannot start a conversation: %s", strerror(-err));
		crypt_close(crypt);
		close(fd);
		return LAB_NETWORK;
	}

	end = conversation_run(ch, con, chat->linger_ms);
	if (end == CONVERSATION_CHANNEL)
		status = say_fault(ch);
	if (con->in_error) {
		say("cannot read standard input: %s", strerror(-con->in_error));
		status = status ? status : LAB_NETWORK;
	}
	if (end == CONVERSATION_OUTPUT) {
		say("cannot write standard output: %s", strerror(-con->out_error));
		status = LAB_NETWORK;
	}
	ch->ops->report(ch, stderr);
	ch->ops->destroy(ch);
	if (end == CONVERSATION_DONE || end == CONVERSATION_CHANNEL)
		fprintf(stderr, "%s went away.\n", peer_is);
	return status;
}

/* What a person typed after a client had left was for that client. */
static void drop_typed(void)
{
	pid_t front = tcgetpgrp(STDIN_FILENO);

	/* In the background, the terminal's input is for another program. */
	if (front < 0 || front == getpgrp())
		tcflush(STDIN_FILENO, TCIFLUSH);
}

static enum lab_exit serve_clients(struct chat *chat, int listener)
{
	bool served = false;

	for (;;) {
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);
		char name[NET_NAME_SIZE];
		enum lab_exit status;
		int fd;

		fputs("Waiting for an incoming connection...\n", stderr);
		fd = net_accept(listener, &peer, &len);
		if (fd == -EINTR)
			return LAB_OK;
		if (fd < 0) {
			say("cannot accept a connection: %s", strerror(-fd));
			return LAB_NETWORK;
		}
		net_peer_name(&peer, len, name);
		fprintf(stderr, "Incoming connection from %s\n", name);
		if (served)
			drop_typed();
		served = true;

		status = converse(chat, fd, "Client");
		/* Nothing is left to say to a next client, or nowhere to put its text. */
		if (chat->options->once || chat->console.in_ended || chat->console.out_error ||
		    wait_stop_signal())
			return status;
	}
}

static enum lab_exit command_listen(struct chat *chat)
{
	const struct options *o = chat->options;
	enum lab_exit status;
	struct net_error why;
	uint16_t port;
	int fd = net_listen(o->family, o->bind, o->port, &port, &why);

	if (fd < 0) {
		say("cannot %s (%s port %u): %s%s", why.step, o->bind ? o->bind : "any address",
		    o->port, why.reason,
		    fd == -EADDRINUSE ? "; choose another port with --port" : "");
		return LAB_NETWORK;
	}
	fprintf(stderr, "Created TCP socket\nBound TCP socket to port %u\n", port);
	status = serve_clients(chat, fd);
	close(fd);
	return status;
}

static enum lab_exit command_connect(struct chat *chat)
{
	const struct options *o = chat->options;
	enum lab_exit status;
	struct net_error why;
	int fd;

	fputs("Connecting to remote host... ", stderr);
	fd = net_connect(o->family, o->host, o->port, &why);
	if (fd < 0) {
		fputc('\n', stderr);
		if (fd != -EINTR)
			say("cannot %s (%s port %u): %s", why.step, o->host, o->port, why.reason);
		return LAB_NETWORK;
	}
	fputs("Connected.\n", stderr);
	status = converse(chat, fd, "Server");
	fputs("Done.\n", stderr);
	return status;
}

/* A person at a terminal is told at once; a file or pipeline may have more to give. */
static int choose_linger(const struct options *o)
{
	if (o->linger_ms != LINGER_AUTO)
		return o->linger_ms;
	return isatty(STDIN_FILENO) ? 0 : LINGER_DEFAULT_MS;
}

/* A multiple of the frame, so that a file fills whole frames. */
static size_t choose_read_size(size_t frame)
{
	return LAB_FRAME_MAX - LAB_FRAME_MAX % frame;
}

enum lab_exit command_run(const struct options *o)
{
	struct chat chat = {.options = o, .lab.frame_size = o->frame_size};
	enum lab_exit status = LAB_USAGE;

	fputs(LAB_INSECURE, stderr);
	if (load_key(o, &chat.key) || load_iv(o, chat.lab.iv))
		goto out;
	status = LAB_DEVICE;
	if (try_crypt(&chat))
		goto out;
	status = LAB_NETWORK;
	if (console_init(&chat.console, STDIN_FILENO, STDOUT_FILENO, o->raw,
			 choose_read_size(o->frame_size))) {
		say("not enough memory");
		goto out;
	}
	chat.linger_ms = choose_linger(o);
	status = o->command == LAB_LISTEN ? command_listen(&chat) : command_connect(&chat);
out:
	console_free(&chat.console);
	secret_wipe(&chat.key);
	return status;
}
