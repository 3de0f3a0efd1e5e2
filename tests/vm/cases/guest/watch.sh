#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# watch.sh: the module's counters say what happened, and so do its tracepoints where the kernel has any.
stats=/sys/kernel/debug/virtio_cryptodev/cryptodev0
trace=/sys/kernel/debug/tracing

fail() {
	echo "FAILED: $*"
	exit 1
}

number() { # of the device
	sed -n "s/^$1 //p" $stats/device
}

column() { # the sum of a column over all queues
	awk -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
		NR > 1 { n += $c } END { print n + 0 }' $stats/queues
}

made=$(number sessions_made)
requests=$(column requests)
if [ -d $trace/events/virtio_cryptodev ]; then
	echo 1 >$trace/events/virtio_cryptodev/enable
fi
echo | cryptodev-hold --seconds=2 --len=64 busy || fail "no requests"
echo | cryptodev-hold --sessions=5 idle >/run/hold || fail "no sessions"
cat $stats/device $stats/queues $stats/processes
[ $(($(number sessions_made) - made)) = 6 ] || fail "sessions_made"
[ "$(number sessions)" = 0 ] || sleep 2
[ "$(number sessions)" = 0 ] || fail "sessions are left"
# made, used, destroyed
[ $(($(column requests) - requests)) -ge 12 ] || fail "requests"
[ "$(column in_flight)" = 0 ] || fail "in_flight"
[ $(($(column polled) + $(column slept))) = "$(column requests)" ] || fail "polled + slept"
[ "$(column timeouts)" = 0 ] || fail "timeouts"
[ "$(wc -l <$stats/processes)" = 1 ] || fail "processes"
if [ ! -d $trace/events/virtio_cryptodev ]; then
	echo "no tracepoints in this kernel"
	exit 0
fi
echo 0 >$trace/events/virtio_cryptodev/enable
grep 'vcd_session_create: device=0 session=0x[0-9a-f]* err=0' $trace/trace | head -n 1
for event in vcd_submit vcd_complete vcd_waited vcd_session_create vcd_session_destroy; do
	n=$(grep -c " $event: device=0 " $trace/trace)
	echo "$event: $n"
	[ "$n" -ge 6 ] || fail "no $event"
done
