/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seccomp.c - which system calls a process may make. See steps.h.
 *
 * A worker has a list of what is allowed; anything else ends the process. The list
 * is what the code that runs after sandbox_lock() needs, and the groups below name that code: a
 * change there that needs another call belongs here, and the tests, which run the
 * daemon under its filter, find it missing. What is listed as refused is what
 * libraries try and can do without.
 *
 * A parent keeps fork and exec, and whatever a worker needs in order to confine
 * itself; a filter is inherited by what it starts. So its list is one of what is
 * denied: what the daemon does not need and kernels have been attacked with.
 *
 * A filter cannot look into memory. Where a call is dangerous only with some
 * arguments, these are compared here.
 */
#include "daemon/confine/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/util.h"

#include "cryptodev.h"

/* Allowed with any arguments. */
static const int worker_calls[] = {
    /* daemon/event_loop.c, vhost_user.c: the front end's messages */
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(close),
    SCMP_SYS(epoll_ctl),
    /* daemon/event_loop.c, vm/thread.c: sleeping and waking; signals through signalfd */
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(read),
    SCMP_SYS(write),
    /* queue.c: is there room for a signal? */
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    /* control.c: clients */
    SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),
    /* memory.c: mapping and checking what the front end sends; mmap below */
    SCMP_SYS(munmap),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(fstatfs),
    SCMP_SYS(munlock),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigreturn),
    /* malloc, and the memory of keys */
    SCMP_SYS(brk),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mlock),
    SCMP_SYS(mlock2),
    /* threads: the start of those that have not run yet, locks, their end */
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(futex),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(sched_yield),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(restart_syscall),
    /* clocks, where the vDSO passes them on */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    /* device.c: the epoch; libcrypto: IVs and padding */
    SCMP_SYS(getrandom),
    /* abort() and log_msg() */
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
};

/* Refused with EACCES: glibc asks /proc and /sys for advice, and lives without. */
static const int worker_refused[] = {
    SCMP_SYS(open),	 SCMP_SYS(openat),   SCMP_SYS(access),
    SCMP_SYS(faccessat), SCMP_SYS(readlink), SCMP_SYS(sched_getaffinity),
};

static const int parent_denied[] = {
    /* other processes' memory */
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kcmp),
    /* the kernel itself */
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(syslog),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    /* wide interfaces that have been a way in */
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(setns),
    SCMP_SYS(personality),
    SCMP_SYS(modify_ldt),
    SCMP_SYS(vmsplice),
};

/* Never fails on a call that this architecture does not have. */
static int add(scmp_filter_ctx filter, uint32_t action, const int calls[], size_t n)
{
	size_t i;
	int err;

	for (i = 0; i < n; i++) {
		err = seccomp_rule_add(filter, action, calls[i], 0);
		if (err && err != -EDOM)
			return err;
	}
	return 0;
}

static int allow_with(scmp_filter_ctx filter, int call, struct scmp_arg_cmp arg)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, arg);
}

/* Memory, but none that can be executed; signals to ourselves; what vhost_user/queue_requests.c asks. */
static int add_checked(scmp_filter_ctx filter)
{
	static const unsigned int fcntls[] = {F_GETFL, F_SETFL, F_GET_SEALS};
	int err;
	size_t i;

	err = allow_with(filter, SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!err)
		err = allow_with(filter, SCMP_SYS(mprotect),
				 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!err)
		err = allow_with(filter, SCMP_SYS(tgkill),
				 SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	/* A thread names itself. */
	if (!err)
		err = allow_with(filter, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
	for (i = 0; !err && i < ARRAY_SIZE(fcntls); i++)
		err = allow_with(filter, SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, fcntls[i], 0));
	return err;
}

/* What engine/cryptodev/engine.c asks of a /dev/crypto; the device is open. */
static int add_cryptodev(scmp_filter_ctx filter)
{
	static const unsigned long requests[] = {
	    CRIOGET,	   CIOCGSESSION,  CIOCFSESSION, CIOCCRYPT,
	    CIOCAUTHCRYPT, CIOCGSESSINFO, CIOCCPHASH,
	};
	size_t i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(requests); i++)
		err = allow_with(filter, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, requests[i], 0));
	return err;
}

/* For all threads. The kernel's log tells of what was ended, without being asked. */
static int install(scmp_filter_ctx filter)
{
	int err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	return err ? err : seccomp_load(filter);
}

int seccomp_worker(enum seccomp_mode mode, bool cryptodev)
{
	scmp_filter_ctx filter =
	    seccomp_init(mode == SECCOMP_LOG ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS);
	int err;

	if (!filter)
		return -ENOMEM;
	err = add(filter, SCMP_ACT_ALLOW, worker_calls, ARRAY_SIZE(worker_calls));
	if (!err)
		err = add_checked(filter);
	if (!err && cryptodev)
		err = add_cryptodev(filter);
	if (!err && mode == SECCOMP_KILL)
		err =
		    add(filter, SCMP_ACT_ERRNO(EACCES), worker_refused, ARRAY_SIZE(worker_refused));
	if (!err)
		err = install(filter);
	seccomp_release(filter);
	return err;
}

int seccomp_parent(enum seccomp_mode mode)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	uint32_t action = mode == SECCOMP_LOG ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS;
	int err;

	if (!filter)
		return -ENOMEM;
	err = add(filter, action, parent_denied, ARRAY_SIZE(parent_denied));
	if (!err)
		err = install(filter);
	seccomp_release(filter);
	return err;
}
