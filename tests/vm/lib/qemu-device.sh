# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The devices of our own QEMU (../../qemu): virtio-cryptodev-pci for --device=qemu, and
# vhost-user-cryptodev-pci, the daemon's front end, for --device=vhost-user.
#
# The first has no process of its own to ask: its counters come over QMP, into a file like the one a
# daemon writes. Options for the daemon (--daemon-arg=--max-sessions=100) have properties of the same
# name.

# qdev_own: whether the guest runs in our own QEMU.
qdev_own() {
	[[ $OPT_DEVICE == qemu || $OPT_DEVICE == vhost-user ]]
}

# qdev_qemu_get: prints the program to run, built when it is absent or older than the source:
# $VCRYPTO_QEMU, or what --qemu says.
qdev_qemu_get() {
	if [[ -n ${VCRYPTO_QEMU:-} ]]; then
		[[ -x $VCRYPTO_QEMU ]] || die "VCRYPTO_QEMU=$VCRYPTO_QEMU: no such program"
		printf '%s\n' "$VCRYPTO_QEMU"
		return
	fi
	case $OPT_QEMU in
	debian-*) "$REPO_DIR/qemu/build" --stock "${OPT_QEMU#debian-}" ;;
	*) "$REPO_DIR/qemu/build" ${OPT_QEMU:+"$OPT_QEMU"} ;;
	esac || die "our QEMU could not be built"
}

# qdev_prepare COUNT: what must be there before QEMU starts.
qdev_prepare() {
	DEVICE_COUNT=$1
	qdev_properties >/dev/null # which may refuse an option
	qmp_make "$RUN_DIR/qmp"
}

# The daemon's options as properties; those that say nothing to a device in QEMU are refused.
qdev_properties() {
	local arg
	printf '%s' "num-queues=$OPT_NUM_QUEUES,virtio-id=$(device_id)${OPT_ENGINE:+,engine=$OPT_ENGINE}"
	for arg in ${OPT_DAEMON_ARGS[@]+"${OPT_DAEMON_ARGS[@]}"}; do
		case $arg in
		--max-sessions=* | --max-request=* | --poll-us=*) printf ',%s' "${arg#--}" ;;
		*) die "--daemon-arg=$arg has no meaning with --device=$OPT_DEVICE" ;;
		esac
	done
	for arg in ${OPT_DEVICE_ARGS[@]+"${OPT_DEVICE_ARGS[@]}"}; do
		printf ',%s' "$arg"
	done
}

# What properties refer to: bus=NAME wants a slot that can be emptied, iothread=NAME a thread.
qdev_referred() {
	local arg chassis=1
	for arg in ${OPT_DEVICE_ARGS[@]+"${OPT_DEVICE_ARGS[@]}"}; do
		case $arg in
		bus=*) printf '%s\n' -device "pcie-root-port,id=${arg#*=},chassis=$((chassis++))" ;;
		iothread=*) printf '%s\n' -object "iothread,id=${arg#*=}" ;;
		esac
	done
}

# qdev_options QEMU: its options for the devices, a line each.
qdev_options() {
	local qemu=$1 number properties arg reconnect
	qdev_referred
	if ((DEVICE_COUNT == 0)); then
		return
	fi
	if [[ $OPT_DEVICE == qemu ]]; then
		qmp_options "$RUN_DIR/qmp"
		properties=$(qdev_properties)
		for ((number = 0; number < DEVICE_COUNT; number++)); do
			printf '%s\n' -device "virtio-cryptodev-pci,id=crypto$number,$properties"
		done
		return
	fi
	properties="num-queues=$(keeper_queues),virtio-id=$(device_id)"
	for arg in ${OPT_DEVICE_ARGS[@]+"${OPT_DEVICE_ARGS[@]}"}; do
		properties+=",$arg"
	done
	reconnect=$(qemu_reconnect "$qemu")
	for ((number = 0; number < ${#DEVICE_SOCKETS[@]}; number++)); do
		printf '%s\n' -chardev "socket,id=device$number,path=${DEVICE_SOCKETS[number]},$reconnect" \
			-device "vhost-user-cryptodev-pci,id=crypto$number,chardev=device$number,$properties"
	done
}

# qdev_snapshot NUMBER: writes the counters; false when there are none.
qdev_snapshot() {
	local number=$1 reply base=$RUN_DIR/qmp
	# A test that moves the guest from one QEMU to the next says where it is.
	if [[ -r $RUN_DIR/qmp.path ]]; then
		base=$(<"$RUN_DIR/qmp.path")
	fi
	reply=$(qmp_call "$base" qom-get \
		"{\"path\":\"/machine/peripheral/crypto$number\",\"property\":\"stats\"}") || return 1
	# A counter a line, named as the daemon names them.
	tr -d '\r' <<<"$reply" | sed -E 's/^\{"return": //; s/, "id": "[^"]*"\}$//; s/([a-z])-([a-z])/\1_\2/g' |
		sed -E 's/\{/{\n  /g; s/, /,\n  /g; s/\}/\n}/g' >"$RUN_DIR/device$number.stats"
}
