# SPDX-License-Identifier: GPL-2.0-or-later
# Works on the device, every answer checked, until a line comes in. $1: requests of a round, $2: more
# arguments of cryptodev-stress.
#
# Hashes in parts are left out, and requests so long that the driver cuts them: a half-done hash does
# not survive the loss of its session, and EIO is the right answer (docs/device-spec.md, section 4).
requests=$1
shift
(
	seed=0
	until [ -e enough ]; do
		seed=$((seed + 1))
		./cryptodev-stress --seed=$seed --requests="$requests" --sessions=100 \
			--plain --max-len=100000 "$@" >round.log 2>&1 || {
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
