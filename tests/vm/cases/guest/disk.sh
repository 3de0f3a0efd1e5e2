#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# disk.sh TOOLS: dm-crypt on the device, over RAM disks, with a file system that is checked. Lines in
# capitals tell the host what to do; it answers with a line.
PATH=$1:$PATH
DM_DISABLE_UDEV=1
export PATH DM_DISABLE_UDEV

fail() {
	echo "FAILED: $*"
	exit 1
}

ask() {
	echo "$1"
	read -r _ || fail "the host is gone"
}

OURS=capi:xts-aes-vcryptodev-plain64
SOFT='capi:xts(ecb(aes-generic))-plain64'
KEY=$(od -An -tx1 -N 64 -v /dev/urandom | tr -d ' \n')
SECTORS=16384

# disk NAME CIPHER DEVICE [OPTION]...
disk() {
	name=$1 cipher=$2 device=$3
	shift 3
	dmsetup create "$name" --table "0 $SECTORS crypt $cipher $KEY 0 $device 0 $# $*" || fail "dmsetup create $name $*"
}

forget() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
}

# same A B: whether two disks have the same content.
same() {
	forget
	cmp "/dev/mapper/$1" "/dev/mapper/$2" || fail "$1 and $2 differ"
}

# What our driver's cipher was asked, from the driver.
requests() {
	awk 'FNR > 1 { n += $2 } END { print n + 0 }' /sys/kernel/debug/virtio_cryptodev/*/queues
}

# beside OPTION...: what the device writes the software reads, and the reverse.
beside() {
	disk ours "$OURS" /dev/ram0 "$@"
	disk soft "$SOFT" /dev/ram0 "$@"
	before=$(requests)
	dd if=/dev/urandom of=/dev/mapper/ours bs=1M count=1 conv=fsync 2>/dev/null || fail "writing"
	same ours soft
	dd if=/dev/urandom of=/dev/mapper/soft bs=1M seek=4 count=1 conv=fsync 2>/dev/null || fail "writing"
	same ours soft
	[ $(($(requests) - before)) -gt 1000 ] || fail "the device was hardly asked"
	dmsetup remove soft && dmsetup remove ours || fail "dmsetup remove"
}

# fill N: a round of the checker: files are written, and those of the round before are read.
fill() {
	dd if=/dev/urandom of="mnt/$(($1 % 4))" bs=37k count=10 2>/dev/null || fail "writing a file"
	md5sum mnt/[0-3] >sums || fail "reading back what was written"
	forget
	md5sum -c sums >sums.out 2>&1 || {
		cat sums.out
		fail "round $1: a file has changed"
	}
}

# busy: rounds until a line comes in.
busy() {
	rm -f enough
	(
		round=0
		until [ -e enough ]; do
			fill $round
			round=$((round + 1))
		done
		echo "$round rounds"
	) &
	checker=$!
	ask "$1"
	touch enough
	wait $checker || exit 1
}

echo "== beside the kernel's own cipher"
beside
beside sector_size:4096
# Not no_write_workqueue: dm-crypt then submits writes in the callback of an asynchronous cipher, where it
# must not sleep. Not no_read_workqueue: its stacks are deeper than those of User-mode Linux with KASAN.

echo "== a file system, and a worker that is killed and upgraded"
disk disk "$OURS" /dev/ram0 sector_size:4096
mke2fs -q -t ext4 -O ^has_journal /dev/mapper/disk || fail mke2fs
mkdir mnt
mount -t ext4 /dev/mapper/disk mnt || fail mount
busy KILL

echo "== allocations that may not wait fail"
failslab=/sys/kernel/debug/failslab
if [ -d $failslab ]; then
	echo 0 >$failslab/verbose
	echo 20 >$failslab/probability
	echo -1 >$failslab/times
	for round in 1 2 3; do
		fill $round
	done
	echo 0 >$failslab/times
fi

echo "== a host that stands still for longer than timeout_ms"
echo 1000 >/sys/module/virtio_cryptodev/parameters/timeout_ms
busy FREEZE
echo 20000 >/sys/module/virtio_cryptodev/parameters/timeout_ms

echo "== the key is wiped and set again"
md5sum mnt/[0-3] >sums
umount mnt || fail umount
dmsetup suspend disk || fail suspend
dmsetup message disk 0 key wipe || fail "key wipe"
dmsetup message disk 0 key set "$KEY" || fail "key set"
dmsetup resume disk || fail resume
mount -t ext4 /dev/mapper/disk mnt || fail "mount after key set"
md5sum -c sums >sums.out 2>&1 || fail "a file has changed"

echo "== the device goes away"
rmmod virtio_cryptodev 2>/dev/null && fail "the module was unloaded under a disk"
driver=/sys/bus/virtio/drivers/virtio_cryptodev
device=$(basename "$(readlink -f $driver/virtio*)")
(
	while dd if=/dev/mapper/disk of=/dev/null bs=64k iflag=direct 2>/dev/null; do
		:
	done
	echo "reads fail"
) &
reader=$!
sleep 0.5
echo "$device" >$driver/unbind || fail unbind
wait $reader
dd if=/dev/zero of=/dev/mapper/disk bs=4k count=1 oflag=direct 2>/dev/null && fail "a write without a device succeeded"
umount mnt
dmsetup remove disk || fail "dmsetup remove"
echo "$device" >$driver/bind || fail bind
disk disk "$OURS" /dev/ram0 sector_size:4096
dd if=/dev/mapper/disk of=/dev/null bs=64k iflag=direct 2>/dev/null || fail "a read when the device was back"
dmsetup remove disk
echo all is well
