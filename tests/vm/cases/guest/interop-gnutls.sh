# SPDX-License-Identifier: GPL-2.0-or-later
# GnuTLS with cryptodev, on the device: what it takes, its self tests, its benchmark. ./gnutls is the
# directory of lib/foreign.sh. Prints "N passed, N failed".
passed=0
failed=0
export LD_LIBRARY_PATH=$PWD/gnutls

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
	gnutls/cipher-test -v >verbose 2>&1
	grep -q '/dev/crypto: registering' verbose
}
echo "== what it registers"
check "it finds algorithms on the device" registers
sed -n 's/.*\/dev\/crypto: //p' verbose | sort -u
echo "== its self tests"
check "known answers of ciphers, digests, MACs and keys, all implementations" gnutls/cipher-test
echo "== its benchmark"
gnutls/gnutls-cli --benchmark-ciphers 2>&1
echo "$passed passed, $failed failed"
[ $failed = 0 ]
