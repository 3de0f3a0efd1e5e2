/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest.c - a guest under qtest, as long as it is good. See guest.h. */
#include "guest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cryptodev.h"
#include "virtio_cryptodev.h"

/* The device among QEMU's objects, by its id. */
#define DEVICE "/machine/peripheral/c"
#define ANSWER_S 120
#define PAUSE_US 20

void guest_begin(struct guest *g, char *const argv[], unsigned int id)
{
	*g = (struct guest){.id = id};
	qtest_start(&g->qtest, argv, GUEST_RAM);
	function_find(&g->function, &g->qtest, id);
}

void guest_end(struct guest *g)
{
	qtest_stop(&g->qtest);
}

uint64_t guest_desc(unsigned int queue)
{
	return GUEST_RINGS + queue * GUEST_RINGS_STEP;
}

uint64_t guest_avail(unsigned int queue)
{
	return guest_desc(queue) + 0x4000;
}

uint64_t guest_used(unsigned int queue)
{
	return guest_desc(queue) + 0x8000;
}

uint16_t guest_used_index(struct guest *g, unsigned int queue)
{
	return qtest_load16(&g->qtest, guest_used(queue) + 2);
}

uint16_t guest_avail_index(struct guest *g, unsigned int queue)
{
	return qtest_load16(&g->qtest, guest_avail(queue) + 2);
}

static time_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

void guest_reset(struct guest *g)
{
	function_set(&g->function, COMMON_STATUS, 1, 0);
	if (function_get(&g->function, COMMON_STATUS, 1))
		die("the device does not reset");
	memset(g->sound, 0, sizeof(g->sound));
	g->stopped = false;
}

void guest_reset_machine(struct guest *g)
{
	time_t end = now_s() + ANSWER_S;

	qtest_qmp(&g->qtest, "system_reset");
	while (!function_reset_done(&g->function)) {
		if (now_s() > end)
			die("the machine does not reset");
		usleep(PAUSE_US);
	}
	function_find(&g->function, &g->qtest, g->id);
	memset(g->sound, 0, sizeof(g->sound));
	g->stopped = false;
}

void guest_clear(struct guest *g, unsigned int queue)
{
	static const uint8_t zero[4 + 8 * GUEST_NUM + 4];

	qtest_write(&g->qtest, guest_avail(queue), zero, sizeof(zero));
	qtest_write(&g->qtest, guest_used(queue), zero, sizeof(zero));
}

void guest_queue(struct guest *g, unsigned int queue)
{
	guest_clear(g, queue);
	function_queue(&g->function, queue, GUEST_NUM, guest_desc(queue), guest_avail(queue),
		       guest_used(queue));
	g->sound[queue] = true;
}

void guest_go(struct guest *g)
{
	function_set(&g->function, COMMON_STATUS, 1,
		     STATUS_ACK | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
}

bool guest_has_stopped(struct guest *g)
{
	if (g->stopped)
		return true;
	g->stopped = function_get(&g->function, COMMON_STATUS, 1) & STATUS_NEEDS_RESET;
	g->stops += g->stopped;
	return g->stopped;
}

/* --- the known requests -------------------------------------------------------- */

/*
 * Send a request on queue 0 and wait for its reply, for @seconds. Returns the output's bytes, or -1
 * when there is no answer.
 */
static int exchange(struct guest *g, const void *in, size_t in_len, void *out, size_t out_size,
		    time_t seconds)
{
	const struct desc chain[2] = {
	    {GUEST_DATA, (uint32_t)in_len, DESC_NEXT, 1},
	    {GUEST_DATA + 0x1000, (uint32_t)out_size, DESC_WRITE, 0},
	};
	struct {
		uint32_t id, len;
	} used;
	uint16_t nth = guest_used_index(g, 0), index = (uint16_t)(nth + 1);
	const uint16_t head = 0;
	time_t end = now_s() + seconds;

	qtest_write(&g->qtest, GUEST_DATA, in, in_len);
	qtest_write(&g->qtest, guest_desc(0), chain, sizeof(chain));
	qtest_write(&g->qtest, guest_avail(0) + 4 + 2u * (nth % GUEST_NUM), &head, 2);
	qtest_store16(&g->qtest, guest_avail(0) + 2, index);
	function_kick(&g->function, 0);
	while (guest_used_index(g, 0) != index) {
		if (now_s() > end)
			return -1;
		usleep(PAUSE_US);
	}
	qtest_read(&g->qtest, guest_used(0) + 4 + 8u * (nth % GUEST_NUM), &used, sizeof(used));
	if (used.len < sizeof(struct vcd_reply) || used.len > out_size)
		die("a reply of %u bytes", used.len);
	qtest_read(&g->qtest, GUEST_DATA + 0x1000, out, used.len);
	g->own++;
	return (int)(used.len - sizeof(struct vcd_reply));
}

/* SP 800-38A, F.2.1: the key. */
static bool session_make(struct guest *g, time_t seconds)
{
	static const struct {
		struct vcd_req_create req;
		uint8_t key[16];
	} create = {
	    .req = {.opcode = VCD_OP_SESSION_CREATE, .cipher = CRYPTO_AES_CBC, .key_len = 16},
	    .key = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09,
		    0xcf, 0x4f, 0x3c}};
	struct {
		struct vcd_reply reply;
		uint8_t data[64];
	} out;

	if (exchange(g, &create, sizeof(create), &out, sizeof(out), seconds) < 0)
		return false;
	if (out.reply.status != VCD_S_OK)
		die("no session: status %u", out.reply.status);
	g->session = out.reply.value;
	return true;
}

bool guest_session(struct guest *g)
{
	return session_make(g, 1);
}

void guest_check(struct guest *g)
{
	/* F.2.1, first block. */
	static const uint8_t plain[16] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
					  0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a};
	static const uint8_t cipher[16] = {0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46,
					   0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d};
	struct {
		struct vcd_req req;
		uint8_t data[16];
	} crypt = {.req = {.opcode = VCD_OP_CRYPT, .src_len = 16, .iv_len = 16}};
	struct {
		struct vcd_reply reply;
		uint8_t data[64];
	} out;

	guest_reset(g);
	if (!function_features(&g->function, GUEST_F_VERSION_1))
		die("the device does not accept VIRTIO_F_VERSION_1");
	guest_queue(g, 0);
	guest_go(g);
	if (!session_make(g, ANSWER_S))
		die("the device does not answer");
	crypt.req.session = g->session;
	memcpy(crypt.data, plain, 16);
	for (uint8_t i = 0; i < 16; i++)
		crypt.req.iv[i] = i;
	if (exchange(g, &crypt, sizeof(crypt), &out, sizeof(out), ANSWER_S) != 16 ||
	    out.reply.status != VCD_S_OK || memcmp(out.data, cipher, 16))
		die("a wrong answer: status %u", out.reply.status);
}

/* --- counters -------------------------------------------------------------------- */

static uint64_t number(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	if (!at)
		die("the device does not count %s: %s", name, text);
	return strtoull(at + strlen(name), NULL, 10);
}

void guest_count(struct guest *g, struct guest_counters *counters)
{
	char text[4096];

	qtest_property(&g->qtest, DEVICE, "stats", text, sizeof(text));
	counters->taken = number(text, "\"by-worker\": ");
	counters->ok = number(text, "\"OK\": ");
}
