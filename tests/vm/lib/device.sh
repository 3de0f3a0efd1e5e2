# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The devices of a guest: one daemon each, on a private socket, with its counters, which
# vcryptoctl asks for; VM_CTL names another program for that.

DEVICE_COUNT=0
DEVICE_PIDS=()
DEVICE_SOCKETS=()

# device_id, device_config_size: constants of include/virtio_cryptodev.h.
device_id() {
	printf '%s\n' "${FACTS[0]}"
}

device_config_size() {
	printf '%s\n' "${FACTS[1]}"
}

# device_start COUNT: starts the daemons and waits until each listens.
device_start() {
	local number socket keeper
	DEVICE_COUNT=$1
	if (($1 == 0)); then
		return
	fi
	if [[ $OPT_DEVICE == qemu ]]; then
		qdev_prepare "$1"
		return
	fi
	[[ -x $OPT_DAEMON ]] || die "no daemon at $OPT_DAEMON; remedy: build it, or --daemon=PATH"
	mapfile -t keeper < <(keeper_arguments)
	for ((number = 0; number < $1; number++)); do
		socket=$RUN_DIR/device$number.sock
		"${DAEMON_PIN[@]}" "$OPT_DAEMON" --socket-path="$socket" --num-queues="$OPT_NUM_QUEUES" \
			--control="$RUN_DIR/device$number.control" ${OPT_ENGINE:+--engine="$OPT_ENGINE"} \
			${keeper[@]+"${keeper[@]}"} ${OPT_DAEMON_ARGS[@]+"${OPT_DAEMON_ARGS[@]}"} </dev/null \
			>"$RUN_DIR/device$number.log" 2>&1 &
		DEVICE_PIDS+=($!)
		RUN_PIDS+=($!)
		DEVICE_SOCKETS+=("$socket")
	done
	for ((number = 0; number < $1; number++)); do
		device_await "$number"
	done
}

device_await() {
	local number=$1 tries
	for ((tries = 0; tries < 600; tries++)); do
		if [[ -S ${DEVICE_SOCKETS[number]} ]]; then
			return
		fi
		kill -0 "${DEVICE_PIDS[number]}" 2>/dev/null || break
		sleep 0.05
	done
	cat "$RUN_DIR/device$number.log" >&2
	die "the daemon did not open its socket (its messages are above)"
}

# device_counter FILE NAME: one number of the counters.
device_counter() {
	sed 's/[,{}]/\n/g' "$1" | sed -nE "s/^[[:space:]]*\"$2\"[[:space:]]*:[[:space:]]*([0-9]+).*/\\1/p" |
		sed -n 1p
}

# device_snapshot NUMBER: its counters of now, into deviceN.stats; false when it gives none. A
# worker that dies takes the question along: the next one is asked.
device_snapshot() {
	local number=$1 file=$RUN_DIR/device$1.stats tries
	rm -f "$file"
	if [[ $OPT_DEVICE == qemu ]]; then
		qdev_snapshot "$number"
		return
	fi
	for ((tries = 0; tries < 50; tries++)); do
		kill -0 "${DEVICE_PIDS[number]}" 2>/dev/null || return 1
		if timeout 10 "${VM_CTL:-$BUILD_DIR/tools/vcryptoctl}" --socket="$RUN_DIR/device$number.control" \
			stats >"$file" 2>/dev/null; then
			return 0
		fi
		sleep 0.05
	done
	return 1
}

# device_check_leaks: COMMAND has ended and the module is still loaded: no session may live. Killed
# processes may still be closing their files, so the counters get some seconds to reach zero.
device_check_leaks() {
	local number live tries result=0
	for ((number = 0; number < DEVICE_COUNT; number++)); do
		for ((tries = 0; tries < 50; tries++)); do
			live=
			device_snapshot "$number" || break
			live=$(device_counter "$RUN_DIR/device$number.stats" sessions_live)
			[[ $live == 0 || -n $OPT_NO_LEAK_CHECK ]] && break
			sleep 0.1
		done
		if [[ -z $live ]]; then
			say "device $number: it gives no counters (sessions_live)"
			result=1
		elif [[ $live != 0 && -z $OPT_NO_LEAK_CHECK ]]; then
			say "device $number: $live sessions are left after COMMAND ended"
			result=1
		fi
		if [[ -n $OPT_STATS && -n $live ]]; then
			cp "$RUN_DIR/device$number.stats" "$(device_stats_name "$number")"
		fi
	done
	return "$result"
}

# The first device's counters go to FILE, the others' to FILE.1, FILE.2, ...
device_stats_name() {
	if (($1 == 0)); then
		printf '%s\n' "$OPT_STATS"
	else
		printf '%s.%s\n' "$OPT_STATS" "$1"
	fi
}

# device_stop: ends the daemons; each must end well and have said nothing of memory errors.
device_stop() {
	local number pid status result=0
	for ((number = 0; number < ${#DEVICE_PIDS[@]}; number++)); do
		pid=${DEVICE_PIDS[number]}
		status=0
		kill -TERM "$pid" 2>/dev/null || true
		if ! pid_wait "$pid" 60; then
			say "device $number: the daemon did not end within 60 s of SIGTERM"
			kill -KILL "$pid"
		fi
		wait "$pid" || status=$?
		pid_forget "$pid"
		if ((status != 0)); then
			say "device $number: the daemon ended with status $status"
			result=1
		fi
		if grep -qE 'ERROR: AddressSanitizer|runtime error:|LeakSanitizer|SUMMARY: .*Sanitizer' \
			"$RUN_DIR/device$number.log"; then
			say "device $number: the daemon was reported by a sanitizer"
			result=1
		fi
		if ((result != 0)); then
			sed 's/^/    /' "$RUN_DIR/device$number.log" >&2
		fi
	done
	if [[ -n $OPT_DAEMON_LOG && -f $RUN_DIR/device0.log ]]; then
		cp "$RUN_DIR/device0.log" "$OPT_DAEMON_LOG" || result=1
	fi
	DEVICE_PIDS=()
	return "$result"
}
