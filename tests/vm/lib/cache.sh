# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The cache of what is slow to get: a QEMU, kernels, package lists.
#
# ${VCRYPTO_CACHE:-~/.cache/virtio-cryptodev}/KEY is a directory that is either absent or
# complete: it is made under a temporary name and renamed. A lock per key keeps two runs from
# making the same thing twice; the second one waits. Nothing in it is ever updated in place, so
# `rm -rf` of any entry is the way to get a newer one.

cache_dir() {
	printf '%s\n' "${VCRYPTO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/virtio-cryptodev}"
}

# cache_make KEY WHAT FUNCTION [ARG...]: makes KEY by calling FUNCTION DIRECTORY ARG..., with
# DIRECTORY empty and to be filled. WHAT says what it is and how long it takes.
cache_make() {
	local key=$1 what=$2 dir lock
	shift 2
	dir=$(cache_dir)/$key
	if [[ -d $dir ]]; then
		return
	fi
	need flock util-linux
	mkdir -p "${dir%/*}" || die "cannot make ${dir%/*}; set VCRYPTO_CACHE to a writable directory"
	exec {lock}>"$dir.lock"
	if ! flock -n "$lock"; then
		say "waiting for another run that is making $what"
		flock "$lock"
	fi
	if [[ ! -d $dir ]]; then
		say "making $what"
		rm -rf "$dir".tmp.*
		mkdir "$dir.tmp.$$"
		local start=$SECONDS
		cache_fill "$dir.tmp.$$" "$@"
		mv "$dir.tmp.$$" "$dir"
		say "made ${what%% (*} in $((SECONDS - start)) s, $(du -sh "$dir" | cut -f1)"
	fi
	exec {lock}>&-
}

# The filling runs in a subshell, so that its failure or an interrupt leaves nothing behind.
# `set +e` around it, not `|| status=$?`: in a condition bash would suspend errexit inside too.
cache_fill() {
	local dir=$1 function=$2 status
	shift 2
	set +e
	(
		trap 'rm -rf "$dir"' EXIT
		trap 'exit 130' INT
		trap 'exit 143' TERM
		set -e
		"$function" "$dir" "$@"
		trap - EXIT
	)
	status=$?
	set -e
	if ((status != 0)); then
		die "could not make ${dir%.tmp.*}"
	fi
}
