# SPDX-License-Identifier: GPL-2.0-or-later
# GnuTLS with cryptodev, on the device: what it takes, its self tests, its benchmark. ./gnutls is the
# directory of lib/foreign.sh. Prints "N passed, N failed".
passed=0
failed=0
export LD_LIBRARY_PATH=$PWD/gnutls
# Without the processor's own instructions: where GnuTLS has these for an algorithm it stops registering
# the device's in the middle, closes the device, and keeps what it registered before (3DES-CBC), which
# then fails.
export GNUTLS_CPUID_OVERRIDE=0x1

check() {
	name=$1
	shift
	if "$@" >log 2>&1; then
		passed=$((passed + 1))
		echo "ok      $name"
	else
		failed=$((failed + 1))
		echo "not ok  $name"
		tail -n 20 log
	fi
}

registers() {
	grep -q '/dev/crypto: registering' verbose && ! grep 'ASSERT.*_gnutls_cryptodev_init' verbose
}
tested() {
	! grep -v -e '^ok' -e '^none' -e '^not ok cipher AES-[0-9]*-GCM' selftest | grep . && grep -q '^ok' selftest
}
GNUTLS_DEBUG_LEVEL=3 gnutls/gnutls-selftest >selftest 2>verbose
echo "== what it registers"
check "it finds algorithms on the device" registers
sed -n 's/.*\/dev\/crypto: //p' verbose | sort -u
echo "== its self tests"
check "known answers of ciphers, MACs and digests" tested
# GnuTLS 3.7.9 refuses to open a text shorter than 16 bytes with the device's GCM: the room it asks for is
# the text's length less 16, without a sign. The first vector is such a text; no call is made.
cat selftest
echo "== its benchmark"
timeout 300 gnutls/gnutls-cli --benchmark-ciphers 2>&1
echo "$passed passed, $failed failed"
[ $failed = 0 ]
