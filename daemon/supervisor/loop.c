/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop.c - waits for events and reports them to supervisor.c; start and end of the supervisor.
 */
#include "daemon/supervisor/internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/log.h"
#include "common/util.h"

/* ---- the loop ------------------------------------------------------------------------- */

static void take_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->endpoints.signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			supervisor_event(s, &s->successor, worker_reap(&s->successor));
			supervisor_event(s, &s->worker, worker_reap(&s->worker));
			break;
		case SIGHUP:
			(void)supervisor_upgrade(s);
			break;
		default:
			log_msg(LOG_INFO, "ending at signal %u", info.ssi_signo);
			s->ending = true;
		}
	}
}

static void hear(struct supervisor *s, struct worker_process *w)
{
	enum worker_event event = worker_read(w);

	supervisor_event(s, w, event);
	if (event != EVENT_NOTHING)
		vu_read_next(&w->reader);
}

static void accept_front_end(struct supervisor *s)
{
	int fd = front_end_accept(&s->front, &s->endpoints.listener);

	if (fd >= 0)
		supervisor_accepted(s, fd);
	else if (fd != -EAGAIN)
		supervisor_accept_failed(s, fd);
}

static void accept_client(struct supervisor *s)
{
	int oldest;
	int err = clients_accept(&s->clients, s->endpoints.control, &oldest);

	if (err)
		supervisor_accept_failed(s, err);
	if (oldest >= 0)
		operations_add(&s->operations, OPERATION_CLIENT, oldest);
}

static void client_input(struct supervisor *s)
{
	const char *error;
	int fd;
	enum client_event event = clients_read(&s->clients, &fd);

	if (event == CLIENT_COMMAND)
		operations_add(&s->operations, OPERATION_CLIENT, fd);
	if (event != CLIENT_UPGRADE)
		return;
	error = supervisor_upgrade(s);
	if (error)
		clients_refuse(fd, error);
	else
		s->clients.upgrade = fd;
}

static void hear_worker(struct supervisor *s)
{
	hear(s, &s->worker);
}

static void hear_successor(struct supervisor *s)
{
	hear(s, &s->successor);
}

enum source { SIGNALS, WORKER, SUCCESSOR, FRONT, CLIENT, CONTROL, LISTENER, KEEPER, SOURCES };

static void (*const handlers[SOURCES])(struct supervisor *s) = {
    [SIGNALS] = take_signals,	   [WORKER] = hear_worker,
    [SUCCESSOR] = hear_successor,  [FRONT] = supervisor_front_end_input,
    [CLIENT] = client_input,	   [CONTROL] = accept_client,
    [LISTENER] = accept_front_end, [KEEPER] = supervisor_keeper_event,
};

/* Only sources are waited for whose events can be dealt with: others would only wake us up. */
static void choose_sources(const struct supervisor *s, struct pollfd p[SOURCES])
{
	bool idle = s->worker.state == WORKER_IDLE && !s->operations.count && !s->ending;
	bool accepting = !s->ending && !s->accept_ns;
	bool clients = operations_room(&s->operations) && !s->ending;
	bool front = (idle || s->front.fd >= 0) && !s->front.hung_up;

	p[SIGNALS].fd = s->endpoints.signals;
	p[WORKER].fd = s->worker.channel;
	p[SUCCESSOR].fd = s->successor.channel;
	p[FRONT].fd = idle ? s->front.fd : -1;
	p[CLIENT].fd = clients ? s->clients.epoll : -1;
	p[CONTROL].fd = clients && accepting ? s->endpoints.control : -1;
	p[LISTENER].fd = front && accepting ? s->endpoints.listener.fd : -1;
	for (unsigned int i = 0; i < SOURCES; i++)
		p[i].events = POLLIN;
	keeper_link_poll(&s->keeper, &p[KEEPER]);
}

/* How long to sleep, in ms; -1: until something happens. */
static int timeout_ms(const struct supervisor *s)
{
	const uint64_t deadlines[] = {
	    s->worker.deadline_ns,
	    s->successor.deadline_ns,
	    s->accept_ns,
	    s->keeper.at_ns,
	    supervisor_waits(s) ? s->retry_ns : 0,
	};
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
	supervisor_start(s);
	while (supervisor_settle(s)) {
		struct pollfd p[SOURCES] = {0};
		unsigned int i;
		int n;

		choose_sources(s, p);
		n = poll(p, SOURCES, timeout_ms(s));
		if (n < 0 && errno != EINTR) {
			log_msg(LOG_ERROR, "cannot go on: poll: %m");
			supervisor_give_up(s, -errno);
		}
		/* One at a time: handling it may close what another one is about. */
		for (i = 0; n > 0 && !p[i].revents; i++)
			;
		if (n > 0)
			handlers[i](s);
		/* After the event, which may be the answer that is due. */
		supervisor_event(s, &s->worker, worker_check(&s->worker, now_ns()));
		supervisor_event(s, &s->successor, worker_check(&s->successor, now_ns()));
		keeper_link_tick(&s->keeper);
		if (s->accept_ns <= now_ns())
			s->accept_ns = 0;
	}
	return s->error;
}

/* ---- start and end -------------------------------------------------------------------- */

static int open_all(struct supervisor *s)
{
	const struct supervisor_options *o = s->options;
	int err = sandbox_begin(&s->sandbox, &o->fd, 1);

	if (!err)
		err = endpoints_signals(&s->endpoints);
	if (!err)
		err = clients_init(&s->clients);
	if (!err)
		err = program_open(&s->program, o->argv, o->worker_option);
	if (!err)
		err = ledger_create(&s->ledger, &o->shape);
	s->ledger.max_serial = o->max_serial;
	if (err)
		log_msg(LOG_ERROR, "cannot start: %s", strerror(-err));
	return err;
}

/*
 * Root gives its rights up. The remover keeps the right to remove the sockets' files; the limit on
 * locked memory becomes what workers need.
 */
static int give_up_root(struct supervisor *s)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

	if (geteuid() != 0 || s->sandbox.mode == SANDBOX_NONE)
		return 0;
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	endpoints_start_remover(&s->endpoints);
	return sandbox_unroot(&s->sandbox, s->program.fd, s->options->devices);
}

static void close_all(struct supervisor *s)
{
	const struct ledger_head *head = s->ledger.head;

	if (s->served)
		log_msg(LOG_INFO,
			"ended: %llu front ends, %llu requests, %llu workers died, %llu upgrades",
			(unsigned long long)head->front_ends,
			(unsigned long long)ledger_done(&s->ledger),
			(unsigned long long)head->restarts, (unsigned long long)head->upgrades);
	clients_close(&s->clients);
	setup_clear(&s->setup);
	endpoints_close(&s->endpoints);
	ledger_close(&s->ledger);
	program_close(&s->program);
	close_fd(&s->program.dir);
	close_fd(&s->front.fd);
	keeper_link_close(&s->keeper);
}

int supervise(const struct supervisor_options *options)
{
	/* Large: the set-up. */
	static struct supervisor s;
	int err;

	s = (struct supervisor){
	    .options = options,
	    .sandbox = options->sandbox,
	    .program = {.fd = -1, .dir = -1},
	    .next_program = {.fd = -1, .dir = -1},
	    .ledger.fd = -1,
	    .clients = {.epoll = -1, .upgrade = -1},
	    .front.fd = -1,
	};
	endpoints_init(&s.endpoints);
	setup_init(&s.setup, options->queues);
	keeper_link_init(&s.keeper, options->keeper, options->vm);
	worker_init(&s.worker);
	worker_init(&s.successor);
	err = open_all(&s);
	if (!err)
		err = endpoints_open(&s.endpoints, options->socket_path, &options->access,
				     options->fd, options->control);
	if (!err)
		err = give_up_root(&s);
	if (!err)
		err = sandbox_parent(&s.sandbox);
	if (!err)
		err = loop(&s);
	close_all(&s);
	return err;
}
