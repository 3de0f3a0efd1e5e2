/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach.c - what a libvirt domain needs to have the device. See attach.h. */
#include "tools/ctl/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/util.h"
#include "virtio_cryptodev.h"

/* The list of devices of a QEMU that has everything is a tenth of it. */
#define MAX_OUTPUT (1u << 20)

/*
 * libvirt gives slots from the lowest on, and does not know of this device: QEMU would give it the
 * first one, which then is not free any more. The bus is the machine's first.
 */
#define SLOT "addr=0x1c"

/* The longest name that makes a valid user of the unit with a drop-in; docs/deployment.md. */
#define MAX_NAME 64u

const char *attach_default_qemu(void)
{
	static char name[96];
	struct utsname machine;

	if (uname(&machine) < 0)
		return "qemu-system-x86_64";
	(void)snprintf(name, sizeof(name), "qemu-system-%.64s", machine.machine);
	return name;
}

/* All that can be read, as a string. NULL: no memory, or too much. */
static char *read_all(int fd)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0, size = 0;
	ssize_t n = 1;
	char *all;

	while (n) {
		if (len + 1 >= size) {
			size = size ? 2 * size : 4096;
			all = size <= MAX_OUTPUT ? realloc(text, size) : NULL;
			if (!all)
				return NULL;
			text = all;
		}
		n = read(fd, text + len, size - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return NULL;
		len += (size_t)n;
	}
	text[len] = '\0';
	all = text;
	text = NULL;
	return all;
}

/* What @program writes to standard output. Return: 0 or a negative errno. */
static int output_of(const char *program, const char *first, const char *second, char **text)
{
	char *const argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)first,
			      (char *)(uintptr_t)second, NULL};
	_cleanup_fd_ int from = -1;
	posix_spawn_file_actions_t actions;
	int fds[2], status, err;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	from = fds[0];
	err = posix_spawn_file_actions_init(&actions);
	if (!err) {
		err = posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
		if (!err)
			err = posix_spawnp(&pid, program, &actions, NULL, argv, environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	close(fds[1]);
	if (err)
		return -err;
	*text = read_all(from);
	/* One that writes without end gets a signal. */
	close_fd(&from);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -ECHILD;
	if (!*text)
		return -ENOMEM;
	/* Where vfork() is fork(), as in an emulator of processes, posix_spawn() cannot say it itself. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPROTO;
}

int attach_probe(const char *program, struct attach_qemu *qemu)
{
	_cleanup_free_ char *text = NULL, *list = NULL;
	const char *number;
	int err;

	*qemu = (struct attach_qemu){0};
	err = output_of(program, "--version", NULL, &text);
	if (err || !text)
		return err ? err : -EIO;
	number = strstr(text, "version ");
	if (strncmp(text, "QEMU ", 5) != 0 || !number ||
	    sscanf(number, "version %u.%u", &qemu->major, &qemu->minor) != 2)
		return -EPROTO;
	err = output_of(program, "-device", "help", &list);
	if (err || !list)
		return err ? err : -EIO;
	/* What users may not create is not in the list. */
	qemu->own = strstr(list, "\"vhost-user-cryptodev-pci\"") != NULL;
	qemu->generic = strstr(list, "\"vhost-user-test-device-pci\"") != NULL;
	return 0;
}

bool attach_name_valid(const char *name)
{
	size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789_.-");

	return len && len <= MAX_NAME && !name[len] && *name != '.' && *name != '-';
}

static void print_arg(FILE *out, const char *value)
{
	fprintf(out, "    <qemu:arg value='%s'/>\n", value);
}

/* QEMU's own device does not reconnect, and does not start when it is told to. */
static const char *reconnect(const struct attach_qemu *qemu)
{
	if (!qemu->own)
		return "";
	return qemu->major > 9 || (qemu->major == 9 && qemu->minor >= 2) ? ",reconnect-ms=1000"
									 : ",reconnect=1";
}

void attach_print(const struct attach_qemu *qemu, const char *name, const char *socket, FILE *out)
{
	char chardev[256], device[256];

	(void)snprintf(chardev, sizeof(chardev), "socket,id=vcrypto,path=%s%s", socket,
		       reconnect(qemu));
	if (qemu->own)
		(void)snprintf(device, sizeof(device),
			       "vhost-user-cryptodev-pci,chardev=vcrypto,num-queues=1," SLOT);
	else
		(void)snprintf(device, sizeof(device),
			       "vhost-user-test-device-pci,chardev=vcrypto,virtio-id=%u,num_vqs=1,"
			       "vq_size=256,config_size=%zu," SLOT,
			       (unsigned int)VIRTIO_ID_CRYPTODEV, sizeof(struct vcd_config));
	fprintf(
	    out,
	    "<!-- /dev/crypto from vhost-user-cryptodev@%s, for QEMU %u.%u. With `virsh edit`: "
	    "the\n"
	    "     attribute into the element domain, the elements into it. Queues: one for each\n"
	    "     processor of the guest, at most the daemon's num-queues. With --keeper: exactly\n"
	    "     its num-queues and slow-queues together, or the guest has no keys by name.%s "
	    "-->\n"
	    "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
	    "  <memoryBacking>\n"
	    "    <source type='memfd'/>\n"
	    "    <access mode='shared'/>\n"
	    "  </memoryBacking>\n"
	    "  <qemu:commandline>\n",
	    name, qemu->major, qemu->minor,
	    qemu->own ? "" : "\n     This device cannot migrate and does not reconnect.");
	print_arg(out, "-chardev");
	print_arg(out, chardev);
	print_arg(out, "-device");
	print_arg(out, device);
	fputs("  </qemu:commandline>\n</domain>\n", out);
}
