// SPDX-License-Identifier: GPL-2.0-or-later
/* progress.c - how far a transfer is, how fast, and how long it will take. */
#include "chat/progress.h"

#include <inttypes.h>
#include <stdio.h>

#define BAR 20
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

void progress_text(const struct progress *p, const char *name, uint64_t done, char *out,
		   size_t size)
{
	char have[16], total[16], rate[16], eta[32] = "-:--", bar[BAR + 1];
	double part = p->total ? (double)done / (double)p->total : 1;
	double left = p->rate > 1 ? (double)(p->total - done) / p->rate : -1;

	for (int i = 0; i < BAR; i++)
		bar[i] = i < (int)(part * BAR) ? '#' : ' ';
	bar[BAR] = 0;
	if (left >= 0 && left < 3600)
		snprintf(eta, sizeof(eta), "%d:%02d", (int)left / 60, (int)left % 60);
	else if (left >= 0 && left < 360000)
		snprintf(eta, sizeof(eta), "%dh%02d", (int)left / 3600, (int)left / 60 % 60);
	snprintf(out, size, "%.40s %3d %% [%s] %s/%s  %s/s  %s", name, (int)(part * 100), bar,
		 progress_size((double)done, have), progress_size((double)p->total, total),
		 progress_size(p->rate, rate), eta);
}
