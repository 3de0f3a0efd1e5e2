/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_control.c - daemon/operate/control.c's parser, and daemon/operate/commands.c behind it. */
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cryptodev.h"
#include "daemon/vm/vm.h"
#include "daemon/operate/commands.h"
#include "daemon/operate/control.h"

static struct {
	struct engine *engine;
	struct vdev *device;
	struct vm *vm;
	struct commands commands;
	struct control control;
	struct control_client client;
	struct ledger ledger;
	const char *vm_name;
} t;

static void gather(void *arg, struct stats *stats)
{
	*stats = (struct stats){
	    .engine = "openssl", .vm_name = t.vm_name, .queues = 2, .workers = 1, .up_s = 77};
	vdev_stats_get(t.device, &stats->device);
	vm_stats_get(t.vm, &stats->vm);
	latency_add(&stats->vm.latency, 2000, 10);
	limits_snapshot(&t.vm->limits, stats->limits, &stats->limit_waits, &stats->limit_waited_ns);
}

static int setup(void **state)
{
	struct vdev_options options = {.threads = 2, .num_queues = 2, .max_sessions = 300};

	if (eng_open("openssl", 2, &t.engine))
		return -1;
	options.engine = t.engine;
	if (vdev_new(&options, &t.device) ||
	    ledger_private(&t.ledger, &(struct ledger_shape){2, 1, 0}) ||
	    vm_new(t.device, &t.ledger, 2, 1, 0, &t.vm))
		return -1;
	t.commands = (struct commands){.gather = gather, .vm = t.vm};
	control_init(&t.control);
	t.control.run = commands_run;
	t.control.arg = &t.commands;
	t.client = (struct control_client){.fd = -1};
	t.vm_name = NULL;
	return 0;
}

static int teardown(void **state)
{
	free(t.client.answer);
	t.vm = vm_free(t.vm);
	ledger_close(&t.ledger);
	t.device = vdev_free(t.device);
	t.engine = eng_close(t.engine);
	return 0;
}

static ssize_t input(const char *bytes, size_t len)
{
	return control_input(&t.control, &t.client, bytes, len);
}

/* The whole answer to a command, as a string; until the next one. */
static const char *ask(const char *line)
{
	static char text[1 << 16];
	char sent[CONTROL_LINE];
	int n = snprintf(sent, sizeof(sent), "%s\n", line);

	assert_int_equal(input(sent, (size_t)n), n);
	assert_non_null(t.client.answer);
	assert_true(t.client.answer_len < sizeof(text));
	memcpy(text, t.client.answer, t.client.answer_len);
	text[t.client.answer_len] = '\0';
	free(t.client.answer);
	t.client.answer = NULL;
	return text;
}

static void assert_ok(const char *answer)
{
	size_t len = 0;
	const char *body = strchr(answer, '\n') + 1;

	assert_int_equal(sscanf(answer, "OK %zu\n", &len), 1);
	assert_int_equal(strlen(body), len);
}

static void assert_error(const char *answer)
{
	assert_memory_equal(answer, "ERR ", 4);
	assert_int_equal(answer[strlen(answer) - 1], '\n');
	assert_ptr_equal(strchr(answer, '\n'), answer + strlen(answer) - 1);
}

static void test_pieces(void **state)
{
	const char *line = "help\nstatus\n";

	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(input(line + i, 1), 1);
		assert_null(t.client.answer);
	}
	/* the first command only; the other one is left where it is */
	assert_int_equal(input(line + 4, strlen(line + 4)), 1);
	assert_memory_equal(t.client.answer, "OK ", 3);
}

static void test_too_long(void **state)
{
	char line[CONTROL_LINE + 1];

	memset(line, 'x', sizeof(line));
	line[CONTROL_LINE - 1] = '\n';
	assert_int_equal(input(line, CONTROL_LINE), CONTROL_LINE);
	assert_memory_equal(t.client.answer, "ERR ", 4);
	free(t.client.answer);
	t.client.answer = NULL;

	line[CONTROL_LINE - 1] = 'x';
	assert_int_equal(input(line, CONTROL_LINE), -EMSGSIZE);
	assert_int_equal(input(line, CONTROL_LINE - 1), CONTROL_LINE - 1);
	assert_int_equal(input(line, 1), -EMSGSIZE);
}

static void test_zero_byte(void **state)
{
	assert_int_equal(input("help\0x\n", 7), 7);
	assert_memory_equal(t.client.answer, "ERR ", 4);
}

static void test_every_command(void **state)
{
	static const char *const commands[] = {"status",   "stats",  "counters", "metrics",
					       "sessions", "engine", "limits",	 "help"};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		assert_ok(ask(commands[i]));
	assert_ok(ask("  status \t "));
	assert_non_null(strstr(ask("counters"), "\nqueues 2\n"));
	assert_non_null(strstr(ask("stats"), "\"up_s\": 77,"));
	assert_non_null(strstr(ask("engine"), "openssl-cbc-aes"));
}

static void test_bad_commands(void **state)
{
	static const char *const bad[] = {"",
					  " ",
					  "nothing",
					  "STATUS",
					  "sessions x",
					  "sessions 0",
					  "sessions -1",
					  "sessions +1",
					  "sessions 1x",
					  "sessions 99999999999999999999",
					  "limits get",
					  "limits set",
					  "limits set ops",
					  "limits set ops=",
					  "limits set ops=x",
					  "limits set disk=1",
					  "limits set ops=0",
					  "limits set ops=0:5",
					  "limits set ops=0K",
					  "limits set ops=-1",
					  "limits set ops=5:0",
					  "limits set ops=5:-1",
					  "limits set ops=99999999999999999999",
					  "limits set ops=1 ops=2",
					  "limits set ops=1 extra",
					  "status extra",
					  "stats x",
					  "counters x",
					  "metrics x",
					  "sessions 1 2",
					  "engine x",
					  "help status",
					  "status json",
					  "metrics --json",
					  "engine --json",
					  "help --json",
					  "--json",
					  "--jsonx status",
					  "a b c d e f g h i"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_error(ask(bad[i]));
}

static void test_limits(void **state)
{
	assert_non_null(strstr(ask("limits set ops=5K:7 keys=3"), "ops 5000/s, burst 7\n"));
	assert_int_equal(limits_get(&t.vm->limits, LIMIT_OPS).burst, 7);
	assert_int_equal(limits_get(&t.vm->limits, LIMIT_KEYS).rate, 3);
	/* all or nothing */
	assert_error(ask("limits set ops=none bytes=oops"));
	assert_int_equal(limits_get(&t.vm->limits, LIMIT_OPS).rate, 5000);
	assert_non_null(strstr(ask("limits set ops=none"), "ops none\n"));
	assert_int_equal(limits_get(&t.vm->limits, LIMIT_OPS).rate, 0);
}

static void test_json(void **state)
{
	const char *status;

	assert_non_null(
	    strstr(ask("limits set ops=5K:7 --json"), "{\"rate\": 5000, \"burst\": 7}"));
	assert_non_null(strstr(ask("--json limits"), "\"keys\": null\n}\n"));
	assert_non_null(strstr(ask("sessions --json"), "[\n]\n"));
	status = ask("status --json");
	assert_ok(status);
	assert_non_null(strstr(status, "\"served\": false\n}\n"));
	assert_non_null(strstr(status, "\"supervisor_version\": null,"));
	assert_non_null(strstr(ask("stats --json"), "\"up_s\": 77,"));
	t.vm_name = "a\"b\\c\n\x1b\x7f";
	assert_non_null(strstr(ask("status --json"), "\"vm\": \"a\\\"b\\\\c\\n\\u001b\\u007f\","));
}

/* A session as the guest would make it. */
static void make_session(uint32_t cipher, uint32_t key_len)
{
	struct vcd_req_create header = {
	    .opcode = htole16(VCD_OP_SESSION_CREATE),
	    .cipher = htole32(cipher),
	    .key_len = htole32(key_len),
	};
	uint8_t key[32] = "0123456789abcdef0123456789abcde";
	struct vcd_reply reply = {.status = 99};
	struct iovec in[] = {{&header, sizeof(header)}, {key, key_len}};
	struct iovec out[] = {{&reply, sizeof(reply)}};
	struct vdev_request request = {.in = in, .in_count = 2, .out = out, .out_count = 1};
	struct vdev_request *list[] = {&request};

	/* The first worker is the vm's thread. */
	vdev_execute(t.device, 1, list, 1);
	assert_int_equal(le32toh(reply.status), VCD_S_OK);
}

static size_t lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void test_sessions(void **state)
{
	for (unsigned int i = 0; i < 200; i++)
		make_session(CRYPTO_AES_CBC, 16);
	make_session(CRYPTO_AES_GCM, 32);
	/* the line of "OK" counts too */
	assert_int_equal(lines(ask("sessions")), 202);
	assert_int_equal(lines(ask("sessions 70")), 71);
	assert_non_null(strstr(ask("sessions"), " cbc(aes)\n"));
	assert_non_null(strstr(ask("sessions"), " gcm(aes)\n"));
	/* nothing of a key */
	assert_null(strstr(ask("sessions"), "01234567"));
	assert_non_null(
	    strstr(ask("sessions 2 --json"), "\"cipher\": \"cbc(aes)\", \"mac\": null},\n  {"));
	assert_int_equal(lines(ask("sessions 70 --json")), 73);
}

static void test_metrics(void **state)
{
	const char *text = ask("metrics");
	static const char *const wanted[] = {
	    "\nvirtio_cryptodev_info{version=\"" VCD_VERSION "\",engine=\"openssl\"} 1\n",
	    "\nvirtio_cryptodev_requests_total{status=\"OK\"} ",
	    "\n# TYPE virtio_cryptodev_request_duration_seconds histogram\n",
	    "_bucket{le=\"0.000001024\"} 0\n",
	    "_bucket{le=\"0.000002048\"} 10\n",
	    "_bucket{le=\"+Inf\"} 10\n",
	    "_sum 0.000020000\n",
	    "_count 10\n",
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!strstr(text, wanted[i]))
			fail_msg("no %s in\n%s", wanted[i], text);
}

/* Every sample has the VM's name: none is like one of another VM. */
static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && !strcmp(text + len - n, end);
}

/* What OpenMetrics wants of a family's name: base units, and _total for counters alone. */
static void check_name(const char *name, const char *type)
{
	static const char *const suffixes[] = {"_total", "_count", "_sum", "_bucket", "_ns",
					       "_us",	 "_ms",	   "_s",   "_kib",    "_percent"};
	char base[128];

	assert_int_equal(strncmp(name, "virtio_cryptodev_", 17), 0);
	assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789"), strlen(name));
	strcpy(base, name);
	if (!strcmp(type, "counter")) {
		if (!ends_with(name, "_total"))
			fail_msg("the counter %s does not end with _total", name);
		base[strlen(name) - strlen("_total")] = '\0';
	} else {
		assert_true(!strcmp(type, "gauge") || !strcmp(type, "histogram"));
	}
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (ends_with(base, suffixes[i]))
			fail_msg("%s ends with %s", base, suffixes[i]);
}

/* Each family has HELP, TYPE and samples, in that order, and occurs once. */
static void test_metric_names(void **state)
{
	static char seen[1 << 14], page[1 << 16];
	char name[128] = "", type[16], help[256], sample[160];
	unsigned int families = 0, samples = 1;

	strcpy(page, ask("metrics"));
	seen[0] = '\0';
	for (char *line = strtok(strchr(page, '\n') + 1, "\n"); line; line = strtok(NULL, "\n")) {
		if (sscanf(line, "# HELP %127s %255[^\n]", name, help) == 2) {
			assert_true(samples);
			assert_true(ends_with(help, "."));
			snprintf(sample, sizeof(sample), " %s ", name);
			assert_null(strstr(seen, sample));
			strcat(seen, sample);
			line = strtok(NULL, "\n");
			assert_int_equal(sscanf(line, "# TYPE %159s %15s", sample, type), 2);
			assert_string_equal(sample, name);
			check_name(name, type);
			families++;
			samples = 0;
			continue;
		}
		assert_int_equal(sscanf(line, "%159[^{ ]", sample), 1);
		assert_int_equal(strncmp(sample, name, strlen(name)), 0);
		assert_true(!strcmp(type, "histogram") || !strcmp(sample, name));
		samples++;
	}
	assert_int_equal(families, 21);
}

static void test_metrics_of_a_vm(void **state)
{
	unsigned int samples = 0;
	char *line;

	t.vm_name = "vm1";
	(void)ask("metrics");
	line = strchr((char *)(uintptr_t)ask("metrics"), '\n');
	while (line && *++line) {
		if (*line != '#') {
			const char *label = strchr(line, '{');

			assert_non_null(label);
			assert_memory_equal(label, "{vm=\"vm1\"", 9);
			samples++;
		}
		line = strchr(line, '\n');
	}
	assert_true(samples > 50);
}

/* A worker that stands by looks at the operator's limits when it takes over, and not before. */
static void test_limits_of_the_next_worker(void **state)
{
	struct ledger_head *head = t.ledger.head;

	limits_set(&t.vm->limits, LIMIT_OPS, (struct limit){100, 10});
	limits_set(&t.vm->limits, LIMIT_KEYS, (struct limit){7, 7});
	assert_int_equal(head->limits_set, 0);
	/* The one that still serves is told others; one of them is spoilt. */
	head->limits[LIMIT_OPS] = (struct limit){5, 1};
	head->limits[LIMIT_BYTES] = (struct limit){LIMIT_MAX + 1, 1};
	head->limits_set = 1u << LIMIT_OPS | 1u << LIMIT_BYTES;
	assert_non_null(strstr(ask("limits"), "ops 100/s, burst 10\n"));
	vm_resume(t.vm);
	assert_non_null(strstr(ask("limits"), "ops 5/s, burst 1\nbytes none\nkeys 7/s"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_pieces, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_limits_of_the_next_worker, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_too_long, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_zero_byte, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_every_command, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_commands, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_sessions, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_json, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_metrics, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_metric_names, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_metrics_of_a_vm, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
