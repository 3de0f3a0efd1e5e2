#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# fairness.sh SECONDS: the latency of one call at a time, alone and beside processes that flood the device.
# Prints a JSON object of vcrypto-bench for each measurement, behind a word that names it.
bench() {
	./vcrypto-bench dev --alg=aes-128-cbc --json "$@"
}

# beside NAME FLOODERS ARGUMENTS...: 4 KiB, one at a time, while so many processes do that.
beside() {
	name=$1 flooders=$2
	shift 2
	i=0
	while [ $i -lt "$flooders" ]; do
		bench --seconds=$((seconds + 4)) "$@" >"flood.$i" &
		i=$((i + 1))
	done
	[ "$flooders" = 0 ] || sleep 2
	echo "$name $(bench --size=4096 --submit=sync --depth=1 --seconds="$seconds")"
	wait
}

seconds=$1
echo "flood4k $(bench --size=4096 --submit=async --depth=64 --seconds="$seconds")"
echo "flood64k $(bench --size=65536 --submit=async --depth=64 --seconds="$seconds")"
beside alone 0
# What the scheduler adds where programs share a processor.
sh -c 'while :; do :; done' &
busy=$!
beside_busy=$(bench --size=4096 --submit=sync --depth=1 --seconds="$seconds")
kill $busy
echo "busy $beside_busy"
beside one4k 1 --size=4096 --submit=async --depth=64
beside two4k 2 --size=4096 --submit=async --depth=64
beside one64k 1 --size=65536 --submit=async --depth=64
