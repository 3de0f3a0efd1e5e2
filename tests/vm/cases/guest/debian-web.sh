#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# debian-web.sh SUITE TREE...: nginx as Debian configures it, and what else every system runs, with the
# provider enabled for the whole system; then the same with a host that hangs.
# shellcheck source=tests/vm/cases/guest/debian.sh
. ./debian.sh
PORT=7443
# Far longer than anything here takes on a busy machine, and far less than the driver's time-out, which the
# case sets: whoever waits for the host waits longer than this.
PATIENCE=150

server_prepare() {
	mkdir -p "$R/var/log/nginx" "$R/var/www" "$R/var/lib/nginx" "$R/etc/nginx"
	plain openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost -keyout /etc/nginx/key.pem -out /etc/nginx/cert.pem \
		-days 2 2>/dev/null || fail "openssl req"
	head -c 1000000 /dev/urandom >"$R/var/www/large"
	head -c 64000 /dev/urandom >"$R/var/www/medium"
	echo small >"$R/var/www/small"
	# The user and what belongs to it are Debian's; so is one worker for each processor.
	cat >"$R/etc/nginx/nginx.conf" <<-END
		user www-data;
		worker_processes auto;
		pid /run/nginx.pid;
		error_log /var/log/nginx/error.log;
		events {}
		http {
			access_log off;
			server {
				listen 127.0.0.1:$PORT ssl;
				ssl_certificate /etc/nginx/cert.pem;
				ssl_certificate_key /etc/nginx/key.pem;
				ssl_protocols TLSv1.2 TLSv1.3;
				root /var/www;
			}
		}
	END
	cat keep-alive.py >"$R/tmp/keep-alive.py"
}

nginx_start() {
	: >"$R/tmp/stats"
	chmod 666 "$R/tmp/stats"
	inside nginx || fail "nginx: $(cat "$R/var/log/nginx/error.log")"
	until_true 60 listens $PORT || fail "nginx does not listen"
	until_true 60 worker_there || fail "nginx has no worker of www-data"
}

# worker_there: a process of nginx with user 33, www-data.
worker_there() {
	for pid in $(plain busybox pidof nginx); do
		grep -qs '^Uid:[[:space:]]*33' "/proc/$pid/status" && return
	done
	return 1
}

nginx_stop() {
	kill "$(cat "$R/run/nginx.pid")"
	until_true 60 nginx_gone || fail "nginx does not end"
}

nginx_gone() {
	[ ! -e "$R/run/nginx.pid" ] && ! plain busybox pidof nginx
}

# count NAME: of all processes whose counters were written.
count() {
	sed -nE "s/.*\"$1\":([0-9]+).*/\\1/p" "$R/tmp/stats" | awk '{ n += $1 } END { print n + 0 }'
}

get() {
	plain curl -s --max-time 160 --cacert /etc/nginx/cert.pem -o /tmp/got "https://localhost:$PORT/$1" &&
		cmp -s "$R/var/www/$1" "$R/tmp/got"
}

# served WHAT: two large answers, by the device.
served() {
	nginx_start
	before=$(device_bytes)
	get large && get large || wrong "$1: a wrong answer"
	used=$(($(device_bytes) - before))
	nginx_stop
	if [ $used -ge 1900000 ] && [ "$(count ops)" -ge 50 ] && [ "$(count errors)" = 0 ]; then
		echo "ok $1: $used bytes on the device"
	else
		wrong "$1: $used bytes on the device; $(cat "$R/tmp/stats")"
	fi
}

# timed WHAT COMMAND...: it must work, and end within PATIENCE.
timed() {
	what=$1
	shift
	begin=$(cut -d' ' -f1 /proc/uptime)
	"$@" >/dev/null 2>"$R/tmp/timed.log"
	status=$?
	took=$(awk -v a="$begin" '{ print $1 - a }' /proc/uptime)
	if [ $status = 0 ] && awk -v t="$took" -v p=$PATIENCE 'BEGIN { exit !(t < p) }'; then
		echo "ok $what: $took s"
	else
		wrong "$what: status $status after $took s; $(tail -n 2 "$R/tmp/timed.log")"
	fi
}

programs() {
	timed "$1: curl --version" inside curl --version
	timed "$1: openssl rand" inside openssl rand -hex 16
	timed "$1: python3, import ssl" inside python3 -c 'import ssl'
	timed "$1: openssl enc of a line" inside sh -c \
		'echo hello | openssl enc -aes-128-ctr -K 000102030405060708090a0b0c0d0e0f -iv 00'
}

# The host freezes while 20 connections are idle that had bulk data before. They close; then somebody
# else asks for little and somebody else for much.
frozen() {
	mkfifo "$R/tmp/orders" "$R/tmp/reports"
	plain python3 /tmp/keep-alive.py $PORT 20 /etc/nginx/cert.pem <"$R/tmp/orders" >"$R/tmp/reports" &
	exec 5>"$R/tmp/orders" 6<"$R/tmp/reports"
	read -r line <&6 && [ "$line" = idle ] || fail "$1: no 20 connections: $line"
	ask "FREEZE $1"
	programs "$1, host hung"
	echo close >&5
	read -r line <&6 && [ "$line" = closed ] || fail "$1: the connections do not close"
	timed "$1, host hung: nginx closes 20 connections and answers a small request" get small
	timed "$1, host hung: nginx answers a large request" get large
	ask "THAW $1"
	exec 5>&- 6<&-
	wait
	# It is left alone for a while after a failure.
	if until_true 100 recovered; then
		echo "ok $1: nginx uses the device again"
	else
		wrong "$1: nginx does not use the device again"
	fi
	rm -f "$R/tmp/orders" "$R/tmp/reports"
}

recovered() {
	before=$(device_bytes)
	get large && [ $(($(device_bytes) - before)) -ge 900000 ]
}

release_run() {
	device here
	provider "stats = /tmp/stats"
	programs "$1"
	served "nginx of $1, www-data not in group crypto"
	sed -i 's/^\(crypto:.*\)/\1www-data/' "$R/etc/group"
	served "nginx of $1, www-data in group crypto"
	nginx_start
	frozen "$1"
	nginx_stop
}

while [ $# -gt 0 ]; do
	root_make "$1" "$2"
	server_prepare
	release_run "$1"
	shift 2
done
finish
