/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vcd-compat.h - what differs between the QEMU versions that this directory
 * compiles in: 7.2 to 10.x (11.0 as far as its objects compile).
 */
#ifndef VCD_COMPAT_H
#define VCD_COMPAT_H

#include "qemu/osdep.h"

#if __has_include("hw/core/qdev-properties.h")
#include "hw/core/qdev-properties.h"
#include "hw/core/qdev-properties-system.h"
#else
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#endif
#if __has_include("system/iothread.h")
#include "system/iothread.h"
#include "system/runstate.h"
#else
#include "sysemu/iothread.h"
#include "sysemu/runstate.h"
#endif
#if __has_include("block/aio-wait.h")
#include "block/aio.h"
#else
#include "qemu/aio.h"
#endif

#define VCD_QEMU_AT_LEAST(major, minor)                                        \
    (QEMU_VERSION_MAJOR > (major) ||                                           \
     (QEMU_VERSION_MAJOR == (major) && QEMU_VERSION_MINOR >= (minor)))

/* The big lock got its name in 9.0. */
#if VCD_QEMU_AT_LEAST(9, 0)
#define vcd_bql_lock() bql_lock()
#define vcd_bql_unlock() bql_unlock()
#else
#define vcd_bql_lock() qemu_mutex_lock_iothread()
#define vcd_bql_unlock() qemu_mutex_unlock_iothread()
#endif

/* Lists of properties are arrays with a known end since 10.0. */
#if VCD_QEMU_AT_LEAST(10, 0)
#define VCD_PROPERTY const Property
#define VCD_PROPERTY_END
#else
#define VCD_PROPERTY Property
#define VCD_PROPERTY_END DEFINE_PROP_END_OF_LIST(),
#endif

/* class_init()'s data is const since 10.1. */
#if VCD_QEMU_AT_LEAST(10, 1)
#define VCD_CLASS_DATA const void
#else
#define VCD_CLASS_DATA void
#endif

/* VirtioDeviceClass.set_status returns an error since 10.1. */
#if VCD_QEMU_AT_LEAST(10, 1)
#define VCD_SET_STATUS int
#define VCD_SET_STATUS_DONE return 0
#else
#define VCD_SET_STATUS void
#define VCD_SET_STATUS_DONE return
#endif

/*
 * As a shared object for a QEMU that is already built, the types are registered
 * by its entry point, after it has compared versions (../../../module/).
 */
#ifdef VCD_MODULE
#define VCD_TYPE_INIT(function)                                                \
    void module_##function(void);                                              \
    void module_##function(void)                                               \
    {                                                                          \
        function();                                                            \
    }
#else
#define VCD_TYPE_INIT(function) type_init(function)
#endif

#endif /* VCD_COMPAT_H */
