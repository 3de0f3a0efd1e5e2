/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_merge.c - the page of all daemons' metrics, and text for a terminal. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/ctl/merge.h"
#include "tools/ctl/text.h"

#define QUEUES "# HELP virtio_cryptodev_queues Queues of the device.\n"
#define TIMES "# HELP virtio_cryptodev_request_duration_seconds Time.\n"
#define TIME "virtio_cryptodev_request_duration_seconds"

static void check_page(struct merge *merge, const char *expected)
{
	char *page = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&page, &len);

	assert_non_null(out);
	merge_print(merge, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(page, expected);
	free(page);
	merge_free(merge);
}

/* Samples of one family stand together, whichever VM has the family first. */
static void test_families(void **state)
{
	struct merge merge = {0};

	assert_int_equal(merge_add(&merge, "a",
				   QUEUES "# TYPE virtio_cryptodev_queues gauge\n"
					  "virtio_cryptodev_queues{vm=\"x\"} 2\n"
					  "# HELP virtio_cryptodev_new_total New.\n"
					  "virtio_cryptodev_new_total{s=\"O K\",t=\"1\"} 7\n"),
			 0);
	assert_int_equal(merge_add(&merge, "b\"\\",
				   QUEUES "virtio_cryptodev_queues 3.5\n" TIMES TIME
					  "_bucket{le=\"+Inf\"} 1\n" TIME "_sum 0.5\n"),
			 0);
	check_page(&merge, QUEUES "# TYPE virtio_cryptodev_queues gauge\n"
				  "virtio_cryptodev_queues{vm=\"a\"} 2\n"
				  "virtio_cryptodev_queues{vm=\"b\\\"\\\\\"} 3.5\n"
				  "# HELP virtio_cryptodev_new_total New.\n"
				  "# TYPE virtio_cryptodev_new_total counter\n"
				  "virtio_cryptodev_new_total{vm=\"a\",s=\"O K\",t=\"1\"} 7\n" TIMES
				  "# TYPE " TIME " histogram\n" TIME
				  "_bucket{vm=\"b\\\"\\\\\",le=\"+Inf\"} 1\n" TIME
				  "_sum{vm=\"b\\\"\\\\\"} 0.5\n");
}

/* A whole answer or none of it. */
static void test_refused(void **state)
{
	static const char *const bad[] = {
	    "",
	    "\n",
	    QUEUES,
	    "virtio_cryptodev_queues 1\n",
	    QUEUES "virtio_cryptodev_queues 1",
	    QUEUES "virtio_cryptodev_queues 1\nvirtio_cryptodev_queues 1\n",
	    QUEUES "virtio_cryptodev_queues{vm=\"a\"} 1\nvirtio_cryptodev_queues{vm=\"b\"} 1\n",
	    QUEUES "virtio_cryptodev_queues 1\nvirtio_cryptodev_other 1\n",
	    QUEUES "virtio_cryptodev_queues -1\n",
	    QUEUES "virtio_cryptodev_queues 1e5\n",
	    QUEUES "virtio_cryptodev_queues 1.2.3\n",
	    QUEUES "virtio_cryptodev_queues \n",
	    QUEUES "virtio_cryptodev_queues\n",
	    QUEUES "virtio_cryptodev_queues{} 1\n",
	    QUEUES "virtio_cryptodev_queues{a=\"1\"}1\n",
	    QUEUES "virtio_cryptodev_queues{a=\"1\",} 1\n",
	    QUEUES "virtio_cryptodev_queues{a=\"1} 1\n",
	    QUEUES "virtio_cryptodev_queues{a=\"\\\n",
	    QUEUES "virtio_cryptodev_queues{a=\"\\n\"} 1\n",
	    QUEUES "virtio_cryptodev_queues{a=\"\x01\"} 1\n",
	    QUEUES "virtio_cryptodev_queues{a=\"\",b=\"\",c=\"\",d=\"\",e=\"\"} 1\n",
	    "# HELP virtio_cryptodev_queues\nvirtio_cryptodev_queues 1\n",
	    "# HELP virtio_cryptodev_up x\nvirtio_cryptodev_up 1\n",
	    "# HELP node_load1 x\nnode_load1 1\n",
	    "# HELP " TIME "_count x\n" TIME "_count 1\n",
	    TIMES TIME " 1\n",
	    TIMES TIME "_bucket 1\n",
	    TIMES TIME "_bucket{l=\"1\"} 1\n",
	    TIMES TIME "_sum{le=\"1\"} 1\n",
	};
	struct merge merge = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (merge_add(&merge, "v", bad[i]) != -EPROTO)
			fail_msg("taken: %s", bad[i]);
	check_page(&merge, "");
}

/* Who has too many families or samples is refused, and the next one is not. */
static void test_bounds(void **state)
{
	static char text[MERGE_SAMPLES * 64];
	struct merge merge = {0};
	size_t len = 0;

	for (int i = 0; i <= MERGE_FAMILIES; i++)
		len += (size_t)sprintf(text + len, "# HELP virtio_cryptodev_x%d x\n", i);
	assert_int_equal(merge_add(&merge, "v", text), -EPROTO);
	len = (size_t)sprintf(text, QUEUES);
	for (int i = 0; i <= MERGE_SAMPLES; i++)
		len += (size_t)sprintf(text + len, "virtio_cryptodev_queues{a=\"%d\"} 1\n", i);
	assert_int_equal(merge_add(&merge, "v", text), -EPROTO);
	memset(text, 'x', MERGE_LINE);
	memcpy(text + MERGE_LINE, "\n", 2);
	assert_int_equal(merge_add(&merge, "v", text), -EPROTO);
	assert_int_equal(merge_add(&merge, "w", QUEUES "virtio_cryptodev_queues 1\n"), 0);
	check_page(&merge, QUEUES "# TYPE virtio_cryptodev_queues gauge\n"
				  "virtio_cryptodev_queues{vm=\"w\"} 1\n");
}

static void test_clean(void **state)
{
	static const struct {
		const char *text, *clean;
	} cases[] = {
	    {"plain\n\tline\n", "plain\n\tline\n"},
	    {"\x1b[2J\r\a\x7f", "?[2J???"},
	    {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91",
	     "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91"},
	    {"\x9b\xc2\x9b\xc2\x80", "?????"},
	    {"\xc0\x9b \xe0\x80\x9b \xed\xa0\x80 \xf4\x90\x80\x80", "?? ??? ??? ????"},
	    {"\xc3", "?"},
	    {"\xe2\x82", "??"},
	    {"\xff\xf8x", "??x"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[32];

		strcpy(text, cases[i].text);
		text_clean(text, strlen(text));
		assert_string_equal(text, cases[i].clean);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_families),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
