# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Stock Debian kernels for QEMU guests: image, modules and headers.
#
# The cache holds kernel/VERSION-RECIPE, VERSION being what --kernel says ("6.1", "6.12", "newest"):
#
#	vmlinux		uncompressed, so that QEMU starts it by the PVH entry (half the boot time)
#	release		what uname -r will say
#	modules/	the kernel's own modules that guests may need, flat and uncompressed
#	root/		the unpacked header packages
#	build		what the module build takes as KDIR (see module.sh)
#	toolchain/	only where the header packages need another release's libc or compiler

# shellcheck source-path=SCRIPTDIR source=toolchain.sh
. "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"

# Raise it when what is kept changes.
readonly KERNEL_RECIPE=2

# Where a version's packages are, best first. "newest" takes the highest version of all.
kernel_suites() {
	case $1 in
	6.1) echo bookworm ;;
	6.12) if [[ $(apt_own_suite) == bookworm ]]; then echo bookworm-backports; else echo trixie; fi ;;
	newest) echo trixie-backports sid ;;
	*) die_with "$EXIT_USAGE" "--kernel=$1: known are 6.1, 6.12 and newest" ;;
	esac
}

# The version that belongs to this machine's release.
kernel_default() {
	case $(apt_own_suite) in
	bookworm) echo 6.1 ;;
	*) echo 6.12 ;;
	esac
}

# kernel_get VERSION: prints its directory in the cache, made when absent.
kernel_get() {
	local version=$1 dir
	dir=$(cache_dir)/kernel/$version-$KERNEL_RECIPE
	if [[ ! -d $dir ]]; then
		kernel_suites "$version" >/dev/null
		cache_make "kernel/$version-$KERNEL_RECIPE" "Debian kernel $version (download of 50 to 150 MB, 1 to 3 min)" \
			kernel_fill "$version"
	fi
	printf '%s\n' "$dir"
}

# kernel_best_suite VERSION PACKAGE: the suite that has the newest of that package.
kernel_best_suite() {
	local package=$2 suite best='' best_version='' version
	for suite in $(kernel_suites "$1"); do
		version=$(apt_version "$suite" "$package")
		if [[ -n $version ]] && { [[ -z $best ]] ||
			dpkg --compare-versions "$version" gt "$best_version"; }; then
			best=$suite
			best_version=$version
		fi
	done
	[[ -n $best ]] || die "no package $package in: $(kernel_suites "$1")"
	printf '%s\n' "$best"
}

kernel_fill() {
	local dir=$1 version=$2 suite release packages
	suite=$(kernel_best_suite "$version" linux-image-amd64)
	release=$(apt_depends "$suite" linux-image-amd64 | sed -n 's/^linux-image-\([0-9]\)/\1/p' | sed -n 1p)
	[[ -n $release ]] || die "cannot tell which kernel linux-image-amd64 of $suite stands for"
	say "  $release of $suite: image"
	mapfile -t packages < <(kernel_image_packages "$suite" "$release")
	mkdir "$dir/image"
	apt_unpack "$suite" "$dir/image" "${packages[@]}"
	say "  $release of $suite: unpacking the image for direct boot"
	kernel_unpack_vmlinux "$(find "$dir/image" -name "vmlinuz*" -type f)" "$dir/vmlinux"
	kernel_pick_modules "$dir/image" "$dir/modules"
	rm -rf "$dir/image"
	kernel_fill_headers "$dir" "$suite" "$release"
	printf '%s\n' "$release" >"$dir/release"
}

# The image package and the parts that newer releases split it into.
kernel_image_packages() {
	local suite=$1 release=$2
	printf '%s\n' "linux-image-$release"
	apt_depends "$suite" "linux-image-$release" | grep -E "^linux-.*-${release//+/\\+}\$" || true
}

# Another release's headers need its compiler and libraries too.
kernel_fill_headers() {
	local dir=$1 suite=$2 release=$3 packages
	mkdir "$dir/root"
	if [[ ${suite%-backports} == "$(apt_own_suite)" ]]; then
		say "  $release of $suite: headers"
		mapfile -t packages < <(kernel_header_packages "$suite" "$release")
		apt_unpack "$suite" "$dir/root" "${packages[@]}"
	else
		say "  $release of $suite: headers, with the compiler they need (75 MB)"
		apt_unpack_closure "$suite" "$dir/root" "linux-headers-$release"
		toolchain_wrap "$dir"
	fi
	kernel_relocate_headers "$dir" "$release"
}

# The header package, and what it needs that carries the kernel's name.
kernel_header_packages() {
	local suite=$1 release=$2
	printf '%s\n' "linux-headers-$release"
	apt_depends "$suite" "linux-headers-$release" | grep -E '^linux-(headers|kbuild)-'
}

# kernel_unpack_vmlinux BZIMAGE VMLINUX: the x86 boot protocol's setup header says where the
# compressed kernel is (Documentation/arch/x86/boot.rst: setup_sects at 0x1f1, payload_offset at
# 0x248, payload_length at 0x24c). Except with gzip the last four bytes are not the compressor's.
kernel_unpack_vmlinux() {
	local image=$1 out=$2 setup_sects offset length magic
	setup_sects=$(od -An -tu1 -j $((0x1f1)) -N 1 "$image")
	offset=$(($(od -An -tu4 -j $((0x248)) -N 4 "$image") + (setup_sects + 1) * 512))
	length=$(od -An -tu4 -j $((0x24c)) -N 4 "$image")
	magic=$(od -An -tx1 -j "$offset" -N 4 "$image" | tr -d ' ')
	case $magic in
	fd377a58) need xz xz-utils && kernel_payload $((length - 4)) xz -dc ;;
	28b52ffd) need zstd zstd && kernel_payload $((length - 4)) zstd -dcq ;;
	1f8b08*) kernel_payload "$length" gzip -dc ;;
	*) die "$image: compressed by something unknown (magic $magic)" ;;
	esac
	[[ $(od -An -tx1 -N 4 "$out" | tr -d ' ') == 7f454c46 ]] || die "$image: no ELF kernel inside"
}

# Uses image, offset and out of its caller.
kernel_payload() {
	local length=$1
	shift
	head -c $((offset + length)) "$image" | tail -c +$((offset + 1)) | "$@" >"$out" ||
		die "$image: cannot decompress the kernel"
}

# Keeps the modules that guests may ask for: the flat directory makes finding one by name easy.
kernel_pick_modules() {
	local image=$1 out=$2 top file
	mkdir "$out"
	top=$(find "$image" -path '*lib/modules/*/kernel' -type d | sed -n 1p)
	[[ -n $top ]] || die "no modules in the kernel's package"
	cp "${top%/*}/modules.builtin" "$out/modules.builtin"
	find "$top/drivers/virtio" "$top/drivers/char" "$top/drivers/crypto/virtio" "$top/crypto" \
		"$top/arch/x86/crypto" "$top/lib" "$top/drivers/net/virtio_net.ko"* \
		"$top/drivers/net/net_failover.ko"* "$top/net/core" \
		"$top/drivers/md/dm-mod.ko"* "$top/drivers/md/dm-crypt.ko"* "$top/drivers/block/brd.ko"* \
		-name '*.ko*' -exec cp -t "$out" {} +
	find "$out" -name '*.ko.xz' -exec xz -d {} +
	find "$out" -name '*.ko.zst' -exec zstd -dq --rm {} +
}

# Debian's headers name each other by absolute paths in one file; the rest are relative links. The
# vmlinux in newer ones only serves to add type information (BTF), which would need pahole.
kernel_relocate_headers() {
	local dir=$1 release=$2 makefile=$1/root/usr/src/linux-headers-$2/Makefile
	# make's words for the directory of the file that is being read.
	# shellcheck disable=SC2016
	local here='$(dir $(realpath $(lastword $(MAKEFILE_LIST))))'
	sed -i -E "s,^KBUILD_OUTPUT=/usr/src/.*,KBUILD_OUTPUT:=$here," "$makefile"
	sed -i -E "s,^include /usr/src/([^/]+)/Makefile,include $here../\\1/Makefile," "$makefile"
	if grep -q "[= ]/usr" "$makefile"; then
		die "the headers of $release name other files in a way that is not known here"
	fi
	rm -f "${makefile%/*}/vmlinux"
	ln -s "root/usr/src/linux-headers-$release" "$dir/build"
}

# kernel_module_closure MODULES-DIRECTORY NAME...: files of these modules and of those they need, in
# the order of loading; nothing for what is built in.
kernel_module_closure() {
	local dir=$1 name
	local -A seen=()
	shift
	for name in "$@"; do
		kernel_module_visit "$name"
	done
}

# Uses dir and seen of its caller.
kernel_module_visit() {
	local name=${1//-/_} file need
	if [[ -n ${seen[$name]:-} ]]; then
		return
	fi
	seen[$name]=1
	file=$(find "$dir" -name '*.ko' | sed -n "/\/${name//_/[-_]}\.ko\$/p" | sed -n 1p)
	if [[ -z $file ]]; then
		if sed 's/.*\///; s/-/_/g' "$dir/modules.builtin" | grep -qx "$name.ko"; then
			return
		fi
		die "module $name: not among those kept of this kernel ($dir)"
	fi
	for need in $(tr '\0' '\n' <"$file" | sed -n 's/^depends=//p' | tr ',' ' '); do
		kernel_module_visit "$need"
	done
	printf '%s\n' "$file"
}

# kernel_module_args DIRECTORY: how modules are built for this kernel. Debian names the compiler
# of the kernel; this host's own does for an older kernel.
kernel_module_args() {
	MODULE_MAKE_ARGS=()
	MODULE_PATH=
	if [[ -d $1/toolchain ]]; then
		# shellcheck disable=SC2034 # for module.sh
		MODULE_PATH=$1/toolchain
	elif ! command -v "$(sed -nE 's/^CC = .*(gcc-[0-9]+)$/\1/p' "$1/build/.kernelvariables")" >/dev/null; then
		MODULE_MAKE_ARGS+=(CC=gcc)
	fi
}
