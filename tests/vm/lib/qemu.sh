# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# QEMU guests: a QEMU that has the generic vhost-user device, and its command line.
#
# `vhost-user-test-device-pci` can be created by users since QEMU 10.2. Where the installed QEMU has
# not got it, Debian's newer one is unpacked into the cache with all its libraries, and run by
# its own dynamic linker; nothing is installed.

readonly QEMU_DEVICE=vhost-user-test-device-pci
readonly QEMU_SUITE=trixie-backports
readonly QEMU_KVM_PROBE_SECONDS=8

# qemu_has_device QEMU...: asks it, as versions do not tell (type names and rights changed).
qemu_has_device() {
	"$@" -device "$QEMU_DEVICE,help" 2>/dev/null | grep -q virtio-id
}

# qemu_reconnect QEMU: prints the option of a socket chardev that connects again after a second. Its name
# and unit changed in QEMU 9.2; 11 refuses the older one.
qemu_reconnect() {
	local major minor version
	version=$("$1" --version | sed -nE '1s/.*version ([0-9]+)\.([0-9]+).*/\1 \2/p')
	[[ -n $version ]] || die "$1 does not say which version it is"
	read -r major minor <<<"$version"
	if ((major > 9 || (major == 9 && minor >= 2))); then
		echo reconnect-ms=1000
	else
		echo reconnect=1
	fi
}

# qemu_get: prints the program to run.
qemu_get() {
	local installed dir
	installed=$(command -v qemu-system-x86_64 || true)
	if [[ -n $installed ]] && qemu_has_device "$installed"; then
		printf '%s\n' "$installed"
		return
	fi
	dir=$(cache_dir)/qemu
	cache_make qemu "a QEMU with $QEMU_DEVICE from $QEMU_SUITE (download of 40 MB, about 30 s)" \
		qemu_fill
	printf '%s\n' "$dir/qemu-system-x86_64"
}

qemu_fill() {
	local dir=$1
	mkdir "$dir/root"
	apt_unpack_closure "$QEMU_SUITE" "$dir/root" qemu-system-x86
	rm -rf "$dir/root/usr/share/"{doc,man,locale,icons}
	# The wrapper finds its place at run time: the directory is still to be renamed.
	cat >"$dir/qemu-system-x86_64" <<-'EOF'
	#!/bin/sh
	here=$(dirname "$(realpath "$0")")
	lib=$here/root/usr/lib/x86_64-linux-gnu
	QEMU_MODULE_DIR=$lib/qemu
	export QEMU_MODULE_DIR
	exec "$lib/ld-linux-x86-64.so.2" --inhibit-cache --library-path "$lib" \
		--argv0 qemu-system-x86_64 "$here/root/usr/bin/qemu-system-x86_64" \
		-L "$here/root/usr/share/qemu" -L "$here/root/usr/share/seabios" "$@"
	EOF
	chmod +x "$dir/qemu-system-x86_64"
	qemu_has_device "$dir/qemu-system-x86_64" ||
		die "the QEMU of $QEMU_SUITE has no $QEMU_DEVICE either"
	"$dir/qemu-system-x86_64" --version | sed -n 1p >"$dir/version"
}

# qemu_accel QEMU KERNEL-DIRECTORY: prints "kvm" or "tcg". /dev/kvm that opens does not mean that a
# stock kernel runs on it (nested or paravirtual KVM), so one is started once per boot of this host.
qemu_accel() {
	local qemu=$1 kernel=$2 key known
	if [[ ! -r /dev/kvm || ! -w /dev/kvm ]]; then
		say "no usable /dev/kvm: the guest is emulated (TCG)"
		echo tcg
		return
	fi
	key=$(cat /proc/sys/kernel/random/boot_id)-$(id -u)
	known=$(cache_dir)/accel-$(<"$kernel/release")
	if [[ ! -r $known || $(cut -d' ' -f1 "$known") != "$key" ]]; then
		printf '%s %s\n' "$key" "$(qemu_probe_kvm "$qemu" "$kernel")" >"$known.$$"
		mv "$known.$$" "$known"
	fi
	known=$(cut -d' ' -f2 "$known")
	if [[ $known == tcg ]]; then
		say "/dev/kvm does not boot this kernel here: the guest is emulated (TCG)"
	fi
	printf '%s\n' "$known"
}

# A kernel without a root panics and, with panic=-1, ends QEMU: that is a boot.
qemu_probe_kvm() {
	local qemu=$1 kernel=$2
	say "trying KVM (up to $QEMU_KVM_PROBE_SECONDS s, once per boot of this host)"
	if timeout -k 1 "$QEMU_KVM_PROBE_SECONDS" "$qemu" -nodefaults -no-user-config -display none \
		-no-reboot -machine q35 -accel kvm -cpu host -m 256 -kernel "$kernel/vmlinux" \
		-append 'console=ttyS0 panic=-1' -serial stdio </dev/null 2>/dev/null |
		grep -q 'Kernel panic'; then
		echo kvm
	else
		echo tcg
	fi
}

# Prints the modules of the kernel that the guest's init loads.
qemu_modules() {
	printf '%s\n' virtio_pci virtio_console
	if [[ $1 == net ]]; then
		printf '%s\n' virtio_net
	fi
}

# Emulated: the guest's clock is the host's time-stamp counter where that is steady, as reading any other
# is slow; its frequency is told (see channel/facts.c). A busy host is not a stalled guest.
qemu_clock() {
	if grep -qw nonstop_tsc /proc/cpuinfo; then
		printf " tsc=reliable clocksource=tsc tsc_early_khz=%s" "${FACTS[2]}"
	fi
	printf " rcupdate.rcu_cpu_stall_timeout=120 watchdog_thresh=60"
}

# qemu_command QEMU ACCEL KERNEL INITRAMFS: fills the array GUEST from the options of `run` (OPT_*), the kernel, the
# initramfs and the sockets of the daemons. The channel is file descriptor 3 (channel/monitor.c).
GUEST=()
qemu_command() {
	local qemu=$1 accel=$2 kernel=$3 initramfs=$4 append number=0 socket options stock
	append="console=ttyS0 loglevel=7 printk.devkmsg=on panic=-1 oops=panic no_timer_check"
	append+=" random.trust_cpu=on ${OPT_APPEND:-}"
	GUEST=(${OPT_THROUGH[@]+"${OPT_THROUGH[@]}"} "$qemu" -nodefaults -no-user-config -display none -no-reboot
		-smp "$OPT_SMP" -m "$OPT_MEM"
		-object "memory-backend-memfd,id=mem,size=${OPT_MEM}M,share=on"
		-machine "q35,memory-backend=mem"
		-serial stdio
		-device "virtio-serial-pci,max_ports=2"
		-chardev "socket,id=channel,fd=3" -device "virtserialport,chardev=channel,nr=1,name=vm.channel")
	if [[ $accel == kvm ]]; then
		GUEST+=(-accel kvm -cpu host)
	else
		GUEST+=(-accel "tcg,thread=multi" -cpu qemu64)
		append+="$(qemu_clock)"
	fi
	if qdev_own; then
		mapfile -t options < <(qdev_options "$qemu")
		GUEST+=(${options[@]+"${options[@]}"})
	else
		stock="virtio-id=$(device_id),num_vqs=$(keeper_queues),config_size=$(device_config_size)"
		# As README says, not QEMU's 64; --qemu-arg=-global --qemu-arg=$QEMU_DEVICE.vq_size=N changes it.
		GUEST+=(-global "$QEMU_DEVICE.vq_size=256")
		for socket in ${DEVICE_SOCKETS[@]+"${DEVICE_SOCKETS[@]}"}; do
			GUEST+=(-chardev "socket,id=device$number,path=$socket"
				-device "$QEMU_DEVICE,chardev=device$number,$stock")
			number=$((number + 1))
		done
	fi
	if [[ -n $OPT_NET ]]; then
		local forwards='' forward
		for forward in ${OPT_FWD[@]+"${OPT_FWD[@]}"}; do
			forwards+=",hostfwd=tcp:127.0.0.1:${forward%%:*}-:${forward##*:}"
		done
		GUEST+=(-netdev "user,id=net$forwards" -device "virtio-net-pci,netdev=net,romfile=")
	fi
	if ((${#OPT_QEMU_ARGS[@]})); then
		GUEST+=("${OPT_QEMU_ARGS[@]/reconnect=auto/$(qemu_reconnect "$qemu")}")
	fi
	GUEST+=(-kernel "$kernel/vmlinux" -initrd "$initramfs" -append "$append")
}
