/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox.c - the stages of the sandbox.
 *
 * Theory of operation
 * -------------------
 * The order is forced by the kernel:
 *
 *  1. Inherited descriptors are closed before the process opens its own.
 *  2. The user is changed while the right to do so is there, but keeping the
 *     capabilities: without them, root that became the user nobody could make namespaces
 *     only where ordinary users can.
 *  3. A user namespace can only be entered by a process with one thread; its maps
 *     can only be written by a dumpable process, and a change of user makes it not
 *     dumpable. So dumpable is switched on there and off for good in stage 5.
 *  4. The root directory is replaced in the new mount namespace: an empty, read-only
 *     tmpfs takes the place of everything.
 *  5. Capabilities go when nothing needs them any more: bounding set first, as that
 *     takes one. no_new_privs, which Landlock and seccomp ask for. Landlock is for
 *     one thread, and is inherited by those that it makes: so before the others.
 *  6. With all threads there: limits (none could be made under them), seccomp.
 *
 * Each layer holds when the others fail. Without namespaces, Landlock denies files; without
 * Landlock, there are no files; without both, no system call opens one.
 *
 * Invariants
 * - A measure is in `done` only if it was seen to take effect.
 * - No stage gives back what an earlier one took.
 */
#include "daemon/confine/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/util.h"
#include "daemon/confine/steps.h"

/* The user and group without any rights: Linux's overflow id, "nobody". */
#define NOBODY 65534

/* Descriptors: the front end's for 64 queues thrice, 512 regions, and our own. */
#define MAX_DESCRIPTORS 1024

enum sandbox_mode sandbox_default_mode(void)
{
#ifdef VCD_INSTRUMENTED
	return SANDBOX_NONE;
#else
	return SANDBOX_AUTO;
#endif
}

/* ---- 1: from the start ---------------------------------------------------------------- */

/* The least of @keep that is not below @first, or -1. */
static int next_kept(const int *keep, unsigned int n, int first)
{
	int least = -1;
	unsigned int i;

	for (i = 0; i < n; i++)
		if (keep[i] >= first && (least < 0 || keep[i] < least))
			least = keep[i];
	return least;
}

static int close_all_but(const int *keep, unsigned int n)
{
	int first = STDERR_FILENO + 1;
	int kept;

	while ((kept = next_kept(keep, n, first)) >= 0) {
		if (kept > first && close_range((unsigned int)first, (unsigned int)kept - 1, 0) < 0)
			return -errno;
		first = kept + 1;
	}
	return close_range((unsigned int)first, ~0u, 0) < 0 ? -errno : 0;
}

/* Standard input and output lead nowhere. One of them may be what is to be kept. */
static int redirect(const int *keep, unsigned int n)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fd;

	if (null < 0)
		return -errno;
	for (fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++)
		if (next_kept(keep, n, fd) != fd && dup2(null, fd) < 0)
			return -errno;
	/* When one of them was closed, null has its number now. */
	if (null <= STDOUT_FILENO)
		(void)take_fd(&null);
	return 0;
}

int sandbox_begin(struct sandbox *sandbox, const int *keep, unsigned int n)
{
	const struct rlimit none = {0, 0};
	int err;

	if (setrlimit(RLIMIT_CORE, &none) < 0) {
		err = -errno;
		log_msg(LOG_ERROR, "cannot switch core dumps off: %m");
		return err;
	}
	measure_taken(sandbox, MEASURE_NO_CORE);
	if (sandbox->mode == SANDBOX_NONE)
		return 0;
	err = close_all_but(keep, n);
	if (!err)
		err = redirect(keep, n);
	return measure_result(sandbox, MEASURE_DESCRIPTORS, err);
}

/* ---- 2: another user ------------------------------------------------------------------ */

struct capabilities {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

static int capabilities_get(struct capabilities *caps)
{
	*caps = (struct capabilities){.header.version = _LINUX_CAPABILITY_VERSION_3};
	return syscall(SYS_capget, &caps->header, caps->data) < 0 ? -errno : 0;
}

static int capabilities_set(struct capabilities *caps)
{
	return syscall(SYS_capset, &caps->header, caps->data) < 0 ? -errno : 0;
}

/* What was permitted before a change of user is effective again. */
static int capabilities_raise(void)
{
	struct capabilities caps;
	unsigned int i;
	int err = capabilities_get(&caps);

	if (err)
		return err;
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		caps.data[i].effective = caps.data[i].permitted;
	return capabilities_set(&caps);
}

int capabilities_pass_on(void)
{
	/* The namespaces and the root directory; and the bounding set, which is emptied later. */
	static const unsigned int needed[] = {CAP_SYS_ADMIN, CAP_SETPCAP};
	struct capabilities caps;
	size_t i;
	int err = capabilities_get(&caps);

	for (i = 0; i < ARRAY_SIZE(needed); i++)
		caps.data[0].inheritable |= 1u << needed[i];
	if (!err)
		err = capabilities_set(&caps);
	for (i = 0; !err && i < ARRAY_SIZE(needed); i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, needed[i], 0, 0) < 0)
			err = -errno;
	return err;
}

/* ---- 2, for a parent: root no more ---------------------------------------------------- */

/* In a child: 0 if the user nobody can execute @program in namespaces of its own, or an errno. */
static int try_nobody(int program)
{
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0 ||
	    faccessat(program, "", X_OK, AT_EMPTY_PATH) < 0 ||
	    unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0 ||
	    unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return errno;
	return 0;
}

static int nobody_will_do(int program)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(try_nobody(program));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

/* @keep: bits of capabilities that stay in the bounding set. */
static int bound_capabilities(uint64_t keep)
{
	for (unsigned int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		/* A process that may not shrink the set cannot use it either, after no_new_privs. */
		if (!(keep & UINT64_C(1) << cap) && prctl(PR_CAPBSET_DROP, cap) < 0 &&
		    errno != EPERM)
			return -errno;
	return 0;
}

/* Keep what the stages of workers need, and the right to kill workers of the user nobody. */
static int stay_root(void)
{
	static const unsigned int needed[] = {
	    CAP_KILL,	   CAP_SETUID,	 CAP_SETGID,	   CAP_SETPCAP,
	    CAP_SYS_ADMIN, CAP_IPC_LOCK, CAP_SYS_RESOURCE,
	};
	struct capabilities caps;
	uint64_t keep = 0;
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		keep |= UINT64_C(1) << needed[i];
	err = bound_capabilities(keep);
	if (!err)
		err = capabilities_get(&caps);
	if (err)
		return err;
	for (unsigned int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		caps.data[i].permitted &= (uint32_t)(keep >> 32 * i);
		caps.data[i].effective = caps.data[i].permitted;
		caps.data[i].inheritable = 0;
	}
	return capabilities_set(&caps);
}

int sandbox_unroot(struct sandbox *sandbox, int program, bool devices)
{
	int death = 0;
	int err = devices ? -EACCES : nobody_will_do(program);

	if (err) {
		log_msg(LOG_WARN,
			"the supervisor stays root, with few capabilities: %s; better start it as "
			"a user of its own",
			devices ? "the engine's device may be root's" : strerror(-err));
		err = stay_root();
		return err ? measure_lacking(sandbox, MEASURE_NO_CAPS, err) : 0;
	}
	err = bound_capabilities(0);
	if (!err &&
	    (prctl(PR_GET_PDEATHSIG, &death) < 0 || setgroups(0, NULL) < 0 ||
	     setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0 ||
	     (death && prctl(PR_SET_PDEATHSIG, death) < 0)))
		err = -errno;
	return measure_result(sandbox, MEASURE_USER, err);
}

/* Root becomes the user nobody, and keeps its capabilities for the next stage. */
static int become_nobody(void)
{
	int death = 0;
	int err;

	if (getuid() != 0 && geteuid() != 0)
		return 0;
	if (prctl(PR_GET_PDEATHSIG, &death) < 0 || prctl(PR_SET_KEEPCAPS, 1) < 0 ||
	    setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -errno;
	err = capabilities_raise();
	/* A change of user forgets it; the parent still wants it. */
	if (!err && death && prctl(PR_SET_PDEATHSIG, death) < 0)
		err = -errno;
	return err;
}

int sandbox_isolate(struct sandbox *sandbox)
{
	int err;

	if (sandbox->mode == SANDBOX_NONE)
		return 0;
	umask(077);
	err = measure_result(sandbox, MEASURE_USER, become_nobody());
	return err ? err : namespaces_enter(sandbox);
}

/* ---- 5: privileges -------------------------------------------------------------------- */

int capabilities_clear(void)
{
	struct capabilities none = {.header.version = _LINUX_CAPABILITY_VERSION_3};
	struct capabilities left;
	unsigned int cap;
	int err;

	err = bound_capabilities(0);
	if (err)
		return err;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	err = capabilities_set(&none);
	if (!err)
		err = capabilities_get(&left);
	if (err)
		return err;
	for (cap = 0; cap < _LINUX_CAPABILITY_U32S_3; cap++)
		if (left.data[cap].permitted || left.data[cap].inheritable)
			return -EPERM;
	return 0;
}

static int no_new_privs(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int not_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? -errno : 0;
}

int sandbox_drop(struct sandbox *sandbox)
{
	int err;

	if (sandbox->mode == SANDBOX_NONE)
		return 0;
	err = measure_result(sandbox, MEASURE_NO_CAPS, capabilities_clear());
	if (!err)
		err = measure_result(sandbox, MEASURE_NO_NEW_PRIVS, no_new_privs());
	if (!err)
		err = measure_result(sandbox, MEASURE_NOT_DUMPABLE, not_dumpable());
	if (!err)
		err = measure_result(sandbox, MEASURE_LANDLOCK, landlock_deny_all());
	return err;
}

/* ---- 6: the lock ---------------------------------------------------------------------- */

static int lower(int resource, rlim_t to)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return -errno;
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < to)
		to = limit.rlim_max;
	limit = (struct rlimit){to, to};
	return setrlimit((__rlimit_resource_t)resource, &limit) < 0 ? -errno : 0;
}

/*
 * No process or thread more; no message queue, no file lock; enough descriptors.
 * The size of files is not limited: standard error may be one.
 */
static int limits(void)
{
	int err = lower(RLIMIT_NOFILE, MAX_DESCRIPTORS);

	if (!err)
		err = lower(RLIMIT_NPROC, 0);
	if (!err)
		err = lower(RLIMIT_MSGQUEUE, 0);
	return err;
}

int sandbox_lock(struct sandbox *sandbox)
{
	int err = 0;

	if (sandbox->mode != SANDBOX_NONE)
		err = measure_result(sandbox, MEASURE_LIMITS, limits());
	if (!err && sandbox->seccomp != SECCOMP_OFF)
		err = measure_result(sandbox, MEASURE_SECCOMP,
				     seccomp_worker(sandbox->seccomp, sandbox->cryptodev));
	return err;
}

int sandbox_parent(struct sandbox *sandbox)
{
	int err;

	if (sandbox->mode == SANDBOX_NONE)
		return 0;
	err = measure_result(sandbox, MEASURE_NO_NEW_PRIVS, no_new_privs());
	if (!err)
		err = measure_result(sandbox, MEASURE_NOT_DUMPABLE, not_dumpable());
	if (!err && sandbox->seccomp != SECCOMP_OFF)
		err = measure_result(sandbox, MEASURE_SECCOMP, seccomp_parent(sandbox->seccomp));
	return err;
}

pid_t sandbox_fork(struct sandbox *sandbox)
{
	unsigned long flags = CLONE_NEWPID | SIGCHLD;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	long pid = -1;
	bool user_ns = false;

	if (sandbox->mode != SANDBOX_NONE) {
		pid = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
		if (pid < 0) {
			user_ns = true;
			pid = syscall(SYS_clone, flags | CLONE_NEWUSER, NULL, NULL, NULL, NULL);
		}
	}
	if (pid < 0) {
		int err = -errno;

		if (sandbox->mode != SANDBOX_NONE &&
		    measure_lacking(sandbox, MEASURE_PID_NS, err)) {
			errno = -err;
			return -1;
		}
		user_ns = false;
		pid = fork();
	} else if (pid == 0) {
		measure_taken(sandbox, MEASURE_PID_NS);
	}
	if (pid == 0) {
		sandbox->own_user_ns = user_ns;
		if (user_ns)
			sandbox->own_user_err = namespaces_map(uid, gid);
		/* The child has nothing to do without its parent. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	}
	return (pid_t)pid;
}
