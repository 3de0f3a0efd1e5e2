/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader_modules.c - processes of PKCS#11 modules: start, death, and starting anew. See loader.h. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/log.h"
#include "common/util.h"
#include "keeper/inner.h"
#include "keeper/loader_internal.h"
#include "keeper/spawn.h"

#define MS UINT64_C(1000000)
#define FIRST_PAUSE (100 * MS)
#define LAST_PAUSE (10000 * MS)
/** One that has run for so long was in order. */
#define GOOD_RUN (30000 * MS)

/* What a process is told is all that makes it what it is. */
static bool same(const struct module_config *a, const struct module_config *b)
{
	return a->timeout_ms == b->timeout_ms && eng_key_equal(&a->packets, &b->packets);
}

static void drop(struct loader *loader, struct child *child)
{
	child->config = -1;
	if (child->pid)
		kill(child->pid, SIGKILL);
}

/* Which of the new policy's modules a process that runs is for; -1: none. */
static int match(const struct keyset *set, const struct module_config *config)
{
	for (unsigned int i = 0; i < set->module_count; i++)
		if (same(&set->modules[i], config))
			return (int)i;
	return -1;
}

static struct child *new_child(struct loader *loader)
{
	struct child *more = realloc(loader->children, (loader->child_count + 1) * sizeof(*more));

	if (!more)
		return NULL;
	loader->children = more;
	more += loader->child_count++;
	*more = (struct child){.id = ++loader->last_id};
	return more;
}

void modules_match(struct loader *loader, const struct keyset *before)
{
	const struct keyset *set = loader->set;
	bool has[POLICY_MAX_TOKENS] = {false};

	for (unsigned int i = 0; i < loader->child_count; i++) {
		struct child *child = &loader->children[i];
		int config =
		    child->config < 0 || !before ? -1 : match(set, &before->modules[child->config]);

		if (config < 0) {
			drop(loader, child);
			continue;
		}
		child->config = config;
		has[config] = true;
		loader->module_ids[config] = child->id;
	}
	for (unsigned int i = 0; i < set->module_count; i++) {
		struct child *child = has[i] ? NULL : new_child(loader);

		if (!child)
			continue;
		child->config = (int)i;
		loader->module_ids[i] = child->id;
	}
}

/* All that it has to know, from the PIN on; then the server may talk to it. */
static int tell_module(int fd, const struct eng_key *packets)
{
	const uint8_t *at = packets->bytes, *last = at + packets->len;
	size_t len;

	while (at < last) {
		memcpy(&len, at, sizeof(len));
		at += sizeof(len);
		if (send(fd, at, len, MSG_NOSIGNAL) < 0)
			return -errno;
		at += len;
	}
	return 0;
}

static int start_one(struct loader *loader, struct child *child)
{
	const struct module_config *config = &loader->set->modules[child->config];
	const struct inner head = {
	    .type = INNER_MODULE, .index = child->id, .value = config->timeout_ms};
	_cleanup_fd_ int fd = -1;
	pid_t pid = spawn_module(loader->options, &fd);
	int err;

	if (pid < 0)
		return (int)pid;
	child->pid = pid;
	child->since = now_ns();
	err = tell_module(fd, &config->packets);
	if (!err)
		err = inner_send(loader->server, &head, NULL, 0, fd);
	log_msg(LOG_INFO, "module process %u (%s): started", child->id, config->path);
	return err;
}

void modules_start(struct loader *loader)
{
	for (unsigned int i = 0; i < loader->child_count; i++) {
		struct child *child = &loader->children[i];
		int err;

		if (child->pid || child->config < 0 || child->due > now_ns())
			continue;
		err = start_one(loader, child);
		if (!err)
			continue;
		log_msg(LOG_ERROR, "cannot start the process of a module: %s", strerror(-err));
		child->due = now_ns() + LAST_PAUSE;
	}
}

uint64_t modules_due(const struct loader *loader)
{
	uint64_t due = UINT64_MAX;

	for (unsigned int i = 0; loader->ready && i < loader->child_count; i++) {
		const struct child *child = &loader->children[i];

		if (!child->pid && child->config >= 0 && child->due < due)
			due = child->due;
	}
	return due;
}

static void forget(struct loader *loader, struct child *child)
{
	*child = loader->children[--loader->child_count];
}

void module_ended(struct loader *loader, pid_t pid, int status)
{
	struct child *child = loader->children;
	struct child *last = child + loader->child_count;

	while (child < last && child->pid != pid)
		child++;
	if (child == last)
		return;
	child->pid = 0;
	if (child->config < 0) {
		forget(loader, child);
		return;
	}
	if (!loader->ready)
		return;
	child->pause =
	    now_ns() - child->since > GOOD_RUN || !child->pause ? FIRST_PAUSE : 2 * child->pause;
	if (child->pause > LAST_PAUSE)
		child->pause = LAST_PAUSE;
	child->due = now_ns() + child->pause;
	log_msg(LOG_WARN, "module process %u (%s) ended (%s %d): started again in %u ms", child->id,
		loader->set->modules[child->config].path, WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
		(unsigned int)(child->pause / MS));
}

void module_kill(struct loader *loader, unsigned int id)
{
	for (unsigned int i = 0; i < loader->child_count; i++)
		if (loader->children[i].id == id && loader->children[i].pid)
			kill(loader->children[i].pid, SIGKILL);
}

void modules_stop(struct loader *loader)
{
	for (unsigned int i = loader->child_count; i-- > 0;) {
		struct child *child = &loader->children[i];

		if (child->pid) {
			kill(child->pid, SIGKILL);
			(void)waitpid(child->pid, NULL, 0);
			child->pid = 0;
		}
		child->due = 0;
		if (child->config < 0)
			forget(loader, child);
	}
}

void modules_free(struct loader *loader)
{
	free(loader->children);
	loader->children = NULL;
	loader->child_count = 0;
}
