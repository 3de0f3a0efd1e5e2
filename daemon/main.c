/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - vhost-user-cryptodev: start, run, end.
 *
 * Theory of operation
 * -------------------
 * The program is two processes: a supervisor, which front ends connect to
 * (supervisor.c), and a worker, which it starts and replaces when that dies. What
 * stands here is the worker.
 *
 * Starting is a row of stages, each a function, in an order that matters:
 *
 *     stage_process()   what concerns the whole process: no core dumps, inherited
 *                       descriptors, signals
 *     stage_open()      everything that needs the file system or a name: the channel to
 *                       the supervisor, ledger, engine
 *     stage_memory()    memory is not swapped out
 *     stage_isolate()   another user, own namespaces, no files, no capabilities
 *     stage_work()      device and serving threads
 *     stage_lock()      a filter for system calls
 *
 * After the last stage no file is opened, and the only new descriptors are those that come over the
 * channel.
 *
 * The end is the reverse: the serving threads first, then the device with its sessions, whose
 * keys are wiped, then the engine. Queues stay as they are, in the ledger, for the next
 * worker.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "keeper/client/service.h"
#include "daemon/vm/thread.h"
#include "daemon/vm/vm.h"
#include "daemon/operate/commands.h"
#include "daemon/operate/control.h"
#include "daemon/virtio/guard.h"
#include "daemon/recovery/ledger.h"
#include "common/log.h"
#include "common/notify.h"
#include "daemon/options.h"
#include "daemon/confine/sandbox.h"
#include "daemon/event_loop.h"
#include "daemon/supervisor/spawn.h"
#include "daemon/operate/counters.h"
#include "daemon/supervisor/supervisor.h"
#include "common/util.h"
#include "device/session_table.h"
#include "daemon/confine/vault.h"

/* In the environment of a worker, from its supervisor. */
#define SUPERVISOR_VERSION "VCD_SUPERVISOR_VERSION"

/**
 * struct daemon - the worker process.
 * @options: command line
 * @sandbox: what confines us
 * @loop: channel and signals
 * @ledger: what survives us
 * @control: the operator's socket
 * @commands: what is answered there
 * @engine: engine
 * @keys: key service, or NULL
 * @device: device
 * @vm: the VM's device: queues, memory
 * @threads: these serve it
 */
struct daemon {
	struct options options;
	struct sandbox sandbox;
	struct event_loop loop;
	struct ledger ledger;
	struct control control;
	struct commands commands;
	struct engine *engine;
	struct service *keys;
	struct vdev *device;
	struct vm *vm;
	struct serving_threads threads;
};

/* All queues and all serving threads, with the slow ones. */
static unsigned int all_queues(const struct options *o)
{
	return o->num_queues + o->slow_queues;
}

static unsigned int all_threads(const struct options *o)
{
	return o->workers + o->slow_queues;
}

static struct ledger_shape shape_of(const struct options *o)
{
	return vm_ledger(all_queues(o), all_threads(o), o->max_request);
}

static int stage_process(struct daemon *d)
{
	const struct options *o = &d->options;
	int err = sandbox_begin(&d->sandbox, (const int[]){o->link, o->ledger}, 2);

	if (err)
		return err;
	err = event_loop_signals();
	if (!err)
		err = guard_install();
	if (err)
		log_msg(LOG_ERROR, "cannot set up signals: %s", strerror(-err));
	return err;
}

/*
 * Memory for keys, before libcrypto takes any. A leak checker cannot look into it, and
 * the address sanitizer is more use on libcrypto's blocks than a wipe.
 */
static void open_vault(const struct options *o)
{
#ifndef VCD_INSTRUMENTED
	unsigned int workers = o->workers ? all_threads(o) : 1;
	size_t sessions = o->max_sessions ? o->max_sessions : VDEV_DEFAULT_MAX_SESSIONS;
	size_t request = o->max_request ? o->max_request : VDEV_DEFAULT_MAX_REQUEST;
	/* Room for all that can be; memory is used when it is touched. */
	size_t size = eng_memory(workers, sessions);
	struct vault_state state;
	int err;

	if (o->keeper)
		size += SERVICE_BYTES +
			o->slow_queues * VDEV_BATCH_MAX * ((size_t)VDEV_KEY_IN + VDEV_KEY_OUT);
	if (!strncmp(o->engine, "cryptodev", strlen("cryptodev")))
		size += workers * 4 * request;
	err = vault_open(size, &state);

	if (err) {
		log_msg(LOG_WARN,
			"cannot reserve locked memory for keys: %s; keys may be swapped out",
			strerror(-err));
		return;
	}
	if (state.locked < state.size)
		log_msg(LOG_INFO,
			"keys beyond the first %zu KiB may be swapped out: locked memory is "
			"limited; see ulimit -l (systemd: LimitMEMLOCK=infinity)",
			state.locked / 1024);
	if (!state.undumpable || !state.wiped_on_fork)
		log_msg(LOG_INFO, "this kernel cannot exclude keys from %s",
			state.undumpable ? "forked processes" : "core dumps");
#endif
}

/* Warn about each algorithm that failed its self-test. */
static void report_failed(const struct engine *engine)
{
	const struct eng_alg *alg;

	for (size_t i = 0; (alg = eng_failed(engine, i)); i++)
		log_msg(LOG_ERROR,
			"engine %s: the self-test of %s failed: the algorithm is not offered; look "
			"for an update of the library",
			engine->name, alg->cli_name);
}

static int open_engine(struct daemon *d)
{
	const struct options *o = &d->options;
	int err;

	open_vault(o);
	err = eng_open(o->engine, o->workers ? all_threads(o) : 1, &d->engine);
	switch (err) {
	case 0:
		report_failed(d->engine);
		if (eng_defies_fips(o->engine, ENG_FIPS_ENABLED))
			log_msg(LOG_WARN,
				"this host is in FIPS mode, and --engine=%s is not a validated "
				"module: use --engine=openssl:fips",
				o->engine);
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
			"--engine=%s: the self-test of every algorithm failed: do not use its "
			"library on this machine",
			o->engine);
		break;
	default:
		log_msg(LOG_ERROR, "--engine=%s: %s", o->engine, strerror(-err));
	}
	return err;
}

/* What the supervisor passed to us. */
static int open_passed(struct daemon *d)
{
	const struct options *o = &d->options;
	const struct ledger_shape shape = shape_of(o);
	int err;

	d->loop.channel = o->link;
	if (fcntl(o->link, F_SETFD, FD_CLOEXEC) < 0 || fcntl(o->ledger, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	d->control.run = commands_run;
	d->control.arg = &d->commands;
	if (o->control)
		d->loop.control = &d->control;
	err = ledger_open(&d->ledger, o->ledger, &shape);
	if (err == -EPROTO)
		log_msg(LOG_ERROR, "incompatible supervisor version: restart the daemon");
	return err;
}

static int stage_open(struct daemon *d)
{
	int err = event_loop_open(&d->loop);

	if (!err)
		err = open_passed(d);
	return err ? err : open_engine(d);
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
		log_msg(LOG_INFO,
			"data of requests may be swapped out: locked memory is limited; see "
			"ulimit -l (systemd: LimitMEMLOCK=infinity)");
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

/* The counters of now. */
static void gather(void *arg, struct stats *stats)
{
	struct daemon *d = arg;
	const struct ledger_head *head = d->ledger.head;

	*stats = (struct stats){
	    .engine = d->engine->name,
	    .vm_name = d->options.vm_name,
	    /* It outlives upgrades of its worker. */
	    .supervisor = getenv(SUPERVISOR_VERSION),
	    .up_s = (now_ns() - head->begin) / 1000000000u,
	    .queues = d->options.num_queues,
	    .workers = d->options.workers,
	    .front_ends = head->front_ends,
	    .protocol_errors = head->protocol_errors,
	};
	vdev_stats_get(d->device, &stats->device);
	vm_stats_get(d->vm, &stats->vm);
	limits_snapshot(&d->vm->limits, stats->limits, &stats->limit_waits,
			&stats->limit_waited_ns);
}

/* What the command line says. What the operator set later stands in the ledger: vm_resume().
 */
static void set_limits(struct daemon *d)
{
	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++)
		limits_set(&d->vm->limits, kind, d->options.limits[kind]);
}

static int pin_threads(struct daemon *d)
{
	const struct options *o = &d->options;

	for (unsigned int i = 0; o->cpu_count && i < o->workers; i++) {
		unsigned int cpu = o->cpus[i % o->cpu_count];
		int err = thread_pin(&d->threads, i, cpu);

		if (err) {
			log_msg(LOG_ERROR, "--cpus: a thread cannot run on CPU %u: %s", cpu,
				strerror(-err));
			return err;
		}
	}
	return 0;
}

static int stage_work(struct daemon *d)
{
	const struct options *o = &d->options;
	struct vdev_options device = {
	    .engine = d->engine,
	    .threads = all_threads(o),
	    .num_queues = o->num_queues,
	    .slow_queues = o->slow_queues,
	    .max_sessions = o->max_sessions,
	    .max_request = o->max_request,
	    .max_segments = VDEV_DEFAULT_MAX_SEGMENTS,
	    .counters = d->ledger.counters,
	    .serial = &d->ledger.head->serial,
	};
	int err = o->keeper ? service_new(0, &d->keys) : 0;

	if (d->keys)
		device.keys = service_of(d->keys);
	if (!err)
		err = vdev_new(&device, &d->device);
	if (!err && d->keys)
		service_attach(d->keys, d->device);
	if (!err)
		err = vm_new(d->device, &d->ledger, all_queues(o), all_threads(o), o->slow_queues,
			     &d->vm);
	if (!err)
		err = threads_start(&d->threads, d->vm, o->poll_us, o->poll_cpu);
	if (err) {
		log_msg(LOG_ERROR, "cannot create the device: %s", strerror(-err));
		return err;
	}
	err = pin_threads(d);
	if (err)
		return err;
	set_limits(d);
	d->loop.keys = d->keys;
	d->commands = (struct commands){.gather = gather, .arg = d, .vm = d->vm};
	/* Nothing is served before the supervisor says so. */
	d->vm->replaying = true;
	return 0;
}

static int stage_lock(struct daemon *d)
{
	int err;

	d->sandbox.cryptodev = d->engine->ops == &eng_cryptodev;
	err = sandbox_lock(&d->sandbox);
	if (!err)
		sandbox_report(&d->sandbox);
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
	log_msg(LOG_INFO, "engine %s, %u queues, %u workers", d->engine->name,
		d->options.num_queues, d->options.workers);
	return event_loop_run(&d->loop, d->vm);
}

/* --print-engine. Return: exit status. */
static int print_engine(struct daemon *d)
{
	bool bad;

	if (open_engine(d))
		return STATUS_FAILURE;
	eng_describe(d->engine, stdout);
	d->engine = eng_close(d->engine);
	/* Output that got lost must not look like success. */
	bad = fflush(stdout) || ferror(stdout);
	return bad ? STATUS_FAILURE : STATUS_OK;
}

/* The device, for a supervisor. */
static int run_worker(struct daemon *d)
{
	const struct options *o = &d->options;
	int err;

	d->ledger.fd = -1;
	d->sandbox.mode = o->sandbox;
	d->sandbox.seccomp = o->seccomp;
	d->sandbox.own_user_ns = o->namespaces & SPAWN_USER_NS;
	d->sandbox.own_user_err = o->namespaces_err;
	if (o->namespaces & SPAWN_PID_NS)
		measure_taken(&d->sandbox, MEASURE_PID_NS);
	control_init(&d->control);
	d->loop = (struct event_loop){.channel = -1, .signals = -1, .epoll = -1, .vu.socket = -1};

	err = serve(d);

	/* Requests that were begun are finished; that is all that happens to queues. */
	vhost_user_end(&d->loop.vu);
	/* Those that wait for the keeper are the next worker's. */
	if (d->keys)
		service_cancel(d->keys);
	threads_stop(&d->threads);
	d->vm = vm_free(d->vm);
	if (d->keys)
		service_attach(d->keys, NULL);
	/* The device closes its keys. */
	d->device = vdev_free(d->device);
	d->keys = service_free(d->keys);
	d->engine = eng_close(d->engine);
	control_close(&d->control);
	event_loop_close(&d->loop);
	ledger_close(&d->ledger);
	return err;
}

/*
 * A service manager that listens for this VM has made the socket: then it is not made again, and
 * its file stays when the daemon ends.
 */
static int take_activation(struct options *o)
{
	int fd = notify_socket();

	if (fd == -EINVAL)
		log_msg(LOG_ERROR, "the service manager passed several sockets; one is needed: see "
				   "ListenStream= in vhost-user-cryptodev@.socket");
	if (fd < 0 || !o->socket_path)
		return fd == -EINVAL ? fd : 0;
	log_msg(LOG_INFO, "front ends come by the service manager's socket, not by %s",
		o->socket_path);
	o->fd = fd;
	o->socket_path = NULL;
	return 0;
}

/* The process that workers are started from. */
static int run_supervisor(struct options *o, char **argv)
{
	int err = take_activation(o);
	const struct supervisor_options options = {
	    .socket_path = o->socket_path,
	    .fd = o->fd,
	    .access = {.mode = o->socket_mode, .group = o->socket_group},
	    .control = o->control,
	    .keeper = o->keeper,
	    .vm = o->vm_name ? o->vm_name : OPTIONS_NO_VM_NAME,
	    .queues = all_queues(o),
	    .shape = shape_of(o),
	    .max_serial = vdev_session_table_max_seed(o->max_sessions ? o->max_sessions
								      : VDEV_DEFAULT_MAX_SESSIONS) /
			  2 * 3,
	    .sandbox = {.mode = o->sandbox, .seccomp = o->seccomp},
	    .devices = strncmp(o->engine, "cryptodev", strlen("cryptodev")) == 0,
	    .argv = argv,
	    .worker_option = OPTIONS_WORKER,
	};

	if (err)
		return err;
	return setenv(SUPERVISOR_VERSION, VCD_VERSION, 1) ? -errno : supervise(&options);
}

int main(int argc, char **argv)
{
	struct daemon d = {0};
	int status;
	int err;

	log_open();
	status = options_parse(argc, argv, &d.options);
	if (status != OPTIONS_RUN)
		return status;
	log_set_level(d.options.level);
	if (d.options.print_engine)
		return print_engine(&d);
	if (d.options.link >= 0)
		err = run_worker(&d);
	else
		err = run_supervisor(&d.options, argv);
	return err ? STATUS_FAILURE : STATUS_OK;
}
