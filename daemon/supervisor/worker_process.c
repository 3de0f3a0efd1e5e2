/* SPDX-License-Identifier: GPL-2.0-or-later */
/* worker_process.c - one worker process. See worker_process.h. */
#include "daemon/supervisor/worker_process.h"

#include <signal.h>
#include <sys/param.h>
#include <sys/wait.h>

#include "common/log.h"
#include "common/util.h"
#include "daemon/vhost_user/channel.h"

/* For a worker to get ready. Generous: a machine may be slow. */
#define START_MS 60000u

static const char *const state_names[WORKER_STATES] = {
    [WORKER_NONE] = "NONE",	      [WORKER_STARTING] = "STARTING", [WORKER_READY] = "READY",
    [WORKER_REPLAYING] = "REPLAYING", [WORKER_IDLE] = "IDLE",	      [WORKER_BUSY] = "BUSY",
    [WORKER_ENDING] = "ENDING",	      [WORKER_DYING] = "DYING",
};

void worker_init(struct worker_process *worker)
{
	*worker = (struct worker_process){.channel = -1};
}

void worker_enter(struct worker_process *worker, enum worker_state state)
{
	log_msg(LOG_DEBUG, "worker %d: %s -> %s", (int)worker->pid, state_names[worker->state],
		state_names[state]);
	worker->state = state;
}

int worker_start(struct worker_process *worker, const struct program *program,
		 const struct sandbox *sandbox, int ledger)
{
	int channel = -1;
	pid_t pid = spawn_worker(program, sandbox, ledger, &channel);

	if (pid < 0)
		return (int)pid;
	*worker = (struct worker_process){
	    .pid = pid,
	    .channel = channel,
	    .started_ns = now_ns(),
	};
	worker->deadline_ns = worker->started_ns + START_MS * 1000000ull;
	worker_enter(worker, WORKER_STARTING);
	return 0;
}

enum worker_event worker_read(struct worker_process *worker)
{
	int ret = vu_read_reply(&worker->reader, worker->channel);

	if (ret < 0)
		return EVENT_CLOSED;
	if (ret == 0)
		return EVENT_NOTHING;
	return worker->reader.message.header.request == CHANNEL_READY ? EVENT_READY : EVENT_ANSWER;
}

unsigned int worker_retry_ms(unsigned int failures)
{
	const unsigned int first_ms = 10, most_steps = 16;

	return failures > 1 ? MIN(first_ms << MIN(failures - 2, most_steps), WORKER_RETRY_MAX_MS)
			    : 0;
}

enum worker_event worker_reap(struct worker_process *worker)
{
	if (worker->state == WORKER_NONE ||
	    waitpid(worker->pid, &worker->status, WNOHANG) != worker->pid)
		return EVENT_NOTHING;
	return EVENT_GONE;
}

enum worker_event worker_check(const struct worker_process *worker, uint64_t now)
{
	return worker->deadline_ns && worker->deadline_ns <= now ? EVENT_LATE : EVENT_NOTHING;
}

bool worker_tell(struct worker_process *worker, const struct vu_message *message,
		 unsigned int limit_ms)
{
	worker->deadline_ns = now_ns() + limit_ms * 1000000ull;
	return vu_send(worker->channel, message) == 0;
}

void worker_close(struct worker_process *worker)
{
	vu_read_next(&worker->reader);
	close_fd(&worker->channel);
}

void worker_kill(struct worker_process *worker)
{
	worker_close(worker);
	worker->deadline_ns = 0;
	kill(worker->pid, SIGKILL);
	worker_enter(worker, WORKER_DYING);
}

void worker_await_end(struct worker_process *worker)
{
	worker->deadline_ns = now_ns() + WORKER_END_MS * 1000000ull;
	worker_enter(worker, WORKER_ENDING);
}

void worker_ask_to_end(struct worker_process *worker)
{
	kill(worker->pid, SIGTERM);
	worker_await_end(worker);
}
