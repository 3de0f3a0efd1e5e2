#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# debian-ssh.sh SUITE TREE...: one can log in by sshd of each release with the provider enabled for the whole
# system, whatever the host does: with the device, without, and with a host that hangs; with the list of programs
# that the provider excepts, and without it.
# shellcheck source=tests/vm/cases/guest/debian.sh
. ./debian.sh
PORT=2222

server_prepare() {
	mkdir -p "$R/run/sshd" "$R/etc/ssh"
	plain ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/host_key || fail ssh-keygen
	cat key >"$R/root/id" && chmod 600 "$R/root/id"
	plain ssh-keygen -y -f /root/id >"$R/etc/ssh/authorized" || fail "ssh-keygen -y"
	cat >"$R/etc/ssh/config" <<-END
		Port $PORT
		ListenAddress 127.0.0.1
		HostKey /etc/ssh/host_key
		AuthorizedKeysFile /etc/ssh/authorized
		StrictModes no
		UsePAM no
		PasswordAuthentication no
		PidFile /run/sshd.pid
	END
	head -c 300000 /dev/urandom >"$R/tmp/sent"
}

# login WHAT CIPHER: the big key makes the packet that asks for it longer than the threshold; then
# data goes both ways.
login() {
	rm -f "$R/tmp/got"
	inside busybox timeout 300 ssh -F none -i /root/id -p $PORT -o IdentitiesOnly=yes -o BatchMode=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -c "$2" \
		root@127.0.0.1 cat <"$R/tmp/sent" >"$R/tmp/got" 2>"$R/tmp/ssh.log"
	status=$?
	if [ $status = 0 ] && cmp -s "$R/tmp/sent" "$R/tmp/got"; then
		echo "ok $1, $2"
	else
		wrong "$1, $2: status $status"
		tail -n 3 "$R/tmp/ssh.log" "$R/tmp/sshd.log"
	fi
}

# The test is of nothing if the server does not confine itself.
sandboxed() {
	grep -qs '^Seccomp:[[:space:]]*2' /proc/[0-9]*/status
}

check_sandbox() {
	# It does so when it knows who it speaks to.
	{ printf 'SSH-2.0-test\r\n' && sleep 60; } | plain busybox nc 127.0.0.1 $PORT >/dev/null &
	until_true 20 sandboxed || fail "sshd has no process under a seccomp filter"
	kill $! 2>/dev/null
}

# server_run SUITE STATE THRESHOLD EXCEPT: each cipher once.
server_run() {
	what="sshd of $1, host $2, threshold $3, ${4:-nothing excepted}"
	set -- "$@" "threshold = $3" "timeout_ms = 300"
	if [ "$4" = default ]; then
		provider "$5" "$6"
	else
		provider "$5" "$6" "except ="
	fi
	inside /usr/sbin/sshd -f /etc/ssh/config -E /tmp/sshd.log || wrong "$what: does not start"
	if until_true 60 listens $PORT; then
		[ "$2$3" != alive0 ] || check_sandbox
		login "$what" aes128-ctr
		login "$what" aes256-gcm@openssh.com
	else
		wrong "$what: does not listen"
	fi
	pids=$(plain busybox pidof sshd sshd-session sshd-auth)
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
	while listens $PORT; do sleep 0.05; done
	rm -f "$R/run/sshd.pid" "$R/tmp/sshd.log"
}

# state_run STATE SUITE...
state_run() {
	state=$1
	shift
	for suite in "$@"; do
		R=/roots/$suite
		if [ "$state" = absent ]; then device absent; else device here; fi
		for threshold in 2048 0; do
			server_run "$suite" "$state" $threshold default
			server_run "$suite" "$state" $threshold ''
		done
	done
}

suites=
while [ $# -gt 0 ]; do
	root_make "$1" "$2"
	server_prepare
	suites="$suites $1"
	shift 2
done
before=$(device_bytes)
# shellcheck disable=SC2086
state_run alive $suites
used=$(($(device_bytes) - before))
[ $used -gt 1000000 ] || wrong "the device was hardly used: $used bytes"
echo "$used bytes on the device"
# shellcheck disable=SC2086
state_run absent $suites
ask FREEZE
# shellcheck disable=SC2086
state_run hung $suites
ask THAW
finish
