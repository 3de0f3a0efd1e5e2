/* SPDX-License-Identifier: GPL-2.0-or-later */
/* request.c - the form of a request. See request.h. */
#include "keeper/request.h"

#include <string.h>

#include "common/util.h"

/* Fields that a request may use, beside type, len and id. */
enum field {
	HANDLE = 0x01,
	TOKEN = 0x02,
	SCHEME = 0x04,
	ALG = 0x08,
	AUX = 0x10,
	CIPHER = 0x20, /* iv_len, tag_len, iv */
	ARG = 0x40,
	CHECK = 0x80, /* iv alone */
};

/**
 * struct shape - what a request may have.
 * @type: enum keeper_type
 * @flags: of its flags
 * @fields: enum field
 */
struct shape {
	uint16_t type;
	uint16_t flags;
	unsigned int fields;
};

static const struct shape shapes[] = {
    {KEEPER_HELLO, 0, ARG},
    {KEEPER_RESET, 0, 0},
    {KEEPER_OPEN, KEEPER_F_CHECK | KEEPER_F_FETCH, ALG | AUX | CHECK},
    {KEEPER_CLOSE, 0, HANDLE},
    {KEEPER_LIST, 0, ARG},
    {KEEPER_INFO, 0, HANDLE | AUX},
    {KEEPER_SIGN, KEEPER_F_MESSAGE, HANDLE | TOKEN | SCHEME},
    {KEEPER_DECRYPT, 0, HANDLE | TOKEN | SCHEME | AUX},
    {KEEPER_DERIVE, 0, HANDLE | TOKEN | SCHEME},
    {KEEPER_CRYPT, KEEPER_F_DECRYPT | KEEPER_F_VERIFY, HANDLE | TOKEN | AUX | CIPHER},
    {KEEPER_KEYS, 0, ARG},
    {KEEPER_RELOAD, 0, 0},
    {KEEPER_REVOKE, 0, 0},
    {KEEPER_METRICS, 0, ARG},
};

static const struct shape *shape_of(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		if (shapes[i].type == type)
			return &shapes[i];
	return NULL;
}

const uint8_t *request_take(const void *packet, size_t len, struct keeper_request *head)
{
	if (len < sizeof(*head) || len > KEEPER_MAX_PACKET)
		return NULL;
	memcpy(head, packet, sizeof(*head));
	if (head->len != len - sizeof(*head) || !shape_of(head->type))
		return NULL;
	return (const uint8_t *)packet + sizeof(*head);
}

static bool zeros(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

bool request_valid(const struct keeper_request *h)
{
	const struct shape *shape = shape_of(h->type);
	const bool check = shape->fields & CHECK && h->flags & KEEPER_F_CHECK;
	const bool cipher = shape->fields & CIPHER;

	if (h->flags & ~shape->flags || h->reserved)
		return false;
	if ((h->handle && !(shape->fields & HANDLE)) || (h->token && !(shape->fields & TOKEN)) ||
	    (h->scheme && !(shape->fields & SCHEME)) || (h->alg && !(shape->fields & ALG)) ||
	    (h->aux_len && !(shape->fields & AUX)) || (h->arg && !(shape->fields & ARG)))
		return false;
	if (!cipher && (h->iv_len || h->tag_len))
		return false;
	if (cipher && h->iv_len > sizeof(h->iv))
		return false;
	return check || zeros(h->iv + h->iv_len, sizeof(h->iv) - h->iv_len);
}

bool request_name(const struct keeper_request *head, const uint8_t *payload,
		  char name[KEEPER_LABEL_LEN])
{
	size_t len = head->len - (head->aux_len < head->len ? head->aux_len : head->len);

	if (!len || len >= KEEPER_LABEL_LEN || memchr(payload, '\0', len))
		return false;
	memcpy(name, payload, len);
	name[len] = '\0';
	return true;
}
