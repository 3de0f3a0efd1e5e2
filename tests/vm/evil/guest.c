/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest.c - cryptodev-evil: what the driver does about a host that lies.
 *
 * Theory of operation
 * -------------------
 * Each case is an order for cryptodev-evil-host (evil.h) and what has to become of the calls that
 * meet it. Replies are spoilt for calls of every kind (kinds.c). Where the ring itself is spoilt,
 * the driver gives it up: calls fail until the module is loaded anew, which the case does, and then
 * all has to work. That the kernel says nothing meanwhile is for whoever started the guest to see.
 *
 *	cryptodev-evil MODULE.ko	all cases; with a number those of that group
 *	cryptodev-evil hang-up		the host goes away with requests in its hands
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kinds.h"
#include "virtio_cryptodev.h"
#include "tests/vm/guest/dev.h"
#include "tests/vm/guest/ref.h"

/* Long enough for an honest answer on a busy machine, short enough to wait for often. */
#define TIMEOUT_MS 1500
#define MODULE_ARGS "timeout_ms=1500"
#define NAME "virtio_cryptodev"

static unsigned int cases, failures;
static int module = -1;
/* Cases of many kinds: a line for all of them. */
static bool quiet;
static double since;

static void verdict(const char *name, const char *detail, const char *problem)
{
	cases++;
	if (!problem && !quiet)
		printf("ok %s%s%s\n", name, *detail ? ", " : "", detail);
	if (!problem)
		return;
	failures++;
	printf("FAILED %s%s%s: %s\n", name, *detail ? ", " : "", detail, problem);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void group(const char *name)
{
	static unsigned int last;

	printf("# %u cases of %s, %.0f s\n", cases - last, name, seconds() - since);
	last = cases;
	since = seconds();
}

static struct evil_order order(uint32_t what, uint32_t arg)
{
	return (struct evil_order){.magic = EVIL_MAGIC, .what = what, .arg = arg};
}

static int must_open(void)
{
	int fd = dev_open();

	if (fd < 0) {
		dev_explain(fd);
		printf("FAILED: no device\n");
		exit(1);
	}
	return fd;
}

/* An order that is carried out when its session is made. */
static void tell(int fd, uint32_t what, uint32_t arg)
{
	struct evil_order o = order(what, arg);
	uint32_t ses;

	if (dev_session(fd, CRYPTO_AES_CBC, &o, sizeof(o), &ses) || dev_end(fd, ses)) {
		printf("FAILED: the host takes no orders\n");
		exit(1);
	}
}

static bool works(int fd)
{
	struct evil_order honest = order(EVIL_HONEST, 0);
	struct outcome o;

	return !kind_run(&kinds[0], fd, &honest, &o) && !o.err && o.right;
}

/* ---- replies -------------------------------------------------------------------------- */

/* What a status means to a program: docs/device-spec.md, 2.4. */
static int status_errno(uint32_t status, const struct kind *kind)
{
	static const int table[] = {0,	    EINVAL, EINVAL, EIO,      EINVAL, EINVAL, EBADMSG,
				    ENOSPC, ENOMEM, EBUSY,  EMSGSIZE, EIO,    EIO,    EPROTO};

	if (status == 9 && kind->flags & KIND_ASYNC)
		return -EAGAIN;
	return status < sizeof(table) / sizeof(table[0]) ? -table[status] : -EIO;
}

enum expectation { RIGHT, NO_ERROR, IS_EIO, IS_EIO_OR_SHORT, BY_STATUS, HARMLESS };

struct reply_case {
	const char *name;
	uint32_t what, arg;
	enum expectation expect;
};

static const struct reply_case replies[] = {
    {"honest", EVIL_HONEST, 0, RIGHT},
    {"used length 0", EVIL_USED, 0, IS_EIO},
    {"used length 31", EVIL_USED, 31, IS_EIO},
    {"used length 32", EVIL_USED, 32, IS_EIO},
    {"used length 4294967295", EVIL_USED, UINT32_MAX, IS_EIO},
    {"used length one less", EVIL_USED_ADD, UINT32_MAX, IS_EIO},
    {"used length one more", EVIL_USED_ADD, 1, IS_EIO},
    {"output one more", EVIL_OUT_ADD, 1, IS_EIO_OR_SHORT},
    {"output 4096 more", EVIL_OUT_ADD, 4096, IS_EIO},
    {"output one less", EVIL_OUT_ADD, UINT32_MAX, IS_EIO_OR_SHORT},
    {"output 4294967295", EVIL_OUT, UINT32_MAX, IS_EIO},
    {"output 2147483647", EVIL_OUT, INT32_MAX, IS_EIO},
    {"no output", EVIL_OUT, 0, IS_EIO_OR_SHORT},
    {"error with output", EVIL_STATUS_DATA, VCD_S_IO, IS_EIO},
    {"unknown status with output", EVIL_STATUS_DATA, 77, IS_EIO},
    {"status 2147483648", EVIL_STATUS, 0x80000000u, IS_EIO},
    {"status 14", EVIL_STATUS, VCD_S_COUNT, IS_EIO},
    {"nothing written", EVIL_NOT_WRITTEN, 0, IS_EIO},
    {"output claimed, not written", EVIL_HEADER_ONLY, 0, HARMLESS},
    {"noise", EVIL_NOISE, 0, HARMLESS},
    {"a random IV", EVIL_IV, 0, NO_ERROR},
    {"stale for ever", EVIL_STALE, 0, IS_EIO},
    {"lost once", EVIL_STALE_ONCE, 1, RIGHT},
};

/* What was there before, or what the driver puts where nobody wrote. */
static bool is_clean(const struct outcome *o)
{
	for (size_t i = 0; i < o->out_len; i++)
		if (o->out[i] && o->out[i] != KIND_FILL)
			return false;
	return true;
}

static const char *judge(const struct reply_case *c, const struct kind *kind,
			 const struct outcome *o)
{
	static char text[128];
	int want = 0;

	switch (c->expect) {
	case RIGHT:
	case NO_ERROR:
		break;
	case IS_EIO:
		want = -EIO;
		break;
	case IS_EIO_OR_SHORT:
		want = kind->flags & KIND_SHORT_OK ? 0 : -EIO;
		break;
	case BY_STATUS:
		want = status_errno(c->arg, kind);
		break;
	case HARMLESS:
		want = o->err; /* any */
		break;
	}
	/* Session information has no IV, and a header of noise is a wrong length. */
	if (o->err != want) {
		snprintf(text, sizeof(text), "%s instead of %s", strerror(-o->err),
			 strerror(-want));
		return text;
	}
	if (c->expect == RIGHT && !o->right)
		return "a wrong answer";
	if (c->what == EVIL_HEADER_ONLY && o->out && !is_clean(o))
		return "memory that nobody wrote reached the program";
	return NULL;
}

static void reply_case(int fd, const struct reply_case *c)
{
	quiet = true;
	for (size_t k = 0; k < kind_count; k++) {
		struct evil_order ord = order(c->what, c->arg);
		const char *problem;
		struct outcome o;

		/* It goes on counting when the session is made again. */
		ord.zero = (uint32_t)k + 100;
		problem = kind_run(&kinds[k], fd, &ord, &o);
		if (!problem)
			problem = judge(c, &kinds[k], &o);
		verdict(c->name, kinds[k].name, problem);
		if (!works(fd))
			verdict(c->name, kinds[k].name, "nothing works afterwards");
	}
	quiet = false;
	if (c->expect == BY_STATUS)
		printf("done %s, status %u: all kinds\n", c->name, c->arg);
	else
		printf("done %s: all kinds\n", c->name);
}

static void bad_replies(int fd)
{
	struct reply_case c = {"engine failure", EVIL_STATUS, 0, BY_STATUS};

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		reply_case(fd, &replies[i]);
	/* Each status that a request can fail with. */
	for (c.arg = 1; c.arg < VCD_S_COUNT; c.arg++)
		if (c.arg != VCD_S_STALE)
			reply_case(fd, &c);
	group("replies");
}

/* ---- making sessions ------------------------------------------------------------------ */

static void bad_creation(int fd)
{
	static const struct {
		uint32_t what, arg;
		int want;
	} list[] = {
	    {EVIL_CREATE_USED, 0, -EIO},      {EVIL_CREATE_USED, 31, -EIO},
	    {EVIL_CREATE_USED, 33, -EIO},     {EVIL_CREATE_USED, UINT32_MAX, -EIO},
	    {EVIL_CREATE_OUT, 1, -EIO},	      {EVIL_CREATE_OUT, UINT32_MAX, -EIO},
	    {EVIL_CREATE_ID, 0, -EIO},	      {EVIL_CREATE_STATUS, 3, -EIO},
	    {EVIL_CREATE_STATUS, 1, -EINVAL}, {EVIL_CREATE_STATUS, 7, -ENOSPC},
	    {EVIL_CREATE_STATUS, 9, -EBUSY},  {EVIL_CREATE_STATUS, 99, -EIO},
	    {EVIL_CREATE_SILENT, 0, -EIO},    {EVIL_CREATE_LATE, 2 * TIMEOUT_MS, -EIO},
	};
	char detail[64];

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct evil_order ord = order(list[i].what, list[i].arg);
		uint32_t ses;
		int err = dev_session(fd, CRYPTO_AES_CBC, &ord, sizeof(ord), &ses);

		snprintf(detail, sizeof(detail), "order %u %u", list[i].what, list[i].arg);
		verdict("creation", detail,
			err != list[i].want ? strerror(-err)
			: !works(fd)	    ? "nothing works afterwards"
					    : NULL);
	}
	/* An id that the device does not know: lost, as far as the driver can tell. */
	{
		struct evil_order ord = order(EVIL_CREATE_ID, 12345);
		struct outcome o;
		const char *problem = kind_run(&kinds[0], fd, &ord, &o);

		verdict("creation", "a wrong id",
			problem		? problem
			: o.err != -EIO ? strerror(-o.err)
					: NULL);
	}
	group("creation");
}

/* ---- sessions lost on the way --------------------------------------------------------- */

#define LONG (700u << 10)

static const char *long_mac(int fd, uint32_t at, bool cipher, bool in_place, int want)
{
	static const uint8_t mackey[20] = {4}, iv[16];
	struct evil_order ord = order(EVIL_STALE_ONCE, at);
	uint8_t *src = malloc(LONG), *dst = in_place ? src : malloc(LONG), digest[32], right[32];
	uint8_t *cipher_right = malloc(LONG);
	struct crypt_op op = {
	    .src = src, .dst = dst, .len = LONG, .mac = digest, .iv = (uint8_t *)iv};
	const char *problem = NULL;
	int err;

	if (!src || !dst || !cipher_right)
		exit(2);
	ord.zero = at * 4 + cipher * 2 + in_place; /* go on counting when made again */
	for (size_t i = 0; i < LONG; i++)
		src[i] = (uint8_t)(i * 3 + i / 200);
	if (cipher) {
		err = dev_mac_session(fd, CRYPTO_AES_CBC, &ord, 16, CRYPTO_SHA1_HMAC, mackey, 20,
				      &op.ses);
		ref_digest(ref_mac_find(CRYPTO_SHA1_HMAC), mackey, 20, src, LONG, right);
		ref_once(CRYPTO_AES_CBC, (uint8_t *)&ord, 16, 0, iv, src, cipher_right, LONG, NULL);
	} else {
		err = dev_mac_session(fd, 0, NULL, 0, CRYPTO_SHA2_256_HMAC, &ord, 16, &op.ses);
		ref_digest(ref_mac_find(CRYPTO_SHA2_256_HMAC), (uint8_t *)&ord, 16, src, LONG,
			   right);
	}
	if (!err)
		err = dev_ioctl(fd, CIOCCRYPT, &op);
	if (err != want)
		problem = strerror(-err);
	else if (!err && memcmp(digest, right, cipher ? 20 : 32))
		problem = "a wrong digest";
	else if (!err && cipher && memcmp(dst, cipher_right, LONG))
		problem = "wrong data";
	dev_end(fd, op.ses);
	free(cipher_right);
	if (!in_place)
		free(dst);
	free(src);
	return problem;
}

/* A single call that is cut is repeated from its start, if its source is still there. */
static void lost_on_the_way(int fd)
{
	char detail[64];

	for (uint32_t at = 1; at <= 4; at++) {
		for (int how = 0; how < 3; how++) {
			int want = how == 2 && at > 1 && at <= 3 ? -EIO : 0;

			snprintf(detail, sizeof(detail), "%s, at part %u",
				 how == 0   ? "MAC"
				 : how == 1 ? "cipher and MAC"
					    : "cipher and MAC in place",
				 at);
			verdict("lost", detail, long_mac(fd, at, how > 0, how == 2, want));
		}
	}
	group("sessions lost while a long call is on its way");
}

/* ---- time ----------------------------------------------------------------------------- */

static void late_answers(int fd)
{
	for (size_t k = 0; k < kind_count; k++) {
		struct evil_order ord = order(k % 2 ? EVIL_LATE : EVIL_SILENT, TIMEOUT_MS + 300);
		double start = seconds();
		const char *problem;
		struct outcome o;

		problem = kind_run(&kinds[k], fd, &ord, &o);
		if (!problem && o.err != -EIO)
			problem = o.err ? strerror(-o.err) : "it was waited for";
		if (!problem && seconds() - start > 20)
			problem = "it took more than 20 s";
		verdict(k % 2 ? "answered after the timeout" : "never answered", kinds[k].name,
			problem);
		if (!works(fd))
			verdict("time", kinds[k].name, "nothing works afterwards");
	}
	group("answers too late or never");
}

/* The order of answers is the device's own affair. */
static void reordered(int fd)
{
	struct evil_order ord = order(EVIL_LIFO, 8);
	const char *problem = NULL;
	struct outcome o;

	for (size_t k = 0; k < kind_count; k++)
		if (!strcmp(kinds[k].name, "batch"))
			problem = kind_run(&kinds[k], fd, &ord, &o);
	verdict("answers in reverse order", "",
		problem	  ? problem
		: o.err	  ? strerror(-o.err)
		: o.right ? NULL
			  : "a wrong answer");
	group("order");
}

/* ---- one process floods the queue ----------------------------------------------------- */

static uint32_t flood_session(int fd, uint32_t what)
{
	struct evil_order ord = order(what, 0);
	uint32_t ses = 0;

	dev_session(fd, CRYPTO_AES_CBC, &ord, sizeof(ord), &ses);
	return ses;
}

/*
 * Submits from many files until it has to wait, which must happen: the answers are held. Says
 * through @count how many operations went in.
 */
static _Noreturn void flooder(unsigned int *count)
{
	static uint8_t buf[64], iv[16];

	for (int file = 0; file < 8; file++) {
		int fd = dev_open();
		uint32_t ses = fd < 0 ? 0 : flood_session(fd, EVIL_HOLD);
		struct crypt_op op = {.ses = ses, .src = buf, .dst = buf, .len = 64, .iv = iv};

		for (int i = 0; ses && i < 64; i++) {
			if (dev_ioctl(fd, CIOCASYNCCRYPT, &op))
				_exit(1);
			__atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
		}
	}
	_exit(0);
}

/* Until the number stays what it is for a while. */
static unsigned int settled(const unsigned int *count)
{
	unsigned int last = 0, now, same = 0;
	struct timespec pause = {.tv_nsec = 50000000};

	while (same < 6) {
		nanosleep(&pause, NULL);
		now = __atomic_load_n(count, __ATOMIC_SEQ_CST);
		same = now == last && now ? same + 1 : 0;
		last = now;
	}
	return last;
}

/*
 * With the answers of one process held, another one is served at once. Without a share for each
 * process the ring (256 entries) would be full of the first one's.
 */
static void flooded(int fd)
{
	unsigned int *count =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char detail[64];
	unsigned int went;
	pid_t child;
	int status;

	if (count == MAP_FAILED)
		exit(2);
	child = fork();
	if (!child)
		flooder(count);
	went = settled(count);
	snprintf(detail, sizeof(detail), "%u of 512 went in", went);
	printf("# flooding: %s\n", detail);
	verdict("flooding", detail, went > 64 ? "more than its share" : NULL);
	for (int i = 0; i < 100; i++)
		if (!works(fd)) {
			verdict("flooding", detail, "another process is not served");
			break;
		}
	/* It can be killed while it waits; what it left in the ring is its own. */
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	verdict("flooding", "another process afterwards", works(fd) ? NULL : "nothing works");
	tell(fd, EVIL_RELEASE, 0);
	verdict("flooding", "after the release", works(fd) ? NULL : "nothing works");
	munmap(count, 4096);
	group("flooding");
}

/* ---- loading and unloading ------------------------------------------------------------ */

static int load(const char *args)
{
	return syscall(SYS_finit_module, module, args, 0) ? -errno : 0;
}

static int unload(void)
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

/* Loads the module anew, and says what is wrong then. */
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

static void bad_ring(void)
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

static void config_changes(int fd)
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
	if (!problem && fd >= 0 && arg < EVIL_CONFIG_NO_ALGORITHMS && !works(fd))
		problem = "nothing works";
	if (fd >= 0)
		close(fd);
	again = anew();
	verdict("probe", detail, problem ? problem : again);
}

static void probes(void)
{
	for (uint32_t i = 0; i < EVIL_CONFIG_COUNT; i++)
		probe(EVIL_NEXT_CONFIG, i, i < EVIL_CONFIG_USABLE);
	for (uint32_t i = 0; i < EVIL_HELLO_COUNT; i++)
		probe(EVIL_NEXT_HELLO, i, true);
	group("probing");
}

/* ---- leaving -------------------------------------------------------------------------- */

/* Programs killed while nobody answers, and the module unloaded over what they left. */
static void leave_in_silence(void)
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

static int hang_up(void)
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
	return failures ? 1 : 0;
}

/* Groups of cases that leave the device in order; and those that load the module anew. */
static void (*const groups[])(int fd) = {bad_replies, bad_creation, lost_on_the_way, late_answers,
					 reordered,   flooded,	    config_changes};
static void (*const reloads[])(void) = {bad_ring, probes, leave_in_silence};

/* All groups, or number @only. */
static void run(int only)
{
	const int n = sizeof(groups) / sizeof(groups[0]);
	int fd;

	if (unload() || load(MODULE_ARGS)) {
		printf("FAILED: the module cannot be loaded anew\n");
		exit(1);
	}
	fd = must_open();
	for (int i = 0; i < n; i++)
		if (only < 0 || only == i)
			groups[i](fd);
	close(fd);
	for (int i = 0; i < (int)(sizeof(reloads) / sizeof(reloads[0])); i++)
		if (only < 0 || only == n + i)
			reloads[i]();
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--version"))
		return puts("cryptodev-evil " VCD_VERSION) < 0;
	if (argc < 2 || argc > 3 || !strcmp(argv[1], "--help")) {
		bool help = argc == 2;

		fputs(
		    "usage: cryptodev-evil MODULE.ko [GROUP] | hang-up\n"
		    "Makes calls of all kinds on a device whose host, cryptodev-evil-host, lies.\n"
		    "Needs root; loads and unloads the module.\n\n"
		    "Exit status: 0 the driver bore all of it, 1 it did not, 2 wrong usage.\n",
		    help ? stdout : stderr);
		return help ? 0 : 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(argv[1], "hang-up"))
		return hang_up();
	module = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (module < 0) {
		perror(argv[1]);
		return 2;
	}
	since = seconds();
	run(argc == 3 ? atoi(argv[2]) : -1);
	printf("%u cases, %u failed\n", cases, failures);
	return failures ? 1 : 0;
}
