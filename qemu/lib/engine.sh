# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# engine/ and device/ as static libraries, with a pkg-config file "vcdengine" for QEMU's build.

# engine_build DIRECTORY [asan]: builds in DIRECTORY and writes DIRECTORY/pkgconfig/vcdengine.pc.
#
# The cache outlives a checkout, and meson's build directory belongs to one for ever. So that of
# another checkout is begun again, and QEMU, whose own build takes minutes, finds our headers by a
# link that has the same name for all.
engine_build() {
	local dir=$1 options=(--buildtype=debugoptimized -Dtests=false)
	need meson meson
	need ninja ninja-build
	if [[ -n ${2:-} ]]; then
		options+=("-Db_sanitize=address,undefined" -Db_lundef=false)
	fi
	if [[ ! -r $dir/build.ninja || $(readlink "$dir/tree") != "$REPO_DIR" ]]; then
		rm -rf "$dir"
		if ! meson setup "${options[@]}" "$dir" "$REPO_DIR" >"$dir.log" 2>&1; then
			cat "$dir.log" >&2
			die "our libraries could not be configured (the messages are above)"
		fi
		ln -s "$REPO_DIR" "$dir/tree"
	fi
	ninja -C "$dir" -j"$JOBS" device/libvcd-device.a engine/libvcd-engine.a >"$dir.log" 2>&1 || {
		cat "$dir.log" >&2
		die "our libraries could not be built (the messages are above)"
	}
	mkdir -p "$dir/pkgconfig"
	engine_pkgconfig "$dir" >"$dir/pkgconfig/vcdengine.pc.new"
	if ! cmp -s "$dir/pkgconfig/vcdengine.pc.new" "$dir/pkgconfig/vcdengine.pc"; then
		mv "$dir/pkgconfig/vcdengine.pc.new" "$dir/pkgconfig/vcdengine.pc"
	fi
}

# Ours are only there as static libraries; libcrypto stays shared, for its security updates.
engine_pkgconfig() {
	cat <<-EOF
	Name: vcdengine
	Description: engine and device of virtio-cryptodev
	Version: $(<"$REPO_DIR/VERSION")
	Requires: libcrypto
	Cflags: -I$1/tree/include -I$1/tree
	Libs: -L$1/device -lvcd-device -L$1/engine -lvcd-engine $(<"$1/engine/extra-libs")
	EOF
}
