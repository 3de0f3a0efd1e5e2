#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vectors.sh QUEUES: the device has an MSI-X vector for each queue and one for the
# configuration, and each queue's interrupt came on its own.
set -eu

# Callers sleep at once, so that every reply needs its interrupt.
echo 0 >/sys/module/virtio_cryptodev/parameters/spin_us
cpu=0
while [ $cpu -lt "$1" ]; do
	taskset $((1 << cpu)) cryptodev-stress --requests=300 --sessions=20 --processes=1
	cpu=$((cpu + 1))
done
driver=/sys/bus/virtio/drivers/virtio_cryptodev
name=$(basename "$(echo $driver/virtio*)")
grep "MSI.* $name-" /proc/interrupts
config=$(grep -c "MSI.* $name-config" /proc/interrupts)
queues=$(grep "MSI.* $name-" /proc/interrupts | grep -vc -- "-config")
busy=$(grep "MSI.* $name-" /proc/interrupts | grep -v -- "-config" |
	awk '{ n = 0; for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i; if (n > 0) busy++ } END { print busy + 0 }')
echo "$config for the configuration, $queues for queues, $busy of them used"
[ "$config" = 1 ] && [ "$queues" = "$1" ] && [ "$busy" = "$1" ]
