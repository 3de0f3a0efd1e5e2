/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsecmb_policy.c - which jobs the library is faster for. See ipsecmb.h. */
#include "engine/ipsecmb.h"

#include "cryptodev.h"

uint32_t vcd_mb_class_end(unsigned int class)
{
	static const uint32_t ends[VCD_MB_CLASSES] = {32, 128, 512, 2048, UINT32_MAX};

	return ends[class < VCD_MB_CLASSES ? class : VCD_MB_CLASSES - 1];
}

struct vcd_mb_row vcd_mb_policy(const struct vcd_mb_group *group, const struct vcd_mb_cpu *cpu,
				bool automatic)
{
	return (struct vcd_mb_row){{1, 1, 1, 1, 1}};
}
