# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Keys for cases of keys by name: keys of every kind in files, and a policy for them.

# raw_key FILE BYTES ALGORITHM: byte i is i * 7 + the algorithm's number, as cryptodev-check expects.
raw_key() {
	local i octal bytes=
	for ((i = 0; i < $2; i++)); do
		printf -v octal '\\%03o' $(((i * 7 + $3) & 255))
		bytes+=$octal
	done
	# shellcheck disable=SC2059
	printf "$bytes" >"$1"
}

# private_key FILE ARG...: openssl genpkey with these arguments.
private_key() {
	local file=$1
	shift
	openssl genpkey "$@" -out "$file" 2>/dev/null || fail "openssl makes no key for $file"
}

# key_section LABEL FILE LINE...: a section of the policy.
key_section() {
	printf '[key %s]\nsource = file:%s\n' "$1" "$2"
	shift 2
	printf '%s\n' "$@"
}

# symmetric_sections: a key of each algorithm, of each place where it may be held.
symmetric_sections() {
	local both='use = encrypt decrypt'
	key_section cbc cbc.key 'alg = aes-cbc' "$both"
	key_section cbc-only-encrypt cbc.key 'alg = aes-cbc' 'use = encrypt'
	key_section cbc-slow cbc.key 'alg = aes-cbc' "$both" 'hold = keeper'
	key_section ccm ccm.key 'alg = aes-ccm' "$both"
	key_section chacha chacha.key 'alg = chacha20-poly1305' "$both"
	key_section cmac cmac.key 'alg = aes-cmac' 'use = sign verify'
	key_section ctr ctr.key 'alg = aes-ctr' "$both"
	key_section gcm gcm.key 'alg = aes-gcm' "$both"
	key_section gcm-guest gcm.key 'alg = aes-gcm' "$both" 'iv = guest'
	key_section gcm-slow gcm.key 'alg = aes-gcm' "$both" 'hold = keeper'
	key_section hmac hmac.key 'alg = hmac-sha256' 'use = sign verify'
	key_section hmac-fast hmac.key 'alg = hmac-sha256' 'use = sign verify' 'hold = worker'
	key_section xts xts.key 'alg = aes-xts' "$both"
}

# private_sections: a key of each kind, with all schemes, with some, and with a form.
private_sections() {
	local rsa pss oaep n
	for n in 256 384 512; do
		rsa+=" rsa-pkcs1-sha$n"
		pss+=" rsa-pss-sha$n"
		oaep+=" rsa-oaep-sha$n"
	done
	key_section ed25519 ed25519.pem 'use = sign' 'schemes = ed25519'
	for n in 256 384 521; do
		key_section "p$n" "p$n.pem" 'use = sign derive' \
			"schemes = ecdsa-p$n-sha256 ecdsa-p$n-sha384 ecdsa-p$n-sha512 ecdh-p$n"
	done
	key_section p256-narrow p256.pem 'use = sign' 'schemes = ecdsa-p256-sha256'
	key_section rated p256.pem 'use = sign' 'schemes = ecdsa-p256-sha256' 'rate = 20/s:5'
	key_section rsa rsa.pem 'use = sign decrypt' \
		"schemes =$rsa$pss$oaep rsa-pkcs1-sha1 rsa-oaep-sha1"
	key_section web-rsa rsa.pem 'use = sign' "schemes =$pss" 'form = tls13-server'
	key_section web-tls p256.pem 'use = sign' 'schemes = ecdsa-p256-sha256' 'form = tls13-server'
	key_section x25519 x25519.pem 'use = derive' 'schemes = x25519'
	key_section zz-ticket p256.pem 'use = sign' 'schemes = ecdsa-p256-sha256' \
		"ticket = sha256:$(head -c 32 /dev/zero | tr '\0' '\102' | sha256sum | cut -d ' ' -f 1)"
}

# make_keys DIRECTORY: files and DIRECTORY/policy. KEYS_LISTED is how many a guest sees.
make_keys() {
	local n
	mkdir -p "$1"
	chmod 0700 "$1"
	(
		umask 077
		cd "$1" || exit
		raw_key cbc.key 16 11
		raw_key ccm.key 16 51
		raw_key chacha.key 32 112
		raw_key cmac.key 16 117
		raw_key ctr.key 32 21
		raw_key gcm.key 32 50
		raw_key hmac.key 32 18
		raw_key xts.key 64 22
		private_key ed25519.pem -algorithm ED25519
		private_key x25519.pem -algorithm X25519
		private_key rsa.pem -algorithm RSA -pkeyopt rsa_keygen_bits:2048
		for n in 256 384 521; do
			private_key "p$n.pem" -algorithm EC -pkeyopt "ec_paramgen_curve:P-$n"
		done
		symmetric_sections >sections
		private_sections >>sections
		{
			printf '[vm test]\nkeys ='
			sed -n 's/^\[key \(.*\)\]$/ \1/p' sections | tr -d '\n'
			printf '\n'
			cat sections
		} >policy
	)
	# shellcheck disable=SC2034
	KEYS_LISTED=$(($(grep -c '^\[key ' "$1/policy") - 1))
}
