// SPDX-License-Identifier: GPL-2.0-or-later
/* Prints what the command line of a guest has to say about the device: its id, its config size. */
#include <linux/types.h>

#include "../../../include/virtio_cryptodev.h"

#include <stdio.h>

int main(void)
{
	printf("%d %zu\n", VIRTIO_ID_CRYPTODEV, sizeof(struct vcd_config));
	return 0;
}
