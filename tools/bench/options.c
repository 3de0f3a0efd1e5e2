/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.c - the command line of vcrypto-bench.
 */
#include "tools/bench/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cryptodev.h"

#define MAX_SECONDS 86400.0

/* Most sessions of all threads together: as many as a device can have. */
#define MAX_SESSIONS_TOTAL ((1u << 20) - 1)

enum option_id {
	OPT_ALG = 256,
	OPT_OP,
	OPT_SIZE,
	OPT_DEPTH,
	OPT_THREADS,
	OPT_SESSIONS,
	OPT_SECONDS,
	OPT_JSON,
	OPT_COMPARE,
	OPT_ENGINE,
	OPT_DAEMON,
	OPT_SOCKET,
	OPT_DEVICE,
	OPT_POLL_US,
	OPT_SPIN_US,
};

static const struct option long_options[] = {
    {"alg", required_argument, NULL, OPT_ALG},
    {"op", required_argument, NULL, OPT_OP},
    {"size", required_argument, NULL, OPT_SIZE},
    {"depth", required_argument, NULL, OPT_DEPTH},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"sessions", required_argument, NULL, OPT_SESSIONS},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"json", no_argument, NULL, OPT_JSON},
    {"compare", required_argument, NULL, OPT_COMPARE},
    {"engine", required_argument, NULL, OPT_ENGINE},
    {"daemon", required_argument, NULL, OPT_DAEMON},
    {"socket", required_argument, NULL, OPT_SOCKET},
    {"device", required_argument, NULL, OPT_DEVICE},
    {"poll-us", required_argument, NULL, OPT_POLL_US},
    {"spin-us", required_argument, NULL, OPT_SPIN_US},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static void print_help(void)
{
	fputs(
	    "Usage: vcrypto-bench MODE [OPTION]...\n"
	    "\n"
	    "Measures cryptography on the way from a call to its result. MODE is one of\n"
	    "\n"
	    "  engine   the engine by itself, batches of --depth jobs\n"
	    "  openssl  libcrypto's EVP in process, one stream (depth is 1)\n"
	    "  wire     a daemon, over rings in shared memory as a guest's driver uses them\n"
	    "  dev      /dev/crypto, CIOCCRYPT (synchronous: depth is 1 for each thread)\n"
	    "  afalg    the kernel's crypto API over AF_ALG sockets, likewise; up to 64 KiB\n"
	    "\n"
	    "  --alg=NAME         cipher, as aes-128-cbc, aes-256-xts, 3des-cbc, null\n"
	    "                     (default: aes-128-cbc)\n"
	    "  --op=OP            encrypt (default) or decrypt\n"
	    "  --size=N[,N]...    bytes of one operation (default: 4096)\n"
	    "  --depth=N          operations in flight for each thread (default: 16)\n"
	    "  --threads=N        threads, in wire mode each with a queue (default: 1)\n"
	    "  --sessions=N       sessions of each thread, used in turn (default: 1)\n"
	    "  --seconds=S        time for each measurement (default: 2)\n"
	    "  --compare=MODE2    measure MODE2 too, in turn with MODE, and print the ratio\n"
	    "  --engine=SPEC      engine, for engine and wire (default: auto); for afalg the "
	    "kernel's\n"
	    "                     driver, as in /proc/crypto\n"
	    "  --daemon=PATH      wire: daemon to start (default: the one built with this)\n"
	    "  --socket=PATH      wire: use a daemon that is running\n"
	    "  --poll-us=N        wire: --poll-us of the daemon (default: 0)\n"
	    "  --spin-us=N        wire: look at the ring that long before sleeping (default: 50)\n"
	    "  --device=PATH      dev: device (default: /dev/crypto)\n"
	    "  --json             print one JSON object a line\n"
	    "  -h, --help         print this and exit\n"
	    "  -V, --version      print the version and exit\n"
	    "\n"
	    "cpu ns/op is the CPU time of this process and, in wire mode, of the daemon with\n"
	    "all its threads; time spent looking at rings counts. In dev mode it is this\n"
	    "process and the kernel on its behalf; work that a host does is not in it.\n"
	    "Latency runs from handing an operation over to having its result.\n"
	    "The first results are compared with libcrypto's before anything is measured.\n"
	    "\n"
	    "Exit status: 0 measured, 1 failure, 2 bad command line. See vcrypto-bench(1).\n",
	    stdout);
}

static bool parse_uint(const char *name, const char *text, unsigned int min, unsigned int max,
		       unsigned int *ret)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || strchr(text, '-') || value < min || value > max) {
		bench_error("--%s=%s: a number from %u to %u is needed", name, text, min, max);
		return false;
	}
	*ret = (unsigned int)value;
	return true;
}

static bool parse_seconds(const char *text, double *ret)
{
	char *end;
	double value = strtod(text, &end);

	/* Written so that NaN fails. */
	if (end == text || *end || !(value >= 0.001 && value <= MAX_SECONDS)) {
		bench_error("--seconds=%s: a number from 0.001 to %g is needed", text, MAX_SECONDS);
		return false;
	}
	*ret = value;
	return true;
}

/* A list, with commas. */
static bool parse_sizes(const char *text, struct bench_options *o)
{
	char *copy = strdup(text);
	char *rest = copy;
	char *one;
	bool ok = copy != NULL;

	o->size_count = 0;
	while (ok && (one = strsep(&rest, ",")) != NULL) {
		if (o->size_count == BENCH_MAX_SIZES) {
			bench_error("--size: at most %d sizes", BENCH_MAX_SIZES);
			ok = false;
		} else {
			ok = parse_uint("size", one, 1, BENCH_MAX_SIZE, &o->sizes[o->size_count]);
			o->size_count++;
		}
	}
	free(copy);
	return ok;
}

static bool parse_mode(const char *what, const char *name, const struct bench_mode **ret)
{
	*ret = bench_mode_find(name);
	if (*ret)
		return true;
	bench_error("%s: no mode '%s'; modes are engine, openssl, wire, dev, afalg", what, name);
	return false;
}

/*
 * "aes-128-cbc" is the table's "aes-cbc" with 128 bits of key, "3des-cbc" itself.
 * Of XTS's two keys the bits are those of one.
 */
static bool parse_alg(const char *text, struct workload *work)
{
	const char *first = strchr(text, '-');
	const char *second = first ? strchr(first + 1, '-') : NULL;
	const struct vcd_alg *alg;
	unsigned long bits = 0;
	char name[64];
	size_t i;
	char *end;

	(void)snprintf(name, sizeof(name), "%s", text);
	if (second) {
		bits = strtoul(first + 1, &end, 10);
		if (end == second)
			(void)snprintf(name, sizeof(name), "%.*s%s", (int)(first - text), text,
				       second);
		else
			bits = 0;
	}
	for (i = 0; (alg = vcd_alg_at(i)) != NULL; i++)
		if (strcmp(alg->cli_name, name) == 0)
			break;
	if (!alg) {
		bench_error("--alg=%s: no such algorithm; try aes-128-cbc", text);
		return false;
	}
	if (alg->kind != VCD_ALG_CIPHER) {
		bench_error("--alg=%s: only ciphers can be measured yet", text);
		return false;
	}
	work->alg = alg;
	work->name = text;
	work->key_len = bits ? bits / 8 : alg->key_max;
	if (alg->id == CRYPTO_AES_XTS && bits)
		work->key_len *= 2;
	/* Either the bits are part of the name, or there is but one key size. */
	if (bits % 8 || !vcd_alg_key_ok(alg, work->key_len) ||
	    (!bits && alg->key_step && alg->id != CRYPTO_BLF_CBC)) {
		bench_error("--alg=%s: name a key size, as in aes-128-cbc", text);
		return false;
	}
	if (alg->id == CRYPTO_BLF_CBC)
		work->key_len = 16;
	return true;
}

static bool parse_op(const char *text, struct workload *work)
{
	work->decrypt = strcmp(text, "decrypt") == 0;
	if (work->decrypt || strcmp(text, "encrypt") == 0)
		return true;
	bench_error("--op=%s: encrypt or decrypt is needed", text);
	return false;
}

/* One option; BENCH_RUN to go on. */
static int take_option(int id, const char *arg, struct bench_options *o)
{
	struct workload *work = &o->work;
	bool ok = true;

	switch (id) {
	case OPT_ALG:
		ok = parse_alg(arg, work);
		break;
	case OPT_OP:
		ok = parse_op(arg, work);
		break;
	case OPT_SIZE:
		ok = parse_sizes(arg, o);
		break;
	case OPT_DEPTH:
		ok = parse_uint("depth", arg, 1, BENCH_MAX_DEPTH, &work->depth);
		break;
	case OPT_THREADS:
		ok = parse_uint("threads", arg, 1, BENCH_MAX_THREADS, &work->threads);
		break;
	case OPT_SESSIONS:
		ok = parse_uint("sessions", arg, 1, BENCH_MAX_SESSIONS, &work->sessions);
		break;
	case OPT_SECONDS:
		ok = parse_seconds(arg, &o->seconds);
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_COMPARE:
		ok = parse_mode("--compare", arg, &o->compare);
		break;
	case OPT_ENGINE:
		o->target.engine = arg;
		break;
	case OPT_DAEMON:
		o->target.daemon = arg;
		break;
	case OPT_SOCKET:
		o->target.socket = arg;
		break;
	case OPT_DEVICE:
		o->target.device = arg;
		break;
	case OPT_POLL_US:
		ok = parse_uint("poll-us", arg, 0, 1000000, &o->target.poll_us);
		break;
	case OPT_SPIN_US:
		ok = parse_uint("spin-us", arg, 0, 1000000, &o->target.spin_us);
		break;
	case 'h':
		print_help();
		return BENCH_OK;
	case 'V':
		puts("vcrypto-bench " VCD_VERSION);
		return BENCH_OK;
	default:
		ok = false;
	}
	return ok ? BENCH_RUN : BENCH_USAGE;
}

/* What depends on several options. */
static bool check(const struct bench_options *o)
{
	const struct workload *work = &o->work;
	unsigned int i;

	for (i = 0; i < o->size_count; i++) {
		if (o->sizes[i] % work->alg->block_size) {
			bench_error("--size=%u: %s works on blocks of %u bytes", o->sizes[i],
				    work->name, work->alg->block_size);
			return false;
		}
	}
	if ((uint64_t)work->threads * work->sessions > MAX_SESSIONS_TOTAL) {
		bench_error("%u threads with %u sessions each: at most %u sessions in all",
			    work->threads, work->sessions, MAX_SESSIONS_TOTAL);
		return false;
	}
	return true;
}

int bench_options_parse(int argc, char **argv, struct bench_options *options)
{
	struct bench_options o = {
	    .work = {.depth = 16, .threads = 1, .sessions = 1},
	    .target = {.engine = "auto", .device = "/dev/crypto", .spin_us = 50},
	    .sizes = {4096},
	    .size_count = 1,
	    .seconds = 2,
	};
	int ret = BENCH_RUN;
	int id;

	if (!parse_alg("aes-128-cbc", &o.work))
		return BENCH_FAILED;
	while (ret == BENCH_RUN && (id = getopt_long(argc, argv, "hV", long_options, NULL)) != -1)
		ret = take_option(id, optarg, &o);
	if (ret == BENCH_RUN && optind + 1 != argc) {
		bench_error(optind == argc ? "a mode is needed: engine, openssl, wire, dev or afalg"
					   : "just one mode is needed");
		ret = BENCH_USAGE;
	}
	if (ret == BENCH_RUN && (!parse_mode("mode", argv[optind], &o.mode) || !check(&o)))
		ret = BENCH_USAGE;
	if (ret == BENCH_USAGE)
		fputs("Try 'vcrypto-bench --help'.\n", stderr);
	if (ret == BENCH_RUN)
		*options = o;
	return ret;
}
