/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_iov.c - the cursor stays inside its iovecs, whatever their shape. */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <string.h>

#include "device/iov.h"

#define MAX_IOV 32

static void totals(void **state)
{
	uint8_t byte;
	struct iovec iov[3] = {{&byte, 1}, {NULL, 0}, {&byte, 5}};

	assert_int_equal(vdev_iov_total(NULL, 0), 0);
	assert_int_equal(vdev_iov_total(iov, 3), 6);
	iov[0].iov_len = SIZE_MAX;
	assert_true(vdev_iov_total(iov, 3) == UINT64_MAX);
	iov[2].iov_len = SIZE_MAX;
	assert_true(vdev_iov_total(iov, 3) == UINT64_MAX);
}

static void nothing_there(void **state)
{
	struct iovec empty[3] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
	struct vdev_iov none = vdev_iov_init(NULL, 0), cursor = vdev_iov_init(empty, 3);
	uint8_t buf[4] = {1, 2, 3, 4};

	assert_int_equal(vdev_iov_read(&none, buf, 4), 0);
	assert_int_equal(vdev_iov_write(&none, buf, 4), 0);
	assert_int_equal(vdev_iov_skip(&none, SIZE_MAX), 0);
	assert_null(vdev_iov_contig(&none, 1));
	assert_null(vdev_iov_contig(&cursor, 1));
	assert_null(vdev_iov_contig(&cursor, 0));
	assert_int_equal(vdev_iov_read(&cursor, buf, 4), 0);
	assert_int_equal(buf[0], 1);
	assert_int_equal(vdev_iov_read(&cursor, buf, 0), 0);
}

/* What is read back piece by piece through any cuts is what lies there. */
static void random_cuts(void **state)
{
	struct test_random random = {1};
	uint8_t memory[600], copy[600];
	struct iovec iov[MAX_IOV];

	for (unsigned int round = 0; round < 20000; round++) {
		size_t len = test_random_below(&random, sizeof(memory) + 1), done = 0;
		unsigned int n;
		struct vdev_iov cursor;

		test_random_fill(&random, memory, len);
		n = split_at_random(&random, memory, len, iov, MAX_IOV);
		assert_int_equal(vdev_iov_total(iov, n), len);
		cursor = vdev_iov_init(iov, n);
		while (done < len) {
			size_t want = test_random_below(&random, len + 10), got;

			if (test_random_below(&random, 4)) {
				got = vdev_iov_read(&cursor, copy + done,
						    want < len - done ? want : len - done);
			} else {
				got = vdev_iov_skip(&cursor, want);
				memcpy(copy + done, memory + done, got);
			}
			assert_true(got <= len - done);
			done += got;
		}
		assert_int_equal(vdev_iov_read(&cursor, copy, 1), 0);
		assert_memory_equal(copy, memory, len);
	}
}

static void random_writes(void **state)
{
	struct test_random random = {2};
	uint8_t memory[600 + 2], data[600];
	struct iovec iov[MAX_IOV];

	for (unsigned int round = 0; round < 20000; round++) {
		size_t len = test_random_below(&random, sizeof(data) + 1), done = 0;
		struct vdev_iov cursor;
		unsigned int n;

		memset(memory, 0xee, sizeof(memory));
		test_random_fill(&random, data, sizeof(data));
		n = split_at_random(&random, memory + 1, len, iov, MAX_IOV);
		cursor = vdev_iov_init(iov, n);
		while (done < len) {
			size_t want = 1 + test_random_below(&random, 70);

			if (want > sizeof(data) - done)
				want = sizeof(data) - done;
			done += vdev_iov_write(&cursor, data + done, want);
		}
		assert_int_equal(done, len);
		assert_int_equal(vdev_iov_write(&cursor, data, 1), 0);
		assert_memory_equal(memory + 1, data, len);
		assert_int_equal(memory[0], 0xee);
		assert_int_equal(memory[len + 1], 0xee);
	}
}

static void contiguous_pieces_merge(void **state)
{
	uint8_t memory[64];
	struct iovec iov[] = {
	    {memory, 10},
	    {NULL, 0},
	    {memory + 10, 20},
	    {memory + 40, 10},
	};
	struct vdev_iov cursor = vdev_iov_init(iov, ARRAY_SIZE(iov));

	assert_ptr_equal(vdev_iov_contig(&cursor, 10), memory);
	assert_ptr_equal(vdev_iov_contig(&cursor, 30), memory);
	assert_null(vdev_iov_contig(&cursor, 31));
	assert_null(vdev_iov_contig(&cursor, 41));
	assert_int_equal(vdev_iov_skip(&cursor, 10), 10);
	assert_ptr_equal(vdev_iov_contig(&cursor, 20), memory + 10);
	assert_int_equal(vdev_iov_skip(&cursor, 15), 15);
	assert_ptr_equal(vdev_iov_contig(&cursor, 5), memory + 25);
	assert_null(vdev_iov_contig(&cursor, 6));
	assert_int_equal(vdev_iov_skip(&cursor, 5), 5);
	assert_ptr_equal(vdev_iov_contig(&cursor, 10), memory + 40);
	assert_null(vdev_iov_contig(&cursor, 11));
}

/* Same address order, but the second piece lies before the first. */
static void backward_pieces_do_not_merge(void **state)
{
	uint8_t memory[32];
	struct iovec iov[] = {{memory + 16, 16}, {memory, 16}};
	struct vdev_iov cursor = vdev_iov_init(iov, 2);

	assert_ptr_equal(vdev_iov_contig(&cursor, 16), memory + 16);
	assert_null(vdev_iov_contig(&cursor, 17));
}

/* Iovecs over @memory that leave out a byte now and then; their bytes, in order, to @flat. */
static unsigned int with_gaps(struct test_random *random, uint8_t *memory, size_t len,
			      struct iovec *iov, uint8_t **flat, size_t *total)
{
	unsigned int n = 0;

	*total = 0;
	for (size_t at = 0; at < len && n < MAX_IOV;) {
		size_t some = test_random_below(random, 40);

		if (some > len - at)
			some = len - at;
		iov[n++] = (struct iovec){some ? memory + at : NULL, some};
		for (size_t i = 0; i < some; i++)
			flat[(*total)++] = memory + at + i;
		at += some + !test_random_below(random, 3);
	}
	return n;
}

/* Runs of two cursors: byte for byte where the iovecs say, and none could be longer. */
static void pairs(void **state)
{
	struct test_random random = {6};
	uint8_t memory[2][400], *flat[2][400];
	struct iovec iov[2][MAX_IOV];

	for (unsigned int round = 0; round < 20000; round++) {
		size_t total[2], len, done = 0, n;
		struct vdev_iov cursor[2];
		uint8_t *at[2];

		for (unsigned int i = 0; i < 2; i++)
			cursor[i] =
			    vdev_iov_init(iov[i], with_gaps(&random, memory[i], sizeof(memory[i]),
							    iov[i], flat[i], &total[i]));
		len = total[0] < total[1] ? total[0] : total[1];
		while ((n = vdev_iov_pair(&cursor[0], &cursor[1], len - done, &at[0], &at[1]))) {
			bool longer = done + n < len;

			assert_true(n <= len - done);
			for (unsigned int i = 0; i < 2; i++) {
				for (size_t k = 0; k < n; k++)
					assert_ptr_equal(at[i] + k, flat[i][done + k]);
				longer = longer && flat[i][done + n] == at[i] + n;
			}
			assert_false(longer);
			done += n;
		}
		assert_int_equal(done, len);
		/* Both stand behind the last run, with what they have beyond. */
		assert_int_equal(vdev_iov_skip(&cursor[0], SIZE_MAX), total[0] - len);
		assert_int_equal(vdev_iov_skip(&cursor[1], SIZE_MAX), total[1] - len);
		assert_int_equal(vdev_iov_pair(&cursor[0], &cursor[1], 1, &at[0], &at[1]), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(totals),
	    cmocka_unit_test(nothing_there),
	    cmocka_unit_test(random_cuts),
	    cmocka_unit_test(random_writes),
	    cmocka_unit_test(pairs),
	    cmocka_unit_test(contiguous_pieces_merge),
	    cmocka_unit_test(backward_pieces_do_not_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
