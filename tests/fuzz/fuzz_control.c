/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_control.c - arbitrary bytes on the control socket, in arbitrary pieces.
 *
 * Input: byte 0 seeds the cuts; the rest is what a client sends. Commands are
 * executed on a real device. What is checked, beside what sanitizers see: an
 * answer has the protocol's form, a refusal is one line, and the parser takes
 * neither nothing nor more than it was given.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/vm/vm.h"
#include "daemon/operate/commands.h"
#include "daemon/operate/control.h"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

static struct vm *vm;
static struct ledger ledger;
static struct commands commands;

static void gather(void *arg, struct stats *stats)
{
	*stats = (struct stats){.engine = "openssl"};
	vdev_stats_get(vm->device, &stats->device);
	vm_stats_get(vm, &stats->vm);
	limits_snapshot(&vm->limits, stats->limits, &stats->limit_waits, &stats->limit_waited_ns);
}

/* One device for all inputs: making engines takes longer than all the rest. */
static void open_once(void)
{
	struct vdev_options options = {.threads = 1, .num_queues = 1, .max_sessions = 4};
	struct vdev *device;

	if (vm)
		return;
	CHECK(!eng_open("openssl", 1, &options.engine));
	CHECK(!vdev_new(&options, &device) &&
	      !ledger_private(&ledger, &(struct ledger_shape){1, 1, 0}) &&
	      !vm_new(device, &ledger, 1, 1, 0, &vm));
	commands = (struct commands){.gather = gather, .vm = vm};
}

static void check_answer(const struct control_client *client)
{
	const char *answer = client->answer, *end = memchr(answer, '\n', client->answer_len);
	size_t head;

	CHECK(end);
	head = (size_t)(end - answer) + 1;
	if (!memcmp(answer, "OK ", 3))
		CHECK(strtoul(answer + 3, NULL, 10) == client->answer_len - head);
	else
		CHECK(!memcmp(answer, "ERR ", 4) && head == client->answer_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control control;
	struct control_client client = {.fd = -1};
	unsigned int step;

	open_once();
	control_init(&control);
	control.run = commands_run;
	control.arg = &commands;
	if (!size)
		return 0;
	step = data[0] + 1u;
	data++;
	size--;
	while (size) {
		size_t len = size < step ? size : step;
		ssize_t taken = control_input(&control, &client, (const char *)data, len);

		if (taken < 0)
			break;
		CHECK(taken && (size_t)taken <= len);
		if (client.answer)
			check_answer(&client);
		free(client.answer);
		client.answer = NULL;
		data += taken;
		size -= (size_t)taken;
	}
	return 0;
}
