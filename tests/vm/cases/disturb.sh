# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What cases have in common that do something to QEMU while the guest works. After common.sh.

# disturb MODE COUNT SCRIPT ARGUMENT [OPTION]...: the guest runs SCRIPT while MODE is done to it COUNT
# times, by tests/vm/disturb.
disturb() {
	local mode=$1 count=$2 script=$3 argument=$4 adds
	shift 4
	echo "== $mode, $count times"
	rm -rf "$WORK"/{disturb,in,out,err}
	mkdir "$WORK/disturb"
	export DISTURB_DIR=$WORK/disturb
	mapfile -t adds < <(add "$script" cryptodev-stress cryptodev-hold cryptodev-check)
	vm_start --timeout=1500 --through="$VM_DIR/disturb" --through="$mode" --through="$count" \
		--log="$WORK/log" --stats="$WORK/stats" "$@" "${adds[@]}" -- sh "$script" "$argument"
	vm_await 600 working
	touch "$WORK/disturb/start"
	until grep -qE '^(done|failed)' "$WORK/disturb/report" 2>/dev/null; do
		if ! kill -0 "$VM_PID" 2>/dev/null; then
			cat "$WORK/disturb/report" || true
			break
		fi
		sleep 0.2
	done
	tail -n 1 "$WORK/disturb/report"
	vm_send enough
	vm_end 0
	grep -qx done "$WORK/disturb/report" || fail "$(tail -n 1 "$WORK/disturb/report")"
	[[ $(grep -c "^$mode " "$WORK/disturb/report") == "$count" ]] || fail "fewer than $count"
}
