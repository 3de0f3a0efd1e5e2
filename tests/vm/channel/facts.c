// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints what the command line of a guest has to say: the device's id, the size of its
 * configuration, and the frequency of this host's time-stamp counter in kHz.
 *
 * A guest under emulation reads the host's counter. On a busy host its own way of finding the
 * frequency (counting during some milliseconds of an emulated timer) can be wrong by factors, and
 * then its clock runs so fast that it reports stalls.
 */
#include <linux/types.h>

#include "../../../include/virtio_cryptodev.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

enum { TRIES = 1000, SPAN_NS = 50000000 };

struct moment {
	int64_t ns;
	uint64_t ticks;
};

/* Counter and clock at one moment: the try with the least time between two readings of the counter.
 */
static struct moment moment_now(void)
{
	struct moment best = {0};
	uint64_t width = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		struct timespec ts;
		uint64_t before = __rdtsc(), after;

		clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
		after = __rdtsc();
		if (after - before < width) {
			width = after - before;
			best.ns = ts.tv_sec * 1000000000LL + ts.tv_nsec;
			best.ticks = before + width / 2;
		}
	}
	return best;
}

int main(void)
{
	const struct timespec span = {.tv_nsec = SPAN_NS};
	struct moment first = moment_now(), last;

	nanosleep(&span, NULL);
	last = moment_now();
	printf("%d %zu %.0f\n", VIRTIO_ID_CRYPTODEV, sizeof(struct vcd_config),
	       (double)(last.ticks - first.ticks) * 1e6 / (double)(last.ns - first.ns));
	return 0;
}
