# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Another release's compiler and kernel build programs, run on this one.
#
# The header packages of a newer Debian bring programs (modpost, fixdep, objtool...) that need a
# newer libc, and their configuration has options of a newer compiler. All of that is unpacked
# together with its libraries, and each program is replaced by a script that runs it by the dynamic
# linker it belongs to. The scripts find each other relatively: the directory may be renamed.

# toolchain_wrap DIRECTORY: DIRECTORY/root is the unpacked tree; DIRECTORY/toolchain becomes what
# goes first in PATH.
toolchain_wrap() {
	local root=$1/root bin=$1/toolchain file name
	# Packages from before /usr was merged.
	if [[ -d $root/lib && ! -L $root/lib ]]; then
		cp -a "$root/lib/." "$root/usr/lib/"
		rm -rf "${root:?}/lib"
	fi
	rm -rf "$root"/usr/lib{,exec}/gcc/*/*/{lto1,lto-wrapper,liblto*} "$root"/usr/share/{doc,man,locale} \
		"$root"/usr/lib/gcc/*/*/lib*san*
	while read -r file; do
		if toolchain_is_program "$file"; then
			mv "$file" "$file.elf"
			# shellcheck disable=SC2016 # the script's own name
			toolchain_script "$root" "$file.elf" '$0' >"$file"
			chmod +x "$file"
		fi
	done < <(find "$root"/usr/lib/linux-kbuild-* "$root"/usr/lib{,exec}/gcc -type f -perm -u+x 2>/dev/null)
	mkdir "$bin"
	for file in "$root"/usr/bin/x86_64-linux-gnu-*; do
		name=${file##*/}
		file=$(realpath "$file")
		if toolchain_is_program "$file"; then
			# The compiler looks for its parts from where it believes to be.
			toolchain_script "$root" "$file" "\${0%/*}/../root/usr/bin/$name" "$bin" >"$bin/$name"
			chmod +x "$bin/$name"
			ln -s "$name" "$bin/${name#x86_64-linux-gnu-}"
		fi
	done
}

toolchain_is_program() {
	[[ $(head -c 4 "$1" | tr -d '\0') == $'\x7fELF' ]] && grep -aq ld-linux-x86-64 "$1" &&
		[[ $1 != *.so* ]]
}

# toolchain_script ROOT PROGRAM ARGV0 [DIRECTORY]: prints the script that stands in DIRECTORY
# (PROGRAM's own when left out) and runs PROGRAM.
toolchain_script() {
	local root=$1 program=$2 argv0=$3 at=${4:-${2%/*}} lib
	lib="\${0%/*}/"$(realpath -m --relative-to="$at" "$root/usr/lib/x86_64-linux-gnu")
	printf '#!/bin/sh\nexec "%s/ld-linux-x86-64.so.2" --inhibit-cache --library-path "%s" --argv0 "%s" "%s" "$@"\n' \
		"$lib" "$lib" "$argv0" "\${0%/*}/$(realpath -m --relative-to="$at" "$program")"
}
