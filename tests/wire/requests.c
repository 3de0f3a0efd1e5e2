/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * requests.c - device requests through a front end's queues.
 */
#include "tests/wire/requests.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "cryptodev.h"

int front_request_init(struct front *front, struct front_request *request, uint32_t in_size,
		       uint32_t out_size)
{
	*request = (struct front_request){.in_size = in_size, .out_size = out_size};
	request->header = front_alloc(front, sizeof(*request->header) + in_size);
	request->reply = front_alloc(front, sizeof(*request->reply) + out_size);
	if (!request->header || !request->reply)
		return -ENOMEM;
	request->in = (uint8_t *)(request->header + 1);
	request->out = (uint8_t *)(request->reply + 1);
	return 0;
}

int front_submit(struct front_queue *queue, struct front_request *request, uint32_t in_len,
		 uint32_t out_len)
{
	const struct front_buf bufs[2] = {
	    {front_gpa(queue->front, request->header), (uint32_t)sizeof(*request->header) + in_len},
	    {front_gpa(queue->front, request->reply), (uint32_t)sizeof(*request->reply) + out_len},
	};

	if (in_len > request->in_size || out_len > request->out_size)
		return -EMSGSIZE;
	return front_queue_add(queue, bufs, 1, 1, request);
}

int front_check_reply(const struct front_request *request, uint32_t out_room)
{
	uint32_t out_len = le32toh(request->reply->out_len);

	if (request->used != sizeof(*request->reply) + out_len || out_len > out_room)
		return -EPROTO;
	if (front_status(request) >= VCD_S_COUNT || (front_status(request) != VCD_S_OK && out_len))
		return -EPROTO;
	return 0;
}

int front_execute(struct front_queue *queue, struct front_request *request, uint32_t in_len,
		  uint32_t out_len)
{
	void *token;
	int err;

	memset(request->reply, 0xff, sizeof(*request->reply));
	err = front_submit(queue, request, in_len, out_len);
	if (err)
		return err;
	front_queue_kick(queue);
	err = front_queue_wait(queue);
	if (err)
		return err;
	if (front_queue_reap(queue, &token, &request->used) != 1 || token != request)
		return -EPROTO;
	return front_check_reply(request, out_len);
}

uint32_t front_status(const struct front_request *request)
{
	return le32toh(request->reply->status);
}

/* Execute; the status, or a negative errno. */
static int status_of(struct front_queue *queue, struct front_request *request, uint32_t in_len,
		     uint32_t out_len)
{
	int err = front_execute(queue, request, in_len, out_len);

	return err ? err : (int)front_status(request);
}

int front_hello(struct front_queue *queue, struct front_request *request)
{
	struct vcd_req_hello hello = {
	    .opcode = htole16(VCD_OP_HELLO),
	    .min_version = htole32(VCD_PROTOCOL_VERSION),
	    .max_version = htole32(VCD_PROTOCOL_VERSION),
	};

	memcpy(request->header, &hello, sizeof(hello));
	return status_of(queue, request, 0, 0);
}

int front_session_create(struct front_queue *queue, struct front_request *request, uint32_t cipher,
			 const void *key, uint32_t key_len, uint32_t mac, const void *mackey,
			 uint32_t mackey_len, uint64_t *id)
{
	const struct vcd_req_create create = {
	    .opcode = htole16(VCD_OP_SESSION_CREATE),
	    .cipher = htole32(cipher),
	    .mac = htole32(mac),
	    .key_len = htole32(key_len),
	    .mackey_len = htole32(mackey_len),
	    .key_source = htole32(VCD_KEY_INLINE),
	};
	int status;

	if ((uint64_t)key_len + mackey_len > request->in_size)
		return -EMSGSIZE;
	memcpy(request->header, &create, sizeof(create));
	if (key_len)
		memcpy(request->in, key, key_len);
	if (mackey_len)
		memcpy(request->in + key_len, mackey, mackey_len);
	status = status_of(queue, request, key_len + mackey_len, 0);
	if (status == VCD_S_OK)
		*id = le64toh(request->reply->value);
	return status;
}

int front_session_destroy(struct front_queue *queue, struct front_request *request, uint64_t id)
{
	*request->header = (struct vcd_req){
	    .opcode = htole16(VCD_OP_SESSION_DESTROY),
	    .session = htole64(id),
	};
	return status_of(queue, request, 0, 0);
}

void front_prepare_crypt(struct front_request *request, uint64_t session, uint16_t flags,
			 uint32_t len, const void *iv, uint8_t iv_len)
{
	*request->header = (struct vcd_req){
	    .opcode = htole16(VCD_OP_CRYPT),
	    .flags = htole16(flags),
	    .src_len = htole32(len),
	    .session = htole64(session),
	    .iv_len = iv_len,
	};
	if (iv_len)
		memcpy(request->header->iv, iv, iv_len);
}

int front_known_answer(struct front_queue *queue, struct front_request *request)
{
	static const uint8_t key[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
					0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
	static const uint8_t iv[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	static const uint8_t plain[16] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
					  0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a};
	static const uint8_t cipher[16] = {0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46,
					   0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d};
	unsigned int i;
	uint64_t id;
	int ret;

	ret =
	    front_session_create(queue, request, CRYPTO_AES_CBC, key, sizeof(key), 0, NULL, 0, &id);
	for (i = 0; ret == VCD_S_OK && i < 2; i++) {
		front_prepare_crypt(request, id, i ? VCD_F_DECRYPT : 0, sizeof(plain), iv,
				    sizeof(iv));
		memcpy(request->in, i ? cipher : plain, sizeof(plain));
		ret = status_of(queue, request, sizeof(plain), sizeof(plain));
		if (ret == VCD_S_OK && memcmp(request->out, i ? plain : cipher, sizeof(plain)))
			return -EBADMSG;
	}
	if (ret == VCD_S_OK)
		ret = front_session_destroy(queue, request, id);
	return ret > 0 ? -EREMOTEIO : ret;
}
