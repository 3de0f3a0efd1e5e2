/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request.h - the form of a request, before anything is done with it.
 */
#ifndef VCD_KEEPER_REQUEST_H
#define VCD_KEEPER_REQUEST_H

#include <stdbool.h>

#include "keeper/link.h"

/**
 * request_take - take a packet apart.
 * @packet: what came
 * @len: its bytes
 * @head: out: copy of its head
 *
 * Return: the payload; NULL: it is no packet of this protocol, the connection is to be closed.
 */
const uint8_t *request_take(const void *packet, size_t len, struct keeper_request *head);

/** request_valid - whether the fields that a request does not use are zero. */
bool request_valid(const struct keeper_request *head);

/**
 * request_name - a name in a payload: HELLO's VM, or the label of OPEN, INFO and REVOKE.
 * @head: head
 * @payload: payload
 * @name: out: the name, ended by a 0
 *
 * Return: whether there is one: 1 to 63 bytes, no 0 among them.
 */
bool request_name(const struct keeper_request *head, const uint8_t *payload,
		  char name[KEEPER_LABEL_LEN]);

#endif /* VCD_KEEPER_REQUEST_H */
