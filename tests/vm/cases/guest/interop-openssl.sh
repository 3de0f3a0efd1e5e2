# SPDX-License-Identifier: GPL-2.0-or-later
# OpenSSL with its devcrypto engine, on the device: what the engine takes, what OpenSSL's own tests say
# with it as the default for all it has, and its speed beside libcrypto's. ./openssl is the directory of
# lib/foreign.sh. Prints "N passed, N failed".
passed=0
failed=0
here=$PWD/openssl
export LD_LIBRARY_PATH=$here OPENSSL_ENGINES=$here OPENSSL_MODULES=$here
export OPENSSL_CONF=$PWD/engine.cnf
PATH=$here:$PATH

cat >plain.cnf <<'CNF'
openssl_conf = init
[init]
CNF
cat >engine.cnf <<'CNF'
openssl_conf = init
[init]
engines = engines
[engines]
devcrypto = devcrypto
[devcrypto]
engine_id = devcrypto
DIGESTS = ALL
default_algorithms = ALL
CNF

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

plain() {
	OPENSSL_CONF=plain.cnf "$@"
}

echo "== $(openssl version); what the engine says of the device"
plain openssl engine -pre DUMP_INFO devcrypto 2>&1
same_cipher() {
	openssl enc -e "-$1" -K "$2" -iv "$3" -in data -out data.device &&
		plain openssl enc -e "-$1" -K "$2" -iv "$3" -in data -out data.plain &&
		cmp data.device data.plain &&
		openssl enc -d "-$1" -K "$2" -iv "$3" -in data.plain -out data.back && cmp data.back data
}
same_digest() {
	[ "$(openssl dgst "-$1" -r data)" = "$(plain openssl dgst "-$1" -r data)" ]
}
key=000102030405060708090a0b0c0d0e0f
iv=f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff
head -c 3000001 /dev/urandom >data
echo "== the same bytes with the engine and without"
for cipher in aes-128-cbc aes-128-ctr aes-128-ecb camellia-128-cbc; do
	check "enc $cipher" same_cipher $cipher $key $iv
done
check "enc aes-256-cbc" same_cipher aes-256-cbc $key$key $iv
check "enc aes-192-cbc" same_cipher aes-192-cbc "$key$(echo $key | cut -c1-16)" $iv
check "enc des-ede3-cbc" same_cipher des-ede3-cbc "$key$(echo $iv | cut -c1-16)" "$(echo $iv | cut -c1-16)"
for digest in sha1 sha224 sha256 sha384 sha512 md5 ripemd160; do
	check "dgst $digest" same_digest $digest
done
echo "== OpenSSL's own test data, evp_test, with the engine as the default"
# evp_test wants an IV back that OpenSSL 3 has of no engine's cipher (EVP_CIPHER_CTX_get_updated_iv): such
# a vector ends there, as INVALID_IV. Any other error counts.
evp_test_engine() {
	if evp_test "$1" >evp.log 2>&1; then
		return 0
	fi
	grep 'unexpected error' evp.log | grep -v 'unexpected error INVALID_IV$' && return 1
	grep -o 'Completed [0-9]* tests with [0-9]* errors' evp.log >>ended-early
}
for file in openssl/data/*.txt; do
	case $file in
	# The engine is asked for these as for plain CBC, which they are not.
	*_cts.txt) echo "skip    evp_test ${file##*/}: OpenSSL takes the engine's CBC for CBC-CTS" ;;
	*)
		# What this build cannot do without an engine is no matter of ours.
		if plain evp_test "$file" >/dev/null 2>&1; then
			check "evp_test ${file##*/}" evp_test_engine "$file"
		else
			echo "skip    evp_test ${file##*/}: fails without the engine as well"
		fi
		;;
	esac
done
if [ -e ended-early ]; then
	echo "note: of these, vectors that ended at EVP_CIPHER_CTX_get_updated_iv:"
	cat ended-early
fi
echo "== speed, engine and then libcrypto, with elapsed time"
for cipher in aes-128-cbc aes-256-ctr; do
	openssl speed -elapsed -seconds 1 -bytes 16384 -evp $cipher 2>/dev/null | tail -n 1
	plain openssl speed -elapsed -seconds 1 -bytes 16384 -evp $cipher 2>/dev/null | tail -n 1
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
