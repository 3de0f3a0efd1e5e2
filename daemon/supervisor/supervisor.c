/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supervisor.c - the process that holds the connection while workers come and go.
 *
 * Theory of operation
 * -------------------
 * Stock front ends do not survive the loss of their back end (QEMU's generic
 * device aborts the VM). So the process they are connected to is this small one,
 * which does nothing that can fail on a guest's bytes: it never maps guest
 * memory, runs no cryptography, and sees of the protocol what message.c and
 * setup.c see of it. A worker, a child process, is the device.
 *
 *     front end  <-- vhost-user -->  supervisor  <-- vhost_user/channel.h -->  worker
 *
 * A message of the front end goes to the worker; its outcome comes back, and is
 * noted in the setup; only then is the next one read. When a worker dies, the
 * next one is told the setup, and then the message whose outcome is missing,
 * again: each message can be carried out twice (setup.h, ledger.h tell why).
 * Requests never come through here: rings and eventfds are between the worker and
 * the guest.
 *
 * At SIGHUP a second worker is started from the program as it is on disk then.
 * When it is ready, the old one is asked to end, which it does behind its batches,
 * and the new one is told the setup. Between the two the guest sees nothing but
 * a short silence, and that sessions are STALE.
 *
 * Clients of the control socket are accepted here, where it can be seen who they are,
 * and passed on to the worker, which they then speak to; all but those that ask for an
 * upgrade, who are told here how that ended.
 *
 * Where that stands:
 *
 *     supervisor.c             the loop, which decides after each event; start and end
 *     child.c       workers: started, replaced, killed; their states
 *     operation.c   what the worker is told, and its answers
 *     control.c     clients of the control socket
 *     front_end.c   the front end's connection and messages
 *     internal.h    the state that these share
 *
 * Invariants
 * - At most one operation is under way on a link (@op).
 * - A worker has a time limit for whatever it was told; then it is killed.
 * - A worker starts to touch guest memory only when the one before it was waited
 *   for: then all of its threads are gone.
 * - When nothing is to do and no answer is missing, this process sleeps without a timeout.
 */
#include "daemon/supervisor/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/vm/vm.h"
#include "daemon/operate/control.h"
#include "common/log.h"
#include "common/notify.h"
#include "daemon/supervisor/internal.h"
#include "common/unix_socket.h"
#include "common/util.h"
#include "device/session_table.h"

/* After accept() failed: for want of descriptors or memory, for the most part. */
#define ACCEPT_PAUSE_MS 1000u

void supervisor_give_up(struct supervisor *s, const char *what, int err)
{
	log_msg(LOG_ERROR, "cannot go on: %s: %s", what, strerror(-err));
	s->error = err;
}

void supervisor_accept_failed(struct supervisor *s, int err)
{
	log_limited(LOG_WARN, "cannot accept a connection: %s; trying again", strerror(-err));
	s->accept_after = now_ns() + ACCEPT_PAUSE_MS * 1000000ull;
}

void supervisor_watch(struct supervisor *s, int fd, bool on)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(s->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, fd, &event) < 0)
		supervisor_give_up(s, "epoll_ctl", -errno);
}

void supervisor_watch_while(struct supervisor *s, int fd, bool on, bool *is)
{
	if (fd >= 0 && on != *is)
		supervisor_watch(s, fd, on);
	*is = fd >= 0 && on;
}

/* ---- what to do next ------------------------------------------------------------------ */

/* The last things before we end. Whether there is nothing left to do. */
static bool end_worker(struct supervisor *s)
{
	if (s->second.state != GONE)
		kill(s->second.pid, SIGKILL);
	switch (s->worker.state) {
	case GONE:
		return s->second.state == GONE;
	case SERVING:
		if (s->op != OP_NONE || s->worker.link < 0)
			return false;
		if (s->front >= 0)
			front_end_leave(s, 0);
		if (s->want_reset) {
			operation_reset(s);
		}
		if (s->op == OP_NONE)
			child_ask_to_end(&s->worker);
		return false;
	case ENDING:
		return false;
	default:
		kill(s->worker.pid, SIGKILL);
		return false;
	}
}

/* Decide, after each event. Whether we go on. */
static bool step(struct supervisor *s)
{
	bool accepting, idle;

	if (s->error && !s->ending)
		s->ending = true;
	if (s->ending && end_worker(s))
		return false;
	if (s->op == OP_NONE && s->worker.link >= 0) {
		if (s->worker.state == READY) {
			s->worker.state = REPLAYING;
			s->cursor = 0;
		}
		if (s->worker.state == REPLAYING)
			operation_replay(s);
		else if (s->worker.state == SERVING && !s->ending)
			operation_next(s);
	}
	/* Listened to is who can be answered; others would only wake us up. */
	idle = s->worker.state == SERVING && s->op == OP_NONE && !s->ending && !s->pending &&
	       !s->want_reset && clients_next(s) < 0;
	accepting = !s->ending && !s->accept_after;
	supervisor_watch_while(s, s->front, idle, &s->front_watched);
	supervisor_watch_while(s, s->listener.fd,
			       accepting && !s->listener_rests && (idle || s->front >= 0),
			       &s->listener_watched);
	supervisor_watch_while(s, s->control, accepting && clients_room(s), &s->control_watched);
	return true;
}

/* ---- the loop ------------------------------------------------------------------------- */

static void take_signal(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			child_reap(s);
			break;
		case SIGHUP:
			(void)child_upgrade(s);
			break;
		default:
			log_msg(LOG_INFO, "ending at signal %u", info.ssi_signo);
			s->ending = true;
		}
	}
}

static void handle(struct supervisor *s, int fd)
{
	if (fd == s->signals)
		take_signal(s);
	else if (fd == s->worker.link)
		child_input(s, &s->worker);
	else if (fd == s->second.link)
		child_input(s, &s->second);
	else if (fd == s->front)
		front_end_input(s);
	else if (fd == s->listener.fd)
		front_end_accept(s);
	else if (fd == s->control)
		clients_accept(s);
	else
		(void)clients_input(s, fd);
}

static int loop(struct supervisor *s)
{
	struct epoll_event event;

	supervisor_watch(s, s->signals, true);
	child_start_worker(s);
	if (s->worker.state == GONE)
		s->error = -ECHILD;
	/* One event at a time: handling it may close what another one is about. */
	while (step(s)) {
		int n = epoll_wait(s->epoll, &event, 1, child_timeout_ms(s));

		if (n < 0 && errno != EINTR)
			supervisor_give_up(s, "epoll_wait", -errno);
		else if (n == 1)
			handle(s, event.data.fd);
		/* Behind the event: it may be the answer that is due. */
		child_deadlines(s);
	}
	return s->error;
}

/* ---- start and end -------------------------------------------------------------------- */

static int open_signals(void)
{
	sigset_t set;

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return -errno;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_all(struct supervisor *s, char **argv)
{
	const struct options *o = s->options;
	const struct ledger_shape shape = vm_ledger(o->num_queues, o->workers, o->max_request);
	int err;

	err = sandbox_begin(&s->sandbox, &o->fd, 1);
	if (err)
		return err;
	s->signals = open_signals();
	if (s->signals < 0)
		return s->signals;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return -errno;
	err = program_open(&s->program, argv);
	if (!err)
		err = ledger_create(&s->ledger, &shape);
	s->ledger.max_serial = vcd_session_table_max_seed(
				   o->max_sessions ? o->max_sessions : VCD_DEFAULT_MAX_SESSIONS) /
			       2 * 3;
	return err;
}

static int open_sockets(struct supervisor *s)
{
	const struct options *o = s->options;
	const struct unix_socket_access access = {o->socket_mode, o->socket_group};
	const struct unix_socket_access private = {.mode = 0600};
	struct stat st;
	int err;

	err = listener_open(&s->listener, o->socket_path, &access, o->fd);
	if (!err && o->control) {
		s->control = unix_socket_listen(o->control, &private, CONTROL_CLIENTS, &st);
		err = s->control < 0 ? s->control : 0;
		if (!err)
			s->control_file = (struct remover_file){o->control, st.st_dev, st.st_ino};
	}
	if (err)
		return err;
	s->notify = notify_open();
	if (s->notify < -1)
		log_msg(LOG_WARN, "the service manager cannot be reached: %s",
			strerror(-s->notify));
	return 0;
}

/*
 * Root gives its rights up. What needs them later is left to somebody else: removing the files
 * of the sockets; or is done now: making the limit on locked memory what workers need.
 */
static int give_up_root(struct supervisor *s)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	/* A device of the host is opened by each worker, and may be root's. */
	const bool devices = strncmp(s->options->engine, "cryptodev", 9) == 0;

	if (geteuid() != 0 || s->sandbox.mode == SANDBOX_NONE)
		return 0;
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	s->remover = remover_start(
	    (const struct remover_file[REMOVER_FILES]){s->listener.file, s->control_file});
	if (s->remover < 0)
		log_msg(LOG_WARN, "sockets will not be removed at the end: %s",
			strerror(-s->remover));
	return sandbox_unroot(&s->sandbox, s->program.fd, devices);
}

static void remove_files(struct supervisor *s)
{
	if (s->remover >= 0) {
		remover_end(take_fd(&s->remover));
		return;
	}
	remover_file(&s->listener.file);
	remover_file(&s->control_file);
}

static void close_all(struct supervisor *s)
{
	notify_send(s->notify, "STOPPING=1\n");
	close_fd(&s->notify);
	close_fd(&s->control);
	clients_close(s);
	setup_clear(&s->setup);
	listener_close(&s->listener);
	remove_files(s);
	ledger_close(&s->ledger);
	program_close(&s->program);
	close_fd(&s->program.dir);
	close_fd(&s->epoll);
	close_fd(&s->signals);
	close_fd(&s->front);
}

int supervise(const struct options *options, char **argv)
{
	/* Large: the setup. */
	static struct supervisor s;
	int err;

	s = (struct supervisor){
	    .options = options,
	    .sandbox = {.mode = options->sandbox, .seccomp = options->seccomp},
	    .program = {.fd = -1, .dir = -1},
	    .remover = -1,
	    .owner = geteuid(),
	    .ledger.fd = -1,
	    .listener = {.fd = -1, .connected = -1},
	    .control = -1,
	    .notify = -1,
	    .signals = -1,
	    .epoll = -1,
	    .front = -1,
	    .worker = {.link = -1, .program.fd = -1},
	    .second = {.link = -1, .program.fd = -1},
	};
	clients_init(&s.clients);
	setup_init(&s.setup, options->num_queues);
	err = open_all(&s, argv);
	if (err)
		log_msg(LOG_ERROR, "cannot start: %s", strerror(-err));
	if (!err)
		err = open_sockets(&s);
	if (!err)
		err = give_up_root(&s);
	if (!err)
		err = sandbox_parent(&s.sandbox);
	if (!err)
		err = loop(&s);
	if (s.served)
		log_msg(LOG_INFO,
			"ended: %llu front ends, %llu requests, %llu workers died, %llu upgrades",
			(unsigned long long)s.ledger.head->front_ends,
			(unsigned long long)ledger_done(&s.ledger),
			(unsigned long long)s.ledger.head->restarts,
			(unsigned long long)s.ledger.head->upgrades);
	close_all(&s);
	return err;
}
