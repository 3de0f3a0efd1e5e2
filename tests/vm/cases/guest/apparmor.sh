# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon under its AppArmor profile. Runs in the initramfs with root.tar beside it, and then, as
# "apparmor.sh inside", in that tree as its root.

fail() {
	echo "FAILED: $*"
	exit 1
}

if [ "$1" != inside ]; then
	mkdir /new && mount -t tmpfs new /new && tar -C /new -xf root.tar || fail "no tree"
	cp "$0" /new/apparmor.sh
	ln -s busybox /new/bin/sh
	mount -t proc proc /new/proc && mount -t sysfs sys /new/sys &&
		mount -t securityfs security /new/sys/kernel/security || fail "no securityfs"
	mount -t devtmpfs dev /new/dev || fail "no devtmpfs"
	mkdir -p /new/dev/shm && mount -t tmpfs shm /new/dev/shm
	chmod 755 /new
	# Not chroot alone: a process in one may not make user namespaces.
	cd /new && mount --move . / && exec chroot . /bin/sh /apparmor.sh inside
	fail "no root"
fi

PATH=/bin:/usr/bin:/usr/sbin
/bin/busybox --install -s /bin
SOCKET=/run/vhost-user-cryptodev/vm1/socket
CONTROL=/run/vhost-user-cryptodev/vm1/control
mkdir -p /run/vhost-user-cryptodev/vm1

[ "$(cat /sys/module/apparmor/parameters/enabled)" = Y ] || fail "AppArmor is off"
apparmor_parser -r -K /etc/apparmor.d/vhost-user-cryptodev || fail "the profile cannot be loaded"

answers() { vcrypto-bench wire --socket="$SOCKET" --seconds=0.5 --size=4096 --threads=2 || fail "$1"; }
worker() { sed 's/ .*//' "/proc/$DAEMON/task/$DAEMON/children"; }

# What it denies, so that the log shows that it is in force.
! /usr/libexec/vhost-user-cryptodev --socket-path=/forbidden --num-queues=1 || fail "it listens where it may not"

/usr/libexec/vhost-user-cryptodev --socket-path="$SOCKET" --control="$CONTROL" --num-queues=2 --vm-name=vm1 &
DAEMON=$!
tries=0
until [ -S "$SOCKET" ] && vcryptoctl --socket="$CONTROL" status; do
	kill -0 "$DAEMON" || fail "the daemon ended"
	tries=$((tries + 1))
	[ $tries -lt 600 ] || fail "the daemon does not serve"
	sleep 0.1
done
case $(cat "/proc/$DAEMON/attr/current") in
vhost-user-cryptodev*enforce*) ;;
*) fail "the daemon runs as $(cat "/proc/$DAEMON/attr/current")" ;;
esac
answers "a front end"
kill -KILL "$(worker)" || fail "no worker"
answers "a front end after the worker's death"
vcryptoctl --socket="$CONTROL" upgrade || fail "upgrade"
answers "a front end after the upgrade"
vcryptoctl --socket="$CONTROL" metrics >/dev/null && vcryptoctl --socket="$CONTROL" sessions || fail "the operator"
# As the service manager does.
kill -TERM "$DAEMON"
wait "$DAEMON" || fail "the daemon ended with $?"
[ ! -e "$SOCKET" ] || fail "the socket is left"
echo "all is well"
