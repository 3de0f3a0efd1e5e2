/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loading.c - cases of cryptodev-evil that load the module again, or end with the host: the used
 * ring, the config space, probing, leaving.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define NAME "virtio_cryptodev"

/* ---- loading and unloading ------------------------------------------------------------ */

int load(const char *args)
{
	return syscall(SYS_finit_module, module, args, 0) ? -errno : 0;
}

int unload(void)
{
	struct timespec pause = {.tv_nsec = 20000000};
	int err = 0;

	/* a child that was killed may still be closing its files */
	for (int i = 0; i < 250; i++) {
		err = syscall(SYS_delete_module, NAME, O_NONBLOCK) ? -errno : 0;
		if (err != -EBUSY && err != -EAGAIN)
			break;
		nanosleep(&pause, NULL);
	}
	return err;
}

/* Loads the module again, and says what is wrong then. */
static const char *anew(void)
{
	int fd, ok;

	if (unload())
		return "the module cannot be unloaded";
	if (load(MODULE_ARGS))
		return "the module cannot be loaded again";
	fd = dev_open();
	if (fd < 0)
		return "no device when loaded anew";
	ok = works(fd);
	close(fd);
	return ok ? NULL : "nothing works when loaded anew";
}

/* ---- the used ring -------------------------------------------------------------------- */

void bad_ring(void)
{
	static const struct {
		const char *name;
		uint32_t what, arg;
	} list[] = {
	    {"id 256", EVIL_ID, 256},
	    {"id 4294967295", EVIL_ID, UINT32_MAX},
	    {"an entry out of thin air", EVIL_ID_FREE, 0},
	    {"the same entry twice", EVIL_REPEAT, 0},
	    {"index jumps by 1", EVIL_JUMP, 1},
	    {"index jumps by 255", EVIL_JUMP, 255},
	    {"index jumps by 256", EVIL_JUMP, 256},
	    {"index jumps by 300", EVIL_JUMP, 300},
	    {"index jumps by 32768", EVIL_JUMP, 32768},
	    {"index goes back", EVIL_JUMP, 65535},
	    {"nonsense in the event index", EVIL_EVENTS, 0},
	};
	static const char *const with[] = {"64 KiB pinned", "batch"};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]) * 2; i++) {
		struct evil_order ord = order(list[i / 2].what, list[i / 2].arg);
		const struct kind *kind = kinds;
		const char *problem, *again;
		struct outcome o;
		int fd = must_open();

		while (strcmp(kind->name, with[i % 2]))
			kind++;
		problem = kind_run(kind, fd, &ord, &o);
		if (!problem && o.err && o.err != -EIO)
			problem = strerror(-o.err);
		if (!problem && !o.err && !o.right)
			problem = "a wrong answer";
		/* Whether it is noticed by the next one, or never: no harm, no wrong answer. */
		ord.what = EVIL_HONEST;
		if (!problem)
			problem = kind_run(&kinds[0], fd, &ord, &o);
		if (!problem && o.err && o.err != -EIO)
			problem = strerror(-o.err);
		close(fd);
		again = anew();
		verdict(list[i / 2].name, kind->name, problem ? problem : again);
	}
	group("the used ring");
}

/* ---- the config space, and probing ---------------------------------------------------- */

void config_changes(int fd)
{
	char detail[32];

	for (uint32_t i = 0; i < EVIL_CONFIG_COUNT; i++) {
		struct evil_order honest = order(EVIL_HONEST, 0);
		const char *problem = NULL;
		struct outcome o;

		tell(fd, EVIL_CONFIG_CHANGED, i);
		for (size_t k = 0; k < kind_count && !problem; k++) {
			problem = kind_run(&kinds[k], fd, &honest, &o);
			if (!problem && (o.err || !o.right))
				problem = o.err ? strerror(-o.err) : "a wrong answer";
		}
		snprintf(detail, sizeof(detail), "config %u", i);
		verdict("config changed", detail, problem);
	}
	tell(fd, EVIL_CONFIG_CHANGED, EVIL_CONFIG_COUNT);
	group("the config space changing during operation");
}

/* Calls of all kinds on a device of a strange configuration: the right answer, or too large for it.
 */
static const char *all_kinds(int fd, uint32_t config)
{
	bool small = config == EVIL_CONFIG_SMALLEST || config == EVIL_CONFIG_REQUEST_4096 ||
		     config == EVIL_CONFIG_SEGMENTS_4;
	bool without_keys = config == EVIL_CONFIG_NO_SLOW_QUEUE || config == EVIL_CONFIG_LARGEST ||
			    config == EVIL_CONFIG_QUEUES_64;
	struct evil_order honest = order(EVIL_HONEST, 0);
	struct outcome o;

	if (config == EVIL_CONFIG_NO_ALGORITHMS)
		return NULL;
	for (size_t k = 0; k < kind_count; k++) {
		const char *problem = kind_run(&kinds[k], fd, &honest, &o);

		if (problem)
			return problem;
		/* what is authenticated cannot be cut */
		if (o.err == -EMSGSIZE && small && !strncmp(kinds[k].name, "GCM", 3))
			continue;
		if (o.err == -EOPNOTSUPP && without_keys && kinds[k].flags & KIND_RETRIED)
			continue;
		if (o.err)
			return strerror(-o.err);
		if (!o.right)
			return "a wrong answer";
	}
	return NULL;
}

/* The module is loaded with an order for its probe; the device must be there, or not. */
static void probe(uint32_t what, uint32_t arg, bool refused)
{
	const char *problem = NULL, *again;
	char detail[32];
	double start;
	int fd = must_open();

	snprintf(detail, sizeof(detail), "%s %u", what == EVIL_NEXT_CONFIG ? "config" : "hello",
		 arg);
	tell(fd, what, arg);
	close(fd);
	if (unload())
		problem = "the module cannot be unloaded";
	start = seconds();
	if (!problem && load(MODULE_ARGS))
		problem = "the module cannot be loaded";
	if (!problem && seconds() - start > 20)
		problem = "it took more than 20 s";
	fd = dev_open();
	if (!problem && (fd < 0) != refused)
		problem = refused ? "it was accepted" : "it was refused";
	if (!problem && fd >= 0)
		problem = all_kinds(fd, arg);
	if (fd >= 0)
		close(fd);
	again = anew();
	verdict("probe", detail, problem ? problem : again);
}

void probes(void)
{
	for (uint32_t i = 0; i < EVIL_CONFIG_COUNT; i++)
		probe(EVIL_NEXT_CONFIG, i, i < EVIL_CONFIG_USABLE);
	for (uint32_t i = 0; i < EVIL_HELLO_COUNT; i++)
		probe(EVIL_NEXT_HELLO, i, true);
	group("probing");
}

/* ---- leaving -------------------------------------------------------------------------- */

/* Programs killed while nobody answers, and the module unloaded over what they left. */
void leave_in_silence(void)
{
	static const char *const with[] = {"64 bytes", "64 KiB pinned", "asynchronous", "batch"};
	const char *problem;

	for (int i = 0; i < 4; i++) {
		pid_t child = fork();
		int status;

		if (!child) {
			struct evil_order ord = order(EVIL_SILENT, 0);
			const struct kind *kind = kinds;
			struct outcome o;

			while (strcmp(kind->name, with[i]))
				kind++;
			kind_run(kind, must_open(), &ord, &o);
			_exit(0);
		}
		usleep(400000);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
	}
	problem = anew();
	verdict("killed in silence, then unloaded", "", problem);
	group("leaving");
}

void hang_up(void)
{
	struct evil_order ord = order(EVIL_HANG_UP, 0);
	int fd = must_open();
	struct outcome o;
	const char *problem;

	problem = kind_run(&kinds[1], fd, &ord, &o);
	if (!problem && o.err != -ENODEV && o.err != -EIO)
		problem = strerror(-o.err);
	verdict("the host hangs up", kinds[1].name, problem);
	ord.what = EVIL_HONEST;
	for (size_t k = 0; k < kind_count; k++) {
		problem = kind_run(&kinds[k], fd, &ord, &o);
		if (!problem && o.err != -ENODEV && o.err != -EIO)
			problem = o.err ? strerror(-o.err) : "it worked";
		verdict("after the host hung up", kinds[k].name, problem);
	}
	close(fd);
	group("a host that went away");
}
