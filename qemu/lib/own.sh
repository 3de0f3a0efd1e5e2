# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Our QEMU: source, overlay, configuration, build.
#
# The cache holds qemu-VERSION-own/:
#
#	source/			Debian's source with the overlay on it
#	source-version		which one
#	engine/			our static libraries
#	build/			QEMU's build directory
#	configured		how it was configured; another text means from nothing
#	built-program		hash of all that went into the program; the same means nothing to do
#	built-objects		the same of the devices' objects
#	module/, module-asan/	the plugin (module.sh)
#	firmware/		what a guest starts from, from Debian's packages
#	qemu-system-x86_64	the program to run
#
# A lock keeps two runs apart. An interrupted build continues where it was.

own_dir() {
	printf '%s\n' "$(cache_dir)/qemu-$1-own"
}

# The hash of our part of the program.
own_hash() {
	(cd "$REPO_DIR" && find qemu/overlay qemu/lib device engine include VERSION meson.build -type f -print0 |
		LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
}

# own_build VERSION program|objects
own_build() {
	local version=$1 what=$2 dir suite debian lock hash start=$SECONDS
	dir=$(own_dir "$version")
	suite=$(source_suite "$version")
	need flock util-linux
	mkdir -p "$dir" || die "cannot make $dir; set VCRYPTO_CACHE to a writable directory"
	exec {lock}>"$dir.lock"
	if ! flock -n "$lock"; then
		say "waiting for another run that is building QEMU $version"
		flock "$lock"
	fi
	debian=$(source_version "$suite")
	hash="$debian $(own_hash)"
	if [[ $(cat "$dir/built-$what" 2>/dev/null) != "$hash" ]]; then
		say "building QEMU $debian ($what; about 3 minutes from nothing, seconds after that)"
		own_source "$dir" "$suite" "$debian"
		own_overlay "$dir/source"
		engine_build "$dir/engine"
		own_configure "$dir" "$version"
		own_make "$dir" "$what"
		if [[ $what == program ]]; then
			own_firmware "$dir" "$suite"
			own_wrapper "$dir"
		fi
		printf '%s\n' "$hash" >"$dir/built-$what"
		say "QEMU $debian: $what built in $((SECONDS - start)) s"
	fi
	exec {lock}>&-
}

own_source() {
	local dir=$1 suite=$2 debian=$3
	if [[ $(cat "$dir/source-version" 2>/dev/null) == "$debian" ]]; then
		return
	fi
	rm -rf "$dir"/{source,source-version,build,configured,firmware}
	source_unpack "$suite" "$debian" "$dir/source"
	printf '%s\n' "$debian" >"$dir/source-version"
}

# Lays the overlay over the source: new files, and a line at the end of two that are there. Files
# that are the same are left alone, for ninja's sake.
own_overlay() {
	local source=$1 file
	while read -r file; do
		if ! cmp -s "$QEMU_TOP/overlay/$file" "$source/$file"; then
			mkdir -p "$(dirname "$source/$file")"
			cp "$QEMU_TOP/overlay/$file" "$source/$file"
		fi
	done < <(cd "$QEMU_TOP/overlay" && find . -type f)
	while read -r file; do
		[[ -e $QEMU_TOP/overlay/$file ]] || rm -f "$source/$file"
	done < <(cd "$source" && find hw/cryptodev -type f)
	own_append "$source/hw/meson.build" "subdir('cryptodev')"
	own_append "$source/hw/Kconfig" "source cryptodev/Kconfig"
}

own_append() {
	grep -qxF "$2" "$1" || printf '%s\n' "$2" >>"$1"
}

# Sets OPTIONS. Least optimisation that is not none: the build is a third faster, and what the
# device computes is in our own libraries and in libcrypto.
own_options() {
	local version=$1
	OPTIONS=(--target-list=x86_64-softmmu --without-default-features --without-default-devices
		--with-devices-x86_64=cryptodev --enable-system --disable-user --enable-kvm --enable-tcg
		--enable-vhost-user --enable-vhost-kernel --enable-slirp --enable-trace-backends=log
		--disable-docs --disable-tools --disable-guest-agent --disable-werror --disable-install-blobs
		--disable-debug-info --disable-stack-protector --extra-cflags=-O1)
	case $version in
	7.*) OPTIONS+=(--meson=meson) ;;
	*) OPTIONS+=(--disable-download) ;;
	esac
	if command -v ccache >/dev/null; then
		OPTIONS+=(--cc="ccache gcc")
	fi
}

own_configure() {
	local dir=$1 version=$2 text
	own_options "$version"
	own_meson "$dir" "$version"
	text=$(printf '%s\n' "${OPTIONS[@]}" "$(<"$dir/engine/pkgconfig/vcdengine.pc")")
	if [[ -r $dir/build/build.ninja && $(cat "$dir/configured" 2>/dev/null) == "$text" ]]; then
		return
	fi
	need pkg-config pkg-config
	rm -rf "$dir/build" "$dir/configured"
	mkdir "$dir/build"
	say "  configuring"
	if ! (cd "$dir/build" && PKG_CONFIG_PATH="$dir/engine/pkgconfig" \
		../source/configure "${OPTIONS[@]}" >configure.log 2>&1); then
		tail -n 30 "$dir/build/configure.log" >&2
		die "QEMU could not be configured (the messages are above); remedy: packaging/deps qemu"
	fi
	printf '%s\n' "$text" >"$dir/configured"
}

# QEMU from 9.0 on wants a newer meson than Debian 12 has: the one of its backports, run from
# where it is unpacked.
own_meson() {
	local dir=$1 version=$2 have
	have=$(meson --version)
	if [[ $version == 7.* ]] || dpkg --compare-versions "$have" ge 1.5; then
		return
	fi
	if [[ ! -d $dir/meson ]]; then
		say "  this release's meson is $have; unpacking the one of its backports"
		mkdir "$dir/meson.new"
		apt_unpack "$(apt_own_suite)-backports" "$dir/meson.new" meson
		mv "$dir/meson.new" "$dir/meson"
	fi
	export PYTHONPATH=$dir/meson/usr/lib/python3/dist-packages
}

# own_targets DIRECTORY: the objects of our devices.
own_objects() {
	ninja -C "$1/build" -t targets all | sed -nE 's/^([^:]*hw_cryptodev_[^:]*\.c\.o):.*/\1/p'
}

own_make() {
	local dir=$1 what=$2 targets=(qemu-system-x86_64)
	if [[ $what == objects ]]; then
		# What it builds may have changed with the overlay.
		ninja -C "$dir/build" build.ninja >"$dir/build/ninja.log" 2>&1 ||
			die "QEMU could not be configured again (the messages are in $dir/build/ninja.log)"
		mapfile -t targets < <(own_objects "$dir")
		((${#targets[@]})) || die "the build of QEMU does not know our devices"
	fi
	if ! ninja -C "$dir/build" -j"$JOBS" "${targets[@]}" 2>&1 | tee "$dir/build/ninja.log" |
		own_progress; then
		sed -n '/^FAILED:/,$p' "$dir/build/ninja.log" | head -n 60 >&2
		die "QEMU could not be built (the messages are above and in $dir/build/ninja.log)"
	fi
	own_check_warnings "$dir"
}

# QEMU's own warnings are its own; ours are errors.
own_check_warnings() {
	if grep -qE '(^|/)hw/cryptodev/[^:]*:[0-9]+:[0-9]+: warning:' "$1/build/ninja.log"; then
		grep -A6 -E '(^|/)hw/cryptodev/[^:]*:[0-9]+:[0-9]+: warning:' "$1/build/ninja.log" >&2
		touch "$1/source/hw/cryptodev/"*.[ch]
		die "our devices compile with warnings"
	fi
}

# A line for every tenth part of a build that takes a while.
own_progress() {
	awk -F'[][/]' '/^\[[0-9]+\/[0-9]+\]/ {
		part = int($2 * 10 / $3)
		if (part > last && $3 > 100) {
			printf "build:   %d of %d steps\n", $2, $3 > "/dev/stderr"
			last = part
		}
	}'
}

own_firmware() {
	local dir=$1 suite=$2
	if [[ -d $dir/firmware ]]; then
		return
	fi
	mkdir "$dir/firmware.new"
	apt_unpack "$suite" "$dir/firmware.new" seabios qemu-system-data
	rm -rf "$dir/firmware.new/usr/share/"{doc,man,icons,applications}
	mv "$dir/firmware.new" "$dir/firmware"
}

own_wrapper() {
	cat >"$1/qemu-system-x86_64.new" <<-'EOF'
	#!/bin/sh
	here=$(dirname "$(realpath "$0")")
	exec "$here/build/qemu-system-x86_64" -L "$here/firmware/usr/share/qemu" \
		-L "$here/firmware/usr/share/seabios" "$@"
	EOF
	chmod +x "$1/qemu-system-x86_64.new"
	mv "$1/qemu-system-x86_64.new" "$1/qemu-system-x86_64"
}
