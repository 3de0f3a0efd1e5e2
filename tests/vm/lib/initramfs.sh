# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the guest is given: busybox, the init and its configuration, modules, COMMAND, added files.
#
# The stage is a directory of this run with what both kinds of guests need (see init). A QEMU guest
# gets it as /vm of an initramfs, together with COMMAND at its own path and every library that it
# and the added files load. A UML guest sees the host's files anyway and reads the stage in place.

# busybox_get: prints the path of a static busybox.
busybox_get() {
	local installed
	installed=$(command -v busybox || true)
	if [[ -n $installed ]] && ! ldd "$installed" >/dev/null 2>&1; then
		printf '%s\n' "$installed"
		return
	fi
	cache_make busybox "busybox (a few seconds)" apt_fill_unpacked "$(apt_own_suite)" busybox-static
	find "$(cache_dir)/busybox" -name busybox -type f -path '*bin*' | sed -n 1p
}

# stage_make DIRECTORY AGENT INIT: the part that does not depend on options.
stage_make() {
	local stage=$1
	mkdir -p "$stage/modules" "$stage/add" "$stage/etc"
	cp "$(busybox_get)" "$stage/busybox"
	cp "$2" "$stage/agent"
	# Its interpreter is only known now: nothing is at a fixed path in a UML guest.
	sed "1s|.*|#!$3/busybox sh|" "$VM_DIR/init" >"$stage/init"
	chmod +x "$stage/init"
	head -c 64 /dev/urandom >"$stage/seed"
	printf '%s\n' root:x:0:0:root:/root:/bin/sh nobody:x:65534:65534:nobody:/nonexistent:/bin/sh \
		user:x:1000:1000:user:/tmp:/bin/sh >"$stage/etc/passwd"
	printf '%s\n' root:x:0: nogroup:x:65534: user:x:1000: >"$stage/etc/group"
	printf '%s\n' '127.0.0.1 localhost guest' '::1 localhost' '10.0.2.2 host' >"$stage/etc/hosts"
	printf '%s\n' 'hosts: files' >"$stage/etc/nsswitch.conf"
	: >"$stage/etc/resolv.conf"
}

# stage_command STAGE COMMAND...: writes the argument vector. A name with a slash is a path of the
# host; another one is looked for among the added files, in the host's PATH, and then in the
# guest's own (busybox). Prints the host's file that the guest will run, if it is to be carried there.
stage_command() {
	local stage=$1 name=$2 path=''
	shift 2
	if [[ $name == */* ]]; then
		path=$(realpath -s "$name")
		[[ -x $path && -f $path ]] || die "COMMAND $name is not an executable file of this host"
		name=$path
	elif [[ ! -e $stage/add/$name ]]; then
		path=$(type -P "$name" || true)
	fi
	printf '%s\0' "$name" "$@" >"$stage/command"
	printf '%s\n' "$path"
}

# initramfs_make STAGE ROOT OUT FILE...: FILE... are put at their own paths.
initramfs_make() {
	local stage=$1 root=$2 out=$3 file name
	shift 3
	mkdir -p "$root"/usr/{bin,sbin,lib,lib64} "$root"/{dev,proc,sys,run,tmp,root,etc,vm}
	for name in bin sbin lib lib64; do
		ln -s "usr/$name" "$root/$name"
	done
	chmod 1777 "$root/tmp"
	ln -s vm/init "$root/init"
	cp -a "$stage/." "$root/vm/"
	for file in "$@"; do
		initramfs_add "$root" "$file"
	done
	while read -r file; do
		initramfs_add_needed "$root" "$file"
	done < <(find "$stage/add" -type f)
	need cpio cpio
	(cd "$root" && find . | cpio --quiet -o -H newc) >"$out" || die "cannot make the initramfs"
}

# One file at its own path (links followed), and what it needs.
initramfs_add() {
	local root=$1 file=$2 target
	target=$root$(realpath "$(dirname "$file")")/${file##*/}
	if [[ -f $target && ! -L $target ]]; then
		return
	fi
	mkdir -p "${target%/*}"
	rm -f "$target"
	cp -L --preserve=mode "$file" "$target"
	initramfs_add_needed "$root" "$file"
}

# Libraries of a dynamic executable or shared object, the interpreter of a script.
initramfs_add_needed() {
	local root=$1 file=$2 magic library words
	magic=$(head -c 2 "$file" | tr -d '\0')
	if [[ $magic == '#!' ]]; then
		read -r -a words < <(sed -n "1s/^#!//p" "$file")
		for library in "${words[@]}"; do
			if [[ $library != /* ]]; then
				library=$(type -P "$library" || true)
			fi
			# The interpreter, and what `env` is to find; the guest's own will do for the rest.
			if [[ -f $library ]]; then
				initramfs_add "$root" "$library"
			fi
		done
		return
	fi
	while read -r library; do
		initramfs_add "$root" "$library"
		if [[ $library == */libcrypto.so.* ]]; then
			initramfs_add_openssl "$root" "$library"
		fi
		if [[ $library == */libc.so.6 && -d /usr/lib/locale/C.utf8 ]]; then
			mkdir -p "$root/usr/lib/locale"
			cp -r /usr/lib/locale/C.utf8 "$root/usr/lib/locale/"
		fi
	done < <(ldd "$file" 2>/dev/null | sed -nE 's/^[[:space:]]*([^ ]+ => )?(\/[^ ]+) \(0x.*/\2/p')
}

# libcrypto opens its configuration and providers at run time.
initramfs_add_openssl() {
	local root=$1 modules file
	modules=$(dirname "$(realpath "$2")")/ossl-modules
	for file in "$modules"/*.so /usr/lib/ssl/openssl.cnf /etc/ssl/openssl.cnf; do
		if [[ -f $file ]]; then
			initramfs_add "$root" "$file"
		fi
	done
}
