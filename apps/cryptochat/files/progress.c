// SPDX-License-Identifier: GPL-2.0-or-later
/* progress.c - how far a transfer is, how fast, and how long it will take. */
#include "cryptochat/files/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "apps/base/text.h"

#define BAR 20
#define TAIL_SIZE 160
#define NAME_WANTED 12	/* columns of a name before anything is left out for it */
#define NAME_COLUMNS 40 /* the most */
#define PROGRESS_NAME_RAW 200
#define PROGRESS_NAME_SIZE (4 * NAME_COLUMNS + 40)
/* The rate is an average whose memory is about so long. */
#define SMOOTH_MS 3000

void progress_begin(struct progress *p, uint64_t total, uint64_t resumed, int64_t now_ms)
{
	*p = (struct progress){
	    .total = total,
	    .resumed = resumed,
	    .start_ms = now_ms,
	    .mark_ms = now_ms,
	    .mark_bytes = resumed,
	};
}

void progress_update(struct progress *p, uint64_t done, int64_t now_ms)
{
	int64_t elapsed = now_ms - p->mark_ms;
	double now, weight;

	if (elapsed < 100)
		return;
	now = (double)(done - p->mark_bytes) * 1000 / (double)elapsed;
	weight = (double)elapsed / (double)(elapsed + SMOOTH_MS);
	p->rate = p->mark_ms == p->start_ms ? now : p->rate + weight * (now - p->rate);
	p->mark_ms = now_ms;
	p->mark_bytes = done;
}

double progress_average(const struct progress *p, uint64_t done, int64_t now_ms)
{
	int64_t elapsed = now_ms - p->start_ms;

	return (double)(done - p->resumed) * 1000 / (double)(elapsed > 0 ? elapsed : 1);
}

char *progress_size(double bytes, char out[16])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	unsigned int unit = 0;

	while (bytes >= 999.5 && unit < 6) {
		bytes /= 1000;
		unit++;
	}
	snprintf(out, 16, bytes < 9.95 && unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
	return out;
}

/* As much of @name as fits in @columns, with what would steer a terminal escaped; returns columns.
 */
static size_t fit_name(const char *name, size_t columns, char out[PROGRESS_NAME_SIZE])
{
	char safe[TEXT_SHOW_MAX(PROGRESS_NAME_RAW)];
	size_t len = strnlen(name, PROGRESS_NAME_RAW), used = 0, at = 0, to = 0;

	text_show(name, len, "", safe);
	len = strlen(safe);
	while (at < len) {
		uint32_t c = 0;
		size_t n = utf8_decode((const uint8_t *)safe + at, len - at, &c);
		size_t width = n ? (size_t)text_width(c) : 1;

		if (used + width > columns || to + n >= PROGRESS_NAME_SIZE)
			break;
		memcpy(out + to, safe + at, n ? n : 1);
		n = n ? n : 1;
		at += n;
		to += n;
		used += width;
	}
	out[to] = 0;
	return used;
}

void progress_text(const struct progress *p, const char *name, uint64_t done, size_t columns,
		   char *out, size_t size)
{
	char have[16], total[16], rate[16], eta[32] = "-:--", bar[BAR + 1];
	char tail[4][TAIL_SIZE], short_name[PROGRESS_NAME_SIZE];
	double part = p->total ? (double)done / (double)p->total : 1;
	double left = p->rate > 1 ? (double)(p->total - done) / p->rate : -1;
	size_t room, wanted;
	int percent = (int)(part * 100), level = 0;

	for (int i = 0; i < BAR; i++)
		bar[i] = i < (int)(part * BAR) ? '#' : ' ';
	bar[BAR] = 0;
	if (left >= 0 && left < 3600)
		snprintf(eta, sizeof(eta), "%d:%02d", (int)left / 60, (int)left % 60);
	else if (left >= 0 && left < 360000)
		snprintf(eta, sizeof(eta), "%dh%02d", (int)left / 3600, (int)left / 60 % 60);
	progress_size((double)done, have);
	progress_size((double)p->total, total);
	progress_size(p->rate, rate);
	/* What is told in a narrower and narrower terminal. */
	snprintf(tail[0], TAIL_SIZE, " %3d %% [%s] %s/%s  %s/s  %s", percent, bar, have, total,
		 rate, eta);
	snprintf(tail[1], TAIL_SIZE, " %3d %% %s/%s  %s/s  %s", percent, have, total, rate, eta);
	snprintf(tail[2], TAIL_SIZE, " %3d %%  %s", percent, eta);
	snprintf(tail[3], TAIL_SIZE, " %3d %%", percent);
	wanted = fit_name(name, NAME_WANTED, short_name);
	while (level < 3 && strlen(tail[level]) + wanted > columns)
		level++;
	room = columns > strlen(tail[level]) ? columns - strlen(tail[level]) : 0;
	fit_name(name, room < NAME_COLUMNS ? room : NAME_COLUMNS, short_name);
	snprintf(out, size, "%s%.*s", short_name, (int)columns, tail[level]);
}
