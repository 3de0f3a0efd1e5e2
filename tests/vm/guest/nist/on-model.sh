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
	"$program" --filter='[CEOXHDV]*' "$vectors/nist"
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
wrong 1 'nothing was tested' CFB8MMT128.rsp '# nothing'
