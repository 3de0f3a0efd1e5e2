# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The key service of --keys=POLICY: one keeper for all devices, whose VM is called `test`. Its socket is
# $RUN_DIR/keeper.sock, and its messages are in keeper.log there. Or the one that runs already (--keeper=SOCKET).

KEEPER_PID=''

# keeper_queues: how many queues a device has with the slow one.
keeper_queues() {
	if [[ -n $OPT_KEYS$OPT_KEEPER ]]; then
		printf '%s\n' "$((OPT_NUM_QUEUES + 1))"
	else
		printf '%s\n' "$OPT_NUM_QUEUES"
	fi
}

# keeper_start: starts it and waits until it serves.
keeper_start() {
	local program=${VM_KEEPER:-$BUILD_DIR/keeper/vcrypto-keeper} tries
	if [[ -z $OPT_KEYS ]]; then
		return
	fi
	[[ -x $program ]] || die "no keeper at $program; remedy: build it"
	# A daemon that root has started becomes the user nobody before it connects.
	chmod 0711 "$RUN_DIR"
	"$program" --socket-path="$RUN_DIR/keeper.sock" --socket-mode=0666 --policy="$OPT_KEYS" --verbose \
		</dev/null >"$RUN_DIR/keeper.log" 2>&1 &
	KEEPER_PID=$!
	RUN_PIDS+=("$KEEPER_PID")
	for ((tries = 0; tries < 600; tries++)); do
		if grep -q 'policy in force' "$RUN_DIR/keeper.log" 2>/dev/null; then
			return
		fi
		kill -0 "$KEEPER_PID" 2>/dev/null || break
		sleep 0.05
	done
	cat "$RUN_DIR/keeper.log" >&2
	die "the keeper does not serve $OPT_KEYS (its messages are above)"
}

# keeper_arguments: the daemon's, a line each.
keeper_arguments() {
	if [[ -n $OPT_KEYS$OPT_KEEPER ]]; then
		printf '%s\n' --keeper="${OPT_KEEPER:-$RUN_DIR/keeper.sock}" --vm-name=test
	fi
}

# keeper_stop: ends it; it must end well and have said nothing of memory errors.
keeper_stop() {
	local status=0
	if [[ -z $KEEPER_PID ]]; then
		return
	fi
	kill -TERM "$KEEPER_PID" 2>/dev/null || true
	pid_wait "$KEEPER_PID" 60 || kill -KILL "$KEEPER_PID"
	wait "$KEEPER_PID" || status=$?
	pid_forget "$KEEPER_PID"
	KEEPER_PID=''
	if ((status == 0)) && ! grep -qE 'ERROR: AddressSanitizer|runtime error:|SUMMARY: .*Sanitizer' \
		"$RUN_DIR/keeper.log"; then
		return
	fi
	say "the keeper ended with status $status:"
	sed 's/^/    /' "$RUN_DIR/keeper.log" >&2
	return 1
}
