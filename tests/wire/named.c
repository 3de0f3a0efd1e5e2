/* SPDX-License-Identifier: GPL-2.0-or-later */
/* named.c - a keeper, a daemon that uses it, and requests on keys by name. See named.h. */
#include "tests/wire/named.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define MAX_NAMED_ARGS 12

static void pause_ms(long ms)
{
	const struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&ts, NULL);
}

void named_keeper(struct named *named)
{
	assert_int_equal(chmod(named->kit.folder, 0711), 0);
	kit_start(&named->kit, "--socket-mode=0666");
}

void named_start(struct named *named, const char *const *args)
{
	const unsigned int slow = named->slow ? named->slow : 1;
	const struct front_options options = {.queues = 1 + slow};
	char keeper[128], queues[32];
	const char *all[MAX_NAMED_ARGS + 1] = {keeper, "--vm-name=test", "--num-queues=1", queues};
	/* The last one is only given where it is not the default. */
	unsigned int n = named->slow ? 4 : 3;

	(void)snprintf(keeper, sizeof(keeper), "--keeper=%s", named->kit.socket);
	(void)snprintf(queues, sizeof(queues), "--slow-queues=%u", slow);
	while (args && *args && n < MAX_NAMED_ARGS)
		all[n++] = *args++;
	rig_start(&named->rig, &options, all);
	assert_int_equal(named->rig.front->device_queues, 1 + slow);
	assert_int_equal(le32toh(named->rig.front->config.num_queues), 1);
	assert_int_equal(le32toh(named->rig.front->config.slow_queues), slow);
	assert_true(slow < NAMED_QUEUES);
	for (unsigned int i = 0; i <= slow; i++)
		assert_int_equal(
		    front_request_init(named->rig.front, &named->memory[i], NAMED_ROOM, NAMED_ROOM),
		    0);
	named->request = named->memory[NAMED_SLOW];
}

void named_stop(struct named *named)
{
	rig_stop(&named->rig);
}

static struct front_request *of_queue(struct named *named, unsigned int queue)
{
	named->request = named->memory[queue];
	return &named->request;
}

uint32_t named_create(struct named *named, unsigned int queue, struct named_session *session)
{
	struct front_request *r = of_queue(named, queue);
	const size_t len = strlen(session->label), ticket = session->ticket ? 32 : 0;
	struct vcd_req_create header = {
	    .opcode = htole16(VCD_OP_SESSION_CREATE),
	    .flags = htole16(session->check ? VCD_F_CHECK : 0),
	    .cipher = htole32(session->cipher),
	    .mac = htole32(session->mac),
	    .key_len = htole32((uint32_t)len),
	    .mackey_len = htole32((uint32_t)ticket),
	    .key_source = htole32(VCD_KEY_LABEL),
	};

	if (session->check)
		memcpy(header.check, session->check, sizeof(header.check));
	memcpy(r->header, &header, sizeof(header));
	memcpy(r->in, session->label, len);
	if (ticket)
		memcpy(r->in + len, session->ticket, ticket);
	assert_int_equal(front_execute(&named->rig.front->queue[queue], r, (uint32_t)(len + ticket),
				       sizeof(session->info)),
			 0);
	if (front_status(r) == VCD_S_OK) {
		assert_int_equal(named_out_len(named), sizeof(session->info));
		session->id = le64toh(r->reply->value);
		memcpy(&session->info, r->out, sizeof(session->info));
		assert_memory_equal(session->info.check, r->reply->iv, VCD_KEY_CHECK_LEN);
	}
	return front_status(r);
}

uint64_t named_open(struct named *named, const char *label, uint32_t cipher, uint32_t mac)
{
	struct named_session session = {.label = label, .cipher = cipher, .mac = mac};
	uint32_t status = VCD_S_BUSY;

	/* BUSY: the connection to the keeper was changed meanwhile. */
	for (int tries = 0; tries < 100 && status == VCD_S_BUSY; tries++) {
		status = named_create(named, NAMED_SLOW, &session);
		if (status == VCD_S_BUSY)
			pause_ms(20);
	}
	if (status != VCD_S_OK)
		fail_msg("no session with %s: status %u", label, status);
	return session.id;
}

uint32_t named_ask(struct named *named, unsigned int queue, struct vcd_req_key header,
		   const void *in, size_t in_len)
{
	struct front_request *r = of_queue(named, queue);

	memcpy(r->header, &header, sizeof(header));
	if (in_len)
		memcpy(r->in, in, in_len);
	assert_int_equal(front_execute(&named->rig.front->queue[queue], r, (uint32_t)in_len,
				       le32toh(header.out_len)),
			 0);
	return front_status(r);
}

uint32_t named_sign(struct named *named, uint64_t session, uint16_t scheme, const char *message)
{
	const struct vcd_req_key header = {
	    .opcode = htole16(VCD_OP_SIGN),
	    .flags = htole16(VCD_F_MESSAGE),
	    .in_len = htole32((uint32_t)strlen(message)),
	    .session = htole64(session),
	    .out_len = htole32(1024),
	    .scheme = htole16(scheme),
	};

	return named_ask(named, NAMED_SLOW, header, message, strlen(message));
}

uint32_t named_crypt(struct named *named, unsigned int queue, const struct vcd_req *header,
		     const void *in, size_t in_len, size_t out_len)
{
	struct front_request *r = of_queue(named, queue);

	memcpy(r->header, header, sizeof(*header));
	memcpy(r->in, in, in_len);
	assert_int_equal(
	    front_execute(&named->rig.front->queue[queue], r, (uint32_t)in_len, (uint32_t)out_len),
	    0);
	return front_status(r);
}

size_t named_out_len(const struct named *named)
{
	return le32toh(named->request.reply->out_len);
}
