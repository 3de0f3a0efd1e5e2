# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# QEMU's monitor protocol over a pair of pipes, which a shell can speak.
#
# BASE names the pair: QEMU reads BASE.in and writes BASE.out, one line of JSON each. Commands carry
# an id; greetings, events and replies to others are passed over.

readonly QMP_TIMEOUT=120

# qmp_make BASE
qmp_make() {
	rm -f "$1.in" "$1.out"
	mkfifo "$1.in" "$1.out"
}

# qmp_options BASE: QEMU's options for it, a line each.
qmp_options() {
	printf '%s\n' -chardev "pipe,id=qmp,path=$1" -mon chardev=qmp,mode=control
}

# qmp_call BASE COMMAND [ARGUMENTS]: prints the reply. ARGUMENTS is a JSON object. False when there is
# none, or an error, which is printed then.
qmp_call() {
	local base=$1 in out reply
	exec {in}<>"$base.in" {out}<>"$base.out"
	# The first one has to be this; later ones are answered with an error.
	printf '{"execute":"qmp_capabilities"}\n' >&"$in"
	QMP_ID=$BASHPID-$RANDOM$RANDOM
	printf '{"execute":"%s","id":"%s"%s}\n' "$2" "$QMP_ID" "${3:+,\"arguments\":$3}" >&"$in"
	reply=$(qmp_await "$out")
	exec {in}>&- {out}>&-
	printf '%s\n' "$reply"
	[[ $reply == *'"return":'* ]]
}

# Until the reply to QMP_ID comes.
qmp_await() {
	local line end=$((SECONDS + QMP_TIMEOUT))
	while ((SECONDS < end)) && read -r -t "$QMP_TIMEOUT" -u "$1" line; do
		if [[ $line == *"\"id\": \"$QMP_ID\""* ]]; then
			printf '%s\n' "$line"
			return
		fi
	done
	echo 'no reply'
}
