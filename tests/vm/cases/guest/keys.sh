#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# keys.sh KEYS: the checks of keys by name, none of which may be skipped, on a host that lists so many.
status=0

cryptodev-check --filter='keys/*' >out 2>&1 || status=1
cat out
grep -qx '# 0 skipped' out || {
	echo "FAILED: checks were skipped"
	status=1
}
listed=$(grep -cE '^# [a-z0-9.-]+: [a-z0-9-]+, [0-9]+ bits' out)
[ "$listed" -eq "$1" ] || {
	echo "FAILED: $listed keys are listed, not $1"
	status=1
}
# A process has half of those that the key service has for the guest.
cryptodev-hold --label=cbc fill >full || status=1
grep -q '^512 sessions, then EMFILE' full || {
	echo "FAILED: 512 sessions of a key by name were expected: $(cat full)"
	status=1
}
if [ -x cryptodev-keys32 ]; then
	cryptodev-keys32 || status=1
fi
exit $status
