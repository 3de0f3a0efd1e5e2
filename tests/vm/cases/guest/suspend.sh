#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# suspend.sh - drivers freeze and restore while requests are made. The kernel's own
# test mode takes the devices down and brings them back without the platform.
# Without hashes in parts, which do not survive that.
set -eu

./cryptodev-stress --processes=2 --sessions=50 --requests=30000 --seed=5 --plain --max-len=100000 &
stress=$!
# Keys by name: at any time one signature or 64 are with the key service.
mkfifo commands
./cryptodev-keys p256 <commands >answers &
keys=$!
exec 3>commands
echo load >&3
for i in 1 2 3; do
	sleep 1
	echo devices >/sys/power/pm_test
	echo freeze >/sys/power/state
	echo "suspended and resumed: $i"
done
echo end-of-load >&3
echo end >&3
wait "$keys"
cat answers
[ "$(tail -n 1 answers)" = ok ]
kill -0 "$stress" 2>/dev/null || echo "note: the load had ended before"
wait "$stress"
