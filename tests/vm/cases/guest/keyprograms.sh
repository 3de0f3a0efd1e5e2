#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# keyprograms.sh: programs that people have, with private keys that the host has. What they sign is
# verified by openssl without the provider.
export OPENSSL_MODULES="$PWD" PATH="$PWD:$PATH" HOME="$PWD"
MODULE=$PWD/vcrypto-pkcs11.so

fail() {
	echo "FAILED: $*"
	exit 1
}

# with COMMAND...: where OpenSSL loads the provider
with() {
	OPENSSL_CONF=$PWD/keys.cnf "$@"
}

without() {
	OPENSSL_CONF=$PWD/none.cnf "$@"
}

configuration() {
	cat >none.cnf <<-END
	[req]
	distinguished_name = name
	[name]
	END
	{
		cat <<-END
		openssl_conf = init
		[init]
		providers = providers
		[providers]
		default = active
		cryptodev = active
		[active]
		activate = 1
		END
		cat none.cnf
	} >keys.cnf
}

tool() {
	vcrypto-key list >list || fail "list: status $?"
	grep -q '^web-tls ' list || fail "web-tls is not listed: $(cat list)"
	if grep -q zz-ticket list; then fail "a key with a ticket is listed"; fi
	vcrypto-key info rsa | grep -q 'BEGIN PUBLIC KEY' || fail "no public key"
	vcrypto-key info nonsense 2>err
	[ $? = 4 ] || fail "a label that is not there: $(cat err)"
	head -c 32 /dev/zero | tr '\0' '\102' >ticket
	vcrypto-key --ticket-file=ticket info zz-ticket >info || fail "the ticket does not open its key"
	vcrypto-key blob xts >blob || fail "no blob"
	[ "$(wc -c <blob)" = 128 ] || fail "the blob's size"
	echo "ok vcrypto-key"
}

# certificate LABEL OPTION...: signed by itself, by URI and by PEM file.
certificate() {
	label=$1
	shift
	vcrypto-key pem "$label" >"$label.pem" || fail "no PEM file for $label"
	for key in "cryptodev:$label" "$label.pem"; do
		with openssl req -x509 -new -key "$key" -subj /CN=localhost -addext subjectAltName=DNS:localhost \
			-out "$label.crt" "$@" 2>err || fail "certificate of $key: $(cat err)"
		without openssl verify -CAfile "$label.crt" "$label.crt" >out 2>&1 || fail "$key: $(cat out)"
	done
	echo "ok certificate of $label $*"
}

certificates() {
	certificate rsa
	certificate rsa -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
	for label in p256 p384 p521 ed25519; do
		certificate "$label"
	done
	with openssl req -new -key cryptodev:web-tls -subj /CN=x -out x.csr 2>err &&
		fail "a key for handshakes has signed a request"
	with openssl pkey -in cryptodev:rsa -out stolen.pem 2>err && fail "a private key was written"
	grep -q "the private half is the host's" err || fail "another error: $(cat err)"
	echo "ok refusals"
}

messages() {
	with openssl cms -sign -in keyprograms.sh -signer p256.crt -inkey cryptodev:p256 -out cms 2>err ||
		fail "cms: $(cat err)"
	without openssl cms -verify -in cms -CAfile p256.crt -purpose any -out out 2>err || fail "cms: $(cat err)"
	for label in rsa p256; do
		without openssl cms -encrypt -binary -in keyprograms.sh -out cms -aes256 -recip "$label.crt" \
			-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 2>err ||
			without openssl cms -encrypt -binary -in keyprograms.sh -out cms -aes256 -recip "$label.crt" ||
			fail "cms -encrypt: $(cat err)"
		with openssl cms -decrypt -in cms -inkey "$label.pem" -recip "$label.crt" -out out 2>err ||
			fail "cms -decrypt: $(cat err)"
		cmp out keyprograms.sh || fail "cms: another text"
	done
	echo "ok cms"
}

# The server has the key for handshakes, the client has one to prove who it is.
tls() {
	vcrypto-key pem web-tls >web-tls.pem
	with openssl s_server -accept 127.0.0.1:4433 -cert p256.crt -key web-tls.pem -tls1_3 -www -Verify 1 \
		-verify_return_error -CAfile ed25519.crt >server 2>&1 &
	server=$!
	for _ in $(seq 100); do
		printf 'GET / HTTP/1.0\r\n\r\n' | with openssl s_client -connect 127.0.0.1:4433 -CAfile p256.crt \
			-verify_return_error -cert ed25519.crt -key cryptodev:ed25519 -ign_eof >out 2>&1 && break
		sleep 0.2
	done
	kill $server
	grep -q 'HTTP/1.0 200 ok' out || fail "s_client: $(cat out server)"
	grep -q 'Verify return code: 0' out || fail "s_client verifies nothing: $(cat out)"
	echo "ok s_server and s_client"
}

web() {
	[ -x nginx ] && [ -x curl ] || return 0
	mkdir -p web
	cat >nginx.conf <<-END
	worker_processes 2;
	user root;
	error_log $PWD/web/errors;
	pid $PWD/web/pid;
	env OPENSSL_MODULES;
	env OPENSSL_CONF;
	events { }
	http {
		access_log off;
		client_body_temp_path $PWD/web/1; proxy_temp_path $PWD/web/2; fastcgi_temp_path $PWD/web/3;
		uwsgi_temp_path $PWD/web/4; scgi_temp_path $PWD/web/5;
		server {
			listen 127.0.0.1:4434 ssl;
			ssl_certificate $PWD/p256.crt;
			ssl_certificate_key $PWD/web-tls.pem;
			ssl_protocols TLSv1.3;
			location / { return 200 "hello\n"; }
		}
	}
	END
	with nginx -c "$PWD/nginx.conf" || fail "nginx: $(cat web/errors)"
	fetch 4434 first
	with nginx -c "$PWD/nginx.conf" -s reload || fail "nginx -s reload"
	fetch 4434 "after a reload"
	with nginx -c "$PWD/nginx.conf" -s stop
	echo "ok nginx and curl"
}

# fetch PORT WHEN
fetch() {
	for _ in 1 2 3 4 5; do
		[ "$(without curl -sS --cacert p256.crt --resolve "localhost:$1:127.0.0.1" \
			"https://localhost:$1/" 2>err)" = hello ] || fail "curl, $2: $(cat err web/*)"
	done
}

# One thread with many signatures outstanding.
proxy() {
	[ -x haproxy ] && [ -x curl ] || return 0
	mkdir -p web
	cat p256.crt web-tls.pem >both.pem
	cat >haproxy.conf <<-END
	global
		ssl-mode-async
		nbthread 1
		maxconn 256
	defaults
		mode http
		timeout client 60s
		timeout connect 60s
		timeout server 60s
	frontend f
		bind 127.0.0.1:4435 ssl crt $PWD/both.pem ssl-min-ver TLSv1.3
		http-request return status 200 content-type text/plain string "hello"
	END
	with haproxy -db -f haproxy.conf >web/haproxy 2>&1 &
	haproxy=$!
	for _ in $(seq 100); do
		without curl -sS --cacert p256.crt --resolve localhost:4435:127.0.0.1 -o /dev/null \
			https://localhost:4435/ 2>err && break
		sleep 0.2
	done
	fetch 4435 "from haproxy"
	seq 40 | OPENSSL_CONF=$PWD/none.cnf xargs -P 20 -I{} curl -sS --cacert p256.crt -o /dev/null -w '%{http_code}\n' \
		--resolve localhost:4435:127.0.0.1 https://localhost:4435/ >codes 2>err
	[ "$(grep -c '^200$' codes)" = 40 ] || fail "haproxy: $(cat codes err web/haproxy)"
	kill $haproxy
	echo "ok haproxy"
}

pkcs11() {
	if [ -x ssh-keygen ]; then
		ssh-keygen -D "$MODULE" >keys 2>err || fail "ssh-keygen: $(cat err)"
		grep -q '^ecdsa-sha2-nistp256 .* p256$' keys || fail "ssh-keygen: $(cat keys err)"
		echo "ok ssh-keygen"
	fi
	[ -x pkcs11-tool ] || return 0
	pkcs11-tool --module "$MODULE" --list-objects >out 2>&1 || fail "pkcs11-tool: $(cat out)"
	pkcs11-tool --module "$MODULE" --sign --mechanism ECDSA-SHA384 --id 70333834 --input-file keyprograms.sh \
		--output-file sig --signature-format openssl >out 2>&1 || fail "pkcs11-tool: $(cat out)"
	vcrypto-key info p384 | sed -n '/BEGIN/,/END/p' >public
	without openssl dgst -sha384 -verify public -signature sig keyprograms.sh >out 2>&1 || fail "$(cat out)"
	echo "ok pkcs11-tool"
}

ifconfig lo up 2>/dev/null || ip link set lo up
configuration
tool
certificates
messages
tls
web
proxy
pkcs11
