/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stress.c - cryptodev-stress: random sessions and requests, each compared with
 * libcrypto's answer.
 *
 * Theory of operation
 * -------------------
 * Each of --processes workers keeps up to --live sessions. Step by step it
 * replaces a random session by a new one, as often as its share of --sessions
 * demands, and runs a request on a random one: direction, length, alignment, in
 * place or not, flags, IV given or continued. The device's output, the IV written
 * back, the digest and the bytes around the output must be libcrypto's.
 *
 * Half of the requests are those of more.c: groups of operations in a batch or asynchronous, hashes
 * in parts, authenticated operations.
 *
 * Everything a worker does follows from --seed and its number; a difference is
 * reported with both and the step, and happens again with the same arguments.
 *
 * The lengths are chosen for a guest in emulation: mostly small, because those
 * find races; some to 64 KiB, because those are pinned and split; a few to
 * --max-len.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dev.h"
#include "more.h"
#include "rand.h"
#include "ref.h"

#define MAX_PROCESSES 256
#define MAX_CIPHERS 16
#define MAX_MACS 32
#define MARGIN 128 /* bytes before and behind the output that are looked at */
#define MAX_SHIFT 64
#define CANARY 0x3c

struct options {
	unsigned long processes, sessions, requests, live, max_len, max_request, only;
	uint64_t seed;
	bool progress, plain;
};

/* One per worker, shared with the parent. */
struct totals {
	uint64_t sessions, requests, bytes;
	struct more_count more;
};

/**
 * struct session - a session on the device and its twin in libcrypto.
 * @ses: the device's id, 0: none
 * @ref: cipher; ref.c NULL: none
 * @mac: hash or MAC, or NULL
 * @mackey: its key
 * @mackeylen: bytes of it
 */
struct session {
	uint32_t ses;
	struct ref_session ref;
	const struct ref_mac *mac;
	uint8_t mackey[64];
	uint32_t mackeylen;
};

struct worker {
	const struct options *o;
	unsigned long number;
	struct totals *totals;
	struct rnd r;
	int fd;
	const struct ref_cipher *ciphers[MAX_CIPHERS];
	const struct ref_mac *macs[MAX_MACS];
	uint32_t num_ciphers, num_macs;
	struct session *live;
	uint64_t step;
	uint8_t *src, *dst, *want, *clean;
	size_t room;
	struct more *more;
};

/** struct request - one CIOCCRYPT and what it is expected to do. */
struct request {
	struct session *s;
	struct crypt_op op;
	bool in_place;
	size_t src_shift, dst_shift;
	uint8_t iv_in[16], iv[16], iv_want[16];
	uint8_t mac[64 + 16], mac_want[64];
};

static void hex(const char *name, const uint8_t *p, size_t len)
{
	printf("  %s ", name);
	for (size_t i = 0; i < len; i++)
		printf("%02x", p[i]);
	putchar('\n');
}

static _Noreturn void give_up(const struct worker *w, const struct request *q, const char *what)
{
	printf(
	    "FAILED: %s\n  repeat with --seed=%llu --only=%lu (and the same counts): step %llu\n",
	    what, (unsigned long long)w->o->seed, w->number, (unsigned long long)w->step);
	if (q) {
		const struct session *s = q->s;

		printf("  session %u: %s%s%s\n", s->ses, s->ref.c ? s->ref.c->name : "",
		       s->ref.c && s->mac ? " + " : "", s->mac ? s->mac->name : "");
		hex("key", s->ref.key, s->ref.keylen);
		if (s->mac)
			hex("mac key", s->mackey, s->mackeylen);
		printf("  op %u flags 0x%x len %u, source +%zu, destination +%zu%s, IV %s\n",
		       q->op.op, q->op.flags, q->op.len, q->src_shift, q->dst_shift,
		       q->in_place ? " (in place)" : "", q->op.iv ? "given" : "continued");
		hex("iv before", q->iv_in, sizeof(q->iv_in));
		hex("iv after", q->iv, sizeof(q->iv));
		hex("iv expected", q->iv_want, sizeof(q->iv_want));
	}
	fflush(stdout);
	_exit(1);
}

static void give_up_diff(const struct worker *w, const struct request *q, const char *what,
			 const uint8_t *got, const uint8_t *want, size_t len)
{
	char text[160];
	size_t i = 0;

	while (i < len && got[i] == want[i])
		i++;
	if (i == len)
		return;
	snprintf(text, sizeof(text), "%s differs at byte %zu of %zu: %02x, expected %02x", what, i,
		 len, got[i], want[i]);
	give_up(w, q, text);
}

/* What the device has of the algorithms whose answers libcrypto knows. */
static void find_algorithms(struct worker *w)
{
	const struct ref_cipher *c;
	const struct ref_mac *m;
	uint8_t key[64] = {1, 2, 3};
	uint32_t ses;

	for (size_t i = 0; (c = ref_cipher_at(i)) && w->num_ciphers < MAX_CIPHERS; i++) {
		key[40] = 1; /* the halves of an XTS key differ */
		if (dev_session(w->fd, c->id, key, c->keylens[0], &ses))
			continue;
		dev_end(w->fd, ses);
		w->ciphers[w->num_ciphers++] = c;
	}
	for (size_t i = 0; (m = ref_mac_at(i)) && w->num_macs < MAX_MACS; i++)
		if (dev_has_mac(w->fd, m->id, m->keyed ? 16 : 0))
			w->macs[w->num_macs++] = m;
}

static void session_free(struct worker *w, struct session *s)
{
	int err;

	if (!s->ses)
		return;
	err = dev_end(w->fd, s->ses);
	if (err)
		give_up(w, NULL, "CIOCFSESSION fails");
	ref_session_free(&s->ref);
	s->ses = 0;
}

static void session_new(struct worker *w, struct session *s)
{
	const struct ref_cipher *c = NULL;
	uint8_t key[REF_MAX_KEY];
	uint32_t keylen = 0;
	int err;

	session_free(w, s);
	memset(s, 0, sizeof(*s));
	/* two in three are ciphers, as long as there are others; some are both */
	if (!w->num_macs || rnd_below(&w->r, 3))
		c = w->ciphers[rnd_below(&w->r, w->num_ciphers)];
	if (w->num_macs && (!c || !rnd_below(&w->r, 6)))
		s->mac = w->macs[rnd_below(&w->r, w->num_macs)];
	rnd_fill(&w->r, key, sizeof(key));
	rnd_fill(&w->r, s->mackey, sizeof(s->mackey));
	if (c) {
		keylen = c->keylens[rnd_below(&w->r, ref_cipher_keys(c))];
		if (ref_session_init(&s->ref, c, key, keylen))
			give_up(w, NULL, "libcrypto refuses a key");
	}
	if (s->mac && s->mac->keyed)
		s->mackeylen = s->mac->evp ? 1 + rnd_below(&w->r, sizeof(s->mackey))
					   : 16 + 8 * rnd_below(&w->r, 3);
	err = dev_mac_session(w->fd, c ? c->id : 0, key, keylen, s->mac ? s->mac->id : 0, s->mackey,
			      s->mackeylen, &s->ses);
	if (err) {
		printf("FAILED: CIOCGSESSION (%s%s%s): %s\n", c ? c->name : "",
		       c && s->mac ? " + " : "", s->mac ? s->mac->name : "", strerror(-err));
		give_up(w, NULL, "a session cannot be made");
	}
	w->totals->sessions++;
}

static uint32_t random_len(struct worker *w, uint32_t block)
{
	uint32_t dice = rnd_below(&w->r, 1000), max;

	if (dice < 600)
		max = 256;
	else if (dice < 900)
		max = 2048;
	else if (dice < 985)
		max = 16384;
	else if (dice < 998)
		max = 65536;
	else
		max = (uint32_t)w->o->max_len;
	if (max > w->o->max_len)
		max = (uint32_t)w->o->max_len;
	return (1 + rnd_below(&w->r, max / block)) * block;
}

/* A length that is no multiple of the block must be refused and change nothing. */
static bool refused_on_purpose(struct worker *w, struct request *q)
{
	uint32_t block = q->s->ref.c ? q->s->ref.c->block : 1;
	struct crypt_op op = q->op;

	if (block == 1 || rnd_below(&w->r, 200))
		return false;
	op.len += 1 + rnd_below(&w->r, block - 1);
	if (dev_ioctl(w->fd, CIOCCRYPT, &op) != -EINVAL)
		give_up(w, q, "a bad length is not refused with EINVAL");
	return true;
}

static void request_make(struct worker *w, struct request *q)
{
	struct session *s = &w->live[rnd_below(&w->r, (uint32_t)w->o->live)];
	const struct ref_cipher *c = s->ref.c;
	bool to_continue = c && c->next_iv && rnd_below(&w->r, 3) == 0;
	uint32_t len = random_len(w, c ? c->block : 1);
	static const uint16_t extras[] = {0, 0, 0, COP_FLAG_NO_ZC, 0x80, 0x8000};
	uint16_t flags = extras[rnd_below(&w->r, 6)];

	memset(q, 0, sizeof(*q));
	q->s = s;
	q->in_place = c && rnd_below(&w->r, 2);
	q->src_shift = rnd_below(&w->r, 2) ? rnd_below(&w->r, MAX_SHIFT + 1) : 0;
	q->dst_shift = rnd_below(&w->r, 2) ? rnd_below(&w->r, MAX_SHIFT + 1) : 0;
	if (c && c->ivsize && c->next_iv && !to_continue && rnd_below(&w->r, 2))
		flags |= COP_FLAG_WRITE_IV;
	/* with any flag a hash goes on, unless told to start and end */
	if (s->mac && flags)
		flags |= COP_FLAG_RESET | COP_FLAG_FINAL;
	rnd_fill(&w->r, q->iv_in, sizeof(q->iv_in));
	memcpy(q->iv, q->iv_in, sizeof(q->iv));
	memset(q->mac, CANARY, sizeof(q->mac));
	q->op = (struct crypt_op){
	    .ses = s->ses,
	    .op = (uint16_t)(c ? rnd_below(&w->r, 2) : COP_ENCRYPT),
	    .flags = flags,
	    .len = len,
	    .src = q->in_place ? w->dst + MARGIN + q->dst_shift : w->src + q->src_shift,
	    .dst = c ? w->dst + MARGIN + q->dst_shift : NULL,
	    .mac = s->mac ? q->mac : NULL,
	    .iv = to_continue ? NULL : q->iv,
	};
}

/* The answer, and the state both sides go on with. */
static void request_expect(struct worker *w, struct request *q, const uint8_t *input)
{
	struct session *s = q->s;
	const struct ref_cipher *c = s->ref.c;
	const uint8_t *plain = q->op.op == COP_ENCRYPT ? input : w->want;

	if (c &&
	    ref_crypt(&s->ref, q->op.op, q->op.iv ? q->iv_in : NULL, input, w->want, q->op.len))
		give_up(w, q, "libcrypto fails");
	if (s->mac && ref_digest(s->mac, s->mackey, s->mackeylen, plain, q->op.len, q->mac_want))
		give_up(w, q, "libcrypto fails");
	memcpy(q->iv_want, q->iv_in, sizeof(q->iv_want));
	if (c && q->op.iv && q->op.flags & COP_FLAG_WRITE_IV)
		memcpy(q->iv_want, s->ref.iv, c->ivsize);
}

static void request_compare(struct worker *w, struct request *q)
{
	const struct session *s = q->s;
	size_t len = q->op.len;

	if (s->ref.c) {
		const uint8_t *dst = w->dst + MARGIN + q->dst_shift;

		give_up_diff(w, q, "the output", dst, w->want, len);
		give_up_diff(w, q, "what lies before the output", dst - MARGIN, w->clean, MARGIN);
		give_up_diff(w, q, "what lies behind the output", dst + len, w->clean, MARGIN);
	}
	if (s->mac) {
		give_up_diff(w, q, "the digest", q->mac, q->mac_want, s->mac->size);
		give_up_diff(w, q, "what lies behind the digest", q->mac + s->mac->size, w->clean,
			     sizeof(q->mac) - s->mac->size);
	}
	give_up_diff(w, q, "the IV", q->iv, q->iv_want, sizeof(q->iv));
}

static void request_run(struct worker *w)
{
	struct request q;
	uint8_t *input, *dst;
	size_t start;
	int err;

	request_make(w, &q);
	dst = w->dst + MARGIN + q.dst_shift;
	memset(dst - MARGIN, CANARY, q.op.len + 2 * MARGIN);
	/* fresh data is a random place in a random page: filling anew costs more than the request
	 */
	start = rnd_below(&w->r, (uint32_t)(w->room - q.op.len - MAX_SHIFT));
	input = w->src + start;
	if (q.in_place)
		memcpy(dst, input, q.op.len);
	else
		q.op.src = w->src + start / 64 * 64 + q.src_shift;
	input = q.in_place ? input : (uint8_t *)q.op.src;

	if (refused_on_purpose(w, &q))
		give_up_diff(w, &q, "the output of a refused request", dst - MARGIN, w->clean,
			     q.in_place ? MARGIN : MARGIN + q.op.len);
	request_expect(w, &q, input);
	err = dev_ioctl(w->fd, CIOCCRYPT, &q.op);
	if (err) {
		printf("FAILED: CIOCCRYPT: %s\n", strerror(-err));
		give_up(w, &q, "a request fails");
	}
	request_compare(w, &q);
	w->totals->requests++;
	w->totals->bytes += q.op.len;
}

static void more_step(struct worker *w)
{
	long n = more_run(w->more);

	if (n < 0)
		give_up(w, NULL, "a group of requests");
	w->totals->requests += (uint64_t)n;
	w->step += (uint64_t)n;
}

static void *memory(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		_exit(1);
	}
	return p;
}

/* @i's part of @total when @n share it. */
static unsigned long share(unsigned long total, unsigned long n, unsigned long i)
{
	return total / n + (i < total % n);
}

static void worker_setup(struct worker *w)
{
	rnd_seed(&w->r, w->o->seed, w->number);
	w->fd = dev_open();
	if (w->fd < 0) {
		dev_explain(w->fd);
		_exit(2);
	}
	find_algorithms(w);
	if (!w->num_ciphers) {
		printf("FAILED: the device has no cipher that is known here\n");
		_exit(1);
	}
	w->room = w->o->max_len + 2 * MARGIN + 2 * MAX_SHIFT + 4096;
	w->src = memory(w->room + MAX_SHIFT);
	w->dst = memory(w->room);
	w->want = memory(w->room);
	w->clean = memory(w->room);
	memset(w->clean, CANARY, w->room);
	rnd_fill(&w->r, w->src, w->room + MAX_SHIFT);
	w->live = calloc(w->o->live, sizeof(*w->live));
	if (!w->live) {
		perror("calloc");
		_exit(1);
	}
}

static _Noreturn void worker_main(const struct options *o, unsigned long number,
				  struct totals *totals)
{
	unsigned long sessions = share(o->sessions, o->processes, number), made = 0;
	unsigned long requests = share(o->requests, o->processes, number);
	struct worker w = {.o = o, .number = number, .totals = totals};

	worker_setup(&w);
	for (; made < o->live; made++)
		session_new(&w, &w.live[made]);
	w.more = more_new(w.fd, &w.r, o->max_len, o->max_request, &totals->more);
	while (w.step < requests) {
		/* the remaining sessions are spread evenly over the steps */
		while (made < sessions &&
		       (made - o->live) * requests <= w.step * (sessions - o->live)) {
			session_new(&w, &w.live[rnd_below(&w.r, (uint32_t)o->live)]);
			made++;
		}
		/* an eighth of the steps, and half of the requests, are of the other kinds */
		if (o->plain || rnd_below(&w.r, 8)) {
			request_run(&w);
			w.step++;
		} else {
			more_step(&w);
		}
	}
	more_free(w.more);
	/* half is ended properly, half by the last close */
	for (unsigned long i = 0; i < o->live / 2; i++)
		session_free(&w, &w.live[i]);
	close(w.fd);
	fflush(stdout);
	_exit(0);
}

static void usage(FILE *to)
{
	fputs("usage: cryptodev-stress [OPTION]...\n"
	      "Runs random requests on random sessions of /dev/crypto from several processes at "
	      "once and\n"
	      "compares each answer with libcrypto's.\n\n"
	      "  --device=PATH     the node (default " DEV_DEFAULT_PATH ")\n"
	      "  --processes=N     processes (default 8)\n"
	      "  --sessions=N      sessions made by all together (default 10000)\n"
	      "  --requests=N      requests of all together (default 1000000)\n"
	      "  --live=N          sessions each process has at a time (default 64)\n"
	      "  --max-len=BYTES   longest request (default 1048576)\n"
	      "  --max-request=BYTES  payload that the device takes in one request, if that is "
	      "less:\n"
	      "                    authenticated operations above it must be refused\n"
	      "  --seed=N          repeats an earlier run; default: the time\n"
	      "  --only=N          run process N alone, with the share it had\n"
	      "  --plain           only single CIOCCRYPT calls: no batches, asynchronous or "
	      "authenticated\n"
	      "                    operations, no hashes in parts\n"
	      "  --progress        a line every few seconds\n"
	      "  --version, --help\n\n"
	      "Exit status: 0 all answers were right, 1 a difference or an error, 2 wrong usage or "
	      "no\n"
	      "device.\n",
	      to);
}

static int number_option(const char *text, unsigned long min, unsigned long max, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 0);
	if (errno || *end || end == text || *out < min || *out > max) {
		fprintf(stderr, "'%s' is not a number from %lu to %lu\n", text, min, max);
		return 2;
	}
	return 0;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
	    {"device", required_argument, NULL, 'd'},
	    {"processes", required_argument, NULL, 'p'},
	    {"sessions", required_argument, NULL, 's'},
	    {"requests", required_argument, NULL, 'r'},
	    {"live", required_argument, NULL, 'l'},
	    {"max-len", required_argument, NULL, 'm'},
	    {"max-request", required_argument, NULL, 'M'},
	    {"seed", required_argument, NULL, 'S'},
	    {"only", required_argument, NULL, 'o'},
	    {"progress", no_argument, NULL, 'P'},
	    {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'},
	    {"plain", no_argument, NULL, 'x'},
	    {NULL, 0, NULL, 0},
	};
	unsigned long seed;
	int opt, bad = 0;

	while (!bad && (opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (opt) {
		case 'd':
			dev_path = optarg;
			break;
		case 'p':
			bad = number_option(optarg, 1, MAX_PROCESSES, &o->processes);
			break;
		case 's':
			bad = number_option(optarg, 1, 1ul << 40, &o->sessions);
			break;
		case 'r':
			bad = number_option(optarg, 1, 1ul << 40, &o->requests);
			break;
		case 'l':
			bad = number_option(optarg, 1, 1ul << 20, &o->live);
			break;
		case 'm':
			bad = number_option(optarg, 64, 1ul << 30, &o->max_len);
			break;
		case 'M':
			bad = number_option(optarg, 1024, 1ul << 30, &o->max_request);
			break;
		case 'S':
			bad = number_option(optarg, 0, ~0ul, &seed);
			o->seed = seed;
			break;
		case 'o':
			bad = number_option(optarg, 0, MAX_PROCESSES - 1, &o->only);
			break;
		case 'x':
			o->plain = true;
			break;
		case 'P':
			o->progress = true;
			break;
		case 'v':
			puts("cryptodev-stress " VCD_VERSION);
			exit(0);
		case 'h':
			usage(stdout);
			exit(0);
		default:
			bad = 2;
		}
	}
	if (bad || optind != argc) {
		usage(stderr);
		return 2;
	}
	/* nobody keeps more sessions than it may make */
	if (o->live > o->sessions / o->processes)
		o->live = o->sessions / o->processes ? o->sessions / o->processes : 1;
	if (o->sessions < o->processes)
		o->sessions = o->processes;
	return 0;
}

static struct totals sum(const struct totals *t, unsigned long n)
{
	struct totals all = {0};
	uint64_t *count = (uint64_t *)&all.more;

	for (unsigned long i = 0; i < n; i++) {
		all.sessions += __atomic_load_n(&t[i].sessions, __ATOMIC_RELAXED);
		all.requests += __atomic_load_n(&t[i].requests, __ATOMIC_RELAXED);
		all.bytes += __atomic_load_n(&t[i].bytes, __ATOMIC_RELAXED);
		for (size_t k = 0; k < sizeof(all.more) / sizeof(*count); k++)
			count[k] += ((const uint64_t *)&t[i].more)[k];
	}
	return all;
}

static void print_totals(const char *what, const struct totals *t, unsigned long processes)
{
	printf("%s: %lu processes, %llu sessions, %llu requests, %llu MiB\n", what, processes,
	       (unsigned long long)t->sessions, (unsigned long long)t->requests,
	       (unsigned long long)t->bytes >> 20);
	fflush(stdout);
}

static void print_kinds(const struct more_count *c)
{
	printf("of these: %llu in batches, %llu asynchronous, %llu AEAD, %llu TLS, %llu SRTP, %llu "
	       "hashes copied;\n%llu forgeries, %llu refused on purpose; the others single calls\n",
	       (unsigned long long)c->batch, (unsigned long long)c->async,
	       (unsigned long long)c->aead, (unsigned long long)c->tls, (unsigned long long)c->srtp,
	       (unsigned long long)c->copies, (unsigned long long)c->forged,
	       (unsigned long long)c->refused);
}

/* Waits for all workers; a progress line now and then. Return: how many failed. */
static unsigned int wait_all(const struct options *o, const struct totals *totals,
			     unsigned int running)
{
	unsigned int failed = 0, no_device = 0;
	time_t last = time(NULL);
	int status;

	while (running) {
		pid_t pid = waitpid(-1, &status, o->progress ? WNOHANG : 0);

		if (pid > 0) {
			running--;
			if (WIFSIGNALED(status))
				printf("FAILED: a worker was killed by signal %d\n",
				       WTERMSIG(status));
			failed += status != 0;
			no_device += WIFEXITED(status) && WEXITSTATUS(status) == 2;
			continue;
		}
		usleep(100000);
		if (time(NULL) - last >= 5) {
			struct totals t = sum(totals, o->processes);

			last = time(NULL);
			print_totals("so far", &t, o->processes);
		}
	}
	if (no_device)
		exit(2);
	return failed;
}

int main(int argc, char **argv)
{
	struct options o = {.processes = 8,
			    .sessions = 10000,
			    .requests = 1000000,
			    .live = 64,
			    .max_len = 1u << 20,
			    .only = ~0ul,
			    .seed = (uint64_t)time(NULL)};
	unsigned int running = 0, failed;
	struct totals *totals, all;

	if (parse(argc, argv, &o))
		return 2;
	totals = mmap(NULL, o.processes * sizeof(*totals), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (totals == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	printf("seed %llu\n", (unsigned long long)o.seed);
	fflush(stdout);
	for (unsigned long i = 0; i < o.processes; i++) {
		pid_t pid;

		if (o.only != ~0ul && o.only != i)
			continue;
		pid = fork();
		if (!pid)
			worker_main(&o, i, &totals[i]);
		if (pid < 0) {
			perror("fork");
			return 1;
		}
		running++;
	}
	failed = wait_all(&o, totals, running);
	all = sum(totals, o.processes);
	print_totals(failed ? "FAILED" : "all equal", &all, running);
	if (!o.plain)
		print_kinds(&all.more);
	return failed ? 1 : 0;
}
