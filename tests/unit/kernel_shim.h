/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_shim.h - the kernel's words that guest/wire.c uses, for user space.
 * Included in front of it by the compiler's command line.
 */
#ifndef VCD_KERNEL_SHIM_H
#define VCD_KERNEL_SHIM_H

#include <endian.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define cpu_to_le16 htole16
#define cpu_to_le32 htole32
#define cpu_to_le64 htole64
#define le16_to_cpu le16toh
#define le32_to_cpu le32toh
#define le64_to_cpu le64toh

#endif /* VCD_KERNEL_SHIM_H */
