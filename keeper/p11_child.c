/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * p11_child.c - the process of a PKCS#11 module. See p11.h and p11_token.h.
 *
 * Its threads receive from one socket, so that each request goes to one that is free. What the
 * module does in this process, it does to itself: when it crashes, requests that are in it fail.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/log.h"
#include "common/util.h"
#include "keeper/p11_token.h"
#include "keeper/policy_internal.h"

#define MAX_THREADS 64u
#define RENEW_NS UINT64_C(2000000000)

/**
 * struct child - the process.
 * @fd: socket
 * @path: module
 * @functions: its functions
 * @tokens: its tokens
 * @token_count: how many
 * @threads: operations at a time
 * @begun: CLOCK_MONOTONIC, ns, of its start
 * @active: operations that threads are at; atomic
 * @outdated: a token or key is not there that another process may see; atomic
 */
struct child {
	int fd;
	char path[4096];
	CK_FUNCTION_LIST *functions;
	struct p11_token tokens[POLICY_MAX_TOKENS];
	unsigned int token_count;
	unsigned int threads;
	uint64_t begun;
	unsigned int active;
	bool outdated;
};

/** struct message - a request that came. */
struct message {
	struct p11_request head;
	char uri[P11_MAX_URI + 1];
	uint8_t in[KEEPER_MAX_PAYLOAD];
};

/* A request. False: the other end is gone, or it is none. */
static bool receive(int fd, struct message *message)
{
	uint8_t packet[P11_MAX_PACKET];
	struct p11_request *head = &message->head;
	ssize_t len;
	bool ok;

	do
		len = recv(fd, packet, sizeof(packet), 0);
	while (len < 0 && errno == EINTR);
	if (len < (ssize_t)sizeof(*head))
		return false;
	memcpy(head, packet, sizeof(*head));
	ok = head->uri_len <= P11_MAX_URI && head->in_len <= KEEPER_MAX_PAYLOAD &&
	     head->aux_len <= head->in_len &&
	     (size_t)len == sizeof(*head) + head->uri_len + head->in_len;
	if (ok) {
		memcpy(message->uri, packet + sizeof(*head), head->uri_len);
		message->uri[head->uri_len] = '\0';
		memcpy(message->in, packet + sizeof(*head) + head->uri_len, head->in_len);
	}
	OPENSSL_cleanse(packet, (size_t)len);
	return ok;
}

static struct p11_token *token_of(struct child *child, const char *uri)
{
	size_t len;
	_cleanup_free_ char *name = policy_uri_part(uri, "token", &len);

	for (unsigned int i = 0; name && i < child->token_count; i++)
		if (!strcmp(child->tokens[i].name, name))
			return &child->tokens[i];
	return NULL;
}

/* One try. @status is of use if it is CKR_OK. */
static CK_RV once(struct p11_token *token, const struct message *message, uint8_t *out,
		  size_t *out_len, uint32_t *status, struct p11_session *session)
{
	struct p11_object object;
	CK_RV rv = p11_borrow(token, session);

	if (rv != CKR_OK)
		return rv;
	*status = KEEPER_S_OK;
	rv = p11_find(token, session, message->uri, &object);
	if (rv == CKR_OK && message->head.check &&
	    memcmp(object.check, message->head.expect, sizeof(object.check)) != 0) {
		*status = KEEPER_S_STALE;
	} else if (rv == CKR_OK && message->head.type == P11_FIND) {
		memcpy(out, object.public_key, object.public_len);
		*out_len = object.public_len;
	} else if (rv == CKR_OK) {
		rv = p11_operate(token->functions, session->handle, &object, &message->head,
				 message->in, out, out_len);
	}
	p11_return(token, session, p11_remedy(rv) != REMEDY_SESSION);
	return rv;
}

static uint32_t status_of(CK_RV rv, uint32_t type)
{
	switch (rv) {
	case CKR_ENCRYPTED_DATA_INVALID:
	case CKR_ENCRYPTED_DATA_LEN_RANGE:
	case CKR_DATA_INVALID:
	case CKR_DATA_LEN_RANGE:
		return type == P11_DECRYPT  ? KEEPER_S_BADMSG
		       : type == P11_DERIVE ? KEEPER_S_INVALID
					    : KEEPER_S_IO;
	default:
		/* A padding that is wrong is CKR_GENERAL_ERROR in some tokens. */
		return type == P11_DECRYPT && (rv == CKR_GENERAL_ERROR || rv == CKR_FUNCTION_FAILED)
			   ? KEEPER_S_BADMSG
			   : KEEPER_S_IO;
	}
}

static uint32_t carry_out(struct child *child, const struct message *message, uint8_t *out,
			  size_t *out_len)
{
	struct p11_token *token = token_of(child, message->uri);
	struct p11_session session = {0};
	uint32_t status = KEEPER_S_IO;
	CK_RV rv = CKR_TOKEN_NOT_PRESENT;

	for (unsigned int i = 0; token && i < P11_TRIES; i++) {
		enum p11_remedy remedy;

		*out_len = 0;
		rv = once(token, message, out, out_len, &status, &session);
		if (rv == CKR_OK)
			return status;
		remedy = p11_remedy(rv);
		if (remedy == REMEDY_PROCESS) {
			log_msg(LOG_ERROR, "%s lost its state (%s): it is started anew",
				child->path, p11_name(rv));
			_exit(EXIT_FAILURE);
		}
		if (remedy == REMEDY_NONE)
			break;
		p11_repair(token, session.generation, remedy);
	}
	log_limited(LOG_WARN, "%s: the token said 0x%lx %s", message->uri, rv, p11_name(rv));
	if (p11_remedy(rv) == REMEDY_TOKEN || p11_remedy(rv) == REMEDY_OBJECT)
		__atomic_store_n(&child->outdated, true, __ATOMIC_RELAXED);
	*out_len = 0;
	return status_of(rv, message->head.type);
}

/*
 * Modules such as SoftHSM look for tokens when they are initialized, and never again. When one is
 * missing, the process ends as soon as nothing is to be done in it, and the next one looks anew; not
 * more often than every RENEW_NS, whatever is asked for.
 */
static void renew(struct child *child)
{
	char byte;

	if (__atomic_sub_fetch(&child->active, 1, __ATOMIC_ACQ_REL) ||
	    !__atomic_load_n(&child->outdated, __ATOMIC_RELAXED) ||
	    now_ns() - child->begun < RENEW_NS ||
	    recv(child->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
		return;
	log_msg(LOG_NOTICE, "%s: started anew to look for a token or key that is missing",
		child->path);
	_exit(EXIT_SUCCESS);
}

static void *work(void *arg)
{
	struct child *child = arg;
	struct message message;
	struct p11_reply reply;
	uint8_t out[KEEPER_MAX_PAYLOAD];
	struct iovec iov[] = {{&reply, sizeof(reply)}, {out, 0}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};

	while (receive(child->fd, &message)) {
		size_t len = 0;

		__atomic_add_fetch(&child->active, 1, __ATOMIC_ACQ_REL);
		reply = (struct p11_reply){.id = message.head.id};
		reply.status = carry_out(child, &message, out, &len);
		reply.len = reply.status ? 0 : (uint32_t)len;
		iov[1].iov_len = reply.len;
		if (sendmsg(child->fd, &msg, MSG_NOSIGNAL) < 0)
			break;
		OPENSSL_cleanse(out, sizeof(out));
		OPENSSL_cleanse(message.in, message.head.in_len);
		renew(child);
	}
	/* Modules hang in their own end: there is nothing to be put in order. */
	_exit(EXIT_SUCCESS);
}

/* ---- start ----------------------------------------------------------------------------- */

static int load(struct child *child)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	void *library = dlopen(child->path, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get;
	void *symbol;
	CK_RV rv;

	if (!library) {
		log_msg(LOG_ERROR, "%s", dlerror());
		return -ENOENT;
	}
	symbol = dlsym(library, "C_GetFunctionList");
	memcpy(&get, &symbol, sizeof(get));
	if (!get || get(&child->functions) != CKR_OK || !child->functions) {
		log_msg(LOG_ERROR, "%s is no PKCS#11 module", child->path);
		return -ELIBBAD;
	}
	rv = child->functions->C_Initialize(&args);
	if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		log_msg(LOG_ERROR, "%s: C_Initialize: 0x%lx %s", child->path, rv, p11_name(rv));
		return -EIO;
	}
	return 0;
}

static int take_token(struct child *child, const struct message *message)
{
	const struct p11_request *head = &message->head;

	if (child->token_count == ARRAY_SIZE(child->tokens) || !child->path[0])
		return -EPROTO;
	p11_token_init(&child->tokens[child->token_count++], NULL, message->uri,
		       message->in + head->in_len - head->aux_len, head->aux_len);
	return 0;
}

/* What the loader says, up to P11_SERVE. */
static int configure(struct child *child)
{
	struct message *message = malloc(sizeof(*message));
	int err = message ? 0 : -ENOMEM;

	while (!err && receive(child->fd, message)) {
		if (message->head.type == P11_SERVE)
			break;
		if (message->head.type == P11_MODULE) {
			memcpy(child->path, message->uri, message->head.uri_len + 1);
			child->threads = message->head.scheme;
		} else if (message->head.type == P11_TOKEN) {
			err = take_token(child, message);
		} else {
			err = -EPROTO;
		}
		OPENSSL_cleanse(message->in, message->head.in_len);
	}
	free(message);
	return err ? err : child->path[0] ? 0 : -EPIPE;
}

static int start_threads(struct child *child)
{
	unsigned int n = child->threads > MAX_THREADS ? MAX_THREADS : child->threads;
	pthread_t thread;

	for (unsigned int i = 1; i < n; i++) {
		int err = pthread_create(&thread, NULL, work, child);

		if (err)
			return -err;
		pthread_detach(thread);
	}
	return 0;
}

int p11_serve(int fd)
{
	static struct child child;
	const struct rlimit none = {0, 0};
	int err;

	/* PINs are in here. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	child.fd = fd;
	child.begun = now_ns();
	err = configure(&child);
	if (!err)
		err = load(&child);
	for (unsigned int i = 0; i < child.token_count; i++)
		child.tokens[i].functions = child.functions;
	if (!err)
		err = start_threads(&child);
	if (!err)
		work(&child);
	_exit(EXIT_FAILURE);
}
