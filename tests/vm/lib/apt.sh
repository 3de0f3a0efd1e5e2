# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Debian packages of any release, without touching the system and without being root.
#
# Theory of operation: a private apt configuration per suite lives in the cache (apt/SUITE). Its
# mirrors, its proxy and other acquire settings are the ones of this machine, asked of apt
# itself, so both formats of sources (one-line and deb822) are understood; its package status
# is empty, so that a download with dependencies is complete down to libc. Packages are unpacked
# by dpkg -x, never installed. What is downloaded is verified against Debian's keyring.

readonly APT_KEYRING_DIR=/usr/share/keyrings
readonly APT_LISTS_MAX_AGE_MINUTES=1440

# The architecture of the packages: APT_ARCH, or this machine's. Another one's packages are unpacked
# like any others, and the dpkg of this machine never hears of that architecture.
apt_arch() {
	if [[ -n ${APT_ARCH-} ]]; then
		printf '%s\n' "$APT_ARCH"
	else
		dpkg --print-architecture
	fi
}

# apt_dir SUITE: where its configuration and its lists are.
apt_dir() {
	printf '%s\n' "$(cache_dir)/apt/$1${APT_ARCH:+-$APT_ARCH}"
}

# The release of this machine: bookworm, trixie, ...
apt_own_suite() {
	(. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:-}")
}

# apt_mirror main|security: the base URI of this machine's archive, from the addresses that
# `apt-get update` would visit.
apt_mirror() {
	local own wanted uri
	own=$(apt_own_suite)
	if [[ $1 == security ]]; then
		wanted="($own-security|$own/updates|(old)?stable-security)"
	else
		wanted="($own|(old)*stable|testing|sid|unstable)"
	fi
	uri=$(apt-get update --print-uris -o Dir::State::Lists="$RUN_DIR" 2>/dev/null |
		sed -nE "s,^'(.*)/dists/$wanted/main/binary-.*,\\1,p" | sed -n 1p)
	printf '%s\n' "$uri"
}

# Prints the sources of a suite and of the ones it builds on. Without a keyring that knows a
# newer release this release's own update of the keyring package is unpacked first.
apt_sources() {
	local suite=$1 base=${1%-backports} main security keyring
	main=$(apt_mirror main)
	[[ -n $main ]] || die "no Debian archive for $(apt_own_suite) in this machine's apt sources"
	security=$(apt_mirror security)
	keyring=$(apt_keyring "$base")
	printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$main" "$base"
	if [[ -n $security && $base != sid ]]; then
		printf 'deb [signed-by=%s] %s %s-security main\n' "$keyring" "$security" "$base"
	fi
	if [[ $suite != "$base" ]]; then
		printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$main" "$suite"
	fi
}

apt_keyring() {
	local base=$1 keyring=$APT_KEYRING_DIR/debian-archive-keyring.gpg own
	own=$(apt_own_suite)
	[[ -r $keyring ]] || keyring=$APT_KEYRING_DIR/debian-archive-keyring.pgp
	[[ -r $keyring ]] ||
		die "no Debian keyring in $APT_KEYRING_DIR; remedy: apt-get install debian-archive-keyring"
	if [[ $base != sid && $base != "$own" ]] &&
		! compgen -G "$APT_KEYRING_DIR/debian-archive-$base-*" >/dev/null; then
		cache_make apt/keyring "Debian's current keyring (a few seconds)" \
			apt_fill_unpacked "$own" debian-archive-keyring
		keyring=$(cache_dir)/apt/keyring/$keyring
	fi
	printf '%s\n' "$keyring"
}

apt_fill_unpacked() {
	local dir=$1 suite=$2
	shift 2
	apt_unpack "$suite" "$dir" "$@"
}

apt_conf() {
	local dir=$1
	printf '%s\n' "Dir::Etc \"$dir/etc\";" "Dir::Etc::SourceList \"$dir/sources.list\";" \
		'Dir::Etc::SourceParts "-";' \
		"Dir::State \"$dir\";" "Dir::State::Lists \"$dir/lists\";" \
		"Dir::State::status \"$dir/status\";" "Dir::Cache \"$dir/cache\";" \
		"APT::Architecture \"$(apt_arch)\";" "APT::Architectures \"$(apt_arch)\";" \
		'APT::Install-Recommends "false";' 'APT::Sandbox::User "";' \
		'Debug::NoLocking "true";' 'Dir::Cache::srcpkgcache "";'
	if [[ -r /etc/apt/auth.conf ]]; then
		printf '%s\n' 'Dir::Etc::Netrc "/etc/apt/auth.conf";'
	fi
	# Backports have a low priority unless they are asked for.
	if [[ ${dir##*/} == *-backports ]]; then
		printf 'APT::Default-Release "%s";\n' "${dir##*/}"
	fi
	# Proxies, time-outs, validity checks: as this machine has them.
	apt-config dump Acquire | grep -vE '^Acquire::(IndexTargets|CompressionTypes|Changelogs|Languages)'
	printf '%s\n' 'Acquire::Languages "none";' 'Acquire::GzipIndexes "true";'
}

# apt_setup SUITE: makes its configuration and fetches the package lists when they are older
# than a day. Call under the lock of what they are needed for; suites have locks of their own.
apt_setup() {
	local suite=$1 dir lock
	need apt-get apt
	need dpkg-deb dpkg
	dir=$(apt_dir "$suite")
	mkdir -p "$dir"/{etc/preferences.d,etc/apt.conf.d,lists/partial,cache/archives/partial}
	exec {lock}>"$dir.lock"
	flock "$lock"
	if [[ -z $(find "$dir/updated" -mmin "-$APT_LISTS_MAX_AGE_MINUTES" 2>/dev/null) ]]; then
		: >"$dir/status"
		apt_sources "$suite" >"$dir/sources.list"
		apt_conf "$dir" >"$dir/apt.conf"
		say "reading Debian's package lists of $suite (10 to 30 s)"
		APT_CONFIG=$dir/apt.conf apt-get -qq update >&2 || die "apt-get update of $suite failed"
		touch "$dir/updated"
	fi
	exec {lock}>&-
}

# apt_run SUITE COMMAND...: an apt program with the suite's configuration.
apt_run() {
	local suite=$1
	shift
	APT_CONFIG=$(apt_dir "$suite")/apt.conf "$@"
}

# apt_version SUITE PACKAGE: the version that would be taken, empty when there is none.
apt_version() {
	apt_setup "$1"
	apt_run "$1" apt-cache policy "$2" | sed -n 's/^  Candidate: //p' |
		grep -vx "(none)" || true
}

# apt_depends SUITE PACKAGE: the names of what it depends on, one a line.
apt_depends() {
	apt_setup "$1"
	apt_run "$1" apt-cache depends --important "$2=$(apt_version "$1" "$2")" |
		sed -nE 's/^ *\|?(Pre)?Depends: ([^<].*)/\2/p'
}

# apt_unpack SUITE DIRECTORY PACKAGE...: just these packages.
apt_unpack() {
	local suite=$1 dir=$2 debs deb
	shift 2
	apt_setup "$suite"
	debs=$(mktemp -d "$dir/debs.XXXXXX")
	(cd "$debs" && apt_run "$suite" apt-get -qq download "$@" >&2) ||
		die "could not download: $*"
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$dir"
	done
	rm -rf "$debs"
}

# apt_unpack_closure SUITE DIRECTORY PACKAGE...: with all they depend on, down to libc.
apt_unpack_closure() {
	local suite=$1 dir=$2 debs deb
	shift 2
	apt_setup "$suite"
	debs=$(mktemp -d "$dir/debs.XXXXXX")
	mkdir "$debs/partial"
	apt_run "$suite" apt-get -qq -y --download-only -o Dir::Cache::Archives="$debs" \
		install "$@" >&2 || die "could not download: $*"
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$dir"
	done
	rm -rf "$debs"
}
