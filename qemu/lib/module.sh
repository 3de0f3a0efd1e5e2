# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The devices as a shared object for Debian's own, unmodified binary (module/entry.c).
#
# The objects are compiled as QEMU's build compiles them, by the commands it has noted, but position
# independent for a library and with VCD_MODULE, which leaves out their own registration.

# module_build VERSION: after own_build VERSION objects; prints the path of the plugin.
module_build() {
	local dir lock file out engine extra objects=()
	dir=$(own_dir "$1")
	out=$(module_dir "$1")
	exec {lock}>"$dir.lock"
	flock "$lock"
	engine=$dir/engine${ASAN:+-asan}
	engine_build "$engine" ${ASAN:+asan}
	read -ra extra <"$engine/engine/extra-libs" || true
	rm -rf "$out"
	mkdir "$out"
	for file in "$dir/build/hw/cryptodev/trace-hw_cryptodev.c" "$dir/source/hw/cryptodev/"*.c; do
		module_compile "$dir" "$file" "$out/$(basename "$file" .c).o"
		objects+=("$out/$(basename "$file" .c).o")
	done
	module_link "$out/$MODULE_DEVICES" "${objects[@]}" -L"$engine/device" -lvcd-device \
		-L"$engine/engine" -lvcd-engine "${extra[@]}" -lcrypto
	module_compile "$dir" "$QEMU_TOP/module/entry.c" "$out/entry.o"
	module_link "$out/virtio-cryptodev.so" "$out/entry.o"
	rm -f "$out/"*.o
	exec {lock}>&-
	printf '%s\n' "$out/virtio-cryptodev.so"
}

module_dir() {
	printf '%s\n' "$(own_dir "$1")/module${ASAN:+-asan}"
}

# What the plugin loads once it knows where it is.
readonly MODULE_DEVICES=virtio-cryptodev-devices.so

module_link() {
	local out=$1
	shift
	gcc -shared ${ASAN:+-fsanitize=address,undefined} -o "$out" "$@" -Wl,--exclude-libs,ALL || die "${out##*/} could not be linked"
}

# module_compile DIRECTORY FILE OBJECT
module_compile() {
	local dir=$1 file=$2 object=$3 flags number
	flags=$(module_flags "$dir")
	number=$(sed -nE 's/.*define QEMU_PLUGIN_VERSION ([0-9]+).*/\1/p' "$dir/source/include/qemu/qemu-plugin.h")
	# The flags are a command line of a build: nothing in it has blanks but what is quoted.
	(cd "$dir/build" && eval "gcc $flags ${ASAN:+-g -fsanitize=address,undefined}" -fPIC -DVCD_MODULE "-DVCD_PLUGIN_VERSION=$number" \
		"'-DVCD_DEVICES=\"$MODULE_DEVICES\"'" \
		"'-DVCD_SOURCE_VERSION=\"$(<"$dir/source-version")\"'" -c "'$file'" -o "'$object'") ||
		die "${file##*/} could not be compiled for the shared object"
}

# What QEMU compiles our main file with, less the compiler, the file's own names and -fPIE.
module_flags() {
	python3 - "$1/build/compile_commands.json" <<-'EOF'
	import json, shlex, sys
	for entry in json.load(open(sys.argv[1])):
	    if entry['file'].endswith('/virtio-cryptodev.c'):
	        words = shlex.split(entry['command'])
	        break
	while not words[0].startswith('-'):
	    words.pop(0)
	out = []
	while words:
	    word = words.pop(0)
	    if word in ('-o', '-c', '-MF', '-MQ'):
	        words.pop(0)
	    elif word not in ('-MD', '-fPIE'):
	        out.append(shlex.quote(word))
	print(' '.join(out))
	EOF
}
