/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.h - how far a transfer is, how fast, and how long it will take. */
#ifndef CRYPTOCHAT_FILES_PROGRESS_H
#define CRYPTOCHAT_FILES_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct progress - a transfer's course
 * @total: bytes in all
 * @resumed: bytes that were there before
 * @start_ms: when it began; 0: it has not
 * @rate: bytes a second, of the last seconds
 * @mark_ms: when @rate was computed last
 * @mark_bytes: bytes done then
 */
struct progress {
	uint64_t total;
	uint64_t resumed;
	int64_t start_ms;
	double rate;
	int64_t mark_ms;
	uint64_t mark_bytes;
};

/** progress_begin() - @resumed of @total bytes are there already */
void progress_begin(struct progress *p, uint64_t total, uint64_t resumed, int64_t now_ms);

/** progress_update() - @done bytes are there now */
void progress_update(struct progress *p, uint64_t done, int64_t now_ms);

/**
 * progress_text() - "NAME  43 % [####    ] 4.3 MB/10 MB  1.2 MB/s  0:05"
 * @name: a file's, with any bytes; shown safely
 * @columns: what fits in a line; the less, the less is told
 * @out: @size bytes
 */
void progress_text(const struct progress *p, const char *name, uint64_t done, size_t columns,
		   char *out, size_t size);

/** progress_average() - bytes a second from the beginning to @now_ms */
double progress_average(const struct progress *p, uint64_t done, int64_t now_ms);

/** progress_size() - "1.2 MB"; returns @out, 16 bytes */
char *progress_size(double bytes, char out[16]);

#endif /* CRYPTOCHAT_FILES_PROGRESS_H */
