/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mutate.c - libFuzzer's mutations for fuzz_vhost_user.c, by records.
 *
 * A byte more or less in front of a record makes another one of all that follow it. So inputs are
 * taken apart into records first: one is doubled, dropped, moved, changed inside, or one is put in
 * that gets a queue to work, or a request into it. libFuzzer's own mutations of the whole input are
 * used as well.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/vhost_user/message.h"
#include "tests/fuzz/fuzz.h"

#define MAX_RECORDS 512

/* As tests/fuzz/run has it. */
#define MAX_SIZE 65536

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

/* Bytes of the record that begins there, no more than are left. */
static size_t record_len(const uint8_t *p, size_t left)
{
	size_t len = 2;

	switch (p[0] % 6) {
	case 0: /* MESSAGE */
		len = 6;
		if (left >= len)
			len += (size_t)(p[4] | p[5] << 8) % (sizeof(union vu_payload) + 8);
		break;
	case 1: /* WRITE */
		len = 4;
		if (left >= len)
			len += p[3];
		break;
	case 3: /* BYTES */
		if (left >= len)
			len += p[1];
		break;
	case 5: /* CHAIN */
		len = 22;
		break;
	default: /* PROCESS, SET UP */
		break;
	}
	return len < left ? len : left;
}

/* Where each record begins, and behind them the end. Return: how many. */
static size_t take_apart(const uint8_t *data, size_t size, size_t start[MAX_RECORDS + 1])
{
	size_t n = 0, at = 0;

	while (at < size && n < MAX_RECORDS) {
		start[n++] = at;
		at += record_len(data + at, size - at);
	}
	start[n] = at;
	return n;
}

/* Make room for @len bytes at @at, and put them there, when they fit. Return: the new size. */
static size_t put_in(uint8_t *data, size_t size, size_t max, size_t at, const uint8_t *bytes,
		     size_t len)
{
	if (len > max - size)
		return size;
	memmove(data + at + len, data + at, size - at);
	memcpy(data + at, bytes, len);
	return size + len;
}

/* A record that leads somewhere. Return: its length. */
static size_t good_record(uint8_t record[32], unsigned int choice)
{
	static const uint8_t opcodes[] = {0x01, 0x10, 0x11, 0x12, 0x20, 0x21, 0x22};
	uint8_t queue = choice >> 8 & 1;

	memset(record, 0, 32);
	record[1] = queue;
	switch (choice % 4) {
	case 0:
		record[0] = 4; /* SET UP */
		return 2;
	case 1:
		record[0] = 5; /* CHAIN */
		record[18] = opcodes[(choice >> 16) % sizeof(opcodes)];
		record[20] = (uint8_t)(choice >> 24);
		return 22;
	default:
		record[0] = 2; /* PROCESS */
		return 2;
	}
}

static size_t by_records(uint8_t *data, size_t size, size_t max, const size_t *start, size_t n)
{
	unsigned int what = (unsigned int)rand(), i = (unsigned int)rand() % (unsigned int)n;
	size_t at = start[i], len = start[i + 1] - at, room, to;
	static uint8_t copy[MAX_SIZE];
	uint8_t record[32];

	switch (what % 5) {
	case 0: /* dropped */
		memmove(data + at, data + at + len, size - at - len);
		return size - len;
	case 1: /* once more, somewhere */
		memcpy(copy, data + at, len);
		to = start[(unsigned int)rand() % (n + 1)];
		return put_in(data, size, max, to, copy, len);
	case 2: /* moved to the end */
		memcpy(copy, data + at, len);
		memmove(data + at, data + at + len, size - at - len);
		memcpy(data + size - len, copy, len);
		return size;
	case 3: /* a good one before it */
		len = good_record(record, (unsigned int)rand());
		return put_in(data, size, max, at, record, len);
	default: /* changed inside; its length stays */
		memcpy(copy, data + at, len);
		room = LLVMFuzzerMutate(copy, len, len);
		memcpy(data + at, copy, room);
		return size;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	size_t start[MAX_RECORDS + 1];
	size_t n;

	srand(seed);
	n = take_apart(data, size, start);
	if (n < 2 || start[n] != size || size > MAX_SIZE || rand() % 4 == 0)
		return LLVMFuzzerMutate(data, size, max);
	return by_records(data, size, max, start, n);
}
