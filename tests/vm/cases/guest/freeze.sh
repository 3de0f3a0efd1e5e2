#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# freeze.sh: the guest's half of the case "freeze". Lines in capitals tell the host what to do; it
# answers with a line.
fail() {
	echo "FAILED: $*"
	exit 1
}

works() {
	cryptodev-check --filter='cipher/known-answers' >check.out || {
		cat check.out
		fail "the device does not work $1"
	}
}

# await FILE TEXT: until a program has written it.
await() {
	tries=0
	until grep -q "$2" "$1"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "no '$2': $(cat "$1")"
		sleep 0.1
	done
}

ask() {
	echo "$1"
	read -r _ || fail "the host is gone"
}

timeout=/sys/module/virtio_cryptodev/parameters/timeout_ms
works "at first"

echo "== callers get EIO after timeout_ms"
echo 2000 >$timeout
cryptodev-hold busy </dev/zero >large.out &
cryptodev-hold --len=64 busy </dev/zero >small.out &
await large.out ready
await small.out ready
ask STOP1
await large.out 'failed: EIO'
await small.out 'failed: EIO'
cat large.out small.out
cryptodev-hold busy </dev/zero >session.out
grep -q 'Input/output error' session.out || fail "a new session: $(cat session.out)"
ask GO1
works "after the first stop"

echo "== a caller that waits can be killed at once"
echo 600000 >$timeout
cryptodev-hold busy </dev/zero >large.out &
large=$!
cryptodev-hold --len=64 busy </dev/zero >small.out &
small=$!
cryptodev-hold --timeout=1500 busy </dev/zero >own.out &
await large.out ready
await small.out ready
await own.out ready
ask STOP2
# A time-out of its own; the others wait for ten minutes.
await own.out 'failed: EIO'
cryptodev-hold --timeout=1500 busy </dev/zero >session.out
grep -q 'Input/output error' session.out || fail "a session with a time-out: $(cat session.out)"
sleep 0.5
kill -9 $large $small
tries=0
while [ -d /proc/$large/fd ] || [ -d /proc/$small/fd ]; do
	state=$(sed -n 's/^State:[[:space:]]*//p' /proc/$large/status /proc/$small/status 2>/dev/null)
	case $state in
	'' | Z*) break ;;
	esac
	tries=$((tries + 1))
	[ $tries -lt 300 ] || fail "still there 30 s after kill -9: $state"
	sleep 0.1
done
wait
ask GO2
works "after the second stop"

echo "== a caller that waits long enough gets its answer"
mkfifo hold.in
cryptodev-hold busy <hold.in >large.out 2>&1 &
exec 3>hold.in
await large.out ready
ask STOP3
sleep 2
ask GO3
works "after the third stop"
exec 3>&-
wait $! || fail "a caller got: $(cat large.out)"
cat large.out

# outstanding NUMBER ROUND: with the host stopped that many operations are accepted, without waiting for
# any of them, and the next is refused; when it continues all come back in the order of submission.
outstanding() {
	echo "== $1 operations are outstanding while the host stands still"
	rm -f async.in async.out
	mkfifo async.in
	cryptodev-hold --len=64 async <async.in >async.out 2>&1 &
	exec 4>async.in
	await async.out ready
	ask "STOP$2"
	echo submit >&4
	await async.out 'poll'
	grep -q "^$1 outstanding, then EBUSY" async.out || fail "$1 expected: $(cat async.out)"
	grep -q '^poll 0x0, fetch EBUSY' async.out || fail "something is done: $(cat async.out)"
	ask "GO$2"
	echo fetch >&4
	await async.out 'in order'
	exec 4>&-
	wait $! || fail "$(cat async.out)"
	cat async.out
}

parameters=/sys/module/virtio_cryptodev/parameters
outstanding 64 4
# and more on request
echo 100 >$parameters/async_max
echo 100 >$parameters/share_requests
outstanding 100 5
