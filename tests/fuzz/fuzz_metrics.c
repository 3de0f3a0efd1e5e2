/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_metrics.c - a daemon that was taken over, on the page of metrics of all daemons
 * (tools/ctl/merge.h) and on a terminal (tools/ctl/text.h).
 *
 * What is checked, beside what sanitizers see: every sample of the page is of a VM that
 * was asked; the page is printable; each family has one head and each series one sample; a good
 * answer is in it, whatever the bad one was.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "tools/ctl/merge.h"
#include "tools/ctl/text.h"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

#define GOOD "# HELP virtio_cryptodev_queues Queues.\nvirtio_cryptodev_queues 2\n"

static void check_clean(const char *text)
{
	for (; *text; text++)
		CHECK((unsigned char)*text >= ' ' || *text == '\n' || *text == '\t');
}

/* No line below this one has the same series. */
static void check_once(const char *line, const char *end)
{
	size_t n = (size_t)(end - line);

	while (line[n - 1] != ' ')
		n--;
	for (const char *next = end + 1; *next; next = strchr(next, '\n') + 1)
		CHECK(strncmp(next, line, n) != 0);
}

static void check_page(const char *page)
{
	const char *line = page;

	for (; *line; line = strchr(line, '\n') + 1) {
		const char *end = strchr(line, '\n');

		CHECK(end);
		if (!strncmp(line, "# HELP ", 7)) {
			const char *space = memchr(line + 7, ' ', (size_t)(end - line) - 7);

			CHECK(space);
			for (const char *next = strstr(end, "# HELP "); next;
			     next = strstr(next + 1, "# HELP "))
				CHECK(next[-1] != '\n' ||
				      strncmp(next, line, (size_t)(space - line) + 1) != 0);
		} else if (strncmp(line, "# TYPE ", 7) != 0) {
			const char *labels = memchr(line, '{', (size_t)(end - line));

			CHECK(!strncmp(line, "virtio_cryptodev_", 17) && labels);
			CHECK(!strncmp(labels, "{vm=\"bad\"", 9) ||
			      !strncmp(labels, "{vm=\"clean\"", 11) ||
			      !strncmp(labels, "{vm=\"good\"} 2\n", 14));
			check_once(line, end);
		}
	}
	CHECK(strstr(page, "virtio_cryptodev_queues{vm=\"good\"} 2\n"));
	for (const char *c = page; *c; c++)
		CHECK(*c == '\n' || (*c >= ' ' && *c <= '~'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct merge merge = {0};
	char *text, *page = NULL;
	size_t len = 0;
	FILE *out;

	if (size > 1 << 16)
		return 0;
	text = malloc(size + 1);
	CHECK(text);
	memcpy(text, data, size);
	text[size] = '\0';
	(void)merge_add(&merge, "bad", text);
	CHECK(!merge_add(&merge, "good", GOOD));
	text_clean(text, size);
	CHECK(strlen(text) == size);
	check_clean(text);
	(void)merge_add(&merge, "clean", text);
	out = open_memstream(&page, &len);
	CHECK(out);
	merge_print(&merge, out);
	CHECK(!fclose(out));
	free(text);
	merge_free(&merge);
	check_page(page);
	free(page);
	return 0;
}
