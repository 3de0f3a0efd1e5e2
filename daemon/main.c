/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - vhost-user-cryptodev: start, run, end.
 *
 * Theory of operation
 * -------------------
 * Starting is a row of stages, each a function, in an order that matters:
 *
 *     stage_process()   what concerns the whole process: no core dumps, inherited
 *                       descriptors, the janitor, signals
 *     stage_open()      everything that needs the file system or a name: socket,
 *                       engine
 *     stage_memory()    keys and key schedules are not swapped out
 *     stage_isolate()   another user, own namespaces, no files, no capabilities
 *     stage_work()      device and worker threads
 *     stage_lock()      a filter for system calls
 *
 * Behind the last stage no file is opened, and no new descriptor is made but those
 * that front ends send. The janitor (janitor.c) writes the statistics file and
 * removes the socket.
 *
 * The end is the reverse: workers first, then the device with its sessions, whose
 * keys are wiped, then the engine, then the socket's file.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "daemon/backend.h"
#include "daemon/commands.h"
#include "daemon/control.h"
#include "daemon/janitor.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "daemon/sandbox.h"
#include "daemon/server.h"
#include "daemon/stats.h"
#include "daemon/unix_socket.h"
#include "daemon/util.h"

/**
 * struct daemon - the process.
 * @options: command line
 * @sandbox: what confines us
 * @janitor: what has the file system
 * @server: sockets and signals
 * @control: the operator's socket
 * @commands: what is answered there
 * @notify: the service manager, or -1
 * @begin: CLOCK_MONOTONIC of the start, ns
 * @engine: engine
 * @device: device
 * @backend: queues and workers
 */
struct daemon {
	struct options options;
	struct sandbox sandbox;
	struct janitor janitor;
	struct server server;
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
	const struct janitor_paths paths = {
	    .stats = o->stats_file,
	    .socket = {[JANITOR_SERVER] = o->socket_path, [JANITOR_CONTROL] = o->control},
	};
	int err;

	err = sandbox_begin(&d->sandbox, o->fd);
	if (err)
		return err;
	err = janitor_start(&d->janitor, &paths);
	if (err) {
		log_msg(LOG_ERROR, "cannot start the janitor: %s", strerror(-err));
		return err;
	}
	err = server_signals();
	if (err)
		log_msg(LOG_ERROR, "cannot block signals: %s", strerror(-err));
	return err;
}

static int open_control(struct daemon *d)
{
	struct stat st;
	int fd = unix_socket_listen(d->options.control, 0600, CONTROL_CLIENTS, &st);

	if (fd < 0)
		return fd;
	d->control.listener = fd;
	d->control.run = commands_run;
	d->control.arg = &d->commands;
	d->server.control = &d->control;
	return janitor_socket(&d->janitor, JANITOR_CONTROL, st.st_dev, st.st_ino);
}

static int open_engine(struct daemon *d)
{
	const struct options *o = &d->options;
	int err;

	err = vcd_engine_open(o->engine, o->workers ? o->workers : 1, &d->engine);
	switch (err) {
	case 0:
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
	default:
		log_msg(LOG_ERROR, "--engine=%s: %s", o->engine, strerror(-err));
	}
	return err;
}

static int stage_open(struct daemon *d)
{
	const struct options *o = &d->options;
	int err;

	err = server_open(&d->server, o->socket_path, o->fd);
	if (!err && o->socket_path)
		err = janitor_socket(&d->janitor, JANITOR_SERVER, d->server.socket_dev,
				     d->server.socket_ino);
	if (!err && o->control)
		err = open_control(d);
	if (err)
		return err;
	d->notify = notify_open();
	if (d->notify < -1)
		log_msg(LOG_WARN, "the service manager cannot be reached: %s",
			strerror(-d->notify));
	return open_engine(d);
}

/*
 * Keep keys out of swap. All memory is locked, not just keys: libcrypto's key
 * schedules lie in the ordinary heap. Pages are locked when they are first
 * touched, and guest memory is exempt (memory.c).
 *
 * Where locked memory is limited, every mapping counts against the limit when it
 * is made, that of a guest's memory too: then it is nothing, rather than a daemon
 * that cannot map its guest. Capabilities that overrule the limit are about to go.
 */
static int stage_memory(struct daemon *d)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit limit;

	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur != RLIM_INFINITY) {
		log_msg(LOG_INFO, "keys may be swapped out: locked memory is limited; see ulimit -l"
				  " (systemd: LimitMEMLOCK=infinity)");
		return 0;
	}
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		log_msg(LOG_INFO, "keys may be swapped out: mlockall: %m");
	return 0;
}

static int stage_isolate(struct daemon *d)
{
	int err = sandbox_isolate(&d->sandbox);

	return err ? err : sandbox_drop(&d->sandbox);
}

/* The counters of now. */
static void gather(void *arg, struct stats *stats)
{
	struct daemon *d = arg;

	*stats = (struct stats){
	    .engine = d->engine->ops->name,
	    .up_s = (now_ns() - d->begin) / 1000000000u,
	    .queues = d->options.num_queues,
	    .workers = d->options.workers,
	    .front_ends = d->server.front_ends,
	    .protocol_errors = d->server.protocol_errors,
	};
	vcd_device_stats_get(d->device, &stats->device);
	backend_stats_get(d->backend, &stats->backend);
	limits_snapshot(&d->backend->limits, stats->limits, &stats->limit_waits,
			&stats->limit_waited_ns);
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
	};
	int err;

	err = vcd_device_new(&device, &d->device);
	if (!err)
		err = backend_new(d->device, o->num_queues, o->workers, o->poll_us, &d->backend);
	if (err) {
		log_msg(LOG_ERROR, "cannot make the device: %s", strerror(-err));
		return err;
	}
	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++)
		backend_set_limit(d->backend, kind, o->limits[kind]);
	d->commands = (struct commands){.gather = gather, .arg = d, .backend = d->backend};
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

static void write_stats(void *arg)
{
	struct daemon *d = arg;
	struct stats stats;
	_cleanup_free_ char *text = NULL;
	size_t len;
	int err;

	if (!d->options.stats_file)
		return;
	gather(d, &stats);
	err = stats_text(&stats, &text, &len);
	if (!err)
		err = janitor_stats(&d->janitor, text, len);
	if (err)
		log_msg(LOG_ERROR, "cannot write %s: %s", d->options.stats_file, strerror(-err));
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

int main(int argc, char **argv)
{
	struct daemon d = {0};
	int status;
	int err;

	status = options_parse(argc, argv, &d.options);
	if (status != OPTIONS_RUN)
		return status;
	log_set_level(d.options.level);
	d.sandbox.mode = d.options.sandbox;
	d.sandbox.seccomp = d.options.seccomp;
	d.janitor.socket = -1;
	if (d.options.print_engine)
		return print_engine(&d);
	d.server.listener = d.server.signals = d.server.epoll = d.server.pending = -1;
	d.server.vu.socket = -1;
	control_init(&d.control);
	d.notify = -1;
	d.begin = now_ns();

	err = serve(&d);

	notify_send(d.notify, "STOPPING=1\n");
	if (d.server.vu.socket >= 0)
		vhost_user_end(&d.server.vu);
	if (d.backend)
		write_stats(&d);
	d.backend = backend_free(d.backend);
	d.device = vcd_device_free(d.device);
	d.engine = vcd_engine_close(d.engine);
	control_close(&d.control);
	server_close(&d.server);
	if (d.notify >= 0)
		close(d.notify);
	janitor_end(&d.janitor);
	return err ? STATUS_FAILURE : STATUS_OK;
}
