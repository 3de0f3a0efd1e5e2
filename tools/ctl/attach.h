/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attach.h - vcryptoctl attach-xml: what a libvirt domain needs to have the device.
 */
#ifndef VCD_TOOLS_CTL_ATTACH_H
#define VCD_TOOLS_CTL_ATTACH_H

#include <stdbool.h>
#include <stdio.h>

/**
 * struct attach_qemu - what a QEMU has.
 * @own: vhost-user-cryptodev-pci, this project's front end
 * @generic: vhost-user-test-device-pci, which a user may create from QEMU 10.2 on
 * @major: its version
 * @minor: its version
 */
struct attach_qemu {
	bool own;
	bool generic;
	unsigned int major;
	unsigned int minor;
};

/** attach_default_qemu - the name of QEMU's program for this machine. */
const char *attach_default_qemu(void);

/**
 * attach_probe - ask a QEMU for its version and devices.
 * @program: its program, looked up in PATH unless there is a slash in it
 * @qemu: out
 *
 * Return: 0; -ENOENT when there is no such program; -EPROTO when it does not answer as QEMU does; or
 * another negative errno.
 */
int attach_probe(const char *program, struct attach_qemu *qemu);

/** attach_name_valid - whether an instance of the unit can have that name, and XML needs no escape. */
bool attach_name_valid(const char *name);

/**
 * attach_print - print the elements of the domain.
 * @qemu: what QEMU has; one of the devices
 * @name: instance of vhost-user-cryptodev@
 * @socket: where the daemon listens
 * @out: where to
 */
void attach_print(const struct attach_qemu *qemu, const char *name, const char *socket, FILE *out);

#endif /* VCD_TOOLS_CTL_ATTACH_H */
