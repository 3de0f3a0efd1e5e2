#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# reload.sh ROUNDS: the module cannot be unloaded while the device is open; otherwise it
# can, any number of times, and comes back working.
set -eu

module=$(sh module.sh)

fail() {
	echo "FAILED: $*"
	exit 1
}

loaded() {
	[ -d /sys/module/virtio_cryptodev ]
}

echo "== unloading while open"
mkfifo hold.in
cryptodev-hold --sessions=100 idle <hold.in >hold.out &
holder=$!
exec 3>hold.in
until grep -q ready hold.out; do
	sleep 0.05
done
if rmmod virtio_cryptodev 2>rmmod.err; then
	fail "the module was unloaded while the device was open"
fi
loaded || fail "rmmod failed, but the module is gone"
cryptodev-check --filter='cipher/known-answers' >/dev/null || fail "the device does not work after rmmod failed"
exec 3>&-
wait $holder || fail "the program that had it open was disturbed"

echo "== unloading after it was closed, with its 100 sessions perhaps still ending"
round=0
while [ $round -lt "$1" ]; do
	tries=0
	until rmmod virtio_cryptodev 2>rmmod.err; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || fail "rmmod: $(cat rmmod.err)"
		sleep 0.1
	done
	loaded && fail "rmmod succeeded, but the module is there"
	[ ! -e /dev/crypto ] || fail "/dev/crypto is still there"
	insmod "$module" || fail "insmod"
	[ -c /dev/crypto ] || fail "no /dev/crypto after insmod"
	cryptodev-check --filter='iv/write-back' >check.out || {
		cat check.out
		fail "the device does not work in round $round"
	}
	# leave right after use, so that sessions end while the module goes
	cryptodev-check --filter='session/many' >check.out || {
		cat check.out
		fail "session/many in round $round"
	}
	round=$((round + 1))
done
echo "$round rounds"
