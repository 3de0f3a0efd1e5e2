/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * help.c - what vcrypto-bench says of itself.
 */
#include <stdio.h>
#include <string.h>

#include "cryptodev.h"
#include "tools/bench/options.h"

void bench_help(void)
{
	fputs(
	    "Usage: vcrypto-bench MODE [OPTION]...\n"
	    "       vcrypto-bench --compare=A --vs=B [OPTION]...\n"
	    "\n"
	    "Measures cryptography on the way from a call to its result. MODE is one of\n"
	    "\n"
	    "  engine    the engine by itself, batches of --depth jobs\n"
	    "  openssl   libcrypto's EVP in process, one stream (depth is 1)\n"
	    "  wire      a daemon, over rings in shared memory as a guest's driver uses them\n"
	    "  dev       /dev/crypto: one call at a time, in batches, or asynchronously\n"
	    "  afalg     the kernel's crypto API over AF_ALG sockets; up to 64 KiB (depth is 1)\n"
	    "  pingpong  nothing but a round trip between two processes that poll\n"
	    "  eventfd   the same between two that sleep\n"
	    "  syscall   nothing but a system call: the least that dev can cost\n"
	    "\n"
	    "A and B are MODE[:OPTION=VALUE[,OPTION=VALUE]...], as wire:depth=32,engine=openssl.\n"
	    "\n"
	    "What:\n"
	    "  --alg=NAME         as aes-128-cbc (default), aes-256-xts, 3des-cbc, sha256,\n"
	    "                     hmac-sha256, aes-128-cmac, aes-128-gcm, null; --list has all\n"
	    "  --op=OP            encrypt (default), decrypt; digest for hashes and MACs\n"
	    "  --size=N[,N]...    bytes of one operation (default: 4096)\n"
	    "  --aad=N, --tag=N   AEAD: bytes of AAD (default: 13) and tag (default: all)\n"
	    "  --depth=N          operations in flight for each thread (default: 16)\n"
	    "  --threads=N        threads, in wire mode each with a queue (default: 1)\n"
	    "  --sessions=N       sessions of each thread, used in turn (default: 1)\n"
	    "  --submit=HOW       dev: sync (default; depth is 1), batch or async\n"
	    "  --batch=N          dev: operations of one call, with --submit=batch (default: 32)\n"
	    "  --zero-copy=0|1    dev: output straight to this program's memory (default: 0)\n"
	    "\n"
	    "Where:\n"
	    "  --engine=SPEC      engine, for engine and wire (default: auto); for afalg the\n"
	    "                     kernel's driver, as in /proc/crypto\n"
	    "  --daemon=PATH      wire: daemon to start (default: the one built with this)\n"
	    "  --socket=PATH      wire: use a daemon that is running\n"
	    "  --poll-us=N        wire: --poll-us of the daemon (default: 0)\n"
	    "  --spin-us=N        wire: look at the ring that long before sleeping (default: 50)\n"
	    "  --place=HOW        free (default); apart: our threads on CPUs of their own, the\n"
	    "                     daemon on the others; together: each on one CPU with its worker\n"
	    "  --device=PATH      dev: device (default: /dev/crypto)\n"
	    "\n"
	    "How:\n"
	    "  --seconds=S        time for each measurement (default: 2)\n"
	    "  --compare=MODE2    measure MODE2 too, in turn with MODE, and print the ratio\n"
	    "  --vs=B             with --compare=A: A beside B\n"
	    "  --pairs=N          pairs of slices of time in a comparison (default: 10)\n"
	    "  --clock=CLOCK      system (default), or tsc: the processor's time stamp counter,\n"
	    "                     for where reading the clock is an expensive system call\n"
	    "  --json             print one JSON object a line\n"
	    "  --details          more of each result: percentiles, the worker's CPU and memory\n"
	    "  --histogram=FILE   write the latencies to FILE, one JSON object a line\n"
	    "  --list             print the names of all algorithms and exit\n"
	    "  -h, --help         print this and exit\n"
	    "  -V, --version      print the version and exit\n"
	    "\n"
	    "cpu ns/op is the CPU time of this process and of a process in its service, the\n"
	    "daemon of wire mode, with all threads; time spent looking at rings counts. In dev\n"
	    "mode it is this process and the kernel on its behalf; work that a host does is not\n"
	    "in it. Latency runs from handing an operation over to having its result.\n"
	    "The first results are compared with libcrypto's before anything is measured.\n"
	    "\n"
	    "Exit status: 0 measured, 1 failure, 2 bad command line. See vcrypto-bench(1).\n",
	    stdout);
}

/* All key sizes that the name can have in its middle. */
static void list_sizes(const struct vcd_alg *alg, const char *dash)
{
	bool xts = alg->id == CRYPTO_AES_XTS;
	unsigned int len;

	for (len = alg->key_min; len <= alg->key_max; len += alg->key_step)
		printf("%.*s-%u%s\n", (int)(dash - alg->cli_name), alg->cli_name,
		       len * 8 / (xts ? 2 : 1), dash);
}

void bench_list(void)
{
	const struct vcd_alg *alg;
	size_t i;

	for (i = 0; (alg = vcd_alg_at(i)) != NULL; i++) {
		const char *dash = strchr(alg->cli_name, '-');

		if (dash && alg->key_step > 1)
			list_sizes(alg, dash);
		else
			puts(alg->cli_name);
	}
}
