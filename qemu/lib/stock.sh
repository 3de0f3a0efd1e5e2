# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Debian's own binary with all its libraries, unpacked into the cache, and a script that runs it with
# our plugin.

# stock_get VERSION: prints the path of the script. The plugin is there.
stock_get() {
	local version=$1 suite debian dir script preload=''
	suite=$(source_suite "$version")
	debian=$(<"$(own_dir "$version")/source-version")
	# A character that separates paths may not be in one.
	dir=qemu-$version-stock/${debian//:/.}
	cache_make "$dir" "Debian's QEMU $debian with its libraries (download of 40 MB)" \
		apt_fill_closure "$suite" qemu-system-x86
	dir=$(cache_dir)/$dir
	script=$dir/run-with-plugin${ASAN:+-asan}
	if [[ -n $ASAN ]]; then
		# The sanitizer wants to be the first to be loaded; QEMU leaks at its end, by design.
		preload=$(gcc -print-file-name=libasan.so)
	fi
	stock_script "$(module_dir "$version")/virtio-cryptodev.so" "$preload" >"$script.new"
	chmod +x "$script.new"
	mv "$script.new" "$script"
	# Not -daemonize, which forks: a sanitizer's locks do not survive that.
	echo quit | timeout 120 "$script" -machine none -nodefaults -display none -S -monitor stdio \
		>"$RUN_DIR/stock.log" 2>&1 || {
		cat "$RUN_DIR/stock.log" >&2
		die "Debian's QEMU does not run with our plugin (its messages are above)"
	}
	printf '%s\n' "$script"
}

apt_fill_closure() {
	local dir=$1 suite=$2
	shift 2
	mkdir "$dir/root"
	apt_unpack_closure "$suite" "$dir/root" "$@"
	rm -rf "$dir/root/usr/share/"{doc,man,locale,icons}
}

# stock_script PLUGIN PRELOAD
stock_script() {
	cat <<-EOF
	#!/bin/sh
	here=\$(dirname "\$(realpath "\$0")")/root
	lib=\$here/usr/lib/x86_64-linux-gnu
	QEMU_MODULE_DIR=\$lib/qemu
	export QEMU_MODULE_DIR
	ASAN_OPTIONS=detect_leaks=0:\${ASAN_OPTIONS:-}
	export ASAN_OPTIONS
	for loader in "\$here/lib/x86_64-linux-gnu" "\$lib"; do
		[ ! -e "\$loader/ld-linux-x86-64.so.2" ] || break
	done
	exec "\$loader/ld-linux-x86-64.so.2" --inhibit-cache ${2:+--preload "$2"} \\
		--library-path "\$lib:\$loader:\$lib/pulseaudio" --argv0 qemu-system-x86_64 \\
		"\$here/usr/bin/qemu-system-x86_64" -L "\$here/usr/share/qemu" -L "\$here/usr/share/seabios" \\
		-plugin "$1" "\$@"
	EOF
}
