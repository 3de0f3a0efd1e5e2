/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * entry.c - the devices as a shared object for a QEMU that is already built:
 *
 *   qemu-system-x86_64 -plugin PATH/virtio-cryptodev.so -device virtio-cryptodev-pci
 *
 * QEMU loads it as it loads a TCG plugin, with any accelerator, and calls
 * qemu_plugin_install(). That a plugin registers devices is not foreseen, but
 * Debian's binary exports what they need. What is shared with it are the
 * structures of one exact source: another version, even a security update, may
 * have other ones, and the result would be a crash or worse. So the first thing
 * done here is to compare the versions, Debian's revision included. Only then the devices
 * are loaded, from a second shared object beside this one: they may need what
 * another version does not have, and the dynamic linker would say so in its words.
 *
 * VCD_SOURCE_VERSION is the version of the source package this is built from.
 */
#include "qemu/osdep.h"
#include <dlfcn.h>
#include "qapi/error.h"
#include "qapi/qapi-commands-control.h"
#include "qapi/qapi-types-control.h"

#define VENDOR "Debian "

/* The header of plugins says which number; including it here would hide symbols. */
extern int qemu_plugin_version;
int qemu_plugin_version = VCD_PLUGIN_VERSION;

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

static const char *const registrations[] = {
    "module_virtio_cryptodev_register_types",
    "module_virtio_cryptodev_pci_register_types",
    "module_vhost_user_cryptodev_register_types",
    "module_vhost_user_cryptodev_pci_register_types",
};

/* A rebuild of the same source has "+b" and a number behind its version. */
static bool same_source(const char *package)
{
    const char *version = VCD_SOURCE_VERSION;
    size_t len = strlen(version);

    if (strncmp(package, VENDOR, strlen(VENDOR))) {
        return false;
    }
    package += strlen(VENDOR);
    if (strncmp(package, version, len)) {
        return false;
    }
    package += len;
    if (!strncmp(package, "+b", 2)) {
        package += 2;
        package += strspn(package, "0123456789");
    }
    return !*package;
}

static bool devices_register(void)
{
    g_autofree char *dir = NULL, *path = NULL;
    Dl_info self;
    void *devices;
    size_t i;

    if (!dladdr(registrations, &self)) {
        return false;
    }
    dir = g_path_get_dirname(self.dli_fname);
    path = g_build_filename(dir, VCD_DEVICES, NULL);
    devices = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!devices) {
        fprintf(stderr, "virtio-cryptodev.so: %s\n", dlerror());
        return false;
    }
    for (i = 0; i < ARRAY_SIZE(registrations); i++) {
        void (*function)(void) = dlsym(devices, registrations[i]);

        if (!function) {
            fprintf(stderr, "virtio-cryptodev.so: %s\n", dlerror());
            return false;
        }
        function();
    }
    return true;
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    VersionInfo *have = qmp_query_version(NULL);

    if (have->qemu->major != QEMU_VERSION_MAJOR ||
        have->qemu->minor != QEMU_VERSION_MINOR ||
        have->qemu->micro != QEMU_VERSION_MICRO ||
        !same_source(have->package)) {
        fprintf(stderr, "virtio-cryptodev.so: made for QEMU %d.%d.%d (%s%s), but "
                "this is QEMU %" PRId64 ".%" PRId64 ".%" PRId64 " (%s). Build it "
                "again from the source of this version.\n",
                QEMU_VERSION_MAJOR, QEMU_VERSION_MINOR, QEMU_VERSION_MICRO,
                VENDOR, VCD_SOURCE_VERSION, have->qemu->major,
                have->qemu->minor, have->qemu->micro,
                *have->package ? have->package : "not Debian's");
        return -1;
    }
    qapi_free_VersionInfo(have);
    return devices_register() ? 0 : -1;
}
