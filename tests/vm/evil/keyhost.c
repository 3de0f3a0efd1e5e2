/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keyhost.c - a key service for the evil host: keys by name that exist because they are named.
 *
 * There is no cryptography in it. Output is known bytes, so that a program in the guest can tell
 * whether it has what the host meant it to have.
 */
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

/* The upper half of session ids, which the honest device does not give. */
#define KEY_SESSION UINT64_C(0x6b657973)

static struct {
	uint64_t last, oldest; /* sessions that exist: those from @oldest to @last */
	unsigned int busy, lost;
	bool repointed;
} keys = {.oldest = 1};

void evil_key_lose(void)
{
	keys.oldest = keys.last + 1;
}

void evil_key_order(struct evil_host *host, const struct evil_order *order)
{
	if (order->what == EVIL_KEY_NEXT_LIST)
		host->next_list = (int)order->arg;
	else if (order->what == EVIL_KEY_REPOINT)
		keys.repointed = order->arg;
}

bool evil_key_parse(const struct vdev_request *r, struct evil_order *order)
{
	char label[VCD_KEY_LABEL_LEN] = {0};

	evil_gather(r->in, r->in_count, sizeof(struct vcd_req), label, sizeof(label) - 1);
	*order = (struct evil_order){.magic = EVIL_MAGIC};
	return sscanf(label, "evil %u %u %u", &order->what, &order->arg, &order->zero) == 3;
}

static void write_reply(struct vdev_request *r, const struct vcd_reply *reply, const void *out)
{
	uint8_t all[sizeof(*reply) + EVIL_KEY_LIST * sizeof(struct vcd_key_info)];
	uint32_t len = le32toh(reply->out_len);

	memcpy(all, reply, sizeof(*reply));
	memcpy(all + sizeof(*reply), out, len);
	evil_scatter(r, all, sizeof(*reply) + len);
	r->written = (uint32_t)sizeof(*reply) + len;
}

static struct vcd_key_info info_of(const char *label, bool symmetric)
{
	struct vcd_key_info info = {
	    .kind = htole16(symmetric ? VCD_KIND_SYMMETRIC : VCD_KIND_RSA),
	    .alg = htole16(symmetric ? CRYPTO_AES_GCM : 0),
	    .bits = htole32(2048),
	    .use = htole32(VCD_USE_DECRYPT),
	    .schemes = htole64(UINT64_C(1) << VCD_RSA_OAEP_SHA256),
	    .max_out = htole32(EVIL_KEY_ROOM),
	};

	snprintf(info.label, sizeof(info.label), "%s", label);
	memset(info.check, keys.repointed ? 0x77 : 0x11, sizeof(info.check));
	return info;
}

/* What no key can be like. */
static void spoil_info(struct vcd_key_info *info, struct vcd_reply *reply, uint32_t how)
{
	switch (how) {
	case EVIL_INFO_LABEL_FULL:
		memset(info->label, 'x', sizeof(info->label));
		break;
	case EVIL_INFO_LABEL_EMPTY:
		memset(info->label, 0, sizeof(info->label));
		break;
	case EVIL_INFO_LABEL_OTHER:
		strcpy(info->label, "another");
		break;
	case EVIL_INFO_KIND_0:
		info->kind = 0;
		break;
	case EVIL_INFO_KIND_OTHER:
		info->kind = htole16(VCD_KIND_SYMMETRIC);
		break;
	case EVIL_INFO_MAX_OUT:
		info->max_out = htole32(VCD_KEY_MAX_OUT + 1);
		break;
	case EVIL_INFO_KEY_LEN:
		info->key_len = htole16(VCD_MAX_MACKEY_LEN + 1);
		break;
	case EVIL_INFO_ALG:
		info->alg = htole16(CRYPTO_AES_CBC);
		break;
	case EVIL_INFO_CHECK:
		reply->iv[0] ^= 1;
		break;
	case EVIL_INFO_SHORT:
		reply->out_len = htole32(sizeof(*info) - 1);
		break;
	case EVIL_INFO_NONE:
		reply->out_len = 0;
		break;
	}
}

/* The reply to SESSION_CREATE by label or KEY_INFO, without the status. */
static void reply_info(struct vdev_request *r, struct vcd_reply *reply, bool symmetric)
{
	char label[VCD_KEY_LABEL_LEN] = {0};
	struct vcd_key_info info;
	struct evil_order order;
	struct vcd_req hdr;

	evil_gather(r->in, r->in_count, 0, &hdr, sizeof(hdr));
	/* key_len and in_len of the two headers. */
	evil_gather(r->in, r->in_count, sizeof(hdr), label, sizeof(label) - 1);
	info = info_of(label, symmetric);
	reply->out_len = htole32(sizeof(info));
	memcpy(reply->iv, info.check, sizeof(reply->iv));
	if (!evil_key_parse(r, &order))
		order = (struct evil_order){0};
	if (order.what == EVIL_KEY_INFO)
		spoil_info(&info, reply, order.arg);
	else if (order.what == EVIL_KEY_SLOW)
		info.flags = htole32(VCD_KEY_F_FAST);
	write_reply(r, reply, &info);
}

static void create(struct vdev_request *r)
{
	struct vcd_reply reply = {.value = htole64(KEY_SESSION << 32 | ++keys.last)};
	struct vcd_req_create hdr;
	struct evil_order order;

	evil_gather(r->in, r->in_count, 0, &hdr, sizeof(hdr));
	if (evil_key_parse(r, &order) && order.what == EVIL_KEY_BUSY && keys.busy < order.arg) {
		keys.busy++;
		reply = (struct vcd_reply){.status = htole32(VCD_S_BUSY)};
		write_reply(r, &reply, &reply);
		return;
	}
	keys.busy = 0;
	/* A host that does not look at the check value. */
	reply_info(r, &reply, hdr.cipher || hdr.mac);
}

static void list(struct evil_host *host, struct vdev_request *r)
{
	struct vcd_key_info entries[EVIL_KEY_LIST];
	struct vcd_reply reply = {.value = htole64(EVIL_KEY_LIST)};
	struct vcd_req_key hdr;
	uint32_t first, n;
	int how = host->next_list;

	evil_gather(r->in, r->in_count, 0, &hdr, sizeof(hdr));
	first = le32toh(hdr.first);
	n = first < EVIL_KEY_LIST ? EVIL_KEY_LIST - first : 0;
	if (n > le32toh(hdr.out_len) / sizeof(entries[0]))
		n = le32toh(hdr.out_len) / (uint32_t)sizeof(entries[0]);
	for (uint32_t i = 0; i < n; i++) {
		char label[16];

		snprintf(label, sizeof(label), "key%02u", first + i);
		entries[i] = info_of(label, false);
	}
	reply.out_len = htole32(n * (uint32_t)sizeof(entries[0]));
	switch (how) {
	case EVIL_LIST_PART:
		reply.out_len = htole32(n * (uint32_t)sizeof(entries[0]) - 1);
		break;
	case EVIL_LIST_TOTAL:
		reply.value = htole64(first + n - 1);
		break;
	case EVIL_LIST_TOTAL_64:
		reply.value = htole64(UINT64_C(1) << 32 | EVIL_KEY_LIST);
		break;
	case EVIL_LIST_ENTRY:
		memset(entries[n - 1].label, 'x', sizeof(entries[0].label));
		break;
	case EVIL_LIST_STUCK:
		reply.out_len = 0;
		break;
	}
	write_reply(r, &reply, entries);
}

/* Known bytes, or what was ordered. */
static void operate(struct vdev_request *r, const struct vcd_req *hdr)
{
	struct vcd_reply reply = {.out_len = htole32(EVIL_KEY_OUT)};
	uint64_t id = le64toh(hdr->session) & UINT32_MAX;
	struct evil_order order = {0};
	uint8_t out[EVIL_KEY_OUT];

	memset(out, EVIL_KEY_BYTE, sizeof(out));
	/* The order lies in the input, too. */
	evil_key_parse(r, &order);
	if (id < keys.oldest || id > keys.last) {
		reply = (struct vcd_reply){.status = htole32(VCD_S_STALE)};
	} else if (order.what == EVIL_KEY_TOOBIG) {
		reply = (struct vcd_reply){.status = htole32(VCD_S_TOOBIG),
					   .value = htole64((uint64_t)order.arg << order.zero)};
	} else if (order.what == EVIL_KEY_SLOW) {
		reply = (struct vcd_reply){.status = htole32(VCD_S_SLOW)};
	} else if (order.what == EVIL_KEY_BUSY && keys.busy < order.arg) {
		keys.busy++;
		reply = (struct vcd_reply){.status = htole32(VCD_S_BUSY)};
	} else if (order.what == EVIL_KEY_LOST && keys.lost < order.arg) {
		keys.lost++;
		evil_key_lose();
		reply = (struct vcd_reply){.status = htole32(VCD_S_STALE)};
	} else {
		keys.busy = keys.lost = 0;
	}
	write_reply(r, &reply, out);
}

/* An operation with a symmetric key, of known bytes; the nonce is known, too. */
static void encrypt(struct vdev_request *r, const struct vcd_req *hdr, bool slow)
{
	uint32_t len = le32toh(hdr->src_len) + hdr->tag_len;
	uint8_t out[EVIL_KEY_ROOM];
	struct vcd_reply reply = {.out_len = htole32(len)};

	memset(out, EVIL_KEY_BYTE, sizeof(out));
	if (!slow || len > sizeof(out))
		reply = (struct vcd_reply){.status = htole32(VCD_S_SLOW)};
	else if (le16toh(hdr->flags) & VCD_F_IV_BY_DEVICE)
		memset(reply.iv, EVIL_KEY_BYTE, 12);
	write_reply(r, &reply, out);
}

static bool is_ours(const struct vcd_req *hdr)
{
	return le64toh(hdr->session) >> 32 == KEY_SESSION;
}

bool evil_key_execute(struct evil_host *host, struct evil_queue *q, struct vdev_request *r)
{
	struct vcd_req_create create_hdr;
	bool slow = q != &host->queues[0];
	struct vcd_reply done = {0};
	struct vcd_req hdr;

	evil_gather(r->in, r->in_count, 0, &hdr, sizeof(hdr));
	memcpy(&create_hdr, &hdr, sizeof(hdr));
	switch (le16toh(hdr.opcode)) {
	case VCD_OP_SESSION_CREATE:
		if (create_hdr.key_source != htole32(VCD_KEY_LABEL))
			return false;
		create(r);
		break;
	case VCD_OP_KEY_LIST:
		list(host, r);
		break;
	case VCD_OP_KEY_INFO:
		reply_info(r, &done, false);
		break;
	case VCD_OP_SIGN:
	case VCD_OP_DECRYPT:
	case VCD_OP_DERIVE:
		operate(r, &hdr);
		break;
	case VCD_OP_SESSION_DESTROY:
		if (!is_ours(&hdr))
			return false;
		write_reply(r, &done, &done);
		return true;
	case VCD_OP_AUTHCRYPT:
		if (!is_ours(&hdr))
			return false;
		encrypt(r, &hdr, slow);
		return true;
	default:
		return false;
	}
	if (!slow) {
		fprintf(stderr, "evil-host: the driver sent opcode %#x to a fast queue\n",
			le16toh(hdr.opcode));
		host->wrong_queue = true;
	}
	return true;
}
