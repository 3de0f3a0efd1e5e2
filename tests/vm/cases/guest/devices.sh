#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Two devices: three nodes, of which the first two are the same device; sessions stay apart.
set -eu

for node in crypto cryptodev0 cryptodev1; do
	[ -c /dev/$node ] || {
		echo "no /dev/$node"
		exit 1
	}
done
[ ! -e /dev/cryptodev2 ] || {
	echo "there is a third device"
	exit 1
}
for node in crypto cryptodev0 cryptodev1; do
	echo "== $node"
	cryptodev-check --device=/dev/$node --filter='[s]*/*'
done
# both at once, then each must have answered its own
cryptodev-stress --device=/dev/cryptodev0 --requests="$1" --sessions=400 --processes=4 &
first=$!
cryptodev-stress --device=/dev/cryptodev1 --requests="$1" --sessions=400 --processes=4
wait $first
