/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device.c - the device object: limits, config space, batches. See device.h and state.h. */
#include "device/state.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/random.h>

#include "device/counters.h"
#include "device/request.h"

/* Bounds of the options. */
#define MIN_REQUEST 4096u
#define MAX_REQUEST (16u << 20)
#define MIN_SEGMENTS 4u
#define MAX_SEGMENTS 32768u /* longest queue of virtio, hence longest chain */
#define MAX_THREADS VCD_MAX_QUEUES

static int options_check(struct vdev_options *options)
{
	if (!options->max_sessions)
		options->max_sessions = VDEV_DEFAULT_MAX_SESSIONS;
	if (!options->max_request)
		options->max_request = VDEV_DEFAULT_MAX_REQUEST;
	if (!options->max_segments)
		options->max_segments = VDEV_DEFAULT_MAX_SEGMENTS;
	if (!options->engine || !options->threads || options->threads > MAX_THREADS ||
	    options->threads > options->engine->threads ||
	    options->inline_threads > options->threads)
		return -EINVAL;
	if (!options->num_queues || options->num_queues > VCD_MAX_QUEUES ||
	    options->slow_queues > VCD_MAX_QUEUES - options->num_queues)
		return -EINVAL;
	if (!options->keys != !options->slow_queues || options->slow_queues >= options->threads)
		return -EINVAL;
	if (options->max_sessions > VDEV_SESSION_TABLE_MAX || options->max_request < MIN_REQUEST ||
	    options->max_request > MAX_REQUEST || options->max_segments < MIN_SEGMENTS ||
	    options->max_segments > MAX_SEGMENTS)
		return -EINVAL;
	return 0;
}

static void bitmap_set(__le64 map[2], uint32_t id)
{
	map[id / 64] |= htole64(UINT64_C(1) << id % 64);
}

static void config_fill(struct vcd_config *config, const struct vdev_options *options,
			uint32_t epoch)
{
	const struct eng_alg *alg;

	*config = (struct vcd_config){
	    .version = htole32(VCD_PROTOCOL_VERSION),
	    .num_queues = htole32(options->num_queues),
	    .max_request = htole32(options->max_request),
	    .max_segments = htole32(options->max_segments),
	    .max_sessions = htole32(options->max_sessions),
	    .max_aad = htole32(VDEV_MAX_AAD),
	    .epoch = htole32(epoch),
	    .poll_us = htole32(options->poll_us),
	    .slow_queues = htole32(options->slow_queues),
	};
	for (size_t i = 0; (alg = eng_alg_at(i)); i++) {
		bool cipher = alg->kind == ENG_ALG_CIPHER || alg->kind == ENG_ALG_AEAD;

		if (alg->id >= 128 ||
		    !eng_has(options->engine, cipher ? alg : NULL, cipher ? NULL : alg))
			continue;
		if (alg->kind == ENG_ALG_CIPHER)
			bitmap_set(config->ciphers, alg->id);
		else if (alg->kind == ENG_ALG_AEAD)
			bitmap_set(config->aeads, alg->id);
		else
			bitmap_set(config->macs, alg->id);
	}
}

static int threads_new(struct vdev *device)
{
	unsigned int n = device->options.threads;
	struct vdev_counters *counters = device->options.counters;

	device->threads =
	    aligned_alloc(_Alignof(struct vdev_thread), n * sizeof(struct vdev_thread));
	if (device->threads)
		memset(device->threads, 0, n * sizeof(struct vdev_thread));
	if (!counters) {
		counters = aligned_alloc(_Alignof(struct vdev_counters), n * sizeof(*counters));
		device->counters = counters;
	}
	if (!device->threads || !counters)
		return -ENOMEM;
	if (device->counters)
		memset(counters, 0, n * sizeof(*counters));
	for (unsigned int i = 0; i < n; i++)
		if (vdev_batch_init(&device->threads[i].batch, device->options.engine, i,
				    &counters[i], device->options.max_request))
			return -ENOMEM;
	for (unsigned int i = n - device->options.slow_queues; i < n; i++) {
		device->threads[i].keys = vdev_key_batch_new();
		if (!device->threads[i].keys)
			return -ENOMEM;
	}
	return 0;
}

int vdev_new_at(const struct vdev_options *options, uint64_t seed, uint32_t epoch,
		struct vdev **ret)
{
	struct vdev *device = calloc(1, sizeof(*device));
	int error;

	if (!device)
		return -ENOMEM;
	device->options = *options;
	error = options_check(&device->options);
	if (!error)
		error =
		    vdev_session_table_init(&device->table, device->options.max_sessions,
					    device->options.threads, seed, device->options.serial);
	if (error) {
		free(device);
		return error;
	}
	device->table.keys = device->options.keys;
	error = threads_new(device);
	if (error) {
		vdev_free(device);
		return error;
	}
	config_fill(&device->config, &device->options, epoch);
	*ret = device;
	return 0;
}

int vdev_new(const struct vdev_options *options, struct vdev **ret)
{
	struct vdev_options checked = *options;
	struct {
		uint64_t serial;
		uint32_t epoch;
		uint32_t pad;
	} chance;
	uint64_t seed;
	int error;

	error = options_check(&checked);
	if (error)
		return error;
	if (getrandom(&chance, sizeof(chance), 0) != sizeof(chance))
		return -EIO;
	seed = vdev_session_table_seed(checked.max_sessions, chance.serial);
	return vdev_new_at(&checked, seed, chance.epoch, ret);
}

void vdev_rest(struct vdev *device, unsigned int thread)
{
	vdev_arena_wipe(&device->threads[thread].batch.arena);
}

static void thread_fini(struct vdev_thread *thread)
{
	vdev_arena_fini(&thread->batch.arena);
	vdev_key_batch_free(thread->keys);
}

struct vdev *vdev_free(struct vdev *device)
{
	if (!device)
		return NULL;
	vdev_session_table_fini(&device->table);
	for (unsigned int i = 0; device->threads && i < device->options.threads; i++)
		thread_fini(&device->threads[i]);
	free(device->threads);
	free(device->counters);
	free(device);
	return NULL;
}

void vdev_config(const struct vdev *device, struct vcd_config *config)
{
	*config = device->config;
}

uint64_t vdev_features(const struct vdev *device)
{
	return device->options.keys ? UINT64_C(1) << VIRTIO_CRYPTODEV_F_KEY_NAME |
					  UINT64_C(1) << VIRTIO_CRYPTODEV_F_ASYM
				    : 0;
}

struct engine *vdev_engine(const struct vdev *device)
{
	return device->options.engine;
}

size_t vdev_sessions(struct vdev *device, uint32_t *cursor, struct vdev_session_entry entries[],
		     size_t max)
{
	size_t n = 0;

	while (n < max && vdev_session_table_next(&device->table, cursor, &entries[n].id,
						  &entries[n].cipher, &entries[n].mac))
		n++;
	return n;
}

void vdev_end_sessions(struct vdev *device)
{
	vdev_session_table_clear(&device->table);
}

bool vdev_is_tidy(const struct vdev *device)
{
	return atomic_load(&device->table.first_retired) == VDEV_SLOT_NONE;
}

bool vdev_tidy(struct vdev *device)
{
	return vdev_session_table_reclaim(&device->table, VDEV_TIDY_SHARE) != 0;
}

void vdev_reset(struct vdev *device)
{
	vdev_end_sessions(device);
	while (vdev_tidy(device))
		;
}

void vdev_thread_section_end(struct vdev *device, struct vdev_thread *thread)
{
	size_t budget = thread->ended + VDEV_RECLAIM_SHARE;
	size_t freed = vdev_section_end(&device->table, thread->batch.number, budget);

	/* Sessions that another section may use are tried again at the end of the next section. */
	thread->ended = vdev_is_tidy(device) ? 0 : thread->ended - MIN(thread->ended, freed);
}

void vdev_execute(struct vdev *device, unsigned int thread_number,
		  struct vdev_request *const requests[], size_t n)
{
	struct vdev_thread *thread = &device->threads[thread_number];

	thread->usage.requests += n;
	vdev_section_begin(&device->table, thread_number);
	vdev_requests_parse(device, thread, requests, n);
	vdev_batch_flush(&thread->batch);
	vdev_thread_section_end(device, thread);
	if (thread->keys)
		vdev_key_batch_run(device, thread);
	vdev_count(&thread->batch.counters->batches, 1);
}

void vdev_hurry_keys(struct vdev *device, bool on)
{
	const struct vdev_key_service *keys = device->options.keys;

	if (keys)
		keys->hurry(keys->arg, on);
}

void vdev_set_token(struct vdev *device, unsigned int thread, uint64_t first)
{
	if (device->threads[thread].keys)
		device->threads[thread].keys->token = first;
}
