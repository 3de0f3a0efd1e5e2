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
 * journal.c see of it. A worker, a child process, is the device.
 *
 *     front end  <-- vhost-user -->  supervisor  <-- link.h -->  worker
 *
 * A message of the front end goes to the worker; its outcome comes back, and is
 * noted in the journal; only then is the next one read. When a worker dies, the
 * next one is told the journal, and then the message whose outcome is missing,
 * again: each message can be carried out twice (journal.h, ledger.h tell why).
 * Requests never come through here: rings and eventfds are between the worker and
 * the guest.
 *
 * At SIGHUP a second worker is started from the program as it is on disk then.
 * When it is ready, the old one is asked to end, which it does behind its batches,
 * and the new one is told the journal. Between the two the guest sees nothing but
 * a short silence, and that sessions are STALE.
 *
 * States of a worker:
 *
 *     STARTING --READY--> READY --adopted--> REPLAYING --RESUME done--> SERVING
 *                                                                          |
 *     gone <--------------------- ENDING <-------------- asked to end -----+
 *
 * and from each of them to gone, when it dies.
 *
 * Clients of the control socket are accepted here, where it can be seen who they are,
 * and passed on to the worker, which they then speak to.
 *
 * A worker that dies is replaced at once. When it dies again without having
 * finished a request in between, the next one has to wait, longer each time up to
 * RETRY_MAX_MS; after GIVE_UP such deaths, the queues are reported broken to the
 * front end. It is tried on and on nevertheless, as the front end may be waiting
 * for an answer. (A request that kills its worker does not get that far: ledger.h.)
 *
 * Invariants
 * - At most one operation is under way on a link (@op).
 * - A worker has a time limit for whatever it was told; then it is killed.
 * - A worker starts to touch guest memory only when the one before it was waited
 *   for: then all of its threads are gone.
 * - When nothing is to do and no answer is missing, this process sleeps without a timeout.
 */
#include "daemon/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/param.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/backend.h"
#include "daemon/control.h"
#include "daemon/journal.h"
#include "daemon/ledger.h"
#include "daemon/link.h"
#include "daemon/listener.h"
#include "daemon/notify.h"
#include "daemon/sandbox.h"
#include "daemon/spawn.h"
#include "daemon/stats.h"
#include "daemon/unix_socket.h"
#include "daemon/util.h"

#define RETRY_FIRST_MS 10u
#define RETRY_MAX_MS 10000u
#define GIVE_UP 8u

/* A worker that lived for so long has not died of its start. */
#define GOOD_LIFE_MS 10000u

/* For a worker that was asked to end, or anything else while we end; then it is killed. */
#define END_MS 10000u

/* For a worker to get ready, and for any other answer of it. Both are generous: a machine may
 * be slow. Tests have less patience.
 */
#define START_MS 60000u
#ifndef VCD_ANSWER_MS
#define VCD_ANSWER_MS 30000u
#endif

enum worker_state {
	GONE,
	STARTING,
	READY,
	REPLAYING,
	SERVING,
	ENDING,
};

/**
 * struct child - a worker process.
 * @state: see the top
 * @pid: its id
 * @link: our end of its link, or -1
 * @reader: what was received of its next answer
 * @started: when it was started, in ns
 * @deadline: when it is killed unless it has answered, in ns; 0: nothing is due
 * @program: what it was started from; of the second worker only
 */
struct child {
	enum worker_state state;
	pid_t pid;
	int link;
	struct vu_reader reader;
	uint64_t started;
	uint64_t deadline;
	struct program program;
};

/**
 * enum op - what the worker was told last and has not answered.
 */
enum op {
	OP_NONE,
	OP_REPLAY,  /* a message of the journal */
	OP_RESUME,  /* LINK_RESUME */
	OP_FORWARD, /* the front end's message */
	OP_RESET,   /* LINK_RESET */
	OP_STATS,   /* LINK_STATS */
	OP_CONTROL, /* LINK_CONTROL */
};

/**
 * struct supervisor - all of it.
 * @options: command line
 * @sandbox: what confines us
 * @program: what workers are started from
 * @ledger: what survives workers
 * @journal: what the front end has set up
 * @listener: where front ends come from
 * @control: listening socket of the operator, or -1
 * @client: a client of it that is to be passed on, or -1
 * @control_st: its file, as we made it
 * @notify: the service manager, or -1
 * @signals: signalfd
 * @epoll: what the loop waits in
 * @front: the front end, or -1
 * @front_watched: it is listened to
 * @listener_watched: the listening socket is
 * @control_watched: the operator's is
 * @reader: what was received of its next message
 * @worker: the worker
 * @second: the one that is to follow it, on request
 * @op: see there
 * @cursor: in the journal, with OP_REPLAY
 * @pending: @reader holds a message whose outcome the front end waits for
 * @want_reset: the worker has yet to be told that the front end is gone
 * @want_stats: the statistics file is to be written
 * @ending: we are to end; the front end is gone, or will be let go
 * @final_stats: and the statistics were written for the last time
 * @stats_file: name of the statistics file that is being written, or NULL
 * @served: some worker has got so far as to serve
 * @lost: when the device ceased to be served, in ns, or 0
 * @upgrading: a second worker takes over that was asked for
 * @failures: deaths in a row without a request finished in between
 * @done: requests that were finished when the worker was started
 * @retry: when to start a worker, in ns; 0: not by the clock
 * @error: why we end, or 0
 */
struct supervisor {
	const struct options *options;
	struct sandbox sandbox;
	struct program program;
	struct ledger ledger;
	struct journal journal;
	struct listener listener;
	int control;
	int client;
	struct stat control_st;
	int notify;
	int signals;
	int epoll;
	int front;
	bool front_watched;
	bool listener_watched;
	bool control_watched;
	struct vu_reader reader;
	struct child worker;
	struct child second;
	enum op op;
	unsigned int cursor;
	bool pending;
	bool want_reset;
	bool want_stats;
	bool ending;
	bool final_stats;
	char *stats_file;
	bool served;
	uint64_t lost;
	bool upgrading;
	unsigned int failures;
	uint64_t done;
	uint64_t retry;
	int error;
};

static void give_up(struct supervisor *s, const char *what, int err)
{
	log_msg(LOG_ERROR, "cannot go on: %s: %s", what, strerror(-err));
	s->error = err;
}

/* Listen to a descriptor or cease to. */
static void watch(struct supervisor *s, int fd, bool on)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(s->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, fd, &event) < 0)
		give_up(s, "epoll_ctl", -errno);
}

/* The same for one that is listened to now and then; @is says whether it is now. */
static void watch_while(struct supervisor *s, int fd, bool on, bool *is)
{
	if (fd >= 0 && on != *is)
		watch(s, fd, on);
	*is = fd >= 0 && on;
}

/* ---- workers -------------------------------------------------------------------------- */

static int start_child(struct supervisor *s, struct child *child, const struct program *program)
{
	int link = -1;
	pid_t pid;

	ledger_mend(&s->ledger);
	pid = spawn_worker(program, &s->sandbox, s->ledger.fd, &link);
	if (pid < 0)
		return (int)pid;
	child->state = STARTING;
	child->pid = pid;
	child->link = link;
	child->started = now_ns();
	child->deadline = child->started + START_MS * 1000000ull;
	watch(s, link, true);
	return 0;
}

static void start_worker(struct supervisor *s)
{
	int err;

	s->retry = 0;
	s->done = ledger_done(&s->ledger);
	err = start_child(s, &s->worker, &s->program);
	if (err) {
		log_limited(LOG_ERROR, "cannot start a worker: %s", strerror(-err));
		s->retry = now_ns() + RETRY_MAX_MS * 1000000ull;
	}
}

/* No more is heard from it; that it is gone, SIGCHLD tells. */
static void drop_link(struct supervisor *s, struct child *child)
{
	if (child->link >= 0)
		watch(s, child->link, false);
	vu_read_next(&child->reader);
	close_fd(&child->link);
}

/* It does not keep to what link.h says, or closed its end. */
static void kill_child(struct supervisor *s, struct child *child)
{
	drop_link(s, child);
	child->deadline = 0;
	kill(child->pid, SIGKILL);
}

/* It ends, or has to. */
static void await_end(struct child *child)
{
	child->state = ENDING;
	child->deadline = now_ns() + END_MS * 1000000ull;
}

static void ask_to_end(struct child *child)
{
	kill(child->pid, SIGTERM);
	await_end(child);
}

/* The worker died; see to the next one. */
static void replace_worker(struct supervisor *s, const char *how, int number)
{
	bool progress = ledger_done(&s->ledger) != s->done ||
			now_ns() - s->worker.started > GOOD_LIFE_MS * 1000000ull;
	uint64_t delay;

	s->failures = progress ? 1 : s->failures + 1;
	s->ledger.head->restarts++;
	delay = s->failures > 1 ? RETRY_FIRST_MS << MIN(s->failures - 2, 16u) : 0;
	delay = MIN(delay, RETRY_MAX_MS);
	log_limited(LOG_WARN, "worker %d ended (%s %d); %s", (int)s->worker.pid, how, number,
		    delay ? "the next one has to wait, as it did nothing" : "starting another one");
	if (s->failures == GIVE_UP) {
		log_msg(LOG_ERROR,
			"%u workers in a row ended without having done anything; the device "
			"is out of order, one is tried every %u s",
			GIVE_UP, RETRY_MAX_MS / 1000);
		journal_report_broken(&s->journal);
	}
	if (delay)
		s->retry = now_ns() + delay * 1000000ull;
	else
		start_worker(s);
}

/* The second one takes the place of the first, which is gone. */
static void adopt_second(struct supervisor *s)
{
	program_close(&s->program);
	s->program = s->second.program;
	s->worker = s->second;
	s->second = (struct child){.link = -1, .program.fd = -1};
	s->retry = 0;
	s->done = ledger_done(&s->ledger);
	s->upgrading = true;
}

static void stats_abandon(struct supervisor *s)
{
	if (s->stats_file)
		(void)stats_end(s->options->stats_file, s->stats_file, false);
	free(s->stats_file);
	s->stats_file = NULL;
}

/* Whether the statistics are to be written for the last time, which needs a worker. */
static bool last_words(const struct supervisor *s)
{
	return s->options->stats_file && s->served && !s->final_stats && !s->error &&
	       s->failures < GIVE_UP;
}

static void worker_gone(struct supervisor *s, bool signalled, int number)
{
	drop_link(s, &s->worker);
	stats_abandon(s);
	s->op = OP_NONE;
	s->worker.state = GONE;
	s->worker.deadline = 0;
	if (s->ending && !last_words(s))
		return;
	if (!s->lost)
		s->lost = now_ns();
	if (s->second.state == READY) {
		adopt_second(s);
	} else if (!s->served && !signalled) {
		/* The first one cannot start, and has said why. */
		s->error = -ECHILD;
		s->ending = true;
	} else {
		replace_worker(s, signalled ? "signal" : "status", number);
	}
}

static void second_gone(struct supervisor *s)
{
	drop_link(s, &s->second);
	program_close(&s->second.program);
	s->second.state = GONE;
	s->second.deadline = 0;
	if (!s->ending)
		log_msg(LOG_ERROR, "the new worker did not start; the old one goes on");
}

static void reap(struct supervisor *s)
{
	int status;

	if (s->second.state != GONE && waitpid(s->second.pid, &status, WNOHANG) == s->second.pid)
		second_gone(s);
	if (s->worker.state != GONE && waitpid(s->worker.pid, &status, WNOHANG) == s->worker.pid)
		worker_gone(s, WIFSIGNALED(status),
			    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void upgrade(struct supervisor *s)
{
	int err;

	if (s->second.state != GONE || s->ending) {
		log_msg(LOG_WARN, "an upgrade is under way already");
		return;
	}
	err = program_next(&s->program, &s->second.program);
	if (!err)
		err = start_child(s, &s->second, &s->second.program);
	if (err) {
		program_close(&s->second.program);
		log_msg(LOG_ERROR, "cannot start a new worker from %s: %s", s->program.path,
			strerror(-err));
	}
}

/* ---- the front end -------------------------------------------------------------------- */

static void front_begin(struct supervisor *s, int socket)
{
	s->front = socket;
	s->ledger.head->front_ends++;
	log_msg(LOG_INFO, "front end connected");
}

static void front_end(struct supervisor *s, int reason)
{
	if (s->front < 0)
		return;
	if (reason == -ECONNRESET) {
		log_msg(LOG_INFO, "front end disconnected");
	} else if (reason) {
		if (reason == -EPROTO)
			s->ledger.head->protocol_errors++;
		log_limited(LOG_WARN, "connection closed: %s", strerror(-reason));
	}
	watch_while(s, s->front, false, &s->front_watched);
	vu_read_next(&s->reader);
	close_fd(&s->front);
	s->pending = false;
	journal_clear(&s->journal);
	s->want_reset = true;
	/* Who had just one connection to serve ends with it. */
	if (s->listener.fd < 0)
		s->ending = true;
}

/* ---- operations ----------------------------------------------------------------------- */

/*
 * Give the worker something to answer. One that does not even read is not worth having.
 * Return: whether it was told.
 */
static bool tell(struct supervisor *s, enum op op, const struct vu_message *message)
{
	s->op = op;
	s->worker.deadline = now_ns() + (s->ending ? END_MS : VCD_ANSWER_MS) * 1000000ull;
	if (vu_send(s->worker.link, message) == 0)
		return true;
	kill_child(s, &s->worker);
	return false;
}

static bool tell_private(struct supervisor *s, enum op op, enum link_request request, int fd)
{
	struct vu_message m = {
	    .header = {.request = request, .flags = VU_VERSION},
	    .fds = {fd},
	    .fd_count = fd >= 0,
	};

	return tell(s, op, &m);
}

static void replay(struct supervisor *s)
{
	struct vu_message m;

	if (journal_next(&s->journal, &s->cursor, &m))
		tell(s, OP_REPLAY, &m);
	else
		tell_private(s, OP_RESUME, LINK_RESUME, -1);
}

static void write_stats(struct supervisor *s)
{
	int fd = stats_begin(s->options->stats_file, &s->stats_file);

	if (fd < 0) {
		log_msg(LOG_ERROR, "cannot write %s: %s", s->options->stats_file, strerror(-fd));
		free(s->stats_file);
		s->stats_file = NULL;
		s->want_stats = false;
		return;
	}
	tell_private(s, OP_STATS, LINK_STATS, fd);
	close(fd);
}

static void stats_written(struct supervisor *s, bool good)
{
	int err = stats_end(s->options->stats_file, s->stats_file, good);

	if (err)
		log_msg(LOG_ERROR, "cannot write %s: %s", s->options->stats_file, strerror(-err));
	free(s->stats_file);
	s->stats_file = NULL;
	s->want_stats = false;
}

static void serving(struct supervisor *s)
{
	s->worker.state = SERVING;
	if (!s->served)
		notify_send(s->notify, "READY=1\n");
	s->served = true;
	if (!s->lost)
		return;
	log_msg(LOG_INFO, "worker %d goes on after %.3f ms", (int)s->worker.pid,
		(double)(now_ns() - s->lost) / 1e6);
	if (s->upgrading) {
		s->upgrading = false;
		s->ledger.head->upgrades++;
		log_msg(LOG_WARN, "upgraded to worker %d", (int)s->worker.pid);
	}
	s->lost = 0;
}

/* Whether the front end waits for an answer to @m: it asks, or wants to hear how it went. */
static bool answer_due(const struct supervisor *s, const struct vu_message *m)
{
	uint64_t features = s->journal.protocol_features;

	if (vu_is_question(m->header.request))
		return true;
	/* In the set of SET_PROTOCOL_FEATURES itself it counts already. */
	if (m->header.request == VU_SET_PROTOCOL_FEATURES)
		features = m->payload.u64;
	return (m->header.flags & VU_NEED_REPLY) && (features & 1ull << VU_PROTOCOL_F_REPLY_ACK);
}

/* The outcome of the front end's message. */
static void forwarded(struct supervisor *s, struct vu_message *reply)
{
	struct vu_message *m = &s->reader.message;
	bool private = reply->header.request == LINK_DONE;
	bool refused;
	int err;

	if (!s->pending) /* the front end left meanwhile */
		return;
	if (reply->header.request == LINK_VIOLATED) {
		front_end(s, -EPROTO);
		return;
	}
	/* The next worker is told @m again, so that the front end is neither misled nor left
	 * waiting. */
	if (private == answer_due(s, m) ||
	    (!private && reply->header.request != m->header.request)) {
		log_limited(LOG_WARN, "worker %d gave an answer that is none", (int)s->worker.pid);
		kill_child(s, &s->worker);
		return;
	}
	/* What is no question is answered by 0 or 1, as far as it is answered. */
	refused = m->header.request != VU_GET_VRING_BASE && reply->payload.u64 != 0;
	if (journal_apply(&s->journal, m, refused) < 0) {
		kill_child(s, &s->worker);
		return;
	}
	vu_read_next(&s->reader);
	s->pending = false;
	err = private ? 0 : vu_reply(s->front, reply);
	if (err == -ENOBUFS)
		log_limited(LOG_WARN, "front end does not read its replies");
	if (err)
		front_end(s, err);
}

/* The worker has answered. */
static void answered(struct supervisor *s, struct vu_message *reply)
{
	enum op op = s->op;
	bool done = reply->header.request == LINK_DONE;

	s->op = OP_NONE;
	s->worker.deadline = 0;
	switch (op) {
	case OP_REPLAY:
		/* Refused is fine: then it was refused the first time as well. */
		if (reply->header.request == LINK_VIOLATED) {
			log_msg(LOG_ERROR, "a new worker does not accept the former state");
			kill_child(s, &s->worker);
		}
		break;
	case OP_RESUME:
		if (done)
			serving(s);
		else
			kill_child(s, &s->worker);
		break;
	case OP_FORWARD:
		forwarded(s, reply);
		break;
	case OP_RESET:
		s->want_reset = false;
		break;
	case OP_STATS:
		stats_written(s, done && reply->payload.u64 == 0);
		break;
	case OP_CONTROL:
		/* Who was refused has been told. */
		break;
	case OP_NONE:
		kill_child(s, &s->worker);
	}
}

/* ---- what to do next ------------------------------------------------------------------ */

/* The last things before we end. Whether there is nothing left to do. */
static bool end_worker(struct supervisor *s)
{
	if (s->second.state != GONE)
		kill(s->second.pid, SIGKILL);
	switch (s->worker.state) {
	case GONE:
		return s->second.state == GONE && !last_words(s);
	case SERVING:
		if (s->op != OP_NONE || s->worker.link < 0)
			return false;
		if (s->front >= 0)
			front_end(s, 0);
		if (s->want_reset) {
			tell_private(s, OP_RESET, LINK_RESET, -1);
		} else if (s->options->stats_file && !s->final_stats) {
			s->final_stats = true;
			s->want_stats = true;
			write_stats(s);
		}
		if (s->op == OP_NONE)
			ask_to_end(&s->worker);
		return false;
	case ENDING:
		return false;
	default:
		if (!last_words(s))
			kill(s->worker.pid, SIGKILL);
		return false;
	}
}

/* Read the next message of the front end, and pass it on. */
static void front_input(struct supervisor *s)
{
	int ret = vu_read(&s->reader, s->front);

	if (ret == -EPROTO)
		log_limited(LOG_WARN, "front end sent what is no vhost-user message");
	if (ret < 0) {
		front_end(s, ret);
	} else if (ret > 0 && s->reader.message.header.request >= VU_REQUEST_COUNT) {
		/* Also what only we may say to a worker. */
		log_limited(LOG_WARN, "front end sent a request that is unknown: %u",
			    s->reader.message.header.request);
		front_end(s, -EPROTO);
	} else if (ret > 0) {
		s->pending = true;
	}
}

/* When the worker is dead already, the next one gets it; later, the client notices. */
static void pass_client(struct supervisor *s)
{
	if (tell_private(s, OP_CONTROL, LINK_CONTROL, s->client))
		close_fd(&s->client);
}

/* Give a worker that serves and waits the next thing to do. */
static void next_operation(struct supervisor *s)
{
	if (s->want_reset) {
		tell_private(s, OP_RESET, LINK_RESET, -1);
	} else if (s->pending) {
		tell(s, OP_FORWARD, &s->reader.message);
	} else if (s->client >= 0) {
		pass_client(s);
	} else if (s->want_stats) {
		write_stats(s);
	} else if (s->second.state == READY) {
		s->lost = now_ns();
		ask_to_end(&s->worker);
	} else if (s->front < 0 && s->listener.connected >= 0) {
		front_begin(s, take_fd(&s->listener.connected));
	}
}

/* Decide, after each event. Whether we go on. */
static bool step(struct supervisor *s)
{
	bool idle;

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
			replay(s);
		else if (s->worker.state == SERVING && !s->ending)
			next_operation(s);
	}
	/* Listened to is who can be answered; others would only wake us up. */
	idle = s->worker.state == SERVING && s->op == OP_NONE && !s->ending && !s->pending &&
	       !s->want_reset && s->client < 0;
	watch_while(s, s->front, idle, &s->front_watched);
	watch_while(s, s->listener.fd, idle && s->front < 0, &s->listener_watched);
	watch_while(s, s->control, idle, &s->control_watched);
	return true;
}

/* ---- the loop ------------------------------------------------------------------------- */

static void take_signal(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			reap(s);
			break;
		case SIGHUP:
			upgrade(s);
			break;
		case SIGUSR1:
			s->want_stats = s->options->stats_file != NULL;
			break;
		default:
			log_msg(LOG_INFO, "ending at signal %u", info.ssi_signo);
			s->ending = true;
		}
	}
}

static void ready(struct child *child)
{
	child->state = READY;
	child->deadline = 0;
}

static void child_input(struct supervisor *s, struct child *child)
{
	int ret = vu_read_reply(&child->reader, child->link);
	struct vu_message *m = &child->reader.message;

	if (ret < 0 && child == &s->worker && child->state == STARTING) {
		/* Most likely it cannot start, and is about to say so by its exit status. */
		drop_link(s, child);
		await_end(child);
	} else if (ret < 0) {
		kill_child(s, child);
	} else if (ret > 0) {
		if (m->header.request == LINK_READY && child->state == STARTING)
			ready(child);
		else if (child == &s->worker)
			answered(s, m);
		else
			kill_child(s, child);
		vu_read_next(&child->reader);
		/* One that was asked for need not wait until it is time to try the other again. */
		if (child == &s->second && child->state == READY && child->link >= 0 &&
		    s->worker.state == GONE && !s->ending)
			adopt_second(s);
	}
}

static void accept_front(struct supervisor *s)
{
	int fd = listener_accept(&s->listener);

	if (fd >= 0)
		front_begin(s, fd);
	else if (fd != -EAGAIN)
		give_up(s, "accept", fd);
}

/* From here we see who it is, as the worker in its user namespace could not. */
static void accept_client(struct supervisor *s)
{
	int fd = accept4(s->control, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	uid_t user;

	if (fd < 0)
		return;
	if (unix_socket_peer(fd, &user) == 0 && (user == 0 || user == geteuid())) {
		s->client = fd;
		return;
	}
	log_limited(LOG_WARN, "control socket: a peer of another user is turned away");
	close(fd);
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
		front_input(s);
	else if (fd == s->listener.fd)
		accept_front(s);
	else if (fd == s->control)
		accept_client(s);
}

static bool passed(uint64_t deadline, uint64_t now)
{
	return deadline && deadline <= now;
}

static void child_late(struct supervisor *s, struct child *child)
{
	log_limited(LOG_WARN, "worker %d does not answer; it is killed", (int)child->pid);
	kill_child(s, child);
}

static void handle_deadlines(struct supervisor *s)
{
	uint64_t now = now_ns();

	if (passed(s->worker.deadline, now))
		child_late(s, &s->worker);
	if (passed(s->second.deadline, now))
		child_late(s, &s->second);
	if (passed(s->retry, now)) {
		s->retry = 0;
		if (s->worker.state == GONE && (!s->ending || last_words(s)))
			start_worker(s);
	}
}

/* How long to sleep, in ms; -1: until something happens. */
static int timeout_ms(const struct supervisor *s)
{
	const uint64_t deadlines[] = {s->retry, s->worker.deadline, s->second.deadline};
	uint64_t first = UINT64_MAX;
	uint64_t now;

	for (size_t i = 0; i < ARRAY_SIZE(deadlines); i++)
		if (deadlines[i])
			first = MIN(first, deadlines[i]);
	if (first == UINT64_MAX)
		return -1;
	now = now_ns();
	return first <= now ? 0 : (int)((first - now) / 1000000u + 1);
}

static int loop(struct supervisor *s)
{
	struct epoll_event event;

	watch(s, s->signals, true);
	start_worker(s);
	if (s->worker.state == GONE)
		s->error = -ECHILD;
	/* One event at a time: handling it may close what another one is about. */
	while (step(s)) {
		int n = epoll_wait(s->epoll, &event, 1, timeout_ms(s));

		if (n < 0 && errno != EINTR)
			give_up(s, "epoll_wait", -errno);
		else if (n == 1)
			handle(s, event.data.fd);
		/* Behind the event: it may be the answer that is due. */
		handle_deadlines(s);
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
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_all(struct supervisor *s, char **argv)
{
	const struct options *o = s->options;
	const struct ledger_shape shape = backend_ledger(o->num_queues, o->workers, o->max_request);
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
	return err;
}

static int open_sockets(struct supervisor *s)
{
	const struct options *o = s->options;
	int err;

	err = listener_open(&s->listener, o->socket_path, o->fd);
	if (!err && o->control) {
		s->control = unix_socket_listen(o->control, 0600, CONTROL_CLIENTS, &s->control_st);
		err = s->control < 0 ? s->control : 0;
	}
	if (err)
		return err;
	s->notify = notify_open();
	if (s->notify < -1)
		log_msg(LOG_WARN, "the service manager cannot be reached: %s",
			strerror(-s->notify));
	return 0;
}

static void close_all(struct supervisor *s)
{
	struct stat st;

	notify_send(s->notify, "STOPPING=1\n");
	close_fd(&s->notify);
	close_fd(&s->control);
	close_fd(&s->client);
	journal_clear(&s->journal);
	listener_close(&s->listener);
	listener_remove(&s->listener);
	if (s->control_st.st_ino && lstat(s->options->control, &st) == 0 &&
	    st.st_dev == s->control_st.st_dev && st.st_ino == s->control_st.st_ino)
		unlink(s->options->control);
	ledger_close(&s->ledger);
	program_close(&s->program);
	close_fd(&s->epoll);
	close_fd(&s->signals);
	close_fd(&s->front);
}

int supervise(const struct options *options, char **argv)
{
	/* Large: the journal. */
	static struct supervisor s;
	int err;

	s = (struct supervisor){
	    .options = options,
	    .sandbox = {.mode = options->sandbox, .seccomp = options->seccomp},
	    .program.fd = -1,
	    .ledger.fd = -1,
	    .listener = {.fd = -1, .connected = -1},
	    .control = -1,
	    .client = -1,
	    .notify = -1,
	    .signals = -1,
	    .epoll = -1,
	    .front = -1,
	    .worker = {.link = -1, .program.fd = -1},
	    .second = {.link = -1, .program.fd = -1},
	};
	journal_init(&s.journal, options->num_queues);
	err = open_all(&s, argv);
	if (err)
		log_msg(LOG_ERROR, "cannot start: %s", strerror(-err));
	if (!err)
		err = open_sockets(&s);
	if (!err)
		err = sandbox_parent(&s.sandbox);
	if (!err)
		err = loop(&s);
	close_all(&s);
	return err;
}
