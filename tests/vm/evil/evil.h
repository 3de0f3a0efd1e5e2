/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evil.h - how cryptodev-evil, in the guest, tells cryptodev-evil-host what to do wrong.
 *
 * The order travels in a key: a session whose first key bytes are a struct evil_order is served
 * as ordered from its first request on. EVIL_NEXT_PROBE is about the time after the module is
 * loaded the next time. Any other session is served as it should be.
 */
#ifndef TESTS_VM_EVIL_EVIL_H
#define TESTS_VM_EVIL_EVIL_H

#include <stdint.h>

#define EVIL_MAGIC 0x4c495645u

enum evil_what {
	EVIL_HONEST,

	/* Replies to requests on the session, but for SESSION_DESTROY. */
	EVIL_USED,	  /* used length is arg */
	EVIL_USED_ADD,	  /* used length is arg more than it should be */
	EVIL_OUT_ADD,	  /* so is out_len, and the used length with it */
	EVIL_OUT,	  /* out_len is arg, and the used length fits */
	EVIL_STATUS,	  /* status arg, no output */
	EVIL_STATUS_DATA, /* status arg, with the output */
	EVIL_NOT_WRITTEN, /* the used length claims all the room, nothing was written */
	EVIL_HEADER_ONLY, /* a reply header for all the room, no output was written */
	EVIL_NOISE,	  /* every writable byte is noise */
	EVIL_IV,	  /* a random IV */

	/* Loss of sessions. */
	EVIL_STALE_ONCE, /* all sessions are lost when the arg-th request comes */
	EVIL_STALE,	 /* STALE, always */

	/* Time. */
	EVIL_SILENT, /* no answer */
	EVIL_LATE,   /* after arg milliseconds */
	EVIL_HOLD,   /* not until EVIL_RELEASE */
	EVIL_LIFO,   /* held until there are arg of them, then the last one first */

	/* The used ring. */
	EVIL_ID,      /* an entry with id arg, then the right one */
	EVIL_ID_FREE, /* an entry for a descriptor that is not outstanding */
	EVIL_REPEAT,  /* the same entry twice */
	EVIL_JUMP,    /* the used index moves by arg more than there are entries */
	EVIL_EVENTS,  /* nonsense in avail_event and flags; no kicks are asked for */
	EVIL_HANG_UP, /* the connection is closed */

	/* The request that makes the session. */
	EVIL_CREATE_USED,
	EVIL_CREATE_STATUS,
	EVIL_CREATE_ID, /* session id arg */
	EVIL_CREATE_OUT,
	EVIL_CREATE_SILENT,
	EVIL_CREATE_LATE,

	EVIL_DESTROY_SILENT, /* the request that ends the session is not answered */

	/* At once, when the session is made. */
	EVIL_RELEASE,
	EVIL_CONFIG_CHANGED, /* the config space is now enum evil_config arg, with a message */
	EVIL_NEXT_CONFIG,    /* it will be at the next probe */
	EVIL_NEXT_HELLO,     /* HELLO will be answered as enum evil_hello arg says */

	/* Keys by name. Their order is the label, EVIL_KEY_LABEL, or the input of an operation. */
	EVIL_KEY_NEXT_LIST, /* KEY_LIST will be answered as enum evil_list arg says; at once */
	EVIL_KEY_REPOINT, /* labels mean other keys from now on, or the first ones again; at once */
	EVIL_KEY_INFO,	  /* creation and KEY_INFO: enum evil_info arg */
	EVIL_KEY_TOOBIG,  /* TOOBIG with the value arg << zero */
	EVIL_KEY_SLOW,	  /* sessions say that they are fast, and are not; operations: SLOW */
	EVIL_KEY_BUSY,	  /* arg times BUSY */
	EVIL_KEY_LOST,	  /* arg times all sessions of private keys are lost */
	EVIL_WHAT_COUNT
};

/* A label that is an order: what, arg, zero. */
#define EVIL_KEY_LABEL "evil %u %u %u"
/* Entries of the list, "key00" and so on; output of operations, and the room for it. */
#define EVIL_KEY_LIST 40u
#define EVIL_KEY_BYTE 0x5e
#define EVIL_KEY_OUT 64u
#define EVIL_KEY_ROOM 256u

/* What the host says of a key; a driver has to refuse all of them. */
enum evil_info {
	EVIL_INFO_LABEL_FULL,
	EVIL_INFO_LABEL_EMPTY,
	EVIL_INFO_LABEL_OTHER, /* a session does not mind */
	EVIL_INFO_KIND_0,
	EVIL_INFO_KIND_OTHER, /* KEY_INFO does not mind */
	EVIL_INFO_MAX_OUT,
	EVIL_INFO_KEY_LEN,
	EVIL_INFO_ALG,	 /* a session of a private key, and KEY_INFO, do not mind */
	EVIL_INFO_CHECK, /* two check values */
	EVIL_INFO_SHORT,
	EVIL_INFO_NONE,
	EVIL_INFO_COUNT
};

/* Lists; a driver has to refuse them before EVIL_LIST_STUCK. */
enum evil_list {
	EVIL_LIST_PART,	    /* a part of an entry */
	EVIL_LIST_TOTAL,    /* fewer in all than were listed */
	EVIL_LIST_TOTAL_64, /* more than 32 bits can say */
	EVIL_LIST_ENTRY,    /* a label without end */
	EVIL_LIST_STUCK,    /* no entries, and there are more */
	EVIL_LIST_COUNT
};

/* Config spaces. Those before EVIL_CONFIG_USABLE a driver has to refuse. */
enum evil_config {
	EVIL_CONFIG_ZERO,
	EVIL_CONFIG_ONES,
	EVIL_CONFIG_VERSION_0,
	EVIL_CONFIG_QUEUES_0,
	EVIL_CONFIG_QUEUES_65,
	EVIL_CONFIG_REQUEST_4095,
	EVIL_CONFIG_SEGMENTS_3,
	EVIL_CONFIG_USABLE,
	EVIL_CONFIG_LARGEST = EVIL_CONFIG_USABLE, /* every number as large as allowed */
	EVIL_CONFIG_SMALLEST,
	EVIL_CONFIG_REQUEST_4096, /* the first value that is allowed, the others as they are */
	EVIL_CONFIG_SEGMENTS_4,
	EVIL_CONFIG_QUEUES_1,
	EVIL_CONFIG_QUEUES_64,
	EVIL_CONFIG_MORE_ALGORITHMS, /* than the device has */
	EVIL_CONFIG_NO_ALGORITHMS,
	EVIL_CONFIG_SLOW_QUEUES,   /* behind many that are not used; as many as 32 bits can say */
	EVIL_CONFIG_NO_SLOW_QUEUE, /* and still the features */
	EVIL_CONFIG_COUNT
};

/* Answers to HELLO; a driver has to refuse all of them. */
enum evil_hello {
	EVIL_HELLO_SILENT,
	EVIL_HELLO_VERSION_0,
	EVIL_HELLO_VERSION_2,
	EVIL_HELLO_STATUS,
	EVIL_HELLO_STALE,
	EVIL_HELLO_USED_0,
	EVIL_HELLO_USED_LONG,
	EVIL_HELLO_OUT,
	EVIL_HELLO_ID,
	EVIL_HELLO_JUMP,
	EVIL_HELLO_COUNT
};

struct evil_order {
	uint32_t magic;
	uint32_t what; /* enum evil_what */
	uint32_t arg;
	uint32_t zero;
};

#endif
