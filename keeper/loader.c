/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader.c - the process that was started. See loader.h. */
#include "keeper/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/log.h"
#include "common/notify.h"
#include "common/util.h"
#include "daemon/confine/vault.h"
#include "keeper/inner.h"
#include "keeper/loader_internal.h"
#include "keeper/spawn.h"

/** Keys on their way: all those of a policy, twice when it is loaded anew. */
#define VAULT_BYTES ((size_t)128 << 20)

#define MS UINT64_C(1000000)

/* ---- the policy ------------------------------------------------------------------------ */

static void report(void *arg, unsigned int line, const char *what)
{
	struct loader *loader = arg;
	int n;

	if (line)
		log_msg(LOG_ERROR, "%s:%u: %s", loader->options->policy, line, what);
	else
		log_msg(LOG_ERROR, "%s: %s", loader->options->policy, what);
	if (loader->why_len >= sizeof(loader->why) - 1)
		return;
	if (line)
		n = snprintf(loader->why + loader->why_len, sizeof(loader->why) - loader->why_len,
			     "line %u: %s\n", line, what);
	else
		n = snprintf(loader->why + loader->why_len, sizeof(loader->why) - loader->why_len,
			     "%s\n", what);
	loader->why_len += (size_t)n;
	if (loader->why_len > sizeof(loader->why) - 1)
		loader->why_len = sizeof(loader->why) - 1;
}

static struct keyset *load(struct loader *loader)
{
	struct policy_errors errors = {.report = report, .arg = loader};

	loader->why_len = 0;
	return keyset_load(loader->options->policy, &errors);
}

bool loader_check(const struct options *options)
{
	struct loader loader = {.options = options};
	struct keyset *set = load(&loader);

	if (!set)
		return false;
	printf("%s: %u keys, %u VMs, %u tokens: good\n", options->policy, set->policy->key_count,
	       set->policy->vm_count, set->policy->token_count);
	keyset_free(set);
	return true;
}

static int tell(struct loader *loader, uint32_t type, uint32_t index, uint64_t value,
		const void *data, size_t len, int pass)
{
	const struct inner head = {.type = type, .index = index, .value = value};

	return loader->server < 0 ? -EPIPE : inner_send(loader->server, &head, data, len, pass);
}

/* The text in pieces, then what belongs to its sections. */
static int send_keyset(struct loader *loader)
{
	const struct keyset *set = loader->set;
	const struct policy *policy = set->policy;
	const size_t piece = 32768;
	int err = 0;

	for (size_t at = 0; !err && at < set->text.len; at += piece)
		err = tell(loader, INNER_POLICY, 0, 0, set->text.bytes + at,
			   set->text.len - at < piece ? set->text.len - at : piece, -1);
	for (unsigned int i = 0; !err && i < policy->key_count; i++)
		if (policy->keys[i].store == STORE_FILE)
			err = tell(loader, INNER_KEY, i, 0, set->bytes[i].bytes, set->bytes[i].len,
				   -1);
	for (unsigned int i = 0; !err && i < policy->token_count; i++)
		err = tell(loader, INNER_TOKEN, i, loader->module_ids[set->module_of[i]], NULL, 0,
			   -1);
	for (unsigned int i = 0; !err && i < loader->revoked_count; i++)
		err = tell(loader, INNER_REVOKE, 0, 0, loader->revoked[i],
			   strlen(loader->revoked[i]), -1);
	return err ? err : tell(loader, INNER_INSTALL, 0, 0, NULL, 0, -1);
}

/* The new policy in the place of the old one, if it is good. */
static int reload(struct loader *loader)
{
	struct keyset *set = load(loader);
	struct keyset *before = loader->set;

	if (!set) {
		log_msg(LOG_ERROR, "the policy was not loaded: the one in force stays");
		return -EINVAL;
	}
	if (revoked_load(loader)) {
		keyset_free(set);
		return -EINVAL;
	}
	loader->set = set;
	modules_match(loader, before);
	keyset_free(before);
	return send_keyset(loader);
}

/* ---- the server ------------------------------------------------------------------------ */

static int watch(struct loader *loader, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(loader->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* A socket that takes a whole key. */
static int start_server(struct loader *loader)
{
	int err;

	loader->server_since = now_ns();
	loader->server_pid = spawn_server(loader->options, &loader->server);
	if (loader->server_pid < 0) {
		err = (int)loader->server_pid;
		loader->server_pid = 0;
		return err;
	}
	return watch(loader, loader->server);
}

static void server_ready(struct loader *loader)
{
	int err = send_keyset(loader);

	if (err) {
		log_msg(LOG_ERROR, "cannot send the policy to the server: %s", strerror(-err));
		return;
	}
	modules_start(loader);
	loader->ready = true;
	notify_send(loader->notify, "READY=1\n");
}

static void do_reload(struct loader *loader, uint64_t peer)
{
	int err;

	notify_send(loader->notify, "RELOADING=1\n");
	err = reload(loader);
	if (!err)
		modules_start(loader);
	notify_send(loader->notify, "READY=1\n");
	if (err == -EINVAL && !loader->why_len)
		loader->why_len =
		    (size_t)snprintf(loader->why, sizeof(loader->why), "see the keeper's log\n");
	if (peer)
		(void)tell(loader, INNER_RELOADED, 0, peer, loader->why, err ? loader->why_len : 0,
			   -1);
}

static void from_server(struct loader *loader)
{
	static char data[INNER_MAX + 1];
	struct inner head;
	_cleanup_fd_ int passed = -1;
	size_t len;
	int err = inner_receive(loader->server, &head, data, &len, &passed, MSG_DONTWAIT);

	if (err == -EAGAIN)
		return;
	if (err) {
		/* Its end is told by SIGCHLD. */
		close_fd(&loader->server);
		return;
	}
	data[len] = '\0';
	switch (head.type) {
	case INNER_READY:
		server_ready(loader);
		break;
	case INNER_RELOAD:
		do_reload(loader, head.value);
		break;
	case INNER_REVOKE:
		revoked_add(loader, data);
		break;
	case INNER_HUNG:
		module_kill(loader, (unsigned int)head.value);
		break;
	default:
		log_msg(LOG_ERROR, "the server sent a message that is none of ours");
	}
}

static void accept_client(struct loader *loader)
{
	_cleanup_fd_ int fd = accept4(loader->listener, NULL, NULL, SOCK_CLOEXEC);
	const struct passwd *user;
	const char *name;
	uid_t uid;

	if (fd < 0)
		return;
	if (!loader->ready || unix_socket_peer(fd, &uid))
		return;
	/* Now, not when the policy is loaded: systemd's dynamic users are there while they run. */
	user = getpwuid(uid);
	name = user ? user->pw_name : "";
	(void)tell(loader, INNER_CLIENT, 0, uid, name, strlen(name), fd);
}

/* ---- children and signals --------------------------------------------------------------- */

static void server_ended(struct loader *loader, int status)
{
	const bool soon = now_ns() - loader->server_since < 10000 * MS;

	log_msg(LOG_ERROR, "the server ended (%s %d): its clients have to connect again",
		WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	loader->server_pid = 0;
	close_fd(&loader->server);
	modules_stop(loader);
	/* One that never served will not serve the next time either. */
	if (!loader->ready) {
		loader->ending = true;
		loader->err = -EIO;
		return;
	}
	loader->ready = false;
	loader->pause = soon && loader->pause ? 2 * loader->pause : 100 * MS;
	if (loader->pause > 5000 * MS)
		loader->pause = 5000 * MS;
	loader->restart_at = now_ns() + (soon ? loader->pause : 0);
}

static void reap(struct loader *loader)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == loader->server_pid)
			server_ended(loader, status);
		else
			module_ended(loader, pid, status);
	}
}

static void take_signal(struct loader *loader)
{
	struct signalfd_siginfo info;

	if (read(loader->signals, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGHUP:
		if (loader->ready)
			do_reload(loader, 0);
		break;
	case SIGCHLD:
		reap(loader);
		break;
	default:
		log_msg(LOG_INFO, "ending at signal %u", info.ssi_signo);
		loader->ending = true;
	}
}

static int open_signals(struct loader *loader)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	loader->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return loader->signals < 0 ? -errno : watch(loader, loader->signals);
}

/* ---- start, run, end -------------------------------------------------------------------- */

static void handle(struct loader *loader, int fd)
{
	if (fd == loader->signals)
		take_signal(loader);
	else if (fd == loader->listener)
		accept_client(loader);
	else if (fd == loader->server)
		from_server(loader);
}

static int timeout(const struct loader *loader, uint64_t now)
{
	uint64_t at = modules_due(loader);

	if (!loader->server_pid && loader->restart_at < at)
		at = loader->restart_at;
	if (at == UINT64_MAX)
		return -1;
	return at <= now ? 0 : (int)((at - now) / MS + 1);
}

static void run(struct loader *loader)
{
	struct epoll_event event;

	while (!loader->ending) {
		int n = epoll_wait(loader->epoll, &event, 1, timeout(loader, now_ns()));

		if (n == 1)
			handle(loader, event.data.fd);
		if (!loader->server_pid && !loader->ending && now_ns() >= loader->restart_at) {
			loader->err = start_server(loader);
			loader->ending = loader->err != 0;
		}
		if (loader->ready)
			modules_start(loader);
	}
}

static int start(struct loader *loader, struct sandbox *sandbox)
{
	const struct options *o = loader->options;
	int err;

	loader->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loader->epoll < 0)
		return -errno;
	err = open_signals(loader);
	if (err)
		return err;
	loader->notify = notify_open();
	loader->set = load(loader);
	if (!loader->set)
		return -EINVAL;
	err = revoked_load(loader);
	if (err)
		return err;
	modules_match(loader, NULL);
	loader->listener = unix_socket_listen(o->socket_path, &o->access, 64, &loader->socket);
	if (loader->listener < 0)
		return loader->listener;
	err = watch(loader, loader->listener);
	if (!err)
		err = sandbox_parent(sandbox);
	return err ? err : start_server(loader);
}

/* Only if it is still ours. */
static void remove_socket(const struct loader *loader)
{
	struct stat st;

	if (loader->listener >= 0 && lstat(loader->options->socket_path, &st) == 0 &&
	    st.st_dev == loader->socket.st_dev && st.st_ino == loader->socket.st_ino)
		unlink(loader->options->socket_path);
}

static void end(struct loader *loader)
{
	notify_send(loader->notify, "STOPPING=1\n");
	remove_socket(loader);
	close_fd(&loader->listener);
	/* The server wipes its keys when the socket ends. */
	close_fd(&loader->server);
	modules_stop(loader);
	if (loader->server_pid > 0)
		(void)waitpid(loader->server_pid, NULL, 0);
	modules_free(loader);
	loader->set = keyset_free(loader->set);
	for (unsigned int i = 0; i < loader->revoked_count; i++)
		free(loader->revoked[i]);
	free(loader->revoked);
	close_fd(&loader->signals);
	close_fd(&loader->epoll);
	close_fd(&loader->notify);
}

int loader_run(const struct options *options)
{
	struct sandbox sandbox = {.mode = options->sandbox, .seccomp = options->seccomp};
	struct loader loader = {
	    .options = options,
	    .server = -1,
	    .listener = -1,
	    .signals = -1,
	    .epoll = -1,
	    .notify = -1,
	};
	int err = sandbox_begin(&sandbox, NULL, 0);

	if (err)
		return err;
#ifndef VCD_INSTRUMENTED
	struct vault_state vault;

	if (vault_open(VAULT_BYTES, &vault))
		log_msg(LOG_WARN, "keys pass through ordinary memory");
#endif
	err = start(&loader, &sandbox);
	if (!err) {
		run(&loader);
		err = loader.err;
	}
	end(&loader);
	return err;
}
