# SPDX-License-Identifier: GPL-2.0-or-later
# Works on the device, every answer checked, until a line comes in. $1: requests of a round, $2: more
# arguments of cryptodev-stress.
requests=$1
shift
(
	seed=0
	until [ -e enough ]; do
		seed=$((seed + 1))
		./cryptodev-stress --seed=$seed --requests="$requests" --sessions=100 "$@" >round.log 2>&1 || {
			cat round.log
			exit 1
		}
	done
	echo "$seed rounds"
) &
worker=$!
echo working
read -r line
touch enough
wait $worker || exit 1
echo all is well
