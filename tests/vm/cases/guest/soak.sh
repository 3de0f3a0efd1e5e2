#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# soak.sh: works on the device, every answer checked, in the way that lines on standard input say:
#
#	plain N		single operations, as a daemon whose workers die can serve (see disturbed.sh)
#	full N		everything
#	reload N	the load pauses, the module's counters are added up, the module goes and comes back
#	enough N	the load ends; the counters are added up
#
# Each is answered by the same line when it is so. Memory is taken until little is left, and given back,
# all the time.
set -u
stats=/sys/kernel/debug/virtio_cryptodev/cryptodev0
module=$(sh module.sh) || exit 1

fail() {
	echo "FAILED: $*"
	exit 1
}

# What 8 processes and the kernel need besides.
margin=49152

pressure() {
	mkdir -p hog
	mount -t tmpfs -o size=95% hog hog || exit 1
	while [ ! -e ended ]; do
		free=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
		if [ "$free" -gt $margin ]; then
			dd if=/dev/zero of=hog/it bs=1024 count=$((free - margin)) 2>/dev/null
			echo "$((free - margin))" >>taken
		fi
		sleep 1
		rm -f hog/it
		sleep 2
	done
	umount hog
}

load() {
	seed=0
	until [ -e ended ]; do
		case $(cat mode) in
		pause)
			touch paused
			sleep 0.2
			continue
			;;
		plain) set -- --plain ;;
		*) set -- ;;
		esac
		rm -f paused
		seed=$((seed + 1))
		./cryptodev-stress --seed=$seed --requests=1000 --sessions=100 --max-len=100000 "$@" >round.log 2>&1 ||
			{
				cat round.log
				touch broken
				exit 1
			}
		echo $seed >rounds
	done
}

number() { # of the device
	sed -n "s/^$1 //p" $stats/device
}

column() { # the sum of a column over all queues
	awk -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
		NR > 1 { n += $c } END { print n + 0 }' $stats/queues
}

# The load pauses; then until the last session is ended.
settle() {
	tries=0
	mode_set pause
	until [ -e paused ]; do
		[ ! -e broken ] || fail "a wrong answer, or an error"
		sleep 0.2
	done
	until [ "$(number sessions)" = 0 ] && [ "$(column in_flight)" = 0 ]; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || fail "sessions or requests are left: $(cat $stats/device $stats/queues)"
		sleep 0.1
	done
}

requests=0 made=0 remakes=0 timeouts=0
add_up() {
	requests=$((requests + $(column requests)))
	made=$((made + $(number sessions_made)))
	remakes=$((remakes + $(number remakes)))
	timeouts=$((timeouts + $(column timeouts)))
}

mode_set() {
	rm -f paused
	echo "$1" >mode.new
	mv mode.new mode
}

reload() {
	settle
	add_up
	rmmod virtio_cryptodev || fail "rmmod"
	echo "unreclaimable $(awk '/^SUnreclaim:/ { print $2 }' /proc/meminfo)"
	insmod "$module" || fail "insmod"
	[ -c /dev/crypto ] || fail "no /dev/crypto after insmod"
}

echo pause >mode
: >taken
pressure &
load &
echo working
while read -r what n; do
	[ ! -e broken ] || fail "a wrong answer, or an error"
	case $what in
	plain | full) mode_set "$what" ;;
	reload) reload ;;
	enough)
		settle
		add_up
		touch ended
		wait
		echo "sum requests $requests"
		echo "sum sessions_made $made"
		echo "sum remakes $remakes"
		echo "sum timeouts $timeouts"
		echo "$(cat rounds) rounds of 1000 requests"
		awk '{ n += $1; if ($1 > max) max = $1 } END { printf "memory was taken %d times, up to %d KiB\n", NR, max }' taken
		;;
	*) fail "no order: $what" ;;
	esac
	echo "$what $n"
	[ "$what" != enough ] || exit 0
done
fail "the orders ended"
