// SPDX-License-Identifier: GPL-2.0-or-later
/* session.c - from the options to a room: identity, known peers, invite, device, sockets. */
#include "cryptochat/session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/base/net.h"
#include "cryptochat/session/invitation.h"
#include "cryptochat/session/loop.h"
#include "cryptochat/session/peers_command.h"
#include "apps/base/wait.h"

#define SECRET_SIZE 32

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;

	fputs("cryptochat: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* struct room, and the paths that it borrows. */
struct talk {
	struct room room;
	char directory[PATH_MAX];
	char identity[PATH_MAX];
	char known_peers[PATH_MAX];
	char history[PATH_MAX];
};

/* The files of the user's directory. */
static int setup_paths(struct talk *t)
{
	const struct options *o = t->room.options;
	char *dir = t->directory;
	int err = config_directory(o->config, dir);

	if (err == -ENOENT && !o->config) {
		say("there is no $HOME: say with --config where the identity is");
		return err;
	}
	if (err) {
		say("cannot use the directory %s: %s%s", dir, strerror(-err),
		    o->config ? "" : "; --config says another one");
		return err;
	}
	if ((size_t)snprintf(t->identity, PATH_MAX, "%s/identity.pem", dir) >= PATH_MAX ||
	    (size_t)snprintf(t->history, PATH_MAX, "%s/history", dir) >= PATH_MAX ||
	    (size_t)snprintf(t->known_peers, PATH_MAX, "%s/known_peers", dir) >= PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

/* Others can change who we are, or whom we trust. */
static void warn_of_writers(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && st.st_mode & 022)
		say("warning: other users can write %s; chmod go-w protects it", path);
}

static int setup_identity(struct talk *t, bool *made)
{
	const struct options *o = t->room.options;
	int err = setup_paths(t);

	if (err)
		return err;
	warn_of_writers(t->directory);
	warn_of_writers(t->known_peers);
	err = identity_load(t->room.offload.libctx, t->identity, o->passphrase_file,
			    &t->room.identity, made);
	if (err == -EACCES && *made)
		say("%s can be read by other users: chmod 600 it, or if it may have been read, "
		    "remove it for a new identity",
		    t->identity);
	else if (err == -EINVAL)
		say("%s holds no Ed25519 key", t->identity);
	else if (err == -EISDIR)
		say("%s is a directory, and has to be a file", t->identity);
	else if (err == -ENOKEY)
		say("%s has a passphrase, and there is no terminal to ask at: --passphrase-file",
		    t->identity);
	else if (err == -EKEYREJECTED)
		say("wrong passphrase for %s", t->identity);
	else if (err)
		say("cannot read or make %s: %s", t->identity, strerror(-err));
	return err;
}

static enum chat_exit change_passphrase(struct talk *t)
{
	int err = identity_protect(t->identity, &t->room.identity);

	if (err == -ENOKEY)
		say("there is no terminal to ask at");
	else if (err == -EINVAL)
		say("the two are not the same; nothing was changed");
	else if (err)
		say("cannot write %s: %s", t->identity, strerror(-err));
	return err ? CHAT_USAGE : CHAT_OK;
}

static int setup_peers(struct talk *t)
{
	unsigned int line;
	int err = peers_load(t->known_peers, &t->room.peers, &line);

	if (err == -EINVAL)
		say("%s, line %u: not \"ADDRESS KEY verified|unverified NICK\"; no key is trusted "
		    "on "
		    "half a file",
		    t->known_peers, line);
	else if (err)
		say("cannot read %s: %s", t->known_peers, strerror(-err));
	return err;
}

/* The login name alone is the same on many machines: root, debian, user. */
static void setup_nick(struct room *room)
{
	const struct passwd *pw = room->options->nick ? NULL : getpwuid(getuid());
	const char *nick = room->options->nick ? room->options->nick
			   : pw		       ? pw->pw_name
					       : "somebody";
	char host[HOST_NAME_MAX + 1] = "", full[LOGIN_NAME_MAX + sizeof(host) + 1];

	if (!room->options->nick && gethostname(host, sizeof(host) - 1) == 0 && host[0]) {
		host[strcspn(host, ".")] = 0;
		snprintf(full, sizeof(full), "%s@%s", nick, host);
		if (nick_ok(full))
			nick = full;
	}
	strcpy(room->nick, nick_ok(nick) ? nick : "somebody");
}

static int setup_secret(struct room *room)
{
	const char *path = room->options->key_file;
	struct secret_file info;
	int err;

	if (!path)
		return 0;
	err = secret_load(path, SECRET_SIZE, &room->secret, &info);
	if (err == -EMSGSIZE || err == -EILSEQ)
		say("key file %s: wanted are %d raw bytes or %d hexadecimal digits (openssl rand "
		    "-hex "
		    "%d)",
		    path, SECRET_SIZE, 2 * SECRET_SIZE, SECRET_SIZE);
	else if (err)
		say("cannot read key file %s: %s", path, strerror(-err));
	else if (info.exposed)
		say("warning: key file %s can be read by other users; chmod 600 protects it", path);
	return err;
}

/* The invite we were given: from a file, or asked for. One line, not a byte more is taken. */
static int read_invite(struct room *room)
{
	const char *path = room->options->invite_file;
	bool standard = !path || strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char line[INVITE_TEXT_SIZE + 64];
	size_t len = 0;
	int err;

	if (fd < 0) {
		say("cannot read %s: %s", path, strerror(errno));
		return -errno;
	}
	if (standard && isatty(fd))
		fputs("Paste the invite: ", stderr);
	while (len < sizeof(line) - 1 && read(fd, line + len, 1) == 1 && line[len] != '\n')
		len++;
	line[len] = 0;
	if (!standard)
		close(fd);
	err = invite_parse(line, &room->invited);
	explicit_bzero(line, sizeof(line));
	if (err)
		say("that is no invite: it begins with \"" INVITE_PREFIX "\" and is one line");
	room->has_invite = !err;
	return err;
}

static int setup_device(struct room *room)
{
	const struct options *o = room->options;
	bool none = strcmp(o->device, "none") == 0, path = !none && strcmp(o->device, "auto") != 0;
	struct offload_setup setup = {
	    .policy = none ? OFFLOAD_OFF : o->offload,
	    .provider = o->provider,
	    .device = path ? o->device : NULL,
	};

	if (offload_open(&setup, &room->offload)) {
		say("cannot set up OpenSSL: not enough memory");
		return CHAT_NETWORK;
	}
	if (!room->offload.provider && (o->require_offload || path || o->offload == OFFLOAD_ALL)) {
		say("the crypto device cannot be used: %s; --offload=off encrypts in this process",
		    room->offload.why_not);
		return CHAT_DEVICE;
	}
	return 0;
}

static int setup_call(struct room *room)
{
	const struct options *o = room->options;
	const char *host = room->has_invite ? room->invited.host : o->host;
	uint16_t port = room->has_invite ? room->invited.port : o->port;
	bool bare_v6 = strchr(host, ':') && host[0] != '[';
	struct net_error why;
	int err;

	if ((size_t)snprintf(room->address, sizeof(room->address), bare_v6 ? "[%s]:%u" : "%s:%u",
			     host, port) >= sizeof(room->address))
		return -ENAMETOOLONG;
	/* Names are the same in any case. */
	for (char *c = room->address; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (strpbrk(room->address, " \t\r\n") ||
	    !text_is_plain(room->address, strlen(room->address))) {
		say("\"%s\" is no host", host);
		return -EINVAL;
	}
	room->host = host;
	room->port = port;
	room->family = o->family;
	err = net_resolve(o->family, host, port, &room->addresses, &why);
	if (err)
		say("cannot %s %s: %s", why.step, room->address, why.reason);
	return err;
}

/* The invite of the start: for people here, for programs as soon as there are events. */
static int first_invite(struct room *room)
{
	char text[INVITE_TEXT_SIZE];
	int err = invitation_make(room, text);

	if (err) {
		say("cannot make an invite: %s", strerror(-err));
		return err;
	}
	fprintf(stderr, "%s\n\n    %s\n\n%s%s", invitation_how(room), text,
		invitation_hint(room) ? invitation_hint(room) : "",
		invitation_hint(room) ? "\n" : "");
	if (room->options->json)
		strcpy(room->invite_text, text);
	explicit_bzero(text, sizeof(text));
	return 0;
}

static int setup_listener(struct room *room)
{
	const struct options *o = room->options;
	bool invite = o->invite ||
		      ((o->command == COMMAND_SEND || o->command == COMMAND_RECV) && !o->key_file);
	struct net_error why;
	uint16_t port;

	room->listener = net_listen(o->family, o->bind, o->port, &port, &why);
	if (room->listener < 0) {
		say("cannot %s (%s port %u): %s%s", why.step, o->bind ? o->bind : "any address",
		    o->port, why.reason,
		    room->listener == -EADDRINUSE ? "; choose another port with --port"
		    : room->listener == -EACCES && o->port < 1024
			? "; ports below 1024 are for root, choose another one with --port"
			: "");
		return room->listener;
	}
	room->port = port;
	if (!o->quiet)
		say("Listening on port %u.", port);
	return invite ? first_invite(room) : 0;
}

/* What can be found wrong before another person is troubled is. */
static int check_files(const struct options *o)
{
	int err = 0;

	for (size_t i = 0; i < o->file_count; i++) {
		int one = files_check(o->files[i]);

		if (!one)
			continue;
		err = one;
		say("cannot send %s: %s", o->files[i], files_error(one));
	}
	if (o->command == COMMAND_RECV && access(o->dir ? o->dir : ".", W_OK | X_OK) < 0) {
		err = -errno;
		say("cannot receive into %s: %s", o->dir ? o->dir : ".", strerror(errno));
	}
	return err;
}

static bool wants_to_call(const struct options *o)
{
	return o->host || o->invite_file || o->command == COMMAND_CONNECT;
}

/* Everything before the first word; CHAT_OK: go on. */
static enum chat_exit setup(struct talk *t)
{
	struct room *room = &t->room;
	const struct options *o = room->options;
	char key[KEY_TEXT_SIZE];
	bool made = false;
	int status;

	if (check_files(o))
		return CHAT_USAGE;
	if (o->command == COMMAND_PEERS)
		return setup_paths(t) || setup_peers(t) ? CHAT_USAGE
							: peers_command(o, &room->peers);
	status = setup_device(room);
	if (status)
		return (enum chat_exit)status;
	if (setup_identity(t, &made) || setup_peers(t) || setup_secret(room))
		return CHAT_USAGE;
	if (made && !o->quiet)
		fprintf(stderr, "Made a new identity. Your fingerprint is %s\n",
			key_text(room->identity.hash, key));
	if (o->command == COMMAND_IDENTITY) {
		printf("%s\n", key_text(room->identity.hash, key));
		return o->passphrase ? change_passphrase(t) : CHAT_OK;
	}
	setup_nick(room);
	if (tls_context(&room->offload, &room->identity, &room->tls)) {
		char reason[TLS_ERROR_SIZE];

		tls_error(reason);
		say("cannot set up TLS 1.3: %s", reason);
		return CHAT_NETWORK;
	}
	if (!wants_to_call(o))
		return setup_listener(room) ? CHAT_NETWORK : CHAT_OK;
	if (!o->host && read_invite(room))
		return CHAT_USAGE;
	return setup_call(room) ? CHAT_NETWORK : CHAT_OK;
}

/* We listen: people and programs learn what they need to be called. */
static void say_ready(struct room *room)
{
	char key[KEY_TEXT_SIZE];

	if (room->listener < 0)
		return;
	if (room->ui.kind == UI_TERMINAL)
		ui_notice(&room->ui, "listening", NULL,
			  "Waiting for somebody. /help lists commands.");
	ui_event(&room->ui, "listening",
		 FACTS(fact_number("port", room->port), fact_text("nick", room->nick),
		       fact_text("key", key_text(room->identity.hash, key))));
	if (room->invite_text[0])
		ui_event(&room->ui, "invite", FACTS(fact_text("invite", room->invite_text)));
	explicit_bzero(room->invite_text, sizeof(room->invite_text));
}

static void say_exit(struct room *room, enum chat_exit status)
{
	int sig = wait_stop_signal();

	if (sig)
		ui_event(&room->ui, "exit", FACTS(fact_number("signal", (uint64_t)sig)));
	else
		ui_event(&room->ui, "exit", FACTS(fact_number("status", status)));
}

static enum chat_exit converse(struct talk *t)
{
	struct room *room = &t->room;
	const struct options *o = room->options;
	bool no_input = o->message || o->command == COMMAND_SEND || o->command == COMMAND_RECV;
	enum chat_exit status;
	int err = wait_setup();

	if (err) {
		say("cannot set up signals: %s", strerror(-err));
		return CHAT_USAGE;
	}
	err = ui_open(&room->ui, o->json, no_input, o->bell, o->quiet);

	if (err) {
		say("cannot use the terminal: %s", strerror(-err));
		return CHAT_NETWORK;
	}
	if (o->history && room->ui.kind == UI_TERMINAL) {
		err = ui_history(&room->ui, t->history);
		if (err)
			ui_error(&room->ui, "warning", NULL, "cannot read %s: %s", t->history,
				 strerror(-err));
	}
	say_ready(room);
	status = room_run(room);
	if (status == CHAT_OK && o->command == COMMAND_RECV && !room->received &&
	    !wait_stop_signal())
		status = CHAT_INCOMPLETE;
	if (status == CHAT_OK && (room->ui.in_error || room->ui.out_error))
		status = CHAT_NETWORK;
	say_exit(room, status);
	ui_close(&room->ui);
	if (room->ui.in_error)
		say("cannot read standard input: %s", strerror(-room->ui.in_error));
	if (room->ui.out_error)
		say("cannot write standard output: %s", strerror(-room->ui.out_error));
	return status == CHAT_OK && room->ui.out_error ? CHAT_NETWORK : status;
}

enum chat_exit talk_run(const struct options *o)
{
	struct talk *t = calloc(1, sizeof(*t));
	struct options once = *o;
	struct addrinfo *late;
	enum chat_exit status;

	if (!t) {
		say("not enough memory");
		return CHAT_NETWORK;
	}
	srandom((unsigned int)getpid());
	if (o->message || o->command == COMMAND_SEND || o->command == COMMAND_RECV)
		once.once = true;
	t->room.options = &once;
	t->room.listener = -1;
	status = setup(t);
	if (status == CHAT_OK && o->command != COMMAND_IDENTITY && o->command != COMMAND_PEERS)
		status = converse(t);
	if (t->room.listener >= 0)
		close(t->room.listener);
	if (t->room.lookup && net_lookup_done(t->room.lookup, &late) && late)
		freeaddrinfo(late);
	if (t->room.addresses)
		freeaddrinfo(t->room.addresses);
	peers_free(&t->room.peers);
	SSL_CTX_free(t->room.tls);
	identity_free(&t->room.identity);
	offload_close(&t->room.offload);
	explicit_bzero(t, sizeof(*t));
	free(t);
	return status;
}
