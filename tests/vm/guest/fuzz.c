/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.c - cryptodev-fuzz: calls that make no sense, and the memory, descriptors, sessions and
 * processes of calls that do taken away while they run.
 *
 * Theory of operation
 * -------------------
 * Some processes of some threads each share descriptors and sessions (a file of the parent's is
 * shared by all). Callers make random ioctls: mostly ours, with fields that are right, near the
 * edge, or anything. One thread unmaps, protects and replaces the memory that the others' calls
 * are on, and closes, duplicates and reopens their descriptors. The parent kills a process now
 * and then and starts another. What is looked for is what the kernel says of it; here, only that
 * every errno is one that the interface has, that calls succeed too, and that the device works
 * at the end.
 *
 * A random address is never one where this program keeps something: it lies in the arena, at
 * its edges, or where no program has memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dev.h"
#include "rand.h"
#include "ref.h"

#define ARENA (1u << 20)
#define PAGE 4096u
#define FILES 6
#define SESSIONS 6
#define CALLERS 3
#define MAX_PROCESSES 32
#define BATCH 80u
#define ERRNOS 134

enum {
	N_CRIOGET,
	N_GSESSION,
	N_FSESSION,
	N_CRYPT,
	N_SESSINFO,
	N_AUTH,
	N_SUBMIT,
	N_FETCH,
	N_CPHASH,
	N_BATCH,
	N_ASYMFEAT,
	N_OTHER,
	N_POLL,
	N_KINDS
};

static const char *const kind_names[N_KINDS] = {
    "CRIOGET",	     "CIOCGSESSION",   "CIOCFSESSION",	 "CIOCCRYPT",  "CIOCGSESSINFO",
    "CIOCAUTHCRYPT", "CIOCASYNCCRYPT", "CIOCASYNCFETCH", "CIOCCPHASH", "CIOCCRYPTBATCH",
    "CIOCASYMFEAT",  "other ioctls",   "poll",
};

/* Shared by all processes. */
static struct shared {
	uint64_t calls, good[N_KINDS], errnos[ERRNOS];
	int stop, wrong;
} * all;

static struct {
	unsigned long seconds, calls, processes;
	uint64_t seed;
} options = {.seconds = 10, .calls = ~0ul, .processes = 3};

/* What the threads of a process share; races on it are part of the game. */
static struct {
	int fd[FILES];
	uint32_t ses[FILES][SESSIONS];
	uint8_t *arena;
} proc;

struct caller {
	struct rnd r;
	uint32_t file; /* of the present call */
	uint8_t *args; /* a page and a half for structures, then no page */
	/* of CRYPT_BATCH_MAX: a count that is made up may be one that the call takes */
	struct crypt_op *ops;
	int32_t *status;
};

static bool is_ok(int err)
{
	static const int known[] = {0,	    EINVAL, EFAULT, EBUSY,  EBADMSG, ENOENT,  EDEADLK,
				    ENOMEM, ENOSPC, EBADF,  EMFILE, ENOTTY,  EMSGSIZE};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (err == known[i])
			return true;
	return false;
}

static uint8_t *arena_map(void *at)
{
	return mmap(at, ARENA, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1, 0);
}

/* Somewhere to read or write; mostly in the arena. */
static uint8_t *pointer(struct rnd *r)
{
	static const uint64_t nowhere[] = {0,
					   1,
					   PAGE - 1,
					   0x7ffffffff000,
					   0x7fffffffffff,
					   0x800000000000,
					   0xffff800000000000,
					   0xffffffff81000000,
					   0xfffffffffffffff0};
	uint8_t *edge = proc.arena + ARENA;

	switch (rnd_below(r, 40)) {
	case 0:
		return (uint8_t *)(uintptr_t)nowhere[rnd_below(r, 9)];
	case 1:
		return (uint8_t *)(uintptr_t)(rnd_u64(r) | 1ull << 63);
	case 2: /* just before, or in, what cannot be touched */
		return edge - rnd_below(r, 64) + rnd_below(r, 20);
	case 3:
		return edge - PAGE * (1 + rnd_below(r, 20)) - rnd_below(r, 2);
	case 4:
	case 5:
		return proc.arena + rnd_below(r, ARENA);
	default:
		return proc.arena + PAGE * rnd_below(r, ARENA / PAGE / 2) +
		       (rnd_below(r, 3) ? 0 : rnd_below(r, PAGE));
	}
}

static uint32_t length(struct rnd *r)
{
	switch (rnd_below(r, 12)) {
	case 0:
		return (uint32_t)rnd_u64(r);
	case 1:
		return 0xffffffff - rnd_below(r, 64);
	case 2:
		return rnd_below(r, 2 * ARENA);
	case 3:
		return rnd_below(r, 70);
	case 4:
	case 5:
		return 16 * rnd_below(r, 5000);
	default:
		return 16 * rnd_below(r, 300);
	}
}

static uint32_t algorithm(struct rnd *r, bool cipher)
{
	static const uint32_t ciphers[] = {0,
					   CRYPTO_AES_CBC,
					   CRYPTO_AES_CBC,
					   CRYPTO_AES_CTR,
					   CRYPTO_AES_GCM,
					   CRYPTO_AES_CCM,
					   CRYPTO_CHACHA20_POLY1305,
					   CRYPTO_NULL,
					   CRYPTO_AES_XTS,
					   CRYPTO_3DES_CBC};
	static const uint32_t macs[] = {0,
					0,
					CRYPTO_SHA1,
					CRYPTO_SHA2_256,
					CRYPTO_SHA1_HMAC,
					CRYPTO_SHA2_512_HMAC,
					CRYPTO_AES_CMAC};

	if (!rnd_below(r, 12))
		return rnd_below(r, 2) ? rnd_below(r, 140) : (uint32_t)rnd_u64(r);
	return cipher ? ciphers[rnd_below(r, 10)] : macs[rnd_below(r, 7)];
}

/* Mostly one of the file that the call is made on. */
static uint32_t session(struct caller *c)
{
	uint32_t dice = rnd_below(&c->r, 20);
	uint32_t file = dice == 1 ? rnd_below(&c->r, FILES) : c->file;

	if (dice == 0)
		return (uint32_t)rnd_u64(&c->r);
	return __atomic_load_n(&proc.ses[file][rnd_below(&c->r, SESSIONS)], __ATOMIC_RELAXED);
}

static uint16_t flags(struct rnd *r)
{
	if (!rnd_below(r, 8))
		return (uint16_t)rnd_u64(r);
	return (uint16_t)(rnd_below(r, 2) ? 1u << rnd_below(r, 7) | 1u << rnd_below(r, 8) : 0);
}

static void random_crypt(struct caller *c, struct crypt_op *op)
{
	struct rnd *r = &c->r;
	uint8_t *src = pointer(r);

	*op = (struct crypt_op){
	    .ses = session(c),
	    .op = (uint16_t)(rnd_below(r, 20) ? rnd_below(r, 2) : rnd_u64(r)),
	    .flags = flags(r),
	    .len = length(r),
	    .src = src,
	    .dst = rnd_below(r, 3) ? src : pointer(r),
	    .mac = pointer(r),
	    .iv = rnd_below(r, 3) ? pointer(r) : NULL,
	};
}

static void random_auth(struct caller *c, struct crypt_auth_op *op)
{
	struct rnd *r = &c->r;
	static const uint16_t types[] = {0, 0, COP_FLAG_AEAD_TLS_TYPE, COP_FLAG_AEAD_SRTP_TYPE};
	uint8_t *src = pointer(r);

	*op = (struct crypt_auth_op){
	    .ses = session(c),
	    .op = (uint16_t)(rnd_below(r, 20) ? rnd_below(r, 2) : rnd_u64(r)),
	    .flags = rnd_below(r, 8) ? types[rnd_below(r, 4)] : flags(r),
	    .len = length(r),
	    .auth_len = rnd_below(r, 4) ? rnd_below(r, 300) : length(r),
	    .auth_src = rnd_below(r, 3) ? src - rnd_below(r, 260) : pointer(r),
	    .src = src,
	    .dst = rnd_below(r, 6) ? src : pointer(r),
	    .tag = pointer(r),
	    .tag_len = rnd_below(r, 10) ? 0 : rnd_below(r, 24),
	    .iv = rnd_below(r, 4) ? pointer(r) : NULL,
	    .iv_len = (uint32_t)rnd_u64(r),
	};
}

static void random_session(struct rnd *r, struct session_op *op)
{
	static const uint32_t keylens[] = {16, 16, 16, 24, 32, 32, 64, 0};

	*op = (struct session_op){
	    .cipher = algorithm(r, true),
	    .mac = algorithm(r, false),
	    .keylen = rnd_below(r, 10) ? keylens[rnd_below(r, 8)] : length(r),
	    .key = pointer(r),
	    .mackeylen = rnd_below(r, 10) ? keylens[rnd_below(r, 8)] : length(r),
	    .mackey = pointer(r),
	};
	if (op->cipher == CRYPTO_NULL)
		op->keylen = 0;
}

/*
 * Where the structure of a call lies: whole, or running into what cannot be touched, or nowhere.
 * What is nowhere has not been written, of course.
 */
static void *place(struct caller *c, const void *from, size_t size)
{
	uint8_t *end = c->args + 2 * PAGE;

	switch (rnd_below(&c->r, 25)) {
	case 0:
		return (void *)(end - rnd_below(&c->r, (uint32_t)size));
	case 1:
		return (void *)(uintptr_t)(rnd_u64(&c->r) | 1ull << 63);
	case 2:
		return NULL;
	default:
		/* ends at the edge, or crosses a page */
		end -= rnd_below(&c->r, 2) ? 0 : PAGE - rnd_below(&c->r, 100) / 8 * 8;
		return memcpy(end - size, from, size);
	}
}

static void count(int kind, int err)
{
	if (!err)
		__atomic_fetch_add(&all->good[kind], 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&all->errnos[err < ERRNOS ? err : 0], 1, __ATOMIC_RELAXED);
	if (__atomic_add_fetch(&all->calls, 1, __ATOMIC_RELAXED) >= options.calls)
		__atomic_store_n(&all->stop, 1, __ATOMIC_RELAXED);
	if (!is_ok(err)) {
		printf("FAILED: %s ends with %s\n", kind_names[kind], strerror(err));
		fflush(stdout);
		__atomic_store_n(&all->wrong, 1, __ATOMIC_RELAXED);
	}
}

static int make(struct caller *c, int kind, unsigned long request, const void *arg, size_t size,
		void **where)
{
	int fd = __atomic_load_n(&proc.fd[c->file], __ATOMIC_RELAXED);
	int err = 0;

	*where = place(c, arg, size);
	if (ioctl(fd, request, *where) < 0)
		err = errno;
	count(kind, err);
	return err;
}

static void call_session(struct caller *c)
{
	struct session_op op;
	void *at;

	random_session(&c->r, &op);
	if (make(c, N_GSESSION, CIOCGSESSION, &op, sizeof(op), &at))
		return;
	memcpy(&op, at, sizeof(op));
	__atomic_store_n(&proc.ses[c->file][rnd_below(&c->r, SESSIONS)], op.ses, __ATOMIC_RELAXED);
}

static void call_crioget(struct caller *c)
{
	uint32_t fd = 0;
	void *at;

	if (make(c, N_CRIOGET, CRIOGET, &fd, sizeof(fd), &at))
		return;
	memcpy(&fd, at, sizeof(fd));
	close((int)fd);
}

static void call_batch(struct caller *c)
{
	struct crypt_batch batch = {
	    .count = 1 + rnd_below(&c->r, BATCH),
	    .ops = (uintptr_t)c->ops,
	    .status = (uintptr_t)c->status,
	};
	void *at;

	for (uint32_t i = 0; i < BATCH; i++)
		random_crypt(c, &c->ops[i]);
	if (!rnd_below(&c->r, 10))
		batch.count =
		    rnd_below(&c->r, 2) ? length(&c->r) : CRYPT_BATCH_MAX - 1 + rnd_below(&c->r, 3);
	if (!rnd_below(&c->r, 10))
		batch.ops = (uintptr_t)pointer(&c->r);
	if (!rnd_below(&c->r, 10))
		batch.status = (uintptr_t)pointer(&c->r);
	if (!rnd_below(&c->r, 10))
		batch.flags = (uint32_t)rnd_u64(&c->r);
	make(c, N_BATCH, CIOCCRYPTBATCH, &batch, sizeof(batch), &at);
}

static void call_poll(struct caller *c)
{
	struct pollfd p = {.fd = proc.fd[rnd_below(&c->r, FILES)], .events = POLLIN};

	if (poll(&p, 1, (int)rnd_below(&c->r, 20)) >= 0)
		count(N_POLL, 0);
}

static void call_one(struct caller *c)
{
	union {
		struct crypt_op crypt;
		struct crypt_auth_op auth;
		struct cphash_op copy;
		struct session_info_op info;
		uint8_t bytes[512];
		uint32_t id;
	} u;
	void *at;

	c->file = rnd_below(&c->r, FILES);
	switch (rnd_below(&c->r, 45)) {
	case 40 ... 44:
	case 0 ... 2:
		call_session(c);
		break;
	case 3:
		u.id = session(c);
		make(c, N_FSESSION, CIOCFSESSION, &u.id, sizeof(u.id), &at);
		break;
	case 4 ... 15:
		random_crypt(c, &u.crypt);
		make(c, N_CRYPT, CIOCCRYPT, &u.crypt, sizeof(u.crypt), &at);
		break;
	case 16 ... 22:
		random_auth(c, &u.auth);
		make(c, N_AUTH, CIOCAUTHCRYPT, &u.auth, sizeof(u.auth), &at);
		break;
	case 23 ... 27:
		random_crypt(c, &u.crypt);
		make(c, N_SUBMIT, CIOCASYNCCRYPT, &u.crypt, sizeof(u.crypt), &at);
		break;
	case 28 ... 31:
		make(c, N_FETCH, CIOCASYNCFETCH, &u.crypt, sizeof(u.crypt), &at);
		break;
	case 32:
		u.copy = (struct cphash_op){session(c), session(c)};
		make(c, N_CPHASH, CIOCCPHASH, &u.copy, sizeof(u.copy), &at);
		break;
	case 33:
		u.info.ses = session(c);
		make(c, N_SESSINFO, CIOCGSESSINFO, &u.info, sizeof(u.info), &at);
		break;
	case 34:
		call_crioget(c);
		break;
	case 35:
	case 36:
		call_batch(c);
		break;
	case 37:
		call_poll(c);
		break;
	case 38:
		make(c, N_ASYMFEAT, CIOCASYMFEAT, &u.id, sizeof(u.id), &at);
		break;
	case 39:
	default:
		/* our numbers with any size, or any number */
		rnd_fill(&c->r, u.bytes, sizeof(u.bytes));
		make(c, N_OTHER,
		     rnd_below(&c->r, 2) ? (uint32_t)rnd_u64(&c->r)
					 : _IOC(rnd_below(&c->r, 4), 'c', rnd_below(&c->r, 200),
						rnd_below(&c->r, 512)),
		     u.bytes, sizeof(u.bytes), &at);
	}
}

static void *calling(void *arg)
{
	struct caller *c = arg;

	while (!__atomic_load_n(&all->stop, __ATOMIC_RELAXED))
		call_one(c);
	return NULL;
}

/* Fork with calls in other threads under way, and end at once. */
static void fork_and_end(struct rnd *r)
{
	pid_t pid = fork();

	if (!pid) {
		struct crypt_op op;

		ioctl(proc.fd[rnd_below(r, FILES)], CIOCASYNCFETCH, &op);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* A descriptor's number goes on to mean another file, in the midst of calls. */
static void disturb_files(struct rnd *r, int common)
{
	int slot = 1 + (int)rnd_below(r, FILES - 1), fd;

	switch (rnd_below(r, 3)) {
	case 0:
		fd = dev_open();
		if (fd >= 0) {
			dup2(fd, proc.fd[slot]);
			close(fd);
		}
		break;
	case 1:
		dup2(common, proc.fd[slot]);
		break;
	default:
		dup2(proc.fd[1 + rnd_below(r, FILES - 1)], proc.fd[slot]);
	}
}

static void disturb(struct rnd *r, int common)
{
	size_t at = PAGE * rnd_below(r, ARENA / PAGE), n = PAGE * rnd_below(r, 64);

	if (n > ARENA - at)
		n = ARENA - at;
	switch (rnd_below(r, 16)) {
	case 0:
		munmap(proc.arena + at, n);
		break;
	case 1:
		mprotect(proc.arena + at, n, PROT_READ);
		break;
	case 2:
		mprotect(proc.arena + at, n, PROT_NONE);
		break;
	case 3:
		madvise(proc.arena + at, n, MADV_DONTNEED);
		break;
	case 11 ... 15:
	case 4 ... 6:
		arena_map(proc.arena);
		break;
	case 7 ... 9:
		if (!rnd_below(r, 20))
			disturb_files(r, common);
		break;
	case 10:
		if (!rnd_below(r, 8))
			fork_and_end(r);
		break;
	default:
		sched_yield();
	}
}

static void caller_make(struct caller *c, uint64_t stream)
{
	rnd_seed(&c->r, options.seed, stream);
	c->args = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	c->ops = calloc(CRYPT_BATCH_MAX, sizeof(*c->ops));
	c->status = calloc(CRYPT_BATCH_MAX, sizeof(*c->status));
	if (c->args == MAP_FAILED || mprotect(c->args + 2 * PAGE, PAGE, PROT_NONE) || !c->ops ||
	    !c->status) {
		perror("memory");
		_exit(1);
	}
}

static _Noreturn void process(int common, uint64_t stream)
{
	struct rlimit files = {128, 128};
	struct caller c[CALLERS];
	pthread_t t[CALLERS];
	struct rnd r;

	setrlimit(RLIMIT_NOFILE, &files);
	rnd_seed(&r, options.seed, stream);
	/* a range of its own, with nothing behind it or before */
	proc.arena = mmap(NULL, ARENA + 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (proc.arena == MAP_FAILED)
		_exit(1);
	proc.arena += 32 * PAGE;
	arena_map(proc.arena);
	proc.fd[0] = common;
	for (int i = 1; i < FILES; i++)
		proc.fd[i] = dev_open();
	for (unsigned int i = 0; i < CALLERS; i++) {
		caller_make(&c[i], stream * 16 + i + 1);
		if (pthread_create(&t[i], NULL, calling, &c[i]))
			_exit(1);
	}
	while (!__atomic_load_n(&all->stop, __ATOMIC_RELAXED)) {
		disturb(&r, common);
		usleep(rnd_below(&r, 300));
	}
	for (int i = 0; i < CALLERS; i++)
		pthread_join(t[i], NULL);
	fflush(stdout);
	_exit(0);
}

static pid_t start(int common, uint64_t stream)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		process(common, stream);
	if (pid < 0) {
		perror("fork");
		exit(1);
	}
	return pid;
}

/* Return: whether it ended as it should. */
static bool reap(pid_t pid, bool was_killed)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return false;
	if (was_killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	printf("FAILED: a process ended with status 0x%x\n", status);
	return false;
}

/* Is the device what it was? */
static bool works(void)
{
	static const uint8_t key[16] = {1, 2, 3};
	uint8_t iv[16] = {4}, in[4096] = {5}, out[4096], want[4096];
	uint32_t ses;
	int fd = dev_open();
	bool ok = fd >= 0 && !dev_session(fd, CRYPTO_AES_CBC, key, 16, &ses) &&
		  !dev_crypt(fd, ses, COP_ENCRYPT, 0, in, out, sizeof(in), iv) &&
		  !ref_once(CRYPTO_AES_CBC, key, 16, COP_ENCRYPT, iv, in, want, sizeof(in), NULL) &&
		  !memcmp(out, want, sizeof(out));

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool fuzz(void)
{
	struct timespec begin, now;
	pid_t pids[MAX_PROCESSES];
	uint64_t stream = 1;
	bool ok = true;
	int common = dev_open();
	struct rnd r;

	if (common < 0) {
		dev_explain(common);
		exit(2);
	}
	rnd_seed(&r, options.seed, 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (unsigned long i = 0; i < options.processes; i++)
		pids[i] = start(common, stream++);
	while (!__atomic_load_n(&all->stop, __ATOMIC_RELAXED)) {
		unsigned long i = rnd_below(&r, (uint32_t)options.processes);

		usleep(50000 + rnd_below(&r, 400000));
		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((unsigned long)(now.tv_sec - begin.tv_sec) >= options.seconds)
			__atomic_store_n(&all->stop, 1, __ATOMIC_RELAXED);
		if (rnd_below(&r, 2))
			continue;
		kill(pids[i], SIGKILL);
		ok &= reap(pids[i], true);
		pids[i] = start(common, stream++);
	}
	for (unsigned long i = 0; i < options.processes; i++)
		ok &= reap(pids[i], false);
	close(common);
	return ok && !all->wrong;
}

static void report(void)
{
	printf("%llu calls:", (unsigned long long)all->calls);
	for (int i = 0; i < ERRNOS; i++)
		if (all->errnos[i])
			printf(" %s %llu", i ? strerrorname_np(i) : "success",
			       (unsigned long long)all->errnos[i]);
	printf("\nsuccesses:");
	for (int i = 0; i < N_KINDS; i++)
		printf(" %s %llu", kind_names[i], (unsigned long long)all->good[i]);
	putchar('\n');
}

static void usage(FILE *to)
{
	fputs("usage: cryptodev-fuzz [OPTION]...\n"
	      "Makes random and hostile calls on /dev/crypto from several processes and threads, "
	      "while memory,\n"
	      "descriptors and processes are taken away. The kernel's log tells what was found.\n\n"
	      "  --device=PATH     the node (default " DEV_DEFAULT_PATH ")\n"
	      "  --seconds=N       how long (default 10)\n"
	      "  --calls=N         or after so many calls\n"
	      "  --processes=N     processes of three callers each (default 3)\n"
	      "  --seed=N          what is done; the order of threads is the machine's\n"
	      "  --version, --help\n\n"
	      "Exit status: 0 nothing was seen here, 1 an answer that the interface does not have, "
	      "or the\n"
	      "device does not work any more, 2 wrong usage or no device.\n",
	      to);
}

static unsigned long number(const char *text, unsigned long min, unsigned long max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (*end || end == text || n < min || n > max) {
		fprintf(stderr, "'%s' is not a number from %lu to %lu\n", text, min, max);
		exit(2);
	}
	return n;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"device", required_argument, NULL, 'd'},
	    {"seconds", required_argument, NULL, 's'},
	    {"calls", required_argument, NULL, 'c'},
	    {"seed", required_argument, NULL, 'S'},
	    {"processes", required_argument, NULL, 'p'},
	    {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	bool ok;
	int opt;

	options.seed = (uint64_t)time(NULL);
	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (opt == 'd') {
			dev_path = optarg;
		} else if (opt == 's') {
			options.seconds = number(optarg, 1, 1000000);
		} else if (opt == 'c') {
			options.calls = number(optarg, 1, ~0ul);
			options.seconds = 1000000;
		} else if (opt == 'p') {
			options.processes = number(optarg, 1, MAX_PROCESSES);
		} else if (opt == 'S') {
			options.seed = number(optarg, 0, ~0ul);
		} else if (opt == 'v') {
			puts("cryptodev-fuzz " VCD_VERSION);
			return 0;
		} else {
			usage(opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 2;
		}
	}
	if (optind != argc) {
		usage(stderr);
		return 2;
	}
	all = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (all == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	printf("seed %llu\n", (unsigned long long)options.seed);
	ok = fuzz();
	report();
	for (int i = 0; i < N_KINDS; i++)
		if (!all->good[i] && i != N_OTHER && i != N_CPHASH && all->calls > 20000) {
			printf("FAILED: no %s succeeded, so it was hardly tested\n", kind_names[i]);
			ok = false;
		}
	if (!works()) {
		printf("FAILED: the device does not work any more\n");
		ok = false;
	}
	return ok ? 0 : 1;
}
