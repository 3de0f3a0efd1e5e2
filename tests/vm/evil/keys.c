/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.c - cases of cryptodev-evil: what a host says of keys by name, and does with them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "virtio_cryptodev.h"

static void expected(const char *name, const char *detail, int want, int got)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s instead of %s", got ? strerror(-got) : "success",
		 want ? strerror(-want) : "success");
	verdict(name, detail, want == got ? NULL : text);
}

static int information(int fd, const struct evil_order *order)
{
	struct crypt_key_info op = {0};

	key_label(op.label, order);
	return dev_ioctl(fd, CIOCKEYINFO, &op);
}

static void bad_information(int fd)
{
	for (uint32_t how = 0; how < EVIL_INFO_COUNT; how++) {
		struct evil_order ord = order(EVIL_KEY_INFO, how);
		bool session_minds = how != EVIL_INFO_LABEL_OTHER && how != EVIL_INFO_ALG;
		bool info_minds = how != EVIL_INFO_KIND_OTHER && how != EVIL_INFO_ALG;
		char detail[32];
		uint32_t ses;
		int err;

		snprintf(detail, sizeof(detail), "number %u", how);
		err = key_session(fd, &ord, 0, &ses);
		expected("information of a session", detail, session_minds ? -EIO : 0, err);
		if (!err)
			dev_end(fd, ses);
		if (how == EVIL_INFO_ALG)
			expected("another algorithm", "", -EIO,
				 key_session(fd, &ord, CRYPTO_AES_GCM, &ses));
		expected("information", detail, info_minds ? -EIO : 0, information(fd, &ord));
	}
}

static int list(int fd, uint32_t first, uint32_t count, uint32_t *listed)
{
	struct crypt_key keys[EVIL_KEY_LIST + 2];
	struct crypt_key_list op = {.keys = (uintptr_t)keys, .first = first, .count = count};
	int err = dev_ioctl(fd, CIOCKEYLIST, &op);

	*listed = op.count;
	for (uint32_t i = 0; i < op.count && !err; i++) {
		char label[16];

		snprintf(label, sizeof(label), "key%02u", first + i);
		if (strcmp(keys[i].label, label) != 0)
			err = -EILSEQ;
	}
	return err ? err : op.total == EVIL_KEY_LIST ? 0 : -EILSEQ;
}

static void bad_lists(int fd)
{
	uint32_t listed;

	expected("list", "all", 0, list(fd, 0, EVIL_KEY_LIST + 2, &listed));
	verdict("list", "all", listed == EVIL_KEY_LIST ? NULL : "not all of them");
	expected("list", "the last ones", 0, list(fd, EVIL_KEY_LIST - 3, 10, &listed));
	verdict("list", "the last ones", listed == 3 ? NULL : "not three of them");
	expected("list", "how many", 0, list(fd, 0, 0, &listed));
	for (uint32_t how = 0; how < EVIL_LIST_COUNT; how++) {
		char detail[32];

		snprintf(detail, sizeof(detail), "number %u", how);
		tell(fd, EVIL_KEY_NEXT_LIST, how);
		expected("list", detail, how < EVIL_LIST_STUCK ? -EIO : 0,
			 list(fd, 0, EVIL_KEY_LIST, &listed));
		if (how == EVIL_LIST_STUCK)
			verdict("list", detail, listed ? "entries out of thin air" : NULL);
	}
	tell(fd, EVIL_KEY_NEXT_LIST, UINT32_MAX);
}

/* A decryption whose input is the order. */
static int operate(int fd, uint32_t ses, const struct evil_order *order, uint32_t *out_len)
{
	uint8_t out[EVIL_KEY_ROOM];
	char in[CRYPT_KEY_LABEL_LEN];
	struct crypt_key_op op = {.ses = ses,
				  .op = CRYPT_KEYOP_DECRYPT,
				  .scheme = VCD_RSA_OAEP_SHA256,
				  .in = (uintptr_t)in,
				  .in_len = sizeof(in),
				  .out = (uintptr_t)out,
				  .out_len = sizeof(out)};
	int err;

	key_label(in, order);
	err = dev_ioctl(fd, CIOCKEYOP, &op);
	*out_len = op.out_len;
	return err;
}

static void bad_operations(int fd)
{
	static const struct {
		const char *name;
		uint32_t what, arg, zero;
		int want;
		uint32_t out_len;
	} list[] = {
	    {"honest", EVIL_HONEST, 0, 0, 0, EVIL_KEY_OUT},
	    {"too large, one more", EVIL_KEY_TOOBIG, EVIL_KEY_ROOM + 1, 0, -EMSGSIZE,
	     EVIL_KEY_ROOM + 1},
	    {"too large, the most", EVIL_KEY_TOOBIG, VCD_KEY_MAX_OUT, 0, -EMSGSIZE,
	     VCD_KEY_MAX_OUT},
	    {"too large, more than that", EVIL_KEY_TOOBIG, VCD_KEY_MAX_OUT + 1, 0, -EIO,
	     EVIL_KEY_ROOM},
	    {"too large, though it fits", EVIL_KEY_TOOBIG, EVIL_KEY_ROOM, 0, -EIO, EVIL_KEY_ROOM},
	    {"too large, 64 bits of it", EVIL_KEY_TOOBIG, 1, 32, -EIO, EVIL_KEY_ROOM},
	    {"too large, no value", EVIL_KEY_TOOBIG, 0, 0, -EMSGSIZE, EVIL_KEY_ROOM},
	    {"slow on a slow queue", EVIL_KEY_SLOW, 0, 0, -EIO, EVIL_KEY_ROOM},
	    {"busy for a while", EVIL_KEY_BUSY, 7, 0, 0, EVIL_KEY_OUT},
	    {"busy for ever", EVIL_KEY_BUSY, UINT32_MAX, 0, -EIO, EVIL_KEY_ROOM},
	    {"honest again", EVIL_HONEST, 0, 0, 0, EVIL_KEY_OUT},
	    {"lost three times", EVIL_KEY_LOST, 3, 0, 0, EVIL_KEY_OUT},
	    {"lost for ever", EVIL_KEY_LOST, UINT32_MAX, 0, -EIO, EVIL_KEY_ROOM},
	};
	struct evil_order honest = order(EVIL_HONEST, 0);
	uint32_t ses, out_len;

	expected("operation", "session", 0, key_session(fd, &honest, 0, &ses));
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct evil_order ord = order(list[i].what, list[i].arg);

		ord.zero = list[i].zero;
		expected("operation", list[i].name, list[i].want, operate(fd, ses, &ord, &out_len));
		verdict("operation", list[i].name,
			out_len == list[i].out_len ? NULL : "a wrong length");
	}
	dev_end(fd, ses);
}

/* A label that means another key is not the session's any more, also if the host does not say so. */
static void repointed(int fd)
{
	struct evil_order honest = order(EVIL_HONEST, 0), lost = order(EVIL_KEY_LOST, 1);
	uint32_t ses, out_len;

	expected("repointed", "session", 0, key_session(fd, &honest, 0, &ses));
	tell(fd, EVIL_KEY_REPOINT, 1);
	expected("repointed", "not lost", 0, operate(fd, ses, &honest, &out_len));
	expected("repointed", "lost", -ENOKEY, operate(fd, ses, &lost, &out_len));
	expected("repointed", "lost before", -ENOKEY, operate(fd, ses, &honest, &out_len));
	tell(fd, EVIL_KEY_REPOINT, 0);
	expected("repointed", "as it was", 0, operate(fd, ses, &honest, &out_len));
	dev_end(fd, ses);
}

/* Sessions are made although the host is busy, and requests go where the host wants them. */
static void where_and_when(int fd)
{
	struct evil_order busy = order(EVIL_KEY_BUSY, 5),
			  forever = order(EVIL_KEY_BUSY, UINT32_MAX);
	struct evil_order slow = order(EVIL_KEY_SLOW, 0);
	struct outcome o = {0};
	uint32_t ses;

	expected("creation", "busy for a while", 0, key_session(fd, &busy, 0, &ses));
	dev_end(fd, ses);
	expected("creation", "busy for ever", -EIO, key_session(fd, &forever, 0, &ses));
	for (size_t k = 0; k < kind_count; k++) {
		if (strcmp(kinds[k].name, "GCM seal by label") != 0)
			continue;
		verdict("fast, says the host, and refuses it there", "",
			kind_run(&kinds[k], fd, &slow, &o) ? "memory beside it"
			: !o.right			   ? strerror(-o.err)
							   : NULL);
	}
}

void keys_by_name(int fd)
{
	bad_information(fd);
	bad_lists(fd);
	bad_operations(fd);
	repointed(fd);
	where_and_when(fd);
	verdict("keys by name", "afterwards", works(fd) ? NULL : "nothing works");
	group("keys by name");
}
