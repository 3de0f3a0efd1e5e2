#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# provider.sh: OpenSSL's own programs, curl and nginx with the provider on /dev/crypto, against the
# same programs without it. The last part asks the host to freeze the daemon.
KEY=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
IV=f0f1f2f3f4f5f6f7f8f9fafbfcfdfe00
export OPENSSL_MODULES="$PWD" PATH="$PWD:$PATH" HOME="$PWD"

fail() {
	echo "FAILED: $*"
	exit 1
}

# with COMMAND...: through the provider; its counters go to the file "stats".
with() {
	OPENSSL_CONF=$PWD/openssl-cryptodev.cnf CRYPTODEV_PROVIDER_STATS=$PWD/stats "$@"
}

without() {
	OPENSSL_CONF=/dev/null "$@"
}

# count NAME: sum over the processes since the file was removed.
count() {
	sed -nE "s/.*\"$1\":([0-9]+).*/\\1/p" stats | awk '{ n += $1 } END { print n + 0 }'
}

# did WHAT AT-LEAST: the device did so many operations, and failed none.
did() {
	[ "$(count ops)" -ge "$2" ] || fail "$1: $(cat stats)"
	[ "$(count errors)" = 0 ] || fail "$1: errors: $(cat stats)"
	echo "ok $1: $(count ops) operations, $(count bytes) bytes on the device"
	rm -f stats
}

same() {
	cmp "$1" "$2" || fail "$3"
	rm -f "$2"
}

# until_there COMMAND...: it may take its time to listen.
until_there() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || fail "does not listen: $*"
		sleep 0.1
	done
}

listens() {
	grep -q ":$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp
}

ip link set lo up
head -c 1000000 /dev/urandom >plain
: >empty

echo "== list, enc, dgst, speed"
with openssl list -providers | grep -q 'name: OpenSSL provider for /dev/crypto' || fail list
for cipher in aes-128-cbc aes-256-cbc aes-128-ctr aes-256-ctr aes-128-ecb; do
	rm -f stats
	k=$KEY
	case $cipher in *128*) k=${KEY%????????????????????????????????} ;; esac
	with openssl enc -$cipher -K "$k" -iv $IV -in plain -out sealed 2>/dev/null || fail "$cipher"
	without openssl enc -d -$cipher -K "$k" -iv $IV -in sealed -out opened 2>/dev/null || fail "$cipher -d"
	same plain opened "$cipher"
	with openssl enc -d -$cipher -K "$k" -iv $IV -in sealed -out opened 2>/dev/null || fail "$cipher -d"
	same plain opened "$cipher -d"
	did "enc $cipher" 100
done
for digest in sha256 sha512; do
	CRYPTODEV_PROVIDER_CLASSES=all with openssl dgst -$digest plain >a || fail "$digest"
	without openssl dgst -$digest plain >b
	same a b "dgst $digest"
	did "dgst $digest" 1
	CRYPTODEV_PROVIDER_CLASSES=all with openssl dgst -$digest -mac HMAC -macopt hexkey:$KEY plain >a ||
		fail "$digest"
	without openssl dgst -$digest -mac HMAC -macopt hexkey:$KEY plain >b
	same a b "hmac $digest"
done
rm -f stats
CRYPTODEV_PROVIDER_STATS=$PWD/stats openssl speed -provider-path . -provider cryptodev -seconds 1 \
	-bytes 16384 -evp aes-128-cbc 2>/dev/null | tail -n 1
did "speed -provider cryptodev" 10
with openssl speed -seconds 1 -bytes 16384 -aead -evp aes-128-gcm 2>/dev/null | tail -n 1
did "speed -aead aes-128-gcm" 10

echo "== TLS, both ways"
without openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem -days 2 2>/dev/null || fail req

# feed: the file, and then nothing until all has arrived on both sides: either end closes the
# connection when its input ends.
feed() {
	cat short
	tries=0
	while [ "$(cat received returned | wc -c)" -lt 600000 ] && [ $tries -lt 300 ]; do
		tries=$((tries + 1))
		sleep 0.2
	done
}

# tls PORT SERVER CLIENT OPTION...: SERVER and CLIENT are with or without. The file goes both ways.
tls() {
	port=$1 server=$2 client=$3
	shift 3
	rm -f stats
	: >received
	: >returned
	feed | $server openssl s_server -accept "127.0.0.1:$port" -cert cert.pem -key key.pem -quiet \
		-naccept 1 "$@" >received 2>server.log &
	until_there listens "$port"
	feed | $client openssl s_client -connect "127.0.0.1:$port" -quiet -CAfile cert.pem "$@" \
		>returned 2>client.log
	wait
	cmp short received || fail "to the server: $* $(cat server.log client.log)"
	cmp short returned || fail "to the client: $* $(cat server.log client.log)"
	did "TLS $server, client $client: $*" 30
}
head -c 300000 plain >short
port=7001
for options in "-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384" \
	"-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256" \
	"-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256" "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256"; do
	# shellcheck disable=SC2086
	tls $port with without $options
	# shellcheck disable=SC2086
	tls $((port + 1)) without with $options
	port=$((port + 2))
done

if [ -e nginx ]; then
	echo "== nginx and curl"
	cat >nginx.conf <<-END
		pid $PWD/nginx.pid;
		error_log $PWD/error.log;
		user root;
		events {}
		http {
			access_log off;
			client_body_temp_path $PWD/tmp; proxy_temp_path $PWD/tmp; fastcgi_temp_path $PWD/tmp;
			uwsgi_temp_path $PWD/tmp; scgi_temp_path $PWD/tmp;
			server {
				listen 127.0.0.1:7443 ssl;
				ssl_certificate $PWD/cert.pem; ssl_certificate_key $PWD/key.pem;
				ssl_protocols TLSv1.2 TLSv1.3;
				root $PWD/www;
			}
		}
	END
	mkdir -p www tmp
	cp plain www/plain
	with nginx -c "$PWD/nginx.conf" -p "$PWD" || fail "nginx: $(cat error.log)"
	until_there listens 7443
	for version in 1.2 1.3; do
		without curl -s --tlsv$version --tls-max $version --cacert cert.pem -o got \
			https://localhost:7443/plain || fail "curl $version: $?"
		same plain got "nginx to stock curl, TLS $version"
	done
	kill "$(cat nginx.pid)"
	while [ -e nginx.pid ]; do sleep 0.05; done
	sleep 0.3
	did "nginx" 100
	without nginx -c "$PWD/nginx.conf" -p "$PWD" || fail "nginx: $(cat error.log)"
	until_there listens 7443
	for version in 1.2 1.3; do
		with curl -s --tlsv$version --tls-max $version --cacert cert.pem -o got \
			https://localhost:7443/plain || fail "curl $version: $?"
		same plain got "stock nginx to curl, TLS $version"
	done
	did "curl" 100
	kill "$(cat nginx.pid)"
	while [ -e nginx.pid ]; do sleep 0.05; done
fi

echo "== the host stops answering in mid-stream"
[ ! -e /sys/module/virtio_cryptodev ] || echo 2000 >/sys/module/virtio_cryptodev/parameters/timeout_ms
mkfifo pipe
with openssl enc -aes-128-ctr -K 000102030405060708090a0b0c0d0e0f -iv $IV -in pipe -out sealed 2>/dev/null &
exec 4>pipe
cat plain >&4
echo FREEZE
read -r _ || fail "the host is gone"
cat plain >&4
exec 4>&-
wait $! || fail "enc failed"
cat stats
[ "$(count errors)" -ge 1 ] || fail "it noticed nothing"
[ "$(count ops)" -ge 50 ] || fail "it had not begun"
cat plain plain >double
without openssl enc -d -aes-128-ctr -K 000102030405060708090a0b0c0d0e0f -iv $IV -in sealed -out opened
same double opened "frozen in mid-stream"
echo "ok frozen: software did the rest"
echo GO
read -r _ || fail "the host is gone"
rm -f stats
sleep 1
with openssl enc -aes-128-ctr -K 000102030405060708090a0b0c0d0e0f -iv $IV -in plain -out sealed
did "after it" 50
echo all is well
