#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# crypto-api.sh: the module registers what its parameter says, and the kernel's tests of that pass.
fail() {
	echo "FAILED: $*"
	dmesg | grep alg: | tail -n 20
	exit 1
}

module=$(sh module.sh)

# ours: the drivers of the kernel's crypto API that are the module's, in order.
ours() {
	sed -nE 's/^driver +: (.*-vcryptodev)$/\1/p' /proc/crypto | sort | tr '\n' ' '
}

# requests: that the device has carried out since the module was loaded.
requests() {
	awk 'FNR > 1 { n += $2 } END { print n + 0 }' /sys/kernel/debug/virtio_cryptodev/*/queues
}

load() {
	rmmod virtio_cryptodev 2>/dev/null
	insmod "$module" "$@"
}

named='cbc-paes-vcryptodev ctr-paes-vcryptodev xts-paes-vcryptodev '
echo "== the parameter"
[ "$(ours)" = "$named" ] || fail "by default: $(ours)"
load crypto_api=off || fail "crypto_api=off"
[ -z "$(ours)" ] || fail "with crypto_api=off: $(ours)"
load crypto_api=most 2>/dev/null && fail "crypto_api=most was accepted"

echo "== the kernel's tests"
tests=/sys/module/cryptomgr/parameters
if [ -e $tests/notests ]; then
	echo 0 >$tests/notests
fi
dmesg -c >/dev/null
load crypto_api=all || fail "crypto_api=all"
# Newer kernels do not wait for the tests in insmod.
tries=0
while awk '
	/^driver/ { mine = $3 ~ /-vcryptodev$/ }
	mine && /^type/ && $3 == "larval" { busy = 1 }
	END { exit !busy }' /proc/crypto; do
	tries=$((tries + 1))
	[ $tries -lt 3000 ] || fail "the tests do not end"
	sleep 0.2
done
dmesg | grep -E 'alg: .*(fail|skipping|mismatch|No test)' && fail "a test did not pass"
for driver in $(ours); do
	awk -v driver="$driver" '
		/^name/ { mine = 0 }
		/^driver/ && $3 == driver { mine = 1 }
		mine && /^selftest/ { print driver, $3; found = $3 == "passed" }
		END { exit !found }' /proc/crypto || fail "$driver did not pass"
done
drivers='cbc-aes-vcryptodev cbc-paes-vcryptodev ctr-aes-vcryptodev ctr-paes-vcryptodev ecb-aes-vcryptodev'
drivers="$drivers gcm-aes-vcryptodev rfc4106-gcm-aes-vcryptodev xts-aes-vcryptodev xts-paes-vcryptodev "
[ "$(ours)" = "$drivers" ] || fail "there are: $(ours)"
count=$(requests)
echo "$count requests"
[ "$count" -gt "${1:-1000}" ] || fail "the device was hardly asked"

echo "== unloading"
rmmod virtio_cryptodev || fail "rmmod"
[ -z "$(ours)" ] || fail "after the module was unloaded: $(ours)"
load || fail insmod
echo all is well
