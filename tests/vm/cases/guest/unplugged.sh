# SPDX-License-Identifier: GPL-2.0-or-later
# Works on a device that comes and goes, until a line comes in. $1: how often it has to have gone.
gone() {
	# $1: bytes of a request
	mkfifo "in$1"
	exec 5<>"in$1"
	until [ -e enough ]; do
		if [ ! -c /dev/crypto ]; then
			sleep 0.05
			continue
		fi
		./cryptodev-hold --len="$1" --seconds=600 busy <&5 >"out$1" 2>&1
		[ ! -e enough ] || return # killed, below
		case $(tail -n 1 "out$1") in
		"failed: ENODEV"*) echo "$1" >>gone ;;
		# It went between our look and its open, or before its first request.
		*"session: No such device"* | *"no device"* | *"No such file"* | *"No such device"*) ;;
		*requests) ;;
		*)
			cat "out$1"
			touch bad
			return
			;;
		esac
	done
}
: >gone
gone 65536 &
large=$!
gone 256 &
small=$!
echo working
read -r line
touch enough
# End the two: their input ends.
for pid in $(pidof cryptodev-hold); do
	kill "$pid"
done
wait $large $small
[ ! -e bad ] || exit 1
times=$(grep -c . gone)
echo "it went away under $times programs"
[ "$times" -ge "$1" ] || exit 1
./cryptodev-check --filter='cipher/*' | tail -n 1
echo all is well
