# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Common ground of the VM test tools: messages, exit statuses, cleaning up.
#
# Everything that is not COMMAND's own output goes to standard error with the program's name in
# front. Functions report a cause and, where there is one, the remedy, and end the program by
# die(); none of them is meant to be called in a condition, because bash suspends `set -e` there.

# The statuses of tests/vm/run that do not come from COMMAND (see --help).
readonly EXIT_USAGE=2 EXIT_TIMEOUT=124 EXIT_SETUP=125 EXIT_REPORT=126
export EXIT_USAGE EXIT_TIMEOUT EXIT_SETUP EXIT_REPORT

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
REPO_DIR=$(cd "$VM_DIR/../.." && pwd)
readonly VM_DIR REPO_DIR
# shellcheck disable=SC2034 # by those who source this
BUILD_DIR=${VCRYPTO_BUILD:-$REPO_DIR/build}

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# die MESSAGE: could not set up. die_with STATUS MESSAGE: any other reason.
die() {
	die_with "$EXIT_SETUP" "$@"
}

die_with() {
	local status=$1
	shift
	say "$*"
	exit "$status"
}

# need COMMAND PACKAGE: a program of the host without which nothing continues.
need() {
	command -v "$1" >/dev/null ||
		die "'$1' is missing on this host; remedy: apt-get install $2"
}

# need_all COMMAND:PACKAGE...: the same for many, so that one remedy names all that is missing.
need_all() {
	local pair missing=() packages=()
	for pair in "$@"; do
		if ! command -v "${pair%%:*}" >/dev/null; then
			missing+=("${pair%%:*}")
			packages+=("${pair##*:}")
		fi
	done
	if ((${#missing[@]})); then
		die "missing on this host: ${missing[*]}; remedy: apt-get install ${packages[*]}"
	fi
}

# A private directory for this run, removed at its end, and the processes that are ended first.
RUN_DIR=
RUN_PIDS=()

run_dir_make() {
	RUN_DIR=$(mktemp -d "${TMPDIR:-/tmp}/vcrypto-vm.XXXXXX") || die "no temporary directory"
	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
}

cleanup() {
	local status=$? pid
	trap - EXIT
	trap '' INT TERM HUP
	for pid in ${RUN_PIDS[@]+"${RUN_PIDS[@]}"}; do
		kill -TERM "$pid" 2>/dev/null || true
	done
	for pid in ${RUN_PIDS[@]+"${RUN_PIDS[@]}"}; do
		pid_wait "$pid" 5 || kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	if [[ -n $RUN_DIR ]]; then
		rm -rf "$RUN_DIR"
	fi
	exit "$status"
}

# pid_wait PID SECONDS: true once the process is gone (a child that nobody has waited for yet
# counts as gone).
pid_wait() {
	local pid=$1 state tries=$(($2 * 20))
	while kill -0 "$pid" 2>/dev/null; do
		state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null)
		if [[ $state == Z || -z $state ]]; then
			return 0
		fi
		if ((tries-- <= 0)); then
			return 1
		fi
		sleep 0.05
	done
	return 0
}

pid_forget() {
	local pid rest=()
	for pid in ${RUN_PIDS[@]+"${RUN_PIDS[@]}"}; do
		if [[ $pid != "$1" ]]; then
			rest+=("$pid")
		fi
	done
	RUN_PIDS=(${rest[@]+"${rest[@]}"})
}
