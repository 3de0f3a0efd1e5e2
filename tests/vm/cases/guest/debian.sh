# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What is common to the scripts that run Debian's programs in a guest, in a root tree of their release
# (lib/debian-root), with the provider enabled for the whole system. To be sourced by them, in the
# directory with cryptodev.so and openssl-cryptodev.cnf.

FAILURES=0

fail() {
	echo "FAILED: $*"
	exit 1
}

# wrong WHAT: continues, for the other results.
wrong() {
	echo "FAILED: $*"
	FAILURES=$((FAILURES + 1))
}

# root_make SUITE TREE: a root that may be written to. Sets R.
root_make() {
	R=/roots/$1
	mkdir -p "$R" "/roots/$1.rw"
	mount -t tmpfs rw "/roots/$1.rw" && mkdir "/roots/$1.rw/upper" "/roots/$1.rw/work" || fail tmpfs
	mount -t overlay -o "lowerdir=$2,upperdir=/roots/$1.rw/upper,workdir=/roots/$1.rw/work" "$1" "$R" ||
		fail "no overlay over $2"
	mount -t proc proc "$R/proc"
	mount -t tmpfs dev "$R/dev"
	mknod -m 666 "$R/dev/null" c 1 3
	mknod -m 666 "$R/dev/zero" c 1 5
	mknod -m 666 "$R/dev/random" c 1 8
	mknod -m 666 "$R/dev/urandom" c 1 9
	mknod -m 666 "$R/dev/tty" c 5 0
	ln -s /proc/self/fd "$R/dev/fd"
	mkdir "$R/dev/pts" "$R/dev/shm"
	mount -t devpts -o ptmxmode=0666 pts "$R/dev/pts"
	ln -s pts/ptmx "$R/dev/ptmx"
	chmod 1777 "$R/tmp" "$R/dev/shm"
	chmod 755 "$R" "$R/root"
	chown root:root "$R" "$R/root"
	printf '%s\n' root:x:0:0::/root:/bin/sh sshd:x:100:65534::/run/sshd:/bin/false \
		www-data:x:33:33::/var/www:/bin/false nobody:x:65534:65534::/:/bin/false >"$R/etc/passwd"
	printf '%s\n' root:x:0: www-data:x:33: crypto:x:990: nogroup:x:65534: >"$R/etc/group"
	echo '127.0.0.1 localhost' >"$R/etc/hosts"
	echo 'hosts: files' >"$R/etc/nsswitch.conf"
	cp cryptodev.so "$R/usr/lib/x86_64-linux-gnu/ossl-modules/"
}

# provider SETTING...: the system-wide configuration, with these lines in the provider's section.
provider() {
	cp openssl-cryptodev.cnf "$R/etc/ssl/openssl.cnf"
	[ $# = 0 ] || printf '%s\n' "$@" >>"$R/etc/ssl/openssl.cnf"
}

# device here|absent: the node, as udev makes it with the rule that is shipped.
device() {
	rm -f "$R/dev/crypto"
	[ "$1" = absent ] || {
		mknod -m 660 "$R/dev/crypto" c "$(($(stat -c '0x%t' /dev/crypto)))" "$(($(stat -c '0x%T' /dev/crypto)))" &&
			chown root:990 "$R/dev/crypto"
	} || fail mknod
}

# inside COMMAND...: in the root, with the provider. plain COMMAND...: without it.
inside() {
	env -i PATH=/usr/sbin:/usr/bin HOME=/root LANG=C.UTF-8 chroot "$R" "$@"
}

plain() {
	env -i PATH=/usr/sbin:/usr/bin HOME=/root LANG=C.UTF-8 OPENSSL_CONF=/dev/null chroot "$R" "$@"
}

# until_true SECONDS COMMAND...
until_true() {
	tries=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}

listens() {
	grep -q ":$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp
}

# What the device has done so far, from the driver.
device_bytes() {
	awk 'FNR > 1 { n += $3 } END { print n + 0 }' /sys/kernel/debug/virtio_cryptodev/*/queues
}

# ask WORD: tells the host, which does something and answers.
ask() {
	echo "$1"
	read -r _ || fail "the host is gone"
}

finish() {
	[ $FAILURES = 0 ] || fail "$FAILURES of the above"
	echo all is well
}
