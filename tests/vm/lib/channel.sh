# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The C helpers (channel/), built when their sources are newer: the two ends of the channel between
# host and guest, as a script cannot carry binary streams or watch a guest, and what a
# guest's command line needs.

# channel_build: prints the directory that holds vm-agent (static, runs in the guest),
# vm-monitor and vm-facts. Several runs may build at once: each result is renamed into place.
channel_build() {
	local dir=$BUILD_DIR/vm name
	need cc gcc
	mkdir -p "$dir" || die "cannot make $dir"
	for name in monitor agent facts; do
		if [[ -n $(find "$VM_DIR/channel" "$REPO_DIR/include" -newer "$dir/vm-$name" 2>&1) ]]; then
			channel_compile "$name" "$dir/vm-$name"
		fi
	done
	printf '%s\n' "$dir"
}

channel_compile() {
	local name=$1 out=$2 static=() sources
	sources=("$VM_DIR/channel/$name.c")
	if [[ $name == agent ]]; then
		static=(-static)
	fi
	if [[ $name != facts ]]; then
		sources+=("$VM_DIR/channel/frame.c")
	fi
	cc -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Werror \
		${static[@]+"${static[@]}"} -o "$out.$$" "${sources[@]}" >&2 ||
		die "cannot build vm-$name; remedy: apt-get install gcc libc6-dev"
	mv "$out.$$" "$out"
}
