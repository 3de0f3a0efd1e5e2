/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire_daemon.c - the daemon of the modes wire and keys, with the front end that drives it.
 */
#include "tools/bench/wire_daemon.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "device/device.h"
#include "tools/bench/affinity.h"
#include "tools/bench/beside.h"

/* --quiet, what every daemon gets, the two or three of the keeper, and the end. */
#define MAX_ARGS 12

static const char *const places[] = {
    "../daemon/vhost-user-cryptodev",
    "../libexec/vhost-user-cryptodev",
    NULL,
};

/* "--cpus=0,1,...": the worker of a queue on the CPU of the thread whose queue it is. */
static void workers_beside_us(const struct bench *bench, char *arg, size_t size)
{
	unsigned int threads = bench->work.threads;
	cpu_set_t all;
	size_t used;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return;
	used = (size_t)snprintf(arg, size, "--cpus=%u", affinity_nth(&all, 0));
	for (unsigned int i = 1; i < threads && i < (unsigned int)CPU_COUNT(&all); i++)
		if (used < size)
			used +=
			    (size_t)snprintf(arg + used, size - used, ",%u", affinity_nth(&all, i));
}

/* On CPUs of its own, if asked for: a child inherits them. */
static int start_apart(struct bench *bench, struct wire_daemon *daemon, const char *path,
		       const char *const *args, int *socket)
{
	bool pin = bench->target.place == BENCH_PLACE_APART;
	cpu_set_t all, set;
	int err;

	if (pin && sched_getaffinity(0, sizeof(all), &all) < 0)
		pin = false;
	if (pin) {
		set = affinity_theirs(&all, bench->work.threads);
		pin = sched_setaffinity(0, sizeof(set), &set) == 0;
	}
	err = process_start_daemon(&daemon->process, path, args, socket);
	if (pin)
		(void)sched_setaffinity(0, sizeof(all), &all);
	return err;
}

static int start_daemon(struct bench *bench, struct wire_daemon *daemon,
			const struct wire_needs *needs, int *socket)
{
	char engine[PATH_MAX], queues[32], poll[32], request[32], sessions[48];
	char keeper[PATH_MAX], vm[80], slow[32], path[PATH_MAX];
	char cpus[5 * BENCH_MAX_THREADS + 16] = "--quiet";
	const char *args[MAX_ARGS] = {engine, queues, poll, request, sessions, "--quiet", cpus};
	uint32_t max_request =
	    needs->payload > VDEV_DEFAULT_MAX_REQUEST ? needs->payload : VDEV_DEFAULT_MAX_REQUEST;
	int err;

	(void)snprintf(engine, sizeof(engine), "--engine=%s", bench->target.engine);
	(void)snprintf(queues, sizeof(queues), "--num-queues=%u", needs->queues);
	(void)snprintf(poll, sizeof(poll), "--poll-us=%u", bench->target.poll_us);
	(void)snprintf(request, sizeof(request), "--max-request=%u", max_request);
	(void)snprintf(sessions, sizeof(sessions), "--max-sessions=%llu",
		       (unsigned long long)needs->sessions + 1);
	if (bench->target.place == BENCH_PLACE_TOGETHER)
		workers_beside_us(bench, cpus, sizeof(cpus));
	if (needs->slow) {
		(void)snprintf(keeper, sizeof(keeper), "--keeper=%s", needs->keeper);
		(void)snprintf(vm, sizeof(vm), "--vm-name=%s", needs->vm);
		(void)snprintf(slow, sizeof(slow), "--slow-queues=%u", needs->slow);
		args[7] = keeper;
		args[8] = vm;
		args[9] = slow;
	}
	err = beside(bench->target.daemon, places, path);
	if (!err)
		err = start_apart(bench, daemon, path, args, socket);
	if (err)
		bench_error("cannot start the daemon %s: %s; see --daemon", path, strerror(-err));
	daemon->pid = daemon->process.pid;
	return err;
}

static struct front_options make_options(const struct wire_needs *needs)
{
	size_t payload = bench_pages(needs->payload + VCD_MAX_DIGEST_LEN) + 8192;
	struct front_options options = {.queues = needs->queues + needs->slow, .queue_size = 64};
	size_t queue;

	/* Without indirect tables a request would take so many descriptors. */
	while ((options.queue_size < needs->bufs * needs->depth ||
		options.queue_size < needs->slow_descriptors) &&
	       options.queue_size < 32768)
		options.queue_size *= 2;
	queue = options.queue_size * (sizeof(struct vring_desc) * (1 + FRONT_TABLE) + 64) + 4096;
	options.memory = options.queues * (queue + 2 * payload * needs->depth) +
			 (size_t)needs->slow_descriptors * 1024 + (1 << 20);
	return options;
}

static int connect_daemon(struct bench *bench, struct wire_daemon *daemon,
			  const struct wire_needs *needs)
{
	const struct front_options options = make_options(needs);
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int socket;
	int err;

	if (!bench->target.socket) {
		err = start_daemon(bench, daemon, needs, &socket);
		return err ? err : front_new(&options, socket, &daemon->front);
	}
	err = front_connect(&options, bench->target.socket, &daemon->front);
	if (err) {
		bench_error("cannot connect to %s: %s; does a daemon listen there?",
			    bench->target.socket, strerror(-err));
		return err;
	}
	if (getsockopt(daemon->front->socket, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
		daemon->pid = peer.pid;
	return 0;
}

int wire_daemon_open(struct bench *bench, struct wire_daemon *daemon,
		     const struct wire_needs *needs)
{
	int err = connect_daemon(bench, daemon, needs);

	if (err)
		return err;
	err = front_start(daemon->front);
	if (!err)
		err = front_request_init(daemon->front, &daemon->scratch, 2 * VCD_MAX_KEY_LEN, 0);
	if (!err && front_hello(&daemon->front->queue[0], &daemon->scratch) != VCD_S_OK)
		err = -EPROTO;
	if (err == -ENOTSUP)
		bench_error("the daemon has too few queues for %u threads; see its --num-queues",
			    bench->work.threads);
	else if (err)
		bench_error(
		    "the daemon does not answer as it should: %s; is it of the same version?",
		    strerror(-err));
	if (!err && le32toh(daemon->front->config.max_request) < needs->payload) {
		bench_error("the daemon takes requests up to %u bytes; see its --max-request",
			    le32toh(daemon->front->config.max_request));
		err = -EMSGSIZE;
	}
	return err;
}

void wire_daemon_close(struct wire_daemon *daemon)
{
	daemon->front = front_free(daemon->front);
	if (daemon->process.pid > 0 && process_wait(&daemon->process) != 0)
		bench_error("the daemon did not end as it should; its messages are above");
}
