/* SPDX-License-Identifier: GPL-2.0-or-later */
/* meter.c - how often keys were used, and how often they may be. See meter.h. */
#include "keeper/meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S 1000000000u

/* FNV-1a over both names; whoever chooses them may write the policy. */
static unsigned int bucket_of(const char *vm, const char *label)
{
	uint32_t hash = 2166136261u;

	for (; *vm; vm++)
		hash = (hash ^ (uint8_t)*vm) * 16777619u;
	hash = (hash ^ '/') * 16777619u;
	for (; *label; label++)
		hash = (hash ^ (uint8_t)*label) * 16777619u;
	return hash % METER_BUCKETS;
}

struct meter *meter_find(const struct meters *meters, const char *vm, const char *label)
{
	struct meter *meter;

	for (meter = meters->buckets[bucket_of(vm, label)]; meter; meter = meter->next)
		if (!strcmp(meter->vm, vm) && !strcmp(meter->label, label))
			break;
	return meter;
}

struct meter *meter_of(struct meters *meters, const char *vm, const char *label)
{
	struct meter **bucket = &meters->buckets[bucket_of(vm, label)];
	struct meter *meter = meter_find(meters, vm, label);

	if (meter)
		return meter;
	meter = calloc(1, sizeof(*meter));
	if (!meter)
		return NULL;
	(void)snprintf(meter->vm, sizeof(meter->vm), "%s", vm);
	(void)snprintf(meter->label, sizeof(meter->label), "%s", label);
	meter->next = *bucket;
	*bucket = meter;
	return meter;
}

void meters_each(const struct meters *meters, void (*see)(void *arg, const struct meter *meter),
		 void *arg)
{
	for (unsigned int i = 0; i < METER_BUCKETS; i++)
		for (const struct meter *meter = meters->buckets[i]; meter; meter = meter->next)
			see(arg, meter);
}

void meters_free(struct meters *meters)
{
	for (unsigned int i = 0; i < METER_BUCKETS; i++)
		while (meters->buckets[i]) {
			struct meter *meter = meters->buckets[i];

			meters->buckets[i] = meter->next;
			free(meter);
		}
}

uint64_t meter_wait(struct meter *meter, unsigned int rate, unsigned int burst, uint64_t now,
		    uint64_t patience)
{
	uint64_t each, ahead, due, wait;

	if (!rate)
		return 0;
	each = S / rate;
	/* The first operation of a burst is free of waiting, too. */
	ahead = each * ((burst ? burst : 1) - 1);
	due = meter->due > now ? meter->due : now;
	wait = due - now > ahead ? due - now - ahead : 0;
	if (wait > patience)
		return UINT64_MAX;
	meter->due = due + each;
	return wait;
}
