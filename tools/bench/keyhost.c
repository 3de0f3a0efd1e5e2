/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keyhost.c - a real vcrypto-keeper with one key that is made for the run.
 */
#include "tools/bench/keyhost.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "common/util.h"
#include "tools/bench/beside.h"

/* A keeper under a sanitizer on a loaded machine takes seconds. */
#define PATIENCE_MS 60000
#define LOOK_MS 10

static const char *const keeper_places[] = {
    "../keeper/vcrypto-keeper",
    "../libexec/vcrypto-keeper",
    NULL,
};

static const char *const module_places[] = {
    "../tests/keeper/fault_module.so",
    NULL,
};

/* What the folder has at most, for its removal. */
static const char *const files[] = {"key.pem", "pin", "plan", "policy", "socket"};

#define PATH_SIZE 96

static void __attribute__((nonnull))
path_of(const struct keyhost *host, const char *name, char path[PATH_SIZE])
{
	(void)snprintf(path, PATH_SIZE, "%s/%s", host->folder, name);
}

static int write_file(const struct keyhost *host, const char *name, const char *text, size_t len)
{
	_cleanup_fd_ int fd = -1;
	char path[PATH_SIZE];
	ssize_t n;

	path_of(host, name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -ENOSPC;
}

static int write_text(const struct keyhost *host, const char *name, const char *text)
{
	return write_file(host, name, text, strlen(text));
}

static int write_key(const struct keyhost *host)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text;
	long len;
	int err = -ENOMEM;

	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, host->key, NULL, NULL, 0, NULL, NULL)) {
		len = BIO_get_mem_data(bio, &text);
		err = write_file(host, "key.pem", text, (size_t)len);
	}
	BIO_free(bio);
	return err;
}

static int write_file_policy(const struct keyhost *host)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "[vm " KEYHOST_VM "]\nkeys = " KEYHOST_LABEL "\n"
		       "[key " KEYHOST_LABEL "]\nsource = file:key.pem\nuse = sign\nschemes = %s\n",
		       host->kind->word);
	return write_text(host, "policy", text);
}

/* The module takes its key and its plan from the environment. */
static int write_token_policy(const struct keyhost *host, const struct target *target)
{
	char text[PATH_MAX + 512];
	char given[PATH_MAX];
	char path[PATH_SIZE];
	_cleanup_free_ char *module = NULL;
	char plan[32];
	int err = beside(target->slow_module, module_places, given);

	if (!err) {
		module = realpath(given, NULL);
		err = module ? 0 : -errno;
	}
	if (err) {
		bench_error("no module for a slow token: %s; name one with --slow-module, or build "
			    "the tests",
			    strerror(-err));
		return err;
	}
	(void)snprintf(text, sizeof(text),
		       "[vm " KEYHOST_VM "]\nkeys = " KEYHOST_LABEL "\n"
		       "[key " KEYHOST_LABEL "]\nsource = pkcs11:token=fault;object=key\n"
		       "use = sign\nschemes = %s\n"
		       "[token fault]\nmodule = %s\npin = file:pin\n",
		       host->kind->word, module);
	(void)snprintf(plan, sizeof(plan), "slow %u\n", target->slow_ms);
	path_of(host, "key.pem", path);
	if (setenv("FAULT_KEY", path, 1) < 0)
		return -errno;
	path_of(host, "plan", path);
	if (setenv("FAULT_PLAN", path, 1) < 0)
		return -errno;
	err = write_text(host, "plan", plan);
	if (!err)
		err = write_text(host, "pin", "1234\n");
	return err ? err : write_text(host, "policy", text);
}

static int make_folder(struct keyhost *host)
{
	const char *tmp = getenv("TMPDIR");
	int n = snprintf(host->folder, sizeof(host->folder), "%s/vcrypto-bench.XXXXXX",
			 tmp && *tmp ? tmp : "/tmp");
	int err = n < (int)sizeof(host->folder) ? 0 : -ENAMETOOLONG;

	if (!err && !mkdtemp(host->folder))
		err = -errno;
	if (err)
		host->folder[0] = '\0';
	return err;
}

static int make_files(struct keyhost *host, const struct target *target)
{
	int err = make_folder(host);

	if (err)
		return err;
	path_of(host, "socket", host->socket);
	/* A daemon that root has started becomes another user before it connects. */
	if (chmod(host->folder, 0711) < 0)
		return -errno;
	host->key = sign_generate(host->kind);
	if (!host->key)
		return -ENOTSUP;
	err = write_key(host);
	if (err)
		return err;
	return target->slow_load ? write_token_policy(host, target) : write_file_policy(host);
}

static bool listens(const char *path)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

/* Until it listens: 0; or until it has ended: its messages say why. */
static int await_keeper(struct keyhost *host)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};

	for (unsigned int ms = 0; ms < PATIENCE_MS; ms += LOOK_MS) {
		if (listens(host->socket))
			return 0;
		if (waitpid(host->keeper.pid, NULL, WNOHANG) != 0) {
			host->keeper.pid = 0;
			return -ECHILD;
		}
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

static int start_keeper(struct keyhost *host, const struct target *target)
{
	char path[PATH_MAX], socket[128], policy[128], threads[32];
	const char *const args[] = {socket, policy, threads, "--socket-mode=0666", "--quiet", NULL};
	int err = beside(target->keeper, keeper_places, path);

	(void)snprintf(socket, sizeof(socket), "--socket-path=%s", host->socket);
	(void)snprintf(policy, sizeof(policy), "--policy=%s/policy", host->folder);
	(void)snprintf(threads, sizeof(threads), "--threads=%u", target->keeper_threads);
	if (!err)
		err = process_start(&host->keeper, path, args, -1, NULL);
	if (err) {
		bench_error("cannot start the keeper %s: %s; see --keeper", path, strerror(-err));
		return err;
	}
	err = await_keeper(host);
	if (err)
		bench_error("the keeper does not serve; its messages are above");
	return err;
}

int keyhost_open(struct keyhost *host, const struct sign_kind *kind, const struct target *target)
{
	int err;

	host->kind = kind;
	err = make_files(host, target);
	if (err) {
		bench_error("cannot make a key of the kind %s in a temporary folder: %s",
			    kind->name, strerror(-err));
		return err;
	}
	return start_keeper(host, target);
}

void keyhost_close(struct keyhost *host)
{
	char path[PATH_SIZE];

	if (host->keeper.pid > 0 && process_stop(&host->keeper) != 0)
		bench_error("the keeper did not end as it should; its messages are above");
	EVP_PKEY_free(host->key);
	host->key = NULL;
	if (!host->folder[0])
		return;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		path_of(host, files[i], path);
		(void)unlink(path);
	}
	if (rmdir(host->folder) < 0)
		bench_error("cannot remove %s: %s", host->folder, strerror(errno));
	host->folder[0] = '\0';
}
