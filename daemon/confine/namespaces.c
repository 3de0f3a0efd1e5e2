/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * namespaces.c - namespaces of our own, and an empty root directory. See steps.h.
 *
 * The user namespace comes first: it gives the capabilities to make the others.
 * Where it cannot be had, because the machine's or the container's settings deny
 * it, a process with CAP_SYS_ADMIN makes the others without.
 */
#include "daemon/confine/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/util.h"

static int write_file(const char *path, const char *text)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);

	if (fd < 0)
		return -errno;
	return write(fd, text, len) == (ssize_t)len ? 0 : errno ? -errno : -EIO;
}

/* The process has the same ids inside as outside. No other user exists in the namespace. */
static int map_ids(uid_t uid, gid_t gid)
{
	char text[64];
	int err;

	err = write_file("/proc/self/setgroups", "deny");
	if (err)
		return err;
	(void)snprintf(text, sizeof(text), "%u %u 1", uid, uid);
	err = write_file("/proc/self/uid_map", text);
	if (err)
		return err;
	(void)snprintf(text, sizeof(text), "%u %u 1", gid, gid);
	return write_file("/proc/self/gid_map", text);
}

int namespaces_map(uid_t uid, gid_t gid)
{
	/* Otherwise /proc/self belongs to root. sandbox_drop() ends it. */
	if (prctl(PR_SET_DUMPABLE, 1) < 0)
		return -errno;
	return map_ids(uid, gid);
}

static int user_namespace(const struct sandbox *sandbox)
{
	/* Read before unshare(): until the maps are written, every id is the overflow id. */
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (sandbox->own_user_ns)
		return sandbox->own_user_err;
	if (unshare(CLONE_NEWUSER) < 0)
		return -errno;
	return namespaces_map(uid, gid);
}

/*
 * A tmpfs without room for anything becomes the root, and what was the root goes.
 * pivot_root(".", ".") puts the old root on top of the new one, from where it is
 * unmounted.
 */
static int empty_root(void)
{
	static const char *const places[] = {"/tmp", "/run", "/proc", "/"};
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY;
	struct stat st;
	size_t i;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	for (i = 0; i < ARRAY_SIZE(places); i++)
		if (mount("none", places[i], "tmpfs", flags, "mode=0555,size=4k,nr_inodes=2") == 0)
			break;
	if (i == ARRAY_SIZE(places) || chdir(places[i]) < 0 ||
	    syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return -errno;
	return stat("/proc", &st) < 0 && errno == ENOENT ? 0 : -ENOTEMPTY;
}

int namespaces_enter(struct sandbox *sandbox)
{
	static const struct {
		int flag;
		enum measure measure;
	} namespaces[] = {
	    {CLONE_NEWNS, MEASURE_MOUNT_NS},
	    {CLONE_NEWNET, MEASURE_NET_NS},
	    {CLONE_NEWIPC, MEASURE_IPC_NS},
	    {CLONE_NEWUTS, MEASURE_UTS_NS},
	};
	size_t i;
	int err;

	err = measure_result(sandbox, MEASURE_USER_NS, user_namespace(sandbox));
	for (i = 0; !err && i < ARRAY_SIZE(namespaces); i++)
		err = measure_result(sandbox, namespaces[i].measure,
				     unshare(namespaces[i].flag) < 0 ? -errno : 0);
	if (err)
		return err;
	/* Without a mount namespace of its own it would replace the root of all processes. */
	if (!(sandbox->done & (1u << MEASURE_MOUNT_NS)))
		return measure_lacking(sandbox, MEASURE_EMPTY_ROOT, -EPERM);
	return measure_result(sandbox, MEASURE_EMPTY_ROOT, empty_root());
}
