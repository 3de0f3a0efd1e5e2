# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Out-of-tree modules for a guest's kernel: ours (guest/), or a test's.
#
# The sources are copied to build/guest/KEY and built there by kbuild, so that one tree serves many
# kernels. Files keep their time stamps while their content is the same, so make rebuilds what
# changed; when nothing did, it is not even started. Warnings are errors. The check of
# documentation comments that comes with W=1 is left out: it wants all of perl, or python.

# module_build NAME KEY KERNEL-BUILD-DIRECTORY SOURCE-DIRECTORY...: prints the path of NAME.ko. The
# first source directory holds the Kbuild file, the others lie beside it (include/). The
# array MODULE_MAKE_ARGS holds further arguments of make, MODULE_PATH a directory with the compiler.
MODULE_MAKE_ARGS=()
MODULE_PATH=
module_build() {
	local name=$1 key=$2 kdir=$3 top lock source file stamp dirs=()
	shift 3
	need make make
	top=$BUILD_DIR/guest/$key
	mkdir -p "$top"
	exec {lock}>"$top.lock"
	flock "$lock"
	for source in "$@"; do
		module_copy "$source" "$top/${source##*/}"
		dirs+=("$top/${source##*/}")
	done
	file=${dirs[0]}/$name.ko
	stamp=$(module_stamp "$kdir" "${dirs[@]}")
	if [[ ! -r $file || ! -r ${dirs[0]}.stamp || $(<"${dirs[0]}.stamp") != "$stamp" ]]; then
		rm -f "${dirs[0]}.stamp"
		module_make "$kdir" "${dirs[0]}" "${dirs[0]}.log"
		[[ -r $file ]] || die "the build of $1 made no $name.ko"
		printf '%s\n' "$stamp" >"${dirs[0]}.stamp"
	fi
	exec {lock}>&-
	printf '%s\n' "$file"
}

# module_stamp KERNEL-BUILD-DIRECTORY DIRECTORY...: stands for all that the module is made of.
module_stamp() {
	local dir
	{
		printf '%s\n' "$(realpath "$1")" "$MODULE_PATH" "${MODULE_MAKE_ARGS[*]-}"
		shift
		for dir in "$@"; do
			(cd "$dir" && module_sources . | sort | xargs sha256sum)
		done
	} | sha256sum
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
	done < <(module_sources "$to")
}

# Sources only: not what kbuild generates (or left there when somebody built in the source tree).
module_sources() {
	(cd "$1" && find . \( -name '*.c' -o -name '*.h' -o -name Kbuild -o -name Makefile \) \
		! -name '*.mod.c' ! -name '.*' -type f -print)
}

module_make() {
	local kdir=$1 dir=$2 log=$3
	if ! PATH=${MODULE_PATH:+$MODULE_PATH:}$PATH make -C "$kdir" M="$dir" W=1 KCFLAGS=-Werror cmd_checkdoc= \
		${MODULE_MAKE_ARGS[@]+"${MODULE_MAKE_ARGS[@]}"} modules >"$log" 2>&1; then
		cat "$log" >&2
		die "the module does not build against $kdir (the messages are above)"
	fi
}
