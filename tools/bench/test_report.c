/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_report.c - what is printed for machines, byte for byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cryptodev.h"
#include "tools/bench/report.h"
#include "tools/bench/workload.h"

static struct cli_state cli_state;

static struct bench bench;

/* A result that is easy to reckon with: 4 operations in 2 microseconds. */
static void make_result(void)
{
	unsigned int i;

	memset(&bench, 0, sizeof(bench));
	bench.mode = &bench_mode_wire;
	bench.work = (struct workload){.size = 4096, .depth = 2, .threads = 3, .sessions = 5};
	assert_int_equal(workload_parse_alg(&cli_state, "aes-128-cbc", &bench.work), CLI_RUN);
	strcpy(bench.engine_name, "open\"ssl");
	bench.target.poll_us = 7;
	bench.total.ops = 4;
	bench.total.ns = 2000;
	bench.total.cpu_ns = 1000;
	bench.total.worker_cpu_ns = 600;
	bench.worker_memory = 123456;
	for (i = 1; i <= 4; i++)
		histogram_add(&bench.total.latency, i * 10, 1);
}

static void expect(FILE *file, char **text, const char *want)
{
	fclose(file);
	assert_string_equal(*text, want);
	free(*text);
}

#define MEMBERS                                                                                    \
	"{\"mode\":\"wire\",\"alg\":\"aes-128-cbc\",\"op\":\"encrypt\",\"size\":4096,\"depth\":2," \
	"\"threads\":3,\"sessions\":5,\"engine\":\"open\\\"ssl\""

static void test_json(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	make_result();
	report_json(file, &bench, false);
	expect(file, &text,
	       MEMBERS ",\"ops_per_s\":2000000.0,\"bytes_per_s\":8192000000.0,\"p50_ns\":20,"
		       "\"p99_ns\":40,\"cpu_ns_per_op\":250.0}\n");
}

static void test_details(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	make_result();
	report_json(file, &bench, true);
	expect(file, &text,
	       MEMBERS
	       ",\"ops_per_s\":2000000.0,\"bytes_per_s\":8192000000.0,\"p50_ns\":20,"
	       "\"p99_ns\":40,\"cpu_ns_per_op\":250.0,\"submit\":\"sync\",\"aad\":0,"
	       "\"tag\":0,\"poll_us\":7,\"spin_us\":0,\"min_ns\":10,\"p10_ns\":10,"
	       "\"p90_ns\":40,\"p999_ns\":40,\"p9999_ns\":40,\"max_ns\":40,"
	       "\"mean_ns\":25.0,\"worker_cpu_ns_per_op\":150.0,\"worker_memory\":123456}\n");
}

static void test_ratios(void **state)
{
	double values[] = {1, 2, 3};
	struct ratios ratios;
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	make_result();
	ratios.ops = spread_of(values, 3);
	ratios.p50 = ratios.ops;
	ratios.cpu = ratios.ops;
	ratios.busy = ratios.ops;
	report_ratios_json(file, "wire:daemon=/a\\b", "engine", &bench, &ratios);
#define SPREAD "{\"median\":2.0000,\"q1\":1.5000,\"q3\":2.5000,\"min\":1.0000,\"max\":3.0000}"
	expect(file, &text,
	       "{\"compare\":\"wire:daemon=/a\\\\b\",\"vs\":\"engine\",\"alg\":\"aes-128-cbc\","
	       "\"op\":\"encrypt\",\"size\":4096,\"pairs\":3,\"ops_ratio\":" SPREAD
	       ",\"p50_ratio\":" SPREAD ",\"cpu_ratio\":" SPREAD ",\"busy_ratio\":" SPREAD "}\n");
}

static void test_histogram(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	make_result();
	histogram_add(&bench.total.latency, 1000, 6);
	report_histogram(file, &bench);
	expect(file, &text,
	       MEMBERS ",\"latency_ns\":{\"count\":10,\"min\":10,\"max\":1000,\"mean\":610.0,"
		       "\"buckets\":[[10,1],[20,1],[30,1],[40,1],[1000,6]]}}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_details),
	    cmocka_unit_test(test_ratios),
	    cmocka_unit_test(test_histogram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
