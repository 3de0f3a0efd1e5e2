# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What VM cases have in common. The suite sets
#
#	VM_DIR		tests/vm
#	VM_BUILD	where user space was built
#	VM_LEVEL	quick or full
#	VM_RUN_ARGS	arguments of tests/vm/run that choose the guest
#
# and a case may be run by hand without it: bash tests/vm/cases/NAME.

set -euo pipefail

VM_DIR=${VM_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
REPO_DIR=$(cd "$VM_DIR/../.." && pwd)
VM_BUILD=${VM_BUILD:-${VCRYPTO_BUILD:-$REPO_DIR/build}}
VM_LEVEL=${VM_LEVEL:-full}
VM_RUN_ARGS=${VM_RUN_ARGS:-}
GUEST_BIN=$VM_BUILD/tests/vm/guest
GUEST_SCRIPTS=$VM_DIR/cases/guest
VECTORS=${VCRYPTO_VECTORS:-$REPO_DIR/../shared/vectors}
export VCRYPTO_BUILD=$VM_BUILD
# shellcheck disable=SC2034
readonly VM_DIR REPO_DIR VM_BUILD VM_LEVEL GUEST_BIN GUEST_SCRIPTS VECTORS

# Files of this case, removed at its end.
WORK=$(mktemp -d "${TMPDIR:-/tmp}/vcrypto-case.XXXXXX")
VM_PID=

# case_cleanup [STATUS]: a case with a trap of its own says what it would have ended with.
case_cleanup() {
	local status=${1:-$?}
	trap - EXIT
	vm_abort
	rm -rf "$WORK"
	exit "$status"
}
trap case_cleanup EXIT
trap 'exit 143' TERM INT

fail() {
	echo "FAILED: $*"
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

# has_arg ARG: whether the guest was chosen with it.
has_arg() {
	[[ " $VM_RUN_ARGS " == *" $1 "* ]]
}

# vm ARG...: tests/vm/run on the chosen guest.
vm() {
	# shellcheck disable=SC2086
	"$VM_DIR/run" $VM_RUN_ARGS "$@"
}

# add PROGRAM...: --add options for programs of the guest and scripts of cases/guest.
add() {
	local name
	for name in "$@"; do
		if [[ $name == *.sh || $name == *.py ]]; then
			echo "--add=$GUEST_SCRIPTS/$name"
		else
			echo "--add=$GUEST_BIN/$name"
		fi
	done
}

# expect_status STATUS COMMAND...
expect_status() {
	local want=$1 got=0
	shift
	"$@" || got=$?
	((got == want)) || fail "status $got instead of $want: $*"
}

# counter FILE NAME: one number of the daemon's counters.
counter() {
	tr ',{}' '\n' <"$1" | sed -nE "s/^[[:space:]]*\"$2\"[[:space:]]*:[[:space:]]*([0-9]+).*/\\1/p" |
		sed -n 1p
}

# --- A guest that a case talks to while it runs -------------------------------
#
# vm_start runs tests/vm/run in the background. What the guest's program prints goes to
# $WORK/out, vm_await waits for a line there, vm_send gives it a line to read.

vm_start() {
	mkfifo "$WORK/in"
	: >"$WORK/out"
	vm "$@" <"$WORK/in" >"$WORK/out" 2>"$WORK/err" &
	VM_PID=$!
	exec {VM_IN}>"$WORK/in"
}

# vm_await SECONDS LINE: until the program has printed it.
vm_await() {
	local seconds=$1 tries
	for ((tries = 0; tries < seconds * 10; tries++)); do
		if tr -d '\r' <"$WORK/out" | grep -qxF -- "$2"; then
			return
		fi
		kill -0 "$VM_PID" 2>/dev/null || break
		sleep 0.1
	done
	vm_show
	fail "the guest did not say '$2' within $seconds s"
}

vm_send() {
	echo "$*" >&"$VM_IN"
}

vm_show() {
	cat "$WORK/out" "$WORK/err"
}

# vm_end STATUS: waits for its end and shows what it said.
vm_end() {
	local want=$1 got=0
	wait "$VM_PID" || got=$?
	VM_PID=
	exec {VM_IN}>&-
	vm_show
	((got == want)) || fail "tests/vm/run ended with $got instead of $want"
}

# The run cleans up after itself; a frozen daemon would keep it from that.
vm_abort() {
	if [[ -n $VM_PID ]]; then
		daemons_signal CONT
		kill -TERM "$VM_PID" 2>/dev/null || true
		wait "$VM_PID" || true
		VM_PID=
	fi
}

# descendants PID: it and all processes below it.
descendants() {
	local child
	echo "$1"
	while read -r -d ' ' child; do
		descendants "$child"
	done < <(cat "/proc/$1/task/"*"/children" 2>/dev/null)
}

# daemons: the processes of the daemon that serve the guest of vm_start.
daemons() {
	local pid
	for pid in $(descendants "$VM_PID"); do
		if [[ $(readlink "/proc/$pid/exe") == */vhost-user-cryptodev ]]; then
			echo "$pid"
		fi
	done
}

# worker SUPERVISOR [FORMER]: its worker process; with FORMER, one that was killed, the next one. On a
# busy machine the one that was killed is there for a while.
worker() {
	local child tries
	for ((tries = 0; tries < 600; tries++)); do
		child=
		read -r child _ 2>/dev/null <"/proc/$1/task/$1/children" || true
		if [[ -n $child && $child != "${2:-}" ]]; then
			echo "$child"
			return
		fi
		sleep 0.1
	done
	fail "there is no worker" >&2
}

daemons_signal() {
	local pid
	for pid in $(daemons); do
		kill "-$1" "$pid" 2>/dev/null || true
	done
}

# daemons_state: their states, as in ps(1), of all threads.
daemons_state() {
	local pid
	for pid in $(daemons); do
		sed -nE 's/^State:[[:space:]]*(.).*/\1/p' "/proc/$pid/task/"*/status | tr -d '\n'
	done
}

# Freezes the daemons and waits until every thread is.
daemons_freeze() {
	local tries
	daemons_signal STOP
	for ((tries = 0; tries < 100; tries++)); do
		if [[ $(daemons_state) =~ ^T+$ ]]; then
			return
		fi
		sleep 0.1
	done
	fail "the daemon does not stop: states '$(daemons_state)'"
}
