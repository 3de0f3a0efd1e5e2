# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Debian's source packages, QEMU's above all: fetched, verified and unpacked, without root and without touching
# the system's apt (see tests/vm/lib/apt.sh, whose configuration is used with deb-src lines).

# source_suite VERSION: the Debian release that has it.
source_suite() {
	case $1 in
	7.2) echo bookworm ;;
	10.0) echo trixie ;;
	*) die_with "$EXIT_USAGE" "QEMU $1: known are 7.2 and 10.0" ;;
	esac
}

# A configuration of its own, as package lists of sources are of no use to anybody else.
source_apt_setup() {
	local suite=$1 dir lock
	need apt-get apt
	dir=$(cache_dir)/apt/$suite-source
	mkdir -p "$dir"/{etc/preferences.d,etc/apt.conf.d,lists/partial,cache/archives/partial}
	exec {lock}>"$dir.lock"
	flock "$lock"
	if [[ -z $(find "$dir/updated" -mmin "-$APT_LISTS_MAX_AGE_MINUTES" 2>/dev/null) ]]; then
		: >"$dir/status"
		apt_sources "$suite" | sed 's/^deb /deb-src /' >"$dir/sources.list"
		apt_conf "$dir" >"$dir/apt.conf"
		say "reading Debian's lists of source packages of $suite (10 to 30 s)"
		APT_CONFIG=$dir/apt.conf apt-get -qq update >&2 || die "apt-get update of $suite failed"
		touch "$dir/updated"
	fi
	exec {lock}>&-
}

# source_versions SUITE [PACKAGE]: all versions of the package, the newest first.
source_versions() {
	local package=${2:-qemu} versions=() version
	source_apt_setup "$1"
	mapfile -t versions < <(apt_run "$1-source" apt-cache showsrc --only-source "$package" |
		sed -n 's/^Version: //p')
	((${#versions[@]})) || die "no source package $package in $1"
	while ((${#versions[@]})); do
		local best=${versions[0]} rest=()
		for version in "${versions[@]}"; do
			if dpkg --compare-versions "$version" gt "$best"; then
				best=$version
			fi
		done
		printf '%s\n' "$best"
		for version in "${versions[@]}"; do
			if [[ $version != "$best" ]]; then
				rest+=("$version")
			fi
		done
		versions=(${rest[@]+"${rest[@]}"})
	done
}

# source_version SUITE [PACKAGE]: the newest version of the package, security updates included.
source_version() {
	local versions
	versions=$(source_versions "$@")
	printf '%s\n' "${versions%%$'\n'*}"
}

# source_unpack SUITE DEBIAN-VERSION DIRECTORY [PACKAGE]: the source, Debian's patches applied.
source_unpack() {
	local suite=$1 version=$2 dir=$3 package=${4:-qemu} fetch
	need dpkg-source dpkg-dev
	fetch=$(mktemp -d "$RUN_DIR/source.XXXXXX")
	say "  fetching the source of $package $version (up to 40 MB)"
	(cd "$fetch" && apt_run "$suite-source" apt-get -qq --download-only source "$package=$version" >&2) ||
		die "could not fetch the source of $package $version"
	say "  unpacking it"
	# apt has verified the files against the signed list, so the packager's own key is not needed.
	(cd "$fetch" && dpkg-source --no-check -x ./*.dsc unpacked >"$fetch/log" 2>&1) || {
		cat "$fetch/log" >&2
		die "could not unpack the source of $package $version"
	}
	cp -a "$fetch/unpacked" "$dir"
	rm -rf "$fetch"
}
