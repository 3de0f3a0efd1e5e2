#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# disk-named.sh TOOLS: disks whose key the host has. Lines in capitals tell the host what to do; it answers
# with a line.
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

# open_plain NAME BLOB
open_plain() {
	cryptsetup open --type plain --cipher paes-xts-plain64 --key-size 1024 --sector-size 4096 \
		--key-file "$2" /dev/ram0 "$1" 2>open.err
}

# hex FILE
hex() {
	od -An -tx1 -v "$1" | tr -d ' \n'
}

# refused WHAT BLOB ERROR: dm-crypt does not take it.
refused() {
	open_plain bad "$2" && fail "a disk was opened with $1"
	grep -q "failed: $3" open.err || fail "$1: $(cat open.err)"
}

echo "== names"
vcrypto-key blob disk0 >blob || fail "vcrypto-key blob disk0"
[ "$(wc -c <blob)" = 128 ] || fail "a blob of $(wc -c <blob) bytes"
head -c 128 /dev/urandom >random
refused "random bytes" random "Invalid argument"
# Each part of a blob counts; the CRC says so.
for at in 0 6 7 8 12 16 80 96 127; do
	cp blob broken
	byte=$(($(od -An -tu1 -j $at -N 1 blob) ^ 1))
	printf "\\$(printf %03o $byte)" | dd of=broken bs=1 seek=$at conv=notrunc 2>/dev/null
	refused "byte $at of the blob changed" broken "Invalid argument"
done
vcrypto-key blob mac0 >other || fail "vcrypto-key blob mac0"
refused "the name of a key that is not for disks" other "Invalid argument"

echo "== a plain disk"
open_plain disk blob || fail "open: $(cat open.err)"
dd if=/dev/urandom of=data bs=64k count=16 2>/dev/null
dd if=data of=/dev/mapper/disk bs=64k conv=fsync 2>/dev/null || fail write
cryptsetup close disk || fail close
# What lies on the disk is what software makes of it with the key itself, which the case has given us.
key=$(cat key.hex)
dmsetup create soft --table "0 131072 crypt capi:xts(ecb(aes-generic))-plain64 $key 0 /dev/ram0 0 1 sector_size:4096" ||
	fail "dmsetup create"
dd if=/dev/mapper/soft bs=64k count=16 2>/dev/null | cmp - data || fail "what was written is not what the key makes of it"
dmsetup remove soft
dmsetup create wiped --table "0 131072 crypt capi:xts(paes)-plain64 $(hex blob) 0 /dev/ram0 0 1 sector_size:4096" ||
	fail "dmsetup create"
dmsetup suspend wiped
dmsetup message wiped 0 key wipe 2>/dev/null && fail "a random key was accepted"
dmsetup resume wiped 2>/dev/null && fail "a disk without a key was resumed"
dmsetup message wiped 0 key set "$(hex blob)" || fail "key set"
dmsetup resume wiped || fail resume
dd if=/dev/mapper/wiped bs=64k count=16 2>/dev/null | cmp - data || fail "after the key was set again"
dmsetup remove wiped

echo "== LUKS2"
echo secret >pass
cryptsetup luksFormat -q --type luks2 --cipher paes-xts-plain64 --key-size 1024 --sector-size 4096 --pbkdf pbkdf2 \
	--pbkdf-force-iterations 1000 --volume-key-file blob --luks2-metadata-size 16k --luks2-keyslots-size 512k \
	/dev/ram1 pass || fail luksFormat
cryptsetup open --disable-keyring --key-file pass /dev/ram1 luks || fail "open LUKS2"
mke2fs -q -t ext4 -O ^has_journal /dev/mapper/luks 16M || fail mke2fs
mkdir mnt
mount -t ext4 /dev/mapper/luks mnt || fail mount
cp data mnt/data
sync
ask KILL
echo 3 >/proc/sys/vm/drop_caches
cmp data mnt/data || fail "a file has changed"

echo "== the key is revoked"
open_plain disk blob || fail "open: $(cat open.err)"
ask REVOKE
echo 3 >/proc/sys/vm/drop_caches
dd if=/dev/mapper/disk of=/dev/null bs=64k count=1 iflag=direct 2>/dev/null && fail "a read with a revoked key"
dd if=data of=/dev/mapper/disk bs=64k count=1 oflag=direct 2>/dev/null && fail "a write with a revoked key"
cat mnt/data >/dev/null 2>&1 && fail "a file was read with a revoked key"
umount mnt
cryptsetup close luks || fail "close LUKS2"
cryptsetup close disk || fail close
refused "a revoked key" blob "Required key not available"
echo all is well
