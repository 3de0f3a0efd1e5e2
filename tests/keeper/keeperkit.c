/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keeperkit.c - the real keeper, as a process in a folder of its own, and clients of it. */
#include "tests/keeper/keeperkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "common/util.h"

#define PATIENCE_MS 20000

static void path_of(const struct kit *kit, const char *name, char path[200])
{
	(void)snprintf(path, 200, "%s/%s", kit->folder, name);
}

void kit_open(struct kit *kit, const char *program)
{
	*kit = (struct kit){.program = program};
	(void)snprintf(kit->folder, sizeof(kit->folder), "/tmp/keeper.XXXXXX");
	assert_non_null(mkdtemp(kit->folder));
	(void)snprintf(kit->socket, sizeof(kit->socket), "%s/socket", kit->folder);
	(void)snprintf(kit->policy, sizeof(kit->policy), "%s/policy", kit->folder);
	(void)snprintf(kit->log, sizeof(kit->log), "%s/log", kit->folder);
}

void kit_close(struct kit *kit)
{
	char command[100];

	if (kit->pid)
		(void)kit_stop(kit);
	(void)snprintf(command, sizeof(command), "rm -rf %s", kit->folder);
	assert_int_equal(system(command), 0);
}

void kit_file(struct kit *kit, const char *name, const void *bytes, size_t len)
{
	char path[200];
	int fd;

	path_of(kit, name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

void kit_pem(struct kit *kit, const char *name, EVP_PKEY *pkey)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	assert_true(PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL));
	len = BIO_get_mem_data(bio, &text);
	kit_file(kit, name, text, (size_t)len);
	BIO_free(bio);
}

void kit_set_policy(struct kit *kit, const char *text)
{
	kit_file(kit, "policy", text, strlen(text));
}

static void __attribute__((noreturn)) run(struct kit *kit, const char *const argv[])
{
	int fd = open(kit->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	(void)dup2(fd, STDERR_FILENO);
	(void)dup2(fd, STDOUT_FILENO);
	execv(kit->program, (char *const *)argv);
	_exit(127);
}

static void pause_ms(long ms)
{
	const struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&ts, NULL);
}

void kit_start(struct kit *kit, const char *option)
{
	char socket[120], policy[120];
	const char *argv[] = {kit->program, socket, policy, "--verbose", option, NULL};

	(void)snprintf(socket, sizeof(socket), "--socket-path=%s", kit->socket);
	(void)snprintf(policy, sizeof(policy), "--policy=%s", kit->policy);
	(void)unlink(kit->log);
	kit->pid = fork();
	if (!kit->pid)
		run(kit, argv);
	kit_wait_said(kit, "policy in force");
}

int kit_stop(struct kit *kit)
{
	int status;

	assert_int_equal(kill(kit->pid, SIGTERM), 0);
	assert_int_equal(waitpid(kit->pid, &status, 0), kit->pid);
	kit->pid = 0;
	return status;
}

int kit_check(struct kit *kit)
{
	char policy[120];
	const char *argv[] = {kit->program, policy, "--check-policy", NULL};
	pid_t pid;
	int status;

	(void)snprintf(policy, sizeof(policy), "--policy=%s", kit->policy);
	(void)unlink(kit->log);
	pid = fork();
	if (!pid)
		run(kit, argv);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The log, as it was read last. */
static char said[1 << 18];

bool kit_said(struct kit *kit, const char *words)
{
	FILE *file = fopen(kit->log, "r");
	size_t n = 0;

	if (file) {
		n = fread(said, 1, sizeof(said) - 1, file);
		fclose(file);
	}
	said[n] = '\0';
	return strstr(said, words) != NULL;
}

void kit_wait_said(struct kit *kit, const char *words)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += 20) {
		if (kit_said(kit, words))
			return;
		pause_ms(20);
	}
	fail_msg("the keeper did not say \"%s\" but: %s", words, said);
}

/* By its arguments: those of our child's children. */
pid_t kit_child(struct kit *kit, bool server)
{
	char path[64], line[300];
	pid_t found = 0;
	FILE *list;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", kit->pid, kit->pid);
	list = fopen(path, "r");
	assert_non_null(list);
	for (int pid; fscanf(list, "%d", &pid) == 1;) {
		size_t n;
		FILE *file;

		(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
		file = fopen(path, "r");
		n = file ? fread(line, 1, sizeof(line) - 1, file) : 0;
		if (file)
			fclose(file);
		line[n] = '\0';
		/* its name, then what it is */
		if (n > strlen(line) + 1 &&
		    strstr(line + strlen(line) + 1, server ? "as-server" : "as-module"))
			found = pid;
	}
	fclose(list);
	return found;
}

struct keeper_client kit_connect(struct kit *kit, const char *vm)
{
	struct keeper_client client = {.fd = -ENOENT};

	/* A keeper that is just being started again closes what it cannot serve. */
	for (int ms = 0; ms < PATIENCE_MS; ms += 50) {
		client.fd = keeper_connect(kit->socket);
		if (client.fd >= 0 && (!vm || keeper_hello(&client, vm) == KEEPER_S_OK))
			return client;
		if (client.fd >= 0)
			close(client.fd);
		pause_ms(50);
	}
	fail_msg("no connection to the keeper");
	return client;
}

uint64_t kit_handle(struct keeper_client *client, const char *label)
{
	struct keeper_key key;
	uint64_t handle = 0;
	int status = keeper_open(client, label, NULL, false, &handle, &key, NULL);

	if (status)
		fail_msg("%s: status %d", label, status);
	assert_string_equal(key.label, label);
	return handle;
}

int kit_operate(struct keeper_client *client, struct keeper_request request, const void *in,
		size_t len, uint8_t *out, size_t *out_len)
{
	static uint8_t dropped[KEEPER_MAX_PAYLOAD];
	struct keeper_reply reply;
	int err =
	    keeper_call(client, &request, in, len, &reply, out ? out : dropped, KEEPER_MAX_PAYLOAD);

	if (!err && out_len)
		*out_len = reply.len;
	return err ? err : reply.status;
}

int kit_sign(struct keeper_client *client, uint64_t handle, enum keeper_scheme scheme,
	     const void *message, size_t len, uint8_t *out, size_t *out_len)
{
	return kit_operate(client,
			   (struct keeper_request){.type = KEEPER_SIGN,
						   .flags = KEEPER_F_MESSAGE,
						   .handle = handle,
						   .scheme = (uint16_t)scheme},
			   message, len, out, out_len);
}

EVP_PKEY *kit_public(struct keeper_client *client, uint64_t handle)
{
	uint8_t out[KEEPER_MAX_PAYLOAD];
	const uint8_t *at = out + sizeof(struct keeper_key);
	EVP_PKEY *pkey;
	size_t len = 0;

	assert_int_equal(kit_operate(client,
				     (struct keeper_request){.type = KEEPER_INFO, .handle = handle},
				     NULL, 0, out, &len),
			 KEEPER_S_OK);
	assert_true(len > sizeof(struct keeper_key));
	pkey = d2i_PUBKEY(NULL, &at, (long)(len - sizeof(struct keeper_key)));
	assert_non_null(pkey);
	return pkey;
}

int kit_admin(struct kit *kit, enum keeper_type type, const char *text)
{
	struct keeper_client client = kit_connect(kit, NULL);
	int status = kit_operate(&client, (struct keeper_request){.type = (uint16_t)type}, text,
				 text ? strlen(text) : 0, NULL, NULL);

	close(client.fd);
	return status;
}

long kit_metric(struct kit *kit, const char *name)
{
	static uint8_t page[KEEPER_MAX_PAYLOAD + 1];
	struct keeper_client client = kit_connect(kit, NULL);
	char line[200];
	size_t len = 0;
	const char *at;

	assert_int_equal(kit_operate(&client, (struct keeper_request){.type = KEEPER_METRICS}, NULL,
				     0, page, &len),
			 KEEPER_S_OK);
	close(client.fd);
	page[len] = '\0';
	(void)snprintf(line, sizeof(line), "\nvcrypto_keeper_%s ", name);
	at = strstr((char *)page, line);
	return at ? strtol(at + strlen(line), NULL, 10) : -1;
}
