/* SPDX-License-Identifier: GPL-2.0-or-later */
/* module.c - the server's end of the processes that have PKCS#11 modules. See module.h. */
#include "keeper/module.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/crypto.h>

#include "common/log.h"
#include "common/util.h"
#include "keeper/inner.h"
#include "keeper/p11.h"
#include "keeper/server.h"

struct module *module_get(struct modules *modules, unsigned int id)
{
	struct module *module;

	for (module = modules->list; module; module = module->next)
		if (module->id == id)
			return module;
	module = calloc(1, sizeof(*module));
	if (!module)
		return NULL;
	module->id = id;
	module->fd = -1;
	module->waiting_last = &module->waiting;
	module->next = modules->list;
	modules->list = module;
	return module;
}

static uint32_t p11_type(const struct task *task)
{
	if (task->finds)
		return P11_FIND;
	return task->request.type == KEEPER_SIGN      ? P11_SIGN
	       : task->request.type == KEEPER_DECRYPT ? P11_DECRYPT
						      : P11_DERIVE;
}

/* False: there is no room in its socket now. */
static bool send_task(struct module *module, struct task *task)
{
	const bool sign = task->request.type == KEEPER_SIGN;
	struct p11_request head = {
	    .type = p11_type(task),
	    .scheme = task->request.scheme,
	    .id = task->number,
	    .uri_len = (uint32_t)strlen(task->uri),
	    .check = task->key->info.kind != KEEPER_KIND_NONE,
	};
	struct iovec iov[3] = {{&head, sizeof(head)}, {task->uri, head.uri_len}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 3};

	memcpy(head.expect, task->key->info.check, sizeof(head.expect));
	if (!task->finds) {
		head.in_len = sign ? (uint32_t)task->op.digest_len : task->request.len;
		head.aux_len = task->request.aux_len;
		iov[2].iov_base = (void *)(sign ? task->op.digest : task->op.in);
		iov[2].iov_len = head.in_len;
	}
	return sendmsg(module->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
	       (errno != EAGAIN && errno != ENOBUFS);
}

static void fail(struct server *server, struct task *task)
{
	task->result.status = KEEPER_S_IO;
	task->result.len = 0;
	task_finish(server, task);
}

/* What waits is sent as far as it fits. A dead process shows when it is read from. */
static void flush(struct module *module, uint64_t now)
{
	while (module->fd >= 0 && module->waiting) {
		struct task *task = module->waiting;

		if (!send_task(module, task))
			break;
		if (!module->sent)
			module->progress = now;
		module->waiting = task->next;
		if (!module->waiting)
			module->waiting_last = &module->waiting;
		task->next = module->sent;
		module->sent = task;
	}
}

void module_put(struct server *server, struct task *task)
{
	struct module *module = module_get(&server->modules, task->module);

	if (!module) {
		fail(server, task);
		return;
	}
	task->next = NULL;
	*module->waiting_last = task;
	module->waiting_last = &task->next;
	flush(module, now_ns());
}

void module_connect(struct server *server, unsigned int id, int fd, uint64_t timeout)
{
	struct module *module = module_get(&server->modules, id);

	if (!module) {
		close(fd);
		return;
	}
	close_fd(&module->fd);
	module->fd = fd;
	module->timeout = timeout;
	if (server->modules.watch)
		server->modules.watch(server, module);
	flush(module, now_ns());
}

/* It died, or is about to be killed. */
static void lose(struct server *server, struct module *module, bool alive, const char *how)
{
	struct task *task;
	unsigned int lost = 0;

	close_fd(&module->fd);
	module->failures++;
	while ((task = module->sent)) {
		module->sent = task->next;
		lost++;
		fail(server, task);
	}
	log_msg(LOG_WARN, "module process %u %s: %u operations have failed; it is started anew",
		module->id, how, lost);
	if (alive)
		server->to_loader(server, INNER_HUNG, module->id, NULL, 0);
}

/* The task with that number, taken out of what the process has; NULL: it is too late. */
static struct task *take_sent(struct module *module, uint64_t id)
{
	for (struct task **at = &module->sent; *at; at = &(*at)->next)
		if ((*at)->number == id) {
			struct task *task = *at;

			*at = task->next;
			return task;
		}
	return NULL;
}

static bool take_answer(struct server *server, struct module *module, const uint8_t *packet,
			size_t len)
{
	struct p11_reply reply;
	struct task *task;

	if (len < sizeof(reply))
		return false;
	memcpy(&reply, packet, sizeof(reply));
	if (reply.len != len - sizeof(reply) || reply.status >= KEEPER_S_COUNT)
		return false;
	task = take_sent(module, reply.id);
	if (!task)
		return true;
	module->done++;
	if (reply.status == KEEPER_S_OK && reply.len > task->result.size)
		reply.status = KEEPER_S_IO;
	task->result.status = (uint16_t)reply.status;
	task->result.len = reply.status ? 0 : reply.len;
	memcpy(task->result.out, packet + sizeof(reply), task->result.len);
	task_finish(server, task);
	return true;
}

void module_input(struct server *server, struct module *module, uint64_t now)
{
	static uint8_t packet[P11_MAX_PACKET];
	ssize_t len;

	while (module->fd >= 0) {
		len = recv(module->fd, packet, sizeof(packet), MSG_DONTWAIT);
		if (len < 0 && errno == EAGAIN)
			break;
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0 || !take_answer(server, module, packet, (size_t)len)) {
			lose(server, module, len > 0, len > 0 ? "talks nonsense" : "died");
			break;
		}
		module->progress = now;
		OPENSSL_cleanse(packet, (size_t)len);
	}
	flush(module, now);
}

/* Tasks of a list whose time is over. */
static void expire(struct server *server, struct task **list, uint64_t now)
{
	while (*list) {
		struct task *task = *list;

		if (now - task->start < SERVER_PATIENCE) {
			list = &task->next;
			continue;
		}
		*list = task->next;
		fail(server, task);
	}
}

void modules_timer(struct server *server, uint64_t now)
{
	for (struct module *module = server->modules.list; module; module = module->next) {
		if (module->sent && now - module->progress >= module->timeout)
			lose(server, module, true, "does not answer");
		expire(server, &module->sent, now);
		expire(server, &module->waiting, now);
		module->waiting_last = &module->waiting;
		while (*module->waiting_last)
			module->waiting_last = &(*module->waiting_last)->next;
	}
}

static uint64_t earliest(const struct task *task, uint64_t deadline)
{
	for (; task; task = task->next)
		if (task->start + SERVER_PATIENCE < deadline)
			deadline = task->start + SERVER_PATIENCE;
	return deadline;
}

uint64_t modules_deadline(const struct server *server)
{
	uint64_t deadline = UINT64_MAX;

	for (const struct module *m = server->modules.list; m; m = m->next) {
		if (m->sent && m->progress + m->timeout < deadline)
			deadline = m->progress + m->timeout;
		deadline = earliest(m->sent, deadline);
		deadline = earliest(m->waiting, deadline);
	}
	return deadline;
}

void modules_sweep(struct server *server)
{
	struct module **at = &server->modules.list;

	while (*at) {
		struct module *module = *at;
		struct task *task;

		if (module->used) {
			at = &module->next;
			continue;
		}
		while ((task = module->sent) || (task = module->waiting)) {
			if (module->sent)
				module->sent = task->next;
			else
				module->waiting = task->next;
			fail(server, task);
		}
		*at = module->next;
		close_fd(&module->fd);
		free(module);
	}
}
