# SPDX-License-Identifier: GPL-2.0-or-later
# Works on the device until a line comes in, or the machine is reset. Says nothing meanwhile: see
# channel/frame.h. Large requests, too, so that some are with a worker at the reset.
for seed in 1 2; do
	(
		until [ -e enough ]; do
			./cryptodev-stress --seed=$seed --processes=4 --requests=4000 --sessions=100 >"log$seed" 2>&1 || {
				touch bad
				exit 1
			}
		done
	) &
done
sleep 1
echo working
read -r line
touch enough
wait
if [ -e bad ]; then
	cat log*
	exit 1
fi
./cryptodev-check --filter='cipher/*' | tail -n 1
echo all is well
