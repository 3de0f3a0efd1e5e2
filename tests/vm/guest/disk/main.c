/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - cryptodev-disk: how fast a block device is, past the page cache, with dm-crypt or without.
 *
 * The default is all of: sequential and random, reading and writing, 1 and 4 processes.
 *
 * Several processes read or write blocks, one after the other from the beginning of a part of
 * their own, or at random. The result is one line.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_DIRECT */
#endif
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypt.h"

#define MAX_BLOCK (1ul << 20)

struct options {
	const char *device, *cipher;
	unsigned long block, sector;
	double seconds;
	/* Of the measurement that runs. */
	bool write, random;
	unsigned long jobs;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

_Noreturn static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* The next block, of @num blocks from @first on. */
static uint64_t next_block(const struct options *o, uint64_t first, uint64_t num, uint64_t count,
			   uint64_t *random)
{
	if (!o->random)
		return first + count % num;
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return first + (*random >> 33) % num;
}

/* One process's blocks, until the time is over. Returns how many. */
static uint64_t work(const struct options *o, unsigned long job)
{
	int fd = open(o->device, (o->write ? O_WRONLY : O_RDONLY) | O_DIRECT);
	uint64_t random = job + 1, count = 0, num;
	double end = now() + o->seconds;
	void *data;
	off_t size;

	if (fd < 0)
		fail(o->device);
	size = lseek(fd, 0, SEEK_END);
	num = size < 0 ? 0 : (uint64_t)size / o->block / o->jobs;
	if (!num || posix_memalign(&data, MAX_BLOCK, o->block)) {
		fprintf(stderr, "%s is too small\n", o->device);
		exit(1);
	}
	memset(data, (int)job, o->block);
	for (; now() < end; count++) {
		off_t at = (off_t)(next_block(o, job * num, num, count, &random) * o->block);
		ssize_t n =
		    o->write ? pwrite(fd, data, o->block, at) : pread(fd, data, o->block, at);

		if (n != (ssize_t)o->block)
			fail(o->write ? "write" : "read");
	}
	free(data);
	close(fd);
	return count;
}

/* All processes. Returns the blocks of all. */
static uint64_t run(const struct options *o)
{
	uint64_t sum = 0, count;
	unsigned long i;
	int pipes[2];

	if (pipe(pipes))
		fail("pipe");
	for (i = 0; i < o->jobs; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (!pid) {
			count = work(o, i);
			_exit(write(pipes[1], &count, sizeof(count)) != (ssize_t)sizeof(count));
		}
	}
	close(pipes[1]);
	for (i = 0; i < o->jobs; i++) {
		int status;

		if (wait(&status) < 0 || status)
			exit(1);
		if (read(pipes[0], &count, sizeof(count)) != (ssize_t)sizeof(count))
			fail("pipe");
		sum += count;
	}
	close(pipes[0]);
	return sum;
}

static void usage(FILE *to)
{
	fputs(
	    "usage: cryptodev-disk [OPTION]... DEVICE\n"
	    "Reads and writes a block device, whose content is lost, and prints how fast that is.\n"
	    "\n"
	    "  --crypt=CIPHER  with dm-crypt and that cipher over it (default: none)\n"
	    "  --sector=BYTES  of dm-crypt (default 4096)\n"
	    "  --block=BYTES   of one call, a multiple of the sector (default 4096)\n"
	    "  --seconds=S     for each measurement (default 1)\n"
	    "  --help\n",
	    to);
}

/* Sets @o; exits when it is wrong. */
static void parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
	    {"crypt", required_argument, NULL, 'c'}, {"sector", required_argument, NULL, 'e'},
	    {"block", required_argument, NULL, 'b'}, {"seconds", required_argument, NULL, 's'},
	    {"help", no_argument, NULL, 'h'},	     {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->cipher = optarg;
			break;
		case 'e':
			o->sector = strtoul(optarg, NULL, 0);
			break;
		case 'b':
			o->block = strtoul(optarg, NULL, 0);
			break;
		case 's':
			o->seconds = strtod(optarg, NULL);
			break;
		default:
			usage(c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
	}
	if (optind + 1 != argc || o->block < 512 || o->block > MAX_BLOCK || o->block % 512) {
		usage(stderr);
		exit(2);
	}
	o->device = argv[optind];
}

/* One measurement, one line. */
static void measure(struct options *o, bool write, bool random, unsigned long jobs)
{
	double start = now(), took;
	uint64_t count;

	o->write = write;
	o->random = random;
	o->jobs = jobs;
	count = run(o);
	took = now() - start;
	printf("%-5s %-10s %lu jobs %9.0f op/s %8.1f MB/s\n", write ? "write" : "read",
	       random ? "random" : "sequential", jobs, (double)count / took,
	       (double)count * (double)o->block / took / 1e6);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct options o = {.block = 4096, .sector = 4096, .seconds = 1};
	char path[32];

	parse(&o, argc, argv);
	if (o.cipher) {
		if (!crypt_open(o.device, o.cipher, o.sector, path, sizeof(path)))
			return 1;
		o.device = path;
	}
	for (int i = 0; i < 8; i++)
		measure(&o, !(i & 4), i & 2, i & 1 ? 4 : 1);
	return o.cipher && !crypt_close();
}
