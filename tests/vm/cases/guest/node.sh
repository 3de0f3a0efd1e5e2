#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# node.sh MODE: the nodes have that mode, and belong to root's group at first and to group crypto
# when udev has seen them with the rule that lies beside this file. Who is in the group may use them.
mode=$1
status=0

node_is() {
	for node in /dev/crypto /dev/cryptodev0; do
		is=$(stat -c '%a %U %G' "$node")
		echo "$node $is, $1"
		if [ "$is" != "$mode root $2" ]; then
			echo "FAILED: expected $mode root $2"
			status=1
		fi
	done
}

# may USER yes|no: whether that user's open for reading and writing succeeds.
may() {
	got=no
	if su "$1" -c 'exec 3<>/dev/crypto' 2>/dev/null; then
		got=yes
	fi
	echo "$1 may open it: $got"
	if [ "$got" != "$2" ]; then
		echo "FAILED: expected $2"
		status=1
	fi
}

others=no
members=no
case $mode in
*6) others=yes members=yes ;;
?6?) members=yes ;;
esac

node_is "without udev" root
may user "$others"

printf 'crypto:x:990:user\n' >>/etc/group
mkdir -p /etc/udev/rules.d /run/udev
cp 60-virtio-cryptodev.rules /etc/udev/rules.d/
ln -sf "$PWD/udevadm" "$PWD/systemd-udevd"
./systemd-udevd --daemon || exit 1
./udevadm trigger --action=add --subsystem-match=misc || exit 1
./udevadm settle --timeout=60 || exit 1
node_is "with udev" crypto
may user "$members"
may nobody "$others"
./udevadm control --exit
exit $status
