/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confined.c - a process in the sandbox. See confined.h.
 *
 * It reports through memory that it shares with the test: that works in any
 * sandbox, and what was reported before a signal stays.
 */
#include "tests/wire/confined.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct confined *job;
static struct confined_end *report;
static pthread_barrier_t locked;

static void probe(void)
{
	report->result = job->probe();
}

static void *probe_thread(void *arg)
{
	pthread_barrier_wait(&locked);
	probe();
	return NULL;
}

static bool become_user(void)
{
	gid_t gid = job->user;

	return !job->user || (setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 &&
			      setresuid(job->user, job->user, job->user) == 0);
}

static int stages(struct sandbox *sandbox, pthread_t *thread)
{
	int err = sandbox_begin(sandbox, NULL, 0);

	if (!err && job->open && !job->open())
		err = -ENOTRECOVERABLE;
	if (!err)
		err = sandbox_isolate(sandbox);
	if (!err)
		err = sandbox_drop(sandbox);
	if (!err && job->thread)
		err = -pthread_create(thread, NULL, probe_thread, NULL);
	if (!err)
		err = sandbox_lock(sandbox);
	report->done = sandbox->done;
	return err;
}

static void __attribute__((noreturn)) child(void)
{
	struct sandbox sandbox = {
	    .mode = job->mode, .seccomp = job->seccomp, .cryptodev = job->cryptodev};
	pthread_t thread;

	pthread_barrier_init(&locked, NULL, 2);
	if (!become_user() || (job->before && !job->before()))
		_exit(0);
	report->stages = stages(&sandbox, &thread);
	if (report->stages)
		_exit(0);
	if (job->thread) {
		pthread_barrier_wait(&locked);
		pthread_join(thread, NULL);
	} else {
		probe();
	}
	_exit(0);
}

struct confined_end confined_run(const struct confined *confined)
{
	struct confined_end end;
	int status;
	pid_t pid;

	job = confined;
	report =
	    mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED)
		abort();
	*report = (struct confined_end){.stages = -EINPROGRESS, .result = CONFINED_UNTRIED};
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		child();
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	report->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	end = *report;
	munmap(report, sizeof(*report));
	return end;
}
