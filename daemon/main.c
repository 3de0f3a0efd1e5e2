/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - vhost-user-cryptodev: start, run, end.
 *
 * Theory of operation
 * -------------------
 * The program is two processes: a supervisor, which front ends connect to
 * (supervisor.c), and a worker, which it starts and replaces when that dies. What
 * stands here is the worker, and with --no-supervisor all there is: then front
 * ends connect to it directly.
 *
 * Starting is a row of stages, each a function, in an order that matters:
 *
 *     stage_process()   what concerns the whole process: no core dumps, inherited
 *                       descriptors, the janitor, signals
 *     stage_open()      everything that needs the file system or a name: socket or
 *                       link to the supervisor, ledger, engine
 *     stage_memory()    memory is not swapped out
 *     stage_isolate()   another user, own namespaces, no files, no capabilities
 *     stage_work()      device and worker threads
 *     stage_lock()      a filter for system calls
 *
 * Behind the last stage no file is opened, and no new descriptor is made but those
 * that come through the socket. Without a supervisor, the janitor (janitor.c) writes
 * the statistics file and removes sockets.
 *
 * The end is the reverse: workers first, then the device with its sessions, whose
 * keys are wiped, then the engine, then the socket's file. A worker leaves its queues
 * as they are, in the ledger, for the next one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "daemon/backend.h"
#include "daemon/commands.h"
#include "daemon/control.h"
#include "daemon/guard.h"
#include "daemon/janitor.h"
#include "daemon/ledger.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "daemon/sandbox.h"
#include "daemon/server.h"
#include "daemon/spawn.h"
#include "daemon/stats.h"
#include "daemon/supervisor.h"
#include "daemon/unix_socket.h"
#include "daemon/util.h"
#include "daemon/vault.h"

/* In the environment of a worker, from its supervisor. */
#define SUPERVISOR_VERSION "VCD_SUPERVISOR_VERSION"

/* Room for the keys and contexts of all sessions that can be; memory is used when touched. */
#define VAULT_SIZE ((size_t)512 << 20)

/**
 * struct daemon - the process.
 * @options: command line
 * @sandbox: what confines us
 * @janitor: what has the file system; not in a worker
 * @server: sockets and signals
 * @ledger: what survives us, in a worker
 * @control: the operator's socket
 * @commands: what is answered there
 * @notify: the service manager, or -1; in a worker, its supervisor speaks to that
 * @begin: CLOCK_MONOTONIC of the start, ns; in a worker, of its supervisor's
 * @engine: engine
 * @device: device
 * @backend: queues and workers
 */
struct daemon {
	struct options options;
	struct sandbox sandbox;
	struct janitor janitor;
	struct server server;
	struct ledger ledger;
	struct control control;
	struct commands commands;
	int notify;
	uint64_t begin;
	struct vcd_engine *engine;
	struct vcd_device *device;
	struct backend *backend;
};

static int stage_process(struct daemon *d)
{
	const struct options *o = &d->options;
	const bool worker = o->link >= 0;
	const struct janitor_paths paths = {
	    .stats = o->stats_file,
	    .socket = {[JANITOR_SERVER] = o->socket_path, [JANITOR_CONTROL] = o->control},
	};
	int err;

	if (worker)
		err = sandbox_begin(&d->sandbox, (const int[]){o->link, o->ledger}, 2);
	else
		err = sandbox_begin(&d->sandbox, &o->fd, 1);
	if (err)
		return err;
	err = worker ? 0 : janitor_start(&d->janitor, &paths);
	if (err) {
		log_msg(LOG_ERROR, "cannot start the janitor: %s", strerror(-err));
		return err;
	}
	err = server_signals();
	if (!err)
		err = guard_install();
	if (err)
		log_msg(LOG_ERROR, "cannot block signals: %s", strerror(-err));
	return err;
}

/* @listener: -1: clients are accepted elsewhere */
static void use_control(struct daemon *d, int listener)
{
	d->control.listener = listener;
	d->control.run = commands_run;
	d->control.arg = &d->commands;
	d->server.control = &d->control;
}

/*
 * Memory for keys, before libcrypto takes any. A leak checker cannot look into it, and
 * the address sanitizer is more use on libcrypto's blocks than a wipe.
 */
static void open_vault(void)
{
#ifndef VCD_INSTRUMENTED
	struct vault_state state;
	int err = vault_open(VAULT_SIZE, &state);

	if (err) {
		log_msg(LOG_WARN, "keys are in ordinary memory: %s", strerror(-err));
		return;
	}
	if (state.locked < state.size)
		log_msg(LOG_INFO,
			"keys behind the first %zu KiB may be swapped out: locked memory is "
			"limited; see ulimit -l (systemd: LimitMEMLOCK=infinity)",
			state.locked / 1024);
	if (!state.undumpable || !state.wiped_on_fork)
		log_msg(LOG_INFO, "keys would be in %s: this kernel cannot leave them out",
			state.undumpable ? "a forked process" : "a core dump");
#endif
}

/* What the engine could not be trusted with. */
static void report_failed(const struct vcd_engine *engine)
{
	const struct vcd_alg *alg;

	for (size_t i = 0; (alg = vcd_engine_failed(engine, i)); i++)
		log_msg(LOG_ERROR,
			"engine %s: the self-test of %s failed: the algorithm is not offered; look "
			"for an update of the library",
			engine->ops->name, alg->cli_name);
}

static int open_engine(struct daemon *d)
{
	const struct options *o = &d->options;
	int err;

	open_vault();
	err = vcd_engine_open(o->engine, o->workers ? o->workers : 1, &d->engine);
	switch (err) {
	case 0:
		report_failed(d->engine);
		break;
	case -EINVAL:
		log_msg(LOG_ERROR, "--engine=%s: no such engine, or a bad argument; see --help",
			o->engine);
		break;
	case -ENODEV:
		log_msg(LOG_ERROR,
			"--engine=%s: its device or library is not there, or the CPU lacks what "
			"it needs; try --engine=openssl",
			o->engine);
		break;
	case -ELIBBAD:
		log_msg(LOG_ERROR,
			"--engine=%s: it gives wrong answers to known questions with every "
			"algorithm: do not use its library on this machine",
			o->engine);
		break;
	default:
		log_msg(LOG_ERROR, "--engine=%s: %s", o->engine, strerror(-err));
	}
	return err;
}

/* The worker's: what its supervisor passed to it. */
static int open_passed(struct daemon *d, const struct ledger_shape *shape)
{
	const struct options *o = &d->options;
	int err;

	d->server.linked = true;
	d->server.listener.connected = o->link;
	if (fcntl(o->link, F_SETFD, FD_CLOEXEC) < 0 || fcntl(o->ledger, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	/* Clients come over the link. */
	if (o->control)
		use_control(d, -1);
	err = ledger_open(&d->ledger, o->ledger, shape);
	if (err == -EPROTO)
		log_msg(LOG_ERROR, "the supervisor is of a version that we cannot follow");
	if (!err)
		d->begin = d->ledger.head->begin;
	return err;
}

/* Without a supervisor: what the command line names. */
static int open_named(struct daemon *d, const struct ledger_shape *shape)
{
	const struct options *o = &d->options;
	struct stat st;
	int fd;
	int err;

	err = ledger_private(&d->ledger, shape);
	if (!err)
		err = listener_open(&d->server.listener, o->socket_path,
				    &(struct unix_socket_access){o->socket_mode, o->socket_group},
				    o->fd);
	if (!err && o->control) {
		fd = unix_socket_listen(o->control, &(struct unix_socket_access){.mode = 0600},
					CONTROL_CLIENTS, &st);
		if (fd < 0)
			return fd;
		use_control(d, fd);
		err = janitor_socket(&d->janitor, JANITOR_CONTROL, st.st_dev, st.st_ino);
	}
	if (!err && o->socket_path)
		err = janitor_socket(&d->janitor, JANITOR_SERVER, d->server.listener.dev,
				     d->server.listener.ino);
	if (err)
		return err;
	d->notify = notify_open();
	if (d->notify < -1)
		log_msg(LOG_WARN, "the service manager cannot be reached: %s",
			strerror(-d->notify));
	return 0;
}

static int stage_open(struct daemon *d)
{
	const struct options *o = &d->options;
	const struct ledger_shape shape = backend_ledger(o->num_queues, o->workers, o->max_request);
	int err;

	err = server_open(&d->server);
	if (!err)
		err = o->link >= 0 ? open_passed(d, &shape) : open_named(d, &shape);
	if (err)
		return err;
	return open_engine(d);
}

/*
 * Keep the rest out of swap, too: stacks, and the data of requests. Pages are locked
 * when they are first touched, and guest memory is exempt (memory.c).
 *
 * Where locked memory is limited, every mapping counts against the limit when it
 * is made, that of a guest's memory too: then it is just the vault, rather than a
 * daemon that cannot map its guest. Capabilities that overrule the limit are about to
 * go.
 */
static int stage_memory(struct daemon *d)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit limit;

	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur != RLIM_INFINITY) {
		log_msg(LOG_INFO, "data of requests may be swapped out: locked memory is limited");
		return 0;
	}
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		log_msg(LOG_INFO, "data of requests may be swapped out: mlockall: %m");
	return 0;
}

static int stage_isolate(struct daemon *d)
{
	int err = sandbox_isolate(&d->sandbox);

	return err ? err : sandbox_drop(&d->sandbox);
}

/* Which version our supervisor is of; it outlives upgrades of its worker. */
static const char *supervisor_version(const struct daemon *d)
{
	return d->server.linked ? getenv(SUPERVISOR_VERSION) : "none";
}

/* The counters of now. */
static void gather(void *arg, struct stats *stats)
{
	struct daemon *d = arg;
	const struct ledger_head *head = d->ledger.head;

	*stats = (struct stats){
	    .engine = d->engine->ops->name,
	    .vm_name = d->options.vm_name,
	    .supervisor = supervisor_version(d),
	    .up_s = (now_ns() - d->begin) / 1000000000u,
	    .queues = d->options.num_queues,
	    .workers = d->options.workers,
	    .front_ends = d->server.linked ? head->front_ends : d->server.front_ends,
	    .protocol_errors = d->server.linked ? head->protocol_errors : d->server.protocol_errors,
	};
	vcd_device_stats_get(d->device, &stats->device);
	backend_stats_get(d->backend, &stats->backend);
	limits_snapshot(&d->backend->limits, stats->limits, &stats->limit_waits,
			&stats->limit_waited_ns);
}

/* What the operator set last, or what the command line says. */
static void set_limits(struct daemon *d)
{
	const struct ledger_head *head = d->ledger.head;

	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++) {
		struct limit limit = d->options.limits[kind];

		if ((head->limits_set & 1ull << kind) && head->limits[kind].rate <= LIMIT_MAX &&
		    head->limits[kind].burst <= LIMIT_MAX)
			limit = head->limits[kind];
		backend_set_limit(d->backend, kind, limit);
	}
}

static int pin_workers(struct daemon *d)
{
	const struct options *o = &d->options;

	for (unsigned int i = 0; o->cpu_count && i < o->workers; i++) {
		unsigned int cpu = o->cpus[i % o->cpu_count];
		int err = worker_pin(&d->backend->workers[i], cpu);

		if (err) {
			log_msg(LOG_ERROR, "--cpus: a worker cannot run on CPU %u: %s", cpu,
				strerror(-err));
			return err;
		}
	}
	return 0;
}

static int stage_work(struct daemon *d)
{
	const struct options *o = &d->options;
	const struct vcd_device_options device = {
	    .engine = d->engine,
	    .workers = o->workers,
	    .num_queues = o->num_queues,
	    .max_sessions = o->max_sessions,
	    .max_request = o->max_request,
	    .max_segments = VCD_DEFAULT_MAX_SEGMENTS,
	    .counters = d->ledger.counters,
	    .serial = &d->ledger.head->serial,
	};
	int err;

	err = vcd_device_new(&device, &d->device);
	if (!err)
		err = backend_new(d->device, &d->ledger, o->num_queues, o->workers, o->poll_us,
				  &d->backend);
	if (err) {
		log_msg(LOG_ERROR, "cannot make the device: %s", strerror(-err));
		return err;
	}
	__atomic_store_n(&d->backend->poll_cpu, o->poll_cpu, __ATOMIC_RELAXED);
	err = pin_workers(d);
	if (err)
		return err;
	set_limits(d);
	d->commands = (struct commands){.gather = gather, .arg = d, .backend = d->backend};
	/* Nothing is served before the supervisor says so. */
	d->backend->replaying = d->server.linked;
	return 0;
}

static int stage_lock(struct daemon *d)
{
	int err;

	d->sandbox.cryptodev = d->engine->ops == &vcd_engine_cryptodev;
	err = sandbox_lock(&d->sandbox);
	if (!err)
		sandbox_report(&d->sandbox);
	return err;
}

/* Write the counters to @fd, or have the janitor replace the statistics file. */
static int write_stats(void *arg, int fd)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int to = fd;
	struct daemon *d = arg;
	struct stats stats;
	size_t len;
	int err;

	if (to < 0 && !d->options.stats_file)
		return 0;
	gather(d, &stats);
	err = stats_text(&stats, &text, &len);
	if (!err && to >= 0)
		err = write(to, text, len) == (ssize_t)len ? 0 : -EIO;
	else if (!err)
		err = janitor_stats(&d->janitor, text, len);
	if (err)
		log_msg(LOG_ERROR, "cannot write %s: %s", d->options.stats_file, strerror(-err));
	return err;
}

/* Start, stage by stage, and serve. */
static int serve(struct daemon *d)
{
	int err;

	err = stage_process(d);
	if (!err)
		err = stage_open(d);
	if (!err)
		err = stage_memory(d);
	if (!err)
		err = stage_isolate(d);
	if (!err)
		err = stage_work(d);
	if (!err)
		err = stage_lock(d);
	if (err)
		return err;
	log_msg(LOG_INFO, "engine %s, %u queues, %u workers", d->engine->ops->name,
		d->options.num_queues, d->options.workers);
	notify_send(d->notify, "READY=1\n");
	d->server.report = write_stats;
	d->server.report_arg = d;
	return server_run(&d->server, d->backend);
}

/* --print-engine. Return: exit status. */
static int print_engine(struct daemon *d)
{
	bool bad;

	if (open_engine(d))
		return STATUS_FAILURE;
	vcd_engine_describe(d->engine, stdout);
	d->engine = vcd_engine_close(d->engine);
	/* Output that got lost must not look like success. */
	bad = fflush(stdout) || ferror(stdout);
	return bad ? STATUS_FAILURE : STATUS_OK;
}

/* The device: all of the program, or the worker of a supervisor. */
static int run_device(struct daemon *d)
{
	int err;

	d->ledger.fd = -1;
	d->sandbox.mode = d->options.sandbox;
	d->sandbox.seccomp = d->options.seccomp;
	if (d->options.link >= 0) {
		d->sandbox.own_user_ns = d->options.namespaces & SPAWN_USER_NS;
		d->sandbox.own_user_err = d->options.namespaces_err;
		if (d->options.namespaces & SPAWN_PID_NS)
			sandbox_has(&d->sandbox, MEASURE_PID_NS);
	}
	d->janitor.socket = -1;
	control_init(&d->control);
	d->notify = -1;
	d->begin = now_ns();
	d->server.listener = (struct listener){.fd = -1, .connected = -1};
	d->server.signals = d->server.epoll = -1;
	d->server.vu.socket = -1;

	err = serve(d);

	notify_send(d->notify, "STOPPING=1\n");
	/* Requests that were begun are finished; in a worker, that is all that happens to queues.
	 */
	vhost_user_end(&d->server.vu);
	if (d->backend && !d->server.linked)
		write_stats(d, -1);
	d->backend = backend_free(d->backend);
	d->device = vcd_device_free(d->device);
	d->engine = vcd_engine_close(d->engine);
	control_close(&d->control);
	server_close(&d->server);
	if (d->notify >= 0)
		close(d->notify);
	ledger_close(&d->ledger);
	janitor_end(&d->janitor);
	return err;
}

int main(int argc, char **argv)
{
	struct daemon d = {0};
	int status;
	int err;

	status = options_parse(argc, argv, &d.options);
	if (status != OPTIONS_RUN)
		return status;
	log_set_level(d.options.level);
	if (d.options.print_engine)
		return print_engine(&d);
	if (d.options.supervise && d.options.link < 0)
		err = setenv(SUPERVISOR_VERSION, VCD_VERSION, 1) ? -errno
								 : supervise(&d.options, argv);
	else
		err = run_device(&d);
	return err ? STATUS_FAILURE : STATUS_OK;
}
