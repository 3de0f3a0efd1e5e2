# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# User-mode Linux guests: the kernel, built from Debian's kernel sources, and its command line.
#
# The cache holds uml/VERSION[-smp][-debug]-HASH, HASH standing for the configuration:
#
#	linux	the kernel, a program
#	build/	the tree it was built in, as far as building modules needs it
#
# It is built inside its source tree, because such a tree, unlike one with separate output, has
# no absolute paths in it and may be renamed when it is complete.

# Raise it when the building below changes what comes out.
readonly UML_RECIPE=3

uml_default() {
	kernel_default
}

# Whether a guest with several processors is wanted.
uml_smp() {
	[[ ${OPT_SMP:-1} != 1 ]]
}

# uml_config debug|'': the configuration.
uml_config() {
	cat "$VM_DIR/config/uml.config"
	if uml_smp; then
		cat "$VM_DIR/config/uml-smp.config"
	fi
	if [[ -n $1 ]]; then
		cat "$VM_DIR/config/uml-debug.config"
	else
		cat "$VM_DIR/config/uml-plain.config"
	fi
}

# All that decides what is built, without comments: part of the key.
uml_recipe() {
	local version=$1 debug=$2 patch
	uml_config "$debug" | grep "^CONFIG"
	for patch in "$VM_DIR/config/uml-$version"-*.patch; do
		if [[ -r $patch ]]; then
			grep -v "^#" "$patch"
		fi
	done
	echo "$UML_RECIPE"
}

# uml_get VERSION debug|'': prints its directory in the cache, made when absent.
uml_get() {
	local version=$1 debug=$2 hash key minutes='2 to 8' download=''
	kernel_suites "$version" >/dev/null
	hash=$(uml_recipe "$version" "$debug" | sha256sum | cut -c1-8)
	key=uml/$version
	if uml_smp; then
		key+=-smp
	fi
	key+=${debug:+-debug}-$hash
	if [[ -n $debug ]]; then
		minutes='3 to 12'
	fi
	if [[ ! -r /usr/src/linux-source-$version.tar.xz ]]; then
		download=" and a download of 140 to 170 MB"
	fi
	cache_make "$key" "User-mode Linux $version${debug:+ with debugging} ($minutes min of compiling$download)" \
		uml_fill "$version" "$debug"
	printf '%s\n' "$(cache_dir)/$key"
}

# Prints the source tarball: the installed one, else unpacked below DIRECTORY.
uml_source() {
	local dir=$1 version=$2 package=linux-source-$2 suite tarball
	tarball=/usr/src/$package.tar.xz
	if [[ ! -r $tarball ]]; then
		suite=$(kernel_best_suite "$version" linux-source)
		if [[ $version == newest ]]; then
			package=$(apt_depends "$suite" linux-source | grep '^linux-source-[0-9]')
		fi
		say "  fetching $package of $suite"
		mkdir "$dir/package"
		apt_unpack "$suite" "$dir/package" "$package"
		tarball=$dir/package/usr/src/$package.tar.xz
	fi
	printf '%s\n' "$tarball"
}

uml_fill() {
	local dir=$1 version=$2 debug=$3 tarball
	need make make
	need gcc gcc
	need flex flex
	need bison bison
	need bc bc
	need xz xz-utils
	need patch patch
	tarball=$(uml_source "$dir" "$version")
	say "  unpacking $tarball"
	mkdir "$dir/build"
	tar -xf "$tarball" -C "$dir/build" --strip-components=1
	rm -rf "$dir/package"
	uml_patch "$dir/build" "$version"
	uml_config "$debug" >"$dir/config"
	uml_make "$dir" KCONFIG_ALLCONFIG="$dir/config" allnoconfig
	say "  compiling (the messages are in $dir/make.log)"
	uml_make "$dir" -j"$(nproc)" all modules_prepare
	cp "$dir/build/linux" "$dir/linux"
	strip --strip-debug "$dir/linux"
	uml_prune "$dir/build"
}

uml_make() {
	local dir=$1
	shift
	nice -n 10 make -C "$dir/build" ARCH=um "$@" >>"$dir/make.log" 2>&1 || {
		tail -n 30 "$dir/make.log" >&2
		die "the build of User-mode Linux failed (its last messages are above)"
	}
}

# Sleeping in atomic context is only detected with PREEMPT_COUNT, which works on UML although the
# option is not offered there.
# kmemleak says nothing of objects younger than 5 s; 1 s will do and saves each run 8 s.
# config/uml-VERSION-*.patch say themselves what they are for.
uml_patch() {
	local build=$1 version=$2 patch
	sed -i '/^config DEBUG_ATOMIC_SLEEP/,/help/ {/depends on !ARCH_NO_PREEMPT/d}' \
		"$build/lib/Kconfig.debug"
	sed -i -E 's/^(#define MSECS_MIN_AGE)[[:space:]]+5000/\1 1000/' "$build/mm/kmemleak.c"
	for patch in "$VM_DIR/config/uml-$version"-*.patch; do
		if [[ -r $patch ]]; then
			patch -s -p1 -d "$build" <"$patch" >&2 || die "$patch does not apply"
		fi
	done
}

# Keeps what kbuild needs for modules, and scripts/ (checkpatch).
uml_prune() {
	local build=$1 name
	for name in "$build"/*/; do
		case ${name#"$build"/} in
		arch/ | include/ | scripts/) ;;
		*) rm -rf "$name" ;;
		esac
	done
	find "$build/arch" -mindepth 1 -maxdepth 1 -type d ! -name um ! -name x86 -exec rm -rf {} +
	find "$build/arch" "$build/scripts" \( -name '*.o' -o -name '*.a' -o -name '*.gcno' \) -delete
	rm -f "$build"/vmlinux* "$build/linux" "$build/System.map" "$build"/.tmp_*
}

# How modules are built for it.
uml_module_args() {
	MODULE_MAKE_ARGS=(ARCH=um)
	if [[ -n $OPT_GCOV ]]; then
		MODULE_MAKE_ARGS+=(VCD_GCOV=1)
	fi
}

# The name of the module's build directory.
uml_key() {
	printf 'uml-%s%s\n' "${1##*/}" "${OPT_GCOV:+-gcov}"
}

# uml_command KERNEL-DIRECTORY: fills the array GUEST. Console 0 writes to the log; serial line 0 is
# the channel, file descriptor 3 (channel/monitor.c). What UML writes goes to the run's directory. The kernel's tests
# of crypto drivers would take a --debug guest half a minute at each boot; cases/58-crypto-api turns them on.
uml_command() {
	local kernel=$1 socket
	GUEST=("$kernel/linux" "mem=${OPT_MEM}M" root=/dev/root rootfstype=hostfs rootflags=/ ro
		"init=$RUN_DIR/stage/init" "con0=null,fd:1" con=null ssl0=fd:3 "uml_dir=$RUN_DIR/uml/"
		loglevel=7 printk.devkmsg=on panic=-1 oops=panic cryptomgr.notests=1)
	if uml_smp; then
		GUEST+=("ncpus=$OPT_SMP")
	fi
	if [[ $OPT_KERNEL == newest ]]; then
		# Faster system calls than by ptrace, for programs that are trusted.
		GUEST+=(seccomp=auto)
	fi
	for socket in ${DEVICE_SOCKETS[@]+"${DEVICE_SOCKETS[@]}"}; do
		GUEST+=("virtio_uml.device=$socket:$(device_id)")
	done
	if [[ -n $OPT_APPEND ]]; then
		# Words of a kernel command line have no blanks in them.
		# shellcheck disable=SC2206
		GUEST+=($OPT_APPEND)
	fi
}
