/* SPDX-License-Identifier: GPL-2.0-or-later */
/* abuse.c - what a guest that lies writes into its memory. See abuse.h. */
#include "abuse.h"

#include <string.h>

#include "tests/lib/hostile.h"
#include "virtio_cryptodev.h"

/* Pages in which a request may begin: what belongs to it lies behind, up to 0x20000 and an output.
 */
#define PAGES (GUEST_DATA_SIZE / 4096 - 100)

uint64_t abuse_random(struct guest *g)
{
	return test_random_next(&g->chance);
}

uint64_t abuse_below(struct guest *g, uint64_t n)
{
	return test_random_below(&g->chance, n);
}

bool abuse_one_in(struct guest *g, unsigned int n)
{
	return !abuse_below(g, n);
}

uint64_t abuse_address(struct guest *g)
{
	switch (abuse_below(g, 24)) {
	case 0:
		return 0;
	case 1:
		return GUEST_RAM - abuse_below(g, 4096);
	case 2:
		return GUEST_RAM + abuse_below(g, 1 << 20);
	case 3:
		return FUNCTION_BAR + abuse_below(g, 0x4000); /* the device's own registers */
	case 4:
		return FUNCTION_BAR + 0x3000 + 4 * abuse_below(g, 8); /* its notify registers */
	case 5:
		return 0xfee00000 + 16 * abuse_below(g, 256); /* the interrupt controller */
	case 6:
		return UINT64_MAX - abuse_below(g, 8192);
	case 7:
		return abuse_random(g);
	case 8:
		return 0xfffc0000 + abuse_below(g, 1 << 18); /* the firmware's ROM */
	case 9:						     /* the rings themselves */
		return guest_desc((unsigned int)abuse_below(g, 4)) + abuse_below(g, 0x9000);
	default:
		return GUEST_DATA + abuse_below(g, GUEST_DATA_SIZE);
	}
}

static uint64_t any_place(struct guest *g)
{
	return GUEST_DATA + abuse_below(g, PAGES) * 4096;
}

static struct vcd_req any_create(struct guest *g)
{
	static const uint32_t ciphers[] = {0, 11, 21, 22, 23, 50, 51, 112, 16, 2, 101, 200};
	static const uint32_t macs[] = {0, 7, 14, 18, 20, 104, 106, 117, 99};
	const struct vcd_req_create create = {.opcode = VCD_OP_SESSION_CREATE,
					      .cipher = ciphers[abuse_below(g, 12)],
					      .mac = macs[abuse_below(g, 9)],
					      .key_len = (uint32_t)abuse_below(g, 5) * 8,
					      .mackey_len = (uint32_t)abuse_below(g, 5) * 8};
	struct vcd_req req;

	memcpy(&req, &create, sizeof(req));
	return req;
}

static struct vcd_req any_crypt(struct guest *g, uint16_t opcode)
{
	static const uint32_t sizes[] = {0, 16, 32, 64, 1024, 65536, 262144};
	struct vcd_req req = {.opcode = opcode};

	req.session = abuse_one_in(g, 8) ? abuse_random(g) : g->session + (abuse_below(g, 4) << 14);
	req.src_len = sizes[abuse_below(g, 7)];
	req.iv_len = abuse_one_in(g, 4) ? (uint8_t)abuse_below(g, 20) : 16;
	req.flags = (uint16_t)(abuse_one_in(g, 2) ? abuse_below(g, 2) : abuse_below(g, 64));
	if (opcode == VCD_OP_AUTHCRYPT) {
		req.tag_len = (uint8_t)abuse_below(g, 20);
		req.aad_len = (uint32_t)abuse_below(g, 100);
	}
	return req;
}

/* A request that is right, but for some bytes perhaps. HELLO ends all sessions. */
static void any_request(struct guest *g, uint64_t at)
{
	static const uint16_t opcodes[] = {
	    VCD_OP_SESSION_CREATE, VCD_OP_SESSION_DESTROY, VCD_OP_SESSION_INFO, VCD_OP_CRYPT,
	    VCD_OP_CRYPT,	   VCD_OP_CRYPT,	   VCD_OP_AUTHCRYPT,	VCD_OP_HASH_COPY,
	};
	const struct vcd_req_hello hello = {
	    .opcode = VCD_OP_HELLO, .min_version = 1, .max_version = 1};
	uint8_t bytes[sizeof(struct vcd_req) + 592];
	uint16_t opcode = opcodes[abuse_below(g, 8)];
	struct vcd_req req;

	if (abuse_one_in(g, 64))
		memcpy(&req, &hello, sizeof(req));
	else if (opcode == VCD_OP_SESSION_CREATE)
		req = any_create(g);
	else
		req = any_crypt(g, opcode);
	memcpy(bytes, &req, sizeof(req));
	for (size_t i = sizeof(req); i < sizeof(bytes); i += 8) {
		uint64_t word = abuse_random(g);

		memcpy(bytes + i, &word, sizeof(word));
	}
	for (uint64_t n = abuse_one_in(g, 2) ? 0 : abuse_below(g, 4); n; n--)
		bytes[abuse_below(g, sizeof(req))] = (uint8_t)abuse_random(g);
	qtest_write(&g->qtest, at, bytes, sizeof(bytes));
}

/* A request of @len bytes of data in which nothing is wrong, though its output may lie on its
 * input. */
static void right_request(struct guest *g, uint64_t at, uint32_t len)
{
	const struct vcd_req req = {.opcode = VCD_OP_CRYPT,
				    .session = g->session,
				    .src_len = len,
				    .iv_len = 16,
				    .flags = (uint16_t)abuse_below(g, 2)};

	qtest_write(&g->qtest, at, &req, sizeof(req));
}

void abuse_request(struct guest *g)
{
	any_request(g, any_place(g));
}

static struct desc any_desc(struct guest *g)
{
	struct desc d = {
	    .addr = abuse_address(g),
	    .len = test_hostile_length(&g->chance),
	    .flags = (uint16_t)(abuse_one_in(g, 16) ? abuse_random(g)
						    : abuse_below(g, abuse_one_in(g, 4) ? 8 : 4)),
	    .next = (uint16_t)(abuse_one_in(g, 16) ? abuse_random(g) : abuse_below(g, GUEST_NUM)),
	};

	return d;
}

void abuse_desc(struct guest *g, unsigned int queue)
{
	struct desc d = any_desc(g);

	qtest_write(&g->qtest, guest_desc(queue) + 16 * abuse_below(g, GUEST_NUM), &d, sizeof(d));
}

/* A chain as a driver makes it, in entries @first and on, or in an indirect table. */
static void good_chain(struct guest *g, unsigned int queue, uint16_t first)
{
	uint64_t at = any_place(g);
	bool right = abuse_one_in(g, 2);
	uint32_t blocks = 16 * (1 + (uint32_t)abuse_below(g, abuse_one_in(g, 16) ? 4096 : 64));
	uint32_t in = 80, out = 1 << 17;

	if (right) {
		in = 64 + blocks;
		out = blocks + sizeof(struct vcd_reply);
		right_request(g, at, blocks);
	} else {
		if (abuse_one_in(g, 2))
			in = 64 + (uint32_t)abuse_below(g, 600);
		if (abuse_one_in(g, 4))
			out = (uint32_t)abuse_below(g, 400);
		any_request(g, at);
	}

	struct desc d[3] = {
	    {at, 64, DESC_NEXT, (uint16_t)(first + 1)},
	    {at + 64, in - 64 + (!right && abuse_one_in(g, 3) ? 65536 : 0), DESC_NEXT,
	     (uint16_t)(first + 2)},
	    {abuse_one_in(g, 4) ? at : at + 0x20000, out, DESC_WRITE, 0},
	};

	if (abuse_one_in(g, 4)) {
		/* the same through an indirect table */
		struct desc table = {at + 0x1000, sizeof(d), DESC_INDIRECT, 0};

		d[0].next = 1;
		d[1].next = 2;
		qtest_write(&g->qtest, at + 0x1000, d, sizeof(d));
		qtest_write(&g->qtest, guest_desc(queue) + 16u * first, &table, sizeof(table));
	} else {
		qtest_write(&g->qtest, guest_desc(queue) + 16u * first, d, sizeof(d));
	}
}

void abuse_fill(struct guest *g, unsigned int queue, bool whole)
{
	struct desc table[GUEST_NUM];
	uint16_t avail[2 + GUEST_NUM + 1] = {0};
	unsigned int good = 0;
	uint16_t base = guest_used_index(g, queue), index;

	if (whole || !abuse_one_in(g, 3))
		good = 1 + (unsigned int)abuse_below(g, GUEST_NUM / 3 - 1);
	for (unsigned int i = 0; i < GUEST_NUM; i++)
		table[i] = any_desc(g);
	qtest_write(&g->qtest, guest_desc(queue), table, sizeof(table));
	for (unsigned int i = 0; i < GUEST_NUM; i++)
		avail[2 + i] =
		    (uint16_t)(abuse_one_in(g, 64) ? abuse_random(g) : abuse_below(g, GUEST_NUM));
	for (unsigned int i = 0; i < good; i++) {
		avail[2 + (base + i) % GUEST_NUM] = (uint16_t)(3 * i);
		good_chain(g, queue, (uint16_t)(3 * i));
	}
	index = (uint16_t)(base + (whole || (good && !abuse_one_in(g, 4))
				       ? good
				       : abuse_below(g, GUEST_NUM + 1)));
	if (!whole && abuse_one_in(g, 32))
		index = (uint16_t)abuse_random(g);
	avail[0] = (uint16_t)abuse_below(g, 2);
	/* The index is the last to be seen. */
	avail[1] = guest_avail_index(g, queue);
	qtest_write(&g->qtest, guest_avail(queue), avail, sizeof(avail));
	qtest_store16(&g->qtest, guest_avail(queue) + 2, index);
}

void abuse_scribble(struct guest *g)
{
	uint64_t at = any_place(g);
	uint8_t byte = (uint8_t)abuse_random(g);

	switch (abuse_below(g, 4)) {
	case 0:
		any_request(g, at);
		break;
	case 1: /* a header, if one is there */
		qtest_write(&g->qtest, at + abuse_below(g, sizeof(struct vcd_req)), &byte, 1);
		break;
	case 2: /* an indirect table */
		qtest_write(&g->qtest, at + 0x1000 + abuse_below(g, 3 * sizeof(struct desc)), &byte,
			    1);
		break;
	default:
		qtest_write(&g->qtest, GUEST_DATA + abuse_below(g, GUEST_DATA_SIZE), &byte, 1);
	}
}
