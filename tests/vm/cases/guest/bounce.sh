#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# bounce.sh: works with a device that reads and writes bounce buffers only, of which there are too few.
fail() {
	echo "FAILED: $*"
	exit 1
}

driver=/sys/bus/virtio/drivers/virtio_cryptodev
# Bit 33, VIRTIO_F_ACCESS_PLATFORM.
[ "$(cut -c 34 $driver/virtio*/features)" = 1 ] || fail "the device was not told to use the platform's addresses"

echo "== programs"
cryptodev-stress --processes=8 --sessions=100 --requests=3000 --live=8 --max-len=262144 || fail "cryptodev-stress"
# 8 MiB of data at a time.
./vcrypto-bench dev --alg=aes-128-cbc --size=65536 --submit=async --depth=64 --threads=2 --seconds=1 || fail "vcrypto-bench"
awk 'FNR > 1 { busy += $4; late += $8 } END { print "timeouts: " late + 0; exit busy + late }' \
	/sys/kernel/debug/virtio_cryptodev/*/queues || fail "requests were lost"

echo "== the kernel's tests of its ciphers"
rmmod virtio_cryptodev && insmod "$(sh module.sh)" crypto_api=all || fail "crypto_api=all"
dmesg | grep -E 'alg: .*fail' && fail "a test did not pass"
grep -q '^driver.*xts-aes-vcryptodev' /proc/crypto || fail "no cipher of ours"

dmesg | grep -c 'swiotlb buffer is full' || fail "there was always room: nothing had to wait"
echo all is well
