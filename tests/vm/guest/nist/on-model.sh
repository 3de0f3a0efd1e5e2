#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# on-model.sh PROGRAM SOURCE-ROOT: cryptodev-nist on the model, with the samples and, when they are
# there, with most vectors; then it has to find what is wrong with wrong ones.
set -eu

program=$1 root=$2
vectors=${VCRYPTO_VECTORS:-$root/../shared/vectors}
samples=$root/tests/vm/guest/nist/samples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$program" "$samples"
if [ -d "$vectors/nist/aes" ]; then
	"$program" --all --filter='[CEOXHDTV]*' "$vectors/nist"
	"$program" --filter='SHA*Msg.rsp' "$vectors/nist/sha"
	"$program" "$vectors/nist/sha/SHA1Monte.rsp"
	"$program" "$vectors/nist/gcm/gcmDecrypt128.rsp"
fi

# wrong STATUS TEXT FILE CONTENTS...
wrong() {
	expected=$1 text=$2 file=$work/$3
	shift 3
	printf '%s\n' "$@" >"$file"
	status=0
	"$program" "$file" >"$work/out" 2>&1 || status=$?
	rm "$file"
	if [ "$status" != "$expected" ] || ! grep -q "$text" "$work/out"; then
		echo "status $status instead of $expected, or no '$text' in:"
		cat "$work/out"
		exit 1
	fi
}

wrong 1 'is wrong' ECBVarKey128.rsp '[ENCRYPT]' '' 'KEY = 00000000000000000000000000000000' \
	'PLAINTEXT = 00000000000000000000000000000000' 'CIPHERTEXT = 00000000000000000000000000000000'
wrong 1 'not understood' CBCVarKey128.rsp '[ENCRYPT]' '' 'KEY = 00000000000000000000000000000000' \
	'PLAINTEXT = 00000000000000000000000000000000' 'CIPHERTEXT = 00000000000000000000000000000000'
wrong 1 'not understood' ECBMMT128.rsp '[ENCRYPT]' '' 'KEY = 0000000000000000000000000000000' \
	'PLAINTEXT = 00000000000000000000000000000000' 'CIPHERTEXT = 00000000000000000000000000000000'
wrong 1 'no vectors' ECBGFSbox128.rsp '# nothing'
wrong 1 'tells nothing' Unknown.rsp '# nothing'
wrong 1 'nothing was tested' CFB1MMT128.rsp '# nothing'
# the composed: the last bit of an XTS data unit, an ECB block, a byte of CFB8, a tag of a long nonce
wrong 1 'is wrong' XTSGenAES128.rsp '[ENCRYPT]' '' 'DataUnitLen = 130' \
	'Key = 258a0e54b33347abb36fa24d28cae61902d514172df1a83756ae3932b9353f56' \
	'i = 720438c7211b6df569b40867b71d7989' 'PT = b556cac9983f337345f81587f55a482a40' \
	'CT = 4a48e2cf351572e2708ca9ad05a3ee25c0'
wrong 1 'is wrong' TECBvartext.rsp '[ENCRYPT]' 'KEYs = 0101010101010101' \
	'PLAINTEXT = 95f8a5e5dd31d900' 'CIPHERTEXT = 8000000000000001'
wrong 1 'is wrong' CFB8MMT128.rsp '[DECRYPT]' '' 'KEY = c57d699d89df7cfbef71c080a6b10ac3' \
	'IV = fcb2bc4c006b87483978796a2ae2c42e' 'CIPHERTEXT = 24' 'PLAINTEXT = 62'
wrong 1 'is wrong' gcmDecrypt128.rsp '[Keylen = 128]' '[IVlen = 8]' '[PTlen = 0]' '[AADlen = 0]' \
	'[Taglen = 32]' 'Count = 0' 'Key = 00000000000000000000000000000000' 'IV = 00' 'CT = ' 'AAD = ' \
	'Tag = 00000000' 'PT = '
# with --all what is left out counts
cp "$samples"/*128.rsp "$work"
: >"$work/CFB1MMT128.rsp"
"$program" "$work" >"$work/out"
status=0
"$program" --all "$work" >"$work/out" 2>&1 || status=$?
if [ "$status" != 1 ] || ! grep -q 'not everything' "$work/out"; then
	echo "--all: status $status:"
	cat "$work/out"
	exit 1
fi
