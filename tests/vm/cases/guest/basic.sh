#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# basic.sh STRESS-REQUESTS STRESS-SESSIONS: the checks, some random requests, and the vectors that
# lie beside it.
status=0

try() {
	echo "== $*"
	"$@" || {
		echo "FAILED with $?: $*"
		status=1
	}
}

try cryptodev-check
if [ -x cryptodev-check32 ]; then
	try cryptodev-check32
fi
try cryptodev-stress --requests="$1" --sessions="$2"
for folder in samples vectors; do
	if [ -d "$folder" ]; then
		try cryptodev-nist "$folder"
	fi
done
exit $status
