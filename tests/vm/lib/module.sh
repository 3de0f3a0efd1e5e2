# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Out-of-tree modules for a guest's kernel: ours (guest/), or a test's.
#
# The sources are copied to build/guest/KEY and built there by kbuild, so that one tree serves many
# kernels; files keep their time stamps while their content is the same, so make rebuilds what
# changed. Warnings are errors.

# module_build NAME KEY KERNEL-BUILD-DIRECTORY SOURCE-DIRECTORY...: prints the path of NAME.ko. The
# first source directory holds the Kbuild file, the others lie beside it (include/). The
# array MODULE_MAKE_ARGS holds further arguments of make, MODULE_PATH a directory with the compiler.
MODULE_MAKE_ARGS=()
MODULE_PATH=
module_build() {
	local name=$1 key=$2 kdir=$3 top lock source
	shift 3
	need make make
	top=$BUILD_DIR/guest/$key
	mkdir -p "$top"
	exec {lock}>"$top.lock"
	flock "$lock"
	for source in "$@"; do
		module_copy "$source" "$top/${source##*/}"
	done
	module_make "$kdir" "$top/${1##*/}" "$top/make.log"
	[[ -r $top/${1##*/}/$name.ko ]] || die "the build of ${1} made no $name.ko"
	exec {lock}>&-
	printf '%s\n' "$top/${1##*/}/$name.ko"
}

# Brings the copy up to date: new content is copied, files that are gone are removed.
module_copy() {
	local from=$1 to=$2 file
	mkdir -p "$to"
	while read -r file; do
		if ! cmp -s "$from/$file" "$to/$file"; then
			mkdir -p "$(dirname "$to/$file")"
			cp "$from/$file" "$to/$file"
		fi
	done < <(module_sources "$from")
	while read -r file; do
		if [[ ! -e $from/$file ]]; then
			rm -f "$to/$file"
		fi
	done < <(module_sources "$to" | grep -v '\.mod\.c$')
}

module_sources() {
	(cd "$1" && find . -name .git -prune -o \
		\( -name '*.c' -o -name '*.h' -o -name Kbuild -o -name Makefile \) ! -name '.*' -print)
}

module_make() {
	local kdir=$1 dir=$2 log=$3
	if ! PATH=${MODULE_PATH:+$MODULE_PATH:}$PATH make -C "$kdir" M="$dir" W=1 KCFLAGS=-Werror \
		${MODULE_MAKE_ARGS[@]+"${MODULE_MAKE_ARGS[@]}"} modules >"$log" 2>&1; then
		cat "$log" >&2
		die "the module does not build against $kdir (the messages are above)"
	fi
}
